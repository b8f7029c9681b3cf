//! Events that leave as rows and come back as acts of whoever imports them.

use lianzhan_protocol::record::{Event, EventKind};

use super::nodes::{Desk, counts, of};
use crate::export::Encoding;
use crate::services::exchange::{Export, Form, Rows};
use crate::services::import::ImportReport;
use crate::services::ledger::{NewEntry, book};
use crate::services::{Node, RecordRow};

const ACTIVITY: &str = "activity";

/// Who, what and when, of the events of a record, in their order.
fn events(node: &Node, row: &RecordRow) -> Vec<(EventKind, String, Option<String>, String)> {
    let detail = node.record_detail(&row.record).unwrap();
    let mut all: Vec<_> = detail
        .state
        .events
        .iter()
        .map(|state| {
            assert_eq!(state.effect, Ok(()));
            let says = match &state.event {
                Event::LogLine { text, .. } => text.clone(),
                Event::SignIn { deputy, .. } => deputy.clone(),
                _ => String::new(),
            };
            let happened = state.event.happened().map(str::to_owned);
            (state.event.kind(), says, happened, state.by.name.clone())
        })
        .collect();
    all.sort();
    all
}

/// An activity with two lines that say the same, one that says more, a sign-in and a seal; and a visit that was registered.
fn written(desk: &Desk) {
    let enter = |ledger: &str, fields: &[(&str, &str)]| {
        let mut main: crate::services::ledger::Values = fields
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).into()))
            .collect();
        let number = if ledger == ACTIVITY { "days" } else { "persons" };
        main.insert(number.into(), lianzhan_protocol::record::Value::Int(5));
        let entry = NewEntry {
            ledger: ledger.into(),
            space: desk.node.home_space(ledger).unwrap(),
            main,
            annexes: Default::default(),
            cleared: Default::default(),
        };
        desk.runtime
            .block_on(desk.node.enter(&desk.author, entry, None))
            .unwrap()
            .record
    };
    let record = enter(
        ACTIVITY,
        &[
            ("kind", "research"),
            ("topic", "护坡调研"),
            ("from", "2026-04-16T09:00:00+08:00"),
            ("to", "2026-04-16T11:00:00+08:00"),
        ],
    );
    enter(
        "letters_visits",
        &[
            ("channel", "visit"),
            ("nature", "problem"),
            ("gist", "路灯不亮"),
            ("received_at", "2026-04-16T09:52:07+08:00"),
        ],
    );
    for line in ["走访三户", "走访三户", "=坡脚有水\n须处理"] {
        desk.runtime
            .block_on(desk.node.write_line(&desk.author, &record, line))
            .unwrap();
    }
    desk.runtime
        .block_on(desk.node.sign_in_at(&desk.author, &record))
        .unwrap();
    desk.runtime
        .block_on(desk.node.seal(&desk.author, &record))
        .unwrap();
}

fn faults(report: &ImportReport) -> Vec<&str> {
    report.errors.iter().map(|fault| fault.cell.as_str()).collect()
}

fn table(desk: &Desk, ledger: &str, form: Form, rows: Rows) -> Vec<u8> {
    desk.export(&Export {
        rows,
        ..of(book(ledger).unwrap(), form)
    })
}

#[test]
fn a_ledger_and_its_events_come_to_a_fresh_node_with_the_same_values_and_once() {
    let here = Desk::new("990100");
    written(&here);
    for form in super::FORMS {
        let there = Desk::new("990200");
        for ledger in ["letters_visits", ACTIVITY] {
            let files = match form {
                Form::Xlsx => vec![table(&here, ledger, form, Rows::Records)],
                Form::Csv(_) => [Rows::Records, Rows::Events]
                    .map(|rows| table(&here, ledger, form, rows))
                    .to_vec(),
            };
            let all = |dry_run| {
                let mut sum = (0, 0, 0, 0);
                for file in &files {
                    let report = there.import(ledger, file, dry_run);
                    let one = counts(&report);
                    sum = (sum.0 + one.0, sum.1 + one.1, sum.2 + one.2, sum.3 + one.3);
                    if ledger == ACTIVITY && !report.errors.is_empty() {
                        assert!(
                            faults(&report).iter().all(|cell| cell.contains('D')),
                            "{:?}",
                            report.errors
                        );
                    }
                }
                sum
            };
            // Nobody seals for another, and nothing else is lost.
            let (rows, sealed) = if ledger == ACTIVITY { (5, 1) } else { (1, 0) };
            if form == Form::Xlsx {
                let tried = all(true);
                assert_eq!((tried.3, tried.1), (sealed, 0), "{ledger} {form:?} {tried:?}");
            }
            let first = all(false);
            assert_eq!((first.0, first.3), (rows, sealed), "{ledger} {form:?}");
            let again = all(false);
            assert_eq!((again.0, again.1, again.3), (0, 0, sealed), "{ledger} {form:?}");
            let ledger = book(ledger).unwrap();
            let (mine, theirs) = (here.rows(ledger), there.rows(ledger));
            let values = |desk: &Desk| {
                let records = desk.records(ledger).into_iter();
                records.map(|(values, _)| values).collect::<Vec<_>>()
            };
            assert_eq!(values(&there), values(&here), "{form:?}");
            let mut own = events(&here.node, &mine[0]);
            own.retain(|(kind, ..)| kind.states());
            assert_eq!(events(&there.node, &theirs[0]), own, "{form:?}");
        }
        // Where it came from nothing of it is new, and the seal is known.
        for rows in [Rows::Records, Rows::Events] {
            let back = here.import(ACTIVITY, &table(&here, ACTIVITY, form, rows), false);
            let (new, changed, _, faults) = counts(&back);
            assert_eq!((new, changed, faults), (0, 0, 0), "{:?}", back.errors);
        }
    }
}

