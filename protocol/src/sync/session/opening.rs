//! The opening: hellos, and the wait until the directory knows the peer.

use std::collections::{BTreeSet, VecDeque};

use super::super::bounded::{List, Text};
use minicbor::bytes::ByteVec;

use super::super::message::{Hello, Message, STATEMENTS_MAX, SYNC_VERSION};
use super::super::misbehaviour::Misbehaviour;
use super::{CloseReason, Effect, Phase, Session, seen};
use crate::codec;
use crate::id::{Hash, OrgId, StatementId};
use crate::keys::PublicKey;
use crate::trust::{Appointment, Directory, Purpose, SignedStatement};

/// Most frames that wait while the directory learns of the peer, who is a stranger until then.
pub(in crate::sync) const WAITING_FRAMES_MAX: usize = 256;
/// Most bytes that wait. An honest peer knows us and begins as with anybody: the list of its spaces, 67 bytes each, whom it
/// saw, and at most 16 logs to witness. A county's of a thousand stations to a city, which share three spaces of each and the
/// joint ones, is some 270 KiB.
pub(in crate::sync) const WAITING_BYTES_MAX: usize = 1024 * 1024;

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
    /// Keeps a frame for later, if it is one that a peer may begin with: until it is established nothing was asked of it.
    pub(super) fn keep(&mut self, message: &Message, frame: Vec<u8>) -> Result<(), CloseReason> {
        match message {
            Message::Bye(reason) => return Err(CloseReason::Bye(reason.to_string())),
            Message::Hello(_) => return Err(CloseReason::of(Misbehaviour::OutOfTurn, "a second hello")),
            Message::Logs { .. }
            | Message::Range(_)
            | Message::Nothing(_)
            | Message::Receipt { .. }
            | Message::WitnessRefused { .. }
            | Message::Keys(_)
            | Message::Joint { .. }
            | Message::Piece(_)
            | Message::NoAttachment(_)
            | Message::Payloads { .. } => {
                return Err(CloseReason::unasked("an answer of one who is not known yet"));
            }
            Message::Spaces { .. }
            | Message::AskLogs(_)
            | Message::Grew { .. }
            | Message::Want { .. }
            | Message::WantBranch { .. }
            | Message::WitnessMe { .. }
            | Message::AskKeys(_)
            | Message::AskJoint
            | Message::WantAttachment { .. }
            | Message::AskPayloads { .. }
            | Message::HaveAttachment(_)
            | Message::Seen(_)
            | Message::AskChain
            | Message::Chain(_) => {}
        }
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

    /// The peer's answer to our question for its chain of appointments; or, unasked, why it refuses ours.
    pub(super) fn chain(
        &mut self,
        statements: &List<ByteVec, STATEMENTS_MAX>,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        let asked = self.chain_asked.take().is_some();
        if !asked && std::mem::replace(&mut self.why_heard, true) {
            return Err(CloseReason::unasked(
                "a chain of appointments that nobody asked for",
            ));
        }
        let news = if asked {
            self.news(statements)?
        } else {
            self.standing(statements)?.0
        };
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
        } else if !shown && self.directory.node_org(&self.config.peer).is_none() {
            // It knows as well as we do that it is none: nothing is left to be learnt.
            return Err(CloseReason::outdated());
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

    /// Tells a peer whose appointment was taken back what did so, once (Y-1a): whom else it may talk to need not know. As
    /// much as one message carries.
    pub(super) fn tell_why(&self, out: &mut Vec<Effect>) {
        let (directory, peer) = (&self.directory, &self.config.peer);
        if directory.node_org(peer).is_some() {
            return;
        }
        let posts = |wanted: &dyn Fn(&Appointment) -> bool| -> Vec<StatementId> {
            let of = directory
                .statements()
                .filter(|s| s.appointment().is_some_and(wanted));
            of.map(SignedStatement::id).collect()
        };
        // Faulty ones as well: they are why.
        let nodes = posts(&|post| post.purpose == Purpose::Node && post.key == *peer);
        let orgs: BTreeSet<OrgId> = nodes
            .iter()
            .filter_map(|id| directory.statement(id)?.appointment())
            .map(|post| post.org)
            .collect();
        let authorities = posts(&|post| post.purpose == Purpose::Authority && orgs.contains(&post.org));
        let own = directory.appointments_of(&self.config.node, Purpose::Node);
        let own = own.map(|(id, _)| id);
        let why = directory.closure(nodes.into_iter().chain(authorities).chain(own));
        let mut stand = why
            .into_iter()
            .filter(|statement| !directory.faults().contains_key(&statement.id()))
            .map(|statement| statement.bytes().to_vec().into());
        super::send(out, &Message::Chain(List::take_from(&mut stand)));
    }

    /// The peer's statements that we do not hold, of which some make it a node.
    fn news(&self, chain: &List<ByteVec, STATEMENTS_MAX>) -> Result<Vec<SignedStatement>, CloseReason> {
        let (news, apart) = self.standing(chain)?;
        if self.directory.node_org(&self.config.peer).is_some() {
            return Ok(news);
        }
        match apart.node_org(&self.config.peer) {
            None => Err(CloseReason::NotANode),
            Some(_) if news.is_empty() => Err(CloseReason::outdated()),
            Some(_) => Ok(news),
        }
    }

    /// Those of a chain that we do not hold and that stand, and the directory that they make. Judged apart from ours, with
    /// the founding statement alone, so that a stranger can neither fill ours nor make us judge it anew: what does not stand
    /// by itself is passed over.
    fn standing(
        &self,
        chain: &List<ByteVec, STATEMENTS_MAX>,
    ) -> Result<(Vec<SignedStatement>, Directory), CloseReason> {
        let mut shown = Vec::with_capacity(chain.len());
        for bytes in chain.iter() {
            let statement = SignedStatement::open(bytes)
                .map_err(|error| CloseReason::statement("in a chain of appointments", &error))?;
            shown.push(statement);
        }
        let mut apart = Directory::new(self.directory.founding().clone());
        let is_new = |statement: &SignedStatement| self.directory.statement(&statement.id()).is_none();
        // Nothing to learn, and nobody to be shown as a node: nothing to judge.
        if !shown.iter().any(is_new) && self.directory.node_org(&self.config.peer).is_some() {
            return Ok((Vec::new(), apart));
        }
        apart.extend(shown.iter().cloned());
        shown.retain(|statement| is_new(statement) && !apart.faults().contains_key(&statement.id()));
        Ok((shown, apart))
    }
}
