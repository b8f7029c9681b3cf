//! Peers that owe. While each of them holds its own session open, an honest neighbour gets through; and soon after, the peer
//! is answered again: a slow line is no crime.

use std::time::Duration;

use lianzhan_protocol::id::{Hash, SpaceId};
use lianzhan_protocol::sync::message::{LogStanding, SpaceDigest};
use lianzhan_protocol::sync::{List, Message, Misbehaviour};

use super::evil::Evil;
use super::world::{World, directory_log, directory_space};
use super::{SHORT, play};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed_has_its_time() {
    let mut world = World::new(SHORT, 1).await;
    play(&mut world, 0, Misbehaviour::NoHello, async |_| {}).await;
    play(&mut world, 0, Misbehaviour::Stalled, async |line| {
        line.greet().await
    })
    .await;
    play(&mut world, 0, Misbehaviour::Stalled, async |line| {
        line.greet().await;
        let (space, digest) = (directory_space(&line.node), Hash([1; 32]));
        let spaces = List::new(vec![SpaceDigest { space, digest }]).unwrap();
        line.say(&Message::Spaces { spaces, more: false }).await;
    })
    .await;
    is_answered_again(&world).await;
    world.stop().await;
}

async fn is_answered_again(world: &World) {
    let mut line = world.line(0).await;
    line.greet().await;
}

/// Says things that nobody needs, for as long as somebody listens; too little to be worth the wait (Y-16).
async fn chatter(line: &mut Evil, message: &Message) {
    let mut beat = tokio::time::interval(Duration::from_millis(400));
    while line.say(message).await {
        beat.tick().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_that_is_promised_and_does_not_come_ends_it() {
    let mut world = World::new(SHORT, 1).await;
    play(&mut world, 0, Misbehaviour::Withheld, async |line| {
        line.settle().await;
        let (origin, standing) = directory_log(&line.node);
        let space = directory_space(&line.node);
        let log = LogStanding { origin, standing };
        let promise = Message::Grew { space, log };
        line.say(&promise).await;
        chatter(line, &promise).await;
    })
    .await;
    play(&mut world, 0, Misbehaviour::Withheld, async |line| {
        line.settle().await;
        let (origin, standing) = directory_log(&line.node);
        let space = directory_space(&line.node);
        let is_wanted = |message: &Message| matches!(message, Message::Want { .. });
        for _ in 0..33 {
            let log = LogStanding {
                origin: origin.clone(),
                standing,
            };
            line.say(&Message::Grew { space, log }).await;
            let wanted = line.await_message(is_wanted).await;
            assert!(wanted.is_some(), "what is announced is wanted");
            line.say(&Message::Nothing(origin.clone())).await;
        }
    })
    .await;
    is_answered_again(&world).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_drips_for_ever_ends_it_and_holds_up_nobody() {
    let mut world = World::new(SHORT, 1).await;
    let mut line = world.line(0).await;
    line.settle().await;
    line.bytes(&1_000_000u32.to_be_bytes()).await;
    world.an_honest_neighbour_syncs().await;
    let mut beat = tokio::time::interval(Duration::from_millis(100));
    while line.bytes(&[0]).await {
        beat.tick().await;
    }
    drop(line);
    world.counted(0, Misbehaviour::Stalled).await;
    world.an_honest_neighbour_syncs().await;
    is_answered_again(&world).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_nothing_is_not_waited_for() {
    let mut world = World::new(SHORT, 1).await;
    let mut line = world.line(0).await;
    line.settle().await;
    // Each answer lists what the city holds of a space that both hold; together more than a stream takes unread.
    let space: SpaceId = directory_space(world.city.node());
    for _ in 0..9_000 {
        if !line.say(&Message::AskLogs(space)).await {
            break;
        }
    }
    world.counted(0, Misbehaviour::Stalled).await;
    world.an_honest_neighbour_syncs().await;
    drop(line);
    is_answered_again(&world).await;
    world.stop().await;
}
