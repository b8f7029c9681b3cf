//! Changes of orgs: those that are known, and stating another one.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use lianzhan_protocol::id::StatementId;
use lianzhan_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::request::{Body, Passphrase};
use super::{ApiState, Problem};
use crate::services::orgs::{Becoming, OrgChangeDraft, OrgChangeShown, parse_hands};
use crate::services::renew::parse_since;

pub(super) fn router() -> Router<ApiState> {
    Router::new().route("/org-changes", get(list).post(state))
}

async fn list(State(state): State<ApiState>) -> Json<Vec<OrgChangeShown>> {
    Json(state.node.org_changes())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// Opens the authority key of this node's org, which stands above the other.
    passphrase: Passphrase,
    /// The org that changes: an id or a division code.
    org: String,
    /// The parent that it gets. Either this or `successors`.
    parent: Option<String>,
    /// Its division code there.
    code: Option<String>,
    /// Its Chinese name there.
    name_zh: Option<String>,
    /// Its English name there.
    name_en: Option<String>,
    /// Who goes on where it is no more: one for a merger, several for a split.
    #[serde(default)]
    successors: Vec<String>,
    /// The day from which it holds in law.
    from: String,
    /// By which decision.
    words: String,
    /// Audiences whose spaces are handed over.
    #[serde(default)]
    hands: Vec<String>,
}

#[derive(Serialize)]
struct Stated {
    statements: Vec<StatementId>,
}

async fn state(
    State(state): State<ApiState>,
    Body(body): Body<Change>,
) -> Result<(StatusCode, Json<Stated>), Problem> {
    let (node, passphrase) = (state.node.clone(), body.passphrase.0.clone());
    let becomes = match &body.parent {
        Some(parent) if body.successors.is_empty() => Becoming::Moved {
            parent: node.org_named(parent)?,
            code: body.code,
            name_zh: body.name_zh,
            name_en: body.name_en,
        },
        None if !body.successors.is_empty() => {
            let by = body.successors.iter().map(|text| node.org_named(text));
            Becoming::Succeeded(by.collect::<Result<_, _>>()?)
        }
        _ => {
            return Err(Problem::request(
                "either parent or successors says what becomes of the org",
            ));
        }
    };
    let draft = OrgChangeDraft {
        org: node.org_named(&body.org)?,
        becomes,
        from: Timestamp::from_seconds(parse_since(&body.from)?),
        words: body.words,
        hands: body
            .hands
            .iter()
            .map(|id| parse_hands(id))
            .collect::<Result<_, _>>()?,
    };
    let stated = state.door.with_authority(move || {
        let authority = node.unlock_authority(&passphrase)?;
        node.change_org(&authority, &draft)
    });
    let statements = stated.await?;
    Ok((StatusCode::CREATED, Json(Stated { statements })))
}
