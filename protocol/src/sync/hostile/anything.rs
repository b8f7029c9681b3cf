//! Any message at any moment, and frames that are none.

use super::*;

fn any_message() -> impl Strategy<Value = Message> {
    let spaces: Vec<SpaceId> = [
        Audience::Notice,
        Audience::Local,
        Audience::Directory,
        Audience::City,
    ]
    .into_iter()
    .flat_map(|audience| [FENGDU, SHIQIAO, COUNTY].map(|code| Space::of(org(code), audience).id()))
    .collect();
    let space = prop::sample::select(spaces);
    let log = || (0usize..6).prop_map(origin);
    let size = || prop_oneof![0u64..9, Just(u64::MAX), Just(TreeSize::MAX.0)];
    let listed = move || {
        (log(), size()).prop_map(|(origin, n)| LogStanding {
            origin,
            standing: standing(n),
        })
    };
    let list = prop::collection::vec(listed(), 0..9).prop_map(|logs| List::new(logs).unwrap());
    prop_oneof![
        (space.clone(), any::<bool>(), any::<u8>()).prop_map(|(space, more, n)| Message::Spaces {
            spaces: List::new(vec![SpaceDigest {
                space,
                digest: Hash([n; 32])
            }])
            .unwrap(),
            more
        }),
        space.clone().prop_map(Message::AskLogs),
        (space.clone(), list, any::<bool>()).prop_map(|(space, logs, more)| Message::Logs {
            space,
            logs,
            more
        }),
        (space.clone(), listed()).prop_map(|(space, log)| Message::Grew { space, log }),
        (space.clone(), log(), size()).prop_map(|(space, origin, n)| Message::Want {
            space,
            origin,
            from: TreeSize(n)
        }),
        (log(), size(), 0usize..3).prop_map(|(origin, n, len)| Message::Range(
            RangeData::new(
                origin,
                TreeSize(n),
                vec![(vec![1], None); len],
                String::new(),
                vec![]
            )
            .unwrap()
        )),
        log().prop_map(Message::Nothing),
        (log(), size()).prop_map(|(origin, n)| Message::WitnessMe {
            origin,
            old: TreeSize(n),
            checkpoint: Text::cut("none"),
            proof: List::new(Vec::new()).unwrap(),
            shown: None,
        }),
        any::<[u8; 16]>().prop_map(|id| Message::AskKeys(List::new(vec![RecordId(id)]).unwrap())),
        any::<[u8; 16]>().prop_map(|id| Message::Keys(
            List::new(vec![RecordKey {
                record: RecordId(id),
                key: [1; 32]
            }])
            .unwrap()
        )),
        (space.clone(), log(), any::<u64>()).prop_map(|(space, origin, index)| Message::AskPayloads {
            space,
            origin,
            indexes: List::new(vec![EntryIndex(index)]).unwrap(),
        }),
        (log(), any::<u64>()).prop_map(|(origin, index)| Message::Payloads {
            origin,
            payloads: List::new(vec![PlacedPayload {
                index: EntryIndex(index),
                payload: Blob::new(vec![1]).unwrap(),
            }])
            .unwrap(),
        }),
        (space, 0u8..3, 0u64..3).prop_map(|(space, id, from)| Message::WantAttachment {
            space,
            id: AttachmentId([id; 32]),
            from: from * PIECE_BYTES,
        }),
        (0u8..3, 0u64..3).prop_map(|(id, from)| Message::Piece(Piece {
            id: AttachmentId([id; 32]),
            size: 3,
            from: from * PIECE_BYTES,
            data: Blob::new(vec![1; 3]).unwrap(),
            path: List::new(Vec::new()).unwrap(),
        })),
        (0u8..3).prop_map(|id| Message::NoAttachment(AttachmentId([id; 32]))),
        (0u8..3).prop_map(|id| Message::HaveAttachment(AttachmentId([id; 32]))),
        Just(Message::AskChain),
        Just(Message::Chain(List::new(Vec::new()).expect("none"))),
        Just(Message::AskJoint),
        any::<bool>().prop_map(|more| Message::Joint {
            statements: List::new(Vec::new()).unwrap(),
            more
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_frame_panics(frame in prop::collection::vec(any::<u8>(), 0..300)) {
        let (_, mut session, _) = township();
        session.handle(Input::Frame(frame.clone()));
        let (_, mut session) = opened();
        session.handle(Input::Frame(frame));
    }

    #[test]
    fn no_talk_brings_a_session_to_store_what_it_did_not_ask_for(
        talk in prop::collection::vec(any_message(), 1..40)
    ) {
        let (_, mut session) = opened();
        let shared = ALL.shared_spaces(&org(FENGDU), &org(SHIQIAO));
        let mut asked = Vec::new();
        for message in talk {
            for effect in say(&mut session, message) {
                match effect {
                    Effect::Send(frame) => {
                        if let Message::Want { space, origin, from } = Message::from_frame(&frame).unwrap() {
                            prop_assert!(shared.contains_key(&space));
                            asked.push((space, origin, from));
                        }
                    }
                    Effect::Store { space, range } => {
                        let want = (space, range.origin, range.from);
                        let at = asked.iter().position(|asked| *asked == want);
                        prop_assert!(at.is_some());
                        at.map(|at| asked.swap_remove(at));
                    }
                    Effect::StoreKeys(_)
                    | Effect::StorePayloads { .. }
                    | Effect::StoreReceipt { .. }
                    | Effect::StorePiece { .. } => prop_assert!(false, "not asked for"),
                    _ => {}
                }
            }
            prop_assert!(asked.len() <= 4);
        }
    }
}
