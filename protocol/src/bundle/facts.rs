//! What follows from verified evidence: the facts from which `summary.json` and every report are made. Plain values without
//! sentences, so that better wording never changes a bundle. Structs serialise in the order of their fields.

use std::collections::BTreeMap;

use serde::Serialize;

use super::shared::Shared;
use crate::id::{ChangeId, Hash, OrgId, PersonId, RecordId, SpaceId, StatementId};
use crate::log::Doubt;
use crate::record::activity::Activity;
use crate::record::{
    ConfirmedBy, EventKind, FieldState, Ineffective, Notes, OfficeHolder, Proof, Right, Verdict,
};
use crate::time::Timestamp;
use crate::trust::{Directory, Level, Role};

/// An org with its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrgName {
    /// Its id.
    pub id: OrgId,
    /// Its Chinese name.
    pub zh: String,
    /// Its English name.
    pub en: String,
}

/// The names of all orgs that a directory knows.
pub(super) struct Names(BTreeMap<OrgId, Shared<OrgName>>);

impl Names {
    pub(super) fn of(directory: &Directory) -> Self {
        let named = directory.orgs().map(|org| {
            let (id, zh, en) = (org.id, org.name_zh.clone(), org.name_en.clone());
            (id, Shared::from(OrgName { id, zh, en }))
        });
        Names(named.collect())
    }

    /// Of one org; its id for names where it is not known.
    pub(super) fn get(&self, id: &OrgId) -> Shared<OrgName> {
        let unknown = || {
            let (zh, en) = (id.to_string(), id.to_string());
            Shared::from(OrgName { id: *id, zh, en })
        };
        self.0.get(id).cloned().unwrap_or_else(unknown)
    }

    /// All of them, by id.
    pub(super) fn all(&self) -> impl Iterator<Item = &OrgName> {
        self.0.values().map(|name| &**name)
    }
}

/// Who wrote a change, by the appointment that it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Author {
    /// The appointment.
    pub appointment: StatementId,
    /// The name on the card.
    pub name: String,
    /// The org.
    pub org: Shared<OrgName>,
    /// The roles.
    #[serde(serialize_with = "role_ids")]
    pub roles: Vec<Role>,
    /// The level of a deputy's seat.
    #[serde(serialize_with = "some_level_id")]
    pub seat: Option<Level>,
    /// The person, where the appointment names one.
    pub person: Option<PersonId>,
    /// From the author's own appointment up to the founding statement.
    pub chain: Vec<ChainLink>,
}

/// One appointment of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainLink {
    /// The statement; the founding statement comes last.
    pub statement: StatementId,
    /// The name on the card; empty for the founding statement.
    pub name: String,
    /// The org in which it appoints.
    pub org: Shared<OrgName>,
}

/// The first time that a required witness saw a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Witnessed {
    /// Milliseconds since 1970, whole seconds.
    pub time: Timestamp,
    /// The witness's org.
    pub by: Shared<OrgName>,
    /// The size of the log that it saw.
    pub size: u64,
}

/// A change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeFacts {
    /// Its id.
    pub id: ChangeId,
    /// The log.
    pub log: Shared<str>,
    /// The place in the log.
    pub index: u64,
    /// Who wrote it; none if the bundle holds no standing appointment, and then the verdict says why.
    pub author: Option<Shared<Author>>,
    /// The author's clock, milliseconds since 1970.
    pub recorded: Timestamp,
    /// When all who must had witnessed it, and who was the last of them. None: not witnessed as far as the bundle shows.
    pub witnessed: Option<Witnessed>,
    /// Why the author's clock is not believed.
    pub doubt: Option<Doubt>,
    /// Whether it counts.
    pub verdict: Verdict,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventFacts {
    /// Its id.
    pub id: Hash,
    /// Its kind.
    pub kind: EventKind,
    /// Its change.
    pub change: ChangeId,
    /// Who did it.
    pub by: String,
    /// For which org.
    pub org: Shared<OrgName>,
    /// When, as stated.
    pub happened: Option<String>,
    /// The deputy who signed in, the text of a line, or why it was corrected.
    pub text: Option<String>,
    /// The level of a seat or a seal.
    #[serde(serialize_with = "some_level_id")]
    pub level: Option<Level>,
    /// What a seal or a confirmation is over.
    pub digest: Option<Hash>,
    /// The event that is corrected or confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<Hash>,
    /// What a correction says is right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<Right>,
    /// Who did it, where somebody else recorded it for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<OfficeHolder>,
    /// How that is proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// The scan, or a digest of the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Hash>,
    /// Why it has no effect; none if it has.
    pub ineffective: Option<Ineffective>,
}

/// A record, folded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordFacts {
    /// Its id.
    pub id: RecordId,
    /// Its ledger, if this program knows the definition.
    pub ledger: Option<String>,
    /// The hash of the definition.
    pub definition: Option<Hash>,
    /// Its space.
    pub space: SpaceId,
    /// The audience of that space.
    pub audience: &'static str,
    /// The owner of that space.
    pub owner: Shared<OrgName>,
    /// Fields by key.
    pub fields: BTreeMap<String, FieldState>,
    /// Events in fold order.
    pub events: Vec<EventFacts>,
    /// Effective confirmations of the record as a whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub confirmed: Vec<ConfirmedBy>,
    /// Those that were recorded for somebody without a key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub confirmed_for: Vec<ConfirmedBy>,
    /// What was said later of single events, by their ids.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub notes: BTreeMap<Hash, Notes>,
    /// Sign-ins, lines and seals, for an activity.
    pub activity: Option<Activity>,
    /// Changes that no other has seen.
    pub heads: Vec<ChangeId>,
}

/// Up to when a log is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Horizon {
    /// The log.
    pub log: Shared<str>,
    /// The org of the node that writes it.
    pub org: Shared<OrgName>,
    /// Fingerprint of the node's key.
    pub node: String,
    /// Its space.
    pub space: SpaceId,
    /// Size of the newest checkpoint shown.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// The last receipt shown: as of then the required parent had seen this log.
    pub witnessed: Option<Witnessed>,
}

pub(super) fn role_ids<S: serde::Serializer>(roles: &[Role], s: S) -> Result<S::Ok, S::Error> {
    s.collect_seq(roles.iter().map(|role| role.as_str()))
}
pub(super) fn some_level_id<S: serde::Serializer>(level: &Option<Level>, s: S) -> Result<S::Ok, S::Error> {
    level.map(Level::as_str).serialize(s)
}
