//! Writing a carry file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use lianzhan_protocol::id::{AttachmentId, OrgId, RecordId, SpaceId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{Entry, Origin, TreeSize};
use lianzhan_protocol::sync::carry::Lacks;
use lianzhan_protocol::sync::message::{
    Hello, JOINT_STATEMENTS_MAX, LogStanding, Piece, PlacedPayload, RecordKey,
};
use lianzhan_protocol::sync::{
    BRANCHES_MAX, Blob, FoundPiece, Holdings, List, Message, OutOfBounds, RANGE_BYTES, SYNC_VERSION,
    Standing, Text, WitnessRequest,
};
use lianzhan_protocol::trust::{Audience, Directory, Purpose, Space};

use super::forks::Forked;
use super::{CarryError, Given, HELD, Known, RECEIPTS, Waiting, lacks, put_frame, recipient};
use crate::env;
use crate::services::{Node, ServiceError};

/// Who a file is for.
struct To {
    org: OrgId,
    nodes: Vec<PublicKey>,
    /// What all of them said to hold of each log; none if one of them said nothing.
    known: Option<BTreeMap<Origin, Standing>>,
    /// What they asked for.
    lacked: Vec<Lacks>,
    /// Logs of which their last files told a history that is not here.
    forked: Vec<Forked>,
    /// Logs that they get whole, with all that is held beside what stands: those, and those that they asked for.
    whole: BTreeSet<Origin>,
}

impl Node {
    /// Writes what the nodes of `org` may hold and, as far as is known from the last file that came from them, lack: all
    /// with `everything`; and asks for what this node lacks itself. The file is encrypted to them alone.
    pub fn carry_to(
        &self,
        org: &OrgId,
        everything: bool,
        file: impl Write,
        mut progress: impl FnMut(&Given),
    ) -> Result<Given, ServiceError> {
        if *org == self.org {
            return Err(CarryError::Ourselves.into());
        }
        let directory = self.directory();
        let name = directory.org(org).map(|org| org.name_zh.clone());
        let name = name.unwrap_or_else(|| org.to_string());
        let nodes = self.nodes_of(org);
        if nodes.is_empty() {
            return Err(CarryError::NoNode(name).into());
        }
        let known = if everything { None } else { self.known_of(&nodes)? };
        let (lacked, forked) = (self.lacked_by(&nodes)?, self.forked_by(&nodes)?);
        let shown = forked.iter().map(|one| &one.origin);
        let whole = lacks::branches(&lacked).chain(shown).cloned().collect();
        let to = To {
            org: *org,
            nodes,
            known,
            lacked,
            forked,
            whole,
        };
        // Views say which attachments records name.
        self.catch_up(|_| {})?;
        // What was just written is in the high-water file when the writer is through, and may be shown then.
        self.store.write_blocking(|_| Ok(()))?;
        let recipients = to.nodes.iter().map(recipient).collect::<Result<Vec<_>, _>>()?;
        let all = recipients.iter().map(|one| one as &dyn age::Recipient);
        let sealing = age::Encryptor::with_recipients(all)
            .and_then(|sealing| sealing.wrap_output(file).map_err(Into::into))
            .map_err(|error| CarryError::Disk(std::io::Error::other(error)))?;
        let mut out = Giving {
            node: self,
            sealed: BTreeSet::new(),
            records: BTreeSet::new(),
            file: sealing,
            given: Given {
                to: name,
                everything: to.known.is_none(),
                ..Given::default()
            },
        };
        out.all(&directory, &to, &mut progress)?;
        let mut file = out.file.finish().map_err(CarryError::Disk)?;
        file.flush().map_err(CarryError::Disk)?;
        Ok(out.given)
    }

