//! The swarm: listens, dials the parents again and again, and hands streams to drivers.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::StreamExt;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::sync::Misbehaviour;
use lianzhan_protocol::time::Timestamp;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, ping};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use super::avoid::{Avoided, Openings, SESSIONS_OF_STRANGER, STRANGERS_SERVED, Strangers};
use super::connections::Connections;
use super::driver::Ended;
use super::neighbours::Neighbours;
use super::peers::Peers;
use super::transport::{Behaviour, BehaviourEvent, build, control, is_quic};
use super::{JOIN, NetError, SYNC, doors, driver, join, node_key, peer_id, ports, why};
use crate::config::{Config, Parent};
use crate::env;
use crate::services::{Node, conduct};

/// How long a start waits for the first address of each port: interfaces may come up later.
const OPENING: Duration = Duration::from_secs(5);
/// How long a dial may take.
const DIAL: Duration = Duration::from_secs(10);
/// First and last pause between two tries to reach a parent.
const BACKOFF_MS: (u64, u64) = (250, 30_000);
/// The same after a session that ended to be begun anew: at once, but for a thousand of them not at the same time, and not
/// over and over.
const ANEW_MS: (u64, u64) = (1_000, 8_000);
/// A session that lasted so long is followed by the first of these pauses.
const LASTING: Duration = Duration::from_secs(30);
/// Most sessions with one peer: one, and those whose connection broke without this side having noticed.
const SESSIONS: usize = 4;
/// How long sessions may take to say their last words.
const FAREWELL: Duration = Duration::from_secs(3);

/// A running network.
#[derive(Clone)]
pub struct Handle {
    /// The connected peers.
    pub peers: Peers,
    addresses: watch::Receiver<Vec<String>>,
    end: watch::Receiver<()>,
}

impl Handle {
    /// Where this node listens, as others may dial it.
    pub fn addresses(&self) -> Vec<String> {
        self.addresses.borrow().clone()
    }

    /// Until the network has ended, after it was told to stop.
    pub async fn ended(&mut self) {
        while self.end.changed().await.is_ok() {}
    }
}

pub(super) struct Dial {
    peer: PeerId,
    addresses: Vec<Multiaddr>,
    reply: oneshot::Sender<Result<(), Unreached>>,
}

/// Why a peer was not reached.
pub(super) struct Unreached {
    pub(super) words: String,
    /// Who answers at its address instead.
    other: Option<PeerId>,
}

impl From<DialError> for Unreached {
    fn from(error: DialError) -> Self {
        let other = match &error {
            DialError::WrongPeerId { obtained, .. } => Some(*obtained),
            _ => None,
        };
        Unreached {
            words: why::words(&error),
            other,
        }
    }
}

impl From<&str> for Unreached {
    fn from(words: &str) -> Self {
        Unreached {
            words: words.to_owned(),
            other: None,
        }
    }
}

