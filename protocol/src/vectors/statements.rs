//! Founding statements, and statements of trust.

use serde_json::{Value, json};

use super::{Files, bad, bytes_of, category, flipped, good, hex, reason};
use crate::codec::encode;
use crate::testing::{CITY, FENGDU, Federation, QINGYA, START, key, org};
use crate::trust::{Adoption, Body, Founding, FoundingStatement, Issuer, SignedStatement, Statement};

pub(super) fn all(files: &mut Files) {
    founding(files);
    statements(files);
}

fn founding(files: &mut Files) {
    let keys = Federation::founders();
    let plain = Federation::founding();
    let signed = |founding: &Founding, keys: &[crate::keys::SecretKey]| {
        crate::trust::sign_as_founders(encode(founding), b"lianzhan/founding/v1", keys)
    };
    let bytes = |bytes: &[u8]| json!({"bytes": hex(bytes)});
    let with = |change: &dyn Fn(&mut Founding)| {
        let mut founding = plain.clone();
        change(&mut founding);
        bytes(&signed(&founding, &keys))
    };
    let whole = signed(&plain, &keys);
    let strangers = [key("stranger")];
    let alone = encode(&Founding {
        threshold: 1,
        ..plain.clone()
    });
    let says_with_headers = |founding: &[u8], body: &[u8], protected: &[u8]| {
        let aad = b"lianzhan/founding/v1";
        bytes(&crate::trust::sign_with_headers(
            founding.to_vec(),
            aad,
            &keys[0],
            body,
            protected,
        ))
    };
    let with_headers = |body: &[u8], protected: &[u8]| says_with_headers(&alone, body, protected);
    let later = encode(&Founding {
        version: 2,
        ..plain.clone()
    });
    let [ours, reversed, long, indefinite] = crate::trust::founder_headers(keys[0].public().ed25519_bytes());
    let vectors = vec![
        good("one of one needed", with_headers(&[], &ours)),
        bad(
            "a header with its keys reversed",
            "cose",
            with_headers(&[], &reversed),
        ),
        bad("a header with a long integer", "cose", with_headers(&[], &long)),
        bad(
            "a header of indefinite length",
            "cose",
            with_headers(&[], &indefinite),
        ),
        bad(
            "an empty map as header of the body",
            "cose",
            with_headers(&[0xa0], &ours),
        ),
        bad(
            "a header with a long integer, of version 2",
            "cose",
            says_with_headers(&later, &[], &long),
        ),
        good("two of three", bytes(&signed(&plain, &keys[..2]))),
        good("all three", bytes(&whole)),
        bad("one of two needed", "too_few", bytes(&signed(&plain, &keys[..1]))),
        bad(
            "signed twice by one",
            "signature",
            bytes(&signed(&plain, &[keys[0].clone(), keys[0].clone()])),
        ),
        bad(
            "a stranger signed",
            "signature",
            bytes(&signed(&plain, &strangers)),
        ),
        bad("another signature", "signature", bytes(&flipped(&whole, -1))),
        bad("another payload", "payload", bytes(&flipped(&whole, 6))),
        bad("version 2", "content", with(&|founding| founding.version = 2)),
        bad(
            "a root with a parent",
            "content",
            with(&|founding| founding.root.parent = Some(org(FENGDU))),
        ),
        bad(
            "a code of 5 digits",
            "content",
            with(&|founding| founding.root.code = "99010".into()),
        ),
        bad(
            "a blank name",
            "content",
            with(&|founding| founding.root.name_en = " \u{3000}".into()),
        ),
        bad(
            "founders out of order",
            "content",
            with(&|founding| founding.founders.reverse()),
        ),
        bad(
            "no threshold",
            "content",
            with(&|founding| founding.threshold = 0),
        ),
        bad(
            "a threshold above the founders",
            "content",
            with(&|founding| founding.threshold = 4),
        ),
        bad(
            "an empty validity",
            "content",
            with(&|founding| founding.validity.not_after = START),
        ),
        bad(
            "for another purpose",
            "signature",
            bytes(&crate::trust::sign_as_founders(
                encode(&plain),
                b"lianzhan/succession/v1",
                &keys,
            )),
        ),
        bad("cut", "cose", bytes(&whole[..whole.len() - 1])),
        bad("a trailing byte", "cose", bytes(&[&whole[..], &[0]].concat())),
        bad("tagged", "cose", bytes(&[&[0xd8, 98][..], &whole].concat())),
    ];
    category(files, "founding", Value::Null, vectors, |input| {
        let founding = FoundingStatement::open(&bytes_of(input, "bytes")).map_err(|error| reason(&error))?;
        Ok(json!({"id": founding.id()}))
    });
}

fn statements(files: &mut Files) {
    let federation = Federation::new();
    let good_one = federation.statements()[2].bytes().to_vec();
    let names = federation.sign(
        org(CITY),
        Body::Adoption(Adoption {
            changes: vec![],
            statements: vec![crate::id::StatementId([1; 32])],
        }),
    );
    let bytes = |bytes: &[u8]| json!({"bytes": hex(bytes)});
    let stranger = key("stranger");
    let other_key = Statement {
        issuer: Issuer {
            org: org(CITY),
            key: stranger.public(),
            appointment: None,
            issued: START,
            founding: federation.founding.id(),
        },
        body: Body::RootWitnesses(vec![org(FENGDU), org(QINGYA)]),
    };
    let signed_by_another = {
        let mut bytes = SignedStatement::sign(other_key, &stranger).bytes().to_vec();
        let end = bytes.len() - 64;
        bytes.truncate(end);
        bytes.extend(key("990100 authority").sign_raw(b"another message"));
        bytes
    };
    let mut long = good_one.clone();
    long.resize(SignedStatement::MAX + 1, 0);
    let city = &federation.keys(org(CITY)).authority;
    let with_header = |protected: &[u8]| bytes(&crate::trust::with_header(&names, city, protected));
    let vectors = vec![
        good("a statement", bytes(&good_one)),
        bad(
            "a header with a long integer",
            "cose",
            with_header(&[0xa1, 0x18, 0x01, 0x27]),
        ),
        bad(
            "a header of indefinite length",
            "cose",
            with_header(&[0xbf, 0x01, 0x27, 0xff]),
        ),
        good("an adoption", bytes(names.bytes())),
        bad("another signature", "signature", bytes(&flipped(&good_one, -1))),
        bad("another payload", "signature", bytes(&flipped(&good_one, -70))),
        bad("signed by another key", "signature", bytes(&signed_by_another)),
        bad("cut", "cose", bytes(&good_one[..good_one.len() - 1])),
        bad("a trailing byte", "cose", bytes(&[&good_one[..], &[0]].concat())),
        bad("tagged", "cose", bytes(&[&[0xd2][..], &good_one].concat())),
        bad("another algorithm", "cose", bytes(&flipped(&good_one, 4))),
        bad("too long", "too_long", bytes(&long)),
    ];
    category(files, "statement", Value::Null, vectors, |input| {
        let statement = SignedStatement::open(&bytes_of(input, "bytes")).map_err(|error| reason(&error))?;
        Ok(json!({"id": statement.id()}))
    });
}
