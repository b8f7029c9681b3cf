use super::recording::{named, present};
use super::*;

/// The name of a reason. No wildcard: a new reason does not compile until it has a case in the table.
fn pending_name(reason: &PendingReason) -> &'static str {
    match reason {
        PendingReason::Appointment(_) => "appointment",
        PendingReason::Dependency(_) => "dependency",
        PendingReason::Definition(_) => "definition",
        PendingReason::Node => "node",
        PendingReason::Space => "space",
    }
}
fn refusal_name(reason: &RefusalReason) -> &'static str {
    match reason {
        RefusalReason::AppointmentDoesNotStand => "appointment_does_not_stand",
        RefusalReason::OtherKey => "other_key",
        RefusalReason::NotAPerson => "not_a_person",
        RefusalReason::OutOfTime => "out_of_time",
        RefusalReason::ForeignOrg => "foreign_org",
        RefusalReason::ForeignNode => "foreign_node",
        RefusalReason::RoleForLedger => "role_for_ledger",
        RefusalReason::RoleForEvent(_) => "role_for_event",
        RefusalReason::OrgForEvent(_) => "org_for_event",
        RefusalReason::EventOfOtherLedger(_) => "event_of_other_ledger",
        RefusalReason::Field(_) => "field",
        RefusalReason::Audience => "audience",
        RefusalReason::Unrooted => "unrooted",
        RefusalReason::OtherLedger => "other_ledger",
        RefusalReason::TooMany => "too_many",
    }
}

