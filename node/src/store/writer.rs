//! The one thread that writes. It takes the jobs that wait, runs them in one transaction, each in a savepoint if several, signs one
//! checkpoint for each own log that grew, commits, syncs the high-water file, and answers.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use lianzhan_protocol::id::{AttachmentId, Hash, RecordId, SpaceId};
use lianzhan_protocol::log::{Frontier, Origin, TreeSize};
use lianzhan_protocol::sync::Standing;
use lianzhan_protocol::trust::SignedStatement;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::broadcast;

use super::append::Signer;
use super::error::StoreError;
use super::highwater::HighWater;
use super::neighbours::NeighbourRow;
use super::readers::Readers;
use super::witness::WitnessLog;
use crate::env::{self, DiskPoint};

/// Most jobs that share a transaction, and how long the first waits for others that are already queued.
const GROUP_MAX: usize = 512;
const GROUP_TIME: Duration = Duration::from_millis(50);
/// Most records of a transaction that a person may have written one by one, and waits for. More are an import.
const WRITTEN_MAX: usize = 32;

pub(super) type Finish = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

type Run = Box<dyn FnOnce(&mut Writer<'_>) -> (bool, Finish) + Send>;

/// What waits for a transaction.
pub(super) struct Job {
    pub(super) run: Run,
    /// Whether all that it writes is made anew from entries where it is lost with the power: nobody waits for the disk then.
    pub(super) derived: bool,
}

/// Something that was committed.
#[derive(Debug, Clone)]
pub enum StoreEvent {
    /// A log has more entries.
    Grew {
        /// Its space.
        space: SpaceId,
        /// The log.
        origin: Origin,
        /// What is stored now.
        standing: Standing,
        /// Whether this node writes it, or wrote it before it was closed.
        own: bool,
    },
    /// Statements of trust that were not here before.
    Statements(Vec<SignedStatement>),
    /// Records whose views lag.
    Dirty {
        /// Each once.
        records: Vec<RecordId>,
        /// So many marks came of receipts alone: what the records say is what it was, and who witnessed it is known now.
        witnessed: usize,
    },
    /// Records of which something was written here, a few at once: somebody waits to see it.
    Written(Vec<RecordId>),
    /// Views of records were brought up to date, with their ledgers.
    Projected(Vec<(RecordId, String)>),
    /// A log is proved to say two things.
    ForkKnown {
        /// Its space.
        space: SpaceId,
        /// The log.
        origin: Origin,
    },
    /// Another log of its space states a receipt of this one.
    ReceiptOf(Origin),
    /// Another branch of a log stands from now on.
    Switched {
        /// Its space.
        space: SpaceId,
        /// The log.
        origin: Origin,
        /// What stands.
        standing: Standing,
    },
    /// The witness log said that it is fresh.
    Fresh {
        /// Its origin.
        origin: Origin,
    },
    /// Payloads that had been lacking came.
    Filled {
        /// The space.
        space: SpaceId,
        /// The log.
        origin: Origin,
    },
    /// Keys of annexes that had been lacking came.
    Keyed {
        /// The space.
        space: SpaceId,
        /// The log in which they begin.
        origin: Origin,
    },
    /// An alarm was raised.
    Alarm,
    /// Nodes were heard of.
    Seen(Vec<NeighbourRow>),
    /// An attachment is here, or a record names one that was here before.
    AttachmentHeld {
        /// The attachment.
        id: AttachmentId,
        /// Spaces of the records that name it; of one that was here before, the space of the record that says so now.
        spaces: Vec<SpaceId>,
    },
    /// Attachments are lacking that were not before.
    AttachmentsLacking,
}

/// How far own logs may be shown to anybody: what is committed and not yet in the high-water file must not leave signed,
/// although a reader's snapshot has it already.
#[derive(Debug, Clone, Default)]
pub(super) struct Published(Arc<RwLock<BTreeMap<Origin, TreeSize>>>);

impl Published {
    pub(super) fn raise(&self, sizes: impl IntoIterator<Item = (Origin, TreeSize)>) {
        let mut published = self.0.write().unwrap_or_else(PoisonError::into_inner);
        published.extend(sizes);
    }

    pub(super) fn size(&self, origin: &Origin) -> TreeSize {
        let published = self.0.read().unwrap_or_else(PoisonError::into_inner);
        published.get(origin).copied().unwrap_or(TreeSize::EMPTY)
    }
}

/// A log as the writer knows it without asking the database.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) id: i64,
    pub(super) space: SpaceId,
    pub(super) own: bool,
    /// Whether this node wrote it, be it closed.
    pub(super) ours: bool,
    pub(super) halted: Option<String>,
    pub(super) frontier: Frontier,
}

