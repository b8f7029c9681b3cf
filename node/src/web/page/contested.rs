//! What waits for an adoption, and adopting it.

use askama::Template;

use super::{Field, Link, Pager, Shell};
use crate::web::i18n::Text;

/// `GET /contested?all=&page=`: what waits for an adoption.
#[derive(Template)]
#[template(path = "contested.html")]
pub struct ContestedPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// Statements of trust.
    pub statements: Vec<ContestedStatement>,
    /// Records, each with its entries.
    pub records: Vec<ContestedRecord>,
    /// Entries that wait, on all pages.
    pub entries: u64,
    /// Where the list of records is cut.
    pub pager: Pager,
    /// Records that were not looked through yet.
    pub more: u64,
    /// Whether all of the page are chosen.
    pub all: bool,
    /// The same page with all of it chosen, or with none.
    pub toggle: String,
    /// Whether this person may adopt any of it; else the reason.
    pub hint: Option<String>,
}

impl ContestedPage {
    fn title(&self) -> String {
        match (self.statements.len(), self.entries) {
            (0, 0) => self.text.t("contested-title-none"),
            (0, entries) => self.text.n("contested-title-entries", entries),
            (statements, 0) => self.text.n("contested-title-statements", statements),
            (statements, entries) => self.text.t2(
                "contested-title-both",
                "entries",
                entries,
                "statements",
                statements,
            ),
        }
    }
}

/// A statement that waits.
#[derive(Debug, Clone, Default)]
pub struct ContestedStatement {
    /// Its id, which the form sends.
    pub id: String,
    /// What it says.
    pub what: Link,
    /// In which org.
    pub org: String,
    /// Why it waits.
    pub why: String,
    /// Whether this node's org may adopt it.
    pub may: bool,
}

/// A record with entries that wait.
#[derive(Debug, Clone, Default)]
pub struct ContestedRecord {
    /// Its page; without an address for a part that has none.
    pub record: Link,
    /// The ledger and the owner.
    pub about: String,
    /// The entries.
    pub changes: Vec<ContestedChange>,
}

/// An entry that waits.
#[derive(Debug, Clone, Default)]
pub struct ContestedChange {
    /// Its id, which the form sends.
    pub id: String,
    /// What it says.
    pub what: String,
    /// Who signed it, as what.
    pub who: String,
    /// When it was recorded.
    pub recorded: String,
    /// Why it waits.
    pub why: String,
    /// Whether this person may adopt it with the own key.
    pub own: bool,
    /// Whether this node's org may adopt it.
    pub may: bool,
}

/// `GET /contested/adopt?change=&statement=`: what was chosen, and its signature.
#[derive(Template)]
#[template(path = "adopt.html")]
pub struct AdoptPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The statements that were chosen.
    pub statements: Vec<ContestedStatement>,
    /// Appointments that rest on these and wait with them.
    pub resting: u64,
    /// The records that were chosen, with the chosen entries.
    pub records: Vec<ContestedRecord>,
    /// Whether somebody may adopt them in the name of the org.
    pub by_org: Option<AdoptForm>,
    /// The post in words in which this person may adopt all of them with the own key.
    pub by_post: Option<String>,
    /// What the forms send again: names and values.
    pub sends: Vec<(String, String)>,
    /// What is wrong with the whole.
    pub error: Option<String>,
}

impl AdoptPage {
    fn chosen(&self) -> u64 {
        let changes: usize = self.records.iter().map(|record| record.changes.len()).sum();
        (changes + self.statements.len()) as u64
    }
}

/// The form that adopts in the name of the org: `POST /contested/adopt`.
#[derive(Debug, Clone, Default)]
pub struct AdoptForm {
    /// The org's name.
    pub org: String,
    /// `passphrase` of its authority key.
    pub passphrase: Field,
}