/// Listens where the configuration says and keeps sessions with the parents, until `stop` turns true.
pub async fn start(node: Arc<Node>, stop: watch::Receiver<bool>) -> Result<Handle, NetError> {
    let config = node.config();
    let mut swarm = build(node.node_key(), config.mdns)?;
    let bad = |address: &str, reason: &dyn std::fmt::Display| NetError::Address {
        address: address.to_owned(),
        reason: reason.to_string(),
    };
    let addresses = config.listen_all().into_iter().map(|listen| {
        let address: Multiaddr = listen.parse().map_err(|error| bad(&listen, &error))?;
        Ok((listen, address))
    });
    let addresses: Vec<_> = addresses.collect::<Result<_, NetError>>()?;
    // All before the first: among this node's own addresses may be one of all interfaces and one of them.
    for (listen, address) in &addresses {
        if ports::is_free(address).is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse) {
            return Err(NetError::Taken {
                address: listen.clone(),
            });
        }
    }
    let mut streams = control(&swarm);
    let stack = |error: libp2p_stream::AlreadyRegistered| NetError::Stack(error.to_string());
    // Before the first port is open: who comes then is answered.
    let sync = streams.accept(SYNC).map_err(stack)?;
    let joins = streams.accept(JOIN).map_err(stack)?;
    let mut opening = HashMap::new();
    for (listen, address) in addresses {
        match swarm.listen_on(address) {
            Ok(listener) => drop(opening.insert(listener, listen)),
            Err(error) => without(config, bad(&listen, &why::cause(&error)), &listen)?,
        }
    }
    // The first address of each tells whether its port could be had. Peers and neighbours may be there before.
    let mut early = Vec::new();
    let patience = tokio::time::Instant::now() + OPENING;
    while !opening.is_empty() {
        let Ok(event) = tokio::time::timeout_at(patience, swarm.select_next_some()).await else {
            let listen: Vec<_> = opening.values().collect();
            tracing::warn!(
                ?listen,
                "this machine has no address there; peers are answered once it has one"
            );
            break;
        };
        let (listener, failed) = match event {
            SwarmEvent::NewListenAddr { listener_id, .. } => (listener_id, None),
            SwarmEvent::ListenerError { listener_id, error } => (listener_id, Some(error)),
            SwarmEvent::ListenerClosed {
                listener_id,
                reason: Err(error),
                ..
            } => (listener_id, Some(error)),
            other => {
                early.push(other);
                continue;
            }
        };
        if let (Some(listen), Some(error)) = (opening.remove(&listener), failed) {
            without(config, bad(&listen, &why::cause(&error)), &listen)?;
        }
    }
    let peers = Peers::default();
    let (avoid, told_off) = mpsc::unbounded_channel();
    let sessions = Sessions {
        node: node.clone(),
        avoid,
        openings: Arc::default(),
        strangers: Arc::new(Semaphore::new(STRANGERS_SERVED)),
        peers: peers.clone(),
        next: Arc::default(),
        open: watch::Sender::new(0),
        stop: stop.clone(),
    };
    let open = sessions.open.subscribe();
    tokio::spawn(join::serve(node.clone(), joins));
    tokio::spawn(sessions.clone().serve(sync));
    let (dials, dial_queue) = mpsc::channel(64);
    for parent in &config.parents {
        match parse_parent(parent) {
            Ok((key, addresses)) => {
                tokio::spawn(
                    sessions
                        .clone()
                        .keep(streams.clone(), dials.clone(), key, addresses),
                );
            }
            Err(error) => tracing::error!(%error, "a parent in the configuration cannot be dialled"),
        }
    }
    let neighbours = Neighbours::new(*swarm.local_peer_id(), sessions, streams, dials);
    let own: Vec<String> = swarm.listeners().map(ToString::to_string).collect();
    let (told, addresses) = watch::channel(own);
    let (ended, end) = watch::channel(());
    let mut state = State {
        quic: config.quic,
        peers: peers.clone(),
        pending: BTreeMap::new(),
        connections: Connections::default(),
        strangers: Strangers::default(),
        avoided: Avoided::new(node.clone()),
        neighbours,
        told,
    };
    for event in early {
        state.hear(&mut swarm, event);
    }
    tokio::spawn(async move {
        let connections = run(&mut swarm, dial_queue, told_off, state, stop).await;
        last_words(&mut swarm, open, connections).await;
        drop(ended);
    });
    Ok(Handle {
        peers,
        addresses,
        end,
    })
}

/// Goes on without an address that the configuration did not name but implies, and fails for one that it named.
fn without(config: &Config, error: NetError, listen: &String) -> Result<(), NetError> {
    if config.listen.contains(listen) {
        return Err(error);
    }
    tracing::warn!(%error, "peers are answered by TCP alone; quic = false in lianzhan.toml says that this is meant");
    Ok(())
}

fn parse_parent(parent: &Parent) -> Result<(PublicKey, Vec<Multiaddr>), NetError> {
    let bad = |reason: &str| NetError::Address {
        address: parent.node.clone(),
        reason: reason.to_owned(),
    };
    let key = parent.key().ok_or_else(|| bad("not a node key"))?;
    let addresses: Vec<Multiaddr> = parent
        .addresses
        .iter()
        .filter_map(|text| text.parse().ok())
        .collect();
    if addresses.is_empty() {
        return Err(bad("no address"));
    }
    Ok((key, addresses))
}

/// What the polling task keeps.
struct State {
    quic: bool,
    peers: Peers,
    pending: BTreeMap<ConnectionId, oneshot::Sender<Result<(), Unreached>>>,
    connections: Connections,
    strangers: Strangers,
    avoided: Avoided,
    neighbours: Neighbours,
    told: watch::Sender<Vec<String>>,
}

/// Polls the swarm: nothing else may block this task.
async fn run(
    swarm: &mut Swarm<Behaviour>,
    mut dials: mpsc::Receiver<Dial>,
    mut told_off: mpsc::UnboundedReceiver<PeerId>,
    mut state: State,
    mut stop: watch::Receiver<bool>,
) -> Connections {
    loop {
        tokio::select! {
            _ = stop.changed() => return state.connections,
            Some(peer) = told_off.recv() => state.avoided.begin(swarm, peer),
            () = state.avoided.some_over() => state.avoided.end(swarm),
            Some(dial) = dials.recv() => state.dial(swarm, dial),
            event = swarm.select_next_some() => state.hear(swarm, event),
        }
    }
}

