//! Issuing a record anew: personal data stood in its words, so it is erased, and what may stay goes on in a new record that
//! the remark of the erasure names. Both are one transaction, and in the log of the space the new record comes first: whoever
//! holds the word that erases holds what takes its place.

mod sent;
#[cfg(test)]
pub(crate) mod tests;

pub use sent::{AnewJson, AnewSent, AnewSheet, StaysJson};

use std::collections::{BTreeMap, BTreeSet};

use lianzhan_protocol::id::{AttachmentId, ChangeId, RecordId};
use lianzhan_protocol::record::ledger::{FieldKind, Ledger};
use lianzhan_protocol::record::{ANNEX_KEY, Erasure, ErasureFault, ErasureGround, Event, EventState, Value};

use super::access::{Purpose, Reason, Way};
use super::erase::{Doomed, ErasureDraft, Extent};
use super::ledger::{NewEntry, Values, annexes_of, is_asked, is_fixed, refuse_stated};
use super::query::RecordDetail;
use super::screen::Cleared;
use super::{Author, NewRecord, Node, ServiceError, files};

/// What new records follow from old ones for.
const FOLLOWS: &str = "lianzhan/anew-record/v1";
/// How often a record is followed that was issued anew again and again.
const STEPS: usize = 64;
/// What the note of an access says where personal parts are written again.
const WORDS: &str = "重新登记";

/// A record as somebody wants it issued anew.
#[derive(Debug, Clone, Default)]
pub struct AnewDraft {
    /// What they saw of the old one ([`AnewPlan::seen`]).
    pub seen: Vec<ChangeId>,
    /// What the new one holds.
    pub main: Values,
    /// Its personal parts, by ledger. An empty one is not written.
    pub annexes: BTreeMap<String, Values>,
    /// Notes of words that may stand though they look like personal data.
    pub cleared: Cleared,
    /// The date of the decision.
    pub on: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anew {
    /// The new record.
    pub new: RecordId,
    /// What is erased once this is witnessed: the old record, and personal parts of it.
    pub erased: Vec<RecordId>,
    /// Whether the new record was written now, and not before.
    pub written: bool,
}

/// What issuing a record anew would do.
#[derive(Debug, Clone)]
pub struct AnewPlan {
    /// The record.
    pub detail: RecordDetail,
    /// The definition by which the new one is written.
    pub ledger: &'static Ledger,
    /// What of its fields comes along unless somebody changes it.
    pub main: Values,
    /// The same of personal parts that are open at this node and that this person may write, by ledger.
    pub annexes: BTreeMap<String, Values>,
    /// What does not come along.
    pub stays: Vec<Stays>,
    /// What is erased.
    pub doomed: Vec<Doomed>,
    /// The heads of the record and of every part that is erased, sorted.
    pub seen: Vec<ChangeId>,
    /// The new record, where it is here: what is left to do is to erase the old one.
    pub begun: Option<RecordId>,
}

/// What of a record does not come along: it was signed over the old one, or it is not here.
#[derive(Debug, Clone)]
pub enum Stays {
    /// Something that a person signed.
    Event(Box<EventState>),
    /// A personal part that is not open here, or that this person may not write; whether it is erased with the record.
    Annex {
        /// Its ledger.
        ledger: String,
        /// Whether it is erased.
        erased: bool,
    },
}

impl Node {
    /// What issuing a record anew would do; by a person, if one is named. Nothing is signed.
    pub fn anew_plan(&self, author: Option<&Author>, record: &RecordId) -> Result<AnewPlan, ServiceError> {
        let doomed = self.preview_erasure(record, Extent::Whole)?;
        let detail = self.own_record(record)?;
        if detail.state.erased.is_some() {
            return Err(ServiceError::Erased(*record));
        }
        let ledger = self.form_of(&detail.ledger, &detail.space)?;
        refuse_stated(ledger)?;
        if author.is_some_and(|author| !self.may_put(author, &ledger.id, &detail.space)) {
            return Err(ServiceError::NotAllowed(
                "this ledger is written by holders of other posts".into(),
            ));
        }
        if has_twins(&detail) {
            // One of them would be in no new record.
            return Err(ServiceError::Bad(
                "this record has two personal parts of one ledger and cannot be issued anew 此记录有两份同类附册，不能重新登记"
                    .into(),
            ));
        }
        let (main, mut annexes) = self.values_of(&detail, &[]);
        if let Some(author) = author {
            let writable = self.writable_annexes(author, ledger, &detail.space);
            annexes.retain(|id, _| writable.iter().any(|annex| annex.id == *id));
        }
        for (id, values) in &mut annexes {
            values.retain(|_, value| *value != Value::Null);
            if let Some(annex) = annexes_of(ledger).find(|annex| annex.id == *id) {
                values.retain(|key, _| annex.resolve(key).is_some());
            }
        }
        let stays = stays(&detail, &annexes);
        let begun = self.anew_begun(ledger, &detail)?.1;
        let mut seen: BTreeSet<ChangeId> = detail.state.heads.iter().copied().collect();
        for part in &doomed {
            seen.extend(self.state(&part.record)?.1.heads.iter().copied());
        }
        Ok(AnewPlan {
            seen: seen.into_iter().collect(),
            main: standing(ledger, main),
            ledger,
            annexes,
            stays,
            doomed,
            begun,
            detail,
        })
    }

