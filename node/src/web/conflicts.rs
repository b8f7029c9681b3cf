//! Fields of which several people wrote different values: of one record, of all that are here, and saying which is right.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use lianzhan_protocol::id::ChangeId;
use lianzhan_protocol::record::Value;
use lianzhan_protocol::record::ledger::{Field as Definition, FieldKind};
use serde::Deserialize;

use super::answer::{self, Desk, Fault, Page, show, show_as};
use super::page::{
    Conflict, ConflictRecord, ConflictValue, ConflictsPage, Field, Link, Notice, Section, Tone,
};
use super::record_view::{Opened, page as record_page, words_of};
use super::request::{Deed, Posted, Signed};
use super::visits::pager;
use super::{WebState, live, say};
use crate::services::conflict::SettleDraft;
use crate::services::query::RecordDetail;
use crate::services::{ServiceError, parse_record};
use crate::views;

/// Records of a page.
const PAGE: u64 = 20;
/// What a form sends for another value than those that stand.
const OTHER: &str = "other";

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/conflicts", get(list))
        .route("/records/{id}/settle", post(settle))
}

impl Page for ConflictsPage {}

/// Another value, as it was typed and refused.
#[derive(Clone, Default)]
pub(super) struct TypedValue {
    field: String,
    value: Field,
}

/// The fields of a record of which several values stand.
pub(super) fn of_record(desk: &Desk, detail: &RecordDetail, typed: Option<&TypedValue>) -> Vec<Conflict> {
    let Ok(ledger) = desk.node.ledger(&detail.ledger) else {
        return Vec::new();
    };
    let may = desk.node.may_put(desk.author(), &ledger.id, &detail.space);
    views::split(&detail.state)
        .filter_map(|(key, state)| {
            let (field, _) = ledger.resolve(key)?;
            let values = state.candidates.iter().map(|candidate| ConflictValue {
                change: candidate.change.to_string(),
                value: filled(desk, field, &candidate.value),
                source: source(desk, detail, &candidate.change),
            });
            let other = typed.filter(|typed| typed.field == *key);
            Some(Conflict {
                record: detail.id.to_string(),
                field: key.clone(),
                label: label(desk, field, key),
                values: values.collect(),
                seen: may.then(|| words_of(&detail.state.heads)),
                other: other.map(|typed| typed.value.clone()).unwrap_or_default(),
                open: !matches!(
                    field.kind,
                    FieldKind::Enum | FieldKind::Bool | FieldKind::Blob | FieldKind::Data | FieldKind::Rid
                ),
            })
        })
        .collect()
}

/// What the field is called; of a part of a set, the set as well.
fn label(desk: &Desk, field: &Definition, key: &str) -> String {
    let own = say::label(&desk.text, field);
    match key.rsplit_once('/') {
        Some((_, member)) if field.set && field.parent().is_none() => format!("{own} {member}"),
        _ => own,
    }
}

fn filled(desk: &Desk, field: &Definition, value: &Value) -> String {
    let value = super::ledger::words(desk, field, value);
    if value.is_empty() {
        desk.text.t("value-empty")
    } else {
        value
    }
}

