//! What a bundle proves, and everything because of which it proves nothing.

mod forgery;
mod quorum;
mod revoked;
pub(crate) mod scenario;
mod stranger;

use proptest::prelude::*;

use super::archive::{Files, pack};
use super::layout::MANIFEST_FILE;
use super::{BundleError, Reason, Refusal, verify};
use crate::id::Hash;
use crate::log::EntryIndex;
use crate::record::{PendingReason, Value, Verdict};
use scenario::Scenario;

/// The files of a bundle, to be altered.
fn unpack(bytes: &[u8]) -> Result<Files, Refusal> {
    let files = super::archive::unpack(bytes)?;
    let owned = files
        .into_iter()
        .map(|(path, bytes)| (path.to_owned(), bytes.to_vec()));
    Ok(owned.collect())
}

#[test]
fn a_bundle_proves_its_records() {
    let scenario = Scenario::new();
    let report = verify(&scenario.both(), scenario.founding()).unwrap();
    assert_eq!(report.founding, scenario.federation.founding.id());
    assert_eq!((report.records.len(), report.horizon.len()), (2, 3));
    let visit = report
        .records
        .iter()
        .find(|record| record.facts.id == scenario.visit)
        .unwrap();
    assert_eq!(visit.facts.ledger.as_deref(), Some("letters_visits"));
    assert_eq!(
        visit.facts.fields["gist"].value,
        Value::from("石桥村口路灯坏了，已报电力所。")
    );
    assert_eq!(
        visit
            .title()
            .iter()
            .find(|field| field.key == "channel")
            .map(|field| field.value_zh.as_str()),
        Some("来访")
    );
    assert!(visit.facts.activity.is_none());
    let seen: Vec<_> = visit
        .changes
        .iter()
        .map(|change| change.facts.witnessed.as_ref().map(|w| w.size))
        .collect();
    assert_eq!(
        seen,
        [Some(3), Some(5), None],
        "the earliest receipt that covers each"
    );
    let author = visit.changes[0].facts.author.as_ref().unwrap();
    assert_eq!((author.name.as_str(), author.org.zh.as_str()), ("何苗", "石桥站"));
    let chain: Vec<_> = author.chain.iter().map(|link| link.org.zh.as_str()).collect();
    assert_eq!(chain, ["石桥站", "石桥站", "枫渡镇", "澄川县", "澜州市"]);
    assert!(
        visit
            .changes
            .iter()
            .all(|change| matches!(change.facts.verdict, Verdict::Counts { .. }))
    );
    assert!(matches!(
        visit.changes[2].facts.verdict,
        Verdict::Counts {
            provisional: true,
            ..
        }
    ));
    let (zh, en) = visit.changes[0].words();
    assert!(zh.contains("何苗") && zh.contains("枫渡镇"));
    assert!(en.contains("witnessed by Fengdu Town"));

    let activity = report
        .records
        .iter()
        .find(|record| record.facts.id == scenario.activity)
        .unwrap();
    assert!(
        activity
            .facts
            .events
            .iter()
            .all(|event| event.ineffective.is_none()),
        "{:#?}",
        activity.facts.events
    );
    let folded = activity.facts.activity.as_ref().unwrap();
    assert_eq!(
        (folded.signed_in.len(), folded.seals.len(), folded.lines.len()),
        (2, 3, 3)
    );
    assert!(folded.sealed);
    assert_eq!(folded.lines.iter().filter(|line| line.after_seal).count(), 1);
    assert!(
        serde_json::to_string(&report)
            .unwrap()
            .contains("\"after_seal\":true")
    );
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (one, two) = (Scenario::new(), Scenario::new());
    let ids = [one.visit, one.activity];
    let turned = two.with_input(&ids, true, |input| super::write(input).unwrap());
    assert_eq!(one.both(), turned, "in any order");
    let bytes = one.both();
    assert_eq!(pack(unpack(&bytes).unwrap()).unwrap(), bytes);
}

