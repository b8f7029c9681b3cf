//! What a signed-in person finds on the desk: what they may do, what waits for them, and how this node stands.

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use lianzhan_protocol::id::{ChangeId, Hash, OrgId};
use lianzhan_protocol::record::ledger::Field;
use lianzhan_protocol::record::{
    EventKind, Graph, Held, PendingReason, RecordState, Value, Verdict, fold, seal_digest,
};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Appointment, Level, Org, Role, Space};

use super::activity::LoadedActivity;
use super::lineage::{by_heir, named};
use super::query::RecordDetail;
use super::{Author, Node, ServiceError, visit};
use crate::env;
use crate::store::{OwnerFigures, RecordRow, RowFilter};
use crate::views::Registry;

/// Days within which a person whose matter became a petition must be told (信访工作条例 art. 22).
const TELL_DAYS: i32 = 15;
/// A triage of this kind has that deadline.
const PETITION: &str = "petition";

/// How this node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Own entries, receipts aside, that nobody has witnessed yet.
    pub waiting: u64,
    /// Alarms.
    pub alarms: u64,
    /// The newest receipt: verdicts are as of it.
    pub horizon: Option<Timestamp>,
}

/// A visit that still needs a triage or an answer to the person.
#[derive(Debug, Clone)]
pub struct OpenVisit {
    /// Its row.
    pub row: RecordRow,
    /// Until when the person must be told, where a rule says so.
    pub tell_by: Option<Date>,
}

/// Until when the person must be told, from the triage and the day of receipt as stated.
pub fn tell_by(triage: &str, received_at: &str) -> Option<Date> {
    let day: Date = received_at.get(..10)?.parse().ok()?;
    let span: Span = TELL_DAYS.days();
    (triage == PETITION).then(|| day.checked_add(span).ok()).flatten()
}

/// The state of a record as somebody saw it whose page named `heads`: what came later is left out. Heads that are not here
/// mean the state of now.
pub fn as_seen(registry: &Registry, detail: &RecordDetail, heads: &[ChangeId]) -> RecordState {
    let held: Vec<Held> = detail.changes.iter().map(|change| change.held.clone()).collect();
    let graph = Graph::build(&held);
    let places: Option<Vec<usize>> = heads.iter().map(|head| graph.position(head)).collect();
    let Some(places) = places.filter(|places| !places.is_empty()) else {
        return detail.state.clone();
    };
    let seen = |id: &ChangeId| {
        graph
            .position(id)
            .is_some_and(|at| places.iter().any(|head| *head == at || graph.saw(*head, at)))
    };
    let before: Vec<Held> = held.iter().filter(|held| seen(&held.id)).cloned().collect();
    let verdict = |held: &Held| {
        let known = detail.changes.iter().find(|change| change.held.id == held.id);
        known.map_or(
            Verdict::Pending {
                reason: PendingReason::Dependency(held.id),
            },
            |change| change.verdict.clone(),
        )
    };
    let definition = |hash: &_| registry.definition(hash);
    fold(detail.id, &detail.space.id(), &before, verdict, definition)
}

impl Node {
    /// The appointment under which a person acts.
    pub fn card(&self, author: &Author) -> Result<Appointment, ServiceError> {
        self.directory()
            .appointment(&author.appointment)
            .cloned()
            .map_err(|fault| ServiceError::NotAllowed(fault.to_string()))
    }

    /// Whether a person may put fields of a ledger's records in `space`.
    pub fn may_put(&self, author: &Author, ledger: &str, space: &Space) -> bool {
        self.ledger(ledger)
            .is_ok_and(|ledger| self.may(author, &ledger.writers, space))
    }

    /// Whether a person may sign an event of this kind in `space`.
    pub fn may_sign(&self, author: &Author, kind: EventKind, space: &Space) -> bool {
        self.may(author, kind.signers(), space)
    }

    fn may(&self, author: &Author, roles: &[Role], space: &Space) -> bool {
        let directory = self.directory();
        directory.may_hold(&self.org, space)
            && directory.closed(space).is_none()
            && self.card(author).is_ok_and(|card| {
                card.validity.covers(env::now())
                    && directory.may_hold(&card.org, space)
                    && card.roles.iter().any(|role| roles.contains(role))
            })
    }

