//! The writer: from a store's plain values to the bytes of a bundle. What it writes it has verified itself.

use std::collections::{BTreeMap, BTreeSet};

use super::archive::{self, Files, view};
use super::examine::examine;
use super::input::{BundleInput, EntryEvidence, LogEvidence};
use super::layout::{
    FOUNDING_FILE, MANIFEST_FILE, README, README_FILE, SUMMARY_FILE, entry_file, log_folder, manifest,
    policy_file, receipt_file, statement_file,
};
use super::place;
use super::policy::policy;
use super::refusal::Refusal;
use super::rules;
use crate::codec::{self, CodecError};
use crate::id::{ChangeId, OrgId, RecordId};
use crate::log::{
    CheckpointError, Entry, EntryError, EntryIndex, LogStart, LogStatement, Note, NoteError, Origin,
    PayloadKind, ProofError, Receipt, SignedCheckpoint, consistency, inclusion, witness_group,
};
use crate::spread::{OneByOne, Spread};

/// Why no bundle can be made of an input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// No record was asked for, or one without changes.
    #[error("there is no change to bundle")]
    Empty,
    /// The start of a log cannot be read.
    #[error("start of a log: {0}")]
    Start(#[from] CodecError),
    /// The first entry of a log is another statement.
    #[error("the first entry of a log is not its start")]
    NotAStart,
    /// An entry cannot be read.
    #[error("{0}")]
    Entry(#[from] EntryError),
    /// An annex is never bundled.
    #[error("record {0} is an annex; its changes are never in a bundle")]
    Annex(RecordId),
    /// The entry changes another record.
    #[error("change {0} does not change that record")]
    OtherRecord(ChangeId),
    /// The log of an entry is not among the logs.
    #[error("log {0} was not given")]
    NoLog(Origin),
    /// The newest checkpoint is not one of the log.
    #[error("newest checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A line of a note cannot be written.
    #[error("checkpoint note: {0}")]
    Note(#[from] NoteError),
    /// A proof cannot be made: a tree node is missing, or the checkpoint is older than a receipt or an entry.
    #[error("proof in log {origin}: {error}")]
    Proof {
        /// The log.
        origin: Origin,
        /// What is wrong.
        error: ProofError,
    },
    /// What would be written does not verify.
    #[error("the evidence does not verify: {0}")]
    DoesNotVerify(#[from] Refusal),
}

/// A log with what is written of it.
struct Log<'a> {
    evidence: &'a LogEvidence<'a>,
    start: LogStart,
    origin: Origin,
    folder: String,
    newest: Note,
    size: crate::log::TreeSize,
    receipts: Vec<Receipt>,
    /// For which group of required witnesses each receipt speaks, and for which org.
    speaks_for: Vec<(usize, OrgId)>,
    /// The notes under which entries are proved, by the number of the first receipt that covers them.
    notes: BTreeMap<usize, Note>,
}

/// An entry with its bytes.
struct Item<'a> {
    entry: Entry,
    evidence: &'a EntryEvidence,
}

/// The bytes of a bundle. Equal input in any order gives equal bytes; what is returned verifies against the directory's
/// founding statement.
pub fn write(input: &BundleInput<'_>) -> Result<Vec<u8>, BundleError> {
    write_by(input, &OneByOne)
}

/// As [`write()`], for callers that spread independent checks over threads.
pub fn write_by(input: &BundleInput<'_>, how: &(impl Spread + Sync)) -> Result<Vec<u8>, BundleError> {
    let entries = entries(input)?;
    let used: BTreeSet<&Origin> = entries.iter().map(|item| &item.entry.header().origin).collect();
    let mut logs: BTreeMap<Origin, Log<'_>> = BTreeMap::new();
    for evidence in &input.logs {
        if let Some(log) = open_log(input, evidence, &used)? {
            logs.insert(log.origin.clone(), log);
        }
    }
    for item in &entries {
        let origin = &item.entry.header().origin;
        if !logs.contains_key(origin) {
            return Err(BundleError::NoLog(origin.clone()));
        }
    }
    let mut places: BTreeMap<&Origin, Vec<EntryIndex>> = BTreeMap::new();
    for item in &entries {
        let origin = &item.entry.header().origin;
        places.entry(origin).or_default().push(item.evidence.index);
    }
    for log in logs.values_mut() {
        let here = places.remove(&log.origin).unwrap_or_default();
        keep_receipts_in_use(log, here, input)?;
    }

    let mut files = Files::new();
    for log in logs.values() {
        log_files(&mut files, log, input)?;
    }
    for item in &entries {
        if let Some(log) = logs.get(&item.entry.header().origin) {
            entry_files(&mut files, log, item)?;
        }
    }
    let founding = input.directory.founding();
    files.insert(README_FILE.into(), README.as_bytes().to_vec());
    files.insert(FOUNDING_FILE.into(), founding.bytes().to_vec());
    let shown: Vec<rules::Needs<'_>> = logs
        .values()
        .map(|log| rules::Needs {
            start: &log.start,
            receipts: &log.receipts,
        })
        .collect();
    let changes: Vec<rules::Named> = entries
        .iter()
        .filter_map(|item| Some((item.entry.change_id(), item.entry.header().appointment?)))
        .collect();
    for statement in rules::needed(input.directory, &shown, &changes) {
        files.insert(statement_file(&statement.id()), statement.bytes().to_vec());
    }
    let summary = examine(view(&files), founding, how)?;
    files.insert(SUMMARY_FILE.into(), summary.to_bytes());
    drop(summary);
    let manifest = manifest(&view(&files), how);
    files.insert(MANIFEST_FILE.into(), manifest.into_bytes());
    Ok(archive::pack(files)?)
}

/// Every entry of every record, read.
fn entries<'a>(input: &'a BundleInput<'_>) -> Result<Vec<Item<'a>>, BundleError> {
    if input.records.is_empty() || input.records.iter().any(|record| record.entries.is_empty()) {
        return Err(BundleError::Empty);
    }
    let mut items = Vec::new();
    for record in &input.records {
        for evidence in &record.entries {
            let entry = Entry::parse(&evidence.entry)?;
            if entry.header().kind == PayloadKind::Sealed {
                return Err(BundleError::Annex(record.id));
            }
            if entry.header().record != Some(record.id) {
                return Err(BundleError::OtherRecord(entry.change_id()));
            }
            items.push(Item { entry, evidence });
        }
    }
    Ok(items)
}

/// Reads a log's evidence; none for a log that no entry is in.
fn open_log<'a>(
    input: &BundleInput<'_>,
    evidence: &'a LogEvidence<'a>,
    used: &BTreeSet<&Origin>,
) -> Result<Option<Log<'a>>, BundleError> {
    let LogStatement::Start(start) = LogStatement::parse(&evidence.start_payload)? else {
        return Err(BundleError::NotAStart);
    };
    let origin = start.origin();
    let Some(folder) = log_folder(&origin).filter(|_| used.contains(&origin)) else {
        return Ok(None);
    };
    let signed = SignedCheckpoint::verify(&evidence.checkpoint, &start.node, &origin)?;
    let newest = rules::own_note(signed.note(), &origin, &start.node)?;
    let mut receipts: Vec<Receipt> = evidence
        .receipts
        .iter()
        .filter(|receipt| witness_group(input.directory, &start, receipt).is_ok())
        .filter(|receipt| receipt.verify(&origin, &start.node).is_ok())
        .cloned()
        .collect();
    receipts.sort_by_cached_key(Receipt::rank);
    receipts.dedup();
    Ok(Some(Log {
        evidence,
        origin,
        folder,
        newest,
        size: signed.checkpoint().size,
        receipts,
        speaks_for: Vec::new(),
        notes: BTreeMap::new(),
        start,
    }))
}

