//! The network: a libp2p swarm (TCP with QUIC beside it), one long stream per peer for sync, one short stream to join. Knows
//! frames, streams and addresses; knows no records and no SQL. It performs what sessions and services decide.

mod avoid;
mod connections;
mod doors;
mod driver;
pub mod frame;
mod join;
mod neighbours;
mod pace;
mod peers;
mod ports;
mod swarm;
mod transport;
mod why;

pub use join::join;
pub use peers::Peers;
pub use swarm::{Handle, start};

use lianzhan_protocol::keys::{PublicKey, SecretKey};
use libp2p::identity::{Keypair, ed25519};
use libp2p::{PeerId, StreamProtocol};

/// The protocol of sync sessions.
const SYNC: StreamProtocol = StreamProtocol::new("/lianzhan/sync/2");
/// The protocol of joining by invitation.
const JOIN: StreamProtocol = StreamProtocol::new("/lianzhan/join/1");

/// Why something on the network did not work.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The address to listen on or to dial.
    #[error("address {address:?}: {reason}")]
    Address {
        /// As given.
        address: String,
        /// What is wrong.
        reason: String,
    },
    /// Somebody else listens there.
    #[error(
        "at {address} another program listens already, perhaps another node; stop it, or choose another address with --listen"
    )]
    Taken {
        /// As given.
        address: String,
    },
    /// The swarm could not be built: a fault of this program.
    #[error("network stack: {0}")]
    Stack(String),
    /// No connection.
    #[error("no connection to {peer}: {reason}; is it running, and is the address right?")]
    Unreachable {
        /// Node key or address.
        peer: String,
        /// What happened.
        reason: String,
    },
    /// The conversation broke off.
    #[error("the conversation with the peer broke off: {0}")]
    Broken(String),
}

impl NetError {
    /// In Chinese, of what a person can mend who starts a node.
    pub fn zh(&self) -> Option<String> {
        match self {
            NetError::Address { address, reason } => Some(format!(
                "不能在 {address} 与其他节点通信：{reason}。如另有程序占用，请停下它，或用 --listen 另选地址。"
            )),
            NetError::Taken { address } => Some(format!(
                "与其他节点通信的地址 {address} 已有别的程序在用，也许是另一个节点。请停下它，或用 --listen 另选地址。"
            )),
            _ => None,
        }
    }
}

/// The libp2p identity of a node key.
fn keypair(key: &SecretKey) -> Result<Keypair, NetError> {
    let mut seed = *key.seed();
    let secret = ed25519::SecretKey::try_from_bytes(&mut seed).map_err(|e| NetError::Stack(e.to_string()))?;
    Ok(ed25519::Keypair::from(secret).into())
}

/// The peer id of a node key.
fn peer_id(key: &PublicKey) -> Result<PeerId, NetError> {
    let public = ed25519::PublicKey::try_from_bytes(key.ed25519_bytes())
        .map_err(|error| NetError::Stack(error.to_string()))?;
    Ok(PeerId::from_public_key(&public.into()))
}

/// The node key of a peer id: Ed25519 keys stand in it whole.
fn node_key(peer: &PeerId) -> Option<PublicKey> {
    let bytes = peer.to_bytes();
    // identity multihash: code 0, length, then the key as libp2p's protobuf.
    let protobuf = bytes.strip_prefix(&[0x00]).and_then(|rest| rest.get(1..))?;
    let key = libp2p::identity::PublicKey::try_decode_protobuf(protobuf).ok()?;
    PublicKey::from_ed25519(key.try_into_ed25519().ok()?.to_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_id_is_a_node_key() {
        let key = SecretKey::from_seed([5; 32]);
        let id = peer_id(&key.public()).unwrap();
        assert_eq!(id, keypair(&key).unwrap().public().to_peer_id());
        assert_eq!(node_key(&id), Some(key.public()));
    }
}
