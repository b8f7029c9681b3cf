//! Changes of a record: their parts, bounds and events.

use serde_json::{Value, json};

use super::bytes::codec_reason;
use super::{Files, Vector, bad, bytes_of, category, good, hex, reason};
use crate::id::Hash;
use crate::personal::Kind;
use crate::record::{
    Change, ChangeError, Confirmed, Event, OfficeHolder, Proof, Put, Right, Value as Scalar, event_id,
};
use crate::trust::Level;

pub(super) fn change_reason(error: &ChangeError) -> String {
    match error {
        ChangeError::Codec(error) => codec_reason(error),
        other => reason(other),
    }
}

pub(super) fn all(files: &mut Files) {
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
    let holder = |name: &str, office: &str| OfficeHolder {
        name: name.into(),
        office: office.into(),
        person: None,
    };
    let sign_in_for = |actor: OfficeHolder, proof, happened: &str| Event::SignInFor {
        actor,
        level: Level::Township,
        happened: happened.into(),
        proof,
        evidence: Hash([0xe1; 32]),
    };
    let confirm_for = |heads: &[u8], proof| match confirm(heads) {
        Event::Confirm { of } => Event::ConfirmFor {
            of,
            actor: OfficeHolder {
                person: Some(crate::id::PersonId([0xb1; 16])),
                ..holder("何主席", "镇人大主席")
            },
            happened: "2026-03-02T09:30:00+08:00".into(),
            proof,
            evidence: Hash([0xe1; 32]),
        },
        other => other,
    };
    let deputy = || holder("林秀兰", "镇人大代表");
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
        good(
            "a sign-in that is recorded",
            event(sign_in_for(deputy(), Proof::Paper, "2026-03-01")),
        ),
        good(
            "a confirmation that is recorded",
            event(confirm_for(&[1, 2], Proof::Token)),
        ),
        good(
            "a confirmation of an event that is recorded",
            event(Event::ConfirmFor {
                of: Confirmed::Event {
                    event: Hash([0xe0; 32]),
                },
                actor: deputy(),
                happened: "2026-03-02".into(),
                proof: Proof::Link,
                evidence: Hash([0xe1; 32]),
            }),
        ),
        bad(
            "a sign-in that is recorded by key",
            "event",
            event(sign_in_for(deputy(), Proof::Key, "2026-03-01")),
        ),
        bad(
            "a sign-in that is recorded of nobody",
            "event",
            event(sign_in_for(holder(" ", "镇人大代表"), Proof::Paper, "2026-03-01")),
        ),
        bad(
            "a sign-in that is recorded of no office",
            "event",
            event(sign_in_for(
                holder("林秀兰", "\u{3000}"),
                Proof::Paper,
                "2026-03-01",
            )),
        ),
        bad(
            "a sign-in that is recorded for no such day",
            "event",
            event(sign_in_for(deputy(), Proof::Paper, "2026-02-30")),
        ),
        bad(
            "a confirmation that is recorded by key",
            "event",
            event(confirm_for(&[1], Proof::Key)),
        ),
        bad(
            "a confirmation that is recorded of nothing",
            "event",
            event(confirm_for(&[], Proof::Paper)),
        ),
        bad(
            "an unknown event",
            "event",
            with(&|change| {
                change.puts = vec![Put {
                    key: "e:".into(),
                    value: Scalar::Bytes(vec![0x82, 11, 0x80]),
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
