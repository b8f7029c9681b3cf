//! Activities: the list, and one joint activity with its log lines, seals and participants.

use askama::Template;

use super::{
    Attachments, Choice, Fact, Field, Mark, OnPaper, Pager, PaperForm, Proof, Shell, Suspects, Tag, key,
};
use crate::web::i18n::Text;

/// `GET /activities?q=&kind=&page=`: the ledger of activities.
#[derive(Template)]
#[template(path = "activities.html")]
pub struct ActivitiesPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// `q`: the words searched for.
    pub q: String,
    /// `kind`: begins with an empty value, all.
    pub kinds: Vec<Choice>,
    /// The rows, newest first.
    pub rows: Vec<ActivityRow>,
    /// Whether filters are set.
    pub filtered: bool,
    /// Joint activities that still await a seal.
    pub unsealed: u64,
    /// Where the list is cut.
    pub pager: Pager,
    /// The form, for whoever may open an activity.
    pub form: Option<ActivityForm>,
}

impl ActivitiesPage {
    fn title(&self) -> String {
        match (self.pager.total, self.unsealed) {
            (0, _) if self.filtered => self.text.t("activities-title-none"),
            (0, _) => self.text.t("activities-title-empty"),
            (total, 0) => self.text.n("activities-title-done", total),
            (_, unsealed) => self.text.n("activities-title-unsealed", unsealed),
        }
    }

    fn form_open(&self) -> bool {
        self.form.as_ref().is_some_and(ActivityForm::wrong)
    }
}

/// One activity in the list.
#[derive(Debug, Clone, Default)]
pub struct ActivityRow {
    /// The activity's page.
    pub href: String,
    /// The day, in words.
    pub day: String,
    /// The topic.
    pub topic: String,
    /// The kind, in words.
    pub kind: String,
    /// Who takes part: short names of orgs.
    pub orgs: String,
    /// How many levels take part, when more than one org does.
    pub joint: bool,
    /// Deputies signed in.
    pub present: u64,
    /// Deputies expected.
    pub expected: u64,
    /// Sealed, awaiting seals, or open.
    pub state: Tag,
    /// How far it may be trusted.
    pub mark: Mark,
}

/// The form that opens an activity: `POST /activities`. Field names are those of the ledger `activity`.
#[derive(Debug, Clone, Default)]
pub struct ActivityForm {
    /// Sent back as `once`.
    pub once: String,
    /// What is wrong with the whole.
    pub error: Option<String>,
    /// `topic`.
    pub topic: Field,
    /// What is held back of it.
    pub suspects: Suspects,
    /// `kind`.
    pub kinds: Vec<Choice>,
    /// `from`: `YYYY-MM-DDThh:mm`, local.
    pub from: Field,
    /// `to`: `YYYY-MM-DDThh:mm`, local.
    pub to: Field,
    /// `space`: who acts together with this org; each is a joint space of its own.
    pub spaces: Vec<Choice>,
    /// `participants`: names of deputies, apart by a comma.
    pub participants: Field,
}

impl ActivityForm {
    fn wrong(&self) -> bool {
        let fields = [&self.topic, &self.from, &self.to, &self.participants];
        self.error.is_some() || fields.iter().any(|field| field.error.is_some())
    }
}

/// `GET /activities/{id}?proof={change}`: one activity.
#[derive(Template)]
#[template(path = "activity.html")]
pub struct ActivityPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The record's id.
    pub id: String,
    /// Its number; empty before it has one.
    pub number: String,
    /// The topic.
    pub topic: String,
    /// Whether several orgs act together.
    pub joint: bool,
    /// Time, place, people met and the like, in short.
    pub brief: Vec<String>,
    /// The form for a log line, for whoever may write one.
    pub line: Option<LineForm>,
    /// For a deputy who is expected and has not signed in: the own seat, in words.
    pub sign_in: Option<String>,
    /// The form that records a sign-in on paper, for whoever may.
    pub paper: Option<PaperForm>,
    /// For whoever may seal for a level.
    pub seal: Option<SealForm>,
    /// The attachments.
    pub attachments: Attachments,
    /// The log lines.
    pub log: Log,
    /// The seals.
    pub seals: Seals,
    /// The participants.
    pub participants: Participants,
    /// The other fields.
    pub facts: Vec<Fact>,
    /// Downloads the evidence bundle.
    pub bundle: String,
    /// Downloads the same with what the activity cites, if it cites anything.
    pub case: Option<String>,
}

/// The form for a log line: `POST /activities/{id}/lines` with `text`.
#[derive(Debug, Clone, Default)]
pub struct LineForm {
    /// Sent back as `once`.
    pub once: String,
    /// `text`.
    pub text: Field,
    /// What is held back of it.
    pub suspects: Suspects,
}

/// The form that seals for a level: `POST /activities/{id}/seal` with `level` and `heads`.
#[derive(Debug, Clone, Default)]
pub struct SealForm {
    /// The level's id.
    pub level: String,
    /// The level in words.
    pub level_label: String,
    /// The heads that are sealed: what the person sees now.
    pub heads: String,
    /// Log lines that the seal will cover.
    pub lines: u64,
}

/// The live part `log`: the log lines, newest first.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// The lines.
    pub lines: Vec<LogLine>,
    /// The nodes they come from.
    pub nodes: u64,
}

