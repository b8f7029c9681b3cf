//! Erasing records: a person signs that a record is erased; once that is witnessed every holder destroys what it has of it
//! (`carry`), and says so. What may be seen of it afterwards is `status`'s.

mod carry;
mod status;
#[cfg(test)]
pub(crate) mod tests;

pub use status::{ErasureStatus, Holder, Stated};

use lianzhan_protocol::id::{AttachmentId, Origin, RecordId};
use lianzhan_protocol::log::LogStatement;
use lianzhan_protocol::record::{
    Erasure, ErasureFault, ErasureGround, SignedErasure, holders_of, judge_erasure,
};
use lianzhan_protocol::trust::{Org, Space};

use super::{Author, Load, Node, ServiceError};
use crate::env;
use crate::store::OwnEntry;

/// How much of a record is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Its personal parts, as far as they are here; of one that is a personal part itself, all of it.
    Personal,
    /// The record, with the personal parts that are here.
    Whole,
}

/// An erasure as somebody wants it.
#[derive(Debug, Clone)]
pub struct ErasureDraft {
    /// The record.
    pub record: RecordId,
    /// How much of it.
    pub extent: Extent,
    /// On what ground.
    pub ground: ErasureGround,
    /// The date of the decision.
    pub on: String,
    /// A remark that is free of personal data.
    pub note: Option<String>,
}

/// A part of a record that an erasure would erase.
#[derive(Debug, Clone)]
pub struct Doomed {
    /// The record: the one that was named, or a personal part of it.
    pub record: RecordId,
    /// Whether it is a personal part.
    pub personal: bool,
    /// The space in which it lives.
    pub space: Space,
    /// The id of its ledger, if it can be read here.
    pub ledger: Option<String>,
    /// Changes that are held of it.
    pub changes: usize,
    /// Attachments that it names.
    pub attachments: usize,
    /// The orgs whose nodes are to erase it.
    pub holders: Vec<Org>,
}

/// Reads a ground by its identifier.
pub fn parse_ground(id: &str) -> Result<ErasureGround, ServiceError> {
    let known = ErasureGround::ALL.map(ErasureGround::as_str).join(", ");
    ErasureGround::parse(id).ok_or_else(|| {
        ServiceError::Bad(format!(
            "{id:?} is no ground of an erasure; there are: {known} 没有这个擦除理由"
        ))
    })
}

impl Node {
    /// What an erasure would erase. Nothing is signed.
    pub fn preview_erasure(&self, record: &RecordId, extent: Extent) -> Result<Vec<Doomed>, ServiceError> {
        // What was written a moment ago is erased, too.
        self.settle_views()?;
        let found = self.store.read(|reader| {
            let mut load = Load::new(self, reader);
            let Some(main) = load.record(record)? else {
                return Ok(None);
            };
            let mut ids = Vec::new();
            if main.sealed || extent == Extent::Whole {
                ids.push(*record);
            }
            if !main.sealed {
                ids.extend(reader.annexes(record)?.into_iter().map(|row| row.record));
            }
            let mut doomed = Vec::new();
            for id in ids {
                let Some(loaded) = load.record(&id)? else { continue };
                if loaded.erased.is_some() {
                    continue;
                }
                let state = load.fold(&loaded);
                doomed.push(Doomed {
                    record: id,
                    personal: loaded.sealed,
                    ledger: state
                        .definition
                        .and_then(|hash| self.definition(&hash))
                        .map(|ledger| ledger.id.clone()),
                    changes: loaded.held.len() + loaded.closed,
                    attachments: reader.named_by(&id)?.len(),
                    holders: holders_of(load.directory(), &loaded.space)
                        .iter()
                        .filter_map(|org| load.directory().org(org).cloned())
                        .collect(),
                    space: loaded.space,
                });
            }
            Ok(Some(doomed))
        })?;
        found.ok_or(ServiceError::UnknownRecord(*record))
    }

