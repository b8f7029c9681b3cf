//! Every ledger that this node's org keeps or holds.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use lianzhan_protocol::trust::Audience;

use super::typing;
use crate::services::ledger::Book;
use crate::web::WebState;
use crate::web::answer::{Desk, Fault, Page, show};
use crate::web::i18n::Text;
use crate::web::page::{BookGroup, BookRow, LedgersPage, Link, Section};
use crate::web::request::Signed;
use crate::web::say;

pub(super) fn router() -> Router<WebState> {
    Router::new().route("/ledgers", get(books))
}

impl Page for LedgersPage {}

async fn books(State(state): State<WebState>, who: Signed) -> Response {
    show(state, who, page).await
}

fn page(desk: &Desk) -> Result<LedgersPage, Fault> {
    let text = desk.text;
    let books = desk.node.books(desk.author())?;
    let (own, held): (Vec<&Book>, Vec<&Book>) = books.iter().partition(|book| book.writes);
    let mut groups = vec![BookGroup {
        label: text.t("ledgers-own"),
        hint: text.t("ledgers-own-hint"),
        rows: own.iter().map(|book| row(&text, book)).collect(),
    }];
    for audience in [
        Audience::City,
        Audience::County,
        Audience::Township,
        Audience::Local,
        Audience::Notice,
        Audience::Joint,
        Audience::Summary,
        Audience::Directory,
    ] {
        let rows = held.iter().filter(|book| book.ledger.audience == audience);
        groups.push(BookGroup {
            label: travels(&text, audience),
            hint: String::new(),
            rows: rows.map(|book| row(&text, book)).collect(),
        });
    }
    groups.retain(|group| !group.rows.is_empty());
    Ok(LedgersPage {
        text,
        shell: desk.shell(Section::Ledgers)?,
        groups,
        conflicts: match desk.node.conflicted(0, 0)?.1 {
            0 => None,
            count => Some(Link {
                href: "/conflicts".into(),
                label: text.n("conflicts-link", count),
            }),
        },
        typing: typing::rows(desk, None)?,
    })
}

/// How far the records of a ledger go.
pub(super) fn travels(text: &Text, audience: Audience) -> String {
    match audience {
        Audience::Local => text.t("travels-local"),
        Audience::Township => text.t("travels-township"),
        Audience::County => text.t("travels-county"),
        Audience::City => text.t("travels-city"),
        Audience::Summary => text.t("travels-summary"),
        Audience::Notice => text.t("travels-notice"),
        Audience::Directory => text.t("travels-directory"),
        Audience::Joint => text.t("travels-joint"),
    }
}

fn row(text: &Text, book: &Book) -> BookRow {
    let (id, figures) = (&book.ledger.id, &book.figures);
    BookRow {
        id: id.clone(),
        name: say::ledger(text, book.ledger),
        href: format!("/ledgers/{id}"),
        records: figures.records,
        own: figures.own,
        incomplete: figures.incomplete,
        incomplete_href: format!("/ledgers/{id}?missing=1"),
        new: book.writes.then(|| format!("/ledgers/{id}/new")),
    }
}
