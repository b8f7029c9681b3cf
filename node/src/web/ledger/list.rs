//! The list of a ledger: columns, filters and order by its definition.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use lianzhan_protocol::id::{OrgId, RecordId};
use lianzhan_protocol::record::Value;
use lianzhan_protocol::record::ledger::{Field, FieldKind, Ledger};
use lianzhan_protocol::trust::Level;

use super::typing;
use crate::services::desk::RowState;
use crate::services::ledger::{Asked, Candidate, Part, columns, name_of, plain_columns};
use crate::services::{RecordRow, RowFilter, ServiceError};
use crate::views;
use crate::web::WebState;
use crate::web::answer::{self, Desk, Fault, Page, show};
use crate::web::page::{Cell, Choice, Column, Filter, FilterKind, LedgerPage, LedgerRow, Link, Section};
use crate::web::request::{Signed, escape};
use crate::web::visits::{mark, pager};
use crate::web::{confirm, say};

/// Rows of a page.
const PAGE: u64 = 50;
/// The last page that is shown.
const PAGES: u64 = 200;
/// What a filter sends for an empty field.
const EMPTY: &str = "-";
/// Choices offered while a reference is typed.
const OFFERED: usize = 20;

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/ledgers/{ledger}", get(list))
        .route("/ledgers/{ledger}/choices", get(choices))
}

impl Page for LedgerPage {
    fn part(&self, id: &str) -> Option<askama::Result<String>> {
        self.part(id)
    }
}

async fn list(
    State(state): State<WebState>,
    who: Signed,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    show(state, who, move |desk| page(desk, &id, pairs)).await
}

/// What may be meant by what is typed into the input `field`: lines of a list.
async fn choices(
    State(state): State<WebState>,
    who: Signed,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let (kept, visitor) = (state.clone(), who.visitor.clone());
    let found = answer::desk(state, who, move |desk| {
        let asked = Asked::new(pairs);
        let ledger = desk.node.ledger(&id)?;
        let Some(field) = ledger.field(asked.get("field")) else {
            return Err(Fault::Nowhere);
        };
        let ended = asked.get("ended") == "1";
        let (found, _) = desk.node.candidates(field, asked.get("q"), ended, OFFERED)?;
        let label = |one: &Candidate| {
            let org = one.org.filter(|org| desk.directory.ended(org).is_some())?;
            Some(say::org_since(&desk.text, &desk.directory, &org))
        };
        Ok(found
            .iter()
            .map(|one| (one.typed(), label(one)))
            .collect::<Vec<_>>())
    });
    match found.await {
        Ok(lines) => {
            let options = lines.iter().map(|(line, label)| match label {
                Some(label) => format!(
                    "<option value=\"{}\" label=\"{}\"></option>",
                    attribute(line),
                    attribute(label)
                ),
                None => format!("<option value=\"{}\"></option>", attribute(line)),
            });
            Html(options.collect::<String>()).into_response()
        }
        Err(fault) => answer::refuse(kept, visitor, fault).await,
    }
}

