//! Settings as stories: who states what, from when, and what then applies to whom.

use proptest::prelude::*;

use super::*;
use crate::id::{ChangeId, Hash, OrgId, RecordId, StatementId};
use crate::record::{Capacity, Change, PendingReason, Put, Value, Verdict, ledger};
use crate::trust::{Level, Role};

const CITY: OrgId = OrgId([1; 16]);
const COUNTY: OrgId = OrgId([2; 16]);
const TOWNSHIP: OrgId = OrgId([3; 16]);
const STATION: OrgId = OrgId([4; 16]);
const LINE: [OrgId; 4] = [STATION, TOWNSHIP, COUNTY, CITY];

fn day(text: &str) -> Day {
    Day::parse(text).expect("a day")
}

fn level(org: OrgId) -> Level {
    match org {
        CITY => Level::City,
        COUNTY => Level::County,
        TOWNSHIP => Level::Township,
        _ => Level::Station,
    }
}

fn stated(org: OrgId, setting: &str, value: &str, from: &str, n: u8) -> Stated {
    Stated {
        record: RecordId([n; 16]),
        org,
        level: level(org),
        setting: setting.into(),
        part: String::new(),
        value: (!value.is_empty()).then(|| value.into()),
        valid_from: day(from),
        version: i64::from(n),
        basis: "会议决定".into(),
        by: "林静禾".into(),
    }
}

fn applies(settings: &Settings, line: &[OrgId], id: &str, on: &str) -> String {
    let value = settings.at(line, id, "", day(on)).value;
    value.map_or_else(String::new, |value| value.to_string())
}

#[test]
fn without_a_word_from_anybody_the_default_applies() {
    let settings = Settings::default();
    assert_eq!(
        applies(&settings, &LINE, "deadline.reply", "2026-12-01"),
        "3 months"
    );
    assert_eq!(
        settings.at(&LINE, "deadline.reply", "", day("2026-12-01")).by,
        None
    );
    assert_eq!(applies(&settings, &LINE, "no_such_setting", "2026-12-01"), "");
    assert_eq!(
        settings.due(&LINE, "deadline.reply", day("2026-12-01")),
        Some(day("2027-03-01"))
    );
}

#[test]
fn a_value_holds_from_its_day_on() {
    let settings: Settings = [
        stated(COUNTY, "deadline.sign_for", "5 working_days", "2026-07-01", 1),
        stated(COUNTY, "deadline.sign_for", "2 working_days", "2027-01-01", 2),
    ]
    .into_iter()
    .collect();
    let at = |on| applies(&settings, &LINE, "deadline.sign_for", on);
    assert_eq!(at("2026-06-30"), "3 working_days");
    assert_eq!(at("2026-07-01"), "5 working_days");
    assert_eq!(at("2026-12-31"), "5 working_days");
    assert_eq!(at("2027-01-01"), "2 working_days");
    // The event's date decides: a matter of December is signed for by the rule of December.
    assert_eq!(
        settings.due(&LINE, "deadline.sign_for", day("2026-12-30")),
        Some(day("2027-01-06"))
    );
    assert_eq!(settings.history(&LINE, "deadline.sign_for").count(), 2);
}

#[test]
fn the_nearest_org_decides_where_it_may_and_the_highest_where_nobody_may_differ() {
    let settings: Settings = [
        stated(CITY, "friday_monday", "off", "2026-01-01", 1),
        stated(TOWNSHIP, "friday_monday", "on", "2026-01-01", 2),
        stated(CITY, "deadline.reply", "2 months", "2026-01-01", 3),
        stated(COUNTY, "deadline.reply", "3 months", "2026-01-01", 4),
        stated(TOWNSHIP, "threshold.appraisal", "70", "2026-01-01", 5),
    ]
    .into_iter()
    .collect();
    assert_eq!(applies(&settings, &LINE, "friday_monday", "2026-02-01"), "on");
    assert_eq!(
        applies(&settings, &LINE[2..], "friday_monday", "2026-02-01"),
        "off",
        "for the county"
    );
    assert_eq!(
        applies(&settings, &LINE, "deadline.reply", "2026-02-01"),
        "2 months"
    );
    assert_eq!(
        applies(&settings, &LINE, "threshold.appraisal", "2026-02-01"),
        "60",
        "not for a township to state"
    );
}

