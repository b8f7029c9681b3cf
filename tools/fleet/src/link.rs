//! A connection with a session at each end.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use lianzhan_node::services::session::Answers;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::sync::{Input, Session};

use crate::privy::Rights;
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
    pub(crate) waiting: Waiting,
    /// What its session may tell the other one of.
    pub(crate) rights: Rights,
    /// The stream broke on this side's way out: what it sends is lost.
    pub(crate) mute: bool,
}

impl End {
    pub(crate) fn new(site: usize, peer: PublicKey, session: Session, news: News, rights: Rights) -> Self {
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
            waiting: Waiting::default(),
            rights,
            mute: false,
        }
    }

    pub(crate) fn take_answers(&self) -> Vec<Input> {
        std::mem::take(&mut *self.inbox.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// While more bytes than this wait to leave, no frame is read: the rule of a real driver, with a bound that what is said here
/// reaches.
const QUEUED_MAX: usize = 4 * 1024;

/// What a side has to send and its line did not take yet.
#[derive(Default)]
pub(crate) struct Waiting {
    /// When each frame has left, and how long it is.
    frames: VecDeque<(i64, usize)>,
    bytes: usize,
    /// Since when this side does not read.
    deaf_since: Option<i64>,
    /// For how long it did not, before that.
    deaf: i64,
    /// Whether it is to look again.
    due: bool,
}

impl Waiting {
    /// A frame is to leave over a line of this rate. Returns when it has left.
    pub(crate) fn leaves(&mut self, now: i64, len: usize, rate: i64) -> i64 {
        let begins = self.frames.back().map_or(now, |(at, _)| now.max(*at));
        let at = begins + i64::try_from(len).unwrap_or(0) * 1000 / rate.max(1);
        self.frames.push_back((at, len));
        self.bytes += len;
        at
    }

    /// Whether so much waits that nothing is read, and until when at least. Says so once for each time.
    pub(crate) fn is_deaf(&mut self, now: i64) -> Deaf {
        while let Some((_, len)) = self.frames.pop_front_if(|(at, _)| *at <= now) {
            self.bytes -= len;
        }
        if self.bytes <= QUEUED_MAX {
            self.deaf += self.deaf_since.take().map_or(0, |since| now - since);
            return Deaf::No;
        }
        let news = self.deaf_since.is_none();
        self.deaf_since.get_or_insert(now);
        if std::mem::replace(&mut self.due, true) {
            return Deaf::Still;
        }
        let mut left = self.bytes;
        let relief = self.frames.iter().find(|(_, len)| {
            left -= len;
            left <= QUEUED_MAX
        });
        Deaf::Until(relief.map_or(now, |(at, _)| *at), news)
    }

    /// It is to look again, now.
    pub(crate) fn looks(&mut self) {
        self.due = false;
    }

    pub(crate) fn reads(&self) -> bool {
        self.deaf_since.is_none()
    }

    /// For how long this side did not read, which is not the other one's time.
    pub(crate) fn deaf_ms(&self, now: i64) -> i64 {
        self.deaf + self.deaf_since.map_or(0, |since| now - since)
    }
}

/// Whether a side reads.
pub(crate) enum Deaf {
    No,
    /// It does not, and will look again anyway.
    Still,
    /// It is to look again at that time; whether it read until now.
    Until(i64, bool),
}

/// A connection. A side that noticed its end is gone.
pub(crate) struct Link {
    pub(crate) pair: usize,
    pub(crate) ends: [Option<End>; 2],
    pub(crate) latency: (i64, i64),
    /// How many bytes a second it carries each way, if that is bounded.
    pub(crate) rate: Option<i64>,
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
