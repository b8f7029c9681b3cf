//! Which receipts cover a log: those that stand in it, and those that another log of its space states because it was closed
//! when they came. What is kept depends on the entries held alone, not on the order in which they came.

use std::collections::BTreeSet;

use lianzhan_protocol::codec;
use lianzhan_protocol::id::{Hash, RecordId};
use lianzhan_protocol::log::{Frontier, LogStatement, Origin, Receipt, ReceiptOf, TreeSize, root_at};
use rusqlite::Connection;

use super::error::StoreError;
use super::logs::read_receipt;
use super::reader::Reader;
use super::writer::{Head, StoreEvent, Writer};

impl Writer<'_> {
    /// A receipt counts only if its signatures hold and its root is that of the log; else it stays an entry and raises
    /// an alarm. Which witness is the required one is judged later, by the directory.
    pub(super) fn keep_receipt(
        &mut self,
        head: &Head,
        origin: &Origin,
        frontier: &Frontier,
        receipt: &Receipt,
    ) -> Result<(), StoreError> {
        let root = if receipt.size == frontier.size() {
            Some(frontier.root())
        } else {
            root_at(receipt.size, |idx| self.node(head.id, idx)).ok()
        };
        let node = self.log_start(head.id)?.node;
        if root != Some(receipt.root) || receipt.verify(origin, &node).is_err() {
            return self.raise_alarm(
                "bad_receipt",
                origin.as_str(),
                "a receipt in this log does not fit it",
            );
        }
        self.put_receipt(head.id, receipt, 0)
    }

    /// Keeps a good receipt.
    fn put_receipt(&mut self, log: i64, receipt: &Receipt, variant: i64) -> Result<(), StoreError> {
        let witness = receipt.witness.ed25519_bytes();
        let fresh = self
            .tx
            .prepare_cached(
                "INSERT OR IGNORE INTO receipts (log, size, witness, variant, time_s, receipt) VALUES (?,?,?,?,?,?)",
            )?
            .execute((
                log,
                receipt.size.0,
                witness,
                variant,
                receipt.time_s,
                codec::encode(receipt),
            ))?;
        if fresh == 0 {
            return Ok(());
        }
        // What it covers, and no smaller receipt of that witness did, may have a witness time from now on. One that was late has
        // more behind it, of which it may say that it does not cover it (L-17).
        let covered_before: u64 = self
            .tx
            .prepare_cached(
                "SELECT coalesce(max(size), 0) FROM receipts
                 WHERE log = ?1 AND size < ?2 AND witness = ?3 AND variant = 0",
            )?
            .query_row((log, receipt.size.0, witness), |row| row.get(0))?;
        let end = if variant == 0 {
            receipt.size.0
        } else {
            TreeSize::MAX.0
        };
        let mut select = self.tx.prepare_cached(
            "SELECT DISTINCT record FROM entries WHERE log = ?1 AND idx >= ?2 AND idx < ?3 AND record IS NOT NULL",
        )?;
        let records: Vec<[u8; 16]> = select
            .query_map((log, covered_before, end), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        self.witnessed += records.len();
        self.mark_dirty(records.into_iter().map(RecordId));
        self.witness_erasures(log, receipt.size.0)
    }

    /// Keeps what an entry of the log `head` states of another log, on whatever branch, and has it count if it fits what is held
    /// of that. What the entry says stands by itself: it is not given up where another history of its log stands.
    pub(super) fn keep_receipt_of(
        &mut self,
        head: &Head,
        origin: &Origin,
        said: &ReceiptOf,
    ) -> Result<(), StoreError> {
        let size = said.receipt.size;
        // No log has such a size, nor does the database.
        if said.origin == *origin || size == TreeSize::EMPTY || size > TreeSize::MAX {
            return Ok(());
        }
        let org = self.log_start(head.id)?.org;
        let receipt = codec::encode(&said.receipt);
        let hash = Hash::of("lianzhan/receipt-of", &[&org.0, &head.space.0, &receipt]);
        let fresh = self
            .tx
            .prepare_cached(
                "INSERT OR IGNORE INTO receipts_of (origin, size, hash, org, space, receipt) VALUES (?,?,?,?,?,?)",
            )?
            .execute((
                said.origin.as_str(),
                size.0,
                hash.0,
                org.0,
                head.space.0,
                receipt,
            ))?;
        let covered = self
            .staged
            .get(&said.origin)
            .or_else(|| self.committed.get(&said.origin))
            .cloned();
        let Some(covered) = covered.filter(|covered| fresh > 0 && covered.space == head.space) else {
            return Ok(());
        };
        if self.log_start(covered.id)?.org != org {
            return Ok(());
        }
        self.unsettle(&said.origin)?;
        self.take_receipt_of(&covered, &said.origin, &said.receipt)
    }

    /// Has it judged anew which history of a forked log stands.
    fn unsettle(&mut self, origin: &Origin) -> Result<(), StoreError> {
        let forked = self
            .tx
            .prepare_cached(
                "INSERT INTO unsettled (origin) SELECT origin FROM logs
                 WHERE origin = ? AND id IN (SELECT log FROM branches)",
            )?
            .execute([origin.as_str()])?;
        if forked > 0 {
            self.events.push(StoreEvent::ReceiptOf(origin.clone()));
        }
        Ok(())
    }

    /// As for each log that says two things: who witnesses may have changed.
    pub fn unsettle_all(&mut self) -> Result<(), StoreError> {
        self.tx.execute(
            "INSERT INTO unsettled (origin) SELECT origin FROM logs WHERE id IN (SELECT log FROM branches)",
            [],
        )?;
        Ok(())
    }

    /// It was judged which history of the log stands, by all that was known at that mark.
    pub fn settled(&mut self, due: &Unsettled) -> Result<(), StoreError> {
        self.tx.execute(
            "DELETE FROM unsettled WHERE origin = ? AND seq <= ?",
            (due.origin.as_str(), due.mark),
        )?;
        Ok(())
    }

    /// A log grew beyond `before` entries: receipts that other logs stated of it may fit now. Those that do not may be of
    /// another history.
    pub(super) fn take_receipts_of(&mut self, origin: &Origin, before: TreeSize) -> Result<(), StoreError> {
        let head = self.head(origin)?.clone();
        for receipt in stated_of(self.tx, head.id, before, head.frontier.size())? {
            self.take_receipt_of(&head, origin, &receipt)?;
        }
        Ok(())
    }

    fn take_receipt_of(&mut self, head: &Head, origin: &Origin, receipt: &Receipt) -> Result<(), StoreError> {
        if receipt.size > head.frontier.size() {
            return Ok(());
        }
        let root = root_at(receipt.size, |idx| self.node(head.id, idx)).ok();
        if root != Some(receipt.root) || receipt.verify(origin, &self.log_start(head.id)?.node).is_err() {
            return Ok(());
        }
        self.put_receipt(head.id, receipt, variant_of(receipt))
    }

    /// Drops the receipts over a log's first `size` entries that no entry states any more, here or in another log: who had the
    /// history that stands first never had them, and verdicts must not depend on that.
    pub(super) fn drop_receipts_of_no_entry(&mut self, log: i64, size: TreeSize) -> Result<(), StoreError> {
        let mut stand = BTreeSet::new();
        let mut select = self
            .tx
            .prepare_cached("SELECT payload FROM entries WHERE log = ? AND receipt = 1")?;
        for payload in select.query_map([log], |row| row.get::<_, Option<Vec<u8>>>(0))? {
            if let Some(Ok(LogStatement::Receipt(receipt))) = payload?.as_deref().map(LogStatement::parse) {
                stand.insert((0, codec::encode(&receipt)));
            }
        }
        for receipt in stated_of(self.tx, log, TreeSize::EMPTY, size)? {
            stand.insert((variant_of(&receipt), codec::encode(&receipt)));
        }
        let mut select = self
            .tx
            .prepare_cached("SELECT size, witness, variant, receipt FROM receipts WHERE log = ?")?;
        let mut rows = select.query([log])?;
        let mut gone: Vec<(u64, [u8; 32], i64)> = Vec::new();
        while let Some(row) = rows.next()? {
            if !stand.contains(&(row.get(2)?, row.get(3)?)) {
                gone.push((row.get(0)?, row.get(1)?, row.get(2)?));
            }
        }
        for (size, witness, variant) in &gone {
            self.tx
                .prepare_cached(
                    "DELETE FROM receipts WHERE log = ? AND size = ? AND witness = ? AND variant = ?",
                )?
                .execute((log, size, witness, variant))?;
        }
        if !gone.is_empty() {
            // What it covered, and what it did not (L-17).
            let mut all = self
                .tx
                .prepare_cached("SELECT DISTINCT record FROM entries WHERE log = ? AND record IS NOT NULL")?;
            for record in all.query_map([log], |row| row.get(0))? {
                self.dirty.push(RecordId(record?));
            }
        }
        Ok(())
    }
}

