//! Writing branches: pieces of them as they are read from peers, and the change from one to another that stands.

use lianzhan_protocol::id::{Hash, RecordId, SpaceId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{
    Entry, Frontier, LogStatement, Origin, ReceiptOf, SignedCheckpoint, TreeSize, leaf_hash, stored_index,
};
use lianzhan_protocol::sync::Standing;
use lianzhan_protocol::trust::SignedStatement;

use super::super::error::StoreError;
use super::super::writer::{Head, StoreEvent, Writer};
use super::{BranchRow, branch_node, node_of, read_branches};

/// An entry and its payload.
type Stored = (Vec<u8>, Option<Vec<u8>>);

/// Stored tree nodes with their places.
type Nodes = Vec<(u64, Hash)>;

/// Where a piece of a branch belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Onto {
    /// To the end of a branch that is held.
    Branch(u32),
    /// To a branch that was not met before. Up to the piece it is like what stands, or like another branch.
    New {
        /// The first index at which it differs from what stands.
        start: u64,
        /// The first at which it differs from all that is held.
        parts: u64,
        /// The branch that it is like up to the piece.
        like: Option<u32>,
    },
}

/// A piece of a branch, verified.
pub struct BranchPiece {
    /// Where it belongs.
    pub onto: Onto,
    /// The index of its first entry.
    pub from: u64,
    /// Entries with their payloads.
    pub entries: Vec<Stored>,
    /// The tree with them.
    pub frontier: Frontier,
    /// Stored nodes that they add.
    pub nodes: Nodes,
    /// The signed note that they lead to.
    pub checkpoint: SignedCheckpoint,
}

/// The part of a branch that is its own.
struct Own {
    start: u64,
    entries: Vec<Stored>,
    nodes: Nodes,
    frontier: Frontier,
    checkpoint: SignedCheckpoint,
}

/// Statements of trust are signed by themselves and stand whichever branch does: who wrote them, and whoever read the
/// branch while it stood, goes by them.
fn trust_in(entries: &[Stored]) -> Vec<SignedStatement> {
    let payloads = entries.iter().filter_map(|(_, payload)| payload.as_deref());
    let trust = payloads.filter_map(|payload| match LogStatement::parse(payload) {
        Ok(LogStatement::Trust(bytes)) => SignedStatement::open(&bytes).ok(),
        _ => None,
    });
    trust.collect()
}

/// So are receipts of other logs.
fn receipts_in(entries: &[Stored]) -> Vec<ReceiptOf> {
    let payloads = entries.iter().filter_map(|(_, payload)| payload.as_deref());
    let said = payloads.filter_map(|payload| match LogStatement::parse(payload) {
        Ok(LogStatement::ReceiptOf(said)) => Some(said),
        _ => None,
    });
    said.collect()
}

