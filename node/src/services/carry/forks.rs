//! Logs that say two things: a file that shows another history than is here is read as a session reads a fork, and the next
//! one the other way has the whole log and all that is held beside it, and asks for the same.

use std::collections::BTreeMap;

use lianzhan_protocol::id::SpaceId;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{Entry, Origin, TreeSize, stored_index};
use lianzhan_protocol::sync::{RangeData, Standing};

use super::{CarryError, FORKED, Forked};
use crate::services::fork::BranchStep;
use crate::services::{Node, ServiceError};

/// Logs of which a file shows another history than is here, with their spaces.
#[derive(Debug, Default)]
pub(super) struct Forks(BTreeMap<Origin, Fork>);

#[derive(Debug)]
struct Fork {
    space: SpaceId,
    /// Whether the file has it from its first entry on.
    is_whole: bool,
}

/// What became of a range.
pub(super) enum Read {
    /// It was looked at.
    Read,
    /// It goes on where what stands here ends.
    Grows,
}

impl Forks {
    /// What the sender says that it holds of a log is compared with what is here.
    pub(super) fn announced(
        &mut self,
        node: &Node,
        space: SpaceId,
        origin: &Origin,
        told: Standing,
    ) -> Result<(), ServiceError> {
        if !node.has_history(origin, told)? {
            self.0.entry(origin.clone()).or_insert(Fork {
                space,
                is_whole: false,
            });
        }
        Ok(())
    }

    /// Whether a range is one of another history, as far as can be told by what is here.
    pub(super) fn shows(&self, node: &Node, range: &RangeData) -> Result<bool, ServiceError> {
        let reads = self.0.get(&range.origin).is_some_and(|fork| fork.is_whole);
        Ok(reads || node.contradicts(range)?)
    }

    /// Looks at a range of another history.
    pub(super) fn read(
        &mut self,
        node: &Node,
        space: SpaceId,
        range: &RangeData,
    ) -> Result<Read, ServiceError> {
        let fork = self.0.entry(range.origin.clone()).or_insert(Fork {
            space,
            is_whole: false,
        });
        fork.is_whole |= range.from == TreeSize::EMPTY;
        match node.ingest_branch(&space, range) {
            BranchStep::Next(_) | BranchStep::Done => Ok(Read::Read),
            BranchStep::Grows => Ok(Read::Grows),
            BranchStep::PeerLied(offence) => Err(CarryError::Lied {
                origin: range.origin.clone(),
                reason: offence.what,
            }
            .into()),
            BranchStep::Failed(reason) => Err(CarryError::Disk(std::io::Error::other(reason)).into()),
        }
    }

    /// Those that the file has only the end of, or nothing.
    pub(super) fn unread(&self) -> Forked {
        let unread = self.0.iter().filter(|(_, fork)| !fork.is_whole);
        unread
            .map(|(origin, fork)| (fork.space, origin.clone()))
            .collect()
    }
}

impl Node {
    /// Whether a range has something else at a place that is filled here.
    fn contradicts(&self, range: &RangeData) -> Result<bool, ServiceError> {
        Ok(self.store.read(|reader| {
            let Some(log) = reader.log(&range.origin)? else {
                return Ok(false);
            };
            let mut filled = (range.from.0..log.size.0).zip(range.entries.iter());
            Ok(filled.any(|(index, entry)| {
                let here = reader.node(log.id, stored_index(0, index));
                Entry::parse(&entry.entry).is_ok_and(|entry| Some(entry.leaf()) != here)
            }))
        })?)
    }

    /// Logs of which the last files from these nodes showed another history, unread.
    pub(super) fn forked_by(&self, nodes: &[PublicKey]) -> Result<Forked, ServiceError> {
        let mut forked = Forked::new();
        for node in nodes {
            forked.extend(self.noted_of_peer::<Forked>(FORKED, node)?.unwrap_or_default());
        }
        Ok(forked)
    }
}
