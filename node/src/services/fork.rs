//! Logs that say two things: reads the other branch from a peer, proves it to everybody who holds the space, and goes on
//! with the branch on which all agree (design 5). Nothing else stops.

mod anew;

pub use anew::LeftBehind;

use lianzhan_protocol::id::{Hash, SpaceId};
use lianzhan_protocol::log::{
    Branch, EntryIndex, Equivocation, Evidence, LogStart, LogStatement, Origin, Receipt, SignedCheckpoint,
    SignedLeaf, SignedRoot, TreeSize, inclusion, standing_branch, stored_index, witness_group,
};
use lianzhan_protocol::sync::{Blame, RangeData, Standing, VerifiedRange, verify_range_by};
use lianzhan_protocol::trust::Directory;

use super::ingest::verify_entries;
use super::{Node, ServiceError};
use crate::store::{BranchPiece, BranchRow, LogRow, Reader, StoreError};

/// What became of a range of another branch.
#[derive(Debug)]
pub enum BranchStep {
    /// It is kept, or is the same as here; more is wanted from there on.
    Next(TreeSize),
    /// That was all.
    Done,
    /// The peer sent what no honest node sends.
    PeerLied(String),
    /// Something failed here.
    Failed(String),
}

/// What is held of a log, before a range of its other branch is looked at.
struct Held {
    log: LogRow,
    branch: Option<BranchRow>,
    frontier: lianzhan_protocol::log::Frontier,
}

impl Node {
    /// Looks at a range of a log of which the peer may hold another branch, from its beginning on.
    pub fn ingest_branch(&self, space: &SpaceId, range: &RangeData) -> BranchStep {
        self.try_branch(space, range)
            .unwrap_or_else(|error| BranchStep::Failed(error.to_string()))
    }

    fn try_branch(&self, space: &SpaceId, range: &RangeData) -> Result<BranchStep, ServiceError> {
        let held = self.store.read(|reader| held(reader, range))?;
        let Some(Held {
            log,
            branch,
            frontier,
        }) = held
        else {
            return Ok(BranchStep::Done);
        };
        if let Some(branch) = branch.as_ref().filter(|branch| range.from.0 < branch.size.0) {
            // Read before, from this peer or another one: on from there.
            return if branch.size == branch.checkpoint_size {
                self.settle_fork(&log.origin)?;
                Ok(BranchStep::Done)
            } else {
                Ok(BranchStep::Next(branch.size))
            };
        }
        let verified = match verify_range_by(space, Some(&log.start), &frontier, range, verify_entries) {
            Ok(verified) => verified,
            Err(error) => {
                return Ok(match error.blame() {
                    Blame::Peer => BranchStep::PeerLied(error.to_string()),
                    // A third branch, or another version.
                    Blame::Log => BranchStep::Done,
                    Blame::Ours => BranchStep::Failed(error.to_string()),
                });
            }
        };
        let end = verified.standing().size;
        let start = match &branch {
            Some(branch) => Some(branch.start),
            None => self.store.read(|reader| Ok(parting(reader, &log, &verified)))?,
        };
        let Some(start) = start else {
            let more = end < log.size && end < verified.checkpoint().checkpoint().size;
            return Ok(if more {
                BranchStep::Next(end)
            } else {
                BranchStep::Done
            });
        };
        let whole = verified.checkpoint().checkpoint().size;
        self.keep_piece(&log, start, verified)?;
        if end < whole {
            return Ok(BranchStep::Next(end));
        }
        self.settle_fork(&log.origin)?;
        Ok(BranchStep::Done)
    }

    fn keep_piece(&self, log: &LogRow, start: u64, verified: VerifiedRange) -> Result<(), ServiceError> {
        let skip = usize::try_from(start.saturating_sub(verified.from().0)).unwrap_or(usize::MAX);
        let first = stored_index(0, start);
        let nodes = verified.new_nodes().iter().filter(|(idx, _)| *idx >= first);
        let piece = BranchPiece {
            start,
            nodes: nodes.copied().collect(),
            frontier: verified.frontier().clone(),
            checkpoint: verified.checkpoint().clone(),
            entries: verified
                .into_entries()
                .into_iter()
                .skip(skip)
                .map(|(entry, payload)| (entry.to_bytes(), payload))
                .collect(),
        };
        let (origin, own) = (log.origin.clone(), log.own);
        let newest = piece.checkpoint.checkpoint().clone();
        self.store.write_blocking(move |writer| {
            if own {
                // We signed both: this copy was put back once. It goes on in a new log.
                let signed = Standing {
                    size: newest.size,
                    root: newest.root,
                };
                writer.close_log(
                    &origin,
                    "a peer holds another branch of this log that this node signed",
                    signed,
                )?;
            }
            writer.keep_branch(&origin, piece)
        })?;
        Ok(())
    }

