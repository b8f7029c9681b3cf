//! The opening: hellos, and the wait until the directory knows the peer.

use std::collections::VecDeque;

use super::super::bounded::{List, Text};
use minicbor::bytes::ByteVec;

use super::super::message::{Hello, Message, STATEMENTS_MAX, SYNC_VERSION};
use super::super::misbehaviour::Misbehaviour;
use super::{CloseReason, Effect, Phase, Session, seen};
use crate::codec;
use crate::id::{Hash, StatementId};
use crate::keys::PublicKey;
use crate::trust::{Directory, Purpose, SignedStatement};

/// Most frames that wait while the directory learns of the peer.
const WAITING_FRAMES_MAX: usize = 256;
/// Most bytes that wait.
const WAITING_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What is kept while the directory learns.
#[derive(Debug)]
pub(super) struct Learning {
    /// The digest in our hello.
    sent: Option<Hash>,
    /// The digest in the peer's.
    theirs: Option<Hash>,
    statements: Vec<StatementId>,
    frames: VecDeque<Vec<u8>>,
    bytes: usize,
}

impl Learning {
    /// Keeps a frame for later.
    pub(super) fn keep(&mut self, frame: Vec<u8>) -> Result<(), CloseReason> {
        self.bytes += frame.len();
        self.frames.push_back(frame);
        if self.frames.len() > WAITING_FRAMES_MAX || self.bytes > WAITING_BYTES_MAX {
            return Err(CloseReason::too_much("too much at once after the hello"));
        }
        Ok(())
    }

    /// Whether the directory holds what the peer showed.
    pub(super) fn is_learnt(&self, directory: &Directory) -> bool {
        self.statements.iter().all(|id| directory.statement(id).is_some())
    }

    /// The two digests and the frames that waited.
    pub(super) fn take(&mut self) -> (Option<Hash>, Option<Hash>, VecDeque<Vec<u8>>) {
        (self.sent, self.theirs, std::mem::take(&mut self.frames))
    }
}

/// Digest over the ids of the statements that a node's appointments rest on, as `directory` holds them (spec 06, Y-1).
pub fn chain_digest(directory: &Directory, node: &PublicKey) -> Hash {
    let appointments = directory.appointments_of(node, Purpose::Node).map(|(id, _)| id);
    let ids: Vec<StatementId> = directory
        .closure(appointments)
        .into_iter()
        .map(SignedStatement::id)
        .collect();
    Hash::of("lianzhan/chain-digest/v1", &[&codec::encode(&ids)])
}

impl Session {
    pub(super) fn hello(&self, digest: Option<Hash>) -> Message {
        Message::Hello(Hello {
            version: SYNC_VERSION,
            founding: self.directory.founding().id(),
            node: self.config.node,
            // Most peers hold them.
            statements: List::take_from(&mut std::iter::empty()),
            digest,
            software: Some(Text::cut(&self.config.software)),
            chain: Some(chain_digest(&self.directory, &self.config.node)),
        })
    }

    /// Tells what shows that our node is one, once.
    pub(super) fn tell_chain(&mut self, out: &mut Vec<Effect>) -> Result<(), CloseReason> {
        if std::mem::replace(&mut self.chain_told, true) {
            return Err(CloseReason::too_much("the chain of appointments again"));
        }
        let statements = List::take_from(&mut self.config.statements.iter().cloned().map(Into::into));
        super::send(out, &Message::Chain(statements));
        Ok(())
    }

    /// The peer's answer to our question for its chain of appointments.
    pub(super) fn chain(
        &mut self,
        statements: &List<ByteVec, STATEMENTS_MAX>,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        if self.chain_asked.take().is_none() {
            return Err(CloseReason::unasked(
                "a chain of appointments that nobody asked for",
            ));
        }
        let news = self.news(statements)?;
        if let Phase::Learning(learning) = &mut self.phase {
            learning.statements = news.iter().map(SignedStatement::id).collect();
        }
        if !news.is_empty() {
            out.push(Effect::Learn(news));
        }
        Ok(())
    }

    /// The peer's hello.
    pub(super) fn greeted(
        &mut self,
        sent: Option<Hash>,
        hello: Hello,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        if hello.version != SYNC_VERSION {
            return Err(CloseReason::Version(hello.version));
        }
        if hello.founding != self.directory.founding().id() {
            return Err(CloseReason::OtherFederation);
        }
        if hello.node != self.config.peer {
            return Err(CloseReason::of(
                Misbehaviour::FalseName,
                "the hello names another node than the connection",
            ));
        }
        self.software = hello.software.as_deref().map(seen::plain);
        let shown = !hello.statements.is_empty() || hello.chain.is_none();
        let news = if shown {
            self.news(&hello.statements)?
        } else {
            Vec::new()
        };
        if !shown && hello.chain != Some(chain_digest(&self.directory, &self.config.peer)) {
            self.chain_asked = Some(self.now.ms);
            super::send(out, &Message::AskChain);
        }
        let statements = news.iter().map(SignedStatement::id).collect();
        if !news.is_empty() {
            out.push(Effect::Learn(news));
        }
        match self.directory.node_org(&self.config.peer) {
            Some(org) => self.open(org, sent, hello.digest, out),
            None => {
                let (frames, bytes) = (VecDeque::new(), 0);
                let theirs = hello.digest;
                self.phase = Phase::Learning(Learning {
                    sent,
                    theirs,
                    statements,
                    frames,
                    bytes,
                });
            }
        }
        Ok(())
    }

    /// The peer's statements that we do not hold. Judged apart from our directory, with the founding statement alone, so
    /// that a stranger can neither fill the directory nor make us judge it anew: what does not stand by itself is passed
    /// over.
    fn news(&self, chain: &List<ByteVec, STATEMENTS_MAX>) -> Result<Vec<SignedStatement>, CloseReason> {
        let mut shown = Vec::with_capacity(chain.len());
        for bytes in chain.iter() {
            let statement = SignedStatement::open(bytes)
                .map_err(|error| CloseReason::statement("in a chain of appointments", &error))?;
            shown.push(statement);
        }
        let is_new = |statement: &SignedStatement| self.directory.statement(&statement.id()).is_none();
        if !shown.iter().any(is_new) && self.directory.node_org(&self.config.peer).is_some() {
            return Ok(Vec::new());
        }
        let mut apart = Directory::new(self.directory.founding().clone());
        apart.extend(shown.iter().cloned());
        if apart.node_org(&self.config.peer).is_none() && self.directory.node_org(&self.config.peer).is_none()
        {
            return Err(CloseReason::NotANode);
        }
        shown.retain(|statement| is_new(statement) && !apart.faults().contains_key(&statement.id()));
        if shown.is_empty() && self.directory.node_org(&self.config.peer).is_none() {
            return Err(CloseReason::outdated());
        }
        Ok(shown)
    }
}
