//! Whatever is stated, in whatever order it arrives: judging comes to rest, and at the same place.

use super::*;
use crate::trust::{Becomes, OrgChange, Placed};

/// One act of somebody, by small numbers that are taken modulo what there is.
#[derive(Debug, Clone)]
struct Act {
    kind: u8,
    who: prop::sample::Index,
    what: prop::sample::Index,
    /// Which of the latest statements are kept or adopted.
    some: u32,
}

fn acts(kinds: std::ops::Range<u8>, most: usize) -> impl Strategy<Value = Vec<Act>> {
    let act = (
        kinds,
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        any::<u32>(),
    );
    let act = act.prop_map(|(kind, who, what, some)| Act {
        kind,
        who,
        what,
        some,
    });
    proptest::collection::vec(act, 1..most)
}

/// The federation after some acts, by those who speak in it.
fn after(mut federation: Federation, mut speakers: Vec<Speaker>, acts: &[Act]) -> Federation {
    for (n, act) in acts.iter().enumerate() {
        let speaker = act.who.get(&speakers).clone();
        let statements = federation.statements();
        let target = act.what.get(statements).id();
        // Of what was stated last and, often, of what the target's key stated.
        let chosen = statements.iter().rev().enumerate().filter(|(at, statement)| {
            act.some & (1 << (at % 32)) != 0 && (*at < 32 || statement.issuer().appointment == Some(target))
        });
        let chosen: Vec<StatementId> = chosen.map(|(_, statement)| statement.id()).take(64).collect();
        let label = format!("speaker {n}");
        let code = *act.what.get(&ALL);
        let depth = (act.some % 4) as u8;
        match act.kind {
            // Further authorities, in their own org and elsewhere; many of them do not stand.
            0 | 1 => {
                let own = ALL
                    .into_iter()
                    .find(|code| org(code) == speaker.org)
                    .unwrap_or(code);
                let code = if act.kind == 0 { own } else { code };
                speakers.push(speaker.empowers(&mut federation, code, &label, depth));
            }
            2..4 => {
                let revocation = speaker.says(&federation, keeping_if_authority(&federation, target, chosen));
                federation.add(revocation);
            }
            4 | 5 if !chosen.is_empty() => {
                let adoption = speaker.says(&federation, adopting(chosen));
                federation.add(adoption);
            }
            6 => {
                let id = OrgId::mint(&speaker.org, [n as u8; 8]);
                let described = Org {
                    parent: Some(speaker.org),
                    ..new_org(id, CITY, Level::Station)
                };
                let described = speaker.says(&federation, Body::Org(described));
                federation.add(described);
            }
            // A second purpose for the key of a speaker, issued before or after its first.
            7 => {
                let other = act.what.get(&speakers).key.clone();
                let person = federation.appointment(&other, speaker.org, Purpose::Person);
                let issued = START.0 + i64::from(act.some % 3) - 1;
                let person = speaker.says_at(issued, &federation, Body::Appointment(person));
                federation.add(person);
            }
            // An org moves or ends, to whatever place, now and then where that is none.
            9 => {
                let place = Placed {
                    org: org(ALL[act.who.index(ALL.len())]),
                    generation: act.some % 2 + 1,
                };
                let becomes = if act.some & 4 == 0 {
                    let known = federation.directory().org(&org(code)).cloned();
                    let known = known.unwrap_or_else(|| new_org(org(code), CITY, Level::Station));
                    Becomes::Moved {
                        org: Org {
                            parent: Some(place.org),
                            ..known
                        },
                        under: place.generation,
                    }
                } else {
                    Becomes::Succeeded { by: vec![place] }
                };
                let mut keeps: Vec<_> = chosen.iter().map(StatementId::tag).collect();
                keeps.sort_unstable();
                let change = OrgChange {
                    org: org(code),
                    generation: 2 + act.some / 8 % 2,
                    becomes,
                    from: START,
                    words: "区划调整".into(),
                    cut: Vec::new(),
                    keeps,
                    hands: Vec::new(),
                };
                let change = speaker.says(&federation, Body::OrgChange(change));
                federation.add(change);
            }
            _ => drop(speaker.appoints(&mut federation, &label)),
        }
    }
    federation
}

fn keeping_if_authority(federation: &Federation, target: StatementId, chosen: Vec<StatementId>) -> Body {
    let mut statements = federation.statements().iter();
    let is_authority = statements.any(|statement| {
        statement.id() == target
            && statement
                .appointment()
                .is_some_and(|a| a.purpose == Purpose::Authority)
    });
    keeping(target, chosen.into_iter().filter(|_| is_authority))
}

