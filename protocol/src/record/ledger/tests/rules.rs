//! What records lack: empty fields, conditions and rules.

use super::super::*;
use crate::record::Value;

/// Fields as a form has them: numbers, yes and no, and texts.
fn fields(of: &[(&str, &str)]) -> Vec<(String, Value)> {
    let value = |text: &str| match text {
        "" => Value::Null,
        "true" | "false" => Value::Bool(text == "true"),
        _ => text.parse().map_or_else(|_| Value::Text(text.into()), Value::Int),
    };
    of.iter()
        .map(|(key, text)| ((*key).to_owned(), value(text)))
        .collect()
}

fn asked(ledger_id: &str, of: &[(&str, &str)], to_be: Required, asked: &Asked<'_>) -> Vec<String> {
    let ledger = ledger(ledger_id).expect("a ledger");
    let fields = fields(of);
    for (key, _) in &fields {
        assert!(ledger.resolve(key).is_some(), "{ledger_id}: {key}");
    }
    let values = fields.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let errors = ledger.lacks(&values, to_be, asked);
    for error in &errors {
        assert!(error.message_zh().starts_with(&error.zh) && error.to_string().starts_with(&error.en));
    }
    let name = |error: &FieldError| {
        let field = ledger.field(&error.field).expect("a field");
        let of = error.member.as_deref().filter(|_| field.parent().is_some());
        format!("{}: {}", field.key(of), error.problem)
    };
    errors.iter().map(name).collect()
}

/// What keeps a record from being saved; empty fields by their ids alone.
fn unsaveable(ledger: &str, of: &[(&str, &str)]) -> Vec<String> {
    let all = asked(ledger, of, Required::Required, &Asked::PLAIN);
    all.iter()
        .map(|error| error.trim_end_matches(": fill this in").to_owned())
        .collect()
}

/// Whether a record lacks this field to be complete.
fn lacks(ledger: &str, field: &str, of: &[(&str, &str)], how: &Asked<'_>) -> bool {
    let all = asked(ledger, of, Required::Complete, how);
    all.contains(&format!("{field}: fill this in"))
}

#[test]
fn a_form_insists_on_what_is_required() {
    assert_eq!(
        unsaveable("letters_visits", &[]),
        ["received_at", "channel", "persons", "nature", "gist"]
    );
    assert_eq!(
        unsaveable("letters_visits", &[("persons", "3"), ("gist", "")]).len(),
        4
    );
}

#[test]
fn a_struct_is_asked_for_as_a_whole_and_its_parts_wherever_it_is() {
    let letter = [("deputy", "0a"), ("origin", "direct"), ("gist", "x")];
    assert_eq!(unsaveable("deputy_letter", &letter), ["receipt"]);
    let by = [&letter[..], &[("receipt/by", "0a")]].concat();
    assert_eq!(unsaveable("deputy_letter", &by), ["receipt/on"]);

    let plan = |more: &[(&str, &str)]| unsaveable("annual_plan", &[&[("year", "2026")], more].concat());
    assert_eq!(plan(&[]), ["items"]);
    let lacking = plan(&[("items/b/no", "1"), ("items/a/no", "1"), ("items/a/title", "x")]);
    assert!(
        !lacking.contains(&"items".into()) && lacking.contains(&"items/b/title".into()),
        "{lacking:?}"
    );
    assert!(!lacking.contains(&"items/a/title".into()));
    assert!(lacking.contains(&"items/b/no: this stands twice".into()));
    assert!(lacks("annual_plan", "items", &[("year", "2026")], &Asked::PLAIN));
}

#[test]
fn conditions_look_at_other_fields() {
    let visit = |triage: &str| lacks("letters_visits", "issue", &[("triage", triage)], &Asked::PLAIN);
    assert!(visit("issue") && !visit("petition") && !visit(""));
    let suggestion = |field: &str, of: &[(&str, &str)]| lacks("suggestion", field, of, &Asked::PLAIN);
    assert!(suggestion("issues", &[]) && suggestion("own_initiative", &[]));
    assert!(!suggestion("issues", &[("own_initiative", "true")]));
    assert!(suggestion("issues", &[("own_initiative", "false")]));
    assert!(!suggestion("own_initiative", &[("issues/a", "0a")]));
    assert_eq!(
        unsaveable("rules_register", &[("text_file", "0a")])
            .iter()
            .filter(|id| id.starts_with("text"))
            .count(),
        0
    );
    let scope = unsaveable(
        "three_lists",
        &[("scope/site", "0a"), ("scope/division", "990121")],
    );
    assert!(
        scope.contains(&"scope/division: fill in only one of “Scope: site”, “Scope: division”".into()),
        "{scope:?}"
    );
}

