//! The session: one conversation with one peer, from the first frame to the last. Sans IO: [`Session::start`] and
//! [`Session::handle`] return what is to be done.
//!
//! Phases: *opening* until the peer's hello, *learning* while the driver adds the peer's statements to the directory,
//! *open*, *closed*. The open part is some conversations that know nothing of each other: pulling ranges (`pull`),
//! answering (`serve`), being witnessed (`witnessing`) and what is lacking though sizes and roots agree, annex keys
//! (`keyring`), payloads (`repair`) and attachments (`attaching`); `joining` asks for joint spaces that the peer knows of
//! and we do not.

mod announcing;
mod attaching;
mod budget;
mod effect;
mod forks;
mod joining;
mod keyring;
mod looking;
mod opening;
mod patience;
mod pull;
mod repair;
mod seen;
mod serve;
mod shared;
mod witnessing;

pub use effect::{CloseReason, Effect, FoundKey, FoundPiece, Input, Lacking, Place, WitnessRequest};

use std::collections::BTreeSet;
use std::sync::Arc;

use super::bounded::{List, Text};
use super::message::Message;
use super::misbehaviour::{Misbehaviour, Offence};
use super::pace::{Allowance, Mark, PATIENCE_MS, Pace};
use super::standing::{Holdings, Standing};
use crate::id::{Hash, OrgId, SpaceId};
use crate::keys::PublicKey;
use crate::log::{Origin, Receipt};
use crate::trust::{Directory, Purpose};
use announcing::Announcing;
use attaching::{Attaching, Lending};
use forks::Forks;
use joining::Joining;
use keyring::Keyring;
use opening::Learning;
pub use opening::chain_digest;
use patience::HELLO_PART;
use pull::Pull;
use repair::Repair;
use serve::Serve;
use shared::Shared;
use witnessing::Witnessing;

/// Who talks to whom.
#[derive(Debug, Clone)]
pub struct SessionConfig {
    /// Our node key.
    pub node: PublicKey,
    /// The org that our node serves.
    pub org: OrgId,
    /// The peer's node key, as the transport authenticated it.
    pub peer: PublicKey,
    /// Our node's appointment and all that a stranger needs to judge it ([`Directory::closure`]); our witness's too. At
    /// most [`super::message::STATEMENTS_MAX`], further ones are not sent.
    pub statements: Vec<Vec<u8>>,
    /// The logs that our node writes or wrote before they were closed, in whatever space.
    pub own_logs: BTreeSet<Origin>,
    /// Our witness log, if we have one: witnessed once a day, and in no space.
    pub witness_log: Option<Origin>,
    /// The program that our node runs, and its version, as the peer shows it to people.
    pub software: String,
}

impl SessionConfig {
    /// The logs that are offered to who witnesses us.
    fn witnessed(&self) -> impl Iterator<Item = Origin> {
        self.own_logs.iter().chain(&self.witness_log).cloned()
    }
}

/// One conversation with one peer.
#[derive(Debug)]
pub struct Session {
    config: SessionConfig,
    directory: Arc<Directory>,
    /// Of no space while the peer's org is not known.
    shared: Shared,
    phase: Phase,
    patience_ms: u64,
    now: Mark,
    pace: Pace,
    allowance: Allowance,
    /// What the peer said that it runs.
    software: Option<String>,
    /// When we asked for the peer's chain of appointments, while it does not answer.
    chain_asked: Option<u64>,
    /// Whether we told ours.
    chain_told: bool,
    /// Whether the peer said why it refuses our node.
    why_heard: bool,
}

#[derive(Debug)]
enum Phase {
    /// Our hello is sent, or about to be, with this digest.
    Opening {
        sent: Option<Hash>,
    },
    /// The peer's hello came; its statements are on their way into the directory.
    Learning(Learning),
    Open(Box<Open>),
    Closed,
}

#[derive(Debug)]
struct Open {
    org: OrgId,
    announcing: Announcing,
    pull: Pull,
    serve: Serve,
    witnessing: Witnessing,
    keyring: Keyring,
    repair: Repair,
    joining: Joining,
    forks: Forks,
    attaching: Attaching,
    lending: Lending,
    /// What may be asked though the peer may not have it.
    questions: Allowance,
}

impl Open {
    /// The peer may share more of these spaces than it did.
    fn again_in(&mut self, spaces: &BTreeSet<SpaceId>) {
        for space in spaces {
            self.keyring.again(space);
        }
        self.repair.again_in(spaces);
        self.attaching.again_in(spaces);
    }
}

