//! What peers did wrong while this process ran, counted by kind, and who is avoided for it and until when. Nothing of it is
//! kept beyond the process: a peer that was mended is not held to what it was.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lianzhan_protocol::codec::hex;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::sync::{Gravity, Misbehaviour};
use lianzhan_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::env;

/// Most peers of which something is remembered: keys cost nothing, and a stranger may come under as many as it likes.
const PEERS_MAX: usize = 1024;

/// What peers did wrong. Time is milliseconds of a clock that nobody sets.
#[derive(Debug, Default)]
pub struct Conduct(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    peers: BTreeMap<PublicKey, Entry>,
    totals: BTreeMap<Misbehaviour, u64>,
}

#[derive(Debug, Default)]
struct Entry {
    kinds: BTreeMap<Misbehaviour, Count>,
    /// How often in a row it was avoided.
    strikes: u32,
    last_ms: u64,
    until_ms: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    count: u64,
    last: i64,
}

/// When something happened.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// By a clock that nobody sets, in milliseconds.
    pub up_ms: u64,
    /// By the clock on the wall, for people.
    pub wall: Timestamp,
}

/// How often peers did one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindCount {
    /// What: the name of a kind, as docs/spec/06-sync.md lists them.
    pub kind: String,
    /// How often since this process started.
    pub count: u64,
    /// When last, milliseconds since 1970; absent in totals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<i64>,
}

/// A peer that did something wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Misconduct {
    /// Node key as hex.
    pub node: String,
    /// What it did.
    pub kinds: Vec<KindCount>,
    /// Until when it is neither dialled nor answered, milliseconds since 1970, if it is now.
    pub until: Option<i64>,
}

impl Misconduct {
    /// What it did last.
    pub fn last(&self) -> Option<&KindCount> {
        self.kinds.iter().max_by_key(|kind| kind.last)
    }

    /// How often it did anything.
    pub fn count(&self) -> u64 {
        self.kinds.iter().map(|kind| kind.count).sum()
    }

    /// How grave the last was; none for a kind that this version does not know.
    pub fn gravity(&self) -> Option<Gravity> {
        let kind = Misbehaviour::parse(&self.last()?.kind)?;
        Some(kind.gravity())
    }
}

impl Moment {
    /// Now.
    pub fn now() -> Self {
        Moment {
            up_ms: env::uptime_ms(),
            wall: env::now(),
        }
    }
}

impl Conduct {
    /// Takes note of what a peer did. Returns for how many milliseconds it is avoided: longer for what is graver, and each
    /// time twice as long, up to a bound. `dice` lengthens that by up to a quarter, so that who was sent away together does not
    /// come back together.
    pub fn note(&self, peer: PublicKey, kind: Misbehaviour, now: Moment, patience_ms: u64, dice: u16) -> u64 {
        let mut book = self.book();
        *book.totals.entry(kind).or_default() += 1;
        book.make_room(&peer);
        let entry = book.peers.entry(peer).or_default();
        let counted = entry.kinds.entry(kind).or_default();
        *counted = Count {
            count: counted.count + 1,
            last: now.wall.0,
        };
        let (first, most) = match kind.gravity() {
            Gravity::Misfit => return 0,
            Gravity::Slow => (patience_ms / 24, patience_ms.saturating_mul(5) / 2),
            Gravity::Breach => (patience_ms / 8, patience_ms.saturating_mul(5)),
            Gravity::Lie => (patience_ms / 2, patience_ms.saturating_mul(30)),
        };
        // Long good: as if nothing had been.
        if now.up_ms.saturating_sub(entry.until_ms) > patience_ms.saturating_mul(30) {
            entry.strikes = 0;
        }
        let wait = first.saturating_mul(1 << entry.strikes.min(20)).min(most);
        let wait = wait + wait.saturating_mul(u64::from(dice)) / (4 * u64::from(u16::MAX));
        entry.strikes = entry.strikes.saturating_add(1);
        entry.last_ms = now.up_ms;
        entry.until_ms = entry.until_ms.max(now.up_ms.saturating_add(wait));
        entry.until_ms - now.up_ms
    }

    /// For how many milliseconds more a peer is avoided, if it is.
    pub fn avoided_ms(&self, peer: &PublicKey, up_ms: u64) -> Option<u64> {
        let until = self.book().peers.get(peer)?.until_ms;
        until.checked_sub(up_ms).filter(|left| *left > 0)
    }

    /// How often each kind was seen, those never seen among them.
    pub fn totals(&self) -> Vec<KindCount> {
        let book = self.book();
        let total = |kind: Misbehaviour| KindCount {
            kind: kind.to_string(),
            count: book.totals.get(&kind).copied().unwrap_or(0),
            last: None,
        };
        Misbehaviour::ALL.map(total).to_vec()
    }