/// A log of which it is to be judged anew which history stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsettled {
    /// The log.
    pub origin: Origin,
    /// Up to which mark: what makes it due later has a greater one.
    mark: i64,
}

impl Reader<'_> {
    /// Receipts that other logs state of a log, over no more than `size` entries; not verified.
    pub fn receipts_of(&self, log: i64, size: TreeSize) -> Result<Vec<Receipt>, StoreError> {
        stated_of(self.tx, log, TreeSize::EMPTY, size)
    }

    /// Logs of which it is to be judged anew which history stands, since who witnessed them may be another one.
    pub fn unsettled(&self) -> Result<Vec<Unsettled>, StoreError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT origin, max(seq) FROM unsettled GROUP BY origin")?;
        let rows = select.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        let mut found = Vec::new();
        for row in rows {
            let (origin, mark) = row?;
            let origin = Origin::parse(&origin)
                .map_err(|error| StoreError::Corrupt(format!("unsettled log {origin}: {error}")))?;
            found.push(Unsettled { origin, mark });
        }
        Ok(found)
    }
}

/// Of a receipt that another log states: the beginning of its hash. Never 0, which says that it stands in the log itself.
fn variant_of(receipt: &Receipt) -> i64 {
    let hash = Hash::of("lianzhan/receipt", &[&codec::encode(receipt)]);
    hash.0
        .iter()
        .take(7)
        .fold(0, |number, byte| number << 8 | i64::from(*byte))
        + 1
}

fn stated_of(
    connection: &Connection,
    log: i64,
    above: TreeSize,
    size: TreeSize,
) -> Result<Vec<Receipt>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT r.receipt FROM logs c JOIN receipts_of r ON r.origin = c.origin AND r.org = c.org AND r.space = c.space
         WHERE c.id = ?1 AND r.size > ?2 AND r.size <= ?3 ORDER BY r.size, r.hash",
    )?;
    let rows = select.query_map((log, above.0, size.0), |row| row.get::<_, Vec<u8>>(0))?;
    rows.map(|bytes| read_receipt(&bytes?)).collect()
}
