//! What logs say of erasures: the signed word, and that a node carried it out.

use serde_json::{Value, json};

use super::bytes::codec_reason;
use super::{Files, bad, bytes_of, category, flipped, good, hex, reason};
use crate::codec::encode;
use crate::id::{Hash, RecordId};
use crate::log::{Acknowledged, LogStatement};
use crate::record::{Erasure, ErasureError, ErasureGround, SignedErasure};
use crate::testing::{FENGDU, Federation, START, org};
use crate::trust::{Audience, Role, Space};

pub(super) fn all(files: &mut Files) {
    let mut federation = Federation::new();
    let (key, appointment) = federation.person(org(FENGDU), "王建国", &[Role::Secretary], None);
    let plain = Erasure {
        record: RecordId([0x0a; 16]),
        space: Space::of(org(FENGDU), Audience::Township).id(),
        ground: ErasureGround::Request,
        on: "2026-03-31".into(),
        note: None,
        author: key.public(),
        appointment,
        recorded: START,
    };
    let statement =
        |bytes: &[u8]| json!({"statement": hex(&LogStatement::Erasure(bytes.to_vec()).to_bytes())});
    let signed = |erasure: &Erasure| statement(erasure.sign(&key).expect("in shape").bytes());
    // What no program here signs: the same layout with another content.
    let forced = |on: &str, note: Option<&str>| {
        let erasure = Erasure {
            on: on.into(),
            note: note.map(str::to_owned),
            ..plain.clone()
        };
        let body = encode(&erasure);
        let signature = key.sign("lianzhan/erasure/v1", &body);
        let mut bytes = vec![0x82];
        bytes.extend(encode(&minicbor::bytes::ByteVec::from(body)));
        bytes.extend(encode(&signature));
        statement(&bytes)
    };
    let noted = Erasure {
        note: Some("本人书面申请，第 12 号".into()),
        ..plain.clone()
    };
    let good_bytes = plain.sign(&key).expect("in shape").bytes().to_vec();
    let done = Acknowledged {
        record: plain.record,
        erasure: plain.sign(&key).expect("in shape").id(),
    };
    let mut vectors = vec![
        good("without a remark", signed(&plain)),
        good("with a remark", signed(&noted)),
    ];
    for ground in ErasureGround::ALL {
        let erasure = Erasure {
            ground,
            ..plain.clone()
        };
        vectors.push(good(&format!("ground {}", ground.as_str()), signed(&erasure)));
    }
    for (name, note) in [
        (
            "a remark that names a new record",
            "重新登记为 0196 b2c3 d4e5 f607 1829 3a4b 5c6d 7e8f",
        ),
        (
            "one in capitals, which names none",
            "重新登记为 0196 B2C3 D4E5 F607 1829 3A4B 5C6D 7E8F",
        ),
        (
            "one with two spaces, which names none",
            "重新登记为  0196 b2c3 d4e5 f607 1829 3a4b 5c6d 7e8f",
        ),
        (
            "one with a stop behind, which names none",
            "重新登记为 0196 b2c3 d4e5 f607 1829 3a4b 5c6d 7e8f。",
        ),
        (
            "one with a space behind, which names none",
            "重新登记为 0196 b2c3 d4e5 f607 1829 3a4b 5c6d 7e8f ",
        ),
        (
            "one with words before, which names none",
            "已重新登记为 0196 b2c3 d4e5 f607 1829 3a4b 5c6d 7e8f",
        ),
        (
            "one of 28 digits, which names none",
            "重新登记为 0196 b2c3 d4e5 f607 1829 3a4b 5c6d",
        ),
        (
            "one in other groups, which names none",
            "重新登记为 01 96b2c3 d4e5 f607 1829 3a4b 5c6d 7e8f",
        ),
    ] {
        vectors.push(good(name, forced("2026-03-31", Some(note))));
    }
    vectors.extend([
        bad(
            "a new record whose digits stand in no groups",
            "note_number",
            forced("2026-03-31", Some("重新登记为 0196b2c3d4e5f60718293a4b5c6d7e8f")),
        ),
        good(
            "a node acknowledges",
            json!({"statement": hex(&LogStatement::Erased(done).to_bytes())}),
        ),
        bad("no day of the calendar", "date", forced("2026-02-30", None)),
        bad("an instant", "date", forced("2026-03-31T09:00:00+08:00", None)),
        bad("a blank remark", "note", forced("2026-03-31", Some(" "))),
        bad(
            "a remark of two lines",
            "note",
            forced("2026-03-31", Some("一\n二")),
        ),
        bad(
            "a remark of 201 characters",
            "note",
            forced("2026-03-31", Some(&"长".repeat(201))),
        ),
        good(
            "a remark of 200 characters",
            forced("2026-03-31", Some(&"长".repeat(200))),
        ),
        good(
            "six digits in a remark",
            forced("2026-03-31", Some("第 123456 号")),
        ),
        bad(
            "seven digits in a remark",
            "note_number",
            forced("2026-03-31", Some("号 1234567")),
        ),
        bad(
            "fullwidth digits in a remark",
            "note_number",
            forced("2026-03-31", Some("１３８００１３８０００")),
        ),
        bad(
            "another signature",
            "signature",
            statement(&flipped(&good_bytes, -1)),
        ),
        bad(
            "a byte more",
            "codec",
            statement(&[&good_bytes[..], &[0]].concat()),
        ),
        bad("1,501 bytes", "too_long", statement(&[0; 1501])),
    ]);
    category(
        files,
        "erasure",
        Value::Null,
        vectors,
        |input| match LogStatement::parse(&bytes_of(input, "statement"))
            .map_err(|error| codec_reason(&error))?
        {
            LogStatement::Erasure(bytes) => {
                let signed = SignedErasure::open(&bytes).map_err(|error| match error {
                    ErasureError::Codec(error) => codec_reason(&error),
                    other => reason(&other),
                })?;
                let said = signed.erasure();
                let reissued_as = said.note.as_deref().and_then(Erasure::reissued_as);
                Ok(json!({
                    "id": signed.id().to_string(), "record": said.record.to_string(), "ground": said.ground.as_str(),
                    "on": said.on, "note": said.note, "reissued_as": reissued_as.map(|new| new.to_string()),
                }))
            }
            LogStatement::Erased(done) => {
                let Acknowledged { record, erasure } = done;
                Ok(json!({"record": record.to_string(), "erasure": Hash::to_string(&erasure)}))
            }
            _ => Err("other".into()),
        },
    );
}
