//! Attachments between nodes in memory, and by hand.

use proptest::prelude::*;

use super::message::Piece;
use super::sim::{Node, World};
use super::talk::{ALL, FEDERATION, closed, is_lie, is_protocol, opened, say, sent};
use super::*;
use crate::attachment::{PIECE_BYTES, PieceHashes};
use crate::id::{AttachmentId, SpaceId};
use crate::testing::{COUNTY, FENGDU, SHIQIAO, org};
use crate::trust::{Audience, Space};

fn nodes() -> Vec<Node> {
    [SHIQIAO, FENGDU, COUNTY]
        .map(|code| {
            let mut node = Node::new(&FEDERATION, org(code));
            node.directory = ALL.clone();
            node
        })
        .into()
}

fn photo(seed: u64, len: usize) -> Vec<u8> {
    (0..len).map(|n| (n as u64 * 31 + seed) as u8).collect()
}

fn piece_of(bytes: &[u8], from: u64) -> Piece {
    let mut hashes = PieceHashes::default();
    hashes.update(bytes);
    let tree = hashes.finish().expect("not empty");
    let (len, path) = tree.path(from).expect("a piece");
    Piece {
        id: tree.id(),
        size: tree.size(),
        from,
        data: Blob::new(bytes[from as usize..(from + len) as usize].to_vec()).unwrap(),
        path: List::new(path).unwrap(),
    }
}

fn wants(effects: &[Effect]) -> Vec<u64> {
    let from = |message| match message {
        Message::WantAttachment { from, .. } => Some(from),
        _ => None,
    };
    sent(effects).into_iter().filter_map(from).collect()
}

/// A township's session that asked its station for an attachment, of which `from` bytes are here.
fn asking(bytes: &[u8], from: u64) -> (Session, AttachmentId) {
    let (_, mut session) = opened();
    let space = Space::of(org(SHIQIAO), Audience::Township).id();
    let id = piece_of(bytes, 0).id;
    let effects = session.handle(Input::LackAttachments(vec![(space, id)].into()));
    assert!(effects.contains(&Effect::OpenAttachment { id }), "{effects:?}");
    let opened = Input::AttachmentOpened { id, from: Some(from) };
    let effects = session.handle(opened);
    assert_eq!(wants(&effects), [from]);
    (session, id)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn whatever_is_cut_when_it_goes_on_where_it_was(seed: u64, len in 1usize..1_200_000, cuts in prop::collection::vec(1usize..60, 0..6)) {
        let bytes = photo(seed, len);
        let mut world = World::new(nodes(), seed);
        let space = Space::of(org(SHIQIAO), Audience::City);
        let id = world.name(0, &space, &bytes, true);
        world.name(1, &space, &bytes, false);
        world.name(2, &space, &bytes, false);
        for steps in cuts.into_iter().map(Some).chain([None]) {
            world.connect(0, 1);
            world.connect(1, 2);
            match steps {
                Some(steps) => {
                    for _ in 0..steps {
                        world.step();
                    }
                    world.cut();
                }
                None => world.run(),
            }
        }
        prop_assert_eq!(&world.seen.closed, &[]);
        for node in &world.nodes {
            prop_assert!(node.attachments[&id] == bytes);
        }
    }

    #[test]
    fn nothing_that_was_changed_on_its_way_is_kept(seed: u64, at in any::<prop::sample::Index>(), piece in 0u64..3) {
        let bytes = photo(seed, 2 * PIECE_BYTES as usize + 99);
        let (mut session, _) = asking(&bytes, piece * PIECE_BYTES);
        let mut frame = Message::Piece(piece_of(&bytes, piece * PIECE_BYTES)).to_frame();
        let at = at.index(frame.len());
        frame[at] ^= 1;
        let effects = session.handle(Input::Frame(frame));
        prop_assert!(closed(&effects).is_some());
        let stored = effects.iter().any(|effect| matches!(effect, Effect::StorePiece { .. }));
        prop_assert!(!stored);
    }
}

#[test]
fn a_piece_is_kept_once_and_only_where_it_was_asked_for() {
    let bytes = photo(1, 3 * PIECE_BYTES as usize);
    let (mut session, id) = asking(&bytes, PIECE_BYTES);
    let effects = say(&mut session, Message::Piece(piece_of(&bytes, PIECE_BYTES)));
    assert!(matches!(&effects[..], [Effect::StorePiece { from, .. }] if *from == PIECE_BYTES));
    let next = Some(2 * PIECE_BYTES);
    assert_eq!(
        wants(&session.handle(Input::PieceStored { id, next })),
        [2 * PIECE_BYTES]
    );
    assert!(is_protocol(&say(
        &mut session,
        Message::Piece(piece_of(&bytes, PIECE_BYTES))
    )));

    let (mut session, _) = asking(&bytes, 2 * PIECE_BYTES);
    let mut other = piece_of(&bytes, 2 * PIECE_BYTES);
    other.size += 1;
    assert!(is_lie(&say(&mut session, Message::Piece(other))));
}

#[test]
fn what_the_peer_does_not_have_is_asked_for_again_when_it_has_it() {
    let bytes = photo(2, 10);
    let (mut session, id) = asking(&bytes, 0);
    assert!(closed(&say(&mut session, Message::NoAttachment(id))).is_none());
    let space = Space::of(org(SHIQIAO), Audience::Township).id();
    let again = session.handle(Input::LackAttachments(vec![(space, id)].into()));
    assert_eq!(again, [], "it said that it has it not");
    let effects = say(&mut session, Message::HaveAttachment(id));
    assert_eq!(effects, [Effect::OpenAttachment { id }]);
    session.handle(Input::AttachmentOpened { id, from: None });
    assert!(is_protocol(&say(&mut session, Message::NoAttachment(id))));
}

#[test]
fn an_attachment_is_given_where_a_record_of_a_shared_space_names_it() {
    let (_, mut session) = opened();
    let id = AttachmentId([5; 32]);
    let want = |space: SpaceId| Message::WantAttachment { space, id, from: 0 };
    let local = Space::of(org(FENGDU), Audience::Local).id();
    let space = Space::of(org(SHIQIAO), Audience::City).id();
    let held = |named: SpaceId| Input::AttachmentHeld {
        id,
        spaces: vec![named],
    };
    assert_eq!(sent(&say(&mut session, want(local))), [Message::NoAttachment(id)]);
    assert_eq!(session.handle(held(local)), [], "nor is it told of it");

    let asked = say(&mut session, want(space));
    assert_eq!(asked, [Effect::ReadPiece { space, id, from: 0 }]);
    let none = || Input::PieceRead {
        id,
        from: 0,
        piece: None,
    };
    assert_eq!(sent(&session.handle(none())), [Message::NoAttachment(id)]);
    assert_eq!(
        session.handle(held(local)),
        [],
        "another record names it (seed 932)"
    );
    let told = sent(&session.handle(held(space)));
    assert_eq!(told, [Message::HaveAttachment(id)]);
    assert_eq!(session.handle(held(space)), [], "told once");

    // It comes while it is looked for: what was seen may be from before that.
    let asked = say(&mut session, want(space));
    assert_eq!(session.handle(held(space)), []);
    assert_eq!(session.handle(none()), asked, "looked for once more");
    assert_eq!(sent(&session.handle(none())), [Message::NoAttachment(id)]);

    say(&mut session, want(space));
    assert!(
        is_protocol(&say(&mut session, want(space))),
        "one piece at a time"
    );
}
