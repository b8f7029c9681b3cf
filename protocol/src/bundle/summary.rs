//! `summary.json`: the facts in one spelling (V-12). Orgs and authors are named once and then by id, and a field says which
//! values stand beside the one in force only where there are any: most of a large bundle would else be names.

use std::collections::BTreeMap;

use serde::Serialize;

use super::facts::{
    Author, ChainLink, ChangeFacts, EventFacts, Horizon, Names, OrgName, RecordFacts, Witnessed, role_ids,
    some_level_id,
};
use super::shared::Shared;
use crate::id::{ChangeId, Hash, OrgId, PersonId, RecordId, SpaceId, StatementId};
use crate::log::Doubt;
use crate::record::activity::Activity;
use crate::record::{
    AdoptedBy, ConfirmedBy, ContestReason, EventKind, FieldState, Ineffective, Notes, OfficeHolder,
    PendingReason, Proof, RefusalReason, Right, Verdict,
};
use crate::spread::{self, Spread};
use crate::time::Timestamp;
use crate::trust::{Level, Role};

/// The identifier of this format.
pub const FORMAT: &str = "lianzhan-bundle/1";

/// So many records are written and compared at a time, and so many of them together.
const AT_A_TIME: usize = 1024;
const TOGETHER: usize = 16;
/// What stands around the records of [`Records`].
const RECORDS_BEGIN: &[u8] = b"{\n  \"records\": [";
const RECORDS_END: &[u8] = b"\n  ]\n}";

/// A record with its changes.
pub(super) struct RecordSummary {
    pub(super) record: RecordFacts,
    pub(super) changes: Vec<ChangeFacts>,
}

/// What follows from a whole bundle.
pub(super) struct Summary {
    pub(super) founding: StatementId,
    pub(super) root: Shared<OrgName>,
    pub(super) names: Names,
    pub(super) statements: Vec<StatementId>,
    pub(super) logs: Vec<Horizon>,
    pub(super) records: Vec<RecordSummary>,
}

impl Summary {
    /// The bytes of `summary.json`.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = pretty(&self.written());
        bytes.push(b'\n');
        bytes
    }

    /// Whether `stated` is what [`Summary::to_bytes`] gives, without making it all at once: it may be large.
    pub(super) fn reads(&self, stated: &[u8], how: &impl Spread) -> bool {
        self.rest_after_records(stated, how)
            .is_some_and(|rest| rest.strip_prefix(RECORDS_END) == Some(b"\n"))
    }

    /// What is left of `stated` after the last record, if all before is as it must be.
    fn rest_after_records<'s>(&self, stated: &'s [u8], how: &impl Spread) -> Option<&'s [u8]> {
        let mut without = self.written();
        without.records = Each(&[]);
        let head = pretty(&without);
        let mut rest = stated.strip_prefix(head.strip_suffix(b"]\n}")?)?;
        let mut comma: &[u8] = b"";
        for some in self.records.chunks(AT_A_TIME) {
            let parts: Vec<&[RecordSummary]> = some.chunks(TOGETHER).collect();
            for part in spread::each(how, &parts, |part| pretty(&Records { records: Each(part) })) {
                let part = part.strip_prefix(RECORDS_BEGIN)?.strip_suffix(RECORDS_END)?;
                rest = rest.strip_prefix(comma)?.strip_prefix(part)?;
                comma = b",";
            }
        }
        Some(rest)
    }

    fn written(&self) -> Written<'_> {
        let changes = self.records.iter().flat_map(|record| &record.changes);
        let authors: BTreeMap<StatementId, &Author> = changes
            .filter_map(|change| change.author.as_deref())
            .map(|author| (author.appointment, author))
            .collect();
        Written {
            format: FORMAT,
            founding: &self.founding,
            root: self.root.id,
            orgs: self.names.all().collect(),
            authors: authors.into_values().map(WrittenAuthor::of).collect(),
            statements: &self.statements,
            logs: self.logs.iter().map(WrittenLog::of).collect(),
            records: Each(&self.records),
        }
    }
}

