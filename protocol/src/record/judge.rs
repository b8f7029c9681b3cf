//! The judge: did the author hold a fitting appointment, in time? Applies to every change, fields as well as events:
//! what does not count never covers what does (design 2).

use super::change::Value;
use super::event::{Event, EventKind};
use super::graph::Held;
use super::ledger::Ledger;
use super::verdict::{AdoptedBy, Capacity, ContestReason, PendingReason, RefusalReason, Verdict};
use crate::id::{Hash, OrgId, StatementId};
use crate::keys::PublicKey;
use crate::log::Cover;
use crate::time::Timestamp;
use crate::trust::{AppointmentFault, Audience, Changed, Directory, Purpose, Role, Space};

/// Prefix of the keys under which a record names its annexes, each by the id of an annex ledger that its definition
/// lists, with a salted commitment as value (design 6).
pub const ANNEX_KEY: &str = "annex/";

/// What the judge looks at beside the change itself.
#[derive(Clone, Copy)]
pub struct JudgeContext<'a> {
    /// Orgs and appointments held.
    pub directory: &'a Directory,
    /// The space of the log.
    pub space: &'a Space,
    /// The node that writes the log and the org that it serves, as the log's first entry states them.
    pub node: Option<(PublicKey, OrgId)>,
    /// Finds a ledger definition by its hash.
    pub ledger: &'a dyn Fn(&Hash) -> Option<&'a Ledger>,
}

/// Judges one change. Whether its dependencies are here, whether it fits the other changes of its record, and whether one
/// of these adopts it, is the fold's to say.
pub fn judge(context: &JudgeContext<'_>, held: &Held) -> Verdict {
    verdict(context, held).unwrap_or_else(|verdict| verdict)
}

/// What is not counted, as an error, so that the rules read one after another.
fn pending(reason: PendingReason) -> Verdict {
    Verdict::Pending { reason }
}

#[allow(clippy::result_large_err)] // both are the verdict
fn verdict(context: &JudgeContext<'_>, held: &Held) -> Result<Verdict, Verdict> {
    use RefusalReason::{ForeignNode, ForeignOrg, NotAPerson, OtherKey, OutOfTime};
    let refused = |reason| Verdict::Refused { reason };
    let directory = context.directory;
    let (node, node_org) = context.node.ok_or(pending(PendingReason::Node))?;
    if !directory.was_node_of(&node, &node_org) {
        // What its appointment rested on may have been revoked since; then it waits for an adoption, not for news.
        return Err(match directory.contested_node(&node, &node_org) {
            Some(statement) => Verdict::Contested {
                reason: ContestReason::Authority(statement),
                capacity: None,
                ledger: None,
            },
            None => pending(PendingReason::Node),
        });
    }
    let space = context.space;
    let stated = space.audience != Audience::Joint || directory.joint_space(&space.id()).is_some();
    if space.is_well_formed() && !(stated && directory.org(&space.owner).is_some()) {
        return Err(pending(PendingReason::Space));
    }
    if !directory.might_hold(&node_org, space) {
        return Err(refused(ForeignNode));
    }
    let appointment = directory
        .appointment(&held.appointment)
        .map_err(|fault| does_not_serve(&fault))?;
    if appointment.key != held.author {
        return Err(refused(OtherKey));
    }
    if appointment.purpose != Purpose::Person {
        return Err(refused(NotAPerson));
    }
    // The end is judged by the witness, who does not work for the author. The beginning is not: a change names its
    // appointment, so it was made after that, and a witness's clock that is behind, or its whole seconds, would refuse
    // what was written in the first moments.
    let witnessed = held.witnessed();
    let end: Timestamp = witnessed.unwrap_or(held.recorded);
    let begin = end.max(held.recorded);
    if begin < appointment.validity.not_before || end >= appointment.validity.not_after {
        return Err(refused(OutOfTime));
    }
    if !directory.might_hold(&appointment.org, space) {
        return Err(refused(ForeignOrg));
    }
    let definition = held.change.definition;
    let ledger = (context.ledger)(&definition).ok_or(pending(PendingReason::Definition(definition)))?;
    if !ledger.lives_in(space) {
        return Err(refused(RefusalReason::Audience));
    }
    may_put(ledger, &appointment.roles, held).map_err(refused)?;
    may_record(space, &appointment.org, held).map_err(refused)?;
    let org_level = directory.org(&appointment.org).map(|org| org.level);
    let capacity = Capacity::of(held.appointment, appointment, org_level);
    let revoked =
        contested_author(directory, held).or_else(|| contested_node(directory, &node, &node_org, held));
    let closed = late(directory, space, held);
    let contested = [
        revoked.map(|reason| (reason, capacity.org)),
        closed.map(|closed| (ContestReason::Closed(closed.by), closed.stated_by)),
    ];
    let mut adopted = None;
    for (reason, org) in contested.into_iter().flatten() {
        match directory.adopted(&held.id, &org) {
            Some(statement) => adopted = Some(AdoptedBy::Statement(statement)),
            None => {
                return Err(Verdict::Contested {
                    reason,
                    capacity: Some(capacity),
                    ledger: Some(ledger.id.clone()),
                });
            }
        }
    }
    Ok(Verdict::Counts {
        capacity,
        ledger: ledger.id.clone(),
        provisional: witnessed.is_none(),
        adopted,
    })
}

