//! Lists of options that several ledgers share, or that events and derived values name: one TOML file each in `codes/`,
//! read once. Lists of one field stand in its ledger.

use std::fmt;
use std::sync::OnceLock;

use minicbor::{Decode, Encode};
use serde::de::{Error, SeqAccess, Visitor, value::SeqAccessDeserializer};
use serde::{Deserialize, Deserializer};

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
    /// The first day on which it may be chosen, `YYYY-MM-DD`.
    #[n(4)]
    #[serde(default)]
    pub valid_from: Option<String>,
    /// The last day on which it may be chosen. What chose it before keeps it.
    #[n(5)]
    #[serde(default)]
    pub valid_to: Option<String>,
    /// Other words for it that clerks write; not hashed.
    #[cbor(skip)]
    #[serde(default)]
    pub synonyms: Vec<String>,
    /// Who or what says so, where it differs from that of its list; not hashed.
    #[cbor(skip)]
    #[serde(default)]
    pub authority: Option<String>,
}

impl Choice {
    /// Whether it may be chosen on a day, `YYYY-MM-DD`.
    pub fn is_valid_on(&self, day: &str) -> bool {
        self.valid_from.as_deref().is_none_or(|from| from <= day)
            && self.valid_to.as_deref().is_none_or(|to| day <= to)
    }
}

/// A list of options with a name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Codes {
    /// The name by which definitions ask for it.
    pub id: String,
    /// Who or what says so.
    pub authority: String,
    /// The options, in the order in which they are offered.
    pub options: Vec<Choice>,
}

const SOURCES: [&str; 23] = [
    include_str!("../codes/gender.toml"),
    include_str!("../codes/ethnicity.toml"),
    include_str!("../codes/occupation_class.toml"),
    include_str!("../codes/seat_level.toml"),
    include_str!("../codes/seat_status.toml"),
    include_str!("../codes/posting_mode.toml"),
    include_str!("../codes/level.toml"),
    include_str!("../codes/proof.toml"),
    include_str!("../codes/nature.toml"),
    include_str!("../codes/category.toml"),
    include_str!("../codes/sub_category.toml"),
    include_str!("../codes/severity.toml"),
    include_str!("../codes/result_class.toml"),
    include_str!("../codes/satisfaction.toml"),
    include_str!("../codes/macro_phase.toml"),
    include_str!("../codes/issue_state.toml"),
    include_str!("../codes/suggestion_state.toml"),
    include_str!("../codes/snap_report_state.toml"),
    include_str!("../codes/snap_report_result.toml"),
    include_str!("../codes/livelihood_project_stage.toml"),
    include_str!("../codes/supervision_topic_step.toml"),
    include_str!("../codes/commitment_deputy_confirmed.toml"),
    include_str!("../codes/good_deeds_counts_for.toml"),
];

/// Every list of options with a name.
pub fn codes() -> &'static [Codes] {
    static ALL: OnceLock<Vec<Codes>> = OnceLock::new();
    ALL.get_or_init(|| {
        // The sources are part of the program, and a test reads each of them.
        SOURCES
            .iter()
            .map(|source| toml::from_str(source).expect("a built-in list of options is valid"))
            .collect()
    })
}

/// The options of a definition: a list of its own, or the name of one of [`codes`].
pub(super) fn options<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Choice>, D::Error> {
    struct Options;
    impl<'de> Visitor<'de> for Options {
        type Value = Vec<Choice>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of options, or the name of one")
        }

        fn visit_str<E: Error>(self, id: &str) -> Result<Self::Value, E> {
            let named = codes().iter().find(|list| list.id == id);
            named
                .map(|list| list.options.clone())
                .ok_or_else(|| E::custom(format!("no list of options is called {id}")))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
            Vec::deserialize(SeqAccessDeserializer::new(list))
        }
    }
    d.deserialize_any(Options)
}
