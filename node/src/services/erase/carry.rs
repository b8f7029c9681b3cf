//! Carrying an erasure out at this node. Each step leaves a note of how far it is in the database, and each may be done again:
//! who is killed between any two goes on at the next start.
//!
//! 1. One transaction: payloads and derived rows are dropped, and the record is noted as erased. From its commit on nothing of
//!    it is handed over or taken in.
//! 2. Files of attachments that it alone named are removed.
//! 3. The key is destroyed.
//! 4. What the search index still had of it is written over, and the write-ahead log is emptied.
//! 5. It is acknowledged in a log of the record's space.

use std::sync::atomic::Ordering;

use lianzhan_protocol::id::{AttachmentId, RecordId, SpaceId};
use lianzhan_protocol::log::{Acknowledged, Entry, LogStatement};
use lianzhan_protocol::record::ledger::FieldKind;
use lianzhan_protocol::record::{Change, Value, open_sealed};
use lianzhan_protocol::trust::Space;

use super::LastLook;
use crate::services::recorded::scan_of;
use crate::services::{Load, Node, ServiceError};
use crate::store::{DueErasure, ErasedRow, ErasedStep, Reader, StoreError};

/// The steps after the first, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Until {
    Files,
    Keys,
    Search,
    Wal,
    Done,
}

impl Node {
    /// Carries out every erasure that has effect and is not carried out yet. Nothing else is done where there is none, so
    /// that it may be asked for after every commit that could have given one effect.
    pub fn apply_erasures(&self) -> Result<(), ServiceError> {
        self.apply_erasures_until(Until::Done)
    }

    pub(super) fn apply_erasures_until(&self, until: Until) -> Result<(), ServiceError> {
        let waits = self.store.read(|reader| {
            Ok(!reader.erasures_due()?.is_empty() || !reader.erasures_unfinished()?.is_empty())
        })?;
        if !waits {
            return Ok(());
        }
        let _one_at_a_time = self
            .erasing
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for due in self.store.read(|reader| reader.erasures_due())? {
            self.take_effect(due)?;
        }
        self.destroy(until)?;
        if until < Until::Done {
            return Ok(());
        }
        for row in self.store.read(|reader| reader.erasures_unfinished())? {
            if row.step == ErasedStep::Destroyed {
                self.acknowledge(&row)?;
            }
        }
        Ok(())
    }

    /// Whether an erasure stopped half-way because somebody read what was before it. Nothing is committed then that would
    /// have it gone on with: it is to be tried again.
    pub fn erasure_waits(&self) -> bool {
        self.erasure_waits.load(Ordering::Relaxed)
    }

    /// Erases again what keys that were put back from an older copy would open.
    pub(in crate::services) fn erase_after_start(&self) -> Result<(), ServiceError> {
        let erased = self.store.read(|reader| reader.all_erased())?;
        let back: Vec<RecordId> = erased
            .into_iter()
            .filter(|row| row.key && self.annex_keys.get(&row.record).is_some())
            .map(|row| row.record)
            .collect();
        if !back.is_empty() {
            tracing::warn!(
                count = back.len(),
                "keys of erased records were put back; they are destroyed again"
            );
            self.annex_keys.destroy(&back)?;
        }
        self.apply_erasures()
    }

    /// Judges the erasures of a record. If one has effect, the record's payloads and rows are dropped.
    fn take_effect(&self, due: DueErasure) -> Result<(), ServiceError> {
        let (record, space) = (due.record, due.space);
        let look = self.store.read(|reader| {
            let mut load = Load::new(self, reader);
            if reader.erased(&record)?.iter().any(|row| row.space == space) {
                return Ok(None);
            }
            let Some(erased) = load.erased(&record, &space)? else {
                return Ok(None);
            };
            let stated = load.stated_erasures(&record, &space)?.into_iter();
            let mut signed = stated.map(|(signed, _)| signed);
            let Some(signed) = signed.find(|signed| signed.id() == erased.erasure) else {
                return Ok(None);
            };
            let mut look = LastLook {
                files: Vec::new(),
                main: None,
                key: true,
                ledger: None,
                signed,
            };
            self.look(reader, &mut look, &record, &space)?;
            if let Some(key) = self.annex_keys.get(&record) {
                // What names the record of another space does not have its key destroyed.
                let home = load.begun_in(&record, &key)?;
                look.key = home.is_none_or(|home| home == space);
            }
            Ok(Some(look))
        })?;
        if let Some(look) = &look
            && !look.files.is_empty()
        {
            // Another record may name the same files, as a new one does that was issued for it: they stay once its rows say so.
            while self.project_marked()? > 0 {}
        }
        self.store.write_blocking(move |writer| match look {
            None => writer.erasures_judged(&due),
            Some(look) => {
                let row = ErasedRow {
                    record,
                    space,
                    erasure: look.signed.id(),
                    step: ErasedStep::Destroying,
                    key: look.key,
                    main: look.main,
                };
                writer.erase(&row, &look.signed, &look.files, look.ledger.as_deref())
            }
        })?;
        Ok(())
    }

