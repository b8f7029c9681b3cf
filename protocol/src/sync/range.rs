//! Ranges: a piece of a log on its way, and the one check that every foreign entry passes. What leaves here as a
//! [`VerifiedRange`] may be stored as it is.

use minicbor::{Decode, Encode};

use super::bounded::{Blob, List, OutOfBounds, Text};
use super::standing::Standing;
use crate::id::{Hash, SpaceId};
use crate::log::note::MAX_NOTE_BYTES;
use crate::log::proof::MAX_PROOF_HASHES;
use crate::log::{
    CheckpointError, ENTRY_MAX, Entry, EntryError, EntryIndex, Frontier, LogStart, LogStatement, Origin,
    PAYLOAD_MAX, PROTOCOL_VERSION, PayloadKind, ProofRejected, SignedCheckpoint, TreeSize, Verified,
    verify_consistency,
};
use crate::spread::{self, OneByOne, Spread};

/// Most bytes of entries and payloads that one range carries; one entry is always carried.
pub const RANGE_BYTES: usize = 768 * 1024;
/// Most entries of one range.
pub const RANGE_ENTRIES_MAX: usize = 1024;

/// An entry and its payload as they travel.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RangeEntry {
    /// The bytes of the entry.
    #[n(0)]
    pub entry: Blob<ENTRY_MAX>,
    /// The payload, unless it was erased or never came.
    #[n(1)]
    pub payload: Option<Blob<PAYLOAD_MAX>>,
}

/// A piece of a log with the checkpoint that it leads to. Nothing in it is verified.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RangeData {
    /// The log.
    #[n(1)]
    pub origin: Origin,
    /// The size before the first of these entries.
    #[n(2)]
    pub from: TreeSize,
    /// The entries, in order.
    #[n(3)]
    pub entries: List<RangeEntry, RANGE_ENTRIES_MAX>,
    /// A signed checkpoint at or after the last of them, as a note.
    #[n(4)]
    pub checkpoint: Text<MAX_NOTE_BYTES>,
    /// That the checkpoint extends the tree that ends with the last of them.
    #[n(5)]
    pub proof: List<Hash, MAX_PROOF_HASHES>,
}

impl RangeData {
    /// What a range costs of its byte budget for one entry.
    pub fn cost(entry: &[u8], payload: Option<&[u8]>) -> usize {
        entry.len() + payload.map_or(0, <[u8]>::len)
    }

    /// Puts a range together from what a store holds. Fails if it is more than a frame can carry.
    pub fn new(
        origin: Origin,
        from: TreeSize,
        entries: impl IntoIterator<Item = (Vec<u8>, Option<Vec<u8>>)>,
        checkpoint: String,
        proof: Vec<Hash>,
    ) -> Result<Self, OutOfBounds> {
        let entries = entries
            .into_iter()
            .map(|(entry, payload)| {
                Ok(RangeEntry {
                    entry: Blob::new(entry)?,
                    payload: payload.map(Blob::new).transpose()?,
                })
            })
            .collect::<Result<_, OutOfBounds>>();
        let range = RangeData {
            origin,
            from,
            entries: List::new(entries?)?,
            checkpoint: Text::new(checkpoint)?,
            proof: List::new(proof)?,
        };
        let cost = |e: &RangeEntry| Self::cost(&e.entry, e.payload.as_deref());
        let len = range.entries.iter().map(cost).sum();
        let max = RANGE_BYTES.max(ENTRY_MAX + PAYLOAD_MAX);
        if len > max {
            return Err(OutOfBounds { len, max });
        }
        Ok(range)
    }
}

/// Whose fault it is that a range cannot be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The peer's: it sent what no honest node sends.
    Peer,
    /// The log's: it forked, or is of a later version. The peer may be honest; the log is passed over.
    Log,
    /// Nobody's: something else was stored meanwhile, or we were called wrongly.
    Ours,
}

