//! Notes, checkpoints, cosignatures, proofs, entries, receipts, witness entries, equivocation.

use serde_json::{Value, json};

use super::bytes::codec_reason;
use super::{Files, array_of, bad, bytes_of, category, flipped, good, hex, list_of, reason, text_of, unhex};
use crate::codec::{self, encode};
use crate::id::{ChangeId, Hash, Origin, SpaceId};
use crate::keys::{PublicKey, SecretKey, Signature};
use crate::log::{
    Checkpoint, Entry, EntryError, EntryIndex, Equivocation, Evidence, Frontier, Header, KeyId, KeyKind,
    LogStart, Note, PayloadKind, Receipt, STATEMENT_MAX, SignatureLine, SignedCheckpoint, SignedLeaf,
    SignedRoot, TreeSize, WitnessEntry, consistency, cosign, inclusion, leaf_hash, root_at,
    verify_consistency, verify_cosignature, verify_inclusion, witness_log_origin,
};
use crate::record::Put;
use crate::testing::{FENGDU, Federation, TestLog, key, org};
use crate::trust::{Audience, Role, Space};

const ORIGIN: &str = "lianzhan.example/station/000001/space/a";
const WITNESS: &str = "lianzhan.example/township/0001/witness";
const TIME_S: u64 = 1_767_225_600;

pub(super) fn all(files: &mut Files) {
    notes(files);
    checkpoints(files);
    cosignatures(files);
    proofs(files);
    entries(files);
    receipts(files);
    witness_entries(files);
    equivocations(files);
}

fn secret(first: u8) -> SecretKey {
    SecretKey::from_seed(std::array::from_fn(|at| first + at as u8))
}

fn origin() -> Origin {
    Origin::parse(ORIGIN).expect("an origin")
}

/// A tree of `size` leaves, of which those from `own` on are of `branch`.
struct Tree {
    leaves: Vec<Hash>,
    nodes: Vec<Hash>,
    root: Hash,
}

fn tree(size: u64, own: u64, branch: &str) -> Tree {
    let mut frontier = Frontier::new();
    let (mut leaves, mut nodes) = (Vec::new(), Vec::new());
    for n in 0..size {
        let name = if n < own { "leaf" } else { branch };
        let leaf = leaf_hash(format!("{name}-{n}").as_bytes());
        leaves.push(leaf);
        nodes.extend(frontier.push(leaf).into_iter().map(|(_, hash)| hash));
    }
    Tree {
        leaves,
        nodes,
        root: frontier.root(),
    }
}

impl Tree {
    fn read(&self, n: u64) -> Option<Hash> {
        self.nodes.get(n as usize).copied()
    }
    fn size(&self) -> TreeSize {
        TreeSize(self.leaves.len() as u64)
    }
    fn inclusion(&self, index: u64) -> Vec<Hash> {
        inclusion(EntryIndex(index), self.size(), |n| self.read(n)).expect("stored")
    }
    fn consistency(&self, old: u64) -> Vec<Hash> {
        consistency(TreeSize(old), self.size(), |n| self.read(n)).expect("stored")
    }
}

fn checkpoint() -> Checkpoint {
    let tree = tree(11, 11, "");
    Checkpoint {
        origin: origin(),
        size: tree.size(),
        root: tree.root,
    }
}

fn key_of(input: &Value, member: &str) -> PublicKey {
    PublicKey::from_ed25519(array_of(input, member)).expect("a key")
}

fn notes(files: &mut Files) {
    let log = secret(0);
    let signed = checkpoint().sign(&log).note().to_string();
    let public = hex(log.public().ed25519_bytes());
    let note = |text: &str| json!({"note": text, "name": ORIGIN, "key": public});
    let line = signed.lines().last().expect("a line").to_owned() + "\n";
    let many: String = (0..100).map(|n| format!("— a{n} AAAAAQI=\n")).collect();
    let vectors = vec![
        good("signed", note(&signed)),
        good("with a line of another", note(&format!("{signed}— a AAAAAQI=\n"))),
        good(
            "with an empty line in the text",
            note(&Note::sign("a\n\nb\n", ORIGIN, &log).expect("signed").to_string()),
        ),
        bad(
            "another text",
            "bad_signature",
            note(&signed.replacen("\n11\n", "\n12\n", 1)),
        ),
        bad("signed by another", "not_signed_by", note("t\n\n— a AAAAAQI=\n")),
        bad("no signature block", "no_signature_block", note("t\n")),
        bad("unended", "no_signature_block", note(signed.trim_end())),
        bad(
            "a hyphen for the dash",
            "malformed_line",
            note(&signed.replacen('—', "-", 1)),
        ),
        bad(
            "base64 with bits over",
            "malformed_line",
            note("t\n\n— a AAAAAQJ=\n"),
        ),
        bad(
            "base64 without padding",
            "malformed_line",
            note("t\n\n— a AAAAAQI\n"),
        ),
        bad(
            "no signature after the id",
            "malformed_line",
            note("t\n\n— a AAAAAQ==\n"),
        ),
        bad(
            "two lines of one key",
            "duplicate_signature",
            note(&format!("{signed}{line}")),
        ),
        bad(
            "101 lines",
            "too_many_signatures",
            note(&format!("{signed}{many}")),
        ),
        bad(
            "a carriage return",
            "control_character",
            note(&signed.replace('\n', "\r\n")),
        ),
        bad("too long", "too_long", note(&"a".repeat(65_537))),
    ];
    category(files, "note", Value::Null, vectors, |input| {
        let note = Note::parse(text_of(input, "note")).map_err(|error| reason(&error))?;
        let key = key_of(input, "key");
        note.verify(text_of(input, "name"), &key)
            .map_err(|error| reason(&error))?;
        Ok(
            json!({"text": note.text(), "key_id": KeyId::of(text_of(input, "name"), KeyKind::Log, &key).to_string()}),
        )
    });
}

