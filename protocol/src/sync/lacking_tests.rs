//! What is lacking is asked for whatever else is lacking, of whom it may be asked of, and not for ever.

use super::message::LogStanding;
use super::pace::Mark;
use super::sim::{Node, World};
use super::talk::{ALL, FEDERATION, closed, opened, origin, say, sent, standing};
use super::*;
use crate::id::{AttachmentId, RecordId, SpaceId};
use crate::log::EntryIndex;
use crate::testing::{FENGDU, SHIQIAO, org};
use crate::trust::{Audience, Space};

fn annexes() -> SpaceId {
    Space::of(org(SHIQIAO), Audience::Township).id()
}

fn records(from: u16, to: u16) -> Vec<(SpaceId, RecordId)> {
    let record = |n: u16| {
        let mut id = [0; 16];
        id[..2].copy_from_slice(&n.to_be_bytes());
        RecordId(id)
    };
    (from..to).map(|n| (annexes(), record(n))).collect()
}

fn asked(effects: &[Effect]) -> Vec<usize> {
    let many = |message| match message {
        Message::AskKeys(records) => Some(records.len()),
        _ => None,
    };
    sent(effects).into_iter().filter_map(many).collect()
}

fn no_keys() -> Message {
    Message::Keys(List::new(Vec::new()).unwrap())
}

/// A session that is open, and everything is here.
fn level() -> (Node, Session) {
    let (township, mut session) = opened();
    let level = Message::Spaces {
        spaces: List::new(Vec::new()).unwrap(),
        more: false,
    };
    say(&mut session, level);
    assert!(session.is_level());
    (township, session)
}

fn grew(space: SpaceId) -> Message {
    let log = LogStanding {
        origin: origin(1),
        standing: standing(0),
    };
    Message::Grew { space, log }
}

/// Where it is to be looked next for keys.
fn looked(effects: &[Effect]) -> Vec<Option<RecordId>> {
    let behind = |effect: &Effect| match effect {
        Effect::LookForKeys { after, spaces } => {
            assert!(spaces.contains(&annexes()), "where the peer may hold it");
            Some(*after)
        }
        _ => None,
    };
    effects.iter().filter_map(behind).collect()
}

#[test]
fn keys_are_looked_for_batch_by_batch_to_the_end() {
    let (_, mut session) = opened();
    let last = records(299, 300)[0].1;
    let batch = Lacking {
        found: records(0, 300),
        next: Some(last),
    };
    assert_eq!(asked(&session.handle(Input::LackKeys(batch))), [256]);
    assert_eq!(asked(&say(&mut session, no_keys())), [44]);
    let effects = say(&mut session, no_keys());
    assert_eq!((asked(&effects), looked(&effects)), (vec![], vec![Some(last)]));
    let rest = session.handle(Input::LackKeys(records(300, 310).into()));
    assert_eq!(asked(&rest), [10]);
    assert_eq!(say(&mut session, no_keys()), [], "that was all");
}

#[test]
fn a_key_that_the_peer_lacked_is_asked_for_again_when_it_has_news() {
    let (_, mut session) = opened();
    session.handle(Input::LackKeys(records(0, 3).into()));
    say(&mut session, no_keys());
    let again = session.handle(Input::LackKeys(records(0, 3).into()));
    assert_eq!(again, [], "it said that it has them not");
    assert_eq!(asked(&say(&mut session, grew(annexes()))), [3]);
    say(&mut session, no_keys());
    let elsewhere = Space::of(org(FENGDU), Audience::Notice).id();
    assert!(asked(&say(&mut session, grew(elsewhere))).is_empty());
}

#[test]
fn what_came_to_the_peer_while_it_was_asked_is_asked_for_again() {
    let (_, mut session) = level();
    session.handle(Input::LackKeys(records(0, 3).into()));
    assert_eq!(say(&mut session, grew(annexes())), []);
    assert_eq!(
        asked(&say(&mut session, no_keys())),
        [3],
        "it may have looked before"
    );
    assert_eq!(asked(&say(&mut session, no_keys())), [0; 0], "once");

    let place = Place {
        space: annexes(),
        origin: origin(1),
        index: EntryIndex(4),
    };
    let asks = |effects: &[Effect]| {
        let ask = |message: &Message| matches!(message, Message::AskPayloads { .. });
        sent(effects).iter().filter(|message| ask(message)).count()
    };
    let none = || Message::Payloads {
        origin: origin(1),
        payloads: List::new(Vec::new()).unwrap(),
    };
    assert_eq!(asks(&session.handle(Input::LackPayloads(vec![place].into()))), 1);
    assert_eq!(asks(&say(&mut session, grew(annexes()))), 0);
    assert_eq!(asks(&say(&mut session, none())), 1);
    assert_eq!(asks(&say(&mut session, none())), 0);
}

