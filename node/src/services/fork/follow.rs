//! Where a range that a peer sent of a forked log belongs: it is compared with every history that is held of the log.

use lianzhan_protocol::id::{Hash, SpaceId};
use lianzhan_protocol::log::{Frontier, Origin, TreeSize, stored_index};
use lianzhan_protocol::sync::{
    BRANCHES_MAX, Blame, RangeData, RangeError, Standing, VerifiedRange, verify_range_by,
};

use super::super::threads::Threads;
use super::super::{Node, ServiceError};
use super::{BranchStep, History};
use crate::store::{BranchPiece, BranchRow, LogRow, Onto, Reader, StoreError};

/// What is held of a log, before a range of another branch is looked at.
struct Held {
    log: LogRow,
    branches: Vec<BranchRow>,
    /// The different trees that the range may follow.
    trees: Vec<Frontier>,
}

/// What a range adds to what is held.
enum Adds {
    /// Nothing.
    Known,
    /// It goes on where what stands ends: no other branch.
    Grows,
    /// Something, from this index on.
    Piece { onto: Onto, from: u64 },
}

impl Node {
    /// Looks at a range of a log of which the peer may hold another branch, from its beginning on.
    pub fn ingest_branch(&self, space: &SpaceId, range: &RangeData) -> BranchStep {
        self.try_branch(space, range)
            .unwrap_or_else(|error| BranchStep::Failed(error.to_string()))
    }

    fn try_branch(&self, space: &SpaceId, range: &RangeData) -> Result<BranchStep, ServiceError> {
        let Some(held) = self.store.read(|reader| held(reader, range))? else {
            return Ok(BranchStep::Done);
        };
        let verified = match verify(space, &held, range) {
            Ok(Some(verified)) => verified,
            // It follows nothing that is held.
            Ok(None) => return Ok(BranchStep::Done),
            Err(error) => {
                return Ok(match error.blame() {
                    Blame::Peer => BranchStep::PeerLied((&error).into()),
                    // Another version.
                    Blame::Log => BranchStep::Done,
                    Blame::Ours => BranchStep::Failed(error.to_string()),
                });
            }
        };
        // It was asked for before this node heard that its org may hold the space no more.
        let may_hold = self.directory().may_hold(&self.org, &held.log.start.space);
        if !may_hold && !held.log.own {
            return Ok(BranchStep::Done);
        }
        if self.withholds_more(space, &verified)? {
            return Ok(BranchStep::Done);
        }
        let (end, whole) = (verified.standing().size, verified.checkpoint().checkpoint().size);
        let adds = self.store.read(|reader| Ok(adds(reader, &held, &verified)))?;
        match adds {
            Adds::Grows => return Ok(BranchStep::Grows),
            Adds::Known => {}
            Adds::Piece { onto, from } => {
                let kept_max = usize::try_from(BRANCHES_MAX).unwrap_or(usize::MAX);
                // One more than is kept has its place until it is proved.
                if matches!(onto, Onto::New { .. }) && held.branches.len() > kept_max {
                    return Ok(BranchStep::Done);
                }
                if !self.keep_piece(&held.log, onto, from, verified)? {
                    return Ok(BranchStep::Done);
                }
            }
        }
        if end < whole {
            return Ok(BranchStep::Next(end));
        }
        self.settle_fork(&held.log.origin)?;
        Ok(BranchStep::Done)
    }

