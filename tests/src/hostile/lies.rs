//! Peers that say what no honest node says.

use lianzhan_node::services::authority::AuthorityGrant;
use lianzhan_protocol::id::{Hash, SpaceId};
use lianzhan_protocol::keys::SecretKey;
use lianzhan_protocol::log::{Checkpoint, Entry, Frontier, Origin, SignedCheckpoint, TreeSize};
use lianzhan_protocol::sync::message::{Hello, LogStanding};
use lianzhan_protocol::sync::{List, Message, Misbehaviour, RangeData, Standing, Text};
use lianzhan_protocol::trust::{Audience, Ground, Space};

use super::super::convergence::world::secret;
use super::evil::Evil;
use super::world::{World, directory_log, directory_space, held, log_in, until};
use super::{LONG, play};

/// Announces a log of its own, and gives for it what `twist` makes of the truth.
async fn give(
    line: &mut Evil,
    space: SpaceId,
    origin: &Origin,
    standing: Standing,
    twist: impl Fn(RangeData) -> RangeData,
) {
    let log = LogStanding {
        origin: origin.clone(),
        standing,
    };
    line.say(&Message::Grew { space, log }).await;
    let is_wanted =
        |message: &Message| matches!(message, Message::Want { origin: wanted, .. } if wanted == origin);
    let Some(Message::Want { from, .. }) = line.await_message(is_wanted).await else {
        panic!("what is announced is wanted")
    };
    let range = twist(line.range(origin, from));
    line.say(&Message::Range(range)).await;
}

async fn give_directory(line: &mut Evil, twist: impl Fn(&SecretKey, RangeData) -> RangeData) {
    line.settle().await;
    let node = line.node.clone();
    let (origin, standing) = directory_log(&node);
    give(line, directory_space(&node), &origin, standing, |range| {
        twist(node.node_key(), range)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_that_are_not_true_end_it() {
    let mut world = World::new(LONG, 6).await;
    play(&mut world, 0, Misbehaviour::WrongRoot, async |line| {
        give_directory(line, |key, range| {
            let signed = SignedCheckpoint::open(&range.checkpoint, &key.public(), &range.origin).unwrap();
            let mut lied = signed;
            lied.root = Hash([3; 32]);
            RangeData {
                checkpoint: Text::new(lied.sign(key).to_string()).unwrap(),
                ..range
            }
        })
        .await;
    })
    .await;
    play(&mut world, 1, Misbehaviour::BadSignature, async |line| {
        give_directory(line, |_, range| {
            let mut entries = range.entries.to_vec();
            if let Some(byte) = entries.last_mut().and_then(|entry| entry.entry.last_mut()) {
                *byte ^= 1;
            }
            RangeData {
                entries: List::new(entries).unwrap(),
                ..range
            }
        })
        .await;
    })
    .await;
    play(&mut world, 2, Misbehaviour::BadEntry, async |line| {
        give_directory(line, |_, range| {
            let mut entries = range.entries.to_vec();
            let payload = entries.last_mut().and_then(|entry| entry.payload.as_mut());
            if let Some(byte) = payload.and_then(|payload| payload.last_mut()) {
                *byte ^= 1;
            }
            RangeData {
                entries: List::new(entries).unwrap(),
                ..range
            }
        })
        .await;
    })
    .await;
    play(&mut world, 3, Misbehaviour::OutsideSpace, async |line| {
        line.settle().await;
        let node = line.node.clone();
        let (origin, standing) = directory_log(&node);
        let other = Space::of(node.org_id(), Audience::City).id();
        give(line, other, &origin, standing, |range| range).await;
    })
    .await;
    play(&mut world, 4, Misbehaviour::Withheld, async |line| {
        give_directory(line, |_, range| RangeData {
            entries: List::new(Vec::new()).unwrap(),
            ..range
        })
        .await;
    })
    .await;
    play(&mut world, 5, Misbehaviour::FalseName, async |line| {
        let node = SecretKey::from_seed([8; 32]).public();
        let hello = Hello {
            node,
            ..line.honest_hello()
        };
        line.say(&Message::Hello(hello)).await;
    })
    .await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_of_another_log_is_found_out_however_well_its_new_place_is_signed() {
    let mut world = World::new(LONG, 1).await;
    let city = world.city.node().clone();
    let (elsewhere, _) = directory_log(&city);
    let theirs = city.read_range(&elsewhere, TreeSize(0), usize::MAX).unwrap();
    let foreign = theirs.and_then(|range| range.entries.last().cloned()).unwrap();
    play(&mut world, 0, Misbehaviour::OutsideSpace, async |line| {
        give_directory(line, |key, range| {
            assert_eq!(range.from, TreeSize(0), "nothing of it is held");
            let mut entries = range.entries.to_vec();
            entries.push(foreign.clone());
            let mut tree = Frontier::new();
            for entry in &entries {
                tree.push(Entry::parse(&entry.entry).unwrap().leaf());
            }
            let checkpoint = Checkpoint {
                origin: range.origin.clone(),
                size: tree.size(),
                root: tree.root(),
            };
            RangeData {
                entries: List::new(entries).unwrap(),
                checkpoint: Text::new(checkpoint.sign(key).to_string()).unwrap(),
                ..range
            }
        })
        .await;
    })
    .await;
    world.stop().await;
}

/// Gives all of a log, and then says that it holds one entry less.
async fn rewind(world: &mut World, evil: usize, space: SpaceId, kind: Misbehaviour) {
    let city = world.city.node().clone();
    play(world, evil, kind, async |line| {
        line.settle().await;
        let node = line.node.clone();
        let (origin, standing) = log_in(&node, &space);
        give(line, space, &origin, standing, |range| range).await;
        until("a true range", || held(&city, &origin) == standing.size).await;
        let size = TreeSize(standing.size.0 - 1);
        let root = node.store().read(|reader| {
            let log = reader.log(&origin)?.expect("its own");
            reader.root_at(log.id, size)
        });
        let standing = Standing {
            size,
            root: root.unwrap(),
        };
        let log = LogStanding { origin, standing };
        line.say(&Message::Grew { space, log }).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_back_on_what_it_said_is_found_out() {
    let mut world = World::new(LONG, 2).await;
    let space = Space::of(world.evil[0].org_id(), Audience::City);
    world.evil[0].ensure_log(&space).unwrap();
    rewind(&mut world, 0, space.id(), Misbehaviour::Rewind).await;
    let directory = directory_space(&world.evil[1]);
    rewind(&mut world, 1, directory, Misbehaviour::StaleDirectory).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_that_was_taken_back_opens_nothing() {
    let mut world = World::new(LONG, 1).await;
    let lost = AuthorityGrant {
        until: None,
        ground: Ground::Soft,
        words: "the machine was stolen".into(),
        keep: None,
    };
    let (city, code) = (world.city.node(), world.evil[0].org().unwrap().code);
    city.invite_again(&secret(), &code, &lost, Vec::new()).unwrap();
    play(&mut world, 0, Misbehaviour::StaleDirectory, async |line| {
        let hello = Message::Hello(line.honest_hello());
        line.say(&hello).await;
    })
    .await;
    world.stop().await;
}
