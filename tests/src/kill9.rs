//! Durable before acknowledged: a station is killed at random instants while it takes in visits, and afterwards every
//! visit that was acknowledged is there, at the station and, once they have talked, at the township above it.
//!
//! SIGKILL leaves what the kernel has; that the disk has it, too, is what `synchronous=FULL` and the order of syncs are
//! for, which a test of the store asserts.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lianzhan_node::config::Overrides;
use lianzhan_node::services::{Node, parse_record};
use serde_json::{Value, json};

use super::process::{Api, Fault, PASSPHRASE, Site, beside, dice_of_test, measured, until, within};

/// How often the station is killed while it ingests.
const KILLS: usize = 50;
/// After so many kills the township is killed, too, their copies are compared, and the station is killed while it starts.
const PREFIX_EVERY: usize = 10;
/// Latest instant of a kill after the station answers, or after its start, in milliseconds.
const LATEST_MS: usize = 400;
const WRITERS: usize = 4;

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed_fifty_times() {
    let _lane = beside();
    let began = Instant::now();
    let mut dice = dice_of_test("kill -9");
    let dir = tempfile::tempdir().unwrap();
    let (above, below) = raise(dir.path());
    let mut township = above.start();
    let acknowledged = Mutex::new(BTreeSet::new());
    let (mut instants, mut at_start, mut behind) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..KILLS {
        let mut station = below.start();
        let instant = Duration::from_millis(dice.below(LATEST_MS + 1) as u64);
        instants.push(instant.as_millis());
        let (api, stop) = (station.api.clone(), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (api, stop, acknowledged) = (&api, &stop, &acknowledged);
                scope.spawn(move || write(api, round * WRITERS + writer, stop, acknowledged));
            }
            // Until then it must live: nothing but the test ends it.
            if let Some(status) = within(instant, || station.process.ended()) {
                panic!("round {round}: the station ended by itself: {status}");
            }
            station.process.kill9();
            stop.store(true, Ordering::Relaxed);
        });
        if (round + 1) % PREFIX_EVERY == 0 {
            // Before they talk again: what the township has is a prefix of what the station has.
            township.process.kill9();
            behind.push(prefixes(&above, &below));
            township = above.start();
            let mut starting = below.launch();
            let instant = Duration::from_millis(dice.below(LATEST_MS + 1) as u64);
            at_start.push(instant.as_millis());
            // One that gets ready meanwhile is killed as well.
            let _ = within(instant, || starting.ended());
            starting.kill9();
        }
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    let killed = began.elapsed();
    assert!(
        acknowledged.len() >= KILLS,
        "too little was written to mean anything: {}",
        acknowledged.len()
    );

    let station = below.start();
    let shown = records(&station.api);
    let lost: Vec<_> = acknowledged.difference(&shown).collect();
    assert!(
        lost.is_empty(),
        "{} acknowledged records are lost: {lost:?}",
        lost.len()
    );
    until("both hold the same, all witnessed", || {
        let (station, township) = (station.status(), township.status());
        for status in [&station, &township] {
            assert_eq!(status["alarms"], json!([]));
            let halted = status["logs"]
                .as_array()
                .unwrap()
                .iter()
                .find(|log| !log["halted"].is_null());
            assert_eq!(halted, None);
        }
        let level = station["own_visits"] == township["visits"]
            && [&station, &township].iter().all(|status| {
                let lags = ["views_lag", "documents_lag", "keys_lacking"];
                status["entries"] == status["witnessed_entries"] && lags.iter().all(|lag| status[*lag] == 0)
            });
        level.then_some(())
    });
    assert_eq!(records(&township.api), records(&station.api));
    for site in [&below, &above] {
        let report = site.json(&["check", "--json"]);
        assert_eq!(report["faults"], json!([]), "{}", site.dir().display());
    }
    station.stop();
    township.stop();
    let report = below.json(&["check", "--json"]);
    assert_eq!(report["faults"], json!([]), "also while it does not run");
    for site in [&below, &above] {
        let node = Node::open(site.dir(), &Overrides::default()).unwrap();
        for record in &shown {
            let annexes = node
                .record_detail(&parse_record(record).unwrap())
                .unwrap()
                .annexes;
            assert_eq!(annexes.len(), 1, "{record} has its personal part, which opens");
        }
    }
    measured(&format!(
        "kill -9: {KILLS} kills, {} visits acknowledged, {} held; {:.1} s of kills, {:.1} s in all; in ms after the \
         station answered: {instants:?}, after its start: {at_start:?}; entries that the township lacked when both were \
         killed: {behind:?}",
        acknowledged.len(),
        shown.len(),
        killed.as_secs_f64(),
        began.elapsed().as_secs_f64()
    ));
}

