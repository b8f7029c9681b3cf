use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::OnceLock;

use automerge::{ActorId, Automerge, Change as AmChange, ExpandedChange, ROOT, ReadDoc};
use lianzhan_protocol::codec::hex;
use lianzhan_protocol::id::{ChangeId, Hash, OrgId, RecordId, SpaceId, StatementId};
use lianzhan_protocol::keys::{PublicKey, SecretKey};
use lianzhan_protocol::log::{EntryIndex, Origin};
use lianzhan_protocol::record::ledger::by_hash;
use lianzhan_protocol::record::{
    Capacity, Change, Event, Graph, Held, PendingReason, Put, RecordState, RefusalReason, Value, Verdict,
    fold,
};
use lianzhan_protocol::time::Timestamp;
use proptest::prelude::*;

use super::*;

/// What [`read`] gives.
type Keys = BTreeMap<String, Vec<Value>>;

/// What one author does in one step.
#[derive(Debug, Clone)]
struct Step {
    log: usize,
    author: usize,
    /// Which earlier steps were seen, counted back from this one.
    seen: Vec<usize>,
    fields: BTreeMap<&'static str, Value>,
    events: Vec<String>,
    verdict: u8,
    /// Other entries of the log before this one.
    between: u64,
}

/// A history: changes with their verdicts.
#[derive(Debug, Clone)]
struct History {
    held: Vec<Held>,
    verdicts: BTreeMap<ChangeId, Verdict>,
}

impl History {
    fn of(steps: &[Step]) -> Self {
        let mut history = History {
            held: Vec::new(),
            verdicts: BTreeMap::new(),
        };
        let mut next: BTreeMap<usize, u64> = BTreeMap::new();
        for (n, step) in steps.iter().enumerate() {
            let mut deps: Vec<ChangeId> = step
                .seen
                .iter()
                .filter(|back| **back <= n && **back > 0)
                .map(|back| history.held[n - back].id)
                .collect();
            deps.sort_unstable();
            deps.dedup();
            let mut puts: Vec<Put> = step
                .fields
                .iter()
                .map(|(name, value)| Put::field(name, value.clone()))
                .collect();
            for (at, text) in step.events.iter().enumerate() {
                let event = Event::LogLine {
                    text: text.clone(),
                    happened: "2026-03-01".to_owned(),
                };
                puts.insert(at * 2 % (puts.len() + 1), Put::event(&event));
            }
            let change = Change {
                salt: SALT.to_vec(),
                deps,
                definition: definition(),
                puts,
            };
            change.check().unwrap();
            let index = next.entry(step.log).or_default();
            *index += step.between;
            let held = held(step.log, step.author, *index, change);
            *index += 1;
            history.verdicts.insert(held.id, verdict(step.verdict));
            history.held.push(held);
        }
        history
    }

    fn judge(&self) -> impl Fn(&Held) -> Verdict + '_ {
        |held| self.verdicts[&held.id].clone()
    }

    fn state(&self) -> RecordState {
        let (space, ledger) = (SpaceId([1; 32]), by_hash);
        let id = RecordId::mint(Timestamp(0), &space, &definition(), &SALT);
        fold(id, &space, &self.held, self.judge(), ledger)
    }

    fn document(&self) -> Document {
        build(&self.held, self.judge()).unwrap()
    }

    fn export(&self) -> Vec<u8> {
        export(&self.held, self.judge()).unwrap()
    }
}

fn held(log: usize, author: usize, index: u64, change: Change) -> Held {
    let origin = Origin::parse(&format!("lianzhan.test/{log}")).unwrap();
    let id = Hash::of(
        "test",
        &[
            origin.as_str().as_bytes(),
            &index.to_be_bytes(),
            &[author as u8],
            &change.to_bytes(),
        ],
    );
    Held {
        id: ChangeId(id.0),
        origin,
        index: EntryIndex(index),
        author: people()[author],
        appointment: StatementId([author as u8; 32]),
        // Clocks that run backwards, and before 1970.
        recorded: Timestamp(1_500 - 1_000 * index as i64),
        covered: lianzhan_protocol::log::Covered::default(),
        change,
    }
}

