//! What people without a key at hand did, recorded by an officer with a scan of the paper: confirmations of every ledger, and
//! sign-ins. Links and one-time codes are none of it, since no node issues them yet.

use std::collections::{BTreeMap, BTreeSet};

use lianzhan_protocol::id::{AttachmentId, ChangeId, Hash, PersonId, RecordId};
use lianzhan_protocol::personal::Kind;
use lianzhan_protocol::record::{
    Confirmed, Event, EventKind, OfficeHolder, Proof, Put, Value, folded_name, may_sign,
};
use lianzhan_protocol::trust::{Appointment, Level, Purpose, Space};
use serde::{Deserialize, Serialize};

use super::attachment::{AttachmentError, PER_RECORD, Received};
use super::confirm::{PERSONAL, WHEN, is_stated, parse_event, parse_seen};
use super::query::RecordDetail;
use super::{Author, Node, ServiceError, Written, activity};

/// What is said of a day that has not come yet.
pub const EARLY: &str = "this day has not come yet";
/// What is said where several known people have a name.
pub const SEVERAL: &str = "several people have this name; name the person by id";

/// What is said of an id that is nobody's of this name.
pub const NO_SUCH: &str = "no such person";
/// What is asked where nobody's seat is known.
pub const LEVEL: &str = "name the level of the deputy's seat";
/// What is said of a level that is not the one of the deputy's seat.
pub const OTHER_LEVEL: &str = "the deputy's seat is of another level";

/// Who did it, as it is asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ActorDraft {
    /// The name as on the card.
    pub name: String,
    /// The office in words; that of the appointment where the person is known and none is given.
    #[serde(default)]
    pub office: String,
    /// The id of the person; found by the name where one alone has it.
    #[serde(default)]
    pub person: String,
    /// The stated day, or instant.
    pub happened: String,
}

/// A confirmation on paper as it is asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ConfirmForDraft {
    /// Who confirmed, and when.
    #[serde(flatten)]
    pub actor: ActorDraft,
    /// Id of the only event that was confirmed; empty for the whole record.
    #[serde(default)]
    pub event: String,
    /// The heads that were printed, with spaces between; those of now where none are named.
    #[serde(default)]
    pub seen: String,
}

/// A sign-in on paper as it is asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignInForDraft {
    /// Who was there, and when.
    #[serde(flatten)]
    pub actor: ActorDraft,
    /// The level of the seat; that of the appointment where the deputy is known and none is given.
    #[serde(default)]
    pub level: String,
}

/// Somebody whom the directory knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The name.
    pub name: String,
    /// The person.
    pub person: PersonId,
    /// The office in words.
    pub office: String,
    /// The level of a deputy's seat.
    pub seat: Option<Level>,
}

impl Node {
    /// Whether a person may record what somebody else did at records of a ledger in `space`.
    pub fn may_record_for(&self, author: &Author, kind: EventKind, ledger: &str, space: &Space) -> bool {
        let (Ok(ledger), Ok(card)) = (self.ledger(ledger), self.card(author)) else {
            return false;
        };
        kind.is_of(&ledger.events)
            && space.is_of(&card.org)
            && self.may_sign(author, kind, space)
            && may_sign(ledger, &card.roles, kind)
    }

    /// The people of the orgs that hold a space, whom the directory knows by id; by name.
    pub fn known_people(&self, space: &Space) -> Vec<Known> {
        let directory = self.directory();
        let mut known: BTreeMap<PersonId, Known> = BTreeMap::new();
        for statement in directory.statements() {
            let Ok(card) = directory.appointment(&statement.id()) else {
                continue;
            };
            let (Some(person), true) = (card.person, card.purpose == Purpose::Person) else {
                continue;
            };
            if directory.may_hold(&card.org, space) {
                let office = self.office_of(card);
                let one = known.entry(person).or_insert_with(|| Known {
                    name: card.name.clone(),
                    person,
                    office,
                    seat: None,
                });
                one.seat = one.seat.or(card.seat);
            }
        }
        let mut known: Vec<Known> = known.into_values().collect();
        known.sort_by(|a, b| (&a.name, a.person).cmp(&(&b.name, b.person)));
        known
    }

    /// What an appointment is, in words that travel: the org and its roles.
    fn office_of(&self, card: &Appointment) -> String {
        let directory = self.directory();
        let org = directory.org(&card.org).map_or("", |org| org.name_zh.as_str());
        let roles: Vec<&str> = card.roles.iter().map(|role| role.zh()).collect();
        format!("{org}{}", roles.join("、"))
    }

    /// Records that somebody confirmed a record, or one event of it, on paper.
    pub async fn confirm_for(
        &self,
        author: &Author,
        record: &RecordId,
        draft: ConfirmForDraft,
        scan: &Received,
    ) -> Result<Written, ServiceError> {
        let detail = self.own_record(record)?;
        let seen: Vec<String> = draft.seen.split_whitespace().map(str::to_owned).collect();
        let seen: Vec<ChangeId> = parse_seen(&seen)?;
        let (actor, happened, _) = self.actor(&detail, &draft.actor)?;
        let of = match draft.event.trim() {
            "" => self.read_up_to(&detail, &seen)?,
            event => Confirmed::Event {
                event: parse_event(event)?,
            },
        };
        let event = Event::ConfirmFor {
            of,
            actor,
            happened,
            proof: Proof::Paper,
            evidence: self.evidence(author, &detail, EventKind::ConfirmFor, scan)?,
        };
        self.act_on(author, &detail, event, seen).await
    }

