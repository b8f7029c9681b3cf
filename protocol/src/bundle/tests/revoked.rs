//! Bundles over which something was revoked, adopted or succeeded, and what is seen when that is left out.

use super::forgery::verify_files;
use super::scenario::Scenario;
use super::unpack;
use crate::bundle::{Reason, Report, Standing, verify};
use crate::id::{ChangeId, StatementId};
use crate::record::Verdict;
use crate::testing::{CITY, FENGDU, Federation, SHIQIAO, decade, key, org};
use crate::trust::{
    Adoption, Body, Cut, Ground, Issuer, MayAppoint, Revocation, Role, SignedStatement, Statement, Succession,
};

/// The appointment of the liaison, who wrote the first two changes of the visit.
fn author(scenario: &Scenario) -> StatementId {
    scenario.logs[0].0.entries[1].header().appointment.unwrap()
}

/// The changes of the visit, in order.
fn changes(scenario: &Scenario) -> Vec<ChangeId> {
    let entries = scenario.logs[0].0.entries.iter();
    let of_visit = entries.filter(|entry| entry.header().record == Some(scenario.visit));
    of_visit.map(|entry| entry.change_id()).collect()
}

fn revoke(scenario: &mut Scenario, ground: Ground, cut: Vec<Cut>) -> StatementId {
    let revocation = Revocation {
        appointment: author(scenario),
        ground,
        words: "密钥丢失".into(),
        cut,
        keeps: vec![],
    };
    state(scenario, Body::Revocation(revocation))
}

fn state(scenario: &mut Scenario, body: Body) -> StatementId {
    let id = scenario.federation.state(org(SHIQIAO), body);
    scenario.directory = scenario.federation.directory();
    assert!(
        scenario.directory.faults().is_empty(),
        "{:?}",
        scenario.directory.faults()
    );
    id
}

fn verdicts(report: &Report) -> Vec<Verdict> {
    let changes = report.records[0].changes.iter();
    changes.map(|change| change.facts.verdict.clone()).collect()
}

fn file(id: &StatementId) -> String {
    format!("statements/{id}.cose")
}

#[test]
fn what_a_revoked_author_wrote_is_contested_beyond_the_cut() {
    let mut scenario = Scenario::new();
    let receipt = scenario.logs[0].1[0].clone();
    let cut = Cut {
        origin: receipt.witness_origin,
        index: receipt.witness_index.0,
    };
    let revocation = revoke(&mut scenario, Ground::Soft, vec![cut]);
    let bundle = scenario.bundle(&[scenario.visit]);
    assert!(unpack(&bundle).unwrap().contains_key(&file(&revocation)));
    let report = verify(&bundle, scenario.founding()).unwrap();
    let verdicts = verdicts(&report);
    assert!(
        matches!(
            verdicts[0],
            Verdict::Counts {
                provisional: false,
                ..
            }
        ),
        "{verdicts:?}"
    );
    assert!(!matches!(verdicts[1], Verdict::Counts { .. }), "{verdicts:?}");
    assert_ne!(report.records[0].standing, Standing::Proved);
}

#[test]
fn a_stolen_key_contests_all_and_an_adoption_gives_a_change_back() {
    let mut scenario = Scenario::new();
    revoke(&mut scenario, Ground::Hard { since_s: None }, vec![]);
    let report = verify(&scenario.bundle(&[scenario.visit]), scenario.founding()).unwrap();
    assert!(
        verdicts(&report)
            .iter()
            .all(|verdict| !matches!(verdict, Verdict::Counts { .. })),
        "{:?}",
        verdicts(&report)
    );
    let (_, said) = report.records[0].words();
    assert!(
        said.iter().any(|line| line == "Nothing of it counts yet"),
        "{said:?}"
    );
    let first = changes(&scenario)[0];
    let adoption = Body::Adoption(Adoption {
        changes: vec![first],
        statements: vec![],
    });
    let adoption = state(&mut scenario, adoption);
    let files = unpack(&scenario.bundle(&[scenario.visit])).unwrap();
    let report = verify_files(&files, &scenario).unwrap();
    assert!(matches!(verdicts(&report)[0], Verdict::Counts { .. }));
    assert!(!matches!(verdicts(&report)[1], Verdict::Counts { .. }));

    // Taken out, it is missed: the summary says what followed from it.
    let mut without = files.clone();
    without.remove(&file(&adoption)).unwrap();
    let refusal = verify_files(&without, &scenario).unwrap_err();
    assert_eq!(refusal.thing, "summary.json");

    // Of a record that it does not adopt, it is not needed.
    let mut other = unpack(&scenario.bundle(&[scenario.activity])).unwrap();
    assert!(!other.contains_key(&file(&adoption)));
    other.insert(file(&adoption), files[&file(&adoption)].clone());
    let refusal = verify_files(&other, &scenario).unwrap_err();
    assert_eq!(
        (refusal.thing, *refusal.reason),
        (file(&adoption), Reason::Unused)
    );
}

