//! Logs that say two things: both branches are kept, one of them stands (design 5). The other lies in tables of its own, from
//! where the two part.

use lianzhan_protocol::codec;
use lianzhan_protocol::id::{ChangeId, Hash, RecordId};
use lianzhan_protocol::log::{
    Entry, Equivocation, Frontier, LogStatement, Origin, Receipt, SignedCheckpoint, TreeSize, leaf_hash,
    root_at, stored_index,
};
use lianzhan_protocol::sync::Standing;
use rusqlite::{OptionalExtension, Row};

use super::error::StoreError;
use super::logs::read_node;
use super::reader::Reader;
use super::writer::{Head, StoreEvent, Writer};

/// The other branch of a log.
#[derive(Debug, Clone)]
pub struct BranchRow {
    /// The first index at which the two differ.
    pub start: u64,
    /// How much of it is here.
    pub size: TreeSize,
    /// Root over that.
    pub root: Hash,
    /// A signed note over it, or beyond it while it is incomplete.
    pub checkpoint: String,
    /// The size that the note states.
    pub checkpoint_size: TreeSize,
}

/// An entry of a branch that does not stand.
#[derive(Debug, Clone)]
pub struct LeftEntry {
    /// Its log.
    pub log: i64,
    /// Its place.
    pub index: u64,
    /// Its bytes.
    pub entry: Vec<u8>,
    /// Its payload.
    pub payload: Vec<u8>,
}

/// An entry and its payload.
type Stored = (Vec<u8>, Option<Vec<u8>>);

/// Stored tree nodes with their places.
type Nodes = Vec<(u64, Hash)>;

/// A piece of another branch, verified.
pub struct BranchPiece {
    /// The first index at which the two branches differ.
    pub start: u64,
    /// Entries from where the branch held ends, with their payloads.
    pub entries: Vec<Stored>,
    /// The tree with them.
    pub frontier: Frontier,
    /// Stored nodes that they add.
    pub nodes: Vec<(u64, Hash)>,
    /// The signed note that they lead to.
    pub checkpoint: SignedCheckpoint,
}

fn read_branch(row: &Row<'_>) -> rusqlite::Result<BranchRow> {
    Ok(BranchRow {
        start: row.get(0)?,
        size: TreeSize(row.get(1)?),
        root: Hash(row.get(2)?),
        checkpoint: row.get(3)?,
        checkpoint_size: TreeSize(row.get(4)?),
    })
}

const BRANCH: &str = "SELECT start, size, root, checkpoint, checkpoint_size FROM branches WHERE log = ?";