    /// Signs the new record and the erasure of the old one; durable when this returns. Asked again it signs what is left to
    /// sign, and never a second new record.
    pub async fn issue_anew(
        &self,
        author: &Author,
        record: &RecordId,
        draft: AnewDraft,
    ) -> Result<Anew, ServiceError> {
        let _one_at_a_time = self.reissuing.lock().await;
        if let Some(done) = self.anew_said(record)? {
            return Ok(done);
        }
        let plan = self.anew_plan(Some(author), record)?;
        let now: BTreeSet<ChangeId> = plan.seen.iter().copied().collect();
        if draft.seen.iter().copied().collect::<BTreeSet<_>>() != now {
            // What came meanwhile would be erased, and be in no new record.
            return Err(ServiceError::Moved);
        }
        if draft.on > self.today() {
            return Err(ServiceError::Bad(
                "the date of the decision lies in the future 决定日期不能晚于今天".into(),
            ));
        }
        let erasure = |new: &RecordId| ErasureDraft {
            record: *record,
            extent: Extent::Whole,
            ground: ErasureGround::Misplaced,
            on: draft.on.clone(),
            note: Some(Erasure::reissue_note(new)),
        };
        let erased = plan.doomed.iter().map(|part| part.record).collect();
        if let Some(new) = plan.begun {
            let then = self.sign_erasures(author, &erasure(&new), &plan.doomed)?;
            self.store
                .write(move |writer| {
                    for (origin, entry) in then {
                        writer.append_own(&origin, vec![entry])?;
                    }
                    Ok(())
                })
                .await?;
            return Ok(Anew {
                new,
                erased,
                written: false,
            });
        }
        let begins = self.anew_begun(plan.ledger, &plan.detail)?.0;
        let space = plan.detail.space.clone();
        let keys = draft.main.keys().map(String::as_str);
        let (definition, _) = self.naming(&plan.ledger.id, &space, keys)?;
        let begins = begins.under(&definition, &space);
        if draft.annexes.values().any(|values| !values.is_empty()) {
            self.refuse_locked(record)?;
        }
        let personal = plan.annexes.keys().any(|id| draft.annexes.contains_key(id));
        let entry = NewEntry {
            ledger: plan.ledger.id.clone(),
            space,
            main: draft.main,
            annexes: draft.annexes,
            cleared: draft.cleared,
        };
        self.sound(plan.ledger, &entry)?;
        self.screen_entry(plan.ledger, &entry)?;
        let new = self.entry_draft(author, plan.ledger, entry, Some(begins))?;
        let then = self.sign_erasures(author, &erasure(&begins.id), &plan.doomed)?;
        if personal {
            let reason = Reason {
                purpose: Purpose::Other,
                words: WORDS.into(),
            };
            self.note_access(author, &[*record], Way::Open, &reason).await?;
        }
        let written = self.submit_then(author, new, then).await?;
        Ok(Anew {
            new: written.record,
            erased,
            written: true,
        })
    }

    /// That this was said already: a second time it is neither written nor erased. Another word that erases the record would
    /// perhaps speak in the place of one that names a new record.
    fn anew_said(&self, record: &RecordId) -> Result<Option<Anew>, ServiceError> {
        let known = self.erasures_of(record)?;
        let Some(status) = known.iter().find(|status| status.record == *record) else {
            return Ok(None);
        };
        let stands = |fault: &Option<ErasureFault>| fault.as_ref().is_none_or(ErasureFault::is_pending);
        let said = status.stated.iter().filter(|stated| stands(&stated.fault));
        let notes = said.map(|stated| stated.signed.erasure().note.as_deref());
        let notes: Vec<Option<RecordId>> = notes.map(|note| note.and_then(Erasure::reissued_as)).collect();
        let named = match &status.erased {
            Some(erased) => erased.reissued_as(),
            None => notes.iter().flatten().next().copied(),
        };
        let named = match named {
            Some(new) => self.state(&new).ok().map(|(loaded, _)| loaded),
            None => None,
        };
        let named = named
            .filter(|new| new.space == status.space && new.id != *record)
            .map(|new| new.id);
        match (named, notes.is_empty()) {
            (Some(new), _) => Ok(Some(Anew {
                new,
                erased: Vec::new(),
                written: false,
            })),
            (None, true) => Ok(None),
            (None, false) => match status.erased {
                Some(_) => Err(ServiceError::Erased(*record)),
                None => Err(ServiceError::Bad(
                    "the erasure of this record is signed already; enter it as a new record 此记录已签名擦除，请直接新登记"
                        .into(),
                )),
            },
        }
    }

