//! Settings: what applies to this org on a day, by whose word; and stating another value, after what it does was shown.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use lianzhan_protocol::settings::{
    Day, Group, Kind, Period, PeriodUnit, Setting, SettingValue, Stated, Weekday, Weekly, setting,
};
use lianzhan_protocol::trust::Level;

use super::answer::{self, Desk, Fault, Page, show, show_as};
use super::i18n::{Lang, Text};
use super::page::{
    Choice, Fact, Field, Notice, Section, SettingForm, SettingGroup, SettingInput, SettingPage, SettingRow,
    SettingVersion, SettingsPage, Tone,
};
use super::request::{Deed, Posted, Signed};
use super::{WebState, live, say};
use crate::services::ServiceError;
use crate::services::settings::{
    Effect, SettingDraft, SettingError, SettingPlan, SettingView, Words, of_value,
};

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/settings", get(list))
        .route("/settings/{id}", get(one).post(state_one))
}

impl Page for SettingsPage {}
impl Page for SettingPage {}

/// The words in the language of the page.
fn pick(text: &Text, words: Words) -> String {
    match text.lang {
        Lang::Zh => words.zh,
        Lang::En => words.en,
    }
}

pub(super) fn name(text: &Text, setting: &Setting, part: &str) -> String {
    let name = pick(
        text,
        Words {
            zh: setting.zh.into(),
            en: setting.en.into(),
        },
    );
    match part {
        "" => name,
        part => format!("{name} {part}"),
    }
}

/// The value that somebody stated, on one line.
fn stated_words(text: &Text, setting: &Setting, stated: &Stated) -> String {
    match (&stated.value, stated.parsed()) {
        (None, _) => text.t("setting-as-above"),
        (Some(_), Some(value)) => pick(text, of_value(setting, Some(&value))),
        // Of a newer version, or by mistake: as it is written.
        (Some(written), None) => written
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(60)
            .collect(),
    }
}

async fn list(
    State(state): State<WebState>,
    who: Signed,
    Query(asked): Query<Vec<(String, String)>>,
) -> Response {
    let asked = Posted::asked(asked);
    show(state, who, move |desk| all(desk, asked.get("on"))).await
}

fn all(desk: &Desk, on: &str) -> Result<SettingsPage, Fault> {
    let text = desk.text;
    let today = desk.node.this_day();
    let asked = (!on.is_empty()).then(|| Day::parse(on).ok_or_else(|| wrong(&text, SettingError::Day)));
    let (day, error) = match asked {
        None => (today, None),
        Some(Ok(day)) => (day, None),
        Some(Err(words)) => (today, Some(words)),
    };
    let views = desk
        .node
        .setting_views(Some(desk.author()), &desk.node.org_id(), day)?;
    let groups = Group::ALL.map(|group| SettingGroup {
        id: group.as_str(),
        label: {
            let (zh, en) = group.words();
            pick(
                &text,
                Words {
                    zh: zh.into(),
                    en: en.into(),
                },
            )
        },
        rows: views
            .iter()
            .filter(|view| view.setting.group == group)
            .map(|view| row(desk, view))
            .collect(),
    });
    Ok(SettingsPage {
        text,
        shell: desk.shell(Section::Settings)?,
        on: Field {
            value: if on.is_empty() {
                day.to_string()
            } else {
                on.to_owned()
            },
            error,
        },
        groups: groups.to_vec(),
        unknown: desk.node.settings()?.unknown().count(),
    })
}

pub(super) fn row(desk: &Desk, view: &SettingView) -> SettingRow {
    let text = &desk.text;
    let part = if view.part.is_empty() {
        String::new()
    } else {
        format!("?part={}", view.part)
    };
    let since = view
        .by
        .as_ref()
        .map(|by| say::stated_line(text, &by.valid_from.to_string()));
    let coming = view.coming.last().map(|stated| {
        text.t1(
            "settings-coming",
            "day",
            say::stated_line(text, &stated.valid_from.to_string()),
        )
    });
    SettingRow {
        href: format!("/settings/{}{part}", view.setting.id),
        name: name(text, view.setting, &view.part),
        value: pick(text, of_value(view.setting, view.value.as_ref())),
        since: since.unwrap_or_default(),
        by: match &view.org {
            Some(org) => say::org_short(text, &desk.directory, org),
            None => text.t("settings-default"),
        },
        coming,
    }
}

fn wrong(text: &Text, error: SettingError) -> String {
    answer::tell(text, &ServiceError::Setting(error))
}

