//! What a setting is: its group, its words, the values that it takes, and who may state it.

use super::value::{Kind, PeriodUnit};
use crate::trust::Level;

/// A group of settings, as the page lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// 办理流程
    Workflow,
    /// 办理期限
    Deadlines,
    /// 工作日历
    Calendar,
    /// 数值标准
    Thresholds,
    /// 保存期限
    Retention,
    /// 模板
    Templates,
    /// 页面告知
    Notices,
}

impl Group {
    /// Every group in the order of the page.
    pub const ALL: [Group; 7] = [
        Group::Workflow,
        Group::Deadlines,
        Group::Calendar,
        Group::Thresholds,
        Group::Retention,
        Group::Templates,
        Group::Notices,
    ];

    /// Its identifier.
    pub fn as_str(self) -> &'static str {
        match self {
            Group::Workflow => "workflow",
            Group::Deadlines => "deadlines",
            Group::Calendar => "calendar",
            Group::Thresholds => "thresholds",
            Group::Retention => "retention",
            Group::Templates => "templates",
            Group::Notices => "notices",
        }
    }

    /// Chinese and English words.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Group::Workflow => ("办理流程", "Workflow"),
            Group::Deadlines => ("办理期限", "Deadlines"),
            Group::Calendar => ("工作日历", "Working days"),
            Group::Thresholds => ("数值标准", "Thresholds"),
            Group::Retention => ("保存期限", "Retention"),
            Group::Templates => ("模板", "Templates"),
            Group::Notices => ("页面告知", "Notices on pages"),
        }
    }
}

/// Which org's value applies where several have stated one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The nearest, from the org itself upward.
    Nearest,
    /// The highest: below it nobody may differ.
    Highest,
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its identifier, the same for ever.
    pub id: &'static str,
    /// Its group.
    pub group: Group,
    /// Its name on Chinese screens.
    pub zh: &'static str,
    /// Its name on English screens.
    pub en: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// What applies where nobody stated anything; empty where nothing does.
    pub default: &'static str,
    /// Where the default comes from; empty where it is ours.
    pub basis: &'static str,
    /// Which org's value applies.
    pub reach: Reach,
    /// The levels whose orgs may state it.
    pub levels: &'static [Level],
}

/// Orgs with an office of deputies.
const OFFICES: &[Level] = &[Level::National, Level::Province, Level::City, Level::County];
/// These, and townships and streets.
const ALL_ABOVE_STATIONS: &[Level] = &[
    Level::National,
    Level::Province,
    Level::City,
    Level::County,
    Level::Township,
    Level::Street,
];
const ANY_UNIT: &[PeriodUnit] = &PeriodUnit::ALL;
const MONTHS: &[PeriodUnit] = &[PeriodUnit::Month];
const YEARS_OF_30: u32 = 30 * 366;

pub(super) const fn of(
    group: Group,
    id: &'static str,
    words: (&'static str, &'static str),
    kind: Kind,
    default: &'static str,
) -> Setting {
    Setting {
        id,
        group,
        zh: words.0,
        en: words.1,
        kind,
        default,
        basis: "",
        reach: Reach::Nearest,
        levels: OFFICES,
    }
}

impl Setting {
    pub(super) const fn by(mut self, basis: &'static str) -> Self {
        self.basis = basis;
        self
    }

    pub(super) const fn stated_above(mut self) -> Self {
        self.reach = Reach::Highest;
        self
    }

    pub(super) const fn also_townships(mut self) -> Self {
        self.levels = ALL_ABOVE_STATIONS;
        self
    }
}

pub(super) const fn clock(
    id: &'static str,
    zh: &'static str,
    en: &'static str,
    default: &'static str,
) -> Setting {
    let kind = Kind::Period {
        units: ANY_UNIT,
        most: 366,
    };
    of(Group::Deadlines, id, (zh, en), kind, default)
}

pub(super) const fn kept(
    id: &'static str,
    zh: &'static str,
    en: &'static str,
    default: &'static str,
) -> Setting {
    let kind = Kind::Period {
        units: ANY_UNIT,
        most: YEARS_OF_30,
    };
    of(Group::Retention, id, (zh, en), kind, default)
}

pub(super) const fn months(mut setting: Setting, most: u32) -> Setting {
    setting.kind = Kind::Period {
        units: MONTHS,
        most: most * 31,
    };
    setting
}

pub(super) const fn threshold(
    id: &'static str,
    words: (&'static str, &'static str),
    bounds: (i64, i64),
    unit: (&'static str, &'static str),
    default: &'static str,
) -> Setting {
    let (min, max) = bounds;
    of(
        Group::Thresholds,
        id,
        words,
        Kind::Number { min, max, unit },
        default,
    )
}

pub(super) const fn notice(
    id: &'static str,
    zh: &'static str,
    en: &'static str,
    default: &'static str,
) -> Setting {
    of(Group::Notices, id, (zh, en), Kind::Text, default).also_townships()
}
