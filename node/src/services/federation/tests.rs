//! A county, its township and two stations, with clocks of the tests' own.

mod heard;

use std::path::Path;
use std::sync::{Arc, mpsc};

use age::secrecy::SecretString;
use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::sync::{Input, Misbehaviour, Sighting, Text};
use lianzhan_protocol::trust::Level;

use super::*;
use crate::config::{Config, Overrides};
use crate::env::{DiskPoint, Machine};
use crate::services::found::{OrgDraft, found};
use crate::services::invite::Joining;

/// A clock that is so far ahead.
struct Ahead(i64);

impl Machine for Ahead {
    fn now(&self) -> Timestamp {
        Timestamp(START + self.0)
    }

    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }

    fn disk(&self, _: DiskPoint) -> std::io::Result<()> {
        Ok(())
    }
}

const START: i64 = 1_795_000_000_000;
const HOUR: i64 = 3_600_000;

fn after<T>(hours: i64, work: impl FnOnce() -> T) -> T {
    env::simulated(Arc::new(Ahead(hours * HOUR)), work)
}

fn secret() -> SecretString {
    SecretString::from("correct horse battery".to_owned())
}

fn config() -> Config {
    Config {
        scrypt_log_n: 2,
        ..Config::default()
    }
}

fn draft(level: Level, code: &str) -> OrgDraft {
    OrgDraft {
        level,
        name_zh: code.into(),
        name_en: code.into(),
        code: code.into(),
    }
}

fn join(parent: &Node, dir: &Path, level: Level, code: &str) -> Arc<Node> {
    let address = vec!["/ip4/127.0.0.1/tcp/7611".to_owned()];
    let invitation = parent.invite(draft(level, code), &secret(), address).unwrap();
    let joining = Joining::begin(&invitation.to_code()).unwrap();
    let reply = parent.answer_join(&joining.request());
    joining.finish(dir, reply, &secret(), config()).unwrap()
}

struct World {
    _dir: tempfile::TempDir,
    county: Arc<Node>,
    township: Arc<Node>,
    stations: [Arc<Node>; 2],
}

impl World {
    fn new() -> World {
        after(0, || {
            let dir = tempfile::tempdir().unwrap();
            let at = |name: &str| dir.path().join(name);
            let county = found(&at("county"), draft(Level::County, "990121"), &secret(), config()).unwrap();
            let township = join(&county, &at("township"), Level::Township, "990121103");
            let stations =
                ["990121103201", "990121103202"].map(|code| join(&township, &at(code), Level::Station, code));
            let all = [&county, &township, &stations[0], &stations[1]];
            for from in all {
                let statements: Vec<_> = from.directory().statements().cloned().collect();
                for to in all {
                    let kept = statements.clone();
                    let keep = to
                        .store
                        .write_blocking(move |writer| writer.keep_statements(kept));
                    keep.unwrap();
                    to.learn(&statements);
                }
            }
            World {
                _dir: dir,
                county,
                township,
                stations,
            }
        })
    }

    fn key(node: &Node) -> PublicKey {
        node.node_key().public()
    }

    fn session(node: &Node) -> PeerStatus {
        PeerStatus {
            node: lianzhan_protocol::codec::hex(node.node_key().public().ed25519_bytes()),
            org: None,
            software: Some("lianzhan 9.9.9".into()),
            level: true,
            received: 0,
            wanted: 0,
            behind_since: None,
            given: 0,
            to_give: 0,
            since: START,
            heard: START,
        }
    }

    fn seen_by_county(&self, hours: i64, peers: &[PeerStatus]) -> Federation {
        after(hours, || self.county.federation(peers).unwrap())
    }
}

/// A session with a node of `org` began. Returns what is told to it.
fn met(node: &Node, peer: PublicKey, org: &OrgId) -> Option<Input> {
    node.meet(peer, Some("lianzhan 0.1.0".into()));
    let (tell, told) = mpsc::channel();
    node.tell_above(org, move |seen| tell.send(seen).unwrap())
        .unwrap();
    told.try_recv().ok()
}

fn parted(node: &Node, peer: PublicKey) {
    node.part(peer, env::now());
    node.parted();
}

fn told_of(node: &Node, teller: PublicKey, sightings: Vec<Sighting>) {
    if node.hear_of(teller, sightings) {
        node.told_of().unwrap();
    }
}

fn of<'a>(picture: &'a Federation, node: &Node) -> &'a NodeStatus {
    let key = lianzhan_protocol::codec::hex(node.node_key().public().ed25519_bytes());
    picture.nodes().find(|status| status.node == key).unwrap()
}

