//! Which column is which field. The heading row is found by the labels and synonyms of the ledger.

use std::collections::{BTreeMap, BTreeSet};

use lianzhan_protocol::record::ledger::{Field, FieldKind, Keys, Ledger, Required};

use super::sheet::{CellValue, Row, Sheet};
use super::words::fold_heading;

/// Rows in which a heading may stand, below titles and notes.
const HEADING_WITHIN: usize = 30;
/// Fields that a row must name to be a heading.
const HEADING_FIELDS: usize = 2;

/// A column and the field that it fills.
pub(super) struct Column<'a> {
    /// From 0.
    pub(super) at: usize,
    /// The heading as it stands in the file.
    pub(super) heading: String,
    pub(super) ledger: &'a Ledger,
    pub(super) field: &'a Field,
}

/// The heading row of a sheet.
pub(super) struct Heading<'a> {
    /// Its index among the rows of the sheet.
    pub(super) at: usize,
    pub(super) columns: Vec<Column<'a>>,
    pub(super) unmapped: Vec<String>,
}

/// Finds the row that names the most fields; the first of equals.
pub(super) fn find<'a>(main: &'a Ledger, annexes: &[&'a Ledger], sheet: &Sheet) -> Option<Heading<'a>> {
    let words = words(main, annexes);
    let mut best: Option<Heading<'a>> = None;
    for (at, row) in sheet.rows.iter().take(HEADING_WITHIN).enumerate() {
        let (columns, unmapped) = match_row(&words, row);
        if columns.len()
            > best
                .as_ref()
                .map_or(HEADING_FIELDS - 1, |best| best.columns.len())
        {
            best = Some(Heading {
                at,
                columns,
                unmapped,
            });
        }
    }
    best
}

impl Heading<'_> {
    /// Whether a row below repeats the heading, as on each printed page.
    pub(super) fn is_repeated_by(&self, row: &Row) -> bool {
        let same = |column: &&Column<'_>| match &row.cell(column.at).value {
            CellValue::Text(text) => super::words::line(text) == column.heading,
            _ => false,
        };
        self.columns.iter().filter(same).count() * 2 > self.columns.len()
    }
}

type Words<'a> = BTreeMap<String, (&'a Ledger, &'a Field)>;

/// Every heading that stands for a field. A label of the record wins over its synonyms, and both over its annexes.
fn words<'a>(main: &'a Ledger, annexes: &[&'a Ledger]) -> Words<'a> {
    let mut words = Words::new();
    for ledger in std::iter::once(main).chain(annexes.iter().copied()) {
        let fields = || ledger.fields.iter().filter(|field| takes_cells(field));
        let labels = fields().flat_map(|field| [&field.zh, &field.en, &field.id].map(|word| (word, field)));
        let synonyms = fields().flat_map(|field| field.synonyms.iter().map(move |word| (word, field)));
        for (word, field) in labels.chain(synonyms) {
            words.entry(fold_heading(word)).or_insert((ledger, field));
        }
    }
    words
}

/// A cell holds no file and nothing that has parts; members with names of their own have no cell; and what the program fills
/// in is not asked for. Of references it holds the name of the record, where no record can do without: others are matched
/// later.
fn takes_cells(field: &Field) -> bool {
    let named = field.many || field.keys.as_ref().is_some_and(|keys| *keys != Keys::Order);
    let held = match field.kind {
        FieldKind::Ref { .. } => field.required == Required::Required,
        FieldKind::Blob | FieldKind::Struct | FieldKind::Geo | FieldKind::Rid | FieldKind::Data => false,
        _ => true,
    };
    held && !named && !field.auto
}

fn match_row<'a>(words: &Words<'a>, row: &Row) -> (Vec<Column<'a>>, Vec<String>) {
    let (mut columns, mut unmapped, mut taken) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (at, cell) in row.cells.iter().enumerate() {
        let heading = super::words::line(&cell.value.to_text());
        match words.get(&fold_heading(&heading)) {
            Some((ledger, field)) if taken.insert((&ledger.id, &field.id)) => {
                columns.push(Column {
                    at,
                    heading,
                    ledger,
                    field,
                });
            }
            _ if heading.is_empty() || cell.filled => {}
            _ => unmapped.push(heading),
        }
    }
    (columns, unmapped)
}

/// The letters of a column, from 0 for A.
pub fn letters(mut column: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + u8::try_from(column % 26).unwrap_or(0)));
        if column < 26 {
            break;
        }
        column = column / 26 - 1;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn columns_have_the_letters_of_a_spreadsheet() {
        let shown: Vec<String> = [0, 25, 26, 51, 52, 255].into_iter().map(letters).collect();
        assert_eq!(shown, ["A", "Z", "AA", "AZ", "BA", "IV"]);
    }
}
