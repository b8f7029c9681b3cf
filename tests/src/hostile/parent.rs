//! A parent that lies: the node below it does not dial it until its time is over, and then does.

use std::time::Duration;

use futures::StreamExt;
use lianzhan_node::net::frame;
use lianzhan_node::runtime::Running;
use lianzhan_node::services::conduct::Moment;
use lianzhan_node::services::found::found;
use lianzhan_protocol::trust::Level;
use libp2p::swarm::SwarmEvent;

use super::super::convergence::world::{draft, secret};
use super::super::process::PATIENCE;
use super::SHORT;
use super::evil::{SYNC, swarm};
use super::world::{below, config, key};

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_that_misbehaved_is_dialled_when_its_time_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let settled = config(SHORT);
    let city = found(
        &dir.path().join("city"),
        draft(Level::City, "澜州市", "990100"),
        &secret(),
        settled,
    )
    .unwrap();
    let mut swarm = swarm(city.node_key());
    swarm.listen_on("/ip4/127.0.0.1/tcp/0".parse().unwrap()).unwrap();
    let address = loop {
        if let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await {
            break address.to_string();
        }
    };
    let mut sessions = swarm.behaviour().new_control().accept(SYNC).unwrap();
    let poll = tokio::spawn(async move {
        loop {
            swarm.select_next_some().await;
        }
    });
    let org = draft(Level::County, "澄川县", "990121");
    let county = below(
        &city,
        vec![address],
        &dir.path().join("county"),
        org,
        config(SHORT),
    );
    let county = Running::start(county).await.unwrap();
    let peer = key(&city);
    let mut waits = Vec::new();
    for _ in 0..4 {
        let dialled = tokio::time::timeout(PATIENCE, sessions.next()).await;
        let (_, mut stream) = dialled.expect("the county dials again").unwrap();
        let conduct = county.node().conduct();
        assert_eq!(
            conduct.avoided_ms(&peer, Moment::now().up_ms),
            None,
            "not before its time"
        );
        frame::write(&mut stream, b"no message at all").await.unwrap();
        let mut beat = tokio::time::interval(Duration::from_millis(5));
        let wait = loop {
            if let Some(wait) = conduct.avoided_ms(&peer, Moment::now().up_ms) {
                break wait;
            }
            beat.tick().await;
        };
        waits.push(wait);
    }
    assert!(waits[3] > 3 * waits[0], "each time longer: {waits:?}");
    let status = county.node().status(Vec::new()).unwrap();
    let unreadable = status
        .misbehaviour
        .iter()
        .find(|total| total.kind == "unreadable");
    assert_eq!(unreadable.map(|total| total.count), Some(4));
    county.stop().await;
    poll.abort();
}
