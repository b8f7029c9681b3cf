//! Taking back a table that came from here. A row whose record is here changes it where a cell was changed; one whose
//! record is not here begins it, once, however often the table is imported.

use std::collections::{BTreeMap, BTreeSet};

use lianzhan_protocol::id::{ChangeId, RecordId};
use lianzhan_protocol::record::Value;
use lianzhan_protocol::record::ledger::{Field, Ledger};
use lianzhan_protocol::trust::Space;

use super::RowValues;
use super::columns::Holds;
use super::read::{CellFault, Heading, RowReader, heading};
use crate::import::{GoodRow, Reason, Row, Sheet};
use crate::services::import::{BATCH, BrokenRow, ImportReport, RowRead, RowState, Rows, row_id};
use crate::services::ledger::{Amendment, FieldFault, NewEntry, Values, annexes_of, unsound};
use crate::services::submit::Beside;
use crate::services::{Author, Draft, NewRecord, Node, RecordRow, ServiceError, files};

/// The ids, as a table names them, of records that begin with it.
pub(in crate::services) type Begun = BTreeSet<String>;

/// A table that came from here.
pub(in crate::services) struct Table {
    ledger: &'static Ledger,
    annexes: Vec<&'static Ledger>,
    heading: Heading<'static>,
    sheet: Sheet,
    /// Whether it is text, in which apostrophes stand before what a spreadsheet would run.
    guarded: bool,
}

impl Table {
    /// The table, if the sheet is one; else the sheet itself.
    pub(in crate::services) fn find(
        ledger: &'static Ledger,
        sheet: Sheet,
        guarded: bool,
    ) -> Result<Self, Sheet> {
        let annexes: Vec<&'static Ledger> = annexes_of(ledger).collect();
        match heading(ledger, &annexes, &sheet) {
            Some(heading) => Ok(Table {
                annexes: annexes.into_iter().filter(|annex| heading.has(annex)).collect(),
                ledger,
                heading,
                sheet,
                guarded,
            }),
            None => Err(sheet),
        }
    }

    fn is_blank(&self, row: &Row) -> bool {
        self.heading
            .columns
            .iter()
            .all(|(at, _)| row.cell(*at).value.is_empty())
    }

    fn broken(&self, row: &Row, fault: CellFault) -> BrokenRow {
        BrokenRow {
            row: row.number,
            cell: fault.cell,
            zh: fault.reason.zh,
            en: fault.reason.en,
        }
    }

    /// A fault of a field as one of the cell that it stands in.
    fn of_field(&self, row: &Row, fault: &FieldFault) -> BrokenRow {
        let (annex, key) = fault.place();
        let ledger = annex.and_then(|id| self.annexes.iter().find(|annex| annex.id == id));
        BrokenRow {
            row: row.number,
            cell: self.heading.cell_of(row, ledger.unwrap_or(&self.ledger), key),
            zh: format!("{}：{}", fault.label_zh, fault.zh),
            en: format!("{}: {}", fault.label_en, fault.en),
        }
    }

    /// Tells why a row was refused, by cell where fields were.
    fn refuse(&self, row: &Row, error: &ServiceError, report: &mut ImportReport) {
        let faults = match error {
            ServiceError::Fields(faults) => faults.iter().map(|fault| self.of_field(row, fault)).collect(),
            error => vec![BrokenRow::refused(row.number, error)],
        };
        faults.into_iter().for_each(|fault| report.tell(fault));
    }

    fn told(&self, row: &Row, holds: &Holds<'_>, zh: &str, en: &str) -> Vec<BrokenRow> {
        let at = self
            .heading
            .columns
            .iter()
            .find(|(_, column)| column.holds == *holds);
        let cell = at.map_or_else(String::new, |(at, _)| {
            format!("{}{}", crate::import::letters(*at), row.number)
        });
        vec![self.broken(
            row,
            CellFault {
                cell,
                reason: Reason::new(zh, en),
            },
        )]
    }
}

/// What became of a row.
enum Outcome {
    /// With what is to be written of it, and what it is about.
    Is(RowState, Option<Box<(Draft, Beside)>>, String),
    Broken(Vec<BrokenRow>),
}

/// What a row is about.
enum Target {
    /// A record that is here.
    Known(Box<RecordRow>),
    /// A record of this id, that begins with this row.
    Begins(NewRecord),
    /// A record that nobody named yet.
    New,
}

