//! CBOR, keys, signatures, founding statements, statements, changes.

use serde_json::{Value, json};

use super::{Files, Found, Vector, array_of, bad, bytes_of, category, flipped, good, hex, reason, text_of};
use crate::codec::{self, CodecError, encode};
use crate::id::{Hash, OrgId, Origin};
use crate::keys::{PublicKey, Signature};
use crate::personal::Kind;
use crate::record::{Change, ChangeError, Confirmed, Event, Proof, Put, Right, Value as Scalar, event_id};
use crate::testing::{CITY, FENGDU, Federation, QINGYA, START, key, org};
use crate::trust::{
    Adoption, Body, Founding, FoundingStatement, Ground, Issuer, Level, MayAppoint, SignedStatement, Space,
    Statement, Validity,
};

pub(super) fn all(files: &mut Files) {
    cbor(files);
    keys(files);
    founding(files);
    statements(files);
    changes(files);
}

/// Both ways in which bytes are not the canonical form of a type are one reason: a decoder may find the one or the other
/// first.
pub(super) fn codec_reason(error: &CodecError) -> String {
    match error {
        CodecError::TooLong { .. } => "too_long".into(),
        CodecError::Malformed(_) | CodecError::NotCanonical => "codec".into(),
    }
}

fn judge_cbor(input: &Value) -> Found {
    let bytes = bytes_of(input, "bytes");
    let max = 1024;
    let done = match text_of(input, "type") {
        "uint" => codec::decode::<u64>(&bytes, max).map(drop),
        "tstr" => codec::decode::<String>(&bytes, max).map(drop),
        "value" => codec::decode::<Scalar>(&bytes, max).map(drop),
        "OrgIds" => codec::decode::<Vec<OrgId>>(&bytes, max).map(drop),
        "Validity" => codec::decode::<Validity>(&bytes, max).map(drop),
        "MayAppoint" => codec::decode::<MayAppoint>(&bytes, max).map(drop),
        "ground" => codec::decode::<Ground>(&bytes, max).map(drop),
        "Level" => codec::decode::<Level>(&bytes, max).map(drop),
        "origin" => codec::decode::<Origin>(&bytes, max).map(drop),
        "Space" => codec::decode::<Space>(&bytes, max).map(drop),
        other => panic!("no type {other}"),
    };
    done.map(|()| Value::Null).map_err(|error| codec_reason(&error))
}