/// As `summary.json` is written, without the newline at its end.
fn pretty(value: &impl Serialize) -> Vec<u8> {
    // Keys are text and numbers are integers, so nothing here can fail to become JSON.
    serde_json::to_vec_pretty(value).unwrap_or_default()
}

/// Some records, as deep as they stand in [`Written`].
#[derive(Serialize)]
struct Records<'a> {
    records: Each<'a>,
}

#[derive(Serialize)]
struct Written<'a> {
    format: &'static str,
    founding: &'a StatementId,
    root: OrgId,
    orgs: Vec<&'a OrgName>,
    statements: &'a [StatementId],
    authors: Vec<WrittenAuthor<'a>>,
    logs: Vec<WrittenLog<'a>>,
    records: Each<'a>,
}

/// Records, each written as it is reached: all of them at once would be a second copy of the facts.
struct Each<'a>(&'a [RecordSummary]);

impl Serialize for Each<'_> {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.0.iter().map(WrittenRecord::of))
    }
}

#[derive(Serialize)]
struct WrittenAuthor<'a> {
    appointment: &'a StatementId,
    name: &'a str,
    org: OrgId,
    #[serde(serialize_with = "role_ids")]
    roles: &'a [Role],
    #[serde(serialize_with = "some_level_id")]
    seat: Option<Level>,
    person: Option<PersonId>,
    chain: Vec<WrittenLink<'a>>,
}

impl<'a> WrittenAuthor<'a> {
    fn of(author: &'a Author) -> Self {
        WrittenAuthor {
            appointment: &author.appointment,
            name: &author.name,
            org: author.org.id,
            roles: &author.roles,
            seat: author.seat,
            person: author.person,
            chain: author.chain.iter().map(WrittenLink::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct WrittenLink<'a> {
    statement: &'a StatementId,
    name: &'a str,
    org: OrgId,
}

impl<'a> WrittenLink<'a> {
    fn of(link: &'a ChainLink) -> Self {
        WrittenLink {
            statement: &link.statement,
            name: &link.name,
            org: link.org.id,
        }
    }
}

#[derive(Serialize)]
struct WrittenLog<'a> {
    log: &'a str,
    org: OrgId,
    node: &'a str,
    space: &'a SpaceId,
    size: u64,
    root: &'a Hash,
    witnessed: Option<WrittenReceipt>,
}

impl<'a> WrittenLog<'a> {
    fn of(log: &'a Horizon) -> Self {
        WrittenLog {
            log: &log.log,
            org: log.org.id,
            node: &log.node,
            space: &log.space,
            size: log.size,
            root: &log.root,
            witnessed: log.witnessed.as_ref().map(WrittenReceipt::of),
        }
    }
}

#[derive(Serialize)]
struct WrittenReceipt {
    time: Timestamp,
    by: OrgId,
    size: u64,
}

impl WrittenReceipt {
    fn of(witnessed: &Witnessed) -> Self {
        WrittenReceipt {
            time: witnessed.time,
            by: witnessed.by.id,
            size: witnessed.size,
        }
    }
}

#[derive(Serialize)]
struct WrittenRecord<'a> {
    id: &'a RecordId,
    ledger: Option<&'a str>,
    definition: Option<&'a Hash>,
    space: &'a SpaceId,
    audience: &'static str,
    owner: OrgId,
    fields: InForce<'a>,
    conflicts: Conflicts<'a>,
    events: Vec<WrittenEvent<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    confirmed: &'a [ConfirmedBy],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    confirmed_for: &'a [ConfirmedBy],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    notes: &'a BTreeMap<Hash, Notes>,
    activity: Option<&'a Activity>,
    heads: &'a [ChangeId],
    changes: Vec<WrittenChange<'a>>,
}

impl<'a> WrittenRecord<'a> {
    fn of(summary: &'a RecordSummary) -> Self {
        let record = &summary.record;
        WrittenRecord {
            id: &record.id,
            ledger: record.ledger.as_deref(),
            definition: record.definition.as_ref(),
            space: &record.space,
            audience: record.audience,
            owner: record.owner.id,
            fields: InForce(&record.fields),
            conflicts: Conflicts(&record.fields),
            events: record.events.iter().map(WrittenEvent::of).collect(),
            confirmed: &record.confirmed,
            confirmed_for: &record.confirmed_for,
            notes: &record.notes,
            activity: record.activity.as_ref(),
            heads: &record.heads,
            changes: summary.changes.iter().map(WrittenChange::of).collect(),
        }
    }
}

/// The value in force of each field.
struct InForce<'a>(&'a BTreeMap<String, FieldState>);

