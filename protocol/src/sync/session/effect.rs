//! What goes into a session and what comes out of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::message::Sighting;
use super::super::misbehaviour::{Gravity, Misbehaviour, Offence};
use super::super::pace::Mark;
use super::super::range::RangeData;
use super::super::standing::{Holdings, Standing};
use crate::attachment::ChainingValue;
use crate::id::{AttachmentId, OrgId, RecordId, SpaceId};
use crate::log::{EntryIndex, Origin, Receipt, ReceiptError, SignedCheckpoint, TreeSize};
use crate::record::AnnexKey;
use crate::trust::{Directory, SignedStatement, StatementError};

/// What a witness is to be asked, prepared from the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessRequest {
    /// The size from which the proof starts.
    pub old: TreeSize,
    /// The log's latest signed checkpoint.
    pub checkpoint: SignedCheckpoint,
    /// That it extends the tree of size `old`; at most [`crate::log::proof::MAX_PROOF_HASHES`].
    pub proof: Vec<crate::id::Hash>,
    /// The newest receipt of the witness's org, over the tree of size `old`, where the witness said that it cosigned less.
    pub shown: Option<Receipt>,
}

/// An annex key that is held, with the space of its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundKey {
    /// The record.
    pub record: RecordId,
    /// The space in which its annex is written: the key goes to holders of this space alone.
    pub space: SpaceId,
    /// The key.
    pub key: AnnexKey,
}

/// The place of an entry that is held without its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The space of the log.
    pub space: SpaceId,
    /// The log.
    pub origin: Origin,
    /// The entry.
    pub index: EntryIndex,
}

/// What is lacking here, as far as it was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking<T, C> {
    /// The first that are lacking, a bounded number of them.
    pub found: Vec<T>,
    /// Behind what more may be lacking; none where that was all. Another place than the one that was looked behind.
    pub next: Option<C>,
}

impl<T, C> Default for Lacking<T, C> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<T, C> From<Vec<T>> for Lacking<T, C> {
    /// All that is lacking.
    fn from(found: Vec<T>) -> Self {
        Lacking { found, next: None }
    }
}

/// A piece of an attachment that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPiece {
    /// The attachment's size.
    pub size: u64,
    /// The piece's bytes.
    pub data: Vec<u8>,
    /// The hashes beside its way to the root ([`crate::attachment::Tree::path`]).
    pub path: Vec<ChainingValue>,
}