#[test]
fn a_revocation_left_out_gives_another_summary_and_is_not_seen() {
    let mut scenario = Scenario::new();
    let before = unpack(&scenario.bundle(&[scenario.visit])).unwrap();
    let revocation = revoke(&mut scenario, Ground::Hard { since_s: None }, vec![]);
    let after = unpack(&scenario.bundle(&[scenario.visit])).unwrap();
    let differ: Vec<&String> = after
        .iter()
        .filter(|(path, bytes)| before.get(*path) != Some(bytes))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(differ, ["MANIFEST.sha256", &file(&revocation), "summary.json"]);

    let mut withheld = after.clone();
    withheld.remove(&file(&revocation)).unwrap();
    assert_eq!(
        verify_files(&withheld, &scenario).unwrap_err().thing,
        "summary.json"
    );
    // With the summary of who never heard of it, it is the bundle of before: nothing in it can tell.
    withheld.insert("summary.json".into(), before["summary.json"].clone());
    let report = verify_files(&withheld, &scenario).unwrap();
    assert!(matches!(verdicts(&report)[0], Verdict::Counts { .. }));
}

#[test]
fn an_unneeded_revocation_is_refused() {
    let mut scenario = Scenario::new();
    let stranger = scenario
        .federation
        .person(org(SHIQIAO), "秦越", &[Role::StationLiaison], None);
    let revocation = Revocation {
        appointment: stranger.1,
        ground: Ground::Soft,
        words: "调离".into(),
        cut: vec![],
        keeps: vec![],
    };
    let revocation = scenario
        .federation
        .sign(org(SHIQIAO), Body::Revocation(revocation));
    let mut files = unpack(&scenario.bundle(&[scenario.visit])).unwrap();
    files.insert(file(&revocation.id()), revocation.bytes().to_vec());
    assert!(
        verify_files(&files, &scenario).is_err(),
        "what it revokes is not here"
    );
    let appointment = scenario
        .federation
        .statements()
        .iter()
        .find(|statement| statement.id() == stranger.1)
        .unwrap();
    files.insert(file(&appointment.id()), appointment.bytes().to_vec());
    let refusal = verify_files(&files, &scenario).unwrap_err();
    assert_eq!(*refusal.reason, Reason::Unused, "{refusal}");
}

#[test]
fn a_bundle_shows_who_succeeded_the_authority_of_the_root() {
    let mut scenario = Scenario::new();
    let next = key("next authority");
    let keeps = scenario.federation.statements().iter();
    let mut keeps: Vec<_> = keeps
        .filter(|statement| statement.issuer().org == org(CITY))
        .map(|statement| statement.id().tag())
        .collect();
    keeps.sort_unstable();
    let mut founders: Vec<_> = (0..3)
        .map(|n| key(&format!("next founder {n}")).public())
        .collect();
    founders.sort_unstable();
    let succession = Succession {
        version: 1,
        previous: scenario.federation.founding.id(),
        founders,
        threshold: 2,
        authority: next.public(),
        validity: decade(),
        may_appoint: MayAppoint::all(3),
        keeps,
    };
    let body = Body::Succession(succession.sign(&Federation::founders()).unwrap());
    let issuer = Issuer {
        org: org(CITY),
        key: next.public(),
        appointment: None,
        issued: crate::testing::START,
        founding: scenario.federation.founding.id(),
    };
    let id = scenario
        .federation
        .add(SignedStatement::sign(Statement { issuer, body }, &next));
    scenario.directory = scenario.federation.directory();
    assert!(
        scenario.directory.faults().is_empty(),
        "{:?}",
        scenario.directory.faults()
    );
    let files = unpack(&scenario.both()).unwrap();
    assert!(
        files.contains_key(&file(&id)),
        "what the founders said next is in every bundle"
    );
    let report = verify_files(&files, &scenario).unwrap();
    assert_eq!(report.records.len(), 2);
    let mut without = files;
    without.remove(&file(&id)).unwrap();
    assert_eq!(
        verify_files(&without, &scenario).unwrap_err().thing,
        "summary.json"
    );
}

#[test]
fn the_witness_of_a_parent_stays_in_the_policy_while_its_receipts_are_shown() {
    let mut scenario = Scenario::new();
    let name = crate::log::witness_name(&scenario.federation.keys(org(FENGDU)).witness.public());
    let bundle = scenario.bundle(&[scenario.visit]);
    let files = unpack(&bundle).unwrap();
    let (path, policy) = files
        .iter()
        .find(|(path, _)| path.ends_with("policy.txt"))
        .unwrap();
    assert!(String::from_utf8_lossy(policy).contains(&name));
    let witness = scenario.federation.keys(org(FENGDU)).witness.public();
    let appointed = scenario
        .directory
        .appointments_of(&witness, crate::trust::Purpose::Witness)
        .map(|(id, _)| id)
        .next()
        .unwrap();
    let receipt = scenario.logs[0].1.last().unwrap().clone();
    let revocation = Body::Revocation(Revocation {
        appointment: appointed,
        ground: Ground::Soft,
        words: "换发密钥".into(),
        cut: vec![Cut {
            origin: receipt.witness_origin,
            index: receipt.witness_index.0,
        }],
        keeps: vec![],
    });
    scenario.federation.state(org(FENGDU), revocation);
    scenario.directory = scenario.federation.directory();
    let after = unpack(&scenario.bundle(&[scenario.visit])).unwrap();
    assert_eq!(after[path], *policy);
    assert!(verify_files(&after, &scenario).is_ok());
}

