//! Orgs that move, and orgs that others succeed: who may say so, what closes, and what goes on standing.

use super::*;
use crate::trust::{Becomes, OrgChange, Placed, Space};

/// The next place of an org, as a move below the org with code `parent`.
fn moving(federation: &Federation, code: &str, parent: &str) -> OrgChange {
    let directory = federation.directory();
    let known = directory.org(&org(code)).expect("is known").clone();
    OrgChange {
        org: known.id,
        generation: directory.generation(&known.id) + 1,
        becomes: Becomes::Moved {
            org: Org {
                parent: Some(org(parent)),
                ..known
            },
            under: directory.generation(&org(parent)),
        },
        from: START,
        words: "区划调整".into(),
        cut: Vec::new(),
        keeps: Vec::new(),
        hands: Vec::new(),
    }
}

fn succeeded(federation: &Federation, code: &str, by: &[&str]) -> OrgChange {
    let directory = federation.directory();
    let mut by: Vec<Placed> = by
        .iter()
        .map(|code| Placed {
            org: org(code),
            generation: directory.generation(&org(code)),
        })
        .collect();
    by.sort_unstable();
    OrgChange {
        becomes: Becomes::Succeeded { by },
        ..moving(federation, code, COUNTY)
    }
}

/// With the appointments in the org by its parents that stand.
fn keeping_all(federation: &Federation, change: OrgChange) -> OrgChange {
    let of_org = |s: &&SignedStatement| {
        s.issuer().org != change.org && s.appointment().is_some_and(|a| a.org == change.org)
    };
    let mut keeps: Vec<_> = federation
        .statements()
        .iter()
        .filter(of_org)
        .map(|s| s.id().tag())
        .collect();
    keeps.sort_unstable();
    OrgChange { keeps, ..change }
}

fn said(issuer: &str, change: impl Fn(&Federation) -> OrgChange) -> Result<(), StatementFault> {
    let federation = Federation::new();
    let change = change(&federation);
    verdict(&federation, federation.sign(org(issuer), Body::OrgChange(change)))
}

fn changed(mut change: OrgChange, edit: impl Fn(&mut OrgChange)) -> OrgChange {
    edit(&mut change);
    change
}

fn edit_org(change: OrgChange, edit: impl Fn(&mut Org)) -> OrgChange {
    changed(change, |change| {
        if let Becomes::Moved { org, .. } = &mut change.becomes {
            edit(org);
        }
    })
}

#[test]
fn a_common_ancestor_moves_an_org_and_nobody_below_it() {
    let county = org(SHIQIAO);
    let move_it = |federation: &Federation| keeping_all(federation, moving(federation, SHIQIAO, QINGYA));
    assert_eq!(said(COUNTY, move_it), Ok(()));
    assert_eq!(said(CITY, move_it), Ok(()));
    for below in [FENGDU, QINGYA, SHIQIAO] {
        let fault = said(below, move_it).unwrap_err();
        assert!(matches!(fault, StatementFault::OutOfReach(_)), "{below}: {fault}");
    }
    let unknown = |f: &Federation| changed(move_it(f), |change| change.generation = 3);
    assert_eq!(said(COUNTY, unknown), Err(StatementFault::OrgUnknown(county)));
    let lost = |f: &Federation| {
        changed(move_it(f), |change| {
            if let Becomes::Moved { under, .. } = &mut change.becomes {
                *under = 2;
            }
        })
    };
    assert_eq!(said(COUNTY, lost), Err(StatementFault::OrgUnknown(org(QINGYA))));
}

#[test]
fn what_a_change_says_fits_the_org() {
    type Change = fn(&Federation) -> OrgChange;
    let bad: [(&str, Change); 9] = [
        ("the first place", |f| {
            changed(moving(f, SHIQIAO, QINGYA), |c| c.generation = 1)
        }),
        ("no words", |f| {
            changed(moving(f, SHIQIAO, QINGYA), |c| c.words = " ".into())
        }),
        ("another level", |f| {
            edit_org(moving(f, SHIQIAO, QINGYA), |org| org.level = Level::Township)
        }),
        ("a code of another length", |f| {
            edit_org(moving(f, SHIQIAO, QINGYA), |org| org.code = "990121204".into())
        }),
        ("another org", |f| {
            edit_org(moving(f, SHIQIAO, QINGYA), |o| o.id = org(LIULIN))
        }),
        ("below a sister", |f| moving(f, SHIQIAO, LIULIN)),
        ("a local space is handed over", |f| {
            changed(moving(f, SHIQIAO, QINGYA), |c| c.hands = vec![Audience::Local])
        }),
        ("nobody succeeds", |f| succeeded(f, SHIQIAO, &[])),
        ("a township succeeds a station", |f| {
            succeeded(f, SHIQIAO, &[QINGYA])
        }),
    ];
    for (name, change) in bad {
        let fault = said(COUNTY, change).unwrap_err();
        assert!(matches!(fault, StatementFault::Content(_)), "{name}: {fault}");
    }
    assert!(said(CITY, |f| succeeded(f, SHIQIAO, &[SHIQIAO])).is_err());
}

