//! Peers that break the rules of the conversation, and peers that do not fit.

use futures::AsyncWriteExt;
use lianzhan_protocol::id::{Hash, RecordId, SpaceId, StatementId};
use lianzhan_protocol::keys::SecretKey;
use lianzhan_protocol::log::{Checkpoint, Origin, TreeSize};
use lianzhan_protocol::sync::message::{Hello, RecordKey};
use lianzhan_protocol::sync::{FRAME_MAX, List, Message, Misbehaviour, Text};

use super::world::World;
use super::{LONG, play};

fn nowhere() -> Origin {
    Origin::parse("lianzhan/log/0001").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_ends_it() {
    let mut world = World::new(LONG, 4).await;
    let unreadable = Misbehaviour::Unreadable;
    play(&mut world, 0, unreadable, async |line| {
        line.greet().await;
        line.bytes(b"\0\0\0\x10garbage, garbage").await;
    })
    .await;
    play(&mut world, 1, unreadable, async |line| {
        line.greet().await;
        let whole = Message::AskLogs(SpaceId([1; 32])).to_frame();
        let cut = &whole[..whole.len() - 1];
        let len = u32::try_from(cut.len()).unwrap().to_be_bytes();
        line.bytes(&[&len, cut].concat()).await;
    })
    .await;
    play(&mut world, 2, Misbehaviour::Oversized, async |line| {
        line.greet().await;
        let len = u32::try_from(FRAME_MAX + 1).unwrap();
        line.bytes(&len.to_be_bytes()).await;
    })
    .await;
    // A line may break there, too: it is counted, and nobody is avoided.
    play(&mut world, 3, Misbehaviour::Truncated, async |line| {
        line.greet().await;
        line.bytes(b"\0\0\0\x10gar").await;
        line.stream.close().await.unwrap();
    })
    .await;
    assert!(!world.is_avoided(3));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_have_their_turn() {
    let mut world = World::new(LONG, 3).await;
    let out_of_turn = Misbehaviour::OutOfTurn;
    play(&mut world, 0, out_of_turn, async |line| {
        line.say(&Message::AskLogs(SpaceId([1; 32]))).await;
    })
    .await;
    play(&mut world, 1, out_of_turn, async |line| {
        line.greet().await;
        let again = Message::Hello(line.honest_hello());
        line.say(&again).await;
    })
    .await;
    play(&mut world, 2, Misbehaviour::TooMuch, async |line| {
        line.greet().await;
        // The same log again and again: the first is not answered before the second is read.
        let frame = witness_me(line.node.node_key()).to_frame();
        let len = u32::try_from(frame.len()).unwrap().to_be_bytes();
        line.bytes(&[&len, &frame[..]].concat().repeat(200)).await;
    })
    .await;
    world.stop().await;
}

/// A request to witness a log that begins there.
fn witness_me(key: &SecretKey) -> Message {
    let origin = nowhere();
    let checkpoint = Checkpoint {
        origin: origin.clone(),
        size: TreeSize(1),
        root: Hash([1; 32]),
    };
    Message::WitnessMe {
        origin: origin.clone(),
        old: TreeSize(0),
        checkpoint: Text::new(checkpoint.sign(key).to_string()).unwrap(),
        proof: List::new(Vec::new()).unwrap(),
        shown: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_to_nothing_end_it() {
    let keys = RecordKey {
        record: RecordId([1; 16]),
        key: [2; 32],
    };
    let answers = [
        Message::Nothing(nowhere()),
        Message::Keys(List::new(vec![keys]).unwrap()),
        Message::Logs {
            space: SpaceId([1; 32]),
            logs: List::new(Vec::new()).unwrap(),
            more: false,
        },
        Message::Joint {
            statements: List::new(Vec::new()).unwrap(),
            more: false,
        },
    ];
    let mut world = World::new(LONG, answers.len()).await;
    for (evil, answer) in answers.into_iter().enumerate() {
        play(&mut world, evil, Misbehaviour::Unasked, async |line| {
            line.greet().await;
            line.say(&answer).await;
        })
        .await;
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_fit_is_told_so_and_may_come_again() {
    let mut world = World::new(LONG, 1).await;
    type Twist = fn(Hello) -> Hello;
    let hellos: [(Misbehaviour, Twist); 2] = [
        (Misbehaviour::OtherFederation, |hello| Hello {
            founding: StatementId([7; 32]),
            ..hello
        }),
        (Misbehaviour::OtherVersion, |hello| Hello { version: 2, ..hello }),
    ];
    for (kind, twist) in hellos {
        play(&mut world, 0, kind, async |line| {
            let hello = twist(line.honest_hello());
            line.say(&Message::Hello(hello)).await;
        })
        .await;
        assert!(!world.is_avoided(0), "{kind}");
    }
    let mut line = world.line(0).await;
    line.greet().await;
    world.stop().await;
}
