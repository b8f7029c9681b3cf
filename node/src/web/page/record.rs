//! A record: its fields, its changes with their three times, and the proof of one of them.

use askama::Template;

use super::{
    Attachments, Choice, Confirming, Conflict, Due, EventNote, Fact, Field, Link, Mark, OpenEvent, Shell,
    Tag, Trust, key,
};
use crate::web::i18n::Text;

/// `GET /records/{id}?proof={change}`: one record of any ledger.
#[derive(Template)]
#[template(path = "record.html")]
pub struct RecordPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The record's id.
    pub id: String,
    /// The ledger it stands in.
    pub ledger: Link,
    /// Its number in the ledger; empty before it has one.
    pub number: String,
    /// The situation in a sentence: what became of it and what is still to do.
    pub title: String,
    /// The matter itself, for a visit the gist.
    pub matter: String,
    /// What stands now and what this person may do; none for a record that is only read.
    pub turn: Option<Turn>,
    /// The shared fields.
    pub facts: Vec<Fact>,
    /// How many fields it lacks to be complete.
    pub lacks: usize,
    /// The form of its fields, for whoever may write.
    pub edit: Option<String>,
    /// What names it.
    pub named_by: Vec<NamedByRow>,
    /// How many more do.
    pub named_by_more: u64,
    /// The attachments.
    pub attachments: Attachments,
    /// The parts that travel less far than the record.
    pub parts: Vec<PrivatePart>,
    /// Fields with two values.
    pub conflicts: Vec<Conflict>,
    /// Who confirmed it, and whether this person may; none where there is nothing to confirm.
    pub confirming: Option<Confirming>,
    /// An event that is opened.
    pub event: Option<OpenEvent>,
    /// The changes.
    pub timeline: Timeline,
    /// Downloads the evidence bundle of the record.
    pub bundle: String,
    /// Downloads the same with what the record cites, if it cites anything.
    pub case: Option<String>,
    /// Where personal data is erased, for whoever may sign that.
    pub erase: Option<String>,
    /// What is known of the erasure of the record itself: sentences.
    pub erased: Vec<String>,
    /// Where it is issued anew, for whoever may sign that.
    pub anew: Option<String>,
    /// Of an erased one: the record as which it was issued anew.
    pub goes_on: Option<Link>,
    /// The erased ones for which this one was issued.
    pub issued_for: Vec<Link>,
}

/// A record that names the one that is shown.
#[derive(Debug, Clone, Default)]
pub struct NamedByRow {
    /// Its page.
    pub href: String,
    /// What it is about.
    pub title: String,
    /// Its ledger, the field that names, and when.
    pub how: String,
}

/// What stands now, until when, and what this person may do.
#[derive(Debug, Clone, Default)]
pub struct Turn {
    /// The state in a word or two, for example the triage.
    pub state: String,
    /// A line under it.
    pub state_note: String,
    /// What is awaited, for example that the person is told.
    pub awaited: String,
    /// Its day in words.
    pub awaited_on: String,
    /// Its band.
    pub due: Option<Due>,
    /// The form, for whoever may sign.
    pub act: Option<VisitAct>,
    /// Who may do what this person may not.
    pub hint: String,
}

/// The form that settles a visit: `POST /records/{id}` with `triage` and `told_person_on`.
#[derive(Debug, Clone, Default)]
pub struct VisitAct {
    /// The heads that the person saw, sent back as `seen`.
    pub seen: String,
    /// `triage`.
    pub triages: Vec<Choice>,
    /// `told_person_on`: `YYYY-MM-DD`.
    pub told_person_on: Field,
    /// What is wrong with the whole.
    pub error: Option<String>,
}

/// A part that travels less far than the record.
#[derive(Debug, Clone)]
pub struct PrivatePart {
    /// Which part.
    pub kind: PrivateKind,
    /// Who holds it, by name.
    pub audience: String,
    /// What it says.
    pub state: PrivateState,
}

