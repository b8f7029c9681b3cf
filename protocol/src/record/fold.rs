//! The fold: from judged changes to the state of a record. Same changes and verdicts, any order of arrival: the same
//! state, byte for byte.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;

use super::change::{OpId, Value};
use super::erasure::Erased;
use super::event::{Event, Right};
use super::graph::{Graph, Held};
use super::guard::{Guard, Said};
use super::ledger::{Ledger, by_hash};
use super::settle;
use super::verdict::{Capacity, PendingReason, RefusalReason, Verdict};
use crate::id::{ChangeId, Hash, RecordId, SpaceId};

/// One value of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ValueState {
    /// The value.
    pub value: Value,
    /// The operation that put it.
    pub op: OpId,
    /// Its change.
    pub change: ChangeId,
}

/// A field: the value in force, and concurrent ones that nobody settled yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldState {
    /// In force: the one with the greatest operation id.
    pub value: Value,
    /// All values that no counting change superseded, greatest operation id first. More than one is a conflict.
    pub candidates: Vec<ValueState>,
}

/// Why an event has no effect. It is kept and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Ineffective {
    /// The same was done before.
    #[error("the same was done before")]
    Once,
    /// Nobody signs in for another.
    #[error("the signer is not the deputy named")]
    OtherDeputy,
    /// The signer holds no seat at the stated level.
    #[error("the signer holds no seat at the stated level")]
    NotThisSeat,
    /// The signer may not seal for that org or level.
    #[error("the signer may not seal for that org or level")]
    NotForThisOrg,
    /// A stated head is not among what the signer had seen.
    #[error("a stated head is not among what the signer had seen")]
    UnknownHead,
    /// The digest is not that of the stated heads.
    #[error("the digest is not that of the stated heads")]
    OtherDigest,
    /// The event that is named is not among those with effect that the signer had seen.
    #[error("the event that is named is not among those that the signer had seen")]
    UnknownEvent,
    /// Such an event is not corrected or confirmed, or not so.
    #[error("such an event is not corrected or confirmed like this")]
    OtherKind,
    /// The signer holds neither the author's post nor one that signs such events there.
    #[error("the signer does not hold the post that corrects this")]
    OtherPost,
    /// Nobody confirms what they wrote themselves.
    #[error("nobody confirms what they wrote themselves")]
    OwnWriting,
    /// Nobody records their own act.
    #[error("nobody records their own act; it is signed with their key")]
    OwnAct,
}

/// An event in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventState {
    /// Derived from the change's hash and the position.
    pub id: Hash,
    /// What was done.
    pub event: Event,
    /// The operation.
    pub op: OpId,
    /// Its change.
    pub change: ChangeId,
    /// Who did it, in what capacity.
    pub by: Capacity,
    /// Whether it has effect.
    pub effect: Result<(), Ineffective>,
}

/// An effective confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ConfirmedBy {
    /// The event that gives it.
    pub event: Hash,
    /// Whether what it is over still is all that is said.
    pub current: bool,
}

/// What was said later of an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Notes {
    /// Its effective corrections by their events, in the order of the fold: the last is in force.
    pub corrections: Vec<Hash>,
    /// Its effective confirmations, in the order of the fold.
    pub confirmed: Vec<ConfirmedBy>,
    /// Those that an officer recorded for somebody without a key: never among the others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub confirmed_for: Vec<ConfirmedBy>,
}

impl Notes {
    /// How the event stands as to confirmations.
    pub fn confirmation(&self) -> Confirmation {
        Confirmation::of(&self.confirmed, &self.confirmed_for)
    }
}

/// How a record stands as to confirmations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confirmation {
    /// Nobody confirmed it.
    None,
    /// Somebody confirmed all that it says, by their own key.
    Current,
    /// Nobody did by their own key; that somebody did is recorded for them, with evidence.
    Recorded,
    /// Somebody did, and it was changed since.
    Changed,
}