    /// Records that a deputy signed in on paper.
    pub async fn sign_in_for(
        &self,
        author: &Author,
        record: &RecordId,
        draft: SignInForDraft,
        scan: &Received,
    ) -> Result<Written, ServiceError> {
        let detail = self.own_record(record)?;
        let (actor, happened, seat) = self.actor(&detail, &draft.actor)?;
        let level = match draft.level.trim() {
            "" => seat,
            level => Level::parse(level),
        };
        let level = level.ok_or_else(|| field("level", LEVEL))?;
        // Another level would be one that must seal, and that nobody can seal for.
        if seat.is_some_and(|seat| seat != level) {
            return Err(field("level", OTHER_LEVEL));
        }
        let event = Event::SignInFor {
            actor,
            level,
            happened,
            proof: Proof::Paper,
            evidence: self.evidence(author, &detail, EventKind::SignInFor, scan)?,
        };
        self.act_on(author, &detail, event, Vec::new()).await
    }

    /// Who did it and when, with the seat of somebody known.
    fn actor(
        &self,
        detail: &RecordDetail,
        draft: &ActorDraft,
    ) -> Result<(OfficeHolder, String, Option<Level>), ServiceError> {
        let (name, office) = (draft.name.trim(), draft.office.trim());
        if name.is_empty() {
            return Err(field("name", "this field must be filled"));
        }
        // A name is what is asked for; a number beside it is nobody's name.
        let screen = self.screen([])?;
        if screen.look(name).iter().any(|found| found.kind != Kind::Name) {
            return Err(field("name", PERSONAL));
        }
        let known = self.known_people(&detail.space);
        let called: Vec<&Known> = known.iter().filter(|one| one.is_called(name)).collect();
        let found = match (draft.person.trim(), called.as_slice()) {
            ("", []) => None,
            ("", [one]) => Some(*one),
            ("", _) => return Err(field("person", SEVERAL)),
            (id, _) => {
                let id = PersonId::parse(id).ok_or_else(|| field("person", NO_SUCH))?;
                let one = known.iter().find(|one| one.person == id && one.is_called(name));
                Some(one.ok_or_else(|| field("person", NO_SUCH))?)
            }
        };
        let office = match (office, found) {
            ("", Some(known)) => known.office.clone(),
            ("", None) => return Err(field("office", "this field must be filled")),
            (office, _) => office.to_owned(),
        };
        if screen.look(&office).iter().any(|found| found.kind != Kind::Name) {
            return Err(field("office", PERSONAL));
        }
        let happened = draft.happened.trim();
        if !is_stated(happened) {
            return Err(field("happened", WHEN));
        }
        if happened.get(..10) > activity::now_stated().get(..10) {
            return Err(field("happened", EARLY));
        }
        let actor = OfficeHolder {
            name: found.map_or_else(|| name.to_owned(), |known| known.name.clone()),
            office,
            person: found.map(|known| known.person),
        };
        Ok((actor, happened.to_owned(), found.and_then(|known| known.seat)))
    }

    /// The scan as evidence, for whoever may record.
    fn evidence(
        &self,
        author: &Author,
        detail: &RecordDetail,
        kind: EventKind,
        scan: &Received,
    ) -> Result<Hash, ServiceError> {
        if !self.may_record_for(author, kind, &detail.ledger, &detail.space) {
            return Err(ServiceError::NotAllowed(
                "what somebody did on paper is recorded by an officer of the org whose records these are, who may write this ledger".into(),
            ));
        }
        if scan.key.is_some() || scan.media.is_video() {
            return Err(AttachmentError::Kind.into());
        }
        // One sheet may hold what many did.
        let there: BTreeSet<AttachmentId> = self.attached(&detail.id)?.iter().map(|one| one.id).collect();
        if there.len() >= PER_RECORD && !there.contains(&scan.id) {
            return Err(AttachmentError::TooMany.into());
        }
        Ok(Hash(scan.id.0))
    }
}

impl Known {
    /// Whether this is their name, whatever spaces stand in it.
    pub fn is_called(&self, name: &str) -> bool {
        folded_name(&self.name) == folded_name(name)
    }
}

fn field(field: &str, words: &str) -> ServiceError {
    ServiceError::Field {
        field: field.into(),
        words: words.into(),
    }
}

/// The scan that a put names, if it records something on paper.
pub(in crate::services) fn scan_of(put: &Put) -> Option<AttachmentId> {
    match &put.value {
        Value::Bytes(body) if put.is_event() => Event::parse(body).ok()?.scan(),
        _ => None,
    }
}
