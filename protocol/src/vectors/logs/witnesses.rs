//! Receipts, the leaves of witness logs, and proofs that a log says two things.

use super::entries::a_log;
use super::*;

pub(super) fn receipts(files: &mut Files) {
    let mut federation = Federation::new();
    let log = a_log(&mut federation);
    federation.receipt(&log);
    federation.receipt(&log);
    let receipt = federation.receipt(&log);
    let node = hex(log.node.public().ed25519_bytes());
    let made = |bytes: &[u8]| json!({"bytes": hex(bytes), "origin": log.origin.as_str(), "node": node});
    let with = |change: &dyn Fn(&mut Receipt)| {
        let mut made_up = receipt.clone();
        change(&mut made_up);
        made(&encode(&made_up))
    };
    let whole = encode(&receipt);
    let stated = |said: &LogStatement| json!({"statement": hex(&said.to_bytes()), "node": node});
    let said = LogStatement::ReceiptOf(ReceiptOf {
        origin: log.origin.clone(),
        receipt: receipt.clone(),
    });
    let of_another = LogStatement::ReceiptOf(ReceiptOf {
        origin: receipt.witness_origin.clone(),
        receipt: receipt.clone(),
    });
    let vectors = vec![
        good("a receipt", made(&whole)),
        bad("another time", "signature", with(&|receipt| receipt.time_s += 1)),
        bad("another size", "signature", with(&|receipt| receipt.size.0 += 1)),
        bad(
            "another root",
            "signature",
            with(&|receipt| receipt.root = Hash([1; 32])),
        ),
        bad(
            "another witness",
            "signature",
            with(&|receipt| receipt.witness = key("stranger").public()),
        ),
        bad(
            "another root of the witness log",
            "signature",
            with(&|receipt| receipt.witness_root = Hash([1; 32])),
        ),
        bad(
            "the witness log of another node",
            "origin",
            with(&|receipt| {
                // Signed by its node all the same, as a witness may that is one itself.
                let other = witness_log_origin(&key("another node").public(), &[0; 16]);
                let checkpoint = Checkpoint {
                    origin: other.clone(),
                    size: receipt.witness_size,
                    root: receipt.witness_root,
                };
                let node = &federation.keys(org(crate::testing::COUNTY)).node;
                assert_eq!(node.public(), receipt.witness_node);
                receipt.witness_origin = other;
                receipt.witness_signature = Signature(node.sign_raw(checkpoint.body().as_bytes()));
            }),
        ),
        bad(
            "another epoch",
            "origin",
            with(&|receipt| receipt.witness_epoch = [1; 16]),
        ),
        bad(
            "a size above 2^62 of the log",
            "signature",
            with(&|receipt| {
                receipt.size = TreeSize(TreeSize::MAX.0 + 1);
                let checkpoint = receipt.checkpoint(&log.origin);
                receipt.log_signature = Signature(log.node.sign_raw(checkpoint.body().as_bytes()));
                let witness = &federation.keys(org(crate::testing::COUNTY)).witness;
                assert_eq!(witness.public(), receipt.witness);
                let message = cosign::message(&checkpoint, receipt.time_s);
                receipt.cosignature = Signature(witness.sign_raw(message.as_bytes()));
                // Alone in the witness log, where it needs no proof.
                let leaf = WitnessEntry::new(&checkpoint, receipt.time_s).leaf_bytes();
                receipt.witness_root = leaf_hash(&leaf);
                (receipt.witness_index, receipt.witness_size) = (EntryIndex(0), TreeSize(1));
                receipt.proof.clear();
                let theirs = Checkpoint {
                    origin: receipt.witness_origin.clone(),
                    size: receipt.witness_size,
                    root: receipt.witness_root,
                };
                let node = &federation.keys(org(crate::testing::COUNTY)).node;
                receipt.witness_signature = Signature(node.sign_raw(theirs.body().as_bytes()));
            }),
        ),
        bad(
            "another place",
            "proof",
            with(&|receipt| receipt.witness_index.0 = 0),
        ),
        bad(
            "beyond the witness log",
            "proof",
            with(&|receipt| receipt.witness_index.0 = 9),
        ),
        bad(
            "without its proof",
            "proof",
            with(&|receipt| receipt.proof.clear()),
        ),
        bad("a trailing byte", "codec", made(&[&whole[..], &[0]].concat())),
        good("stated in another log", stated(&said)),
        bad("stated of another log", "signature", stated(&of_another)),
        bad(
            "stated where it stands",
            "other",
            stated(&LogStatement::Receipt(receipt.clone())),
        ),
    ];
    category(files, "receipt", Value::Null, vectors, |input| {
        let ReceiptOf { origin, receipt } = if input.get("statement").is_some() {
            match LogStatement::parse(&bytes_of(input, "statement")).map_err(|error| codec_reason(&error))? {
                LogStatement::ReceiptOf(said) => said,
                _ => return Err("other".into()),
            }
        } else {
            ReceiptOf {
                origin: Origin::parse(text_of(input, "origin")).expect("an origin"),
                receipt: codec::decode(&bytes_of(input, "bytes"), STATEMENT_MAX)
                    .map_err(|error| codec_reason(&error))?,
            }
        };
        receipt
            .verify(&origin, &key_of(input, "node"))
            .map_err(|error| reason(&error))?;
        Ok(json!({"origin": origin.as_str(), "size": receipt.size.0, "time_s": receipt.time_s}))
    });
}

