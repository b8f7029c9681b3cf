//! Which records a bundle is of: a case, an activity, a deputy's year, a station's quarter. Questions to the store alone;
//! what they find is a list of records, and a bundle of it is like any other.

use std::collections::{BTreeMap, BTreeSet};

use lianzhan_protocol::id::{OrgId, RecordId, StatementId};
use lianzhan_protocol::log::{Entry, PayloadKind, TreeSize};
use lianzhan_protocol::record::RecordState;
use lianzhan_protocol::trust::{Directory, Org, Purpose};
use serde::{Deserialize, Serialize};

use super::{Load, Node, ServiceError};
use crate::store::{Reader, RowFilter, StoreError};
use crate::views::Registry;

/// Most records of one bundle.
pub const RECORDS_MAX: usize = 100_000;
/// A case goes so many citations deep.
pub const CITED_DEPTH: usize = 4;
/// Entries that are read at once.
const READ_AT_ONCE: usize = 2_000;
const READ_BYTES: usize = 8 << 20;
/// Ledger of activities.
const ACTIVITY: &str = "activity";
/// Ledger of the deputies, to whom fields point.
const ROSTER: &str = "deputy_roster";

/// Why no records can be selected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// None fit.
    #[error("there is no such record here")]
    Nothing,
    /// More than one bundle holds.
    #[error("{0} records are asked for; one bundle holds at most {RECORDS_MAX}")]
    TooMany(usize),
    /// Not a quarter.
    #[error("{0:?} is no quarter; write it as 2026Q1")]
    Quarter(String),
    /// Not a year.
    #[error("{0} is no year")]
    Year(i16),
    /// No org has that code.
    #[error("no org with the code {0} is known here")]
    NoOrg(String),
    /// More than one org is called so.
    #[error("several orgs are called {text}: {}; name one by its id", orgs_en(.orgs))]
    SeveralOrgs {
        /// How.
        text: String,
        /// Their names and ids.
        orgs: Vec<(String, OrgId)>,
    },
}

fn orgs_en(orgs: &[(String, OrgId)]) -> String {
    let each: Vec<_> = orgs.iter().map(|(name, id)| format!("{name} ({id})")).collect();
    each.join(", ")
}

/// The one org of several that somebody may have meant; those that are no more are not meant where others are.
pub(super) fn only<'d>(
    directory: &Directory,
    text: &str,
    found: Vec<&'d Org>,
) -> Result<Option<&'d Org>, SelectError> {
    let in_force: Vec<&Org> = found
        .iter()
        .copied()
        .filter(|org| directory.ended(&org.id).is_none())
        .collect();
    let meant = if in_force.is_empty() { found } else { in_force };
    match meant.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => Err(SelectError::SeveralOrgs {
            text: text.to_owned(),
            orgs: several.iter().map(|org| (org.name_zh.clone(), org.id)).collect(),
        }),
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "name `records`, `case`, `activity`, `deputy` with `year`, or `station` with `quarter`"
)]
pub enum Selection {
    /// These records.
    Records {
        /// Their ids.
        records: Vec<RecordId>,
    },
    /// A record, and what it cites.
    Case {
        /// Its id.
        case: RecordId,
    },
    /// An activity, and what it cites.
    Activity {
        /// Its id.
        activity: RecordId,
    },
    /// Everything that a deputy signed in a year, and what names the deputy's record of the roster.
    Deputy {
        /// A login of this node, a person's id, a record of the roster, or a name.
        deputy: String,
        /// The year, at +08:00.
        year: i16,
    },
    /// The records of a station whose stated date lies in a quarter.
    Station {
        /// Its division code, or its id.
        station: String,
        /// As `2026Q1`.
        quarter: String,
    },
}

impl Selection {
    /// A name for the file, without an ending.
    pub fn file_name(&self) -> String {
        // What was typed becomes part of a header and of a name on somebody's disk.
        let plain = |text: &str| -> String {
            text.chars()
                .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
                .take(40)
                .collect()
        };
        match self {
            Selection::Records { records } => match records.as_slice() {
                [one] => format!("lianzhan-{one}"),
                _ => "lianzhan-evidence".to_owned(),
            },
            Selection::Case { case } => format!("lianzhan-case-{case}"),
            Selection::Activity { activity } => format!("lianzhan-activity-{activity}"),
            Selection::Deputy { deputy, year } => format!("lianzhan-deputy-{}-{year}", plain(deputy)),
            Selection::Station { station, quarter } => {
                format!("lianzhan-station-{}-{}", plain(station), plain(quarter))
            }
        }
    }
}

