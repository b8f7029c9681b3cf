//! What a revocation contests, and what is adopted.

use super::*;

/// Two changes, each witnessed, before the author is revoked.
fn twice() -> (World, ChangeId, ChangeId) {
    let (mut world, first) = World::begun();
    let second = world.write(&[first], vec![topic("座谈")]);
    world.witness();
    (world, first, second)
}

/// The station moved to another township since.
fn closed(name: &str, seen: Option<usize>, adopted: Option<&str>) -> Vector {
    let (mut world, first, second) = twice();
    let cut = seen.map(|n| world.cut(n)).unwrap_or_default();
    let made = directory::moved(&world.federation, |made| made.cut = cut.clone());
    world.federation.state(org(COUNTY), Body::OrgChange(made));
    if let Some(by) = adopted {
        world.adopt(by, &[first, second]);
    }
    world.vector(name)
}

pub(super) fn contested() -> Vec<Vector> {
    let revoked = |name: &str, change: &dyn Fn(&World, &mut Revocation)| {
        let (mut world, _, _) = twice();
        let mut made = revocation(world.liaison.1, Ground::Soft);
        change(&world, &mut made);
        world.revoke(|revocation| *revocation = made.clone());
        world.vector(name)
    };
    let hard = |since_s| Ground::Hard { since_s };
    let (mut adopted, first, second) = twice();
    adopted.revoke(|_| {});
    adopted.adopt(FENGDU, &[first, second]);
    let (mut below, first, _) = twice();
    below.revoke(|_| {});
    below.adopt(YUNLING, &[first]);
    let by_change = |name: &str, role: Role, of: &str, revoke_too: bool| {
        let (mut world, first, second) = twice();
        world.revoke(|_| {});
        let next = world.federation.person(org(of), "接任者", &[role], None);
        let mut changes = vec![first, second];
        changes.sort_unstable();
        world.write_as(&next, &[second], vec![Put::event(&Event::Adopt { changes })]);
        if revoke_too {
            world
                .federation
                .state(org(FENGDU), Body::Revocation(revocation(next.1, Ground::Soft)));
        }
        world.vector(name)
    };
    let (mut node, _, _) = twice();
    let of_node = node.federation.keys(org(SHIQIAO)).node.public();
    let mut all = node.federation.statements().iter();
    let of_node = all
        .find(|s| s.appointment().is_some_and(|a| a.key == of_node))
        .expect("appointed")
        .id();
    let cut = node.cut(0);
    let made = Revocation {
        cut,
        ..revocation(of_node, Ground::Soft)
    };
    node.federation.state(org(FENGDU), Body::Revocation(made));
    let anew = |name: &str, ground| {
        let (mut world, _, _) = twice();
        let made = Revocation {
            cut: world.cut(1),
            ..revocation(of_node, ground)
        };
        world.federation.state(org(FENGDU), Body::Revocation(made));
        let again = world.federation.keys(org(SHIQIAO)).node.clone();
        let again = world.federation.appointment(&again, org(SHIQIAO), Purpose::Node);
        let validity = Validity {
            not_before: Timestamp(START.0 + DAY),
            ..again.validity
        };
        let again = Appointment { validity, ..again };
        world.federation.state(org(FENGDU), Body::Appointment(again));
        world.write(&[], vec![topic("再任之后")]);
        world.vector(name)
    };
    let node_anew = anew("the node is revoked and appointed anew", Ground::Soft);
    let node_stolen = anew("the node's key was stolen and is appointed anew", hard(None));
    let (mut authority, _, _) = twice();
    let station = authority
        .federation
        .keys(org(SHIQIAO))
        .appointment
        .expect("appointed");
    authority
        .federation
        .state(org(COUNTY), Body::Revocation(revocation(station, Ground::Soft)));
    let (mut witness, _, _) = twice();
    let of_witness = witness.federation.keys(org(FENGDU)).witness.public();
    let mut all = witness.federation.statements().iter();
    let of_witness = all
        .find(|s| s.appointment().is_some_and(|a| a.key == of_witness))
        .expect("appointed")
        .id();
    let made = Revocation {
        cut: witness.cut(0),
        ..revocation(of_witness, Ground::Soft)
    };
    witness.federation.state(org(COUNTY), Body::Revocation(made));
    vec![
        closed("the station moved, and nothing was seen", None, None),
        closed("the station moved, and the first was seen", Some(0), None),
        closed("the station moved, and both were seen", Some(1), None),
        closed("the station moved, and adopts itself", None, Some(SHIQIAO)),
        closed("the station moved, and the county adopts", None, Some(COUNTY)),
        revoked("the author is revoked, and nothing was seen", &|_, _| {}),
        revoked("the author is revoked, and the first was seen", &|world, r| {
            r.cut = world.cut(0)
        }),
        revoked("the author is revoked, and both were seen", &|world, r| {
            r.cut = world.cut(1)
        }),
        revoked("the key was stolen, and nobody knows when", &|world, r| {
            (r.cut, r.ground) = (world.cut(1), hard(None));
        }),
        revoked("the key was stolen between the two", &|world, r| {
            (r.cut, r.ground) = (world.cut(1), hard(Some(world.receipts[1].time_s)));
        }),
        adopted.vector("adopted by the township"),
        below.vector("adopted by an org that is not above"),
        by_change("adopted by who came after", Role::StationLiaison, SHIQIAO, false),
        by_change("adopted in another role", Role::Publicist, SHIQIAO, false),
        by_change("adopted in another org", Role::StationLiaison, FENGDU, false),
        by_change(
            "adopted by who is contested, too",
            Role::StationLiaison,
            SHIQIAO,
            true,
        ),
        node.vector("the node is revoked, and the first was seen"),
        node_anew,
        node_stolen,
        authority.vector("the authority of the station is revoked"),
        witness.vector("the witness is revoked, and its first word was seen"),
    ]
}
