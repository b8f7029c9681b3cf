//! A node in memory: what the runtime, the store and the services are in the real one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::log::StoredLog;
use crate::attachment::PieceHashes;
use crate::id::{AttachmentId, Hash, OrgId, RecordId, SpaceId, StatementId};
use crate::keys::{SecretKey, Signature};
use crate::log::{
    Checkpoint, Entry, EntryIndex, Frontier, Header, LogStart, LogStatement, Origin, PROTOCOL_VERSION,
    PayloadKind, Receipt, SignatureLine, SignedCheckpoint, TreeSize, WitnessEntry, WitnessRefusal, cosign,
    inclusion, judge_checkpoint, leaf_hash, root_at, witness_log_origin, witness_name,
};
use crate::record::AnnexKey;
use crate::sync::{
    Blame, Effect, FoundKey, FoundPiece, Holdings, Input, Lacking, Misbehaviour, Offence, Place, RangeData,
    Session, SessionConfig, Standing, WitnessRequest, verify_range,
};
use crate::testing::{Federation, START};
use crate::trust::{Audience, Directory, Purpose, SignedStatement, Space};

#[derive(Default)]
struct WitnessLog {
    frontier: Frontier,
    nodes: Vec<Hash>,
    last: BTreeMap<Origin, (TreeSize, Hash)>,
    time_s: u64,
}

/// How much of what is lacking is found at once: little, so that it takes several looks.
const LOOK_MAX: usize = 4;

/// A node: what the runtime, the store and the services are in the real one.
pub(in crate::sync) struct Node {
    pub(in crate::sync) org: OrgId,
    pub(in crate::sync) node: SecretKey,
    witness: SecretKey,
    pub(in crate::sync) directory: Arc<Directory>,
    hello: Vec<Vec<u8>>,
    pub(in crate::sync) logs: BTreeMap<Origin, StoredLog>,
    pub(in crate::sync) holdings: Holdings,
    witness_log: WitnessLog,
    pub(in crate::sync) keys: BTreeMap<RecordId, (SpaceId, AnnexKey)>,
    /// What is here of attachments, from the start; those that are whole have the size that is named.
    pub(in crate::sync) attachments: BTreeMap<AttachmentId, Vec<u8>>,
    /// Which attachments records name: in which space, and how long they are.
    pub(in crate::sync) named: BTreeMap<AttachmentId, (SpaceId, u64)>,
    salt: u64,
}

/// What the other sessions of a node must hear.
#[derive(Default)]
pub(super) struct News {
    pub(super) grown: Vec<(SpaceId, Origin, Standing, bool)>,
    pub(super) directory: bool,
    pub(super) filled: Vec<(SpaceId, Origin)>,
    /// [`Input::AttachmentHeld`] of each that came.
    pub(super) held: Vec<Input>,
}

