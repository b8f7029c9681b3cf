//! Persons of this node: checking that one can sign in, and appointing one.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use lianzhan_protocol::trust::{Level, Role};
use serde::{Deserialize, Serialize};

use super::request::{Body, Passphrase};
use super::{ApiState, Problem};
use crate::services::ServiceError;
use crate::services::appoint::{AppointmentRequest, PersonDraft};
use crate::services::renew::parse_until;

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/people/session", post(check_sign_in))
        .route("/appoint", post(appoint))
        .route("/appoint/ask", post(ask))
        .route("/appoint/grant", post(grant))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    login: String,
    passphrase: Passphrase,
}

#[derive(Serialize)]
struct Person {
    name: String,
    appointment: String,
}

/// Says whether login and passphrase are right; nothing stays unlocked.
async fn check_sign_in(
    State(state): State<ApiState>,
    Body(body): Body<SignIn>,
) -> Result<Json<Person>, Problem> {
    let author = state
        .door
        .sign_in(&state.node, &body.login, body.passphrase.0)
        .await?;
    Ok(Json(Person {
        name: author.name,
        appointment: author.appointment.to_string(),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Appoint {
    /// Opens the org's authority key.
    passphrase: Passphrase,
    login: String,
    name: String,
    roles: Vec<String>,
    #[serde(default)]
    seat: Option<String>,
    /// The person, where they are known: an id or a login.
    #[serde(default)]
    person: Option<String>,
    /// The last day.
    #[serde(default)]
    until: Option<String>,
    /// Locks the new person's key; of a further post of somebody who signs in by this login already, opens it.
    person_passphrase: Passphrase,
}

#[derive(Serialize)]
struct Appointed {
    appointment: String,
}

async fn appoint(
    State(state): State<ApiState>,
    Body(body): Body<Appoint>,
) -> Result<(StatusCode, Json<Appointed>), Problem> {
    let draft = PersonDraft {
        person: body.person,
        until: body.until.as_deref().map(parse_until).transpose()?,
        ..draft(body.login, body.name, &body.roles, body.seat.as_deref())?
    };
    let node = state.node.clone();
    let (own, new) = (body.passphrase.0, body.person_passphrase.0);
    let appointed = state
        .door
        .with_authority(move || node.appoint_person(&own, draft, &new));
    let appointment = appointed.await?.to_string();
    Ok((StatusCode::CREATED, Json(Appointed { appointment })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    login: String,
    name: String,
    roles: Vec<String>,
    #[serde(default)]
    seat: Option<String>,
    /// The person, where they are known: an id or a login.
    #[serde(default)]
    person: Option<String>,
    /// Locks the new person's key.
    person_passphrase: Passphrase,
}

#[derive(Serialize)]
struct Asked {
    code: String,
}

/// Makes a person's key here and gives the code by which the org above appoints it.
async fn ask(
    State(state): State<ApiState>,
    Body(body): Body<Ask>,
) -> Result<(StatusCode, Json<Asked>), Problem> {
    let draft = PersonDraft {
        person: body.person,
        ..draft(body.login, body.name, &body.roles, body.seat.as_deref())?
    };
    let (node, new) = (state.node.clone(), body.person_passphrase.0);
    // Takes a turn at the door, for locking a key costs as much as opening one.
    let asked = state
        .door
        .with_authority(move || node.ask_appointment(draft, &new));
    let code = asked.await?.to_code();
    Ok((StatusCode::CREATED, Json(Asked { code })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Grant {
    /// Opens the org's authority key.
    passphrase: Passphrase,
    /// What `/appoint/ask` gave at the node below.
    code: String,
    /// The last day.
    #[serde(default)]
    until: Option<String>,
}

async fn grant(
    State(state): State<ApiState>,
    Body(body): Body<Grant>,
) -> Result<(StatusCode, Json<Appointed>), Problem> {
    let request = AppointmentRequest::from_code(&body.code)?;
    let until = body.until.as_deref().map(parse_until).transpose()?;
    let (node, own) = (state.node.clone(), body.passphrase.0);
    let granted = state
        .door
        .with_authority(move || node.grant_appointment(&own, &request, until));
    let appointment = granted.await?.to_string();
    Ok((StatusCode::CREATED, Json(Appointed { appointment })))
}

/// The person that both ways of appointing describe.
fn draft(
    login: String,
    name: String,
    roles: &[String],
    seat: Option<&str>,
) -> Result<PersonDraft, ServiceError> {
    Ok(PersonDraft {
        login,
        name,
        roles: roles.iter().map(|id| role(id)).collect::<Result<_, _>>()?,
        seat: seat.map(level).transpose()?,
        ..PersonDraft::default()
    })
}

pub(super) fn role(id: &str) -> Result<Role, ServiceError> {
    Role::parse(id).ok_or_else(|| {
        let known: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
        ServiceError::Bad(format!(
            "there is no role {id:?}; there are: {}",
            known.join(", ")
        ))
    })
}

/// Reads the id of a level.
pub(super) fn level(id: &str) -> Result<Level, ServiceError> {
    Level::parse(id).ok_or_else(|| {
        let known: Vec<_> = Level::ALL.iter().map(|level| level.as_str()).collect();
        ServiceError::Bad(format!(
            "there is no level {id:?}; there are: {}",
            known.join(", ")
        ))
    })
}
