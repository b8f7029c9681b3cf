//! What people without a key did: an officer records it with evidence, and it never counts as signed by a key.

use super::*;
use crate::id::PersonId;

/// Somebody by name alone, or by the id that their appointment has.
pub(super) fn named(name: &str, person: Option<PersonId>) -> OfficeHolder {
    OfficeHolder {
        name: name.into(),
        office: "镇人大主席".into(),
        person,
    }
}

pub(super) fn present(actor: OfficeHolder, level: Level) -> Put {
    Put::event(&Event::SignInFor {
        actor,
        level,
        happened: "2026-03-01".into(),
        proof: Proof::Paper,
        evidence: Hash([0xe1; 32]),
    })
}

impl World {
    pub(super) fn id_of(&self, name: &str) -> Option<PersonId> {
        let (_, appointment) = self.person(name);
        self.directory.appointment(&appointment).expect("stands").person
    }

    /// What an officer signs for somebody who read up to `heads`.
    pub(super) fn paper(&self, actor: OfficeHolder, heads: &[ChangeId]) -> Put {
        let Value::Bytes(body) = self.confirmation(heads).value else {
            unreachable!()
        };
        let Ok(Event::Confirm { of }) = Event::parse(&body) else {
            unreachable!()
        };
        confirmed_for(of, actor)
    }

    /// `name` records that `actor` confirmed all that is there.
    fn record_all(&mut self, log: usize, name: &str, actor: OfficeHolder) -> ChangeId {
        let heads = self.state().heads;
        let put = self.paper(actor, &heads);
        self.write(log, name, &heads, vec![put])
    }

    fn verdict_of(&self, change: ChangeId) -> Verdict {
        let history = self.state().history;
        let item = history.into_iter().find(|item| item.change == change);
        item.expect("is there").verdict
    }
}

pub(super) fn confirmed_for(of: Confirmed, actor: OfficeHolder) -> Put {
    Put::event(&Event::ConfirmFor {
        of,
        actor,
        happened: "2026-03-01".into(),
        proof: Proof::Paper,
        evidence: Hash([0xe1; 32]),
    })
}

#[test]
fn a_confirmation_on_paper_stands_apart_from_those_by_key() {
    let mut world = World::new();
    world.next(0, "秘书", vec![topic("走访")]);
    let by = world.record_all(0, "秘书", named("何主席", None));
    assert_eq!(
        world.effect(by),
        Ok(()),
        "who wrote the record may record for another"
    );
    let state = world.state();
    assert_eq!(state.confirmation(), Confirmation::Recorded);
    assert_eq!((state.confirmed.len(), state.confirmed_for.len()), (0, 1));
    // By key it is more.
    world.confirm_all(2, "代表工委");
    let state = world.state();
    assert_eq!(state.confirmation(), Confirmation::Current);
    assert_eq!((state.confirmed.len(), state.confirmed_for.len()), (1, 1));
    assert!(
        state.confirmed_for[0].current,
        "a confirmation by key is no content that it would not cover"
    );
    world.next(0, "秘书", vec![topic("改题")]);
    let state = world.state();
    assert_eq!(state.confirmation(), Confirmation::Changed);
    assert!(!state.confirmed_for[0].current);
}

#[test]
fn nobody_records_their_own_act_or_one_over_what_the_actor_wrote() {
    use Ineffective::{OwnAct, OwnWriting};
    let mut world = World::new();
    world.next(0, "秘书", vec![topic("走访")]);
    world.next(1, "陈大山", vec![line("三户")]);
    let chen = world.id_of("陈大山");
    for (actor, expected) in [
        (named("秘书", world.id_of("秘书")), Err(OwnAct)),
        // Leaving the id out helps nobody.
        (named("秘书", None), Err(OwnAct)),
        (named("陈大山", chen), Err(OwnWriting)),
        (named("别名", chen), Err(OwnWriting)),
        (named("陈大山", None), Err(OwnWriting)),
        // Another of the same name, whose id is another.
        (named("陈大山", Some(PersonId([7; 16]))), Ok(())),
    ] {
        let said = format!("{actor:?}");
        let by = world.record_all(0, "秘书", actor);
        assert_eq!(world.effect(by), expected, "{said}");
    }
}

