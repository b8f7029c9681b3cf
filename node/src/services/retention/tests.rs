//! Visits whose people were told long ago, at a station of its own.

use std::sync::Arc;

use age::secrecy::SecretString;
use lianzhan_protocol::record::Value;
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Level, Role};

use super::*;
use crate::config::Config;
use crate::services::Author;
use crate::services::access::{AccessFilter, Purpose, Reason, Way};
use crate::services::appoint::PersonDraft;
use crate::services::attachment::Part;
use crate::services::found::{OrgDraft, found};
use crate::services::ledger::{DraftId, Sent, TypingForm};
use crate::services::settings::SettingDraft;
use crate::services::test_line::Line;
use crate::services::visit::VisitDraft;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn visit_of(triage: &str, told: &str, name: &str) -> VisitDraft {
    let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
    let mut fields = vec![
        text("received_at", "2024-04-16T09:30:00+08:00"),
        text("channel", "visit"),
        ("persons".into(), Value::Int(1)),
        text("nature", "problem"),
        text("gist", "路灯不亮"),
    ];
    for (field, value) in [("triage", triage), ("told_person_on", told)] {
        if !value.is_empty() {
            fields.push(text(field, value));
        }
    }
    let subject = match name {
        "" => Vec::new(),
        name => vec![text("name", name)],
    };
    VisitDraft {
        fields,
        subject,
        sensitive: Vec::new(),
    }
}

fn sent(fields: serde_json::Value) -> Sent {
    Sent {
        fields: fields.as_object().unwrap().clone(),
        ..Sent::default()
    }
}

struct Station {
    node: Arc<Node>,
    lin: Author,
    runtime: tokio::runtime::Runtime,
    _dir: tempfile::TempDir,
}

impl Station {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let secret = SecretString::from("correct horse battery".to_owned());
        let config = Config {
            scrypt_log_n: 2,
            ..Config::default()
        };
        let draft = OrgDraft {
            level: Level::Station,
            name_zh: "石桥站".into(),
            name_en: "Shiqiao station".into(),
            code: "990121103201".into(),
        };
        let node = found(&dir.path().join("node"), draft, &secret, config).unwrap();
        for (login, role) in [("lin", Role::StationLiaison), ("he", Role::StationHead)] {
            let person = PersonDraft {
                login: login.into(),
                name: login.into(),
                roles: vec![role],
                ..PersonDraft::default()
            };
            node.appoint_person(&secret, person, &secret).unwrap();
        }
        let lin = node.sign_in("lin", &secret).unwrap();
        Station {
            node,
            lin,
            runtime: tokio::runtime::Runtime::new().unwrap(),
            _dir: dir,
        }
    }

    fn visit(&self, triage: &str, told: &str, name: &str) -> RecordId {
        let draft = visit_of(triage, told, name);
        let written = self.runtime.block_on(self.node.register_visit(&self.lin, draft));
        self.node.catch_up(|_| {}).unwrap();
        written.unwrap().record
    }

    fn enter(&self, ledger: &str, fields: serde_json::Value) -> RecordId {
        let entered = self.node.enter_sent(&self.lin, ledger, sent(fields));
        let record = self.runtime.block_on(entered).unwrap().record;
        self.node.catch_up(|_| {}).unwrap();
        record
    }

    fn due(&self, on: &str) -> Vec<(RecordId, String, Option<String>)> {
        let due = self.node.due(day(on)).unwrap();
        due.into_iter()
            .map(|due| (due.record, due.since, due.locked.map(|locked| locked.until)))
            .collect()
    }
}

#[test]
fn contact_data_is_due_a_year_after_the_person_was_told() {
    let station = Station::new();
    let told = station.visit("answered_now", "2025-01-31", "许知微");
    station.visit("answered_now", "2025-01-31", "");
    station.visit("", "", "周立");
    assert_eq!(station.due("2026-01-30"), []);
    assert_eq!(station.due("2026-01-31"), [(told, "2026-01-31".into(), None)]);
}

#[test]
fn what_became_an_issue_waits_until_its_dossier_is_archived() {
    let station = Station::new();
    let visit = station.visit("issue", "2024-05-01", "许知微");
    assert_eq!(station.due("2026-06-01"), []);
    let fields = serde_json::json!({
        "file_no": "2024-7", "title": "路灯", "record_refs": [visit.to_string()], "period_from": "2024-04-16",
        "period_to": "2025-03-31", "medium": "digital", "retention": "y30", "secrecy": "internal",
    });
    station.enter("archive_register", fields);
    assert_eq!(station.due("2026-03-30"), []);
    assert_eq!(station.due("2026-03-31"), [(visit, "2026-03-31".into(), None)]);
}

