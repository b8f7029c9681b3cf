//! Bundles that somebody altered: a byte, a file, a signature, an appointment, the summary.

use super::scenario::Scenario;
use super::unpack;
use super::{bundle_once, scenario_once};
use crate::bundle::archive::{Files, pack, view};
use crate::bundle::layout::{MANIFEST_FILE, manifest};
use crate::bundle::{Reason, Refusal, Report, verify};
use crate::id::ChangeId;
use crate::log::Entry;
use crate::spread::OneByOne;
use crate::testing::{SHIQIAO, YUNLING, key, org};
use crate::trust::{Appointment, Body, Role, SignedStatement, StatementFault};

/// Verifies an archive of these files, with a manifest that fits them.
pub(super) fn verify_files(files: &Files, scenario: &Scenario) -> Result<Report, Refusal> {
    let mut files = files.clone();
    if files.contains_key(MANIFEST_FILE) {
        let manifest = manifest(&view(&files), &OneByOne);
        files.insert(MANIFEST_FILE.into(), manifest.into_bytes());
    }
    verify(&pack(files).unwrap(), scenario.founding())
}

pub(super) fn files() -> Files {
    unpack(bundle_once()).unwrap()
}

/// The refusal of `files`, which must name something.
pub(super) fn refused(files: &Files) -> Refusal {
    let refusal = verify_files(files, scenario_once()).expect_err("refused");
    assert!(!refusal.thing.is_empty() && !refusal.to_string().is_empty() && !refusal.zh().is_empty());
    refusal
}

/// The path of the first change of the visit, without its ending.
fn first_change() -> String {
    format!("entries/{}", scenario_once().logs[0].0.entries[1].change_id())
}

#[test]
fn every_flipped_byte_of_the_archive_is_refused() {
    let scenario = scenario_once();
    let mut bundle = scenario.bundle(&[scenario.visit]);
    for at in bytes_to_flip(&bundle) {
        let bit = 1 << (at % 8);
        bundle[at] ^= bit;
        let refusal = verify(&bundle, scenario.founding()).expect_err("refused");
        assert!(!refusal.thing.is_empty(), "byte {at}");
        bundle[at] ^= bit;
    }
    assert!(verify(&bundle, scenario.founding()).is_ok());
    for cut in [0, 1, 511, 512, bundle.len() - 512, bundle.len() - 1] {
        assert!(
            verify(&bundle[..cut], scenario.founding()).is_err(),
            "cut at {cut}"
        );
    }
    bundle.extend([0; 512]);
    assert!(
        verify(&bundle, scenario.founding()).is_err(),
        "a third zero block"
    );
}

/// Every 7th byte of the archive, and every byte of its small files.
fn bytes_to_flip(bundle: &[u8]) -> Vec<usize> {
    let mut all: Vec<usize> = (0..bundle.len()).step_by(7).collect();
    for content in unpack(bundle)
        .unwrap()
        .values()
        .filter(|content| content.len() < 200)
    {
        let start = bundle
            .windows(content.len())
            .position(|part| part == content.as_slice())
            .unwrap();
        all.extend(start..start + content.len());
    }
    all
}

/// The manifest is recomputed, so what refuses is signature, hash or proof.
#[test]
fn no_file_can_be_altered_under_a_new_manifest() {
    let files = files();
    for (path, content) in files.iter().filter(|(path, _)| *path != MANIFEST_FILE) {
        let step = (content.len() / 5).max(1);
        for at in (0..content.len()).step_by(step).chain([content.len() - 1]) {
            let mut altered = files.clone();
            altered.get_mut(path).unwrap()[at] ^= 1 << (at % 8);
            let refusal = refused(&altered);
            assert!(
                !matches!(*refusal.reason, Reason::Digest | Reason::Manifest),
                "{path}: {refusal}"
            );
        }
    }
}

#[test]
fn every_dropped_or_added_file_is_refused() {
    let files = files();
    for path in files.keys() {
        let mut fewer = files.clone();
        fewer.remove(path);
        let refusal = refused(&fewer);
        if path.starts_with("entries/") || path.starts_with("logs/") {
            assert!(
                !matches!(*refusal.reason, Reason::Digest | Reason::Manifest),
                "{path}: {refusal}"
            );
        }
    }
    for path in [
        "extra",
        "entries/x.entry",
        "statements/x.cose",
        "logs/x/y",
        "logs/x",
        "statements/x.txt",
    ] {
        let mut more = files.clone();
        more.insert(path.into(), b"x".to_vec());
        refused(&more);
    }
}

#[test]
fn a_dropped_change_is_named() {
    let mut files = files();
    for ending in ["entry", "payload", "tlog-proof"] {
        files.remove(&format!("{}.{ending}", first_change())).unwrap();
    }
    let refusal = refused(&files);
    assert_eq!(
        *refusal.reason,
        Reason::MissingDependency(scenario_once().logs[0].0.entries[1].change_id())
    );
}

#[test]
fn a_dropped_receipt_is_noticed() {
    let mut files = files();
    let last = files
        .keys()
        .rfind(|path| path.ends_with("/2.receipt"))
        .unwrap()
        .clone();
    files.remove(&last).unwrap();
    files.remove(&last.replace(".receipt", ".consistency")).unwrap();
    refused(&files);
}

#[test]
fn an_unneeded_statement_is_refused() {
    let mut files = files();
    let spare = crate::testing::Federation::new();
    let spare = spare
        .statements()
        .iter()
        .find(|s| !files.contains_key(&file_of(s)))
        .unwrap();
    files.insert(file_of(spare), spare.bytes().to_vec());
    let refusal = refused(&files);
    assert_eq!((refusal.thing, *refusal.reason), (file_of(spare), Reason::Unused));
}