fn checkpoints(files: &mut Files) {
    let log = secret(0);
    let public = hex(log.public().ed25519_bytes());
    let note = |text: &str| json!({"note": text, "origin": ORIGIN, "key": public});
    let signed = |body: &str| note(&Note::sign(body, ORIGIN, &log).expect("signed").to_string());
    let body = checkpoint().body();
    let vectors = vec![
        good("eleven leaves", signed(&body)),
        bad(
            "an extension line",
            "not_three_lines",
            signed(&format!("{body}more\n")),
        ),
        bad("two lines", "not_three_lines", signed("a\n1\n")),
        bad(
            "a leading zero",
            "bad_size",
            signed(&body.replacen("\n11\n", "\n011\n", 1)),
        ),
        bad(
            "a size above 2^62",
            "bad_size",
            signed(&body.replacen("\n11\n", "\n4611686018427387905\n", 1)),
        ),
        bad(
            "a root of 31 bytes",
            "bad_root",
            signed(&format!("{ORIGIN}\n11\n{}==\n", "A".repeat(42))),
        ),
        bad(
            "an origin with a plus",
            "bad_origin",
            signed(&body.replacen("lianzhan", "lian+zhan", 1)),
        ),
        bad(
            "another origin",
            "other_origin",
            signed(&body.replacen("/a\n", "/b\n", 1)),
        ),
        bad(
            "a note that is not signed",
            "note",
            note(&format!("{body}\n— a AAAAAQI=\n")),
        ),
    ];
    category(files, "checkpoint", Value::Null, vectors, |input| {
        let origin = Origin::parse(text_of(input, "origin")).expect("an origin");
        let found = SignedCheckpoint::open(text_of(input, "note"), &key_of(input, "key"), &origin);
        let found = found.map_err(|error| reason(&error))?;
        Ok(json!({"size": found.size.0, "root": found.root}))
    });
}

fn cosignatures(files: &mut Files) {
    let witness = secret(0x20);
    let public = hex(witness.public().ed25519_bytes());
    let body = checkpoint().body();
    let note = checkpoint().sign(&secret(0)).note().to_string();
    let line = cosign(&witness, WITNESS, &checkpoint(), TIME_S).expect("cosigned");
    let on = |note: &str, line: &str| json!({"checkpoint": body, "note": format!("{note}{line}"), "name": WITNESS, "key": public});
    let id = KeyId::of(WITNESS, KeyKind::Witness, &witness.public());
    let printed = |signature: Vec<u8>| {
        SignatureLine::new(WITNESS, id, signature)
            .expect("a line")
            .to_string()
            + "\n"
    };
    let parsed = SignatureLine::parse(line.trim_end()).expect("a line");
    let mut later = parsed.signature().to_vec();
    later[7] += 1;
    let mut far = parsed.signature().to_vec();
    far[0] = 0x80;
    let plain = [&[0; 8][..], &witness.sign_raw(body.as_bytes())].concat();
    let vectors = vec![
        good("cosigned", on(&note, &line)),
        bad("by nobody", "not_cosigned_by", on(&note, "")),
        bad("another time", "bad_signature", on(&note, &printed(later))),
        bad(
            "a time above 2^63 - 1",
            "time_out_of_range",
            on(&note, &printed(far)),
        ),
        bad("over the text alone", "bad_signature", on(&note, &printed(plain))),
        bad(
            "too short",
            "bad_signature",
            on(&note, &printed(parsed.signature()[..71].to_vec())),
        ),
        bad(
            "on another checkpoint",
            "other_checkpoint",
            on(&note.replacen("\n11\n", "\n12\n", 1), &line),
        ),
    ];
    category(files, "cosignature", Value::Null, vectors, |input| {
        let body = Checkpoint::parse(text_of(input, "checkpoint")).expect("a checkpoint");
        let key = key_of(input, "key");
        let time = verify_cosignature(text_of(input, "note"), text_of(input, "name"), &key, &body);
        Ok(json!({"time_s": time.map_err(|error| reason(&error))?}))
    });
}

