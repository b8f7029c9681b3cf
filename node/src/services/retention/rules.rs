//! How long which data is kept (`domain.md` 6.5). How long it is, orgs state as settings; here stands which data a setting is
//! about, what becomes of it, and what the law keeps longer.

use std::sync::Arc;

use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::settings::{
    Calendar, Day, OnRestDay, Period, PeriodUnit, SettingValue, Settings, setting,
};
use lianzhan_protocol::time::Timestamp;
use serde::Serialize;

/// Which data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Data {
    /// Contact data of who came: until the matter is archived, and some time.
    Contact,
    /// What came or was typed and nobody took in.
    Draft,
    /// Photos and papers as somebody brought them, in personal parts, before they are checked for what may be shown.
    UncheckedPhoto,
    /// What is known of an assisted household: until the assistance ends, and some time.
    Assistance,
    /// Ballots and slips of evaluations on paper.
    Ballot,
    /// Suggestions, replies, minutes, decisions.
    Archive,
    /// Details of shifts, visits and attendance: until the term ends, and some time.
    Attendance,
    /// Who opened personal parts.
    AccessLog,
}

impl Data {
    /// All of it, in the order of `domain.md` 6.5.
    pub const ALL: [Data; 8] = [
        Data::Contact,
        Data::Draft,
        Data::UncheckedPhoto,
        Data::Assistance,
        Data::Ballot,
        Data::Archive,
        Data::Attendance,
        Data::AccessLog,
    ];

    /// The setting that says how long it is kept.
    pub fn setting(self) -> &'static str {
        match self {
            Data::Contact => "retention.contact",
            Data::Draft => "retention.draft",
            Data::UncheckedPhoto => "retention.unchecked_photo",
            Data::Assistance => "retention.assistance",
            Data::Ballot => "retention.ballot",
            Data::Archive => "retention.archive",
            Data::Attendance => "retention.attendance",
            Data::AccessLog => "retention.access_log",
        }
    }

    /// How it goes when its time is over.
    pub fn then(self) -> Then {
        match self {
            Data::Contact | Data::Assistance => Then::Erase,
            Data::Draft | Data::AccessLog => Then::GivenUp,
            Data::Ballot => Then::Paper,
            Data::UncheckedPhoto => Then::TakeOut,
            Data::Archive => Then::Seal,
            Data::Attendance => Then::SumUp,
        }
    }
}

/// How data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// It is listed here when it is due, and a person signs its erasure.
    Erase,
    /// The node gives it up by itself.
    GivenUp,
    /// It is on paper and destroyed by hand.
    Paper,
    /// It is listed here when it is due, and a person takes it out of the record; what was checked stays.
    TakeOut,
    /// It is listed here when it is due, and goes sealed into the archive; nothing of it is erased.
    Seal,
    /// It is listed here when it is due; a person counts it, and then signs its erasure.
    SumUp,
}

/// Where the law forbids an erasure for some time: then what is due is locked, and nothing is done with it but keeping it
/// (PIPL art. 47). No org states another span than the law does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Lock {
    /// Its identifier.
    pub id: &'static str,
    /// Of records of this ledger.
    pub ledger: &'static str,
    /// Where this field
    pub field: &'static str,
    /// has one of these values.
    pub is: &'static [&'static str],
    /// Years after the record's end.
    pub years: u16,
}

/// All locks.
pub const LOCKS: &[Lock] = &[
    // Petitions and matters of courts: the time in which a claim may be brought (Civil Code art. 188).
    Lock {
        id: "claim",
        ledger: crate::services::visit::LEDGER,
        field: "triage",
        is: &["petition", "judicial"],
        years: 3,
    },
];

impl Lock {
    /// The day from which on it does not hold.
    pub(super) fn until(&self, ended: Day) -> Day {
        ended.plus_months(u32::from(self.years) * 12)
    }
}

/// What orgs stated of one org's data. The day on which something ended chooses which of it applies, as of every event.
#[derive(Debug, Clone)]
pub struct Terms {
    settings: Arc<Settings>,
    line: Vec<OrgId>,
    calendar: Calendar,
}

impl Terms {
    pub(super) fn new(settings: Arc<Settings>, line: Vec<OrgId>) -> Self {
        Terms {
            calendar: settings.calendar(&line),
            settings,
            line,
        }
    }

    /// Since when data is due that ended on a day; none if it is kept for ever.
    pub fn due(&self, data: Data, ended: Day) -> Option<Day> {
        let applies = self.settings.at(&self.line, data.setting(), "", ended).value;
        let period = applies.as_ref().and_then(period)?;
        Some(self.calendar.due(ended, period, OnRestDay::Stays))
    }

    /// The last day on which anything ended that may be due: what ended later is not, whatever anybody stated. None if it is
    /// kept for ever by everybody.
    pub(super) fn latest(&self, data: Data, today: Day) -> Option<Day> {
        let stated = self.settings.all();
        let stated = stated.filter(|stated| stated.setting == data.setting());
        let values = stated.filter_map(lianzhan_protocol::settings::Stated::parsed);
        let default = setting(data.setting()).and_then(|own| own.kind.parse("", own.default).ok());
        let periods = values.chain(default).filter_map(|value| period(&value));
        periods.map(|period| self.began(period, today)).max()
    }

    /// When data began that is over on a day: from one moment on and before another, span by span, since what applied at the
    /// time differs.
    pub(crate) fn over(&self, data: Data, today: Day) -> Vec<(Timestamp, Timestamp)> {
        let stated = self.settings.history(&self.line, data.setting());
        let mut from: Vec<Day> = stated.map(|stated| stated.valid_from).collect();
        from.push(Day::FIRST);
        from.sort_unstable();
        from.dedup();
        let ends = from.iter().skip(1).copied().chain([Day::LAST]);
        let spans = from.iter().zip(ends).filter_map(|(from, end)| {
            let applies = self.settings.at(&self.line, data.setting(), "", *from).value;
            let last = self.began(applies.as_ref().and_then(period)?, today);
            let end = end.min(last.plus_days(1));
            (*from < end).then(|| (midnight(*from), midnight(end)))
        });
        spans.collect()
    }

    /// The last day from which on a period is over on another day.
    fn began(&self, period: Period, today: Day) -> Day {
        let over = |day| self.calendar.due(day, period, OnRestDay::Stays) <= today;
        let (mut low, mut high) = (Day::FIRST, today.plus_days(1));
        while high.since(low) > 1 {
            let mid = low.plus_days(high.since(low) / 2);
            if over(mid) { low = mid } else { high = mid }
        }
        low
    }
}

/// How long a value says; none if it is for ever.
fn period(value: &SettingValue) -> Option<Period> {
    let years = |count| Period {
        count,
        unit: PeriodUnit::Year,
    };
    match value {
        SettingValue::Period(period) => Some(*period),
        SettingValue::Choice("30_years") => Some(years(30)),
        SettingValue::Choice("10_years") => Some(years(10)),
        _ => None,
    }
}

/// When a day begins at +08:00.
pub(super) fn midnight(day: Day) -> Timestamp {
    const DAY_MS: i64 = 86_400_000;
    const EAST_MS: i64 = 8 * 3_600_000;
    let epoch = Day::of(1970, 1, 1).unwrap_or(Day::FIRST);
    Timestamp(i64::from(day.since(epoch)) * DAY_MS - EAST_MS)
}
