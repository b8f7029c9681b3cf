//! Witnessing: the federation's policy, and another witness key for this node.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::people::level;
use super::request::{Body, Passphrase};
use super::{ApiState, Problem};

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/policy", post(policy))
        .route("/witness/renew", post(renew))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    /// Opens the org's authority key.
    passphrase: Passphrase,
    /// Levels whose witness is required beside the parent's; none: the parent alone.
    levels: Vec<String>,
}

#[derive(Serialize)]
struct Stated {
    statement: String,
}

async fn policy(
    State(state): State<ApiState>,
    Body(body): Body<Policy>,
) -> Result<(StatusCode, Json<Stated>), Problem> {
    let levels = body
        .levels
        .iter()
        .map(|id| level(id))
        .collect::<Result<Vec<_>, _>>()?;
    let (node, passphrase) = (state.node.clone(), body.passphrase.0);
    let stated = state.door.with_authority(move || {
        let authority = node.unlock_authority(&passphrase)?;
        node.set_witness_policy(&authority, levels)
    });
    let statement = stated.await?.to_string();
    Ok((StatusCode::CREATED, Json(Stated { statement })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Renew {
    /// Opens the org's authority key.
    passphrase: Passphrase,
}

#[derive(Serialize)]
struct Renewed {
    appointment: String,
}

async fn renew(
    State(state): State<ApiState>,
    Body(body): Body<Renew>,
) -> Result<(StatusCode, Json<Renewed>), Problem> {
    let (node, passphrase) = (state.node.clone(), body.passphrase.0);
    let renewed = state.door.with_authority(move || {
        let authority = node.unlock_authority(&passphrase)?;
        node.renew_witness(&authority)
    });
    let appointment = renewed.await?.to_string();
    Ok((StatusCode::CREATED, Json(Renewed { appointment })))
}