#[test]
fn the_tree_stands_in_its_order_and_adds_up() {
    let world = World::new();
    let picture = world.seen_by_county(1, &[World::session(&world.township)]);
    let shape: Vec<_> = picture
        .orgs
        .iter()
        .map(|org| (org.depth, org.code.as_str()))
        .collect();
    let expected = [
        (0, "990121"),
        (1, "990121103"),
        (2, "990121103201"),
        (2, "990121103202"),
    ];
    assert_eq!(shape, expected);
    assert_eq!((picture.below.nodes, picture.below.connected), (4, 2));
    assert_eq!(of(&picture, &world.county).contact, Contact::Own);
    let township = of(&picture, &world.township);
    assert_eq!(township.contact, Contact::Connected);
    assert_eq!(township.software.as_deref(), Some("lianzhan 9.9.9"));
    // A station shows the line above it, not its neighbour.
    let station = after(1, || world.stations[0].federation(&[]).unwrap());
    assert_eq!(station.orgs.len(), 3);
    assert_eq!(station.below.nodes, 1);
}

#[test]
fn orgs_of_one_name_are_told_apart_by_their_codes() {
    let world = World::new();
    let twin = |code: &str| OrgDraft {
        name_zh: "石桥站".into(),
        name_en: "Shiqiao Station".into(),
        ..draft(Level::Station, code)
    };
    let picture = after(1, || {
        let address = || vec!["/ip4/127.0.0.1/tcp/7611".to_owned()];
        for code in ["990121103205", "990121103206"] {
            world.township.invite(twin(code), &secret(), address()).unwrap();
        }
        world.township.federation(&[]).unwrap()
    });
    let namesakes = picture.namesakes();
    let same: Vec<_> = picture
        .orgs
        .iter()
        .filter(|org| namesakes.contains(org.id.as_str()))
        .map(|org| org.code.as_str())
        .collect();
    assert_eq!(same, ["990121103205", "990121103206"]);
}

#[test]
fn who_is_connected_was_heard_of_when_something_came_of_it() {
    let world = World::new();
    let session = PeerStatus {
        heard: START + HOUR,
        ..World::session(&world.township)
    };
    let picture = world.seen_by_county(3, &[session]);
    let township = of(&picture, &world.township);
    assert_eq!(
        (township.contact, township.heard),
        (Contact::Connected, Some(START + HOUR))
    );
    assert_eq!(township.silent_s(Timestamp(picture.as_of)), Some(7_200));
}

#[test]
fn who_stands_two_levels_above_is_not_away_but_not_dialled_from_here() {
    let world = World::new();
    let (station, county) = (&world.stations[0], World::key(&world.county));
    // A sign of it came all the same, long ago: a copy of its log by way of the township, or a session of other days.
    after(1, || {
        met(station, county, &world.county.org_id());
        parted(station, county);
    });
    let picture = after(2 + SILENT_HOURS, || station.federation(&[]).unwrap());
    let county = of(&picture, &world.county);
    assert_eq!(county.contact, Contact::Undialled);
    assert!(county.attention.is_empty());
    // The township is dialled, and is silent.
    assert_eq!(of(&picture, &world.township).contact, Contact::Silent);
}

#[test]
fn what_a_session_has_still_to_bring_is_told_in_entries_and_seconds() {
    let world = World::new();
    let behind = PeerStatus {
        level: false,
        received: 2,
        wanted: 9,
        behind_since: Some(START + HOUR),
        ..World::session(&world.township)
    };
    let picture = world.seen_by_county(2, std::slice::from_ref(&behind));
    let township = of(&picture, &world.township);
    let now = Timestamp(picture.as_of);
    assert_eq!((township.lag(), township.lag_s(now)), (7, Some(3600)));
    let level = PeerStatus {
        received: 9,
        ..behind
    };
    let picture = world.seen_by_county(2, &[level]);
    let township = of(&picture, &world.township);
    assert_eq!((township.lag(), township.lag_s(now)), (0, None));
}

#[test]
fn who_was_not_heard_of_for_long_is_silent_since_then() {
    let world = World::new();
    let (county, key) = (&world.county, World::key(&world.township));
    after(1, || met(county, key, &world.township.org_id()));
    after(5, || parted(county, key));
    let picture = world.seen_by_county(6, &[]);
    let township = of(&picture, &world.township);
    assert_eq!(
        (township.contact, township.heard),
        (Contact::Away, Some(START + 5 * HOUR))
    );
    assert!(township.attention.is_empty());
    let picture = world.seen_by_county(5 + SILENT_HOURS + 1, &[]);
    let township = of(&picture, &world.township);
    assert_eq!(township.contact, Contact::Silent);
    let since = Some(START + 5 * HOUR);
    assert_eq!(township.attention, [Attention::Silent { since }]);
    assert_eq!(
        township.software.as_deref(),
        Some("lianzhan 0.1.0"),
        "what it said stays"
    );
    // The stations were never heard of, and are as old as their appointments.
    assert_eq!((picture.below.silent, picture.below.attention), (3, 3));
    let station = of(&picture, &world.stations[0]);
    assert_eq!(station.attention, [Attention::Silent { since: None }]);
}

