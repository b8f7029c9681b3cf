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
pub use layout::{Layout, Slot, is_asked, is_typed, key_field, layout};
pub use list::{Asked, columns, confirmed_id, plain_columns};
pub use sent::{EventSheet, Lacking, Named, RecordSheet, Sent};
pub use typed::{
    KEY, NEW, Part, Read, as_typed, faults_of, name_of, read, shown, suspicions_of, title_typed, value_of,
};
pub(super) use typed::{is_fixed, member_of, unsound};

use std::collections::BTreeMap;

use lianzhan_protocol::personal::Kind;
use lianzhan_protocol::record::Value;
use lianzhan_protocol::record::ledger::{Field, FieldKind, Ledger, Problem, definitions, ledger, ledgers};

use lianzhan_protocol::trust::Space;

use super::screen::Suspicion;
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
    /// What was found in its words, where that is what is wrong: it may be cleared.
    pub suspicion: Option<Suspicion>,
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
            suspicion: None,
        }
    }

    /// That something was found in the words of a put, by its key.
    pub fn suspected(key: &str, ledger: &Ledger, suspicion: Suspicion) -> Self {
        let kinds = suspicion.kinds();
        let zh: Vec<&str> = kinds.iter().map(|kind| kind_zh(*kind)).collect();
        let en: Vec<&str> = kinds.iter().map(|kind| kind_en(*kind)).collect();
        FieldFault {
            zh: format!(
                "这里像有{}，而这一项会送到镇以上。请移到只留在本镇的栏目，或删去；确可保留的，写明理由，随记录签名。",
                zh.join("、")
            ),
            en: format!(
                "this looks like {}, and the text goes further than the township; move it to a field that stays below or take it out; what may stay is cleared with a reason that is signed with the record",
                en.join(", ")
            ),
            suspicion: Some(suspicion),
            ..Self::at_put(key, ledger)
        }
    }

    /// The same, where a reason was given that may not stay for ever.
    pub fn badly_noted(self) -> Self {
        FieldFault {
            zh: "放行的理由为一行，最多 200 字，不得含 7 位以上的数字，也不得重复要放行的内容：理由会随记录上送并一直保留。"
                .into(),
            en: "the reason of a clearing is one line of at most 200 characters without numbers of 7 digits or more, and does not repeat what it clears: it stays with the record"
                .into(),
            ..self
        }
    }

    fn at_put(key: &str, ledger: &Ledger) -> Self {
        let field = key.strip_prefix("f:").and_then(|name| ledger.resolve(name));
        let (label_zh, label_en) = match field {
            Some((field, _)) => (field.zh.clone(), field.en.clone()),
            None => ("记录内容".into(), "text".into()),
        };
        FieldFault {
            name: key.to_owned(),
            label_zh,
            label_en,
            zh: String::new(),
            en: String::new(),
            suspicion: None,
        }
    }
}

/// What is called what it looks like, in Chinese.
pub fn kind_zh(kind: Kind) -> &'static str {
    match kind {
        Kind::Mobile => "手机号",
        Kind::Identity => "身份证号",
        Kind::BankCard => "银行卡号",
        Kind::Plate => "车牌号",
        Kind::Name => "当事人姓名",
    }
}

/// The same in English.
pub fn kind_en(kind: Kind) -> &'static str {
    match kind {
        Kind::Mobile => "a mobile number",
        Kind::Identity => "an identity number",
        Kind::BankCard => "the number of a bank card",
        Kind::Plate => "a number plate",
        Kind::Name => "the name of somebody on the roster",
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

/// Refuses a personal part that records of a ledger do not have.
pub(in crate::services) fn no_such_annex(of: &Ledger, annex: &str) -> ServiceError {
    ServiceError::Bad(format!(
        "records of {} have no personal part {annex:?} “{}”的记录没有附册 {annex:?}",
        of.id, of.zh
    ))
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
