//! One field of a ledger: its labels, what values it takes, when it must be there, under which keys it is kept.

use minicbor::{Decode, Encode};
use serde::Deserialize;

use super::codes::{Choice, options};
use super::condition::Condition;

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
    /// When it must be there. Of a member of a struct: wherever the struct is.
    #[n(5)]
    #[serde(default)]
    pub required: Required,
    /// Who may see it at all.
    #[n(6)]
    pub sensitivity: Sensitivity,
    /// The options of an enum; empty for every other kind. A definition may name a list of `codes/` instead.
    #[n(7)]
    #[serde(default, deserialize_with = "options")]
    pub options: Vec<Choice>,
    /// An add-wins set: one key per member. With `keys` an ordered list, or a map. Members of such a struct have it too.
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
    /// Most characters of one line, where fewer are allowed than in every line.
    #[n(12)]
    #[serde(default)]
    pub max: Option<u16>,
    /// How the members of a set are named, where not freely. Members of a struct have those of the struct.
    #[n(13)]
    #[serde(default)]
    pub keys: Option<Keys>,
    /// A member of a struct that is a set itself: one key per member below the struct's own.
    #[n(14)]
    #[serde(default)]
    #[cbor(skip_if = "is_false")]
    pub many: bool,
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
    /// Another record, or a thing that the directory states, text of its id in hex.
    #[n(9)]
    Ref {
        /// The ledger of that record, [`FieldKind::DIRECTORY`], or `*` for any ledger; several ids stand with commas
        /// between them ([`FieldKind::targets`]).
        #[n(1)]
        ledger: String,
    },
    /// An administrative division code of 2, 4, 6, 9 or 12 digits.
    #[n(10)]
    Code,
    /// An attachment, the 32 bytes of its content hash.
    #[n(11)]
    Blob,
    /// Several fields that belong together: those whose ids begin with this one's and a slash. It has no value itself.
    #[n(12)]
    Struct,
    /// A month, text `YYYY-MM`.
    #[n(13)]
    Month,
    /// A week, text `YYYY-Www` (ISO 8601).
    #[n(14)]
    Week,
    /// A place, bytes of [`crate::record::ledger::Geo`].
    #[n(15)]
    Geo,
    /// A random id that is new in every record, text of 32 hex digits.
    #[n(16)]
    Rid,
    /// What another part of the program reads, canonical CBOR that is always written whole.
    #[n(17)]
    Data,
}

impl FieldKind {
    /// What a reference may name besides ledgers: things that the directory states, or is to state.
    pub const DIRECTORY: [&str; 6] = ["body", "site", "group", "term", "org", "person"];

    /// The ledgers that a reference may point into; none for other kinds.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        let list = match self {
            FieldKind::Ref { ledger } => ledger.as_str(),
            _ => "",
        };
        list.split(',').filter(|id| !id.is_empty())
    }
}

/// How the members of a set are named in keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Encode, Decode)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Keys {
    /// The set is a list: its order is that of the names, as bytes.
    #[n(1)]
    Order,
    /// By an option.
    #[n(2)]
    Choice {
        /// The options.
        #[n(1)]
        #[serde(deserialize_with = "options")]
        options: Vec<Choice>,
    },
    /// By the id of a record.
    #[n(3)]
    Record {
        /// Its ledger.
        #[n(1)]
        ledger: String,
    },
    /// By a division code.
    #[n(4)]
    Code,
    /// By a name that another record gives, as the items of a template.
    #[n(5)]
    Item,
    /// By a log: the SHA-256 of its origin, in hex.
    #[n(6)]
    Log,
}

impl Keys {
    /// Whether a member may have this name.
    pub fn allow(&self, member: &str) -> bool {
        let hex = |len| {
            member.len() == len
                && member
                    .bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        match self {
            Keys::Order | Keys::Item => true,
            Keys::Choice { options } => options.iter().any(|option| option.id == member),
            Keys::Record { .. } => hex(32),
            Keys::Code => super::check::is_code(member),
            Keys::Log => hex(64),
        }
    }
}

/// When a field must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize, Encode, Decode)]
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

impl Field {
    /// The key of this field in a record; `member` names the member of a set and is left out otherwise. Of a field with
    /// `many` in a set of structs it is the key that the members' keys begin with.
    pub fn key(&self, member: Option<&str>) -> String {
        match (member, self.id.split_once('/')) {
            (None, _) => self.id.clone(),
            (Some(member), Some((name, part))) if self.set => format!("{name}/{member}/{part}"),
            (Some(member), _) => format!("{}/{member}", self.id),
        }
    }

    /// The struct that this field is a member of.
    pub fn parent(&self) -> Option<&str> {
        self.id.split_once('/').map(|(name, _)| name)
    }

    /// The option with this id.
    pub fn choice(&self, id: &str) -> Option<&Choice> {
        self.options.iter().find(|choice| choice.id == id)
    }
}

pub(super) fn is_false(value: &bool) -> bool {
    !value
}
