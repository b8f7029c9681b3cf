use super::*;

#[test]
fn what_rests_on_something_unknown_is_pending_until_it_arrives() {
    let mut federation = Federation::new();
    let (_, person) = federation.person(org(SHIQIAO), "林秀兰", &[Role::StationLiaison], None);
    let missing = federation.keys(org(FENGDU)).appointment.unwrap();
    let (late, rest): (Vec<_>, Vec<_>) = federation
        .statements()
        .iter()
        .cloned()
        .partition(|statement| statement.id() == missing);
    let mut directory = Directory::new(federation.founding.clone());
    assert!(directory.extend(rest.clone()));
    assert!(!directory.extend(rest), "nothing new");
    let fault = AppointmentFault::DoesNotStand(person, StatementFault::OrgUnknown(org(SHIQIAO)));
    assert!(directory.faults().values().all(StatementFault::is_pending));
    assert!(
        directory
            .faults()
            .values()
            .any(|f| *f == StatementFault::IssuerUnknown(missing))
    );
    assert!(
        matches!(directory.appointment(&person), Err(AppointmentFault::DoesNotStand(_, f)) if f.is_pending()),
        "{fault}"
    );
    assert_eq!(
        directory.appointment(&missing),
        Err(AppointmentFault::Unknown(missing))
    );
    assert!(directory.extend(late));
    assert!(directory.faults().is_empty());
    assert!(directory.appointment(&person).is_ok());
}

#[test]
fn the_cause_is_named_once_however_far_below() {
    let mut federation = Federation::new();
    let foreign = federation.state(org(COUNTY), Body::Appointment(authority(&federation, SHIQIAO, 0)));
    let mut above = (key("another authority"), foreign);
    for n in 0..3 {
        let next = key(&format!("authority {n}"));
        let appointment = Appointment {
            may_appoint: Some(MayAppoint::all(0)),
            ..federation.appointment(&next, org(SHIQIAO), Purpose::Authority)
        };
        let issuer = Issuer {
            org: org(SHIQIAO),
            key: above.0.public(),
            appointment: Some(above.1),
            issued: START,
            founding: federation.founding.id(),
        };
        let statement = SignedStatement::sign(
            Statement {
                issuer,
                body: Body::Appointment(appointment),
            },
            &above.0,
        );
        above = (next, statement.id());
        let cause = StatementFault::Issuer(Box::new(StatementFault::OutOfReach(org(SHIQIAO))));
        let mut directory = federation.directory();
        assert_eq!(
            directory.faults().get(&foreign),
            Some(&StatementFault::OutOfReach(org(SHIQIAO)))
        );
        directory.extend([statement.clone()]);
        if n == 0 {
            assert_eq!(directory.faults().get(&above.1), Some(&cause));
            federation = with(federation, statement);
        } else {
            assert_eq!(directory.faults().get(&above.1), Some(&cause), "{n}");
            federation = with(federation, statement);
        }
    }
}

/// The federation with a statement that was signed elsewhere.
fn with(mut federation: Federation, statement: SignedStatement) -> Federation {
    federation.add(statement);
    federation
}

/// `length` authorities of FENGDU, each appointed by the one before; the ids in order.
fn long_chain(federation: &mut Federation, length: usize) -> Vec<StatementId> {
    let keys = federation.keys(org(FENGDU)).clone();
    let mut above = (keys.authority, keys.appointment.unwrap());
    let mut ids = Vec::new();
    for n in 0..length {
        let next = key(&format!("long {n}"));
        let appointment = Appointment {
            may_appoint: Some(MayAppoint::all(1)),
            ..federation.appointment(&next, org(FENGDU), Purpose::Authority)
        };
        let issuer = Issuer {
            org: org(FENGDU),
            key: above.0.public(),
            appointment: Some(above.1),
            issued: START,
            founding: federation.founding.id(),
        };
        let statement = SignedStatement::sign(
            Statement {
                issuer,
                body: Body::Appointment(appointment),
            },
            &above.0,
        );
        above = (next, statement.id());
        ids.push(statement.id());
        federation.add(statement);
    }
    ids
}

#[test]
fn a_chain_that_is_too_long_harms_nobody_else() {
    let mut federation = Federation::new();
    let (_, person) = federation.person(org(SHIQIAO), "林秀兰", &[Role::StationLiaison], None);
    // The chain of FENGDU's authority has two links: city to county, county to FENGDU.
    let ids = long_chain(&mut federation, 200);
    let directory = federation.directory();
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(
            directory.appointment(id).is_ok(),
            n + 3 <= Directory::CHAIN_MAX,
            "link {n}"
        );
    }
    assert!(directory.appointment(&person).is_ok());
    assert_eq!(directory.faults().len(), 200 + 2 - Directory::CHAIN_MAX);
}

