//! Receipts that come when their log is closed: another log states them, and they count for all who hold the space.

use lianzhan_protocol::keys::{SecretKey, Signature};
use lianzhan_protocol::log::{Checkpoint, Receipt, ReceiptOf, WitnessEntry, leaf_hash, witness_log_origin};
use lianzhan_protocol::trust::Space;

use super::*;

/// What the township answers to the newest tree of a log, which does not come home.
fn receipt(from: &Node, township: &Node, origin: &Origin) -> Receipt {
    let ask = |old| {
        let asked = from.prepare_witness(origin, &township.org_id(), old, crate::env::now());
        let asked = asked.unwrap().expect("something is to be witnessed");
        let request = CosignRequest {
            peer: from.node_key().public(),
            old: asked.old,
            checkpoint: asked.checkpoint,
            proof: asked.proof,
            shown: asked.shown,
        };
        township.cosign(request, crate::env::now()).unwrap()
    };
    // Where more was witnessed than is known here it is asked again from there, as a session does.
    ask(None).unwrap_or_else(|(size, _)| ask(Some(size)).unwrap())
}

/// Sizes over which receipts of a log are held.
fn covered(node: &Node, origin: &Origin) -> Vec<u64> {
    let log = row(node, origin).id;
    let held = node
        .store()
        .read(|reader| reader.receipts_over(log, EntryIndex(0)));
    held.unwrap().iter().map(|receipt| receipt.size.0).collect()
}

/// When the visit with this gist was witnessed, as the node shows it.
fn is_witnessed(node: &Node, gist: &str) -> bool {
    node.catch_up(|_| {}).unwrap();
    let filter = crate::store::RowFilter {
        limit: 100,
        ..crate::store::RowFilter::default()
    };
    let (rows, _) = node.rows("letters_visits", &filter).unwrap();
    let row = rows
        .iter()
        .find(|row| row.title == gist)
        .expect("the visit is here");
    let detail = node.record_detail(&row.record).unwrap();
    detail.changes.iter().all(|change| change.witnessing.is_some())
}

/// The station's disk was put back: the copy has the log closed.
fn put_back(world: &World) -> Arc<Node> {
    let copy = world.copy_station();
    std::fs::remove_file(copy.join(HIGH_WATER)).unwrap();
    Node::open(&copy, &Overrides::default()).unwrap()
}

#[test]
fn what_was_witnessed_before_its_log_was_closed_is_witnessed_for_all() {
    let world = World::new();
    let origin = world.log();
    let back = put_back(&world);
    world.visit(world.station(), "先登记");
    carry(world.station(), &world.township);
    // Given, and lost with the machine.
    drop(receipt(world.station(), &world.township, &origin));
    carry(&world.township, &back);
    assert!(row(&back, &origin).closed.is_some());
    assert!(!is_witnessed(&back, "先登记"));

    let size = row(&back, &origin).size;
    let again = receipt(&back, &world.township, &origin);
    assert_eq!(again.size, size, "of what was signed, and no more");
    back.store_receipt(&origin, again.clone()).unwrap();
    world.talk(&[&back, &world.township, &world.county]);
    for node in [&*back, &world.township, &world.county] {
        assert_eq!(row(node, &origin).size, size, "nothing was written to it");
        assert!(covered(node, &origin).contains(&size.0));
        assert!(is_witnessed(node, "先登记"));
        assert_eq!(node.check(|_| {}).unwrap().faults, Vec::<String>::new());
    }

    // Once: neither is it asked for, nor stated when it comes again.
    let asked = back.prepare_witness(&origin, &world.township.org_id(), None, crate::env::now());
    assert!(asked.unwrap().is_none());
    let entries = |node: &Node| node.store().read(|reader| reader.logs()).unwrap();
    let before: u64 = entries(&back).iter().map(|log| log.size.0).sum();
    back.store_receipt(&origin, again).unwrap();
    assert_eq!(before, entries(&back).iter().map(|log| log.size.0).sum::<u64>());
}

#[test]
fn a_receipt_may_be_stated_before_the_log_that_it_covers_is_held() {
    let world = World::new();
    let origin = world.log();
    let back = put_back(&world);
    world.visit(world.station(), "先登记");
    let late = receipt(world.station(), &world.township, &origin);
    carry(world.station(), &back);
    back.store_receipt(&origin, late.clone()).unwrap();
    let space = world.station().own_space(Audience::County);
    let stating = back.ensure_log(&space).unwrap();
    assert_ne!(stating, origin);
    let range = back
        .read_range(&stating, TreeSize::EMPTY, RANGE_BYTES)
        .unwrap()
        .unwrap();
    let stored = world.county.ingest(&space.id(), &range);
    assert!(matches!(stored, Ingested::Stored(_)), "{stored:?}");
    assert!(
        !covered(&world.county, &origin).contains(&late.size.0),
        "it has not come"
    );
    world.talk(&[&back, &world.township, &world.county]);
    assert!(covered(&world.county, &origin).contains(&late.size.0));
    assert!(is_witnessed(&world.county, "先登记"));
}

