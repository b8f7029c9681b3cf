//! Importing a spreadsheet: good rows become signed records once, broken rows are reported with number and reason.

mod rows;

use std::collections::{BTreeMap, VecDeque};

use hmac::{Hmac, KeyInit, Mac};
use lianzhan_protocol::id::{Hash, RecordId};
use lianzhan_protocol::record::ledger::{FieldKind, Ledger};
use lianzhan_protocol::record::{Event, Put, Value};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::Space;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::exchange::{Begun, EventTable, Table};
use super::ledger::NewEntry;
use super::screen::Cleared;
use super::submit::Beside;
use super::visit::{self, VisitDraft, check_visit};
use super::{Annex, Author, Draft, NewRecord, Node, ServiceError, files};
use crate::import::{GoodRow, ImportPlan, Sheet, read_rows, read_sheet};
use crate::store::RowFilter;

pub(super) use rows::{BATCH, Rows};

/// Broken cells that a report names; more are only counted.
const ERRORS_MAX: usize = 1000;
/// Rows that a report shows.
const SHOWN_MAX: usize = 20;

/// What came of an import.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ImportReport {
    /// Rows written: as new records, and as events of records.
    pub imported: u64,
    /// Rows that changed a record that was here.
    #[serde(default)]
    pub changed: u64,
    /// Rows that were here already as they are.
    pub known: u64,
    /// Blank rows and subtotals.
    pub skipped: u64,
    /// Broken cells, the first of them.
    pub errors: Vec<BrokenRow>,
    /// How many more there are.
    #[serde(default)]
    pub more_errors: u64,
    /// Whether nothing was written on purpose.
    pub dry_run: bool,
    /// What the columns are, in Chinese and English.
    #[serde(default)]
    pub columns: Vec<(String, String)>,
    /// Headings of columns that belong to no field: they are not imported.
    #[serde(default)]
    pub unmapped: Vec<String>,
    /// The first rows, with what becomes of each.
    #[serde(default)]
    pub rows: Vec<RowRead>,
}

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowState {
    /// A record that begins with it, or an event.
    New,
    /// A record that is here and that it changes.
    Changed,
    /// Nothing: it says what is here.
    Known,
}

/// A row that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowRead {
    /// Row number in the sheet, from 1.
    pub row: u32,
    /// What becomes of it.
    pub state: RowState,
    /// What it is about.
    pub title: String,
}

impl ImportReport {
    pub(super) fn count(&mut self, read: RowRead) {
        match read.state {
            RowState::New => self.imported += 1,
            RowState::Changed => self.changed += 1,
            RowState::Known => self.known += 1,
        }
        if self.rows.len() < SHOWN_MAX {
            self.rows.push(read);
        }
    }

    pub(super) fn tell(&mut self, fault: BrokenRow) {
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(fault);
        } else {
            self.more_errors += 1;
        }
    }

    fn refuse(&mut self, row: u32, error: &ServiceError, letters: &BTreeMap<String, String>) {
        let faults = BrokenRow::refused_at(row, error, letters);
        faults.into_iter().for_each(|fault| self.tell(fault));
    }

    /// Puts what is wrong in the order of the table.
    pub(super) fn end(&mut self) {
        self.errors.sort_by_key(|error| error.row);
    }

    /// With what came of a further sheet of the same file.
    fn join(&mut self, further: ImportReport) {
        self.imported += further.imported;
        self.changed += further.changed;
        self.known += further.known;
        self.skipped += further.skipped;
        self.more_errors += further.more_errors;
        further.errors.into_iter().for_each(|fault| self.tell(fault));
        self.unmapped.extend(further.unmapped);
        let room = SHOWN_MAX.saturating_sub(self.rows.len());
        self.rows.extend(further.rows.into_iter().take(room));
    }
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

/// A spreadsheet that is to be imported.
#[derive(Debug, Clone, Copy)]
pub struct Importing<'a> {
    /// The ledger's id.
    pub ledger: &'a str,
    /// The file's name; its ending tells its format.
    pub file: &'a str,
    /// What is in it.
    pub bytes: &'a [u8],
    /// The joint space that new records go to; the own space of this node's org where none is named.
    pub into: Option<&'a Space>,
    /// Whether it is only read and checked.
    pub dry_run: bool,
}

impl<'a> Importing<'a> {
    /// A spreadsheet of this node's own org.
    pub fn new(ledger: &'a str, file: &'a str, bytes: &'a [u8], dry_run: bool) -> Self {
        Importing {
            ledger,
            file,
            bytes,
            into: None,
            dry_run,
        }
    }
}

