//! What a revocation contests, and its adoption.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::act::{act, blocking, created};
use super::appointments::texts;
use super::request::{Body, Passphrase, Record};
use super::{ApiState, Problem};
use crate::services::adopt::{AdoptDraft, Contested};

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/contested", get(contested))
        .route("/adopt", post(adopt))
        .route("/records/{id}/adopt", post(adopt_in))
}

async fn contested(State(state): State<ApiState>) -> Result<Json<Contested>, Problem> {
    // What was revoked or adopted a moment ago is seen, too.
    let contested = blocking(&state, |node| {
        node.settle_views()?;
        node.contested()
    });
    Ok(Json(contested.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Adopt {
    /// Opens the org's authority key.
    passphrase: Passphrase,
    #[serde(default)]
    changes: Vec<String>,
    #[serde(default)]
    statements: Vec<String>,
}

#[derive(Serialize)]
struct Stated {
    statements: Vec<String>,
}

async fn adopt(
    State(state): State<ApiState>,
    Body(body): Body<Adopt>,
) -> Result<(StatusCode, Json<Stated>), Problem> {
    let draft = AdoptDraft::parse(&body.changes, &body.statements)?;
    let (node, own) = (state.node.clone(), body.passphrase.0);
    let stated = state.door.with_authority(move || node.adopt(&own, draft));
    let statements = texts(&stated.await?);
    Ok((StatusCode::CREATED, Json(Stated { statements })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdoptIn {
    login: String,
    passphrase: Passphrase,
    changes: Vec<String>,
}

async fn adopt_in(
    State(state): State<ApiState>,
    Record(record): Record,
    Body(body): Body<AdoptIn>,
) -> Result<Response, Problem> {
    let changes = AdoptDraft::parse(&body.changes, &[])?.changes;
    let written = act(
        &state,
        &body.login,
        body.passphrase.0,
        async move |node, author| node.adopt_in(author, &record, changes).await,
    );
    Ok(created(&written.await?))
}
