//! What is derived from records: which of it lags, what is asked of it, documents. All of it may be dropped and rebuilt from
//! entries.

use lianzhan_protocol::id::{OrgId, RecordId, SpaceId, StatementId};
use lianzhan_protocol::record::Confirmation;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use super::error::StoreError;
use super::lists::{Condition, Order, marks};
use super::reader::Reader;
use super::writer::Writer;

/// A row of the list of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// The record.
    pub record: RecordId,
    /// Its space.
    pub space: SpaceId,
    /// Its owner.
    pub owner: OrgId,
    /// Its ledger's id.
    pub ledger: String,
    /// What it is about.
    pub title: String,
    /// When, as stated.
    pub happened: String,
    /// First recorded, milliseconds since 1970.
    pub recorded: i64,
    /// Changes that wait.
    pub pending: u64,
    /// Changes that do not count.
    pub refused: u64,
    /// Counting changes not witnessed yet.
    pub unwitnessed: u64,
    /// Changes that wait for an adoption.
    pub contested: u64,
    /// Changes whose times do not fit.
    pub doubted: u64,
    /// Fields that it lacks to be complete.
    pub missing: u64,
    /// How it stands as to confirmations.
    pub confirmed: Confirmation,
    /// Fields with values that nobody settled.
    pub split: u64,
    /// The folded state as JSON.
    pub state: String,
}

/// An Automerge document as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDocument {
    /// Its heads as hex, with spaces between them.
    pub heads: String,
    /// `save_nocompress` of it.
    pub bytes: Vec<u8>,
}

/// Which rows of a ledger to list.
#[derive(Debug, Clone, Default)]
pub struct RowFilter {
    /// Of these owners alone; none named is no condition.
    pub owners: Vec<OrgId>,
    /// Where a column has this text.
    pub equals: Vec<(String, String)>,
    /// Where at least one of these columns is empty; none named is no condition.
    pub any_empty: Vec<String>,
    /// Where all of these hold.
    pub conditions: Vec<Condition>,
    /// Only what lacks something to be complete.
    pub incomplete: bool,
    /// Only what stands so as to confirmations.
    pub confirmed: Option<Confirmation>,
    /// Only what has fields with values that nobody settled.
    pub split: bool,
    /// Happened on or after this date.
    pub since: Option<String>,
    /// Happened on or before this date.
    pub until: Option<String>,
    /// In what order.
    pub order: Order,
    /// Counts no further than [`super::COUNT_MAX`], so that a list costs the same however long it is.
    pub glance: bool,
    /// Found by this FTS5 expression.
    pub matches: Option<String>,
    /// Rows to pass over.
    pub offset: u64,
    /// Rows at most.
    pub limit: u64,
}

/// The table of a ledger. Ids come from definitions: lowercase letters and `_`.
pub(super) fn table(ledger: &str) -> String {
    format!("v_{}", identifier(ledger))
}

pub(super) fn identifier(id: &str) -> String {
    id.chars()
        .map(|c| {
            if c.is_ascii_lowercase() || c.is_ascii_digit() {
                c
            } else {
                '_'
            }
        })
        .collect()
}

/// The columns that every ledger's table begins with. The first is what the record's row has as id in `records`: in the order of
/// the records' own ids, which are hashes, each row would be written to another page. No field is called so.
const FIXED: [&str; 4] = ["_id", "record", "owner", "recorded"];

fn ledger_table(name: &str, columns: &[String]) -> String {
    let rest: String = columns
        .iter()
        .map(|column| format!(", \"{column}\" ANY"))
        .collect();
    let [id, record, owner, recorded] = FIXED;
    format!(
        "CREATE TABLE {name} ({id} INTEGER PRIMARY KEY, {record} BLOB NOT NULL, {owner} BLOB NOT NULL,
             {recorded} INTEGER NOT NULL{rest}) STRICT"
    )
}

