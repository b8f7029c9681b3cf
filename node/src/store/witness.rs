//! The witness log of this node: what it cosigned, in order. Its last size stands in the high-water file like that of any
//! log that this node signs; where less is here, the witness is *retired* and cosigns nothing more with its key (design 5).

use lianzhan_protocol::id::Hash;
use lianzhan_protocol::keys::{PublicKey, Signature};
use lianzhan_protocol::log::{
    Frontier, Origin, Receipt, TreeSize, WitnessEntry, leaf_hash, root_at, witness_log_origin,
};
use rusqlite::{Connection, OptionalExtension};

use super::append::Signer;
use super::error::StoreError;
use super::highwater::HighWater;
use super::logs::{insert_alarm, read_node, read_receipt};
use super::reader::Reader;
use super::writer::{StoreEvent, Writer};

/// Small values: the random id of the witness log, and why the witness is retired, if it is.
const EPOCH: &str = "witness_epoch";
const RETIRED: &str = "witness_retired";
/// The witness key for which the witness log was begun, where it is not the node's first one.
const RENEWED_FOR: &str = "witness_renewed_for";
/// Of each witness so many receipts over the witness log are kept.
const RECEIPTS_KEPT: u64 = 8;
/// What origins of witness logs begin with.
const PREFIX: &str = "lianzhan/witness-log/";

/// The witness log as the writer knows it.
#[derive(Debug, Clone)]
pub(super) struct WitnessLog {
    pub(super) origin: Origin,
    pub(super) epoch: [u8; 16],
    pub(super) frontier: Frontier,
    /// The greatest size that is known to have been signed.
    pub(super) signed: TreeSize,
    pub(super) retired: Option<String>,
}

/// A witness log that ended with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastWitnessLog {
    /// Its origin.
    pub origin: Origin,
    /// Its random id.
    pub epoch: [u8; 16],
    /// How much of it is here.
    pub size: TreeSize,
    /// The greatest size that is known to have been signed.
    pub signed: TreeSize,
}

/// Loads the witness log and judges by the high-water file whether this node may go on with it.
pub(super) fn load(
    connection: &Connection,
    high_water: &HighWater,
    signer: &dyn Signer,
) -> Result<WitnessLog, StoreError> {
    let size: u64 = connection.query_row("SELECT count(*) FROM witness_log", [], |row| row.get(0))?;
    let epoch = match meta(connection, EPOCH)?.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()) {
        Some(epoch) => epoch,
        None => {
            // Logs of before epochs were random had this one.
            let epoch = if size > 0 { [0; 16] } else { crate::env::random() };
            put(connection, EPOCH, &epoch)?;
            epoch
        }
    };
    let frontier = Frontier::load(TreeSize(size), |idx| read_node(connection, 0, idx))
        .map_err(|error| StoreError::Corrupt(format!("witness log: {error}")))?;
    // Of a node that has another key since it cosigned: the log ends under the key that signed it.
    let of_key = |key: &PublicKey| witness_log_origin(key, &epoch);
    let former = signer.former().iter().map(of_key);
    let ended = former
        .into_iter()
        .find(|origin| high_water.marks.contains_key(origin));
    let replaced = ended.is_some();
    let origin = ended.unwrap_or_else(|| of_key(&signer.node()));
    let mark = high_water.marks.get(&origin).copied();
    let mut log = WitnessLog {
        signed: mark.map_or(frontier.size(), |(size, _)| size.max(frontier.size())),
        retired: meta(connection, RETIRED)?.map(|words| String::from_utf8_lossy(&words).into_owned()),
        origin,
        epoch,
        frontier,
    };
    if log.retired.is_none()
        && let Some(reason) = doubt(connection, &log, high_water)?
    {
        tracing::error!(origin = %log.origin, reason, "witness retired at start");
        put(connection, RETIRED, reason.as_bytes())?;
        insert_alarm(connection, "witness_retired", log.origin.as_str(), &reason)?;
        log.retired = Some(reason);
    }
    if log.retired.is_none() && replaced {
        let reason = "the node's key was replaced; `lianzhan node renew` gives the witness another key, too";
        put(connection, RETIRED, reason.as_bytes())?;
        log.retired = Some(reason.to_owned());
    }
    Ok(log)
}

/// Why more may have been cosigned than is here, if so.
fn doubt(
    connection: &Connection,
    log: &WitnessLog,
    high_water: &HighWater,
) -> Result<Option<String>, StoreError> {
    let size = log.frontier.size();
    if high_water.missing && size > TreeSize::EMPTY {
        return Ok(Some(
            "the high-water file is missing, so this copy of the witness log may be an old one".into(),
        ));
    }
    if let Some((signed, root)) = high_water.marks.get(&log.origin) {
        let ours = root_at(*signed, |idx| read_node(connection, 0, idx)).ok();
        if *signed > size || ours != Some(*root) {
            return Ok(Some(format!(
                "this database ends at {size} cosigned checkpoints, but {signed} were signed: it is an old copy"
            )));
        }
    }
    let mut past = connection.prepare("SELECT 1 FROM past_witness_logs WHERE origin = ?")?;
    for origin in high_water.marks.keys() {
        let is_other = origin.as_str().starts_with(PREFIX) && *origin != log.origin;
        if is_other && !past.exists([origin.as_str()])? {
            return Ok(Some(format!(
                "the witness log {origin} was written here and is not in this database: it is an old copy"
            )));
        }
    }
    Ok(None)
}

