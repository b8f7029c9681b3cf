//! Records as files: evidence bundles of one, of several or of a selection, and the Automerge document of one.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::act::blocking;
use super::request::{Body, Record};
use super::{ApiState, Problem};
use crate::services::select::Selection;

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
) -> Result<Response, Problem> {
    let selection = if with.cited {
        Selection::Case { case: id }
    } else {
        Selection::Records { records: vec![id] }
    };
    bundle(&state, selection).await
}

async fn of_several(
    State(state): State<ApiState>,
    Body(asked): Body<Selection>,
) -> Result<Response, Problem> {
    bundle(&state, asked).await
}

async fn bundle(state: &ApiState, selection: Selection) -> Result<Response, Problem> {
    let name = format!("{}.tar", selection.file_name());
    let bytes = blocking(state, move |node| {
        let ids = node.select(&selection, &mut |_| ())?;
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
