//! Nodes in memory and the wires between them: one thread, one seed, no clock. A node here does what the real one does,
//! with the same functions; every effect is performed at some later time, in an order that the seed chooses.

mod log;
mod node;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::{CloseReason, Effect, Input, Message, Session};
use crate::id::{AttachmentId, RecordId, SpaceId};
use crate::trust::{Directory, SignedStatement, Space};
use node::News;
pub(super) use node::Node;

/// Knuth's MMIX generator; the high bits are the good ones.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % n.max(1)
    }
}

/// One side of a connection.
struct End {
    node: usize,
    session: Session,
    /// Frames on their way to this side.
    wire: VecDeque<Vec<u8>>,
    inputs: VecDeque<Input>,
    /// Effects not performed yet.
    tasks: VecDeque<Effect>,
}

/// What a connection showed.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) frames: usize,
    pub(super) messages: Vec<Message>,
    /// Effects that nobody performs, by node.
    pub(super) told: Vec<(usize, Effect)>,
    pub(super) closed: Vec<(usize, CloseReason)>,
    /// Of sessions, by node: entries received, and entries given with those left of them.
    pub(super) received: BTreeMap<usize, u64>,
    pub(super) given: BTreeMap<usize, (u64, u64)>,
}

/// Nodes and connections.
pub(super) struct World {
    pub(super) nodes: Vec<Node>,
    /// `None` after the connection was cut.
    links: Vec<Option<[End; 2]>>,
    pub(super) dice: Dice,
    pub(super) seen: Seen,
    /// Bytes of one range; small, so that logs take many.
    pub(super) range_bytes: usize,
    /// After so many more frames the next one is changed on its way.
    pub(super) mutate_in: Option<usize>,
    /// Whether a range that brings what is held already is a fault: so where a log has but one way to come.
    pub(super) single_path: bool,
}

impl World {
    pub(super) fn new(nodes: Vec<Node>, seed: u64) -> Self {
        World {
            nodes,
            links: Vec::new(),
            dice: Dice(seed),
            seen: Seen::default(),
            range_bytes: 3000,
            mutate_in: None,
            single_path: true,
        }
    }

    pub(super) fn connect(&mut self, a: usize, b: usize) {
        let end = |node: usize, peer: usize| End {
            node,
            session: self.nodes[node].session(&self.nodes[peer]),
            wire: VecDeque::new(),
            inputs: VecDeque::new(),
            tasks: VecDeque::new(),
        };
        self.links.push(Some([end(a, b), end(b, a)]));
        let link = self.links.len() - 1;
        for side in 0..2 {
            let effects = self.links[link]
                .as_mut()
                .map(|ends| ends[side].session.start())
                .unwrap_or_default();
            self.sort(link, side, effects);
        }
    }

    /// Cuts every connection; what is on its way is lost.
    pub(super) fn cut(&mut self) {
        self.links.clear();
    }

    /// Entries by the node itself while connections stand.
    pub(super) fn change(&mut self, node: usize, space: &Space, bytes: usize) {
        let grown = self.nodes[node].change(space, bytes);
        self.tell(
            node,
            News {
                grown: vec![grown],
                ..News::default()
            },
        );
    }

    /// The node's org states something while connections stand.
    pub(super) fn state(&mut self, node: usize, statement: &SignedStatement) {
        let grown = self.nodes[node].state(statement);
        self.tell(
            node,
            News {
                grown: vec![grown],
                directory: true,
                ..News::default()
            },
        );
    }

    /// Every node says to its sessions which payloads it lacks.
    pub(super) fn lack_payloads(&mut self) {
        for end in self.links.iter_mut().flatten().flatten() {
            let lacking = self.nodes[end.node].lacking();
            end.inputs.push_back(Input::LackPayloads(lacking.into()));
        }
    }

    pub(super) fn lack_keys(&mut self, node: usize, records: &[(SpaceId, RecordId)]) {
        self.hear(node, &[Input::LackKeys(records.to_vec().into())]);
    }

