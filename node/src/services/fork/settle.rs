//! Several histories of a log are here: each is proved against the one that it shares the most with, and that stands on
//! which all agree.

use std::collections::BTreeMap;

use lianzhan_protocol::id::Hash;
use lianzhan_protocol::log::{
    Branch, EntryIndex, Equivocation, Evidence, LogStart, Origin, Receipt, SignedCheckpoint, SignedLeaf,
    inclusion, standing_branch, witness_group,
};
use lianzhan_protocol::sync::BRANCHES_MAX;
use lianzhan_protocol::trust::Directory;

use super::super::{Node, ServiceError};
use super::History;
use crate::store::{BranchRow, LogRow, Reader, StoreError};

/// What follows from the histories held.
struct Found {
    start: LogStart,
    /// Proofs that nobody has stated as far as is known here.
    proofs: Vec<Equivocation>,
    /// The branch that is to stand instead of what does, with its root.
    stands: Option<(u32, Hash)>,
    /// A branch beyond those that are kept.
    surplus: Option<(u32, Hash)>,
}

impl Node {
    /// Proves what is here in this node's log of the space, once, and lets the branch stand on which all agree.
    pub(super) fn settle_fork(&self, origin: &Origin) -> Result<(), ServiceError> {
        let directory = self.directory();
        let found = self.store.read(|reader| find(reader, &directory, origin))?;
        let Some(found) = found else { return Ok(()) };
        // Where nothing can be stated, the history on which all agree stands all the same.
        let mut told = Ok(());
        for proof in found.proofs {
            told = told.and(self.tell_fork(&found.start, proof));
        }
        let (origin, stands, surplus) = (origin.clone(), found.stands, found.surplus);
        self.store.write_blocking(move |writer| {
            if let Some((number, root)) = stands {
                writer.switch_branch(&origin, number, &root)?;
            }
            if let Some((number, root)) = surplus {
                writer.drop_branch(&origin, number, &root)?;
            }
            Ok(())
        })?;
        told
    }
}

impl Node {
    /// Judges anew which history stands of logs of which another log states a receipt, or states one no more.
    pub(in crate::services) fn settle_forks(&self) -> Result<(), ServiceError> {
        let mut settled = Vec::new();
        for due in self.store.read(|reader| reader.unsettled())? {
            let log = self.store.read(|reader| reader.log(&due.origin))?;
            // What is still growing is judged once it is whole.
            if log.is_some_and(|log| log.checkpoint_size != log.size) {
                continue;
            }
            match self.settle_fork(&due.origin) {
                Ok(()) => settled.push(due),
                // This log's affair alone: judged again when the directory has news, and at the next start.
                Err(
                    error @ (ServiceError::NotAllowed(_)
                    | ServiceError::Store(
                        StoreError::Halted { .. } | StoreError::Closed(_) | StoreError::Corrupt(_),
                    )),
                ) => {
                    tracing::warn!(origin = %due.origin, %error, "which history of a log stands could not be judged")
                }
                Err(error) => return Err(error),
            }
        }
        if settled.is_empty() {
            return Ok(());
        }
        Ok(self
            .store
            .write_blocking(move |writer| settled.iter().try_for_each(|due| writer.settled(due)))?)
    }
}

fn find(reader: &Reader<'_>, directory: &Directory, origin: &Origin) -> Result<Option<Found>, StoreError> {
    let Some(log) = reader.log(origin)? else {
        return Ok(None);
    };
    // What is still growing here is proved once it is whole.
    let mut branches = reader.branches(log.id)?;
    branches.retain(BranchRow::is_whole);
    if log.checkpoint_size != log.size || branches.is_empty() {
        return Ok(None);
    }
    let histories = History::all(&log, &branches);
    let known = reader.forks_of(origin)?;
    let mut proofs = Vec::new();
    for (n, branch) in branches.iter().enumerate() {
        let own = History::Beside(branch);
        let (at, nearest) = nearest(reader, branch, &histories[..=n]);
        let is_known = if branches.len() == 1 {
            !known.is_empty()
        } else {
            // Which of the others it was proved against is all the same: what stands may have changed since.
            let leaf = own.leaf(reader, at);
            known.iter().any(|proof| shows(proof, at, leaf))
        };
        if !is_known {
            proofs.push(prove(reader, &log, &own, &histories[nearest], at)?);
        }
    }
    let chosen = choose(reader, directory, &log, &histories)?;
    let stands = match &histories[chosen] {
        History::Stands(_) => None,
        History::Beside(branch) => Some((branch.number, branch.root)),
    };
    let kept_max = usize::try_from(BRANCHES_MAX).unwrap_or(usize::MAX);
    let last = branches.last().filter(|_| branches.len() > kept_max);
    Ok(Some(Found {
        proofs,
        // What stood takes the number of what stands.
        surplus: last.map(|last| match stands {
            Some((number, _)) if number == last.number => (number, log.root),
            _ => (last.number, last.root),
        }),
        stands,
        start: log.start.clone(),
    }))
}

