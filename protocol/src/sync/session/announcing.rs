//! Announcing what grew. While much waits to be written to the peer, announcements wait here: a log is then told of once,
//! as it is when its turn comes, however often it grew meanwhile.

use std::collections::BTreeMap;

use super::super::message::{LogStanding, Message};
use super::pull::Pull;
use super::shared::Shared;
use super::{Effect, send};
use crate::id::SpaceId;
use crate::log::Origin;

/// Most announcements after one piece of news: what waited leaves no faster than a peer has to hear it.
const AT_ONCE: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Announcing {
    /// Logs to be told of, each once: no more than are held. With whether the peer is told even if it knows the size.
    waiting: BTreeMap<(SpaceId, Origin), bool>,
    crowded: bool,
}

impl Announcing {
    /// A log grew.
    pub(super) fn grew(&mut self, space: SpaceId, origin: Origin) {
        self.waiting.entry((space, origin)).or_insert(false);
    }

    /// A log is another one than it was, though its size may be what the peer knows.
    pub(super) fn again(&mut self, space: SpaceId, origin: Origin) {
        self.waiting.insert((space, origin), true);
    }

    /// Whether much waits to be written.
    pub(super) fn crowded(&mut self, crowded: bool) {
        self.crowded = crowded;
    }

    /// Tells what may be told, if there is room.
    pub(super) fn pump(&mut self, shared: &Shared, pull: &mut Pull, out: &mut Vec<Effect>) {
        if self.crowded {
            return;
        }
        for _ in 0..AT_ONCE {
            let Some(((space, origin), again)) = self.waiting.pop_first() else {
                return;
            };
            // A right may have been lost since: what is shared anew is listed anew.
            let held = shared.held().standing(&space, &origin);
            let Some(standing) = held.filter(|_| shared.contains(&space)) else {
                continue;
            };
            if pull.announces(&origin, standing.size) || again {
                let log = LogStanding { origin, standing };
                send(out, &Message::Grew { space, log });
            }
        }
    }
}
