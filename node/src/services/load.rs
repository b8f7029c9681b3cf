//! Loading a record's changes from the store, with their witness times, ready for the fold.

use std::collections::BTreeMap;
use std::sync::Arc;

use lianzhan_protocol::id::{OrgId, RecordId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{Entry, EntryIndex, Origin, PayloadKind};
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

/// Loads records against one directory. Reads a log when the first record names it, and remembers logs and witnesses
/// between records: what it costs depends on the records, not on how many logs there are.
pub struct Load<'a> {
    reader: &'a Reader<'a>,
    directory: Arc<Directory>,
    annex_keys: &'a AnnexKeys,
    logs: BTreeMap<i64, Arc<Known>>,
    /// By origin: the org whose node writes the log, if the directory says so too.
    node_orgs: BTreeMap<Origin, Option<OrgId>>,
    /// By org and witness key.
    witnesses: BTreeMap<(OrgId, [u8; 32]), bool>,
}

/// What is asked of a log again and again.
struct Known {
    id: i64,
    origin: Origin,
    org: OrgId,
    space: Space,
}

impl<'a> Load<'a> {
    /// Loads from a snapshot of the node's store.
    pub fn new(node: &'a Node, reader: &'a Reader<'a>) -> Self {
        Load {
            reader,
            directory: node.directory(),
            annex_keys: node.annex_keys(),
            logs: BTreeMap::new(),
            node_orgs: BTreeMap::new(),
            witnesses: BTreeMap::new(),
        }
    }

    /// The directory by which it judges.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// What is held of a record; `None` if nothing is.
    pub fn record(&mut self, id: &RecordId) -> Result<Option<Loaded>, StoreError> {
        let mut loaded: Option<Loaded> = None;
        for row in self.reader.record_entries(id)? {
            let log = self.log(row.log)?;
            let entry = Entry::parse(&row.entry).map_err(|error| {
                StoreError::Corrupt(format!("entry {} of {}: {error}", row.index, log.origin))
            })?;
            let header = entry.header();
            let loaded = loaded.get_or_insert_with(|| Loaded {
                id: *id,
                space: log.space.clone(),
                held: Vec::new(),
                sealed: false,
                closed: 0,
            });
            // A record lives in one space; what names it in another does not belong to it.
            if log.space != loaded.space {
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
                origin: log.origin.clone(),
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

    /// A log by its row id, read once.
    fn log(&mut self, id: i64) -> Result<Arc<Known>, StoreError> {
        if let Some(known) = self.logs.get(&id) {
            return Ok(known.clone());
        }
        let row = self.reader.log_by_id(id)?;
        self.keep(&row);
        let known = Arc::new(Known {
            id,
            org: row.org(),
            space: row.start.space,
            origin: row.origin,
        });
        self.logs.insert(id, known.clone());
        Ok(known)
    }

    /// Reads what judging a change in this log needs; loading a record does so for all of its logs.
    pub fn know(&mut self, origin: &Origin) -> Result<(), StoreError> {
        if !self.node_orgs.contains_key(origin)
            && let Some(row) = self.reader.log(origin)?
        {
            self.keep(&row);
        }
        Ok(())
    }

    fn keep(&mut self, row: &LogRow) {
        let stated = self
            .directory
            .node_org(&row.start.node)
            .filter(|org| *org == row.start.org);
        self.node_orgs.insert(row.origin.clone(), stated);
    }

    /// The first time that a required witness saw the entry.
    fn witness_time(&mut self, log: &Known, index: EntryIndex) -> Result<Option<Timestamp>, StoreError> {
        let reader = self.reader;
        let time_s =
            reader.first_receipt_over(log.id, index, |witness| self.is_required_key(&log.org, witness))?;
        Ok(time_s.map(Timestamp::from_seconds))
    }

    /// Whether `witness` is appointed to witness logs of `org`.
    pub fn is_required(&mut self, org: &OrgId, witness: &PublicKey) -> bool {
        self.is_required_key(org, witness.ed25519_bytes())
    }

    fn is_required_key(&mut self, org: &OrgId, witness: &[u8; 32]) -> bool {
        let directory = &self.directory;
        *self.witnesses.entry((*org, *witness)).or_insert_with(|| {
            let Ok(witness) = PublicKey::from_ed25519(*witness) else {
                return false;
            };
            let required = directory.required_witnesses(org);
            directory
                .appointments_of(&witness, Purpose::Witness)
                .any(|(_, appointment)| required.contains(&appointment.org))
        })
    }

    /// Judges one change of a loaded record.
    pub fn verdict(&self, space: &Space, held: &Held) -> Verdict {
        let context = JudgeContext {
            directory: &self.directory,
            space,
            node_org: self.node_orgs.get(&held.origin).copied().flatten(),
            ledger: &|hash| definition(hash),
        };
        judge(&context, held)
    }

    /// Folds a loaded record.
    pub fn fold(&self, loaded: &Loaded) -> RecordState {
        fold(loaded.id, &loaded.held, |held| self.verdict(&loaded.space, held))
    }
}
