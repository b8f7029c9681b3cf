//! Rows that are written of records: in the list, in the table of the ledger, in the search index.

use lianzhan_protocol::id::{ChangeId, Hash, OrgId, RecordId, SpaceId};
use lianzhan_protocol::record::{Confirmation, Value};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, params_from_iter};

use super::attachments::Named;
use super::error::StoreError;
use super::reader::Reader;
use super::views::{identifier, standing, table};
use super::writer::{StoreEvent, Writer};

/// The rows of one record.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    /// The record.
    pub record: RecordId,
    /// Its space.
    pub space: SpaceId,
    /// The owner of the space.
    pub owner: OrgId,
    /// Its ledger's id.
    pub ledger: String,
    /// What it is about, for lists.
    pub title: String,
    /// When it happened, as stated; sorts as text.
    pub happened: String,
    /// First recorded, milliseconds since 1970, by the author's clock.
    pub recorded: i64,
    /// Last recorded.
    pub updated: i64,
    /// Changes that wait for something.
    pub pending: u64,
    /// Changes that do not count.
    pub refused: u64,
    /// Counting changes that no required parent witnessed yet.
    pub unwitnessed: u64,
    /// Changes that wait for an adoption.
    pub contested: u64,
    /// Changes whose times do not fit (`domain.md` 0, item 8).
    pub doubted: u64,
    /// Fields that it lacks to be complete.
    pub missing: u64,
    /// How it stands as to confirmations.
    pub confirmed: Confirmation,
    /// Fields with values that nobody settled.
    pub split: u64,
    /// For an annex: the record that it belongs to.
    pub main: Option<RecordId>,
    /// The folded state as JSON.
    pub state: String,
    /// Columns of the ledger's own table.
    pub columns: Vec<(String, Value)>,
    /// Text to be found, as grams.
    pub grams: String,
    /// The attachments that it names.
    pub attachments: Vec<Named>,
    /// The records and orgs that its fields name, by field.
    pub refs: Vec<(String, RecordId)>,
    /// The changes that count, from which its document is made.
    pub counting: Vec<ChangeId>,
    /// Of an erased record: the one that its erasure names as the new one.
    pub reissued: Option<RecordId>,
}

/// The rows of one record with what tells them from those that are kept, made before the writer's turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    projection: Projection,
    traces: Traces,
}

impl From<Projection> for Rows {
    fn from(projection: Projection) -> Self {
        let traces = Traces::of(&projection);
        Rows { projection, traces }
    }
}

/// What rows were made from ([`Projection`]), to tell what has to be written again.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Traces {
    shape: Vec<u8>,
    words: Vec<u8>,
    counting: Vec<u8>,
}

impl Traces {
    fn of(p: &Projection) -> Self {
        let mut shape = Vec::new();
        let mut put = |bytes: &[u8]| {
            shape.extend((bytes.len() as u64).to_be_bytes());
            shape.extend(bytes);
        };
        for text in [&p.ledger, &p.title, &p.happened] {
            put(text.as_bytes());
        }
        put(&p.space.0);
        put(&p.owner.0);
        put(&p.recorded.to_be_bytes());
        put(p.main.as_ref().map_or(&[], |main| &main.0));
        if let Some(new) = &p.reissued {
            put(&new.0);
        }
        for (name, value) in &p.columns {
            put(name.as_bytes());
            match value {
                Value::Null => put(b"0"),
                Value::Bool(value) => put(&[b'b', u8::from(*value)]),
                Value::Int(value) => put(&[b"i".as_slice(), &value.to_be_bytes()].concat()),
                Value::Text(value) => put(&[b"t".as_slice(), value.as_bytes()].concat()),
                Value::Bytes(value) => put(&[b"x".as_slice(), value].concat()),
            }
        }
        for Named { id, counts } in &p.attachments {
            put(&id.0);
            put(&[u8::from(*counts)]);
        }
        for (field, target) in &p.refs {
            put(field.as_bytes());
            put(&target.0);
        }
        put(&p.missing.to_be_bytes());
        let counting = p.counting.iter().map(|id| id.0.as_slice()).collect::<Vec<_>>();
        let digest = |of: &str, parts: &[&[u8]]| Hash::of(of, parts).0.to_vec();
        Traces {
            shape: digest("lianzhan/rows/shape", &[&shape]),
            words: digest("lianzhan/rows/words", &[p.grams.as_bytes()]),
            counting: digest("lianzhan/rows/counting", &[&counting.concat()]),
        }
    }
}