impl Session {
    /// A session that has said nothing yet.
    pub fn new(config: SessionConfig, directory: Arc<Directory>, holdings: &Holdings) -> Self {
        let peer = directory.node_org(&config.peer);
        let shared = peer.map(|peer| Shared::between(&directory, &config.org, &peer, holdings));
        let phase = Phase::Opening {
            sent: shared.as_ref().map(Shared::digest),
        };
        let shared = shared.unwrap_or_default();
        Session {
            config,
            directory,
            shared,
            phase,
            patience_ms: PATIENCE_MS,
            now: Mark::default(),
            pace: Pace::new(Mark::default(), PATIENCE_MS / HELLO_PART),
            allowance: Allowance::new(),
            software: None,
            chain_asked: None,
            chain_told: false,
            why_heard: false,
        }
    }

    /// What to do first.
    pub fn start(&mut self) -> Vec<Effect> {
        let mut out = Vec::new();
        if let Phase::Opening { sent } = &self.phase {
            send(&mut out, &self.hello(*sent));
        }
        out
    }

    /// What to do next. After [`Effect::Close`] nothing more.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        let mut out = Vec::new();
        if matches!(self.phase, Phase::Closed) {
            return out;
        }
        let done = self.dispatch(input, &mut out).and_then(|()| self.pump(&mut out));
        if let Err(reason) = done {
            if reason.misbehaviour() == Some(Misbehaviour::StaleDirectory) {
                self.tell_why(&mut out);
            }
            if !matches!(reason, CloseReason::Bye(_)) {
                send(&mut out, &Message::Bye(Text::cut(&reason.to_peer())));
            }
            self.phase = Phase::Closed;
            out.push(Effect::Close { reason });
        }
        out
    }

    /// The peer's org, once it is established.
    pub fn peer_org(&self) -> Option<OrgId> {
        match &self.phase {
            Phase::Open(open) => Some(open.org),
            _ => None,
        }
    }

    /// Whether all that was wanted is here.
    pub fn is_level(&self) -> bool {
        matches!(&self.phase, Phase::Open(open) if open.pull.is_level())
    }

    fn dispatch(&mut self, input: Input, out: &mut Vec<Effect>) -> Result<(), CloseReason> {
        match input {
            Input::Frame(frame) => return self.frame(frame, out),
            Input::Directory { directory, holdings } => return self.directory(directory, &holdings, out),
            Input::Grown {
                space,
                origin,
                standing,
                own,
            } => self.grown(space, origin, standing, own, out),
            Input::Switched {
                space,
                origin,
                standing,
            } => self.switched(space, origin, standing),
            Input::Filled { space, origin } => self.filled(space, origin),
            Input::WitnessLog { origin } => self.witness_log_due(origin),
            Input::Stop => return Err(CloseReason::Stopping),
            Input::Overtaken => return Err(CloseReason::Anew),
            Input::StoreFailed { reason } => return Err(CloseReason::Ours(reason)),
            Input::StoreRefused { origin, offence } => {
                let Offence { kind, what } = offence;
                return Err(CloseReason::of(kind, format!("log {origin}: {what}")));
            }
            Input::Misbehaved(offence) => return Err(CloseReason::Misbehaved(offence)),
            Input::Tick(now) => return self.tick(now),
            Input::Stored {
                space,
                origin,
                standing,
            } => {
                self.shared.grow(space, &origin, standing);
                if let Phase::Open(open) = &mut self.phase {
                    open.pull
                        .stored(&self.shared, &origin, standing, self.now.ms, out);
                }
            }
            input => return self.answered(input, out),
        }
        Ok(())
    }

    /// Answers to effects of an open session.
    fn answered(&mut self, input: Input, out: &mut Vec<Effect>) -> Result<(), CloseReason> {
        let Phase::Open(open) = &mut self.phase else {
            return Ok(());
        };
        match input {
            Input::Crowded(crowded) => open.announcing.crowded(crowded),
            Input::StorePassedOver { origin } => open.pull.pass_over(origin),
            Input::StoreForked { space, origin } => {
                open.pull.pass_over(origin.clone());
                let told = open.pull.told_of(&origin);
                open.forks.look(space, origin, told);
            }
            Input::ForkKnown { space, origin } => {
                let told = open.pull.told_of(&origin);
                open.forks.look(space, origin, told);
            }
            Input::BranchStored { origin, next } => open.forks.stored(&origin, next),
            Input::BranchGrows { space, origin } => {
                open.forks.stored(&origin, None);
                open.pull.follow(&self.shared, space, &origin, out)?;
            }
            Input::Read { origin, from, range } => {
                return open
                    .serve
                    .read(&self.shared, origin, from, range, self.now.ms, out);
            }
            Input::WitnessPrepared { origin, request } => {
                return open.witnessing.prepared(origin, request, self.now.ms, out);
            }
            Input::Cosigned { origin, result } => open.serve.cosigned(origin, result, out),
            Input::LackKeys(lacking) => open.keyring.lack(lacking),
            Input::Keyed { space, origin } if self.shared.contains(&space) => {
                open.announcing.again(space, origin);
            }
            Input::Seen(sightings) => {
                seen::tell(&self.directory, &self.config.org, &open.org, &sightings, out)
            }
            Input::KeysFound(keys) => open.serve.keys_found(&self.shared, keys, out),
            Input::LackPayloads(lacking) => open.repair.lack(lacking),
            Input::PayloadsFound { origin, payloads } => {
                open.serve.payloads_found(&self.shared, origin, payloads, out);
            }
            Input::LackAttachments(lacking) => open.attaching.lack(lacking),
            Input::AttachmentsLacking => open.attaching.due(),
            Input::AttachmentHeld { id, spaces } => {
                open.attaching.held(&id);
                open.lending.held(&self.shared, id, &spaces, out);
            }
            Input::AttachmentOpened { id, from } => open.attaching.go_on(id, from, self.now.ms, out),
            Input::PieceStored { id, next } => open.attaching.go_on(id, next, self.now.ms, out),
            Input::PieceRead { id, from, piece } => {
                // What is here is given as fast as it is asked for; to look in vain is not free.
                if piece.is_none() && !self.allowance.spend(1) {
                    return Err(CloseReason::of(Misbehaviour::Flood, "too many messages"));
                }
                return open.lending.read(&self.shared, id, from, piece, out);
            }
            // The rest needs no open session and was handled before.
            _ => {}
        }
        Ok(())
    }

    fn frame(&mut self, frame: Vec<u8>, out: &mut Vec<Effect>) -> Result<(), CloseReason> {
        match &mut self.phase {
            Phase::Learning(learning) => match Message::from_frame(&frame) {
                Ok(Message::AskChain) => self.tell_chain(out),
                Ok(Message::Chain(statements)) => self.chain(&statements, out),
                Ok(message) => learning.keep(&message, frame),
                Err(error) => Err(CloseReason::of(Misbehaviour::Unreadable, error)),
            },
            Phase::Closed => Ok(()),
            Phase::Opening { .. } | Phase::Open(_) => {
                let message = Message::from_frame(&frame)
                    .map_err(|error| CloseReason::of(Misbehaviour::Unreadable, error))?;
                self.message(message, out)
            }
        }
    }

    fn message(&mut self, message: Message, out: &mut Vec<Effect>) -> Result<(), CloseReason> {
        if let Message::Bye(reason) = &message {
            return Err(CloseReason::Bye(reason.to_string()));
        }
        let (shared, config, now_ms) = (&self.shared, &self.config, self.now.ms);
        let mut spend = |cost| match self.allowance.spend(cost) {
            true => Ok(()),
            false => Err(CloseReason::of(Misbehaviour::Flood, "too many messages")),
        };
        let open = match &mut self.phase {
            Phase::Open(_) if matches!(message, Message::AskChain) => return self.tell_chain(out),
            Phase::Open(open) => open,
            Phase::Opening { sent } => {
                let sent = *sent;
                return match message {
                    Message::Hello(hello) => self.greeted(sent, hello, out),
                    _ => Err(CloseReason::of(
                        Misbehaviour::OutOfTurn,
                        "the first message is a hello",
                    )),
                };
            }
            Phase::Learning(_) | Phase::Closed => return Ok(()),
        };
        spend(cost(&message))?;
        match message {
            Message::Hello(_) => Err(CloseReason::of(Misbehaviour::OutOfTurn, "a second hello")),
            Message::Bye(_) => Ok(()),
            Message::Spaces { spaces, more } => {
                open.pull.spaces(shared, &spaces, more);
                open.again_in(&spaces.iter().map(|told| told.space).collect());
                Ok(())
            }
            Message::Logs { space, logs, more } => open.pull.logs(shared, space, &logs, more, out),
            Message::Grew { space, log } => {
                open.repair.again(space, &log.origin);
                open.keyring.again(&space);
                let ours = shared.held().standing(&space, &log.origin);
                if ours.is_some_and(|ours| ours.size >= log.standing.size) {
                    // No entry is news: it has what belongs to one, which may be lacking here though it was not asked for.
                    open.keyring.perhaps();
                    open.repair.perhaps();
                }
                if ours != Some(log.standing) {
                    open.forks.grew(space, &log.origin, log.standing);
                }
                open.pull.grew(shared, space, log, out)
            }
            Message::Range(range) => match open.forks.range(range, out)? {
                Some(range) => open.pull.range(shared, range, now_ms, out),
                None => Ok(()),
            },
            Message::Nothing(origin) if open.forks.nothing(&origin) => Ok(()),
            Message::Nothing(origin) => open.pull.nothing(&origin),
            Message::AskLogs(space) => spend(open.serve.logs(shared, space, out)),
            Message::Want { space, origin, from } => {
                open.pull.peer_holds(&origin, from);
                let reads = open.serve.want(shared, space, origin, 0, from, now_ms, out)?;
                spend(u64::from(!reads))
            }
            Message::WantBranch { branch: 0, .. } => Err(CloseReason::of(
                Misbehaviour::Unreadable,
                "what stands is no other branch",
            )),
            Message::WantBranch {
                space,
                origin,
                branch,
                from,
            } => {
                let reads = open
                    .serve
                    .want(shared, space, origin, branch, from, now_ms, out)?;
                spend(u64::from(!reads))
            }
            Message::WitnessMe {
                origin,
                old,
                checkpoint,
                proof,
                shown,
            } => {
                let witness = self.directory.required_witnesses(&open.org).contains(&config.org);
                open.serve.witness(
                    witness,
                    &config.peer,
                    origin,
                    old,
                    &checkpoint,
                    proof.into_vec(),
                    shown,
                    out,
                )
            }
            Message::Receipt { origin, receipt } => {
                let appointed = is_witness(&self.directory, &config.org, &open.org, &receipt);
                open.witnessing.receipt(config, appointed, origin, receipt, out)
            }
            Message::WitnessRefused { origin, size, reason } => {
                open.witnessing.refused(origin, size, &reason, out)
            }
            Message::AskJoint => {
                joining::tell(&self.directory, shared, out);
                Ok(())
            }
            Message::Joint { statements, more } => {
                open.joining.answer(&self.directory, &statements, more, out)
            }
            Message::AskKeys(records) => open.serve.ask_keys(records.into_vec(), out),
            Message::Keys(keys) => open.keyring.keys(keys.into_vec(), out),
            Message::AskPayloads {
                space,
                origin,
                indexes,
            } => open
                .serve
                .ask_payloads(shared, space, origin, indexes.into_vec(), out),
            Message::Payloads { origin, payloads } => open.repair.payloads(&origin, payloads.into_vec(), out),
            Message::Seen(sightings) => {
                seen::take(&self.directory, &config.org, &open.org, sightings.into_vec(), out);
                Ok(())
            }
            Message::WantAttachment { space, id, from } => open.lending.want(shared, space, id, from, out),
            Message::Piece(piece) => open.attaching.piece(piece, out),
            Message::NoAttachment(id) => open.attaching.nothing(&id, &mut open.questions),
            Message::HaveAttachment(id) => {
                open.attaching.have(id);
                Ok(())
            }
            Message::Chain(statements) => self.chain(&statements, out),
            // Answered above.
            Message::AskChain => Ok(()),
        }
    }

    /// The peer is established: says what is shared unless both hellos said the same and nothing changed since.
    fn open(&mut self, org: OrgId, sent: Option<Hash>, theirs: Option<Hash>, out: &mut Vec<Effect>) {
        out.push(Effect::Established {
            org,
            software: self.software.clone(),
        });
        let now = Some(self.shared.digest());
        if now != theirs || now != sent {
            send_spaces(&self.shared, self.shared.spaces(), out);
        }
        // The peer compares the same two digests: unless both hellos said the same, it sends its list as well.
        let mut open = Open {
            org,
            announcing: Announcing::default(),
            pull: Pull::new(sent.is_some() && sent == theirs, self.now.ms),
            serve: Serve::default(),
            witnessing: Witnessing::default(),
            keyring: Keyring::default(),
            repair: Repair::default(),
            joining: Joining::default(),
            forks: Forks::default(),
            attaching: Attaching::default(),
            lending: Lending::default(),
            questions: Allowance::questions(self.now.ms),
        };
        open.keyring.due();
        open.attaching.due();
        let witnessed = self.is_witnessed_by(&org);
        open.witnessing.learnt(witnessed, self.now.ms);
        if witnessed {
            self.config
                .witnessed()
                .for_each(|origin| open.witnessing.due(origin));
        }
        self.phase = Phase::Open(Box::new(open));
    }

    fn is_witnessed_by(&self, peer: &OrgId) -> bool {
        self.directory.required_witnesses(&self.config.org).contains(peer)
    }

    fn witness_log_due(&mut self, origin: Origin) {
        self.config.witness_log = Some(origin.clone());
        let is_witnessed = |org: &OrgId| self.is_witnessed_by(org);
        let due = matches!(&self.phase, Phase::Open(open) if is_witnessed(&open.org));
        if let Phase::Open(open) = &mut self.phase
            && due
        {
            open.witnessing.due(origin);
        }
    }

    fn directory(
        &mut self,
        directory: Arc<Directory>,
        holdings: &Holdings,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        // What was learnt may be read before what another session learnt, and come after it: no statement is forgotten.
        if directory.statements().count() >= self.directory.statements().count() {
            self.directory = directory;
        }
        let Some(org) = self.directory.node_org(&self.config.peer) else {
            return match &self.phase {
                Phase::Open(_) => Err(CloseReason::outdated()),
                Phase::Learning(learning)
                    if self.chain_asked.is_none() && learning.is_learnt(&self.directory) =>
                {
                    Err(CloseReason::outdated())
                }
                _ => Ok(()),
            };
        };
        let mut shared = Shared::between(&self.directory, &self.config.org, &org, holdings);
        shared.catch_up(&self.shared);
        let before = std::mem::replace(&mut self.shared, shared);
        let witnessed = self.is_witnessed_by(&org);
        match &mut self.phase {
            Phase::Learning(learning) => {
                let (sent, theirs, frames) = learning.take();
                self.open(org, sent, theirs, out);
                frames.into_iter().try_for_each(|frame| self.frame(frame, out))
            }
            Phase::Open(open) if open.org != org => Err(CloseReason::NotANode),
            Phase::Open(open) => {
                let added: Vec<SpaceId> = self
                    .shared
                    .spaces()
                    .filter(|space| !before.contains(space))
                    .copied()
                    .collect();
                if self.shared.digests(&added).next().is_some() {
                    send_spaces(&self.shared, &added, out);
                }
                open.pull.reshare(&self.shared, &added);
                open.again_in(&added.into_iter().collect());
                open.joining.learnt();
                if self.directory.required_witnesses(&org).contains(&self.config.org) {
                    open.serve.witness_deferred(&self.config.peer, out)?;
                }
                open.witnessing.learnt(witnessed, self.now.ms);
                if witnessed {
                    self.config
                        .witnessed()
                        .for_each(|origin| open.witnessing.due(origin));
                }
                Ok(())
            }
            Phase::Opening { .. } | Phase::Closed => Ok(()),
        }
    }

    fn grown(
        &mut self,
        space: SpaceId,
        origin: Origin,
        standing: Standing,
        own: bool,
        out: &mut Vec<Effect>,
    ) {
        if own && !self.config.own_logs.contains(&origin) {
            self.config.own_logs.insert(origin.clone());
        }
        let news = self.shared.grow(space, &origin, standing);
        let Phase::Open(open) = &mut self.phase else {
            return;
        };
        if news {
            open.pull.grown(&self.shared, &origin, out);
        }
        // Not only if it was news: what this session itself stored is not, and the peer that sent it knows it.
        if self.shared.contains(&space) {
            open.announcing.grew(space, origin.clone());
        }
        self.witness_own(origin);
    }

    /// Payloads that had been lacking are here: who lacks them, too, may ask again.
    fn filled(&mut self, space: SpaceId, origin: Origin) {
        if let Phase::Open(open) = &mut self.phase
            && self.shared.contains(&space)
        {
            // A key is kept only beside what it opens: one that came before that was not.
            open.keyring.due();
            open.announcing.again(space, origin);
        }
    }

    /// Another branch of a log stands: what is held is another thing now, perhaps a smaller one.
    fn switched(&mut self, space: SpaceId, origin: Origin, standing: Standing) {
        self.shared.switch(space, &origin, standing);
        if let Phase::Open(open) = &mut self.phase
            && self.shared.contains(&space)
        {
            open.pull.reconsider(&origin);
            open.announcing.again(space, origin.clone());
        }
        self.witness_own(origin);
    }

    /// An own log stands otherwise than before: what of it is not witnessed is asked for.
    fn witness_own(&mut self, origin: Origin) {
        let Phase::Open(open) = &mut self.phase else {
            return;
        };
        let required = self.directory.required_witnesses(&self.config.org);
        if self.config.own_logs.contains(&origin) && required.contains(&open.org) {
            open.witnessing.due(origin);
        }
    }

    /// Starts what there is room for.
    fn pump(&mut self, out: &mut Vec<Effect>) -> Result<(), CloseReason> {
        if let Phase::Open(open) = &mut self.phase {
            open.announcing.pump(&self.shared, &mut open.pull, out);
            for (space, origin) in open.pull.take_forked() {
                let told = open.pull.told_of(&origin);
                open.forks.look(space, origin, told);
            }
            let pull = &open.pull;
            let shares = |space: &SpaceId| self.shared.contains(space);
            let now_ms = self.now.ms;
            open.forks
                .pump(shares, |origin| pull.has_room(origin), now_ms, out);
            open.pull.pump(&self.shared, open.forks.asking(), now_ms, out);
            if open.pull.is_idle() && !open.joining.is_open() && open.pull.take_puzzle() {
                open.joining.ask(now_ms, out);
            }
            if open.pull.level(open.joining.is_open(), out) {
                open.keyring.due();
                open.repair.due();
                open.attaching.due();
            }
            open.witnessing.pump(out);
            let (shared, questions) = (&self.shared, &mut open.questions);
            open.keyring.pump(shared, questions, now_ms, out);
            if open.pull.is_level() {
                open.repair.pump(shared, questions, now_ms, out);
            }
            open.attaching
                .pump(shared, open.pull.is_idle(), questions, now_ms, out);
        }
        Ok(())
    }
}

