//! What a session does when news comes at an awkward moment.

use std::sync::Arc;

use super::message::{Hello, LogStanding, SpaceDigest};
use super::sim::Node;
use super::talk::{ALL, FEDERATION, closed, opened, origin, say, sent, standing, township};
use super::*;
use crate::id::{Hash, SpaceId};
use crate::keys::SecretKey;
use crate::log::{Checkpoint, Origin, TreeSize};
use crate::testing::{FENGDU, QINGYA, SHIQIAO, key, org};
use crate::trust::{
    Audience, Body, Directory, Ground, Issuer, Level, Revocation, SignedStatement, Space, Statement,
};

fn notice() -> SpaceId {
    Space::of(org(FENGDU), Audience::Notice).id()
}

fn directory(directory: &Arc<Directory>, holdings: &Holdings) -> Input {
    Input::Directory {
        directory: directory.clone(),
        holdings: Arc::new(holdings.clone()),
    }
}

/// A space that two townships share by a statement alone, and the directory with it.
fn joint() -> (Space, Arc<Directory>) {
    let space = Space::joint(org(FENGDU), [org(QINGYA)], Level::City, 2026);
    let mut with = (**ALL).clone();
    with.extend([FEDERATION.sign(org(FENGDU), Body::JointSpace(space.clone()))]);
    (space, Arc::new(with))
}

/// As many statements, and the space is shared no more.
fn without() -> Arc<Directory> {
    let other = Space::joint(org(FENGDU), [org(SHIQIAO)], Level::Station, 2026);
    let mut without = (**ALL).clone();
    without.extend([FEDERATION.sign(org(FENGDU), Body::JointSpace(other))]);
    Arc::new(without)
}

/// The session of one partner with the other, and what the first holds in the joint space.
fn partners() -> (Node, Session) {
    let (space, with) = joint();
    let mut here = Node::new(&FEDERATION, org(FENGDU));
    here.directory = with.clone();
    here.change(&space, 100);
    let mut there = Node::new(&FEDERATION, org(QINGYA));
    there.directory = with;
    let mut session = here.session(&there);
    session.start();
    let hello = there.session(&here).start();
    let effects = say(&mut session, sent(&hello).remove(0));
    assert!(effects.contains(&Effect::Established {
        org: org(QINGYA),
        software: Some("test".into())
    }));
    (here, session)
}

#[test]
fn a_right_that_is_lost_is_lost_for_what_is_under_way() {
    let (space, with) = joint();
    let (here, mut session) = partners();
    let log = LogStanding {
        origin: origin(1),
        standing: standing(5),
    };
    let wanted = sent(&say(
        &mut session,
        Message::Grew {
            space: space.id(),
            log,
        },
    ));
    assert!(
        wanted
            .iter()
            .any(|message| matches!(message, Message::Want { .. })),
        "{wanted:?}"
    );
    let (own, held) = here.holdings.logs(&space.id()).next().unwrap();
    let want = Message::Want {
        space: space.id(),
        origin: own.clone(),
        from: TreeSize(0),
    };
    assert!(matches!(say(&mut session, want)[..], [Effect::Read { .. }]));

    session.handle(directory(&without(), &here.holdings));
    let range = |origin: &crate::log::Origin| {
        RangeData::new(
            origin.clone(),
            TreeSize(0),
            [(vec![1], None)],
            String::new(),
            Vec::new(),
        )
        .unwrap()
    };
    let stored = say(&mut session, Message::Range(range(&origin(1))));
    assert!(
        !stored.iter().any(|effect| matches!(effect, Effect::Store { .. })),
        "{stored:?}"
    );
    let read = Input::Read {
        origin: own.clone(),
        from: TreeSize(0),
        range: Some(range(own)),
    };
    assert_eq!(sent(&session.handle(read)), [Message::Nothing(own.clone())]);
    let grown = Input::Grown {
        space: space.id(),
        origin: own.clone(),
        standing: standing(held.size.0 + 1),
        own: true,
    };
    assert_eq!(sent(&session.handle(grown)), []);

    // When it comes back, the peer is told what there is, and asked for what did not come.
    let told = sent(&session.handle(directory(&with, &here.holdings)));
    assert!(
        matches!(&told[..], [Message::Spaces { spaces, .. }, Message::AskLogs(asked)]
            if spaces[0].space == space.id() && *asked == space.id()),
        "{told:?}"
    );
}