impl Node {
    /// Reads a spreadsheet and writes its good rows as records signed by `author`. Importing it again adds nothing.
    pub async fn import(
        &self,
        author: &Author,
        importing: Importing<'_>,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<ImportReport, ServiceError> {
        let Importing {
            ledger: ledger_id,
            file: file_name,
            bytes,
            into,
            dry_run,
        } = importing;
        // Personal parts are written sealed, with their records; a book of them alone would lie open, and is none.
        let home = self.space_for(self.book(ledger_id)?, into)?;
        let ledger = self.form_of(ledger_id, &home)?;
        super::ledger::refuse_stated(ledger)?;
        // What begins as an archive is a workbook, whatever it is called.
        let guarded = !bytes.starts_with(b"PK");
        let sheet = match EventTable::find(ledger, read_sheet(file_name, bytes)?, guarded) {
            Ok(table) => {
                let none = Begun::new();
                return self
                    .import_events(author, table, &home, &none, dry_run, progress)
                    .await;
            }
            Err(sheet) => sheet,
        };
        let sheet = match Table::find(ledger, sheet, guarded) {
            Ok(table) => {
                let (mut report, begun) = self
                    .import_table(author, table, &home, dry_run, &mut progress)
                    .await?;
                if let Some(events) = EventTable::beside(ledger, bytes)? {
                    let further = self
                        .import_events(author, events, &home, &begun, dry_run, progress)
                        .await?;
                    report.join(further);
                }
                return Ok(report);
            }
            Err(sheet) => sheet,
        };
        let plan = plan(ledger, &sheet);
        drop(sheet);
        // Without the secret nobody can guess from a record's id what a row said.
        let secret = self.kept_secret(files::IMPORT_SECRET)?;
        let mut report = ImportReport {
            skipped: plan.skipped as u64,
            dry_run,
            columns: plan.mapped,
            unmapped: plan.unmapped,
            ..ImportReport::default()
        };
        plan.errors.iter().for_each(|error| report.tell(broken(error)));
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
        let mut writing = Rows::new(self, author);
        let mut rows = plan.rows.into_iter().peekable();
        let mut done = 0;
        while rows.peek().is_some() {
            let mut fresh = Vec::new();
            for mut row in rows.by_ref().take(BATCH) {
                done += 1;
                let keys = row.main.iter().map(|(name, _)| name.as_str());
                let (definition, _) = self.naming(ledger_id, &home, keys)?;
                let record = row_id(&secret, ledger_id, &row, (&home, &definition), &mut seen);
                let read = RowRead {
                    row: row.row,
                    state: RowState::New,
                    title: title(ledger, &row),
                };
                if self.store.read(|reader| reader.space_of(&record.id))?.is_some() {
                    report.count(RowRead {
                        state: RowState::Known,
                        ..read
                    });
                    continue;
                }
                match self.ready(ledger, &home, &mut row) {
                    Ok(()) => fresh.push((record, row, read)),
                    Err(error) if error.is_callers() => report.refuse(read.row, &error, &plan.letters),
                    Err(error) => return Err(error),
                }
            }
            let mut numbers = match dry_run {
                true => Numbers::default(),
                false => self.numbers(ledger, &fresh)?,
            };
            for (record, row, read) in fresh {
                if dry_run {
                    report.count(read);
                    continue;
                }
                match self.row_draft((ledger, &home), record, row, &mut numbers) {
                    Ok(draft) => writing.push(read, Some((draft, Beside::default()))),
                    Err(error) if error.is_callers() => report.refuse(read.row, &error, &plan.letters),
                    Err(error) => return Err(error),
                }
            }
            let told = |read: RowRead, refused: Option<ServiceError>| match refused {
                None => report.count(read),
                Some(error) => report.refuse(read.row, &error, &plan.letters),
            };
            progress(writing.hand_over(done, told).await?, total);
        }
        writing.settle().await?;
        progress(total, total);
        report.end();
        Ok(report)
    }

    /// Finds what a row names, and whether anything keeps it from being written.
    fn ready(&self, ledger: &Ledger, home: &Space, row: &mut GoodRow) -> Result<(), ServiceError> {
        self.find_named(ledger, row)?;
        match ledger.id == visit::LEDGER {
            true => {
                let visit = visit_of(row);
                check_visit(&visit)?;
                self.screen_visit(&visit, &Cleared::new())
            }
            false => self.screen_entry(
                ledger,
                &NewEntry {
                    ledger: ledger.id.clone(),
                    space: home.clone(),
                    main: row.main.iter().cloned().collect(),
                    annexes: row
                        .annexes
                        .iter()
                        .map(|(id, values)| (id.clone(), values.iter().cloned().collect()))
                        .collect(),
                    cleared: Cleared::new(),
                },
            ),
        }
    }

    /// The numbers of visits that are about to be written: one commit for all of them, and none is left out.
    fn numbers(
        &self,
        ledger: &Ledger,
        fresh: &[(NewRecord, GoodRow, RowRead)],
    ) -> Result<Numbers, ServiceError> {
        let mut wanted: BTreeMap<String, u64> = BTreeMap::new();
        if ledger.id == visit::LEDGER {
            for (_, row, _) in fresh {
                *wanted.entry(visit::week_of(&received(row))?).or_default() += 1;
            }
        }
        let numbers = self.reg_nos(wanted)?.into_iter();
        Ok(Numbers(
            numbers.map(|(week, numbers)| (week, numbers.into())).collect(),
        ))
    }