/// A directory to which the statements of the federation came in another order, some at a time.
fn arrived(federation: &Federation, order: &[prop::sample::Index], batch: usize) -> Directory {
    let all = federation.statements();
    let mut statements: Vec<SignedStatement> = order.iter().map(|n| n.get(all).clone()).collect();
    statements.extend(all.iter().rev().cloned());
    let mut directory = Directory::new(federation.founding.clone());
    for part in statements.chunks(batch) {
        directory.extend(part.iter().cloned());
    }
    directory
}

fn agree(one: &Directory, other: &Directory) {
    assert!(is_at_rest(one) && is_at_rest(other));
    assert_eq!(one.faults(), other.faults());
    assert_eq!(one.standing.effects, other.standing.effects);
    assert_eq!(one.standing.tree, other.standing.tree);
}

fn order() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    proptest::collection::vec(any::<prop::sample::Index>(), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_order_of_arrival_gives_the_same_directory_at_rest(
        acts in acts(0..9, 24),
        order in order(),
        batch in 8usize..40,
    ) {
        let federation = Federation::new();
        let speakers = ALL.map(|code| Speaker::of(&federation, code)).into();
        let federation = after(federation, speakers, &acts);
        agree(&arrived(&federation, &order, batch), &federation.directory());
    }

    #[test]
    fn a_tree_that_changes_comes_to_rest(
        acts in proptest::collection::vec((any::<bool>(), acts(0..11, 2)), 1..24),
        order in order(),
        batch in 8usize..40,
    ) {
        let federation = Federation::new();
        let speakers = [CITY, COUNTY, FENGDU, QINGYA, COUNTY].map(|code| Speaker::of(&federation, code)).into();
        let acts: Vec<Act> = acts
            .into_iter()
            .flat_map(|(moves, acts)| acts.into_iter().map(move |act| if moves { Act { kind: 9, ..act } } else { act }))
            .collect();
        let federation = after(federation, speakers, &acts);
        agree(&arrived(&federation, &order, batch), &federation.directory());
    }

    #[test]
    fn authorities_of_one_org_that_revoke_one_another_come_to_rest(
        acts in acts(0..6, 32),
        order in order(),
        batch in 8usize..40,
    ) {
        let mut federation = Federation::new();
        let county = Speaker::of(&federation, COUNTY);
        let mut speakers = vec![Speaker::of(&federation, FENGDU)];
        for n in 0..3 {
            speakers.push(county.empowers(&mut federation, FENGDU, &format!("sibling {n}"), 1));
        }
        for n in 0..3 {
            let above = speakers[n].clone();
            speakers.push(above.empowers(&mut federation, FENGDU, &format!("junior {n}"), 1));
        }
        let mut acts = acts;
        acts.iter_mut().filter(|act| act.kind == 1).for_each(|act| act.kind = 0);
        let federation = after(federation, speakers, &acts);
        agree(&arrived(&federation, &order, batch), &federation.directory());
    }
}

/// Each authority revokes the next, from the root down to a station: every second revocation stands, and each is settled
/// only once the one before it is.
#[test]
fn a_long_line_of_decisions_that_rest_on_one_another_comes_to_rest() {
    let mut federation = Federation::new();
    let mut revoker = Speaker::of(&federation, CITY);
    let mut revocations: Vec<StatementId> = Vec::new();
    for (depth, code) in [SHIQIAO, FENGDU, COUNTY, CITY].into_iter().enumerate().rev() {
        let mut above = Speaker::of(&federation, code);
        for n in 0..10 + depth {
            let next = above.empowers(&mut federation, code, &format!("{code} next {n}"), depth as u8);
            let target = next.appointment.unwrap();
            let revocation = revoker.says(&federation, revoking(target));
            revocations.push(federation.add(revocation));
            revoker = next;
            above = above.empowers(&mut federation, code, &format!("{code} above {n}"), depth as u8);
        }
    }
    let directory = federation.directory();
    assert!(is_at_rest(&directory));
    assert_eq!(revocations.len(), 13 + 12 + 11 + 10);
    for (n, revocation) in revocations.iter().enumerate() {
        let found = standing(&directory, revocation);
        match n % 2 {
            0 => assert_eq!(found, Ok(()), "revocation {n}"),
            _ => assert_eq!(
                found,
                Err(StatementFault::Contested(revocations[n - 1])),
                "revocation {n}"
            ),
        }
    }
}
