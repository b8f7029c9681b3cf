//! Letters and visits: the clerk's home with the form, and the ledger.

use askama::Template;

use super::{BundleForm, Choice, Due, Field, Mark, Notice, Pager, Shell, Suspects, Tag, TypingRow};
use crate::web::i18n::Text;

/// `GET /`: what is to be done today.
#[derive(Template)]
#[template(path = "home.html")]
pub struct HomePage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// Today in words, with the weekday.
    pub today: String,
    /// Posts that end soon, have ended or were taken away.
    pub news: Vec<Notice>,
    /// Visits that still need a triage or an answer to the person.
    pub open: u64,
    /// What this person typed and did not send.
    pub typing: Vec<TypingRow>,
    /// The form, for whoever may register.
    pub form: Option<VisitForm>,
    /// What comes next, the most urgent first.
    pub todo: Vec<Todo>,
    /// What was registered today, newest first.
    pub table: VisitTable,
}

impl HomePage {
    fn title(&self) -> String {
        match (self.table.rows.len(), self.open) {
            (0, 0) => self.text.t("home-title-quiet"),
            (_, 0) => self.text.n("home-title-done", self.table.rows.len()),
            (_, open) => self.text.n("home-title-open", open),
        }
    }

    fn late(&self) -> usize {
        late(&self.todo)
    }

    fn persons(&self) -> u64 {
        self.table.rows.iter().map(|row| row.persons).sum()
    }

    /// A live part alone.
    pub(crate) fn part(&self, id: &str) -> Option<askama::Result<String>> {
        let text = self.text;
        match id {
            "title" => Some(Ok(self.title())),
            "next" => Some(
                NextPart {
                    text,
                    todo: &self.todo,
                }
                .render(),
            ),
            "visits" => Some(
                VisitsPart {
                    text,
                    table: &self.table,
                }
                .render(),
            ),
            _ => None,
        }
    }
}

fn late(todo: &[Todo]) -> usize {
    todo.iter()
        .filter(|todo| matches!(todo.due, Some(Due::Late(_))))
        .count()
}

/// Something that waits for this station.
#[derive(Debug, Clone)]
pub struct Todo {
    /// The thing.
    pub title: String,
    /// Where to do it.
    pub href: String,
    /// What is to be done.
    pub what: String,
    /// Until when.
    pub due: Option<Due>,
}

/// The form that registers a visit: `POST /visits`. Field names are those of the ledger `letters_visits`.
#[derive(Debug, Clone, Default)]
pub struct VisitForm {
    /// Sent back as `once`, so that a second press registers nothing twice.
    pub once: String,
    /// What is wrong with the whole, when a field alone does not say it.
    pub error: Option<String>,
    /// `gist`: what was said, free of personal data.
    pub gist: Field,
    /// What is held back of it.
    pub suspects: Suspects,
    /// `channel`: how it came.
    pub channels: Vec<Choice>,
    /// `persons`: how many came.
    pub persons: Field,
    /// `nature`: a problem or a suggestion.
    pub natures: Vec<Choice>,
    /// `received_at`: `YYYY-MM-DDThh:mm`, local; begins with now.
    pub received_at: Field,
    /// `receiver`: names of deputies, apart by a comma.
    pub receiver: Field,
    /// The deputies on shift, offered for `receiver`.
    pub receivers: Vec<String>,
    /// `triage`: begins with an empty value, not yet decided.
    pub triages: Vec<Choice>,
    /// `told_person_on`: `YYYY-MM-DD`.
    pub told_person_on: Field,
    /// The township where the personal part stays.
    pub township: String,
    /// `name` of the person.
    pub name: Field,
    /// `phone` of the person.
    pub phone: Field,
    /// `address` of the person.
    pub address: Field,
    /// The station where the sensitive part stays.
    pub station: String,
    /// `health`.
    pub health: Field,
    /// `hardship`.
    pub hardship: Field,
}

impl VisitForm {
    fn sensitive_open(&self) -> bool {
        [&self.health, &self.hardship]
            .iter()
            .any(|field| !field.value.is_empty() || field.error.is_some())
    }
}

/// The live part `visits`: rows of the ledger, on both pages.
#[derive(Debug, Clone, Default)]
pub struct VisitTable {
    /// The rows, in the order shown.
    pub rows: Vec<VisitRow>,
    /// Whether rows come from more than one station, so that a column names it.
    pub stations: bool,
    /// Whether filters are set, so that an empty table says so.
    pub filtered: bool,
}

