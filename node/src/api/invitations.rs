//! Inviting the node of an org below.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::people::level;
use super::request::{Body, Passphrase};
use super::{ApiState, Problem};
use crate::services::ServiceError;
use crate::services::found::OrgDraft;

pub(super) fn router() -> Router<ApiState> {
    Router::new().route("/invite", post(invite))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Invite {
    /// Opens the org's authority key.
    passphrase: Passphrase,
    name_zh: String,
    name_en: String,
    level: String,
    /// Division code.
    code: String,
    /// Where the new node will reach this one; as the node listens, where none is given.
    #[serde(default)]
    addresses: Vec<String>,
}

#[derive(Serialize)]
struct Invited {
    code: String,
    org: String,
    /// Milliseconds since 1970.
    expires: i64,
}

async fn invite(
    State(state): State<ApiState>,
    Body(body): Body<Invite>,
) -> Result<(StatusCode, Json<Invited>), Problem> {
    let draft = OrgDraft {
        level: level(&body.level)?,
        name_zh: body.name_zh,
        name_en: body.name_en,
        code: body.code,
    };
    let addresses = match body.addresses {
        given if given.is_empty() => (state.addresses)(),
        given => given,
    };
    if addresses.is_empty() {
        let words = "this node has no address at which the new one reaches it; give one in `addresses`";
        return Err(ServiceError::Bad(words.into()).into());
    }
    let (node, passphrase) = (state.node.clone(), body.passphrase.0);
    let invited = state
        .door
        .with_authority(move || node.invite(draft, &passphrase, addresses));
    let invitation = invited.await?;
    let invited = Invited {
        code: invitation.to_code(),
        org: invitation.org.to_string(),
        expires: invitation.expires.0,
    };
    Ok((StatusCode::CREATED, Json(invited)))
}
