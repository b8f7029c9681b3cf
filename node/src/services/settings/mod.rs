//! Settings at this node: what applies to whom since when, and stating another value. What a value is and which one applies
//! is the protocol's ([`lianzhan_protocol::settings`]); here it is read from records and written as such.

mod plan;
mod words;

#[cfg(test)]
mod tests;

pub use plan::{Effect, SettingDraft, SettingPlan};
pub use words::{Words, of_value};

use std::sync::{Arc, Mutex, PoisonError};

use lianzhan_protocol::id::{OrgId, RecordId};
use lianzhan_protocol::record::{Change, Verdict};
use lianzhan_protocol::settings::{
    Applies, Day, LEDGER, SETTINGS, Setting, SettingValue, Settings, Stated, may_state, setting,
};
use lianzhan_protocol::trust::{Audience, Directory, Level, Org, Space};

use super::{Author, Load, Node, ServiceError};
use crate::store::{Reader, StoreError};

/// Why a setting is not stated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// There is no such setting.
    #[error("there is no setting {0:?}; `lianzhan setting list` shows them")]
    Unknown(String),
    /// The value does not fit.
    #[error("{en}")]
    Value {
        /// What to do, in Chinese.
        zh: String,
        /// In English.
        en: String,
    },
    /// No day.
    #[error("say from which day on it is valid, as in 2026-07-01")]
    Day,
    /// A setting with parts of which none is named, or the other way round.
    #[error("a calendar is stated for one year: name it, as in 2027")]
    Part,
    /// No reason.
    #[error("say on what basis: the rule or decision, on a line of at most {BASIS_MAX} characters")]
    Basis,
    /// An org of another level, or a person with other roles.
    #[error("this setting is stated by {0}")]
    NotYours(String),
    /// Nothing would change.
    #[error("this is what this org states already")]
    Same,
}

/// Longest reason, in characters.
pub const BASIS_MAX: usize = 200;

impl SettingError {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            SettingError::Unknown(id) => format!("没有这项设置：{id}。"),
            SettingError::Value { zh, .. } => format!("{zh}。"),
            SettingError::Day => "请写明从哪一天起生效，如 2026-07-01。".into(),
            SettingError::Part => "工作日历按年设置，请写明年份，如 2027。".into(),
            SettingError::Basis => format!("请写明依据（规定或决定），一行，最多 {BASIS_MAX} 字。"),
            SettingError::NotYours(_) => "这项设置不由您所在的机构和职责设定。".into(),
            SettingError::Same => "与本机构现行的规定相同，没有改动。".into(),
        }
    }
}

/// What is kept of all settings, until one of their records changes.
#[derive(Default)]
pub(super) struct Kept(Mutex<Option<Arc<Settings>>>);

impl Kept {
    /// Forgets it, since a record changed.
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// A setting as it stands for an org on a day.
#[derive(Debug, Clone)]
pub struct SettingView {
    /// The setting.
    pub setting: &'static Setting,
    /// For what it stands: the year of a calendar; else empty.
    pub part: String,
    /// The value that applies; none where there is none.
    pub value: Option<SettingValue>,
    /// What states it; none for the default.
    pub by: Option<Stated>,
    /// The org of that.
    pub org: Option<Org>,
    /// What is to apply later, as far as somebody of the line states it already.
    pub coming: Vec<Stated>,
    /// Everything that the line ever stated, the newest first.
    pub history: Vec<Stated>,
    /// Whether whoever asks may state another value.
    pub writes: bool,
}

impl Node {
    /// All that is stated of settings, as far as it is held here and counts.
    pub fn settings(&self) -> Result<Arc<Settings>, ServiceError> {
        let mut kept = self.settings.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*kept {
            return Ok(known.clone());
        }
        let all = self.store.read(|reader| {
            let stated = self.said_for_ever(reader, LEDGER, Stated::read)?;
            Ok(stated.into_iter().collect::<Settings>())
        })?;
        let all = Arc::new(all);
        *kept = Some(all.clone());
        Ok(all)
    }

    /// What the records of a ledger say that say one thing for ever, as far as anything follows from them.
    pub(super) fn said_for_ever<T>(
        &self,
        reader: &Reader<'_>,
        ledger: &str,
        read: impl Fn(RecordId, OrgId, &Change, &Verdict) -> Option<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut load = Load::new(self, reader);
        let mut all = Vec::new();
        for record in reader.of_ledger(ledger)? {
            let Some(loaded) = load.record(&record)? else {
                continue;
            };
            let state = load.fold(&loaded);
            let mut begun = state.beginnings(&loaded.held);
            let owner = loaded.space.owner;
            all.extend(begun.find_map(|(held, verdict)| read(record, owner, &held.change, verdict)));
        }
        Ok(all)
    }