/// What jobs see: the transaction, and the logs as they will be if it commits.
pub struct Writer<'a> {
    pub(super) tx: &'a Transaction<'a>,
    pub(super) committed: &'a BTreeMap<Origin, Head>,
    pub(super) staged: BTreeMap<Origin, Head>,
    pub(super) witness: &'a WitnessLog,
    pub(super) staged_witness: Option<WitnessLog>,
    pub(super) events: Vec<StoreEvent>,
    pub(super) dirty: Vec<RecordId>,
    /// How many of them receipts marked.
    pub(super) witnessed: usize,
    /// Those of which something was written here.
    pub(super) written: Vec<RecordId>,
    pub(super) seq: i64,
    pub(super) signer: &'a dyn Signer,
    /// What has to be on the disk before this transaction is.
    before: Vec<Before>,
}

/// Makes something durable that a transaction rests on.
type Before = Box<dyn FnOnce() -> std::io::Result<()> + Send>;

pub(super) struct Thread {
    connection: Connection,
    high_water: HighWater,
    signer: Arc<dyn Signer>,
    heads: BTreeMap<Origin, Head>,
    witness: WitnessLog,
    seq: i64,
    events: broadcast::Sender<Arc<Vec<StoreEvent>>>,
    published: Published,
    /// What is durable and could not be written into the high-water file yet: nobody is shown or told of it before.
    unmarked: Unmarked,
    /// Whether a commit waits for the disk.
    waits: bool,
}

/// See there.
#[derive(Default)]
struct Unmarked {
    marks: Vec<(Origin, TreeSize, Hash)>,
    events: Vec<StoreEvent>,
}

