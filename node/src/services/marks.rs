//! Marks: changes whose times do not fit, for a subtree (`domain.md` 0, item 8). A mark says that a clock is to be looked
//! at; it is no verdict.

use lianzhan_protocol::id::{ChangeId, RecordId};
use lianzhan_protocol::log::{Doubt, doubt};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::Org;

use super::query::Table;
use super::{Load, Node, ServiceError};

/// Most marks that are listed.
const MARKS_MAX: usize = 10_000;

/// A change whose times do not fit.
#[derive(Debug, Clone)]
pub struct Mark {
    /// Its record.
    pub record: RecordId,
    /// The record's ledger.
    pub ledger: String,
    /// The record's title.
    pub title: String,
    /// The change.
    pub change: ChangeId,
    /// The author's name, as far as known.
    pub author: Option<String>,
    /// By the author's clock.
    pub recorded: Timestamp,
    /// The time of the first receipt over it.
    pub witnessed: Option<Timestamp>,
    /// What does not fit.
    pub doubt: Doubt,
}

impl Node {
    /// The org with this division code that is this node's or below it; this node's own without a code.
    fn subtree(&self, code: Option<&str>) -> Result<Org, ServiceError> {
        let Some(code) = code else {
            return self.org();
        };
        let directory = self.directory();
        directory
            .orgs()
            .find(|org| org.code == code && directory.is_at_or_above(&self.org, &org.id))
            .cloned()
            .ok_or_else(|| ServiceError::Bad(format!("no org with the code {code} is here or below")))
    }

    /// Every change of records of an org and those below it whose times do not fit; of this node's org without a code.
    pub fn marks(&self, code: Option<&str>) -> Result<Vec<Mark>, ServiceError> {
        let top = self.subtree(code)?;
        Ok(self.store.read(|reader| {
            let mut load = Load::new(self, reader);
            let mut marks = Vec::new();
            for row in reader.doubted()? {
                if !load.directory().is_at_or_above(&top.id, &row.owner) {
                    continue;
                }
                let Some(loaded) = load.record(&row.record)? else {
                    continue;
                };
                for held in &loaded.held {
                    let Some(doubt) = doubt(held.recorded, &held.covered) else {
                        continue;
                    };
                    let first = held.covered.covers.iter().map(|cover| cover.time_s).min();
                    let appointment = load.directory().appointment(&held.appointment).ok();
                    marks.push(Mark {
                        record: row.record,
                        ledger: row.ledger.clone(),
                        title: row.title.clone(),
                        change: held.id,
                        author: appointment.map(|appointment| appointment.name.clone()),
                        recorded: held.recorded,
                        witnessed: first.map(Timestamp::from_seconds),
                        doubt,
                    });
                }
                if marks.len() >= MARKS_MAX {
                    break;
                }
            }
            marks.truncate(MARKS_MAX);
            Ok(marks)
        })?)
    }

    /// [`Node::marks`] as a table.
    pub fn marks_table(&self, code: Option<&str>) -> Result<Table, ServiceError> {
        let columns = [
            "record",
            "ledger",
            "title",
            "change",
            "author",
            "recorded",
            "witnessed",
            "doubt",
        ];
        let row = |mark: Mark| {
            vec![
                mark.record.to_string().into(),
                mark.ledger.into(),
                mark.title.into(),
                mark.change.to_string().into(),
                mark.author.into(),
                mark.recorded.0.into(),
                mark.witnessed.map(|time| time.0).into(),
                match mark.doubt {
                    Doubt::Ahead => "ahead",
                    Doubt::Behind => "behind",
                }
                .into(),
            ]
        };
        let logs = self.store.read(|reader| reader.logs())?;
        let as_of = logs
            .into_iter()
            .map(|log| (log.origin.to_string(), log.size.0))
            .collect();
        Ok(Table {
            view: "marks".into(),
            as_of,
            columns: columns.map(String::from).to_vec(),
            rows: self.marks(code)?.into_iter().map(row).collect(),
        })
    }
}
