//! The founding statement: where every chain of appointments ends. COSE_Sign (RFC 9052 section 4.1), k of n founders.

use minicbor::{Decode, Encode};

use super::appointment::{MayAppoint, Validity};
use super::cose_sign;
use super::org::Org;
use crate::codec::{self, CodecError};
use crate::id::{Hash, StatementId};
use crate::keys::{KeyError, PublicKey, SecretKey};

const AAD: &[u8] = b"lianzhan/founding/v1";

/// What the founders state.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Founding {
    /// Version of the formats: 1.
    #[n(1)]
    pub version: u32,
    /// The root org.
    #[n(2)]
    pub root: Org,
    /// The founders' keys, sorted, at most [`Founding::FOUNDERS_MAX`].
    #[n(3)]
    pub founders: Vec<PublicKey>,
    /// How many of them must sign.
    #[n(4)]
    pub threshold: u32,
    /// The authority key of the root.
    #[n(5)]
    pub authority: PublicKey,
    /// From when to when that key holds.
    #[n(6)]
    pub validity: Validity,
    /// What it may give.
    #[n(7)]
    pub may_appoint: MayAppoint,
}

impl Founding {
    /// Most founders.
    pub const FOUNDERS_MAX: usize = 15;
}

/// A founding statement with enough valid signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundingStatement {
    id: StatementId,
    bytes: Vec<u8>,
    founding: Founding,
}

/// Why bytes are no founding statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoundingError {
    /// Longer than [`FoundingStatement::MAX`].
    #[error("founding statement of {0} bytes is too long")]
    TooLong(usize),
    /// Not COSE_Sign in the one form that we write.
    #[error("not a canonical COSE_Sign: {0}")]
    Cose(String),
    /// The payload is no founding statement.
    #[error("payload: {0}")]
    Payload(#[from] CodecError),
    /// The content contradicts itself.
    #[error("{0}")]
    Content(&'static str),
    /// A signature does not verify, or is by nobody who may.
    #[error("founder's signature {which}: {error}")]
    Signature {
        /// Its place in the list.
        which: usize,
        /// What is wrong with it.
        error: KeyError,
    },
    /// Fewer founders signed than must.
    #[error("{signed} of {threshold} necessary founders signed")]
    TooFew {
        /// Valid signatures by different founders.
        signed: usize,
        /// Needed.
        threshold: u32,
    },
}

impl FoundingStatement {
    /// Longest founding statement, in bytes.
    pub const MAX: usize = 16 * 1024;

    /// Signs `founding` with the keys of founders.
    pub fn sign(founding: &Founding, keys: &[SecretKey]) -> Result<Self, FoundingError> {
        let bytes = cose_sign::sign(codec::encode(founding), AAD, keys)?;
        Self::open(&bytes)
    }

    /// Reads a founding statement and checks all of its signatures.
    pub fn open(bytes: &[u8]) -> Result<Self, FoundingError> {
        let opened = cose_sign::open(bytes, Self::MAX)?;
        let founding: Founding = codec::decode(opened.payload(), Self::MAX)?;
        check_content(&founding)?;
        let signers = opened.signers(AAD, &founding.founders)?;
        if signers.len() < founding.threshold as usize {
            return Err(FoundingError::TooFew {
                signed: signers.len(),
                threshold: founding.threshold,
            });
        }
        let id = StatementId(Hash::of("lianzhan/founding-id/v1", &[opened.payload()]).0);
        Ok(FoundingStatement {
            id,
            bytes: bytes.to_vec(),
            founding,
        })
    }

    /// The hash of what is stated, whoever signed it.
    pub fn id(&self) -> StatementId {
        self.id
    }

    /// The COSE_Sign bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What is stated.
    pub fn founding(&self) -> &Founding {
        &self.founding
    }
}

fn check_content(founding: &Founding) -> Result<(), FoundingError> {
    let content = FoundingError::Content;
    if founding.version != 1 {
        return Err(content("only version 1 is known"));
    }
    if founding.root.parent.is_some() {
        return Err(content("the root has no parent"));
    }
    founding
        .root
        .check()
        .map_err(|_| content("the root's description is not valid"))?;
    check_founders(&founding.founders, founding.threshold, &founding.validity)
}

/// What holds of founders named by whomever.
pub(super) fn check_founders(
    founders: &[PublicKey],
    threshold: u32,
    validity: &Validity,
) -> Result<(), FoundingError> {
    let content = FoundingError::Content;
    if founders.is_empty() || founders.len() > Founding::FOUNDERS_MAX || !founders.is_sorted_by(|a, b| a < b)
    {
        return Err(content("founders are 1 to 15 different keys, sorted"));
    }
    if threshold == 0 || threshold as usize > founders.len() {
        return Err(content("the threshold lies between 1 and the number of founders"));
    }
    if validity.not_before >= validity.not_after {
        return Err(content("the validity is empty"));
    }
    Ok(())
}
