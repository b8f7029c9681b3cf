//! `check`: proves that what is stored equals what is recomputed, from the bytes of entries up to views and documents.

use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::log::{Entry, Frontier, LogStatement, SignedCheckpoint, TreeSize};
use serde::{Deserialize, Serialize};

use super::{Load, Node, ServiceError};
use crate::documents;
use crate::store::{LogRow, Reader, Rows, StoreError};
use crate::views;

/// What was checked, and what does not agree.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct CheckReport {
    /// Logs re-hashed from their first entry.
    pub logs: u64,
    /// Entries whose signature, place and payload were checked.
    pub entries: u64,
    /// Receipts checked.
    pub receipts: u64,
    /// Records folded anew and compared with their rows.
    pub records: u64,
    /// Automerge documents compared with the fold.
    pub documents: u64,
    /// Attachments hashed.
    #[serde(default)]
    pub attachments: u64,
    /// What does not agree, each a sentence. Empty: all is well.
    pub faults: Vec<String>,
}

/// Entries read at a time.
const BATCH: usize = 2_000;
/// How often a record that does not agree is looked at again.
const LOOKS_AGAIN: usize = 3;

impl Node {
    /// Checks everything. `progress` is told entries and records done.
    pub fn check(&self, mut progress: impl FnMut(u64)) -> Result<CheckReport, ServiceError> {
        // Views that merely lag are no fault: they are brought up to date first.
        self.catch_up(|_| {})?;
        let mut report = CheckReport::default();
        let mut suspects: Vec<(RecordId, Vec<String>)> = Vec::new();
        self.store.read(|reader| {
            let file = reader.integrity()?.into_iter();
            report
                .faults
                .extend(file.map(|words| format!("the file of the database: {words}")));
            for log in reader.logs()? {
                check_log(reader, &log, &mut report, &mut progress)?;
                report.logs += 1;
            }
            let mut load = Load::new(self, reader);
            let mut after: Option<RecordId> = None;
            loop {
                let batch = reader.records_after(after.as_ref(), 500)?;
                let Some(last) = batch.last().copied() else { break };
                for record in batch {
                    let checked = check_record(reader, &mut load, &record)?;
                    report.records += 1;
                    report.documents += u64::from(checked.document);
                    if !checked.faults.is_empty() {
                        suspects.push((record, checked.faults));
                    }
                }
                after = Some(last);
                progress(report.entries + report.records);
            }
            Ok(())
        })?;
        // A running node takes entries, keys and appointments in meanwhile: what merely lagged agrees when it is looked at
        // again, and what does not agree stays so.
        for _ in 0..LOOKS_AGAIN {
            if suspects.is_empty() {
                break;
            }
            self.catch_up(|_| {})?;
            suspects = self.store.read(|reader| {
                let mut load = Load::new(self, reader);
                let mut still = Vec::new();
                for (record, _) in suspects {
                    let faults = check_record(reader, &mut load, &record)?.faults;
                    if !faults.is_empty() {
                        still.push((record, faults));
                    }
                }
                Ok(still)
            })?;
        }
        let done = report.entries + report.records;
        let (attachments, faults) = self.check_attachments(|count| progress(done + count))?;
        report.attachments = attachments;
        report.faults.extend(faults);
        report
            .faults
            .extend(suspects.into_iter().flat_map(|(_, faults)| faults));
        Ok(report)
    }
}

/// What came of checking a record.
#[derive(Default)]
struct Checked {
    /// Whether it has a document.
    document: bool,
    faults: Vec<String>,
}

