//! When other nodes were last heard of, and what is read of all logs at once for the picture of the federation.

use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{Entry, Origin, TreeSize};
use lianzhan_protocol::time::Timestamp;
use rusqlite::{Connection, Row};

use super::error::StoreError;
use super::logs::{LOG_COLUMNS, LogRow};
use super::reader::Reader;
use super::writer::{StoreEvent, Writer};

/// Most nodes that others may tell of: more than any org has below it.
const TOLD_MAX: u64 = 65_536;

/// When a node was last heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeighbourRow {
    /// The node.
    pub node: PublicKey,
    /// The node that told of it; none where this node spoke with it.
    pub teller: Option<PublicKey>,
    /// When.
    pub at: Timestamp,
    /// Whether a session with it was open then, and none is known to have ended since.
    pub connected: bool,
    /// What it said that it runs.
    pub software: Option<String>,
}

/// A log in the picture of the federation.
#[derive(Debug, Clone)]
pub struct LogGlance {
    /// The node that writes it.
    pub node: PublicKey,
    /// The org that it serves.
    pub org: OrgId,
    /// The log.
    pub origin: Origin,
    /// Entries held.
    pub size: TreeSize,
    /// Entries that its newest signed checkpoint held here speaks of.
    pub signed: TreeSize,
    /// Whether nothing more is taken in of it.
    pub halted: bool,
    /// Its newest receipt: when, and by which key.
    pub receipt: Option<(Timestamp, [u8; 32])>,
    /// When its last entry was recorded, by the author's clock.
    pub newest: Option<Timestamp>,
}

/// What this node cosigned of a log.
#[derive(Debug, Clone)]
pub struct WitnessedGlance {
    /// The log.
    pub origin: String,
    /// The key of its node.
    pub node: [u8; 32],
    /// How much of it.
    pub size: TreeSize,
    /// When.
    pub at: Timestamp,
}

/// No session is open yet when a node starts, and who told of others is not heard either.
pub(super) fn forget_sessions(connection: &Connection) -> Result<(), StoreError> {
    connection.execute("UPDATE neighbours SET connected = 0 WHERE connected = 1", [])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Option<NeighbourRow>> {
    let teller: Option<[u8; 32]> = row.get(1)?;
    let Ok(node) = PublicKey::from_ed25519(row.get(0)?) else {
        return Ok(None);
    };
    Ok(Some(NeighbourRow {
        node,
        teller: teller.and_then(|key| PublicKey::from_ed25519(key).ok()),
        at: Timestamp(row.get(2)?),
        connected: row.get(3)?,
        software: row.get(4)?,
    }))
}

impl Reader<'_> {
    /// When each node was last heard of.
    pub fn neighbours(&self) -> Result<Vec<NeighbourRow>, StoreError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT node, teller, at, connected, software FROM neighbours ORDER BY node")?;
        let rows = select.query_map([], read)?;
        Ok(rows.filter_map(Result::transpose).collect::<Result<_, _>>()?)
    }

    /// Every log held, in one pass.
    pub fn glance(&self) -> Result<Vec<LogGlance>, StoreError> {
        let mut select = self.tx.prepare_cached(&format!(
            "SELECT {LOG_COLUMNS},
                 (SELECT time_s FROM receipts r WHERE r.log = l.id ORDER BY size DESC, witness DESC LIMIT 1),
                 (SELECT witness FROM receipts r WHERE r.log = l.id ORDER BY size DESC, witness DESC LIMIT 1),
                 (SELECT entry FROM entries e WHERE e.log = l.id AND e.idx = l.size - 1)
             FROM logs l ORDER BY id"
        ))?;
        let rows = select.query_map([], |row| {
            let (time_s, witness): (Option<u64>, Option<[u8; 32]>) = (row.get(12)?, row.get(13)?);
            let last: Option<Vec<u8>> = row.get(14)?;
            Ok(LogRow::read(row)?.map(|log| LogGlance {
                node: log.start.node,
                org: log.org(),
                size: log.size,
                signed: log.checkpoint_size.max(log.size),
                halted: log.halted.is_some(),
                receipt: time_s.map(Timestamp::from_seconds).zip(witness),
                newest: last
                    .and_then(|bytes| Entry::parse(&bytes).ok())
                    .map(|entry| entry.header().recorded),
                origin: log.origin,
            }))
        })?;
        rows.map(|row| row?).collect()
    }

    /// What this node last cosigned of each log, also of those that it does not hold.
    pub fn witnessed_glance(&self) -> Result<Vec<WitnessedGlance>, StoreError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT origin, node, size, time_s FROM witnessed")?;
        let rows = select.query_map([], |row| {
            Ok(WitnessedGlance {
                origin: row.get(0)?,
                node: row.get(1)?,
                size: TreeSize(row.get(2)?),
                at: Timestamp::from_seconds(row.get(3)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writer<'_> {
    /// Takes note of when nodes were heard of: of what is known of each the newest stays.
    pub fn keep_neighbours(&mut self, rows: Vec<NeighbourRow>) -> Result<(), StoreError> {
        let count = |tx: &rusqlite::Transaction<'_>| -> rusqlite::Result<u64> {
            tx.prepare_cached("SELECT count(*) FROM neighbours")?
                .query_row([], |row| row.get(0))
        };
        let full = count(self.tx)?.saturating_add(rows.len() as u64) > TOLD_MAX;
        let mut kept = Vec::with_capacity(rows.len());
        for row in rows {
            if full && row.teller.is_some() {
                continue;
            }
            let changed = self
                .tx
                .prepare_cached(
                    "INSERT INTO neighbours (node, teller, at, connected, software) VALUES (?1,?2,?3,?4,?5)
                     ON CONFLICT (node) DO UPDATE SET teller = ?2, at = ?3, connected = ?4,
                         software = coalesce(?5, software)
                     WHERE ?3 > at OR (?3 = at AND (teller IS ?2 OR ?2 IS NULL))",
                )?
                .execute((
                    row.node.ed25519_bytes(),
                    row.teller.as_ref().map(PublicKey::ed25519_bytes),
                    row.at.0,
                    row.connected,
                    &row.software,
                ))?;
            if changed > 0 {
                kept.push(row);
            }
        }
        if !kept.is_empty() {
            self.events.push(StoreEvent::Seen(kept));
        }
        Ok(())
    }

    /// The last session with a node ended: what it told of others is as old as that.
    pub fn part(&mut self, node: &PublicKey, at: Timestamp) -> Result<(), StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT node, teller, at, connected, software FROM neighbours
             WHERE connected = 1 AND (teller = ?1 OR (node = ?1 AND teller IS NULL))",
        )?;
        let rows = select.query_map([node.ed25519_bytes()], read)?;
        let mut rows: Vec<NeighbourRow> = rows.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        drop(select);
        for row in &mut rows {
            (row.at, row.connected) = (at.max(row.at), false);
        }
        self.keep_neighbours(rows)
    }
}
