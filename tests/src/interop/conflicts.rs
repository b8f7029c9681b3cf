//! Documents with what a short demo seldom has: conflicts, every type of value, fields that were emptied.

use std::collections::BTreeMap;

use lianzhan_node::documents;
use lianzhan_protocol::id::{ChangeId, Hash, OrgId, StatementId};
use lianzhan_protocol::keys::SecretKey;
use lianzhan_protocol::log::{Covered, EntryIndex, Origin};
use lianzhan_protocol::record::{Capacity, Change, Held, Put, Value, Verdict};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::Level;

use super::{Tools, fs, json, typed};

/// A change of the author and log `n`, its `index`th, over what `deps` wrote.
fn change(n: u8, index: u64, deps: &[&Held], fields: &[(&str, Value)]) -> Held {
    let mut deps: Vec<ChangeId> = deps.iter().map(|held| held.id).collect();
    deps.sort_unstable();
    let change = Change {
        salt: vec![n; 16],
        deps,
        definition: Hash([0; 32]),
        puts: fields
            .iter()
            .map(|(name, value)| Put::field(name, value.clone()))
            .collect(),
    };
    change.check().unwrap();
    Held {
        id: ChangeId(Hash::of("test", &[&[n], &index.to_be_bytes(), &change.to_bytes()]).0),
        origin: Origin::parse(&format!("lianzhan.test/{n}")).unwrap(),
        index: EntryIndex(index),
        author: SecretKey::from_seed([n; 32]).public(),
        appointment: StatementId([n; 32]),
        recorded: Timestamp(1_767_225_600_000),
        covered: Covered::default(),
        change,
    }
}

fn counts(_: &Held) -> Verdict {
    Verdict::Counts {
        capacity: Capacity {
            name: "林静禾".into(),
            org: OrgId([1; 16]),
            org_level: Some(Level::Station),
            roles: Vec::new(),
            person: None,
            seat: None,
            appointment: StatementId([0; 32]),
        },
        ledger: "letters_visits".into(),
        provisional: false,
        adopted: None,
    }
}

#[test]
fn conflicts_and_all_types_of_values_read_the_same_in_javascript() {
    let tools = Tools::find();
    let text = |words: &str| Value::Text(words.into());
    let first = change(
        1,
        0,
        &[],
        &[
            ("gist", text("路灯坏了两盏")),
            ("persons", Value::Int(2)),
            ("urgent", Value::Bool(false)),
            ("note", text("")),
            ("file", Value::Bytes(vec![0, 255, 7])),
            ("gone", text("x")),
        ],
    );
    let second = change(
        2,
        4,
        &[&first],
        &[
            ("gist", text("老街路灯坏了两盏")),
            ("persons", Value::Int(i64::from(i32::MAX) * 1_000)),
            ("gone", Value::Null),
        ],
    );
    let third = change(
        3,
        0,
        &[&first],
        &[
            ("persons", Value::Int(-3)),
            ("gist", Value::Null),
            ("urgent", Value::Bool(true)),
        ],
    );
    let fourth = change(4, 9, &[&first], &[("gist", text("路灯"))]);
    let fifth = change(2, 5, &[&second, &third], &[("urgent", Value::Bool(false))]);
    let held = [first, second, third, fourth, fifth];

    let bytes = documents::export(&held, counts).unwrap();
    let own = documents::read(&bytes).unwrap();
    let conflicts: BTreeMap<&str, usize> = own
        .iter()
        .map(|(key, values)| (key.as_str(), values.len()))
        .collect();
    assert_eq!(
        (conflicts["f:gist"], conflicts["f:persons"], conflicts["f:urgent"]),
        (3, 2, 1)
    );

    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &bytes).unwrap();
    let read = tools.document(file.path());
    let heads = documents::build(&held, counts).unwrap().heads;
    let heads: Vec<String> = heads
        .iter()
        .map(|head| lianzhan_protocol::codec::hex(head))
        .collect();
    assert_eq!(
        (&read["heads"], &read["changes"]),
        (&json!(heads), &json!(held.len()))
    );
    assert_eq!(read["keys"], typed(&own));
}
