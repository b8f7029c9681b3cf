//! Ledger definitions as data (design 7): one TOML file per ledger in `ledgers/`, read once. Forms, validation, tables,
//! import, export and SQL columns all come from here. A definition knows no signature, no log and no screen.
//!
//! Keys of a record. A field `name` is kept at `name`; a field with `set` has one key per member, `name/<member>`; an id
//! with a slash names a member of a struct, so `seats/level` of a set of seats is kept at `seats/<member>/level`
//! (`domain.md` 0, item 4).

mod built_in;
mod check;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Deserializer};

pub use built_in::{by_hash, ledger, ledgers};
pub use check::{FieldError, Problem, is_date, is_instant};

use crate::codec;
use crate::id::Hash;
use crate::trust::{Audience, Role};

/// What one kind of record holds, who may write it and who holds it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
#[cbor(map)]
pub struct Ledger {
    /// The identifier, the same in SQL, URLs and signed bytes.
    #[n(1)]
    pub id: String,
    /// Rises by one whenever the definition changes.
    #[n(2)]
    pub rev: u32,
    /// The name on Chinese screens.
    #[n(3)]
    pub zh: String,
    /// The name on English screens.
    #[n(4)]
    pub en: String,
    /// The audience of the space that holds its records.
    #[n(5)]
    #[serde(deserialize_with = "audience")]
    pub audience: Audience,
    /// Ledgers that hold the personal fields of these records in narrower spaces, widest first.
    #[n(6)]
    #[serde(default)]
    pub annexes: Vec<String>,
    /// Who may put fields. Who may sign an event is the event's own guard.
    #[n(7)]
    #[serde(deserialize_with = "roles")]
    pub writers: Vec<Role>,
    /// The fields, in the order of forms and tables.
    #[n(8)]
    pub fields: Vec<Field>,
    /// The kinds of events that the fold of this ledger knows. Append-only lists and what is derived from them are
    /// events, never fields.
    #[n(9)]
    #[serde(default)]
    pub events: Vec<String>,
}

/// One field of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
#[cbor(map)]
pub struct Field {
    /// The identifier; with a slash, a member of a struct.
    #[n(1)]
    pub id: String,
    /// The label on Chinese screens and in Chinese spreadsheets.
    #[n(2)]
    pub zh: String,
    /// The label on English screens.
    #[n(3)]
    pub en: String,
    /// What values it takes.
    #[n(4)]
    pub kind: FieldKind,
    /// When it must be there.
    #[n(5)]
    #[serde(default)]
    pub required: Required,
    /// Who may see it at all.
    #[n(6)]
    pub sensitivity: Sensitivity,
    /// The options of an enum; empty for every other kind.
    #[n(7)]
    #[serde(default)]
    pub options: Vec<Choice>,
    /// An add-wins set: one key per member.
    #[n(8)]
    #[serde(default)]
    pub set: bool,
    /// The first value stands; a later one needs a correction event.
    #[n(9)]
    #[serde(default)]
    pub once: bool,
    /// Filled in by the program: forms show it and never ask for it, an import passes it over.
    #[n(10)]
    #[serde(default)]
    pub auto: bool,
    /// `required` applies only while this holds.
    #[n(11)]
    #[serde(default)]
    pub when: Option<Condition>,
    /// A sentence under the field on Chinese screens. Hints and synonyms serve the one who types, so they are not
    /// hashed: a better wording is no new definition.
    #[cbor(skip)]
    #[serde(default)]
    pub hint_zh: Option<String>,
    /// A sentence under the field on English screens.
    #[cbor(skip)]
    #[serde(default)]
    pub hint_en: Option<String>,
    /// Other column headings under which clerks keep this field.
    #[cbor(skip)]
    #[serde(default)]
    pub synonyms: Vec<String>,
}

/// What values a field takes, and how a [`crate::record::Value`] carries them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Encode, Decode)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum FieldKind {
    /// One line of text.
    #[n(1)]
    Str,
    /// Text of several lines.
    #[n(2)]
    Text,
    /// A whole number between bounds, both included.
    #[n(3)]
    Int {
        /// Smallest value allowed.
        #[n(1)]
        min: i64,
        /// Greatest value allowed.
        #[n(2)]
        max: i64,
    },
    /// A fixed-point number, carried as a whole number of units of 10^-scale.
    #[n(4)]
    Dec {
        /// Digits after the point.
        #[n(1)]
        scale: u8,
    },
    /// Yes or no.
    #[n(5)]
    Bool,
    /// A calendar date, text `YYYY-MM-DD`.
    #[n(6)]
    Date,
    /// An instant, text `YYYY-MM-DDThh:mm:ss+08:00`; midnight where only the day is known.
    #[n(7)]
    Ts,
    /// One of [`Field::options`], text of its id.
    #[n(8)]
    Enum,
    /// Another record, text of its id in hex.
    #[n(9)]
    Ref {
        /// The ledger of that record; several ids stand with commas between them ([`FieldKind::targets`]).
        #[n(1)]
        ledger: String,
    },
    /// An administrative division code of 2, 4, 6, 9 or 12 digits.
    #[n(10)]
    Code,
    /// An attachment, the 32 bytes of its content hash.
    #[n(11)]
    Blob,
}

impl FieldKind {
    /// The ledgers that a reference may point into; none for other kinds.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        let list = match self {
            FieldKind::Ref { ledger } => ledger.as_str(),
            _ => "",
        };
        list.split(',').filter(|id| !id.is_empty())
    }
}

