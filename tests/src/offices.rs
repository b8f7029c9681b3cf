//! Posts and keys from the command line, as an operator gives, renews and takes them: on a node that runs and on one that
//! does not. The same command does the same on both, and says it in both languages and as JSON.

mod keys;
mod posts;
mod successors;

use std::process::Output;

use serde_json::{Value, json};

use super::process::{PASSPHRASE, Running, Site, beside, run, until};

/// A township with a station below it.
struct World {
    place: tempfile::TempDir,
    above: Site,
    below: Site,
}

impl World {
    fn raise() -> Self {
        let place = tempfile::tempdir().unwrap();
        let (above, below) = (Site::new(place.path(), "above"), Site::new(place.path(), "below"));
        above.found("township", ["枫渡镇", "Fengdu Town"], "990121103");
        let running = above.start();
        above.admit(&below, "station", ["石桥站", "Shiqiao Station"], "990121103201");
        running.stop();
        World { place, above, below }
    }

    fn file(&self, name: &str) -> String {
        self.place.path().join(name).to_str().unwrap().to_owned()
    }
}

/// Appoints a person who registers visits.
fn appoint(site: &Site, login: &str) -> String {
    let args = [
        "appoint",
        login,
        "--name",
        "林静禾",
        "--role",
        "opinion_liaison",
        "--json",
    ];
    text(&site.json(&args)["appointment"])
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

/// What a command says where it is refused: on stderr, the reason last, nothing on stdout, exit code 1.
fn refused(site: &Site, args: &[&str], settings: &[(&str, &str)]) -> String {
    let output = said(site, args, settings);
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{args:?}: {words}");
    assert!(output.stdout.is_empty(), "{args:?}");
    let last = words.trim_end().lines().last().unwrap_or_default();
    assert!(last.starts_with("lianzhan: "), "{words}");
    words
}

fn said(site: &Site, args: &[&str], settings: &[(&str, &str)]) -> Output {
    let mut command = site.command(args);
    command.envs(settings.iter().copied());
    run(&mut command)
}

/// What a command says in Chinese, on stdout and stderr together.
fn in_chinese(site: &Site, args: &[&str]) -> String {
    let output = said(site, args, &[("LIANZHAN_LANG", "zh")]);
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

/// One appointment as the node sees it.
fn office(site: &Site, id: &str) -> Value {
    let all = site.json(&["appointments", "--json"]);
    let all = all.as_array().unwrap();
    all.iter()
        .find(|office| office["id"] == id)
        .unwrap_or_else(|| panic!("no appointment {id}"))
        .clone()
}

/// The appointments in force of an org for a purpose.
fn in_force(site: &Site, org: &str, purpose: &str) -> Vec<String> {
    let all = site.json(&["appointments", "--json"]);
    let all = all.as_array().unwrap().iter();
    all.filter(|office| {
        office["org_name"] == org && office["purpose"] == purpose && office["state"] == "in_force"
    })
    .map(|office| text(&office["id"]))
    .collect()
}

fn visit(node: &Running, login: &str, passphrase: &str) -> String {
    let body = json!({
        "login": login, "passphrase": passphrase,
        "fields": {
            "received_at": "2026-04-16T09:00:00+08:00", "channel": "visit", "persons": 1, "nature": "problem",
            "gist": "老码头护坡裂缝变宽。",
        },
        "subject": { "name": "来访人" },
    });
    let written = node.api.post("/visits", &body);
    text(&written.unwrap_or_else(|fault| panic!("{fault:?}"))["record"])
}

/// Until both hold the same, and everything is witnessed that a station wrote.
fn settled(above: &Running, below: &Running) {
    until("all is witnessed and shared", || {
        let (up, down) = (above.status(), below.status());
        let lags = ["views_lag", "documents_lag"];
        let level = [&up, &down].iter().all(|status| {
            status["entries"] == status["witnessed_entries"] && lags.iter().all(|lag| status[*lag] == 0)
        });
        (level && up["visits"].as_u64() >= down["own_visits"].as_u64()).then_some(())
    });
}

/// The verdicts on a record's changes.
fn verdicts(node: &Running, record: &str) -> Vec<String> {
    let shown = node.api.get(&format!("/records/{record}"));
    let changes = shown["changes"].as_array().unwrap().iter();
    changes
        .map(|change| text(&change["verdict"]["verdict"]))
        .collect()
}
