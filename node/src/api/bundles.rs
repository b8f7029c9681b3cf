//! Records as files: evidence bundles of one or of several, and the Automerge document of one.

use axum::Router;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use lianzhan_protocol::id::RecordId;
use serde::Deserialize;

use super::act::blocking;
use super::request::{Body, Record};
use super::{ApiState, Problem};
use crate::services::{ServiceError, parse_record};

/// Most records of one bundle.
const RECORDS_MAX: usize = 10_000;

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/records/{id}/bundle", get(of_one))
        .route("/bundle", post(of_several))
        .route("/records/{id}/automerge", get(automerge))
}

async fn of_one(State(state): State<ApiState>, Record(id): Record) -> Result<Response, Problem> {
    bundle(&state, vec![id]).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    records: Vec<String>,
}

async fn of_several(State(state): State<ApiState>, Body(asked): Body<Asked>) -> Result<Response, Problem> {
    if asked.records.is_empty() || asked.records.len() > RECORDS_MAX {
        let words = format!("name 1 to {RECORDS_MAX} records");
        return Err(ServiceError::Bad(words).into());
    }
    let mut ids = asked
        .records
        .iter()
        .map(|id| parse_record(id))
        .collect::<Result<Vec<_>, _>>()?;
    ids.sort_unstable();
    ids.dedup();
    bundle(&state, ids).await
}

async fn bundle(state: &ApiState, ids: Vec<RecordId>) -> Result<Response, Problem> {
    let name = match ids.as_slice() {
        [one] => format!("lianzhan-{one}.tar"),
        _ => "lianzhan-evidence.tar".to_owned(),
    };
    let bytes = blocking(state, move |node| node.bundle(&ids)).await?;
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