impl State {
    fn dial(&mut self, swarm: &mut Swarm<Behaviour>, mut dial: Dial) {
        if swarm.is_connected(&dial.peer) {
            let _ = dial.reply.send(Ok(()));
            return;
        }
        dial.addresses.retain(|address| self.quic || !is_quic(address));
        let options = DialOpts::peer_id(dial.peer)
            .condition(PeerCondition::Always)
            .addresses(dial.addresses)
            .build();
        let id = options.connection_id();
        match swarm.dial(options) {
            Ok(()) => drop(self.pending.insert(id, dial.reply)),
            Err(error) => drop(dial.reply.send(Err(error.into()))),
        }
    }

    fn hear(&mut self, swarm: &mut Swarm<Behaviour>, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::NewListenAddr { .. } | SwarmEvent::ExpiredListenAddr { .. } => {
                self.told
                    .send_replace(swarm.listeners().map(ToString::to_string).collect());
            }
            SwarmEvent::ConnectionEstablished {
                peer_id,
                connection_id,
                endpoint,
                ..
            } => {
                tracing::debug!(peer = %peer_id, address = %endpoint.get_remote_address(), "connected");
                let source = doors::source(endpoint.get_remote_address());
                let knows = |peer: &PeerId| self.avoided.knows(peer);
                if !knows(&peer_id) && !self.strangers.enter(connection_id, peer_id, source, knows) {
                    tracing::info!(peer = %peer_id, "too many strangers are connected");
                    swarm.close_connection(connection_id);
                }
                if let Some(oldest) = self.connections.opened(peer_id, connection_id) {
                    swarm.close_connection(oldest);
                }
                if let Some(reply) = self.pending.remove(&connection_id) {
                    let _ = reply.send(Ok(()));
                }
            }
            SwarmEvent::ConnectionClosed {
                peer_id,
                connection_id,
                ..
            } => {
                self.strangers.leave(connection_id);
                self.connections.closed(peer_id, connection_id);
            }
            SwarmEvent::OutgoingConnectionError {
                connection_id, error, ..
            } => {
                if let Some(reply) = self.pending.remove(&connection_id) {
                    let _ = reply.send(Err(error.into()));
                }
            }
            // Over TCP nothing else notices within minutes that the line is dead.
            SwarmEvent::Behaviour(BehaviourEvent::Ping(ping::Event {
                peer,
                connection,
                result: Err(error @ (ping::Failure::Timeout | ping::Failure::Other { .. })),
            })) => {
                tracing::info!(%peer, %error, "a connection on which no answer comes is closed");
                swarm.close_connection(connection);
            }
            SwarmEvent::Behaviour(BehaviourEvent::Ping(ping::Event {
                peer, result: Ok(_), ..
            })) => {
                if let Some(key) = node_key(&peer) {
                    self.peers.heard(key);
                }
            }
            SwarmEvent::Behaviour(BehaviourEvent::Mdns(event)) => self.neighbours.hear(event),
            _ => {}
        }
    }
}

/// Goes on until no session is open, so that what they said last still leaves, and takes leave of the peers, who would
/// otherwise learn by silence alone that the connection is over.
async fn last_words(
    swarm: &mut Swarm<Behaviour>,
    mut open: watch::Receiver<usize>,
    mut connections: Connections,
) {
    let deadline = tokio::time::sleep(FAREWELL);
    tokio::pin!(deadline);
    let mut talking = true;
    while talking || connections.peers().next().is_some() {
        tokio::select! {
            // An error means that nobody holds a session any more.
            _ = open.wait_for(|open| *open == 0), if talking => {
                talking = false;
                for peer in connections.peers() {
                    let _ = swarm.disconnect_peer_id(*peer);
                }
            }
            event = swarm.select_next_some() => match event {
                SwarmEvent::ConnectionEstablished { peer_id, connection_id, .. } => {
                    connections.opened(peer_id, connection_id);
                    if !talking {
                        swarm.close_connection(connection_id);
                    }
                }
                SwarmEvent::ConnectionClosed { peer_id, connection_id, .. } => {
                    connections.closed(peer_id, connection_id);
                }
                _ => {}
            },
            () = &mut deadline => return,
        }
    }
}

/// How a try to talk to a parent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parted {
    /// It was a session, and neither side failed.
    Well,
    /// It was a session, and the next one is to begin at once.
    Anew,
    /// There was none, or one side could not go on, as with a full disk.
    Ill,
}

