//! One change: bytes, author's signature, place, payload, inclusion, and who witnessed it when.

use std::collections::BTreeMap;

use super::check_log::Log;
use super::examine::text;
use super::layout::{ENTRIES, entry_file};
use super::refusal::{At, Reason, Refusal};
use super::rules;
use crate::codec::unhex;
use crate::id::{ChangeId, RecordId};
use crate::log::{Entry, EntryIndex, Note, Origin, PayloadKind, ProofHead, verify_inclusion};
use crate::record::{Change, Held};

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

/// A change whose evidence was checked.
pub(super) struct Checked {
    pub(super) record: RecordId,
    pub(super) held: Held,
}

/// Checks the three files of one change.
pub(super) fn check(item: &Item<'_>, logs: &BTreeMap<Origin, Log>) -> Result<Checked, Refusal> {
    let id = &item.id;
    let missing = |path: &str| Refusal::new(path, Reason::Missing);
    let path = entry_file(id, "entry");
    let entry = Entry::parse(item.entry.ok_or_else(|| missing(&path))?).at(&path)?;
    if entry.change_id() != *id {
        return Err(Refusal::new(
            path,
            Reason::OtherName(entry.change_id().to_string()),
        ));
    }
    let entry = entry.verify().at(&path)?;
    let header = entry.header();
    let (PayloadKind::Change, Some(record), Some(appointment)) =
        (header.kind, header.record, header.appointment)
    else {
        return Err(Refusal::new(path, Reason::NotAChange));
    };
    let log = logs
        .get(&header.origin)
        .ok_or_else(|| Refusal::new(&path, Reason::NoLog(header.origin.clone())))?;
    entry.check_place(&log.origin, &log.start.space.id()).at(&path)?;

    let payload_file = entry_file(id, "payload");
    let payload = item.payload.ok_or_else(|| missing(&payload_file))?;
    entry.check_payload(payload).at(&payload_file)?;
    let change = Change::parse(payload).at(&payload_file)?;

    let proof_path = entry_file(id, "tlog-proof");
    let proof = text(item.proof.ok_or_else(|| missing(&proof_path))?, &proof_path)?;
    let (head, note) = ProofHead::read(proof).at(&proof_path)?;
    log.start
        .check_statement(head.index, &entry, Some(payload))
        .at(&path)?;
    included(&entry, &head, note, log).map_err(|reason| Refusal::new(&proof_path, reason))?;
    let covered = log.place(head.index).map(|(place, _)| place.covered.clone());
    let held = Held {
        id: *id,
        origin: log.origin.clone(),
        index: head.index,
        author: header.author,
        appointment,
        recorded: header.recorded,
        covered: covered.unwrap_or_default(),
        change,
    };
    Ok(Checked { record, held })
}

/// Checks that the entry stands in its log: under the checkpoint of the first receipt that covers it, else under the
/// newest. The signatures on that checkpoint's note were verified when the log was.
fn included(entry: &Entry, proof: &ProofHead, note: &str, log: &Log) -> Result<(), Reason> {
    if proof.extra.is_some() {
        return Err(Reason::ProofAgainst("an extra line"));
    }
    let leaf = entry.leaf();
    match log.place(proof.index) {
        Some((place, _)) if place.note == note => {
            let (size, root) = (place.checkpoint.size, &place.checkpoint.root);
            Ok(verify_inclusion(proof.index, size, &leaf, &proof.hashes, root)?)
        }
        _ => Err(other_note(&leaf, proof, note, log, proof.index)),
    }
}

/// What is wrong with a proof whose note is not the one that it must carry.
fn other_note(leaf: &crate::id::Hash, proof: &ProofHead, note: &str, log: &Log, index: EntryIndex) -> Reason {
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
