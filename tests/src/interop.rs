//! What the nodes write, checked by programs that are not ours: the libraries of others in `tests/interop`, OpenSSL, age.
//! Each must accept what is real and refuse what was damaged. `tests/run` installs them.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use lianzhan_node::documents;
use lianzhan_protocol::bundle::README;
use lianzhan_protocol::record::Value as FieldValue;
use serde_json::{Value, json};

use super::prefecture::PASSPHRASE;
use super::process::{Running, Site, beside, command, measured, run, succeed, until};
use super::root;

mod conflicts;

/// Where the demo's township holds its evidence from.
const PLACE: &str = "fengdu";
const TOPIC: &str = "石桥河流域水环境联合视察";
const VISITS: usize = 3;

type Story = fn(&Scene);

#[test]
fn what_the_nodes_write_convinces_programs_of_others() {
    let _lane = beside();
    let tools = Tools::find();
    let dir = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let scene = Scene::play(dir.path(), tools);
    let mut told = format!(
        "interop: a bundle of {} statements, {} logs and {} changes after {:.1} s",
        scene.report["statements"],
        len(&scene.report["logs"]),
        len(&scene.report["changes"]),
        began.elapsed().as_secs_f64()
    );
    let stories: [(&str, Story); 6] = [
        ("Python, by the specification alone", specification_in_python),
        ("Python finds every damage", damage_in_python),
        ("Go checks notes and proofs", notes_and_proofs_in_go),
        ("OpenSSL, as README.txt says", by_hand_with_openssl),
        ("JavaScript reads the documents", documents_in_javascript),
        ("age and OpenSSL recover keys", keys_with_age),
    ];
    let mut failed = Vec::new();
    for (name, story) in stories {
        let began = Instant::now();
        let done = catch_unwind(AssertUnwindSafe(|| story(&scene)));
        told.push_str(&format!("\n  {:5.1} s  {name}", began.elapsed().as_secs_f64()));
        if done.is_err() {
            failed.push(name);
        }
    }
    measured(&told);
    assert!(failed.is_empty(), "{failed:#?}");
}

/// A demo that has ended, and the evidence of its joint activity and some visits, unpacked.
struct Scene {
    dir: PathBuf,
    tools: Tools,
    site: Site,
    /// The activity first.
    records: Vec<String>,
    tar: PathBuf,
    bundle: PathBuf,
    /// What Python made of the bundle.
    report: Value,
}

impl Scene {
    fn play(dir: &Path, tools: Tools) -> Self {
        let demo = dir.join("demo");
        succeed(
            command("lianzhan")
                .args(["demo", "--exit", "--json", "--dir"])
                .arg(&demo),
        );
        let site = Site::new(&demo, PLACE);
        let mut records = vec![joint_activity(&site)];
        records.extend(ids(&site, "letters_visits", VISITS));
        let tar = dir.join("evidence.tar");
        let mut arguments = vec!["bundle"];
        arguments.extend(records.iter().map(String::as_str));
        arguments.extend(["-o", text_of(&tar)]);
        site.succeed(&arguments);
        let bundle = dir.join("evidence");
        unpack(&tar, &bundle);
        let report = succeed(&mut tools.evidence(&bundle));
        Scene {
            dir: dir.to_owned(),
            tools,
            site,
            records,
            tar,
            bundle,
            report: serde_json::from_str(&report).expect("a report"),
        }
    }

    /// A copy of the bundle in which one bit of a file is another one: of the first whose path ends so, `at` bytes from its
    /// start or, below 0, from its end.
    fn damaged(&self, ending: &str, at: isize) -> PathBuf {
        let copy = self.dir.join("damaged");
        // The last one, if there is one.
        let _ = fs::remove_dir_all(&copy);
        unpack(&self.tar, &copy);
        let file = super::process::files_below(&copy)
            .into_iter()
            .filter(|path| text_of(path).ends_with(ending))
            .min()
            .unwrap_or_else(|| panic!("no {ending} in the bundle"));
        let mut bytes = fs::read(&file).unwrap();
        let from = if at < 0 { bytes.len() } else { 0 };
        bytes[from.checked_add_signed(at).expect("within the file")] ^= 1;
        fs::write(&file, bytes).unwrap();
        copy
    }
}

/// The activity that was sealed: several people of several orgs wrote it, some at the same time.
fn joint_activity(site: &Site) -> String {
    let activities = site.json(&["query", "activity", "--json"]);
    let rows = activities["rows"].as_array().expect("rows").iter();
    let topic = |row: &&Value| row.to_string().contains(TOPIC);
    let row = rows.into_iter().find(topic).expect("the demo's joint activity");
    row[0].as_str().expect("an id").to_owned()
}

