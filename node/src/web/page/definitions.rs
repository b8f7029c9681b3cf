//! Ledgers and fields that a county or city adds.

use askama::Template;

use super::{Choice, Control, Field, FormItem, FormSection, Link, Shell};
use crate::web::i18n::Text;

/// `GET /definitions`: what was added, by whom.
#[derive(Template)]
#[template(path = "definitions.html")]
pub struct DefinitionsPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// What was added.
    pub rows: Vec<DefinitionRow>,
    /// The ledgers to which fields can be added, for whoever may.
    pub ledgers: Vec<Choice>,
}

/// A definition in a list.
#[derive(Debug, Clone)]
pub struct DefinitionRow {
    /// The ledger.
    pub ledger: Link,
    /// The labels of what is new.
    pub fields: String,
    /// Which org added it.
    pub org: String,
    /// The record with its proof.
    pub href: String,
}

/// `GET /definitions/new`: a ledger or fields put together, and the form that they come to; `POST /definitions` signs it.
#[derive(Template)]
#[template(path = "define.html")]
pub struct DefinePage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The ledger to which fields are added; none for a new one.
    pub ledger: Option<Link>,
    /// `zh`: its name.
    pub zh: Field,
    /// `en`: its English name.
    pub en: Field,
    /// `audience`: how far its records travel.
    pub audiences: Vec<Choice>,
    /// `writer`: who writes it.
    pub writers: Vec<Choice>,
    /// `basis`.
    pub basis: Field,
    /// Its fields.
    pub fields: Vec<FieldRow>,
    /// What is wrong with the whole.
    pub error: Option<String>,
    /// The form that it comes to, once all is filled in.
    pub preview: Option<Vec<FormSection>>,
    /// What the form that signs sends again.
    pub sends: Vec<(String, String)>,
}

impl DefinePage {
    fn title(&self) -> String {
        match &self.ledger {
            None => self.text.t("define-title"),
            Some(ledger) => self.text.t1("define-title-fields", "name", &ledger.label),
        }
    }
}

/// A field that is being put together; the names of its inputs end with its number.
#[derive(Debug, Clone)]
pub struct FieldRow {
    /// Its number, from 1.
    pub number: usize,
    /// Its label.
    pub zh: Field,
    /// Its English label.
    pub en: String,
    /// What values it takes.
    pub kinds: Vec<Choice>,
    /// The options of a choice.
    pub options: String,
    /// When it must be there.
    pub needs: Vec<Choice>,
    /// Who may see it.
    pub sees: Vec<Choice>,
}
