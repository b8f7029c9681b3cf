//! Nodes in memory and the wires between them: one thread, one seed, no clock. A node here does what the real one does,
//! with the same functions; every effect is performed at some later time, in an order that the seed chooses.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::*;
use crate::id::{Hash, OrgId, RecordId, SpaceId, StatementId};
use crate::keys::{SecretKey, Signature};
use crate::log::{
    Entry, EntryIndex, Frontier, Header, LogStart, LogStatement, Origin, PROTOCOL_VERSION, PayloadKind,
    Receipt, SignatureLine, SignedCheckpoint, TreeSize, WitnessEntry, WitnessRefusal, consistency, cosign,
    inclusion, judge_checkpoint, leaf_hash, root_at, witness_log_origin, witness_name,
};
use crate::record::AnnexKey;
use crate::testing::{Federation, START};
use crate::trust::{Audience, Directory, Purpose, SignedStatement, Space};

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

pub(super) struct StoredLog {
    pub(super) start: LogStart,
    pub(super) entries: Vec<(Entry, Option<Vec<u8>>)>,
    nodes: Vec<Hash>,
    frontier: Frontier,
    /// The latest checkpoint whose entries are all held.
    checkpoint: Option<SignedCheckpoint>,
    /// One that lies beyond what is held, with the proof from there.
    beyond: Option<(SignedCheckpoint, Vec<Hash>)>,
}

impl StoredLog {
    fn new(start: LogStart) -> Self {
        let (entries, nodes, frontier) = (Vec::new(), Vec::new(), Frontier::new());
        StoredLog {
            start,
            entries,
            nodes,
            frontier,
            checkpoint: None,
            beyond: None,
        }
    }

    pub(super) fn standing(&self) -> Standing {
        Standing {
            size: self.frontier.size(),
            root: self.frontier.root(),
        }
    }

    fn sign(&mut self, node: &SecretKey) {
        let Standing { size, root } = self.standing();
        let checkpoint = crate::log::Checkpoint {
            origin: self.start.origin(),
            size,
            root,
        };
        self.checkpoint = Some(checkpoint.sign(node));
    }

    fn statements(&self) -> impl Iterator<Item = LogStatement> {
        self.entries
            .iter()
            .filter(|(entry, _)| entry.header().kind == PayloadKind::Statement)
            .filter_map(|(_, payload)| LogStatement::parse(payload.as_deref()?).ok())
    }

    /// Up to which size a receipt covers the log.
    pub(super) fn covered(&self) -> u64 {
        let receipt = |statement| match statement {
            LogStatement::Receipt(receipt) => Some(receipt.size.0),
            _ => None,
        };
        self.statements().filter_map(receipt).max().unwrap_or(0)
    }

    /// Whether something that is no receipt is not covered.
    pub(super) fn has_news_for_witness(&self) -> bool {
        self.entries
            .iter()
            .skip(self.covered() as usize)
            .any(|(entry, payload)| {
                let statement = payload
                    .as_deref()
                    .and_then(|payload| LogStatement::parse(payload).ok());
                entry.header().kind != PayloadKind::Statement
                    || !matches!(statement, Some(LogStatement::Receipt(_)))
            })
    }

    fn proof(&self, from: u64, to: TreeSize) -> Vec<Hash> {
        consistency(TreeSize(from), to, |n| self.nodes.get(n as usize).copied()).expect("held")
    }

    fn read(&self, from: TreeSize, max_bytes: usize) -> Option<RangeData> {
        let whole = self
            .checkpoint
            .as_ref()
            .filter(|signed| signed.checkpoint().size > from);
        let limit = whole
            .map_or(self.frontier.size(), |signed| signed.checkpoint().size)
            .0 as usize;
        let (mut end, mut bytes) = (from.0 as usize, 0);
        while end < limit && end - (from.0 as usize) < RANGE_ENTRIES_MAX {
            let (entry, payload) = &self.entries[end];
            bytes += RangeData::cost(&entry.to_bytes(), payload.as_deref());
            if bytes > max_bytes && end > from.0 as usize {
                break;
            }
            end += 1;
        }
        let (checkpoint, proof) = match (whole, &self.beyond) {
            (Some(signed), _) => (signed, self.proof(end as u64, signed.checkpoint().size)),
            (None, Some((signed, proof))) if end == limit => (signed, proof.clone()),
            _ => return None,
        };
        let entries = self.entries.get(from.0 as usize..end)?;
        let entries = entries
            .iter()
            .map(|(entry, payload)| (entry.to_bytes(), payload.clone()));
        RangeData::new(self.start.origin(), from, entries, checkpoint.to_string(), proof).ok()
    }
}

