use super::*;

/// What is said of each of `ids`.
fn verdicts_of(state: &RecordState, ids: &[ChangeId]) -> Vec<Verdict> {
    let of = |id: &ChangeId| {
        let mut history = state.history.iter();
        history
            .find(|item| item.change == *id)
            .expect("held")
            .verdict
            .clone()
    };
    ids.iter().map(of).collect()
}

#[test]
fn a_record_is_of_the_ledger_and_the_space_for_which_its_id_was_minted() {
    let mut federation = Federation::new();
    let space = Space::of(org(SHIQIAO), Audience::County);
    let liaison = federation.person(org(SHIQIAO), "甲", &[Role::OpinionLiaison], None);
    let mut log = federation.log(org(SHIQIAO), &space, 1);
    let [letters, subject] = ["letters_visits", "subject"].map(|id| ledger::ledger(id).unwrap().hash());
    log.definition = letters;
    let id = log.record(2);
    let directory = federation.directory();
    let put = |text: &str| vec![Put::field("gist", text.into())];
    // Whatever stands before it, and by whatever author: what is not what the id was minted for does not begin it.
    log.definition = subject;
    let other_ledger = log.append_salted(&liaison, id, crate::testing::first_salt(2), &[], put("甲"));
    log.definition = letters;
    let other_salt = log.append_salted(&liaison, id, [7; 16], &[], put("乙"));
    let on_it = log.append_change(&liaison, id, &[other_salt.id], put("丙"));
    let first = log.append_change(&liaison, id, &[], put("丁"));
    log.definition = subject;
    let strange = log.append_change(&liaison, id, &[first.id], put("戊"));
    log.definition = letters;
    let next = log.append_change(&liaison, id, &[strange.id, on_it.id], put("己"));
    let after = log.append_salted(&liaison, id, [7; 16], &[], put("庚"));
    let last = log.append_change(&liaison, id, &[next.id], put("辛"));
    let held = [other_ledger, other_salt, on_it, first, strange, next, after, last];
    let ids = held.each_ref().map(|held| held.id);
    // As a judge says who finds them all good, each by the ledger of its definition.
    let good = judge_in(&directory, &space, node_of(SHIQIAO), &held[3]);
    let Verdict::Counts { capacity, .. } = good else {
        panic!("counts")
    };
    let verdict = |held: &Held| Verdict::Counts {
        capacity: capacity.clone(),
        ledger: find_ledger(&held.change.definition).expect("built in").id.clone(),
        provisional: true,
        adopted: None,
    };
    let state = fold(id, &space.id(), &held, verdict, find_ledger);
    let unrooted = || refused(RefusalReason::Unrooted);
    assert_eq!(
        verdicts_of(&state, &ids),
        [
            unrooted(),
            unrooted(),
            unrooted(),
            verdict(&held[3]),
            refused(RefusalReason::OtherLedger),
            verdict(&held[5]),
            unrooted(),
            verdict(&held[7]),
        ]
    );
    assert_eq!((state.definition, state.text("gist")), (Some(letters), "辛"));
    let state = fold(id, &space.id(), &held[..5], verdict, find_ledger);
    assert_eq!(state.text("gist"), "丁", "what is refused covers nothing");
    // In another space nothing belongs to it.
    let elsewhere = Space::of(org(SHIQIAO), Audience::City);
    let state = fold(id, &elsewhere.id(), &held, verdict, find_ledger);
    assert_eq!(verdicts_of(&state, &ids), vec![unrooted(); held.len()]);
    assert_eq!((state.definition, state.fields.len()), (None, 0));
    // What the first change names must be here before anything of the record is judged.
    let unknown = |hash: &Hash| find_ledger(hash).filter(|_| *hash != letters);
    let state = fold(id, &space.id(), &held, verdict, unknown);
    let waits = || pending(PendingReason::Definition(letters));
    let found = verdicts_of(&state, &ids);
    assert_eq!(found[..3], [unrooted(), unrooted(), unrooted()]);
    assert_eq!(found[3..], [waits(), waits(), waits(), unrooted(), waits()]);
}

