//! What is looked for in all ledgers.

use askama::Template;

use super::{Pager, Shell};
use crate::views::Stretch;
use crate::web::i18n::Text;

/// `GET /search`: records of all ledgers in which something stands.
#[derive(Template)]
#[template(path = "search.html")]
pub struct SearchPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// What was typed.
    pub q: String,
    /// The ledger that is looked through, or empty.
    pub ledger: String,
    /// How much was found in which ledger, all first.
    pub tallies: Vec<Tally>,
    /// What was found, best first.
    pub rows: Vec<FoundRow>,
    /// Where the list is cut.
    pub pager: Pager,
}

impl SearchPage {
    fn title(&self) -> String {
        let text = self.text;
        match (self.q.is_empty(), self.pager.total) {
            (true, _) => text.t("search-title"),
            (false, 0) => text.t1("search-title-none", "words", &self.q),
            (false, total) => text.t2("search-title-found", "words", &self.q, "count", total),
        }
    }
}

/// How much was found in a ledger.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Its name.
    pub label: String,
    /// So much.
    pub count: u64,
    /// Shows it alone.
    pub href: String,
    /// Whether it is shown alone.
    pub chosen: bool,
}

/// A record that was found.
#[derive(Debug, Clone, Default)]
pub struct FoundRow {
    /// Its page.
    pub href: String,
    /// Its ledger's name.
    pub ledger: String,
    /// Its title; empty where it has no words of its own.
    pub title: Vec<Stretch>,
    /// When, in words.
    pub time: String,
    /// Whose it is.
    pub owner: String,
    /// Where else it stands.
    pub places: Vec<FoundPlace>,
}

/// Where it stands in a record.
#[derive(Debug, Clone, Default)]
pub struct FoundPlace {
    /// The field's label.
    pub label: String,
    /// Around the first finding.
    pub text: Vec<Stretch>,
}
