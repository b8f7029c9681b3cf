//! Other keys: for the authority of an org, and for the node itself.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::request::{Body, Passphrase};
use super::{ApiState, Problem};
use crate::services::authority::{AuthorityGrant, AuthorityRequest, Loss};
use crate::services::rekey::NodeKeyDraft;
use crate::services::renew::parse_until;
use crate::services::revoke::{Keep, parse_ground};

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/authority/ask", post(ask))
        .route("/authority/grant", post(grant))
        .route("/node/renew", post(renew_node))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    /// Opens the present key of the org's authority; left away where that is lost.
    #[serde(default)]
    passphrase: Option<Passphrase>,
    /// Locks the new key.
    new_passphrase: Passphrase,
}

#[derive(Serialize)]
struct Asked {
    code: String,
    fingerprint: String,
    confirmed: bool,
}

async fn ask(
    State(state): State<ApiState>,
    Body(body): Body<Ask>,
) -> Result<(StatusCode, Json<Asked>), Problem> {
    let node = state.node.clone();
    let (present, new) = (
        body.passphrase.map(|passphrase| passphrase.0),
        body.new_passphrase.0,
    );
    let asked = state
        .door
        .with_authority(move || node.ask_authority(present.as_ref(), &new));
    let request = asked.await?;
    let asked = Asked {
        code: request.to_code(),
        fingerprint: request.fingerprint(),
        confirmed: request.confirmed.is_some(),
    };
    Ok((StatusCode::CREATED, Json(asked)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Grant {
    /// Opens the key of the granting org's authority.
    passphrase: Passphrase,
    /// What `/authority/ask` gave at the node below.
    code: String,
    /// The last day.
    #[serde(default)]
    until: Option<String>,
    reason: String,
    #[serde(default)]
    loss: Loss,
    #[serde(default)]
    since: Option<String>,
    #[serde(default)]
    keep: Option<String>,
}

#[derive(Serialize)]
struct Granted {
    org: String,
    appointment: String,
    revoked: Vec<String>,
}

async fn grant(
    State(state): State<ApiState>,
    Body(body): Body<Grant>,
) -> Result<(StatusCode, Json<Granted>), Problem> {
    let request = AuthorityRequest::from_code(&body.code)?;
    let grant = AuthorityGrant::stated(
        body.loss,
        body.since.as_deref(),
        body.reason,
        body.keep.as_deref().map(Keep::parse).transpose()?,
        body.until.as_deref().map(parse_until).transpose()?,
    )?;
    let (node, own) = (state.node.clone(), body.passphrase.0);
    let granted = state
        .door
        .with_authority(move || node.grant_authority(&own, &request, &grant));
    let change = granted.await?;
    let granted = Granted {
        org: change.org.to_string(),
        appointment: change.appointment.to_string(),
        revoked: change.revoked.iter().map(ToString::to_string).collect(),
    };
    Ok((StatusCode::CREATED, Json(granted)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RenewNode {
    /// Opens the key of the org's authority.
    passphrase: Passphrase,
    reason: String,
    #[serde(default)]
    hard: bool,
    #[serde(default)]
    since: Option<String>,
    #[serde(default)]
    everything: bool,
}

#[derive(Serialize)]
struct NodeRenewed {
    appointment: Option<String>,
    revoked: Vec<String>,
    adopted: usize,
    witness: Option<String>,
    restart: bool,
}

/// Does the next step. A running node keeps its key until it is started anew.
async fn renew_node(
    State(state): State<ApiState>,
    Body(body): Body<RenewNode>,
) -> Result<(StatusCode, Json<NodeRenewed>), Problem> {
    let draft = NodeKeyDraft {
        ground: parse_ground(body.hard, body.since.as_deref(), body.everything)?,
        words: body.reason,
    };
    let (node, own) = (state.node.clone(), body.passphrase.0);
    let renewed = state
        .door
        .with_authority(move || node.renew_node_step(&own, &draft));
    let change = renewed.await?;
    let renewed = NodeRenewed {
        appointment: change.appointment.map(|id| id.to_string()),
        revoked: change.revoked.iter().map(ToString::to_string).collect(),
        adopted: change.adopted,
        witness: change.witness.map(|id| id.to_string()),
        restart: change.restart,
    };
    Ok((StatusCode::CREATED, Json(renewed)))
}
