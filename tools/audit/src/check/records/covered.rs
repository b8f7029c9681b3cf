//! What receipts say of an entry, by those that count. A receipt is read and judged once for many entries.

use std::collections::{BTreeMap, BTreeSet};

use lianzhan_protocol::codec;
use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::log::{Covered, EntryIndex, Receipt, STATEMENT_MAX, TreeSize, witness_group};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::Directory;

use super::Place;
use crate::copy::{Copy, LogRow, blob};

/// Receipts remembered between records.
const REMEMBERED: usize = 20_000;
/// Of each witness the first receipt over an entry, and the last one that does not hold it.
const OVER: &str = "SELECT size, receipt, variant FROM receipts WHERE log = ? AND witness = ? AND size > ? ORDER BY size, time_s, receipt";
const BEFORE: &str = "SELECT size, receipt, variant FROM receipts WHERE log = ? AND witness = ? AND size <= ? ORDER BY size DESC, time_s DESC, receipt DESC";

/// The group and the org for which a receipt counts, and the receipt.
type Said = (usize, OrgId, Receipt);

/// Receipts as they were judged.
pub(super) struct Judged<'a> {
    directory: &'a Directory,
    /// Those that are none.
    bad: &'a BTreeSet<Place>,
    said: BTreeMap<Place, Option<Said>>,
    /// By log: the keys that signed receipts.
    witnesses: BTreeMap<i64, Vec<[u8; 32]>>,
}

impl<'a> Judged<'a> {
    pub(super) fn new(directory: &'a Directory, bad: &'a BTreeSet<Place>) -> Self {
        Judged {
            directory,
            bad,
            said: BTreeMap::new(),
            witnesses: BTreeMap::new(),
        }
    }

    /// What the receipts of `log` say of the entry at `index`.
    pub(super) fn covered(
        &mut self,
        copy: &Copy,
        log: &LogRow,
        index: EntryIndex,
    ) -> anyhow::Result<Covered> {
        let mut found = Vec::new();
        for witness in self.witnesses_of(copy, log.id)? {
            for sql in [OVER, BEFORE] {
                found.extend(self.first(copy, log, index, &witness, sql)?);
            }
        }
        found.sort_by_key(|(.., receipt)| receipt.rank());
        let groups = self.directory.required_groups(
            &log.start.org,
            log.start.required_parent.as_ref(),
            log.start.policy.as_ref(),
        );
        let mut covered = Covered {
            groups: groups.map_or(1, |groups| groups.len().max(1)),
            ..Covered::default()
        };
        for (group, by, receipt) in &found {
            covered.take(index, *group, *by, receipt);
        }
        Ok(covered)
    }

    /// When the entry at `index` was witnessed, whatever was said of the witnesses since.
    pub(super) fn ever(
        &mut self,
        copy: &Copy,
        log: &LogRow,
        index: EntryIndex,
    ) -> anyhow::Result<Option<Timestamp>> {
        let mut first = Vec::new();
        for witness in self.witnesses_of(copy, log.id)? {
            let mut select = copy.database().prepare_cached(OVER)?;
            let mut rows = select.query((log.id, witness, index.0))?;
            while let Some(row) = rows.next()? {
                let place: Place = (log.id, row.get(0)?, witness, row.get(2)?);
                let read = codec::decode::<Receipt>(blob(row, 1, STATEMENT_MAX)?, STATEMENT_MAX);
                let good = read.ok().filter(|_| !self.bad.contains(&place));
                let Some(receipt) = good else { continue };
                let covered = Covered::ever(self.directory, &log.start, index, [&receipt]);
                if !covered.covers.is_empty() {
                    first.push(receipt);
                    break;
                }
            }
        }
        let covered = Covered::ever(self.directory, &log.start, index, &first);
        Ok(covered.witnessed().map(|first| first.time))
    }

    fn witnesses_of(&mut self, copy: &Copy, log: i64) -> anyhow::Result<Vec<[u8; 32]>> {
        if let Some(known) = self.witnesses.get(&log) {
            return Ok(known.clone());
        }
        let mut select = copy
            .database()
            .prepare_cached("SELECT DISTINCT witness FROM receipts WHERE log = ? ORDER BY witness")?;
        let keys: Vec<[u8; 32]> = select
            .query_map([log], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        self.witnesses.insert(log, keys.clone());
        Ok(keys)
    }

    /// The first receipt of a witness, of those that `sql` lists, which counts.
    fn first(
        &mut self,
        copy: &Copy,
        log: &LogRow,
        index: EntryIndex,
        witness: &[u8; 32],
        sql: &str,
    ) -> anyhow::Result<Option<Said>> {
        let mut select = copy.database().prepare_cached(sql)?;
        let mut rows = select.query((log.id, witness, index.0))?;
        while let Some(row) = rows.next()? {
            let size = TreeSize(row.get(0)?);
            let place: Place = (log.id, size.0, *witness, row.get(2)?);
            if !self.said.contains_key(&place) {
                if self.said.len() >= REMEMBERED {
                    self.said.clear();
                }
                let said = self.judge(log, &place, blob(row, 1, STATEMENT_MAX)?);
                self.said.insert(place, said);
            }
            if let Some(Some(said)) = self.said.get(&place) {
                return Ok(Some(said.clone()));
            }
        }
        Ok(None)
    }

    fn judge(&self, log: &LogRow, place: &Place, bytes: &[u8]) -> Option<Said> {
        if self.bad.contains(place) {
            return None;
        }
        let receipt: Receipt = codec::decode(bytes, STATEMENT_MAX).ok()?;
        let (group, by) = witness_group(self.directory, &log.start, &receipt).ok()?;
        Some((group, by, receipt))
    }
}
