//! One session over each kind of line: by TCP, by QUIC, and by the other one where one of them leads nowhere.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::sync::Arc;

use lianzhan_node::config::{Config, Overrides};
use lianzhan_node::net;
use lianzhan_node::runtime::Running;
use lianzhan_node::services::Node;
use lianzhan_node::services::found::{OrgDraft, found};
use lianzhan_node::services::join::join;
use lianzhan_protocol::trust::Level;
use secrecy::SecretString;

use super::process::{PASSPHRASE, alone, until};

fn secret() -> SecretString {
    SecretString::from(PASSPHRASE.to_owned())
}

fn config(quic: bool) -> Config {
    Config {
        web: SocketAddr::from(([127, 0, 0, 1], 0)),
        listen: vec!["/ip4/127.0.0.1/tcp/0".into()],
        quic,
        scrypt_log_n: 2,
        ..Config::default()
    }
}

fn draft(level: Level, name: &str, code: &str) -> OrgDraft {
    OrgDraft {
        level,
        name_zh: name.into(),
        name_en: name.into(),
        code: code.into(),
    }
}

async fn work<T: Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(what).await.unwrap()
}

/// A township runs, a station joins it; `lines` says at which of the township's addresses the station then looks for it.
/// Waits until what the station wrote is at the township and its receipt at the station.
fn converse(
    [township_quic, station_quic]: [bool; 2],
    lines: impl FnOnce(Vec<String>) -> Vec<String> + Send + 'static,
) {
    let _lane = alone();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let (above, below) = (dir.path().join("township"), dir.path().join("station"));
        let town = draft(Level::Township, "枫渡镇", "990121103");
        let node = work(move || found(&above, town, &secret(), config(township_quic)).unwrap()).await;
        let township = Running::start(node).await.unwrap();
        let (node, addresses) = (township.node().clone(), township.addresses());
        let station = draft(Level::Station, "石桥站", "990121103201");
        let invitation = work(move || node.invite(station, &secret(), addresses).unwrap()).await;
        let code = invitation.to_code();
        let joined = join(
            &below,
            &code,
            secret(),
            None,
            config(station_quic),
            net::join,
            |_| (),
        );
        drop(joined.await.unwrap());
        let addresses = lines(township.addresses());
        let station = work(move || open(&below, addresses)).await;
        let station = Running::start(station).await.unwrap();
        let nodes = [township.node().clone(), station.node().clone()];
        work(move || until("a receipt for all that the station wrote", || level(&nodes))).await;
        station.stop().await;
        township.stop().await;
    });
}

/// Opens a node that looks for its parent at other addresses than its invitation named.
fn open(dir: &Path, parent: Vec<String>) -> Arc<Node> {
    let mut config = Config::load(dir, &Overrides::default()).unwrap();
    config.parents[0].addresses = parent;
    config.save(dir).unwrap();
    Node::open(dir, &Overrides::default()).unwrap()
}

fn level([township, station]: &[Arc<Node>; 2]) -> Option<()> {
    let below = station.status(Vec::new()).unwrap();
    let above = township.status(Vec::new()).unwrap();
    assert!(below.alarms.is_empty() && above.alarms.is_empty());
    let held = |origin| above.logs.iter().any(|log| log.origin == origin);
    let copied = below
        .logs
        .iter()
        .filter(|log| log.own)
        .all(|log| held(log.origin.clone()));
    (below.entries > 0 && below.entries == below.witnessed_entries && copied).then_some(())
}

fn is_quic(address: &str) -> bool {
    address.contains("/quic-v1")
}

#[test]
fn a_session_by_tcp_alone() {
    converse([false, true], |addresses| {
        assert!(addresses.len() == 1 && !is_quic(&addresses[0]), "{addresses:?}");
        addresses
    });
}

#[test]
fn a_session_by_quic_alone() {
    converse([true, true], |mut addresses| {
        assert_eq!(addresses.len(), 2, "both are told: {addresses:?}");
        addresses.retain(|address| is_quic(address));
        addresses
    });
}

#[test]
fn where_udp_is_blocked_tcp_leads_there() {
    let hole = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = hole.local_addr().unwrap().port();
    converse([true, true], move |mut addresses| {
        addresses.retain(|address| !is_quic(address));
        addresses.insert(0, format!("/ip4/127.0.0.1/udp/{port}/quic-v1"));
        addresses
    });
    hole.set_nonblocking(true).unwrap();
    assert!(hole.recv_from(&mut [0; 2048]).is_ok(), "QUIC was tried");
}

#[test]
fn where_tcp_is_blocked_quic_leads_there() {
    // Connections are taken, and nobody says a word.
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = hole.local_addr().unwrap().port();
    converse([true, true], move |mut addresses| {
        addresses.retain(|address| is_quic(address));
        addresses.insert(0, format!("/ip4/127.0.0.1/tcp/{port}"));
        addresses
    });
}

#[test]
fn where_quic_is_switched_off_nothing_goes_by_udp() {
    let ear = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = ear.local_addr().unwrap().port();
    converse([true, false], move |mut addresses| {
        addresses.retain(|address| !is_quic(address));
        addresses.insert(0, format!("/ip4/127.0.0.1/udp/{port}/quic-v1"));
        addresses
    });
    ear.set_nonblocking(true).unwrap();
    assert!(ear.recv_from(&mut [0; 2048]).is_err(), "QUIC was tried");
}
