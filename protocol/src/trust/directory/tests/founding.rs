use super::*;

#[test]
fn a_founding_statement_needs_enough_different_founders_and_no_one_else() {
    let founders = Federation::founders();
    let sign = |keys: &[&SecretKey]| {
        let keys: Vec<SecretKey> = keys.iter().map(|key| (*key).clone()).collect();
        FoundingStatement::sign(&Federation::founding(), &keys)
    };
    let [a, b, c] = &founders[..] else {
        panic!("three founders")
    };
    let stranger = key("stranger");
    assert_eq!(
        sign(&[a, b]).unwrap().id(),
        sign(&[c, a, b]).unwrap().id(),
        "whoever signed"
    );
    assert_eq!(
        sign(&[]),
        Err(FoundingError::TooFew {
            signed: 0,
            threshold: 2
        })
    );
    assert_eq!(
        sign(&[b]),
        Err(FoundingError::TooFew {
            signed: 1,
            threshold: 2
        })
    );
    assert!(matches!(
        sign(&[a, a]),
        Err(FoundingError::Signature { which: 1, .. })
    ));
    assert!(matches!(
        sign(&[a, b, &stranger]),
        Err(FoundingError::Signature { which: 2, .. })
    ));
    let with = |change: &dyn Fn(&mut Founding)| {
        let mut founding = Federation::founding();
        change(&mut founding);
        FoundingStatement::sign(&founding, &founders)
    };
    for (what, change) in [
        (
            "version",
            &(|f: &mut Founding| f.version = 2) as &dyn Fn(&mut Founding),
        ),
        ("parent", &|f| f.root.parent = Some(OrgId([1; 16]))),
        ("name", &|f| f.root.name_zh.clear()),
        ("order", &|f| f.founders.reverse()),
        ("twice", &|f| f.founders[1] = f.founders[0]),
        ("none", &|f| f.founders.clear()),
        ("threshold 0", &|f| f.threshold = 0),
        ("threshold 4", &|f| f.threshold = 4),
        ("validity", &|f| f.validity.not_after = f.validity.not_before),
    ] {
        assert!(matches!(with(change), Err(FoundingError::Content(_))), "{what}");
    }
}

#[test]
fn a_seat_is_given_by_its_own_congress_or_above() {
    let mut federation = Federation::new();
    // The root has a level of its own and appoints deputies of congresses above it.
    for (issuer, of, seat, stands) in [
        (CITY, CITY, Level::City, true),
        (CITY, CITY, Level::National, true),
        (CITY, COUNTY, Level::Province, true),
        (COUNTY, COUNTY, Level::County, true),
        (COUNTY, FENGDU, Level::County, true),
        (COUNTY, FENGDU, Level::Township, true),
        (COUNTY, COUNTY, Level::City, false),
        (FENGDU, SHIQIAO, Level::Township, true),
        (FENGDU, SHIQIAO, Level::County, false),
        (SHIQIAO, SHIQIAO, Level::Township, false),
        (SHIQIAO, SHIQIAO, Level::City, false),
    ] {
        let deputy = Appointment {
            roles: vec![Role::Deputy],
            seat: Some(seat),
            ..someone(&federation, of)
        };
        let expected = if stands { Ok(()) } else { Err(StatementFault::Seat) };
        let found = verdict(
            &federation,
            federation.sign(org(issuer), Body::Appointment(deputy)),
        );
        assert_eq!(found, expected, "{issuer} in {of} for {seat:?}");
    }
    for (roles, seat) in [
        (vec![Role::Deputy], None),
        (vec![Role::Secretary], Some(Level::Township)),
        (vec![], Some(Level::Township)),
    ] {
        let appointment = Appointment {
            roles,
            seat,
            ..someone(&federation, FENGDU)
        };
        let statement = federation.sign(org(FENGDU), Body::Appointment(appointment));
        assert_eq!(verdict(&federation, statement), Err(StatementFault::Seat));
    }
    let node = Appointment {
        seat: Some(Level::Township),
        ..federation.appointment(&key("someone"), org(FENGDU), Purpose::Node)
    };
    let id = federation.state(org(FENGDU), Body::Appointment(node));
    assert_eq!(
        federation.directory().faults().get(&id),
        Some(&StatementFault::Seat)
    );
}

