//! Drives one session over one stream: frames and news go in, effects are performed. The stream, the store and the
//! directory are here; what to do with them is decided in `protocol::sync`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::{AsyncRead, AsyncReadExt};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::sync::{CloseReason, Effect, FRAME_MAX, Input, Misbehaviour, Session};
use libp2p::Stream;
use tokio::sync::{Notify, OwnedSemaphorePermit, broadcast, mpsc, watch};

use super::frame;
use super::pace::{Counted, Watch};
use super::peers::Peers;
use crate::services::Node;
use crate::services::session::{self, Answers};
use crate::store::StoreEvent;

/// While more bytes than this wait to be written, no frame is read: far above what an honest conversation queues.
const QUEUED_MAX: usize = 8 * 1024 * 1024;
/// While more than this waits, growth is not announced: on the slowest line it takes two minutes.
const CROWDED: usize = 64 * 1024;
/// Where so much waits although nothing is read, what happens here outruns what the peer takes: the session begins anew.
const QUEUED_END: usize = 4 * QUEUED_MAX;
/// How long the last frame may take to leave.
const FAREWELL: Duration = Duration::from_secs(2);

/// How a session ended.
pub(super) struct Ended {
    /// Why, in words.
    pub words: String,
    /// What the peer did, if that is why.
    pub kind: Option<Misbehaviour>,
    /// Whether one of the two sides could not go on.
    pub failed: bool,
    /// Whether the next session is to begin at once.
    pub anew: bool,
}

impl From<String> for Ended {
    fn from(words: String) -> Self {
        Ended {
            words,
            kind: None,
            // A line that broke is nobody's failure.
            failed: false,
            anew: false,
        }
    }
}

impl From<&str> for Ended {
    fn from(words: &str) -> Self {
        words.to_owned().into()
    }
}

impl From<CloseReason> for Ended {
    fn from(reason: CloseReason) -> Self {
        Ended {
            words: reason.to_string(),
            kind: reason.misbehaviour(),
            failed: reason.is_failure(),
            anew: reason.is_anew(),
        }
    }
}