/// What a record that a table names is here.
pub(super) struct ImportedAs {
    /// The record, if it is here.
    pub(super) row: Option<RecordRow>,
    /// How it begins if it is not.
    pub(super) begins: NewRecord,
}

impl Node {
    /// What a record that a table names is here. A record of another node keeps nothing of its id, since an id is bound to
    /// where it began: it gets one that follows from it, under the definition that has what it says.
    pub(super) fn imported_as(
        &self,
        secret: &str,
        ledger: &Ledger,
        home: &Space,
        named: &RecordId,
    ) -> Result<ImportedAs, ServiceError> {
        let begins = self.following(secret, "lianzhan/import-record/v1", ledger, home, named)?;
        let under = self.definitions_of(&ledger.id, home);
        let ids = under.iter().map(|hash| begins.under(hash, home).id);
        let row = self.store.read(|reader| {
            for id in std::iter::once(*named).chain(ids) {
                if let Some(row) = reader.record(&id)? {
                    return Ok(Some(row));
                }
            }
            Ok(None)
        })?;
        Ok(ImportedAs { row, begins })
    }

    /// Imports a table that came from here. Beside the report, the ids of the records that are here once it is written.
    pub(in crate::services) async fn import_table(
        &self,
        author: &Author,
        table: Table,
        home: &Space,
        dry_run: bool,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<(ImportReport, Begun), ServiceError> {
        // What is here is compared with what the table says.
        self.settle_views()?;
        let mut taking = Taking {
            node: self,
            author,
            secret: self.kept_secret(files::IMPORT_SECRET)?,
            home: home.clone(),
            year: year(),
            named: BTreeMap::new(),
            begun: Begun::new(),
            equal: BTreeMap::new(),
            dry_run,
            table: &table,
        };
        let mut report = ImportReport {
            dry_run,
            columns: table
                .heading
                .columns
                .iter()
                .map(|(_, column)| (column.zh.clone(), column.en.clone()))
                .collect(),
            unmapped: table.heading.unmapped.clone(),
            ..ImportReport::default()
        };
        let rows = table.sheet.rows.get(table.heading.at + 1..).unwrap_or_default();
        let all = rows.len() as u64;
        let mut writing = Rows::new(self, author);
        for (done, row) in (1_u64..).zip(rows) {
            if table.is_blank(row) {
                report.skipped += 1;
            } else {
                match taking.row(row) {
                    Ok(Outcome::Is(state, writes, title)) => {
                        let read = RowRead {
                            row: row.number,
                            state,
                            title,
                        };
                        writing.push((row, read), writes.map(|writes| *writes));
                    }
                    Ok(Outcome::Broken(faults)) => faults.into_iter().for_each(|fault| report.tell(fault)),
                    Err(error) if error.is_callers() => table.refuse(row, &error, &mut report),
                    Err(error) => return Err(error),
                }
            }
            if done.is_multiple_of(BATCH as u64) || done == all {
                let told = |(row, read): (&Row, RowRead), refused: Option<ServiceError>| match refused {
                    None => report.count(read),
                    Some(error) => {
                        taking.begun.remove(&table.heading.text(row, &Holds::Record));
                        table.refuse(row, &error, &mut report);
                    }
                };
                progress(writing.hand_over(done, told).await?, all);
            }
        }
        writing.settle().await?;
        progress(all, all);
        report.end();
        Ok((report, taking.begun))
    }
}

fn year() -> i16 {
    let now = crate::services::activity::now_stated();
    now.get(..4).and_then(|year| year.parse().ok()).unwrap_or(2026)
}

/// One import that is under way.
struct Taking<'t> {
    node: &'t Node,
    author: &'t Author,
    table: &'t Table,
    secret: String,
    home: Space,
    year: i16,
    /// The rows of the records that the table has named so far.
    named: BTreeMap<String, u32>,
    /// Of these, the ones that begin with the table.
    begun: Begun,
    /// Rows that say the same and name no record.
    equal: BTreeMap<[u8; 32], u32>,
    dry_run: bool,
}

