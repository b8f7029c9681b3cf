//! Peers that come in crowds.

use lianzhan_node::net;
use lianzhan_node::services::invite::Joining;
use lianzhan_protocol::id::SpaceId;
use lianzhan_protocol::keys::SecretKey;
use lianzhan_protocol::sync::message::LogStanding;
use lianzhan_protocol::sync::{Message, Misbehaviour};
use lianzhan_protocol::trust::Level;

use super::super::convergence::world::{draft, secret};
use super::evil::{JOIN, open};
use super::world::{World, config, directory_log};
use super::{LONG, play};

#[tokio::test(flavor = "multi_thread")]
async fn floods_of_messages_and_of_sessions_end() {
    let mut world = World::new(LONG, 2).await;
    play(&mut world, 0, Misbehaviour::Flood, async |line| {
        line.settle().await;
        let (origin, standing) = directory_log(&line.node);
        let log = LogStanding { origin, standing };
        let space = SpaceId([9; 32]);
        let news = Message::Grew { space, log };
        for _ in 0..40_000 {
            if !line.say(&news).await {
                break;
            }
        }
    })
    .await;
    let mut line = world.line(1).await;
    let mut streams = Vec::new();
    while let Some(stream) = line.another().await {
        streams.push(stream);
        assert!(streams.len() < 1_000, "a peer opens as many sessions as it likes");
    }
    world.counted(1, Misbehaviour::Flood).await;
    assert!(world.is_avoided(1));
    world.an_honest_neighbour_syncs().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_about_to_join_and_says_nothing_keeps_nobody_from_joining() {
    let mut world = World::new(LONG, 0).await;
    let (city, addresses) = (world.city.node().clone(), world.city.addresses());
    let mut silent = Vec::new();
    // More than the city listens to at once.
    for n in 0..80 {
        let key = SecretKey::from_seed([n; 32]);
        let line = open(&key, city.node_key().public(), &addresses, JOIN).await;
        silent.push(line.expect("the city listens"));
    }
    let org = draft(Level::County, "新县", "990199");
    let invitation = city.invite(org, &secret(), addresses).unwrap();
    let joining = Joining::begin(&invitation.to_code()).unwrap();
    let reply = net::join(joining.invitation(), joining.request()).await.unwrap();
    let place = world.dir.path().join("new");
    joining.finish(&place, reply, &secret(), config(LONG)).unwrap();
    world.an_honest_neighbour_syncs().await;
    for (_, _, poll) in silent {
        poll.abort();
    }
    world.stop().await;
}