#[test]
fn news_without_entries_has_it_looked_what_is_lacking() {
    let (township, mut session) = level();
    while !looked(&session.handle(Input::LackKeys(records(0, 0).into()))).is_empty() {}
    session.handle(Input::LackPayloads(Vec::new().into()));
    let (own, log) = township
        .own_logs()
        .find(|(_, log)| log.start.space.audience == Audience::Notice)
        .expect("it wrote there");
    let space = log.start.space.id();
    let held = township.holdings.standing(&space, own).unwrap();
    let log = LogStanding {
        origin: own.clone(),
        standing: held,
    };
    let effects = say(&mut session, Message::Grew { space, log });
    assert_eq!(effects, [], "mostly nothing is");
    let later = Mark { ms: 60_000, bytes: 0 };
    let effects = session.handle(Input::Tick(later));
    assert_eq!(looked(&effects), [None], "{effects:?}");
    let for_payloads = |effect: &Effect| matches!(effect, Effect::LookForPayloads { after: None, .. });
    assert!(effects.iter().any(for_payloads), "{effects:?}");
}

#[test]
fn who_came_to_keys_says_so_where_they_may_be_held() {
    let (township, mut session) = opened();
    let mut told = |audience| {
        let space = Space::of(org(FENGDU), audience).id();
        let (own, _) = township
            .own_logs()
            .find(|(_, log)| log.start.space.id() == space)
            .expect("it wrote there");
        let keyed = Input::Keyed {
            space,
            origin: own.clone(),
        };
        let effects = session.handle(keyed);
        let grew = |message: &Message| matches!(message, Message::Grew { .. });
        sent(&effects).iter().filter(|message| grew(message)).count()
    };
    assert_eq!((told(Audience::Notice), told(Audience::Local)), (1, 0));
}

#[test]
fn keys_of_annexes_that_the_peer_may_not_hold_are_not_named_to_it() {
    let (_, mut session) = opened();
    let local = Space::of(org(FENGDU), Audience::Local).id();
    let hidden = (local, RecordId([9; 16]));
    let effects = session.handle(Input::LackKeys(vec![hidden].into()));
    assert!(asked(&effects).is_empty());
}

/// A station and its township, which names photos that nobody has beside some of the station.
#[test]
fn what_nobody_has_keeps_nothing_else_from_coming() {
    for seed in 0..8 {
        let nodes = [SHIQIAO, FENGDU].map(|code| {
            let mut node = Node::new(&FEDERATION, org(code));
            node.directory = ALL.clone();
            node
        });
        let mut world = World::new(nodes.into(), seed);
        let space = Space::of(org(SHIQIAO), Audience::City);
        let photo = |n: u8| vec![n; 100];
        for n in 0..60 {
            world.name(1, &space, &photo(n), false);
        }
        let here: Vec<AttachmentId> = (50..60).map(|n| world.name(0, &space, &photo(n), true)).collect();
        world.connect(0, 1);
        world.run();
        for id in &here {
            assert_eq!(world.nodes[1].attachments[id].len(), 100, "seed {seed}");
        }
        let missed = world.seen.messages.iter();
        let missed = missed
            .filter(|message| matches!(message, Message::NoAttachment(_)))
            .count();
        assert_eq!(missed, 50, "each is asked for once");
        assert_eq!(world.seen.closed, []);
    }
}

#[test]
fn what_may_be_asked_in_vain_is_asked_no_faster_than_the_peer_has_to_look() {
    let (_, mut session) = opened();
    let space = Space::of(org(SHIQIAO), Audience::City).id();
    let id = |n: u32| {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&n.to_be_bytes());
        AttachmentId(id)
    };
    let lacking: Vec<_> = (0..6_000).map(|n| (space, id(n))).collect();
    let mut effects = session.handle(Input::LackAttachments(lacking.into()));
    let mut asked = 0;
    let mut run = |session: &mut Session, effects: &mut Vec<Effect>| {
        let before = asked;
        while let Some(effect) = effects.pop() {
            if let Effect::OpenAttachment { id } = effect {
                asked += 1;
                session.handle(Input::AttachmentOpened { id, from: Some(0) });
                effects.extend(say(session, Message::NoAttachment(id)));
            }
        }
        asked - before
    };
    let at_once = run(&mut session, &mut effects);
    assert!((4_096..4_100).contains(&at_once), "{at_once}");
    let now = Mark {
        ms: 1_000,
        ..Mark::default()
    };
    let mut effects = session.handle(Input::Tick(now));
    let more = run(&mut session, &mut effects);
    assert!((60..=68).contains(&more), "{more}");
    assert_eq!(closed(&effects), None);
}