#[derive(Default)]
struct WitnessLog {
    frontier: Frontier,
    nodes: Vec<Hash>,
    last: BTreeMap<Origin, (TreeSize, Hash)>,
    time_s: u64,
}

/// A node: what the runtime, the store and the services are in the real one.
pub(super) struct Node {
    pub(super) org: OrgId,
    pub(super) node: SecretKey,
    witness: SecretKey,
    pub(super) directory: Arc<Directory>,
    hello: Vec<Vec<u8>>,
    pub(super) logs: BTreeMap<Origin, StoredLog>,
    pub(super) holdings: Holdings,
    witness_log: WitnessLog,
    pub(super) keys: BTreeMap<RecordId, (SpaceId, AnnexKey)>,
    salt: u64,
}

/// What the other sessions of a node must hear.
#[derive(Default)]
struct News {
    grown: Vec<(SpaceId, Origin, Standing, bool)>,
    directory: bool,
}

impl Node {
    /// A node that knows of the world what its own appointment rests on, and states what its org states.
    pub(super) fn new(federation: &Federation, org: OrgId) -> Self {
        let keys = federation.keys(org);
        let all = federation.directory();
        let own = [(&keys.node, Purpose::Node), (&keys.witness, Purpose::Witness)]
            .into_iter()
            .flat_map(|(key, purpose)| {
                all.appointments_of(&key.public(), purpose)
                    .map(|(id, _)| id)
                    .collect::<Vec<_>>()
            });
        let hello: Vec<SignedStatement> = all.closure(own).into_iter().cloned().collect();
        let mut directory = Directory::new(federation.founding.clone());
        directory.extend(hello.iter().cloned());
        let stated: Vec<_> = federation
            .statements()
            .iter()
            .filter(|s| s.issuer().org == org)
            .cloned()
            .collect();
        directory.extend(stated.iter().cloned());
        let mut node = Node {
            org,
            node: keys.node.clone(),
            witness: keys.witness.clone(),
            directory: Arc::new(directory),
            hello: hello.iter().map(|statement| statement.bytes().to_vec()).collect(),
            logs: BTreeMap::new(),
            holdings: Holdings::new(),
            witness_log: WitnessLog::default(),
            keys: BTreeMap::new(),
            salt: 0,
        };
        let space = Space::of(org, Audience::Directory);
        for statement in stated {
            node.append(
                &space,
                PayloadKind::Statement,
                LogStatement::Trust(statement.bytes().to_vec()).to_bytes(),
            );
        }
        node
    }

    pub(super) fn own_logs(&self) -> impl Iterator<Item = (&Origin, &StoredLog)> {
        let key = self.node.public();
        self.logs.iter().filter(move |(_, log)| log.start.node == key)
    }

    pub(super) fn session(&self, peer: &Node) -> Session {
        let config = SessionConfig {
            node: self.node.public(),
            org: self.org,
            peer: peer.node.public(),
            statements: self.hello.clone(),
            own_logs: self.own_logs().map(|(origin, _)| origin.clone()).collect(),
        };
        Session::new(config, self.directory.clone(), &self.holdings)
    }

    /// Appends to the node's own log in `space`, which starts with it.
    pub(super) fn append(
        &mut self,
        space: &Space,
        kind: PayloadKind,
        payload: Vec<u8>,
    ) -> (SpaceId, Origin, Standing, bool) {
        let parent = self.directory.org(&self.org).and_then(|org| org.parent);
        let (version, node) = (PROTOCOL_VERSION, self.node.public());
        let start = LogStart {
            version,
            space: space.clone(),
            node,
            org: self.org,
            epoch: [7; 16],
            required_parent: parent,
        };
        let origin = start.origin();
        if !self.logs.contains_key(&origin) {
            self.logs.insert(origin.clone(), StoredLog::new(start.clone()));
            self.append_to(
                &origin,
                PayloadKind::Statement,
                LogStatement::Start(start).to_bytes(),
            );
        }
        self.append_to(&origin, kind, payload)
    }

    /// A change of `bytes` bytes.
    pub(super) fn change(&mut self, space: &Space, bytes: usize) -> (SpaceId, Origin, Standing, bool) {
        self.salt += 1;
        let mut payload = vec![0xa5; bytes.max(8)];
        payload[..8].copy_from_slice(&self.salt.to_be_bytes());
        self.append(space, PayloadKind::Change, payload)
    }