#[test]
fn the_same_person_is_recorded_once_and_not_after_their_key() {
    use Ineffective::Once;
    let mut world = World::new();
    world.next(0, "秘书", vec![topic("走访")]);
    let chen = world.id_of("陈大山");
    let first = world.record_all(0, "秘书", named("陈大山", None));
    assert_eq!(world.effect(first), Ok(()));
    for actor in [named("陈大山", chen), named("陈大山", None)] {
        let again = world.record_all(0, "秘书", actor);
        assert_eq!(world.effect(again), Err(Once));
    }
    // Their own key is never in the way of paper: it says more.
    let own = world.confirm_all(1, "陈大山");
    assert_eq!(world.effect(own), Ok(()));
    world.confirm_all(1, "周敏");
    let late = world.record_all(0, "秘书", named("周敏", world.id_of("周敏")));
    assert_eq!(world.effect(late), Err(Once), "signed by key before");
}

#[test]
fn who_may_record_is_an_officer_who_writes_the_ledger_where_the_records_are_theirs() {
    let mut world = World::new();
    world.next(0, "秘书", vec![topic("走访")]);
    let role = |kind| refused(RefusalReason::RoleForEvent(kind));
    let org = |kind| refused(RefusalReason::OrgForEvent(kind));
    let kinds = [EventKind::ConfirmFor, EventKind::SignInFor];
    for (name, log, expected) in [
        ("联络员", 0, None),
        // A deputy writes activities, and acts by their own key.
        ("林秀兰", 0, Some(kinds.map(role))),
        // Who does not write activities records nothing of them.
        ("宣传员", 0, Some(kinds.map(role))),
        // The county holds this space and writes in it; it is not its own.
        ("代表工委", 2, Some(kinds.map(org))),
    ] {
        let heads = world.state().heads;
        let puts = [
            world.paper(named("何主席", None), &heads),
            present(named("何代表", None), Level::Township),
        ];
        for (n, put) in puts.into_iter().enumerate() {
            let by = world.write(log, name, &heads, vec![put]);
            match (world.verdict_of(by), &expected) {
                (Verdict::Counts { .. }, None) => {}
                (verdict, Some(expected)) => assert_eq!(verdict, expected[n], "{name}"),
                (verdict, None) => panic!("{name}: {verdict:?}"),
            }
        }
    }
}

#[test]
fn a_recorded_sign_in_says_who_recorded_it_and_makes_its_level_one_that_must_seal() {
    let mut world = World::new();
    world.next(0, "秘书", vec![topic("走访")]);
    let by = world.next(0, "联络员", vec![present(named("市代表", None), Level::City)]);
    assert_eq!(world.effect(by), Ok(()));
    let again = world.next(0, "秘书", vec![present(named("市代表", None), Level::City)]);
    assert_eq!(world.effect(again), Err(Ineffective::Once));
    world.seal_all(0, "秘书", Level::Township, FENGDU);
    let activity = world.activity();
    assert_eq!(activity.required, [Level::City, Level::Township]);
    assert!(!activity.sealed, "the city has not sealed");
    let recorded = activity.signed_in[0].recorded.as_ref().expect("is recorded");
    assert_eq!(
        (activity.signed_in[0].deputy.as_str(), recorded.by.as_str()),
        ("市代表", "联络员")
    );
    // It gives nobody the right to seal for that level: only a key that signed in does.
    world.next(
        2,
        "联络员",
        vec![present(named("周敏", world.id_of("周敏")), Level::County)],
    );
    let seal = world.seal_all(2, "周敏", Level::County, COUNTY);
    assert_eq!(world.effect(seal), Err(Ineffective::NotForThisOrg));
    let own = world.next(2, "周敏", vec![sign_in("周敏", Level::County)]);
    assert_eq!(
        world.effect(own),
        Ok(()),
        "their own key is never refused for paper"
    );
    let seal = world.seal_all(2, "周敏", Level::County, COUNTY);
    assert_eq!(world.effect(seal), Ok(()));
}

