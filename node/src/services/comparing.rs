//! What peers tell of logs of which more is held here, to be compared with the histories held. A peer may tell of thousands at
//! once: they wait here, and one thread at a time works for all peers, each in its turn.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lianzhan_protocol::keys::PublicKey;

/// What waits, by peer.
pub(super) struct Comparing<T>(Mutex<Waiting<T>>);

struct Waiting<T> {
    of: BTreeMap<PublicKey, VecDeque<T>>,
    /// Whose turn it was.
    last: Option<PublicKey>,
    working: bool,
}

impl<T> Default for Comparing<T> {
    fn default() -> Self {
        Comparing(Mutex::new(Waiting {
            of: BTreeMap::new(),
            last: None,
            working: false,
        }))
    }
}

impl<T> Comparing<T> {
    fn waiting(&self) -> MutexGuard<'_, Waiting<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one. Returns whether somebody has to begin to [work](Self::work).
    pub(super) fn add(&self, peer: PublicKey, one: T) -> bool {
        let mut waiting = self.waiting();
        waiting.of.entry(peer).or_default().push_back(one);
        !std::mem::replace(&mut waiting.working, true)
    }

    /// Does all that waits, and what comes meanwhile.
    pub(super) fn work(&self, mut each: impl FnMut(T)) {
        /// Whatever becomes of one, somebody may go on with the others.
        struct Working<'a, T>(&'a Comparing<T>);
        impl<T> Drop for Working<'_, T> {
            fn drop(&mut self) {
                self.0.waiting().working = false;
            }
        }
        let working = Working(self);
        while let Some(one) = self.next() {
            each(one);
        }
        // It has said so already, with the same lock with which it saw that nothing waits.
        std::mem::forget(working);
    }

    fn next(&self) -> Option<T> {
        let mut waiting = self.waiting();
        let after = waiting.last.map_or(Bound::Unbounded, Bound::Excluded);
        let mut in_turn = waiting.of.range((after, Bound::Unbounded));
        let next = in_turn.next().or_else(|| waiting.of.iter().next());
        let Some(peer) = next.map(|(peer, _)| *peer) else {
            waiting.working = false;
            return None;
        };
        waiting.last = Some(peer);
        let of = waiting.of.get_mut(&peer)?;
        let one = of.pop_front();
        if of.is_empty() {
            waiting.of.remove(&peer);
        }
        one
    }
}

#[cfg(test)]
mod tests {
    use lianzhan_protocol::keys::SecretKey;

    use super::*;

    #[test]
    fn one_works_for_all_and_each_peer_has_its_turn() {
        let comparing = Comparing::default();
        let [one, other] = [1, 2].map(|n| SecretKey::from_seed([n; 32]).public());
        let begin: Vec<bool> = (0..16_384).map(|n| comparing.add(one, (one, n))).collect();
        assert_eq!(begin.iter().filter(|begin| **begin).count(), 1);
        assert!(!comparing.add(other, (other, 0)) && !comparing.add(other, (other, 1)));
        let mut done = Vec::new();
        comparing.work(|it| done.push(it));
        assert_eq!(done.len(), 16_386);
        let early = done.iter().take(4).filter(|(peer, _)| *peer == other).count();
        assert_eq!(early, 2, "nobody waits until another has been told all");
        assert!(comparing.add(one, (one, 0)), "and it begins anew");
    }

    #[test]
    fn one_that_fails_does_not_end_the_others() {
        let comparing = Comparing::default();
        let peer = SecretKey::from_seed([1; 32]).public();
        assert!(comparing.add(peer, 1) && !comparing.add(peer, 2));
        let failed = std::panic::catch_unwind(|| comparing.work(|_| panic!("as on a broken disk")));
        assert!(failed.is_err() && comparing.add(peer, 3));
        let mut done = Vec::new();
        comparing.work(|it| done.push(it));
        assert_eq!(done, [2, 3]);
    }
}
