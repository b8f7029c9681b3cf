//! Keeps open pages fresh: one stream of topics per page. A message names what has changed and holds no data; the page asks
//! for what it shows.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::Stream;
use lianzhan_protocol::id::RecordId;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

use super::request::Signed;
use super::{Peers, WebState};
use crate::services::query::PeerStatus;
use crate::services::{Node, StoreEvent};
use crate::services::{activity, visit};

/// No two messages stand closer.
const SPACING: Duration = Duration::from_millis(100);
/// How long news of the network wait for news of records, which most often follow: said by themselves they would hold
/// those up.
const RIDE: Duration = Duration::from_millis(150);
/// How often it is looked who is connected.
const PEERS: Duration = Duration::from_secs(2);
/// Sent into silence, so that nobody on the way closes the stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// After how long a browser asks again.
const RETRY: Duration = Duration::from_secs(1);
/// How long a form waits for its record to be shown.
const SHOWN: Duration = Duration::from_secs(3);

type Batch = Arc<Vec<StoreEvent>>;

pub(super) fn router() -> Router<WebState> {
    Router::new().route("/events", get(events))
}

async fn events(State(state): State<WebState>, who: Signed) -> Response {
    // The session itself is not held: a page that is open does not keep the key.
    let stream = Topics::new(&state, who.session.gone()).stream();
    drop(who);
    Sse::new(stream)
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response()
}

/// What one open page hears.
struct Topics {
    store: broadcast::Receiver<Batch>,
    gone: watch::Receiver<bool>,
    stop: watch::Receiver<bool>,
    peers: Peers,
    connected: Vec<PeerStatus>,
    /// How often peers misbehaved.
    noted: u64,
    node: Arc<Node>,
    look: tokio::time::Interval,
    waiting: BTreeSet<String>,
    network: Option<Instant>,
    next: Instant,
    greeted: bool,
}

impl Topics {
    fn new(state: &WebState, gone: watch::Receiver<bool>) -> Self {
        let mut look = tokio::time::interval(PEERS);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        Topics {
            store: state.node.store().events(),
            gone,
            stop: state.stop.clone(),
            peers: state.peers.clone(),
            connected: (state.peers)(),
            noted: state.node.conduct().noted(),
            node: state.node.clone(),
            look,
            waiting: BTreeSet::new(),
            network: None,
            next: Instant::now(),
            greeted: false,
        }
    }

    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        futures::stream::unfold(self, |mut topics| async {
            if !std::mem::replace(&mut topics.greeted, true) {
                return Some((Ok(Event::default().retry(RETRY).comment("here")), topics));
            }
            let line = topics.line().await?;
            Some((Ok(Event::default().data(line)), topics))
        })
    }

    /// The next message; none when the session or the node ends, or when so much happened at once that the page had better
    /// ask for everything, which it does when it is connected again.
    async fn line(&mut self) -> Option<String> {
        loop {
            let (due, waits) = (self.due(), !self.waiting.is_empty() || self.network.is_some());
            let changed = tokio::select! {
                biased;
                _ = self.gone.wait_for(|gone| *gone) => return None,
                _ = self.stop.wait_for(|stop| *stop) => return None,
                () = tokio::time::sleep_until(due), if waits => {
                    self.next = Instant::now() + SPACING;
                    if self.network.take().is_some() {
                        self.waiting.extend(["network".to_owned(), "sync".to_owned()]);
                    }
                    let topics: Vec<String> = std::mem::take(&mut self.waiting).into_iter().collect();
                    return Some(topics.join(" "));
                }
                batch = self.store.recv() => match batch {
                    Ok(batch) => topics_of(&batch, &mut self.waiting),
                    Err(RecvError::Lagged(_) | RecvError::Closed) => return None,
                },
                _ = self.look.tick() => {
                    let (now, noted) = ((self.peers)(), self.node.conduct().noted());
                    now != std::mem::replace(&mut self.connected, now.clone())
                        || noted != std::mem::replace(&mut self.noted, noted)
                }
            };
            if changed {
                self.network.get_or_insert_with(|| Instant::now() + RIDE);
            }
        }
    }

    /// When the next message is due, if there is anything to say.
    fn due(&self) -> Instant {
        match self.network {
            Some(ride) if self.waiting.is_empty() => self.next.max(ride),
            _ => self.next,
        }
    }
}

/// Adds the topics of records; says whether anything of the network changed.
fn topics_of(batch: &[StoreEvent], topics: &mut BTreeSet<String>) -> bool {
    let mut network = false;
    for event in batch {
        match event {
            StoreEvent::Projected(records) => {
                for (record, ledger) in records {
                    match ledger.as_str() {
                        // An annex: its record says what it says.
                        "" => continue,
                        visit::LEDGER => drop(topics.insert("visits".into())),
                        activity::LEDGER => drop(topics.insert(format!("activity:{record}"))),
                        _ => {}
                    }
                    topics.insert(format!("ledger:{ledger}"));
                    topics.insert(format!("record:{record}"));
                }
            }
            StoreEvent::Grew { .. }
            | StoreEvent::Statements(_)
            | StoreEvent::ForkKnown { .. }
            | StoreEvent::Switched { .. }
            | StoreEvent::Fresh { .. }
            | StoreEvent::Filled { .. }
            | StoreEvent::Keyed { .. }
            | StoreEvent::ReceiptOf(_)
            | StoreEvent::Alarm
            | StoreEvent::Seen(_) => {
                network = true;
            }
            StoreEvent::AttachmentHeld { id, .. } => drop(topics.insert(format!("attachment:{id}"))),
            StoreEvent::Dirty { .. } | StoreEvent::Written(_) | StoreEvent::AttachmentsLacking => {}
        }
    }
    network
}

/// Waits until the views show a record, so that the page after a form shows what was done. Begins before the deed.
pub(super) struct Watch(broadcast::Receiver<Batch>);

impl Watch {
    /// From now on.
    pub(super) fn new(state: &WebState) -> Self {
        Watch(state.node.store().events())
    }

    /// Until the record is shown, or for three seconds: pages that are late refresh themselves.
    pub(super) async fn until_shown(mut self, record: &RecordId) {
        let shown = async {
            while let Ok(batch) = self.0.recv().await {
                let told = |event: &StoreEvent| match event {
                    StoreEvent::Projected(records) => records.iter().any(|(known, _)| known == record),
                    _ => false,
                };
                if batch.iter().any(told) {
                    return;
                }
            }
        };
        // Late is no fault.
        let _ = tokio::time::timeout(SHOWN, shown).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_of_changes_is_a_few_topics() {
        let (visit_id, activity_id) = (RecordId([1; 16]), RecordId([2; 16]));
        let batch = vec![
            StoreEvent::Projected(vec![
                (visit_id, visit::LEDGER.into()),
                (activity_id, activity::LEDGER.into()),
                (RecordId([3; 16]), String::new()),
            ]),
            StoreEvent::Alarm,
            StoreEvent::Dirty {
                records: vec![visit_id],
                witnessed: 0,
            },
        ];
        let mut topics = BTreeSet::new();
        assert!(topics_of(&batch, &mut topics));
        assert!(!topics_of(&batch[..1], &mut topics));
        let line: Vec<String> = topics.into_iter().collect();
        let expected = format!(
            "activity:{activity_id} ledger:activity ledger:letters_visits record:{visit_id} record:{activity_id} visits"
        );
        assert_eq!(line.join(" "), expected);
    }
}
