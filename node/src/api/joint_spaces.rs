//! Joint spaces: those that are held here, and opening another.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use lianzhan_protocol::trust::{Directory, Space};
use serde::{Deserialize, Serialize};

use super::org::OrgJson;
use super::request::{Body, Passphrase};
use super::{ApiState, Problem};
use crate::services::joint::year;

pub(super) fn router() -> Router<ApiState> {
    Router::new().route("/joint-spaces", get(list).post(open))
}

/// A joint space.
#[derive(Serialize)]
struct JointJson {
    id: String,
    /// The org that opened it.
    owner: Option<OrgJson>,
    /// The orgs that share it.
    orgs: Vec<OrgJson>,
    /// The highest level that holds it above these.
    travel: Option<&'static str>,
    year: u16,
}

impl JointJson {
    fn of(directory: &Directory, space: &Space) -> Self {
        let org = |id| directory.org(id).map(OrgJson::from);
        let joint = space.joint.as_ref();
        JointJson {
            id: space.id().to_string(),
            owner: org(&space.owner),
            orgs: joint
                .into_iter()
                .flat_map(|joint| &joint.orgs)
                .filter_map(org)
                .collect(),
            travel: joint.map(|joint| joint.travel.as_str()),
            year: year(space),
        }
    }
}

async fn list(State(state): State<ApiState>) -> Json<Vec<JointJson>> {
    let directory = state.node.directory();
    let all = state.node.joint_spaces();
    Json(all.iter().map(|space| JointJson::of(&directory, space)).collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    /// Opens the authority key of this node's org.
    passphrase: Passphrase,
    /// The other orgs: ids or division codes.
    orgs: Vec<String>,
    /// The highest level that holds it above them.
    travel: String,
    year: u16,
}

async fn open(
    State(state): State<ApiState>,
    Body(body): Body<Open>,
) -> Result<(StatusCode, Json<JointJson>), Problem> {
    let (node, passphrase) = (state.node.clone(), body.passphrase.0.clone());
    let draft = node.joint_draft(&body.orgs, &body.travel, body.year)?;
    let opened = state.door.with_authority(move || {
        let authority = node.unlock_authority(&passphrase)?;
        node.open_joint(&authority, &draft)
    });
    let space = opened.await?;
    let shown = JointJson::of(&state.node.directory(), &space);
    Ok((StatusCode::CREATED, Json(shown)))
}
