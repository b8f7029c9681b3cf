//! Neighbours: nodes that mDNS finds on the local network, so that what both may hold goes from one to the other also where
//! no line leads out. Anybody can say anything by mDNS: who is found is dialled, its key is proved by the connection, and
//! whether it is of this federation its hello must show. Others are left alone for longer and longer.

use std::collections::HashMap;
use std::time::Duration;

use lianzhan_protocol::keys::PublicKey;
use libp2p::{Multiaddr, PeerId, mdns};
use tokio::sync::{mpsc, watch};

use super::node_key;
use super::swarm::{Dial, Sessions, Unreached};

/// Most neighbours that are dialled, and most addresses of one. Beyond that the one gives way that was found first of those that
/// the directory does not name: to invent others costs nothing.
const MOST: (usize, usize) = (64, 16);
/// Of two that find each other the one with the smaller id dials at once, the other one if nothing has come by then.
const COURTESY: Duration = Duration::from_secs(3);
/// How often is looked whether the session that a neighbour began is still there.
const LOOK: Duration = Duration::from_secs(5);
/// First and last pause before one is dialled again that was not reached, or belongs to others.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(600));

/// The neighbours that are known now.
pub(super) struct Neighbours {
    own: PeerId,
    sessions: Sessions,
    streams: libp2p_stream::Control,
    dials: mpsc::Sender<Dial>,
    known: Known,
}

/// Those of whom mDNS told.
#[derive(Default)]
struct Known {
    heard: HashMap<PeerId, Heard>,
    found: u64,
}

struct Heard {
    addresses: watch::Sender<Vec<Multiaddr>>,
    /// After how many others it was found.
    found: u64,
}

impl Known {
    /// Takes note of an address. Returns what its neighbour listens to if it is new, and there is room beside those of whom
    /// `knows` says that they are of this federation.
    fn add(
        &mut self,
        peer: PeerId,
        address: Multiaddr,
        knows: impl Fn(&PeerId) -> bool,
    ) -> Option<watch::Receiver<Vec<Multiaddr>>> {
        if let Some(heard) = self.heard.get(&peer) {
            heard.addresses.send_if_modified(|addresses| {
                let more = addresses.len() < MOST.1 && !addresses.contains(&address);
                if more {
                    addresses.push(address);
                }
                more
            });
            return None;
        }
        if self.heard.len() >= MOST.0 {
            let unknown = self.heard.iter().filter(|(peer, _)| !knows(peer));
            let (first, _) = unknown.min_by_key(|(_, heard)| heard.found)?;
            let first = *first;
            tracing::debug!(peer = %first, "a neighbour that nobody knows gives way to another");
            self.heard.remove(&first);
        }
        let (told, addresses) = watch::channel(vec![address]);
        let heard = Heard {
            addresses: told,
            found: self.found,
        };
        self.found += 1;
        self.heard.insert(peer, heard);
        Some(addresses)
    }

    /// The record of an address has ended. Returns whether it was the last of that peer.
    fn remove(&mut self, peer: &PeerId, address: &Multiaddr) -> bool {
        let Some(heard) = self.heard.get(peer) else {
            return false;
        };
        heard
            .addresses
            .send_modify(|addresses| addresses.retain(|one| one != address));
        let last = heard.addresses.borrow().is_empty();
        if last {
            self.heard.remove(peer);
        }
        last
    }
}

impl Neighbours {
    pub(super) fn new(
        own: PeerId,
        sessions: Sessions,
        streams: libp2p_stream::Control,
        dials: mpsc::Sender<Dial>,
    ) -> Self {
        Neighbours {
            own,
            sessions,
            streams,
            dials,
            known: Known::default(),
        }
    }

    /// What mDNS has to say.
    pub(super) fn hear(&mut self, event: mdns::Event) {
        match event {
            mdns::Event::Discovered(found) => {
                for (peer, address) in found {
                    self.found(peer, address);
                }
            }
            mdns::Event::Expired(lost) => {
                for (peer, address) in lost {
                    self.lost(&peer, &address);
                }
            }
        }
    }