/// The federation after SHIQIAO moved from FENGDU to QINGYA.
fn moved() -> Federation {
    let mut federation = Federation::new();
    let change = keeping_all(&federation, moving(&federation, SHIQIAO, QINGYA));
    federation.state(org(COUNTY), Body::OrgChange(change));
    assert!(federation.directory().faults().is_empty());
    federation
}

#[test]
fn the_tree_and_the_spaces_follow_a_move_and_old_holders_keep_the_old_spaces() {
    let federation = moved();
    let directory = federation.directory();
    let shiqiao = org(SHIQIAO);
    assert_eq!(directory.org(&shiqiao).unwrap().parent, Some(org(QINGYA)));
    assert!(directory.children(&org(QINGYA)).any(|org| org.id == shiqiao));
    assert!(!directory.is_at_or_above(&org(FENGDU), &shiqiao));
    assert!(directory.was_at_or_above(&org(FENGDU), &shiqiao));
    let old = Space::of(shiqiao, Audience::City);
    let new = directory.space_now(shiqiao, Audience::City);
    assert_eq!(new.generation, 2);
    let holders = |space: &Space| {
        ALL.into_iter()
            .filter(|code| directory.may_hold(&org(code), space))
            .collect::<Vec<_>>()
    };
    assert_eq!(holders(&old), [CITY, COUNTY, FENGDU, SHIQIAO]);
    assert_eq!(holders(&new), [CITY, COUNTY, QINGYA, SHIQIAO]);
    assert_eq!(
        holders(&Space {
            generation: 3,
            ..new.clone()
        }),
        [""; 0]
    );
    assert_eq!(
        holders(&directory.space_now(shiqiao, Audience::Township)),
        [QINGYA, SHIQIAO]
    );
    assert!(directory.closed(&old).is_some() && directory.closed(&new).is_none());
    let directories = Space::of(shiqiao, Audience::Directory);
    assert_eq!(holders(&directories), [CITY, COUNTY, FENGDU, QINGYA, SHIQIAO]);
    // Either township judges what the other's authority said of the station.
    assert!(directory.may_hold(&org(FENGDU), &Space::of(org(QINGYA), Audience::Directory)));
    assert!(directory.closed(&directories).is_none());
    // What the old parent tells those below it is for the org no more; what it had stays good.
    let notice = Space::of(org(FENGDU), Audience::Notice);
    assert!(!directory.may_hold(&shiqiao, &notice) && directory.might_hold(&shiqiao, &notice));
    let of_org = directory.spaces_of(&shiqiao);
    assert!(of_org.contains_key(&old.id()) && of_org.contains_key(&new.id()));
}

#[test]
fn logs_go_on_with_the_new_parent_and_old_ones_are_witnessed_by_the_old() {
    let directory = moved().directory();
    let shiqiao = org(SHIQIAO);
    let groups = |parent: &str| directory.required_groups(&shiqiao, Some(&org(parent)), None);
    assert_eq!(groups(FENGDU), Some(vec![vec![org(FENGDU)]]));
    assert_eq!(groups(QINGYA), Some(vec![vec![org(QINGYA)]]));
    assert!(directory.had_parent(&shiqiao, Some(&org(FENGDU))));
    assert!(!directory.had_parent(&shiqiao, Some(&org(COUNTY))) && !directory.had_parent(&shiqiao, None));
    let mut witnesses = directory.required_witnesses(&shiqiao);
    witnesses.sort_unstable();
    let mut both = vec![org(FENGDU), org(QINGYA)];
    both.sort_unstable();
    assert_eq!(witnesses, both);
}

#[test]
fn the_old_parent_appoints_no_more_and_the_new_one_does() {
    let mut federation = moved();
    let late = federation.state(org(FENGDU), Body::Appointment(someone(&federation, SHIQIAO)));
    let by_new = Appointment {
        name: "新人".into(),
        ..someone(&federation, SHIQIAO)
    };
    let by_new = federation.state(org(QINGYA), Body::Appointment(by_new));
    let directory = federation.directory();
    assert_eq!(standing(&directory, &by_new), Ok(()));
    let fault = standing(&directory, &late).unwrap_err();
    assert!(fault.is_contested(), "{fault}");
    // The parent that lost the org does not adopt its own word; who moved it does.
    federation.state(org(FENGDU), adopting([late]));
    assert!(standing(&federation.directory(), &late).is_err());
    federation.state(org(COUNTY), adopting([late]));
    assert_eq!(standing(&federation.directory(), &late), Ok(()));
}

