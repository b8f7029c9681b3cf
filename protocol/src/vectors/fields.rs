//! Keys and values, held against the definition of their ledger.

use serde_json::{Value, json};

use super::{Files, Found, Vector, array_of, bad, bytes_of, category, good, hex, text_of};
use crate::codec::{self, encode};
use crate::id::Hash;
use crate::record::Value as Scalar;
use crate::record::ledger::{Geo, by_hash, earlier, ledger};

pub(super) fn all(files: &mut Files) {
    let mut vectors = keys();
    vectors.extend(values());
    category(files, "field", json!({}), vectors, judge);
}

fn judge(input: &Value) -> Found {
    let definition = by_hash(&Hash(array_of(input, "definition"))).expect("a known definition");
    let value: Scalar = codec::decode(&bytes_of(input, "value"), 1 << 15).expect("a value");
    let refused = || "field".to_owned();
    let place = definition.place(text_of(input, "key")).ok_or_else(refused)?;
    if value != Scalar::Null {
        place.field.check(&value).map_err(|_| refused())?;
    }
    Ok(json!({"field": place.field.id, "member": place.member, "part": place.part}))
}

fn input(definition: Hash, key: &str, value: &Scalar) -> Value {
    json!({"definition": definition, "key": key, "value": hex(&encode(value))})
}

fn present(id: &str) -> Hash {
    ledger(id).expect("built in").hash()
}

fn keys() -> Vec<Vector> {
    let record = "0a".repeat(16);
    let log = "0b".repeat(32);
    let mut vectors = Vec::new();
    for (of, key) in [
        ("activity", "topic"),
        ("activity", "participants/m-1/person"),
        ("activity", "together/plan"),
        ("meeting_minutes", "agenda/a0/text"),
        ("archive_register", "loop_phases/feed_back/document"),
        ("campaign", "local_form/990121"),
        ("livelihood_vote", &format!("tally/{record}/yes")),
        ("progress_bulletin", &format!("as_of/{log}")),
        ("look_back", "scope/from"),
        ("look_back", "scope/classes/resolved"),
        ("station_assessment", "scores/c1_02/evidence/e1"),
    ] {
        vectors.push(good(key, input(present(of), key, &Scalar::Null)));
    }
    for (of, key) in [
        ("activity", "participants"),
        ("activity", "participants/person"),
        ("activity", "participants/m 1/person"),
        ("activity", "topic/x"),
        ("archive_register", "loop_phases/later/document"),
        ("campaign", "local_form/990121/x"),
        ("campaign", "local_form/99012"),
        ("livelihood_vote", "tally/m1/yes"),
        ("progress_bulletin", &format!("as_of/{record}")),
        ("look_back", "scope"),
        ("look_back", "scope/classes"),
        ("station_assessment", "scores/c1_02/evidence"),
    ] {
        vectors.push(bad(key, "field", input(present(of), key, &Scalar::Null)));
    }
    let before = earlier()
        .iter()
        .find(|one| one.id == "activity")
        .expect("an earlier revision");
    vectors.push(good(
        "a set of an earlier revision",
        input(before.hash(), "participants/m1/level", &"county".into()),
    ));
    vectors.push(bad("a field that came later", "field", {
        let before = earlier()
            .iter()
            .find(|one| one.id == "issue")
            .expect("an earlier revision");
        input(before.hash(), "geo", &Scalar::Null)
    }));
    vectors
}

fn values() -> Vec<Vector> {
    let geo = |lat, lon| Scalar::Bytes(Geo { lat, lon }.to_bytes());
    let text = |text: &str| Scalar::Text(text.into());
    let cases: [(&str, &str, &[Scalar], &[Scalar]); 10] = [
        (
            "friday_summary",
            "iso_week",
            &[text("2026-W07"), text("2026-W53"), text("1900-W01")],
            &[
                text("2025-W53"),
                text("2026-W00"),
                text("2026-07"),
                text("1899-W01"),
                Scalar::Int(7),
            ],
        ),
        (
            "progress_bulletin",
            "period",
            &[text("2026-12")],
            &[text("2026-13"), text("2026-1"), text("2026-12-01")],
        ),
        (
            "issue",
            "geo",
            &[geo(30_272_111, -109_486_099), geo(-90_000_000, 180_000_000)],
            &[
                geo(90_000_001, 0),
                geo(0, -180_000_001),
                Scalar::Bytes(vec![0x82, 0x18, 0x01, 0x02]),
                Scalar::Bytes(vec![0x83, 1, 2, 3]),
                text("30,109"),
            ],
        ),
        (
            "wish",
            "subject_ref",
            &[text(&"0a".repeat(16))],
            &[text(&"0A".repeat(16)), text("0a")],
        ),
        (
            "rule_table",
            "rows/1",
            &[Scalar::Bytes(vec![0x80])],
            &[Scalar::Bytes(vec![]), text("x")],
        ),
        (
            "suggestion",
            "title",
            &[text(&"字".repeat(60))],
            &[text(&"字".repeat(61)), text(" "), text("a\nb")],
        ),
        (
            "snap_report",
            "text",
            &[text(&"字".repeat(500))],
            &[text(&"字".repeat(501))],
        ),
        (
            "suggestion",
            "body_facts",
            &[text("a\nb")],
            &[text(&"x".repeat(16_001)), text("a\u{7}")],
        ),
        (
            "publicity",
            "about/r1",
            &[text(&"0a".repeat(16))],
            &[text("990121")],
        ),
        (
            "campaign",
            "local_form/990121",
            &[text("做法")],
            &[Scalar::Bool(true)],
        ),
    ];
    let mut vectors = Vec::new();
    for (of, key, fit, break_) in cases {
        for (n, value) in fit.iter().enumerate() {
            vectors.push(good(
                &format!("{of} {key} takes {n}"),
                input(present(of), key, value),
            ));
        }
        for (n, value) in break_.iter().enumerate() {
            vectors.push(bad(
                &format!("{of} {key} refuses {n}"),
                "field",
                input(present(of), key, value),
            ));
        }
    }
    vectors
}
