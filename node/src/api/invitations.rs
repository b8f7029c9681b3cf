//! Inviting the node of an org below, for the first time or again.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::act::blocking;
use super::people::level;
use super::request::{Body, Passphrase};
use super::{ApiState, Problem};
use crate::services::ServiceError;
use crate::services::authority::{AuthorityGrant, Loss};
use crate::services::found::OrgDraft;
use crate::services::invite::{INVITE_DAYS, OpenInvitation};
use crate::services::revoke::Keep;

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/invite", post(invite))
        .route("/invite/again", post(again))
        .route("/invite/withdraw", post(withdraw))
        .route("/invitations", get(list))
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
    /// For how many days it is good.
    #[serde(default = "days")]
    days: i64,
}

fn days() -> i64 {
    INVITE_DAYS
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
    let addresses = reachable(&state, body.addresses)?;
    let (node, passphrase) = (state.node.clone(), body.passphrase.0);
    let invited = state
        .door
        .with_authority(move || node.invite_for(draft, &passphrase, addresses, body.days));
    let invitation = invited.await?;
    let invited = Invited {
        code: invitation.to_code(),
        org: invitation.org.to_string(),
        expires: invitation.expires.0,
    };
    Ok((StatusCode::CREATED, Json(invited)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Again {
    /// Opens the org's authority key.
    passphrase: Passphrase,
    /// The division code or the id of an org directly below.
    org: String,
    reason: String,
    #[serde(default)]
    loss: Loss,
    #[serde(default)]
    since: Option<String>,
    #[serde(default)]
    everything: bool,
    #[serde(default)]
    keep: Option<String>,
    #[serde(default)]
    addresses: Vec<String>,
}

#[derive(Serialize)]
struct InvitedAgain {
    code: String,
    org: String,
    expires: i64,
    revoked: Vec<String>,
}

/// Takes the keys of an org below back, whose machine is lost, and invites it again.
async fn again(
    State(state): State<ApiState>,
    Body(body): Body<Again>,
) -> Result<(StatusCode, Json<InvitedAgain>), Problem> {
    let keep = body.keep.as_deref().map(Keep::parse).transpose()?;
    let since = body.since.as_deref();
    let draft = AuthorityGrant::of_machine(body.loss, since, body.everything, body.reason, keep)?;
    let addresses = reachable(&state, body.addresses)?;
    let (node, passphrase) = (state.node.clone(), body.passphrase.0);
    let again = state
        .door
        .with_authority(move || node.invite_again(&passphrase, &body.org, &draft, addresses));
    let again = again.await?;
    let answer = InvitedAgain {
        code: again.invitation.to_code(),
        org: again.invitation.org.to_string(),
        expires: again.invitation.expires.0,
        revoked: again.revoked.iter().map(ToString::to_string).collect(),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Invitations that wait for their nodes. Their codes are not kept.
async fn list(State(state): State<ApiState>) -> Result<Json<Vec<OpenInvitation>>, Problem> {
    Ok(Json(blocking(&state, |node| node.invitations()).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Withdraw {
    /// The division code, the id or the Chinese name of the invited org.
    org: String,
}

async fn withdraw(
    State(state): State<ApiState>,
    Body(body): Body<Withdraw>,
) -> Result<Json<OpenInvitation>, Problem> {
    let gone = blocking(&state, move |node| node.withdraw_invitation(&body.org));
    Ok(Json(gone.await?))
}

/// Where the new node reaches this one: as given, or as it listens.
fn reachable(state: &ApiState, given: Vec<String>) -> Result<Vec<String>, ServiceError> {
    let addresses = match given {
        given if given.is_empty() => (state.addresses)(),
        given => given,
    };
    if addresses.is_empty() {
        let words = "this node has no address at which the new one reaches it; give one in `addresses`";
        return Err(ServiceError::Bad(words.into()));
    }
    Ok(addresses)
}
