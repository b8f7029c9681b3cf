//! What is kept longer than it may be: personal parts whose time is over, and those that the law still forbids to erase; and
//! what the archive takes.

mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use lianzhan_protocol::id::{OrgId, RecordId};
use lianzhan_protocol::record::Value;
use lianzhan_protocol::settings::Day;
use serde::Serialize;

pub use rules::{Data, LOCKS, Lock, Terms, Then};

use super::desk::RowState;
use super::settings::SettingView;
use super::visit;
use super::{Node, ServiceError};
use crate::store::{Condition, RecordRow, RowFilter};

/// The ledger of assisted households.
const HOUSEHOLDS: &str = "assistance_roster";
/// The register whose records say of others that they are archived.
const ARCHIVE: &str = "archive_register";
/// Minutes of meetings, which the archive keeps whether a dossier names them or not.
const MINUTES: &str = "meeting_minutes";
/// Suggestions with their replies.
const SUGGESTIONS: &str = "suggestion";
/// Deputies, whose seats say when their terms end.
const ROSTER: &str = "deputy_roster";
/// Ledgers that say what single deputies did, with the field of the day and that of the deputies.
const ATTENDANCE: [(&str, &str, &str); 2] = [
    ("reception_shift", "planned_from", "planned_deputies"),
    ("assistance_visit", "date", "deputy"),
];
/// Records that are looked at together.
const BATCH: u64 = 1_000;
/// Records that are looked at of those that name one.
const NAMING_MAX: u64 = 200;
/// What one list names; more is due when it is done.
const DUE_MAX: usize = 2_000;

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

/// A rule: this data, kept as its setting says.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Which data.
    pub data: Data,
    /// The setting as it stands.
    pub setting: SettingView,
}

impl Node {
    /// By which rules this node's org keeps data on a day.
    pub fn retention_rules(&self, on: Day) -> Result<Vec<Rule>, ServiceError> {
        let rule = |data: Data| {
            Ok(Rule {
                setting: self.setting_view(None, &self.org_id(), data.setting(), "", on)?,
                data,
            })
        };
        Data::ALL.into_iter().map(rule).collect()
    }

    /// What applies to data of an org.
    pub fn terms(&self, owner: &OrgId) -> Result<Terms, ServiceError> {
        Ok(Terms::new(self.settings()?, self.line_of(owner)))
    }

    /// What is due on a day, the longest due first. Only what this node holds and could open is listed.
    pub fn due(&self, today: Day) -> Result<Vec<Due>, ServiceError> {
        let mut reckoning = Reckoning {
            node: self,
            own: self.terms(&self.org_id())?,
            terms: BTreeMap::new(),
            today,
            due: Vec::new(),
        };
        reckoning.contacts()?;
        reckoning.households()?;
        reckoning.photos()?;
        reckoning.attendance()?;
        reckoning.archive()?;
        let mut due = reckoning.due;
        due.sort_by(|a, b| (&a.since, a.record).cmp(&(&b.since, b.record)));
        Ok(due)
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
        let Some((_, field)) = CONTACTS.iter().find(|(ledger, _)| *ledger == row.ledger) else {
            return Ok(None);
        };
        let state = RowState::of(&row);
        let Some(ended) = day_of(state.text(field)) else {
            return Ok(None);
        };
        let today = self.this_day();
        let since = self.terms(&row.owner)?.due(Data::Contact, ended);
        if since.is_none_or(|since| since > today) || !self.holds_person(record)? {
            return Ok(None);
        }
        Ok(locked(&row, ended, today))
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

    /// Gives up what the node keeps for itself and no longer than it may: who opened what, and what was typed and not sent.
    pub(crate) fn give_up_old(&self) -> Result<(), ServiceError> {
        let (terms, today) = (self.terms(&self.org_id())?, self.this_day());
        let accesses = terms.over(Data::AccessLog, today);
        let drafts = terms.over(Data::Draft, today);
        Ok(self.store.write_blocking(move |writer| {
            writer.drop_accesses(&accesses)?;
            writer.drop_old_drafts(&drafts)
        })?)
    }
}

/// What is due, while it is being found.
struct Reckoning<'n> {
    node: &'n Node,
    /// What applies to this node's own org.
    own: Terms,
    /// The same of whose records were looked at.
    terms: BTreeMap<OrgId, Terms>,
    today: Day,
    due: Vec<Due>,
}

