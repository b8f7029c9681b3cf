//! The list of a ledger as a table for a spreadsheet.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use lianzhan_protocol::record::ledger::Field;

use super::list::cell;
use crate::services::desk::RowState;
use crate::services::ledger::{Asked, book};
use crate::services::query::Table;
use crate::web::WebState;
use crate::web::answer::{self, Desk, Fault};
use crate::web::request::Signed;
use crate::web::say;

/// Rows that are read at a time; few in tests, where tables have few.
const ROWS: u64 = if cfg!(test) { 2 } else { 10_000 };

pub(super) fn router() -> Router<WebState> {
    Router::new().route("/ledgers/{ledger}/csv", get(export))
}

async fn export(
    State(state): State<WebState>,
    who: Signed,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let (kept, visitor) = (state.clone(), who.visitor.clone());
    let name = format!("{id}.csv");
    let made = answer::desk(state, who, move |desk| table(desk, &id, pairs)).await;
    match made {
        Ok(table) => answer::file(&name, "text/csv; charset=utf-8", table.to_csv()).into_response(),
        Err(fault) => answer::refuse(kept, visitor, fault).await,
    }
}

fn table(desk: &Desk, id: &str, pairs: Vec<(String, String)>) -> Result<Table, Fault> {
    let (text, ledger) = (desk.text, book(id)?);
    let asked = Asked::new(pairs);
    let mut rows = Vec::new();
    loop {
        let (some, _) = desk.node.list(ledger, &asked, rows.len() as u64, ROWS)?;
        let last = (some.len() as u64) < ROWS;
        rows.extend(some);
        if last {
            break;
        }
    }
    let shown = |field: &&Field| field.kind != lianzhan_protocol::record::ledger::FieldKind::Blob;
    let fields: Vec<&Field> = ledger.fields.iter().filter(shown).collect();
    let head = [text.t("col-station")].into_iter();
    let rows = rows.iter().map(|row| {
        let state = RowState::of(row);
        let owner = say::org_by_id(&text, &desk.directory, &row.owner);
        std::iter::once(owner.into())
            .chain(fields.iter().map(|field| cell(desk, field, &state).into()))
            .collect()
    });
    Ok(Table {
        view: ledger.id.clone(),
        as_of: std::collections::BTreeMap::new(),
        rows: rows.collect(),
        columns: head
            .chain(fields.iter().map(|field| say::label(&text, field)))
            .collect(),
    })
}
