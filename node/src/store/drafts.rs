//! The table of what people are typing: sealed bytes under an id. What is given up is overwritten where it stood.

use lianzhan_protocol::time::Timestamp;
use rusqlite::OptionalExtension;

use super::error::StoreError;
use super::reader::Reader;
use super::writer::Writer;

/// Most drafts of one person; who keeps one more gives up the oldest.
const DRAFTS_MAX: u64 = 64;

/// What one person has not sent yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftRow {
    /// Its id.
    pub id: [u8; 16],
    /// When it was kept last.
    pub kept: Timestamp,
    /// What was typed, sealed.
    pub sealed: Vec<u8>,
}

impl Writer<'_> {
    /// Keeps a draft in the place of the one with its id, which must be of the same person.
    pub fn keep_draft(&mut self, person: &[u8; 16], row: DraftRow) -> Result<(), StoreError> {
        self.shredding(|writer| {
            writer
                .tx
                .prepare_cached(
                    "INSERT INTO drafts (id, person, kept, sealed) VALUES (?1, ?2, ?3, ?4) \
                     ON CONFLICT (id) DO UPDATE SET kept = ?3, sealed = ?4 WHERE person = ?2",
                )?
                .execute((row.id, person, row.kept.0, row.sealed))?;
            writer
                .tx
                .prepare_cached(
                    "DELETE FROM drafts WHERE id IN \
                     (SELECT id FROM drafts WHERE person = ?1 ORDER BY kept DESC LIMIT -1 OFFSET ?2)",
                )?
                .execute((person, DRAFTS_MAX))?;
            Ok(())
        })
    }

    /// Gives up a draft of a person.
    pub fn drop_draft(&mut self, person: &[u8; 16], id: &[u8; 16]) -> Result<(), StoreError> {
        self.shredding(|writer| {
            writer
                .tx
                .prepare_cached("DELETE FROM drafts WHERE id = ? AND person = ?")?
                .execute((id, person))?;
            Ok(())
        })
    }

    /// Gives up the drafts that somebody touched last from one time on and before another.
    pub fn drop_old_drafts(&mut self, over: &[(Timestamp, Timestamp)]) -> Result<(), StoreError> {
        self.shredding(|writer| {
            for (from, before) in over {
                writer.tx.execute(
                    "DELETE FROM drafts WHERE kept >= ? AND kept < ?",
                    (from.0, before.0),
                )?;
            }
            Ok(())
        })
    }

    /// Lets SQLite write zeros over what `job` deletes or replaces.
    fn shredding<T>(
        &mut self,
        job: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let before: i64 = self
            .tx
            .pragma_query_value(None, "secure_delete", |row| row.get(0))?;
        self.set_shredding(1)?;
        let done = job(self);
        self.set_shredding(before)?;
        done
    }

    fn set_shredding(&self, value: i64) -> Result<(), StoreError> {
        Ok(self
            .tx
            .pragma_update_and_check(None, "secure_delete", value, |_| Ok(()))?)
    }
}

impl Reader<'_> {
    /// The drafts of a person, the one kept last first.
    pub fn drafts(&self, person: &[u8; 16]) -> Result<Vec<DraftRow>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT id, kept, sealed FROM drafts WHERE person = ? ORDER BY kept DESC, id LIMIT ?",
        )?;
        let rows = select.query_map((person, DRAFTS_MAX), read_draft)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One of them.
    pub fn draft(&self, person: &[u8; 16], id: &[u8; 16]) -> Result<Option<DraftRow>, StoreError> {
        Ok(self
            .tx
            .prepare_cached("SELECT id, kept, sealed FROM drafts WHERE id = ? AND person = ?")?
            .query_row((id, person), read_draft)
            .optional()?)
    }
}

fn read_draft(row: &rusqlite::Row<'_>) -> rusqlite::Result<DraftRow> {
    Ok(DraftRow {
        id: row.get(0)?,
        kept: Timestamp(row.get(1)?),
        sealed: row.get(2)?,
    })
}
