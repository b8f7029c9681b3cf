//! Any ledger by its definition: what there is, what its fields are, its records found, begun and changed.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::act::{act, blocking, created};
use super::imports::{LOGIN_HEADER, PASSPHRASE_HEADER, header};
use super::progress::Work;
use super::request::{Body, Passphrase, Record};
use super::values::Fields;
use super::{ApiState, Problem};
use crate::piped::{Pipe, piped};
use crate::services::ServiceError;
use crate::services::exchange::{Export, Words};
use crate::services::ledger::{Asked, LedgerJson, RecordBrief, RecordSheet, Sent, is_annex, schema};

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
        .route("/ledgers/{ledger}/table", get(table))
        .route("/records/{id}/sheet", get(sheet))
}

async fn ledgers(State(state): State<ApiState>) -> Result<Json<Vec<LedgerJson>>, Problem> {
    let all = blocking(&state, |node| {
        let registry = node.registry();
        let books = registry.ledgers().iter();
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
        let ledger = node.ledger(&id)?;
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
        let (rows, total) = node.list(node.book(&id)?, &asked, offset, limit)?;
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
    #[serde(default)]
    cleared: BTreeMap<String, String>,
}

impl Entry {
    fn parts(self) -> (String, Passphrase, Sent) {
        let sent = Sent {
            fields: self.fields,
            annexes: self.annexes,
            owner: self.owner,
            space: self.space,
            seen: self.seen,
            cleared: self.cleared,
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

/// A ledger as a table. Personal parts go to a person alone, who says in headers who they are.
async fn table(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
    work: Work,
) -> Result<Response, Problem> {
    let asked = Export::asked(&id, pairs, Words::Zh).ok_or_else(|| {
        Problem::request(
            "`form` is xlsx, csv or gb18030, `rows` is records or events, `words` is zh or en, `personal` is 1",
        )
    })?;
    let author = match asked.personal {
        true => {
            let (login, passphrase) = (
                header(&headers, LOGIN_HEADER)?,
                header(&headers, PASSPHRASE_HEADER)?,
            );
            Some(state.door.sign_in(&state.node, &login, passphrase.into()).await?)
        }
        false => None,
    };
    let node = state.node.clone();
    let disposition = format!("attachment; filename=\"{}\"", asked.file_name());
    let kind = asked.media_type();
    let write = move |out: &mut Pipe| {
        node.export(author.as_ref(), &asked, out, |done, all| work.done_of(done, all))
            .map(drop)
    };
    let broke_off = |error| ServiceError::Damaged(format!("a request broke off: {error}"));
    let table = Box::pin(piped(write, broke_off).await?);
    let headers = [(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, &disposition)];
    Ok((headers, axum::body::Body::from_stream(table)).into_response())
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
