//! Receipts, and events with and without effect.

use super::*;

pub(super) fn witnessed() -> Vec<Vector> {
    let at = |day: i64| Timestamp(START.0 + day * DAY);
    let groups = |name: &str, county: Option<i64>| {
        let mut world = World::new();
        let policy = world.federation.state(
            org(CITY),
            Body::Policy(Policy {
                levels: vec![Level::County],
            }),
        );
        world.log.start.policy = Some(policy);
        world.write(&[], vec![topic("走访")]);
        world.witness_by(FENGDU, at(1));
        if let Some(day) = county {
            world.witness_by(COUNTY, at(day));
        }
        world.vector(name)
    };
    let one = groups("a policy, and the county said nothing", None);
    let both = groups("a policy, and the county witnessed later", Some(2));
    let mut unknown = World::new();
    unknown.log.start.policy = Some(StatementId([1; 32]));
    unknown.write(&[], vec![topic("走访")]);
    unknown.witness_by(FENGDU, at(1));
    let mut stranger = World::new();
    stranger.write(&[], vec![topic("走访")]);
    stranger.witness_by(YUNLING, at(1));
    let mut order = World::new();
    order.write(&[], vec![topic("走访")]);
    order.witness_by(FENGDU, at(3));
    order.witness_by(FENGDU, at(2));
    let mut ahead = World::new();
    ahead.log.clock = at(5);
    ahead.write(&[], vec![topic("走访")]);
    ahead.witness_by(FENGDU, at(1));
    let (mut behind, first) = World::begun();
    behind.witness_by(FENGDU, at(3));
    behind.write(&[first], vec![topic("补记")]);
    behind.witness_by(FENGDU, at(4));
    vec![
        one,
        both,
        unknown.vector("a policy that is not held"),
        stranger.vector("the word of a witness that is not required"),
        order.vector("two receipts over one size"),
        ahead.vector("recorded after it was witnessed"),
        behind.vector("recorded long before it was witnessed"),
    ]
}

pub(super) fn events() -> Vec<Vector> {
    let sign_in = |deputy: &str, level| {
        Put::event(&Event::SignIn {
            deputy: deputy.into(),
            level,
            happened: "2026-03-01".into(),
            proof: Proof::Key,
        })
    };
    let (mut signing, first) = World::begun();
    let deputy = signing
        .federation
        .person(org(SHIQIAO), "林秀兰", &[Role::Deputy], Some(Level::Township));
    let same = {
        let person = signing
            .federation
            .statements()
            .last()
            .and_then(|s| s.appointment())
            .and_then(|a| a.person);
        signing.appoint("林秀兰的另一把钥匙", |a| {
            (a.roles, a.seat, a.person, a.name) =
                (vec![Role::Deputy], Some(Level::Station), person, "林秀兰".into());
        })
    };
    let mut last = first;
    for (name, level) in [
        ("陈大山", Level::Township),
        ("林秀兰", Level::City),
        ("林秀兰", Level::Township),
        ("林秀兰", Level::Township),
    ] {
        last = signing.write_as(&deputy, &[last], vec![sign_in(name, level)]);
    }
    signing.write_as(&same, &[last], vec![sign_in("林秀兰", Level::Station)]);

    let (mut sealing, first) = World::begun();
    let liaison = sealing.liaison.clone();
    let second = sealing.write(&[first], vec![line("看了水厂。")]);
    let heads = vec![second];
    let digest = {
        let all = sealing.held();
        let graph = crate::record::Graph::build(&all);
        crate::record::seal_digest(&graph, &[graph.position(&second).expect("held")])
    };
    let seal = |level, of: &str, heads: &[ChangeId], digest| {
        Put::event(&Event::Seal {
            level,
            org: org(of),
            heads: heads.to_vec(),
            digest,
        })
    };
    let mut last = second;
    for put in [
        seal(Level::Station, FENGDU, &heads, digest),
        seal(Level::Township, SHIQIAO, &heads, digest),
        seal(Level::Station, SHIQIAO, &[], digest),
        seal(Level::Station, SHIQIAO, &[ChangeId([1; 32])], digest),
        seal(Level::Station, SHIQIAO, &heads, crate::id::Hash([1; 32])),
        seal(Level::Station, SHIQIAO, &heads, digest),
        seal(Level::Station, SHIQIAO, &heads, digest),
    ] {
        last = sealing.write_as(&liaison, &[last], vec![put]);
    }
    vec![
        signing.vector("sign-ins with and without effect"),
        sealing.vector("seals with and without effect"),
    ]
}
