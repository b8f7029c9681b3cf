//! What a station meets of its own log that it does not have, and what is on a branch beside visits.

use super::*;

/// The range that the township gives of the station's log when it is asked from `from` on.
fn range_from(world: &World, origin: &Origin, from: TreeSize) -> RangeData {
    world
        .township
        .read_range(origin, from, RANGE_BYTES)
        .unwrap()
        .unwrap()
}

#[test]
fn what_comes_of_an_own_log_after_more_was_written_here_is_read_as_another_branch() {
    let world = World::new();
    let origin = world.log();
    let twin = Node::open(&world.copy_station(), &Overrides::default()).unwrap();
    let (common, _) = standing(&twin, &origin);
    world.visit(&twin, "副本");
    carry(&twin, &world.township);
    // Asked for before this was written, it comes after.
    world.visit(world.station(), "原机");
    let range = range_from(&world, &origin, common);
    let ingested = world
        .station()
        .ingest(&world.station().own_space(Audience::County).id(), &range);
    assert!(matches!(ingested, Ingested::Forked(_)), "{ingested:?}");
    assert!(row(world.station(), &origin).closed.is_some());
    carry(&world.township, world.station());
    world.talk(&[world.station(), &world.township, &world.county]);
    for node in [&world.township, &world.county] {
        assert_eq!(standing(node, &origin), standing(world.station(), &origin));
        assert_eq!(visits(node), visits(world.station()));
    }
}

#[test]
fn what_only_goes_on_from_what_is_here_is_taken_back_in() {
    let world = World::new();
    let origin = world.log();
    let twin = Node::open(&world.copy_station(), &Overrides::default()).unwrap();
    let (common, _) = standing(&twin, &origin);
    world.visit(&twin, "副本");
    carry(&twin, &world.township);
    let space = world.station().own_space(Audience::County).id();
    let range = range_from(&world, &origin, TreeSize(common.0 - 1));
    let ingested = world.station().ingest(&space, &range);
    let Ingested::Stored(held) = ingested else {
        panic!("{ingested:?}")
    };
    assert_eq!(held.size, common, "the rest is asked for from there");
    let ingested = world
        .station()
        .ingest(&space, &range_from(&world, &origin, common));
    assert!(matches!(ingested, Ingested::Stored(_)), "{ingested:?}");
    assert_eq!(
        standing(world.station(), &origin),
        standing(&world.township, &origin)
    );
    assert_eq!(branches(world.station(), &origin).len(), 0);
}

#[test]
fn a_range_that_goes_on_from_what_stands_is_no_other_branch() {
    let world = World::new();
    let origin = world.log();
    let space = world.station().own_space(Audience::County).id();
    world.visit(world.station(), "又一件");
    let range = world.station().read_range(&origin, TreeSize::EMPTY, RANGE_BYTES);
    let step = world.township.ingest_branch(&space, &range.unwrap().unwrap());
    assert!(matches!(step, BranchStep::Grows), "{step:?}");
    assert_eq!(branches(&world.township, &origin).len(), 0);
}

#[test]
fn who_was_appointed_on_a_branch_that_does_not_stand_is_appointed_everywhere() {
    let world = World::new();
    let twin = Node::open(&world.copy_station(), &Overrides::default()).unwrap();
    let appoint = |node: &Node, login: &str| {
        let person = PersonDraft {
            login: login.into(),
            name: login.into(),
            roles: vec![Role::OpinionLiaison],
            seat: None,
            person: None,
            until: None,
        };
        node.appoint_person(&secret(), person, &secret()).unwrap();
    };
    appoint(world.station(), "gao");
    ["meng", "ye", "shi", "tao"]
        .iter()
        .for_each(|login| appoint(&twin, login));
    world.talk(&[world.station(), &world.township]);
    witness(world.station(), &world.township);
    world.talk(&[world.station(), &world.township]);
    world.talk(&[&world.township, &world.county]);
    for node in [world.station(), &world.township, &world.county] {
        carry(&twin, node);
        let directory = node.directory();
        let statements = directory.statements();
        let names: Vec<&str> = statements
            .filter_map(|statement| statement.appointment())
            .map(|appointment| appointment.name.as_str())
            .filter(|name| ["gao", "meng"].contains(name))
            .collect();
        assert_eq!(names.len(), 2, "{names:?}");
    }
}
