//! Giving a ledger out as a table, record by record, however many they are.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use lianzhan_protocol::id::{OrgId, RecordId};
use lianzhan_protocol::record::ledger::Ledger;
use lianzhan_protocol::trust::Org;

use super::cells::{self, Titles};
use super::columns::{Column, Holds, columns};
use super::{Export, Form, RowValues, Rows, Words, events};
use crate::export::{Cell, CsvTable, Workbook};
use crate::services::ledger::{Values, annexes_of};
use crate::services::lineage::Owner;
use crate::services::{Author, Load, Node, RecordRow, ServiceError};
use crate::store::RowFilter;

/// Records that are read at a time.
const BATCH: usize = 200;
/// Titles of records that rows name, kept so as not to be looked up again.
const TITLES_MAX: usize = 10_000;
/// Digits of a change's id in the column of versions: enough to tell it among those of its record.
pub(super) const VERSION_LEN: usize = 16;

impl Node {
    /// Writes a ledger as a table to `out` and says how many records it was. `author` is whoever asks: personal parts go to
    /// a person alone whose org may hold them. `progress` is told records done, of how many.
    pub fn export(
        &self,
        author: Option<&Author>,
        export: &Export,
        out: impl Write,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<u64, ServiceError> {
        let ledger = self.book(&export.ledger)?;
        let filter = RowFilter {
            glance: false,
            ..export.asked.filter(self, ledger)?
        };
        let annexes: Vec<&Ledger> = match (export.personal, author) {
            (false, _) => Vec::new(),
            (true, Some(_)) => annexes_of(ledger).collect(),
            (true, None) => {
                return Err(ServiceError::NotAllowed(
                    "personal parts are exported by a person who is signed in".into(),
                ));
            }
        };
        let ids = match export.rows {
            Rows::None => Vec::new(),
            Rows::Records | Rows::Events => {
                // Words that nobody cleared leave in no table.
                self.leaving(&self.store.read(|reader| reader.record_ids(&ledger.id, &filter))?)?
            }
        };
        if let (Some(author), true) = (author, export.personal) {
            self.note_export(author, &ids)?;
        }
        let mut table = RecordTable {
            node: self,
            author: author.filter(|_| export.personal),
            columns: columns(ledger, &annexes),
            annexes,
            ledger,
            words: export.words,
            titles: HashMap::new(),
        };
        // A workbook goes through the records twice: its second sheet holds their events.
        let rounds = if export.form == Form::Xlsx { 2 } else { 1 };
        let all = ids.len() as u64 * rounds;
        let mut done = 0;
        let mut told = |n: usize| {
            done += n as u64;
            progress(done, all);
        };
        match export.form {
            Form::Xlsx => {
                let own = match export.words {
                    Words::Zh => ledger.zh.as_str(),
                    Words::En => ledger.en.as_str(),
                };
                let sheets = [own, events::sheet_name(export.words)];
                let mut writer = Workbook::new(out, &sheets).map_err(broken)?;
                let layout: Vec<_> = table
                    .columns
                    .iter()
                    .map(|column| column.layout(export.words))
                    .collect();
                writer.sheet(&layout).map_err(broken)?;
                table.each(&ids, Rows::Records, |cells| writer.row(cells), &mut told)?;
                writer.sheet(&events::columns(export.words)).map_err(broken)?;
                table.each(&ids, Rows::Events, |cells| writer.row(cells), &mut told)?;
                writer.finish().map_err(broken)?;
            }
            Form::Csv(encoding) => {
                let layout: Vec<_> = match export.rows {
                    Rows::Records | Rows::None => table
                        .columns
                        .iter()
                        .map(|column| column.layout(export.words))
                        .collect(),
                    Rows::Events => events::columns(export.words),
                };
                let headings = layout.iter().map(|column| column.heading.as_str());
                let mut writer = CsvTable::new(out, encoding, headings).map_err(broken)?;
                table.each(&ids, export.rows, |cells| writer.row(cells), &mut told)?;
                writer.finish().map_err(broken)?;
            }
        }
        Ok(ids.len() as u64)
    }

    /// Whether a person may see personal parts of records of a ledger that belong to this node's org.
    pub fn may_see_parts(&self, author: &Author, ledger: &Ledger) -> bool {
        let directory = self.directory();
        self.card(author).is_ok_and(|card| {
            annexes_of(ledger).any(|annex| directory.may_hold(&card.org, &self.own_space(annex.audience)))
        })
    }

    /// The personal parts of a record that are open here and that the org of `author` may hold, by ledger. Every value of
    /// an annex that leaves in a table comes through here.
    pub(super) fn personal_parts(
        &self,
        author: &Author,
        row: &RecordRow,
        annexes: &[&Ledger],
    ) -> Result<BTreeMap<String, Values>, ServiceError> {
        let card = self.card(author)?;
        let wanted: Vec<&str> = annexes.iter().map(|annex| annex.id.as_str()).collect();
        if wanted.is_empty() {
            return Ok(BTreeMap::new());
        }
        Ok(self.store.read(|reader| {
            let mut load = Load::new(self, reader);
            let mut parts = BTreeMap::new();
            for annex in reader.annexes(&row.record)? {
                let Some(loaded) = load.record(&annex.record)? else {
                    continue;
                };
                // By the annex's own space: after a move of its owner another line holds what is written anew.
                if !load.directory().may_hold(&card.org, &loaded.space) {
                    continue;
                }
                let state = load.fold(&loaded);
                let ledger = state.definition.and_then(|hash| self.definition(&hash));
                let Some(ledger) = ledger.filter(|ledger| wanted.contains(&ledger.id.as_str())) else {
                    continue;
                };
                let fields = state.fields.into_iter().filter(|(key, _)| key != "of");
                let values: Values = fields.map(|(key, field)| (key, field.value)).collect();
                parts.insert(ledger.id.clone(), values);
            }
            Ok(parts)
        })?)
    }
}

/// A table fails where it is written to.
fn broken(error: io::Error) -> ServiceError {
    match error.kind() {
        io::ErrorKind::InvalidData => ServiceError::Bad(error.to_string()),
        _ => ServiceError::Disk {
            path: "the table".into(),
            error,
        },
    }
}

struct RecordTable<'n> {
    node: &'n Node,
    /// Whoever may see personal parts, where they are asked for.
    author: Option<&'n Author>,
    columns: Vec<Column<'static>>,
    annexes: Vec<&'static Ledger>,
    ledger: &'static Ledger,
    words: Words,
    titles: HashMap<String, Option<String>>,
}

