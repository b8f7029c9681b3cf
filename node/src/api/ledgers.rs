//! Any ledger by its definition: what there is, what its fields are, its records found, begun and changed.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::act::{act, blocking, created};
use super::request::{Body, Passphrase, Record};
use super::values::Fields;
use super::{ApiState, Problem};
use crate::services::ServiceError;
use crate::services::ledger::{Asked, LedgerJson, RecordBrief, RecordSheet, Sent, book, is_annex, schema};

/// Records of one answer, if nothing else is asked, and at most.
const LIMIT: u64 = 50;
const LIMIT_MAX: u64 = 500;
/// A list is looked through so far.
const OFFSET_MAX: u64 = 10_000;

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/ledgers", get(ledgers))
        .route("/ledgers/{ledger}", get(definition))
        .route("/ledgers/{ledger}/records", get(list).post(enter))
        .route("/records/{id}/sheet", get(sheet))
}

async fn ledgers(State(state): State<ApiState>) -> Result<Json<Vec<LedgerJson>>, Problem> {
    let all = blocking(&state, |node| {
        let books = lianzhan_protocol::record::ledger::ledgers().iter();
        books
            .filter(|ledger| !is_annex(&ledger.id))
            .map(|ledger| LedgerJson::of(node, ledger))
            .collect()
    });
    Ok(Json(all.await?))
}

/// A definition with the schema of its fields.
#[derive(Serialize)]
struct DefinitionJson {
    #[serde(flatten)]
    ledger: LedgerJson,
    /// The hash that records name it by.
    definition: String,
    schema: serde_json::Value,
}

async fn definition(
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Json<DefinitionJson>, Problem> {
    let found = blocking(&state, move |node| {
        let ledger = lianzhan_protocol::record::ledger::ledger(&id)
            .ok_or_else(|| ServiceError::UnknownLedger(id.clone()))?;
        Ok(DefinitionJson {
            ledger: LedgerJson::of(node, ledger)?,
            definition: ledger.hash().to_string(),
            schema: schema(ledger),
        })
    });
    Ok(Json(found.await?))
}

#[derive(Serialize)]
struct ListJson {
    /// How many fit; no more than 10,001 are counted.
    total: u64,
    records: Vec<RecordBrief>,
}

async fn list(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<ListJson>, Problem> {
    let asked = Asked::new(pairs);
    let number = |name: &str, otherwise: u64, most: u64| match asked.get(name) {
        "" => Ok(otherwise),
        text => text
            .parse::<u64>()
            .map(|number| number.min(most))
            .map_err(|_| Problem::request(format!("`{name}` is a whole number"))),
    };
    let (offset, limit) = (
        number("offset", 0, OFFSET_MAX)?,
        number("limit", LIMIT, LIMIT_MAX)?,
    );
    let found = blocking(&state, move |node| {
        let (rows, total) = node.list(book(&id)?, &asked, offset, limit)?;
        let records = rows.iter().map(|row| RecordBrief::of(node, row)).collect();
        Ok(ListJson { total, records })
    });
    Ok(Json(found.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    login: String,
    passphrase: Passphrase,
    #[serde(default)]
    fields: Fields,
    #[serde(default)]
    annexes: BTreeMap<String, Fields>,
    owner: Option<String>,
    space: Option<String>,
    #[serde(default)]
    seen: Vec<String>,
}

impl Entry {
    fn parts(self) -> (String, Passphrase, Sent) {
        let sent = Sent {
            fields: self.fields,
            annexes: self.annexes,
            owner: self.owner,
            space: self.space,
            seen: self.seen,
        };
        (self.login, self.passphrase, sent)
    }
}

async fn enter(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Body(body): Body<Entry>,
) -> Result<Response, Problem> {
    let (login, passphrase, sent) = body.parts();
    let written = act(&state, &login, passphrase.0, async move |node, author| {
        node.enter_sent(author, &id, sent).await
    });
    Ok(created(&written.await?))
}

async fn sheet(State(state): State<ApiState>, Record(id): Record) -> Result<Json<RecordSheet>, Problem> {
    Ok(Json(blocking(&state, move |node| node.sheet(&id)).await?))
}

/// What a change came to; without a change nothing differed, and nothing was written.
#[derive(Serialize)]
struct AmendedJson {
    record: String,
    change: Option<String>,
}

pub(super) async fn amend(
    State(state): State<ApiState>,
    Record(id): Record,
    Body(body): Body<AmendBody>,
) -> Result<Response, Problem> {
    let (login, passphrase, sent) = body.0.parts();
    let written = act(&state, &login, passphrase.0, async move |node, author| {
        node.amend_sent(author, &id, sent).await
    });
    let change = written.await?.map(|written| written.change.to_string());
    let record = id.to_string();
    Ok(Json(AmendedJson { record, change }).into_response())
}

/// The body of a change.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct AmendBody(Entry);