/// Runs a session until it ends. A stranger's place is given back once the peer is established.
pub(super) async fn run(
    node: &Arc<Node>,
    peer: PublicKey,
    stream: Stream,
    (peers, id): (&Peers, u64),
    place: Option<OwnedSemaphorePermit>,
    mut stop: watch::Receiver<bool>,
) -> Ended {
    // Listen before looking, so that nothing falls between.
    let mut events = node.store().events();
    let opening = node.clone();
    let opened = blocking(move || session::open(&opening, peer)).await;
    let mut session = match opened {
        Some(Ok(session)) => session,
        Some(Err(reason)) => return reason.into(),
        None => return "this node could not begin the session".into(),
    };
    let (reading, writing) = stream.split();
    let (mut reading, mut writing) = (Counted::new(reading), Counted::new(writing));
    let queued = Arc::new(AtomicUsize::new(0));
    let mut watch = Watch::new(
        node.config().patience_ms(),
        reading.moved(),
        writing.moved(),
        queued.clone(),
    );
    let (out, mut to_write) = mpsc::unbounded_channel::<Vec<u8>>();
    let written = queued.clone();
    let relief = Arc::new(Notify::new());
    let relieved = relief.clone();
    let mut writer = tokio::spawn(async move {
        while let Some(bytes) = to_write.recv().await {
            frame::write_packed(&mut writing, &bytes).await?;
            written.fetch_sub(bytes.len(), Ordering::Relaxed);
            relieved.notify_one();
        }
        futures::AsyncWriteExt::close(&mut writing).await
    });
    let (framed, mut frames) = mpsc::channel::<std::io::Result<Option<Vec<u8>>>>(1);
    let (whole, read, step) = (watch.whole(), reading.moved(), watch.step());
    let came = read.clone();
    let reader = tokio::spawn(async move {
        loop {
            let frame = next_frame(&mut reading, step).await;
            whole.store(read.load(Ordering::Relaxed), Ordering::Relaxed);
            let last = !matches!(frame, Ok(Some(_)));
            if framed.send(frame).await.is_err() || last {
                return;
            }
        }
    });
    // Boxed: a channel keeps room for dozens, which would be most of what a session at rest holds.
    let (told, mut answered) = mpsc::unbounded_channel::<Box<Input>>();
    let answers: Answers = Arc::new(move |input| {
        // A session that has ended needs no answer.
        let _ = told.send(Box::new(input));
    });
    let mut driver = Driver {
        node,
        peer,
        peers,
        id,
        out,
        queued,
        crowded: false,
        answers,
        place,
    };
    let mut closed = driver.perform(session.start());
    let mut wrote = false;
    let mut heard = 0;
    let mut clock = tokio::time::interval(watch.step());
    // Time that this side could not spend on the peer is not the peer's.
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while closed.is_none() {
        let full = driver.queued.load(Ordering::Relaxed) > QUEUED_MAX;
        let effects = tokio::select! {
            biased;
            _ = stop.changed() => session.handle(Input::Stop),
            ended = &mut writer => {
                wrote = true;
                closed = Some(match ended {
                    Ok(Err(error)) => format!("connection: {error}").into(),
                    _ => "the connection closed".into(),
                });
                continue;
            }
            Some(answer) = answered.recv() => session.handle(*answer),
            event = events.recv() => driver.news(&mut session, event).await,
            _ = clock.tick() => {
                let bytes = came.load(Ordering::Relaxed);
                if std::mem::replace(&mut heard, bytes) != bytes {
                    peers.heard(peer);
                }
                match watch.look(!full) {
                    Ok(now) => session.handle(Input::Tick(now)),
                    Err(offence) => session.handle(Input::Misbehaved(offence)),
                }
            }
            read = frames.recv(), if !full => match read {
                Some(Ok(Some(bytes))) => session.handle(Input::Frame(bytes)),
                Some(Ok(None)) | None => { closed = Some("the peer hung up".into()); continue; }
                Some(Err(error)) => match frame::offence(&error) {
                    Some(offence) => session.handle(Input::Misbehaved(offence)),
                    None => { closed = Some(format!("connection: {error}").into()); continue; }
                },
            },
            () = relief.notified(), if full || driver.crowded => Vec::new(),
        };
        closed = driver.perform(effects);
        if closed.is_none() {
            let effects = driver.backlog(&mut session);
            closed = driver.perform(effects);
        }
    }
    reader.abort();
    // What was queued, a farewell among it, may still leave.
    drop(driver);
    // A task that has ended must not be asked again.
    if !wrote && tokio::time::timeout(FAREWELL, &mut writer).await.is_err() {
        writer.abort();
    }
    closed.unwrap_or_else(|| "it ended".into())
}

/// Reads one frame, asking the stream again after each `step`: where this side closed the connection, whoever reads is told so
/// when asking, and is not woken for it.
async fn next_frame<R: AsyncRead + Unpin>(
    reading: &mut R,
    step: Duration,
) -> std::io::Result<Option<Vec<u8>>> {
    let frame = frame::read_packed(reading, FRAME_MAX);
    tokio::pin!(frame);
    loop {
        if let Ok(frame) = tokio::time::timeout(step, &mut frame).await {
            return frame;
        }
    }
}

/// Runs work that may block aside; none if it panicked.
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
    /// What the session was told last.
    crowded: bool,
    answers: Answers,
    /// Of a stranger, until it is none any more.
    place: Option<OwnedSemaphorePermit>,
}

