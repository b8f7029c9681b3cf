use std::collections::BTreeSet;

use super::built_in::SOURCES;
use super::*;

mod added;
mod rules;

#[test]
fn every_definition_reads_and_says_what_it_must() {
    let mut ids = BTreeSet::new();
    for source in SOURCES {
        let ledger: Ledger = Ledger::from_toml(source).unwrap_or_else(|error| panic!("{error}\n{source}"));
        assert!(ids.insert(ledger.id.clone()), "{} stands twice", ledger.id);
        assert!(
            ledger.rev >= 1 && !ledger.zh.is_empty() && !ledger.en.is_empty(),
            "{}",
            ledger.id
        );
        assert!(
            !ledger.writers.is_empty() && !ledger.fields.is_empty(),
            "{}",
            ledger.id
        );
        let mut fields = BTreeSet::new();
        for field in &ledger.fields {
            let name = format!("{}.{}", ledger.id, field.id);
            assert!(fields.insert(&field.id), "{name} stands twice");
            assert!(
                !field.zh.is_empty() && !field.en.is_empty(),
                "{name} has no label"
            );
            assert_eq!(
                field.hint_zh.is_some(),
                field.hint_en.is_some(),
                "{name} has a hint in one language"
            );
            assert!(field.id.matches('/').count() <= 1, "{name} is too deep");
            if let Some(when) = &field.when {
                check_condition(&ledger, when, &name);
            }
        }
    }
}

/// What the fold derives and conditions ask for, and `planned`.
const DERIVED: [&str; 4] = ["state", "stage", "step", "planned"];

fn check_condition(ledger: &Ledger, when: &Condition, name: &str) {
    let Some(other) = ledger.field(&when.field) else {
        assert!(
            DERIVED.contains(&when.field.as_str()),
            "{name} depends on no field"
        );
        return;
    };
    assert_eq!(when.is.is_empty(), when.test.is_some(), "{name}");
    let is_value = |id: &String| match other.kind {
        FieldKind::Bool => id == "true" || id == "false",
        _ => other.choice(id).is_some(),
    };
    assert!(when.is.iter().all(is_value), "{name}");
    let is_day = matches!(other.kind, FieldKind::Date | FieldKind::Ts);
    assert!(when.test != Some(Test::Past) || is_day, "{name}");
}

#[test]
fn structs_have_members_and_members_a_struct() {
    for ledger in ledgers() {
        for field in &ledger.fields {
            let name = format!("{}.{}", ledger.id, field.id);
            let members = ledger
                .fields
                .iter()
                .filter(|other| other.parent() == Some(&field.id));
            assert_eq!(field.kind == FieldKind::Struct, members.count() > 0, "{name}");
            if let Some(parent) = field.parent() {
                let parent = ledger.field(parent).expect(&name);
                assert_eq!((field.set, &field.keys), (parent.set, &parent.keys), "{name}");
            }
            assert!(field.keys.is_none() || field.set, "{name}");
            assert!(!field.many || field.parent().is_some(), "{name}");
            assert!(field.max.is_none() || field.kind == FieldKind::Str, "{name}");
        }
    }
}

#[test]
fn rules_name_fields_that_can_be_compared() {
    for ledger in ledgers() {
        for rule in &ledger.rules {
            let fields: Vec<&Field> = rule
                .fields()
                .into_iter()
                .map(|id| {
                    ledger
                        .field(id)
                        .unwrap_or_else(|| panic!("{}: {rule:?}", ledger.id))
                })
                .collect();
            let is_number =
                |field: &&Field| matches!(field.kind, FieldKind::Int { .. } | FieldKind::Dec { .. });
            let is_day =
                |field: &&Field| matches!(field.kind, FieldKind::Date | FieldKind::Ts | FieldKind::Month);
            let holds = match rule {
                Rule::Order { .. } => fields.iter().all(is_number) || fields.iter().all(is_day),
                Rule::Sum { .. } => fields.iter().all(is_number),
                Rule::Count { field, .. } => ledger.field(field).is_some_and(|field| field.set),
                Rule::Distinct { .. } => fields.iter().all(|field| field.set),
                Rule::Alike { .. } => matches!(fields[0].keys, Some(Keys::Record { .. })) && fields[1].set,
                Rule::Exactly { when, .. } => {
                    check_condition(ledger, when, &ledger.id);
                    true
                }
                Rule::Some { .. } | Rule::Single { .. } | Rule::Is { .. } | Rule::Unique { .. } => true,
            };
            assert!(holds, "{}: {rule:?}", ledger.id);
            let heads: BTreeSet<_> = fields
                .iter()
                .filter(|field| field.set)
                .filter_map(|field| field.parent())
                .collect();
            assert!(heads.len() <= 1, "{}: {rule:?}", ledger.id);
        }
    }
}