/// News for a session. Each answer to an effect may come at any later time, and news of a log that grew in any order.
#[allow(clippy::large_enum_variant)] // few at a time, and soon gone
#[derive(Debug, Clone)]
pub enum Input {
    /// A frame of the peer, without its framing. Hand it in only while no more than a bound of what was to be sent before
    /// waits to be written: that is the backpressure that bounds the memory of both sides. What a session sends without
    /// having been asked is bounded by [`Input::Crowded`].
    Frame(Vec<u8>),
    /// Whether much waits to be written to the peer, each time that this changes: what only announces waits meanwhile.
    Crowded(bool),
    /// This node stops: the peer is told, and the session is over.
    Stop,
    /// News was lost on its way here, or more would have to be kept for the peer than is kept for anybody: the session ends
    /// without anybody's fault, and the next one compares everything.
    Overtaken,
    /// The driver saw the peer break the rules of the stream: the peer is told, and the session is over.
    Misbehaved(Offence),
    /// Time passes. Told about once a second, and never before what came meanwhile was handed in. A session that is never
    /// told waits for ever.
    Tick(Mark),
    /// The directory as it is now, after [`Effect::Learn`] and whenever statements of trust were added. Holdings as of
    /// the same moment or later, since more spaces may now be shared. Neighbouring changes may be reported as one.
    Directory {
        /// All statements.
        directory: Arc<Directory>,
        /// The standing of every log held.
        holdings: Arc<Holdings>,
    },
    /// A log that we hold grew, whoever it came from; told to every session after the commit. Neighbouring growths of
    /// one log may be reported as one.
    Grown {
        /// Its space.
        space: SpaceId,
        /// The log.
        origin: Origin,
        /// As it is now.
        standing: Standing,
        /// Whether our node writes it.
        own: bool,
    },
    /// Answers [`Effect::Read`]; `None` if nothing can be served from there, for want of a checkpoint or of the entries.
    Read {
        /// The log.
        origin: Origin,
        /// As asked.
        from: TreeSize,
        /// Entries from there on.
        range: Option<RangeData>,
    },
    /// Answers [`Effect::Store`]: stored, or found stored already.
    Stored {
        /// Its space.
        space: SpaceId,
        /// The log.
        origin: Origin,
        /// As it is now.
        standing: Standing,
    },
    /// Answers [`Effect::Store`] where [`super::super::Blame::Peer`]: the session closes.
    StoreRefused {
        /// The log.
        origin: Origin,
        /// Why, for the log and the peer.
        offence: Offence,
    },
    /// Answers [`Effect::Store`] where what came does not extend what is held: another branch.
    StoreForked {
        /// The space.
        space: SpaceId,
        /// The log: what the peer sent is another branch of it.
        origin: Origin,
    },
    /// A range of another branch was looked at.
    BranchStored {
        /// The log.
        origin: Origin,
        /// From where on more of it is wanted; none if that was all.
        next: Option<TreeSize>,
    },
    /// A range that was read as another branch is none: what stands at the peer goes on where what stands here ends.
    BranchGrows {
        /// The space.
        space: SpaceId,
        /// The log.
        origin: Origin,
    },
    /// A log is known to say two things, and its other branch is not here.
    ForkKnown {
        /// The space.
        space: SpaceId,
        /// The log.
        origin: Origin,
    },
    /// Another branch of a log stands from now on.
    Switched {
        /// The space.
        space: SpaceId,
        /// The log.
        origin: Origin,
        /// What stands.
        standing: Standing,
    },
    /// Answers [`Effect::Store`] where [`super::super::Blame::Log`]: this log is passed over for the rest of the session.
    StorePassedOver {
        /// The log.
        origin: Origin,
    },
    /// Our store failed; the session closes, and the peer is not to blame.
    StoreFailed {
        /// Why; not told to the peer.
        reason: String,
    },
    /// Our witness log may be due to be witnessed by the peer: an entry of freshness was written, or it is a new one.
    WitnessLog {
        /// The witness log as it is now called.
        origin: Origin,
    },
    /// Answers [`Effect::PrepareWitness`]; `None` if there is nothing to witness: all but receipts is witnessed, or the
    /// log is shorter than the size asked for.
    WitnessPrepared {
        /// The log.
        origin: Origin,
        /// What to ask.
        request: Option<WitnessRequest>,
    },
    /// Answers [`Effect::Cosign`]: the receipt, or the size last cosigned (0 if none) and why not.
    Cosigned {
        /// The peer's log.
        origin: Origin,
        /// What to answer.
        result: Result<Receipt, (TreeSize, String)>,
    },
    /// Answers [`Effect::LookForKeys`]: annex keys of records that are missing here, each with a space in which its annex is
    /// written.
    LackKeys(Lacking<(SpaceId, RecordId), RecordId>),
    /// Annex keys that were missing came, from whomever, of records that begin in this log: told to every session.
    Keyed {
        /// Its space.
        space: SpaceId,
        /// The log.
        origin: Origin,
    },
    /// When nodes were last heard of: told to the peer where its org is above ours and they are not above its branch.
    Seen(Vec<Sighting>),
    /// Answers [`Effect::FindKeys`] with the keys held.
    KeysFound(Vec<FoundKey>),
    /// Answers [`Effect::LookForPayloads`]: entries that are held here without their payloads.
    LackPayloads(Lacking<Place, Place>),
    /// Payloads that were lacking in a log came, from whomever: told to every session after the commit.
    Filled {
        /// Its space.
        space: SpaceId,
        /// The log.
        origin: Origin,
    },
    /// Answers [`Effect::FindPayloads`] with payloads held.
    PayloadsFound {
        /// The log.
        origin: Origin,
        /// By place.
        payloads: Vec<(EntryIndex, Vec<u8>)>,
    },
    /// Answers [`Effect::LookForAttachments`]: attachments that records name, each with a space in which one does, and that are
    /// wanted here and missing.
    LackAttachments(Lacking<(SpaceId, AttachmentId), (OrgId, AttachmentId)>),
    /// Attachments may be missing that were not: told to every session.
    AttachmentsLacking,
    /// An attachment is held here from now on, whoever it came from; or a record names one that was. Told to every session.
    AttachmentHeld {
        /// The attachment.
        id: AttachmentId,
        /// Spaces in which records name it; nobody hears of it who asked for it in another one.
        spaces: Vec<SpaceId>,
    },
    /// Answers [`Effect::OpenAttachment`]: how much of it is here; none if it is not lacking any more.
    AttachmentOpened {
        /// The attachment.
        id: AttachmentId,
        /// Bytes that are here.
        from: Option<u64>,
    },
    /// Answers [`Effect::StorePiece`]: how much of it is here now; none if that is all, or if it came to nothing.
    PieceStored {
        /// The attachment.
        id: AttachmentId,
        /// Bytes that are here.
        next: Option<u64>,
    },
    /// Answers [`Effect::ReadPiece`]; `None` if it is not held, or no record in that space names it.
    PieceRead {
        /// The attachment.
        id: AttachmentId,
        /// As asked.
        from: u64,
        /// The piece.
        piece: Option<FoundPiece>,
    },
}

