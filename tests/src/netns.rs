//! Federations whose nodes are real processes on hosts of their own: lines with delay and loss, partitions, a router that
//! translates addresses, neighbours on a local network. Hosts are network namespaces (`world`), bad lines a proxy (`line`),
//! since the kernel of a test machine need not have netem.

mod lan;
mod line;
mod world;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use serde_json::{Value, json};

use self::line::{Line, Weather};
use self::world::{Host, World, world};
use super::process::{Fault, PASSPHRASE, Running, Site, dice_of_test, measured, unlevel, until, within};

/// The port at which peers are answered.
const PORT: u16 = 7611;
const LEDGER: &str = "letters_visits";
/// Visits of each station at first, and while half of the lines are down.
const VISITS: [usize; 2] = [4, 4];

struct Place {
    name: &'static str,
    level: &'static str,
    names: [&'static str; 2],
    code: &'static str,
    parent: usize,
}

const fn place(
    name: &'static str,
    level: &'static str,
    names: [&'static str; 2],
    code: &'static str,
    parent: usize,
) -> Place {
    Place {
        name,
        level,
        names,
        code,
        parent,
    }
}

const COUNTY: usize = 0;
const FENGDU: usize = 1;
const QINGYA: usize = 2;
/// Parents come first; the county has none.
const PLACES: [Place; 8] = [
    place("county", "county", ["澄川县", "Chengchuan"], "990121", COUNTY),
    place("fengdu", "township", ["枫渡镇", "Fengdu"], "990121103", COUNTY),
    place("qingya", "township", ["青崖乡", "Qingya"], "990121204", COUNTY),
    place(
        "shiqiao",
        "station",
        ["石桥站", "Shiqiao"],
        "990121103201",
        FENGDU,
    ),
    place("liulin", "station", ["柳林站", "Liulin"], "990121103202", FENGDU),
    place("duting", "station", ["渡亭站", "Duting"], "990121103203", FENGDU),
    place(
        "yunling",
        "station",
        ["云岭站", "Yunling"],
        "990121204201",
        QINGYA,
    ),
    place("hewan", "station", ["河湾站", "Hewan"], "990121204202", QINGYA),
];
const STATIONS: std::ops::Range<usize> = 3..8;
const SHIQIAO: usize = 3;
/// Where the firewall on the way blocks UDP, and where it blocks TCP.
const NO_UDP: [usize; 2] = [4, 6];
const NO_TCP: [usize; 1] = [7];

/// A node on a host of its own.
struct Node {
    host: Host,
    site: Site,
    running: Option<Running>,
}

impl Node {
    fn new(world: &World, dir: &Path, name: &str) -> Node {
        Node {
            host: world.host(name),
            site: Site::new(dir, name),
            running: None,
        }
    }

    /// A command on its host, which must go well.
    fn succeed(&self, args: &[&str]) -> String {
        self.host.on(|| self.site.succeed(args))
    }

    fn start(&mut self) {
        self.running = Some(self.host.on(|| self.site.start()));
    }

    fn kill9(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.process.kill9();
        }
    }

    fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            self.host.on(|| running.stop());
        }
    }

    fn ask(&self, path: &str) -> Result<Value, Fault> {
        let running = self.running.as_ref().expect("it runs");
        self.host.on(|| running.api.ask(path))
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        let running = self.running.as_ref().expect("it runs");
        self.host.on(|| running.api.post(path, body))
    }

    fn status(&self) -> Value {
        self.ask("/status")
            .unwrap_or_else(|fault| panic!("status: {fault:?}"))
    }

    /// Registers visits.
    fn write(&self, count: usize) {
        for n in 0..count {
            let written = self.post("/visits", &visit(n));
            written.unwrap_or_else(|fault| panic!("a visit: {fault:?}"));
        }
    }

    /// What it shows of the visits, to the last cell.
    fn rows(&self) -> Vec<String> {
        let table = self.succeed(&["query", LEDGER, "--json"]);
        let table: Value = serde_json::from_str(&table).expect("JSON");
        let rows = table["rows"].as_array().expect("a list of rows").iter();
        rows.map(ToString::to_string).collect()
    }
}

