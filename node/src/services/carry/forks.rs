//! Logs that say two things: a file that shows another history than is here is read as a session reads a fork, and the next
//! one the other way has the whole log and all that is held beside it, and asks for the same.

use std::collections::{BTreeMap, BTreeSet};

use lianzhan_protocol::id::SpaceId;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{Entry, Origin, TreeSize, stored_index};
use lianzhan_protocol::sync::{RangeData, Standing};
use minicbor::{Decode, Encode};

use super::{CarryError, FORKED};
use crate::services::fork::BranchStep;
use crate::services::{Node, ServiceError};

/// A log of which a peer's last file told a history that is not here.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(super) struct Forked {
    #[n(0)]
    pub(super) space: SpaceId,
    #[n(1)]
    pub(super) origin: Origin,
    /// What the peer said that it holds.
    #[n(2)]
    told: Standing,
    /// Whether the file had the log from its first entry on, and that history could not be kept all the same: it is not asked
    /// for again as long as the peer says the same.
    #[n(3)]
    in_vain: bool,
}

/// What a file shows of logs that say two things.
#[derive(Debug, Default)]
pub(super) struct Forks {
    /// What the sender says that it holds, of each log.
    told: BTreeMap<Origin, (SpaceId, Standing)>,
    /// Logs of which it holds another history than stands here.
    open: BTreeSet<Origin>,
    /// Logs that the file has from their first entry on.
    whole: BTreeSet<Origin>,
}

/// What became of a range.
pub(super) enum Looked {
    /// It was looked at.
    Done,
    /// It goes on where what stands here ends.
    Grows,
}

impl Forks {
    /// What the sender says that it holds of a log is compared with what is here of it in that space.
    pub(super) fn announced(
        &mut self,
        node: &Node,
        space: SpaceId,
        origin: &Origin,
        told: Standing,
    ) -> Result<(), ServiceError> {
        self.told.insert(origin.clone(), (space, told));
        if node.is_held_in(&space, origin)? && !node.has_history(origin, told)? {
            self.open.insert(origin.clone());
        }
        Ok(())
    }

    /// Whether a range is one of another history, as far as can be told by what is here.
    pub(super) fn shows(
        &mut self,
        node: &Node,
        space: &SpaceId,
        range: &RangeData,
    ) -> Result<bool, ServiceError> {
        if range.from == TreeSize::EMPTY {
            self.whole.insert(range.origin.clone());
        }
        Ok(self.open.contains(&range.origin) || node.contradicts(space, range)?)
    }

    /// Looks at a range of another history.
    pub(super) fn look(
        &mut self,
        node: &Node,
        space: &SpaceId,
        range: &RangeData,
    ) -> Result<Looked, ServiceError> {
        self.open.insert(range.origin.clone());
        match node.ingest_branch(space, range) {
            BranchStep::Next(_) | BranchStep::Done => Ok(Looked::Done),
            BranchStep::Grows => Ok(Looked::Grows),
            BranchStep::PeerLied(offence) => Err(CarryError::Lied {
                origin: range.origin.clone(),
                reason: offence.what,
            }
            .into()),
            BranchStep::Failed(reason) => Err(CarryError::Disk(std::io::Error::other(reason)).into()),
        }
    }

    /// Those whose history is not here now that the file was read; `before` are those of the last one.
    pub(super) fn left(&self, node: &Node, before: &[Forked]) -> Result<Vec<Forked>, ServiceError> {
        let mut left = Vec::new();
        for origin in &self.open {
            let Some((space, told)) = self.told.get(origin).copied() else {
                continue;
            };
            if node.holds_history(origin, told)? {
                continue;
            }
            let mut before = before.iter();
            let in_vain = self.whole.contains(origin)
                || before.any(|one| one.in_vain && one.origin == *origin && one.told == told);
            left.push(Forked {
                space,
                origin: origin.clone(),
                told,
                in_vain,
            });
        }
        Ok(left)
    }
}

impl Node {
    fn is_held_in(&self, space: &SpaceId, origin: &Origin) -> Result<bool, ServiceError> {
        let log = self.store.read(|reader| reader.log(origin))?;
        Ok(log.is_some_and(|log| log.space() == *space))
    }

    /// Whether a range has something else at a place that is filled here.
    fn contradicts(&self, space: &SpaceId, range: &RangeData) -> Result<bool, ServiceError> {
        Ok(self.store.read(|reader| {
            let Some(log) = reader.log(&range.origin)?.filter(|log| log.space() == *space) else {
                return Ok(false);
            };
            let mut filled = (range.from.0..log.size.0).zip(range.entries.iter());
            Ok(filled.any(|(index, entry)| {
                let here = reader.node(log.id, stored_index(0, index));
                Entry::parse(&entry.entry).is_ok_and(|entry| Some(entry.leaf()) != here)
            }))
        })?)
    }

    /// Logs of which the last files from these nodes told another history that the next ones may bring.
    pub(super) fn forked_by(&self, nodes: &[PublicKey]) -> Result<Vec<Forked>, ServiceError> {
        let mut forked = Vec::new();
        for node in nodes {
            let noted = self
                .noted_of_peer::<Vec<Forked>>(FORKED, node)?
                .unwrap_or_default();
            forked.extend(noted.into_iter().filter(|one| !one.in_vain));
        }
        Ok(forked)
    }
}
