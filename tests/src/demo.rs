//! `lianzhan demo`: what it prints, that it goes on with what is there, and that its nodes live without it.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::process::{Process, Site, beside, command, dice_of_test, measured, succeed, within};

/// Kills at instants of the first seconds: nodes are founded, join and start then, on slow machines and on quick ones.
const KILLS: usize = 8;

#[test]
fn the_demo_converges_goes_on_where_it_was_and_its_nodes_run_alone() {
    let _lane = beside();
    let dir = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let first = demo(dir.path());
    measured(&format!(
        "demo: {first} in {:.1} s with its start and end",
        began.elapsed().as_secs_f64()
    ));
    check(&first);

    let shiqiao = Site::new(dir.path(), "shiqiao");
    let alone = shiqiao.start();
    assert!(alone.status()["own_visits"].as_u64() >= Some(100));
    alone.stop();

    let began = Instant::now();
    let second = demo(dir.path());
    measured(&format!(
        "demo, second start: {:.1} s",
        began.elapsed().as_secs_f64()
    ));
    check(&second);
    assert_eq!(second["records"], first["records"], "nothing is written twice");
    assert!(
        second["entries"].as_u64() >= first["entries"].as_u64(),
        "{first} then {second}"
    );
}

#[test]
fn a_demo_that_was_killed_goes_on_to_the_end() {
    let _lane = beside();
    let dir = tempfile::tempdir().unwrap();
    let mut dice = dice_of_test("killed demo");
    let instants: Vec<u64> = (0..KILLS).map(|_| 100 + dice.below(2_400) as u64).collect();
    let said = tempfile::NamedTempFile::new().unwrap();
    for (n, instant) in instants.iter().enumerate() {
        let mut demo = Process::start(
            demo_command(dir.path())
                .stdout(Stdio::null())
                .stderr(said.reopen().unwrap()),
        );
        match within(Duration::from_millis(*instant), || demo.ended()) {
            None => demo.kill9(),
            // One that goes on may be quick.
            Some(status) => assert!(
                n > 0 && status.success(),
                "ended before it could be killed: {status}\n{}",
                std::fs::read_to_string(said.path()).unwrap_or_default()
            ),
        }
    }
    let began = Instant::now();
    let outcome = demo(dir.path());
    measured(&format!(
        "demo killed after {instants:?} ms: the next start converged in {:.1} s",
        began.elapsed().as_secs_f64()
    ));
    check(&outcome);
}

fn demo_command(dir: &Path) -> std::process::Command {
    let mut command = command("lianzhan");
    command.args(["demo", "--exit", "--json", "--dir"]).arg(dir);
    command
}

/// The last line of stdout of a demo that ended well.
fn demo(dir: &Path) -> Value {
    let out = succeed(&mut demo_command(dir));
    let last = out.lines().last().expect("a last line");
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {out}"))
}

fn check(outcome: &Value) {
    let number = |key: &str| {
        outcome[key]
            .as_u64()
            .unwrap_or_else(|| panic!("{key} in {outcome}"))
    };
    assert_eq!(number("nodes"), 8);
    assert_eq!(outcome["converged"], true);
    assert_eq!(number("witnessed_entries"), number("entries"));
    assert_eq!(number("county_visits"), number("station_visits"));
    assert!(number("county_visits") >= 400, "{outcome}");
    assert!(number("records") > number("county_visits"), "{outcome}");
    assert_eq!(number("joint_seals"), 4);
    assert!(outcome["seconds"].as_f64() > Some(0.0));
}
