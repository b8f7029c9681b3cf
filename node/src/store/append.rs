//! The one place that writes entries. Own and foreign entries meet in [`Writer::append`].

use lianzhan_protocol::codec;
use lianzhan_protocol::id::{Hash, OrgId, SpaceId, StatementId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{
    Checkpoint, Entry, Frontier, LogStart, LogStatement, Origin, PayloadKind, SignedCheckpoint, TreeSize,
    Verified,
};
use lianzhan_protocol::sync::{Standing, VerifiedRange};
use lianzhan_protocol::trust::{Body, SignedStatement};

use super::error::StoreError;
use super::writer::{Head, StoreEvent, Writer};

/// Key of the small value that is there once something came in, since the store was last opened, that settles records:
/// statements of trust, or keys of annexes.
pub(super) const NEWS: &str = "settles_at_start";

/// Who must witness a log: the required parent, and the policy that the log follows.
pub type LogRules = (Option<OrgId>, Option<StatementId>);

/// Signs checkpoints of own logs with the node's key.
pub trait Signer: Send + Sync {
    /// Signs.
    fn sign_checkpoint(&self, checkpoint: &Checkpoint) -> SignedCheckpoint;
    /// The node's public key.
    fn node(&self) -> PublicKey;
    /// Keys that the node had before this one.
    fn former(&self) -> &[PublicKey] {
        &[]
    }
}

/// An entry made here, with its payload.
pub struct OwnEntry {
    /// The signed entry.
    pub entry: Verified<Entry>,
    /// The payload it hashes.
    pub payload: Vec<u8>,
}

impl Writer<'_> {
    /// Starts an own log; `first` is the entry that states `start`. Does nothing if the log is there.
    pub fn start_log(&mut self, start: &LogStart, first: OwnEntry) -> Result<Origin, StoreError> {
        let origin = start.origin();
        if self.head(&origin).is_ok() {
            return Ok(origin);
        }
        self.insert_log(&origin, start, true)?;
        self.append_own(&origin, vec![first])?;
        Ok(origin)
    }

    /// The own log of a space that is not halted and says so who must witness it.
    pub fn own_log_of(&self, space: &SpaceId, rules: &LogRules) -> Result<Option<Origin>, StoreError> {
        for (origin, head) in self.staged.iter().chain(self.committed) {
            let head = self.staged.get(origin).unwrap_or(head);
            if !head.own || head.halted.is_some() || head.space != *space {
                continue;
            }
            let start = self.log_start(head.id)?;
            if (start.required_parent, start.policy) == *rules {
                return Ok(Some(origin.clone()));
            }
        }
        Ok(None)
    }

    /// Appends entries made here to an own log. The checkpoint over them is signed once for the whole transaction.
    pub fn append_own(&mut self, origin: &Origin, entries: Vec<OwnEntry>) -> Result<TreeSize, StoreError> {
        let head = self.head(origin)?;
        if !head.own {
            return Err(StoreError::Closed(origin.clone()));
        }
        let mut frontier = head.frontier.clone();
        let mut nodes = Vec::with_capacity(entries.len() * 2);
        for own in &entries {
            own.entry
                .check_place(origin, &head.space)
                .and_then(|()| own.entry.check_payload(&own.payload))
                .map_err(|error| StoreError::Refused(error.to_string()))?;
            nodes.extend(frontier.push(own.entry.leaf()));
        }
        let entries = entries
            .into_iter()
            .map(|own| (own.entry, Some(own.payload)))
            .collect();
        self.append(origin, entries, nodes, frontier, None)
    }

    /// Appends a verified range of a foreign log.
    pub fn append_foreign(&mut self, origin: &Origin, range: VerifiedRange) -> Result<Standing, StoreError> {
        if self.head(origin).is_err() {
            self.insert_log(origin, range.start(), false)?;
        }
        let have = self.head(origin)?.frontier.size();
        if have != range.from() {
            return Err(StoreError::Moved {
                origin: origin.clone(),
                size: have.0,
            });
        }
        let (nodes, frontier, standing) = (
            range.new_nodes().to_vec(),
            range.frontier().clone(),
            range.standing(),
        );
        let checkpoint = range.checkpoint().clone();
        self.append(origin, range.into_entries(), nodes, frontier, Some(&checkpoint))?;
        Ok(standing)
    }

    /// Entries, tree nodes, and what they say of receipts and trust: one transaction.
    pub(super) fn append(
        &mut self,
        origin: &Origin,
        entries: Vec<(Verified<Entry>, Option<Vec<u8>>)>,
        nodes: Vec<(u64, Hash)>,
        frontier: Frontier,
        checkpoint: Option<&SignedCheckpoint>,
    ) -> Result<TreeSize, StoreError> {
        let head = self.head(origin)?.clone();
        let before = head.frontier.size();
        if let Some(reason) = head.halted {
            return Err(StoreError::Halted {
                origin: origin.clone(),
                reason,
            });
        }
        let mut statements = Vec::new();
        let tx = self.tx;
        // Before the entries: receipts among them are held against these.
        let mut insert = tx.prepare_cached("INSERT INTO nodes (log, idx, hash) VALUES (?,?,?)")?;
        for (node, hash) in &nodes {
            insert.execute((head.id, node, &hash.0))?;
        }
        let mut insert = tx.prepare_cached(
            "INSERT INTO entries (log, idx, entry, kind, change, record, payload, receipt) VALUES (?,?,?,?,?,?,?,?)",
        )?;
        for (index, (entry, payload)) in (head.frontier.size().0..).zip(&entries) {
            let header = entry.header();
            let mut is_receipt = false;
            if header.kind == PayloadKind::Statement
                && let Some(statement) = payload.as_deref().and_then(|p| LogStatement::parse(p).ok())
            {
                match statement {
                    LogStatement::Receipt(receipt) => {
                        is_receipt = true;
                        self.keep_receipt(&head, origin, &frontier, &receipt)?;
                    }
                    LogStatement::Trust(bytes) => statements.extend(SignedStatement::open(&bytes).ok()),
                    // What proves nothing stays an entry, and says nothing.
                    LogStatement::Equivocation(proof) => {
                        if proof.verify().is_ok() {
                            self.keep_fork(&proof)?;
                        }
                    }
                    LogStatement::Erasure(bytes) => self.note_erasure(&head, index, &bytes)?,
                    LogStatement::Erased(said) => self.note_acknowledged(&head, index, &said)?,
                    LogStatement::ReceiptOf(said) => {
                        self.keep_receipt_of(&head, origin, &said)?;
                    }
                    LogStatement::Start(_) => {}
                }
            }
            let erased = match &header.record {
                Some(record) => self.is_erased(record, &head.space)?,
                None => false,
            };
            insert.execute((
                head.id,
                index,
                entry.to_bytes(),
                header.kind as u8 + 1,
                entry.change_id().0,
                header.record.map(|record| record.0),
                payload.as_ref().filter(|_| !erased),
                is_receipt,
            ))?;
            self.dirty.extend(header.record);
            if head.own {
                self.written.extend(header.record);
            }
        }
        let standing = Standing {
            size: frontier.size(),
            root: frontier.root(),
        };
        if let Some(checkpoint) = checkpoint {
            tx.prepare_cached(
                "UPDATE logs SET size=?2, root=?3, checkpoint=?4, checkpoint_size=?5 WHERE id=?1",
            )?
            .execute((
                head.id,
                standing.size.0,
                standing.root.0,
                checkpoint.note().to_string(),
                checkpoint.checkpoint().size.0,
            ))?;
        }
        self.keep_statements(statements)?;
        self.events.push(StoreEvent::Grew {
            space: head.space,
            origin: origin.clone(),
            standing,
            own: head.ours,
        });
        self.staged.insert(origin.clone(), Head { frontier, ..head });
        self.take_receipts_of(origin, before)?;
        Ok(standing.size)
    }

    /// Has the next start mark every record that waits for something, because what it waits for may come in and the
    /// process end before the record is marked.
    pub fn settle_at_next_start(&mut self) -> Result<(), StoreError> {
        self.put_meta(NEWS, &[])
    }

    /// Keeps statements of trust. Those that are new are told to whoever keeps the directory.
    pub fn keep_statements(&mut self, statements: Vec<SignedStatement>) -> Result<(), StoreError> {
        let mut fresh = Vec::new();
        let mut insert = self
            .tx
            .prepare_cached("INSERT OR IGNORE INTO statements (id, bytes) VALUES (?,?)")?;
        for statement in statements {
            if insert.execute((statement.id().0, statement.bytes()))? > 0 {
                if matches!(
                    statement.body(),
                    Body::Revocation(_) | Body::Adoption(_) | Body::Succession(_) | Body::OrgChange(_)
                ) {
                    self.tx.execute(
                        "INSERT OR IGNORE INTO revisions (statement) VALUES (?)",
                        [statement.id().0],
                    )?;
                }
                fresh.push(statement);
            }
        }
        if !fresh.is_empty() {
            self.settle_at_next_start()?;
            self.revise_erasures()?;
            self.events.push(StoreEvent::Statements(fresh));
        }
        Ok(())
    }

    fn insert_log(&mut self, origin: &Origin, start: &LogStart, own: bool) -> Result<(), StoreError> {
        let frontier = Frontier::new();
        self.tx.execute(
            "INSERT INTO logs (origin, space, start, org, own, size, root, checkpoint, checkpoint_size)
             VALUES (?,?,?,?,?,0,?,'',0)",
            (
                origin.as_str(),
                start.space.id().0,
                codec::encode(start),
                start.org.0,
                own,
                frontier.root().0,
            ),
        )?;
        let id = self.tx.last_insert_rowid();
        if !own && start.node == self.signer.node() {
            // Written by this node before it was put back from a copy that did not have it.
            let reason = "written by this node before its database was put back from an older copy";
            self.tx.execute(
                "UPDATE logs SET closed = ?2, signed_size = 0, signed_root = ?3 WHERE id = ?1",
                (id, reason, frontier.root().0),
            )?;
        }
        let space: SpaceId = start.space.id();
        self.staged.insert(
            origin.clone(),
            Head {
                id,
                space,
                own,
                ours: own || start.node == self.signer.node(),
                halted: None,
                frontier,
            },
        );
        Ok(())
    }

    /// One signature per own log that grew in this transaction.
    pub(super) fn sign_own_logs(&mut self) -> Result<Vec<(Origin, TreeSize, Hash)>, StoreError> {
        let mut marks = Vec::new();
        for (origin, head) in self
            .staged
            .iter()
            .filter(|(_, head)| head.own && head.halted.is_none())
        {
            let grew = self
                .committed
                .get(origin)
                .is_none_or(|old| old.frontier.size() < head.frontier.size());
            if !grew {
                continue;
            }
            let checkpoint = Checkpoint {
                origin: origin.clone(),
                size: head.frontier.size(),
                root: head.frontier.root(),
            };
            let note = self.signer.sign_checkpoint(&checkpoint).note().to_string();
            self.tx
                .prepare_cached(
                    "UPDATE logs SET size=?2, root=?3, checkpoint=?4, checkpoint_size=?2 WHERE id=?1",
                )?
                .execute((head.id, checkpoint.size.0, checkpoint.root.0, note))?;
            marks.push((origin.clone(), checkpoint.size, checkpoint.root));
        }
        Ok(marks)
    }
}
