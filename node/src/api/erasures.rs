//! Erasing records: what it would do, the signed word, and at how many holders it is done.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::record::{Erased, ErasureGround};
use serde::{Deserialize, Serialize};

use super::act::{act, blocking};
use super::org::OrgJson;
use super::request::{Body, Passphrase, Query, Record};
use super::{ApiState, Problem};
use crate::services::ServiceError;
use crate::services::erase::{Doomed, ErasureDraft, ErasureStatus, Extent, Holder, Stated};

pub(super) fn router() -> Router<ApiState> {
    Router::new().route("/records/{id}/erasure", get(show).post(erase))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Whether the record itself is meant, too.
    #[serde(default)]
    whole: bool,
}

fn extent(whole: bool) -> Extent {
    match whole {
        true => Extent::Whole,
        false => Extent::Personal,
    }
}

/// What is known of the erasure of a record and of its personal parts.
#[derive(Serialize)]
pub struct ErasureJson {
    /// What would be erased now.
    would_erase: Vec<DoomedJson>,
    /// What was said before.
    erasures: Vec<StatusJson>,
}

#[derive(Serialize)]
struct DoomedJson {
    record: String,
    personal: bool,
    audience: &'static str,
    ledger: Option<String>,
    changes: usize,
    attachments: usize,
    holders: Vec<OrgJson>,
}

impl From<&Doomed> for DoomedJson {
    fn from(doomed: &Doomed) -> Self {
        DoomedJson {
            record: doomed.record.to_string(),
            personal: doomed.personal,
            audience: doomed.space.audience.as_str(),
            ledger: doomed.ledger.clone(),
            changes: doomed.changes,
            attachments: doomed.attachments,
            holders: doomed.holders.iter().map(OrgJson::from).collect(),
        }
    }
}

/// `erased_at` of `holders`: erased at k of n.
#[derive(Serialize)]
struct StatusJson {
    record: String,
    personal: bool,
    audience: &'static str,
    stated: Vec<StatedJson>,
    /// Absent while none has effect.
    erased: Option<Erased>,
    erased_at: usize,
    holders: Vec<HolderJson>,
}

#[derive(Serialize)]
struct StatedJson {
    id: String,
    ground: ErasureGround,
    on: String,
    note: Option<String>,
    by: Option<String>,
    recorded: i64,
    /// Why it has no effect, if it has none.
    fault: Option<String>,
    /// Whether news may give it effect.
    pending: bool,
}

#[derive(Serialize)]
struct HolderJson {
    org: OrgJson,
    erased: bool,
}

impl From<&ErasureStatus> for StatusJson {
    fn from(status: &ErasureStatus) -> Self {
        StatusJson {
            record: status.record.to_string(),
            personal: status.personal,
            audience: status.space.audience.as_str(),
            stated: status.stated.iter().map(StatedJson::from).collect(),
            erased: status.erased.clone(),
            erased_at: status.erased_at(),
            holders: status.holders.iter().map(HolderJson::from).collect(),
        }
    }
}

impl From<&Stated> for StatedJson {
    fn from(stated: &Stated) -> Self {
        let said = stated.signed.erasure();
        StatedJson {
            id: stated.signed.id().to_string(),
            ground: said.ground,
            on: said.on.clone(),
            note: said.note.clone(),
            by: stated.by.clone(),
            recorded: said.recorded.0,
            fault: stated.fault.as_ref().map(ToString::to_string),
            pending: stated.fault.as_ref().is_some_and(|fault| fault.is_pending()),
        }
    }
}

impl From<&Holder> for HolderJson {
    fn from(holder: &Holder) -> Self {
        HolderJson {
            org: OrgJson::from(&holder.org),
            erased: holder.erased,
        }
    }
}

async fn show(
    State(state): State<ApiState>,
    Record(id): Record,
    Query(wanted): Query<Wanted>,
) -> Result<Json<ErasureJson>, Problem> {
    let known = blocking(&state, move |node| {
        let doomed = node.preview_erasure(&id, extent(wanted.whole))?;
        Ok((doomed, node.erasures_of(&id)?))
    });
    let (doomed, erasures) = known.await?;
    Ok(Json(shown(&doomed, &erasures)))
}

/// What the answer says.
pub fn shown(doomed: &[Doomed], erasures: &[ErasureStatus]) -> ErasureJson {
    ErasureJson {
        would_erase: doomed.iter().map(DoomedJson::from).collect(),
        erasures: erasures.iter().map(StatusJson::from).collect(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Erase {
    login: String,
    passphrase: Passphrase,
    ground: String,
    /// The date of the decision.
    on: String,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    whole: bool,
}

#[derive(Serialize)]
struct ErasedJson {
    records: Vec<String>,
}

async fn erase(
    State(state): State<ApiState>,
    Record(record): Record,
    Body(asked): Body<Erase>,
) -> Result<Response, Problem> {
    let draft = draft(record, &asked)?;
    let passphrase = asked.passphrase.0;
    let records = act(&state, &asked.login, passphrase, async move |node, author| {
        node.erase(author, &draft)
    });
    let records = records.await?.iter().map(ToString::to_string).collect();
    Ok((StatusCode::CREATED, Json(ErasedJson { records })).into_response())
}

fn draft(record: RecordId, asked: &Erase) -> Result<ErasureDraft, ServiceError> {
    Ok(ErasureDraft {
        record,
        extent: extent(asked.whole),
        ground: crate::services::erase::parse_ground(&asked.ground)?,
        on: asked.on.clone(),
        note: asked.note.clone(),
    })
}
