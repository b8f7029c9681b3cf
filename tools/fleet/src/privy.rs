//! Who is told what: whatever a frame of an honest node names, its receiver may hold, by the directory that the session of
//! the sender goes by (spec 06, Y-2). What only repeats the words of the receiver tells it nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, ensure};
use lianzhan_protocol::id::{AttachmentId, OrgId, RecordId, SpaceId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{Entry, Origin};
use lianzhan_protocol::sync::Message;
use lianzhan_protocol::trust::{Body, Directory, SignedStatement};

use crate::world::World;

/// What a session goes by.
pub(crate) struct Rights {
    directory: Arc<Directory>,
    own: OrgId,
    peer: PublicKey,
    /// The spaces that both may hold, once somebody asks.
    shared: Option<BTreeSet<SpaceId>>,
}

impl Rights {
    pub(crate) fn new(directory: Arc<Directory>, own: OrgId, peer: PublicKey) -> Self {
        let shared = None;
        Rights {
            directory,
            own,
            peer,
            shared,
        }
    }

    /// The session goes by another directory from now on.
    pub(crate) fn change(&mut self, directory: Arc<Directory>) {
        self.directory = directory;
        self.shared = None;
    }

    fn shared(&mut self) -> &BTreeSet<SpaceId> {
        self.shared.get_or_insert_with(|| {
            let peer = self.directory.node_org(&self.peer);
            let shared = peer.map(|peer| self.directory.shared_spaces(&self.own, &peer));
            shared.unwrap_or_default().into_keys().collect()
        })
    }
}

impl World {
    /// A frame is about to leave an honest node.
    pub(crate) fn may_be_told(&mut self, link: u64, side: usize, frame: &[u8]) -> anyhow::Result<()> {
        let Some(end) = self.end(link, side) else {
            return Ok(());
        };
        let site = end.site;
        let shared = end.rights.shared().clone();
        let (directory, own, peer) = (end.rights.directory.clone(), end.rights.own, end.rights.peer);
        let message = Message::from_frame(frame).context("an honest node sent what nobody can read")?;
        let told = Told {
            world: self,
            site,
            shared: &shared,
            directory: &directory,
            line: (own, directory.node_org(&peer)),
        };
        told.message(&message).with_context(|| {
            let there = self.name(self.peer_of(link, side));
            let words = format!("{message:?}");
            let kind = words.split(['(', ' ', '{']).next().unwrap_or_default();
            format!("{} told {there} what it may not hold, in {kind}", self.name(site))
        })?;
        self.tally.told += 1;
        Ok(())
    }
}

/// A frame, and whom it goes to.
struct Told<'a> {
    world: &'a World,
    site: usize,
    shared: &'a BTreeSet<SpaceId>,
    directory: &'a Directory,
    /// The orgs of sender and receiver.
    line: (OrgId, Option<OrgId>),
}

impl Told<'_> {
    fn message(&self, message: &Message) -> anyhow::Result<()> {
        match message {
            Message::Spaces { spaces, .. } => spaces.iter().try_for_each(|one| self.space(&one.space)),
            Message::AskLogs(space)
            | Message::Want { space, .. }
            | Message::WantBranch { space, .. }
            | Message::AskPayloads { space, .. }
            | Message::WantAttachment { space, .. } => self.space(space),
            // Of a space that it may not hold it is told that nothing is held there.
            Message::Logs { logs, .. } => logs.iter().try_for_each(|log| self.log(&log.origin)),
            Message::Grew { space, log } => {
                self.space(space)?;
                self.log(&log.origin)
            }
            Message::Range(range) => {
                self.log(&range.origin)?;
                range.entries.iter().try_for_each(|item| {
                    let entry = Entry::parse(&item.entry)?;
                    self.space(&entry.header().space)
                })
            }
            Message::WitnessMe { origin, .. } => self.own_log(origin),
            Message::AskKeys(records) => records.iter().try_for_each(|record| self.record(record)),
            Message::Keys(keys) => keys.iter().try_for_each(|key| self.record(&key.record)),
            Message::Payloads { origin, payloads } if !payloads.is_empty() => self.log(origin),
            Message::Joint { statements, .. } => self.statements(statements.iter().map(|one| one.as_slice())),
            Message::Chain(statements) => self.statements(statements.iter().map(|one| one.as_slice())),
            Message::Hello(hello) => self.statements(hello.statements.iter().map(|one| one.as_slice())),
            Message::Piece(piece) => self.attachment(&piece.id),
            Message::HaveAttachment(id) => self.attachment(id),
            Message::Seen(seen) => seen.iter().try_for_each(|one| self.node_below(&one.node)),
            // They say nothing, or what the receiver said.
            Message::AskChain
            | Message::AskJoint
            | Message::Bye(_)
            | Message::Nothing(_)
            | Message::NoAttachment(_)
            | Message::Payloads { .. }
            | Message::Receipt { .. }
            | Message::WitnessRefused { .. } => Ok(()),
        }
    }

    fn space(&self, space: &SpaceId) -> anyhow::Result<()> {
        ensure!(self.shared.contains(space), "space {space}");
        Ok(())
    }

    fn log(&self, origin: &Origin) -> anyhow::Result<()> {
        let Some((space, _)) = self.world.watch.logs.get(origin) else {
            return Ok(());
        };
        self.space(space).with_context(|| format!("log {origin}"))
    }

    /// A node offers its own logs to who witnesses it, whatever their space (Y-9).
    fn own_log(&self, origin: &Origin) -> anyhow::Result<()> {
        let author = self.world.watch.logs.get(origin).map(|(_, author)| author);
        let own = author.is_none_or(|author| self.world.sites[self.site].keys.contains(author));
        ensure!(own, "log {origin}, to be witnessed");
        Ok(())
    }

    fn record(&self, record: &RecordId) -> anyhow::Result<()> {
        let spaces = self.world.watch.records.get(record);
        let known = spaces.is_none_or(|spaces| spaces.iter().any(|space| self.shared.contains(space)));
        ensure!(known, "record {record} of {spaces:?}");
        Ok(())
    }

    fn attachment(&self, id: &AttachmentId) -> anyhow::Result<()> {
        let Some(node) = self.world.sites[self.site].node() else {
            return Ok(());
        };
        let named = node.store().read(|reader| {
            for space in self.shared {
                if reader.is_named(space, id)? {
                    return Ok(true);
                }
            }
            Ok(false)
        })?;
        ensure!(named, "attachment {id}");
        Ok(())
    }

    /// Joint spaces are told of by statements.
    fn statements<'s>(&self, mut statements: impl Iterator<Item = &'s [u8]>) -> anyhow::Result<()> {
        statements.try_for_each(|bytes| match SignedStatement::open(bytes)?.body() {
            Body::JointSpace(space) => self.space(&space.id()),
            _ => Ok(()),
        })
    }

    /// Those above are told of nodes of the branch (Y-11a), of which no appointment may be known yet.
    fn node_below(&self, node: &PublicKey) -> anyhow::Result<()> {
        let below = |above: &OrgId, org: &OrgId| above != org && self.directory.is_at_or_above(above, org);
        let (own, peer) = &self.line;
        let org = self.directory.node_org(node);
        let is_told = peer.is_some_and(|peer| below(&peer, own));
        ensure!(
            is_told && org.is_none_or(|org| below(own, &org)),
            "a node of {org:?}, and when it was heard of"
        );
        Ok(())
    }
}
