//! RFC 6962 section 2.1 hashing, and the order in which nodes are stored.
//!
//! A store keeps one table `(log, stored index, hash)`. The index is the post-order position of a node that covers a
//! full subtree (the "stored hash index" of Go's sumdb/tlog): a new leaf only ever adds rows at the end, about two for
//! each leaf, and a root or proof is a handful of point reads. Nodes over an incomplete subtree are never stored.

use sha2::{Digest, Sha256};

use super::TreeSize;
use crate::id::Hash;

/// Why a tree cannot be taken up where it was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The store does not have a node that a tree of this size has.
    #[error("stored tree node {0} is missing")]
    MissingNode(u64),
    /// A tree has one peak for each bit set in its size.
    #[error("a tree of {size} leaves has {expected} peaks, not {found}")]
    PeakCount {
        /// The size stated.
        size: TreeSize,
        /// Peaks of a tree of that size.
        expected: usize,
        /// Peaks given.
        found: usize,
    },
    /// Larger than [`TreeSize::MAX`].
    #[error("tree size {0} is out of range")]
    SizeOutOfRange(TreeSize),
}

/// The hash of a leaf: SHA-256(0x00 || leaf).
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0x00]);
    hasher.update(leaf);
    Hash(hasher.finalize().into())
}

/// The hash of an inner node: SHA-256(0x01 || left || right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0x01]);
    hasher.update(left.as_bytes());
    hasher.update(right.as_bytes());
    Hash(hasher.finalize().into())
}

/// The root of the tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Hash(Sha256::digest([]).into())
}

/// Where the `n`th node (from 0) of `level` (leaves are level 0) is stored. Meaningful for nodes of trees up to
/// [`TreeSize::MAX`]; beyond it the result wraps.
pub fn stored_index(level: u32, n: u64) -> u64 {
    // A node is written right after the last leaf below it and the inner nodes in between, so count from that leaf.
    let last_leaf = n.wrapping_add(1).wrapping_shl(level).wrapping_sub(1);
    stored_count(last_leaf).wrapping_add(u64::from(level))
}

/// How many nodes are stored for a tree of `leaves` leaves: every leaf, and every inner node that is full.
fn stored_count(leaves: u64) -> u64 {
    leaves
        .wrapping_mul(2)
        .wrapping_sub(u64::from(leaves.count_ones()))
}

/// The stored indices of the peaks (the roots of the full subtrees, one for each bit set in `size`), left to right.
pub fn peak_indices(size: TreeSize) -> Vec<u64> {
    let mut first_leaf = 0u64;
    let mut indices = Vec::with_capacity(size.0.count_ones() as usize);
    for level in (0..u64::BITS).rev().filter(|level| size.0 >> level & 1 == 1) {
        indices.push(stored_index(level, first_leaf >> level));
        first_leaf += 1 << level;
    }
    indices
}

