//! What counties add, and what hostile ones try to.

use proptest::prelude::*;

use super::super::added::{Added, AddedFault, BODY_MAX, id_of};
use super::super::definitions::{Defined, Definitions, OF_ORG_MAX};
use super::super::*;
use crate::id::{OrgId, RecordId};

const CITY: OrgId = OrgId([1; 16]);
const COUNTY: OrgId = OrgId([2; 16]);
const OTHER: OrgId = OrgId([3; 16]);
const STATION: OrgId = OrgId([4; 16]);

fn field(id: &str, zh: &str, kind: FieldKind) -> Field {
    Field {
        id: id.into(),
        zh: zh.into(),
        en: zh.into(),
        kind,
        required: Required::Optional,
        sensitivity: Sensitivity::I,
        options: Vec::new(),
        set: false,
        once: false,
        auto: false,
        when: None,
        max: None,
        keys: None,
        many: false,
        hint_zh: None,
        hint_en: None,
        synonyms: Vec::new(),
    }
}

fn wells() -> Ledger {
    Ledger {
        id: id_of(&COUNTY, "wells"),
        rev: 1,
        zh: "机井登记簿".into(),
        en: "Wells".into(),
        audience: Audience::County,
        annexes: Vec::new(),
        writers: vec![Role::StationLiaison],
        fields: vec![
            field("place", "地点", FieldKind::Str),
            field("seen_on", "查看日期", FieldKind::Date),
            field("depth", "井深", FieldKind::Dec { scale: 1 }),
        ],
        events: Vec::new(),
        rules: Vec::new(),
        also: Vec::new(),
        travel: None,
        title: None,
        happened: None,
    }
}

fn extra(org: OrgId, base: &Ledger, name: &str) -> Added {
    Added::Fields {
        base: base.hash(),
        fields: vec![field(&id_of(&org, name), name, FieldKind::Str)],
    }
}

fn defined(org: OrgId, added: Added, n: u8) -> Defined {
    Defined {
        record: RecordId([n; 16]),
        org,
        version: i64::from(n),
        added,
        title: Some("place".into()),
        happened: Some("seen_on".into()),
    }
}

#[test]
fn a_definition_survives_its_bytes_and_is_bounded() {
    for added in [
        Added::Ledger(wells()),
        extra(COUNTY, ledger("issue").expect("built in"), "river"),
    ] {
        assert_eq!(added.check(&COUNTY), Ok(()));
        assert_eq!(Added::parse(&added.to_bytes(), &COUNTY), Ok(added.clone()));
        assert!(
            matches!(added.check(&OTHER), Err(AddedFault::Name(_))),
            "the name is another org's"
        );
    }
    assert_eq!(
        Added::parse(&vec![0; BODY_MAX + 1], &COUNTY),
        Err(AddedFault::Bytes)
    );
    assert_eq!(Added::parse(b"", &COUNTY), Err(AddedFault::Bytes));
}

/// A change that makes a definition wrong.
type Spoil = fn(&mut Ledger);

#[test]
fn what_a_hostile_county_defines_is_refused() {
    let cases: &[(&str, Spoil)] = &[
        ("the name of a prescribed ledger", |ledger| {
            ledger.id = "issue".into()
        }),
        ("no name", |ledger| ledger.id = id_of(&COUNTY, "")),
        ("a name for SQL", |ledger| ledger.id = id_of(&COUNTY, "a\"; drop")),
        ("a label of nothing", |ledger| ledger.zh = " ".into()),
        ("a label that turns the text around", |ledger| {
            ledger.zh = "a\u{202e}b".into()
        }),
        ("a long label", |ledger| ledger.en = "x".repeat(41)),
        ("nobody writes", |ledger| ledger.writers.clear()),
        ("everybody's notices", |ledger| ledger.audience = Audience::Notice),
        ("the directory", |ledger| ledger.audience = Audience::Directory),
        ("an annex", |ledger| ledger.annexes = vec!["subject".into()]),
        ("events", |ledger| ledger.events = vec!["register".into()]),
        ("a copy", |ledger| ledger.also = vec![Audience::City]),
        ("no field", |ledger| ledger.fields.clear()),
        ("too many fields", |ledger| {
            ledger.fields = (0..41)
                .map(|n| field(&format!("f{n}"), &format!("f{n}"), FieldKind::Bool))
                .collect();
        }),
        ("a field twice", |ledger| {
            ledger.fields.push(field("place", "另一地点", FieldKind::Str))
        }),
        ("a label twice", |ledger| {
            ledger.fields.push(field("other", "地点", FieldKind::Str))
        }),
        ("a column that every table has", |ledger| {
            ledger.fields[0].id = "record".into()
        }),
        ("a member of a struct", |ledger| {
            ledger.fields[0].id = "a/b".into()
        }),
        ("a struct", |ledger| ledger.fields[0].kind = FieldKind::Struct),
        ("data", |ledger| ledger.fields[0].kind = FieldKind::Data),
        ("personal data", |ledger| {
            ledger.fields[0].sensitivity = Sensitivity::D
        }),
        ("sensitive data", |ledger| {
            ledger.fields[0].sensitivity = Sensitivity::S
        }),
        ("filled in by the program", |ledger| ledger.fields[0].auto = true),
        ("no options", |ledger| ledger.fields[0].kind = FieldKind::Enum),
        ("bounds the wrong way round", |ledger| {
            ledger.fields[0].kind = FieldKind::Int { min: 2, max: 1 }
        }),
        ("too many decimals", |ledger| {
            ledger.fields[0].kind = FieldKind::Dec { scale: 255 }
        }),
        ("a target that is none", |ledger| {
            ledger.fields[0].kind = FieldKind::Ref { ledger: "a b".into() }
        }),
        ("no target", |ledger| {
            ledger.fields[0].kind = FieldKind::Ref { ledger: ",".into() }
        }),
        ("a rule", |ledger| {
            ledger.rules = super::super::ledger("rule_table")
                .expect("built in")
                .rules
                .clone();
        }),
        ("a later revision of nothing", |ledger| ledger.rev = 2),
    ];
    for (what, spoil) in cases {
        let mut ledger = wells();
        spoil(&mut ledger);
        let added = Added::Ledger(ledger);
        let fault = added.check(&COUNTY).expect_err(what);
        assert!(!fault.zh().is_empty());
        assert_eq!(Added::parse(&added.to_bytes(), &COUNTY), Err(fault), "{what}");
    }
    let mut required = field(&id_of(&COUNTY, "later"), "后加", FieldKind::Str);
    required.required = Required::Required;
    let later = Added::Fields {
        base: ledger("issue").expect("built in").hash(),
        fields: vec![required],
    };
    assert!(
        matches!(later.check(&COUNTY), Err(AddedFault::Reach(_))),
        "records that began before lack it"
    );
}