#[test]
fn what_a_township_tells_of_its_stations_is_known_above_and_ages_with_it() {
    let world = World::new();
    let (township, station) = (World::key(&world.township), World::key(&world.stations[0]));
    let county = world.county.org_id();
    after(1, || met(&world.township, station, &world.stations[0].org_id()));
    // The township tells all that it knows when the county answers, and nothing downward.
    let told = after(2, || met(&world.township, World::key(&world.county), &county));
    let Some(Input::Seen(sightings)) = told else {
        panic!("the county stands above")
    };
    assert!(
        sightings
            .iter()
            .any(|seen| seen.node == station && seen.connected)
    );
    let down = world.stations[0].org_id();
    assert!(after(2, || met(&world.township, station, &down)).is_none());
    after(2, || {
        met(&world.county, township, &world.township.org_id());
        told_of(&world.county, township, sightings);
    });
    let picture = world.seen_by_county(3, &[World::session(&world.township)]);
    let seen = of(&picture, &world.stations[0]);
    assert_eq!(seen.contact, Contact::Told);
    assert_eq!(seen.told_by, Some(world.township.org_id().to_string()));
    assert_eq!(seen.software.as_deref(), Some("lianzhan 0.1.0"));
    after(9, || parted(&world.county, township));
    let picture = world.seen_by_county(10, &[]);
    let seen = of(&picture, &world.stations[0]);
    assert_eq!(
        (seen.contact, seen.heard),
        (Contact::Away, Some(START + 9 * HOUR))
    );
}

#[test]
fn what_is_told_of_the_future_or_of_the_hearer_is_not_believed() {
    let world = World::new();
    let (township, station) = (World::key(&world.township), World::key(&world.stations[0]));
    let seen = |node, at| Sighting {
        node,
        at: Timestamp(at),
        connected: false,
        software: Some(Text::cut("x")),
    };
    let own = World::key(&world.county);
    after(1, || {
        let all = vec![seen(station, i64::MAX), seen(own, START), seen(township, START)];
        told_of(&world.county, township, all);
    });
    let picture = world.seen_by_county(2, &[]);
    assert_eq!(of(&picture, &world.stations[0]).heard, Some(START + HOUR));
    assert_ne!(of(&picture, &world.county).software.as_deref(), Some("x"));
    assert_eq!(
        of(&picture, &world.township).software,
        None,
        "who tells does not tell of itself"
    );
}

#[test]
fn after_a_start_nobody_is_connected() {
    let world = World::new();
    let key = World::key(&world.township);
    after(1, || met(&world.county, key, &world.township.org_id()));
    let dir = world.county.dir().to_owned();
    let World { county, _dir, .. } = world;
    drop(county);
    let county = after(2, || Node::open(&dir, &Overrides::default()).unwrap());
    let rows = county.store.read(|reader| reader.neighbours()).unwrap();
    assert_eq!(rows.iter().map(|row| row.connected).collect::<Vec<_>>(), [false]);
}

#[test]
fn who_broke_the_rules_needs_a_person_while_it_is_avoided() {
    let world = World::new();
    let (county, key) = (&world.county, World::key(&world.township));
    let note = |hours, kind| {
        after(hours, || {
            county.conduct().note(key, kind, Moment::now(), 120_000, 0)
        })
    };
    note(0, Misbehaviour::Stalled);
    let picture = world.seen_by_county(0, &[]);
    assert_eq!(
        of(&picture, &world.township).attention,
        [],
        "a slow line mends itself"
    );
    note(1, Misbehaviour::Flood);
    let picture = world.seen_by_county(1, &[]);
    let township = of(&picture, &world.township);
    let [
        Attention::Avoided {
            what,
            count: 2,
            until,
        },
    ] = &township.attention[..]
    else {
        panic!("{:?}", township.attention)
    };
    assert!(what == "flood" && *until > picture.as_of);
    let misconduct = picture.misconduct_of(&township.node).unwrap();
    assert_eq!((misconduct.count(), misconduct.until), (2, Some(*until)));
    assert!(picture.misconduct_of(&of(&picture, county).node).is_none());
}

#[test]
fn alarms_and_appointments_that_end_stand_at_their_node() {
    let world = World::new();
    let print = World::key(&world.township).fingerprint();
    let raised = world
        .county
        .store
        .write_blocking(move |writer| writer.raise_alarm("peer", &print, "a lie"));
    raised.unwrap();
    let picture = world.seen_by_county(1, &[]);
    let words = "a lie".to_owned();
    assert_eq!(
        of(&picture, &world.township).attention,
        [Attention::Refused { words }]
    );
    // A year on, less a week: appointments of a year end soon.
    let ends = after(0, || {
        let offices = world.county.offices(&Default::default()).unwrap();
        offices.iter().map(|office| office.not_after.0).min().unwrap()
    });
    let picture = world.seen_by_county((ends - START) / HOUR - 24 * 7, &[]);
    let ending = |what: &Attention| matches!(what, Attention::Ending { days: 6 | 7, .. });
    assert!(picture.nodes().any(|node| node.attention.iter().any(ending)));
}