#[test]
fn a_list_shows_a_field_and_a_day() {
    let annexes: BTreeSet<_> = ledgers().iter().flat_map(|ledger| &ledger.annexes).collect();
    for ledger in ledgers() {
        let title = ledger
            .title
            .as_deref()
            .map(|id| ledger.field(id).expect("a field"));
        assert_eq!(title.is_none(), annexes.contains(&ledger.id), "{}", ledger.id);
        assert!(title.is_none_or(|field| !field.set && !matches!(field.kind, FieldKind::Ref { .. })));
        let happened = ledger
            .happened
            .as_deref()
            .map(|id| ledger.field(id).expect("a field"));
        assert!(
            happened.is_none_or(|field| {
                matches!(field.kind, FieldKind::Date | FieldKind::Ts | FieldKind::Month)
            }),
            "{}",
            ledger.id
        );
    }
}

#[test]
fn every_enum_has_options_in_both_languages_and_nothing_else_has() {
    for field in ledgers().iter().flat_map(|ledger| &ledger.fields) {
        assert_eq!(
            field.kind == FieldKind::Enum,
            !field.options.is_empty(),
            "{}",
            field.id
        );
        let ids: BTreeSet<_> = field.options.iter().map(|choice| &choice.id).collect();
        assert_eq!(ids.len(), field.options.len(), "{}", field.id);
        // A word that means two options would make an import guess.
        let mut words = BTreeSet::new();
        for choice in &field.options {
            assert!(
                !choice.zh.is_empty() && !choice.en.is_empty(),
                "{}.{}",
                field.id,
                choice.id
            );
            let own: BTreeSet<_> = [&choice.id, &choice.zh, &choice.en]
                .into_iter()
                .chain(&choice.synonyms)
                .collect();
            for word in own {
                assert!(
                    words.insert(word.to_lowercase()) || word.to_lowercase() == choice.id,
                    "{}: {word}",
                    field.id
                );
            }
        }
    }
}

#[test]
fn personal_fields_stand_in_annexes_of_a_fitting_audience() {
    let annexes: BTreeSet<_> = ledgers().iter().flat_map(|ledger| &ledger.annexes).collect();
    for ledger in ledgers() {
        for field in &ledger.fields {
            let annex = annexes.contains(&ledger.id);
            match field.sensitivity {
                Sensitivity::P | Sensitivity::I => {}
                Sensitivity::D => assert!(
                    annex && matches!(ledger.audience, Audience::Local | Audience::Township),
                    "{}.{}",
                    ledger.id,
                    field.id
                ),
                Sensitivity::S => {
                    assert!(
                        annex && ledger.audience == Audience::Local,
                        "{}.{}",
                        ledger.id,
                        field.id
                    );
                }
            }
        }
    }
    assert!(annexes.iter().all(|id| self::ledger(id).is_some()));
}

#[test]
fn a_reference_names_ledgers_and_things_of_the_directory() {
    for ledger in ledgers() {
        for field in &ledger.fields {
            let stated = |id: &str| FieldKind::DIRECTORY.contains(&id);
            for id in field.kind.targets() {
                assert!(
                    id == "*" || stated(id) || self::ledger(id).is_some(),
                    "{}.{}: {id}",
                    ledger.id,
                    field.id
                );
            }
            // The directory does not state all of these yet.
            if field.kind.targets().count() > 0 && field.kind.targets().all(stated) {
                assert_ne!(field.required, Required::Required, "{}.{}", ledger.id, field.id);
            }
        }
    }
}

/// A key of a field.
fn key_of(field: &Field) -> String {
    let member = match &field.keys {
        None | Some(Keys::Order | Keys::Item) => "m1".to_owned(),
        Some(Keys::Choice { options }) => options[0].id.clone(),
        Some(Keys::Record { .. }) => "0a".repeat(16),
        Some(Keys::Code) => "990121".to_owned(),
        Some(Keys::Log) => "0a".repeat(32),
    };
    let key = field.key(field.set.then_some(member.as_str()));
    if field.many { format!("{key}/p1") } else { key }
}

