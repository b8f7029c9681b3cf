//! The state of the node, and of the federation as it knows it.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};

use super::act::blocking;
use super::{ApiState, Problem};
use crate::services::federation::Federation;
use crate::services::query::Status;

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/status", get(status))
        .route("/network", get(network))
}

pub(super) fn open_router() -> Router<ApiState> {
    Router::new().route("/healthz", get(async || "ok\n"))
}

async fn network(State(state): State<ApiState>) -> Result<Json<Federation>, Problem> {
    let peers = (state.peers)();
    Ok(Json(blocking(&state, move |node| node.federation(&peers)).await?))
}

async fn status(State(state): State<ApiState>) -> Result<Json<Status>, Problem> {
    let peers = (state.peers)();
    Ok(Json(blocking(&state, move |node| node.status(peers)).await?))
}
