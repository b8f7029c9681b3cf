//! Erasing a record.

use askama::Template;

use super::{Choice, Field, Shell};
use crate::web::i18n::Text;

/// `GET /records/{id}/erase`: what it would do; `POST` signs it.
#[derive(Template)]
#[template(path = "erase.html")]
pub struct ErasePage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The record.
    pub id: String,
    /// `extent`: `personal` or `whole`.
    pub extents: Vec<Choice>,
    /// `ground`.
    pub grounds: Vec<Choice>,
    /// `on`: the day of the decision.
    pub on: Field,
    /// `note`, which stays.
    pub note: Field,
    /// What is wrong with the whole.
    pub error: Option<String>,
    /// Sentences: what would go, and at whose nodes.
    pub says: Vec<String>,
    /// What the form that signs sends again, with its `passphrase`; once all is filled in.
    pub sign: Option<(Vec<(String, String)>, Field)>,
}
