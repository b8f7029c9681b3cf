//! Rows about erasures, and dropping what is erased: all bytes of it that the database has, in its free pages and in its
//! write-ahead log, too.

use lianzhan_protocol::id::{AttachmentId, Hash, RecordId, SpaceId};
use lianzhan_protocol::log::{Acknowledged, Entry, EntryIndex, LogStatement};
use lianzhan_protocol::record::SignedErasure;
use rusqlite::{Connection, OptionalExtension};

use super::Store;
use super::error::StoreError;
use super::reader::Reader;
use super::writer::{Head, Writer};

/// Most parts in which the search index is written anew before others have their turn: four times an index of 200 MiB.
const PARTS_MAX: usize = 1_024;
/// From here on the rows of FTS5's table of data are tombstones, of which a piece of the index has some as long as it holds
/// anything that was deleted (`FTS5_TOMBSTONE_ROWID` in fts5_index.c: 2^16 is added to the number of the piece, 37 bits up).
const TOMBSTONES: i64 = 1 << (16 + 37);
/// How long [`Store::empty_wal`] waits for those who still read older pages.
const WAL_PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);
/// Pages of the search index that are written anew at a time.
const SEARCH_PAGES: i64 = 200;

/// A record with erasures that are to be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueErasure {
    /// The record.
    pub record: RecordId,
    /// The space in which they stand.
    pub space: SpaceId,
    /// Up to which mark: what becomes due later has a greater one.
    mark: i64,
}

/// A record whose erasure has effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErasedRow {
    /// The record.
    pub record: RecordId,
    /// The space in which.
    pub space: SpaceId,
    /// By which erasure.
    pub erasure: Hash,
    /// How far it is carried out here.
    pub step: ErasedStep,
    /// Whether its key goes, too.
    pub key: bool,
    /// Of an annex: the record that it belonged to, if that was known here.
    pub main: Option<RecordId>,
}

/// How far an erasure is carried out at this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErasedStep {
    /// Payloads and rows are gone; key, files, search index and write-ahead log are next.
    Destroying,
    /// All of it is gone.
    Destroyed,
    /// And this node said so.
    Acknowledged,
}

impl ErasedStep {
    fn read(number: u8) -> Self {
        match number {
            0 => ErasedStep::Destroying,
            1 => ErasedStep::Destroyed,
            _ => ErasedStep::Acknowledged,
        }
    }
}

