//! The definitions that come with the program, read once.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::Ledger;
use crate::id::Hash;

/// The definitions that come with the program, in the order of `domain.md` 2.0, each annex after its record.
pub(super) const SOURCES: [&str; 9] = [
    include_str!("../ledgers/deputy_roster.toml"),
    include_str!("../ledgers/deputy_private.toml"),
    include_str!("../ledgers/deputy_sensitive.toml"),
    include_str!("../ledgers/meeting_minutes.toml"),
    include_str!("../ledgers/letters_visits.toml"),
    include_str!("../ledgers/subject.toml"),
    include_str!("../ledgers/subject_sensitive.toml"),
    include_str!("../ledgers/activity.toml"),
    include_str!("../ledgers/issue.toml"),
];

/// Every ledger that comes with the program.
pub fn ledgers() -> &'static [Ledger] {
    static LEDGERS: OnceLock<Vec<Ledger>> = OnceLock::new();
    LEDGERS.get_or_init(|| {
        // The sources are part of the program, and a test reads each of them.
        SOURCES
            .iter()
            .map(|source| toml::from_str(source).expect("a built-in ledger definition is valid"))
            .collect()
    })
}

/// The ledger with this id.
pub fn ledger(id: &str) -> Option<&'static Ledger> {
    ledgers().iter().find(|ledger| ledger.id == id)
}

/// The ledger whose definition has this hash.
pub fn by_hash(hash: &Hash) -> Option<&'static Ledger> {
    static BY_HASH: OnceLock<BTreeMap<Hash, &'static Ledger>> = OnceLock::new();
    let by_hash = BY_HASH.get_or_init(|| ledgers().iter().map(|ledger| (ledger.hash(), ledger)).collect());
    by_hash.get(hash).copied()
}
