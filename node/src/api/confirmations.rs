//! Confirmations and corrections of records, and conflicts that somebody settles. Of every ledger.

use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::act::{act, blocking, created};
use super::request::{Body, Passphrase, Query, Record};
use super::{ApiState, Problem};
use crate::services::confirm::{ConfirmationDraft, CorrectionDraft};
use crate::services::conflict::{RecordConflicts, SettleDraft};
use crate::services::history::ChangeSheet;

/// Records of one answer, if nothing else is asked, and at most.
const LIMIT: u64 = 50;
const LIMIT_MAX: u64 = 500;

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/conflicts", get(conflicts))
        .route("/records/{id}/history", get(history))
        .route("/records/{id}/confirm", post(confirm))
        .route("/records/{id}/correct", post(correct))
        .route("/records/{id}/settle", post(settle))
}

async fn history(
    State(state): State<ApiState>,
    Record(id): Record,
) -> Result<Json<Vec<ChangeSheet>>, Problem> {
    Ok(Json(blocking(&state, move |node| node.history(&id)).await?))
}

#[derive(Deserialize)]
struct Part {
    offset: Option<u64>,
    limit: Option<u64>,
}

#[derive(Serialize)]
struct ConflictsJson {
    total: u64,
    records: Vec<RecordConflicts>,
}

async fn conflicts(
    State(state): State<ApiState>,
    Query(part): Query<Part>,
) -> Result<Json<ConflictsJson>, Problem> {
    let (offset, limit) = (
        part.offset.unwrap_or(0),
        part.limit.unwrap_or(LIMIT).min(LIMIT_MAX),
    );
    let found = blocking(&state, move |node| {
        node.settle_views()?;
        node.conflicts(offset, limit)
    });
    let (records, total) = found.await?;
    Ok(Json(ConflictsJson { total, records }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirm {
    login: String,
    passphrase: Passphrase,
    event: Option<String>,
    #[serde(default)]
    seen: Vec<String>,
}

async fn confirm(
    State(state): State<ApiState>,
    Record(id): Record,
    Body(body): Body<Confirm>,
) -> Result<Response, Problem> {
    let draft = ConfirmationDraft {
        event: body.event,
        seen: body.seen,
    };
    let written = act(
        &state,
        &body.login,
        body.passphrase.0,
        async move |node, author| node.confirm(author, &id, draft).await,
    );
    Ok(created(&written.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Correct {
    login: String,
    passphrase: Passphrase,
    event: String,
    reason: String,
    happened: Option<String>,
    text: Option<String>,
    #[serde(default)]
    take_back: bool,
}

async fn correct(
    State(state): State<ApiState>,
    Record(id): Record,
    Body(body): Body<Correct>,
) -> Result<Response, Problem> {
    let draft = CorrectionDraft {
        event: body.event,
        reason: body.reason,
        happened: body.happened,
        text: body.text,
        take_back: body.take_back,
    };
    let written = act(
        &state,
        &body.login,
        body.passphrase.0,
        async move |node, author| node.correct(author, &id, draft).await,
    );
    Ok(created(&written.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settle {
    login: String,
    passphrase: Passphrase,
    field: String,
    change: Option<String>,
    value: Option<String>,
    #[serde(default)]
    seen: Vec<String>,
}

async fn settle(
    State(state): State<ApiState>,
    Record(id): Record,
    Body(body): Body<Settle>,
) -> Result<Response, Problem> {
    let draft = SettleDraft {
        field: body.field,
        change: body.change,
        value: body.value,
        seen: body.seen,
    };
    let written = act(
        &state,
        &body.login,
        body.passphrase.0,
        async move |node, author| node.settle(author, &id, draft).await,
    );
    Ok(created(&written.await?))
}
