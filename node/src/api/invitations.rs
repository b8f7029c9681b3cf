//! Inviting the node of an org below, for the first time or again.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::act::blocking;
use super::people::{level, role};
use super::request::{Body, Passphrase};
use super::{ApiState, Problem};
use crate::services::ServiceError;
use crate::services::authority::{AuthorityGrant, Loss};
use crate::services::found::OrgDraft;
use crate::services::invite::{INVITE_DAYS, Invitation, InviteDraft, InvitedPerson, Invitee, OpenInvitation};
use crate::services::join::{PersonChoice, join_person};
use crate::services::renew::parse_until;
use crate::services::revoke::Keep;

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/invite", post(invite))
        .route("/invite/again", post(again))
        .route("/join", post(join))
        .route("/invite/withdraw", post(withdraw))
        .route("/invitations", get(list))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Invite {
    /// Opens the org's authority key.
    passphrase: Passphrase,
    #[serde(default)]
    name_zh: Option<String>,
    #[serde(default)]
    name_en: Option<String>,
    #[serde(default)]
    level: Option<String>,
    /// Division code.
    #[serde(default)]
    code: Option<String>,
    /// In place of these an org that is known: a division code, an id, a Chinese name or `own`.
    #[serde(default)]
    org: Option<String>,
    /// Roles of the person who is appointed with it.
    #[serde(default)]
    roles: Vec<String>,
    /// Level of a deputy's seat.
    #[serde(default)]
    seat: Option<String>,
    /// The person's name, where it is known.
    #[serde(default)]
    person: Option<String>,
    /// The last day of the appointment.
    #[serde(default)]
    until: Option<String>,
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
    let org = match (body.org, body.level, body.name_zh, body.name_en, body.code) {
        (Some(org), None, None, None, None) => Invitee::Known(org),
        (None, Some(stated), Some(name_zh), Some(name_en), Some(code)) => Invitee::New(OrgDraft {
            level: level(&stated)?,
            name_zh,
            name_en,
            code,
        }),
        _ => {
            let words = "name an org that is known with `org`, or a new one with `level`, `name_zh`, `name_en` and `code`";
            return Err(ServiceError::Bad(words.into()).into());
        }
    };
    let person = match body.roles.is_empty() {
        true => None,
        false => Some(InvitedPerson {
            roles: body.roles.iter().map(|id| role(id)).collect::<Result<_, _>>()?,
            seat: body.seat.as_deref().map(level).transpose()?,
            name: body.person,
            until: body.until.as_deref().map(parse_until).transpose()?,
        }),
    };
    let draft = InviteDraft {
        org,
        person,
        addresses: reachable(&state, body.addresses)?,
        days: body.days,
    };
    let (node, passphrase) = (state.node.clone(), body.passphrase.0);
    let invited = state
        .door
        .with_authority(move || node.invite_with(draft, &passphrase));
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
struct Join {
    code: String,
    login: String,
    #[serde(default)]
    name: String,
    /// Locks the person's key.
    person_passphrase: Passphrase,
}

#[derive(Serialize)]
struct Joined {
    appointment: String,
}

/// A person joins at this node with the code of an invitation.
async fn join(
    State(state): State<ApiState>,
    Body(body): Body<Join>,
) -> Result<(StatusCode, Json<Joined>), Problem> {
    let choice = PersonChoice {
        login: body.login,
        name: body.name,
        passphrase: body.person_passphrase.0,
    };
    let ask = async |invitation: &Invitation, request| (state.ask)(invitation.clone(), request).await;
    let appointment = join_person(&state.node, &body.code, choice, ask).await?;
    let joined = Joined {
        appointment: appointment.to_string(),
    };
    Ok((StatusCode::CREATED, Json(joined)))
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