/// One visit in a table.
#[derive(Debug, Clone, Default)]
pub struct VisitRow {
    /// The record's id.
    pub id: String,
    /// The record's page.
    pub href: String,
    /// When it was received.
    pub time: String,
    /// How it came, in words.
    pub channel: String,
    /// How many came.
    pub persons: u64,
    /// What was said.
    pub gist: String,
    /// Who received it.
    pub receivers: String,
    /// The station's short name.
    pub station: String,
    /// What became of it.
    pub triage: Option<Tag>,
    /// How far it may be trusted.
    pub mark: Mark,
}

/// `GET /visits?q=&station=&channel=&triage=&page=`: the ledger.
#[derive(Template)]
#[template(path = "visits.html")]
pub struct VisitsPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// `q`: the words searched for.
    pub q: String,
    /// `station`: begins with an empty value, all; empty in a station.
    pub stations: Vec<Choice>,
    /// `channel`: begins with an empty value, all.
    pub channels: Vec<Choice>,
    /// `triage`: begins with an empty value, all.
    pub triages: Vec<Choice>,
    /// The rows.
    pub table: VisitTable,
    /// Where the list is cut.
    pub pager: Pager,
    /// Visits without a triage among all that fit.
    pub open: u64,
    /// Figures per station; empty in a station.
    pub totals: Vec<StationTotal>,
    /// The horizon of the figures, in words.
    pub as_of: String,
    /// Where one is registered, for whoever may.
    pub new: Option<String>,
    /// Downloads what fits as a table.
    pub export: Option<String>,
    /// Downloads the quarter of a station: `GET /visits/bundle?station=&quarter=`.
    pub bundle: Option<BundleForm>,
}

impl VisitsPage {
    fn title(&self) -> String {
        match (self.pager.total, self.open) {
            (0, _) if self.table.filtered => self.text.t("visits-title-none"),
            (0, _) => self.text.t("visits-title-empty"),
            (total, 0) => self.text.n("visits-title-done", total),
            (total, open) => self.text.t2("visits-title-open", "count", total, "open", open),
        }
    }

    /// A live part alone.
    pub(crate) fn part(&self, id: &str) -> Option<askama::Result<String>> {
        let text = self.text;
        match id {
            "title" => Some(Ok(self.title())),
            "visits" => Some(
                VisitsPart {
                    text,
                    table: &self.table,
                }
                .render(),
            ),
            "totals" => Some(
                TotalsPart {
                    text,
                    totals: &self.totals,
                }
                .render(),
            ),
            _ => None,
        }
    }

    fn sum(&self) -> StationTotal {
        sum(&self.totals)
    }
}

fn sum(totals: &[StationTotal]) -> StationTotal {
    totals
        .iter()
        .fold(StationTotal::default(), |sum, one| StationTotal {
            visits: sum.visits + one.visits,
            persons: sum.persons + one.persons,
            open: sum.open + one.open,
            ..sum
        })
}

/// One station's figures.
#[derive(Debug, Clone, Default)]
pub struct StationTotal {
    /// The station's short name.
    pub station: String,
    /// The ledger filtered by this station.
    pub href: String,
    /// Visits.
    pub visits: u64,
    /// People who came.
    pub persons: u64,
    /// Visits without a triage.
    pub open: u64,
    /// A word when the station has been silent, for example 26 hours.
    pub silent: Option<Tag>,
}

/// The live part `visits` alone.
#[derive(Template)]
#[template(path = "live/visits.html")]
pub struct VisitsPart<'a> {
    /// The words.
    pub text: Text,
    /// The rows.
    pub table: &'a VisitTable,
}

/// The live part `totals` alone.
#[derive(Template)]
#[template(path = "live/totals.html")]
pub struct TotalsPart<'a> {
    /// The words.
    pub text: Text,
    /// The stations.
    pub totals: &'a [StationTotal],
}

impl TotalsPart<'_> {
    fn sum(&self) -> StationTotal {
        sum(self.totals)
    }
}

/// The live part `next` alone.
#[derive(Template)]
#[template(path = "live/next.html")]
pub struct NextPart<'a> {
    /// The words.
    pub text: Text,
    /// What comes next.
    pub todo: &'a [Todo],
}

impl NextPart<'_> {
    fn late(&self) -> usize {
        late(self.todo)
    }
}