    /// An org and those above it, nearest first.
    pub fn line_of(&self, org: &OrgId) -> Vec<OrgId> {
        let directory = self.directory();
        let mut line = Vec::new();
        let mut at = Some(*org);
        while let Some(org) = at.filter(|org| !line.contains(org)) {
            line.push(org);
            at = directory.org(&org).and_then(|org| org.parent);
        }
        line
    }

    /// What applies to this node's org on a day.
    pub fn setting(&self, id: &str, on: Day) -> Result<Option<SettingValue>, ServiceError> {
        Ok(self.settings()?.at(&self.line_of(&self.org), id, "", on).value)
    }

    /// The day that it is here.
    pub fn this_day(&self) -> Day {
        Day::parse(&self.today()).unwrap_or(Day::FIRST)
    }

    /// Whether a person may state a setting for this node's org.
    pub fn may_state(&self, author: &Author, setting: &Setting) -> bool {
        let level = self.org().map(|org| org.level);
        let entitled = |level: Level| {
            let card = self.card(author);
            card.is_ok_and(|card| {
                card.org == self.org && card.roles.iter().any(|role| may_state(level, *role))
            })
        };
        level.is_ok_and(|level| setting.levels.contains(&level) && entitled(level))
            && self.may_put(author, LEDGER, &self.own_space(Audience::Notice))
    }

    /// Every setting as it stands for an org on a day, in the order of the table; a calendar once for each year of which
    /// anything is known, and for the year of the day and the next.
    pub fn setting_views(
        &self,
        author: Option<&Author>,
        org: &OrgId,
        on: Day,
    ) -> Result<Vec<SettingView>, ServiceError> {
        let settings = self.settings()?;
        let line = self.line_of(org);
        let mut views = Vec::new();
        for setting in SETTINGS {
            for part in parts(&settings, &line, setting, on) {
                views.push(self.view(&settings, author, &line, setting, part, on));
            }
        }
        Ok(views)
    }

    /// One setting as it stands for an org on a day.
    pub fn setting_view(
        &self,
        author: Option<&Author>,
        org: &OrgId,
        id: &str,
        part: &str,
        on: Day,
    ) -> Result<SettingView, ServiceError> {
        let found = setting(id).ok_or_else(|| SettingError::Unknown(id.to_owned()))?;
        let settings = self.settings()?;
        Ok(self.view(&settings, author, &self.line_of(org), found, part.to_owned(), on))
    }

    fn view(
        &self,
        settings: &Settings,
        author: Option<&Author>,
        line: &[OrgId],
        setting: &'static Setting,
        part: String,
        on: Day,
    ) -> SettingView {
        let Applies { value, by } = settings.at(line, setting.id, &part, on);
        let mut history: Vec<Stated> = settings
            .history(line, setting.id)
            .filter(|stated| stated.part == part)
            .cloned()
            .collect();
        history.sort_by_key(|one| std::cmp::Reverse((one.valid_from, one.version)));
        let coming = history
            .iter()
            .filter(|stated| stated.valid_from > on)
            .cloned()
            .collect();
        SettingView {
            setting,
            value,
            org: by.and_then(|by| self.directory().org(&by.org).cloned()),
            by: by.cloned(),
            coming,
            history,
            writes: author.is_some_and(|author| self.may_state(author, setting)),
            part,
        }
    }
}

/// The parts of a setting that a list shows.
fn parts(settings: &Settings, line: &[OrgId], setting: &Setting, on: Day) -> Vec<String> {
    if setting.id != "calendar" {
        return vec![String::new()];
    }
    let mut years: Vec<String> = settings
        .history(line, setting.id)
        .map(|stated| stated.part.clone())
        .collect();
    years.extend([on.year(), on.year() + 1].map(|year| year.to_string()));
    years.sort_unstable();
    years.dedup();
    years
}

/// Where an org writes what all below it, and those above it, shall hold: its notices, and a copy for the orgs above.
pub(super) fn spaces(directory: &Directory, org: &Org) -> Vec<Space> {
    let mut spaces = vec![Space::of(org.id, Audience::Notice)];
    if matches!(org.level, Level::County | Level::Township | Level::Street) {
        spaces.push(directory.space_now(org.id, Audience::City));
    }
    spaces
}
