//! Rows about attachments: which are here, which records name which, which are lacking. Their bytes are [`super::Blobs`].

use lianzhan_protocol::attachment::Tree;
use lianzhan_protocol::codec;
use lianzhan_protocol::id::{AttachmentId, OrgId, RecordId, SpaceId};
use lianzhan_protocol::log::{LogStart, STATEMENT_MAX};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::Space;
use rusqlite::OptionalExtension;

use super::error::StoreError;
use super::reader::Reader;
use super::writer::{StoreEvent, Writer};

/// An attachment that a record names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// The attachment.
    pub id: AttachmentId,
    /// Whether a change that counts names it.
    pub counts: bool,
}

/// An attachment that is not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lacking {
    /// The attachment.
    pub id: AttachmentId,
    /// A space in which a record names it.
    pub space: SpaceId,
    /// That space's owner.
    pub owner: OrgId,
    /// Whether somebody here asked for it.
    pub wished: bool,
}

impl Writer<'_> {
    /// An attachment is here from now on: its file is durable.
    pub fn keep_attachment(&mut self, tree: &Tree, now: Timestamp) -> Result<(), StoreError> {
        let id = tree.id();
        self.tx
            .prepare_cached(
                "INSERT INTO attachments (id, size, pieces, kept) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (id) DO UPDATE SET kept = ?4",
            )?
            .execute((id.0, tree.size(), tree.piece_bytes(), now.0))?;
        self.tx
            .prepare_cached("UPDATE attachment_names SET held = 1 WHERE id = ? AND held = 0")?
            .execute([id.0])?;
        self.tx
            .execute("DELETE FROM attachment_wishes WHERE id = ?", [id.0])?;
        let spaces = self
            .tx
            .prepare_cached("SELECT DISTINCT space FROM attachment_names WHERE id = ?")?
            .query_map([id.0], |row| row.get(0).map(SpaceId))?
            .collect::<Result<_, _>>()?;
        self.events.push(StoreEvent::AttachmentHeld { id, spaces });
        Ok(())
    }

    /// Forgets that an attachment is here: its file is gone or is no more what it was.
    pub fn lose_attachment(&mut self, id: &AttachmentId) -> Result<(), StoreError> {
        self.tx.execute("DELETE FROM attachments WHERE id = ?", [id.0])?;
        let named = self
            .tx
            .execute("UPDATE attachment_names SET held = 0 WHERE id = ?", [id.0])?;
        if named > 0 {
            self.events.push(StoreEvent::AttachmentsLacking);
        }
        Ok(())
    }

    /// Forgets those of `ids` that no record names and that came before `before`. Says which: their files may go.
    pub fn forget_unnamed(
        &mut self,
        ids: &[AttachmentId],
        before: Timestamp,
    ) -> Result<Vec<AttachmentId>, StoreError> {
        let mut gone = Vec::new();
        for id in ids {
            let count = self
                .tx
                .prepare_cached(
                    "DELETE FROM attachments WHERE id = ?1 AND kept < ?2
                     AND NOT EXISTS (SELECT 1 FROM attachment_names n WHERE n.id = ?1)",
                )?
                .execute((id.0, before.0))?;
            if count > 0 {
                gone.push(*id);
            }
        }
        Ok(gone)
    }

    /// Somebody here wants to see an attachment.
    pub fn wish_attachment(&mut self, id: &AttachmentId) -> Result<(), StoreError> {
        let new = self
            .tx
            .execute("INSERT OR IGNORE INTO attachment_wishes (id) VALUES (?)", [id.0])?;
        if new > 0 {
            self.events.push(StoreEvent::AttachmentsLacking);
        }
        Ok(())
    }

    /// Puts down which attachments a record names.
    pub(super) fn name_attachments(
        &mut self,
        record: &RecordId,
        space: &SpaceId,
        owner: &OrgId,
        named: &[Named],
    ) -> Result<(), StoreError> {
        let mut lacking = false;
        for Named { id, counts } in named {
            let held = self
                .tx
                .prepare_cached("SELECT 1 FROM attachments WHERE id = ?")?
                .exists([id.0])?;
            self.tx
                .prepare_cached(
                    "INSERT OR REPLACE INTO attachment_names (record, id, space, owner, counts, held)
                     VALUES (?,?,?,?,?,?)",
                )?
                .execute((record.0, id.0, space.0, owner.0, counts, held))?;
            if held {
                // A peer that asked before this record said so is told.
                let (id, spaces) = (*id, vec![*space]);
                self.events.push(StoreEvent::AttachmentHeld { id, spaces });
            }
            lacking |= *counts && !held;
        }
        if lacking {
            self.events.push(StoreEvent::AttachmentsLacking);
        }
        Ok(())
    }

    pub(super) fn unname_attachments(&self, record: &RecordId) -> Result<(), StoreError> {
        self.tx
            .prepare_cached("DELETE FROM attachment_names WHERE record = ?")?
            .execute([record.0])?;
        Ok(())
    }
}

