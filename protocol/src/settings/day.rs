//! Days of the calendar as numbers. Nothing here knows what day it is.

use std::fmt;

/// A day, counted from 1970-01-01. It is always between the years 1900 and 2199.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weekday {
    /// 星期一
    Monday,
    /// 星期二
    Tuesday,
    /// 星期三
    Wednesday,
    /// 星期四
    Thursday,
    /// 星期五
    Friday,
    /// 星期六
    Saturday,
    /// 星期日
    Sunday,
}

impl Weekday {
    /// Every day of the week, Monday first.
    pub const ALL: [Weekday; 7] = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];

    /// Its identifier.
    pub fn as_str(self) -> &'static str {
        match self {
            Weekday::Monday => "monday",
            Weekday::Tuesday => "tuesday",
            Weekday::Wednesday => "wednesday",
            Weekday::Thursday => "thursday",
            Weekday::Friday => "friday",
            Weekday::Saturday => "saturday",
            Weekday::Sunday => "sunday",
        }
    }

    /// The day of the week with this identifier.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|day| day.as_str() == id)
    }

    /// Whether it is a day of rest where no calendar says otherwise.
    pub fn is_weekend(self) -> bool {
        matches!(self, Weekday::Saturday | Weekday::Sunday)
    }
}

impl Day {
    /// The first day there is.
    pub const FIRST: Day = Day(-25_567);
    /// The last day there is.
    pub const LAST: Day = Day(84_005);

    /// The day of a date; none if the calendar has no such date, or it lies outside of 1900 to 2199.
    pub fn of(year: i32, month: u32, day: u32) -> Option<Self> {
        let is_date = (1900..=2199).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_of(year, month)).contains(&day);
        is_date.then(|| Day(number(year, month, day)))
    }

    /// The day written as `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let shaped = [(year, 4), (month, 2), (day, 2)]
            .iter()
            .all(|(part, len)| part.len() == *len && digits(part));
        if !shaped || parts.next().is_some() {
            return None;
        }
        Day::of(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    }

    /// Year, month and day.
    pub fn date(self) -> (i32, u32, u32) {
        // Howard Hinnant's civil_from_days, in years that begin in March.
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        (year, month.unsigned_abs(), day.unsigned_abs())
    }

    /// Its year.
    pub fn year(self) -> i32 {
        self.date().0
    }

    /// Its day of the week.
    pub fn weekday(self) -> Weekday {
        // 1970-01-01 was a Thursday.
        let at = usize::try_from((self.0 + 3).rem_euclid(7)).unwrap_or_default();
        Weekday::ALL[at]
    }

    /// So many days later, or earlier; what lies outside of all days becomes the first or the last.
    pub fn plus_days(self, days: i32) -> Self {
        Day(self.0.saturating_add(days).clamp(Self::FIRST.0, Self::LAST.0))
    }

    /// So many calendar months later. Where that month has no such day it is its last one: 30 November and three months is
    /// the last day of February (`domain.md` 3.4).
    pub fn plus_months(self, months: u32) -> Self {
        let (year, month, day) = self.date();
        let at = i64::from(year) * 12 + i64::from(month) - 1 + i64::from(months);
        let later = i32::try_from(at / 12).unwrap_or(i32::MAX);
        let month = u32::try_from(at % 12).unwrap_or_default() + 1;
        if later > 2199 {
            return Self::LAST;
        }
        Day(number(later, month, day.min(days_of(later, month))))
    }

    /// Days from `earlier` to this one.
    pub fn since(self, earlier: Day) -> i32 {
        self.0 - earlier.0
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// Days of a month.
fn days_of(year: i32, month: u32) -> u32 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970 of a date that there is.
fn number(year: i32, month: u32, day: u32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = i32::try_from(month).unwrap_or_default();
    let day = i32::try_from(day).unwrap_or_default();
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * shifted + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    #[test]
    fn every_day_has_one_date_and_one_way_to_write_it() {
        let (mut at, mut weekday) = (Day::FIRST, Weekday::Monday);
        assert_eq!((at.to_string().as_str(), at.weekday()), ("1900-01-01", weekday));
        while at < Day::LAST {
            let next = at.plus_days(1);
            assert_eq!(day(&next.to_string()), next);
            let (year, month, of_month) = next.date();
            assert_eq!(Day::of(year, month, of_month), Some(next));
            assert!(
                next.to_string() > at.to_string(),
                "the order of days is that of their dates"
            );
            weekday = Weekday::ALL[(weekday as usize + 1) % 7];
            assert_eq!(next.weekday(), weekday);
            at = next;
        }
        assert_eq!(at.to_string(), "2199-12-31");
        assert_eq!(at.plus_days(1), at);
    }

    #[test]
    fn what_is_no_date_is_none() {
        for wrong in [
            "",
            "2026-2-03",
            "2026-02-29",
            "2026-13-01",
            "1899-12-31",
            "2200-01-01",
            "2026-01-01T00",
            "+026-01-01",
            "2026-00-10",
            "２０２６-01-01",
        ] {
            assert_eq!(Day::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn months_end_on_the_last_day_there_is() {
        for (from, months, to) in [
            ("2023-03-15", 3, "2023-06-15"),
            ("2023-03-15", 6, "2023-09-15"),
            ("2023-11-30", 3, "2024-02-29"),
            ("2024-11-30", 3, "2025-02-28"),
            ("2023-08-31", 6, "2024-02-29"),
            ("2026-01-31", 1, "2026-02-28"),
            ("2026-12-01", 12, "2027-12-01"),
        ] {
            assert_eq!(
                day(from).plus_months(months).to_string(),
                to,
                "{from} and {months} months"
            );
        }
        assert_eq!(Day::LAST.plus_months(u32::MAX), Day::LAST);
    }
}
