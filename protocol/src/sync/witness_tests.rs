//! Being asked to witness: by whom the directory does not name yet, and with a receipt that is not what it says.

use std::sync::Arc;

use super::sim::Node;
use super::talk::{ALL, FEDERATION, closed, is_lie, is_protocol, origin, say, sent};
use super::*;
use crate::id::Hash;
use crate::keys::Signature;
use crate::log::{Checkpoint, EntryIndex, Origin, Receipt, TreeSize};
use crate::testing::{COUNTY, FENGDU, Federation, QINGYA, SHIQIAO, TestLog, org};
use crate::trust::{Audience, Body, Directory, Level, Policy, Space};

/// A session of the node of `code`, which knows the whole federation, with the station's.
fn with_the_station(code: &str) -> (Node, Session) {
    let mut node = Node::new(&FEDERATION, org(code));
    node.directory = ALL.clone();
    let station = Node::new(&FEDERATION, org(SHIQIAO));
    let mut session = node.session(&station);
    session.start();
    let hello = sent(&station.session(&node).start()).remove(0);
    let effects = session.handle(Input::Frame(hello.to_frame()));
    assert!(effects.contains(&Effect::Established {
        org: org(SHIQIAO),
        software: Some("test".into())
    }));
    (node, session)
}

fn witness_me(n: usize) -> Message {
    let checkpoint = Checkpoint {
        origin: origin(n),
        size: TreeSize(1),
        root: Hash([1; 32]),
    };
    let node = &FEDERATION.keys(org(SHIQIAO)).node;
    Message::WitnessMe {
        origin: origin(n),
        old: TreeSize(0),
        checkpoint: Text::new(checkpoint.sign(node).to_string()).unwrap(),
        proof: List::new(vec![]).unwrap(),
        shown: None,
    }
}

/// The directory once the root has said that the county must witness, too.
fn with_policy() -> Arc<Directory> {
    let mut with = (**ALL).clone();
    let levels = vec![Level::County];
    with.extend([FEDERATION.sign(FEDERATION.directory().root(), Body::Policy(Policy { levels }))]);
    Arc::new(with)
}

fn told(node: &Node, directory: Arc<Directory>) -> Input {
    Input::Directory {
        directory,
        holdings: Arc::new(node.holdings.clone()),
    }
}

fn cosigned(effects: &[Effect]) -> Vec<&Origin> {
    let asked = effects.iter().filter_map(|effect| match effect {
        Effect::Cosign { origin, .. } => Some(origin),
        _ => None,
    });
    asked.collect()
}

#[test]
fn what_is_asked_before_the_directory_names_the_witness_is_answered_once_it_does() {
    let (county, mut session) = with_the_station(COUNTY);
    for n in 0..16 {
        assert_eq!(say(&mut session, witness_me(n)), []);
    }
    // News that do not name it answer nothing, and lose nothing.
    let same = session.handle(told(&county, ALL.clone()));
    assert_eq!(cosigned(&same), [] as [&Origin; 0]);
    let named = session.handle(told(&county, with_policy()));
    let all: Vec<_> = (0..16).map(origin).collect();
    assert_eq!(
        cosigned(&named),
        all.iter().collect::<Vec<_>>(),
        "in the order asked"
    );
    let again = session.handle(told(&county, with_policy()));
    assert_eq!(cosigned(&again), [] as [&Origin; 0], "once");

    let (_, mut session) = with_the_station(COUNTY);
    for n in 0..16 {
        say(&mut session, witness_me(n));
    }
    assert!(
        is_protocol(&say(&mut session, witness_me(16))),
        "no more are kept"
    );

    // Who is not named later never witnesses, and what was not signed is noticed when it is.
    let (county, mut session) = with_the_station(COUNTY);
    let Message::WitnessMe {
        origin, old, proof, ..
    } = witness_me(0)
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
    assert_eq!(say(&mut session, forged), []);
    let named = session.handle(told(&county, with_policy()));
    assert!(is_lie(&named), "{named:?}");
}

/// A log of the station with a receipt of its township, and the request that shows it.
fn shown() -> (TestLog, Receipt) {
    let mut federation = Federation::new();
    let log = federation.log(org(SHIQIAO), &Space::of(org(SHIQIAO), Audience::County), 1);
    let receipt = federation.receipt(&log);
    (log, receipt)
}

fn showing(log: &TestLog, receipt: Receipt) -> Message {
    let checkpoint = log.checkpoint();
    Message::WitnessMe {
        origin: log.origin.clone(),
        old: receipt.size,
        checkpoint: Text::new(checkpoint.sign(&log.node).to_string()).unwrap(),
        proof: List::new(vec![]).unwrap(),
        shown: Some(receipt),
    }
}

#[test]
fn a_receipt_that_is_shown_is_good_or_the_session_is_over() {
    let (log, good) = shown();
    let (_, mut session) = with_the_station(FENGDU);
    let effects = say(&mut session, showing(&log, good.clone()));
    let [
        Effect::Cosign {
            shown: Some(shown), ..
        },
    ] = &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!(*shown, good);

    let hash = Hash([7; 32]);
    let signature = Signature([7; 64]);
    let stranger = FEDERATION.keys(org(QINGYA)).witness.public();
    let forged: Vec<(&str, Receipt)> = vec![
        (
            "another root",
            Receipt {
                root: hash,
                ..good.clone()
            },
        ),
        (
            "another size",
            Receipt {
                size: TreeSize(good.size.0 + 1),
                ..good.clone()
            },
        ),
        (
            "another time",
            Receipt {
                time_s: good.time_s - 1,
                ..good.clone()
            },
        ),
        (
            "another witness",
            Receipt {
                witness: stranger,
                ..good.clone()
            },
        ),
        (
            "no cosignature",
            Receipt {
                cosignature: signature,
                ..good.clone()
            },
        ),
        (
            "not signed by the log",
            Receipt {
                log_signature: signature,
                ..good.clone()
            },
        ),
        (
            "not in the witness log",
            Receipt {
                witness_index: EntryIndex(good.witness_index.0 + 1),
                ..good.clone()
            },
        ),
        (
            "another witness log",
            Receipt {
                witness_root: hash,
                ..good.clone()
            },
        ),
        (
            "not signed by its node",
            Receipt {
                witness_signature: signature,
                ..good.clone()
            },
        ),
    ];
    for (what, receipt) in forged {
        let (_, mut session) = with_the_station(FENGDU);
        let effects = say(&mut session, showing(&log, receipt));
        assert!(is_lie(&effects), "{what}: {effects:?}");
        assert_eq!(cosigned(&effects), [] as [&Origin; 0], "{what}");
    }
    // None that could be read has so long a proof.
    let long = Receipt {
        proof: vec![hash; 64],
        ..good.clone()
    };
    let (_, mut session) = with_the_station(FENGDU);
    let effects = say(&mut session, showing(&log, long));
    assert_eq!(
        closed(&effects).and_then(|reason| reason.misbehaviour()),
        Some(Misbehaviour::Unreadable)
    );
    // A good one over another log of the same station.
    let federation = Federation::new();
    let other = federation.log(org(SHIQIAO), &Space::of(org(SHIQIAO), Audience::Township), 2);
    let (_, mut session) = with_the_station(FENGDU);
    let effects = say(&mut session, showing(&other, good));
    assert!(is_lie(&effects), "{effects:?}");
}