/// The first day of a quarter, and the first after it. None if the text is not as `2026Q1`.
fn quarter(text: &str) -> Option<(String, String)> {
    let (year, number) = text.split_once(['Q', 'q'])?;
    let digits = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    let year: u16 = digits.then(|| year.parse().ok()).flatten()?;
    let month = |number: u16| number * 3 + 1;
    let (from, until) = match number {
        "1" | "2" | "3" => {
            let number: u16 = number.parse().ok()?;
            ((year, month(number - 1)), (year, month(number)))
        }
        "4" => ((year, 10), (year + 1, 1)),
        _ => return None,
    };
    let day = |(year, month): (u16, u16)| format!("{year:04}-{month:02}-01");
    Some((day(from), day(until)))
}

impl Node {
    /// The records asked for, in order of their ids, without annexes. `progress` is told how many entries or records have
    /// been looked at.
    pub fn select(
        &self,
        selection: &Selection,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Vec<RecordId>, ServiceError> {
        if !matches!(selection, Selection::Records { .. }) {
            // Lists are found in views: a record whose views lag would be missed.
            self.settle_views()?;
        }
        let found: BTreeSet<RecordId> = match selection {
            Selection::Records { records } => records.iter().copied().collect(),
            Selection::Case { case } => self.cited(case, progress)?,
            Selection::Activity { activity } => {
                let row = self.store.read(|reader| reader.record(activity))?;
                let row = row.ok_or(ServiceError::UnknownRecord(*activity))?;
                if row.ledger != ACTIVITY {
                    let words = format!(
                        "record {activity} is no activity but of the ledger {}",
                        row.ledger
                    );
                    return Err(ServiceError::Bad(words));
                }
                self.cited(activity, progress)?
            }
            Selection::Deputy { deputy, year } => self.year_of(deputy, *year, progress)?,
            Selection::Station { station, quarter } => self.quarter_of(station, quarter)?,
        };
        match found.len() {
            0 => Err(SelectError::Nothing.into()),
            n if n > RECORDS_MAX => Err(SelectError::TooMany(n).into()),
            _ => Ok(found.into_iter().collect()),
        }
    }

    /// A record and what it cites, and what that cites, [`CITED_DEPTH`] deep: as far as it is here and is no annex.
    fn cited(
        &self,
        first: &RecordId,
        progress: &mut dyn FnMut(u64),
    ) -> Result<BTreeSet<RecordId>, ServiceError> {
        let registry = self.registry();
        Ok(self.store.read(|reader| {
            let mut load = Load::new(self, reader);
            let mut found = BTreeSet::from([*first]);
            let mut layer = vec![*first];
            for _ in 0..CITED_DEPTH {
                let mut next = Vec::new();
                for id in layer {
                    let Some(loaded) = load.record(&id)? else { continue };
                    for cited in citations(&registry, &load.fold(&loaded)) {
                        if !found.contains(&cited) && is_shown(reader, &cited)? {
                            found.insert(cited);
                            next.push(cited);
                        }
                    }
                    progress(found.len() as u64);
                }
                layer = next;
            }
            Ok(found)
        })?)
    }

    fn quarter_of(&self, station: &str, asked: &str) -> Result<BTreeSet<RecordId>, ServiceError> {
        let (from, until) = quarter(asked).ok_or_else(|| SelectError::Quarter(asked.to_owned()))?;
        let owner = self.org_named(station)?;
        let filter = RowFilter {
            owners: self.owners(&owner),
            since: Some(from),
            limit: u64::from(u32::MAX),
            ..RowFilter::default()
        };
        Ok(self.store.read(|reader| {
            let mut found = BTreeSet::new();
            for ledger in self.registry().ledgers() {
                let (rows, _) = reader.rows(&ledger.id, &filter)?;
                let within = rows.into_iter().filter(|row| row.happened < until);
                found.extend(within.map(|row| row.record));
            }
            Ok(found)
        })?)
    }

    /// Whether a record is here and has a page of its own.
    pub fn is_shown(&self, id: &RecordId) -> Result<bool, ServiceError> {
        Ok(self.store.read(|reader| is_shown(reader, id))?)
    }

    /// The org with this division code or id. Of several with one code those that are no more are not meant, and a code that
    /// an org had before it moved names it while no other has that.
    pub fn org_named(&self, text: &str) -> Result<OrgId, ServiceError> {
        let directory = self.directory();
        if let Some(id) = OrgId::parse(text) {
            return Ok(directory.org(&id).ok_or(ServiceError::UnknownOrg(id))?.id);
        }
        let coded = directory.orgs().filter(|org| org.code == text).collect();
        if let Some(one) = only(&directory, text, coded)? {
            return Ok(one.id);
        }
        let had = |org: &&Org| directory.earlier(&org.id).any(|was| was.code == text);
        let former = directory.orgs().filter(had).collect();
        let one = only(&directory, text, former)?;
        Ok(one.ok_or_else(|| SelectError::NoOrg(text.to_owned()))?.id)
    }

    /// Records in which the person signed something in the year, and those of the year that name the roster's record.
    fn year_of(
        &self,
        deputy: &str,
        year: i16,
        progress: &mut dyn FnMut(u64),
    ) -> Result<BTreeSet<RecordId>, ServiceError> {
        if !(1949..=9998).contains(&year) {
            return Err(SelectError::Year(year).into());
        }
        let roster = RecordId::parse(deputy);
        let name = match roster {
            Some(id) => self.roster_name(&id)?,
            None => None,
        };
        let appointments = self.appointments_of_person(deputy, name.as_deref())?;
        let within = year_of_milliseconds(year);
        Ok(self.store.read(|reader| {
            let mut signed = BTreeSet::new();
            let mut seen = 0;
            for log in reader.logs()? {
                let mut from = TreeSize::EMPTY;
                loop {
                    let rows = reader.range(log.id, from, READ_AT_ONCE, READ_BYTES)?;
                    let Some(last) = rows.last() else { break };
                    from = TreeSize(last.index.0 + 1);
                    seen += rows.len() as u64;
                    for row in rows {
                        let entry = Entry::parse(&row.entry).map_err(|error| {
                            StoreError::Corrupt(format!("entry {} of {}: {error}", row.index, log.origin))
                        })?;
                        let header = entry.header();
                        let by = header.appointment.is_some_and(|id| appointments.contains(&id));
                        if header.kind == PayloadKind::Change && by && within.contains(&header.recorded.0) {
                            signed.extend(header.record);
                        }
                    }
                    progress(seen);
                }
            }
            let mut found = BTreeSet::new();
            for id in signed {
                if is_shown(reader, &id)? {
                    found.insert(id);
                }
            }
            if let Some(roster) = roster {
                found.extend(naming(&self.registry(), reader, &roster, year)?);
                found.insert(roster);
            }
            Ok(found)
        })?)
    }

    /// The name on a record of the roster; none if it is a record of another ledger.
    fn roster_name(&self, id: &RecordId) -> Result<Option<String>, ServiceError> {
        let row = self.store.read(|reader| reader.record(id))?;
        let row = row.ok_or(ServiceError::UnknownRecord(*id))?;
        if row.ledger != ROSTER {
            return Err(ServiceError::Bad(format!("record {id} is none of the roster")));
        }
        Ok(Some(row.title))
    }

    /// All appointments of one person: by the login here, the person's id, or the name on the card if but one has it.
    fn appointments_of_person(
        &self,
        asked: &str,
        roster: Option<&str>,
    ) -> Result<BTreeSet<StatementId>, ServiceError> {
        let directory = self.directory();
        let login = self.store.read(|reader| reader.account(asked))?;
        // By person, or, for an appointment that names none, by key.
        let mut people: BTreeMap<String, BTreeSet<StatementId>> = BTreeMap::new();
        let mut chosen: BTreeSet<String> = BTreeSet::new();
        let name = roster.unwrap_or(asked);
        for statement in directory.statements() {
            let Some(one) = statement
                .appointment()
                .filter(|one| one.purpose == Purpose::Person)
            else {
                continue;
            };
            let person = one
                .person
                .map_or_else(|| one.key.fingerprint(), |person| person.to_string());
            let is_meant = match &login {
                Some(key) => one.key == *key,
                None => person == asked || one.name == name,
            };
            if is_meant {
                chosen.insert(person.clone());
            }
            people.entry(person).or_default().insert(statement.id());
        }
        match chosen.len() {
            1 => Ok(chosen
                .iter()
                .filter_map(|person| people.remove(person))
                .flatten()
                .collect()),
            // Somebody of the roster may never have signed anything.
            0 if roster.is_some() => Ok(BTreeSet::new()),
            0 => Err(ServiceError::Bad(format!("nobody here is called {asked}"))),
            _ => {
                let ids: Vec<String> = chosen.into_iter().collect();
                let words = format!(
                    "several persons are called {name}; name one by its id: {}",
                    ids.join(", ")
                );
                Err(ServiceError::Bad(words))
            }
        }
    }
}

/// The milliseconds of a year at +08:00.
fn year_of_milliseconds(year: i16) -> std::ops::Range<i64> {
    let start = |year: i16| {
        let offset = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
        let day = jiff::civil::date(year, 1, 1).to_zoned(offset);
        day.map_or(i64::MAX, |day| day.timestamp().as_millisecond())
    };
    start(year)..start(year + 1)
}

/// Whether a record is here with a ledger of its own, so that it may be shown: an annex has none.
fn is_shown(reader: &Reader<'_>, id: &RecordId) -> Result<bool, StoreError> {
    Ok(reader.record(id)?.is_some_and(|row| !row.ledger.is_empty()))
}

/// The records that fields of a record point to.
pub fn citations(registry: &Registry, state: &RecordState) -> BTreeSet<RecordId> {
    let Some(definition) = state.definition.and_then(|hash| registry.definition(&hash)) else {
        return BTreeSet::new();
    };
    let points = |key: &str| {
        let field = definition.resolve(key).map(|(field, _)| field);
        field.is_some_and(|field| field.kind.targets().next().is_some())
    };
    let fields = state.fields.iter().filter(|(key, _)| points(key));
    fields
        .filter_map(|(_, field)| field.value.as_text().and_then(RecordId::parse))
        .collect()
}

/// Records of the year of which a field points to this record of the roster.
fn naming(
    registry: &Registry,
    reader: &Reader<'_>,
    roster: &RecordId,
    year: i16,
) -> Result<BTreeSet<RecordId>, StoreError> {
    let filter = RowFilter {
        since: Some(format!("{year:04}-01-01")),
        limit: u64::from(u32::MAX),
        ..RowFilter::default()
    };
    let (until, id) = (format!("{:04}-01-01", year + 1), roster.to_string());
    let mut found = BTreeSet::new();
    for ledger in registry.ledgers() {
        let points = |field: &&lianzhan_protocol::record::ledger::Field| {
            field.kind.targets().any(|target| target == ROSTER)
        };
        if ledger.fields.iter().find(points).is_none() {
            continue;
        }
        let (rows, _) = reader.rows(&ledger.id, &filter)?;
        for row in rows.into_iter().filter(|row| row.happened < until) {
            // The state is JSON of fields: an id in it stands in quotes.
            if row.state.contains(&format!("\"{id}\"")) {
                found.insert(row.record);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_have_three_months_and_years_begin_at_midnight_here() {
        let days = |text: &str| quarter(text).map(|(from, until)| format!("{from} {until}"));
        assert_eq!(days("2026Q1").as_deref(), Some("2026-01-01 2026-04-01"));
        assert_eq!(days("2026q3").as_deref(), Some("2026-07-01 2026-10-01"));
        assert_eq!(days("2026Q4").as_deref(), Some("2026-10-01 2027-01-01"));
        for wrong in [
            "2026", "2026Q0", "2026Q5", "26Q1", "+026Q1", "2026Q01", "Q1", "2026 Q1",
        ] {
            assert_eq!(days(wrong), None, "{wrong}");
        }
        let year = year_of_milliseconds(2026);
        // 2025-12-31T16:00:00Z
        assert_eq!(year.start, 1_767_196_800_000);
        assert_eq!(year.end - year.start, 365 * 86_400_000);
    }

    #[test]
    fn names_of_files_are_plain() {
        let selection = Selection::Deputy {
            deputy: "../林枫 a\"b".into(),
            year: 2026,
        };
        assert_eq!(selection.file_name(), "lianzhan-deputy-ab-2026");
    }
}
