//! Loading a record's changes from the store, with their witness times, ready for the fold.

use std::collections::BTreeMap;
use std::sync::Arc;

use lianzhan_protocol::id::{OrgId, RecordId, SpaceId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{
    Covered, Entry, EntryIndex, LogStart, Origin, PayloadKind, Receipt, TreeSize, Witnessed, witness_group,
};
use lianzhan_protocol::record::{
    AnnexKey, Change, Erased, ErasureFault, Held, JudgeContext, RecordState, SignedErasure, Verdict,
    first_erased, fold, judge, judge_erasure, open_sealed,
};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Directory, Space};

use super::Node;
use crate::keystore::AnnexKeys;
use crate::store::{EntryRow, LogRow, Reader, StoreError};
use crate::views::{Loaded, Registry};

/// Loads records against one directory. Reads a log when the first record names it, and remembers logs and receipts
/// between records: what it costs depends on the records, not on how many logs there are.
pub struct Load<'a> {
    reader: &'a Reader<'a>,
    directory: Arc<Directory>,
    registry: Arc<Registry>,
    annex_keys: &'a AnnexKeys,
    logs: BTreeMap<i64, Arc<Known>>,
    /// By origin: the node that writes the log and the org that it says it serves.
    nodes: BTreeMap<Origin, (PublicKey, OrgId)>,
    /// By log, size and witness key: what the receipts say that count, the earliest first.
    receipts: BTreeMap<(i64, TreeSize, [u8; 32]), Judged>,
}

/// A receipt that counts, with the group and the org for which it does.
type Judged = Vec<(usize, OrgId, Receipt)>;

/// What is asked of a log again and again.
struct Known {
    id: i64,
    origin: Origin,
    start: LogStart,
    witnesses: Vec<[u8; 32]>,
    groups: usize,
}

/// An erasure that was stated, and whether it has effect.
pub(super) type Stated = (SignedErasure, Result<Erased, ErasureFault>);

impl<'a> Load<'a> {
    /// Loads from a snapshot of the node's store.
    pub fn new(node: &'a Node, reader: &'a Reader<'a>) -> Self {
        Load {
            reader,
            directory: node.directory(),
            registry: node.registry(),
            annex_keys: node.annex_keys(),
            logs: BTreeMap::new(),
            nodes: BTreeMap::new(),
            receipts: BTreeMap::new(),
        }
    }

    /// The directory by which it judges.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The definitions by which it judges and folds.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// What is held of a record; `None` if nothing is.
    pub fn record(&mut self, id: &RecordId) -> Result<Option<Loaded>, StoreError> {
        let rows = self.reader.record_entries(id)?;
        let Some(home) = self.home(id, &rows)? else {
            return Ok(None);
        };
        let home_id = home.id();
        let mut loaded = Loaded {
            id: *id,
            space: home,
            held: Vec::new(),
            sealed: false,
            closed: 0,
            erased: self.erased(id, &home_id)?,
            main: None,
        };
        if loaded.erased.is_some() {
            let kept = self.reader.erased(id)?;
            loaded.main = kept.into_iter().find_map(|row| row.main);
            loaded.sealed = rows.iter().any(|row| is_sealed(&row.entry));
            return Ok(Some(loaded));
        }
        for row in rows {
            let log = self.log(row.log)?;
            if log.start.space != loaded.space {
                continue;
            }
            let entry = Entry::parse(&row.entry).map_err(|error| {
                StoreError::Corrupt(format!("entry {} of {}: {error}", row.index, log.origin))
            })?;
            let header = entry.header();
            let Some(payload) = row.payload else {
                loaded.closed += 1;
                continue;
            };
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
            let covered = self.covered(&log, row.index)?;
            loaded.held.push(Held {
                id: entry.change_id(),
                origin: log.origin.clone(),
                index: row.index,
                author: header.author,
                appointment,
                recorded: header.recorded,
                covered,
                change,
            });
        }
        Ok(Some(loaded))
    }

