//! Ledgers on paper: the rows of a year laid out on sheets, each of which is one page, and all ledgers of a year as one
//! book. What stands on a sheet can be found again by its codes: each record by its id, the log by its checkpoint.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use lianzhan_protocol::id::{Hash, OrgId};
use lianzhan_protocol::record::ledger::{Field, FieldKind, Ledger};
use lianzhan_protocol::trust::{Level, Org};

use super::list::cell;
use crate::qr::Qr;
use crate::services::desk::RowState;
use crate::services::ledger::{Asked, is_annex, is_stated, plain_columns};
use crate::services::lineage::Owner;
use crate::services::{RecordRow, ServiceError};
use crate::views;
use crate::web::WebState;
use crate::web::answer::{Desk, Fault, Page, show};
use crate::web::i18n::{Lang, Text};
use crate::web::page::{BookPage, Choice, Content, Cover, Link, Sheet, SheetRow, SlipQr};
use crate::web::request::Signed;
use crate::web::{assets, say};

/// Most records of one document.
const RECORDS_MAX: usize = 5_000;
/// Rows that are read at a time.
const BATCH: u64 = 500;
/// Years that are offered.
const YEARS: i16 = 8;
/// Signs of a long text that stand on paper; its record has all of it.
const TEXT_MAX: usize = 240;

/// Millimetres of a sheet that its rows may fill, what stands above and below them taken away.
const ROWS_MM: f32 = 116.0;
/// The least height of a row: hands write in it, and a code fits.
const ROW_MM: f32 = 15.0;
/// The height of a line, and the width of a Chinese character, at 9.5 points.
const LINE_MM: f32 = 4.7;
const SIGN_MM: f32 = 3.45;
/// What a cell's own edges take.
const EDGE_MM: f32 = 3.4;
/// The width of a sheet, and of the column of codes.
const SHEET_MM: f32 = 265.0;
const CODE_MM: f32 = 17.0;

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/ledgers/{ledger}/book", get(of_one))
        .route("/book", get(of_all))
}

impl Page for BookPage {}

async fn of_one(
    State(state): State<WebState>,
    who: Signed,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    show(state, who, move |desk| {
        page(desk, Some(desk.node.book(&id)?), &Asked::new(pairs))
    })
    .await
}

async fn of_all(
    State(state): State<WebState>,
    who: Signed,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    show(state, who, move |desk| page(desk, None, &Asked::new(pairs))).await
}

fn page(desk: &Desk, of: Option<&'static Ledger>, asked: &Asked) -> Result<BookPage, Fault> {
    let text = desk.text;
    let this_year = say::now().year();
    let year = asked
        .get("year")
        .parse()
        .unwrap_or(this_year)
        .clamp(1949, this_year + 1);
    let owner = owner(desk, asked)?;
    let books: Vec<&'static Ledger> = match of {
        Some(ledger) => vec![ledger],
        None => {
            let registry = desk.node.registry();
            let kept = |ledger: &&&Ledger| !is_annex(&ledger.id) && !is_stated(&ledger.id);
            registry.ledgers().iter().filter(kept).copied().collect()
        }
    };
    let (mut sheets, mut contents, mut left) = (Vec::new(), Vec::new(), RECORDS_MAX);
    let first = if of.is_none() { 3 } else { 1 };
    for ledger in books {
        let Some(rows) = rows(desk, ledger, &owner, year, left)? else {
            let says = Some(text.n("book-too-many", RECORDS_MAX));
            return Ok(document(desk, of, year, &owner, None, Vec::new(), says));
        };
        left -= rows.len();
        if rows.is_empty() {
            continue;
        }
        let own = lay_out(desk, ledger, &owner, year, &rows)?;
        contents.push(Content {
            name: say::ledger(&text, ledger),
            count: rows.len(),
            page: first + sheets.len(),
            href: format!("#sheet-{}", first + sheets.len()),
        });
        sheets.extend(own);
    }
    let pages = first - 1 + sheets.len();
    for (n, sheet) in sheets.iter_mut().enumerate() {
        sheet.page = (first + n, pages);
        sheet.id = format!("sheet-{}", first + n);
    }
    let says = sheets.is_empty().then(|| text.t("book-empty"));
    let cover = (of.is_none() && !sheets.is_empty()).then(|| Cover {
        org: say::org(&text, &owner),
        code: owner.code.clone(),
        year: text.t1("book-of-year", "year", year.to_string()),
        made: say::instant(&text, crate::env::now()),
        contents,
        pages,
    });
    Ok(document(desk, of, year, &owner, cover, sheets, says))
}