#[test]
fn another_tar_program_reads_it() {
    let bytes = Scenario::new().both();
    let mut archive = tar::Archive::new(bytes.as_slice());
    let mut read = std::collections::BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
        read.insert(entry.path().unwrap().to_str().unwrap().to_owned(), content);
    }
    assert_eq!(read, unpack(&bytes).unwrap());
}

#[test]
fn what_a_record_does_not_need_is_left_out() {
    let scenario = Scenario::new();
    let files = unpack(&scenario.bundle(&[scenario.visit])).unwrap();
    assert_eq!(
        files.keys().filter(|path| path.ends_with("start.entry")).count(),
        1
    );
    assert_eq!(
        files.keys().filter(|path| path.ends_with(".receipt")).count(),
        3,
        "two that prove, one for the horizon"
    );
    let other = &scenario.logs[0].0.entries[2];
    assert!(!files.contains_key(&format!("entries/{}.entry", other.change_id())));
    let all = files.values().flatten().copied().collect::<Vec<u8>>();
    assert!(
        !all.windows("别的事".len())
            .any(|part| part == "别的事".as_bytes())
    );
}

#[test]
fn a_writer_says_what_it_lacks() {
    let scenario = Scenario::new();
    let ids = [scenario.visit];
    scenario.with_input(&ids, false, |input| {
        let without = super::BundleInput {
            logs: vec![],
            directory: input.directory,
            records: vec![scenario.evidence(ids[0])],
        };
        assert!(matches!(super::write(&without), Err(BundleError::NoLog(_))));
    });
    let mut missing = scenario.evidence(scenario.visit);
    missing.entries.remove(0);
    let mut misplaced = scenario.evidence(scenario.visit);
    misplaced.entries[0].index = EntryIndex(2);
    for (record, expected) in [
        (missing, "is missing from the bundle"),
        (misplaced, "Merkle proof"),
    ] {
        let error = scenario.with_input(&[], false, |input| {
            let logs = input.logs.iter().map(|log| super::LogEvidence {
                receipts: log.receipts.clone(),
                start_entry: log.start_entry.clone(),
                start_payload: log.start_payload.clone(),
                checkpoint: log.checkpoint.clone(),
                tree: log.tree,
            });
            let input = super::BundleInput {
                directory: input.directory,
                logs: logs.collect(),
                records: vec![record],
            };
            super::write(&input).unwrap_err()
        });
        assert!(error.to_string().contains(expected), "{error}");
    }
    let empty = scenario.with_input(&[], false, super::write);
    assert_eq!(empty, Err(BundleError::Empty));
}

/// A change whose appointment a stranger cannot judge never counts, and does not keep the rest from being proved.
#[test]
fn a_change_under_a_bad_appointment_is_shown_as_not_counting() {
    let mut scenario = Scenario::new();
    let station = crate::testing::org(crate::testing::SHIQIAO);
    let stranger = (crate::testing::key("stranger"), crate::id::StatementId([9; 32]));
    let log = &mut scenario.logs[0].0;
    assert_eq!(log.start.org, station);
    let (first, id) = (log.entries[1].change_id(), scenario.visit);
    log.append_change(
        &stranger,
        id,
        &[first],
        vec![crate::record::Put::field("gist", "胡写".into())],
    );
    let report = verify(&scenario.bundle(&[id]), scenario.founding()).unwrap();
    let last = report.records[0]
        .changes
        .iter()
        .find(|change| change.facts.author.is_none())
        .unwrap();
    assert!(matches!(
        last.facts.verdict,
        Verdict::Pending {
            reason: PendingReason::Appointment(_)
        }
    ));
    assert_ne!(report.records[0].facts.fields["gist"].value, Value::from("胡写"));
}

