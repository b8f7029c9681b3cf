//! What the pages show: plain values that a handler fills and a template sets. Owns how a state is worded and drawn;
//! knows no record, no rule and no store. Data comes as `String`, ready to read; labels come from [`Text`].

mod activity;
mod anew;
mod appointments;
mod attachments;
mod book;
mod confirm;
mod contested;
mod definitions;
mod deputies;
mod entrance;
mod erase;
mod forks;
mod imports;
mod invitations;
mod joint;
mod ledgers;
mod looks;
mod marks;
mod network;
mod org_changes;
mod paper;
mod privacy;
mod record;
mod search;
mod settings;
mod start;
mod suspects;
mod verify;
mod visits;

#[cfg(any(test, debug_assertions))]
pub(in crate::web) mod sample;

pub use activity::*;
pub use anew::*;
pub use appointments::*;
pub use attachments::*;
pub use book::*;
pub use confirm::*;
pub use contested::*;
pub use definitions::*;
pub use deputies::*;
pub use entrance::*;
pub use erase::*;
pub use forks::*;
pub use imports::*;
pub use invitations::*;
pub use joint::*;
pub use ledgers::*;
pub use looks::*;
pub use marks::*;
pub use network::*;
pub use org_changes::*;
pub use paper::*;
pub use privacy::*;
pub use record::*;
pub use search::*;
pub use settings::*;
pub use start::*;
pub use suspects::*;
pub use verify::*;
pub use visits::*;

use askama::Template;

use super::i18n::Text;

/// A key of the catalogues that does not stand in a call; a test finds it by this mark.
macro_rules! key {
    ($key:literal) => {
        $key
    };
}
pub(super) use key;

/// What surrounds every page.
#[derive(Debug, Clone, Default)]
pub struct Shell {
    /// The full name of this node's org.
    pub node: String,
    /// Its short name, for a phone's masthead.
    pub node_short: String,
    /// Who is signed in; nobody on the entrance page.
    pub person: Option<Person>,
    /// The token that every form carries.
    pub csrf: String,
    /// Path and query of this page, where switches and a new sign-in lead back to.
    pub here: String,
    /// When this page was made, with its year: what a printed page says of itself.
    pub made: String,
    /// The part of the node that this page belongs to.
    pub section: Section,
    /// How the person looks at pages.
    pub looks: Looks,
    /// How this node stands with its peers.
    pub sync: SyncStatus,
    /// What the last deed did, shown once.
    pub notice: Option<Notice>,
    /// Names the version of the assets, so that a browser may keep them.
    pub version: String,
}

/// The person who is signed in.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// The name as in the appointment.
    pub name: String,
    /// The role that signs, in words.
    pub role: String,
}

/// The parts of the node, as the rail lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Section {
    /// None of them.
    #[default]
    None,
    /// Today's work.
    Today,
    /// The ledger of letters and visits.
    Visits,
    /// The ledger of activities.
    Activities,
    /// The roster of deputies.
    Deputies,
    /// Search over all ledgers.
    Search,
    /// Every ledger.
    Ledgers,
    /// Who holds what.
    Appointments,
    /// Logs, peers and alarms.
    Network,
    /// What differs from place to place.
    Settings,
    /// What becomes of personal data.
    Privacy,
}

impl Section {
    fn is(self, name: &str) -> bool {
        let own = match self {
            Section::None => "",
            Section::Today => "today",
            Section::Visits => "visits",
            Section::Activities => "activities",
            Section::Deputies => "deputies",
            Section::Search => "search",
            Section::Ledgers => "ledgers",
            Section::Appointments => "appointments",
            Section::Network => "network",
            Section::Settings => "settings",
            Section::Privacy => "privacy",
        };
        own == name
    }
}

/// What the last deed did.
#[derive(Debug, Clone)]
pub struct Notice {
    /// How it is drawn: `Good`, `Soon`, `Late` or `Split`.
    pub tone: Tone,
    /// What happened, to which thing, what to do.
    pub say: String,
    /// Where to look.
    pub link: Option<Link>,
}

/// A place to go.
#[derive(Debug, Clone, Default)]
pub struct Link {
    /// The address.
    pub href: String,
    /// The words.
    pub label: String,
}