impl Confirmation {
    fn of(confirmed: &[ConfirmedBy], confirmed_for: &[ConfirmedBy]) -> Self {
        let current = |all: &[ConfirmedBy]| all.iter().any(|by| by.current);
        if current(confirmed) {
            Confirmation::Current
        } else if current(confirmed_for) {
            Confirmation::Recorded
        } else if confirmed.is_empty() && confirmed_for.is_empty() {
            Confirmation::None
        } else {
            Confirmation::Changed
        }
    }
}

/// A change in the history of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryItem {
    /// Its name.
    pub change: ChangeId,
    /// The verdict.
    pub verdict: Verdict,
}

/// The state of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordState {
    /// Its id.
    pub id: RecordId,
    /// The definition by which its first counting change was written; all that count are of the same ledger.
    pub definition: Option<Hash>,
    /// Fields by key, without `f:`. A field whose every candidate is null is left out.
    pub fields: BTreeMap<String, FieldState>,
    /// Events in the order of the fold.
    pub events: Vec<EventState>,
    /// Effective confirmations of the record as a whole, in the order of the fold.
    pub confirmed: Vec<ConfirmedBy>,
    /// Those that an officer recorded for somebody without a key: never among the others.
    pub confirmed_for: Vec<ConfirmedBy>,
    /// What was said later of single events, by their ids.
    pub notes: BTreeMap<Hash, Notes>,
    /// Every change, in causal order; then those beyond the bound of their log, then those that wait.
    pub history: Vec<HistoryItem>,
    /// The changes that no other has seen. What a new change names of them is [`Graph::deps`].
    pub heads: Vec<ChangeId>,
    /// That it is erased; then all else is empty.
    pub erased: Option<Erased>,
}

impl RecordState {
    /// The state of a record whose erasure has effect: the same wherever it stands, whatever of it is still held.
    pub fn erased(id: RecordId, erased: Erased) -> Self {
        RecordState {
            id,
            definition: None,
            fields: BTreeMap::new(),
            events: Vec::new(),
            confirmed: Vec::new(),
            confirmed_for: Vec::new(),
            notes: BTreeMap::new(),
            history: Vec::new(),
            heads: Vec::new(),
            erased: Some(erased),
        }
    }

    /// The value in force of a field; null where there is none.
    pub fn value(&self, key: &str) -> &Value {
        self.fields.get(key).map_or(&Value::Null, |field| &field.value)
    }

    /// The text in force of a field, or an empty string.
    pub fn text(&self, key: &str) -> &str {
        self.value(key).as_text().unwrap_or_default()
    }

    /// How it stands as to confirmations.
    pub fn confirmation(&self) -> Confirmation {
        Confirmation::of(&self.confirmed, &self.confirmed_for)
    }

