//! What a county states, a township states otherwise, and a station goes by.

use lianzhan_protocol::settings::{Day, setting};

use super::*;
use crate::services::test_line::Line;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn draft(setting: &str, value: Option<&str>, from: &str) -> SettingDraft {
    SettingDraft {
        setting: setting.into(),
        value: value.map(str::to_owned),
        valid_from: from.into(),
        basis: "县人大常委会主任会议决定".into(),
        ..SettingDraft::default()
    }
}

fn value(node: &Node, id: &str, on: &str) -> String {
    let value = node.setting(id, day(on)).unwrap();
    value.map_or_else(String::new, |value| value.to_string())
}

async fn state(node: &Node, draft: &SettingDraft) {
    node.state_setting(&Line::author(node), draft).await.unwrap();
    node.catch_up(|_| {}).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_county_states_holds_below_it_from_its_day_on_and_is_known_above() {
    let line = Line::new();
    assert_eq!(
        value(&line.station, "deadline.second_reply", "2026-12-01"),
        "1 months"
    );
    state(
        &line.county,
        &draft("deadline.second_reply", Some("2 months"), "2026-12-01"),
    )
    .await;
    line.sync();
    for (node, before, after) in [
        (&line.city, "1 months", "1 months"),
        (&line.county, "1 months", "2 months"),
        (&line.township, "1 months", "2 months"),
        (&line.station, "1 months", "2 months"),
    ] {
        assert_eq!(value(node, "deadline.second_reply", "2026-11-30"), before);
        assert_eq!(value(node, "deadline.second_reply", "2026-12-01"), after);
    }
    // The city goes by its own, and knows what the county goes by.
    let county = line.county.org_id();
    let seen = line
        .city
        .setting_view(None, &county, "deadline.second_reply", "", day("2026-12-01"))
        .unwrap();
    assert_eq!(
        (seen.value.unwrap().to_string().as_str(), seen.org.unwrap().id),
        ("2 months", county)
    );
    assert_eq!(seen.history.len(), 1, "the copy says the same once more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_township_differs_where_it_may_and_the_county_sees_it_do_so() {
    let line = Line::new();
    state(&line.township, &draft("friday_monday", Some("off"), "2026-01-01")).await;
    line.sync();
    assert_eq!(value(&line.station, "friday_monday", "2026-05-01"), "off");
    assert_eq!(value(&line.county, "friday_monday", "2026-05-01"), "on");
    let author = Line::author(&line.county);
    let plan = line
        .county
        .plan_setting(&author, &draft("friday_monday", Some("on"), "2026-06-01"))
        .unwrap();
    let apart: Vec<_> = plan.apart.iter().map(|org| org.id).collect();
    assert_eq!(apart, [line.township.org_id()]);
    state(&line.township, &draft("friday_monday", None, "2026-07-01")).await;
    line.sync();
    assert_eq!(
        value(&line.station, "friday_monday", "2026-07-01"),
        "on",
        "as the county has it"
    );
    assert_eq!(value(&line.station, "friday_monday", "2026-06-30"), "off");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_says_what_becomes_due_when() {
    let line = Line::new();
    let author = Line::author(&line.county);
    let plan = line
        .county
        .plan_setting(&author, &draft("deadline.reply", Some("2 months"), "2199-01-31"))
        .unwrap();
    assert_eq!(
        (plan.before.en.as_str(), plan.after.en.as_str()),
        ("3 months", "2 months")
    );
    assert_eq!(
        plan.effects,
        [Effect::Due {
            start: day("2199-01-31"),
            before: day("2199-04-30"),
            after: day("2199-03-31")
        }]
    );
    assert!(!plan.is_past && plan.apart.is_empty() && plan.over.is_none());
    let calendar = SettingDraft {
        part: "2023".into(),
        ..draft(
            "calendar",
            Some("2023-06-22 off 端午节\n2023-06-25 work"),
            "2023-01-01",
        )
    };
    let plan = line.county.plan_setting(&author, &calendar).unwrap();
    assert!(plan.is_past);
    let works = |text: &str, works| Effect::Works {
        day: day(text),
        works,
    };
    assert_eq!(
        plan.effects,
        [works("2023-06-22", false), works("2023-06-25", true)]
    );
    // What the city decides for all is not changed below it.
    state(
        &line.city,
        &draft("deadline.reply", Some("3 months"), "2026-01-01"),
    )
    .await;
    line.sync();
    let plan = line
        .county
        .plan_setting(&author, &draft("deadline.reply", Some("2 months"), "2199-01-31"))
        .unwrap();
    assert_eq!(plan.over.map(|org| org.id), Some(line.city.org_id()));
    assert_eq!(plan.before, plan.after);
}

#[test]
fn who_may_not_or_says_it_wrongly_is_told_what_to_do() {
    let line = Line::new();
    let refused = |node: &Node, draft: &SettingDraft| {
        let error = node.plan_setting(&Line::author(node), draft).unwrap_err();
        let ServiceError::Setting(error) = error else {
            panic!("{error}")
        };
        assert!(!error.zh().is_empty());
        error
    };
    let good = draft("friday_monday", Some("off"), "2026-01-01");
    assert!(matches!(refused(&line.station, &good), SettingError::NotYours(_)));
    let second = draft("deadline.second_reply", Some("2 months"), "2026-01-01");
    assert!(
        matches!(refused(&line.township, &second), SettingError::NotYours(_)),
        "for the county to state"
    );
    let wrong = |change: fn(&mut SettingDraft)| {
        let mut draft = good.clone();
        change(&mut draft);
        refused(&line.county, &draft)
    };
    assert_eq!(
        wrong(|draft| draft.setting = "x".into()),
        SettingError::Unknown("x".into())
    );
    assert!(matches!(
        wrong(|draft| draft.value = Some("perhaps".into())),
        SettingError::Value { .. }
    ));
    assert_eq!(wrong(|draft| draft.valid_from = "soon".into()), SettingError::Day);
    assert_eq!(wrong(|draft| draft.basis = " ".into()), SettingError::Basis);
    assert_eq!(wrong(|draft| draft.part = "2026".into()), SettingError::Part);
    assert_eq!(
        wrong(|draft| draft.setting = "calendar".into()),
        SettingError::Part
    );
    assert_eq!(
        wrong(|draft| draft.value = None),
        SettingError::Same,
        "there is nothing to give back"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stated_is_not_edited_like_a_record() {
    let line = Line::new();
    let author = Line::author(&line.county);
    let draft = draft("friday_monday", Some("off"), "2026-01-01");
    let record = line.county.state_setting(&author, &draft).await.unwrap().record;
    line.county.catch_up(|_| {}).unwrap();
    let detail = line.county.record_detail(&record).unwrap();
    let amended = line
        .county
        .amend(
            &author,
            &detail,
            crate::services::ledger::Amendment::default(),
            None,
        )
        .await;
    assert!(matches!(amended, Err(ServiceError::NotAllowed(_))), "{amended:?}");
    let ledger = crate::services::ledger::book(LEDGER).unwrap();
    assert!(
        !line.county.may_enter(&author, ledger),
        "it has a page of its own"
    );
    assert!(line.county.may_state(&author, setting("friday_monday").unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_is_listed_and_survives_a_restart() {
    let line = Line::new();
    state(
        &line.county,
        &draft("threshold.appraisal", Some("70"), "2026-01-01"),
    )
    .await;
    line.sync();
    let line = line.reopen_station();
    let station = line.station.org_id();
    let views = line
        .station
        .setting_views(None, &station, day("2026-02-01"))
        .unwrap();
    assert!(
        views.len() > SETTINGS.len(),
        "a calendar for this year and the next"
    );
    let stated: Vec<_> = views
        .iter()
        .filter(|view| view.by.is_some())
        .map(|view| view.setting.id)
        .collect();
    assert_eq!(stated, ["threshold.appraisal"]);
    assert!(views.iter().all(|view| !view.writes));
}
