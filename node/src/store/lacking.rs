//! Entries that are held without their payloads, and payloads that come later.

use lianzhan_protocol::id::{RecordId, SpaceId};
use lianzhan_protocol::log::{EntryIndex, Origin};
use lianzhan_protocol::sync::Place;
use rusqlite::OptionalExtension;

use super::writer::StoreEvent;
use super::{Reader, StoreError, Writer};

impl Reader<'_> {
    /// The first `max` entries that are held without their payloads.
    pub fn lacking(&self, max: usize) -> Result<Vec<Place>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT l.space, l.origin, e.idx FROM entries e JOIN logs l ON l.id = e.log
             WHERE e.payload IS NULL AND NOT EXISTS
             (SELECT 1 FROM erased d WHERE d.record = e.record AND d.space = l.space) ORDER BY e.log, e.idx LIMIT ?",
        )?;
        let mut rows = select.query([max as u64])?;
        let mut places = Vec::new();
        while let Some(row) = rows.next()? {
            let origin: String = row.get(1)?;
            places.push(Place {
                space: SpaceId(row.get(0)?),
                origin: Origin::parse(&origin)
                    .map_err(|error| StoreError::Corrupt(format!("log {origin}: {error}")))?,
                index: EntryIndex(row.get(2)?),
            });
        }
        Ok(places)
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
    /// Puts payloads where they are lacking; the caller has held them against their entries. Their records are marked.
    pub fn fill(&mut self, origin: &Origin, payloads: Vec<(EntryIndex, Vec<u8>)>) -> Result<(), StoreError> {
        let head = self.head(origin)?.clone();
        let mut filled = false;
        let mut update = self.tx.prepare_cached(
            "UPDATE entries SET payload = ?3 WHERE log = ?1 AND idx = ?2 AND payload IS NULL AND NOT EXISTS
             (SELECT 1 FROM erased d WHERE d.record = entries.record AND d.space = ?4) RETURNING record",
        )?;
        for (index, payload) in payloads {
            let record: Option<Option<[u8; 16]>> = update
                .query_row((head.id, index.0, payload, head.space.0), |row| row.get(0))
                .optional()?;
            filled |= record.is_some();
            self.dirty.extend(record.flatten().map(RecordId));
        }
        if filled {
            self.events.push(StoreEvent::Filled {
                space: head.space,
                origin: origin.clone(),
            });
        }
        Ok(())
    }
}