/// The right edge of a tree: all that is needed to append and to state the root. At most 62 hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: TreeSize,
    /// Left to right, that is from the largest full subtree to the smallest.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The frontier of the empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// The frontier with these peaks, left to right; as many as `size` has bits set.
    pub fn from_peaks(size: TreeSize, peaks: Vec<Hash>) -> Result<Self, TreeError> {
        if size > TreeSize::MAX {
            return Err(TreeError::SizeOutOfRange(size));
        }
        let expected = size.0.count_ones() as usize;
        if peaks.len() != expected {
            return Err(TreeError::PeakCount {
                size,
                expected,
                found: peaks.len(),
            });
        }
        Ok(Frontier { size, peaks })
    }

    /// The frontier of a stored tree; `read` gives the hash at a stored index.
    pub fn load(size: TreeSize, mut read: impl FnMut(u64) -> Option<Hash>) -> Result<Self, TreeError> {
        if size > TreeSize::MAX {
            return Err(TreeError::SizeOutOfRange(size));
        }
        let peaks = peak_indices(size)
            .into_iter()
            .map(|index| read(index).ok_or(TreeError::MissingNode(index)))
            .collect::<Result<_, _>>()?;
        Ok(Frontier { size, peaks })
    }

    /// The number of leaves.
    pub fn size(&self) -> TreeSize {
        self.size
    }

    /// The roots of the full subtrees, left to right.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Appends a leaf. Returns the nodes to store, `(stored index, hash)`, in ascending and gapless order: the leaf
    /// first, then each inner node that it completes.
    pub fn push(&mut self, leaf_hash: Hash) -> Vec<(u64, Hash)> {
        let completed = self.size.0.trailing_ones();
        let mut index = stored_index(0, self.size.0);
        let mut node = leaf_hash;
        let mut stored = Vec::with_capacity(completed as usize + 1);
        stored.push((index, node));
        for _ in 0..completed {
            let left = self.peaks.pop().expect("one peak for each bit set in size");
            node = node_hash(&left, &node);
            index += 1;
            stored.push((index, node));
        }
        self.peaks.push(node);
        self.size = TreeSize(self.size.0 + 1);
        stored
    }

    /// The RFC 6962 root of the whole tree.
    pub fn root(&self) -> Hash {
        let mut right_to_left = self.peaks.iter().rev();
        let Some(last) = right_to_left.next() else {
            return empty_root();
        };
        right_to_left.fold(*last, |right, left| node_hash(left, &right))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use std::collections::BTreeMap;

    /// What a store holds for the leaves `leaf-0`, `leaf-1`, ...
    pub(in crate::log) fn stored_tree(size: u64) -> (Frontier, Vec<Hash>) {
        let mut frontier = Frontier::new();
        let mut nodes = Vec::new();
        for leaf in 0..size {
            for (index, hash) in frontier.push(leaf_hash(format!("leaf-{leaf}").as_bytes())) {
                assert_eq!(index, nodes.len() as u64, "appended at the end");
                nodes.push(hash);
            }
        }
        (frontier, nodes)
    }

    /// MTH of RFC 6962, literally.
    fn mth(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(&mth(left), &mth(right))
            }
        }
    }

    #[test]
    fn the_empty_tree_is_the_hash_of_nothing() {
        let expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(empty_root().to_string(), expected);
        assert_eq!(Frontier::new().root(), empty_root());
        assert!(peak_indices(TreeSize::EMPTY).is_empty());
    }

    #[test]
    fn stored_indices_count_the_nodes_in_the_order_they_become_full() {
        let mut next = 0;
        for leaf in 0u64..5000 {
            for level in 0..=leaf.trailing_ones() {
                assert_eq!(
                    stored_index(level, leaf >> level),
                    next,
                    "level {level} above leaf {leaf}"
                );
                next += 1;
            }
        }
        // The root of a full tree is its last node.
        assert_eq!(stored_index(62, 0), 2 * TreeSize::MAX.0 - 2);
    }

    #[test]
    fn roots_are_those_of_the_rfc_and_of_ct_merkle() {
        let leaves: Vec<Hash> = (0..300)
            .map(|leaf| leaf_hash(format!("leaf-{leaf}").as_bytes()))
            .collect();
        let mut oracle = MemoryBackedTree::<Sha256, String>::new();
        for size in 0..=300 {
            let (frontier, _) = stored_tree(size as u64);
            assert_eq!(frontier.size(), TreeSize(size as u64));
            assert_eq!(frontier.root(), mth(&leaves[..size]), "size {size}");
            assert_eq!(
                frontier.root().as_bytes()[..],
                oracle.root().as_bytes()[..],
                "size {size}"
            );
            oracle.push(format!("leaf-{size}"));
        }
    }

    #[test]
    fn a_frontier_is_what_the_store_says() {
        let (_, nodes) = stored_tree(300);
        for size in 0..=300 {
            let (pushed, _) = stored_tree(size);
            let loaded = Frontier::load(TreeSize(size), |index| nodes.get(index as usize).copied());
            assert_eq!(loaded.as_ref(), Ok(&pushed));
            assert_eq!(
                Frontier::from_peaks(TreeSize(size), pushed.peaks().to_vec()),
                Ok(pushed)
            );
        }
    }

    #[test]
    fn a_frontier_with_a_hole_is_refused() {
        let (frontier, nodes) = stored_tree(7);
        let mut store: BTreeMap<u64, Hash> = (0..).zip(nodes).collect();
        let hole = peak_indices(TreeSize(7))[1];
        store.remove(&hole);
        let loaded = Frontier::load(TreeSize(7), |index| store.get(&index).copied());
        assert_eq!(loaded, Err(TreeError::MissingNode(hole)));
        assert_eq!(
            Frontier::from_peaks(TreeSize(7), frontier.peaks()[1..].to_vec()),
            Err(TreeError::PeakCount {
                size: TreeSize(7),
                expected: 3,
                found: 2
            })
        );
        let huge = TreeSize(u64::MAX);
        assert_eq!(
            Frontier::load(huge, |_| None),
            Err(TreeError::SizeOutOfRange(huge))
        );
    }
}