impl Thread {
    pub(super) fn new(
        mut connection: Connection,
        mut high_water: HighWater,
        signer: Arc<dyn Signer>,
        events: broadcast::Sender<Arc<Vec<StoreEvent>>>,
        published: Published,
    ) -> Result<Self, StoreError> {
        let heads = super::logs::load_heads(&mut connection, &high_water, signer.as_ref())?;
        // A crash between commit and high-water file leaves the database ahead: the file catches up before anybody is
        // shown anything.
        let own = heads.iter().filter(|(_, head)| head.own && head.halted.is_none());
        let mut marks: Vec<_> = own
            .map(|(origin, head)| (origin.clone(), head.frontier.size(), head.frontier.root()))
            .collect();
        let witness = super::witness::load(&connection, &high_water, signer.as_ref())?;
        if witness.retired.is_none() && witness.frontier.size() > TreeSize::EMPTY {
            marks.push((
                witness.origin.clone(),
                witness.frontier.size(),
                witness.frontier.root(),
            ));
        }
        let ahead: Vec<_> = marks
            .iter()
            .filter(|(origin, size, _)| high_water.marks.get(origin).is_none_or(|(mark, _)| mark < size))
            .cloned()
            .collect();
        high_water.raise(&ahead)?;
        published.raise(marks.into_iter().map(|(origin, size, _)| (origin, size)));
        let seq = connection.query_row(
            "SELECT max((SELECT coalesce(max(seq), 0) FROM dirty), (SELECT coalesce(max(seq), 0) FROM undocumented),
             (SELECT coalesce(max(due), 0) FROM erasures))",
            [],
            |row| row.get(0),
        )?;
        Ok(Thread {
            connection,
            high_water,
            signer,
            heads,
            witness,
            seq,
            events,
            published,
            unmarked: Unmarked::default(),
            waits: true,
        })
    }

    /// Until every handle of the store is gone.
    pub(super) fn run(mut self, queue: &Receiver<Job>, readers: &Readers) {
        while let Some(first) = self.next(queue, readers) {
            let started = Instant::now();
            let mut jobs = vec![first];
            while jobs.len() < GROUP_MAX && started.elapsed() < GROUP_TIME {
                match queue.try_recv() {
                    Ok(job) => jobs.push(job),
                    Err(_) => break,
                }
            }
            self.group(jobs);
        }
        // A clean end leaves one file; a crash leaves a WAL, which the next start reads.
        let _ = self.connection.pragma_update(None, "wal_checkpoint", "TRUNCATE");
    }

    /// Waits for the next job. When none has come for a while, what is kept to be quick is given up once.
    fn next(&mut self, queue: &Receiver<Job>, readers: &Readers) -> Option<Job> {
        let mut rested = false;
        loop {
            // Who has nothing left to give up hardly wakes: a machine may run many nodes.
            let wait = if rested && readers.waiting() == 0 {
                readers.resting() * 8
            } else {
                readers.resting()
            };
            match queue.recv_timeout(wait) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if !rested {
                rested = true;
                self.connection.flush_prepared_statement_cache();
                let shrunk = self.connection.pragma_query(None, "shrink_memory", |_| Ok(()));
                if let Err(error) = shrunk {
                    tracing::debug!(%error, "memory could not be given up");
                }
            }
            readers.rest();
        }
    }

    fn group(&mut self, jobs: Vec<Job>) {
        let mut finishes: Vec<Finish> = Vec::with_capacity(jobs.len());
        match self.transact(jobs, &mut finishes) {
            Ok(()) => {
                let told = self.mark();
                if let Err(error) = &told {
                    tracing::error!(%error, "the high-water file could not be written; it is tried again with the next job");
                }
                // After the news: whoever waited for an answer finds what it did among them.
                for finish in finishes {
                    finish(
                        told.as_ref()
                            .map_err(|error| StoreError::Unmarked(error.to_string()))
                            .copied(),
                    );
                }
            }
            Err(error) => {
                tracing::error!(%error, jobs = finishes.len(), "transaction failed; nothing of it was acknowledged");
                let words = error.to_string();
                for finish in finishes {
                    finish(Err(match error.is_full() {
                        true => StoreError::Full(words.clone()),
                        false => StoreError::Refused(format!("nothing was saved: {words}")),
                    }));
                }
            }
        }
    }

    /// Marks what is durable, and tells of it.
    fn mark(&mut self) -> Result<(), StoreError> {
        if !self.unmarked.marks.is_empty() {
            env::disk(DiskPoint::Mark)?;
            self.high_water.raise(&self.unmarked.marks)?;
        }
        let Unmarked { marks, events } = std::mem::take(&mut self.unmarked);
        self.published
            .raise(marks.into_iter().map(|(origin, size, _)| (origin, size)));
        if !events.is_empty() {
            // Nobody listening is no error.
            let _ = self.events.send(Arc::new(events));
        }
        Ok(())
    }

    /// Whether commits from here on end only when they are on the disk. Those before that did not are there, too, after the
    /// first that does: the WAL is one file.
    fn wait_for_disk(&mut self, wait: bool) -> Result<(), StoreError> {
        if self.waits != wait {
            let mode = if wait { "full" } else { "normal" };
            self.connection.pragma_update(None, "synchronous", mode)?;
            self.waits = wait;
        }
        Ok(())
    }

    fn transact(&mut self, jobs: Vec<Job>, finishes: &mut Vec<Finish>) -> Result<(), StoreError> {
        self.wait_for_disk(!jobs.iter().all(|job| job.derived))?;
        let mut tx = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.set_drop_behavior(rusqlite::DropBehavior::Rollback);
        let mut writer = Writer {
            tx: &tx,
            committed: &self.heads,
            staged: BTreeMap::new(),
            witness: &self.witness,
            staged_witness: None,
            events: Vec::new(),
            dirty: Vec::new(),
            witnessed: 0,
            written: Vec::new(),
            seq: self.seq,
            signer: self.signer.as_ref(),
            before: Vec::new(),
        };
        match <[Job; 1]>::try_from(jobs) {
            // One alone needs no savepoint, for which SQLite copies every page before it is changed.
            Ok([job]) => {
                let (failed, finish) = (job.run)(&mut writer);
                finishes.push(finish);
                if tx.is_autocommit() {
                    return Err(StoreError::RolledBack);
                }
                if failed {
                    return Ok(());
                }
            }
            Err(jobs) => jobs.into_iter().try_for_each(|job| writer.run(job, finishes))?,
        }
        let mut marks = writer.sign_own_logs()?;
        writer.flush_dirty()?;
        let Writer {
            staged,
            staged_witness,
            events,
            seq,
            before,
            ..
        } = writer;
        before.into_iter().try_for_each(|sync| sync())?;
        env::disk(DiskPoint::Commit)?;
        tx.commit()?;
        // From here on it is durable. Memory follows disk; the high-water mark is synced before anything is told.
        self.heads.extend(staged);
        if let Some(witness) = staged_witness {
            if witness.retired.is_none() && witness.frontier.size() > TreeSize::EMPTY {
                marks.push((
                    witness.origin.clone(),
                    witness.frontier.size(),
                    witness.frontier.root(),
                ));
            }
            self.witness = witness;
        }
        self.seq = seq;
        self.unmarked.marks.extend(marks);
        self.unmarked.events.extend(events);
        Ok(())
    }
}

