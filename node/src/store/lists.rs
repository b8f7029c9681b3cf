//! Lists of a ledger's records: filtered, sorted and cut by SQL, and what names a record.

use lianzhan_protocol::id::{OrgId, RecordId};
use lianzhan_protocol::record::Value;
use rusqlite::params_from_iter;
use rusqlite::types::Value as Sql;

use super::error::StoreError;
use super::reader::Reader;
use super::views::{ROW_COLUMNS, ROW_WIDTH, RecordRow, RowFilter, identifier, read_row, standing, table};

/// A list that is glanced at counts no further than this.
pub const COUNT_MAX: u64 = 10_000;

/// A value that is sought.
#[derive(Debug, Clone, PartialEq)]
pub struct Sought {
    /// The value.
    pub value: Value,
    /// In records that happened on or after this date; always, if there is none.
    pub since: Option<String>,
    /// In records that happened on or before this date.
    pub until: Option<String>,
}

impl From<Value> for Sought {
    fn from(value: Value) -> Self {
        Sought {
            value,
            since: None,
            until: None,
        }
    }
}

impl Sought {
    /// `holds` says of the value, whose place it has a mark for, that it is there.
    fn sql(&self, holds: &str, values: &mut Vec<Sql>) -> String {
        let mut all = vec![holds.to_owned()];
        values.push(sql(&self.value));
        if let Some(since) = &self.since {
            all.push("r.happened >= ?".into());
            values.push(Sql::Text(since.clone()));
        }
        if let Some(until) = &self.until {
            all.push("r.happened <= ?".into());
            values.push(Sql::Text(format!("{until}~")));
        }
        all.join(" AND ")
    }
}

/// What must hold of a column of a ledger's table. A column is named as the field is, a set's holds JSON.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// It has one of these values.
    Is(String, Vec<Sought>),
    /// It is a set that has one of these members.
    Has(String, Vec<Sought>),
    /// It has this value or a greater one.
    From(String, Value),
    /// It has this value or a smaller one; of a text, one that begins with it as well.
    Until(String, Value),
    /// It is empty.
    Empty(String),
}

/// The order of a list. Each ends with the record's id, so that it is total.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Order {
    /// The newest stated date first.
    #[default]
    Newest,
    /// The oldest stated date first.
    Oldest,
    /// What was changed last first.
    Changed,
    /// By title.
    Title,
    /// By a column of the ledger's table, empty ones last.
    Column {
        /// Which.
        name: String,
        /// The greatest first.
        down: bool,
    },
}

/// Of what a search finds, the newest so many are ranked: a word that stands in nearly every record takes no longer.
const RANKED_MAX: u64 = 10_000;

/// What an FTS5 expression finds in all ledgers.
#[derive(Debug, Clone)]
pub struct Found {
    /// The rows asked for, best first.
    pub rows: Vec<RecordRow>,
    /// How many there are of each ledger, most first, among the newest 10,000.
    pub ledgers: Vec<(String, u64)>,
}

/// A ledger in figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerFigures {
    /// Its id.
    pub ledger: String,
    /// Records held here.
    pub records: u64,
    /// Those of the orgs that were asked for.
    pub own: u64,
    /// Of those, the ones that lack something to be complete.
    pub incomplete: u64,
}

/// A record's title, for choosing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TitleRow {
    /// The record.
    pub record: RecordId,
    /// Its owner.
    pub owner: OrgId,
    /// Its ledger.
    pub ledger: String,
    /// Its title.
    pub title: String,
    /// When, as stated.
    pub happened: String,
}

/// A record that names another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    /// The one that names.
    pub row: RecordRow,
    /// By which field.
    pub field: String,
}

impl Condition {
    fn sql(&self, values: &mut Vec<Sql>) -> String {
        let quoted = |column: &str| format!("v.\"{}\"", identifier(column));
        match self {
            Condition::Is(column, any) => either(any, &format!("{} = ?", quoted(column)), values),
            Condition::Has(column, any) => {
                let holds = format!(
                    "EXISTS (SELECT 1 FROM json_each({}) j WHERE j.value = ?)",
                    quoted(column)
                );
                either(any, &holds, values)
            }
            Condition::From(column, value) => {
                values.push(sql(value));
                format!("{} >= ?", quoted(column))
            }
            Condition::Until(column, value) => {
                values.push(match value {
                    Value::Text(text) => Sql::Text(format!("{text}~")),
                    other => sql(other),
                });
                format!("{} <= ?", quoted(column))
            }
            Condition::Empty(column) => format!("{} IS NULL", quoted(column)),
        }
    }
}

