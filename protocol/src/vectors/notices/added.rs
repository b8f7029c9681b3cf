//! Definitions as bytes: good ones, and what an org may not add.

use super::*;
use crate::record::ledger::added::{Added, AddedFault};
use crate::record::ledger::{by_hash, ledger};

pub(super) fn judge(input: &Value) -> Found {
    let by = OrgId(array_of(input, "org"));
    let added = Added::parse(&bytes_of(input, "body"), &by).map_err(|fault| reason(&fault))?;
    let base = match &added {
        Added::Ledger(_) => None,
        Added::Fields { base, .. } => Some(base),
    };
    let whole = added.over(base.map(|hash| by_hash(hash).expect("of the program")));
    let whole = whole.map_err(|fault| reason(&fault))?;
    Ok(
        json!({"ledger": whole.id, "rev": whole.rev, "fields": whole.fields.len(), "definition": whole.hash(), "base": base}),
    )
}

fn field(id: &str, zh: &str, kind: FieldKind) -> Field {
    Field {
        id: id.into(),
        zh: zh.into(),
        en: id.into(),
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

/// A ledger that the county adds.
pub(crate) fn wells() -> Ledger {
    Ledger {
        id: id_of(&org(COUNTY), "wells"),
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

/// A field that an org adds to a definition.
pub(super) fn river(by: &OrgId, base: &Ledger, name: &str) -> Added {
    Added::Fields {
        base: base.hash(),
        fields: vec![field(&id_of(by, name), "所在河段", FieldKind::Str)],
    }
}

fn option(id: &str) -> Choice {
    Choice {
        id: id.into(),
        zh: id.into(),
        en: id.into(),
        valid_from: None,
        valid_to: None,
        synonyms: Vec::new(),
        authority: None,
    }
}

fn input(added: &Added) -> Value {
    json!({"org": org(COUNTY), "body": hex(&added.to_bytes())})
}

type Change = fn(&mut Ledger);

pub(super) fn vectors() -> Vec<Vector> {
    let with = |change: Change| {
        let mut ledger = wells();
        change(&mut ledger);
        input(&Added::Ledger(ledger))
    };
    let issue = ledger("issue").expect("built in");
    let later = |change: &dyn Fn(&mut Field)| {
        let Added::Fields { base, mut fields } = river(&org(COUNTY), issue, "river") else {
            unreachable!("fields");
        };
        change(&mut fields[0]);
        input(&Added::Fields { base, fields })
    };
    let mut vectors = vec![
        good("a ledger", with(|_| {})),
        good("a field of a ledger", later(&|_| {})),
        good("every kind of field", with(every_kind)),
        good("a set", with(|ledger| ledger.fields[0].set = true)),
        good(
            "the widest audience",
            with(|ledger| ledger.audience = Audience::City),
        ),
        good(
            "a base of an earlier revision",
            input(&river(
                &org(COUNTY),
                &crate::record::ledger::earlier()[0],
                "river",
            )),
        ),
    ];
    for (name, reason, change) in SPOILED {
        vectors.push(bad(name, reason, with(*change)));
    }
    vectors.extend([
        bad(
            "a later field that is required",
            "reach",
            later(&|field| {
                field.required = Required::Required;
            }),
        ),
        bad(
            "a later field with a plain name",
            "name",
            later(&|field| field.id = "river".into()),
        ),
        bad(
            "a later field with another org's name",
            "name",
            later(&|field| {
                field.id = id_of(&org(crate::testing::CITY), "river");
            }),
        ),
        bad(
            "another org's ledger",
            "name",
            json!({
                "org": org(crate::testing::CITY), "body": hex(&Added::Ledger(wells()).to_bytes()),
            }),
        ),
        bad("no bytes", "bytes", json!({"org": org(COUNTY), "body": ""})),
        bad("a byte too many", "bytes", {
            let mut bytes = Added::Ledger(wells()).to_bytes();
            bytes.push(0);
            json!({"org": org(COUNTY), "body": hex(&bytes)})
        }),
    ]);
    let longest = AddedFault::Bytes;
    let many = with(|ledger| {
        ledger.fields = (0..30)
            .map(|n| {
                let options = (0..60).map(|m| option(&format!("o{n}_{m}"))).collect();
                Field {
                    options,
                    ..field(&format!("f{n}"), &format!("栏{n}"), FieldKind::Enum)
                }
            })
            .collect();
    });
    assert_eq!(
        judge(&many),
        Err(reason(&longest)),
        "longer than a definition may be"
    );
    vectors
}

fn every_kind(ledger: &mut Ledger) {
    use FieldKind::{Blob, Bool, Code, Dec, Enum, Int, Month, Ref, Str, Text, Ts, Week};
    let of = |kind: FieldKind, n: usize| field(&format!("f{n}"), &format!("栏{n}"), kind);
    let kinds = [
        Text,
        Int { min: -1, max: -1 },
        Dec { scale: 6 },
        Bool,
        Ts,
        Code,
        Blob,
        Month,
        Week,
        Ref { ledger: "*".into() },
        Ref {
            ledger: "org,person,issue,activity".into(),
        },
    ];
    ledger
        .fields
        .extend(kinds.into_iter().enumerate().map(|(n, kind)| of(kind, n)));
    let mut choice = of(Enum, 20);
    choice.options = vec![option("a"), option("b_2")];
    let mut line = of(Str, 21);
    line.max = Some(200);
    line.sensitivity = Sensitivity::P;
    line.required = Required::Required;
    ledger.fields.extend([choice, line]);
}

const SPOILED: &[(&str, &str, Change)] = &[
    ("the name of a ledger of the program", "name", |ledger| {
        ledger.id = "issue".into()
    }),
    ("no name", "name", |ledger| ledger.id = id_of(&org(COUNTY), "")),
    ("a name with a capital", "name", |ledger| {
        ledger.id = id_of(&org(COUNTY), "Wells")
    }),
    ("a name that begins with a digit", "name", |ledger| {
        ledger.id = id_of(&org(COUNTY), "1a")
    }),
    ("a name of 25 characters", "name", |ledger| {
        ledger.id = id_of(&org(COUNTY), &"a".repeat(25))
    }),
    ("a second revision", "name", |ledger| ledger.rev = 2),
    ("a blank label", "label", |ledger| ledger.zh = " ".into()),
    ("a label with a space at its end", "label", |ledger| {
        ledger.en = "Wells ".into()
    }),
    ("a label of 41 characters", "label", |ledger| {
        ledger.en = "x".repeat(41)
    }),
    ("a label that turns the text around", "label", |ledger| {
        ledger.zh = "a\u{202e}b".into()
    }),
    ("a label of two lines", "label", |ledger| {
        ledger.zh = "a\nb".into()
    }),
    ("nobody writes", "audience", |ledger| ledger.writers.clear()),
    ("a writer twice", "audience", |ledger| {
        ledger.writers.push(Role::StationLiaison)
    }),
    ("notices", "audience", |ledger| ledger.audience = Audience::Notice),
    ("joint", "audience", |ledger| ledger.audience = Audience::Joint),
    ("an annex", "kind", |ledger| {
        ledger.annexes = vec!["subject".into()]
    }),
    ("events", "kind", |ledger| ledger.events = vec!["register".into()]),
    ("a copy", "kind", |ledger| ledger.also = vec![Audience::City]),
    ("a limit of its travel", "kind", |ledger| {
        ledger.travel = Some(crate::trust::Level::County)
    }),
    ("a rule", "kind", |ledger| {
        ledger.rules = crate::record::ledger::ledger("rule_table")
            .expect("built in")
            .rules
            .clone()
    }),
    ("no field", "count", |ledger| ledger.fields.clear()),
    ("41 fields", "count", |ledger| {
        ledger.fields = (0..41)
            .map(|n| field(&format!("f{n}"), &format!("f{n}"), FieldKind::Bool))
            .collect();
    }),
    ("a field twice", "name", |ledger| {
        ledger.fields.push(field("place", "另一地点", FieldKind::Str))
    }),
    ("a label twice", "label", |ledger| {
        ledger.fields.push(field("other", "地点", FieldKind::Str))
    }),
    ("a column of every table", "name", |ledger| {
        ledger.fields[0].id = "record".into()
    }),
    ("a member of a struct", "name", |ledger| {
        ledger.fields[0].id = "a/b".into()
    }),
    ("personal data", "reach", |ledger| {
        ledger.fields[0].sensitivity = Sensitivity::D
    }),
    ("sensitive data", "reach", |ledger| {
        ledger.fields[0].sensitivity = Sensitivity::S
    }),
    ("a struct", "kind", |ledger| {
        ledger.fields[0].kind = FieldKind::Struct
    }),
    ("a place", "kind", |ledger| ledger.fields[0].kind = FieldKind::Geo),
    ("data", "kind", |ledger| ledger.fields[0].kind = FieldKind::Data),
    ("a random id", "kind", |ledger| {
        ledger.fields[0].kind = FieldKind::Rid
    }),
    ("filled in by the program", "kind", |ledger| {
        ledger.fields[0].auto = true
    }),
    ("said once", "kind", |ledger| ledger.fields[0].once = true),
    ("a set within a struct", "kind", |ledger| {
        ledger.fields[0].many = true
    }),
    ("named members", "kind", |ledger| {
        ledger.fields[0].keys = Some(crate::record::ledger::Keys::Order)
    }),
    ("lines of 201 characters", "kind", |ledger| {
        ledger.fields[0].max = Some(201)
    }),
    ("lines of no character", "kind", |ledger| {
        ledger.fields[0].max = Some(0)
    }),
    ("a longest date", "kind", |ledger| ledger.fields[1].max = Some(10)),
    ("bounds the wrong way round", "kind", |ledger| {
        ledger.fields[0].kind = FieldKind::Int { min: 2, max: 1 }
    }),
    ("seven decimals", "kind", |ledger| {
        ledger.fields[0].kind = FieldKind::Dec { scale: 7 }
    }),
    ("an enum without options", "kind", |ledger| {
        ledger.fields[0].kind = FieldKind::Enum
    }),
    ("options of a text", "kind", |ledger| {
        ledger.fields[0].options = vec![option("a")]
    }),
    ("an option twice", "kind", |ledger| {
        ledger.fields[0].kind = FieldKind::Enum;
        ledger.fields[0].options = vec![option("a"), option("a")];
    }),
    ("an option with days", "kind", |ledger| {
        ledger.fields[0].kind = FieldKind::Enum;
        ledger.fields[0].options = vec![Choice {
            valid_from: Some("2026-01-01".into()),
            ..option("a")
        }];
    }),
    ("a target that is none", "kind", |ledger| {
        ledger.fields[0].kind = FieldKind::Ref { ledger: "a b".into() }
    }),
    ("no target", "kind", |ledger| {
        ledger.fields[0].kind = FieldKind::Ref { ledger: ",".into() }
    }),
    ("five targets", "kind", |ledger| {
        ledger.fields[0].kind = FieldKind::Ref {
            ledger: "a,b,c,d,e".into(),
        }
    }),
];