/// `count` changes of one record in one log, each by its author alone.
fn many(count: usize) -> (World, Vec<Held>) {
    let mut world = World::new();
    let secretary = world.person("秘书");
    let record = world.record();
    let first = world.logs[0].append_change(&secretary, record, &[], vec![topic("一")]);
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
        let verdict = world.verdict(held);
        assert!(matches!(verdict, Verdict::Counts { .. }));
        verdict
    };
    let state = world.fold_by(&held, verdict);
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
    let again = world.fold_by(&held, verdict);
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

/// Deps are hashes and go round in no circle; with the order of the log, which an author chooses, they can. What is in it waits
/// for itself, and everything else goes on.
#[test]
fn a_change_that_saw_a_later_one_of_its_log_waits_for_ever_and_holds_up_nobody() {
    let mut federation = Federation::new();
    let space = Space::of(org(SHIQIAO), Audience::City);
    let author = federation.person(org(SHIQIAO), "甲", &[Role::StationLiaison], None);
    let other = federation.person(org(SHIQIAO), "乙", &[Role::StationLiaison], None);
    let written = |second_saw: &[ChangeId]| {
        let mut log = federation.log(org(SHIQIAO), &space, 1);
        let record = log.record(1);
        let first = log.append_change(&author, record, &[], vec![topic("一")]);
        let deps: Vec<ChangeId> = [first.id].iter().chain(second_saw).copied().collect();
        let second = log.append_change(&author, record, &deps, vec![topic("二")]);
        let third = log.append_change(&author, record, &[first.id], vec![topic("三")]);
        let fourth = log.append_change(&other, record, &[first.id], vec![topic("四")]);
        let fifth = log.append_change(&other, record, &[second.id], vec![topic("五")]);
        vec![first, second, third, fourth, fifth]
    };
    let seen = written(&[])[2].id;
    let held = written(&[seen]);
    assert_eq!(held[2].id, seen, "the same change");
    let graph = Graph::build(&held);
    let placed: Vec<ChangeId> = graph.changes().iter().map(|held| held.id).collect();
    assert_eq!(placed, [held[0].id, held[3].id]);
    let waits: Vec<(ChangeId, ChangeId)> = graph.waiting().iter().map(|(held, on)| (held.id, *on)).collect();
    let for_itself = [1, 2, 4].map(|n: usize| (held[n].id, held[n].id));
    assert_eq!(waits, for_itself);
}

/// Who waits for a circle alone has nothing to search for. Here each search would go over all changes before, and there are
/// as many as a log may have.
#[test]
fn many_changes_behind_a_circle_wait_for_themselves() {
    let mut federation = Federation::new();
    let space = Space::of(org(SHIQIAO), Audience::City);
    let author = federation.person(org(SHIQIAO), "甲", &[Role::StationLiaison], None);
    let mut log = federation.log(org(SHIQIAO), &space, 1);
    let record = log.record(1);
    let mut first = log.append_change(&author, record, &[], vec![topic("一")]);
    let second = log.append_change(&author, record, &[], vec![topic("二")]);
    first.change.deps = vec![second.id];
    let origin = crate::id::Origin::parse("lianzhan/log/behind").unwrap();
    let id = |n: usize| ChangeId(crate::id::Hash::plain(&n.to_be_bytes()).0);
    let mut held = vec![first.clone(), second];
    for n in 0..limits::LOG_CHANGES_MAX {
        let mut deps: Vec<ChangeId> = (n.saturating_sub(limits::DEPS_MAX - 1)..n).map(id).collect();
        deps.push(first.id);
        let mut behind = first.clone();
        (behind.id, behind.origin, behind.index) =
            (id(n), origin.clone(), crate::log::EntryIndex(n as u64 + 1));
        behind.change.deps = deps;
        held.push(behind);
    }
    let graph = Graph::build(&held);
    assert!(graph.changes().is_empty());
    assert_eq!(graph.waiting().len(), held.len());
    assert!(graph.waiting().iter().all(|(change, on)| change.id == *on));
}
