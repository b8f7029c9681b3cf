//! The history of a record: who wrote what when, and what stood there before.

use std::collections::{BTreeMap, BTreeSet};

use lianzhan_protocol::id::{ChangeId, RecordId};
use lianzhan_protocol::record::{ANNEX_KEY, Graph, Held, OpId, Value, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::ledger::EventSheet;
use super::query::RecordDetail;
use super::{Node, ServiceError};

/// What a record's fields held before each change.
pub struct Before<'a> {
    graph: Graph<'a>,
    /// Puts of counting changes by key, in the order of the graph.
    puts: BTreeMap<&'a str, Vec<(usize, OpId, &'a Value)>>,
}

impl<'a> Before<'a> {
    /// Of the changes of a record.
    pub fn of(detail: &RecordDetail, held: &'a [Held]) -> Self {
        let graph = Graph::build(held);
        let counting: BTreeSet<ChangeId> = detail
            .changes
            .iter()
            .filter(|change| matches!(change.verdict, Verdict::Counts { .. }))
            .map(|change| change.held.id)
            .collect();
        let mut puts: BTreeMap<&str, Vec<(usize, OpId, &Value)>> = BTreeMap::new();
        for (n, change) in graph.changes().iter().enumerate() {
            let change: &'a Held = change;
            if !counting.contains(&change.id) {
                continue;
            }
            for (position, put) in change.change.puts.iter().enumerate() {
                if let Some(name) = put.field_name() {
                    let op = graph.op(n, position);
                    puts.entry(name).or_default().push((n, op, &put.value));
                }
            }
        }
        Before { graph, puts }
    }

    /// What the author of a change saw in a field that it puts; none where nothing stood there.
    pub fn value(&self, change: &ChangeId, key: &str) -> Option<&'a Value> {
        let at = self.graph.position(change)?;
        let seen = self
            .puts
            .get(key)?
            .iter()
            .filter(|(n, ..)| self.graph.saw(at, *n));
        let last = seen.max_by_key(|(_, op, _)| *op).map(|(.., value)| *value);
        last.filter(|value| **value != Value::Null)
    }
}

/// A change of a record, as a program reads it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangeSheet {
    /// Its id.
    pub change: String,
    /// Who signed it.
    pub by: Option<String>,
    /// For which org, in Chinese.
    pub org: Option<String>,
    /// When, by the author's clock: milliseconds since 1970.
    pub recorded: i64,
    /// When it was witnessed first, likewise.
    pub witnessed: Option<i64>,
    /// Whether it counts: `counts`, `pending`, `contested` or `refused`.
    pub verdict: String,
    /// What it wrote.
    pub wrote: Vec<Wrote>,
    /// Its events.
    pub events: Vec<EventSheet>,
}

/// A field that a change wrote.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Wrote {
    /// Its key.
    pub key: String,
    /// Its label in Chinese.
    pub zh: String,
    /// Its label in English.
    pub en: String,
    /// What its author saw there; null where nothing was.
    pub was: Json,
    /// What was written; null empties it.
    pub now: Json,
}

impl Node {
    /// The history of a record, newest first. Personal parts are no part of it.
    pub fn history(&self, record: &RecordId) -> Result<Vec<ChangeSheet>, ServiceError> {
        let detail = self.own_record(record)?;
        let held: Vec<Held> = detail.changes.iter().map(|change| change.held.clone()).collect();
        let before = Before::of(&detail, &held);
        let sheet = |change: &super::query::ChangeDetail| {
            let id = change.held.id;
            let ledger = self.definition(&change.held.change.definition);
            let puts = change.held.change.puts.iter();
            let fields = puts
                .filter_map(|put| Some((put.field_name()?, &put.value)))
                .filter(|(key, _)| !key.starts_with(ANNEX_KEY));
            let wrote = fields.map(|(key, value)| {
                let field = ledger
                    .and_then(|ledger| ledger.resolve(key))
                    .map(|(field, _)| field);
                let json = |value: &Value| serde_json::to_value(value).unwrap_or_default();
                Wrote {
                    key: key.to_owned(),
                    zh: field.map_or_else(|| key.to_owned(), |field| field.zh.clone()),
                    en: field.map_or_else(|| key.to_owned(), |field| field.en.clone()),
                    was: before.value(&id, key).map_or(Json::Null, json),
                    now: json(value),
                }
            });
            let events = detail.state.events.iter().filter(|event| event.change == id);
            ChangeSheet {
                change: id.to_string(),
                by: change.author.clone(),
                org: change.author_org.as_ref().map(|org| org.name_zh.clone()),
                recorded: change.held.recorded.0,
                witnessed: change.witnessing.as_ref().map(|seen| seen.time.0),
                verdict: match &change.verdict {
                    Verdict::Counts { .. } => "counts",
                    Verdict::Pending { .. } => "pending",
                    Verdict::Contested { .. } => "contested",
                    Verdict::Refused { .. } => "refused",
                }
                .to_owned(),
                wrote: wrote.collect(),
                events: events.map(|event| EventSheet::of(&detail.state, event)).collect(),
            }
        };
        Ok(detail.changes.iter().map(sheet).collect())
    }
}
