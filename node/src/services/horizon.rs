//! Up to when a log is known here: what any verdict rests on. Who holds less or more of a log may honestly judge otherwise.

use std::collections::BTreeSet;

use lianzhan_protocol::id::{Hash, SpaceId};
use lianzhan_protocol::log::{Origin, Receipt, TreeSize, witness_group};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Directory, Org};

use super::query::Witnessing;
use super::{Node, ServiceError};
use crate::store::{LogRow, Reader, StoreError};

/// Up to when a log is known here.
#[derive(Debug, Clone)]
pub struct Horizon {
    /// The log.
    pub origin: Origin,
    /// The org that writes it.
    pub org: Option<Org>,
    /// Entries stored.
    pub size: TreeSize,
    /// Root over them.
    pub root: Hash,
    /// The newest receipt that counts: as of then a required witness had seen this log.
    pub witnessed: Option<Witnessing>,
}

impl Horizon {
    fn of(reader: &Reader<'_>, directory: &Directory, log: LogRow) -> Result<Self, StoreError> {
        let given = reader.newest_receipts(log.id)?.into_iter();
        let counting = given.filter_map(|receipt| {
            let (_, by) = witness_group(directory, &log.start, &receipt).ok()?;
            Some((receipt, by))
        });
        let newest = counting.max_by_key(|(receipt, _)| Receipt::rank(receipt));
        Ok(Horizon {
            org: directory.org(&log.org()).cloned(),
            witnessed: newest.map(|(receipt, by)| Witnessing {
                org: directory.org(&by).cloned(),
                time: Timestamp::from_seconds(receipt.time_s),
                place: receipt.witness_index.0,
                size: receipt.size,
            }),
            origin: log.origin,
            size: log.size,
            root: log.root,
        })
    }
}

/// The newest checkpoint of a log, as it stands on paper beside what was written in it.
#[derive(Debug, Clone)]
pub struct Mark {
    /// The signed note (C2SP tlog-checkpoint).
    pub note: String,
    /// How many entries it covers.
    pub size: TreeSize,
    /// Up to when the log is known.
    pub horizon: Horizon,
}

impl Node {
    /// The newest checkpoint of the logs of a space: of the one that is written now, else of the longest.
    pub fn mark_of(&self, space: &SpaceId) -> Result<Option<Mark>, ServiceError> {
        let directory = self.directory();
        Ok(self.store.read(|reader| {
            let logs = reader
                .logs()?
                .into_iter()
                .filter(|log| log.start.space.id() == *space);
            let newest = logs.max_by_key(|log| (log.closed.is_none(), log.size));
            let Some(log) = newest.filter(|log| !log.checkpoint.is_empty()) else {
                return Ok(None);
            };
            Ok(Some(Mark {
                note: log.checkpoint.clone(),
                size: log.checkpoint_size,
                horizon: Horizon::of(reader, &directory, log)?,
            }))
        })?)
    }
}

/// The horizon of each of these logs, by origin.
pub(super) fn horizons<'o>(
    reader: &Reader<'_>,
    directory: &Directory,
    origins: impl Iterator<Item = &'o Origin>,
) -> Result<Vec<Horizon>, StoreError> {
    let mut found = Vec::new();
    for origin in origins.collect::<BTreeSet<_>>() {
        if let Some(log) = reader.log(origin)? {
            found.push(Horizon::of(reader, directory, log)?);
        }
    }
    Ok(found)
}
