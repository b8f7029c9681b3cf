//! One change: bytes, author's signature, place, payload, inclusion, and who witnessed it when.

use std::collections::BTreeMap;

use super::archive::Files;
use super::check_log::Log;
use super::examine::{take, take_text};
use super::layout::entry_file;
use super::refusal::{At, Reason, Refusal};
use super::rules;
use crate::id::{ChangeId, RecordId};
use crate::log::{Covered, Entry, Origin, PayloadKind, ProofFile, verify_cosignature, witness_name};
use crate::record::{Change, Held};
use crate::trust::Directory;

/// A change whose evidence was checked.
pub(super) struct Checked {
    pub(super) record: RecordId,
    pub(super) held: Held,
}

/// Checks the three files of one change.
pub(super) fn check(
    files: &mut Files,
    id: &ChangeId,
    logs: &BTreeMap<Origin, Log>,
    directory: &Directory,
) -> Result<Checked, Refusal> {
    let path = entry_file(id, "entry");
    let entry = Entry::parse(&take(files, &path)?).at(&path)?;
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
    let payload = take(files, &payload_file)?;
    entry.check_payload(&payload).at(&payload_file)?;
    let change = Change::parse(&payload).at(&payload_file)?;

    let proof_path = entry_file(id, "tlog-proof");
    let proof = ProofFile::parse(&take_text(files, &proof_path)?).at(&proof_path)?;
    log.start
        .check_statement(proof.index, &entry, Some(&payload))
        .at(&path)?;
    included(&entry, &proof, log).map_err(|reason| Refusal::new(&proof_path, reason))?;
    let held = Held {
        id: *id,
        origin: log.origin.clone(),
        index: proof.index,
        author: header.author,
        appointment,
        recorded: header.recorded,
        covered: Covered::of(directory, &log.start, proof.index, &log.receipts),
        change,
    };
    Ok(Checked { record, held })
}

/// Checks that the entry stands in its log: under the first receipt that covers it, else under the newest checkpoint.
fn included(entry: &Entry, proof: &ProofFile, log: &Log) -> Result<(), Reason> {
    if proof.extra.is_some() {
        return Err(Reason::ProofAgainst("an extra line"));
    }
    let checkpoint = rules::open_checkpoint(&proof.checkpoint, &log.origin, &log.start.node)?;
    proof.verify_inclusion(&entry.leaf(), &checkpoint)?;
    let first = rules::first_covering(&log.receipts, proof.index);
    let Some(receipt) = first.and_then(|n| log.receipts.get(n)) else {
        if proof.checkpoint != log.newest {
            return Err(Reason::ProofAgainst(
                "must be the log's newest checkpoint, since no receipt covers the entry",
            ));
        }
        return Ok(());
    };
    let note = rules::receipt_note(&log.origin, &log.start.node, receipt)
        .map_err(crate::log::CheckpointError::from)?;
    if proof.checkpoint != note {
        return Err(Reason::ProofAgainst(
            "must be the first checkpoint with a receipt that covers the entry",
        ));
    }
    verify_cosignature(
        &note.to_string(),
        &witness_name(&receipt.witness),
        &receipt.witness,
        &checkpoint,
    )?;
    Ok(())
}
