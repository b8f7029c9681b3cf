//! What values a setting takes, and how they are written: one line of text for each, the same in records, on pages and on
//! the command line.

use std::fmt;

use super::rows::{Column, Rows};
use super::{Day, Weekday, YearDays};

/// A unit in which a clock counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeriodUnit {
    /// 日
    Day,
    /// 工作日
    WorkingDay,
    /// 个月
    Month,
    /// 年
    Year,
}

impl PeriodUnit {
    /// Every unit.
    pub const ALL: [PeriodUnit; 4] = [
        PeriodUnit::Day,
        PeriodUnit::WorkingDay,
        PeriodUnit::Month,
        PeriodUnit::Year,
    ];

    /// Its identifier.
    pub fn as_str(self) -> &'static str {
        match self {
            PeriodUnit::Day => "days",
            PeriodUnit::WorkingDay => "working_days",
            PeriodUnit::Month => "months",
            PeriodUnit::Year => "years",
        }
    }

    /// The unit with this identifier.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.as_str() == id)
    }

    /// Chinese and English words.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            PeriodUnit::Day => ("日", "days"),
            PeriodUnit::WorkingDay => ("个工作日", "working days"),
            PeriodUnit::Month => ("个月", "months"),
            PeriodUnit::Year => ("年", "years"),
        }
    }
}

/// How long a clock runs, written as `3 months`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// How many.
    pub count: u16,
    /// Of what.
    pub unit: PeriodUnit,
}

impl Period {
    /// A period as it is written.
    pub fn parse(text: &str) -> Option<Self> {
        let (count, unit) = text.split_once(' ')?;
        Some(Period {
            count: number(count)?.try_into().ok()?,
            unit: PeriodUnit::parse(unit)?,
        })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.count, self.unit.as_str())
    }
}

/// A moment of every week, written as `friday 17:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weekly {
    /// The day.
    pub day: Weekday,
    /// Minutes after midnight, at +08:00.
    pub minute: u16,
}

impl Weekly {
    /// A moment as it is written.
    pub fn parse(text: &str) -> Option<Self> {
        let (day, time) = text.split_once(' ')?;
        let (hour, minute) = time.split_once(':')?;
        if hour.len() != 2 || minute.len() != 2 {
            return None;
        }
        let (hour, minute) = (number(hour)?, number(minute)?);
        if hour > 23 || minute > 59 {
            return None;
        }
        Some(Weekly {
            day: Weekday::parse(day)?,
            minute: (hour * 60 + minute).try_into().ok()?,
        })
    }

    /// The first such moment's day on or after a day.
    pub fn from(self, day: Day) -> Day {
        let ahead = (self.day as i32 - day.weekday() as i32).rem_euclid(7);
        day.plus_days(ahead)
    }
}

impl fmt::Display for Weekly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {:02}:{:02}",
            self.day.as_str(),
            self.minute / 60,
            self.minute % 60
        )
    }
}

/// A choice with its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// The identifier.
    pub id: &'static str,
    /// On Chinese screens.
    pub zh: &'static str,
    /// On English screens.
    pub en: &'static str,
}

/// Longest text of a setting, in bytes; that of a field.
pub const TEXT_MAX: usize = 16_000;

/// What values a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `on` or `off`.
    Switch,
    /// A whole number between bounds, with a Chinese and an English unit.
    Number {
        /// The smallest.
        min: i64,
        /// The greatest.
        max: i64,
        /// What is counted.
        unit: (&'static str, &'static str),
    },
    /// One of these.
    Choice(&'static [Named]),
    /// A period of at least one, at most `most` in its unit; in other units as far as `units` names them.
    Period {
        /// The units in which it may count.
        units: &'static [PeriodUnit],
        /// The longest, in days by [`Kind::days`]; a law's bound.
        most: u32,
    },
    /// A moment of every week.
    Weekly,
    /// Words that a page shows.
    Text,
    /// The days of one year; the setting's part is the year.
    Days,
    /// A template of rows.
    Rows(&'static [Column]),
}

/// A value of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingValue {
    /// On or off.
    Switch(bool),
    /// A number.
    Number(i64),
    /// The identifier of a choice.
    Choice(&'static str),
    /// A period.
    Period(Period),
    /// A moment of every week.
    Weekly(Weekly),
    /// Words.
    Text(String),
    /// Days of a year.
    Days(YearDays),
    /// Rows of a template.
    Rows(Rows),
}

/// Why a value is refused, in both languages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{en}")]
pub struct ValueFault {
    /// What to do, in Chinese.
    pub zh: String,
    /// What to do, in English.
    pub en: String,
}

impl ValueFault {
    pub(super) fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        ValueFault {
            zh: zh.into(),
            en: en.into(),
        }
    }
}

