//! What somebody did on paper: the form by which an officer records it, and how it is shown.

use super::{Choice, Field, Link, key};

/// What is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PaperDeed {
    /// A confirmation: `POST /records/{id}/confirm-for`.
    #[default]
    Confirm,
    /// A sign-in: `POST /activities/{id}/sign-in-for`.
    SignIn,
}

/// The form, multipart, with `name`, `person`, `office`, `happened`, `file`; of a confirmation `seen` and `event`, of a sign-in
/// `level`.
#[derive(Debug, Clone, Default)]
pub struct PaperForm {
    /// What it records.
    pub of: PaperDeed,
    /// Where it is sent.
    pub action: String,
    /// The heads that the person saw.
    pub seen: String,
    /// The only event that is confirmed, if it is one alone.
    pub event: String,
    /// Who did it.
    pub name: Field,
    /// People who are known here: the name, and the office beside it.
    pub people: Vec<Choice>,
    /// Which of several who have the name.
    pub persons: Vec<Choice>,
    /// The office.
    pub office: Field,
    /// The levels of a seat.
    pub levels: Vec<Choice>,
    /// What is wrong with the level.
    pub level: Option<String>,
    /// The day.
    pub happened: Field,
    /// What is wrong with the whole.
    pub error: Option<String>,
}

impl PaperForm {
    /// Whether it was sent and refused.
    pub(super) fn open(&self) -> bool {
        let fields = [&self.name, &self.office, &self.happened];
        self.error.is_some()
            || self.level.is_some()
            || !self.persons.is_empty()
            || fields.iter().any(|field| field.error.is_some())
    }

    pub(super) fn head(&self) -> &'static str {
        match self.of {
            PaperDeed::Confirm => key!("paper-confirm"),
            PaperDeed::SignIn => key!("paper-sign-in"),
        }
    }

    pub(super) fn how(&self) -> &'static str {
        match self.of {
            PaperDeed::Confirm => key!("paper-confirm-how"),
            PaperDeed::SignIn => key!("paper-sign-in-how"),
        }
    }

    pub(super) fn deed(&self) -> &'static str {
        match self.of {
            PaperDeed::Confirm => key!("paper-confirm-do"),
            PaperDeed::SignIn => key!("paper-sign-in-do"),
        }
    }
}

/// How something that was recorded for another is proved.
#[derive(Debug, Clone, Default)]
pub struct OnPaper {
    /// The proof and who recorded it, in a sentence.
    pub how: String,
    /// The scan; none of a link or code.
    pub scan: Option<Link>,
}
