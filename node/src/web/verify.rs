//! `/verify`: the verifier, for whoever holds a bundle. Nobody signs in and nothing is sent here: the page brings the
//! program and a founding statement to the visitor's device and asks for nothing more.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Query, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use lianzhan_protocol::bundle::BUNDLE_MAX;
use lianzhan_protocol::trust::Role;
use serde::Deserialize;

use super::answer::{self, Fault};
use super::guard::RunsVerifier;
use super::i18n::{Lang, Text};
use super::page::VerifyPage;
use super::request::Visitor;
use super::{WebState, assets, say};
use crate::services::ServiceError;

/// Where the page is; switches lead back here.
const HERE: &str = "/verify";

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route(HERE, get(page))
        .route("/verify/lianzhan_verify.wasm", get(module))
        .route("/verify/founding.cose", get(founding))
}

#[derive(Deserialize)]
struct Wish {
    lang: Option<String>,
}

async fn page(State(state): State<WebState>, mut visitor: Visitor, Query(wish): Query<Wish>) -> Response {
    if wish.lang.is_some() {
        visitor.text = Text::new(Lang::from_cookie(wish.lang.as_deref()));
    }
    visitor.here = HERE.into();
    // The page of a visitor, also for whoever is signed in: it stays silent, and a masthead with news would not.
    visitor.session = None;
    let (kept, looks) = (state.clone(), visitor.clone());
    let made = answer::work(move || {
        let text = visitor.text;
        let directory = state.node.directory();
        let founding = directory.founding();
        let page = VerifyPage {
            text,
            shell: answer::shell(&state, &visitor, None)?,
            module: state
                .verifier
                .map(|_| format!("/verify/lianzhan_verify.wasm?v={}", assets::version())),
            longest: BUNDLE_MAX,
            founding: say::grouped(&founding.id().to_string()),
            root: say::org(&text, &founding.founding().root),
            roles: roles(&text),
        };
        askama::Template::render(&page)
            .map_err(|error| ServiceError::Damaged(format!("the page of the verifier: {error}")))
    });
    match made.await {
        Ok(html) => {
            let mut response = Html(html).into_response();
            response.extensions_mut().insert(RunsVerifier);
            response
        }
        Err(error) => answer::refuse(kept, looks, Fault::Service(error)).await,
    }
}

/// The roles in the visitor's language, by identifier.
fn roles(text: &Text) -> String {
    let named: BTreeMap<&str, String> = Role::ALL
        .iter()
        .map(|role| (role.as_str(), say::role(text, &[*role], None)))
        .collect();
    // Texts by text, so that nothing here can fail to become JSON.
    serde_json::to_string(&named).unwrap_or_default()
}

async fn module(State(state): State<WebState>, query: RawQuery, headers: HeaderMap) -> Response {
    match state.verifier {
        Some(bytes) => assets::kept("application/wasm", bytes, query, &headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What this node trusts, for whoever wants to compare or keep it. Everybody who joins gets it, so it is no secret.
async fn founding(State(state): State<WebState>) -> Response {
    let bytes = state.node.directory().founding().bytes().to_vec();
    answer::file("founding.cose", "application/cose", bytes)
}