    /// Finds what a record's changes name, also those that count no more.
    fn look(
        &self,
        reader: &Reader<'_>,
        look: &mut LastLook,
        record: &RecordId,
        space: &SpaceId,
    ) -> Result<(), StoreError> {
        look.files
            .extend(reader.named_by(record)?.iter().map(|named| named.id));
        let key = self.annex_keys.get(record);
        for row in reader.record_entries(record)? {
            let (Ok(entry), Some(payload)) = (Entry::parse(&row.entry), &row.payload) else {
                continue;
            };
            let header = entry.header();
            if header.space != *space {
                continue;
            }
            let change = match (&header.key_commitment, &key) {
                (Some(commitment), Some(key)) => open_sealed(key, commitment, record, payload).ok(),
                (Some(_), None) => None,
                (None, _) => Change::parse(payload).ok(),
            };
            let Some(change) = change else { continue };
            let ledger = self.definition(&change.definition);
            let clear = header.key_commitment.is_none();
            if clear && record.is_minted_for(space, &change.definition, &change.salt) {
                look.ledger = ledger.map(|ledger| ledger.id.clone());
            }
            for put in &change.puts {
                look.files.extend(scan_of(put));
                let Some(name) = put.field_name() else { continue };
                match &put.value {
                    Value::Text(text) if name == "of" => {
                        look.main = look.main.or_else(|| RecordId::parse(text));
                    }
                    Value::Bytes(bytes) => {
                        let field = ledger.and_then(|ledger| ledger.resolve(name));
                        let blob = field.filter(|(field, _)| field.kind == FieldKind::Blob);
                        let id = <[u8; 32]>::try_from(bytes.as_slice()).map(AttachmentId);
                        look.files.extend(blob.and(id.ok()));
                    }
                    _ => {}
                }
            }
        }
        look.files.sort_unstable();
        look.files.dedup();
        Ok(())
    }

    /// Files, keys, search index, write-ahead log.
    fn destroy(&self, until: Until) -> Result<(), ServiceError> {
        let (files, open) = self
            .store
            .read(|reader| Ok((reader.erased_files()?, reader.erasures_unfinished()?)))?;
        for id in files {
            let gone = self.blobs.naming().forget(&id);
            gone.map_err(|error| self.attachment_disk(error))?;
            self.store
                .write_blocking(move |writer| writer.erased_file_gone(&id))?;
        }
        let open: Vec<ErasedRow> = open
            .into_iter()
            .filter(|row| row.step == ErasedStep::Destroying)
            .collect();
        if open.is_empty() || until <= Until::Files {
            return Ok(());
        }
        let keys: Vec<RecordId> = open.iter().filter(|row| row.key).map(|row| row.record).collect();
        self.annex_keys.destroy(&keys)?;
        if until <= Until::Keys {
            return Ok(());
        }
        let indexed = self.store.read(|reader| {
            let mut clear = false;
            for row in &open {
                clear |= reader.is_in_the_clear(&row.record)?;
            }
            Ok(clear)
        })?;
        if indexed && !self.store.rewrite_search()? {
            self.erasure_waits.store(true, Ordering::Relaxed);
            tracing::info!("much is written to the search index; it is freed of what was erased later");
            return Ok(());
        }
        if until <= Until::Search {
            return Ok(());
        }
        let emptied = self.store.empty_wal()?;
        self.erasure_waits.store(!emptied, Ordering::Relaxed);
        if !emptied {
            tracing::info!("somebody reads what was before an erasure; the write-ahead log is emptied later");
            return Ok(());
        }
        if until <= Until::Wal {
            return Ok(());
        }
        self.store.write_blocking(move |writer| {
            open.iter()
                .try_for_each(|row| writer.erased_to(&row.record, &row.space, ErasedStep::Destroyed))
        })?;
        Ok(())
    }

    /// An erasure that was carried out here, and that stands in no log any more since another branch of its log stands, is
    /// stated in a log of this node: it was signed by a person, and may stand anywhere in its space.
    fn state_again(&self, space: &Space, row: &ErasedRow) -> Result<(), ServiceError> {
        let (record, id) = (row.record, row.space);
        let signed = self
            .store
            .read(|reader| match reader.erasures(&record, &id)?.is_empty() {
                true => reader.erased_by(&record, &id),
                false => Ok(None),
            })?;
        let Some(signed) = signed else { return Ok(()) };
        let origin = self.ensure_log(space)?;
        let entry = self.node_entry(&origin, space, &LogStatement::Erasure(signed))?;
        self.store
            .write_blocking(move |writer| writer.append_own(&origin, vec![entry]).map(drop))?;
        Ok(())
    }

    /// Says in a log of the record's space that nothing of it is here any more. What cannot be said now is said later.
    fn acknowledge(&self, row: &ErasedRow) -> Result<(), ServiceError> {
        match self.say_erased(row) {
            Err(ServiceError::Store(StoreError::Halted { reason, .. })) => {
                tracing::warn!(record = %row.record, reason, "an erasure is not acknowledged: the log is halted");
                Ok(())
            }
            said => said,
        }
    }

    fn say_erased(&self, row: &ErasedRow) -> Result<(), ServiceError> {
        let (record, space) = (row.record, row.space);
        let Some(descriptor) = self.space(&space) else {
            tracing::debug!(%record, "the space of an erased record is not known here yet");
            return Ok(());
        };
        self.state_again(&descriptor, row)?;
        let own = self.node_key.public();
        let said = self.store.read(|reader| {
            let mut said = false;
            for (_, log) in reader.acknowledgements(&record, &space)? {
                said |= reader.log_by_id(log)?.start.node == own;
            }
            Ok(said)
        })?;
        if said {
            self.store
                .write_blocking(move |writer| writer.erased_to(&record, &space, ErasedStep::Acknowledged))?;
            return Ok(());
        }
        let origin = self.ensure_log(&descriptor)?;
        let statement = LogStatement::Erased(Acknowledged {
            record,
            erasure: row.erasure,
        });
        let entry = self.node_entry(&origin, &descriptor, &statement)?;
        self.store.write_blocking(move |writer| {
            writer.append_own(&origin, vec![entry])?;
            writer.erased_to(&record, &space, ErasedStep::Acknowledged)
        })?;
        tracing::info!(%record, "erased, and acknowledged");
        Ok(())
    }
}