impl Writer<'_> {
    /// Notes an erasure that stands in a log of the record's space. One that does not say what it must is an entry like
    /// others.
    pub(super) fn note_erasure(&mut self, head: &Head, index: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let Ok(signed) = SignedErasure::open(bytes) else {
            return Ok(());
        };
        let erasure = signed.erasure();
        if erasure.space != head.space {
            return Ok(());
        }
        self.seq += 1;
        self.tx
            .prepare_cached(
                "INSERT OR REPLACE INTO erasures (record, space, log, idx, due) VALUES (?,?,?,?,?)",
            )?
            .execute((erasure.record.0, head.space.0, head.id, index, self.seq))?;
        self.dirty.push(erasure.record);
        Ok(())
    }

    /// Notes that the log's node acknowledges an erasure.
    pub(super) fn note_acknowledged(
        &self,
        head: &Head,
        index: u64,
        said: &Acknowledged,
    ) -> Result<(), StoreError> {
        self.tx
            .prepare_cached(
                "INSERT OR REPLACE INTO acknowledged (record, space, log, idx, org)
                 SELECT ?1, ?2, ?3, ?4, org FROM logs WHERE id = ?3",
            )?
            .execute((said.record.0, head.space.0, head.id, index))?;
        Ok(())
    }

    /// Forgets what a log, `ours` or another node's, said of erasures from `start` on.
    pub(super) fn forget_erasures(&mut self, log: i64, start: u64, ours: bool) -> Result<(), StoreError> {
        let records: Vec<[u8; 16]> = self
            .tx
            .prepare_cached("DELETE FROM erasures WHERE log = ? AND idx >= ? RETURNING record")?
            .query_map((log, start), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let said: Vec<[u8; 16]> = self
            .tx
            .prepare_cached("DELETE FROM acknowledged WHERE log = ? AND idx >= ? RETURNING record")?
            .query_map((log, start), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        // What was carried out by it is stated again, and what this node acknowledged by no entry any more it acknowledges again.
        for record in records.iter().chain(said.iter().filter(|_| ours)) {
            self.tx
                .prepare_cached("UPDATE erased SET step = 1 WHERE record = ? AND step = 2")?
                .execute([record])?;
        }
        self.dirty.extend(records.into_iter().map(RecordId));
        Ok(())
    }

    /// Erasures in the first `size` entries of a log may have been witnessed now.
    pub(super) fn witness_erasures(&mut self, log: i64, size: u64) -> Result<(), StoreError> {
        self.seq += 1;
        let records: Vec<[u8; 16]> = self
            .tx
            .prepare_cached(
                "UPDATE erasures SET due = ? WHERE log = ? AND idx < ? AND NOT EXISTS
                 (SELECT 1 FROM erased d WHERE d.record = erasures.record AND d.space = erasures.space)
                 RETURNING record",
            )?
            .query_map((self.seq, log, size), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        self.dirty.extend(records.into_iter().map(RecordId));
        Ok(())
    }

    /// Erasures that have no effect yet may have it by news of the directory.
    pub fn revise_erasures(&mut self) -> Result<(), StoreError> {
        self.seq += 1;
        self.tx.execute(
            "UPDATE erasures SET due = ? WHERE NOT EXISTS
             (SELECT 1 FROM erased d WHERE d.record = erasures.record AND d.space = erasures.space)",
            [self.seq],
        )?;
        Ok(())
    }

    /// Every erasure of a record was judged that was due when [`Reader::erasures_due`] told of it: what became due since then
    /// stays so, as what was known to the judge was less.
    pub fn erasures_judged(&mut self, due: &DueErasure) -> Result<(), StoreError> {
        self.tx
            .prepare_cached("UPDATE erasures SET due = 0 WHERE record = ? AND space = ? AND due <= ?")?
            .execute((due.record.0, due.space.0, due.mark))?;
        Ok(())
    }

    /// Whether nothing of a record in that space is kept any more.
    pub(super) fn is_erased(&self, record: &RecordId, space: &SpaceId) -> Result<bool, StoreError> {
        Ok(self
            .tx
            .prepare_cached("SELECT 1 FROM erased WHERE record = ? AND space = ?")?
            .exists((record.0, space.0))?)
    }

    /// Drops payloads and rows of a record whose erasure has effect, in one transaction with the note that it is erased:
    /// from its commit on none of it is given to anybody or taken in. `files` are the attachments that it ever named; those
    /// that no other record names are listed to go. `ledger` is that of a record in the clear.
    pub fn erase(
        &mut self,
        row: &ErasedRow,
        signed: &SignedErasure,
        files: &[AttachmentId],
        ledger: Option<&str>,
    ) -> Result<(), StoreError> {
        let (record, space) = (&row.record, &row.space);
        let known = self
            .tx
            .prepare_cached("SELECT main FROM records WHERE record = ?")?
            .query_row([record.0], |row| row.get::<_, Option<[u8; 16]>>(0))
            .optional()?;
        let main = known.flatten().or(row.main.map(|main| main.0));
        self.tx
            .prepare_cached(
                "INSERT INTO erased (record, space, erasure, signed, step, key, main, ledger)
                 VALUES (?1,?2,?3,?6,0,?4,?5,?7) ON CONFLICT (record, space) DO UPDATE SET step = 0",
            )?
            .execute((
                record.0,
                space.0,
                row.erasure.0,
                row.key,
                main,
                signed.bytes(),
                ledger,
            ))?;
        self.tx
            .prepare_cached(
                "UPDATE entries SET payload = NULL WHERE record = ?1
                 AND log IN (SELECT id FROM logs WHERE space = ?2)",
            )?
            .execute((record.0, space.0))?;
        self.erase_on_branches(record, space)?;
        self.erase_rows(record)?;
        for id in files {
            let named = self
                .tx
                .prepare_cached("SELECT 1 FROM attachment_names WHERE id = ?")?
                .exists([id.0])?;
            if named {
                continue;
            }
            self.tx.execute("DELETE FROM attachments WHERE id = ?", [id.0])?;
            self.tx
                .execute("DELETE FROM attachment_wishes WHERE id = ?", [id.0])?;
            self.tx
                .execute("INSERT OR IGNORE INTO erased_files (id) VALUES (?)", [id.0])?;
        }
        self.tx
            .prepare_cached("UPDATE erasures SET due = 0 WHERE record = ? AND space = ?")?
            .execute((record.0, space.0))?;
        self.dirty.push(*record);
        Ok(())
    }

    /// Payloads on branches of forked logs. There are few, so each is looked at.
    fn erase_on_branches(&self, record: &RecordId, space: &SpaceId) -> Result<(), StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT log, branch, idx, entry FROM branch_entries WHERE payload IS NOT NULL
             AND log IN (SELECT id FROM logs WHERE space = ?)",
        )?;
        let mut rows = select.query([space.0])?;
        let mut found: Vec<(i64, u32, u64)> = Vec::new();
        while let Some(row) = rows.next()? {
            let entry: Vec<u8> = row.get(3)?;
            if Entry::parse(&entry).is_ok_and(|entry| entry.header().record == Some(*record)) {
                found.push((row.get(0)?, row.get(1)?, row.get(2)?));
            }
        }
        for place in found {
            self.tx.execute(
                "UPDATE branch_entries SET payload = NULL WHERE log = ? AND branch = ? AND idx = ?",
                place,
            )?;
        }
        Ok(())
    }

    /// A file of an attachment that was erased is gone.
    pub fn erased_file_gone(&mut self, id: &AttachmentId) -> Result<(), StoreError> {
        self.tx.execute("DELETE FROM erased_files WHERE id = ?", [id.0])?;
        Ok(())
    }

    /// Writes a part of the search index anew, without what was deleted: deleting alone leaves it there. `first` begins.
    /// Says whether there was something to do.
    pub(super) fn rewrite_search(&mut self, first: bool) -> Result<bool, StoreError> {
        let changes =
            |tx: &Connection| tx.query_row("SELECT total_changes()", [], |row| row.get::<_, i64>(0));
        let before = changes(self.tx)?;
        // A negative number has all segments merged into one, also where there are few.
        let pages = if first { -SEARCH_PAGES } else { SEARCH_PAGES };
        self.tx
            .execute("INSERT INTO search (search, rank) VALUES ('merge', ?)", [pages])?;
        // As FTS5 documents it: fewer than two rows changed where there was nothing to merge.
        Ok(changes(self.tx)? - before >= 2)
    }

    /// How far an erasure is carried out.
    pub fn erased_to(
        &mut self,
        record: &RecordId,
        space: &SpaceId,
        step: ErasedStep,
    ) -> Result<(), StoreError> {
        self.tx
            .prepare_cached("UPDATE erased SET step = ?3 WHERE record = ?1 AND space = ?2")?
            .execute((record.0, space.0, step as u8))?;
        Ok(())
    }
}