fn visit(n: usize) -> Value {
    json!({
        "login": "lin", "passphrase": PASSPHRASE,
        "fields": {
            "received_at": "2026-04-16T09:30:00+08:00", "channel": "visit", "persons": 1, "nature": "problem",
            "gist": format!("第{n}件：老街路灯坏了。"), "note": "",
        },
        "subject": { "name": format!("来访人之{n}") },
    })
}

fn org<'a>(level: &'a str, [zh, en]: [&'a str; 2], code: &'a str) -> [&'a str; 8] {
    ["--level", level, "--name", zh, "--name-en", en, "--code", code]
}

fn listening(at: &str) -> [&str; 4] {
    ["--web", "127.0.0.1:0", "--listen", at]
}

/// Eight hosts. None can reach another but over the line that leads from it to its parent.
struct Federation {
    nodes: Vec<Node>,
    /// By the place below; the county has none.
    lines: Vec<Option<Line>>,
}

impl Federation {
    fn raise(world: &World, dir: &Path) -> Federation {
        let mut dice = dice_of_test("bad lines");
        let hub = world.host("hub");
        let mut federation = Federation {
            nodes: Vec::new(),
            lines: Vec::new(),
        };
        for (n, place) in PLACES.iter().enumerate() {
            let mut node = Node::new(world, dir, place.name);
            let (own, door) = (format!("10.9.{n}.2"), format!("10.9.{n}.1"));
            node.host
                .cable(Some(&format!("{own}/24")), &hub, Some(&format!("{door}/24")));
            let about = org(place.level, place.names, place.code);
            let listen = format!("/ip4/{own}/tcp/{PORT}");
            if n == COUNTY {
                node.succeed(&[&["found"][..], &about, &listening(&listen)].concat());
                federation.lines.push(None);
            } else {
                let weather = Weather {
                    udp: !NO_UDP.contains(&n),
                    tcp: !NO_TCP.contains(&n),
                    ..Weather::ROUGH
                };
                let [at, to] = [door.clone(), format!("10.9.{}.2", place.parent)]
                    .map(|ip| format!("{ip}:{PORT}").parse().expect("an address"));
                let seed = dice.below(1 << 30) as u64;
                federation
                    .lines
                    .push(Some(Line::open(&hub, at, to, weather, seed)));
                let doors = [
                    format!("/ip4/{door}/tcp/{PORT}"),
                    format!("/ip4/{door}/udp/{PORT}/quic-v1"),
                ];
                let invite = ["invite", "--address", &doors[0], "--address", &doors[1]];
                let code = federation.nodes[place.parent].succeed(&[&invite[..], &about].concat());
                node.succeed(&[&["join", code.trim()][..], &listening(&listen)].concat());
            }
            node.start();
            federation.nodes.push(node);
        }
        for station in STATIONS {
            federation.nodes[station].succeed(&[
                "appoint",
                "lin",
                "--name",
                "林静禾",
                "--role",
                "opinion_liaison",
            ]);
        }
        federation
    }

    fn line(&self, n: usize) -> &Line {
        self.lines[n].as_ref().expect("all below the county have one")
    }

    /// Waits until all hold what they may, it is witnessed, and each node shows so many visits; then rows are compared.
    fn until_level(&self, counts: [usize; 8]) {
        let mut reasons = Vec::new();
        let level = within(super::process::PATIENCE, || {
            let all: Vec<Value> = self.nodes.iter().map(Node::status).collect();
            reasons = unlevel(&all);
            for (status, count) in all.iter().zip(counts) {
                if status["visits"] != json!(count) {
                    reasons.push(format!(
                        "{}: {} of {count} visits",
                        status["name"], status["visits"]
                    ));
                }
            }
            reasons.is_empty().then_some(())
        });
        assert!(level.is_some(), "not level: {reasons:#?}");
        let rows = |n: usize| self.nodes[n].rows();
        let county = rows(COUNTY);
        let mut below: Vec<String> = STATIONS.flat_map(rows).collect();
        let mut townships = [rows(FENGDU), rows(QINGYA)].concat();
        for some in [&mut below, &mut townships] {
            some.sort();
            let mut county = county.clone();
            county.sort();
            assert_eq!(*some, county);
        }
    }
}