fn hashes(input: &Value, member: &str) -> Vec<Hash> {
    let list = list_of(input, member).iter();
    list.map(|hash| Hash(unhex(hash.as_str().expect("hex")).try_into().expect("32 bytes")))
        .collect()
}

fn proofs(files: &mut Files) {
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

fn entry_reason(error: &EntryError) -> String {
    match error {
        EntryError::Codec(error) => codec_reason(error),
        other => reason(other),
    }
}

fn a_log(federation: &mut Federation) -> TestLog {
    let person = federation.person(org(FENGDU), "王建国", &[Role::Secretary], None);
    let mut log = federation.log(org(FENGDU), &Space::of(org(FENGDU), Audience::City), 1);
    log.append_change(
        &person,
        log.record(1),
        &[],
        vec![Put::field("topic", "走访".into())],
    );
    log
}

fn entries(files: &mut Files) {
    let mut federation = Federation::new();
    let log = a_log(&mut federation);
    let entry = log.entries[1].to_bytes();
    let person = key(&format!("{} 王建国", org(FENGDU)));
    let place = |entry: &[u8], payload: &[u8]| json!({"bytes": hex(entry), "payload": hex(payload), "origin": log.origin.as_str(), "space": log.start.space.id()});
    let plain = |entry: &[u8]| place(entry, &log.payloads[1]);
    let signed = |change: &dyn Fn(&mut Header)| {
        let mut header = log.entries[1].header().clone();
        change(&mut header);
        let bytes = encode(&header);
        let signature = person.sign("lianzhan/entry/v1", &bytes);
        plain(&encode(&RawEntry(bytes, signature)))
    };
    let vectors = vec![
        good("a change", plain(&entry)),
        good(
            "the start of a log",
            place(&log.entries[0].to_bytes(), &log.payloads[0]),
        ),
        bad("another signature", "signature", plain(&flipped(&entry, -1))),
        bad("another header", "signature", plain(&flipped(&entry, -80))),
        bad(
            "another payload",
            "payload",
            place(&entry, &flipped(&log.payloads[1], -1)),
        ),
        bad(
            "a longer payload",
            "payload",
            place(&entry, &[&log.payloads[1][..], &[0]].concat()),
        ),
        bad("version 2", "version", signed(&|header| header.version = 2)),
        bad(
            "a payload too long",
            "payload_too_long",
            signed(&|header| header.size = 132_097),
        ),
        bad(
            "a change without a record",
            "shape",
            signed(&|header| header.record = None),
        ),
        bad(
            "a change without an appointment",
            "shape",
            signed(&|header| header.appointment = None),
        ),
        bad(
            "a statement with a record",
            "shape",
            signed(&|header| header.kind = PayloadKind::Statement),
        ),
        bad(
            "a key commitment in the clear",
            "shape",
            signed(&|header| header.key_commitment = Some(Hash([1; 32]))),
        ),
        bad(
            "a sealed change without one",
            "shape",
            signed(&|header| header.kind = PayloadKind::Sealed),
        ),
        bad(
            "of another log",
            "other_log",
            signed(&|header| header.origin = origin()),
        ),
        bad(
            "of another space",
            "other_space",
            signed(&|header| header.space = SpaceId([1; 32])),
        ),
        bad("a trailing byte", "codec", plain(&[&entry[..], &[0]].concat())),
        bad("too long", "too_long", plain(&[0; 1153])),
    ];
    category(files, "entry", Value::Null, vectors, |input| {
        let entry = Entry::parse(&bytes_of(input, "bytes"))
            .and_then(Entry::verify)
            .map_err(|error| entry_reason(&error))?;
        let origin = Origin::parse(text_of(input, "origin")).expect("an origin");
        let space = SpaceId(array_of(input, "space"));
        entry
            .check_place(&origin, &space)
            .map_err(|error| entry_reason(&error))?;
        entry
            .check_payload(&bytes_of(input, "payload"))
            .map_err(|error| entry_reason(&error))?;
        let id: ChangeId = entry.change_id();
        Ok(json!({"change_id": id, "leaf": entry.leaf()}))
    });
}

/// An entry that nobody checks.
#[derive(minicbor::Encode)]
struct RawEntry(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    Vec<u8>,
    #[n(1)] Signature,
);

fn receipts(files: &mut Files) {
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
    ];
    category(files, "receipt", Value::Null, vectors, |input| {
        let receipt: Receipt =
            codec::decode(&bytes_of(input, "bytes"), STATEMENT_MAX).map_err(|error| codec_reason(&error))?;
        let origin = Origin::parse(text_of(input, "origin")).expect("an origin");
        receipt
            .verify(&origin, &key_of(input, "node"))
            .map_err(|error| reason(&error))?;
        Ok(json!({"size": receipt.size.0, "time_s": receipt.time_s}))
    });
}

fn witness_entries(files: &mut Files) {
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

fn equivocations(files: &mut Files) {
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
