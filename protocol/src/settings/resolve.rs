//! Which value applies: to an org, on the date of the event that it is asked for. A pure function of what counts; the order
//! in which it came in says nothing.

use std::collections::BTreeMap;

use super::value::year;
use super::{Calendar, Day, Kind, OnRestDay, Period, Reach, Setting, SettingValue, setting};
use crate::id::{OrgId, RecordId};
use crate::record::{Change, Value, Verdict};
use crate::trust::{Level, Role};

/// The ledger whose records are settings.
pub const LEDGER: &str = "setting";

/// What one record says of a setting. It says so for ever: another value is another record, which every reader can date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The record.
    pub record: RecordId,
    /// The org that states it: the owner of the space.
    pub org: OrgId,
    /// Its level.
    pub level: Level,
    /// Which setting; one of a newer version may be unknown here.
    pub setting: String,
    /// What it is stated for, where the setting has parts: the year of a calendar. Else empty.
    pub part: String,
    /// The value as it is written; none says that from that day on what is stated above applies again.
    pub value: Option<String>,
    /// From which day on.
    pub valid_from: Day,
    /// Higher than that of every record of this setting which its author had seen.
    pub version: i64,
    /// The legal source or the reason.
    pub basis: String,
    /// Who signed.
    pub by: String,
}

impl Stated {
    /// Reads a record by the change that it began with. What was put into it later, or by somebody of another org that holds
    /// the space, changes nothing.
    pub fn read(record: RecordId, owner: OrgId, root: &Change, verdict: &Verdict) -> Option<Self> {
        let Verdict::Counts { capacity, ledger, .. } = verdict else {
            return None;
        };
        if ledger != LEDGER || capacity.org != owner || !root.deps.is_empty() {
            return None;
        }
        let level = capacity.org_level?;
        if !capacity.roles.iter().any(|role| may_state(level, *role)) {
            return None;
        }
        let value = |name: &str| {
            root.puts
                .iter()
                .find(|put| put.field_name() == Some(name))
                .map(|put| &put.value)
        };
        let text = |name: &str| {
            value(name)
                .and_then(Value::as_text)
                .unwrap_or_default()
                .to_owned()
        };
        Some(Stated {
            record,
            org: owner,
            level,
            setting: text("setting"),
            part: text("part"),
            value: value("value").and_then(Value::as_text).map(str::to_owned),
            valid_from: Day::parse(&text("valid_from"))?,
            version: value("version").and_then(Value::as_int).unwrap_or_default(),
            basis: text("basis"),
            by: capacity.name.clone(),
        })
    }

    /// What it states, if this version of the program knows the setting and the value fits it.
    pub fn parsed(&self) -> Option<SettingValue> {
        let setting = setting(&self.setting)?;
        setting.kind.parse(&self.part, self.value.as_deref()?).ok()
    }

    /// Whether its org may state it at all.
    fn is_entitled(&self) -> bool {
        setting(&self.setting).is_some_and(|setting| setting.levels.contains(&self.level))
    }

    /// Of what is valid from one day the higher version applies, then the greater text: a copy has another id.
    fn rank(&self) -> (Day, i64, Option<&str>, RecordId) {
        (self.valid_from, self.version, self.value.as_deref(), self.record)
    }
}

/// Whether a holder of a role states settings of an org of this level.
pub fn may_state(level: Level, role: Role) -> bool {
    match level {
        Level::Township | Level::Street => role == Role::Secretary,
        Level::Station => false,
        _ => matches!(role, Role::DeputiesOffice | Role::DirectorsMeeting),
    }
}

/// What applies, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applies<'s> {
    /// The value; none where nobody stated any and there is no default.
    pub value: Option<SettingValue>,
    /// The record that says so; none for the default.
    pub by: Option<&'s Stated>,
}

/// All that is known to be stated of settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// By setting, part and org, in the order of validity. A copy that was written for the org above is the same again.
    stated: BTreeMap<(String, String), BTreeMap<OrgId, Vec<Stated>>>,
}

impl FromIterator<Stated> for Settings {
    fn from_iter<I: IntoIterator<Item = Stated>>(all: I) -> Self {
        let mut stated: BTreeMap<(String, String), BTreeMap<OrgId, Vec<Stated>>> = BTreeMap::new();
        for one in all {
            let place = stated.entry((one.setting.clone(), one.part.clone())).or_default();
            place.entry(one.org).or_default().push(one);
        }
        for versions in stated.values_mut().flat_map(BTreeMap::values_mut) {
            versions.sort_by(|a, b| a.rank().cmp(&b.rank()));
            let same = |a: &mut Stated, b: &mut Stated| {
                (a.valid_from, a.version, &a.value) == (b.valid_from, b.version, &b.value)
            };
            // Of a record and its copy, which is the same but for its id, the one with the smaller id is shown.
            versions.dedup_by(same);
        }
        Settings { stated }
    }
}