fn ids(site: &Site, view: &str, count: usize) -> Vec<String> {
    let table = site.json(&["query", view, "--json"]);
    let rows = table["rows"].as_array().expect("rows");
    assert!(rows.len() >= count, "{view}: {} rows", rows.len());
    let ids = rows.iter().map(|row| row[0].as_str().expect("an id").to_owned());
    ids.take(count).collect()
}

fn unpack(tar: &Path, into: &Path) {
    fs::create_dir(into).unwrap();
    let step = block("tar ").replace("BUNDLE", text_of(tar));
    succeed(Command::new("sh").args(["-ec", &step]).current_dir(into));
}

fn text_of(path: &Path) -> &str {
    path.to_str().expect("paths of tests are UTF-8")
}

fn len(value: &Value) -> usize {
    value.as_object().map_or(0, serde_json::Map::len)
}

/// The commands of the bundle's `README.txt` from the line on that begins so.
fn block(first: &str) -> String {
    let lines = README.lines().map(|line| line.strip_prefix("       "));
    let block: Vec<&str> = lines
        .skip_while(|line| !line.is_some_and(|line| line.starts_with(first)))
        .map_while(|line| line)
        .collect();
    assert!(
        !block.is_empty(),
        "README.txt has no block that begins with {first}"
    );
    block.join("\n")
}

fn refused(output: &Output, what: &str) {
    assert!(!output.status.success(), "{what} was accepted");
}

/// The signatures of founders, authorities, authors, nodes and witnesses were verified when the scene was set; here, that
/// none of them could have been another one.
fn damage_in_python(scene: &Scene) {
    assert!(scene.report["statements"].as_u64() > Some(20), "{}", scene.report);
    for (ending, at) in [
        ("founding.cose", -1),
        ("founding.cose", 90),
        (".cose", -1),
        (".cose", 90),
        ("start.entry", -1),
        ("start.payload", -1),
        ("1.receipt", 20),
        (".entry", -1),
        (".payload", -1),
        ("start.tlog-proof", -6),
        ("1.consistency", -6),
    ] {
        let damaged = scene.damaged(ending, at);
        let output = run(&mut scene.tools.evidence(&damaged));
        refused(&output, &format!("{ending}, damaged at {at},"));
    }
}

/// `verifier` was written from the pages of `docs/spec` and the vectors alone, by someone who had not seen the program (but for 09): it says
/// what we say of all vectors, finds the summary of a real bundle byte for byte, refuses that bundle with any bit turned
/// around, and finds no fault in itself.
fn specification_in_python(scene: &Scene) {
    let vectors = root().join("tests/vectors");
    let told = succeed(scene.tools.verifier().arg("vectors").arg(&vectors));
    let count = told
        .trim()
        .strip_suffix(" vectors")
        .and_then(|count| count.parse::<usize>().ok());
    assert!(count > Some(350), "{told}");
    let founding = scene.bundle.join("founding.cose");
    let verify = |bundle: &Path| {
        let mut python = scene.tools.verifier();
        run(python.arg("bundle").args([bundle, &founding, &vectors]))
    };
    let output = verify(&scene.tar);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let bytes = fs::read(&scene.tar).unwrap();
    let damaged = scene.dir.join("damaged.tar");
    for at in [0, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
        let mut other = bytes.clone();
        other[at] ^= 1;
        fs::write(&damaged, other).unwrap();
        refused(&verify(&damaged), &format!("byte {at}, damaged,"));
    }
    succeed(scene.tools.verifier().args(["fuzz", "500", "1"]).arg(&vectors));
}

fn notes_and_proofs_in_go(scene: &Scene) {
    let check = |bundle: &Path, report: &Value| {
        let input = scene.dir.join("report.json");
        fs::write(&input, report.to_string()).unwrap();
        run(scene.tools.go().arg(bundle).stdin(fs::File::open(input).unwrap()))
    };
    let output = check(&scene.bundle, &scene.report);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let counts: Value = serde_json::from_slice(&output.stdout).expect("counts");
    let logs = scene.report["logs"].as_object().unwrap();
    let receipts: usize = logs
        .values()
        .map(|log| log["receipts"].as_array().map_or(0, Vec::len))
        .sum();
    assert!(receipts >= logs.len(), "every log is witnessed: {}", scene.report);
    assert_eq!(
        counts,
        json!({
            "inclusion": logs.len() + len(&scene.report["changes"]),
            "consistency": receipts,
            "witness": receipts,
        })
    );
    for (ending, at) in [
        ("start.entry", -1),
        (".entry", -10),
        ("start.tlog-proof", -6),
        ("1.consistency", -6),
    ] {
        let output = check(&scene.damaged(ending, at), &scene.report);
        refused(&output, &format!("{ending}, damaged at {at},"));
    }
    for (member, other) in [("witness_root", "root"), ("root", "witness_root")] {
        let mut report = scene.report.clone();
        for log in report["logs"].as_object_mut().unwrap().values_mut() {
            for receipt in log["receipts"].as_array_mut().unwrap() {
                receipt[member] = receipt[other].clone();
            }
        }
        refused(&check(&scene.bundle, &report), &format!("another {member}"));
    }
}

