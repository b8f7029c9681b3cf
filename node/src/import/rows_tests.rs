//! The samples, read as a clerk would have them read.

use lianzhan_protocol::record::ledger::ledger;

use super::super::{ImportError, read_sheet};
use super::*;

fn sample(name: &str) -> Sheet {
    let path = format!("{}/../docs/samples/{name}", env!("CARGO_MANIFEST_DIR"));
    read_sheet(name, &std::fs::read(&path).expect("a sample file")).expect("a readable sample")
}

fn plan_of(ledger_id: &str, sheet: &Sheet) -> ImportPlan {
    let main = ledger(ledger_id).expect("built in");
    let annexes: Vec<_> = main.annexes.iter().filter_map(|id| ledger(id)).collect();
    // Not the year of the books: their titles name it.
    read_rows(main, &annexes, sheet, 2025)
}

fn csv(text: &str) -> Sheet {
    read_sheet("a.csv", text.as_bytes()).expect("readable")
}

fn get<'p>(pairs: &'p [(String, Value)], key: &str) -> Option<&'p Value> {
    pairs
        .iter()
        .find(|(known, _)| known == key)
        .map(|(_, value)| value)
}

#[test]
fn the_books_of_four_stations_are_read_to_the_last_row() {
    for (name, good) in [
        ("visits-shiqiao.xlsx", 124),
        ("visits-liulin.xlsx", 112),
        ("visits-yunling.xlsx", 108),
        ("visits-hewan.csv", 104),
    ] {
        let plan = plan_of("letters_visits", &sample(name));
        assert_eq!(plan.errors, [], "{name}");
        assert_eq!(plan.rows.len(), good, "{name}");
        assert!(plan.skipped > 0, "{name} has a total at least");
        assert!(
            plan.unmapped.len() == 1,
            "{name}: only the running number: {:?}",
            plan.unmapped
        );
        let with_person = plan
            .rows
            .iter()
            .filter(|row| row.annexes.contains_key("subject"))
            .count();
        assert!(
            with_person > good * 8 / 10 && with_person < good,
            "{name}: some are anonymous"
        );
        let mut last = String::new();
        for row in &plan.rows {
            let at = get(&row.main, "received_at")
                .and_then(Value::as_text)
                .expect("a time");
            assert!(
                at.starts_with("2026-") && at[..10] >= last[..],
                "{name} row {}: {at}",
                row.row
            );
            last = at[..10].to_owned();
            assert!(get(&row.main, "receiver_names").is_some() && get(&row.main, "triage").is_some());
            if let Some(Value::Text(phone)) = row
                .annexes
                .get("subject")
                .and_then(|subject| get(subject, "phone"))
            {
                assert!(
                    phone.starts_with("1390000") && phone.len() == 11,
                    "{name} row {}",
                    row.row
                );
            }
        }
    }
}