fn document(
    desk: &Desk,
    of: Option<&Ledger>,
    year: i16,
    owner: &Org,
    cover: Option<Cover>,
    sheets: Vec<Sheet>,
    says: Option<String>,
) -> BookPage {
    let text = desk.text;
    let (path, name, back) = match of {
        Some(ledger) => (
            format!("/ledgers/{}/book", ledger.id),
            say::ledger(&text, ledger),
            Link {
                href: format!("/ledgers/{}", ledger.id),
                label: say::ledger(&text, ledger),
            },
        ),
        None => (
            "/book".to_owned(),
            text.t("book-name"),
            Link {
                href: "/ledgers".into(),
                label: text.t("ledgers"),
            },
        ),
    };
    let this_year = say::now().year();
    let mut years: Vec<i16> = (this_year - YEARS..=this_year).rev().collect();
    if !years.contains(&year) {
        years.push(year);
    }
    BookPage {
        text,
        looks: desk.who.visitor.looks,
        version: assets::version().to_owned(),
        title: text.with(
            "book-title",
            &[
                ("name", &name),
                ("year", &year.to_string()),
                ("pages", &cover.as_ref().map_or(sheets.len(), |cover| cover.pages)),
            ],
        ),
        back,
        path,
        years: years
            .into_iter()
            .map(|known| Choice {
                value: known.to_string(),
                label: known.to_string(),
                chosen: known == year,
            })
            .collect(),
        owners: owners(desk, owner),
        says,
        cover,
        sheets,
    }
}

/// Whose book is asked for: this node's own, or that of a station whose records are here.
fn owner(desk: &Desk, asked: &Asked) -> Result<Org, ServiceError> {
    match OrgId::parse(asked.get("owner")) {
        Some(id) => desk
            .directory
            .org(&id)
            .cloned()
            .ok_or(ServiceError::UnknownOrg(id)),
        None => desk.node.org(),
    }
}

fn owners(desk: &Desk, chosen: &Org) -> Vec<Choice> {
    let Ok(own) = desk.node.org() else {
        return Vec::new();
    };
    if own.level == Level::Station {
        return Vec::new();
    }
    let below = desk.node.stations().into_iter().filter(|org| org.id != own.id);
    let orgs = std::iter::once(own.id).chain(below.map(|org| org.id));
    say::owners(&desk.text, &desk.directory, orgs, &chosen.id.to_string())
}

/// The rows of a year, the oldest first; none if there are more than `most`. Where a ledger states no day, the day on which
/// a record was written says its year.
fn rows(
    desk: &Desk,
    ledger: &Ledger,
    owner: &Org,
    year: i16,
    most: usize,
) -> Result<Option<Vec<RecordRow>>, ServiceError> {
    let stated = views::happened_field(ledger).is_some();
    let mut pairs = vec![
        ("owner".to_owned(), owner.id.to_string()),
        ("sort".to_owned(), "oldest".to_owned()),
    ];
    if stated {
        pairs.push(("since".into(), format!("{year}-01-01")));
        pairs.push(("until".into(), format!("{year}-12-31")));
    }
    let asked = Asked::new(pairs);
    let mut all: Vec<RecordRow> = Vec::new();
    let mut offset = 0;
    loop {
        let (some, _) = desk.node.list(ledger, &asked, offset, BATCH)?;
        let last = (some.len() as u64) < BATCH;
        offset += some.len() as u64;
        // A book is taken along as a table is: words that nobody cleared are not in it.
        let (some, _) = desk.node.without_held(&ledger.id, some)?;
        let written = |row: &RecordRow| say::zoned(lianzhan_protocol::time::Timestamp(row.recorded)).year();
        all.extend(some.into_iter().filter(|row| stated || written(row) == year));
        if all.len() > most {
            return Ok(None);
        }
        if last {
            return Ok(Some(all));
        }
    }
}

/// A column of a sheet.
struct Print<'l> {
    field: &'l Field,
    class: &'static str,
    middle: bool,
}

