//! The attachments of a record, as a row of small pictures, and the form by which more are sent.

use askama::Template;

use crate::web::i18n::Text;

/// The live part `attachments`.
#[derive(Template)]
#[template(path = "live/attachments.html")]
pub struct AttachmentsPart<'a> {
    /// The words.
    pub text: Text,
    /// The attachments.
    pub attachments: &'a Attachments,
}

/// The attachments of a record.
#[derive(Debug, Clone, Default)]
pub struct Attachments {
    /// Where they are sent to, and what their addresses begin with.
    pub path: String,
    /// The token of the session, for the forms in it.
    pub csrf: String,
    /// The page to come back to.
    pub back: String,
    /// Topics on which the part is asked for again: of those that are not here yet.
    pub topics: String,
    /// Each of them.
    pub items: Vec<Attachment>,
    /// For whoever may add some.
    pub form: Option<AttachForm>,
}

impl Attachments {
    /// Whether there is anything to show.
    pub fn any(&self) -> bool {
        !self.items.is_empty() || self.form.is_some()
    }
}

/// One attachment.
#[derive(Debug, Clone, Default)]
pub struct Attachment {
    /// Its hash.
    pub id: String,
    /// Opens it.
    pub href: String,
    /// Its small picture.
    pub small: Option<String>,
    /// What it is: a photo, a document, a video.
    pub kind: String,
    /// How large; empty while it is not here.
    pub size: String,
    /// Whether it is here.
    pub here: bool,
    /// Whether it stays with the personal part.
    pub personal: bool,
    /// Whether it is saved rather than shown.
    pub saved: bool,
}

/// The form: `POST /records/{id}/attachments`, multipart, with `part` and `file`.
#[derive(Debug, Clone, Default)]
pub struct AttachForm {
    /// Who holds the personal part, where the record has one here: then it is chosen first.
    pub personal: Option<String>,
    /// Who holds the record.
    pub shared: String,
}
