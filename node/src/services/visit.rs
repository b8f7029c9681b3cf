//! Registering a visit: the front door for every contact with the public (`domain.md` 2.4).

use jiff::civil::Date;
use lianzhan_protocol::record::ledger::{Asked, Problem, Required};
use lianzhan_protocol::record::{Event, Put, Value};
use lianzhan_protocol::trust::Space;

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
        check_visit(&draft)?;
        let number = self.next_reg_nos(draft.text("received_at"), 1)?.remove(0);
        let begins = NewRecord::begin(LEDGER, &self.home_space(LEDGER)?)?;
        let draft = self.visit_draft(begins, draft, number)?;
        self.submit(author, draft).await
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
        let prefix = format!("{}-{}", self.org()?.code, week_of(received)?);
        let key = format!("reg_no/{prefix}");
        let first = self
            .store
            .write_blocking(move |writer| writer.take_numbers(&key, count))?;
        Ok((first..first + count)
            .map(|n| format!("{prefix}-{n:02}"))
            .collect())
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

/// What must be there to save, and what must not stand in text that travels to the county.
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
    for (name, value) in &draft.fields {
        if let Some(kind) = value.as_text().and_then(personal_data) {
            return Err(ServiceError::Field {
                field: name.clone(),
                words: kind.words().to_owned(),
            });
        }
    }
    Ok(())
}

/// Personal data that was found in free text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonalData {
    /// A mobile number: 11 digits from 13 to 19.
    Mobile,
    /// An identity number: 17 digits and a check character that fits (GB 11643).
    Identity,
}

impl PersonalData {
    /// What to do about it.
    pub fn words(self) -> &'static str {
        match self {
            PersonalData::Mobile => {
                "there is a mobile number in this text; move it to the phone field: this text goes to the county"
            }
            PersonalData::Identity => {
                "there is an identity number in this text; take it out: this text goes to the county"
            }
        }
    }
}

/// Looks for a mobile or identity number. Spaces and hyphens inside of a number do not hide it.
pub fn personal_data(text: &str) -> Option<PersonalData> {
    use unicode_normalization::UnicodeNormalization;
    let mut runs: Vec<Vec<u8>> = vec![Vec::new()];
    for c in text.nfkc() {
        match c {
            '0'..='9' | 'x' | 'X' => {
                if let (Some(run), Ok(byte)) = (runs.last_mut(), u8::try_from(c)) {
                    run.push(byte.to_ascii_uppercase());
                }
            }
            ' ' | '-' => {}
            _ => runs.push(Vec::new()),
        }
    }
    runs.iter().find_map(|run| {
        let mobile =
            run.len() == 11 && run[0] == b'1' && run[1] >= b'3' && run.iter().all(u8::is_ascii_digit);
        match () {
            () if is_identity(run) => Some(PersonalData::Identity),
            () if mobile => Some(PersonalData::Mobile),
            () => None,
        }
    })
}

fn is_identity(run: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";
    if run.len() != 18 || !run[..17].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u32 = run
        .iter()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    CHECKS[(sum % 11) as usize] == run[17]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_persons_are_found_however_they_are_written() {
        assert_eq!(personal_data("请打 139 0000 0016。"), Some(PersonalData::Mobile));
        assert_eq!(
            personal_data("１３９００００００１６"),
            Some(PersonalData::Mobile)
        );
        assert_eq!(
            personal_data("身份证 11010519491231002X"),
            Some(PersonalData::Identity)
        );
        assert_eq!(
            personal_data("110105194912310021"),
            None,
            "the check digit does not fit"
        );
        assert_eq!(personal_data("2026-04-16 路灯 11 盏，约 50 米"), None);
        assert_eq!(personal_data("站点 990121103201"), None);
    }
}
