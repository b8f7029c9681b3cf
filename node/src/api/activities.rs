//! Joint activities: called, signed in to, written down and sealed.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use lianzhan_protocol::id::SpaceId;
use lianzhan_protocol::record::activity::Activity;
use serde::{Deserialize, Serialize};

use super::act::{act, blocking, created};
use super::org::OrgJson;
use super::request::{Body, Passphrase, Record};
use super::values::{self, Fields};
use super::{ApiState, Problem};
use crate::services::activity::{LEDGER, LoadedActivity};
use crate::services::{Node, ServiceError};

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/activities", post(call))
        .route("/activities/{id}", get(activity))
        .route("/activities/{id}/sign-in", post(sign_in))
        .route("/activities/{id}/lines", post(write_line))
        .route("/activities/{id}/seal", post(seal))
}

/// An activity.
#[derive(Serialize)]
struct ActivityJson {
    record: String,
    space: String,
    /// The org that called it.
    owner: Option<OrgJson>,
    /// The orgs of a joint space.
    orgs: Vec<OrgJson>,
    /// Fields in force.
    fields: serde_json::Map<String, serde_json::Value>,
    #[serde(flatten)]
    activity: Activity,
}

async fn activity(State(state): State<ApiState>, Record(id): Record) -> Result<Json<ActivityJson>, Problem> {
    let shown = blocking(&state, move |node| {
        let found = node.activity(&id)?;
        let ledger = found.state.definition.and_then(|hash| node.definition(&hash));
        match ledger {
            Some(ledger) if ledger.id == LEDGER => Ok(ActivityJson::of(node, found)),
            _ => Err(ServiceError::UnknownRecord(id)),
        }
    });
    Ok(Json(shown.await?))
}

impl ActivityJson {
    fn of(node: &Node, found: LoadedActivity) -> Self {
        let directory = node.directory();
        let org = |id| directory.org(id).map(OrgJson::from);
        let fields = found.state.fields.iter();
        ActivityJson {
            record: found.state.id.to_string(),
            space: found.loaded.space.id().to_string(),
            owner: org(&found.loaded.space.owner),
            orgs: found
                .loaded
                .space
                .joint
                .iter()
                .flat_map(|joint| &joint.orgs)
                .filter_map(org)
                .collect(),
            fields: fields
                .filter_map(|(name, field)| Some((name.clone(), serde_json::to_value(&field.value).ok()?)))
                .collect(),
            activity: found.activity,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    login: String,
    passphrase: Passphrase,
    /// Id of the joint space.
    space: String,
    fields: Fields,
    /// Notes of words that may stand though they look like personal data, by field.
    #[serde(default)]
    cleared: BTreeMap<String, String>,
}

async fn call(State(state): State<ApiState>, Body(body): Body<Call>) -> Result<Response, Problem> {
    let space = SpaceId::parse(&body.space)
        .and_then(|id| state.node.space(&id))
        .ok_or_else(|| ServiceError::Bad(format!("this node holds no space {:?}", body.space)))?;
    let fields = values::read(LEDGER, body.fields)?;
    let cleared = body.cleared.into_iter();
    let cleared = cleared
        .map(|(field, note)| (format!("f:{field}"), note))
        .collect();
    let written = act(
        &state,
        &body.login,
        body.passphrase.0,
        async move |node, author| node.call_cleared(author, &space, fields, &cleared).await,
    );
    Ok(created(&written.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    login: String,
    passphrase: Passphrase,
}

async fn sign_in(
    State(state): State<ApiState>,
    Record(id): Record,
    Body(body): Body<Signed>,
) -> Result<Response, Problem> {
    let written = act(
        &state,
        &body.login,
        body.passphrase.0,
        async move |node, author| node.sign_in_at(author, &id).await,
    );
    Ok(created(&written.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineBody {
    login: String,
    passphrase: Passphrase,
    text: String,
    /// The note that clears it, if it looks like personal data and may stand.
    #[serde(default)]
    cleared: String,
}

async fn write_line(
    State(state): State<ApiState>,
    Record(id): Record,
    Body(body): Body<LineBody>,
) -> Result<Response, Problem> {
    let written = act(
        &state,
        &body.login,
        body.passphrase.0,
        async move |node, author| {
            node.write_cleared_line(author, &id, &body.text, &body.cleared)
                .await
        },
    );
    Ok(created(&written.await?))
}

async fn seal(
    State(state): State<ApiState>,
    Record(id): Record,
    Body(body): Body<Signed>,
) -> Result<Response, Problem> {
    let written = act(
        &state,
        &body.login,
        body.passphrase.0,
        async move |node, author| node.seal(author, &id).await,
    );
    Ok(created(&written.await?))
}
