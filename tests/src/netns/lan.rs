//! A local network behind a router that translates addresses: two stations find each other by mDNS and go on when the router
//! has no line out; a node of another federation is their neighbour, too.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use lianzhan_node::config::Overrides;
use lianzhan_node::services::Node as Opened;
use lianzhan_protocol::trust::Level;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::world::{Host, World, world};
use super::{Node, PASSPHRASE, PORT, listening, org};
use crate::process::{measured, unlevel, until};

const TOWN: &str = "10.8.0.2";
const UPLINK: &str = "to-town";

/// A router with a switch; whatever leaves by its uplink bears its own address, and some port.
fn router(world: &World, town: &Host) -> Host {
    let gate = world.host("gate");
    town.cable(Some("10.8.0.2/24"), &gate, Some("10.8.0.3/24"));
    gate.ip("link add lan type bridge mcast_snooping 0");
    gate.ip("addr add 192.168.7.1/24 dev lan");
    gate.ip("link set lan up");
    gate.forward();
    gate.nft(&format!(
        "table ip nat {{ chain out {{ type nat hook postrouting priority 100; oifname \"{UPLINK}\" masquerade random; }}; }}"
    ));
    gate
}

/// A machine at the router's switch.
fn machine(world: &World, dir: &Path, gate: &Host, name: &str, last: u8) -> Node {
    let node = Node::new(world, dir, name);
    node.host.cable(Some(&format!("192.168.7.{last}/24")), gate, None);
    gate.ip(&format!("link set to-{name} master lan"));
    node.host.ip("route add default via 192.168.7.1");
    node
}

/// Switches mDNS on, as an operator does.
fn with_mdns(node: &Node) {
    let file = node.site.dir().join("lianzhan.toml");
    let before = std::fs::read_to_string(&file).expect("a configuration");
    let after = before.replace("mdns = false", "mdns = true");
    assert_ne!(before, after);
    std::fs::write(file, after).expect("a configuration");
}

fn lines(node: &Node, activity: &str) -> Vec<String> {
    // Not there yet is without lines.
    let shown = node.ask(&format!("/activities/{activity}")).unwrap_or_default();
    let lines = shown["lines"].as_array().into_iter().flatten();
    lines
        .map(|line| line["text"].as_str().unwrap_or_default().to_owned())
        .collect()
}

fn write(node: &Node, activity: &str, text: &str) {
    let body = json!({ "login": "lin", "passphrase": PASSPHRASE, "text": text });
    let written = node.post(&format!("/activities/{activity}/lines"), &body);
    written.unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
}

fn until_read(node: &Node, activity: &str, text: &str) -> f64 {
    let began = Instant::now();
    until(text, || {
        lines(node, activity)
            .iter()
            .any(|line| line == text)
            .then_some(())
    });
    began.elapsed().as_secs_f64()
}

