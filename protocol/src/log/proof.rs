//! Making inclusion and consistency proofs, by the recursion of RFC 6962 section 2.1 over stored nodes.
//!
//! They are checked in [`super::verify`] by another algorithm, so that each is a check of the other.

use minicbor::decode::{self, Decoder};

use super::tree::{empty_root, node_hash, stored_index};
use super::{EntryIndex, TreeSize};
use crate::id::Hash;

/// The longest proof that any tree up to [`TreeSize::MAX`] needs, in hashes: for wire bounds.
pub const MAX_PROOF_HASHES: usize = 63;

/// Why a proof cannot be made: asked wrongly, or the store is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The tree does not have that leaf.
    #[error("entry {index} is not in a tree of {size} leaves")]
    IndexOutOfRange {
        /// The leaf asked for.
        index: EntryIndex,
        /// The tree asked about.
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
    /// Larger than [`TreeSize::MAX`].
    #[error("tree size {0} is out of range")]
    SizeOutOfRange(TreeSize),
    /// The store does not have a node that a tree of this size has.
    #[error("stored tree node {0} is missing")]
    MissingNode(u64),
}

/// Reads the hashes of a proof: more than any proof has are refused before one of them is read.
pub(super) fn read_hashes<C>(d: &mut Decoder<'_>, ctx: &mut C) -> Result<Vec<Hash>, decode::Error> {
    let claimed = d.probe().array()?;
    if claimed.is_none_or(|claimed| claimed > MAX_PROOF_HASHES as u64) {
        return Err(decode::Error::message("more hashes than a proof has"));
    }
    d.decode_with(ctx)
}

/// The root of the tree of the first `size` leaves. `read` gives the hash at a stored index; at most 62 reads.
pub fn root_at(size: TreeSize, mut read: impl FnMut(u64) -> Option<Hash>) -> Result<Hash, ProofError> {
    check_size(size)?;
    if size == TreeSize::EMPTY {
        return Ok(empty_root());
    }
    Span {
        start: 0,
        end: size.0,
    }
    .hash(&mut read)
}

/// The proof that leaf `index` stands in the tree of the first `size` leaves: PATH(m, D\[n\]) of RFC 6962 section
/// 2.1.1, from the leaf's sibling to the root's child. `read` gives the hash at a stored index.
pub fn inclusion(
    index: EntryIndex,
    size: TreeSize,
    mut read: impl FnMut(u64) -> Option<Hash>,
) -> Result<Vec<Hash>, ProofError> {
    check_size(size)?;
    if index.0 >= size.0 {
        return Err(ProofError::IndexOutOfRange { index, size });
    }
    let mut proof = Vec::new();
    Span {
        start: 0,
        end: size.0,
    }
    .path(index.0, &mut read, &mut proof)?;
    Ok(proof)
}

/// The proof that the tree of `new` leaves extends the one of `old`: PROOF(m, D\[n\]) of RFC 6962 section 2.1.2. Empty
/// if the sizes are equal or `old` is empty. `read` gives the hash at a stored index.
pub fn consistency(
    old: TreeSize,
    new: TreeSize,
    mut read: impl FnMut(u64) -> Option<Hash>,
) -> Result<Vec<Hash>, ProofError> {
    check_size(new)?;
    if old > new {
        return Err(ProofError::OldIsLarger { old, new });
    }
    let mut proof = Vec::new();
    if old != TreeSize::EMPTY {
        Span { start: 0, end: new.0 }.subproof(old.0, true, &mut read, &mut proof)?;
    }
    Ok(proof)
}

fn check_size(size: TreeSize) -> Result<(), ProofError> {
    if size > TreeSize::MAX {
        Err(ProofError::SizeOutOfRange(size))
    } else {
        Ok(())
    }
}

/// Leaves `start..end`, at least one, as the recursion of RFC 6962 meets them: `start` is a multiple of the greatest
/// power of two below the length, so every full part is a stored node.
#[derive(Clone, Copy)]
struct Span {
    start: u64,
    end: u64,
}

impl Span {
    fn len(self) -> u64 {
        self.end - self.start
    }

    /// The two children: the left one has the greatest power of two smaller than the length.
    fn split(self) -> (Span, Span) {
        let middle = self.start + (1 << (self.len() - 1).ilog2());
        (
            Span {
                start: self.start,
                end: middle,
            },
            Span {
                start: middle,
                end: self.end,
            },
        )
    }

    /// MTH(D\[start:end\]).
    fn hash(self, read: &mut impl FnMut(u64) -> Option<Hash>) -> Result<Hash, ProofError> {
        if self.len().is_power_of_two() {
            let level = self.len().ilog2();
            let index = stored_index(level, self.start >> level);
            return read(index).ok_or(ProofError::MissingNode(index));
        }
        let (left, right) = self.split();
        Ok(node_hash(&left.hash(read)?, &right.hash(read)?))
    }

    /// PATH of the leaf at the absolute `index`.
    fn path(
        self,
        index: u64,
        read: &mut impl FnMut(u64) -> Option<Hash>,
        proof: &mut Vec<Hash>,
    ) -> Result<(), ProofError> {
        if self.len() == 1 {
            return Ok(());
        }
        let (left, right) = self.split();
        let (toward, sibling) = if index < right.start {
            (left, right)
        } else {
            (right, left)
        };
        toward.path(index, read, proof)?;
        proof.push(sibling.hash(read)?);
        Ok(())
    }

    /// SUBPROOF where the old tree ends at the absolute leaf `old_end`; `known` while this span begins the old tree's
    /// own root, which the verifier has.
    fn subproof(
        self,
        old_end: u64,
        known: bool,
        read: &mut impl FnMut(u64) -> Option<Hash>,
        proof: &mut Vec<Hash>,
    ) -> Result<(), ProofError> {
        if old_end == self.end {
            if !known {
                proof.push(self.hash(read)?);
            }
            return Ok(());
        }
        let (left, right) = self.split();
        let sibling = if old_end <= right.start {
            left.subproof(old_end, known, read, proof)?;
            right
        } else {
            right.subproof(old_end, false, read, proof)?;
            left
        };
        proof.push(sibling.hash(read)?);
        Ok(())
    }
}