/// A hard revocation is of the key. That the appointment which it names is contested takes nothing from it, and everything
/// by which a stranger sees both is in the bundle.
#[test]
fn a_key_in_other_hands_is_proved_by_an_appointment_that_does_not_stand() {
    let mut scenario = Scenario::new();
    let stated = scenario.contested_post();
    let ids: Vec<StatementId> = stated.iter().map(SignedStatement::id).collect();
    let [_, again, of_second, of_key] = ids[..] else {
        panic!("four statements")
    };
    for statement in stated {
        scenario.federation.add(statement);
    }
    scenario.directory = scenario.federation.directory();
    let faults: Vec<_> = scenario.directory.faults().keys().collect();
    assert_eq!(faults, [&again], "contested with its authority");
    assert_eq!(scenario.directory.revoked(&author(&scenario))[0].by, of_key);

    let files = unpack(&scenario.bundle(&[scenario.visit])).unwrap();
    for id in &ids {
        assert!(files.contains_key(&file(id)));
    }
    let told = verdicts(&verify_files(&files, &scenario).unwrap());
    assert!(matches!(told[0], Verdict::Counts { .. }), "{told:?}");
    assert!(matches!(told[1], Verdict::Contested { .. }), "{told:?}");

    // The appointment is not missing silently, and no other one that does not stand may lie beside it.
    let mut without = files.clone();
    without.remove(&file(&again)).unwrap();
    let refusal = verify_files(&without, &scenario).unwrap_err();
    assert_eq!(refusal.thing, file(&of_key));
    let mut without = files.clone();
    without.remove(&file(&of_key)).unwrap();
    let refusal = verify_files(&without, &scenario).unwrap_err();
    assert_eq!(refusal.thing, file(&again), "now it would have to stand");
    let mut without = files.clone();
    without.remove(&file(&of_second)).unwrap();
    assert!(verify_files(&without, &scenario).is_err());
    assert!(
        !unpack(&scenario.bundle(&[scenario.activity]))
            .unwrap()
            .contains_key(&file(&again))
    );
}

/// What falls because its key had another purpose before does so in the bundle, too: what named that purpose is there.
#[test]
fn what_a_key_was_first_appointed_for_goes_with_what_falls_by_it() {
    let mut scenario = Scenario::new();
    let ids: Vec<StatementId> = scenario
        .second_purpose()
        .into_iter()
        .map(|statement| scenario.federation.add(statement))
        .collect();
    scenario.directory = scenario.federation.directory();
    let faults: Vec<_> = scenario.directory.faults().keys().collect();
    assert_eq!(faults, [&ids[1]], "the key is a person's");
    let files = unpack(&scenario.bundle(&[scenario.visit])).unwrap();
    assert!(ids.iter().all(|id| files.contains_key(&file(id))));
    let told = verdicts(&verify_files(&files, &scenario).unwrap());
    assert!(matches!(told[0], Verdict::Counts { .. }), "{told:?}");
    assert!(matches!(told[1], Verdict::Contested { .. }), "{told:?}");
    let mut without = files.clone();
    without.remove(&file(&ids[0])).unwrap();
    let refusal = verify_files(&without, &scenario).unwrap_err();
    assert!(matches!(*refusal.reason, Reason::DoesNotStand(_)), "{refusal:?}");
}

/// The chain above what a revocation names falls in the bundle, too, where it falls by the purpose of a key.
#[test]
fn what_names_a_purpose_goes_with_the_chain_above_what_is_revoked() {
    let mut scenario = Scenario::new();
    let ids: Vec<StatementId> = scenario
        .purpose_above()
        .into_iter()
        .map(|statement| scenario.federation.add(statement))
        .collect();
    scenario.directory = scenario.federation.directory();
    let faults: std::collections::BTreeSet<_> = scenario.directory.faults().keys().collect();
    assert_eq!(faults, [&ids[1], &ids[2]].into(), "an authority that is a person");
    let files = unpack(&scenario.bundle(&[scenario.visit])).unwrap();
    assert!(ids.iter().all(|id| files.contains_key(&file(id))));
    let told = verdicts(&verify_files(&files, &scenario).unwrap());
    assert!(!matches!(told[0], Verdict::Counts { .. }), "{told:?}");
    let mut without = files.clone();
    without.remove(&file(&ids[0])).unwrap();
    assert_eq!(
        verify_files(&without, &scenario).unwrap_err().thing,
        "summary.json"
    );
}
