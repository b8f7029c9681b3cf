//! What others read: ranges for peers, changes of a record for the fold, proofs, rows.

use std::collections::{BTreeMap, BTreeSet};

use lianzhan_protocol::id::{ChangeId, Hash, RecordId, SpaceId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{EntryIndex, Origin, Receipt, TreeSize, consistency, inclusion};
use lianzhan_protocol::sync::Standing;
use lianzhan_protocol::trust::SignedStatement;
use rusqlite::{OptionalExtension, Transaction};

use super::error::StoreError;
use super::logs::{LOG_COLUMNS, LogRow, read_logs, read_node, read_receipt};

/// A snapshot of the store.
pub struct Reader<'a> {
    pub(super) tx: &'a Transaction<'a>,
}

/// An entry as stored.
#[derive(Debug, Clone)]
pub struct EntryRow {
    /// Its log's row id.
    pub log: i64,
    /// Its place.
    pub index: EntryIndex,
    /// The entry's bytes.
    pub entry: Vec<u8>,
    /// Its payload, if held.
    pub payload: Option<Vec<u8>>,
}

/// An alarm.
#[derive(Debug, Clone, serde::Serialize)]
pub struct AlarmRow {
    /// Milliseconds since 1970.
    pub at: i64,
    /// Identifier of what happened.
    pub kind: String,
    /// To which thing.
    pub subject: String,
    /// In words.
    pub words: String,
}

/// Figures of this node's copies of logs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct EntryFigures {
    /// Entries that are not receipts.
    pub entries: u64,
    /// Those of them that a receipt covers.
    pub witnessed: u64,
}

impl<'a> Reader<'a> {
    pub(super) fn new(tx: &'a Transaction<'a>) -> Self {
        Reader { tx }
    }

    /// Every log.
    pub fn logs(&self) -> Result<Vec<LogRow>, StoreError> {
        read_logs(self.tx)
    }

    /// A log.
    pub fn log(&self, origin: &Origin) -> Result<Option<LogRow>, StoreError> {
        self.tx
            .prepare_cached(&format!("SELECT {LOG_COLUMNS} FROM logs WHERE origin = ?"))?
            .query_row([origin.as_str()], LogRow::read)
            .optional()?
            .transpose()
    }

    /// A log by its row id.
    pub fn log_by_id(&self, id: i64) -> Result<LogRow, StoreError> {
        self.tx
            .prepare_cached(&format!("SELECT {LOG_COLUMNS} FROM logs WHERE id = ?"))?
            .query_row([id], LogRow::read)?
    }

    /// This node's log in a space, if it has one that is not halted.
    pub fn own_log(&self, space: &SpaceId) -> Result<Option<LogRow>, StoreError> {
        self.tx
            .prepare_cached(&format!(
                "SELECT {LOG_COLUMNS} FROM logs WHERE space = ? AND own = 1 ORDER BY halted IS NOT NULL, id LIMIT 1"
            ))?
            .query_row([space.0], LogRow::read)
            .optional()?
            .transpose()
    }

    /// The logs that this node writes or wrote into a space, those that are not halted first.
    pub fn own_logs(&self, space: &SpaceId) -> Result<Vec<LogRow>, StoreError> {
        let mut select = self.tx.prepare_cached(&format!(
            "SELECT {LOG_COLUMNS} FROM logs WHERE space = ? AND own = 1 ORDER BY halted IS NOT NULL, id"
        ))?;
        select
            .query_map([space.0], LogRow::read)?
            .map(|row| row?)
            .collect()
    }

    /// The logs that this node wrote into a space in earlier epochs.
    pub fn closed_logs(&self, space: &SpaceId) -> Result<Vec<LogRow>, StoreError> {
        let mut select = self.tx.prepare_cached(&format!(
            "SELECT {LOG_COLUMNS} FROM logs WHERE space = ? AND closed IS NOT NULL ORDER BY origin"
        ))?;
        select
            .query_map([space.0], LogRow::read)?
            .map(|row| row?)
            .collect()
    }

