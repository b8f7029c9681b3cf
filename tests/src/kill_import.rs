//! A large table, and a node that is killed again and again while it takes it in. What the progress told of as written is
//! there after each kill; the same file goes on where it was, and nothing of it is written twice.

use std::collections::BTreeSet;
use std::time::Duration;

use lianzhan_node::config::Overrides;
use lianzhan_node::services::{Node, parse_record};
use serde_json::json;

use super::process::{Api, Fault, Running, Site, beside, dice_of_test, measured, until, within};

/// Rows of the table.
const ROWS: usize = 6_000;
/// How often the node is killed before it may end.
const KILLS: usize = 5;
/// Latest instant of a kill after the first rows of a round are written, in milliseconds.
const LATEST_MS: usize = 1_500;
/// The name under which the import is followed.
const FOLLOWED: &str = "00112233445566778899aabbccddeeff";

#[test]
fn an_import_that_is_killed_goes_on_where_it_was_and_writes_nothing_twice() {
    let _lane = beside();
    let mut dice = dice_of_test("import and kill -9");
    let dir = tempfile::tempdir().unwrap();
    let site = Site::new(dir.path(), "city");
    site.found("city", ["澜州市", "Lanzhou"], "990100");
    site.succeed(&["appoint", "lin", "--name", "林静禾", "--role", "opinion_liaison"]);
    let table = table(ROWS);
    let (mut told, mut held) = (Vec::new(), 0);
    for round in 0..KILLS {
        let mut running = site.start();
        let instant = Duration::from_millis(dice.below(LATEST_MS + 1) as u64);
        let acknowledged = killed_within(&mut running, &table, instant);
        let running = site.start();
        let all = gists(&running.api);
        // In the order of the table: what came before the last row that was told of is there.
        let lost: Vec<usize> = (0..acknowledged)
            .filter(|row| !all.contains(&gist(*row)))
            .collect();
        assert_eq!(lost, [0; 0], "round {round}: told of {acknowledged}");
        assert!(all.len() >= held, "round {round}: nothing goes away again");
        held = all.len();
        told.push((acknowledged, held));
        running.stop();
    }
    let running = site.start();
    let before = gists(&running.api).len();
    let report = running.api.import("letters_visits", &table, FOLLOWED).unwrap();
    let counted = (
        report["imported"].clone(),
        report["known"].clone(),
        report["errors"].clone(),
    );
    assert_eq!(counted, (json!(ROWS - before), json!(before), json!([])));
    let again = running.api.import("letters_visits", &table, FOLLOWED).unwrap();
    assert_eq!((&again["imported"], &again["known"]), (&json!(0), &json!(ROWS)));
    let all = gists(&running.api);
    assert_eq!(all, (0..ROWS).map(gist).collect::<BTreeSet<_>>());
    running.stop();
    let report = site.json(&["check", "--json"]);
    assert_eq!(report["faults"], json!([]));
    let node = Node::open(site.dir(), &Overrides::default()).unwrap();
    let table = node
        .store()
        .read(|reader| reader.of_ledger("letters_visits"))
        .unwrap();
    assert_eq!(table.len(), ROWS);
    for record in table.iter().step_by(97) {
        let detail = node
            .record_detail(&parse_record(&record.to_string()).unwrap())
            .unwrap();
        assert_eq!(
            detail.annexes.len(),
            1,
            "{record} has its personal part, which opens"
        );
    }
    measured(&format!(
        "import and kill -9: {ROWS} rows, {KILLS} kills; told of and held after each: {told:?}"
    ));
}

/// Imports the table until `instant` after its first rows were told of, kills the node, and says of how many it told last.
fn killed_within(running: &mut Running, table: &str, instant: Duration) -> usize {
    let api = running.api.clone();
    let mut acknowledged = 0;
    std::thread::scope(|scope| {
        let import = scope.spawn(|| api.import("letters_visits", table, FOLLOWED));
        let mut look = || {
            let progress = running.api.ask(&format!("/progress/{FOLLOWED}")).ok()?;
            let done = usize::try_from(progress["done"].as_u64()?).ok()?;
            acknowledged = acknowledged.max(done);
            (done > 0).then_some(())
        };
        until("the first rows", || {
            look().or_else(|| import.is_finished().then_some(()))
        });
        let _ = within(instant, || {
            look();
            import.is_finished().then_some(())
        });
        running.process.kill9();
        match import.join().unwrap() {
            // It was done before it was killed.
            Ok(report) => assert_eq!(report["errors"], json!([])),
            Err(Fault::Broken(_)) => {}
            Err(refused) => panic!("{refused:?}"),
        }
    });
    acknowledged
}

fn gist(row: usize) -> String {
    format!("第{row}件：老街路灯坏了")
}

/// A table of `rows` visits, each with a visitor's name, as CSV.
pub(super) fn table(rows: usize) -> String {
    let rows = (0..rows).map(|row| {
        let day = 1 + row % 28;
        format!(
            "2026-03-{day:02} 09:{:02},来访,1,问题,{},来访人之{row}\r\n",
            row % 60,
            gist(row)
        )
    });
    std::iter::once("来访时间,渠道,人数,性质,反映内容,姓名\r\n".to_owned())
        .chain(rows)
        .collect()
}

/// What the visits are about, each once, when views lag no more.
fn gists(api: &Api) -> BTreeSet<String> {
    until("views without lag", || {
        (api.get("/status")["views_lag"] == 0).then_some(())
    });
    let table = api.get("/views/letters_visits");
    let columns = table["columns"].as_array().unwrap();
    let at = columns.iter().position(|column| column == "gist").unwrap();
    let rows = table["rows"].as_array().unwrap();
    let all: BTreeSet<String> = rows
        .iter()
        .map(|row| row[at].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(all.len(), rows.len(), "nothing is there twice");
    all
}
