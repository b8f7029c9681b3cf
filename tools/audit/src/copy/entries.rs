//! Entries and tree nodes of one log, in order, one at a time.

use anyhow::ensure;
use lianzhan_protocol::id::{Hash, RecordId};
use lianzhan_protocol::log::{ENTRY_MAX, PAYLOAD_MAX};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row};

use super::{Copy, blob};

/// An entry as the copy has it.
#[derive(Debug, Clone)]
pub(crate) struct EntryRow {
    /// Its place.
    pub(crate) index: u64,
    /// Its bytes.
    pub(crate) entry: Vec<u8>,
    /// Its payload, if held.
    pub(crate) payload: Option<Vec<u8>>,
    /// What the columns beside it repeat: kind, change, record, whether it is a receipt.
    pub(crate) columns: (u8, [u8; 32], Option<RecordId>, bool),
}

impl EntryRow {
    /// Columns for [`EntryRow::read`].
    pub(crate) const COLUMNS: &str = "idx, entry, payload, kind, change, record, receipt";

    /// Reads a row of [`EntryRow::COLUMNS`], no more of it than an entry may have.
    pub(crate) fn read(row: &Row<'_>) -> anyhow::Result<Self> {
        let payload = match row.get_ref(2)? {
            ValueRef::Null => None,
            _ => Some(blob(row, 2, PAYLOAD_MAX)?.to_vec()),
        };
        Ok(EntryRow {
            index: row.get(0)?,
            entry: blob(row, 1, ENTRY_MAX)?.to_vec(),
            payload,
            columns: (
                row.get(3)?,
                row.get(4)?,
                row.get::<_, Option<[u8; 16]>>(5)?.map(RecordId),
                row.get(6)?,
            ),
        })
    }
}

impl Copy {
    /// Hands the entries of a log to `take`, in order, until it says that it has enough. A row that cannot be read comes as
    /// its place, if that can be read, and what is wrong.
    pub(crate) fn entries(
        &self,
        log: i64,
        mut take: impl FnMut(Result<EntryRow, (Option<u64>, String)>) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let sql = format!(
            "SELECT {} FROM entries WHERE log = ? ORDER BY idx",
            EntryRow::COLUMNS
        );
        let mut select = self.database().prepare_cached(&sql)?;
        let mut rows = select.query([log])?;
        while let Some(row) = rows.next()? {
            let read = EntryRow::read(row).map_err(|error| (row.get(0).ok(), error.to_string()));
            if !take(read)? {
                break;
            }
        }
        Ok(())
    }

    /// The hash at a stored index of a log's tree; log 0 is the witness log.
    pub(crate) fn node(&self, log: i64, index: u64) -> Option<Hash> {
        self.database()
            .prepare_cached("SELECT hash FROM nodes WHERE log = ? AND idx = ?")
            .and_then(|mut select| select.query_row((log, index), |row| row.get(0)).optional())
            .ok()
            .flatten()
            .map(Hash)
    }
}

/// The stored nodes of one log, read along while its tree is recomputed.
pub(crate) struct Nodes<'s> {
    rows: rusqlite::Rows<'s>,
    next: Option<(u64, Hash)>,
}

/// What is stored where a node must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// The node.
    Same,
    /// Another hash.
    Differs,
    /// Nothing.
    Missing,
}

impl<'s> Nodes<'s> {
    /// SQL for [`Nodes::new`]; its parameter is the log.
    pub(crate) const SQL: &'static str = "SELECT idx, hash FROM nodes WHERE log = ? ORDER BY idx";

    pub(crate) fn new(rows: rusqlite::Rows<'s>) -> anyhow::Result<Self> {
        let mut nodes = Nodes { rows, next: None };
        nodes.advance()?;
        Ok(nodes)
    }

    /// Compares the node at `index`; called with indices that ascend.
    pub(crate) fn compare(&mut self, index: u64, hash: &Hash) -> anyhow::Result<Stored> {
        while self.next.is_some_and(|(found, _)| found < index) {
            self.advance()?;
        }
        match self.next {
            Some((found, stored)) if found == index => {
                self.advance()?;
                Ok(if stored == *hash {
                    Stored::Same
                } else {
                    Stored::Differs
                })
            }
            _ => Ok(Stored::Missing),
        }
    }

    /// Whether nodes follow that no tree of this size has.
    pub(crate) fn is_more(&self) -> bool {
        self.next.is_some()
    }

    fn advance(&mut self) -> anyhow::Result<()> {
        self.next = match self.rows.next()? {
            Some(row) => {
                let (index, hash): (u64, [u8; 32]) = (row.get(0)?, row.get(1)?);
                ensure!(
                    self.next.is_none_or(|(last, _)| last < index),
                    "tree nodes are out of order"
                );
                Some((index, Hash(hash)))
            }
            None => None,
        };
        Ok(())
    }
}
