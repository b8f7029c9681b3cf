//! Keeping away who misbehaved, and not letting strangers crowd out who is known.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lianzhan_protocol::keys::PublicKey;
use libp2p::swarm::ConnectionId;
use libp2p::{PeerId, Swarm};

use super::node_key;
use super::transport::Behaviour;
use crate::env;
use crate::services::Node;
use crate::source::Source;

/// Most connections with peers that the directory does not name: nodes that join, nodes of which this one has not heard yet,
/// and whoever comes by.
const STRANGERS_CONNECTED: usize = 256;
/// Most of them from one address: a building in which many nodes join at once has them one after the other.
const STRANGERS_OF_ONE: usize = 16;
/// Most of them in a session: each has everything that is held compared once.
pub(super) const STRANGERS_SERVED: usize = 64;
/// Most sessions of one of them: one, and one whose connection broke without this side having noticed.
pub(super) const SESSIONS_OF_STRANGER: usize = 2;
/// Sessions that one peer may open at once: far more than a line that breaks again and again needs.
const OPENINGS_BURST: u64 = 32;
/// And one more in each such time, in milliseconds, for as long as it likes.
const OPENING_MS: u64 = 1_000;
/// Most peers of which their openings are remembered.
const OPENERS_MAX: usize = 4_096;

/// Peers whose connections are closed, and not taken, until their time is over.
pub(super) struct Avoided {
    node: Arc<Node>,
    peers: BTreeSet<PeerId>,
}

impl Avoided {
    pub(super) fn new(node: Arc<Node>) -> Self {
        let peers = BTreeSet::new();
        Avoided { node, peers }
    }

    /// Begins to avoid a peer.
    pub(super) fn begin(&mut self, swarm: &mut Swarm<Behaviour>, peer: PeerId) {
        if self.left_ms(&peer).is_some() {
            swarm.behaviour_mut().blocked.block_peer(peer);
            self.peers.insert(peer);
        }
    }

    /// Until the time of some peer is over; never while nobody is avoided.
    pub(super) async fn some_over(&self) {
        match self
            .peers
            .iter()
            .map(|peer| self.left_ms(peer).unwrap_or(0))
            .min()
        {
            Some(left_ms) => tokio::time::sleep(Duration::from_millis(left_ms)).await,
            None => std::future::pending().await,
        }
    }

    /// Lets those in again whose time is over.
    pub(super) fn end(&mut self, swarm: &mut Swarm<Behaviour>) {
        let over = |peer: &PeerId| self.left_ms(peer).is_none();
        let over: Vec<PeerId> = self.peers.iter().copied().filter(over).collect();
        for peer in over {
            swarm.behaviour_mut().blocked.unblock_peer(peer);
            self.peers.remove(&peer);
        }
    }

    /// Whether the directory names a peer as a node.
    pub(super) fn knows(&self, peer: &PeerId) -> bool {
        node_key(peer).is_some_and(|key| self.node.directory().node_org(&key).is_some())
    }

    fn left_ms(&self, peer: &PeerId) -> Option<u64> {
        self.node.conduct().avoided_ms(&node_key(peer)?, env::uptime_ms())
    }
}

/// The connections with peers that the directory does not name.
#[derive(Default)]
pub(super) struct Strangers(HashMap<ConnectionId, (PeerId, Option<Source>)>);

impl Strangers {
    /// Whether there is room for one more from `source`, if that is counted. Who is known by now counts no more, however long
    /// its connection lasts: every node that joined came as a stranger.
    pub(super) fn enter(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        source: Option<Source>,
        knows: impl Fn(&PeerId) -> bool,
    ) -> bool {
        self.0.retain(|_, (peer, _)| !knows(peer));
        let of_one = self.0.values().filter(|(_, one)| one.is_some() && *one == source);
        let room = self.0.len() < STRANGERS_CONNECTED && of_one.count() < STRANGERS_OF_ONE;
        if room {
            self.0.insert(connection, (peer, source));
        }
        room
    }