fn by_hand_with_openssl(scene: &Scene) {
    let steps = block("sed ");
    for folder in scene.report["logs"].as_object().unwrap().keys() {
        let folder = scene.bundle.join("logs").join(folder);
        let said = succeed(Command::new("sh").args(["-ec", &steps]).current_dir(&folder));
        assert_eq!(said.trim(), "Signature Verified Successfully");
    }
    let damaged = scene.damaged("start.tlog-proof", -20);
    let folder = fs::read_dir(damaged.join("logs"))
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .min();
    let folder = folder.expect("a log");
    refused(
        &run(Command::new("sh").args(["-ec", &steps]).current_dir(folder)),
        "another checkpoint signature",
    );
}

/// From a running node, and the same bytes from one that does not run.
fn documents_in_javascript(scene: &Scene) {
    let running = scene.site.start();
    for (n, record) in scene.records.iter().enumerate() {
        let [live, rest] = ["live", "rest"].map(|name| scene.dir.join(format!("{n}-{name}.automerge")));
        scene.site.succeed(&["export", record, "-o", text_of(&live)]);
        let shown = documented(&running, record);
        let read = scene.tools.document(&live);
        assert_eq!(read["heads"], shown["document_heads"], "{record}");
        let changes = shown["changes"].as_array().expect("changes");
        let counting = changes
            .iter()
            .filter(|change| change["verdict"]["verdict"] == "counts")
            .count();
        assert_eq!(read["changes"], counting, "{record}: {shown}");
        assert!(counting > 10 || n > 0, "an activity of several authors");
        assert_eq!(untyped(&read["keys"]), said(&shown["state"]), "{record}");
        let own = documents::read(&fs::read(&live).unwrap()).unwrap();
        assert_eq!(read["keys"], typed(&own), "{record}");
        fs::rename(live, rest).unwrap();
    }
    running.stop();
    for (n, record) in scene.records.iter().enumerate() {
        let [live, rest] = ["live", "rest"].map(|name| scene.dir.join(format!("{n}-{name}.automerge")));
        scene.site.succeed(&["export", record, "-o", text_of(&live)]);
        assert!(fs::read(live).unwrap() == fs::read(rest).unwrap(), "{record}");
    }
}

/// The record, once its document is built.
fn documented(running: &Running, record: &str) -> Value {
    until("the document of a record", || {
        let shown = running.api.get(&format!("/records/{record}"));
        (!shown["document_heads"].is_null()).then_some(shown)
    })
}

/// What a node says of a record, by the keys of its document.
fn said(state: &Value) -> BTreeMap<String, Vec<Value>> {
    let fields = state["fields"].as_object().expect("fields").iter();
    let mut keys: BTreeMap<String, Vec<Value>> = fields
        .map(|(name, field)| {
            let candidates = field["candidates"].as_array().expect("candidates");
            let values = candidates.iter().map(|candidate| candidate["value"].clone());
            (format!("f:{name}"), values.collect())
        })
        .collect();
    for event in state["events"].as_array().expect("events") {
        let id = event["id"].as_str().expect("an id");
        keys.insert(format!("e:{id}"), vec![event["body"].clone()]);
    }
    keys
}

/// What JavaScript says, as a node would say it: without types, and without fields that everybody emptied.
fn untyped(keys: &Value) -> BTreeMap<String, Vec<Value>> {
    let plain = |pair: &Value| match pair[0].as_str() {
        Some("int") => serde_json::from_str(pair[1].as_str().expect("digits")).expect("a number"),
        _ => pair[1].clone(),
    };
    let keys = keys.as_object().expect("keys").iter();
    keys.map(|(key, values)| {
        let values = values.as_array().expect("values").iter().map(plain).collect();
        (key.clone(), values)
    })
    .filter(|(_, values): &(String, Vec<Value>)| !values.iter().all(Value::is_null))
    .collect()
}

