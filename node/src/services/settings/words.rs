//! Settings in words, Chinese and English.

use lianzhan_protocol::settings::{Kind, Period, PeriodUnit, Setting, SettingValue, Weekday, Weekly};

/// The same in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl Words {
    fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Words {
            zh: zh.into(),
            en: en.into(),
        }
    }
}

/// A value as a list shows it, on one line.
pub fn of_value(setting: &Setting, value: Option<&SettingValue>) -> Words {
    let Some(value) = value else {
        return Words::new("未设置", "not stated");
    };
    match value {
        SettingValue::Switch(true) => Words::new("开", "on"),
        SettingValue::Switch(false) => Words::new("关", "off"),
        SettingValue::Number(number) => {
            let (zh, en) = match setting.kind {
                Kind::Number { unit, .. } => unit,
                _ => ("", ""),
            };
            Words::new(format!("{number}{zh}"), format!("{number} {en}"))
        }
        SettingValue::Choice(id) => {
            let named = match setting.kind {
                Kind::Choice(choices) => choices.iter().find(|choice| choice.id == *id),
                _ => None,
            };
            named.map_or_else(|| Words::new(*id, *id), |choice| Words::new(choice.zh, choice.en))
        }
        SettingValue::Period(period) => of_period(*period),
        SettingValue::Weekly(weekly) => of_weekly(*weekly),
        SettingValue::Text(text) => {
            let line: String = text.lines().next().unwrap_or_default().chars().take(60).collect();
            let more = if line.len() < text.len() { "…" } else { "" };
            Words::new(format!("{line}{more}"), format!("{line}{more}"))
        }
        SettingValue::Days(days) => {
            let (off, work) = days
                .days()
                .fold((0, 0), |(off, work), (_, works, _)| match works {
                    true => (off, work + 1),
                    false => (off + 1, work),
                });
            Words::new(
                format!("放假 {off} 日，调休上班 {work} 日"),
                format!("{off} days off, {work} worked instead"),
            )
        }
        SettingValue::Rows(rows) => {
            let count = rows.rows().len();
            Words::new(format!("{count} 项"), format!("{count} items"))
        }
    }
}

/// A period in words.
pub(super) fn of_period(period: Period) -> Words {
    let (zh, en) = period.unit.words();
    let en = match (period.count, period.unit) {
        (1, PeriodUnit::Day) => "day",
        (1, PeriodUnit::WorkingDay) => "working day",
        (1, PeriodUnit::Month) => "month",
        (1, PeriodUnit::Year) => "year",
        _ => en,
    };
    Words::new(format!("{}{zh}", period.count), format!("{} {en}", period.count))
}

fn of_weekly(weekly: Weekly) -> Words {
    let (zh, en) = match weekly.day {
        Weekday::Monday => ("星期一", "Mondays"),
        Weekday::Tuesday => ("星期二", "Tuesdays"),
        Weekday::Wednesday => ("星期三", "Wednesdays"),
        Weekday::Thursday => ("星期四", "Thursdays"),
        Weekday::Friday => ("星期五", "Fridays"),
        Weekday::Saturday => ("星期六", "Saturdays"),
        Weekday::Sunday => ("星期日", "Sundays"),
    };
    let time = format!("{:02}:{:02}", weekly.minute / 60, weekly.minute % 60);
    Words::new(format!("{zh} {time}"), format!("{en} {time}"))
}
