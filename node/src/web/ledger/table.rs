//! A ledger as a table for a spreadsheet, in the form that was asked for.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use lianzhan_protocol::record::ledger::Ledger;

use crate::piped::{Pipe, piped};
use crate::services::ServiceError;
use crate::services::exchange::Export;
use crate::services::ledger::Asked;
use crate::web::WebState;
use crate::web::answer::{self, Desk, Fault};
use crate::web::page::TableForm;
use crate::web::request::Signed;
use crate::web::say;

pub(super) fn router() -> Router<WebState> {
    Router::new().route("/ledgers/{ledger}/table", get(export))
}

/// The form by which a list is asked for as a table.
pub(super) fn form(desk: &Desk, ledger: &Ledger, asked: &Asked, path: &str) -> TableForm {
    let kept = asked.without(&["page", "all"]);
    TableForm {
        action: format!("{path}/table"),
        carried: kept
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect(),
        personal: desk.node.may_see_parts(desk.author(), ledger),
    }
}

async fn export(
    State(state): State<WebState>,
    who: Signed,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let visitor = who.visitor.clone();
    let asked = match (
        state.node.book(&id),
        Export::asked(&id, pairs, say::words(&visitor.text)),
    ) {
        (Err(error), _) => return answer::refuse(state, visitor, Fault::Service(error)).await,
        (Ok(_), None) => return answer::refuse(state, visitor, Fault::Nowhere).await,
        (Ok(_), Some(asked)) => asked,
    };
    let disposition = format!("attachment; filename=\"{}\"", asked.file_name());
    let kind = asked.media_type();
    let (node, session) = (state.node.clone(), who.session);
    let write = move |out: &mut Pipe| {
        node.export(Some(&session.author), &asked, out, |_, _| {})
            .map(drop)
    };
    let broke_off = |error| ServiceError::Damaged(format!("a table broke off: {error}"));
    match piped(write, broke_off).await {
        Ok(table) => {
            let headers = [(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, &disposition)];
            (headers, Body::from_stream(Box::pin(table))).into_response()
        }
        Err(error) => answer::refuse(state, visitor, Fault::Service(error)).await,
    }
}
