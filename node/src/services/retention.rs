//! What is kept longer than it may be: personal parts whose time is over, and those that the law still forbids to erase.

mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::civil::Date;
use lianzhan_protocol::id::{OrgId, RecordId};
use lianzhan_protocol::record::Value;
use serde::Serialize;

pub use rules::{Data, Keep, Lock, Rule, Rules, Then};

use super::desk::RowState;
use super::visit;
use super::{Node, ServiceError};
use crate::store::{Condition, RecordRow, RowFilter};

/// The ledger of assisted households.
const HOUSEHOLDS: &str = "assistance_roster";
/// The register whose records say of others that they are archived.
const ARCHIVE: &str = "archive_register";
/// Records of one kind that are looked at; more are due when these are done.
const LOOKED_AT: u64 = 2_000;

/// Ledgers with an annex of contact data, and the field that says when their record came to its end.
const CONTACTS: [(&str, &str); 2] = [(visit::LEDGER, "told_person_on"), ("wish", "done_on")];

/// Something whose time is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Due {
    /// The record.
    pub record: RecordId,
    /// Its ledger.
    pub ledger: String,
    /// What it is about.
    pub title: String,
    /// Whose it is.
    pub owner: OrgId,
    /// By which rule.
    pub data: Data,
    /// When what it waits for was over, `YYYY-MM-DD`.
    pub ended: String,
    /// Since when it is due.
    pub since: String,
    /// Whether the law forbids to erase it yet: by which lock, and until when.
    pub locked: Option<Locked>,
    /// Whether the record itself goes, and not its personal parts alone.
    pub whole: bool,
}

/// A lock that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Locked {
    /// Its identifier.
    pub lock: String,
    /// The day from which on it does not hold.
    pub until: String,
}

impl Node {
    /// What is due by these rules, on a day: the longest due first. Only what this node holds and could open is listed.
    pub fn due(&self, rules: &Rules, today: &str) -> Result<Vec<Due>, ServiceError> {
        let Ok(today) = today.parse::<Date>() else {
            return Err(ServiceError::Bad("a day is written as 2026-03-31".into()));
        };
        let mut due = Vec::new();
        if let Some(keep) = rules.keep(Data::Contact) {
            self.contacts(rules, keep, today, &mut due)?;
        }
        if let Some(keep) = rules.keep(Data::Household) {
            let rows = self.ended(HOUSEHOLDS, "to", keep, today)?;
            for row in rows {
                let ended = RowState::of(&row).text("to").to_owned();
                due.extend(self.one(rules, Data::Household, keep, &row, &ended, today, true)?);
            }
        }
        due.sort_by(|a, b| (&a.since, a.record).cmp(&(&b.since, b.record)));
        Ok(due)
    }

    fn contacts(
        &self,
        rules: &Rules,
        keep: Keep,
        today: Date,
        due: &mut Vec<Due>,
    ) -> Result<(), ServiceError> {
        let archived = self.archived(keep, today)?;
        for (ledger, field) in CONTACTS {
            let mut rows: BTreeMap<RecordId, RecordRow> = self
                .ended(ledger, field, keep, today)?
                .into_iter()
                .map(|row| (row.record, row))
                .collect();
            for record in archived.keys() {
                if let Some(row) = self.store.read(|reader| reader.record(record))?
                    && row.ledger == ledger
                {
                    rows.insert(*record, row);
                }
            }
            for row in rows.values() {
                let Some(ended) = ended_on(row, field, &archived) else {
                    continue;
                };
                due.extend(self.one(rules, Data::Contact, keep, row, &ended, today, false)?);
            }
        }
        Ok(())
    }

    /// Records of a ledger whose end lies so far back that they are due.
    fn ended(
        &self,
        ledger: &str,
        field: &str,
        keep: Keep,
        today: Date,
    ) -> Result<Vec<RecordRow>, ServiceError> {
        let Some(before) = keep.before(today) else {
            return Ok(Vec::new());
        };
        let filter = RowFilter {
            conditions: vec![Condition::Until(
                crate::views::column(field),
                Value::Text(before.to_string()),
            )],
            order: crate::store::Order::Oldest,
            limit: LOOKED_AT,
            ..RowFilter::default()
        };
        Ok(self.rows(ledger, &filter)?.0)
    }

