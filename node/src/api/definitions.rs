//! Ledgers and fields that a county or city adds, as definitions in TOML; what they come to is told first.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::act::{act, blocking, created};
use super::org::OrgJson;
use super::request::{Body, Passphrase};
use super::{ApiState, Problem};
use crate::services::definitions::{Adds, DefinitionDraft, DefinitionPlan};
use crate::services::ledger::schema;
use crate::services::{Node, ServiceError};

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/definitions", get(list).post(add))
        .route("/definitions/{ledger}/fields", post(extend))
}

/// A definition that an org added.
#[derive(Serialize)]
pub struct DefinitionJson {
    /// The hash that records name it by.
    definition: String,
    ledger: String,
    zh: String,
    en: String,
    /// The definition to which it adds fields.
    base: Option<String>,
    org: Option<OrgJson>,
    version: i64,
    record: String,
    fields: Vec<String>,
}

/// What orgs added, as far as it is here.
#[derive(Serialize)]
pub struct DefinitionsJson {
    definitions: Vec<DefinitionJson>,
    /// Records whose definitions add to something that is not here.
    waiting: Vec<String>,
}

/// What orgs added.
pub fn all(node: &Node) -> DefinitionsJson {
    let (registry, directory) = (node.registry(), node.directory());
    let known = registry.definitions().all().map(|known| {
        let base = known.base.and_then(|base| registry.definition(&base));
        let is_new = |id: &&str| base.is_none_or(|base| base.field(id).is_none());
        let fields = known.ledger.fields.iter().map(|field| field.id.as_str());
        DefinitionJson {
            definition: known.hash.to_string(),
            ledger: known.ledger.id.clone(),
            zh: known.ledger.zh.clone(),
            en: known.ledger.en.clone(),
            base: known.base.map(|hash| hash.to_string()),
            org: directory.org(&known.org).map(OrgJson::from),
            version: known.version,
            record: known.record.to_string(),
            fields: fields.filter(is_new).map(str::to_owned).collect(),
        }
    });
    let mut definitions: Vec<DefinitionJson> = known.collect();
    definitions.sort_by(|a, b| (&a.ledger, a.version).cmp(&(&b.ledger, b.version)));
    let waiting = registry.definitions().waiting().iter().map(ToString::to_string);
    DefinitionsJson {
        definitions,
        waiting: waiting.collect(),
    }
}

async fn list(State(state): State<ApiState>) -> Result<Json<DefinitionsJson>, Problem> {
    Ok(Json(blocking(&state, |node| Ok(all(node))).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    login: String,
    passphrase: Passphrase,
    /// A definition in TOML, with short names; of fields alone `[[fields]]`.
    definition: String,
    basis: String,
    /// Tells what it would come to, and signs nothing.
    #[serde(default)]
    preview: bool,
}

/// What a definition would come to.
#[derive(Serialize)]
pub struct PlanJson {
    ledger: String,
    new: Vec<String>,
    schema: serde_json::Value,
}

impl From<DefinitionPlan> for PlanJson {
    fn from(plan: DefinitionPlan) -> Self {
        PlanJson {
            schema: schema(&plan.ledger),
            ledger: plan.ledger.id,
            new: plan.new,
        }
    }
}

async fn add(State(state): State<ApiState>, Body(sent): Body<Sent>) -> Result<Response, Problem> {
    let adds = Adds::ledger_of_toml(&sent.definition).map_err(ServiceError::from)?;
    write(&state, sent, adds).await
}

async fn extend(
    State(state): State<ApiState>,
    Path(ledger): Path<String>,
    Body(sent): Body<Sent>,
) -> Result<Response, Problem> {
    let adds = Adds::fields_of_toml(&ledger, &sent.definition).map_err(ServiceError::from)?;
    write(&state, sent, adds).await
}

async fn write(state: &ApiState, sent: Sent, adds: Adds) -> Result<Response, Problem> {
    let draft = DefinitionDraft {
        adds,
        basis: sent.basis,
    };
    if sent.preview {
        let plan = act(
            state,
            &sent.login,
            sent.passphrase.0,
            async move |node, author| node.plan_definition(author, &draft),
        );
        return Ok((StatusCode::OK, Json(PlanJson::from(plan.await?))).into_response());
    }
    let written = act(
        state,
        &sent.login,
        sent.passphrase.0,
        async move |node, author| node.define(author, &draft).await,
    );
    Ok(created(&written.await?))
}
