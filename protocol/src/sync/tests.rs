//! Properties of sync, shown on small federations in memory. A failing case prints its seed.

use proptest::prelude::*;
use std::sync::LazyLock;

use super::sim::{Node, World};
use super::*;
use crate::id::{OrgId, RecordId};
use crate::record::AnnexKey;
use crate::testing::{COUNTY, FENGDU, Federation, LIULIN, QINGYA, SHIQIAO, YUNLING, org};
use crate::trust::{Audience, Body, Directory, Level, Space};

static FEDERATION: LazyLock<Federation> = LazyLock::new(Federation::new);
static ALL: LazyLock<Directory> = LazyLock::new(|| FEDERATION.directory());

fn node(code: &str) -> Node {
    Node::new(&FEDERATION, org(code))
}

/// Spaces of an org that a node writes to in these tests.
fn space(owner: OrgId, n: usize) -> Space {
    let audiences = [
        Audience::Local,
        Audience::Township,
        Audience::County,
        Audience::City,
        Audience::Notice,
        Audience::Summary,
    ];
    Space::of(owner, audiences[n % audiences.len()])
}

/// Every node writes `changes` entries into a space each, of the sizes and audiences that the seed says.
fn write(world: &mut World, changes: usize) {
    for node in 0..world.nodes.len() {
        for _ in 0..changes {
            let space = space(world.nodes[node].org, world.dice.below(6));
            let bytes = [10, 100, 1500, 5000][world.dice.below(4)];
            world.nodes[node].change(&space, bytes);
        }
    }
}

fn count(world: &World, is: impl Fn(&Message) -> bool) -> usize {
    world.seen.messages.iter().filter(|message| is(message)).count()
}

