//! Places that strangers share, of connections or of conversations. Who is being answered keeps its place; who has only not
//! ended its request yet, or asks nothing more, gives way to whoever comes when no place is left, or none of its own share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// So many places, shared by those whom a key `K` tells apart.
#[derive(Clone)]
pub(crate) struct Places<K>(Arc<Shared<K>>);

struct Shared<K> {
    most: usize,
    most_of_one: Option<usize>,
    open: Mutex<Open<K>>,
    freed: Notify,
}

struct Open<K> {
    /// Counts arrivals and the ends of answers: what is smaller was earlier.
    turn: u64,
    taken: BTreeMap<u64, Taken<K>>,
}

struct Taken<K> {
    /// Whose it is, if it counts for anybody.
    by: Option<K>,
    /// Requests that are being answered.
    answering: usize,
    /// Whether it was answered before: whoever fills the places with what never becomes a request gives way first.
    answered: bool,
    /// Since when it waits for nothing of ours.
    since: u64,
    leave: Arc<Notify>,
}

impl<K: PartialEq> Open<K> {
    fn count(&self, by: &K) -> usize {
        self.taken
            .values()
            .filter(|taken| taken.by.as_ref() == Some(by))
            .count()
    }

    /// Sends away who has been idle longest among those that are meant. Returns whether there is one.
    fn send_away(&mut self, meant: impl Fn(&Taken<K>) -> bool) -> bool {
        let idle = self
            .taken
            .iter()
            .filter(|(_, taken)| taken.answering == 0 && meant(taken));
        let Some((id, _)) = idle.min_by_key(|(_, taken)| (taken.answered, taken.since)) else {
            return false;
        };
        let id = *id;
        if let Some(taken) = self.taken.remove(&id) {
            taken.leave.notify_one();
        }
        true
    }
}

impl<K> Shared<K> {
    fn open(&self) -> MutexGuard<'_, Open<K>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What comes of asking for a place.
enum Asked<K> {
    Given(Place<K>),
    /// All are in use: one may become free.
    Later,
    /// The share is in use.
    Never,
}

impl<K: PartialEq> Places<K> {
    /// `most` in all, and of one key `most_of_one`.
    pub(crate) fn new(most: usize, most_of_one: Option<usize>) -> Self {
        let open = Open {
            turn: 0,
            taken: BTreeMap::new(),
        };
        Places(Arc::new(Shared {
            most,
            most_of_one,
            open: Mutex::new(open),
            freed: Notify::new(),
        }))
    }

    /// A place for one that counts for `by`, once there is one; none if so many of it are being answered that it gets no more.
    pub(crate) async fn enter(&self, by: Option<K>) -> Option<Place<K>>
    where
        K: Copy,
    {
        loop {
            let freed = self.0.freed.notified();
            match self.ask(by) {
                Asked::Given(place) => return Some(place),
                Asked::Never => return None,
                Asked::Later => freed.await,
            }
        }
    }

    /// The same, without waiting.
    pub(crate) fn try_enter(&self, by: Option<K>) -> Option<Place<K>> {
        match self.ask(by) {
            Asked::Given(place) => Some(place),
            Asked::Later | Asked::Never => None,
        }
    }

    fn ask(&self, by: Option<K>) -> Asked<K> {
        let mut open = self.0.open();
        if let (Some(share), Some(by)) = (self.0.most_of_one, &by)
            && open.count(by) >= share
            && !open.send_away(|taken| taken.by.as_ref() == Some(by))
        {
            return Asked::Never;
        }
        if open.taken.len() >= self.0.most && !open.send_away(|_| true) {
            return Asked::Later;
        }
        let id = open.turn;
        open.turn += 1;
        let leave = Arc::new(Notify::new());
        let taken = Taken {
            by,
            answering: 0,
            answered: false,
            since: id,
            leave: leave.clone(),
        };
        open.taken.insert(id, taken);
        let places = self.0.clone();
        Asked::Given(Place { places, id, leave })
    }
}

/// One place, until it is dropped.
pub(crate) struct Place<K> {
    places: Arc<Shared<K>>,
    id: u64,
    leave: Arc<Notify>,
}

impl<K> Place<K> {
    /// Until another connection needs the place more.
    pub(crate) async fn needed(&self) {
        self.leave.notified().await;
    }

