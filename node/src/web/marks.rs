//! Changes whose times do not fit, of this node's org and those below it.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use lianzhan_protocol::log::Doubt;

use super::answer::{Desk, Fault, Page, show};
use super::page::{MarkRow, MarksPage, Section};
use super::request::Signed;
use super::{WebState, say};

pub(super) fn router() -> Router<WebState> {
    Router::new().route("/marks", get(marks))
}

impl Page for MarksPage {}

async fn marks(State(state): State<WebState>, who: Signed) -> Response {
    show(state, who, page).await
}

fn page(desk: &Desk) -> Result<MarksPage, Fault> {
    let text = desk.text;
    let rows = desk.node.marks(None)?;
    let row = |mark: crate::services::marks::Mark| MarkRow {
        href: format!("/records/{}", mark.record),
        title: mark.title,
        ledger: desk
            .node
            .ledger(&mark.ledger)
            .map_or_else(|_| mark.ledger.clone(), |ledger| say::ledger(&text, ledger)),
        author: mark.author.unwrap_or_default(),
        recorded: say::clock(&text, mark.recorded),
        witnessed: mark
            .witnessed
            .map(|time| say::clock(&text, time))
            .unwrap_or_default(),
        doubt: match mark.doubt {
            Doubt::Ahead => text.t("marks-ahead"),
            Doubt::Behind => text.t("marks-behind"),
        },
    };
    Ok(MarksPage {
        text,
        shell: desk.shell(Section::Network)?,
        rows: rows.into_iter().map(row).collect(),
    })
}
