//! Records as programs send and read them.

use std::collections::BTreeMap;

use lianzhan_protocol::id::{ChangeId, RecordId};
use lianzhan_protocol::record::ledger::{Ledger, ledger};
use lianzhan_protocol::record::{Confirmation, Confirmed, Event, EventState, Notes, RecordState, Right};
use lianzhan_protocol::trust::{Audience, Space};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{Amendment, NewEntry, Part, Values, from_json, is_annex, no_such_annex};
use crate::services::screen::Cleared;
use crate::services::{Author, Node, ServiceError, Written};
use crate::views;

/// What a program sends of a record.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// Fields of the record.
    #[serde(default)]
    pub fields: Map<String, Json>,
    /// Fields of its personal parts, by ledger.
    #[serde(default)]
    pub annexes: BTreeMap<String, Map<String, Json>>,
    /// Notes of words that may stand though they look like personal data, by the field's key.
    #[serde(default)]
    pub cleared: BTreeMap<String, String>,
    /// Of a new record: the org that it is about, by division code or id; this node's own where none is named.
    #[serde(default)]
    pub owner: Option<String>,
    /// Of a new record: the space in which it is to stand, by its id; a joint one also by its orgs, as CODE+CODE.
    #[serde(default)]
    pub space: Option<String>,
    /// Of a change: the heads that its author saw; those of now where none are named.
    #[serde(default)]
    pub seen: Vec<String>,
}

/// A record, as a program reads it to change it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecordSheet {
    /// Its id.
    pub id: String,
    /// Its ledger.
    pub ledger: String,
    /// Division code of its owner.
    pub owner: Option<String>,
    /// Values by key.
    pub fields: Map<String, Json>,
    /// Names of its personal parts.
    pub annexes: Vec<String>,
    /// Fields that it lacks to be complete.
    pub lacks: Vec<Lacking>,
    /// Records that its fields name and that are here.
    pub names: Vec<Named>,
    /// Records that name it.
    pub named_by: Vec<Named>,
    /// Whether somebody confirmed it: no, yes, recorded for somebody without a key, or changed since.
    pub confirmed: String,
    /// Its events, in their order.
    pub events: Vec<EventSheet>,
    /// Its heads, for `seen`.
    pub seen: Vec<String>,
    /// Of an erased one: the record as which it was issued anew.
    pub reissued_as: Option<String>,
    /// The erased ones for which it was issued.
    pub reissued_from: Vec<String>,
}

/// An event of a record, as a program reads it to correct or confirm it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventSheet {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Who did it.
    pub by: String,
    /// When, as stated and as it was signed.
    pub happened: Option<String>,
    /// What a line says, or why it was corrected, as it was signed.
    pub text: Option<String>,
    /// Why it has no effect.
    pub ineffective: Option<String>,
    /// The event that it corrects or confirms; of a confirmation none, if it is of the whole record.
    pub of: Option<String>,
    /// What is right instead, as far as it was corrected.
    pub right: Option<EventRight>,
    /// Whether somebody confirmed it: no, yes, recorded for somebody without a key, or changed since.
    pub confirmed: String,
    /// Who did it, where another recorded it for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<RecordedFor>,
}

/// Who did what another recorded, and on what evidence.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecordedFor {
    /// The name.
    pub name: String,
    /// The office in words.
    pub office: String,
    /// The id of the person, where one is known.
    pub person: Option<String>,
    /// link, token or paper.
    pub proof: String,
    /// The scan, or a digest of the code.
    pub evidence: String,
}

/// What a correction that is in force says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventRight {
    /// Who corrected it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// That nothing of it is right.
    pub taken_back: bool,
    /// When it happened.
    pub happened: Option<String>,
    /// What a line should say.
    pub text: Option<String>,
}

