//! Small figures for pages that are asked for often: each costs a few index lookups, whatever the amount stored.

use lianzhan_protocol::id::OrgId;

use super::error::StoreError;
use super::reader::Reader;
use super::views::{identifier, table};

/// Records of one owner in one ledger, summed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OwnerFigures {
    /// Records.
    pub records: u64,
    /// The sum of a column of whole numbers.
    pub sum: u64,
    /// Records in which another column is empty.
    pub empty: u64,
}

impl std::ops::AddAssign for OwnerFigures {
    fn add_assign(&mut self, more: Self) {
        self.records += more.records;
        self.sum += more.sum;
        self.empty += more.empty;
    }
}

impl Reader<'_> {
    /// Entries of own logs, receipts aside, that no receipt covers yet.
    pub fn own_waiting(&self) -> Result<u64, StoreError> {
        Ok(self
            .tx
            .prepare_cached(
                // Entries lie beside their payloads: to count them one by one reads the whole log, for every page.
                "SELECT coalesce(sum(max(size - covered - (SELECT count(*) FROM entries e INDEXED BY entries_receipts
                     WHERE e.log = l.id AND e.receipt = 1 AND e.idx >= l.covered), 0)), 0)
                 FROM (SELECT id, size, coalesce((SELECT max(r.size) FROM receipts r WHERE r.log = logs.id), 0) AS covered
                     FROM logs WHERE own = 1) l",
            )?
            .query_row([], |row| row.get(0))?)
    }

    /// The time of the newest receipt of any log, seconds since 1970.
    pub fn newest_receipt_s(&self) -> Result<Option<u64>, StoreError> {
        Ok(self
            .tx
            .prepare_cached(
                "SELECT max((SELECT time_s FROM receipts r WHERE r.log = l.id ORDER BY size DESC LIMIT 1)) FROM logs l",
            )?
            .query_row([], |row| row.get(0))?)
    }

    /// How many alarms there are.
    pub fn alarm_count(&self) -> Result<u64, StoreError> {
        Ok(self
            .tx
            .prepare_cached("SELECT count(*) FROM alarms")?
            .query_row([], |row| row.get(0))?)
    }

    /// A ledger's records by owner: how many, the sum of the column `sum`, and how many lack the column `empty`.
    pub fn owner_figures(
        &self,
        ledger: &str,
        sum: &str,
        empty: &str,
    ) -> Result<Vec<(OrgId, OwnerFigures)>, StoreError> {
        let (sum, empty) = (identifier(sum), identifier(empty));
        let mut select = self.tx.prepare_cached(&format!(
            "SELECT owner, count(*), coalesce(sum(\"{sum}\"), 0), sum(\"{empty}\" IS NULL) FROM {}
             GROUP BY owner ORDER BY owner",
            table(ledger)
        ))?;
        let rows = select.query_map([], |row| {
            let figures = OwnerFigures {
                records: row.get(1)?,
                sum: row.get(2)?,
                empty: row.get(3)?,
            };
            Ok((OrgId(row.get(0)?), figures))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
