//! Proofs of inclusion and growth.

use super::*;

fn hashes(input: &Value, member: &str) -> Vec<Hash> {
    let list = list_of(input, member).iter();
    list.map(|hash| Hash(unhex(hash.as_str().expect("hex")).try_into().expect("32 bytes")))
        .collect()
}

pub(super) fn proofs(files: &mut Files) {
    let (seven, eleven) = (tree(7, 7, ""), tree(11, 11, ""));
    let one = |index: u64, size: u64, leaf: &Hash, proof: &[Hash], root: &Hash| json!({"index": index, "size": size, "leaf": leaf, "proof": proof, "root": root});
    let path = eleven.inclusion(5);
    let leaf = &eleven.leaves[5];
    let single = tree(1, 1, "");
    let mut vectors = vec![
        good("5 of 11", one(5, 11, leaf, &path, &eleven.root)),
        good(
            "the last of 11",
            one(10, 11, &eleven.leaves[10], &eleven.inclusion(10), &eleven.root),
        ),
        good("the only one", one(0, 1, &single.leaves[0], &[], &single.root)),
        bad(
            "at another index",
            "root_mismatch",
            one(4, 11, leaf, &path, &eleven.root),
        ),
        bad(
            "another leaf",
            "root_mismatch",
            one(5, 11, &eleven.leaves[6], &path, &eleven.root),
        ),
        bad(
            "beyond the tree",
            "index_out_of_range",
            one(11, 11, leaf, &path, &eleven.root),
        ),
        bad(
            "a hash too few",
            "wrong_length",
            one(5, 11, leaf, &path[..3], &eleven.root),
        ),
        bad(
            "a hash too many",
            "wrong_length",
            one(5, 11, leaf, &[&path[..], &[*leaf]].concat(), &eleven.root),
        ),
        bad(
            "against another root",
            "root_mismatch",
            one(5, 11, leaf, &path, &seven.root),
        ),
    ];
    for index in 0..7 {
        let (leaf, proof) = (&seven.leaves[index as usize], seven.inclusion(index));
        vectors.push(good(
            &format!("{index} of 7"),
            one(index, 7, leaf, &proof, &seven.root),
        ));
    }
    category(
        files,
        "inclusion",
        json!({"leaves": "the ASCII texts leaf-0 to leaf-10"}),
        vectors,
        |input| {
            let number = |member: &str| input[member].as_u64().expect("a number");
            let hash = |member: &str| Hash(array_of(input, member));
            let (index, size) = (EntryIndex(number("index")), TreeSize(number("size")));
            verify_inclusion(index, size, &hash("leaf"), &hashes(input, "proof"), &hash("root"))
                .map_err(|error| reason(&error))?;
            Ok(Value::Null)
        },
    );

    let grows = |old: u64, new: u64, roots: (&Hash, &Hash), proof: &[Hash]| json!({"old": old, "new": new, "old_root": roots.0, "new_root": roots.1, "proof": proof});
    let proof = eleven.consistency(7);
    let (old, new) = (seven.root, eleven.root);
    let eight = tree(8, 8, "").root;
    let empty = crate::log::empty_root();
    let vectors = vec![
        good("7 to 11", grows(7, 11, (&old, &new), &proof)),
        good("8 to 11", grows(8, 11, (&eight, &new), &eleven.consistency(8))),
        good("to itself", grows(7, 7, (&old, &old), &[])),
        good("from nothing", grows(0, 11, (&empty, &new), &[])),
        bad(
            "from nothing, with a hash",
            "wrong_length",
            grows(0, 11, (&empty, &new), &proof[..1]),
        ),
        bad("backwards", "old_is_larger", grows(11, 7, (&new, &old), &proof)),
        bad(
            "two roots of one size",
            "root_mismatch",
            grows(7, 7, (&old, &new), &[]),
        ),
        bad("without a proof", "wrong_length", grows(7, 11, (&old, &new), &[])),
        bad(
            "a hash too few",
            "wrong_length",
            grows(7, 11, (&old, &new), &proof[..4]),
        ),
        bad(
            "another old root",
            "old_root_mismatch",
            grows(7, 11, (&eight, &new), &proof),
        ),
        bad(
            "another new root",
            "root_mismatch",
            grows(7, 11, (&old, &eight), &proof),
        ),
    ];
    category(files, "consistency", Value::Null, vectors, |input| {
        let size = |member: &str| TreeSize(input[member].as_u64().expect("a number"));
        let hash = |member: &str| Hash(array_of(input, member));
        let (old, new, proof) = (hash("old_root"), hash("new_root"), hashes(input, "proof"));
        verify_consistency(size("old"), size("new"), &old, &new, &proof).map_err(|error| reason(&error))?;
        Ok(Value::Null)
    });
}
