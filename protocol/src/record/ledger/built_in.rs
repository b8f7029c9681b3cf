//! The definitions that come with the program, read once.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::Ledger;
use crate::codec;
use crate::id::Hash;

/// The definitions that come with the program, in the order of `domain.md` 2.0, each annex after its record; then what the
/// program itself keeps in this form.
pub(super) const SOURCES: [&str; 62] = [
    include_str!("../ledgers/deputy_roster.toml"),
    include_str!("../ledgers/deputy_private.toml"),
    include_str!("../ledgers/deputy_sensitive.toml"),
    include_str!("../ledgers/assistance_roster.toml"),
    include_str!("../ledgers/assistance_sensitive.toml"),
    include_str!("../ledgers/assistance_visit.toml"),
    include_str!("../ledgers/meeting_minutes.toml"),
    include_str!("../ledgers/letters_visits.toml"),
    include_str!("../ledgers/subject.toml"),
    include_str!("../ledgers/subject_sensitive.toml"),
    include_str!("../ledgers/suggestion.toml"),
    include_str!("../ledgers/archive_register.toml"),
    include_str!("../ledgers/activity.toml"),
    include_str!("../ledgers/good_deeds.toml"),
    include_str!("../ledgers/inspection_research.toml"),
    include_str!("../ledgers/reception_shift.toml"),
    include_str!("../ledgers/issue.toml"),
    include_str!("../ledgers/snap_report.toml"),
    include_str!("../ledgers/livelihood_project.toml"),
    include_str!("../ledgers/livelihood_vote.toml"),
    include_str!("../ledgers/supervision_topic.toml"),
    include_str!("../ledgers/project_group.toml"),
    include_str!("../ledgers/self_report.toml"),
    include_str!("../ledgers/voter_evaluation.toml"),
    include_str!("../ledgers/joint_supervision.toml"),
    include_str!("../ledgers/demo_point.toml"),
    include_str!("../ledgers/training.toml"),
    include_str!("../ledgers/publicity.toml"),
    include_str!("../ledgers/annual_plan.toml"),
    include_str!("../ledgers/theme.toml"),
    include_str!("../ledgers/priority_supervision.toml"),
    include_str!("../ledgers/look_back.toml"),
    include_str!("../ledgers/progress_bulletin.toml"),
    include_str!("../ledgers/three_lists.toml"),
    include_str!("../ledgers/station_assessment.toml"),
    include_str!("../ledgers/eight_haves.toml"),
    include_str!("../ledgers/participation.toml"),
    include_str!("../ledgers/commitment.toml"),
    include_str!("../ledgers/rules_register.toml"),
    include_str!("../ledgers/funds.toml"),
    include_str!("../ledgers/funds_budget.toml"),
    include_str!("../ledgers/wish.toml"),
    include_str!("../ledgers/motion.toml"),
    include_str!("../ledgers/info_push.toml"),
    include_str!("../ledgers/library.toml"),
    include_str!("../ledgers/deputy_support.toml"),
    include_str!("../ledgers/commendation.toml"),
    include_str!("../ledgers/handler_appraisal.toml"),
    include_str!("../ledgers/annual_handling_report.toml"),
    include_str!("../ledgers/feature_brand.toml"),
    include_str!("../ledgers/adjustment.toml"),
    include_str!("../ledgers/statistics.toml"),
    include_str!("../ledgers/rule_table.toml"),
    include_str!("../ledgers/campaign.toml"),
    include_str!("../ledgers/platform.toml"),
    include_str!("../ledgers/friday_summary.toml"),
    include_str!("../ledgers/deputy_letter.toml"),
    include_str!("../ledgers/appraisal.toml"),
    include_str!("../ledgers/mass_rep.toml"),
    include_str!("../ledgers/mass_rep_private.toml"),
    include_str!("../ledgers/setting.toml"),
    include_str!("../ledgers/ledger_definition.toml"),
];

/// Earlier revisions under which a released version wrote records, as the bytes that are hashed. They are never edited.
const EARLIER: [&[u8]; 7] = [
    include_bytes!("../ledgers/earlier/deputy_roster-1.cbor"),
    include_bytes!("../ledgers/earlier/meeting_minutes-1.cbor"),
    include_bytes!("../ledgers/earlier/letters_visits-1.cbor"),
    include_bytes!("../ledgers/earlier/subject-1.cbor"),
    include_bytes!("../ledgers/earlier/subject_sensitive-1.cbor"),
    include_bytes!("../ledgers/earlier/activity-1.cbor"),
    include_bytes!("../ledgers/earlier/issue-1.cbor"),
];
/// Longest definition, in bytes.
const DEFINITION_MAX: usize = 64 * 1024;

/// Every ledger that comes with the program.
pub fn ledgers() -> &'static [Ledger] {
    static LEDGERS: OnceLock<Vec<Ledger>> = OnceLock::new();
    LEDGERS.get_or_init(|| {
        // The sources are part of the program, and a test reads each of them.
        SOURCES
            .iter()
            .map(|source| Ledger::from_toml(source).expect("a built-in ledger definition is valid"))
            .collect()
    })
}

/// The ledger with this id.
pub fn ledger(id: &str) -> Option<&'static Ledger> {
    ledgers().iter().find(|ledger| ledger.id == id)
}

/// Earlier revisions of [`ledgers`]: what was written under them is judged by them. New records begin under the present ones.
pub fn earlier() -> &'static [Ledger] {
    static LEDGERS: OnceLock<Vec<Ledger>> = OnceLock::new();
    LEDGERS.get_or_init(|| {
        EARLIER
            .iter()
            .map(|bytes| codec::decode(bytes, DEFINITION_MAX).expect("an earlier definition is canonical"))
            .collect()
    })
}

/// The ledger whose definition, present or earlier, has this hash.
pub fn by_hash(hash: &Hash) -> Option<&'static Ledger> {
    static BY_HASH: OnceLock<BTreeMap<Hash, &'static Ledger>> = OnceLock::new();
    let by_hash = BY_HASH.get_or_init(|| {
        let all = ledgers().iter().chain(earlier());
        all.map(|ledger| (ledger.hash(), ledger)).collect()
    });
    by_hash.get(hash).copied()
}
