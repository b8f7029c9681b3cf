//! A person's way in: command -> change -> signature -> entry -> append. Form, API, import and command line all come
//! through here.

mod begin;
mod hand_over;
mod own_log;
mod prepare;

use lianzhan_protocol::id::{ChangeId, RecordId, StatementId};
use lianzhan_protocol::keys::SecretKey;
use lianzhan_protocol::record::{Put, Value};
use lianzhan_protocol::trust::Space;

pub use begin::NewRecord;
pub(in crate::services) use hand_over::Pending;

/// A person who is signed in, with the unlocked key and the appointment under which they act.
#[derive(Clone)]
pub struct Author {
    /// The name on the card.
    pub name: String,
    /// Unlocked for the session.
    pub key: SecretKey,
    /// The appointment.
    pub appointment: StatementId,
}

/// A change that a person wants to make.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The record.
    pub record: RecordId,
    /// The salt for which its id was minted, if it begins with this draft ([`NewRecord`]).
    pub begins: Option<[u8; 16]>,
    /// The ledger's id.
    pub ledger: String,
    /// The space.
    pub space: Space,
    /// What is put. Field keys without `f:`, and events.
    pub puts: Vec<Put>,
    /// Annexes to write with it, each into a narrower space.
    pub annexes: Vec<Annex>,
}

/// The personal part of a record.
#[derive(Debug, Clone)]
pub struct Annex {
    /// The annex ledger's id.
    pub ledger: String,
    /// Fields, without `f:`.
    pub fields: Vec<(String, Value)>,
}

/// A further change of an annex that is here.
#[derive(Debug, Clone)]
pub(super) struct AnnexChange {
    /// The annex.
    pub(super) record: RecordId,
    /// Its ledger's id.
    pub(super) ledger: String,
    /// Its space.
    pub(super) space: Space,
    /// What is put.
    pub(super) puts: Vec<Put>,
}

/// What goes with a draft into the same transaction.
#[derive(Debug, Clone, Default)]
pub(super) struct Beside {
    /// The heads of the record that the author saw; none means those of now. What others wrote meanwhile is not covered by
    /// what the author did not know of it.
    pub(super) seen: Vec<ChangeId>,
    /// Further changes of annexes.
    pub(super) annexes: Vec<AnnexChange>,
    /// The typing that ends with it: whose it is, and which.
    pub(super) typing: Option<([u8; 16], [u8; 16])>,
}

/// What was written, durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The record.
    pub record: RecordId,
    /// The change of the record itself.
    pub change: ChangeId,
}