#[test]
fn what_the_law_keeps_is_locked_and_nothing_is_done_with_it() {
    let station = Station::new();
    let today = station.node.this_day();
    let told = today.plus_days(-700);
    let visit = station.visit("petition", &told.to_string(), "许知微");
    let due = station.due(&today.to_string());
    let until = told.plus_months(36).to_string();
    assert_eq!(due.len(), 1);
    assert_eq!((due[0].0, due[0].2.as_deref()), (visit, Some(until.as_str())));
    let reason = Reason {
        purpose: Purpose::Check,
        words: String::new(),
    };
    let opened = station.runtime.block_on(station.node.note_access(
        &station.lin,
        &[visit],
        Way::Open,
        &reason,
    ));
    assert!(matches!(opened, Err(ServiceError::Locked { .. })), "{opened:?}");
    let draft = |ground| crate::services::erase::ErasureDraft {
        record: visit,
        extent: crate::services::erase::Extent::Personal,
        ground,
        on: today.to_string(),
        note: None,
    };
    use lianzhan_protocol::record::ErasureGround::{Misplaced, Retention};
    let refused = station.node.erase(&station.lin, &draft(Retention));
    assert!(matches!(refused, Err(ServiceError::Locked { .. })));
    station.node.erase(&station.lin, &draft(Misplaced)).unwrap();
}

#[test]
fn who_opens_personal_parts_is_noted_with_what_for() {
    let station = Station::new();
    let visit = station.visit("", "", "许知微");
    let note = |author: &Author, purpose, words: &str| {
        let reason = Reason {
            purpose,
            words: words.into(),
        };
        station
            .runtime
            .block_on(station.node.note_access(author, &[visit], Way::Open, &reason))
    };
    note(&station.lin, Purpose::FollowUp, "").unwrap();
    for unfit in [
        "",
        "  ",
        "打 13900000016",
        "见许知微",
        "两\n行",
        &"字".repeat(101),
    ] {
        assert!(note(&station.lin, Purpose::Other, unfit).is_err(), "{unfit:?}");
    }
    let secret = SecretString::from("correct horse battery".to_owned());
    let he = station.node.sign_in("he", &secret).unwrap();
    note(&he, Purpose::Other, "上级检查").unwrap();
    let all = |author: &Author, filter: AccessFilter| {
        let filter = AccessFilter { limit: 10, ..filter };
        let (rows, total) = station.node.accesses(author, filter).unwrap();
        let rows: Vec<_> = rows
            .into_iter()
            .map(|row| (row.name, row.purpose, row.words, row.record == visit))
            .collect();
        (rows, total)
    };
    let hers = ("lin".to_owned(), "follow_up".to_owned(), String::new(), true);
    let his = ("he".to_owned(), "other".to_owned(), "上级检查".to_owned(), true);
    assert_eq!(
        all(&he, AccessFilter::default()),
        (vec![his.clone(), hers.clone()], 2)
    );
    assert_eq!(
        all(&station.lin, AccessFilter::default()),
        (vec![hers.clone()], 1),
        "who does not answer for the files sees their own"
    );
    let by = |filter: AccessFilter| all(&he, filter).0;
    assert_eq!(
        by(AccessFilter {
            name: "li".into(),
            ..AccessFilter::default()
        }),
        [hers]
    );
    assert_eq!(
        by(AccessFilter {
            purpose: "other".into(),
            ..AccessFilter::default()
        }),
        [his]
    );
    let later = Timestamp(crate::env::now().0 + 1);
    assert_eq!(
        by(AccessFilter {
            since: Some(later),
            ..AccessFilter::default()
        }),
        []
    );
    assert_eq!(
        by(AccessFilter {
            record: Some(RecordId([1; 16])),
            ..AccessFilter::default()
        }),
        []
    );
    let store = station.node.store();
    store
        .write_blocking(move |writer| writer.drop_accesses(&[(Timestamp(0), later)]))
        .unwrap();
    assert_eq!(by(AccessFilter::default()), [], "they are given up in time");
}

#[test]
fn a_household_is_due_a_year_after_the_assistance_ended() {
    let station = Station::new();
    let fields = serde_json::json!({
        "deputy": RecordId([7; 16]).to_string(), "household_no": "7", "from": "2023-01-01", "to": "2024-12-31",
    });
    let record = station.enter("assistance_roster", fields);
    let due = station.node.due(day("2026-01-01")).unwrap();
    assert_eq!(
        (due[0].record, due[0].data, due[0].whole),
        (record, Data::Assistance, true)
    );
    assert_eq!(due[0].since, "2025-12-31");
}