impl Writer<'_> {
    /// Keeps a piece of a branch. Returns whether it did: not where the branches held are others by now.
    pub fn keep_branch(&mut self, origin: &Origin, piece: BranchPiece) -> Result<bool, StoreError> {
        let id = self.head(origin)?.id;
        let held = read_branches(self.tx, id)?;
        let number = match piece.onto {
            Onto::Branch(number) => {
                let fits = |held: &&BranchRow| held.number == number && held.size.0 == piece.from;
                if !held.iter().any(|branch| fits(&branch)) {
                    return Ok(false);
                }
                number
            }
            Onto::New { start, parts, like } => {
                let at = stored_index(0, parts);
                let leaf = piece.nodes.iter().find(|(idx, _)| *idx == at);
                let leaf = leaf.map(|(_, leaf)| *leaf);
                let known = self.node(id, at) == leaf
                    || held.iter().any(|branch| branch_node(self.tx, branch, at) == leaf);
                if known {
                    return Ok(false);
                }
                let last = held.last().map_or(0, |branch| branch.number);
                if let Some(like) = like {
                    self.copy_branch(id, like, last + 1, start, piece.from)?;
                }
                last + 1
            }
        };
        let start = match piece.onto {
            Onto::New { start, .. } => start,
            Onto::Branch(_) => held
                .iter()
                .find(|branch| branch.number == number)
                .map_or(0, |branch| branch.start),
        };
        // What it was verified against may not be what stands now.
        let mut tree = Frontier::load(TreeSize(piece.from), |idx| {
            node_of(self.tx, (id, number, start), idx)
        })
        .map_err(|error| StoreError::Corrupt(format!("branch of {origin}: {error}")))?;
        for (entry, _) in &piece.entries {
            tree.push(leaf_hash(entry));
        }
        if tree != piece.frontier {
            return Err(StoreError::Moved {
                origin: origin.clone(),
                size: piece.from,
            });
        }
        self.put_entries(id, number, piece.from, &piece.entries)?;
        self.put_nodes(id, number, &piece.nodes)?;
        self.put_branch(id, number, start, &piece.frontier, &piece.checkpoint)?;
        self.keep_statements(trust_in(&piece.entries))?;
        let head = self.head(origin)?.clone();
        for said in receipts_in(&piece.entries) {
            self.keep_receipt_of(&head, origin, &said)?;
        }
        Ok(true)
    }

    /// Gives up a branch, if it is still the one with this root.
    pub fn drop_branch(&mut self, origin: &Origin, number: u32, root: &Hash) -> Result<(), StoreError> {
        let id = self.head(origin)?.id;
        let held = read_branches(self.tx, id)?;
        if held
            .iter()
            .any(|branch| branch.number == number && branch.root == *root)
        {
            self.delete_branch(id, number)?;
        }
        Ok(())
    }

    /// An entry of a branch that does not stand was signed anew.
    pub fn signed_anew(&mut self, log: i64, index: u64, entry: &[u8]) -> Result<(), StoreError> {
        self.tx.execute(
            "UPDATE branch_entries SET anew = 1 WHERE log = ? AND idx = ? AND entry = ?",
            (log, index, entry),
        )?;
        Ok(())
    }

    /// Another branch stands from now on, if it is still the one with this root: whoever found the same at the same time was
    /// quicker. What stood is kept in its place. Records of both are marked.
    pub fn switch_branch(&mut self, origin: &Origin, number: u32, root: &Hash) -> Result<(), StoreError> {
        let head = self.head(origin)?.clone();
        let node = self.log_start(head.id)?.node;
        let branches = read_branches(self.tx, head.id)?;
        let mut found = branches.iter();
        let Some(branch) = found.find(|branch| branch.number == number && branch.root == *root) else {
            return Ok(());
        };
        let corrupt =
            |error: &dyn std::fmt::Display| StoreError::Corrupt(format!("branch of {origin}: {error}"));
        let checkpoint =
            SignedCheckpoint::verify(&branch.checkpoint, &node, origin).map_err(|error| corrupt(&error))?;
        let (theirs, their_nodes) = self.take_branch(head.id, number)?;
        let stood = self.take_tail(&head, origin, &node, branch.start)?;
        let common = Frontier::load(TreeSize(branch.start), |idx| self.node(head.id, idx))
            .map_err(|error| corrupt(&error))?;
        let mut frontier = common.clone();
        let mut entries = Vec::with_capacity(theirs.len());
        for (bytes, payload) in theirs {
            let entry = Entry::parse(&bytes)
                .and_then(Entry::verify)
                .map_err(|error| corrupt(&error))?;
            frontier.push(leaf_hash(&bytes));
            entries.push((entry, payload));
        }
        if frontier.root() != branch.root {
            return Err(corrupt(&"its root is another"));
        }
        let before = Head {
            frontier: common,
            ..head.clone()
        };
        self.staged.insert(origin.clone(), before);
        self.append(origin, entries, their_nodes, frontier.clone(), Some(&checkpoint))?;
        self.put_entries(head.id, number, stood.start, &stood.entries)?;
        self.put_nodes(head.id, number, &stood.nodes)?;
        self.put_branch(head.id, number, stood.start, &stood.frontier, &stood.checkpoint)?;
        for other in branches.iter().filter(|other| other.number != number) {
            self.part_anew(other, number, stood.start, frontier.size())?;
        }
        self.events.push(StoreEvent::Switched {
            space: head.space,
            origin: origin.clone(),
            standing: Standing {
                size: frontier.size(),
                root: frontier.root(),
            },
        });
        Ok(())
    }

    /// Has a branch begin where it parts from what stands now. What stood before parts at `start` and is branch `stood`.
    fn part_anew(
        &self,
        other: &BranchRow,
        stood: u32,
        start: u64,
        standing: TreeSize,
    ) -> Result<(), StoreError> {
        let (log, number) = (other.log, other.number);
        if other.start < start {
            return Ok(());
        }
        let parts = if other.start > start {
            // Up to there it was like what stood.
            self.copy_branch(log, stood, number, start, other.start)?;
            start
        } else {
            let mut shared = start..other.size.0.min(standing.0);
            let parts = shared.find(|index| {
                let idx = stored_index(0, *index);
                branch_node(self.tx, other, idx) != self.node(log, idx)
            });
            let Some(parts) = parts else {
                // Nothing of it is its own any more.
                return self.delete_branch(log, number);
            };
            self.tx.execute(
                "DELETE FROM branch_entries WHERE log = ? AND branch = ? AND idx < ?",
                (log, number, parts),
            )?;
            self.tx.execute(
                "DELETE FROM branch_nodes WHERE log = ? AND branch = ? AND idx < ?",
                (log, number, stored_index(0, parts)),
            )?;
            parts
        };
        self.tx.execute(
            "UPDATE branches SET start = ? WHERE log = ? AND branch = ?",
            (parts, log, number),
        )?;
        Ok(())
    }

    /// Gives a branch the entries of another one from `from` up to `to`, with the nodes that they add.
    fn copy_branch(&self, log: i64, like: u32, number: u32, from: u64, to: u64) -> Result<(), StoreError> {
        self.tx.execute(
            "INSERT INTO branch_entries (log, branch, idx, entry, payload, anew)
             SELECT log, ?3, idx, entry, payload, anew FROM branch_entries
             WHERE log = ?1 AND branch = ?2 AND idx >= ?4 AND idx < ?5",
            (log, like, number, from, to),
        )?;
        self.tx.execute(
            "INSERT INTO branch_nodes (log, branch, idx, hash)
             SELECT log, ?3, idx, hash FROM branch_nodes
             WHERE log = ?1 AND branch = ?2 AND idx >= ?4 AND idx < ?5",
            (log, like, number, stored_index(0, from), stored_index(0, to)),
        )?;
        Ok(())
    }

    fn put_entries(&self, log: i64, number: u32, from: u64, entries: &[Stored]) -> Result<(), StoreError> {
        let mut insert = self.tx.prepare_cached(
            "INSERT INTO branch_entries (log, branch, idx, entry, payload) VALUES (?,?,?,?,?)",
        )?;
        let space: [u8; 32] = self
            .tx
            .query_row("SELECT space FROM logs WHERE id = ?", [log], |row| row.get(0))?;
        for (index, (entry, payload)) in (from..).zip(entries) {
            let record = Entry::parse(entry).ok().and_then(|entry| entry.header().record);
            let erased = match record {
                Some(record) => self.is_erased(&record, &SpaceId(space))?,
                None => false,
            };
            let payload = payload.as_ref().filter(|_| !erased);
            insert.execute((log, number, index, entry, payload))?;
        }
        Ok(())
    }

    fn put_nodes(&self, log: i64, number: u32, nodes: &[(u64, Hash)]) -> Result<(), StoreError> {
        let mut insert = self
            .tx
            .prepare_cached("INSERT INTO branch_nodes (log, branch, idx, hash) VALUES (?,?,?,?)")?;
        for (idx, hash) in nodes {
            insert.execute((log, number, idx, hash.0))?;
        }
        Ok(())
    }

    fn put_branch(
        &self,
        log: i64,
        number: u32,
        start: u64,
        frontier: &Frontier,
        checkpoint: &SignedCheckpoint,
    ) -> Result<(), StoreError> {
        self.tx.execute(
            "INSERT OR REPLACE INTO branches (log, branch, start, size, root, checkpoint, checkpoint_size)
             VALUES (?,?,?,?,?,?,?)",
            (
                log,
                number,
                start,
                frontier.size().0,
                frontier.root().0,
                checkpoint.note().to_string(),
                checkpoint.checkpoint().size.0,
            ),
        )?;
        Ok(())
    }

    fn delete_branch(&self, log: i64, number: u32) -> Result<(), StoreError> {
        for table in ["branches", "branch_entries", "branch_nodes"] {
            let sql = format!("DELETE FROM {table} WHERE log = ? AND branch = ?");
            self.tx.execute(&sql, (log, number))?;
        }
        Ok(())
    }

    /// Takes a branch out of its tables.
    fn take_branch(&self, log: i64, number: u32) -> Result<(Vec<Stored>, Nodes), StoreError> {
        let entries = self
            .tx
            .prepare_cached(
                "SELECT entry, payload FROM branch_entries WHERE log = ? AND branch = ? ORDER BY idx",
            )?
            .query_map((log, number), |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let nodes = self
            .tx
            .prepare_cached("SELECT idx, hash FROM branch_nodes WHERE log = ? AND branch = ? ORDER BY idx")?
            .query_map((log, number), |row| Ok((row.get(0)?, Hash(row.get(1)?))))?
            .collect::<Result<_, _>>()?;
        self.delete_branch(log, number)?;
        Ok((entries, nodes))
    }

    /// Takes entries, nodes and receipts from `start` on out of a log.
    fn take_tail(
        &mut self,
        head: &Head,
        origin: &Origin,
        node: &PublicKey,
        start: u64,
    ) -> Result<Own, StoreError> {
        let note: String =
            self.tx
                .query_row("SELECT checkpoint FROM logs WHERE id = ?", [head.id], |row| {
                    row.get(0)
                })?;
        let first = stored_index(0, start);
        let rows: Vec<(Stored, Option<[u8; 16]>)> = self
            .tx
            .prepare_cached(
                "SELECT entry, payload, record FROM entries WHERE log = ? AND idx >= ? ORDER BY idx",
            )?
            .query_map((head.id, start), |row| {
                Ok(((row.get(0)?, row.get(1)?), row.get(2)?))
            })?
            .collect::<Result<_, _>>()?;
        let nodes = self
            .tx
            .prepare_cached("SELECT idx, hash FROM nodes WHERE log = ? AND idx >= ? ORDER BY idx")?
            .query_map((head.id, first), |row| Ok((row.get(0)?, Hash(row.get(1)?))))?
            .collect::<Result<_, _>>()?;
        self.dirty
            .extend(rows.iter().filter_map(|(_, record)| record.map(RecordId)));
        self.tx
            .execute("DELETE FROM entries WHERE log = ? AND idx >= ?", (head.id, start))?;
        self.tx
            .execute("DELETE FROM nodes WHERE log = ? AND idx >= ?", (head.id, first))?;
        self.forget_erasures(head.id, start, head.ours)?;
        self.drop_receipts_of_no_entry(head.id, TreeSize(start))?;
        Ok(Own {
            start,
            entries: rows.into_iter().map(|(stored, _)| stored).collect(),
            nodes,
            frontier: head.frontier.clone(),
            checkpoint: SignedCheckpoint::verify(&note, node, origin)
                .map_err(|error| StoreError::Corrupt(format!("checkpoint of {origin}: {error}")))?,
        })
    }
}
