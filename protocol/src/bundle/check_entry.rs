//! One change: bytes, author's signature, place, payload, inclusion, and who witnessed it when.

use std::collections::BTreeMap;

use super::check_log::Log;
use super::examine::text;
use super::layout::{ENTRIES, entry_file};
use super::refusal::{At, Reason, Refusal};
use super::rules;
use crate::codec::unhex;
use crate::id::{ChangeId, Hash, RecordId, StatementId};
use crate::keys::PublicKey;
use crate::log::{Entry, EntryIndex, Note, Origin, PayloadKind, ProofHead, leaf_hash, verify_inclusion};
use crate::record::{Change, Held};
use crate::time::Timestamp;

/// The three files of a change, where they lie.
pub(super) struct Item<'a> {
    id: ChangeId,
    entry: Option<&'a [u8]>,
    payload: Option<&'a [u8]>,
    proof: Option<&'a [u8]>,
}

impl<'a> Item<'a> {
    /// Without its files; one that stays missing is named when the change is checked.
    pub(super) fn new(id: ChangeId) -> Self {
        Item {
            id,
            entry: None,
            payload: None,
            proof: None,
        }
    }

    pub(super) fn id(&self) -> ChangeId {
        self.id
    }

    /// Takes one of its files by the ending; says whether it is one.
    pub(super) fn take(&mut self, ending: &str, bytes: &'a [u8]) -> bool {
        let place = match ending {
            "entry" => &mut self.entry,
            "payload" => &mut self.payload,
            "tlog-proof" => &mut self.proof,
            _ => return false,
        };
        *place = Some(bytes);
        true
    }
}

/// The change and the ending in the path of a change's file.
pub(super) fn named(path: &str) -> Option<(ChangeId, &str)> {
    let name = path.strip_prefix(ENTRIES)?;
    let (id, ending) = name.split_once('.').unwrap_or((name, ""));
    Some((ChangeId(unhex(id)?), ending))
}

/// A change whose evidence was checked. What it says is read where its record is folded ([`Checked::held`]): the changes
/// of a large bundle, all read at once, would cost more than reading them.
pub(super) struct Checked<'a> {
    pub(super) id: ChangeId,
    pub(super) record: RecordId,
    pub(super) log: &'a Log,
    pub(super) index: EntryIndex,
    pub(super) appointment: StatementId,
    author: PublicKey,
    recorded: Timestamp,
    payload: &'a [u8],
}

impl Checked<'_> {
    fn change(&self) -> Result<Change, Refusal> {
        Change::parse(self.payload).at(Path(&self.id, "payload"))
    }

    /// With what it says.
    pub(super) fn held(&self) -> Result<Held, Refusal> {
        let place = self.log.place(self.index);
        Ok(Held {
            id: self.id,
            origin: self.log.origin.clone(),
            index: self.index,
            author: self.author,
            appointment: self.appointment,
            recorded: self.recorded,
            covered: place.map(|(place, _)| place.covered.clone()).unwrap_or_default(),
            change: self.change()?,
        })
    }
}

/// The first of changes that cannot be read. It is named before all that comes after it in the order of examination.
pub(super) fn unreadable(entries: &[Checked<'_>]) -> Option<Refusal> {
    entries.iter().find_map(|entry| entry.change().err())
}

/// The path of a file of a change, written out only where the file is refused.
#[derive(Clone, Copy)]
struct Path<'a>(&'a ChangeId, &'static str);

impl From<Path<'_>> for String {
    fn from(Path(id, ending): Path<'_>) -> String {
        entry_file(id, ending)
    }
}

