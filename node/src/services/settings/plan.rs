//! Stating a setting: what it would do is said before anybody signs it.

use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::record::{Put, Value};
use lianzhan_protocol::settings::{
    Calendar, Day, Kind, LEDGER, Reach, Setting, SettingValue, Settings, Stated, setting,
};
use lianzhan_protocol::trust::{Level, Org};

use super::words::{Words, of_value};
use super::{BASIS_MAX, SettingError, spaces};
use crate::services::{Author, Draft, NewRecord, Node, ServiceError, Written};

/// Days that a preview of a calendar names.
const DAYS_SHOWN: usize = 12;

/// What somebody wants to state, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingDraft {
    /// Which setting.
    pub setting: String,
    /// The year of a calendar; else empty.
    pub part: String,
    /// The value as it is written; none gives the word back to the org above.
    pub value: Option<String>,
    /// From which day on.
    pub valid_from: String,
    /// The rule or decision behind it.
    pub basis: String,
}

/// What a draft would do.
#[derive(Debug, Clone)]
pub struct SettingPlan {
    /// The setting.
    pub setting: &'static Setting,
    /// From which day on.
    pub valid_from: Day,
    /// The value in one way of writing it; none where the org above is to decide.
    pub value: Option<String>,
    /// What applies to this org on that day without it, and with it.
    pub before: Words,
    /// With it.
    pub after: Words,
    /// What that means, in sentences of one event each.
    pub effects: Vec<Effect>,
    /// Orgs below that state their own, and keep it.
    pub apart: Vec<Org>,
    /// An org above that decides whatever is stated here.
    pub over: Option<Org>,
    /// The day from which this org states something else again, if that is known already.
    pub until: Option<Day>,
    /// Whether days that have passed are touched: what was counted by them is counted anew.
    pub is_past: bool,
    version: i64,
}

/// What changes for one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A clock that starts on a day ends on another day.
    Due {
        /// When it starts.
        start: Day,
        /// When it would have ended.
        before: Day,
        /// When it ends.
        after: Day,
    },
    /// A day is worked, or not.
    Works {
        /// The day.
        day: Day,
        /// Whether it is worked now.
        works: bool,
    },
    /// So many more days change.
    More(usize),
    /// The rows that are added and taken away.
    Rows {
        /// Added or changed.
        added: usize,
        /// Taken away or changed.
        gone: usize,
    },
}

impl Node {
    /// What a draft would do, or why it cannot be stated.
    pub fn plan_setting(&self, author: &Author, draft: &SettingDraft) -> Result<SettingPlan, ServiceError> {
        let found = setting(&draft.setting).ok_or_else(|| SettingError::Unknown(draft.setting.clone()))?;
        if !self.may_state(author, found) {
            return Err(SettingError::NotYours(stated_by(found)).into());
        }
        let is_calendar = matches!(found.kind, Kind::Days);
        let is_year = draft.part.len() == 4 && Day::parse(&format!("{}-01-01", draft.part)).is_some();
        if is_calendar != is_year || (!is_calendar && !draft.part.is_empty()) {
            return Err(SettingError::Part.into());
        }
        let value = match &draft.value {
            Some(text) => {
                let value = found.kind.parse(&draft.part, text);
                let value = value.map_err(|fault| SettingError::Value {
                    zh: fault.zh,
                    en: fault.en,
                })?;
                Some(value.to_string())
            }
            None => None,
        };
        let valid_from = Day::parse(draft.valid_from.trim()).ok_or(SettingError::Day)?;
        let basis = draft.basis.trim();
        if basis.is_empty() || basis.chars().count() > BASIS_MAX || basis.chars().any(char::is_control) {
            return Err(SettingError::Basis.into());
        }
        self.plan(found, draft, value, valid_from)
    }

    fn plan(
        &self,
        found: &'static Setting,
        draft: &SettingDraft,
        value: Option<String>,
        valid_from: Day,
    ) -> Result<SettingPlan, ServiceError> {
        let org = self.org()?;
        let line = self.line_of(&org.id);
        let settings = self.settings()?;
        let version = settings.next_version(&org.id, found.id, &draft.part);
        let own: Vec<&Stated> = settings
            .history(&line[..1], found.id)
            .filter(|one| one.part == draft.part)
            .collect();
        let now = own.iter().rev().find(|one| one.valid_from <= valid_from);
        if now.map(|one| &one.value) == Some(&value) || (now.is_none() && value.is_none()) {
            return Err(SettingError::Same.into());
        }
        let new = Stated {
            record: lianzhan_protocol::id::RecordId([0; 16]),
            org: org.id,
            level: org.level,
            setting: found.id.to_owned(),
            part: draft.part.clone(),
            value: value.clone(),
            valid_from,
            version,
            basis: draft.basis.trim().to_owned(),
            by: String::new(),
        };
        let with: Settings = settings.all().cloned().chain([new]).collect();
        let at = |settings: &Settings| settings.at(&line, found.id, &draft.part, valid_from).value;
        let (before, after) = (at(&settings), at(&with));
        let over = match found.reach {
            Reach::Highest => with
                .at(&line, found.id, &draft.part, valid_from)
                .by
                .map(|by| by.org),
            Reach::Nearest => None,
        };
        let today = self.this_day();
        Ok(SettingPlan {
            setting: found,
            valid_from,
            effects: effects(
                &settings,
                &with,
                &line,
                found,
                (before.as_ref(), after.as_ref()),
                valid_from.max(today),
            ),
            before: of_value(found, before.as_ref()),
            after: of_value(found, after.as_ref()),
            apart: self.stating_below(&settings, found, &draft.part, valid_from),
            over: over
                .filter(|by| *by != org.id)
                .and_then(|by| self.directory().org(&by).cloned()),
            until: own.iter().map(|one| one.valid_from).find(|day| *day > valid_from),
            is_past: valid_from < today,
            value,
            version,
        })
    }

