//! Logs that say two things: the proofs held, and what was left behind on branches that do not stand.

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use lianzhan_protocol::codec::{encode, hex};
use lianzhan_protocol::id::ChangeId;
use serde::{Deserialize, Serialize};

use super::act::{act, blocking, created};
use super::request::{Body, Passphrase};
use super::{ApiState, Problem};
use crate::services::ServiceError;
use crate::services::fork::LeftBehind;

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/forks", get(forks))
        .route("/left-behind", get(left_behind))
        .route("/left-behind/{change}", post(sign_anew))
}

#[derive(Serialize)]
struct ForkJson {
    log: String,
    node: String,
    /// The two trees have at most so many entries in common.
    common: u64,
    /// The proof, canonical CBOR as hex (docs/spec, 03).
    proof: String,
}

async fn forks(State(state): State<ApiState>) -> Result<Json<Vec<ForkJson>>, Problem> {
    let held = blocking(&state, |node| Ok(node.store().read(|reader| reader.forks())?)).await?;
    let told = held.into_iter().filter_map(|(log, proof)| {
        let fork = proof.verify().ok()?;
        Some(ForkJson {
            log,
            node: fork.node.fingerprint(),
            common: fork.common.0,
            proof: hex(&encode(&proof)),
        })
    });
    Ok(Json(told.collect()))
}

async fn left_behind(State(state): State<ApiState>) -> Result<Json<Vec<LeftBehind>>, Problem> {
    Ok(Json(blocking(&state, |node| node.left_behind()).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Who {
    login: String,
    passphrase: Passphrase,
}

async fn sign_anew(
    State(state): State<ApiState>,
    Path(change): Path<String>,
    Body(who): Body<Who>,
) -> Result<Response, Problem> {
    let change = ChangeId::parse(&change)
        .ok_or_else(|| ServiceError::Bad("the id of a change has 64 hexadecimal digits".into()))?;
    let written = act(&state, &who.login, who.passphrase.0, async move |node, author| {
        node.sign_anew(author, &change).await
    });
    Ok(created(&written.await?))
}
