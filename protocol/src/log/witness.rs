//! The decision of a witness: may this checkpoint be cosigned, given the last one? (C2SP tlog-witness v1.0.0,
//! `add-checkpoint`), and what a parent writes into its witness log when it may.
//!
//! To decide and to keep the new checkpoint must be one atomic step of the caller, else a slower request rolls the
//! witness back; only what is kept may be answered with a cosignature.

use minicbor::{Decode, Encode};

use super::checkpoint::Checkpoint;
use super::tree::empty_root;
use super::verify::{ProofRejected, verify_consistency};
use super::{Origin, TreeSize};
use crate::codec::{self, CodecError};
use crate::id::Hash;

/// Why a checkpoint is not cosigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WitnessRefusal {
    /// The request itself is wrong: a tree does not shrink. (tlog-witness: 400.)
    #[error("old size {claimed} is larger than the checkpoint's size {size}")]
    OldIsLarger {
        /// The old size that the proof is said to start from.
        claimed: TreeSize,
        /// The size of the checkpoint.
        size: TreeSize,
    },
    /// The proof does not start from the last checkpoint that this witness cosigned: try again from there. No sign of bad
    /// faith. (tlog-witness: 409 with this size.)
    #[error("the last cosigned checkpoint has size {last}")]
    Conflict {
        /// The size of the last checkpoint cosigned for this log, 0 if none.
        last: TreeSize,
    },
    /// Size 0, and not the root of the empty tree. (tlog-witness: 422.)
    #[error("root of an empty log is not the empty root")]
    EmptyRoot,
    /// The log signed two roots of one size: with the checkpoint last cosigned this is a proof of equivocation.
    /// (tlog-witness: 422; other revisions of its text say 409.)
    #[error("two roots for size {size}: the log has forked")]
    Fork {
        /// The size that both checkpoints state.
        size: TreeSize,
    },
    /// The proof does not show that the checkpoint extends the last one. (tlog-witness: 422.)
    #[error("consistency is not proved: {0}")]
    BadProof(ProofRejected),
}

/// Decides whether `checkpoint` may be cosigned. `last` is the size and root last cosigned for its origin, if any;
/// `claimed_old` is the size from which `proof` starts. The caller has checked the log's signature. An unchanged
/// checkpoint may be cosigned again: that states freshness.
pub fn judge_checkpoint(
    last: Option<(TreeSize, Hash)>,
    claimed_old: TreeSize,
    checkpoint: &Checkpoint,
    proof: &[Hash],
) -> Result<(), WitnessRefusal> {
    let (last_size, last_root) = last.unwrap_or_else(|| (TreeSize::EMPTY, empty_root()));
    if claimed_old > checkpoint.size {
        return Err(WitnessRefusal::OldIsLarger {
            claimed: claimed_old,
            size: checkpoint.size,
        });
    }
    if claimed_old != last_size {
        return Err(WitnessRefusal::Conflict { last: last_size });
    }
    if checkpoint.size == TreeSize::EMPTY && checkpoint.root != empty_root() {
        return Err(WitnessRefusal::EmptyRoot);
    }
    if checkpoint.size == last_size && checkpoint.root != last_root {
        return Err(WitnessRefusal::Fork { size: last_size });
    }
    verify_consistency(last_size, checkpoint.size, &last_root, &checkpoint.root, proof)
        .map_err(WitnessRefusal::BadProof)
}

/// One leaf of a witness log: what a parent cosigned, and when. Canonical CBOR, a map with the keys 1 to 4.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(map)]
pub struct WitnessEntry {
    /// 1: the log that was witnessed.
    #[n(1)]
    pub origin: Origin,
    /// 2: its size.
    #[n(2)]
    pub size: TreeSize,
    /// 3: its root.
    #[n(3)]
    pub root: Hash,
    /// 4: the time of the cosignature, Unix seconds. Never below the last one of that origin in the same witness log.
    #[n(4)]
    pub time_s: u64,
}

impl WitnessEntry {
    /// The longest leaf, in bytes: a map head, four keys, and at most 130 + 9 + 34 + 9 bytes of values.
    pub const MAX_BYTES: usize = 187;

    /// The entry for a cosignature at `time_s` (Unix seconds).
    pub fn new(checkpoint: &Checkpoint, time_s: u64) -> Self {
        WitnessEntry {
            origin: checkpoint.origin.clone(),
            size: checkpoint.size,
            root: checkpoint.root,
            time_s,
        }
    }

