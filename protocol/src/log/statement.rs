//! What a node itself writes into its logs: the start of a log, statements of trust, receipts.

use minicbor::{Decode, Encode};

use super::cosign;
use super::equivocation::Equivocation;
use super::{
    Checkpoint, Entry, EntryError, EntryIndex, Origin, PayloadKind, ProofRejected, TreeSize, WitnessEntry,
    leaf_hash, verify_inclusion,
};
use crate::codec::{self, CodecError};
use crate::id::{Hash, OrgId, RecordId, SpaceId, StatementId};
use crate::keys::{KeyError, PublicKey, Signature};
use crate::time::Timestamp;
use crate::trust::Space;

/// Longest statement of a node, in bytes.
pub const STATEMENT_MAX: usize = 32 * 1024;

/// The payload of an entry of kind `Statement`.
#[allow(clippy::large_enum_variant)] // one at a time, and soon gone
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum LogStatement {
    /// The first entry of every log.
    #[n(1)]
    Start(#[n(0)] LogStart),
    /// A statement of trust: the bytes of a [`crate::trust::SignedStatement`].
    #[n(2)]
    Trust(
        #[n(0)]
        #[cbor(with = "minicbor::bytes")]
        Vec<u8>,
    ),
    /// A parent saw this log.
    #[n(3)]
    Receipt(#[n(0)] Receipt),
    /// A log of this space says two things: found by the node that writes this.
    #[n(4)]
    Equivocation(#[n(0)] Equivocation),
    /// A record of this space is erased: the bytes of a [`crate::record::SignedErasure`].
    #[n(5)]
    Erasure(
        #[n(0)]
        #[cbor(with = "minicbor::bytes")]
        Vec<u8>,
    ),
    /// The node that writes this destroyed what it held of an erased record.
    #[n(6)]
    Erased(#[n(0)] Acknowledged),
    /// A parent saw another log of this space, which takes no entries any more.
    #[n(7)]
    ReceiptOf(#[n(0)] ReceiptOf),
}

impl LogStatement {
    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads a statement.
    pub fn parse(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode(bytes, STATEMENT_MAX)
    }
}

/// That a node destroyed the key and dropped the payloads of a record whose erasure has effect.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Acknowledged {
    /// The record.
    #[n(1)]
    pub record: RecordId,
    /// The erasure by which.
    #[n(2)]
    pub erasure: Hash,
}

/// A receipt that came when the log that it covers was closed, stated in another one of the same space (spec 03, L-16a).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ReceiptOf {
    /// The log that it covers.
    #[n(1)]
    pub origin: Origin,
    /// The receipt.
    #[n(2)]
    pub receipt: Receipt,
}

/// The first entry of a log says what it is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LogStart {
    /// The protocol version, whose bounds hold for the whole log.
    #[n(1)]
    pub version: u32,
    /// The space it writes into.
    #[n(2)]
    pub space: Space,
    /// The node that writes it; also the key of its checkpoints.
    #[n(3)]
    pub node: PublicKey,
    /// The org that the node serves.
    #[n(4)]
    pub org: OrgId,
    /// Random id of the epoch: a node that lost its past starts a new one.
    #[n(5)]
    #[cbor(with = "minicbor::bytes")]
    pub epoch: [u8; 16],
    /// The org whose witness is required; absent for the root, which is witnessed by its named children.
    #[n(6)]
    pub required_parent: Option<OrgId>,
    /// The policy on witnesses that the log follows; absent where the federation had none.
    #[n(7)]
    pub policy: Option<StatementId>,
    /// In a log that goes on after a loss: the node's earlier logs of this space, by origin, as it last knew them. At most
    /// [`LogStart::EARLIER_MAX`].
    #[n(8)]
    pub earlier: Option<Vec<Earlier>>,
}

/// What a node that lost its past still knows of a log that it wrote.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Earlier {
    /// The log.
    #[n(0)]
    pub origin: Origin,
    /// The last size that it is known to have signed, 0 if that is lost, too.
    #[n(1)]
    pub size: TreeSize,
    /// The root of that size.
    #[n(2)]
    pub root: Hash,
}

impl LogStart {
    /// Most earlier logs that a start names.
    pub const EARLIER_MAX: usize = 256;

    /// The start of a log that follows no other.
    pub fn new(
        space: Space,
        node: PublicKey,
        org: OrgId,
        epoch: [u8; 16],
        required_parent: Option<OrgId>,
    ) -> Self {
        LogStart {
            version: super::PROTOCOL_VERSION,
            space,
            node,
            org,
            epoch,
            required_parent,
            policy: None,
            earlier: None,
        }
    }

    /// Whether the list of earlier logs is in order and within its bound. An empty list is left out.
    fn earlier_fits(&self) -> bool {
        self.earlier.as_ref().is_none_or(|earlier| {
            (1..=Self::EARLIER_MAX).contains(&earlier.len())
                && earlier.is_sorted_by(|a, b| a.origin < b.origin)
        })
    }

    /// The origin that this log must have. Opaque: a witness that may not hold the space learns nothing but size.
    pub fn origin(&self) -> Origin {
        Self::origin_of(&self.node, &self.space.id(), &self.epoch)
    }

    /// The origin of the log that `node` writes into `space` in that epoch.
    pub fn origin_of(node: &PublicKey, space: &SpaceId, epoch: &[u8; 16]) -> Origin {
        let digest = Hash::of("lianzhan/origin/v1", &[node.ed25519_bytes(), &space.0, epoch]);
        Origin::parse(&format!("lianzhan/log/{}", codec::hex(&digest.0[..16])))
            .expect("hex after a fixed prefix is an origin")
    }

    /// Checks what a log asks of the statements in it, and returns the one that `entry` is, if it is one: a log starts
    /// once, with its first entry; the log's node alone writes statements; they are never without their payload. That the
    /// entry is signed, belongs here and has this payload is checked before, with [`Entry::verify`],
    /// [`Entry::check_place`] and [`Entry::check_payload`].
    pub fn check_statement(
        &self,
        index: EntryIndex,
        entry: &Entry,
        payload: Option<&[u8]>,
    ) -> Result<Option<LogStatement>, EntryError> {
        let wrong = |what| Err(EntryError::Statement(what));
        const START: &str = "a log starts once, with its first entry";
        if entry.header().kind != PayloadKind::Statement {
            return if index.0 == 0 { wrong(START) } else { Ok(None) };
        }
        if entry.header().author != self.node {
            return wrong("not written by the log's node");
        }
        let Some(payload) = payload else {
            return wrong("its payload is missing");
        };
        let Ok(statement) = LogStatement::parse(payload) else {
            return wrong("cannot be read");
        };
        if matches!(statement, LogStatement::Start(_)) != (index.0 == 0) {
            return wrong(START);
        }
        if index.0 == 0 && !self.earlier_fits() {
            return wrong("earlier logs are 1 to 256, each once and in order");
        }
        Ok(Some(statement))
    }
}

/// A parent's cosignature over a checkpoint, with its place in the parent's witness log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Receipt {
    /// Size of the log that was witnessed.
    #[n(1)]
    pub size: TreeSize,
    /// Its root.
    #[n(2)]
    pub root: Hash,
    /// The log's own signature over that checkpoint (the signed note's text).
    #[n(3)]
    pub log_signature: Signature,
    /// The witness key.
    #[n(4)]
    pub witness: PublicKey,
    /// Seconds since 1970 that the witness states.
    #[n(5)]
    pub time_s: u64,
    /// The cosignature (C2SP `cosignature/v1`).
    #[n(6)]
    pub cosignature: Signature,
    /// The witness log, its size and root when it answered, and its node's signature over that checkpoint.
    #[n(7)]
    pub witness_origin: Origin,
    /// Where in the witness log the fact stands.
    #[n(8)]
    pub witness_index: EntryIndex,
    /// Size of the witness log.
    #[n(9)]
    pub witness_size: TreeSize,
    /// Root of the witness log.
    #[n(10)]
    pub witness_root: Hash,
    /// Key of the witness log: the parent's node.
    #[n(11)]
    pub witness_node: PublicKey,
    /// That node's signature over the witness log's checkpoint.
    #[n(12)]
    pub witness_signature: Signature,
    /// Inclusion proof in the witness log.
    #[n(13)]
    #[cbor(decode_with = "super::proof::read_hashes")]
    pub proof: Vec<Hash>,
    /// The random id from which, with that node's key, the origin of the witness log is made: so that nobody speaks in the
    /// name of another's.
    #[n(14)]
    #[cbor(with = "minicbor::bytes")]
    pub witness_epoch: [u8; 16],
}

