//! Views as tables: JSON, or CSV for spreadsheets.

use axum::extract::{Path, State};
use axum::http::HeaderName;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::act::blocking;
use super::request::Query;
use super::{ApiState, Problem};
use crate::services::activity::now_stated;
use crate::services::divisions::Place;
use crate::services::query::Table;

/// How many rows a table lacks because their words are held back.
const HELD: HeaderName = HeaderName::from_static("lianzhan-held");

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/views", get(names))
        .route("/views/{view}", get(table))
        .route("/marks", get(marks))
        .route("/divisions/{code}", get(division))
}

#[derive(Serialize)]
struct Names {
    views: Vec<&'static str>,
}

async fn names(State(state): State<ApiState>) -> Json<Names> {
    Json(Names {
        views: state.node.view_names(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    format: Format,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Json,
    Csv,
}

async fn table(
    State(state): State<ApiState>,
    Path(view): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let out = matches!(asked.format, Format::Csv);
    let table = blocking(&state, move |node| match out {
        true => node.table_to_leave(&view),
        false => Ok((node.table(&view)?, 0)),
    });
    let (table, held) = table.await?;
    let mut answer = answer(table, &asked.format);
    if held > 0 {
        answer.headers_mut().insert(HELD, held.into());
    }
    Ok(answer)
}

/// The days for which a division is asked; today without them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Days {
    on: Option<String>,
    by: Option<String>,
}

async fn division(
    State(state): State<ApiState>,
    Path(code): Path<String>,
    Query(days): Query<Days>,
) -> Result<Json<Option<Place>>, Problem> {
    let today = now_stated().get(..10).map(str::to_owned).unwrap_or_default();
    let on = days.on.unwrap_or_else(|| today.clone());
    let by = days.by.unwrap_or(today);
    blocking(&state, move |node| node.place(&code, &on, &by))
        .await
        .map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Marked {
    /// Division code of an org; this node's own where none is given.
    org: Option<String>,
    #[serde(default)]
    format: Format,
}

async fn marks(State(state): State<ApiState>, Query(asked): Query<Marked>) -> Result<Response, Problem> {
    let org = asked.org;
    let table = blocking(&state, move |node| node.marks_table(org.as_deref())).await?;
    Ok(answer(table, &asked.format))
}

fn answer(table: Table, format: &Format) -> Response {
    match format {
        Format::Json => Json(table).into_response(),
        Format::Csv => {
            let name = format!("attachment; filename=\"{}.csv\"", table.view);
            let headers = [
                (CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
                (CONTENT_DISPOSITION, &name),
            ];
            (headers, table.to_csv()).into_response()
        }
    }
}
