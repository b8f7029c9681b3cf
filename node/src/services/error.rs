//! Why a use case was refused or failed: what happened, to which thing, what to do.

use std::path::PathBuf;

use lianzhan_protocol::id::{OrgId, RecordId};
use lianzhan_protocol::record::{ChangeError, ContestReason, Ineffective, PendingReason, RefusalReason};
use lianzhan_protocol::trust::{FoundingError, Level, StatementFault};

use super::carry::CarryError;
use super::invite::InviteError;
use super::office::OfficeError;
use super::select::SelectError;
use crate::config::ConfigError;
use crate::keystore::KeyFileError;
use crate::store::StoreError;

/// An error of a use case. Asked wrongly, not allowed, or broken here.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// No node in this directory.
    #[error("there is no node in {0}; make one with `lianzhan found` or `lianzhan join`")]
    NoNode(PathBuf),
    /// There is one already.
    #[error("there is a node in {0} already; choose another --dir")]
    NodeExists(PathBuf),
    /// Something else is there.
    #[error("{0} holds other files; choose an empty or a new directory with --dir")]
    OtherFiles(PathBuf),
    /// Another program works with the directory.
    #[error("the node in {0} is running")]
    Busy(PathBuf),
    /// A file.
    #[error("{path}: {error}")]
    Disk {
        /// Which.
        path: PathBuf,
        /// What happened.
        error: std::io::Error,
    },
    /// A node's directory without its database.
    #[error("{}: the database of this node is missing. Put it back, or the whole node from a backup with `lianzhan restore` into another directory", .0.display())]
    NoDatabase(PathBuf),
    /// What is stored contradicts itself.
    #[error("{0}; run `lianzhan check`")]
    Damaged(String),
    /// A carry file.
    #[error(transparent)]
    Carry(#[from] super::carry::CarryError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key file.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The founding statement.
    #[error("founding statement: {0}")]
    Founding(#[from] FoundingError),
    /// A succession that its founders have not signed as they must.
    #[error("succession: {0}")]
    Succession(FoundingError),
    /// An org that this node does not know.
    #[error("org {0} is not known here yet")]
    UnknownOrg(OrgId),
    /// No such ledger.
    #[error("there is no ledger {0:?}")]
    UnknownLedger(String),
    /// No such view.
    #[error("there is no view {name:?}; there are: {known}")]
    UnknownView {
        /// Asked for.
        name: String,
        /// To choose from.
        known: String,
    },
    /// Not an id.
    #[error("{0:?} is no record id (32 hexadecimal digits)")]
    NotARecordId(String),
    /// No such record here.
    #[error("record {0} is not held here")]
    UnknownRecord(RecordId),
    /// It is erased: nothing of it is left to be read, changed or exported.
    #[error("record {0} is erased")]
    Erased(RecordId),
    /// Its words are held back: it leaves in no table, bundle or document until somebody cleared them.
    #[error(
        "record {0} holds words that look like personal data and that nobody cleared; see `lianzhan held`"
    )]
    Held(RecordId),
    /// Its time is over and the law forbids to erase it yet: it is kept, and nothing is done with it.
    #[error(
        "the personal parts of record {record} are locked: their time is over, and until {until} the law forbids to erase them"
    )]
    Locked {
        /// The record.
        record: RecordId,
        /// The day from which on it may be erased.
        until: String,
    },
    /// Nothing that could be erased is held.
    #[error(
        "of record {0} nothing that an erasure would erase is held here; personal parts are erased at a node that holds them"
    )]
    NothingToErase(RecordId),
    /// What was asked for is no erasure.
    #[error(transparent)]
    Erasure(#[from] lianzhan_protocol::record::ErasureError),
    /// An erasure that would have no effect.
    #[error("this erasure would have no effect: {0}")]
    MayNotErase(#[from] lianzhan_protocol::record::ErasureFault),
    /// A record of which entries are held without what they say.
    #[error(
        "of record {0} some changes came without their content; every node that connects is asked for it, try again after the next synchronisation"
    )]
    Incomplete(RecordId),
    /// A field.
    #[error("{field}: {words}")]
    Field {
        /// Which, by its id.
        field: String,
        /// What is wrong, and what to do.
        words: String,
    },
    /// Several fields.
    #[error("{} fields are wrong: {}", .0.len(), fields_en(.0))]
    Fields(Vec<super::ledger::FieldFault>),
    /// The change would not count.
    #[error("this would not count: {0}")]
    Refused(RefusalReason),
    /// The change could not be judged.
    #[error("this cannot be judged yet: {0}")]
    Pending(PendingReason),
    /// The act would have no effect.
    #[error("this would have no effect: {0}")]
    Ineffective(Ineffective),
    /// What was looked at is not what stands now.
    #[error("it was changed meanwhile; look at it again")]
    Moved,
    /// What was built is no valid change: a fault of this program.
    #[error("change: {0}")]
    Change(#[from] ChangeError),
    /// The change would count only once it is adopted.
    #[error("this would not count: {0}")]
    Contested(ContestReason),
    /// A post does not serve, or what was asked of it cannot be done.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// No records can be selected.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// Wrong login or passphrase; not told apart.
    #[error("login or passphrase is wrong")]
    SignIn,
    /// Not allowed, with what to do.
    #[error("{0}")]
    NotAllowed(String),
    /// A statement that the directory would not let stand.
    #[error("this statement would not stand: {0}")]
    WouldNotStand(StatementFault),
    /// Not digits, or not as many as a division code has.
    #[error("{0:?} is no division code: it has 2, 4, 6, 9 or 12 digits, and no others are meant")]
    DivisionCode(String),
    /// A division code of another level.
    #[error("the division code {code} does not fit the level {}: {}", .level.as_str(), digits_en(*.level))]
    CodeOfLevel {
        /// The code.
        code: String,
        /// What the org is to be.
        level: Level,
    },
    /// Asked wrongly, with what to do.
    #[error("{0}")]
    Bad(String),
    /// An invitation.
    #[error("invitation: {0}")]
    Invitation(#[from] InviteError),
    /// A spreadsheet.
    #[error(transparent)]
    Import(#[from] crate::import::ImportError),
    /// An evidence bundle could not be made.
    #[error("evidence bundle: {0}")]
    Bundle(String),
    /// A setting.
    #[error(transparent)]
    Setting(#[from] super::settings::SettingError),
    /// A ledger or fields that an org adds.
    #[error(transparent)]
    Definition(#[from] super::definitions::DefinitionError),
    /// A joint space.
    #[error(transparent)]
    Joint(#[from] super::joint::JointError),
    /// An attachment.
    #[error(transparent)]
    Attachment(#[from] super::attachment::AttachmentError),
    /// An Automerge document could not be made.
    #[error("automerge document: {0}")]
    Document(#[from] crate::documents::DocumentError),
}

impl ServiceError {
    /// Whether the caller can mend it by asking otherwise.
    pub fn is_callers(&self) -> bool {
        !matches!(
            self,
            ServiceError::Key(KeyFileError::Disk { .. })
                | ServiceError::Disk { .. }
                | ServiceError::Damaged(_)
                | ServiceError::NoDatabase(_)
                | ServiceError::Store(_)
                | ServiceError::Change(_)
        )
    }

    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        match self {
            ServiceError::Store(error) => error.is_full(),
            ServiceError::Disk { error, .. } | ServiceError::Key(KeyFileError::Disk { error, .. }) => {
                crate::store::is_full(error)
            }
            ServiceError::Carry(CarryError::Disk(error)) => crate::store::is_full(error),
            _ => false,
        }
    }

    /// Why a log is written no more, if that is the reason.
    pub fn halted(&self) -> Option<&str> {
        match self {
            ServiceError::Store(StoreError::Halted { reason, .. }) => Some(reason),
            _ => None,
        }
    }
}

fn digits_en(level: Level) -> &'static str {
    match level {
        Level::National => "any code",
        Level::Province => "2 digits, zeros may follow",
        Level::City => "4 digits, zeros may follow",
        Level::County => "6 digits, zeros may follow",
        Level::Township | Level::Street => "9 digits, zeros may follow",
        Level::Station => "12 digits; 9 or 6 where it serves all of a township or a county",
    }
}

fn fields_en(faults: &[super::ledger::FieldFault]) -> String {
    let each = faults
        .iter()
        .map(|fault| format!("{}: {}", fault.label_en, fault.en));
    each.collect::<Vec<_>>().join("; ")
}
