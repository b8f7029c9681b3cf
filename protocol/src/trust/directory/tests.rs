use coset::{CborSerializable, CoseSign, CoseSign1};
use proptest::prelude::*;

use super::*;
use crate::codec::{self, CodecError};
use crate::id::SpaceId;
use crate::keys::SecretKey;
use crate::testing::{
    ALL, CITY, COUNTY, DAY, FENGDU, Federation, HEWAN, LIULIN, QINGYA, SHIQIAO, START, YUNLING, decade, key,
    org,
};
use crate::time::Timestamp;
use crate::trust::{Founding, FoundingError, FoundingStatement, MayAppoint, Role, Statement, StatementError};

/// A person to be appointed in the org with this code.
fn someone(federation: &Federation, code: &str) -> Appointment {
    let key = key("someone");
    Appointment {
        roles: vec![Role::Secretary],
        ..federation.appointment(&key, org(code), Purpose::Person)
    }
}

/// A further authority of the org with this code, with `depth`.
fn authority(federation: &Federation, code: &str, depth: u8) -> Appointment {
    let key = key("another authority");
    Appointment {
        may_appoint: Some(MayAppoint::all(depth)),
        ..federation.appointment(&key, org(code), Purpose::Authority)
    }
}

/// The directory of the federation with one more statement, and what it says of it.
fn verdict(federation: &Federation, statement: SignedStatement) -> Result<(), StatementFault> {
    let id = statement.id();
    let mut directory = federation.directory();
    assert!(directory.faults().is_empty(), "{:?}", directory.faults());
    directory.extend([statement]);
    directory.faults().get(&id).cloned().map_or(Ok(()), Err)
}

fn appointed(issuer: &str, make: impl Fn(&Federation) -> Appointment) -> Result<(), StatementFault> {
    let federation = Federation::new();
    let appointment = make(&federation);
    verdict(
        &federation,
        federation.sign(org(issuer), Body::Appointment(appointment)),
    )
}

fn described(issuer: &str, id: OrgId, parent: &str, level: Level) -> Result<(), StatementFault> {
    let federation = Federation::new();
    verdict(
        &federation,
        federation.sign(org(issuer), Body::Org(new_org(id, parent, level))),
    )
}

fn new_org(id: OrgId, parent: &str, level: Level) -> Org {
    Org {
        id,
        parent: Some(org(parent)),
        level,
        name_zh: "新站".into(),
        name_en: "New Station".into(),
        code: "990121103203".into(),
    }
}

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

#[test]
fn every_audience_is_held_by_those_it_names() {
    let directory = Federation::new().directory();
    // Of a space of SHIQIAO, of its township FENGDU, of the county and of the city: who holds it.
    let table: [(&str, Audience, &[&str]); 17] = [
        (SHIQIAO, Audience::Local, &[SHIQIAO]),
        (SHIQIAO, Audience::Township, &[SHIQIAO, FENGDU]),
        (SHIQIAO, Audience::County, &[SHIQIAO, FENGDU, COUNTY]),
        (SHIQIAO, Audience::City, &[SHIQIAO, FENGDU, COUNTY, CITY]),
        (SHIQIAO, Audience::Summary, &[SHIQIAO, FENGDU, COUNTY, CITY]),
        (SHIQIAO, Audience::Notice, &[SHIQIAO]),
        (SHIQIAO, Audience::Directory, &[SHIQIAO, FENGDU, COUNTY, CITY]),
        (FENGDU, Audience::Local, &[FENGDU]),
        (FENGDU, Audience::Township, &[FENGDU]),
        (FENGDU, Audience::County, &[FENGDU, COUNTY]),
        (FENGDU, Audience::Notice, &[FENGDU, SHIQIAO, LIULIN]),
        (
            FENGDU,
            Audience::Directory,
            &[FENGDU, SHIQIAO, LIULIN, COUNTY, CITY],
        ),
        (COUNTY, Audience::Township, &[COUNTY]),
        (COUNTY, Audience::City, &[COUNTY, CITY]),
        (
            COUNTY,
            Audience::Notice,
            &[COUNTY, FENGDU, QINGYA, SHIQIAO, LIULIN, YUNLING, HEWAN],
        ),
        (CITY, Audience::County, &[CITY]),
        (CITY, Audience::Directory, &ALL),
    ];
    for (owner, audience, holders) in table {
        let space = Space::of(org(owner), audience);
        for code in ALL {
            let expected = holders.contains(&code);
            assert_eq!(
                directory.may_hold(&org(code), &space),
                expected,
                "{code} holds {audience:?} of {owner}"
            );
            assert_eq!(
                directory.spaces_of(&org(code)).contains_key(&space.id()),
                expected
            );
        }
        let unknown = OrgId([0; 16]);
        assert!(
            !directory.may_hold(&unknown, &space)
                && !directory.may_hold(
                    &org(owner),
                    &Space {
                        owner: unknown,
                        ..space
                    }
                )
        );
    }
    let ill_formed = Space {
        audience: Audience::Joint,
        ..Space::of(org(SHIQIAO), Audience::Local)
    };
    assert!(!directory.may_hold(&org(SHIQIAO), &ill_formed));
}

