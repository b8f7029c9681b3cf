//! Taking in a carry file: a piece at a time, each durable before the next, so that a run that was broken off goes on where
//! it stopped.

use std::collections::BTreeSet;
use std::io::{BufReader, Read};

use lianzhan_protocol::id::{OrgId, RecordId, SpaceId, StatementId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{Origin, Receipt, SignedCheckpoint, TreeSize};
use lianzhan_protocol::record::AnnexKey;
use lianzhan_protocol::sync::RangeData;
use lianzhan_protocol::sync::carry::{CarryReader, Piece};
use lianzhan_protocol::sync::message::{Hello, RecordKey};
use lianzhan_protocol::trust::{Audience, Directory, Purpose, SignedStatement};

use super::{CarryError, HELD, Known, RECEIPTS, Taken, Waiting, identity, next_frame};
use crate::env;
use crate::services::ingest::Ingested;
use crate::services::witness::CosignRequest;
use crate::services::{Node, ServiceError};

/// Most lines of what was passed over.
const LINES_MAX: usize = 20;

/// Who sent the file.
struct Sender {
    node: PublicKey,
    org: OrgId,
}

/// A file as it is taken in.
struct Taking<'a> {
    node: &'a Node,
    taken: Taken,
    sender: Option<Sender>,
    /// Whether the space named last is one that both may hold.
    shared: bool,
    /// Statements were stored that the directory has not learnt yet.
    unlearned: bool,
    /// Logs of which no further range is of use.
    passed: BTreeSet<Origin>,
    known: Known,
    receipts: Option<Waiting>,
}

impl Node {
    /// Takes in a file that was written for this node. What is here already is passed over, so a file may be taken in twice,
    /// or again after it was broken off.
    pub fn carry_from(
        &self,
        file: impl Read,
        mut progress: impl FnMut(&Taken),
    ) -> Result<Taken, ServiceError> {
        let not_ours = |words: String| CarryError::NotForUs(words);
        let opening = age::Decryptor::new_buffered(BufReader::new(file))
            .map_err(|_| not_ours("it is no age file".into()))?;
        let identity = identity(&self.node_key)?;
        let mut file = opening
            .decrypt(std::iter::once(&identity as &dyn age::Identity))
            .map_err(|error| match error {
                age::DecryptError::NoMatchingKeys => not_ours("it is encrypted to others".into()),
                other => not_ours(other.to_string()),
            })?;
        let mut taking = Taking {
            node: self,
            taken: Taken::default(),
            sender: None,
            shared: false,
            unlearned: false,
            passed: BTreeSet::new(),
            known: Known::new(),
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
                Err(error) => Err(CarryError::Disk(error)),
            };
            if let Err(error) = piece.map_err(Into::into).and_then(|piece| taking.one(piece)) {
                break Err(error);
            }
            progress(&taking.taken);
        };
        // Also of a file that ends too early: what came is kept and shown.
        taking.learn()?;
        if let (Ok(()), Some(sender)) = (&read, &taking.sender) {
            self.note_of_peer(HELD, &sender.node, &taking.known)?;
        }
        self.catch_up(|_| {})?;
        read.map(|()| taking.taken)
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
        let revised = self.revised_by(&ids);
        Ok(self.store.write_blocking(move |writer| {
            writer.mark_revised(&ids, &revised)?;
            writer.mark_unsettled()
        })?)
    }
}

