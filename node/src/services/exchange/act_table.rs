//! A table of events as it came: its columns, its cells, and where in it something is wrong.

use lianzhan_protocol::record::ledger::Ledger;

use super::Words;
use super::columns::{RECORD, folded};
use super::events::{COLUMNS, Says, sheet_name};
use super::read::normal;
use crate::export::unguard;
use crate::import::{CellValue, Row, Sheet, letters, read_date_time, read_sheet_named};
use crate::services::ServiceError;
use crate::services::import::BrokenRow;

/// Rows in which the heading may stand.
const HEADING_WITHIN: usize = 30;

/// A table of events.
pub(in crate::services) struct EventTable {
    pub(super) ledger: &'static Ledger,
    sheet: Sheet,
    /// The place of its heading among the rows.
    at: usize,
    /// The place of each column that is there.
    places: Vec<(Says, usize)>,
    /// Headings of the others.
    pub(super) unmapped: Vec<String>,
    /// Whether it is text, in which apostrophes stand before what a spreadsheet would run.
    guarded: bool,
    /// The name of the sheet, where the workbook has others.
    named: Option<String>,
}

impl EventTable {
    /// The table, if the sheet is one; else the sheet itself.
    pub(in crate::services) fn find(
        ledger: &'static Ledger,
        sheet: Sheet,
        guarded: bool,
    ) -> Result<Self, Sheet> {
        let rows = sheet.rows.iter().take(HEADING_WITHIN).enumerate();
        let mut headings = rows.map(|(at, row)| (at, heading(row)));
        let told = |places: &[(Says, usize)]| {
            [Says::Record, Says::Kind, Says::Change]
                .iter()
                .all(|says| places.iter().any(|(of, _)| of == says))
        };
        let Some((at, (places, unmapped))) = headings.find(|(_, (places, _))| told(places)) else {
            return Err(sheet);
        };
        Ok(EventTable {
            ledger,
            sheet,
            at,
            places,
            unmapped,
            guarded,
            named: None,
        })
    }

    /// The sheet of events of a workbook whose first sheet holds the records.
    pub(in crate::services) fn beside(
        ledger: &'static Ledger,
        file: &[u8],
    ) -> Result<Option<Self>, ServiceError> {
        let names = [Words::Zh, Words::En].map(sheet_name);
        let sheet = read_sheet_named(file, &names)?;
        let table = sheet.and_then(|sheet| EventTable::find(ledger, sheet, false).ok());
        Ok(table.map(|table| EventTable {
            named: Some(table.sheet.name.clone()),
            ..table
        }))
    }

    /// The rows below the heading.
    pub(super) fn rows(&self) -> &[Row] {
        self.sheet.rows.get(self.at + 1..).unwrap_or_default()
    }

    /// The headings of the columns that are there, in Chinese and English.
    pub(super) fn headings(&self) -> Vec<(String, String)> {
        let known = self
            .places
            .iter()
            .filter_map(|(says, _)| COLUMNS.iter().find(|(of, ..)| of == says));
        known
            .map(|(_, zh, en, _)| ((*zh).to_owned(), (*en).to_owned()))
            .collect()
    }

    /// What a cell holds.
    pub(super) fn value(&self, row: &Row, says: Says) -> CellValue {
        let place = self.places.iter().find(|(of, _)| *of == says);
        match place.map(|(_, at)| &row.cell(*at).value) {
            Some(CellValue::Text(text)) if self.guarded => {
                CellValue::Text(unguard(&normal(text)).trim().to_owned())
            }
            Some(CellValue::Text(text)) => CellValue::Text(normal(text).trim().to_owned()),
            Some(other) => other.clone(),
            None => CellValue::Empty,
        }
    }

    /// The same as text.
    pub(super) fn text(&self, row: &Row, says: Says) -> String {
        self.value(row, says).to_text()
    }

    /// Whether nothing stands in a row.
    pub(super) fn is_blank(&self, row: &Row) -> bool {
        self.places.iter().all(|(_, at)| row.cell(*at).value.is_empty())
    }

    /// What is wrong with a row, at a cell.
    pub(super) fn broken(&self, row: &Row, says: Says, (zh, en): (&str, &str)) -> BrokenRow {
        let place = self.places.iter().find(|(of, _)| *of == says);
        let cell = place.map_or_else(String::new, |(_, at)| format!("{}{}", letters(*at), row.number));
        BrokenRow {
            cell: self.within(cell),
            row: row.number,
            zh: zh.to_owned(),
            en: en.to_owned(),
        }
    }

    /// A cell as people find it who have several sheets.
    fn within(&self, cell: String) -> String {
        match &self.named {
            Some(name) => format!("{name}!{cell}"),
            None => cell,
        }
    }
}

/// The columns that a row names, and what else it says.
fn heading(row: &Row) -> (Vec<(Says, usize)>, Vec<String>) {
    let (mut places, mut unmapped) = (Vec::new(), Vec::new());
    for (at, cell) in row.cells.iter().enumerate() {
        let CellValue::Text(text) = &cell.value else {
            continue;
        };
        let own = folded(text);
        let found = COLUMNS.iter().find(|(says, zh, en, _)| match says {
            Says::Record => ["记录编号", "Record ID", RECORD].map(folded).contains(&own),
            _ => [zh, en].iter().any(|heading| folded(heading) == own),
        });
        match found {
            Some((says, ..)) if !places.iter().any(|(of, _)| of == says) => places.push((*says, at)),
            _ => unmapped.push(text.clone()),
        }
    }
    (places, unmapped)
}

/// When something happened, as a cell says it: a day, or a day with a time.
pub(super) fn stated(cell: &CellValue) -> Option<String> {
    let now = crate::services::activity::now_stated();
    let year = now.get(..4).and_then(|year| year.parse().ok()).unwrap_or(2026);
    // As it was given out, to the second; else as clerks write it.
    let exact = match cell {
        CellValue::Text(text) => text.parse::<jiff::civil::DateTime>().ok(),
        _ => None,
    };
    let at = exact.or_else(|| read_date_time(cell, year))?;
    Some(match at.time() == jiff::civil::Time::midnight() {
        true => at.date().to_string(),
        false => format!("{}+08:00", at.strftime("%Y-%m-%dT%H:%M:%S")),
    })
}
