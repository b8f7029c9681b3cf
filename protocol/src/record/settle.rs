//! What the changes of a record say of one another's verdicts: whether they belong to the record, to its ledger, and which
//! contested ones are adopted.

use super::change::Value;
use super::event::Event;
use super::graph::{Graph, Held};
use super::judge::may_put;
use super::ledger::Ledger;
use super::verdict::{AdoptedBy, Capacity, ContestReason, PendingReason, RefusalReason, Verdict};
use crate::id::{Hash, RecordId, SpaceId};

/// A change belongs to the record if it is a first change for which the id was minted, or names one that belongs to it as
/// seen.
/// What does not is refused. Returns the definition of the first.
pub(super) fn keep_rooted(
    id: &RecordId,
    space: &SpaceId,
    graph: &Graph<'_>,
    verdicts: &mut [Verdict],
) -> Option<Hash> {
    let mut root = None;
    let mut rooted: Vec<bool> = Vec::with_capacity(verdicts.len());
    for (n, held) in graph.changes().iter().enumerate() {
        let change = &held.change;
        let first = change.deps.is_empty() && id.is_minted_for(space, &change.definition, &change.salt);
        if first {
            root.get_or_insert(change.definition);
        }
        let belongs = first || {
            let mut seen = change.deps.iter().filter_map(|dep| graph.position(dep));
            seen.any(|dep| rooted[dep])
        };
        rooted.push(belongs);
        if !belongs && matches!(verdicts[n], Verdict::Counts { .. } | Verdict::Contested { .. }) {
            verdicts[n] = Verdict::Refused {
                reason: RefusalReason::Unrooted,
            };
        }
    }
    root
}

/// A record is of the ledger whose definition its first change names. What names another does not count.
pub(super) fn keep_to_one_ledger<'l>(
    root: Option<&Hash>,
    ledger: &impl Fn(&Hash) -> Option<&'l Ledger>,
    verdicts: &mut [Verdict],
) {
    let Some(root) = root else { return };
    let of_record = ledger(root).map(|ledger| ledger.id.as_str());
    for verdict in verdicts {
        let (Verdict::Counts { ledger, .. }
        | Verdict::Contested {
            ledger: Some(ledger), ..
        }) = &*verdict
        else {
            continue;
        };
        match of_record {
            None => {
                *verdict = Verdict::Pending {
                    reason: PendingReason::Definition(*root),
                }
            }
            Some(of_record) if of_record != ledger => {
                *verdict = Verdict::Refused {
                    reason: RefusalReason::OtherLedger,
                }
            }
            Some(_) => {}
        }
    }
}

/// Counts what is adopted: again and again, since what is adopted may adopt. What two contested changes say of each other
/// adopts neither.
pub(super) fn adopt<'l>(
    graph: &Graph<'_>,
    ledger: &impl Fn(&Hash) -> Option<&'l Ledger>,
    verdicts: &mut [Verdict],
) {
    if !verdicts.iter().any(|v| matches!(v, Verdict::Contested { .. })) {
        return;
    }
    let acts = acts(graph);
    loop {
        let mut any = false;
        for (by, target) in &acts {
            let Verdict::Counts {
                capacity: adopter, ..
            } = &verdicts[*by]
            else {
                continue;
            };
            let Verdict::Contested {
                capacity: Some(author),
                ledger: Some(of),
                reason,
            } = &verdicts[*target]
            else {
                continue;
            };
            // What came into a closed space waits for the level that closed it.
            if matches!(reason, ContestReason::Closed(_)) {
                continue;
            }
            if stands_in(adopter, author, graph.changes()[*target], ledger) {
                verdicts[*target] = Verdict::Counts {
                    capacity: author.clone(),
                    ledger: of.clone(),
                    provisional: graph.changes()[*target].witnessed().is_none(),
                    adopted: Some(AdoptedBy::Change(graph.changes()[*by].id)),
                };
                any = true;
            }
        }
        if !any {
            return;
        }
    }
}

/// Pairs of a change that adopts and one that it names, by place; in the order of the graph.
fn acts(graph: &Graph<'_>) -> Vec<(usize, usize)> {
    let mut acts = Vec::new();
    for (n, held) in graph.changes().iter().enumerate() {
        for put in held.change.puts.iter().filter(|put| put.is_event()) {
            let Value::Bytes(body) = &put.value else { continue };
            if let Ok(Event::Adopt { changes }) = Event::parse(body) {
                let targets = changes.iter().filter_map(|change| graph.position(change));
                acts.extend(targets.map(|target| (n, target)));
            }
        }
    }
    acts
}

/// Whether the adopter holds the same post: in the same org, with a role of the author's, and may put all that the author
/// put.
fn stands_in<'l>(
    adopter: &Capacity,
    author: &Capacity,
    target: &Held,
    ledger: &impl Fn(&Hash) -> Option<&'l Ledger>,
) -> bool {
    adopter.org == author.org
        && adopter.roles.iter().any(|role| author.roles.contains(role))
        && ledger(&target.change.definition)
            .is_some_and(|ledger| may_put(ledger, &adopter.roles, target).is_ok())
}
