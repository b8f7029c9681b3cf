//! Confirmations: a second person stands for what others wrote, and a later change shows.

use super::*;

impl World {
    /// What somebody signs who read up to `heads`.
    pub(super) fn confirmation(&self, heads: &[ChangeId]) -> Put {
        let graph = Graph::build(&self.held);
        let places: Vec<usize> = heads
            .iter()
            .map(|head| graph.position(head).expect("held"))
            .collect();
        let digest = seal_digest(&graph, &places);
        Put::event(&Event::Confirm {
            of: Confirmed::Record {
                heads: heads.to_vec(),
                digest,
            },
        })
    }

    /// `name` confirms all that is there.
    pub(super) fn confirm_all(&mut self, log: usize, name: &str) -> ChangeId {
        let heads = self.state().heads;
        let put = self.confirmation(&heads);
        self.write(log, name, &heads, vec![put])
    }

    /// `name` confirms the only event of a change.
    fn confirm_event(&mut self, log: usize, name: &str, of: ChangeId) -> ChangeId {
        let event = event_id(&of, 0);
        self.next(
            log,
            name,
            vec![Put::event(&Event::Confirm {
                of: Confirmed::Event { event },
            })],
        )
    }

    fn confirmation_of(&self, of: ChangeId) -> Vec<bool> {
        let state = self.state();
        let notes = state.notes.get(&event_id(&of, 0)).cloned().unwrap_or_default();
        notes.confirmed.iter().map(|by| by.current).collect()
    }
}

#[test]
fn a_second_person_confirms_and_a_later_change_shows() {
    let mut world = World::new();
    world.next(0, "秘书", vec![topic("走访"), line("三户")]);
    assert_eq!(world.state().confirmation(), Confirmation::None);
    let by = world.confirm_all(1, "陈大山");
    assert_eq!(world.effect(by), Ok(()));
    assert_eq!(world.state().confirmation(), Confirmation::Current);
    // Another who confirms, and a seal, change nothing of what was confirmed.
    world.confirm_all(2, "代表工委");
    world.next(1, "陈大山", vec![sign_in("陈大山", Level::Township)]);
    assert_eq!(
        world.state().confirmation(),
        Confirmation::Changed,
        "an event is content"
    );
    world.confirm_all(2, "代表工委");
    world.seal_all(0, "秘书", Level::Township, FENGDU);
    let state = world.state();
    assert_eq!(state.confirmation(), Confirmation::Current);
    let current: Vec<bool> = state.confirmed.iter().map(|by| by.current).collect();
    assert_eq!(
        current,
        [false, false, true],
        "those before stay, and say of what they were"
    );
    world.next(0, "秘书", vec![topic("改题")]);
    let state = world.state();
    assert_eq!(state.confirmation(), Confirmation::Changed);
    assert!(
        state.events.iter().all(|event| event.effect.is_ok()),
        "a later change breaks no confirmation"
    );
}

#[test]
fn a_confirmation_is_current_only_of_what_its_heads_hold() {
    let mut world = World::new();
    let seen = world.next(0, "秘书", vec![topic("走访")]);
    world.write(0, "林秀兰", &[seen], vec![line("同时")]);
    let put = world.confirmation(&[seen]);
    let by = world.write(1, "陈大山", &[seen], vec![put]);
    assert_eq!(world.effect(by), Ok(()));
    assert_eq!(
        world.state().confirmation(),
        Confirmation::Changed,
        "what was not seen is not confirmed"
    );
}

#[test]
fn nobody_confirms_what_they_wrote() {
    use Ineffective::OwnWriting;
    let mut world = World::new();
    world.next(0, "秘书", vec![topic("走访")]);
    let by = world.confirm_all(0, "秘书");
    assert_eq!(world.effect(by), Err(OwnWriting));
    // By another key neither.
    let again = world
        .federation
        .person(org(COUNTY), "秘书", &[Role::Secretary], None);
    world.directory = world.federation.directory();
    world.people.push(("另一把钥匙", again));
    let by = world.confirm_all(2, "另一把钥匙");
    assert_eq!(world.effect(by), Err(OwnWriting));
    assert_eq!(world.state().confirmation(), Confirmation::None);
    // Who only confirmed or sealed wrote nothing of it.
    let by = world.confirm_all(1, "陈大山");
    assert_eq!(world.effect(by), Ok(()));
    let by = world.confirm_all(1, "陈大山");
    assert_eq!(
        world.effect(by),
        Err(Ineffective::Once),
        "the same is confirmed once"
    );
    world.next(1, "陈大山", vec![line("补记")]);
    let by = world.confirm_all(1, "陈大山");
    assert_eq!(
        world.effect(by),
        Err(OwnWriting),
        "a confirmation is of the whole"
    );
}

