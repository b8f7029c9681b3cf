//! Up to when a log is known here: what any verdict rests on. Who holds less or more of a log may honestly judge otherwise.

use std::collections::BTreeSet;

use lianzhan_protocol::id::Hash;
use lianzhan_protocol::log::{Origin, Receipt, TreeSize, witness_group};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Directory, Org};

use super::query::Witnessing;
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
