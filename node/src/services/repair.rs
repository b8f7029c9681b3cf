//! Payloads that are lacking although sizes and roots agree: which, and taking them in. A payload is lacking where a peer had
//! the entry and not what it hashes; nothing is counted that cannot be read.

use std::collections::BTreeSet;

use lianzhan_protocol::id::SpaceId;
use lianzhan_protocol::log::{Entry, EntryIndex, Origin};
use lianzhan_protocol::sync::{Lacking, Misbehaviour, Offence, Place};

use super::session::LOOK_MAX;
use super::{Node, ServiceError};
use crate::store::StoreError;

/// What became of payloads that a peer gave.
#[derive(Debug)]
pub enum Filled {
    /// They are durable: so many that were lacking.
    Stored(usize),
    /// The peer sent something else than the entries hash.
    PeerLied(Offence),
}

impl Node {
    /// Entries that are held without their payloads.
    pub fn lacking_payloads(&self) -> Result<Vec<Place>, ServiceError> {
        let all = self
            .store
            .read(|reader| reader.lacking(None, usize::MAX, |_| true))?;
        Ok(all.found)
    }

    /// The next of them `after` one in `spaces`, for a peer that may hold these.
    pub fn payloads_lacking_in(
        &self,
        spaces: &BTreeSet<SpaceId>,
        after: Option<&Place>,
    ) -> Result<Lacking<Place, Place>, ServiceError> {
        let shared = |space: &SpaceId| spaces.contains(space);
        Ok(self
            .store
            .read(|reader| reader.lacking(after, LOOK_MAX, shared))?)
    }

    /// Payloads that are held of entries of a log, up to about `max_bytes`.
    pub fn find_payloads(
        &self,
        origin: &Origin,
        indexes: &[EntryIndex],
        max_bytes: usize,
    ) -> Result<Vec<(EntryIndex, Vec<u8>)>, ServiceError> {
        Ok(self
            .store
            .read(|reader| reader.payloads(origin, indexes, max_bytes))?)
    }

    /// Keeps payloads of a log if every one of them is what its entry hashes, and none of a space that may not be held here
    /// any more: they were asked for before this node heard of it.
    pub fn fill(
        &self,
        origin: &Origin,
        payloads: Vec<(EntryIndex, Vec<u8>)>,
    ) -> Result<Filled, ServiceError> {
        let directory = self.directory();
        let mut held = true;
        let lie = self.store.read(|reader| {
            if let Some(log) = reader.log(origin)? {
                held = directory.may_hold(&self.org, &log.start.space);
            }
            for (index, payload) in &payloads {
                let Some(bytes) = reader.entry_bytes(origin, *index)? else {
                    continue;
                };
                let entry = Entry::parse(&bytes)
                    .map_err(|error| StoreError::Corrupt(format!("entry {index} of {origin}: {error}")))?;
                if let Err(error) = entry.check_payload(payload) {
                    let what = format!("entry {index}: {error}");
                    return Ok(Some(Offence::new(Misbehaviour::BadEntry, what)));
                }
            }
            Ok(None)
        })?;
        if let Some(lie) = lie {
            return Ok(Filled::PeerLied(lie));
        }
        if !held {
            return Ok(Filled::Stored(0));
        }
        let origin = origin.clone();
        let filled = self
            .store
            .write_blocking(move |writer| writer.fill(&origin, payloads))?;
        Ok(Filled::Stored(filled))
    }
}