    /// Every session of a node hears this.
    pub(super) fn hear(&mut self, node: usize, news: &[Input]) {
        let ends = self.links.iter_mut().flatten().flatten();
        for end in ends.filter(|end| end.node == node) {
            end.inputs.extend(news.iter().cloned());
        }
    }

    /// A record names an attachment at a node, which has it or lacks it.
    pub(super) fn name(&mut self, node: usize, space: &Space, bytes: &[u8], has: bool) -> AttachmentId {
        let id = AttachmentId(*blake3::hash(bytes).as_bytes());
        let known = &mut self.nodes[node];
        known.named.insert(id, (space.id(), bytes.len() as u64));
        let told = if has {
            known.attachments.insert(id, bytes.to_vec());
            Input::AttachmentHeld {
                id,
                spaces: vec![space.id()],
            }
        } else {
            Input::AttachmentsLacking
        };
        self.hear(node, &[told]);
        id
    }

    /// Runs until nothing is left to do.
    pub(super) fn run(&mut self) {
        for step in 0.. {
            assert!(step < 200_000, "it never ends");
            if !self.step() {
                return;
            }
        }
    }

    /// One thing happens somewhere. Returns whether there was any.
    pub(super) fn step(&mut self) -> bool {
        let mut choices = Vec::new();
        for (link, ends) in self.links.iter().enumerate() {
            for (side, end) in ends.iter().flatten().enumerate() {
                let queues = [
                    !end.wire.is_empty(),
                    !end.inputs.is_empty(),
                    !end.tasks.is_empty(),
                ];
                choices.extend((0..3).filter(|kind| queues[*kind]).map(|kind| (link, side, kind)));
            }
        }
        if choices.is_empty() {
            return false;
        }
        let (link, side, kind) = choices[self.dice.below(choices.len())];
        let Some(ends) = &mut self.links[link] else {
            return true;
        };
        let end = &mut ends[side];
        let node = end.node;
        match kind {
            0 => {
                let frame = end.wire.pop_front().expect("not empty");
                let effects = self.deliver(link, side, frame);
                self.sort(link, side, effects);
            }
            1 => {
                let input = end.inputs.pop_front().expect("not empty");
                let effects = end.session.handle(input);
                self.sort(link, side, effects);
            }
            _ => {
                let task = end.tasks.pop_front().expect("not empty");
                let mut news = News::default();
                let answer = self.nodes[node].perform(task, self.range_bytes, &mut news);
                end.inputs.extend(answer);
                self.tell(node, news);
            }
        }
        true
    }

    fn deliver(&mut self, link: usize, side: usize, mut frame: Vec<u8>) -> Vec<Effect> {
        match self.mutate_in.as_mut() {
            Some(0) => {
                self.mutate_in = None;
                self.mutate(&mut frame);
            }
            Some(n) => *n -= 1,
            None => {}
        }
        let Some(ends) = &mut self.links[link] else {
            return Vec::new();
        };
        let end = &mut ends[side];
        if let (true, Ok(Message::Range(range))) = (self.single_path, Message::from_frame(&frame)) {
            let held = self.nodes[end.node]
                .logs
                .get(&range.origin)
                .map_or(0, |log| log.entries.len() as u64);
            // The one behind the range that is being stored may be asked for ahead.
            assert!(range.from.0 >= held, "what is stored is not sent again");
        }
        end.session.handle(Input::Frame(frame))
    }

    fn mutate(&mut self, frame: &mut Vec<u8>) {
        let at = self.dice.below(frame.len());
        match self.dice.below(4) {
            0 => frame[at] ^= 1 << self.dice.below(8),
            1 => frame[at] = self.dice.below(256) as u8,
            2 => frame.truncate(at),
            _ => frame.insert(at, self.dice.below(256) as u8),
        }
    }

