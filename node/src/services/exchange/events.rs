//! The events of a record as rows: who did what, when, as what, and whether it has effect. How they are taken in says
//! [`super::acts`].

use lianzhan_protocol::record::{Confirmed, Event, EventKind, Right};
use lianzhan_protocol::trust::{Directory, Level, Role};

use super::Words;
use super::columns::{RECORD, folded};
use super::read::bytes;
use crate::export::{Cell, Column, Width};
use crate::services::{Node, RecordRow};

/// What a column of a table of events says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// The record's id.
    Record,
    /// The org that it belongs to, for people to read.
    Owner,
    /// What the record is about, for people to read.
    Title,
    /// The kind of event.
    Kind,
    /// When it happened.
    Happened,
    /// Who did it.
    By,
    /// In what capacity.
    As,
    /// Of which org.
    Of,
    /// What it says beyond its kind.
    What,
    /// Whether it has effect.
    Effect,
    /// The change that wrote it.
    Change,
}

/// The columns of a table of events, each with its headings.
pub(super) const COLUMNS: [(Says, &str, &str, Width); 11] = [
    (Says::Record, RECORD, RECORD, Width::Line),
    (Says::Owner, "所属单位", "Owner", Width::Line),
    (Says::Title, "内容", "Record", Width::Wide),
    (Says::Kind, "事件", "Event", Width::Narrow),
    (Says::Happened, "发生时间", "Happened", Width::Line),
    (Says::By, "何人", "By", Width::Narrow),
    (Says::As, "身份", "As", Width::Line),
    (Says::Of, "单位", "Of", Width::Line),
    (Says::What, "说明", "What", Width::Wide),
    (Says::Effect, "是否生效", "In effect", Width::Narrow),
    (Says::Change, "变更编号", "Change", Width::Line),
];

/// What the sheet of events of a workbook is called.
pub(super) const fn sheet_name(words: Words) -> &'static str {
    match words {
        Words::Zh => "事件",
        Words::En => "Events",
    }
}

/// Yes or no, as the column of effects has it.
pub(super) const fn effect_name(has: bool, words: Words) -> &'static str {
    match (has, words) {
        (true, Words::Zh) => "是",
        (false, Words::Zh) => "否",
        (true, Words::En) => "yes",
        (false, Words::En) => "no",
    }
}

/// The columns of a table of events.
pub(super) fn columns(words: Words) -> Vec<Column> {
    let column = |(_, zh, en, width): (Says, &str, &str, Width)| Column {
        heading: match words {
            Words::Zh => zh.to_owned(),
            Words::En => en.to_owned(),
        },
        width,
        text: true,
    };
    COLUMNS.map(column).to_vec()
}

impl Node {
    /// A row for each event of a record.
    pub(super) fn event_rows(&self, row: &RecordRow, words: Words, owner: &str) -> Vec<Vec<Cell>> {
        let state: serde_json::Value = serde_json::from_str(&row.state).unwrap_or_default();
        let directory = self.directory();
        let events = state["events"].as_array().into_iter().flatten();
        events
            .map(|event| {
                let said = |json: &serde_json::Value| json.as_str().unwrap_or_default().to_owned();
                let body = bytes(event["body"].as_str().unwrap_or_default());
                let body = body.and_then(|body| Event::parse(&body).ok());
                let happened = body
                    .as_ref()
                    .and_then(Event::happened)
                    .map_or(Cell::Empty, stated);
                let by = &event["by"];
                let roles = by["roles"].as_array().into_iter().flatten();
                let roles: Vec<String> = roles
                    .filter_map(|role| role.as_str())
                    .map(|role| role_name(role, words))
                    .collect();
                let org = by["org"]
                    .as_str()
                    .map(|id| org_name(&directory, id, words))
                    .unwrap_or_default();
                let kind = body.as_ref().map_or_else(
                    || said(&event["kind"]),
                    |body| kind_name(body.kind(), words).to_owned(),
                );
                let effect = effect_name(event["ineffective"].is_null(), words);
                let text = |text: String| {
                    if text.is_empty() {
                        Cell::Empty
                    } else {
                        Cell::Text(text)
                    }
                };
                vec![
                    text(row.record.to_string()),
                    text(owner.to_owned()),
                    text(row.title.clone()),
                    text(kind),
                    happened,
                    text(said(&by["name"])),
                    text(roles.join(if words == Words::Zh { "、" } else { ", " })),
                    text(org),
                    text(
                        body.map(|body| what(&body, &directory, words))
                            .unwrap_or_default(),
                    ),
                    text(effect.to_owned()),
                    text(said(&event["change"])),
                ]
            })
            .collect()
    }
}

