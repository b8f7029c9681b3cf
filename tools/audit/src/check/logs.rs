//! One log: every entry canonical, signed and in its place, with its payload; the tree that they give against the stored
//! nodes, the stored root and the signed checkpoint.

use std::collections::BTreeSet;

use lianzhan_protocol::codec;
use lianzhan_protocol::id::{Hash, StatementId};
use lianzhan_protocol::log::{
    Entry, EntryIndex, Equivocation, Frontier, LogStart, LogStatement, PROTOCOL_VERSION, PayloadKind,
    Receipt, ReceiptOf, STATEMENT_MAX, SignedCheckpoint, TreeSize, leaf_hash, root_at, stored_index,
};
use lianzhan_protocol::trust::{Directory, Purpose, SignedStatement};
use rusqlite::OptionalExtension;

use super::fault::{Note, What};
use super::{Check, Checked};
use crate::copy::{EntryRow, LogRow, Nodes, Stored};

/// A log while its entries go by.
struct Walk<'c, 's> {
    check: &'c mut Check<'s>,
    row: &'c LogRow,
    known: &'c mut BTreeSet<StatementId>,
    statements: &'c mut Vec<SignedStatement>,
    /// The tree of the entries that went by; of one that is missing, the stored leaf stands in.
    frontier: Frontier,
    /// Stored leaves that stood in for entries which are missing.
    borrowed: bool,
    /// The first entry with a fault.
    bad: Option<u64>,
    /// Whether the stored tree has shown a fault: one is told, since all above it differs, too.
    tree: bool,
}

impl Check<'_> {
    /// Checks the entries of a log and remembers it. New statements of trust in it are added to `statements`.
    pub(super) fn log(
        &mut self,
        row: LogRow,
        known: &mut BTreeSet<StatementId>,
        statements: &mut Vec<SignedStatement>,
    ) -> anyhow::Result<()> {
        if !row.columns_agree {
            self.fault(What::LogColumns, row.origin.as_str());
        }
        let copy = self.copy;
        let mut select = copy.database().prepare(Nodes::SQL)?;
        let mut nodes = Nodes::new(select.query([row.id])?)?;
        let mut walk = Walk {
            check: self,
            row: &row,
            known,
            statements,
            frontier: Frontier::new(),
            borrowed: false,
            bad: None,
            tree: true,
        };
        let mut halted = false;
        copy.entries(row.id, |read| {
            halted = !walk.take(read, &mut nodes)?;
            Ok(!halted)
        })?;
        let (good, tree) = walk.end(&nodes);
        self.report.totals.logs += 1;
        if row.halted.is_some() {
            self.note(Note::LogsHalted, 1);
        }
        self.logs.push(Checked { row, good, tree });
        Ok(())
    }

    /// Which logs may be there at all, now that all statements are known.
    pub(super) fn standing(&mut self, directory: &Directory) {
        let (mut unknown, mut refused) = (0, Vec::new());
        for log in &self.logs {
            let start = &log.row.start;
            let appointed = directory
                .appointments_of(&start.node, Purpose::Node)
                .any(|(_, appointment)| appointment.org == start.org);
            let space = &start.space;
            let stated = space.joint.is_none() || directory.joint_space(&space.id()).is_some();
            if !appointed || !stated || directory.org(&space.owner).is_none() {
                unknown += 1;
            } else if !directory.might_hold(&start.org, space) {
                refused.push(log.row.origin.clone());
            }
        }
        self.note(Note::LogsNotAppointed, unknown);
        for origin in refused {
            self.fault(What::MayNotHold, origin.as_str());
        }
    }
}

impl Walk<'_, '_> {
    /// Takes the next row. False: there are more than the log can have.
    fn take(
        &mut self,
        read: Result<EntryRow, (Option<u64>, String)>,
        nodes: &mut Nodes<'_>,
    ) -> anyhow::Result<bool> {
        let expected = self.frontier.size().0;
        let index = match &read {
            Ok(row) => row.index,
            Err((index, _)) => index.unwrap_or(expected),
        };
        if index < expected || index >= TreeSize::MAX.0 {
            self.fault(What::Row("out of order".into()), index);
            return Ok(false);
        }
        if index > expected {
            self.fault(
                What::Gap {
                    from: expected,
                    to: index - 1,
                },
                expected,
            );
            if !self.borrow_until(index, nodes)? {
                // Without leaves there is no tree to go on with; what else the log holds is not in its place.
                return Ok(false);
            }
        }
        let leaf = match read {
            Ok(row) => {
                self.entry(&row)?;
                Some(leaf_hash(&row.entry))
            }
            Err((_, detail)) => {
                self.fault(What::Row(detail), index);
                self.check.copy.node(self.row.id, stored_index(0, index))
            }
        };
        let Some(leaf) = leaf else { return Ok(false) };
        self.push(leaf, nodes)?;
        self.check.report.totals.entries += 1;
        self.check.progress.entries(self.check.report.totals.entries);
        Ok(true)
    }

