//! Fields of which several people wrote different values at once: all of them stay, until somebody entitled says which is
//! right. Of every ledger and every kind of field, since each part of a record has its own key.

use lianzhan_protocol::id::{ChangeId, RecordId};
use lianzhan_protocol::record::ledger::{Field, FieldKind};
use lianzhan_protocol::record::{FieldState, Graph, Held, Put, Value};
use serde::{Deserialize, Serialize};

use super::confirm::parse_seen;
use super::ledger::{FieldFault, Part, value_of};
use super::query::RecordDetail;
use super::submit::Beside;
use super::{Author, Draft, Node, RecordRow, ServiceError, Written};
use crate::views::{self, Registry};

/// A record with fields that wait for somebody.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecordConflicts {
    /// Its id.
    pub record: String,
    /// Its ledger.
    pub ledger: String,
    /// What it is about.
    pub title: String,
    /// Division code of its owner, or its id.
    pub owner: String,
    /// The fields.
    pub fields: Vec<FieldConflict>,
    /// Its heads, for `seen`.
    pub seen: Vec<String>,
}

/// A field with several values.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FieldConflict {
    /// Its key.
    pub key: String,
    /// Its label in Chinese.
    pub zh: String,
    /// Its label in English.
    pub en: String,
    /// The values, that in force first.
    pub values: Vec<Side>,
}

/// One of the values.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Side {
    /// The change that put it.
    pub change: String,
    /// The value; null is an empty field.
    pub value: serde_json::Value,
    /// Who wrote it.
    pub by: Option<String>,
    /// For which org, in Chinese.
    pub org: Option<String>,
    /// When, by the author's clock: milliseconds since 1970.
    pub recorded: i64,
}

/// Which value is right.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettleDraft {
    /// The key of the field.
    pub field: String,
    /// The change whose value is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// Or another value, as it is typed into a form; empty text empties the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The heads that were seen; those of now where none are named.
    #[serde(default)]
    pub seen: Vec<String>,
}

impl Node {
    /// Records held here with fields that wait for somebody, what was changed last first, and how many there are.
    pub fn conflicted(&self, offset: u64, limit: u64) -> Result<(Vec<RecordRow>, u64), ServiceError> {
        Ok(self.store.read(|reader| reader.split_records(offset, limit))?)
    }

    /// The same with their values.
    pub fn conflicts(&self, offset: u64, limit: u64) -> Result<(Vec<RecordConflicts>, u64), ServiceError> {
        let (rows, total) = self.conflicted(offset, limit)?;
        let mut all = Vec::with_capacity(rows.len());
        for row in rows {
            let detail = self.record_detail(&row.record)?;
            let owner = self.directory().org(&row.owner).map(|org| org.code.clone());
            all.push(RecordConflicts {
                record: row.record.to_string(),
                ledger: row.ledger,
                title: row.title,
                owner: owner.unwrap_or_else(|| row.owner.to_string()),
                fields: fields(&self.registry(), &detail),
                seen: detail.state.heads.iter().map(ToString::to_string).collect(),
            });
        }
        Ok((all, total))
    }

    /// Says which value of a field is right: one change that saw all of them. The others stay in the history.
    pub async fn settle(
        &self,
        author: &Author,
        record: &RecordId,
        draft: SettleDraft,
    ) -> Result<Written, ServiceError> {
        let detail = self.own_record(record)?;
        let seen = parse_seen(&draft.seen)?;
        let state = views::split(&detail.state)
            .find(|(key, _)| **key == draft.field)
            .map(|(_, state)| state)
            .ok_or(ServiceError::Moved)?;
        if !seen.is_empty() && !saw_all(&detail, &seen, state) {
            return Err(ServiceError::Moved);
        }
        let value = match (&draft.change, &draft.value) {
            (Some(change), None) => {
                let chosen = state
                    .candidates
                    .iter()
                    .find(|one| one.change.to_string() == *change);
                chosen.map(|one| one.value.clone()).ok_or(ServiceError::Moved)?
            }
            (None, Some(typed)) => self.typed(&detail, &draft.field, typed)?,
            _ => {
                return Err(ServiceError::Bad(
                    "choose one of the values, or write another; not both".into(),
                ));
            }
        };
        let change = Draft {
            record: detail.id,
            begins: None,
            ledger: detail.ledger.clone(),
            space: detail.space.clone(),
            puts: vec![Put::field(&draft.field, value)],
            annexes: Vec::new(),
        };
        let beside = Beside {
            seen,
            ..Beside::default()
        };
        self.start_beside(author, change, beside)?.wait().await
    }

    /// Another value, as it is typed into a form.
    fn typed(&self, detail: &RecordDetail, key: &str, typed: &str) -> Result<Value, ServiceError> {
        let ledger = self.form_of(&detail.ledger, &detail.space)?;
        let Some((field, _)) = ledger.resolve(key) else {
            return Err(ServiceError::Moved);
        };
        let read = match &field.kind {
            FieldKind::Ref { .. } => self.reference(field, typed).map(|id| id.map(Value::Text)),
            _ => value_of(field, typed),
        };
        let value = read
            .map_err(|problem| ServiceError::Fields(vec![FieldFault::of(Part::Main, key, field, &problem)]))?
            .unwrap_or(Value::Null);
        let (mut values, _) = self.values_of(detail, &[]);
        values.insert(key.to_owned(), value.clone());
        values.retain(|_, value| *value != Value::Null);
        let faults = super::ledger::faults_in(ledger, &values, key);
        match faults.is_empty() {
            true => Ok(value),
            false => Err(ServiceError::Fields(faults)),
        }
    }
}

/// Whether whoever saw these heads saw every value of a field.
fn saw_all(detail: &RecordDetail, seen: &[ChangeId], state: &FieldState) -> bool {
    let held: Vec<Held> = detail.changes.iter().map(|change| change.held.clone()).collect();
    let graph = Graph::build(&held);
    let places: Vec<usize> = seen.iter().filter_map(|head| graph.position(head)).collect();
    let covered = graph.covered(&places);
    state
        .candidates
        .iter()
        .all(|one| graph.position(&one.change).is_some_and(|at| covered[at]))
}

/// The fields of a record that wait for somebody, in the order of their keys.
pub fn fields(registry: &Registry, detail: &RecordDetail) -> Vec<FieldConflict> {
    let ledger = detail
        .state
        .definition
        .and_then(|hash| registry.definition(&hash));
    let conflict = |(key, state): (&String, &FieldState)| {
        let field = ledger
            .and_then(|ledger| ledger.resolve(key))
            .map(|(field, _)| field);
        let label = |of: fn(&Field) -> &String| field.map_or_else(|| key.clone(), |field| of(field).clone());
        FieldConflict {
            key: key.clone(),
            zh: label(|field| &field.zh),
            en: label(|field| &field.en),
            values: state
                .candidates
                .iter()
                .map(|one| {
                    let change = detail.changes.iter().find(|change| change.held.id == one.change);
                    Side {
                        change: one.change.to_string(),
                        value: serde_json::to_value(&one.value).unwrap_or_default(),
                        by: change.and_then(|change| change.author.clone()),
                        org: change
                            .and_then(|change| change.author_org.as_ref())
                            .map(|org| org.name_zh.clone()),
                        recorded: change.map_or(0, |change| change.held.recorded.0),
                    }
                })
                .collect(),
        }
    };
    views::split(&detail.state).map(conflict).collect()
}
