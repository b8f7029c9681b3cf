use super::*;

#[test]
fn a_chain_stands_from_the_founding_statement_down_to_a_person() {
    let mut federation = Federation::new();
    let (key, id) = federation.person(org(SHIQIAO), "林秀兰", &[Role::StationLiaison], None);
    let directory = federation.directory();
    assert!(directory.faults().is_empty());
    let appointment = directory.appointment(&id).unwrap();
    assert_eq!((appointment.key, appointment.org), (key.public(), org(SHIQIAO)));
    let chain = directory.chain(&id).unwrap();
    let orgs: Vec<OrgId> = chain
        .links
        .iter()
        .map(|id| directory.appointment(id).unwrap().org)
        .collect();
    assert_eq!(orgs, [org(SHIQIAO), org(SHIQIAO), org(FENGDU), org(COUNTY)]);
    let names: Vec<&str> = directory
        .upward(&org(SHIQIAO))
        .map(|org| org.name_zh.as_str())
        .collect();
    assert_eq!(names, ["石桥站", "枫渡镇", "澄川县", "澜州市"]);
    assert_eq!(
        directory.node_org(&federation.keys(org(HEWAN)).node.public()),
        Some(org(HEWAN))
    );
    assert_eq!(
        directory.node_org(&federation.keys(org(HEWAN)).witness.public()),
        None
    );
    assert_eq!(
        directory.at_rank(&org(SHIQIAO), Level::Street).unwrap().id,
        org(FENGDU),
        "street and township"
    );
    let closure = directory.closure([id]);
    let mut stranger = Directory::new(federation.founding.clone());
    stranger.extend(closure.iter().map(|statement| (*statement).clone()));
    assert!(stranger.faults().is_empty());
    assert_eq!(stranger.chain(&id), Ok(chain));
    assert_eq!(
        closure.len(),
        3 + 4,
        "three orgs below the root, three authorities and the person"
    );
}

#[test]
fn an_authority_appoints_in_its_own_org_and_directly_below() {
    for (issuer, of, stands) in [
        (CITY, CITY, true),
        (CITY, COUNTY, true),
        (CITY, FENGDU, false),
        (COUNTY, COUNTY, true),
        (COUNTY, QINGYA, true),
        (COUNTY, SHIQIAO, false),
        (COUNTY, CITY, false),
        (FENGDU, QINGYA, false),
        (FENGDU, YUNLING, false),
        (FENGDU, LIULIN, true),
        (SHIQIAO, LIULIN, false),
        (SHIQIAO, FENGDU, false),
    ] {
        let expected = if stands {
            Ok(())
        } else {
            Err(StatementFault::OutOfReach(org(of)))
        };
        assert_eq!(
            appointed(issuer, |f| someone(f, of)),
            expected,
            "{issuer} in {of}"
        );
    }
}

