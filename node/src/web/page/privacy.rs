//! What happens with personal data here: what is due to go, and who opened what.

use askama::Template;

use super::{Choice, Pager, Shell, Suspects};
use crate::web::i18n::Text;

/// `GET /access`: who opened personal parts, and what for.
#[derive(Template)]
#[template(path = "access.html")]
pub struct AccessPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// Whether what others opened is listed.
    pub all: bool,
    /// `name`.
    pub name: String,
    /// `purpose`.
    pub purposes: Vec<Choice>,
    /// `since`.
    pub since: String,
    /// `until`.
    pub until: String,
    /// Whether filters are set.
    pub filtered: bool,
    /// The rows, the latest first.
    pub rows: Vec<AccessRow>,
    /// Where the list is cut.
    pub pager: Pager,
}

/// Somebody opened something.
#[derive(Debug, Clone, Default)]
pub struct AccessRow {
    /// When.
    pub at: String,
    /// Who.
    pub name: String,
    /// The record's page.
    pub href: String,
    /// What the record is about.
    pub title: String,
    /// How.
    pub way: String,
    /// What for.
    pub purpose: String,
    /// What for in words.
    pub words: String,
}

/// `GET /retention`: what is kept longer than it may be.
#[derive(Template)]
#[template(path = "retention.html")]
pub struct RetentionPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// How many are due.
    pub due: u64,
    /// How many are locked.
    pub locked: u64,
    /// The rows, the longest due first.
    pub rows: Vec<DueRow>,
    /// How many there are beside these.
    pub more: u64,
    /// By which rules.
    pub rules: Vec<RuleRow>,
}

impl RetentionPage {
    fn title(&self) -> String {
        match (self.due, self.locked) {
            (0, 0) => self.text.t("retention-title-none"),
            (0, locked) => self.text.n("retention-title-locked", locked),
            (due, _) => self.text.n("retention-title", due),
        }
    }
}

/// Something whose time is over.
#[derive(Debug, Clone, Default)]
pub struct DueRow {
    /// The record's page.
    pub href: String,
    /// What it is about.
    pub title: String,
    /// Its ledger.
    pub ledger: String,
    /// Whose it is.
    pub org: String,
    /// By which rule.
    pub rule: String,
    /// When it ended.
    pub ended: String,
    /// Since when it is due.
    pub since: String,
    /// Until when the law forbids to erase it, in words.
    pub locked: Option<String>,
    /// Where it is erased, for whoever may.
    pub erase: Option<String>,
    /// What else is done with it, in words, where it is not erased.
    pub told: Option<String>,
}

/// A rule.
#[derive(Debug, Clone, Default)]
pub struct RuleRow {
    /// Where its setting is stated.
    pub href: String,
    /// Which data, and after what.
    pub data: String,
    /// How long.
    pub keep: String,
    /// Who states it.
    pub by: String,
    /// How it goes then.
    pub then: String,
}

/// `GET /held`: words that are held back though they are signed already.
#[derive(Template)]
#[template(path = "held.html")]
pub struct HeldPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The records, the latest first.
    pub rows: Vec<HeldRow>,
    /// Whether there are more.
    pub more: bool,
}

impl HeldPage {
    fn title(&self) -> String {
        match self.rows.len() {
            0 => self.text.t("held-title-none"),
            count => self.text.n("held-title", count),
        }
    }
}

/// A record with such words: `POST /held` with `record` and notes.
#[derive(Debug, Clone, Default)]
pub struct HeldRow {
    /// The record.
    pub id: String,
    /// Its page.
    pub href: String,
    /// What it is about.
    pub title: String,
    /// Its ledger.
    pub ledger: String,
    /// What is held back.
    pub suspects: Suspects,
    /// Where it is changed, for whoever may.
    pub edit: Option<String>,
    /// Where it is erased, for whoever may.
    pub erase: Option<String>,
}
