use super::*;
use crate::log::{LogStatement, witness_log_origin};
use crate::testing::{CITY, COUNTY, DAY, FENGDU, Federation, QINGYA, SHIQIAO, START, TestLog, key, org};
use crate::trust::{Appointment, Audience, Body, Level, Policy, Space, Validity};

fn world() -> (Federation, TestLog) {
    let federation = Federation::new();
    let log = federation.log(org(SHIQIAO), &Space::of(org(SHIQIAO), Audience::City), 1);
    (federation, log)
}

/// The log grows by one entry.
fn grow(log: &mut TestLog) {
    log.append_statement(&LogStatement::Trust(vec![]));
}

fn at(day: i64) -> Timestamp {
    Timestamp(START.0 + day * DAY)
}

#[test]
fn of_a_witness_log_the_lowest_place_over_an_entry_says_when() {
    let (mut federation, mut log) = world();
    let mut receipts = vec![federation.receipt_at(&log, at(1))];
    grow(&mut log);
    receipts.push(federation.receipt_at(&log, at(3)));
    // A witness whose clock went back does not write such; its place decides all the same.
    receipts.push(federation.receipt_at(&log, at(2)));
    let directory = federation.directory();
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let receipts = order.map(|n: usize| &receipts[n]);
        let witnessed = |index| Covered::of(&directory, &log.start, EntryIndex(index), receipts).witnessed();
        let first = |index| witnessed(index).map(|first| first.time);
        assert_eq!((first(0), first(1), first(2)), (Some(at(1)), Some(at(3)), None));
        assert_eq!(witnessed(0).map(|first| first.by), Some(org(FENGDU)));
    }
}

#[test]
fn keys_count_while_they_are_appointed_where_they_must_be() {
    let (mut federation, mut log) = world();
    let good = federation.receipt_at(&log, at(1));
    let early = federation.receipt_at(&log, at(-1));
    let required = log.start.required_parent.replace(org(QINGYA));
    let foreign = federation.receipt_at(&log, at(1));
    log.start.required_parent = required;
    let node = |code: &str| Receipt {
        witness_node: federation.keys(org(code)).node.public(),
        ..good.clone()
    };
    // Appointed as node of the right org, and not yet at that time.
    let late = key("late node");
    let appointment = Appointment {
        validity: Validity {
            // The second in which a key is appointed counts whole: receipts state no smaller part of it.
            not_before: Timestamp(at(2).0 + 999),
            not_after: at(9),
        },
        ..federation.appointment(&late, org(FENGDU), Purpose::Node)
    };
    let node_of = [node(QINGYA), node(CITY)];
    let too_late = Receipt {
        witness_node: late.public(),
        ..good.clone()
    };
    federation.state(org(FENGDU), Body::Appointment(appointment));
    let directory = federation.directory();
    let says = |receipt: &Receipt| witness_group(&directory, &log.start, receipt);
    assert_eq!(says(&good), Ok((0, org(FENGDU))));
    assert_eq!(says(&early), Err(NotAWitness::Witness));
    assert_eq!(says(&foreign), Err(NotAWitness::Witness));
    assert_eq!(says(&too_late), Err(NotAWitness::Node));
    assert_eq!(node_of.each_ref().map(says), [Err(NotAWitness::Node); 2]);
    let later = Receipt {
        time_s: at(2).seconds(),
        ..too_late.clone()
    };
    assert_eq!(says(&later), Ok((0, org(FENGDU))));
    // What does not count is passed over.
    let all = [&early, &foreign, &too_late, &good];
    let first = Covered::of(&directory, &log.start, EntryIndex(0), all).witnessed();
    let expected = Witnessed {
        time: at(1),
        by: org(FENGDU),
    };
    assert_eq!(first, Some(expected));
}

fn cover(group: usize, code: &str, day: i64, index: u64) -> Cover {
    Cover {
        group,
        by: org(code),
        time_s: at(day).seconds(),
        origin: witness_log_origin(&key(code).public(), &[group as u8; 16]),
        index,
    }
}

