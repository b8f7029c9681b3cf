//! Entries in their logs.

use super::*;

pub(super) fn entry_reason(error: &EntryError) -> String {
    match error {
        EntryError::Codec(error) => codec_reason(error),
        other => reason(other),
    }
}

pub(super) fn a_log(federation: &mut Federation) -> TestLog {
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

pub(super) fn entries(files: &mut Files) {
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
