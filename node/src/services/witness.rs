//! Witnessing: a parent cosigns checkpoints of its children's nodes on a consistency proof alone, and the children append
//! the receipts to the very logs they cover (design 1, 5). A witness log is witnessed in its turn, once a day.

mod bench;
mod contradiction;
mod renewal;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lianzhan_protocol::id::{Hash, OrgId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{
    Checkpoint, LogStatement, Origin, Receipt, ReceiptOf, SignedCheckpoint, TreeSize, witness_group,
    witness_log_origin,
};
use lianzhan_protocol::sync::WitnessRequest;
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Directory, Purpose};
use tokio::sync::watch;

use super::{Node, ServiceError};
use crate::env;
use crate::store::{LogRow, Reader, StoreError};
use bench::Bench;

const DAY_S: u64 = 86_400;
/// How often the runtime asks whether an entry of freshness is due.
const LOOK: Duration = Duration::from_secs(600);
/// Most requests that are judged in one transaction.
const BATCH_MAX: usize = 512;

/// A checkpoint that a peer wants cosigned.
#[derive(Debug, Clone)]
pub struct CosignRequest {
    /// The node that signed it.
    pub peer: PublicKey,
    /// Where the proof starts.
    pub old: TreeSize,
    /// Signed by the peer: verified.
    pub checkpoint: SignedCheckpoint,
    /// Not verified.
    pub proof: Vec<Hash>,
    /// A receipt over the tree of size `old`, good in itself; whose it is, is not verified.
    pub shown: Option<Receipt>,
}

/// A receipt, or the size last cosigned and why not.
pub type Cosigned = Result<Receipt, (TreeSize, String)>;

type Answer = Box<dyn FnOnce(Cosigned) + Send>;
/// Requests of sessions that wait for the writer.
pub(super) type Queue = Mutex<Vec<(CosignRequest, Answer)>>;

/// Whether an entry of freshness is due: one a day, by UTC.
pub fn freshness_due(last_s: Option<u64>, now: Timestamp) -> bool {
    last_s.is_none_or(|last| last / DAY_S < now.seconds() / DAY_S)
}