fn meta(connection: &Connection, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT value FROM meta WHERE key = ?")?
        .query_row([key], |row| row.get(0))
        .optional()?)
}

fn put(connection: &Connection, key: &str, value: &[u8]) -> Result<(), StoreError> {
    connection.execute(
        "INSERT OR REPLACE INTO meta (key, value) VALUES (?,?)",
        (key, value),
    )?;
    Ok(())
}

impl Writer<'_> {
    fn witness_log(&self) -> &WitnessLog {
        self.staged_witness.as_ref().unwrap_or(self.witness)
    }

    /// The origin of this node's witness log.
    pub fn witness_origin(&self) -> Origin {
        self.witness_log().origin.clone()
    }

    /// The random id of this node's witness log.
    pub fn witness_epoch(&self) -> [u8; 16] {
        self.witness_log().epoch
    }

    /// The tree of this node's witness log.
    pub fn witness_tree(&self) -> &Frontier {
        &self.witness_log().frontier
    }

    /// Why this node cosigns nothing more with its witness key, if so.
    pub fn witness_retired(&self) -> Option<String> {
        self.witness_log().retired.clone()
    }

    /// Reads a node of the witness log.
    pub fn witness_node(&self, idx: u64) -> Option<Hash> {
        self.node(0, idx)
    }

    /// Appends what was cosigned to this node's witness log and remembers it as the last of its origin. Returns its place.
    /// The log's own signature stays beside it, to prove what contradicts it.
    pub fn append_witnessed(
        &mut self,
        entry: &WitnessEntry,
        node: &PublicKey,
        signature: Option<&Signature>,
    ) -> Result<u64, StoreError> {
        let mut log = self.witness_log().clone();
        let index = log.frontier.size().0;
        let leaf = entry.leaf_bytes();
        let mut insert = self
            .tx
            .prepare_cached("INSERT INTO nodes (log, idx, hash) VALUES (0,?,?)")?;
        for (idx, hash) in log.frontier.push(leaf_hash(&leaf)) {
            insert.execute((idx, hash.0))?;
        }
        self.tx
            .prepare_cached("INSERT INTO witness_log (idx, leaf) VALUES (?,?)")?
            .execute((index, leaf))?;
        self.tx
            .prepare_cached(
                "INSERT OR REPLACE INTO witnessed (origin, node, size, root, time_s, signature) VALUES (?,?,?,?,?,?)",
            )?
            .execute((
                entry.origin.as_str(),
                node.ed25519_bytes(),
                entry.size.0,
                entry.root.0,
                entry.time_s,
                signature.map(|signature| signature.0),
            ))?;
        log.signed = log.signed.max(log.frontier.size());
        self.staged_witness = Some(log);
        Ok(index)
    }

    /// Appends an entry of freshness: the witness log about itself as it stands before this entry.
    pub fn append_freshness(&mut self, time_s: u64) -> Result<u64, StoreError> {
        let log = self.witness_log();
        let entry = WitnessEntry {
            origin: log.origin.clone(),
            size: log.frontier.size(),
            root: log.frontier.root(),
            time_s,
        };
        let index = self.append_witnessed(&entry, &self.signer.node(), None)?;
        self.events.push(StoreEvent::Fresh { origin: entry.origin });
        Ok(index)
    }

    /// Cosigns nothing more with this witness key: more was cosigned than is here.
    pub fn retire_witness(&mut self, reason: &str) -> Result<(), StoreError> {
        let mut log = self.witness_log().clone();
        if log.retired.is_none() {
            put(self.tx, RETIRED, reason.as_bytes())?;
            self.raise_alarm("witness_retired", log.origin.as_str(), reason)?;
            log.retired = Some(reason.to_owned());
            self.staged_witness = Some(log);
        }
        Ok(())
    }

    /// Begins another witness log, for another witness key, once for each key: how much of the old one is known to have been
    /// signed is written down with it, so that a renewal that is broken off loses nothing.
    pub fn renew_witness_log(&mut self, key: &PublicKey, epoch: [u8; 16]) -> Result<(), StoreError> {
        if meta(self.tx, RENEWED_FOR)?.is_some_and(|known| known == key.ed25519_bytes()) {
            return Ok(());
        }
        let old = self.witness_log().clone();
        let id: i64 = self.tx.query_row(
            "SELECT coalesce(min(id), 0) - 1 FROM past_witness_logs",
            [],
            |row| row.get(0),
        )?;
        self.tx.execute(
            "INSERT INTO past_witness_logs (id, origin, epoch, signed) VALUES (?,?,?,?)",
            (id, old.origin.as_str(), old.epoch, old.signed.0),
        )?;
        self.tx.execute(
            "INSERT INTO past_witness_entries (log, idx, leaf) SELECT ?, idx, leaf FROM witness_log",
            [id],
        )?;
        self.tx.execute("DELETE FROM witness_log", [])?;
        self.tx.execute("UPDATE nodes SET log = ? WHERE log = 0", [id])?;
        self.tx.execute("UPDATE witnessed SET past = 1", [])?;
        self.tx.execute("DELETE FROM meta WHERE key = ?", [RETIRED])?;
        put(self.tx, EPOCH, &epoch)?;
        put(self.tx, RENEWED_FOR, key.ed25519_bytes())?;
        self.staged_witness = Some(WitnessLog {
            origin: witness_log_origin(&self.signer.node(), &epoch),
            epoch,
            frontier: Frontier::new(),
            signed: TreeSize::EMPTY,
            retired: None,
        });
        Ok(())
    }

    /// Keeps a receipt over this node's own witness log; of each witness the newest few.
    pub fn keep_witness_receipt(&mut self, origin: &Origin, receipt: &Receipt) -> Result<(), StoreError> {
        let witness = receipt.witness.ed25519_bytes();
        self.tx.execute(
            "INSERT OR REPLACE INTO witness_receipts (origin, size, witness, time_s, receipt) VALUES (?,?,?,?,?)",
            (
                origin.as_str(),
                receipt.size.0,
                witness,
                receipt.time_s,
                lianzhan_protocol::codec::encode(receipt),
            ),
        )?;
        self.tx.execute(
            "DELETE FROM witness_receipts WHERE origin = ?1 AND witness = ?2 AND size NOT IN
             (SELECT size FROM witness_receipts WHERE origin = ?1 AND witness = ?2 ORDER BY size DESC LIMIT ?3)",
            (origin.as_str(), witness, RECEIPTS_KEPT),
        )?;
        Ok(())
    }

    /// The newest receipt of each witness key over a log that is held here.
    pub fn newest_receipts(&self, origin: &Origin) -> Result<Vec<Receipt>, StoreError> {
        match self.head(origin) {
            Ok(head) => newest_receipts(self.tx, head.id),
            Err(_) => Ok(Vec::new()),
        }
    }
}

