//! Reading logs: at start, and for proofs.

use std::collections::BTreeMap;

use lianzhan_protocol::codec;
use lianzhan_protocol::id::{Hash, OrgId, SpaceId};
use lianzhan_protocol::keys::{PublicKey, Signature};
use lianzhan_protocol::log::{
    ENTRY_MAX, Frontier, LogStart, Origin, Receipt, STATEMENT_MAX, SignedCheckpoint, SignedRoot, TreeSize,
    root_at,
};
use lianzhan_protocol::sync::Standing;
use rusqlite::{Connection, OptionalExtension, Row};

use super::append::Signer;
use super::error::StoreError;
use super::highwater::HighWater;
use super::writer::{Head, StoreEvent, Writer};

/// A log as stored.
#[derive(Debug, Clone)]
pub struct LogRow {
    /// Row id.
    pub id: i64,
    /// Its origin.
    pub origin: Origin,
    /// Its first entry's statement.
    pub start: LogStart,
    /// Whether this node writes it.
    pub own: bool,
    /// Entries stored.
    pub size: TreeSize,
    /// Root over them.
    pub root: Hash,
    /// The newest signed checkpoint note.
    pub checkpoint: String,
    /// Its size; of a foreign log it may lie beyond what is stored.
    pub checkpoint_size: TreeSize,
    /// Why it is halted.
    pub halted: Option<String>,
    /// Of a log that this node wrote in an earlier epoch.
    pub closed: Option<Closed>,
}

/// A log that this node wrote in an earlier epoch: written no more, and taken in from others like anybody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Why.
    pub reason: String,
    /// The last that this node is known to have signed of it. What lies beyond the entries held is a declared gap.
    pub signed: Standing,
}

/// The last checkpoint that this node cosigned of an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastWitnessed {
    /// Key of the node that signed it.
    pub node: [u8; 32],
    /// Its size.
    pub size: TreeSize,
    /// Its root.
    pub root: Hash,
    /// When, seconds since 1970.
    pub time_s: u64,
    /// Whether an earlier witness key of this node did.
    pub past: bool,
    /// The log's own signature over it, if it was kept.
    pub signature: Option<Signature>,
}

/// Column list for [`LogRow::read`].
pub(super) const LOG_COLUMNS: &str = "id, origin, start, own, size, root, checkpoint, checkpoint_size, halted, closed, signed_size, signed_root";

impl LogRow {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Result<Self, StoreError>> {
        let origin: String = row.get(1)?;
        let start: Vec<u8> = row.get(2)?;
        let (id, own, size) = (row.get(0)?, row.get(3)?, TreeSize(row.get(4)?));
        let (root, checkpoint) = (Hash(row.get(5)?), row.get(6)?);
        let (checkpoint_size, halted) = (TreeSize(row.get(7)?), row.get(8)?);
        let signed = |size: u64, root: [u8; 32]| Standing {
            size: TreeSize(size),
            root: Hash(root),
        };
        let closed = match (row.get::<_, Option<String>>(9)?, row.get(10)?, row.get(11)?) {
            (Some(reason), Some(size), Some(root)) => Some(Closed {
                reason,
                signed: signed(size, root),
            }),
            _ => None,
        };
        let parsed = Origin::parse(&origin)
            .ok()
            .zip(codec::decode(&start, STATEMENT_MAX).ok())
            .ok_or_else(|| StoreError::Corrupt(format!("log {origin}")));
        Ok(parsed.map(|(origin, start)| LogRow {
            id,
            origin,
            start,
            own,
            size,
            root,
            checkpoint,
            checkpoint_size,
            halted,
            closed,
        }))
    }

    /// Whether this node writes it, or wrote it before it was closed.
    pub fn is_ours(&self) -> bool {
        self.own || self.closed.is_some()
    }

    /// The id of its space.
    pub fn space(&self) -> SpaceId {
        self.start.space.id()
    }

    /// The org whose node writes it.
    pub fn org(&self) -> OrgId {
        self.start.org
    }
}

pub(super) fn read_node(connection: &Connection, log: i64, idx: u64) -> Option<Hash> {
    connection
        .prepare_cached("SELECT hash FROM nodes WHERE log = ? AND idx = ?")
        .and_then(|mut select| select.query_row((log, idx), |row| row.get(0)).optional())
        .ok()
        .flatten()
        .map(Hash)
}

