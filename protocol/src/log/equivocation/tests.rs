use super::*;
use crate::codec;
use crate::keys::SecretKey;
use crate::log::{consistency, inclusion, leaf_hash};
use crate::testing::key;

/// A tree of `common` equal leaves and `own` leaves of the branch.
pub(super) struct Tree {
    pub(super) size: u64,
    pub(super) nodes: Vec<Hash>,
    leaves: Vec<Hash>,
    root: Hash,
}

pub(super) fn tree(common: u64, branch: &str, own: u64) -> Tree {
    let mut frontier = crate::log::Frontier::new();
    let mut nodes = Vec::new();
    let mut leaves = Vec::new();
    for n in 0..common + own {
        let text = if n < common {
            format!("common {n}")
        } else {
            format!("{branch} {n}")
        };
        let leaf = leaf_hash(text.as_bytes());
        leaves.push(leaf);
        nodes.extend(frontier.push(leaf).into_iter().map(|(_, hash)| hash));
    }
    Tree {
        size: common + own,
        nodes,
        leaves,
        root: frontier.root(),
    }
}

const EPOCH: [u8; 16] = [7; 16];
const SPACE: SpaceId = SpaceId([9; 32]);

fn origin(node: &SecretKey) -> Origin {
    LogStart::origin_of(&node.public(), &SPACE, &EPOCH)
}

pub(super) fn signed(node: &SecretKey, tree: &Tree) -> SignedRoot {
    let stated = Checkpoint {
        origin: origin(node),
        size: TreeSize(tree.size),
        root: tree.root,
    };
    SignedRoot {
        size: stated.size,
        root: stated.root,
        signature: Signature(node.sign_raw(stated.body().as_bytes())),
    }
}

pub(super) fn of(node: &SecretKey, evidence: Evidence) -> Equivocation {
    Equivocation {
        node: node.public(),
        space: Some(SPACE),
        epoch: EPOCH,
        evidence,
    }
}

fn roots(node: &SecretKey, a: &Tree, b: &Tree) -> Evidence {
    let mut pair = [signed(node, a), signed(node, b)];
    pair.sort_by_key(|tree| tree.root);
    let [one, other] = pair;
    Evidence::Roots(one, other)
}

fn leaves(node: &SecretKey, index: u64, a: &Tree, b: &Tree) -> Evidence {
    let leaf = |tree: &Tree| SignedLeaf {
        leaf: tree.leaves[index as usize],
        proof: inclusion(EntryIndex(index), TreeSize(tree.size), |n| {
            tree.nodes.get(n as usize).copied()
        })
        .unwrap(),
        tree: signed(node, tree),
    };
    let mut pair = [leaf(a), leaf(b)];
    pair.sort_by_key(|leaf| leaf.leaf);
    let [one, other] = pair;
    Evidence::Leaves {
        index: EntryIndex(index),
        one,
        other,
    }
}

fn rewritten(node: &SecretKey, old: &Tree, new: &Tree) -> Evidence {
    let read = |n: u64| new.nodes.get(n as usize).copied();
    Evidence::Rewritten {
        old: signed(node, old),
        new: signed(node, new),
        begins: crate::log::root_at(TreeSize(old.size), read).unwrap(),
        proof: consistency(TreeSize(old.size), TreeSize(new.size), read).unwrap(),
    }
}

#[test]
fn each_kind_of_fork_is_proved_and_names_what_is_common() {
    let node = key("node");
    let (a, b, long) = (tree(5, "a", 3), tree(5, "b", 3), tree(5, "b", 9));
    for (evidence, common) in [
        (roots(&node, &a, &b), 7),
        (rewritten(&node, &a, &long), 7),
        (leaves(&node, 5, &a, &long), 5),
    ] {
        let proof = of(&node, evidence);
        let fork = proof.verify().expect("a fork");
        assert_eq!(
            (fork.origin, fork.node, fork.common.0),
            (origin(&node), node.public(), common)
        );
        let bytes = codec::encode(&proof);
        assert!(dcbor::CBOR::try_from_data(&bytes).is_ok());
        assert_eq!(codec::decode::<Equivocation>(&bytes, 32_768), Ok(proof));
    }
}

#[test]
fn an_honest_log_cannot_be_accused() {
    let node = key("node");
    let (short, long) = (tree(8, "", 0), tree(8, "a", 4));
    let agrees = |evidence| matches!(of(&node, evidence).verify(), Err(EquivocationError::Agrees(_)));
    assert!(agrees(rewritten(&node, &short, &long)));
    assert!(agrees(leaves(&node, 3, &short, &long)));
    assert!(agrees(Evidence::Roots(
        signed(&node, &short),
        signed(&node, &short)
    )));
    assert!(agrees(Evidence::Roots(
        signed(&node, &short),
        signed(&node, &long)
    )));
    // A consistency proof for another beginning than the one that is claimed.
    let Evidence::Rewritten { old, new, proof, .. } = rewritten(&node, &short, &long) else {
        unreachable!()
    };
    let lie = Evidence::Rewritten {
        old,
        new,
        begins: Hash([1; 32]),
        proof,
    };
    assert!(matches!(
        of(&node, lie).verify(),
        Err(EquivocationError::Proof(_))
    ));
}

#[test]
fn nobody_is_blamed_for_what_another_key_signed() {
    let (node, other) = (key("node"), key("other"));
    let (a, b) = (tree(5, "a", 3), tree(5, "b", 3));
    let mut framed = of(&node, roots(&other, &a, &b));
    assert!(matches!(
        framed.verify(),
        Err(EquivocationError::Signature { .. })
    ));
    // Signed by the other node for the name of the node's log.
    let sign = |tree: &Tree| SignedRoot {
        signature: Signature(
            other.sign_raw(
                Checkpoint {
                    origin: origin(&node),
                    size: TreeSize(tree.size),
                    root: tree.root,
                }
                .body()
                .as_bytes(),
            ),
        ),
        ..signed(&node, tree)
    };
    let mut pair = [sign(&a), sign(&b)];
    pair.sort_by_key(|tree| tree.root);
    let [one, two] = pair;
    framed.evidence = Evidence::Roots(one, two);
    for node in [&node, &other] {
        framed.node = node.public();
        assert!(
            framed.verify().is_err(),
            "the name belongs to the node that it hashes"
        );
    }
}

#[test]
fn every_changed_byte_of_a_proof_is_noticed() {
    let node = key("node");
    let (a, b) = (tree(5, "a", 3), tree(5, "b", 6));
    for evidence in [leaves(&node, 5, &a, &b), rewritten(&node, &a, &b)] {
        let bytes = codec::encode(&of(&node, evidence));
        for n in 0..bytes.len() {
            let mut other = bytes.clone();
            other[n] ^= 1;
            let read = codec::decode::<Equivocation>(&other, 32_768);
            assert!(read.is_err() || read.unwrap().verify().is_err(), "byte {n}");
        }
    }
}

#[test]
fn the_witnessed_branch_stands_then_the_smaller_leaf() {
    let branch = |leaf: u8, witnessed| Branch {
        leaf: Hash([leaf; 32]),
        witnessed,
    };
    let stands = |a: Branch, b: Branch| {
        assert!(standing_branch(&a, &b) && !standing_branch(&b, &a));
    };
    stands(branch(1, None), branch(2, None));
    stands(branch(2, Some((9, 9))), branch(1, None));
    stands(branch(2, Some((5, 9))), branch(1, Some((6, 1))));
    stands(branch(2, Some((5, 1))), branch(1, Some((5, 2))));
    stands(branch(1, Some((5, 1))), branch(2, Some((5, 1))));
}
