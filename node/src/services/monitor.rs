//! What a node publishes of its own logs to whoever watches it: checkpoints, and proofs that each extends the one before.
//! Sizes, roots and opaque origins alone: nothing of what a log says, and nothing of logs that others write.

use lianzhan_protocol::id::Hash;
use lianzhan_protocol::log::{
    Checkpoint, KeyKind, Note, Origin, SignedCheckpoint, TreeSize, VerifierKey, witness_log_origin,
    write_growth,
};
use serde::Serialize;

use super::{Node, ServiceError};
use crate::store::{LogRow, Reader, StoreError};

/// Row id under which the nodes of the witness log are stored.
const WITNESS_LOG: i64 = 0;

/// Which log it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchedKind {
    /// Entries of this node in one space.
    Log,
    /// What this node cosigned of others.
    WitnessLog,
}

/// A log that can be watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Watched {
    /// Its origin.
    pub origin: String,
    /// SHA-256 of the origin: its name in addresses.
    pub id: Hash,
    /// The key that signs its checkpoints, as C2SP prints it.
    pub vkey: String,
    /// Which it is.
    pub kind: WatchedKind,
}

/// A log that this node signs, and how much of it may be shown.
struct Shown {
    id: i64,
    origin: Origin,
    size: TreeSize,
    /// The stored note, of a log that is halted: nothing is signed for it any more.
    halted: Option<String>,
}

/// The name of a log in addresses.
fn address(origin: &Origin) -> Hash {
    Hash::plain(origin.as_str().as_bytes())
}

impl Node {
    /// The logs that can be watched here.
    pub fn watched(&self) -> Result<Vec<Watched>, ServiceError> {
        let logs = self.store.read(|reader| self.shown(reader))?;
        let of = |shown: &Shown| {
            let origin = &shown.origin;
            let vkey = VerifierKey::new(origin.as_str(), KeyKind::Log, self.node_key.public())
                .map_err(|error| StoreError::Corrupt(format!("origin {origin}: {error}")))?;
            Ok(Watched {
                origin: origin.to_string(),
                id: address(origin),
                vkey: vkey.to_string(),
                kind: if shown.id == WITNESS_LOG {
                    WatchedKind::WitnessLog
                } else {
                    WatchedKind::Log
                },
            })
        };
        logs.iter().map(of).collect()
    }

    /// The newest checkpoint of a log, with the cosignatures of its receipts; none if no such log is watched here.
    pub fn watched_checkpoint(&self, id: &Hash) -> Result<Option<String>, ServiceError> {
        Ok(self.store.read(|reader| {
            let Some(log) = self.find_shown(reader, id)? else {
                return Ok(None);
            };
            if let Some(note) = log.halted {
                return Ok(Some(note));
            }
            self.note(reader, &log, log.size).map(Some)
        })?)
    }

    /// The newest checkpoint of a log that somebody cosigned, with the cosignatures; none if there is none.
    pub fn watched_witnessed(&self, id: &Hash) -> Result<Option<String>, ServiceError> {
        Ok(self.store.read(|reader| {
            let Some(log) = self.find_shown(reader, id)?.filter(|log| log.halted.is_none()) else {
                return Ok(None);
            };
            let size = if log.id == WITNESS_LOG {
                let newest = reader.witness_receipts(&log.origin)?.into_iter().next();
                newest.map_or(TreeSize::EMPTY, |receipt| receipt.size)
            } else {
                reader.receipted(log.id)?
            };
            if size == TreeSize::EMPTY || size > log.size {
                return Ok(None);
            }
            self.note(reader, &log, size).map(Some)
        })?)
    }

    /// The proof that the first `new` entries of a log extend the first `old`, with the checkpoint over `new`; none if the
    /// log does not have so many, or no such log is watched here.
    pub fn watched_growth(
        &self,
        id: &Hash,
        old: TreeSize,
        new: TreeSize,
    ) -> Result<Option<String>, ServiceError> {
        Ok(self.store.read(|reader| {
            let log = self.find_shown(reader, id)?;
            let Some(log) = log.filter(|log| log.halted.is_none() && old <= new && new <= log.size) else {
                return Ok(None);
            };
            let hashes = reader.consistency(log.id, old, new)?;
            let checkpoint = self.signed(reader, &log, new)?;
            Ok(Some(write_growth(old.0, &hashes, checkpoint.note())))
        })?)
    }

    /// The checkpoint over the first `size` entries. Signing it says nothing new: it is the beginning of a tree that was
    /// signed, and Ed25519 gives the same bytes each time.
    fn signed(
        &self,
        reader: &Reader<'_>,
        log: &Shown,
        size: TreeSize,
    ) -> Result<SignedCheckpoint, StoreError> {
        let checkpoint = Checkpoint {
            origin: log.origin.clone(),
            size,
            root: reader.root_at(log.id, size)?,
        };
        Ok(checkpoint.sign(&self.node_key))
    }

    /// A checkpoint with the cosignatures held of it.
    fn note(&self, reader: &Reader<'_>, log: &Shown, size: TreeSize) -> Result<String, StoreError> {
        let mut signed = self.signed(reader, log, size)?;
        let corrupt =
            |error: &dyn std::fmt::Display| StoreError::Corrupt(format!("note of {}: {error}", log.origin));
        let receipts = if log.id == WITNESS_LOG {
            let mut receipts = reader.witness_receipts(&log.origin)?;
            receipts.retain(|receipt| receipt.size == size);
            receipts
        } else {
            reader.receipts_of_size(log.id, size)?
        };
        for row in receipts {
            let line = row.line().map_err(|error| corrupt(&error))?;
            signed.add_line(line).map_err(|error| corrupt(&error))?;
        }
        Ok(signed.to_string())
    }

    fn find_shown(&self, reader: &Reader<'_>, id: &Hash) -> Result<Option<Shown>, StoreError> {
        Ok(self
            .shown(reader)?
            .into_iter()
            .find(|log| address(&log.origin) == *id))
    }

    /// Own logs and the witness log, each up to what the high-water file has.
    fn shown(&self, reader: &Reader<'_>) -> Result<Vec<Shown>, StoreError> {
        let own = |log: LogRow| {
            // Of a log that was put back from an old copy more was published than is held: then the old note is all there is.
            let halted = log.halted.is_some().then(|| log.checkpoint.clone());
            Shown {
                id: log.id,
                size: log.size.min(self.store.published(&log.origin)),
                halted,
                origin: log.origin,
            }
        };
        let mut logs: Vec<Shown> = reader
            .logs()?
            .into_iter()
            .filter(|log| log.own && log.size > TreeSize::EMPTY)
            .filter(|log| log.halted.is_none() || Note::parse(&log.checkpoint).is_ok())
            .map(own)
            .collect();
        let origin = witness_log_origin(&self.node_key.public(), &reader.witness_epoch()?);
        logs.push(Shown {
            id: WITNESS_LOG,
            size: reader.witness_size()?.min(self.store.published(&origin)),
            origin,
            halted: None,
        });
        Ok(logs)
    }
}
