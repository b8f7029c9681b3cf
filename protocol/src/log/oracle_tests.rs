//! Trees of any leaves, against two implementations that other logs run: tlog_tiles (a port of Go's sumdb/tlog) for what
//! is stored, roots and proofs, and sigstore-merkle for proofs. All three must accept the same proofs and refuse the same.

use std::sync::Once;

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use sigstore_crypto::{CryptoProvider, HashContext, SigningScheme};
use sigstore_merkle::tree::{hash_children, hash_leaf};
use sigstore_merkle::{verify_consistency_proof, verify_inclusion_proof};
use tlog_tiles::tlog;

use super::*;
use crate::id::Hash;

const LARGEST: usize = 300;

/// SHA-256 for sigstore-merkle, whose own is a library in C. What it computes of hashes is all its own.
#[derive(Debug)]
struct Hashing;

struct Context(Sha256);

impl HashContext for Context {
    fn update(&mut self, data: &[u8]) {
        Digest::update(&mut self.0, data);
    }

    fn finalize(self: Box<Self>) -> Vec<u8> {
        self.0.finalize().to_vec()
    }
}

type Outcome<T> = sigstore_crypto::Result<T>;

fn unsupported<T>() -> Outcome<T> {
    Err(sigstore_crypto::Error::UnsupportedAlgorithm(
        "a Merkle tree needs SHA-256 alone".into(),
    ))
}

impl CryptoProvider for Hashing {
    fn hash(&self, algorithm: sigstore_types::HashAlgorithm) -> Outcome<Box<dyn HashContext>> {
        match algorithm {
            sigstore_types::HashAlgorithm::Sha2256 => Ok(Box::new(Context(Sha256::new()))),
            _ => unsupported(),
        }
    }

    fn verify_raw(&self, _: SigningScheme, _: &[u8], _: &[u8], _: &[u8]) -> Outcome<()> {
        unsupported()
    }

    fn verify_prehashed(&self, _: SigningScheme, _: &[u8], _: &[u8], _: &[u8]) -> Outcome<()> {
        unsupported()
    }
}

fn sigstore_hashes() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        sigstore_crypto::install_default_provider(&Hashing).expect("nobody else installs one");
    });
}

/// The nodes as tlog_tiles stores them.
struct Stored(Vec<tlog::Hash>);

impl tlog::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
    }
}

/// The same leaves in both.
struct Pair {
    leaves: Vec<Hash>,
    ours: Vec<Hash>,
    theirs: Stored,
}

impl Pair {
    fn of(data: &[Vec<u8>]) -> Self {
        let mut frontier = Frontier::new();
        let mut pair = Pair {
            leaves: data.iter().map(|leaf| leaf_hash(leaf)).collect(),
            ours: Vec::new(),
            theirs: Stored(Vec::new()),
        };
        for (n, leaf) in data.iter().enumerate() {
            pair.ours
                .extend(frontier.push(pair.leaves[n]).into_iter().map(|(_, hash)| hash));
            let added = tlog::stored_hashes(n as u64, leaf, &pair.theirs).expect("stored");
            pair.theirs.0.extend(added);
        }
        pair
    }

    fn read(&self) -> impl FnMut(u64) -> Option<Hash> {
        |index| self.ours.get(index as usize).copied()
    }

    fn root(&self, size: u64) -> Hash {
        root_at(TreeSize(size), self.read()).expect("stored")
    }
}

fn to_tlog(hash: &Hash) -> tlog::Hash {
    tlog::Hash(hash.0)
}

fn to_sigstore(hash: &Hash) -> sigstore_types::Sha256Hash {
    sigstore_types::Sha256Hash::new(hash.0)
}

fn all<T>(proof: &[Hash], to: fn(&Hash) -> T) -> Vec<T> {
    proof.iter().map(to).collect()
}

fn ours_of(proof: &[tlog::Hash]) -> Vec<Hash> {
    proof.iter().map(|hash| Hash(hash.0)).collect()
}

/// What ours, tlog_tiles and sigstore-merkle say of an inclusion proof.
fn inclusion_verdicts(index: u64, size: u64, leaf: &Hash, proof: &[Hash], root: &Hash) -> [bool; 3] {
    sigstore_hashes();
    [
        verify_inclusion(EntryIndex(index), TreeSize(size), leaf, proof, root).is_ok(),
        tlog::check_record(&all(proof, to_tlog), size, to_tlog(root), index, to_tlog(leaf)).is_ok(),
        verify_inclusion_proof(
            &to_sigstore(leaf),
            index,
            size,
            &all(proof, to_sigstore),
            &to_sigstore(root),
        )
        .is_ok(),
    ]
}

/// The same of a consistency proof.
fn consistency_verdicts(old: u64, new: u64, old_root: &Hash, new_root: &Hash, proof: &[Hash]) -> [bool; 3] {
    sigstore_hashes();
    [
        verify_consistency(TreeSize(old), TreeSize(new), old_root, new_root, proof).is_ok(),
        tlog::check_tree(
            &all(proof, to_tlog),
            new,
            to_tlog(new_root),
            old,
            to_tlog(old_root),
        )
        .is_ok(),
        verify_consistency_proof(
            old,
            new,
            &all(proof, to_sigstore),
            &to_sigstore(old_root),
            &to_sigstore(new_root),
        )
        .is_ok(),
    ]
}