/// Why a receipt is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// A signature of the receipt does not verify.
    #[error("{what}: {error}")]
    Signature {
        /// Which one.
        what: &'static str,
        /// What is wrong.
        error: KeyError,
    },
    /// The witness log is another's.
    #[error("the witness log {0} is none of the node that signed it")]
    Origin(Origin),
    /// The fact does not stand in the witness log.
    #[error("place in the witness log: {0}")]
    Proof(#[from] ProofRejected),
}

impl Receipt {
    /// The checkpoint that was witnessed.
    pub fn checkpoint(&self, origin: &Origin) -> Checkpoint {
        Checkpoint {
            origin: origin.clone(),
            size: self.size,
            root: self.root,
        }
    }

    /// When, by the witness.
    pub fn time(&self) -> Timestamp {
        Timestamp::from_seconds(self.time_s)
    }

    /// Checks all signatures, whose the witness log is, and the place in it. Whether the witness is the required one is for the
    /// directory; whether the root is the log's is for whoever holds the log.
    pub fn verify(&self, origin: &Origin, node: &PublicKey) -> Result<(), ReceiptError> {
        let signed = |what, key: &PublicKey, message: &[u8], signature: &Signature| {
            key.verify_raw(message, &signature.0)
                .map_err(|error| ReceiptError::Signature { what, error })
        };
        // No text of C2SP states a greater size, so nothing was signed.
        for (what, size) in [
            ("checkpoint of the log", self.size),
            ("checkpoint of the witness log", self.witness_size),
        ] {
            if size > TreeSize::MAX {
                let error = KeyError::BadSignature;
                return Err(ReceiptError::Signature { what, error });
            }
        }
        let checkpoint = self.checkpoint(origin);
        signed(
            "checkpoint of the log",
            node,
            checkpoint.body().as_bytes(),
            &self.log_signature,
        )?;
        let message = cosign::message(&checkpoint, self.time_s);
        signed(
            "cosignature",
            &self.witness,
            message.as_bytes(),
            &self.cosignature,
        )?;
        let witness_log = Checkpoint {
            origin: self.witness_origin.clone(),
            size: self.witness_size,
            root: self.witness_root,
        };
        signed(
            "checkpoint of the witness log",
            &self.witness_node,
            witness_log.body().as_bytes(),
            &self.witness_signature,
        )?;
        if self.witness_origin != witness_log_origin(&self.witness_node, &self.witness_epoch) {
            return Err(ReceiptError::Origin(self.witness_origin.clone()));
        }
        let leaf = leaf_hash(&WitnessEntry::new(&checkpoint, self.time_s).leaf_bytes());
        verify_inclusion(
            self.witness_index,
            self.witness_size,
            &leaf,
            &self.proof,
            &self.witness_root,
        )?;
        Ok(())
    }
}

