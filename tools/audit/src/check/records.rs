//! Records: each judged and folded from its entries, and held against the stored row. One at a time.

use std::collections::{BTreeMap, BTreeSet};

use lianzhan_protocol::codec;
use lianzhan_protocol::id::{Hash, OrgId, RecordId, SpaceId};
use lianzhan_protocol::log::{Entry, EntryIndex, PayloadKind, Receipt, STATEMENT_MAX, witness_org};
use lianzhan_protocol::record::ledger::{Ledger, ledgers};
use lianzhan_protocol::record::{Change, Held, JudgeContext, RecordState, Value, Verdict, fold, judge};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Directory, Purpose, Space};
use rusqlite::OptionalExtension;

use super::Check;
use super::fault::{Note, What};
use super::receipts::Place;
use crate::copy::{EntryRow, blob};

/// The most entries of one record that are held at one time.
const RECORD_MAX: usize = 200_000;
/// Receipts remembered between records.
const REMEMBERED: usize = 50_000;

/// What records are judged against.
struct Ground<'a> {
    directory: &'a Directory,
    bad: &'a BTreeSet<Place>,
    ledgers: BTreeMap<Hash, &'static Ledger>,
    /// Position in `Check::logs` by row id.
    logs: BTreeMap<i64, usize>,
    /// What receipts say, if they count.
    said: BTreeMap<Place, Option<Timestamp>>,
}

/// Everything held of one record.
struct Loaded {
    space: Space,
    held: Vec<Held>,
    /// Whether any of it is sealed.
    sealed: bool,
    /// Whether it rests on an entry with a fault.
    unsound: bool,
}