/// Why a range is not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// A range has at least one entry.
    #[error("a range without entries")]
    Empty,
    /// Does not start where what is held ends.
    #[error("the range starts at {from}, but {held} entries are held")]
    NotAtTheEnd {
        /// Entries held.
        held: TreeSize,
        /// Where the range starts.
        from: TreeSize,
    },
    /// The caller gave no start for a range in the middle of a log.
    #[error("the start of the log is not given")]
    StartUnknown,
    /// The first entry is no start, or one of another log or space.
    #[error("first entry: {0}")]
    BadStart(&'static str),
    /// The log was begun in another space than the one it was given in.
    #[error("the log belongs to another space")]
    OtherSpace,
    /// The log follows a version of the protocol that is not known here.
    #[error("the log follows protocol version {0}, which is not known here")]
    Version(u32),
    /// An entry does not parse or verify, or does not fit its payload, log or space.
    #[error("entry {index}: {error}")]
    BadEntry {
        /// Its place in the log.
        index: u64,
        /// What is wrong.
        error: EntryError,
    },
    /// A statement of the log that its node did not write, or that cannot be read.
    #[error("statement {index}: {what}")]
    BadStatement {
        /// Its place in the log.
        index: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The checkpoint is not one of the log.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint ends before the entries do.
    #[error("the checkpoint of size {checkpoint} ends before the entries, at {end}")]
    CheckpointBehind {
        /// Size of the checkpoint.
        checkpoint: TreeSize,
        /// Size with the entries.
        end: TreeSize,
    },
    /// The entries and the proof do not lead to the signed root.
    #[error("the entries do not lead to the signed root: {0}")]
    WrongRoot(ProofRejected),
    /// All entries are good and the log signed a root that does not extend what is held with them: the sender lies, or
    /// the log has forked.
    #[error("the signed tree of size {0} does not extend what is held")]
    NotAnExtension(TreeSize),
}

impl RangeError {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            RangeError::NotAtTheEnd { .. } | RangeError::StartUnknown => Blame::Ours,
            RangeError::Version(_) | RangeError::NotAnExtension(_) => Blame::Log,
            RangeError::BadEntry {
                error: EntryError::Version(_),
                ..
            } => Blame::Log,
            _ => Blame::Peer,
        }
    }
}

/// A range that extends what is held, fit to be stored. Made here alone.
#[derive(Debug, Clone)]
pub struct VerifiedRange {
    start: LogStart,
    from: TreeSize,
    entries: Vec<(Verified<Entry>, Option<Vec<u8>>)>,
    new_nodes: Vec<(u64, Hash)>,
    frontier: Frontier,
    checkpoint: SignedCheckpoint,
    proof: Vec<Hash>,
}

impl VerifiedRange {
    /// The first entry of the log.
    pub fn start(&self) -> &LogStart {
        &self.start
    }

    /// The size before the range.
    pub fn from(&self) -> TreeSize {
        self.from
    }

    /// Entries with their payloads, in order.
    pub fn entries(&self) -> &[(Verified<Entry>, Option<Vec<u8>>)] {
        &self.entries
    }

    /// Tree nodes to store: `(stored index, hash)`, ascending and without a gap.
    pub fn new_nodes(&self) -> &[(u64, Hash)] {
        &self.new_nodes
    }

    /// The right edge of the tree with the range.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Size and root with the range.
    pub fn standing(&self) -> Standing {
        Standing {
            size: self.frontier.size(),
            root: self.frontier.root(),
        }
    }

    /// The log's signed checkpoint, whose size may lie beyond the range.
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// That the checkpoint extends [`VerifiedRange::standing`]. With it, who holds just this much can pass it on.
    pub fn proof(&self) -> &[Hash] {
        &self.proof
    }

    /// The entries, to be moved.
    pub fn into_entries(self) -> Vec<(Verified<Entry>, Option<Vec<u8>>)> {
        self.entries
    }
}

/// Checks that `range` extends what is held of a log in `space`. `before` is the right edge of what is held (empty if
/// nothing is), and `start` the log's first entry if it is held. Whether the log's node may write into the space is for
/// the directory; what the payloads mean is for the judge.
pub fn verify_range(
    space: &SpaceId,
    start: Option<&LogStart>,
    before: &Frontier,
    range: &RangeData,
) -> Result<VerifiedRange, RangeError> {
    verify_range_by(space, start, before, range, &OneByOne)
}