/// How a word is drawn. The word itself says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Nothing out of the ordinary.
    #[default]
    Plain,
    /// Done, or checked.
    Good,
    /// Soon due, or waiting.
    Soon,
    /// Late, or wrong.
    Late,
    /// Contested, or two values.
    Split,
    /// Withdrawn, or without effect.
    Mute,
}

impl Tone {
    fn class(&self) -> &'static str {
        match self {
            Tone::Plain => "",
            Tone::Good => "good",
            Tone::Soon => "soon",
            Tone::Late => "late",
            Tone::Split => "split",
            Tone::Mute => "mute",
        }
    }

    fn icon(&self) -> &'static str {
        match self {
            Tone::Plain => "info",
            Tone::Good => "check",
            Tone::Soon | Tone::Late => "warn",
            Tone::Split => "split",
            Tone::Mute => "void",
        }
    }
}

/// A state in a word.
#[derive(Debug, Clone, Default)]
pub struct Tag {
    /// The word.
    pub label: String,
    /// How it is drawn.
    pub tone: Tone,
}

/// One of several values to choose from.
#[derive(Debug, Clone)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What is read.
    pub label: String,
    /// Whether it is the chosen one.
    pub chosen: bool,
}

/// What stands in a field of a form.
#[derive(Debug, Clone, Default)]
pub struct Field {
    /// What was typed, or what it begins with.
    pub value: String,
    /// What is wrong with it and the way out.
    pub error: Option<String>,
}

impl Field {
    /// A field that begins with a value.
    pub fn new(value: impl Into<String>) -> Field {
        Field {
            value: value.into(),
            error: None,
        }
    }
}

/// A form that downloads the evidence bundle of more than one record.
#[derive(Debug, Clone, Default)]
pub struct BundleForm {
    /// Of whom: deputies or stations.
    pub whom: Vec<Choice>,
    /// Of when: years or quarters.
    pub when: Vec<Choice>,
    /// What is wrong with what was asked for.
    pub error: Option<String>,
}

/// A label and a value, for reading.
#[derive(Debug, Clone, Default)]
pub struct Fact {
    /// The label, from the ledger's definition.
    pub label: String,
    /// The value, ready to read; empty while nothing was written.
    pub value: String,
    /// Whether the record is incomplete without it.
    pub missing: bool,
    /// Whether two values stand side by side.
    pub split: bool,
    /// What it names, as links in the place of the value.
    pub links: Vec<Link>,
    /// Where a missing value can be filled in.
    pub fill: Option<String>,
}

impl Fact {
    /// A value under its label.
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Fact {
        Fact {
            label: label.into(),
            value: value.into(),
            ..Fact::default()
        }
    }
}

/// Where a list is cut.
#[derive(Debug, Clone, Default)]
pub struct Pager {
    /// The number of the first row shown, from 1; 0 when there is none.
    pub first: u64,
    /// The number of the last row shown.
    pub last: u64,
    /// All rows that fit the filters.
    pub total: u64,
    /// The page before.
    pub previous: Option<String>,
    /// The page after.
    pub next: Option<String>,
}

impl Pager {
    fn range(&self, text: &Text) -> String {
        text.with(
            "pager-range",
            &[
                ("first", &self.first),
                ("last", &self.last),
                ("count", &self.total),
            ],
        )
    }
}

/// Until when something must be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// It was due so many days ago.
    Late(u32),
    /// It is due in so many days, at most 7.
    Soon(u32),
    /// It is due in so many days, at most 15.
    Near(u32),
    /// There is time.
    Ok(u32),
    /// It is done.
    Done,
}

impl Due {
    /// The band for a number of days left, which is negative when late.
    pub fn in_days(left: i64) -> Due {
        let days = u32::try_from(left.unsigned_abs()).unwrap_or(u32::MAX);
        match left {
            ..0 => Due::Late(days),
            0..=7 => Due::Soon(days),
            8..=15 => Due::Near(days),
            _ => Due::Ok(days),
        }
    }

    fn class(&self) -> &'static str {
        match self {
            Due::Late(_) => "late",
            Due::Soon(_) => "soon",
            Due::Near(_) => "near",
            Due::Ok(_) => "ok",
            Due::Done => "done",
        }
    }

    fn icon(&self) -> &'static str {
        match self {
            Due::Late(_) => "late",
            Due::Soon(_) => "pie",
            Due::Near(_) => "half",
            Due::Ok(_) => "clock",
            Due::Done => "check",
        }
    }

    fn words(&self, text: &Text) -> String {
        match self {
            Due::Late(days) => text.n("due-late", days),
            Due::Soon(0) => text.t("due-today"),
            Due::Soon(days) | Due::Near(days) => text.n("due-soon", days),
            Due::Ok(days) => text.n("due-ok", days),
            Due::Done => text.t("due-done"),
        }
    }
}

