//! Which peers are connected now, for status and pages.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use lianzhan_protocol::codec::hex;
use lianzhan_protocol::keys::PublicKey;

use crate::services::query::PeerStatus;

/// The connected peers. Cheap to clone.
#[derive(Clone, Default)]
pub struct Peers(Arc<Mutex<BTreeMap<(PublicKey, u64), PeerStatus>>>);

impl Peers {
    /// All of them, by node key. Of two sessions with one peer the older is shown.
    pub fn list(&self) -> Vec<PeerStatus> {
        let peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut listed: Vec<PeerStatus> = peers.values().cloned().collect();
        listed.dedup_by(|later, earlier| later.node == earlier.node);
        listed
    }

    /// Whether there was room: of one peer `most` sessions are held.
    pub(super) fn enter(&self, peer: PublicKey, session: u64, most: usize) -> bool {
        let now = crate::env::now().0;
        let status = PeerStatus {
            node: hex(peer.ed25519_bytes()),
            org: None,
            software: None,
            level: false,
            received: 0,
            wanted: 0,
            behind_since: None,
            given: 0,
            to_give: 0,
            since: now,
            heard: now,
        };
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if peers.range((peer, 0)..=(peer, u64::MAX)).count() >= most {
            return false;
        }
        peers.insert((peer, session), status);
        true
    }

    pub(super) fn change(&self, peer: PublicKey, session: u64, change: impl FnOnce(&mut PeerStatus)) {
        if let Some(status) = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_mut(&(peer, session))
        {
            change(status);
        }
    }

    /// Something came of a peer.
    pub(super) fn heard(&self, peer: PublicKey) {
        let now = crate::env::now().0;
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for status in peers.range_mut((peer, 0)..=(peer, u64::MAX)) {
            status.1.heard = now;
        }
    }

    /// Whether a session with the peer is open.
    pub(super) fn has(&self, peer: &PublicKey) -> bool {
        let peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        peers.range((*peer, 0)..=(*peer, u64::MAX)).next().is_some()
    }

    /// What was known of the session at its end.
    pub(super) fn leave(&self, peer: PublicKey, session: u64) -> Option<PeerStatus> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&(peer, session))
    }
}
