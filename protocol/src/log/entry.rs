//! Entries: one leaf of a log. A small canonical header, signed by its author, that hashes a payload. The log knows
//! nothing of what the payload means.

use minicbor::{Decode, Encode};

use super::{Origin, leaf_hash};
use crate::codec::{self, CodecError};
use crate::id::{ChangeId, Hash, RecordId, SpaceId, StatementId};
use crate::keys::{KeyError, PublicKey, SecretKey, Signature};
use crate::time::Timestamp;

/// The protocol version that a log states in its first entry; its bounds are constants of this version.
pub const PROTOCOL_VERSION: u32 = 1;
/// Longest header, in bytes.
const HEADER_MAX: usize = 1024;
/// Longest entry (header and signature), in bytes.
pub const ENTRY_MAX: usize = HEADER_MAX + 128;
/// Longest payload, in bytes: a change of 128 KiB and what sealing adds.
pub const PAYLOAD_MAX: usize = 128 * 1024 + 1024;

const SIGNATURE_DOMAIN: &str = "lianzhan/entry/v1";

/// What kind of payload an entry hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum PayloadKind {
    /// A change of a record.
    #[n(1)]
    Change,
    /// A statement of the node: start of the log, a statement of trust, a receipt.
    #[n(2)]
    Statement,
    /// A change of an annex, encrypted.
    #[n(3)]
    Sealed,
}

/// What the author signs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Header {
    /// [`PROTOCOL_VERSION`].
    #[n(1)]
    pub version: u32,
    /// The log that the entry was made for; in another log it is refused.
    #[n(2)]
    pub origin: Origin,
    /// The space of that log.
    #[n(3)]
    pub space: SpaceId,
    /// What the payload is.
    #[n(4)]
    pub kind: PayloadKind,
    /// The record changed; absent for statements.
    #[n(5)]
    pub record: Option<RecordId>,
    /// Whose signature this is: a person's key, or the node's for statements.
    #[n(6)]
    pub author: PublicKey,
    /// The appointment under which the author acts; absent where the node itself speaks.
    #[n(7)]
    pub appointment: Option<StatementId>,
    /// The author's clock. Shown, and never decides an order.
    #[n(8)]
    pub recorded: Timestamp,
    /// SHA-256 of the payload bytes (of the ciphertext, if sealed).
    #[n(9)]
    pub payload: Hash,
    /// Length of the payload in bytes.
    #[n(10)]
    pub size: u32,
    /// Commitment to the key of a sealed payload.
    #[n(11)]
    pub key_commitment: Option<Hash>,
}

impl Header {
    /// Checks what holds of every header whoever wrote it.
    fn check(&self) -> Result<(), EntryError> {
        if self.version != PROTOCOL_VERSION {
            return Err(EntryError::Version(self.version));
        }
        if self.size as usize > PAYLOAD_MAX {
            return Err(EntryError::PayloadTooLong(self.size));
        }
        let statement = self.kind == PayloadKind::Statement;
        if self.record.is_some() == statement {
            return Err(EntryError::Shape("a change names a record, a statement does not"));
        }
        if self.appointment.is_some() == statement {
            return Err(EntryError::Shape(
                "a change names an appointment, a statement does not",
            ));
        }
        if self.key_commitment.is_some() != (self.kind == PayloadKind::Sealed) {
            return Err(EntryError::Shape(
                "a sealed payload, and no other, has a key commitment",
            ));
        }
        Ok(())
    }
}