#[test]
fn what_was_learnt_is_not_forgotten_for_what_was_read_before() {
    let (space, _) = joint();
    let (here, mut session) = partners();
    session.handle(directory(&ALL, &here.holdings));
    let (own, _) = here.holdings.logs(&space.id()).next().unwrap();
    let want = Message::Want {
        space: space.id(),
        origin: own.clone(),
        from: TreeSize(0),
    };
    assert!(matches!(say(&mut session, want)[..], [Effect::Read { .. }]));
}

#[test]
fn what_grew_after_it_was_asked_for_in_vain_is_asked_for_again() {
    let (space, _) = joint();
    let (_, mut session) = partners();
    let grew = |session: &mut Session, size| {
        let log = LogStanding {
            origin: origin(1),
            standing: standing(size),
        };
        let space = space.id();
        sent(&say(session, Message::Grew { space, log }))
    };
    let wants = |messages: &[Message]| {
        let want = |message: &&Message| matches!(message, Message::Want { .. });
        messages.iter().filter(want).count()
    };
    assert_eq!(wants(&grew(&mut session, 5)), 1);
    assert_eq!(wants(&grew(&mut session, 9)), 0);
    let nothing = || Message::Nothing(origin(1));
    assert_eq!(wants(&sent(&say(&mut session, nothing()))), 1, "it looked before");
    assert_eq!(wants(&sent(&say(&mut session, nothing()))), 0);
}

#[test]
fn a_space_that_was_named_too_early_is_looked_at_later() {
    let (space, with) = joint();
    for crowd in [0, 10] {
        // As `partners`, but here the joint space is not known yet.
        let mut here = Node::new(&FEDERATION, org(FENGDU));
        here.directory = ALL.clone();
        let mut there = Node::new(&FEDERATION, org(QINGYA));
        there.directory = ALL.clone();
        let mut session = here.session(&there);
        session.start();
        say(&mut session, sent(&there.session(&here).start()).remove(0));
        let mut puzzled = Vec::new();
        // So many others were named before that it cannot be remembered.
        for n in 0..crowd {
            let digest = |m: usize| SpaceDigest {
                space: SpaceId(Hash::of("x", &[&[n as u8], &m.to_be_bytes()]).0),
                digest: Hash([1; 32]),
            };
            let spaces = List::new((0..512).map(digest).collect()).unwrap();
            puzzled.extend(sent(&say(&mut session, Message::Spaces { spaces, more: true })));
        }
        let spaces = List::new(vec![SpaceDigest {
            space: space.id(),
            digest: Hash([1; 32]),
        }])
        .unwrap();
        puzzled.extend(sent(&say(&mut session, Message::Spaces { spaces, more: false })));
        assert!(puzzled.contains(&Message::AskJoint), "{puzzled:?}");
        let answer = Message::Joint {
            statements: List::new(Vec::new()).unwrap(),
            more: false,
        };
        assert_eq!(closed(&say(&mut session, answer)), None);
        let asked = sent(&session.handle(directory(&with, &here.holdings)));
        assert!(asked.contains(&Message::AskLogs(space.id())), "{asked:?}");
    }
}

#[test]
fn growth_is_told_once_and_not_to_where_it_came_from() {
    let (_, mut session) = opened();
    let (space, origin) = (notice(), origin(1));
    let log = LogStanding {
        origin: origin.clone(),
        standing: standing(5),
    };
    say(&mut session, Message::Grew { space, log });
    let mut grown = |size| {
        let input = Input::Grown {
            space,
            origin: origin.clone(),
            standing: standing(size),
            own: false,
        };
        sent(&session.handle(input))
            .iter()
            .filter(|message| matches!(message, Message::Grew { .. }))
            .count()
    };
    assert_eq!(
        [grown(3), grown(5), grown(6), grown(6), grown(7)],
        [0, 0, 1, 0, 1]
    );
}