#[test]
fn what_was_recorded_wrongly_is_taken_back_by_its_post_or_by_the_person_themselves() {
    let mut world = World::new();
    world.next(0, "秘书", vec![topic("走访")]);
    let paper = world.record_all(0, "秘书", named("陈大山", world.id_of("陈大山")));
    let there = world.next(
        0,
        "秘书",
        vec![present(named("林秀兰", world.id_of("林秀兰")), Level::Township)],
    );
    for (log, name, of, expected) in [
        (2, "代表工委", paper, Err(Ineffective::OtherPost)),
        (0, "林秀兰", paper, Err(Ineffective::OtherPost)),
        (0, "林秀兰", there, Ok(())),
        (1, "陈大山", paper, Ok(())),
    ] {
        let by = world.correct(log, name, of, Right::Nothing);
        assert_eq!(world.effect(by), expected, "{name}");
    }
    let state = world.state();
    let taken_back = |of| matches!(state.correction(&event_id(&of, 0)), Some((_, _, Right::Nothing)));
    assert!(taken_back(paper) && taken_back(there));
    assert!(
        !state.confirmed_for[0].current,
        "what was taken back confirms nothing"
    );
    assert_eq!(state.confirmation(), Confirmation::Changed);
}

#[test]
fn an_event_is_confirmed_on_paper_as_it_is_corrected_so_far() {
    let mut world = World::new();
    let line = world.next(0, "秘书", vec![line("三户")]);
    let event = event_id(&line, 0);
    let on_paper = |world: &mut World, name: &str| {
        let put = confirmed_for(Confirmed::Event { event }, named(name, None));
        world.next(0, "联络员", vec![put])
    };
    let own = on_paper(&mut world, "秘书");
    assert_eq!(world.effect(own), Err(Ineffective::OwnWriting));
    let by = on_paper(&mut world, "何主席");
    assert_eq!(world.effect(by), Ok(()));
    let notes = world.state().notes[&event].clone();
    assert_eq!(notes.confirmation(), Confirmation::Recorded);
    assert_eq!((notes.confirmed.len(), notes.confirmed_for.len()), (0, 1));
    world.correct(0, "秘书", line, Right::Nothing);
    assert_eq!(world.state().notes[&event].confirmation(), Confirmation::Changed);
    let again = on_paper(&mut world, "何主席");
    assert_eq!(world.effect(again), Ok(()), "as it is now");
}

#[test]
fn seals_and_confirmations_sign_the_same_whatever_was_recorded_beside_them() {
    let mut world = World::new();
    world.next(0, "秘书", vec![topic("走访")]);
    let digest = |world: &World| {
        let graph = Graph::build(&world.held);
        let heads: Vec<usize> = (0..graph.changes().len()).collect();
        seal_digest(&graph, &heads)
    };
    let before = digest(&world);
    world.record_all(0, "秘书", named("何主席", None));
    assert_eq!(digest(&world), before);
    world.next(0, "秘书", vec![present(named("何代表", None), Level::Township)]);
    assert_ne!(digest(&world), before, "who was there is part of what is sealed");
}

#[test]
fn a_scan_is_named_by_paper_alone_and_a_key_is_no_proof_for_another() {
    let event = |proof| Event::SignInFor {
        actor: named("何代表", None),
        level: Level::Township,
        happened: "2026-03-01".into(),
        proof,
        evidence: Hash([0xe1; 32]),
    };
    assert!(event(Proof::Paper).scan().is_some());
    assert_eq!(event(Proof::Token).scan(), None);
    assert_eq!(
        Event::parse(&event(Proof::Key).to_bytes()),
        Err(EventError::ForAnother)
    );
}