/// Which orgs may hold `space`.
fn holders(directory: &Directory, space: &Space) -> Vec<&'static str> {
    ALL.into_iter()
        .filter(|code| directory.may_hold(&org(code), space))
        .collect()
}

#[test]
fn a_joint_space_is_held_once_it_is_stated_and_shares_the_directories_of_its_holders() {
    let mut federation = Federation::new();
    let partners = [org(SHIQIAO), org(YUNLING)];
    let space = Space::joint(org(SHIQIAO), partners, Level::Station, 2026);
    let directory_of = |code| Space::of(org(code), Audience::Directory);
    let before = federation.directory();
    assert_eq!(holders(&before, &space), [""; 0]);
    assert!(!before.may_hold(&org(SHIQIAO), &directory_of(YUNLING)));
    federation.state(org(SHIQIAO), Body::JointSpace(space.clone()));
    let directory = federation.directory();
    assert_eq!(holders(&directory, &space), [SHIQIAO, YUNLING]);
    assert_eq!(directory.joint_space(&space.id()), Some(&space));
    assert_eq!(
        holders(&directory, &directory_of(YUNLING)),
        [CITY, COUNTY, QINGYA, SHIQIAO, YUNLING]
    );
    // To judge a deputy of YUNLING, SHIQIAO needs the authority of QINGYA, which holds nothing of the joint space.
    assert_eq!(
        holders(&directory, &directory_of(QINGYA)),
        [CITY, COUNTY, QINGYA, SHIQIAO, YUNLING, HEWAN]
    );
    assert_eq!(
        holders(&directory, &directory_of(HEWAN)),
        [CITY, COUNTY, QINGYA, HEWAN],
        "no partner"
    );
    assert!(
        directory
            .shared_spaces(&org(SHIQIAO), &org(YUNLING))
            .contains_key(&space.id())
    );
    for (travel, expected) in [
        (Level::Township, vec![FENGDU, QINGYA, SHIQIAO, YUNLING]),
        (Level::County, vec![COUNTY, FENGDU, QINGYA, SHIQIAO, YUNLING]),
        (Level::City, vec![CITY, COUNTY, FENGDU, QINGYA, SHIQIAO, YUNLING]),
    ] {
        let mut federation = Federation::new();
        let space = Space::joint(org(SHIQIAO), partners, travel, 2026);
        federation.state(org(SHIQIAO), Body::JointSpace(space.clone()));
        assert_eq!(holders(&federation.directory(), &space), expected, "{travel:?}");
    }
}

