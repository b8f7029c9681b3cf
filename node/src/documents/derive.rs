//! From counting changes to Automerge changes.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;

use automerge::legacy::{Key, ObjectId, Op, OpId, OpType};
use automerge::{ActorId, Change, ChangeHash, ExpandedChange, ScalarValue};
use lianzhan_protocol::codec::hex;
use lianzhan_protocol::record::{Graph, Value, event_id};

use super::DocumentError;

/// Automerge keeps counters in 32 bits.
const COUNTER_MAX: u64 = 1 << 31;

/// What goes into a document.
pub(super) struct Derived {
    /// In causal order.
    pub(super) changes: Vec<Change>,
    /// The changes that no other has as dep, sorted.
    pub(super) heads: Vec<ChangeHash>,
}

/// Derives the Automerge changes of those changes of `graph` that count.
pub(super) fn derive(graph: &Graph<'_>, counts: &[bool]) -> Result<Derived, DocumentError> {
    let mut changes: Vec<Change> = Vec::new();
    // Of each change: itself if it counts, else its nearest counting ancestors.
    let mut nearest: Vec<Vec<usize>> = Vec::with_capacity(counts.len());
    let mut hashes: BTreeMap<usize, ChangeHash> = BTreeMap::new();
    // Of each actor: its last counting change and that change's seq.
    let mut last: BTreeMap<ActorId, (usize, u64)> = BTreeMap::new();
    // Counting puts of each field, in causal order.
    let mut puts: BTreeMap<&str, Vec<(usize, OpId)>> = BTreeMap::new();
    let mut heads: BTreeSet<ChangeHash> = BTreeSet::new();
    for (n, held) in graph.changes().iter().enumerate() {
        let mut deps = nearest_of(graph, n, &nearest);
        if !counts[n] {
            nearest.push(deps);
            continue;
        }
        nearest.push(vec![n]);
        let first = graph.op(n, 0);
        let actor = ActorId::from(&first.actor.0[..]);
        let seq = match last.get(&actor) {
            Some((previous, seq)) => {
                if !deps.contains(previous) {
                    deps.push(*previous);
                }
                seq + 1
            }
            None => 1,
        };
        let mut operations = Vec::with_capacity(held.change.puts.len());
        for (position, put) in held.change.puts.iter().enumerate() {
            let counter = first.counter + position as u64;
            if counter > COUNTER_MAX {
                return Err(DocumentError::TooLong { counter });
            }
            let (key, pred) = if put.is_event() {
                (format!("e:{}", hex(&event_id(&held.id, position).0)), Vec::new())
            } else {
                let earlier = puts.entry(&put.key).or_default();
                let pred = visible(graph, n, earlier);
                earlier.push((n, OpId::new(counter, &actor)));
                (put.key.clone(), pred)
            };
            operations.push(Op {
                action: OpType::Put(scalar(&put.value)),
                obj: ObjectId::Root,
                key: Key::Map(key.into()),
                pred: pred.into(),
                insert: false,
            });
        }
        let change = Change::from(ExpandedChange {
            operations,
            actor_id: actor.clone(),
            hash: None,
            seq,
            start_op: NonZeroU64::new(first.counter).unwrap_or(NonZeroU64::MIN),
            time: held.recorded.0.div_euclid(1000),
            message: None,
            deps: deps.iter().filter_map(|dep| hashes.get(dep).copied()).collect(),
            extra_bytes: Vec::new(),
            author: None,
        });
        change.deps().iter().for_each(|dep| {
            heads.remove(dep);
        });
        heads.insert(change.hash());
        hashes.insert(n, change.hash());
        last.insert(actor, (n, seq));
        changes.push(change);
    }
    Ok(Derived {
        changes,
        heads: heads.into_iter().collect(),
    })
}

/// The nearest counting ancestors of the change at `n` that no other of them has seen.
fn nearest_of(graph: &Graph<'_>, n: usize, nearest: &[Vec<usize>]) -> Vec<usize> {
    let all: BTreeSet<usize> = graph
        .parents(n)
        .iter()
        .flat_map(|parent| &nearest[*parent])
        .copied()
        .collect();
    all.iter()
        .copied()
        .filter(|one| !all.range(one + 1..).any(|later| graph.saw(*later, *one)))
        .collect()
}

/// Those of `earlier`, counting puts of one field in causal order, that the author of the change at `n` had seen and
/// that no other of them which the author had seen covers.
fn visible(graph: &Graph<'_>, n: usize, earlier: &[(usize, OpId)]) -> Vec<OpId> {
    let mut found: Vec<&(usize, OpId)> = Vec::new();
    // Backwards: whatever covers a put comes before it, and is found itself or covered by one that is.
    for put in earlier.iter().rev() {
        if graph.saw(n, put.0) && !found.iter().any(|later| graph.saw(later.0, put.0)) {
            found.push(put);
        }
    }
    found.into_iter().map(|(_, op)| op.clone()).collect()
}

fn scalar(value: &Value) -> ScalarValue {
    match value {
        Value::Null => ScalarValue::Null,
        Value::Bool(value) => ScalarValue::Boolean(*value),
        Value::Int(value) => ScalarValue::Int(*value),
        Value::Text(value) => ScalarValue::Str(value.as_str().into()),
        Value::Bytes(value) => ScalarValue::Bytes(value.clone()),
    }
}
