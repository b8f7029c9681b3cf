//! What people did on paper, recorded by an officer: the scan is the body, and who did what stands in the address.

use age::secrecy::SecretString;
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use futures::StreamExt;
use lianzhan_protocol::id::RecordId;

use super::act::{blocking, created};
use super::imports::{LOGIN_HEADER, PASSPHRASE_HEADER, header};
use super::request::{Query, Record};
use super::{ApiState, Problem};
use crate::services::attachment::{Part, Received};
use crate::services::recorded::{ConfirmForDraft, SignInForDraft};
use crate::services::{Author, Node, ServiceError, Written};

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/records/{id}/confirm-for", post(confirm_for))
        .route("/activities/{id}/sign-in-for", post(sign_in_for))
        // What is taken of each kind is less, and counted while it comes.
        .layer(DefaultBodyLimit::disable())
}

async fn confirm_for(
    State(state): State<ApiState>,
    Record(id): Record,
    Query(draft): Query<ConfirmForDraft>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let runtime = tokio::runtime::Handle::current();
    record(&state, id, &headers, body, move |node, author, scan| {
        runtime.block_on(node.confirm_for(author, &id, draft, scan))
    })
    .await
}

async fn sign_in_for(
    State(state): State<ApiState>,
    Record(id): Record,
    Query(draft): Query<SignInForDraft>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let runtime = tokio::runtime::Handle::current();
    record(&state, id, &headers, body, move |node, author, scan| {
        runtime.block_on(node.sign_in_for(author, &id, draft, scan))
    })
    .await
}

/// Takes the scan in, then signs what it proves.
async fn record<F>(
    state: &ApiState,
    id: RecordId,
    headers: &HeaderMap,
    body: Body,
    deed: F,
) -> Result<Response, Problem>
where
    F: FnOnce(&Node, &Author, &Received) -> Result<Written, ServiceError> + Send + 'static,
{
    let login = header(headers, LOGIN_HEADER)?;
    let passphrase = SecretString::from(header(headers, PASSPHRASE_HEADER)?);
    // Before anything is taken in.
    let author = state.door.sign_in(&state.node, &login, passphrase).await?;
    blocking(state, move |node| node.sheet(&id).map(drop)).await?;
    let mut upload = state.node.begin_attachment(Part::Shared);
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| Problem::request(format!("the body ended too early: {error}")))?;
        upload.write(&piece)?;
    }
    let written = blocking(state, move |node| deed(node, &author, &upload.finish()?));
    Ok(created(&written.await?))
}
