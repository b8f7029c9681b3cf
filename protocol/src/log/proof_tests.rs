//! Proofs: made one way, checked another, compared with ct-merkle, and every damage noticed.

use ct_merkle::digest::array::Array;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use proptest::prelude::*;
use sha2::Sha256;

use super::tree::tests::stored_tree;
use super::*;
use crate::id::Hash;

const LARGEST: u64 = 130;

struct Tree(Vec<Hash>);

impl Tree {
    fn read(&self) -> impl FnMut(u64) -> Option<Hash> {
        |index| self.0.get(index as usize).copied()
    }

    fn root(&self, size: u64) -> Hash {
        root_at(TreeSize(size), self.read()).expect("stored")
    }

    fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        inclusion(EntryIndex(index), TreeSize(size), self.read()).expect("stored")
    }

    fn consistency(&self, old: u64, new: u64) -> Vec<Hash> {
        consistency(TreeSize(old), TreeSize(new), self.read()).expect("stored")
    }
}

fn tree() -> Tree {
    Tree(stored_tree(LARGEST).1)
}

fn leaf(index: u64) -> Hash {
    leaf_hash(format!("leaf-{index}").as_bytes())
}

fn bytes(proof: &[Hash]) -> Vec<u8> {
    proof.iter().flat_map(|hash| hash.0).collect()
}

fn their_root(root: &Hash, size: u64) -> RootHash<Sha256> {
    RootHash::new(Array::from(root.0), size)
}

#[test]
fn roots_read_back_from_the_store() {
    let tree = tree();
    for size in 0..=LARGEST {
        assert_eq!(tree.root(size), stored_tree(size).0.root(), "size {size}");
    }
}

#[test]
fn every_inclusion_verifies_here_and_in_ct_merkle() {
    let tree = tree();
    let mut oracle = MemoryBackedTree::<Sha256, String>::new();
    for size in 1..=LARGEST {
        oracle.push(format!("leaf-{}", size - 1));
        let root = tree.root(size);
        for index in 0..size {
            let proof = tree.inclusion(index, size);
            assert_eq!(
                oracle.prove_inclusion(index as usize).as_bytes(),
                bytes(&proof),
                "{index} of {size}"
            );
            assert_eq!(
                verify_inclusion(EntryIndex(index), TreeSize(size), &leaf(index), &proof, &root),
                Ok(())
            );
            let theirs = InclusionProof::try_from_bytes(bytes(&proof)).expect("whole hashes");
            assert!(
                their_root(&root, size)
                    .verify_inclusion(&format!("leaf-{index}"), index, &theirs)
                    .is_ok()
            );
        }
    }
}

#[test]
fn every_consistency_verifies_here_and_in_ct_merkle() {
    let tree = tree();
    let mut oracle = MemoryBackedTree::<Sha256, String>::new();
    for new in 0..=LARGEST {
        let new_root = tree.root(new);
        for old in 0..=new {
            let proof = tree.consistency(old, new);
            let old_root = tree.root(old);
            let verified = verify_consistency(TreeSize(old), TreeSize(new), &old_root, &new_root, &proof);
            assert_eq!(verified, Ok(()), "{old} to {new}");
            if old > 0 && old < new {
                let theirs = oracle.prove_consistency((new - old) as usize);
                assert_eq!(theirs.as_bytes(), bytes(&proof), "{old} to {new}");
                let theirs = ConsistencyProof::try_from_bytes(bytes(&proof)).expect("whole hashes");
                let (old_root, new_root) = (their_root(&old_root, old), their_root(&new_root, new));
                assert!(new_root.verify_consistency(&old_root, &theirs).is_ok());
            } else {
                assert!(proof.is_empty());
            }
        }
        oracle.push(format!("leaf-{new}"));
    }
}