    /// What is written of a row.
    fn row_draft(
        &self,
        (ledger, home): (&Ledger, &Space),
        record: NewRecord,
        row: GoodRow,
        numbers: &mut Numbers,
    ) -> Result<Draft, ServiceError> {
        if ledger.id == visit::LEDGER {
            let received = received(&row);
            let number = match numbers
                .0
                .get_mut(&visit::week_of(&received)?)
                .and_then(VecDeque::pop_front)
            {
                Some(number) => number,
                None => self.next_reg_nos(&received, 1)?.remove(0),
            };
            self.visit_draft(record, visit_of(&row), number)
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
            Ok(Draft {
                record: record.id,
                begins: Some(record.salt),
                ledger: ledger.id.clone(),
                space: home.clone(),
                puts,
                annexes,
            })
        }
    }
}

/// Numbers that were taken for rows, by week.
#[derive(Default)]
struct Numbers(BTreeMap<String, VecDeque<String>>);

/// A row as a visit.
fn visit_of(row: &GoodRow) -> VisitDraft {
    let annex = |id: &str| row.annexes.get(id).cloned().unwrap_or_default();
    VisitDraft {
        fields: row.main.clone(),
        subject: annex(visit::SUBJECT),
        sensitive: annex(visit::SENSITIVE),
    }
}

/// When a visit was received, as stated.
fn received(row: &GoodRow) -> String {
    let received = row.main.iter().find(|(name, _)| name == "received_at");
    received
        .and_then(|(_, value)| value.as_text())
        .unwrap_or_default()
        .to_owned()
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
        for target in ledgers.filter_map(|id| self.ledger(id).ok()) {
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

/// What a row is about, where its ledger says so.
fn title(ledger: &Ledger, row: &GoodRow) -> String {
    let title = crate::views::title_field(ledger);
    let found = row
        .main
        .iter()
        .find(|(key, _)| title.is_some_and(|field| field.id == *key));
    let text = found.and_then(|(_, value)| value.as_text());
    text.map(|text| text.chars().take(60).collect())
        .unwrap_or_default()
}

fn plan(ledger: &Ledger, sheet: &Sheet) -> ImportPlan {
    let annexes: Vec<&Ledger> = super::ledger::annexes_of(ledger).collect();
    let now = super::activity::now_stated();
    let year = now.get(..4).and_then(|year| year.parse().ok()).unwrap_or(2026);
    read_rows(ledger, &annexes, sheet, year)
}

/// A row's record id: the same for the same row, also in another file; the second of two equal rows is another record.
pub(super) fn row_id(
    secret: &str,
    ledger: &str,
    row: &GoodRow,
    (home, definition): (&Space, &Hash),
    seen: &mut BTreeMap<[u8; 32], u32>,
) -> NewRecord {
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
    let last = Hash::of("lianzhan/import-row/v1", &[&digest, &nth.to_be_bytes()]);
    let mut salt = [0; 16];
    salt.copy_from_slice(&last.0[..16]);
    // Time-ordered by the row's own date, so that lists by id read like the book.
    let dated = row.main.iter().find_map(|(_, value)| {
        let text = value.as_text()?;
        text.parse::<jiff::Timestamp>().ok()
    });
    let time = Timestamp(dated.map_or(0, jiff::Timestamp::as_millisecond));
    NewRecord::of(definition, home, time, salt)
}

fn broken(error: &crate::import::RowError) -> BrokenRow {
    BrokenRow {
        row: error.row,
        cell: error.cell.clone(),
        zh: error.reason_zh.clone(),
        en: error.reason_en.clone(),
    }
}

impl BrokenRow {
    /// A row that a use case refused, by cell where it told of fields. `letters` are those of the columns.
    fn refused_at(row: u32, error: &ServiceError, letters: &BTreeMap<String, String>) -> Vec<Self> {
        let ServiceError::Fields(faults) = error else {
            return vec![Self::refused(row, error)];
        };
        let broken = faults.iter().map(|fault| {
            let column = letters.get(fault.place().1);
            BrokenRow {
                row,
                cell: column.map_or_else(String::new, |column| format!("{column}{row}")),
                zh: format!("{}：{}", fault.label_zh, fault.zh),
                en: format!("{}: {}", fault.label_en, fault.en),
            }
        });
        broken.collect()
    }

    /// A row that a use case refused.
    pub(super) fn refused(row: u32, error: &ServiceError) -> Self {
        BrokenRow {
            row,
            cell: String::new(),
            zh: crate::words::zh(error),
            en: error.to_string(),
        }
    }
}
