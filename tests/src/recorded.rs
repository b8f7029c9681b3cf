//! What people without a key did on paper, recorded at the command line: at a node that runs and at one that does not, what
//! is written and what is refused.

use lianzhan_node::config::Overrides;
use lianzhan_node::services::Node;
use lianzhan_protocol::trust::Level;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::process::{PASSPHRASE, Running, Site, beside, run, until};

const DAY: &str = "2026-03-02";
const PDF: &[u8] = b"%PDF-1.7\nsigned by hand\n%%EOF\n";

/// A township with a station below, so that it has a joint space, and who writes there.
struct Town {
    place: tempfile::TempDir,
    site: Site,
    visit: String,
    activity: String,
}

impl Town {
    fn raise() -> Self {
        let place = tempfile::tempdir().unwrap();
        let (site, below) = (
            Site::new(place.path(), "town"),
            Site::new(place.path(), "station"),
        );
        site.found("township", ["枫渡镇", "Fengdu Town"], "990121103");
        let running = site.start();
        site.admit(&below, "station", ["石桥站", "Shiqiao Station"], "990121103201");
        running.stop();
        let people: [(&str, &str, &[&str]); 3] = [
            (
                "lin",
                "林静禾",
                &["--role", "opinion_liaison", "--role", "organiser"],
            ),
            ("mei", "梅知远", &["--role", "opinion_liaison"]),
            ("zhao", "赵河", &["--role", "deputy", "--seat", "township"]),
        ];
        for (login, name, more) in people {
            site.succeed(&[&["appoint", login, "--name", name][..], more].concat());
        }
        let space = {
            let node = Node::open(site.dir(), &Overrides::default()).unwrap();
            let authority = node
                .unlock_authority(&SecretString::from(PASSPHRASE.to_owned()))
                .unwrap();
            let station = node.directory().children(&node.org_id()).next().unwrap().id;
            node.open_joint_space(&authority, &[station], Level::Township, 2026)
                .unwrap()
        };
        let running = site.start();
        let visit = written(
            &running,
            "/visits",
            json!({ "fields": {
                "received_at": "2026-02-16T09:30:00+08:00", "channel": "visit", "persons": 1, "nature": "problem",
                "gist": "渡口台阶长青苔",
            }, "subject": {} }),
        );
        let activity = written(
            &running,
            "/activities",
            json!({ "space": space.id(), "fields": {
                "topic": "老街消防联合检查", "from": "2026-03-02T09:00:00+08:00", "to": "2026-03-02T11:00:00+08:00",
            } }),
        );
        until("views are up to date", || {
            (running.status()["views_lag"] == 0).then_some(())
        });
        running.stop();
        Town {
            place,
            site,
            visit,
            activity,
        }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.place.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// `lianzhan record DEED RECORD SCAN --name NAME ... --login LOGIN`
    fn args<'a>(&'a self, deed: &'a str, scan: &'a str, name: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let record: &str = match deed {
            "confirm-for" => &self.visit,
            _ => &self.activity,
        };
        let mut args = vec!["record", deed, record, scan, "--name", name];
        args.extend(more);
        for (option, value) in [("--happened", DAY), ("--login", "lin")] {
            if !more.contains(&option) {
                args.extend([option, value]);
            }
        }
        args
    }

