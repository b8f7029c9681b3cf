//! Importing a spreadsheet: good rows become signed records once, broken rows are reported with number and reason.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use lianzhan_protocol::record::ledger::{Ledger, ledgers};
use lianzhan_protocol::record::{Event, Put, Value};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::Space;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::submit::ledger_of;
use super::visit::{self, VisitDraft, check_visit};
use super::{Annex, Author, Draft, NewRecord, Node, ServiceError, files};
use crate::import::{GoodRow, ImportPlan, read_rows, read_sheet};

/// Rows that are signed and handed to the store before their commit is awaited.
const BATCH: usize = 200;

/// What came of an import.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ImportReport {
    /// Rows written as new records.
    pub imported: u64,
    /// Rows that were here already.
    pub known: u64,
    /// Blank rows and subtotals.
    pub skipped: u64,
    /// Broken rows.
    pub errors: Vec<BrokenRow>,
    /// Whether nothing was written on purpose.
    pub dry_run: bool,
}

/// A row that was not imported.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BrokenRow {
    /// Row number in the sheet, from 1.
    pub row: u32,
    /// Cell, as `B7`, or the column.
    pub cell: String,
    /// What is wrong and what to do, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl Node {
    /// Reads a spreadsheet and writes its good rows as records signed by `author`. Importing it again adds nothing.
    pub async fn import(
        &self,
        author: &Author,
        ledger_id: &str,
        file_name: &str,
        bytes: &[u8],
        dry_run: bool,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<ImportReport, ServiceError> {
        let ledger = ledger_of(ledger_id)?;
        // Personal parts are written sealed, with their records; a book of them alone would lie open.
        if ledgers().iter().any(|of| of.annexes.contains(&ledger.id)) {
            return Err(ServiceError::UnknownLedger(ledger.id.clone()));
        }
        let plan = plan(ledger, file_name, bytes)?;
        // Without the secret nobody can guess from a record's id what a row said.
        let secret = self.kept_secret(files::IMPORT_SECRET)?;
        let mut report = ImportReport {
            skipped: plan.skipped as u64,
            dry_run,
            ..ImportReport::default()
        };
        report.errors = plan.errors.iter().map(broken).collect();
        let home = self.home_space(ledger_id)?;
        let total = plan.rows.len() as u64;
        let mut seen: BTreeMap<[u8; 32], u32> = BTreeMap::new();
        let mut waiting = Vec::new();
        for (n, row) in plan.rows.into_iter().enumerate() {
            let record = row_id(&secret, ledger_id, &row, &home, &mut seen)?;
            if self.store.read(|reader| reader.space_of(&record.id))?.is_some() {
                report.known += 1;
                continue;
            }
            let line = row.row;
            match self.import_row(author, ledger, record, row, dry_run) {
                Ok(pending) => waiting.extend(pending),
                Err(error) if error.is_callers() => {
                    report.errors.push(refused(line, &error));
                    continue;
                }
                Err(error) => return Err(error),
            }
            report.imported += 1;
            if waiting.len() >= BATCH {
                settle(&mut waiting).await?;
                progress(n as u64 + 1, total);
            }
        }
        settle(&mut waiting).await?;
        progress(total, total);
        report.errors.sort_by_key(|error| error.row);
        Ok(report)
    }

    fn import_row(
        &self,
        author: &Author,
        ledger: &Ledger,
        record: NewRecord,
        row: GoodRow,
        dry_run: bool,
    ) -> Result<Option<super::submit::Pending>, ServiceError> {
        let draft = if ledger.id == visit::LEDGER {
            let mut annexes = row.annexes;
            let visit = VisitDraft {
                fields: row.main,
                subject: annexes.remove(visit::SUBJECT).unwrap_or_default(),
                sensitive: annexes.remove(visit::SENSITIVE).unwrap_or_default(),
            };
            check_visit(&visit)?;
            if dry_run {
                return Ok(None);
            }
            let received = visit.fields.iter().find(|(name, _)| name == "received_at");
            let received = received
                .and_then(|(_, value)| value.as_text())
                .unwrap_or_default()
                .to_owned();
            let number = self.next_reg_nos(&received, 1)?.remove(0);
            self.visit_draft(record, visit, number)?
        } else {
            let annexes = row
                .annexes
                .into_iter()
                .filter(|(_, fields)| !fields.is_empty())
                .map(|(ledger, fields)| Annex { ledger, fields })
                .collect();
            let mut puts: Vec<Put> = row
                .main
                .iter()
                .map(|(name, value)| Put::field(name, value.clone()))
                .collect();
            if ledger.events.iter().any(|event| event == "register") {
                let happened = super::activity::now_stated();
                puts.push(Put::event(&Event::Register { happened }));
            }
            Draft {
                record: record.id,
                begins: Some(record.salt),
                ledger: ledger.id.clone(),
                space: self.home_space(&ledger.id)?,
                puts,
                annexes,
            }
        };
        if dry_run {
            return Ok(None);
        }
        self.start_submit(author, draft).map(Some)
    }
}

