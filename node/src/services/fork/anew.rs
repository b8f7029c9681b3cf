//! What stood on a branch that does not stand is kept, and counts nowhere. Its authors are asked to sign it anew.

use std::collections::BTreeSet;

use lianzhan_protocol::id::{ChangeId, RecordId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{Entry, PayloadKind};
use lianzhan_protocol::record::{Change, Put};
use lianzhan_protocol::time::Timestamp;

use super::super::submit::Draft;
use super::super::{Author, Node, ServiceError, Written, title_of};
use crate::store::StoreError;

/// A change on a branch that does not stand.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LeftBehind {
    /// The change.
    pub change: ChangeId,
    /// Its record.
    pub record: RecordId,
    /// The name of its ledger, if that is known here.
    pub ledger: Option<String>,
    /// The log that forked.
    pub log: String,
    /// The author's name, by the appointment that the change names.
    pub author: Option<String>,
    /// When it was recorded, by the author's clock.
    pub recorded: Timestamp,
    /// How many things it puts.
    pub puts: usize,
    /// The key that signed it, which alone signs it anew.
    #[serde(skip)]
    pub key: PublicKey,
    /// What it says that it is about; empty where it does not.
    #[serde(skip)]
    pub title: String,
}

/// As [`LeftBehind`], with what is needed to sign it anew.
struct Found {
    told: LeftBehind,
    place: (i64, u64),
    entry: Vec<u8>,
    space: lianzhan_protocol::trust::Space,
    change: Change,
}

impl Node {
    /// Changes in the clear that stood on branches which do not stand, and were not signed anew.
    pub fn left_behind(&self) -> Result<Vec<LeftBehind>, ServiceError> {
        Ok(self
            .find_left_behind()?
            .into_iter()
            .map(|found| found.told)
            .collect())
    }

    fn find_left_behind(&self) -> Result<Vec<Found>, ServiceError> {
        let directory = self.directory();
        Ok(self.store.read(|reader| {
            let mut all = Vec::new();
            let mut seen = BTreeSet::new();
            for left in reader.left_behind()? {
                let (log, index) = (left.log, left.index);
                let entry = Entry::parse(&left.entry)
                    .map_err(|error| StoreError::Corrupt(format!("entry {index} of a branch: {error}")))?;
                let header = entry.header();
                let change = entry.change_id();
                let (PayloadKind::Change, Some(record), Ok(said)) =
                    (header.kind, header.record, Change::parse(&left.payload))
                else {
                    continue;
                };
                // It may stand on more than one of the others.
                if !seen.insert(change) || reader.stands(log, &change)? {
                    continue;
                }
                let appointment = header.appointment.and_then(|id| directory.appointment(&id).ok());
                all.push(Found {
                    told: LeftBehind {
                        change,
                        record,
                        ledger: self.definition(&said.definition).map(|ledger| ledger.id.clone()),
                        log: header.origin.to_string(),
                        author: appointment.map(|appointment| appointment.name.clone()),
                        recorded: header.recorded,
                        puts: said.puts.len(),
                        key: header.author,
                        title: title_of(&self.registry(), &said),
                    },
                    place: (log, index),
                    entry: left.entry,
                    space: reader.log_by_id(log)?.start.space,
                    change: said,
                });
            }
            Ok(all)
        })?)
    }

    /// Its author signs a change anew that stood on a branch which does not stand: in its record, or, where that began on
    /// the same branch, in a new one.
    pub async fn sign_anew(&self, author: &Author, change: &ChangeId) -> Result<Written, ServiceError> {
        let found = self.find_left_behind()?;
        let found = found
            .into_iter()
            .find(|found| found.told.change == *change)
            .ok_or_else(|| ServiceError::Bad(format!("nothing of change {change} was left behind")))?;
        if found.told.key != author.key.public() {
            return Err(ServiceError::NotAllowed(
                "only who signed it signs it anew; whoever holds the same post can write it in their own name".into(),
            ));
        }
        let ledger = self
            .definition(&found.change.definition)
            .ok_or_else(|| ServiceError::UnknownLedger(found.change.definition.to_string()))?;
        let here = self.store.read(|reader| reader.space_of(&found.told.record))?;
        let (record, begins) = match here {
            Some(_) => (found.told.record, None),
            None => {
                let puts = found.change.puts.iter();
                let begins = self.begin(&ledger.id, &found.space, puts.filter_map(Put::field_name))?;
                (begins.id, Some(begins.salt))
            }
        };
        let draft = Draft {
            record,
            begins,
            ledger: ledger.id.clone(),
            space: found.space,
            puts: found.change.puts,
            annexes: Vec::new(),
        };
        let written = self.submit(author, draft).await?;
        let ((log, index), entry) = (found.place, found.entry);
        self.store
            .write(move |writer| writer.signed_anew(log, index, &entry))
            .await?;
        Ok(written)
    }
}