impl Parted {
    /// The pause before the next try, after the pause `before` this one, which `lasted` so long.
    fn pause_ms(self, before: u64, lasted: Duration) -> u64 {
        let (first, last) = match self {
            Parted::Anew => ANEW_MS,
            Parted::Well | Parted::Ill => BACKOFF_MS,
        };
        if lasted > LASTING && self != Parted::Ill {
            first
        } else {
            (before * 2).clamp(first, last)
        }
    }

    /// By how much longer at random: the peer that begins anew does so with all others.
    fn spread_ms(self, pause: u64) -> u64 {
        match self {
            Parted::Anew => 3 * pause,
            Parted::Well | Parted::Ill => pause / 4,
        }
    }
}

#[derive(Clone)]
pub(super) struct Sessions {
    node: Arc<Node>,
    pub(super) peers: Peers,
    next: Arc<AtomicU64>,
    /// How many are open.
    open: watch::Sender<usize>,
    pub(super) stop: watch::Receiver<bool>,
    /// Tells the swarm whom to avoid.
    avoid: mpsc::UnboundedSender<PeerId>,
    openings: Arc<Openings>,
    /// Places for peers that the directory does not name.
    strangers: Arc<Semaphore>,
}

impl Sessions {
    /// Answers sessions that peers open.
    async fn serve(self, mut incoming: libp2p_stream::IncomingStreams) {
        while let Some((peer, stream)) = incoming.next().await {
            let sessions = self.clone();
            tokio::spawn(async move { sessions.drive(peer, stream).await });
        }
    }

    /// Keeps a session with a parent: dials, opens the stream, drives it, and tries again with growing pauses.
    async fn keep(
        self,
        mut streams: libp2p_stream::Control,
        dials: mpsc::Sender<Dial>,
        key: PublicKey,
        addresses: Vec<Multiaddr>,
    ) {
        let mut pause = BACKOFF_MS.0;
        let mut stop = self.stop.clone();
        let mut answering = None;
        for turn in 0.. {
            let started = std::time::Instant::now();
            let Some(peer) = answering.take().or_else(|| self.in_place_of(&key, turn)) else {
                return;
            };
            if let Some(left) = self.avoided(peer) {
                tokio::select! {
                    _ = stop.changed() => return,
                    () = tokio::time::sleep(left) => {}
                }
            }
            let parted = match Self::reach(&mut streams, &dials, peer, addresses.clone()).await {
                Ok(stream) => self.talk(peer, stream).await,
                Err(Unreached { words, other }) => {
                    tracing::debug!(%peer, error = words, "parent not reached");
                    // It may have another key of which this node has not heard. Its hello must show who it is.
                    answering = other;
                    Parted::Ill
                }
            };
            if *stop.borrow() {
                return;
            }
            pause = parted.pause_ms(pause, started.elapsed());
            let dice = u64::from(u16::from_be_bytes(crate::env::random()));
            let jitter = dice * parted.spread_ms(pause) / u64::from(u16::MAX);
            tokio::select! {
                _ = stop.changed() => return,
                () = tokio::time::sleep(Duration::from_millis(pause + jitter)) => {}
            }
        }
    }

    /// The node to dial for a parent that the configuration names: of several that may serve, each in its turn.
    fn in_place_of(&self, key: &PublicKey, turn: usize) -> Option<PeerId> {
        let nodes = self.node.nodes_in_place_of(key);
        let node = nodes.get(turn.checked_rem(nodes.len())?)?;
        peer_id(node).ok()
    }

    pub(super) async fn reach(
        streams: &mut libp2p_stream::Control,
        dials: &mpsc::Sender<Dial>,
        peer: PeerId,
        addresses: Vec<Multiaddr>,
    ) -> Result<libp2p::Stream, Unreached> {
        let (reply, answer) = oneshot::channel();
        dials
            .send(Dial {
                peer,
                addresses,
                reply,
            })
            .await
            .map_err(|_| Unreached::from("the network has stopped"))?;
        tokio::time::timeout(DIAL, answer)
            .await
            .map_err(|_| Unreached::from("no answer in time"))?
            .map_err(|_| Unreached::from("the network has stopped"))??;
        let open = streams.open_stream(peer, SYNC);
        tokio::time::timeout(DIAL, open)
            .await
            .map_err(|_| Unreached::from("no stream in time"))?
            .map_err(|error| Unreached::from(error.to_string().as_str()))
    }

    /// Drives a session until it ends. Returns whether the peer had shown that it is a node of this federation, and neither
    /// side failed.
    pub(super) async fn drive(&self, peer: PeerId, stream: libp2p::Stream) -> bool {
        self.talk(peer, stream).await != Parted::Ill
    }