    /// Lets stored leaves stand in for missing entries, so that what follows can be looked at. False where they are missing
    /// as well.
    fn borrow_until(&mut self, index: u64, nodes: &mut Nodes<'_>) -> anyhow::Result<bool> {
        self.borrowed = true;
        while self.frontier.size().0 < index {
            let at = stored_index(0, self.frontier.size().0);
            let Some(leaf) = self.check.copy.node(self.row.id, at) else {
                self.fault(What::NodeMissing(at), self.frontier.size().0);
                return Ok(false);
            };
            self.push(leaf, nodes)?;
        }
        Ok(true)
    }

    fn push(&mut self, leaf: Hash, nodes: &mut Nodes<'_>) -> anyhow::Result<()> {
        let index = self.frontier.size().0;
        for (at, hash) in self.frontier.push(leaf) {
            let what = match nodes.compare(at, &hash)? {
                Stored::Same => continue,
                Stored::Differs => What::NodeDiffers(at),
                Stored::Missing => What::NodeMissing(at),
            };
            if std::mem::replace(&mut self.tree, false) {
                self.check.fault_at(what, &self.row.origin, index);
            }
        }
        Ok(())
    }

    fn fault(&mut self, what: What, index: u64) {
        self.bad.get_or_insert(index);
        self.check.fault_at(what, &self.row.origin, index);
    }

    /// Checks one entry by itself, and takes in what it states.
    fn entry(&mut self, row: &EntryRow) -> anyhow::Result<()> {
        let (start, origin) = (&self.row.start, &self.row.origin);
        let payload = row.payload.as_deref();
        let checked = Entry::parse(&row.entry)
            .and_then(Entry::verify)
            .and_then(|entry| {
                entry.check_place(origin, &start.space.id())?;
                payload.map_or(Ok(()), |payload| entry.check_payload(payload))?;
                let statement = start.check_statement(EntryIndex(row.index), &entry, payload)?;
                Ok((entry, statement))
            });
        let (entry, statement) = match checked {
            Ok(checked) => checked,
            Err(error) => {
                self.fault(What::Entry(error), row.index);
                return Ok(());
            }
        };
        let header = entry.header();
        let is_receipt = matches!(statement, Some(LogStatement::Receipt(_)));
        let expected = (
            header.kind as u8 + 1,
            entry.change_id().0,
            header.record,
            is_receipt,
        );
        if row.columns != expected {
            self.fault(What::Columns, row.index);
        }
        if payload.is_none() && header.kind != PayloadKind::Statement {
            self.check.note(Note::PayloadsNotHeld, 1);
        }
        match statement {
            Some(LogStatement::Start(found)) => self.start(&found),
            Some(LogStatement::Trust(bytes)) => self.trust(&bytes, row.index),
            Some(LogStatement::Receipt(receipt)) => self.receipt(&receipt, row.index)?,
            Some(LogStatement::ReceiptOf(said)) => self.receipt_of(&said, row.index)?,
            Some(LogStatement::Equivocation(proof)) => self.equivocation(&proof, row.index),
            Some(LogStatement::Erasure(bytes)) => {
                let (log, space) = (self.row.id, self.row.start.space.id());
                self.check.states_erasure(log, &space, row.index, &bytes)?;
            }
            // What its node no longer has is not in this copy.
            Some(LogStatement::Erased(_)) => {}
            None => {}
        }
        Ok(())
    }

    fn start(&mut self, found: &LogStart) {
        if found != &self.row.start {
            self.fault(What::OtherStart, 0);
        }
        if found.version != PROTOCOL_VERSION {
            self.fault(What::Start("another protocol version"), 0);
        }
        if !found.space.is_well_formed() {
            self.fault(What::Start("the space is not well formed"), 0);
        }
    }

    /// A statement in a log is one of the copy's statements, too. What no statement is the node passes over as well.
    fn trust(&mut self, bytes: &[u8], index: u64) {
        let Ok(statement) = SignedStatement::open(bytes) else {
            return;
        };
        if self.known.insert(statement.id()) {
            self.check
                .fault_at(What::StatementLacking, &self.row.origin, index);
            self.statements.push(statement);
        }
    }

