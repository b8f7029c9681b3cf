//! Evidence bundles: all that is needed to verify a set of records offline.

use std::collections::{BTreeMap, BTreeSet};

use lianzhan_protocol::bundle::{self, BundleInput, EntryEvidence, LogEvidence, RecordEvidence};
use lianzhan_protocol::id::{Hash, RecordId};
use lianzhan_protocol::log::{Receipt, TreeSize};

use super::threads::Threads;
use super::{Load, Node, ServiceError};
use crate::store::{EntryRow, LogRow, Reader, StoreError};

impl Node {
    /// The bundle of `records`. Sealed payloads are never in it.
    pub fn bundle(&self, records: &[RecordId]) -> Result<Vec<u8>, ServiceError> {
        let directory = self.directory();
        let records = &self.not_held(records)?;
        self.store.read(|reader| {
            let records = with_definitions(self, reader, records)?;
            let (evidence, logs) = match gather(self, reader, &records)? {
                Ok(found) => found,
                Err(lacking) => return Ok(Err(lacking)),
            };
            let trees: Vec<_> = logs
                .iter()
                .map(|log| move |idx: u64| -> Option<Hash> { reader.node(log.id, idx) })
                .collect();
            let mut input = BundleInput {
                directory: &directory,
                logs: Vec::with_capacity(logs.len()),
                records: evidence,
            };
            for (log, tree) in logs.iter().zip(&trees) {
                let first = reader.range(log.id, TreeSize::EMPTY, 1, 0)?.pop();
                let first =
                    first.ok_or_else(|| StoreError::Corrupt(format!("log {} is empty", log.origin)))?;
                input.logs.push(LogEvidence {
                    start_entry: first.entry,
                    start_payload: first.payload.unwrap_or_default(),
                    checkpoint: log.checkpoint.clone(),
                    receipts: receipts(reader, log)?,
                    tree,
                });
            }
            Ok(bundle::write_by(&input, &Threads::of_this_machine())
                .map_err(|error| ServiceError::Bundle(error.to_string())))
        })?
    }
}

/// The records, and those by which orgs added what they are written by: whoever checks the bundle has the program's own
/// definitions alone.
fn with_definitions(
    node: &Node,
    reader: &Reader<'_>,
    records: &[RecordId],
) -> Result<Vec<RecordId>, StoreError> {
    let registry = node.registry();
    let mut all = records.to_vec();
    if registry.definitions().all().next().is_none() {
        return Ok(all);
    }
    let mut load = Load::new(node, reader);
    let mut named: BTreeSet<Hash> = BTreeSet::new();
    for record in records {
        let held = load.record(record)?.map(|loaded| loaded.held);
        named.extend(held.into_iter().flatten().map(|held| held.change.definition));
    }
    let mut wanted: BTreeSet<RecordId> = BTreeSet::new();
    for hash in named {
        let mut at = registry.definitions().known(&hash);
        while let Some(known) = at {
            wanted.insert(known.record);
            at = known.base.and_then(|base| registry.definitions().known(&base));
        }
    }
    wanted.retain(|record| !records.contains(record));
    all.extend(wanted);
    Ok(all)
}

type Gathered = (Vec<RecordEvidence>, Vec<LogRow>);

fn gather(
    node: &Node,
    reader: &Reader<'_>,
    records: &[RecordId],
) -> Result<Result<Gathered, ServiceError>, StoreError> {
    let mut load = Load::new(node, reader);
    let by_id: BTreeMap<i64, LogRow> = reader.logs()?.into_iter().map(|log| (log.id, log)).collect();
    let mut used = BTreeSet::new();
    let mut evidence = Vec::with_capacity(records.len());
    'records: for id in records {
        let rows = reader.record_entries(id)?;
        if rows.is_empty() {
            return Ok(Err(ServiceError::UnknownRecord(*id)));
        }
        let mut entries = Vec::with_capacity(rows.len());
        let space_of = |row: &EntryRow| by_id.get(&row.log).map(|log| log.start.space.id());
        let one_space = rows.windows(2).all(|two| space_of(&two[0]) == space_of(&two[1]));
        // What names a record in a second space does not belong to it.
        let space = if one_space {
            None
        } else {
            load.record(id)?.map(|loaded| loaded.space.id())
        };
        for row in rows {
            if space.is_some() && space_of(&row) != space {
                continue;
            }
            let Some(payload) = row.payload else {
                // Of what is erased nothing can be proved but that it was there: a bundle of several records leaves it out.
                match load.record(id)?.is_some_and(|loaded| loaded.erased.is_some()) {
                    true if records.len() > 1 => continue 'records,
                    true => return Ok(Err(ServiceError::Erased(*id))),
                    false => return Ok(Err(ServiceError::Incomplete(*id))),
                }
            };
            used.insert(row.log);
            entries.push(EntryEvidence {
                entry: row.entry,
                payload,
                index: row.index,
            });
        }
        evidence.push(RecordEvidence { id: *id, entries });
    }
    let logs = by_id.into_values().filter(|log| used.contains(&log.id)).collect();
    Ok(Ok((evidence, logs)))
}

fn receipts(reader: &Reader<'_>, log: &LogRow) -> Result<Vec<Receipt>, StoreError> {
    reader.receipts_over(log.id, lianzhan_protocol::log::EntryIndex(0))
}