#[test]
fn an_org_is_described_by_its_parent_alone() {
    let id = OrgId::mint(&org(FENGDU), [7; 8]);
    assert_eq!(described(FENGDU, id, FENGDU, Level::Station), Ok(()));
    assert_eq!(
        described(COUNTY, id, FENGDU, Level::Station),
        Err(StatementFault::OutOfReach(id))
    );
    assert_eq!(
        described(SHIQIAO, id, FENGDU, Level::Station),
        Err(StatementFault::OutOfReach(id))
    );
    let level = StatementFault::Content("an org stands at a lower level than its parent");
    assert_eq!(described(FENGDU, id, FENGDU, Level::Township), Err(level.clone()));
    assert_eq!(described(FENGDU, id, FENGDU, Level::Street), Err(level));
    let below = OrgId::mint(&org(SHIQIAO), [7; 8]);
    assert!(
        described(SHIQIAO, below, SHIQIAO, Level::Station).is_err(),
        "a station founds nothing"
    );
    // Another township cannot take the station over, whatever time it states; nor can anybody take the root.
    let minted = StatementFault::Content("the id of the org was not minted for this parent");
    let federation = Federation::new();
    let claim = Org {
        id: org(SHIQIAO),
        ..new_org(id, QINGYA, Level::Station)
    };
    let keys = federation.keys(org(QINGYA));
    for issued in [Timestamp(i64::MIN), START, Timestamp(i64::MAX)] {
        let issuer = Issuer {
            org: org(QINGYA),
            key: keys.authority.public(),
            appointment: keys.appointment,
            issued,
            founding: federation.founding.id(),
        };
        let statement = SignedStatement::sign(
            Statement {
                issuer,
                body: Body::Org(claim.clone()),
            },
            &keys.authority,
        );
        let mut directory = federation.directory();
        directory.extend([statement.clone()]);
        assert_eq!(directory.faults().get(&statement.id()), Some(&minted));
        assert_eq!(directory.org(&org(SHIQIAO)).unwrap().parent, Some(org(FENGDU)));
    }
    assert_eq!(described(COUNTY, org(CITY), COUNTY, Level::Township), Err(minted));
}

#[test]
fn of_two_descriptions_the_later_issued_stands() {
    let federation = Federation::new();
    let keys = federation.keys(org(FENGDU));
    let renamed = |name: &str, issued: i64| {
        let issuer = Issuer {
            org: org(FENGDU),
            key: keys.authority.public(),
            appointment: keys.appointment,
            issued: Timestamp(issued),
            founding: federation.founding.id(),
        };
        let body = Body::Org(Org {
            name_zh: name.into(),
            code: SHIQIAO.into(),
            ..new_org(org(SHIQIAO), FENGDU, Level::Station)
        });
        SignedStatement::sign(Statement { issuer, body }, &keys.authority)
    };
    let (older, newer) = (renamed("旧名", START.0 - DAY), renamed("新名", START.0 + DAY));
    for order in [[older.clone(), newer.clone()], [newer, older]] {
        let mut directory = federation.directory();
        directory.extend(order);
        assert!(directory.faults().is_empty());
        assert_eq!(directory.org(&org(SHIQIAO)).unwrap().name_zh, "新名");
        assert_eq!(directory.children(&org(FENGDU)).count(), 2);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_order_of_arrival_does_not_matter(
        order in Just((0..usize::MAX).take(44).collect::<Vec<_>>()).prop_shuffle(),
        batch in 1usize..20,
    ) {
        let mut federation = Federation::new();
        federation.person(org(SHIQIAO), "林秀兰", &[Role::StationLiaison], None);
        federation.joint_space(org(FENGDU), &[org(QINGYA)]);
        federation.state(org(COUNTY), Body::Appointment(authority(&federation, SHIQIAO, 0)));
        long_chain(&mut federation, 16);
        let all = federation.statements();
        prop_assert!(all.len() >= 40);
        let expected = federation.directory();
        let shuffled: Vec<_> = order.iter().filter_map(|n| all.get(*n)).chain(&all[44.min(all.len())..]).cloned().collect();
        let mut directory = Directory::new(federation.founding.clone());
        for part in shuffled.chunks(batch) {
            directory.extend(part.iter().cloned());
        }
        prop_assert_eq!(directory.faults(), expected.faults());
        prop_assert_eq!(directory.orgs().collect::<Vec<_>>(), expected.orgs().collect::<Vec<_>>());
        prop_assert_eq!(directory.spaces_of(&org(SHIQIAO)), expected.spaces_of(&org(SHIQIAO)));
    }
}