/// Checks the three files of one change.
pub(super) fn check<'a>(item: &Item<'a>, logs: &'a BTreeMap<Origin, Log>) -> Result<Checked<'a>, Refusal> {
    let id = &item.id;
    let (path, payload_path) = (Path(id, "entry"), Path(id, "payload"));
    let bytes = item.entry.ok_or_else(|| Refusal::new(path, Reason::Missing))?;
    let entry = Entry::parse(bytes).at(path)?;
    if entry.change_id() != *id {
        return Err(Refusal::new(
            path,
            Reason::OtherName(entry.change_id().to_string()),
        ));
    }
    let entry = entry.verify().at(path)?;
    let header = entry.header();
    let (PayloadKind::Change, Some(record), Some(appointment)) =
        (header.kind, header.record, header.appointment)
    else {
        return Err(Refusal::new(path, Reason::NotAChange));
    };
    let log = logs
        .get(&header.origin)
        .ok_or_else(|| Refusal::new(path, Reason::NoLog(header.origin.clone())))?;
    entry.check_place(&log.origin, &log.space).at(path)?;

    let payload = item
        .payload
        .ok_or_else(|| Refusal::new(payload_path, Reason::Missing))?;
    entry.check_payload(payload).at(payload_path)?;

    let mut checked = Checked {
        id: *id,
        record,
        log,
        index: EntryIndex(0),
        appointment,
        author: header.author,
        recorded: header.recorded,
        payload,
    };
    match proved(item, bytes, &entry, log) {
        Ok(index) => checked.index = index,
        // What it says comes before its place in the order of examination.
        Err(refusal) => return Err(checked.change().err().unwrap_or(refusal)),
    }
    Ok(checked)
}

/// Checks the proof of a change and gives its place.
fn proved(item: &Item<'_>, bytes: &[u8], entry: &Entry, log: &Log) -> Result<EntryIndex, Refusal> {
    let (path, proof_path) = (Path(&item.id, "entry"), Path(&item.id, "tlog-proof"));
    let proof = item
        .proof
        .ok_or_else(|| Refusal::new(proof_path, Reason::Missing))?;
    let proof = std::str::from_utf8(proof).or_else(|_| text(proof, &String::from(proof_path)))?;
    let (head, note) = ProofHead::read(proof).at(proof_path)?;
    log.start
        .check_statement(head.index, entry, item.payload)
        .at(path)?;
    // What was read is the one form of an entry, so its bytes are those that the leaf covers.
    included(leaf_hash(bytes), &head, note, log).map_err(|reason| Refusal::new(proof_path, reason))?;
    Ok(head.index)
}

/// Checks that the entry stands in its log: under the checkpoint of the first receipt that covers it, else under the
/// newest. The signatures on that checkpoint's note were verified when the log was.
fn included(leaf: Hash, proof: &ProofHead, note: &str, log: &Log) -> Result<(), Reason> {
    if proof.extra.is_some() {
        return Err(Reason::ProofAgainst("an extra line"));
    }
    match log.place(proof.index) {
        Some((place, _)) if place.note == note => {
            let (size, root) = (place.checkpoint.size, &place.checkpoint.root);
            Ok(verify_inclusion(proof.index, size, &leaf, &proof.hashes, root)?)
        }
        _ => Err(other_note(&leaf, proof, note, log, proof.index)),
    }
}

/// What is wrong with a proof whose note is not the one that it must carry.
fn other_note(leaf: &Hash, proof: &ProofHead, note: &str, log: &Log, index: EntryIndex) -> Reason {
    let inclusion = || -> Result<(), Reason> {
        let note = Note::parse(note)?;
        let checkpoint = rules::open_checkpoint(&note, &log.origin, &log.start.node)?;
        verify_inclusion(index, checkpoint.size, leaf, &proof.hashes, &checkpoint.root)?;
        Ok(())
    };
    let witnessed = log.place(index).is_some_and(|(_, witnessed)| witnessed);
    inclusion().err().unwrap_or(Reason::ProofAgainst(if witnessed {
        "must be the first checkpoint with a receipt that covers the entry, with the cosignatures of all receipts over it"
    } else {
        "must be the log's newest checkpoint, since no receipt covers the entry"
    }))
}
