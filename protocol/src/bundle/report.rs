//! What a verified bundle says: facts, and the same in words of both languages.

use std::collections::BTreeMap;

use serde::Serialize;

use super::facts::{ChangeFacts, Horizon, OrgName, RecordFacts};
use super::shared::Shared;
use super::standing::Standing;
use super::summary::Summary;
use super::words;
use crate::id::{Hash, StatementId};

/// A bundle that verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The founding statement on which everything rests.
    pub founding: StatementId,
    /// The root org that it names.
    pub root: Shared<OrgName>,
    /// The records.
    pub records: Vec<RecordReport>,
    /// Up to when each log is known.
    pub horizon: Vec<Horizon>,
    /// What was proved and what cannot be known offline, in Chinese.
    pub words_zh: Vec<String>,
    /// The same in English.
    pub words_en: Vec<String>,
}

/// A field that names the record for a reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TitleField {
    /// The key.
    pub key: String,
    /// The label in Chinese.
    pub zh: String,
    /// The label in English.
    pub en: String,
    /// The value in Chinese.
    pub value_zh: String,
    /// The value in English.
    pub value_en: String,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordReport {
    /// What follows from the evidence.
    pub facts: RecordFacts,
    /// How it stands: of its changes that count or may yet, the least settled one.
    pub standing: Standing,
    /// How each event stands, by its id.
    pub events: BTreeMap<Hash, Standing>,
    /// Every change, in causal order.
    pub changes: Vec<ChangeReport>,
}

impl RecordReport {
    /// Values of the fields that every record of the ledger must have.
    pub fn title(&self) -> Vec<TitleField> {
        words::title(&self.facts)
    }

    /// The state in words, Chinese and English.
    pub fn words(&self) -> (Vec<String>, Vec<String>) {
        words::record(&self.facts)
    }
}

/// With the words, as `title`, `words_zh` and `words_en`.
impl Serialize for RecordReport {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Told<'a> {
            #[serde(flatten)]
            facts: &'a RecordFacts,
            standing: Standing,
            event_standings: &'a BTreeMap<Hash, Standing>,
            title: Vec<TitleField>,
            changes: &'a [ChangeReport],
            words_zh: Vec<String>,
            words_en: Vec<String>,
        }
        let (words_zh, words_en) = self.words();
        let told = Told {
            facts: &self.facts,
            standing: self.standing,
            event_standings: &self.events,
            title: self.title(),
            changes: &self.changes,
            words_zh,
            words_en,
        };
        told.serialize(s)
    }
}

/// A change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeReport {
    /// What follows from the evidence.
    pub facts: ChangeFacts,
    /// How it stands.
    pub standing: Standing,
}

impl ChangeReport {
    fn of(facts: ChangeFacts) -> Self {
        ChangeReport {
            standing: Standing::of(&facts.verdict),
            facts,
        }
    }

    /// In words, Chinese and English.
    pub fn words(&self) -> (String, String) {
        words::change(&self.facts)
    }

    /// The verdict with its reason, Chinese and English.
    pub fn verdict(&self) -> (String, String) {
        words::verdict(&self.facts.verdict)
    }
}

/// With the words, as `verdict_zh`, `verdict_en`, `words_zh` and `words_en`.
impl Serialize for ChangeReport {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Told<'a> {
            #[serde(flatten)]
            facts: &'a ChangeFacts,
            standing: Standing,
            verdict_zh: String,
            verdict_en: String,
            words_zh: String,
            words_en: String,
        }
        let ((verdict_zh, verdict_en), (words_zh, words_en)) = (self.verdict(), self.words());
        let told = Told {
            facts: &self.facts,
            standing: self.standing,
            verdict_zh,
            verdict_en,
            words_zh,
            words_en,
        };
        told.serialize(s)
    }
}

impl Report {
    pub(super) fn of(summary: Summary) -> Self {
        let (words_zh, words_en) = words::whole(&summary);
        let records = summary
            .records
            .into_iter()
            .map(|record| {
                let standing = Standing::of_record(&record.changes);
                let of_changes: BTreeMap<_, _> = record
                    .changes
                    .iter()
                    .map(|change| (change.id, Standing::of(&change.verdict)))
                    .collect();
                let events = record.record.events.iter();
                let events = events
                    .map(|event| (event.id, Standing::of_event(event, of_changes.get(&event.change))))
                    .collect();
                RecordReport {
                    changes: record.changes.into_iter().map(ChangeReport::of).collect(),
                    facts: record.record,
                    standing,
                    events,
                }
            })
            .collect();
        Report {
            founding: summary.founding,
            root: summary.root,
            records,
            horizon: summary.logs,
            words_zh,
            words_en,
        }
    }
}