impl Reckoning<'_> {
    fn contacts(&mut self) -> Result<(), ServiceError> {
        let archived = self.archived(Data::Contact)?;
        for (ledger, field) in CONTACTS {
            for record in archived.keys() {
                if let Some(row) = self.node.store.read(|reader| reader.record(record))?
                    && row.ledger == ledger
                {
                    self.contact(&row, field, &archived)?;
                }
            }
            self.each(ledger, field, Data::Contact, |this, row| {
                match archived.contains_key(&row.record) {
                    true => Ok(()),
                    false => this.contact(row, field, &archived),
                }
            })?;
        }
        Ok(())
    }

    fn contact(
        &mut self,
        row: &RecordRow,
        field: &str,
        archived: &BTreeMap<RecordId, String>,
    ) -> Result<(), ServiceError> {
        match ended_on(row, field, archived) {
            Some(ended) => self.one(Data::Contact, row, &ended, false),
            None => Ok(()),
        }
    }

    fn households(&mut self) -> Result<(), ServiceError> {
        self.each(HOUSEHOLDS, "to", Data::Assistance, |this, row| {
            let ended = RowState::of(row).text("to").to_owned();
            this.one(Data::Assistance, row, &ended, true)
        })
    }

    /// Photos and papers in personal parts, since they came here: what may be shown of them stands in the record itself.
    fn photos(&mut self) -> Result<(), ServiceError> {
        let Some(latest) = self.own.latest(Data::UncheckedPhoto, self.today) else {
            return Ok(());
        };
        let before = rules::midnight(latest.plus_days(1));
        let found = self
            .node
            .store
            .read(|reader| reader.personal_attachments(before, DUE_MAX))?;
        for (record, came) in found {
            if let Some(row) = self.node.store.read(|reader| reader.record(&record))? {
                self.one(Data::UncheckedPhoto, &row, &super::activity::stated(came), false)?;
            }
        }
        Ok(())
    }

    /// What single deputies did, since the term of the last of them ended.
    fn attendance(&mut self) -> Result<(), ServiceError> {
        let mut terms: BTreeMap<RecordId, Option<String>> = BTreeMap::new();
        for (ledger, day, deputies) in ATTENDANCE {
            self.each(ledger, day, Data::Attendance, |this, row| {
                let state = RowState::of(row);
                let single = Some(state.text(deputies)).filter(|id| !id.is_empty());
                let named = state.members(deputies).chain(single);
                let mut ended: Option<String> = None;
                for id in named {
                    let of = match RecordId::parse(id) {
                        Some(id) => this.term_ended(&mut terms, id)?,
                        None => None,
                    };
                    // Of one who still serves, or of whom that is not known here, it is not over.
                    let Some(of) = of else { return Ok(()) };
                    ended = ended.max(Some(of));
                }
                match ended {
                    Some(ended) => this.one(Data::Attendance, row, &ended, true),
                    None => Ok(()),
                }
            })?;
        }
        Ok(())
    }

    /// When the last seat of a deputy ended, if all did.
    fn term_ended(
        &self,
        known: &mut BTreeMap<RecordId, Option<String>>,
        deputy: RecordId,
    ) -> Result<Option<String>, ServiceError> {
        if let Some(ended) = known.get(&deputy) {
            return Ok(ended.clone());
        }
        let row = self.node.store.read(|reader| reader.record(&deputy))?;
        let ended = row.filter(|row| row.ledger == ROSTER).and_then(|row| {
            let state = RowState::of(&row);
            let last = state.members("seats/to").max()?.to_owned();
            let over = state.members("seats/to").count() == state.members("seats/level").count();
            over.then_some(last)
        });
        known.insert(deputy, ended.clone());
        Ok(ended)
    }

    /// Suggestions whose dossier is as old as the archive's rule says; and minutes, with or without one.
    fn archive(&mut self) -> Result<(), ServiceError> {
        for (record, until) in self.archived(Data::Archive)? {
            if let Some(row) = self.node.store.read(|reader| reader.record(&record))?
                && row.ledger == SUGGESTIONS
            {
                self.one(Data::Archive, &row, &until, true)?;
            }
        }
        self.each(MINUTES, "held_at", Data::Archive, |this, row| {
            let (naming, _) = this
                .node
                .store
                .read(|reader| reader.naming(&row.record, NAMING_MAX))?;
            let dossiers = naming.iter().filter(|naming| naming.row.ledger == ARCHIVE);
            let until = dossiers.map(|naming| RowState::of(&naming.row).text("period_to").to_owned());
            let ended = until.max().filter(|until| !until.is_empty());
            let ended = ended.unwrap_or_else(|| RowState::of(row).text("held_at").to_owned());
            this.one(Data::Archive, row, &ended, true)
        })
    }

    /// What the archive holds since so long, with the day up to which.
    fn archived(&mut self, data: Data) -> Result<BTreeMap<RecordId, String>, ServiceError> {
        let mut archived = BTreeMap::new();
        self.each(ARCHIVE, "period_to", data, |_, row| {
            let state = RowState::of(row);
            let until = state.text("period_to");
            for record in state.members("record_refs").filter_map(RecordId::parse) {
                archived.insert(record, until.to_owned());
            }
            Ok(())
        })?;
        Ok(archived)
    }

    /// Goes through the records of a ledger whose end lies so far back that data of theirs may be due.
    fn each(
        &mut self,
        ledger: &str,
        field: &str,
        data: Data,
        mut found: impl FnMut(&mut Self, &RecordRow) -> Result<(), ServiceError>,
    ) -> Result<(), ServiceError> {
        let Some(latest) = self.own.latest(data, self.today) else {
            return Ok(());
        };
        // A moment of the last day comes behind the day itself.
        let before = latest.plus_days(1);
        let mut filter = RowFilter {
            conditions: vec![Condition::Until(
                crate::views::column(field),
                Value::Text(before.to_string()),
            )],
            order: crate::store::Order::Oldest,
            limit: BATCH,
            ..RowFilter::default()
        };
        loop {
            let (rows, _) = self.node.rows(ledger, &filter)?;
            for row in &rows {
                found(self, row)?;
            }
            if (rows.len() as u64) < BATCH || self.due.len() >= DUE_MAX {
                return Ok(());
            }
            filter.offset += BATCH;
        }
    }

    fn one(&mut self, data: Data, row: &RecordRow, ended: &str, whole: bool) -> Result<(), ServiceError> {
        let Some(day) = day_of(ended) else {
            return Ok(());
        };
        let Some(since) = self.terms_of(&row.owner)?.due(data, day) else {
            return Ok(());
        };
        if since > self.today || !(whole || self.node.holds_person(&row.record)?) {
            return Ok(());
        }
        self.due.push(Due {
            record: row.record,
            ledger: row.ledger.clone(),
            title: row.title.clone(),
            owner: row.owner,
            data,
            ended: day.to_string(),
            since: since.to_string(),
            locked: locked(row, day, self.today),
            whole,
        });
        Ok(())
    }

    fn terms_of(&mut self, owner: &OrgId) -> Result<&Terms, ServiceError> {
        if !self.terms.contains_key(owner) {
            let terms = self.node.terms(owner)?;
            self.terms.insert(*owner, terms);
        }
        Ok(self.terms.get(owner).unwrap_or(&self.own))
    }
}

/// The day of a date or of a moment.
fn day_of(stated: &str) -> Option<Day> {
    stated.get(..10).and_then(Day::parse)
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

fn locked(row: &RecordRow, ended: Day, today: Day) -> Option<Locked> {
    let state = RowState::of(row);
    let holds = |lock: &&Lock| lock.ledger == row.ledger && lock.is.contains(&state.text(lock.field));
    let locks = LOCKS.iter().filter(holds).filter_map(|lock| {
        let until = lock.until(ended);
        (until > today).then(|| Locked {
            lock: lock.id.to_owned(),
            until: until.to_string(),
        })
    });
    locks.max_by(|a, b| a.until.cmp(&b.until))
}
