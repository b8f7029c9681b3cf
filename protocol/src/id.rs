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

/// A record: 6 bytes of Unix milliseconds, then 10 bytes of the writer's choice, so ids sort by time and can be
/// minted offline (`domain.md` 0, item 2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub [u8; 16]);
cbor_bytes!(RecordId, 16);
id_text!(RecordId, 16);

impl RecordId {
    /// A record id for `time`, with `tail` drawn by the caller.
    pub fn mint(time: crate::time::Timestamp, tail: [u8; 10]) -> Self {
        let mut id = [0; 16];
        id[..6].copy_from_slice(&time.0.max(0).to_be_bytes()[2..]);
        id[6..].copy_from_slice(&tail);
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