/// The origin of a node's witness log: what it cosigned, in order.
pub fn witness_log_origin(node: &PublicKey, epoch: &[u8; 16]) -> Origin {
    let digest = Hash::of("lianzhan/witness-origin/v1", &[node.ed25519_bytes(), epoch]);
    Origin::parse(&format!("lianzhan/witness-log/{}", codec::hex(&digest.0[..16])))
        .expect("hex after a fixed prefix is an origin")
}

/// The name under which a witness key cosigns: the Ed25519 cosignature does not commit to a name, so the name is
/// derived from the key.
pub fn witness_name(key: &PublicKey) -> String {
    format!("lianzhan/witness/{}", key.fingerprint())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Header;
    use crate::testing::{Federation, SHIQIAO, key, org};
    use crate::trust::{Audience, Role};

    #[test]
    fn a_log_holds_statements_of_its_node_alone_and_starts_once() {
        let mut federation = Federation::new();
        let person = federation.person(org(SHIQIAO), "林秀兰", &[Role::StationLiaison], None);
        let mut log = federation.log(org(SHIQIAO), &Space::of(org(SHIQIAO), Audience::City), 1);
        let put = crate::record::Put::field("topic", "走访".into());
        log.append_change(&person, log.record(1), &[], vec![put]);
        let trust = LogStatement::Trust(vec![1]);
        log.append_statement(&trust);
        let check = |index, n: usize, payload| {
            log.start
                .check_statement(EntryIndex(index), &log.entries[n], payload)
        };
        let [start, change, said] = [0, 1, 2].map(|n| Some(log.payloads[n].as_slice()));
        let wrong = |what| Err(EntryError::Statement(what));
        let once = "a log starts once, with its first entry";
        assert_eq!(
            check(0, 0, start),
            Ok(Some(LogStatement::Start(log.start.clone())))
        );
        assert_eq!(check(1, 1, change), Ok(None));
        assert_eq!(check(1, 1, None), Ok(None), "a change may have been erased");
        assert_eq!(check(2, 2, said), Ok(Some(trust)));
        assert_eq!(check(5, 0, start), wrong(once));
        assert_eq!(check(0, 1, change), wrong(once));
        assert_eq!(check(0, 2, said), wrong(once));
        assert_eq!(check(2, 2, None), wrong("its payload is missing"));
        assert_eq!(check(2, 2, change), wrong("cannot be read"));
        let stranger = key("stranger");
        let header = Header {
            author: stranger.public(),
            ..log.entries[2].header().clone()
        };
        let foreign = Entry::sign(header, &stranger).unwrap();
        let found = log.start.check_statement(EntryIndex(2), &foreign, said);
        assert_eq!(found, wrong("not written by the log's node"));
    }
}
