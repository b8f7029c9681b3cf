//! The store: SQLite for entries, trees and views' rows. One writer thread, a pool of readers, WAL, synchronous=FULL, but for
//! what is derived alone.
//! It takes verified entries only, and knows nothing of Automerge, of the network, or of what a record means.
//!
//! Order of a write (design 3, 5): entries, tree nodes and the signed checkpoint commit in one transaction; then the
//! high-water file is synced; only then is anybody told. Jobs that wait at the same time share one transaction.

mod accesses;
mod append;
mod attachments;
mod blobs;
mod branches;
mod drafts;
mod erasures;
mod error;
mod figures;
mod highwater;
mod lacking;
mod lists;
mod logs;
mod neighbours;
mod projections;
mod reader;
mod readers;
mod receipts;
mod snapshot;
mod views;
mod witness;
mod writer;

pub use accesses::{AccessFilter, AccessRow};
pub use append::{LogRules, OwnEntry, Signer};
pub use attachments::{Lacking, Named};
pub use blobs::{ATTACHMENTS, Blobs, Coming, Grown, Naming, is_named_file, named_files};
pub use branches::{BranchPiece, BranchRow, LeftEntry, Onto};
pub use drafts::DraftRow;
pub use erasures::{DueErasure, ErasedRow, ErasedStep};
pub use error::{StoreError, is_full};
pub use figures::OwnerFigures;
pub use lists::{COUNT_MAX, Condition, Found, LedgerFigures, Naming as NamingRow, Order, Sought, TitleRow};
pub use logs::{Closed, LastWitnessed, LogRow};
pub use neighbours::{LogGlance, NeighbourRow, WitnessedGlance, settled};
pub use projections::{Projection, Rows};
pub use reader::{AlarmRow, EntryFigures, EntryRow, Reader};
pub use receipts::Unsettled;
pub use snapshot::{mark_sealed, small_value, snapshot};
pub use views::{RecordRow, RowFilter, StoredDocument};
pub use witness::PastWitnessLog;
pub use writer::{StoreEvent, Writer};

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lianzhan_protocol::log::{Origin, TreeSize};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tokio::sync::{broadcast, oneshot};

use highwater::HighWater;
use readers::Readers;
use writer::{Job, Published};

/// Name of the database file in a node's directory.
pub const DATABASE: &str = "lianzhan.db";
/// Name of the high-water file, which stays outside of every backup (design 5).
pub const HIGH_WATER: &str = "high-water";

/// Transactions that a listener may lag behind before it begins anew; room for them is held all the time.
const EVENTS: usize = 1024;

/// The store of one node. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    writer: Arc<WriterHandle>,
    published: Published,
    events: broadcast::Sender<Arc<Vec<StoreEvent>>>,
    readers: Arc<Readers>,
}

/// A job that was handed over to the writer.
pub struct Handed<T>(std::sync::mpsc::Receiver<Result<T, StoreError>>);

impl<T> Handed<T> {
    /// Until it is durable; what is derived, until it is seen.
    pub fn wait(self) -> Result<T, StoreError> {
        self.0.recv().unwrap_or(Err(StoreError::Stopped))
    }
}

/// The way to the writer thread. When the last handle of the store goes, the thread finishes what waits, closes the
/// database and is waited for: whoever comes next finds whole files.
struct WriterHandle {
    jobs: Option<std::sync::mpsc::Sender<Job>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for WriterHandle {
    fn drop(&mut self) {
        drop(self.jobs.take());
        // A job may hold the last handle: the writer does not wait for itself.
        if let Some(thread) = self
            .thread
            .take()
            .filter(|t| t.thread().id() != std::thread::current().id())
        {
            let _ = thread.join();
        }
    }
}

impl Store {
    /// Opens or creates the store in `dir`. Re-hashes the right edge of every log against its stored root, compares own
    /// logs with the high-water file, and halts every log that does not agree.
    pub fn open(dir: &Path, signer: Arc<dyn Signer>) -> Result<Self, StoreError> {
        Self::open_resting(dir, signer, readers::REST)
    }

    /// [`Store::open`], with the time after which it rests when nobody needs it.
    fn open_resting(dir: &Path, signer: Arc<dyn Signer>, rest: Duration) -> Result<Self, StoreError> {
        let path = dir.join(DATABASE);
        let mut connection = Connection::open(&path)?;
        // Before anything is written, the journal among it: a file of a later program stays as it is.
        refuse_newer(&connection)?;
        configure(&connection)?;
        migrate(&mut connection)?;
        neighbours::forget_sessions(&connection)?;
        let high_water = HighWater::open(&dir.join(HIGH_WATER))?;
        let (jobs, queue) = std::sync::mpsc::channel();
        let (events, _) = broadcast::channel(EVENTS);
        let published = Published::default();
        let writer = writer::Thread::new(connection, high_water, signer, events.clone(), published.clone())?;
        let machine = crate::env::machine();
        let readers = Arc::new(Readers::of(path, rest));
        let resting = readers.clone();
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || crate::env::on(machine, || writer.run(&queue, &resting)))
            .map_err(StoreError::Disk)?;
        Ok(Store {
            writer: Arc::new(WriterHandle {
                jobs: Some(jobs),
                thread: Some(thread),
            }),
            published,
            events,
            readers,
        })
    }

    /// Runs `job` in the writer's next transaction. The receiver answers after the transaction is durable.
    pub fn submit<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Writer<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, StoreError>> {
        let (reply, receiver) = oneshot::channel();
        // A reply that nobody waits for any more is no error.
        self.enqueue(false, job, move |result| drop(reply.send(result)));
        receiver
    }

