//! Two nodes in one conversation, without a wire: the real sessions, and behind them the real stores.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{bail, ensure};
use lianzhan_node::services::Node;
use lianzhan_node::services::session::{self, Answers};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::sync::{Effect, Input, Session};
use tokio::sync::broadcast::error::TryRecvError;

use crate::site::News;

/// Lets two nodes talk until both hold what both may hold, and neither has anything left to say.
pub(super) fn converse(nodes: [&Arc<Node>; 2]) -> anyhow::Result<()> {
    let mut sides = [Side::open(nodes[0], nodes[1])?, Side::open(nodes[1], nodes[0])?];
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
        for (n, frames) in sent.into_iter().enumerate() {
            for frame in frames {
                let effects = sides[1 - n].session.handle(Input::Frame(frame));
                sides[1 - n].perform(effects)?;
                sides[1 - n].settle()?;
            }
        }
    }
    ensure!(
        sides.iter().all(|side| side.session.is_level()),
        "two nodes do not become level"
    );
    Ok(())
}

struct Side<'a> {
    node: &'a Arc<Node>,
    peer: PublicKey,
    session: Session,
    news: News,
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
