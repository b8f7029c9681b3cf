//! Attachments of records: listed, sent, taken out, fetched. Those of annexes can be sent, and are in no answer.

use age::secrecy::SecretString;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RANGE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::StreamExt;
use lianzhan_protocol::id::{AttachmentId, RecordId};
use serde::{Deserialize, Serialize};

use super::act::{act, blocking};
use super::imports::{LOGIN_HEADER, PASSPHRASE_HEADER, header};
use super::request::{Body as Asked, Passphrase, Query, Record};
use super::{ApiState, Problem};
use crate::ranges;
use crate::services::attachment::{Attached, AttachmentError, Part};
use crate::services::{ServiceError, parse_record};

pub(super) fn router() -> Router<ApiState> {
    Router::new()
        .route("/records/{id}/attachments", get(list).post(send))
        .route("/records/{id}/attachments/{attachment}", get(fetch))
        .route("/records/{id}/attachments/{attachment}/small", get(small))
        .route("/records/{id}/attachments/{attachment}/detach", post(detach))
        // What is taken of each kind is less, and counted while it comes.
        .layer(DefaultBodyLimit::disable())
}

/// An attachment of a record.
#[derive(Serialize)]
struct AttachmentJson {
    /// BLAKE3, hex.
    id: String,
    /// The key of the field that names it.
    field: String,
    /// Absent while it is not here.
    media: Option<&'static str>,
    size: Option<u64>,
}

impl From<&Attached> for AttachmentJson {
    fn from(one: &Attached) -> Self {
        AttachmentJson {
            id: one.id.to_string(),
            field: one.name.clone(),
            media: one.media.map(|media| media.mime()),
            size: one.size,
        }
    }
}

async fn list(
    State(state): State<ApiState>,
    Record(id): Record,
) -> Result<Json<Vec<AttachmentJson>>, Problem> {
    let found = blocking(&state, move |node| node.attached(&id)).await?;
    let shared = found.iter().filter(|one| !one.is_personal());
    Ok(Json(shared.map(AttachmentJson::from).collect()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Into {
    /// Whether it goes into the record's personal part.
    #[serde(default)]
    personal: bool,
}

#[derive(Serialize)]
struct SentJson {
    record: String,
    change: String,
    attachment: String,
    media: &'static str,
    size: u64,
}

async fn send(
    State(state): State<ApiState>,
    Record(id): Record,
    Query(into): Query<Into>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let login = header(&headers, LOGIN_HEADER)?;
    let passphrase = SecretString::from(header(&headers, PASSPHRASE_HEADER)?);
    // Before anything is taken in.
    let author = state.door.sign_in(&state.node, &login, passphrase).await?;
    let part = if into.personal {
        Part::Personal
    } else {
        Part::Shared
    };
    let mut upload = state.node.begin_attachment(part);
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| Problem::request(format!("the body ended too early: {error}")))?;
        upload.write(&piece)?;
    }
    let runtime = tokio::runtime::Handle::current();
    let sent = blocking(&state, move |node| {
        let received = upload.finish()?;
        let written = runtime.block_on(node.attach(&author, &id, std::slice::from_ref(&received)))?;
        Ok(SentJson {
            record: id.to_string(),
            change: written.change.to_string(),
            attachment: received.id.to_string(),
            media: received.media.mime(),
            size: received.size,
        })
    });
    Ok((StatusCode::CREATED, Json(sent.await?)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    login: String,
    passphrase: Passphrase,
}

async fn detach(
    State(state): State<ApiState>,
    Path(named): Path<(String, String)>,
    Asked(body): Asked<Signed>,
) -> Result<Response, Problem> {
    let (record, id) = parse(&named)?;
    let written = act(
        &state,
        &body.login,
        body.passphrase.0,
        async move |node, author| node.detach(author, &record, &id).await,
    );
    Ok(super::act::created(&written.await?))
}

async fn fetch(
    State(state): State<ApiState>,
    Path(named): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (record, id) = parse(&named)?;
    let opened = blocking(&state, move |node| {
        shared(node.attached(&record)?, &id)?;
        node.open_attachment(&record, &id)
    })
    .await?;
    let size = opened.size;
    let asked = headers.get(RANGE).and_then(|range| range.to_str().ok());
    let Ok(part) = asked.map_or(Ok(None), |range| ranges::asked(range, size)) else {
        let whole = format!("bytes */{size}");
        return Ok((StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, whole)]).into_response());
    };
    let whole = ranges::Part { from: 0, len: size };
    let shown = part.unwrap_or(whole);
    let mut response = Body::from_stream(ranges::bytes(opened.source, shown)).into_response();
    if part.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let range = format!("bytes {}-{}/{size}", shown.from, shown.from + shown.len - 1);
        if let Ok(range) = HeaderValue::from_str(&range) {
            response.headers_mut().insert(CONTENT_RANGE, range);
        }
    }
    let kind = opened
        .media
        .map_or("application/octet-stream", |media| media.mime());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(shown.len));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("sandbox; default-src 'none'"),
    );
    Ok(response)
}

async fn small(
    State(state): State<ApiState>,
    Path(named): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (record, id) = parse(&named)?;
    let small = blocking(&state, move |node| {
        shared(node.attached(&record)?, &id)?;
        node.small_picture(&record, &id)?
            .ok_or_else(|| AttachmentError::NoSmall(id).into())
    });
    Ok(([(CONTENT_TYPE, "image/jpeg")], small.await?).into_response())
}

fn shared(attached: Vec<Attached>, id: &AttachmentId) -> Result<(), ServiceError> {
    let mut named = attached.iter().filter(|one| one.id == *id).peekable();
    if named.peek().is_none() {
        return Err(AttachmentError::Unknown(*id).into());
    }
    match named.all(Attached::is_personal) {
        true => Err(AttachmentError::Personal(*id).into()),
        false => Ok(()),
    }
}

fn parse((record, attachment): &(String, String)) -> Result<(RecordId, AttachmentId), Problem> {
    let record = parse_record(record)?;
    let id = AttachmentId::parse(attachment).ok_or_else(|| {
        Problem::request("an attachment is named by the 64 hexadecimal digits of its BLAKE3 hash")
    })?;
    Ok((record, id))
}
