//! Records: each judged and folded from its entries, and held against the stored row. One at a time.

mod covered;
mod erased;

use std::collections::{BTreeMap, BTreeSet};

use lianzhan_protocol::id::{OrgId, RecordId, SpaceId};
use lianzhan_protocol::log::{Entry, EntryIndex, PayloadKind, doubt};
use lianzhan_protocol::record::ledger::definitions::{self, Defined, Definitions};
use lianzhan_protocol::record::{Change, Held, JudgeContext, RecordState, Value, Verdict, fold, judge};
use lianzhan_protocol::trust::{Directory, Space};
use rusqlite::OptionalExtension;

use super::Check;
use super::fault::{Note, What};
use super::receipts::Place;
use crate::copy::EntryRow;
use covered::Judged;
pub(super) use erased::Stated;

/// The most entries of one record that are held at one time.
const RECORD_MAX: usize = 200_000;

/// What records are judged against.
struct Ground<'a> {
    directory: &'a Directory,
    /// Position in `Check::logs` by row id.
    logs: BTreeMap<i64, usize>,
    /// What receipts say.
    receipts: Judged<'a>,
    /// The definitions that orgs added.
    definitions: Definitions,
}

/// Everything held of one record.
struct Loaded {
    space: Space,
    held: Vec<Held>,
    /// Whether the change is here for which the id was minted.
    rooted: bool,
    /// Whether there is no doubt of its space.
    placed: bool,
    /// Whether any of it is sealed.
    sealed: bool,
    /// Whether it rests on an entry with a fault.
    unsound: bool,
    /// Changes whose payload is not held.
    lacking: u64,
    /// Changes whose payload is held.
    payloads: u64,
}

