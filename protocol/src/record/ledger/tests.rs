use std::collections::BTreeSet;

use super::built_in::SOURCES;
use super::*;

#[test]
fn every_definition_reads_and_says_what_it_must() {
    let mut ids = BTreeSet::new();
    for source in SOURCES {
        let ledger: Ledger = toml::from_str(source).unwrap_or_else(|error| panic!("{error}\n{source}"));
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
                let other = ledger.field(&when.field);
                assert!(
                    when.field == "state" || other.is_some(),
                    "{name} depends on no field"
                );
                assert!(
                    other.is_none_or(|other| when.is.iter().all(|id| other.choice(id).is_some())),
                    "{name}"
                );
            }
        }
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
fn every_reference_inside_the_program_is_known_or_optional_to_save() {
    for ledger in ledgers() {
        for field in &ledger.fields {
            if field.kind.targets().any(|id| self::ledger(id).is_none()) && field.kind.targets().count() == 1
            {
                assert_ne!(field.required, Required::Required, "{}.{}", ledger.id, field.id);
            }
        }
    }
}

#[test]
fn a_key_leads_back_to_its_field() {
    for field in ledgers()
        .iter()
        .flat_map(|ledger| ledger.fields.iter().map(move |field| (ledger, field)))
    {
        let (ledger, field) = field;
        let member = field.set.then_some("m1");
        assert_eq!(
            ledger.resolve(&field.key(member)),
            Some((field, member)),
            "{}.{}",
            ledger.id,
            field.id
        );
    }
    let roster = ledger("deputy_roster").expect("built in");
    for key in [
        "seats",
        "seats/m1",
        "seats/level",
        "seats//level",
        "seats/a b/level",
        "seats/m/level/x",
        "name/x",
        "",
    ] {
        assert_eq!(roster.resolve(key), None, "{key}");
    }
}

#[test]
fn what_is_missing_depends_on_what_is_there() {
    let visits = ledger("letters_visits").expect("built in");
    let ids = |fields: Vec<&Field>| {
        fields
            .into_iter()
            .map(|field| field.id.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        ids(visits.unsaveable(|_| false)),
        ["received_at", "channel", "persons", "nature", "gist"],
        "what a form insists on"
    );
    let all_but_issue = |id: &str| id != "issue";
    assert_eq!(ids(visits.missing(all_but_issue)), [] as [&str; 0]);
    assert_eq!(
        ids(visits.missing_given(all_but_issue, |field, value| (field, value)
            == ("triage", "issue"))),
        ["issue"]
    );
}

#[test]
fn a_definition_hashes_to_what_it_always_did() {
    let hashes: Vec<_> = ledgers()
        .iter()
        .map(|ledger| format!("{} {}", ledger.id, ledger.hash()))
        .collect();
    // A change here is a new revision of a ledger: raise its `rev`, then put the new hash.
    assert_eq!(hashes, GOLDEN);
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

const GOLDEN: [&str; 9] = [
    "deputy_roster 7f6e2e0dad7bc3070997b479f94aa4428739db0c39dad553c4fd77f179a9c1e4",
    "deputy_private c222be7940d1572893ac3f352458911bb6a7f7a709a09618b806db7614b79e9b",
    "deputy_sensitive 6ac96af1b3a7c317ad44401c48c00c8ca4073c453f5f63127ec92e5d43d8794e",
    "meeting_minutes 95da54837de8b58dc7c62121697191d12964c8f63b1d593f2e672ee4a10ddee2",
    "letters_visits 30423af3f08b87b83bc4698cf2fdf74c648425c01b139883dd9682fab55aa358",
    "subject 15e99282db49dab532ade646261e9a71a3d0d7152ffe52446b7952d7b28b453a",
    "subject_sensitive 7000413e226af48f576a3f7d16ae58e699cc1c979eace0b282322995270e597b",
    "activity 937b769c3084db14d09f7d06ebececdbff75af8119acff747958b872724e2fe8",
    "issue 648de4348d477cfff28435e0899212f743d342068474f24edf5c74bddac8cfba",
];