fn stated(at: &str) -> Cell {
    match at.strip_suffix("+08:00") {
        Some(time) => time
            .parse()
            .map_or_else(|_| Cell::Text(at.to_owned()), Cell::Time),
        None => at.parse().map_or_else(|_| Cell::Text(at.to_owned()), Cell::Date),
    }
}

/// What a kind of event is called.
pub(super) fn kind_name(kind: EventKind, words: Words) -> &'static str {
    let (zh, en) = match kind {
        EventKind::Register => ("登记", "Registered"),
        EventKind::SignIn => ("签到", "Signed in"),
        EventKind::LogLine => ("活动记录", "Log"),
        EventKind::Seal => ("封签", "Sealed"),
        EventKind::Adopt => ("追认", "Adopted"),
        EventKind::Correct => ("更正", "Corrected"),
        EventKind::Confirm => ("确认", "Confirmed"),
        EventKind::Clear => ("放行", "Cleared"),
        EventKind::SignInFor => ("代录签到", "Sign-in recorded"),
        EventKind::ConfirmFor => ("代录确认", "Confirmation recorded"),
    };
    match words {
        Words::Zh => zh,
        Words::En => en,
    }
}

/// The kind that is called so in either language, or by programs.
pub(super) fn kind_called(name: &str) -> Option<EventKind> {
    let called = |kind: &EventKind| {
        [Words::Zh, Words::En]
            .iter()
            .any(|words| folded(kind_name(*kind, *words)) == folded(name))
    };
    EventKind::parse(name).or_else(|| EventKind::ALL.into_iter().find(called))
}

/// What an event says beyond its kind.
pub(super) fn what(event: &Event, directory: &Directory, words: Words) -> String {
    match event {
        Event::Register { .. } => String::new(),
        Event::SignIn { deputy, level, .. } => format!("{deputy} {}", level_name(*level, words)),
        Event::LogLine { text, .. } => text.clone(),
        Event::Seal {
            level, org, digest, ..
        } => {
            let org = org_name(directory, &org.to_string(), words);
            format!("{} {org} {digest}", level_name(*level, words))
        }
        Event::Adopt { changes } => {
            let ids: Vec<String> = changes.iter().map(ToString::to_string).collect();
            ids.join(" ")
        }
        Event::Correct { of, reason, right } => match right {
            Right::Nothing => format!("{of} {reason}"),
            Right::Said { happened, text } => {
                format!("{of} {reason} {happened} {}", text.as_deref().unwrap_or_default())
                    .trim_end()
                    .to_owned()
            }
        },
        Event::Confirm { of } => of_what(of),
        Event::SignInFor {
            actor,
            level,
            evidence,
            ..
        } => format!(
            "{} {} {} {evidence}",
            actor.name,
            actor.office,
            level_name(*level, words)
        ),
        Event::ConfirmFor {
            of, actor, evidence, ..
        } => format!("{} {} {} {evidence}", actor.name, actor.office, of_what(of)),
        Event::Clear { key, note, .. } => format!("{key} {note}"),
    }
}

fn of_what(of: &Confirmed) -> String {
    match of {
        Confirmed::Record { digest, .. } => digest.to_string(),
        Confirmed::Event { event } => event.to_string(),
    }
}

fn org_name(directory: &Directory, id: &str, words: Words) -> String {
    let org = lianzhan_protocol::id::OrgId::parse(id).and_then(|id| directory.org(&id));
    org.map_or_else(
        || id.to_owned(),
        |org| match words {
            Words::Zh => org.name_zh.clone(),
            Words::En => org.name_en.clone(),
        },
    )
}

pub(super) fn level_name(level: Level, words: Words) -> String {
    match words {
        Words::Zh => match level {
            Level::National => "全国",
            Level::Province => "省级",
            Level::City => "市级",
            Level::County => "县级",
            Level::Township => "乡镇",
            Level::Street => "街道",
            Level::Station => "联络站",
        }
        .to_owned(),
        Words::En => level.as_str().to_owned(),
    }
}

fn role_name(role: &str, words: Words) -> String {
    match (words, Role::parse(role)) {
        (Words::Zh, Some(role)) => role.zh().to_owned(),
        (Words::En, Some(role)) => role.en().to_owned(),
        (_, None) => role.to_owned(),
    }
}