impl Reader<'_> {
    /// The tree of an attachment that is here.
    pub fn attachment(&self, id: &AttachmentId) -> Result<Option<Tree>, StoreError> {
        let row: Option<(u64, Vec<u8>)> = self
            .tx
            .prepare_cached("SELECT size, pieces FROM attachments WHERE id = ?")?
            .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        row.map(|(size, pieces)| {
            Tree::stored(*id, size, &pieces)
                .ok_or_else(|| StoreError::Corrupt(format!("the pieces of attachment {id} are not its own")))
        })
        .transpose()
    }

    /// What a record names, in the order of ids.
    pub fn named_by(&self, record: &RecordId) -> Result<Vec<Named>, StoreError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT id, counts FROM attachment_names WHERE record = ? ORDER BY id")?;
        let rows = select.query_map([record.0], |row| {
            Ok(Named {
                id: AttachmentId(row.get(0)?),
                counts: row.get(1)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether a record in that space names an attachment.
    pub fn is_named(&self, space: &SpaceId, id: &AttachmentId) -> Result<bool, StoreError> {
        Ok(self
            .tx
            .prepare_cached("SELECT 1 FROM attachment_names WHERE id = ? AND space = ?")?
            .exists((id.0, space.0))?)
    }

    /// The spaces in which counting changes name an attachment that is lacking here.
    pub fn lacks(&self, id: &AttachmentId) -> Result<Vec<Space>, StoreError> {
        // What names it was read from a log of its space.
        let mut select = self.tx.prepare_cached(
            "SELECT (SELECT start FROM logs WHERE space = n.space LIMIT 1) FROM attachment_names n
             WHERE n.id = ? AND n.held = 0 AND n.counts = 1",
        )?;
        let mut rows = select.query([id.0])?;
        let mut spaces = Vec::new();
        while let Some(row) = rows.next()? {
            if let Some(start) = row.get::<_, Option<Vec<u8>>>(0)? {
                let start: LogStart = codec::decode(&start, STATEMENT_MAX)
                    .map_err(|error| StoreError::Corrupt(error.to_string()))?;
                spaces.push(start.space);
            }
        }
        Ok(spaces)
    }

    /// Attachments that counting changes name and that are not here, by the owners of spaces: at most `limit` of those that
    /// `wanted` says are fetched, `after` one.
    pub fn lacking_attachments(
        &self,
        after: Option<&(OrgId, AttachmentId)>,
        limit: usize,
        wanted: impl Fn(&Lacking) -> bool,
    ) -> Result<Vec<Lacking>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT n.id, n.space, n.owner, EXISTS (SELECT 1 FROM attachment_wishes w WHERE w.id = n.id)
             FROM attachment_names n WHERE n.held = 0 AND n.counts = 1 AND (n.owner, n.id) > (?, ?)
             ORDER BY n.owner, n.id",
        )?;
        let behind = after.map_or((&[][..], &[][..]), |(owner, id)| (&owner.0[..], &id.0[..]));
        let rows = select.query_map(behind, |row| {
            Ok(Lacking {
                id: AttachmentId(row.get(0)?),
                space: SpaceId(row.get(1)?),
                owner: OrgId(row.get(2)?),
                wished: row.get(3)?,
            })
        })?;
        let mut found = Vec::new();
        for row in rows {
            let row = row?;
            if wanted(&row) {
                found.push(row);
                if found.len() >= limit {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Attachments that are here after `after`, in the order of their ids.
    pub fn attachments_after(
        &self,
        after: Option<&AttachmentId>,
        limit: usize,
    ) -> Result<Vec<AttachmentId>, StoreError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT id FROM attachments WHERE id > ? ORDER BY id LIMIT ?")?;
        let after = after.map_or(&[][..], |id| &id.0[..]);
        let rows = select.query_map((after, limit), |row| row.get(0).map(AttachmentId))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Records whose personal parts name attachments that came here before a moment, with when the first of each came; the
    /// longest here first.
    pub fn personal_attachments(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<(RecordId, Timestamp)>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT r.main, min(a.kept) AS came FROM attachment_names n
             JOIN attachments a ON a.id = n.id JOIN records r ON r.record = n.record
             WHERE n.counts = 1 AND r.main IS NOT NULL AND a.kept < ?
             GROUP BY r.main ORDER BY came, r.main LIMIT ?",
        )?;
        let rows = select.query_map((before.0, limit), |row| {
            Ok((RecordId(row.get(0)?), Timestamp(row.get(1)?)))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Attachments that are here and that no record names.
    pub fn unnamed_attachments(&self, before: Timestamp) -> Result<Vec<AttachmentId>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT id FROM attachments a WHERE kept < ?
             AND NOT EXISTS (SELECT 1 FROM attachment_names n WHERE n.id = a.id)",
        )?;
        let rows = select.query_map([before.0], |row| row.get(0).map(AttachmentId))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many attachments are here, and their bytes.
    pub fn attachment_figures(&self) -> Result<(u64, u64), StoreError> {
        let figures = self.tx.query_row(
            "SELECT count(*), coalesce(sum(size), 0) FROM attachments",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(figures)
    }
}
