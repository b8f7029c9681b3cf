//! A copy of the database as it is at one moment, while others go on writing it.

use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::{DATABASE, StoreError};

/// A small value of a database that is nobody's store.
pub fn small_value(path: &Path, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut select = connection.prepare("SELECT value FROM meta WHERE key = ?")?;
    Ok(select.query_row([key], |row| row.get(0)).optional()?)
}

/// Pages copied between two calls of `progress`.
const STEP_PAGES: i32 = 1000;

/// Copies the database of the node in `dir` to the new file `to`. `progress` is told pages done, of how many.
pub fn snapshot(dir: &Path, to: &Path, mut progress: impl FnMut(u64, u64)) -> Result<(), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(dir.join(DATABASE), flags)?;
    source.busy_timeout(std::time::Duration::from_secs(10))?;
    // Held open, so that a commit of another program does not make SQLite begin anew.
    let moment = source.unchecked_transaction()?;
    moment.query_row("SELECT count(*) FROM meta", [], |_| Ok(()))?;
    let mut target = Connection::open(to)?;
    let copying = Backup::new(&source, &mut target)?;
    loop {
        let step = copying.step(STEP_PAGES)?;
        let so_far = copying.progress();
        let count = |pages: i32| u64::try_from(pages).unwrap_or_default();
        progress(
            count(so_far.pagecount - so_far.remaining),
            count(so_far.pagecount),
        );
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            _ => std::thread::sleep(std::time::Duration::from_millis(50)),
        }
    }
    drop(copying);
    moment.finish()?;
    // What people are typing is nobody's copy.
    let drafts: i64 = target.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'drafts'",
        [],
        |row| row.get(0),
    )?;
    if drafts > 0 {
        target.execute_batch("PRAGMA secure_delete = ON; DELETE FROM drafts;")?;
    }
    // One file, whole by itself.
    target.pragma_update(None, "journal_mode", "delete")?;
    target.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// Marks every record with sealed entries, in a database that is nobody's store: its rows were derived with a key that whoever
/// takes the database up may not have, or have where the rows were made without.
pub fn mark_sealed(path: &Path) -> Result<(), StoreError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.execute(
        "INSERT OR IGNORE INTO dirty (record, seq)
             SELECT record, row_number() OVER (ORDER BY record) + max(
                 (SELECT coalesce(max(seq), 0) FROM dirty), (SELECT coalesce(max(seq), 0) FROM undocumented))
             FROM (SELECT DISTINCT record FROM entries WHERE kind = 3 AND record IS NOT NULL)",
        [],
    )?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}
