//! Words that were signed before they were looked through as they are now: by an earlier version, or before somebody came onto
//! the roster. Their log cannot leave them out, since what was signed has no gaps; so they are listed until a person clears them
//! or has the record erased, and until then they are in nothing else that leaves: no table, no bundle, no
//! document.

use std::collections::BTreeSet;

use lianzhan_protocol::id::{OrgId, RecordId};
use lianzhan_protocol::record::ledger::Ledger;
use lianzhan_protocol::record::{Event, Put};

use super::query::Table;
use super::screen::{Cleared, Screen, Suspicion, free_words, travels, uncleared};
use super::{Author, Draft, Node, ServiceError, Written};
use crate::store::{Order, RecordRow, RowFilter};

/// Records that are looked at together.
const BATCH: u64 = 500;

/// A record with words that nobody cleared.
#[derive(Debug, Clone)]
pub struct HeldRecord {
    /// The record.
    pub record: RecordId,
    /// Its ledger.
    pub ledger: &'static Ledger,
    /// Its owner.
    pub owner: OrgId,
    /// What was found, by the key of the put.
    pub words: Vec<(String, Suspicion)>,
}

impl Node {
    /// Records of this node's own org with words that nobody cleared, the latest first, at most `limit`; and whether there are
    /// more.
    pub fn held(&self, limit: usize) -> Result<(Vec<HeldRecord>, bool), ServiceError> {
        let mut held = Vec::new();
        let registry = self.registry();
        for ledger in registry.ledgers().iter().copied() {
            let mut offset = 0;
            loop {
                let filter = RowFilter {
                    owners: self.owners(&self.org_id()),
                    order: Order::Newest,
                    offset,
                    limit: BATCH,
                    ..RowFilter::default()
                };
                let (rows, _) = self.rows(&ledger.id, &filter)?;
                for row in self.held_among(ledger, &rows)? {
                    if held.len() == limit {
                        return Ok((held, true));
                    }
                    held.push(row);
                }
                if (rows.len() as u64) < BATCH {
                    break;
                }
                offset += BATCH;
            }
        }
        Ok((held, false))
    }