#[test]
fn while_much_waits_to_be_written_each_log_is_kept_for_telling_once() {
    let (_, mut session) = opened();
    let space = notice();
    let grown = |n: usize, size| Input::Grown {
        space,
        origin: origin(n),
        standing: standing(size),
        own: false,
    };
    session.handle(Input::Crowded(true));
    for size in 1..100 {
        for n in 1..3 {
            assert_eq!(sent(&session.handle(grown(n, size))), []);
        }
    }
    // It is told of as it is when its turn comes, even if that is less.
    session.handle(Input::Switched {
        space,
        origin: origin(2),
        standing: standing(50),
    });
    let told = sent(&session.handle(Input::Crowded(false)));
    let grew = |n: usize, size| Message::Grew {
        space,
        log: LogStanding {
            origin: origin(n),
            standing: standing(size),
        },
    };
    assert_eq!(told, [grew(1, 99), grew(2, 50)]);
    assert_eq!(sent(&session.handle(grown(1, 100))), [grew(1, 100)]);
}

#[test]
fn what_waited_leaves_no_faster_than_a_peer_has_to_hear_it() {
    let (_, mut session) = opened();
    session.handle(Input::Crowded(true));
    for n in 0..1000 {
        session.handle(Input::Grown {
            space: notice(),
            origin: origin(n),
            standing: standing(1),
            own: false,
        });
    }
    let mut told = vec![sent(&session.handle(Input::Crowded(false))).len()];
    for second in 1..5 {
        let now = Mark {
            ms: second * 1000,
            ..Mark::default()
        };
        told.push(sent(&session.handle(Input::Tick(now))).len());
    }
    assert_eq!(told, [256, 256, 256, 232, 0]);
}

#[test]
fn a_log_that_grows_while_it_is_witnessed_is_witnessed_again() {
    let station = Node::new(&FEDERATION, org(SHIQIAO));
    let mut township = Node::new(&FEDERATION, org(FENGDU));
    township.directory = ALL.clone();
    let mut session = station.session(&township);
    session.start();
    let hello = sent(&township.session(&station).start()).remove(0);
    session.handle(Input::Frame(hello.to_frame()));
    let mut opened = session.handle(directory(&ALL, &station.holdings));
    opened.retain(|effect| matches!(effect, Effect::PrepareWitness { .. }));
    let [Effect::PrepareWitness { origin, old: None }] = &opened[..] else {
        panic!("{opened:?}")
    };
    let (origin, log) = station.own_logs().find(|(own, _)| *own == origin).unwrap();
    let Standing { size, root } = log.standing();
    let checkpoint = Checkpoint {
        origin: origin.clone(),
        size,
        root,
    }
    .sign(&station.node);
    let mut ask = || {
        let request = Some(WitnessRequest {
            old: TreeSize(0),
            checkpoint: checkpoint.clone(),
            proof: vec![],
            shown: None,
        });
        session.handle(Input::WitnessPrepared {
            origin: origin.clone(),
            request,
        })
    };
    assert!(matches!(sent(&ask())[..], [Message::WitnessMe { .. }]));
    assert_eq!(ask(), [], "one at a time");
    let (space, standing) = (log.start.space.id(), standing(size.0 + 1));
    let grown = session.handle(Input::Grown {
        space,
        origin: origin.clone(),
        standing,
        own: true,
    });
    assert!(
        !grown
            .iter()
            .any(|effect| matches!(effect, Effect::PrepareWitness { .. }))
    );
    // The witness says where it stands: asked again from there, then left until it is due, which it is.
    let mut refuse = |at: u64| {
        let message = Message::WitnessRefused {
            origin: origin.clone(),
            size: TreeSize(at),
            reason: Text::cut("no"),
        };
        say(&mut session, message)
    };
    let prepare = |old| Effect::PrepareWitness {
        origin: origin.clone(),
        old,
    };
    assert_eq!(refuse(1), [prepare(Some(TreeSize(1)))]);
    let request = Some(WitnessRequest {
        old: TreeSize(1),
        checkpoint: checkpoint.clone(),
        proof: vec![],
        shown: None,
    });
    session.handle(Input::WitnessPrepared {
        origin: origin.clone(),
        request,
    });
    let gone = say(
        &mut session,
        Message::WitnessRefused {
            origin: origin.clone(),
            size: TreeSize(99),
            reason: Text::cut("no"),
        },
    );
    let refused = Effect::NotWitnessed {
        origin: origin.clone(),
        size: TreeSize(99),
        reason: "no".into(),
    };
    assert_eq!(gone, [refused, prepare(None)]);
}

