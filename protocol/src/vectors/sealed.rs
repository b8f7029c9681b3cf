//! Sealed payloads: changes of an annex under its key.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use serde_json::{Value, json};

use super::changes::change_reason;
use super::{Files, array_of, bad, bytes_of, category, flipped, good, hex, reason};
use crate::id::{Hash, RecordId};
use crate::record::{AnnexKey, Change, Put, SealError, open_sealed, seal_change};

const NONCE: [u8; 24] = [3; 24];

/// Any bytes, sealed as a change is.
fn seal(key: &AnnexKey, record: &RecordId, plain: &[u8]) -> Vec<u8> {
    let aad = [b"lianzhan/sealed/v1\0".as_slice(), &record.0].concat();
    let cipher = XChaCha20Poly1305::new(&Key::from(key.0));
    let part = Payload {
        msg: plain,
        aad: &aad,
    };
    let sealed = cipher.encrypt(&XNonce::from(NONCE), part).expect("short");
    [&NONCE[..], &sealed].concat()
}

pub(super) fn all(files: &mut Files) {
    let (key, record) = (AnnexKey([0x0a; 32]), RecordId([0x5e; 16]));
    let change = Change {
        salt: vec![5; 32],
        deps: vec![],
        definition: Hash([0xd0; 32]),
        puts: vec![Put::field("name", "林秀兰".into())],
    };
    let sealed = seal_change(&key, &record, &change, NONCE);
    assert_eq!(sealed, seal(&key, &record, &change.to_bytes()));
    let commitment = key.commitment();
    let with = |key: &AnnexKey, record: &RecordId, payload: &[u8]| json!({"key": hex(&key.0), "commitment": hex(&commitment.0), "record": record, "payload": hex(payload)});
    let inside = |change: Change| with(&key, &record, &seal(&key, &record, &change.to_bytes()));
    let short = Change {
        salt: vec![5; 16],
        ..change.clone()
    };
    let empty = Change {
        puts: vec![],
        ..change.clone()
    };
    let trailing = [&change.to_bytes()[..], &[0]].concat();
    let (another_key, another_record) = (AnnexKey([0x0b; 32]), RecordId([0x5f; 16]));
    let altered = |name: &str, payload: &[u8]| bad(name, "altered", with(&key, &record, payload));
    let vectors = vec![
        good("a change", with(&key, &record, &sealed)),
        bad("another key", "other_key", with(&another_key, &record, &sealed)),
        bad("another record", "altered", with(&key, &another_record, &sealed)),
        altered("another nonce", &flipped(&sealed, 0)),
        altered("another ciphertext", &flipped(&sealed, 30)),
        altered("another tag", &flipped(&sealed, -1)),
        altered("cut", &sealed[..sealed.len() - 1]),
        altered("shorter than a nonce", &sealed[..23]),
        bad("a salt of a change in the clear", "salt", inside(short)),
        bad("no put inside", "puts", inside(empty)),
        bad(
            "a trailing byte inside",
            "codec",
            with(&key, &record, &seal(&key, &record, &trailing)),
        ),
    ];
    category(files, "sealed", Value::Null, vectors, |input| {
        let key = AnnexKey(array_of(input, "key"));
        let commitment = Hash(array_of(input, "commitment"));
        let record = RecordId(array_of(input, "record"));
        let opened = open_sealed(&key, &commitment, &record, &bytes_of(input, "payload"));
        let change = opened.map_err(|error| match error {
            SealError::Change(error) => change_reason(&error),
            other => reason(&other),
        })?;
        Ok(json!({"salt": hex(&change.salt), "puts": change.puts.len()}))
    });
}
