//! A federation of real processes on loopback, set up by the commands of the manual: city, county, township, station.
//! What is written at the station arrives above and is witnessed; what is personal does not leave it further than it may;
//! the county's evidence convinces an auditor; and a killed township holds nobody up.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use lianzhan_node::config::Overrides;
use lianzhan_node::import::{GoodRow, read_rows, read_sheet};
use lianzhan_node::services::{Node, parse_record};
use lianzhan_protocol::record::Value as FieldValue;
use lianzhan_protocol::record::ledger::ledger;
use serde_json::{Value, json};

use super::kill_import::table;
use super::process::{
    PASSPHRASE, Process, Running, Site, beside, command, dice_of_test, files_below, measured, run, succeed,
    unlevel, until, within,
};
use super::root;

const LEDGER: &str = "letters_visits";
/// Bytes flipped in a bundle, one at a time.
const FLIPS: usize = 24;
/// Rows of the table in whose import the township is killed: many times what a node writes at once.
const LONG: usize = 2_000;

struct Federation {
    city: Site,
    county: Site,
    township: Site,
    station: Site,
}

/// The processes, from the top down.
struct Nodes {
    city: Running,
    county: Running,
    township: Running,
    station: Running,
}

#[test]
fn a_federation_of_real_processes() {
    let _lane = beside();
    let dir = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let (sites, mut nodes) = raise(dir.path());
    measured(&format!(
        "federation: raised in {:.1} s",
        began.elapsed().as_secs_f64()
    ));

    let rows = book(&sample("visits-shiqiao.xlsx"));
    let began = Instant::now();
    let report = sites.station.json(
        &import(&sample("visits-shiqiao.xlsx"))
            .each_ref()
            .map(String::as_str),
    );
    assert_eq!(
        (&report["imported"], &report["errors"]),
        (&json!(rows.len()), &json!([]))
    );
    let imported = began.elapsed();
    until_level(&nodes, rows.len());
    measured(&format!(
        "federation: {} visits imported in {:.1} s, at the county and witnessed {:.1} s after the start of the import",
        rows.len(),
        imported.as_secs_f64(),
        began.elapsed().as_secs_f64()
    ));
    same_rows(&sites, rows.len());
    until_seen(&nodes, "the county sees every node, and what it runs", |node| {
        let there = ["own", "connected", "told"].contains(&node["contact"].as_str().unwrap_or_default());
        there && node["software"] == concat!("lianzhan ", env!("CARGO_PKG_VERSION")) && node["behind"] == 0
    });
    let records = records(&sites.county);
    convinces_an_auditor(&sites, dir.path(), &records);

    let long = dir.path().join("long.csv");
    std::fs::write(&long, table(LONG)).unwrap();
    let more = book(&long);
    let all = rows.len() + more.len() + 1;
    partition(&sites, &mut nodes, &long, all);
    let began = Instant::now();
    nodes.township = sites.township.start();
    until_level(&nodes, all);
    measured(&format!(
        "federation: converged {:.1} s after the township was started again",
        began.elapsed().as_secs_f64()
    ));
    same_rows(&sites, all);
    for site in [&sites.city, &sites.county, &sites.township, &sites.station] {
        assert_eq!(
            site.json(&["check", "--json"])["faults"],
            json!([]),
            "{}",
            site.dir().display()
        );
    }

    let Nodes {
        city,
        county,
        township,
        station,
    } = nodes;
    for node in [station, township, county, city] {
        node.stop();
    }
    let personal = Personal::of(rows.iter().chain(&more));
    stays_where_it_may_be(&sites, &personal, &records);
}

/// As the manual says: found, run, invite, join, appoint.
fn raise(dir: &Path) -> (Federation, Nodes) {
    let site = |name| Site::new(dir, name);
    let sites = Federation {
        city: site("city"),
        county: site("county"),
        township: site("township"),
        station: site("station"),
    };
    sites.city.found("city", ["澜州市", "Lanzhou"], "990100");
    let city = sites.city.start();
    sites
        .city
        .admit(&sites.county, "county", ["澄川县", "Chengchuan"], "990121");
    let county = sites.county.start();
    sites.county.admit(
        &sites.township,
        "township",
        ["枫渡镇", "Fengdu Town"],
        "990121103",
    );
    let township = sites.township.start();
    sites.township.admit(
        &sites.station,
        "station",
        ["石桥站", "Shiqiao Station"],
        "990121103201",
    );
    let station = sites.station.start();
    let clerk = [
        "--name",
        "站里的登记员",
        "--role",
        "opinion_liaison",
        "--role",
        "station_liaison",
    ];
    sites.station.succeed(&[&["appoint", "lin"][..], &clerk].concat());
    (
        sites,
        Nodes {
            city,
            county,
            township,
            station,
        },
    )
}