impl EventSheet {
    pub(in crate::services) fn of(state: &RecordState, event: &EventState) -> Self {
        let (of, text) = match &event.event {
            Event::Correct { of, reason, .. } => (Some(*of), Some(reason.clone())),
            Event::Confirm {
                of: Confirmed::Event { event },
            }
            | Event::ConfirmFor {
                of: Confirmed::Event { event },
                ..
            } => (Some(*event), None),
            Event::LogLine { text, .. } => (None, Some(text.clone())),
            Event::Clear { note, .. } => (None, Some(note.clone())),
            _ => (None, None),
        };
        let notes = state.notes.get(&event.id);
        let standing = notes.map_or(Confirmation::None, Notes::confirmation);
        let recorded = event.event.for_another();
        EventSheet {
            id: event.id.to_string(),
            kind: event.event.kind().as_str().to_owned(),
            by: event.by.name.clone(),
            happened: event.event.happened().map(str::to_owned),
            text,
            ineffective: event.effect.as_ref().err().map(ToString::to_string),
            of: of.map(|of| of.to_string()),
            right: state.correction(&event.id).map(|(by, reason, right)| {
                let (happened, text) = match right {
                    Right::Nothing => (None, None),
                    Right::Said { happened, text } => (Some(happened.clone()), text.clone()),
                };
                EventRight {
                    by: by.by.name.clone(),
                    reason: reason.to_owned(),
                    taken_back: *right == Right::Nothing,
                    happened,
                    text,
                }
            }),
            confirmed: super::confirmed_id(standing).to_owned(),
            recorded: recorded.map(|(actor, proof, evidence)| RecordedFor {
                name: actor.name.clone(),
                office: actor.office.clone(),
                person: actor.person.map(|id| id.to_string()),
                proof: proof.as_str().to_owned(),
                evidence: evidence.to_string(),
            }),
        }
    }
}

/// A field that a record lacks.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Lacking {
    /// Its id.
    pub field: String,
    /// Its Chinese label.
    pub zh: String,
    /// Its English label.
    pub en: String,
}

/// One end of a reference.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Named {
    /// The field that names.
    pub field: String,
    /// The record at the other end.
    pub record: String,
    /// Its ledger.
    pub ledger: String,
    /// Its title.
    pub title: String,
}

/// Ends of references that one answer lists.
const NAMED: u64 = 200;

impl Node {
    /// Begins a record that a program sent.
    pub async fn enter_sent(&self, author: &Author, of: &str, sent: Sent) -> Result<Written, ServiceError> {
        let ledger = self.book(of)?;
        let owner = match &sent.owner {
            Some(owner) => self.org_named(owner)?,
            None => self.org_id(),
        };
        let space = match &sent.space {
            Some(named) => self.offered_named(author, ledger, named)?,
            None if ledger.audience == Audience::Joint => self.space_for(ledger, None)?,
            None => self.directory().space_now(owner, ledger.audience),
        };
        let ledger = self.form_of(&ledger.id, &space)?;
        let main = from_json(ledger, Part::Main, &sent.fields, &Values::new())?;
        let entry = NewEntry {
            ledger: ledger.id.clone(),
            space,
            main,
            annexes: annexes(ledger, &sent, &BTreeMap::new())?,
            cleared: cleared(&sent),
        };
        self.enter(author, entry, None).await
    }

    fn offered_named(&self, author: &Author, ledger: &Ledger, named: &str) -> Result<Space, ServiceError> {
        let offered = self.offered_spaces(author, ledger);
        let mut offered = offered.into_iter().map(|offered| offered.space);
        if let Some(space) = offered.clone().find(|space| space.id().to_string() == named) {
            return Ok(space);
        }
        let joint = self.joint_named(named)?;
        offered
            .find(|space| *space == joint)
            .ok_or_else(|| ServiceError::Bad("there is no such space that you may write into".into()))
    }

