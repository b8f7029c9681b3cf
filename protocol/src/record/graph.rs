//! The causal graph of one record's changes: who had seen what, and the ids of operations.
//!
//! Two bounds. A log adds at most [`limits::LOG_CHANGES_MAX`] changes of one record, those at its lowest places; the rest
//! takes no part: it has no operation ids, and where it is named as seen the name is passed over. Who holds a log holds a
//! prefix of it, so all holders draw the same line. And a change names at most [`limits::DEPS_MAX`] others as seen: where
//! there are more heads, the oldest are named ([`Graph::deps`]), so that each further change takes heads away until all
//! are covered.

use std::collections::BTreeMap;

use super::change::{Actor, Change, OpId, limits};
use crate::id::{ChangeId, StatementId};
use crate::keys::PublicKey;
use crate::log::{Covered, EntryIndex, Origin};
use crate::time::Timestamp;

/// A verified change as a node or an auditor holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its name.
    pub id: ChangeId,
    /// The log it stands in.
    pub origin: Origin,
    /// Its place there.
    pub index: EntryIndex,
    /// Who signed it.
    pub author: PublicKey,
    /// The appointment that it names.
    pub appointment: StatementId,
    /// The author's clock.
    pub recorded: Timestamp,
    /// What witnesses say of it.
    pub covered: Covered,
    /// What it says.
    pub change: Change,
}

impl Held {
    /// Who counts its operations.
    pub fn actor(&self) -> Actor {
        Actor::of(&self.origin, &self.author)
    }

    /// When it was witnessed by all who must, if it was.
    pub fn witnessed(&self) -> Option<Timestamp> {
        self.covered.witnessed().map(|first| first.time)
    }
}

/// A set of small numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bits(Vec<u64>);

impl Bits {
    fn new(len: usize) -> Self {
        Bits(vec![0; len.div_ceil(64)])
    }
    fn set(&mut self, n: usize) {
        self.0[n / 64] |= 1 << (n % 64);
    }
    fn has(&self, n: usize) -> bool {
        self.0.get(n / 64).is_some_and(|word| word & (1 << (n % 64)) != 0)
    }
    /// Adds the members of a set that is no longer than this one.
    fn join(&mut self, other: &Bits) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a |= b);
    }
}

/// The graph. Positions are those of [`Graph::changes`], which lists each change once, in an order that depends on the
/// changes alone: causal, then by first operation id.
#[derive(Debug)]
pub struct Graph<'a> {
    changes: Vec<&'a Held>,
    /// Who counts the operations of each change.
    actors: Vec<Actor>,
    /// First operation counter of each change.
    starts: Vec<u64>,
    /// Direct predecessors: deps and the author's previous change in the same log.
    parents: Vec<Vec<usize>>,
    past: Vec<Bits>,
    places: BTreeMap<ChangeId, usize>,
    /// Changes that wait for one that is not here, with its name.
    waiting: Vec<(&'a Held, ChangeId)>,
    /// Changes beyond the bound of their log, in the order of origin and index.
    excess: Vec<&'a Held>,
}