impl Reader<'_> {
    /// The other branch of a log, if one is held.
    pub fn branch(&self, log: i64) -> Result<Option<BranchRow>, StoreError> {
        Ok(self
            .tx
            .prepare_cached(BRANCH)?
            .query_row([log], read_branch)
            .optional()?)
    }

    /// A stored tree node of the other branch.
    pub fn branch_node(&self, log: i64, start: u64, idx: u64) -> Option<Hash> {
        if idx < stored_index(0, start) {
            return read_node(self.tx, log, idx);
        }
        self.tx
            .prepare_cached("SELECT hash FROM branch_nodes WHERE log = ? AND idx = ?")
            .and_then(|mut select| select.query_row((log, idx), |row| row.get(0)).optional())
            .ok()
            .flatten()
            .map(Hash)
    }

    /// The tree of the other branch at `size`.
    pub fn branch_frontier(&self, log: i64, start: u64, size: TreeSize) -> Result<Frontier, StoreError> {
        Frontier::load(size, |idx| self.branch_node(log, start, idx))
            .map_err(|error| StoreError::Corrupt(format!("branch: {error}")))
    }

    /// Receipts that stand in the entries of the other branch and fit its tree.
    pub fn branch_receipts(&self, log: i64, start: u64, size: TreeSize) -> Result<Vec<Receipt>, StoreError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT payload FROM branch_entries WHERE log = ? AND payload IS NOT NULL")?;
        let payloads = select.query_map([log], |row| row.get::<_, Vec<u8>>(0))?;
        let mut receipts = Vec::new();
        for payload in payloads {
            if let Ok(LogStatement::Receipt(receipt)) = LogStatement::parse(&payload?)
                && receipt.size <= size
                && root_at(receipt.size, |idx| self.branch_node(log, start, idx)).ok() == Some(receipt.root)
            {
                receipts.push(receipt);
            }
        }
        Ok(receipts)
    }

    /// Proofs of equivocation held, by the log they are about.
    pub fn forks(&self) -> Result<Vec<(String, Equivocation)>, StoreError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT origin, proof FROM forks ORDER BY origin, digest")?;
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)))?;
        let mut forks = Vec::new();
        for row in rows {
            let (origin, bytes) = row?;
            let proof = codec::decode(&bytes, lianzhan_protocol::log::STATEMENT_MAX)
                .map_err(|error| StoreError::Corrupt(format!("proof of equivocation: {error}")))?;
            forks.push((origin, proof));
        }
        Ok(forks)
    }

    /// Changes on branches that do not stand and that nobody signed anew.
    pub fn left_behind(&self) -> Result<Vec<LeftEntry>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT log, idx, entry, payload FROM branch_entries WHERE anew = 0 AND payload IS NOT NULL ORDER BY log, idx",
        )?;
        let rows = select.query_map([], |row| {
            Ok(LeftEntry {
                log: row.get(0)?,
                index: row.get(1)?,
                entry: row.get(2)?,
                payload: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether a change stands in a log held.
    pub fn stands(&self, log: i64, change: &ChangeId) -> Result<bool, StoreError> {
        Ok(self
            .tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM entries WHERE log = ? AND change = ?)")?
            .query_row((log, change.0), |row| row.get(0))?)
    }

    /// Logs that are proved to say two things and of which the other branch is not here.
    pub fn forks_without_branch(&self) -> Result<Vec<Origin>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT DISTINCT f.origin FROM forks f JOIN logs l ON l.origin = f.origin
             WHERE NOT EXISTS (SELECT 1 FROM branches b WHERE b.log = l.id)",
        )?;
        let rows = select.query_map([], |row| row.get::<_, String>(0))?;
        let mut origins = Vec::new();
        for row in rows {
            origins.extend(Origin::parse(&row?).ok());
        }
        Ok(origins)
    }
}

