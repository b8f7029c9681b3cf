//! How a route does its work: off the threads that serve requests, and, where something is written, as a person.

use std::sync::Arc;

use age::secrecy::SecretString;
use axum::Json;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use lianzhan_protocol::id::RecordId;
use serde::Serialize;

use super::{ApiState, Problem};
use crate::services::{Author, Node, ServiceError, Written};

/// Runs `work` on a thread that may block.
pub(super) async fn blocking<T: Send + 'static>(
    state: &ApiState,
    work: impl FnOnce(&Arc<Node>) -> Result<T, ServiceError> + Send + 'static,
) -> Result<T, Problem> {
    let node = state.node.clone();
    match tokio::task::spawn_blocking(move || work(&node)).await {
        Ok(result) => Ok(result?),
        Err(error) => Err(ServiceError::Damaged(format!("a request broke off: {error}")).into()),
    }
}

/// Unlocks a person's key, lets `work` write with it, and forgets it.
pub(super) async fn act<T, W>(
    state: &ApiState,
    login: &str,
    passphrase: SecretString,
    work: W,
) -> Result<T, Problem>
where
    T: Send + 'static,
    W: AsyncFnOnce(&Node, &Author) -> Result<T, ServiceError> + Send + 'static,
{
    let author = state.door.sign_in(&state.node, login, passphrase).await?;
    let runtime = tokio::runtime::Handle::current();
    // Folding and signing take their time, and a write that began is finished though the caller hangs up.
    blocking(state, move |node| runtime.block_on(work(node, &author))).await
}

/// What was written.
#[derive(Serialize)]
struct WrittenJson {
    record: String,
    change: String,
}

/// Answers a write: 201 with the place of the record.
pub(super) fn created(written: &Written) -> Response {
    let body = WrittenJson {
        record: written.record.to_string(),
        change: written.change.to_string(),
    };
    created_as(&written.record, body)
}

/// The same with more to say.
pub(super) fn created_as(record: &RecordId, body: impl Serialize) -> Response {
    let place = format!("/api/v1/records/{record}");
    (StatusCode::CREATED, [(LOCATION, place)], Json(body)).into_response()
}
