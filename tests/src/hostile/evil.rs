//! One who holds the key of a real node and speaks for itself: frames, or bytes that are none, over a libp2p stream of its
//! own making. The node itself, which does not run, is where it takes from what is true.

use std::sync::Arc;

use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use lianzhan_node::net::frame;
use lianzhan_node::services::Node;
use lianzhan_node::services::session;
use lianzhan_protocol::keys::{PublicKey, SecretKey};
use lianzhan_protocol::log::{Origin, TreeSize};
use lianzhan_protocol::sync::message::Hello;
use lianzhan_protocol::sync::{Effect, FRAME_MAX, List, Message, RangeData};
use lianzhan_protocol::trust::Purpose;
use libp2p::identity::{Keypair, ed25519};
use libp2p::swarm::SwarmEvent;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::{Multiaddr, PeerId, Stream, StreamProtocol, Swarm, noise, tcp, yamux};

use super::super::process::PATIENCE;

pub(crate) const SYNC: StreamProtocol = StreamProtocol::new("/lianzhan/sync/2");
pub(crate) const JOIN: StreamProtocol = StreamProtocol::new("/lianzhan/join/1");

/// A line to a node, and whose name it is used in.
pub(crate) struct Evil {
    pub(crate) node: Arc<Node>,
    peer: PublicKey,
    pub(crate) stream: Stream,
    streams: libp2p_stream::Control,
    poll: tokio::task::JoinHandle<()>,
}

impl Drop for Evil {
    fn drop(&mut self) {
        self.poll.abort();
    }
}

pub(crate) fn swarm(key: &SecretKey) -> Swarm<libp2p_stream::Behaviour> {
    let mut seed = *key.seed();
    let secret = ed25519::SecretKey::try_from_bytes(&mut seed).unwrap();
    libp2p::SwarmBuilder::with_existing_identity(Keypair::from(ed25519::Keypair::from(secret)))
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| libp2p_stream::Behaviour::new())
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
        .build()
}

pub(crate) fn peer_id(key: &PublicKey) -> PeerId {
    let public = ed25519::PublicKey::try_from_bytes(key.ed25519_bytes()).unwrap();
    PeerId::from_public_key(&public.into())
}

/// A stream of a protocol to a node; none if it is not to be had.
pub(crate) async fn open(
    key: &SecretKey,
    peer: PublicKey,
    addresses: &[String],
    protocol: StreamProtocol,
) -> Option<(Stream, libp2p_stream::Control, tokio::task::JoinHandle<()>)> {
    let mut swarm = swarm(key);
    let mut streams = swarm.behaviour().new_control();
    let addresses: Vec<Multiaddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
    let peer = peer_id(&peer);
    swarm
        .dial(DialOpts::peer_id(peer).addresses(addresses).build())
        .unwrap();
    let connected = async {
        loop {
            match swarm.select_next_some().await {
                SwarmEvent::ConnectionEstablished { .. } => return true,
                SwarmEvent::OutgoingConnectionError { .. } => return false,
                _ => {}
            }
        }
    };
    if !tokio::time::timeout(PATIENCE, connected)
        .await
        .expect("an answer to a dial")
    {
        return None;
    }
    let poll = tokio::spawn(async move {
        loop {
            swarm.select_next_some().await;
        }
    });
    let opened = tokio::time::timeout(PATIENCE, streams.open_stream(peer, protocol)).await;
    match opened.expect("an answer to a stream") {
        Ok(stream) => Some((stream, streams, poll)),
        Err(_) => {
            poll.abort();
            None
        }
    }
}

impl Evil {
    pub(crate) async fn reach(node: &Arc<Node>, peer: PublicKey, addresses: &[String]) -> Option<Evil> {
        let (stream, streams, poll) = open(node.node_key(), peer, addresses, SYNC).await?;
        let node = node.clone();
        Some(Evil {
            node,
            peer,
            stream,
            streams,
            poll,
        })
    }

    /// One more stream over the same connection.
    pub(crate) async fn another(&mut self) -> Option<Stream> {
        let opened = self.streams.open_stream(peer_id(&self.peer), SYNC);
        tokio::time::timeout(PATIENCE, opened)
            .await
            .expect("an answer")
            .ok()
    }

