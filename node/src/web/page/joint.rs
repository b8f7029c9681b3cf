//! Joint spaces.

use askama::Template;

use super::{Choice, Field, Shell};
use crate::web::i18n::Text;

/// `GET /joint-spaces?with=&travel=&year=&ask=`: those that are held here, and what another one would be; `POST` opens it.
#[derive(Template)]
#[template(path = "joint.html")]
pub struct JointPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// How many there are.
    pub total: u64,
    /// The first of them, the latest year first.
    pub rows: Vec<JointRow>,
    /// Whether this person is offered to open another.
    pub may: bool,
    /// `with`: any number.
    pub orgs: Vec<Choice>,
    /// What is wrong with it.
    pub with: Field,
    /// `travel`.
    pub travels: Vec<Choice>,
    /// What is wrong with it.
    pub travel: Field,
    /// `year`.
    pub year: Field,
    /// What is wrong with the whole.
    pub error: Option<String>,
    /// What it would be, once all is filled in.
    pub preview: Option<JointPreview>,
}

/// A joint space.
#[derive(Debug, Clone, Default)]
pub struct JointRow {
    /// Its year.
    pub year: String,
    /// The orgs that share it.
    pub orgs: String,
    /// The level up to which it goes above them.
    pub travel: String,
    /// Who opened it.
    pub owner: String,
    /// Its id.
    pub id: String,
}

/// What a joint space would be.
#[derive(Debug, Clone, Default)]
pub struct JointPreview {
    /// Sentences.
    pub says: Vec<String>,
    /// What the form that signs sends again: names and values.
    pub sends: Vec<(String, String)>,
    /// `passphrase` of the org's authority key.
    pub passphrase: Field,
}

impl JointPage {
    fn title(&self) -> String {
        match self.total {
            0 => self.text.t("joint-title-none"),
            total => self.text.n("joint-title", total),
        }
    }
}
