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

/// Most neighbours that are dialled, and most addresses of one.
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
    known: HashMap<PeerId, watch::Sender<Vec<Multiaddr>>>,
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
            known: HashMap::new(),
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
        if let Some(known) = self.known.get(&peer) {
            known.send_if_modified(|addresses| {
                let more = addresses.len() < MOST.1 && !addresses.contains(&address);
                if more {
                    addresses.push(address);
                }
                more
            });
            return;
        }
        let Some(key) = node_key(&peer) else {
            return;
        };
        if self.known.len() >= MOST.0 {
            tracing::debug!(%peer, "one neighbour too many is not dialled");
            return;
        }
        tracing::info!(%peer, %address, "a neighbour was found");
        let (told, addresses) = watch::channel(vec![address]);
        self.known.insert(peer, told);
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
        let Some(known) = self.known.get(peer) else {
            return;
        };
        known.send_modify(|addresses| addresses.retain(|one| one != address));
        if known.borrow().is_empty() {
            tracing::info!(%peer, "a neighbour is gone");
            self.known.remove(peer);
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
                wait = LOOK;
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
