//! How what one node has comes to another, without a network.

use lianzhan_node::env;
use lianzhan_node::services::Node;
use lianzhan_node::services::ingest::Ingested;
use lianzhan_node::services::witness::CosignRequest;
use lianzhan_protocol::id::{RecordId, SpaceId};
use lianzhan_protocol::log::{Origin, TreeSize};
use lianzhan_protocol::sync::WitnessRequest;

use super::PIECES;
use crate::dice::Dice;

/// The logs that `node` holds of others, or with `own` all, each with its space.
pub(crate) fn logs(node: &Node) -> Vec<(SpaceId, Origin, bool)> {
    let standings = node.store().read(|reader| reader.standings()).unwrap();
    standings
        .into_iter()
        .map(|(space, origin, _, own)| (space, origin, own))
        .collect()
}

pub(crate) fn held(node: &Node, origin: &Origin) -> TreeSize {
    let log = node.store().read(|reader| reader.log(origin)).unwrap();
    log.map_or(TreeSize::EMPTY, |log| log.size)
}

/// One range from where `to` stands; whether there was one.
pub(crate) fn step(from: &Node, to: &Node, space: &SpaceId, origin: &Origin, max_bytes: usize) -> bool {
    let Some(range) = from.read_range(origin, held(to, origin), max_bytes).unwrap() else {
        return false;
    };
    match to.ingest(space, &range) {
        Ingested::Stored(standing) => {
            assert_eq!(standing.size, held(to, origin));
            true
        }
        other => panic!("{origin}: {other:?}"),
    }
}

/// What a running node does when statements were committed.
pub(crate) fn learn(node: &Node) {
    let statements = node.store().read(|reader| reader.statements()).unwrap();
    node.learn(&statements);
    node.store()
        .write_blocking(|writer| writer.mark_unsettled())
        .unwrap();
}

/// Everything that `to` may hold and lacks, keys included. How many ranges it was.
pub(crate) fn carry(from: &Node, to: &Node) -> usize {
    let mut moved = 0;
    for (space, origin, _) in logs(from) {
        let own = to
            .store()
            .read(|reader| reader.log(&origin))
            .unwrap()
            .is_some_and(|log| log.own);
        if own || to.space(&space).is_none() {
            continue;
        }
        while step(from, to, &space, &origin, usize::MAX) {
            moved += 1;
        }
    }
    if moved > 0 {
        learn(to);
    }
    hand_keys(from, to, &to.lacking_keys().unwrap());
    to.catch_up(|_| {}).unwrap();
    moved
}

pub(crate) fn hand_keys(from: &Node, to: &Node, records: &[RecordId]) {
    let keys = from.find_keys(records).unwrap();
    let entitled = keys.into_iter().filter(|found| to.space(&found.space).is_some());
    to.keep_keys(entitled.map(|found| (found.record, found.key)).collect())
        .unwrap();
}

/// The parent witnesses what it has not, and the child stores the receipts. How many it was.
pub(crate) fn witness(child: &Node, parent: &Node) -> usize {
    let mut receipts = 0;
    for (_, origin, _) in logs(child).into_iter().filter(|(_, _, own)| *own) {
        let Some(WitnessRequest {
            old,
            checkpoint,
            proof,
            shown,
        }) = child
            .prepare_witness(&origin, &parent.org_id(), None, env::now())
            .unwrap()
        else {
            continue;
        };
        let peer = child.node_key().public();
        let request = CosignRequest {
            peer,
            old,
            checkpoint,
            proof,
            shown,
        };
        let receipt = parent.cosign(request, env::now()).unwrap().unwrap();
        child.store_receipt(&origin, receipt).unwrap();
        receipts += 1;
    }
    if receipts > 0 {
        child.catch_up(|_| {}).unwrap();
    }
    receipts
}

/// Delivers all that `source` has of others: one piece of one log at a time, in an order that the dice give, with keys,
/// news of the directory, projections and documents at any moment between. How many pieces it was.
pub(crate) fn deliver(source: &Node, holder: &Node, dice: &mut Dice) -> usize {
    let mut open: Vec<(SpaceId, Origin)> = logs(source)
        .into_iter()
        .filter(|(_, _, own)| !own)
        .map(|(space, origin, _)| (space, origin))
        .collect();
    let mut pieces = 0;
    while !open.is_empty() {
        let at = dice.below(open.len());
        let (space, origin) = &open[at];
        if step(source, holder, space, origin, PIECES[dice.below(PIECES.len())]) {
            pieces += 1;
        } else {
            open.swap_remove(at);
        }
        match dice.below(12) {
            0 | 1 => learn(holder),
            2 | 3 => drop(holder.project_round().unwrap()),
            4 => drop(holder.document_round().unwrap()),
            5 => {
                let lacking = holder.lacking_keys().unwrap();
                let some: Vec<_> = lacking.into_iter().filter(|_| dice.below(2) == 0).collect();
                hand_keys(source, holder, &some);
            }
            _ => {}
        }
    }
    learn(holder);
    hand_keys(source, holder, &holder.lacking_keys().unwrap());
    holder.catch_up(|_| {}).unwrap();
    pieces
}
