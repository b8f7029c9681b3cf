//! The judge: did the author hold a fitting appointment, in time? Applies to every change, fields as well as events:
//! what does not count never covers what does (design 2).

use serde::Serialize;

use super::change::Value;
use super::event::{Event, EventKind};
use super::graph::Held;
use super::ledger::Ledger;
use crate::id::{ChangeId, Hash, OrgId, StatementId};
use crate::time::Timestamp;
use crate::trust::{AppointmentFault, Audience, Directory, Level, Purpose, Role, Space};

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
    /// The level of a deputy's seat.
    #[serde(serialize_with = "level_id")]
    pub seat: Option<Level>,
    /// The appointment.
    pub appointment: StatementId,
}

fn role_ids<S: serde::Serializer>(roles: &[Role], s: S) -> Result<S::Ok, S::Error> {
    s.collect_seq(roles.iter().map(|role| role.as_str()))
}
fn level_id<S: serde::Serializer>(level: &Option<Level>, s: S) -> Result<S::Ok, S::Error> {
    level.map(Level::as_str).serialize(s)
}

/// Prefix of the keys under which a record names its annexes, each by the id of an annex ledger that its definition
/// lists, with a salted commitment as value (design 6).
pub const ANNEX_KEY: &str = "annex/";

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
    },
    /// Something is not here yet.
    Pending {
        /// What.
        reason: PendingReason,
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
    /// The ledger has no such event.
    #[error("this ledger has no such event")]
    EventOfOtherLedger(EventKind),
    /// A field that the definition lacks, or a value that it does not allow.
    #[error("a field does not fit the ledger definition")]
    Field(String),
    /// The ledger's records do not live in a space of this audience.
    #[error("records of this ledger do not live in such a space")]
    Audience,
    /// The record is one of another ledger. Said by the fold, which sees the whole record.
    #[error("the record belongs to another ledger")]
    OtherLedger,
    /// Its log holds more than [`super::limits::LOG_CHANGES_MAX`] changes of the record before it. Said by the fold.
    #[error("its log holds too many changes of this record")]
    TooMany,
}

/// What the judge looks at beside the change itself.
#[derive(Clone, Copy)]
pub struct JudgeContext<'a> {
    /// Orgs and appointments held.
    pub directory: &'a Directory,
    /// The space of the log.
    pub space: &'a Space,
    /// The org of the node that writes the log, if known.
    pub node_org: Option<OrgId>,
    /// Finds a ledger definition by its hash.
    pub ledger: &'a dyn Fn(&Hash) -> Option<&'a Ledger>,
}

/// Judges one change. Whether its dependencies are here, and whether it fits the other changes of its record, is the
/// fold's to say.
pub fn judge(context: &JudgeContext<'_>, held: &Held) -> Verdict {
    match verdict(context, held) {
        Ok((capacity, ledger, provisional)) => Verdict::Counts {
            capacity,
            ledger: ledger.id.clone(),
            provisional,
        },
        Err(Fault::Pending(reason)) => Verdict::Pending { reason },
        Err(Fault::Refused(reason)) => Verdict::Refused { reason },
    }
}

enum Fault {
    Pending(PendingReason),
    Refused(RefusalReason),
}

fn verdict<'a>(context: &JudgeContext<'a>, held: &Held) -> Result<(Capacity, &'a Ledger, bool), Fault> {
    use RefusalReason::{AppointmentDoesNotStand, ForeignNode, ForeignOrg, NotAPerson, OtherKey, OutOfTime};
    let directory = context.directory;
    let node_org = context.node_org.ok_or(Fault::Pending(PendingReason::Node))?;
    let space = context.space;
    let stated = space.audience != Audience::Joint || directory.joint_space(&space.id()).is_some();
    if space.is_well_formed()
        && !(stated && directory.org(&space.owner).is_some() && directory.org(&node_org).is_some())
    {
        return Err(Fault::Pending(PendingReason::Space));
    }
    if !directory.may_hold(&node_org, space) {
        return Err(Fault::Refused(ForeignNode));
    }
    let appointment = directory
        .appointment(&held.appointment)
        .map_err(|fault| match fault {
            AppointmentFault::Unknown(id) => Fault::Pending(PendingReason::Appointment(id)),
            AppointmentFault::DoesNotStand(id, fault) if fault.is_pending() => {
                Fault::Pending(PendingReason::Appointment(id))
            }
            AppointmentFault::DoesNotStand(..) => Fault::Refused(AppointmentDoesNotStand),
        })?;
    if appointment.key != held.author {
        return Err(Fault::Refused(OtherKey));
    }
    if appointment.purpose != Purpose::Person {
        return Err(Fault::Refused(NotAPerson));
    }
    // The end is judged by the witness, who does not work for the author. The beginning is not: a change names its
    // appointment, so it was made after that, and a witness's clock that is behind, or its whole seconds, would refuse
    // what was written in the first moments.
    let end: Timestamp = held.witnessed.unwrap_or(held.recorded);
    let begin = end.max(held.recorded);
    if begin < appointment.validity.not_before || end >= appointment.validity.not_after {
        return Err(Fault::Refused(OutOfTime));
    }
    if !directory.may_hold(&appointment.org, space) {
        return Err(Fault::Refused(ForeignOrg));
    }
    let definition = held.change.definition;
    let ledger =
        (context.ledger)(&definition).ok_or(Fault::Pending(PendingReason::Definition(definition)))?;
    judge_puts(ledger, space, &appointment.roles, held).map_err(Fault::Refused)?;
    let capacity = Capacity {
        name: appointment.name.clone(),
        org: appointment.org,
        org_level: directory.org(&appointment.org).map(|org| org.level),
        roles: appointment.roles.clone(),
        seat: appointment.seat,
        appointment: held.appointment,
    };
    Ok((capacity, ledger, held.witnessed.is_none()))
}

fn judge_puts(ledger: &Ledger, space: &Space, roles: &[Role], held: &Held) -> Result<(), RefusalReason> {
    if !lives_in(ledger, space.audience) {
        return Err(RefusalReason::Audience);
    }
    let holds_one = |of: &[Role]| roles.iter().any(|role| of.contains(role));
    for put in &held.change.puts {
        if let Some(name) = put.field_name() {
            if !holds_one(&ledger.writers) {
                return Err(RefusalReason::RoleForLedger);
            }
            if !allows(ledger, name, &put.value) {
                return Err(RefusalReason::Field(name.to_owned()));
            }
        } else if let Value::Bytes(body) = &put.value
            && let Ok(event) = Event::parse(body)
        {
            let kind = event.kind();
            if !ledger.events.iter().any(|event| event == kind.as_str()) {
                return Err(RefusalReason::EventOfOtherLedger(kind));
            }
            if !holds_one(kind.signers()) {
                return Err(RefusalReason::RoleForEvent(kind));
            }
        }
    }
    Ok(())
}

/// A record lives in a space of its ledger's audience; what may travel to the city may also be joint (`domain.md` 0,
/// item 3).
fn lives_in(ledger: &Ledger, audience: Audience) -> bool {
    audience == ledger.audience || (audience == Audience::Joint && ledger.audience == Audience::City)
}

fn allows(ledger: &Ledger, key: &str, value: &Value) -> bool {
    if let Some(annex) = key.strip_prefix(ANNEX_KEY) {
        return ledger.annexes.iter().any(|listed| listed == annex)
            && matches!(value, Value::Bytes(commitment) if commitment.len() == 32);
    }
    match ledger.resolve(key) {
        Some((field, _)) => *value == Value::Null || field.check(value).is_ok(),
        None => false,
    }
}
