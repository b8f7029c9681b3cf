//! The swarm: listens, dials the parents again and again, and hands streams to drivers.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::StreamExt;
use lianzhan_protocol::keys::{PublicKey, SecretKey};
use lianzhan_protocol::sync::Misbehaviour;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError, NetworkBehaviour, SwarmEvent};
use libp2p::{
    Multiaddr, PeerId, Swarm, allow_block_list, connection_limits, identify, noise, ping, tcp, yamux,
};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use super::avoid::{Avoided, Openings, STRANGERS_SERVED, Strangers};
use super::driver::Ended;
use super::peers::Peers;
use super::{JOIN, NetError, SYNC, driver, join, keypair, node_key, peer_id};
use crate::config::Parent;
use crate::env;
use crate::services::{Node, conduct};

/// A stream that nobody uses keeps no connection open longer than this.
const IDLE: Duration = Duration::from_secs(60);
/// How long a dial may take.
const DIAL: Duration = Duration::from_secs(10);
/// First and last pause between two tries to reach a parent.
const BACKOFF_MS: (u64, u64) = (250, 30_000);
/// Most connections in all, and with one peer.
const CONNECTIONS: (u32, u32) = (4096, 4);
/// Most connections that have not yet shown who they are.
const STRANGERS: u32 = 256;
/// Most sessions with one peer: one, and those whose connection broke without this side having noticed.
const SESSIONS: usize = 4;
/// How long sessions may take to say their last words.
const FAREWELL: Duration = Duration::from_secs(3);

#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    stream: libp2p_stream::Behaviour,
    limits: connection_limits::Behaviour,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    pub(super) blocked: allow_block_list::Behaviour<allow_block_list::BlockedPeers>,
}

/// A swarm with `key`'s identity that listens nowhere yet.
pub(super) fn build(key: &SecretKey) -> Result<Swarm<Behaviour>, NetError> {
    let stack = |error: &dyn std::fmt::Display| NetError::Stack(error.to_string());
    let limits = connection_limits::ConnectionLimits::default()
        .with_max_pending_incoming(Some(STRANGERS))
        .with_max_established(Some(CONNECTIONS.0))
        .with_max_established_per_peer(Some(CONNECTIONS.1));
    Ok(libp2p::SwarmBuilder::with_existing_identity(keypair(key)?)
        .with_tokio()
        .with_tcp(
            tcp::Config::default().nodelay(true),
            noise::Config::new,
            yamux::Config::default,
        )
        .map_err(|error| stack(&error))?
        .with_behaviour(|keypair| Behaviour {
            stream: libp2p_stream::Behaviour::new(),
            limits: connection_limits::Behaviour::new(limits),
            identify: identify::Behaviour::new(identify::Config::new("/lianzhan/1".into(), keypair.public())),
            ping: ping::Behaviour::default(),
            blocked: allow_block_list::Behaviour::default(),
        })
        .map_err(|error| stack(&error))?
        .with_swarm_config(|config| config.with_idle_connection_timeout(IDLE))
        .build())
}

/// A control for opening and accepting streams of a swarm.
pub(super) fn control(swarm: &Swarm<Behaviour>) -> libp2p_stream::Control {
    swarm.behaviour().stream.new_control()
}

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

struct Dial {
    peer: PeerId,
    addresses: Vec<Multiaddr>,
    reply: oneshot::Sender<Result<(), Unreached>>,
}

/// Why a peer was not reached.
struct Unreached {
    words: String,
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
            words: error.to_string(),
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
    let mut swarm = build(node.node_key())?;
    let bad = |address: &str, reason: &dyn std::fmt::Display| NetError::Address {
        address: address.to_owned(),
        reason: reason.to_string(),
    };
    let mut opening = HashMap::new();
    for listen in &node.config().listen {
        let address: Multiaddr = listen.parse().map_err(|error| bad(listen, &error))?;
        let listener = swarm.listen_on(address).map_err(|error| bad(listen, &error))?;
        opening.insert(listener, listen);
    }
    // The first address of each tells whether its port could be had.
    while !opening.is_empty() {
        let (listener, failed) = match swarm.select_next_some().await {
            SwarmEvent::NewListenAddr { listener_id, .. } => (listener_id, None),
            SwarmEvent::ListenerError { listener_id, error } => (listener_id, Some(error)),
            SwarmEvent::ListenerClosed {
                listener_id,
                reason: Err(error),
                ..
            } => (listener_id, Some(error)),
            _ => continue,
        };
        if let (Some(listen), Some(error)) = (opening.remove(&listener), failed) {
            return Err(bad(listen, &error));
        }
    }
    let mut streams = control(&swarm);
    let stack = |error: libp2p_stream::AlreadyRegistered| NetError::Stack(error.to_string());
    let sync = streams.accept(SYNC).map_err(stack)?;
    let joins = streams.accept(JOIN).map_err(stack)?;
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
    for parent in &node.config().parents {
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
    let own: Vec<String> = swarm.listeners().map(ToString::to_string).collect();
    let (told, addresses) = watch::channel(own);
    let (ended, end) = watch::channel(());
    let avoided = Avoided::new(node);
    tokio::spawn(async move {
        run(&mut swarm, dial_queue, told_off, avoided, told, stop).await;
        last_words(&mut swarm, open).await;
        drop(ended);
    });
    Ok(Handle {
        peers,
        addresses,
        end,
    })
}

fn parse_parent(parent: &Parent) -> Result<(PublicKey, Vec<Multiaddr>), NetError> {
    let bad = |reason: &str| NetError::Address {
        address: parent.node.clone(),
        reason: reason.to_owned(),
    };
    let key = lianzhan_protocol::codec::unhex::<32>(&parent.node)
        .and_then(|bytes| PublicKey::from_ed25519(bytes).ok())
        .ok_or_else(|| bad("not a node key"))?;
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

/// Polls the swarm: nothing else may block this task.
async fn run(
    swarm: &mut Swarm<Behaviour>,
    mut dials: mpsc::Receiver<Dial>,
    mut told_off: mpsc::UnboundedReceiver<PeerId>,
    mut avoided: Avoided,
    told: watch::Sender<Vec<String>>,
    mut stop: watch::Receiver<bool>,
) {
    let mut pending: BTreeMap<ConnectionId, oneshot::Sender<Result<(), Unreached>>> = BTreeMap::new();
    let mut strangers = Strangers::default();
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            Some(peer) = told_off.recv() => avoided.begin(swarm, peer),
            () = avoided.some_over() => avoided.end(swarm),
            Some(dial) = dials.recv() => {
                if swarm.is_connected(&dial.peer) {
                    let _ = dial.reply.send(Ok(()));
                    continue;
                }
                let options = DialOpts::peer_id(dial.peer)
                    .condition(PeerCondition::Always)
                    .addresses(dial.addresses)
                    .build();
                let id = options.connection_id();
                match swarm.dial(options) {
                    Ok(()) => drop(pending.insert(id, dial.reply)),
                    Err(error) => drop(dial.reply.send(Err(error.into()))),
                }
            }
            event = swarm.select_next_some() => match event {
                SwarmEvent::NewListenAddr { .. } | SwarmEvent::ExpiredListenAddr { .. } => {
                    told.send_replace(swarm.listeners().map(ToString::to_string).collect());
                }
                SwarmEvent::ConnectionClosed { connection_id, .. } => strangers.leave(connection_id),
                SwarmEvent::ConnectionEstablished { connection_id, peer_id, .. } => {
                    if !avoided.knows(&peer_id) && !strangers.enter(connection_id) {
                        tracing::debug!(peer = %peer_id, "too many strangers are connected");
                        swarm.close_connection(connection_id);
                    }
                    if let Some(reply) = pending.remove(&connection_id) {
                        let _ = reply.send(Ok(()));
                    }
                }
                SwarmEvent::OutgoingConnectionError { connection_id, error, .. } => {
                    if let Some(reply) = pending.remove(&connection_id) {
                        let _ = reply.send(Err(error.into()));
                    }
                }
                _ => {}
            },
        }
    }
}

