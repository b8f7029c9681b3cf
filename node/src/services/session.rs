//! What a session asks of its node, and what the node tells its sessions, on the calling thread. The driver of a stream
//! runs it aside; a simulation runs it in place: both do the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::Origin;
use lianzhan_protocol::sync::{Effect, Input, Offence, Session, SessionConfig};
use lianzhan_protocol::trust::Purpose;

use super::Node;
use super::neighbours::{SOFTWARE, sighting};
use super::repair::Filled;
use super::witness::CosignRequest;
use crate::env;
use crate::store::StoreEvent;

/// How much of what is lacking is found at once; a session looks for more when it has asked for that.
pub(super) const LOOK_MAX: usize = 1024;

/// Where answers to the effects of one session go. A session that has ended needs none.
pub type Answers = Arc<dyn Fn(Input) + Send + Sync>;

/// Work that may block, to be done once; what it gives goes to the answers of its session.
pub type Work = Box<dyn FnOnce() + Send>;

/// A session with what this node knows now. Listen to [`crate::store::Store::events`] before, so that nothing falls
/// between.
pub fn open(node: &Node, peer: PublicKey) -> Result<Session, String> {
    let directory = node.directory();
    let (holdings, own_logs) = node.holdings().map_err(|error| error.to_string())?;
    let key = node.node_key().public();
    let shown = [Purpose::Node, Purpose::Witness].into_iter().flat_map(|purpose| {
        let wanted = if purpose == Purpose::Node {
            key
        } else {
            node.witness_public()
        };
        directory
            .appointments_of(&wanted, purpose)
            .map(|(id, _)| id)
            .collect::<Vec<_>>()
    });
    let statements = directory
        .closure(shown)
        .into_iter()
        .map(|s| s.bytes().to_vec())
        .collect();
    let config = SessionConfig {
        node: key,
        org: node.org_id(),
        peer,
        statements,
        own_logs,
        witness_log: node.witness_log().map_err(|error| error.to_string())?,
        software: SOFTWARE.to_owned(),
    };
    Ok(Session::new(config, directory, &holdings).with_patience(node.config().patience_ms()))
}