    /// Signs the erasure of all that the draft names; durable when this returns. It has effect once it is witnessed. Returns
    /// the records.
    pub fn erase(&self, author: &Author, draft: &ErasureDraft) -> Result<Vec<RecordId>, ServiceError> {
        if draft.on > self.today() {
            return Err(ServiceError::Bad(
                "the date of the decision lies in the future 决定日期不能晚于今天".into(),
            ));
        }
        // What should not be here at all goes at once; what the law keeps does not go because its time is over or somebody asks.
        if !matches!(draft.ground, ErasureGround::Misplaced | ErasureGround::Unlawful) {
            self.refuse_locked(&draft.record)?;
        }
        if let Some(note) = &draft.note
            && !self.names_record(note)?
        {
            self.refuse_persons(note)?;
        }
        let doomed = self.preview_erasure(&draft.record, draft.extent)?;
        if doomed.is_empty() {
            return Err(ServiceError::NothingToErase(draft.record));
        }
        let entries = self.sign_erasures(author, draft, &doomed)?;
        self.store.write_blocking(move |writer| {
            for (origin, entry) in entries {
                writer.append_own(&origin, vec![entry])?;
            }
            Ok(())
        })?;
        Ok(doomed.into_iter().map(|part| part.record).collect())
    }

    /// Whether a remark names a new record that is here: its digits are nobody's number.
    fn names_record(&self, note: &str) -> Result<bool, ServiceError> {
        let Some(new) = Erasure::reissued_as(note) else {
            return Ok(false);
        };
        let entries = self.store.read(|reader| reader.record_entries(&new))?;
        Ok(!entries.is_empty())
    }

    /// Signs the erasure of each part, unless it would have no effect. Nothing of it is durable yet.
    pub(in crate::services) fn sign_erasures(
        &self,
        author: &Author,
        draft: &ErasureDraft,
        doomed: &[Doomed],
    ) -> Result<Vec<(Origin, OwnEntry)>, ServiceError> {
        let mut entries = Vec::with_capacity(doomed.len());
        for part in doomed {
            // What names a new record is said of the record itself: an annex has a narrower space.
            let names_new = |note: &String| Erasure::reissued_as(note).is_some();
            let signed = Erasure {
                record: part.record,
                space: part.space.id(),
                ground: draft.ground,
                on: draft.on.clone(),
                note: draft
                    .note
                    .clone()
                    .filter(|note| !part.personal || !names_new(note)),
                author: author.key.public(),
                appointment: author.appointment,
                recorded: env::now(),
            }
            .sign(&author.key)?;
            let origin = self.ensure_log(&part.space)?;
            let log = self.store.read(|reader| reader.log(&origin))?;
            let start = log
                .ok_or_else(|| crate::store::StoreError::UnknownLog(origin.clone()))?
                .start;
            // As it would be if it were witnessed now. A revoked post does not sign, though what it signed before stays.
            judge_erasure(&self.directory(), &start, &signed, Some(env::now()))?;
            if !self.directory().revoked(&author.appointment).is_empty() {
                return Err(ServiceError::MayNotErase(ErasureFault::AppointmentDoesNotStand));
            }
            let statement = LogStatement::Erasure(signed.bytes().to_vec());
            let entry = self.node_entry(&origin, &part.space, &statement)?;
            entries.push((origin, entry));
        }
        Ok(entries)
    }

    /// Today's date where congresses sit, as erasures state it.
    pub fn today(&self) -> String {
        let china = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
        let now = jiff::Timestamp::from_millisecond(env::now().0).unwrap_or_default();
        now.to_zoned(china).date().to_string()
    }
}

/// What is looked up of a record before it is dropped: it cannot be afterwards.
struct LastLook {
    /// Attachments that any of its changes ever named.
    files: Vec<AttachmentId>,
    /// Of an annex: the record that it belongs to.
    main: Option<RecordId>,
    /// Whether the key that is held for it belongs to it in this space.
    key: bool,
    /// Of which ledger it is, if it stands in the clear.
    ledger: Option<String>,
    /// The erasure that has effect.
    signed: SignedErasure,
}