/// What the driver is to do, in this order.
#[allow(clippy::large_enum_variant)] // few at a time, and soon gone
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Write one frame.
    Send(Vec<u8>),
    /// Add statements of trust that the peer showed; they stand, judged from the founding statement. Answered by
    /// [`Input::Directory`] with a directory that holds all of them.
    Learn(Vec<SignedStatement>),
    /// The peer is a node of this org.
    Established {
        /// The org.
        org: OrgId,
        /// What the peer says that it runs, without control characters.
        software: Option<String>,
    },
    /// The peer, whose org is below ours, says when nodes were last heard of: of its org's branch, as far as is known. For people
    /// alone.
    Seen(Vec<Sighting>),
    /// Read entries of a log for the peer, from `from` on, up to `max_bytes` of entries and payloads but at least one
    /// entry, with a signed checkpoint at or after their end. Answered by [`Input::Read`].
    Read {
        /// The log.
        origin: Origin,
        /// Which of its branches: 0 is what stands, from 1 on the others that are whole, in an order of the driver's own.
        branch: u32,
        /// Size before the first entry wanted.
        from: TreeSize,
        /// Bytes of entries and payloads.
        max_bytes: usize,
    },
    /// Verify ([`super::super::verify_range`]) and store a range. Answered by [`Input::Stored`],
    /// [`Input::StoreRefused`], [`Input::StorePassedOver`] or [`Input::StoreFailed`].
    Store {
        /// The space that the log was announced in.
        space: SpaceId,
        /// What came.
        range: RangeData,
    },
    /// Check and keep a range of another branch of a log that is held. Answered by [`Input::BranchStored`],
    /// [`Input::BranchGrows`], [`Input::StoreRefused`] or [`Input::StoreFailed`].
    StoreBranch {
        /// The space.
        space: SpaceId,
        /// The range.
        range: RangeData,
    },
    /// Prepare a request to the witness for an own log or the own witness log. Answered by [`Input::WitnessPrepared`].
    PrepareWitness {
        /// The log.
        origin: Origin,
        /// The size that the witness says it last cosigned. If absent: the size of the last receipt of its org held, or 0.
        /// Where it is given, a request is due even for a log that did not grow since; and where a receipt of its org is
        /// held over more, that receipt is shown.
        old: Option<TreeSize>,
    },
    /// Judge and cosign a log of the peer as its witness. Answered by [`Input::Cosigned`].
    Cosign {
        /// The log.
        origin: Origin,
        /// Where the proof starts.
        old: TreeSize,
        /// Signed by the peer's node key for this origin: verified.
        checkpoint: SignedCheckpoint,
        /// Not verified.
        proof: Vec<crate::id::Hash>,
        /// A receipt over the peer's log, whose signatures and place are verified; whose it is, is not.
        shown: Option<Receipt>,
    },
    /// Append a receipt to the own log that it covers, or keep it beside the own witness log. Signatures, place and request were checked, and that the witness
    /// key is appointed in the peer's org.
    StoreReceipt {
        /// The log.
        origin: Origin,
        /// The receipt.
        receipt: Receipt,
    },
    /// The witness did not cosign an own log, and asking again from its size would not help.
    NotWitnessed {
        /// The log.
        origin: Origin,
        /// What the witness last cosigned.
        size: TreeSize,
        /// In its words; or ours, if its receipt was not good.
        reason: String,
    },
    /// Look which annex keys are missing here, of annexes in `spaces`, in the order of their records, those `after` one.
    /// Answered by [`Input::LackKeys`].
    LookForKeys {
        /// What the peer may hold.
        spaces: BTreeSet<SpaceId>,
        /// Where it was looked before.
        after: Option<RecordId>,
    },
    /// The same for payloads, in an order of the driver's own. Answered by [`Input::LackPayloads`].
    LookForPayloads {
        /// What the peer may hold.
        spaces: BTreeSet<SpaceId>,
        /// Where it was looked before.
        after: Option<Place>,
    },
    /// The same for attachments that are named in `spaces`, in the order of the owners of spaces and their own. Answered by
    /// [`Input::LackAttachments`].
    LookForAttachments {
        /// What the peer may hold.
        spaces: BTreeSet<SpaceId>,
        /// Where it was looked before.
        after: Option<(OrgId, AttachmentId)>,
    },
    /// Find annex keys for the peer. Answered by [`Input::KeysFound`].
    FindKeys {
        /// Of these records.
        records: Vec<RecordId>,
    },
    /// Keep annex keys that the peer sent and we asked for. Not checked against the commitments in headers.
    StoreKeys(Vec<(RecordId, AnnexKey)>),
    /// Find payloads for the peer, in order, up to `max_bytes` but at least one if one is held. Answered by
    /// [`Input::PayloadsFound`].
    FindPayloads {
        /// The log.
        origin: Origin,
        /// The entries.
        indexes: Vec<EntryIndex>,
        /// Bytes of payloads.
        max_bytes: usize,
    },
    /// Keep payloads that the peer sent and we asked for, if they are those that the entries hash. Answered by
    /// [`Input::StoreRefused`] or [`Input::StoreFailed`] alone.
    StorePayloads {
        /// The space.
        space: SpaceId,
        /// The log.
        origin: Origin,
        /// By place.
        payloads: Vec<(EntryIndex, Vec<u8>)>,
    },
    /// Look how much of an attachment is here, to go on from there. Answered by [`Input::AttachmentOpened`].
    OpenAttachment {
        /// The attachment.
        id: AttachmentId,
    },
    /// Keep a piece of an attachment: it leads to the hash. Answered by [`Input::PieceStored`] or [`Input::StoreFailed`].
    StorePiece {
        /// The attachment.
        id: AttachmentId,
        /// Its size, as the peer says; true if this is the last piece.
        size: u64,
        /// Where the piece begins.
        from: u64,
        /// Its bytes.
        data: Vec<u8>,
    },
    /// Read a piece of an attachment for the peer, if a record in this space names it. Answered by [`Input::PieceRead`].
    ReadPiece {
        /// The space.
        space: SpaceId,
        /// The attachment.
        id: AttachmentId,
        /// Where the piece begins.
        from: u64,
    },
    /// Two roots of one size: the peer holds another branch of this log than we, or lies. The log is passed over.
    Fork {
        /// Its space.
        space: SpaceId,
        /// The log.
        origin: Origin,
        /// What we hold.
        ours: Standing,
        /// What the peer says it holds.
        theirs: Standing,
    },
    /// The peer holds less of a log than we: answer [`Input::ForkKnown`] if no history that is held here has this root at
    /// that size.
    Compare {
        /// Its space.
        space: SpaceId,
        /// The log.
        origin: Origin,
        /// What the peer says it holds.
        theirs: Standing,
    },
    /// The peer tells of fewer entries of a log than it did before. Another branch may stand there now; if both are of
    /// the history that is held here, answer [`Input::StoreRefused`] with an offence of this kind.
    Shrunk {
        /// The log.
        origin: Origin,
        /// What it said before.
        before: Standing,
        /// What it says now.
        after: Standing,
        /// What that is, if it is not another branch.
        kind: Misbehaviour,
    },
    /// How far it is: entries to receive in this session as far as known, and received.
    Progress {
        /// Received ones included.
        wanted_entries: u64,
        /// Stored.
        received: u64,
    },
    /// How far the other side is: entries of ranges that went to it in this session, and those that its logs as it last asked
    /// for them lack after these.
    Given {
        /// Sent.
        given: u64,
        /// Held here beyond them.
        left: u64,
    },
    /// All that was wanted is here. Sent each time this becomes true.
    Level,
    /// The session is over; nothing follows. A frame to say so was sent before, where there is somebody to hear it.
    Close {
        /// Why.
        reason: CloseReason,
    },
}