impl<'a> Graph<'a> {
    /// Builds the graph. A change that stands twice counts once (its first place in the order of origin and index);
    /// what depends on a change that is not held waits; what is beyond the bound of its log is left out.
    pub fn build(held: &'a [Held]) -> Self {
        let mut all: Vec<&Held> = held.iter().collect();
        // To the last tie, because of a forked log both entries at one index may be held.
        all.sort_by_cached_key(|held| {
            let witnessed = held.witnessed();
            (
                &held.origin,
                held.index,
                held.id,
                witnessed.is_none(),
                witnessed,
                &held.covered,
            )
        });
        // The place of each change among those that take part; none beyond the bound.
        let mut known: BTreeMap<ChangeId, Option<usize>> = BTreeMap::new();
        let mut unique: Vec<&Held> = Vec::with_capacity(all.len());
        let mut excess = Vec::new();
        let mut in_log: (Option<&Origin>, usize) = (None, 0);
        for change in all {
            known.entry(change.id).or_insert_with(|| {
                if in_log.0 != Some(&change.origin) {
                    in_log = (Some(&change.origin), 0);
                }
                in_log.1 += 1;
                if in_log.1 > limits::LOG_CHANGES_MAX {
                    excess.push(change);
                    return None;
                }
                unique.push(change);
                Some(unique.len() - 1)
            });
        }
        let mut previous: BTreeMap<(&Origin, PublicKey), usize> = BTreeMap::new();
        let mut needs: Vec<Result<Vec<usize>, ChangeId>> = Vec::with_capacity(unique.len());
        for (n, change) in unique.iter().enumerate() {
            let mut parents: Vec<usize> = Vec::with_capacity(change.change.deps.len() + 1);
            let missing = change.change.deps.iter().find(|dep| match known.get(dep) {
                Some(parent) => {
                    parents.extend(*parent);
                    false
                }
                None => true,
            });
            parents.extend(previous.insert((&change.origin, change.author), n));
            parents.sort_unstable();
            parents.dedup();
            needs.push(match missing {
                Some(dep) => Err(*dep),
                None => Ok(parents),
            });
        }
        let mut graph = Self::order(&unique, &needs);
        graph.excess = excess;
        graph
    }

    /// Takes changes whose predecessors are all taken, lowest first operation id first. What is never taken waits (for a
    /// missing change, or in a circle: hashes allow none among deps, but an author may put into a log, before a change of
    /// its own, one that has seen it).
    fn order(unique: &[&'a Held], needs: &[Result<Vec<usize>, ChangeId>]) -> Self {
        let count = unique.len();
        let mut graph = Graph {
            changes: Vec::with_capacity(count),
            actors: Vec::with_capacity(count),
            starts: Vec::with_capacity(count),
            parents: Vec::with_capacity(count),
            past: Vec::with_capacity(count),
            places: BTreeMap::new(),
            waiting: Vec::new(),
            excess: Vec::new(),
        };
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); count];
        let mut open: Vec<usize> = vec![usize::MAX; count];
        let mut place: Vec<usize> = vec![usize::MAX; count];
        let mut ready = std::collections::BTreeSet::new();
        for (n, need) in needs.iter().enumerate() {
            if let Ok(parents) = need {
                open[n] = parents.len();
                parents.iter().for_each(|p| children[*p].push(n));
                if parents.is_empty() {
                    ready.insert((
                        OpId {
                            counter: 1,
                            actor: unique[n].actor(),
                        },
                        n,
                    ));
                }
            }
        }
        while let Some((first, n)) = ready.pop_first() {
            let at = graph.changes.len();
            place[n] = at;
            let parents: Vec<usize> = needs[n]
                .iter()
                .flatten()
                .map(|p| place[*p])
                .filter(|p| *p != usize::MAX)
                .collect();
            let mut past = Bits::new(at);
            for parent in &parents {
                past.set(*parent);
                past.join(&graph.past[*parent]);
            }
            graph.changes.push(unique[n]);
            graph.actors.push(first.actor);
            graph.places.insert(unique[n].id, at);
            graph.starts.push(first.counter);
            graph.parents.push(parents);
            graph.past.push(past);
            for child in &children[n] {
                open[*child] -= 1;
                if open[*child] == 0 {
                    let counter = needs[*child]
                        .iter()
                        .flatten()
                        .map(|p| graph.end(place[*p]))
                        .max()
                        .unwrap_or(1);
                    ready.insert((
                        OpId {
                            counter,
                            actor: unique[*child].actor(),
                        },
                        *child,
                    ));
                }
            }
        }
        let wanting = wanting(needs, &children);
        let mut seen = vec![usize::MAX; count];
        for (n, change) in unique.iter().enumerate() {
            if place[n] == usize::MAX {
                let missing = first_missing(n, needs, &wanting, &mut seen);
                graph.waiting.push((change, missing.unwrap_or(change.id)));
            }
        }
        graph
    }

    /// One more than the last operation counter of the change at `n`.
    fn end(&self, n: usize) -> u64 {
        self.starts[n] + self.changes[n].change.puts.len() as u64
    }

    /// The changes whose causal past is held, in order.
    pub fn changes(&self) -> &[&'a Held] {
        &self.changes
    }

    /// The changes that wait, each with the change that is missing.
    pub fn waiting(&self) -> &[(&'a Held, ChangeId)] {
        &self.waiting
    }

    /// The changes beyond the bound of their log.
    pub fn excess(&self) -> &[&'a Held] {
        &self.excess
    }

    /// The id of operation `position` of the change at `n`.
    pub fn op(&self, n: usize, position: usize) -> OpId {
        OpId {
            counter: self.starts[n] + position as u64,
            actor: self.actors[n],
        }
    }

    /// Direct predecessors of the change at `n`.
    pub fn parents(&self, n: usize) -> &[usize] {
        &self.parents[n]
    }

    /// Whether the author of the change at `later` had seen the one at `earlier`.
    pub fn saw(&self, later: usize, earlier: usize) -> bool {
        self.past[later].has(earlier)
    }

    /// By place: whether a change is one of `heads` or was seen by one of them.
    pub fn covered(&self, heads: &[usize]) -> Vec<bool> {
        let mut covered = Bits::new(self.changes.len());
        for head in heads {
            covered.set(*head);
            covered.join(&self.past[*head]);
        }
        (0..self.changes.len()).map(|n| covered.has(n)).collect()
    }

    /// The place of a change.
    pub fn position(&self, id: &ChangeId) -> Option<usize> {
        self.places.get(id).copied()
    }

    /// The changes that no other has seen, sorted by name.
    pub fn heads(&self) -> Vec<ChangeId> {
        self.names(self.head_places())
    }

    /// What a new change names as seen, and a seal as what it was read up to: the heads, at most [`limits::DEPS_MAX`] of
    /// them, those with the lowest operation ids; sorted by name.
    pub fn deps(&self) -> Vec<ChangeId> {
        let mut places = self.head_places();
        places.sort_unstable_by_key(|n| self.op(*n, 0));
        places.truncate(limits::DEPS_MAX);
        self.names(places)
    }

    fn head_places(&self) -> Vec<usize> {
        let mut covered = vec![false; self.changes.len()];
        self.parents
            .iter()
            .flatten()
            .for_each(|parent| covered[*parent] = true);
        (0..covered.len()).filter(|n| !covered[*n]).collect()
    }

    fn names(&self, places: Vec<usize>) -> Vec<ChangeId> {
        let mut names: Vec<ChangeId> = places.into_iter().map(|n| self.changes[n].id).collect();
        names.sort_unstable();
        names
    }
}