    /// The space in which a record lives: the one in which it begins, as far as that can be read; what names it in another
    /// does not belong to it. None if nothing is held.
    fn home(&mut self, id: &RecordId, rows: &[EntryRow]) -> Result<Option<Space>, StoreError> {
        let mut first: Option<Space> = None;
        let mut several = false;
        for row in rows {
            let space = &self.log(row.log)?.start.space;
            several |= first.get_or_insert_with(|| space.clone()) != space;
        }
        if !several {
            return Ok(first);
        }
        let key = self.annex_keys.get(id);
        for row in rows {
            let space = &self.log(row.log)?.start.space;
            if let Ok(entry) = Entry::parse(&row.entry)
                && is_root(id, space, &entry, row.payload.as_deref(), key.as_ref())
            {
                return Ok(Some(space.clone()));
            }
        }
        // Of what is erased the beginning can be read no more.
        for row in rows {
            let space = &self.log(row.log)?.start.space;
            if self.erased(id, &space.id())?.is_some() {
                return Ok(Some(space.clone()));
            }
        }
        Ok(first)
    }

    /// That a record is erased in a space, if an erasure of it has effect.
    pub fn erased(&mut self, id: &RecordId, space: &SpaceId) -> Result<Option<Erased>, StoreError> {
        let stated = self.stated_erasures(id, space)?;
        Ok(first_erased(
            stated.into_iter().filter_map(|(_, judged)| judged.ok()),
        ))
    }

    /// Every erasure of a record that is held in logs of a space, and whether it has effect.
    pub fn stated_erasures(&mut self, id: &RecordId, space: &SpaceId) -> Result<Vec<Stated>, StoreError> {
        let mut judged = Vec::new();
        for (log, index, signed) in self.reader.erasures(id, space)? {
            let log = self.log(log)?;
            let witnessed = self.ever_witnessed(&log, index)?;
            let verdict = judge_erasure(&self.directory, &log.start, &signed, witnessed);
            judged.push((signed, verdict));
        }
        Ok(judged)
    }

    /// When the entry at `index` was witnessed, whatever was said of the witnesses since.
    fn ever_witnessed(&self, log: &Known, index: EntryIndex) -> Result<Option<Timestamp>, StoreError> {
        let mut first = Vec::new();
        for witness in &log.witnesses {
            self.reader.sizes_over(log.id, witness, index, |size| {
                let receipts = self.reader.receipts_by(log.id, size, witness)?;
                let counts = receipts.into_iter().find(|receipt| {
                    let covered = Covered::ever(&self.directory, &log.start, index, [receipt]);
                    !covered.covers.is_empty()
                });
                let found = counts.is_some();
                first.extend(counts);
                Ok(found)
            })?;
        }
        let covered = Covered::ever(&self.directory, &log.start, index, &first);
        Ok(covered.witnessed().map(|first| first.time))
    }

    /// The space in which a sealed record begins, if `key` opens the change for which its id was minted.
    pub fn begun_in(&mut self, id: &RecordId, key: &AnnexKey) -> Result<Option<SpaceId>, StoreError> {
        Ok(self.begun_by(id, key)?.map(|(space, _)| space.id()))
    }

    /// The same with the log.
    pub fn begun_by(&mut self, id: &RecordId, key: &AnnexKey) -> Result<Option<(Space, Origin)>, StoreError> {
        for row in self.reader.record_entries(id)? {
            let log = self.log(row.log)?;
            let Ok(entry) = Entry::parse(&row.entry) else {
                continue;
            };
            if entry.header().kind == PayloadKind::Sealed
                && is_root(id, &log.start.space, &entry, row.payload.as_deref(), Some(key))
            {
                return Ok(Some((log.start.space.clone(), log.origin.clone())));
            }
        }
        Ok(None)
    }

    /// A log by its row id, read once.
    fn log(&mut self, id: i64) -> Result<Arc<Known>, StoreError> {
        if let Some(known) = self.logs.get(&id) {
            return Ok(known.clone());
        }
        let row = self.reader.log_by_id(id)?;
        self.keep(&row);
        let groups = self.directory.required_groups(
            &row.start.org,
            row.start.required_parent.as_ref(),
            row.start.policy.as_ref(),
        );
        let known = Arc::new(Known {
            id,
            witnesses: self.reader.witnesses_of(id)?,
            groups: groups.map_or(1, |groups| groups.len().max(1)),
            start: row.start,
            origin: row.origin,
        });
        self.logs.insert(id, known.clone());
        Ok(known)
    }

    /// Reads what judging a change in this log needs; loading a record does so for all of its logs.
    pub fn know(&mut self, origin: &Origin) -> Result<(), StoreError> {
        if !self.nodes.contains_key(origin)
            && let Some(row) = self.reader.log(origin)?
        {
            self.keep(&row);
        }
        Ok(())
    }

