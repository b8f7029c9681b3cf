//! Issuing a record anew: what would come along, and the act.

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

use super::act::{act, blocking, created_as};
use super::request::{Body, Passphrase, Record};
use super::{ApiState, Problem};
use crate::services::reissue::{AnewJson, AnewSent, AnewSheet};

pub(super) fn router() -> Router<ApiState> {
    Router::new().route("/records/{id}/anew", get(show).post(issue))
}

async fn show(State(state): State<ApiState>, Record(id): Record) -> Result<Json<AnewSheet>, Problem> {
    Ok(Json(blocking(&state, move |node| node.anew_sheet(&id)).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Issue {
    login: String,
    passphrase: Passphrase,
    #[serde(default)]
    fields: Map<String, Value>,
    #[serde(default)]
    annexes: BTreeMap<String, Map<String, Value>>,
    #[serde(default)]
    leave: Vec<String>,
    #[serde(default)]
    cleared: BTreeMap<String, String>,
    #[serde(default)]
    seen: Vec<String>,
    on: Option<String>,
}

async fn issue(
    State(state): State<ApiState>,
    Record(record): Record,
    Body(asked): Body<Issue>,
) -> Result<Response, Problem> {
    let sent = AnewSent {
        fields: asked.fields,
        annexes: asked.annexes,
        leave: asked.leave,
        cleared: asked.cleared,
        seen: asked.seen,
        on: asked.on,
    };
    let done = act(
        &state,
        &asked.login,
        asked.passphrase.0,
        async move |node, author| node.issue_anew_sent(author, &record, sent).await,
    );
    let done = done.await?;
    Ok(created_as(&done.new, AnewJson::from(&done)))
}
