//! Carry files, written and taken in. They go through a file of the node's directory, so that their size does not matter.

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use futures::StreamExt;
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::act::blocking;
use super::request::{Body as Asked, Query};
use super::{ApiState, Problem};
use crate::services::carry::{CarryError, Given, Spool, Taken};
use crate::services::{Node, ServiceError};

/// Bytes read at a time.
const PIECE: usize = 64 * 1024;
/// Header with what stands in the file, as JSON.
pub const GIVEN_HEADER: &str = "x-lianzhan-given";

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/carry/export", post(export))
        .route("/carry/import", post(import))
        .layer(DefaultBodyLimit::disable())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Export {
    /// The recipient: division code or id of its org.
    to: String,
    /// Whether what it is known to hold goes with it, too.
    #[serde(default)]
    everything: bool,
}

async fn export(State(state): State<ApiState>, Asked(asked): Asked<Export>) -> Result<Response, Problem> {
    let (spool, given) = blocking(&state, move |node| {
        let org = node.org_named(&asked.to)?;
        let spool = Spool::new(node);
        let file = spool.create().map_err(disk)?;
        let given = node.carry_to(&org, asked.everything, std::io::BufWriter::new(file), |_| ())?;
        Ok((spool, given))
    })
    .await?;
    let file = tokio::fs::File::open(spool.path())
        .await
        .map_err(|error| Problem::from(disk(error)))?;
    // The file is removed when the last piece was read.
    let pieces = futures::stream::unfold((file, spool), |(mut file, spool)| async move {
        let mut piece = vec![0; PIECE];
        match file.read(&mut piece).await {
            Ok(0) => None,
            Ok(read) => {
                piece.truncate(read);
                Some((Ok(piece), (file, spool)))
            }
            Err(error) => Some((Err(error), (file, spool))),
        }
    });
    let headers = [
        (CONTENT_TYPE.as_str(), "application/octet-stream".to_owned()),
        (GIVEN_HEADER, header(&given)),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// Headers are ASCII, names of orgs are not.
fn header(given: &Given) -> String {
    let json = serde_json::to_string(given).unwrap_or_default();
    percent_encoding::utf8_percent_encode(&json, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

async fn import(
    State(state): State<ApiState>,
    Query(Nothing {}): Query<Nothing>,
    body: Body,
) -> Result<Json<Taken>, Problem> {
    let spool = Spool::new(&state.node);
    let file = spool.create().map_err(|error| Problem::from(disk(error)))?;
    let mut file = tokio::fs::File::from_std(file);
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| Problem::request(format!("the body ended too early: {error}")))?;
        file.write_all(&piece)
            .await
            .map_err(|error| Problem::from(disk(error)))?;
    }
    file.flush().await.map_err(|error| Problem::from(disk(error)))?;
    let taken = blocking(&state, move |node: &std::sync::Arc<Node>| {
        let file = std::fs::File::open(spool.path()).map_err(disk)?;
        node.carry_from(file, |_| ())
    });
    Ok(Json(taken.await?))
}

fn disk(error: std::io::Error) -> ServiceError {
    CarryError::Disk(error).into()
}
