//! Confirmations of a record, the correction of an event, and fields of which several values stand.

use askama::Template;

use super::{Field, Link, OnPaper, Pager, PaperForm, Shell, Tag};
use crate::web::i18n::Text;

/// How a record stands as to confirmations, and what this person may do about it.
#[derive(Debug, Clone, Default)]
pub struct Confirming {
    /// The standing in a word.
    pub tag: Tag,
    /// Who confirmed it by their own key, the last first.
    pub given: Vec<ConfirmedRow>,
    /// Those for whom it was recorded, the last first.
    pub recorded: Vec<ConfirmedRow>,
    /// The form that records one, for whoever may.
    pub paper: Option<PaperForm>,
    /// The form, for whoever may confirm it now: `POST /records/{id}/confirm` with `seen`.
    pub form: Option<ConfirmForm>,
    /// Why this person does not.
    pub hint: String,
}

/// Somebody who confirmed.
#[derive(Debug, Clone, Default)]
pub struct ConfirmedRow {
    /// Who, with the post.
    pub who: String,
    /// When, in words.
    pub when: String,
    /// Whether something was written since.
    pub changed: bool,
    /// That it was taken back.
    pub taken_back: bool,
    /// How it is proved, where another recorded it.
    pub paper: Option<OnPaper>,
}

/// The form that confirms a record.
#[derive(Debug, Clone, Default)]
pub struct ConfirmForm {
    /// The heads that the person saw.
    pub seen: String,
    /// What is confirmed, in a sentence.
    pub what: String,
}

/// One event, opened: what was said of it, and what this person may do: `POST /records/{id}/correct` with `event`, `reason`,
/// `happened`, `text` and `take_back`; `POST /records/{id}/confirm` with `event`.
#[derive(Debug, Clone, Default)]
pub struct OpenEvent {
    /// Its id.
    pub id: String,
    /// What it is, in a word.
    pub what: String,
    /// Who signed it, with the post.
    pub who: String,
    /// What it says, as it was signed.
    pub said: String,
    /// Whether it was corrected.
    pub corrected: bool,
    /// Its corrections, the first first: who and when, why, and what is right.
    pub corrections: Vec<CorrectionRow>,
    /// How it stands as to confirmations; none while nobody confirmed it.
    pub tag: Option<Tag>,
    /// Who confirmed it.
    pub confirmed: Vec<ConfirmedRow>,
    /// Those for whom it was recorded.
    pub recorded: Vec<ConfirmedRow>,
    /// How it is itself proved, where another recorded it.
    pub on_paper: Option<OnPaper>,
    /// The form that records a confirmation of it, for whoever may.
    pub paper: Option<PaperForm>,
    /// Whether this person may confirm it.
    pub may_confirm: bool,
    /// The form of a correction, for whoever may.
    pub correct: Option<CorrectForm>,
    /// The heads that the person saw.
    pub seen: String,
    /// The same page with it closed.
    pub close: String,
}

/// A correction of an event.
#[derive(Debug, Clone, Default)]
pub struct CorrectionRow {
    /// Who corrected it, with the post.
    pub who: String,
    /// When, in words.
    pub when: String,
    /// Why.
    pub reason: String,
    /// What is right.
    pub right: String,
    /// Whether it is in force.
    pub in_force: bool,
}

/// The form of a correction, as it begins or as it was typed.
#[derive(Debug, Clone, Default)]
pub struct CorrectForm {
    /// Whether a day alone is stated, without a time.
    pub day: bool,
    /// `happened`, as its input has it.
    pub happened: Field,
    /// `text`, of a line alone.
    pub text: Option<Field>,
    /// `reason`.
    pub reason: Field,
    /// Whether `take_back` is ticked.
    pub take_back: bool,
    /// What is wrong with the whole.
    pub error: Option<String>,
}

/// What the timeline says of an event beside its words.
#[derive(Debug, Clone, Default)]
pub struct EventNote {
    /// Opens the event, for whoever may correct or confirm it, or where something was said of it.
    pub open: Link,
    /// How it stands as to confirmations; none while nobody confirmed it.
    pub tag: Option<Tag>,
}

/// A field with two values that stand side by side until one is chosen: `POST /records/{id}/settle` with `field`,
/// `change` or `value`, and `seen`.
#[derive(Debug, Clone, Default)]
pub struct Conflict {
    /// The record.
    pub record: String,
    /// The field's key.
    pub field: String,
    /// The field's label.
    pub label: String,
    /// The values.
    pub values: Vec<ConflictValue>,
    /// The heads that the person saw, when this person may choose.
    pub seen: Option<String>,
    /// Another value, as it was typed.
    pub other: Field,
    /// Whether another value can be typed: of what is chosen from options or sent as a file it cannot.
    pub open: bool,
}

/// One of the values.
#[derive(Debug, Clone, Default)]
pub struct ConflictValue {
    /// The change that put it.
    pub change: String,
    /// The value, ready to read.
    pub value: String,
    /// Who put it, where and when.
    pub source: String,
}

/// `GET /conflicts?page=`: every record held here with fields of which several values stand.
#[derive(Template)]
#[template(path = "conflicts.html")]
pub struct ConflictsPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The records.
    pub records: Vec<ConflictRecord>,
    /// Where the list is cut.
    pub pager: Pager,
}

impl ConflictsPage {
    fn title(&self) -> String {
        match self.pager.total {
            0 => self.text.t("conflicts-title-none"),
            total => self.text.n("conflicts-title", total),
        }
    }
}

/// A record of the list.
#[derive(Debug, Clone, Default)]
pub struct ConflictRecord {
    /// Its page.
    pub record: Link,
    /// The ledger and the owner.
    pub about: String,
    /// The fields.
    pub conflicts: Vec<Conflict>,
}