/// `body` stated by the authority of `code` at `issued`.
fn issued_at(federation: &Federation, code: &str, issued: i64, body: Body) -> SignedStatement {
    let keys = federation.keys(org(code));
    let issuer = Issuer {
        org: org(code),
        key: keys.authority.public(),
        appointment: keys.appointment,
        issued: Timestamp(issued),
        founding: federation.founding.id(),
    };
    SignedStatement::sign(Statement { issuer, body }, &keys.authority)
}

#[test]
fn a_key_has_the_purpose_for_which_it_was_appointed_first() {
    let federation = Federation::new();
    let one = key("of two purposes");
    let of = |purpose| Body::Appointment(federation.appointment(&one, org(FENGDU), purpose));
    let person = issued_at(&federation, FENGDU, START.0, of(Purpose::Person));
    let witness = issued_at(&federation, FENGDU, START.0 + 1, of(Purpose::Witness));
    let second = issued_at(&federation, FENGDU, START.0 + 2, of(Purpose::Person));
    for order in [
        [person.clone(), witness.clone(), second.clone()],
        [second.clone(), witness.clone(), person.clone()],
    ] {
        let mut directory = federation.directory();
        directory.extend(order);
        let faults: Vec<_> = directory.faults().iter().collect();
        assert_eq!(faults, [(&witness.id(), &StatementFault::Purpose)]);
        assert_eq!(
            directory.appointments_of(&one.public(), Purpose::Witness).count(),
            0
        );
    }
    // Issued at one time: the smaller id stands.
    let same = issued_at(&federation, FENGDU, START.0, of(Purpose::Node));
    let mut directory = federation.directory();
    directory.extend([person.clone(), same.clone()]);
    let faulty = std::cmp::max(person.id(), same.id());
    let faults: Vec<_> = directory.faults().keys().collect();
    assert_eq!(faults, [&faulty]);
}

#[test]
fn what_rests_on_a_second_purpose_falls_with_it() {
    let federation = Federation::new();
    let one = key("of two purposes");
    let person = federation.appointment(&one, org(LIULIN), Purpose::Person);
    let person = issued_at(&federation, FENGDU, START.0 - DAY, Body::Appointment(person));
    let powers = Appointment {
        key: one.public(),
        may_appoint: Some(MayAppoint::all(0)),
        ..federation.appointment(&one, org(LIULIN), Purpose::Authority)
    };
    let authority = issued_at(&federation, FENGDU, START.0, Body::Appointment(powers));
    let issuer = Issuer {
        org: org(LIULIN),
        key: one.public(),
        appointment: Some(authority.id()),
        issued: START,
        founding: federation.founding.id(),
    };
    let body = Body::Appointment(someone(&federation, LIULIN));
    let below = SignedStatement::sign(Statement { issuer, body }, &one);
    let mut directory = federation.directory();
    directory.extend([below.clone(), authority.clone()]);
    assert!(directory.faults().is_empty());
    directory.extend([person]);
    let cause = StatementFault::Issuer(Box::new(StatementFault::Purpose));
    assert_eq!(
        directory.faults().get(&authority.id()),
        Some(&StatementFault::Purpose)
    );
    assert_eq!(directory.faults().get(&below.id()), Some(&cause));
    assert_eq!(directory.faults().len(), 2);
    // The key of the founding statement is an authority's, whatever time a statement names.
    let root = &federation.keys(org(CITY)).authority;
    let person = federation.appointment(root, org(COUNTY), Purpose::Person);
    let person = issued_at(&federation, COUNTY, i64::MIN, Body::Appointment(person));
    assert_eq!(verdict(&federation, person), Err(StatementFault::Purpose));
}

