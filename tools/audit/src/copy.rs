//! A copy of a node's directory, opened for reading alone. The copy may come from somebody who wishes to mislead: what it
//! says is bounded before it is held, its schema is run through no functions of its own, and nothing is written into it.

mod entries;
mod high_water;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use lianzhan_protocol::codec;
use lianzhan_protocol::id::{Hash, OrgId, SpaceId, StatementId};
use lianzhan_protocol::log::{LogStart, Origin, STATEMENT_MAX, TreeSize};
use lianzhan_protocol::trust::{FoundingStatement, SignedStatement};
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

pub(crate) use entries::{EntryRow, Nodes, Stored};
pub(crate) use high_water::HighWater;

const DATABASE: &str = "lianzhan.db";
const FOUNDING: &str = "founding.cose";
/// The layout of tables that is known here (`node/src/store/sql`).
const LAYOUT: u64 = 20;
/// The longest value that is read out of the database, in bytes: a folded state is the longest.
const VALUE_MAX: i32 = 64 << 20;
/// The most logs that are looked at.
const LOGS_MAX: usize = 100_000;
/// The most bytes of statements of trust that are held at one time.
const STATEMENTS_MAX: usize = 256 << 20;
/// The tables that are read. Each must be a plain table: a view would run what somebody wrote into it.
const TABLES: &[&str] = &[
    "contradictions",
    "logs",
    "entries",
    "nodes",
    "receipts",
    "receipts_of",
    "witnessed",
    "witness_log",
    "meta",
    "statements",
    "records",
    "dirty",
    "erasures",
];

/// The copy.
pub(crate) struct Copy {
    dir: PathBuf,
    database: Connection,
    /// Holds the database with what its write-ahead log adds, where there is one.
    _merged: Option<tempfile::TempDir>,
}

/// A log as the copy states it.
#[derive(Debug, Clone)]
pub(crate) struct LogRow {
    /// Row id.
    pub(crate) id: i64,
    /// Its origin.
    pub(crate) origin: Origin,
    /// What its first entry states.
    pub(crate) start: LogStart,
    /// Whether the node wrote it.
    pub(crate) own: bool,
    /// Entries.
    pub(crate) size: TreeSize,
    /// Root over them.
    pub(crate) root: Hash,
    /// The newest signed note.
    pub(crate) checkpoint: String,
    /// Why the node halted it.
    pub(crate) halted: Option<String>,
    /// Whether the columns that repeat the start agree with it.
    pub(crate) columns_agree: bool,
}

impl Copy {
    /// Opens the copy in `dir`.
    pub(crate) fn open(dir: &Path) -> anyhow::Result<Self> {
        let path = dir.join(DATABASE);
        ensure!(path.is_file(), "{}: no such file", path.display());
        let wal = dir.join(format!("{DATABASE}-wal"));
        let merged = match std::fs::metadata(&wal) {
            Ok(found) if found.len() > 0 => Some(merge(&path, &wal)?),
            _ => None,
        };
        let database = match &merged {
            Some(merged) => connect(&merged.path().join(DATABASE), "mode=rw"),
            None => connect(&path, "mode=ro&immutable=1"),
        };
        let database = database.with_context(|| path.display().to_string())?;
        guard(&database).with_context(|| path.display().to_string())?;
        Ok(Copy {
            dir: dir.to_owned(),
            database,
            _merged: merged,
        })
    }

    /// The founding statement in the directory.
    pub(crate) fn founding(&self) -> anyhow::Result<FoundingStatement> {
        read_founding(&self.dir.join(FOUNDING))
    }

    /// Marks of what was signed, if the copy has them.
    pub(crate) fn high_water(&self) -> anyhow::Result<Option<HighWater>> {
        HighWater::read(&self.dir)
    }

    /// The database, for the queries of one check.
    pub(crate) fn database(&self) -> &Connection {
        &self.database
    }

    /// The random id of the node's witness log; before those were random it was this one.
    pub(crate) fn witness_epoch(&self) -> anyhow::Result<[u8; 16]> {
        let mut select = self
            .database
            .prepare("SELECT value FROM meta WHERE key = 'witness_epoch'")?;
        let mut rows = select.query([])?;
        let Some(row) = rows.next()? else {
            return Ok([0; 16]);
        };
        let bytes = blob(row, 0, 16)?;
        <[u8; 16]>::try_from(bytes).context("the id of the witness log is not one")
    }

    /// Every log, by origin. A row that is none gives what is wrong with it.
    pub(crate) fn logs(&self) -> anyhow::Result<Vec<Result<LogRow, String>>> {
        let mut select = self.database.prepare(
            "SELECT id, origin, space, start, org, own, size, root, checkpoint, checkpoint_size, halted FROM logs ORDER BY origin",
        )?;
        let mut rows = select.query([])?;
        let mut logs = Vec::new();
        while let Some(row) = rows.next()? {
            ensure!(logs.len() < LOGS_MAX, "more than {LOGS_MAX} logs");
            let name = row.get::<_, String>(1).unwrap_or_else(|_| "?".into());
            logs.push(LogRow::read(row).map_err(|error| format!("{name}: {error}")));
        }
        Ok(logs)
    }

