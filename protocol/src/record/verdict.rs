//! Verdicts: whether a change counts, in what capacity its author acted, and why not.

use serde::Serialize;

use super::acted::folded_name;
use super::event::{EventKind, OfficeHolder};
use crate::id::{ChangeId, Hash, OrgId, PersonId, StatementId};
use crate::trust::{Appointment, Level, Role};

/// In what capacity the author acted, from the appointment that the change names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Capacity {
    /// The name on the card.
    pub name: String,
    /// The org of the appointment.
    pub org: OrgId,
    /// The level of that org.
    #[serde(serialize_with = "level_id")]
    pub org_level: Option<Level>,
    /// The roles, as identifiers.
    #[serde(serialize_with = "role_ids")]
    pub roles: Vec<Role>,
    /// The person, where the appointment names one.
    pub person: Option<PersonId>,
    /// The level of a deputy's seat.
    #[serde(serialize_with = "level_id")]
    pub seat: Option<Level>,
    /// The appointment.
    pub appointment: StatementId,
}

/// Who acts, whatever key they use: the person, or where the appointment names none, the appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holder {
    Person(PersonId),
    Appointment(StatementId),
}

impl Capacity {
    /// That of an appointment, in an org of a level.
    pub fn of(id: StatementId, appointment: &Appointment, org_level: Option<Level>) -> Self {
        Capacity {
            name: appointment.name.clone(),
            org: appointment.org,
            org_level,
            roles: appointment.roles.clone(),
            person: appointment.person,
            seat: appointment.seat,
            appointment: id,
        }
    }

    pub(super) fn holder(&self) -> Holder {
        self.person
            .map_or(Holder::Appointment(self.appointment), Holder::Person)
    }

    /// Whether the same person acts, as far as appointments tell.
    pub fn is_same_person(&self, other: &Capacity) -> bool {
        self.holder() == other.holder()
    }

    /// Whether who acts so is the person named: by id where both have one, else by name, so that nobody gets around it by
    /// leaving an id out.
    pub fn is(&self, named: &OfficeHolder) -> bool {
        match (&self.person, &named.person) {
            (Some(one), Some(two)) => one == two,
            _ => folded_name(&self.name) == folded_name(&named.name),
        }
    }

    /// Whether who acts so is the person named, by id alone.
    pub fn is_known_as(&self, named: &OfficeHolder) -> bool {
        self.person.is_some() && self.person == named.person
    }

    /// Whether who acts so may correct an event of this kind by `author`: the same person, or, but for a sign-in, somebody
    /// of the same org who shares a role with the author or signs such events.
    pub fn may_correct(&self, author: &Capacity, kind: EventKind) -> bool {
        let post = |role: &Role| author.roles.contains(role) || kind.signers().contains(role);
        self.is_same_person(author)
            || (kind != EventKind::SignIn && self.org == author.org && self.roles.iter().any(post))
    }
}

fn role_ids<S: serde::Serializer>(roles: &[Role], s: S) -> Result<S::Ok, S::Error> {
    s.collect_seq(roles.iter().map(|role| role.as_str()))
}
fn level_id<S: serde::Serializer>(level: &Option<Level>, s: S) -> Result<S::Ok, S::Error> {
    level.map(Level::as_str).serialize(s)
}

/// Whether a change counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// It counts.
    Counts {
        /// In this capacity.
        capacity: Capacity,
        /// The id of the ledger by whose definition it was written.
        ledger: String,
        /// Judged by the author's clock, because no required parent has witnessed it yet.
        provisional: bool,
        /// By whom it was adopted, if a revocation contests it.
        adopted: Option<AdoptedBy>,
    },
    /// Something is not here yet.
    Pending {
        /// What.
        reason: PendingReason,
    },
    /// It counts once it is adopted.
    Contested {
        /// Why it does not count by itself.
        reason: ContestReason,
        /// In what capacity it was signed; a present holder of the same post may adopt it. None where the appointment itself
        /// waits for an adoption.
        capacity: Option<Capacity>,
        /// The id of the ledger by whose definition it was written.
        ledger: Option<String>,
    },
    /// It does not count.
    Refused {
        /// Why.
        reason: RefusalReason,
    },
}

/// What a verdict waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum PendingReason {
    /// The appointment, or what it rests on.
    #[error("the appointment is not here yet")]
    Appointment(StatementId),
    /// A change that the author had seen.
    #[error("an earlier change is not here yet")]
    Dependency(ChangeId),
    /// The ledger definition.
    #[error("the ledger definition is not here yet")]
    Definition(Hash),
    /// Which org the writing node serves.
    #[error("the appointment of the writing node is not here yet")]
    Node,
    /// The statement of a joint space, or an org that the space rests on.
    #[error("the space is not known here yet")]
    Space,
}

/// Why a change waits for an adoption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ContestReason {
    /// The author's appointment was revoked by this statement, and no receipt within its cut covers the change.
    #[error("the author's appointment was revoked before this was witnessed")]
    Revoked(StatementId),
    /// The appointment of the writing node was revoked by this statement, likewise.
    #[error("the writing node was revoked before this was witnessed")]
    NodeRevoked(StatementId),
    /// The appointment named was issued under an authority that was revoked, and is not among what goes on standing.
    #[error("the appointment rests on an authority that was revoked")]
    Authority(StatementId),
    /// The space was closed by this change of its owner, and no receipt within its cut covers the change.
    #[error("the space was closed by a change of its org before this was witnessed")]
    Closed(StatementId),
}

/// Who stands in for a contested change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AdoptedBy {
    /// A present holder of the same post, by a change of the same record.
    Change(ChangeId),
    /// An authority at or above the org, by a statement.
    Statement(StatementId),
}

/// Why a change does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// The appointment does not stand.
    #[error("the appointment does not stand")]
    AppointmentDoesNotStand,
    /// It is another key's.
    #[error("the appointment is of another key")]
    OtherKey,
    /// It is no person's.
    #[error("the appointment is not a person's")]
    NotAPerson,
    /// Before it began or after it ended.
    #[error("the appointment did not hold at that time")]
    OutOfTime,
    /// The author's org does not hold the space.
    #[error("the author's org does not hold this space")]
    ForeignOrg,
    /// The writing node's org does not hold the space.
    #[error("the writing node's org does not hold this space")]
    ForeignNode,
    /// No role that may write this ledger.
    #[error("no role that may write this ledger")]
    RoleForLedger,
    /// No role that may sign this event.
    #[error("no role that may sign this event")]
    RoleForEvent(EventKind),
    /// Not an org that may record what others did here.
    #[error("only an org whose records these are may record what others did")]
    OrgForEvent(EventKind),
    /// The ledger has no such event.
    #[error("this ledger has no such event")]
    EventOfOtherLedger(EventKind),
    /// A field that the definition lacks, or a value that it does not allow.
    #[error("a field does not fit the ledger definition")]
    Field(String),
    /// The ledger's records do not live in a space of this audience.
    #[error("records of this ledger do not live in such a space")]
    Audience,
    /// It does not descend from a first change for which the id of the record was minted. Said by the fold.
    #[error("it does not belong to this record: the record's id was minted for another first change")]
    Unrooted,
    /// The record is one of another ledger. Said by the fold, which sees the whole record.
    #[error("the record belongs to another ledger")]
    OtherLedger,
    /// Its log holds more than [`super::limits::LOG_CHANGES_MAX`] changes of the record before it. Said by the fold.
    #[error("its log holds too many changes of this record")]
    TooMany,
}