    /// A receipt in a log is one of the copy's receipts, if it is good.
    fn receipt(&mut self, receipt: &Receipt, index: u64) -> anyhow::Result<()> {
        let there: bool = self
            .check
            .copy
            .database()
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM receipts WHERE log = ? AND size = ? AND witness = ? AND variant = 0)",
            )?
            .query_row(
                (self.row.id, receipt.size.0, receipt.witness.ed25519_bytes()),
                |row| row.get(0),
            )?;
        if !there && receipt.verify(&self.row.origin, &self.row.start.node).is_ok() {
            self.check.fault_at(What::ReceiptLacking, &self.row.origin, index);
        }
        Ok(())
    }

    /// A receipt of another log of the same org and space is one of the copy's, if it is good and fits what is held of that log. Else
    /// it says nothing: it may be of another history of that log, or of more than is held.
    fn receipt_of(&mut self, said: &ReceiptOf, index: u64) -> anyhow::Result<()> {
        let size = said.receipt.size;
        if size == TreeSize::EMPTY || size > TreeSize::MAX || said.origin == self.row.origin {
            return Ok(());
        }
        let stated: bool = self
            .check
            .copy
            .database()
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM receipts_of
                 WHERE origin = ? AND size = ? AND org = ? AND space = ? AND receipt = ?)",
            )?
            .query_row(
                (
                    said.origin.as_str(),
                    size.0,
                    self.row.start.org.0,
                    self.row.start.space.id().0,
                    codec::encode(&said.receipt),
                ),
                |row| row.get(0),
            )?;
        let covered: Option<(i64, Vec<u8>)> = self
            .check
            .copy
            .database()
            .prepare_cached(
                "SELECT id, start FROM logs
                 WHERE origin = ? AND space = ? AND org = ? AND size >= ? AND length(start) <= ?",
            )?
            .query_row(
                (
                    said.origin.as_str(),
                    self.row.start.space.id().0,
                    self.row.start.org.0,
                    said.receipt.size.0,
                    STATEMENT_MAX,
                ),
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let fits = |(log, start): &(i64, Vec<u8>)| {
            let root = root_at(said.receipt.size, |at| self.check.copy.node(*log, at)).ok();
            let start = codec::decode::<LogStart>(start, STATEMENT_MAX);
            root == Some(said.receipt.root)
                && start.is_ok_and(|start| said.receipt.verify(&said.origin, &start.node).is_ok())
        };
        let kept = match covered.filter(fits) {
            Some((log, _)) => self.is_kept(log, &said.receipt)?,
            None => true,
        };
        if !(stated && kept) {
            self.check.fault_at(What::ReceiptLacking, &self.row.origin, index);
        }
        Ok(())
    }

    fn is_kept(&self, log: i64, receipt: &Receipt) -> anyhow::Result<bool> {
        let kept = self.check.copy.database().prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM receipts
             WHERE log = ? AND size = ? AND witness = ? AND variant <> 0 AND receipt = ?)",
        );
        let witness = receipt.witness.ed25519_bytes();
        Ok(
            kept?.query_row((log, receipt.size.0, witness, codec::encode(receipt)), |row| {
                row.get(0)
            })?,
        )
    }

    /// A proof that a log says two things is about bytes alone: it holds, or its writer accused somebody of nothing.
    fn equivocation(&mut self, proof: &Equivocation, index: u64) {
        match proof.verify() {
            Ok(_) => self.check.note(Note::LogsSayTwoThings, 1),
            Err(error) => {
                let what = What::Equivocation(error);
                self.check.fault_at(what, &self.row.origin, index);
            }
        }
    }

    /// The whole tree against what the log states. Gives how many entries are good, and whether the stored tree is.
    fn end(mut self, nodes: &Nodes<'_>) -> (u64, bool) {
        let (row, size, root) = (self.row, self.frontier.size(), self.frontier.root());
        let subject = row.origin.as_str();
        let whole = size == row.size;
        if !whole {
            let what = What::Cut {
                found: size.0,
                stated: row.size.0,
            };
            self.check.fault(what, subject);
        }
        if nodes.is_more() && std::mem::replace(&mut self.tree, false) {
            self.check.fault(What::NodesBeyond, subject);
        }
        if whole && root != row.root {
            self.check.fault(What::Root, subject);
        }
        match SignedCheckpoint::open(&row.checkpoint, &row.start.node, &row.origin) {
            // A foreign log's newest checkpoint may lie beyond what is held of it; an own one never does.
            Ok(checkpoint) if checkpoint.size < size || (row.own && checkpoint.size != size) => {
                self.check
                    .fault(What::CheckpointBehind(checkpoint.size.0), subject);
            }
            Ok(checkpoint) if checkpoint.size == size && checkpoint.root != root => {
                self.check.fault(What::SignedRoot, subject);
            }
            Ok(_) => {}
            Err(error) if size > TreeSize::EMPTY => {
                self.check.fault(What::Checkpoint(error.to_string()), subject);
            }
            Err(_) => {}
        }
        let good = self.bad.unwrap_or(size.0);
        (good, self.tree && whole && !self.borrowed)
    }
}