impl Check<'_> {
    /// Judges and folds every record.
    pub(super) fn records(&mut self, directory: &Directory, bad: &BTreeSet<Place>) -> anyhow::Result<()> {
        let mut ground = Ground {
            directory,
            logs: (0..).zip(&self.logs).map(|(n, log)| (log.row.id, n)).collect(),
            receipts: Judged::new(directory, bad),
            definitions: Definitions::default(),
        };
        ground.definitions = self.definitions(&mut ground)?;
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

    /// What orgs added to the ledgers of the program, from the entries of its records. Which records these are the copy says:
    /// what it keeps quiet about makes verdicts differ.
    fn definitions(&mut self, ground: &mut Ground<'_>) -> anyhow::Result<Definitions> {
        let mut select = self
            .copy
            .database()
            .prepare("SELECT record FROM records WHERE ledger = ?")?;
        let records = select.query_map([definitions::LEDGER], |row| Ok(RecordId(row.get(0)?)))?;
        let records: Vec<RecordId> = records.collect::<Result<_, _>>()?;
        let mut all = Vec::new();
        for record in records {
            let Some(loaded) = self.load(record, ground)?.filter(|loaded| !loaded.unsound) else {
                continue;
            };
            let state = self.folded(record, &loaded, ground);
            let owner = loaded.space.owner;
            let mut begun = state.beginnings(&loaded.held);
            all.extend(begun.find_map(|(held, verdict)| Defined::read(record, owner, &held.change, verdict)));
        }
        Ok(all.into_iter().collect())
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
        if self.erased(record, &loaded.space.id(), ground)?.is_some() {
            self.note(Note::RecordsErased, 1);
            let kept = loaded.payloads > 0 && !self.is_due(record)?;
            let what = match row {
                _ if kept => Some(What::ErasedHeld),
                Some(row) => row.place(&loaded).or_else(|| row.says_something()),
                None => Some(What::RecordLacking),
            };
            if let Some(what) = what {
                self.fault(what, format!("record {record}"));
            }
            return Ok(());
        }
        let what = if loaded.sealed {
            self.note(Note::RecordsSealed, 1);
            row.map_or(Some(What::RecordLacking), |row| {
                row.place(&loaded).filter(|_| loaded.placed)
            })
        } else {
            let state = self.folded(record, &loaded, ground);
            match row {
                Some(row) => row
                    .place(&loaded)
                    .or_else(|| row.differs(&ground.definitions, &loaded, &state)),
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
                rooted: false,
                placed: false,
                sealed: false,
                unsound: false,
                lacking: 0,
                payloads: 0,
            });
            let (Ok(row), Some(index)) = (EntryRow::read(row), row.get::<_, u64>(0).ok()) else {
                loaded.unsound = true;
                continue;
            };
            if index >= log.good {
                loaded.unsound = true;
                continue;
            }
            let Ok(entry) = Entry::parse(&row.entry) else {
                loaded.unsound = true;
                continue;
            };
            let header = entry.header();
            loaded.sealed |= header.kind == PayloadKind::Sealed;
            let Some(payload) = row.payload else {
                loaded.lacking += 1;
                continue;
            };
            loaded.payloads += 1;
            let (Ok(change), Some(appointment)) = (Change::parse(&payload), header.appointment) else {
                continue;
            };
            loaded.rooted |=
                change.deps.is_empty() && record.is_minted_for(&space.id(), &change.definition, &change.salt);
            let index = EntryIndex(index);
            loaded.held.push(Held {
                id: entry.change_id(),
                origin: log.row.origin.clone(),
                index,
                author: header.author,
                appointment,
                recorded: header.recorded,
                covered: ground.receipts.covered(self.copy, &log.row, index)?,
                change,
            });
        }
        // A record lives in the space for which its id was minted; what names it in another does not belong to it. Of a sealed
        // one that cannot be seen here.
        let rooted = found
            .values()
            .find(|loaded| loaded.rooted)
            .map(|loaded| loaded.space.id());
        let mut erased = None;
        if rooted.is_none() && found.len() > 1 {
            for space in found.keys() {
                if erased.is_none() && self.erased(record, space, ground)?.is_some() {
                    erased = Some(*space);
                }
            }
        }
        let chosen = rooted.or(erased).or_else(|| found.keys().next().copied());
        let placed = rooted.is_some() || found.len() == 1;
        Ok(chosen
            .and_then(|space| found.remove(&space))
            .map(|loaded| Loaded { placed, ..loaded }))
    }

    fn folded(&self, record: RecordId, loaded: &Loaded, ground: &Ground<'_>) -> RecordState {
        let verdict = |held: &Held| {
            let start = self.find(&held.origin).map(|log| &log.row.start);
            let context = JudgeContext {
                directory: ground.directory,
                space: &loaded.space,
                node: start.map(|start| (start.node, start.org)),
                ledger: &|hash| {
                    let owner = &loaded.space.owner;
                    ground.definitions.judging(hash, ground.directory, owner)
                },
            };
            judge(&context, held)
        };
        let ledger = |hash: &_| ground.definitions.ledger(hash);
        fold(record, &loaded.space.id(), &loaded.held, verdict, ledger)
    }

    /// Whether the node was still to judge an erasure of a record.
    fn is_due(&self, record: RecordId) -> anyhow::Result<bool> {
        Ok(self
            .copy
            .database()
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM erasures WHERE record = ? AND due = 1)")?
            .query_row([record.0], |row| row.get(0))?)
    }

    fn row_of(&self, record: RecordId) -> anyhow::Result<Option<Row>> {
        Ok(self
            .copy
            .database()
            .prepare_cached(
                "SELECT space, owner, ledger, pending, refused, unwitnessed, contested, doubted, title, happened, state FROM records WHERE record = ?",
            )?
            .query_row([record.0], |row| {
                Ok(Row {
                    space: SpaceId(row.get(0)?),
                    owner: OrgId(row.get(1)?),
                    ledger: row.get(2)?,
                    counts: [row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?],
                    texts: [row.get(8)?, row.get(9)?],
                    state: row.get(10)?,
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
    /// Pending, refused, unwitnessed, contested, doubted.
    counts: [u64; 5],
    /// Title and when it happened: values of fields.
    texts: [String; 2],
    state: String,
}

impl Row {
    /// Whether the row of an erased record says more than where it was.
    fn says_something(&self) -> Option<What> {
        let empty = self.ledger.is_empty() && self.state.is_empty() && self.counts == [0; 5];
        let silent = empty && self.texts.iter().all(String::is_empty);
        (!silent).then_some(What::Record("erased"))
    }

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
    fn differs(&self, definitions: &Definitions, loaded: &Loaded, state: &RecordState) -> Option<What> {
        let count = |of: fn(&Verdict) -> bool| {
            let verdicts = state.history.iter().map(|item| &item.verdict);
            verdicts.filter(|verdict| of(verdict)).count() as u64
        };
        let doubted = loaded
            .held
            .iter()
            .filter(|held| doubt(held.recorded, &held.covered).is_some());
        let counts = [
            count(|verdict| matches!(verdict, Verdict::Pending { .. })) + loaded.lacking,
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
            count(|verdict| matches!(verdict, Verdict::Contested { .. })),
            doubted.count() as u64,
        ];
        if self.counts != counts {
            return Some(What::Record("verdicts"));
        }
        let Some(ledger) = state.definition.and_then(|hash| definitions.ledger(&hash)) else {
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
