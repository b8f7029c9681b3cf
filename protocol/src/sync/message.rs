//! What goes over the wire: one message is one frame, canonical CBOR. Every list and text carries its bound in its type,
//! so that no message needs to be allocated to be found too large. Framing of the stream is the driver's.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use std::fmt;

use super::bounded::{Blob, List, Text};
use super::range::RangeData;
use super::standing::Standing;
use crate::attachment::{ChainingValue, PATH_MAX, PIECE_BYTES};
use crate::codec::{self, CodecError};
use crate::id::{AttachmentId, Hash, RecordId, SpaceId, StatementId};
use crate::keys::PublicKey;
use crate::log::note::MAX_NOTE_BYTES;
use crate::log::proof::MAX_PROOF_HASHES;
use crate::log::{EntryIndex, Origin, PAYLOAD_MAX, Receipt, TreeSize};
use crate::time::Timestamp;

/// The version of this protocol of messages; a peer of another version is told so.
pub const SYNC_VERSION: u32 = 1;
/// Longest frame, in bytes.
pub const FRAME_MAX: usize = 1024 * 1024;
/// Most statements of trust in one frame; as many of the longest fit into one.
pub const STATEMENTS_MAX: usize = 60;
/// Most statements that tell of joint spaces, in all Joint messages of an answer or a carry file.
pub const JOINT_STATEMENTS_MAX: usize = 2048;
/// Most spaces in one frame.
pub const SPACES_MAX: usize = 512;
/// Most logs in one frame.
pub const LOGS_MAX: usize = 512;
/// Most annex keys asked for at once.
pub const KEYS_MAX: usize = 256;
/// Most payloads asked for at once.
pub const PAYLOADS_MAX: usize = 256;
/// Most branches of one log that are kept and asked for, beside the one that stands.
pub const BRANCHES_MAX: u32 = 4;
/// Longest name and version of a program, in bytes of UTF-8.
pub const SOFTWARE_MAX: usize = 64;
/// Most nodes in one [`Message::Seen`].
pub const SEEN_MAX: usize = 512;
/// Longest reason, in bytes of UTF-8.
pub const REASON_MAX: usize = 200;

/// The first message of each side.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Hello {
    /// [`SYNC_VERSION`].
    #[n(1)]
    pub version: u32,
    /// The federation: the id of its founding statement.
    #[n(2)]
    pub founding: StatementId,
    /// The sender's node key; must be the one that the transport authenticated.
    #[n(3)]
    pub node: PublicKey,
    /// The sender's appointment and all that a stranger needs to judge it from the founding statement downward; none where
    /// `chain` stands for them.
    #[n(4)]
    pub statements: List<ByteVec, STATEMENTS_MAX>,
    /// Digest over all spaces that both may hold, as far as the sender knows ([`super::Holdings::digest`]); absent if the
    /// sender does not know yet whose node the peer is.
    #[n(5)]
    pub digest: Option<Hash>,
    /// The sender's program and its version, for people; absent where it does not say.
    #[n(6)]
    pub software: Option<Text<SOFTWARE_MAX>>,
    /// Digest of the statements that the sender's appointments as node rest on ([`super::chain_digest`]). Who holds
    /// others, or none, asks for them.
    #[n(7)]
    pub chain: Option<Hash>,
}

/// When a node below was last heard of, for people. Nothing rests on it: the sender alone says so.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Sighting {
    /// The node.
    #[n(1)]
    pub node: PublicKey,
    /// When it was last heard of: now, where a session is open.
    #[n(2)]
    pub at: Timestamp,
    /// Whether one was open then.
    #[n(3)]
    pub connected: bool,
    /// What it said that it runs.
    #[n(4)]
    pub software: Option<Text<SOFTWARE_MAX>>,
}

/// A space and the digest of what the sender holds in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct SpaceDigest {
    /// The space.
    #[n(0)]
    pub space: SpaceId,
    /// [`super::Holdings::space_digest`].
    #[n(1)]
    pub digest: Hash,
}

/// A log and what the sender holds of it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct LogStanding {
    /// The log.
    #[n(0)]
    pub origin: Origin,
    /// Size and root.
    #[n(1)]
    pub standing: Standing,
}