    /// How often anything was noted.
    pub fn noted(&self) -> u64 {
        self.book().totals.values().sum()
    }

    /// The peers that did something, by node key.
    pub fn list(&self, now: Moment) -> Vec<Misconduct> {
        let left = |entry: &Entry| entry.until_ms.checked_sub(now.up_ms).filter(|left| *left > 0);
        let counted = |(kind, count): (&Misbehaviour, &Count)| KindCount {
            kind: kind.to_string(),
            count: count.count,
            last: Some(count.last),
        };
        let book = self.book();
        let peers = book.peers.iter().map(|(peer, entry)| Misconduct {
            node: hex(peer.ed25519_bytes()),
            kinds: entry.kinds.iter().map(counted).collect(),
            until: left(entry).map(|left| now.wall.0.saturating_add(i64::try_from(left).unwrap_or(i64::MAX))),
        });
        peers.collect()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// Whose time is over first is forgotten, so that `peer` has a place.
    fn make_room(&mut self, peer: &PublicKey) {
        if self.peers.len() < PEERS_MAX || self.peers.contains_key(peer) {
            return;
        }
        let over = self
            .peers
            .iter()
            .min_by_key(|(_, entry)| (entry.until_ms, entry.last_ms));
        if let Some(over) = over.map(|(peer, _)| *peer) {
            self.peers.remove(&over);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lianzhan_protocol::keys::SecretKey;

    const PATIENCE: u64 = 120_000;

    fn key(n: u16) -> PublicKey {
        let mut seed = [9; 32];
        seed[..2].copy_from_slice(&n.to_be_bytes());
        SecretKey::from_seed(seed).public()
    }

    fn at(up_ms: u64) -> Moment {
        let wall = Timestamp(1_000_000 + i64::try_from(up_ms).unwrap());
        Moment { up_ms, wall }
    }

    #[test]
    fn a_liar_is_avoided_longer_each_time_up_to_an_hour() {
        let conduct = Conduct::default();
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..9 {
            let wait = conduct.note(key(1), Misbehaviour::WrongRoot, at(now), PATIENCE, 0);
            assert_eq!(conduct.avoided_ms(&key(1), now + wait - 1), Some(1));
            assert_eq!(conduct.avoided_ms(&key(1), now + wait), None);
            assert_eq!(conduct.avoided_ms(&key(2), now), None, "nobody else");
            waits.push(wait / 1000);
            now += wait;
        }
        assert_eq!(waits, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        let wait = conduct.note(
            key(1),
            Misbehaviour::WrongRoot,
            at(now + 4_000_000),
            PATIENCE,
            u16::MAX,
        );
        assert_eq!(
            wait, 75_000,
            "after a long time as at first, and the dice lengthen it"
        );
    }

    #[test]
    fn who_is_slow_is_soon_tried_again_and_who_does_not_fit_at_once() {
        let conduct = Conduct::default();
        assert_eq!(
            conduct.note(key(1), Misbehaviour::Stalled, at(0), PATIENCE, 0),
            5_000
        );
        assert_eq!(
            conduct.note(key(2), Misbehaviour::Flood, at(0), PATIENCE, 0),
            15_000
        );
        for kind in [
            Misbehaviour::NotANode,
            Misbehaviour::OtherVersion,
            Misbehaviour::Truncated,
        ] {
            assert_eq!(conduct.note(key(3), kind, at(0), PATIENCE, 0), 0);
        }
        let list = conduct.list(at(1_000));
        let of = |n| {
            list.iter()
                .find(|peer| peer.node == hex(key(n).ed25519_bytes()))
                .unwrap()
        };
        assert_eq!(of(1).until, Some(1_005_000));
        assert_eq!((of(3).until, of(3).kinds.len()), (None, 3));
        assert_eq!(of(2).kinds[0].kind, "flood");
        assert_eq!(of(2).gravity(), Some(Gravity::Breach));
        assert_eq!((of(3).count(), of(1).count(), conduct.noted()), (3, 1, 5));
        let totals = conduct.totals();
        assert_eq!(totals.len(), Misbehaviour::ALL.len());
        assert_eq!(totals.iter().map(|total| total.count).sum::<u64>(), 5);
    }

    #[test]
    fn many_names_do_not_fill_the_memory_nor_free_a_liar() {
        let conduct = Conduct::default();
        conduct.note(key(0), Misbehaviour::BadSignature, at(0), PATIENCE, 0);
        for n in 1..2_000 {
            conduct.note(key(n), Misbehaviour::NotANode, at(u64::from(n)), PATIENCE, 0);
        }
        assert_eq!(conduct.list(at(2_000)).len(), PEERS_MAX);
        assert!(conduct.avoided_ms(&key(0), 2_000).is_some());
    }
}
