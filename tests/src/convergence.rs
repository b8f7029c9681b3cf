//! Any order of delivery gives the same: holders that get the logs of one federation in different orders and pieces end
//! with the same states, verdicts, documents and rows, byte for byte; so does one that drops all that is derived and
//! makes it anew. And every Automerge document says what the fold says.
//!
//! The holders are copies of nodes that had written all they were ever going to write, taken before anything arrived.

pub(crate) mod deliver;
mod same;
pub(crate) mod world;

use lianzhan_node::services::Node;
use lianzhan_node::services::ingest::Ingested;
use lianzhan_node::services::repair::Filled;
use lianzhan_protocol::id::Hash;
use lianzhan_protocol::log::{EntryIndex, Origin, TreeSize};
use lianzhan_protocol::sync::Place;
use lianzhan_protocol::trust::Role;

use super::process::{dice_of_test, measured};
use deliver::{deliver, held, logs};
use same::{assert_same, documents_say_what_the_fold_says, dump};
use world::{World, copy_files, open_copy};

/// Holders of each node's copies, and how differently they get everything.
const HOLDERS: usize = 4;
/// Bytes asked for at a time: from one entry to most of a log.
const PIECES: [usize; 5] = [1, 1, 500, 2_000, 20_000];

#[test]
fn any_order_of_delivery_gives_the_same_bytes() {
    let mut dice = dice_of_test("convergence");
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path());
    world.write();
    let mut compared = (0, 0, 0);
    for (place, copy) in &world.copies {
        let source = &world.nodes[place];
        let expected = dump(source);
        assert!(expected.len() > 10, "{place} holds something");
        for n in 0..HOLDERS {
            let holder = open_copy(copy, &dir.path().join(format!("{place}-{n}")));
            let pieces = deliver(source, &holder, &mut dice);
            let got = dump(&holder);
            assert_same(
                &expected,
                &got,
                &format!("{place}, holder {n}, in {pieces} pieces"),
            );
            compared.0 += 1;
            compared.1 += pieces;
            compared.2 += documents_say_what_the_fold_says(&holder);
            if n == 0 {
                holder.reindex(|_| {}).unwrap();
                assert_same(&expected, &dump(&holder), &format!("{place}, made anew"));
                assert_eq!(
                    holder.check(|_| {}).unwrap().faults,
                    Vec::<String>::new(),
                    "{place}"
                );
            }
        }
    }
    measured(&format!(
        "convergence: {} holders, {} pieces in random orders, {} documents compared with the fold",
        compared.0, compared.1, compared.2
    ));
}

#[test]
fn an_own_log_that_comes_back_is_closed_in_an_old_copy_alone() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path());
    let lin = world.appoint("shiqiao", "lin", &[Role::OpinionLiaison]);
    world.visit("shiqiao", &lin, 0);
    let old = dir.path().join("old");
    copy_files(world.node("shiqiao").dir(), &old);
    // A backup leaves out the high-water file; here it is as old as the rest.
    let old = open_copy(&old, &dir.path().join("restored"));
    let before: Vec<_> = logs(&old).into_iter().filter(|(_, _, own)| *own).collect();
    for n in 1..6 {
        world.visit("shiqiao", &lin, n);
    }
    world.talk();
    let (station, township) = (world.node("shiqiao"), world.node("fengdu"));
    let halted = |node: &Node, origin: &Origin| {
        node.store()
            .read(|reader| reader.log(origin))
            .unwrap()
            .unwrap()
            .halted
    };
    let closed = |node: &Node, origin: &Origin| {
        let log = node.store().read(|reader| reader.log(origin)).unwrap().unwrap();
        log.closed.map(|closed| closed.reason)
    };
    let mut stopped = 0;
    for (space, origin, _) in &before {
        for from in 0..held(township, origin).0 {
            for max_bytes in PIECES {
                let Some(range) = township.read_range(origin, TreeSize(from), max_bytes).unwrap() else {
                    continue;
                };
                let told = station.ingest(space, &range);
                assert!(
                    matches!(told, Ingested::Stored(standing) if standing.size == held(station, origin)),
                    "{told:?}"
                );
            }
        }
        assert_eq!(
            halted(station, origin),
            None,
            "the peer was only quicker to say that it has it"
        );

        let from = held(&old, origin);
        let Some(range) = township.read_range(origin, from, usize::MAX).unwrap() else {
            continue;
        };
        let mut forged = range.clone();
        forged.proof = lianzhan_protocol::sync::List::new(vec![Hash([0; 32]); 3]).unwrap();
        let told = old.ingest(space, &forged);
        assert!(matches!(told, Ingested::PeerLied(_)), "{told:?}");
        assert_eq!(
            halted(&old, origin),
            None,
            "who says so must show what this node signed"
        );
        let told = old.ingest(space, &range);
        assert!(matches!(told, Ingested::Stored(_)), "taken back in: {told:?}");
        assert!(closed(&old, origin).is_some_and(|why| why.contains("old copy")));
        assert_eq!(halted(&old, origin), None);
        stopped += 1;
    }
    assert!(stopped >= 2, "visits and persons");
}

/// Found by the simulation: entries that a peer gave without their payloads were held so for good.
#[test]
fn payloads_that_a_peer_withheld_come_although_sizes_and_roots_agree() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path());
    let lin = world.appoint("shiqiao", "lin", &[Role::OpinionLiaison]);
    world.talk();
    let visit = world.visit("shiqiao", &lin, 0);
    let (station, township) = (world.node("shiqiao"), world.node("fengdu"));
    let mut tried = 0;
    for (space, origin, _) in logs(station).into_iter().filter(|(_, _, own)| *own) {
        let before = held(township, &origin);
        if township.space(&space).is_none() {
            continue;
        }
        let Some(range) = station.read_range(&origin, before, usize::MAX).unwrap() else {
            continue;
        };
        let mut bare: Vec<_> = range.entries.iter().cloned().collect();
        bare.last_mut().unwrap().payload = None;
        let mut without = range.clone();
        without.entries = lianzhan_protocol::sync::List::new(bare).unwrap();
        match township.ingest(&space, &without) {
            Ingested::Stored(_) => tried += 1,
            Ingested::PeerLied(_) => continue, // a statement says at once what it says
            other => panic!("{other:?}"),
        }
        let last = EntryIndex(held(township, &origin).0 - 1);
        let lacking = township.lacking_payloads().unwrap();
        assert!(
            lacking
                .iter()
                .any(|place| place.origin == origin && place.index == last)
        );
        let lie = township.fill(&origin, vec![(last, vec![1, 2, 3])]).unwrap();
        assert!(matches!(lie, Filled::PeerLied(_)), "{lie:?}");
        assert_eq!(township.lacking_payloads().unwrap(), lacking);
    }
    assert!(tried > 0);
    for Place { origin, index, .. } in township.lacking_payloads().unwrap() {
        assert_eq!(township.find_payloads(&origin, &[index], 0).unwrap(), []);
        let found = station.find_payloads(&origin, &[index], 0).unwrap();
        assert_eq!(found.len(), 1, "at least one, whatever the bound");
        assert!(matches!(
            township.fill(&origin, found).unwrap(),
            Filled::Stored(1..)
        ));
    }
    assert_eq!(township.lacking_payloads().unwrap(), []);
    let of = |node: &Node| node.state(&visit).unwrap().1.to_json().to_string();
    assert_eq!(of(township), of(station));
}