    /// A request has come whole; it is being answered until what is returned is dropped.
    pub(crate) fn answering(&self) -> Answering<K> {
        if let Some(taken) = self.places.open().taken.get_mut(&self.id) {
            taken.answering += 1;
        }
        Answering {
            places: self.places.clone(),
            id: self.id,
        }
    }

    /// Whether a request is being answered.
    pub(crate) fn is_answering(&self) -> bool {
        let open = self.places.open();
        open.taken.get(&self.id).is_some_and(|taken| taken.answering > 0)
    }
}

impl<K> Drop for Place<K> {
    fn drop(&mut self) {
        self.places.open().taken.remove(&self.id);
        self.places.freed.notify_one();
    }
}

/// A request that is being answered.
pub(crate) struct Answering<K> {
    places: Arc<Shared<K>>,
    id: u64,
}

impl<K> Drop for Answering<K> {
    fn drop(&mut self) {
        let mut open = self.places.open();
        let turn = open.turn;
        open.turn += 1;
        if let Some(taken) = open.taken.get_mut(&self.id) {
            taken.answering = taken.answering.saturating_sub(1);
            (taken.answered, taken.since) = (true, turn);
        }
        drop(open);
        // Whoever waits may have this place now.
        self.places.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::FutureExt;

    use super::*;

    async fn entered(places: &Places<u8>, by: u8) -> Option<Place<u8>> {
        let waited = places.enter(Some(by)).now_or_never().flatten();
        assert!(waited.is_some() || places.try_enter(Some(by)).is_none());
        waited
    }

    fn is_sent_away(place: &Place<u8>) -> bool {
        place.needed().now_or_never().is_some()
    }

    #[tokio::test]
    async fn who_has_not_asked_gives_way_and_who_is_answered_does_not() {
        let places = Places::new(3, Some(3));
        let (idle, silent, asking) = (
            entered(&places, 1).await.unwrap(),
            entered(&places, 2).await.unwrap(),
            entered(&places, 3).await.unwrap(),
        );
        drop(idle.answering());
        let answering = asking.answering();
        let fourth = entered(&places, 4).await.unwrap();
        assert!(is_sent_away(&silent) && !is_sent_away(&idle) && !is_sent_away(&asking));
        let fourth = (fourth.answering(), fourth);
        let fifth = entered(&places, 5).await.unwrap();
        assert!(is_sent_away(&idle));
        let fifth = (fifth.answering(), fifth);
        assert!(entered(&places, 6).await.is_none(), "all are being answered");
        let waiting = places.enter(Some(6));
        let freed = async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            drop(answering);
        };
        let (sixth, ()) = tokio::join!(waiting, freed);
        assert!(sixth.is_some() && is_sent_away(&asking));
        drop((fourth, fifth));
    }

    #[tokio::test]
    async fn one_key_has_its_share_and_who_is_not_counted_has_all() {
        let places = Places::new(4, Some(2));
        let first = entered(&places, 1).await.unwrap();
        let second = entered(&places, 1).await.unwrap();
        let third = entered(&places, 1).await.unwrap();
        assert!(is_sent_away(&first), "one more of the same takes its own place");
        let _busy = (third.answering(), second.answering());
        assert!(entered(&places, 1).await.is_none());
        let here = || places.enter(None);
        let mine = [
            here().await.unwrap(),
            here().await.unwrap(),
            here().await.unwrap(),
        ];
        assert!(is_sent_away(&mine[0]), "four in all");
    }
}
