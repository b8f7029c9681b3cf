//! What a seal signs: a Merkle root over all field and event operations in the causal past of stated heads, seals,
//! confirmations, recorded ones too, and verdicts excluded (design 5). Each leaf has its own salt, so parts can be shown alone.

use hmac::{Hmac, KeyInit, Mac};
use minicbor::{Decode, Encode};
use sha2::Sha256;

use super::change::{OpId, Value};
use super::event::Event;
use super::graph::Graph;
use crate::codec;
use crate::id::Hash;
use crate::log::{Frontier, leaf_hash};

/// One sealed operation.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct SealLeaf {
    #[n(0)]
    salt: Hash,
    #[n(1)]
    op: OpId,
    #[n(2)]
    key: String,
    #[n(3)]
    value: Value,
}

/// The digest that seals and confirmations over `heads` (positions in the graph) sign: the RFC 6962 root over leaves sorted by operation
/// id. Equal digests mean equal content, whoever sealed first.
pub fn seal_digest(graph: &Graph<'_>, heads: &[usize]) -> Hash {
    let mut leaves: Vec<SealLeaf> = Vec::new();
    for (n, change) in graph.changes().iter().enumerate() {
        if !heads.iter().any(|head| *head == n || graph.saw(*head, n)) {
            continue;
        }
        for (position, put) in change.change.puts.iter().enumerate() {
            if put.is_event() && signs_over(&put.value) {
                continue;
            }
            leaves.push(SealLeaf {
                salt: salt_of(&change.change.salt, position),
                op: graph.op(n, position),
                key: put.key.clone(),
                value: put.value.clone(),
            });
        }
    }
    leaves.sort_by_key(|leaf| leaf.op);
    let mut tree = Frontier::default();
    for leaf in &leaves {
        tree.push(leaf_hash(&codec::encode(leaf)));
    }
    tree.root()
}

/// Whether an event is itself a signature over what others wrote.
fn signs_over(value: &Value) -> bool {
    matches!(value, Value::Bytes(body) if Event::parse(body).is_ok_and(|event| event.kind().signs_over()))
}

/// HMAC-SHA256 of the position (8 bytes, big-endian) under the payload's random bytes.
fn salt_of(payload_salt: &[u8], position: usize) -> Hash {
    let mut mac = Hmac::<Sha256>::new_from_slice(payload_salt).expect("HMAC takes keys of any length");
    mac.update(&(position as u64).to_be_bytes());
    Hash(mac.finalize().into_bytes().into())
}