/// Which changes have one that is not here among all those before them. What stands behind a circle alone has none, and
/// would be searched in vain, as a whole, for each change.
fn wanting(needs: &[Result<Vec<usize>, ChangeId>], children: &[Vec<usize>]) -> Vec<bool> {
    let mut wanting = vec![false; needs.len()];
    let mut todo: Vec<usize> = (0..needs.len()).filter(|n| needs[*n].is_err()).collect();
    while let Some(n) = todo.pop() {
        if !std::mem::replace(&mut wanting[n], true) {
            todo.extend(&children[n]);
        }
    }
    wanting
}

/// The missing change that is found first from the one at `n` upward, depth first, the last parent before the others.
/// `seen` holds for each change who searched there last.
fn first_missing(
    n: usize,
    needs: &[Result<Vec<usize>, ChangeId>],
    wanting: &[bool],
    seen: &mut [usize],
) -> Option<ChangeId> {
    let mut todo: Vec<usize> = Some(n).filter(|n| wanting[*n]).into_iter().collect();
    while let Some(at) = todo.pop() {
        if std::mem::replace(&mut seen[at], n) == n {
            continue;
        }
        match &needs[at] {
            Err(missing) => return Some(*missing),
            Ok(parents) => todo.extend(parents.iter().filter(|parent| wanting[**parent])),
        }
    }
    None
}