pub(super) fn read_logs(connection: &Connection) -> Result<Vec<LogRow>, StoreError> {
    let mut select = connection.prepare_cached(&format!("SELECT {LOG_COLUMNS} FROM logs ORDER BY id"))?;
    select.query_map([], LogRow::read)?.map(|row| row?).collect()
}

/// Re-hashes the right edge of each log from its stored nodes and entries. What does not agree is halted, with words.
pub(super) fn load_heads(
    connection: &mut Connection,
    high_water: &HighWater,
    signer: &dyn Signer,
) -> Result<BTreeMap<Origin, Head>, StoreError> {
    let logs = read_logs(connection)?;
    let own_logs = logs.iter().any(|log| log.own);
    let mut heads = BTreeMap::new();
    let mut halts = Vec::new();
    let mut closes = Vec::new();
    for log in logs {
        let frontier = Frontier::load(log.size, |idx| read_node(connection, log.id, idx)).ok();
        let (mut halted, mut own) = (log.halted.clone(), log.own);
        if halted.is_none() {
            match doubt(connection, &log, frontier.as_ref(), high_water, own_logs, signer) {
                Some(Doubt::Damaged(reason)) => {
                    halts.push((log.id, log.origin.clone(), reason.clone()));
                    halted = Some(reason);
                }
                Some(Doubt::OldCopy(closed)) => {
                    own = false;
                    closes.push((log.id, log.origin.clone(), closed, true));
                }
                Some(Doubt::OtherKey(closed)) => {
                    own = false;
                    closes.push((log.id, log.origin.clone(), closed, false));
                }
                None => {}
            }
        }
        let frontier = frontier.unwrap_or_default();
        heads.insert(
            log.origin.clone(),
            Head {
                id: log.id,
                space: log.space(),
                own,
                ours: log.is_ours(),
                halted,
                frontier,
            },
        );
    }
    let transaction = connection.transaction()?;
    for (id, origin, reason) in halts {
        tracing::error!(%origin, reason, "log halted at start");
        halt(&transaction, id, &origin, &reason)?;
    }
    for (id, origin, closed, alarming) in closes {
        close(&transaction, id, &closed)?;
        if alarming {
            tracing::warn!(%origin, reason = closed.reason, "log closed at start; a new one goes on");
            insert_alarm(&transaction, "new_epoch", origin.as_str(), &closed.reason)?;
        }
    }
    transaction.commit()?;
    Ok(heads)
}

/// Why a log cannot be gone on with as it stands.
enum Doubt {
    /// What is stored does not agree with itself: nothing more is written or accepted.
    Damaged(String),
    /// More was signed than is here, or that cannot be told: this node goes on in a new log, and takes back what others
    /// hold.
    OldCopy(Closed),
    /// The node has another key since: it is whole, and ends here.
    OtherKey(Closed),
}

/// Why a log cannot be trusted as it stands, if so.
fn doubt(
    connection: &Connection,
    log: &LogRow,
    frontier: Option<&Frontier>,
    high_water: &HighWater,
    own_logs: bool,
    signer: &dyn Signer,
) -> Option<Doubt> {
    let damaged = |what: &str| Some(Doubt::Damaged(what.into()));
    let Some(frontier) = frontier else {
        return damaged("stored tree nodes are missing");
    };
    if frontier.root() != log.root {
        return damaged("stored tree nodes do not hash to the stored root");
    }
    if let Some(last) = log.size.0.checked_sub(1) {
        let entry: Option<Vec<u8>> = connection
            .query_row(
                "SELECT entry FROM entries WHERE log = ? AND idx = ?",
                (log.id, last),
                |row| row.get(0),
            )
            .optional()
            .ok()
            .flatten();
        let leaf = entry
            .filter(|bytes| bytes.len() <= ENTRY_MAX)
            .map(|bytes| lianzhan_protocol::log::leaf_hash(&bytes));
        let stored = read_node(connection, log.id, lianzhan_protocol::log::stored_index(0, last));
        if leaf.is_none() || leaf != stored {
            return damaged("the last stored entry is not the one in the tree");
        }
    }
    if !log.own {
        return None;
    }
    if signer.former().contains(&log.start.node) {
        let mark = high_water.marks.get(&log.origin);
        let signed = mark.filter(|(size, _)| *size > log.size);
        let (size, root) = signed.copied().unwrap_or((log.size, log.root));
        return Some(Doubt::OtherKey(Closed {
            reason: "the node's key was replaced".into(),
            signed: Standing { size, root },
        }));
    }
    if log.start.node != signer.node() {
        return damaged("it was written with another node key than the one in this directory");
    }
    match SignedCheckpoint::open(&log.checkpoint, &log.start.node, &log.origin) {
        Ok(checkpoint) if (checkpoint.size, checkpoint.root) == (log.size, log.root) => {}
        _ => return damaged("the stored checkpoint is not that of the stored entries"),
    }
    let held = Standing {
        size: log.size,
        root: log.root,
    };
    if high_water.missing && own_logs {
        return Some(Doubt::OldCopy(Closed {
            reason: "the high-water file is missing, so this copy may be an old one".into(),
            signed: held,
        }));
    }
    let (size, root) = *high_water.marks.get(&log.origin)?;
    let ours = root_at(size, |idx| read_node(connection, log.id, idx)).ok();
    (size > log.size || ours != Some(root)).then(|| {
        Doubt::OldCopy(Closed {
            reason: format!(
                "this database ends at {} entries, but {size} were signed: it is an old copy",
                log.size
            ),
            signed: Standing { size, root },
        })
    })
}

