//! Peers that break the rules, or that are not who they say.

use minicbor::bytes::ByteVec;
use proptest::prelude::*;

use super::message::{Hello, LogStanding, Piece, PlacedPayload, RecordKey, SpaceDigest};
use super::sim::{Node, World};
use super::talk::{
    ALL, FEDERATION, closed, is_lie, is_protocol, opened, origin, say, sent, standing, township,
};
use super::*;
use crate::attachment::PIECE_BYTES;
use crate::id::{AttachmentId, Hash, RecordId, SpaceId, StatementId};
use crate::log::{Checkpoint, EntryIndex, TreeSize};
use crate::record::AnnexKey;
use crate::testing::{COUNTY, FENGDU, SHIQIAO, key, org};
use crate::trust::{Audience, Space};

mod anything;
mod forks;
mod patience;

#[test]
fn a_hello_says_the_truth_or_nothing_follows() {
    let (_, mut session, hello) = township();
    let effects = say(
        &mut session,
        Message::Hello(Hello {
            version: 2,
            ..hello.clone()
        }),
    );
    assert_eq!(closed(&effects), Some(CloseReason::Version(2)));
    assert!(
        matches!(sent(&effects)[..], [Message::Bye(_)]),
        "the peer is told"
    );
    assert_eq!(
        say(&mut session, Message::Hello(hello.clone())),
        [],
        "closed is closed"
    );

    let (_, mut session, _) = township();
    let effects = say(
        &mut session,
        Message::Hello(Hello {
            founding: StatementId([0; 32]),
            ..hello.clone()
        }),
    );
    assert_eq!(closed(&effects), Some(CloseReason::OtherFederation));

    let (_, mut session, _) = township();
    let effects = say(
        &mut session,
        Message::Hello(Hello {
            node: key("x").public(),
            ..hello.clone()
        }),
    );
    assert!(is_lie(&effects));

    let (_, mut session, _) = township();
    let statements = List::new(vec![ByteVec::from(vec![1, 2, 3])]).unwrap();
    let effects = say(
        &mut session,
        Message::Hello(Hello {
            statements,
            ..hello.clone()
        }),
    );
    assert!(is_lie(&effects));

    let (_, mut session, _) = township();
    assert!(
        is_protocol(&say(&mut session, Message::AskJoint)),
        "a hello first"
    );
    let (_, mut session) = opened();
    assert!(is_protocol(&say(&mut session, Message::Hello(hello))), "and once");
}

#[test]
fn a_stranger_is_turned_away_and_leaves_nothing_behind() {
    let township = Node::new(&FEDERATION, org(FENGDU));
    let stranger = key("stranger");
    let config = SessionConfig {
        node: township.node.public(),
        org: org(FENGDU),
        peer: stranger.public(),
        statements: Vec::new(),
        own_logs: Default::default(),
        witness_log: None,
        software: "test".into(),
    };
    let mut session = Session::new(config, township.directory.clone(), &township.holdings);
    session.start();
    // Good statements of others do not make it a node.
    let good: Vec<ByteVec> = FEDERATION
        .statements()
        .iter()
        .take(20)
        .map(|s| s.bytes().to_vec().into())
        .collect();
    let hello = Hello {
        version: SYNC_VERSION,
        founding: FEDERATION.founding.id(),
        node: stranger.public(),
        statements: List::new(good).unwrap(),
        digest: None,
        software: None,
        chain: None,
    };
    let effects = say(&mut session, Message::Hello(hello));
    assert_eq!(closed(&effects), Some(CloseReason::NotANode));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Learn(_))));
}

