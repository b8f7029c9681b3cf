//! Appointments: org X gives key K these roles in org Y from t0 to t1 (design 1).

use minicbor::{Decode, Encode};

use super::role::Role;
use crate::id::{OrgId, PersonId, StatementId};
use crate::keys::{PublicKey, Signature};
use crate::time::Timestamp;

/// What a key is for. One key, one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Purpose {
    /// Appoints for an org.
    #[n(1)]
    Authority,
    /// A node's identity on the network and the key of its logs.
    #[n(2)]
    Node,
    /// Cosigns checkpoints of children.
    #[n(3)]
    Witness,
    /// Signs entries for a person.
    #[n(4)]
    Person,
}

/// From `not_before` on, until before `not_after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Validity {
    /// First instant.
    #[n(1)]
    pub not_before: Timestamp,
    /// First instant that is too late.
    #[n(2)]
    pub not_after: Timestamp,
}

impl Validity {
    /// Whether `time` lies inside.
    pub fn covers(&self, time: Timestamp) -> bool {
        self.not_before <= time && time < self.not_after
    }

    /// Whether a part of the second that begins at `time` lies inside: a witness states whole seconds, rounded down, and
    /// may witness in the very second in which it was appointed.
    pub fn covers_second(&self, time: Timestamp) -> bool {
        self.not_before.seconds() <= time.seconds() && time < self.not_after
    }

    /// Whether `other` lies inside and is not empty.
    pub fn contains(&self, other: &Validity) -> bool {
        self.not_before <= other.not_before
            && other.not_after <= self.not_after
            && other.not_before < other.not_after
    }
}

/// What an authority may give to others; apart from the roles its holder has.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct MayAppoint {
    /// Roles it may give, sorted.
    #[n(1)]
    pub roles: Vec<Role>,
    /// How many levels of authorities may stand below it.
    #[n(2)]
    pub depth: u8,
}

impl MayAppoint {
    /// All roles, `depth` levels down.
    pub fn all(depth: u8) -> Self {
        MayAppoint {
            roles: Role::ALL.to_vec(),
            depth,
        }
    }

    /// Whether every role of `roles` may be given.
    pub fn covers(&self, roles: &[Role]) -> bool {
        roles.iter().all(|role| self.roles.contains(role))
    }
}

/// The body of an appointment.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Appointment {
    /// The key appointed.
    #[n(1)]
    pub key: PublicKey,
    /// The org it is appointed in.
    #[n(2)]
    pub org: OrgId,
    /// What the key is for.
    #[n(3)]
    pub purpose: Purpose,
    /// Roles, sorted; empty unless the purpose is a person.
    #[n(4)]
    pub roles: Vec<Role>,
    /// Present for authorities alone.
    #[n(5)]
    pub may_appoint: Option<MayAppoint>,
    /// From when to when.
    #[n(6)]
    pub validity: Validity,
    /// The holder's public card: the name of a deputy or of an office. At most [`Appointment::NAME_MAX`] bytes.
    #[n(7)]
    pub name: String,
    /// The level of the seat, for deputies.
    #[n(8)]
    pub seat: Option<super::Level>,
    /// Signature of the appointed key itself over [`possession_message`]: nobody is appointed with another's key.
    #[n(9)]
    pub possession: Signature,
    /// The person, the same for every key and post that they hold; for purpose person alone.
    #[n(10)]
    pub person: Option<PersonId>,
}

impl Appointment {
    /// Longest name, in bytes of UTF-8.
    pub const NAME_MAX: usize = 120;
    /// Domain of the proof of possession.
    pub const POSSESSION_DOMAIN: &'static str = "lianzhan/possession/v1";
}

/// What a key signs to be appointed: the federation, the org and the purpose.
pub fn possession_message(founding: &StatementId, org: &OrgId, purpose: Purpose) -> Vec<u8> {
    let mut message = Vec::with_capacity(49);
    message.extend_from_slice(&founding.0);
    message.extend_from_slice(&org.0);
    message.push(purpose as u8 + 1);
    message
}