impl Writer<'_> {
    /// Runs one job in a savepoint: a job that refuses leaves nothing behind and does not hold up the others.
    fn run(&mut self, job: Job, finishes: &mut Vec<Finish>) -> Result<(), StoreError> {
        let kept = (
            self.staged.clone(),
            self.staged_witness.clone(),
            self.events.len(),
            self.dirty.len(),
            self.written.len(),
            self.witnessed,
        );
        self.tx.execute_batch("SAVEPOINT job")?;
        let (failed, finish) = (job.run)(self);
        finishes.push(finish);
        if self.tx.is_autocommit() {
            return Err(StoreError::RolledBack);
        }
        if failed {
            self.tx.execute_batch("ROLLBACK TO job")?;
            (self.staged, self.staged_witness) = (kept.0, kept.1);
            self.events.truncate(kept.2);
            self.dirty.truncate(kept.3);
            self.written.truncate(kept.4);
            self.witnessed = kept.5;
        }
        self.tx.execute_batch("RELEASE job")?;
        Ok(())
    }

    /// Has something made durable before this transaction commits: what many jobs of it rest on is waited for once, by the
    /// first of those who ask.
    pub fn before_commit(&mut self, sync: impl FnOnce() -> std::io::Result<()> + Send + 'static) {
        self.before.push(Box::new(sync));
    }

    /// Marks records whose views and documents lag now.
    pub fn mark_dirty(&mut self, records: impl IntoIterator<Item = RecordId>) {
        self.dirty.extend(records);
    }

    /// Bounds the database to so many pages more than it has, or not at all: for tests of what a full disk does.
    pub fn bound_pages(&mut self, more: Option<u32>) -> Result<(), StoreError> {
        let pages: u32 = self.tx.pragma_query_value(None, "page_count", |row| row.get(0))?;
        let most = more.map_or(u32::MAX - 1, |more| pages.saturating_add(more));
        Ok(self
            .tx
            .pragma_update_and_check(None, "max_page_count", most, |_| Ok(()))?)
    }

    fn flush_dirty(&mut self) -> Result<(), StoreError> {
        if self.dirty.is_empty() {
            return Ok(());
        }
        self.dirty.sort_unstable();
        self.dirty.dedup();
        let mut insert = self.tx.prepare_cached(
            "INSERT INTO dirty (record, seq) VALUES (?1, ?2) ON CONFLICT (record) DO UPDATE SET seq = ?2",
        )?;
        for record in &self.dirty {
            self.seq += 1;
            insert.execute((&record.0, self.seq))?;
        }
        self.events.push(StoreEvent::Dirty {
            records: std::mem::take(&mut self.dirty),
            witnessed: std::mem::take(&mut self.witnessed),
        });
        if (1..=WRITTEN_MAX).contains(&self.written.len()) {
            self.events
                .push(StoreEvent::Written(std::mem::take(&mut self.written)));
        }
        Ok(())
    }

    pub(super) fn head(&self, origin: &Origin) -> Result<&Head, StoreError> {
        self.staged
            .get(origin)
            .or_else(|| self.committed.get(origin))
            .ok_or_else(|| StoreError::UnknownLog(origin.clone()))
    }
}