    /// The first changes that count and were written by a definition of the program, in their order. A record that says one
    /// thing for ever says what the first of them says of which anything follows: whoever holds its space may begin it anew.
    pub fn beginnings<'a>(&'a self, held: &'a [Held]) -> impl Iterator<Item = (&'a Held, &'a Verdict)> {
        let counting = self
            .history
            .iter()
            .filter(|item| matches!(item.verdict, Verdict::Counts { .. }));
        counting.filter_map(|item| {
            let begins = |one: &&Held| one.id == item.change && one.change.deps.is_empty();
            let one = held.iter().find(begins)?;
            by_hash(&one.change.definition).map(|_| (one, &item.verdict))
        })
    }

    /// The event with this id.
    pub fn event(&self, id: &Hash) -> Option<&EventState> {
        self.events.iter().find(|event| event.id == *id)
    }

    /// The correction of an event that is in force, if it was corrected: who gave it, why and what is right.
    pub fn correction(&self, of: &Hash) -> Option<(&EventState, &str, &Right)> {
        let last = self.notes.get(of)?.corrections.last()?;
        let state = self.event(last)?;
        match &state.event {
            Event::Correct { reason, right, .. } => Some((state, reason, right)),
            _ => None,
        }
    }

    /// Whether a person cleared these words at this key: `f:` and a field, or `e:`.
    pub fn is_cleared(&self, key: &str, words: &str) -> bool {
        let sought = crate::personal::digest(key, words);
        self.events.iter().any(|event| {
            let cleared = matches!(&event.event, Event::Clear { key: of, digest, .. } if of == key && *digest == sought);
            cleared && event.effect.is_ok()
        })
    }

    /// Canonical JSON of the whole state, for comparing replicas byte for byte.
    pub fn to_json(&self) -> serde_json::Value {
        let events: Vec<_> = self
            .events
            .iter()
            .map(|event| {
                serde_json::json!({
                    "id": event.id, "kind": event.event.kind(), "op": event.op, "change": event.change,
                    "body": crate::codec::hex(&event.event.to_bytes()), "by": event.by,
                    "ineffective": event.effect.as_ref().err(),
                })
            })
            .collect();
        let mut state = serde_json::json!({
            "id": self.id, "definition": self.definition, "fields": self.fields, "events": events,
            "history": self.history, "heads": self.heads,
        });
        if !self.confirmed.is_empty() {
            state["confirmed"] = serde_json::json!(self.confirmed);
        }
        if !self.confirmed_for.is_empty() {
            state["confirmed_for"] = serde_json::json!(self.confirmed_for);
        }
        if !self.notes.is_empty() {
            state["notes"] = serde_json::json!(self.notes);
        }
        if let Some(erased) = &self.erased {
            state["erased"] = serde_json::json!(erased);
        }
        state
    }
}

/// The id of the event at `position` of `change`.
pub fn event_id(change: &ChangeId, position: usize) -> Hash {
    Hash::of(
        "lianzhan/event/v1",
        &[&change.0, &(position as u64).to_be_bytes()],
    )
}

/// Folds all held changes of the record `id` in `space`. `verdict` judges one change; it is asked once for each. `ledger`
/// finds a definition by its hash. The verdicts of the record as a whole stand in [`RecordState::history`].
pub fn fold<'l>(
    id: RecordId,
    space: &SpaceId,
    held: &[Held],
    verdict: impl FnMut(&Held) -> Verdict,
    ledger: impl Fn(&Hash) -> Option<&'l Ledger>,
) -> RecordState {
    fold_graph(id, space, &Graph::build(held), verdict, ledger)
}

/// As [`fold`], for callers that have built the graph of the changes.
pub fn fold_graph<'l>(
    id: RecordId,
    space: &SpaceId,
    graph: &Graph<'_>,
    mut verdict: impl FnMut(&Held) -> Verdict,
    ledger: impl Fn(&Hash) -> Option<&'l Ledger>,
) -> RecordState {
    let mut verdicts: Vec<Verdict> = graph.changes().iter().map(|change| verdict(change)).collect();
    let root = settle::keep_rooted(&id, space, graph, &mut verdicts);
    settle::keep_to_one_ledger(root.as_ref(), &ledger, &mut verdicts);
    settle::adopt(graph, &ledger, &mut verdicts);
    let definition = counting_definition(graph, &verdicts);
    let fields = fold_fields(graph, &verdicts);
    let (events, said) = fold_events(graph, &verdicts);
    let mut history: Vec<HistoryItem> = graph
        .changes()
        .iter()
        .zip(verdicts)
        .map(|(change, verdict)| HistoryItem {
            change: change.id,
            verdict,
        })
        .collect();
    history.extend(graph.excess().iter().map(|change| HistoryItem {
        change: change.id,
        verdict: Verdict::Refused {
            reason: RefusalReason::TooMany,
        },
    }));
    history.extend(graph.waiting().iter().map(|(change, missing)| HistoryItem {
        change: change.id,
        verdict: Verdict::Pending {
            reason: PendingReason::Dependency(*missing),
        },
    }));
    RecordState {
        id,
        definition,
        fields,
        events,
        confirmed: said.confirmed,
        confirmed_for: said.confirmed_for,
        notes: said.notes,
        history,
        heads: graph.heads(),
        erased: None,
    }
}

