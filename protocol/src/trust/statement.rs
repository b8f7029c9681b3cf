//! Statements of trust: COSE_Sign1 (RFC 9052 section 4.2) over deterministic CBOR, signed by an org's authority.

use coset::{CborSerializable, CoseSign1, CoseSign1Builder, HeaderBuilder, iana};
use minicbor::{Decode, Encode};

use super::appointment::Appointment;
use super::cose_sign::is_written_as;
use super::org::Org;
use super::org_change::OrgChange;
use super::revocation::{Adoption, Policy, Revocation};
use super::space::Space;
use crate::codec::{self, CodecError};
use crate::id::{Hash, OrgId, StatementId};
use crate::keys::{KeyError, PublicKey, SecretKey};
use crate::time::Timestamp;

/// External additional data of the signature: what kind of thing is signed.
const AAD: &[u8] = b"lianzhan/statement/v1";

/// Who states it, and by what right.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Issuer {
    /// The org in whose name it is stated.
    #[n(1)]
    pub org: OrgId,
    /// The authority key that signs.
    #[n(2)]
    pub key: PublicKey,
    /// The appointment of that key; absent for the authority that the founding statement names.
    #[n(3)]
    pub appointment: Option<StatementId>,
    /// When, by the issuer's clock.
    #[n(4)]
    pub issued: Timestamp,
    /// The federation: the id of its founding statement.
    #[n(5)]
    pub founding: StatementId,
}

/// What is stated.
#[allow(clippy::large_enum_variant)] // nearly all are appointments
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Body {
    /// An org directly below the issuer's.
    #[n(1)]
    Org(#[n(0)] Org),
    /// A key in the issuer's org or in one directly below.
    #[n(2)]
    Appointment(#[n(0)] Appointment),
    /// A joint space that the issuer's org owns.
    #[n(3)]
    JointSpace(#[n(0)] Space),
    /// The children of the root that witness it. Stated by the root alone.
    #[n(4)]
    RootWitnesses(#[n(0)] Vec<OrgId>),
    /// An appointment holds no more.
    #[n(5)]
    Revocation(#[n(0)] Revocation),
    /// What a revocation contests counts all the same.
    #[n(6)]
    Adoption(#[n(0)] Adoption),
    /// Who else must witness. Stated by the root alone.
    #[n(7)]
    Policy(#[n(0)] Policy),
    /// The bytes of a [`super::Succession`], signed by founders; stated by the authority that it names.
    #[n(8)]
    Succession(
        #[n(0)]
        #[cbor(with = "minicbor::bytes")]
        Vec<u8>,
    ),
    /// An org moves, or others succeed it. Stated above it.
    #[n(9)]
    OrgChange(#[n(0)] OrgChange),
}

/// A statement before it is signed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Statement {
    /// Who says it.
    #[n(1)]
    pub issuer: Issuer,
    /// What it says.
    #[n(2)]
    pub body: Body,
}

/// A statement whose signature by the stated issuer key was checked, with the bytes that were signed. Whether the
/// issuer had the right is for the [`super::Directory`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedStatement {
    id: StatementId,
    bytes: Vec<u8>,
    statement: Statement,
}

/// Why bytes are no statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Longer than [`SignedStatement::MAX`].
    #[error("statement of {0} bytes is too long")]
    TooLong(usize),
    /// Not COSE_Sign1 in the one form that we write.
    #[error("not a canonical COSE_Sign1: {0}")]
    Cose(String),
    /// The payload is not a statement.
    #[error("payload: {0}")]
    Payload(#[from] CodecError),
    /// The signature does not verify under the issuer key that the payload names.
    #[error("issuer's signature: {0}")]
    Signature(#[from] KeyError),
}

impl SignedStatement {
    /// Longest statement, in bytes.
    pub const MAX: usize = 16 * 1024;

    /// Signs `statement`. The key must be the one that the issuer part names.
    pub fn sign(statement: Statement, key: &SecretKey) -> Self {
        debug_assert_eq!(statement.issuer.key, key.public());
        let cose = CoseSign1Builder::new()
            .protected(HeaderBuilder::new().algorithm(iana::Algorithm::EdDSA).build())
            .payload(codec::encode(&statement))
            .create_signature(AAD, |message| key.sign_raw(message).to_vec())
            .build();
        let bytes = cose.to_vec().expect("a COSE_Sign1 that we built encodes");
        SignedStatement {
            id: Self::id_of(&bytes),
            bytes,
            statement,
        }
    }

    /// Reads a statement and checks its signature.
    pub fn open(bytes: &[u8]) -> Result<Self, StatementError> {
        if bytes.len() > Self::MAX {
            return Err(StatementError::TooLong(bytes.len()));
        }
        let cose = CoseSign1::from_slice(bytes).map_err(|e| StatementError::Cose(e.to_string()))?;
        let protected = HeaderBuilder::new().algorithm(iana::Algorithm::EdDSA).build();
        if !is_written_as(&cose.protected, protected) || !cose.unprotected.is_empty() {
            return Err(StatementError::Cose(
                "only the algorithm EdDSA stands in the headers, in its one encoding".into(),
            ));
        }
        // coset accepts more than one encoding; the one we write is the one we read.
        if cose.clone().to_vec().ok().as_deref() != Some(bytes) {
            return Err(StatementError::Cose("another encoding than ours".into()));
        }
        let payload = cose.payload.as_deref().unwrap_or_default();
        let statement: Statement = codec::decode(payload, Self::MAX)?;
        let key = statement.issuer.key;
        cose.verify_signature(AAD, |signature, message| {
            let signature = <&[u8; 64]>::try_from(signature).map_err(|_| KeyError::BadSignature)?;
            key.verify_raw(message, signature)
        })?;
        Ok(SignedStatement {
            id: Self::id_of(bytes),
            bytes: bytes.to_vec(),
            statement,
        })
    }

    fn id_of(bytes: &[u8]) -> StatementId {
        StatementId(Hash::of("lianzhan/statement-id/v1", &[bytes]).0)
    }

    /// The hash of the signed bytes.
    pub fn id(&self) -> StatementId {
        self.id
    }

    /// The COSE_Sign1 bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Who says it.
    pub fn issuer(&self) -> &Issuer {
        &self.statement.issuer
    }

    /// What it says.
    pub fn body(&self) -> &Body {
        &self.statement.body
    }

    /// The appointment, if that is what is stated.
    pub fn appointment(&self) -> Option<&Appointment> {
        match self.body() {
            Body::Appointment(appointment) => Some(appointment),
            _ => None,
        }
    }
}
