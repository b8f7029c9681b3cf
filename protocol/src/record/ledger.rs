//! Ledger definitions as data (design 7): one TOML file per ledger in `ledgers/`, read once. Forms, validation, tables,
//! import, export and SQL columns all come from here. A definition knows no signature, no log and no screen.
//!
//! Keys of a record. A field `name` is kept at `name`; a field with `set` has one key per member, `name/<member>`; an id
//! with a slash names a member of a struct, so `seats/level` of a set of seats is kept at `seats/<member>/level`, and
//! `scope/from` of a single struct at `scope/from` (`domain.md` 0, item 4). Lists and maps are sets whose members are named
//! by [`Keys`]. A member of a struct that is a set itself (`many`) has its own members behind all that:
//! `scores/<item>/evidence/<member>`.

pub mod added;
mod built_in;
mod check;
mod codes;
mod condition;
pub mod definitions;
mod field;
mod geo;
mod problem;
mod rules;
mod values;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Deserializer};

pub use built_in::{by_hash, earlier, ledger, ledgers};
pub use check::{is_date, is_instant, is_month, is_week};
pub use codes::{Choice, Codes, codes};
pub use condition::{Condition, Test};
pub use field::{Field, FieldKind, Keys, Required, Sensitivity};
pub use geo::Geo;
pub use problem::{FieldError, Labels, Problem};
pub use rules::Rule;
pub use values::{Asked, Values};

use crate::codec;
use crate::id::Hash;
use crate::trust::{Audience, Level, Role, Space};

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
    /// What must hold between fields, for forms and completeness; no verdict asks for it.
    #[n(10)]
    #[serde(default)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Further audiences in whose spaces such records stand: a copy upward, or another step of their life.
    #[n(11)]
    #[serde(default, deserialize_with = "audiences")]
    #[cbor(skip_if = "Vec::is_empty")]
    pub also: Vec<Audience>,
    /// The highest level to which a joint space of such records may reach, where that is not the city.
    #[n(12)]
    #[serde(default, deserialize_with = "level")]
    pub travel: Option<Level>,
    /// The field that lists show to say what a record is about. Like a hint it is no part of the hash.
    #[cbor(skip)]
    #[serde(default)]
    pub title: Option<String>,
    /// The field that says when it happened, a date, an instant or a month; not hashed.
    #[cbor(skip)]
    #[serde(default)]
    pub happened: Option<String>,
}

/// Domain of the hash of a definition.
const HASH_DOMAIN: &str = "lianzhan/ledger/v1";
/// Longest member of a set in a key, in bytes.
const MEMBER_MAX: usize = 64;

/// What a key of a record names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'l, 'k> {
    /// The field.
    pub field: &'l Field,
    /// The member of its set, or of the set of structs that it is a part of.
    pub member: Option<&'k str>,
    /// The member of a field that is a set within a struct.
    pub part: Option<&'k str>,
}

impl Ledger {
    /// Reads a definition as it is written, and gives members of structs what they share with their struct.
    pub fn from_toml(source: &str) -> Result<Self, toml::de::Error> {
        let mut ledger: Ledger = toml::from_str(source)?;
        let structs: Vec<_> = ledger
            .fields
            .iter()
            .filter(|field| field.kind == FieldKind::Struct && field.set)
            .map(|field| (field.id.clone(), field.keys.clone()))
            .collect();
        for field in &mut ledger.fields {
            let of = field
                .parent()
                .and_then(|name| structs.iter().find(|(id, _)| id == name));
            if let Some((_, keys)) = of {
                field.set = true;
                field.keys.clone_from(keys);
            }
        }
        Ok(ledger)
    }

    /// The hash that records name this definition by.
    pub fn hash(&self) -> Hash {
        Hash::of(HASH_DOMAIN, &[&codec::encode(self)])
    }

    /// The field with this id.
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.id == id)
    }

    /// Whether its records may stand in a space: of its audience, or one of the further ones; what may travel to the city
    /// may also be joint (`domain.md` 0, item 3).
    pub fn lives_in(&self, space: &Space) -> bool {
        let audience = space.audience;
        let is_named = audience == self.audience || self.also.contains(&audience);
        let may_be_joint = audience == Audience::Joint && self.audience == Audience::City;
        let within = |limit: Level| {
            space
                .joint
                .as_ref()
                .is_none_or(|joint| joint.travel.rank() >= limit.rank())
        };
        (is_named || may_be_joint) && self.travel.is_none_or(within)
    }

    /// The field that a key of a record belongs to, and the member if the field is a set.
    pub fn resolve<'k>(&self, key: &'k str) -> Option<(&Field, Option<&'k str>)> {
        self.place(key)
            .map(|place| (place.field, place.member.or(place.part)))
    }

    /// What a key of a record names.
    pub fn place<'k>(&self, key: &'k str) -> Option<Place<'_, 'k>> {
        let plain =
            |field: &&Field| !field.set && !field.many && field.kind != FieldKind::Struct && field.id == key;
        if let Some(field) = self.fields.iter().find(plain) {
            return Some(Place {
                field,
                member: None,
                part: None,
            });
        }
        let segments: Vec<&str> = key.split('/').collect();
        self.fields.iter().find_map(|field| field.at(&segments))
    }
}

impl Field {
    /// What these segments of a key name, if it is a key of this field: a set, or a set within a struct.
    fn at<'k>(&self, segments: &[&'k str]) -> Option<Place<'_, 'k>> {
        if self.kind == FieldKind::Struct || !(self.set || self.many) {
            return None;
        }
        let (name, of) = self
            .id
            .split_once('/')
            .map_or((self.id.as_str(), None), |(name, of)| (name, Some(of)));
        let mut rest = segments.iter().copied();
        if rest.next() != Some(name) {
            return None;
        }
        let mut named = |keys: Option<&Keys>| {
            rest.next()
                .filter(|member| is_member(member) && keys.is_none_or(|keys| keys.allow(member)))
        };
        let member = if self.set {
            Some(named(self.keys.as_ref())?)
        } else {
            None
        };
        if of.is_some() && rest.next() != of {
            return None;
        }
        let part = if self.many {
            Some(rest.next().filter(|part| is_member(part))?)
        } else {
            None
        };
        rest.next().is_none().then_some(Place {
            field: self,
            member,
            part,
        })
    }
}

fn is_member(text: &str) -> bool {
    (1..=MEMBER_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

fn parsed<E: serde::de::Error, T>(id: &str, what: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, E> {
    parse(id).ok_or_else(|| E::custom(format!("unknown {what} {id}")))
}

fn audience<'de, D: Deserializer<'de>>(d: D) -> Result<Audience, D::Error> {
    parsed(&String::deserialize(d)?, "audience", Audience::parse)
}

fn audiences<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Audience>, D::Error> {
    let ids = Vec::<String>::deserialize(d)?;
    ids.iter()
        .map(|id| parsed(id, "audience", Audience::parse))
        .collect()
}

fn level<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Level>, D::Error> {
    parsed(&String::deserialize(d)?, "level", Level::parse).map(Some)
}

fn roles<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Role>, D::Error> {
    let ids = Vec::<String>::deserialize(d)?;
    ids.iter().map(|id| parsed(id, "role", Role::parse)).collect()
}

#[cfg(test)]
mod prescribed;
#[cfg(test)]
mod tests;