    /// Orgs below this one that state their own value: as far as it is held here.
    fn stating_below(&self, settings: &Settings, found: &Setting, part: &str, on: Day) -> Vec<Org> {
        if found.reach == Reach::Highest {
            return Vec::new();
        }
        let directory = self.directory();
        let states = |org: &OrgId| {
            let by = settings.at(std::slice::from_ref(org), found.id, part, on).by;
            by.is_some_and(|by| by.org == *org)
        };
        let below = directory
            .orgs()
            .filter(|org| org.id != self.org && directory.is_at_or_above(&self.org, &org.id));
        let mut all: Vec<Org> = below.filter(|org| states(&org.id)).cloned().collect();
        all.sort_by(|a, b| (&a.code, a.id).cmp(&(&b.code, b.id)));
        all
    }

    /// States it: a record for all below, and a copy for the orgs above, in one transaction.
    pub async fn state_setting(
        &self,
        author: &Author,
        draft: &SettingDraft,
    ) -> Result<Written, ServiceError> {
        let plan = self.plan_setting(author, draft)?;
        let mut puts = vec![
            ("setting", Value::Text(plan.setting.id.to_owned())),
            ("valid_from", Value::Text(plan.valid_from.to_string())),
            ("version", Value::Int(plan.version)),
            ("basis", Value::Text(draft.basis.trim().to_owned())),
        ];
        puts.extend(plan.value.map(|value| ("value", Value::Text(value))));
        if !draft.part.is_empty() {
            puts.push(("part", Value::Text(draft.part.clone())));
        }
        let puts: Vec<Put> = puts
            .into_iter()
            .map(|(name, value)| Put::field(name, value))
            .collect();
        self.write_for_all(author, LEDGER, puts).await
    }

    /// Writes a record that all below this node's org hold, and its copy for the orgs above. The first is named.
    pub(in crate::services) async fn write_for_all(
        &self,
        author: &Author,
        ledger: &str,
        puts: Vec<Put>,
    ) -> Result<Written, ServiceError> {
        let drafts = spaces(&self.directory(), &self.org()?).into_iter().map(|space| {
            let begins = NewRecord::begin(ledger, &space)?;
            Ok(Draft {
                record: begins.id,
                begins: Some(begins.salt),
                ledger: ledger.to_owned(),
                space,
                puts: puts.clone(),
                annexes: Vec::new(),
            })
        });
        let drafts = drafts.collect::<Result<_, ServiceError>>()?;
        let written = self.submit_all(author, drafts).await?;
        let first = written.into_iter().next();
        first.ok_or_else(|| ServiceError::Bad("nothing was written".into()))
    }
}

/// What changes for single events from a day on.
fn effects(
    before: &Settings,
    after: &Settings,
    line: &[OrgId],
    found: &Setting,
    values: (Option<&SettingValue>, Option<&SettingValue>),
    from: Day,
) -> Vec<Effect> {
    match values {
        (Some(SettingValue::Period(was)), Some(SettingValue::Period(is)))
            if found.id.starts_with("deadline.") =>
        {
            vec![Effect::Due {
                start: from,
                before: before.due_after(line, *was, from),
                after: after.due_after(line, *is, from),
            }]
        }
        (was, Some(SettingValue::Days(_))) | (was @ Some(SettingValue::Days(_)), None) => {
            let year = was.into_iter().chain(values.1).find_map(|value| match value {
                SettingValue::Days(days) => days.days().next().map(|(day, ..)| day.year()),
                _ => None,
            });
            year.map_or_else(Vec::new, |year| {
                days(&before.calendar(line), &after.calendar(line), year)
            })
        }
        (was, Some(SettingValue::Rows(is))) => {
            let was = match was {
                Some(SettingValue::Rows(was)) => was.rows(),
                _ => &[],
            };
            let added = is.rows().iter().filter(|row| !was.contains(row)).count();
            let gone = was.iter().filter(|row| !is.rows().contains(row)).count();
            vec![Effect::Rows { added, gone }]
        }
        _ => Vec::new(),
    }
}

/// The days of a year that are worked and were not, and the other way round.
fn days(before: &Calendar, after: &Calendar, year: i32) -> Vec<Effect> {
    let Some(first) = Day::of(year, 1, 1) else {
        return Vec::new();
    };
    let of_year = (0..366)
        .map(|n| first.plus_days(n))
        .filter(|day| day.year() == year);
    let changed: Vec<Day> = of_year
        .filter(|day| before.is_working(*day) != after.is_working(*day))
        .collect();
    let shown = changed.iter().take(DAYS_SHOWN).map(|day| Effect::Works {
        day: *day,
        works: after.is_working(*day),
    });
    let mut effects: Vec<Effect> = shown.collect();
    if changed.len() > DAYS_SHOWN {
        effects.push(Effect::More(changed.len() - DAYS_SHOWN));
    }
    effects
}

/// Who states a setting, in English.
fn stated_by(setting: &Setting) -> String {
    if setting.levels.contains(&Level::Township) {
        "the deputies' office of a county or city, or the secretary of a township or street, at their own node".into()
    } else {
        "the deputies' office of a county or city, at its own node".into()
    }
}
