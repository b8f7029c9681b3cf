//! Newtypes for every id. Ids come in as arguments: nothing here draws one.

use sha2::{Digest, Sha256};
use std::fmt;

use crate::codec::{cbor_bytes, hex, unhex};

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// SHA-256 of `domain`, a zero byte, then `parts` one after another. The domain keeps hashes of one kind from
    /// ever standing for another kind.
    pub fn of(domain: &str, parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(domain.as_bytes());
        hasher.update([0]);
        for part in parts {
            hasher.update(part);
        }
        Hash(hasher.finalize().into())
    }

    /// SHA-256 of `bytes`, nothing added.
    pub fn plain(bytes: &[u8]) -> Self {
        Hash(Sha256::digest(bytes).into())
    }
}

macro_rules! id_text {
    ($name:ident, $len:literal) => {
        impl $name {
            /// Reads lowercase hex of the full length.
            pub fn parse(text: &str) -> Option<Self> {
                unhex::<$len>(text).map($name)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex(&self.0))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex(&self.0))
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(&hex(&self.0))
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(d)?;
                Self::parse(&text).ok_or_else(|| {
                    serde::de::Error::custom(concat!("expected ", $len, " bytes as lowercase hex"))
                })
            }
        }
    };
}

cbor_bytes!(Hash, 32);
id_text!(Hash, 32);

/// An org of the congress system, minted when its parent founds it: 8 random bytes, then 8 bytes of a hash over its
/// parent and these, so that no other org can ever describe it ([`OrgId::mint`]). The root's id is 16 bytes of any kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrgId(pub [u8; 16]);
cbor_bytes!(OrgId, 16);
id_text!(OrgId, 16);

impl OrgId {
    /// The id of a new org directly below `parent`, with `random` drawn by the caller.
    pub fn mint(parent: &OrgId, random: [u8; 8]) -> Self {
        let bound = Hash::of("lianzhan/org-id/v1", &[&parent.0, &random]);
        let mut id = [0; 16];
        id[..8].copy_from_slice(&random);
        id[8..].copy_from_slice(&bound.0[..8]);
        OrgId(id)
    }

    /// Whether it was minted for an org directly below `parent`.
    pub fn is_minted_for(&self, parent: &OrgId) -> bool {
        let mut random = [0; 8];
        random.copy_from_slice(&self.0[..8]);
        OrgId::mint(parent, random) == *self
    }
}

/// A record: 6 bytes of Unix milliseconds, then 10 bytes of a hash that binds it to its space, its ledger and the salt of
/// its first change. Ids sort by time and are minted offline (`domain.md` 0, item 2), and nobody can begin a record under
/// an id that was minted elsewhere: that would take another first change with the same 80 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub [u8; 16]);
cbor_bytes!(RecordId, 16);
id_text!(RecordId, 16);

impl RecordId {
    /// The id of the record that begins in `space` at `time` with a change of `salt` by the ledger `definition`.
    pub fn mint(time: crate::time::Timestamp, space: &SpaceId, definition: &Hash, salt: &[u8]) -> Self {
        let time = time.0.max(0).to_be_bytes();
        let mut millis = [0; 6];
        millis.copy_from_slice(&time[2..]);
        Self::bound(millis, space, definition, salt)
    }

    /// Whether a change of `salt` by `definition` may be the first of this record, in `space`.
    pub fn is_minted_for(&self, space: &SpaceId, definition: &Hash, salt: &[u8]) -> bool {
        let mut millis = [0; 6];
        millis.copy_from_slice(&self.0[..6]);
        Self::bound(millis, space, definition, salt) == *self
    }

    fn bound(millis: [u8; 6], space: &SpaceId, definition: &Hash, salt: &[u8]) -> Self {
        let bound = Hash::of("lianzhan/record-id/v1", &[&millis, &space.0, &definition.0, salt]);
        let mut id = [0; 16];
        id[..6].copy_from_slice(&millis);
        id[6..].copy_from_slice(&bound.0[..10]);
        RecordId(id)
    }
}

/// A sharing domain: the hash of its descriptor ([`crate::trust::Space`]).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpaceId(pub [u8; 32]);
cbor_bytes!(SpaceId, 32);
id_text!(SpaceId, 32);

/// A change: the hash of its entry's header without the signature (design 1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangeId(pub [u8; 32]);
cbor_bytes!(ChangeId, 32);
id_text!(ChangeId, 32);

/// A statement of trust (founding, org, appointment): the hash of its signed bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementId(pub [u8; 32]);
cbor_bytes!(StatementId, 32);
id_text!(StatementId, 32);

impl StatementId {
    /// Its short form, for lists of what still stands.
    pub fn tag(&self) -> StatementTag {
        let mut tag = [0; 16];
        tag.copy_from_slice(&self.0[..16]);
        StatementTag(tag)
    }
}

/// The first 16 bytes of a [`StatementId`]: enough to point at one statement, in lists that must stay short.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementTag(pub [u8; 16]);
cbor_bytes!(StatementTag, 16);
id_text!(StatementTag, 16);

/// An attachment: the BLAKE3 hash of its bytes. What a field of kind `blob` holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttachmentId(pub [u8; 32]);
cbor_bytes!(AttachmentId, 32);
id_text!(AttachmentId, 32);

/// A person, whatever keys and posts they hold: 16 random bytes, drawn at the first appointment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(pub [u8; 16]);
cbor_bytes!(PersonId, 16);
id_text!(PersonId, 16);

/// Why a text is not an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// An origin has at least one character.
    #[error("empty log origin")]
    Empty,
    /// More than [`Origin::MAX_BYTES`].
    #[error("log origin longer than {} bytes", Origin::MAX_BYTES)]
    TooLong,
    /// A space, a plus, a control or a non-ASCII character: none can stand in a C2SP key name that all readers agree on.
    #[error("character not allowed in a log origin")]
    BadCharacter,
}

/// The name of a log for ever: first line of its checkpoints and name of its key. ASCII graphic characters except `+`,
/// 1 to 128 bytes. Opaque: nothing is read out of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

impl Origin {
    /// The longest origin, in bytes.
    pub const MAX_BYTES: usize = 128;

    /// Reads an origin, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        if text.is_empty() {
            return Err(OriginError::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(OriginError::TooLong);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'+') {
            return Err(OriginError::BadCharacter);
        }
        Ok(Origin(text.to_owned()))
    }

    /// The text as it stands on the checkpoint's first line, without the newline.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Origin {
    type Err = OriginError;
    fn from_str(text: &str) -> Result<Self, OriginError> {
        Origin::parse(text)
    }
}

impl<C> minicbor::Encode<C> for Origin {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&self.0)?;
        Ok(())
    }
}

/// `str` borrows from the input, so the length is checked before anything is allocated.
impl<'b, C> minicbor::Decode<'b, C> for Origin {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Origin::parse(d.str()?).map_err(minicbor::decode::Error::message)
    }
}
