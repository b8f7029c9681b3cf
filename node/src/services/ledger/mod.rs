//! One engine for every ledger. A ledger is a definition: what stands here reads it, and knows no ledger by name but where
//! numbers are given ([`crate::services::visit`]). Values are kept by key, as records keep them; what people type and what
//! programs send becomes such values here, and nowhere else.

mod books;
mod draft;
mod entry;
mod find;
mod json;
mod layout;
mod list;
mod sent;
mod typed;

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::{by_id, filled, sample};

pub(in crate::services) use typed::faults_in;

pub use books::Book;
pub use draft::{DraftId, Typing, TypingForm};
pub use entry::{Amendment, NewEntry, Offered};
pub use find::{Candidate, NamedBy, NamedRecord};
pub use json::{LedgerJson, RecordBrief, from_json, schema};
pub use layout::{Layout, Slot, is_typed, key_field, layout};
pub use list::{Asked, columns, confirmed_id, plain_columns};
pub use sent::{EventSheet, Lacking, Named, RecordSheet, Sent};
pub use typed::{KEY, NEW, Part, Read, as_typed, faults_of, name_of, read, shown, title_typed, value_of};
pub(super) use typed::{is_fixed, member_of, unsound};

use std::collections::BTreeMap;

use lianzhan_protocol::record::Value;
use lianzhan_protocol::record::ledger::{Field, FieldKind, Ledger, Problem, definitions, ledger, ledgers};

use lianzhan_protocol::trust::Space;

use super::visit::PersonalData;
use super::{Node, ServiceError};

/// Values by key of one record, or of one annex.
pub type Values = BTreeMap<String, Value>;

/// One field that is wrong: where, and what to do about it in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// The input that it was typed into ([`name_of`]); a program reads it as the path of what it sent.
    pub name: String,
    /// The field's Chinese label.
    pub label_zh: String,
    /// The field's English label.
    pub label_en: String,
    /// What to do, in Chinese.
    pub zh: String,
    /// What to do, in English.
    pub en: String,
}

impl FieldFault {
    /// The annex that it belongs to, if it does, and the key.
    pub fn place(&self) -> (Option<&str>, &str) {
        if let Some((annex, key)) = self.name.strip_prefix("a:").and_then(|rest| rest.split_once(':')) {
            return (Some(annex), key);
        }
        (None, self.name.strip_prefix("f:").unwrap_or(&self.name))
    }

    pub(in crate::services) fn of(part: Part<'_>, key: &str, field: &Field, problem: &Problem) -> Self {
        let (zh, en) = match (&field.kind, problem) {
            (FieldKind::Dec { scale }, Problem::Type(_)) => (
                format!("请填写数字，最多 {scale} 位小数"),
                format!("enter a number with at most {scale} decimals"),
            ),
            _ => (problem.zh(), problem.to_string()),
        };
        FieldFault {
            name: name_of(part, key),
            label_zh: field.zh.clone(),
            label_en: field.en.clone(),
            zh,
            en,
        }
    }

    fn personal(key: &str, field: &Field, found: PersonalData) -> Self {
        let (zh, en) = match found {
            PersonalData::Mobile => (
                "这里有一个手机号。请移到只留在本镇的栏目，或删去：这一项会送到上级。",
                "there is a mobile number in this text; move it to a field that stays below, or take it out: this text travels",
            ),
            PersonalData::Identity => (
                "这里有一个身份证号。请删去：这一项会送到上级。",
                "there is an identity number in this text; take it out: this text travels",
            ),
        };
        FieldFault {
            name: name_of(Part::Main, key),
            label_zh: field.zh.clone(),
            label_en: field.en.clone(),
            zh: zh.into(),
            en: en.into(),
        }
    }
}

/// A ledger of the program that has records of its own: an annex is part of another's. What orgs added is [`Node::book`]'s.
pub fn book(id: &str) -> Result<&'static Ledger, ServiceError> {
    ledger(id)
        .filter(|ledger| !is_annex(&ledger.id))
        .ok_or_else(|| ServiceError::UnknownLedger(id.to_owned()))
}

/// Whether a ledger holds the personal parts of another one's records. What orgs add has none.
pub fn is_annex(id: &str) -> bool {
    ledgers()
        .iter()
        .any(|ledger| ledger.annexes.iter().any(|annex| annex == id))
}

impl Node {
    /// A ledger as lists and tables show it, with what orgs added.
    pub fn ledger(&self, id: &str) -> Result<&'static Ledger, ServiceError> {
        let found = self.registry().ledger(id);
        found.ok_or_else(|| ServiceError::UnknownLedger(id.to_owned()))
    }

    /// The same of a ledger that has records of its own.
    pub fn book(&self, id: &str) -> Result<&'static Ledger, ServiceError> {
        let found = self.ledger(id)?;
        match is_annex(id) {
            true => Err(ServiceError::UnknownLedger(id.to_owned())),
            false => Ok(found),
        }
    }

    /// The definition by which a form for a record in `space` asks: the fields that are there to be filled in.
    pub fn form_of(&self, id: &str, space: &Space) -> Result<&'static Ledger, ServiceError> {
        let line = self.line_of(&space.owner);
        let all = self.registry().written(id, space, &line);
        let fullest = all.last().map(|(_, ledger)| *ledger);
        fullest
            .filter(|_| !is_annex(id))
            .ok_or_else(|| ServiceError::UnknownLedger(id.to_owned()))
    }
}

/// Whether the records of a ledger are made on a page of their own and never changed: what they say is what they began with.
pub fn is_stated(id: &str) -> bool {
    [lianzhan_protocol::settings::LEDGER, definitions::LEDGER].contains(&id)
}

/// Refuses to write a record of such a ledger as one of any other.
pub(in crate::services) fn refuse_stated(ledger: &Ledger) -> Result<(), ServiceError> {
    if !is_stated(&ledger.id) {
        return Ok(());
    }
    Err(ServiceError::NotAllowed(
        "records of this ledger are made with `lianzhan setting` and `lianzhan ledger` or on their own pages, and are not changed afterwards: state anew".into(),
    ))
}

/// The ledgers that hold the personal parts of this one's records, widest first.
pub fn annexes_of(ledger: &Ledger) -> impl Iterator<Item = &'static Ledger> {
    ledger
        .annexes
        .iter()
        .filter_map(|id| lianzhan_protocol::record::ledger::ledger(id))
}
