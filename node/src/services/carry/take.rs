//! Taking in a carry file: a piece at a time, each durable before the next, so that a run that was broken off goes on where
//! it stopped.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Read};
use std::sync::PoisonError;

use lianzhan_protocol::attachment::check_piece;
use lianzhan_protocol::id::{OrgId, RecordId, SpaceId, StatementId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{Origin, TreeSize};
use lianzhan_protocol::record::AnnexKey;
use lianzhan_protocol::sync::carry::{self, CarryReader, Lacks, Piece};
use lianzhan_protocol::sync::message::{self, Hello, PlacedPayload, RecordKey};
use lianzhan_protocol::sync::{List, RangeData};
use lianzhan_protocol::trust::{Audience, Directory, SignedStatement};

use super::forks::{Forked, Forks, Looked};
use super::{
    CarryError, FORKED, HELD, Known, LACKED, PassedOver, RECEIPTS, Taken, Waiting, identity, next_frame,
};
use crate::services::ingest::Ingested;
use crate::services::repair::Filled;
use crate::services::{Node, ServiceError};

/// Most lines of what was passed over.
const LINES_MAX: usize = 20;

/// Who sent the file.
pub(super) struct Sender {
    pub(super) node: PublicKey,
    pub(super) org: OrgId,
}

/// What became of a range that may extend what is here.
enum Extended {
    /// It is stored, or of no use.
    Done,
    /// It does not extend what is here.
    Forked,
}

/// A file as it is taken in.
pub(super) struct Taking<'a> {
    pub(super) node: &'a Node,
    pub(super) taken: Taken,
    pub(super) sender: Option<Sender>,
    /// Whether the space named last is one that both may hold.
    shared: bool,
    /// Statements were stored that the directory has not learnt yet.
    unlearned: bool,
    /// Statements of joint spaces so far.
    joint: Vec<SignedStatement>,
    /// Records whose keys are lacked, once asked.
    lacking: Option<BTreeSet<RecordId>>,
    /// Whether the views know what the file brought, which says what attachments are lacking.
    caught_up: bool,
    /// Logs of which no further range is of use.
    passed: BTreeSet<Origin>,
    forks: Forks,
    known: Known,
    /// What the sender asks for.
    lacked: Vec<Lacks>,
    pub(super) receipts: Option<Waiting>,
}

impl Node {
    /// Takes in a file that was written for this node. What is here already is passed over, so a file may be taken in twice,
    /// or again after it was broken off.
    pub fn carry_from(
        &self,
        file: impl Read,
        mut progress: impl FnMut(&Taken),
    ) -> Result<Taken, ServiceError> {
        // One file at a time: each remembers what it was the last to see.
        let _one = self.carrying.lock().unwrap_or_else(PoisonError::into_inner);
        let opening = age::Decryptor::new_buffered(BufReader::new(file)).map_err(|_| CarryError::NotCarry)?;
        let identity = identity(&self.node_key)?;
        let before = self.own_logs()?;
        let mut file = opening
            .decrypt(std::iter::once(&identity as &dyn age::Identity))
            .map_err(|error| match error {
                age::DecryptError::NoMatchingKeys => CarryError::NotForUs("it is encrypted to others".into()),
                _ => CarryError::NotCarry,
            })?;
        let mut taking = Taking {
            node: self,
            taken: Taken::default(),
            sender: None,
            shared: false,
            unlearned: false,
            joint: Vec::new(),
            lacking: None,
            caught_up: false,
            passed: BTreeSet::new(),
            forks: Forks::default(),
            known: Known::new(),
            lacked: Vec::new(),
            receipts: None,
        };
        let mut reader = CarryReader::new(self.directory().founding().id());
        let read = loop {
            let piece = match next_frame(&mut file) {
                Ok(Some(frame)) => reader.read(&frame).map_err(CarryError::from),
                Ok(None) => match reader.end() {
                    Ok(()) => break Ok(()),
                    Err(error) => Err(error.into()),
                },
                Err(error) => Err(error),
            };
            if let Err(error) = piece.map_err(Into::into).and_then(|piece| taking.one(piece)) {
                break Err(match error {
                    // Nothing came of it.
                    ServiceError::Carry(
                        CarryError::Damaged | CarryError::Unreadable(carry::CarryError::Cut),
                    ) if taking.sender.is_none() => CarryError::NotCarry.into(),
                    error => error,
                });
            }
            progress(&taking.taken);
        };
        // Also of a file that ends too early: what came is kept and shown.
        taking.learn()?;
        taking.note(read.is_ok())?;
        // Who has closed one before knows: further logs that it lacked come with what it asked for then.
        let is_new = before.values().all(|is_open| *is_open);
        let closed =
            |(origin, is_open): &(Origin, bool)| !is_open && before.get(origin).copied().unwrap_or(is_new);
        let closed = self.own_logs()?.into_iter().find(closed);
        taking.taken.old_copy = closed.map(|(origin, _)| origin.to_string());
        self.catch_up(|_| {})?;
        match (read, &taking.taken.old_copy) {
            (Ok(()), _) => Ok(taking.taken),
            (Err(ServiceError::Carry(error)), Some(log)) => Err(CarryError::OldCopy {
                log: log.clone(),
                error: Box::new(error),
            }
            .into()),
            (Err(error), _) => Err(error),
        }
    }