#[test]
fn of_two_histories_the_witnessed_one_stands_though_its_receipt_came_late() {
    for from_twin in [false, true] {
        let (world, twin, origin) = forked();
        let writer: &Node = if from_twin { &twin } else { world.station() };
        carry(writer, &world.township);
        let late = receipt(writer, &world.township, &origin);
        let witnessed = standing(writer, &origin);
        world.talk(&[&twin, &world.township, &world.county, world.station()]);
        // Nobody had written it down: what stands until then is whatever has the smaller leaf.
        let closed = row(world.station(), &origin);
        assert!(closed.closed.is_some());
        world.station().store_receipt(&origin, late.clone()).unwrap();
        world.talk(&[world.station(), &world.township, &world.county]);
        for node in [world.station(), &world.township, &world.county] {
            assert_eq!(standing(node, &origin), witnessed, "from the twin: {from_twin}");
            assert!(covered(node, &origin).contains(&late.size.0));
            assert_eq!(node.check(|_| {}).unwrap().faults, Vec::<String>::new());
        }
    }
}

/// States a receipt over the log in this node's own log of a space.
fn state(node: &Node, space: &Space, origin: &Origin, receipt: Receipt) {
    let stating = node.ensure_log(space).unwrap();
    let said = LogStatement::ReceiptOf(ReceiptOf {
        origin: origin.clone(),
        receipt,
    });
    let entry = node.node_entry(&stating, space, &said).unwrap();
    let written = node
        .store()
        .write_blocking(move |writer| writer.append_own(&stating, vec![entry]));
    written.unwrap();
}

#[test]
fn a_receipt_that_is_stated_in_another_space_or_by_another_org_counts_for_nobody() {
    let world = World::new();
    let origin = world.log();
    world.visit(world.station(), "先登记");
    carry(world.station(), &world.township);
    let late = receipt(world.station(), &world.township, &origin);
    let elsewhere = world.station().own_space(Audience::Township);
    assert_ne!(elsewhere.id(), row(world.station(), &origin).space());
    state(world.station(), &elsewhere, &origin, late.clone());
    state(
        &world.township,
        &world.station().own_space(Audience::County),
        &origin,
        late.clone(),
    );
    world.talk(&[world.station(), &world.township]);
    for node in [world.station(), &world.township] {
        assert!(!covered(node, &origin).contains(&late.size.0));
    }
}

#[test]
fn a_receipt_over_more_than_any_log_has_is_an_entry_that_says_nothing() {
    let world = World::new();
    let origin = world.log();
    let back = put_back(&world);
    world.visit(world.station(), "先登记");
    let of_all = receipt(world.station(), &world.township, &origin);
    let space = back.own_space(Audience::County);
    for size in [0, TreeSize::MAX.0 + 1, u64::MAX] {
        let said = Receipt {
            size: TreeSize(size),
            ..of_all.clone()
        };
        state(&back, &space, &origin, said);
    }
    world.talk(&[&back, &world.township, &world.county]);
    for node in [&*back, &world.township, &world.county] {
        let stating = back.ensure_log(&space).unwrap();
        assert_eq!(standing(node, &stating), standing(&back, &stating));
        assert_eq!(node.check(|_| {}).unwrap().faults, Vec::<String>::new());
    }
}

/// The same cosignature in a witness log that somebody else made up: good in itself, and of no witness.
fn made_up(receipt: &Receipt, origin: &Origin) -> Receipt {
    let node = SecretKey::from_seed([7; 32]);
    let leaf = WitnessEntry::new(&receipt.checkpoint(origin), receipt.time_s).leaf_bytes();
    let mut made_up = Receipt {
        witness_origin: witness_log_origin(&node.public(), &[0; 16]),
        witness_epoch: [0; 16],
        witness_index: EntryIndex(0),
        witness_size: TreeSize(1),
        witness_root: leaf_hash(&leaf),
        witness_node: node.public(),
        proof: Vec::new(),
        ..receipt.clone()
    };
    let tree = Checkpoint {
        origin: made_up.witness_origin.clone(),
        size: made_up.witness_size,
        root: made_up.witness_root,
    };
    made_up.witness_signature = Signature(node.sign_raw(tree.body().as_bytes()));
    made_up
}

#[test]
fn a_receipt_that_somebody_made_up_takes_the_place_of_none() {
    for first in [true, false] {
        let world = World::new();
        let origin = world.log();
        let back = put_back(&world);
        world.visit(world.station(), "先登记");
        carry(world.station(), &world.township);
        let late = receipt(world.station(), &world.township, &origin);
        carry(&world.township, &back);
        let false_one = made_up(&late, &origin);
        assert!(false_one.verify(&origin, &back.node_key().public()).is_ok());
        let space = back.own_space(Audience::County);
        let mut both = [late, false_one];
        if first {
            both.reverse();
        }
        for receipt in both {
            state(&back, &space, &origin, receipt);
        }
        world.talk(&[&back, &world.township, &world.county]);
        for node in [&*back, &world.township, &world.county] {
            assert!(is_witnessed(node, "先登记"), "made up first: {first}");
            assert_eq!(node.check(|_| {}).unwrap().faults, Vec::<String>::new());
        }
    }
}