/// Among those before it, the history with which a branch shares the most, and the first index at which the two differ.
fn nearest(reader: &Reader<'_>, branch: &BranchRow, before: &[History<'_>]) -> (u64, usize) {
    let own = History::Beside(branch);
    let mut best = (branch.start, 0);
    for (n, history) in before.iter().enumerate() {
        let at = match history {
            History::Beside(other) if other.start == branch.start => {
                parting(reader, &own, history, branch.start)
            }
            _ => None,
        };
        if let Some(at) = at.filter(|at| *at > best.0) {
            best = (at, n);
        }
    }
    best
}

/// The first index from `from` on at which two histories differ.
fn parting(reader: &Reader<'_>, one: &History<'_>, other: &History<'_>, from: u64) -> Option<u64> {
    let end = one.size().min(other.size()).0;
    (from..end).find(|index| one.leaf(reader, *index) != other.leaf(reader, *index))
}

/// Whether a proof shows that this leaf is one of several at that index.
fn shows(proof: &Equivocation, at: u64, leaf: Option<Hash>) -> bool {
    match &proof.evidence {
        Evidence::Leaves { index, one, other } => {
            index.0 == at && [one.leaf, other.leaf].map(Some).contains(&leaf)
        }
        Evidence::Roots(..) | Evidence::Rewritten { .. } => false,
    }
}

/// Two leaves at the index where two histories part, each with its path to a signed root.
fn prove(
    reader: &Reader<'_>,
    log: &LogRow,
    one: &History<'_>,
    other: &History<'_>,
    at: u64,
) -> Result<Equivocation, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("fork of {}: {what}", log.origin));
    let index = EntryIndex(at);
    let leaf = |history: &History<'_>| -> Result<SignedLeaf, StoreError> {
        let tree = SignedCheckpoint::verify(history.note(), &log.start.node, &log.origin)
            .map_err(|error| corrupt(&error.to_string()))?
            .signed_root()
            .ok_or_else(|| corrupt("no signature of the log"))?;
        Ok(SignedLeaf {
            leaf: history
                .leaf(reader, at)
                .ok_or_else(|| corrupt("a tree node is missing"))?,
            proof: inclusion(index, tree.size, |idx| history.node(reader, idx))
                .map_err(|error| corrupt(&error.to_string()))?,
            tree,
        })
    };
    let (one, other) = (leaf(one)?, leaf(other)?);
    let (one, other) = if one.leaf < other.leaf {
        (one, other)
    } else {
        (other, one)
    };
    let proof = Equivocation {
        node: log.start.node,
        space: Some(log.space()),
        epoch: log.start.epoch,
        evidence: Evidence::Leaves { index, one, other },
    };
    proof.verify().map_err(|error| corrupt(&error.to_string()))?;
    Ok(proof)
}

/// Histories with one leaf where several part.
#[derive(Default)]
struct Side {
    /// When the required parent first witnessed one of them with that leaf, and where.
    witnessed: Option<(u64, u64)>,
    histories: Vec<usize>,
}

/// The history that stands: where they first part, that side which was witnessed first, else that with the smaller leaf;
/// then so among those on that side. It depends on the histories alone, not on which of them stands here.
fn choose(
    reader: &Reader<'_>,
    directory: &Directory,
    log: &LogRow,
    histories: &[History<'_>],
) -> Result<usize, StoreError> {
    let mut left: Vec<usize> = (0..histories.len()).collect();
    let starts = histories.iter().filter_map(|history| match history {
        History::Beside(branch) => Some(branch.start),
        History::Stands(_) => None,
    });
    let mut from = starts.min().unwrap_or(0);
    while let [first, rest @ ..] = &left[..] {
        let partings = rest
            .iter()
            .filter_map(|n| parting(reader, &histories[*first], &histories[*n], from));
        let Some(at) = partings.min() else { break };
        let mut sides: BTreeMap<Hash, Side> = BTreeMap::new();
        for n in &left {
            let history = &histories[*n];
            let leaf = history.leaf(reader, at).unwrap_or(Hash([0xff; 32]));
            let witnessed = first_witness(directory, &log.start, at, &history.receipts(reader, at)?);
            let side = sides.entry(leaf).or_default();
            side.witnessed = [side.witnessed, witnessed].into_iter().flatten().min();
            side.histories.push(*n);
        }
        let best = sides.into_iter().reduce(|best, next| {
            let of = |(leaf, side): &(Hash, Side)| Branch {
                leaf: *leaf,
                witnessed: side.witnessed,
            };
            if standing_branch(&of(&best), &of(&next)) {
                best
            } else {
                next
            }
        });
        left = best.map(|(_, side)| side.histories).unwrap_or_default();
        from = at + 1;
    }
    Ok(left.first().copied().unwrap_or(0))
}

/// When the required parent first witnessed a tree with the history's own part, and where.
pub(super) fn first_witness(
    directory: &Directory,
    log: &LogStart,
    start: u64,
    receipts: &[Receipt],
) -> Option<(u64, u64)> {
    let over = receipts
        .iter()
        .filter(|receipt| receipt.covers(EntryIndex(start)));
    over.filter(|receipt| matches!(witness_group(directory, log, receipt), Ok((0, _))))
        .filter(|receipt| receipt.verify(&log.origin(), &log.node).is_ok())
        .map(|receipt| (receipt.time_s, receipt.witness_index.0))
        .min()
}