fn check_log(
    reader: &Reader<'_>,
    log: &LogRow,
    report: &mut CheckReport,
    progress: &mut impl FnMut(u64),
) -> Result<(), StoreError> {
    let mut frontier = Frontier::new();
    let space = log.start.space.id();
    while frontier.size() < log.size {
        let rows = reader.range(log.id, frontier.size(), BATCH, usize::MAX)?;
        if rows.is_empty() {
            report.faults.push(format!(
                "log {}: entries from {} on are missing",
                log.origin,
                frontier.size()
            ));
            return Ok(());
        }
        for row in rows {
            let at = format!("log {}, entry {}", log.origin, row.index);
            if row.index.0 != frontier.size().0 {
                report
                    .faults
                    .push(format!("{at}: the entry before it is missing"));
                return Ok(());
            }
            let checked = Entry::parse(&row.entry)
                .and_then(Entry::verify)
                .and_then(|entry| {
                    entry.check_place(&log.origin, &space)?;
                    row.payload
                        .as_deref()
                        .map_or(Ok(()), |payload| entry.check_payload(payload))?;
                    Ok(entry)
                });
            match checked {
                Ok(entry) => {
                    for (idx, hash) in frontier.push(entry.leaf()) {
                        if reader.node(log.id, idx) != Some(hash) {
                            report
                                .faults
                                .push(format!("{at}: stored tree node {idx} differs"));
                        }
                    }
                }
                Err(error) => {
                    report.faults.push(format!("{at}: {error}"));
                    return Ok(());
                }
            }
            if let Some(LogStatement::Receipt(receipt)) =
                row.payload.as_deref().and_then(|p| LogStatement::parse(p).ok())
            {
                report.receipts += 1;
                if let Err(error) = receipt.verify(&log.origin, &log.start.node) {
                    report.faults.push(format!("{at}: receipt: {error}"));
                }
                if reader.root_at(log.id, receipt.size).ok() != Some(receipt.root) {
                    report
                        .faults
                        .push(format!("{at}: the receipt is for another tree"));
                }
            }
            report.entries += 1;
        }
        progress(report.entries);
    }
    if frontier.root() != log.root {
        report.faults.push(format!(
            "log {}: the stored root is not that of the entries",
            log.origin
        ));
    }
    match SignedCheckpoint::open(&log.checkpoint, &log.start.node, &log.origin) {
        Ok(checkpoint) if checkpoint.size == log.size && checkpoint.root != log.root => {
            report.faults.push(format!(
                "log {}: the signed root is not that of the entries",
                log.origin
            ));
        }
        Ok(checkpoint) if checkpoint.size < log.size => {
            report.faults.push(format!(
                "log {}: the checkpoint covers {} entries alone",
                log.origin, checkpoint.size
            ));
        }
        Ok(_) => {}
        Err(error) if log.size > TreeSize::EMPTY => {
            report
                .faults
                .push(format!("log {}: checkpoint: {error}", log.origin));
        }
        Err(_) => {}
    }
    if let Some(reason) = &log.halted {
        report
            .faults
            .push(format!("log {} is halted: {reason}", log.origin));
    }
    Ok(())
}

fn check_record(reader: &Reader<'_>, load: &mut Load<'_>, record: &RecordId) -> Result<Checked, StoreError> {
    let mut checked = Checked::default();
    let Some(loaded) = load.record(record)? else {
        return Ok(checked);
    };
    let state = load.fold(&loaded);
    let expected = views::project(load.registry(), &loaded, &state);
    let same = match &expected {
        Some(expected) => {
            reader.has_rows(&Rows::from(expected.clone()))?
                && expected.refs == reader.named_records(record)?
                && expected.reissued == reader.reissue_named(record)?
                && expected.attachments == reader.named_by(record)?
        }
        None => reader.record(record)?.is_none(),
    };
    if !same {
        checked.faults.push(format!(
            "record {record}: the stored rows are not what its entries give"
        ));
    }
    if let Some((_, bytes)) = reader.document(record)? {
        checked.document = true;
        match documents::read(&bytes) {
            Ok(document) => {
                let differences = documents::differences(&state, &document);
                checked.faults.extend(
                    differences
                        .into_iter()
                        .map(|words| format!("record {record}: {words}")),
                );
            }
            Err(error) => checked.faults.push(format!("record {record}: document: {error}")),
        }
    }
    Ok(checked)
}