#[test]
fn what_grew_between_the_hellos_is_told() {
    let (township, mut session, hello) = township();
    let (space, origin) = (notice(), origin(1));
    session.handle(Input::Grown {
        space,
        origin: origin.clone(),
        standing: standing(5),
        own: false,
    });
    // The peer happens to hold the same as we by now; it does not know that, and waits for our list.
    let mut holdings = township.holdings.clone();
    holdings.grow(space, &origin, standing(5));
    let shared = ALL.shared_spaces(&org(FENGDU), &org(SHIQIAO));
    let digest = Some(holdings.digest(shared.keys()));
    let effects = sent(&say(&mut session, Message::Hello(Hello { digest, ..hello })));
    assert!(
        effects
            .iter()
            .any(|message| matches!(message, Message::Spaces { .. }))
    );
}

#[test]
fn a_snapshot_that_is_late_forgets_nothing() {
    let (township, mut session) = opened();
    let (space, origin) = (notice(), origin(1));
    session.handle(Input::Grown {
        space,
        origin: origin.clone(),
        standing: standing(5),
        own: false,
    });
    session.handle(directory(&ALL, &township.holdings));
    let answer = sent(&say(&mut session, Message::AskLogs(space)));
    let listed = |message: &Message| match message {
        Message::Logs { logs, .. } => logs.iter().any(|log| log.origin == origin),
        _ => false,
    };
    assert!(answer.iter().any(listed), "{answer:?}");
}

#[test]
fn a_snapshot_that_is_late_brings_no_other_branch_back() {
    let (township, mut session) = opened();
    let (space, origin) = (notice(), origin(1));
    let mut late = township.holdings.clone();
    late.grow(space, &origin, standing(9));
    session.handle(Input::Grown {
        space,
        origin: origin.clone(),
        standing: standing(9),
        own: false,
    });
    session.handle(Input::Switched {
        space,
        origin: origin.clone(),
        standing: standing(5),
    });
    for _ in 0..2 {
        session.handle(directory(&ALL, &late));
    }
    let answer = sent(&say(&mut session, Message::AskLogs(space)));
    let [Message::Logs { logs, .. }] = &answer[..] else {
        panic!("{answer:?}")
    };
    let told = logs.iter().find(|log| log.origin == origin);
    assert_eq!(told.map(|log| log.standing), Some(standing(5)));
}

#[test]
fn directories_come_first() {
    let (_, mut session) = opened();
    let shared = ALL.shared_spaces(&org(FENGDU), &org(SHIQIAO));
    let digest = |id: &SpaceId| SpaceDigest {
        space: *id,
        digest: Hash([9; 32]),
    };
    let spaces = List::new(shared.keys().map(digest).collect()).unwrap();
    let asked = sent(&say(&mut session, Message::Spaces { spaces, more: false }));
    let directories: Vec<bool> = asked
        .iter()
        .filter_map(|message| match message {
            Message::AskLogs(space) => Some(shared[space].audience == Audience::Directory),
            _ => None,
        })
        .collect();
    let all = shared
        .values()
        .filter(|space| space.audience == Audience::Directory)
        .count();
    assert_eq!(directories, vec![true; all.min(4)]);
}

