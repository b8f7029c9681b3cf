use super::*;

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
fn joint_spaces_are_told_of_whole_and_the_newest_where_not_all_are() {
    let mut federation = Federation::new();
    let mut spaces = Vec::new();
    for year in 2026..2031 {
        let space = Space::joint(org(SHIQIAO), [org(SHIQIAO), org(YUNLING)], Level::Station, year);
        let issued = Timestamp(START.0 + i64::from(year));
        let stated = federation.sign_at(issued, org(SHIQIAO), Body::JointSpace(space.clone()));
        federation.add(stated);
        spaces.push(space);
    }
    let directory = federation.directory();
    let not_the_last = |id: &SpaceId| *id != spaces[4].id();
    let told = |most| {
        let told = directory.telling_of_joint(not_the_last, most);
        assert!(told.len() <= most);
        let mut stranger = Directory::new(federation.founding.clone());
        stranger.extend(told.into_iter().cloned());
        assert!(stranger.faults().is_empty());
        let stands = |space: &&Space| stranger.joint_space(&space.id()).is_some();
        (2026..)
            .zip(&spaces)
            .filter(|(_, space)| stands(space))
            .map(|(year, _)| year)
            .collect::<Vec<_>>()
    };
    let all = directory.telling_of_joint(not_the_last, usize::MAX).len();
    assert_eq!(told(all), [2026, 2027, 2028, 2029]);
    assert_eq!(told(all - 1), [2027, 2028, 2029]);
    assert_eq!(told(all - 3), [2029]);
    assert_eq!(told(all - 4), [0; 0]);
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