#[test]
fn answers_to_nothing_and_too_many_questions_close() {
    let range = RangeData::new(
        origin(1),
        TreeSize(0),
        [(vec![1], None)],
        String::new(),
        Vec::new(),
    )
    .unwrap();
    let logs = |n: usize| {
        (0..n)
            .map(|n| LogStanding {
                origin: origin(n),
                standing: standing(1),
            })
            .collect()
    };
    let notice = Space::of(org(FENGDU), Audience::Notice).id();
    let unasked = [
        Message::Range(range),
        Message::Nothing(origin(1)),
        Message::NoAttachment(AttachmentId([1; 32])),
        Message::Piece(Piece {
            id: AttachmentId([1; 32]),
            size: 1,
            from: 0,
            data: Blob::new(vec![1]).unwrap(),
            path: List::new(Vec::new()).unwrap(),
        }),
        Message::Logs {
            space: notice,
            logs: List::new(logs(1)).unwrap(),
            more: false,
        },
        Message::WitnessRefused {
            origin: origin(1),
            size: TreeSize(0),
            reason: Text::cut(""),
        },
        Message::Keys(List::new(Vec::new()).unwrap()),
        Message::Payloads {
            origin: origin(1),
            payloads: List::new(Vec::new()).unwrap(),
        },
        Message::Joint {
            statements: List::new(Vec::new()).unwrap(),
            more: false,
        },
    ];
    for message in unasked {
        let (_, mut session) = opened();
        assert!(is_protocol(&say(&mut session, message.clone())), "{message:?}");
    }

    let (township, mut session) = opened();
    let (log, _) = township
        .own_logs()
        .find(|(_, log)| log.start.space.id() == notice)
        .expect("it wrote a notice");
    let want = |from| Message::Want {
        space: notice,
        origin: log.clone(),
        from: TreeSize(from),
    };
    assert!(matches!(say(&mut session, want(0))[..], [Effect::Read { .. }]));
    assert!(
        is_protocol(&say(&mut session, want(0))),
        "one at a time for each log"
    );

    let (_, mut session) = opened();
    let ask = || Message::AskKeys(List::new(vec![RecordId([1; 16])]).unwrap());
    assert!(matches!(say(&mut session, ask())[..], [Effect::FindKeys { .. }]));
    assert!(is_protocol(&say(&mut session, ask())));

    let (_, mut session) = opened();
    let ask = |space| Message::AskPayloads {
        space,
        origin: log.clone(),
        indexes: List::new(vec![EntryIndex(1)]).unwrap(),
    };
    let local = Space::of(org(FENGDU), Audience::Local).id();
    assert_eq!(
        sent(&say(&mut session, ask(local))),
        [Message::Payloads {
            origin: log.clone(),
            payloads: List::new(vec![]).unwrap()
        }],
        "nothing of a space that is not shared"
    );
    assert!(matches!(
        say(&mut session, ask(notice))[..],
        [Effect::FindPayloads { .. }]
    ));
    assert!(is_protocol(&say(&mut session, ask(notice))));

    let (_, mut session) = opened();
    let witness_me = |n: usize| {
        let checkpoint = Checkpoint {
            origin: origin(n),
            size: TreeSize(1),
            root: Hash([1; 32]),
        };
        let node = &FEDERATION.keys(org(SHIQIAO)).node;
        let checkpoint = Text::new(checkpoint.sign(node).to_string()).unwrap();
        Message::WitnessMe {
            origin: origin(n),
            old: TreeSize(0),
            checkpoint,
            proof: List::new(vec![]).unwrap(),
            shown: None,
        }
    };
    for n in 0..16 {
        assert!(matches!(
            say(&mut session, witness_me(n))[..],
            [Effect::Cosign { .. }]
        ));
    }
    assert!(is_protocol(&say(&mut session, witness_me(16))));

    let (_, mut session) = opened();
    let Message::WitnessMe {
        origin, old, proof, ..
    } = witness_me(1)
    else {
        unreachable!()
    };
    let forged = Message::WitnessMe {
        origin,
        old,
        checkpoint: Text::cut("nothing signed"),
        proof,
        shown: None,
    };
    assert!(is_lie(&say(&mut session, forged)));

    let (_, mut session) = opened();
    assert!(is_protocol(&session.handle(Input::Frame(vec![0; FRAME_MAX + 1]))));
}

