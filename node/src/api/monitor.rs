//! Checkpoints for whoever watches this node: open, since they say nothing but sizes and roots of opaque logs, and paced,
//! since anybody may ask.

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use lianzhan_protocol::id::Hash;
use lianzhan_protocol::log::TreeSize;
use std::sync::Arc;

use super::act::blocking;
use super::{ApiState, Problem};
use crate::env;
use crate::services::ServiceError;
use crate::services::limit::Pace;
use crate::services::monitor::Watched;

pub(super) fn router() -> Router<ApiState> {
    let pace = Arc::new(Pace::default());
    Router::new()
        .route("/monitor", get(list))
        .route("/monitor/{id}/checkpoint", get(checkpoint))
        .route("/monitor/{id}/witnessed", get(witnessed))
        .route("/monitor/{id}/consistency/{old}/{new}", get(consistency))
        .layer(middleware::from_fn(move |request, next: Next| {
            let pace = pace.clone();
            async move {
                match pace.step(env::now()) {
                    Ok(()) => next.run(request).await,
                    Err(seconds) => Problem::too_often(seconds).into_response(),
                }
            }
        }))
}

#[derive(serde::Serialize)]
struct List {
    logs: Vec<Watched>,
}

async fn list(State(state): State<ApiState>) -> Result<Json<List>, Problem> {
    let logs = blocking(&state, |node| node.watched()).await?;
    Ok(Json(List { logs }))
}

async fn checkpoint(State(state): State<ApiState>, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = parse(&id)?;
    note(blocking(&state, move |node| node.watched_checkpoint(&id)).await?)
}

async fn witnessed(State(state): State<ApiState>, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = parse(&id)?;
    note(blocking(&state, move |node| node.watched_witnessed(&id)).await?)
}

async fn consistency(
    State(state): State<ApiState>,
    Path((id, old, new)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let id = parse(&id)?;
    let (old, new) = (size(&old)?, size(&new)?);
    note(blocking(&state, move |node| node.watched_growth(&id, old, new)).await?)
}

fn parse(id: &str) -> Result<Hash, Problem> {
    Hash::parse(id).ok_or_else(Problem::no_such_route)
}

fn size(text: &str) -> Result<TreeSize, Problem> {
    let size = text
        .parse()
        .ok()
        .map(TreeSize)
        .filter(|size| *size <= TreeSize::MAX);
    size.ok_or_else(|| ServiceError::Bad("a size is a whole number".into()).into())
}

fn note(text: Option<String>) -> Result<Response, Problem> {
    let text = text.ok_or_else(Problem::no_such_route)?;
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}