    /// The statements of trust, with the ids under which they stand.
    pub(crate) fn statements(
        &self,
        mut take: impl FnMut(StatementId, Result<SignedStatement, String>),
    ) -> anyhow::Result<()> {
        let mut select = self
            .database
            .prepare("SELECT id, bytes FROM statements ORDER BY id")?;
        let mut rows = select.query([])?;
        let mut bytes = 0;
        while let Some(row) = rows.next()? {
            let id = StatementId(row.get(0)?);
            let found = blob(row, 1, SignedStatement::MAX)?;
            bytes += found.len();
            ensure!(
                bytes <= STATEMENTS_MAX,
                "more than {STATEMENTS_MAX} bytes of statements"
            );
            take(
                id,
                SignedStatement::open(found).map_err(|error| error.to_string()),
            );
        }
        Ok(())
    }

    /// How many entries belong to no log.
    pub(crate) fn orphans(&self) -> anyhow::Result<u64> {
        let sql = "SELECT count(*) FROM entries WHERE log NOT IN (SELECT id FROM logs)";
        Ok(self.database.query_row(sql, [], |row| row.get(0))?)
    }
}

/// Reads a founding statement from a file no longer than one may be.
pub(crate) fn read_founding(path: &Path) -> anyhow::Result<FoundingStatement> {
    let bytes = read_bounded(path, FoundingStatement::MAX)?;
    FoundingStatement::open(&bytes).with_context(|| path.display().to_string())
}

/// Reads a file of at most `max` bytes.
pub(crate) fn read_bounded(path: &Path, max: usize) -> anyhow::Result<Vec<u8>> {
    let length = std::fs::metadata(path)
        .with_context(|| path.display().to_string())?
        .len();
    if length > max as u64 {
        bail!("{}: longer than {max} bytes", path.display());
    }
    std::fs::read(path).with_context(|| path.display().to_string())
}

/// A blob of at most `max` bytes, not copied.
pub(crate) fn blob<'r>(row: &'r Row<'_>, column: usize, max: usize) -> anyhow::Result<&'r [u8]> {
    let bytes = row.get_ref(column)?.as_blob()?;
    ensure!(bytes.len() <= max, "column {column}: longer than {max} bytes");
    Ok(bytes)
}

impl LogRow {
    fn read(row: &Row<'_>) -> anyhow::Result<Self> {
        let origin = Origin::parse(row.get_ref(1)?.as_str()?)?;
        let start: LogStart = codec::decode(blob(row, 3, STATEMENT_MAX)?, STATEMENT_MAX)?;
        let (space, org): ([u8; 32], [u8; 16]) = (row.get(2)?, row.get(4)?);
        let columns_agree =
            SpaceId(space) == start.space.id() && OrgId(org) == start.org && start.origin() == origin;
        let checkpoint = row.get_ref(8)?.as_str()?;
        ensure!(
            checkpoint.len() <= STATEMENT_MAX,
            "checkpoint: longer than {STATEMENT_MAX} bytes"
        );
        let size = TreeSize(row.get(6)?);
        ensure!(size <= TreeSize::MAX, "size out of range");
        Ok(LogRow {
            id: row.get(0)?,
            origin,
            start,
            own: row.get(5)?,
            size,
            root: Hash(row.get(7)?),
            checkpoint: checkpoint.to_owned(),
            halted: match row.get_ref(10)? {
                ValueRef::Null => None,
                text => Some(text.as_str()?.chars().take(300).collect()),
            },
            columns_agree,
        })
    }
}

/// Opens the database by a URI with this query.
fn connect(path: &Path, query: &str) -> anyhow::Result<Connection> {
    let path = path.canonicalize()?;
    let path = path.to_str().context("the path is not UTF-8")?;
    let mut uri = String::from("file:");
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => uri.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    let flags = if query == "mode=rw" {
        OpenFlags::SQLITE_OPEN_READ_WRITE
    } else {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    };
    let flags = flags | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(format!("{uri}?{query}"), flags)?)
}

/// Database and write-ahead log, side by side in a place of our own: reading a log needs an index file beside it, and the
/// copy stays as it is.
fn merge(database: &Path, wal: &Path) -> anyhow::Result<tempfile::TempDir> {
    let place = tempfile::tempdir()?;
    for (from, name) in [(database, DATABASE.to_owned()), (wal, format!("{DATABASE}-wal"))] {
        std::fs::copy(from, place.path().join(name)).with_context(|| from.display().to_string())?;
    }
    Ok(place)
}

/// What makes a database from a stranger safe to read.
fn guard(database: &Connection) -> anyhow::Result<()> {
    use rusqlite::config::DbConfig;
    database.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_MAX)?;
    database.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    database.pragma_update(None, "cell_size_check", true)?;
    database.pragma_update(None, "mmap_size", 0)?;
    database.pragma_update(None, "query_only", true)?;
    let layout: u64 = database.pragma_query_value(None, "user_version", |row| row.get(0))?;
    ensure!(
        layout == LAYOUT,
        "the database has layout {layout}, this program knows layout {LAYOUT}"
    );
    for table in TABLES {
        let sql =
            "SELECT type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' FROM sqlite_schema WHERE name = ?";
        let plain: bool = database
            .query_row(sql, [table], |row| row.get(0))
            .unwrap_or(false);
        ensure!(plain, "{table}: not a table");
    }
    Ok(())
}