/// Every change without deps is one with which the record may begin.
const SALT: [u8; 16] = [7; 16];

fn definition() -> Hash {
    lianzhan_protocol::record::ledger::ledger("activity")
        .unwrap()
        .hash()
}

fn people() -> &'static [PublicKey] {
    static PEOPLE: OnceLock<Vec<PublicKey>> = OnceLock::new();
    PEOPLE.get_or_init(|| (1..=4).map(|n| SecretKey::from_seed([n; 32]).public()).collect())
}

fn verdict(n: u8) -> Verdict {
    match n {
        0 => Verdict::Refused {
            reason: RefusalReason::OutOfTime,
        },
        1 => Verdict::Pending {
            reason: PendingReason::Node,
        },
        _ => Verdict::Counts {
            capacity: Capacity {
                name: "甲".to_owned(),
                org: OrgId([1; 16]),
                org_level: None,
                roles: vec![],
                person: None,
                seat: None,
                appointment: StatementId([0; 32]),
            },
            ledger: "activity".to_owned(),
            provisional: false,
            adopted: None,
        },
    }
}

fn field(name: &'static str, value: Value) -> Step {
    let fields = BTreeMap::from([(name, value)]);
    Step {
        log: 0,
        author: 0,
        seen: vec![],
        fields,
        events: vec![],
        verdict: 9,
        between: 0,
    }
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        2 => any::<i64>().prop_map(Value::Int),
        3 => "\\PC{0,12}".prop_map(Value::Text),
        2 => proptest::collection::vec(any::<u8>(), 0..12).prop_map(Value::Bytes),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let key =
        prop_oneof![3 => Just("gist"), 2 => Just("state"), 1 => Just("persons/m1/name"), 1 => Just("a")];
    let puts = (
        proptest::collection::btree_map(key, value(), 0..4),
        proptest::collection::vec("[a-z]{1,8}", 0..3),
    )
        .prop_filter("a change puts something", |(fields, events)| {
            fields.len() + events.len() > 0
        });
    (
        0..3usize,
        0..3usize,
        proptest::collection::vec(1..6usize, 0..4),
        puts,
        0..8u8,
        0..3u64,
    )
        .prop_map(|(log, author, seen, (fields, events), verdict, between)| Step {
            log,
            author,
            seen,
            fields,
            events,
            verdict,
            between,
        })
}

/// Histories of which some changes are not held, so that others wait.
fn history() -> impl Strategy<Value = History> {
    (
        proptest::collection::vec(step(), 0..24),
        proptest::collection::vec(0..24usize, 0..3),
    )
        .prop_map(|(steps, lost)| {
            let mut history = History::of(&steps);
            let lost: Vec<ChangeId> = lost
                .iter()
                .filter_map(|n| history.held.get(*n))
                .map(|held| held.id)
                .collect();
            history.held.retain(|held| !lost.contains(&held.id));
            history
        })
}

