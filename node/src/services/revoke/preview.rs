//! What a revocation would leave waiting for an adoption, told before anybody signs it. Counted from headers and receipts
//! alone: what is refused today for another reason is counted as well.

use std::collections::{BTreeMap, BTreeSet};

use lianzhan_protocol::id::{OrgId, RecordId, StatementId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{Cover, Entry, EntryIndex, Header};
use lianzhan_protocol::trust::{Appointment, Directory, Purpose, Revoked, SignedStatement};
use serde::Serialize;

use super::RevocationDraft;
use crate::services::{Load, Node, ServiceError};
use crate::store::{LogRow, Reader, StoreError};

/// Entries that are read at once.
const READ_AT_ONCE: usize = 2_000;
/// Records that are named.
const NAMED: usize = 6;

/// What would become of what was signed under an appointment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// Of an authority: statements that would wait for an adoption.
    pub statements: Vec<StatementId>,
    /// Of an authority: statements that would go on standing.
    pub kept: usize,
    /// Entries that would wait for an adoption.
    pub entries: u64,
    /// Entries that would stay good.
    pub good: u64,
    /// How many records have entries that would wait, parts of others not counted.
    pub records: u64,
    /// Some of them, those with most of such entries first.
    pub named: Vec<PreviewRecord>,
}

/// A record of which entries would wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreviewRecord {
    /// The record.
    pub record: RecordId,
    /// What it is about.
    pub title: String,
    /// How many.
    pub entries: u64,
}

/// What falls with the revocation.
struct Falling<'a> {
    directory: &'a Directory,
    revoked: Revoked,
    /// What the appointment is of; none of an authority, under which nothing is written.
    itself: Option<&'a Appointment>,
    /// The appointments that are revoked.
    hit: BTreeSet<StatementId>,
    /// Appointments that rest on it and would not be kept.
    appointments: BTreeSet<StatementId>,
    /// Nodes whose every appointment is among these.
    nodes: BTreeSet<PublicKey>,
    /// Whether other appointments serve the node that is revoked.
    other_post: bool,
}

impl Node {
    /// What `draft` would leave waiting, as far as this node holds it. Refuses what [`Node::plan_revocation`] refuses.
    pub fn waits_after(&self, draft: &RevocationDraft) -> Result<Preview, ServiceError> {
        let (revocation, rest) = self.plan_revocation(draft)?;
        let directory = self.directory();
        let appointment = directory
            .statement(&draft.appointment)
            .and_then(SignedStatement::appointment);
        let Some(appointment) = appointment else {
            return Ok(Preview::default());
        };
        let revoked = Revoked::new(draft.appointment, &revocation);
        let hit = super::hit_by(&directory, &draft.appointment, &draft.ground);
        let mut preview = Preview::default();
        let mut falling = Falling {
            directory: &directory,
            itself: (appointment.purpose != Purpose::Authority).then_some(appointment),
            appointments: BTreeSet::new(),
            nodes: BTreeSet::new(),
            other_post: directory
                .appointments_of(&appointment.key, Purpose::Node)
                .any(|(id, post)| {
                    post.org == appointment.org && directory.revoked(&id).is_empty() && !hit.contains(&id)
                }),
            revoked,
            hit,
        };
        if appointment.purpose == Purpose::Authority {
            let issued = super::issued_under(&directory, &draft.appointment, &draft.ground);
            let (kept, waiting): (Vec<_>, Vec<_>) = issued
                .into_iter()
                .partition(|id| falling.revoked.keeps_statement(id) || rest.contains(id));
            preview.kept = kept.len();
            preview.statements = waiting;
            falling.take(&preview.statements);
        }
        self.store.read(|reader| {
            let mut load = Load::new(self, reader);
            let mut records: BTreeMap<RecordId, u64> = BTreeMap::new();
            for log in reader.logs()? {
                falling.look_through(reader, &mut load, &log, &mut preview, &mut records)?;
            }
            let mut most: Vec<(RecordId, u64)> = records.into_iter().collect();
            most.sort_by_key(|(record, entries)| (std::cmp::Reverse(*entries), *record));
            for (record, entries) in most {
                // A part of another record has no ledger of its own, and no page.
                let Some(row) = reader.record(&record)?.filter(|row| !row.ledger.is_empty()) else {
                    continue;
                };
                preview.records += 1;
                if preview.named.len() < NAMED {
                    preview.named.push(PreviewRecord {
                        record,
                        title: row.title,
                        entries,
                    });
                }
            }
            Ok(())
        })?;
        Ok(preview)
    }
}

