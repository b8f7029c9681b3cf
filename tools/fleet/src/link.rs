//! A connection with a session at each end.

use std::sync::{Arc, Mutex, PoisonError};

use lianzhan_node::services::session::Answers;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::sync::{Input, Session};

use crate::site::News;
use crate::wire::Incoming;

/// One side of a connection.
pub(crate) struct End {
    pub(crate) site: usize,
    /// The key that the other side had when it was dialled.
    pub(crate) peer: PublicKey,
    pub(crate) session: Session,
    pub(crate) incoming: Incoming,
    /// Bytes that came.
    pub(crate) received: u64,
    /// When the session is to be told the time, if it is.
    pub(crate) tick_at: Option<i64>,
    /// Answers that were not handed to the session yet.
    pub(crate) inbox: Arc<Mutex<Vec<Input>>>,
    pub(crate) answers: Answers,
    pub(crate) news: News,
    pub(crate) news_due: bool,
    /// Until when what this side sent is on its way: a stream keeps its order.
    pub(crate) sent_until: i64,
    /// The stream broke on this side's way out: what it sends is lost.
    pub(crate) mute: bool,
}

impl End {
    pub(crate) fn new(site: usize, peer: PublicKey, session: Session, news: News) -> Self {
        let inbox: Arc<Mutex<Vec<Input>>> = Arc::default();
        let told = inbox.clone();
        End {
            site,
            peer,
            session,
            incoming: Incoming::new(),
            received: 0,
            tick_at: None,
            inbox,
            answers: Arc::new(move |input| {
                told.lock().unwrap_or_else(PoisonError::into_inner).push(input);
            }),
            news,
            news_due: false,
            sent_until: 0,
            mute: false,
        }
    }

    pub(crate) fn take_answers(&self) -> Vec<Input> {
        std::mem::take(&mut *self.inbox.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A connection. A side that noticed its end is gone.
pub(crate) struct Link {
    pub(crate) pair: usize,
    pub(crate) ends: [Option<End>; 2],
    pub(crate) latency: (i64, i64),
    /// When it was made.
    pub(crate) since: i64,
    /// Whether a side closed because it could not go on.
    pub(crate) failed: bool,
}

/// Two sites of which the first dials the second.
pub(crate) struct Pair {
    pub(crate) sites: [usize; 2],
    /// Whether a dial is under way.
    pub(crate) dial_due: bool,
    /// How long it waits before it dials again: longer each time that a conversation did not last.
    pub(crate) pause: i64,
}