    /// The logs that this node's key signs, each with whether it is written to.
    fn own_logs(&self) -> Result<BTreeMap<Origin, bool>, ServiceError> {
        let logs = self.store.read(|reader| reader.logs())?.into_iter();
        let ours = self.node_key.public();
        let own = logs.filter(|log| log.own || log.start.node == ours);
        Ok(own
            .map(|log| (log.origin, log.own && log.halted.is_none()))
            .collect())
    }

    /// Learns all statements that are stored, as a running node does when they are committed.
    fn learn_stored(&self) -> Result<(), ServiceError> {
        let statements = self.store.read(|reader| reader.statements())?;
        let known = self.directory();
        let ids: Vec<StatementId> = statements
            .iter()
            .map(SignedStatement::id)
            .filter(|id| known.statement(id).is_none())
            .collect();
        self.learn(&statements);
        let revised = self.revised_by(&ids)?;
        Ok(self.store.write_blocking(move |writer| {
            writer.mark_revised(&ids, &revised)?;
            if !ids.is_empty() {
                writer.unsettle_all()?;
            }
            writer.mark_unsettled()
        })?)
    }
}

impl Taking<'_> {
    fn one(&mut self, piece: Piece) -> Result<(), ServiceError> {
        match piece {
            Piece::From(hello) => self.from(hello),
            Piece::Joint { statements, more } => self.joint(&statements, more),
            Piece::Held { space, logs } => {
                self.enter(&space)?;
                if self.shared {
                    for log in &logs {
                        self.forks
                            .announced(self.node, space, &log.origin, log.standing)?;
                    }
                    self.known.push((space, logs));
                }
                Ok(())
            }
            Piece::Range { space, range } => self.range(&space, &range),
            Piece::Payloads { origin, payloads } => self.payloads(&origin, payloads),
            Piece::Keys(keys) => self.keys(keys),
            Piece::Attachment(piece) => self.attachment(&piece),
            Piece::WitnessMe {
                origin,
                old,
                checkpoint,
                proof,
                shown,
            } => self.asked_to_witness(&origin, old, &checkpoint, proof, shown),
            Piece::Receipt { origin, receipt } => self.receipt(&origin, receipt),
            Piece::Lacks(lacks) => {
                self.sender()?;
                self.taken.asked += lacks.count() as u64;
                self.lacked.push(lacks);
                Ok(())
            }
            Piece::End => Ok(()),
        }
    }

    pub(super) fn sender(&self) -> Result<&Sender, CarryError> {
        self.sender.as_ref().ok_or(CarryError::Stranger)
    }

    /// Statements that stand by `apart`, or together with what is known, are stored and learnt.
    fn keep(&mut self, statements: Vec<SignedStatement>, apart: &Directory) -> Result<(), ServiceError> {
        let known = self.node.directory();
        let good = statements.into_iter().filter(|statement| {
            known.statement(&statement.id()).is_none() && !apart.faults().contains_key(&statement.id())
        });
        let good: Vec<SignedStatement> = good.collect();
        if !good.is_empty() {
            self.node
                .store
                .write_blocking(move |writer| writer.keep_statements(good))?;
            self.node.learn_stored()?;
        }
        Ok(())
    }

    fn from(&mut self, hello: Hello) -> Result<(), ServiceError> {
        let shown = hello.statements.iter().map(|bytes| SignedStatement::open(bytes));
        let shown: Vec<SignedStatement> = shown
            .collect::<Result<_, _>>()
            .map_err(|_| CarryError::Stranger)?;
        let known = self.node.directory();
        // As in a session: judged apart, so that a stranger cannot fill the directory.
        let mut apart = Directory::new(known.founding().clone());
        apart.extend(shown.iter().cloned());
        let says = known
            .node_org(&hello.node)
            .or_else(|| apart.node_org(&hello.node));
        says.ok_or(CarryError::Stranger)?;
        self.keep(shown, &apart)?;
        let directory = self.node.directory();
        let org = directory.node_org(&hello.node).ok_or(CarryError::Stranger)?;
        let name = directory.org(&org).map(|org| org.name_zh.clone());
        self.taken.from = name.unwrap_or_else(|| org.to_string());
        self.receipts = self.node.noted_of_peer(RECEIPTS, &hello.node)?;
        self.sender = Some(Sender {
            node: hello.node,
            org,
        });
        Ok(())
    }

    fn joint(&mut self, statements: &[Vec<u8>], more: bool) -> Result<(), ServiceError> {
        let opened = statements
            .iter()
            .filter_map(|bytes| SignedStatement::open(bytes).ok());
        self.joint.extend(opened);
        if more {
            return Ok(());
        }
        let opened = std::mem::take(&mut self.joint);
        let mut with = Directory::clone(&self.node.directory());
        with.extend(opened.iter().cloned());
        self.keep(opened, &with)
    }

    /// What the directory spaces brought says which further spaces are shared.
    pub(super) fn learn(&mut self) -> Result<(), ServiceError> {
        if std::mem::take(&mut self.unlearned) {
            self.node.learn_stored()?;
        }
        Ok(())
    }

    fn enter(&mut self, space: &SpaceId) -> Result<(), ServiceError> {
        let org = self.sender()?.org;
        let of_both = |node: &Node| {
            let space = node.space(space)?;
            node.directory().may_hold(&org, &space).then_some(space)
        };
        let mut found = of_both(self.node);
        if found
            .as_ref()
            .is_none_or(|space| space.audience != Audience::Directory)
            && self.unlearned
        {
            self.learn()?;
            found = of_both(self.node);
        }
        self.shared = found.is_some();
        if found.is_none() {
            self.pass(
                space,
                "就本机所知，双方并非都可持有这个空间".into(),
                "not one that both orgs may hold, as far as is known here".into(),
            );
        }
        Ok(())
    }

    fn range(&mut self, space: &SpaceId, range: &RangeData) -> Result<(), ServiceError> {
        if !self.shared || self.passed.contains(&range.origin) {
            return Ok(());
        }
        if self.forks.shows(self.node, space, range)? {
            return self.other_history(space, range);
        }
        match self.extend(space, range)? {
            Extended::Done => Ok(()),
            Extended::Forked => self.other_history(space, range),
        }
    }

    /// Remembers what the sender holds and asks for. Of a file that is cut it is known of the spaces that it names alone.
    fn note(&mut self, is_whole: bool) -> Result<(), ServiceError> {
        let Some(sender) = self.sender.as_ref().map(|sender| sender.node) else {
            return Ok(());
        };
        let mut known = std::mem::take(&mut self.known);
        if !is_whole {
            let named: BTreeSet<SpaceId> = known.iter().map(|(space, _)| *space).collect();
            let before = self
                .node
                .noted_of_peer::<Known>(HELD, &sender)?
                .unwrap_or_default();
            known.extend(before.into_iter().filter(|(space, _)| !named.contains(space)));
        }
        self.node.note_of_peer(HELD, &sender, &known)?;
        let before = self.node.noted_of_peer::<Vec<Forked>>(FORKED, &sender)?;
        let left = self.forks.left(self.node, &before.unwrap_or_default())?;
        for one in &left {
            self.pass(
                &one.origin,
                "对方持有这份日志的另一支。请给对方带去一个文件，再收下回来的文件".into(),
                "the sender holds another history of it than is here. Send it a file and take in the answer"
                    .into(),
            );
        }
        if is_whole {
            self.node.note_of_peer(FORKED, &sender, &left)?;
            self.node.note_of_peer(LACKED, &sender, &self.lacked)?;
        }
        Ok(())
    }

    fn other_history(&mut self, space: &SpaceId, range: &RangeData) -> Result<(), ServiceError> {
        // Another branch may stand from now on.
        self.unlearned = true;
        self.taken.beside += range.entries.len() as u64;
        match self.forks.look(self.node, space, range)? {
            Looked::Done => Ok(()),
            Looked::Grows => self.extend(space, range).map(drop),
        }
    }

    fn extend(&mut self, space: &SpaceId, range: &RangeData) -> Result<Extended, ServiceError> {
        let count = range.entries.len() as u64;
        let held = self.node.store.read(|reader| reader.log(&range.origin))?;
        let held = held.map_or(TreeSize::EMPTY, |log| log.size);
        if held < range.from {
            self.passed.insert(range.origin.clone());
            self.pass(
                &range.origin,
                format!(
                    "文件从第 {} 个条目之后开始，本机只有 {held} 个。请给对方带去一个文件，再收下回来的文件；或请对方用 --everything 重写",
                    range.from
                ),
                format!(
                    "the file goes on after {} entries, and {held} are here. Send the sender a file and take in the answer, or \
                     ask for one with --everything",
                    range.from
                ),
            );
            return Ok(Extended::Done);
        }
        let known = held.0.saturating_sub(range.from.0);
        if known >= count {
            self.taken.known += count;
            return Ok(Extended::Done);
        }
        // Checkpoint and proof are of the end: what is here already is cut off before it.
        let rest = behind(range, held);
        match self.node.ingest(space, rest.as_ref().unwrap_or(range)) {
            Ingested::Stored(standing) => {
                let new = standing.size.0.saturating_sub(held.0).min(count - known);
                self.taken.entries += new;
                self.taken.known += count - new;
                self.unlearned |= new > 0;
                Ok(Extended::Done)
            }
            Ingested::PeerLied(offence) => Err(CarryError::Lied {
                origin: range.origin.clone(),
                reason: offence.what,
            }
            .into()),
            Ingested::Forked(_) => Ok(Extended::Forked),
            Ingested::LogPassedOver(reason) => {
                self.passed.insert(range.origin.clone());
                self.pass(&range.origin, format!("未收下：{reason}"), reason.to_string());
                Ok(Extended::Done)
            }
            Ingested::Failed(reason) => Err(CarryError::Disk(std::io::Error::other(reason)).into()),
        }
    }

    /// What an entry here lacks is kept if it is what the entry hashes.
    fn payloads(&mut self, origin: &Origin, payloads: Vec<PlacedPayload>) -> Result<(), ServiceError> {
        self.sender()?;
        self.learn()?;
        if self.node.store.read(|reader| reader.log(origin))?.is_none() {
            return Ok(());
        }
        let placed = payloads.into_iter();
        let placed = placed.map(|one| (one.index, one.payload.into_vec())).collect();
        match self.node.fill(origin, placed)? {
            Filled::Stored(count) => {
                self.taken.payloads += count as u64;
                self.unlearned |= count > 0;
                Ok(())
            }
            Filled::PeerLied(offence) => Err(CarryError::Lied {
                origin: origin.clone(),
                reason: offence.what,
            }
            .into()),
        }
    }

    fn keys(&mut self, keys: Vec<RecordKey>) -> Result<(), ServiceError> {
        self.learn()?;
        if self.lacking.is_none() {
            self.lacking = Some(self.node.lacking_keys()?.into_iter().collect());
        }
        let lacking = self.lacking.get_or_insert_default();
        let keys = keys.into_iter().filter(|key| lacking.remove(&key.record));
        let keys: Vec<_> = keys.map(|key| (key.record, AnnexKey(key.key))).collect();
        if keys.is_empty() {
            return Ok(());
        }
        self.taken.keys += self.node.keep_keys(keys)? as u64;
        Ok(())
    }

    /// A piece that goes on where the attachment stands is checked and kept; any other is of one that nobody lacks here, or
    /// stood in the file before.
    fn attachment(&mut self, piece: &message::Piece) -> Result<(), ServiceError> {
        self.learn()?;
        if !std::mem::replace(&mut self.caught_up, true) {
            self.node.catch_up(|_| {})?;
        }
        let message::Piece {
            id,
            size,
            from,
            data,
            path,
        } = piece;
        if self.node.attachment_so_far(id)? != Some(*from) {
            return Ok(());
        }
        check_piece(id, *size, *from, data, path)
            .map_err(|reason| CarryError::Attachment { id: *id, reason })?;
        let here = self.node.grow_attachment(id, *size, *from, data)?;
        if here.is_none() && self.node.attachment_so_far(id)?.is_none() {
            self.taken.attachments += 1;
        }
        Ok(())
    }

    /// Notes why something, a log or a space, is of no use.
    pub(super) fn pass(&mut self, what: &dyn std::fmt::Display, zh: String, en: String) {
        if self.taken.passed_over.len() < LINES_MAX {
            tracing::warn!(%what, reason = en, "passed over in a carry file");
            let what = what.to_string();
            self.taken.passed_over.push(PassedOver { what, zh, en });
        }
    }
}

/// What stands in a range behind `held`; none if all of it does.
fn behind(range: &RangeData, held: TreeSize) -> Option<RangeData> {
    let known = usize::try_from(held.0.checked_sub(range.from.0)?).ok()?;
    let entries = range.entries.iter().skip(known).cloned().collect();
    (known > 0).then_some(RangeData {
        from: held,
        entries: List::new(entries).ok()?,
        ..range.clone()
    })
}
