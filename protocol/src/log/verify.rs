//! Checking inclusion and consistency proofs, by the loops of RFC 9162 sections 2.1.3.2 and 2.1.4.2.
//!
//! Sizes, hashes and proofs all come from outside: nothing here panics or overflows on any of them.

use super::tree::{empty_root, node_hash};
use super::{EntryIndex, TreeSize};
use crate::id::Hash;

/// Why a proof shown by somebody proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofRejected {
    /// The tree does not have that leaf.
    #[error("entry {index} is not in a tree of {size} leaves")]
    IndexOutOfRange {
        /// The leaf stated.
        index: EntryIndex,
        /// The tree stated.
        size: TreeSize,
    },
    /// The older tree is the larger one.
    #[error("a tree of {new} leaves cannot extend one of {old}")]
    OldIsLarger {
        /// Size of the older tree.
        old: TreeSize,
        /// Size of the newer tree.
        new: TreeSize,
    },
    /// Too few or too many hashes for these sizes.
    #[error("wrong number of hashes in the proof")]
    WrongLength,
    /// The hashes do not lead to the root of the (newer) tree.
    #[error("the proof does not lead to the root")]
    RootMismatch,
    /// The hashes do not lead to the root of the older tree: the newer tree does not extend it.
    #[error("the proof does not lead to the older root")]
    OldRootMismatch,
}

/// Checks that `leaf_hash` is leaf `index` of the tree with `size` leaves and `root` (RFC 9162 section 2.1.3.2).
pub fn verify_inclusion(
    index: EntryIndex,
    size: TreeSize,
    leaf_hash: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofRejected> {
    if index.0 >= size.0 {
        return Err(ProofRejected::IndexOutOfRange { index, size });
    }
    let mut walk = Walk {
        node: index.0,
        last: size.0 - 1,
    };
    let mut hash = *leaf_hash;
    for sibling in proof {
        hash = match walk.step()? {
            Side::Left => node_hash(sibling, &hash),
            Side::Right => node_hash(&hash, sibling),
        };
    }
    walk.arrived()?;
    if hash == *root {
        Ok(())
    } else {
        Err(ProofRejected::RootMismatch)
    }
}

/// Checks that the tree (`new`, `new_root`) extends the tree (`old`, `old_root`) (RFC 9162 section 2.1.4.2). From an
/// empty tree, or between equal sizes, nothing is left to prove: the proof must be empty, and the roots those of the
/// empty tree, or equal.
pub fn verify_consistency(
    old: TreeSize,
    new: TreeSize,
    old_root: &Hash,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofRejected> {
    if old > new {
        return Err(ProofRejected::OldIsLarger { old, new });
    }
    if old == TreeSize::EMPTY || old == new {
        return verify_trivial(old, new, old_root, new_root, proof);
    }
    // The subtree to start from is full in the old tree; where it is the whole old tree, the proof leaves it out.
    let (start, rest) = if old.0.is_power_of_two() {
        (old_root, proof)
    } else {
        proof.split_first().ok_or(ProofRejected::WrongLength)?
    };
    let mut walk = Walk {
        node: old.0 - 1,
        last: new.0 - 1,
    };
    walk.climb(walk.node.trailing_ones());
    let (mut old_hash, mut new_hash) = (*start, *start);
    for sibling in rest {
        match walk.step()? {
            Side::Left => {
                old_hash = node_hash(sibling, &old_hash);
                new_hash = node_hash(sibling, &new_hash);
            }
            Side::Right => new_hash = node_hash(&new_hash, sibling),
        }
    }
    walk.arrived()?;
    if old_hash != *old_root {
        return Err(ProofRejected::OldRootMismatch);
    }
    if new_hash == *new_root {
        Ok(())
    } else {
        Err(ProofRejected::RootMismatch)
    }
}

/// The root of the tree of `old` leaves to which a consistency proof leads, whatever the newer tree's root is. None where
/// the proof leaves that root out, because the tree is full, or is no proof for these sizes.
pub(super) fn beginning(old: TreeSize, new: TreeSize, proof: &[Hash]) -> Option<Hash> {
    if old == TreeSize::EMPTY || old >= new || old.0.is_power_of_two() {
        return None;
    }
    let (start, rest) = proof.split_first()?;
    let mut walk = Walk {
        node: old.0 - 1,
        last: new.0 - 1,
    };
    walk.climb(walk.node.trailing_ones());
    let mut hash = *start;
    for sibling in rest {
        if matches!(walk.step().ok()?, Side::Left) {
            hash = node_hash(sibling, &hash);
        }
    }
    walk.arrived().ok()?;
    Some(hash)
}

fn verify_trivial(
    old: TreeSize,
    new: TreeSize,
    old_root: &Hash,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofRejected> {
    if !proof.is_empty() {
        return Err(ProofRejected::WrongLength);
    }
    if old == TreeSize::EMPTY && *old_root != empty_root() {
        return Err(ProofRejected::OldRootMismatch);
    }
    if old == new && old_root != new_root {
        return Err(ProofRejected::RootMismatch);
    }
    Ok(())
}

/// On which side of the way up the next hash of the proof stands.
enum Side {
    Left,
    Right,
}

/// The way from a node up to the root: `fn` and `sn` of RFC 9162, the node's and the last node's place in their level.
struct Walk {
    node: u64,
    last: u64,
}

impl Walk {
    /// Takes one hash of the proof.
    fn step(&mut self) -> Result<Side, ProofRejected> {
        if self.last == 0 {
            return Err(ProofRejected::WrongLength);
        }
        let side = if self.node & 1 == 1 {
            Side::Left
        } else if self.node == self.last {
            // The last node has no sibling at the levels where it is a left child: skip them. Not zero, since last is not.
            self.climb(self.node.trailing_zeros());
            Side::Left
        } else {
            Side::Right
        };
        self.climb(1);
        Ok(side)
    }

    fn climb(&mut self, levels: u32) {
        self.node = self.node.checked_shr(levels).unwrap_or(0);
        self.last = self.last.checked_shr(levels).unwrap_or(0);
    }

    /// The root must have been reached.
    fn arrived(&self) -> Result<(), ProofRejected> {
        if self.last == 0 {
            Ok(())
        } else {
            Err(ProofRejected::WrongLength)
        }
    }
}
