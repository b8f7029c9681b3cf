//! Ledgers and their records as programs read and send them: a definition as JSON Schema, values as JSON of its fields.
//! Sets may be sent as lists; a decimal is a number of units or text with its point.

use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::record::Value;
use lianzhan_protocol::record::ledger::{Field, FieldKind, Keys, Ledger, Problem, Required};
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
    /// The org under which lists have it where its owner is no more and went on in one other alone: its division code, or
    /// its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heir: Option<String>,
    /// How many fields it lacks to be complete.
    pub missing: u64,
    /// Whether somebody confirmed it: no, yes, or changed since.
    pub confirmed: String,
    /// How many fields have values that nobody settled.
    pub split: u64,
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
            writers: ledger
                .writers
                .iter()
                .map(|role| role.as_str().to_owned())
                .collect(),
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
        let directory = node.directory();
        let code = |id: &OrgId| {
            directory
                .org(id)
                .map_or_else(|| id.to_string(), |org| org.code.clone())
        };
        let heir = directory.heir(&row.owner);
        RecordBrief {
            id: row.record.to_string(),
            title: row.title.clone(),
            happened: row.happened.clone(),
            owner: code(&row.owner),
            heir: (heir != row.owner).then(|| code(&heir)),
            missing: row.missing,
            confirmed: super::confirmed_id(row.confirmed).to_owned(),
            split: row.split,
            fields: fields.collect(),
        }
    }
}

