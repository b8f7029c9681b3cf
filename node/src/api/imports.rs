//! Importing a spreadsheet. The body is the file; who signs stands in headers, percent-encoded.

use age::secrecy::SecretString;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;

use super::act::act;
use super::progress::Work;
use super::request::Query;
use super::{ApiState, Problem};
use crate::import::FILE_MAX;
use crate::services::import::{ImportReport, Importing};

/// Header with the login of the person who signs.
pub(super) const LOGIN_HEADER: &str = "x-lianzhan-login";
/// Header with that person's passphrase.
pub(super) const PASSPHRASE_HEADER: &str = "x-lianzhan-passphrase";

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/import", post(import))
        .layer(DefaultBodyLimit::max(FILE_MAX))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    ledger: String,
    /// Name of the file; its ending tells its format.
    file: String,
    #[serde(default)]
    dry_run: bool,
    /// The joint space that new records go to: its id, or its orgs as CODE+CODE.
    space: Option<String>,
}

async fn import(
    State(state): State<ApiState>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    work: Work,
    file: Bytes,
) -> Result<Json<ImportReport>, Problem> {
    let login = header(&headers, LOGIN_HEADER)?;
    let passphrase = SecretString::from(header(&headers, PASSPHRASE_HEADER)?);
    let report = act(&state, &login, passphrase, async move |node, author| {
        let into = asked.space.as_deref().map(|named| node.joint_named(named));
        let into = into.transpose()?;
        let importing = Importing {
            into: into.as_ref(),
            ..Importing::new(&asked.ledger, &asked.file, &file, asked.dry_run)
        };
        node.import(author, importing, |done, all| work.done_of(done, all))
            .await
    });
    Ok(Json(report.await?))
}

pub(super) fn header(headers: &HeaderMap, name: &'static str) -> Result<String, Problem> {
    let wrong = || Problem::request(format!("send the header {name}, percent-encoded UTF-8"));
    let encoded = headers.get(name).ok_or_else(wrong)?.as_bytes();
    let text = percent_encoding::percent_decode(encoded).decode_utf8();
    text.map(|text| text.into_owned()).map_err(|_| wrong())
}
