//! Notes, checkpoints, cosignatures, proofs, entries, receipts, witness entries, equivocation.

use serde_json::{Value, json};

use super::bytes::codec_reason;
use super::{Files, array_of, bad, bytes_of, category, flipped, good, hex, list_of, reason, text_of, unhex};
use crate::codec::{self, encode};
use crate::id::{ChangeId, Hash, Origin, SpaceId};
use crate::keys::{PublicKey, SecretKey, Signature};
use crate::log::{
    Checkpoint, Entry, EntryError, EntryIndex, Equivocation, Evidence, Frontier, Header, KeyId, KeyKind,
    LogStart, LogStatement, Note, PayloadKind, Receipt, ReceiptOf, STATEMENT_MAX, SignatureLine,
    SignedCheckpoint, SignedLeaf, SignedRoot, TreeSize, WitnessEntry, consistency, cosign, inclusion,
    leaf_hash, root_at, verify_consistency, verify_cosignature, verify_inclusion, witness_log_origin,
};
use crate::record::Put;
use crate::testing::{FENGDU, Federation, TestLog, key, org};
use crate::trust::{Audience, Role, Space};

const ORIGIN: &str = "lianzhan.example/station/000001/space/a";
const WITNESS: &str = "lianzhan.example/township/0001/witness";
const TIME_S: u64 = 1_767_225_600;

mod entries;
mod notes;
mod proofs;
mod starts;
mod witnesses;

pub(super) fn all(files: &mut Files) {
    notes::notes(files);
    notes::checkpoints(files);
    notes::cosignatures(files);
    proofs::proofs(files);
    entries::entries(files);
    starts::starts(files);
    witnesses::receipts(files);
    witnesses::witness_entries(files);
    witnesses::equivocations(files);
}

fn secret(first: u8) -> SecretKey {
    SecretKey::from_seed(std::array::from_fn(|at| first + at as u8))
}

fn origin() -> Origin {
    Origin::parse(ORIGIN).expect("an origin")
}

/// A tree of `size` leaves, of which those from `own` on are of `branch`.
struct Tree {
    leaves: Vec<Hash>,
    nodes: Vec<Hash>,
    root: Hash,
}

fn tree(size: u64, own: u64, branch: &str) -> Tree {
    let mut frontier = Frontier::new();
    let (mut leaves, mut nodes) = (Vec::new(), Vec::new());
    for n in 0..size {
        let name = if n < own { "leaf" } else { branch };
        let leaf = leaf_hash(format!("{name}-{n}").as_bytes());
        leaves.push(leaf);
        nodes.extend(frontier.push(leaf).into_iter().map(|(_, hash)| hash));
    }
    Tree {
        leaves,
        nodes,
        root: frontier.root(),
    }
}

impl Tree {
    fn read(&self, n: u64) -> Option<Hash> {
        self.nodes.get(n as usize).copied()
    }
    fn size(&self) -> TreeSize {
        TreeSize(self.leaves.len() as u64)
    }
    fn inclusion(&self, index: u64) -> Vec<Hash> {
        inclusion(EntryIndex(index), self.size(), |n| self.read(n)).expect("stored")
    }
    fn consistency(&self, old: u64) -> Vec<Hash> {
        consistency(TreeSize(old), self.size(), |n| self.read(n)).expect("stored")
    }
}

fn checkpoint() -> Checkpoint {
    let tree = tree(11, 11, "");
    Checkpoint {
        origin: origin(),
        size: tree.size(),
        root: tree.root,
    }
}

fn key_of(input: &Value, member: &str) -> PublicKey {
    PublicKey::from_ed25519(array_of(input, member)).expect("a key")
}

/// An entry that nobody checks.
#[derive(minicbor::Encode)]
struct RawEntry(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    Vec<u8>,
    #[n(1)] Signature,
);