impl Check<'_> {
    /// Judges and folds every record.
    pub(super) fn records(&mut self, directory: &Directory, bad: &BTreeSet<Place>) -> anyhow::Result<()> {
        let mut ground = Ground {
            directory,
            bad,
            ledgers: ledgers().iter().map(|ledger| (ledger.hash(), ledger)).collect(),
            logs: (0..).zip(&self.logs).map(|(n, log)| (log.row.id, n)).collect(),
            said: BTreeMap::new(),
        };
        let copy = self.copy;
        let mut select = copy
            .database()
            .prepare("SELECT DISTINCT record FROM entries WHERE record IS NOT NULL ORDER BY record")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let record = RecordId(row.get(0)?);
            self.record(record, &mut ground)?;
            self.report.totals.records += 1;
            self.progress.records(self.report.totals.records);
        }
        let mut select = copy.database().prepare(
            "SELECT record FROM records r WHERE NOT EXISTS (SELECT 1 FROM entries e WHERE e.record = r.record)",
        )?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            self.fault(What::RecordExtra, format!("record {}", RecordId(row.get(0)?)));
        }
        Ok(())
    }

    fn record(&mut self, record: RecordId, ground: &mut Ground<'_>) -> anyhow::Result<()> {
        let Some(loaded) = self.load(record, ground)? else {
            return Ok(());
        };
        if loaded.unsound {
            self.note(Note::RecordsNotJudged, 1);
            return Ok(());
        }
        let lags: bool = self
            .copy
            .database()
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM dirty WHERE record = ?)")?
            .query_row([record.0], |row| row.get(0))?;
        if lags {
            self.note(Note::RecordsLagging, 1);
            return Ok(());
        }
        let row = self.row_of(record)?;
        let what = if loaded.sealed {
            self.note(Note::RecordsSealed, 1);
            row.map_or(Some(What::RecordLacking), |row| row.place(&loaded))
        } else {
            let state = self.folded(record, &loaded, ground);
            match row {
                Some(row) => row.place(&loaded).or_else(|| row.differs(&state, ground)),
                None => Some(What::RecordLacking),
            }
        };
        if let Some(what) = what {
            self.fault(what, format!("record {record}"));
        }
        Ok(())
    }

    /// Reads what is held of a record: none if all of it lies in logs that cannot be read.
    fn load(&self, record: RecordId, ground: &mut Ground<'_>) -> anyhow::Result<Option<Loaded>> {
        let sql = format!(
            "SELECT {}, log FROM entries WHERE record = ? ORDER BY log, idx",
            EntryRow::COLUMNS
        );
        let mut select = self.copy.database().prepare_cached(&sql)?;
        let mut rows = select.query([record.0])?;
        let mut found: BTreeMap<SpaceId, Loaded> = BTreeMap::new();
        let mut count = 0;
        while let Some(row) = rows.next()? {
            count += 1;
            anyhow::ensure!(
                count <= RECORD_MAX,
                "record {record}: more than {RECORD_MAX} entries"
            );
            let Some(log) = ground.logs.get(&row.get(7)?).and_then(|n| self.logs.get(*n)) else {
                continue;
            };
            let space = &log.row.start.space;
            let loaded = found.entry(space.id()).or_insert_with(|| Loaded {
                space: space.clone(),
                held: Vec::new(),
                sealed: false,
                unsound: false,
            });
            let (Ok(row), Some(index)) = (EntryRow::read(row), row.get::<_, u64>(0).ok()) else {
                loaded.unsound = true;
                continue;
            };
            if index >= log.good {
                loaded.unsound = true;
                continue;
            }
            let Some(payload) = row.payload else { continue };
            let Ok(entry) = Entry::parse(&row.entry) else {
                loaded.unsound = true;
                continue;
            };
            let header = entry.header();
            loaded.sealed |= header.kind == PayloadKind::Sealed;
            let (Ok(change), Some(appointment)) = (Change::parse(&payload), header.appointment) else {
                continue;
            };
            loaded.held.push(Held {
                id: entry.change_id(),
                origin: log.row.origin.clone(),
                index: EntryIndex(index),
                author: header.author,
                appointment,
                recorded: header.recorded,
                witnessed: self.first_witnessed(log.row.id, &log.row.start.org, index, ground)?,
                change,
            });
        }
        // A record lives in one space; what names it in another does not belong to it.
        Ok(found.into_values().next())
    }

    /// When an entry was first witnessed, by the receipts that count.
    fn first_witnessed(
        &self,
        log: i64,
        org: &OrgId,
        index: u64,
        ground: &mut Ground<'_>,
    ) -> anyhow::Result<Option<Timestamp>> {
        let mut select = self.copy.database().prepare_cached(
            "SELECT size, witness, receipt FROM receipts WHERE log = ? AND size > ? ORDER BY size, time_s, witness",
        )?;
        let mut rows = select.query((log, index))?;
        while let Some(row) = rows.next()? {
            let place: Place = (log, row.get(0)?, row.get(1)?);
            let said = match ground.said.get(&place) {
                Some(said) => *said,
                None => {
                    let receipt: Option<Receipt> =
                        codec::decode(blob(row, 2, STATEMENT_MAX)?, STATEMENT_MAX).ok();
                    let said = receipt
                        .filter(|_| !ground.bad.contains(&place))
                        .filter(|receipt| witness_org(ground.directory, org, receipt).is_ok())
                        .map(|receipt| receipt.time());
                    if ground.said.len() >= REMEMBERED {
                        ground.said.clear();
                    }
                    ground.said.insert(place, said);
                    said
                }
            };
            if said.is_some() {
                return Ok(said);
            }
        }
        Ok(None)
    }

    fn folded(&self, record: RecordId, loaded: &Loaded, ground: &Ground<'_>) -> RecordState {
        let by_hash = |hash: &Hash| ground.ledgers.get(hash).copied();
        fold(record, &loaded.held, |held| {
            let start = self.find(&held.origin).map(|log| &log.row.start);
            let node_org = start.and_then(|start| {
                let mut of_key = ground.directory.appointments_of(&start.node, Purpose::Node);
                of_key.any(|(_, node)| node.org == start.org).then_some(start.org)
            });
            let context = JudgeContext {
                directory: ground.directory,
                space: &loaded.space,
                node_org,
                ledger: &by_hash,
            };
            judge(&context, held)
        })
    }

    fn row_of(&self, record: RecordId) -> anyhow::Result<Option<Row>> {
        Ok(self
            .copy
            .database()
            .prepare_cached(
                "SELECT space, owner, ledger, pending, refused, unwitnessed, title, happened, state FROM records WHERE record = ?",
            )?
            .query_row([record.0], |row| {
                Ok(Row {
                    space: SpaceId(row.get(0)?),
                    owner: OrgId(row.get(1)?),
                    ledger: row.get(2)?,
                    counts: (row.get(3)?, row.get(4)?, row.get(5)?),
                    texts: [row.get(6)?, row.get(7)?],
                    state: row.get(8)?,
                })
            })
            .optional()?)
    }
}