/// Rows as they are kept.
struct Kept {
    id: i64,
    ledger: String,
    traces: Option<Traces>,
}

struct Column<'a>(&'a Value);

impl rusqlite::ToSql for Column<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Bool(value) => ValueRef::Integer(i64::from(*value)),
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

/// The columns that every ledger's table begins with.
fn fixed_columns(p: &Projection) -> [Value; 3] {
    [
        Value::Bytes(p.record.0.to_vec()),
        Value::Bytes(p.owner.0.to_vec()),
        Value::Int(p.recorded),
    ]
}

/// How a record is written into the table of its ledger, and the record for which that was said first: most that are written
/// together are of one ledger.
struct Insertion<'a> {
    of: &'a Projection,
    sql: String,
}

impl<'a> Insertion<'a> {
    fn of(p: &'a Projection) -> Self {
        let names: String = p
            .columns
            .iter()
            .map(|(name, _)| format!(", \"{}\"", identifier(name)))
            .collect();
        let marks = ", ?".repeat(p.columns.len());
        let sql = format!(
            "INSERT INTO {} (_id, record, owner, recorded{names}) VALUES (?, ?, ?, ?{marks})",
            table(&p.ledger)
        );
        Insertion { of: p, sql }
    }

    fn fits(&self, p: &Projection) -> bool {
        self.of.ledger == p.ledger
            && self.of.columns.len() == p.columns.len()
            && std::iter::zip(&self.of.columns, &p.columns).all(|((a, _), (b, _))| a == b)
    }
}

