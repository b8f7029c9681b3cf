//! Two nodes in one real session: both machines of states, both stores. What the driver does over a stream is done here at
//! once, so that a story has one order.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use lianzhan_protocol::log::Origin;
use lianzhan_protocol::sync::{CloseReason, Effect, Holdings, Input, Session, SessionConfig};
use lianzhan_protocol::trust::Purpose;
use tokio::sync::broadcast::Receiver;

use crate::env;
use crate::services::Node;
use crate::services::witness::CosignRequest;
use crate::store::StoreEvent;

struct Side<'a> {
    node: &'a Node,
    peer: &'a Node,
    session: Session,
    hides: &'a [Origin],
    events: Receiver<Arc<Vec<StoreEvent>>>,
    inbox: VecDeque<Input>,
    closed: Option<CloseReason>,
}

/// Lets two nodes talk until neither has anything left to say. The first says nothing of logs that it `hides`, but has them
/// witnessed. Returns why either closed.
pub(super) fn converse(one: &Node, other: &Node, hides: &[Origin]) -> Vec<CloseReason> {
    let mut sides = [Side::new(one, other, hides), Side::new(other, one, &[])];
    for n in 0..2 {
        let effects = sides[n].session.start();
        perform(&mut sides, n, effects);
    }
    loop {
        let mut quiet = true;
        for n in 0..2 {
            sides[n].hear();
            while let Some(input) = sides[n].inbox.pop_front() {
                quiet = false;
                let effects = sides[n].session.handle(input);
                perform(&mut sides, n, effects);
            }
        }
        if quiet {
            break;
        }
    }
    for side in &sides {
        side.node.catch_up(|_| {}).unwrap();
    }
    sides.into_iter().filter_map(|side| side.closed).collect()
}

fn perform(sides: &mut [Side<'_>; 2], n: usize, effects: Vec<Effect>) {
    for effect in effects {
        match effect {
            Effect::Send(frame) => sides[1 - n].inbox.push_back(Input::Frame(frame)),
            Effect::Close { reason } => sides[n].closed = Some(reason),
            effect => {
                let inputs = sides[n].one(effect);
                sides[n].inbox.extend(inputs);
            }
        }
    }
}

impl<'a> Side<'a> {
    fn new(node: &'a Node, peer: &'a Node, hides: &'a [Origin]) -> Self {
        let events = node.store().events();
        let directory = node.directory();
        let key = node.node_key().public();
        let named = [(key, Purpose::Node), (node.witness_public(), Purpose::Witness)];
        let shown: Vec<_> = named
            .iter()
            .flat_map(|(key, purpose)| directory.appointments_of(key, *purpose).map(|(id, _)| id))
            .collect();
        let (_, own_logs) = node.holdings().unwrap();
        let config = SessionConfig {
            node: key,
            org: node.org_id(),
            peer: peer.node_key().public(),
            statements: directory
                .closure(shown)
                .into_iter()
                .map(|s| s.bytes().to_vec())
                .collect(),
            own_logs,
            witness_log: None,
            software: "test".into(),
        };
        Side {
            session: Session::new(config, directory, &held(node, hides)),
            node,
            peer,
            hides,
            events,
            inbox: VecDeque::new(),
            closed: None,
        }
    }

    /// What was committed since.
    fn hear(&mut self) {
        while let Ok(batch) = self.events.try_recv() {
            for event in batch.iter() {
                let input = match event.clone() {
                    StoreEvent::Grew { origin, .. } | StoreEvent::Switched { origin, .. }
                        if self.hides.contains(&origin) =>
                    {
                        continue;
                    }
                    StoreEvent::Grew {
                        space,
                        origin,
                        standing,
                        own,
                    } => Input::Grown {
                        space,
                        origin,
                        standing,
                        own,
                    },
                    StoreEvent::Switched {
                        space,
                        origin,
                        standing,
                    } => Input::Switched {
                        space,
                        origin,
                        standing,
                    },
                    StoreEvent::ForkKnown { space, origin } => Input::ForkKnown { space, origin },
                    StoreEvent::Statements(statements) => {
                        self.node.learn(&statements);
                        self.directory()
                    }
                    _ => continue,
                };
                self.inbox.push_back(input);
            }
        }
    }

    fn directory(&self) -> Input {
        Input::Directory {
            directory: self.node.directory(),
            holdings: Arc::new(held(self.node, self.hides)),
        }
    }

    fn one(&self, effect: Effect) -> Vec<Input> {
        let node = self.node;
        let input = match effect {
            Effect::Established { .. } => {
                let forks = node.open_forks().unwrap().into_iter();
                return forks
                    .map(|(space, origin)| Input::ForkKnown { space, origin })
                    .collect();
            }
            Effect::Learn(statements) => {
                let kept = statements.clone();
                node.store()
                    .write_blocking(move |writer| writer.keep_statements(kept))
                    .unwrap();
                node.learn(&statements);
                self.directory()
            }
            Effect::Read {
                origin,
                branch,
                from,
                max_bytes,
            } => {
                let range = node.read_branch(&origin, branch, from, max_bytes).unwrap();
                Input::Read { origin, from, range }
            }
            Effect::Store { space, range } => {
                let origin = range.origin.clone();
                node.ingest(&space, &range).answer(space, origin)
            }
            Effect::StoreBranch { space, range } => {
                let origin = range.origin.clone();
                node.ingest_branch(&space, &range).answer(space, origin)
            }
            Effect::PrepareWitness { origin, old } => {
                let request = node
                    .prepare_witness(&origin, &self.peer.org_id(), old, env::now())
                    .unwrap();
                Input::WitnessPrepared { origin, request }
            }
            Effect::Cosign {
                origin,
                old,
                checkpoint,
                proof,
                shown,
            } => {
                let request = CosignRequest {
                    peer: self.peer.node_key().public(),
                    old,
                    checkpoint,
                    proof,
                    shown,
                };
                let result = node.cosign(request, env::now()).unwrap();
                Input::Cosigned { origin, result }
            }
            Effect::StoreReceipt { origin, receipt } => {
                node.store_receipt(&origin, receipt).unwrap();
                return Vec::new();
            }
            Effect::FindKeys { records } => Input::KeysFound(node.find_keys(&records).unwrap()),
            Effect::StoreKeys(keys) => {
                node.keep_keys(keys).unwrap();
                return Vec::new();
            }
            Effect::Compare {
                space,
                origin,
                theirs,
            } => match node.has_history(&origin, theirs).unwrap() {
                true => return Vec::new(),
                false => Input::ForkKnown { space, origin },
            },
            Effect::LookForKeys { spaces, after } => {
                Input::LackKeys(node.keys_lacking_in(&spaces, after.as_ref()).unwrap())
            }
            _ => return Vec::new(),
        };
        vec![input]
    }
}

/// What is held, without what is hidden.
fn held(node: &Node, hides: &[Origin]) -> Holdings {
    let hidden: BTreeSet<&Origin> = hides.iter().collect();
    let mut holdings = Holdings::new();
    for (space, origin, standing, _) in node.store().read(|reader| reader.standings()).unwrap() {
        if standing.size.0 > 0 && !hidden.contains(&origin) {
            holdings.grow(space, &origin, standing);
        }
    }
    holdings
}
