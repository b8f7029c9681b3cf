//! Corrections: an event stays as it was signed, and what is right stands beside it.

use super::*;

impl World {
    /// `name` corrects the only event of a change.
    pub(super) fn correct(&mut self, log: usize, name: &str, of: ChangeId, right: Right) -> ChangeId {
        let put = correction(of, right);
        self.next(log, name, vec![put])
    }

    /// What is right of the only event of a change, and who says so.
    fn right_of(&self, of: ChangeId) -> Option<(String, Right)> {
        let state = self.state();
        state
            .correction(&event_id(&of, 0))
            .map(|(by, _, right)| (by.by.name.clone(), right.clone()))
    }
}

fn correction(of: ChangeId, right: Right) -> Put {
    Put::event(&Event::Correct {
        of: event_id(&of, 0),
        reason: "记错了。".into(),
        right,
    })
}

fn said(text: Option<&str>) -> Right {
    Right::Said {
        happened: "2026-02-28".into(),
        text: text.map(str::to_owned),
    }
}

#[test]
fn what_is_corrected_stays_with_what_is_right_beside_it() {
    let mut world = World::new();
    let wrong = world.next(0, "秘书", vec![line("三户")]);
    let by = world.correct(0, "秘书", wrong, said(Some("四户")));
    assert_eq!(world.effect(by), Ok(()));
    let state = world.state();
    let original = state.event(&event_id(&wrong, 0)).expect("stays");
    assert!(original.effect.is_ok());
    assert_eq!(original.event.to_bytes(), {
        let Value::Bytes(body) = line("三户").value else {
            unreachable!()
        };
        body
    });
    assert_eq!(world.right_of(wrong), Some(("秘书".into(), said(Some("四户")))));
    // The later of two, both there.
    world.correct(0, "秘书", wrong, Right::Nothing);
    assert_eq!(world.right_of(wrong), Some(("秘书".into(), Right::Nothing)));
    assert_eq!(world.state().notes[&event_id(&wrong, 0)].corrections.len(), 2);
}

#[test]
fn two_who_correct_at_once_are_both_kept_and_one_is_in_force() {
    let mut world = World::new();
    let other = world
        .federation
        .person(org(FENGDU), "另一位秘书", &[Role::Secretary], None);
    world.directory = world.federation.directory();
    world.people.push(("另一位秘书", other));
    let wrong = world.next(0, "秘书", vec![line("三户")]);
    world.write(0, "秘书", &[wrong], vec![correction(wrong, said(Some("四户")))]);
    world.write(
        0,
        "另一位秘书",
        &[wrong],
        vec![correction(wrong, said(Some("五户")))],
    );
    let expected = world.right_of(wrong).expect("corrected");
    assert_eq!(world.state().notes[&event_id(&wrong, 0)].corrections.len(), 2);
    world.held.reverse();
    assert_eq!(world.right_of(wrong), Some(expected));
}

#[test]
fn who_may_correct_what() {
    use Ineffective::{OtherKind, OtherPost, UnknownEvent};
    let mut world = World::new();
    let other = world
        .federation
        .person(org(FENGDU), "另一位秘书", &[Role::Secretary], None);
    world.directory = world.federation.directory();
    world.people.push(("另一位秘书", other));
    let a_line = world.next(0, "秘书", vec![line("三户")]);
    let there = world.next(0, "林秀兰", vec![sign_in("林秀兰", Level::Township)]);
    let void = world.next(0, "林秀兰", vec![sign_in("林秀兰", Level::Township)]);
    let topic = world.next(0, "秘书", vec![topic("走访")]);
    let seal = world.seal_all(0, "秘书", Level::Township, FENGDU);
    for (log, name, of, right, expected) in [
        (0, "秘书", a_line, Right::Nothing, Ok(())),
        (0, "另一位秘书", a_line, Right::Nothing, Ok(())),
        (0, "联络员", a_line, Right::Nothing, Ok(())), // signs lines, in the same org
        (1, "陈大山", a_line, Right::Nothing, Err(OtherPost)),
        (2, "代表工委", a_line, Right::Nothing, Err(OtherPost)),
        (0, "秘书", a_line, said(None), Err(OtherKind)),
        (0, "林秀兰", there, said(None), Ok(())),
        (0, "林秀兰", there, said(Some("到了")), Err(OtherKind)),
        (0, "秘书", there, Right::Nothing, Err(OtherPost)),
        (1, "陈大山", there, Right::Nothing, Err(OtherPost)),
        (0, "林秀兰", void, Right::Nothing, Err(UnknownEvent)), // it has no effect
        (0, "秘书", topic, Right::Nothing, Err(UnknownEvent)),  // a field is no event
        (0, "秘书", seal, Right::Nothing, Err(OtherKind)),
    ] {
        let by = world.correct(log, name, of, right.clone());
        assert_eq!(world.effect(by), expected, "{name}: {right:?}");
    }
    // Nor what the signer had not seen.
    let unseen = world.write(0, "秘书", &[a_line], vec![line("四户")]);
    let by = world.write(0, "联络员", &[a_line], vec![correction(unseen, Right::Nothing)]);
    assert_eq!(world.effect(by), Err(UnknownEvent));
}

#[test]
fn a_correction_moves_no_seal() {
    let mut world = World::new();
    let there = world.next(0, "林秀兰", vec![sign_in("林秀兰", Level::Township)]);
    world.seal_all(0, "秘书", Level::Township, FENGDU);
    assert!(world.activity().sealed);
    world.correct(0, "林秀兰", there, Right::Nothing);
    let activity = world.activity();
    assert!(activity.sealed, "what was sealed was so when it was sealed");
    assert_eq!(activity.signed_in.len(), 1);
}