/// Drops the receipts that prove no entry of the bundle, except the newest, and makes what follows from the others.
fn keep_receipts_in_use(
    log: &mut Log<'_>,
    here: Vec<EntryIndex>,
    input: &BundleInput<'_>,
) -> Result<(), BundleError> {
    let used = rules::in_use(&log.receipts, here);
    let mut n = 0;
    log.receipts.retain(|_| {
        n += 1;
        used.contains(&(n - 1))
    });
    let groups = log.receipts.iter();
    log.speaks_for = groups
        .filter_map(|receipt| witness_group(input.directory, &log.start, receipt).ok())
        .collect();
    log.notes = place::notes(&log.origin, &log.start.node, &log.receipts, &log.newest)?;
    Ok(())
}

fn log_files(files: &mut Files, log: &Log<'_>, input: &BundleInput<'_>) -> Result<(), BundleError> {
    let folder = &log.folder;
    let proof = |error| BundleError::Proof {
        origin: log.origin.clone(),
        error,
    };
    files.insert(format!("{folder}start.entry"), log.evidence.start_entry.clone());
    files.insert(
        format!("{folder}start.payload"),
        log.evidence.start_payload.clone(),
    );
    let first = EntryIndex(0);
    let hashes = inclusion(first, log.size, log.evidence.tree).map_err(proof)?;
    let text = rules::proof_file(first, hashes, log.newest.clone());
    files.insert(format!("{folder}start.tlog-proof"), text.into_bytes());
    let policy = policy(input.directory, &log.start, &log.receipts, &log.speaks_for);
    files.extend(policy.map(|text| (policy_file(folder), text.into_bytes())));
    for (n, receipt) in (1..).zip(&log.receipts) {
        let hashes = consistency(receipt.size, log.size, log.evidence.tree).map_err(proof)?;
        let text = crate::log::write_growth(receipt.size.0, &hashes, &log.newest);
        files.insert(receipt_file(folder, n, "receipt"), codec::encode(receipt));
        files.insert(receipt_file(folder, n, "consistency"), text.into_bytes());
    }
    Ok(())
}

fn entry_files(files: &mut Files, log: &Log<'_>, item: &Item<'_>) -> Result<(), BundleError> {
    let (id, index) = (item.entry.change_id(), item.evidence.index);
    let n = place::covering(&log.receipts, index);
    let size = log.receipts.get(n).map_or(log.size, |receipt| receipt.size);
    let note = log.notes.get(&n).unwrap_or(&log.newest).clone();
    let hashes = inclusion(index, size, log.evidence.tree).map_err(|error| BundleError::Proof {
        origin: log.origin.clone(),
        error,
    })?;
    files.insert(entry_file(&id, "entry"), item.evidence.entry.clone());
    files.insert(entry_file(&id, "payload"), item.evidence.payload.clone());
    files.insert(
        entry_file(&id, "tlog-proof"),
        rules::proof_file(index, hashes, note).into_bytes(),
    );
    Ok(())
}