#[test]
fn what_is_not_shared_looks_like_what_is_not_there() {
    let (township, mut session) = opened();
    let local = Space::of(org(FENGDU), Audience::Local).id();
    let (log, _) = township
        .own_logs()
        .find(|(_, log)| log.start.space.id() == local)
        .expect("it wrote one");
    let nowhere = SpaceId([9; 32]);
    for space in [local, nowhere] {
        let answer = sent(&say(&mut session, Message::AskLogs(space)));
        assert_eq!(
            answer,
            [Message::Logs {
                space,
                logs: List::new(Vec::new()).unwrap(),
                more: false
            }]
        );
        let want = Message::Want {
            space,
            origin: log.clone(),
            from: TreeSize(0),
        };
        assert_eq!(sent(&say(&mut session, want)), [Message::Nothing(log.clone())]);
    }
    // Nor under the name of a space that is shared.
    let notice = Space::of(org(FENGDU), Audience::Notice).id();
    let want = Message::Want {
        space: notice,
        origin: log.clone(),
        from: TreeSize(0),
    };
    assert_eq!(sent(&say(&mut session, want)), [Message::Nothing(log.clone())]);
    // Its growth is not told.
    let (space, origin) = (local, log.clone());
    assert_eq!(
        session.handle(Input::Grown {
            space,
            origin,
            standing: standing(9),
            own: true
        }),
        []
    );
}

#[test]
fn entries_of_a_space_that_may_not_be_held_are_not_asked_for() {
    let (_, mut session) = opened();
    let space = Space::of(org(SHIQIAO), Audience::Local).id();
    let log = LogStanding {
        origin: origin(1),
        standing: standing(5),
    };
    let answer = sent(&say(&mut session, Message::Grew { space, log }));
    assert!(
        !answer
            .iter()
            .any(|message| matches!(message, Message::Want { .. } | Message::AskLogs(_)))
    );
    let spaces = List::new(vec![SpaceDigest {
        space,
        digest: Hash([1; 32]),
    }])
    .unwrap();
    let answer = sent(&say(&mut session, Message::Spaces { spaces, more: false }));
    assert!(
        !answer
            .iter()
            .any(|message| matches!(message, Message::Want { .. } | Message::AskLogs(_)))
    );
}

#[test]
fn only_so_many_ranges_are_under_way() {
    let (_, mut session) = opened();
    let space = Space::of(org(FENGDU), Audience::Notice).id();
    let mut wants = 0;
    for n in 0..20 {
        let log = LogStanding {
            origin: origin(n),
            standing: standing(5),
        };
        let answer = sent(&say(&mut session, Message::Grew { space, log }));
        wants += answer
            .iter()
            .filter(|message| matches!(message, Message::Want { .. }))
            .count();
    }
    assert_eq!(wants, 4);
    // While one is stored the next of the same log may come, and no other log has its turn before the first is done.
    let came = say(&mut session, piece(0, 0, 1));
    assert!(
        matches!(came[..], [Effect::Store { .. }, Effect::Send(_)]),
        "{came:?}"
    );
    assert!(
        say(&mut session, piece(0, 1, 4)).is_empty(),
        "the first is not stored yet"
    );
    let stored = stored(&mut session, space, 1);
    assert!(matches!(stored[0], Effect::Store { .. }), "{stored:?}");
    assert!(sent(&stored).is_empty(), "all of it is here: {stored:?}");
    let stored = self::stored(&mut session, space, 5);
    assert_eq!(sent(&stored).len(), 1, "{stored:?}");
}

/// A range of the log of `n`, unverified.
fn piece(n: usize, from: u64, count: usize) -> Message {
    let entries = (0..count).map(|_| (vec![1], None));
    let range = RangeData::new(origin(n), TreeSize(from), entries, String::new(), Vec::new());
    Message::Range(range.unwrap())
}