fn sample(file: &str) -> PathBuf {
    root().join("docs/samples").join(file)
}

fn import(file: &Path) -> [String; 6] {
    [
        "import".into(),
        LEDGER.into(),
        file.display().to_string(),
        "--login".into(),
        "lin".into(),
        "--json".into(),
    ]
}

/// The good rows of a book, as the program reads them.
fn book(file: &Path) -> Vec<GoodRow> {
    let name = file.file_name().unwrap().to_str().unwrap();
    let sheet = read_sheet(name, &std::fs::read(file).unwrap()).unwrap();
    let ledger_of = |id| ledger(id).expect("a built-in ledger");
    let plan = read_rows(
        ledger_of(LEDGER),
        &[ledger_of("subject"), ledger_of("subject_sensitive")],
        &sheet,
        2026,
    );
    assert!(
        plan.errors.is_empty() && plan.rows.len() > 100,
        "{name}: {:?}",
        plan.errors
    );
    plan.rows
}

/// Waits until the county counts what the station has, everything is witnessed and nothing lags anywhere.
fn until_level(nodes: &Nodes, visits: usize) {
    let mut reasons = Vec::new();
    let reached = within(super::process::PATIENCE, || {
        reasons = lag(nodes, visits);
        reasons.is_empty().then_some(())
    });
    assert!(reached.is_some(), "not level: {reasons:#?}");
}

/// Waits until each node in the county's picture of the federation is as it should be.
fn until_seen(nodes: &Nodes, what: &str, fits: impl Fn(&Value) -> bool) {
    until(what, || {
        let picture = nodes.county.api.get("/network");
        let orgs = picture["orgs"].as_array()?;
        let all = orgs.iter().flat_map(|org| {
            let of_org = org["nodes"].as_array().cloned().unwrap_or_default();
            of_org.into_iter().map(|mut node| {
                node["code"] = org["code"].clone();
                node
            })
        });
        let all: Vec<Value> = all.collect();
        (all.len() == 4 && all.iter().all(&fits)).then_some(())
    });
}

fn lag(nodes: &Nodes, visits: usize) -> Vec<String> {
    let mut reasons = Vec::new();
    let all = [&nodes.city, &nodes.county, &nodes.township, &nodes.station].map(Running::status);
    let [_, county, township, station] = &all;
    let counts = [&station["own_visits"], &township["visits"], &county["visits"]];
    if counts.iter().any(|count| **count != json!(visits)) {
        reasons.push(format!(
            "station, township, county count {counts:?} visits, not {visits}"
        ));
    }
    reasons.extend(unlevel(&all));
    reasons
}

/// What all three show of the visits is the same, to the last cell.
fn same_rows(sites: &Federation, count: usize) {
    let [station, township, county] =
        [&sites.station, &sites.township, &sites.county].map(|site| site.json(&["query", LEDGER, "--json"]));
    assert_eq!(county["rows"].as_array().map(Vec::len), Some(count));
    assert_eq!(station["columns"], county["columns"]);
    assert_eq!(station["rows"], county["rows"]);
    assert_eq!(township["rows"], county["rows"]);
    let unwitnessed = county["columns"]
        .as_array()
        .unwrap()
        .iter()
        .position(|column| column == "unwitnessed");
    let unwitnessed = unwitnessed.expect("a column for it");
    assert!(
        county["rows"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row[unwitnessed] == 0)
    );
    let city = sites.city.json(&["query", LEDGER, "--json"]);
    assert_eq!(
        city["rows"],
        json!([]),
        "visits travel to the county and no further"
    );
}

