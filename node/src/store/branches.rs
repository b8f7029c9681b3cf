//! Logs that say two things: what they say is kept, one branch of it stands (design 5). The others lie in tables of their
//! own, each from where it parts from what stands.

mod keep;
mod proofs;

pub use keep::{BranchPiece, Onto};

use lianzhan_protocol::id::{ChangeId, Hash};
use lianzhan_protocol::log::{EntryIndex, Frontier, LogStatement, Receipt, TreeSize, root_at, stored_index};
use rusqlite::{Connection, OptionalExtension, Row};

use super::error::StoreError;
use super::logs::read_node;
use super::reader::{EntryRow, Reader};

/// A branch of a log that does not stand.
#[derive(Debug, Clone)]
pub struct BranchRow {
    /// The log.
    pub log: i64,
    /// Its number among the log's branches, from 1.
    pub number: u32,
    /// The first index at which it differs from what stands.
    pub start: u64,
    /// How much of it is here.
    pub size: TreeSize,
    /// Root over that.
    pub root: Hash,
    /// A signed note over it, or beyond it while it is incomplete.
    pub checkpoint: String,
    /// The size that the note states.
    pub checkpoint_size: TreeSize,
}

impl BranchRow {
    /// Whether all that its note covers is here.
    pub fn is_whole(&self) -> bool {
        self.size == self.checkpoint_size
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(BranchRow {
            log: row.get(0)?,
            number: row.get(1)?,
            start: row.get(2)?,
            size: TreeSize(row.get(3)?),
            root: Hash(row.get(4)?),
            checkpoint: row.get(5)?,
            checkpoint_size: TreeSize(row.get(6)?),
        })
    }
}

/// An entry of a branch that does not stand.
#[derive(Debug, Clone)]
pub struct LeftEntry {
    /// Its log.
    pub log: i64,
    /// Its place.
    pub index: u64,
    /// Its bytes.
    pub entry: Vec<u8>,
    /// Its payload.
    pub payload: Vec<u8>,
}

fn read_branches(connection: &Connection, log: i64) -> Result<Vec<BranchRow>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT log, branch, start, size, root, checkpoint, checkpoint_size FROM branches WHERE log = ? ORDER BY branch",
    )?;
    let rows = select.query_map([log], BranchRow::read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A stored tree node of a branch; below its start they are those of what stands.
fn branch_node(connection: &Connection, branch: &BranchRow, idx: u64) -> Option<Hash> {
    node_of(connection, (branch.log, branch.number, branch.start), idx)
}

/// As [`branch_node`], of a branch with this log, number and start.
fn node_of(connection: &Connection, (log, number, start): (i64, u32, u64), idx: u64) -> Option<Hash> {
    if idx < stored_index(0, start) {
        return read_node(connection, log, idx);
    }
    connection
        .prepare_cached("SELECT hash FROM branch_nodes WHERE log = ? AND branch = ? AND idx = ?")
        .and_then(|mut select| select.query_row((log, number, idx), |row| row.get(0)).optional())
        .ok()
        .flatten()
        .map(Hash)
}

impl Reader<'_> {
    /// The branches of a log that do not stand, in the order of their numbers.
    pub fn branches(&self, log: i64) -> Result<Vec<BranchRow>, StoreError> {
        read_branches(self.tx, log)
    }

    /// A stored tree node of a branch.
    pub fn branch_node(&self, branch: &BranchRow, idx: u64) -> Option<Hash> {
        branch_node(self.tx, branch, idx)
    }

    /// The tree of a branch at `size`.
    pub fn branch_frontier(&self, branch: &BranchRow, size: TreeSize) -> Result<Frontier, StoreError> {
        Frontier::load(size, |idx| self.branch_node(branch, idx))
            .map_err(|error| StoreError::Corrupt(format!("branch: {error}")))
    }

    /// Entries of a branch from `from`, from the log's beginning on, as [`Reader::range`] gives those of a log.
    pub fn branch_range(
        &self,
        branch: &BranchRow,
        from: TreeSize,
        max: usize,
        max_bytes: usize,
    ) -> Result<Vec<EntryRow>, StoreError> {
        let common = self.range(branch.log, from, max, max_bytes)?;
        let common: Vec<_> = common
            .into_iter()
            .filter(|row| row.index.0 < branch.start)
            .collect();
        if !common.is_empty() {
            return Ok(common);
        }
        let mut select = self.tx.prepare_cached(
            "SELECT idx, entry, payload FROM branch_entries WHERE log = ?1 AND branch = ?2 AND idx >= ?3 ORDER BY idx LIMIT ?4",
        )?;
        let mut rows = select.query((branch.log, branch.number, from.0, max as u64))?;
        let (mut found, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let (entry, payload): (Vec<u8>, Option<Vec<u8>>) = (row.get(1)?, row.get(2)?);
            bytes += entry.len() + payload.as_ref().map_or(0, Vec::len) + 16;
            if !found.is_empty() && bytes > max_bytes {
                break;
            }
            found.push(EntryRow {
                log: branch.log,
                index: EntryIndex(row.get(0)?),
                entry,
                payload,
            });
        }
        Ok(found)
    }

    /// Receipts that stand in the entries of a branch, or that another log states of it, and fit its tree.
    pub fn branch_receipts(&self, branch: &BranchRow) -> Result<Vec<Receipt>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT payload FROM branch_entries WHERE log = ? AND branch = ? AND payload IS NOT NULL",
        )?;
        let payloads = select.query_map((branch.log, branch.number), |row| row.get::<_, Vec<u8>>(0))?;
        let mut receipts = Vec::new();
        for payload in payloads {
            if let Ok(LogStatement::Receipt(receipt)) = LogStatement::parse(&payload?) {
                receipts.push(receipt);
            }
        }
        receipts.extend(self.receipts_of(branch.log, branch.size)?);
        receipts.retain(|receipt| {
            receipt.size <= branch.size
                && root_at(receipt.size, |idx| self.branch_node(branch, idx)).ok() == Some(receipt.root)
        });
        Ok(receipts)
    }

    /// Changes on branches that do not stand and that nobody signed anew.
    pub fn left_behind(&self) -> Result<Vec<LeftEntry>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT log, idx, entry, payload FROM branch_entries WHERE anew = 0 AND payload IS NOT NULL
             ORDER BY log, branch, idx",
        )?;
        let rows = select.query_map([], |row| {
            Ok(LeftEntry {
                log: row.get(0)?,
                index: row.get(1)?,
                entry: row.get(2)?,
                payload: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether a change stands in a log held.
    pub fn stands(&self, log: i64, change: &ChangeId) -> Result<bool, StoreError> {
        Ok(self
            .tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM entries WHERE log = ? AND change = ?)")?
            .query_row((log, change.0), |row| row.get(0))?)
    }
}
