//! Settings: what applies, since when and by whose word, and stating another value.

use askama::Template;

use super::{Choice, Fact, Field, Shell};
use crate::web::i18n::Text;

/// `GET /settings`: everything that applies to this node's org on a day.
#[derive(Template)]
#[template(path = "settings.html")]
pub struct SettingsPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The date of the event, `YYYY-MM-DD`.
    pub on: Field,
    /// The settings by group.
    pub groups: Vec<SettingGroup>,
    /// Settings of a newer version that are kept here.
    pub unknown: usize,
}

impl SettingsPage {
    fn title(&self) -> String {
        let rows = || self.groups.iter().flat_map(|group| &group.rows);
        let own = rows().filter(|row| !row.since.is_empty()).count();
        match own {
            0 => self.text.n("settings-title-default", rows().count()),
            own => self
                .text
                .t2("settings-title", "count", rows().count(), "own", own),
        }
    }
}

/// Settings that belong together.
#[derive(Debug, Clone)]
pub struct SettingGroup {
    /// Its id, an anchor.
    pub id: &'static str,
    /// Its name.
    pub label: String,
    /// Its settings.
    pub rows: Vec<SettingRow>,
}

/// A setting in a list.
#[derive(Debug, Clone)]
pub struct SettingRow {
    /// Its page.
    pub href: String,
    /// Its name, with the year of a calendar.
    pub name: String,
    /// What applies, on one line.
    pub value: String,
    /// Since when; empty for the default.
    pub since: String,
    /// Whose word it is.
    pub by: String,
    /// That it is to change, and when.
    pub coming: Option<String>,
}

/// `GET /settings/{id}`: one setting, and what stating another value would do; `POST` signs it.
#[derive(Template)]
#[template(path = "setting.html")]
pub struct SettingPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The setting.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The year of a calendar; else empty.
    pub part: String,
    /// What applies now.
    pub facts: Vec<Fact>,
    /// The whole value, where it is longer than a line.
    pub whole: Option<String>,
    /// Everything that was ever stated, the newest first.
    pub history: Vec<SettingVersion>,
    /// The form, for whoever may state it.
    pub form: Option<SettingForm>,
    /// Who states it, for everybody else.
    pub read_only: String,
}

/// A value that somebody stated.
#[derive(Debug, Clone)]
pub struct SettingVersion {
    /// From which day on.
    pub from: String,
    /// The value on one line.
    pub value: String,
    /// Which org.
    pub org: String,
    /// Who signed, and on what basis.
    pub by: String,
    /// The basis.
    pub basis: String,
    /// The record with its proof.
    pub href: String,
}

/// The form of a setting.
#[derive(Debug, Clone)]
pub struct SettingForm {
    /// `mode`: `own` or `above`.
    pub modes: Vec<Choice>,
    /// What the value is typed into.
    pub input: SettingInput,
    /// `value`, or what stands for it.
    pub value: Field,
    /// `from`.
    pub from: Field,
    /// `basis`.
    pub basis: Field,
    /// What is wrong with the whole.
    pub error: Option<String>,
    /// Sentences: what it would do; none before anything was asked for.
    pub says: Vec<String>,
    /// What must be looked at twice.
    pub warns: Vec<String>,
    /// What the form that signs sends again, once all is filled in.
    pub sign: Option<Vec<(String, String)>>,
}

/// What a value is typed into.
#[derive(Debug, Clone)]
pub enum SettingInput {
    /// One of these.
    Choices(Vec<Choice>),
    /// A whole number between bounds, with its unit.
    Number {
        /// The smallest.
        min: i64,
        /// The greatest.
        max: i64,
        /// What is counted.
        unit: String,
    },
    /// A number and its unit.
    Period {
        /// The number.
        count: String,
        /// `unit`.
        units: Vec<Choice>,
    },
    /// A day of the week and a time.
    Weekly {
        /// `day`.
        days: Vec<Choice>,
        /// `time`.
        time: String,
    },
    /// Words, days or rows, with a hint.
    Lines {
        /// How to write them.
        hint: String,
        /// Lines shown.
        rows: usize,
    },
}