impl Order {
    fn sql(&self) -> String {
        match self {
            Order::Newest => "r.happened DESC, r.record".into(),
            Order::Oldest => "r.happened, r.record DESC".into(),
            Order::Changed => "r.updated DESC, r.record".into(),
            Order::Title => "r.title, r.record".into(),
            Order::Column { name, down } => {
                let column = identifier(name);
                let way = if *down { "DESC" } else { "ASC" };
                format!("v.\"{column}\" IS NULL, v.\"{column}\" {way}, r.record")
            }
        }
    }
}

/// That one of several is there. Of none, none is.
fn either(any: &[Sought], holds: &str, values: &mut Vec<Sql>) -> String {
    let each: Vec<String> = any.iter().map(|sought| sought.sql(holds, values)).collect();
    match each.is_empty() {
        true => "FALSE".to_owned(),
        false => format!("({})", each.join(" OR ")),
    }
}

/// `?` for each of so many.
pub(super) fn marks(count: usize) -> String {
    vec!["?"; count].join(", ")
}

/// A value as it stands in a column.
fn sql(value: &Value) -> Sql {
    match value {
        Value::Null => Sql::Null,
        Value::Bool(value) => Sql::Integer(i64::from(*value)),
        Value::Int(value) => Sql::Integer(*value),
        Value::Text(value) => Sql::Text(value.clone()),
        Value::Bytes(value) => Sql::Blob(value.clone()),
    }
}

impl RowFilter {
    /// Whether a column of the ledger's own table is asked for.
    fn asks_columns(&self) -> bool {
        !(self.equals.is_empty() && self.any_empty.is_empty() && self.conditions.is_empty())
            || matches!(self.order, Order::Column { .. })
    }

    fn conditions(&self, ledger: &str, values: &mut Vec<Sql>) -> String {
        let mut all = vec!["r.ledger = ?".to_owned()];
        values.push(Sql::Text(ledger.to_owned()));
        if !self.owners.is_empty() {
            all.push(format!("r.owner IN ({})", marks(self.owners.len())));
            values.extend(self.owners.iter().map(|owner| Sql::Blob(owner.0.to_vec())));
        }
        if let Some(since) = &self.since {
            all.push("r.happened >= ?".into());
            values.push(Sql::Text(since.clone()));
        }
        if let Some(until) = &self.until {
            all.push("r.happened <= ?".into());
            values.push(Sql::Text(format!("{until}~")));
        }
        if self.incomplete {
            all.push("r.missing > 0".into());
        }
        if let Some(confirmed) = self.confirmed {
            all.push("r.confirmed = ?".into());
            values.push(Sql::Integer(standing(confirmed)));
        }
        if self.split {
            all.push("r.split > 0".into());
        }
        for (column, text) in &self.equals {
            all.push(Condition::Is(column.clone(), vec![Value::Text(text.clone()).into()]).sql(values));
        }
        if !self.any_empty.is_empty() {
            let empty: Vec<String> = self
                .any_empty
                .iter()
                .map(|column| Condition::Empty(column.clone()).sql(values))
                .collect();
            all.push(format!("({})", empty.join(" OR ")));
        }
        all.extend(self.conditions.iter().map(|condition| condition.sql(values)));
        if let Some(matches) = &self.matches {
            all.push("r.id IN (SELECT rowid FROM search WHERE search MATCH ?)".into());
            values.push(Sql::Text(matches.clone()));
        }
        all.join(" AND ")
    }
}

