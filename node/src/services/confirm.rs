//! Confirmations and corrections: what a second person stands for, and what was wrong in an event. Of every ledger.

use lianzhan_protocol::id::{ChangeId, Hash, RecordId};
use lianzhan_protocol::personal::Kind;
use lianzhan_protocol::record::{
    Capacity, Confirmed, Event, EventKind, EventState, Graph, Held, Put, Right, Verdict, seal_digest,
};
use lianzhan_protocol::trust::Space;
use serde::{Deserialize, Serialize};

use super::query::RecordDetail;
use super::submit::Beside;
use super::{Author, Draft, Node, ServiceError, Written};

/// What is said of a correction that corrects nothing.
pub const SAME: &str = "nothing was changed; say what is right, or take it back";
/// What is said of a time that is none.
pub const WHEN: &str = "write a date or an instant at +08:00";

/// Whether a person may confirm a record as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfirmOffer {
    /// They may, up to these heads.
    Open(Vec<ChangeId>),
    /// They wrote part of what it says: another has to.
    Own,
    /// They did.
    Given,
    /// Something of it has not arrived yet.
    Waiting,
    /// It is not theirs to confirm.
    None,
}

/// A correction as it is asked for. What is not given stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrectionDraft {
    /// Id of the event.
    pub event: String,
    /// Why.
    pub reason: String,
    /// When it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub happened: Option<String>,
    /// What a line should say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// That nothing of it is right.
    #[serde(default)]
    pub take_back: bool,
}

/// What is confirmed, as it is asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmationDraft {
    /// Id of the only event that is confirmed; the whole record where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The heads that were seen; those of now where none are named.
    #[serde(default)]
    pub seen: Vec<String>,
}

/// The id of an event as people and programs write it.
pub fn parse_event(text: &str) -> Result<Hash, ServiceError> {
    Hash::parse(text.trim())
        .ok_or_else(|| ServiceError::Bad("an event is named by 64 hexadecimal digits".into()))
}

/// Heads as programs write them.
pub fn parse_seen(seen: &[String]) -> Result<Vec<ChangeId>, ServiceError> {
    let parsed: Option<Vec<ChangeId>> = seen.iter().map(|id| ChangeId::parse(id)).collect();
    parsed.ok_or_else(|| ServiceError::Bad("`seen` names changes by 64 hexadecimal digits".into()))
}

impl Node {
    /// Whether a person may confirm records of a ledger in `space`.
    pub fn may_confirm(&self, author: &Author, ledger: &str, space: &Space) -> bool {
        self.may_sign(author, EventKind::Confirm, space) || self.may_put(author, ledger, space)
    }

    /// Whether a person may confirm a record as it is now.
    pub fn confirm_offer(&self, author: &Author, detail: &RecordDetail) -> ConfirmOffer {
        if self.ledger(&detail.ledger).is_err() || !self.may_confirm(author, &detail.ledger, &detail.space) {
            return ConfirmOffer::None;
        }
        let Ok(card) = self.capacity(author) else {
            return ConfirmOffer::None;
        };
        let own = |held: &Held, by: &Capacity| held.author == author.key.public() || by.is_same_person(&card);
        let given = detail.state.confirmed.iter().filter(|by| by.current).any(|by| {
            let event = detail.state.event(&by.event);
            event.is_some_and(|event| event.by.is_same_person(&card))
        });
        if given {
            return ConfirmOffer::Given;
        }
        let wrote = detail.changes.iter().any(|change| match &change.verdict {
            Verdict::Counts { capacity, .. } => {
                own(&change.held, capacity) && change.held.change.is_content()
            }
            _ => false,
        });
        if wrote {
            return ConfirmOffer::Own;
        }
        let held: Vec<Held> = detail.changes.iter().map(|change| change.held.clone()).collect();
        let graph = Graph::build(&held);
        match graph.waiting().is_empty() {
            true => ConfirmOffer::Open(graph.deps()),
            false => ConfirmOffer::Waiting,
        }
    }

