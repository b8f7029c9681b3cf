//! Loading a record's changes from the store, with their witness times, ready for the fold.

use std::collections::BTreeMap;
use std::sync::Arc;

use lianzhan_protocol::id::{OrgId, RecordId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{Entry, EntryIndex, PayloadKind};
use lianzhan_protocol::record::{Change, Held, JudgeContext, RecordState, Verdict, fold, judge, open_sealed};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Directory, Purpose, Space};

use super::{Node, definition};
use crate::keystore::AnnexKeys;
use crate::store::{LogRow, Reader, StoreError};

/// Everything that is held of one record.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The record.
    pub id: RecordId,
    /// Its space.
    pub space: Space,
    /// Its changes.
    pub held: Vec<Held>,
    /// Whether it is an annex.
    pub sealed: bool,
    /// Sealed changes whose key is not held here.
    pub closed: usize,
}

/// Loads records against one directory; remembers logs and witnesses between records.
pub struct Load<'a> {
    reader: &'a Reader<'a>,
    directory: Arc<Directory>,
    annex_keys: &'a AnnexKeys,
    logs: BTreeMap<i64, LogRow>,
    witnesses: BTreeMap<(OrgId, PublicKey), bool>,
}

impl<'a> Load<'a> {
    /// Loads from a snapshot of the node's store.
    pub fn new(node: &'a Node, reader: &'a Reader<'a>) -> Result<Self, StoreError> {
        let logs = reader.logs()?.into_iter().map(|log| (log.id, log)).collect();
        Ok(Load {
            reader,
            directory: node.directory(),
            annex_keys: node.annex_keys(),
            logs,
            witnesses: BTreeMap::new(),
        })
    }

    /// The directory by which it judges.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// A log by its row id.
    pub fn log(&self, id: i64) -> Option<&LogRow> {
        self.logs.get(&id)
    }

    /// What is held of a record; `None` if nothing is.
    pub fn record(&mut self, id: &RecordId) -> Result<Option<Loaded>, StoreError> {
        let mut loaded: Option<Loaded> = None;
        for row in self.reader.record_entries(id)? {
            let Some(log) = self.logs.get(&row.log).cloned() else {
                continue;
            };
            let entry = Entry::parse(&row.entry).map_err(|error| {
                StoreError::Corrupt(format!("entry {} of {}: {error}", row.index, log.origin))
            })?;
            let header = entry.header();
            let loaded = loaded.get_or_insert_with(|| Loaded {
                id: *id,
                space: log.start.space.clone(),
                held: Vec::new(),
                sealed: false,
                closed: 0,
            });
            // A record lives in one space; what names it in another does not belong to it.
            if log.start.space != loaded.space {
                continue;
            }
            let Some(payload) = row.payload else { continue };
            let change = match (header.kind, header.key_commitment) {
                (PayloadKind::Sealed, Some(commitment)) => {
                    loaded.sealed = true;
                    let opened = self
                        .annex_keys
                        .get(id)
                        .and_then(|key| open_sealed(&key, &commitment, id, &payload).ok());
                    if opened.is_none() {
                        loaded.closed += 1;
                    }
                    opened
                }
                _ => Change::parse(&payload).ok(),
            };
            let (Some(change), Some(appointment)) = (change, header.appointment) else {
                continue;
            };
            let witnessed = self.witness_time(&log, row.index)?;
            loaded.held.push(Held {
                id: entry.change_id(),
                origin: log.origin,
                index: row.index,
                author: header.author,
                appointment,
                recorded: header.recorded,
                witnessed,
                change,
            });
        }
        Ok(loaded)
    }

    /// The first time that a required witness saw the entry.
    pub fn witness_time(&mut self, log: &LogRow, index: EntryIndex) -> Result<Option<Timestamp>, StoreError> {
        for receipt in self.reader.receipts_over(log.id, index)? {
            if self.is_required(&log.org(), &receipt.witness) {
                return Ok(Some(Timestamp::from_seconds(receipt.time_s)));
            }
        }
        Ok(None)
    }

    /// Whether `witness` is appointed to witness logs of `org`.
    pub fn is_required(&mut self, org: &OrgId, witness: &PublicKey) -> bool {
        let directory = &self.directory;
        *self.witnesses.entry((*org, *witness)).or_insert_with(|| {
            let required = directory.required_witnesses(org);
            directory
                .appointments_of(witness, Purpose::Witness)
                .any(|(_, appointment)| required.contains(&appointment.org))
        })
    }

    /// Judges one change of a loaded record.
    pub fn verdict(&self, space: &Space, held: &Held) -> Verdict {
        let node_org = self
            .logs
            .values()
            .find(|log| log.origin == held.origin)
            .filter(|log| self.directory.node_org(&log.start.node) == Some(log.start.org))
            .map(|log| log.start.org);
        let context = JudgeContext {
            directory: &self.directory,
            space,
            node_org,
            ledger: &|hash| definition(hash),
        };
        judge(&context, held)
    }

    /// Folds a loaded record.
    pub fn fold(&self, loaded: &Loaded) -> RecordState {
        fold(loaded.id, &loaded.held, |held| self.verdict(&loaded.space, held))
    }
}