/// Why an entry is refused. Facts about bytes: never revised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Not the canonical bytes of an entry.
    #[error("entry: {0}")]
    Codec(#[from] CodecError),
    /// A later version.
    #[error("protocol version {0} is not known here; update this program")]
    Version(u32),
    /// Longer than [`PAYLOAD_MAX`].
    #[error("payload of {0} bytes is too long")]
    PayloadTooLong(u32),
    /// Fields that do not fit together.
    #[error("{0}")]
    Shape(&'static str),
    /// The author's signature does not verify.
    #[error("author's signature: {0}")]
    Signature(#[from] KeyError),
    /// The payload is not the one that the header hashes.
    #[error("payload differs from the one that was signed")]
    Payload,
    /// Made for another log.
    #[error("entry was made for log {0}")]
    OtherLog(Origin),
    /// Made for another space.
    #[error("entry was made for another space")]
    OtherSpace,
    /// A statement that the log's node did not write, that cannot be read, or that stands in the wrong place.
    #[error("statement: {0}")]
    Statement(&'static str),
}

/// An entry as bytes say it, not yet checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    header: Header,
    bytes: Vec<u8>,
    signature: Signature,
}

#[derive(Encode, Decode)]
struct Wire<'b>(
    #[b(0)]
    #[cbor(with = "minicbor::bytes")]
    &'b [u8],
    #[n(1)] Signature,
);

impl Entry {
    /// Reads an entry without checking its signature.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryError> {
        let Wire(header_bytes, signature) = codec::decode(bytes, ENTRY_MAX)?;
        let header: Header = codec::decode(header_bytes, HEADER_MAX)?;
        header.check()?;
        Ok(Entry {
            header,
            bytes: header_bytes.to_vec(),
            signature,
        })
    }

    /// The canonical bytes: `[header bytes, signature]`. What the leaf hash covers.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(&Wire(&self.bytes, self.signature))
    }

    /// The RFC 6962 leaf hash.
    pub fn leaf(&self) -> Hash {
        leaf_hash(&self.to_bytes())
    }

    /// What the author signed.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The hash of the header without the signature: the name of the change.
    pub fn change_id(&self) -> ChangeId {
        ChangeId(Hash::of("lianzhan/change/v1", &[&self.bytes]).0)
    }

    /// Checks the author's signature.
    pub fn verify(self) -> Result<Verified<Entry>, EntryError> {
        self.header
            .author
            .verify(SIGNATURE_DOMAIN, &self.bytes, &self.signature)?;
        Ok(Verified(self))
    }

    /// Signs `header`.
    pub fn sign(header: Header, key: &SecretKey) -> Result<Verified<Entry>, EntryError> {
        header.check()?;
        if header.author != key.public() {
            return Err(EntryError::Shape("the header names another author"));
        }
        let bytes = codec::encode(&header);
        if bytes.len() > HEADER_MAX {
            return Err(EntryError::Codec(CodecError::TooLong {
                len: bytes.len(),
                max: HEADER_MAX,
            }));
        }
        let signature = key.sign(SIGNATURE_DOMAIN, &bytes);
        Ok(Verified(Entry {
            header,
            bytes,
            signature,
        }))
    }

    /// Checks that `payload` is the one that the header hashes.
    pub fn check_payload(&self, payload: &[u8]) -> Result<(), EntryError> {
        let same = payload.len() == self.header.size as usize && Hash::plain(payload) == self.header.payload;
        if same { Ok(()) } else { Err(EntryError::Payload) }
    }

    /// Checks that the entry was made for this log and space.
    pub fn check_place(&self, origin: &Origin, space: &SpaceId) -> Result<(), EntryError> {
        if self.header.origin != *origin {
            return Err(EntryError::OtherLog(self.header.origin.clone()));
        }
        if self.header.space != *space {
            return Err(EntryError::OtherSpace);
        }
        Ok(())
    }
}

/// A value whose signature was checked, or that was signed here. Made in this crate alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// The value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> std::ops::Deref for Verified<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(key: &SecretKey, payload: &[u8]) -> Header {
        Header {
            version: 1,
            origin: Origin::parse("lianzhan/log/0001").unwrap(),
            space: SpaceId([1; 32]),
            kind: PayloadKind::Change,
            record: Some(RecordId([2; 16])),
            author: key.public(),
            appointment: Some(StatementId([3; 32])),
            recorded: Timestamp(1_767_225_600_000),
            payload: Hash::plain(payload),
            size: payload.len() as u32,
            key_commitment: None,
        }
    }

    #[test]
    fn any_flipped_bit_is_noticed() {
        let key = SecretKey::from_seed([9; 32]);
        let entry = Entry::sign(header(&key, b"payload"), &key).unwrap().into_inner();
        let bytes = entry.to_bytes();
        assert!(Entry::parse(&bytes).unwrap().verify().is_ok());
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let accepted = Entry::parse(&flipped).and_then(Entry::verify);
            assert!(accepted.is_err(), "bit {bit}");
        }
    }

    #[test]
    fn an_entry_belongs_to_one_log_one_space_and_one_payload() {
        let key = SecretKey::from_seed([9; 32]);
        let entry = Entry::sign(header(&key, b"payload"), &key).unwrap().into_inner();
        let origin = Origin::parse("lianzhan/log/0001").unwrap();
        let other = Origin::parse("lianzhan/log/0002").unwrap();
        assert_eq!(entry.check_place(&origin, &SpaceId([1; 32])), Ok(()));
        assert_eq!(
            entry.check_place(&other, &SpaceId([1; 32])),
            Err(EntryError::OtherLog(origin.clone()))
        );
        assert_eq!(
            entry.check_place(&origin, &SpaceId([0; 32])),
            Err(EntryError::OtherSpace)
        );
        assert_eq!(entry.check_payload(b"payload"), Ok(()));
        assert_eq!(entry.check_payload(b"payloae"), Err(EntryError::Payload));
    }
}