    /// What is stored of every log, by space.
    pub fn standings(&self) -> Result<Vec<(SpaceId, Origin, Standing, bool)>, StoreError> {
        let logs = self.logs()?;
        Ok(logs
            .into_iter()
            .map(|log| {
                (
                    log.space(),
                    log.origin,
                    Standing {
                        size: log.size,
                        root: log.root,
                    },
                    log.own,
                )
            })
            .collect())
    }

    /// Entries of a log from `from`, at least one if there is one, then as many as fit into `max_bytes` and `max`.
    pub fn range(
        &self,
        log: i64,
        from: TreeSize,
        max: usize,
        max_bytes: usize,
    ) -> Result<Vec<EntryRow>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT idx, entry, payload FROM entries WHERE log = ?1 AND idx >= ?2 ORDER BY idx LIMIT ?3",
        )?;
        let mut rows = select.query((log, from.0, max as u64))?;
        let (mut found, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let (entry, payload): (Vec<u8>, Option<Vec<u8>>) = (row.get(1)?, row.get(2)?);
            bytes += entry.len() + payload.as_ref().map_or(0, Vec::len) + 16;
            if !found.is_empty() && bytes > max_bytes {
                break;
            }
            found.push(EntryRow {
                log,
                index: EntryIndex(row.get(0)?),
                entry,
                payload,
            });
        }
        Ok(found)
    }

    /// The space of a log in which a change stands, if it is held.
    pub fn space_of_change(&self, change: &ChangeId) -> Result<Option<SpaceId>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT l.space FROM entries e JOIN logs l ON l.id = e.log WHERE e.change = ? LIMIT 1",
        )?;
        Ok(select
            .query_row([change.0], |row| row.get(0))
            .optional()?
            .map(SpaceId))
    }

    /// The changes of a log from an index on, in order.
    pub fn changes_from(&self, log: i64, from: EntryIndex) -> Result<Vec<ChangeId>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT change FROM entries WHERE log = ? AND idx >= ? AND kind <> 2 ORDER BY idx",
        )?;
        let rows = select.query_map((log, from.0), |row| row.get(0))?;
        Ok(rows
            .map(|change| change.map(ChangeId))
            .collect::<Result<_, _>>()?)
    }

    /// Those of these changes that are held here. Reads through all entries.
    pub fn held_changes(&self, changes: &[ChangeId]) -> Result<BTreeSet<ChangeId>, StoreError> {
        let mut held = BTreeSet::new();
        for some in changes.chunks(500) {
            let places = vec!["?"; some.len()].join(",");
            let mut select = self
                .tx
                .prepare(&format!("SELECT change FROM entries WHERE change IN ({places})"))?;
            let ids = rusqlite::params_from_iter(some.iter().map(|change| change.0));
            for change in select.query_map(ids, |row| row.get(0))? {
                held.insert(ChangeId(change?));
            }
        }
        Ok(held)
    }

    /// Entries of a log that are changes, from `from` on, without their payloads, at most `max`; those alone whose bytes hold
    /// `holding`, which is a way to find a key's without reading all.
    pub fn change_entries(
        &self,
        log: i64,
        from: EntryIndex,
        holding: &[u8],
        max: usize,
    ) -> Result<Vec<(EntryIndex, Vec<u8>)>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT idx, entry FROM entries WHERE log = ?1 AND idx >= ?2 AND kind IN (1, 3)
             AND (length(?3) = 0 OR instr(entry, ?3) > 0) ORDER BY idx LIMIT ?4",
        )?;
        let rows = select.query_map((log, from.0, holding, max as u64), |row| {
            Ok((EntryIndex(row.get(0)?), row.get(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Entries of one record, in all logs: in an order that does not depend on which arrived first, because what names
    /// the record in a second space is left out by it.
    pub fn record_entries(&self, record: &RecordId) -> Result<Vec<EntryRow>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT e.log, e.idx, e.entry, e.payload FROM entries e JOIN logs l ON l.id = e.log WHERE e.record = ?
             ORDER BY l.space, l.origin, e.idx",
        )?;
        let rows = select.query_map([record.0], |row| {
            Ok(EntryRow {
                log: row.get(0)?,
                index: EntryIndex(row.get(1)?),
                entry: row.get(2)?,
                payload: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Receipts of a log that cover the entry at `index`, smallest size first.
    pub fn receipts_over(&self, log: i64, index: EntryIndex) -> Result<Vec<Receipt>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT receipt FROM receipts WHERE log = ? AND size > ? ORDER BY size, time_s, witness, receipt",
        )?;
        let rows = select.query_map((log, index.0), |row| row.get::<_, Vec<u8>>(0))?;
        rows.map(|bytes| read_receipt(&bytes?)).collect()
    }

    /// The keys by which receipts of a log were given.
    pub fn witnesses_of(&self, log: i64) -> Result<Vec<[u8; 32]>, StoreError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT min(witness) FROM receipts WHERE log = ?1 AND witness > ?2")?;
        let mut found: Vec<[u8; 32]> = Vec::new();
        let mut after: Vec<u8> = Vec::new();
        while let Some(next) = select.query_row((log, &after), |row| row.get::<_, Option<[u8; 32]>>(0))? {
            after = next.to_vec();
            found.push(next);
        }
        Ok(found)
    }

    /// Goes through the sizes of a witness's receipts over the entry at `index`, smallest first, until `take` says that it
    /// found what it wanted.
    pub fn sizes_over(
        &self,
        log: i64,
        witness: &[u8; 32],
        index: EntryIndex,
        mut take: impl FnMut(TreeSize) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT DISTINCT size FROM receipts WHERE log = ? AND witness = ? AND size > ? ORDER BY size",
        )?;
        let mut rows = select.query((log, witness, index.0))?;
        while let Some(row) = rows.next()? {
            if take(TreeSize(row.get(0)?))? {
                break;
            }
        }
        Ok(())
    }

    /// As [`Reader::sizes_over`], for receipts that do not cover the entry, largest first.
    pub fn sizes_before(
        &self,
        log: i64,
        witness: &[u8; 32],
        index: EntryIndex,
        mut take: impl FnMut(TreeSize) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT DISTINCT size FROM receipts WHERE log = ? AND witness = ? AND size <= ? ORDER BY size DESC",
        )?;
        let mut rows = select.query((log, witness, index.0))?;
        while let Some(row) = rows.next()? {
            if take(TreeSize(row.get(0)?))? {
                break;
            }
        }
        Ok(())
    }

    /// The receipts of one witness over one tree, the earliest first: the one that stands in the log, and those that other logs
    /// state of it.
    pub fn receipts_by(
        &self,
        log: i64,
        size: TreeSize,
        witness: &[u8; 32],
    ) -> Result<Vec<Receipt>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT receipt FROM receipts WHERE log = ? AND size = ? AND witness = ? ORDER BY time_s, receipt",
        )?;
        let rows = select.query_map((log, size.0, witness), |row| row.get::<_, Vec<u8>>(0))?;
        rows.map(|bytes| read_receipt(&bytes?)).collect()
    }

    /// Whole receipts over exactly `size` entries of a log.
    pub fn receipts_of_size(&self, log: i64, size: TreeSize) -> Result<Vec<Receipt>, StoreError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT receipt FROM receipts WHERE log = ? AND size = ? ORDER BY witness")?;
        let mut rows = select.query((log, size.0))?;
        let mut receipts = Vec::new();
        while let Some(row) = rows.next()? {
            receipts.push(read_receipt(
                row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?,
            )?);
        }
        Ok(receipts)
    }

    /// How many checkpoints this node cosigned.
    pub fn witness_size(&self) -> Result<TreeSize, StoreError> {
        let size = self
            .tx
            .prepare_cached("SELECT coalesce(max(idx) + 1, 0) FROM witness_log")?
            .query_row([], |row| row.get(0))?;
        Ok(TreeSize(size))
    }

    /// The greatest size of a log that any receipt covers.
    pub fn receipted(&self, log: i64) -> Result<TreeSize, StoreError> {
        let size = self
            .tx
            .prepare_cached("SELECT coalesce(max(size), 0) FROM receipts WHERE log = ?")?
            .query_row([log], |row| row.get(0))?;
        Ok(TreeSize(size))
    }

    /// The last receipt time of a log, seconds since 1970.
    pub fn last_receipt_s(&self, log: i64) -> Result<Option<u64>, StoreError> {
        Ok(self
            .tx
            .prepare_cached("SELECT max(time_s) FROM receipts WHERE log = ?")?
            .query_row([log], |row| row.get(0))?)
    }

    /// Entries at or above `from` that are no receipts.
    pub fn unreceipted(&self, log: i64, from: TreeSize) -> Result<u64, StoreError> {
        Ok(self
            .tx
            .prepare_cached("SELECT count(*) FROM entries WHERE log = ? AND idx >= ? AND receipt = 0")?
            .query_row((log, from.0), |row| row.get(0))?)
    }

    /// Figures over this node's own logs.
    pub fn own_figures(&self) -> Result<EntryFigures, StoreError> {
        let (entries, witnessed) = self.tx.query_row(
            "SELECT count(*), coalesce(sum(idx < coalesce((SELECT max(size) FROM receipts r WHERE r.log = l.id), 0)), 0)
             FROM logs l JOIN entries e ON e.log = l.id WHERE l.own = 1 AND e.receipt = 0",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(EntryFigures { entries, witnessed })
    }

    /// A consistency proof of a log.
    pub fn consistency(&self, log: i64, old: TreeSize, new: TreeSize) -> Result<Vec<Hash>, StoreError> {
        consistency(old, new, |idx| read_node(self.tx, log, idx))
            .map_err(|error| StoreError::Corrupt(error.to_string()))
    }

    /// An inclusion proof of a log.
    pub fn inclusion(&self, log: i64, index: EntryIndex, size: TreeSize) -> Result<Vec<Hash>, StoreError> {
        inclusion(index, size, |idx| read_node(self.tx, log, idx))
            .map_err(|error| StoreError::Corrupt(error.to_string()))
    }

    /// The root of a log's first `size` entries.
    pub fn root_at(&self, log: i64, size: TreeSize) -> Result<Hash, StoreError> {
        lianzhan_protocol::log::root_at(size, |idx| read_node(self.tx, log, idx))
            .map_err(|error| StoreError::Corrupt(error.to_string()))
    }

    /// The right edge of a log.
    pub fn frontier(&self, log: i64, size: TreeSize) -> Result<lianzhan_protocol::log::Frontier, StoreError> {
        lianzhan_protocol::log::Frontier::load(size, |idx| read_node(self.tx, log, idx))
            .map_err(|error| StoreError::Corrupt(error.to_string()))
    }

    /// Stored tree nodes of a log, counted.
    pub fn node_count(&self, log: i64) -> Result<u64, StoreError> {
        Ok(self
            .tx
            .query_row("SELECT count(*) FROM nodes WHERE log = ?", [log], |row| {
                row.get(0)
            })?)
    }

    /// A stored tree node.
    pub fn node(&self, log: i64, idx: u64) -> Option<Hash> {
        read_node(self.tx, log, idx)
    }

    /// Every statement of trust.
    pub fn statements(&self) -> Result<Vec<SignedStatement>, StoreError> {
        let mut select = self.tx.prepare("SELECT bytes FROM statements ORDER BY id")?;
        let rows = select.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
        rows.map(|bytes| {
            SignedStatement::open(&bytes?)
                .map_err(|error| StoreError::Corrupt(format!("statement of trust: {error}")))
        })
        .collect()
    }

    /// The key of the account with this login.
    pub fn account(&self, login: &str) -> Result<Option<PublicKey>, StoreError> {
        let key: Option<[u8; 32]> = self
            .tx
            .prepare_cached("SELECT key FROM accounts WHERE login = ?")?
            .query_row([login], |row| row.get(0))
            .optional()?;
        Ok(key.and_then(|key| PublicKey::from_ed25519(key).ok()))
    }

    /// Every account's login, sorted.
    pub fn logins(&self) -> Result<Vec<String>, StoreError> {
        let mut select = self.tx.prepare("SELECT login FROM accounts ORDER BY login")?;
        let rows = select.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A small value.
    pub fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self
            .tx
            .prepare_cached("SELECT value FROM meta WHERE key = ?")?
            .query_row([key], |row| row.get(0))
            .optional()?)
    }

    /// Whether the next start marks every record that waits for something.
    pub fn settles_at_next_start(&self) -> Result<bool, StoreError> {
        Ok(self.meta(super::append::NEWS)?.is_some())
    }

    /// Alarms, newest first.
    pub fn alarms(&self) -> Result<Vec<AlarmRow>, StoreError> {
        let mut select = self
            .tx
            .prepare("SELECT at, kind, subject, words FROM alarms ORDER BY id DESC LIMIT 200")?;
        let rows = select.query_map([], |row| {
            Ok(AlarmRow {
                at: row.get(0)?,
                kind: row.get(1)?,
                subject: row.get(2)?,
                words: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Records whose sealed entries are stored, with the keys that these commit to: those whose keys one may ask peers for.
    /// Usually one; whoever names a record that is not theirs may commit to another.
    pub fn sealed_records(&self) -> Result<BTreeMap<RecordId, BTreeSet<Hash>>, StoreError> {
        let mut select = self.tx.prepare(
            "SELECT e.record, min(e.entry) FROM entries e JOIN logs l ON l.id = e.log WHERE e.kind = 3 AND NOT EXISTS
             (SELECT 1 FROM erased d WHERE d.record = e.record AND d.space = l.space) GROUP BY e.record, e.log",
        )?;
        let rows = select.query_map([], |row| Ok((RecordId(row.get(0)?), row.get::<_, Vec<u8>>(1)?)))?;
        let mut records: BTreeMap<RecordId, BTreeSet<Hash>> = BTreeMap::new();
        for row in rows {
            let (record, entry) = row?;
            let commitment = sealed_by(&record, &entry)?;
            records.entry(record).or_default().insert(commitment);
        }
        Ok(records)
    }

    /// The space of a record's entries.
    pub fn space_of(&self, record: &RecordId) -> Result<Option<SpaceId>, StoreError> {
        Ok(self
            .tx
            .prepare_cached(
                "SELECT l.space FROM entries e JOIN logs l ON l.id = e.log WHERE e.record = ? ORDER BY l.space LIMIT 1",
            )?
            .query_row([record.0], |row| row.get(0))
            .optional()?
            .map(SpaceId))
    }

    /// `synchronous` and `journal_mode` as the connection has them, for the test that asserts them.
    pub fn durability(&self) -> Result<(i64, String), StoreError> {
        let synchronous = self
            .tx
            .pragma_query_value(None, "synchronous", |row| row.get(0))?;
        let journal = self
            .tx
            .pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        Ok((synchronous, journal))
    }
}

/// The commitment to the key of a sealed entry.
pub(super) fn sealed_by(record: &RecordId, entry: &[u8]) -> Result<Hash, StoreError> {
    lianzhan_protocol::log::Entry::parse(entry)
        .ok()
        .and_then(|entry| entry.header().key_commitment)
        .ok_or_else(|| StoreError::Corrupt(format!("sealed entry of record {record}")))
}
