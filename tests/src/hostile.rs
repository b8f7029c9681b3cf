//! Hostile peers: each holds the key of a node that was really appointed, and plays one kind of misbehaviour to a running
//! node over a real connection. Each time the session must end, with the kind in what the peer is told; it must be counted;
//! whoever lied or broke the rules must be avoided; and meanwhile, and after it, an honest neighbour must get through.

pub(crate) mod evil;
mod floods;
mod lies;
mod parent;
mod rules;
mod slow;
mod world;

use lianzhan_protocol::sync::{Gravity, Misbehaviour};

use evil::Evil;
use world::{World, until};

/// Patience of a node where none of its deadlines matters.
const LONG: u64 = 120;
/// And where they do.
const SHORT: u64 = 4;

/// Plays a part against the city, which must see through it.
async fn play(world: &mut World, evil: usize, kind: Misbehaviour, part: impl AsyncFnOnce(&mut Evil)) {
    let mut line = world.line(evil).await;
    part(&mut line).await;
    let told = line.farewell().await;
    world.counted(evil, kind).await;
    if is_heard(kind) {
        assert!(told.is_some(), "{kind}: it is told why");
    }
    if let Some(told) = told {
        let named = told.starts_with(kind.as_str()) || kind.gravity() == Gravity::Misfit;
        assert!(named, "{kind}: {told}");
    }
    line.end().await;
    if kind.gravity() >= Gravity::Breach {
        assert!(world.is_avoided(evil), "{kind}");
        is_turned_away(world, evil).await;
    }
    let is_told = |world: &World| {
        world
            .alarms()
            .iter()
            .any(|words| words.starts_with(kind.as_str()))
    };
    if kind.gravity() == Gravity::Lie {
        until("an alarm", || is_told(world)).await;
    } else {
        assert!(!is_told(world), "{kind}: people have nothing to do about it");
    }
    world.an_honest_neighbour_syncs().await;
}

/// Whether the last word reaches who did it: its line is whole, and it listens. Who only talks may have lost the line by the
/// time it listens.
fn is_heard(kind: Misbehaviour) -> bool {
    !matches!(
        kind,
        Misbehaviour::Flood | Misbehaviour::Truncated | Misbehaviour::Withheld
    )
}

/// Who is avoided gets no word, whatever it does.
async fn is_turned_away(world: &World, evil: usize) {
    let (node, city) = (&world.evil[evil], world.city.node());
    let city_key = city.node_key().public();
    if let Some(mut line) = Evil::reach(node, city_key, &world.city.addresses()).await {
        assert_eq!(line.hear().await, None, "no hello to one who is avoided");
    }
}