    /// Whether a person may confirm an event: it states something, and was neither written nor corrected by them.
    pub fn may_confirm_event(&self, author: &Author, detail: &RecordDetail, event: &EventState) -> bool {
        let Ok(card) = self.capacity(author) else {
            return false;
        };
        let notes = detail.state.notes.get(&event.id);
        let corrections = notes.into_iter().flat_map(|notes| &notes.corrections);
        let mut said = corrections.filter_map(|id| detail.state.event(id)).chain([event]);
        let given = notes.into_iter().flat_map(|notes| &notes.confirmed);
        let mut given = given
            .filter(|by| by.current)
            .filter_map(|by| detail.state.event(&by.event));
        event.effect.is_ok()
            && event.event.kind().states()
            && self.may_confirm(author, &detail.ledger, &detail.space)
            && !said.any(|said| said.by.is_same_person(&card))
            && !given.any(|given| given.by.is_same_person(&card))
    }

    /// Whether a person may correct an event.
    pub fn may_correct(&self, author: &Author, detail: &RecordDetail, event: &EventState) -> bool {
        let kind = event.event.kind();
        event.effect.is_ok()
            && kind.states()
            && self.may_sign(author, EventKind::Correct, &detail.space)
            && self.capacity(author).is_ok_and(|card| {
                let actor = event.event.for_another().map(|(actor, ..)| actor);
                card.may_correct(&event.by, kind) || actor.is_some_and(|actor| card.is_known_as(actor))
            })
    }

    /// Confirms a record as it was seen, or one event of it. What came meanwhile is shown first.
    pub async fn confirm(
        &self,
        author: &Author,
        record: &RecordId,
        draft: ConfirmationDraft,
    ) -> Result<Written, ServiceError> {
        let detail = self.own_record(record)?;
        let seen = parse_seen(&draft.seen)?;
        let of = match &draft.event {
            Some(event) => Confirmed::Event {
                event: parse_event(event)?,
            },
            None => self.read_up_to(&detail, &seen)?,
        };
        self.act_on(author, &detail, Event::Confirm { of }, seen).await
    }

    /// What somebody confirms who read the record up to `seen`: all content must be among it.
    pub(super) fn read_up_to(
        &self,
        detail: &RecordDetail,
        seen: &[ChangeId],
    ) -> Result<Confirmed, ServiceError> {
        let held: Vec<Held> = detail.changes.iter().map(|change| change.held.clone()).collect();
        let graph = Graph::build(&held);
        if !graph.waiting().is_empty() {
            return Err(ServiceError::NotAllowed(
                "some entries of this record have not arrived yet; confirm it when all are here".into(),
            ));
        }
        let mut heads = match seen {
            [] => graph.deps(),
            seen => seen.to_vec(),
        };
        heads.sort_unstable();
        heads.dedup();
        let places: Option<Vec<usize>> = heads.iter().map(|head| graph.position(head)).collect();
        let places = places.ok_or(ServiceError::Moved)?;
        let covered = graph.covered(&places);
        let counts = |id: &ChangeId| {
            let known = detail.changes.iter().find(|change| change.held.id == *id);
            known.is_some_and(|change| matches!(change.verdict, Verdict::Counts { .. }))
        };
        let moved = graph
            .changes()
            .iter()
            .zip(&covered)
            .any(|(held, covered)| !covered && held.change.is_content() && counts(&held.id));
        if moved {
            return Err(ServiceError::Moved);
        }
        let digest = seal_digest(&graph, &places);
        Ok(Confirmed::Record { heads, digest })
    }