impl Writer<'_> {
    /// Puts the rows of records and takes their marks away; those that were marked again since `seq` was read are left to
    /// whoever derives them next. A record whose state is empty (`None`) has no rows.
    pub fn put_projections<'a>(
        &mut self,
        done: impl IntoIterator<Item = (RecordId, i64, Option<&'a Rows>)>,
    ) -> Result<(), StoreError> {
        let mut told = Vec::new();
        let mut insertion = None;
        for (record, seq, rows) in done {
            let due = self
                .tx
                .prepare_cached("DELETE FROM dirty WHERE record = ? AND seq = ?")?
                .execute((record.0, seq))?;
            // Marked again, or done by somebody else meanwhile: what was derived here may be the older.
            if due == 0 {
                continue;
            }
            let kept = self.kept_rows(&record)?;
            let traces = rows.map(|rows| &rows.traces);
            let same = |of: fn(&Traces) -> &Vec<u8>| {
                let kept = kept.as_ref().and_then(|kept| kept.traces.as_ref());
                matches!((kept, traces), (Some(kept), Some(new)) if of(kept) == of(new))
            };
            // What has no rows named none.
            if kept.is_some() && !same(|traces| &traces.shape) {
                self.unname_attachments(&record)?;
            }
            let mut id = kept.as_ref().map(|kept| kept.id);
            match rows {
                Some(Rows { projection, traces }) if same(|traces| &traces.shape) => {
                    self.refresh_rows(projection, traces)?;
                }
                Some(Rows { projection, traces }) => {
                    if let Some(kept) = &kept {
                        self.remove_rows(&record, kept)?;
                    }
                    id = Some(self.insert_rows(projection, id, traces, &mut insertion)?);
                    let Projection {
                        space,
                        owner,
                        attachments,
                        ..
                    } = projection;
                    self.name_attachments(&record, space, owner, attachments)?;
                }
                None => {
                    if let Some(kept) = &kept {
                        self.remove_rows(&record, kept)?;
                    }
                }
            }
            if !same(|traces| &traces.words) {
                let grams = rows.map(|rows| rows.projection.grams.as_str());
                self.put_words(id, kept.is_some(), grams)?;
            }
            if !same(|traces| &traces.counting) {
                self.seq += 1;
                self.tx
                    .prepare_cached("INSERT OR REPLACE INTO undocumented (record, seq) VALUES (?,?)")?
                    .execute((record.0, self.seq))?;
            }
            told.extend(rows.map(|rows| (record, rows.projection.ledger.clone())));
        }
        self.events.push(StoreEvent::Projected(told));
        Ok(())
    }

    fn kept_rows(&self, record: &RecordId) -> Result<Option<Kept>, StoreError> {
        let select = "SELECT id, ledger, shape, words, counting FROM records WHERE record = ?";
        let kept = self.tx.prepare_cached(select)?.query_row([record.0], |row| {
            let traces = match (row.get(2)?, row.get(3)?, row.get(4)?) {
                (Some(shape), Some(words), Some(counting)) => Some(Traces {
                    shape,
                    words,
                    counting,
                }),
                _ => None,
            };
            Ok(Kept {
                id: row.get(0)?,
                ledger: row.get(1)?,
                traces,
            })
        });
        Ok(kept.optional()?)
    }

    /// Takes everything derived of a record away, also what the search index and its document have of it.
    pub(super) fn erase_rows(&self, record: &RecordId) -> Result<(), StoreError> {
        if let Some(kept) = self.kept_rows(record)? {
            self.put_words(Some(kept.id), true, None)?;
            self.remove_rows(record, &kept)?;
        }
        self.unname_attachments(record)?;
        for table in ["documents", "undocumented"] {
            self.tx
                .execute(&format!("DELETE FROM {table} WHERE record = ?"), [record.0])?;
        }
        Ok(())
    }

    fn remove_rows(&self, record: &RecordId, kept: &Kept) -> Result<(), StoreError> {
        self.tx
            .prepare_cached("DELETE FROM refs WHERE record = ?")?
            .execute([record.0])?;
        self.tx
            .prepare_cached("DELETE FROM records WHERE id = ?")?
            .execute([kept.id])?;
        match kept.ledger.is_empty() {
            true => self
                .tx
                .prepare_cached("DELETE FROM reissued WHERE old = ?")?
                .execute([record.0])?,
            false => self
                .tx
                .prepare_cached(&format!("DELETE FROM {} WHERE _id = ?", table(&kept.ledger)))?
                .execute([kept.id])?,
        };
        Ok(())
    }

    /// What the search index holds of a record, which is found there by the id of its rows.
    fn put_words(&self, id: Option<i64>, kept: bool, grams: Option<&str>) -> Result<(), StoreError> {
        if kept {
            self.tx
                .prepare_cached("DELETE FROM search WHERE rowid = ?")?
                .execute([id])?;
        }
        if let Some(grams) = grams.filter(|grams| !grams.is_empty()) {
            self.tx
                .prepare_cached("INSERT INTO search (rowid, grams) VALUES (?, ?)")?
                .execute((id, grams))?;
        }
        Ok(())
    }

    /// Writes what rises and falls with verdicts and receipts alone; all else is as it was.
    fn refresh_rows(&self, p: &Projection, traces: &Traces) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "UPDATE records SET updated = ?, pending = ?, refused = ?, unwitnessed = ?, contested = ?, doubted = ?,
                 confirmed = ?, split = ?, words = ?, counting = ?, state = ? WHERE record = ?",
            )?
            .execute((
                p.updated,
                p.pending,
                p.refused,
                p.unwitnessed,
                p.contested,
                p.doubted,
                standing(p.confirmed),
                p.split,
                &traces.words,
                &traces.counting,
                &p.state,
                p.record.0,
            ))?;
        Ok(())
    }

    /// The id of the rows: the one that is given, or a new one.
    fn insert_rows<'a>(
        &self,
        p: &'a Projection,
        id: Option<i64>,
        traces: &Traces,
        insertion: &mut Option<Insertion<'a>>,
    ) -> Result<i64, StoreError> {
        self.tx
            .prepare_cached(
                "INSERT INTO records (id, record, space, owner, ledger, title, happened, recorded, updated, pending,
                 refused, unwitnessed, contested, doubted, missing, confirmed, split, main, state, shape, words, counting)
                 VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            )?
            .execute(rusqlite::params![
                id,
                p.record.0,
                p.space.0,
                p.owner.0,
                p.ledger,
                p.title,
                p.happened,
                p.recorded,
                p.updated,
                p.pending,
                p.refused,
                p.unwitnessed,
                p.contested,
                p.doubted,
                p.missing,
                standing(p.confirmed),
                p.split,
                p.main.map(|main| main.0),
                p.state,
                traces.shape,
                traces.words,
                traces.counting,
            ])?;
        let id = self.tx.last_insert_rowid();
        for (field, target) in &p.refs {
            self.tx
                .prepare_cached("INSERT OR IGNORE INTO refs (record, field, target) VALUES (?,?,?)")?
                .execute((p.record.0, field, target.0))?;
        }
        if let Some(new) = &p.reissued {
            self.tx
                .prepare_cached("INSERT OR REPLACE INTO reissued (old, new) VALUES (?,?)")?
                .execute((p.record.0, new.0))?;
        }
        if p.ledger.is_empty() {
            return Ok(id);
        }
        let insertion = match insertion {
            Some(last) if last.fits(p) => last,
            other => other.insert(Insertion::of(p)),
        };
        let (id_column, fixed) = (Value::Int(id), fixed_columns(p));
        let values = std::iter::once(&id_column)
            .chain(&fixed)
            .chain(p.columns.iter().map(|(_, value)| value))
            .map(Column);
        self.tx
            .prepare_cached(&insertion.sql)?
            .execute(params_from_iter(values))?;
        Ok(id)
    }
}