#[test]
fn a_chain_is_asked_for_where_it_is_not_held_and_what_does_not_stand_is_not_learnt() {
    let here = Node::new(&FEDERATION, org(FENGDU));
    let there = Node::new(&FEDERATION, org(SHIQIAO));
    let mut session = here.session(&there);
    session.start();
    let mut other = there.session(&here);
    let Message::Hello(hello) = sent(&other.start()).remove(0) else {
        panic!("a hello")
    };
    assert_eq!(
        sent(&say(&mut session, Message::Hello(hello))),
        [Message::AskChain]
    );
    let Message::Hello(hello) = sent(&here.session(&there).start()).remove(0) else {
        panic!("a hello")
    };
    say(&mut other, Message::Hello(hello));
    let Message::Chain(chain) = sent(&say(&mut other, Message::AskChain)).remove(0) else {
        panic!("a chain")
    };
    let again = say(&mut other, Message::AskChain);
    assert!(closed(&again).is_some(), "it is told once: {again:?}");
    // Well signed, by somebody who may say nothing.
    let stranger: SecretKey = key("stranger");
    let issuer = Issuer {
        org: org(SHIQIAO),
        key: stranger.public(),
        appointment: None,
        issued: crate::testing::START,
        founding: FEDERATION.founding.id(),
    };
    let body = Body::RootWitnesses(Vec::new());
    let bad = SignedStatement::sign(Statement { issuer, body }, &stranger);
    let mut statements = chain.to_vec();
    statements.push(bad.bytes().to_vec().into());
    let statements = List::new(statements).unwrap();
    let effects = say(&mut session, Message::Chain(statements.clone()));
    let [Effect::Learn(learnt)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert!(!learnt.is_empty() && learnt.iter().all(|statement| statement.id() != bad.id()));
    // Unasked it may come once more, to say why the peer refuses.
    assert_eq!(
        closed(&say(&mut session, Message::Chain(statements.clone()))),
        None
    );
    assert!(
        closed(&say(&mut session, Message::Chain(statements))).is_some(),
        "nobody asked again"
    );
}

/// What takes back the station's authority, and with it the appointment of its node.
fn revoking() -> SignedStatement {
    let authority = FEDERATION.keys(org(SHIQIAO)).appointment.expect("appointed");
    let revocation = Revocation {
        appointment: authority,
        ground: Ground::Hard { since_s: None },
        words: "换钥".into(),
        cut: Vec::new(),
        keeps: Vec::new(),
    };
    FEDERATION.sign(org(FENGDU), Body::Revocation(revocation))
}

#[test]
fn whoever_is_refused_for_what_it_does_not_know_is_told_it() {
    let revoking = revoking();
    let mut here = Node::new(&FEDERATION, org(FENGDU));
    let mut with = (**ALL).clone();
    with.extend([revoking.clone()]);
    here.directory = Arc::new(with);
    let mut there = Node::new(&FEDERATION, org(SHIQIAO));
    there.directory = ALL.clone();
    let (mut refusing, mut refused) = (here.session(&there), there.session(&here));
    let hellos = [refusing.start(), refused.start()].map(|effects| sent(&effects).remove(0));
    let [of_refusing, of_refused] = hellos;
    say(&mut refused, of_refusing);
    assert_eq!(sent(&say(&mut refusing, of_refused)), [Message::AskChain]);
    let chain = sent(&say(&mut refused, Message::AskChain)).remove(0);
    let effects = say(&mut refusing, chain);
    let reason = closed(&effects).expect("a farewell");
    assert_eq!(reason.misbehaviour(), Some(Misbehaviour::StaleDirectory));
    let [why @ Message::Chain(_), Message::Bye(_)] = &sent(&effects)[..] else {
        panic!("{effects:?}")
    };
    let effects = say(&mut refused, why.clone());
    let [Effect::Learn(learnt)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(learnt, std::slice::from_ref(&revoking));
    assert!(
        closed(&say(&mut refused, why.clone())).is_some(),
        "it is told once"
    );

    // Once it knows, it is not waited for.
    there.directory = here.directory.clone();
    let (mut refusing, mut refused) = (here.session(&there), there.session(&here));
    refusing.start();
    let hello = sent(&refused.start()).remove(0);
    let reason = closed(&say(&mut refusing, hello)).expect("a farewell");
    assert_eq!(reason.misbehaviour(), Some(Misbehaviour::StaleDirectory));
}

#[test]
fn whose_appointment_ends_while_it_talks_is_told_why() {
    let revoking = revoking();
    let (here, mut session) = opened();
    let mut with = (**ALL).clone();
    with.extend([revoking.clone()]);
    let effects = session.handle(directory(&Arc::new(with), &here.holdings));
    let reason = closed(&effects).expect("a farewell");
    assert_eq!(reason.misbehaviour(), Some(Misbehaviour::StaleDirectory));
    let [Message::Chain(why), Message::Bye(_)] = &sent(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert!(why.iter().any(|bytes| **bytes == revoking.bytes()));
}

#[test]
fn a_chain_that_does_not_come_is_not_waited_for() {
    let here = Node::new(&FEDERATION, org(FENGDU));
    let there = Node::new(&FEDERATION, org(SHIQIAO));
    let mut session = here.session(&there);
    session.start();
    let Message::Hello(hello) = sent(&there.session(&here).start()).remove(0) else {
        panic!("a hello")
    };
    say(&mut session, Message::Hello(hello));
    let ms = session.deadline_ms().expect("a chain is owed");
    let effects = session.handle(Input::Tick(Mark {
        ms,
        ..Mark::default()
    }));
    assert!(
        matches!(
            closed(&effects),
            Some(CloseReason::Misbehaved(Offence {
                kind: Misbehaviour::NoHello,
                ..
            }))
        ),
        "{effects:?}"
    );
}

/// A session that was told of another root of a log that is held, and what it sent then.
fn forked() -> (Session, SpaceId, Vec<Message>) {
    let (here, mut session) = partners();
    let (space, _) = joint();
    let held = here.holdings.logs(&space.id()).next();
    let (origin, ours) = held.map(|(origin, standing)| (origin.clone(), standing)).unwrap();
    let theirs = Standing {
        root: Hash([7; 32]),
        ..ours
    };
    let log = LogStanding {
        origin,
        standing: theirs,
    };
    let space = space.id();
    let effects = say(&mut session, Message::Grew { space, log });
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Fork { .. })));
    let asked = sent(&effects);
    (session, space, asked)
}

