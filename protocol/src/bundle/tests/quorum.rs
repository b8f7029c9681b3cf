//! `policy.txt`, and the cosignatures of several required witnesses.

use super::forgery::verify_files;
use super::scenario::Scenario;
use super::{bundle_once, scenario_once, unpack};
use crate::bundle::Reason;
use crate::log::{KeyKind, LogStart, VerifierKey, witness_name};
use crate::record::Put;
use crate::record::ledger::ledger;
use crate::testing::{CITY, COUNTY, FENGDU, SHIQIAO, TestLog, org};
use crate::trust::{Audience, Body, Level, Policy, Role, Space};

#[test]
fn the_policy_of_a_log_names_its_keys_and_its_quorum() {
    let files = unpack(bundle_once()).unwrap();
    let scenario = scenario_once();
    for (log, _) in &scenario.logs {
        let folder = log.origin.as_str().rsplit('/').next().unwrap();
        let text = String::from_utf8(files[&format!("logs/{folder}/policy.txt")].clone()).unwrap();
        let mut lines = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let vkey = |line: &str, at: usize| VerifierKey::parse(line.split(' ').nth(at).unwrap()).unwrap();
        let first = lines.next().unwrap();
        assert!(first.starts_with("log "));
        let expected = VerifierKey::new(log.origin.as_str(), KeyKind::Log, log.node.public()).unwrap();
        assert_eq!(vkey(first, 1), expected);
        let witness = scenario
            .federation
            .keys(log.start.required_parent.unwrap())
            .witness
            .public();
        let name = witness_name(&witness);
        let second = lines.next().unwrap();
        assert!(second.starts_with(&format!("witness {name} ")));
        assert_eq!(
            vkey(second, 2),
            VerifierKey::new(&name, KeyKind::Witness, witness).unwrap()
        );
        assert_eq!(
            lines.collect::<Vec<_>>(),
            [
                format!("group required-1 any {name}").as_str(),
                "group required all required-1",
                "quorum required"
            ]
        );
    }
}

#[test]
fn another_policy_is_refused() {
    let files = unpack(bundle_once()).unwrap();
    let path = files.keys().find(|path| path.ends_with("policy.txt")).unwrap();
    for (from, to) in [
        ("quorum required", "quorum none"),
        (" all ", " any "),
        ("witness ", "# "),
    ] {
        let mut altered = files.clone();
        let text = String::from_utf8(altered[path].clone()).unwrap();
        assert!(text.contains(from));
        altered.insert(path.clone(), text.replacen(from, to, 1).into_bytes());
        let refusal = verify_files(&altered, scenario_once()).unwrap_err();
        assert_eq!((&refusal.thing, *refusal.reason), (path, Reason::TlogPolicy));
    }
    let mut fewer = files.clone();
    fewer.remove(path).unwrap();
    let refusal = verify_files(&fewer, scenario_once()).unwrap_err();
    assert_eq!((&refusal.thing, *refusal.reason), (path, Reason::Missing));
}

/// The county must witness beside the township, and both saw the same tree: one proof carries both.
#[test]
fn a_proof_carries_all_cosignatures_over_its_checkpoint() {
    let mut scenario = Scenario::new();
    let levels = vec![Level::County];
    let policy = scenario
        .federation
        .state(org(CITY), Body::Policy(Policy { levels }));
    let station = org(SHIQIAO);
    let liaison = scenario
        .federation
        .person(station, "何苗", &[Role::OpinionLiaison], None);
    let space = Space::of(station, Audience::County);
    let node = scenario.federation.keys(station).node.clone();
    let mut start = LogStart::new(space, node.public(), station, [7; 16], Some(org(FENGDU)));
    start.policy = Some(policy);
    let mut log = TestLog::begin(node, start);
    log.definition = ledger("letters_visits").unwrap().hash();
    let record = log.record(3);
    log.append_change(
        &liaison,
        record,
        &[],
        vec![Put::field("gist", "井盖松动。".into())],
    );
    let township = scenario.federation.receipt(&log);
    log.start.required_parent = Some(org(COUNTY));
    let county = scenario.federation.receipt(&log);
    log.start.required_parent = Some(org(FENGDU));
    let origin = log.origin.clone();
    scenario.logs = vec![(log, vec![township, county])];
    scenario.directory = scenario.federation.directory();
    assert!(
        scenario.directory.faults().is_empty(),
        "{:?}",
        scenario.directory.faults()
    );

    let files = unpack(&scenario.bundle(&[record])).unwrap();
    let (path, proof) = files
        .iter()
        .find(|(path, _)| path.starts_with("entries/") && path.ends_with(".tlog-proof"))
        .unwrap();
    let proof = String::from_utf8(proof.clone()).unwrap();
    let signers: Vec<&str> = proof
        .lines()
        .filter_map(|line| line.strip_prefix("— ")?.split(' ').next())
        .collect();
    let witness = |of| witness_name(&scenario.federation.keys(org(of)).witness.public());
    assert_eq!(signers.len(), 3);
    assert_eq!(signers[0], origin.as_str());
    assert!(signers.contains(&witness(FENGDU).as_str()) && signers.contains(&witness(COUNTY).as_str()));
    let folder = origin.as_str().rsplit('/').next().unwrap();
    let policy = String::from_utf8(files[&format!("logs/{folder}/policy.txt")].clone()).unwrap();
    assert!(
        policy.ends_with("group required all required-1 required-2\nquorum required\n"),
        "{policy}"
    );
    let report = verify_files(&files, &scenario).unwrap();
    assert!(report.records[0].changes[0].facts.witnessed.is_some());

    // One of the two taken out is missed.
    let mut fewer = files.clone();
    let last = proof.trim_end().rsplit_once('\n').unwrap().0;
    fewer.insert(path.clone(), format!("{last}\n").into_bytes());
    let refusal = verify_files(&fewer, &scenario).unwrap_err();
    assert!(matches!(*refusal.reason, Reason::ProofAgainst(_)), "{refusal}");
}