/// Why a session closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloseReason {
    /// The peer broke the rules, owes an answer, or sent what no honest node sends: the last is said to people, too.
    #[error("{0}")]
    Misbehaved(Offence),
    /// The peer speaks another version.
    #[error("the peer speaks version {0} of the protocol, here it is {ours}", ours = super::super::SYNC_VERSION)]
    Version(u32),
    /// The peer belongs to another federation.
    #[error("another federation")]
    OtherFederation,
    /// The directory does not name the peer as a node.
    #[error("not a node of this federation")]
    NotANode,
    /// This node stops.
    #[error("stopping")]
    Stopping,
    /// More happened than a session can tell one by one.
    #[error("{ANEW}")]
    Anew,
    /// Something failed here; try again later.
    #[error("a failure on this side: {0}")]
    Ours(String),
    /// The peer closed.
    #[error("the peer closed: {0}")]
    Bye(String),
}

/// What a peer is told of a fault of our own.
const FAILURE: &str = "a failure on this side";
/// What a peer is told with which the next session is to begin at once.
const ANEW: &str = "to be begun anew";

impl CloseReason {
    /// What the peer is told: faults of our own without the cause.
    pub(super) fn to_peer(&self) -> String {
        match self {
            CloseReason::Ours(_) => FAILURE.into(),
            other => other.to_string(),
        }
    }

