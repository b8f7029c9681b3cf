//! Attachments of a record: the row of small pictures, sending more, taking some out, opening one. Bytes are streamed;
//! what is served runs nothing and loads nothing.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use lianzhan_protocol::id::{AttachmentId, RecordId};
use lianzhan_protocol::trust::{Audience, Space};

use super::answer::{self, Desk, Fault};
use super::filed::Filed;
use super::guard::Sandboxed;
use super::i18n::Text;
use super::page::{AttachForm, Attachment, Attachments, Notice, Tone};
use super::request::{Deed, Signed};
use super::session::Session;
use super::{WebState, live, say};
use crate::ranges;
use crate::services::attachment::{Attached, AttachmentError, Media, Opened, Received};
use crate::services::query::RecordDetail;
use crate::services::{Node, ServiceError, parse_record, visit};

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/records/{id}/attachments", post(send))
        .route("/records/{id}/attachments/{attachment}", get(fetch))
        .route("/records/{id}/attachments/{attachment}/small", get(small))
        .route("/records/{id}/attachments/{attachment}/detach", post(detach))
}

/// The attachments of a record as its page `back` shows them.
pub(super) fn shown(desk: &Desk, detail: &RecordDetail, back: &str) -> Result<Attachments, ServiceError> {
    let (text, node) = (desk.text, &desk.node);
    let path = format!("/records/{}/attachments", detail.id);
    let mut attached = node.attached(&detail.id)?;
    // What the personal part names is shown with it.
    let closed = !desk.who.session.has_opened(&detail.id);
    // So does evidence, beside what it proves.
    attached.retain(|one| !(one.is_evidence() || closed && one.is_personal()));
    let away = attached.iter().filter(|one| one.size.is_none());
    let topics: Vec<String> = away.map(|one| format!("attachment:{}", one.id)).collect();
    let item = |one: &Attached| {
        let href = format!("{path}/{}", one.id);
        let picture = one.media.is_some_and(Media::is_picture);
        Attachment {
            id: one.id.to_string(),
            small: picture.then(|| format!("{href}/small")),
            href,
            kind: kind(&text, one),
            size: one.size.map(size_words).unwrap_or_default(),
            here: one.size.is_some(),
            personal: one.is_personal(),
            saved: !one.media.is_some_and(is_shown),
        }
    };
    let may =
        node.takes_attachments(&detail.ledger) && node.may_put(desk.author(), &detail.ledger, &detail.space);
    let personal = detail.annexes.iter().any(|annex| annex.ledger == visit::SUBJECT);
    let audience = |space: &Space| say::audience(&text, &desk.directory, space);
    let form = AttachForm {
        personal: personal.then(|| audience(&desk.directory.space_beside(&detail.space, Audience::Township))),
        shared: audience(&detail.space),
    };
    Ok(Attachments {
        items: attached.iter().map(item).collect(),
        path,
        csrf: desk.who.session.csrf.clone(),
        back: back.to_owned(),
        topics: topics.join(" "),
        form: may.then_some(form),
    })
}

fn kind(text: &Text, one: &Attached) -> String {
    match one.media {
        Some(media) if media.is_picture() => text.t("attachment-photo"),
        Some(media) if media.is_video() => text.t("attachment-video"),
        Some(_) => text.t("attachment-document"),
        None => text.t("attachment-file"),
    }
}

/// An attachment in a line: what it is, and how long.
pub(super) fn words(text: &Text, one: &Attached) -> String {
    let size = one.size.map(size_words);
    say::list(text, [kind(text, one)].into_iter().chain(size))
}

/// What a browser shows by itself, in a page that may do nothing else.
fn is_shown(media: Media) -> bool {
    media.is_picture() || media.is_video()
}

fn size_words(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} KB", bytes.div_ceil(1000)),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

async fn send(State(state): State<WebState>, Path(id): Path<String>, filed: Filed) -> Response {
    let Filed { who, form, files } = filed;
    let record = match parse_record(&id) {
        Ok(record) => record,
        Err(error) => return answer::refuse(state, who.visitor, Fault::Service(error)).await,
    };
    let taken = match files {
        Ok(files) if files.is_empty() => Err(Fault::Service(AttachmentError::Empty.into())),
        Ok(files) => attach(&state, &who, record, files).await,
        Err(error) => Err(Fault::Service(error)),
    };
    let text = who.visitor.text;
    let notice = match taken {
        Ok(count) => Notice {
            tone: Tone::Good,
            say: text.n("attach-done", count),
            link: None,
        },
        Err(Fault::Service(error)) if error.is_callers() => Notice {
            tone: Tone::Late,
            say: answer::tell(&text, &error),
            link: None,
        },
        Err(fault) => return answer::refuse(state, who.visitor, fault).await,
    };
    who.session.say(notice);
    answer::onward(form.get("back"))
}