#[test]
fn a_photo_as_it_was_brought_is_due_ninety_days_after_it_came_and_goes_when_it_is_taken_out() {
    let station = Station::new();
    let visit = station.visit("", "", "许知微");
    let mut upload = station.node.begin_attachment(Part::Personal);
    upload.write(b"%PDF-1.4 the visitor's own certificate").unwrap();
    let paper = [upload.finish().unwrap()];
    let written = station.node.attach(&station.lin, &visit, &paper);
    station.runtime.block_on(written).unwrap();
    station.node.catch_up(|_| {}).unwrap();
    let came = station.node.this_day();
    assert_eq!(station.node.due(came.plus_days(89)).unwrap(), []);
    let due = station.node.due(came.plus_days(90)).unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!(
        (due[0].record, due[0].data, due[0].whole),
        (visit, Data::UncheckedPhoto, false)
    );
    assert_eq!(due[0].ended, came.to_string());
    let named = station.node.attached(&visit).unwrap();
    let taken = station.node.detach(&station.lin, &visit, &named[0].id);
    station.runtime.block_on(taken).unwrap();
    station.node.catch_up(|_| {}).unwrap();
    assert_eq!(station.node.due(came.plus_days(90)).unwrap(), []);
}

#[test]
fn what_a_deputy_did_is_due_five_years_after_the_last_seat_ended() {
    let station = Station::new();
    let deputy = |name: &str, until: &[Option<&str>]| {
        let seats: Vec<serde_json::Value> = until
            .iter()
            .map(|until| match until {
                Some(until) => serde_json::json!({ "level": "township", "from": "2016-09-01", "to": until }),
                None => serde_json::json!({ "level": "county", "from": "2016-09-01" }),
            })
            .collect();
        let fields = serde_json::json!({
            "name": name, "gender": "m", "occupation_class": "farmer", "is_office_holder": false, "seats": seats,
        });
        station.enter("deputy_roster", fields).to_string()
    };
    let over = deputy("罗定一", &[Some("2019-09-01"), Some("2021-09-30")]);
    let serves = deputy("周立", &[Some("2021-09-30"), None]);
    let shift = |deputies: &[&String]| {
        let fields = serde_json::json!({
            "mode": "fixed_day", "planned_from": "2020-05-15T09:00:00+08:00",
            "planned_to": "2020-05-15T11:00:00+08:00", "planned_deputies": deputies,
        });
        station.enter("reception_shift", fields)
    };
    let record = shift(&[&over]);
    shift(&[&over, &serves]);
    assert_eq!(station.node.due(day("2026-09-29")).unwrap(), []);
    let due = station.node.due(day("2026-09-30")).unwrap();
    assert_eq!(due.len(), 1, "whoever still serves keeps what was done together");
    assert_eq!(
        (due[0].record, due[0].data, due[0].whole),
        (record, Data::Attendance, true)
    );
    assert_eq!(due[0].ended, "2021-09-30");
}

#[tokio::test(flavor = "multi_thread")]
async fn minutes_are_due_for_the_archive_by_the_rule_of_their_day() {
    let line = Line::new();
    let county = Line::author(&line.county);
    let draft = SettingDraft {
        setting: "retention.archive".into(),
        value: Some("10_years".into()),
        valid_from: "2012-01-01".into(),
        basis: "县档案局通知".into(),
        ..SettingDraft::default()
    };
    line.county.state_setting(&county, &draft).await.unwrap();
    line.county.catch_up(|_| {}).unwrap();
    line.sync();
    let lin = Line::author(&line.station);
    let enter = async |ledger: &str, fields: serde_json::Value| {
        let entered = line.station.enter_sent(&lin, ledger, sent(fields)).await;
        line.station.catch_up(|_| {}).unwrap();
        entered.unwrap().record
    };
    let mut minutes = Vec::new();
    for on in ["2011-12-31", "2012-03-01", "2012-03-02"] {
        let fields = serde_json::json!({
            "kind": "presidium", "place": "站内", "held_at": format!("{on}T09:00:00+08:00"),
            "ended_at": format!("{on}T10:00:00+08:00"),
        });
        minutes.push(enter("meeting_minutes", fields).await);
    }
    let due = |on: &str| -> Vec<(RecordId, Data, String)> {
        let due = line.station.due(day(on)).unwrap();
        due.into_iter()
            .map(|due| (due.record, due.data, due.since))
            .collect()
    };
    let of = |n: usize, since: &str| (minutes[n], Data::Archive, since.to_owned());
    assert_eq!(
        due("2022-02-28"),
        [],
        "what was held before the county's day is kept for ever"
    );
    assert_eq!(due("2022-03-02"), [of(1, "2022-03-01"), of(2, "2022-03-02")]);
    let dossier = serde_json::json!({
        "file_no": "2012-1", "title": "主席团会议", "record_refs": [minutes[2].to_string()],
        "period_from": "2012-01-01", "period_to": "2012-12-31", "medium": "paper", "retention": "y10",
        "secrecy": "internal",
    });
    enter("archive_register", dossier).await;
    assert_eq!(due("2022-03-02"), [of(1, "2022-03-01")], "with its dossier");
    assert_eq!(due("2022-12-31")[1], of(2, "2022-12-31"));
}