fn newest_receipts(connection: &Connection, log: i64) -> Result<Vec<Receipt>, StoreError> {
    let mut select = connection.prepare_cached(
        "SELECT receipt FROM receipts r WHERE log = ?1
         AND size = (SELECT max(size) FROM receipts WHERE log = ?1 AND witness = r.witness)",
    )?;
    let rows = select.query_map([log], |row| row.get::<_, Vec<u8>>(0))?;
    rows.map(|bytes| read_receipt(&bytes?)).collect()
}

impl Reader<'_> {
    /// The random id of the witness log.
    pub fn witness_epoch(&self) -> Result<[u8; 16], StoreError> {
        meta(self.tx, EPOCH)?
            .and_then(|bytes| <[u8; 16]>::try_from(bytes).ok())
            .ok_or_else(|| StoreError::Corrupt("the witness log has no id".into()))
    }

    /// Why this node cosigns nothing more with its witness key, if so.
    pub fn witness_retired(&self) -> Result<Option<String>, StoreError> {
        Ok(meta(self.tx, RETIRED)?.map(|words| String::from_utf8_lossy(&words).into_owned()))
    }

    /// The witness logs of this node that ended with their keys, the last one first.
    pub fn past_witness_logs(&self) -> Result<Vec<PastWitnessLog>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT origin, epoch, (SELECT count(*) FROM past_witness_entries e WHERE e.log = p.id), signed
             FROM past_witness_logs p ORDER BY id",
        )?;
        let rows = select.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
        rows.map(|row| {
            let (origin, epoch, size, signed) = row?;
            let origin = Origin::parse(&origin)
                .map_err(|error| StoreError::Corrupt(format!("a past witness log: {error}")))?;
            Ok(PastWitnessLog {
                origin,
                epoch,
                size: TreeSize(size),
                signed: TreeSize(signed),
            })
        })
        .collect()
    }

    /// The newest receipt of each witness key over a log.
    pub fn newest_receipts(&self, log: i64) -> Result<Vec<Receipt>, StoreError> {
        newest_receipts(self.tx, log)
    }

    /// Receipts over this node's own witness log, newest first.
    pub fn witness_receipts(&self, origin: &Origin) -> Result<Vec<Receipt>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT receipt FROM witness_receipts WHERE origin = ? ORDER BY size DESC, time_s DESC, witness",
        )?;
        let rows = select.query_map([origin.as_str()], |row| row.get::<_, Vec<u8>>(0))?;
        rows.map(|bytes| read_receipt(&bytes?)).collect()
    }

    /// When the last entry of freshness was written, seconds since 1970.
    pub fn fresh_s(&self, origin: &Origin) -> Result<Option<u64>, StoreError> {
        Ok(self
            .tx
            .prepare_cached("SELECT time_s FROM witnessed WHERE origin = ?")?
            .query_row([origin.as_str()], |row| row.get(0))
            .optional()?)
    }
}
