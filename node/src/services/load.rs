//! Loading a record's changes from the store, with their witness times, ready for the fold.

use std::collections::BTreeMap;
use std::sync::Arc;

use lianzhan_protocol::id::{OrgId, RecordId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{Entry, EntryIndex, Origin, PayloadKind, Receipt, TreeSize, witness_org};
use lianzhan_protocol::record::{Change, Held, JudgeContext, RecordState, Verdict, fold, judge, open_sealed};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Directory, Space};

use super::{Node, definition};
use crate::keystore::AnnexKeys;
use crate::store::{LogRow, Reader, StoreError};
use crate::views::Loaded;

/// Loads records against one directory. Reads a log when the first record names it, and remembers logs and receipts
/// between records: what it costs depends on the records, not on how many logs there are.
pub struct Load<'a> {
    reader: &'a Reader<'a>,
    directory: Arc<Directory>,
    annex_keys: &'a AnnexKeys,
    logs: BTreeMap<i64, Arc<Known>>,
    /// By origin: the org whose node writes the log, if the directory says so too.
    node_orgs: BTreeMap<Origin, Option<OrgId>>,
    /// By log, size and witness key: what the receipt says, if it counts.
    receipts: BTreeMap<(i64, TreeSize, [u8; 32]), Option<First>>,
}

/// What the first receipt over an entry says.
#[derive(Clone, Copy)]
struct First {
    time: Timestamp,
    by: OrgId,
    size: TreeSize,
    witness: PublicKey,
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
            receipts: BTreeMap::new(),
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
            let witnessed = self
                .first_receipt(log.id, log.org, row.index)?
                .map(|first| first.time);
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

    /// When an entry was first witnessed, by which org, and the receipt that says so (see
    /// [`first_witnessed`](lianzhan_protocol::log::first_witnessed)).
    pub fn first_witnessed(
        &mut self,
        log: &LogRow,
        index: EntryIndex,
    ) -> Result<Option<(Timestamp, OrgId, Receipt)>, StoreError> {
        let Some(first) = self.first_receipt(log.id, log.org(), index)? else {
            return Ok(None);
        };
        let receipt = self.reader.receipt(log.id, first.size, &first.witness)?;
        Ok(receipt.map(|receipt| (first.time, first.by, receipt)))
    }

    /// The first receipt over an entry that counts. A receipt is read and judged once, for all the entries it covers.
    fn first_receipt(
        &mut self,
        log: i64,
        org: OrgId,
        index: EntryIndex,
    ) -> Result<Option<First>, StoreError> {
        let (reader, directory, judged) = (self.reader, &self.directory, &mut self.receipts);
        reader.find_receipt(log, index, |size, witness, read| {
            if let Some(known) = judged.get(&(log, size, *witness)) {
                return Ok(*known);
            }
            let receipt = read()?;
            let first = witness_org(directory, &org, &receipt).ok().map(|by| First {
                time: receipt.time(),
                by,
                size,
                witness: receipt.witness,
            });
            judged.insert((log, size, *witness), first);
            Ok(first)
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
