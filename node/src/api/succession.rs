//! Successors at the root. Founders sign where they are, without a node; here a draft begins and is published.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::request::{Body, Passphrase};
use super::{ApiState, Problem};
use crate::services::succession::{SuccessionDraft, SuccessionFile};

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/succession/draft", post(draft))
        .route("/succession/publish", post(publish))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    /// Locks the new authority key.
    passphrase: Passphrase,
    #[serde(default)]
    same_key: bool,
    #[serde(default)]
    founders: Vec<String>,
    #[serde(default)]
    threshold: Option<u32>,
    #[serde(default)]
    keep_nothing: bool,
}

async fn draft(
    State(state): State<ApiState>,
    Body(body): Body<Draft>,
) -> Result<(StatusCode, Json<SuccessionFile>), Problem> {
    let (node, new) = (state.node.clone(), body.passphrase.0);
    let draft = SuccessionDraft {
        same_key: body.same_key,
        founders: body.founders,
        threshold: body.threshold,
        keep_nothing: body.keep_nothing,
    };
    let drafted = state
        .door
        .with_authority(move || node.draft_succession(&draft, &new));
    Ok((StatusCode::CREATED, Json(drafted.await?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Publish {
    /// Opens the new authority key.
    passphrase: Passphrase,
    file: SuccessionFile,
}

#[derive(Serialize)]
struct Published {
    statement: String,
}

async fn publish(
    State(state): State<ApiState>,
    Body(body): Body<Publish>,
) -> Result<(StatusCode, Json<Published>), Problem> {
    let (node, own) = (state.node.clone(), body.passphrase.0);
    let published = state
        .door
        .with_authority(move || node.publish_succession(&body.file, &own));
    let statement = published.await?.to_string();
    Ok((StatusCode::CREATED, Json(Published { statement })))
}