/// The two kinds of private parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrivateKind {
    /// Name, phone, address: the township's.
    Personal,
    /// Health, hardship: the station's alone.
    Sensitive,
}

/// What a node knows of a private part.
#[derive(Debug, Clone)]
pub enum PrivateState {
    /// It is held here, and open.
    Held(Vec<Fact>),
    /// It is held here, and opened by who says what for: `POST /records/{id}/open` with `purpose` or `words`.
    Closed(Vec<Choice>),
    /// It is opened together with one that stands above it.
    Beside,
    /// Its time is over and the law forbids to erase it yet, in words: it is kept and not opened.
    Locked(String),
    /// It exists elsewhere; its commitment is in the record.
    Elsewhere,
    /// It was erased, in words when and at how many of its holders.
    Erased(String),
}

impl PrivatePart {
    fn title(&self) -> &'static str {
        match self.kind {
            PrivateKind::Personal => key!("private-personal"),
            PrivateKind::Sensitive => key!("private-sensitive"),
        }
    }
}

/// The live part `timeline`: the changes of a record, newest first.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    /// What is awaited, above the changes.
    pub next: Option<NextStep>,
    /// The changes.
    pub changes: Vec<Change>,
}

impl Timeline {
    /// Whether there is nothing to be told, as of a record that is erased.
    pub fn is_empty(&self) -> bool {
        self.next.is_none() && self.changes.is_empty()
    }
}

/// The awaited step.
#[derive(Debug, Clone)]
pub struct NextStep {
    /// What is awaited.
    pub what: String,
    /// Why, or from whom.
    pub note: String,
    /// Until when, in words.
    pub until: String,
}

/// A moment in two lines.
#[derive(Debug, Clone, Default)]
pub struct Moment {
    /// The day in words; empty when nothing was stated.
    pub day: String,
    /// The time of the day.
    pub time: String,
}

/// One change of a record.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The change's id.
    pub id: String,
    /// What it did, in a word or two.
    pub what: String,
    /// Who signed it, with the org.
    pub who: String,
    /// What it wrote, a line each.
    pub lines: Vec<ChangeLine>,
    /// What was said later of its event, and the way there.
    pub note: Option<EventNote>,
    /// Why it has no effect or does not count.
    pub reason: Option<String>,
    /// Stated by the people concerned.
    pub happened: Moment,
    /// The author's clock.
    pub recorded: Moment,
    /// How far it may be trusted; the day beside it is that of the first receipt.
    pub mark: Mark,
    /// Days between happened and recorded, when more than 3.
    pub entered_late: Option<u32>,
    /// Whether it was made after the seal.
    pub after_seal: bool,
    /// Its proof, when open.
    pub proof: Option<Proof>,
}

/// One thing that a change wrote.
#[derive(Debug, Clone, Default)]
pub struct ChangeLine {
    /// What of, with nothing where the words speak for themselves.
    pub label: String,
    /// What stood there before.
    pub was: Option<String>,
    /// What was written.
    pub now: String,
    /// Whether that does not hold any more: it was corrected.
    pub void: bool,
    /// The scan that proves it, where it was done on paper.
    pub scan: Option<Link>,
}

impl ChangeLine {
    /// Words that speak for themselves.
    pub fn new(now: impl Into<String>) -> Self {
        ChangeLine {
            now: now.into(),
            ..ChangeLine::default()
        }
    }
}

/// Why one may believe a change.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    /// The change's id.
    pub change: String,
    /// Who signed.
    pub author: String,
    /// As what, in words.
    pub role: String,
    /// How far it may be trusted.
    pub trust: Trust,
    /// Why it does not count, or not yet.
    pub reason: Option<String>,
    /// A proof of equivocation or another open alarm about its log.
    pub alarm: Option<String>,
    /// What was checked here.
    pub checks: Vec<Check>,
    /// The appointments, from the signer's up to the founding statement.
    pub chain: Vec<Appointment>,
    /// The origin of the log.
    pub origin: String,
    /// Whose log it is.
    pub log_owner: String,
    /// The place of the entry.
    pub index: u64,
    /// The size of the log that was checked.
    pub size: u64,
    /// The parents that witnessed it, the required one first.
    pub witnesses: Vec<Witness>,
    /// The fingerprint of the author's key.
    pub key: String,
    /// The fingerprint of the entry.
    pub fingerprint: String,
    /// The parent's checkpoint that the verdict goes by, in words.
    pub as_of: String,
    /// Whether that horizon is old.
    pub stale: bool,
    /// Downloads the evidence bundle.
    pub bundle: String,
    /// The same page with the proof closed.
    pub close: String,
}

