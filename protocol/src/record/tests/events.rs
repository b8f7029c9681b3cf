use super::*;

#[test]
fn events_stand_in_causal_order_then_by_rank_then_by_operation() {
    let mut world = World::new();
    let a = world.write(0, "林秀兰", &[], vec![sign_in("林秀兰", Level::Township)]);
    // Concurrent: a seal (rank 5) with a lower counter, and facts (rank 0) with higher ones.
    let seal = world.seal(Level::Township, FENGDU, &[a]);
    let b = world.write(0, "林秀兰", &[a], vec![seal]);
    let c = world.write(
        1,
        "陈大山",
        &[a],
        vec![topic("一"), topic_place(), line("二"), line("三")],
    );
    let d = world.write(2, "周敏", &[c], vec![line("四")]);
    let of: Vec<ChangeId> = world.state().events.iter().map(|event| event.change).collect();
    assert_eq!(of, [a, c, c, d, b]);
    // What follows the seal comes after it, whatever its rank.
    let e = world.write(0, "秘书", &[b], vec![line("五")]);
    let of: Vec<ChangeId> = world.state().events.iter().map(|event| event.change).collect();
    assert_eq!(of, [a, c, c, d, b, e]);
    assert!(world.state().events.iter().all(|event| event.effect.is_ok()));
    let lines: Vec<String> = world.activity().lines.into_iter().map(|line| line.text).collect();
    assert_eq!(lines, ["二", "三", "四", "五"]);
    let ids: BTreeSet<Hash> = world.state().events.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), 6, "every event has its own id");
}

fn topic_place() -> Put {
    Put::field("outcome", "见记录".into())
}

#[test]
fn a_long_activity_folds_quickly() {
    let mut world = World::new();
    for n in 0..300 {
        world.write(
            n % 3,
            ["林秀兰", "陈大山", "周敏"][n % 3],
            &[],
            vec![line("一"), line("二"), line("三")],
        );
    }
    let state = world.state();
    assert_eq!(state.events.len(), 900);
    assert!(
        state.events.windows(2).all(|pair| pair[0].op < pair[1].op),
        "one rank: by operation id"
    );
}

