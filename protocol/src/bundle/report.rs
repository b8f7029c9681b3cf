//! What a verified bundle says: facts, and the same in words of both languages.

use std::collections::BTreeMap;

use serde::Serialize;

use super::facts::{ChangeFacts, Horizon, OrgName, RecordFacts, Summary};
use super::standing::Standing;
use super::words;
use crate::id::{Hash, StatementId};

/// A bundle that verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The founding statement on which everything rests.
    pub founding: StatementId,
    /// The root org that it names.
    pub root: OrgName,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordReport {
    /// What follows from the evidence.
    #[serde(flatten)]
    pub facts: RecordFacts,
    /// How it stands: of its changes that count or may yet, the least settled one.
    pub standing: Standing,
    /// How each event stands, by its id.
    #[serde(rename = "event_standings")]
    pub events: BTreeMap<Hash, Standing>,
    /// Values of the fields that every record of the ledger must have.
    pub title: Vec<TitleField>,
    /// Every change, in causal order.
    pub changes: Vec<ChangeReport>,
    /// The state in words, Chinese.
    pub words_zh: Vec<String>,
    /// The same in English.
    pub words_en: Vec<String>,
}

/// A change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeReport {
    /// What follows from the evidence.
    #[serde(flatten)]
    pub facts: ChangeFacts,
    /// How it stands.
    pub standing: Standing,
    /// The verdict with its reason, Chinese.
    pub verdict_zh: String,
    /// The same in English.
    pub verdict_en: String,
    /// In words, Chinese.
    pub words_zh: String,
    /// In words, English.
    pub words_en: String,
}

impl Report {
    pub(super) fn of(summary: Summary) -> Self {
        let (words_zh, words_en) = words::whole(&summary);
        let records = summary
            .records
            .into_iter()
            .map(|record| {
                let (words_zh, words_en) = words::record(&record.record);
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
                let changes = record
                    .changes
                    .into_iter()
                    .map(|facts| {
                        let (words_zh, words_en) = words::change(&facts);
                        let (verdict_zh, verdict_en) = words::verdict(&facts.verdict);
                        ChangeReport {
                            standing: Standing::of(&facts.verdict),
                            verdict_zh,
                            verdict_en,
                            facts,
                            words_zh,
                            words_en,
                        }
                    })
                    .collect();
                RecordReport {
                    title: words::title(&record.record),
                    facts: record.record,
                    standing,
                    events,
                    changes,
                    words_zh,
                    words_en,
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