impl Proof {
    pub(super) fn say(&self, text: &Text) -> String {
        let key = match self.trust {
            Trust::Witnessed => key!("proof-say-witnessed"),
            Trust::Waiting => key!("proof-say-waiting"),
            Trust::ByLink => key!("proof-say-by-link"),
            Trust::Pending => key!("proof-say-pending"),
            Trust::Contested => key!("proof-say-contested"),
            Trust::Ineffective => key!("proof-say-ineffective"),
            Trust::Refused => key!("proof-say-refused"),
            Trust::Erased => key!("proof-say-erased"),
        };
        text.t2(key, "who", &self.author, "role", &self.role)
    }

    pub(super) fn place(&self, text: &Text) -> String {
        text.with(
            "proof-place",
            &[
                ("owner", &self.log_owner),
                ("index", &self.index),
                ("size", &self.size),
            ],
        )
    }
}

/// One thing that was checked.
#[derive(Debug, Clone)]
pub struct Check {
    /// What was checked.
    pub kind: CheckKind,
    /// Whether it held.
    pub ok: bool,
}

/// What is checked of every change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckKind {
    /// The signature fits the content.
    Signature,
    /// The author held a fitting appointment at that time.
    Appointment,
    /// The entry stands in the log, and the log has not been rewritten.
    Log,
    /// The required parent witnessed the log with this entry in it.
    Witness,
    /// What it relies on is here.
    Dependencies,
}

impl Check {
    pub(super) fn key(&self) -> &'static str {
        match (self.kind, self.ok) {
            (CheckKind::Signature, true) => key!("check-signature"),
            (CheckKind::Signature, false) => key!("check-signature-not"),
            (CheckKind::Appointment, true) => key!("check-appointment"),
            (CheckKind::Appointment, false) => key!("check-appointment-not"),
            (CheckKind::Log, true) => key!("check-log"),
            (CheckKind::Log, false) => key!("check-log-not"),
            (CheckKind::Witness, true) => key!("check-witness"),
            (CheckKind::Witness, false) => key!("check-witness-not"),
            (CheckKind::Dependencies, true) => key!("check-dependencies"),
            (CheckKind::Dependencies, false) => key!("check-dependencies-not"),
        }
    }

    pub(super) fn icon(&self) -> &'static str {
        if self.ok { "check" } else { "dash" }
    }
}

/// One link of the chain of appointments.
#[derive(Debug, Clone)]
pub struct Appointment {
    /// Who was appointed: a person or an org's key.
    pub who: String,
    /// As what and where, in words.
    pub role: String,
    /// By which org; empty for the founding statement.
    pub by: String,
    /// From when to when, in words.
    pub period: String,
    /// Whether this is the founding statement, where chains end.
    pub founding: bool,
    /// Revoked or expired, in a word.
    pub tag: Option<Tag>,
}

/// One witness.
#[derive(Debug, Clone)]
pub struct Witness {
    /// The org.
    pub name: String,
    /// Whether it is the required parent.
    pub required: bool,
    /// When it witnessed, in words; none while it has not.
    pub time: Option<String>,
    /// The place in its witness log.
    pub index: Option<u64>,
}

/// The live part `timeline` alone.
#[derive(Template)]
#[template(path = "live/timeline.html")]
pub struct TimelinePart<'a> {
    /// The words.
    pub text: Text,
    /// The changes.
    pub timeline: &'a Timeline,
}