pub(super) fn witness_entries(files: &mut Files) {
    let entry = WitnessEntry::new(&checkpoint(), TIME_S).leaf_bytes();
    let own = witness_log_origin(&secret(0x40).public(), &[7; 16]);
    let fresh = Checkpoint {
        origin: own,
        size: TreeSize(0),
        root: crate::log::empty_root(),
    };
    let bytes = |bytes: &[u8]| json!({"bytes": hex(bytes)});
    let vectors = vec![
        good("what was cosigned", bytes(&entry)),
        good(
            "freshness at place 0",
            bytes(&WitnessEntry::new(&fresh, TIME_S).leaf_bytes()),
        ),
        bad("a trailing byte", "codec", bytes(&[&entry[..], &[0]].concat())),
        bad("cut", "codec", bytes(&entry[..entry.len() - 1])),
        bad("too long", "too_long", bytes(&[0; 188])),
    ];
    category(files, "witness_entry", Value::Null, vectors, |input| {
        let bytes = bytes_of(input, "bytes");
        let entry = WitnessEntry::from_leaf_bytes(&bytes).map_err(|error| codec_reason(&error))?;
        Ok(
            json!({"origin": entry.origin.as_str(), "size": entry.size.0, "root": entry.root, "time_s": entry.time_s, "leaf": leaf_hash(&bytes)}),
        )
    });
}

pub(super) fn equivocations(files: &mut Files) {
    let node = key("vector node");
    let (space, epoch) = (SpaceId([9; 32]), [7; 16]);
    let of = |space: Option<SpaceId>| match space {
        Some(space) => LogStart::origin_of(&node.public(), &space, &epoch),
        None => witness_log_origin(&node.public(), &epoch),
    };
    let signed = |space: Option<SpaceId>, tree: &Tree| {
        let stated = Checkpoint {
            origin: of(space),
            size: tree.size(),
            root: tree.root,
        };
        let signature = Signature(node.sign_raw(stated.body().as_bytes()));
        SignedRoot {
            size: stated.size,
            root: stated.root,
            signature,
        }
    };
    let (a, b, long) = (tree(8, 5, "a"), tree(8, 5, "b"), tree(14, 5, "b"));
    let roots = |space| {
        let mut pair = [signed(space, &a), signed(space, &b)];
        pair.sort_by_key(|tree| tree.root);
        let [one, other] = pair;
        Evidence::Roots(one, other)
    };
    let rewritten = |old: &Tree, new: &Tree| Evidence::Rewritten {
        old: signed(Some(space), old),
        new: signed(Some(space), new),
        begins: root_at(old.size(), |n| new.read(n)).expect("stored"),
        proof: new.consistency(old.leaves.len() as u64),
    };
    let leaves = |index: u64| {
        let leaf = |tree: &Tree| SignedLeaf {
            leaf: tree.leaves[index as usize],
            proof: tree.inclusion(index),
            tree: signed(Some(space), tree),
        };
        let mut pair = [leaf(&a), leaf(&long)];
        pair.sort_by_key(|leaf| leaf.leaf);
        let [one, other] = pair;
        Evidence::Leaves {
            index: EntryIndex(index),
            one,
            other,
        }
    };
    let made = |space: Option<SpaceId>, evidence: Evidence| {
        let proof = Equivocation {
            node: node.public(),
            space,
            epoch,
            evidence,
        };
        json!({"bytes": hex(&encode(&proof))})
    };
    let some = Some(space);
    let turned = match roots(some) {
        Evidence::Roots(one, other) => Evidence::Roots(other, one),
        other => other,
    };
    let same = Evidence::Roots(signed(some, &a), signed(some, &a));
    let unproved = match leaves(5) {
        Evidence::Leaves {
            index,
            one,
            mut other,
        } => {
            other.proof.pop();
            Evidence::Leaves { index, one, other }
        }
        other => other,
    };
    let forged = match roots(some) {
        Evidence::Roots(one, mut other) => {
            other.signature.0[0] ^= 1;
            Evidence::Roots(one, other)
        }
        other => other,
    };
    let shifted = match rewritten(&a, &long) {
        Evidence::Rewritten {
            old,
            new,
            begins: _,
            proof,
        } => Evidence::Rewritten {
            old,
            new,
            begins: Hash([1; 32]),
            proof,
        },
        other => other,
    };
    let vectors = vec![
        good("two roots of one size", made(some, roots(some))),
        good("two roots of a witness log", made(None, roots(None))),
        good(
            "a larger tree that begins otherwise",
            made(some, rewritten(&a, &long)),
        ),
        good("two leaves at one place", made(some, leaves(5))),
        bad("a leaf that both have", "agrees", made(some, leaves(4))),
        bad("the larger root first", "agrees", made(some, turned)),
        bad("one root twice", "agrees", made(some, same)),
        bad("a tree that grew", "agrees", made(some, rewritten(&b, &long))),
        bad(
            "a signature that does not verify",
            "signature",
            made(some, forged),
        ),
        bad(
            "signed under the name of another log",
            "signature",
            made(Some(SpaceId([8; 32])), roots(some)),
        ),
        bad("a leaf without its proof", "proof", made(some, unproved)),
        bad("a beginning that is not proved", "proof", made(some, shifted)),
    ];
    category(files, "equivocation", Value::Null, vectors, |input| {
        let proof: Equivocation =
            codec::decode(&bytes_of(input, "bytes"), STATEMENT_MAX).map_err(|error| codec_reason(&error))?;
        let fork = proof.verify().map_err(|error| reason(&error))?;
        Ok(json!({"origin": fork.origin.as_str(), "common": fork.common.0}))
    });
}
