//! What holds of every definition: a form gives back what it holds, and programs read what they sent.

use lianzhan_protocol::record::ledger::{Field, FieldKind, Keys, Ledger, ledgers};
use serde_json::{Map, Value as Json};

use super::typed::{differences, faults_of, fresh_member};
use super::*;

/// A text that fits a field, as it is typed.
pub(crate) fn sample(field: &Field) -> String {
    match &field.kind {
        FieldKind::Str | FieldKind::Text => "样本".into(),
        FieldKind::Int { min, max } => 7.clamp(*min, *max).to_string(),
        FieldKind::Dec { scale: 0 } => "3".into(),
        FieldKind::Dec { .. } => "1.5".into(),
        FieldKind::Bool => "true".into(),
        FieldKind::Date => "2026-04-16".into(),
        FieldKind::Ts => "2026-04-16T09:52".into(),
        FieldKind::Month => "2026-04".into(),
        FieldKind::Week => "2026-W16".into(),
        FieldKind::Enum => field.options[field.options.len() - 1].id.clone(),
        FieldKind::Ref { .. } | FieldKind::Rid => "00112233445566778899aabbccddeeff".into(),
        FieldKind::Code => "990121103".into(),
        FieldKind::Geo => "30.272111, 109.486099".into(),
        FieldKind::Blob | FieldKind::Data => "ab".repeat(32),
        FieldKind::Struct => String::new(),
    }
}

pub(crate) fn by_id(_: &Field, typed: &str) -> Result<Option<String>, Problem> {
    Ok((!typed.is_empty()).then(|| typed.to_owned()))
}

/// Every input of a form filled, sets with two members each.
pub(crate) fn filled(ledger: &Ledger, part: Part<'_>) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for slot in layout(ledger) {
        match slot {
            Slot::One(field) => pairs.push((name_of(part, &field.id), sample(field))),
            Slot::Ticks(field) => {
                for option in field.options.iter().take(2) {
                    pairs.push((name_of(part, &field.id), option.id.clone()));
                }
            }
            Slot::Many(field) => {
                pairs.push((name_of(part, &field.id), sample(field)));
                pairs.push((name_of(part, &field.id), String::new()));
            }
            Slot::Rows { of, fields } => {
                let members: Vec<(String, Option<&str>)> = match &of.keys {
                    Some(Keys::Choice { options }) => options
                        .iter()
                        .take(2)
                        .map(|option| (option.id.clone(), None))
                        .collect(),
                    None | Some(Keys::Order) => vec![("~0".into(), None), ("~1".into(), None)],
                    Some(Keys::Record { .. }) => {
                        vec![("~0".into(), Some("00112233445566778899aabbccddeeff"))]
                    }
                    Some(Keys::Code) => {
                        vec![("~0".into(), Some("990121103")), ("~1".into(), Some("990121104"))]
                    }
                    Some(Keys::Item | Keys::Log) => vec![("~0".into(), Some("Item-1"))],
                };
                for (member, key) in members {
                    if let Some(key) = key {
                        pairs.push((
                            name_of(part, &format!("{}/{member}/{KEY}", of.id)),
                            key.to_owned(),
                        ));
                    }
                    for field in &fields {
                        pairs.push((name_of(part, &field.key(Some(&member))), sample(field)));
                    }
                }
            }
        }
    }
    pairs
}

fn stands(ledger: &Ledger, key: &str) -> bool {
    ledger.resolve(key).is_some_and(|(field, _)| {
        let of = field.parent().and_then(|id| ledger.field(id));
        field.once || of.is_some_and(|of| of.once)
    })
}

#[test]
fn a_filled_form_is_read_shown_and_read_again_with_the_same_values() {
    for ledger in ledgers() {
        for part in [Part::Main, Part::Annex(&ledger.id)] {
            let pairs = filled(ledger, part);
            let first = read(ledger, part, &pairs, &Values::new(), &by_id);
            assert_eq!(first.faults, [], "{}", ledger.id);
            for (key, value) in &first.values {
                let (field, _) = ledger
                    .resolve(key)
                    .unwrap_or_else(|| panic!("{}: {key}", ledger.id));
                assert_eq!(field.check(value), Ok(()), "{}: {key}", ledger.id);
            }
            let asked = ledger.fields.iter().filter(|field| is_typed(field));
            let asked = asked.filter(|field| {
                let of = field.parent().and_then(|id| ledger.field(id));
                field.keys != Some(Keys::Log) && !of.is_some_and(|of| of.auto)
            });
            for field in asked {
                let there = |key: &String| ledger.resolve(key).is_some_and(|(found, _)| found.id == field.id);
                assert!(first.values.keys().any(there), "{}: {}", ledger.id, field.id);
            }
            let shown = as_typed(ledger, part, &first.values);
            let again = read(ledger, part, &shown, &first.values, &by_id);
            assert_eq!(again.faults, [], "{}", ledger.id);
            assert_eq!(again.values, first.values, "{}", ledger.id);
            assert_eq!(
                differences(ledger, &first.values, &again.values),
                [],
                "{}",
                ledger.id
            );
            // Emptied, everything that is asked for is taken out, but for what is fixed once.
            let empty = read(ledger, part, &[], &first.values, &by_id);
            let gone = differences(ledger, &first.values, &empty.values);
            let once = first.values.keys().filter(|key| stands(ledger, key));
            assert_eq!(gone.len() + once.count(), first.values.len(), "{}", ledger.id);
        }
    }
}