impl Falling<'_> {
    /// Takes note of all that rests on statements which would wait.
    fn take(&mut self, waiting: &[StatementId]) {
        let waiting: BTreeSet<&StatementId> = waiting.iter().collect();
        let rests = |id: &StatementId| {
            let chain = self.directory.chain(id);
            chain.is_ok_and(|chain| chain.links.iter().any(|link| waiting.contains(link)))
        };
        let fallen = self
            .directory
            .statements()
            .filter(|statement| statement.appointment().is_some() && rests(&statement.id()));
        let fallen: Vec<&SignedStatement> = fallen.collect();
        self.appointments = fallen.iter().map(|statement| statement.id()).collect();
        let nodes = fallen.iter().filter_map(|statement| statement.appointment());
        for node in nodes.filter(|appointment| appointment.purpose == Purpose::Node) {
            let mut posts = self.directory.appointments_of(&node.key, Purpose::Node);
            if posts.all(|(id, _)| self.appointments.contains(&id)) {
                self.nodes.insert(node.key);
            }
        }
    }

    /// The bytes that an entry which falls must hold; none where nothing in the log can fall.
    fn holding(&self, log: &LogRow) -> Option<&[u8]> {
        match self.itself {
            Some(post) if post.purpose == Purpose::Person => Some(post.key.ed25519_bytes().as_slice()),
            Some(post) => {
                (post.purpose == Purpose::Node && post.key == log.start.node && post.org == log.start.org)
                    .then_some(&[])
            }
            None => (!self.appointments.is_empty()).then_some(&[]),
        }
    }

    fn look_through(
        &self,
        reader: &Reader<'_>,
        load: &mut Load<'_>,
        log: &LogRow,
        preview: &mut Preview,
        records: &mut BTreeMap<RecordId, u64>,
    ) -> Result<(), StoreError> {
        let Some(holding) = self.holding(log) else {
            return Ok(());
        };
        let mut from = EntryIndex(0);
        loop {
            let entries = reader.change_entries(log.id, from, holding, READ_AT_ONCE)?;
            let Some((last, _)) = entries.last() else {
                return Ok(());
            };
            from = EntryIndex(last.0 + 1);
            for (index, bytes) in entries {
                let entry = Entry::parse(&bytes).map_err(|error| {
                    StoreError::Corrupt(format!("entry {index} of {}: {error}", log.origin))
                })?;
                let Some((appointment, falls)) = self.falls(log, entry.header()) else {
                    continue;
                };
                let good = !falls
                    || self.is_proved(load, log.id, index)?
                    || self.directory.adopted(&entry.change_id(), &appointment).is_some();
                if good {
                    preview.good += 1;
                } else {
                    preview.entries += 1;
                    if let Some(record) = entry.header().record {
                        *records.entry(record).or_default() += 1;
                    }
                }
            }
        }
    }

    /// Whether the revocation bears on an entry, and if so the author's org, and whether it is hit unless receipts prove it.
    fn falls(&self, log: &LogRow, header: &Header) -> Option<(OrgId, bool)> {
        let named = header.appointment?;
        let org = self.directory.appointment(&named).ok()?.org;
        match self.itself {
            Some(post) if post.purpose == Purpose::Person => self.hit.contains(&named).then_some((org, true)),
            Some(_) => Some((org, !self.other_post)),
            None => (self.appointments.contains(&named) || self.nodes.contains(&log.start.node))
                .then_some((org, true)),
        }
    }

    /// Whether receipts within the cut prove an entry. What rests on an authority's word has no such cut.
    fn is_proved(&self, load: &mut Load<'_>, log: i64, index: EntryIndex) -> Result<bool, StoreError> {
        if self.itself.is_none() {
            return Ok(false);
        }
        let covered = load.covering(log, index)?;
        let keeps = |cover: &Cover| {
            self.revoked
                .keeps_receipt(&cover.origin, cover.index, cover.time_s)
        };
        Ok(covered.witnessed_by(keeps).is_some())
    }
}
