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
    // The next goes out when one is stored, not when it came.
    let range = RangeData::new(
        origin(0),
        TreeSize(0),
        [(vec![1], None)],
        String::new(),
        Vec::new(),
    )
    .unwrap();
    assert!(matches!(
        say(&mut session, Message::Range(range))[..],
        [Effect::Store { .. }]
    ));
    let stored = session.handle(Input::Stored {
        space,
        origin: origin(0),
        standing: standing(5),
    });
    assert_eq!(sent(&stored).len(), 1, "{stored:?}");
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
    let asked = sent(&session.handle(Input::LackKeys(vec![RecordId([1; 16])])));
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
    session.handle(Input::LackKeys(
        (0..=255).chain(0..9).map(|n| RecordId([n; 16])).collect(),
    ));
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
    let asked = sent(&session.handle(Input::LackPayloads(vec![place(1), place(2)])));
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
                    payload: vec![*index as u8].into(),
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
    assert_eq!(session.handle(Input::LackPayloads(vec![place(2)])), []);
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
