//! Who opens personal parts here, and what for. It is noted at this node alone, durably and before anything is shown, and kept
//! as long as `retention.access_log` says (`domain.md` 6.4, 6.5).

use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::trust::Role;
use serde::Serialize;

pub use crate::store::{AccessFilter, AccessRow};

use super::retention::Data;
use super::{Author, Node, ServiceError};
use crate::env;

/// What personal parts are opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// 办理来访: to work on the matter.
    Handle,
    /// 回访: to tell the person, or to ask again.
    FollowUp,
    /// 核对: to check what was written.
    Check,
    /// 其他: another one, which is said in words.
    Other,
    /// 续填: to go on with what they typed themselves. It is not offered: the page notes it.
    Typing,
}

impl Purpose {
    /// All of them; those that are offered come first.
    pub const ALL: [Purpose; 5] = [
        Purpose::Handle,
        Purpose::FollowUp,
        Purpose::Check,
        Purpose::Other,
        Purpose::Typing,
    ];

    /// Those that are offered with a single press.
    pub const OFFERED: [Purpose; 3] = [Purpose::Handle, Purpose::FollowUp, Purpose::Check];

    /// Its identifier.
    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Handle => "handle",
            Purpose::FollowUp => "follow_up",
            Purpose::Check => "check",
            Purpose::Other => "other",
            Purpose::Typing => "typing",
        }
    }

    /// The one with this identifier.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == id)
    }
}

/// How personal parts were had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// They were shown.
    Open,
    /// They went into a file that a person took away.
    Export,
    /// They were printed.
    Print,
}

impl Way {
    /// Its identifier.
    pub fn as_str(self) -> &'static str {
        match self {
            Way::Open => "open",
            Way::Export => "export",
            Way::Print => "print",
        }
    }
}

/// What somebody says before personal parts are opened to them.
#[derive(Debug, Clone)]
pub struct Reason {
    /// What for.
    pub purpose: Purpose,
    /// In words, where it is another purpose.
    pub words: String,
}

/// Longest words of a purpose.
pub const WORDS_MAX: usize = 100;

/// Who sees what others opened: who answers for the station or the congress's own files, and who looks into them.
const SEES_ALL: [Role; 6] = [
    Role::StationHead,
    Role::Secretary,
    Role::PresidiumChair,
    Role::StreetChair,
    Role::DeputiesOffice,
    Role::Auditor,
];

impl Node {
    /// Notes that somebody opens the personal parts of records. Durable when it returns: only then may they be shown.
    pub async fn note_access(
        &self,
        author: &Author,
        records: &[RecordId],
        way: Way,
        reason: &Reason,
    ) -> Result<(), ServiceError> {
        let words = self.reason_words(reason)?;
        for record in records {
            self.refuse_locked(record)?;
        }
        let now = env::now();
        let rows: Vec<AccessRow> = records
            .iter()
            .map(|record| AccessRow {
                at: now,
                reader: author.key.public(),
                name: author.name.clone(),
                record: *record,
                way: way.as_str().to_owned(),
                purpose: reason.purpose.as_str().to_owned(),
                words: words.clone(),
            })
            .collect();
        let over = self.terms(&self.org_id())?.over(Data::AccessLog, self.this_day());
        self.store
            .write(move |writer| {
                writer.drop_accesses(&over)?;
                writer.note_accesses(&rows)
            })
            .await?;
        Ok(())
    }

    /// Notes that the personal parts of records go into a table that somebody takes away. Durable when it returns.
    pub(super) fn note_export(&self, author: &Author, records: &[RecordId]) -> Result<(), ServiceError> {
        let now = env::now();
        let rows: Vec<AccessRow> = records
            .iter()
            .map(|record| AccessRow {
                at: now,
                reader: author.key.public(),
                name: author.name.clone(),
                record: *record,
                way: Way::Export.as_str().to_owned(),
                purpose: Purpose::Other.as_str().to_owned(),
                words: "导出表格".to_owned(),
            })
            .collect();
        Ok(self
            .store
            .write_blocking(move |writer| writer.note_accesses(&rows))?)
    }

    /// The words of a purpose, which hold no personal data: they are kept when the record is erased.
    fn reason_words(&self, reason: &Reason) -> Result<String, ServiceError> {
        let wrong = |words: &str| ServiceError::Field {
            field: "words".into(),
            words: words.to_owned(),
        };
        let words = reason.words.trim();
        if reason.purpose != Purpose::Other {
            return Ok(String::new());
        }
        if words.is_empty() || words.chars().count() > WORDS_MAX || words.chars().any(char::is_control) {
            return Err(wrong(SAY_WHAT_FOR));
        }
        match self.screen([])?.is_fit(words) {
            true => Ok(words.to_owned()),
            false => Err(wrong(NO_PERSONS)),
        }
    }

    /// Who opened personal parts here, the latest first, and how many there are in all. Who does not answer for the station's
    /// files sees what they opened themselves.
    pub fn accesses(
        &self,
        author: &Author,
        filter: AccessFilter,
    ) -> Result<(Vec<AccessRow>, u64), ServiceError> {
        let filter = match self.sees_all_accesses(author)? {
            true => filter,
            false => AccessFilter {
                reader: Some(author.key.public()),
                ..filter
            },
        };
        self.all_accesses(&filter)
    }

    /// The same for whoever holds the node's own token.
    pub fn all_accesses(&self, filter: &AccessFilter) -> Result<(Vec<AccessRow>, u64), ServiceError> {
        Ok(self.store.read(|reader| reader.accesses(filter))?)
    }

    /// Whether somebody sees what others opened.
    pub fn sees_all_accesses(&self, author: &Author) -> Result<bool, ServiceError> {
        let card = self.card(author)?;
        Ok(card.roles.iter().any(|role| SEES_ALL.contains(role)))
    }
}

/// What is wrong with the words of a purpose.
pub const SAY_WHAT_FOR: &str = "say in one line of at most 100 characters what for";
/// The same, of words that name somebody.
pub const NO_PERSONS: &str =
    "the purpose is kept when the record is erased: it names no person and no number";