    fn append_to(
        &mut self,
        origin: &Origin,
        kind: PayloadKind,
        payload: Vec<u8>,
    ) -> (SpaceId, Origin, Standing, bool) {
        let log = self.logs.get_mut(origin).expect("an own log");
        let space = log.start.space.id();
        let change = kind == PayloadKind::Change;
        let header = Header {
            version: PROTOCOL_VERSION,
            origin: origin.clone(),
            space,
            kind,
            record: change.then_some(RecordId([1; 16])),
            author: self.node.public(),
            appointment: change.then_some(StatementId([1; 32])),
            recorded: START,
            payload: Hash::plain(&payload),
            size: payload.len() as u32,
            key_commitment: None,
        };
        let entry = Entry::sign(header, &self.node).expect("fits").into_inner();
        log.nodes
            .extend(log.frontier.push(entry.leaf()).into_iter().map(|(_, hash)| hash));
        log.entries.push((entry, Some(payload)));
        log.sign(&self.node);
        let standing = log.standing();
        self.holdings.grow(space, origin, standing);
        (space, origin.clone(), standing, true)
    }

    /// Stores a range. The answer, and what others must hear.
    fn store(&mut self, space: SpaceId, range: &RangeData, news: &mut News) -> Input {
        let origin = range.origin.clone();
        let held = self.logs.get(&origin);
        let empty = Frontier::new();
        let verified = verify_range(
            &space,
            held.map(|log| &log.start),
            held.map_or(&empty, |log| &log.frontier),
            range,
        );
        let verified = match verified {
            Ok(verified) => verified,
            Err(error) => {
                return match (error.blame(), held) {
                    (Blame::Ours, Some(log)) => Input::Stored {
                        space,
                        origin,
                        standing: log.standing(),
                    },
                    (Blame::Ours, None) => Input::StoreFailed {
                        reason: error.to_string(),
                    },
                    (Blame::Log, _) => Input::StorePassedOver { origin },
                    (Blame::Peer, _) => Input::StoreRefused {
                        origin,
                        reason: error.to_string(),
                    },
                };
            }
        };
        let standing = verified.standing();
        let start = verified.start().clone();
        let log = self
            .logs
            .entry(origin.clone())
            .or_insert_with(|| StoredLog::new(start));
        assert_eq!(log.frontier.size(), verified.from());
        log.frontier = verified.frontier().clone();
        log.nodes
            .extend(verified.new_nodes().iter().map(|(_, hash)| *hash));
        let signed = verified.checkpoint().clone();
        if signed.checkpoint().size == standing.size {
            (log.checkpoint, log.beyond) = (Some(signed), None);
        } else {
            log.beyond = Some((signed, verified.proof().to_vec()));
        }
        let mut learnt = Vec::new();
        for (entry, payload) in verified.into_entries() {
            let statement = payload
                .as_deref()
                .and_then(|payload| LogStatement::parse(payload).ok());
            if let (PayloadKind::Statement, Some(LogStatement::Trust(bytes))) =
                (entry.header().kind, statement)
            {
                learnt.extend(SignedStatement::open(&bytes));
            }
            log.entries.push((entry.into_inner(), payload));
        }
        self.holdings.grow(space, &origin, standing);
        news.grown.push((space, origin.clone(), standing, false));
        news.directory |= self.learn(learnt);
        Input::Stored {
            space,
            origin,
            standing,
        }
    }

    fn learn(&mut self, statements: Vec<SignedStatement>) -> bool {
        let mut directory = (*self.directory).clone();
        let grown = directory.extend(statements);
        if grown {
            self.directory = Arc::new(directory);
        }
        grown
    }

    fn prepare_witness(&self, origin: &Origin, old: Option<TreeSize>) -> Option<WitnessRequest> {
        let log = self.logs.get(origin)?;
        let checkpoint = log.checkpoint.clone()?;
        if old.is_none() && !log.has_news_for_witness() {
            return None;
        }
        let old = old.unwrap_or(TreeSize(log.covered()));
        (old <= checkpoint.checkpoint().size).then(|| WitnessRequest {
            old,
            proof: log.proof(old.0, checkpoint.checkpoint().size),
            checkpoint,
        })
    }