/// The verdict where the appointment that the change names does not serve.
fn does_not_serve(fault: &AppointmentFault) -> Verdict {
    match fault {
        AppointmentFault::Unknown(id) => pending(PendingReason::Appointment(*id)),
        AppointmentFault::DoesNotStand(id, fault) if fault.is_pending() => {
            pending(PendingReason::Appointment(*id))
        }
        AppointmentFault::DoesNotStand(id, fault) if fault.is_contested() => Verdict::Contested {
            reason: ContestReason::Authority(*id),
            capacity: None,
            ledger: None,
        },
        AppointmentFault::DoesNotStand(..) => Verdict::Refused {
            reason: RefusalReason::AppointmentDoesNotStand,
        },
    }
}

/// The revocation of the author's appointment that no receipt answers.
fn contested_author(directory: &Directory, held: &Held) -> Option<ContestReason> {
    unanswered(directory, &held.appointment, held).map(ContestReason::Revoked)
}

/// The revocation of the writing node's appointments, if every one of them has such.
fn contested_node(
    directory: &Directory,
    node: &PublicKey,
    org: &OrgId,
    held: &Held,
) -> Option<ContestReason> {
    let mut contested = None;
    for (id, appointment) in directory.appointments_of(node, Purpose::Node) {
        if appointment.org == *org {
            contested = Some(unanswered(directory, &id, held)?);
        }
    }
    contested.map(ContestReason::NodeRevoked)
}

/// The change of its owner by which the space was closed, if no receipts within its cut prove the change.
fn late<'a>(directory: &'a Directory, space: &Space, held: &Held) -> Option<&'a Changed> {
    directory.closed(space).filter(|closed| {
        let proves = |cover: &Cover| closed.keeps_receipt(&cover.origin, cover.index);
        held.covered.witnessed_by(proves).is_none()
    })
}

/// The first revocation of an appointment within whose cut no receipts prove the change.
fn unanswered(directory: &Directory, appointment: &StatementId, held: &Held) -> Option<StatementId> {
    let mut revoked = directory.revoked(appointment).into_iter();
    let unanswered = revoked.find(|revoked| {
        let proves = |cover: &Cover| revoked.keeps_receipt(&cover.origin, cover.index, cover.time_s);
        held.covered.witnessed_by(proves).is_none()
    });
    unanswered.map(|revoked| revoked.by)
}

/// Whether a holder of `roles` may put all that a change puts.
pub(super) fn may_put(ledger: &Ledger, roles: &[Role], held: &Held) -> Result<(), RefusalReason> {
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
            if !kind.is_of(&ledger.events) {
                return Err(RefusalReason::EventOfOtherLedger(kind));
            }
            if !may_sign(ledger, roles, kind) {
                return Err(RefusalReason::RoleForEvent(kind));
            }
        }
    }
    Ok(())
}

/// Whether a holder of `roles` may sign events of a kind about records of a ledger.
pub fn may_sign(ledger: &Ledger, roles: &[Role], kind: EventKind) -> bool {
    let (signs, writes) = (
        |role: &Role| kind.signers().contains(role),
        |role: &Role| ledger.writers.contains(role),
    );
    match kind {
        EventKind::Confirm => roles.iter().any(|role| signs(role) || writes(role)),
        kind if kind.is_for_another() => roles.iter().any(|role| signs(role) && writes(role)),
        _ => roles.iter().any(signs),
    }
}

/// What somebody else did is recorded by an org whose space it is: its owner, or a partner of a joint one.
fn may_record(space: &Space, org: &OrgId, held: &Held) -> Result<(), RefusalReason> {
    let events = held.change.puts.iter().filter_map(|put| match &put.value {
        Value::Bytes(body) if put.is_event() => Event::parse(body).ok(),
        _ => None,
    });
    let mut kinds = events.map(|event| event.kind());
    match kinds.find(|kind| kind.is_for_another()) {
        Some(kind) if !space.is_of(org) => Err(RefusalReason::OrgForEvent(kind)),
        _ => Ok(()),
    }
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