fn stored(session: &mut Session, space: SpaceId, size: u64) -> Vec<Effect> {
    session.handle(Input::Stored {
        space,
        origin: origin(0),
        standing: standing(size),
    })
}

fn is_unasked(effects: &[Effect]) -> bool {
    let closed = |effect: &Effect| match effect {
        Effect::Close { reason } => reason.misbehaviour() == Some(Misbehaviour::Unasked),
        _ => false,
    };
    effects.iter().any(closed)
}

fn wants(effects: &[Effect]) -> Vec<u64> {
    let wants = sent(effects).into_iter().filter_map(|message| match message {
        Message::Want { from, .. } => Some(from.0),
        _ => None,
    });
    wants.collect()
}

/// A session that stores the first entry of a log of which the peer has five, and has asked for what follows.
fn storing() -> (Session, SpaceId) {
    let (_, mut session) = opened();
    let space = Space::of(org(FENGDU), Audience::Notice).id();
    let log = LogStanding {
        origin: origin(0),
        standing: standing(5),
    };
    assert_eq!(wants(&say(&mut session, Message::Grew { space, log })), [0]);
    assert_eq!(wants(&say(&mut session, piece(0, 0, 1))), [1]);
    (session, space)
}

#[test]
fn only_what_follows_is_taken_ahead_and_once() {
    for wrong in [piece(0, 0, 1), piece(0, 2, 1)] {
        let (mut session, _) = storing();
        assert!(is_unasked(&say(&mut session, wrong)));
    }
    let (mut session, _) = storing();
    assert!(say(&mut session, piece(0, 1, 1)).is_empty());
    assert!(is_unasked(&say(&mut session, piece(0, 1, 1))));
}

#[test]
fn what_is_not_given_ahead_is_asked_for_again_when_the_first_is_stored() {
    let (mut session, space) = storing();
    assert!(say(&mut session, Message::Nothing(origin(0))).is_empty());
    assert_eq!(wants(&stored(&mut session, space, 1)), [1]);
}

#[test]
fn what_came_another_way_meanwhile_is_not_stored_twice() {
    let (mut session, space) = storing();
    assert!(say(&mut session, piece(0, 1, 2)).is_empty());
    assert_eq!(
        wants(&stored(&mut session, space, 4)),
        [4],
        "of the four nothing is wanted"
    );
    let (mut session, space) = storing();
    assert!(
        wants(&stored(&mut session, space, 4)).is_empty(),
        "an answer is to come first"
    );
    assert_eq!(wants(&say(&mut session, piece(0, 1, 2))), [4]);
}

#[test]
fn an_answer_that_is_wanted_no_more_is_let_pass() {
    for answer in [piece(0, 1, 4), Message::Nothing(origin(0))] {
        let (mut session, _) = storing();
        session.handle(Input::StorePassedOver { origin: origin(0) });
        assert!(sent(&say(&mut session, answer.clone())).is_empty());
        assert!(is_unasked(&say(&mut session, answer)), "once");
    }
}

#[test]
fn whose_fault_it_was_decides_how_it_ends() {
    let (_, mut session) = opened();
    let effects = session.handle(Input::StoreRefused {
        origin: origin(1),
        offence: Offence::new(Misbehaviour::WrongRoot, "bad"),
    });
    assert!(is_lie(&effects));
    let (_, mut session) = opened();
    let effects = session.handle(Input::StoreFailed {
        reason: "disk /dev/sda1 is full".into(),
    });
    assert_eq!(
        closed(&effects),
        Some(CloseReason::Ours("disk /dev/sda1 is full".into()))
    );
    let Message::Bye(told) = &sent(&effects)[0] else {
        panic!("polite")
    };
    assert!(!told.contains("/dev"), "causes stay here");
    let (_, mut session) = opened();
    let effects = say(&mut session, Message::Bye(Text::cut("good night")));
    assert_eq!(
        effects,
        [Effect::Close {
            reason: CloseReason::Bye("good night".into())
        }]
    );
    let (_, mut session) = opened();
    let effects = session.handle(Input::Stop);
    assert!(matches!(&sent(&effects)[0], Message::Bye(told) if told.to_string() == "stopping"));
    assert!(session.handle(Input::Stop).is_empty(), "said once");
}

