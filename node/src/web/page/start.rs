//! The first page of a fresh machine: joining, and the first person.

use askama::Template;

use super::{Link, Looks};
use crate::web::i18n::Text;

/// `GET /start`: how far this machine is on its way into service, and what it needs next.
#[derive(Template, Default)]
#[template(path = "start.html")]
pub struct StartPage {
    /// The words.
    pub text: Text,
    /// How the person looks at pages.
    pub looks: Looks,
    /// The path of this page, where switches lead back to.
    pub here: String,
    /// The version of the assets.
    pub version: String,
    /// What every form carries.
    pub csrf: String,
    /// The situation, as the title says it.
    pub title: String,
    /// What it means, under the title.
    pub lead: String,
    /// The way, step by step.
    pub steps: Vec<StartStep>,
    /// Whether the page asks for itself again by itself: never while somebody types.
    pub refresh: bool,
    /// What went wrong, and what to do.
    pub error: Option<String>,
    /// The code and the passphrase are asked for.
    pub join: Option<JoinForm>,
    /// The first person is asked for.
    pub person: Option<FirstPersonForm>,
    /// Where to go from here.
    pub onward: Option<Link>,
}

/// A step on the way.
#[derive(Debug, Clone, Default)]
pub struct StartStep {
    /// What is done in it.
    pub label: String,
    /// How far it is, or what was found; empty where there is nothing to say.
    pub note: String,
    /// Whether it is done.
    pub state: StepState,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StepState {
    /// Done.
    Done,
    /// Under way.
    Now,
    /// Not begun.
    #[default]
    Later,
}

impl StepState {
    fn class(self) -> &'static str {
        match self {
            StepState::Done => "done",
            StepState::Now => "now",
            StepState::Later => "later",
        }
    }

    fn icon(self) -> &'static str {
        match self {
            StepState::Done => "check",
            StepState::Now => "half",
            StepState::Later => "clock",
        }
    }

    fn is_now(self) -> bool {
        self == StepState::Now
    }
}

/// What joining needs.
#[derive(Debug, Clone, Default)]
pub struct JoinForm {
    /// The code that was pasted.
    pub code: String,
    /// The person whom the code appoints, once that is known.
    pub person: Option<FirstPersonForm>,
    /// Whether joining with it was begun here before, and the passphrase is chosen already.
    pub begun: bool,
    /// Fewest characters of a passphrase.
    pub min: usize,
}

/// What the first appointment needs.
#[derive(Debug, Clone, Default)]
pub struct FirstPersonForm {
    /// The name that was typed.
    pub name: String,
    /// Whether the invitation states the name.
    pub named: bool,
    /// The login that was typed.
    pub login: String,
    /// The roles that the person gets, in words.
    pub roles: String,
    /// Fewest characters of a passphrase.
    pub min: usize,
    /// The code of the invitation that appoints; none where the passphrase of the org does.
    pub code: Option<String>,
}