/// A form as it was sent.
#[derive(Clone, Default)]
struct Asked {
    pairs: Vec<(String, String)>,
}

impl Asked {
    fn get(&self, name: &str) -> &str {
        let found = self.pairs.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    fn begun(&self) -> bool {
        !self.get("ask").is_empty()
    }

    /// The value as it is written in a record; none where the org above is to decide.
    fn value(&self, setting: &Setting) -> Option<String> {
        let typed = self.get("value").trim().replace("\r\n", "\n");
        match (self.get("mode"), &setting.kind) {
            ("above", _) => None,
            (_, Kind::Period { .. }) => Some(format!("{typed} {}", self.get("unit"))),
            (_, Kind::Weekly) => Some(format!("{} {typed}", self.get("day"))),
            _ => Some(typed),
        }
    }

    fn draft(&self, setting: &Setting) -> SettingDraft {
        SettingDraft {
            setting: setting.id.to_owned(),
            part: self.get("part").to_owned(),
            value: self.value(setting),
            valid_from: self.get("from").to_owned(),
            basis: self.get("basis").to_owned(),
        }
    }
}

async fn one(
    State(state): State<WebState>,
    who: Signed,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    show(state, who, move |desk| page(desk, &id, &Asked { pairs })).await
}

fn page(desk: &Desk, id: &str, asked: &Asked) -> Result<SettingPage, Fault> {
    let text = desk.text;
    let found = setting(id).ok_or(Fault::Nowhere)?;
    let part = match asked.get("part") {
        "" if matches!(found.kind, Kind::Days) => desk.node.this_day().year().to_string(),
        part => part.to_owned(),
    };
    let view = desk.node.setting_view(
        Some(desk.author()),
        &desk.node.org_id(),
        id,
        &part,
        desk.node.this_day(),
    )?;
    let who = match found.levels.contains(&Level::Township) {
        true => text.t("setting-who-townships"),
        false => text.t("setting-who-offices"),
    };
    Ok(SettingPage {
        text,
        shell: desk.shell(Section::Settings)?,
        id: id.to_owned(),
        name: name(&text, found, &part),
        facts: facts(desk, &view),
        whole: match &view.value {
            Some(value @ (SettingValue::Text(_) | SettingValue::Days(_) | SettingValue::Rows(_))) => {
                Some(value.to_string())
            }
            _ => None,
        },
        history: view
            .history
            .iter()
            .map(|stated| version(desk, found, stated))
            .collect(),
        form: if view.writes {
            Some(form(desk, &view, asked)?)
        } else {
            None
        },
        read_only: text.t1("setting-read-only", "who", who),
        part,
    })
}

fn facts(desk: &Desk, view: &SettingView) -> Vec<Fact> {
    let text = &desk.text;
    let mut facts = vec![Fact::new(
        text.t("setting-value"),
        pick(text, of_value(view.setting, view.value.as_ref())),
    )];
    match (&view.by, &view.org) {
        (Some(by), Some(org)) => {
            let since = say::stated_line(text, &by.valid_from.to_string());
            facts.push(Fact::new(text.t("setting-since"), since));
            facts.push(Fact::new(
                text.t("setting-by"),
                say::org_short(text, &desk.directory, org),
            ));
            facts.push(Fact::new(text.t("setting-basis"), by.basis.clone()));
            facts.push(Fact::new(text.t("setting-signed"), by.by.clone()));
        }
        _ => {
            facts.push(Fact::new(text.t("setting-by"), text.t("settings-default")));
            if !view.setting.basis.is_empty() {
                facts.push(Fact::new(text.t("setting-basis"), view.setting.basis));
            }
        }
    }
    facts
}

fn version(desk: &Desk, setting: &Setting, stated: &Stated) -> SettingVersion {
    let text = &desk.text;
    SettingVersion {
        from: say::stated_line(text, &stated.valid_from.to_string()),
        value: stated_words(text, setting, stated),
        org: say::org_by_id(text, &desk.directory, &stated.org),
        by: stated.by.clone(),
        basis: stated.basis.clone(),
        href: format!("/records/{}", stated.record),
    }
}

fn form(desk: &Desk, view: &SettingView, asked: &Asked) -> Result<SettingForm, Fault> {
    let text = desk.text;
    let draft = asked.draft(view.setting);
    let (mut plan, mut refused) = (None, None);
    if asked.begun() {
        match desk.node.plan_setting(desk.author(), &draft) {
            Ok(made) => plan = Some(made),
            Err(ServiceError::Setting(error)) => refused = Some(error),
            Err(error) => return Err(error.into()),
        }
    }
    let at = |place: &str, value: &str| Field {
        value: value.to_owned(),
        error: refused
            .as_ref()
            .filter(|error| place_of(error) == place)
            .map(|error| wrong(&text, error.clone())),
    };
    let written = match (asked.begun(), &view.value) {
        (true, _) => draft.value.clone().unwrap_or_default(),
        (false, Some(value)) => value.to_string(),
        (false, None) => String::new(),
    };
    let mode = if asked.get("mode") == "above" {
        "above"
    } else {
        "own"
    };
    let choice = |id: &str, label: String, chosen: bool| Choice {
        value: id.to_owned(),
        label,
        chosen,
    };
    let says = plan.as_ref().map_or_else(Vec::new, |plan| says(desk, plan));
    let from = match asked.get("from") {
        "" => desk.node.this_day().plus_days(1).to_string(),
        from => from.to_owned(),
    };
    Ok(SettingForm {
        modes: vec![
            choice("own", text.t("setting-mode-own"), mode == "own"),
            choice("above", text.t("setting-mode-above"), mode == "above"),
        ],
        input: input(&text, view.setting, &written),
        value: at("value", &written),
        from: at("from", &from),
        basis: at("basis", asked.get("basis")),
        error: refused
            .as_ref()
            .filter(|error| place_of(error).is_empty())
            .map(|error| wrong(&text, error.clone())),
        warns: plan.as_ref().map_or_else(Vec::new, |plan| warns(desk, plan)),
        sign: plan.is_some().then(|| asked.pairs.clone()),
        says,
    })
}

/// The input at which something is mended.
fn place_of(error: &SettingError) -> &'static str {
    match error {
        SettingError::Value { .. } => "value",
        SettingError::Day => "from",
        SettingError::Basis => "basis",
        SettingError::Unknown(_) | SettingError::Part | SettingError::NotYours(_) | SettingError::Same => "",
    }
}

