use super::*;

#[test]
fn of_a_retired_authority_what_is_kept_stands_and_the_rest_may_be_adopted() {
    let mut federation = Federation::new();
    let old = Speaker::of(&federation, CITY);
    let person = old.appoints(&mut federation, "代表工委");
    let kept = of_root(&federation).into_iter().filter(|id| *id != person);
    let new = key("second root");
    let succession = Succession {
        keeps: tags(kept),
        ..naming(federation.founding.id(), &new)
    };
    let by = id_of(&succession, &founders());
    let statement = carried(&federation, &succession, &founders(), &new);
    federation.add(statement);
    // Stated afterwards, whatever time it names.
    let late = Body::Appointment(federation.appointment(&key("late"), org(CITY), Purpose::Person));
    let late = federation.add(old.says_at(START.0 - DAY, &federation, late));
    let directory = federation.directory();
    let contested = StatementFault::Contested(by);
    let expected = BTreeMap::from([(person, contested.clone()), (late, contested)]);
    assert_eq!(directory.faults(), &expected);
    // It adopts nothing itself; who succeeded it does.
    federation.add(old.says(&federation, adopting([person])));
    assert!(
        standing(&federation.directory(), &person)
            .unwrap_err()
            .is_contested()
    );
    federation.add(root(&new).says(&federation, adopting([person])));
    assert_eq!(standing(&federation.directory(), &person), Ok(()));
    assert!(is_at_rest(&federation.directory()));
}

#[test]
fn a_successor_that_keeps_nothing_adopts_the_federation_piece_by_piece() {
    let mut federation = Federation::new();
    let all = of_root(&federation);
    let new = key("second root");
    let succession = naming(federation.founding.id(), &new);
    let statement = carried(&federation, &succession, &founders(), &new);
    let carrier = federation.add(statement);
    let directory = federation.directory();
    let stands = |s: &&SignedStatement| !directory.faults().contains_key(&s.id());
    let standing: Vec<StatementId> = federation
        .statements()
        .iter()
        .filter(stands)
        .map(SignedStatement::id)
        .collect();
    assert_eq!(standing, [carrier]);
    assert_eq!(directory.orgs().count(), 1);
    federation.add(root(&new).says(&federation, adopting(all)));
    assert!(federation.directory().faults().is_empty());
}

#[test]
fn founders_change_and_the_authority_is_confirmed() {
    let mut federation = Federation::new();
    let same = federation.keys(org(CITY)).authority.clone();
    let confirmed = carried(
        &federation,
        &naming(federation.founding.id(), &same),
        &founders(),
        &same,
    );
    federation.add(confirmed);
    assert!(
        federation.directory().faults().is_empty(),
        "all that the same key stated stands"
    );
    assert_eq!(
        federation.directory().root_authorities()[1].founders,
        later_founders().iter().map(SecretKey::public).collect::<Vec<_>>()
    );
}

#[test]
fn a_succession_takes_nothing_from_a_key_that_it_names_again() {
    let federation = Federation::new();
    let same = federation.keys(org(CITY)).authority.clone();
    let first = naming(federation.founding.id(), &same);
    type Edit = fn(&mut Succession);
    let losses: [(&str, Edit); 4] = [
        ("begins later", |s| s.validity.not_before.0 += 1),
        ("ends earlier", |s| s.validity.not_after.0 -= 1),
        ("gives fewer roles", |s| s.may_appoint.roles.truncate(1)),
        ("gives less depth", |s| s.may_appoint.depth -= 1),
    ];
    for (what, edit) in losses {
        let mut succession = first.clone();
        edit(&mut succession);
        let statement = carried(&federation, &succession, &founders(), &same);
        let directory = with(&federation, &[&statement]);
        assert!(is_not_one(standing(&directory, &statement.id())), "{what}");
        assert_eq!(directory.faults().len(), 1, "{what}: nothing stated before falls");
        assert_eq!(directory.root_authorities().len(), 1, "{what}");
        // A key that nobody held before begins when it begins.
        let new = key("second root");
        succession.authority = new.public();
        succession.keeps = tags(of_root(&federation));
        let other = carried(&federation, &succession, &founders(), &new);
        assert!(with(&federation, &[&other]).faults().is_empty(), "{what}");
    }
    let longer = Succession {
        validity: Validity {
            not_before: Timestamp(first.validity.not_before.0 - 1),
            not_after: Timestamp(first.validity.not_after.0 + 1),
        },
        ..first
    };
    let longer_one = carried(&federation, &longer, &founders(), &same);
    assert!(with(&federation, &[&longer_one]).faults().is_empty());
    // Against the last word on it, not the first; also where another key spoke in between.
    let new = key("second root");
    let between = Succession {
        keeps: tags(of_root(&federation)),
        ..naming(id_of(&longer, &founders()), &new)
    };
    let between_one = carried(&federation, &between, &later_founders(), &new);
    let again = naming(id_of(&between, &later_founders()), &same);
    let again_one = carried(&federation, &again, &later_founders(), &same);
    let directory = with(&federation, &[&longer_one, &between_one, &again_one]);
    assert!(is_not_one(standing(&directory, &again_one.id())));
    assert_eq!(directory.root_authorities().len(), 3);
}