    /// [`Store::submit`], awaited.
    pub async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Writer<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.submit(job).await.unwrap_or(Err(StoreError::Stopped))
    }

    /// [`Store::submit`], waited for on this thread: one commit.
    pub fn write_blocking<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Writer<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.hand_over(false, job).wait()
    }

    /// Runs a job that writes nothing but what is made anew from entries where it is missing. To be waited for later, on a
    /// thread that may block: it is seen then, and no more lost than with the power. With it goes the mark that says that
    /// it is to be made.
    pub fn derive<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Writer<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Handed<T> {
        self.hand_over(true, job)
    }

    fn hand_over<T: Send + 'static>(
        &self,
        derived: bool,
        job: impl FnOnce(&mut Writer<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Handed<T> {
        let (reply, receiver) = std::sync::mpsc::sync_channel(1);
        self.enqueue(derived, job, move |result| drop(reply.send(result)));
        Handed(receiver)
    }

    fn enqueue<T: Send + 'static>(
        &self,
        derived: bool,
        job: impl FnOnce(&mut Writer<'_>) -> Result<T, StoreError> + Send + 'static,
        reply: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) {
        let run = Box::new(move |writer: &mut Writer<'_>| {
            let result = job(writer);
            let failed = result.is_err();
            let finish: writer::Finish = Box::new(move |commit| reply(commit.and(result)));
            (failed, finish)
        });
        // If the writer is gone, dropping the job drops the reply, and the receiver says so.
        if let Some(jobs) = &self.writer.jobs {
            let _ = jobs.send(Job { run, derived });
        }
    }

    /// Reads a consistent snapshot.
    pub fn read<T>(&self, job: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let connection = self.readers.take()?;
        let result = {
            let snapshot = connection.unchecked_transaction()?;
            let result = job(&Reader::new(&snapshot));
            snapshot.finish()?;
            result
        };
        self.readers.give(connection);
        result
    }

    /// How much of an own log may be shown: what is in the high-water file, too.
    pub fn published(&self, origin: &Origin) -> TreeSize {
        self.published.size(origin)
    }

    /// What was committed, from now on.
    pub fn events(&self) -> broadcast::Receiver<Arc<Vec<StoreEvent>>> {
        self.events.subscribe()
    }
}

/// An entry with its payload, a row's state and a document mostly fit into a page of this size, and would not into SQLite's
/// usual one.
const PAGE_BYTES: i64 = 8192;
/// Pages in the WAL, 62 MiB, before they are moved into the database: a page that changes often is moved once.
const CHECKPOINT_PAGES: i64 = 8000;

/// Pages that the writer keeps in memory, as SQLite writes it: in KiB, below zero.
const WRITER_CACHE: i64 = -16_000;

/// Statements that a connection keeps compiled; there are some 150, and one for each ledger's columns.
const STATEMENTS: usize = 256;

fn configure(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(Duration::from_secs(10))?;
    // Of a new file; one that is there keeps what it has.
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // What is deleted is overwritten, so that what is erased is in no free page.
    connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    // What a savepoint could take back would be kept in a file, in which also what is erased could be found.
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "cache_size", WRITER_CACHE)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    // Else a statement whose plan might depend on a value is compiled anew each time that it gets one, which took a seventh of
    // the time of a first sync.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

/// Numbered SQL files; the database says in `user_version` which it has.
const MIGRATIONS: &[&str] = &[
    include_str!("sql/0001.sql"),
    include_str!("sql/0002.sql"),
    include_str!("sql/0003.sql"),
    include_str!("sql/0004.sql"),
    include_str!("sql/0005.sql"),
    include_str!("sql/0006.sql"),
    include_str!("sql/0007.sql"),
    include_str!("sql/0008.sql"),
    include_str!("sql/0009.sql"),
    include_str!("sql/0010.sql"),
    include_str!("sql/0011.sql"),
    include_str!("sql/0012.sql"),
    include_str!("sql/0013.sql"),
    include_str!("sql/0014.sql"),
    include_str!("sql/0015.sql"),
    include_str!("sql/0016.sql"),
    include_str!("sql/0017.sql"),
    include_str!("sql/0018.sql"),
    include_str!("sql/0019.sql"),
    include_str!("sql/0020.sql"),
];

/// The schema that this program writes.
pub const SCHEMA: usize = MIGRATIONS.len();
/// Since when the tables of ledgers, which no statement there can name, have their rows in the order of `records`.
const ORDERED: usize = 19;

fn schema_of(connection: &Connection) -> Result<usize, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn refuse_newer(connection: &Connection) -> Result<(), StoreError> {
    match schema_of(connection)? {
        have if have > SCHEMA => Err(StoreError::Newer { have, known: SCHEMA }),
        _ => Ok(()),
    }
}

/// Brings the file to [`SCHEMA`], from whatever earlier one it has, in one transaction: what fails on the way leaves it as it
/// was.
fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let have = schema_of(connection)?;
    if have == SCHEMA {
        return Ok(());
    }
    let upgrade = |connection: &mut Connection| -> Result<(), rusqlite::Error> {
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        for sql in &MIGRATIONS[have..] {
            transaction.execute_batch(sql)?;
        }
        if have < ORDERED {
            views::order_ledger_tables(&transaction)?;
        }
        transaction.pragma_update(None, "user_version", SCHEMA)?;
        transaction.commit()
    };
    upgrade(connection).map_err(|error| match (have, StoreError::from(error)) {
        (0, error) => error,
        (_, error) if error.is_full() => error,
        (have, error) => StoreError::Upgrade {
            have,
            known: SCHEMA,
            reason: error.to_string(),
        },
    })?;
    if have > 0 {
        tracing::info!(
            from = have,
            to = SCHEMA,
            "the database was brought to the schema of this program"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests;