/// One option of an enum.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
#[cbor(map)]
pub struct Choice {
    /// The value that is stored.
    #[n(1)]
    pub id: String,
    /// The label on Chinese screens and in Chinese spreadsheets.
    #[n(2)]
    pub zh: String,
    /// The label on English screens.
    #[n(3)]
    pub en: String,
    /// Other words for it that clerks write; not hashed.
    #[cbor(skip)]
    #[serde(default)]
    pub synonyms: Vec<String>,
}

/// When a field must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Encode, Decode)]
#[serde(rename_all = "lowercase")]
#[cbor(index_only)]
pub enum Required {
    /// A record cannot be saved without it.
    #[n(1)]
    Required,
    /// A record is not complete without it.
    #[n(2)]
    Complete,
    /// It may stay empty.
    #[default]
    #[n(3)]
    Optional,
}

/// Who may see a field at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Encode, Decode)]
#[cbor(index_only)]
pub enum Sensitivity {
    /// Public once published.
    #[n(1)]
    P,
    /// Internal to the congress side and the handling departments.
    #[n(2)]
    I,
    /// Personal data; never above the township, only in an annex.
    #[n(3)]
    D,
    /// Sensitive personal data; never leaves the site, only in a local annex.
    #[n(4)]
    S,
}

/// Holds while another field of the record has one of the named values.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
#[cbor(map)]
pub struct Condition {
    /// The other field, or `state` for the state that the fold derives.
    #[n(1)]
    pub field: String,
    /// The values under which the condition holds.
    #[n(2)]
    pub is: Vec<String>,
}

/// Domain of the hash of a definition.
const HASH_DOMAIN: &str = "lianzhan/ledger/v1";
/// Longest member of a set in a key, in bytes.
const MEMBER_MAX: usize = 64;

impl Ledger {
    /// The hash that records name this definition by.
    pub fn hash(&self) -> Hash {
        Hash::of(HASH_DOMAIN, &[&codec::encode(self)])
    }

    /// The field with this id.
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.id == id)
    }

    /// The field that a key of a record belongs to, and the member if the field is a set.
    pub fn resolve<'k>(&self, key: &'k str) -> Option<(&Field, Option<&'k str>)> {
        if let Some(field) = self.fields.iter().find(|field| !field.set && field.id == key) {
            return Some((field, None));
        }
        let (head, rest) = key.split_once('/')?;
        let (member, part) = rest
            .split_once('/')
            .map_or((rest, None), |(member, part)| (member, Some(part)));
        if !is_member(member) {
            return None;
        }
        self.fields
            .iter()
            .find(|field| {
                field.set
                    && match (field.id.split_once('/'), part) {
                        (None, None) => field.id == head,
                        (Some((name, of)), Some(part)) => name == head && of == part,
                        _ => false,
                    }
            })
            .map(|field| (field, Some(member)))
    }

    /// What is missing before a record can be saved, given which fields are there.
    pub fn unsaveable(&self, present: impl Fn(&str) -> bool) -> Vec<&Field> {
        self.lacking(present, |_, _| false, |required| required == Required::Required)
    }

    /// What is missing before a record is complete, given which fields are there. Fields that are needed under a
    /// [`Condition`] are not among them; [`Ledger::missing_given`] asks for those too.
    pub fn missing(&self, present: impl Fn(&str) -> bool) -> Vec<&Field> {
        self.missing_given(present, |_, _| false)
    }

    /// As [`Ledger::missing`], with `holds(field, value)` telling whether a field has a value.
    pub fn missing_given(
        &self,
        present: impl Fn(&str) -> bool,
        holds: impl Fn(&str, &str) -> bool,
    ) -> Vec<&Field> {
        self.lacking(present, holds, |required| required != Required::Optional)
    }

    fn lacking(
        &self,
        present: impl Fn(&str) -> bool,
        holds: impl Fn(&str, &str) -> bool,
        counts: impl Fn(Required) -> bool,
    ) -> Vec<&Field> {
        let applies = |field: &Field| {
            field
                .when
                .as_ref()
                .is_none_or(|when| when.is.iter().any(|value| holds(&when.field, value)))
        };
        self.fields
            .iter()
            .filter(|field| counts(field.required) && applies(field) && !present(&field.id))
            .collect()
    }
}

impl Field {
    /// The key of this field in a record; `member` names the member of a set and is left out otherwise.
    pub fn key(&self, member: Option<&str>) -> String {
        match (member, self.id.split_once('/')) {
            (None, _) => self.id.clone(),
            (Some(member), None) => format!("{}/{member}", self.id),
            (Some(member), Some((name, part))) => format!("{name}/{member}/{part}"),
        }
    }

    /// The option with this id.
    pub fn choice(&self, id: &str) -> Option<&Choice> {
        self.options.iter().find(|choice| choice.id == id)
    }
}

fn is_member(text: &str) -> bool {
    (1..=MEMBER_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

fn audience<'de, D: Deserializer<'de>>(d: D) -> Result<Audience, D::Error> {
    let id = String::deserialize(d)?;
    Audience::parse(&id).ok_or_else(|| serde::de::Error::custom(format!("unknown audience {id}")))
}

fn roles<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Role>, D::Error> {
    Vec::<String>::deserialize(d)?
        .iter()
        .map(|id| Role::parse(id).ok_or_else(|| serde::de::Error::custom(format!("unknown role {id}"))))
        .collect()
}

#[cfg(test)]
mod tests;