fn assert_done(world: &World, pairs: &[(usize, usize)]) {
    assert_eq!(world.seen.closed, []);
    assert!(world.is_level());
    for (a, b) in pairs {
        world.assert_equal(&ALL, *a, *b);
    }
    world.assert_sound(&ALL);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn two_strangers_end_equal_and_meet_again_in_two_frames(seed: u64, changes in 0usize..12) {
        let mut world = World::new(vec![node(SHIQIAO), node(FENGDU)], seed);
        write(&mut world, changes);
        world.connect(0, 1);
        world.run();
        assert_done(&world, &[(0, 1)]);
        // Each side knows how much the other one has.
        for (node, other) in [(0, 1), (1, 0)] {
            let received = world.seen.received.get(&other).copied().unwrap_or(0);
            let given = world.seen.given.get(&node).copied().unwrap_or((0, 0));
            prop_assert_eq!(given, (received, 0));
        }
        // The station's logs are witnessed: all that is no receipt is covered.
        for (origin, log) in world.nodes[0].own_logs() {
            prop_assert!(!log.has_news_for_witness(), "{} is not covered", origin);
        }
        world.cut();
        let before = world.seen.frames;
        world.connect(0, 1);
        world.run();
        assert_done(&world, &[(0, 1)]);
        prop_assert_eq!(world.seen.frames - before, 2);
    }

    #[test]
    fn news_travels_through_a_neighbour_both_ways(seed: u64, changes in 0usize..6) {
        let mut world = World::new(vec![node(SHIQIAO), node(FENGDU), node(COUNTY)], seed);
        write(&mut world, changes);
        world.connect(0, 1);
        world.connect(1, 2);
        for n in 0..6 {
            for _ in 0..world.dice.below(60) {
                world.step();
            }
            let author = world.dice.below(3);
            let space = space(world.nodes[author].org, n);
            world.change(author, &space, 400);
        }
        world.run();
        assert_done(&world, &[(0, 1), (1, 2), (0, 2)]);
        for node in [0, 1] {
            for (origin, log) in world.nodes[node].own_logs() {
                prop_assert!(!log.has_news_for_witness(), "{} is not covered", origin);
            }
        }
    }

    #[test]
    fn a_cut_loses_nothing_that_was_stored(seed: u64, cuts in proptest::collection::vec(0usize..250, 1..6)) {
        let mut world = World::new(vec![node(SHIQIAO), node(FENGDU), node(COUNTY)], seed);
        write(&mut world, 8);
        for steps in cuts {
            world.connect(0, 1);
            world.connect(1, 2);
            for _ in 0..steps {
                world.step();
            }
            world.assert_sound(&ALL);
            world.cut();
        }
        world.connect(0, 1);
        world.connect(1, 2);
        world.run();
        assert_done(&world, &[(0, 1), (1, 2), (0, 2)]);
        for (origin, log) in world.nodes[0].own_logs() {
            prop_assert!(!log.has_news_for_witness(), "{} is not covered", origin);
        }
    }

    #[test]
    fn logs_that_come_by_two_ways_are_stored_once(seed: u64) {
        // Neighbouring stations see each other and their township.
        let mut world = World::new(vec![node(SHIQIAO), node(FENGDU), node(LIULIN)], seed);
        world.single_path = false;
        write(&mut world, 5);
        for (a, b) in [(0, 1), (1, 2), (0, 2)] {
            world.connect(a, b);
        }
        world.run();
        assert_done(&world, &[(0, 1), (1, 2), (0, 2)]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn a_changed_frame_stores_nothing_unverified(seed: u64, at in 0usize..50) {
        let mut world = World::new(vec![node(SHIQIAO), node(FENGDU)], seed);
        world.single_path = false;
        write(&mut world, 6);
        world.mutate_in = Some(at);
        world.connect(0, 1);
        world.run();
        world.assert_sound(&ALL);
        world.cut();
        world.mutate_in = None;
        world.seen.closed.clear();
        world.connect(0, 1);
        world.run();
        assert_done(&world, &[(0, 1)]);
    }
}

#[test]
fn equal_nodes_exchange_two_frames_whatever_is_stored() {
    for stored in [0, 40] {
        let mut world = World::new(vec![node(YUNLING), node(QINGYA)], 1);
        write(&mut world, stored);
        world.connect(0, 1);
        world.run();
        world.cut();
        let before = world.seen.frames;
        world.connect(0, 1);
        world.run();
        assert_done(&world, &[(0, 1)]);
        assert_eq!(world.seen.frames - before, 2);
    }
}

#[test]
fn a_log_that_grew_only_by_receipts_is_not_witnessed_again() {
    let mut world = World::new(vec![node(SHIQIAO), node(FENGDU)], 3);
    write(&mut world, 5);
    world.connect(0, 1);
    world.run();
    let logs = world.nodes[0].own_logs().count();
    let requests = |world: &World| count(world, |message| matches!(message, Message::WitnessMe { .. }));
    assert_eq!(requests(&world), logs);
    assert_eq!(
        count(&world, |message| matches!(message, Message::Receipt { .. })),
        logs
    );
    let quiet = world.seen.frames;
    // Again on a new connection, and after one more change.
    world.cut();
    world.connect(0, 1);
    world.run();
    assert_eq!((requests(&world), world.seen.frames - quiet), (logs, 2));
    let space = Space::of(org(SHIQIAO), Audience::City);
    world.change(0, &space, 10);
    world.run();
    assert_eq!(requests(&world), logs + 1);
    assert_done(&world, &[(0, 1)]);
}

#[test]
fn what_is_local_is_witnessed_and_stays_at_home() {
    let mut world = World::new(vec![node(SHIQIAO), node(FENGDU)], 5);
    let local = Space::of(org(SHIQIAO), Audience::Local);
    world.nodes[0].change(&local, 100);
    world.connect(0, 1);
    world.run();
    assert_done(&world, &[(0, 1)]);
    let covered = world.nodes[0]
        .own_logs()
        .any(|(_, log)| log.start.space == local && log.covered() == 2);
    assert!(covered);
    let ranges = count(&world, |message| {
        matches!(message, Message::Range(range)
        if world.nodes[0].logs[&range.origin].start.space == local)
    });
    assert_eq!(ranges, 0);
}

#[test]
fn keys_reach_the_township_and_never_the_county() {
    let mut world = World::new(vec![node(SHIQIAO), node(FENGDU), node(COUNTY)], 7);
    let (narrow, wide) = (RecordId([1; 16]), RecordId([2; 16]));
    let township = Space::of(org(SHIQIAO), Audience::Township).id();
    let county = Space::of(org(SHIQIAO), Audience::County).id();
    for node in [0, 1] {
        // The township holds its own copies, so it is the one that could pass them on.
        let (a, b) = ((township, AnnexKey([1; 32])), (county, AnnexKey([2; 32])));
        if node == 0 {
            world.nodes[node].keys.extend([(narrow, a), (wide, b)]);
        }
    }
    world.connect(0, 1);
    world.connect(1, 2);
    world.run();
    let lacking = [(township, narrow), (county, wide)];
    world.lack_keys(1, &lacking);
    world.run();
    assert_eq!(
        world.nodes[1].keys.get(&narrow).map(|(_, key)| key),
        Some(&AnnexKey([1; 32]))
    );
    world.nodes[1].keys.extend([
        (narrow, (township, AnnexKey([1; 32]))),
        (wide, (county, AnnexKey([2; 32]))),
    ]);
    world.seen.messages.clear();
    world.lack_keys(2, &lacking);
    // Nor does the township, which lacks it again, say to the county that there is such a record.
    world.nodes[1].keys.remove(&narrow);
    world.lack_keys(1, &lacking[..1]);
    world.run();
    assert_eq!(world.nodes[2].keys.keys().collect::<Vec<_>>(), [&wide]);
    let asked = count(
        &world,
        |message| matches!(message, Message::AskKeys(records) if records.contains(&narrow)),
    );
    assert_eq!(asked, 1, "the station alone");
    assert!(world.nodes[1].keys.contains_key(&narrow));
    assert_done(&world, &[(0, 1), (1, 2)]);
}

/// Sizes and roots agree, and payloads are lacking all the same: here they come from the station through a township that
/// lacks them, too.
#[test]
fn payloads_that_are_lacking_come_although_sizes_and_roots_agree() {
    for seed in 0..16 {
        let mut world = World::new(vec![node(SHIQIAO), node(FENGDU), node(COUNTY)], seed);
        let space = Space::of(org(SHIQIAO), Audience::County);
        for bytes in [100, 2000, 40, 2500, 9] {
            world.change(0, &space, bytes);
        }
        world.connect(0, 1);
        world.connect(1, 2);
        world.run();
        world.cut();
        let station = node(SHIQIAO);
        for holder in [1, 2] {
            world.nodes[holder].lose_payloads(&station);
            assert_eq!(world.nodes[holder].lacking().len(), 5);
        }
        // Whichever comes first: the county may ask a township that still has nothing.
        world.connect(1, 2);
        if seed % 2 == 0 {
            world.lack_payloads();
            world.run();
            assert_eq!(world.nodes[2].lacking().len(), 5);
            world.connect(0, 1);
        } else {
            world.connect(0, 1);
        }
        world.run();
        world.lack_payloads();
        world.run();
        for holder in [1, 2] {
            assert_eq!(world.nodes[holder].lacking(), [], "seed {seed}");
        }
        let ranges = count(
            &world,
            |message| matches!(message, Message::Payloads { payloads, .. } if !payloads.is_empty()),
        );
        assert!(ranges >= 2 * 3, "bounded answers, {ranges}");
        assert_done(&world, &[(0, 1), (1, 2)]);
    }
}

#[test]
fn a_joint_space_reaches_its_partners_through_their_parent() {
    let space = Space::joint(org(FENGDU), [org(QINGYA)], Level::City, 2026);
    for seed in 0..8 {
        let mut world = World::new(vec![node(FENGDU), node(COUNTY), node(QINGYA)], seed);
        let stated = FEDERATION.sign(org(FENGDU), Body::JointSpace(space.clone()));
        world.connect(0, 1);
        world.connect(1, 2);
        if seed % 2 == 0 {
            world.run();
        }
        world.state(0, &stated);
        world.change(0, &space, 100);
        world.run();
        world.change(2, &space, 100);
        world.run();
        let mut all = ALL.clone();
        all.extend([stated]);
        assert_eq!(world.seen.closed, []);
        assert!(world.is_level());
        for (a, b) in [(0, 1), (1, 2), (0, 2)] {
            world.assert_equal(&all, a, b);
        }
        world.assert_sound(&all);
        // Partners hold each other's directories and the joint space with both of its logs.
        assert_eq!(world.nodes[2].holdings.logs(&space.id()).count(), 2);
        assert_eq!(
            world.nodes[2]
                .holdings
                .logs(&Space::of(org(FENGDU), Audience::Directory).id())
                .count(),
            1
        );
        // Asked once at most, and not again when all is known.
        let asked = count(&world, |message| matches!(message, Message::AskJoint));
        assert!(asked <= 8, "{asked}");
        world.cut();
        let before = world.seen.frames;
        world.connect(0, 1);
        world.connect(1, 2);
        world.run();
        assert_eq!(world.seen.frames - before, 4);
    }
}