/// A text as it stands in an attribute.
fn attribute(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn page(desk: &Desk, id: &str, pairs: Vec<(String, String)>) -> Result<LedgerPage, Fault> {
    let (text, ledger) = (desk.text, desk.node.book(id)?);
    let asked = Asked::new(pairs);
    let path = format!("/ledgers/{id}");
    let number = asked.get("page").parse::<u64>().unwrap_or(1).clamp(1, PAGES);
    let (rows, total) = desk.node.list(ledger, &asked, (number - 1) * PAGE, PAGE)?;
    let lacking = RowFilter {
        incomplete: true,
        limit: 0,
        ..asked.filter(&desk.node, ledger)?
    };
    let (_, incomplete) = desk.node.rows(id, &lacking)?;
    let wide = asked.get("all") == "1";
    let shown = if wide {
        columns(ledger)
    } else {
        plain_columns(ledger)
    };
    let merged = desk.node.org()?.level != Level::Station;
    let most = PAGES * PAGE;
    let link = |page: u64| {
        link_with(
            &asked,
            &path,
            &["page"],
            &[("page", (page > 1).then(|| page.to_string()))],
        )
    };
    let mut pager = pager(number, PAGE, total.min(most), rows.len() as u64, link);
    pager.total = total.min(most);
    let (filters, more) = filters(desk, ledger, &asked, merged)?;
    Ok(LedgerPage {
        text,
        shell: desk.shell(Section::Ledgers)?,
        id: id.to_owned(),
        name: say::ledger(&text, ledger),
        filters,
        more_open: more.iter().any(|filter| !asked.get(&filter.name).is_empty()),
        more,
        carried: ["all"]
            .into_iter()
            .filter(|name| !asked.get(name).is_empty())
            .map(|name| (name.to_owned(), asked.get(name).to_owned()))
            .collect(),
        sorts: sorts(&text, asked.get("sort")),
        subject: views::title_field(ledger)
            .map_or_else(|| text.t("ledgers-name"), |field| say::label(&text, field)),
        when: views::happened_field(ledger).map(|field| say::label(&text, field)),
        columns: shown
            .iter()
            .map(|field| head(desk, field, &asked, &path))
            .collect(),
        merged,
        rows: rows
            .iter()
            .map(|row| self::row(desk, ledger, row, &shown))
            .collect(),
        filtered: asked.narrows(),
        pager,
        many: total > most,
        incomplete,
        all: Link {
            href: link_with(
                &asked,
                &path,
                &["all"],
                &[("all", (!wide).then(|| "1".to_owned()))],
            ),
            label: if wide {
                text.t("ledger-few")
            } else {
                text.t("ledger-all")
            },
        },
        wide,
        new: desk
            .node
            .may_enter(desk.author(), ledger)
            .then(|| format!("{path}/new")),
        table: (total > 0).then(|| super::table::form(desk, ledger, &asked, &path)),
        import: desk
            .node
            .may_enter(desk.author(), ledger)
            .then(|| format!("{path}/import")),
        lacks_joint: desk.node.lacks_joint(desk.author(), ledger),
        typing: typing::rows(desk, Some(id))?,
        path,
    })
}

/// The address of a list with some of what was asked left out and other things asked instead.
fn link_with(asked: &Asked, path: &str, without: &[&str], with: &[(&str, Option<String>)]) -> String {
    let kept = asked.without(without).map(|(name, text)| (name, text.to_owned()));
    let new = with
        .iter()
        .filter_map(|(name, text)| text.clone().map(|text| (*name, text)));
    let parts: Vec<String> = kept
        .chain(new)
        .map(|(name, text)| format!("{}={}", escape(name), escape(&text)))
        .collect();
    match parts.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", parts.join("&")),
    }
}

fn sorts(text: &super::super::i18n::Text, chosen: &str) -> Vec<Choice> {
    let known = [
        ("newest", text.t("sort-newest")),
        ("oldest", text.t("sort-oldest")),
        ("changed", text.t("sort-changed")),
        ("title", text.t("sort-title")),
    ];
    let mut all: Vec<Choice> = known
        .into_iter()
        .map(|(value, label)| Choice {
            value: value.to_owned(),
            label,
            chosen: value == chosen || (chosen.is_empty() && value == "newest"),
        })
        .collect();
    if !all.iter().any(|choice| choice.chosen) {
        all.push(Choice {
            value: chosen.to_owned(),
            label: text.t("sort-column"),
            chosen: true,
        });
    }
    all
}

fn is_number(field: &Field) -> bool {
    !field.set && matches!(field.kind, FieldKind::Int { .. } | FieldKind::Dec { .. })
}

fn head(desk: &Desk, field: &Field, asked: &Asked, path: &str) -> Column {
    let sort = asked.get("sort");
    let (up, down) = (field.id.clone(), format!("-{}", field.id));
    let sorted = match sort {
        sort if sort == up => Some(false),
        sort if sort == down => Some(true),
        _ => None,
    };
    let next = if sorted == Some(false) { down } else { up };
    let sortable = !field.set && field.kind != FieldKind::Text;
    Column {
        label: say::label(&desk.text, field),
        href: sortable.then(|| link_with(asked, path, &["sort", "page"], &[("sort", Some(next))])),
        sorted,
        right: is_number(field),
    }
}

