//! More than two histories of one log, and who meets them late.

use lianzhan_protocol::sync::{BRANCHES_MAX, Standing};

use super::conversation::converse;
use super::*;

/// So many machines with one node key, each with a visit of its own.
fn twins(world: &World, count: usize) -> Vec<Arc<Node>> {
    let copies: Vec<PathBuf> = (0..count)
        .map(|n| world.copy_station_to(&format!("copy-{n}")))
        .collect();
    let twins: Vec<_> = copies
        .iter()
        .map(|copy| Node::open(copy, &Overrides::default()).unwrap())
        .collect();
    for (n, twin) in twins.iter().enumerate() {
        world.visit(twin, &format!("副本{n}"));
    }
    twins
}

/// The roots of all histories held.
fn roots(node: &Node, origin: &Origin) -> Vec<Hash> {
    let mut roots: Vec<Hash> = branches(node, origin).iter().map(|branch| branch.root).collect();
    roots.push(row(node, origin).root);
    roots.sort();
    roots
}

#[test]
fn three_histories_are_kept_and_all_choose_the_same_in_whatever_order_they_come() {
    let world = World::new();
    let origin = world.log();
    let twins = twins(&world, 3);
    for n in [0, 1, 2] {
        carry(&twins[n], &world.township);
    }
    for n in [2, 0, 1] {
        carry(&twins[n], &world.county);
    }
    for node in [&world.township, &world.county] {
        assert_eq!(branches(node, &origin).len(), 2);
        assert_eq!(proofs(node, &origin), 2, "two steps part three histories");
        assert_eq!(node.check(|_| {}).unwrap().faults, Vec::<String>::new());
    }
    assert_eq!(roots(&world.township, &origin), roots(&world.county, &origin));
    assert_eq!(
        standing(&world.township, &origin),
        standing(&world.county, &origin)
    );
    // What a third machine wrote is signed anew as well.
    carry(&world.township, world.station());
    assert_eq!(world.township.left_behind().unwrap().len(), 2);
}

#[test]
fn histories_that_part_later_are_told_apart_where_they_part() {
    let world = World::new();
    let origin = world.log();
    let twin = Node::open(&world.copy_station(), &Overrides::default()).unwrap();
    world.visit(&twin, "副本");
    // A copy of the copy shares that visit.
    let again = world.dir.path().join("again");
    copy_files(&world.dir.path().join("copy"), &again);
    let again = Node::open(&again, &Overrides::default()).unwrap();
    world.visit(&twin, "副本又一");
    world.visit(&again, "副本之副本");
    world.visit(world.station(), "原机");
    for orders in [[0, 1, 2], [2, 1, 0]] {
        let met: [&Node; 3] = [world.station(), &twin, &again];
        let to = if orders[0] == 0 {
            &world.township
        } else {
            &world.county
        };
        for n in orders {
            carry(met[n], to);
            // Also where it is the shorter one, of which nothing is wanted.
            read_branch(met[n], to, &row(to, &origin).space(), &origin);
        }
        assert_eq!(branches(to, &origin).len(), 2);
        assert_eq!(proofs(to, &origin), 2);
    }
    assert_eq!(roots(&world.township, &origin), roots(&world.county, &origin));
    assert_eq!(
        standing(&world.township, &origin),
        standing(&world.county, &origin)
    );
    for node in [&world.township, &world.county] {
        for branch in branches(node, &origin) {
            let frontier = node
                .store()
                .read(|reader| reader.branch_frontier(&branch, branch.size));
            assert_eq!(frontier.unwrap().root(), branch.root);
        }
    }
}

#[test]
fn who_holds_the_longer_history_notices_the_shorter_one_at_its_size() {
    let world = World::new();
    let origin = world.log();
    let twin = Node::open(&world.copy_station(), &Overrides::default()).unwrap();
    let told = |node: &Node| {
        let (size, root) = standing(node, &origin);
        Standing { size, root }
    };
    let before = told(&twin);
    world.visit(&twin, "副本");
    let shorter = told(&twin);
    world.visit(world.station(), "原机");
    world.visit(world.station(), "原机又一");
    carry(world.station(), &world.county);
    assert!(told(&world.county).size > shorter.size);
    assert!(world.county.has_history(&origin, before).unwrap());
    assert!(
        !world.county.has_history(&origin, shorter).unwrap(),
        "another branch"
    );
    // Once it was read it is no news.
    read_branch(
        &twin,
        &world.county,
        &row(&world.county, &origin).space(),
        &origin,
    );
    assert_eq!(branches(&world.county, &origin).len(), 1);
    assert!(world.county.has_history(&origin, shorter).unwrap());
    assert!(world.county.has_history(&origin, before).unwrap());
}

#[test]
fn of_still_more_histories_the_proofs_are_kept() {
    let world = World::new();
    let origin = world.log();
    let kept = BRANCHES_MAX as usize;
    let twins = twins(&world, kept + 3);
    for twin in &twins {
        carry(twin, &world.township);
    }
    assert_eq!(branches(&world.township, &origin).len(), kept);
    assert_eq!(proofs(&world.township, &origin), kept + 2);
}

#[test]
fn who_hears_of_a_settled_fork_reads_the_other_branch_where_it_is_kept() {
    let (world, twin, origin) = forked();
    converse(world.station(), &world.township, &[]);
    converse(&twin, &world.township, &[]);
    assert_eq!(branches(&world.township, &origin).len(), 1);
    // The county hears the proof, and takes the branch that stands at the township.
    assert_eq!(converse(&world.county, &world.township, &[]), []);
    assert_eq!(
        standing(&world.county, &origin),
        standing(&world.township, &origin)
    );
    assert_eq!(proofs(&world.county, &origin), proofs(&world.township, &origin));
    assert_eq!(roots(&world.county, &origin), roots(&world.township, &origin));
    assert_eq!(
        world.county.left_behind().unwrap(),
        world.township.left_behind().unwrap()
    );
}
