use super::recording::{confirmed_for, named, present};
use super::*;

#[derive(Debug, Clone)]
struct Step {
    log: usize,
    who: usize,
    /// Which earlier changes the author had seen.
    seen: u32,
    act: u8,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0usize..3, 0usize..8, any::<u32>(), 0u8..16).prop_map(|(log, who, seen, act)| Step {
        log,
        who,
        seen,
        act,
    });
    proptest::collection::vec(step, 1..16)
}

fn sorted(deps: &[ChangeId]) -> Vec<ChangeId> {
    let mut sorted = deps.to_vec();
    sorted.sort_unstable();
    sorted
}

impl World {
    /// One of those who write, with the id or by name alone, or somebody else.
    fn actor(&self, n: usize) -> OfficeHolder {
        match self.people.get(n % 10) {
            Some((name, _)) => named(name, self.id_of(name).filter(|_| n.is_multiple_of(2))),
            None => named("何主席", None),
        }
    }

    /// A history as several people write it, each knowing a part; some may not write at all.
    fn run(&mut self, steps: &[Step]) {
        for (n, step) in steps.iter().enumerate() {
            let deps: Vec<ChangeId> = self
                .held
                .iter()
                .enumerate()
                .filter(|(at, _)| step.seen & (1 << at) != 0)
                .map(|(_, held)| held.id)
                .collect();
            let name = self.people[step.who].0;
            let level = [Level::Township, Level::County][step.who % 2];
            let code = [FENGDU, QINGYA, COUNTY][step.log];
            let put = match step.act {
                0 | 1 => topic(&format!("{n}")),
                2 => Put::field("topic", Value::Null),
                3 => Put::field("days", Value::Int(n as i64)),
                4 => line("记"),
                5 | 6 => sign_in(name, level),
                7 if !deps.is_empty() => self.seal(level, code, &deps[..1]),
                8 | 9 if !deps.is_empty() => self.confirmation(&sorted(&deps)),
                10 if !deps.is_empty() => Put::event(&Event::Correct {
                    of: event_id(&deps[0], 0),
                    reason: "错".into(),
                    right: Right::Said {
                        happened: "2026-03-02".into(),
                        text: (n % 2 == 0).then(|| format!("{n}")),
                    },
                }),
                11 if !deps.is_empty() => Put::event(&Event::Confirm {
                    of: Confirmed::Event {
                        event: event_id(&deps[0], 0),
                    },
                }),
                12 => present(self.actor(n), level),
                13 if !deps.is_empty() => self.paper(self.actor(n), &sorted(&deps)),
                14 if !deps.is_empty() => confirmed_for(
                    Confirmed::Event {
                        event: event_id(&deps[0], 0),
                    },
                    self.actor(n),
                ),
                _ => Put::field("no_such_field", Value::Null),
            };
            self.write(step.log, name, &deps, vec![put]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_order_of_arrival_gives_the_same_state_byte_for_byte(
        steps in steps(),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let mut world = World::new();
        world.run(&steps);
        let expected = world.bytes(&world.held);
        let mut arrived: Vec<Held> = order.iter().map(|n| n.get(&world.held).clone()).collect();
        arrived.extend(world.held.iter().rev().cloned());
        prop_assert_eq!(world.bytes(&arrived), expected);
        // A part of it, then the rest: the same again, and what was missing was waited for.
        let part: Vec<Held> = order.iter().map(|n| n.get(&world.held).clone()).collect();
        let held: BTreeSet<ChangeId> = part.iter().map(|held| held.id).collect();
        let state = world.fold(&part);
        prop_assert_eq!(state.history.len(), held.len());
        for item in &state.history {
            if let Verdict::Pending { reason: PendingReason::Dependency(missing) } = item.verdict {
                prop_assert!(!held.contains(&missing));
            }
        }
    }

    #[test]
    fn the_fold_keeps_its_rules_on_random_histories(steps in steps()) {
        let mut world = World::new();
        world.run(&steps);
        let graph = Graph::build(&world.held);
        let state = world.state();
        let counts: BTreeSet<ChangeId> = state
            .history
            .iter()
            .filter(|item| matches!(item.verdict, Verdict::Counts { .. }))
            .map(|item| item.change)
            .collect();
        prop_assert!(state.events.iter().all(|event| counts.contains(&event.change)));
        let at = |id: &ChangeId| graph.position(id).unwrap();
        for (n, later) in state.events.iter().enumerate() {
            for earlier in &state.events[..n] {
                prop_assert!(!graph.saw(at(&earlier.change), at(&later.change)), "causal order");
            }
        }
        for (name, field) in &state.fields {
            prop_assert!(field.candidates.is_sorted_by(|a, b| a.op > b.op));
            prop_assert_eq!(&field.value, &field.candidates[0].value);
            let puts = world.held.iter().filter(|held| {
                counts.contains(&held.id) && held.change.puts.iter().any(|put| put.field_name() == Some(name.as_str()))
            });
            for held in puts {
                let covered = field.candidates.iter().any(|c| c.change == held.id || graph.saw(at(&c.change), at(&held.id)));
                prop_assert!(covered, "every counting put stands or is covered by one that stands");
            }
        }
        let holder = |by: &Capacity| by.person.map_or(by.appointment.0.to_vec(), |person| person.0.to_vec());
        let by_id = |id: &Hash| state.event(id).expect("it is there");
        let content = |change: &ChangeId| {
            let puts = &graph.changes()[at(change)].change.puts;
            let event = state.events.iter().find(|event| event.change == *change);
            puts[0].field_name().is_some() || event.is_some_and(|event| event.event.kind().is_content())
        };
        let by_key = state.confirmed.iter().chain(state.notes.values().flat_map(|notes| &notes.confirmed));
        for by in by_key {
            prop_assert_eq!(by_id(&by.event).event.kind(), EventKind::Confirm, "paper is never counted as by key");
        }
        let on_paper = state.confirmed_for.iter().chain(state.notes.values().flat_map(|notes| &notes.confirmed_for));
        for by in on_paper {
            let recorded = by_id(&by.event);
            prop_assert_eq!(recorded.event.kind(), EventKind::ConfirmFor);
            let (actor, proof, _) = recorded.event.for_another().expect("is for another");
            prop_assert!(!recorded.by.is(actor) && proof != Proof::Key);
        }
        if state.confirmed.iter().all(|by| !by.current) {
            prop_assert!(state.confirmation() != Confirmation::Current);
        }
        for by in &state.confirmed_for {
            let recorded = by_id(&by.event);
            let Event::ConfirmFor { of: Confirmed::Record { heads, .. }, actor, .. } = &recorded.event else { panic!("a confirmation") };
            let covered = graph.covered(&heads.iter().map(at).collect::<Vec<_>>());
            for item in &state.history {
                let Verdict::Counts { capacity, .. } = &item.verdict else { continue };
                if content(&item.change) {
                    prop_assert!(!covered[at(&item.change)] || !capacity.is(actor), "nobody confirms what they wrote");
                    prop_assert!(!by.current || covered[at(&item.change)]);
                }
            }
        }
        for by in &state.confirmed {
            let confirm = by_id(&by.event);
            let Event::Confirm { of: Confirmed::Record { heads, .. } } = &confirm.event else { panic!("a confirmation") };
            let places: Vec<usize> = heads.iter().map(at).collect();
            let covered = graph.covered(&places);
            let mut current = true;
            for item in &state.history {
                let Verdict::Counts { capacity, .. } = &item.verdict else { continue };
                if content(&item.change) {
                    current &= covered[at(&item.change)];
                    prop_assert!(
                        !covered[at(&item.change)] || holder(capacity) != holder(&confirm.by),
                        "nobody confirms what they wrote"
                    );
                }
            }
            prop_assert_eq!(by.current, current);
        }
        for (of, notes) in &state.notes {
            let original = by_id(of);
            prop_assert!(original.effect.is_ok() && original.event.kind().states(), "what is corrected stays");
            for id in &notes.corrections {
                let by = by_id(id);
                prop_assert!(graph.saw(at(&by.change), at(&original.change)));
                let actor = original.event.for_another().map(|(actor, ..)| actor);
                prop_assert!(
                    by.by.org == original.by.org
                        || holder(&by.by) == holder(&original.by)
                        || actor.is_some_and(|actor| by.by.is_known_as(actor))
                );
            }
            for by in &notes.confirmed {
                prop_assert!(holder(&by_id(&by.event).by) != holder(&original.by));
            }
        }
        let ops: BTreeSet<OpId> =
            (0..graph.changes().len()).flat_map(|n| (0..graph.changes()[n].change.puts.len()).map(move |p| (n, p)))
                .map(|(n, position)| graph.op(n, position)).collect();
        prop_assert_eq!(ops.len(), world.held.iter().map(|held| held.change.puts.len()).sum::<usize>());
    }
}

#[test]
fn a_receipt_of_the_parent_verifies_for_its_log_alone() {
    let mut world = World::new();
    world.next(0, "秘书", vec![topic("走访")]);
    let first = world.federation.receipt(&world.logs[0]);
    world.next(0, "秘书", vec![topic("座谈")]);
    let receipt = world.federation.receipt(&world.logs[0]);
    let log = &world.logs[0];
    for receipt in [&first, &receipt] {
        assert_eq!(receipt.verify(&log.origin, &log.start.node), Ok(()));
        assert!(receipt.verify(&world.logs[1].origin, &log.start.node).is_err());
        assert!(receipt.verify(&log.origin, &world.logs[1].start.node).is_err());
    }
    assert_eq!(
        (receipt.witness_index.0, receipt.witness_size.0, receipt.size.0),
        (1, 2, 3)
    );
    let later = crate::log::Receipt {
        time_s: receipt.time_s + 1,
        ..receipt.clone()
    };
    assert!(later.verify(&log.origin, &log.start.node).is_err());
    let statement = crate::log::LogStatement::Receipt(receipt);
    world.logs[0].append_statement(&statement);
    let payload = world.logs[0].payloads.last().unwrap();
    assert_eq!(crate::log::LogStatement::parse(payload), Ok(statement));
    let of_root = world
        .federation
        .log(org(CITY), &Space::of(org(CITY), Audience::City), 1);
    assert_eq!(
        world
            .federation
            .receipt(&of_root)
            .verify(&of_root.origin, &of_root.start.node),
        Ok(())
    );
}