fn source(desk: &Desk, detail: &RecordDetail, change: &ChangeId) -> String {
    let Some(found) = detail.changes.iter().find(|known| known.held.id == *change) else {
        return String::new();
    };
    let org = found
        .author_org
        .as_ref()
        .map(|org| say::org_short(&desk.text, &desk.directory, org));
    let when = say::clock(&desk.text, found.held.recorded);
    say::list(
        &desk.text,
        [found.author.clone(), org, Some(when)].into_iter().flatten(),
    )
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Shown {
    page: u64,
}

async fn list(State(state): State<WebState>, who: Signed, Query(shown): Query<Shown>) -> Response {
    show(state, who, move |desk| page(desk, &shown)).await
}

fn page(desk: &Desk, shown: &Shown) -> Result<ConflictsPage, Fault> {
    let text = desk.text;
    let number = shown.page.clamp(1, 1_000_000);
    let (rows, total) = desk.node.conflicted((number - 1) * PAGE, PAGE)?;
    let mut records = Vec::with_capacity(rows.len());
    for row in &rows {
        let detail = desk.node.record_detail(&row.record)?;
        let name = desk
            .node
            .ledger(&row.ledger)
            .map_or_else(|_| String::new(), |ledger| say::ledger(&text, ledger));
        let owner = say::owner(&text, &desk.directory, &row.owner, &row.space);
        let title = row.title.lines().next().unwrap_or_default();
        records.push(ConflictRecord {
            record: Link {
                href: format!("/records/{}", row.record),
                label: if title.is_empty() {
                    name.clone()
                } else {
                    title.to_owned()
                },
            },
            about: text.t2("space-of", "owner", owner, "space", name),
            conflicts: of_record(desk, &detail, None),
        });
    }
    Ok(ConflictsPage {
        text,
        shell: desk.shell(Section::Ledgers)?,
        pager: pager(number, PAGE, total, rows.len() as u64, |page| {
            format!("/conflicts?page={page}")
        }),
        records,
    })
}

async fn settle(State(state): State<WebState>, Path(id): Path<String>, deed: Deed) -> Response {
    let Deed { who, form } = deed;
    let text = who.visitor.text;
    let draft = draft(&form);
    let back = match form.get("back") {
        "/conflicts" => "/conflicts".to_owned(),
        _ => format!("/records/{id}"),
    };
    let record = match parse_record(&id) {
        Ok(record) => record,
        Err(error) => return answer::refuse(state, who.visitor, Fault::Service(error)).await,
    };
    let (node, author) = (state.node.clone(), who.session.author.clone());
    let (watch, runtime) = (live::Watch::new(&state), tokio::runtime::Handle::current());
    let done = answer::work(move || runtime.block_on(node.settle(&author, &record, draft)));
    let (tone, told) = match done.await {
        Ok(_) => {
            watch.until_shown(&record).await;
            (Tone::Good, text.t("change-done"))
        }
        // Somebody else settled it first: the page shows what stands now.
        Err(ServiceError::Moved) => (Tone::Soon, answer::tell(&text, &ServiceError::Moved)),
        Err(ServiceError::UnknownRecord(record)) => {
            let error = ServiceError::UnknownRecord(record);
            return answer::refuse(state, who.visitor, Fault::Service(error)).await;
        }
        Err(error) if error.is_callers() => return again(state, who, id, &form, &error).await,
        Err(error) => return answer::refuse(state, who.visitor, Fault::Service(error)).await,
    };
    who.session.say(Notice {
        tone,
        say: told,
        link: None,
    });
    answer::onward(&back)
}

fn draft(form: &Posted) -> SettleDraft {
    let other = form.get("change") == OTHER;
    SettleDraft {
        field: form.get("field").to_owned(),
        change: (!other).then(|| form.get("change").to_owned()),
        value: other.then(|| form.get("value").to_owned()),
        seen: form.get("seen").split_whitespace().map(str::to_owned).collect(),
    }
}

/// The page of the record once more, with the value that was typed.
async fn again(
    state: WebState,
    mut who: Signed,
    id: String,
    form: &Posted,
    error: &ServiceError,
) -> Response {
    let typed = TypedValue {
        field: form.get("field").to_owned(),
        value: Field {
            value: form.get("value").to_owned(),
            error: Some(answer::tell(&who.visitor.text, error)),
        },
    };
    who.visitor.here = format!("/records/{id}");
    show_as(StatusCode::UNPROCESSABLE_ENTITY, state, who, move |desk| {
        let opened = Opened {
            settled: Some(typed),
            ..Opened::default()
        };
        record_page(desk, &parse_record(&id)?, opened)
    })
    .await
}