fn input(text: &Text, setting: &Setting, written: &str) -> SettingInput {
    let choice = |id: &str, words: Words, chosen: &str| Choice {
        value: id.to_owned(),
        label: pick(text, words),
        chosen: id == chosen,
    };
    match setting.kind {
        Kind::Switch => SettingInput::Choices(
            [true, false]
                .map(|on| {
                    let value = SettingValue::Switch(on);
                    choice(&value.to_string(), of_value(setting, Some(&value)), written)
                })
                .to_vec(),
        ),
        Kind::Choice(choices) => SettingInput::Choices(
            choices
                .iter()
                .map(|one| {
                    choice(
                        one.id,
                        Words {
                            zh: one.zh.into(),
                            en: one.en.into(),
                        },
                        written,
                    )
                })
                .collect(),
        ),
        Kind::Number { min, max, unit } => SettingInput::Number {
            min,
            max,
            unit: pick(
                text,
                Words {
                    zh: unit.0.into(),
                    en: unit.1.into(),
                },
            ),
        },
        Kind::Period { units, .. } => {
            let period = Period::parse(written);
            let chosen = period.map_or(units[0], |period| period.unit);
            let unit = |unit: &PeriodUnit| {
                let (zh, en) = unit.words();
                choice(
                    unit.as_str(),
                    Words {
                        zh: zh.into(),
                        en: en.into(),
                    },
                    chosen.as_str(),
                )
            };
            let typed = written.split(' ').next().unwrap_or_default();
            SettingInput::Period {
                count: typed.to_owned(),
                units: units.iter().map(unit).collect(),
            }
        }
        Kind::Weekly => {
            let weekly = Weekly::parse(written);
            let chosen = weekly.map_or(Weekday::Friday, |weekly| weekly.day);
            let day = |day: Weekday| Choice {
                value: day.as_str().to_owned(),
                label: weekday(text, day),
                chosen: day == chosen,
            };
            SettingInput::Weekly {
                days: Weekday::ALL.map(day).to_vec(),
                time: written
                    .split_once(' ')
                    .map_or_else(String::new, |(_, time)| time.to_owned()),
            }
        }
        Kind::Text => SettingInput::Lines {
            hint: String::new(),
            rows: 6,
        },
        Kind::Days => SettingInput::Lines {
            hint: text.t("setting-days-hint"),
            rows: 14,
        },
        Kind::Rows(columns) => {
            let names = columns.iter().map(|column| {
                pick(
                    text,
                    Words {
                        zh: column.zh.into(),
                        en: column.en.into(),
                    },
                )
            });
            let names = names.collect::<Vec<_>>().join(" | ");
            SettingInput::Lines {
                hint: text.t1("setting-rows-hint", "columns", names),
                rows: 20,
            }
        }
    }
}