    /// Sends what is to be sent, and keeps what is to be done.
    fn sort(&mut self, link: usize, side: usize, effects: Vec<Effect>) {
        let Some(ends) = &mut self.links[link] else { return };
        let node = ends[side].node;
        for effect in effects {
            match effect {
                Effect::Send(frame) => {
                    let message = Message::from_frame(&frame).expect("what we send can be read");
                    assert_eq!(message.to_frame(), frame);
                    self.seen.frames += 1;
                    self.seen.messages.push(message);
                    ends[1 - side].wire.push_back(frame);
                }
                Effect::Close { reason } => self.seen.closed.push((node, reason)),
                Effect::Fork { .. } | Effect::Level | Effect::NotWitnessed { .. } | Effect::Seen(_) => {
                    self.seen.told.push((node, effect));
                }
                Effect::Established { .. } => self.seen.told.push((node, effect)),
                Effect::Progress {
                    wanted_entries,
                    received,
                } => {
                    assert!(received <= wanted_entries);
                    self.seen.received.insert(node, received);
                }
                Effect::Given { given, left } => drop(self.seen.given.insert(node, (given, left))),
                task => ends[side].tasks.push_back(task),
            }
        }
    }

    /// Tells every session of a node.
    fn tell(&mut self, node: usize, news: News) {
        let known = &self.nodes[node];
        let holdings = Arc::new(known.holdings.clone());
        for end in self
            .links
            .iter_mut()
            .flatten()
            .flatten()
            .filter(|end| end.node == node)
        {
            for (space, origin, standing, own) in news.grown.iter().cloned() {
                end.inputs.push_back(Input::Grown {
                    space,
                    origin,
                    standing,
                    own,
                });
            }
            for (space, origin) in news.filled.iter().cloned() {
                end.inputs.push_back(Input::Filled { space, origin });
            }
            end.inputs.extend(news.held.iter().cloned());
            if news.directory {
                let (directory, holdings) = (known.directory.clone(), holdings.clone());
                end.inputs.push_back(Input::Directory { directory, holdings });
            }
        }
    }

    /// Whether a node's session is open and has all it wanted.
    pub(super) fn is_level(&self) -> bool {
        self.links
            .iter()
            .flatten()
            .flatten()
            .all(|end| end.session.is_level())
    }

    /// Both hold the same of every space that both may hold.
    pub(super) fn assert_equal(&self, all: &Directory, a: usize, b: usize) {
        let (a, b) = (&self.nodes[a], &self.nodes[b]);
        let shared: BTreeSet<SpaceId> = all.shared_spaces(&a.org, &b.org).into_keys().collect();
        let difference = |x: &Node, y: &Node| -> Vec<String> {
            x.holdings
                .within(&shared)
                .spaces()
                .flat_map(|space| x.holdings.logs(space).map(move |log| (space, log)))
                .filter(|(space, (origin, standing))| y.holdings.standing(space, origin) != Some(*standing))
                .map(|(space, (origin, standing))| format!("{space} {origin} {}", standing.size))
                .collect()
        };
        assert_eq!(difference(a, b), Vec::<String>::new(), "held by the first alone");
        assert_eq!(difference(b, a), Vec::<String>::new(), "held by the second alone");
    }

    /// No node holds what it may not, and every entry held is the one that its author wrote.
    pub(super) fn assert_sound(&self, all: &Directory) {
        for node in &self.nodes {
            for (origin, log) in &node.logs {
                assert!(
                    all.may_hold(&node.org, &log.start.space),
                    "{origin} may not be held"
                );
                let author = self
                    .nodes
                    .iter()
                    .find(|other| other.node.public() == log.start.node);
                let Some(truth) = author.and_then(|author| author.logs.get(origin)) else {
                    panic!("{origin} was written by nobody");
                };
                assert!(log.entries.len() <= truth.entries.len());
                for (held, written) in log.entries.iter().zip(&truth.entries) {
                    assert_eq!(held.0, written.0);
                    assert!(held.1.is_none() || held.1 == written.1);
                }
                assert_eq!(
                    node.holdings.standing(&log.start.space.id(), origin),
                    Some(log.standing())
                );
            }
        }
    }
}