#[test]
fn keys_that_were_not_asked_for_are_not_kept() {
    let (_, mut session) = opened();
    let space = Space::of(org(SHIQIAO), Audience::Township).id();
    let lack = |records: Vec<RecordId>| {
        let lacking: Vec<_> = records.into_iter().map(|record| (space, record)).collect();
        Input::LackKeys(lacking.into())
    };
    let asked = sent(&session.handle(lack(vec![RecordId([1; 16])])));
    assert_eq!(
        asked,
        [Message::AskKeys(List::new(vec![RecordId([1; 16])]).unwrap())]
    );
    let key = |n| RecordKey {
        record: RecordId([n; 16]),
        key: [7; 32],
    };
    assert!(is_protocol(&say(
        &mut session,
        Message::Keys(List::new(vec![key(1), key(2)]).unwrap())
    )));
    let (_, mut session) = opened();
    session.handle(lack((0..=255).chain(0..9).map(|n| RecordId([n; 16])).collect()));
    let kept = say(&mut session, Message::Keys(List::new(vec![key(1)]).unwrap()));
    assert_eq!(
        kept,
        [Effect::StoreKeys(vec![(RecordId([1; 16]), AnnexKey([7; 32]))])]
    );
}

#[test]
fn payloads_that_were_not_asked_for_are_not_kept() {
    let (township, mut session) = opened();
    let notice = Space::of(org(FENGDU), Audience::Notice).id();
    let (log, held) = township
        .own_logs()
        .find(|(_, log)| log.start.space.id() == notice)
        .expect("it wrote a notice");
    let level = Message::Spaces {
        spaces: List::new(vec![]).unwrap(),
        more: false,
    };
    say(&mut session, level);
    assert!(session.is_level());
    let place = |index| Place {
        space: notice,
        origin: log.clone(),
        index: EntryIndex(index),
    };
    let asked = sent(&session.handle(Input::LackPayloads(vec![place(1), place(2)].into())));
    let indexes = List::new(vec![EntryIndex(1), EntryIndex(2)]).unwrap();
    let ask = |indexes| Message::AskPayloads {
        space: notice,
        origin: log.clone(),
        indexes,
    };
    assert_eq!(asked, [ask(indexes)]);
    let gives = |indexes: &[u64]| Message::Payloads {
        origin: log.clone(),
        payloads: List::new(
            indexes
                .iter()
                .map(|index| PlacedPayload {
                    index: EntryIndex(*index),
                    payload: Blob::new(vec![*index as u8]).unwrap(),
                })
                .collect(),
        )
        .unwrap(),
    };
    let stored = say(&mut session, gives(&[1]));
    assert_eq!(
        stored[0],
        Effect::StorePayloads {
            space: notice,
            origin: log.clone(),
            payloads: vec![(EntryIndex(1), vec![1])]
        }
    );
    // What did not come with it is asked for again, and where nothing comes, no more until there is news.
    let again = ask(List::new(vec![EntryIndex(2)]).unwrap());
    assert_eq!(sent(&stored), std::slice::from_ref(&again));
    assert_eq!(say(&mut session, gives(&[])), []);
    assert_eq!(session.handle(Input::LackPayloads(vec![place(2)].into())), []);
    let grew = Message::Grew {
        space: notice,
        log: LogStanding {
            origin: log.clone(),
            standing: held.standing(),
        },
    };
    assert_eq!(sent(&say(&mut session, grew)), [again]);
    assert!(is_protocol(&say(&mut session, gives(&[3]))));
}