    /// Corrects an event: it stays, with what is right beside it.
    pub async fn correct(
        &self,
        author: &Author,
        record: &RecordId,
        draft: CorrectionDraft,
    ) -> Result<Written, ServiceError> {
        let detail = self.own_record(record)?;
        let of = parse_event(&draft.event)?;
        let unknown = lianzhan_protocol::record::Ineffective::UnknownEvent;
        let event = detail
            .state
            .event(&of)
            .ok_or(ServiceError::Ineffective(unknown))?;
        let reason = draft.reason.trim().to_owned();
        self.written(&reason, "reason")?;
        let before = in_force(&detail, event);
        let right = match (draft.take_back, &before) {
            (true, _) => Right::Nothing,
            (false, (happened, text)) => Right::Said {
                happened: draft.happened.unwrap_or_else(|| happened.clone()),
                text: match text {
                    Some(text) => Some(draft.text.unwrap_or_else(|| text.clone()).trim().to_owned()),
                    None => draft.text,
                },
            },
        };
        if let Right::Said { happened, text } = &right {
            if (happened, text) == (&before.0, &before.1) && !is_taken_back(&detail, &of) {
                return Err(ServiceError::Field {
                    field: "happened".into(),
                    words: SAME.into(),
                });
            }
            if !is_stated(happened) {
                return Err(ServiceError::Field {
                    field: "happened".into(),
                    words: WHEN.into(),
                });
            }
            if let Some(text) = text {
                self.written(text, "text")?;
            }
        }
        self.act_on(author, &detail, Event::Correct { of, reason, right }, Vec::new())
            .await
    }

    pub(super) async fn act_on(
        &self,
        author: &Author,
        detail: &RecordDetail,
        event: Event,
        seen: Vec<ChangeId>,
    ) -> Result<Written, ServiceError> {
        let draft = Draft {
            record: detail.id,
            begins: None,
            ledger: detail.ledger.clone(),
            space: detail.space.clone(),
            puts: vec![Put::event(&event)],
            annexes: Vec::new(),
        };
        let beside = Beside {
            seen,
            ..Beside::default()
        };
        self.start_beside(author, draft, beside)?.wait().await
    }

    /// In what capacity a person acts.
    pub fn capacity(&self, author: &Author) -> Result<Capacity, ServiceError> {
        let card = self.card(author)?;
        let level = self.directory().org(&card.org).map(|org| org.level);
        Ok(Capacity::of(author.appointment, &card, level))
    }
}

/// When an event happened and, of a line, what it says, as corrected so far. Of one that was taken back, as it was before.
pub fn in_force(detail: &RecordDetail, event: &EventState) -> (String, Option<String>) {
    let text = match &event.event {
        Event::LogLine { text, .. } => Some(text.clone()),
        _ => None,
    };
    let original = (event.event.happened().unwrap_or_default().to_owned(), text);
    let notes = detail.state.notes.get(&event.id);
    let corrections = notes.into_iter().flat_map(|notes| notes.corrections.iter().rev());
    let said = corrections
        .filter_map(|id| detail.state.event(id))
        .find_map(|correction| match &correction.event {
            Event::Correct {
                right: Right::Said { happened, text },
                ..
            } => Some((happened.clone(), text.clone())),
            _ => None,
        });
    said.unwrap_or(original)
}

/// Whether an event is taken back.
pub fn is_taken_back(detail: &RecordDetail, event: &Hash) -> bool {
    matches!(detail.state.correction(event), Some((_, _, Right::Nothing)))
}

/// What is wrong with a text that looks like it holds the number of a person.
pub const MOBILE: &str = "there is a mobile number in this text; take it out: this text travels";
/// The same of other numbers, and of names.
pub const PERSONAL: &str =
    "this text looks like it holds the number or the name of a person; take it out: this text travels";

pub(super) fn is_stated(text: &str) -> bool {
    use lianzhan_protocol::record::ledger::{is_date, is_instant};
    is_date(text) || is_instant(text)
}

impl Node {
    /// A text that goes with the record: something is there, and nothing that must stay below. The door looks through it once
    /// more; here it is told at its field.
    fn written(&self, text: &str, field: &str) -> Result<(), ServiceError> {
        let words = match self.screen([])?.look(text).first() {
            _ if text.trim().is_empty() => "this field must be filled",
            Some(found) if found.kind == Kind::Mobile => MOBILE,
            Some(_) => PERSONAL,
            None => return Ok(()),
        };
        Err(ServiceError::Field {
            field: field.into(),
            words: words.into(),
        })
    }
}