#[test]
fn an_empty_value_gives_the_word_back_to_the_org_above() {
    let settings: Settings = [
        stated(COUNTY, "friday_monday", "off", "2026-01-01", 1),
        stated(TOWNSHIP, "friday_monday", "on", "2026-02-01", 2),
        stated(TOWNSHIP, "friday_monday", "", "2026-03-01", 3),
    ]
    .into_iter()
    .collect();
    let at = |on| applies(&settings, &LINE, "friday_monday", on);
    assert_eq!(
        (at("2026-01-31"), at("2026-02-28"), at("2026-03-01")),
        ("off".into(), "on".into(), "off".into())
    );
}

#[test]
fn what_a_newer_version_states_is_kept_and_covers_nothing() {
    let settings: Settings = [
        stated(COUNTY, "a_setting_of_tomorrow", "7", "2026-01-01", 1),
        stated(COUNTY, "result_scheme", "abc", "2026-01-01", 2),
        stated(COUNTY, "result_scheme", "a_scheme_of_tomorrow", "2026-02-01", 3),
    ]
    .into_iter()
    .collect();
    assert_eq!(
        settings
            .unknown()
            .map(|one| one.setting.as_str())
            .collect::<Vec<_>>(),
        ["a_setting_of_tomorrow"]
    );
    assert_eq!(applies(&settings, &LINE, "result_scheme", "2026-03-01"), "abc");
    assert_eq!(
        settings.history(&LINE, "result_scheme").count(),
        2,
        "it is shown all the same"
    );
}

#[test]
fn the_calendar_of_the_line_is_put_together_day_by_day() {
    let mut of_state = stated(
        CITY,
        "calendar",
        "2023-06-22 off 端午节\n2023-06-25 work",
        "2023-01-01",
        1,
    );
    let mut of_county = stated(
        COUNTY,
        "calendar",
        "2023-06-22 off 端午节\n2023-08-01 off 州庆日",
        "2023-07-01",
        2,
    );
    for one in [&mut of_state, &mut of_county] {
        one.part = "2023".into();
    }
    let settings: Settings = [of_state, of_county].into_iter().collect();
    let calendar = settings.calendar(&LINE);
    assert!(!calendar.is_working(day("2023-06-22")) && calendar.is_working(day("2023-06-25")));
    assert!(!calendar.is_working(day("2023-08-01")) && calendar.is_working(day("2023-08-02")));
    assert!(
        settings.calendar(&LINE[3..]).is_working(day("2023-08-01")),
        "the city has no such day"
    );
    assert!(calendar.knows(2023) && !calendar.knows(2024));
}

fn change(puts: &[(&str, Value)]) -> Change {
    Change {
        salt: vec![7; 16],
        deps: Vec::new(),
        definition: ledger::ledger(LEDGER).expect("built in").hash(),
        puts: puts
            .iter()
            .map(|(name, value)| Put::field(name, value.clone()))
            .collect(),
    }
}

fn counts(org: OrgId, role: Role) -> Verdict {
    Verdict::Counts {
        capacity: Capacity {
            name: "林静禾".into(),
            org,
            org_level: Some(level(org)),
            roles: vec![role],
            person: None,
            seat: None,
            appointment: StatementId([9; 32]),
        },
        ledger: LEDGER.into(),
        provisional: false,
        adopted: None,
    }
}

#[test]
fn only_who_is_entitled_in_the_org_that_owns_the_space_states_anything() {
    let root = change(&[
        ("setting", "friday_monday".into()),
        ("value", "off".into()),
        ("valid_from", "2026-01-01".into()),
        ("version", Value::Int(1)),
        ("basis", "主席团决定".into()),
    ]);
    let read = |owner, verdict: &Verdict| Stated::read(RecordId([1; 16]), owner, &root, verdict);
    let found = read(TOWNSHIP, &counts(TOWNSHIP, Role::Secretary)).expect("a township's secretary may");
    assert_eq!(
        (found.value.as_deref(), found.version, found.basis.as_str()),
        (Some("off"), 1, "主席团决定")
    );
    assert!(read(COUNTY, &counts(COUNTY, Role::DeputiesOffice)).is_some());
    // Everybody below holds the county's notices, and so may write there; it states nothing.
    assert_eq!(read(COUNTY, &counts(TOWNSHIP, Role::Secretary)), None);
    assert_eq!(read(COUNTY, &counts(COUNTY, Role::Secretary)), None);
    assert_eq!(read(STATION, &counts(STATION, Role::Secretary)), None);
    let waits = Verdict::Pending {
        reason: PendingReason::Definition(Hash([0; 32])),
    };
    assert_eq!(read(TOWNSHIP, &waits), None);
    let later = Change {
        deps: vec![ChangeId([1; 32])],
        ..root.clone()
    };
    let verdict = counts(TOWNSHIP, Role::Secretary);
    assert_eq!(
        Stated::read(RecordId([1; 16]), TOWNSHIP, &later, &verdict),
        None,
        "a record says what it began with"
    );
}

