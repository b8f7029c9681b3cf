//! The pages of any ledger, made from its definition: all ledgers, the list of one, the form of a record, and what was typed
//! and not sent. Knows no ledger by name.

mod books;
mod csv;
mod entry;
mod form;
mod list;
mod typing;

use axum::Router;

pub(super) use list::{fill_link, words};
pub(super) use typing::rows as typing_rows;

use super::WebState;

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .merge(books::router())
        .merge(list::router())
        .merge(csv::router())
        .merge(entry::router())
        .merge(typing::router())
}
