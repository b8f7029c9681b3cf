use super::*;

#[test]
fn a_put_supersedes_what_its_author_saw_and_nothing_else() {
    let mut world = World::new();
    let a = world.write(0, "秘书", &[], vec![topic("甲")]);
    let b = world.write(1, "陈大山", &[a], vec![topic("乙")]);
    let c = world.write(2, "周敏", &[a], vec![topic("丙")]);
    let state = world.state();
    let field = &state.fields["topic"];
    let of: BTreeSet<ChangeId> = field
        .candidates
        .iter()
        .map(|candidate| candidate.change)
        .collect();
    assert_eq!(
        of,
        BTreeSet::from([b, c]),
        "two concurrent values, and not what both saw"
    );
    assert!(field.candidates[0].op > field.candidates[1].op);
    assert_eq!(
        field.value, field.candidates[0].value,
        "the greatest operation id is in force"
    );
    assert_eq!(state.heads, {
        let mut heads = vec![b, c];
        heads.sort_unstable();
        heads
    });
    world.next(0, "秘书", vec![topic("丁")]);
    assert_eq!(
        world.state().fields["topic"].candidates.len(),
        1,
        "settled by who saw both"
    );
    assert_eq!(world.state().text("topic"), "丁");
    // An author's own later change in the same log follows the earlier one, stated or not.
    world.write(0, "秘书", &[], vec![topic("戊")]);
    assert_eq!(world.state().fields["topic"].candidates.len(), 1);
    world.next(0, "秘书", vec![Put::field("topic", Value::Null)]);
    assert!(!world.state().fields.contains_key("topic"), "null empties");
    assert_eq!(world.state().value("topic"), &Value::Null);
}

#[test]
fn what_is_refused_never_covers_what_counts() {
    let mut world = World::new();
    let a = world.write(0, "秘书", &[], vec![topic("甲")]);
    let bad = world.write(0, "宣传员", &[a], vec![topic("改")]);
    assert_eq!(world.state().text("topic"), "甲");
    // Who counts and saw `a` only through the refused change supersedes it all the same, and counts on from there.
    let b = world.write(1, "陈大山", &[bad], vec![topic("乙")]);
    let state = world.state();
    assert_eq!(state.fields["topic"].candidates.len(), 1);
    assert_eq!((state.text("topic"), &state.heads), ("乙", &vec![b]));
    assert_eq!(
        state.fields["topic"].candidates[0].op.counter, 3,
        "a counter passes over no verified change"
    );
    assert_eq!(state.history.len(), 3);
    // An emptied value beside a concurrent one is a conflict, not an absence.
    let mut world = World::new();
    let a = world.write(0, "秘书", &[], vec![topic("甲")]);
    world.write(1, "陈大山", &[a], vec![topic("乙")]);
    world.write(2, "周敏", &[a], vec![Put::field("topic", Value::Null)]);
    assert_eq!(world.state().fields["topic"].candidates.len(), 2);
}

#[test]
fn what_waits_for_a_missing_change_waits_to_the_end_and_folds_when_it_comes() {
    let mut world = World::new();
    let a = world.write(0, "秘书", &[], vec![topic("甲")]);
    let b = world.write(1, "陈大山", &[a], vec![topic("乙"), line("乙的记录")]);
    let c = world.write(2, "周敏", &[b], vec![topic("丙")]);
    let full = world.bytes(&world.held);
    let part = [world.held[0].clone(), world.held[2].clone()];
    let state = world.fold(&part);
    assert_eq!((state.text("topic"), &state.heads), ("甲", &vec![a]));
    assert_eq!(state.history[1].verdict, pending(PendingReason::Dependency(b)));
    let far = world.fold(&world.held[2..]);
    assert_eq!(far.history[0].verdict, pending(PendingReason::Dependency(b)));
    let middle = world.fold(&world.held[1..]);
    assert!(
        middle
            .history
            .iter()
            .all(|item| item.verdict == pending(PendingReason::Dependency(a))),
        "transitively"
    );
    assert_eq!(
        middle
            .history
            .iter()
            .map(|item| item.change)
            .collect::<BTreeSet<_>>(),
        BTreeSet::from([b, c])
    );
    assert_eq!(
        world.bytes(&[part.as_slice(), &[world.held[1].clone()]].concat()),
        full
    );
    // The author's own next change in the log waits as well, though it names nothing that is missing.
    world.write(2, "周敏", &[], vec![topic("丁")]);
    let late = [
        world.held[0].clone(),
        world.held[2].clone(),
        world.held[3].clone(),
    ];
    assert_eq!(
        world.fold(&late).history[2].verdict,
        pending(PendingReason::Dependency(b))
    );
}

#[test]
fn a_forked_log_and_a_change_that_stands_twice_fold_in_any_order() {
    let mut world = World::new();
    let mut branch = world.federation.log(org(FENGDU), &world.space, 1);
    world.write(0, "秘书", &[], vec![topic("甲")]);
    let other = branch.append_change(&world.person("秘书"), world.record(), &[], vec![topic("乙")]);
    let first = world.held[0].clone();
    assert!(first.index == other.index && first.origin == other.origin && first.id != other.id);
    let witnessed = Held {
        covered: covered(Timestamp(START.0 + DAY)),
        ..first.clone()
    };
    let again = Held {
        index: crate::log::EntryIndex(9),
        ..first.clone()
    };
    let all = [first, other, witnessed, again];
    let expected = world.bytes(&all);
    for order in [[3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]] {
        let shuffled: Vec<Held> = order.iter().map(|n| all[*n].clone()).collect();
        assert_eq!(world.bytes(&shuffled), expected);
    }
    assert_eq!(world.fold(&all).history.len(), 2, "one header counts once");
}
