//! Successors of the founding keys: k of the n founders in office name new founders and a new authority of the root. A
//! COSE_Sign like the founding statement; it travels inside of a statement that the new authority signs, which is its
//! proof of possession.

use minicbor::{Decode, Encode};

use super::appointment::{MayAppoint, Validity};
use super::cose_sign;
use super::founding::{Founding, FoundingError, check_founders};
use crate::codec;
use crate::id::{Hash, StatementId, StatementTag};
use crate::keys::{PublicKey, SecretKey};

const AAD: &[u8] = b"lianzhan/succession/v1";

/// What the founders in office state.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Succession {
    /// Version of the formats: 1.
    #[n(1)]
    pub version: u32,
    /// What it succeeds: the id of the founding statement, or of the succession before.
    #[n(2)]
    pub previous: StatementId,
    /// The founders from now on, sorted, at most [`Founding::FOUNDERS_MAX`].
    #[n(3)]
    pub founders: Vec<PublicKey>,
    /// How many of them must sign what comes next.
    #[n(4)]
    pub threshold: u32,
    /// The authority key of the root from now on.
    #[n(5)]
    pub authority: PublicKey,
    /// From when to when that key holds.
    #[n(6)]
    pub validity: Validity,
    /// What it may give.
    #[n(7)]
    pub may_appoint: MayAppoint,
    /// Statements of the root's authority before that go on standing; of the same key, all do. Sorted, at most
    /// [`super::Revocation::KEEPS_MAX`].
    #[n(8)]
    pub keeps: Vec<StatementTag>,
}

/// A succession signed by enough of the founders that it was checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuccessionStatement {
    id: StatementId,
    succession: Succession,
}

impl Succession {
    /// Longest succession with its signatures, in bytes.
    pub const MAX: usize = 15 * 1024;

    /// Signs with the keys of founders in office. The bytes go into [`super::Body::Succession`].
    pub fn sign(&self, keys: &[SecretKey]) -> Result<Vec<u8>, FoundingError> {
        cose_sign::sign(codec::encode(self), AAD, keys)
    }

    /// Makes one message of several, in which founders signed the same each for themselves. Of a founder who signed twice
    /// one signature is taken. None is checked.
    pub fn join(parts: &[Vec<u8>]) -> Result<Vec<u8>, FoundingError> {
        cose_sign::join(parts, Self::MAX)
    }

    /// What it succeeds, by its bytes; no signature is checked.
    pub fn peek(bytes: &[u8]) -> Result<(StatementId, Succession), FoundingError> {
        let opened = cose_sign::open(bytes, Self::MAX)?;
        let succession: Succession = codec::decode(opened.payload(), Self::MAX)?;
        Ok((id_of(opened.payload()), succession))
    }
}

impl SuccessionStatement {
    /// Reads a succession and checks that at least `threshold` of `founders`, those in office, signed it.
    pub fn open(bytes: &[u8], founders: &[PublicKey], threshold: u32) -> Result<Self, FoundingError> {
        let opened = cose_sign::open(bytes, Succession::MAX)?;
        let succession: Succession = codec::decode(opened.payload(), Succession::MAX)?;
        if succession.version != 1 {
            return Err(FoundingError::Content("only version 1 is known"));
        }
        check_founders(&succession.founders, succession.threshold, &succession.validity)?;
        let keeps = &succession.keeps;
        if keeps.len() > super::Revocation::KEEPS_MAX || !keeps.is_sorted_by(|a, b| a < b) {
            return Err(FoundingError::Content(
                "a succession keeps at most 640 statements, each once and in order",
            ));
        }
        let signed = opened.signers(AAD, founders)?.len();
        if signed < threshold as usize {
            return Err(FoundingError::TooFew { signed, threshold });
        }
        Ok(SuccessionStatement {
            id: id_of(opened.payload()),
            succession,
        })
    }

    /// The hash of what is stated, whoever signed it.
    pub fn id(&self) -> StatementId {
        self.id
    }

    /// What is stated.
    pub fn succession(&self) -> &Succession {
        &self.succession
    }
}

fn id_of(payload: &[u8]) -> StatementId {
    StatementId(Hash::of("lianzhan/succession-id/v1", &[payload]).0)
}

/// Who speaks for the root: the authority that the founding statement names, or one that succeeded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootAuthority {
    /// The founding statement or succession that names it.
    pub by: StatementId,
    /// The statement that carries the succession; none for the founding one.
    pub carried_by: Option<StatementId>,
    /// Its key.
    pub key: PublicKey,
    /// From when to when it holds.
    pub validity: Validity,
    /// What it may give.
    pub may_appoint: MayAppoint,
    /// Who may name a successor, and how many of them must.
    pub founders: Vec<PublicKey>,
    /// See there.
    pub threshold: u32,
    /// What of the authority before goes on standing.
    pub(super) keeps: std::collections::BTreeSet<StatementTag>,
}

impl RootAuthority {
    pub(super) fn founding(id: StatementId, founding: &Founding) -> Self {
        RootAuthority {
            by: id,
            carried_by: None,
            key: founding.authority,
            validity: founding.validity,
            may_appoint: founding.may_appoint.clone(),
            founders: founding.founders.clone(),
            threshold: founding.threshold,
            keeps: std::collections::BTreeSet::new(),
        }
    }

    /// Whether a succession that names this key again takes from it. What the key stated is judged by the last word on it, so
    /// a later begin, an earlier end or a smaller power would undo what stood.
    pub(super) fn loses_by(&self, succession: &Succession) -> bool {
        let (time, powers) = (&succession.validity, &succession.may_appoint);
        !time.contains(&self.validity)
            || !powers.covers(&self.may_appoint.roles)
            || powers.depth < self.may_appoint.depth
    }

    pub(super) fn successor(carried_by: StatementId, statement: SuccessionStatement) -> Self {
        let SuccessionStatement { id, succession } = statement;
        RootAuthority {
            by: id,
            carried_by: Some(carried_by),
            key: succession.authority,
            validity: succession.validity,
            may_appoint: succession.may_appoint,
            founders: succession.founders,
            threshold: succession.threshold,
            keeps: succession.keeps.into_iter().collect(),
        }
    }
}
