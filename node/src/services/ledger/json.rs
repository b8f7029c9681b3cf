//! Ledgers and their records as programs read and send them: a definition as JSON Schema, values as JSON of its fields.
//! Sets may be sent as lists; a decimal is a number of units or text with its point.

use lianzhan_protocol::record::Value;
use lianzhan_protocol::record::ledger::{Field, FieldKind, Ledger, Problem, Required};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::typed::{fresh_member, member_of};
use super::{FieldFault, Part, Values, annexes_of, value_of};
use crate::services::{Node, RecordRow, ServiceError};

/// A ledger in the list of ledgers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LedgerJson {
    /// Its id.
    pub id: String,
    /// Its revision.
    pub rev: u32,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// Who holds its records.
    pub audience: String,
    /// Ledgers that hold their personal parts.
    pub annexes: Vec<String>,
    /// Roles that write it.
    pub writers: Vec<String>,
    /// Records held here.
    pub records: u64,
    /// Those of this node's org.
    pub own: u64,
    /// Of those, the ones that lack something.
    pub incomplete: u64,
}

/// A record in a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecordBrief {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// When, as stated.
    pub happened: String,
    /// Division code of its owner, or its id.
    pub owner: String,
    /// How many fields it lacks to be complete.
    pub missing: u64,
    /// Values by key.
    pub fields: Map<String, Json>,
}

impl LedgerJson {
    /// A definition with this node's figures.
    pub fn of(node: &Node, ledger: &Ledger) -> Result<Self, ServiceError> {
        let figures = node.ledger_figures()?;
        let figures = figures.iter().find(|figures| figures.ledger == ledger.id);
        Ok(LedgerJson {
            id: ledger.id.clone(),
            rev: ledger.rev,
            zh: ledger.zh.clone(),
            en: ledger.en.clone(),
            audience: ledger.audience.as_str().to_owned(),
            annexes: ledger.annexes.clone(),
            writers: ledger.writers.iter().map(|role| role.as_str().to_owned()).collect(),
            records: figures.map_or(0, |figures| figures.records),
            own: figures.map_or(0, |figures| figures.own),
            incomplete: figures.map_or(0, |figures| figures.incomplete),
        })
    }
}

impl RecordBrief {
    /// A row of a list.
    pub fn of(node: &Node, row: &RecordRow) -> Self {
        let state: Json = serde_json::from_str(&row.state).unwrap_or_default();
        let fields = state["fields"].as_object().into_iter().flatten();
        let fields = fields
            .filter(|(key, _)| !key.starts_with(lianzhan_protocol::record::ANNEX_KEY))
            .map(|(key, field)| (key.clone(), field["value"].clone()));
        let owner = node.directory().org(&row.owner).map(|org| org.code.clone());
        RecordBrief {
            id: row.record.to_string(),
            title: row.title.clone(),
            happened: row.happened.clone(),
            owner: owner.unwrap_or_else(|| row.owner.to_string()),
            missing: row.missing,
            fields: fields.collect(),
        }
    }
}

/// JSON Schema (2020-12) of the fields of a ledger as they are sent, with labels in both languages.
pub fn schema(ledger: &Ledger) -> Json {
    let mut properties = Map::new();
    let mut required: Vec<&str> = Vec::new();
    for field in &ledger.fields {
        if field.id == "of" || (field.auto && field.set) {
            continue;
        }
        match (field.set, field.id.split_once('/')) {
            (true, Some((head, part))) => {
                let rows = properties
                    .entry(head.to_owned())
                    .or_insert_with(|| json!({ "type": "array", "items": { "type": "object", "properties": {} } }));
                rows["items"]["properties"][part] = described(field);
            }
            (true, None) => {
                let items = described(field);
                let title = json!({ "type": "array", "items": items, "title": field.en, "x-title-zh": field.zh });
                properties.insert(field.id.clone(), title);
            }
            (false, _) => drop(properties.insert(field.id.clone(), described(field))),
        }
        if field.required == Required::Required && field.when.is_none() && !field.auto && !field.id.contains('/') {
            required.push(&field.id);
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:lianzhan:ledger:{}:{}", ledger.id, ledger.rev),
        "title": ledger.en, "x-title-zh": ledger.zh,
        "type": "object", "properties": properties, "required": required, "additionalProperties": true,
        "x-annexes": annexes_of(ledger).map(|annex| (annex.id.clone(), schema(annex))).collect::<Map<_, _>>(),
    })
}