#[test]
fn a_joint_space_is_stated_by_its_owner_over_orgs_that_exist() {
    let federation = Federation::new();
    let state = |issuer: &str, space: Space| {
        verdict(&federation, federation.sign(org(issuer), Body::JointSpace(space)))
    };
    let good = Space::joint(org(SHIQIAO), [org(YUNLING)], Level::City, 2026);
    assert_eq!(state(SHIQIAO, good.clone()), Ok(()));
    assert_eq!(
        state(YUNLING, good.clone()),
        Err(StatementFault::OutOfReach(org(SHIQIAO)))
    );
    let nobody = OrgId([9; 16]);
    let unknown = Space::joint(org(SHIQIAO), [nobody], Level::City, 2026);
    assert_eq!(state(SHIQIAO, unknown), Err(StatementFault::OrgUnknown(nobody)));
    let invalid = Err(StatementFault::Content(
        "the description of the joint space is not valid",
    ));
    for space in [
        Space::joint(org(SHIQIAO), [], Level::City, 2026),
        Space::joint(org(SHIQIAO), [org(YUNLING)], Level::Province, 2026),
        Space {
            audience: Audience::City,
            ..good
        },
        Space::of(org(SHIQIAO), Audience::City),
    ] {
        assert_eq!(state(SHIQIAO, space), invalid);
    }
}

#[test]
fn the_root_names_children_that_witness_it() {
    let federation = Federation::new();
    let directory = federation.directory();
    assert_eq!(directory.required_witnesses(&org(CITY)), [org(COUNTY)]);
    assert_eq!(directory.required_witnesses(&org(SHIQIAO)), [org(FENGDU)]);
    assert_eq!(directory.required_witnesses(&OrgId([0; 16])), []);
    let name = |issuer: &str, child| {
        verdict(
            &federation,
            federation.sign(org(issuer), Body::RootWitnesses(vec![child])),
        )
    };
    assert_eq!(
        name(CITY, org(FENGDU)),
        Err(StatementFault::OutOfReach(org(FENGDU))),
        "no child of the root"
    );
    assert_eq!(
        name(CITY, OrgId([9; 16])),
        Err(StatementFault::OrgUnknown(OrgId([9; 16])))
    );
    assert_eq!(
        name(COUNTY, org(FENGDU)),
        Err(StatementFault::OutOfReach(org(CITY)))
    );
}

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

#[test]
fn every_flipped_bit_of_a_statement_and_of_the_founding_statement_is_noticed() {
    let federation = Federation::new();
    let statement = &federation.statements()[1];
    assert_eq!(SignedStatement::open(statement.bytes()).as_ref(), Ok(statement));
    for (n, bit) in (0..statement.bytes().len()).flat_map(|n| (0..8).map(move |bit| (n, bit))) {
        let mut bytes = statement.bytes().to_vec();
        bytes[n] ^= 1 << bit;
        assert!(SignedStatement::open(&bytes).is_err(), "byte {n} bit {bit}");
    }
    let founding = federation.founding.bytes();
    assert_eq!(
        FoundingStatement::open(founding).as_ref(),
        Ok(&federation.founding)
    );
    for (n, bit) in (0..founding.len()).flat_map(|n| (0..8).map(move |bit| (n, bit))) {
        let mut bytes = founding.to_vec();
        bytes[n] ^= 1 << bit;
        assert!(FoundingStatement::open(&bytes).is_err(), "byte {n} bit {bit}");
    }
    let longer = [statement.bytes(), &[0]].concat();
    assert!(SignedStatement::open(&longer).is_err(), "trailing byte");
    let long = vec![0; SignedStatement::MAX + 1];
    assert_eq!(
        SignedStatement::open(&long),
        Err(StatementError::TooLong(long.len()))
    );
    assert_eq!(
        FoundingStatement::open(&long),
        Err(FoundingError::TooLong(long.len()))
    );
}

/// The statement with another payload, signed anew: what a hostile issuer can write.
fn resigned(statement: &SignedStatement, signer: &SecretKey, edit: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut cose = CoseSign1::from_slice(statement.bytes()).unwrap();
    let mut payload = cose.payload.take().unwrap();
    edit(&mut payload);
    cose.payload = Some(payload);
    cose.signature = signer.sign_raw(&cose.tbs_data(b"lianzhan/statement/v1")).to_vec();
    cose.to_vec().unwrap()
}