    fn keep_piece(
        &self,
        log: &LogRow,
        onto: Onto,
        from: u64,
        verified: VerifiedRange,
    ) -> Result<bool, ServiceError> {
        let skip = usize::try_from(from.saturating_sub(verified.from().0)).unwrap_or(usize::MAX);
        let first = stored_index(0, from);
        let nodes = verified.new_nodes().iter().filter(|(idx, _)| *idx >= first);
        let piece = BranchPiece {
            onto,
            from,
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
        Ok(self.store.write_blocking(move |writer| {
            if own {
                // We signed both: this copy was put back once. It goes on in a new log.
                close_own(writer, &origin, &piece)?;
            }
            writer.keep_branch(&origin, piece)
        })?)
    }
}

fn close_own(
    writer: &mut crate::store::Writer<'_>,
    origin: &Origin,
    piece: &BranchPiece,
) -> Result<(), StoreError> {
    let newest = piece.checkpoint.checkpoint();
    let signed = Standing {
        size: newest.size,
        root: newest.root,
    };
    let reason = "a peer holds another branch of this log that this node signed";
    writer.close_log(origin, reason, signed)
}

/// None if the log is not here.
fn held(reader: &Reader<'_>, range: &RangeData) -> Result<Option<Held>, StoreError> {
    let Some(log) = reader.log(&range.origin)? else {
        return Ok(None);
    };
    let branches = reader.branches(log.id)?;
    let mut trees: Vec<Frontier> = Vec::new();
    for history in History::all(&log, &branches) {
        if history.size() >= range.from {
            let tree = history.frontier(reader, range.from)?;
            if !trees.contains(&tree) {
                trees.push(tree);
            }
        }
    }
    Ok(Some(Held { log, branches, trees }))
}

/// Verifies the range against the tree that it follows. None if it follows none of those held.
fn verify(space: &SpaceId, held: &Held, range: &RangeData) -> Result<Option<VerifiedRange>, RangeError> {
    for tree in &held.trees {
        match verify_range_by(
            space,
            Some(&held.log.start),
            tree,
            range,
            &Threads::of_this_machine(),
        ) {
            Ok(verified) => return Ok(Some(verified)),
            Err(RangeError::NotAnExtension(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// The history with which the range shares the most tells where it belongs.
fn adds(reader: &Reader<'_>, held: &Held, verified: &VerifiedRange) -> Adds {
    let from = verified.from();
    let leaves: Vec<Hash> = verified.entries().iter().map(|(entry, _)| entry.leaf()).collect();
    let before = TreeSize(from.0);
    let follows = |history: &History<'_>| {
        history.size() >= before
            && history
                .frontier(reader, before)
                .is_ok_and(|tree| is_before(&tree, verified, &leaves))
    };
    let shared = |history: &History<'_>| {
        let same = (from.0..)
            .zip(&leaves)
            .take_while(|(index, leaf)| history.leaf(reader, *index) == Some(**leaf));
        from.0 + same.count() as u64
    };
    let histories = History::all(&held.log, &held.branches);
    let mut best: Option<(u64, History<'_>)> = None;
    for history in histories.into_iter().filter(follows) {
        let reach = shared(&history);
        if best.as_ref().is_none_or(|(most, _)| *most < reach) {
            best = Some((reach, history));
        }
    }
    let end = from.0 + leaves.len() as u64;
    match best {
        None => Adds::Known,
        Some((reach, _)) if reach == end => Adds::Known,
        Some((reach, History::Stands(log))) if reach == log.size.0 => Adds::Grows,
        Some((reach, History::Stands(_))) => Adds::Piece {
            onto: Onto::New {
                start: reach,
                parts: reach,
                like: None,
            },
            from: reach,
        },
        Some((reach, History::Beside(branch))) if reach == branch.size.0 => Adds::Piece {
            onto: Onto::Branch(branch.number),
            from: reach,
        },
        Some((reach, History::Beside(branch))) => Adds::Piece {
            onto: Onto::New {
                start: branch.start,
                parts: reach,
                like: Some(branch.number),
            },
            from: reach,
        },
    }
}

/// Whether the range was verified against this tree.
fn is_before(tree: &Frontier, verified: &VerifiedRange, leaves: &[Hash]) -> bool {
    let mut tree = tree.clone();
    for leaf in leaves {
        tree.push(*leaf);
    }
    tree.root() == verified.standing().root
}
