//! What a witness makes of a checkpoint that contradicts an earlier one. It need not hold the log: the proof that is to show
//! growth says what the larger tree begins with.

use super::{Evidence, SignedRoot};
use crate::id::Hash;
use crate::log::verify::beginning;
use crate::log::{ProofError, TreeSize, consistency, node_hash, root_at, verify_consistency};

/// What two checkpoints of one log prove, both signed by its node, where `proof` is what the node shows for the growth of
/// the tree of `shown` from size `from`. None where that proves nothing: a bad proof alone is no second history.
pub fn contradiction(
    witnessed: &SignedRoot,
    shown: &SignedRoot,
    from: TreeSize,
    proof: &[Hash],
) -> Option<Evidence> {
    if let Some(evidence) = two_roots(witnessed, shown) {
        return Some(evidence);
    }
    let (old, new) = (witnessed.size, shown.size);
    if old == TreeSize::EMPTY || old >= new {
        return None;
    }
    let (begins, proof) = if from == old {
        (beginning(old, new, proof)?, proof)
    } else if Some(from) == revealing_size(old) {
        // One leaf less, so that the whole tree of `old` leaves stands among the hashes: its last leaf but one, its last,
        // and what lies to the left of both.
        let levels = usize::try_from(old.0.trailing_zeros()).ok()?;
        let (within, rest) = proof.split_at_checked(levels + 1)?;
        let (before, last) = (within.first()?, within.get(1)?);
        let left = within.get(2..)?.iter();
        let begins = left.fold(node_hash(before, last), |hash, left| node_hash(left, &hash));
        (begins, rest)
    } else {
        return None;
    };
    if begins == witnessed.root || verify_consistency(old, new, &begins, &shown.root, proof).is_err() {
        return None;
    }
    Some(Evidence::Rewritten {
        old: witnessed.clone(),
        new: shown.clone(),
        begins,
        proof: proof.to_vec(),
    })
}

/// From which other size a log shows with what its tree begins, where a proof of growth from `old` does not say it: that of
/// a full tree leaves the root of that tree out. None where it does, and of trees so small that nothing does.
pub fn revealing_size(old: TreeSize) -> Option<TreeSize> {
    (old.0.is_power_of_two() && old.0 >= 4).then(|| TreeSize(old.0 - 1))
}

/// What a checkpoint proves against a larger one whose tree is held. None if that tree begins with it.
pub fn contradiction_held(
    signed: &SignedRoot,
    held: &SignedRoot,
    mut read: impl FnMut(u64) -> Option<Hash>,
) -> Result<Option<Evidence>, ProofError> {
    if let Some(evidence) = two_roots(signed, held) {
        return Ok(Some(evidence));
    }
    if signed.size == TreeSize::EMPTY || signed.size >= held.size {
        return Ok(None);
    }
    let begins = root_at(signed.size, &mut read)?;
    if begins == signed.root {
        return Ok(None);
    }
    Ok(Some(Evidence::Rewritten {
        old: signed.clone(),
        new: held.clone(),
        begins,
        proof: consistency(signed.size, held.size, &mut read)?,
    }))
}

fn two_roots(a: &SignedRoot, b: &SignedRoot) -> Option<Evidence> {
    if a.size != b.size || a.root == b.root {
        return None;
    }
    let (one, other) = if a.root < b.root { (a, b) } else { (b, a) };
    Some(Evidence::Roots(one.clone(), other.clone()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Tree, of, signed, tree};
    use super::*;
    use crate::testing::key;

    fn proof_from(old: u64, tree: &Tree) -> Vec<Hash> {
        consistency(TreeSize(old), TreeSize(tree.size), |n| {
            tree.nodes.get(n as usize).copied()
        })
        .unwrap()
    }

    #[test]
    fn a_rewritten_log_is_proved_by_its_own_proof_of_growth() {
        let node = key("node");
        for size in 1..=40 {
            let common = size / 2;
            let old = tree(common, "a", size - common);
            for more in 1..=9 {
                let new = tree(common, "b", size - common + more);
                let (witnessed, shown) = (signed(&node, &old), signed(&node, &new));
                let held = |n: u64| new.nodes.get(n as usize).copied();
                let held = contradiction_held(&witnessed, &shown, held).unwrap();
                assert!(of(&node, held.expect("held")).verify().is_ok());
                let found = contradiction(&witnessed, &shown, TreeSize(size), &proof_from(size, &new));
                let found = match revealing_size(TreeSize(size)) {
                    Some(from) => {
                        assert_eq!(found, None, "a full tree is not in the proof from {size}");
                        contradiction(&witnessed, &shown, from, &proof_from(from.0, &new))
                    }
                    None => found,
                };
                match found {
                    Some(evidence) => assert!(of(&node, evidence).verify().is_ok(), "{size} {more}"),
                    None => assert!(size <= 2, "{size} {more}"),
                }
            }
        }
    }

    #[test]
    fn two_roots_of_one_size_need_no_proof() {
        let node = key("node");
        let (a, b) = (tree(4, "a", 3), tree(4, "b", 3));
        for (a, b) in [(&a, &b), (&b, &a)] {
            let found = contradiction(&signed(&node, a), &signed(&node, b), TreeSize(2), &[]);
            assert!(of(&node, found.expect("a contradiction")).verify().is_ok());
        }
    }

    #[test]
    fn an_honest_log_contradicts_nothing_whatever_is_shown_for_it() {
        let node = key("node");
        for size in 1..=20 {
            let new = tree(40, "", 0);
            let old = tree(size, "", 0);
            let (witnessed, shown) = (signed(&node, &old), signed(&node, &new));
            let read = |n: u64| new.nodes.get(n as usize).copied();
            assert_eq!(contradiction_held(&witnessed, &shown, read), Ok(None));
            for from in 0..=size {
                let mut proof = proof_from(from, &new);
                assert_eq!(contradiction(&witnessed, &shown, TreeSize(from), &proof), None);
                for at in 0..proof.len() {
                    proof[at].0[0] ^= 1;
                    assert_eq!(contradiction(&witnessed, &shown, TreeSize(from), &proof), None);
                    proof[at].0[0] ^= 1;
                }
                proof.pop();
                assert_eq!(contradiction(&witnessed, &shown, TreeSize(from), &proof), None);
            }
            // A smaller checkpoint is an old one.
            let read = |n: u64| old.nodes.get(n as usize).copied();
            assert_eq!(contradiction(&shown, &witnessed, shown.size, &[]), None);
            assert_eq!(contradiction_held(&shown, &witnessed, read), Ok(None));
        }
    }
}