impl Reader<'_> {
    /// Whether what is kept of a record, in the list and in the table of its ledger, is what these rows say.
    pub fn has_rows(&self, rows: &Rows) -> Result<bool, StoreError> {
        let Rows {
            projection: p,
            traces,
        } = rows;
        let kept = self
            .tx
            .prepare_cached(
                "SELECT space = ?2 AND owner = ?3 AND ledger = ?4 AND title = ?5 AND happened = ?6 AND recorded = ?7
                 AND updated = ?8 AND pending = ?9 AND refused = ?10 AND unwitnessed = ?11 AND contested = ?12
                 AND doubted = ?13 AND missing = ?14 AND confirmed = ?15 AND split = ?16 AND main IS ?17 AND state = ?18
                 AND coalesce(shape, ?19) = ?19 AND coalesce(words, ?20) = ?20 AND coalesce(counting, ?21) = ?21
                 FROM records WHERE record = ?1",
            )?
            .query_row(
                rusqlite::params![
                    p.record.0,
                    p.space.0,
                    p.owner.0,
                    p.ledger,
                    p.title,
                    p.happened,
                    p.recorded,
                    p.updated,
                    p.pending,
                    p.refused,
                    p.unwitnessed,
                    p.contested,
                    p.doubted,
                    p.missing,
                    standing(p.confirmed),
                    p.split,
                    p.main.map(|main| main.0),
                    p.state,
                    traces.shape,
                    traces.words,
                    traces.counting,
                ],
                |row| row.get::<_, bool>(0),
            )
            .optional()?;
        if kept != Some(true) || p.ledger.is_empty() {
            return Ok(kept == Some(true));
        }
        let columns: String = p
            .columns
            .iter()
            .map(|(name, _)| format!(" AND v.\"{}\" IS ?", identifier(name)))
            .collect();
        let sql = format!(
            "SELECT 1 FROM records r JOIN {} v ON v._id = r.id
             WHERE r.record = ? AND v.record = r.record AND v.owner = ? AND v.recorded = ?{columns}",
            table(&p.ledger)
        );
        let fixed = fixed_columns(p);
        let values = fixed
            .iter()
            .chain(p.columns.iter().map(|(_, value)| value))
            .map(Column);
        Ok(self.tx.prepare_cached(&sql)?.exists(params_from_iter(values))?)
    }

    /// What SQLite finds wrong with the file itself: pages, indexes, the search index. Each a sentence.
    pub fn integrity(&self) -> Result<Vec<String>, StoreError> {
        let mut select = self.tx.prepare("PRAGMA integrity_check")?;
        let rows = select.query_map([], |row| row.get::<_, String>(0))?;
        let mut found: Vec<String> = rows.collect::<Result<_, _>>()?;
        found.retain(|words| words != "ok");
        Ok(found)
    }
}
