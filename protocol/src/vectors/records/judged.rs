//! What counts, and what is refused.

use super::*;

pub(super) fn counting() -> Vec<Vector> {
    let (mut later, first) = World::begun();
    later.write(&[first], vec![topic("座谈"), line("三户")]);
    let (mut conflict, first) = World::begun();
    let other = conflict.federation.person(
        org(SHIQIAO),
        "石站长",
        &[Role::StationHead, Role::StationLiaison],
        None,
    );
    conflict.write(&[first], vec![topic("甲")]);
    conflict.write_as(&other, &[first], vec![topic("乙")]);
    let (mut emptied, first) = World::begun();
    emptied.write(&[first], vec![topic("甲"), Put::field("outcome", Scalar::Null)]);
    let (mut missing, _) = World::begun();
    missing.write(&[ChangeId([1; 32])], vec![topic("甲")]);
    // The second saw the third, which the same author put into the log after it.
    let third = |world: &mut World, first| world.write(&[first], vec![line("三户")]);
    let (mut shadow, first) = World::begun();
    shadow.write(&[first], vec![topic("甲")]);
    let seen = third(&mut shadow, first);
    let (mut circle, first) = World::begun();
    circle.write(&[first, seen], vec![topic("甲")]);
    assert_eq!(third(&mut circle, first), seen);
    vec![
        circle.vector("a change that saw one of its author's that stands behind it in the log"),
        World::begun().0.vector("one change that counts"),
        later.vector("a later change that nobody witnessed"),
        conflict.vector("two who saw the same"),
        emptied.vector("a field that was emptied"),
        missing.vector("a change that nobody holds was seen"),
    ]
}

pub(super) fn refused() -> Vec<Vector> {
    let by = |name: &str, make: &dyn Fn(&mut World) -> (Person, Vec<Put>)| {
        let (mut world, first) = World::begun();
        let (by, puts) = make(&mut world);
        world.write_as(&by, &[first], puts);
        world.vector(name)
    };
    let appointed = |name: &str, change: &dyn Fn(&mut Appointment)| {
        by(name, &|world| {
            (world.appoint("另一人", change), vec![topic("甲")])
        })
    };
    let puts = |name: &str, puts: &dyn Fn() -> Vec<Put>| by(name, &|world| (world.liaison.clone(), puts()));
    let mut unrooted = World::begun().0;
    unrooted.write(&[], vec![topic("甲")]);
    let liaison = unrooted.liaison.clone();
    let record = unrooted.log.record(1);
    let salt = [9; 16];
    unrooted
        .log
        .append_salted(&liaison, record, salt, &[], vec![topic("别的")]);
    let (mut other_ledger, first) = World::begun();
    let record = other_ledger.log.record(1);
    other_ledger.log.definition = ledger("deputy_roster").expect("built in").hash();
    let salt = other_ledger.log.next_salt();
    other_ledger.log.append_salted(
        &liaison,
        record,
        salt,
        &[first],
        vec![Put::field("note", "甲".into())],
    );
    let (mut definition, first) = World::begun();
    definition.log.definition = crate::id::Hash([1; 32]);
    let salt = definition.log.next_salt();
    definition
        .log
        .append_salted(&liaison, record, salt, &[first], vec![topic("甲")]);
    vec![
        by("an appointment that is not held", &|_| {
            ((key("stranger"), StatementId([9; 32])), vec![topic("甲")])
        }),
        by("an appointment of another key", &|world| {
            ((key("stranger"), world.liaison.1), vec![topic("甲")])
        }),
        by("a statement that is no appointment", &|world| {
            let id = world.federation.statements()[2].id();
            ((world.liaison.0.clone(), id), vec![topic("甲")])
        }),
        by("a node's appointment", &|world| {
            let node = world.federation.keys(org(SHIQIAO)).node.clone();
            let mut all = world.federation.statements().iter();
            let id = all
                .find(|s| s.appointment().is_some_and(|a| a.key == node.public()))
                .expect("appointed")
                .id();
            ((node, id), vec![topic("甲")])
        }),
        by("an appointment that does not stand", &|world| {
            let key = key("上位者");
            let made = Appointment {
                roles: vec![Role::StationLiaison],
                ..world.federation.appointment(&key, org(SHIQIAO), Purpose::Person)
            };
            let id = world.federation.state(org(YUNLING), Body::Appointment(made));
            ((key, id), vec![topic("甲")])
        }),
        appointed("before the appointment holds", &|a| {
            a.validity.not_before = Timestamp(START.0 + DAY)
        }),
        appointed("after the appointment ended", &|a| {
            a.validity = Validity {
                not_before: START,
                not_after: Timestamp(START.0 + 60_000),
            };
        }),
        by("an org that does not hold the space", &|world| {
            (
                world
                    .federation
                    .person(org(HEWAN), "外乡人", &[Role::StationLiaison], None),
                vec![topic("甲")],
            )
        }),
        appointed("no role that may write", &|a| a.roles = vec![Role::Auditor]),
        puts("a field that the ledger lacks", &|| {
            vec![Put::field("nonsense", "甲".into())]
        }),
        puts("a value of another kind", &|| {
            vec![Put::field("topic", Scalar::Int(1))]
        }),
        puts("a number beyond its bounds", &|| {
            vec![Put::field("days", Scalar::Int(-1))]
        }),
        puts("an option that is none", &|| {
            vec![Put::field("kind", "pigeon".into())]
        }),
        puts("a blank text", &|| vec![topic(" ")]),
        puts("an event of another ledger", &|| {
            vec![Put::event(&Event::Register {
                happened: "2026-03-01".into(),
            })]
        }),
        puts("no role that may sign the event", &|| {
            vec![Put::event(&Event::SignIn {
                deputy: "何苗".into(),
                level: Level::Station,
                happened: "2026-03-01".into(),
                proof: Proof::Key,
            })]
        }),
        unrooted.vector("a first change of another record"),
        other_ledger.vector("a definition of another ledger"),
        definition.vector("a definition that is not held"),
    ]
}
