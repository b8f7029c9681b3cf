//! Registering a visit. Personal fields go to their annexes and are not shown again here.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;

use super::act::{act, created};
use super::request::{Body, Passphrase};
use super::values::{self, Fields};
use super::{ApiState, Problem};
use crate::services::visit::{LEDGER, SENSITIVE, SUBJECT, VisitDraft};

pub(super) fn router() -> Router<ApiState> {
    Router::new().route("/visits", post(register))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Visit {
    login: String,
    passphrase: Passphrase,
    /// Fields of the record.
    fields: Fields,
    /// Personal fields, for the township.
    #[serde(default)]
    subject: Fields,
    /// Sensitive fields, for this station alone.
    #[serde(default)]
    sensitive: Fields,
    /// Notes of words that may stand though they look like personal data, by field.
    #[serde(default)]
    cleared: BTreeMap<String, String>,
}

async fn register(State(state): State<ApiState>, Body(body): Body<Visit>) -> Result<Response, Problem> {
    let draft = VisitDraft {
        fields: values::read(LEDGER, body.fields)?,
        subject: values::read(SUBJECT, body.subject)?,
        sensitive: values::read(SENSITIVE, body.sensitive)?,
    };
    let cleared = body.cleared.into_iter();
    let cleared = cleared
        .map(|(field, note)| (format!("f:{field}"), note))
        .collect();
    let written = act(
        &state,
        &body.login,
        body.passphrase.0,
        async move |node, author| node.register_cleared(author, draft, &cleared).await,
    );
    Ok(created(&written.await?))
}