impl Taking<'_> {
    fn one(&mut self, piece: Piece) -> Result<(), ServiceError> {
        match piece {
            Piece::From(hello) => self.from(hello),
            Piece::Joint(statements) => self.joint(&statements),
            Piece::Held { space, logs } => {
                self.enter(&space)?;
                if self.shared {
                    self.known.push((space, logs));
                }
                Ok(())
            }
            Piece::Range { space, range } => self.range(&space, &range),
            Piece::Keys(keys) => self.keys(keys),
            Piece::WitnessMe {
                origin,
                old,
                checkpoint,
                proof,
                shown,
            } => {
                self.learn()?;
                let node = self.sender()?.node;
                let lied = |reason: String| CarryError::Lied {
                    origin: origin.clone(),
                    reason,
                };
                let checkpoint = SignedCheckpoint::verify(&checkpoint, &node, &origin)
                    .map_err(|error| lied(error.to_string()))?;
                if let Some(shown) = &shown {
                    shown
                        .verify(&origin, &node)
                        .map_err(|error| lied(format!("receipt shown: {error}")))?;
                }
                self.witness(
                    &origin,
                    CosignRequest {
                        peer: node,
                        old,
                        checkpoint,
                        proof,
                        shown,
                    },
                )
            }
            Piece::Receipt { origin, receipt } => self.receipt(&origin, receipt),
            Piece::End => Ok(()),
        }
    }

    fn sender(&self) -> Result<&Sender, CarryError> {
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

    fn joint(&mut self, statements: &[Vec<u8>]) -> Result<(), ServiceError> {
        let opened = statements
            .iter()
            .filter_map(|bytes| SignedStatement::open(bytes).ok());
        let opened: Vec<SignedStatement> = opened.collect();
        let mut with = Directory::clone(&self.node.directory());
        with.extend(opened.iter().cloned());
        self.keep(opened, &with)
    }

    /// What the directory spaces brought says which further spaces are shared.
    fn learn(&mut self) -> Result<(), ServiceError> {
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
            self.pass(format!(
                "space {space}: not one that both orgs may hold, as far as is known here"
            ));
        }
        Ok(())
    }

    fn range(&mut self, space: &SpaceId, range: &RangeData) -> Result<(), ServiceError> {
        let count = range.entries.len() as u64;
        if !self.shared || self.passed.contains(&range.origin) {
            return Ok(());
        }
        let held = self.node.store.read(|reader| reader.log(&range.origin))?;
        let held = held.map_or(TreeSize::EMPTY, |log| log.size);
        if held < range.from {
            self.passed.insert(range.origin.clone());
            self.pass(format!(
                "log {}: the file goes on after {} entries, and {held} are here. Ask the sender for a file with --everything",
                range.origin, range.from
            ));
            return Ok(());
        }
        match self.node.ingest(space, range) {
            Ingested::Stored(standing) => {
                let new = standing.size.0.saturating_sub(held.0).min(count);
                self.taken.entries += new;
                self.taken.known += count - new;
                self.unlearned |= new > 0;
                Ok(())
            }
            Ingested::PeerLied(reason) => Err(CarryError::Lied {
                origin: range.origin.clone(),
                reason,
            }
            .into()),
            Ingested::Forked(reason) | Ingested::LogPassedOver(reason) => {
                self.passed.insert(range.origin.clone());
                self.pass(format!("log {}: {reason}", range.origin));
                Ok(())
            }
            Ingested::Failed(reason) => Err(CarryError::Disk(std::io::Error::other(reason)).into()),
        }
    }

    fn keys(&mut self, keys: Vec<RecordKey>) -> Result<(), ServiceError> {
        self.learn()?;
        let lacking = self.node.lacking_keys()?;
        let lacking: BTreeSet<RecordId> = lacking.into_iter().collect();
        let keys = keys.into_iter().filter(|key| lacking.contains(&key.record));
        let keys: Vec<_> = keys.map(|key| (key.record, AnnexKey(key.key))).collect();
        let before = lacking.len();
        self.node.keep_keys(keys)?;
        self.taken.keys += before.saturating_sub(self.node.lacking_keys()?.len()) as u64;
        Ok(())
    }

    fn witness(&mut self, origin: &Origin, request: CosignRequest) -> Result<(), ServiceError> {
        let sender = self.sender()?.org;
        if !self
            .node
            .directory()
            .required_witnesses(&sender)
            .contains(&self.node.org)
        {
            self.pass(format!("log {origin}: this org does not witness it"));
            return Ok(());
        }
        let stated = request.checkpoint.checkpoint().clone();
        let waiting = self.receipts.get_or_insert_default();
        let given = |(of, receipt): &(Origin, Receipt)| {
            of == origin && (receipt.size, receipt.root) == (stated.size, stated.root)
        };
        if waiting.iter().any(given) {
            return Ok(());
        }
        match self.node.cosign(request, env::now())? {
            Ok(receipt) => {
                waiting.retain(|(of, _)| of != origin);
                waiting.push((origin.clone(), receipt));
                self.taken.witnessed += 1;
                // Given is given: it must be found again after a crash.
                self.keep_receipts()
            }
            Err((_, reason)) => {
                self.pass(format!("log {origin} was not witnessed: {reason}"));
                Ok(())
            }
        }
    }

    fn keep_receipts(&self) -> Result<(), ServiceError> {
        match (&self.receipts, &self.sender) {
            (Some(receipts), Some(sender)) => self.node.note_of_peer(RECEIPTS, &sender.node, receipts),
            _ => Ok(()),
        }
    }

    fn receipt(&mut self, origin: &Origin, receipt: Receipt) -> Result<(), ServiceError> {
        self.learn()?;
        let (sender, org) = {
            let sender = self.sender()?;
            (sender.node, sender.org)
        };
        let ours = self.node.node_key.public();
        receipt.verify(origin, &ours).map_err(|error| CarryError::Lied {
            origin: origin.clone(),
            reason: format!("receipt: {error}"),
        })?;
        let directory = self.node.directory();
        let of_sender = directory
            .appointments_of(&receipt.witness, Purpose::Witness)
            .any(|(_, post)| post.org == org);
        if receipt.witness_node != sender || !of_sender {
            self.pass(format!(
                "log {origin}: a receipt that is not of the sender's witness"
            ));
            return Ok(());
        }
        let of_witness_log = *origin == self.node.witness_origin()?;
        let held = self.node.store.read(|reader| {
            if of_witness_log {
                return Ok(Some(reader.witness_receipts(origin)?));
            }
            let log = reader.log(origin)?.filter(|log| log.own && log.halted.is_none());
            log.map(|log| reader.newest_receipts(log.id)).transpose()
        })?;
        let Some(held) = held else {
            self.pass(format!("log {origin}: this node no longer writes it"));
            return Ok(());
        };
        let newer = |held: &Receipt| held.witness == receipt.witness && held.size >= receipt.size;
        if !held.iter().any(newer) {
            self.node.store_receipt(origin, receipt)?;
            self.taken.receipts += 1;
        }
        Ok(())
    }

    fn pass(&mut self, line: String) {
        tracing::warn!(line, "passed over in a carry file");
        if self.taken.passed_over.len() < LINES_MAX {
            self.taken.passed_over.push(line);
        }
    }
}
