//! Which connections there are with each peer.

use std::collections::HashMap;

use libp2p::PeerId;
use libp2p::swarm::ConnectionId;

/// So many with one peer are kept: one, and those that have broken without this side having noticed. A machine that lost its
/// power, or whose router gave it another address, comes back before its old connection is known to be dead.
const KEPT: usize = 3;

/// The connections with each peer, oldest first.
#[derive(Default)]
pub(super) struct Connections(HashMap<PeerId, Vec<ConnectionId>>);

impl Connections {
    /// There is one more. Returns the oldest where that is one too many.
    pub(super) fn opened(&mut self, peer: PeerId, connection: ConnectionId) -> Option<ConnectionId> {
        let open = self.0.entry(peer).or_default();
        open.push(connection);
        (open.len() > KEPT).then(|| open[0])
    }

    /// There is one less.
    pub(super) fn closed(&mut self, peer: PeerId, connection: ConnectionId) {
        if let Some(open) = self.0.get_mut(&peer) {
            open.retain(|one| *one != connection);
            if open.is_empty() {
                self.0.remove(&peer);
            }
        }
    }

    /// With whom there is any.
    pub(super) fn peers(&self) -> impl Iterator<Item = &PeerId> {
        self.0.keys()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept() {
        let mut connections = Connections::default();
        let (peer, other) = (PeerId::random(), PeerId::random());
        let open = |n| ConnectionId::new_unchecked(n);
        for n in 0..KEPT {
            assert_eq!(connections.opened(peer, open(n)), None);
        }
        assert_eq!(connections.opened(peer, open(KEPT)), Some(open(0)));
        connections.closed(peer, open(0));
        assert_eq!(connections.opened(other, open(KEPT + 1)), None);
        assert_eq!(connections.opened(peer, open(KEPT + 2)), Some(open(1)));
        connections.closed(other, open(KEPT + 1));
        assert_eq!(connections.peers().collect::<Vec<_>>(), [&peer]);
    }
}
