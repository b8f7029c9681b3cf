use super::*;
use crate::log::witness_log_origin;

/// Two authorities of FENGDU that the county appointed, one that the second of them appointed, and a person by the first.
struct Town {
    federation: Federation,
    first: Speaker,
    second: Speaker,
    junior: Speaker,
    person: StatementId,
}

impl Town {
    fn new() -> Self {
        let mut federation = Federation::new();
        let first = Speaker::of(&federation, FENGDU);
        let county = Speaker::of(&federation, COUNTY);
        let second = county.empowers(&mut federation, FENGDU, "second", 1);
        let junior = second.empowers(&mut federation, FENGDU, "junior", 1);
        let person = first.appoints(&mut federation, "林秀兰");
        Town {
            federation,
            first,
            second,
            junior,
            person,
        }
    }

    /// The authority of an org, or one of the three of FENGDU.
    fn speaker(&self, who: &str) -> Speaker {
        match who {
            "first" => self.first.clone(),
            "second" => self.second.clone(),
            "junior" => self.junior.clone(),
            code => Speaker::of(&self.federation, code),
        }
    }

    fn state(&mut self, who: &str, body: Body) -> StatementId {
        let statement = self.speaker(who).says(&self.federation, body);
        self.federation.add(statement)
    }

    /// What is said of one more statement.
    fn verdict(&self, who: &str, body: Body) -> Result<(), StatementFault> {
        verdict(&self.federation, self.speaker(who).says(&self.federation, body))
    }

    fn standing(&self, id: &StatementId) -> Result<(), StatementFault> {
        let directory = self.federation.directory();
        assert!(is_at_rest(&directory));
        standing(&directory, id)
    }
}