#[test]
fn a_signed_payload_in_another_form_is_refused() {
    let federation = Federation::new();
    let signer = &federation.keys(org(CITY)).authority;
    let statement = federation.sign(org(CITY), Body::Appointment(someone(&federation, CITY)));
    assert!(SignedStatement::open(&resigned(&statement, signer, |_| ())).is_ok());
    // A weak key: 32 zero bytes but the last algorithm byte kept; the point of order 1.
    let weak = resigned(&statement, signer, |payload| {
        let key = key("someone").public();
        let at = payload
            .windows(32)
            .position(|window| window == key.ed25519_bytes())
            .unwrap();
        payload[at..at + 32].fill(0);
        payload[at] = 1;
    });
    assert!(matches!(
        SignedStatement::open(&weak),
        Err(StatementError::Payload(CodecError::Malformed(_)))
    ));
    // The outer map {1: issuer, 2: body} with a third entry that nobody knows.
    let unknown = resigned(&statement, signer, |payload| {
        assert_eq!(payload[0], 0xa2);
        payload[0] = 0xa3;
        payload.extend([0x03, 0x00]);
    });
    assert_eq!(
        SignedStatement::open(&unknown),
        Err(StatementError::Payload(CodecError::NotCanonical))
    );
    let trailing = resigned(&statement, signer, |payload| payload.push(0));
    assert_eq!(
        SignedStatement::open(&trailing),
        Err(StatementError::Payload(CodecError::NotCanonical))
    );
    let missing = resigned(&statement, signer, Vec::clear);
    assert!(matches!(
        SignedStatement::open(&missing),
        Err(StatementError::Payload(_))
    ));
    // What stands outside of the signature, or beside the algorithm in the headers.
    let mut cose = CoseSign1::from_slice(statement.bytes()).unwrap();
    cose.unprotected.key_id = vec![1];
    assert!(matches!(
        SignedStatement::open(&cose.to_vec().unwrap()),
        Err(StatementError::Cose(_))
    ));
    let mut founding = CoseSign::from_slice(federation.founding.bytes()).unwrap();
    founding.unprotected.key_id = vec![1];
    assert!(matches!(
        FoundingStatement::open(&founding.to_vec().unwrap()),
        Err(FoundingError::Cose(_))
    ));
    let bytes = codec::encode(&someone(&federation, CITY));
    assert_eq!(
        codec::decode::<Appointment>(&bytes, 4096),
        Ok(someone(&federation, CITY))
    );
}

#[test]
fn a_closure_of_many_ids_takes_no_more_than_is_needed() {
    let mut federation = Federation::new();
    let ids: Vec<StatementId> = (0..20)
        .map(|n| {
            federation
                .person(
                    org(SHIQIAO),
                    &format!("代表{n}"),
                    &[Role::Deputy],
                    Some(Level::Station),
                )
                .1
        })
        .collect();
    let space = federation.joint_space(org(FENGDU), &[org(QINGYA)]);
    let directory = federation.directory();
    assert_eq!(directory.closure(ids).len(), 20 + 3 + 3);
    assert!(directory.closure([StatementId([0; 32])]).is_empty());
    let stated = directory
        .statements()
        .find(|s| matches!(s.body(), Body::JointSpace(_)))
        .unwrap();
    let closure = directory.closure([stated.id()]);
    assert_eq!(
        closure.len(),
        1 + 2 + 3,
        "itself, two authorities, the county and two townships"
    );
    let mut stranger = Directory::new(federation.founding.clone());
    stranger.extend(closure.into_iter().cloned());
    assert!(stranger.faults().is_empty());
    let stated: Option<&Space> = stranger.joint_space(&space.id());
    let id: SpaceId = stated.unwrap().id();
    assert_eq!(id, space.id());
}