impl Reader<'_> {
    /// Rows of a ledger in the order asked for, by itself newest first, and how many there are in all. The order is total.
    /// A list that is only glanced at is sorted by a column only while it is short.
    pub fn rows(&self, ledger: &str, filter: &RowFilter) -> Result<(Vec<RecordRow>, u64), StoreError> {
        let mut values: Vec<Sql> = Vec::new();
        let conditions = filter.conditions(ledger, &mut values);
        let join = match filter.asks_columns() {
            true => format!(" JOIN {} v ON v._id = r.id", table(ledger)),
            false => String::new(),
        };
        let from = format!("FROM records r{join} WHERE {conditions}");
        let counted = match filter.glance {
            true => format!("SELECT count(*) FROM (SELECT 1 {from} LIMIT {})", COUNT_MAX + 1),
            false => format!("SELECT count(*) {from}"),
        };
        let count: u64 = self
            .tx
            .prepare_cached(&counted)?
            .query_row(params_from_iter(values.iter()), |row| row.get(0))?;
        if filter.limit == 0 {
            return Ok((Vec::new(), count));
        }
        let order = match &filter.order {
            Order::Column { .. } if filter.glance && count > COUNT_MAX => Order::Newest.sql(),
            order => order.sql(),
        };
        values.push(Sql::Integer(i64::try_from(filter.limit).unwrap_or(i64::MAX)));
        values.push(Sql::Integer(i64::try_from(filter.offset).unwrap_or(i64::MAX)));
        let mut select = self.tx.prepare_cached(&format!(
            "SELECT {ROW_COLUMNS} {from} ORDER BY {order} LIMIT ? OFFSET ?"
        ))?;
        let rows = select.query_map(params_from_iter(values), read_row)?;
        Ok((rows.collect::<Result<_, _>>()?, count))
    }

    /// Records of all ledgers, or of one, that an FTS5 expression finds. Those stand first whose title holds `words`, then in
    /// the order of BM25, then the newest; the order is total.
    pub fn found(
        &self,
        matches: &str,
        words: &str,
        ledger: Option<&str>,
        (offset, limit): (u64, u64),
    ) -> Result<Found, StoreError> {
        let newest = format!(
            "(SELECT rowid, rank AS score FROM search WHERE search MATCH ?1 ORDER BY rowid DESC LIMIT {RANKED_MAX}) s
             JOIN records r ON r.id = s.rowid WHERE r.ledger <> ''"
        );
        let mut select = self.tx.prepare_cached(&format!(
            "SELECT r.ledger, count(*) FROM {newest} GROUP BY r.ledger ORDER BY 2 DESC, 1"
        ))?;
        let ledgers = select.query_map([matches], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let ledgers = ledgers.collect::<Result<_, _>>()?;
        let mut select = self.tx.prepare_cached(&format!(
            "SELECT {ROW_COLUMNS} FROM {newest} AND (?3 IS NULL OR r.ledger = ?3)
             ORDER BY instr(lower(r.title), lower(?2)) = 0, s.score, r.happened DESC, r.record LIMIT ?4 OFFSET ?5"
        ))?;
        let rows = select.query_map((matches, words, ledger, limit, offset), read_row)?;
        Ok(Found {
            rows: rows.collect::<Result<_, _>>()?,
            ledgers,
        })
    }

    /// The ids of all records that a list would show, in its order: what is read of them one by one later is a whole,
    /// though others go on writing meanwhile.
    pub fn record_ids(&self, ledger: &str, filter: &RowFilter) -> Result<Vec<RecordId>, StoreError> {
        let mut values: Vec<Sql> = Vec::new();
        let conditions = filter.conditions(ledger, &mut values);
        let join = match filter.asks_columns() {
            true => format!(" JOIN {} v ON v._id = r.id", table(ledger)),
            false => String::new(),
        };
        let mut select = self.tx.prepare_cached(&format!(
            "SELECT r.record FROM records r{join} WHERE {conditions} ORDER BY {}",
            filter.order.sql()
        ))?;
        let ids = select.query_map(params_from_iter(values), |row| Ok(RecordId(row.get(0)?)))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    /// Every record of a ledger, by id.
    pub fn of_ledger(&self, ledger: &str) -> Result<Vec<RecordId>, StoreError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT record FROM records WHERE ledger = ? ORDER BY record")?;
        let rows = select.query_map([ledger], |row| Ok(RecordId(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every ledger with records, in figures; the records of `own` orgs are counted apart.
    pub fn ledger_figures(&self, own: &[OrgId]) -> Result<Vec<LedgerFigures>, StoreError> {
        let own_marks = marks(own.len());
        let mut select = self.tx.prepare_cached(&format!(
            "SELECT ledger, count(*), sum(owner IN ({own_marks})), sum(owner IN ({own_marks}) AND missing > 0)
             FROM records WHERE ledger <> '' GROUP BY ledger ORDER BY ledger"
        ))?;
        let owners = own.iter().chain(own).map(|owner| owner.0);
        let rows = select.query_map(params_from_iter(owners), |row| {
            Ok(LedgerFigures {
                ledger: row.get(0)?,
                records: row.get(1)?,
                own: row.get(2)?,
                incomplete: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Titles of a ledger: those that an FTS5 expression finds, or the first; at most `limit`.
    pub fn titles(
        &self,
        ledger: &str,
        matches: Option<&str>,
        limit: u64,
    ) -> Result<Vec<TitleRow>, StoreError> {
        let found = match matches {
            Some(_) => "r.id IN (SELECT rowid FROM search WHERE search MATCH ?2)",
            None => "?2 IS NULL",
        };
        let mut select = self.tx.prepare_cached(&format!(
            "SELECT r.record, r.owner, r.ledger, r.title, r.happened FROM records r
             WHERE r.ledger = ?1 AND {found} ORDER BY r.title, r.record LIMIT ?3"
        ))?;
        let rows = select.query_map((ledger, matches, limit), read_title)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Records of a ledger with exactly this title.
    pub fn titled(&self, ledger: &str, title: &str, limit: u64) -> Result<Vec<TitleRow>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT r.record, r.owner, r.ledger, r.title, r.happened FROM records r
             WHERE r.ledger = ? AND r.title = ? ORDER BY r.record DESC LIMIT ?",
        )?;
        let rows = select.query_map((ledger, title, limit), read_title)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The title of a record.
    pub fn title(&self, record: &RecordId) -> Result<Option<TitleRow>, StoreError> {
        use rusqlite::OptionalExtension;
        Ok(self
            .tx
            .prepare_cached(
                "SELECT r.record, r.owner, r.ledger, r.title, r.happened FROM records r WHERE r.record = ?",
            )?
            .query_row([record.0], read_title)
            .optional()?)
    }

    /// Records of which a field names this one, by ledger and then the newest first; at most `limit`, and how many in all,
    /// counted up to [`COUNT_MAX`].
    pub fn naming(&self, target: &RecordId, limit: u64) -> Result<(Vec<Naming>, u64), StoreError> {
        let from = "FROM refs f JOIN records r ON r.record = f.record WHERE f.target = ? AND r.ledger <> ''";
        let count = self
            .tx
            .prepare_cached(&format!(
                "SELECT count(*) FROM (SELECT 1 {from} LIMIT {})",
                COUNT_MAX + 1
            ))?
            .query_row([target.0], |row| row.get(0))?;
        let mut select = self.tx.prepare_cached(&format!(
            "SELECT {ROW_COLUMNS}, f.field {from} ORDER BY r.ledger, r.happened DESC, r.record, f.field LIMIT ?"
        ))?;
        let rows = select.query_map((target.0, limit), |row| {
            Ok(Naming {
                row: read_row(row)?,
                field: row.get(ROW_WIDTH)?,
            })
        })?;
        Ok((rows.collect::<Result<_, _>>()?, count))
    }

    /// What the fields of a record name, as the views hold it.
    pub fn named_records(&self, record: &RecordId) -> Result<Vec<(String, RecordId)>, StoreError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT field, target FROM refs WHERE record = ? ORDER BY field, target")?;
        let rows = select.query_map([record.0], |row| Ok((row.get(0)?, RecordId(row.get(1)?))))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn read_title(row: &rusqlite::Row<'_>) -> rusqlite::Result<TitleRow> {
    Ok(TitleRow {
        record: RecordId(row.get(0)?),
        owner: OrgId(row.get(1)?),
        ledger: row.get(2)?,
        title: row.get(3)?,
        happened: row.get(4)?,
    })
}