/// JSON Schema (2020-12) of the fields of a ledger as they are sent, with labels in both languages.
pub fn schema(ledger: &Ledger) -> Json {
    let mut properties = Map::new();
    let mut required: Vec<&str> = Vec::new();
    for field in ledger.fields.iter().filter(|field| field.id != "of") {
        let of_set = field
            .parent()
            .and_then(|id| ledger.field(id))
            .is_some_and(|of| of.set);
        if of_set || (field.kind == FieldKind::Struct && !field.set) {
            continue;
        }
        let one = match field.kind {
            FieldKind::Struct => members(ledger, field),
            _ => described(field),
        };
        let listed = field.set || field.many;
        let said = match (&field.keys, listed) {
            (_, false) => one,
            (None | Some(Keys::Order), true) => labelled(field, json!({ "type": "array", "items": one })),
            (Some(_), true) => labelled(field, json!({ "type": "object", "additionalProperties": one })),
        };
        properties.insert(field.id.clone(), said);
        if field.required == Required::Required
            && field.when.is_none()
            && !field.auto
            && field.parent().is_none()
        {
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

/// The members of a struct.
fn members(ledger: &Ledger, of: &Field) -> Json {
    let parts = ledger.fields.iter().filter(|part| part.parent() == Some(&of.id));
    let properties: Map<String, Json> = parts
        .map(|part| {
            let name = part.id.rsplit('/').next().unwrap_or_default().to_owned();
            let one = described(part);
            let said = if part.many {
                labelled(part, json!({ "type": "array", "items": one }))
            } else {
                one
            };
            (name, said)
        })
        .collect();
    json!({ "type": "object", "properties": properties })
}

fn labelled(field: &Field, mut said: Json) -> Json {
    said["title"] = field.en.as_str().into();
    said["x-title-zh"] = field.zh.as_str().into();
    said["x-required"] = needed(field).into();
    said
}

fn needed(field: &Field) -> &'static str {
    match field.required {
        Required::Required => "required",
        Required::Complete => "complete",
        Required::Optional => "optional",
    }
}

fn described(field: &Field) -> Json {
    let mut said = match &field.kind {
        FieldKind::Str => json!({ "type": "string", "maxLength": field.max.unwrap_or(200) }),
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
        FieldKind::Code => {
            json!({ "type": "string", "pattern": "^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$" })
        }
        FieldKind::Blob => json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" }),
        FieldKind::Month => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$" }),
        FieldKind::Week => json!({ "type": "string", "pattern": "^[0-9]{4}-W[0-9]{2}$" }),
        FieldKind::Geo => json!({ "type": "string", "x-format": "LATITUDE, LONGITUDE in degrees" }),
        FieldKind::Rid => json!({ "type": "string", "pattern": "^[0-9a-f]{32}$", "readOnly": true }),
        FieldKind::Data => json!({ "type": "string", "readOnly": true }),
        FieldKind::Text | FieldKind::Struct => json!({ "type": "string" }),
    };
    said = labelled(field, said);
    if field.auto {
        said["readOnly"] = true.into();
    }
    if let Some(when) = &field.when {
        said["x-when"] = json!({ "field": when.field, "is": when.is, "not": when.not });
    }
    for (name, hint) in [
        ("description", &field.hint_en),
        ("x-description-zh", &field.hint_zh),
    ] {
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
        if let Some((field, _)) = self.ledger.resolve(key) {
            return self.one(field, key, json);
        }
        match self.ledger.field(key).filter(|field| field.set || field.many) {
            Some(field) => self.set(field, key, json),
            None => self.unknown(key, "there is no such field", "没有这一项"),
        }
    }

    fn unknown(&mut self, key: &str, en: &str, zh: &str) {
        self.faults.push(FieldFault {
            name: super::name_of(self.part, key),
            label_zh: key.to_owned(),
            label_en: key.to_owned(),
            zh: zh.to_owned(),
            en: en.to_owned(),
            suspicion: None,
        });
    }

    fn one(&mut self, field: &Field, key: &str, json: &Json) {
        if field.auto {
            return self.unknown(
                key,
                "the program fills this in; leave it out",
                "由程序填写，不用送",
            );
        }
        match read_one(field, json) {
            Ok(Some(value)) => drop(self.values.insert(key.to_owned(), value)),
            Ok(None) => drop(self.values.remove(key)),
            Err(problem) => self.faults.push(FieldFault::of(self.part, key, field, &problem)),
        }
    }

    /// A whole set below `head`: what it has now and is not among these is taken out. A list of values or of objects, or an
    /// object of members by their names.
    fn set(&mut self, field: &'_ Field, head: &str, json: &Json) {
        let prefix = format!("{head}/");
        self.values.retain(|key, _| !key.starts_with(&prefix));
        match json {
            Json::Null => {}
            Json::Array(items) => {
                for (n, item) in items.iter().enumerate() {
                    match item {
                        Json::Object(row) if field.kind == FieldKind::Struct => {
                            let named = row.get("_").and_then(Json::as_str).map(str::to_owned);
                            self.row(field, &named.unwrap_or_else(|| fresh_member(n)), row);
                        }
                        item => self.member(field, head, item, n),
                    }
                }
            }
            Json::Object(members) if field.set => {
                for (member, item) in members {
                    match item {
                        Json::Object(row) if field.kind == FieldKind::Struct => self.row(field, member, row),
                        item => self.key(&format!("{head}/{member}"), item),
                    }
                }
            }
            _ => self.unknown(
                head,
                "this takes a list, or an object of members",
                "请送列表，或按名称的对象",
            ),
        }
    }

    /// One member of a struct's set.
    fn row(&mut self, of: &Field, member: &str, row: &Map<String, Json>) {
        for (part, json) in row.iter().filter(|(part, _)| *part != "_") {
            match self.ledger.field(&format!("{}/{part}", of.id)) {
                Some(field) if field.many => self.set(field, &field.key(Some(member)), json),
                Some(field) => self.key(&field.key(Some(member)), json),
                None => self.unknown(
                    &format!("{}/{member}/{part}", of.id),
                    "there is no such field",
                    "没有这一项",
                ),
            }
        }
    }

    /// One value of a set, under the name that it had or that it has everywhere.
    fn member(&mut self, field: &Field, head: &str, item: &Json, n: usize) {
        let prefix = format!("{head}/");
        match read_one(field, item) {
            Ok(Some(value)) => {
                let known = self.base.iter().find(|(key, known)| {
                    key.starts_with(&prefix) && **known == value && !self.values.contains_key(*key)
                });
                let key = known.map_or_else(
                    || format!("{prefix}{}", member_of(field, &value, n)),
                    |(key, _)| key.clone(),
                );
                if self.ledger.resolve(&key).is_none() {
                    return self.unknown(
                        &key,
                        "members of this have names; send an object",
                        "请送按名称的对象",
                    );
                }
                self.values.insert(key, value);
            }
            Ok(None) => {}
            Err(problem) => {
                let key = format!("{prefix}{n}");
                self.faults.push(FieldFault::of(self.part, &key, field, &problem));
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
            // As it is given out.
            FieldKind::Geo if !text.contains(',') => checked(Value::Bytes(unhex(text).ok_or(Problem::Geo)?)),
            FieldKind::Dec { .. } | FieldKind::Blob | FieldKind::Ts | FieldKind::Geo => value_of(field, text),
            _ => checked(Value::Text(text.clone())),
        },
        Json::Array(_) | Json::Object(_) => Err(Problem::Type("text")),
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