    /// How the new record of an old one begins at this node, and the record if it did.
    fn anew_begun(
        &self,
        ledger: &Ledger,
        detail: &RecordDetail,
    ) -> Result<(NewRecord, Option<RecordId>), ServiceError> {
        // Without the secret nobody can tell its salt, by which the hash in a header would give words away.
        let secret = self.kept_secret(files::IMPORT_SECRET)?;
        let begins = self.following(&secret, FOLLOWS, ledger, &detail.space, &detail.id)?;
        let under = self.definitions_of(&ledger.id, &detail.space);
        let here = self.store.read(|reader| {
            for hash in &under {
                let id = begins.under(hash, &detail.space).id;
                if !reader.record_entries(&id)?.is_empty() {
                    return Ok(Some(id));
                }
            }
            Ok(None)
        })?;
        Ok((begins, here))
    }

    /// The record as which an erased one goes on, if it was issued anew; the last one if it was more than once.
    pub fn reissued_as(&self, old: &RecordId) -> Result<Option<RecordId>, ServiceError> {
        Ok(self.store.read(|reader| {
            let mut last = None;
            for _ in 0..STEPS {
                match reader.reissued_as(last.as_ref().unwrap_or(old))? {
                    Some(new) => last = Some(new),
                    None => break,
                }
            }
            Ok(last)
        })?)
    }

    /// The erased records for which this one was issued, the nearest first.
    pub fn reissued_from(&self, new: &RecordId) -> Result<Vec<RecordId>, ServiceError> {
        Ok(self.store.read(|reader| {
            let mut found = vec![*new];
            let mut at = 0;
            while let Some(one) = found.get(at).copied().filter(|_| found.len() <= STEPS) {
                let before = reader.reissued_from(&one)?;
                found.extend(
                    before
                        .into_iter()
                        .filter(|old| !found.contains(old))
                        .collect::<Vec<_>>(),
                );
                at += 1;
            }
            Ok(found.split_off(1))
        })?)
    }
}

/// What of the fields of a record comes along: all that the form of its ledger knows, but not what links it with its personal
/// parts, which is drawn anew.
fn standing(ledger: &Ledger, mut main: Values) -> Values {
    main.retain(|key, value| {
        let known = ledger.resolve(key).filter(|_| !key.starts_with(ANNEX_KEY));
        *value != Value::Null && known.is_some_and(|(field, _)| !(field.auto && field.kind == FieldKind::Rid))
    });
    main
}

/// What a form that issues a record anew begins with: also what stands once it was written may be typed anew here.
pub fn asked(ledger: &Ledger, values: &Values) -> Values {
    let values = values.iter();
    values
        .filter(|(key, _)| is_asked(ledger, key) && !is_fixed(ledger, key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// What no form asks for: it comes along as it stands, but attachments only as far as they are kept.
pub fn unasked(ledger: &Ledger, values: &Values, keep: impl Fn(&AttachmentId) -> bool) -> Values {
    let mut values = values.clone();
    values.retain(|key, _| !is_asked(ledger, key));
    for (key, id) in files_among(ledger, &values) {
        if !keep(&id) {
            values.remove(&key);
        }
    }
    values
}

/// The attachments among values, by their keys.
pub fn files_among(ledger: &Ledger, values: &Values) -> Vec<(String, AttachmentId)> {
    let named = values.iter().filter_map(|(key, value)| {
        let (field, _) = ledger.resolve(key)?;
        match value {
            Value::Bytes(bytes) if field.kind == FieldKind::Blob => {
                Some((key.clone(), AttachmentId(bytes.as_slice().try_into().ok()?)))
            }
            _ => None,
        }
    });
    named.collect()
}

/// Whether of a personal part that is open here there is another of the same ledger, open or closed.
fn has_twins(detail: &RecordDetail) -> bool {
    let parts: BTreeSet<&str> = detail.annexes.iter().map(|annex| annex.ledger.as_str()).collect();
    let several = |id: &str| {
        let named = detail.state.fields.get(&format!("{ANNEX_KEY}{id}"));
        named.is_some_and(|named| named.candidates.len() > 1)
    };
    parts.len() < detail.annexes.len() || parts.into_iter().any(several)
}

/// What others signed over the old one, and the personal parts that nobody can write again here.
fn stays(detail: &RecordDetail, annexes: &BTreeMap<String, Values>) -> Vec<Stays> {
    // That it was registered is said of the new one anew; what was cleared is cleared there, where it still stands.
    let of_its_own = |event: &&EventState| {
        !matches!(event.event, Event::Register { .. } | Event::Clear { .. }) && event.effect.is_ok()
    };
    let events = detail.state.events.iter().filter(of_its_own);
    let parts = detail.annex_names.iter().filter(|id| !annexes.contains_key(*id));
    let parts = parts.map(|id| Stays::Annex {
        ledger: id.clone(),
        erased: detail.annexes.iter().any(|held| held.ledger == *id),
    });
    let events = events.cloned().map(Box::new).map(Stays::Event);
    events.chain(parts).collect()
}