impl Taking<'_> {
    fn row(&mut self, row: &Row) -> Result<Outcome, ServiceError> {
        let table = self.table;
        let id = table.heading.text(row, &Holds::Record);
        let target = match self.target(&id)? {
            Some(target) => target,
            None => {
                let (zh, en) = (
                    "这不是记录编号，或者这条记录不在这本台账里。新的一行请把这一格留空",
                    "this is no record's id, or that of a record of another ledger; leave it empty for a new record",
                );
                return Ok(Outcome::Broken(table.told(row, &Holds::Record, zh, en)));
            }
        };
        if !id.is_empty()
            && let Some(before) = self.named.insert(id.clone(), row.number)
        {
            let (zh, en) = (
                format!("这条记录在第 {before} 行已经有了，请删去一行"),
                format!("row {before} is about the same record; take one of them out"),
            );
            return Ok(Outcome::Broken(table.told(row, &Holds::Record, &zh, &en)));
        }
        match target {
            Target::Known(known) => self.amend(row, &known),
            Target::Begins(begins) => {
                let outcome = self.begin(row, Some(begins))?;
                if matches!(outcome, Outcome::Is(..)) {
                    self.begun.insert(id);
                }
                Ok(outcome)
            }
            Target::New => self.begin(row, None),
        }
    }

    /// What a row is about by the id that it names.
    fn target(&self, id: &str) -> Result<Option<Target>, ServiceError> {
        if id.is_empty() {
            return Ok(Some(Target::New));
        }
        let Some(named) = RecordId::parse(id) else {
            return Ok(None);
        };
        let ledger = self.table.ledger;
        let ImportedAs { row, begins } = self.node.imported_as(&self.secret, ledger, &self.home, &named)?;
        Ok(match row {
            Some(row) => (row.ledger == ledger.id).then(|| Target::Known(Box::new(row))),
            None => Some(Target::Begins(begins)),
        })
    }

    fn reader<'r>(&'r self, row: &'r Row, known: bool, resolve: super::read::Resolve<'r>) -> RowReader<'r> {
        RowReader {
            heading: &self.table.heading,
            row,
            guarded: self.table.guarded,
            year: self.year,
            resolve,
            known,
        }
    }

    fn title(&self, values: &Values) -> String {
        let title = crate::views::title_field(self.table.ledger).and_then(|field| values.get(&field.id));
        title
            .and_then(Value::as_text)
            .map(|text| text.chars().take(60).collect())
            .unwrap_or_default()
    }

    /// What a row changes of a record that is here.
    fn amend(&self, row: &Row, known: &RecordRow) -> Result<Outcome, ServiceError> {
        let (node, table) = (self.node, self.table);
        let state = RowValues::of(&known.state);
        let current = state.values(table.ledger);
        let seen = self.seen(row, &state);
        let detail = match seen.is_empty() {
            true => None,
            false => Some(node.record_detail(&known.record)?),
        };
        // What the record said when the table was made: what others wrote since is not taken back.
        let base: Values = match &detail {
            Some(detail) => {
                let (values, _) = node.values_of(detail, &seen);
                values
                    .into_iter()
                    .filter(|(key, _)| table.ledger.resolve(key).is_some())
                    .collect()
            }
            None => current.clone(),
        };
        let resolve = |field: &Field, text: &str| node.reference(field, text);
        let reader = self.reader(row, true, &resolve);
        let mut faults = Vec::new();
        let mut main = reader.read(table.ledger, &base, &mut faults);
        if detail.is_some() {
            settle(&base, &current, &mut main);
        }
        let parts = match table.annexes.is_empty() {
            true => BTreeMap::new(),
            false => node.personal_parts(self.author, known, &table.annexes)?,
        };
        let empty = Values::new();
        let mut annexes = BTreeMap::new();
        for annex in &table.annexes {
            let before = parts.get(&annex.id).unwrap_or(&empty);
            let after = reader.read(annex, before, &mut faults);
            if after != *before {
                annexes.insert(annex.id.clone(), after);
            }
        }
        if !faults.is_empty() {
            return Ok(Outcome::Broken(
                faults.into_iter().map(|fault| table.broken(row, fault)).collect(),
            ));
        }
        let title = self.title(&main);
        if main == base && annexes.is_empty() {
            return Ok(Outcome::Is(RowState::Known, None, title));
        }
        if self.dry_run {
            let faults = unsound(table.ledger, &main);
            if !faults.is_empty() {
                return Err(ServiceError::Fields(faults));
            }
            let changed = NewEntry {
                ledger: table.ledger.id.clone(),
                space: node.record_detail(&known.record)?.space,
                main: differing(&base, main),
                annexes,
                cleared: Default::default(),
            };
            node.screen_entry(table.ledger, &changed)?;
            return Ok(Outcome::Is(RowState::Changed, None, title));
        }
        let detail = match detail {
            Some(detail) => detail,
            None => node.record_detail(&known.record)?,
        };
        let amendment = Amendment {
            seen,
            main,
            annexes,
            cleared: Default::default(),
        };
        let writes = node.amendment_draft(self.author, &detail, amendment, None)?;
        Ok(Outcome::Is(RowState::Changed, writes.map(Box::new), title))
    }

    /// The changes that the author of the table had seen, where the record has gone on since.
    fn seen(&self, row: &Row, state: &RowValues) -> Vec<ChangeId> {
        let text = self.table.heading.text(row, &Holds::Version);
        let mut seen = Vec::new();
        for short in text.split_whitespace() {
            let found = state
                .changes()
                .find(|id| short.len() == super::give::VERSION_LEN && id.starts_with(short));
            match found.and_then(ChangeId::parse) {
                Some(id) => seen.push(id),
                // A version of another node says nothing here.
                None => return Vec::new(),
            }
        }
        let heads: Vec<ChangeId> = state.heads().filter_map(ChangeId::parse).collect();
        let level = heads.len() == seen.len() && heads.iter().all(|head| seen.contains(head));
        if level { Vec::new() } else { seen }
    }

    /// Begins a record with a row.
    fn begin(&mut self, row: &Row, begins: Option<NewRecord>) -> Result<Outcome, ServiceError> {
        let (node, table) = (self.node, self.table);
        let resolve = |field: &Field, text: &str| node.reference(field, text);
        let reader = self.reader(row, false, &resolve);
        let mut faults = Vec::new();
        let main = reader.read(table.ledger, &Values::new(), &mut faults);
        let mut annexes = BTreeMap::new();
        for annex in &table.annexes {
            let values = reader.read(annex, &Values::new(), &mut faults);
            if !values.is_empty() {
                annexes.insert(annex.id.clone(), values);
            }
        }
        if !faults.is_empty() {
            return Ok(Outcome::Broken(
                faults.into_iter().map(|fault| table.broken(row, fault)).collect(),
            ));
        }
        let faults = unsound(table.ledger, &main);
        if !faults.is_empty() {
            return Err(ServiceError::Fields(faults));
        }
        let title = self.title(&main);
        let keys = main.keys().map(String::as_str);
        let (definition, _) = node.naming(&table.ledger.id, &self.home, keys)?;
        let begins = match begins {
            Some(begins) => begins.under(&definition, &self.home),
            None => {
                let good = GoodRow {
                    row: row.number,
                    main: main.clone().into_iter().collect(),
                    annexes: annexes
                        .iter()
                        .map(|(id, values)| (id.clone(), values.clone().into_iter().collect()))
                        .collect(),
                };
                row_id(
                    &self.secret,
                    &table.ledger.id,
                    &good,
                    (&self.home, &definition),
                    &mut self.equal,
                )
            }
        };
        if node.store.read(|reader| reader.space_of(&begins.id))?.is_some() {
            return Ok(Outcome::Is(RowState::Known, None, title));
        }
        if !node.may_put(self.author, &table.ledger.id, &self.home) {
            return Err(ServiceError::NotAllowed(
                "your post does not write this ledger at this node".into(),
            ));
        }
        let entry = NewEntry {
            ledger: table.ledger.id.clone(),
            space: self.home.clone(),
            main,
            annexes,
            cleared: Default::default(),
        };
        if self.dry_run {
            node.screen_entry(table.ledger, &entry)?;
            return Ok(Outcome::Is(RowState::New, None, title));
        }
        let draft = node.entry_draft(self.author, table.ledger, entry, Some(begins))?;
        let writes = Box::new((draft, Beside::default()));
        Ok(Outcome::Is(RowState::New, Some(writes), title))
    }
}

/// The values that a row says otherwise than the record did.
fn differing(base: &Values, mut main: Values) -> Values {
    main.retain(|key, value| base.get(key) != Some(value));
    main
}

/// What the record says by now anyway is no change of the row.
fn settle(base: &Values, current: &Values, wanted: &mut Values) {
    let keys: Vec<String> = base.keys().chain(wanted.keys()).cloned().collect();
    for key in keys {
        if wanted.get(&key) == current.get(&key) {
            match base.get(&key) {
                Some(value) => drop(wanted.insert(key, value.clone())),
                None => drop(wanted.remove(&key)),
            }
        }
    }
}
