//! A station has its witness see two histories and shows one of them to nobody else: the witness makes the proof.

use lianzhan_protocol::log::Evidence;

use super::conversation::converse;
use super::*;

/// The station and its copy; the township has witnessed what the station wrote, and all above hold it.
fn witnessed(visits: usize) -> (World, Arc<Node>, Origin) {
    let world = World::new();
    let origin = world.log();
    let twin = Node::open(&world.copy_station(), &Overrides::default()).unwrap();
    for n in 0..visits {
        world.visit(world.station(), &format!("原机{n}"));
    }
    witness(world.station(), &world.township);
    world.talk(&[world.station(), &world.township, &world.county]);
    (world, twin, origin)
}

fn evidence(node: &Node, origin: &Origin) -> Vec<Evidence> {
    let held = node.store().read(|reader| reader.forks_of(origin)).unwrap();
    held.into_iter().map(|proof| proof.evidence).collect()
}

fn told_to_all(world: &World, twin: &Node, origin: &Origin) -> Evidence {
    let before = standing(&world.township, origin);
    assert_eq!(converse(twin, &world.township, std::slice::from_ref(origin)), []);
    let made = evidence(&world.township, origin);
    assert_eq!(
        standing(&world.township, origin),
        before,
        "nobody else was shown it"
    );
    assert_eq!(converse(&world.township, &world.county, &[]), []);
    assert_eq!(converse(&world.township, world.station(), &[]), []);
    for node in [&world.county, world.station()] {
        assert_eq!(evidence(node, origin), made);
        let alarms = node.store().read(|reader| reader.alarms()).unwrap();
        let told = alarms.iter().find(|alarm| alarm.kind == "fork");
        assert_eq!(told.map(|alarm| alarm.subject.as_str()), Some(origin.as_str()));
    }
    // The station learns that its key signed what it did not write, and goes on in another log.
    assert!(row(world.station(), origin).closed.is_some());
    world.visit(world.station(), "新账");
    assert_ne!(world.log(), *origin);
    // Once.
    assert_eq!(converse(twin, &world.township, std::slice::from_ref(origin)), []);
    let [made] = <[Evidence; 1]>::try_from(evidence(&world.township, origin)).expect("one proof");
    made
}

#[test]
fn two_roots_of_one_size_are_proved_by_the_witness() {
    let (world, twin, origin) = witnessed(1);
    world.visit(&twin, "副本");
    let made = told_to_all(&world, &twin, &origin);
    assert!(matches!(made, Evidence::Roots(..)), "{made:?}");
}

#[test]
fn a_log_that_was_rewritten_is_proved_by_the_witness() {
    let (world, twin, origin) = witnessed(2);
    for n in 0..7 {
        world.visit(&twin, &format!("副本{n}"));
    }
    let made = told_to_all(&world, &twin, &origin);
    assert!(matches!(made, Evidence::Rewritten { .. }), "{made:?}");
}
