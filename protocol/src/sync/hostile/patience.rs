//! Peers that owe, and peers that say too much.

use super::super::pace::Mark;
use super::super::session::Effect;
use super::super::sim::Node;
use super::super::talk::{FEDERATION, closed, opened, origin, say, sent, standing, township};
use super::super::*;
use crate::id::{Hash, RecordId, SpaceId};
use crate::testing::{FENGDU, SHIQIAO, org};
use crate::trust::{Audience, Space};

const PATIENCE: u64 = 10_000;

fn tick(session: &mut Session, ms: u64, bytes: u64) -> Option<Misbehaviour> {
    let effects = session.handle(Input::Tick(Mark { ms, bytes }));
    closed(&effects)?.misbehaviour()
}

/// A session in which the peer owes nothing.
fn idle() -> Session {
    let (_, session) = opened();
    let mut session = session.with_patience(PATIENCE);
    let spaces = List::new(Vec::new()).unwrap();
    say(&mut session, Message::Spaces { spaces, more: false });
    session
}

fn notice() -> SpaceId {
    Space::of(org(FENGDU), Audience::Notice).id()
}

fn grew(n: usize, size: u64) -> Message {
    let (origin, standing) = (origin(n), standing(size));
    Message::Grew {
        space: notice(),
        log: message::LogStanding { origin, standing },
    }
}

#[test]
fn a_hello_comes_in_time() {
    let (_, session, hello) = township();
    let mut session = session.with_patience(PATIENCE);
    assert_eq!(session.deadline_ms(), Some(2_501));
    assert_eq!(tick(&mut session, 2_500, 0), None);
    assert_eq!(tick(&mut session, 2_501, 0), Some(Misbehaviour::NoHello));
    assert!(say(&mut session, Message::Hello(hello)).is_empty());
}

/// A peer of whom the directory knows nothing yet, and who was asked for its chain.
fn learning() -> Session {
    let here = Node::new(&FEDERATION, org(FENGDU));
    let there = Node::new(&FEDERATION, org(SHIQIAO));
    let mut session = here.session(&there).with_patience(PATIENCE);
    session.start();
    let hello = sent(&there.session(&here).start()).remove(0);
    assert_eq!(sent(&say(&mut session, hello)), [Message::AskChain]);
    session
}

#[test]
fn who_is_not_known_yet_has_the_patience_and_no_more() {
    let given_up = |session: &mut Session, a_second| {
        (1..=600).find(|second| tick(session, second * 1000, second * a_second).is_some())
    };
    assert_eq!(given_up(&mut learning(), 0), Some(3));
    // A slow line takes a while for a chain of appointments, and a drip is no chain.
    assert_eq!(given_up(&mut learning(), 2_048), Some(11));
    let (_, session, _) = township();
    let mut session = session.with_patience(PATIENCE);
    assert_eq!(given_up(&mut session, 2_048), Some(11), "a hello");
}

#[test]
fn little_is_kept_of_who_is_not_known_yet() {
    let kept = |message: &Message| {
        let mut session = learning();
        let mut bytes = 0;
        let end = loop {
            bytes += message.to_frame().len();
            let effects = say(&mut session, message.clone());
            if let Some(reason) = closed(&effects) {
                break reason;
            }
            assert!(bytes < 1 << 20, "as much as it likes");
        };
        (bytes, end.misbehaviour())
    };
    let space = |n: usize| message::SpaceDigest {
        space: SpaceId([n as u8; 32]),
        digest: Hash([1; 32]),
    };
    // What a city begins with.
    let spaces = List::new((0..500).map(space).collect()).unwrap();
    let (bytes, kind) = kept(&Message::Spaces { spaces, more: true });
    assert!(
        bytes > 128 * 1024 && kind == Some(Misbehaviour::TooMuch),
        "{bytes}"
    );
    assert_eq!(
        kept(&grew(1, 1)).1,
        Some(Misbehaviour::TooMuch),
        "of small ones, too"
    );

    let mut session = learning();
    let effects = session.handle(Input::Frame(vec![0; 1 << 20]));
    assert_eq!(
        closed(&effects).and_then(|reason| reason.misbehaviour()),
        Some(Misbehaviour::Unreadable)
    );
    assert_eq!(kept(&Message::Nothing(origin(1))).1, Some(Misbehaviour::Unasked));
    let bye = say(&mut learning(), Message::Bye(Text::cut("no")));
    assert_eq!(closed(&bye), Some(CloseReason::Bye("no".into())));
}

#[test]
fn who_owes_nothing_may_be_silent_for_days() {
    let mut session = idle();
    assert_eq!(session.deadline_ms(), None);
    assert_eq!(tick(&mut session, 3 * 86_400_000, 0), None);
    // What is asked then has its time from there on.
    assert!(matches!(
        sent(&say(&mut session, grew(1, 5)))[..],
        [Message::Want { .. }]
    ));
    assert_eq!(session.deadline_ms(), Some(3 * 86_400_000 + PATIENCE + 1));
    assert_eq!(tick(&mut session, 3 * 86_400_000 + PATIENCE, 0), None);
    assert_eq!(
        tick(&mut session, 3 * 86_400_000 + PATIENCE + 1, 0),
        Some(Misbehaviour::Withheld)
    );
}

