//! When other nodes were last heard of, and what is read of all logs at once for the picture of the federation.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Place;

use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{Entry, Origin, TreeSize};
use lianzhan_protocol::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

use super::error::StoreError;
use super::logs::{LOG_COLUMNS, LogRow};
use super::reader::Reader;
use super::writer::{StoreEvent, Writer};

/// Most nodes that others may tell of: more than any org has below it.
const TOLD_MAX: u64 = 65_536;

/// Until when this process is known to have run, milliseconds since 1970.
const ALIVE: &str = "alive";

/// When a node was last heard of, as one teller has it: what it says later takes the place of what it said before, and what
/// others say stands beside it.
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

/// What is known of each node, by its key, from all that was told of it. One who has a session with it knows better than those
/// who have none any more; else who heard of it last does.
pub fn settled(rows: impl IntoIterator<Item = NeighbourRow>) -> Vec<NeighbourRow> {
    let rank = |row: &NeighbourRow| (row.connected, row.at, row.teller.is_none());
    let mut known: BTreeMap<PublicKey, NeighbourRow> = BTreeMap::new();
    for mut row in rows {
        match known.entry(row.node) {
            Place::Vacant(place) => drop(place.insert(row)),
            Place::Occupied(mut place) => {
                let best = place.get_mut();
                let at = best.at.max(row.at);
                if rank(&row) > rank(best) {
                    std::mem::swap(best, &mut row);
                }
                best.at = at;
                best.software = best.software.take().or(row.software);
            }
        }
    }
    known.into_values().collect()
}

/// No session is open yet when a node starts, and who told of others is not heard either. Those that were open lasted until
/// this node last said that it runs, at least.
pub(super) fn forget_sessions(connection: &Connection) -> Result<(), StoreError> {
    let alive: Option<Vec<u8>> = connection
        .query_row("SELECT value FROM meta WHERE key = ?", [ALIVE], |row| row.get(0))
        .optional()?;
    let alive = alive.and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
    connection.execute(
        "UPDATE neighbours SET connected = 0, at = max(at, ?) WHERE connected = 1",
        [alive.map_or(0, i64::from_be_bytes)],
    )?;
    Ok(())
}

/// None where a key is none that this program knows.
fn read(row: &Row<'_>) -> rusqlite::Result<Option<NeighbourRow>> {
    let key = |bytes: [u8; 32]| PublicKey::from_ed25519(bytes).ok();
    let teller: Vec<u8> = row.get(1)?;
    let teller = match <[u8; 32]>::try_from(teller) {
        Ok(bytes) => Some(key(bytes)),
        Err(_) => None,
    };
    let (Some(node), false) = (key(row.get(0)?), teller == Some(None)) else {
        return Ok(None);
    };
    Ok(Some(NeighbourRow {
        node,
        teller: teller.flatten(),
        at: Timestamp(row.get(2)?),
        connected: row.get(3)?,
        software: row.get(4)?,
    }))
}

impl Reader<'_> {
    /// When each node was last heard of, as each teller has it.
    pub fn neighbours(&self) -> Result<Vec<NeighbourRow>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT node, teller, at, connected, software FROM neighbours ORDER BY node, teller",
        )?;
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
    /// Takes note of what each teller says now of nodes: it is newer than what it said before, whatever their clocks say. When
    /// one was heard of does not go back for it, and not beyond `now`.
    pub fn keep_neighbours(&mut self, rows: Vec<NeighbourRow>, now: Timestamp) -> Result<(), StoreError> {
        let count: u64 = self
            .tx
            .prepare_cached("SELECT count(*) FROM neighbours")?
            .query_row([], |row| row.get(0))?;
        let full = count.saturating_add(rows.len() as u64) > TOLD_MAX;
        let mut news = Vec::with_capacity(rows.len());
        for row in rows {
            let before = self.neighbour(&row.node)?;
            self.keep_neighbour(&row, full, now)?;
            let Some(after) = self.neighbour(&row.node)? else {
                continue;
            };
            // Of who is still connected it is no news that it was heard of.
            let same = |before: &NeighbourRow| {
                before.connected == after.connected
                    && before.software == after.software
                    && (after.connected || before.at == after.at)
            };
            if !before.as_ref().is_some_and(same) {
                news.push(after);
            }
        }
        if !news.is_empty() {
            self.events.push(StoreEvent::Seen(news));
        }
        Ok(())
    }

    fn keep_neighbour(&mut self, row: &NeighbourRow, full: bool, now: Timestamp) -> Result<(), StoreError> {
        let teller: &[u8] = row.teller.as_ref().map_or(&[], |key| key.ed25519_bytes());
        let known = self
            .tx
            .prepare_cached(
                "UPDATE neighbours SET at = max(min(at, ?6), ?3), connected = ?4, software = coalesce(?5, software)
                 WHERE node = ?1 AND teller = ?2",
            )?
            .execute((
                row.node.ed25519_bytes(),
                teller,
                row.at.0,
                row.connected,
                &row.software,
                now.0,
            ))?;
        if known > 0 || (full && row.teller.is_some()) {
            return Ok(());
        }
        self.tx
            .prepare_cached(
                "INSERT INTO neighbours (node, teller, at, connected, software) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((
                row.node.ed25519_bytes(),
                teller,
                row.at.0,
                row.connected,
                &row.software,
            ))?;
        Ok(())
    }

    /// What is known of a node.
    fn neighbour(&self, node: &PublicKey) -> Result<Option<NeighbourRow>, StoreError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT node, teller, at, connected, software FROM neighbours WHERE node = ?1")?;
        let rows = select.query_map([node.ed25519_bytes()], read)?;
        let rows: Vec<NeighbourRow> = rows.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        Ok(settled(rows).pop())
    }

    /// What is known of each node, with all that was noted until now.
    pub fn neighbours(&self) -> Result<Vec<NeighbourRow>, StoreError> {
        Ok(settled(Reader::new(self.tx).neighbours()?))
    }

    /// The last session with a node ended, which was last heard of at `at`: what it told of others is as old as that.
    pub fn part(&mut self, node: &PublicKey, at: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT node, teller, at, connected, software FROM neighbours
             WHERE connected = 1 AND (teller = ?1 OR (node = ?1 AND teller = x''))",
        )?;
        let rows = select.query_map([node.ed25519_bytes()], read)?;
        let mut rows: Vec<NeighbourRow> = rows.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        drop(select);
        for row in &mut rows {
            (row.at, row.connected) = (at, false);
        }
        self.keep_neighbours(rows, now)
    }

    /// Takes note that this node runs, where it would be asked until when it did: while a session is open.
    pub fn alive(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let connected: bool = self
            .tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM neighbours WHERE connected = 1)")?
            .query_row([], |row| row.get(0))?;
        match connected {
            true => self.put_meta(ALIVE, &now.0.to_be_bytes()),
            false => Ok(()),
        }
    }
}
