use super::*;
use crate::trust::Policy;

fn policy(levels: &[Level]) -> Body {
    Body::Policy(Policy {
        levels: levels.to_vec(),
    })
}

#[test]
fn the_root_alone_states_a_policy_with_levels_from_the_top() {
    let federation = Federation::new();
    let by = |code: &str, levels: &[Level]| verdict(&federation, federation.sign(org(code), policy(levels)));
    assert_eq!(by(CITY, &[Level::City, Level::County]), Ok(()));
    assert_eq!(by(CITY, &[]), Ok(()), "the parent alone");
    for code in [COUNTY, FENGDU, SHIQIAO] {
        assert_eq!(
            by(code, &[Level::City]),
            Err(StatementFault::OutOfReach(org(CITY))),
            "{code}"
        );
    }
    let order = Err(StatementFault::Content(
        "a policy names levels from the top, each once",
    ));
    for levels in [
        &[Level::County, Level::City][..],
        &[Level::County, Level::County],
        // A street stands at the level of a township.
        &[Level::Township, Level::Street],
    ] {
        assert_eq!(by(CITY, levels), order, "{levels:?}");
    }
}

#[test]
fn a_new_log_names_the_policy_that_was_issued_last() {
    let federation = Federation::new();
    let root = Speaker::of(&federation, CITY);
    let at = |issued, levels: &[Level]| root.says_at(issued, &federation, policy(levels));
    let (older, newer) = (at(START.0, &[Level::City]), at(START.0 + 1, &[Level::County]));
    let same = at(START.0 + 1, &[]);
    let by_county = federation.sign(org(COUNTY), policy(&[]));
    assert_eq!(federation.directory().policy(), None);
    for order in [[&older, &newer], [&newer, &older]] {
        let mut directory = federation.directory();
        directory.extend(order.into_iter().cloned());
        directory.extend([by_county.clone()]);
        assert_eq!(directory.policy(), Some(newer.id()));
        let levels = |id| directory.policy_of(&id).map(|policy| policy.levels.clone());
        assert_eq!(
            levels(older.id()),
            Some(vec![Level::City]),
            "logs may still name it"
        );
        assert_eq!(levels(newer.id()), Some(vec![Level::County]));
        assert_eq!(levels(by_county.id()), None, "it does not stand");
        directory.extend([same.clone()]);
        let smaller = std::cmp::min(same.id(), newer.id());
        assert_eq!(
            directory.policy(),
            Some(smaller),
            "issued at one time: the smaller id"
        );
    }
}

#[test]
fn the_parent_and_the_levels_of_the_policy_must_witness() {
    let mut federation = Federation::new();
    let parent_alone = federation.state(org(CITY), policy(&[]));
    let county = federation.state(org(CITY), policy(&[Level::County]));
    let both = federation.state(org(CITY), policy(&[Level::City, Level::County]));
    let absent = federation.state(org(CITY), policy(&[Level::Province, Level::Township]));
    let directory = federation.directory();
    let table: [(&str, &str, Option<StatementId>, &[&str]); 15] = [
        ("station, no policy", SHIQIAO, None, &[FENGDU]),
        ("station, parent alone", SHIQIAO, Some(parent_alone), &[FENGDU]),
        ("station, county", SHIQIAO, Some(county), &[FENGDU, COUNTY]),
        (
            "station, city and county",
            SHIQIAO,
            Some(both),
            &[FENGDU, CITY, COUNTY],
        ),
        (
            "station, its parent's level and one that is not there",
            SHIQIAO,
            Some(absent),
            &[FENGDU],
        ),
        ("township, no policy", QINGYA, None, &[COUNTY]),
        ("township, its parent's level", QINGYA, Some(county), &[COUNTY]),
        ("township, city and county", QINGYA, Some(both), &[COUNTY, CITY]),
        ("township, its own level", QINGYA, Some(absent), &[COUNTY]),
        ("county, no policy", COUNTY, None, &[CITY]),
        ("county, its own level", COUNTY, Some(county), &[CITY]),
        ("county, its parent's level", COUNTY, Some(both), &[CITY]),
        ("root, no policy", CITY, None, &[COUNTY]),
        ("root, its own level", CITY, Some(both), &[COUNTY]),
        ("root, levels that are not there", CITY, Some(absent), &[COUNTY]),
    ];
    for (what, code, policy, groups) in table {
        let groups: Vec<Vec<OrgId>> = groups.iter().map(|code| vec![org(code)]).collect();
        assert_eq!(
            directory.required_groups(&org(code), None, policy.as_ref()),
            Some(groups),
            "{what}"
        );
    }
    let asked: BTreeSet<OrgId> = directory.required_witnesses(&org(SHIQIAO)).into_iter().collect();
    assert_eq!(
        asked,
        BTreeSet::from([FENGDU, COUNTY, CITY].map(org)),
        "whatever policy a log names"
    );
}

#[test]
fn one_child_of_the_root_that_it_named_is_enough() {
    let mut federation = Federation::new();
    let second = OrgId::mint(&org(CITY), [5; 8]);
    federation.state(org(CITY), Body::Org(new_org(second, CITY, Level::County)));
    let root = Speaker::of(&federation, CITY);
    let named = root.says_at(
        START.0 + 1,
        &federation,
        Body::RootWitnesses(vec![org(COUNTY), second]),
    );
    federation.add(named);
    let mut groups = federation
        .directory()
        .required_groups(&org(CITY), None, None)
        .unwrap();
    groups.iter_mut().for_each(|group| group.sort_unstable());
    let mut children = vec![org(COUNTY), second];
    children.sort_unstable();
    assert_eq!(groups, [children]);
}

#[test]
fn nobody_is_required_while_the_policy_is_not_here() {
    let federation = Federation::new();
    let statement = federation.sign(org(CITY), policy(&[Level::City]));
    let foreign = federation.sign(org(COUNTY), policy(&[Level::City]));
    let mut directory = federation.directory();
    for id in [statement.id(), foreign.id()] {
        assert_eq!(directory.required_groups(&org(SHIQIAO), None, Some(&id)), None);
    }
    directory.extend([statement.clone(), foreign.clone()]);
    assert!(
        directory
            .required_groups(&org(SHIQIAO), None, Some(&statement.id()))
            .is_some()
    );
    assert_eq!(
        directory.required_groups(&org(SHIQIAO), None, Some(&foreign.id())),
        None,
        "it does not stand"
    );
}