/// As [`verify_range`], the entries checked as `how` says, once the checkpoint's own signature holds: signatures are most
/// of the work, and each stands alone.
pub fn verify_range_by(
    space: &SpaceId,
    start: Option<&LogStart>,
    before: &Frontier,
    range: &RangeData,
    how: &impl Spread,
) -> Result<VerifiedRange, RangeError> {
    if range.entries.is_empty() {
        return Err(RangeError::Empty);
    }
    if range.from != before.size() {
        return Err(RangeError::NotAtTheEnd {
            held: before.size(),
            from: range.from,
        });
    }
    let start = match start {
        _ if range.from == TreeSize::EMPTY => read_start(&range.entries[0])?,
        Some(start) => start.clone(),
        None => return Err(RangeError::StartUnknown),
    };
    check_start(&start, space, &range.origin)?;
    // Before the entries: one signature tells whether the many are worth checking, and bounds how large the tree gets.
    let checkpoint = SignedCheckpoint::verify(&range.checkpoint, &start.node, &range.origin)?;
    let end = TreeSize(range.from.0.saturating_add(range.entries.len() as u64));
    if checkpoint.checkpoint().size < end {
        return Err(RangeError::CheckpointBehind {
            checkpoint: checkpoint.checkpoint().size,
            end,
        });
    }
    let mut frontier = before.clone();
    let mut entries = Vec::with_capacity(range.entries.len());
    let mut new_nodes = Vec::with_capacity(range.entries.len() * 2);
    let items: Vec<(u64, &RangeEntry)> = (range.from.0..).zip(range.entries.iter()).collect();
    let checked = spread::each(how, &items, |(index, item)| {
        check_entry(*index, item, &start, space, &range.origin)
    });
    for ((_, item), checked) in items.iter().zip(checked) {
        let (entry, leaf) = checked?;
        new_nodes.extend(frontier.push(leaf));
        entries.push((entry, item.payload.clone().map(Blob::into_vec)));
    }
    check_extends(&frontier, &checkpoint, &range.proof, range.from)?;
    let proof = range.proof.to_vec();
    Ok(VerifiedRange {
        start,
        from: range.from,
        entries,
        new_nodes,
        frontier,
        checkpoint,
        proof,
    })
}

/// Reads the start out of the first entry; its signature is checked with all others.
fn read_start(first: &RangeEntry) -> Result<LogStart, RangeError> {
    let entry = Entry::parse(&first.entry).map_err(|error| RangeError::BadEntry { index: 0, error })?;
    let payload = first
        .payload
        .as_deref()
        .ok_or(RangeError::BadStart("its payload is missing"))?;
    match (entry.header().kind, LogStatement::parse(payload)) {
        (PayloadKind::Statement, Ok(LogStatement::Start(start))) => Ok(start),
        _ => Err(RangeError::BadStart("not the start of a log")),
    }
}

fn check_start(start: &LogStart, space: &SpaceId, origin: &Origin) -> Result<(), RangeError> {
    if start.version != PROTOCOL_VERSION {
        return Err(RangeError::Version(start.version));
    }
    if !start.space.is_well_formed() || start.space.id() != *space {
        return Err(RangeError::OtherSpace);
    }
    if start.origin() != *origin {
        return Err(RangeError::BadStart("the log has another origin"));
    }
    Ok(())
}

fn check_entry(
    index: u64,
    item: &RangeEntry,
    start: &LogStart,
    space: &SpaceId,
    origin: &Origin,
) -> Result<(Verified<Entry>, Hash), RangeError> {
    let bad = |error| RangeError::BadEntry { index, error };
    let entry = Entry::parse(&item.entry).and_then(Entry::verify).map_err(bad)?;
    entry.check_place(origin, space).map_err(bad)?;
    if let Some(payload) = &item.payload {
        entry.check_payload(payload).map_err(bad)?;
    }
    match start.check_statement(EntryIndex(index), &entry, item.payload.as_deref()) {
        Ok(_) => {
            let leaf = entry.leaf();
            Ok((entry, leaf))
        }
        Err(EntryError::Statement(what)) => Err(RangeError::BadStatement { index, what }),
        Err(error) => Err(bad(error)),
    }
}

/// A proof that leads from another tree than ours is what an honest holder of the other branch of a fork would send, so
/// it is told apart from one that leads nowhere. Before anything is held there is nothing to fork from.
fn check_extends(
    frontier: &Frontier,
    signed: &SignedCheckpoint,
    proof: &[Hash],
    from: TreeSize,
) -> Result<(), RangeError> {
    let checkpoint = signed.checkpoint();
    let (size, root) = (frontier.size(), frontier.root());
    match verify_consistency(size, checkpoint.size, &root, &checkpoint.root, proof) {
        Ok(()) => Ok(()),
        Err(ProofRejected::OldRootMismatch) if from > TreeSize::EMPTY => {
            Err(RangeError::NotAnExtension(checkpoint.size))
        }
        Err(ProofRejected::RootMismatch) if from > TreeSize::EMPTY && size == checkpoint.size => {
            Err(RangeError::NotAnExtension(size))
        }
        Err(rejected) => Err(RangeError::WrongRoot(rejected)),
    }
}
