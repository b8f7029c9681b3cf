//! What a range must be to be stored, and whose fault it is if it is not.

use proptest::prelude::*;
use std::sync::LazyLock;

use super::*;
use crate::codec;
use crate::log::{
    Checkpoint, EntryError, Frontier, LogStart, LogStatement, ProofRejected, SignedCheckpoint, TreeSize,
    consistency, leaf_hash,
};
use crate::record::{Put, Value};
use crate::testing::{CITY, FENGDU, Federation, Person, SHIQIAO, TestLog, key, org};
use crate::trust::{Audience, Role, Space};

struct Written {
    log: TestLog,
    author: Person,
}

/// A log of a start and six changes.
static WRITTEN: LazyLock<Written> = LazyLock::new(|| {
    let mut federation = Federation::new();
    let author = federation.person(org(SHIQIAO), "林某", &[Role::StationLiaison], None);
    let mut log = federation.log(org(SHIQIAO), &space(), 1);
    write(&mut log, &author, 6);
    Written { log, author }
});

fn space() -> Space {
    Space::of(org(SHIQIAO), Audience::City)
}

fn write(log: &mut TestLog, author: &Person, changes: usize) {
    for n in 0..changes {
        let put = Put::field(
            "title",
            Value::from(format!("title {n} of {}", log.entries.len()).as_str()),
        );
        log.append_change(author, log.record(1), &[], vec![put]);
    }
}

/// Entries `from..end` of a log, with its checkpoint.
fn range(log: &TestLog, from: usize, end: usize) -> RangeData {
    let entries = log.entries[from..end].iter().zip(&log.payloads[from..end]);
    let entries = entries.map(|(entry, payload)| (entry.to_bytes(), Some(payload.clone())));
    let checkpoint = log.checkpoint();
    let proof = consistency(TreeSize(end as u64), checkpoint.size, |n| {
        log.nodes.get(n as usize).copied()
    })
    .unwrap();
    let note = checkpoint.sign(&log.node).to_string();
    RangeData::new(log.origin.clone(), TreeSize(from as u64), entries, note, proof).unwrap()
}

fn frontier(log: &TestLog, size: u64) -> Frontier {
    Frontier::load(TreeSize(size), |n| log.nodes.get(n as usize).copied()).unwrap()
}

fn verify(log: &TestLog, range: &RangeData) -> Result<VerifiedRange, RangeError> {
    verify_range(
        &space().id(),
        Some(&log.start),
        &frontier(log, range.from.0),
        range,
    )
}

/// A range with its parts replaced.
fn with(range: &RangeData, change: impl FnOnce(&mut Vec<RangeEntry>, &mut String)) -> RangeData {
    let (mut entries, mut note) = (range.entries.to_vec(), range.checkpoint.to_string());
    change(&mut entries, &mut note);
    let entries = List::new(entries).unwrap();
    RangeData {
        entries,
        checkpoint: Text::new(note).unwrap(),
        ..range.clone()
    }
}

#[test]
fn a_log_arrives_whole_in_whatever_pieces() {
    let log = &WRITTEN.log;
    for step in 1..=7 {
        let (mut held, mut start, mut nodes) = (Frontier::new(), None::<LogStart>, Vec::new());
        for from in (0..7).step_by(step) {
            let range = range(log, from, (from + step).min(7));
            let verified = verify_range(&space().id(), start.as_ref(), &held, &range).unwrap();
            assert_eq!(verified.from(), held.size());
            assert_eq!(verified.entries().len(), range.entries.len());
            assert_eq!(verified.standing().root, verified.frontier().root());
            nodes.extend(verified.new_nodes().iter().map(|(_, hash)| *hash));
            (held, start) = (verified.frontier().clone(), Some(verified.start().clone()));
        }
        assert_eq!(held.root(), log.checkpoint().root);
        assert_eq!(nodes, log.nodes);
        assert_eq!(start.as_ref(), Some(&log.start));
    }
}