#[test]
fn the_issuer_or_an_authority_above_it_revokes() {
    let mut town = Town::new();
    let of_junior = town.junior.appoints(&mut town.federation, "陈大山");
    let authority = |code: &str| town.federation.keys(org(code)).appointment.unwrap();
    let (first, liulin) = (town.first.appointment.unwrap(), authority(LIULIN));
    let junior = town.junior.appointment.unwrap();
    // What is revoked, in whose name it was issued, and who may and may not revoke it.
    type Row<'a> = (&'a str, StatementId, &'a str, &'a [&'a str], &'a [&'a str]);
    let table: [Row; 5] = [
        (
            "a person",
            town.person,
            FENGDU,
            &["first", "second", COUNTY, CITY],
            &["junior", QINGYA, SHIQIAO, LIULIN],
        ),
        (
            "a person, by the end of a longer chain",
            of_junior,
            FENGDU,
            &["junior", "first", "second", COUNTY, CITY],
            &[QINGYA, SHIQIAO],
        ),
        (
            "the authority below",
            liulin,
            FENGDU,
            &["first", "second", COUNTY, CITY],
            &["junior", LIULIN, SHIQIAO, QINGYA],
        ),
        (
            "the authority that the org above appointed",
            first,
            COUNTY,
            &[COUNTY, CITY],
            &["first", "second", "junior", SHIQIAO, QINGYA],
        ),
        (
            "an authority that its own org appointed",
            junior,
            FENGDU,
            &["first", "second", COUNTY, CITY],
            &["junior", SHIQIAO],
        ),
    ];
    for (what, target, issuer, may, may_not) in table {
        for who in may {
            assert_eq!(town.verdict(who, revoking(target)), Ok(()), "{what} by {who}");
        }
        for who in may_not {
            let out = Err(StatementFault::OutOfReach(org(issuer)));
            assert_eq!(town.verdict(who, revoking(target)), out, "{what} by {who}");
        }
    }
}

#[test]
fn a_revocation_waits_for_what_it_revokes_and_for_the_org_that_issued_it() {
    let town = Town::new();
    let late = |is_late: &dyn Fn(&SignedStatement) -> bool, id: StatementId| {
        let revocation = Speaker::of(&town.federation, COUNTY).says(&town.federation, revoking(id));
        let (late, rest): (Vec<_>, Vec<_>) = town.federation.statements().iter().cloned().partition(is_late);
        let mut directory = Directory::new(town.federation.founding.clone());
        directory.extend(rest);
        directory.extend([revocation.clone()]);
        let before = standing(&directory, &revocation.id());
        assert!(directory.revoked(&id).is_empty());
        directory.extend(late);
        assert_eq!(standing(&directory, &revocation.id()), Ok(()));
        assert_eq!(directory.revoked(&id)[0].by, revocation.id());
        before.unwrap_err()
    };
    let person = town.person;
    let fault = late(&|statement| statement.id() == person, person);
    assert_eq!(fault, StatementFault::TargetUnknown(person));
    assert!(fault.is_pending());
    let describes = |statement: &SignedStatement| matches!(statement.body(), Body::Org(described) if described.id == org(FENGDU));
    let fault = late(&describes, person);
    assert_eq!(fault, StatementFault::OrgUnknown(org(FENGDU)));
    assert!(fault.is_pending());
}

#[test]
fn only_appointments_are_revoked() {
    let town = Town::new();
    let others = town
        .federation
        .statements()
        .iter()
        .filter(|s| s.appointment().is_none());
    for other in others {
        assert_eq!(
            town.verdict(CITY, revoking(other.id())),
            Err(StatementFault::Content("only appointments are revoked"))
        );
    }
}

#[test]
fn the_parts_of_a_revocation_are_bounded_and_in_order() {
    let town = Town::new();
    let authority = town.first.appointment.unwrap();
    let verdict = |revocation| town.verdict(COUNTY, Body::Revocation(revocation));
    let words = |words: &str| Revocation {
        words: words.into(),
        ..revocation(authority)
    };
    let mut origins: Vec<Cut> = (0..65)
        .map(|n| Cut {
            origin: witness_log_origin(&key("990121 node").public(), &[n; 16]),
            index: u64::MAX,
        })
        .collect();
    origins.sort();
    let cut = |cut: Vec<Cut>| Revocation {
        cut,
        ..revocation(authority)
    };
    let tags = |count: u16| {
        (0..count).map(|n| crate::id::StatementTag([n.to_be_bytes(); 8].concat().try_into().unwrap()))
    };
    let keeps = |keeps: Vec<crate::id::StatementTag>| Revocation {
        keeps,
        ..revocation(authority)
    };
    for good in [
        words(&"因".repeat(133)),
        cut(origins[..64].to_vec()),
        keeps(tags(640).collect()),
    ] {
        assert_eq!(verdict(good), Ok(()));
    }
    let reason = "a revocation gives its reason in 1 to 400 bytes";
    let logs = "a cut names at most 64 witness logs, each once and in order";
    let kept = "a revocation keeps at most 640 statements, each once and in order";
    let table: [(&str, Revocation, &str); 9] = [
        ("no reason", words(""), reason),
        ("a blank reason", words(" \u{3000}"), reason),
        ("a long reason", words(&"a".repeat(401)), reason),
        ("many witness logs", cut(origins.clone()), logs),
        (
            "in another order",
            cut(origins.iter().take(2).rev().cloned().collect()),
            logs,
        ),
        ("one log twice", cut(vec![origins[0].clone(); 2]), logs),
        ("much that is kept", keeps(tags(641).collect()), kept),
        ("in another order", keeps(tags(2).rev().collect()), kept),
        (
            "one statement twice",
            keeps(tags(1).chain(tags(1)).collect()),
            kept,
        ),
    ];
    for (what, revocation, fault) in table {
        assert_eq!(verdict(revocation), Err(StatementFault::Content(fault)), "{what}");
    }
    assert_eq!(
        town.verdict(FENGDU, keeping(town.person, [authority])),
        Err(StatementFault::Content(
            "only of an authority statements go on standing"
        ))
    );
}

#[test]
fn of_a_revoked_authority_what_is_kept_stands_and_the_rest_is_contested() {
    let mut town = Town::new();
    let other = town.first.appoints(&mut town.federation, "陈大山");
    let below = Speaker::of(&town.federation, LIULIN).appoints(&mut town.federation, "周敏");
    let mine = |statement: &&SignedStatement| statement.issuer().appointment == town.first.appointment;
    let issued: Vec<StatementId> = town
        .federation
        .statements()
        .iter()
        .filter(mine)
        .map(SignedStatement::id)
        .collect();
    let kept = issued.iter().copied().filter(|id| *id != other);
    let revoked = town.state(COUNTY, keeping(town.first.appointment.unwrap(), kept));
    // Written after the revocation, whatever time it states.
    let later = town.first.says_at(
        START.0 - DAY,
        &town.federation,
        Body::Appointment(someone(&town.federation, FENGDU)),
    );
    let later = town.federation.add(later);
    let directory = town.federation.directory();
    let contested = StatementFault::Contested(revoked);
    assert!(contested.is_contested() && !contested.is_pending());
    let expected = BTreeMap::from([(other, contested.clone()), (later, contested)]);
    assert_eq!(
        directory.faults(),
        &expected,
        "the rest stands, and so does {below}"
    );
    assert_eq!(directory.revoked(&town.first.appointment.unwrap()).len(), 1);
    assert!(
        directory.appointment(&town.first.appointment.unwrap()).is_ok(),
        "to be revoked is no fault"
    );
    // A second revocation that keeps less contests more: every one must keep it.
    let second = town.state(CITY, keeping(town.first.appointment.unwrap(), [other]));
    let fault = town.standing(&town.person).unwrap_err();
    assert_eq!(fault, StatementFault::Contested(second));
    assert!(town.standing(&other).unwrap_err().is_contested());
}

#[test]
fn a_revocation_is_contested_with_its_authority() {
    // The first authority of FENGDU revoked a person; then it is revoked itself, and what it did with it.
    let mut town = Town::new();
    let out = town.state("first", revoking(town.person));
    assert_eq!(town.federation.directory().revoked(&town.person).len(), 1);
    town.state(COUNTY, keeping(town.first.appointment.unwrap(), [town.person]));
    assert!(town.standing(&out).unwrap_err().is_contested());
    assert!(town.federation.directory().revoked(&town.person).is_empty());
    town.state("second", adopting([out]));
    assert_eq!(town.standing(&out), Ok(()));
    assert_eq!(town.federation.directory().revoked(&town.person)[0].by, out);
}

#[test]
fn orgs_are_known_while_their_description_stands() {
    let mut town = Town::new();
    let station = Speaker::of(&town.federation, SHIQIAO).appoints(&mut town.federation, "石桥");
    let issued: Vec<StatementId> = {
        let mine = |s: &&SignedStatement| s.issuer().appointment == town.first.appointment;
        town.federation
            .statements()
            .iter()
            .filter(mine)
            .map(SignedStatement::id)
            .collect()
    };
    town.state(COUNTY, keeping(town.first.appointment.unwrap(), []));
    let directory = town.federation.directory();
    assert!(is_at_rest(&directory));
    assert!(directory.org(&org(SHIQIAO)).is_none() && directory.org(&org(LIULIN)).is_none());
    assert!(directory.org(&org(FENGDU)).is_some() && directory.org(&org(YUNLING)).is_some());
    let fault = directory.faults().get(&station).unwrap();
    assert!(fault.is_contested() && matches!(fault, StatementFault::Issuer(_)));
    town.state("second", adopting(issued));
    let directory = town.federation.directory();
    assert!(directory.faults().is_empty());
    assert!(directory.org(&org(SHIQIAO)).is_some());
}

#[test]
fn a_revoked_node_serves_no_more_and_is_remembered() {
    let mut town = Town::new();
    let node = town.federation.keys(org(SHIQIAO)).node.clone();
    let of_node = |directory: &Directory| {
        directory
            .appointments_of(&node.public(), Purpose::Node)
            .next()
            .unwrap()
            .0
    };
    let appointed = of_node(&town.federation.directory());
    let seen = |town: &Town| {
        let directory = town.federation.directory();
        (
            directory.node_org(&node.public()),
            directory.was_node_of(&node.public(), &org(SHIQIAO)),
            directory.contested_node(&node.public(), &org(SHIQIAO)),
        )
    };
    assert_eq!(seen(&town), (Some(org(SHIQIAO)), true, None));
    town.state("first", revoking(appointed));
    assert_eq!(seen(&town), (None, true, None));
    // Whom a revocation hits is appointed anew, with the same key where it was not stolen.
    let again = town.federation.appointment(&node, org(SHIQIAO), Purpose::Node);
    let again = Speaker::of(&town.federation, SHIQIAO).says_at(
        START.0 + DAY,
        &town.federation,
        Body::Appointment(again),
    );
    town.federation.add(again.clone());
    assert_eq!(seen(&town), (Some(org(SHIQIAO)), true, None));
    // Of an authority that is revoked, the nodes wait for an adoption.
    let authority = town.federation.keys(org(SHIQIAO)).appointment.unwrap();
    town.state("first", keeping(authority, [appointed]));
    assert_eq!(
        seen(&town),
        (None, true, Some(again.id())),
        "the one that is kept was revoked"
    );
    let mut town = Town::new();
    town.state("first", keeping(authority, []));
    assert_eq!(seen(&town), (None, false, Some(appointed)));
    town.state("first", adopting([appointed]));
    assert_eq!(seen(&town), (Some(org(SHIQIAO)), true, None));
}

#[test]
fn a_key_in_other_hands_is_not_cleared_by_another_appointment() {
    let hard = |appointment| {
        Body::Revocation(Revocation {
            ground: Ground::Hard { since_s: None },
            ..match revoking(appointment) {
                Body::Revocation(revocation) => revocation,
                _ => unreachable!(),
            }
        })
    };
    let node_of = |town: &Town| town.federation.keys(org(SHIQIAO)).node.clone();
    let anew = |town: &mut Town, by: &str, of: &str| {
        let post = town
            .federation
            .appointment(&node_of(town), org(of), Purpose::Node);
        let post = Appointment {
            validity: Validity {
                not_before: Timestamp(START.0 + DAY),
                ..post.validity
            },
            ..post
        };
        let by = town.speaker(by);
        let stated = by.says_at(START.0 + DAY, &town.federation, Body::Appointment(post));
        town.federation.add(stated)
    };
    // Appointed anew by the org itself or by the org above, before or after the revocation.
    for by in [SHIQIAO, "first"] {
        for before in [true, false] {
            let mut town = Town::new();
            let first = {
                let (directory, key) = (town.federation.directory(), node_of(&town).public());
                let mut posts = directory.appointments_of(&key, Purpose::Node);
                posts.next().unwrap().0
            };
            let early = before.then(|| anew(&mut town, by, SHIQIAO));
            let revocation = town.state("first", hard(first));
            let again = early.unwrap_or_else(|| anew(&mut town, by, SHIQIAO));
            let directory = town.federation.directory();
            assert!(is_at_rest(&directory));
            for post in [first, again] {
                assert_eq!(directory.revoked(&post)[0].by, revocation, "{by} {before}");
                let closure: Vec<_> = directory
                    .closure([post])
                    .into_iter()
                    .map(SignedStatement::id)
                    .collect();
                assert!(closure.contains(&revocation), "a stranger hears of it");
            }
            let held_once = std::ptr::eq(directory.revoked(&first)[0], directory.revoked(&again)[0]);
            assert!(held_once, "however many appointments it hits");
            assert_eq!(directory.node_org(&node_of(&town).public()), None);
            // In another org it was not revoked, and whoever speaks there decides.
            anew(&mut town, "first", FENGDU);
            let directory = town.federation.directory();
            assert_eq!(directory.node_org(&node_of(&town).public()), Some(org(FENGDU)));
        }
    }
    // Of authorities it takes from nobody on whom it rests: 'second' may not end what the county gave by appointing the
    // same key below itself.
    let mut town = Town::new();
    let junior = town.junior.key.clone();
    let county = Speaker::of(&town.federation, COUNTY);
    let given = {
        let post = town.federation.directory();
        let post = post
            .appointment(&town.junior.appointment.unwrap())
            .unwrap()
            .clone();
        let stated = county.says_at(START.0 + DAY, &town.federation, Body::Appointment(post));
        town.federation.add(stated)
    };
    town.state("second", hard(town.junior.appointment.unwrap()));
    let directory = town.federation.directory();
    assert!(is_at_rest(&directory));
    assert!(directory.revoked(&given).is_empty());
    assert_eq!(directory.appointment(&given).unwrap().key, junior.public());
    let by_county = town.state(COUNTY, hard(town.junior.appointment.unwrap()));
    let directory = town.federation.directory();
    assert!(
        directory
            .revoked(&given)
            .iter()
            .any(|revoked| revoked.by == by_county)
    );
}

mod adopting;

#[test]
fn nobody_takes_a_key_from_an_org_above_by_revoking_what_never_stood() {
    let mut town = Town::new();
    let county = {
        let (directory, key) = (
            town.federation.directory(),
            town.federation.keys(org(COUNTY)).node.public(),
        );
        directory.appointments_of(&key, Purpose::Node).next().unwrap().0
    };
    let key = town.federation.keys(org(COUNTY)).node.clone();
    let post = Appointment {
        name: "冒名".into(),
        ..town.federation.appointment(&key, org(COUNTY), Purpose::Node)
    };
    let made_up = town.federation.sign(org(SHIQIAO), Body::Appointment(post));
    town.federation.add(made_up.clone());
    let revocation = Revocation {
        ground: Ground::Hard { since_s: None },
        ..match revoking(made_up.id()) {
            Body::Revocation(revocation) => revocation,
            _ => unreachable!(),
        }
    };
    let revoked = town.federation.sign(org(SHIQIAO), Body::Revocation(revocation));
    town.federation.add(revoked.clone());
    let directory = town.federation.directory();
    assert!(directory.faults().contains_key(&made_up.id()));
    assert!(
        !directory.faults().contains_key(&revoked.id()),
        "it revokes what is its own"
    );
    assert_eq!(directory.revoked(&county), Vec::<&Revoked>::new());
    assert_eq!(directory.node_org(&key.public()), Some(org(COUNTY)));
}
