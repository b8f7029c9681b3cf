//! Templates: values that are a short table. A line for each row, its cells with `|` between them.

use std::collections::BTreeSet;
use std::fmt;

use super::value::{ValueFault, number};

/// Most rows of a template.
const ROWS_MAX: usize = 200;

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// An identifier that no other row has: small letters, digits, dots and `_`.
    Id,
    /// Words.
    Words,
    /// A whole number.
    Number,
    /// `yes` or `no`.
    YesNo,
}

/// A column of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its heading on Chinese screens.
    pub zh: &'static str,
    /// Its heading on English screens.
    pub en: &'static str,
    /// What stands in it.
    pub cell: Cell,
}

/// The rows of a template, each with as many cells as there are columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    rows: Vec<Vec<String>>,
}

impl Rows {
    /// Reads the rows of a template with these columns.
    pub fn parse(columns: &[Column], text: &str) -> Result<Self, ValueFault> {
        let mut rows = Vec::new();
        let mut ids = BTreeSet::new();
        for (n, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            let n = n + 1;
            let cells: Vec<String> = line.split('|').map(|cell| cell.trim().to_owned()).collect();
            if cells.len() != columns.len() {
                let count = columns.len();
                return Err(ValueFault::new(
                    format!("第{n}行：应有 {count} 格，用“|”隔开"),
                    format!("line {n}: {count} cells with | between them"),
                ));
            }
            for (column, cell) in columns.iter().zip(&cells) {
                if !column.cell.takes(cell) || (column.cell == Cell::Id && !ids.insert(cell.clone())) {
                    return Err(ValueFault::new(
                        format!("第{n}行：“{}”不对", column.zh),
                        format!("line {n}: {} is not right", column.en),
                    ));
                }
            }
            rows.push(cells);
        }
        if rows.is_empty() || rows.len() > ROWS_MAX {
            return Err(ValueFault::new(
                format!("请写 1 到 {ROWS_MAX} 行"),
                format!("1 to {ROWS_MAX} lines"),
            ));
        }
        Ok(Rows { rows })
    }

    /// The rows.
    pub fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }
}

impl Cell {
    fn takes(self, text: &str) -> bool {
        match self {
            Cell::Id => {
                let plain =
                    |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._".contains(&byte);
                !text.is_empty() && text.len() <= 48 && text.bytes().all(plain)
            }
            Cell::Words => !text.is_empty() && text.chars().count() <= 120,
            Cell::Number => number(text).is_some(),
            Cell::YesNo => matches!(text, "yes" | "no"),
        }
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, row) in self.rows.iter().enumerate() {
            write!(f, "{}{}", if n > 0 { "\n" } else { "" }, row.join(" | "))?;
        }
        Ok(())
    }
}