    /// Changes a record as a program sent it: what is not named stays. None if nothing differs.
    pub async fn amend_sent(
        &self,
        author: &Author,
        record: &RecordId,
        sent: Sent,
    ) -> Result<Option<Written>, ServiceError> {
        let detail = self.own_record(record)?;
        let ledger = self.form_of(&detail.ledger, &detail.space)?;
        let seen: Vec<ChangeId> = sent.seen.iter().filter_map(|id| ChangeId::parse(id)).collect();
        if seen.len() != sent.seen.len() {
            return Err(ServiceError::Bad(
                "`seen` names changes by 64 hexadecimal digits".into(),
            ));
        }
        let (base, base_annexes) = self.values_of(&detail, &seen);
        let amendment = Amendment {
            main: from_json(ledger, Part::Main, &sent.fields, &base)?,
            annexes: annexes(ledger, &sent, &base_annexes)?,
            cleared: cleared(&sent),
            seen,
        };
        self.amend(author, &detail, amendment, None).await
    }

    /// A record of a ledger of its own, as a program reads it to change it.
    pub fn sheet(&self, record: &RecordId) -> Result<RecordSheet, ServiceError> {
        let detail = self.own_record(record)?;
        let now = crate::services::activity::now_stated();
        let today = now.get(..10).unwrap_or_default();
        let lacks = views::missing(&self.registry(), &detail.state, today)
            .into_iter()
            .map(|field| Lacking {
                field: field.id.clone(),
                zh: field.zh.clone(),
                en: field.en.clone(),
            });
        let fields = detail.state.fields.iter();
        let fields = fields
            .filter(|(key, _)| !key.starts_with(lianzhan_protocol::record::ANNEX_KEY))
            .map(|(key, field)| {
                (
                    key.clone(),
                    serde_json::to_value(&field.value).unwrap_or_default(),
                )
            });
        let names = self
            .names(&detail.state)?
            .into_iter()
            .map(|(field, found)| Named {
                field,
                record: found.id.to_string(),
                ledger: found.ledger,
                title: found.title,
            });
        let (named_by, _) = self.named_by(record, NAMED)?;
        let named_by = named_by.into_iter().map(|naming| Named {
            field: naming.field,
            record: naming.row.record.to_string(),
            ledger: naming.row.ledger,
            title: naming.row.title,
        });
        Ok(RecordSheet {
            id: record.to_string(),
            owner: detail.owner.as_ref().map(|org| org.code.clone()),
            fields: fields.collect(),
            annexes: detail.annex_names.clone(),
            lacks: lacks.collect(),
            names: names.collect(),
            named_by: named_by.collect(),
            confirmed: super::confirmed_id(detail.state.confirmation()).to_owned(),
            events: detail
                .state
                .events
                .iter()
                .map(|event| EventSheet::of(&detail.state, event))
                .collect(),
            seen: detail.state.heads.iter().map(ToString::to_string).collect(),
            ledger: detail.ledger,
            reissued_as: self.reissued_as(record)?.map(|new| new.to_string()),
            reissued_from: self
                .reissued_from(record)?
                .iter()
                .map(ToString::to_string)
                .collect(),
        })
    }

    pub(in crate::services) fn own_record(
        &self,
        record: &RecordId,
    ) -> Result<crate::services::query::RecordDetail, ServiceError> {
        let detail = self.record_detail(record)?;
        match is_annex(&detail.ledger) {
            true => Err(ServiceError::UnknownRecord(*record)),
            false => Ok(detail),
        }
    }
}

fn cleared(sent: &Sent) -> Cleared {
    let notes = sent.cleared.iter();
    notes
        .map(|(key, note)| (format!("f:{key}"), note.clone()))
        .collect()
}

fn annexes(
    of: &Ledger,
    sent: &Sent,
    base: &BTreeMap<String, Values>,
) -> Result<BTreeMap<String, Values>, ServiceError> {
    let empty = Values::new();
    let read = |(id, fields): (&String, &Map<String, Json>)| {
        let annex = ledger(id)
            .filter(|_| of.annexes.contains(id))
            .ok_or_else(|| no_such_annex(of, id))?;
        let values = from_json(annex, Part::Annex(id), fields, base.get(id).unwrap_or(&empty))?;
        Ok((id.clone(), values))
    };
    sent.annexes.iter().map(read).collect()
}
