//! Posts: who holds what until when, renewal, a change of key, revocation.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use lianzhan_protocol::id::StatementId;
use serde::{Deserialize, Serialize};

use super::act::blocking;
use super::org::OrgJson;
use super::request::{Body, Passphrase, Query};
use super::{ApiState, Problem};
use crate::services::ServiceError;
use crate::services::office::{Office, OfficeFilter};
use crate::services::query::{ChainLink, chain};
use crate::services::renew::parse_until;
use crate::services::revoke::{Keep, RevocationDraft, RevocationPreview, parse_ground};

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/appointments", get(list))
        .route("/appointments/{id}", get(one))
        .route("/renew", post(renew))
        .route("/renew/key", post(change_key))
        .route("/revoke", post(revoke))
        .route("/revoke/preview", post(preview))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// An org's id, or `own`.
    #[serde(default)]
    org: Option<String>,
    #[serde(default)]
    below: bool,
    #[serde(default)]
    person: Option<String>,
    #[serde(default)]
    within_days: Option<i64>,
    #[serde(default)]
    revoked: bool,
}

async fn list(
    State(state): State<ApiState>,
    Query(filter): Query<Filter>,
) -> Result<Json<Vec<Office>>, Problem> {
    let offices = blocking(&state, move |node| {
        node.offices(&OfficeFilter {
            org: filter
                .org
                .as_deref()
                .map(|text| node.parse_org(text))
                .transpose()?,
            below: filter.below,
            person: filter.person,
            within_days: filter.within_days,
            revoked: filter.revoked,
        })
    });
    Ok(Json(offices.await?))
}

#[derive(Serialize)]
struct LinkJson {
    appointment: String,
    holder: String,
    org: Option<OrgJson>,
    roles: Vec<&'static str>,
    not_before: i64,
    not_after: i64,
    issuer: Option<OrgJson>,
}

impl From<ChainLink> for LinkJson {
    fn from(link: ChainLink) -> Self {
        LinkJson {
            appointment: link.id.to_string(),
            holder: link.holder,
            org: link.org.as_ref().map(OrgJson::from),
            roles: link.roles.iter().map(|role| role.as_str()).collect(),
            not_before: link.not_before.0,
            not_after: link.not_after.0,
            issuer: link.issuer.as_ref().map(OrgJson::from),
        }
    }
}

#[derive(Serialize)]
struct Detail {
    #[serde(flatten)]
    office: Office,
    links: Vec<LinkJson>,
    /// The founding statement, where the chain ends.
    founding: String,
}

async fn one(State(state): State<ApiState>, Path(text): Path<String>) -> Result<Json<Detail>, Problem> {
    let detail = blocking(&state, move |node| {
        let id = node.find_office(&text)?;
        let directory = node.directory();
        Ok(Detail {
            office: node.office(&id)?,
            links: chain(&directory, &id).into_iter().map(LinkJson::from).collect(),
            founding: directory.founding().id().to_string(),
        })
    });
    Ok(Json(detail.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Renew {
    /// Opens the org's authority key.
    passphrase: Passphrase,
    /// The id, its first digits, or a login of this node.
    appointment: String,
    /// The last day.
    #[serde(default)]
    until: Option<String>,
}

#[derive(Serialize)]
struct Renewed {
    appointment: String,
}

async fn renew(
    State(state): State<ApiState>,
    Body(body): Body<Renew>,
) -> Result<(StatusCode, Json<Renewed>), Problem> {
    let until = body.until.as_deref().map(parse_until).transpose()?;
    let (node, own) = (state.node.clone(), body.passphrase.0);
    let renewed = state.door.with_authority(move || {
        let id = node.find_office(&body.appointment)?;
        node.renew(&own, &id, until)
    });
    let appointment = renewed.await?.to_string();
    Ok((StatusCode::CREATED, Json(Renewed { appointment })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeKey {
    /// Opens the org's authority key.
    passphrase: Passphrase,
    login: String,
    /// Locks the new key.
    person_passphrase: Passphrase,
    /// Why the old key is revoked.
    reason: String,
}

#[derive(Serialize)]
struct Changed {
    appointments: Vec<String>,
    revoked: Vec<String>,
    /// What to ask the org above, as `/appoint/grant` takes it.
    requests: Vec<String>,
}

async fn change_key(
    State(state): State<ApiState>,
    Body(body): Body<ChangeKey>,
) -> Result<(StatusCode, Json<Changed>), Problem> {
    let (node, own, new) = (state.node.clone(), body.passphrase.0, body.person_passphrase.0);
    let changed = state
        .door
        .with_authority(move || node.change_key(&own, &body.login, &new, &body.reason));
    let changed = changed.await?;
    let answer = Changed {
        appointments: texts(&changed.appointments),
        revoked: texts(&changed.revoked),
        requests: changed.requests.iter().map(|request| request.to_code()).collect(),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Ids as text.
pub(super) fn texts(ids: &[StatementId]) -> Vec<String> {
    ids.iter().map(StatementId::to_string).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoke {
    /// Opens the org's authority key.
    passphrase: Passphrase,
    /// The id, its first digits, or a login of this node.
    appointment: String,
    /// Why, in words.
    reason: String,
    /// Whether the key was, or may be, in other hands.
    #[serde(default)]
    hard: bool,
    /// Since when, where that is known.
    #[serde(default)]
    since: Option<String>,
    /// Of a key in other hands: all that it ever signed is in doubt.
    #[serde(default)]
    everything: bool,
    /// Of an authority: `all`, `none`, or ids of statements that go on standing.
    #[serde(default)]
    keep: Option<KeepJson>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum KeepJson {
    Word(String),
    Only(Vec<String>),
}

impl KeepJson {
    fn read(self) -> Result<Keep, ServiceError> {
        match self {
            KeepJson::Word(word) => Keep::parse(&word),
            KeepJson::Only(ids) => Keep::parse(&ids.join(",")),
        }
    }
}

#[derive(Serialize)]
struct Stated {
    statements: Vec<String>,
}

async fn revoke(
    State(state): State<ApiState>,
    Body(body): Body<Revoke>,
) -> Result<(StatusCode, Json<Stated>), Problem> {
    let ground = parse_ground(body.hard, body.since.as_deref(), body.everything)?;
    let keep = body.keep.map(KeepJson::read).transpose()?;
    let (node, own) = (state.node.clone(), body.passphrase.0);
    let stated = state.door.with_authority(move || {
        let draft = RevocationDraft {
            appointment: node.find_office(&body.appointment)?,
            ground,
            words: body.reason,
            keep,
            also: Vec::new(),
        };
        node.revoke(&own, &draft)
    });
    let statements = texts(&stated.await?);
    Ok((StatusCode::CREATED, Json(Stated { statements })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Preview {
    appointment: String,
    reason: String,
    #[serde(default)]
    hard: bool,
    #[serde(default)]
    since: Option<String>,
    #[serde(default)]
    everything: bool,
    #[serde(default)]
    keep: Option<KeepJson>,
}

/// What the revocation would do. Nothing is signed.
async fn preview(
    State(state): State<ApiState>,
    Body(body): Body<Preview>,
) -> Result<Json<RevocationPreview>, Problem> {
    let ground = parse_ground(body.hard, body.since.as_deref(), body.everything)?;
    let keep = body.keep.map(KeepJson::read).transpose()?;
    let preview = blocking(&state, move |node| {
        node.preview_revocation(&RevocationDraft {
            appointment: node.find_office(&body.appointment)?,
            ground,
            words: body.reason,
            keep,
            also: Vec::new(),
        })
    });
    Ok(Json(preview.await?))
}
