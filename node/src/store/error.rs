//! Why the store refuses or fails.

use lianzhan_protocol::log::Origin;

/// Keeps apart what a peer or caller did wrong from what our disk did.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite: the disk is full, the file is damaged, or a query is wrong.
    #[error("database: {0}{advice}", advice = if damages(.0) { DAMAGED } else { "" })]
    Sqlite(#[from] rusqlite::Error),
    /// A file beside the database.
    #[error("file: {0}")]
    Disk(#[from] std::io::Error),
    /// The writer has stopped.
    #[error("the store has stopped")]
    Stopped,
    /// SQLite gave up the whole transaction in the middle of it.
    #[error("the database gave up the transaction: the disk is full, or fails")]
    RolledBack,
    /// A transaction found no room; nothing of it was acknowledged.
    #[error("nothing was saved, the disk is full: {0}")]
    Full(String),
    /// It is durable, and the high-water file does not say so yet: nobody is shown it before.
    #[error("it is saved, but the high-water file could not be written, so nobody is shown it yet: {0}")]
    Unmarked(String),
    /// Written by a later version of this program.
    #[error(
        "the database has schema {have}, this program knows up to {known}: it was written by a later version, and stays as it is; update the program"
    )]
    Newer {
        /// In the file.
        have: usize,
        /// Known here.
        known: usize,
    },
    /// Its schema could not be brought to that of this program; the file is as it was.
    #[error(
        "the database could not be brought from schema {have} to {known}: {reason}. The file is as it was: go on with the \
         program that wrote it, and tell who provides this one"
    )]
    Upgrade {
        /// In the file.
        have: usize,
        /// Known here.
        known: usize,
        /// What failed.
        reason: String,
    },
    /// Nothing is written to this log any more.
    #[error("log {origin} is halted: {reason}")]
    Halted {
        /// The log.
        origin: Origin,
        /// Why.
        reason: String,
    },
    /// The log is one of an earlier epoch of this node.
    #[error("this node writes log {0} no more, it goes on in a new one: try again")]
    Closed(Origin),
    /// No such log here.
    #[error("log {0} is not here")]
    UnknownLog(Origin),
    /// The range was verified against another state of the log than the one stored now.
    #[error("log {origin} has grown to {size} meanwhile")]
    Moved {
        /// The log.
        origin: Origin,
        /// Its size.
        size: u64,
    },
    /// What is stored contradicts itself.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
    /// A use case refused the write inside of the transaction.
    #[error("{0}")]
    Refused(String),
}

/// What is to be done about a file that is no database any more.
const DAMAGED: &str =
    ". Keep this directory as it is, and put the node back from its backup in another one (lianzhan restore)";

fn damages(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt)
    )
}

impl StoreError {
    /// Whether the file of the database is damaged.
    pub fn is_damaged(&self) -> bool {
        match self {
            StoreError::Sqlite(error) => damages(error),
            StoreError::Corrupt(_) => true,
            _ => false,
        }
    }

    /// Whether the disk is full, as far as that can be told: what was confirmed before is safe, and room mends it.
    pub fn is_full(&self) -> bool {
        match self {
            StoreError::Sqlite(error) => {
                let code = error.sqlite_error().map(|error| error.extended_code);
                // There is no room for the index of the WAL.
                error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
                    || code == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
            }
            StoreError::Disk(error) => is_full(error),
            StoreError::RolledBack | StoreError::Full(_) => true,
            _ => false,
        }
    }
}

/// Whether a file could not be written for want of room.
pub fn is_full(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
    )
}