    /// The hello that the honest program would say, with what it would show when it is asked.
    pub(crate) fn honest_hello(&self) -> Hello {
        let effects = session::open(&self.node, self.peer).unwrap().start();
        let Some(Effect::Send(frame)) = effects.first() else {
            panic!("a hello first")
        };
        match Message::from_frame(frame) {
            Ok(Message::Hello(hello)) => Hello {
                statements: List::take_from(&mut self.chain().into_iter().map(Into::into)),
                chain: None,
                ..hello
            },
            other => panic!("a hello first: {other:?}"),
        }
    }

    fn chain(&self) -> Vec<Vec<u8>> {
        let directory = self.node.directory();
        let key = self.node.node_key().public();
        let posts = directory.appointments_of(&key, Purpose::Node);
        let shown = directory.closure(posts.map(|(id, _)| id));
        shown
            .into_iter()
            .map(|statement| statement.bytes().to_vec())
            .collect()
    }

    /// Says the honest hello, and hears the other one's.
    pub(crate) async fn greet(&mut self) {
        let hello = Message::Hello(self.honest_hello());
        self.say(&hello).await;
        let answer = self.hear().await;
        assert!(matches!(answer, Some(Message::Hello(_))), "{answer:?}");
    }

    /// Greets, and says that it holds nothing else: it owes nothing then. The other one says its spaces once it has learnt
    /// who this is; until then it would keep a few frames only, and end it for more (Y-1).
    pub(crate) async fn settle(&mut self) {
        self.greet().await;
        let spaces = List::new(Vec::new()).unwrap();
        self.say(&Message::Spaces { spaces, more: false }).await;
        let begun = self
            .await_message(|message| matches!(message, Message::Spaces { .. }))
            .await;
        assert!(begun.is_some(), "its spaces");
    }

    /// Says something, if anybody listens still.
    pub(crate) async fn say(&mut self, message: &Message) -> bool {
        let frame = message.to_frame();
        let sent = frame::write(&mut self.stream, &frame);
        tokio::time::timeout(PATIENCE, sent)
            .await
            .is_ok_and(|sent| sent.is_ok())
    }

    /// Sends bytes as they are.
    pub(crate) async fn bytes(&mut self, bytes: &[u8]) -> bool {
        let stream = &mut self.stream;
        let sent = async { stream.write_all(bytes).await.is_ok() && stream.flush().await.is_ok() };
        tokio::time::timeout(PATIENCE, sent).await.unwrap_or(false)
    }

    /// The next message; none once the other side is gone.
    pub(crate) async fn hear(&mut self) -> Option<Message> {
        let read = tokio::time::timeout(PATIENCE, frame::read_packed(&mut self.stream, FRAME_MAX)).await;
        let frame = read.expect("a word or an end").ok()??;
        Some(Message::from_frame(&frame).expect("an honest node says what can be read"))
    }

    /// Hears until something fits; none if the other side is gone before.
    pub(crate) async fn await_message(&mut self, fits: impl Fn(&Message) -> bool) -> Option<Message> {
        loop {
            let message = self.hear().await?;
            if fits(&message) {
                return Some(message);
            }
        }
    }

    /// Hears until the end. The reason that was given for it, if one was.
    pub(crate) async fn farewell(&mut self) -> Option<String> {
        match self
            .await_message(|message| matches!(message, Message::Bye(_)))
            .await
        {
            Some(Message::Bye(reason)) => Some(reason.to_string()),
            _ => None,
        }
    }

    /// Until the stream has ended, whatever comes before.
    pub(crate) async fn end(&mut self) {
        let mut rest = Vec::new();
        let read = tokio::time::timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await;
        // An error is an end, too.
        let _ = read.expect("an end");
    }

    /// A true range of a log of its own node.
    pub(crate) fn range(&self, origin: &Origin, from: TreeSize) -> RangeData {
        self.node
            .read_range(origin, from, usize::MAX)
            .unwrap()
            .expect("it holds that")
    }
}