async fn attach(
    state: &WebState,
    who: &Signed,
    record: RecordId,
    taken: Vec<Received>,
) -> Result<usize, Fault> {
    let count = taken.len();
    let (node, author, watch) = (
        state.node.clone(),
        who.session.author.clone(),
        live::Watch::new(state),
    );
    let runtime = tokio::runtime::Handle::current();
    // A record that has no page takes nothing either.
    answer::work(move || {
        super::record_view::detail(&node, &record)?;
        runtime.block_on(node.attach(&author, &record, &taken))
    })
    .await?;
    watch.until_shown(&record).await;
    Ok(count)
}

async fn detach(
    State(state): State<WebState>,
    Path((id, attachment)): Path<(String, String)>,
    deed: Deed,
) -> Response {
    let Deed { who, form } = deed;
    let (node, author, watch) = (
        state.node.clone(),
        who.session.author.clone(),
        live::Watch::new(&state),
    );
    let runtime = tokio::runtime::Handle::current();
    let done = answer::work(move || {
        let (record, id) = parse(&id, &attachment)?;
        runtime.block_on(node.detach(&author, &record, &id))?;
        Ok(record)
    });
    match done.await {
        Ok(record) => {
            watch.until_shown(&record).await;
            who.session.say(Notice {
                tone: Tone::Good,
                say: who.visitor.text.t("attachment-detached"),
                link: None,
            });
            answer::onward(form.get("back"))
        }
        Err(error) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
    }
}

async fn fetch(
    State(state): State<WebState>,
    who: Signed,
    Path((id, attachment)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let node = state.node.clone();
    let short: String = attachment.chars().take(8).collect();
    let session = who.session.clone();
    let opened = answer::work(move || {
        let (record, id) = parse(&id, &attachment)?;
        super::record_view::detail(&node, &record)?;
        match is_closed(&node, &session, &record, &id)? {
            true => Ok(Err(record)),
            false => node.open_attachment(&record, &id).map(Ok),
        }
    });
    match opened.await {
        Ok(Err(record)) => answer::onward(&format!("/records/{record}")),
        Ok(Ok(opened)) => served(opened, &headers, &short),
        Err(error) => answer::refuse(state, who.visitor, Fault::Service(error)).await,
    }
}

/// Answers with all of it, or with the part that was asked for.
fn served(opened: Opened, headers: &HeaderMap, short: &str) -> Response {
    let Opened { media, size, source } = opened;
    let asked = headers.get(RANGE).and_then(|range| range.to_str().ok());
    let Ok(part) = asked.map_or(Ok(None), |range| ranges::asked(range, size)) else {
        return (
            StatusCode::RANGE_NOT_SATISFIABLE,
            [(CONTENT_RANGE, format!("bytes */{size}"))],
        )
            .into_response();
    };
    let shown = part.unwrap_or(ranges::Part { from: 0, len: size });
    let mut response = Body::from_stream(ranges::bytes(source, shown)).into_response();
    response.extensions_mut().insert(Sandboxed);
    if part.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let range = format!("bytes {}-{}/{size}", shown.from, shown.from + shown.len - 1);
        if let Ok(range) = HeaderValue::from_str(&range) {
            response.headers_mut().insert(CONTENT_RANGE, range);
        }
    }
    let headers = response.headers_mut();
    let kind = media.map_or("application/octet-stream", Media::mime);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(shown.len));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let way = if media.is_some_and(is_shown) {
        "inline"
    } else {
        "attachment"
    };
    let ending = media.map_or("bin", Media::ending);
    if let Ok(name) = HeaderValue::from_str(&format!("{way}; filename=\"attachment-{short}.{ending}\"")) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    response
}

async fn small(
    State(state): State<WebState>,
    who: Signed,
    Path((id, attachment)): Path<(String, String)>,
) -> Response {
    let made = answer::work(move || {
        let (record, id) = parse(&id, &attachment)?;
        if is_closed(&state.node, &who.session, &record, &id)? {
            return Ok(None);
        }
        state.node.small_picture(&record, &id)
    });
    match made.await {
        Ok(Some(bytes)) => {
            let mut response = ([(CONTENT_TYPE, "image/jpeg")], bytes).into_response();
            response.extensions_mut().insert(Sandboxed);
            response
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) if error.is_callers() => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, "a small picture could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Whether an attachment is of a personal part that this session has not opened.
fn is_closed(
    node: &Node,
    session: &Session,
    record: &RecordId,
    id: &AttachmentId,
) -> Result<bool, ServiceError> {
    if session.has_opened(record) {
        return Ok(false);
    }
    let attached = node.attached(record)?;
    Ok(attached.iter().any(|one| one.id == *id && one.is_personal()))
}

fn parse(record: &str, attachment: &str) -> Result<(RecordId, AttachmentId), ServiceError> {
    let record = parse_record(record)?;
    let id = AttachmentId::parse(attachment)
        .ok_or_else(|| ServiceError::Bad("an attachment is named by 64 hexadecimal digits".into()))?;
    Ok((record, id))
}