fn row(desk: &Desk, ledger: &Ledger, row: &RecordRow, shown: &[&Field]) -> LedgerRow {
    let text = desk.text;
    let state = RowState::of(row);
    let cells: Vec<Cell> = shown
        .iter()
        .map(|field| Cell {
            label: say::label(&text, field),
            value: cell(desk, field, &state),
            right: is_number(field),
        })
        .collect();
    let title = match row.title.is_empty() {
        false => row.title.clone(),
        true => untitled(desk, ledger, &cells),
    };
    LedgerRow {
        id: row.record.to_string(),
        href: format!("/records/{}", row.record),
        title,
        time: say::stated_short(&text, &row.happened),
        owner: say::owner(&text, &desk.directory, &row.owner, &row.space),
        cells,
        missing: row.missing,
        confirmed: confirm::tag(&text, row.confirmed),
        split: row.split > 0,
        mark: mark(row, &state, "/records"),
    }
}

/// What a record is called that has no words of its own: what it names and how it was chosen.
fn untitled(desk: &Desk, ledger: &Ledger, cells: &[Cell]) -> String {
    let words = cells
        .iter()
        .filter(|cell| !cell.value.is_empty() && !cell.right)
        .take(2)
        .map(|cell| cell.value.clone());
    let words = say::list(&desk.text, words);
    if words.is_empty() {
        say::ledger(&desk.text, ledger)
    } else {
        words
    }
}

/// What a record holds in a field, ready to read.
pub(super) fn cell(desk: &Desk, field: &Field, state: &RowState) -> String {
    let words = state
        .values(field)
        .into_iter()
        .map(|value| words(desk, field, &value));
    say::list(&desk.text, words.filter(|words| !words.is_empty()))
}

/// A value, ready to read: what it names is called by its title.
pub(in crate::web) fn words(desk: &Desk, field: &Field, value: &Value) -> String {
    if let (FieldKind::Ref { .. }, Value::Text(id)) = (&field.kind, value)
        && OrgId::parse(id).is_none_or(|id| desk.directory.org(&id).is_none())
        && let Some(id) = RecordId::parse(id)
        && let Ok(Some(found)) = desk.node.named_record(&id)
        && !found.title.is_empty()
    {
        return found.title;
    }
    say::value(&desk.text, &desk.directory, field, value)
}

/// The filters that stand in the open, and the others.
fn filters(
    desk: &Desk,
    ledger: &Ledger,
    asked: &Asked,
    merged: bool,
) -> Result<(Vec<Filter>, Vec<Filter>), ServiceError> {
    let text = desk.text;
    let filter = |name: &str, label: String, kind: FilterKind| Filter {
        name: name.to_owned(),
        label,
        kind,
    };
    let mut open = vec![filter(
        "q",
        text.t("filter-words"),
        FilterKind::Words(asked.get("q").to_owned()),
    )];
    if merged {
        let owners = desk.node.count_by_owner(&ledger.id)?;
        let orgs = owners.iter().map(|(org, _)| org.id);
        let owners = say::owners(&text, &desk.directory, orgs, asked.get("owner"));
        let all = say::with_empty(text.t("filter-all"), owners);
        open.push(filter("owner", text.t("col-station"), FilterKind::Choose(all)));
    }
    let plain = plain_columns(ledger);
    let (mut chosen, mut rest) = (Vec::new(), Vec::new());
    for field in columns(ledger)
        .into_iter()
        .filter(|field| field.kind != FieldKind::Text)
    {
        let in_sight = field.kind == FieldKind::Enum && plain.iter().any(|shown| shown.id == field.id);
        let filters = of_field(desk, ledger, field, asked);
        if in_sight && chosen.len() < 2 {
            chosen.extend(filters);
        } else {
            rest.extend(filters);
        }
    }
    open.extend(chosen);
    if let Some(field) = views::happened_field(ledger) {
        let day = |name: &str| FilterKind::Day(asked.get(name).to_owned());
        let label = say::label(&text, field);
        open.push(filter(
            "since",
            text.t1("filter-since", "field", &label),
            day("since"),
        ));
        open.push(filter(
            "until",
            text.t1("filter-until", "field", &label),
            day("until"),
        ));
    }
    let missing = say::with_empty(
        text.t("filter-all"),
        vec![Choice {
            value: "1".into(),
            label: text.t("filter-incomplete"),
            chosen: asked.get("missing") == "1",
        }],
    );
    open.push(filter(
        "missing",
        text.t("filter-complete"),
        FilterKind::Choose(missing),
    ));
    let standing = |id: &str, label: String| Choice {
        chosen: asked.get("confirmed") == id,
        value: id.to_owned(),
        label,
    };
    let standings = vec![
        standing("no", text.t("confirmed-not")),
        standing("yes", text.t("confirmed")),
        standing("recorded", text.t("confirmed-recorded")),
        standing("changed", text.t("confirmed-changed")),
    ];
    rest.push(filter(
        "confirmed",
        text.t("confirm-head"),
        FilterKind::Choose(say::with_empty(text.t("filter-all"), standings)),
    ));
    let split = vec![Choice {
        value: "1".into(),
        label: text.t("fact-split"),
        chosen: asked.get("split") == "1",
    }];
    rest.push(filter(
        "split",
        text.t("conflicts"),
        FilterKind::Choose(say::with_empty(text.t("filter-all"), split)),
    ));
    Ok((open, rest))
}