#[test]
fn what_does_not_count_makes_nobody_an_author() {
    let mut world = World::new();
    world.next(0, "秘书", vec![topic("走访")]);
    world.next(1, "陈大山", vec![Put::field("no_such_field", Value::Null)]);
    let by = world.confirm_all(1, "陈大山");
    assert_eq!(world.effect(by), Ok(()));
    assert_eq!(world.state().confirmation(), Confirmation::Current);
}

#[test]
fn a_confirmation_over_what_it_does_not_say_has_no_effect() {
    let mut world = World::new();
    let a = world.next(0, "秘书", vec![topic("走访")]);
    let confirm = |heads: Vec<ChangeId>| {
        let digest = Hash([0; 32]);
        Put::event(&Event::Confirm {
            of: Confirmed::Record { heads, digest },
        })
    };
    for (heads, expected) in [
        (vec![ChangeId([0; 32])], Ineffective::UnknownHead),
        (vec![a], Ineffective::OtherDigest),
    ] {
        let by = world.write(1, "陈大山", &[a], vec![confirm(heads)]);
        assert_eq!(world.effect(by), Err(expected));
    }
    let by = world.confirm_event(1, "陈大山", a);
    assert_eq!(world.effect(by), Err(Ineffective::UnknownEvent));
}

#[test]
fn who_may_confirm_is_who_writes_the_ledger_or_holds_such_an_office() {
    let mut world = World::new();
    world.next(0, "秘书", vec![topic("走访")]);
    for (role, counts) in [
        (Role::GroupLeader, true), // a writer of activities
        (Role::DutySupervisor, true),
        (Role::PresidiumChair, true),
        (Role::Teller, true),
        (Role::Auditor, false),
        (Role::Publicist, false),
        (Role::DeptOfficer, false),
    ] {
        let person = world.federation.person(org(FENGDU), role.zh(), &[role], None);
        world.directory = world.federation.directory();
        world.people.push((role.zh(), person));
        let by = world.confirm_all(0, role.zh());
        let history = world.state().history;
        let verdict = history
            .iter()
            .find(|item| item.change == by)
            .map(|item| item.verdict.clone());
        let expected = RefusalReason::RoleForEvent(EventKind::Confirm);
        match verdict.expect("is there") {
            Verdict::Counts { .. } => assert!(counts, "{role:?}"),
            verdict => assert_eq!((verdict, counts), (refused(expected), false), "{role:?}"),
        }
    }
}

#[test]
fn an_event_is_confirmed_as_it_is_corrected_so_far() {
    let mut world = World::new();
    let line = world.next(0, "秘书", vec![line("三户")]);
    let own = world.confirm_event(0, "秘书", line);
    assert_eq!(world.effect(own), Err(Ineffective::OwnWriting));
    let by = world.confirm_event(1, "陈大山", line);
    assert_eq!(world.effect(by), Ok(()));
    let once = world.confirm_event(1, "陈大山", line);
    assert_eq!(world.effect(once), Err(Ineffective::Once));
    let seal = world.seal_all(0, "秘书", Level::Township, FENGDU);
    let of_seal = world.confirm_event(1, "陈大山", seal);
    assert_eq!(world.effect(of_seal), Err(Ineffective::OtherKind));
    assert_eq!(world.confirmation_of(line), [true]);
    world.correct(0, "秘书", line, Right::Nothing);
    assert_eq!(world.confirmation_of(line), [false], "corrected since");
    let by = world.confirm_event(1, "陈大山", line);
    assert_eq!(world.effect(by), Ok(()), "as it is now");
    assert_eq!(world.confirmation_of(line), [false, true]);
}