fn cbor(files: &mut Files) {
    let yes = |name: &str, of: &str, bytes: &[u8]| good(name, json!({"type": of, "bytes": hex(bytes)}));
    let no =
        |name: &str, of: &str, bytes: &[u8]| bad(name, "codec", json!({"type": of, "bytes": hex(bytes)}));
    let space = encode(&Space::of(org(CITY), crate::trust::Audience::City));
    let mut longer = space.clone();
    longer[0] += 1;
    longer.extend([5, 0]);
    let vectors = vec![
        yes("zero", "uint", &[0]),
        yes("24 takes one byte more", "uint", &[0x18, 24]),
        yes(
            "the greatest",
            "uint",
            &[0x1b, 255, 255, 255, 255, 255, 255, 255, 255],
        ),
        no("23 in two bytes", "uint", &[0x18, 23]),
        no("256 in five bytes", "uint", &[0x1a, 0, 0, 1, 0]),
        no("trailing byte", "uint", &[1, 1]),
        no("nothing", "uint", &[]),
        no("cut", "uint", &[0x19, 1]),
        no("negative", "uint", &[0x20]),
        no("a tag before it", "uint", &[0xc1, 1]),
        no("a float", "uint", &[0xf9, 0x3c, 0]),
        yes(
            "text",
            "tstr",
            "\u{67ab}"
                .as_bytes()
                .iter()
                .fold(vec![0x63], |mut all, b| {
                    all.push(*b);
                    all
                })
                .as_slice(),
        ),
        no("text that is not UTF-8", "tstr", &[0x61, 0xff]),
        no("text of indefinite length", "tstr", &[0x7f, 0x61, 0x61, 0xff]),
        no("bytes for text", "tstr", &[0x41, 0x61]),
        yes("null as a value", "value", &[0xf6]),
        yes("true as a value", "value", &[0xf5]),
        yes(
            "the least integer",
            "value",
            &[0x3b, 0x7f, 255, 255, 255, 255, 255, 255, 255],
        ),
        no(
            "an integer beyond 64 bits with sign",
            "value",
            &[0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0],
        ),
        no("undefined as a value", "value", &[0xf7]),
        no("an array as a value", "value", &[0x80]),
        yes("an empty list", "OrgIds", &[0x80]),
        no("a list of indefinite length", "OrgIds", &[0x9f, 0xff]),
        no(
            "an id of 15 bytes",
            "OrgIds",
            &[&[0x81, 0x4f][..], &[1; 15]].concat(),
        ),
        yes("a map", "Validity", &[0xa2, 1, 0, 2, 1]),
        no("keys that do not ascend", "Validity", &[0xa2, 2, 1, 1, 0]),
        no("a key twice", "Validity", &[0xa3, 1, 0, 1, 0, 2, 1]),
        no("an unknown key", "Validity", &[0xa3, 1, 0, 2, 1, 3, 0]),
        no("a key that is missing", "Validity", &[0xa1, 1, 0]),
        no("a text as key", "Validity", &[0xa2, 0x61, 0x31, 0, 2, 1]),
        yes("depth 255", "MayAppoint", &[0xa2, 1, 0x80, 2, 0x18, 255]),
        no("depth 256", "MayAppoint", &[0xa2, 1, 0x80, 2, 0x19, 1, 0]),
        no("role 29", "MayAppoint", &[0xa2, 1, 0x81, 0x18, 29, 2, 0]),
        yes("a variant without items", "ground", &[0x82, 1, 0x80]),
        yes("an absent last item", "ground", &[0x82, 2, 0x80]),
        yes("an item", "ground", &[0x82, 2, 0x81, 5]),
        no("null for an absent last item", "ground", &[0x82, 2, 0x81, 0xf6]),
        no("an unknown variant", "ground", &[0x82, 3, 0x80]),
        no("a variant without its array", "ground", &[1]),
        no("an item too many", "ground", &[0x82, 1, 0x81, 5]),
        yes("an enumeration", "Level", &[7]),
        no("beyond an enumeration", "Level", &[8]),
        no("0 of an enumeration", "Level", &[0]),
        yes("an origin", "origin", b"\x63a/b"),
        no("an origin with a space", "origin", b"\x63a b"),
        no("an origin with a plus", "origin", b"\x63a+b"),
        no("an empty origin", "origin", b"\x60"),
        yes("a space's descriptor", "Space", &space),
        no("a descriptor with one key more", "Space", &longer),
    ];
    category(files, "cbor", Value::Null, vectors, judge_cbor);
}