    /// The checkpoint that was cosigned.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            origin: self.origin.clone(),
            size: self.size,
            root: self.root,
        }
    }

    /// The canonical bytes, which the witness log hashes as its leaf.
    pub fn leaf_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads a leaf; refuses every form but the canonical one.
    pub fn from_leaf_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode(bytes, Self::MAX_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::tree::tests::stored_tree;
    use crate::log::{consistency, root_at};

    fn origin() -> Origin {
        Origin::parse("example.com/a").expect("origin")
    }

    fn tree(size: u64) -> Checkpoint {
        let (frontier, _) = stored_tree(size);
        Checkpoint {
            origin: origin(),
            size: frontier.size(),
            root: frontier.root(),
        }
    }

    fn known(checkpoint: &Checkpoint) -> Option<(TreeSize, Hash)> {
        Some((checkpoint.size, checkpoint.root))
    }

    fn proof(old: u64, new: u64) -> Vec<Hash> {
        let (_, nodes) = stored_tree(new);
        consistency(TreeSize(old), TreeSize(new), |index| {
            nodes.get(index as usize).copied()
        })
        .expect("stored")
    }

    #[test]
    fn a_log_that_grows_is_cosigned_at_every_step() {
        let (_, nodes) = stored_tree(40);
        let read = |index: u64| nodes.get(index as usize).copied();
        for old in 0..=40 {
            for new in old..=40 {
                let root = root_at(TreeSize(new), read).expect("stored");
                let checkpoint = Checkpoint {
                    origin: origin(),
                    size: TreeSize(new),
                    root,
                };
                let last = known(&tree(old));
                let proof = consistency(TreeSize(old), TreeSize(new), read).expect("stored");
                assert_eq!(judge_checkpoint(last, TreeSize(old), &checkpoint, &proof), Ok(()));
            }
        }
    }

    #[test]
    fn the_first_checkpoint_needs_no_proof_and_may_have_none() {
        assert_eq!(judge_checkpoint(None, TreeSize(0), &tree(0), &[]), Ok(()));
        assert_eq!(judge_checkpoint(None, TreeSize(0), &tree(9), &[]), Ok(()));
        let refused = judge_checkpoint(None, TreeSize(0), &tree(9), &proof(7, 9));
        assert_eq!(refused, Err(WitnessRefusal::BadProof(ProofRejected::WrongLength)));
        let lie = Checkpoint {
            root: Hash([1; 32]),
            ..tree(0)
        };
        assert_eq!(
            judge_checkpoint(None, TreeSize(0), &lie, &[]),
            Err(WitnessRefusal::EmptyRoot)
        );
        assert_eq!(
            judge_checkpoint(known(&tree(0)), TreeSize(0), &lie, &[]),
            Err(WitnessRefusal::EmptyRoot)
        );
    }

    #[test]
    fn refusals_have_their_order() {
        let last = known(&tree(7));
        let claim = |claimed, checkpoint: &Checkpoint, proof: &[Hash]| {
            judge_checkpoint(last, TreeSize(claimed), checkpoint, proof)
        };
        let conflict = Err(WitnessRefusal::Conflict { last: TreeSize(7) });
        assert_eq!(
            claim(12, &tree(11), &[]),
            Err(WitnessRefusal::OldIsLarger {
                claimed: TreeSize(12),
                size: TreeSize(11)
            })
        );
        assert_eq!(
            claim(0, &tree(11), &[]),
            conflict,
            "asked from 0 to learn the last size"
        );
        assert_eq!(claim(8, &tree(11), &proof(8, 11)), conflict);
        assert_eq!(claim(5, &tree(6), &proof(5, 6)), conflict, "a rolled-back log");
        assert_eq!(claim(0, &tree(0), &[]), conflict);
        let forked = Checkpoint {
            root: Hash([1; 32]),
            ..tree(7)
        };
        assert_eq!(
            claim(7, &forked, &[]),
            Err(WitnessRefusal::Fork { size: TreeSize(7) })
        );
        assert_eq!(claim(7, &tree(7), &[]), Ok(()), "freshness");
        assert!(matches!(
            claim(7, &tree(7), &proof(7, 11)),
            Err(WitnessRefusal::BadProof(_))
        ));
        assert!(matches!(
            claim(7, &tree(11), &[]),
            Err(WitnessRefusal::BadProof(_))
        ));
        assert!(matches!(
            claim(7, &tree(11), &proof(8, 11)),
            Err(WitnessRefusal::BadProof(_))
        ));
        let rewritten = Checkpoint {
            root: Hash([1; 32]),
            ..tree(11)
        };
        assert!(matches!(
            claim(7, &rewritten, &proof(7, 11)),
            Err(WitnessRefusal::BadProof(_))
        ));
        assert_eq!(claim(7, &tree(11), &proof(7, 11)), Ok(()));
    }

    #[test]
    fn a_witness_entry_has_one_encoding() {
        let entry = WitnessEntry::new(&tree(11), 1_767_225_600);
        let bytes = entry.leaf_bytes();
        assert_eq!(bytes[..16], *b"\xa4\x01\x6dexample.com/a");
        assert_eq!(bytes[16..20], *b"\x02\x0b\x03\x58");
        assert!(dcbor::CBOR::try_from_data(&bytes).is_ok());
        assert_eq!(WitnessEntry::from_leaf_bytes(&bytes), Ok(entry.clone()));
        assert_eq!(entry.checkpoint(), tree(11));

        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(
            WitnessEntry::from_leaf_bytes(&longer),
            Err(CodecError::NotCanonical)
        );
        let mut unknown_key = bytes.clone();
        unknown_key[0] = 0xa5;
        unknown_key.extend([5, 0]);
        assert_eq!(
            WitnessEntry::from_leaf_bytes(&unknown_key),
            Err(CodecError::NotCanonical)
        );
        for cut in 0..bytes.len() {
            assert!(WitnessEntry::from_leaf_bytes(&bytes[..cut]).is_err());
        }
    }

    #[test]
    fn the_longest_entry_fits_its_bound() {
        let longest = WitnessEntry {
            origin: Origin::parse(&"a".repeat(Origin::MAX_BYTES)).expect("origin"),
            size: TreeSize(u64::MAX),
            root: Hash([0xff; 32]),
            time_s: u64::MAX,
        };
        assert_eq!(longest.leaf_bytes().len(), WitnessEntry::MAX_BYTES);
        assert_eq!(WitnessEntry::from_leaf_bytes(&longest.leaf_bytes()), Ok(longest));
    }
}