/// What an effect asks of the store and the directory; nothing for those that are the stream's affair. What must not wait
/// is done at once, and what must not be done in another order is noted at once. Each piece of work stands alone: they may be
/// done at the same time and end in any order.
pub fn work(node: &Arc<Node>, peer: PublicKey, effect: Effect, answers: &Answers) -> Vec<Work> {
    let aside = |work: Job| vec![piece(node, answers, work)];
    match effect {
        Effect::Send(_)
        | Effect::Progress { .. }
        | Effect::Given { .. }
        | Effect::Level
        | Effect::Close { .. } => Vec::new(),
        Effect::Established { org, software } => {
            let (node, answers) = (node.clone(), answers.clone());
            node.meet(peer, software);
            let told = answers.clone();
            let met: Job = Box::new(move |node| {
                node.tell_above(&org, move |seen| told(seen))
                    .err()
                    .and_then(failed)
            });
            vec![
                piece(&node, &answers, met),
                Box::new(move || know_forks(&node, &answers)),
            ]
        }
        Effect::Seen(sightings) => {
            // One who writes is enough: whoever tells much takes no thread from others.
            if !node.hear_of(peer, sightings) {
                return Vec::new();
            }
            aside(Box::new(|node| node.told_of().err().and_then(failed)))
        }
        Effect::Learn(statements) => aside(Box::new(move |node| {
            let kept = statements.clone();
            if let Err(error) = node
                .store()
                .write_blocking(move |writer| writer.keep_statements(kept))
            {
                return failed(error);
            }
            node.learn(&statements);
            Some(everything(node))
        })),
        Effect::Read {
            origin,
            branch,
            from,
            max_bytes,
        } => aside(Box::new(move |node| {
            let range = node
                .read_branch(&origin, branch, from, max_bytes)
                .unwrap_or_else(|error| {
                    tracing::error!(%origin, %error, "a range could not be read for a peer");
                    None
                });
            Some(Input::Read { origin, from, range })
        })),
        Effect::Store { space, range } => aside(Box::new(move |node| {
            let origin = range.origin.clone();
            Some(node.ingest(&space, &range).answer(space, origin))
        })),
        Effect::PrepareWitness { origin, old } => aside(Box::new(move |node| {
            let witness = node.directory().node_org(&peer);
            let request = witness.map(|witness| node.prepare_witness(&origin, &witness, old, env::now()));
            let request = request.unwrap_or(Ok(None)).unwrap_or_else(|error| {
                tracing::error!(%origin, %error, "a request to the witness could not be prepared");
                None
            });
            Some(Input::WitnessPrepared { origin, request })
        })),
        Effect::Cosign {
            origin,
            old,
            checkpoint,
            proof,
            shown,
        } => {
            let request = CosignRequest {
                peer,
                old,
                checkpoint,
                proof,
                shown,
            };
            let told = answers.clone();
            // With whatever other sessions ask for at the same time.
            node.enqueue_cosign(request, move |result| told(Input::Cosigned { origin, result }));
            aside(Box::new(|node| {
                node.cosign_queued(env::now());
                None
            }))
        }
        Effect::StoreReceipt { origin, receipt } => aside(Box::new(move |node| {
            node.store_receipt(&origin, receipt).err().and_then(failed)
        })),
        Effect::NotWitnessed { origin, size, reason } => {
            tracing::info!(%origin, %size, reason, "not witnessed yet");
            Vec::new()
        }
        Effect::LookForKeys { spaces, after } => aside(Box::new(move |node| {
            match node.keys_lacking_in(&spaces, after.as_ref()) {
                Ok(lacking) => Some(Input::LackKeys(lacking)),
                Err(error) => failed(error),
            }
        })),
        Effect::LookForPayloads { spaces, after } => aside(Box::new(move |node| {
            match node.payloads_lacking_in(&spaces, after.as_ref()) {
                Ok(lacking) => Some(Input::LackPayloads(lacking)),
                Err(error) => failed(error),
            }
        })),
        Effect::LookForAttachments { spaces, after } => aside(Box::new(move |node| {
            match node.attachments_lacking_in(&spaces, after.as_ref()) {
                Ok(lacking) => Some(Input::LackAttachments(lacking)),
                Err(error) => failed(error),
            }
        })),
        Effect::FindKeys { records } => aside(Box::new(move |node| match node.find_keys(&records) {
            Ok(found) => Some(Input::KeysFound(found)),
            Err(error) => failed(error),
        })),
        Effect::StoreKeys(keys) => aside(Box::new(move |node| node.keep_keys(keys).err().and_then(failed))),
        Effect::FindPayloads {
            origin,
            indexes,
            max_bytes,
        } => aside(Box::new(move |node| {
            match node.find_payloads(&origin, &indexes, max_bytes) {
                Ok(payloads) => Some(Input::PayloadsFound { origin, payloads }),
                Err(error) => failed(error),
            }
        })),
        Effect::StorePayloads { origin, payloads, .. } => {
            aside(Box::new(move |node| match node.fill(&origin, payloads) {
                Ok(Filled::Stored(_)) => None,
                Ok(Filled::PeerLied(offence)) => Some(Input::StoreRefused { origin, offence }),
                Err(error) => failed(error),
            }))
        }
        Effect::OpenAttachment { id } => aside(Box::new(move |node| match node.attachment_so_far(&id) {
            Ok(from) => Some(Input::AttachmentOpened { id, from }),
            Err(error) => failed(error),
        })),
        Effect::StorePiece { id, size, from, data } => aside(Box::new(move |node| {
            match node.grow_attachment(&id, size, from, &data) {
                Ok(next) => Some(Input::PieceStored { id, next }),
                Err(error) => failed(error),
            }
        })),
        Effect::ReadPiece { space, id, from } => aside(Box::new(move |node| {
            let piece = node.read_piece(&space, &id, from).unwrap_or_else(|error| {
                tracing::error!(%id, %error, "a piece of an attachment could not be read for a peer");
                None
            });
            Some(Input::PieceRead { id, from, piece })
        })),
        Effect::Fork {
            origin, ours, theirs, ..
        } => {
            node.fork_seen(&origin, ours, theirs);
            Vec::new()
        }
        Effect::Compare {
            space,
            origin,
            theirs,
        } => {
            let compare = {
                let (node, answers) = (Arc::downgrade(node), answers.clone());
                move || {
                    let Some(node) = node.upgrade() else {
                        return;
                    };
                    let told = match node.has_history(&origin, theirs) {
                        Ok(true) => None,
                        Ok(false) => Some(Input::ForkKnown { space, origin }),
                        Err(error) => failed(error),
                    };
                    told.into_iter().for_each(|input| answers(input));
                }
            };
            // Thousands of these may come at once.
            if !node.comparing.add(peer, Box::new(compare)) {
                return Vec::new();
            }
            aside(Box::new(|node| {
                node.comparing.work(|compare| compare());
                None
            }))
        }
        Effect::Shrunk {
            origin,
            before,
            after,
            kind,
        } => aside(Box::new(move |node| {
            match node.goes_back(&origin, before, after) {
                Ok(false) => None,
                Ok(true) => {
                    let what = format!("{} entries now, and {} before", after.size, before.size);
                    let offence = Offence::new(kind, what);
                    Some(Input::StoreRefused { origin, offence })
                }
                Err(error) => failed(error),
            }
        })),
        Effect::StoreBranch { space, range } => aside(Box::new(move |node| {
            let origin = range.origin.clone();
            Some(node.ingest_branch(&space, &range).answer(space, origin))
        })),
    }
}

