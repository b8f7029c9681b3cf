//! Issuing a record anew.

use askama::Template;

use super::{Choice, Control, Fact, Field, FormItem, FormSection, Link, Shell, Suspects};
use crate::web::i18n::Text;

/// `GET /records/{id}/anew`: the form; `POST` shows what would come of it, and with `do=sign` signs it.
#[derive(Template)]
#[template(path = "anew.html")]
pub struct AnewPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The record.
    pub id: String,
    /// The ledger's list.
    pub ledger: Link,
    /// The record's page.
    pub record: Link,
    /// The new record, where it is signed already.
    pub begun: Option<Link>,
    /// The first step.
    pub form: Option<AnewForm>,
    /// The second.
    pub preview: Option<AnewPreview>,
    /// Sentences: what does not come along.
    pub stays: Vec<String>,
    /// Sentences: what would go, and at whose nodes.
    pub erases: Vec<String>,
}

/// What the new record is to hold.
#[derive(Debug, Clone, Default)]
pub struct AnewForm {
    /// `seen`: the heads that the person saw.
    pub seen: String,
    /// What is wrong with the whole.
    pub error: Option<String>,
    /// The fields that are wrong, as links to them.
    pub wrong: Vec<Link>,
    /// What is held back because it looks like personal data.
    pub suspects: Suspects,
    /// The fields.
    pub sections: Vec<FormSection>,
    /// `shown`: personal parts whose fields are among them.
    pub shown: Vec<String>,
    /// `carry`: personal parts that are closed to this session, and come along unread.
    pub parts: Vec<Choice>,
    /// `keep`: attachments.
    pub files: Vec<Choice>,
    /// `on`: the day of the decision.
    pub on: Field,
}

/// What would be signed.
#[derive(Debug, Clone, Default)]
pub struct AnewPreview {
    /// What the form that signs sends again.
    pub sends: Vec<(String, String)>,
    /// Labels of what differs from the old one.
    pub differs: Vec<String>,
    /// What the new record says.
    pub facts: Vec<Fact>,
    /// Sentences: what comes along with it.
    pub along: Vec<String>,
    /// What is wrong with the whole.
    pub error: Option<String>,
    /// `passphrase`.
    pub passphrase: Field,
}
