//! The events of a record as rows: who did what, when, as what, and whether it has effect. They are signed acts of persons
//! and are not imported.

use lianzhan_protocol::record::{Confirmed, Event, Right};
use lianzhan_protocol::trust::{Directory, Level, Role};

use super::Words;
use super::read::bytes;
use crate::export::{Cell, Column, Width};
use crate::services::{Node, RecordRow};

/// The columns of a table of events.
pub(super) fn columns(words: Words) -> Vec<Column> {
    let all = [
        ("记录编号 Record ID", "记录编号 Record ID", Width::Line),
        ("所属单位", "Owner", Width::Line),
        ("内容", "Record", Width::Wide),
        ("事件", "Event", Width::Narrow),
        ("发生时间", "Happened", Width::Line),
        ("何人", "By", Width::Narrow),
        ("身份", "As", Width::Line),
        ("单位", "Of", Width::Line),
        ("说明", "What", Width::Wide),
        ("是否生效", "In effect", Width::Narrow),
        ("变更编号", "Change", Width::Line),
    ];
    let column = |(zh, en, width): (&str, &str, Width)| Column {
        heading: match words {
            Words::Zh => zh.to_owned(),
            Words::En => en.to_owned(),
        },
        width,
        text: true,
    };
    all.into_iter().map(column).collect()
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
                let kind = body
                    .as_ref()
                    .map_or_else(|| said(&event["kind"]), |body| kind_name(body, words).to_owned());
                let effect = match (event["ineffective"].is_null(), words) {
                    (true, Words::Zh) => "是",
                    (false, Words::Zh) => "否",
                    (true, Words::En) => "yes",
                    (false, Words::En) => "no",
                };
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

fn kind_name(event: &Event, words: Words) -> &'static str {
    let (zh, en) = match event {
        Event::Register { .. } => ("登记", "Registered"),
        Event::SignIn { .. } => ("签到", "Signed in"),
        Event::LogLine { .. } => ("活动记录", "Log"),
        Event::Seal { .. } => ("封签", "Sealed"),
        Event::Adopt { .. } => ("追认", "Adopted"),
        Event::Correct { .. } => ("更正", "Corrected"),
        Event::Confirm { .. } => ("确认", "Confirmed"),
        Event::Clear { .. } => ("放行", "Cleared"),
    };
    match words {
        Words::Zh => zh,
        Words::En => en,
    }
}

/// What an event says beyond its kind.
fn what(event: &Event, directory: &Directory, words: Words) -> String {
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
        Event::Confirm { of } => match of {
            Confirmed::Record { digest, .. } => digest.to_string(),
            Confirmed::Event { event } => event.to_string(),
        },
        Event::Clear { key, note, .. } => format!("{key} {note}"),
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

fn level_name(level: Level, words: Words) -> String {
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
