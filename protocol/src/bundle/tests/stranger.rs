//! Keys that nobody appointed for what they sign: a node, a witness.

use super::forgery::{files, refused, verify_files};
use super::scenario::Scenario;
use super::unpack;
use crate::bundle::layout::{log_folder, receipt_file};
use crate::bundle::{Reason, rules, verify};
use crate::id::Hash;
use crate::log::{
    Checkpoint, Entry, EntryIndex, Header, LogStatement, NotAWitness, PROTOCOL_VERSION, PayloadKind,
    ProofFile, TreeSize,
};
use crate::testing::{QINGYA, SHIQIAO, key, org};

#[test]
fn a_log_of_a_node_that_nobody_appointed_is_refused() {
    let stranger = key("stranger node");
    let mut start = Scenario::new().logs[0].0.start.clone();
    start.node = stranger.public();
    let origin = start.origin();
    let payload = LogStatement::Start(start.clone()).to_bytes();
    let header = Header {
        version: PROTOCOL_VERSION,
        origin: origin.clone(),
        space: start.space.id(),
        kind: PayloadKind::Statement,
        record: None,
        author: stranger.public(),
        appointment: None,
        recorded: crate::testing::START,
        payload: Hash::plain(&payload),
        size: payload.len() as u32,
        key_commitment: None,
    };
    let entry = Entry::sign(header, &stranger).unwrap().into_inner();
    let checkpoint = Checkpoint {
        origin: origin.clone(),
        size: TreeSize(1),
        root: entry.leaf(),
    };
    let note = checkpoint.sign(&stranger).note().clone();
    let folder = log_folder(&origin).unwrap();
    let mut files = files();
    files.insert(format!("{folder}start.entry"), entry.to_bytes());
    files.insert(format!("{folder}start.payload"), payload);
    let proof = rules::proof_file(EntryIndex(0), vec![], note);
    files.insert(format!("{folder}start.tlog-proof"), proof.into_bytes());
    let refusal = refused(&files);
    assert_eq!(refusal.thing, format!("{folder}start.payload"));
    assert_eq!(*refusal.reason, Reason::NodeNotAppointed(org(SHIQIAO)));
}

#[test]
fn the_word_of_a_witness_that_is_not_required_proves_no_time() {
    let mut scenario = Scenario::new();
    let (log, receipts) = &mut scenario.logs[0];
    let required = log.start.required_parent.replace(org(QINGYA));
    let foreign = scenario.federation.receipt(log);
    log.start.required_parent = required;
    *receipts = vec![foreign.clone()];
    let folder = log_folder(&log.origin).unwrap();
    let bundle = scenario.bundle(&[scenario.visit]);
    let report = verify(&bundle, scenario.founding()).unwrap();
    assert!(report.horizon[0].witnessed.is_none(), "the writer passes it over");
    assert!(
        report.records[0]
            .changes
            .iter()
            .all(|change| change.facts.witnessed.is_none())
    );

    let mut files = unpack(&bundle).unwrap();
    let start = String::from_utf8(files[&format!("{folder}start.tlog-proof")].clone()).unwrap();
    let newest = ProofFile::parse(&start).unwrap().checkpoint;
    let receipt = receipt_file(&folder, 1, "receipt");
    files.insert(receipt.clone(), crate::codec::encode(&foreign));
    let text = crate::log::write_growth(foreign.size.0, &[], &newest);
    files.insert(receipt_file(&folder, 1, "consistency"), text.into_bytes());
    let refusal = verify_files(&files, &scenario).unwrap_err();
    assert_eq!(
        (refusal.thing, *refusal.reason),
        (receipt, Reason::NotAWitness(NotAWitness::Witness))
    );
}