/// A township, and a station below it with a clerk.
fn raise(dir: &Path) -> (Site, Site) {
    let (above, below) = (Site::new(dir, "township"), Site::new(dir, "station"));
    above.found("township", ["枫渡镇", "Fengdu Town"], "990121103");
    let running = above.start();
    above.admit(&below, "station", ["石桥站", "Shiqiao Station"], "990121103201");
    below.succeed(&["appoint", "lin", "--name", "林静禾", "--role", "opinion_liaison"]);
    running.stop();
    (above, below)
}

/// Writes visits until told to stop or until nobody answers.
fn write(api: &Api, writer: usize, stop: &AtomicBool, acknowledged: &Mutex<BTreeSet<String>>) {
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        match api.post("/visits", &visit(writer, count)) {
            Ok(written) => {
                let record = written["record"].as_str().expect("the record's id").to_owned();
                acknowledged.lock().unwrap().insert(record);
            }
            Err(Fault::Broken(_)) => return,
            Err(refused) => panic!("{refused:?}"),
        }
        count += 1;
    }
}

fn visit(writer: usize, count: usize) -> Value {
    json!({
        "login": "lin", "passphrase": PASSPHRASE,
        "fields": {
            "received_at": "2026-04-16T09:30:00+08:00", "channel": "visit", "persons": 1, "nature": "problem",
            "gist": format!("第{writer}批第{count}件：老街路灯坏了。"), "note": "",
        },
        "subject": { "name": format!("来访人{writer}之{count}") },
    })
}

/// Ids of the visits in a node's view, once it lags no more.
fn records(api: &Api) -> BTreeSet<String> {
    until("views without lag", || {
        (api.get("/status")["views_lag"] == 0).then_some(())
    });
    let table = api.get("/views/letters_visits");
    let rows = table["rows"].as_array().unwrap();
    rows.iter()
        .map(|row| row[0].as_str().unwrap().to_owned())
        .collect()
}

/// Asserts that every log of the station at the township is a prefix of the station's own; how many
/// entries it lacks.
fn prefixes(above: &Site, below: &Site) -> u64 {
    let open = |site: &Site| Node::open(site.dir(), &Overrides::default()).unwrap();
    let (township, station) = (open(above), open(below));
    let own = station.store().read(|reader| reader.logs()).unwrap();
    let copies = township.store().read(|reader| reader.logs()).unwrap();
    let (mut lacking, mut compared) = (0, 0);
    for copy in copies.iter().filter(|log| !log.own) {
        let log = own
            .iter()
            .find(|log| log.origin == copy.origin)
            .expect("a copy is of a log that exists");
        assert!(log.own && log.halted.is_none() && copy.halted.is_none());
        assert!(
            copy.size <= log.size,
            "the township holds more than the station: {} > {}",
            copy.size,
            log.size
        );
        let root = station
            .store()
            .read(|reader| reader.root_at(log.id, copy.size))
            .unwrap();
        assert_eq!(root, copy.root, "{} is no prefix", copy.origin);
        compared += 1;
        lacking += log.size.0 - copy.size.0;
    }
    assert!(compared >= 3, "directory, visits and persons");
    lacking
}