    /// What nobody cleared in the words of a record; nothing of one that does not travel.
    pub fn held_words(&self, record: &RecordId) -> Result<Vec<(String, Suspicion)>, ServiceError> {
        let (loaded, state) = self.state(record)?;
        let definition = state.definition.and_then(|hash| self.definition(&hash));
        match definition {
            Some(definition) if travels(&loaded.space) && !loaded.sealed => {
                Ok(uncleared(&self.screen([])?, definition, &state))
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Clears words of a record that is there, with a note for each key.
    pub async fn clear(
        &self,
        author: &Author,
        record: &RecordId,
        notes: &Cleared,
    ) -> Result<Written, ServiceError> {
        let (loaded, state) = self.state(record)?;
        let definition = state
            .definition
            .and_then(|hash| self.definition(&hash))
            .ok_or(ServiceError::UnknownRecord(*record))?;
        let puts = {
            let held = self.held_words(record)?;
            self.screen([])?.notes_for(definition, held, notes)?
        };
        if puts.is_empty() {
            return Err(ServiceError::Bad(
                "nothing is held back there, or no reason was given 没有待核对的内容，或没有写理由".into(),
            ));
        }
        let draft = Draft {
            record: *record,
            begins: None,
            ledger: definition.id.clone(),
            space: loaded.space,
            puts,
            annexes: Vec::new(),
        };
        self.submit(author, draft).await
    }

    /// The records among these rows that hold words which nobody cleared.
    fn held_among(
        &self,
        ledger: &'static Ledger,
        rows: &[RecordRow],
    ) -> Result<Vec<HeldRecord>, ServiceError> {
        let screen = self.screen([])?;
        let mut held = Vec::new();
        for row in rows.iter().filter(|row| is_suspect(&screen, ledger, row)) {
            let words = self.held_words(&row.record)?;
            if !words.is_empty() {
                held.push(HeldRecord {
                    record: row.record,
                    ledger,
                    owner: row.owner,
                    words,
                });
            }
        }
        Ok(held)
    }

    /// Rows that may leave the station, and how many are held back.
    pub fn without_held(
        &self,
        of: &str,
        mut rows: Vec<RecordRow>,
    ) -> Result<(Vec<RecordRow>, u64), ServiceError> {
        let Some(ledger) = self.registry().ledger(of) else {
            return Ok((rows, 0));
        };
        let held = self.held_among(ledger, &rows)?;
        let held: BTreeSet<RecordId> = held.into_iter().map(|held| held.record).collect();
        rows.retain(|row| !held.contains(&row.record));
        Ok((rows, held.len() as u64))
    }

    /// A view that may leave the station as a table, and how many of its rows are held back.
    pub fn table_to_leave(&self, view: &str) -> Result<(Table, u64), ServiceError> {
        let mut table = self.table(view)?;
        let (Some(ledger), Some(at)) = (
            self.registry().ledger(view),
            table.columns.iter().position(|column| column == "record"),
        ) else {
            return Ok((table, 0));
        };
        let mut held: BTreeSet<String> = BTreeSet::new();
        let mut offset = 0;
        loop {
            let filter = RowFilter {
                offset,
                limit: BATCH,
                ..RowFilter::default()
            };
            let (rows, _) = self.rows(view, &filter)?;
            let among = self.held_among(ledger, &rows)?;
            held.extend(among.iter().map(|held| held.record.to_string()));
            if (rows.len() as u64) < BATCH {
                break;
            }
            offset += BATCH;
        }
        table.rows.retain(|row| {
            !row.get(at)
                .and_then(|id| id.as_str())
                .is_some_and(|id| held.contains(id))
        });
        Ok((table, held.len() as u64))
    }

    /// The records of these that may leave the station.
    pub(super) fn leaving(&self, records: &[RecordId]) -> Result<Vec<RecordId>, ServiceError> {
        let (screen, registry) = (self.screen([])?, self.registry());
        let mut free = Vec::with_capacity(records.len());
        for record in records {
            let row = self.store.read(|reader| reader.record(record))?;
            let suspect = row.is_some_and(|row| {
                registry
                    .ledger(&row.ledger)
                    .is_some_and(|ledger| is_suspect(&screen, ledger, &row))
            });
            if !suspect || self.held_words(record)?.is_empty() {
                free.push(*record);
            }
        }
        Ok(free)
    }

    /// The same; of a single one that may not, that it is held.
    pub(super) fn not_held(&self, records: &[RecordId]) -> Result<Vec<RecordId>, ServiceError> {
        let free = self.leaving(records)?;
        match (records, free.is_empty()) {
            ([only], true) => Err(ServiceError::Held(*only)),
            _ => Ok(free),
        }
    }
}

/// Whether anything is found in the words of a row, cleared or not: few are, so these alone are folded.
fn is_suspect(screen: &Screen<'_>, ledger: &Ledger, row: &RecordRow) -> bool {
    let state: serde_json::Value = serde_json::from_str(&row.state).unwrap_or_default();
    let fields = state["fields"].as_object().into_iter().flatten();
    let in_fields = fields
        .filter_map(|(key, field)| Some((key, field["value"].as_str()?)))
        .any(|(key, text)| {
            let value = lianzhan_protocol::record::Value::from(text);
            free_words(ledger, key, &value).is_some_and(|words| !screen.look(words).is_empty())
        });
    let events = state["events"].as_array().into_iter().flatten();
    in_fields
        || events
            .filter_map(|event| Event::parse(&bytes_of(event["body"].as_str()?)?).ok())
            .any(|event| {
                event
                    .words()
                    .into_iter()
                    .any(|words| !screen.look(words).is_empty())
            })
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// The place of words in a record, as a program names it: a field, or `e:` for a line.
pub fn place_of(key: &str) -> &str {
    key.strip_prefix("f:").unwrap_or(key)
}

/// The key of the put at a place that a program named.
pub fn key_of(place: &str) -> String {
    match place {
        Put::EVENT => place.to_owned(),
        field => format!("f:{field}"),
    }
}
