//! Every part in every state, and every page with invented data in states that are rare, for whoever works on pages. Only in
//! programs built for development: no station has it.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::page::sample::{Look, pages};
use super::request::Signed;
use super::{WebState, answer};

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/look", get(parts))
        .route("/look/{page}", get(page))
}

async fn parts(state: State<WebState>, who: Signed) -> Response {
    page(state, who, Path("parts".to_owned())).await
}

async fn page(State(state): State<WebState>, who: Signed, Path(name): Path<String>) -> Response {
    let visitor = who.visitor;
    let look = Look {
        lang: visitor.text.lang,
        looks: visitor.looks,
    };
    let Ok(pages) = pages(look) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    match pages.into_iter().find(|(known, _)| *known == name) {
        // What is invented must not be replaced by what this node has.
        Some((_, html)) => {
            let still = html
                .replace(" data-live=", " data-invented=")
                .replace(" data-again=", " data-invented=");
            Html(still).into_response()
        }
        None => answer::nowhere(State(state), visitor).await,
    }
}