    fn keep(&mut self, row: &LogRow) {
        let node = (row.start.node, row.start.org);
        self.nodes.insert(row.origin.clone(), node);
    }

    /// What the receipts of a log say of the entry at `index` (see [`Covered`]). A receipt is read and judged once, for all
    /// the entries it covers.
    fn covered(&mut self, log: &Known, index: EntryIndex) -> Result<Covered, StoreError> {
        let mut covered = Covered {
            groups: log.groups,
            ..Covered::default()
        };
        let (reader, directory, judged) = (self.reader, &self.directory, &mut self.receipts);
        for witness in &log.witnesses {
            let mut take = |size: TreeSize| -> Result<bool, StoreError> {
                let covers = size.0 > index.0;
                let found = match judged.entry((log.id, size, *witness)) {
                    std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                    std::collections::btree_map::Entry::Vacant(place) => {
                        let receipts = reader.receipts_by(log.id, size, witness)?;
                        let counting = receipts.into_iter().filter_map(|receipt| {
                            let (group, by) = witness_group(directory, &log.start, &receipt).ok()?;
                            Some((group, by, receipt))
                        });
                        place.insert(counting.collect())
                    }
                };
                // L-15 asks for the first that covers it, L-17 for the last that does not.
                let said = if covers { found.first() } else { found.last() };
                let Some((group, by, receipt)) = said else {
                    return Ok(false);
                };
                covered.take(index, *group, *by, receipt);
                Ok(true)
            };
            reader.sizes_over(log.id, witness, index, &mut take)?;
            reader.sizes_before(log.id, witness, index, &mut take)?;
        }
        Ok(covered)
    }

    /// What the receipts of a log say of the entry at `index`.
    pub fn covering(&mut self, log: i64, index: EntryIndex) -> Result<Covered, StoreError> {
        let log = self.log(log)?;
        self.covered(&log, index)
    }

    /// The receipt by which a change counts as witnessed, if it does.
    pub fn witnessing(&mut self, held: &Held) -> Result<Option<(Witnessed, Receipt)>, StoreError> {
        let Some(first) = held.covered.witnessed() else {
            return Ok(None);
        };
        let Some(log) = self.reader.log(&held.origin)? else {
            return Ok(None);
        };
        let proves = |receipt: &Receipt| receipt.covers(held.index) && receipt.time() == first.time;
        let of_log = self.receipts.iter().filter(|((id, ..), _)| *id == log.id);
        let found = of_log
            .flat_map(|(_, judged)| judged)
            .find_map(|(_, by, receipt)| (*by == first.by && proves(receipt)).then(|| receipt.clone()));
        Ok(found.map(|receipt| (first, receipt)))
    }

    /// Judges one change of a loaded record.
    pub fn verdict(&self, space: &Space, held: &Held) -> Verdict {
        let context = JudgeContext {
            directory: &self.directory,
            space,
            node: self.nodes.get(&held.origin).copied(),
            ledger: &|hash| self.registry.judging(hash, &self.directory, &space.owner),
        };
        judge(&context, held)
    }

    /// Folds a loaded record.
    pub fn fold(&self, loaded: &Loaded) -> RecordState {
        if let Some(erased) = &loaded.erased {
            return RecordState::erased(loaded.id, erased.clone());
        }
        let verdict = |held: &Held| self.verdict(&loaded.space, held);
        let definition = |hash: &_| self.registry.definition(hash);
        fold(loaded.id, &loaded.space.id(), &loaded.held, verdict, definition)
    }
}

fn is_sealed(entry: &[u8]) -> bool {
    Entry::parse(entry).is_ok_and(|entry| entry.header().kind == PayloadKind::Sealed)
}

/// Whether an entry is the change for which the id of the record was minted; a sealed one is opened with `key`.
fn is_root(
    id: &RecordId,
    space: &Space,
    entry: &Entry,
    payload: Option<&[u8]>,
    key: Option<&AnnexKey>,
) -> bool {
    let change = match (entry.header().key_commitment, payload) {
        (_, None) => None,
        (None, Some(payload)) => Change::parse(payload).ok(),
        (Some(commitment), Some(payload)) => {
            key.and_then(|key| open_sealed(key, &commitment, id, payload).ok())
        }
    };
    change.is_some_and(|change| {
        change.deps.is_empty() && id.is_minted_for(&space.id(), &change.definition, &change.salt)
    })
}