    pub(super) fn leave(&mut self, connection: ConnectionId) {
        self.0.remove(&connection);
    }
}

/// How often each peer opened a session of late.
#[derive(Default)]
pub(super) struct Openings(Mutex<BTreeMap<PublicKey, Opened>>);

struct Opened {
    left: u64,
    refilled_ms: u64,
}

impl Openings {
    /// Whether a peer may open one more session.
    pub(super) fn admit(&self, peer: PublicKey, now_ms: u64) -> bool {
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let refill = |opened: &mut Opened| {
            let more = now_ms.saturating_sub(opened.refilled_ms) / OPENING_MS;
            opened.left = opened.left.saturating_add(more).min(OPENINGS_BURST);
            opened.refilled_ms += more * OPENING_MS;
        };
        if peers.len() >= OPENERS_MAX && !peers.contains_key(&peer) {
            peers.values_mut().for_each(refill);
            peers.retain(|_, opened| opened.left < OPENINGS_BURST);
            if peers.len() >= OPENERS_MAX {
                // So many at once are strangers, who have their own bound.
                return true;
            }
        }
        let opened = peers.entry(peer).or_insert(Opened {
            left: OPENINGS_BURST,
            refilled_ms: now_ms,
        });
        refill(opened);
        let admitted = opened.left > 0;
        opened.left = opened.left.saturating_sub(1);
        admitted
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use lianzhan_protocol::keys::SecretKey;

    #[test]
    fn a_peer_opens_sessions_now_and_then() {
        let openings = Openings::default();
        let [one, other] = [1, 2].map(|n| SecretKey::from_seed([n; 32]).public());
        let admitted = (0..100).filter(|n| openings.admit(one, 500 + n / 10)).count();
        assert_eq!(admitted as u64, OPENINGS_BURST);
        assert!(openings.admit(other, 500));
        assert!(openings.admit(one, 1_500) && !openings.admit(one, 1_500));
        assert!((2..5_000).all(|second| openings.admit(one, 500 + second * OPENING_MS)));
    }

    #[test]
    fn strangers_leave_room_for_who_is_known() {
        let mut strangers = Strangers::default();
        let ids: Vec<_> = (0..=STRANGERS_CONNECTED)
            .map(ConnectionId::new_unchecked)
            .collect();
        let mut enter = |id| strangers.enter(id, PeerId::random(), None, |_| false);
        let entered = ids.iter().filter(|id| enter(**id)).count();
        assert_eq!(entered, STRANGERS_CONNECTED);
        strangers.leave(ids[0]);
        let last = ids[STRANGERS_CONNECTED];
        assert!(strangers.enter(last, PeerId::random(), None, |_| false));
    }

    #[test]
    fn strangers_of_one_address_leave_room_for_those_of_others() {
        let mut strangers = Strangers::default();
        let [one, other] = [1, 2].map(|last| Some(IpAddr::from([192, 0, 2, last]).into()));
        let mut enter =
            |id, from| strangers.enter(ConnectionId::new_unchecked(id), PeerId::random(), from, |_| false);
        assert_eq!((0..100).filter(|id| enter(*id, one)).count(), STRANGERS_OF_ONE);
        assert!(enter(100, other) && enter(101, None));
    }

    #[test]
    fn who_joined_is_no_stranger_any_more_though_its_connection_lasts() {
        let mut strangers = Strangers::default();
        let building = Some(IpAddr::from([192, 0, 2, 1]).into());
        let joined: BTreeSet<PeerId> = (0..100)
            .map(|id| {
                let peer = PeerId::random();
                let id = ConnectionId::new_unchecked(id);
                let others = |other: &PeerId| *other != peer;
                assert!(strangers.enter(id, peer, building, others));
                peer
            })
            .collect();
        assert_eq!(joined.len(), 100);
    }
}