    fn known_of(&self, nodes: &[PublicKey]) -> Result<Option<BTreeMap<Origin, Standing>>, ServiceError> {
        let mut all: Option<BTreeMap<Origin, Standing>> = None;
        for node in nodes {
            let Some(known) = self.noted_of_peer::<Known>(HELD, node)? else {
                return Ok(None);
            };
            let logs = known.into_iter().flat_map(|(_, logs)| logs);
            let mut known: BTreeMap<_, _> = logs.map(|log| (log.origin, log.standing)).collect();
            if let Some(all) = all {
                known.retain(|origin, standing| match all.get(origin) {
                    Some(other) if other.size < standing.size => {
                        *standing = *other;
                        true
                    }
                    other => other.is_some(),
                });
            }
            all = Some(known);
        }
        Ok(all)
    }
}

struct Giving<'a, W: Write> {
    node: &'a Node,
    /// Records with sealed entries in the file.
    sealed: BTreeSet<RecordId>,
    /// Records with entries in the file, by their space.
    records: BTreeSet<(SpaceId, RecordId)>,
    file: age::stream::StreamWriter<W>,
    given: Given,
}

impl<W: Write> Giving<'_, W> {
    fn put(&mut self, message: &Message) -> Result<(), CarryError> {
        Ok(put_frame(&mut self.file, &message.to_frame())?)
    }

    fn all(
        &mut self,
        directory: &Directory,
        to: &To,
        progress: &mut impl FnMut(&Given),
    ) -> Result<(), ServiceError> {
        let shared = directory.shared_spaces(&self.node.org, &to.org);
        self.hello(directory)?;
        self.joint(directory, &shared)?;
        let (holdings, own) = self.node.holdings()?;
        // Directories first, from the top: what else is shared is read from them.
        let mut spaces: Vec<&Space> = shared.values().collect();
        let depth = |space: &Space| directory.upward(&space.owner).count();
        spaces.sort_by_key(|space| (space.audience != Audience::Directory, depth(space), space.id()));
        for space in spaces {
            self.space(&space.id(), &holdings, to, progress)?;
        }
        self.payloads(&shared, &holdings, to)?;
        self.keys(&shared, to)?;
        self.attachments(directory, &shared, to, progress)?;
        if directory.required_witnesses(&self.node.org).contains(&to.org) {
            let logs = own.into_iter().chain(self.node.witness_log()?);
            for origin in logs.collect::<Vec<_>>() {
                self.witness_me(&origin, to)?;
            }
        }
        for node in &to.nodes {
            for (origin, receipt) in self
                .node
                .noted_of_peer::<Waiting>(RECEIPTS, node)?
                .unwrap_or_default()
            {
                self.given.receipts += 1;
                self.put(&Message::Receipt { origin, receipt })?;
            }
        }
        let spaces = shared.keys().copied().collect();
        for lacks in self.node.lacks_in(&spaces, &to.forked)? {
            self.given.asks += lacks.count() as u64;
            self.put(&lacks.into())?;
        }
        self.put(&Message::Bye(Text::cut("the end")))?;
        progress(&self.given);
        Ok(())
    }

    fn hello(&mut self, directory: &Directory) -> Result<(), CarryError> {
        let node = self.node.node_key.public();
        let witness = self.node.witness_public();
        let posts = directory.appointments_of(&node, Purpose::Node);
        let posts = posts.chain(directory.appointments_of(&witness, Purpose::Witness));
        let shown = directory.closure(posts.map(|(id, _)| id));
        let mut statements = shown
            .into_iter()
            .map(|statement| statement.bytes().to_vec().into());
        self.put(&Message::Hello(Hello {
            version: SYNC_VERSION,
            founding: directory.founding().id(),
            node,
            statements: List::take_from(&mut statements),
            digest: None,
            software: None,
            chain: None,
        }))
    }

    /// The statements of joint spaces, which a partner finds in no directory that it may hold before it knows them.
    fn joint(&mut self, directory: &Directory, shared: &BTreeMap<SpaceId, Space>) -> Result<(), CarryError> {
        let mut statements = directory
            .telling_of_joint(|space| shared.contains_key(space), JOINT_STATEMENTS_MAX)
            .into_iter()
            .map(|statement| statement.bytes().to_vec().into())
            .peekable();
        while statements.peek().is_some() {
            let statements_now = List::take_from(&mut statements);
            let more = statements.peek().is_some();
            self.put(&Message::Joint {
                statements: statements_now,
                more,
            })?;
        }
        Ok(())
    }

    fn space(
        &mut self,
        space: &SpaceId,
        holdings: &Holdings,
        to: &To,
        progress: &mut impl FnMut(&Given),
    ) -> Result<(), ServiceError> {
        let held: Vec<LogStanding> = holdings
            .logs(space)
            .map(|(origin, standing)| LogStanding {
                origin: origin.clone(),
                standing,
            })
            .collect();
        let mut logs = held.iter().cloned().peekable();
        while logs.peek().is_some() {
            let logs_now = List::take_from(&mut logs);
            let more = logs.peek().is_some();
            self.put(&Message::Logs {
                space: *space,
                logs: logs_now,
                more,
            })?;
        }
        for log in held {
            let before = self.given.entries;
            let known = to.known.as_ref().and_then(|known| known.get(&log.origin));
            let mut from = known.map_or(TreeSize::EMPTY, |known| known.size);
            let is_whole = to.whole.contains(&log.origin);
            // Who has the same so far needs no more than what follows.
            if let Some(known) = known.filter(|_| is_whole)
                && !self.node.stands(&log.origin, *known)?
            {
                from = TreeSize::EMPTY;
            }
            self.branch(space, &log.origin, 0, from, progress)?;
            for branch in (1..=BRANCHES_MAX).filter(|_| is_whole) {
                self.branch(space, &log.origin, branch, TreeSize::EMPTY, progress)?;
            }
            self.given.logs += u64::from(self.given.entries > before);
        }
        Ok(())
    }

    /// A log from a place on: what stands, or as [`Node::read_branch`] numbers what is held beside it.
    fn branch(
        &mut self,
        space: &SpaceId,
        origin: &Origin,
        branch: u32,
        mut from: TreeSize,
        progress: &mut impl FnMut(&Given),
    ) -> Result<(), ServiceError> {
        while let Some(range) = self.node.read_branch(origin, branch, from, RANGE_BYTES)? {
            let count = range.entries.len() as u64;
            let entries = range
                .entries
                .iter()
                .filter_map(|entry| Entry::parse(&entry.entry).ok());
            for entry in entries {
                let header = entry.header();
                self.records.extend(header.record.map(|record| (*space, record)));
                let sealed = header.record.filter(|_| header.key_commitment.is_some());
                self.sealed.extend(sealed);
            }
            self.put(&Message::Range(range))?;
            from = TreeSize(from.0 + count);
            self.given.entries += count;
            progress(&self.given);
        }
        Ok(())
    }

    /// Payloads that the recipient asked for, of logs that both may hold.
    fn payloads(
        &mut self,
        shared: &BTreeMap<SpaceId, Space>,
        holdings: &Holdings,
        to: &To,
    ) -> Result<(), ServiceError> {
        for lacks in &to.lacked {
            let Lacks::Payloads {
                space,
                origin,
                indexes,
            } = lacks
            else {
                continue;
            };
            if !shared.contains_key(space) || holdings.standing(space, origin).is_none() {
                continue;
            }
            let mut left = &indexes[..];
            loop {
                let found = self.node.find_payloads(origin, left, RANGE_BYTES / 3)?;
                // Every turn leaves less.
                let last = found.last().map(|(index, _)| *index);
                let Some(at) = left.iter().position(|index| Some(*index) == last) else {
                    break;
                };
                left = &left[at + 1..];
                let mut placed = Vec::with_capacity(found.len());
                for (index, payload) in found {
                    let payload = Blob::new(payload).map_err(too_long)?;
                    placed.push(PlacedPayload { index, payload });
                }
                self.put(&Message::Payloads {
                    origin: origin.clone(),
                    payloads: List::new(placed).map_err(too_long)?,
                })?;
            }
        }
        Ok(())
    }

    /// Keys of what is in this file and of what the recipient said to hold without them, and of nothing else: a file that is
    /// found is no ring of keys.
    fn keys(&mut self, shared: &BTreeMap<SpaceId, Space>, to: &To) -> Result<(), ServiceError> {
        for lacks in &to.lacked {
            if let Lacks::Keys(records) = lacks {
                self.sealed.extend(records.iter());
            }
        }
        let records: Vec<RecordId> = std::mem::take(&mut self.sealed).into_iter().collect();
        let mut found = self.node.find_keys(&records)?;
        found.retain(|found| shared.contains_key(&found.space));
        // What they open may name attachments that the recipient could not ask for.
        self.records
            .extend(found.iter().map(|found| (found.space, found.record)));
        let mut keys = found
            .into_iter()
            .map(|found| RecordKey {
                record: found.record,
                key: found.key.0,
            })
            .peekable();
        while keys.peek().is_some() {
            self.put(&Message::Keys(List::take_from(&mut keys)))?;
        }
        Ok(())
    }

    /// Attachments that the recipient asked for, and those that records in this file name, as far as they are here and a line
    /// would bring them unasked: upward.
    fn attachments(
        &mut self,
        directory: &Directory,
        shared: &BTreeMap<SpaceId, Space>,
        to: &To,
        progress: &mut impl FnMut(&Given),
    ) -> Result<(), ServiceError> {
        let mut done = BTreeSet::new();
        for ((space, id), from) in lacks::attachments(&to.lacked) {
            if !shared.contains_key(&space) || done.contains(&id) {
                continue;
            }
            if self.attachment(&space, id, from)? {
                done.insert(id);
                self.given.attachments += 1;
                progress(&self.given);
            }
        }
        let to = &to.org;
        let is_of = |org: &OrgId| directory.is_at_or_above(to, org);
        let is_brought = |space: &Space| {
            let mut joint = space.joint.iter().flat_map(|joint| &joint.orgs);
            is_of(&space.owner) || joint.any(|org| org != to && is_of(org))
        };
        for (space, record) in std::mem::take(&mut self.records) {
            if !shared.get(&space).is_some_and(is_brought) {
                continue;
            }
            let named = self.node.store.read(|reader| reader.named_by(&record))?;
            for id in named.into_iter().map(|named| named.id) {
                if done.insert(id) && self.attachment(&space, id, 0)? {
                    self.given.attachments += 1;
                    progress(&self.given);
                }
            }
        }
        Ok(())
    }

    /// What it has from a byte on. Says whether it is here.
    fn attachment(&mut self, space: &SpaceId, id: AttachmentId, mut from: u64) -> Result<bool, ServiceError> {
        while let Some(FoundPiece { size, data, path }) = self.node.read_piece(space, &id, from)? {
            let next = from + data.len() as u64;
            self.put(&Message::Piece(Piece {
                id,
                size,
                from,
                data: Blob::new(data).map_err(too_long)?,
                path: List::new(path).map_err(too_long)?,
            }))?;
            if next >= size {
                return Ok(true);
            }
            from = next;
        }
        Ok(false)
    }

    fn witness_me(&mut self, origin: &Origin, to: &To) -> Result<(), ServiceError> {
        let request = self.node.prepare_witness(origin, &to.org, None, env::now())?;
        let Some(WitnessRequest {
            old,
            checkpoint,
            proof,
            shown,
        }) = request
        else {
            return Ok(());
        };
        self.given.to_witness += 1;
        Ok(self.put(&Message::WitnessMe {
            origin: origin.clone(),
            old,
            checkpoint: Text::new(checkpoint.to_string()).map_err(too_long)?,
            proof: List::new(proof).map_err(too_long)?,
            shown,
        })?)
    }
}

fn too_long(error: OutOfBounds) -> CarryError {
    CarryError::Disk(std::io::Error::other(error))
}