#[test]
fn an_empty_form_is_told_all_that_must_be_there() {
    for ledger in ledgers().iter().filter(|ledger| !is_annex(&ledger.id)) {
        let empty = read(ledger, Part::Main, &[], &Values::new(), &by_id);
        let faults = faults_of(ledger, &empty);
        let names: std::collections::BTreeSet<&str> =
            faults.iter().map(|fault| fault.name.as_str()).collect();
        assert_eq!(names.len(), faults.len(), "{}: each is named once", ledger.id);
        let full = read(
            ledger,
            Part::Main,
            &filled(ledger, Part::Main),
            &Values::new(),
            &by_id,
        );
        // What must hold between fields is not held by samples.
        let lacks: Vec<_> = faults_of(ledger, &full)
            .into_iter()
            .filter(|fault| fault.en == Problem::Empty.to_string())
            .collect();
        assert_eq!(lacks, [], "{}", ledger.id);
    }
}

#[test]
fn a_program_reads_what_it_may_send() {
    for ledger in ledgers() {
        let full = read(
            ledger,
            Part::Main,
            &filled(ledger, Part::Main),
            &Values::new(),
            &by_id,
        );
        let sent: Map<String, Json> = full
            .values
            .iter()
            .map(|(key, value)| (key.clone(), serde_json::to_value(value).unwrap()))
            .collect();
        let back = from_json(ledger, Part::Main, &sent, &Values::new()).unwrap();
        assert_eq!(back, full.values, "{}", ledger.id);
        let said = schema(ledger);
        assert_eq!(said["type"], "object", "{}", ledger.id);
        for key in full.values.keys() {
            let (field, _) = ledger.resolve(key).unwrap();
            let ids = [Some(field.id.as_str()), field.parent()].into_iter().flatten();
            let known = ids.filter_map(|id| said["properties"].get(id)).count();
            assert_eq!(known, 1, "{}: {key}", ledger.id);
        }
    }
}

#[test]
fn sets_are_sent_as_lists_and_wrong_members_are_named() {
    let roster = book("deputy_roster").unwrap();
    let sent = serde_json::json!({
        "seats": [{ "level": "city" }, { "level": "county", "from": "2026-01-01" }], "skills": ["水利", "教育"],
    });
    let values = from_json(roster, Part::Main, sent.as_object().unwrap(), &Values::new()).unwrap();
    assert_eq!(values.len(), 5, "{values:?}");
    let fewer = serde_json::json!({ "skills": ["教育"], "seats": null });
    let after = from_json(roster, Part::Main, fewer.as_object().unwrap(), &values).unwrap();
    assert_eq!(after.values().collect::<Vec<_>>(), [&Value::from("教育")]);
    assert!(
        after.keys().all(|key| values.contains_key(key)),
        "a member that stays keeps its key"
    );
    let wrong =
        serde_json::json!({ "seats": [{ "level": "moon" }], "gender": "x", "nonsense": 1, "qr_token": "x" });
    let Err(ServiceError::Fields(faults)) =
        from_json(roster, Part::Main, wrong.as_object().unwrap(), &Values::new())
    else {
        panic!("it is refused");
    };
    assert_eq!(faults.len(), 4, "{faults:#?}");
}

#[test]
fn decimals_and_instants_are_typed_as_they_are_read() {
    let activity = book("activity").unwrap();
    let days = activity.field("days").unwrap();
    for (typed, units, shown_as) in [
        ("1.5", 15, "1.5"),
        ("10", 100, "10"),
        ("0.50", 5, "0.5"),
        ("-2.5", -25, "-2.5"),
    ] {
        assert_eq!(value_of(days, typed), Ok(Some(Value::Int(units))), "{typed}");
        assert_eq!(shown(days, &Value::Int(units)), shown_as);
    }
    for wrong in ["1.55", "1,5", "x", ".5", "1e3"] {
        assert!(value_of(days, wrong).is_err(), "{wrong}");
    }
    let from = activity.field("from").unwrap();
    for (typed, stated) in [
        ("2026-04-16T09:52", "2026-04-16T09:52:00+08:00"),
        ("2026-04-16T09:52:07", "2026-04-16T09:52:07+08:00"),
        ("2026-04-16", "2026-04-16T00:00:00+08:00"),
    ] {
        let value = value_of(from, typed).unwrap().unwrap();
        assert_eq!(value.as_text(), Some(stated));
        assert_eq!(value_of(from, &shown(from, &value)), Ok(Some(value)), "{typed}");
    }
    assert!(value_of(from, "yesterday").is_err());
}

#[test]
fn rows_stand_in_the_order_in_which_they_were_added() {
    let members: Vec<String> = (0..20).map(fresh_member).collect();
    assert!(members.is_sorted(), "{members:?}");
    let roster = book("deputy_roster").unwrap();
    assert!(roster.resolve(&format!("seats/{}/level", members[0])).is_some());
}
