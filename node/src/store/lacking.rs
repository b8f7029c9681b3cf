//! Entries that are held without their payloads, and payloads and keys that come later.

use std::collections::BTreeSet;

use lianzhan_protocol::id::{Hash, RecordId, SpaceId};
use lianzhan_protocol::log::{EntryIndex, Origin};
use lianzhan_protocol::sync::{Lacking, Place};
use rusqlite::OptionalExtension;

use super::reader::sealed_by;
use super::writer::StoreEvent;
use super::{Reader, StoreError, Writer};

impl Reader<'_> {
    /// The first `max` entries `after` one that are held without their payloads, in spaces that are `wanted`.
    pub fn lacking(
        &self,
        after: Option<&Place>,
        max: usize,
        wanted: impl Fn(&SpaceId) -> bool,
    ) -> Result<Lacking<Place, Place>, StoreError> {
        let behind = match after {
            Some(place) => match self.log(&place.origin)? {
                Some(log) => (log.id, place.index.0),
                None => return Ok(Lacking::default()),
            },
            None => (-1, 0),
        };
        let mut select = self.tx.prepare_cached(
            "SELECT l.space, l.origin, e.idx FROM entries e JOIN logs l ON l.id = e.log
             WHERE e.payload IS NULL AND (e.log, e.idx) > (?, ?) AND NOT EXISTS
             (SELECT 1 FROM erased d WHERE d.record = e.record AND d.space = l.space) ORDER BY e.log, e.idx",
        )?;
        let mut rows = select.query(behind)?;
        let mut found: Vec<Place> = Vec::new();
        while let Some(row) = rows.next()? {
            let space = SpaceId(row.get(0)?);
            if !wanted(&space) {
                continue;
            }
            if found.len() >= max {
                let next = found.last().cloned();
                return Ok(Lacking { found, next });
            }
            let origin: String = row.get(1)?;
            found.push(Place {
                space,
                origin: Origin::parse(&origin)
                    .map_err(|error| StoreError::Corrupt(format!("log {origin}: {error}")))?,
                index: EntryIndex(row.get(2)?),
            });
        }
        Ok(found.into())
    }

    /// The first `max` records `after` one whose sealed entries in one of `spaces` say a key that `lacks`, each with that
    /// space.
    pub fn sealed_after(
        &self,
        after: Option<&RecordId>,
        max: usize,
        spaces: &BTreeSet<SpaceId>,
        lacks: impl Fn(&RecordId, &Hash) -> bool,
    ) -> Result<Lacking<(SpaceId, RecordId), RecordId>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT e.record, min(e.entry), l.space FROM entries e JOIN logs l ON l.id = e.log
             WHERE e.kind = 3 AND e.record > ? AND NOT EXISTS
             (SELECT 1 FROM erased d WHERE d.record = e.record AND d.space = l.space)
             GROUP BY e.record, e.log ORDER BY e.record, e.log",
        )?;
        let mut rows = select.query([after.map_or(&[][..], |record| &record.0[..])])?;
        let mut found: Vec<(SpaceId, RecordId)> = Vec::new();
        while let Some(row) = rows.next()? {
            let (record, space) = (RecordId(row.get(0)?), SpaceId(row.get(2)?));
            let seen = found.last().is_some_and(|(_, last)| *last == record);
            if seen || !spaces.contains(&space) {
                continue;
            }
            let key = sealed_by(&record, &row.get::<_, Vec<u8>>(1)?)?;
            if !lacks(&record, &key) {
                continue;
            }
            if found.len() >= max {
                let next = found.last().map(|(_, record)| *record);
                return Ok(Lacking { found, next });
            }
            found.push((space, record));
        }
        Ok(found.into())
    }

    /// Payloads of entries of a log, those that are held, in the order asked for: at least one if there is one, then as many
    /// as fit into `max_bytes`.
    pub fn payloads(
        &self,
        origin: &Origin,
        indexes: &[EntryIndex],
        max_bytes: usize,
    ) -> Result<Vec<(EntryIndex, Vec<u8>)>, StoreError> {
        let Some(log) = self.log(origin)? else {
            return Ok(Vec::new());
        };
        let mut select = self
            .tx
            .prepare_cached("SELECT payload FROM entries WHERE log = ? AND idx = ?")?;
        let (mut found, mut bytes) = (Vec::new(), 0);
        for index in indexes {
            let payload: Option<Option<Vec<u8>>> =
                select.query_row((log.id, index.0), |row| row.get(0)).optional()?;
            let Some(payload) = payload.flatten() else {
                continue;
            };
            bytes += payload.len();
            if bytes > max_bytes && !found.is_empty() {
                break;
            }
            found.push((*index, payload));
        }
        Ok(found)
    }

    /// An entry without its payload, if the log has one there.
    pub fn entry_bytes(&self, origin: &Origin, index: EntryIndex) -> Result<Option<Vec<u8>>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT e.entry FROM entries e JOIN logs l ON l.id = e.log WHERE l.origin = ? AND e.idx = ?",
        )?;
        Ok(select
            .query_row((origin.as_str(), index.0), |row| row.get(0))
            .optional()?)
    }
}

impl Writer<'_> {
    /// Takes the payloads of all open entries away, as a damaged copy would lack them. Returns of how many.
    #[cfg(test)]
    pub(crate) fn lose_payloads(&mut self) -> Result<usize, StoreError> {
        let update = "UPDATE entries SET payload = NULL WHERE kind <> 2";
        Ok(self.tx.execute(update, [])?)
    }

    /// Keys of annexes came that begin in these logs.
    pub fn keyed(&mut self, logs: BTreeSet<(SpaceId, Origin)>) {
        let events = logs
            .into_iter()
            .map(|(space, origin)| StoreEvent::Keyed { space, origin });
        self.events.extend(events);
    }

    /// Puts payloads where they are lacking; the caller has held them against their entries. Their records are marked. Returns
    /// how many were lacking.
    pub fn fill(
        &mut self,
        origin: &Origin,
        payloads: Vec<(EntryIndex, Vec<u8>)>,
    ) -> Result<usize, StoreError> {
        let head = self.head(origin)?.clone();
        let mut filled = 0;
        let mut update = self.tx.prepare_cached(
            "UPDATE entries SET payload = ?3 WHERE log = ?1 AND idx = ?2 AND payload IS NULL AND NOT EXISTS
             (SELECT 1 FROM erased d WHERE d.record = entries.record AND d.space = ?4) RETURNING record",
        )?;
        for (index, payload) in payloads {
            let record: Option<Option<[u8; 16]>> = update
                .query_row((head.id, index.0, payload, head.space.0), |row| row.get(0))
                .optional()?;
            filled += usize::from(record.is_some());
            self.dirty.extend(record.flatten().map(RecordId));
        }
        if filled > 0 {
            self.events.push(StoreEvent::Filled {
                space: head.space,
                origin: origin.clone(),
            });
        }
        Ok(filled)
    }
}
