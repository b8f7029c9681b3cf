//! What is lacking is found for a peer that may hold it, and behind what was found before.

use std::collections::BTreeSet;

use lianzhan_protocol::id::SpaceId;
use lianzhan_protocol::log::{Frontier, TreeSize};
use lianzhan_protocol::record::Value;
use lianzhan_protocol::sync::verify_range_by;
use lianzhan_protocol::trust::Audience;

use super::erase::tests::World;
use super::orgs::tests::{LIULIN, SHIQIAO, World as Federation};
use super::repair::Filled;
use super::threads::Threads;
use super::{Node, StoreEvent};

#[test]
fn keys_are_found_to_be_lacking_where_their_annexes_stand_and_nowhere_else() {
    let world = World::new();
    world.visit();
    world.visit();
    world.talk_sealed();
    let township = world.township();
    let annexes = BTreeSet::from([world.station().own_space(Audience::Township).id()]);
    let lacking = township.keys_lacking_in(&annexes, None).unwrap();
    let [(one, first), (other, second)] = lacking.found[..] else {
        panic!("{lacking:?}")
    };
    assert!(annexes.contains(&one) && annexes.contains(&other) && lacking.next.is_none());
    let behind = township.keys_lacking_in(&annexes, Some(&first)).unwrap();
    assert_eq!(behind.found, [(other, second)]);
    let some = township
        .store()
        .read(|reader| reader.sealed_after(None, 1, &annexes, |_, _| true))
        .unwrap();
    assert_eq!((some.found, some.next), (vec![(one, first)], Some(first)));

    // All that the township holds but that: as for a peer that may hold no annex.
    let all = township.holdings().unwrap().0;
    let others: BTreeSet<SpaceId> = all
        .spaces()
        .copied()
        .filter(|space| !annexes.contains(space))
        .collect();
    assert!(!others.is_empty());
    assert_eq!(township.keys_lacking_in(&others, None).unwrap().found, []);
}

#[test]
fn keys_that_came_are_told_of_once() {
    let world = World::new();
    world.visit();
    world.talk_sealed();
    let (station, township) = (world.station(), world.township());
    let annexes = station.own_space(Audience::Township).id();
    let lacking = township.lacking_keys().unwrap();
    let keys = || {
        let found = station.find_keys(&lacking).unwrap().into_iter();
        found.map(|found| (found.record, found.key)).collect::<Vec<_>>()
    };
    assert_eq!(keys().len(), 1);
    let mut told = Vec::new();
    for _ in 0..2 {
        let mut events = township.store().events();
        township.keep_keys(keys()).unwrap();
        let mut keyed = 0;
        while let Ok(batch) = events.try_recv() {
            let of =
                |event: &&StoreEvent| matches!(event, StoreEvent::Keyed { space, .. } if *space == annexes);
            keyed += batch.iter().filter(of).count();
        }
        told.push(keyed);
    }
    assert_eq!(told, [1, 0]);
}

#[test]
fn payloads_are_found_to_be_lacking_one_batch_behind_the_other() {
    let world = World::new();
    for _ in 0..3 {
        world.visit();
    }
    world.talk();
    let township = world.township();
    let lost = township
        .store()
        .write_blocking(|writer| writer.lose_payloads())
        .unwrap();
    assert!(lost >= 6, "{lost}");
    let all = township.lacking_payloads().unwrap();
    assert_eq!(all.len(), lost);
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let batch = township
            .store()
            .read(|reader| reader.lacking(after.as_ref(), 2, |_| true))
            .unwrap();
        assert!(batch.found.len() <= 2);
        found.extend(batch.found);
        after = batch.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, all);
    let of = |space: SpaceId| all.iter().filter(|place| place.space == space).count();
    for place in &all {
        let only = BTreeSet::from([place.space]);
        let lacking = township.payloads_lacking_in(&only, None).unwrap();
        assert_eq!(lacking.found.len(), of(place.space));
    }
}

#[test]
fn payloads_that_are_lacking_are_asked_for_in_a_carry_file_and_come_with_the_answer() {
    let world = World::new();
    for _ in 0..3 {
        world.visit();
    }
    world.talk();
    let (station, township) = (world.station(), world.township());
    let before = township.lacking_payloads().unwrap().len();
    let lost = township
        .store()
        .write_blocking(|writer| writer.lose_payloads())
        .unwrap();
    let file = |from: &Node, to: &Node| {
        let mut file = Vec::new();
        let given = from.carry_to(&to.org_id(), false, &mut file, |_| ()).unwrap();
        (given, file)
    };
    let (asking, question) = file(township, station);
    assert!(before == 0 && asking.asks > 0, "{asking:?}");
    station.carry_from(&question[..], |_| ()).unwrap();
    let (_, answer) = file(station, township);
    let got = township.carry_from(&answer[..], |_| ()).unwrap();
    assert_eq!(got.payloads, asking.asks);
    // What the station may not hold, another one gives.
    let left = township.lacking_payloads().unwrap();
    assert_eq!(left.len() as u64, lost as u64 - got.payloads);
    assert!(left.iter().all(|place| {
        let shared = station
            .directory()
            .shared_spaces(&station.org_id(), &township.org_id());
        !shared.contains_key(&place.space)
    }));
    let again = township.carry_from(&answer[..], |_| ()).unwrap();
    assert_eq!(again.payloads, 0);
}

#[test]
fn what_may_not_be_held_is_not_taken_however_it_was_asked_for() {
    let federation = Federation::new();
    let (station, beside) = (&federation.nodes[SHIQIAO], &federation.nodes[LIULIN]);
    federation.visit_of(vec![("name".into(), Value::Text("赵某某".into()))]);
    // As if it had been held until now.
    for (space, origin, ..) in station.store().read(|reader| reader.standings()).unwrap() {
        if beside.space(&space).is_none() {
            let range = station
                .read_range(&origin, TreeSize::EMPTY, usize::MAX)
                .unwrap()
                .unwrap();
            let threads = Threads::of_this_machine();
            let range = verify_range_by(&space, None, &Frontier::new(), &range, &threads).unwrap();
            beside
                .store()
                .write_blocking(move |writer| writer.append_foreign(&origin, range))
                .unwrap();
        }
    }
    let keys = station.find_keys(&beside.lacking_keys().unwrap()).unwrap();
    assert_eq!(keys.len(), 1);
    let keys = keys.into_iter().map(|found| (found.record, found.key));
    assert_eq!(beside.keep_keys(keys.collect()).unwrap(), 0);

    beside
        .store()
        .write_blocking(|writer| writer.lose_payloads())
        .unwrap();
    let lost = beside.lacking_payloads().unwrap();
    assert!(lost.len() >= 2, "{lost:?}");
    for place in lost {
        let found = station
            .find_payloads(&place.origin, &[place.index], usize::MAX)
            .unwrap();
        assert_eq!(found.len(), 1);
        let filled = beside.fill(&place.origin, found).unwrap();
        assert!(matches!(filled, Filled::Stored(0)), "{filled:?}");
    }
}
