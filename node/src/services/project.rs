//! The derived side catches up: views first, documents in batches behind them, so that no view waits for a document.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use lianzhan_protocol::id::{OrgId, RecordId, SpaceId, StatementId};
use lianzhan_protocol::record::RecordState;
use lianzhan_protocol::record::ledger::definitions;
use lianzhan_protocol::settings;
use lianzhan_protocol::trust::{Body, Purpose, SignedStatement};

use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use super::pace::{Pace, Round};
use super::{Load, Loaded, Node, ServiceError};
use crate::store::{Handed, Reader, Rows, StoreError, StoreEvent, Writer};
use crate::views;

/// Records whose rows are written in one transaction: the more there are, the fewer pages and pieces of the search index are
/// written twice, and the longer somebody waits who wants to save something meanwhile.
const VIEW_BATCH: usize = 2048;
/// Documents, each of them larger than the rows of its record.
const DOCUMENT_BATCH: usize = 256;
/// Batches of a round that nothing ends earlier. Between two rounds nothing is written, while the next batch is derived.
const VIEW_ROUND: usize = 32;
const DOCUMENT_ROUND: usize = 4;

/// Records with the marks that say what lags, as [`Reader::dirty`] gives them.
trait Marked: Fn(&Reader<'_>, i64, u64) -> Result<Vec<(RecordId, i64)>, StoreError> {}
impl<F: Fn(&Reader<'_>, i64, u64) -> Result<Vec<(RecordId, i64)>, StoreError>> Marked for F {}
type Derived<T> = Vec<(RecordId, i64, Option<T>)>;

impl Node {
    /// Brings all views up to date, beside the task that does so all the time: for who must not miss what was revoked or
    /// written a moment ago.
    pub fn settle_views(&self) -> Result<(), ServiceError> {
        self.mark_revised()?;
        while self.project_round()? > 0 {}
        Ok(())
    }

    /// Folds records whose views lag, a round of batches. Returns how many it was; 0 means that views are up to date.
    pub fn project_round(&self) -> Result<usize, ServiceError> {
        Ok(self.project_until(&AtomicBool::new(false))?.done)
    }

    fn project_until(&self, hurry: &AtomicBool) -> Result<Round, ServiceError> {
        self.settle_forks()?;
        self.apply_erasures()?;
        self.project(Extent::views(hurry), |reader, after, limit| {
            reader.dirty(after, limit)
        })
    }

    /// Folds these records, as far as their views lag, before others that were marked earlier.
    fn project_these(&self, records: &[RecordId]) -> Result<Round, ServiceError> {
        self.apply_erasures()?;
        let all = AtomicBool::new(false);
        let once = Extent {
            batches: 1,
            ..Extent::views(&all)
        };
        self.project(once, |reader, _, _| reader.dirty_of(records))
    }

    /// Folds a round of records without carrying out erasures before: for who is about to carry one out.
    pub(super) fn project_marked(&self) -> Result<usize, ServiceError> {
        let all = AtomicBool::new(false);
        let round = self.project(Extent::views(&all), |reader, after, limit| {
            reader.dirty(after, limit)
        });
        Ok(round?.done)
    }

    fn project(&self, extent: Extent<'_>, marked: impl Marked) -> Result<Round, ServiceError> {
        let (touched, defines) = (AtomicBool::new(false), AtomicBool::new(false));
        let round = self.derive(
            extent,
            marked,
            |load, loaded| {
                let row = views::project(load.registry(), loaded, &load.fold(loaded));
                // What counts no more says no longer of which ledger it was.
                let (of, title) = row
                    .as_ref()
                    .map_or(("", ""), |row| (row.ledger.as_str(), row.title.as_str()));
                let unknown = of.is_empty() && !loaded.sealed;
                if unknown || of == settings::LEDGER {
                    touched.store(true, Relaxed);
                }
                if unknown || of == definitions::LEDGER {
                    defines.store(true, Relaxed);
                }
                self.roster.heed(load.registry(), loaded, of, title);
                row.map(Rows::from)
            },
            |writer, done| {
                let rows = done.iter();
                writer.put_projections(rows.map(|(record, seq, rows)| (*record, *seq, rows.as_ref())))
            },
        )?;
        if touched.into_inner() {
            self.settings.forget();
        }
        if defines.into_inner() {
            self.define_anew()?;
        }
        Ok(round)
    }

    /// Builds documents that lag, a round of batches. A document that Automerge cannot build is quarantined with an
    /// alarm; its state and views, the node and all other records go on.
    pub fn document_round(&self) -> Result<usize, ServiceError> {
        Ok(self.document_until(&AtomicBool::new(false))?.done)
    }

    fn document_until(&self, hurry: &AtomicBool) -> Result<Round, ServiceError> {
        self.derive(
            Extent::documents(hurry),
            |reader, after, limit| reader.undocumented(after, limit),
            |load, loaded| self.document(load, loaded).transpose(),
            |writer, built| {
                for (record, _, document) in built {
                    if let Some(Err(error)) = document {
                        writer.raise_alarm("document", &record.to_string(), &error.to_string())?;
                    }
                }
                let documents = built.iter();
                writer.put_documents(documents.map(|(record, seq, document)| {
                    let document = document.as_ref().and_then(|document| document.as_ref().ok());
                    (*record, *seq, document)
                }))
            },
        )
    }

    /// Works through what is marked, oldest first. While a batch is being committed the next one is derived.
    fn derive<T: Send + 'static>(
        &self,
        extent: Extent<'_>,
        marked: impl Marked,
        one: impl Fn(&Load<'_>, &Loaded) -> Option<T>,
        put: fn(&mut Writer<'_>, &Derived<T>) -> Result<(), StoreError>,
    ) -> Result<Round, ServiceError> {
        let Extent {
            batches,
            batch: most,
            hurry,
        } = extent;
        let (mut round, mut after) = (Round { done: 0, left: true }, 0);
        // Of several the first is small, so that the writer has something to do soon.
        let mut size = if batches > 1 { most.div_ceil(8) } else { most };
        // What was written comes back: freeing it is no work for the one thread that writes.
        let mut committing: Option<Handed<Derived<T>>> = None;
        for _ in 0..batches {
            let batch = self.store.read(|reader| {
                let mut load = Load::new(self, reader);
                let derived = marked(reader, after, size as u64)?
                    .into_iter()
                    .map(|(record, seq)| {
                        let loaded = load.record(&record)?;
                        Ok((record, seq, loaded.and_then(|loaded| one(&load, &loaded))))
                    });
                derived.collect::<Result<Derived<_>, StoreError>>()
            })?;
            if let Some(before) = committing.take() {
                before.wait()?;
            }
            // What is marked from here on may be marked again in a moment: it is left for the next round.
            round.left = batch.len() >= size;
            let Some((_, last, _)) = batch.last() else { break };
            (round.done, after) = (round.done + batch.len(), *last);
            committing = Some(
                self.store
                    .derive(move |writer| put(writer, &batch).map(|()| batch)),
            );
            if !round.left || hurry.load(Relaxed) {
                break;
            }
            size = most;
        }
        if let Some(last) = committing {
            last.wait()?;
        }
        Ok(round)
    }

    /// The spaces in which news of the directory may revise verdicts that were settled: those that the org of a revoked post
    /// may write into, and where an authority spoke or was revoked, those of all orgs below it, too. Of a witness also those of
    /// the orgs that it witnesses: the root's is below the root. What cannot be read is not taken for nothing: the statements stay
    /// noted as not marked yet, and the next who asks tries again.
    pub(super) fn revised_by(&self, statements: &[StatementId]) -> Result<Vec<SpaceId>, ServiceError> {
        let directory = self.directory();
        let statements = statements.iter().filter_map(|id| directory.statement(id));
        let changes = |statement: &SignedStatement| matches!(statement.body(), Body::OrgChange(_));
        // It may close spaces, open others again that a change closed whose place it took, and move whatever is below: what
        // is held is looked at anew, also what this org may hold no more.
        if statements.clone().any(changes) {
            let held = self.store.read(|reader| reader.standings())?;
            let spaces: std::collections::BTreeSet<SpaceId> =
                held.into_iter().map(|(space, ..)| space).collect();
            return Ok(spaces.into_iter().collect());
        }
        let mut orgs = std::collections::BTreeSet::new();
        let mut line = std::collections::BTreeSet::new();
        for statement in statements {
            match statement.body() {
                Body::Revocation(revocation) => {
                    let revoked = directory.statement(&revocation.appointment);
                    match revoked.and_then(SignedStatement::appointment) {
                        Some(post) if post.purpose == Purpose::Person => drop(orgs.insert(post.org)),
                        Some(post) => drop(line.insert(post.org)),
                        None => {}
                    }
                }
                Body::Adoption(_) => drop(line.insert(statement.issuer().org)),
                // What is below it takes other places, too; and an adoption by a parent that it left may reach it.
                Body::OrgChange(change) => drop(line.insert(change.org)),
                Body::Succession(_) => drop(line.insert(directory.root())),
                _ => {}
            }
        }
        let is_below = |org: &OrgId| line.iter().any(|above| directory.was_at_or_above(above, org));
        let is_witnessed = |org: &OrgId| {
            let witnesses = directory.required_witnesses(org);
            witnesses.iter().any(|witness| line.contains(witness))
        };
        if !line.is_empty() {
            let of = directory.orgs().map(|org| org.id);
            orgs.extend(of.filter(|org| is_below(org) || is_witnessed(org)));
        }
        let spaces = orgs.iter().flat_map(|org| directory.spaces_of(org).into_keys());
        let mut spaces: std::collections::BTreeSet<SpaceId> = spaces.collect();
        // Orgs that do not stand any more are below nobody: what is held of theirs counts no longer, for all that is known.
        if !line.is_empty() {
            let logs = self.store.read(|reader| reader.logs())?;
            let held = logs.into_iter().map(|log| log.start.space);
            let ownerless = held.filter(|space| directory.org(&space.owner).is_none());
            spaces.extend(ownerless.map(|space| space.id()));
        }
        Ok(spaces.into_iter().collect())
    }

    /// Takes statements that were committed into the directory, and marks the records that they may settle or revise.
    pub fn heed(&self, statements: &[SignedStatement]) -> Result<(), ServiceError> {
        self.learn(statements);
        let ids: Vec<StatementId> = statements.iter().map(SignedStatement::id).collect();
        let revised = self.revised_by(&ids)?;
        self.store.write_blocking(move |writer| {
            writer.mark_revised(&ids, &revised)?;
            // Whoever judged them since the statements were committed did so by the directory before.
            writer.revise_erasures()?;
            writer.unsettle_all()?;
            writer.mark_unsettled()
        })?;
        self.apply_erasures()
    }

    /// Brings all views and documents up to date, on this thread.
    pub fn catch_up(&self, mut progress: impl FnMut(u64)) -> Result<(), ServiceError> {
        let mut done = 0;
        loop {
            let count = self.project_round()?;
            if count == 0 {
                break;
            }
            done += count as u64;
            progress(done);
        }
        while self.document_round()? > 0 {}
        Ok(())
    }

    /// Drops everything derived and makes it anew from entries. Returns how many records there are.
    pub fn reindex(&self, progress: impl FnMut(u64)) -> Result<u64, ServiceError> {
        let count = self.store.write_blocking(|writer| writer.drop_derived())?;
        self.catch_up(progress)?;
        Ok(count)
    }

    /// The state of a record, folded now from its entries.
    pub fn state(&self, record: &RecordId) -> Result<(Loaded, RecordState), ServiceError> {
        let found = self.store.read(|reader| {
            let mut load = Load::new(self, reader);
            Ok(load.record(record)?.map(|loaded| {
                let state = load.fold(&loaded);
                (loaded, state)
            }))
        })?;
        found.ok_or(ServiceError::UnknownRecord(*record))
    }
}

/// How far a round goes at most.
struct Extent<'a> {
    batches: usize,
    /// Records of one batch.
    batch: usize,
    /// Ends it after the batch at hand.
    hurry: &'a AtomicBool,
}

impl<'a> Extent<'a> {
    fn views(hurry: &'a AtomicBool) -> Self {
        Extent {
            batches: VIEW_ROUND,
            batch: VIEW_BATCH,
            hurry,
        }
    }

    fn documents(hurry: &'a AtomicBool) -> Self {
        Extent {
            batches: DOCUMENT_ROUND,
            batch: DOCUMENT_BATCH,
            hurry,
        }
    }
}

/// How long after its last try an erasure is tried again that somebody was in the way of, while all is quiet.
const ERASE_AGAIN: Duration = Duration::from_secs(2);

/// Runs the derived side until the store closes: wakes on commits, lets a burst of them pass, and works until nothing
/// lags. What somebody wrote here a moment ago never waits for what peers send.
pub async fn run(node: Arc<Node>, mut stop: tokio::sync::watch::Receiver<bool>) {
    let mut events = node.store().events();
    let reader = node.clone();
    tokio::task::spawn_blocking(move || {
        if let Err(error) = reader.know_roster() {
            tracing::error!(%error, "the roster of subjects could not be read; it is read again with what is saved next");
        }
    });
    let mut pace = Pace::new(Instant::now());
    loop {
        let documents = pace.begin(Instant::now());
        let round = round(&node, documents, pace.is_at_leisure(), stop.clone()).await;
        pace.end(Instant::now(), round);
        loop {
            let moment = pace.next();
            tokio::select! {
                // First what was committed meanwhile: it says whether the next round is to wait.
                biased;
                _ = stop.changed() => return,
                event = events.recv() => {
                    let heard = match event {
                        Ok(batch) => heed(&node, &batch).await,
                        Err(RecvError::Lagged(_)) => {
                            relearn(&node).await;
                            Heard { marked: 1, ..Heard::default() }
                        }
                        Err(RecvError::Closed) => return,
                    };
                    let now = Instant::now();
                    pace.witnessed(now, heard.witnessed);
                    pace.marked(now, heard.marked);
                    if heard.projected {
                        pace.lags(now);
                    }
                    if !heard.written.is_empty() && pace.is_behind() {
                        let worker = node.clone();
                        blocking(move || worker.project_these(&heard.written)).await;
                    }
                },
                () = until(moment) => if !pace.gave(Instant::now(), node.ranges_given()) { break },
                // Each round carries out what waits.
                () = tokio::time::sleep(ERASE_AGAIN), if node.erasure_waits() => break,
            }
        }
    }
}

/// Commits after which a round ends, so that the news of none is lost.
const HEARD_MAX: usize = 256;

/// Works for a round, and for less when somebody writes something here meanwhile, when the directory has news, when there is
/// much to hear or something to erase, or at the end. At leisure it is one batch.
async fn round(
    node: &Arc<Node>,
    documents: bool,
    at_leisure: bool,
    mut stop: tokio::sync::watch::Receiver<bool>,
) -> Option<Round> {
    let hurry = Arc::new(AtomicBool::new(at_leisure));
    let mut events = node.store().events();
    let worked = blocking({
        let (node, hurry) = (node.clone(), hurry.clone());
        move || match node.project_until(&hurry) {
            Ok(Round { done: 0, .. }) if documents => node.document_until(&hurry),
            other => other,
        }
    });
    tokio::pin!(worked);
    let mut heard = 0;
    loop {
        tokio::select! {
            round = &mut worked => return round,
            _ = stop.changed(), if !hurry.load(Relaxed) => hurry.store(true, Relaxed),
            event = events.recv(), if !hurry.load(Relaxed) => {
                let urgent = match event {
                    Ok(batch) => batch
                        .iter()
                        .any(|event| matches!(event, StoreEvent::Written(_) | StoreEvent::Statements(_))),
                    Err(_) => true,
                };
                heard += 1;
                hurry.store(urgent || heard >= HEARD_MAX || node.erasure_waits(), Relaxed);
            }
        }
    }
}

/// What it came to; `None` where it failed, which is told.
async fn blocking(work: impl FnOnce() -> Result<Round, ServiceError> + Send + 'static) -> Option<Round> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(round)) => Some(round),
        Ok(Err(error)) => {
            tracing::error!(%error, "views could not be brought up to date; it is tried again in a moment");
            None
        }
        Err(error) => {
            tracing::error!(%error, "the projector stopped");
            None
        }
    }
}

/// Until that moment, or for ever.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// What a batch of commits said.
#[derive(Default)]
struct Heard {
    /// Records marked; those that news of the directory marked count as one.
    marked: usize,
    /// Records that receipts marked.
    witnessed: usize,
    /// Whether views were brought up to date: documents lag behind them.
    projected: bool,
    /// What somebody wrote here.
    written: Vec<RecordId>,
}

/// Takes note of what was committed.
async fn heed(node: &Arc<Node>, batch: &[StoreEvent]) -> Heard {
    let mut heard = Heard::default();
    for event in batch {
        match event {
            StoreEvent::Dirty { records, witnessed } => {
                let witnessed = records.len().min(*witnessed);
                heard.witnessed += witnessed;
                heard.marked += records.len() - witnessed;
            }
            StoreEvent::Projected(_) => heard.projected = true,
            StoreEvent::Written(records) => heard.written.extend(records),
            StoreEvent::Statements(statements) => {
                heard.marked += 1;
                learn_and_mark(node, statements).await;
            }
            // Another history of it may stand.
            StoreEvent::ReceiptOf(_) => heard.marked += 1,
            StoreEvent::Grew { .. }
            | StoreEvent::ForkKnown { .. }
            | StoreEvent::Switched { .. }
            | StoreEvent::Fresh { .. }
            | StoreEvent::Filled { .. }
            | StoreEvent::Keyed { .. }
            | StoreEvent::AttachmentHeld { .. }
            | StoreEvent::AttachmentsLacking
            | StoreEvent::Alarm
            | StoreEvent::Seen(_) => {}
        }
    }
    heard
}

async fn learn_and_mark(node: &Arc<Node>, statements: &[SignedStatement]) {
    let (node, statements) = (node.clone(), statements.to_vec());
    let heeded = tokio::task::spawn_blocking(move || node.heed(&statements)).await;
    if let Ok(Err(error)) = heeded {
        tracing::error!(%error, "records that news of the directory settle or revise were not marked; the next start marks them");
    }
}

/// After more commits than we could follow: everything is looked at again.
async fn relearn(node: &Arc<Node>) {
    match node.store().read(|reader| reader.statements()) {
        Ok(statements) => learn_and_mark(node, &statements).await,
        Err(error) => tracing::error!(%error, "statements of trust could not be read"),
    }
}
