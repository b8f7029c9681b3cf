//! Logs that say two things, and pasts that were lost.

use askama::Template;

use super::{Fact, Link, Shell, Tag};
use crate::web::i18n::Text;

/// `GET /forks`: logs with two branches, nodes that lost their past, and what nobody here has of it.
#[derive(Template)]
#[template(path = "forks.html")]
pub struct ForksPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The logs with two branches.
    pub forks: Vec<ForkRow>,
    /// The nodes that lost their past.
    pub restored: Vec<RestoredNode>,
}

impl ForksPage {
    fn title(&self) -> String {
        match (self.forks.len(), self.missing()) {
            (0, 0) => self.text.t("forks-title-none"),
            (0, missing) => self.text.n("forks-title-gaps", missing),
            (forks, 0) => self.text.n("forks-title", forks),
            (forks, missing) => self
                .text
                .t2("forks-title-both", "count", forks, "missing", missing),
        }
    }

    fn missing(&self) -> u64 {
        let logs = self.restored.iter().flat_map(|node| &node.logs);
        logs.map(|log| log.missing).sum()
    }
}

/// A log with two branches.
#[derive(Debug, Clone, Default)]
pub struct ForkRow {
    /// Its page.
    pub href: String,
    /// Whose log it is, and what it holds.
    pub log: String,
    /// The first digits of its origin.
    pub origin: String,
    /// Entries that both branches have.
    pub common: u64,
    /// When the proof came here.
    pub found: String,
    /// How it stands.
    pub state: Tag,
}

/// A node that lost its past.
#[derive(Debug, Clone, Default)]
pub struct RestoredNode {
    /// The org.
    pub name: String,
    /// Whether it is this node.
    pub own: bool,
    /// The fingerprint of its key, shortened.
    pub key: String,
    /// Its earlier logs.
    pub logs: Vec<EarlierRow>,
}

/// A log from before a past was lost.
#[derive(Debug, Clone, Default)]
pub struct EarlierRow {
    /// What it holds.
    pub space: String,
    /// The first digits of its origin.
    pub origin: String,
    /// Entries that were signed, as far as is known.
    pub signed: u64,
    /// Entries that are here.
    pub held: u64,
    /// Entries that are not.
    pub missing: u64,
    /// When the node began anew; empty while it has not written since.
    pub since: String,
    /// Why, where it is this node.
    pub reason: String,
}

/// `GET /forks/{id}`: one log with two branches.
#[derive(Template)]
#[template(path = "fork.html")]
pub struct ForkPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// Its name in addresses.
    pub id: String,
    /// Whose log it is, and what it holds.
    pub log: String,
    /// Sentences: what was found, which branch stands and why.
    pub says: Vec<String>,
    /// The branches, the one that stands first.
    pub branches: Vec<Branch>,
    /// What stands on the other branch.
    pub left: Vec<LeftRow>,
    /// What is wrong with signing one anew.
    pub error: Option<String>,
    /// About the log.
    pub facts: Vec<Fact>,
    /// Its origin.
    pub origin: String,
    /// The fingerprint of the node's key.
    pub key: String,
    /// Downloads the proof.
    pub proof: String,
}

/// A branch of a log.
#[derive(Debug, Clone, Default)]
pub struct Branch {
    /// Which it is, in words.
    pub name: String,
    /// Whether it stands.
    pub stands: bool,
    /// Entries.
    pub size: u64,
    /// The root over them, in groups.
    pub root: String,
    /// When the required parent first witnessed it, in words.
    pub witnessed: String,
}

/// An entry on the branch that does not stand.
#[derive(Debug, Clone, Default)]
pub struct LeftRow {
    /// The change.
    pub id: String,
    /// What it is about, and where that record is shown if it is here.
    pub title: Link,
    /// The ledger.
    pub ledger: String,
    /// Who signed it.
    pub author: String,
    /// When.
    pub recorded: String,
    /// How many things it puts.
    pub puts: u64,
    /// Whether this person signed it.
    pub own: bool,
}