/// Writes an entry of freshness each day, until `stop` turns true.
pub async fn keep_fresh(node: Arc<Node>, mut stop: watch::Receiver<bool>) {
    loop {
        let at = node.clone();
        let looked = tokio::task::spawn_blocking(move || at.tend());
        if let Ok(Err(error)) = looked.await {
            tracing::error!(%error, "the witness log could not be kept fresh");
        }
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

impl Node {
    /// The origin of this node's witness log.
    pub fn witness_origin(&self) -> Result<Origin, ServiceError> {
        let epoch = self.store.read(|reader| reader.witness_epoch())?;
        Ok(witness_log_origin(&self.node_key.public(), &epoch))
    }

    /// The witness log, if this node has one that is to be witnessed: it holds something, and the witness is not retired.
    pub fn witness_log(&self) -> Result<Option<Origin>, ServiceError> {
        let origin = self.witness_origin()?;
        let live = self.store.read(|reader| {
            Ok(reader.witness_size()? > TreeSize::EMPTY && reader.witness_retired()?.is_none())
        })?;
        Ok(live.then_some(origin))
    }

    /// What a running node does each while: marks what could not be marked, tells contradictions, also those found before a
    /// crash or of a log that came later, gives up what is kept no longer, and keeps its witness log fresh. Returns whether it wrote an entry of freshness.
    pub fn tend(&self) -> Result<bool, ServiceError> {
        self.store.write_blocking(|_| Ok(()))?;
        self.try_tell_contradictions();
        self.give_up_old()?;
        self.freshen(env::now())
    }

    /// Writes an entry of freshness if this node witnesses others and one is due. Returns whether it did.
    pub fn freshen(&self, now: Timestamp) -> Result<bool, ServiceError> {
        let origin = self.witness_origin()?;
        let (last, size) = self
            .store
            .read(|reader| Ok((reader.fresh_s(&origin)?, reader.witness_size()?)))?;
        let witnesses = size > TreeSize::EMPTY || self.witnesses_others();
        if !witnesses || !freshness_due(last, now) {
            return Ok(false);
        }
        Ok(self.store.write_blocking(move |writer| {
            if writer.witness_retired().is_some() {
                return Ok(false);
            }
            writer.append_freshness(now.seconds())?;
            Ok(true)
        })?)
    }

    fn witnesses_others(&self) -> bool {
        let directory = self.directory();
        let names_us = directory
            .required_witnesses(&directory.root())
            .contains(&self.org);
        names_us || directory.children(&self.org).next().is_some()
    }

    /// What to ask a witness of `witness` for an own log, closed or not, or the witness log; none if there is nothing to ask of it: all
    /// but receipts is covered by it, it is none whom the log needs, or the witness log was witnessed today.
    pub fn prepare_witness(
        &self,
        origin: &Origin,
        witness: &OrgId,
        old: Option<TreeSize>,
        now: Timestamp,
    ) -> Result<Option<WitnessRequest>, ServiceError> {
        if *origin == self.witness_origin()? {
            return self.prepare_witness_log(origin, witness, old, now);
        }
        let directory = self.directory();
        Ok(self.store.read(|reader| {
            let Some(log) = reader
                .log(origin)?
                .filter(|log| log.is_ours() && log.halted.is_none())
            else {
                return Ok(None);
            };
            // Of one that is closed it is known what was signed, and that may not be witnessed yet. Another one must be there to
            // state it, or take its place.
            if !log.own {
                let may_write = directory.may_hold(&self.org, &log.start.space)
                    && reader
                        .own_logs(&log.space())?
                        .iter()
                        .all(|log| log.halted.is_none());
                if log.start.node != self.node_key.public() || !may_write {
                    return Ok(None);
                }
            }
            let needed = directory.required_groups(
                &log.start.org,
                log.start.required_parent.as_ref(),
                log.start.policy.as_ref(),
            );
            if !needed.is_some_and(|groups| groups.iter().flatten().any(|org| org == witness)) {
                return Ok(None);
            }
            let shown = if log.own {
                self.store.published(origin) >= log.size
            } else {
                log.checkpoint_size == log.size
            };
            if !shown {
                return Ok(None);
            }
            let given = reader.newest_receipts(log.id)?;
            let covered = counted(&directory, &log, &given, witness);
            if reader.unreceipted(log.id, covered)? == 0 {
                return Ok(None);
            }
            let newest = newest_of(&directory, given, witness);
            let Some((old, shown)) = start_of(old, newest, log.size) else {
                return Ok(None);
            };
            let checkpoint = SignedCheckpoint::verify(&log.checkpoint, &log.start.node, &log.origin)
                .map_err(|error| StoreError::Corrupt(format!("checkpoint of {origin}: {error}")))?;
            let proof = reader.consistency(log.id, old, log.size)?;
            Ok(Some(WitnessRequest {
                old,
                checkpoint,
                proof,
                shown,
            }))
        })?)
    }

    fn prepare_witness_log(
        &self,
        origin: &Origin,
        witness: &OrgId,
        old: Option<TreeSize>,
        now: Timestamp,
    ) -> Result<Option<WitnessRequest>, ServiceError> {
        let directory = self.directory();
        let needed = directory
            .required_groups(&self.org, None, None)
            .is_some_and(|groups| groups.iter().flatten().any(|org| org == witness));
        if !needed {
            return Ok(None);
        }
        Ok(self.store.read(|reader| {
            let size = reader.witness_size()?.min(self.store.published(origin));
            if size == TreeSize::EMPTY || reader.witness_retired()?.is_some() {
                return Ok(None);
            }
            let newest = newest_of(&directory, reader.witness_receipts(origin)?, witness);
            let today = newest
                .as_ref()
                .is_some_and(|receipt| !freshness_due(Some(receipt.time_s), now));
            if today {
                return Ok(None);
            }
            let Some((old, shown)) = start_of(old, newest, size) else {
                return Ok(None);
            };
            let checkpoint = Checkpoint {
                origin: origin.clone(),
                size,
                root: reader.root_at(0, size)?,
            };
            Ok(Some(WitnessRequest {
                old,
                checkpoint: checkpoint.sign(&self.node_key),
                proof: reader.consistency(0, old, size)?,
                shown,
            }))
        })?)
    }

    /// How much of a log all who must have witnessed.
    pub(super) fn witnessed_size(&self, reader: &Reader<'_>, log: &LogRow) -> Result<TreeSize, StoreError> {
        let directory = self.directory();
        let given = reader.newest_receipts(log.id)?;
        let groups = directory
            .required_groups(
                &log.start.org,
                log.start.required_parent.as_ref(),
                log.start.policy.as_ref(),
            )
            .unwrap_or_default();
        let of_group = |group: &Vec<OrgId>| {
            let sizes = group.iter().map(|org| counted(&directory, log, &given, org));
            sizes.max().unwrap_or(TreeSize::EMPTY)
        };
        Ok(groups.iter().map(of_group).min().unwrap_or(TreeSize::EMPTY))
    }

    /// [`Node::cosign_many`] with one request.
    pub fn cosign(&self, request: CosignRequest, now: Timestamp) -> Result<Cosigned, ServiceError> {
        let mut cosigned = self.cosign_many(vec![request], now)?;
        cosigned
            .pop()
            .ok_or_else(|| StoreError::Corrupt("no answer of the witness".into()).into())
    }

    /// Judges and cosigns checkpoints of children's logs, and appends each fact to this node's witness log: one atomic,
    /// durable step. Answers come in the order of the requests; refusals carry the size last cosigned.
    pub fn cosign_many(
        &self,
        requests: Vec<CosignRequest>,
        now: Timestamp,
    ) -> Result<Vec<Cosigned>, ServiceError> {
        // The log before the key: whoever renews both changes the key first.
        let log = self.witness_origin()?;
        let bench = Bench {
            log,
            witness: self.witness_key(),
            node: self.node_key.clone(),
            org: self.org,
            directory: self.directory(),
        };
        let (answers, contradicted) = self
            .store
            .write_blocking(move |writer| bench.cosign(writer, requests, now.seconds()))?;
        if contradicted {
            self.try_tell_contradictions();
        }
        Ok(answers)
    }

    /// Has a request wait for [`Node::cosign_queued`].
    pub fn enqueue_cosign(&self, request: CosignRequest, answer: impl FnOnce(Cosigned) + Send + 'static) {
        self.queue().push((request, Box::new(answer)));
    }

    /// Answers the requests that wait, many in one transaction.
    pub fn cosign_queued(&self, now: Timestamp) {
        loop {
            let waiting: Vec<_> = {
                let mut queue = self.queue();
                let count = queue.len().min(BATCH_MAX);
                queue.drain(..count).collect()
            };
            if waiting.is_empty() {
                return;
            }
            let (requests, answers): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
            match self.cosign_many(requests, now) {
                Ok(cosigned) => answers
                    .into_iter()
                    .zip(cosigned)
                    .for_each(|(answer, cosigned)| answer(cosigned)),
                Err(error) => {
                    tracing::error!(%error, "checkpoints could not be cosigned");
                    answers
                        .into_iter()
                        .for_each(|answer| answer(Err((TreeSize::EMPTY, "a failure at the witness".into()))));
                }
            }
        }
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Vec<(CosignRequest, Answer)>> {
        self.cosigning.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a receipt to the own log that it covers, or states it in another own log of the space where that is closed; one
    /// over the witness log is kept beside it. Returns whether it was stored: not where it is stated already, nor over a witness log that is
    /// none of this node any more.
    pub fn store_receipt(&self, origin: &Origin, receipt: Receipt) -> Result<bool, ServiceError> {
        if *origin == self.witness_origin()? {
            let origin = origin.clone();
            self.store
                .write_blocking(move |writer| writer.keep_witness_receipt(&origin, &receipt))?;
            return Ok(true);
        }
        let Some(log) = self.store.read(|reader| reader.log(origin))? else {
            // The witness log was begun anew, with another key, while its witness had the old one before it.
            tracing::debug!(%origin, "a receipt for a log that is none of this node any more");
            return Ok(false);
        };
        if !log.own {
            return self.state_receipt(&log, receipt);
        }
        let own = self.node_entry(origin, &log.start.space, &LogStatement::Receipt(receipt.clone()))?;
        let origin = origin.clone();
        let stored = self
            .store
            .write_blocking(move |writer| writer.append_own(&origin, vec![own]));
        match stored {
            // Closed since it was asked for.
            Err(StoreError::Closed(_)) => self.state_receipt(&log, receipt),
            stored => {
                stored?;
                self.apply_erasures()?;
                Ok(true)
            }
        }
    }
}

impl Node {
    /// States a receipt over a closed log in the own log of its space, once (spec 03, L-16a).
    fn state_receipt(&self, log: &LogRow, receipt: Receipt) -> Result<bool, ServiceError> {
        let space = &log.start.space;
        let known = self.store.read(|reader| {
            let held = reader.receipts_by(log.id, receipt.size, receipt.witness.ed25519_bytes())?;
            let stated = reader.receipts_of(log.id, receipt.size)?;
            Ok(held.iter().chain(&stated).any(|known| *known == receipt))
        })?;
        if known {
            return Ok(false);
        }
        let Some(own) = passing(self.ensure_log(space))? else {
            return Ok(false);
        };
        let said = LogStatement::ReceiptOf(ReceiptOf {
            origin: log.origin.clone(),
            receipt,
        });
        let entry = self.node_entry(&own, space, &said)?;
        let written = self
            .store
            .write_blocking(move |writer| writer.append_own(&own, vec![entry]));
        if passing(written.map_err(ServiceError::from))?.is_none() {
            return Ok(false);
        }
        self.settle_forks()?;
        self.apply_erasures()?;
        Ok(true)
    }
}

/// None where nothing can be written into the space now, which is told elsewhere: its log is halted or was closed this moment,
/// or this node holds it no more. A receipt that is not stated is given again.
fn passing<T>(written: Result<T, ServiceError>) -> Result<Option<T>, ServiceError> {
    match written {
        Err(
            ServiceError::NotAllowed(_)
            | ServiceError::Store(StoreError::Halted { .. } | StoreError::Closed(_)),
        ) => Ok(None),
        written => written.map(Some),
    }
}

/// How much of a log receipts of an org cover, of those that count.
fn counted(directory: &Directory, log: &LogRow, given: &[Receipt], org: &OrgId) -> TreeSize {
    given
        .iter()
        .filter(|receipt| witness_group(directory, &log.start, receipt).is_ok_and(|(_, by)| by == *org))
        .map(|receipt| receipt.size)
        .max()
        .unwrap_or(TreeSize::EMPTY)
}

/// The newest receipt by a key that was ever appointed as witness of an org.
fn newest_of(directory: &Directory, given: Vec<Receipt>, org: &OrgId) -> Option<Receipt> {
    given
        .into_iter()
        .filter(|receipt| is_witness_of(directory, &receipt.witness, org))
        .max_by_key(Receipt::rank)
}

fn is_witness_of(directory: &Directory, key: &PublicKey, org: &OrgId) -> bool {
    let mut appointed = directory.appointments_of(key, Purpose::Witness);
    appointed.any(|(_, appointment)| appointment.org == *org)
}

/// From where a proof starts, and what is shown for it: where the witness says that it cosigned less than a receipt of it
/// covers, that receipt. None if the log is shorter.
fn start_of(
    claimed: Option<TreeSize>,
    newest: Option<Receipt>,
    size: TreeSize,
) -> Option<(TreeSize, Option<Receipt>)> {
    let covered = newest.as_ref().map_or(TreeSize::EMPTY, |receipt| receipt.size);
    let (old, shown) = match claimed {
        Some(claimed) if covered >= claimed => (covered, newest),
        Some(claimed) => (claimed, None),
        None => (covered, None),
    };
    (old <= size).then_some((old, shown))
}

#[cfg(test)]
mod tests;