/// How many visits each node shows, by how many each station has.
fn counts(stations: [usize; 5]) -> [usize; 8] {
    let [shiqiao, liulin, duting, yunling, hewan] = stations;
    let (fengdu, qingya) = (shiqiao + liulin + duting, yunling + hewan);
    [
        fengdu + qingya,
        fengdu,
        qingya,
        shiqiao,
        liulin,
        duting,
        yunling,
        hewan,
    ]
}

#[test]
fn two_townships_and_five_stations_over_bad_lines() {
    world("netns::two_townships_and_five_stations_over_bad_lines", |world| {
        let dir = tempfile::tempdir().expect("a directory");
        let began = Instant::now();
        let mut federation = Federation::raise(world, dir.path());
        let raised = began.elapsed().as_secs_f64();
        for station in STATIONS {
            federation.nodes[station].write(VISITS[0]);
        }
        federation.until_level(counts([VISITS[0]; 5]));
        let level = began.elapsed().as_secs_f64();
        for (n, place) in PLACES.iter().enumerate().skip(1) {
            let [udp, tcp] = federation.line(n).carried();
            let expected = match (NO_UDP.contains(&n), NO_TCP.contains(&n)) {
                (true, _) => udp == 0 && tcp > 0,
                (_, true) => udp > 0 && tcp == 0,
                // By loss the other one may be there first.
                _ => udp + tcp > 0,
            };
            assert!(expected, "{}: {udp} bytes by UDP, {tcp} by TCP", place.name);
        }

        let lamed = part_and_kill(&mut federation);
        federation.line(QINGYA).change(|weather| weather.parted = false);
        federation.nodes[FENGDU].start();
        federation.until_level(lamed);
        let healed = began.elapsed().as_secs_f64();
        let checked = federation.nodes[COUNTY].succeed(&["check", "--json"]);
        let checked: Value = serde_json::from_str(&checked).expect("JSON");
        assert_eq!(checked["faults"], json!([]));
        for node in federation.nodes.iter_mut().rev() {
            node.stop();
        }
        measured(&format!(
            "bad lines: eight hosts raised in {raised:.1} s, level after {level:.1} s, again after a partition and a \
                 kill at {healed:.1} s; bytes by UDP and TCP: {:?}",
            (1..PLACES.len())
                .map(|n| federation.line(n).carried())
                .collect::<Vec<_>>()
        ));
    });
}

/// One township is cut off from the county, the other one is killed while a station below it writes, a station's connection
/// breaks; all stations go on. Returns how many visits each node will show.
fn part_and_kill(federation: &mut Federation) -> [usize; 8] {
    federation.line(QINGYA).change(|weather| weather.parted = true);
    let mut fengdu = federation.nodes[FENGDU].running.take().expect("it runs");
    let stop = AtomicBool::new(false);
    let more = std::thread::scope(|scope| {
        let station = &federation.nodes[SHIQIAO];
        let writing = scope.spawn(|| {
            let mut written = 0;
            while !stop.load(Ordering::Relaxed) {
                station.write(1);
                written += 1;
            }
            written
        });
        until("a visit on its way to the township", || {
            let status = station.status();
            (status["entries"].as_u64() > status["witnessed_entries"].as_u64()).then_some(())
        });
        fengdu.process.kill9();
        until("visits that nobody has witnessed", || {
            let own = station.status()["own_visits"].as_u64();
            (own > Some(2 * VISITS[0] as u64)).then_some(())
        });
        stop.store(true, Ordering::Relaxed);
        writing.join().expect("the station takes no notice")
    });
    for station in STATIONS.filter(|station| *station != SHIQIAO) {
        federation.nodes[station].write(VISITS[1]);
    }
    federation.line(SHIQIAO + 1).break_off();
    let both = VISITS[0] + VISITS[1];
    let after = counts([VISITS[0] + more, both, both, both, both]);
    until("the visits at the township that is cut off", || {
        (federation.nodes[QINGYA].status()["visits"] == json!(after[QINGYA])).then_some(())
    });
    let above = federation.nodes[COUNTY].status()["visits"].as_u64();
    assert!(
        above <= Some((5 * VISITS[0] + more) as u64),
        "nothing of them is at the county: {above:?}"
    );
    after
}