#[test]
fn what_is_past_depends_on_the_day_that_is_asked() {
    let on = |as_of, field: &str| {
        let how = Asked {
            as_of,
            ..Asked::PLAIN
        };
        lacks("commitment", field, &[("due", "2026-06-30")], &how)
    };
    assert!(on(Some("2026-07-01"), "fulfilled_on"));
    assert!(!on(Some("2026-06-30"), "fulfilled_on") && !on(None, "fulfilled_on"));
}

#[test]
fn what_the_fold_derives_is_told_by_whoever_asks() {
    let in_state = |state: &str| {
        let derived = |field: &str, value: &str| field == "state" && value == state;
        let how = Asked {
            as_of: None,
            derived: &derived,
        };
        lacks("issue", "resolved_on", &[], &how)
    };
    assert!(in_state("I9_closed") && !in_state("I1_registered"));
    let activity = |planned: bool| {
        let derived = |field: &str, value: &str| field == "planned" && planned && value == "true";
        lacks(
            "activity",
            "plan",
            &[],
            &Asked {
                as_of: None,
                derived: &derived,
            },
        )
    };
    assert!(activity(true) && !activity(false));
}

#[test]
fn days_and_numbers_keep_their_order() {
    for (ledger, least, most, fits, breaks) in [
        (
            "campaign",
            ("from", "2026-03-01"),
            "to",
            "2026-03-01",
            "2026-02-28",
        ),
        (
            "activity",
            ("from", "2026-03-01T09:00:00+08:00"),
            "to",
            "2026-03-01T00:00:00+08:00",
            "2026-03-01T08:59:59+08:00",
        ),
        ("voter_evaluation", ("returned", "7"), "issued", "7", "6"),
        // 7.5 points of at most 8, and of at most 7.
        (
            "station_assessment",
            ("scores/i1/score", "75"),
            "scores/i1/max",
            "8",
            "7",
        ),
    ] {
        let said = |value| {
            let all = asked(ledger, &[least, (most, value)], Required::Required, &Asked::PLAIN);
            all.into_iter()
                .filter(|error| error.contains("must not"))
                .collect::<Vec<_>>()
        };
        assert_eq!(said(fits), [] as [&str; 0], "{ledger}");
        assert_eq!(said(breaks).len(), 1, "{ledger}");
        assert_eq!(said(""), [] as [&str; 0], "{ledger}");
    }
    let score = [
        ("scores/i1/score", "75"),
        ("scores/i1/max", "8"),
        ("scores/i2/score", "1"),
        ("scores/i2/max", "0"),
    ];
    let said = unsaveable("station_assessment", &score);
    assert!(
        said.contains(&"scores/i2/max: this must not be less than “Score: score”".into()),
        "{said:?}"
    );
}

#[test]
fn sums_agree_and_a_tally_names_the_candidates() {
    let (one, two) = ("0a".repeat(16), "0b".repeat(16));
    let yes = format!("tally/{one}/yes");
    let (no, abstain) = (format!("tally/{one}/no"), format!("tally/{one}/abstain"));
    let vote = |second: &str, valid: &str| {
        let of = [
            ("candidates/1", one.as_str()),
            ("candidates/2", second),
            ("valid", valid),
            ("invalid", "2"),
            ("ballots", "12"),
            (&yes, "6"),
            (&no, "3"),
            (&abstain, "1"),
        ];
        unsaveable("livelihood_vote", &of)
            .into_iter()
            .filter(|error| error.contains("this"))
            .collect::<Vec<_>>()
    };
    assert_eq!(vote("", "10"), [] as [&str; 0]);
    assert_eq!(
        vote(&two, "9"),
        [
            "ballots: this must be the sum of “Valid”, “Invalid”".to_owned(),
            "valid: this must be the sum of “Votes: yes”, “Votes: no”, “Votes: abstain”".to_owned(),
            "tally: this must name just what stands under “Candidates”".to_owned(),
        ]
    );
}