#[test]
fn nobody_gives_more_than_it_holds() {
    use StatementFault::{Content, Depth, Possession, Role as NotHeld, Validity as Overhang};
    let before = Validity {
        not_before: Timestamp(START.0 - 1),
        ..decade()
    };
    let after = Validity {
        not_after: Timestamp(decade().not_after.0 + 1),
        ..decade()
    };
    let empty = Validity {
        not_after: START,
        ..decade()
    };
    let unsorted = vec![Role::Secretary, Role::Deputy];
    type Make = Box<dyn Fn(&Federation) -> Appointment>;
    let table: Vec<(&str, &str, Make, Result<(), StatementFault>)> = vec![
        (
            "begins earlier",
            FENGDU,
            Box::new(move |f| Appointment {
                validity: before,
                ..someone(f, FENGDU)
            }),
            Err(Overhang),
        ),
        (
            "ends later",
            FENGDU,
            Box::new(move |f| Appointment {
                validity: after,
                ..someone(f, FENGDU)
            }),
            Err(Overhang),
        ),
        (
            "never holds",
            FENGDU,
            Box::new(move |f| Appointment {
                validity: empty,
                ..someone(f, FENGDU)
            }),
            Err(Overhang),
        ),
        (
            "same depth in its own org",
            FENGDU,
            Box::new(|f| authority(f, FENGDU, 1)),
            Ok(()),
        ),
        (
            "more depth in its own org",
            FENGDU,
            Box::new(|f| authority(f, FENGDU, 2)),
            Err(Depth),
        ),
        (
            "less depth below",
            FENGDU,
            Box::new(|f| authority(f, LIULIN, 0)),
            Ok(()),
        ),
        (
            "same depth below",
            FENGDU,
            Box::new(|f| authority(f, LIULIN, 1)),
            Err(Depth),
        ),
        (
            "another's key",
            FENGDU,
            Box::new(|f| Appointment {
                key: key("other").public(),
                ..someone(f, FENGDU)
            }),
            Err(Possession),
        ),
        (
            "possession of another purpose",
            FENGDU,
            Box::new(|f| {
                let node = f.appointment(&key("someone"), org(FENGDU), Purpose::Node);
                Appointment {
                    possession: node.possession,
                    ..someone(f, FENGDU)
                }
            }),
            Err(Possession),
        ),
        (
            "possession in another org",
            FENGDU,
            Box::new(|f| Appointment {
                possession: someone(f, LIULIN).possession,
                ..someone(f, FENGDU)
            }),
            Err(Possession),
        ),
        (
            "itself",
            FENGDU,
            Box::new(|f| {
                let own = f.keys(org(FENGDU)).authority.clone();
                Appointment {
                    may_appoint: Some(MayAppoint::all(1)),
                    ..f.appointment(&own, org(FENGDU), Purpose::Authority)
                }
            }),
            Err(Content("a key does not appoint itself")),
        ),
        (
            "roles not sorted",
            FENGDU,
            Box::new(move |f| Appointment {
                roles: unsorted.clone(),
                ..someone(f, FENGDU)
            }),
            Err(Content("name too long, or roles not sorted")),
        ),
        (
            "name too long",
            FENGDU,
            Box::new(|f| Appointment {
                name: "名".repeat(41),
                ..someone(f, FENGDU)
            }),
            Err(Content("name too long, or roles not sorted")),
        ),
        (
            "an authority with roles",
            FENGDU,
            Box::new(|f| Appointment {
                roles: vec![Role::Deputy],
                ..authority(f, FENGDU, 0)
            }),
            Err(Content("an authority key holds no roles")),
        ),
        (
            "a person who appoints",
            FENGDU,
            Box::new(|f| Appointment {
                may_appoint: Some(MayAppoint::all(0)),
                ..someone(f, FENGDU)
            }),
            Err(Content("purpose, roles and appointing do not fit together")),
        ),
        (
            "a node with roles",
            FENGDU,
            Box::new(|f| Appointment {
                roles: vec![Role::Deputy],
                ..f.appointment(&key("someone"), org(FENGDU), Purpose::Node)
            }),
            Err(Content("purpose, roles and appointing do not fit together")),
        ),
    ];
    for (what, issuer, make, expected) in table {
        assert_eq!(appointed(issuer, make), expected, "{what}");
    }
    // An authority for secretaries alone, and what it may and may not give.
    let mut federation = Federation::new();
    let given = MayAppoint {
        roles: vec![Role::Secretary],
        depth: 1,
    };
    let limited = Appointment {
        may_appoint: Some(given),
        ..authority(&federation, FENGDU, 0)
    };
    let id = federation.state(org(COUNTY), Body::Appointment(limited));
    let issue = |appointment: Appointment| {
        let signer = key("another authority");
        let issuer = Issuer {
            org: org(FENGDU),
            key: signer.public(),
            appointment: Some(id),
            issued: START,
            founding: federation.founding.id(),
        };
        verdict(
            &federation,
            SignedStatement::sign(
                Statement {
                    issuer,
                    body: Body::Appointment(appointment),
                },
                &signer,
            ),
        )
    };
    assert_eq!(issue(someone(&federation, FENGDU)), Ok(()));
    let more = vec![Role::Deputy, Role::Secretary];
    assert_eq!(
        issue(Appointment {
            roles: more.clone(),
            ..someone(&federation, FENGDU)
        }),
        Err(NotHeld)
    );
    let powers = Some(MayAppoint {
        roles: more,
        depth: 0,
    });
    let further = federation.appointment(&key("third authority"), org(FENGDU), Purpose::Authority);
    assert_eq!(
        issue(Appointment {
            may_appoint: powers,
            ..further
        }),
        Err(NotHeld)
    );
}

#[test]
fn only_an_authority_of_the_org_that_it_names_issues() {
    let mut federation = Federation::new();
    let person = federation.person(org(FENGDU), "王建国", &[Role::Secretary], None);
    let keys = |code| federation.keys(org(code)).clone();
    let (fengdu, liulin) = (keys(FENGDU), keys(LIULIN));
    let node = federation
        .directory()
        .appointments_of(&fengdu.node.public(), Purpose::Node)
        .next()
        .unwrap()
        .0;
    let cases: [(&str, SecretKey, Option<StatementId>, &str); 6] = [
        ("a person", person.0, Some(person.1), FENGDU),
        ("a node", fengdu.node.clone(), Some(node), FENGDU),
        (
            "an authority for its parent",
            liulin.authority.clone(),
            liulin.appointment,
            FENGDU,
        ),
        (
            "with another's appointment",
            liulin.authority,
            fengdu.appointment,
            FENGDU,
        ),
        ("as if founded", fengdu.authority, None, FENGDU),
        ("as if the founded authority", key("nobody"), None, CITY),
    ];
    for (what, signer, appointment, code) in cases {
        let issuer = Issuer {
            org: org(code),
            key: signer.public(),
            appointment,
            issued: START,
            founding: federation.founding.id(),
        };
        let body = Body::Appointment(someone(&federation, code));
        let statement = SignedStatement::sign(Statement { issuer, body }, &signer);
        assert_eq!(
            verdict(&federation, statement),
            Err(StatementFault::NotAuthority(org(code))),
            "{what}"
        );
    }
}