#[test]
fn what_the_new_authority_states_stands_within_its_powers() {
    let mut federation = Federation::new();
    let new = key("second root");
    let short = Validity {
        not_after: Timestamp(START.0 + 365 * DAY),
        ..decade()
    };
    let succession = Succession {
        keeps: tags(of_root(&federation)),
        validity: short,
        may_appoint: MayAppoint {
            roles: vec![Role::Secretary],
            depth: 1,
        },
        ..naming(federation.founding.id(), &new)
    };
    let statement = carried(&federation, &succession, &founders(), &new);
    federation.add(statement);
    let fault = |appointment: Appointment| {
        let statement = root(&new).says(&federation, Body::Appointment(appointment));
        let directory = with(&federation, &[&statement]);
        standing(&directory, &statement.id())
    };
    let person = Appointment {
        validity: short,
        ..someone(&federation, CITY)
    };
    assert_eq!(fault(person.clone()), Ok(()));
    assert_eq!(fault(someone(&federation, CITY)), Err(StatementFault::Validity));
    let deputy = Appointment {
        roles: vec![Role::StationHead],
        ..person
    };
    assert_eq!(fault(deputy), Err(StatementFault::Role));
    let below = |depth| Appointment {
        validity: short,
        may_appoint: Some(MayAppoint { roles: vec![], depth }),
        ..authority(&federation, COUNTY, depth)
    };
    assert_eq!(fault(below(0)), Ok(()));
    assert_eq!(fault(below(1)), Err(StatementFault::Depth));
}

#[test]
fn a_key_that_speaks_for_the_root_is_an_authoritys_before_all() {
    let mut federation = Federation::new();
    let new = key("second root");
    let node = federation.appointment(&new, org(LIULIN), Purpose::Node);
    let node = federation.state(org(FENGDU), Body::Appointment(node));
    assert_eq!(standing(&federation.directory(), &node), Ok(()));
    let succession = Succession {
        keeps: tags(of_root(&federation)),
        ..naming(federation.founding.id(), &new)
    };
    let statement = carried(&federation, &succession, &founders(), &new);
    let directory = with(&federation, &[&statement]);
    assert_eq!(
        directory.faults(),
        &BTreeMap::from([(node, StatementFault::Purpose)])
    );
}

#[test]
fn a_closure_holds_what_bears_on_its_members() {
    let mut federation = Federation::new();
    let fengdu = Speaker::of(&federation, FENGDU);
    let persons = ["甲", "乙", "丙"].map(|name| fengdu.appoints(&mut federation, name));
    let kept = of_root(&federation);
    let new = key("second root");
    let succession = Succession {
        keeps: tags(kept),
        ..naming(federation.founding.id(), &new)
    };
    let carrier = carried(&federation, &succession, &founders(), &new);
    let carrier = federation.add(carrier);
    let described = |s: &&SignedStatement| matches!(s.body(), Body::Org(_));
    let kept: Vec<StatementId> = federation
        .statements()
        .iter()
        .filter(described)
        .map(SignedStatement::id)
        .collect();
    let authority = federation.state(
        org(COUNTY),
        keeping(fengdu.appointment.unwrap(), kept.into_iter().chain([persons[0]])),
    );
    let adoption = federation.state(org(COUNTY), adopting([persons[1]]));
    let revoked = federation.state(org(COUNTY), revoking(persons[0]));
    let other = federation.state(org(COUNTY), revoking(persons[2]));
    let directory = federation.directory();
    for (person, bears, does_not) in [
        (
            persons[0],
            vec![carrier, authority, revoked],
            vec![adoption, other],
        ),
        (
            persons[1],
            vec![carrier, authority, adoption],
            vec![revoked, other],
        ),
        (
            persons[2],
            vec![carrier, authority, other],
            vec![adoption, revoked],
        ),
    ] {
        let closure: BTreeSet<StatementId> = directory.closure([person]).iter().map(|s| s.id()).collect();
        assert!(bears.iter().all(|id| closure.contains(id)));
        assert!(!does_not.iter().any(|id| closure.contains(id)));
        let mut stranger = Directory::new(federation.founding.clone());
        stranger.extend(directory.closure([person]).into_iter().cloned());
        assert_eq!(standing(&stranger, &person), standing(&directory, &person));
        assert_eq!(stranger.revoked(&person), directory.revoked(&person));
        assert_eq!(stranger.root_authorities(), directory.root_authorities());
    }
}