fn counting_definition(graph: &Graph<'_>, verdicts: &[Verdict]) -> Option<Hash> {
    let mut judged = graph.changes().iter().zip(verdicts);
    let first = judged.find(|(_, verdict)| matches!(verdict, Verdict::Counts { .. }));
    first.map(|(change, _)| change.change.definition)
}

/// A put supersedes the puts of its key in its causal past; what is left are the candidates.
fn fold_fields(graph: &Graph<'_>, verdicts: &[Verdict]) -> BTreeMap<String, FieldState> {
    let mut puts: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    for (n, change) in graph.changes().iter().enumerate() {
        if !matches!(verdicts[n], Verdict::Counts { .. }) {
            continue;
        }
        for (position, put) in change.change.puts.iter().enumerate() {
            if let Some(name) = put.field_name() {
                let survivors = puts.entry(name).or_default();
                survivors.retain(|(earlier, _)| !graph.saw(n, *earlier));
                survivors.push((n, position));
            }
        }
    }
    let fields = puts.into_iter().filter_map(|(name, survivors)| {
        let mut candidates: Vec<ValueState> = survivors
            .into_iter()
            .map(|(n, position)| ValueState {
                value: graph.changes()[n].change.puts[position].value.clone(),
                op: graph.op(n, position),
                change: graph.changes()[n].id,
            })
            .collect();
        candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.op));
        if candidates.iter().all(|candidate| candidate.value == Value::Null) {
            return None;
        }
        let value = candidates[0].value.clone();
        Some((name.to_owned(), FieldState { value, candidates }))
    });
    // All at once and in order: a tree that grows key by key is twice as large.
    fields.collect()
}

/// Takes events whose causal predecessors are taken, by rank, then by operation id (`domain.md` 3.7). A change is open once
/// all before it are done, and done once its own events are taken; so every event and every edge is looked at once.
fn fold_events(graph: &Graph<'_>, verdicts: &[Verdict]) -> (Vec<EventState>, Said) {
    let count = graph.changes().len();
    let mut events: Vec<VecDeque<EventState>> =
        (0..count).map(|n| events_of(graph, n, &verdicts[n])).collect();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut waits_for: Vec<usize> = (0..count).map(|n| graph.parents(n).len()).collect();
    for n in 0..count {
        graph
            .parents(n)
            .iter()
            .for_each(|parent| children[*parent].push(n));
    }
    let mut open: Vec<usize> = (0..count).filter(|n| waits_for[*n] == 0).collect();
    let mut ready: BTreeSet<(u8, OpId, usize)> = BTreeSet::new();
    let mut taken = Vec::new();
    let mut guard = Guard::new(graph, verdicts);
    loop {
        while let Some(n) = open.pop() {
            match events[n].front() {
                Some(first) => drop(ready.insert((first.event.kind().rank(), first.op, n))),
                None => {
                    for child in &children[n] {
                        waits_for[*child] -= 1;
                        if waits_for[*child] == 0 {
                            open.push(*child);
                        }
                    }
                }
            }
        }
        let Some((_, _, n)) = ready.pop_first() else {
            let said = guard.said(&taken);
            return (taken, said);
        };
        if let Some(mut state) = events[n].pop_front() {
            state.effect = guard.judge(&taken, n, &state);
            taken.push(state);
        }
        open.push(n);
    }
}

/// The events of the change at `n`, if it counts, in order.
fn events_of(graph: &Graph<'_>, n: usize, verdict: &Verdict) -> VecDeque<EventState> {
    let Verdict::Counts { capacity, .. } = verdict else {
        return VecDeque::new();
    };
    let change = graph.changes()[n];
    let events = change
        .change
        .puts
        .iter()
        .enumerate()
        .filter(|(_, put)| put.is_event());
    events
        .filter_map(|(position, put)| {
            let Value::Bytes(body) = &put.value else {
                return None;
            };
            Some(EventState {
                id: event_id(&change.id, position),
                event: Event::parse(body).ok()?,
                op: graph.op(n, position),
                change: change.id,
                by: capacity.clone(),
                effect: Ok(()),
            })
        })
        .collect()
}