/// How far something may be trusted, as a small square beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// Signed; the required parent has not answered yet.
    #[default]
    Waiting,
    /// The required parent witnessed it.
    Witnessed,
    /// Done through a one-time link or a code, signed by the node.
    ByLink,
    /// Something it relies on is not here yet.
    Pending,
    /// Its key was revoked and nobody adopted it yet.
    Contested,
    /// Counts, but came too late or out of turn: kept, without effect.
    Ineffective,
    /// Does not count.
    Refused,
    /// Its content was erased; its place in the log stays.
    Erased,
}

impl Trust {
    fn key(&self) -> &'static str {
        match self {
            Trust::Waiting => key!("trust-waiting"),
            Trust::Witnessed => key!("trust-witnessed"),
            Trust::ByLink => key!("trust-by-link"),
            Trust::Pending => key!("trust-pending"),
            Trust::Contested => key!("trust-contested"),
            Trust::Ineffective => key!("trust-ineffective"),
            Trust::Refused => key!("trust-refused"),
            Trust::Erased => key!("trust-erased"),
        }
    }

    fn class(&self) -> &'static str {
        match self {
            Trust::Waiting | Trust::Pending => "wait",
            Trust::Witnessed | Trust::ByLink => "",
            Trust::Contested => "split",
            Trust::Ineffective | Trust::Refused | Trust::Erased => "mute",
        }
    }

    fn icon(&self) -> &'static str {
        match self {
            Trust::Waiting => "m-wait",
            Trust::Witnessed => "m-full",
            Trust::ByLink => "m-link",
            Trust::Pending => "m-dots",
            Trust::Contested => "m-half",
            Trust::Ineffective => "m-void",
            Trust::Refused => "m-cross",
            Trust::Erased => "m-erased",
        }
    }

    /// Whether it counts for nothing at present, so that its words are struck out.
    fn void(&self) -> bool {
        matches!(self, Trust::Ineffective | Trust::Refused | Trust::Erased)
    }
}

/// The proof mark: it leads to the same page with the proof open.
#[derive(Debug, Clone, Default)]
pub struct Mark {
    /// How far it may be trusted.
    pub trust: Trust,
    /// What stands beside the square instead of the word, usually the day of the witness.
    pub when: Option<String>,
    /// Opens the proof, or closes it when it is open.
    pub href: Option<String>,
    /// Whether the proof is open.
    pub open: bool,
}

/// How this node stands with its peers.
#[derive(Debug, Clone, Default)]
pub struct SyncStatus {
    /// The state.
    pub state: SyncState,
    /// When it was last so, in words; empty when never.
    pub at: String,
    /// Own entries that nobody above has witnessed yet.
    pub waiting: u64,
    /// Alarms that are open.
    pub alarms: u64,
}

/// The states of a node towards its peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SyncState {
    /// No peer answers.
    #[default]
    Offline,
    /// Ranges are on their way.
    Syncing,
    /// Level with every peer that is connected.
    Level,
}

impl SyncStatus {
    fn icon(&self) -> &'static str {
        match self.state {
            SyncState::Offline => "offline",
            SyncState::Syncing => "syncing",
            SyncState::Level => "online",
        }
    }

    fn key(&self) -> &'static str {
        match self.state {
            SyncState::Offline => key!("sync-offline"),
            SyncState::Syncing => key!("sync-syncing"),
            SyncState::Level => key!("sync-level"),
        }
    }

    fn offline(&self) -> bool {
        self.state == SyncState::Offline
    }
}

/// The live part `sync` of the masthead.
#[derive(Template)]
#[template(path = "live/sync.html")]
pub struct SyncPart<'a> {
    /// The words.
    pub text: Text,
    /// The state.
    pub sync: &'a SyncStatus,
}

/// The live part `strip` under the masthead: offline and alarms.
#[derive(Template)]
#[template(path = "live/strip.html")]
pub struct StripPart<'a> {
    /// The words.
    pub text: Text,
    /// The state.
    pub sync: &'a SyncStatus,
}