    /// Whether one of the two sides could not go on, as with a full disk: it had better be left in peace for a while.
    pub fn is_failure(&self) -> bool {
        match self {
            CloseReason::Ours(_) => true,
            CloseReason::Bye(words) => words == FAILURE,
            _ => false,
        }
    }

    /// Whether the two go on with a new session, and this one ended only so that nothing is left out.
    pub fn is_anew(&self) -> bool {
        match self {
            CloseReason::Anew => true,
            CloseReason::Bye(words) => words == ANEW,
            _ => false,
        }
    }

    /// What the peer did, if that is why.
    pub fn misbehaviour(&self) -> Option<Misbehaviour> {
        match self {
            CloseReason::Misbehaved(offence) => Some(offence.kind),
            CloseReason::Version(_) => Some(Misbehaviour::OtherVersion),
            CloseReason::OtherFederation => Some(Misbehaviour::OtherFederation),
            CloseReason::NotANode => Some(Misbehaviour::NotANode),
            CloseReason::Stopping | CloseReason::Anew | CloseReason::Ours(_) | CloseReason::Bye(_) => None,
        }
    }

    /// Whether the peer said what no honest node says.
    pub fn is_lie(&self) -> bool {
        self.misbehaviour()
            .is_some_and(|kind| kind.gravity() == Gravity::Lie)
    }

    pub(super) fn of(kind: Misbehaviour, what: impl ToString) -> Self {
        CloseReason::Misbehaved(Offence::new(kind, what))
    }

    /// What the peer shows makes it a node, and what we know besides does not.
    pub(super) fn outdated() -> Self {
        let what = "the appointment that it shows was taken back or replaced";
        Self::of(Misbehaviour::StaleDirectory, what)
    }

    /// A receipt that is not good.
    pub(super) fn receipt(which: &str, origin: &Origin, error: &ReceiptError) -> Self {
        let kind = match error {
            ReceiptError::Signature { .. } => Misbehaviour::BadSignature,
            ReceiptError::Origin(_) => Misbehaviour::BadEntry,
            ReceiptError::Proof(_) => Misbehaviour::WrongRoot,
        };
        Self::of(kind, format!("receipt {which}for log {origin}: {error}"))
    }

    /// A statement of trust that is none.
    pub(super) fn statement(place: &str, error: &StatementError) -> Self {
        let kind = match error {
            StatementError::Signature(_) => Misbehaviour::BadSignature,
            _ => Misbehaviour::BadEntry,
        };
        Self::of(kind, format!("a statement {place}: {error}"))
    }

    /// An answer to nothing.
    pub(super) fn unasked(what: &str) -> Self {
        Self::of(Misbehaviour::Unasked, what)
    }

    /// More than the rules allow at once.
    pub(super) fn too_much(what: &str) -> Self {
        Self::of(Misbehaviour::TooMuch, what)
    }
}