#[test]
fn neighbours_behind_a_router_whose_line_is_cut() {
    world(
        "netns::lan::neighbours_behind_a_router_whose_line_is_cut",
        |world| {
            let dir = tempfile::tempdir().expect("a directory");
            let began = Instant::now();
            let mut town = Node::new(world, dir.path(), "town");
            let gate = router(world, &town.host);
            let mut east = machine(world, dir.path(), &gate, "east", 2);
            let mut west = machine(world, dir.path(), &gate, "west", 3);
            let mut stranger = machine(world, dir.path(), &gate, "stranger", 4);
            let activity = raise(&mut town, [&mut east, &mut west]);
            let about = org("station", ["外地站", "Elsewhere"], "980101");
            let found = [&["found"][..], &about, &listening("/ip4/0.0.0.0/tcp/7611")].concat();
            stranger.succeed(&found);
            with_mdns(&stranger);
            stranger.start();

            // Down through the router; up to it nobody can dial.
            for station in [&east, &west] {
                until("the activity at a station", || {
                    station.ask(&format!("/activities/{activity}")).ok()
                });
            }
            let behind = SocketAddr::from(([192, 168, 7, 2], PORT));
            let dialled = town
                .host
                .on(|| TcpStream::connect_timeout(&behind, Duration::from_secs(1)));
            assert!(dialled.is_err(), "no way leads in");
            let raised = began.elapsed().as_secs_f64();

            gate.ip(&format!("link set {UPLINK} down"));
            write(&east, &activity, "东站：上级网络断了，照常登记。");
            let across = until_read(&west, &activity, "东站：上级网络断了，照常登记。");
            east.kill9();
            write(&west, &activity, "西站：收到。");
            east.start();
            let again = until_read(&east, &activity, "西站：收到。");
            write(&east, &activity, "东站：又来了。");
            until_read(&west, &activity, "东站：又来了。");
            assert_eq!(lines(&town, &activity), Vec::<String>::new());
            let log = |node: &Node| std::fs::read_to_string(node.site.log()).unwrap_or_default();
            for node in [&east, &west] {
                let found = crate::process::within(crate::process::PATIENCE, || {
                    (log(node).matches("a neighbour was found").count() > 1).then_some(())
                });
                let logs = || [&east, &west, &stranger].map(log).join("\n---\n");
                assert!(found.is_some(), "the stranger is not found:\n{}", logs());
            }

            gate.ip(&format!("link set {UPLINK} up"));
            let healed = Instant::now();
            let mut reasons = Vec::new();
            let level = crate::process::within(crate::process::PATIENCE, || {
                let all = [&town, &east, &west].map(Node::status);
                reasons = unlevel(&all);
                if lines(&town, &activity).len() != 3 {
                    reasons.push("the township lacks lines".into());
                }
                reasons.is_empty().then_some(())
            });
            assert!(level.is_some(), "not level: {reasons:#?}");
            let status = stranger.status();
            assert_eq!((&status["peers"], &status["alarms"]), (&json!([]), &json!([])));
            for node in [&mut stranger, &mut east, &mut west, &mut town] {
                node.stop();
            }
            measured(&format!(
                "behind a router: raised in {raised:.1} s; the line cut, a neighbour's line read after {across:.1} s, and \
             {again:.1} s after the start of one that was killed; level {:.1} s after the line was back",
                healed.elapsed().as_secs_f64()
            ));
        },
    );
}

/// A township and two stations behind the router, with a joint activity of all three. Returns its record.
fn raise(town: &mut Node, stations: [&mut Node; 2]) -> String {
    let about = org("township", ["枫渡镇", "Fengdu"], "990121103");
    let listen = format!("/ip4/{TOWN}/tcp/{PORT}");
    town.succeed(&[&["found"][..], &about, &listening(&listen)].concat());
    town.start();
    let names = [
        ("990121103201", "石桥站", "Shiqiao"),
        ("990121103202", "柳林站", "Liulin"),
    ];
    let mut stations = stations.into_iter().zip(names).collect::<Vec<_>>();
    for (station, (code, zh, en)) in &mut stations {
        let about = org("station", [zh, en], code);
        let invitation = town.succeed(&[&["invite"][..], &about].concat());
        let join = [
            &["join", invitation.trim()][..],
            &listening("/ip4/0.0.0.0/tcp/7611"),
        ];
        station.succeed(&join.concat());
        station.succeed(&["appoint", "lin", "--name", "林静禾", "--role", "station_liaison"]);
        with_mdns(station);
    }
    town.succeed(&["appoint", "chen", "--name", "陈", "--role", "organiser"]);
    town.stop();
    let space = {
        let node = Opened::open(town.site.dir(), &Overrides::default()).expect("a node");
        let passphrase = SecretString::from(PASSPHRASE.to_owned());
        let authority = node.unlock_authority(&passphrase).expect("its authority");
        let orgs: Vec<_> = node
            .directory()
            .children(&node.org_id())
            .map(|org| org.id)
            .collect();
        assert_eq!(orgs.len(), 2);
        let opened = node.open_joint_space(&authority, &orgs, Level::Township, 2026);
        opened.expect("a joint space")
    };
    town.start();
    for (station, _) in stations {
        station.start();
    }
    let call = json!({
        "login": "chen", "passphrase": PASSPHRASE, "space": space.id(),
        "fields": {
            "topic": "老街消防联合检查", "from": "2026-05-08T09:00:00+08:00", "to": "2026-05-08T11:00:00+08:00",
        },
    });
    let called: Value = town
        .post("/activities", &call)
        .unwrap_or_else(|fault| panic!("{fault:?}"));
    called["record"].as_str().expect("a record").to_owned()
}