#[test]
fn every_answer_that_is_owed_has_its_time() {
    let (_, session) = opened();
    let mut session = session.with_patience(PATIENCE);
    assert_eq!(
        tick(&mut session, 10_001, 0),
        Some(Misbehaviour::Stalled),
        "spaces"
    );

    let mut session = idle();
    let space = notice();
    let digest = Hash([1; 32]);
    let spaces = List::new(vec![message::SpaceDigest { space, digest }]).unwrap();
    let asked = sent(&say(&mut session, Message::Spaces { spaces, more: false }));
    assert_eq!(asked, [Message::AskLogs(space)]);
    assert_eq!(tick(&mut session, 10_001, 0), Some(Misbehaviour::Stalled), "logs");

    let mut session = idle();
    let annex = Space::of(org(SHIQIAO), Audience::Township).id();
    session.handle(Input::LackKeys(vec![(annex, RecordId([1; 16]))].into()));
    assert_eq!(tick(&mut session, 10_001, 0), Some(Misbehaviour::Stalled), "keys");

    let mut session = idle();
    let space = Space::of(org(SHIQIAO), Audience::Local).id();
    let spaces = List::new(vec![message::SpaceDigest { space, digest }]).unwrap();
    let asked = sent(&say(&mut session, Message::Spaces { spaces, more: false }));
    assert_eq!(asked, [Message::AskJoint]);
    assert_eq!(
        tick(&mut session, 10_001, 0),
        Some(Misbehaviour::Stalled),
        "joint"
    );
}

#[test]
fn a_range_over_a_slow_line_is_waited_for_and_a_drip_is_not() {
    let mut session = idle();
    say(&mut session, grew(1, 5));
    for second in 1..=300 {
        assert_eq!(
            tick(&mut session, second * 1000, second * 2_048),
            None,
            "{second}"
        );
    }
    let mut session = idle();
    say(&mut session, grew(1, 5));
    let end = (1..=300).find(|second| tick(&mut session, second * 1000, second * 40).is_some());
    assert_eq!(end, Some(11));
}

#[test]
fn other_things_that_come_do_not_make_up_for_what_is_owed_for_ever() {
    let mut session = idle();
    say(&mut session, grew(1, 5));
    let end = (1..=3_600).find(|second| tick(&mut session, second * 1000, second * 100_000).is_some());
    assert_eq!(end, Some(601));
}

#[test]
fn what_says_nothing_new_may_be_said_so_often() {
    let mut session = idle();
    let nowhere = || {
        let (origin, standing) = (origin(1), standing(5));
        Message::Grew {
            space: SpaceId([9; 32]),
            log: message::LogStanding { origin, standing },
        }
    };
    let flood = |session: &mut Session, most: usize| {
        (0..most).find_map(|_| closed(&say(session, nowhere()))?.misbehaviour())
    };
    assert_eq!(flood(&mut session, 16_000), None);
    let statements = List::new(Vec::new()).unwrap();
    say(
        &mut session,
        Message::Joint {
            statements,
            more: false,
        },
    );
    assert_eq!(tick(&mut session, 60_000, 0), None);
    assert_eq!(flood(&mut session, 15_000), None, "a minute later as much again");
    assert_eq!(flood(&mut session, 15_000), Some(Misbehaviour::Flood));

    let mut session = idle();
    let asked = (0..300).find_map(|n| closed(&say(&mut session, Message::AskJoint)).map(|_| n));
    assert!(
        asked.is_some_and(|n| n > 200),
        "what is dear costs more: {asked:?}"
    );
    let mut session = idle();
    let want = || Message::Want {
        space: SpaceId([9; 32]),
        origin: origin(1),
        from: crate::log::TreeSize(0),
    };
    let asked = (0..20_000).find_map(|n| closed(&say(&mut session, want())).map(|_| n));
    assert!(asked.is_some(), "nothing is an answer, too");
}

#[test]
fn who_tells_of_less_than_before_is_looked_at() {
    let mut session = idle();
    let space = notice();
    say(&mut session, grew(1, 5));
    let held = session.handle(Input::Grown {
        space,
        origin: origin(1),
        standing: standing(5),
        own: false,
    });
    assert!(closed(&held).is_none());
    let shrunk = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Shrunk {
                before, after, kind, ..
            } => Some((before.size.0, after.size.0, *kind)),
            _ => None,
        })
    };
    assert_eq!(shrunk(&say(&mut session, grew(1, 6))), None);
    assert_eq!(
        shrunk(&say(&mut session, grew(1, 5))),
        None,
        "more was told than is held"
    );
    assert_eq!(
        shrunk(&say(&mut session, grew(1, 4))),
        Some((5, 4, Misbehaviour::Rewind))
    );
    let offence = Offence::new(Misbehaviour::Rewind, "4 entries now, and 5 before");
    let origin = origin(1);
    let effects = session.handle(Input::StoreRefused { origin, offence });
    assert_eq!(
        closed(&effects).and_then(|reason| reason.misbehaviour()),
        Some(Misbehaviour::Rewind)
    );
    let Some(Message::Bye(told)) = sent(&effects).pop() else {
        panic!("the peer is told")
    };
    assert!(told.starts_with("rewind: "), "{:?}", told.to_string());
}
