//! Drives one session over one stream: frames and news go in, effects are performed. The stream, the store and the
//! directory are here; what to do with them is decided in `protocol::sync`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::AsyncReadExt;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::Origin;
use lianzhan_protocol::sync::{Effect, FRAME_MAX, Input, Session, SessionConfig};
use lianzhan_protocol::trust::Purpose;
use libp2p::Stream;
use tokio::sync::{broadcast, mpsc, watch};

use super::frame;
use super::peers::Peers;
use crate::env;
use crate::services::Node;
use crate::services::fork::BranchStep;
use crate::services::ingest::Ingested;
use crate::services::witness::CosignRequest;
use crate::store::StoreEvent;

/// While more bytes than this wait to be written, no frame is read: far above what an honest conversation queues.
const QUEUED_MAX: usize = 8 * 1024 * 1024;
/// How long the last frame may take to leave.
const FAREWELL: Duration = Duration::from_secs(2);

/// Runs a session until it ends. Returns why, in words.
pub(super) async fn run(
    node: &Arc<Node>,
    peer: PublicKey,
    stream: Stream,
    peers: &Peers,
    id: u64,
    mut stop: watch::Receiver<bool>,
) -> String {
    // Listen before looking, so that nothing falls between.
    let mut events = node.store().events();
    let mut session = match open(node, peer).await {
        Ok(session) => session,
        Err(reason) => return reason,
    };
    let (mut reading, mut writing) = stream.split();
    let queued = Arc::new(AtomicUsize::new(0));
    let (out, mut to_write) = mpsc::unbounded_channel::<Vec<u8>>();
    let written = queued.clone();
    let mut writer = tokio::spawn(async move {
        while let Some(bytes) = to_write.recv().await {
            frame::write(&mut writing, &bytes).await?;
            written.fetch_sub(bytes.len(), Ordering::Relaxed);
        }
        futures::AsyncWriteExt::close(&mut writing).await
    });
    let (framed, mut frames) = mpsc::channel::<std::io::Result<Option<Vec<u8>>>>(1);
    let reader = tokio::spawn(async move {
        loop {
            let read = frame::read(&mut reading, FRAME_MAX).await;
            let last = !matches!(read, Ok(Some(_)));
            if framed.send(read).await.is_err() || last {
                return;
            }
        }
    });
    let (answers, mut answered) = mpsc::unbounded_channel::<Input>();
    let mut driver = Driver {
        node,
        peer,
        peers,
        id,
        out,
        queued,
        answers,
    };
    let mut closed = driver.perform(session.start());
    let mut wrote = false;
    let mut relief = tokio::time::interval(Duration::from_millis(20));
    relief.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    while closed.is_none() {
        let full = driver.queued.load(Ordering::Relaxed) > QUEUED_MAX;
        let effects = tokio::select! {
            biased;
            _ = stop.changed() => { closed = Some("this node is stopping".into()); continue; }
            ended = &mut writer => {
                wrote = true;
                closed = Some(match ended {
                    Ok(Err(error)) => format!("connection: {error}"),
                    _ => "the connection closed".into(),
                });
                continue;
            }
            Some(answer) = answered.recv() => session.handle(answer),
            event = events.recv() => driver.news(&mut session, event).await,
            read = frames.recv(), if !full => match read {
                Some(Ok(Some(bytes))) => session.handle(Input::Frame(bytes)),
                Some(Ok(None)) | None => { closed = Some("the peer hung up".into()); continue; }
                Some(Err(error)) => { closed = Some(format!("connection: {error}")); continue; }
            },
            _ = relief.tick(), if full => Vec::new(),
        };
        closed = driver.perform(effects);
    }
    reader.abort();
    // What was queued, a farewell among it, may still leave.
    drop(driver);
    // A task that has ended must not be asked again.
    if !wrote && tokio::time::timeout(FAREWELL, &mut writer).await.is_err() {
        writer.abort();
    }
    closed.unwrap_or_default()
}

/// A session with what this node knows now.
async fn open(node: &Arc<Node>, peer: PublicKey) -> Result<Session, String> {
    let node = node.clone();
    blocking(move || {
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
        };
        Ok(Session::new(config, directory, &holdings))
    })
    .await
    .unwrap_or_else(|| Err("this node could not begin the session".into()))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

struct Driver<'a> {
    node: &'a Arc<Node>,
    peer: PublicKey,
    peers: &'a Peers,
    id: u64,
    out: mpsc::UnboundedSender<Vec<u8>>,
    queued: Arc<AtomicUsize>,
    answers: mpsc::UnboundedSender<Input>,
}