#[test]
fn a_key_leads_back_to_its_field() {
    for ledger in ledgers() {
        for field in ledger
            .fields
            .iter()
            .filter(|field| field.kind != FieldKind::Struct)
        {
            let key = key_of(field);
            let place = ledger
                .place(&key)
                .unwrap_or_else(|| panic!("{}: {key}", ledger.id));
            assert_eq!(place.field, field, "{}: {key}", ledger.id);
            assert_eq!(place.member.is_some(), field.set);
            assert_eq!(place.part, field.many.then_some("p1"));
        }
    }
    for (id, keys) in [
        (
            "deputy_roster",
            &[
                "seats",
                "seats/m1",
                "seats/level",
                "seats//level",
                "seats/a b/level",
                "seats/m/level/x",
                "name/x",
                "",
            ][..],
        ),
        (
            "station_assessment",
            &[
                "scores/i1",
                "scores/i1/evidence",
                "scores/evidence/p",
                "scores/i1/evidence/p/x",
            ],
        ),
        (
            "look_back",
            &["scope", "scope/classes", "scope/classes/p/x", "scope/from/x"],
        ),
        ("livelihood_vote", &["tally/m1/yes", "tally/yes"]),
        ("campaign", &["local_form/x1", "local_form"]),
        ("archive_register", &["loop_phases/other/document"]),
        ("progress_bulletin", &["as_of/0a", "as_of"]),
    ] {
        let ledger = ledger(id).expect("built in");
        for key in keys {
            assert_eq!(ledger.resolve(key), None, "{id}: {key}");
        }
    }
}

#[test]
fn an_earlier_revision_is_known_and_never_the_present_one() {
    for before in earlier() {
        let now = ledger(&before.id).expect("a present ledger");
        assert!(before.rev < now.rev, "{}", now.id);
        assert_ne!(before.hash(), now.hash(), "{}", now.id);
        assert_eq!(by_hash(&before.hash()), Some(before));
        // What was written before has columns and pages still.
        for field in &before.fields {
            assert!(now.field(&field.id).is_some(), "{}.{}", now.id, field.id);
        }
    }
    let hashes: BTreeSet<_> = ledgers().iter().chain(earlier()).map(Ledger::hash).collect();
    assert_eq!(hashes.len(), ledgers().len() + earlier().len());
}

#[test]
fn hints_and_synonyms_do_not_change_a_definition() {
    let mut visits = ledger("letters_visits").expect("built in").clone();
    let hash = visits.hash();
    visits.fields[1].hint_zh = Some("另一句话".into());
    visits.fields[1].synonyms.clear();
    assert_eq!(visits.hash(), hash);
    visits.fields[1].zh = "另一个名称".into();
    assert_ne!(visits.hash(), hash);
}

#[test]
fn a_definition_survives_its_canonical_bytes() {
    for ledger in ledgers() {
        let read: Ledger = codec::decode(&codec::encode(ledger), 1 << 16).expect("canonical");
        assert_eq!(read.hash(), ledger.hash());
    }
}

#[test]
fn records_live_where_their_ledger_says() {
    let org = crate::id::OrgId([1; 16]);
    let lives = |id: &str, audience| ledger(id).expect("built in").lives_in(&Space::of(org, audience));
    let joint = |id: &str, travel| {
        let space = Space::joint(org, [crate::id::OrgId([2; 16])], travel, 2026);
        ledger(id).expect("built in").lives_in(&space)
    };
    assert!(lives("theme", Audience::Notice) && lives("theme", Audience::County));
    assert!(!lives("theme", Audience::City) && !joint("theme", Level::County));
    assert!(lives("livelihood_project", Audience::City) && lives("livelihood_project", Audience::Notice));
    // What may travel to the city may be joint; what may travel to the county alone, only as far.
    assert!(joint("activity", Level::City) && joint("activity", Level::Township));
    assert!(joint("project_group", Level::County) && joint("project_group", Level::Township));
    assert!(!joint("project_group", Level::City) && !lives("project_group", Audience::County));
    assert!(!joint("letters_visits", Level::County));
}