    fn cosign(
        &mut self,
        origin: &Origin,
        old: TreeSize,
        signed: &SignedCheckpoint,
        proof: &[Hash],
    ) -> Result<Receipt, (TreeSize, String)> {
        let (checkpoint, kept) = (signed.checkpoint(), &mut self.witness_log);
        let last = kept.last.get(origin).copied();
        judge_checkpoint(last, old, checkpoint, proof).map_err(|refusal| {
            let size = match refusal {
                WitnessRefusal::Conflict { last } => last,
                _ => last.map_or(TreeSize::EMPTY, |(size, _)| size),
            };
            (size, refusal.to_string())
        })?;
        kept.time_s += 60;
        kept.last
            .insert(origin.clone(), (checkpoint.size, checkpoint.root));
        let time_s = kept.time_s;
        let line = cosign(
            &self.witness,
            &witness_name(&self.witness.public()),
            checkpoint,
            time_s,
        )
        .expect("cosigned");
        let line = SignatureLine::parse(line.trim_end()).expect("a line");
        let leaf = leaf_hash(&WitnessEntry::new(checkpoint, time_s).leaf_bytes());
        let index = EntryIndex(kept.frontier.size().0);
        kept.nodes
            .extend(kept.frontier.push(leaf).into_iter().map(|(_, hash)| hash));
        let (size, root) = (kept.frontier.size(), kept.frontier.root());
        let proof = inclusion(index, size, |n| kept.nodes.get(n as usize).copied()).expect("stands there");
        let witness_log = crate::log::Checkpoint {
            origin: witness_log_origin(&self.node.public(), &[0; 16]),
            size,
            root,
        };
        Ok(Receipt {
            size: checkpoint.size,
            root: checkpoint.root,
            log_signature: Signature(
                signed.note().signatures()[0]
                    .signature()
                    .try_into()
                    .expect("64 bytes"),
            ),
            witness: self.witness.public(),
            time_s,
            cosignature: Signature(line.signature()[8..].try_into().expect("64 bytes after the time")),
            witness_origin: witness_log.origin.clone(),
            witness_index: index,
            witness_size: size,
            witness_root: root,
            witness_node: self.node.public(),
            witness_signature: Signature(self.node.sign_raw(witness_log.body().as_bytes())),
            proof,
        })
    }

    /// Performs an effect.
    fn perform(&mut self, effect: Effect, max_bytes: usize, news: &mut News) -> Option<Input> {
        match effect {
            Effect::Learn(statements) => {
                news.directory = true;
                self.learn(statements);
                None
            }
            Effect::Read {
                origin,
                from,
                max_bytes: most,
            } => {
                let range = self
                    .logs
                    .get(&origin)
                    .and_then(|log| log.read(from, most.min(max_bytes)));
                Some(Input::Read { origin, from, range })
            }
            Effect::Store { space, range } => Some(self.store(space, &range, news)),
            Effect::PrepareWitness { origin, old } => {
                let request = self.prepare_witness(&origin, old);
                Some(Input::WitnessPrepared { origin, request })
            }
            Effect::Cosign {
                origin,
                old,
                checkpoint,
                proof,
            } => {
                let result = self.cosign(&origin, old, &checkpoint, &proof);
                Some(Input::Cosigned { origin, result })
            }
            Effect::StoreReceipt { origin, receipt } => {
                // The root is compared with what the log had at that size.
                let log = &self.logs[&origin];
                let root = root_at(receipt.size, |n| log.nodes.get(n as usize).copied());
                assert_eq!(root, Ok(receipt.root));
                let payload = LogStatement::Receipt(receipt).to_bytes();
                news.grown
                    .push(self.append_to(&origin, PayloadKind::Statement, payload));
                None
            }
            Effect::FindKeys { records } => {
                let found = records.iter().filter_map(|record| {
                    let (space, key) = self.keys.get(record)?;
                    Some(FoundKey {
                        record: *record,
                        space: *space,
                        key: key.clone(),
                    })
                });
                Some(Input::KeysFound(found.collect()))
            }
            Effect::StoreKeys(keys) => {
                for (record, key) in keys {
                    self.keys.insert(record, (SpaceId([0; 32]), key));
                }
                None
            }
            _ => None,
        }
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
                directory: false,
            },
        );
    }

    pub(super) fn lack_keys(&mut self, node: usize, records: &[RecordId]) {
        for end in self
            .links
            .iter_mut()
            .flatten()
            .flatten()
            .filter(|end| end.node == node)
        {
            end.inputs.push_back(Input::LackKeys(records.to_vec()));
        }
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
            assert_eq!(range.from.0, held, "what is stored is not sent again");
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
                Effect::Fork { .. }
                | Effect::Level
                | Effect::NotWitnessed { .. }
                | Effect::Established { .. } => {
                    self.seen.told.push((node, effect));
                }
                Effect::Progress {
                    wanted_entries,
                    received,
                } => assert!(received <= wanted_entries),
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
