//! A station whose disk was copied writes at two machines; its township, its county and the station itself go on with the
//! same branch, with the proof, and with all other logs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use age::secrecy::SecretString;
use lianzhan_protocol::record::Value;
use lianzhan_protocol::sync::{RANGE_BYTES, WitnessRequest};
use lianzhan_protocol::trust::{Audience, Level, Role};

mod conversation;
mod late;
mod own;
mod several;
mod witnessed;

use super::*;
use crate::config::{Config, Overrides};
use crate::services::Author;
use crate::services::appoint::PersonDraft;
use crate::services::found::{OrgDraft, found};
use crate::services::ingest::Ingested;
use crate::services::invite::Joining;
use crate::services::visit::VisitDraft;
use crate::services::witness::CosignRequest;
use crate::store::HIGH_WATER;

fn secret() -> SecretString {
    SecretString::from("a long enough passphrase".to_owned())
}

fn draft(level: Level, name: &str, code: &str) -> OrgDraft {
    OrgDraft {
        level,
        name_zh: name.into(),
        name_en: name.into(),
        code: code.into(),
    }
}

fn config() -> Config {
    Config {
        scrypt_log_n: 2,
        ..Config::default()
    }
}

struct World {
    dir: tempfile::TempDir,
    county: Arc<Node>,
    township: Arc<Node>,
    station: Option<Arc<Node>>,
    clerk: Author,
    runtime: tokio::runtime::Runtime,
}

fn admit(parent: &Node, dir: &Path, org: OrgDraft) -> Arc<Node> {
    let address = vec!["/ip4/127.0.0.1/tcp/7611".to_owned()];
    let invitation = parent.invite(org, &secret(), address).unwrap();
    let joining = Joining::begin(&invitation.to_code()).unwrap();
    let reply = parent.answer_join(&joining.request());
    joining.finish(dir, reply, &secret(), config()).unwrap()
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let county = found(
            &at("county"),
            draft(Level::County, "澄川县", "990121"),
            &secret(),
            config(),
        )
        .unwrap();
        let township = admit(
            &county,
            &at("township"),
            draft(Level::Township, "枫渡镇", "990121103"),
        );
        let station = admit(
            &township,
            &at("station"),
            draft(Level::Station, "石桥站", "990121103201"),
        );
        let person = PersonDraft {
            login: "lin".into(),
            name: "林静禾".into(),
            roles: vec![Role::OpinionLiaison],
            seat: None,
            person: None,
            until: None,
        };
        station.appoint_person(&secret(), person, &secret()).unwrap();
        let clerk = station.sign_in("lin", &secret()).unwrap();
        let world = World {
            dir,
            county,
            township,
            station: Some(station),
            clerk,
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
        };
        world.visit(world.station(), "起初");
        world.talk(&[world.station(), &world.township, &world.county]);
        world
    }

    fn station(&self) -> &Node {
        self.station.as_ref().unwrap()
    }

    fn visit(&self, node: &Node, gist: &str) {
        let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
        let visit = VisitDraft {
            fields: vec![
                text("received_at", "2026-04-16T09:30:00+08:00"),
                text("channel", "visit"),
                ("persons".into(), Value::Int(1)),
                text("nature", "problem"),
                text("gist", gist),
            ],
            subject: vec![],
            sensitive: vec![],
        };
        self.runtime
            .block_on(node.register_visit(&self.clerk, visit))
            .unwrap();
    }

    /// Each of a line of nodes gives the next what it holds, in both directions, until nothing is new.
    fn talk(&self, line: &[&Node]) {
        for _ in 0..6 {
            for pair in line.windows(2) {
                carry(pair[0], pair[1]);
                carry(pair[1], pair[0]);
            }
        }
    }

    fn copy_station(&self) -> PathBuf {
        self.copy_station_to("copy")
    }

    fn copy_station_to(&self, name: &str) -> PathBuf {
        let copy = self.dir.path().join(name);
        copy_files(&self.dir.path().join("station"), &copy);
        copy
    }

    /// The log of visits that the station wrote before it was copied.
    fn log(&self) -> Origin {
        self.log_at(self.station())
    }

    fn log_at(&self, node: &Node) -> Origin {
        let space = node.own_space(Audience::County).id();
        node.store()
            .read(|reader| reader.own_log(&space))
            .unwrap()
            .unwrap()
            .origin
    }
}

fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_files(&entry.path(), &target);
        } else if entry.file_name() != "lock" {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn row(node: &Node, origin: &Origin) -> LogRow {
    node.store().read(|reader| reader.log(origin)).unwrap().unwrap()
}

fn standing(node: &Node, origin: &Origin) -> (TreeSize, Hash) {
    let log = row(node, origin);
    (log.size, log.root)
}

/// As a session does: what extends is stored, what does not is read from its beginning.
fn carry(from: &Node, to: &Node) {
    let logs = from.store().read(|reader| reader.logs()).unwrap();
    for log in logs {
        let space = log.space();
        if to.space(&space).is_none() {
            continue;
        }
        loop {
            let have = to.store().read(|reader| reader.log(&log.origin)).unwrap();
            let have = have.map_or((TreeSize::EMPTY, None), |log| (log.size, Some(log.root)));
            let ours = from
                .store()
                .read(|reader| reader.log(&log.origin))
                .unwrap()
                .unwrap();
            if have.0 == ours.size && have.1.is_some_and(|root| root != ours.root) {
                read_branch(from, to, &space, &log.origin);
                break;
            }
            let Some(range) = from.read_range(&log.origin, have.0, RANGE_BYTES).unwrap() else {
                break;
            };
            match to.ingest(&space, &range) {
                Ingested::Stored(standing) if standing.size > have.0 => {}
                Ingested::Forked(_) => {
                    read_branch(from, to, &space, &log.origin);
                    break;
                }
                _ => break,
            }
        }
    }
    let statements = to.store().read(|reader| reader.statements()).unwrap();
    to.learn(&statements);
    to.catch_up(|_| {}).unwrap();
    // A fork that was told of, and whose other branch this peer may hold.
    for (space, origin) in to.open_forks().unwrap() {
        if from.store().read(|reader| reader.log(&origin)).unwrap().is_some() {
            read_branch(from, to, &space, &origin);
            to.catch_up(|_| {}).unwrap();
        }
    }
}

fn read_branch(from: &Node, to: &Node, space: &SpaceId, origin: &Origin) {
    let mut next = TreeSize::EMPTY;
    while let Some(range) = from.read_range(origin, next, 4096).unwrap() {
        match to.ingest_branch(space, &range) {
            BranchStep::Next(on) if on > next => next = on,
            BranchStep::Done | BranchStep::Grows => return,
            other => panic!("{other:?}"),
        }
    }
}

fn witness(child: &Node, parent: &Node) {
    let logs = child.store().read(|reader| reader.logs()).unwrap();
    for log in logs.into_iter().filter(|log| log.own) {
        let asked = child.prepare_witness(&log.origin, &parent.org_id(), None, crate::env::now());
        let Some(prepared) = asked.unwrap() else {
            continue;
        };
        let request = |prepared: WitnessRequest| CosignRequest {
            peer: child.node_key().public(),
            old: prepared.old,
            checkpoint: prepared.checkpoint,
            proof: prepared.proof,
            shown: prepared.shown,
        };
        let now = crate::env::now();
        let answer = match parent.cosign(request(prepared), now).unwrap() {
            // It has seen more than the child knows of: asked again from there.
            Err((size, _)) => {
                let again = child.prepare_witness(&log.origin, &parent.org_id(), Some(size), now);
                let Some(prepared) = again.unwrap() else {
                    continue;
                };
                parent.cosign(request(prepared), now).unwrap()
            }
            answer => answer,
        };
        if let Ok(receipt) = answer {
            child.store_receipt(&log.origin, receipt).unwrap();
        }
    }
}

fn visits(node: &Node) -> Vec<String> {
    let table = node.table("letters_visits").unwrap();
    let at = table.columns.iter().position(|name| name == "gist").unwrap();
    let mut gists: Vec<String> = table
        .rows
        .iter()
        .map(|row| row[at].as_str().unwrap_or_default().to_owned())
        .collect();
    gists.sort();
    gists
}

fn branches(node: &Node, origin: &Origin) -> Vec<BranchRow> {
    let log = row(node, origin).id;
    node.store().read(|reader| reader.branches(log)).unwrap()
}

fn proofs(node: &Node, origin: &Origin) -> usize {
    let forks = node.store().read(|reader| reader.forks()).unwrap();
    forks.iter().filter(|(about, _)| about == origin.as_str()).count()
}

/// Two machines with one node key; each writes a visit of its own. The township witnesses the first.
fn forked() -> (World, Arc<Node>, Origin) {
    let world = World::new();
    let origin = world.log();
    let twin = world.copy_station();
    let twin = Node::open(&twin, &Overrides::default()).unwrap();
    world.visit(world.station(), "原机");
    world.visit(&twin, "副本甲");
    world.visit(&twin, "副本乙");
    (world, twin, origin)
}

#[test]
fn a_receipt_that_stands_on_the_losing_branch_alone_proves_nothing_to_anybody() {
    let world = World::new();
    let origin = world.log();
    let twin = world.copy_station();
    let twin = Node::open(&twin, &Overrides::default()).unwrap();
    // The station has what both have witnessed, and writes that down; the twin's own part is witnessed.
    witness(world.station(), &world.township);
    carry(world.station(), &world.county);
    world.visit(&twin, "副本");
    witness(&twin, &world.township);
    carry(&twin, &world.township);
    world.talk(&[&twin, &world.township, &world.county, world.station()]);
    let receipts = |node: &Node| {
        let log = row(node, &origin).id;
        let rows = node
            .store()
            .read(|reader| reader.receipts_over(log, EntryIndex(0)))
            .unwrap();
        rows.iter().map(|row| (row.size, row.time_s)).collect::<Vec<_>>()
    };
    assert_eq!(visits(&world.county), ["副本", "起初"]);
    assert!(!receipts(&world.township).is_empty());
    for node in [&world.county, world.station()] {
        assert_eq!(standing(node, &origin), standing(&world.township, &origin));
        assert_eq!(receipts(node), receipts(&world.township));
        assert_eq!(node.check(|_| {}).unwrap().faults, Vec::<String>::new());
    }
}

#[test]
fn all_go_on_with_the_witnessed_branch_and_hold_the_proof() {
    let (world, twin, origin) = forked();
    world.talk(&[world.station(), &world.township]);
    witness(world.station(), &world.township);
    world.talk(&[world.station(), &world.township]);
    // The twin meets the county, which has not heard of the other branch.
    carry(&twin, &world.county);
    assert_eq!(visits(&world.county), ["副本乙", "副本甲", "起初"]);
    world.talk(&[world.station(), &world.township, &world.county]);
    let witnessed = standing(world.station(), &origin);
    for node in [&world.township, &world.county] {
        assert_eq!(standing(node, &origin), witnessed);
        assert_eq!(visits(node), ["原机", "起初"]);
        assert_eq!(proofs(node, &origin), 1);
        assert_eq!(node.check(|_| {}).unwrap().faults, Vec::<String>::new());
    }
    let told = world.county.forks_told().unwrap();
    let [fork] = &told[..] else { panic!("{told:?}") };
    assert_eq!(fork.origin, origin.as_str());
    assert_eq!(fork.org.as_ref().map(|org| org.name_zh.as_str()), Some("石桥站"));
    let (stands, other) = (fork.stands.clone().unwrap(), fork.others[0].clone());
    assert_eq!((TreeSize(stands.size), stands.root), witnessed);
    assert!(stands.witnessed.is_some() && other.witnessed.is_none());
    assert_eq!(fork.why, Some(Why::OnlyWitnessed));
    assert!(fork.common < stands.size && fork.common < other.size);
    assert_eq!(
        fork.left
            .iter()
            .map(|left| left.title.as_str())
            .collect::<Vec<_>>(),
        ["副本甲", "副本乙"]
    );
    assert!(world.county.fork_proof(fork.id()).unwrap().is_some());
    assert!(world.county.fork_proof("00").unwrap().is_none());
    // The other branch is kept where it was met, as evidence.
    assert_eq!(branches(&world.county, &origin).len(), 1);
    let alarms = world.county.store().read(|reader| reader.alarms()).unwrap();
    assert!(
        alarms
            .iter()
            .any(|alarm| alarm.kind == "fork" && alarm.subject == origin.as_str())
    );
}

#[test]
fn without_a_witness_the_smaller_leaf_stands_whoever_meets_whom_first() {
    let (world, twin, origin) = forked();
    carry(&twin, &world.county);
    carry(world.station(), &world.township);
    for _ in 0..4 {
        carry(&world.county, &world.township);
        carry(&world.township, &world.county);
    }
    assert_eq!(
        standing(&world.county, &origin),
        standing(&world.township, &origin)
    );
    assert_eq!(visits(&world.county), visits(&world.township));
    assert_eq!(proofs(&world.county, &origin), 1);
    let of = |node: &Node| {
        node.store()
            .read(|reader| reader.root_at(row(node, &origin).id, row(node, &origin).size))
    };
    assert_eq!(of(&world.county).unwrap(), standing(&world.county, &origin).1);
}

#[test]
fn the_station_itself_closes_the_log_and_writes_on() {
    let (mut world, twin, origin) = forked();
    carry(&twin, &world.township);
    carry(&world.township, world.station());
    let closed = row(world.station(), &origin);
    assert!(!closed.own && closed.closed.is_some());
    world.visit(world.station(), "新账");
    let next = world.log();
    assert_ne!(next, origin);
    world.talk(&[world.station(), &world.township, &world.county]);
    assert!(visits(&world.county).contains(&"新账".to_owned()));
    assert_eq!(
        standing(&world.county, &origin),
        standing(world.station(), &origin)
    );
    // What the new log says of the old one.
    let first = world
        .county
        .store()
        .read(|reader| {
            Ok(reader
                .range(row(&world.county, &next).id, TreeSize::EMPTY, 1, 0)?
                .pop())
        })
        .unwrap()
        .unwrap();
    let Ok(LogStatement::Start(start)) = LogStatement::parse(&first.payload.unwrap()) else {
        panic!("a start")
    };
    assert_eq!(start.earlier.unwrap()[0].origin, origin);
    world.station = None;
}

#[test]
fn a_station_put_back_from_an_older_copy_takes_back_what_others_hold() {
    let mut world = World::new();
    let origin = world.log();
    let old = world.copy_station();
    world.visit(world.station(), "备份之后");
    world.talk(&[world.station(), &world.township]);
    world.visit(world.station(), "无人见过");
    let signed = standing(world.station(), &origin);
    let place = world.dir.path().join("station");
    let high_water = std::fs::read(place.join(HIGH_WATER)).unwrap();
    for round in 0..2 {
        world.station = None;
        std::fs::remove_dir_all(&place).unwrap();
        copy_files(&old, &place);
        // The disk keeps the file that no backup holds; the second time it is lost, too.
        if round == 0 {
            std::fs::write(place.join(HIGH_WATER), &high_water).unwrap();
        } else {
            std::fs::remove_file(place.join(HIGH_WATER)).unwrap();
        }
        world.station = Some(Node::open(&place, &Overrides::default()).unwrap());
        let closed = row(world.station(), &origin).closed.expect("closed at start");
        if round == 0 {
            assert_eq!((closed.signed.size, closed.signed.root), signed);
        }
        // Offline it writes on, in a new log.
        world.visit(world.station(), &format!("离线{round}"));
        assert_ne!(world.log(), origin);
        world.talk(&[world.station(), &world.township, &world.county]);
        let gap = signed.0.0 - row(world.station(), &origin).size.0;
        assert_eq!(gap, 1, "what nobody has is a gap that is told");
        for node in [world.station(), &world.township] {
            let restored = node.restored().unwrap();
            let [station] = &restored[..] else {
                panic!("{restored:?}")
            };
            assert_eq!(station.own, node.org_id() == world.station().org_id());
            let log = station
                .logs
                .iter()
                .find(|log| log.origin == origin.as_str())
                .unwrap();
            assert!(log.since.is_some());
            assert_eq!(log.missing(), 1, "{log:?}");
        }
        assert!(!world.county.restored().unwrap()[0].logs.is_empty());
    }
    let expected = ["备份之后", "离线0", "离线1", "起初"];
    for node in [world.station(), &world.township, &world.county] {
        assert_eq!(visits(node), expected);
    }
}

#[test]
fn what_was_left_behind_is_signed_anew_by_its_author() {
    let (world, twin, _) = forked();
    world.talk(&[world.station(), &world.township]);
    witness(world.station(), &world.township);
    world.talk(&[world.station(), &world.township]);
    // The twin's branch comes to the station through the township.
    carry(&twin, &world.township);
    carry(&twin, world.station());
    let left = world.station().left_behind().unwrap();
    assert_eq!(left.len(), 2, "{left:?}");
    assert_eq!(visits(world.station()), ["原机", "起初"]);
    for left in &left {
        assert_eq!(left.author.as_deref(), Some("林静禾"));
        let anew = world.station().sign_anew(&world.clerk, &left.change);
        assert_ne!(world.runtime.block_on(anew).unwrap().record, left.record);
    }
    assert_eq!(world.station().left_behind().unwrap().len(), 0);
    world.station().catch_up(|_| {}).unwrap();
    world.talk(&[world.station(), &world.township, &world.county]);
    for node in [world.station(), &world.township, &world.county] {
        assert_eq!(visits(node), ["副本乙", "副本甲", "原机", "起初"]);
    }
}
