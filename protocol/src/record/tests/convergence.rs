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
    let step = (0usize..3, 0usize..8, any::<u32>(), 0u8..9).prop_map(|(log, who, seen, act)| Step {
        log,
        who,
        seen,
        act,
    });
    proptest::collection::vec(step, 1..16)
}

impl World {
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
