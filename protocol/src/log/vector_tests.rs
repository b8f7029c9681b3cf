//! The known-answer vector of the project's reference notes (trust 1.8), made and cross-checked with implementations in
//! other languages: eleven leaves `leaf-0` to `leaf-10`, log seed 00..1f, witness seed 20..3f.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::tree::tests::stored_tree;
use super::*;
use crate::id::Hash;
use crate::keys::SecretKey;

const ORIGIN: &str = "lianzhan.example/station/000001/space/a";
const WITNESS: &str = "lianzhan.example/township/0001/witness";
const TIME_S: u64 = 1_767_225_600;
const LOG_VKEY: &str =
    "lianzhan.example/station/000001/space/a+adf4ced1+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
const WITNESS_VKEY: &str =
    "lianzhan.example/township/0001/witness+1879106e+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X";
const ROOT_7: &str = "0b007fb915eb9b2a146f54b1c86ec53b664f8e455b7660b0b6ee13edc0d921c0";
const ROOT_11: &str = "1db5226a80052816fa403f39e329ed282432541d670d8a2f2708ee86a7df10d4";
const INCLUSION_5_11: [&str; 4] = [
    "6p/BobbhkbRg0NYwbj6HDBc/OTMPE82htwz8cr3DmLo=",
    "OY6960bhee7/rO9GNf0wQQlU4Wm4jiJ0H6ls/7ECKoU=",
    "vdHF/1WxnLaw58dhv5psyqJ/u/wHt08fq7bpEaC9KrM=",
    "yBD6QYusv7TdR3WtqXzJrFNeeoEvBunfcofjknbscJA=",
];
const CONSISTENCY_7_11: [&str; 5] = [
    "Z283gvWzpftDcO1JVyztxSP0pmMiJpyF8q8FCdF7Ck0=",
    "BgJCaSkJAkIx0FDF1ENBRrp32jItRQKG9XfJ+VFhXVM=",
    "mFu102uSeACHaHHaklp+gqvoOp3bpYgpIKAHpV6is3Y=",
    "vdHF/1WxnLaw58dhv5psyqJ/u/wHt08fq7bpEaC9KrM=",
    "yBD6QYusv7TdR3WtqXzJrFNeeoEvBunfcofjknbscJA=",
];
const CONSISTENCY_8_11: [&str; 1] = ["yBD6QYusv7TdR3WtqXzJrFNeeoEvBunfcofjknbscJA="];
const LOG_LINE: &str = "— lianzhan.example/station/000001/space/a \
    rfTO0b2tnUrYnWPoVhxCeCQEoRlAjrJwkvg6RihyrYzWOwJQ2zTGqcYEJSnfRGMquXmwp4tjb5W6c/08JHoN+7ybGgM=";
const WITNESS_LINE: &str = "— lianzhan.example/township/0001/witness \
    GHkQbgAAAABpVbkATm5+37+vT+n8QcECnLS2N+Bozeg7bFQIl/k+ofMteajilw6x8EajKCx6R4qwRmSLP3bhmrTnW+atwn7RAQbzAg==";

fn secret(first: u8) -> SecretKey {
    SecretKey::from_seed(std::array::from_fn(|at| first + at as u8))
}

fn checkpoint() -> Checkpoint {
    let (frontier, _) = stored_tree(11);
    let origin = Origin::parse(ORIGIN).expect("origin");
    Checkpoint {
        origin,
        size: frontier.size(),
        root: frontier.root(),
    }
}

fn base64(proof: &[Hash]) -> Vec<String> {
    proof
        .iter()
        .map(|hash| STANDARD.encode(hash.as_bytes()))
        .collect()
}

#[test]
fn both_vkeys() {
    let log = VerifierKey::new(ORIGIN, KeyKind::Log, secret(0x00).public()).expect("name");
    assert_eq!(log.to_string(), LOG_VKEY);
    assert_eq!(VerifierKey::parse(LOG_VKEY), Ok(log));
    let witness = VerifierKey::new(WITNESS, KeyKind::Witness, secret(0x20).public()).expect("name");
    assert_eq!(witness.to_string(), WITNESS_VKEY);
    assert_eq!(VerifierKey::parse(WITNESS_VKEY), Ok(witness));
}

#[test]
fn roots_and_proofs() {
    let (frontier, nodes) = stored_tree(11);
    let read = |index: u64| nodes.get(index as usize).copied();
    assert_eq!(frontier.root().to_string(), ROOT_11);
    assert_eq!(root_at(TreeSize(11), read).expect("stored").to_string(), ROOT_11);
    assert_eq!(root_at(TreeSize(7), read).expect("stored").to_string(), ROOT_7);
    assert_eq!(
        base64(&inclusion(EntryIndex(5), TreeSize(11), read).expect("stored")),
        INCLUSION_5_11
    );
    assert_eq!(
        base64(&consistency(TreeSize(7), TreeSize(11), read).expect("stored")),
        CONSISTENCY_7_11
    );
    assert_eq!(
        base64(&consistency(TreeSize(8), TreeSize(11), read).expect("stored")),
        CONSISTENCY_8_11
    );
}

#[test]
fn the_checkpoint_and_its_two_lines() {
    let (log, witness) = (secret(0x00), secret(0x20));
    let body = format!("{ORIGIN}\n11\nHbUiaoAFKBb6QD854yntKCQyVB1nDYovJwjuhqffENQ=\n");
    assert_eq!(checkpoint().body(), body);

    let mut signed = checkpoint().sign(&log);
    assert_eq!(signed.to_string(), format!("{body}\n{LOG_LINE}\n"));

    let line = cosign(&witness, WITNESS, &checkpoint(), TIME_S).expect("cosigned");
    assert_eq!(line, format!("{WITNESS_LINE}\n"));
    signed
        .add_line(SignatureLine::parse(WITNESS_LINE).expect("line"))
        .expect("room");
    let note = signed.to_string();
    assert_eq!(note, format!("{body}\n{LOG_LINE}\n{WITNESS_LINE}\n"));

    let origin = Origin::parse(ORIGIN).expect("origin");
    assert_eq!(
        SignedCheckpoint::open(&note, &log.public(), &origin),
        Ok(checkpoint())
    );
    assert_eq!(
        verify_cosignature(&note, WITNESS, &witness.public(), &checkpoint()),
        Ok(TIME_S)
    );
    assert_eq!(
        verify_cosignature(&line, WITNESS, &witness.public(), &checkpoint()),
        Ok(TIME_S)
    );
}

#[test]
fn the_proof_file_of_leaf_5() {
    let mut text = "c2sp.org/tlog-proof@v1\nindex 5\n".to_owned();
    for hash in INCLUSION_5_11 {
        text += &format!("{hash}\n");
    }
    text += &format!("\n{}\n{LOG_LINE}\n{WITNESS_LINE}\n", checkpoint().body());
    let file = ProofFile::parse(&text).expect("well-formed");
    assert_eq!(file.to_string(), text);
    assert_eq!(
        file.verify_inclusion(&leaf_hash(b"leaf-5"), &checkpoint()),
        Ok(())
    );
}