#[test]
fn every_group_must_have_witnessed_and_the_last_says_when() {
    let of = |groups, covers: &[&Cover]| Covered {
        groups,
        covers: covers.iter().map(|cover| (*cover).clone()).collect(),
        before_s: None,
    };
    let (county, city) = (cover(0, COUNTY, 3, 7), cover(1, CITY, 5, 2));
    let early = cover(0, FENGDU, 1, 9);
    type Row = (&'static str, Covered, Option<(i64, &'static str)>);
    let table: [Row; 7] = [
        ("none", of(0, &[]), None),
        ("one of one", of(1, &[&county]), Some((3, COUNTY))),
        ("one of two", of(2, &[&county]), None),
        ("the other of two", of(2, &[&city]), None),
        ("two of one group", of(2, &[&county, &early]), None),
        ("both", of(2, &[&county, &city]), Some((5, CITY))),
        ("first of one group", of(1, &[&county, &early]), Some((1, FENGDU))),
    ];
    for (what, covered, expected) in table {
        let expected = expected.map(|(day, code)| Witnessed {
            time: at(day),
            by: org(code),
        });
        assert_eq!(covered.witnessed(), expected, "{what}");
        let reversed = Covered {
            covers: covered.covers.iter().rev().cloned().collect(),
            ..covered
        };
        assert_eq!(reversed.witnessed(), expected, "{what}, in another order");
    }
    let all = of(2, &[&county, &early, &city]);
    let by = |proves: &dyn Fn(&Cover) -> bool| all.witnessed_by(proves).map(|witnessed| witnessed.time);
    assert_eq!(by(&|_| true), Some(at(5)));
    assert_eq!(
        by(&|cover| cover.index != 9),
        Some(at(5)),
        "another of the group proves it"
    );
    assert_eq!(
        by(&|cover| cover.group == 0),
        None,
        "a group of which nothing proves it"
    );
    assert_eq!(by(&|cover| cover.time_s < at(5).seconds()), None);
}

#[test]
fn a_policy_asks_for_the_receipts_of_more_orgs() {
    let (mut federation, mut log) = world();
    let policy = federation.state(
        org(CITY),
        Body::Policy(Policy {
            levels: vec![Level::City],
        }),
    );
    log.start.policy = Some(policy);
    let of_parent = federation.receipt_at(&log, at(1));
    let parent = log.start.required_parent.replace(org(CITY));
    let of_city = federation.receipt_at(&log, at(2));
    log.start.required_parent = parent;
    let directory = federation.directory();
    let witnessed = |receipts: &[&Receipt]| {
        let covered = Covered::of(&directory, &log.start, EntryIndex(0), receipts.iter().copied());
        covered.witnessed().map(|first| (first.time, first.by))
    };
    assert_eq!(witnessed(&[&of_parent]), None);
    assert_eq!(witnessed(&[&of_city]), None);
    assert_eq!(witnessed(&[&of_parent, &of_city]), Some((at(2), org(CITY))));
    log.start.policy = Some(StatementId([9; 32]));
    assert_eq!(
        witness_group(&directory, &log.start, &of_parent),
        Err(NotAWitness::Policy)
    );
    let unknown = Covered::of(&directory, &log.start, EntryIndex(0), [&of_parent, &of_city]);
    assert_eq!(
        unknown.witnessed(),
        None,
        "nobody is required while the policy is not here"
    );
}

#[test]
fn a_clock_is_doubted_where_the_log_was_witnessed_at_another_time() {
    let day = DOUBT_AFTER_S;
    let recorded = at(10);
    let says = |witnessed: Option<i64>, before: Option<u64>| {
        let covers = witnessed.map(|second| Cover {
            time_s: recorded.seconds().saturating_add_signed(second),
            ..cover(0, FENGDU, 0, 0)
        });
        let covered = Covered {
            groups: 1,
            covers: covers.into_iter().collect(),
            before_s: before.map(|after| recorded.seconds() + after),
        };
        doubt(recorded, &covered)
    };
    for (what, witnessed, before, expected) in [
        ("unwitnessed", None, None, None),
        ("witnessed in the same second", Some(0), None, None),
        ("witnessed much later, and not before", Some(900_000), None, None),
        (
            "witnessed before it was recorded",
            Some(-1),
            None,
            Some(Doubt::Ahead),
        ),
        (
            "a day later the log did not hold it",
            Some(900_000),
            Some(day),
            None,
        ),
        (
            "more than a day later it did not",
            Some(900_000),
            Some(day + 1),
            Some(Doubt::Behind),
        ),
        (
            "nor has anybody witnessed it since",
            None,
            Some(day + 1),
            Some(Doubt::Behind),
        ),
    ] {
        assert_eq!(says(witnessed, before), expected, "{what}");
    }
}