/// A record's row as the copy has it.
struct Row {
    space: SpaceId,
    owner: OrgId,
    ledger: String,
    /// Pending, refused, unwitnessed.
    counts: (u64, u64, u64),
    /// Title and when it happened: values of fields.
    texts: [String; 2],
    state: String,
}

impl Row {
    /// What of its place differs.
    fn place(&self, loaded: &Loaded) -> Option<What> {
        if self.space != loaded.space.id() {
            Some(What::Record("space"))
        } else if self.owner != loaded.space.owner {
            Some(What::Record("owner"))
        } else {
            None
        }
    }

    /// What differs from the state that follows from entries.
    fn differs(&self, state: &RecordState, ground: &Ground<'_>) -> Option<What> {
        let count = |of: fn(&Verdict) -> bool| {
            let verdicts = state.history.iter().map(|item| &item.verdict);
            verdicts.filter(|verdict| of(verdict)).count() as u64
        };
        let counts = (
            count(|verdict| matches!(verdict, Verdict::Pending { .. })),
            count(|verdict| matches!(verdict, Verdict::Refused { .. })),
            count(|verdict| {
                matches!(
                    verdict,
                    Verdict::Counts {
                        provisional: true,
                        ..
                    }
                )
            }),
        );
        if self.counts != counts {
            return Some(What::Record("verdicts"));
        }
        let Some(ledger) = state.definition.and_then(|hash| ground.ledgers.get(&hash)) else {
            // Nothing of it counts, or by no ledger known here: then the row says no more.
            return (!self.ledger.is_empty() && state.definition.is_none()).then_some(What::Record("ledger"));
        };
        if self.ledger != ledger.id {
            return Some(What::Record("ledger"));
        }
        let values: BTreeSet<&str> = state
            .fields
            .values()
            .filter_map(|field| field.value.as_text())
            .collect();
        if self
            .texts
            .iter()
            .any(|text| !text.is_empty() && !values.contains(text.as_str()))
        {
            return Some(What::Record("title"));
        }
        let Ok(stored) = serde_json::from_str::<serde_json::Value>(&self.state) else {
            return Some(What::Record("state"));
        };
        (!same_state(&stored, state)).then_some(What::Record("state"))
    }
}

/// Whether a stored state says what follows: fields with their values, events with their effect, heads and verdicts.
fn same_state(stored: &serde_json::Value, state: &RecordState) -> bool {
    let follows = state.to_json();
    let fields = stored["fields"].as_object();
    let same_fields = fields.is_some_and(|fields| {
        fields.len() == state.fields.len()
            && state.fields.iter().all(|(key, field)| {
                let value: Option<Value> = Some(field.value.clone());
                fields
                    .get(key)
                    .is_some_and(|found| found["value"] == serde_json::json!(value))
            })
    });
    same_fields
        && ["id", "definition", "heads", "history", "events"]
            .iter()
            .all(|part| stored[part] == follows[part])
}