#[test]
fn nobody_signs_for_another_and_whose_line_it_was_stays_with_it() {
    let (here, there) = (Desk::new("990100"), Desk::of_person("990200", "周岚"));
    written(&here);
    let file = table(&here, ACTIVITY, Form::Xlsx, Rows::Records);
    for expected in [(4, 0, 0, 2), (0, 0, 4, 2)] {
        let report = there.import(ACTIVITY, &file, false);
        assert_eq!(counts(&report), expected, "{:?}", report.errors);
        let told = faults(&report);
        let at = |column: &str| {
            told.iter()
                .any(|cell| cell.starts_with(&format!("事件!{column}")))
        };
        assert!(
            at("I") && at("D"),
            "the sign-in by its name, the seal by its kind: {told:?}"
        );
    }
    let events = events(&there.node, &there.rows(book(ACTIVITY).unwrap())[0]);
    assert!(events.iter().all(|(.., by)| by == "周岚"));
    let lines: Vec<&str> = events.iter().map(|(_, says, ..)| says.as_str()).collect();
    let named = "走访三户（原记：林晓）";
    assert_eq!(lines, ["=坡脚有水\n须处理（原记：林晓）", named, named]);
    // Given out once more it names the first, and is what is here.
    let file = table(&there, ACTIVITY, Form::Csv(Encoding::Gb18030), Rows::Events);
    assert_eq!(counts(&there.import(ACTIVITY, &file, false)), (0, 0, 3, 0));
}

#[test]
fn what_is_wrong_with_a_row_of_events_is_told_of_its_cell() {
    let desk = Desk::new("990100");
    written(&desk);
    let csv = Form::Csv(Encoding::Utf8);
    let file = String::from_utf8(table(&desk, ACTIVITY, csv, Rows::Events)).unwrap();
    let record = desk.rows(book(ACTIVITY).unwrap())[0].record;
    let heading = file.split("\r\n").next().unwrap();
    let row = |cells: [&str; 4]| {
        let [record, kind, happened, says] = cells;
        format!("{record},,,{kind},{happened},,,,{says},,\r\n")
    };
    let id = record.to_string();
    let rows = [
        ([id.as_str(), "活动记录", "2026/4/16 9:30", "坡顶开裂"], ""),
        ([&id, "log_line", "2026年4月16日", "坡顶开裂"], ""),
        (
            ["0196b2c3d4e5f60718293a4b5c6d7e8f", "活动记录", "2026-04-16", "甲"],
            "A4",
        ),
        ([&id, "开会", "2026-04-16", "甲"], "D5"),
        ([&id, "登记", "2026-04-16", ""], "D6"),
        ([&id, "确认", "2026-04-16", ""], "D7"),
        ([&id, "活动记录", "上周", "甲"], "E8"),
        ([&id, "活动记录", "2099-01-01", "甲"], "E9"),
        ([&id, "活动记录", "2026-04-16", ""], "I10"),
        ([&id, "签到", "2026-04-16", "周岚 县级"], "I11"),
        ([&id, "活动记录", "2026-04-16", "电话13900000016"], "I12"),
    ];
    let body: String = rows.iter().map(|(cells, _)| row(*cells)).collect();
    let wrong: Vec<&str> = rows
        .iter()
        .map(|(_, cell)| *cell)
        .filter(|cell| !cell.is_empty())
        .collect();
    let file_of = |body: &str| format!("{heading}\r\n{body}");
    for (dry_run, expected) in [(true, (2, 0)), (false, (2, 0)), (false, (0, 2))] {
        let report = desk.import(ACTIVITY, file_of(&body).as_bytes(), dry_run);
        assert_eq!((report.imported, report.known), expected, "{:?}", report.errors);
        assert_eq!(faults(&report), wrong, "{:?}", report.errors);
    }
    // An event that stands here is not changed by a cell.
    let changed = file.replace("须处理", "不须处理");
    let report = desk.import(ACTIVITY, changed.as_bytes(), false);
    assert_eq!(
        (report.imported, report.errors.len()),
        (0, 1),
        "{:?}",
        report.errors
    );
    assert!(report.errors[0].cell.starts_with('I'));
}