/// Goes on until no session is open, so that what they said last still leaves.
async fn last_words(swarm: &mut Swarm<Behaviour>, mut open: watch::Receiver<usize>) {
    let closed = async {
        // An error means that nobody holds a session any more.
        let _ = open.wait_for(|open| *open == 0).await;
    };
    let poll = async {
        loop {
            swarm.select_next_some().await;
        }
    };
    tokio::select! {
        () = closed => {}
        () = poll => {}
        () = tokio::time::sleep(FAREWELL) => {}
    }
}

#[derive(Clone)]
struct Sessions {
    node: Arc<Node>,
    peers: Peers,
    next: Arc<AtomicU64>,
    /// How many are open.
    open: watch::Sender<usize>,
    stop: watch::Receiver<bool>,
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
            match Self::reach(&mut streams, &dials, peer, addresses.clone()).await {
                Ok(stream) => self.drive(peer, stream).await,
                Err(Unreached { words, other }) => {
                    tracing::debug!(%peer, error = words, "parent not reached");
                    // It may have another key of which this node has not heard. Its hello must show who it is.
                    answering = other;
                }
            }
            if *stop.borrow() {
                return;
            }
            // A session that lasted is no failure; its end is followed by a quick new try.
            pause = if started.elapsed() > Duration::from_secs(30) {
                BACKOFF_MS.0
            } else {
                (pause * 2).min(BACKOFF_MS.1)
            };
            let jitter =
                u64::from(u16::from_be_bytes(crate::env::random())) * pause / (4 * u64::from(u16::MAX));
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

    async fn reach(
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

    async fn drive(&self, peer: PeerId, stream: libp2p::Stream) {
        let Some(key) = node_key(&peer) else {
            tracing::warn!(%peer, "a peer without an Ed25519 identity was turned away");
            return;
        };
        if self.avoided(peer).is_some() {
            tracing::debug!(%peer, "a peer that is avoided was turned away");
            return;
        }
        if !self.openings.admit(key, env::uptime_ms()) {
            self.judge(peer, key, Misbehaviour::Flood);
            return;
        }
        let stranger = self.node.directory().node_org(&key).is_none();
        let place = stranger
            .then(|| self.strangers.clone().try_acquire_owned())
            .transpose();
        let Ok(_place) = place else {
            tracing::debug!(%peer, "too many strangers are served");
            return;
        };
        let session = self.next.fetch_add(1, Ordering::Relaxed);
        if !self.peers.enter(key, session, SESSIONS) {
            tracing::warn!(%peer, "a peer with too many sessions was turned away");
            return;
        }
        self.open.send_modify(|open| *open += 1);
        let Ended { words, kind } =
            driver::run(&self.node, key, stream, &self.peers, session, self.stop.clone()).await;
        self.peers.leave(key, session);
        if !self.peers.has(&key) {
            let node = self.node.clone();
            // What is not noted is a time that people see; the node says in its log why.
            let _ = tokio::task::spawn_blocking(move || node.parted(&key)).await;
        }
        self.open.send_modify(|open| *open -= 1);
        tracing::info!(%peer, reason = words, "session ended");
        if let Some(kind) = kind {
            self.judge(peer, key, kind);
        }
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
    fn avoided(&self, peer: PeerId) -> Option<Duration> {
        let left = self
            .node
            .conduct()
            .avoided_ms(&node_key(&peer)?, env::uptime_ms());
        left.map(Duration::from_millis)
    }
}
