//! Importing a spreadsheet: good rows become signed records once, broken rows are reported with number and reason.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::record::ledger::{FieldKind, Ledger, ledgers};
use lianzhan_protocol::record::{Event, Put, Value};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::Space;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::submit::ledger_of;
use super::visit::{self, VisitDraft, check_visit};
use super::{Annex, Author, Draft, NewRecord, Node, ServiceError, files};
use crate::import::{GoodRow, ImportPlan, read_rows, read_sheet};
use crate::store::RowFilter;

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
        if ledger
            .fields
            .iter()
            .any(|field| field.kind.targets().next().is_some())
        {
            // Names are looked for in views: a record whose views lag would be missed.
            self.settle_views()?;
        }
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
        mut row: GoodRow,
        dry_run: bool,
    ) -> Result<Option<super::submit::Pending>, ServiceError> {
        self.find_named(ledger, &mut row)?;
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

impl Node {
    /// Puts the ids of records in the place of their names, as a book has them: one record alone may be called so.
    fn find_named(&self, ledger: &Ledger, row: &mut GoodRow) -> Result<(), ServiceError> {
        for (key, value) in &mut row.main {
            let Some((field, _)) = ledger.resolve(key) else {
                continue;
            };
            let name = match (&field.kind, &*value) {
                (FieldKind::Ref { .. }, Value::Text(name)) if RecordId::parse(name).is_none() => name.clone(),
                _ => continue,
            };
            let found = self.called(field.kind.targets(), &name)?;
            let [one] = found.as_slice() else {
                return Err(ServiceError::Field {
                    field: key.clone(),
                    words: not_one(found.is_empty(), &name),
                });
            };
            *value = Value::Text(one.to_string());
        }
        Ok(())
    }

    /// The records here of which the title is a name, two at most of each ledger.
    fn called<'l>(
        &self,
        ledgers: impl Iterator<Item = &'l str>,
        name: &str,
    ) -> Result<Vec<RecordId>, ServiceError> {
        let mut found = Vec::new();
        for target in ledgers.filter_map(|id| ledger_of(id).ok()) {
            let Some(title) = target.title.as_deref() else {
                continue;
            };
            let filter = RowFilter {
                equals: vec![(crate::views::column(title), name.to_owned())],
                limit: 2,
                ..RowFilter::default()
            };
            let (rows, _) = self.store.read(|reader| reader.rows(&target.id, &filter))?;
            found.extend(rows.into_iter().map(|row| row.record));
        }
        Ok(found)
    }
}

/// What to say where a name is that of no record, or of several.
fn not_one(none: bool, name: &str) -> String {
    if none {
        format!("{NOBODY}{name}”; register it first, or write its id")
    } else {
        format!("{SEVERAL}{name}”; write the id of the one that is meant")
    }
}

/// The same in Chinese.
pub(crate) fn not_one_zh(words: &str) -> Option<String> {
    let name = |begin| words.strip_prefix(begin)?.split('”').next();
    let none = name(NOBODY).map(|name| format!("本机没有叫“{name}”的记录。请先登记，或填写记录编号。"));
    none.or_else(|| {
        name(SEVERAL).map(|name| format!("叫“{name}”的记录不止一条。请填写所指那一条的记录编号。"))
    })
}

const NOBODY: &str = "no record here is called “";
const SEVERAL: &str = "several records here are called “";

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