#[test]
fn every_broken_row_is_named_with_what_to_do() {
    let plan = plan_of("letters_visits", &sample("broken-visits.xlsx"));
    assert_eq!(
        plan.rows.iter().map(|row| row.row).collect::<Vec<_>>(),
        [4, 6, 8, 10, 12, 14]
    );
    let said: Vec<_> = plan
        .errors
        .iter()
        .map(|error| {
            (
                error.cell.as_str(),
                error.column.as_str(),
                error.reason_zh.as_str(),
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            ("B5", "来访时间", "请填写此项"),
            (
                "B7",
                "来访时间",
                "“2026年2月30日”不能识别，请填写日历上有的日期，如 2026/4/3 或 2026年4月3日"
            ),
            (
                "C9",
                "方式",
                "“飞鸽传书”不能识别，请从下列选项中选一个：来访、来信、来电、接待日、走访、扫码、网上平台、微信群、群众代表、其他"
            ),
            ("I11", "反映内容", "请填写此项"),
            ("G13", "人数", "请填写 1 到 9999 之间的整数"),
        ]
    );
    assert!(plan.errors.iter().all(|error| !error.reason_en.is_empty()));
    assert_eq!((plan.broken(), plan.skipped), (5, 1));
}

#[test]
fn the_roster_keeps_seats_and_mobiles_apart() {
    let mut plan = plan_of("deputy_roster", &sample("deputies-shiqiao.xlsx"));
    for station in ["liulin", "yunling", "hewan"] {
        let more = plan_of("deputy_roster", &sample(&format!("deputies-{station}.xlsx")));
        plan.rows.extend(more.rows);
        plan.errors.extend(more.errors);
    }
    assert_eq!(plan.errors, []);
    assert_eq!(plan.rows.len(), 24);
    let levels: Vec<_> = plan
        .rows
        .iter()
        .flat_map(|row| &row.main)
        .filter(|(key, _)| key.starts_with("seats/") && key.ends_with("/level"))
        .filter_map(|(_, value)| value.as_text())
        .collect();
    for level in ["national", "province", "city", "county", "township"] {
        assert!(levels.contains(&level), "{level}");
    }
    assert_eq!(levels.len(), 27, "three hold two seats");
    assert!(plan.rows.iter().all(|row| get(&row.main, "mobile").is_none()));
    assert!(
        plan.rows
            .iter()
            .all(|row| get(&row.annexes["deputy_private"], "mobile").is_some())
    );
    assert!(
        plan.rows
            .iter()
            .all(|row| get(&row.main, "home_station_name").is_some())
    );
}

#[test]
fn activities_get_an_end_and_a_length() {
    let mut rows = 0;
    for name in ["activities-fengdu.xlsx", "activities-qingya.xlsx"] {
        let plan = plan_of("activity", &sample(name));
        assert_eq!(plan.errors, [], "{name}");
        rows += plan.rows.len();
        for row in &plan.rows {
            let text = |key| {
                get(&row.main, key)
                    .and_then(Value::as_text)
                    .expect("present")
                    .to_owned()
            };
            let days = get(&row.main, "days").and_then(Value::as_int).expect("present");
            assert_eq!(text("from") == text("to"), days <= 10, "{name} row {}", row.row);
            assert!(get(&row.main, "participants_names").is_some());
        }
    }
    assert_eq!(rows, 20);
}

#[test]
fn blank_means_what_clerks_mean_by_it() {
    let plan = plan_of(
        "letters_visits",
        &csv(
            "登记簿（2026年）\n序号,时间,渠道,性质,反映内容,姓名,人数,备注\n1,4月3日,来访,问题,路灯坏了,匿名,,\n2,,,,,,,\n\n3,4月4日,电话，后又来站,建议,修路,田小满,2,附图\n",
        ),
    );
    assert_eq!(plan.errors, []);
    assert_eq!(plan.skipped, 2);
    let [first, second] = &plan.rows[..] else {
        panic!("{:?}", plan.rows)
    };
    assert_eq!(get(&first.main, "persons"), Some(&Value::Int(1)));
    assert_eq!(first.annexes, BTreeMap::new());
    assert_eq!(second.row, 6);
    assert_eq!(
        get(&second.main, "note"),
        Some(&"附图\n渠道：电话，后又来站".into())
    );
    let order: Vec<_> = second.main.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(
        order,
        ["received_at", "channel", "persons", "nature", "gist", "note"]
    );
}

#[test]
fn english_headings_serve_as_well() {
    let plan = plan_of(
        "letters_visits",
        &csv("Received,Channel,Nature,Matter raised,Person\n2026-04-03,Letter,Problem,Lamp broken,x\n"),
    );
    assert_eq!(plan.errors, []);
    assert_eq!(plan.rows.len(), 1);
    assert_eq!(plan.unmapped, ["Person"]);
}

#[test]
fn a_sheet_that_is_no_register_is_told_what_it_lacks() {
    let plan = plan_of("letters_visits", &csv("a,b\n1,2\n"));
    assert_eq!(plan.errors.len(), 1);
    assert!(
        plan.errors[0].reason_zh.contains("时间、渠道、性质、反映内容"),
        "{}",
        plan.errors[0].reason_zh
    );
    let plan = plan_of("letters_visits", &csv("时间,渠道,反映内容\n2026/4/3,来访,路灯\n"));
    assert_eq!(plan.errors.len(), 1);
    assert_eq!(
        plan.errors[0].reason_en,
        "the column “Nature” is missing; add it to the heading row"
    );
    assert_eq!(read_sheet("空.csv", b""), Err(ImportError::Empty));
}

#[test]
fn a_gist_never_carries_a_number_of_a_person() {
    for name in [
        "visits-shiqiao.xlsx",
        "visits-liulin.xlsx",
        "visits-yunling.xlsx",
        "visits-hewan.csv",
    ] {
        for row in plan_of("letters_visits", &sample(name)).rows {
            for (key, value) in &row.main {
                let digits = value.as_text().map_or(0, |text| {
                    text.split(|c: char| !c.is_ascii_digit())
                        .map(str::len)
                        .max()
                        .unwrap_or(0)
                });
                assert!(digits < 7, "{name} row {} {key}", row.row);
            }
        }
    }
}