impl Writer<'_> {
    /// Keeps a piece of another branch, if it begins where the branch held ends. Returns how much of it is held now.
    pub fn keep_branch(&mut self, origin: &Origin, piece: BranchPiece) -> Result<TreeSize, StoreError> {
        let id = self.head(origin)?.id;
        let held = self
            .tx
            .prepare_cached(BRANCH)?
            .query_row([id], read_branch)
            .optional()?;
        let from = held.as_ref().map_or(piece.start, |branch| branch.size.0);
        let size = piece.frontier.size();
        if held.as_ref().is_some_and(|branch| branch.start != piece.start)
            || from + piece.entries.len() as u64 != size.0
        {
            return Ok(TreeSize(from));
        }
        let mut insert = self
            .tx
            .prepare_cached("INSERT INTO branch_entries (log, idx, entry, payload) VALUES (?,?,?,?)")?;
        for (index, (entry, payload)) in (from..).zip(&piece.entries) {
            insert.execute((id, index, entry, payload))?;
        }
        self.put_branch_nodes(id, &piece.nodes)?;
        self.tx.execute(
            "INSERT OR REPLACE INTO branches (log, start, size, root, checkpoint, checkpoint_size) VALUES (?,?,?,?,?,?)",
            (
                id,
                piece.start,
                size.0,
                piece.frontier.root().0,
                piece.checkpoint.note().to_string(),
                piece.checkpoint.checkpoint().size.0,
            ),
        )?;
        Ok(size)
    }

    fn put_branch_nodes(&self, log: i64, nodes: &[(u64, Hash)]) -> Result<(), StoreError> {
        let mut insert = self
            .tx
            .prepare_cached("INSERT INTO branch_nodes (log, idx, hash) VALUES (?,?,?)")?;
        for (idx, hash) in nodes {
            insert.execute((log, idx, hash.0))?;
        }
        Ok(())
    }

    /// Keeps a proof of equivocation. Returns whether it is the first about its log.
    pub fn keep_fork(&mut self, proof: &Equivocation) -> Result<bool, StoreError> {
        let origin = proof.origin();
        let bytes = codec::encode(proof);
        let known: bool = self
            .tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM forks WHERE origin = ?)")?
            .query_row([origin.as_str()], |row| row.get(0))?;
        self.tx.execute(
            "INSERT OR IGNORE INTO forks (origin, digest, proof, found) VALUES (?,?,?,?)",
            (
                origin.as_str(),
                Hash::plain(&bytes).0,
                &bytes,
                crate::env::now().0,
            ),
        )?;
        if !known {
            self.raise_alarm(
                "fork",
                origin.as_str(),
                "this log says two things: two of its checkpoints, signed with the key of its node, do not fit together",
            )?;
        }
        if let Ok(head) = self.head(&origin) {
            let space = head.space;
            self.events.push(StoreEvent::ForkKnown { space, origin });
        }
        Ok(!known)
    }

    /// An entry of a branch that does not stand was signed anew.
    pub fn signed_anew(&mut self, log: i64, index: u64) -> Result<(), StoreError> {
        self.tx.execute(
            "UPDATE branch_entries SET anew = 1 WHERE log = ? AND idx = ?",
            (log, index),
        )?;
        Ok(())
    }

    /// The other branch stands from now on; the one that stood is kept in its place. Records of both are marked.
    pub fn switch_branch(&mut self, origin: &Origin) -> Result<(), StoreError> {
        let head = self.head(origin)?.clone();
        let start = self.log_start(head.id)?;
        let branch = self
            .tx
            .prepare_cached(BRANCH)?
            .query_row([head.id], read_branch)?;
        let checkpoint = SignedCheckpoint::verify(&branch.checkpoint, &start.node, origin)
            .map_err(|error| StoreError::Corrupt(format!("branch of {origin}: {error}")))?;
        let (theirs, their_nodes) = self.take_branch(head.id)?;
        let stood = self.take_tail(&head, origin, branch.start)?;
        let common = Frontier::load(TreeSize(branch.start), |idx| self.node(head.id, idx))
            .map_err(|error| StoreError::Corrupt(format!("log {origin}: {error}")))?;
        let mut frontier = common.clone();
        let mut entries = Vec::with_capacity(theirs.len());
        for (bytes, payload) in theirs {
            let entry = Entry::parse(&bytes)
                .and_then(Entry::verify)
                .map_err(|error| StoreError::Corrupt(format!("branch of {origin}: {error}")))?;
            frontier.push(leaf_hash(&bytes));
            entries.push((entry, payload));
        }
        if frontier.root() != branch.root {
            return Err(StoreError::Corrupt(format!(
                "branch of {origin}: its root is another"
            )));
        }
        self.staged.insert(
            origin.clone(),
            Head {
                frontier: common,
                ..head.clone()
            },
        );
        self.append(origin, entries, their_nodes, frontier.clone(), Some(&checkpoint))?;
        self.keep_branch(origin, stood)?;
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

    /// Takes the other branch out of its tables.
    fn take_branch(&self, log: i64) -> Result<(Vec<Stored>, Nodes), StoreError> {
        let entries = self
            .tx
            .prepare_cached("SELECT entry, payload FROM branch_entries WHERE log = ? ORDER BY idx")?
            .query_map([log], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let nodes = self
            .tx
            .prepare_cached("SELECT idx, hash FROM branch_nodes WHERE log = ? ORDER BY idx")?
            .query_map([log], |row| Ok((row.get(0)?, Hash(row.get(1)?))))?
            .collect::<Result<_, _>>()?;
        for table in ["branches", "branch_entries", "branch_nodes"] {
            self.tx
                .execute(&format!("DELETE FROM {table} WHERE log = ?"), [log])?;
        }
        Ok((entries, nodes))
    }

    /// Takes entries, nodes and receipts from `start` on out of a log, as a branch.
    fn take_tail(&mut self, head: &Head, origin: &Origin, start: u64) -> Result<BranchPiece, StoreError> {
        let (note, node): (String, lianzhan_protocol::keys::PublicKey) = {
            let node = self.log_start(head.id)?.node;
            let note = self
                .tx
                .query_row("SELECT checkpoint FROM logs WHERE id = ?", [head.id], |row| {
                    row.get(0)
                })?;
            (note, node)
        };
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
        let nodes: Vec<(u64, Hash)> = self
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
        self.tx.execute(
            "DELETE FROM receipts WHERE log = ? AND size > ?",
            (head.id, start),
        )?;
        Ok(BranchPiece {
            start,
            entries: rows.into_iter().map(|(stored, _)| stored).collect(),
            frontier: head.frontier.clone(),
            nodes,
            checkpoint: SignedCheckpoint::verify(&note, &node, origin)
                .map_err(|error| StoreError::Corrupt(format!("checkpoint of {origin}: {error}")))?,
        })
    }
}
