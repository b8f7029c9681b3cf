//! The pages of any ledger, made from its definition: all ledgers, the list of one, the form of a record, and what was typed
//! and not sent. Knows no ledger by name.

mod anew;
mod book;
mod books;
mod define;
mod entry;
mod form;
mod import;
mod list;
mod table;
mod typing;

use axum::Router;

pub(super) use anew::offered as anew_offered;
pub(super) use import::Job;
pub(super) use list::{fill_link, words};
pub(super) use typing::rows as typing_rows;

use super::WebState;

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .merge(books::router())
        .merge(book::router())
        .merge(define::router())
        .merge(list::router())
        .merge(table::router())
        .merge(import::router())
        .merge(entry::router())
        .merge(anew::router())
        .merge(typing::router())
}