/// Field, operation ids of its visible values, the one in force first.
fn operations(document: &Automerge) -> BTreeMap<String, Vec<String>> {
    let keys: Vec<String> = document.keys(ROOT).collect();
    keys.into_iter()
        .map(|key| {
            let all = document.get_all(ROOT, key.as_str()).unwrap();
            let ids = all.into_iter().rev().map(|(_, id)| id.to_string()).collect();
            (key, ids)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn document_and_fold_say_the_same(history in history()) {
        let (state, document) = (history.state(), history.document());
        prop_assert_eq!(differences(&state, &read(&document.bytes).unwrap()), Vec::<String>::new());
        // Also who put each value, in which operation.
        let loaded = Automerge::load(&document.bytes).unwrap();
        let all = operations(&loaded);
        for (name, field) in &state.fields {
            let ids: Vec<String> = field.candidates.iter().map(|candidate| candidate.op.to_string()).collect();
            prop_assert_eq!(&ids, &all[&format!("f:{name}")]);
        }
        for event in &state.events {
            prop_assert_eq!(&all[&format!("e:{}", hex(&event.id.0))], &vec![event.op.to_string()]);
        }
    }

    #[test]
    fn the_order_of_arrival_does_not_show(
        (history, held) in history().prop_flat_map(|history| {
            let held = Just(history.held.clone()).prop_shuffle();
            (Just(history), held)
        })
    ) {
        let mut twice = held.clone();
        twice.extend(held.iter().take(3).cloned());
        let other = History { held: twice, ..history.clone() };
        prop_assert_eq!(history.document(), other.document());
        prop_assert_eq!(history.export(), other.export());
    }

    #[test]
    fn what_does_not_count_and_is_not_seen_does_not_show(history in history()) {
        // A node that holds nothing of it derives the same bytes.
        let graph = Graph::build(&history.held);
        let counts = |held: &Held| matches!(history.verdicts[&held.id], Verdict::Counts { .. });
        let order = graph.changes();
        let seen = |n: usize| (0..order.len()).any(|m| graph.saw(m, n));
        let kept: Vec<Held> = (0..order.len()).filter(|n| counts(order[*n]) || seen(*n)).map(|n| order[n].clone()).collect();
        prop_assert_eq!(history.document(), build(&kept, history.judge()).unwrap());
    }

    #[test]
    fn a_saved_document_is_the_same_document(history in history()) {
        let (document, file) = (history.document(), history.export());
        let loaded = Automerge::load(&file).unwrap();
        let heads: Vec<[u8; 32]> = loaded.get_heads().iter().map(|head| head.0).collect();
        prop_assert_eq!(&heads, &document.heads);
        prop_assert_eq!(loaded.save(), file.clone());
        prop_assert_eq!(loaded.save_nocompress(), document.bytes.clone());
        prop_assert_eq!(read(&file), read(&document.bytes));
        // Its changes too, as another tool would take them out and merge them elsewhere.
        let changes = loaded.get_changes(&[]);
        let mut other = Automerge::new();
        other.apply_changes(changes.into_iter().rev().collect::<Vec<_>>()).unwrap();
        prop_assert_eq!(other.get_heads(), loaded.get_heads());
        prop_assert_eq!(operations(&other), operations(&loaded));
    }

    #[test]
    fn a_verdict_that_changes_leaves_a_document(history in history(), refused in proptest::collection::vec(any::<bool>(), 24)) {
        let mut other = history.clone();
        for (held, refused) in history.held.iter().zip(refused) {
            if refused {
                other.verdicts.insert(held.id, verdict(0));
            }
        }
        let document = other.document();
        prop_assert_eq!(differences(&other.state(), &read(&document.bytes).unwrap()), Vec::<String>::new());
        let file = other.export();
        prop_assert_eq!(Automerge::load(&file).unwrap().save(), file);
    }
}

#[test]
fn a_record_of_nothing_has_an_empty_document() {
    let history = History::of(&[Step {
        verdict: 0,
        ..field("gist", Value::Bool(true))
    }]);
    let document = history.document();
    assert_eq!(document.heads, [] as [[u8; 32]; 0]);
    assert_eq!(read(&document.bytes), Ok(BTreeMap::new()));
}

#[test]
fn a_conflict_shows_all_values_the_one_in_force_first() {
    let history = History::of(&[
        field("gist", Value::Int(1)),
        Step {
            author: 1,
            seen: vec![1],
            ..field("gist", Value::Int(2))
        },
        Step {
            author: 2,
            seen: vec![2],
            ..field("gist", Value::Null)
        },
    ]);
    let read = read(&history.document().bytes).unwrap();
    let candidates: Vec<Value> = history.state().fields["gist"]
        .candidates
        .iter()
        .map(|candidate| candidate.value.clone())
        .collect();
    assert_eq!(candidates.len(), 2);
    assert_eq!(read["f:gist"], candidates);
}

/// The derivation to the last byte: another head here means other documents on every node.
#[test]
fn changes_are_derived_as_the_module_says() {
    let name = |n: i64| field("gist", Value::Int(n));
    let history = History::of(&[
        name(1),
        // Refused: takes two counters, covers nothing, and is looked through.
        Step {
            author: 1,
            seen: vec![1],
            verdict: 0,
            events: vec!["x".to_owned()],
            ..name(2)
        },
        Step {
            author: 2,
            seen: vec![1],
            ..name(3)
        },
        // Pending, of the first author, whose next change still follows the first one.
        Step {
            verdict: 1,
            ..name(4)
        },
        Step {
            seen: vec![2],
            events: vec!["y".to_owned()],
            ..name(5)
        },
        Step {
            author: 1,
            log: 1,
            seen: vec![5],
            ..name(6)
        },
        // Names as seen also what the other that it names had seen.
        Step {
            author: 2,
            log: 1,
            seen: vec![6, 2],
            ..name(7)
        },
    ]);
    let document = history.document();
    let loaded = Automerge::load(&document.bytes).unwrap();
    let changes = loaded.get_changes(&[]);
    let at = |n: usize| history.held[n].actor().0;
    let found: Vec<_> = changes
        .iter()
        .map(|change| {
            let deps: Vec<usize> = change
                .deps()
                .iter()
                .filter_map(|dep| changes.iter().position(|other| other.hash() == *dep))
                .collect();
            let expanded = change.decode();
            let preds = expanded
                .operations
                .iter()
                .map(|op| op.pred.len())
                .collect::<Vec<_>>();
            (
                change.actor_id().to_bytes().to_vec(),
                change.seq(),
                change.start_op().get(),
                deps,
                preds,
            )
        })
        .collect();
    let expected = [
        (at(0), 1, 1, vec![], vec![0]),
        (at(5), 1, 2, vec![0], vec![1]),
        (at(2), 1, 4, vec![0], vec![1]),
        (at(4), 2, 5, vec![0, 2], vec![0, 1]),
        (at(6), 1, 7, vec![3], vec![1]),
    ];
    assert_eq!(found.len(), expected.len());
    for (found, (actor, seq, start, deps, preds)) in found.into_iter().zip(expected) {
        let mut sorted = found.3.clone();
        sorted.sort_unstable();
        assert_eq!(
            (found.0, found.1, found.2, sorted, found.4),
            (actor.to_vec(), seq, start, deps, preds)
        );
    }
    assert_eq!(changes[0].timestamp(), 1);
    assert_eq!(changes[0].message(), None);
    assert_eq!(
        document.heads.iter().map(|head| hex(head)).collect::<Vec<_>>(),
        GOLDEN
    );
}

const GOLDEN: [&str; 2] = [
    "a12aa6b8fc212dee81a6bf086dc2d6d1ce9c902c7551953fb28b11bb15e0eafc",
    "ec937ad68a7b48cb208416e16fc87c60c8e6a658c99d995f73b57fc5217522a0",
];

/// 256,000 operations that do not count, between two that do.
#[test]
fn a_wide_gap_costs_nothing_and_loads() {
    let fields: Vec<Put> = (0..256)
        .map(|n| Put::field(&format!("x{n}"), Value::Null))
        .collect();
    let mut all = vec![held(
        0,
        0,
        0,
        Change {
            puts: vec![Put::field("a", Value::Bool(true))],
            ..empty(vec![])
        },
    )];
    for n in 1..=1000 {
        all.push(held(
            0,
            0,
            n,
            Change {
                puts: fields.clone(),
                ..empty(vec![])
            },
        ));
    }
    let seen = all.last().unwrap().id;
    all.push(held(
        1,
        1,
        0,
        Change {
            puts: vec![Put::field("a", Value::Bool(false))],
            ..empty(vec![seen])
        },
    ));
    let judge = |held: &Held| verdict(if held.change.puts.len() == 256 { 0 } else { 9 });
    let document = build(&all, judge).unwrap();
    assert!(document.bytes.len() < 400, "{}", document.bytes.len());
    assert_eq!(
        read(&document.bytes).unwrap(),
        BTreeMap::from([("f:a".to_owned(), vec![Value::Bool(false)])])
    );
    let loaded = Automerge::load(&document.bytes).unwrap();
    assert_eq!(loaded.get_changes(&[])[1].start_op().get(), 256_002);
}

fn empty(deps: Vec<ChangeId>) -> Change {
    Change {
        salt: vec![0; 16],
        deps,
        definition: Hash([0; 32]),
        puts: vec![],
    }
}

#[test]
fn a_difference_is_told_by_key_and_without_values() {
    let history = History::of(&[
        Step {
            events: vec!["到场".to_owned()],
            ..field("gist", "路灯坏了".into())
        },
        Step {
            author: 1,
            ..field("gist", "井盖丢了".into())
        },
        field("a", Value::Null),
    ]);
    let state = history.state();
    let document = read(&history.document().bytes).unwrap();
    assert_eq!(document["f:a"], [Value::Null]);
    assert_eq!(differences(&state, &document), [] as [String; 0]);
    let event = document.keys().find(|key| key.starts_with("e:")).unwrap().clone();
    let told = |change: &dyn Fn(&mut Keys)| {
        let mut document = document.clone();
        change(&mut document);
        differences(&state, &document)
    };
    assert_eq!(
        told(&|d| d.get_mut("f:gist").unwrap().reverse()),
        ["f:gist: another value is in force in the document"]
    );
    assert_eq!(
        told(&|d| d.get_mut("f:gist").unwrap().truncate(1)),
        ["f:gist: 2 candidates in the state, others (1) in the document"]
    );
    assert_eq!(
        told(&|d| drop(d.remove("f:gist"))),
        ["f:gist: not in the document"]
    );
    assert_eq!(
        told(&|d| drop(d.remove(&event))),
        [format!("{event}: not in the document")]
    );
    let other = |d: &mut Keys| drop(d.insert(event.clone(), vec![Value::Null]));
    assert_eq!(told(&other), [format!("{event}: another body in the document")]);
    assert_eq!(
        told(&|d| drop(d.insert("f:b".into(), vec![Value::Int(1)]))),
        ["f:b: not in the state"]
    );
    assert_eq!(
        told(&|d| drop(d.insert("g".into(), vec![Value::Null]))),
        ["g: not in the state"]
    );
}

#[test]
fn a_panic_of_automerge_is_quarantined() {
    // An actor that Automerge never saw begin.
    let change = AmChange::from(ExpandedChange {
        operations: vec![],
        actor_id: ActorId::from(&[1; 16][..]),
        hash: None,
        seq: 5,
        start_op: NonZeroU64::MIN,
        time: 0,
        message: None,
        deps: vec![],
        extra_bytes: vec![],
        author: None,
    });
    let outcome = guard::quarantine(|| Ok(Automerge::new().apply_changes([change])?));
    assert!(
        matches!(&outcome, Err(DocumentError::Quarantined { what }) if what.ends_with("(op_set2/change/batch.rs:1121)")),
        "{outcome:?}"
    );
    // And the next one has its own.
    assert_eq!(guard::quarantine(|| Ok(1)), Ok(1));
    let said = guard::quarantine::<()>(|| panic!("{}", "again"));
    assert!(
        matches!(&said, Err(DocumentError::Quarantined { what }) if what.starts_with("again (")),
        "{said:?}"
    );
}

#[test]
fn bytes_that_are_no_document_are_refused() {
    let bytes = History::of(&[field("gist", "路灯坏了".into())]).document().bytes;
    for n in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[n] ^= 0x40;
        assert!(read(&altered).is_err(), "{n}");
        assert!(n == 0 || read(&bytes[..n]).is_err(), "{n}");
    }
}
