//! What a bundle is made from: plain values that a store reads out, and one way to read tree nodes.

use crate::id::{Hash, RecordId};
use crate::log::{EntryIndex, Receipt};
use crate::trust::Directory;

/// All that [`super::write`] needs.
pub struct BundleInput<'a> {
    /// Orgs and appointments held, with the founding statement. What the bundle needs of it is worked out.
    pub directory: &'a Directory,
    /// The logs in which entries of the records stand; others may be among them and are passed over.
    pub logs: Vec<LogEvidence<'a>>,
    /// The records, each with all its changes held.
    pub records: Vec<RecordEvidence>,
}

/// A log, as its store has it.
pub struct LogEvidence<'a> {
    /// The canonical bytes of entry 0.
    pub start_entry: Vec<u8>,
    /// Its payload.
    pub start_payload: Vec<u8>,
    /// The newest checkpoint of the log that is held here, as a signed note with at least the log's own line.
    pub checkpoint: String,
    /// All receipts held for this log, in any order. Those that do not verify, or whose witness is not a
    /// required one, are passed over.
    pub receipts: Vec<Receipt>,
    /// The hash at a stored index of the log's tree ([`crate::log::stored_index`]); none where it is not stored.
    pub tree: &'a dyn Fn(u64) -> Option<Hash>,
}

/// A record.
pub struct RecordEvidence {
    /// Its id.
    pub id: RecordId,
    /// All its changes held, in any order, whatever their verdict.
    pub entries: Vec<EntryEvidence>,
}

/// A change of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryEvidence {
    /// The canonical bytes of the entry; its header names the log.
    pub entry: Vec<u8>,
    /// The payload: the change.
    pub payload: Vec<u8>,
    /// Its place in its log.
    pub index: EntryIndex,
}