    /// Both branches are here: proves it in this node's log of the space, once, and lets the branch stand on which all
    /// agree.
    fn settle_fork(&self, origin: &Origin) -> Result<(), ServiceError> {
        let directory = self.directory();
        let found = self.store.read(|reader| {
            let Some(log) = reader.log(origin)? else {
                return Ok(None);
            };
            let Some(branch) = reader.branch(log.id)? else {
                return Ok(None);
            };
            // What is still growing here is proved once it is whole.
            if log.checkpoint_size != log.size || branch.checkpoint_size != branch.size {
                return Ok(None);
            }
            let proof = prove(reader, &log, &branch)?;
            let theirs = reader.branch_receipts(log.id, branch.start, branch.size)?;
            let ours = receipts(reader, &log, branch.start)?;
            let leaf = |idx| reader.branch_node(log.id, branch.start, idx);
            let stands = standing_branch(
                &Branch {
                    leaf: reader
                        .node(log.id, stored_index(0, branch.start))
                        .unwrap_or(Hash([0xff; 32])),
                    witnessed: first_witness(&directory, &log.start, branch.start, &ours),
                },
                &Branch {
                    leaf: leaf(stored_index(0, branch.start)).unwrap_or(Hash([0xff; 32])),
                    witnessed: first_witness(&directory, &log.start, branch.start, &theirs),
                },
            );
            Ok(Some((log, proof, stands)))
        })?;
        let Some((log, proof, stands)) = found else {
            return Ok(());
        };
        let known = self.store.read(|reader| reader.forks())?;
        if !known.iter().any(|(about, _)| about == origin.as_str()) {
            self.tell_fork(&log.start, proof)?;
        }
        if !stands {
            let origin = origin.clone();
            self.store
                .write_blocking(move |writer| writer.switch_branch(&origin))?;
        }
        Ok(())
    }

    /// States a proof of equivocation in this node's log of the same space, so that sync carries it to all who hold it.
    fn tell_fork(&self, start: &LogStart, proof: Equivocation) -> Result<(), ServiceError> {
        let own = self.ensure_log(&start.space)?;
        let entry = self.node_entry(&own, &start.space, &LogStatement::Equivocation(proof.clone()))?;
        self.store.write_blocking(move |writer| {
            writer.keep_fork(&proof)?;
            writer.append_own(&own, vec![entry])
        })?;
        Ok(())
    }

    /// Logs that are proved to say two things, and whose other branch is not here yet, with their spaces.
    pub fn open_forks(&self) -> Result<Vec<(SpaceId, Origin)>, ServiceError> {
        Ok(self.store.read(|reader| {
            let mut open = Vec::new();
            for origin in reader.forks_without_branch()? {
                open.extend(reader.log(&origin)?.map(|log| (log.space(), origin)));
            }
            Ok(open)
        })?)
    }
}

/// None if the log is not here.
fn held(reader: &Reader<'_>, range: &RangeData) -> Result<Option<Held>, StoreError> {
    let Some(log) = reader.log(&range.origin)? else {
        return Ok(None);
    };
    let branch = reader.branch(log.id)?;
    let frontier = match &branch {
        Some(branch) if range.from == branch.size => {
            reader.branch_frontier(log.id, branch.start, branch.size)?
        }
        _ => reader.frontier(log.id, range.from.min(log.size))?,
    };
    Ok(Some(Held {
        log,
        branch,
        frontier,
    }))
}

/// The first index at which a range differs from what is held of its log.
fn parting(reader: &Reader<'_>, log: &LogRow, verified: &VerifiedRange) -> Option<u64> {
    let entries = (verified.from().0..log.size.0).zip(verified.entries());
    let mut entries = entries.map(|(index, (entry, _))| (index, entry.leaf()));
    entries
        .find(|(index, leaf)| reader.node(log.id, stored_index(0, *index)) != Some(*leaf))
        .map(|(index, _)| index)
}

/// Two leaves at the index where the branches part, each with its path to a signed root.
fn prove(reader: &Reader<'_>, log: &LogRow, branch: &BranchRow) -> Result<Equivocation, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("fork of {}: {what}", log.origin));
    let index = EntryIndex(branch.start);
    let place = stored_index(0, branch.start);
    let signed = |note: &str| -> Result<SignedRoot, StoreError> {
        let checkpoint = SignedCheckpoint::verify(note, &log.start.node, &log.origin)
            .map_err(|error| corrupt(&error.to_string()))?;
        Ok(SignedRoot {
            size: checkpoint.checkpoint().size,
            root: checkpoint.checkpoint().root,
            signature: checkpoint
                .signature()
                .ok_or_else(|| corrupt("no signature of the log"))?,
        })
    };
    let leaf = |note: &str, node: &dyn Fn(u64) -> Option<Hash>| -> Result<SignedLeaf, StoreError> {
        let tree = signed(note)?;
        Ok(SignedLeaf {
            leaf: node(place).ok_or_else(|| corrupt("a tree node is missing"))?,
            proof: inclusion(index, tree.size, node).map_err(|error| corrupt(&error.to_string()))?,
            tree,
        })
    };
    let ours = leaf(&log.checkpoint, &|idx| reader.node(log.id, idx))?;
    let theirs = leaf(&branch.checkpoint, &|idx| {
        reader.branch_node(log.id, branch.start, idx)
    })?;
    let (one, other) = if ours.leaf < theirs.leaf {
        (ours, theirs)
    } else {
        (theirs, ours)
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

/// The receipts held of the branch that stands, over its own part.
fn receipts(reader: &Reader<'_>, log: &LogRow, start: u64) -> Result<Vec<Receipt>, StoreError> {
    let mut receipts = Vec::new();
    for row in reader.receipts_over(log.id, EntryIndex(start))? {
        receipts.extend(reader.receipt(log.id, row.size, &row.witness)?);
    }
    Ok(receipts)
}

/// When the required parent first witnessed a tree with the branch's own part, and where.
fn first_witness(
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

#[cfg(test)]
mod tests;
