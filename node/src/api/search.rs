//! Search over all ledgers.

use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

use super::act::blocking;
use super::{ApiState, Problem};
use crate::services::search::FindingsJson;

/// Records of one answer, if nothing else is asked, and at most.
const LIMIT: u64 = 20;
const LIMIT_MAX: u64 = 200;
/// What is found is looked through so far.
const OFFSET_MAX: u64 = 10_000;

pub(super) fn router() -> Router<ApiState> {
    Router::new().route("/search", get(search))
}

#[derive(Deserialize)]
struct Asked {
    q: String,
    ledger: Option<String>,
    #[serde(default)]
    offset: u64,
    limit: Option<u64>,
}

async fn search(
    State(state): State<ApiState>,
    Query(asked): Query<Asked>,
) -> Result<Json<FindingsJson>, Problem> {
    let found = blocking(&state, move |node| {
        let limit = asked.limit.unwrap_or(LIMIT).min(LIMIT_MAX);
        let offset = asked.offset.min(OFFSET_MAX);
        node.find(&asked.q, asked.ledger.as_deref(), offset, limit)
    });
    Ok(Json(found.await?.into()))
}
