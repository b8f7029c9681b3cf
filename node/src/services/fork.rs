//! Logs that say two things: reads what a peer holds of them, proves it to everybody who holds the space, and goes on with
//! the branch on which all agree (design 5). Nothing else stops.

mod anew;
mod follow;
mod past;
mod settle;
mod told;

pub use anew::LeftBehind;
pub use past::{EarlierLog, Restored};
pub use told::{BranchTold, ForkTold, Why};

use lianzhan_protocol::id::{Hash, SpaceId};
use lianzhan_protocol::log::{
    EntryIndex, Equivocation, Evidence, Frontier, LogStart, LogStatement, Origin, Receipt, TreeSize,
    consistency, stored_index,
};
use lianzhan_protocol::sync::{BRANCHES_MAX, Input, Offence, RANGE_ENTRIES_MAX, RangeData};

use super::{Node, ServiceError};
use crate::store::{BranchRow, LogRow, Reader, StoreError};

/// What became of a range of another branch.
#[derive(Debug)]
pub enum BranchStep {
    /// It is kept, or is the same as here; more is wanted from there on.
    Next(TreeSize),
    /// That was all.
    Done,
    /// What stands at the peer goes on where what stands here ends: no other branch.
    Grows,
    /// The peer sent what no honest node sends.
    PeerLied(Offence),
    /// Something failed here.
    Failed(String),
}

impl BranchStep {
    /// What the session is told that asked for the range.
    pub fn answer(self, space: SpaceId, origin: Origin) -> Input {
        match self {
            BranchStep::Next(next) => Input::BranchStored {
                origin,
                next: Some(next),
            },
            BranchStep::Done => Input::BranchStored { origin, next: None },
            BranchStep::Grows => Input::BranchGrows { space, origin },
            BranchStep::PeerLied(offence) => Input::StoreRefused { origin, offence },
            BranchStep::Failed(reason) => Input::StoreFailed { reason },
        }
    }
}

/// One of the histories that are held of a log: what stands, or a branch beside it.
enum History<'a> {
    Stands(&'a LogRow),
    Beside(&'a BranchRow),
}

impl History<'_> {
    /// What stands first, then the others in the order of their numbers.
    fn all<'a>(log: &'a LogRow, branches: &'a [BranchRow]) -> Vec<History<'a>> {
        let beside = branches.iter().map(History::Beside);
        std::iter::once(History::Stands(log)).chain(beside).collect()
    }

    fn size(&self) -> TreeSize {
        match self {
            History::Stands(log) => log.size,
            History::Beside(branch) => branch.size,
        }
    }

    /// The signed note of its newest checkpoint.
    fn note(&self) -> &str {
        match self {
            History::Stands(log) => &log.checkpoint,
            History::Beside(branch) => &branch.checkpoint,
        }
    }

    fn node(&self, reader: &Reader<'_>, idx: u64) -> Option<Hash> {
        match self {
            History::Stands(log) => reader.node(log.id, idx),
            History::Beside(branch) => reader.branch_node(branch, idx),
        }
    }

    fn leaf(&self, reader: &Reader<'_>, index: u64) -> Option<Hash> {
        (index < self.size().0)
            .then(|| self.node(reader, stored_index(0, index)))
            .flatten()
    }

    fn frontier(&self, reader: &Reader<'_>, size: TreeSize) -> Result<Frontier, StoreError> {
        match self {
            History::Stands(log) => reader.frontier(log.id, size),
            History::Beside(branch) => reader.branch_frontier(branch, size),
        }
    }

    /// The receipts held over its part from `start` on.
    fn receipts(&self, reader: &Reader<'_>, start: u64) -> Result<Vec<Receipt>, StoreError> {
        match self {
            History::Stands(log) => reader.receipts_over(log.id, EntryIndex(start)),
            History::Beside(branch) => {
                let mut receipts = reader.branch_receipts(branch)?;
                // What stands below its start stands in its log.
                let below = reader.receipts_over(branch.log, EntryIndex(start))?;
                receipts.extend(below.into_iter().filter(|below| below.size.0 <= branch.start));
                Ok(receipts)
            }
        }
    }
}

impl Node {
    /// States a proof of equivocation in this node's log of the same space, so that sync carries it to all who hold it.
    pub(super) fn tell_fork(&self, start: &LogStart, proof: Equivocation) -> Result<(), ServiceError> {
        let own = self.ensure_log(&start.space)?;
        let entry = self.node_entry(&own, &start.space, &LogStatement::Equivocation(proof.clone()))?;
        self.store.write_blocking(move |writer| {
            writer.keep_fork(&proof)?;
            writer.append_own(&own, vec![entry])
        })?;
        Ok(())
    }

    /// Logs that are proved to say two things of which not both are here, with their spaces.
    pub fn open_forks(&self) -> Result<Vec<(SpaceId, Origin)>, ServiceError> {
        Ok(self.store.read(|reader| {
            let mut open: Vec<(SpaceId, Origin)> = Vec::new();
            for (_, proof) in reader.forks()? {
                let origin = proof.origin();
                // Proofs about one log follow each other.
                if open.last().is_some_and(|(_, known)| *known == origin) {
                    continue;
                }
                let Some(log) = reader.log(&origin)? else {
                    continue;
                };
                let branches = reader.branches(log.id)?;
                let kept_max = usize::try_from(BRANCHES_MAX).unwrap_or(usize::MAX);
                let missing = match &proof.evidence {
                    _ if branches.len() >= kept_max => false,
                    Evidence::Roots(..) | Evidence::Rewritten { .. } => branches.is_empty(),
                    Evidence::Leaves { index, one, other } => [one, other].iter().any(|said| {
                        let histories = History::all(&log, &branches);
                        !histories
                            .iter()
                            .any(|history| history.leaf(reader, index.0) == Some(said.leaf))
                    }),
                };
                if missing {
                    open.push((log.space(), origin));
                }
            }
            Ok(open)
        })?)
    }

    /// As [`Node::read_range`], of the log's branch with this number: 0 is what stands, from 1 on the others that are whole,
    /// in their order.
    pub fn read_branch(
        &self,
        origin: &Origin,
        branch: u32,
        from: TreeSize,
        max_bytes: usize,
    ) -> Result<Option<RangeData>, ServiceError> {
        let Some(nth) = branch.checked_sub(1) else {
            return self.read_range(origin, from, max_bytes);
        };
        Ok(self.store.read(|reader| {
            let Some(log) = reader.log(origin)? else {
                return Ok(None);
            };
            let mut whole = reader.branches(log.id)?.into_iter().filter(BranchRow::is_whole);
            let nth = usize::try_from(nth).unwrap_or(usize::MAX);
            let Some(branch) = whole.nth(nth).filter(|branch| from < branch.size) else {
                return Ok(None);
            };
            let rows = reader.branch_range(&branch, from, RANGE_ENTRIES_MAX, max_bytes)?;
            let end = TreeSize(from.0 + rows.len() as u64);
            let proof = consistency(end, branch.size, |idx| reader.branch_node(&branch, idx))
                .map_err(|error| StoreError::Corrupt(format!("branch of {origin}: {error}")))?;
            let entries = rows.into_iter().map(|row| (row.entry, row.payload));
            Ok(RangeData::new(origin.clone(), from, entries, branch.checkpoint, proof).ok())
        })?)
    }
}

#[cfg(test)]
mod tests;
