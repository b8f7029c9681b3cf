//! The working-day calendar: weekends, and what the State Council's yearly notice makes of single days, holidays and days
//! worked instead (调休). Imported data: without it only weekends are known.

use std::collections::BTreeMap;

use super::{Day, Period, PeriodUnit};

/// What a year's notice says of single days.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct YearDays {
    days: BTreeMap<Day, (bool, String)>,
}

/// Why a year's days are refused: the line, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum YearFault {
    /// Not as it should be written.
    #[error("line {0}: write it as 2026-10-01 off 国庆节, or 2026-10-10 work")]
    Line(usize),
    /// A day of another year.
    #[error("line {0}: this day belongs to another year")]
    OtherYear(usize),
    /// A day that stands twice.
    #[error("line {0}: this day stands twice")]
    Twice(usize),
}

impl YearFault {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            YearFault::Line(line) => format!("第{line}行：请写成“2026-10-01 off 国庆节”或“2026-10-10 work”"),
            YearFault::OtherYear(line) => format!("第{line}行：这一天不在这一年"),
            YearFault::Twice(line) => format!("第{line}行：这一天写了两次"),
        }
    }
}

impl YearDays {
    /// Reads lines of `YYYY-MM-DD off NAME` and `YYYY-MM-DD work NAME`; the name may be left out. `year` is asked of every
    /// day if it is given.
    pub fn parse(text: &str, year: Option<i32>) -> Result<Self, YearFault> {
        let mut days = BTreeMap::new();
        for (n, line) in text.lines().enumerate().map(|(n, line)| (n + 1, line.trim())) {
            if line.is_empty() {
                continue;
            }
            let mut words = line.splitn(3, char::is_whitespace);
            let day = words.next().and_then(Day::parse).ok_or(YearFault::Line(n))?;
            let works = match words.next() {
                Some("off") => false,
                Some("work") => true,
                _ => return Err(YearFault::Line(n)),
            };
            if year.is_some_and(|year| day.year() != year) {
                return Err(YearFault::OtherYear(n));
            }
            let name = words.next().unwrap_or_default().trim().to_owned();
            if days.insert(day, (works, name)).is_some() {
                return Err(YearFault::Twice(n));
            }
        }
        Ok(YearDays { days })
    }

    /// The days with whether they are worked and what they are called.
    pub fn days(&self) -> impl Iterator<Item = (Day, bool, &str)> {
        let days = self.days.iter();
        days.map(|(day, (works, name))| (*day, *works, name.as_str()))
    }
}

/// One way in which every line is written.
impl std::fmt::Display for YearDays {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (n, (day, works, name)) in self.days().enumerate() {
            let (gap, kind) = (if n > 0 { "\n" } else { "" }, if works { "work" } else { "off" });
            let space = if name.is_empty() { "" } else { " " };
            write!(f, "{gap}{day} {kind}{space}{name}")?;
        }
        Ok(())
    }
}

/// What became of a deadline that ends on a day of rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnRestDay {
    /// It stays: the strict reading of a law that says nothing.
    Stays,
    /// It moves to the next working day.
    Moves,
}

/// Which days are worked, by all versions of the years' notices. A day is looked up in the version in force on it, so a
/// later one never changes what was counted before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calendar {
    /// By year, from which day on which version holds, oldest first.
    years: BTreeMap<i32, Vec<(Day, YearDays)>>,
}

impl Calendar {
    /// Adds a version of a year that holds from a day on. Of two that begin on one day the one added last holds.
    pub fn add(&mut self, year: i32, from: Day, days: YearDays) {
        let versions = self.years.entry(year).or_default();
        let at = versions.partition_point(|(known, _)| *known <= from);
        versions.insert(at, (from, days));
    }

    /// Whether anything is known of a year beyond its weekends.
    pub fn knows(&self, year: i32) -> bool {
        self.years.contains_key(&year)
    }

    /// Whether a day is worked.
    pub fn is_working(&self, day: Day) -> bool {
        let said = self.years.get(&day.year()).and_then(|versions| {
            let (_, days) = versions.iter().rev().find(|(from, _)| *from <= day)?;
            days.days.get(&day).map(|(works, _)| *works)
        });
        said.unwrap_or_else(|| !day.weekday().is_weekend())
    }

    /// The first working day on or after a day.
    pub fn working_from(&self, day: Day) -> Day {
        let mut at = day;
        while !self.is_working(at) && at < Day::LAST {
            at = at.plus_days(1);
        }
        at
    }

    /// So many working days after a day, which is day 0.
    pub fn plus_working_days(&self, day: Day, count: u32) -> Day {
        let (mut at, mut left) = (day, count);
        while left > 0 && at < Day::LAST {
            at = self.working_from(at.plus_days(1));
            left -= 1;
        }
        at
    }