/// The day of the week, as [`of_value`] has it before the time.
fn weekday(text: &Text, day: Weekday) -> String {
    let setting = setting("deadline.friday_summary");
    let words = setting.map(|setting| {
        pick(
            text,
            of_value(setting, Some(&SettingValue::Weekly(Weekly { day, minute: 0 }))),
        )
    });
    words
        .and_then(|words| words.split(' ').next().map(str::to_owned))
        .unwrap_or_default()
}

/// What a value would do, in sentences.
fn says(desk: &Desk, plan: &SettingPlan) -> Vec<String> {
    let text = &desk.text;
    let day = |day: Day| say::stated_line(text, &day.to_string());
    let (before, after) = (pick(text, plan.before.clone()), pick(text, plan.after.clone()));
    let from = day(plan.valid_from);
    let mut says = vec![text.with(
        "setting-from-to",
        &[("day", &from), ("after", &after), ("before", &before)],
    )];
    for effect in &plan.effects {
        says.push(match effect {
            Effect::Due { start, before, after } if before == after => text.with(
                "setting-due-same",
                &[("start", &day(*start)), ("after", &day(*after))],
            ),
            Effect::Due { start, before, after } => text.with(
                "setting-due",
                &[
                    ("start", &day(*start)),
                    ("after", &day(*after)),
                    ("before", &day(*before)),
                ],
            ),
            Effect::Works { day: at, works: true } => text.t1("setting-works", "day", day(*at)),
            Effect::Works {
                day: at,
                works: false,
            } => text.t1("setting-rests", "day", day(*at)),
            Effect::More(days) => text.n("setting-more", days),
            Effect::Rows { added, gone } => text.t2("setting-rows", "added", added, "gone", gone),
        });
    }
    says.push(text.t1("setting-before-stays", "day", &from));
    if !plan.apart.is_empty() {
        let names = plan
            .apart
            .iter()
            .map(|org| say::org_short(text, &desk.directory, org));
        says.push(text.t1("setting-apart", "orgs", say::list(text, names)));
    }
    says
}

/// What must be looked at twice.
fn warns(desk: &Desk, plan: &SettingPlan) -> Vec<String> {
    let text = &desk.text;
    let day = |day: Day| say::stated_line(text, &day.to_string());
    let over = plan
        .over
        .as_ref()
        .map(|org| text.t1("setting-over", "org", say::org_short(text, &desk.directory, org)));
    let until = plan
        .until
        .map(|until| text.t1("setting-until", "day", day(until)));
    let past = plan.is_past.then(|| text.t("setting-past"));
    [over, until, past].into_iter().flatten().collect()
}

async fn state_one(State(state): State<WebState>, Path(id): Path<String>, deed: Deed) -> Response {
    let Deed { mut who, form } = deed;
    let text = who.visitor.text;
    let Some(found) = setting(&id) else {
        return answer::refuse(state, who.visitor, Fault::Nowhere).await;
    };
    let asked = Asked {
        pairs: form
            .pairs()
            .filter(|(name, _)| *name != "csrf")
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    };
    let draft = asked.draft(found);
    let (node, author) = (state.node.clone(), who.session.author.clone());
    let runtime = tokio::runtime::Handle::current();
    let watch = live::Watch::new(&state);
    let written = answer::work(move || runtime.block_on(node.state_setting(&author, &draft))).await;
    match written {
        Ok(written) => {
            watch.until_shown(&written.record).await;
            who.session.say(Notice {
                tone: Tone::Good,
                say: text.t("setting-done"),
                link: None,
            });
            let part = asked.get("part");
            let part = if part.is_empty() {
                String::new()
            } else {
                format!("?part={}", super::request::escape(part))
            };
            answer::onward(&format!("/settings/{id}{part}"))
        }
        Err(ServiceError::Setting(_)) => {
            who.visitor.here = format!("/settings/{id}");
            show_as(StatusCode::UNPROCESSABLE_ENTITY, state, who, move |desk| {
                page(desk, &id, &asked)
            })
            .await
        }
        Err(error) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
    }
}