#[test]
fn fields_are_added_to_what_is_there_and_everything_before_stays() {
    let issue = ledger("issue").expect("built in");
    let city = extra(CITY, issue, "basin");
    let first = city.over(Some(issue)).expect("a ledger");
    let county = extra(COUNTY, &first, "river");
    let all = [
        defined(CITY, city.clone(), 1),
        defined(COUNTY, county, 2),
        defined(COUNTY, Added::Ledger(wells()), 3),
    ];
    let definitions: Definitions = all.clone().into_iter().collect();
    let line = [STATION, COUNTY, CITY];
    let written = definitions.written("issue", &line).expect("the county's");
    assert_eq!(
        (written.org, written.ledger.fields.len()),
        (COUNTY, issue.fields.len() + 2)
    );
    assert_eq!(written.ledger.fields[..issue.fields.len()], issue.fields[..]);
    assert_eq!(
        (&written.ledger.title, &written.ledger.happened),
        (&issue.title, &issue.happened)
    );
    assert_eq!(
        definitions.ledger(&written.hash).map(|ledger| ledger.id.as_str()),
        Some("issue")
    );
    let above = definitions.written("issue", &[CITY]).expect("the city's");
    assert_eq!(above.ledger, first);
    assert_eq!(definitions.written("issue", &[OTHER]), None);
    let shown = definitions.shown();
    let ids: Vec<_> = shown.iter().map(|ledger| ledger.id.clone()).collect();
    assert_eq!(ids, ["issue".to_owned(), id_of(&COUNTY, "wells")]);
    assert_eq!(shown[0].fields.len(), issue.fields.len() + 2);
    assert_eq!(
        (shown[1].title.as_deref(), shown[1].happened.as_deref()),
        (Some("place"), Some("seen_on"))
    );
    // Without the base nothing is made of it until that comes.
    let alone: Definitions = [all[1].clone()].into_iter().collect();
    assert_eq!(
        (alone.all().count(), alone.waiting()),
        (0, &[RecordId([2; 16])][..])
    );
}

#[test]
fn an_org_fills_no_memory_with_definitions() {
    let many = (0..=u8::MAX).map(|n| {
        let mut ledger = wells();
        ledger.id = id_of(&COUNTY, &format!("wells{n}"));
        defined(COUNTY, Added::Ledger(ledger), n)
    });
    let definitions: Definitions = many.collect();
    assert_eq!(definitions.all().count(), OF_ORG_MAX);
}

proptest! {
    #[test]
    fn what_is_known_does_not_depend_on_the_order_of_arrival(turn in 0_usize..6, twice in any::<bool>()) {
        let issue = ledger("issue").expect("built in");
        let basin = extra(CITY, issue, "basin").over(Some(issue)).expect("a ledger");
        let river = extra(COUNTY, &basin, "river").over(Some(&basin)).expect("a ledger");
        let mut all = vec![
            defined(CITY, extra(CITY, issue, "basin"), 1),
            defined(COUNTY, extra(COUNTY, &basin, "river"), 2),
            defined(COUNTY, extra(COUNTY, &river, "dam"), 3),
            defined(COUNTY, extra(COUNTY, issue, "beside"), 3),
            defined(COUNTY, Added::Ledger(wells()), 4),
        ];
        let here: Definitions = all.iter().cloned().collect();
        let by = turn % all.len();
        all.rotate_left(by);
        if twice {
            let copies: Vec<_> = all.iter().cloned().map(|one| Defined { record: RecordId([200; 16]), ..one }).collect();
            all.extend(copies);
        }
        let there: Definitions = all.into_iter().collect();
        let words = |definitions: &Definitions| {
            let all: Vec<_> = definitions.all().map(|known| (known.hash, known.version, known.org)).collect();
            let written = definitions.written("issue", &[STATION, COUNTY, CITY]).map(|known| known.hash);
            (all, written, definitions.shown())
        };
        prop_assert_eq!(words(&here), words(&there));
    }

    #[test]
    fn no_bytes_make_a_definition_fail_otherwise_than_with_words(bytes in prop::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let _ = Added::parse(&bytes, &COUNTY);
        let mut turned = Added::Ledger(wells()).to_bytes();
        let at = at.index(turned.len());
        turned[at] ^= 1 << bit;
        if let Ok(added) = Added::parse(&turned, &COUNTY) {
            prop_assert_eq!(added.to_bytes(), turned);
        }
    }
}