#[test]
fn the_latest_word_on_the_witnesses_of_the_root_stands_alone() {
    let mut federation = Federation::new();
    let second = OrgId::mint(&org(CITY), [5; 8]);
    federation.state(org(CITY), Body::Org(new_org(second, CITY, Level::County)));
    let name = |issued, children: &[OrgId]| {
        issued_at(&federation, CITY, issued, Body::RootWitnesses(children.to_vec()))
    };
    let later = name(START.0 + 1, &[second]);
    let both = name(START.0 + 2, &[second, org(COUNTY), second]);
    let none = name(START.0 + 2, &[]);
    let mut directory = federation.directory();
    let before = directory.root_witnesses();
    directory.extend([name(START.0 - 1, &[second])]);
    assert_eq!(
        (directory.root_witnesses(), directory.faults().len()),
        (before, 0)
    );
    directory.extend([later.clone()]);
    assert_eq!(directory.root_witnesses(), Some(later.id()));
    assert_eq!(directory.required_witnesses(&org(CITY)), [second]);
    directory.extend([both.clone(), none.clone()]);
    let chosen = std::cmp::min(both.id(), none.id());
    assert_eq!(
        directory.root_witnesses(),
        Some(chosen),
        "issued at one time: the smaller id"
    );
    let expected = if chosen == both.id() {
        BTreeSet::from([org(COUNTY), second])
    } else {
        BTreeSet::new()
    };
    let found: BTreeSet<OrgId> = directory.required_witnesses(&org(CITY)).into_iter().collect();
    assert_eq!(found, expected);
}

#[test]
fn another_federation_shares_no_trust() {
    let mut federation = Federation::new();
    let (_, person) = federation.person(org(SHIQIAO), "林秀兰", &[Role::StationLiaison], None);
    let founding = Founding {
        threshold: 1,
        ..Federation::founding()
    };
    let other = FoundingStatement::sign(&founding, &Federation::founders()).unwrap();
    let mut directory = Directory::new(other);
    directory.extend(federation.statements().iter().cloned());
    assert!(
        directory.appointment(&person).is_err(),
        "possession names the federation"
    );
    let foreign = |fault: &StatementFault| {
        let cause = match fault {
            StatementFault::Issuer(cause) => cause,
            fault => fault,
        };
        *cause == StatementFault::OtherFederation
    };
    assert!(
        directory.faults().values().all(foreign),
        "and so does every statement"
    );
    assert_eq!(directory.faults().len(), federation.statements().len());
}

/// What names a purpose is found where nothing is contested. What stands only once a contested description of an org has
/// fallen is held to the purpose as well, and who judges it needs that description.
#[test]
fn a_key_keeps_its_purpose_when_a_contested_description_falls() {
    let mut federation = Federation::new();
    let (new, twice, chair) = (
        OrgId::mint(&org(COUNTY), [5; 8]),
        key("of two purposes"),
        key("chair"),
    );
    let county = Speaker::of(&federation, COUNTY);
    let other = county.empowers(&mut federation, COUNTY, "another authority", 1);
    let described =
        |by: &Speaker, issued, level| by.says_at(issued, &federation, Body::Org(new_org(new, COUNTY, level)));
    let township = described(&county, START.0, Level::Township);
    let station = described(&other, START.0 + 1, Level::Station);
    let authority = Appointment {
        may_appoint: Some(MayAppoint::all(0)),
        ..federation.appointment(&chair, new, Purpose::Authority)
    };
    let authority = county.says(&federation, Body::Appointment(authority));
    let chair = Speaker {
        org: new,
        key: chair,
        appointment: Some(authority.id()),
    };
    let deputy = Appointment {
        roles: vec![Role::Deputy],
        seat: Some(Level::Township),
        ..federation.appointment(&twice, new, Purpose::Person)
    };
    let deputy = chair.says_at(START.0, &federation, Body::Appointment(deputy));
    let node = federation.appointment(&twice, new, Purpose::Node);
    let node = chair.says_at(START.0 + 1, &federation, Body::Appointment(node));
    let end = county.says(&federation, revoking(other.appointment.unwrap()));
    let ids = [&township, &station, &authority, &deputy, &node].map(SignedStatement::id);
    let mut directory = federation.directory();
    directory.extend([township, station, authority, deputy, node, end]);
    let [township, station, authority, deputy, node] = ids;
    let fault = standing(&directory, &station).unwrap_err();
    assert!(fault.is_contested(), "{fault}");
    assert_eq!(standing(&directory, &node), Ok(()));
    assert_eq!(standing(&directory, &deputy), Err(StatementFault::Purpose));
    assert!(is_at_rest(&directory));
    let named = directory.names_purpose(&deputy).unwrap();
    for id in [township, station, authority, node] {
        assert!(named.contains(&id) && directory.bearing().contains(&id));
    }
    assert_eq!(directory.names_purpose(&node), None);
}