impl Settings {
    /// What applies to an org on a day. `line` is the org and those above it, nearest first.
    pub fn at(&self, line: &[OrgId], id: &str, part: &str, on: Day) -> Applies<'_> {
        let Some(setting) = setting(id) else {
            return Applies {
                value: None,
                by: None,
            };
        };
        let found = match setting.reach {
            Reach::Nearest => line.iter().find_map(|org| self.of(org, setting, part, on)),
            Reach::Highest => line.iter().rev().find_map(|org| self.of(org, setting, part, on)),
        };
        match found {
            Some((by, value)) => Applies {
                value: Some(value),
                by: Some(by),
            },
            None => Applies {
                value: default_of(setting),
                by: None,
            },
        }
    }

    /// What an org itself states that holds on a day.
    fn of(&self, org: &OrgId, setting: &Setting, part: &str, on: Day) -> Option<(&Stated, SettingValue)> {
        let versions = self
            .stated
            .get(&(setting.id.to_owned(), part.to_owned()))?
            .get(org)?;
        let usable = |stated: &&Stated| {
            stated.valid_from <= on
                && stated.is_entitled()
                && (stated.value.is_none() || stated.parsed().is_some())
        };
        let latest = versions.iter().rev().find(usable)?;
        Some((latest, latest.parsed()?))
    }

    /// What the orgs of a line state of a setting, one after the other as it holds, nearest org first.
    pub fn history<'s>(&'s self, line: &'s [OrgId], id: &str) -> impl Iterator<Item = &'s Stated> {
        let id = id.to_owned();
        let of = move |org: &'s OrgId| {
            let parts = self.stated.range((id.clone(), String::new())..);
            let id = id.clone();
            parts
                .take_while(move |((setting, _), _)| *setting == id)
                .filter_map(move |(_, orgs)| orgs.get(org))
                .flatten()
        };
        line.iter().flat_map(of)
    }

    /// Everything that is stated, in a fixed order.
    pub fn all(&self) -> impl Iterator<Item = &Stated> {
        self.stated.values().flat_map(|orgs| orgs.values().flatten())
    }

    /// Records that name a setting which this version does not know.
    pub fn unknown(&self) -> impl Iterator<Item = &Stated> {
        let unknown = self.stated.iter().filter(|((id, _), _)| setting(id).is_none());
        unknown.flat_map(|(_, orgs)| orgs.values().flatten())
    }

    /// The version that a new record of a setting of an org gets.
    pub fn next_version(&self, org: &OrgId, id: &str, part: &str) -> i64 {
        let versions = self
            .stated
            .get(&(id.to_owned(), part.to_owned()))
            .and_then(|orgs| orgs.get(org));
        let last = versions.into_iter().flatten().map(|stated| stated.version).max();
        last.unwrap_or_default().saturating_add(1)
    }

    /// The working days of an org.
    pub fn calendar(&self, line: &[OrgId]) -> Calendar {
        let mut calendar = Calendar::default();
        let Some(setting) = setting("calendar") else {
            return calendar;
        };
        let parts = self
            .stated
            .keys()
            .filter(|(id, _)| id == setting.id)
            .map(|(_, part)| part);
        for part in parts {
            let Some(year) = year(part) else { continue };
            // From each day on which anybody of the line changes something, what applies then.
            let mut days: Vec<Day> = self
                .history(line, setting.id)
                .filter(|one| one.part == *part)
                .map(|one| one.valid_from)
                .collect();
            days.sort_unstable();
            days.dedup();
            for from in days {
                let value = self.at(line, setting.id, part, from).value;
                let days = match value {
                    Some(SettingValue::Days(days)) => days,
                    _ => super::YearDays::default(),
                };
                calendar.add(year, from, days);
            }
        }
        calendar
    }

    /// When a clock that is a setting ends, if it starts on a day.
    pub fn due(&self, line: &[OrgId], id: &str, start: Day) -> Option<Day> {
        let Some(SettingValue::Period(period)) = self.at(line, id, "", start).value else {
            return None;
        };
        Some(self.due_after(line, period, start))
    }

    /// When a period ends for an org, if it starts on a day.
    pub fn due_after(&self, line: &[OrgId], period: Period, start: Day) -> Day {
        let rest = match self.at(line, "deadline.rest_day", "", start).value {
            Some(SettingValue::Choice("moves")) => OnRestDay::Moves,
            _ => OnRestDay::Stays,
        };
        self.calendar(line).due(start, period, rest)
    }
}

/// What applies where nobody stated anything.
fn default_of(setting: &Setting) -> Option<SettingValue> {
    match (setting.default, &setting.kind) {
        ("", Kind::Days) => None,
        (default, kind) => kind.parse("", default).ok(),
    }
}
