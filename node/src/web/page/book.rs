//! A ledger on paper: sheets of a year, each one printed page.

use askama::Template;

use super::{Choice, Link, Looks, SlipQr};
use crate::web::i18n::Text;

/// `GET /ledgers/{ledger}/book`, `GET /book`: the sheets of one ledger, or of all of them with a cover and contents.
#[derive(Template)]
#[template(path = "book.html")]
pub struct BookPage {
    /// The words.
    pub text: Text,
    /// How the person looks at pages.
    pub looks: Looks,
    /// The version of the assets.
    pub version: String,
    /// What it is.
    pub title: String,
    /// Leads back.
    pub back: Link,
    /// Where another year is asked for.
    pub path: String,
    /// `year`.
    pub years: Vec<Choice>,
    /// `owner`, where more than one org has records here.
    pub owners: Vec<Choice>,
    /// What keeps it from being made.
    pub says: Option<String>,
    /// The first page.
    pub cover: Option<Cover>,
    /// The pages.
    pub sheets: Vec<Sheet>,
}

/// The cover of a year's book, with its contents.
#[derive(Debug, Clone, Default)]
pub struct Cover {
    /// Whose book it is.
    pub org: String,
    /// Its division code.
    pub code: String,
    /// The year, in words.
    pub year: String,
    /// When it was printed.
    pub made: String,
    /// Ledgers, how many records each has, and the page on which it begins.
    pub contents: Vec<Content>,
    /// How many pages.
    pub pages: usize,
}

/// A line of the contents.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// The ledger.
    pub name: String,
    /// Records.
    pub count: usize,
    /// The page.
    pub page: usize,
    /// The sheet.
    pub href: String,
}

/// One printed page of a ledger.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// Its id.
    pub id: String,
    /// Whose book it is.
    pub org: String,
    /// Its division code.
    pub code: String,
    /// The ledger.
    pub name: String,
    /// From which day to which.
    pub period: String,
    /// Its number, and of how many.
    pub page: (usize, usize),
    /// The columns: labels, and classes of their widths.
    pub columns: Vec<(String, &'static str)>,
    /// The rows.
    pub rows: Vec<SheetRow>,
    /// The checkpoint as a code.
    pub mark: Option<SlipQr>,
    /// What the foot says.
    pub says: Vec<String>,
    /// The fingerprint of the rows.
    pub fingerprint: String,
}

/// A row on paper.
#[derive(Debug, Clone, Default)]
pub struct SheetRow {
    /// The record's id as a code.
    pub qr: Option<SlipQr>,
    /// The record.
    pub href: String,
    /// The values, and whether each stands in the middle.
    pub cells: Vec<(String, bool)>,
}
