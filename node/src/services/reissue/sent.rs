//! Issuing a record anew as programs ask for it.

use std::collections::BTreeMap;

use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::record::ledger::ledger;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{Anew, AnewDraft, Stays, files_among};
use crate::services::confirm::parse_seen;
use crate::services::ledger::{Part, Values, from_json, no_such_annex};
use crate::services::screen::Cleared;
use crate::services::{Author, Node, ServiceError};

/// What a program sends: what is not named comes along as it stands.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnewSent {
    /// Fields that are other in the new record; null leaves one out.
    #[serde(default)]
    pub fields: Map<String, Json>,
    /// The same of its personal parts, by ledger.
    #[serde(default)]
    pub annexes: BTreeMap<String, Map<String, Json>>,
    /// What does not come along: attachments by their ids, personal parts by their ledgers.
    #[serde(default)]
    pub leave: Vec<String>,
    /// Notes of words that may stand though they look like personal data, by the field's key.
    #[serde(default)]
    pub cleared: BTreeMap<String, String>,
    /// The heads that were seen, of the record and of its parts; those of now where none are named.
    #[serde(default)]
    pub seen: Vec<String>,
    /// The date of the decision; today where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
}

/// What came of it, as a program reads it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AnewJson {
    /// The new record.
    pub record: String,
    /// What is erased once this is witnessed; none where it was signed before.
    pub erased: Vec<String>,
    /// Whether the new record was written now; not where it was before.
    pub written: bool,
}

impl From<&Anew> for AnewJson {
    fn from(anew: &Anew) -> Self {
        AnewJson {
            record: anew.new.to_string(),
            erased: anew.erased.iter().map(ToString::to_string).collect(),
            written: anew.written,
        }
    }
}

/// What issuing a record anew would do, as a program reads it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AnewSheet {
    /// The new record, where it is here: what is left to do is to erase the old one.
    pub begun: Option<String>,
    /// Values that come along, by key.
    pub fields: Map<String, Json>,
    /// Personal parts that come along, by ledger.
    pub annexes: Vec<String>,
    /// Attachments that come along.
    pub attachments: Vec<String>,
    /// What does not.
    pub stays: Vec<StaysJson>,
    /// What is erased: records.
    pub erased: Vec<String>,
    /// The heads of the record and of what is erased with it, for `seen`.
    pub seen: Vec<String>,
}

/// Something that does not come along.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum StaysJson {
    /// What somebody signed over the old record.
    Event {
        /// Its id.
        id: String,
        /// Its kind.
        kind: String,
        /// Who signed it.
        by: String,
        /// When, as stated.
        happened: Option<String>,
    },
    /// A personal part.
    Annex {
        /// Its ledger.
        ledger: String,
        /// Whether it is erased with the record; one that is not open here is not.
        erased: bool,
    },
}

impl From<&Stays> for StaysJson {
    fn from(stays: &Stays) -> Self {
        match stays {
            Stays::Event(event) => StaysJson::Event {
                id: event.id.to_string(),
                kind: event.event.kind().as_str().to_owned(),
                by: event.by.name.clone(),
                happened: event.event.happened().map(str::to_owned),
            },
            Stays::Annex { ledger, erased } => StaysJson::Annex {
                ledger: ledger.clone(),
                erased: *erased,
            },
        }
    }
}

impl Node {
    /// What issuing a record anew would do. Of personal parts only the names are told.
    pub fn anew_sheet(&self, record: &RecordId) -> Result<AnewSheet, ServiceError> {
        let plan = self.anew_plan(None, record)?;
        let mut files = files_among(plan.ledger, &plan.main);
        for (id, values) in &plan.annexes {
            files.extend(
                ledger(id)
                    .map(|annex| files_among(annex, values))
                    .unwrap_or_default(),
            );
        }
        let fields = plan.main.iter();
        let fields =
            fields.map(|(key, value)| (key.clone(), serde_json::to_value(value).unwrap_or_default()));
        Ok(AnewSheet {
            begun: plan.begun.map(|new| new.to_string()),
            fields: fields.collect(),
            annexes: plan.annexes.keys().cloned().collect(),
            attachments: files.into_iter().map(|(_, id)| id.to_string()).collect(),
            stays: plan.stays.iter().map(StaysJson::from).collect(),
            erased: plan.doomed.iter().map(|part| part.record.to_string()).collect(),
            seen: plan.seen.iter().map(ToString::to_string).collect(),
        })
    }

    /// Issues a record anew as a program asked for it.
    pub async fn issue_anew_sent(
        &self,
        author: &Author,
        record: &RecordId,
        sent: AnewSent,
    ) -> Result<Anew, ServiceError> {
        // What was signed already is told also once nothing of the old one is left that could be read.
        if let Some(done) = self.anew_said(record)? {
            return Ok(done);
        }
        let plan = self.anew_plan(Some(author), record)?;
        let mut left: Vec<&str> = sent.leave.iter().map(String::as_str).collect();
        let mut main = plan.main.clone();
        leave(&mut left, &files_among(plan.ledger, &main), &mut main);
        let main = from_json(plan.ledger, Part::Main, &sent.fields, &main)?;
        let mut annexes = BTreeMap::new();
        let none = Map::new();
        if let Some(unknown) = sent.annexes.keys().find(|id| !plan.ledger.annexes.contains(id)) {
            return Err(no_such_annex(plan.ledger, unknown));
        }
        let writable = self.writable_annexes(author, plan.ledger, &plan.detail.space);
        let forbidden = |id: &&String| !writable.iter().any(|annex| annex.id == **id);
        if let Some(forbidden) = sent.annexes.keys().find(forbidden) {
            return Err(ServiceError::NotAllowed(format!(
                "the personal part {forbidden} of this record is written by holders of other posts 附册 {forbidden} 由其他岗位的人登记"
            )));
        }
        for annex in writable {
            let known = plan.annexes.get(&annex.id).cloned().unwrap_or_default();
            // Also of a part that is left out: its attachments may be named beside it.
            let files = files_among(annex, &known);
            let mut values = match left.iter().position(|id| *id == annex.id) {
                Some(at) => {
                    left.swap_remove(at);
                    Values::new()
                }
                None => known,
            };
            leave(&mut left, &files, &mut values);
            let fields = sent.annexes.get(&annex.id).unwrap_or(&none);
            let values = from_json(annex, Part::Annex(&annex.id), fields, &values)?;
            if !values.is_empty() {
                annexes.insert(annex.id.clone(), values);
            }
        }
        if let Some(unknown) = left.first() {
            return Err(ServiceError::Bad(format!(
                "`leave` names attachments by 64 hexadecimal digits and personal parts by their ledgers; {unknown:?} is none of this record"
            )));
        }
        let cleared: Cleared = sent
            .cleared
            .iter()
            .map(|(key, note)| (format!("f:{key}"), note.clone()))
            .collect();
        let mut seen = parse_seen(&sent.seen)?;
        if seen.is_empty() {
            seen.clone_from(&plan.seen);
        }
        let draft = AnewDraft {
            seen,
            main,
            annexes,
            cleared,
            on: sent.on.unwrap_or_else(|| self.today()),
        };
        self.issue_anew(author, record, draft).await
    }
}

/// Takes the attachments out that are named, and their names off the list.
fn leave(
    named: &mut Vec<&str>,
    files: &[(String, lianzhan_protocol::id::AttachmentId)],
    values: &mut Values,
) {
    for (key, id) in files {
        let id = id.to_string();
        if named.contains(&id.as_str()) {
            named.retain(|name| *name != id);
            values.remove(key);
        }
    }
}