impl Driver<'_> {
    /// Performs effects in order. Returns why the session is over, if it is.
    fn perform(&mut self, effects: Vec<Effect>) -> Option<Ended> {
        for effect in effects {
            if let Effect::Close { reason } = effect {
                if reason.is_lie() {
                    let alarm = session::alarm(self.node, &self.peer, reason.to_string(), &self.answers);
                    tokio::task::spawn_blocking(alarm);
                }
                return Some(reason.into());
            }
            self.one(effect);
        }
        None
    }

    fn one(&mut self, effect: Effect) {
        let (peers, peer, id) = (self.peers, self.peer, self.id);
        match &effect {
            Effect::Established { org, software } => {
                let name = self.node.directory().org(org).map(|org| org.name_zh.clone());
                self.place = None;
                peers.change(peer, id, |status| {
                    status.org = name;
                    status.software.clone_from(software);
                });
            }
            Effect::Progress {
                wanted_entries,
                received,
            } => peers.change(peer, id, |status| {
                (status.wanted, status.received) = (*wanted_entries, *received);
                status.level = received >= wanted_entries;
                status.behind_since = match status.level {
                    true => None,
                    false => status.behind_since.or_else(|| Some(crate::env::now().0)),
                };
            }),
            Effect::Given { given, left } => peers.change(peer, id, |status| {
                (status.given, status.to_give) = (*given, *left);
            }),
            Effect::Level => peers.change(peer, id, |status| status.level = true),
            _ => {}
        }
        if let Effect::Send(bytes) = effect {
            self.queued.fetch_add(bytes.len(), Ordering::Relaxed);
            // A writer that has ended is noticed by the loop.
            let _ = self.out.send(bytes);
            return;
        }
        for work in session::work(self.node, peer, effect, &self.answers) {
            tokio::task::spawn_blocking(work);
        }
    }

    /// Tells the session whether much waits to be written, where that changed.
    fn backlog(&mut self, session: &mut Session) -> Vec<Effect> {
        let queued = self.queued.load(Ordering::Relaxed);
        if queued > QUEUED_END {
            return session.handle(Input::Overtaken);
        }
        let crowded = queued > CROWDED;
        if std::mem::replace(&mut self.crowded, crowded) == crowded {
            return Vec::new();
        }
        session.handle(Input::Crowded(crowded))
    }

    /// What this node committed since.
    async fn news(
        &mut self,
        session: &mut Session,
        event: Result<Arc<Vec<StoreEvent>>, broadcast::error::RecvError>,
    ) -> Vec<Effect> {
        let node = self.node.clone();
        let inputs = match event {
            Err(broadcast::error::RecvError::Closed) => return Vec::new(),
            // What was lost may be of any kind, and only the beginning of a session asks for all of them.
            Err(broadcast::error::RecvError::Lagged(_)) => Some(vec![Input::Overtaken]),
            Ok(batch)
                if batch
                    .iter()
                    .any(|event| matches!(event, StoreEvent::Statements(_))) =>
            {
                blocking(move || session::news(&node, &batch)).await
            }
            Ok(batch) => Some(session::news(&node, &batch)),
        };
        let inputs = inputs.unwrap_or_default();
        inputs
            .into_iter()
            .flat_map(|input| session.handle(input))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use age::secrecy::SecretString;
    use futures::StreamExt;
    use lianzhan_protocol::keys::SecretKey;
    use lianzhan_protocol::sync::Message;
    use lianzhan_protocol::trust::Level;
    use libp2p::Multiaddr;
    use libp2p::swarm::SwarmEvent;

    use super::super::{SYNC, transport};
    use crate::config::Config;
    use crate::services::found::{OrgDraft, found};

    fn city(dir: &std::path::Path) -> Arc<Node> {
        let org = OrgDraft {
            level: Level::City,
            name_zh: "澜州市".into(),
            name_en: "Lanzhou".into(),
            code: "990100".into(),
        };
        let config = Config {
            scrypt_log_n: 2,
            ..Config::default()
        };
        let secret = SecretString::from("correct horse battery".to_owned());
        found(&dir.join("city"), org, &secret, config).unwrap()
    }

    fn peer() -> PublicKey {
        SecretKey::from_seed([7; 32]).public()
    }

    fn driver<'a>(
        node: &'a Arc<Node>,
        peers: &'a Peers,
    ) -> (Driver<'a>, Session, mpsc::UnboundedReceiver<Vec<u8>>) {
        let (out, sent) = mpsc::unbounded_channel();
        let driver = Driver {
            node,
            peer: peer(),
            peers,
            id: 0,
            out,
            queued: Arc::default(),
            crowded: false,
            answers: Arc::new(|_| {}),
            place: None,
        };
        (driver, session::open(node, peer()).unwrap(), sent)
    }

    #[tokio::test]
    async fn a_session_that_lost_news_is_begun_anew_and_nobody_is_blamed() {
        let dir = tempfile::tempdir().unwrap();
        let (node, peers) = (city(dir.path()), Peers::default());
        let (mut driver, mut session, mut sent) = driver(&node, &peers);
        let (tell, mut events) = broadcast::channel(1);
        for _ in 0..2 {
            tell.send(Arc::new(Vec::new())).unwrap();
        }
        let lost = events.recv().await;
        assert!(lost.is_err());
        let effects = driver.news(&mut session, lost).await;
        let ended = driver.perform(effects).expect("the session is over");
        assert!(ended.anew && !ended.failed && ended.kind.is_none());

        let Ok(Message::Bye(words)) = Message::from_frame(&sent.try_recv().unwrap()) else {
            panic!("the peer is told")
        };
        let there = Ended::from(CloseReason::Bye(words.to_string()));
        assert!(there.anew && !there.failed && there.kind.is_none());
    }

    /// The other end of a connection, on a thread of its own: once it has taken a stream it stands still, as a machine that
    /// hangs does.
    fn hangs(address: std::sync::mpsc::Sender<Multiaddr>, end: std::sync::mpsc::Receiver<()>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let _kept = runtime.block_on(async {
            let mut swarm = transport::build(&SecretKey::from_seed([8; 32]), false).unwrap();
            let mut incoming = transport::control(&swarm).accept(SYNC).unwrap();
            swarm.listen_on("/ip4/127.0.0.1/tcp/0".parse().unwrap()).unwrap();
            loop {
                tokio::select! {
                    event = swarm.select_next_some() => if let SwarmEvent::NewListenAddr { address: here, .. } = event {
                        address.send(here).unwrap();
                    },
                    Some((_, stream)) = incoming.next() => return (swarm, stream),
                }
            }
        });
        let _ = end.recv();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_reads_is_told_that_the_connection_was_closed_to_a_peer_that_hangs() {
        let ((tell, told), (end, ended)) = (std::sync::mpsc::channel(), std::sync::mpsc::channel());
        let peer = std::thread::spawn(move || hangs(tell, ended));
        let address = told.recv().unwrap();
        let mut swarm = transport::build(&SecretKey::from_seed([9; 32]), false).unwrap();
        let mut streams = transport::control(&swarm);
        swarm.dial(address).unwrap();
        let (there, connection) = loop {
            if let SwarmEvent::ConnectionEstablished {
                peer_id,
                connection_id,
                ..
            } = swarm.select_next_some().await
            {
                break (peer_id, connection_id);
            }
        };
        let stream = tokio::select! {
            stream = streams.open_stream(there, SYNC) => stream.unwrap(),
            () = async { loop { swarm.select_next_some().await; } } => unreachable!("it goes on"),
        };
        let (mut reading, _writing) = stream.split();
        let mut frame =
            tokio::spawn(async move { next_frame(&mut reading, Duration::from_millis(50)).await });
        let early = tokio::time::timeout(Duration::from_millis(300), &mut frame).await;
        assert!(early.is_err(), "nothing comes, and the connection stands");
        swarm.close_connection(connection);
        let closed = tokio::select! {
            closed = tokio::time::timeout(Duration::from_secs(20), frame) => closed,
            () = async { loop { swarm.select_next_some().await; } } => unreachable!("it goes on"),
        };
        let closed = closed.expect("it is told").unwrap();
        assert!(!matches!(closed, Ok(Some(_))), "{closed:?}");
        end.send(()).unwrap();
        peer.join().unwrap();
    }

    #[test]
    fn more_than_a_peer_takes_is_not_kept_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let (node, peers) = (city(dir.path()), Peers::default());
        let (mut driver, mut session, _sent) = driver(&node, &peers);
        for queued in [CROWDED + 1, QUEUED_END] {
            driver.queued.store(queued, Ordering::Relaxed);
            let effects = driver.backlog(&mut session);
            assert!(driver.perform(effects).is_none() && driver.crowded);
        }
        driver.queued.store(QUEUED_END + 1, Ordering::Relaxed);
        let effects = driver.backlog(&mut session);
        let ended = driver.perform(effects).expect("the session is over");
        assert!(ended.anew && ended.kind.is_none());
    }
}