fn wanted(messages: &[Message]) -> Vec<(Origin, TreeSize)> {
    let wants = messages.iter().filter_map(|message| match message {
        Message::Want { origin, from, .. } => Some((origin.clone(), *from)),
        _ => None,
    });
    wants.collect()
}

fn range_of(log: &Origin) -> RangeData {
    RangeData::new(
        log.clone(),
        TreeSize::EMPTY,
        [(vec![1], None)],
        String::new(),
        vec![],
    )
    .unwrap()
}

#[test]
fn what_is_no_other_branch_after_all_is_wanted() {
    let (mut session, space, asked) = forked();
    let [(log, _)] = &wanted(&asked)[..] else {
        panic!("one question, {asked:?}")
    };
    say(&mut session, Message::Range(range_of(log)));
    // Meanwhile what stands at the peer is another thing.
    let grown = LogStanding {
        origin: log.clone(),
        standing: Standing {
            size: TreeSize(9),
            root: Hash([9; 32]),
        },
    };
    let effects = say(&mut session, Message::Grew { space, log: grown });
    assert_eq!(wanted(&sent(&effects)), [], "it is passed over");
    let effects = session.handle(Input::BranchGrows {
        space,
        origin: log.clone(),
    });
    let progress = effects.iter().find_map(|effect| match effect {
        Effect::Progress { wanted_entries, .. } => Some(*wanted_entries),
        _ => None,
    });
    assert!(progress.is_some_and(|wanted| wanted > 0), "{effects:?}");
}

