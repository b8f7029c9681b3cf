//! Changes whose times do not fit.

use askama::Template;

use super::Shell;
use crate::web::i18n::Text;

/// `GET /marks`: changes whose times do not fit.
#[derive(Template)]
#[template(path = "marks.html")]
pub struct MarksPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The rows.
    pub rows: Vec<MarkRow>,
}

/// One change.
#[derive(Debug, Clone, Default)]
pub struct MarkRow {
    /// The record's page.
    pub href: String,
    /// The record's title.
    pub title: String,
    /// The ledger in words.
    pub ledger: String,
    /// The author.
    pub author: String,
    /// When it was recorded, by the author's clock.
    pub recorded: String,
    /// When it was first witnessed; empty while it is not.
    pub witnessed: String,
    /// What does not fit, in words.
    pub doubt: String,
}
