//! Import: what a clerk kept in a spreadsheet becomes the fields of records. Pure: bytes in, a plan out; it knows no
//! store, no screen and no clock. The caller shows the plan, and submits its good rows as it submits a form.
//!
//! ```text
//! bytes --sheet--> rows of typed cells --columns--> fields --value--> good rows | errors, by row and column
//! ```

mod columns;
mod dates;
mod divisions;
mod rows;
mod sheet;
mod text;
mod value;
mod words;
mod xlsx;

use std::collections::BTreeMap;

use lianzhan_protocol::record::Value;

pub use columns::letters;
pub use dates::read as read_date_time;
pub use divisions::{DivisionTable, RowRemark, read_divisions};
pub use rows::read_rows;
pub use sheet::{Cell, CellValue, Row, Sheet, read_sheet, read_sheet_named};
pub use value::{Reading, Reason, read as read_value};

/// Largest file taken, in bytes.
pub const FILE_MAX: usize = 64 << 20;
/// Most bytes that a workbook may unzip to.
pub const UNZIPPED_MAX: u64 = 400 << 20;
/// Most rows of a sheet.
pub const ROWS_MAX: u32 = 200_000;
/// Most columns of a sheet.
pub const COLUMNS_MAX: u32 = 256;

/// Why a file cannot be read at all. `Display` says it in English, [`ImportError::message_zh`] in Chinese.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Larger than [`FILE_MAX`].
    #[error("the file is larger than 64 MiB; split it and import the parts")]
    TooLarge,
    /// Unzips to more than [`UNZIPPED_MAX`].
    #[error("the workbook unzips to more than 400 MiB; copy the rows to a new workbook and import that")]
    Unzipped,
    /// More than [`ROWS_MAX`] rows.
    #[error("the sheet has more than 200,000 rows; split it and import the parts")]
    TooManyRows,
    /// More than [`COLUMNS_MAX`] columns.
    #[error("the sheet has more than 256 columns; delete what is right of the register")]
    TooManyColumns,
    /// Neither xlsx nor CSV.
    #[error("save the file as .xlsx or .csv and import that")]
    Format,
    /// A damaged workbook.
    #[error("the workbook cannot be read ({0}); open it, save it as .xlsx again and import that")]
    Damaged(String),
    /// Neither UTF-8 nor GB18030.
    #[error("the text is neither UTF-8 nor GB18030; save the file as .xlsx and import that")]
    Encoding,
    /// No cell has content.
    #[error("the file has no rows")]
    Empty,
}

impl ImportError {
    /// What to do, in Chinese.
    pub fn message_zh(&self) -> String {
        match self {
            ImportError::TooLarge => "文件超过 64 MiB，请拆分后分别导入".into(),
            ImportError::Unzipped => "工作簿解压后超过 400 MiB，请把各行复制到新工作簿后再导入".into(),
            ImportError::TooManyRows => "表格超过 20 万行，请拆分后分别导入".into(),
            ImportError::TooManyColumns => "表格超过 256 列，请删去登记簿右侧的内容".into(),
            ImportError::Format => "请另存为 .xlsx 或 .csv 后再导入".into(),
            ImportError::Damaged(cause) => {
                format!("无法读取工作簿（{cause}），请打开后重新另存为 .xlsx 再导入")
            }
            ImportError::Encoding => "文字编码既不是 UTF-8 也不是 GB18030，请另存为 .xlsx 后再导入".into(),
            ImportError::Empty => "文件中没有内容".into(),
        }
    }
}

/// What an import would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportPlan {
    /// Rows that can become records.
    pub rows: Vec<GoodRow>,
    /// What is wrong with the others; a row may have several.
    pub errors: Vec<RowError>,
    /// Rows passed over: blank ones, totals, headings repeated on each page.
    pub skipped: u32,
    /// What the columns are that are imported, in Chinese and English.
    pub mapped: Vec<(String, String)>,
    /// Headings of columns that belong to no field and are not imported.
    pub unmapped: Vec<String>,
    /// Letters of the columns by field of the record.
    pub letters: BTreeMap<String, String>,
}

impl ImportPlan {
    /// How many rows have errors.
    pub fn broken(&self) -> usize {
        let mut rows: Vec<u32> = self.errors.iter().map(|error| error.row).collect();
        rows.dedup();
        rows.len()
    }
}

/// A row that can become a record. Keys are those of the record without `f:`; every value passed its field's check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoodRow {
    /// The row in the file, from 1.
    pub row: u32,
    /// The fields of the record, in the order of its ledger.
    pub main: Vec<(String, Value)>,
    /// The fields of its annexes, by ledger; only annexes with a value. What links them to the record
    /// (`of`, `subject_ref`) is the caller's to add.
    pub annexes: BTreeMap<String, Vec<(String, Value)>>,
}

/// What is wrong with one cell, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The row in the file, from 1.
    pub row: u32,
    /// The heading of the column, as the file has it; the field's label if the file has no such column.
    pub column: String,
    /// The cell, as in `B7`; empty if the file has no such column.
    pub cell: String,
    /// What to do, in Chinese.
    pub reason_zh: String,
    /// What to do, in English.
    pub reason_en: String,
}