/// One log line.
#[derive(Debug, Clone, Default)]
pub struct LogLine {
    /// The change's id.
    pub id: String,
    /// The time, in words.
    pub time: String,
    /// Who wrote it.
    pub who: String,
    /// From which node.
    pub node: String,
    /// What it says.
    pub say: String,
    /// Whether it was written after the seal.
    pub after_seal: bool,
    /// What is right instead, if it was corrected: a line beside what it says.
    pub right: Option<String>,
    /// Opens it, for whoever may correct or confirm it.
    pub open: Option<String>,
    /// Two values or contested, in a word, with a line beside it.
    pub split: Option<String>,
    /// How far it may be trusted.
    pub mark: Mark,
    /// Its proof, when open.
    pub proof: Option<Proof>,
}

/// The live part `seals`.
#[derive(Debug, Clone, Default)]
pub struct Seals {
    /// One for each org that sealed and each required level that nobody sealed yet, in the order of levels.
    pub seals: Vec<Seal>,
    /// Whether all given seals cover the same content.
    pub same: bool,
    /// The digest that the given seals cover; empty before the first.
    pub digest: String,
    /// Changes made after the last seal.
    pub after: u64,
}

impl Seals {
    pub(super) fn given(&self) -> usize {
        self.seals.iter().filter(|seal| seal.given.is_some()).count()
    }

    pub(super) fn full(&self) -> bool {
        self.same && !self.seals.is_empty() && self.given() == self.seals.len()
    }
}

/// One seal, given or awaited.
#[derive(Debug, Clone)]
pub struct Seal {
    /// The level in words.
    pub level: String,
    /// The org's short name; its first characters are cut into the seal.
    pub org: String,
    /// Who sealed, or who is to seal.
    pub who: String,
    /// When it was given, in words; none while it is awaited.
    pub given: Option<String>,
    /// How far it may be trusted, once given.
    pub mark: Option<Mark>,
}

impl Seal {
    /// Two by two characters: of a Chinese name the first two and 之印, of another up to four letters.
    pub(super) fn cut(&self, text: &Text) -> Vec<String> {
        let name: Vec<char> = self.org.chars().filter(|c| c.is_alphanumeric()).collect();
        let chinese = name
            .first()
            .is_some_and(|c| ('\u{4e00}'..='\u{9fff}').contains(c));
        let tail = if chinese {
            text.t("seal-tail")
        } else {
            String::new()
        };
        let head = 4_usize.saturating_sub(tail.chars().count());
        name.iter()
            .take(head)
            .copied()
            .chain(tail.chars())
            .map(String::from)
            .collect()
    }
}

/// The live part `participants`.
#[derive(Debug, Clone, Default)]
pub struct Participants {
    /// The levels, from the top.
    pub levels: Vec<ParticipantLevel>,
}

impl Participants {
    fn expected(&self) -> usize {
        self.levels.iter().map(|level| level.people.len()).sum()
    }

    /// Of those present, for whom it was recorded: they are counted apart.
    fn recorded(&self) -> u64 {
        let people = self.levels.iter().flat_map(|level| &level.people);
        people.filter(|person| person.paper.is_some()).count() as u64
    }

    fn present(&self) -> usize {
        self.levels
            .iter()
            .flat_map(|level| &level.people)
            .filter(|person| person.signed != SignedIn::Not)
            .count()
    }
}

/// The participants of one level.
#[derive(Debug, Clone)]
pub struct ParticipantLevel {
    /// The level in words.
    pub label: String,
    /// The people.
    pub people: Vec<Participant>,
}

/// One participant.
#[derive(Debug, Clone)]
pub struct Participant {
    /// The name.
    pub name: String,
    /// How the person signed in.
    pub signed: SignedIn,
    /// Who recorded it and on what evidence, where another did.
    pub paper: Option<OnPaper>,
}

/// How a person signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignedIn {
    /// Not yet.
    #[default]
    Not,
    /// With the own key.
    Key,
    /// Through a one-time link.
    Link,
    /// With a code.
    Token,
    /// On paper, recorded by an officer.
    Paper,
}

impl Participant {
    fn key(&self) -> &'static str {
        match self.signed {
            SignedIn::Not => key!("signed-not"),
            SignedIn::Key => key!("signed-key"),
            SignedIn::Link => key!("signed-link"),
            SignedIn::Token => key!("signed-token"),
            SignedIn::Paper => key!("signed-paper"),
        }
    }

    fn absent(&self) -> bool {
        self.signed == SignedIn::Not
    }
}

/// The live part `log` alone.
#[derive(Template)]
#[template(path = "live/log.html")]
pub struct LogPart<'a> {
    /// The words.
    pub text: Text,
    /// The lines.
    pub log: &'a Log,
}

/// The live part `seals` alone.
#[derive(Template)]
#[template(path = "live/seals.html")]
pub struct SealsPart<'a> {
    /// The words.
    pub text: Text,
    /// The seals.
    pub seals: &'a Seals,
}

/// The live part `participants` alone.
#[derive(Template)]
#[template(path = "live/participants.html")]
pub struct ParticipantsPart<'a> {
    /// The words.
    pub text: Text,
    /// The participants.
    pub participants: &'a Participants,
}
