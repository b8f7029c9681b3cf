//! What the swarm is made of: TCP (Noise, Yamux) with QUIC beside it, and what goes on over every connection.

use std::time::Duration;

use lianzhan_protocol::keys::SecretKey;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{
    Multiaddr, Swarm, allow_block_list, connection_limits, identify, mdns, noise, ping, tcp, yamux,
};

use super::doors::Doors;
use super::{NetError, keypair};

/// A stream that nobody uses keeps no connection open longer than this.
const IDLE: Duration = Duration::from_secs(60);
/// Most connections in all, and with one peer.
const CONNECTIONS: (u32, u32) = (4096, 8);
/// Most connections that have not yet shown who they are; each has ten seconds for it, which a dial over a bad line needs, and
/// one address has its share of them ([`Doors`]).
const STRANGERS: u32 = 512;
/// How long an answer to a ping may take: on a slow line it waits behind what is being sent.
const PING: Duration = Duration::from_secs(60);

/// A connection over UDP on which nothing came for so long is over.
const QUIC_SILENCE_MS: u32 = 20_000;
/// Something is sent at least so often: routers that translate addresses forget a quiet UDP port after half a minute.
const QUIC_SIGN_OF_LIFE: Duration = Duration::from_secs(8);
/// Most streams of a connection, and most bytes that a peer may send before they are read: of one stream, of all. Of the
/// one stream that carries a session that is 4 MiB on the way, more than lines here hold.
const QUIC_STREAMS: u32 = 64;
const QUIC_WINDOWS: (u32, u32) = (4 << 20, 8 << 20);

#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    pub(super) stream: libp2p_stream::Behaviour,
    doors: Doors,
    limits: connection_limits::Behaviour,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    mdns: Toggle<mdns::tokio::Behaviour>,
    pub(super) blocked: allow_block_list::Behaviour<allow_block_list::BlockedPeers>,
}

/// A swarm with `key`'s identity that listens nowhere yet. With `mdns` it tells the local network where it listens and hears
/// of others.
pub(super) fn build(key: &SecretKey, mdns: bool) -> Result<Swarm<Behaviour>, NetError> {
    let stack = |error: &dyn std::fmt::Display| NetError::Stack(error.to_string());
    let limits = connection_limits::ConnectionLimits::default()
        .with_max_pending_incoming(Some(STRANGERS))
        .with_max_established(Some(CONNECTIONS.0))
        .with_max_established_per_peer(Some(CONNECTIONS.1));
    let keypair = keypair(key)?;
    let neighbours = mdns.then(|| mdns::Behaviour::new(asking_often(), keypair.public().to_peer_id()));
    let neighbours = neighbours.transpose().map_err(|error| stack(&error))?;
    Ok(libp2p::SwarmBuilder::with_existing_identity(keypair)
        .with_tokio()
        .with_tcp(
            tcp::Config::default().nodelay(true),
            noise::Config::new,
            yamux::Config::default,
        )
        .map_err(|error| stack(&error))?
        .with_quic_config(|mut config| {
            config.max_idle_timeout = QUIC_SILENCE_MS;
            config.keep_alive_interval = QUIC_SIGN_OF_LIFE;
            config.max_concurrent_stream_limit = QUIC_STREAMS;
            (config.max_stream_data, config.max_connection_data) = QUIC_WINDOWS;
            config
        })
        .with_behaviour(|keypair| Behaviour {
            stream: libp2p_stream::Behaviour::new(),
            doors: Doors::default(),
            limits: connection_limits::Behaviour::new(limits),
            identify: identify::Behaviour::new(identify::Config::new("/lianzhan/1".into(), keypair.public())),
            ping: ping::Behaviour::new(ping::Config::new().with_timeout(PING)),
            mdns: neighbours.into(),
            blocked: allow_block_list::Behaviour::default(),
        })
        .map_err(|error| stack(&error))?
        // Of the addresses of a peer those of QUIC are tried first, and an instant later those of TCP beside them.
        .with_swarm_config(|config| config.with_idle_connection_timeout(IDLE).with_smart_dial())
        .build())
}

/// A control for opening and accepting streams of a swarm.
pub(super) fn control(swarm: &Swarm<Behaviour>) -> libp2p_stream::Control {
    swarm.behaviour().stream.new_control()
}

/// Whether an address is one of QUIC, and so of UDP.
pub(super) fn is_quic(address: &Multiaddr) -> bool {
    address.iter().any(|part| part == Protocol::QuicV1)
}

/// Whoever found one neighbour asks for others no sooner than after this time, so a station that is switched on later is not
/// met before. The usual five minutes are long for a station without a line up.
fn asking_often() -> mdns::Config {
    mdns::Config {
        query_interval: Duration::from_secs(20),
        ..mdns::Config::default()
    }
}