    /// The `n`-th working day of the month that a day lies in; the last day of the month if it has fewer.
    pub fn working_day_of_month(&self, day: Day, n: u32) -> Day {
        let (year, month, _) = day.date();
        let Some(first) = Day::of(year, month, 1) else {
            return day;
        };
        let last = first.plus_months(1).plus_days(-1);
        self.plus_working_days(first.plus_days(-1), n).min(last)
    }

    /// When a clock that starts on a day ends. Working days end on a working day; what months and years do on a day of rest
    /// is a setting; plain days stay.
    pub fn due(&self, start: Day, period: Period, on_rest_day: OnRestDay) -> Day {
        let count = u32::from(period.count);
        let end = match period.unit {
            PeriodUnit::Day => return start.plus_days(i32::from(period.count)),
            PeriodUnit::WorkingDay => return self.plus_working_days(start, count),
            PeriodUnit::Month => start.plus_months(count),
            PeriodUnit::Year => start.plus_months(count * 12),
        };
        match on_rest_day {
            OnRestDay::Stays => end,
            OnRestDay::Moves => self.working_from(end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_2023: &str = "2023-06-22 off 端午节\n2023-06-23 off\n2023-06-24 off\n2023-06-25 work 调休上班";

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    fn national() -> Calendar {
        let mut calendar = Calendar::default();
        calendar.add(
            2023,
            day("2023-01-01"),
            YearDays::parse(OF_2023, Some(2023)).expect("days"),
        );
        calendar
    }

    fn working(calendar: &Calendar, from: &str, count: u16) -> String {
        let period = Period {
            count,
            unit: PeriodUnit::WorkingDay,
        };
        calendar.due(day(from), period, OnRestDay::Stays).to_string()
    }

    #[test]
    fn the_worked_example_has_its_dates() {
        let (weekends, national) = (Calendar::default(), national());
        assert_eq!(working(&weekends, "2023-03-15", 3), "2023-03-20", "sign for");
        assert_eq!(
            working(&weekends, "2023-03-15", 7),
            "2023-03-24",
            "return request"
        );
        assert_eq!(
            working(&national, "2023-06-12", 15),
            "2023-07-04",
            "feedback, with the swap days"
        );
        assert_eq!(
            working(&weekends, "2023-06-12", 15),
            "2023-07-03",
            "feedback, weekends alone"
        );
    }

    #[test]
    fn months_stay_on_a_day_of_rest_unless_a_setting_moves_them() {
        let months = Period {
            count: 3,
            unit: PeriodUnit::Month,
        };
        let calendar = Calendar::default();
        let due = |on_rest_day| calendar.due(day("2026-11-28"), months, on_rest_day).to_string();
        assert_eq!(due(OnRestDay::Stays), "2027-02-28", "a Sunday");
        assert_eq!(due(OnRestDay::Moves), "2027-03-01");
    }

    #[test]
    fn a_later_version_of_a_year_holds_from_its_day_on() {
        let mut calendar = national();
        calendar.add(
            2023,
            day("2023-06-24"),
            YearDays::parse("2023-06-23 work", None).expect("days"),
        );
        assert!(!calendar.is_working(day("2023-06-23")), "as it was on that day");
        assert!(
            !calendar.is_working(day("2023-06-25")),
            "a Sunday of which the later version says nothing"
        );
    }

    #[test]
    fn the_bulletin_is_due_on_a_working_day_of_its_month() {
        let calendar = Calendar::default();
        assert_eq!(
            calendar.working_day_of_month(day("2026-08-20"), 5).to_string(),
            "2026-08-07"
        );
        assert_eq!(
            calendar.working_day_of_month(day("2026-08-20"), 99).to_string(),
            "2026-08-31"
        );
    }

    #[test]
    fn days_are_read_and_written_in_one_way() {
        let days =
            YearDays::parse(&format!("\n {} \n", OF_2023.replace('\n', "\n\n")), Some(2023)).expect("days");
        assert_eq!(days.to_string(), OF_2023);
        for (wrong, fault) in [
            ("2023-06-22", YearFault::Line(1)),
            ("2023-06-22 of", YearFault::Line(1)),
            ("x off", YearFault::Line(1)),
            ("2023-06-22 off\n2024-01-01 off", YearFault::OtherYear(2)),
            ("2023-06-22 off\n2023-06-22 work", YearFault::Twice(2)),
        ] {
            assert_eq!(YearDays::parse(wrong, Some(2023)), Err(fault), "{wrong}");
        }
    }
}