fn file_of(statement: &SignedStatement) -> String {
    format!("statements/{}.cose", statement.id())
}

#[test]
fn a_foreign_signature_is_refused() {
    let path = format!("{}.entry", first_change());
    let mut files = files();
    let bytes = files.get_mut(&path).unwrap();
    let header = crate::codec::encode(Entry::parse(bytes).unwrap().header());
    let forged = key("forger").sign("lianzhan/entry/v1", &header);
    let at = bytes.len() - 64;
    bytes[at..].copy_from_slice(&forged.0);
    let refusal = refused(&files);
    assert_eq!(refusal.thing, path);
    assert!(refusal.to_string().contains("signature"), "{refusal}");
    assert!(refusal.zh().contains("签名"), "{}", refusal.zh());
}

#[test]
fn a_change_signed_anew_by_another_has_no_place_in_the_log() {
    let forger = key("forger");
    let mut files = files();
    let old = first_change();
    let mut header = Entry::parse(&files[&format!("{old}.entry")])
        .unwrap()
        .header()
        .clone();
    header.author = forger.public();
    let entry = Entry::sign(header, &forger).unwrap();
    let new = format!("entries/{}", entry.change_id());
    rename(&mut files, &old, &new);
    files.insert(format!("{new}.entry"), entry.to_bytes());
    let refusal = refused(&files);
    assert_eq!(refusal.thing, format!("{new}.tlog-proof"));
    assert!(matches!(*refusal.reason, Reason::Proof(_)));
}

fn rename(files: &mut Files, old: &str, new: &str) {
    for ending in ["entry", "payload", "tlog-proof"] {
        let content = files.remove(&format!("{old}.{ending}")).unwrap();
        files.insert(format!("{new}.{ending}"), content);
    }
}

/// The appointment of the visit's author, as it stands in the bundle.
fn author_s_appointment() -> SignedStatement {
    let scenario = scenario_once();
    let id = scenario.logs[0].0.entries[1].header().appointment.unwrap();
    scenario.directory.statement(&id).unwrap().clone()
}

fn replace(old: &SignedStatement, new: &SignedStatement) -> Refusal {
    let mut files = files();
    files.remove(&file_of(old)).unwrap();
    files.insert(file_of(new), new.bytes().to_vec());
    let refusal = refused(&files);
    let mut kept_name = files;
    let bytes = kept_name.remove(&file_of(new)).unwrap();
    kept_name.insert(file_of(old), bytes);
    let renamed = refused(&kept_name);
    assert_eq!(
        (renamed.thing, *renamed.reason),
        (file_of(old), Reason::OtherName(new.id().to_string()))
    );
    refusal
}

#[test]
fn an_altered_appointment_is_refused() {
    let (old, federation) = (author_s_appointment(), &scenario_once().federation);
    let body = old.appointment().unwrap().clone();

    let foreign = federation.sign(org(YUNLING), Body::Appointment(body.clone()));
    let refusal = replace(&old, &foreign);
    assert_eq!(refusal.thing, file_of(&foreign));
    assert_eq!(
        *refusal.reason,
        Reason::DoesNotStand(StatementFault::OutOfReach(org(SHIQIAO)))
    );
    assert!(refusal.zh().contains("无权"), "{}", refusal.zh());

    let promoted = Appointment {
        roles: vec![Role::OpinionLiaison, Role::DeputiesOffice],
        ..body.clone()
    };
    let promoted = federation.sign(org(SHIQIAO), Body::Appointment(promoted));
    let refusal = replace(&old, &promoted);
    assert_eq!(
        (refusal.thing, *refusal.reason),
        (file_of(&promoted), Reason::Unused),
        "no change names it"
    );

    let stolen = Appointment {
        key: key("forger").public(),
        ..body
    };
    let stolen = federation.sign(org(SHIQIAO), Body::Appointment(stolen));
    assert_eq!(
        *replace(&old, &stolen).reason,
        Reason::DoesNotStand(StatementFault::Possession)
    );
}

#[test]
fn a_changed_summary_is_refused() {
    let mut files = files();
    let text = String::from_utf8(files["summary.json"].clone()).unwrap();
    for (from, to) in [
        ("石桥村口路灯坏了，已报电力所。", "无事。"),
        ("\"sealed\": true", "\"sealed\": false"),
        ("}\n", "}"),
    ] {
        assert!(text.contains(from), "{from}");
        files.insert("summary.json".into(), text.replacen(from, to, 1).into_bytes());
        let refusal = refused(&files);
        assert_eq!(refusal.thing, "summary.json");
        assert!(matches!(*refusal.reason, Reason::Summary { .. }));
    }
}

#[test]
fn two_logs_of_the_witness_cannot_be_mixed() {
    // The receipts of one log under another: other origin, other signature.
    let mut files = files();
    let receipts: Vec<String> = files
        .keys()
        .filter(|path| path.ends_with("/1.receipt"))
        .cloned()
        .collect();
    let (one, two) = (files[&receipts[0]].clone(), files[&receipts[1]].clone());
    files.insert(receipts[0].clone(), two);
    files.insert(receipts[1].clone(), one);
    assert!(matches!(*refused(&files).reason, Reason::Receipt(_)));
}

#[test]
fn names_are_checked() {
    let mut files = files();
    let old = first_change();
    let new = format!("entries/{}", ChangeId([1; 32]));
    rename(&mut files, &old, &new);
    assert!(matches!(*refused(&files).reason, Reason::OtherName(_)));
}