#[test]
fn another_federation_is_not_trusted() {
    let scenario = Scenario::new();
    let bundle = scenario.both();
    let mut other = crate::testing::Federation::founding();
    other.root.name_en = "Another".into();
    let keys = crate::testing::Federation::founders();
    let sign = |founding: &crate::trust::Founding, keys: &[crate::keys::SecretKey]| {
        crate::trust::FoundingStatement::sign(founding, keys).unwrap()
    };
    let refused = verify(&bundle, sign(&other, &keys).bytes()).unwrap_err();
    assert_eq!(refused.thing, "founding.cose");
    assert!(matches!(*refused.reason, Reason::OtherFounding { .. }));
    assert!(refused.zh().contains("创始声明"));
    let same = sign(&crate::testing::Federation::founding(), &keys[1..]);
    assert!(
        verify(&bundle, same.bytes()).is_ok(),
        "the same statement, signed by other founders"
    );
    assert_eq!(
        verify(&bundle, b"no statement").unwrap_err().thing,
        "trusted founding statement"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_make_the_verifier_panic(bytes in proptest::collection::vec(any::<u8>(), 0..4096)) {
        let scenario = scenario_once();
        prop_assert!(verify(&bytes, scenario.founding()).is_err());
        let mut bundle = bundle_once().to_vec();
        let at = Hash::plain(&bytes).0[0] as usize * bundle.len() / 256;
        bundle.splice(at.., bytes);
        prop_assert!(verify(&bundle, scenario.founding()).is_err());
    }

    /// The archive and the manifest hold, so hostile bytes reach every reader behind them.
    #[test]
    fn no_file_makes_the_verifier_panic(which in any::<prop::sample::Index>(), bytes in proptest::collection::vec(any::<u8>(), 0..600), at in any::<prop::sample::Index>()) {
        let mut files = unpack(bundle_once()).unwrap();
        let path = which.get(&files.keys().filter(|path| *path != MANIFEST_FILE).cloned().collect::<Vec<_>>()).clone();
        let content = files.get_mut(&path).unwrap();
        let from = at.index(content.len());
        content.splice(from.., bytes);
        let unchanged = files == unpack(bundle_once()).unwrap();
        prop_assert!(unchanged || forgery::verify_files(&files, scenario_once()).is_err(), "{path}");
    }
}

fn scenario_once() -> &'static Scenario {
    static SCENARIO: std::sync::OnceLock<Scenario> = std::sync::OnceLock::new();
    SCENARIO.get_or_init(Scenario::new)
}

fn bundle_once() -> &'static [u8] {
    static BUNDLE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    BUNDLE.get_or_init(|| scenario_once().both())
}

#[test]
fn the_page_says_what_the_report_says_and_loads_nothing() {
    use super::{Standing, page, refusal_page};
    let scenario = Scenario::new();
    let report = verify(&scenario.both(), scenario.founding()).unwrap();
    let page = page(&report);
    for part in [
        "何苗",
        "石桥村口路灯坏了",
        "已证明",
        "待补齐",
        "枫渡镇",
        "Fengdu Town",
        "创始声明",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for record in &report.records {
        assert!(page.contains(record.facts.owner.zh.as_str()));
        assert_eq!(record.events.len(), record.facts.events.len());
    }
    for log in &report.horizon {
        assert!(page.replace("<wbr>", "").contains(&*log.log), "{}", log.log);
    }
    let visit = report
        .records
        .iter()
        .find(|record| record.facts.id == scenario.visit)
        .unwrap();
    assert_eq!(
        visit.standing,
        Standing::Pending,
        "its last change is not witnessed"
    );
    let standings: Vec<_> = visit.changes.iter().map(|change| change.standing).collect();
    assert_eq!(standings, [Standing::Proved, Standing::Proved, Standing::Pending]);
    let refusal = verify(b"x", scenario.founding()).unwrap_err();
    let refused = refusal_page(&refusal);
    assert!(refused.contains("不采信") && refused.contains("archive"));
    for text in [page, refused] {
        assert!(text.contains("default-src 'none'") && text.ends_with("</html>\n"));
        for loads in ["<script", "src=", "href=", "url(", "@import", "http:", "https:"] {
            assert!(!text.contains(loads), "{loads}");
        }
    }
}
