//! Records as files: evidence bundles of one, of several or of a selection, and the Automerge document of one.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::act::blocking;
use super::progress::Work;
use super::request::{Body, Record};
use super::{ApiState, Problem};
use crate::services::select::Selection;

/// The part of the work that follows once the records are found.
pub const WRITING: &str = "writing";

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/records/{id}/bundle", get(of_one))
        .route("/bundle", post(of_several))
        .route("/records/{id}/automerge", get(automerge))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    /// Whether what the record cites is wanted, too.
    #[serde(default)]
    cited: bool,
}

async fn of_one(
    State(state): State<ApiState>,
    Record(id): Record,
    Query(with): Query<With>,
    work: Work,
) -> Result<Response, Problem> {
    let selection = if with.cited {
        Selection::Case { case: id }
    } else {
        Selection::Records { records: vec![id] }
    };
    bundle(&state, selection, work).await
}

async fn of_several(
    State(state): State<ApiState>,
    work: Work,
    Body(asked): Body<Selection>,
) -> Result<Response, Problem> {
    bundle(&state, asked, work).await
}

async fn bundle(state: &ApiState, selection: Selection, work: Work) -> Result<Response, Problem> {
    let name = format!("{}.tar", selection.file_name());
    let bytes = blocking(state, move |node| {
        let ids = node.select(&selection, &mut |seen| work.done(seen))?;
        work.done(ids.len() as u64);
        work.part(WRITING);
        node.bundle(&ids)
    })
    .await?;
    Ok(file(&name, "application/x-tar", bytes))
}

async fn automerge(State(state): State<ApiState>, Record(id): Record) -> Result<Response, Problem> {
    let bytes = blocking(&state, move |node| node.automerge_file(&id)).await?;
    let name = format!("lianzhan-{id}.automerge");
    Ok(file(&name, "application/octet-stream", bytes))
}

fn file(name: &str, content_type: &str, bytes: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [(CONTENT_TYPE, content_type), (CONTENT_DISPOSITION, &disposition)];
    (headers, bytes).into_response()
}
