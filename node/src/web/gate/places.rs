//! The places of connections that are open at one time. Who takes the last one gives way to nobody while it is being
//! answered; who has only not ended its request yet, or asks nothing more, gives way to whoever comes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::Limits;
use crate::source::Source;

/// The places of one socket.
#[derive(Clone)]
pub(super) struct Places(Arc<Shared>);

struct Shared {
    limits: Limits,
    open: Mutex<Open>,
    freed: Notify,
}

#[derive(Default)]
struct Open {
    /// Counts arrivals and the ends of answers: what is smaller was earlier.
    turn: u64,
    taken: BTreeMap<u64, Taken>,
}

struct Taken {
    source: Source,
    /// Requests that are being answered.
    answering: usize,
    /// Whether it was answered before: whoever fills the places with what never becomes a request gives way first.
    answered: bool,
    /// Since when it waits for nothing of ours.
    since: u64,
    leave: Arc<Notify>,
}

impl Open {
    fn count(&self, source: Source) -> usize {
        self.taken.values().filter(|taken| taken.source == source).count()
    }

    /// Sends away who has been idle longest among those that are meant. Returns whether there is one.
    fn send_away(&mut self, meant: impl Fn(&Taken) -> bool) -> bool {
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

impl Shared {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Places {
    pub(super) fn new(limits: Limits) -> Self {
        Places(Arc::new(Shared {
            limits,
            open: Mutex::default(),
            freed: Notify::new(),
        }))
    }

    /// A place, once there is one; none if so many connections of `source` are being answered that it gets no more.
    pub(super) async fn enter(&self, source: Source) -> Option<Place> {
        loop {
            let freed = self.0.freed.notified();
            {
                let mut open = self.0.open();
                let share = self.0.limits.of_one.filter(|_| !source.is_here());
                if share.is_some_and(|share| open.count(source) >= share)
                    && !open.send_away(|taken| taken.source == source)
                {
                    return None;
                }
                if open.taken.len() < self.0.limits.connections || open.send_away(|_| true) {
                    let id = open.turn;
                    open.turn += 1;
                    let leave = Arc::new(Notify::new());
                    let taken = Taken {
                        source,
                        answering: 0,
                        answered: false,
                        since: id,
                        leave: leave.clone(),
                    };
                    open.taken.insert(id, taken);
                    let places = self.clone();
                    return Some(Place { places, id, leave });
                }
            }
            freed.await;
        }
    }
}

/// One place, until it is dropped.
pub(super) struct Place {
    places: Places,
    id: u64,
    leave: Arc<Notify>,
}

impl Place {
    /// Until another connection needs the place more.
    pub(super) async fn needed(&self) {
        self.leave.notified().await;
    }

    /// A request has come whole; it is being answered until what is returned is dropped.
    pub(super) fn answering(&self) -> Answering {
        if let Some(taken) = self.places.0.open().taken.get_mut(&self.id) {
            taken.answering += 1;
        }
        Answering {
            places: self.places.clone(),
            id: self.id,
        }
    }

    /// Whether a request is being answered.
    pub(super) fn is_answering(&self) -> bool {
        let open = self.places.0.open();
        open.taken.get(&self.id).is_some_and(|taken| taken.answering > 0)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.0.open().taken.remove(&self.id);
        self.places.0.freed.notify_one();
    }
}

/// A request that is being answered.
pub(super) struct Answering {
    places: Places,
    id: u64,
}

impl Drop for Answering {
    fn drop(&mut self) {
        let mut open = self.places.0.open();
        let turn = open.turn;
        open.turn += 1;
        if let Some(taken) = open.taken.get_mut(&self.id) {
            taken.answering = taken.answering.saturating_sub(1);
            (taken.answered, taken.since) = (true, turn);
        }
        drop(open);
        // Whoever waits may have this place now.
        self.places.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Duration;

    use futures::FutureExt;

    use super::*;

    fn places(connections: usize, of_one: usize) -> Places {
        Places::new(Limits {
            connections,
            of_one: Some(of_one),
            ..Limits::default()
        })
    }

    fn source(last: u8) -> Source {
        IpAddr::from([192, 0, 2, last]).into()
    }

    async fn entered(places: &Places, from: u8) -> Option<Place> {
        places.enter(source(from)).now_or_never().flatten()
    }

    fn is_sent_away(place: &Place) -> bool {
        place.needed().now_or_never().is_some()
    }

    #[tokio::test]
    async fn who_has_not_asked_gives_way_and_who_is_answered_does_not() {
        let places = places(3, 3);
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
        let waiting = places.enter(source(6));
        let freed = async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            drop(answering);
        };
        let (sixth, ()) = tokio::join!(waiting, freed);
        assert!(sixth.is_some() && is_sent_away(&asking));
        drop((fourth, fifth));
    }

    #[tokio::test]
    async fn one_machine_has_its_share_and_this_one_has_all() {
        let places = places(4, 2);
        let first = entered(&places, 1).await.unwrap();
        let _second = entered(&places, 1).await.unwrap();
        let third = entered(&places, 1).await.unwrap();
        assert!(is_sent_away(&first), "one more of the same takes its own place");
        let _busy = (third.answering(), _second.answering());
        assert!(entered(&places, 1).await.is_none());
        let here = || places.enter(IpAddr::from([127, 0, 0, 1]).into());
        let mine = [
            here().await.unwrap(),
            here().await.unwrap(),
            here().await.unwrap(),
        ];
        assert!(is_sent_away(&mine[0]), "four in all");
    }
}
