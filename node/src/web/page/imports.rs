//! A spreadsheet on its way into a ledger.

use askama::Template;

use super::{Choice, Link, Shell};
use crate::web::i18n::Text;

/// `GET /ledgers/{ledger}/import`: a file is chosen, read, shown and written.
#[derive(Template)]
#[template(path = "import.html")]
pub struct ImportPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The ledger's list.
    pub ledger: Link,
    /// Its address.
    pub path: String,
    /// An empty table with every column.
    pub blank: String,
    /// The names of the ledgers that hold personal parts, where there are any.
    pub personal: Option<String>,
    /// `space`: where new rows go, where there is a choice; the first is this org's own.
    pub places: Vec<Choice>,
    /// How far it is.
    pub stage: ImportStage,
    /// What is wrong with what was sent.
    pub error: Option<String>,
}

/// How far an import is.
#[derive(Debug, Clone, Default)]
pub enum ImportStage {
    /// A file is to be chosen.
    #[default]
    Choose,
    /// It is being read: rows done, of how many.
    Reading(u64, u64),
    /// It was read, and nothing is written yet.
    Read(ImportWhat),
    /// It is being written: rows done, of how many.
    Writing(u64, u64),
    /// It is written.
    Written(ImportWhat),
    /// It cannot be read.
    Failed(String),
}

/// What an import comes to.
#[derive(Debug, Clone, Default)]
pub struct ImportWhat {
    /// Rows that begin records, and events.
    pub new: u64,
    /// Rows that change records.
    pub changed: u64,
    /// Rows that say what is here.
    pub known: u64,
    /// Blank rows and totals.
    pub skipped: u64,
    /// Cells that are wrong.
    pub wrong: u64,
    /// The columns that are read, in words.
    pub columns: String,
    /// Those that are not, in words.
    pub unmapped: String,
    /// The first rows.
    pub rows: Vec<ImportedRow>,
    /// The first cells that are wrong.
    pub cells: Vec<WrongCell>,
}

/// A row that was read.
#[derive(Debug, Clone, Default)]
pub struct ImportedRow {
    /// Its number.
    pub row: u32,
    /// What becomes of it.
    pub state: String,
    /// What it is about.
    pub title: String,
}

/// A cell that is wrong.
#[derive(Debug, Clone, Default)]
pub struct WrongCell {
    /// The number of its row.
    pub row: u32,
    /// Its name, as `B7`; empty where the whole row is meant.
    pub cell: String,
    /// What is wrong, and what to do.
    pub say: String,
}

impl ImportWhat {
    /// Whether anything would be written.
    pub(crate) fn writes(&self) -> u64 {
        self.new + self.changed
    }
}

impl ImportPage {
    fn title(&self) -> String {
        let text = self.text;
        let of = |key: &str, what: &ImportWhat| match what.wrong {
            0 => text.n(key, what.writes()),
            _ => format!(
                "{}{}",
                text.n(key, what.writes()),
                text.n("import-title-wrong", what.wrong)
            ),
        };
        match &self.stage {
            ImportStage::Choose => text.t1("import-title", "name", &self.ledger.label),
            ImportStage::Reading(..) => text.t("import-title-reading"),
            ImportStage::Writing(..) => text.t("import-title-writing"),
            ImportStage::Read(what) => of(super::key!("import-title-read"), what),
            ImportStage::Written(what) => of(super::key!("import-title-written"), what),
            ImportStage::Failed(_) => text.t("import-title-failed"),
        }
    }
}