fn columns_of(database: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    database
        .prepare("SELECT name FROM pragma_table_info(?)")?
        .query_map([table], |row| row.get(0))?
        .collect()
}

/// Puts the rows of every ledger's table in the order of `records`; until layout 19 they lay in that of the records' own ids.
/// Tables of ledgers that nothing defines any more are among them.
pub(super) fn order_ledger_tables(database: &Connection) -> rusqlite::Result<()> {
    let tables: Vec<String> = database
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'v_*'")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for name in tables {
        let columns = columns_of(database, &name)?;
        let rest = columns.get(FIXED.len() - 1..).unwrap_or_default();
        database.execute_batch(&format!(
            "{};
             INSERT INTO ordered SELECT r.id, v.* FROM {name} v JOIN records r ON r.record = v.record ORDER BY r.id;
             DROP TABLE {name};
             ALTER TABLE ordered RENAME TO {name};",
            ledger_table("ordered", rest)
        ))?;
    }
    Ok(())
}

impl Writer<'_> {
    /// Makes the tables of ledgers. A definition with other columns than the table rebuilds it: its records are marked.
    pub fn ensure_ledger_tables(&mut self, ledgers: &[(String, Vec<String>)]) -> Result<(), StoreError> {
        for (ledger, columns) in ledgers {
            let columns: Vec<String> = columns.iter().map(|column| identifier(column)).collect();
            let fixed = FIXED.map(str::to_owned);
            let wanted: Vec<&String> = fixed.iter().chain(&columns).collect();
            let name = table(ledger);
            let have = columns_of(self.tx, &name)?;
            if have.iter().eq(wanted) {
                continue;
            }
            self.tx.execute_batch(&format!(
                "DROP TABLE IF EXISTS {name};
                 {};",
                ledger_table(&name, &columns)
            ))?;
            // The rows that the traces stand for are gone with the table.
            self.tx
                .execute("UPDATE records SET shape = x'' WHERE ledger = ?", [ledger])?;
            let lagging: Vec<[u8; 16]> = self
                .tx
                .prepare("SELECT record FROM records WHERE ledger = ?")?
                .query_map([ledger], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            self.mark_dirty(lagging.into_iter().map(RecordId));
        }
        Ok(())
    }

    /// Keeps the Automerge document of a record, unless it lags again.
    pub fn put_documents<'a>(
        &mut self,
        done: impl IntoIterator<Item = (RecordId, i64, Option<&'a StoredDocument>)>,
    ) -> Result<(), StoreError> {
        for (record, seq, document) in done {
            let due = self
                .tx
                .prepare_cached("DELETE FROM undocumented WHERE record = ? AND seq = ?")?
                .execute((record.0, seq))?;
            if due == 0 {
                continue;
            }
            match document {
                Some(StoredDocument { heads, bytes }) => self
                    .tx
                    .prepare_cached(
                        "INSERT INTO documents (record, heads, bytes) VALUES (?,?,?)
                         ON CONFLICT (record) DO UPDATE SET heads = excluded.heads, bytes = excluded.bytes",
                    )?
                    .execute((record.0, heads, bytes))?,
                None => self
                    .tx
                    .execute("DELETE FROM documents WHERE record = ?", [record.0])?,
            };
        }
        Ok(())
    }

    /// Marks every record that news of the directory could settle.
    pub fn mark_unsettled(&mut self) -> Result<(), StoreError> {
        let records: Vec<[u8; 16]> = self
            .tx
            .prepare_cached(
                "SELECT record FROM records WHERE pending > 0 OR unwitnessed > 0 OR contested > 0",
            )?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        self.mark_dirty(records.into_iter().map(RecordId));
        Ok(())
    }

    /// Marks every record of these ledgers: their rows are made by other definitions now.
    pub fn mark_ledgers(&mut self, ledgers: &[String]) -> Result<(), StoreError> {
        for ledger in ledgers {
            let records: Vec<[u8; 16]> = self
                .tx
                .prepare_cached("SELECT record FROM records WHERE ledger = ?")?
                .query_map([ledger], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            self.mark_dirty(records.into_iter().map(RecordId));
        }
        Ok(())
    }

    /// Marks every record of these spaces: `statements` may have revised their verdicts. From now on they are done with.
    pub fn mark_revised(&mut self, statements: &[StatementId], spaces: &[SpaceId]) -> Result<(), StoreError> {
        for statement in statements {
            self.tx
                .execute("DELETE FROM revisions WHERE statement = ?", [statement.0])?;
        }
        let mut select = self
            .tx
            .prepare_cached("SELECT record FROM records WHERE space = ?")?;
        for space in spaces {
            let records: Vec<[u8; 16]> = select
                .query_map([space.0], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            self.dirty.extend(records.into_iter().map(RecordId));
        }
        Ok(())
    }

    /// Marks every record that waits, if something came in before this start for which they were perhaps not marked. For a
    /// node that knows all statements and keys by now.
    pub fn mark_after_start(&mut self) -> Result<(), StoreError> {
        let came = self
            .tx
            .execute("DELETE FROM meta WHERE key = ?", [super::append::NEWS])?;
        if came > 0 { self.mark_unsettled() } else { Ok(()) }
    }

    /// Drops everything derived and marks every record.
    pub fn drop_derived(&mut self) -> Result<u64, StoreError> {
        let tables: Vec<String> = self
            .tx
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'v_*'")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for table in tables {
            self.tx.execute_batch(&format!("DELETE FROM {table}"))?;
        }
        self.tx.execute_batch(
            "DELETE FROM search; DELETE FROM records; DELETE FROM documents; DELETE FROM dirty; DELETE FROM undocumented; \
             DELETE FROM attachment_names; DELETE FROM refs; DELETE FROM reissued;",
        )?;
        let records: Vec<[u8; 16]> = self
            .tx
            .prepare("SELECT DISTINCT record FROM entries WHERE record IS NOT NULL")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let count = records.len() as u64;
        self.mark_dirty(records.into_iter().map(RecordId));
        Ok(count)
    }
}

pub(super) const ROW_COLUMNS: &str = "r.record, r.space, r.owner, r.ledger, r.title, r.happened, r.recorded, r.pending, \
                           r.refused, r.unwitnessed, r.contested, r.doubted, r.missing, r.state, r.confirmed, r.split";
/// How many columns that are: the place of the next.
pub(super) const ROW_WIDTH: usize = 16;

/// How a record stands as to confirmations, as its column has it.
pub(super) fn standing(confirmed: Confirmation) -> i64 {
    match confirmed {
        Confirmation::None => 0,
        Confirmation::Current => 1,
        Confirmation::Changed => 2,
        Confirmation::Recorded => 3,
    }
}

pub(super) fn read_row(row: &Row<'_>) -> rusqlite::Result<RecordRow> {
    Ok(RecordRow {
        record: RecordId(row.get(0)?),
        space: SpaceId(row.get(1)?),
        owner: OrgId(row.get(2)?),
        ledger: row.get(3)?,
        title: row.get(4)?,
        happened: row.get(5)?,
        recorded: row.get(6)?,
        pending: row.get(7)?,
        refused: row.get(8)?,
        unwitnessed: row.get(9)?,
        contested: row.get(10)?,
        doubted: row.get(11)?,
        missing: row.get(12)?,
        state: row.get(13)?,
        confirmed: match row.get(14)? {
            1 => Confirmation::Current,
            2 => Confirmation::Changed,
            3 => Confirmation::Recorded,
            _ => Confirmation::None,
        },
        split: row.get(15)?,
    })
}

impl Reader<'_> {
    /// Records with changes whose times do not fit.
    pub fn doubted(&self) -> Result<Vec<RecordRow>, StoreError> {
        let mut select = self.tx.prepare_cached(&format!(
            "SELECT {ROW_COLUMNS} FROM records r WHERE r.doubted > 0 ORDER BY r.owner, r.record"
        ))?;
        let rows = select.query_map([], read_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Statements that may have revised verdicts, and whose records are not marked yet.
    pub fn revisions(&self) -> Result<Vec<StatementId>, StoreError> {
        let mut select = self.tx.prepare_cached("SELECT statement FROM revisions")?;
        let rows = select.query_map([], |row| Ok(StatementId(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Records whose views lag, oldest mark first, each with its mark; those marked after `after`.
    pub fn dirty(&self, after: i64, limit: u64) -> Result<Vec<(RecordId, i64)>, StoreError> {
        self.marked("dirty", after, limit)
    }

    /// Which of these records' views lag, each with its mark.
    pub fn dirty_of(&self, records: &[RecordId]) -> Result<Vec<(RecordId, i64)>, StoreError> {
        let mut select = self.tx.prepare_cached("SELECT seq FROM dirty WHERE record = ?")?;
        let mut marked = Vec::new();
        for record in records {
            let seq = select.query_row([record.0], |row| row.get(0)).optional()?;
            marked.extend(seq.map(|seq| (*record, seq)));
        }
        Ok(marked)
    }

    /// Records whose documents lag, as [`Reader::dirty`].
    pub fn undocumented(&self, after: i64, limit: u64) -> Result<Vec<(RecordId, i64)>, StoreError> {
        self.marked("undocumented", after, limit)
    }

    fn marked(&self, table: &str, after: i64, limit: u64) -> Result<Vec<(RecordId, i64)>, StoreError> {
        let mut select = self.tx.prepare_cached(&format!(
            "SELECT record, seq FROM {table} WHERE seq > ? ORDER BY seq LIMIT ?"
        ))?;
        let rows = select.query_map((after, limit), |row| Ok((RecordId(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many records' views and documents lag.
    pub fn lag(&self) -> Result<(u64, u64), StoreError> {
        Ok(self.tx.query_row(
            "SELECT (SELECT count(*) FROM dirty), (SELECT count(*) FROM undocumented)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?)
    }

    /// A record's row.
    pub fn record(&self, record: &RecordId) -> Result<Option<RecordRow>, StoreError> {
        Ok(self
            .tx
            .prepare_cached(&format!("SELECT {ROW_COLUMNS} FROM records r WHERE r.record = ?"))?
            .query_row([record.0], read_row)
            .optional()?)
    }

    /// Records with contested entries, newest first, at most `limit`, and how many there are.
    pub fn contested_records(&self, limit: u64) -> Result<(Vec<RecordId>, u64), StoreError> {
        let total = self
            .tx
            .query_row("SELECT count(*) FROM records WHERE contested > 0", [], |row| {
                row.get(0)
            })?;
        let mut select = self.tx.prepare_cached(
            "SELECT record FROM records WHERE contested > 0 ORDER BY updated DESC, record LIMIT ?",
        )?;
        let rows = select.query_map([limit], |row| Ok(RecordId(row.get(0)?)))?;
        Ok((rows.collect::<Result<_, _>>()?, total))
    }

    /// Records with fields whose values nobody settled, what was changed last first, and how many there are. Annexes are
    /// left out: what they say is not in rows.
    pub fn split_records(&self, offset: u64, limit: u64) -> Result<(Vec<RecordRow>, u64), StoreError> {
        let total = self
            .tx
            .query_row("SELECT count(*) FROM records WHERE split > 0", [], |row| {
                row.get(0)
            })?;
        let mut select = self.tx.prepare_cached(&format!(
            "SELECT {ROW_COLUMNS} FROM records r WHERE r.split > 0 ORDER BY r.updated DESC, r.record LIMIT ? OFFSET ?"
        ))?;
        let rows = select.query_map((limit, offset), read_row)?;
        Ok((rows.collect::<Result<_, _>>()?, total))
    }

    /// Annexes of a record that are held and open here.
    pub fn annexes(&self, record: &RecordId) -> Result<Vec<RecordRow>, StoreError> {
        let mut select = self.tx.prepare_cached(&format!(
            "SELECT {ROW_COLUMNS} FROM records r WHERE r.main = ? ORDER BY r.ledger"
        ))?;
        let rows = select.query_map([record.0], read_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many records of a ledger each owner has.
    pub fn count_by_owner(&self, ledger: &str) -> Result<Vec<(OrgId, u64)>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT owner, count(*) FROM records WHERE ledger = ? GROUP BY owner ORDER BY owner",
        )?;
        let rows = select.query_map([ledger], |row| Ok((OrgId(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Records of any ledger, or those of some owners; annexes are part of their records.
    pub fn record_count(&self, owners: &[OrgId]) -> Result<u64, StoreError> {
        let of = match owners.is_empty() {
            true => String::new(),
            false => format!(" AND owner IN ({})", marks(owners.len())),
        };
        Ok(self
            .tx
            .prepare_cached(&format!(
                "SELECT count(*) FROM records WHERE main IS NULL AND ledger <> ''{of}"
            ))?
            .query_row(params_from_iter(owners.iter().map(|owner| owner.0)), |row| {
                row.get(0)
            })?)
    }

    /// How many records are in a space, annexes among them, and in how many of these not everything is witnessed.
    pub fn records_in(&self, space: &SpaceId) -> Result<(u64, u64), StoreError> {
        let select = "SELECT count(*), coalesce(sum(unwitnessed > 0), 0) FROM records WHERE space = ?";
        Ok(self
            .tx
            .prepare_cached(select)?
            .query_row([space.0], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// How many records an org has, and in how many of these not everything is witnessed; annexes are part of their records.
    pub fn records_of(&self, owner: &OrgId) -> Result<(u64, u64), StoreError> {
        let select = "SELECT count(*), coalesce(sum(unwitnessed > 0), 0) FROM records
             WHERE main IS NULL AND ledger <> '' AND owner = ?";
        Ok(self
            .tx
            .prepare_cached(select)?
            .query_row([owner.0], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// Every record that has entries, in order, after `after`.
    pub fn records_after(&self, after: Option<&RecordId>, limit: u64) -> Result<Vec<RecordId>, StoreError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT DISTINCT record FROM entries WHERE record > ? ORDER BY record LIMIT ?")?;
        let start = after.map_or_else(Vec::new, |record| record.0.to_vec());
        let rows = select.query_map((start, limit), |row| Ok(RecordId(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The whole table of a ledger: names of columns, and rows as JSON values, in total order.
    pub fn table(&self, ledger: &str) -> Result<(Vec<String>, Vec<Vec<serde_json::Value>>), StoreError> {
        let mut select = self.tx.prepare(&format!(
            "SELECT v.*, r.unwitnessed, r.pending, r.refused FROM {} v JOIN records r ON r.id = v._id
             ORDER BY r.happened, v.record",
            table(ledger)
        ))?;
        // All but the id, which is this store's own.
        let names: Vec<String> = select.column_names().skip(1).map(str::to_owned).collect();
        let width = names.len();
        let rows = select.query_map([], |row| (1..=width).map(|n| Ok(json(row.get(n)?))).collect())?;
        Ok((names, rows.collect::<Result<_, _>>()?))
    }

    /// A stored document: heads and bytes.
    pub fn document(&self, record: &RecordId) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        Ok(self
            .tx
            .prepare_cached("SELECT heads, bytes FROM documents WHERE record = ?")?
            .query_row([record.0], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?)
    }
}

fn json(value: Sql) -> serde_json::Value {
    match value {
        Sql::Null => serde_json::Value::Null,
        Sql::Integer(number) => number.into(),
        Sql::Real(number) => number.into(),
        Sql::Text(text) => text.into(),
        Sql::Blob(bytes) => lianzhan_protocol::codec::hex(&bytes).into(),
    }
}