fn of_field(desk: &Desk, ledger: &Ledger, field: &Field, asked: &Asked) -> Vec<Filter> {
    let text = desk.text;
    let label = say::label(&text, field);
    let name = format!("f.{}", field.id);
    let typed = asked.get(&name).to_owned();
    let choose = |options: Vec<(String, String)>| {
        let options = options.into_iter().map(|(value, label)| Choice {
            chosen: value == typed,
            value,
            label,
        });
        FilterKind::Choose(say::with_empty(text.t("filter-all"), options.collect()))
    };
    let empty = (EMPTY.to_owned(), text.t("value-empty"));
    let kind = match &field.kind {
        FieldKind::Enum => {
            let options = field
                .options
                .iter()
                .map(|option| (option.id.clone(), say::option(&text, option)));
            choose(options.chain([empty]).collect())
        }
        FieldKind::Bool => choose(vec![
            ("true".into(), text.t("yes")),
            ("false".into(), text.t("no")),
            empty,
        ]),
        FieldKind::Date | FieldKind::Ts if !field.set => {
            return ["from", "to"]
                .into_iter()
                .map(|bound| {
                    let name = format!("{name}.{bound}");
                    let key = if bound == "from" {
                        "filter-since"
                    } else {
                        "filter-until"
                    };
                    Filter {
                        label: text.t1(key, "field", &label),
                        kind: FilterKind::Day(asked.get(&name).to_owned()),
                        name,
                    }
                })
                .collect();
        }
        FieldKind::Ref { .. } if desk.node.has_candidates(field) => {
            FilterKind::Reference(typed, format!("{}&ended=1", choices_at(&ledger.id, field)))
        }
        FieldKind::Int { .. } | FieldKind::Dec { .. } | FieldKind::Str | FieldKind::Code => {
            FilterKind::Typed(typed)
        }
        _ => return Vec::new(),
    };
    vec![Filter { name, label, kind }]
}

/// Where what may be meant in a reference is asked for.
pub(super) fn choices_at(ledger: &str, field: &Field) -> String {
    format!("/ledgers/{ledger}/choices?field={}", escape(&field.id))
}

/// The link to a field in the form of a record.
pub(in crate::web) fn fill_link(record: &RecordId, field: &Field) -> String {
    let name = match (field.set, field.id.contains('/')) {
        (true, true) => name_of(Part::Main, field.id.split('/').next().unwrap_or_default()),
        _ => name_of(Part::Main, &field.id),
    };
    format!("/records/{record}/edit#{name}")
}