    /// How this node stands now.
    pub fn standing(&self) -> Result<Standing, ServiceError> {
        Ok(self.store.read(|reader| {
            Ok(Standing {
                waiting: reader.own_waiting()?,
                alarms: reader.alarm_count()?,
                horizon: reader.newest_receipt_s()?.map(Timestamp::from_seconds),
            })
        })?)
    }

    /// Visits by owner: how many, persons, and how many have no triage; by division code. Those of orgs that ended count with
    /// whom they are found.
    pub fn visit_figures(&self) -> Result<Vec<(Org, OwnerFigures)>, ServiceError> {
        let directory = self.directory();
        let figures = self
            .store
            .read(|reader| reader.owner_figures(visit::LEDGER, "persons", "triage"))?;
        Ok(named(&directory, by_heir(&directory, figures)))
    }

    /// Visits that are found with those of `owner`, or of all held here, that still need a triage or an answer: the `limit` oldest ones, those with a
    /// deadline first, and how many there are in all.
    pub fn open_visits(
        &self,
        owner: Option<OrgId>,
        limit: u64,
    ) -> Result<(Vec<OpenVisit>, u64), ServiceError> {
        let filter = RowFilter {
            owners: owner.map_or_else(Vec::new, |owner| self.owners(&owner)),
            any_empty: vec!["triage".into(), "told_person_on".into()],
            ..RowFilter::default()
        };
        let (oldest, petitions, total) = self.store.read(|reader| {
            let (_, total) = reader.rows(visit::LEDGER, &filter)?;
            let oldest = RowFilter {
                offset: total.saturating_sub(limit),
                limit,
                ..filter.clone()
            };
            let petitions = RowFilter {
                equals: vec![("triage".into(), PETITION.into())],
                any_empty: vec!["told_person_on".into()],
                limit,
                ..filter
            };
            Ok((
                reader.rows(visit::LEDGER, &oldest)?.0,
                reader.rows(visit::LEDGER, &petitions)?.0,
                total,
            ))
        })?;
        let mut open: Vec<OpenVisit> = Vec::new();
        for row in petitions.into_iter().chain(oldest.into_iter().rev()) {
            if open.iter().any(|known| known.row.record == row.record) {
                continue;
            }
            let tell_by = tell_by(RowState::of(&row).text("triage"), &row.happened);
            open.push(OpenVisit { row, tell_by });
        }
        // Stable: where no rule sets a day, the oldest stays first.
        open.sort_by_key(|visit| (visit.tell_by.is_none(), visit.tell_by));
        open.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok((open, total))
    }

    /// Joint activities held here that still await a seal.
    pub fn unsealed_activities(&self) -> Result<u64, ServiceError> {
        let directory = self.directory();
        let filter = RowFilter {
            limit: u64::MAX >> 1,
            ..RowFilter::default()
        };
        let (rows, _) = self.rows(super::activity::LEDGER, &filter)?;
        let mut unsealed = 0;
        for row in rows
            .iter()
            .filter(|row| directory.joint_space(&row.space).is_some())
        {
            unsealed += u64::from(!self.activity(&row.record)?.activity.sealed);
        }
        Ok(unsealed)
    }

    /// The level for which a person may seal an activity now, and the changes up to which; none if they may not, or sealed
    /// just this already.
    pub fn seal_offer(&self, author: &Author, held: &LoadedActivity) -> Option<(Level, Vec<ChangeId>)> {
        if !self.may_sign(author, EventKind::Seal, &held.loaded.space) {
            return None;
        }
        let card = self.card(author).ok()?;
        let org = self.directory().org(&card.org).cloned()?;
        let level = card.seat.unwrap_or(org.level);
        let officer = org.level == level && card.roles.iter().any(|role| seals_by_office(*role, level));
        let present = held
            .activity
            .signed_in
            .iter()
            .any(|there| there.recorded.is_none() && there.deputy == card.name && there.level == level);
        if !(officer || present) || !held.activity.required.contains(&level) {
            return None;
        }
        let graph = Graph::build(&held.loaded.held);
        let digest = digest_at(&graph, &graph.deps())?;
        // One seal for a level is enough, whoever of that level gave it.
        let given = held
            .activity
            .seals
            .iter()
            .any(|seal| (seal.level, seal.digest) == (level, digest));
        (!given && graph.waiting().is_empty()).then(|| (level, graph.deps()))
    }
}