#[test]
fn one_value_alone_and_a_day_exactly_where_it_belongs() {
    let said = |of: &[(&str, &str)]| {
        let all = unsaveable("joint_supervision", of);
        all.into_iter()
            .filter(|error| {
                error.ends_with("done_on") || error.contains("leave") || error.contains("must be")
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(said(&[("no_case_interference", "true")]), [] as [&str; 0]);
    assert_eq!(
        said(&[("no_case_interference", "false")]),
        ["no_case_interference: this must be “yes”"]
    );
    assert_eq!(said(&[("items/a/state", "done")]), ["items/a/done_on"]);
    assert_eq!(
        said(&[("items/a/state", "done"), ("items/a/done_on", "2026-01-01")]),
        [] as [&str; 0]
    );
    assert_eq!(
        said(&[
            ("items/a/state", "open"),
            ("items/a/done_on", "2026-01-01"),
            ("items/b/state", "open")
        ]),
        ["items/a/done_on: leave this empty"]
    );
}

#[test]
fn some_and_enough_to_be_complete() {
    let complete = |of: &[(&str, &str)]| asked("activity", of, Required::Complete, &Asked::PLAIN);
    let few = "participants: name at least 2".to_owned();
    let place = "place: fill in at least one of “Place”, “Site”".to_owned();
    let one = complete(&[("participants/a/person", "0a")]);
    assert!(one.contains(&few) && one.contains(&place), "{one:?}");
    let two = complete(&[
        ("participants/a/person", "0a"),
        ("participants/b/person", "0b"),
        ("place", "x"),
    ]);
    assert!(!two.contains(&few) && !two.contains(&place), "{two:?}");
    assert!(!unsaveable("activity", &[]).contains(&few));
}

#[test]
fn a_week_and_a_month_are_those_of_the_calendar() {
    for week in ["2026-W01", "2026-W53", "2020-W53", "1900-W52"] {
        assert!(is_week(week), "{week}");
    }
    for week in [
        "2025-W53",
        "2026-W00",
        "2026-W54",
        "2026-w01",
        "2026W01",
        "1899-W01",
        "2026-W1",
        "２026-W1",
    ] {
        assert!(!is_week(week), "{week}");
    }
    assert!(is_month("2026-12") && !is_month("2026-13") && !is_month("2026-1") && !is_month("1899-12"));
}

#[test]
fn new_kinds_take_their_values_alone() {
    let field = |ledger_id: &str, id: &str| ledger(ledger_id).and_then(|of| of.field(id)).expect("a field");
    let text = |text: &str| Value::Text(text.into());
    let geo = Geo {
        lat: 30_272_111,
        lon: 109_486_099,
    }
    .to_bytes();
    for (of, id, fits, breaks) in [
        ("friday_summary", "iso_week", text("2026-W07"), text("2026-07")),
        ("progress_bulletin", "period", text("2026-04"), text("2026-04-01")),
        ("issue", "geo", Value::Bytes(geo), Value::Bytes(vec![0x80])),
        (
            "wish",
            "subject_ref",
            text(&"0a".repeat(16)),
            text(&"0A".repeat(16)),
        ),
        (
            "rule_table",
            "rows",
            Value::Bytes(vec![0x80]),
            Value::Bytes(Vec::new()),
        ),
        (
            "suggestion",
            "title",
            text(&"字".repeat(60)),
            text(&"字".repeat(61)),
        ),
        ("progress_bulletin", "as_of", Value::Int(1), Value::Int(-1)),
    ] {
        assert_eq!(field(of, id).check(&fits), Ok(()), "{of}.{id}");
        assert!(field(of, id).check(&breaks).is_err(), "{of}.{id}");
        assert!(field(of, id).check(&Value::Bool(true)).is_err(), "{of}.{id}");
    }
    assert!(
        field("deputy_roster", "seats").check(&text("x")).is_err(),
        "a struct has no value"
    );
}
