//! One session, spoken to by hand.

use std::sync::{Arc, LazyLock};

use super::message::Hello;
use super::sim::Node;
use super::*;
use crate::id::Hash;
use crate::log::{Origin, TreeSize};
use crate::testing::{FENGDU, Federation, SHIQIAO, org};
use crate::trust::{Audience, Directory, Space};

pub(super) static FEDERATION: LazyLock<Federation> = LazyLock::new(Federation::new);
pub(super) static ALL: LazyLock<Arc<Directory>> = LazyLock::new(|| Arc::new(FEDERATION.directory()));

/// A township that knows the whole federation and holds a little, and its session with a station.
pub(super) fn township() -> (Node, Session, Hello) {
    let mut township = Node::new(&FEDERATION, org(FENGDU));
    township.directory = ALL.clone();
    township.change(&Space::of(org(FENGDU), Audience::Notice), 100);
    township.change(&Space::of(org(FENGDU), Audience::Local), 100);
    let station = Node::new(&FEDERATION, org(SHIQIAO));
    let mut session = township.session(&station);
    session.start();
    let Effect::Send(frame) = &station.session(&township).start()[0] else {
        panic!("a hello first")
    };
    let Ok(Message::Hello(hello)) = Message::from_frame(frame) else {
        panic!("a hello first")
    };
    (township, session, hello)
}

pub(super) fn opened() -> (Node, Session) {
    let (township, mut session, hello) = township();
    let effects = say(&mut session, Message::Hello(hello));
    assert!(
        effects.contains(&Effect::Established {
            org: org(SHIQIAO),
            software: Some("test".into())
        }),
        "{effects:?}"
    );
    (township, session)
}

pub(super) fn say(session: &mut Session, message: Message) -> Vec<Effect> {
    session.handle(Input::Frame(message.to_frame()))
}

pub(super) fn sent(effects: &[Effect]) -> Vec<Message> {
    let frame = |effect: &Effect| match effect {
        Effect::Send(frame) => Some(Message::from_frame(frame).unwrap()),
        _ => None,
    };
    effects.iter().filter_map(frame).collect()
}

pub(super) fn closed(effects: &[Effect]) -> Option<CloseReason> {
    match effects {
        [.., Effect::Close { reason }] => Some(reason.clone()),
        _ => None,
    }
}

pub(super) fn is_protocol(effects: &[Effect]) -> bool {
    let gravity = closed(effects).and_then(|reason| Some(reason.misbehaviour()?.gravity()));
    gravity == Some(Gravity::Breach)
}

pub(super) fn is_lie(effects: &[Effect]) -> bool {
    closed(effects).is_some_and(|reason| reason.is_lie())
}

pub(super) fn origin(n: usize) -> Origin {
    Origin::parse(&format!("lianzhan/log/{n:04}")).unwrap()
}

pub(super) fn standing(size: u64) -> Standing {
    Standing {
        size: TreeSize(size),
        root: Hash([size as u8; 32]),
    }
}
