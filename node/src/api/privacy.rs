//! Personal data: who opened it, what is due to go, and words that are held back.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use lianzhan_protocol::codec::hex;
use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::settings::Day;
use lianzhan_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::act::{act, blocking, created};
use super::problem::FoundJson;
use super::request::{Body, Passphrase, Query, Record};
use super::settings::SettingJson;
use super::{ApiState, Problem};
use crate::services::access::{AccessFilter, AccessRow, Purpose, Reason, Way};
use crate::services::held::{HeldRecord, key_of, place_of};
use crate::services::retention::{Data, Due, LOCKS, Lock, Rule, Then};
use crate::services::{Node, ServiceError, parse_record};

/// Rows of one answer.
const ROWS: u64 = 1_000;
/// Records of one answer about words that are held back.
const HELD: usize = 200;

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/access", get(accesses).post(note))
        .route("/retention", get(retention))
        .route("/held", get(held))
        .route("/records/{id}/clear", axum::routing::post(clear))
}

/// Which accesses are asked for: days at +08:00 are the caller's to turn into milliseconds since 1970.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AskedAccess {
    /// Those of one record.
    pub record: Option<String>,
    /// Those by readers whose name has this in it.
    pub name: String,
    /// Those with one purpose.
    pub purpose: String,
    /// From when on.
    pub since: Option<i64>,
    /// Before when.
    pub until: Option<i64>,
    /// So many are passed over.
    pub offset: u64,
    /// So many at most.
    pub limit: Option<u64>,
}

impl AskedAccess {
    /// The filter of the service.
    pub fn filter(&self) -> Result<AccessFilter, ServiceError> {
        Ok(AccessFilter {
            record: self.record.as_deref().map(parse_record).transpose()?,
            name: self.name.clone(),
            purpose: self.purpose.clone(),
            since: self.since.map(Timestamp),
            until: self.until.map(Timestamp),
            offset: self.offset,
            limit: self.limit.unwrap_or(ROWS).min(ROWS),
            ..AccessFilter::default()
        })
    }
}

/// Accesses, the latest first, with how many there are in all.
#[derive(Debug, Serialize)]
pub struct AccessesJson {
    total: u64,
    accesses: Vec<AccessJson>,
}

#[derive(Debug, Serialize)]
struct AccessJson {
    at: i64,
    reader: String,
    name: String,
    record: String,
    way: String,
    purpose: String,
    words: String,
}

impl From<AccessRow> for AccessJson {
    fn from(row: AccessRow) -> Self {
        AccessJson {
            at: row.at.0,
            reader: hex(row.reader.ed25519_bytes()),
            name: row.name,
            record: row.record.to_string(),
            way: row.way,
            purpose: row.purpose,
            words: row.words,
        }
    }
}

/// What the answer says.
pub fn shown_accesses(node: &Node, asked: &AskedAccess) -> Result<AccessesJson, ServiceError> {
    let (rows, total) = node.all_accesses(&asked.filter()?)?;
    Ok(AccessesJson {
        total,
        accesses: rows.into_iter().map(AccessJson::from).collect(),
    })
}

async fn accesses(
    State(state): State<ApiState>,
    Query(asked): Query<AskedAccess>,
) -> Result<Json<AccessesJson>, Problem> {
    Ok(Json(
        blocking(&state, move |node| shown_accesses(node, &asked)).await?,
    ))
}

/// What a program says that opens, exports or prints personal parts which it has by other ways.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    login: String,
    passphrase: Passphrase,
    records: Vec<RecordId>,
    way: String,
    purpose: String,
    #[serde(default)]
    words: String,
}