/// What we read in a document, as `document.js` prints it.
fn typed(keys: &BTreeMap<String, Vec<FieldValue>>) -> Value {
    let pair = |value: &FieldValue| match value {
        FieldValue::Null => json!(["null", null]),
        FieldValue::Bool(value) => json!(["bool", value]),
        FieldValue::Int(value) => json!(["int", value.to_string()]),
        FieldValue::Text(value) => json!(["text", value]),
        FieldValue::Bytes(value) => json!(["bytes", lianzhan_protocol::codec::hex(value)]),
    };
    let keys = keys
        .iter()
        .map(|(key, values)| (key.clone(), values.iter().map(pair).collect()));
    Value::Object(keys.collect())
}

/// A person's key and the keys of authorities are those that the statements name.
fn keys_with_age(scene: &Scene) {
    let at = |path: &str| scene.dir.join("demo").join(path);
    let lin = recover(&at("shiqiao/people/lin.age"), PASSPHRASE);
    assert_eq!(
        hex_of(&lin),
        scene.report["people"]["林静禾"].as_str(),
        "{}",
        scene.report
    );
    let root = recover(&at("city/authority.age"), PASSPHRASE);
    assert_eq!(hex_of(&root), scene.report["root"].as_str());
    let county = recover(&at("county/authority.age"), PASSPHRASE);
    let appointed = scene.report["authorities"].as_array().expect("keys");
    assert!(appointed.iter().any(|key| key.as_str() == hex_of(&county)));
    refused(
        &recover(&at("shiqiao/people/lin.age"), "another passphrase"),
        "another passphrase",
    );
}

fn hex_of(output: &Output) -> Option<&str> {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    std::str::from_utf8(&output.stdout).ok().map(str::trim)
}

fn recover(path: &Path, passphrase: &str) -> Output {
    use std::io::Write;
    let mut child = Command::new("python3")
        .arg(script("recover.py"))
        .arg(path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 was found");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    stdin.write_all(passphrase.as_bytes()).expect("it reads");
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn script(name: &str) -> PathBuf {
    root().join("tests/interop").join(name)
}

/// The programs of others.
struct Tools {
    /// Where `tests/interop/prepare` installs, and where Go builds.
    home: PathBuf,
}

impl Tools {
    /// Looks for all of them, so that what is missing is said before anything long runs.
    fn find() -> Self {
        let home = root().join("target/interop");
        for (program, version, package) in [
            ("go", "version", "golang-go"),
            ("age", "--version", "age"),
            ("openssl", "version", "openssl"),
            ("python3", "--version", "python3 and python3-venv"),
            ("node", "--version", "nodejs and npm"),
        ] {
            let found = Command::new(program).arg(version).output();
            assert!(
                found.is_ok_and(|output| output.status.success()),
                "{program} is missing: install the Debian package {package}, or run `tests/run install`"
            );
        }
        let modules = "/usr/share/gocode/src/golang.org/x/mod/sumdb/note";
        assert!(
            Path::new(modules).is_dir(),
            "{modules} is missing: install the Debian package golang-golang-x-mod-dev, or run `tests/run install`"
        );
        let tools = Tools { home };
        for (name, installed) in [
            ("requirements.txt", "venv/requirements.txt"),
            ("package-lock.json", "node/done"),
        ] {
            let installed = fs::read(tools.home.join(installed)).ok();
            assert!(
                installed == Some(fs::read(script(name)).unwrap()),
                "what tests/interop/{name} names is not installed: run `tests/interop/prepare`, or `tests/run install`"
            );
        }
        tools
    }

    fn verifier(&self) -> Command {
        let mut python = Command::new(self.home.join("venv/bin/python"));
        // It leaves nothing in its folder.
        python
            .args(["-B", "-m", "verifier"])
            .current_dir(root().join("tests/interop"));
        python
    }

    fn evidence(&self, bundle: &Path) -> Command {
        let mut python = Command::new(self.home.join("venv/bin/python"));
        python.arg(script("evidence.py")).arg(bundle);
        python
    }

    /// `log.go`, built.
    fn go(&self) -> Command {
        let program = self.home.join("log");
        let mut build = Command::new("go");
        build
            .args(["build", "-o"])
            .arg(&program)
            .arg(script("log.go"))
            // Debian's packages, and no other source.
            .env("GO111MODULE", "off")
            .env("GOPATH", "/usr/share/gocode")
            .env("GOFLAGS", "")
            .env("GOCACHE", self.home.join("go-cache"));
        succeed(&mut build);
        Command::new(program)
    }

    /// What JavaScript reads in a document.
    fn document(&self, file: &Path) -> Value {
        let mut node = Command::new("node");
        node.arg(script("document.js"))
            .arg(self.home.join("node"))
            .arg(file);
        serde_json::from_str(&succeed(&mut node)).expect("JSON")
    }
}
