//! The auditor's program on directories of real nodes: a clean copy passes, whatever was changed is found and named, copies
//! are compared, and a node that goes back is noticed by whoever watched it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Output;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::process::{PASSPHRASE, Running, Site, beside, command, files_below, run, until};

const VISITS: usize = 4;

/// A township with a station below it, both with a few visits and witnessed.
pub(crate) struct World {
    pub(crate) place: tempfile::TempDir,
    pub(crate) above: Site,
    pub(crate) below: Site,
}

impl World {
    pub(crate) fn raise() -> Self {
        let place = tempfile::tempdir().unwrap();
        let (above, below) = (Site::new(place.path(), "above"), Site::new(place.path(), "below"));
        above.found("township", ["枫渡镇", "Fengdu Town"], "990121103");
        let running = above.start();
        above.admit(&below, "station", ["石桥站", "Shiqiao Station"], "990121103201");
        for (site, login) in [(&above, "chen"), (&below, "lin")] {
            site.succeed(&["appoint", login, "--name", "林静禾", "--role", "opinion_liaison"]);
        }
        running.stop();
        World { place, above, below }
    }

    /// Starts both, lets `work` happen, and waits until all is witnessed and shared.
    fn together(&self, work: impl FnOnce(&Running, &Running)) {
        let (above, below) = (self.above.start(), self.below.start());
        work(&above, &below);
        settled(&above, &below);
        below.stop();
        above.stop();
    }

    /// A copy of a directory, at rest.
    fn copy(&self, site: &Site, name: &str) -> PathBuf {
        let to = self.place.path().join(name);
        copy_dir(site.dir(), &to);
        to
    }
}

pub(crate) fn settled(above: &Running, below: &Running) {
    until("all is witnessed and shared", || {
        let level = [above, below].iter().all(|node| {
            let status = node.status();
            let lags = ["views_lag", "documents_lag"];
            status["entries"] == status["witnessed_entries"] && lags.iter().all(|lag| status[*lag] == 0)
        });
        (level && above.status()["visits"].as_u64() >= below.status()["own_visits"].as_u64()).then_some(())
    });
}

pub(crate) fn visit(node: &Running, login: &str, n: usize) {
    let fields = json!({
        "received_at": "2026-04-16T09:00:00+08:00", "channel": "visit", "persons": 1, "nature": "problem",
        "gist": format!("第 {n} 件：老码头护坡裂缝变宽。"),
    });
    let body = json!({
        "login": login, "passphrase": PASSPHRASE, "fields": fields, "subject": { "name": format!("来访人{n}") },
    });
    node.api
        .post("/visits", &body)
        .unwrap_or_else(|fault| panic!("{fault:?}"));
}

fn copy_dir(from: &Path, to: &Path) {
    for path in files_below(from) {
        let place = to.join(path.strip_prefix(from).unwrap());
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::copy(&path, &place).unwrap();
    }
}

fn audit(args: &[&str]) -> Output {
    run(command("lianzhan-audit").args(args))
}