fn keys(files: &mut Files) {
    let secret = key("vector key");
    let public = *secret.public().ed25519_bytes();
    let with = |first: u8, middle: u8, last: u8| {
        let mut bytes = [middle; 32];
        (bytes[0], bytes[31]) = (first, last);
        json!({"key": hex(&bytes)})
    };
    let off_curve = (0..=255).map(|n| Hash::plain(&[n]).0).find(|bytes| {
        let mut low = *bytes;
        low[31] &= 0x3f;
        PublicKey::from_ed25519(low).is_err()
    });
    let mut off_curve = off_curve.expect("half of all bytes are no point");
    off_curve[31] &= 0x3f;
    let order_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
    let vectors = vec![
        good("a key", json!({"key": hex(&public)})),
        bad("the neutral point", "weak", with(1, 0, 0)),
        bad("a point of order 2", "weak", with(0xec, 0xff, 0x7f)),
        bad("a point of order 4", "weak", with(0, 0, 0)),
        bad("a point of order 8", "weak", json!({"key": order_8})),
        bad("the neutral point with a sign", "weak", with(1, 0, 0x80)),
        bad("y is p", "malformed", with(0xed, 0xff, 0x7f)),
        bad("y is p + 1", "malformed", with(0xee, 0xff, 0x7f)),
        bad("no point", "malformed", json!({"key": hex(&off_curve)})),
    ];
    category(files, "key", Value::Null, vectors, |input| {
        let key = PublicKey::from_ed25519(array_of(input, "key")).map_err(|error| reason(&error))?;
        Ok(json!({"fingerprint": key.fingerprint()}))
    });

    let message = b"said";
    let signature = secret.sign("lianzhan/entry/v1", message).0;
    let signed = |domain: &str, message: &[u8], signature: &[u8]| json!({"key": hex(&public), "domain": domain, "message": hex(message), "signature": hex(signature)});
    // S + L: the same number modulo the group order.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut above = signature;
    let mut carry = 0u16;
    for (byte, order) in above[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    let mut small_r = signature;
    small_r[..32].fill(0);
    small_r[0] = 1;
    let domain = "lianzhan/entry/v1";
    let vectors = vec![
        good("a signature", signed(domain, message, &signature)),
        bad(
            "in another domain",
            "bad_signature",
            signed("lianzhan/possession/v1", message, &signature),
        ),
        bad(
            "of another message",
            "bad_signature",
            signed(domain, b"sait", &signature),
        ),
        bad(
            "another R",
            "bad_signature",
            signed(domain, message, &flipped(&signature, 0)),
        ),
        bad(
            "another S",
            "bad_signature",
            signed(domain, message, &flipped(&signature, 32)),
        ),
        bad(
            "S above the order",
            "bad_signature",
            signed(domain, message, &above),
        ),
        bad(
            "R of small order",
            "bad_signature",
            signed(domain, message, &small_r),
        ),
    ];
    category(files, "signature", Value::Null, vectors, |input| {
        let key = PublicKey::from_ed25519(array_of(input, "key")).map_err(|error| reason(&error))?;
        let signature = Signature(array_of(input, "signature"));
        key.verify(text_of(input, "domain"), &bytes_of(input, "message"), &signature)
            .map_err(|error| reason(&error))?;
        Ok(Value::Null)
    });
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

pub(super) fn change_reason(error: &ChangeError) -> String {
    match error {
        ChangeError::Codec(error) => codec_reason(error),
        other => reason(other),
    }
}

fn changes(files: &mut Files) {
    let plain = Change {
        salt: vec![1; 16],
        deps: vec![],
        definition: Hash([0xd0; 32]),
        puts: vec![Put::field("topic", "走访".into())],
    };
    let with = |change: &dyn Fn(&mut Change)| {
        let mut made = plain.clone();
        change(&mut made);
        json!({"bytes": hex(&made.to_bytes())})
    };
    let put = |key: &'static str| {
        with(&move |change: &mut Change| {
            change.puts = vec![Put {
                key: key.into(),
                value: Scalar::Null,
            }];
        })
    };
    let event = |event: Event| with(&move |change: &mut Change| change.puts = vec![Put::event(&event)]);
    let happened = |at: &str| event(Event::Register { happened: at.into() });
    let deps = |deps: &[u8]| {
        let deps: Vec<_> = deps.iter().map(|n| crate::id::ChangeId([*n; 32])).collect();
        with(&move |change: &mut Change| change.deps = deps.clone())
    };
    let sign_in = |deputy: &str| Event::SignIn {
        deputy: deputy.into(),
        level: Level::County,
        happened: "2026-02-28".into(),
        proof: Proof::Paper,
    };
    let said = |happened: &str, text: Option<&str>| Right::Said {
        happened: happened.into(),
        text: text.map(str::to_owned),
    };
    let correct = |reason: &str, right| Event::Correct {
        of: Hash([0xe0; 32]),
        reason: reason.into(),
        right,
    };
    let confirm = |heads: &[u8]| Event::Confirm {
        of: Confirmed::Record {
            heads: heads.iter().map(|n| crate::id::ChangeId([*n; 32])).collect(),
            digest: Hash([0xd1; 32]),
        },
    };
    let clear = |key: &str, kinds: &[Kind]| Event::Clear {
        key: key.into(),
        kinds: kinds.to_vec(),
        digest: crate::personal::digest(key, "水厂总机"),
        note: "单位的公开电话".into(),
    };
    let vectors: Vec<Vector> = vec![
        good("a field", with(&|_| {})),
        good("two deps", deps(&[1, 2])),
        good("a member's part", put("f:seats/a-1/level")),
        good("a date", happened("2024-02-29")),
        good("an instant", happened("2026-03-01T23:59:59+08:00")),
        good("a sign-in", event(sign_in("林秀兰"))),
        good(
            "an adoption",
            event(Event::Adopt {
                changes: vec![crate::id::ChangeId([1; 32])],
            }),
        ),
        good("a clearing", event(clear("f:gist", &[Kind::Mobile, Kind::Name]))),
        good("a clearing of a line", event(clear("e:", &[Kind::Plate]))),
        bad("a clearing of nothing", "event", event(clear("f:gist", &[]))),
        bad(
            "a clearing of kinds out of order",
            "event",
            event(clear("f:gist", &[Kind::Name, Kind::Mobile])),
        ),
        bad(
            "a clearing at no key",
            "event",
            event(clear("gist", &[Kind::Name])),
        ),
        bad(
            "a clearing whose note repeats what it clears",
            "event",
            event(match clear("f:gist", &[Kind::Mobile]) {
                Event::Clear {
                    key, kinds, digest, ..
                } => Event::Clear {
                    key,
                    kinds,
                    digest,
                    note: "139 是总机，号码 1390000".into(),
                },
                other => other,
            }),
        ),
        bad(
            "a salt of 15 bytes",
            "salt",
            with(&|change| change.salt = vec![1; 15]),
        ),
        bad(
            "a salt of 32 bytes in the clear",
            "salt",
            with(&|change| change.salt = vec![1; 32]),
        ),
        bad("deps out of order", "deps", deps(&[2, 1])),
        bad("a dep twice", "deps", deps(&[1, 1])),
        bad("65 deps", "deps", deps(&(0..65).collect::<Vec<u8>>())),
        bad("no put", "puts", with(&|change| change.puts.clear())),
        bad(
            "a field twice",
            "twice",
            with(&|change| change.puts.push(Put::field("topic", Scalar::Null))),
        ),
        bad("no prefix", "key", put("topic")),
        bad("no name", "key", put("f:")),
        bad("an empty segment", "key", put("f:a//b")),
        bad("a capital letter", "key", put("f:Topic")),
        bad("an event that is no bytes", "key", put("e:")),
        bad(
            "a value too long",
            "value",
            with(&|change| change.puts = vec![Put::field("topic", Scalar::Bytes(vec![0; 16_385]))]),
        ),
        bad("no such day", "event", happened("2023-02-29")),
        bad("before 1900", "event", happened("1899-12-31")),
        bad("another zone", "event", happened("2026-03-01T09:00:00Z")),
        bad("hour 24", "event", happened("2026-03-01T24:00:00+08:00")),
        bad("a blank deputy", "event", event(sign_in("\u{3000}"))),
        bad(
            "an adoption of nothing",
            "event",
            event(Event::Adopt { changes: vec![] }),
        ),
        good(
            "a correction",
            event(correct("记错了一天。", said("2026-02-28", None))),
        ),
        good(
            "a correction of a line",
            event(correct(
                "漏了泵房。",
                said("2026-02-28", Some("看了水厂和泵房。")),
            )),
        ),
        good(
            "an event that is taken back",
            event(correct("没有到场。", Right::Nothing)),
        ),
        good("a confirmation of a record", event(confirm(&[1, 2]))),
        good(
            "a confirmation of an event",
            event(Event::Confirm {
                of: Confirmed::Event {
                    event: Hash([0xe0; 32]),
                },
            }),
        ),
        bad(
            "a correction without a reason",
            "event",
            event(correct("\u{3000}", Right::Nothing)),
        ),
        bad(
            "a correction to no such day",
            "event",
            event(correct("记错了。", said("2026-02-30", None))),
        ),
        bad(
            "a correction to a blank line",
            "event",
            event(correct("记错了。", said("2026-02-28", Some(" ")))),
        ),
        bad("a confirmation of nothing", "event", event(confirm(&[]))),
        bad(
            "a confirmation of heads out of order",
            "event",
            event(confirm(&[2, 1])),
        ),
        bad(
            "a confirmation of 65 heads",
            "event",
            event(confirm(&(0..65).collect::<Vec<u8>>())),
        ),
        bad(
            "an unknown event",
            "event",
            with(&|change| {
                change.puts = vec![Put {
                    key: "e:".into(),
                    value: Scalar::Bytes(vec![0x82, 9, 0x80]),
                }]
            }),
        ),
        bad(
            "trailing byte",
            "codec",
            json!({"bytes": hex(&[&plain.to_bytes()[..], &[0]].concat())}),
        ),
    ];
    category(files, "change", Value::Null, vectors, |input| {
        let change = Change::parse(&bytes_of(input, "bytes")).map_err(|error| change_reason(&error))?;
        let events = change.puts.iter().enumerate().filter(|(_, put)| put.is_event());
        let id = crate::id::ChangeId([7; 32]);
        let ids: Vec<Hash> = events.map(|(n, _)| event_id(&id, n)).collect();
        Ok(json!({"puts": change.puts.len(), "event_ids_under_07": ids}))
    });
}