fn records(site: &Site) -> Vec<String> {
    let table = site.json(&["query", LEDGER, "--json"]);
    let rows = table["rows"].as_array().unwrap();
    rows.iter()
        .map(|row| row[0].as_str().unwrap().to_owned())
        .collect()
}

/// A bundle made at the county is proved by the auditor's own program, and by no other bytes.
fn convinces_an_auditor(sites: &Federation, dir: &Path, records: &[String]) {
    let mut dice = dice_of_test("bundle");
    let record = &records[dice.below(records.len())];
    let file = dir.join("evidence.tar");
    sites
        .county
        .succeed(&["bundle", record, "-o", file.to_str().unwrap()]);
    let verify = |file: &Path| {
        let mut audit = command("lianzhan-audit");
        audit
            .arg("verify")
            .arg(file)
            .arg("--root")
            .arg(sites.city.dir().join("founding.cose"))
            .arg("--json");
        audit
    };
    let proved: Value = serde_json::from_str(&succeed(&mut verify(&file))).unwrap();
    assert_eq!(proved["ok"], true);
    assert!(proved.to_string().contains(record.as_str()), "{proved}");
    let bytes = std::fs::read(&file).unwrap();
    let broken = dir.join("broken.tar");
    for _ in 0..FLIPS {
        let mut flipped = bytes.clone();
        let at = dice.below(bytes.len());
        flipped[at] ^= 1 << dice.below(8);
        std::fs::write(&broken, flipped).unwrap();
        let output = run(&mut verify(&broken));
        assert_eq!(
            output.status.code(),
            Some(1),
            "byte {at} of {} was flipped",
            bytes.len()
        );
        let refused: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(
            refused["thing"].is_string() && refused["reason"].is_string(),
            "{refused}"
        );
    }
    measured(&format!("bundle: {} bytes, {FLIPS} flips refused", bytes.len()));
}

/// The township is killed while the station imports `table`. The station takes no notice, and has `all` visits at the end.
fn partition(sites: &Federation, nodes: &mut Nodes, table: &Path, all: usize) {
    let arguments = import(table);
    // Entries, not views: these may lag behind a burst.
    let entries = |nodes: &Nodes| nodes.station.status()["entries"].as_u64().unwrap();
    let at_first = entries(nodes);
    let mut importing = sites.station.command(&arguments.each_ref().map(String::as_str));
    let importing = Process::start(importing.stdout(Stdio::null()));
    let at_kill = until("the middle of the import", || {
        let have = entries(nodes);
        (have > at_first).then_some(have)
    });
    nodes.township.process.kill9();
    assert_eq!(importing.finish().code(), Some(0), "the import goes on");
    let visit = json!({
        "login": "lin", "passphrase": PASSPHRASE,
        "fields": {
            "received_at": "2026-04-16T09:30:00+08:00", "channel": "visit", "persons": 1, "nature": "problem",
            "gist": "镇里断网的时候也有人来。", "note": "",
        },
    });
    nodes
        .station
        .api
        .post("/visits", &visit)
        .expect("a visit is registered while the township is down");
    let status = until("views of the station", || {
        let status = nodes.station.status();
        (status["own_visits"] == json!(all) && status["views_lag"] == 0).then_some(status)
    });
    assert!(
        status["witnessed_entries"].as_u64() < status["entries"].as_u64(),
        "nobody can have witnessed it all"
    );
    until("the station notices", || {
        (nodes.station.status()["peers"] == json!([])).then_some(())
    });
    // The station was heard of through the township: both went away together.
    until_seen(nodes, "the county sees who is away", |node| {
        let below = node["code"] != "990100" && node["code"] != "990121";
        !below || (node["contact"] == "away" && node["heard"].is_i64())
    });
    assert!(
        status["entries"].as_u64() > Some(at_kill + 1),
        "the import was over before the township was killed"
    );
    let county = nodes.county.status();
    assert!(county["visits"].as_u64() < Some(all as u64));
    measured(&format!(
        "partition: township killed at entry {at_kill} of {}; of {} visits the county had {} when the station was done",
        status["entries"], all, county["visits"]
    ));
}

/// Names, phones and addresses of those who came.
struct Personal {
    needles: Vec<Vec<u8>>,
    /// Texts that the county holds, by which it is known that the search finds what is there.
    public: Vec<Vec<u8>>,
    names: BTreeSet<String>,
}