/// What a sheet shows of a record: its number, when, what it is about, where it stands, and room for a remark.
fn columns(ledger: &Ledger) -> Vec<Print<'_>> {
    let number = ledger
        .fields
        .iter()
        .find(|field| field.auto && !field.set && field.kind == FieldKind::Str && field.id.ends_with("_no"));
    let mut shown: Vec<&Field> = Vec::new();
    let picked = number
        .into_iter()
        .chain(views::happened_field(ledger))
        .chain(views::title_field(ledger))
        .chain(plain_columns(ledger));
    for field in picked.chain(ledger.field("note")) {
        if !shown.iter().any(|known| known.id == field.id) {
            shown.push(field);
        }
    }
    let title = views::title_field(ledger).map(|field| field.id.as_str());
    let wide = |field: &Field| title.map_or(matches!(field.kind, FieldKind::Text), |title| field.id == title);
    shown
        .into_iter()
        .map(|field| {
            let class = match &field.kind {
                _ if wide(field) => "",
                FieldKind::Text => "w5",
                FieldKind::Bool | FieldKind::Int { .. } | FieldKind::Dec { .. } => "w2",
                FieldKind::Date | FieldKind::Ts | FieldKind::Month | FieldKind::Week => "w3",
                FieldKind::Enum if !field.set => "w3",
                _ => "w4",
            };
            Print {
                field,
                class,
                middle: !matches!(field.kind, FieldKind::Text) && !wide(field),
            }
        })
        .collect()
}

fn width_mm(class: &str) -> f32 {
    match class {
        "w1" => 12.0,
        "w2" => 17.0,
        "w3" => 21.0,
        "w4" => 27.0,
        "w5" => 40.0,
        _ => 0.0,
    }
}

