//! Connections that only read, kept for the next who asks while they are in use, and closed when nobody has asked for a while:
//! each keeps pages and compiled statements in memory, and a machine may run many nodes.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::error::StoreError;

/// Most that wait for their next use.
const IDLE_MAX: usize = 4;
/// Pages that each of them keeps, as SQLite writes it: in KiB, below zero. What they read lies in the system's cache anyway.
const CACHE: i64 = -2_000;
/// A connection that nobody needed for so long is closed, and the writer gives up what it keeps. Once it has, and none is open, it
/// looks again after eight times as long.
pub(super) const REST: Duration = Duration::from_secs(3);

pub(super) struct Readers {
    path: PathBuf,
    rest: Duration,
    /// Those that wait, with when they were last used: the one that was used last is used next, so the first are the oldest.
    idle: Mutex<Vec<(Instant, Connection)>>,
}

impl Readers {
    /// Of the database at `path`; none is open yet. Those that nobody needed for `rest` are closed.
    pub(super) fn of(path: PathBuf, rest: Duration) -> Self {
        Readers {
            path,
            rest,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Where the database is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// After how long one is closed that nobody needs.
    pub(super) fn resting(&self) -> Duration {
        self.rest
    }

    /// How many are open and wait.
    pub(super) fn waiting(&self) -> usize {
        self.idle().len()
    }

    /// One that waits, or another one.
    pub(super) fn take(&self) -> Result<Connection, StoreError> {
        if let Some((_, connection)) = self.idle().pop() {
            return Ok(connection);
        }
        let connection = Connection::open(&self.path)?;
        super::configure(&connection)?;
        connection.pragma_update(None, "cache_size", CACHE)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }

    /// It waits for its next use; those that have waited too long are closed.
    pub(super) fn give(&self, connection: Connection) {
        let now = Instant::now();
        let closed = {
            let mut idle = self.idle();
            let old = self.old(&idle, now);
            let closed: Vec<_> = idle.drain(..old).collect();
            if idle.len() < IDLE_MAX {
                idle.push((now, connection));
            }
            closed
        };
        // Not under the lock: others read meanwhile.
        drop(closed);
    }

    /// Closes those that nobody needed for long.
    pub(super) fn rest(&self) {
        let closed: Vec<_> = {
            let mut idle = self.idle();
            let old = self.old(&idle, Instant::now());
            idle.drain(..old).collect()
        };
        drop(closed);
    }

    fn old(&self, idle: &[(Instant, Connection)], now: Instant) -> usize {
        idle.partition_point(|(used, _)| now.duration_since(*used) >= self.rest)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Instant, Connection)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
