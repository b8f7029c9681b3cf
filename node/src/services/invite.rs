//! Joining by invitation: one code, one command, no file editing (design 8).
//!
//! `invite` states the new org and locks the authority key, under the one-time secret of the code, into a grant file of
//! the parent. Whoever presents the secret over the authenticated connection opens the grant for exactly one act: the
//! appointment of the new org's authority. Then the grant is deleted. So no running node keeps an authority key open.

mod error;
mod grants;
mod person;

pub use super::join::Joining;
pub use error::{Cause, InviteError};
pub use grants::{INVITE_DAYS, INVITE_DAYS_MAX, OpenInvitation};
pub use person::{InviteDraft, InvitedPerson, Invitee, JoiningPerson};

use lianzhan_protocol::codec;
use lianzhan_protocol::id::{OrgId, StatementId};
use lianzhan_protocol::keys::{PublicKey, Signature};
use lianzhan_protocol::time::Timestamp;
use minicbor::{Decode, Encode};

use super::ServiceError;

const CODE_PREFIX: &str = "lianzhan-join-1.";
const CODE_MAX: usize = 32 * 1024;

/// What the code of an invitation carries.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Invitation {
    /// The founding statement.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub founding: Vec<u8>,
    /// The parent's node key.
    #[n(2)]
    pub parent: PublicKey,
    /// Where the parent listens.
    #[n(3)]
    pub addresses: Vec<String>,
    /// The new org's id.
    #[n(4)]
    pub org: OrgId,
    /// The one-time secret.
    #[n(5)]
    #[cbor(with = "minicbor::bytes")]
    pub secret: [u8; 32],
    /// Until when.
    #[n(6)]
    pub expires: Timestamp,
    /// Nodes above the parent that must witness the new node's logs, too, as far as the parent knows where they listen.
    #[n(7)]
    pub above: Option<Vec<Above>>,
    /// The person whom it appoints in that org, too.
    #[n(8)]
    pub person: Option<InvitedPerson>,
    /// Whether the org has its node, and the person alone joins.
    #[n(9)]
    pub alone: Option<bool>,
}

/// A node above the parent.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Above {
    /// Its node key.
    #[n(1)]
    pub node: PublicKey,
    /// Where it listens.
    #[n(2)]
    pub addresses: Vec<String>,
}

impl Invitation {
    /// Whether a node joins with it, and not a person at a node that is there.
    pub fn is_of_node(&self) -> bool {
        !self.alone.unwrap_or(false)
    }

    /// The code as people paste it.
    pub fn to_code(&self) -> String {
        use base64::Engine;
        let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(codec::encode(self));
        format!("{CODE_PREFIX}{text}")
    }

    /// Reads a code; spaces and line breaks that mail programs add are passed over.
    pub fn from_code(code: &str) -> Result<Self, ServiceError> {
        use base64::Engine;
        let bad = || ServiceError::from(InviteError::NoCode);
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let text = code.strip_prefix(CODE_PREFIX).ok_or_else(bad)?;
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| bad())?;
        codec::decode(&bytes, CODE_MAX).map_err(|_| bad())
    }
}

/// What a joining node asks its parent.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct JoinRequest {
    /// The org it is to serve.
    #[n(1)]
    pub org: OrgId,
    /// The one-time secret.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub secret: [u8; 32],
    /// The fresh authority key of the new org; absent where a person alone joins.
    #[n(3)]
    pub authority: Option<PublicKey>,
    /// Its proof of possession.
    #[n(4)]
    pub possession: Option<Signature>,
    /// The person who joins.
    #[n(5)]
    pub person: Option<JoiningPerson>,
}

impl JoinRequest {
    /// The key to which the invitation is bound from then on.
    fn key(&self) -> Option<PublicKey> {
        self.authority.or(self.person.as_ref().map(|person| person.key))
    }
}

/// What the parent answers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum JoinReply {
    /// The appointment, and all statements that its chain rests on.
    #[n(1)]
    Welcome {
        /// Id of the appointment.
        #[n(0)]
        appointment: StatementId,
        /// Signed statements.
        #[n(1)]
        statements: Vec<minicbor::bytes::ByteVec>,
        /// Id of the person's appointment, where one was asked for; `appointment` is the same where the person joins alone.
        #[n(2)]
        person: Option<StatementId>,
    },
    /// Refused, with the reason in words, and as programs tell it.
    #[n(2)]
    Refused(#[n(0)] String, #[n(1)] Option<Cause>),
}

/// Longest request or reply, in bytes.
pub const JOIN_MAX: usize = 1024 * 1024;
