//! Two nodes in one conversation, without a wire: the real sessions, and behind them the real stores. What crosses is
//! counted, and how often one side waits for the other.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{bail, ensure};
use lianzhan_node::services::session::{self, Answers};
use lianzhan_node::services::{Node, StoreEvent};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::sync::{Effect, Input, Session};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

/// The length before each frame.
const LENGTH: usize = 4;

/// What a conversation was until neither had anything left to say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Talk {
    /// Frames, from the first node and from the other.
    pub(super) frames: [usize; 2],
    /// Bytes of those frames with their lengths.
    pub(super) bytes: [usize; 2],
    /// How often something was on its way, what is so at the same time counted once: two are a round trip.
    pub(super) crossings: usize,
}

impl Talk {
    pub(super) fn round_trips(self) -> usize {
        self.crossings.div_ceil(2)
    }
}

/// Lets two nodes talk until both are level and at rest. Work at a node takes no time here, and all that a side has to say
/// at a moment travels together.
pub(super) fn converse(nodes: [&Arc<Node>; 2]) -> anyhow::Result<Talk> {
    let mut sides = [Side::open(nodes[0], nodes[1])?, Side::open(nodes[1], nodes[0])?];
    let mut talk = Talk::default();
    for side in &mut sides {
        let effects = side.session.start();
        side.perform(effects)?;
    }
    loop {
        for side in &mut sides {
            side.settle()?;
        }
        let sent = sides.each_mut().map(|side| std::mem::take(&mut side.sent));
        if sent.iter().all(Vec::is_empty) {
            break;
        }
        talk.crossings += 1;
        for (n, frames) in sent.into_iter().enumerate() {
            talk.frames[n] += frames.len();
            for frame in frames {
                talk.bytes[n] += frame.len() + LENGTH;
                let effects = sides[1 - n].session.handle(Input::Frame(frame));
                sides[1 - n].perform(effects)?;
                // As it comes: the answer to one range is under way while the next is read.
                sides[1 - n].settle()?;
            }
        }
    }
    ensure!(
        sides.iter().all(|side| side.session.is_level()),
        "both hold the same"
    );
    Ok(talk)
}

struct Side<'a> {
    node: &'a Arc<Node>,
    peer: PublicKey,
    session: Session,
    news: Receiver<Arc<Vec<StoreEvent>>>,
    answers: Answers,
    answered: Arc<Mutex<VecDeque<Input>>>,
    sent: Vec<Vec<u8>>,
}

impl<'a> Side<'a> {
    fn open(node: &'a Arc<Node>, peer: &Node) -> anyhow::Result<Self> {
        // Listen before looking, so that nothing falls between.
        let news = node.store().events();
        let peer = peer.node_key().public();
        let session = session::open(node, peer).map_err(anyhow::Error::msg)?;
        let answered = Arc::<Mutex<VecDeque<Input>>>::default();
        let into = answered.clone();
        Ok(Side {
            node,
            peer,
            session,
            news,
            answers: Arc::new(move |input| {
                into.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push_back(input);
            }),
            answered,
            sent: Vec::new(),
        })
    }

    /// Until nothing is left to do here.
    fn settle(&mut self) -> anyhow::Result<()> {
        loop {
            let next = self
                .answered
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop_front();
            let inputs = match next {
                Some(answer) => vec![answer],
                None => match self.news.try_recv() {
                    Ok(batch) => session::news(self.node, &batch),
                    Err(TryRecvError::Lagged(_)) => vec![session::everything(self.node)],
                    Err(TryRecvError::Empty | TryRecvError::Closed) => return Ok(()),
                },
            };
            for input in inputs {
                let effects = self.session.handle(input);
                self.perform(effects)?;
            }
        }
    }

    fn perform(&mut self, effects: Vec<Effect>) -> anyhow::Result<()> {
        for effect in effects {
            match effect {
                Effect::Send(frame) => self.sent.push(frame),
                Effect::Close { reason } => bail!("a session closed: {reason}"),
                effect => {
                    for work in session::work(self.node, self.peer, effect, &self.answers) {
                        work();
                    }
                }
            }
        }
        Ok(())
    }
}