/// Whether an activity's content, seals aside, is still what somebody saw whose page named `heads`.
pub fn seals_what_was_seen(held: &LoadedActivity, heads: &[ChangeId]) -> bool {
    let graph = Graph::build(&held.loaded.held);
    let seen = digest_at(&graph, heads);
    seen.is_some() && seen == digest_at(&graph, &graph.deps())
}

/// What a seal over these heads would cover; none if one of them is not here.
fn digest_at(graph: &Graph<'_>, heads: &[ChangeId]) -> Option<Hash> {
    let places: Option<Vec<usize>> = heads.iter().map(|head| graph.position(head)).collect();
    places
        .filter(|places| !places.is_empty())
        .map(|places| seal_digest(graph, &places))
}

fn seals_by_office(role: Role, level: Level) -> bool {
    match role {
        Role::Secretary | Role::DeputiesOffice | Role::Organiser => true,
        Role::StationLiaison | Role::StationHead => level == Level::Station,
        _ => false,
    }
}

/// The folded state in a row, for lists that show some of its fields.
pub struct RowState(serde_json::Value);

impl RowState {
    /// The state of a row.
    pub fn of(row: &RecordRow) -> Self {
        RowState(serde_json::from_str(&row.state).unwrap_or_default())
    }

    /// The text in force of a field, or an empty string.
    pub fn text(&self, field: &str) -> &str {
        self.0["fields"][field]["value"].as_str().unwrap_or_default()
    }

    /// The number in force of a field.
    pub fn int(&self, field: &str) -> Option<i64> {
        self.0["fields"][field]["value"].as_i64()
    }

    /// The texts in force of a set's members, or of one part of a set of structs (`seats/level`).
    pub fn members<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a str> {
        let (head, part) = field
            .split_once('/')
            .map_or((field, None), |(head, part)| (head, Some(part)));
        let all = self.0["fields"].as_object().into_iter().flatten();
        all.filter(move |(key, _)| {
            let mut parts = key.split('/');
            parts.next() == Some(head) && parts.next().is_some() && parts.next() == part
        })
        .filter_map(|(_, field)| field["value"].as_str())
    }

    /// The values in force of a field, of a set those of its members.
    pub fn values(&self, field: &Field) -> Vec<Value> {
        let value = |json: &serde_json::Value| match json {
            serde_json::Value::Bool(yes) => Some(Value::Bool(*yes)),
            serde_json::Value::Number(number) => number.as_i64().map(Value::Int),
            serde_json::Value::String(text) => Some(Value::Text(text.clone())),
            _ => None,
        };
        let all = self.0["fields"].as_object().into_iter().flatten();
        if !field.set && !field.many {
            return value(&self.0["fields"][&field.id]["value"]).into_iter().collect();
        }
        let (head, part) = match (field.set, field.id.split_once('/')) {
            (true, Some((head, part))) => (head, Some(part)),
            _ => (field.id.as_str(), None),
        };
        let mut members = Vec::new();
        for (key, found) in all {
            let Some(rest) = key.strip_prefix(head).and_then(|rest| rest.strip_prefix('/')) else {
                continue;
            };
            // The member of the set, its part, and of a set within it the member of that.
            let mut rest = rest.split('/').skip(1);
            if rest.next() == part && (field.many && part.is_some()) == rest.next().is_some() {
                members.extend(value(&found["value"]));
            }
        }
        members
    }

    /// The first change of its history.
    pub fn first_change(&self) -> Option<&str> {
        self.0["history"][0]["change"].as_str()
    }

    /// Who signed in with effect.
    pub fn signed_in(&self) -> impl Iterator<Item = &str> {
        let events = self.0["events"].as_array().into_iter().flatten();
        events
            .filter(|event| event["kind"] == "sign_in" && event["ineffective"].is_null())
            .filter_map(|event| event["by"]["name"].as_str())
    }
}