fn close(connection: &Connection, id: i64, closed: &Closed) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE logs SET own = 0, closed = ?2, signed_size = ?3, signed_root = ?4 WHERE id = ?1",
        (id, &closed.reason, closed.signed.size.0, closed.signed.root.0),
    )?;
    Ok(())
}

fn halt(connection: &Connection, id: i64, origin: &Origin, reason: &str) -> Result<(), StoreError> {
    connection.execute("UPDATE logs SET halted = ?2 WHERE id = ?1", (id, reason))?;
    insert_alarm(connection, "halted", origin.as_str(), reason)?;
    Ok(())
}

pub(super) fn insert_alarm(
    connection: &Connection,
    kind: &str,
    subject: &str,
    words: &str,
) -> Result<bool, StoreError> {
    let rows = connection.execute(
        "INSERT OR IGNORE INTO alarms (at, kind, subject, words) VALUES (?,?,?,?)",
        (crate::env::now().0, kind, subject, words),
    )?;
    Ok(rows > 0)
}

impl Writer<'_> {
    pub(super) fn log_start(&self, id: i64) -> Result<LogStart, StoreError> {
        let bytes: Vec<u8> = self
            .tx
            .prepare_cached("SELECT start FROM logs WHERE id = ?")?
            .query_row([id], |row| row.get(0))?;
        codec::decode(&bytes, STATEMENT_MAX).map_err(|error| StoreError::Corrupt(error.to_string()))
    }

    pub(super) fn node(&self, log: i64, idx: u64) -> Option<Hash> {
        read_node(self.tx, log, idx)
    }

    /// What is stored of a log.
    pub fn standing(&self, origin: &Origin) -> Result<Standing, StoreError> {
        let frontier = &self.head(origin)?.frontier;
        Ok(Standing {
            size: frontier.size(),
            root: frontier.root(),
        })
    }

    /// The root of a log's first `size` entries; `None` if it has fewer.
    pub fn root_at(&self, origin: &Origin, size: TreeSize) -> Result<Option<Hash>, StoreError> {
        let head = self.head(origin)?;
        if size > head.frontier.size() {
            return Ok(None);
        }
        let root = root_at(size, |idx| self.node(head.id, idx));
        root.map(Some)
            .map_err(|error| StoreError::Corrupt(error.to_string()))
    }

    /// The tree held of a log as its node signed it; none while that is not whole here.
    pub fn signed_tree(&self, origin: &Origin) -> Result<Option<SignedRoot>, StoreError> {
        let Ok(head) = self.head(origin) else {
            return Ok(None);
        };
        let note: String = self
            .tx
            .prepare_cached("SELECT checkpoint FROM logs WHERE id = ?")?
            .query_row([head.id], |row| row.get(0))?;
        let node = self.log_start(head.id)?.node;
        let Ok(signed) = SignedCheckpoint::verify(&note, &node, origin) else {
            return Ok(None);
        };
        let stated = signed.checkpoint();
        if stated.size != head.frontier.size() {
            return Ok(None);
        }
        Ok(signed.signed_root())
    }

    /// Reads a stored tree node of a log.
    pub fn log_node(&self, origin: &Origin, idx: u64) -> Option<Hash> {
        self.node(self.head(origin).ok()?.id, idx)
    }

    /// Writes nothing more to a log, says why, and goes on with the others.
    pub fn halt_log(&mut self, origin: &Origin, reason: &str) -> Result<(), StoreError> {
        let mut head = self.head(origin)?.clone();
        halt(self.tx, head.id, origin, reason)?;
        head.halted = Some(reason.to_owned());
        self.staged.insert(origin.clone(), head);
        self.events.push(StoreEvent::Alarm);
        Ok(())
    }

    /// Writes nothing more to an own log, because more was signed of it than is here. This node goes on in a new one.
    pub fn close_log(&mut self, origin: &Origin, reason: &str, signed: Standing) -> Result<(), StoreError> {
        let mut head = self.head(origin)?.clone();
        if !head.own {
            return Ok(());
        }
        let before = self.committed.get(origin).map(|head| head.frontier.size());
        if before != Some(head.frontier.size()) {
            // Written in this very transaction, and not signed yet: whoever wants it closed comes again.
            return Err(StoreError::Moved {
                origin: origin.clone(),
                size: head.frontier.size().0,
            });
        }
        let closed = Closed {
            reason: reason.to_owned(),
            signed,
        };
        close(self.tx, head.id, &closed)?;
        insert_alarm(self.tx, "new_epoch", origin.as_str(), &closed.reason)?;
        head.own = false;
        self.staged.insert(origin.clone(), head);
        self.events.push(StoreEvent::Alarm);
        Ok(())
    }

    /// Notes something that a person must look at. The same thing is noted once.
    pub fn raise_alarm(&mut self, kind: &str, subject: &str, words: &str) -> Result<(), StoreError> {
        if insert_alarm(self.tx, kind, subject, words)? {
            tracing::warn!(kind, subject, words, "alarm");
            self.events.push(StoreEvent::Alarm);
        }
        Ok(())
    }

    /// The last checkpoint cosigned of an origin.
    pub fn last_witnessed(&self, origin: &Origin) -> Result<Option<LastWitnessed>, StoreError> {
        Ok(self
            .tx
            .prepare_cached(
                "SELECT node, size, root, time_s, past, signature FROM witnessed WHERE origin = ?",
            )?
            .query_row([origin.as_str()], |row| {
                Ok(LastWitnessed {
                    node: row.get(0)?,
                    size: TreeSize(row.get(1)?),
                    root: Hash(row.get(2)?),
                    time_s: row.get(3)?,
                    past: row.get(4)?,
                    signature: row.get::<_, Option<[u8; 64]>>(5)?.map(Signature),
                })
            })
            .optional()?)
    }

    /// Keeps an account. The key itself lies in an age file, its appointments in the directory.
    pub fn keep_account(&mut self, login: &str, key: &PublicKey) -> Result<(), StoreError> {
        self.tx.execute(
            "INSERT INTO accounts (login, key) VALUES (?1,?2) ON CONFLICT (login) DO UPDATE SET key = ?2",
            (login, key.ed25519_bytes()),
        )?;
        Ok(())
    }

    /// Takes `count` running numbers of `key`; returns the first.
    pub fn take_numbers(&mut self, key: &str, count: u64) -> Result<u64, StoreError> {
        let last: Option<Vec<u8>> = self
            .tx
            .prepare_cached("SELECT value FROM meta WHERE key = ?")?
            .query_row([key], |row| row.get(0))
            .optional()?;
        let last = last
            .and_then(|bytes| <[u8; 8]>::try_from(bytes).ok())
            .map_or(0, u64::from_be_bytes);
        self.put_meta(key, &(last + count).to_be_bytes())?;
        Ok(last + 1)
    }

    /// Keeps a small value.
    pub fn put_meta(&mut self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.tx.execute(
            "INSERT OR REPLACE INTO meta (key, value) VALUES (?,?)",
            (key, value),
        )?;
        Ok(())
    }
}

pub(super) fn read_receipt(bytes: &[u8]) -> Result<Receipt, StoreError> {
    codec::decode(bytes, STATEMENT_MAX).map_err(|error| StoreError::Corrupt(format!("receipt: {error}")))
}