    fn found(&mut self, peer: PeerId, address: Multiaddr) {
        let Some(key) = node_key(&peer) else {
            return;
        };
        let sessions = &self.sessions;
        let knows = |peer: &PeerId| node_key(peer).is_some_and(|key| sessions.knows(&key));
        let Some(addresses) = self.known.add(peer, address, knows) else {
            return;
        };
        tracing::info!(%peer, address = ?addresses.borrow().first(), "a neighbour was found");
        let neighbour = Neighbour {
            peer,
            key,
            addresses,
            first: self.own < peer,
        };
        let sessions = self.sessions.clone();
        tokio::spawn(neighbour.keep(sessions, self.streams.clone(), self.dials.clone()));
    }

    /// The record of an address has ended. Without any, nobody is dialled; a session that goes on is left to its connection.
    fn lost(&mut self, peer: &PeerId, address: &Multiaddr) {
        if self.known.remove(peer, address) {
            tracing::info!(%peer, "a neighbour is gone");
        }
    }
}

struct Neighbour {
    peer: PeerId,
    key: PublicKey,
    /// Ends when the last record of it has.
    addresses: watch::Receiver<Vec<Multiaddr>>,
    /// Whether it is for this side to dial.
    first: bool,
}

impl Neighbour {
    /// Keeps a session with it, whoever began that, until its records end or the network stops.
    async fn keep(
        mut self,
        sessions: Sessions,
        mut streams: libp2p_stream::Control,
        dials: mpsc::Sender<Dial>,
    ) {
        let mut stop = sessions.stop.clone();
        let mut wait = if self.first { Duration::ZERO } else { COURTESY };
        let mut backoff = BACKOFF.0;
        loop {
            tokio::select! {
                _ = stop.changed() => return,
                () = gone(&mut self.addresses) => return,
                () = tokio::time::sleep(wait) => {}
            }
            if sessions.peers.has(&self.key) {
                (wait, backoff) = (LOOK, BACKOFF.0);
                continue;
            }
            let addresses = self.addresses.borrow().clone();
            let kept = match Sessions::reach(&mut streams, &dials, self.peer, addresses).await {
                Ok(stream) => sessions.drive(self.peer, stream).await,
                Err(Unreached { words, .. }) => {
                    tracing::debug!(peer = %self.peer, error = words, "neighbour not reached");
                    false
                }
            };
            if *stop.borrow() {
                return;
            }
            backoff = if kept {
                BACKOFF.0
            } else {
                (backoff * 2).min(BACKOFF.1)
            };
            wait = backoff;
        }
    }
}

/// Until nobody tells addresses any more.
async fn gone(addresses: &mut watch::Receiver<Vec<Multiaddr>>) {
    while addresses.changed().await.is_ok() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: usize) -> Multiaddr {
        format!("/ip4/192.0.2.1/tcp/{}", 1024 + n).parse().unwrap()
    }

    #[test]
    fn invented_neighbours_give_way_and_those_of_the_federation_do_not() {
        let mut known = Known::default();
        let honest = PeerId::random();
        let mut add = |peer, n| known.add(peer, address(n), |peer| *peer == honest);
        assert!(add(honest, 0).is_some());
        let invented: Vec<PeerId> = (1..MOST.0 + 10).map(|_| PeerId::random()).collect();
        for peer in &invented {
            assert!(add(*peer, 1).is_some());
        }
        let late = PeerId::random();
        let mut addresses = add(late, 2).expect("still dialled");
        assert!(add(late, 3).is_none(), "it is heard of");
        assert_eq!(known.heard.len(), MOST.0);
        assert!(known.heard.contains_key(&honest) && !known.heard.contains_key(&invented[0]));
        assert_eq!(addresses.borrow_and_update().len(), 2);
        assert!(!known.remove(&late, &address(2)) && known.remove(&late, &address(3)));
        assert!(addresses.has_changed().is_err(), "its task ends");
    }
}
