//! Why the store refuses or fails.

use lianzhan_protocol::log::Origin;

/// Keeps apart what a peer or caller did wrong from what our disk did.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite: the disk is full, the file is damaged, or a query is wrong.
    #[error("database: {0}")]
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
    /// It is durable, and the high-water file does not say so yet: nobody is shown it before.
    #[error("it is saved, but the high-water file could not be written, so nobody is shown it yet: {0}")]
    Unmarked(String),
    /// Written by a later version of this program.
    #[error("the database has schema {have}, this program knows {known}; update the program")]
    Newer {
        /// In the file.
        have: usize,
        /// Known here.
        known: usize,
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
