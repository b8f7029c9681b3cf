use super::*;

#[test]
fn a_record_stays_in_the_ledger_of_its_first_counting_change() {
    let mut federation = Federation::new();
    let space = Space::of(org(SHIQIAO), Audience::County);
    let liaison = federation.person(org(SHIQIAO), "甲", &[Role::OpinionLiaison], None);
    let mut log = federation.log(org(SHIQIAO), &space, 1);
    let definition = ledger::ledger("letters_visits").unwrap().hash();
    log.definition = definition;
    let directory = federation.directory();
    let put = |text: &str| vec![Put::field("gist", text.into())];
    let first = log.append_change(&liaison, record(2), &[], put("甲"));
    let other = log.append_change(&liaison, record(2), &[first.id], put("乙"));
    let refused_before = log.append_change(&liaison, record(2), &[], put("丙"));
    let third = log.append_change(&liaison, record(2), &[other.id], put("丁"));
    let ids = [&first, &other, &refused_before, &third].map(|held| held.id);
    // As a judge says who finds all three good, each by a ledger of its own.
    let verdict = |held: &Held| {
        let Verdict::Counts {
            capacity,
            provisional,
            ..
        } = judge_in(&directory, &space, Some(org(SHIQIAO)), held)
        else {
            panic!("counts")
        };
        let of = if held.id == ids[1] {
            "meeting_minutes"
        } else {
            "letters_visits"
        };
        match held.id == ids[2] {
            true => refused(RefusalReason::OutOfTime),
            false => Verdict::Counts {
                capacity,
                ledger: of.into(),
                provisional,
            },
        }
    };
    let held = [first, other, refused_before, third];
    let state = fold(record(2), &held, verdict);
    let of = |id: &ChangeId| {
        &state
            .history
            .iter()
            .find(|item| item.change == *id)
            .unwrap()
            .verdict
    };
    assert_eq!(*of(&ids[1]), refused(RefusalReason::OtherLedger));
    assert_eq!(*of(&ids[2]), refused(RefusalReason::OutOfTime));
    assert!(matches!(of(&ids[3]), Verdict::Counts { .. }));
    assert_eq!((state.definition, state.text("gist")), (Some(definition), "丁"));
    let state = fold(record(2), &held[..2], verdict);
    assert_eq!(state.text("gist"), "甲", "what is refused covers nothing");
}

/// `count` changes of one record in one log, each by its author alone.
fn many(count: usize) -> (World, Vec<Held>) {
    let mut world = World::new();
    let secretary = world.person("秘书");
    let first = world.logs[0].append_change(&secretary, record(RECORD), &[], vec![topic("一")]);
    let held = (0..count)
        .map(|n| {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&(n as u64).to_be_bytes());
            Held {
                id: ChangeId(id),
                index: crate::log::EntryIndex(n as u64),
                ..first.clone()
            }
        })
        .collect();
    (world, held)
}

#[test]
fn a_log_adds_so_many_changes_of_a_record_and_no_more() {
    let bound = limits::LOG_CHANGES_MAX;
    let (mut world, mut held) = many(bound + 2);
    let before = world.write(1, "陈大山", &[], vec![topic("乡")]);
    let after = world.write(1, "陈大山", &[held[bound].id, before], vec![topic("后")]);
    held.append(&mut world.held);
    let verdict = |held: &Held| {
        let Verdict::Counts {
            capacity,
            provisional,
            ..
        } = world.verdict(held)
        else {
            panic!("counts")
        };
        Verdict::Counts {
            capacity,
            ledger: "activity".into(),
            provisional,
        }
    };
    let state = fold(record(RECORD), &held, verdict);
    let beyond: Vec<ChangeId> = state
        .history
        .iter()
        .filter(|item| item.verdict == refused(RefusalReason::TooMany))
        .map(|item| item.change)
        .collect();
    assert_eq!(beyond, [held[bound].id, held[bound + 1].id]);
    assert_eq!(state.history.len(), bound + 4);
    // Who names one of them as seen is not held up by it, and does not see through it.
    let graph = Graph::build(&held);
    assert!(graph.waiting().is_empty());
    let at = |id: &ChangeId| graph.position(id).unwrap();
    assert!(graph.saw(at(&after), at(&before)) && !graph.saw(at(&after), at(&held[0].id)));
    assert_eq!(graph.position(&held[bound].id), None);
    assert_eq!(graph.op(at(&after), 0).counter, 2);
    // The line is drawn by place, whatever arrives first; a change that stands twice is one change.
    held.reverse();
    held.extend(held.clone());
    let again = fold(record(RECORD), &held, verdict);
    assert_eq!(again.to_json().to_string(), state.to_json().to_string());
}

#[test]
fn a_change_names_the_oldest_heads_until_all_are_covered() {
    let mut world = World::new();
    let root = world.write(0, "秘书", &[], vec![topic("始")]);
    // Each in a log of its own, so that no author's earlier change is among what it saw.
    for epoch in 2..102 {
        let log = world.federation.log(org(FENGDU), &world.space, epoch);
        world.logs.push(log);
        let deps = if epoch % 2 == 0 { vec![] } else { vec![root] };
        let log = world.logs.len() - 1;
        world.write(log, "秘书", &deps, vec![line("并行")]);
    }
    let heads = |world: &World| Graph::build(&world.held).heads().len();
    assert_eq!(heads(&world), 100);
    let graph = Graph::build(&world.held);
    let deps = graph.deps();
    assert_eq!(deps.len(), limits::DEPS_MAX);
    assert!(deps.is_sorted_by(|a, b| a < b));
    let counters = |of: &[ChangeId]| {
        let mut all: Vec<OpId> = of
            .iter()
            .map(|id| graph.op(graph.position(id).unwrap(), 0))
            .collect();
        all.sort_unstable();
        all
    };
    assert_eq!(counters(&deps), counters(&graph.heads())[..limits::DEPS_MAX]);
    world.write(1, "陈大山", &deps, vec![line("一")]);
    assert_eq!(heads(&world), 100 - limits::DEPS_MAX + 1);
    let deps = Graph::build(&world.held).deps();
    assert_eq!(deps.len(), 37);
    world.write(2, "周敏", &deps, vec![line("二")]);
    let graph = Graph::build(&world.held);
    assert_eq!((graph.heads().len(), graph.deps()), (1, graph.heads()));
}
