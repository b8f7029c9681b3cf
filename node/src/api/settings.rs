//! Settings: what applies to an org on a day and why, and stating another value, with what that would do told first.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::settings::{Day, Stated};
use serde::{Deserialize, Serialize};

use super::act::{act, blocking, created};
use super::org::OrgJson;
use super::request::{Body, Passphrase, Query};
use super::{ApiState, Problem};
use crate::services::settings::{Effect, SettingDraft, SettingError, SettingPlan, SettingView, of_value};
use crate::services::{Node, ServiceError};

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/settings", get(list))
        .route("/settings/{id}", get(show).post(state_one))
}

/// For whom, and when.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The division code or id of an org; this node's where none is named.
    pub org: Option<String>,
    /// The date of the event; today where none is named.
    pub on: Option<String>,
    /// The year of a calendar.
    #[serde(default)]
    pub part: String,
}

impl Wanted {
    fn of(&self, node: &Node) -> Result<(OrgId, Day), ServiceError> {
        let org = match &self.org {
            Some(named) => node.org_named(named)?,
            None => node.org_id(),
        };
        let day = match &self.on {
            Some(day) => Day::parse(day).ok_or(SettingError::Day)?,
            None => node.this_day(),
        };
        Ok((org, day))
    }
}

/// A setting as it stands.
#[derive(Serialize)]
pub struct SettingJson {
    id: &'static str,
    group: &'static str,
    zh: &'static str,
    en: &'static str,
    part: String,
    value: Option<String>,
    value_zh: String,
    value_en: String,
    /// From which day on; absent for the default.
    since: Option<String>,
    /// Whose word it is; absent for the default.
    org: Option<OrgJson>,
    basis: String,
    default: &'static str,
    /// The levels whose orgs may state it.
    levels: Vec<&'static str>,
    history: Vec<StatedJson>,
}

#[derive(Serialize)]
struct StatedJson {
    record: String,
    org: String,
    value: Option<String>,
    valid_from: String,
    basis: String,
    by: String,
}

impl From<&Stated> for StatedJson {
    fn from(stated: &Stated) -> Self {
        StatedJson {
            record: stated.record.to_string(),
            org: stated.org.to_string(),
            value: stated.value.clone(),
            valid_from: stated.valid_from.to_string(),
            basis: stated.basis.clone(),
            by: stated.by.clone(),
        }
    }
}

impl From<&SettingView> for SettingJson {
    fn from(view: &SettingView) -> Self {
        let words = of_value(view.setting, view.value.as_ref());
        SettingJson {
            id: view.setting.id,
            group: view.setting.group.as_str(),
            zh: view.setting.zh,
            en: view.setting.en,
            part: view.part.clone(),
            value: view.value.as_ref().map(ToString::to_string),
            value_zh: words.zh,
            value_en: words.en,
            since: view.by.as_ref().map(|by| by.valid_from.to_string()),
            org: view.org.as_ref().map(OrgJson::from),
            basis: view
                .by
                .as_ref()
                .map_or_else(|| view.setting.basis.to_owned(), |by| by.basis.clone()),
            default: view.setting.default,
            levels: view.setting.levels.iter().map(|level| level.as_str()).collect(),
            history: view.history.iter().map(StatedJson::from).collect(),
        }
    }
}

/// Every setting, for this node.
pub fn all(node: &Node, wanted: &Wanted) -> Result<Vec<SettingJson>, ServiceError> {
    let (org, day) = wanted.of(node)?;
    let views = node.setting_views(None, &org, day)?;
    Ok(views.iter().map(SettingJson::from).collect())
}

/// One of them.
pub fn one(node: &Node, id: &str, wanted: &Wanted) -> Result<SettingJson, ServiceError> {
    let (org, day) = wanted.of(node)?;
    Ok(SettingJson::from(&node.setting_view(
        None,
        &org,
        id,
        &wanted.part,
        day,
    )?))
}

async fn list(
    State(state): State<ApiState>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<SettingJson>>, Problem> {
    Ok(Json(blocking(&state, move |node| all(node, &wanted)).await?))
}

async fn show(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<SettingJson>, Problem> {
    Ok(Json(blocking(&state, move |node| one(node, &id, &wanted)).await?))
}

/// What stating a value would do.
#[derive(Serialize)]
pub struct PlanJson {
    setting: &'static str,
    valid_from: String,
    value: Option<String>,
    before_zh: String,
    before_en: String,
    after_zh: String,
    after_en: String,
    effects: Vec<EffectJson>,
    /// Orgs below that keep their own.
    apart: Vec<OrgJson>,
    /// The org above that decides all the same.
    over: Option<OrgJson>,
    until: Option<String>,
    is_past: bool,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum EffectJson {
    Due {
        start: String,
        before: String,
        after: String,
    },
    Works {
        day: String,
        works: bool,
    },
    More {
        days: usize,
    },
    Rows {
        added: usize,
        gone: usize,
    },
}

impl From<&Effect> for EffectJson {
    fn from(effect: &Effect) -> Self {
        match effect {
            Effect::Due { start, before, after } => EffectJson::Due {
                start: start.to_string(),
                before: before.to_string(),
                after: after.to_string(),
            },
            Effect::Works { day, works } => EffectJson::Works {
                day: day.to_string(),
                works: *works,
            },
            Effect::More(days) => EffectJson::More { days: *days },
            Effect::Rows { added, gone } => EffectJson::Rows {
                added: *added,
                gone: *gone,
            },
        }
    }
}

impl From<SettingPlan> for PlanJson {
    fn from(plan: SettingPlan) -> Self {
        PlanJson {
            setting: plan.setting.id,
            valid_from: plan.valid_from.to_string(),
            value: plan.value,
            before_zh: plan.before.zh,
            before_en: plan.before.en,
            after_zh: plan.after.zh,
            after_en: plan.after.en,
            effects: plan.effects.iter().map(EffectJson::from).collect(),
            apart: plan.apart.iter().map(OrgJson::from).collect(),
            over: plan.over.as_ref().map(OrgJson::from),
            until: plan.until.map(|day| day.to_string()),
            is_past: plan.is_past,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    login: String,
    passphrase: Passphrase,
    #[serde(default)]
    part: String,
    /// Null gives the word back to the org above.
    value: Option<String>,
    valid_from: String,
    basis: String,
    /// Tells what it would do, and signs nothing.
    #[serde(default)]
    preview: bool,
}

async fn state_one(
    State(state): State<ApiState>,
    Path(setting): Path<String>,
    Body(asked): Body<Statement>,
) -> Result<Response, Problem> {
    let draft = SettingDraft {
        setting,
        part: asked.part,
        value: asked.value,
        valid_from: asked.valid_from,
        basis: asked.basis,
    };
    if asked.preview {
        let plan = act(
            &state,
            &asked.login,
            asked.passphrase.0,
            async move |node, author| node.plan_setting(author, &draft),
        );
        return Ok((StatusCode::OK, Json(PlanJson::from(plan.await?))).into_response());
    }
    let written = act(
        &state,
        &asked.login,
        asked.passphrase.0,
        async move |node, author| node.state_setting(author, &draft).await,
    );
    Ok(created(&written.await?))
}
