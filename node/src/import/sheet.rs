//! A sheet: numbered rows of typed cells, whatever file they came from.

use jiff::civil::DateTime;

use super::{FILE_MAX, ImportError, text, xlsx};

/// One sheet of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// The name of the sheet, or of the file if it has but one.
    pub name: String,
    /// Every row from the first of the file to the last with content, blank ones included.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its number in the file, from 1.
    pub number: u32,
    /// Its cells from column A on; what lies beyond the last is empty.
    pub cells: Vec<Cell>,
}

impl Row {
    /// The cell in a column, from 0.
    pub fn cell(&self, column: usize) -> &Cell {
        const NOTHING: &Cell = &Cell {
            value: CellValue::Empty,
            filled: false,
        };
        self.cells.get(column).unwrap_or(NOTHING)
    }
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cell {
    /// What it shows.
    pub value: CellValue,
    /// Whether it has this from the merged cell that it is part of.
    pub filled: bool,
}

/// What a cell holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum CellValue {
    /// Nothing, or only spaces.
    #[default]
    Empty,
    /// Text.
    Text(String),
    /// A whole number of at most 15 digits.
    Int(i64),
    /// Another number.
    Dec(f64),
    /// Yes or no.
    Bool(bool),
    /// A date, with a time or midnight.
    Date(DateTime),
    /// A number of more than 15 digits, of which a spreadsheet keeps only the first 15.
    TooLong,
    /// A formula that failed, as in `#REF!`.
    Fault(String),
}

impl CellValue {
    /// Whether nothing stands there.
    pub fn is_empty(&self) -> bool {
        *self == CellValue::Empty
    }

    /// The cell as text, as it would be typed.
    pub fn to_text(&self) -> String {
        match self {
            CellValue::Empty | CellValue::TooLong => String::new(),
            CellValue::Text(text) | CellValue::Fault(text) => text.clone(),
            CellValue::Int(number) => number.to_string(),
            CellValue::Dec(number) => number.to_string(),
            CellValue::Bool(value) => if *value { "是" } else { "否" }.to_owned(),
            CellValue::Date(at) => at.date().to_string(),
        }
    }

    /// A number as a cell keeps it.
    pub(super) fn number(number: f64) -> Self {
        // The first number with 16 digits; every whole number below it is exact.
        const LIMIT: f64 = 1e15;
        if !number.is_finite() || number.abs() >= LIMIT {
            CellValue::TooLong
        } else if number.fract() == 0.0 {
            #[expect(clippy::cast_possible_truncation, reason = "whole and below 1e15")]
            CellValue::Int(number as i64)
        } else {
            CellValue::Dec(number)
        }
    }

    /// Text, or nothing if only spaces stand there.
    pub(super) fn text(text: &str) -> Self {
        if text.trim().is_empty() {
            CellValue::Empty
        } else {
            CellValue::Text(text.to_owned())
        }
    }
}

/// Reads the first sheet with content. What the bytes are decides how, the name only where the bytes do not tell.
pub fn read_sheet(file_name: &str, bytes: &[u8]) -> Result<Sheet, ImportError> {
    if bytes.len() > FILE_MAX {
        return Err(ImportError::TooLarge);
    }
    let extension = file_name
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase());
    if bytes.starts_with(b"PK") {
        xlsx::read(bytes)
    } else if matches!(extension.as_deref(), Some("csv" | "tsv" | "txt")) {
        text::read(file_name, bytes)
    } else {
        Err(ImportError::Format)
    }
}

/// Reads the sheet of a workbook that has one of these names. None where none has, and of what is no workbook.
pub fn read_sheet_named(bytes: &[u8], names: &[&str]) -> Result<Option<Sheet>, ImportError> {
    if bytes.len() > FILE_MAX {
        return Err(ImportError::TooLarge);
    }
    match bytes.starts_with(b"PK") {
        true => xlsx::read_named(bytes, names),
        false => Ok(None),
    }
}