/// Tells people that a peer sent what no honest node sends.
pub fn alarm(node: &Arc<Node>, peer: &PublicKey, words: String, answers: &Answers) -> Work {
    let peer = peer.fingerprint();
    let work: Job = Box::new(move |node| {
        let raised = node
            .store()
            .write_blocking(move |writer| writer.raise_alarm("peer", &peer, &words));
        raised.err().and_then(failed)
    });
    piece(node, answers, work)
}

/// What this node committed since, for each of its sessions, in this order: new statements, forks, and growth of logs, one
/// report for each log.
pub fn news(node: &Node, batch: &[StoreEvent]) -> Vec<Input> {
    let mut grown: BTreeMap<Origin, Input> = BTreeMap::new();
    let mut inputs = Vec::new();
    let mut lacking = false;
    for event in batch {
        match event {
            StoreEvent::Grew {
                space,
                origin,
                standing,
                own,
            } => {
                let input = Input::Grown {
                    space: *space,
                    origin: origin.clone(),
                    standing: *standing,
                    own: *own,
                };
                grown.insert(origin.clone(), input);
            }
            StoreEvent::Statements(statements) => {
                node.learn(statements);
                inputs.push(everything(node));
            }
            StoreEvent::ForkKnown { space, origin } => inputs.push(Input::ForkKnown {
                space: *space,
                origin: origin.clone(),
            }),
            StoreEvent::Switched {
                space,
                origin,
                standing,
            } => {
                // What was reported of it before is of the other branch.
                grown.remove(origin);
                inputs.push(Input::Switched {
                    space: *space,
                    origin: origin.clone(),
                    standing: *standing,
                });
            }
            StoreEvent::Filled { space, origin } => inputs.push(Input::Filled {
                space: *space,
                origin: origin.clone(),
            }),
            StoreEvent::Keyed { space, origin } => inputs.push(Input::Keyed {
                space: *space,
                origin: origin.clone(),
            }),
            StoreEvent::Fresh { origin } => inputs.push(Input::WitnessLog {
                origin: origin.clone(),
            }),
            StoreEvent::Seen(rows) => inputs.push(Input::Seen(rows.iter().map(sighting).collect())),
            StoreEvent::AttachmentHeld { id, spaces } => inputs.push(Input::AttachmentHeld {
                id: *id,
                spaces: spaces.clone(),
            }),
            StoreEvent::AttachmentsLacking => lacking = true,
            StoreEvent::Dirty { .. }
            | StoreEvent::Written(_)
            | StoreEvent::Projected(_)
            | StoreEvent::ReceiptOf(_)
            | StoreEvent::Alarm => {}
        }
    }
    inputs.extend(grown.into_values());
    if lacking {
        inputs.push(Input::AttachmentsLacking);
    }
    inputs
}

/// The directory and what is held, in this order.
pub fn everything(node: &Node) -> Input {
    let directory = node.directory();
    match node.holdings() {
        Ok((holdings, _)) => Input::Directory {
            directory,
            holdings: Arc::new(holdings),
        },
        Err(error) => Input::StoreFailed {
            reason: error.to_string(),
        },
    }
}

type Job = Box<dyn FnOnce(&Arc<Node>) -> Option<Input> + Send>;

fn piece(node: &Arc<Node>, answers: &Answers, work: Job) -> Work {
    let (node, answers) = (node.clone(), answers.clone());
    Box::new(move || {
        if let Some(input) = work(&node) {
            answers(input);
        }
    })
}

fn know_forks(node: &Node, answers: &Answers) {
    match node.open_forks() {
        Ok(open) => {
            for (space, origin) in open {
                answers(Input::ForkKnown { space, origin });
            }
        }
        Err(error) => tracing::error!(%error, "forks could not be read"),
    }
}

fn failed(error: impl std::fmt::Display) -> Option<Input> {
    Some(Input::StoreFailed {
        reason: error.to_string(),
    })
}