fn leaves() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..LARGEST)
}

/// One thing done to a proof before it is shown.
#[derive(Debug, Clone)]
enum Damage {
    Flip { hash: prop::sample::Index, bit: u8 },
    Drop(prop::sample::Index),
    Twice(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Add([u8; 32]),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(hash, bit)| Damage::Flip { hash, bit }),
        at().prop_map(Damage::Drop),
        at().prop_map(Damage::Twice),
        (at(), at()).prop_map(|(a, b)| Damage::Swap(a, b)),
        any::<[u8; 32]>().prop_map(Damage::Add),
    ]
}

impl Damage {
    fn to(&self, proof: &mut Vec<Hash>) {
        let len = proof.len();
        match self {
            Damage::Add(hash) => proof.push(Hash(*hash)),
            _ if proof.is_empty() => {}
            Damage::Flip { hash, bit } => proof[hash.index(len)].0[usize::from(bit / 8)] ^= 1 << (bit % 8),
            Damage::Drop(at) => drop(proof.remove(at.index(len))),
            Damage::Twice(at) => proof.insert(at.index(len), proof[at.index(len)]),
            Damage::Swap(a, b) => proof.swap(a.index(len), b.index(len)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn leaves_nodes_and_roots_are_the_same(data in leaves()) {
        sigstore_hashes();
        let pair = Pair::of(&data);
        prop_assert_eq!(&pair.ours, &ours_of(&pair.theirs.0));
        for (leaf, hash) in data.iter().zip(&pair.leaves) {
            prop_assert_eq!(tlog::record_hash(leaf).0, hash.0);
            prop_assert_eq!(hash_leaf(leaf), to_sigstore(hash));
        }
        for pair in pair.leaves.windows(2) {
            prop_assert_eq!(
                hash_children(&to_sigstore(&pair[0]), &to_sigstore(&pair[1])),
                to_sigstore(&node_hash(&pair[0], &pair[1]))
            );
        }
        for size in 0..=data.len() as u64 {
            let theirs = tlog::tree_hash(size, &pair.theirs).expect("stored");
            prop_assert_eq!(theirs.0, pair.root(size).0, "size {}", size);
        }
    }

    #[test]
    fn proofs_are_the_same_and_everybody_accepts_them(data in leaves(), at in any::<prop::sample::Index>()) {
        let pair = Pair::of(&data);
        let size = 1 + at.index(data.len()) as u64;
        let root = pair.root(size);
        for index in 0..size {
            let proof = inclusion(EntryIndex(index), TreeSize(size), pair.read()).expect("stored");
            let theirs = tlog::prove_record(size, index, &pair.theirs).expect("stored");
            prop_assert_eq!(&proof, &ours_of(&theirs), "{} in {}", index, size);
            let leaf = &pair.leaves[index as usize];
            prop_assert_eq!(inclusion_verdicts(index, size, leaf, &proof, &root), [true; 3]);
        }
        for old in 1..=size {
            let proof = consistency(TreeSize(old), TreeSize(size), pair.read()).expect("stored");
            let theirs = tlog::prove_tree(size, old, &pair.theirs).expect("stored");
            prop_assert_eq!(&proof, &ours_of(&theirs), "{} to {}", old, size);
            prop_assert_eq!(consistency_verdicts(old, size, &pair.root(old), &root, &proof), [true; 3]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_shown_wrongly_is_judged_alike(
        data in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..8), 1..40),
        made in any::<[prop::sample::Index; 2]>(),
        shown in any::<[prop::sample::Index; 2]>(),
        damages in prop::collection::vec(damage(), 0..3),
    ) {
        let pair = Pair::of(&data);
        // Made for one place and one size, shown for another one, which now and then is the same.
        let [(at, size), (shown_at, shown_size)] = [made, shown].map(|[at, size]| {
            let size = 1 + size.index(data.len()) as u64;
            (at.index(size as usize) as u64, size)
        });
        let mut proof = inclusion(EntryIndex(at), TreeSize(size), pair.read()).expect("stored");
        damages.iter().for_each(|damage| damage.to(&mut proof));
        let (leaf, root) = (&pair.leaves[at as usize], pair.root(size));
        for (index, size) in [(at, size), (shown_at, shown_size), (shown_at, size), (at, shown_size)] {
            let [ours, tlog, sigstore] = inclusion_verdicts(index, size, leaf, &proof, &root);
            prop_assert_eq!((ours, ours), (tlog, sigstore), "{} in {}", index, size);
        }

        let mut proof = consistency(TreeSize(at + 1), TreeSize(size), pair.read()).expect("stored");
        damages.iter().for_each(|damage| damage.to(&mut proof));
        let old_root = pair.root(at + 1);
        for (old, new) in [(at, size), (shown_at, shown_size), (shown_at, size), (at, shown_size)] {
            let [ours, tlog, sigstore] = consistency_verdicts(old + 1, new, &old_root, &root, &proof);
            prop_assert_eq!((ours, ours), (tlog, sigstore), "{} to {}", old + 1, new);
        }
    }
}
