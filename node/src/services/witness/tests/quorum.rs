//! Where the policy asks for more than the parent, a record counts provisionally until all have spoken.

use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::record::{Value, Verdict};
use lianzhan_protocol::trust::{Audience, Role};

use super::*;
use crate::services::Author;
use crate::services::appoint::PersonDraft;
use crate::services::visit::VisitDraft;
use crate::store::RowFilter;

fn clerk(station: &Node) -> Author {
    let person = PersonDraft {
        login: "lin".into(),
        name: "林静禾".into(),
        roles: vec![Role::OpinionLiaison],
        ..PersonDraft::default()
    };
    station.appoint_person(&secret(), person, &secret()).unwrap();
    station.sign_in("lin", &secret()).unwrap()
}

fn visit(station: &Node, clerk: &Author) -> RecordId {
    let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
    let visit = VisitDraft {
        fields: vec![
            text("received_at", "2026-04-16T09:30:00+08:00"),
            text("channel", "visit"),
            ("persons".into(), Value::Int(1)),
            text("nature", "problem"),
            text("gist", "护坡裂缝"),
        ],
        subject: vec![],
        sensitive: vec![],
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let written = runtime.block_on(station.register_visit(clerk, visit));
    written.unwrap().record
}

/// Whether what was written counts provisionally alone; and how many changes the row says are unwitnessed.
fn provisional(node: &Node, record: &RecordId) -> (bool, u64) {
    node.catch_up(|_| {}).unwrap();
    let state = node
        .store
        .read(|reader| {
            let mut load = crate::services::Load::new(node, reader);
            let loaded = load.record(record)?.expect("is held");
            Ok(load.fold(&loaded))
        })
        .unwrap();
    let [written] = &state.history[..] else {
        panic!("{:?}", state.history)
    };
    let Verdict::Counts { provisional, .. } = written.verdict else {
        panic!("{:?}", written.verdict)
    };
    let all = RowFilter {
        limit: 10,
        ..RowFilter::default()
    };
    let (rows, _) = node.rows("letters_visits", &all).unwrap();
    let row = rows.into_iter().find(|row| row.record == *record).unwrap();
    (provisional, row.unwitnessed)
}

#[test]
fn a_record_counts_provisionally_until_county_and_city_have_witnessed_it() {
    let world = World::new();
    let authority = world.nodes[CITY].unlock_authority(&secret()).unwrap();
    world.nodes[CITY]
        .set_witness_policy(&authority, vec![Level::County, Level::City])
        .unwrap();
    world.tell();
    let station = &world.nodes[STATION];
    let clerk = clerk(station);
    let record = visit(station, &clerk);
    let space = station.own_space(Audience::County);
    let log = station.ensure_log(&space).unwrap();
    for (witness, now) in [(TOWNSHIP, 0), (CITY, 1), (COUNTY, 2)] {
        assert_eq!(provisional(station, &record), (true, 1), "before {witness}");
        let request = world.request(&log, witness, None, day(now)).expect("is asked");
        let receipt = world.nodes[witness].cosign(request, day(now)).unwrap().unwrap();
        station.store_receipt(&log, receipt).unwrap();
    }
    assert_eq!(provisional(station, &record), (false, 0), "all three have");
    // The whole is as late as the last of them.
    let witnessed = station
        .store
        .read(|reader| {
            let mut load = crate::services::Load::new(station, reader);
            let loaded = load.record(&record)?.expect("is held");
            Ok(loaded.held[0].witnessed())
        })
        .unwrap();
    assert_eq!(witnessed.map(Timestamp::seconds), Some(day(2).seconds()));
}