    /// Why it was refused, in English.
    fn refused(&self, args: &[&str]) -> String {
        let output = run(&mut self.site.command(args));
        assert_ne!(output.status.code(), Some(0), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn sheet(&self, record: &str) -> Value {
        self.site.json(&["record", "show", record])
    }

    /// Who did what that another recorded, in its order.
    fn recorded(&self, record: &str) -> Vec<[String; 4]> {
        let sheet = self.sheet(record);
        let events = sheet["events"].as_array().unwrap().iter();
        let of = |event: &Value| {
            let told = &event["recorded"];
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            told.is_object()
                .then(|| [&told["name"], &told["office"], &told["proof"], &event["by"]].map(text))
        };
        events.filter_map(of).collect()
    }
}

fn written(node: &Running, path: &str, mut body: Value) -> String {
    body["login"] = json!("lin");
    body["passphrase"] = json!(PASSPHRASE);
    let answer = node.api.post(path, &body);
    let answer = answer.unwrap_or_else(|fault| panic!("{path}: {fault:?}"));
    answer["record"].as_str().unwrap().to_owned()
}

/// All that is refused signs nothing, whether the node runs or not.
fn refusals(town: &Town, scan: &str) {
    let empty = town.file("empty.pdf", b"");
    let words = town.file("words.txt", b"not a scan");
    let none = town.place.path().join("none.pdf");
    let none = none.to_str().unwrap();
    let office = ["--office", "镇人大主席"];
    let before = [&town.visit, &town.activity].map(|record| town.sheet(record));
    let cases: &[(&str, &str, &str, &[&str], &str)] = &[
        ("confirm-for", none, "何见山", &office, "none.pdf"),
        ("confirm-for", &empty, "何见山", &office, "empty"),
        ("confirm-for", &words, "何见山", &office, "PDF"),
        ("confirm-for", scan, "何见山", &[], "office"),
        ("confirm-for", scan, " ", &office, "name"),
        ("confirm-for", scan, "何见山 13900000016", &office, "name"),
        (
            "confirm-for",
            scan,
            "何见山",
            &["--office", "主席", "--happened", "昨天"],
            "happened",
        ),
        (
            "confirm-for",
            scan,
            "何见山",
            &["--office", "主席", "--happened", "2999-01-01"],
            "not come",
        ),
        (
            "confirm-for",
            scan,
            "何见山",
            &["--office", "主席", "--event", "00"],
            "event",
        ),
        (
            "confirm-for",
            scan,
            "何见山",
            &["--office", "主席", "--person", "00"],
            "person",
        ),
        (
            "confirm-for",
            scan,
            "何见山",
            &["--office", "主席", "--login", "nobody"],
            "passphrase",
        ),
        // Of a deputy, nobody records for another.
        (
            "confirm-for",
            scan,
            "何见山",
            &["--office", "主席", "--login", "zhao"],
            "officer",
        ),
        // Who signs has a key, whatever spaces stand in the name.
        ("confirm-for", scan, "林 静禾", &office, "no effect"),
        (
            "sign-in-for",
            scan,
            "罗定一",
            &["--office", "县人大代表"],
            "level",
        ),
        ("sign-in-for", scan, "赵河", &["--level", "city"], "level"),
        (
            "sign-in-for",
            scan,
            "罗定一",
            &["--office", "代表", "--level", "county", "--login", "zhao"],
            "officer",
        ),
        (
            "sign-in-for",
            none,
            "罗定一",
            &["--office", "代表", "--level", "county"],
            "none.pdf",
        ),
    ];
    for (deed, scan, name, more, says) in cases {
        let told = town.refused(&town.args(deed, scan, name, more));
        assert!(told.contains(says), "{deed} {name} {more:?}: {told}");
    }
    let unknown = [
        "record",
        "confirm-for",
        "0196b2c3d4e5f60718293a4b5c6d7e8f",
        scan,
        "--name",
        "何见山",
    ];
    let rest = ["--office", "镇人大主席", "--happened", DAY, "--login", "lin"];
    let told = town.refused(&[&unknown[..], &rest].concat());
    assert!(told.contains("not held here"), "{told}");
    assert_eq!(
        before,
        [&town.visit, &town.activity].map(|record| town.sheet(record))
    );
}

#[test]
fn what_was_done_on_paper_is_recorded_at_the_command_line_once_and_apart() {
    let _lane = beside();
    let town = Town::raise();
    let scan = town.file("paper.pdf", PDF);
    let office = ["--office", "镇人大主席"];

    let running = town.site.start();
    refusals(&town, &scan);
    let done = town
        .site
        .json(&town.args("confirm-for", &scan, "何见山", &office));
    assert_eq!(done["record"], town.visit.as_str());
    assert!(done["change"].is_string(), "{done}");
    let level = ["--office", "县人大代表", "--level", "county"];
    let done = town.site.json(&town.args("sign-in-for", &scan, "罗定一", &level));
    assert_eq!(done["record"], town.activity.as_str());
    let told = town.refused(&town.args("confirm-for", &scan, "何 见山", &office));
    assert!(told.contains("done before"), "{told}");
    running.stop();

    // The node that does not run does the same; of whom it knows it finds the office, and the level of the seat.
    refusals(&town, &scan);
    town.site.json(&town.args("confirm-for", &scan, "梅 知远", &[]));
    town.site.json(&town.args("sign-in-for", &scan, "赵河", &[]));
    let told = town.refused(&town.args("sign-in-for", &scan, "罗 定一", &level));
    assert!(told.contains("done before"), "{told}");

    let recorded = town.recorded(&town.visit);
    let [he, mei] = &recorded[..] else {
        panic!("{recorded:?}");
    };
    assert_eq!(
        he.each_ref().map(String::as_str),
        ["何见山", "镇人大主席", "paper", "林静禾"]
    );
    assert_eq!([&mei[0], &mei[2]], ["梅知远", "paper"]);
    assert!(mei[1].starts_with("枫渡镇"), "{mei:?}");
    assert_eq!(town.sheet(&town.visit)["confirmed"], "recorded");
    let recorded = town.recorded(&town.activity);
    let names: Vec<&str> = recorded.iter().map(|of| of[0].as_str()).collect();
    assert_eq!(names, ["罗定一", "赵河"]);
    let report = town.site.json(&["check", "--json"]);
    assert_eq!(report["faults"], json!([]));
}