#[test]
fn the_defaults_are_those_of_the_settings() {
    let station = Station::new();
    let rules = station.node.retention_rules(day("2026-01-01")).unwrap();
    let said: Vec<(Data, String)> = rules
        .iter()
        .map(|rule| (rule.data, rule.setting.value.as_ref().unwrap().to_string()))
        .collect();
    let defaults = [
        (Data::Contact, "1 years"),
        (Data::Draft, "30 days"),
        (Data::UncheckedPhoto, "90 days"),
        (Data::Assistance, "1 years"),
        (Data::Ballot, "6 months"),
        (Data::Archive, "permanent"),
        (Data::Attendance, "5 years"),
        (Data::AccessLog, "3 years"),
    ];
    assert_eq!(said, defaults.map(|(data, value)| (data, value.to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_county_states_says_what_is_due_below_it_from_its_day_on() {
    let line = Line::new();
    let county = Line::author(&line.county);
    for (id, value, from) in [
        ("retention.contact", "30 days", "2025-06-01"),
        ("retention.draft", "1 days", "2020-01-01"),
        ("retention.access_log", "10 days", "2020-01-01"),
    ] {
        let draft = SettingDraft {
            setting: id.into(),
            value: Some(value.into()),
            valid_from: from.into(),
            basis: "县人大常委会主任会议决定".into(),
            ..SettingDraft::default()
        };
        line.county.state_setting(&county, &draft).await.unwrap();
    }
    line.county.catch_up(|_| {}).unwrap();
    line.sync();
    let lin = Line::author(&line.station);
    let mut told = Vec::new();
    for on in ["2025-05-31", "2025-06-01"] {
        let draft = visit_of("answered_now", on, "许知微");
        told.push(line.station.register_visit(&lin, draft).await.unwrap().record);
    }
    line.station.catch_up(|_| {}).unwrap();
    let due = |on: &str| -> Vec<(RecordId, String)> {
        let due = line.station.due(day(on)).unwrap();
        due.into_iter().map(|due| (due.record, due.since)).collect()
    };
    assert_eq!(due("2025-06-30"), []);
    assert_eq!(due("2025-07-01"), [(told[1], "2025-07-01".into())]);
    assert_eq!(
        due("2026-05-31"),
        [(told[1], "2025-07-01".into()), (told[0], "2026-05-31".into())],
        "what ended before the county's day is kept as it was then"
    );
    // What the node keeps for itself goes by the same.
    let (terms, now) = (
        line.station.terms(&line.station.org_id()).unwrap(),
        day("2026-05-31"),
    );
    let over = terms.over(Data::AccessLog, now);
    let kept = |day: &str, hour: &str| {
        let at = format!("{day}T{hour}+08:00").parse::<jiff::Timestamp>().unwrap();
        let at = Timestamp(at.as_millisecond());
        !over.iter().any(|(from, before)| *from <= at && at < *before)
    };
    assert!(kept("2026-05-22", "00:00:00") && !kept("2026-05-21", "23:59:59"));
    assert!(!kept("2020-01-01", "00:00:00") && !kept("2019-12-31", "23:59:59"));
    assert_eq!(terms.due(Data::Archive, now), None, "for ever");
    let form = TypingForm {
        ledger: visit::LEDGER.into(),
        record: None,
        seen: String::new(),
        pairs: vec![("a:subject:name".into(), "许知微".into())],
    };
    let id = DraftId::mint();
    line.station.keep_draft(&lin, id, &form).unwrap();
    line.station.give_up_old().unwrap();
    assert!(line.station.draft(&lin, id).unwrap().is_some(), "it is of today");
    let all = [(Timestamp(0), Timestamp(i64::MAX))];
    let store = line.station.store();
    store
        .write_blocking(move |writer| writer.drop_old_drafts(&all))
        .unwrap();
    assert!(line.station.draft(&lin, id).unwrap().is_none());
}