#[test]
fn the_place_of_a_range_is_checked() {
    let log = &WRITTEN.log;
    let middle = range(log, 3, 5);
    let no_start = verify_range(&space().id(), None, &frontier(log, 3), &middle).unwrap_err();
    assert_eq!(
        (no_start.blame(), &no_start),
        (Blame::Ours, &RangeError::StartUnknown)
    );
    let elsewhere = verify_range(&space().id(), Some(&log.start), &frontier(log, 2), &middle).unwrap_err();
    assert_eq!(
        elsewhere,
        RangeError::NotAtTheEnd {
            held: TreeSize(2),
            from: TreeSize(3)
        }
    );
    assert_eq!(elsewhere.blame(), Blame::Ours);
    let empty = RangeData {
        entries: List::new(Vec::new()).unwrap(),
        ..middle.clone()
    };
    assert_eq!(verify(log, &empty).unwrap_err(), RangeError::Empty);

    let city = Space::of(org(CITY), Audience::City).id();
    let whole = range(log, 0, 7);
    let other_space = verify_range(&city, None, &Frontier::new(), &whole).unwrap_err();
    assert_eq!(other_space, RangeError::OtherSpace);
    let headless = RangeData {
        from: TreeSize::EMPTY,
        ..range(log, 1, 7)
    };
    let headless = verify_range(&space().id(), Some(&log.start), &Frontier::new(), &headless).unwrap_err();
    assert_eq!(headless, RangeError::BadStart("not the start of a log"));
    let other = Federation::new().log(org(FENGDU), &space(), 1);
    let renamed = RangeData {
        origin: other.origin.clone(),
        ..whole
    };
    let renamed = verify_range(&space().id(), None, &Frontier::new(), &renamed).unwrap_err();
    assert_eq!(renamed, RangeError::BadStart("the log has another origin"));
    for error in [other_space, headless, renamed] {
        assert_eq!(error.blame(), Blame::Peer);
    }
}

#[test]
fn statements_are_the_nodes_own_and_whole() {
    let mut log = Federation::new().log(org(SHIQIAO), &space(), 2);
    let bad = |what| RangeError::BadStatement { index: 1, what };
    // Somebody else's signature, a second start, bytes that are no statement, and a payload that is missing.
    let node = std::mem::replace(&mut log.node, key("somebody"));
    log.append_statement(&LogStatement::Trust(vec![1, 2, 3]));
    log.node = node;
    assert_eq!(
        verify(&log, &range(&log, 1, 2)).unwrap_err(),
        bad("not written by the log's node")
    );

    let mut log = Federation::new().log(org(SHIQIAO), &space(), 2);
    log.append_statement(&LogStatement::Start(log.start.clone()));
    let twice = bad("a log starts once, with its first entry");
    assert_eq!(verify(&log, &range(&log, 1, 2)).unwrap_err(), twice);

    let mut log = Federation::new().log(org(SHIQIAO), &space(), 2);
    log.append_statement(&LogStatement::Trust(vec![1, 2, 3]));
    let missing = with(&range(&log, 1, 2), |entries, _| entries[0].payload = None);
    assert_eq!(verify(&log, &missing).unwrap_err(), bad("its payload is missing"));
    let other = with(&range(&log, 1, 2), |entries, _| {
        entries[0].payload = Some(Blob::new(vec![1]).unwrap())
    });
    let fault = RangeError::BadEntry {
        index: 1,
        error: EntryError::Payload,
    };
    assert_eq!(verify(&log, &other).unwrap_err(), fault);
    let missing = with(&range(&log, 0, 2), |entries, _| entries[0].payload = None);
    assert_eq!(
        verify(&log, &missing).unwrap_err(),
        RangeError::BadStart("its payload is missing")
    );
}

#[test]
fn an_entry_that_its_author_did_not_sign_for_this_log_is_refused_though_the_log_signed_it() {
    let log = &WRITTEN.log;
    let other = Federation::new().log(org(SHIQIAO), &space(), 9);
    let mut forged = log.entries[1].to_bytes();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    for (entry, is_signature) in [(other.entries[0].to_bytes(), false), (forged, true)] {
        // The node puts it into its tree and signs the root.
        let mut tree = frontier(log, 1);
        tree.push(leaf_hash(&entry));
        let checkpoint = Checkpoint {
            origin: log.origin.clone(),
            size: TreeSize(2),
            root: tree.root(),
        };
        let note = checkpoint.sign(&log.node).to_string();
        let range =
            RangeData::new(log.origin.clone(), TreeSize(1), [(entry, None)], note, Vec::new()).unwrap();
        let error = verify(log, &range).unwrap_err();
        assert_eq!(error.blame(), Blame::Peer);
        match error {
            RangeError::BadEntry {
                index: 1,
                error: EntryError::Signature(_),
            } => assert!(is_signature),
            RangeError::BadEntry {
                index: 1,
                error: EntryError::OtherLog(_),
            } => assert!(!is_signature),
            error => panic!("{error}"),
        }
    }
}