#[test]
fn a_proof_ends_where_the_tree_ends() {
    let tree = tree();
    // The true way to the root of two leaves, shown under a statement of one leaf.
    let root = tree.root(2);
    let rejected = verify_inclusion(EntryIndex(0), TreeSize(1), &leaf(1), &[leaf(0)], &root);
    assert_eq!(rejected, Err(ProofRejected::WrongLength));
    // And the other way round: a whole tree of two shown as the first leaf of two.
    let rejected = verify_inclusion(EntryIndex(0), TreeSize(2), &root, &[], &root);
    assert_eq!(rejected, Err(ProofRejected::WrongLength));
}

#[test]
fn trivial_consistency_is_strict() {
    let tree = tree();
    let check = |old, new, old_root: &Hash, new_root: &Hash, proof: &[Hash]| {
        verify_consistency(TreeSize(old), TreeSize(new), old_root, new_root, proof)
    };
    let (empty, root, other) = (empty_root(), tree.root(8), tree.root(9));
    assert_eq!(
        check(8, 8, &root, &root, &[other]),
        Err(ProofRejected::WrongLength)
    );
    assert_eq!(check(8, 8, &root, &other, &[]), Err(ProofRejected::RootMismatch));
    assert_eq!(
        check(0, 8, &empty, &root, &[root]),
        Err(ProofRejected::WrongLength)
    );
    assert_eq!(
        check(0, 8, &other, &root, &[]),
        Err(ProofRejected::OldRootMismatch)
    );
    assert_eq!(
        check(0, 0, &other, &other, &[]),
        Err(ProofRejected::OldRootMismatch)
    );
    assert_eq!(check(0, 0, &empty, &other, &[]), Err(ProofRejected::RootMismatch));
    assert_eq!(check(8, 9, &root, &other, &[]), Err(ProofRejected::WrongLength));
    assert_eq!(check(7, 9, &root, &other, &[]), Err(ProofRejected::WrongLength));
    let backwards = ProofRejected::OldIsLarger {
        old: TreeSize(9),
        new: TreeSize(8),
    };
    assert_eq!(check(9, 8, &other, &root, &[]), Err(backwards));
}

#[test]
fn what_is_asked_wrongly_is_said() {
    let tree = tree();
    let (index, size) = (EntryIndex(8), TreeSize(8));
    assert_eq!(
        inclusion(index, size, tree.read()),
        Err(ProofError::IndexOutOfRange { index, size })
    );
    assert!(matches!(
        inclusion(EntryIndex(0), TreeSize::EMPTY, tree.read()),
        Err(ProofError::IndexOutOfRange { .. })
    ));
    assert!(matches!(
        consistency(TreeSize(9), size, tree.read()),
        Err(ProofError::OldIsLarger { .. })
    ));
    let huge = TreeSize(u64::MAX);
    assert_eq!(root_at(huge, tree.read()), Err(ProofError::SizeOutOfRange(huge)));
    assert_eq!(
        inclusion(index, huge, tree.read()),
        Err(ProofError::SizeOutOfRange(huge))
    );
    assert_eq!(
        consistency(size, huge, tree.read()),
        Err(ProofError::SizeOutOfRange(huge))
    );
    assert_eq!(root_at(TreeSize(7), |_| None), Err(ProofError::MissingNode(6)));
    let hole = stored_index(1, 1);
    let read = |index: u64| (index != hole).then_some(Hash([0; 32]));
    assert_eq!(
        inclusion(EntryIndex(0), TreeSize(4), read),
        Err(ProofError::MissingNode(hole))
    );
    assert_eq!(
        consistency(TreeSize(2), TreeSize(4), read),
        Err(ProofError::MissingNode(hole))
    );
}

#[test]
fn the_largest_trees_are_proved_within_bounds() {
    let read = |_| Some(Hash([7; 32]));
    for size in [TreeSize::MAX, TreeSize(TreeSize::MAX.0 - 1)] {
        for index in [0, 1, size.0 / 2, size.0 - 1] {
            assert!(
                inclusion(EntryIndex(index), size, read).expect("in range").len() <= proof::MAX_PROOF_HASHES
            );
        }
        for old in [1, 3, size.0 / 2 - 1, size.0 / 2, size.0 / 2 + 1, size.0 - 1] {
            assert!(
                consistency(TreeSize(old), size, read).expect("in range").len() <= proof::MAX_PROOF_HASHES
            );
        }
    }
}