    async fn talk(&self, peer: PeerId, stream: libp2p::Stream) -> Parted {
        let Some(key) = node_key(&peer) else {
            tracing::warn!(%peer, "a peer without an Ed25519 identity was turned away");
            return Parted::Ill;
        };
        if self.avoided(peer).is_some() {
            tracing::debug!(%peer, "a peer that is avoided was turned away");
            return Parted::Ill;
        }
        if !self.openings.admit(key, env::uptime_ms()) {
            self.judge(peer, key, Misbehaviour::Flood);
            return Parted::Ill;
        }
        let stranger = !self.knows(&key);
        let place = stranger
            .then(|| self.strangers.clone().try_acquire_owned())
            .transpose();
        let Ok(place) = place else {
            tracing::debug!(%peer, "too many strangers are served");
            return Parted::Ill;
        };
        let session = self.next.fetch_add(1, Ordering::Relaxed);
        let most = if stranger { SESSIONS_OF_STRANGER } else { SESSIONS };
        if !self.peers.enter(key, session, most) {
            tracing::warn!(%peer, "a peer with too many sessions was turned away");
            return Parted::Ill;
        }
        self.open.send_modify(|open| *open += 1);
        let Ended {
            words,
            kind,
            failed,
            anew,
        } = driver::run(
            &self.node,
            key,
            stream,
            (&self.peers, session),
            place,
            self.stop.clone(),
        )
        .await;
        let status = self.peers.leave(key, session);
        let known = status.as_ref().is_some_and(|status| status.org.is_some());
        if !self.peers.has(&key) {
            let node = self.node.clone();
            let heard = status.map_or_else(env::now, |status| Timestamp(status.heard));
            node.part(key, heard);
            // What is not noted is a time that people see; the node says in its log why.
            let _ = tokio::task::spawn_blocking(move || node.parted()).await;
        }
        self.open.send_modify(|open| *open -= 1);
        if known {
            tracing::info!(%peer, reason = words, "session ended");
        } else {
            // Nothing to see in a log: on a network with mDNS strangers come by again and again.
            tracing::debug!(%peer, reason = words, "session of a stranger ended");
        }
        if let Some(kind) = kind {
            self.judge(peer, key, kind);
        }
        match known && !failed {
            true if anew => Parted::Anew,
            true => Parted::Well,
            false => Parted::Ill,
        }
    }

    /// Whether the directory names a peer as a node.
    pub(super) fn knows(&self, key: &PublicKey) -> bool {
        self.node.directory().node_org(key).is_some()
    }

    /// Takes note of what a peer did, and has it avoided for a time.
    fn judge(&self, peer: PeerId, key: PublicKey, kind: Misbehaviour) {
        let (now, dice) = (conduct::Moment::now(), u16::from_be_bytes(env::random()));
        let patience = self.node.config().patience_ms();
        let wait_ms = self.node.conduct().note(key, kind, now, patience, dice);
        if wait_ms > 0 {
            tracing::warn!(%peer, %kind, wait_ms, "a peer that misbehaved is avoided");
            // Nobody to hear it: the network has stopped.
            let _ = self.avoid.send(peer);
        }
    }

    /// For how long more a peer is avoided, if it is.
    pub(super) fn avoided(&self, peer: PeerId) -> Option<Duration> {
        let left = self
            .node
            .conduct()
            .avoided_ms(&node_key(&peer)?, env::uptime_ms());
        left.map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_to_begin_anew_does_so_soon_and_not_over_and_over() {
        let (short, long) = (Duration::from_secs(1), Duration::from_secs(60));
        assert_eq!(Parted::Anew.pause_ms(BACKOFF_MS.0, long), 1_000);
        // However long its parent was not to be reached before.
        assert_eq!(Parted::Anew.pause_ms(30_000, long), 1_000);
        let mut pauses = vec![Parted::Anew.pause_ms(BACKOFF_MS.0, short)];
        for turn in 0..4 {
            pauses.push(Parted::Anew.pause_ms(pauses[turn], short));
        }
        assert_eq!(pauses, [1_000, 2_000, 4_000, 8_000, 8_000]);
        assert_eq!(Parted::Anew.spread_ms(1_000), 3_000);
    }

    #[test]
    fn who_is_not_reached_is_tried_less_and_less_often() {
        let long = Duration::from_secs(60);
        assert_eq!(Parted::Ill.pause_ms(250, long), 500);
        assert_eq!(Parted::Ill.pause_ms(30_000, long), 30_000);
        assert_eq!(Parted::Well.pause_ms(30_000, long), 250);
    }
}
