//! Bundles of a case, an activity, a deputy's year and a station's quarter, and documents for other tools, of records that
//! cite others: made by the command line on a node that runs and on one that does not, proved by the auditor's program.

use std::collections::BTreeSet;

use lianzhan_node::config::Overrides;
use lianzhan_node::services::Node;
use lianzhan_protocol::trust::Level;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::process::{PASSPHRASE, Running, Site, beside, command, run, until};
use super::root;

/// The year of the stated dates, and a quarter of it.
const YEAR: &str = "2026";
const QUARTER: &str = "2026Q2";

struct Case {
    place: tempfile::TempDir,
    above: Site,
    /// The records of the roster, the first of them cited.
    roster: Vec<String>,
    /// Visits of the quarter that name the deputy who received them, and one of the quarter before.
    visits: [String; 3],
    /// An activity in which the deputy takes part.
    activity: String,
}

#[test]
fn every_selection_holds_what_cites_and_what_is_cited() {
    let _lane = beside();
    let case = raise();
    let above = case.above.start();
    until("views are up to date", || {
        (above.status()["views_lag"] == 0).then_some(())
    });
    selections(&case, "running");
    above.stop();
    selections(&case, "stopped");
}

fn selections(case: &Case, name: &str) {
    let deputy = case.roster[0].as_str();
    let [first, second, early] = case.visits.each_ref().map(String::as_str);
    let activity = case.activity.as_str();
    let of = |args: &[&str]| bundled(case, name, args);
    let set = |ids: &[&str]| -> BTreeSet<String> { ids.iter().map(|id| (*id).to_owned()).collect() };
    assert_eq!(of(&["--case", first]), set(&[first, deputy]));
    assert_eq!(of(&["--case", early]), set(&[early]), "it cites nobody");
    assert_eq!(of(&["--activity", activity]), set(&[activity, deputy]));
    // Of the deputy's year: all that names the deputy; of the clerk's: all that the clerk signed.
    let year = of(&["--deputy", deputy, "--year", YEAR]);
    assert_eq!(year, set(&[deputy, first, second, activity]));
    let this_year = lianzhan_node::services::activity::now_stated()[..4].to_owned();
    let signed = of(&["--deputy", "周", "--year", &this_year]);
    let roster = case.roster.iter().cloned();
    let all: BTreeSet<String> = set(&[first, second, early]).into_iter().chain(roster).collect();
    assert_eq!(signed, all);
    let quarter = of(&["--station", "990121103201", "--quarter", QUARTER]);
    assert!(quarter.is_superset(&set(&[first, second])), "{quarter:?}");
    assert!(
        !quarter.contains(early) && !quarter.contains(activity),
        "{quarter:?}"
    );
    let words = refusal(case, &["--activity", first]);
    assert!(words.contains("no activity"), "{words}");
    let words = refusal(case, &["--deputy", "nobody", "--year", YEAR]);
    assert!(words.contains("nobody here is called"), "{words}");

    for record in [first, activity, deputy] {
        let file = case.place.path().join(format!("{name}-{record}.automerge"));
        let told = case
            .above
            .json(&["export", record, "-o", file.to_str().unwrap(), "--json"]);
        let length = std::fs::metadata(&file).unwrap().len();
        assert_eq!(
            (&told["record"], &told["bytes"]),
            (&json!(record), &json!(length))
        );
    }
}

/// Makes a bundle, has it proved, and gives the records in it.
fn bundled(case: &Case, name: &str, args: &[&str]) -> BTreeSet<String> {
    let file = case.place.path().join(format!("{name}.tar"));
    let file = file.to_str().unwrap();
    let told = case
        .above
        .json(&[&["bundle"][..], args, &["-o", file, "--json"]].concat());
    assert_eq!(told["file"], file);
    let mut audit = command("lianzhan-audit");
    audit
        .args(["verify", file, "--json", "--root"])
        .arg(case.above.dir().join("founding.cose"));
    let output = run(&mut audit);
    let proved: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&proved["ok"], output.status.code()),
        (&json!(true), Some(0)),
        "{args:?}: {proved:#}"
    );
    let records = proved["report"]["records"].as_array().unwrap().iter();
    records
        .map(|record| {
            let changes = record["changes"].as_array().unwrap();
            assert!(!changes.is_empty());
            record["id"].as_str().unwrap().to_owned()
        })
        .collect()
}