impl RecordTable<'_> {
    /// Writes the rows of all records.
    fn each(
        &mut self,
        ids: &[RecordId],
        rows: Rows,
        mut write: impl FnMut(&[Cell]) -> io::Result<()>,
        told: &mut impl FnMut(usize),
    ) -> Result<(), ServiceError> {
        for some in ids.chunks(BATCH) {
            let found = self.node.store.read(|reader| {
                some.iter()
                    .map(|id| reader.record(id))
                    .collect::<Result<Vec<_>, _>>()
            })?;
            // What is erased meanwhile is in no ledger any more.
            for row in found
                .into_iter()
                .flatten()
                .filter(|row| row.ledger == self.ledger.id)
            {
                match rows {
                    Rows::Records | Rows::None => write(&self.row(&row)?).map_err(broken)?,
                    Rows::Events => {
                        let owner = self.owner(&row);
                        for cells in self.node.event_rows(&row, self.words, &owner) {
                            write(&cells).map_err(broken)?;
                        }
                    }
                }
            }
            told(some.len());
        }
        Ok(())
    }

    fn owner(&self, row: &RecordRow) -> String {
        let directory = self.node.directory();
        Owner::of(&directory, &row.owner, &row.space).map_or_else(
            || row.owner.to_string(),
            |owner| owner.words(self.words, |org| self.name(org)),
        )
    }

    fn name(&self, org: &Org) -> String {
        match self.words {
            Words::Zh => org.name_zh.clone(),
            Words::En => org.name_en.clone(),
        }
    }

    fn row(&mut self, row: &RecordRow) -> Result<Vec<Cell>, ServiceError> {
        let state = RowValues::of(&row.state);
        let main = state.values(self.ledger);
        let parts = match self.author {
            Some(author) => self.node.personal_parts(author, row, &self.annexes)?,
            None => BTreeMap::new(),
        };
        self.know_titles(&main)?;
        let empty = Values::new();
        let titles: Titles<'_> = &|id| self.titles.get(id).cloned().flatten();
        let cells = self.columns.iter().map(|column| match column.holds {
            Holds::Record => Cell::Text(row.record.to_string()),
            Holds::Owner => Cell::Text(self.owner(row)),
            Holds::Version => {
                let heads = state.heads().filter_map(|head| head.get(..VERSION_LEN));
                Cell::Text(heads.collect::<Vec<_>>().join(" "))
            }
            _ => {
                let values = match column.ledger.id == self.ledger.id {
                    true => &main,
                    false => parts.get(&column.ledger.id).unwrap_or(&empty),
                };
                cells::cell(column, values, self.words, titles)
            }
        });
        Ok(cells.collect())
    }

    /// Looks up what the records are called that these values name.
    fn know_titles(&mut self, values: &Values) -> Result<(), ServiceError> {
        if self.titles.len() > TITLES_MAX {
            self.titles.clear();
        }
        let mut ids: Vec<&str> = Vec::new();
        for (key, value) in values {
            let Some(place) = self.ledger.place(key) else {
                continue;
            };
            if place.field.kind.targets().next().is_some() {
                ids.extend(value.as_text());
            }
            ids.extend(place.member.filter(|member| RecordId::parse(member).is_some()));
        }
        for id in ids {
            if self.titles.contains_key(id) {
                continue;
            }
            let title = self.title(id)?;
            self.titles.insert(id.to_owned(), title);
        }
        Ok(())
    }

    fn title(&self, id: &str) -> Result<Option<String>, ServiceError> {
        let directory = self.node.directory();
        if let Some(org) = OrgId::parse(id).and_then(|id| directory.org(&id)) {
            return Ok(Some(self.name(org)));
        }
        let Some(id) = RecordId::parse(id) else {
            return Ok(None);
        };
        let found = self.node.named_record(&id)?;
        Ok(found.map(|found| found.title).filter(|title| !title.is_empty()))
    }
}
