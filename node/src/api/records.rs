//! One record with its history: who signed each change under which appointment, and when. Of its annexes only the names.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use lianzhan_protocol::record::Verdict;
use lianzhan_protocol::record::ledger::ledgers;
use serde::Serialize;

use super::act::blocking;
use super::org::OrgJson;
use super::request::Record;
use super::{ApiState, Problem};
use crate::services::ServiceError;
use crate::services::horizon::Horizon;
use crate::services::query::{ChainLink, ChangeDetail, RecordDetail, Witnessing};

pub(super) fn router() -> Router<ApiState> {
    Router::new().route("/records/{id}", get(record).patch(super::ledgers::amend))
}

async fn record(State(state): State<ApiState>, Record(id): Record) -> Result<Json<RecordJson>, Problem> {
    let found = blocking(&state, move |node| {
        let detail = node.record_detail(&id)?;
        Ok((detail, node.reissued_as(&id)?, node.reissued_from(&id)?))
    });
    let (detail, reissued_as, reissued_from) = found.await?;
    if is_annex(&detail.ledger) {
        return Err(ServiceError::NotAllowed(
            "this is the personal part of a record; it is shown on the record's page, to a person who is signed in".into(),
        )
        .into());
    }
    Ok(Json(RecordJson {
        reissued_as: reissued_as.map(|new| new.to_string()),
        reissued_from: reissued_from.iter().map(ToString::to_string).collect(),
        ..RecordJson::of(&detail)
    }))
}

fn is_annex(ledger: &str) -> bool {
    ledgers()
        .iter()
        .any(|of| of.annexes.iter().any(|annex| annex == ledger))
}

/// A record.
#[derive(Serialize)]
struct RecordJson {
    id: String,
    ledger: String,
    space: String,
    audience: &'static str,
    owner: Option<OrgJson>,
    heir: Option<OrgJson>,
    state: serde_json::Value,
    changes: Vec<ChangeJson>,
    /// As of when the verdicts hold: how far each log is known in which changes stand.
    horizon: Vec<HorizonJson>,
    annexes: Vec<String>,
    missing: Vec<Label>,
    document_heads: Option<Vec<String>>,
    /// Of an erased one: the record as which it was issued anew.
    reissued_as: Option<String>,
    /// The erased ones for which it was issued.
    reissued_from: Vec<String>,
}

#[derive(Serialize)]
struct Label {
    zh: String,
    en: String,
}

/// A change. Times are milliseconds since 1970, but `happened`, which is as stated.
#[derive(Serialize)]
struct ChangeJson {
    id: String,
    origin: String,
    index: u64,
    log_size: u64,
    author: Option<String>,
    author_org: Option<OrgJson>,
    node_org: Option<OrgJson>,
    roles: Vec<&'static str>,
    happened: Option<String>,
    recorded: i64,
    witnessed: Option<WitnessedJson>,
    verdict: Verdict,
    chain: Vec<LinkJson>,
}

#[derive(Serialize)]
struct WitnessedJson {
    org: Option<OrgJson>,
    time: i64,
    place: u64,
    size: u64,
}

#[derive(Serialize)]
struct HorizonJson {
    origin: String,
    org: Option<OrgJson>,
    size: u64,
    root: String,
    witnessed: Option<WitnessedJson>,
}

#[derive(Serialize)]
struct LinkJson {
    id: String,
    holder: String,
    org: Option<OrgJson>,
    roles: Vec<&'static str>,
    not_before: i64,
    not_after: i64,
    issuer: Option<OrgJson>,
}

impl RecordJson {
    fn of(detail: &RecordDetail) -> Self {
        RecordJson {
            id: detail.id.to_string(),
            ledger: detail.ledger.clone(),
            space: detail.space.id().to_string(),
            audience: detail.space.audience.as_str(),
            owner: detail.owner.as_ref().map(OrgJson::from),
            heir: detail.heir.as_ref().map(OrgJson::from),
            state: detail.state.to_json(),
            changes: detail
                .changes
                .iter()
                .map(|change| ChangeJson::of(change, detail))
                .collect(),
            horizon: detail.horizon.iter().map(HorizonJson::from).collect(),
            annexes: detail.annex_names.clone(),
            missing: detail
                .missing
                .iter()
                .map(|(zh, en)| Label {
                    zh: zh.clone(),
                    en: en.clone(),
                })
                .collect(),
            document_heads: detail.document_heads.clone(),
            reissued_as: None,
            reissued_from: Vec::new(),
        }
    }
}

impl ChangeJson {
    fn of(change: &ChangeDetail, detail: &RecordDetail) -> Self {
        let events = detail
            .state
            .events
            .iter()
            .filter(|event| event.change == change.held.id);
        ChangeJson {
            id: change.held.id.to_string(),
            origin: change.held.origin.to_string(),
            index: change.held.index.0,
            log_size: change.log_size.0,
            author: change.author.clone(),
            author_org: change.author_org.as_ref().map(OrgJson::from),
            node_org: change.node_org.as_ref().map(OrgJson::from),
            roles: change.roles.iter().map(|role| role.as_str()).collect(),
            happened: events
                .into_iter()
                .find_map(|event| event.event.happened())
                .map(str::to_owned),
            recorded: change.held.recorded.0,
            witnessed: change.witnessing.as_ref().map(WitnessedJson::from),
            verdict: change.verdict.clone(),
            chain: change.chain.iter().map(LinkJson::from).collect(),
        }
    }
}

impl From<&Witnessing> for WitnessedJson {
    fn from(witnessing: &Witnessing) -> Self {
        WitnessedJson {
            org: witnessing.org.as_ref().map(OrgJson::from),
            time: witnessing.time.0,
            place: witnessing.place,
            size: witnessing.size.0,
        }
    }
}

impl From<&Horizon> for HorizonJson {
    fn from(horizon: &Horizon) -> Self {
        HorizonJson {
            origin: horizon.origin.to_string(),
            org: horizon.org.as_ref().map(OrgJson::from),
            size: horizon.size.0,
            root: horizon.root.to_string(),
            witnessed: horizon.witnessed.as_ref().map(WitnessedJson::from),
        }
    }
}

impl From<&ChainLink> for LinkJson {
    fn from(link: &ChainLink) -> Self {
        LinkJson {
            id: link.id.to_string(),
            holder: link.holder.clone(),
            org: link.org.as_ref().map(OrgJson::from),
            roles: link.roles.iter().map(|role| role.as_str()).collect(),
            not_before: link.not_before.0,
            not_after: link.not_after.0,
            issuer: link.issuer.as_ref().map(OrgJson::from),
        }
    }
}