/// What a message costs of the peer's allowance, beside what its answer does. Nothing where one must come for the other:
/// answers, and what is given as fast as it is asked for.
fn cost(message: &Message) -> u64 {
    match message {
        Message::Spaces { .. }
        | Message::Logs { .. }
        | Message::Grew { .. }
        | Message::WitnessMe { .. }
        | Message::AskKeys(_)
        | Message::AskPayloads { .. }
        | Message::HaveAttachment(_)
        | Message::Joint { .. } => 1,
        // Each is a row of a table.
        Message::Seen(sightings) => 1 + sightings.len() as u64 / 32,
        // It is answered from the whole directory.
        Message::AskJoint => 64,
        Message::Hello(_)
        | Message::Bye(_)
        | Message::AskChain
        | Message::Chain(_)
        | Message::AskLogs(_)
        | Message::Want { .. }
        | Message::WantBranch { .. }
        | Message::Range(_)
        | Message::Nothing(_)
        | Message::Receipt { .. }
        | Message::WitnessRefused { .. }
        | Message::Keys(_)
        | Message::WantAttachment { .. }
        | Message::Piece(_)
        | Message::NoAttachment(_)
        | Message::Payloads { .. } => 0,
    }
}

/// Lists `spaces`, those alone in which something is held, in as many frames as it takes and at least one.
fn send_spaces<'a>(shared: &'a Shared, spaces: impl IntoIterator<Item = &'a SpaceId>, out: &mut Vec<Effect>) {
    let mut digests = shared.digests(spaces).peekable();
    loop {
        let spaces = List::take_from(&mut digests);
        let more = digests.peek().is_some();
        send(out, &Message::Spaces { spaces, more });
        if !more {
            return;
        }
    }
}

/// Whether the receipt is of a witness of the peer's org, which may witness our logs, by what the directory says now.
fn is_witness(directory: &Directory, ours: &OrgId, peer: &OrgId, receipt: &Receipt) -> bool {
    let appointed = |key, purpose| {
        directory.appointments_of(key, purpose).any(|(id, appointment)| {
            appointment.org == *peer
                && appointment.validity.covers_second(receipt.time())
                && directory.revoked(&id).is_empty()
        })
    };
    directory.required_witnesses(ours).contains(peer)
        && appointed(&receipt.witness, Purpose::Witness)
        && appointed(&receipt.witness_node, Purpose::Node)
}

fn send(out: &mut Vec<Effect>, message: &Message) {
    out.push(Effect::Send(message.to_frame()));
}
