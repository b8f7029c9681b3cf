//! Care of the node: proving that what is stored agrees with itself, and making anew what is derived.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde::Serialize;

use super::act::blocking;
use super::progress::Work;
use super::{ApiState, Problem};
use crate::services::check::CheckReport;

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/check", post(check))
        .route("/reindex", post(reindex))
}

/// Answers 200 also where there are faults: they are the answer.
async fn check(State(state): State<ApiState>, work: Work) -> Result<Json<CheckReport>, Problem> {
    let checked = blocking(&state, move |node| node.check(|done| work.done(done)));
    Ok(Json(checked.await?))
}

#[derive(Serialize)]
struct Reindexed {
    records: u64,
}

async fn reindex(State(state): State<ApiState>, work: Work) -> Result<Json<Reindexed>, Problem> {
    let records = blocking(&state, move |node| node.reindex(|done| work.done(done))).await?;
    Ok(Json(Reindexed { records }))
}