impl Reader<'_> {
    /// Whether words that were deleted from the search index are still in it.
    fn is_deleted_in_search(&self) -> Result<bool, StoreError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT 1 FROM search_data WHERE id >= ?")?;
        Ok(select.exists([TOMBSTONES])?)
    }

    /// Records with erasures that are to be judged.
    pub fn erasures_due(&self) -> Result<Vec<DueErasure>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT record, space, max(due) FROM erasures WHERE due > 0 GROUP BY record, space",
        )?;
        let rows = select.query_map([], |row| {
            Ok(DueErasure {
                record: RecordId(row.get(0)?),
                space: SpaceId(row.get(1)?),
                mark: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The erasures of a record that stand in logs of a space: the log's row id, the place, and what stands there.
    pub fn erasures(
        &self,
        record: &RecordId,
        space: &SpaceId,
    ) -> Result<Vec<(i64, EntryIndex, SignedErasure)>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT s.log, s.idx, e.payload FROM erasures s JOIN entries e ON e.log = s.log AND e.idx = s.idx
             WHERE s.record = ? AND s.space = ?",
        )?;
        let mut rows = select.query((record.0, space.0))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let payload: Option<Vec<u8>> = row.get(2)?;
            let Some(Ok(LogStatement::Erasure(bytes))) = payload.as_deref().map(LogStatement::parse) else {
                continue;
            };
            if let Ok(signed) = SignedErasure::open(&bytes)
                && signed.erasure().record == *record
            {
                found.push((row.get(0)?, EntryIndex(row.get(1)?), signed));
            }
        }
        Ok(found)
    }

    /// The orgs whose nodes acknowledged the erasure of a record, each with the log that says so.
    pub fn acknowledgements(
        &self,
        record: &RecordId,
        space: &SpaceId,
    ) -> Result<Vec<(lianzhan_protocol::id::OrgId, i64)>, StoreError> {
        let mut select = self.tx.prepare_cached(
            "SELECT org, log FROM acknowledged WHERE record = ? AND space = ? ORDER BY org, log",
        )?;
        let rows = select.query_map((record.0, space.0), |row| {
            Ok((lianzhan_protocol::id::OrgId(row.get(0)?), row.get(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What is kept of an erased record, by space.
    pub fn erased(&self, record: &RecordId) -> Result<Vec<ErasedRow>, StoreError> {
        self.erased_where("record = ?", Some(record))
    }

    /// Erased annexes that belonged to a record, as far as that was known here.
    pub fn erased_annexes(&self, main: &RecordId) -> Result<Vec<ErasedRow>, StoreError> {
        self.erased_where("main = ?", Some(main))
    }

    /// Erasures that are not carried out, or not acknowledged.
    pub fn erasures_unfinished(&self) -> Result<Vec<ErasedRow>, StoreError> {
        self.erased_where("step < 2", None)
    }

    /// The signed erasure by which a record was erased here.
    pub fn erased_by(&self, record: &RecordId, space: &SpaceId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self
            .tx
            .prepare_cached("SELECT signed FROM erased WHERE record = ? AND space = ?")?
            .query_row((record.0, space.0), |row| row.get(0))
            .optional()?)
    }

    /// Every record that is erased here.
    pub fn all_erased(&self) -> Result<Vec<ErasedRow>, StoreError> {
        self.erased_where("1", None)
    }

    fn erased_where(&self, what: &str, record: Option<&RecordId>) -> Result<Vec<ErasedRow>, StoreError> {
        let mut select = self.tx.prepare_cached(&format!(
            "SELECT record, space, erasure, step, key, main FROM erased WHERE {what} ORDER BY record, space"
        ))?;
        let rows = select.query_map(rusqlite::params_from_iter(record.map(|record| record.0)), |row| {
            Ok(ErasedRow {
                record: RecordId(row.get(0)?),
                space: SpaceId(row.get(1)?),
                erasure: Hash(row.get(2)?),
                step: ErasedStep::read(row.get(3)?),
                key: row.get(4)?,
                main: row.get::<_, Option<[u8; 16]>>(5)?.map(RecordId),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Attachments whose files are to go because what named them was erased.
    pub fn erased_files(&self) -> Result<Vec<AttachmentId>, StoreError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT id FROM erased_files ORDER BY id")?;
        let rows = select.query_map([], |row| Ok(AttachmentId(row.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The record as which an erased one was issued anew: of the same space, and of the same ledger as far as it is known here
    /// of which the erased one was.
    pub fn reissued_as(&self, old: &RecordId) -> Result<Option<RecordId>, StoreError> {
        Ok(self.reissued("w.old = ?", old)?.pop().map(|(_, new)| new))
    }

    /// The erased records for which this one was issued.
    pub fn reissued_from(&self, new: &RecordId) -> Result<Vec<RecordId>, StoreError> {
        let rows = self.reissued("w.new = ?", new)?.into_iter();
        Ok(rows.map(|(old, _)| old).collect())
    }

    /// What the rows of an erased record say of the new one, whether it is here or not.
    pub fn reissue_named(&self, old: &RecordId) -> Result<Option<RecordId>, StoreError> {
        Ok(self
            .tx
            .prepare_cached("SELECT new FROM reissued WHERE old = ?")?
            .query_row([old.0], |row| row.get(0).map(RecordId))
            .optional()?)
    }

    fn reissued(&self, which: &str, record: &RecordId) -> Result<Vec<(RecordId, RecordId)>, StoreError> {
        // The new one may have been issued anew itself since.
        let mut select = self.tx.prepare_cached(&format!(
            "SELECT w.old, w.new FROM reissued w JOIN records o ON o.record = w.old
             JOIN records n ON n.record = w.new AND n.space = o.space
             LEFT JOIN erased e ON e.record = o.record AND e.space = o.space
             LEFT JOIN erased f ON f.record = n.record AND f.space = n.space
             WHERE {which} AND w.old <> w.new
             AND (e.ledger IS NULL OR coalesce(nullif(n.ledger, ''), f.ledger, e.ledger) = e.ledger)
             ORDER BY w.old"
        ))?;
        let rows = select.query_map([record.0], |row| {
            Ok((RecordId(row.get(0)?), RecordId(row.get(1)?)))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether a record has entries in the clear: then the search index may have had text of it.
    pub fn is_in_the_clear(&self, record: &RecordId) -> Result<bool, StoreError> {
        Ok(self
            .tx
            .prepare_cached("SELECT 1 FROM entries WHERE record = ? AND kind = 1")?
            .exists([record.0])?)
    }
}

impl Store {
    /// Writes the search index anew, a part at a time, until nothing deleted is left in it. What is written between two parts
    /// may end that early, and one that was broken off before is gone on with, whatever was deleted since: then it begins again.
    /// Says whether it came to the end; not where others delete all the time.
    pub fn rewrite_search(&self) -> Result<bool, StoreError> {
        let mut first = true;
        for _ in 0..PARTS_MAX {
            let is_there = self.read(|reader| reader.is_deleted_in_search())?;
            if !is_there {
                return Ok(true);
            }
            let more = self.write_blocking(move |writer| writer.rewrite_search(first))?;
            if first && !more {
                // Others may have merged the last of it meanwhile.
                return Ok(!self.read(|reader| reader.is_deleted_in_search())?);
            }
            first = !more;
        }
        Ok(false)
    }

    /// Moves all pages from the write-ahead log into the database and empties the log, so that no older page is left in it.
    /// Says whether it could: not while somebody reads what was before.
    pub fn empty_wal(&self) -> Result<bool, StoreError> {
        let connection = Connection::open(self.readers.path())?;
        connection.busy_timeout(WAL_PATIENCE)?;
        // A reader's connection that idles keeps no snapshot.
        let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        Ok(busy == 0)
    }
}
