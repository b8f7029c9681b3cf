//! Registering a visit: the front door for every contact with the public (`domain.md` 2.4).

use std::collections::BTreeMap;

use jiff::civil::Date;
use lianzhan_protocol::record::ledger::{Asked, Problem, Required};
use lianzhan_protocol::record::{Event, Put, Value};
use lianzhan_protocol::trust::Space;

use super::ledger::{FieldFault, Values};
use super::screen::Cleared;
use super::{Annex, Author, Draft, NewRecord, Node, ServiceError, Written};
use crate::env;

/// The ledger of visits.
pub const LEDGER: &str = "letters_visits";
/// The annex for personal fields, held up to the township.
pub const SUBJECT: &str = "subject";
/// The annex for sensitive fields, held by the station alone.
pub const SENSITIVE: &str = "subject_sensitive";

/// A visit as it is typed: fields by id of each ledger. Empty ones are left out.
#[derive(Debug, Clone, Default)]
pub struct VisitDraft {
    /// Fields of the record.
    pub fields: Vec<(String, Value)>,
    /// Personal fields.
    pub subject: Vec<(String, Value)>,
    /// Sensitive fields.
    pub sensitive: Vec<(String, Value)>,
}

impl VisitDraft {
    fn text(&self, field: &str) -> &str {
        self.fields
            .iter()
            .find(|(name, _)| name == field)
            .and_then(|(_, v)| v.as_text())
            .unwrap_or_default()
    }
}

impl Node {
    /// Registers one visit.
    pub async fn register_visit(&self, author: &Author, draft: VisitDraft) -> Result<Written, ServiceError> {
        self.register_cleared(author, draft, &Cleared::new()).await
    }

    /// The same with notes of words that may stand though they look like personal data.
    pub async fn register_cleared(
        &self,
        author: &Author,
        draft: VisitDraft,
        cleared: &Cleared,
    ) -> Result<Written, ServiceError> {
        check_visit(&draft)?;
        self.screen_visit(&draft, cleared)?;
        let number = self.next_reg_nos(draft.text("received_at"), 1)?.remove(0);
        let begins = NewRecord::begin(LEDGER, &self.home_space(LEDGER)?)?;
        let subject: Values = draft.subject.iter().cloned().collect();
        let mut draft = self.visit_draft(begins, draft, number)?;
        let notes =
            self.screen([(SUBJECT, &subject)])?
                .notes(super::ledger::book(LEDGER)?, &draft.puts, cleared)?;
        draft.puts.extend(notes);
        self.submit(author, draft).await
    }

    /// Refuses a visit in whose words something was found that nobody cleared, before it gets a number.
    pub(super) fn screen_visit(&self, draft: &VisitDraft, cleared: &Cleared) -> Result<(), ServiceError> {
        let ledger = super::ledger::book(LEDGER)?;
        let (fields, subject): (Values, Values) = (
            draft.fields.iter().cloned().collect(),
            draft.subject.iter().cloned().collect(),
        );
        let screen = self.screen([(SUBJECT, &subject)])?;
        let suspects = screen.suspects(ledger, &fields).into_iter();
        let faults = suspects.filter_map(|(key, suspicion)| {
            let fault = FieldFault::suspected(&key, ledger, suspicion);
            match cleared.get(&key) {
                None => Some(fault),
                Some(note) if screen.is_fit(note) => None,
                Some(_) => Some(fault.badly_noted()),
            }
        });
        let faults: Vec<FieldFault> = faults.collect();
        match faults.is_empty() {
            true => Ok(()),
            false => Err(ServiceError::Fields(faults)),
        }
    }

    /// The draft of a visit that has its id and number.
    pub(super) fn visit_draft(
        &self,
        begins: NewRecord,
        visit: VisitDraft,
        number: String,
    ) -> Result<Draft, ServiceError> {
        let space: Space = self.home_space(LEDGER)?;
        let happened = visit.text("received_at").to_owned();
        let mut fields = visit.fields;
        fields.push(("reg_no".into(), Value::Text(number)));
        let mut annexes = Vec::new();
        if !visit.subject.is_empty() || !visit.sensitive.is_empty() {
            // Fresh for every record: without the annex nothing links two visits of one person.
            let reference = lianzhan_protocol::codec::hex(&env::random::<16>());
            fields.push(("subject_ref".into(), Value::Text(reference.clone())));
            let mut subject = visit.subject;
            subject.push(("subject_ref".into(), Value::Text(reference)));
            annexes.push(Annex {
                ledger: SUBJECT.into(),
                fields: subject,
            });
        }
        if !visit.sensitive.is_empty() {
            annexes.push(Annex {
                ledger: SENSITIVE.into(),
                fields: visit.sensitive,
            });
        }
        let mut puts: Vec<Put> = fields
            .into_iter()
            .map(|(name, value)| Put::field(&name, value))
            .collect();
        puts.push(Put::event(&Event::Register { happened }));
        Ok(Draft {
            record: begins.id,
            begins: Some(begins.salt),
            ledger: LEDGER.into(),
            space,
            puts,
            annexes,
        })
    }

    /// The next `count` registration numbers for visits received at `received` (its date's week): site code, year, week,
    /// running number. A number that a crash leaves unused is not given again.
    pub(super) fn next_reg_nos(&self, received: &str, count: u64) -> Result<Vec<String>, ServiceError> {
        let numbers = self.reg_nos([(week_of(received)?, count)].into())?;
        Ok(numbers.into_values().flatten().collect())
    }

    /// The next numbers of weeks, so many of each: one commit for all of them.
    pub(super) fn reg_nos(
        &self,
        weeks: BTreeMap<String, u64>,
    ) -> Result<BTreeMap<String, Vec<String>>, ServiceError> {
        if weeks.is_empty() {
            return Ok(BTreeMap::new());
        }
        let code = self.org()?.code;
        let wanted: Vec<(String, u64)> = weeks
            .iter()
            .map(|(week, count)| (format!("reg_no/{code}-{week}"), *count))
            .collect();
        let firsts = self.store.write_blocking(move |writer| {
            let firsts = wanted.iter().map(|(key, count)| writer.take_numbers(key, *count));
            firsts.collect::<Result<Vec<u64>, _>>()
        })?;
        let numbers = weeks.into_iter().zip(firsts).map(|((week, count), first)| {
            let of_week = (first..first + count)
                .map(|n| format!("{code}-{week}-{n:02}"))
                .collect();
            (week, of_week)
        });
        Ok(numbers.collect())
    }
}

/// The week in which a visit was received, `YYYY-WW`; numbers run within one.
pub(super) fn week_of(received: &str) -> Result<String, ServiceError> {
    let date: Date = received
        .get(..10)
        .and_then(|day| day.parse().ok())
        .ok_or_else(|| ServiceError::Field {
            field: "received_at".into(),
            words: "write the date as 2026-04-16".into(),
        })?;
    let week = date.iso_week_date();
    Ok(format!("{}-{:02}", week.year(), week.week()))
}

/// What must be there to save.
pub(super) fn check_visit(draft: &VisitDraft) -> Result<(), ServiceError> {
    let ledger = super::ledger::book(LEDGER)?;
    let values = draft.fields.iter().map(|(key, value)| (key.as_str(), value));
    let lacking = ledger.lacks(&values.collect(), Required::Required, &Asked::PLAIN);
    if let Some(error) = lacking.into_iter().next() {
        let words = match error.problem {
            Problem::Empty => "this field must be filled".into(),
            problem => problem.to_string(),
        };
        return Err(ServiceError::Field {
            field: error.field,
            words,
        });
    }
    Ok(())
}
