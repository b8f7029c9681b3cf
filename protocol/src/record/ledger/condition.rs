//! When something is asked of a record, as data.

use minicbor::{Decode, Encode};
use serde::Deserialize;

use super::field::is_false;

/// Holds while a field of the record has one of the named values, or stands the named test.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
#[cbor(map)]
pub struct Condition {
    /// The field; or what the fold derives, as `state`; or `planned`, whether the record was planned ahead.
    #[n(1)]
    pub field: String,
    /// The values under which the condition holds: ids of options, `true`, `false`.
    #[n(2)]
    #[serde(default)]
    pub is: Vec<String>,
    /// It holds while it otherwise would not.
    #[n(3)]
    #[serde(default)]
    #[cbor(skip_if = "is_false")]
    pub not: bool,
    /// What is asked in place of a value.
    #[n(4)]
    #[serde(default)]
    pub test: Option<Test>,
}

/// What a condition asks of a field besides its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Encode, Decode)]
#[serde(rename_all = "lowercase")]
#[cbor(index_only)]
pub enum Test {
    /// Nothing is there.
    #[n(1)]
    Empty,
    /// Its date lies before the day as of which is asked.
    #[n(2)]
    Past,
}