impl Personal {
    fn of<'a>(rows: impl Iterator<Item = &'a GoodRow> + Clone) -> Self {
        let texts = |fields: &[(String, FieldValue)]| -> Vec<String> {
            fields
                .iter()
                .filter_map(|(_, value)| value.as_text().map(str::to_owned))
                .collect()
        };
        let public: BTreeSet<String> = rows.clone().flat_map(|row| texts(&row.main)).collect();
        let mut personal = BTreeSet::new();
        let mut names = BTreeSet::new();
        for (name, value) in rows.flat_map(|row| row.annexes.values().flatten()) {
            let Some(text) = value.as_text() else { continue };
            personal.insert(text.to_owned());
            match name.as_str() {
                "name" => drop(names.insert(text.to_owned())),
                "phone" if text.len() == 11 => {
                    for mark in ["-", " "] {
                        personal.insert(format!("{}{mark}{}{mark}{}", &text[..3], &text[3..7], &text[7..]));
                    }
                }
                _ => {}
            }
        }
        // A village may stand in what a visit was about, too, and a short word may stand anywhere.
        personal
            .retain(|text| text.len() >= 6 && !public.iter().any(|public| public.contains(text.as_str())));
        assert!(
            names.len() > 50 && personal.len() > names.len(),
            "{} {}",
            names.len(),
            personal.len()
        );
        Personal {
            needles: personal.into_iter().map(String::into_bytes).collect(),
            public: public
                .into_iter()
                .filter(|text| text.len() > 30)
                .map(String::into_bytes)
                .collect(),
            names,
        }
    }
}

/// No file of the county and the city has personal data in it, whatever the file is; nor does one of the station or the
/// township, where it may be read, have it in plain.
fn stays_where_it_may_be(sites: &Federation, personal: &Personal, records: &[String]) {
    let mut bytes_read = 0;
    for site in [&sites.city, &sites.county, &sites.township, &sites.station] {
        let mut public = 0;
        for path in files_below(site.dir()).into_iter().chain([site.log().to_owned()]) {
            let bytes = std::fs::read(&path).unwrap();
            let found = search(&bytes, &personal.needles);
            assert!(
                found.is_empty(),
                "{}: {:?}",
                path.display(),
                found.iter().map(|f| text(f)).collect::<Vec<_>>()
            );
            public += search(&bytes, &personal.public).len();
            bytes_read += bytes.len();
        }
        let holds = site.dir() != sites.city.dir();
        assert_eq!(
            public > 0,
            holds,
            "{}: {public} texts of visits",
            site.dir().display()
        );
    }
    let annexes = |site: &Site| -> Vec<String> {
        let node = Node::open(site.dir(), &Overrides::default()).unwrap();
        let details = records
            .iter()
            .map(|record| node.record_detail(&parse_record(record).unwrap()).unwrap());
        let fields = details
            .flat_map(|detail| detail.annexes)
            .flat_map(|annex| annex.fields);
        fields
            .filter_map(|(_, value)| value.as_text().map(str::to_owned))
            .collect()
    };
    for site in [&sites.station, &sites.township] {
        let open = annexes(site);
        let known = open.iter().filter(|text| personal.names.contains(*text)).count();
        assert!(
            known > 50,
            "{} reads the names of {known} visitors",
            site.dir().display()
        );
    }
    assert_eq!(
        annexes(&sites.county),
        Vec::<String>::new(),
        "the county reads none"
    );
    measured(&format!(
        "personal data: {} texts searched for in {bytes_read} bytes of four nodes, none found",
        personal.needles.len()
    ));
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Which of `needles` stand in `bytes`.
fn search<'a>(bytes: &[u8], needles: &'a [Vec<u8>]) -> Vec<&'a [u8]> {
    let mut by_start: Vec<Vec<&[u8]>> = vec![Vec::new(); 1 << 16];
    let start = |bytes: &[u8]| usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
    for needle in needles {
        by_start[start(needle)].push(needle);
    }
    let mut found = BTreeSet::new();
    for (at, pair) in bytes.windows(2).enumerate() {
        for needle in &by_start[start(pair)] {
            if bytes[at..].starts_with(needle) {
                found.insert(*needle);
            }
        }
    }
    found.into_iter().collect()
}