impl Serialize for InForce<'_> {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(self.0.iter().map(|(key, field)| (key, &field.value)))
    }
}

/// The values of each field that has several.
struct Conflicts<'a>(&'a BTreeMap<String, FieldState>);

impl Serialize for Conflicts<'_> {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let several = self.0.iter().filter(|(_, field)| field.candidates.len() > 1);
        s.collect_map(several.map(|(key, field)| (key, &field.candidates)))
    }
}

#[derive(Serialize)]
struct WrittenEvent<'a> {
    id: &'a Hash,
    kind: EventKind,
    change: &'a ChangeId,
    by: &'a str,
    org: OrgId,
    happened: Option<&'a str>,
    text: Option<&'a str>,
    #[serde(serialize_with = "some_level_id")]
    level: Option<Level>,
    digest: Option<&'a Hash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<&'a Hash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    right: Option<&'a Right>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<&'a OfficeHolder>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<Proof>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<&'a Hash>,
    ineffective: Option<&'a Ineffective>,
}

impl<'a> WrittenEvent<'a> {
    fn of(event: &'a EventFacts) -> Self {
        WrittenEvent {
            id: &event.id,
            kind: event.kind,
            change: &event.change,
            by: &event.by,
            org: event.org.id,
            happened: event.happened.as_deref(),
            text: event.text.as_deref(),
            level: event.level,
            digest: event.digest.as_ref(),
            of: event.of.as_ref(),
            right: event.right.as_ref(),
            actor: event.actor.as_ref(),
            proof: event.proof,
            evidence: event.evidence.as_ref(),
            ineffective: event.ineffective.as_ref(),
        }
    }
}

#[derive(Serialize)]
struct WrittenChange<'a> {
    id: &'a ChangeId,
    log: &'a str,
    index: u64,
    author: Option<&'a StatementId>,
    recorded: Timestamp,
    witnessed: Option<WrittenReceipt>,
    doubt: Option<Doubt>,
    verdict: WrittenVerdict<'a>,
}

impl<'a> WrittenChange<'a> {
    fn of(change: &'a ChangeFacts) -> Self {
        WrittenChange {
            id: &change.id,
            log: &change.log,
            index: change.index,
            author: change.author.as_ref().map(|author| &author.appointment),
            recorded: change.recorded,
            witnessed: change.witnessed.as_ref().map(WrittenReceipt::of),
            doubt: change.doubt,
            verdict: WrittenVerdict::of(&change.verdict),
        }
    }
}

/// A [`Verdict`] without what its change's author and its record say already.
#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
enum WrittenVerdict<'a> {
    Counts {
        provisional: bool,
        adopted: Option<AdoptedBy>,
    },
    Pending {
        reason: &'a PendingReason,
    },
    Contested {
        reason: ContestReason,
    },
    Refused {
        reason: &'a RefusalReason,
    },
}

impl<'a> WrittenVerdict<'a> {
    fn of(verdict: &'a Verdict) -> Self {
        match verdict {
            Verdict::Counts {
                provisional, adopted, ..
            } => WrittenVerdict::Counts {
                provisional: *provisional,
                adopted: *adopted,
            },
            Verdict::Pending { reason } => WrittenVerdict::Pending { reason },
            Verdict::Contested { reason, .. } => WrittenVerdict::Contested { reason: *reason },
            Verdict::Refused { reason } => WrittenVerdict::Refused { reason },
        }
    }
}