fn plan(ledger: &Ledger, file_name: &str, bytes: &[u8]) -> Result<ImportPlan, ServiceError> {
    let sheet = read_sheet(file_name, bytes)?;
    let annexes: Vec<&Ledger> = ledger
        .annexes
        .iter()
        .filter_map(|id| ledger_of(id).ok())
        .collect();
    let now = super::activity::now_stated();
    let year = now.get(..4).and_then(|year| year.parse().ok()).unwrap_or(2026);
    Ok(read_rows(ledger, &annexes, &sheet, year))
}

async fn settle(waiting: &mut Vec<super::submit::Pending>) -> Result<(), ServiceError> {
    for pending in waiting.drain(..) {
        pending.wait().await?;
    }
    Ok(())
}

/// A row's record id: the same for the same row, also in another file; the second of two equal rows is another record.
fn row_id(
    secret: &str,
    ledger: &str,
    row: &GoodRow,
    home: &Space,
    seen: &mut BTreeMap<[u8; 32], u32>,
) -> Result<NewRecord, ServiceError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    let mut feed = |name: &str, value: &Value| {
        mac.update(name.as_bytes());
        mac.update(&[0]);
        mac.update(&lianzhan_protocol::codec::encode(value));
    };
    feed(ledger, &Value::Null);
    row.main.iter().for_each(|(name, value)| feed(name, value));
    for (annex, fields) in &row.annexes {
        feed(annex, &Value::Null);
        fields.iter().for_each(|(name, value)| feed(name, value));
    }
    let digest: [u8; 32] = mac.finalize().into_bytes().into();
    let nth = seen.entry(digest).and_modify(|n| *n += 1).or_insert(0);
    let last = lianzhan_protocol::id::Hash::of("lianzhan/import-row/v1", &[&digest, &nth.to_be_bytes()]);
    let mut salt = [0; 16];
    salt.copy_from_slice(&last.0[..16]);
    // Time-ordered by the row's own date, so that lists by id read like the book.
    let dated = row.main.iter().find_map(|(_, value)| {
        let text = value.as_text()?;
        text.parse::<jiff::Timestamp>().ok()
    });
    let time = Timestamp(dated.map_or(0, jiff::Timestamp::as_millisecond));
    NewRecord::mint(ledger, home, time, salt)
}

fn broken(error: &crate::import::RowError) -> BrokenRow {
    BrokenRow {
        row: error.row,
        cell: error.cell.clone(),
        zh: error.reason_zh.clone(),
        en: error.reason_en.clone(),
    }
}

fn refused(row: u32, error: &ServiceError) -> BrokenRow {
    let words = error.to_string();
    BrokenRow {
        row,
        cell: String::new(),
        zh: crate::words::zh(error),
        en: words,
    }
}
