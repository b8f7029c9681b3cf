//! Tables for spreadsheets: rows of typed cells become the bytes of a workbook or of comma-separated text, row by row, so
//! that a table of any length costs the memory of one row. Pure: it knows no store and no screen, and what it writes it
//! writes to its caller alone: no temporary file ever holds what a table says.

mod csv;
mod xlsx;

use jiff::civil::{Date, DateTime};

pub use self::csv::{CsvTable, Encoding};
pub use self::xlsx::Workbook;

/// What a cell holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// Text, also of digits: a code or a telephone number is no number.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A number of units of 10^-scale.
    Dec {
        /// The units.
        units: i64,
        /// Digits after the point.
        scale: u8,
    },
    /// A day.
    Date(Date),
    /// A day and a time of day.
    Time(DateTime),
}

/// How a column is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// A few signs: a number, a day, an option.
    Narrow,
    /// A line.
    Line,
    /// Text that wraps.
    Wide,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What stands in the first row.
    pub heading: String,
    /// How wide it is.
    pub width: Width,
    /// Whether what people type into an empty cell stays text.
    pub text: bool,
}

impl Cell {
    /// The cell as text, as comma-separated files have it.
    pub fn to_text(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Text(text) => text.clone(),
            Cell::Int(number) => number.to_string(),
            Cell::Dec { units, scale } => decimal(*units, *scale),
            Cell::Date(day) => day.to_string(),
            Cell::Time(at) if at.second() == 0 => at.strftime("%Y-%m-%d %H:%M").to_string(),
            Cell::Time(at) => at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        }
    }
}

/// A number of units with its point; all digits of the scale stand.
fn decimal(units: i64, scale: u8) -> String {
    let digits = usize::from(scale);
    let sign = if units < 0 { "-" } else { "" };
    let text = format!("{:0width$}", units.unsigned_abs(), width = digits + 1);
    match text.split_at(text.len() - digits) {
        (whole, "") => format!("{sign}{whole}"),
        (whole, part) => format!("{sign}{whole}.{part}"),
    }
}

/// Signs by which spreadsheets take a text for a formula, half and full width.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

fn is_run(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA)
}

/// A text that a spreadsheet would run as a formula, with an apostrophe in front; [`unguard`] takes it away again.
pub fn guard(text: &str) -> String {
    match is_run(text) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// What [`guard`] was given.
pub fn unguard(text: &str) -> &str {
    text.strip_prefix('\'')
        .filter(|rest| is_run(rest))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_guarded_is_no_formula_and_comes_back() {
        for start in FORMULA {
            let text = format!("{start}1+2");
            assert!(guard(&text).starts_with('\''), "{start:?}");
        }
        for text in ["=1", "'=1", "''＝1", "'好", "'", "5-3", "", "\n", "路灯"] {
            assert_eq!(unguard(&guard(text)), text);
        }
        assert_eq!(guard("5-3"), "5-3");
        assert_eq!(guard("'好"), "'好");
    }

    #[test]
    fn numbers_and_days_as_text() {
        assert_eq!(Cell::Dec { units: -5, scale: 1 }.to_text(), "-0.5");
        assert_eq!(Cell::Dec { units: 150, scale: 2 }.to_text(), "1.50");
        assert_eq!(Cell::Dec { units: 7, scale: 0 }.to_text(), "7");
        let at = DateTime::constant(2026, 4, 16, 9, 52, 0, 0);
        assert_eq!(Cell::Time(at).to_text(), "2026-04-16 09:52");
        assert_eq!(Cell::Date(at.date()).to_text(), "2026-04-16");
    }
}