/// A few settings of all kinds, with values that some do not take.
fn any_stated() -> impl Strategy<Value = Stated> {
    let settings = [
        "friday_monday",
        "deadline.reply",
        "deadline.sign_for",
        "completed_means",
        "of_tomorrow",
    ];
    let values = [
        "on",
        "off",
        "2 months",
        "3 months",
        "4 working_days",
        "fulfilled",
        "",
    ];
    (
        prop::sample::select(LINE.to_vec()),
        prop::sample::select(settings.to_vec()),
        prop::sample::select(values.to_vec()),
        0_i32..60,
        any::<u8>(),
        1_i64..4,
    )
        .prop_map(|(org, setting, value, from, n, version)| Stated {
            valid_from: day("2026-01-01").plus_days(from),
            version,
            ..stated(org, setting, value, "2026-01-01", n)
        })
}

/// All that applies on a day, in words.
fn everything(settings: &Settings, on: Day) -> Vec<(String, Option<String>)> {
    let all = SETTINGS.iter().flat_map(|setting| {
        (0..LINE.len()).map(move |from| {
            let found = settings.at(&LINE[from..], setting.id, "", on);
            let words = found.value.map(|value| value.to_string()).unwrap_or_default();
            (words, found.by.map(|by| by.valid_from.to_string()))
        })
    });
    all.collect()
}

proptest! {
    #[test]
    fn what_applies_does_not_depend_on_the_order_of_arrival(
        all in prop::collection::vec(any_stated(), 0..24), seed in any::<prop::sample::Index>(), on in 0_i32..70,
    ) {
        let on = day("2026-01-01").plus_days(on);
        let here: Settings = all.iter().cloned().collect();
        let mut turned = all.clone();
        if !turned.is_empty() {
            let by = seed.index(turned.len());
            turned.rotate_left(by);
            turned.reverse();
        }
        let there: Settings = turned.into_iter().collect();
        prop_assert_eq!(everything(&here, on), everything(&there, on));
        // The same again, as a copy brings it, is nothing new.
        let copies = all.iter().cloned().map(|one| Stated { record: RecordId([255; 16]), ..one });
        let twice: Settings = all.iter().cloned().chain(copies).collect();
        prop_assert_eq!(everything(&here, on), everything(&twice, on));
    }

    #[test]
    fn what_is_valid_later_never_changes_what_applied_before(
        all in prop::collection::vec(any_stated(), 0..24), more in any_stated(), on in 0_i32..70,
    ) {
        let on = day("2026-01-01").plus_days(on);
        let before: Settings = all.iter().cloned().collect();
        let later = Stated { valid_from: on.plus_days(1 + more.valid_from.since(day("2026-01-01"))), ..more };
        let after: Settings = all.into_iter().chain([later]).collect();
        prop_assert_eq!(everything(&before, on), everything(&after, on));
    }

    #[test]
    fn days_of_work_pass_one_by_one(start in 0_i32..4_000, count in 0_u32..40) {
        let start = day("2020-01-01").plus_days(start);
        let calendar = Calendar::default();
        let end = calendar.plus_working_days(start, count);
        let worked = (1..=end.since(start)).filter(|n| calendar.is_working(start.plus_days(*n))).count();
        prop_assert_eq!(worked, count as usize);
        prop_assert!(count == 0 || calendar.is_working(end));
    }

    #[test]
    fn no_text_makes_a_value_fail_otherwise_than_with_words(text in ".{0,60}", part in "[0-9]{0,5}") {
        for setting in SETTINGS {
            if let Ok(value) = setting.kind.parse(&part, &text) {
                let again = setting.kind.parse(&part, &value.to_string());
                prop_assert_eq!(again, Ok(value));
            }
        }
    }
}
