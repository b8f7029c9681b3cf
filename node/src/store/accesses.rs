//! The table of who opened personal parts, and what for.

use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::time::Timestamp;
use rusqlite::types::Value as Sql;
use rusqlite::{Row, params_from_iter};

use super::error::StoreError;
use super::reader::Reader;
use super::writer::Writer;

/// Somebody opened the personal parts of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRow {
    /// When, by this machine's clock.
    pub at: Timestamp,
    /// The reader's key.
    pub reader: PublicKey,
    /// The reader's name as it was then.
    pub name: String,
    /// The record.
    pub record: RecordId,
    /// How: its identifier.
    pub way: String,
    /// What for: its identifier.
    pub purpose: String,
    /// What for in words, where the purpose is another one.
    pub words: String,
}

/// Which of them are asked for.
#[derive(Debug, Clone, Default)]
pub struct AccessFilter {
    /// Those of one record.
    pub record: Option<RecordId>,
    /// Those by one key.
    pub reader: Option<PublicKey>,
    /// Those by readers whose name has this in it.
    pub name: String,
    /// Those with one purpose.
    pub purpose: String,
    /// From when on.
    pub since: Option<Timestamp>,
    /// Before when.
    pub until: Option<Timestamp>,
    /// So many are passed over.
    pub offset: u64,
    /// So many at most.
    pub limit: u64,
}

impl AccessFilter {
    fn sql(&self) -> (String, Vec<Sql>) {
        let (mut parts, mut values) = (vec!["1".to_owned()], Vec::new());
        let mut put = |part: &str, value: Sql| {
            parts.push(part.to_owned());
            values.push(value);
        };
        if let Some(record) = &self.record {
            put("record = ?", Sql::Blob(record.0.to_vec()));
        }
        if let Some(reader) = &self.reader {
            put("reader = ?", Sql::Blob(reader.ed25519_bytes().to_vec()));
        }
        if !self.name.is_empty() {
            put("instr(name, ?) > 0", Sql::Text(self.name.clone()));
        }
        if !self.purpose.is_empty() {
            put("purpose = ?", Sql::Text(self.purpose.clone()));
        }
        if let Some(since) = self.since {
            put("at >= ?", Sql::Integer(since.0));
        }
        if let Some(until) = self.until {
            put("at < ?", Sql::Integer(until.0));
        }
        (parts.join(" AND "), values)
    }
}

impl Writer<'_> {
    /// Notes that somebody opened personal parts.
    pub fn note_accesses(&mut self, rows: &[AccessRow]) -> Result<(), StoreError> {
        let mut insert = self.tx.prepare_cached(
            "INSERT INTO accesses (at, reader, name, record, way, purpose, words) VALUES (?,?,?,?,?,?,?)",
        )?;
        for row in rows {
            insert.execute((
                row.at.0,
                row.reader.ed25519_bytes(),
                &row.name,
                row.record.0,
                &row.way,
                &row.purpose,
                &row.words,
            ))?;
        }
        Ok(())
    }

    /// Gives up what was noted from one time on and before another.
    pub fn drop_accesses(&mut self, over: &[(Timestamp, Timestamp)]) -> Result<(), StoreError> {
        let mut drop = self
            .tx
            .prepare_cached("DELETE FROM accesses WHERE at >= ? AND at < ?")?;
        for (from, before) in over {
            drop.execute((from.0, before.0))?;
        }
        Ok(())
    }
}

impl Reader<'_> {
    /// Who opened personal parts, the latest first, and how many there are in all.
    pub fn accesses(&self, filter: &AccessFilter) -> Result<(Vec<AccessRow>, u64), StoreError> {
        let (fits, mut values) = filter.sql();
        let count = self.tx.query_row(
            &format!("SELECT count(*) FROM accesses WHERE {fits}"),
            params_from_iter(values.iter()),
            |row| row.get(0),
        )?;
        let bound = |number: u64| Sql::Integer(i64::try_from(number).unwrap_or(i64::MAX));
        values.extend([bound(filter.limit), bound(filter.offset)]);
        let mut select = self.tx.prepare(&format!(
            "SELECT at, reader, name, record, way, purpose, words FROM accesses WHERE {fits}
             ORDER BY at DESC, id DESC LIMIT ? OFFSET ?"
        ))?;
        let rows = select.query_map(params_from_iter(values), read)?;
        let rows: Vec<Option<AccessRow>> = rows.collect::<Result<_, _>>()?;
        Ok((rows.into_iter().flatten().collect(), count))
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Option<AccessRow>> {
    let Ok(reader) = PublicKey::from_ed25519(row.get(1)?) else {
        return Ok(None);
    };
    Ok(Some(AccessRow {
        at: Timestamp(row.get(0)?),
        reader,
        name: row.get(2)?,
        record: RecordId(row.get(3)?),
        way: row.get(4)?,
        purpose: row.get(5)?,
        words: row.get(6)?,
    }))
}