proptest! {
    #[test]
    fn a_damaged_inclusion_proof_fails(size in 1..=LARGEST, at in any::<u64>(), bit in 0usize..256, pick in any::<usize>()) {
        let tree = tree();
        let (index, root) = (at % size, tree.root(size));
        let proof = tree.inclusion(index, size);
        let fails = |index: u64, size: u64, leaf: &Hash, proof: &[Hash], root: &Hash| {
            verify_inclusion(EntryIndex(index), TreeSize(size), leaf, proof, root).is_err()
        };
        prop_assert!(fails(index, size, &flipped(&leaf(index), bit), &proof, &root));
        prop_assert!(fails(index, size, &leaf(index), &proof, &flipped(&root, bit)));
        prop_assert!(fails(size, size, &leaf(index), &proof, &root));
        for damaged in damages(&proof, bit, pick) {
            prop_assert!(fails(index, size, &leaf(index), &damaged, &root));
        }
        for other in (0..size).filter(|other| *other != index) {
            prop_assert!(fails(other, size, &leaf(index), &proof, &root));
        }
    }

    #[test]
    fn a_damaged_consistency_proof_fails(new in 2..=LARGEST, at in any::<u64>(), bit in 0usize..256, pick in any::<usize>()) {
        let tree = tree();
        let old = 1 + at % (new - 1);
        let (old_root, new_root) = (tree.root(old), tree.root(new));
        let proof = tree.consistency(old, new);
        let fails = |old_root: &Hash, new_root: &Hash, proof: &[Hash]| {
            verify_consistency(TreeSize(old), TreeSize(new), old_root, new_root, proof).is_err()
        };
        prop_assert!(fails(&flipped(&old_root, bit), &new_root, &proof));
        prop_assert!(fails(&old_root, &flipped(&new_root, bit), &proof));
        for damaged in damages(&proof, bit, pick) {
            prop_assert!(fails(&old_root, &new_root, &damaged));
        }
    }

    #[test]
    fn no_proof_from_outside_panics(
        old in any::<u64>(),
        new in any::<u64>(),
        proof in prop::collection::vec(any::<[u8; 32]>().prop_map(Hash), 0..70),
    ) {
        let root = Hash([1; 32]);
        prop_assert!(verify_inclusion(EntryIndex(old), TreeSize(new), &root, &proof, &Hash([2; 32])).is_err());
        let _ = verify_consistency(TreeSize(old), TreeSize(new), &root, &Hash([2; 32]), &proof);
        let _ = (stored_index((old % 80) as u32, new), peak_indices(TreeSize(new)));
    }
}

fn flipped(hash: &Hash, bit: usize) -> Hash {
    let mut hash = *hash;
    hash.0[bit / 8] ^= 1 << (bit % 8);
    hash
}

/// A bit flipped, a hash too few, a hash too many, a hash twice, two neighbours exchanged.
fn damages(proof: &[Hash], bit: usize, pick: usize) -> Vec<Vec<Hash>> {
    let longer = [proof, &[Hash([3; 32])]].concat();
    let before = [&[Hash([3; 32])], proof].concat();
    let mut damages = vec![longer, before];
    if proof.is_empty() {
        return damages;
    }
    let at = pick % proof.len();
    let mut with = |damage: fn(&mut Vec<Hash>, usize, usize)| {
        let mut damaged = proof.to_vec();
        damage(&mut damaged, at, bit);
        if damaged != proof {
            damages.push(damaged);
        }
    };
    with(|proof, at, bit| proof[at] = flipped(&proof[at], bit));
    with(|proof, at, _| {
        proof.remove(at);
    });
    with(|proof, at, _| proof.insert(at, proof[at]));
    with(|proof, at, _| {
        let next = (at + 1) % proof.len();
        proof.swap(at, next);
    });
    damages
}