async fn note(State(state): State<ApiState>, Body(body): Body<Note>) -> Result<Response, Problem> {
    let way = [Way::Open, Way::Export, Way::Print]
        .into_iter()
        .find(|way| way.as_str() == body.way)
        .ok_or_else(|| ServiceError::Bad("`way` is open, export or print".into()))?;
    let purpose = Purpose::parse(&body.purpose)
        .ok_or_else(|| ServiceError::Bad("`purpose` is handle, follow_up, check or other".into()))?;
    let (records, words) = (body.records, body.words);
    act(
        &state,
        &body.login,
        body.passphrase.0,
        async move |node, author| {
            node.note_access(author, &records, way, &Reason { purpose, words })
                .await
        },
    )
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct On {
    /// The day for which is asked; today without it.
    on: Option<String>,
}

/// What is due, and by which rules.
#[derive(Serialize)]
pub struct RetentionJson {
    on: String,
    rules: Vec<RuleJson>,
    locks: &'static [Lock],
    due: Vec<Due>,
}

/// A rule: which data, by which setting, how long, and how it goes then.
#[derive(Serialize)]
struct RuleJson {
    data: Data,
    then: Then,
    setting: SettingJson,
}

impl From<&Rule> for RuleJson {
    fn from(rule: &Rule) -> Self {
        RuleJson {
            data: rule.data,
            then: rule.data.then(),
            setting: SettingJson::from(&rule.setting),
        }
    }
}

/// What the answer says.
pub fn shown_retention(node: &Node, on: Option<String>) -> Result<RetentionJson, ServiceError> {
    let day = match &on {
        Some(on) => {
            Day::parse(on).ok_or_else(|| ServiceError::Bad("a day is written as 2026-03-31".into()))?
        }
        None => node.this_day(),
    };
    Ok(RetentionJson {
        on: day.to_string(),
        rules: node.retention_rules(day)?.iter().map(RuleJson::from).collect(),
        locks: LOCKS,
        due: node.due(day)?,
    })
}

async fn retention(
    State(state): State<ApiState>,
    Query(asked): Query<On>,
) -> Result<Json<RetentionJson>, Problem> {
    Ok(Json(
        blocking(&state, move |node| shown_retention(node, asked.on)).await?,
    ))
}

/// Records with words that are held back.
#[derive(Debug, Serialize)]
pub struct HeldsJson {
    more: bool,
    held: Vec<HeldJson>,
}

#[derive(Debug, Serialize)]
struct HeldJson {
    record: String,
    ledger: &'static str,
    words: Vec<HeldWordsJson>,
}

#[derive(Debug, Serialize)]
struct HeldWordsJson {
    /// The field, or `e:` for a line of the log.
    field: String,
    found: Vec<FoundJson>,
}

impl From<&HeldRecord> for HeldJson {
    fn from(held: &HeldRecord) -> Self {
        let words = held.words.iter().map(|(key, suspicion)| HeldWordsJson {
            field: place_of(key).to_owned(),
            found: FoundJson::of(suspicion),
        });
        HeldJson {
            record: held.record.to_string(),
            ledger: &held.ledger.id,
            words: words.collect(),
        }
    }
}

/// What the answer says.
pub fn shown_held(node: &Node) -> Result<HeldsJson, ServiceError> {
    let (held, more) = node.held(HELD)?;
    Ok(HeldsJson {
        more,
        held: held.iter().map(HeldJson::from).collect(),
    })
}

async fn held(State(state): State<ApiState>) -> Result<Json<HeldsJson>, Problem> {
    Ok(Json(blocking(&state, |node| shown_held(node)).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clear {
    login: String,
    passphrase: Passphrase,
    /// Why the words may stand, by field; `e:` for lines of the log.
    cleared: BTreeMap<String, String>,
}

async fn clear(
    State(state): State<ApiState>,
    Record(record): Record,
    Body(body): Body<Clear>,
) -> Result<Response, Problem> {
    let notes = body.cleared.into_iter();
    let notes = notes.map(|(place, note)| (key_of(&place), note)).collect();
    let written = act(
        &state,
        &body.login,
        body.passphrase.0,
        async move |node, author| node.clear(author, &record, &notes).await,
    );
    Ok(created(&written.await?))
}