impl Kind {
    /// Days of a period, by which periods are compared with a bound.
    pub const fn days(period: Period) -> u32 {
        let each = match period.unit {
            PeriodUnit::Day | PeriodUnit::WorkingDay => 1,
            PeriodUnit::Month => 31,
            PeriodUnit::Year => 366,
        };
        period.count as u32 * each
    }

    /// Reads a value. `part` is what the setting is asked for, the year of a calendar.
    pub fn parse(&self, part: &str, text: &str) -> Result<SettingValue, ValueFault> {
        let text = text.trim();
        if text.len() > TEXT_MAX {
            return Err(ValueFault::new(
                format!("太长，最多 {TEXT_MAX} 字节"),
                format!("too long: at most {TEXT_MAX} bytes"),
            ));
        }
        match self {
            Kind::Switch => match text {
                "on" => Ok(SettingValue::Switch(true)),
                "off" => Ok(SettingValue::Switch(false)),
                _ => Err(ValueFault::new("请选开（on）或关（off）", "on or off")),
            },
            Kind::Number { min, max, .. } => number(text)
                .filter(|number| (min..=max).contains(&number))
                .map(SettingValue::Number)
                .ok_or_else(|| {
                    ValueFault::new(
                        format!("请填 {min} 到 {max} 的整数"),
                        format!("a whole number from {min} to {max}"),
                    )
                }),
            Kind::Choice(choices) => {
                let chosen = choices.iter().find(|choice| choice.id == text);
                chosen
                    .map(|choice| SettingValue::Choice(choice.id))
                    .ok_or_else(|| {
                        let ids: Vec<_> = choices.iter().map(|choice| choice.id).collect();
                        ValueFault::new(
                            format!("请选其一：{}", ids.join("、")),
                            format!("one of: {}", ids.join(", ")),
                        )
                    })
            }
            Kind::Period { units, most } => period(text, units, *most),
            Kind::Weekly => Weekly::parse(text)
                .map(SettingValue::Weekly)
                .ok_or_else(|| ValueFault::new("请写成“friday 17:30”", "write it as friday 17:30")),
            Kind::Text if text.is_empty() => Err(ValueFault::new("请填写内容", "some words")),
            Kind::Text => Ok(SettingValue::Text(text.to_owned())),
            Kind::Days => {
                let year = year(part).ok_or_else(|| ValueFault::new("请写明年份", "name the year"))?;
                YearDays::parse(text, Some(year))
                    .map(SettingValue::Days)
                    .map_err(|fault| ValueFault::new(fault.zh(), fault.to_string()))
            }
            Kind::Rows(columns) => Rows::parse(columns, text).map(SettingValue::Rows),
        }
    }
}

fn period(text: &str, units: &[PeriodUnit], most: u32) -> Result<SettingValue, ValueFault> {
    let found = Period::parse(text).filter(|period| period.count > 0 && units.contains(&period.unit));
    let Some(period) = found else {
        let ids: Vec<_> = units.iter().map(|unit| unit.as_str()).collect();
        let ids = ids.join(" / ");
        return Err(ValueFault::new(
            format!("请写数目和单位（{ids}），如“3 {}”", units[0].as_str()),
            format!("a number and a unit ({ids}), as in 3 {}", units[0].as_str()),
        ));
    };
    if Kind::days(period) > most {
        return Err(ValueFault::new(
            "超过了法律法规规定的最长期限",
            "longer than the law allows",
        ));
    }
    Ok(SettingValue::Period(period))
}

/// The year that a part names, in four digits.
pub(super) fn year(part: &str) -> Option<i32> {
    number(part)
        .filter(|_| part.len() == 4)
        .and_then(|year| i32::try_from(year).ok())
        .filter(|year| (1900..=2199).contains(year))
}

/// A number without sign, and without zeros before it but for the digits of a time.
pub(super) fn number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// As it is written in a record.
impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingValue::Switch(on) => f.write_str(if *on { "on" } else { "off" }),
            SettingValue::Number(number) => number.fmt(f),
            SettingValue::Choice(id) => f.write_str(id),
            SettingValue::Period(period) => period.fmt(f),
            SettingValue::Weekly(weekly) => weekly.fmt(f),
            SettingValue::Text(text) => f.write_str(text),
            SettingValue::Days(days) => days.fmt(f),
            SettingValue::Rows(rows) => rows.fmt(f),
        }
    }
}