fn refusal(case: &Case, args: &[&str]) -> String {
    let file = case.place.path().join("none.tar");
    let args = [&["bundle"][..], args, &["-o", file.to_str().unwrap()]].concat();
    let output = run(&mut case.above.command(&args));
    assert_eq!(output.status.code(), Some(1), "{args:?}");
    assert!(!file.exists());
    String::from_utf8(output.stderr).unwrap()
}

/// A township and its station: the roster and the visits come from the station, the activity from the township.
fn raise() -> Case {
    let place = tempfile::tempdir().unwrap();
    let (above, below) = (Site::new(place.path(), "above"), Site::new(place.path(), "below"));
    above.found("township", ["枫渡镇", "Fengdu Town"], "990121103");
    let running = above.start();
    above.admit(&below, "station", ["石桥站", "Shiqiao Station"], "990121103201");
    running.stop();
    below.succeed(&[
        "appoint",
        "zhou",
        "--name",
        "周",
        "--role",
        "station_liaison",
        "--role",
        "opinion_liaison",
    ]);
    above.succeed(&["appoint", "chen", "--name", "陈", "--role", "organiser"]);
    let space = {
        let node = Node::open(above.dir(), &Overrides::default()).unwrap();
        let authority = node
            .unlock_authority(&SecretString::from(PASSPHRASE.to_owned()))
            .unwrap();
        let station = node.directory().children(&node.org_id()).next().unwrap().id;
        node.open_joint_space(&authority, &[station], Level::Township, 2026)
            .unwrap()
    };
    let book = root().join("docs/samples/deputies-shiqiao.xlsx");
    let report = below.json(&[
        "import",
        "deputy_roster",
        book.to_str().unwrap(),
        "--login",
        "zhou",
        "--json",
    ]);
    assert_eq!(report["errors"], json!([]), "{report}");
    let (up, down) = (above.start(), below.start());
    until("views are up to date", || {
        (down.status()["views_lag"] == 0).then_some(())
    });
    let roster = column(&below.json(&["query", "deputy_roster", "--json"]), "record");
    let visits = [
        ("2026-04-16T09:00:00+08:00", Some(&roster[0])),
        ("2026-05-07T15:00:00+08:00", Some(&roster[0])),
        ("2026-02-03T10:00:00+08:00", None),
    ]
    .map(|(at, receiver)| visit(&down, at, receiver));
    let call = json!({
        "login": "chen", "passphrase": PASSPHRASE, "space": space.id(),
        "fields": {
            "topic": "老街消防联合检查", "from": "2026-05-08T09:00:00+08:00", "to": "2026-05-08T11:00:00+08:00",
            "participants/1/person": roster[0],
        },
    });
    let activity = written(&up, "/activities", &call);
    until("all is witnessed and shared", || {
        let states = [up.status(), down.status()];
        let level = states
            .iter()
            .all(|status| status["entries"] == status["witnessed_entries"]);
        let [above, _] = &states;
        (level && above["visits"] == 3 && above["views_lag"] == 0).then_some(())
    });
    down.stop();
    up.stop();
    Case {
        place,
        above,
        roster,
        visits,
        activity,
    }
}

fn visit(node: &Running, at: &str, receiver: Option<&String>) -> String {
    let mut fields = json!({
        "received_at": at, "channel": "visit", "persons": 1, "nature": "problem", "gist": "老街路灯坏了两盏。",
    });
    if let Some(receiver) = receiver {
        fields["receiver/1"] = json!(receiver);
    }
    let body = json!({
        "login": "zhou", "passphrase": PASSPHRASE, "fields": fields, "subject": { "name": "来访人" },
    });
    written(node, "/visits", &body)
}

fn written(node: &Running, path: &str, body: &Value) -> String {
    let answer = node.api.post(path, body);
    let answer = answer.unwrap_or_else(|fault| panic!("{path}: {fault:?}"));
    answer["record"].as_str().unwrap().to_owned()
}

fn column(table: &Value, name: &str) -> Vec<String> {
    let columns = table["columns"].as_array().unwrap();
    let n = columns.iter().position(|column| column == name).unwrap();
    let rows = table["rows"].as_array().unwrap().iter();
    rows.map(|row| row[n].as_str().unwrap().to_owned()).collect()
}