impl Driver<'_> {
    /// Performs effects in order. Returns why the session is over, if it is.
    fn perform(&mut self, effects: Vec<Effect>) -> Option<String> {
        for effect in effects {
            if let Effect::Close { reason } = effect {
                if matches!(reason, lianzhan_protocol::sync::CloseReason::PeerLied(_)) {
                    self.alarm(reason.to_string());
                }
                return Some(reason.to_string());
            }
            self.one(effect);
        }
        None
    }

    fn one(&mut self, effect: Effect) {
        let (peers, peer, id) = (self.peers, self.peer, self.id);
        match effect {
            Effect::Send(bytes) => {
                self.queued.fetch_add(bytes.len(), Ordering::Relaxed);
                // A writer that has ended is noticed by the loop.
                let _ = self.out.send(bytes);
            }
            Effect::Established { org } => {
                let name = self.node.directory().org(&org).map(|org| org.name_zh.clone());
                peers.change(peer, id, |status| status.org = name);
                self.lack_keys();
                self.know_forks();
            }
            Effect::Progress {
                wanted_entries,
                received,
            } => peers.change(peer, id, |status| {
                (status.wanted, status.received) = (wanted_entries, received);
                status.level = received >= wanted_entries;
            }),
            Effect::Level => {
                peers.change(peer, id, |status| status.level = true);
                self.lack_keys();
            }
            Effect::Learn(statements) => self.answer(move |node| {
                let kept = statements.clone();
                if let Err(error) = node
                    .store()
                    .write_blocking(move |writer| writer.keep_statements(kept))
                {
                    return Some(Input::StoreFailed {
                        reason: error.to_string(),
                    });
                }
                node.learn(&statements);
                directory_now(node)
            }),
            Effect::Read {
                origin,
                branch,
                from,
                max_bytes,
            } => self.answer(move |node| {
                let range = node
                    .read_branch(&origin, branch, from, max_bytes)
                    .unwrap_or_else(|error| {
                        tracing::error!(%origin, %error, "a range could not be read for a peer");
                        None
                    });
                Some(Input::Read { origin, from, range })
            }),
            Effect::Store { space, range } => self.answer(move |node| {
                let origin = range.origin.clone();
                Some(match node.ingest(&space, &range) {
                    Ingested::Stored(standing) => Input::Stored {
                        space,
                        origin,
                        standing,
                    },
                    Ingested::PeerLied(reason) => Input::StoreRefused { origin, reason },
                    Ingested::Forked(reason) => {
                        tracing::warn!(%origin, reason, "the peer holds another branch");
                        Input::StoreForked { space, origin }
                    }
                    Ingested::LogPassedOver(reason) => {
                        tracing::warn!(%origin, reason, "log passed over");
                        Input::StorePassedOver { origin }
                    }
                    Ingested::Failed(reason) => Input::StoreFailed { reason },
                })
            }),
            Effect::PrepareWitness { origin, old } => self.answer(move |node| {
                let witness = node.directory().node_org(&peer);
                let request = witness.map(|witness| node.prepare_witness(&origin, &witness, old, env::now()));
                let request = request.unwrap_or(Ok(None)).unwrap_or_else(|error| {
                    tracing::error!(%origin, %error, "a request to the witness could not be prepared");
                    None
                });
                Some(Input::WitnessPrepared { origin, request })
            }),
            Effect::Cosign {
                origin,
                old,
                checkpoint,
                proof,
                shown,
            } => {
                let answers = self.answers.clone();
                let request = CosignRequest {
                    peer,
                    old,
                    checkpoint,
                    proof,
                    shown,
                };
                // With whatever other sessions ask for at the same time.
                self.node.enqueue_cosign(request, move |result| {
                    // A session that has ended needs no answer.
                    let _ = answers.send(Input::Cosigned { origin, result });
                });
                self.answer(|node| {
                    node.cosign_queued(env::now());
                    None
                });
            }
            Effect::StoreReceipt { origin, receipt } => self.answer(move |node| {
                node.store_receipt(&origin, receipt)
                    .err()
                    .map(|error| Input::StoreFailed {
                        reason: error.to_string(),
                    })
            }),
            Effect::NotWitnessed { origin, size, reason } => {
                tracing::info!(%origin, %size, reason, "not witnessed yet");
            }
            Effect::FindKeys { records } => self.answer(move |node| {
                Some(match node.find_keys(&records) {
                    Ok(found) => Input::KeysFound(found),
                    Err(error) => Input::StoreFailed {
                        reason: error.to_string(),
                    },
                })
            }),
            Effect::StoreKeys(keys) => self.answer(move |node| {
                node.keep_keys(keys).err().map(|error| Input::StoreFailed {
                    reason: error.to_string(),
                })
            }),
            Effect::Fork {
                origin, ours, theirs, ..
            } => self.node.fork_seen(&origin, ours, theirs),
            Effect::StoreBranch { space, range } => self.answer(move |node| {
                let origin = range.origin.clone();
                Some(match node.ingest_branch(&space, &range) {
                    BranchStep::Next(next) => Input::BranchStored {
                        origin,
                        next: Some(next),
                    },
                    BranchStep::Done => Input::BranchStored { origin, next: None },
                    BranchStep::PeerLied(reason) => Input::StoreRefused { origin, reason },
                    BranchStep::Failed(reason) => Input::StoreFailed { reason },
                })
            }),
            Effect::Close { .. } => {}
        }
    }

    /// Does blocking work aside; what it gives, if anything, goes into the session.
    fn answer(&self, work: impl FnOnce(&Arc<Node>) -> Option<Input> + Send + 'static) {
        let (node, answers) = (self.node.clone(), self.answers.clone());
        tokio::task::spawn_blocking(move || {
            if let Some(input) = work(&node) {
                // A session that has ended needs no answer.
                let _ = answers.send(input);
            }
        });
    }

    fn lack_keys(&self) {
        self.answer(|node| match node.lacking_keys() {
            Ok(records) if records.is_empty() => None,
            Ok(records) => Some(Input::LackKeys(records)),
            Err(error) => Some(Input::StoreFailed {
                reason: error.to_string(),
            }),
        });
    }

    fn know_forks(&self) {
        let (node, answers) = (self.node.clone(), self.answers.clone());
        tokio::task::spawn_blocking(move || match node.open_forks() {
            Ok(open) => {
                for (space, origin) in open {
                    let _ = answers.send(Input::ForkKnown { space, origin });
                }
            }
            Err(error) => tracing::error!(%error, "forks could not be read"),
        });
    }

    fn alarm(&self, words: String) {
        let peer = self.peer.fingerprint();
        self.answer(move |node| {
            let raised = node
                .store()
                .write_blocking(move |writer| writer.raise_alarm("peer", &peer, &words));
            raised.err().map(|error| Input::StoreFailed {
                reason: error.to_string(),
            })
        });
    }

    /// What this node committed since: growth of logs, one report for each log, and new statements.
    async fn news(
        &mut self,
        session: &mut Session,
        event: Result<Arc<Vec<StoreEvent>>, broadcast::error::RecvError>,
    ) -> Vec<Effect> {
        let batch = match event {
            Ok(batch) => batch,
            Err(broadcast::error::RecvError::Closed) => return Vec::new(),
            Err(broadcast::error::RecvError::Lagged(_)) => {
                // Too much to tell one by one: the session compares everything anew.
                let node = self.node.clone();
                let input = blocking(move || directory_now(&node)).await.flatten();
                return input.map(|input| session.handle(input)).unwrap_or_default();
            }
        };
        let mut grown: BTreeMap<Origin, Input> = BTreeMap::new();
        let mut effects = Vec::new();
        for event in batch.iter() {
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
                    let (node, statements) = (self.node.clone(), statements.clone());
                    let input = blocking(move || {
                        node.learn(&statements);
                        directory_now(&node)
                    })
                    .await
                    .flatten();
                    effects.extend(input.map(|input| session.handle(input)).unwrap_or_default());
                }
                StoreEvent::ForkKnown { space, origin } => {
                    let (space, origin) = (*space, origin.clone());
                    effects.extend(session.handle(Input::ForkKnown { space, origin }));
                }
                StoreEvent::Switched {
                    space,
                    origin,
                    standing,
                } => {
                    // What was reported of it before is of the other branch.
                    grown.remove(origin);
                    let input = Input::Switched {
                        space: *space,
                        origin: origin.clone(),
                        standing: *standing,
                    };
                    effects.extend(session.handle(input));
                }
                StoreEvent::Fresh { origin } => {
                    let origin = origin.clone();
                    effects.extend(session.handle(Input::WitnessLog { origin }));
                }
                StoreEvent::Dirty(_) | StoreEvent::Projected(_) | StoreEvent::Alarm => {}
            }
        }
        for input in grown.into_values() {
            effects.extend(session.handle(input));
        }
        effects
    }
}

/// The directory and what is held, in this order.
fn directory_now(node: &Arc<Node>) -> Option<Input> {
    let directory = node.directory();
    match node.holdings() {
        Ok((holdings, _)) => Some(Input::Directory {
            directory,
            holdings: Arc::new(holdings),
        }),
        Err(error) => Some(Input::StoreFailed {
            reason: error.to_string(),
        }),
    }
}
