//! Changes of orgs: which were stated, and what another one would do before it is signed.

use askama::Template;

use super::{Choice, Field, Link, Pager, Shell, Tag};
use crate::web::i18n::Text;

/// `GET /org-changes?page=`: what became of orgs.
#[derive(Template)]
#[template(path = "org_changes.html")]
pub struct OrgChangesPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The changes, what holds last in law first.
    pub rows: Vec<OrgChangeRow>,
    /// Where the list is cut.
    pub pager: Pager,
    /// Whether this person is offered to state another.
    pub may: bool,
}

impl OrgChangesPage {
    fn title(&self) -> String {
        match self.pager.total {
            0 => self.text.t("org-changes-title-none"),
            total => self.text.n("org-changes-title", total),
        }
    }
}

/// A change that was stated.
#[derive(Debug, Clone, Default)]
pub struct OrgChangeRow {
    /// From which day it holds in law.
    pub from: String,
    /// What changed, in a sentence.
    pub what: String,
    /// By which decision.
    pub words: String,
    /// In whose name it was stated.
    pub org: String,
    /// When it was signed.
    pub issued: String,
    /// The appointment of the key that signed; none of the founding authority.
    pub signed: Option<Link>,
    /// Whether it stands.
    pub tag: Tag,
    /// Whether that is as it should be, which is written plainly.
    pub plain: bool,
    /// Why it does not stand.
    pub why: Option<String>,
}

/// `GET /org-changes/new?kind=&org=&parent=&into=&code=&name_zh=&name_en=&from=&words=&hands=&ask=`: what a change would do,
/// then its signature by `POST`.
#[derive(Template)]
#[template(path = "org_change.html")]
pub struct OrgChangePage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// `kind`: `move`, `merge` or `split`, each a page of its own.
    pub kinds: Vec<(Link, bool)>,
    /// The kind that is chosen.
    pub kind: &'static str,
    /// `org`: begins with an empty value.
    pub orgs: Vec<Choice>,
    /// What is wrong with it.
    pub org: Field,
    /// `parent` of a move, `into` of a merger: begins with an empty value.
    pub targets: Vec<Choice>,
    /// `into` of a split: any number.
    pub parts: Vec<Choice>,
    /// What is wrong with these.
    pub target: Field,
    /// `code`, `name_zh`, `name_en` of a move.
    pub code: Field,
    /// Its Chinese name there.
    pub name_zh: Field,
    /// Its English name there.
    pub name_en: Field,
    /// `from`: `YYYY-MM-DD`.
    pub from: Field,
    /// `words`: by which decision.
    pub words: Field,
    /// `hands`: any number.
    pub hands: Vec<Choice>,
    /// What is wrong with the whole.
    pub error: Option<String>,
    /// What it would do, once all is filled in.
    pub preview: Option<OrgChangeEffects>,
}

/// What a change would do.
#[derive(Debug, Clone, Default)]
pub struct OrgChangeEffects {
    /// Sentences: what stays, what follows, what waits.
    pub says: Vec<String>,
    /// The spaces that close.
    pub spaces: Vec<ClosingRow>,
    /// Orgs below that go along, as far as they are listed.
    pub along: Vec<String>,
    /// How many more there are.
    pub along_more: usize,
    /// What the form that signs sends again: names and values.
    pub sends: Vec<(String, String)>,
    /// `passphrase` of the org's authority key.
    pub passphrase: Field,
}

/// A space that closes.
#[derive(Debug, Clone, Default)]
pub struct ClosingRow {
    /// Which.
    pub name: String,
    /// Records in it that are here.
    pub records: u64,
    /// Who holds it, and goes on holding it.
    pub holders: String,
    /// Who holds what is written from then on.
    pub next: String,
    /// Whether these are given the old one, too.
    pub handed: bool,
}

impl OrgChangePage {
    fn handing(&self) -> bool {
        self.hands.iter().any(|hand| hand.chosen)
    }
}
