//! Peers that hold another branch.

use super::*;

#[test]
fn the_other_branch_of_a_fork_is_passed_over_and_the_rest_goes_on() {
    // A station restored from a backup that writes on as if nothing had happened.
    for (first, second) in [(2, 2), (2, 5), (5, 2)] {
        let forked = Space::of(org(SHIQIAO), Audience::City);
        let station = |changes: usize, bytes: usize| {
            let mut station = Node::new(&FEDERATION, org(SHIQIAO));
            station.change(&forked, 50);
            for _ in 0..changes {
                station.change(&forked, bytes);
            }
            station
        };
        let township = Node::new(&FEDERATION, org(FENGDU));
        let mut world = World::new(vec![station(first, 60), township, station(second, 61)], 1);
        world.single_path = false;
        let fresh = Space::of(org(SHIQIAO), Audience::County);
        world.nodes[2].change(&fresh, 100);
        world.connect(0, 1);
        world.run();
        world.cut();
        let log = world.nodes[0]
            .own_logs()
            .find(|(_, log)| log.start.space == forked);
        let (origin, entries) = log
            .map(|(origin, log)| (origin.clone(), log.entries.clone()))
            .unwrap();
        world.connect(2, 1);
        world.run();
        assert_eq!(world.seen.closed, [], "nobody is thrown out");
        assert_eq!(
            world.nodes[1].logs[&origin].entries, entries,
            "the first branch stays"
        );
        assert_eq!(
            world.nodes[1].holdings.logs(&fresh.id()).count(),
            1,
            "the rest came"
        );
        let refused = |(_, effect): &(usize, Effect)| matches!(effect, Effect::NotWitnessed { origin: o, .. } if *o == origin);
        assert!(
            world.seen.told.iter().any(refused),
            "the other branch is not witnessed"
        );
    }
}

#[test]
fn a_shorter_log_is_compared_and_read_where_it_is_another_branch() {
    let (township, mut session) = opened();
    let space = Space::of(org(FENGDU), Audience::Notice).id();
    let origin = township.holdings.logs(&space).next().unwrap().0.clone();
    let standing = Standing {
        size: TreeSize(3),
        root: Hash([2; 32]),
    };
    session.handle(Input::Grown {
        space,
        origin: origin.clone(),
        standing,
        own: true,
    });
    let theirs = Standing {
        size: TreeSize(1),
        root: Hash([1; 32]),
    };
    let log = LogStanding {
        origin: origin.clone(),
        standing: theirs,
    };
    let effects = say(&mut session, Message::Grew { space, log });
    let compare = Effect::Compare {
        space,
        origin: origin.clone(),
        theirs,
    };
    assert!(effects.contains(&compare), "{effects:?}");
    let effects = session.handle(Input::ForkKnown {
        space,
        origin: origin.clone(),
    });
    let from = TreeSize::EMPTY;
    assert_eq!(sent(&effects), [Message::Want { space, origin, from }]);
    assert_eq!(closed(&effects), None);
}

#[test]
fn equal_sizes_with_different_roots_are_reported() {
    let (township, mut session) = opened();
    let space = Space::of(org(FENGDU), Audience::Notice).id();
    let (origin, ours) = township.holdings.logs(&space).next().unwrap();
    let theirs = Standing {
        root: Hash([1; 32]),
        ..ours
    };
    let effects = say(
        &mut session,
        Message::Grew {
            space,
            log: LogStanding {
                origin: origin.clone(),
                standing: theirs,
            },
        },
    );
    assert_eq!(
        effects[0],
        Effect::Fork {
            space,
            origin: origin.clone(),
            ours,
            theirs
        }
    );
    assert_eq!(closed(&effects), None);
}