#[test]
fn a_matter_is_registered_once() {
    let mut federation = Federation::new();
    let space = Space::of(org(SHIQIAO), Audience::County);
    let people =
        ["甲", "乙"].map(|name| federation.person(org(SHIQIAO), name, &[Role::OpinionLiaison], None));
    let mut logs = [1, 2].map(|epoch| federation.log(org(SHIQIAO), &space, epoch));
    let definition = ledger::ledger("letters_visits").unwrap().hash();
    logs.iter_mut().for_each(|log| log.definition = definition);
    let directory = federation.directory();
    let id = logs[0].record(2);
    let held: Vec<Held> = (0..2)
        .map(|n| logs[n].append_change(&people[n], id, &[], vec![register()]))
        .collect();
    let of = |held: &[Held]| {
        let verdict = |held: &Held| judge_in(&directory, &space, node_of(SHIQIAO), held);
        let state = fold(id, &space.id(), held, verdict, find_ledger);
        assert_eq!(state.definition, Some(definition));
        state
            .events
            .iter()
            .map(|event| event.effect.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of(&held), [Ok(()), Err(Ineffective::Once)]);
    assert_eq!(
        of(&[held[1].clone(), held[0].clone()]),
        [Ok(()), Err(Ineffective::Once)]
    );
}

#[test]
fn a_deputy_signs_in_once_in_person_and_in_the_seat_that_it_holds() {
    let mut world = World::new();
    let a = world.next(0, "林秀兰", vec![sign_in("林秀兰", Level::County)]);
    assert_eq!(world.effect(a), Err(Ineffective::NotThisSeat));
    let b = world.next(0, "林秀兰", vec![sign_in("陈大山", Level::Township)]);
    assert_eq!(world.effect(b), Err(Ineffective::OtherDeputy));
    let c = world.next(0, "林秀兰", vec![sign_in("林秀兰", Level::Township)]);
    assert_eq!(
        world.effect(c),
        Ok(()),
        "what had no effect does not count as the first"
    );
    let d = world.next(0, "林秀兰", vec![sign_in("林秀兰", Level::Township)]);
    assert_eq!(world.effect(d), Err(Ineffective::Once));
    let activity = world.activity();
    assert_eq!(activity.signed_in.len(), 1);
    assert_eq!(
        (activity.signed_in[0].change, activity.signed_in[0].level),
        (c, Level::Township)
    );
}

#[test]
fn who_may_seal_for_what() {
    use Ineffective::NotForThisOrg;
    for (name, log, level, code, expected) in [
        ("林秀兰", 0, Level::Township, FENGDU, Ok(())),
        ("林秀兰", 0, Level::Township, QINGYA, Err(NotForThisOrg)),
        ("林秀兰", 0, Level::County, FENGDU, Err(NotForThisOrg)),
        ("周敏", 2, Level::County, COUNTY, Ok(())),
        ("周敏", 2, Level::Township, COUNTY, Err(NotForThisOrg)),
        ("陈大山", 1, Level::Township, QINGYA, Err(NotForThisOrg)),
        ("秘书", 0, Level::Township, FENGDU, Ok(())),
        ("秘书", 0, Level::County, FENGDU, Err(NotForThisOrg)),
        ("代表工委", 2, Level::County, COUNTY, Ok(())),
        ("代表工委", 2, Level::City, COUNTY, Err(NotForThisOrg)),
        ("联络员", 0, Level::Township, FENGDU, Err(NotForThisOrg)),
        ("联络员", 0, Level::Station, FENGDU, Err(NotForThisOrg)),
    ] {
        let mut world = World::new();
        world.next(0, "林秀兰", vec![sign_in("林秀兰", Level::Township)]);
        world.next(2, "周敏", vec![sign_in("周敏", Level::County)]);
        let seal = world.seal_all(log, name, level, code);
        assert_eq!(world.effect(seal), expected, "{name} for {level:?} of {code}");
    }
    // A station's own people seal for the station, and for no other level.
    for (level, expected) in [
        (Level::Station, Ok(())),
        (Level::Township, Err(NotForThisOrg)),
        (Level::City, Err(NotForThisOrg)),
    ] {
        let mut world = World::new();
        let space = world.federation.joint_space(org(SHIQIAO), &[org(YUNLING)]);
        let liaison = world
            .federation
            .person(org(SHIQIAO), "站联络员", &[Role::StationLiaison], None);
        world.logs = vec![world.federation.log(org(SHIQIAO), &space, 1)];
        world.people.push(("站联络员", liaison));
        (world.directory, world.space) = (world.federation.directory(), space);
        world.next(0, "站联络员", vec![line("到站")]);
        let seal = world.seal_all(0, "站联络员", level, SHIQIAO);
        assert_eq!(world.effect(seal), expected, "{level:?}");
    }
}

#[test]
fn seals_meet_in_one_digest_though_the_second_saw_the_first() {
    let mut world = World::new();
    world.next(
        0,
        "林秀兰",
        vec![sign_in("林秀兰", Level::Township), topic("走访")],
    );
    world.next(2, "周敏", vec![sign_in("周敏", Level::County), line("座谈")]);
    assert_eq!(world.activity().required, [Level::County, Level::Township]);
    let first = world.seal_all(0, "秘书", Level::Township, FENGDU);
    assert_eq!(world.state().heads, [first]);
    assert!(!world.activity().sealed, "the county's is missing");
    let second = world.seal_all(2, "周敏", Level::County, COUNTY);
    let activity = world.activity();
    assert_eq!(
        activity.seals.iter().map(|seal| seal.change).collect::<Vec<_>>(),
        [first, second]
    );
    assert_eq!(activity.seals[0].digest, activity.seals[1].digest);
    assert_ne!(activity.seals[0].heads, activity.seals[1].heads);
    assert!(activity.sealed && activity.lines.iter().all(|line| !line.after_seal));
    let again = world.seal_all(0, "林秀兰", Level::Township, FENGDU);
    assert_eq!(world.effect(again), Err(Ineffective::Once));
    // What comes later is shown as later and breaks nothing: lines, fields, and deputies of further levels.
    world.next(1, "陈大山", vec![line("补记"), topic("改题")]);
    let city = world
        .federation
        .person(org(CITY), "市代表", &[Role::Deputy], Some(Level::City));
    world.directory = world.federation.directory();
    world.people.push(("市代表", city));
    world.next(2, "市代表", vec![sign_in("市代表", Level::City)]);
    let activity = world.activity();
    assert_eq!(activity.signed_in.len(), 3);
    assert!(activity.sealed, "no later edit breaks a seal");
    assert_eq!(
        activity.required,
        [Level::County, Level::Township],
        "which must seal is part of what is sealed"
    );
    let marks: Vec<(&str, bool)> = activity
        .lines
        .iter()
        .map(|line| (line.text.as_str(), line.after_seal))
        .collect();
    assert_eq!(marks, [("座谈", false), ("补记", true)]);
}

#[test]
fn nothing_is_sealed_where_no_deputy_was_there() {
    let mut world = World::new();
    let before = world.next(0, "秘书", vec![topic("走访")]);
    world.seal_all(0, "秘书", Level::Township, FENGDU);
    let activity = world.activity();
    assert_eq!((activity.seals.len(), activity.sealed), (1, false));
    assert_eq!(activity.required, [Level::Township]);
    // Nor by a deputy who is there, but not among what is sealed.
    let mut world = World {
        held: world.held[..1].to_vec(),
        ..world
    };
    let arrived = world.next(1, "陈大山", vec![sign_in("陈大山", Level::Township)]);
    let seal = world.seal(Level::Township, FENGDU, &[before]);
    world.write(0, "秘书", &[before, arrived], vec![seal]);
    assert!(!world.activity().sealed);
    world.seal_all(0, "秘书", Level::Township, FENGDU);
    assert!(world.activity().sealed);
}

#[test]
fn seals_over_different_content_do_not_meet() {
    let mut world = World::new();
    let a = world.next(0, "林秀兰", vec![sign_in("林秀兰", Level::Township)]);
    let b = world.next(2, "周敏", vec![sign_in("周敏", Level::County)]);
    let early = world.seal(Level::Township, FENGDU, &[a]);
    world.next(0, "秘书", vec![early]);
    world.seal_all(2, "代表工委", Level::County, COUNTY);
    let activity = world.activity();
    assert_eq!(activity.seals.len(), 2);
    assert!(!activity.sealed);
    assert_eq!(activity.required, [Level::County, Level::Township]);
    let late = world.seal(Level::Township, FENGDU, &[b]);
    world.next(0, "秘书", vec![late]);
    assert!(world.activity().sealed);
}

#[test]
fn a_seal_over_what_it_does_not_say_has_no_effect() {
    let mut world = World::new();
    let a = world.next(0, "林秀兰", vec![sign_in("林秀兰", Level::Township)]);
    let unseen = world.write(1, "陈大山", &[], vec![line("别处")]);
    let seal = |heads: Vec<ChangeId>, digest| {
        Put::event(&Event::Seal {
            level: Level::Township,
            org: org(FENGDU),
            heads,
            digest,
        })
    };
    let good = Graph::build(&world.held);
    let digest = |heads: &[ChangeId]| {
        let places: Vec<usize> = heads.iter().map(|head| good.position(head).unwrap()).collect();
        seal_digest(&good, &places)
    };
    let (of_a, of_unseen) = (digest(&[a]), digest(&[unseen]));
    for (heads, digest, expected) in [
        (vec![a], Hash([0; 32]), Err(Ineffective::OtherDigest)),
        (vec![a], of_unseen, Err(Ineffective::OtherDigest)),
        (vec![], crate::log::empty_root(), Err(Ineffective::UnknownHead)),
        (vec![ChangeId([0; 32])], of_a, Err(Ineffective::UnknownHead)),
        (vec![unseen], of_unseen, Err(Ineffective::UnknownHead)),
        (vec![a], of_a, Ok(())),
    ] {
        let mut world = World {
            held: world.held.clone(),
            ..World::new()
        };
        world.logs[0].append_statement(&crate::log::LogStatement::Trust(vec![])); // another place than the held ones
        world.logs[0].append_statement(&crate::log::LogStatement::Trust(vec![]));
        let change = world.write(0, "秘书", &[a], vec![seal(heads, digest)]);
        assert_eq!(world.effect(change), expected);
    }
}
