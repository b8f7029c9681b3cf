//! What is known of a record's erasures: stated, in effect, erased at k of n.

use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::record::{Erased, ErasureFault, SignedErasure, first_erased, holders_of};
use lianzhan_protocol::trust::{Org, Purpose, Space};

use crate::services::{Load, Node, ServiceError};
use crate::store::{Reader, StoreError};

/// An erasure that was stated, and whether it has effect.
#[derive(Debug, Clone)]
pub struct Stated {
    /// What was signed.
    pub signed: SignedErasure,
    /// The name on the card of who signed, if the appointment is held.
    pub by: Option<String>,
    /// Why it has no effect (yet).
    pub fault: Option<ErasureFault>,
}

/// An org whose nodes hold the space, and whether one of them erased and said so.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The org.
    pub org: Org,
    /// Whether it acknowledged.
    pub erased: bool,
}

/// What is known of the erasure of a record, or of a personal part of it.
#[derive(Debug, Clone)]
pub struct ErasureStatus {
    /// The record.
    pub record: RecordId,
    /// Whether it is a personal part.
    pub personal: bool,
    /// The space.
    pub space: Space,
    /// Every erasure that was stated.
    pub stated: Vec<Stated>,
    /// That one has effect.
    pub erased: Option<Erased>,
    /// Who is to erase, and who did.
    pub holders: Vec<Holder>,
}

impl ErasureStatus {
    /// At how many holders it is erased.
    pub fn erased_at(&self) -> usize {
        self.holders.iter().filter(|holder| holder.erased).count()
    }
}

impl Node {
    /// What is known of erasures of a record and of its personal parts; empty where none was stated.
    pub fn erasures_of(&self, record: &RecordId) -> Result<Vec<ErasureStatus>, ServiceError> {
        let found = self.store.read(|reader| {
            let mut load = Load::new(self, reader);
            if load.record(record)?.is_none() {
                return Ok(None);
            }
            let mut parts = vec![*record];
            parts.extend(reader.annexes(record)?.into_iter().map(|row| row.record));
            parts.extend(reader.erased_annexes(record)?.into_iter().map(|row| row.record));
            parts[1..].sort_unstable();
            parts.dedup();
            let mut found = Vec::new();
            for part in parts {
                found.extend(status_of(reader, &mut load, &part)?);
            }
            Ok(Some(found))
        })?;
        found.ok_or(ServiceError::UnknownRecord(*record))
    }
}

fn status_of(
    reader: &Reader<'_>,
    load: &mut Load<'_>,
    record: &RecordId,
) -> Result<Option<ErasureStatus>, StoreError> {
    let Some(loaded) = load.record(record)? else {
        return Ok(None);
    };
    let space = loaded.space.id();
    let judged = load.stated_erasures(record, &space)?;
    if judged.is_empty() {
        return Ok(None);
    }
    let erased = first_erased(judged.iter().filter_map(|(_, verdict)| verdict.clone().ok()));
    let directory = load.directory();
    let mut done = Vec::new();
    for (org, log) in reader.acknowledgements(record, &space)? {
        let node = reader.log_by_id(log)?.start.node;
        let mut served = directory.ever_appointed(&node, Purpose::Node);
        if served.any(|(_, appointment)| appointment.org == org) {
            done.push(org);
        }
    }
    let holders = holders_of(directory, &loaded.space);
    let holders = holders.iter().filter_map(|org| {
        Some(Holder {
            org: directory.org(org)?.clone(),
            erased: done.contains(org),
        })
    });
    let stated = judged.into_iter().map(|(signed, verdict)| Stated {
        by: directory
            .ever(&signed.erasure().appointment)
            .ok()
            .map(|appointment| appointment.name.clone()),
        fault: verdict.err(),
        signed,
    });
    Ok(Some(ErasureStatus {
        record: *record,
        personal: loaded.sealed,
        stated: stated.collect(),
        erased,
        holders: holders.collect(),
        space: loaded.space,
    }))
}