#[test]
fn what_was_revoked_before_stays_revoked() {
    let mut federation = Federation::new();
    let node = federation.keys(org(SHIQIAO)).node.clone();
    let post = |f: &Federation| {
        f.directory()
            .appointments_of(&node.public(), Purpose::Node)
            .next()
            .unwrap()
            .0
    };
    let id = post(&federation);
    federation.state(org(FENGDU), revoking(id));
    let change = keeping_all(&federation, moving(&federation, SHIQIAO, QINGYA));
    federation.state(org(COUNTY), Body::OrgChange(change));
    assert_eq!(federation.directory().revoked(&id).len(), 1);
}

#[test]
fn the_new_parent_describes_an_org_that_came_to_it() {
    let mut federation = moved();
    let known = federation.directory().org(&org(SHIQIAO)).unwrap().clone();
    let renamed = |by: &str| Org {
        name_zh: format!("{by}站"),
        parent: Some(org(by)),
        ..known.clone()
    };
    let later = START.0 + DAY;
    for by in [FENGDU, QINGYA] {
        let statement = Speaker::of(&federation, by).says_at(later, &federation, Body::Org(renamed(by)));
        federation.add(statement);
    }
    let directory = federation.directory();
    assert!(directory.faults().is_empty());
    assert_eq!(
        directory.org(&org(SHIQIAO)).unwrap().name_zh,
        format!("{QINGYA}站")
    );
}

#[test]
fn an_org_that_ends_is_followed_by_its_successors_and_by_theirs() {
    let mut federation = Federation::new();
    let change = keeping_all(&federation, succeeded(&federation, SHIQIAO, &[LIULIN]));
    federation.state(org(FENGDU), Body::OrgChange(change));
    let change = keeping_all(&federation, succeeded(&federation, LIULIN, &[YUNLING, HEWAN]));
    federation.state(org(COUNTY), Body::OrgChange(change));
    let directory = federation.directory();
    assert!(directory.faults().is_empty(), "{:?}", directory.faults());
    let both = std::collections::BTreeSet::from([org(YUNLING), org(HEWAN)]);
    assert_eq!(directory.successors(&org(SHIQIAO)), both);
    assert_eq!(directory.successors(&org(YUNLING)), [org(YUNLING)].into());
    for audience in [
        Audience::Local,
        Audience::Township,
        Audience::City,
        Audience::Notice,
    ] {
        assert!(directory.closed(&Space::of(org(SHIQIAO), audience)).is_some());
    }
    let again = federation.sign(
        org(CITY),
        Body::OrgChange(succeeded(&federation, HEWAN, &[SHIQIAO])),
    );
    // What the city says goes before what those below it said: of the circle one part falls.
    federation.add(again);
    let directory = federation.directory();
    let faults = directory.faults().values();
    let circles = faults.filter(|fault| matches!(fault, StatementFault::Content(_)));
    assert_eq!(circles.count(), 1, "{:?}", directory.faults());
    assert!(!directory.successors(&org(HEWAN)).contains(&org(HEWAN)));
}

#[test]
fn records_of_an_org_are_found_with_the_last_in_which_alone_it_went_on() {
    let mut federation = Federation::new();
    let state = |federation: &mut Federation, code: &str, by: &[&str]| {
        let change = keeping_all(federation, succeeded(federation, code, by));
        federation.state(org(COUNTY), Body::OrgChange(change));
    };
    let found = |federation: &Federation, code: &str| {
        let found = federation.directory().forerunners(&org(code));
        ALL.into_iter()
            .filter(|code| found.contains(&org(code)))
            .collect::<Vec<_>>()
    };
    assert_eq!(found(&federation, LIULIN), [LIULIN]);
    // Merged: what was Shiqiao's is found with Liulin's.
    state(&mut federation, SHIQIAO, &[LIULIN]);
    assert_eq!(federation.directory().heir(&org(SHIQIAO)), org(LIULIN));
    assert_eq!(found(&federation, LIULIN).len(), 2);
    assert_eq!(found(&federation, SHIQIAO), [SHIQIAO], "asked for by itself");
    // Split: what was Liulin's until then stays under its name, and Shiqiao's with it.
    state(&mut federation, LIULIN, &[YUNLING, HEWAN]);
    assert_eq!(federation.directory().heir(&org(SHIQIAO)), org(LIULIN));
    assert_eq!(federation.directory().heir(&org(LIULIN)), org(LIULIN));
    assert_eq!(found(&federation, YUNLING), [YUNLING]);
    assert_eq!(found(&federation, LIULIN).len(), 2);
    // Both parts come together again: there is one that goes on, and all is found with it.
    state(&mut federation, YUNLING, &[HEWAN]);
    for code in [SHIQIAO, LIULIN, YUNLING, HEWAN] {
        assert_eq!(federation.directory().heir(&org(code)), org(HEWAN), "{code}");
    }
    assert_eq!(found(&federation, HEWAN).len(), 4);
}