impl Node {
    /// A node that knows of the world what its own appointment rests on, and states what its org states.
    pub(in crate::sync) fn new(federation: &Federation, org: OrgId) -> Self {
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
            attachments: BTreeMap::new(),
            named: BTreeMap::new(),
            salt: 0,
        };
        for statement in &stated {
            node.state(statement);
        }
        node
    }

    /// Writes a statement of the node's org into its directory.
    pub(in crate::sync) fn state(
        &mut self,
        statement: &SignedStatement,
    ) -> (SpaceId, Origin, Standing, bool) {
        self.learn(vec![statement.clone()]);
        let payload = LogStatement::Trust(statement.bytes().to_vec()).to_bytes();
        self.append(
            &Space::of(self.org, Audience::Directory),
            PayloadKind::Statement,
            payload,
        )
    }

    pub(in crate::sync) fn own_logs(&self) -> impl Iterator<Item = (&Origin, &StoredLog)> {
        let key = self.node.public();
        self.logs.iter().filter(move |(_, log)| log.start.node == key)
    }

    pub(in crate::sync) fn session(&self, peer: &Node) -> Session {
        let config = SessionConfig {
            node: self.node.public(),
            org: self.org,
            peer: peer.node.public(),
            statements: self.hello.clone(),
            own_logs: self.own_logs().map(|(origin, _)| origin.clone()).collect(),
            witness_log: None,
            software: "test".into(),
        };
        Session::new(config, self.directory.clone(), &self.holdings)
    }

    /// Appends to the node's own log in `space`, which starts with it.
    pub(in crate::sync) fn append(
        &mut self,
        space: &Space,
        kind: PayloadKind,
        payload: Vec<u8>,
    ) -> (SpaceId, Origin, Standing, bool) {
        let parent = self.directory.org(&self.org).and_then(|org| org.parent);
        let start = LogStart::new(space.clone(), self.node.public(), self.org, [7; 16], parent);
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
    pub(in crate::sync) fn change(
        &mut self,
        space: &Space,
        bytes: usize,
    ) -> (SpaceId, Origin, Standing, bool) {
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
                        offence: (&error).into(),
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
            shown: None,
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
        let time_s = START.seconds() + kept.time_s;
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
        let witness_log = Checkpoint {
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
            witness_epoch: [0; 16],
        })
    }

    fn find_payloads(
        &self,
        origin: &Origin,
        indexes: &[EntryIndex],
        max_bytes: usize,
    ) -> Vec<(EntryIndex, Vec<u8>)> {
        let (mut found, mut bytes) = (Vec::new(), 0);
        for index in indexes {
            let held = self
                .logs
                .get(origin)
                .and_then(|log| log.entries.get(index.0 as usize));
            let Some((_, Some(payload))) = held else { continue };
            bytes += payload.len();
            if bytes > max_bytes && !found.is_empty() {
                break;
            }
            found.push((*index, payload.clone()));
        }
        found
    }

    fn fill(
        &mut self,
        space: SpaceId,
        origin: Origin,
        payloads: Vec<(EntryIndex, Vec<u8>)>,
        news: &mut News,
    ) -> Option<Input> {
        for (index, payload) in payloads {
            let (entry, held) = &mut self.logs.get_mut(&origin)?.entries[index.0 as usize];
            if let Err(error) = entry.check_payload(&payload) {
                let offence = Offence::new(Misbehaviour::BadEntry, error);
                return Some(Input::StoreRefused { origin, offence });
            }
            *held = Some(payload);
        }
        news.filled.push((space, origin));
        None
    }

    /// Drops the payloads of changes that a node wrote, here alone.
    pub(in crate::sync) fn lose_payloads(&mut self, author: &Node) {
        for log in self.logs.values_mut() {
            if log.start.node == author.node.public() {
                for (entry, payload) in &mut log.entries {
                    if entry.header().kind == PayloadKind::Change {
                        *payload = None;
                    }
                }
            }
        }
    }

    /// Entries that are held without their payloads.
    pub(in crate::sync) fn lacking(&self) -> Vec<Place> {
        let places = self.logs.iter().flat_map(|(origin, log)| {
            let lacking = (0..)
                .zip(&log.entries)
                .filter(|(_, (_, payload))| payload.is_none());
            lacking.map(|(index, _)| Place {
                space: log.start.space.id(),
                origin: origin.clone(),
                index: EntryIndex(index),
            })
        });
        places.collect()
    }

    /// Performs an effect.
    pub(super) fn perform(&mut self, effect: Effect, max_bytes: usize, news: &mut News) -> Option<Input> {
        match effect {
            Effect::Learn(statements) => {
                news.directory = true;
                self.learn(statements);
                None
            }
            Effect::Read {
                origin,
                branch,
                from,
                max_bytes: most,
            } => {
                let range = self
                    .logs
                    .get(&origin)
                    .filter(|_| branch == 0)
                    .and_then(|log| log.read(from, most.min(max_bytes)));
                Some(Input::Read { origin, from, range })
            }
            Effect::Store { space, range } => Some(self.store(space, &range, news)),
            Effect::Compare {
                space,
                origin,
                theirs,
            } => {
                let log = &self.logs[&origin];
                let root = root_at(theirs.size, |n| log.nodes.get(n as usize).copied());
                (root != Ok(theirs.root)).then_some(Input::ForkKnown { space, origin })
            }
            // Which branch stands is the store's to say; these nodes keep the one they have.
            Effect::StoreBranch { range, .. } => Some(Input::BranchStored {
                origin: range.origin,
                next: None,
            }),
            Effect::PrepareWitness { origin, old } => {
                let request = self.prepare_witness(&origin, old);
                Some(Input::WitnessPrepared { origin, request })
            }
            Effect::Cosign {
                origin,
                old,
                checkpoint,
                proof,
                ..
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
            Effect::LookForAttachments { spaces, after } => Some(self.lacking_attachments(&spaces, after)),
            Effect::LookForPayloads { spaces, after } => Some(self.lacking_payloads(&spaces, after.as_ref())),
            Effect::LookForKeys { .. } => Some(Input::LackKeys(Lacking::default())),
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
            Effect::FindPayloads {
                origin,
                indexes,
                max_bytes: most,
            } => {
                let payloads = self.find_payloads(&origin, &indexes, most.min(max_bytes));
                Some(Input::PayloadsFound { origin, payloads })
            }
            Effect::StorePayloads {
                space,
                origin,
                payloads,
            } => self.fill(space, origin, payloads, news),
            Effect::OpenAttachment { id } => {
                let from = self.lacks(&id).then(|| self.attachments[&id].len() as u64);
                Some(Input::AttachmentOpened { id, from })
            }
            Effect::StorePiece { id, size, from, data } => {
                let here = self.attachments.entry(id).or_default();
                if here.len() as u64 == from {
                    here.extend(data);
                }
                let next = here.len() as u64;
                if next == size {
                    let named = self.named.get(&id);
                    news.held.push(Input::AttachmentHeld {
                        id,
                        spaces: named.iter().map(|(space, _)| *space).collect(),
                    });
                }
                let next = (next < size).then_some(next);
                Some(Input::PieceStored { id, next })
            }
            Effect::ReadPiece { space, id, from } => {
                let piece = (self.named.get(&id).is_some_and(|(named, _)| *named == space)
                    && !self.lacks(&id))
                .then(|| self.piece(&id, from))
                .flatten();
                Some(Input::PieceRead { id, from, piece })
            }
            _ => None,
        }
    }

    /// The next attachments that are named in `spaces` and not whole here.
    fn lacking_attachments(&self, spaces: &BTreeSet<SpaceId>, after: Option<(OrgId, AttachmentId)>) -> Input {
        let here = |id| self.attachments.get(id).map_or(0, Vec::len) as u64;
        let after = after.map(|(_, id)| id);
        let lacking = self
            .named
            .iter()
            .filter(|(id, (space, size))| Some(**id) > after && spaces.contains(space) && here(id) < *size);
        let found: Vec<_> = lacking
            .map(|(id, (space, _))| (*space, *id))
            .take(LOOK_MAX)
            .collect();
        // Whose they are makes no difference here.
        let next = found.get(LOOK_MAX - 1).map(|(_, id)| (self.org, *id));
        Input::LackAttachments(Lacking { found, next })
    }

    /// The next payloads that are lacking in `spaces`.
    fn lacking_payloads(&self, spaces: &BTreeSet<SpaceId>, after: Option<&Place>) -> Input {
        let mut lacking = self.lacking();
        lacking.retain(|place| spaces.contains(&place.space));
        if let Some(after) = after {
            let at = |place: &Place| (place.origin.clone(), place.index);
            lacking.retain(|place| at(place) > at(after));
        }
        lacking.truncate(LOOK_MAX);
        let next = lacking.get(LOOK_MAX - 1).cloned();
        let found = lacking;
        Input::LackPayloads(Lacking { found, next })
    }

    fn lacks(&mut self, id: &AttachmentId) -> bool {
        let here = self.attachments.entry(*id).or_default();
        self.named
            .get(id)
            .is_some_and(|(_, size)| (here.len() as u64) < *size)
    }

    fn piece(&self, id: &AttachmentId, from: u64) -> Option<FoundPiece> {
        let bytes = self.attachments.get(id)?;
        let mut hashes = PieceHashes::default();
        hashes.update(bytes);
        let (len, path) = hashes.finish()?.path(from).ok()?;
        let data = bytes[from as usize..(from + len) as usize].to_vec();
        let size = bytes.len() as u64;
        Some(FoundPiece { size, data, path })
    }
}