/// The answer in JSON, and the exit code.
fn asked(args: &[&str]) -> (Value, i32) {
    let output = audit(&[args, &["--json"]].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let answer = serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!(
            "{args:?}: {error}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        )
    });
    (answer, output.status.code().unwrap())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn kinds(answer: &Value, of: &str) -> BTreeSet<String> {
    let list = answer[of].as_array().unwrap();
    list.iter()
        .map(|item| item["kind"].as_str().unwrap().to_owned())
        .collect()
}

/// Changes a copy with SQL, checks it, and gives the kinds of faults.
fn tampered(
    clean: &Path,
    name: &str,
    root: &str,
    change: impl FnOnce(&Connection),
) -> (BTreeSet<String>, Value) {
    let copy = clean.with_file_name(name);
    copy_dir(clean, &copy);
    let database = Connection::open(copy.join("lianzhan.db")).unwrap();
    change(&database);
    database.close().unwrap();
    let (answer, code) = asked(&["check", text(&copy), "--root", root]);
    assert_eq!(code, 1, "{name}: {answer:#}");
    (kinds(&answer, "faults"), answer)
}

#[test]
fn a_clean_copy_passes_and_whatever_was_changed_is_named() {
    let _lane = beside();
    let world = World::raise();
    world.together(|above, below| {
        for n in 0..VISITS {
            visit(above, "chen", n);
            visit(below, "lin", n);
        }
    });
    let root = world.above.dir().join("founding.cose");
    let root = text(&root);
    for (site, name) in [(&world.above, "a"), (&world.below, "b")] {
        let copy = world.copy(site, name);
        let before = std::fs::read(copy.join("lianzhan.db")).unwrap();
        let (answer, code) = asked(&["check", text(&copy), "--root", root]);
        assert_eq!((code, &answer["ok"]), (0, &json!(true)), "{name}: {answer:#}");
        assert!(answer["totals"]["entries"].as_u64() > Some(VISITS as u64));
        assert!(answer["totals"]["records"].as_u64() >= Some(VISITS as u64));
        assert_eq!(
            before,
            std::fs::read(copy.join("lianzhan.db")).unwrap(),
            "nothing is written"
        );
    }
    let clean = world.place.path().join("b");
    let has = |name: &str, kind: &str, change: &dyn Fn(&Connection)| {
        let (kinds, answer) = tampered(&clean, name, root, change);
        assert!(
            kinds.contains(kind),
            "{name}: {kind} is not among {kinds:?}: {answer:#}"
        );
        answer
    };
    let sql = |sql: &'static str| {
        move |database: &Connection| assert!(database.execute(sql, []).unwrap() > 0, "{sql}")
    };
    // The log of visits is one with a change in it; its last change is taken.
    const PICK: &str = "(SELECT log FROM entries WHERE kind = 1 ORDER BY log LIMIT 1)";
    let place = {
        let database = Connection::open(clean.join("lianzhan.db")).unwrap();
        let sql = format!("SELECT log, max(idx) FROM entries WHERE kind = 1 AND log = {PICK}");
        database
            .query_row(&sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, u64>(1)?)))
            .unwrap()
    };
    let answer = has("flipped", "entry", &|database| {
        let mut entry: Vec<u8> = database
            .query_row(
                "SELECT entry FROM entries WHERE log = ? AND idx = ?",
                place,
                |row| row.get(0),
            )
            .unwrap();
        let last = entry.len() - 1;
        entry[last] ^= 1;
        database
            .execute(
                "UPDATE entries SET entry = ?3 WHERE log = ?1 AND idx = ?2",
                (place.0, place.1, entry),
            )
            .unwrap();
    });
    let fault = &answer["faults"][0];
    assert_eq!(fault["index"], json!(place.1), "{fault}");
    assert!(
        fault["words_zh"].as_str().unwrap().contains("作者签名不符"),
        "{fault}"
    );
    let answer = has("deleted", "gap", &|database| {
        database
            .execute("DELETE FROM entries WHERE log = ? AND idx = ?", place)
            .unwrap();
    });
    assert_eq!(answer["faults"][0]["index"], json!(place.1));
    let answer = has("swapped", "payload", &|database| {
        let other: Vec<u8> = database
            .query_row(
                "SELECT payload FROM entries WHERE log = ? AND idx < ? AND kind = 1 ORDER BY idx DESC LIMIT 1",
                place,
                |row| row.get(0),
            )
            .unwrap();
        database
            .execute(
                "UPDATE entries SET payload = ?3 WHERE log = ?1 AND idx = ?2",
                (place.0, place.1, other),
            )
            .unwrap();
    });
    assert_eq!(answer["faults"][0]["index"], json!(place.1));
    has("cut", "cut", &|database| {
        let sql = "DELETE FROM entries WHERE log = ?1 AND idx >= (SELECT size - 1 FROM logs WHERE id = ?1)";
        database.execute(sql, [place.0]).unwrap();
    });
    has(
        "root",
        "root",
        &sql("UPDATE logs SET root = zeroblob(32) WHERE own = 1"),
    );
    has(
        "tree",
        "tree",
        &sql("UPDATE nodes SET hash = zeroblob(32) WHERE log > 0 AND idx = 2"),
    );
    has("statement", "statement_lacking", &sql("DELETE FROM statements"));
    has("receipt", "receipt_lacking", &sql("DELETE FROM receipts"));
    has(
        "row",
        "record",
        &sql("UPDATE records SET state = replace(state, '老码头', '新码头')"),
    );
    has(
        "verdicts",
        "record",
        &sql("UPDATE records SET refused = refused + 1"),
    );
    has(
        "columns",
        "columns",
        &sql("UPDATE entries SET change = zeroblob(32) WHERE kind = 1"),
    );
    has(
        "checkpoint",
        "checkpoint",
        &sql("UPDATE logs SET checkpoint = 'x' WHERE own = 1"),
    );

    // A view in place of a table would run what somebody wrote into it.
    let copy = clean.with_file_name("view");
    copy_dir(&clean, &copy);
    let database = Connection::open(copy.join("lianzhan.db")).unwrap();
    database
        .execute_batch("ALTER TABLE entries RENAME TO e; CREATE VIEW entries AS SELECT * FROM e")
        .unwrap();
    database.close().unwrap();
    let output = audit(&["check", text(&copy), "--root", root]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn copies_are_compared_and_a_fork_is_told_from_an_old_copy() {
    let _lane = beside();
    let world = World::raise();
    world.together(|_, below| visit(below, "lin", 1));
    let early = world.copy(&world.below, "early");
    let twin = Site::new(world.place.path(), "twin");
    copy_dir(world.below.dir(), twin.dir());
    world.together(|_, below| (2..5).for_each(|n| visit(below, "lin", n)));
    let late = world.copy(&world.below, "late");

    let (answer, code) = asked(&["compare", text(&early), text(&early)]);
    assert_eq!((code, &answer["equal"]), (0, &json!(true)));
    let (answer, code) = asked(&["compare", text(&early), text(&late)]);
    assert_eq!((code, &answer["contradictions"]), (0, &json!(0)), "{answer:#}");
    let lacks = answer["findings"].as_array().unwrap().iter();
    assert!(
        lacks
            .clone()
            .any(|found| found["kind"] == "lacks_entries" && found["side"] == "A")
    );
    assert!(lacks.clone().all(|found| found["side"] == "A"), "{answer:#}");

    // The same node goes on twice from one place: one key signs two histories.
    let node = twin.start();
    (7..9).for_each(|n| visit(&node, "lin", n));
    node.stop();
    let (answer, code) = asked(&["compare", text(&late), text(twin.dir())]);
    assert_eq!(code, 1, "{answer:#}");
    let findings = answer["findings"].as_array().unwrap();
    let fork = findings.iter().find(|found| found["kind"] == "fork");
    let fork = fork.unwrap_or_else(|| panic!("no fork: {answer:#}"));
    assert!(fork["index"].as_u64() > Some(0) && fork["checkpoint_a"] != fork["checkpoint_b"]);
    assert!(fork["words_zh"].as_str().unwrap().contains("分叉"));
    let said = audit(&["compare", text(&late), text(twin.dir()), "--lang", "en"]);
    assert!(String::from_utf8_lossy(&said.stdout).contains("this is a fork"));

    // An old database under the marks of a newer one is an old copy.
    std::fs::copy(late.join("high-water"), early.join("high-water")).unwrap();
    let (answer, code) = asked(&["check", text(&early)]);
    assert_eq!(code, 1);
    assert!(kinds(&answer, "faults").contains("old_copy"), "{answer:#}");
}

/// One look; the lines told, and the exit code.
fn look(url: &str, state: &Path) -> (Vec<Value>, i32) {
    let output = audit(&["watch", url, "--state", text(state), "--once", "--json"]);
    let lines = String::from_utf8(output.stdout).unwrap();
    let told = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    (told, output.status.code().unwrap())
}

fn events(told: &[Value]) -> BTreeSet<&str> {
    told.iter().map(|told| told["event"].as_str().unwrap()).collect()
}

#[test]
fn whoever_watched_a_node_notices_that_it_went_back() {
    let _lane = beside();
    let world = World::raise();
    let state = world.place.path().join("seen.json");
    // The address of a node that starts anew is another one, unless it is told to keep it.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let address = format!("127.0.0.1:{port}");
    let url = format!("http://{address}/");
    let settings = world.below.dir().join("lianzhan.toml");
    let with_port = std::fs::read_to_string(&settings)
        .unwrap()
        .replace("127.0.0.1:0", &address);
    std::fs::write(&settings, with_port).unwrap();

    let (_, code) = look(&url, &state);
    assert_eq!(code, 2, "nobody serves there yet");
    let early = world.place.path().join("old");
    world.together(|_, below| {
        visit(below, "lin", 1);
        let (told, code) = look(&url, &state);
        assert_eq!((events(&told), code), (BTreeSet::from(["first"]), 0), "{told:?}");
        assert!(told.len() >= 3, "directory, visits, witness log: {told:?}");
    });
    copy_dir(world.below.dir(), &early);
    world.together(|_, below| {
        visit(below, "lin", 2);
        let (told, code) = look(&url, &state);
        assert_eq!(code, 0, "{told:?}");
        assert!(events(&told).contains("grew"), "{told:?}");
    });
    // All of the directory is put back, with the marks of what was signed.
    std::fs::remove_dir_all(world.below.dir()).unwrap();
    copy_dir(&early, world.below.dir());
    let node = world.below.start();
    let before = std::fs::read(&state).unwrap();
    let (told, code) = look(&url, &state);
    assert_eq!(code, 1, "{told:?}");
    let back = told.iter().find(|told| told["event"] == "rolled_back");
    let back = back.unwrap_or_else(|| panic!("{told:?}"));
    let evidence: Vec<_> = back["evidence"].as_array().unwrap().iter().collect();
    assert_eq!(evidence.len(), 3, "both notes, and the key that verifies them");
    for path in evidence {
        assert!(std::fs::metadata(path.as_str().unwrap()).unwrap().len() > 0);
    }
    assert_eq!(
        before,
        std::fs::read(&state).unwrap(),
        "what was seen stays what is remembered"
    );
    // It goes on past the old size: another history of the same length.
    (10..30).for_each(|n| visit(&node, "lin", n));
    let (told, code) = look(&url, &state);
    assert_eq!(code, 1, "{told:?}");
    let found = events(&told);
    assert!(
        found.contains("not_extended") || found.contains("fork"),
        "{told:?}"
    );
    node.stop();
}
