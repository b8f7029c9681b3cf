//! Proof that a log says two things (design 5): a fact about bytes, carried from node to node, that any stranger can check.
//! And the rule by which everybody who holds both branches goes on with the same one.

mod contradiction;

pub use contradiction::{contradiction, contradiction_held, revealing_size};

use minicbor::{Decode, Encode};

use super::statement::{LogStart, witness_log_origin};
use super::{
    Checkpoint, EntryIndex, MAX_PROOF_HASHES, Origin, ProofRejected, TreeSize, verify_consistency,
    verify_inclusion,
};
use crate::id::{Hash, SpaceId};
use crate::keys::{KeyError, PublicKey, Signature};

/// A checkpoint of the log, as its node signed it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedRoot {
    /// Its size.
    #[n(0)]
    pub size: TreeSize,
    /// Its root.
    #[n(1)]
    pub root: Hash,
    /// The node's signature over the checkpoint's text.
    #[n(2)]
    pub signature: Signature,
}

/// What two checkpoints of one log show.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Evidence {
    /// Two roots of one size, the smaller root first.
    #[n(1)]
    Roots(#[n(0)] SignedRoot, #[n(1)] SignedRoot),
    /// The larger tree begins with another tree than the smaller one.
    #[n(2)]
    Rewritten {
        /// The smaller tree.
        #[n(0)]
        old: SignedRoot,
        /// The larger tree.
        #[n(1)]
        new: SignedRoot,
        /// The root of the larger tree's first `old.size` leaves.
        #[n(2)]
        begins: Hash,
        /// That the larger tree extends that root: a consistency proof.
        #[n(3)]
        proof: Vec<Hash>,
    },
    /// Two leaves at one index, the smaller leaf hash first.
    #[n(3)]
    Leaves {
        /// The index.
        #[n(0)]
        index: EntryIndex,
        /// A leaf there, and the tree that holds it.
        #[n(1)]
        one: SignedLeaf,
        /// Another.
        #[n(2)]
        other: SignedLeaf,
    },
}

impl Evidence {
    /// Checks it, of a log of that name whose checkpoints `node` signs. Gives how many leaves the two trees have in common at
    /// most. Whose log the name stands for is not asked.
    pub fn verify(&self, node: &PublicKey, origin: &Origin) -> Result<TreeSize, EquivocationError> {
        let signed = |tree: &SignedRoot| {
            let stated = Checkpoint {
                origin: origin.clone(),
                size: tree.size,
                root: tree.root,
            };
            // No text of C2SP states a greater size, so nothing was signed.
            let fits = (tree.size <= TreeSize::MAX)
                .then_some(())
                .ok_or(KeyError::BadSignature);
            fits.and_then(|()| node.verify_raw(stated.body().as_bytes(), &tree.signature.0))
                .map_err(|error| EquivocationError::Signature {
                    size: tree.size,
                    error,
                })
        };
        let bounded = |proof: &[Hash]| {
            if proof.len() > MAX_PROOF_HASHES {
                Err(ProofRejected::WrongLength)
            } else {
                Ok(())
            }
        };
        Ok(match self {
            Evidence::Roots(one, other) => {
                if one.size != other.size || one.root >= other.root {
                    return Err(EquivocationError::Agrees(
                        "two different roots of one size are expected, the smaller first",
                    ));
                }
                signed(one)?;
                signed(other)?;
                TreeSize(one.size.0.saturating_sub(1))
            }
            Evidence::Rewritten {
                old,
                new,
                begins,
                proof,
            } => {
                bounded(proof)?;
                if old.size >= new.size || old.size == TreeSize::EMPTY || old.root == *begins {
                    return Err(EquivocationError::Agrees(
                        "a smaller tree and a larger one that begins otherwise are expected",
                    ));
                }
                signed(old)?;
                signed(new)?;
                verify_consistency(old.size, new.size, begins, &new.root, proof)?;
                TreeSize(old.size.0 - 1)
            }
            Evidence::Leaves { index, one, other } => {
                if one.leaf >= other.leaf {
                    return Err(EquivocationError::Agrees(
                        "two different leaves are expected, the smaller hash first",
                    ));
                }
                for leaf in [one, other] {
                    bounded(&leaf.proof)?;
                    signed(&leaf.tree)?;
                    verify_inclusion(*index, leaf.tree.size, &leaf.leaf, &leaf.proof, &leaf.tree.root)?;
                }
                TreeSize(index.0)
            }
        })
    }

    /// The two signed trees.
    pub fn trees(&self) -> [&SignedRoot; 2] {
        match self {
            Evidence::Roots(one, other) => [one, other],
            Evidence::Rewritten { old, new, .. } => [old, new],
            Evidence::Leaves { one, other, .. } => [&one.tree, &other.tree],
        }
    }
}

/// A leaf hash with its path to a signed root.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedLeaf {
    /// The leaf hash.
    #[n(0)]
    pub leaf: Hash,
    /// Its inclusion proof.
    #[n(1)]
    pub proof: Vec<Hash>,
    /// The tree.
    #[n(2)]
    pub tree: SignedRoot,
}

/// A log that says two things. The parts that make its origin stand here, so that nobody is blamed for what another key
/// signed under that name.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Equivocation {
    /// The node whose log it is.
    #[n(1)]
    pub node: PublicKey,
    /// The space; absent where it is a witness log.
    #[n(2)]
    pub space: Option<SpaceId>,
    /// The epoch.
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    pub epoch: [u8; 16],
    /// What shows it.
    #[n(4)]
    pub evidence: Evidence,
}

/// What a proof of equivocation proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// The log.
    pub origin: Origin,
    /// Its node.
    pub node: PublicKey,
    /// The two trees have at most so many leaves in common.
    pub common: TreeSize,
}

/// Why it proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EquivocationError {
    /// A signature does not verify.
    #[error("checkpoint of {size} entries: {error}")]
    Signature {
        /// The size that the checkpoint states.
        size: TreeSize,
        /// What is wrong.
        error: KeyError,
    },
    /// A proof does not hold.
    #[error("{0}")]
    Proof(#[from] ProofRejected),
    /// The two agree, or do not compare.
    #[error("{0}")]
    Agrees(&'static str),
}

impl Equivocation {
    /// The log that says two things.
    pub fn origin(&self) -> Origin {
        match &self.space {
            Some(space) => LogStart::origin_of(&self.node, space, &self.epoch),
            None => witness_log_origin(&self.node, &self.epoch),
        }
    }

    /// Checks the proof.
    pub fn verify(&self) -> Result<Fork, EquivocationError> {
        let origin = self.origin();
        let common = self.evidence.verify(&self.node, &origin)?;
        Ok(Fork {
            origin,
            node: self.node,
            common,
        })
    }
}

/// One of two branches of a log, from where they part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Branch {
    /// The hash of its first leaf that the other lacks.
    pub leaf: Hash,
    /// When its required parent first witnessed a tree with that leaf (seconds since 1970), and at which place of the
    /// witness log; none if it did not.
    pub witnessed: Option<(u64, u64)>,
}

/// Whether the first of two branches stands: the one that the required parent witnessed first, else the one with the
/// smaller leaf hash. Of two witnessed at the same time and place the smaller leaf hash decides, too.
pub fn standing_branch(one: &Branch, other: &Branch) -> bool {
    let rank = |branch: &Branch| (branch.witnessed.is_none(), branch.witnessed, branch.leaf);
    rank(one) <= rank(other)
}

#[cfg(test)]
mod tests;