#[test]
fn a_change_may_lack_its_payload() {
    let log = &WRITTEN.log;
    let erased = with(&range(log, 1, 4), |entries, _| entries[1].payload = None);
    let verified = verify(log, &erased).unwrap();
    let held: Vec<bool> = verified
        .entries()
        .iter()
        .map(|(_, payload)| payload.is_some())
        .collect();
    assert_eq!(held, [true, false, true]);
}

#[test]
fn the_signed_root_decides() {
    let log = &WRITTEN.log;
    let good = range(log, 1, 5);
    let swapped = with(&good, |entries, _| entries.swap(0, 1));
    // Reordered entries lead to another root, as another branch would.
    assert_eq!(
        verify(log, &swapped).unwrap_err(),
        RangeError::NotAnExtension(TreeSize(7))
    );
    let no_proof = RangeData {
        proof: List::new(Vec::new()).unwrap(),
        ..good.clone()
    };
    assert_eq!(
        verify(log, &no_proof).unwrap_err(),
        RangeError::WrongRoot(ProofRejected::WrongLength)
    );
    let checkpoint = Checkpoint {
        size: TreeSize(3),
        ..log.checkpoint()
    };
    let behind = with(&good, |_, note| *note = checkpoint.sign(&log.node).to_string());
    let fault = RangeError::CheckpointBehind {
        checkpoint: TreeSize(3),
        end: TreeSize(5),
    };
    assert_eq!(verify(log, &behind).unwrap_err(), fault);
    let stranger = with(&good, |_, note| {
        *note = log.checkpoint().sign(&key("stranger")).to_string()
    });
    assert!(matches!(verify(log, &stranger), Err(RangeError::Checkpoint(_))));
    assert!(SignedCheckpoint::verify(&good.checkpoint, &log.start.node, &log.origin).is_ok());
}

#[test]
fn the_other_branch_of_a_fork_is_not_the_peers_fault() {
    let Written { author, .. } = &*WRITTEN;
    let federation = Federation::new();
    let branch = |n: usize| {
        let mut log = federation.log(org(SHIQIAO), &space(), 3);
        write(&mut log, author, 3);
        log.clock.0 += n as i64;
        write(&mut log, author, 4);
        log
    };
    let (ours, theirs) = (branch(0), branch(1));
    for held in 5..7 {
        for end in held + 1..=8 {
            let range = range(&theirs, held, end);
            let before = frontier(&ours, held as u64);
            let error = verify_range(&space().id(), Some(&ours.start), &before, &range).unwrap_err();
            assert_eq!(
                (error.blame(), error),
                (Blame::Log, RangeError::NotAnExtension(TreeSize(8)))
            );
        }
    }
    // Where both agree, either may go on.
    let range = range(&theirs, 4, 8);
    assert!(verify_range(&space().id(), Some(&ours.start), &frontier(&ours, 4), &range).is_ok());
}

#[test]
fn what_a_frame_cannot_carry_is_no_range() {
    let log = &WRITTEN.log;
    let entry = (log.entries[0].to_bytes(), Some(vec![0; RANGE_BYTES]));
    let note = String::new();
    assert!(
        RangeData::new(
            log.origin.clone(),
            TreeSize(0),
            [entry.clone()],
            note.clone(),
            vec![]
        )
        .is_err()
    );
    let many = vec![(vec![0; 9], None); RANGE_ENTRIES_MAX + 1];
    assert!(RangeData::new(log.origin.clone(), TreeSize(0), many, note, vec![]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_changed_byte_changes_nothing_that_is_stored(
        from in 0usize..6, len in 1usize..7, at: prop::sample::Index, bit in 0u8..8, cut: bool
    ) {
        let log = &WRITTEN.log;
        let end = (from + len).min(7);
        let mut bytes = codec::encode(&range(log, from, end));
        let at = at.index(bytes.len());
        if cut {
            bytes.remove(at);
        } else {
            bytes[at] ^= 1 << bit;
        }
        let Ok(changed) = codec::decode::<RangeData>(&bytes, FRAME_MAX) else { return Ok(()) };
        let before = frontier(log, from as u64);
        let Ok(verified) = verify_range(&space().id(), Some(&log.start), &before, &changed) else { return Ok(()) };
        // Only what the tree does not cover can differ: a payload that is missing, a signature line of somebody unknown.
        prop_assert_eq!(verified.checkpoint().checkpoint(), &log.checkpoint());
        for ((entry, payload), n) in verified.entries().iter().zip(from..) {
            prop_assert_eq!(&**entry, &log.entries[n]);
            prop_assert!(payload.is_none() || payload.as_ref() == Some(&log.payloads[n]));
        }
    }
}