    /// What the archive holds since so long, with the day up to which.
    fn archived(&self, keep: Keep, today: Date) -> Result<BTreeMap<RecordId, String>, ServiceError> {
        let mut archived = BTreeMap::new();
        for row in self.ended(ARCHIVE, "period_to", keep, today)? {
            let state = RowState::of(&row);
            let until = state.text("period_to").to_owned();
            for record in state.members("record_refs").filter_map(RecordId::parse) {
                archived.insert(record, until.clone());
            }
        }
        Ok(archived)
    }

    #[allow(clippy::too_many_arguments)] // each is one part of what is due
    fn one(
        &self,
        rules: &Rules,
        data: Data,
        keep: Keep,
        row: &RecordRow,
        ended: &str,
        today: Date,
        whole: bool,
    ) -> Result<Option<Due>, ServiceError> {
        let day = ended.get(..10).and_then(|day| day.parse::<Date>().ok());
        let Some((day, since)) = day.and_then(|day| Some((day, keep.after(day)?))) else {
            return Ok(None);
        };
        if since > today || !(whole || self.holds_person(&row.record)?) {
            return Ok(None);
        }
        Ok(Some(Due {
            record: row.record,
            ledger: row.ledger.clone(),
            title: row.title.clone(),
            owner: row.owner,
            data,
            ended: day.to_string(),
            since: since.to_string(),
            locked: locked(rules, row, day, today),
            whole,
        }))
    }

    /// Whether personal parts of a record are here and open.
    fn holds_person(&self, record: &RecordId) -> Result<bool, ServiceError> {
        let annexes = self.store.read(|reader| reader.annexes(record))?;
        Ok(annexes
            .iter()
            .any(|annex| self.annex_keys.get(&annex.record).is_some()))
    }

    /// The lock that holds a record, if its time is over and the law forbids to erase it: then it is kept, and no more.
    pub fn locked(&self, record: &RecordId) -> Result<Option<Locked>, ServiceError> {
        let Some(row) = self.store.read(|reader| reader.record(record))? else {
            return Ok(None);
        };
        let rules = Rules::default();
        let of = CONTACTS.iter().find(|(ledger, _)| *ledger == row.ledger);
        let (Some((_, field)), Some(keep)) = (of, rules.keep(Data::Contact)) else {
            return Ok(None);
        };
        let Ok(today) = self.today().parse::<Date>() else {
            return Ok(None);
        };
        let ended = RowState::of(&row).text(field).to_owned();
        let due = self.one(&rules, Data::Contact, keep, &row, &ended, today, false)?;
        Ok(due.and_then(|due| due.locked))
    }

    /// Refuses to work with a record that is locked.
    pub(super) fn refuse_locked(&self, record: &RecordId) -> Result<(), ServiceError> {
        match self.locked(record)? {
            None => Ok(()),
            Some(locked) => Err(ServiceError::Locked {
                record: *record,
                until: locked.until,
            }),
        }
    }
}

/// When a record came to its end: what the archive says, else what it says itself. A visit that became an issue ends with it.
fn ended_on(row: &RecordRow, field: &str, archived: &BTreeMap<RecordId, String>) -> Option<String> {
    let state = RowState::of(row);
    let issue = RecordId::parse(state.text("issue"));
    let of = |record: &RecordId| archived.get(record).cloned();
    if let Some(until) = of(&row.record).or_else(|| of(&issue?)) {
        return Some(until);
    }
    let own = state.text(field).to_owned();
    (!own.is_empty() && state.text("triage") != "issue").then_some(own)
}

fn locked(rules: &Rules, row: &RecordRow, ended: Date, today: Date) -> Option<Locked> {
    let state = RowState::of(row);
    let holds = |lock: &&Lock| {
        let value = state.text(&lock.field);
        lock.ledger == row.ledger && lock.is.iter().any(|is| is == value)
    };
    let locks = rules.locks.iter().filter(holds).filter_map(|lock| {
        let until = lock.keep.after(ended)?;
        (until > today).then(|| Locked {
            lock: lock.id.clone(),
            until: until.to_string(),
        })
    });
    locks.max_by(|a, b| a.until.cmp(&b.until))
}