fn described(field: &Field) -> Json {
    let mut said = match &field.kind {
        FieldKind::Str => json!({ "type": "string", "maxLength": 200 }),
        FieldKind::Int { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        FieldKind::Dec { scale } => json!({ "type": ["integer", "string"], "x-scale": scale }),
        FieldKind::Bool => json!({ "type": "boolean" }),
        FieldKind::Date => json!({ "type": "string", "format": "date" }),
        FieldKind::Ts => json!({ "type": "string", "format": "date-time" }),
        FieldKind::Enum => {
            let ids: Vec<&str> = field.options.iter().map(|choice| choice.id.as_str()).collect();
            let labels: Map<String, Json> = field
                .options
                .iter()
                .map(|choice| (choice.id.clone(), json!({ "zh": choice.zh, "en": choice.en })))
                .collect();
            json!({ "type": "string", "enum": ids, "x-labels": labels })
        }
        FieldKind::Ref { .. } => {
            let targets: Vec<&str> = field.kind.targets().collect();
            json!({ "type": "string", "pattern": "^[0-9a-f]{32}$", "x-ledgers": targets })
        }
        FieldKind::Code => json!({ "type": "string", "pattern": "^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$" }),
        FieldKind::Blob => json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" }),
        FieldKind::Text => json!({ "type": "string" }),
    };
    said["title"] = field.en.as_str().into();
    said["x-title-zh"] = field.zh.as_str().into();
    said["x-required"] = match field.required {
        Required::Required => "required",
        Required::Complete => "complete",
        Required::Optional => "optional",
    }
    .into();
    if field.auto {
        said["readOnly"] = true.into();
    }
    if let Some(when) = &field.when {
        said["x-when"] = json!({ "field": when.field, "is": when.is });
    }
    for (name, hint) in [("description", &field.hint_en), ("x-description-zh", &field.hint_zh)] {
        if let Some(hint) = hint {
            said[name] = hint.as_str().into();
        }
    }
    said
}

/// Reads what a program sends for a part of a record on top of `base`, what it has now: null empties a field, what is not
/// named stays. Every field that is wrong is named.
pub fn from_json(
    ledger: &Ledger,
    part: Part<'_>,
    sent: &Map<String, Json>,
    base: &Values,
) -> Result<Values, ServiceError> {
    let mut reading = Reading {
        ledger,
        part,
        base,
        values: base.clone(),
        faults: Vec::new(),
    };
    for (key, json) in sent {
        reading.key(key, json);
    }
    match reading.faults.is_empty() {
        true => Ok(reading.values),
        false => Err(ServiceError::Fields(reading.faults)),
    }
}

struct Reading<'r> {
    ledger: &'r Ledger,
    part: Part<'r>,
    base: &'r Values,
    values: Values,
    faults: Vec<FieldFault>,
}

impl Reading<'_> {
    fn key(&mut self, key: &str, json: &Json) {
        let heads = |field: &&Field| field.set && field.id.split('/').next() == Some(key);
        match (self.ledger.resolve(key), json) {
            (Some((field, _)), json) => self.one(field, key, json),
            (None, Json::Array(items)) if self.ledger.fields.iter().any(|field| heads(&field)) => {
                self.set(key, items);
            }
            (None, Json::Null) if self.ledger.fields.iter().any(|field| heads(&field)) => self.set(key, &[]),
            _ => self.unknown(key, "there is no such field", "没有这一项"),
        }
    }

    fn unknown(&mut self, key: &str, en: &str, zh: &str) {
        self.faults.push(FieldFault {
            name: super::name_of(self.part, key),
            label_zh: key.to_owned(),
            label_en: key.to_owned(),
            zh: zh.to_owned(),
            en: en.to_owned(),
        });
    }

    fn one(&mut self, field: &Field, key: &str, json: &Json) {
        if field.auto {
            return self.unknown(key, "the program fills this in; leave it out", "由程序填写，不用送");
        }
        match read_one(field, json) {
            Ok(Some(value)) => drop(self.values.insert(key.to_owned(), value)),
            Ok(None) => drop(self.values.remove(key)),
            Err(problem) => self.faults.push(FieldFault::of(self.part, key, field, &problem)),
        }
    }

    /// A whole set: what it has now and is not among these is taken out.
    fn set(&mut self, head: &str, items: &[Json]) {
        let prefix = format!("{head}/");
        self.values.retain(|key, _| !key.starts_with(&prefix));
        for (n, item) in items.iter().enumerate() {
            match item {
                Json::Object(row) => {
                    let member = fresh_member(n);
                    for (part, json) in row {
                        match self.ledger.field(&format!("{head}/{part}")) {
                            Some(field) => self.one(field, &field.key(Some(&member)), json),
                            None => self.unknown(
                                &format!("{head}/{n}/{part}"),
                                "there is no such field",
                                "没有这一项",
                            ),
                        }
                    }
                }
                item => {
                    let Some(field) = self.ledger.field(head) else {
                        return self.unknown(head, "this takes a list of objects", "请送对象的列表");
                    };
                    match read_one(field, item) {
                        Ok(Some(value)) => {
                            let mut known = self.base.iter();
                            let known = known.find(|(key, known)| key.starts_with(&prefix) && **known == value);
                            let key = known.map_or_else(
                                || field.key(Some(&member_of(field, &value))),
                                |(key, _)| key.clone(),
                            );
                            self.values.insert(key, value);
                        }
                        Ok(None) => {}
                        Err(problem) => {
                            let key = format!("{head}/{n}");
                            self.faults.push(FieldFault::of(self.part, &key, field, &problem));
                        }
                    }
                }
            }
        }
    }
}

fn read_one(field: &Field, json: &Json) -> Result<Option<Value>, Problem> {
    let checked = |value: Value| match field.check(&value) {
        Ok(()) => Ok(Some(value)),
        Err(error) => Err(error.problem),
    };
    match json {
        Json::Null => Ok(None),
        Json::Bool(yes) => checked(Value::Bool(*yes)),
        Json::Number(number) => match number.as_i64() {
            Some(number) => checked(Value::Int(number)),
            None => Err(Problem::Type("a whole number")),
        },
        Json::String(text) if text.trim().is_empty() => Ok(None),
        Json::String(text) => match &field.kind {
            FieldKind::Dec { .. } | FieldKind::Blob | FieldKind::Ts => value_of(field, text),
            _ => checked(Value::Text(text.clone())),
        },
        Json::Array(_) | Json::Object(_) => Err(Problem::Type("text")),
    }
}