#[test]
fn a_space_tells_how_its_owner_was_described_when_it_was_open() {
    let mut federation = Federation::new();
    let before = federation.directory().org(&org(SHIQIAO)).unwrap().name_zh.clone();
    let mut change = keeping_all(&federation, moving(&federation, SHIQIAO, QINGYA));
    if let Becomes::Moved { org, .. } = &mut change.becomes {
        org.name_zh = "新桥站".into();
    }
    federation.state(org(COUNTY), Body::OrgChange(change));
    let directory = federation.directory();
    let called = |generation: u32| {
        let space = Space {
            generation,
            ..Space::of(org(SHIQIAO), Audience::County)
        };
        let described = directory.described_at(&space.id(), &org(SHIQIAO)).unwrap();
        described.name_zh.clone()
    };
    assert_eq!((called(1), called(2)), (before.clone(), "新桥站".to_owned()));
    let earlier: Vec<_> = directory.earlier(&org(SHIQIAO)).map(|org| &org.name_zh).collect();
    assert_eq!(earlier, [&before]);
}

#[test]
fn spaces_are_handed_over_where_the_change_says_so() {
    let mut federation = Federation::new();
    let merged = OrgChange {
        hands: vec![Audience::Township],
        ..succeeded(&federation, SHIQIAO, &[YUNLING])
    };
    federation.state(org(COUNTY), Body::OrgChange(merged));
    let directory = federation.directory();
    let holders = |audience| {
        let space = Space::of(org(SHIQIAO), audience);
        ALL.into_iter()
            .filter(|code| directory.may_hold(&org(code), &space))
            .collect::<Vec<_>>()
    };
    assert_eq!(holders(Audience::Township), [FENGDU, QINGYA, SHIQIAO, YUNLING]);
    assert_eq!(holders(Audience::County), [COUNTY, FENGDU, SHIQIAO]);
}

#[test]
fn of_two_changes_to_one_place_the_one_stated_higher_stands() {
    let mut federation = Federation::new();
    let to_qingya = keeping_all(&federation, moving(&federation, SHIQIAO, QINGYA));
    let stay = keeping_all(&federation, moving(&federation, SHIQIAO, FENGDU));
    let by_county = federation.state(org(COUNTY), Body::OrgChange(to_qingya));
    let by_city = federation.state(org(CITY), Body::OrgChange(stay));
    let directory = federation.directory();
    assert_eq!(standing(&directory, &by_city), Ok(()));
    assert!(standing(&directory, &by_county).is_err());
    assert_eq!(directory.org(&org(SHIQIAO)).unwrap().parent, Some(org(FENGDU)));
}

#[test]
fn a_township_takes_its_stations_along_one_by_one() {
    let mut federation = Federation::new();
    let change = keeping_all(&federation, moving(&federation, FENGDU, CITY));
    federation.state(org(CITY), Body::OrgChange(change));
    let directory = federation.directory();
    // The spaces of the station are still those up the old line.
    let space = directory.space_now(org(SHIQIAO), Audience::County);
    assert!(directory.may_hold(&org(COUNTY), &space));
    let change = keeping_all(&federation, moving(&federation, SHIQIAO, FENGDU));
    federation.state(org(CITY), Body::OrgChange(change));
    let directory = federation.directory();
    assert!(directory.faults().is_empty(), "{:?}", directory.faults());
    let space = directory.space_now(org(SHIQIAO), Audience::County);
    assert_eq!(space.generation, 2);
    assert!(!directory.may_hold(&org(COUNTY), &space) && directory.may_hold(&org(FENGDU), &space));
    assert_eq!(
        directory.line_at(org(SHIQIAO), 1),
        [org(SHIQIAO), org(FENGDU), org(COUNTY), org(CITY)]
    );
    assert_eq!(
        directory.line_at(org(SHIQIAO), 2),
        [org(SHIQIAO), org(FENGDU), org(CITY)]
    );
}

#[test]
fn a_stranger_judges_alike_from_what_is_shown() {
    let federation = moved();
    let directory = federation.directory();
    let node = federation.keys(org(SHIQIAO)).node.public();
    let post = directory.appointments_of(&node, Purpose::Node).next().unwrap().0;
    let shown: Vec<SignedStatement> = directory.closure([post]).into_iter().cloned().collect();
    let mut stranger = Directory::new(federation.founding.clone());
    stranger.extend(shown);
    assert!(stranger.faults().is_empty(), "{:?}", stranger.faults());
    assert_eq!(stranger.org(&org(SHIQIAO)), directory.org(&org(SHIQIAO)));
    assert_eq!(stranger.node_org(&node), Some(org(SHIQIAO)));
}