/// The key of a record's annex. Prints without it.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct RecordKey {
    /// The record.
    #[n(0)]
    pub record: RecordId,
    /// Its annex key.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub key: [u8; 32],
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordKey({})", self.record)
    }
}

/// A payload and the place of its entry in the log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PlacedPayload {
    /// The place.
    #[n(0)]
    pub index: EntryIndex,
    /// The payload.
    #[n(1)]
    pub payload: Blob<PAYLOAD_MAX>,
}

/// A piece of an attachment ([`crate::attachment::check_piece`]).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Piece {
    /// The attachment.
    #[n(1)]
    pub id: AttachmentId,
    /// Its size in bytes.
    #[n(2)]
    pub size: u64,
    /// Where the piece begins.
    #[n(3)]
    pub from: u64,
    /// Its bytes.
    #[n(4)]
    pub data: Blob<{ PIECE_BYTES as usize }>,
    /// The hashes beside its way to the root, from the piece upward.
    #[n(5)]
    pub path: List<ChainingValue, PATH_MAX>,
}

/// A message.
#[allow(clippy::large_enum_variant)] // one at a time, and soon gone
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Message {
    /// Who I am, and one digest of all that we share.
    #[n(1)]
    Hello(#[n(0)] Hello),
    /// The spaces that we share in which I hold a log. Sent when digests differ and when more spaces became shared.
    #[n(2)]
    Spaces {
        /// In ascending order.
        #[n(0)]
        spaces: List<SpaceDigest, SPACES_MAX>,
        /// Whether further frames belong to this list.
        #[n(1)]
        more: bool,
    },
    /// Which logs do you hold in this space?
    #[n(3)]
    AskLogs(#[n(0)] SpaceId),
    /// The answer to [`Message::AskLogs`]; empty if the space is not one that both may hold.
    #[n(4)]
    Logs {
        /// The space asked about.
        #[n(0)]
        space: SpaceId,
        /// By origin.
        #[n(1)]
        logs: List<LogStanding, LOGS_MAX>,
        /// Whether further frames belong to this answer.
        #[n(2)]
        more: bool,
    },
    /// News: a log in a shared space grew.
    #[n(5)]
    Grew {
        /// The space.
        #[n(0)]
        space: SpaceId,
        /// The log.
        #[n(1)]
        log: LogStanding,
    },
    /// Send me this log from `from` on.
    #[n(6)]
    Want {
        /// The space, so that the right to hold it can be seen at once.
        #[n(0)]
        space: SpaceId,
        /// The log.
        #[n(1)]
        origin: Origin,
        /// What the sender holds.
        #[n(2)]
        from: TreeSize,
    },
    /// The answer to [`Message::Want`].
    #[n(7)]
    Range(#[n(0)] RangeData),
    /// The other answer to [`Message::Want`]: nothing to send.
    #[n(8)]
    Nothing(#[n(0)] Origin),
    /// Please witness this log of mine.
    #[n(9)]
    WitnessMe {
        /// The log.
        #[n(0)]
        origin: Origin,
        /// The size from which the proof starts: what you last cosigned, as far as I know.
        #[n(1)]
        old: TreeSize,
        /// The log's signed checkpoint.
        #[n(2)]
        checkpoint: Text<MAX_NOTE_BYTES>,
        /// That it extends the tree of size `old`.
        #[n(3)]
        proof: List<Hash, MAX_PROOF_HASHES>,
        /// Where you say that you cosigned less than I can show: the newest receipt of your org, over the tree of size `old`.
        #[n(4)]
        shown: Option<Receipt>,
    },
    /// I witnessed it.
    #[n(10)]
    Receipt {
        /// The log.
        #[n(0)]
        origin: Origin,
        /// The cosignature and its place.
        #[n(1)]
        receipt: Receipt,
    },
    /// I did not witness it.
    #[n(11)]
    WitnessRefused {
        /// The log.
        #[n(0)]
        origin: Origin,
        /// What I last cosigned, 0 if nothing.
        #[n(1)]
        size: TreeSize,
        /// Why, for people.
        #[n(2)]
        reason: Text<REASON_MAX>,
    },
    /// Which annex keys of these records do you have for me?
    #[n(12)]
    AskKeys(#[n(0)] List<RecordId, KEYS_MAX>),
    /// The answer to [`Message::AskKeys`]: those that both may hold.
    #[n(13)]
    Keys(#[n(0)] List<RecordKey, KEYS_MAX>),
    /// You named spaces that I do not know as shared: which joint spaces do you say we share?
    #[n(14)]
    AskJoint,
    /// The answer to [`Message::AskJoint`]: the statements of those joint spaces and all that a stranger needs to judge
    /// them. Needed because the statement of a joint space stands in its owner's directory, which a partner may hold only
    /// once it knows of the joint space.
    #[n(15)]
    Joint {
        /// In the order of their ids.
        #[n(0)]
        statements: List<ByteVec, STATEMENTS_MAX>,
        /// Whether further frames belong to this answer.
        #[n(1)]
        more: bool,
    },
    /// I close, and why, for people.
    #[n(16)]
    Bye(#[n(0)] Text<REASON_MAX>),
    /// Send me, from `from` on, what you hold of this log beside what stands: it says two things. Answered as
    /// [`Message::Want`] is.
    #[n(17)]
    WantBranch {
        /// The space.
        #[n(0)]
        space: SpaceId,
        /// The log.
        #[n(1)]
        origin: Origin,
        /// Which of its other branches, from 1 to [`BRANCHES_MAX`], in the receiver's own order.
        #[n(2)]
        branch: u32,
        /// What the sender has of it.
        #[n(3)]
        from: TreeSize,
    },
    /// Which payloads of these entries do you hold? I hold the entries without them.
    #[n(21)]
    AskPayloads {
        /// The space.
        #[n(0)]
        space: SpaceId,
        /// The log.
        #[n(1)]
        origin: Origin,
        /// The entries, ascending.
        #[n(2)]
        indexes: List<EntryIndex, PAYLOADS_MAX>,
    },
    /// The answer to [`Message::AskPayloads`]: as many of those held as one range carries; none if none is held.
    #[n(22)]
    Payloads {
        /// The log.
        #[n(0)]
        origin: Origin,
        /// By place.
        #[n(1)]
        payloads: List<PlacedPayload, PAYLOADS_MAX>,
    },
    /// Send me the piece of this attachment that begins at `from`.
    #[n(18)]
    WantAttachment {
        /// A space in which a record names it, so that the right to hold it can be seen at once.
        #[n(0)]
        space: SpaceId,
        /// The attachment.
        #[n(1)]
        id: AttachmentId,
        /// How many of its bytes the sender has.
        #[n(2)]
        from: u64,
    },
    /// The answer to [`Message::WantAttachment`].
    #[n(19)]
    Piece(#[n(0)] Piece),
    /// The other answer to [`Message::WantAttachment`]: not here.
    #[n(20)]
    NoAttachment(#[n(0)] AttachmentId),
    /// What you asked for and I did not have has come.
    #[n(23)]
    HaveAttachment(#[n(0)] AttachmentId),
    /// When nodes of my org's branch were last heard of. Told to nodes of the orgs above alone.
    #[n(24)]
    Seen(#[n(0)] List<Sighting, SEEN_MAX>),
    /// I hold other statements about you than you do: which ones show that you are a node?
    #[n(25)]
    AskChain,
    /// The answer to [`Message::AskChain`]: the sender's appointment and all that a stranger needs to judge it.
    #[n(26)]
    Chain(#[n(0)] List<ByteVec, STATEMENTS_MAX>),
}

impl Message {
    /// The frame.
    pub fn to_frame(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads a frame of at most [`FRAME_MAX`] bytes.
    pub fn from_frame(frame: &[u8]) -> Result<Self, CodecError> {
        codec::decode(frame, FRAME_MAX)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::keys::{SecretKey, Signature};
    use crate::log::{ENTRY_MAX, EntryIndex};

    /// One of each kind.
    pub(crate) fn all() -> Vec<Message> {
        let key = SecretKey::from_seed([1; 32]).public();
        let (space, hash) = (SpaceId([2; 32]), Hash([3; 32]));
        let origin = Origin::parse("lianzhan/log/0001").unwrap();
        let size = TreeSize(300);
        let log = LogStanding {
            origin: origin.clone(),
            standing: Standing { size, root: hash },
        };
        let proof = || List::new(vec![hash]).unwrap();
        let signature = Signature([4; 64]);
        let receipt = Receipt {
            size,
            root: hash,
            log_signature: signature,
            witness: key,
            time_s: 1_767_225_600,
            cosignature: signature,
            witness_origin: origin.clone(),
            witness_index: EntryIndex(7),
            witness_size: size,
            witness_root: hash,
            witness_node: key,
            witness_signature: signature,
            proof: vec![hash],
            witness_epoch: [9; 16],
        };
        let (founding, statements) = (StatementId([5; 32]), List::new(vec![vec![6, 7].into()]).unwrap());
        let entries = [(vec![8], Some(vec![9])), (vec![8], None)];
        let range = RangeData::new(origin.clone(), size, entries, "note\n".into(), vec![hash]).unwrap();
        let hello = Hello {
            version: 1,
            founding,
            node: key,
            statements: statements.clone(),
            digest: Some(hash),
            software: Some(Text::cut("lianzhan 0.1.0")),
            chain: None,
        };
        vec![
            Message::Hello(hello.clone()),
            Message::Hello(Hello {
                digest: None,
                software: None,
                ..hello
            }),
            Message::Spaces {
                spaces: List::new(vec![SpaceDigest { space, digest: hash }]).unwrap(),
                more: true,
            },
            Message::AskLogs(space),
            Message::Logs {
                space,
                logs: List::new(vec![log.clone()]).unwrap(),
                more: false,
            },
            Message::Grew { space, log },
            Message::Want {
                space,
                origin: origin.clone(),
                from: size,
            },
            Message::Range(range),
            Message::Nothing(origin.clone()),
            Message::WitnessMe {
                origin: origin.clone(),
                old: size,
                checkpoint: Text::cut("note\n"),
                proof: proof(),
                shown: None,
            },
            Message::Receipt {
                origin: origin.clone(),
                receipt,
            },
            Message::WitnessRefused {
                origin,
                size,
                reason: Text::cut("否"),
            },
            Message::AskKeys(List::new(vec![RecordId([1; 16])]).unwrap()),
            Message::Keys(
                List::new(vec![RecordKey {
                    record: RecordId([1; 16]),
                    key: [2; 32],
                }])
                .unwrap(),
            ),
            Message::AskJoint,
            Message::Joint {
                statements: statements.clone(),
                more: false,
            },
            Message::Bye(Text::cut("good night")),
            Message::WantBranch {
                space,
                origin: Origin::parse("lianzhan/log/0001").unwrap(),
                branch: 2,
                from: size,
            },
            Message::AskPayloads {
                space,
                origin: Origin::parse("lianzhan/log/0001").unwrap(),
                indexes: List::new(vec![EntryIndex(3), EntryIndex(300)]).unwrap(),
            },
            Message::Payloads {
                origin: Origin::parse("lianzhan/log/0001").unwrap(),
                payloads: List::new(vec![PlacedPayload {
                    index: EntryIndex(3),
                    payload: Blob::new(vec![1, 2]).unwrap(),
                }])
                .unwrap(),
            },
            Message::WantAttachment {
                space,
                id: AttachmentId([8; 32]),
                from: 262_144,
            },
            Message::Piece(Piece {
                id: AttachmentId([8; 32]),
                size: 262_146,
                from: 262_144,
                data: Blob::new(vec![1, 2]).unwrap(),
                path: List::new(vec![ChainingValue([9; 32])]).unwrap(),
            }),
            Message::NoAttachment(AttachmentId([8; 32])),
            Message::HaveAttachment(AttachmentId([8; 32])),
            Message::Seen(
                List::new(vec![Sighting {
                    node: key,
                    at: Timestamp(1_767_225_600_000),
                    connected: true,
                    software: None,
                }])
                .unwrap(),
            ),
            Message::Hello(Hello {
                version: 1,
                founding,
                node: key,
                statements: List::new(Vec::new()).unwrap(),
                digest: Some(hash),
                software: None,
                chain: Some(hash),
            }),
            Message::AskChain,
            Message::Chain(statements),
        ]
    }

    #[test]
    fn every_message_reads_as_it_is_written_and_is_canonical_cbor() {
        for message in all() {
            let frame = message.to_frame();
            assert_eq!(Message::from_frame(&frame), Ok(message.clone()), "{message:?}");
            assert!(dcbor::CBOR::try_from_data(&frame).is_ok(), "{message:?}");
            for cut in 0..frame.len() {
                assert!(Message::from_frame(&frame[..cut]).is_err());
            }
        }
    }

    /// The bytes of a version never change: a new form is a new number.
    #[test]
    fn the_bytes_are_frozen() {
        let frames: Vec<Vec<u8>> = all().iter().map(Message::to_frame).collect();
        let parts: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        // As they were before attachments; those, and Seen; chains.
        let (before, later) = parts.split_at(20);
        let (attachments, chains) = later.split_at(parts.len() - 23);
        assert_eq!(
            Hash::of("test", before).to_string(),
            "625c37c4a943b7336f96f9f3999b8af024e4885e8b8c4f301aa8858ad83c398d"
        );
        assert_eq!(
            Hash::of("test", attachments).to_string(),
            "083ffb79d547cbc2b14d99b7f8f807eb7f1438ced5aa48e9d283f92274d28561"
        );
        assert_eq!(
            Hash::of("test", chains).to_string(),
            "e77fd51a6d8148a6e0175a38716beb281d0f80416d5d5eab60084a1764b8eff4"
        );
        assert_eq!(codec::hex(&frames[14]), "820e80");
    }

    #[test]
    fn a_request_that_shows_a_receipt_reads_as_it_is_written() {
        let mut all = all();
        let receipt = all.iter().find_map(|message| match message {
            Message::Receipt { receipt, .. } => Some(receipt.clone()),
            _ => None,
        });
        let request = all.iter_mut().find_map(|message| match message {
            Message::WitnessMe { shown, .. } => {
                *shown = receipt.clone();
                Some(message.clone())
            }
            _ => None,
        });
        let request = request.expect("one of each kind");
        assert_eq!(Message::from_frame(&request.to_frame()), Ok(request));
    }

    #[test]
    fn keys_do_not_print() {
        let key = RecordKey {
            record: RecordId([1; 16]),
            key: [0xab; 32],
        };
        assert!(!format!("{:?}", Message::Keys(List::new(vec![key]).unwrap())).contains("171"));
    }

    #[test]
    fn what_a_message_holds_has_its_bound_as_well() {
        let origin = Origin::parse("lianzhan/log/0001").unwrap();
        let of = |n: usize| {
            all().into_iter().find_map(|message| match message {
                Message::Receipt { origin, mut receipt } => {
                    receipt.proof = vec![Hash([1; 32]); n];
                    Some(Message::Receipt { origin, receipt }.to_frame())
                }
                _ => None,
            })
        };
        let [most, more] = [MAX_PROOF_HASHES, MAX_PROOF_HASHES + 1].map(|n| of(n).unwrap());
        assert!(Message::from_frame(&most).is_ok());
        let refused = Message::from_frame(&more).unwrap_err();
        assert!(refused.to_string().contains("more hashes"), "{refused}");

        let payloads = |n: usize| {
            let mut e = minicbor::Encoder::new(Vec::new());
            e.array(2).unwrap().u32(22).unwrap().array(2).unwrap();
            e.encode(&origin).unwrap().array(1).unwrap().array(2).unwrap();
            e.u32(0).unwrap().bytes(&vec![7; n]).unwrap();
            e.into_writer()
        };
        assert!(Message::from_frame(&payloads(PAYLOAD_MAX)).is_ok());
        assert!(Message::from_frame(&payloads(PAYLOAD_MAX + 1)).is_err());
        let entry = |n| {
            RangeData::new(
                origin.clone(),
                TreeSize(0),
                [(vec![1; n], None)],
                String::new(),
                Vec::new(),
            )
        };
        assert!(entry(ENTRY_MAX).is_ok() && entry(ENTRY_MAX + 1).is_err());
    }
}