/// Puts rows on sheets, as many on each as surely fit.
fn lay_out(
    desk: &Desk,
    ledger: &Ledger,
    owner: &Org,
    year: i16,
    rows: &[RecordRow],
) -> Result<Vec<Sheet>, ServiceError> {
    let text = desk.text;
    let print = columns(ledger);
    let taken: f32 = CODE_MM + print.iter().map(|column| width_mm(column.class)).sum::<f32>();
    #[expect(clippy::cast_precision_loss, reason = "columns are few")]
    let open = print
        .iter()
        .filter(|column| column.class.is_empty())
        .count()
        .max(1) as f32;
    let rest = ((SHEET_MM - taken) / open).max(width_mm("w4"));
    let titled = print
        .iter()
        .position(|column| column.class.is_empty())
        .unwrap_or_default();
    let mut pages: Vec<(Vec<SheetRow>, Vec<&RecordRow>)> = Vec::new();
    let mut used = ROWS_MM;
    for row in rows {
        let state = RowState::of(row);
        let mut cells: Vec<(String, bool)> = print
            .iter()
            .map(|column| (words(desk, column.field, &state), column.middle))
            .collect();
        // The book has the name of its org once: what came to it from another says so.
        if let Some(was) = came_from(desk, row)
            && let Some((words, _)) = cells.get_mut(titled)
        {
            words.push_str(&was);
        }
        let tallest = print.iter().zip(&cells).map(|(column, (words, _))| {
            let width = if column.class.is_empty() {
                rest
            } else {
                width_mm(column.class)
            };
            lines(words, width - EDGE_MM) * LINE_MM + EDGE_MM
        });
        let height = tallest.fold(ROW_MM, f32::max);
        if used + height > ROWS_MM {
            pages.push((Vec::new(), Vec::new()));
            used = 0.0;
        }
        used += height;
        if let Some((sheet, records)) = pages.last_mut() {
            records.push(row);
            sheet.push(SheetRow {
                qr: code(&format!(
                    "URN:LIANZHAN:RECORD:{}",
                    row.record.to_string().to_uppercase()
                )),
                href: format!("/records/{}", row.record),
                cells,
            });
        }
    }
    let mark = desk
        .node
        .mark_of(&desk.directory.space_now(owner.id, ledger.audience).id())?;
    let note = mark.as_ref().and_then(|mark| code(&mark.note));
    let labels: Vec<(String, &'static str)> = print
        .iter()
        .map(|column| (say::label(&text, column.field), column.class))
        .collect();
    let sheets = pages.into_iter().map(|(rows, records)| {
        let mut says = vec![text.n("book-says", records.len())];
        if let Some(mark) = &mark {
            says.push(text.t1("book-mark", "size", mark.size.0));
            says.extend(mark.horizon.witnessed.as_ref().map(|witnessed| {
                let org = witnessed
                    .org
                    .as_ref()
                    .map(|org| say::org(&text, org))
                    .unwrap_or_default();
                text.with(
                    "book-witnessed",
                    &[
                        ("org", &org),
                        ("when", &say::instant(&text, witnessed.time)),
                        ("size", &witnessed.size.0),
                    ],
                )
            }));
        }
        Sheet {
            org: say::org(&text, owner),
            code: owner.code.clone(),
            name: say::ledger(&text, ledger),
            period: period(&text, year, &records),
            columns: labels.clone(),
            rows,
            mark: note.clone(),
            says,
            fingerprint: fingerprint(&records),
            ..Sheet::default()
        }
    });
    Ok(sheets.collect())
}

/// Behind what a record is about: the org to which it belongs where it stands in the book of another, or had another name.
fn came_from(desk: &Desk, row: &RecordRow) -> Option<String> {
    let owner = Owner::of(&desk.directory, &row.owner, &row.space)?;
    let was = Owner {
        parts: Vec::new(),
        ..owner
    };
    let notes = was.notes(say::words(&desk.text), |org| {
        say::org_short(&desk.text, &desk.directory, org)
    });
    (!notes.is_empty()).then(|| match desk.text.lang {
        Lang::Zh => format!("（{notes}）"),
        Lang::En => format!(" ({notes})"),
    })
}

/// What stands in a cell: the beginning of a long text.
fn words(desk: &Desk, field: &Field, state: &RowState) -> String {
    let whole = match field.kind {
        FieldKind::Ts | FieldKind::Date => {
            let stated = |at: &str| say::stated_line(&desk.text, at);
            state
                .values(field)
                .iter()
                .filter_map(|value| value.as_text())
                .map(stated)
                .collect()
        }
        _ => cell(desk, field, state),
    };
    match whole.char_indices().nth(TEXT_MAX) {
        Some((at, _)) => format!("{}…", &whole[..at]),
        None => whole,
    }
}

/// Lines that words take in a column, a little too many rather than too few.
fn lines(words: &str, width_mm: f32) -> f32 {
    let each = words.lines().map(|line| {
        let wide: f32 = line
            .chars()
            .map(|c| if c.is_ascii() { SIGN_MM * 0.62 } else { SIGN_MM })
            .sum();
        // A word that does not fit goes to the next line, and leaves a gap.
        (wide * 1.08 / width_mm.max(SIGN_MM)).ceil().max(1.0)
    });
    each.sum()
}

fn code(text: &str) -> Option<SlipQr> {
    Qr::of(text).map(|qr| SlipQr {
        side: qr.side(),
        path: qr.path(),
    })
}

/// From the first day of a sheet to its last; the year where its rows state none.
fn period(text: &Text, year: i16, rows: &[&RecordRow]) -> String {
    let day = |row: Option<&&RecordRow>| {
        let at = row.and_then(|row| say::parse(&row.happened))?;
        Some(text.date(at.date().year(), at.date().month(), at.date().day()))
    };
    match (day(rows.first()), day(rows.last())) {
        (Some(first), Some(last)) if first != last => text.t2("period", "from", first, "to", last),
        (Some(first), _) => first,
        _ => text.t1("book-of-year", "year", year.to_string()),
    }
}

/// What the rows of a sheet are, in one number: ids and heads of their records.
fn fingerprint(rows: &[&RecordRow]) -> String {
    let ids: Vec<String> = rows
        .iter()
        .map(|row| {
            let state: serde_json::Value = serde_json::from_str(&row.state).unwrap_or_default();
            format!("{} {}\n", row.record, state["heads"])
        })
        .collect();
    let digest = Hash::of(
        "lianzhan/sheet/v1",
        &ids.iter().map(String::as_bytes).collect::<Vec<_>>(),
    );
    let hex = lianzhan_protocol::codec::hex(&digest.0[..16]);
    let groups: Vec<&str> = (0..8).filter_map(|n| hex.get(n * 4..n * 4 + 4)).collect();
    groups.join(" ")
}

#[cfg(test)]
mod tests {
    use lianzhan_protocol::record::ledger::ledgers;

    use super::*;

    #[test]
    fn every_ledger_fits_across_a_sheet() {
        for ledger in ledgers().iter().filter(|ledger| !is_annex(&ledger.id)) {
            let print = columns(ledger);
            let taken: f32 = CODE_MM + print.iter().map(|column| width_mm(column.class)).sum::<f32>();
            assert!(
                !print.is_empty() && taken + width_mm("w5") <= SHEET_MM,
                "{}: {taken}",
                ledger.id
            );
            assert!(
                print.iter().filter(|column| column.class.is_empty()).count() <= 2,
                "{}",
                ledger.id
            );
        }
    }

    #[test]
    fn a_line_takes_the_room_of_its_signs() {
        assert!((lines("路灯不亮", 40.0) - 1.0).abs() < f32::EPSILON);
        assert!(lines(&"字".repeat(30), 40.0) >= 3.0);
        assert!((lines("一\n二", 40.0) - 2.0).abs() < f32::EPSILON);
    }
}