#[test]
fn every_verdict_has_its_case() {
    let mut world = World::new();
    let misplaced = {
        let key = key("misplaced");
        let appointment = world.federation.appointment(&key, org(YUNLING), Purpose::Person);
        let id = world
            .federation
            .state(org(FENGDU), Body::Appointment(appointment));
        world.directory = world.federation.directory();
        (key, id)
    };
    world.write(0, "秘书", &[], vec![topic("走访")]);
    let good = world.held[0].clone();
    let (fengdu, space) = (node_of(FENGDU), world.space.clone());
    let person = |name| world.person(name);
    let by = |(key, appointment): Person| Held {
        author: key.public(),
        appointment,
        ..good.clone()
    };
    let with = |held: Held, put: Put| Held {
        change: Change {
            puts: vec![put],
            ..held.change.clone()
        },
        ..held
    };
    let judged = |held: &Held| judge_in(&world.directory, &space, fengdu, held);
    let without = |lacks: &dyn Fn(&SignedStatement) -> bool| {
        let mut directory = Directory::new(world.federation.founding.clone());
        directory.extend(
            world
                .federation
                .statements()
                .iter()
                .filter(|s| !lacks(s))
                .cloned(),
        );
        directory
    };

    let Verdict::Counts {
        capacity,
        ledger,
        provisional: true,
        adopted: None,
    } = judged(&good)
    else {
        panic!("counts provisionally")
    };
    assert_eq!(
        (capacity.name.as_str(), capacity.org, capacity.org_level),
        ("秘书", org(FENGDU), Some(Level::Township))
    );
    assert_eq!(ledger, "activity");
    let witnessed = Held {
        covered: covered(Timestamp(START.0 + DAY)),
        ..good.clone()
    };
    assert!(matches!(
        judged(&witnessed),
        Verdict::Counts {
            provisional: false,
            ..
        }
    ));
    let first_second = Held {
        covered: covered(Timestamp(START.0 - 1)),
        ..good.clone()
    };
    assert!(
        matches!(judged(&first_second), Verdict::Counts { .. }),
        "a witness states whole seconds, and its clock may be behind"
    );
    let late = Held {
        recorded: Timestamp(0),
        ..witnessed.clone()
    };
    assert!(
        matches!(judged(&late), Verdict::Counts { .. }),
        "witness time stands before the author's clock"
    );

    let node_key = world.federation.keys(org(FENGDU)).node.clone();
    let node = world
        .directory
        .appointments_of(&node_key.public(), Purpose::Node)
        .next()
        .unwrap()
        .0;
    let county_authority = world.federation.keys(org(COUNTY)).appointment.unwrap();
    let second = {
        // A person of FENGDU appointed by an authority that the directory does not know.
        let unknown = world.federation.keys(org(LIULIN)).appointment.unwrap();
        let directory = without(&|s| s.id() == unknown);
        let mut federation = Federation::new();
        let space = federation.joint_space(org(FENGDU), &[org(LIULIN)]);
        let person = federation.person(org(LIULIN), "柳", &[Role::StationLiaison], None);
        let mut directory = directory;
        directory.extend(
            federation
                .statements()
                .iter()
                .filter(|s| s.id() != unknown)
                .cloned(),
        );
        (
            judge_in(&directory, &space, fengdu, &by(person.clone())),
            person.1,
        )
    };
    let nobody = StatementId([0; 32]);
    let definition = Hash([0; 32]);
    let local = Space::of(org(FENGDU), Audience::Local);
    let nowhere = Space::of(OrgId([9; 16]), Audience::City);
    let no_joint = without(&|s| matches!(s.body(), Body::JointSpace(_)));
    let no_node = without(&|s| s.id() == node);
    let after = Timestamp(START.0 + 3650 * DAY);
    let unwritten = Held {
        appointment: nobody,
        ..good.clone()
    };
    let undefined = Held {
        change: Change {
            definition,
            ..good.change.clone()
        },
        ..good.clone()
    };
    use PendingReason as P;
    use RefusalReason as R;
    let table: Vec<(&str, Verdict, Verdict)> = vec![
        (
            "appointment unknown",
            judged(&unwritten),
            pending(P::Appointment(nobody)),
        ),
        ("its issuer unknown", second.0, pending(P::Appointment(second.1))),
        (
            "definition unknown",
            judged(&undefined),
            pending(P::Definition(definition)),
        ),
        (
            "node unknown",
            judge_in(&world.directory, &space, None, &good),
            pending(P::Node),
        ),
        (
            "space not stated yet",
            judge_in(&no_joint, &space, fengdu, &good),
            pending(P::Space),
        ),
        (
            "owner unknown",
            judge_in(&world.directory, &nowhere, fengdu, &good),
            pending(P::Space),
        ),
        (
            "appointment of the node unknown",
            judge_in(&no_node, &space, fengdu, &good),
            pending(P::Node),
        ),
        (
            "node of another org",
            judge_in(
                &world.directory,
                &space,
                node_of(FENGDU).map(|(key, _)| (key, org(HEWAN))),
                &good,
            ),
            pending(P::Node),
        ),
        (
            "issued out of reach",
            judged(&by(misplaced)),
            refused(R::AppointmentDoesNotStand),
        ),
        (
            "another's appointment",
            judged(&Held {
                author: key("x").public(),
                ..good.clone()
            }),
            refused(R::OtherKey),
        ),
        (
            "the node's key",
            judged(&by((node_key, node))),
            refused(R::NotAPerson),
        ),
        (
            "an authority's key",
            judged(&by((
                world.federation.keys(org(COUNTY)).authority.clone(),
                county_authority,
            ))),
            refused(R::NotAPerson),
        ),
        (
            "recorded before",
            judged(&Held {
                recorded: Timestamp(START.0 - 1),
                ..good.clone()
            }),
            refused(R::OutOfTime),
        ),
        (
            "recorded after",
            judged(&Held {
                recorded: after,
                ..good.clone()
            }),
            refused(R::OutOfTime),
        ),
        (
            "witnessed after",
            judged(&Held {
                covered: covered(after),
                ..good.clone()
            }),
            refused(R::OutOfTime),
        ),
        (
            "of an org that does not hold it",
            judged(&by(person("外乡人"))),
            refused(R::ForeignOrg),
        ),
        (
            "at a node that does not hold it",
            judge_in(&world.directory, &space, node_of(HEWAN), &good),
            refused(R::ForeignNode),
        ),
        (
            "a field by a publicist",
            judged(&by(person("宣传员"))),
            refused(R::RoleForLedger),
        ),
        (
            "a sign-in by a secretary",
            judged(&with(good.clone(), sign_in("秘书", Level::Township))),
            refused(R::RoleForEvent(EventKind::SignIn)),
        ),
        (
            "a sign-in that an org above records",
            judged(&with(
                by(person("代表工委")),
                present(named("何代表", None), Level::Township),
            )),
            refused(R::OrgForEvent(EventKind::SignInFor)),
        ),
        (
            "a registration of an activity",
            judged(&with(good.clone(), register())),
            refused(R::EventOfOtherLedger(EventKind::Register)),
        ),
        (
            "no such field",
            judged(&with(good.clone(), Put::field("colour", "red".into()))),
            refused(R::Field("colour".into())),
        ),
        (
            "no such value",
            judged(&with(good.clone(), Put::field("kind", "picnic".into()))),
            refused(R::Field("kind".into())),
        ),
        (
            "no such commitment",
            judged(&with(good.clone(), Put::field("annex/a", "x".into()))),
            refused(R::Field("annex/a".into())),
        ),
        (
            "an annex that the ledger does not list",
            judged(&with(
                good.clone(),
                Put::field("annex/subject", Value::Bytes(vec![7; 32])),
            )),
            refused(R::Field("annex/subject".into())),
        ),
        (
            "in a local space",
            judge_in(&world.directory, &local, fengdu, &good),
            refused(R::Audience),
        ),
    ];
    // The graph's and the fold's to say; see the tests of them below.
    let mut named = BTreeSet::from(["dependency", "unrooted", "other_ledger", "too_many"]);
    for (what, found, expected) in table {
        assert_eq!(found, expected, "{what}");
        match &expected {
            Verdict::Pending { reason } => named.insert(pending_name(reason)),
            Verdict::Refused { reason } => named.insert(refusal_name(reason)),
            Verdict::Counts { .. } | Verdict::Contested { .. } => false,
        };
    }
    assert_eq!(named.len(), 5 + 15, "every reason has a case: {named:?}");
}