#[test]
fn another_branch_is_read_from_its_beginning_once() {
    let (mut session, space, asked) = forked();
    let [(log, from)] = &wanted(&asked)[..] else {
        panic!("one question, {asked:?}")
    };
    assert_eq!(*from, TreeSize::EMPTY);
    let range = range_of(log);
    let effects = say(&mut session, Message::Range(range.clone()));
    assert_eq!(effects, [Effect::StoreBranch { space, range }]);
    let next = session.handle(Input::BranchStored {
        origin: log.clone(),
        next: Some(TreeSize(1)),
    });
    assert_eq!(wanted(&sent(&next)), [(log.clone(), TreeSize(1))]);
    let more = RangeData {
        from: TreeSize(1),
        ..range_of(log)
    };
    say(&mut session, Message::Range(more));
    // Then what the peer keeps beside that.
    for branch in 1..=BRANCHES_MAX {
        let next = session.handle(Input::BranchStored {
            origin: log.clone(),
            next: None,
        });
        let want = Message::WantBranch {
            space,
            origin: log.clone(),
            branch,
            from: TreeSize::EMPTY,
        };
        assert_eq!(sent(&next), [want]);
        if branch < BRANCHES_MAX {
            say(&mut session, Message::Range(range_of(log)));
        }
    }
    let effects = say(&mut session, Message::Nothing(log.clone()));
    assert_eq!(wanted(&sent(&effects)), []);
    // Asked once: the peer cannot make us read it again and again.
    let known = session.handle(Input::ForkKnown {
        space,
        origin: log.clone(),
    });
    assert_eq!(wanted(&sent(&known)), []);
    let effects = say(&mut session, Message::Nothing(log.clone()));
    assert!(closed(&effects).is_some(), "an answer that nobody asked for");
}

#[test]
fn the_branch_that_stands_is_told_though_it_is_the_smaller() {
    let (mut session, space, asked) = forked();
    let (log, _) = wanted(&asked).remove(0);
    let now = Standing {
        size: TreeSize(1),
        root: Hash([3; 32]),
    };
    let effects = session.handle(Input::Switched {
        space,
        origin: log.clone(),
        standing: now,
    });
    let told = LogStanding {
        origin: log,
        standing: now,
    };
    assert!(sent(&effects).contains(&Message::Grew { space, log: told }));
}

#[test]
fn the_witness_log_is_offered_to_who_witnesses_us_when_it_is_due() {
    let mut station = Node::new(&FEDERATION, org(SHIQIAO));
    let mut township = Node::new(&FEDERATION, org(FENGDU));
    station.directory = ALL.clone();
    township.directory = ALL.clone();
    let offered = |effects: &[Effect], log: &Origin| {
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::PrepareWitness { origin, old: None } if origin == log))
    };
    let log = Origin::parse("lianzhan/witness-log/01").unwrap();
    for (node, peer, witnessed) in [(&station, &township, true), (&township, &station, false)] {
        let mut session = node.session(peer);
        session.start();
        let hello = sent(&peer.session(node).start()).remove(0);
        let opened = session.handle(Input::Frame(hello.to_frame()));
        assert!(
            opened
                .iter()
                .any(|effect| matches!(effect, Effect::Established { .. }))
        );
        assert!(!offered(&opened, &log), "there is none yet");
        let origin = log.clone();
        let due = session.handle(Input::WitnessLog { origin });
        assert_eq!(offered(&due, &log), witnessed);
        // Also whenever the directory changes, since the peer may be the parent from now on.
        session.handle(Input::WitnessPrepared {
            origin: log.clone(),
            request: None,
        });
        let changed = session.handle(directory(&ALL, &node.holdings));
        assert_eq!(offered(&changed, &log), witnessed);
    }
}
