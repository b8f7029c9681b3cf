//! Forms with files. What a form says stands before its files; each file is taken in as it streams by, and is here, named by
//! no record, when the handler begins.

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Multipart, Request};
use axum::http::{StatusCode, header};
use axum::response::Response;

use super::answer::{self, Fault};
use super::request::{Deed, Posted, Signed};
use super::{WebState, guard};
use crate::services::ServiceError;
use crate::services::attachment::{ENTRY_MAX, Part, Received};

/// Largest body of one form: several photos, or one long video.
const FILED_MAX: usize = ENTRY_MAX as usize + 64 * 1024 * 1024;
/// Most text beside the files, in bytes.
const TEXT_MAX: usize = 256 * 1024;

/// A form with files that was sent by a page of this node, by whoever is signed in. One without files may come as any form.
pub(super) struct Filed {
    /// Who.
    pub(super) who: Signed,
    /// What they typed.
    pub(super) form: Posted,
    /// The files that were chosen, or what is wrong with the first that is not taken.
    pub(super) files: Result<Vec<Received>, ServiceError>,
}

impl FromRequest<WebState> for Filed {
    type Rejection = Response;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, Response> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let multipart = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
        if !multipart {
            let Deed { who, form } = Deed::from_request(request, state).await?;
            let files = Ok(Vec::new());
            return Ok(Filed { who, form, files });
        }
        let (mut parts, body) = request.into_parts();
        let who = Signed::from_request_parts(&mut parts, state).await?;
        let own_page = guard::from_own_page(&state.site, &parts.headers);
        let mut request = Request::from_parts(parts, body);
        DefaultBodyLimit::max(FILED_MAX).apply(&mut request);
        let read = match Multipart::from_request(request, state).await {
            Ok(_) if !own_page => Err(Fault::Foreign),
            Ok(form) => read(state, &who, form).await,
            Err(error) => Err(Fault::Unread(error.status())),
        };
        match read {
            Ok((form, files)) => Ok(Filed { who, form, files }),
            Err(fault) => Err(answer::refuse(state.clone(), who.visitor, fault).await),
        }
    }
}

/// Reads a form to its end. No file is taken in before the form's token was seen.
async fn read(
    state: &WebState,
    who: &Signed,
    mut form: Multipart,
) -> Result<(Posted, Result<Vec<Received>, ServiceError>), Fault> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let (mut own, mut part, mut left) = (false, Part::Shared, TEXT_MAX);
    let mut files = Ok(Vec::new());
    while let Some(mut field) = form.next_field().await.map_err(unread)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name != "file" {
            let typed = text(&mut field, &mut left).await?;
            own |= name == "csrf" && who.session.is_own(&typed);
            if name == "part" {
                part = if typed == "personal" {
                    Part::Personal
                } else {
                    Part::Shared
                };
            }
            pairs.push((name, typed));
            continue;
        }
        if !own {
            return Err(Fault::Foreign);
        }
        match (&mut files, receive(state, part, &mut field).await?) {
            (Ok(taken), Ok(one)) => taken.extend(one),
            (Ok(_), Err(error)) => files = Err(error),
            (Err(_), _) => {}
        }
        // Read to its end, so that the browser reads what is answered.
        while field.chunk().await.map_err(unread)?.is_some() {}
    }
    if own {
        Ok((Posted::asked(pairs), files))
    } else {
        Err(Fault::Foreign)
    }
}

/// Takes in one file; none where no file was chosen.
async fn receive(
    state: &WebState,
    part: Part,
    field: &mut Field<'_>,
) -> Result<Result<Option<Received>, ServiceError>, Fault> {
    let named = field.file_name().is_some_and(|name| !name.is_empty());
    let mut upload = state.node.begin_attachment(part);
    let mut any = false;
    while let Some(chunk) = field.chunk().await.map_err(unread)? {
        any |= !chunk.is_empty();
        if let Err(error) = upload.write(&chunk) {
            return Ok(Err(error));
        }
    }
    if !any && !named {
        return Ok(Ok(None));
    }
    Ok(answer::work(move || upload.finish()).await.map(Some))
}

async fn text(field: &mut Field<'_>, left: &mut usize) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(unread)? {
        *left = left
            .checked_sub(chunk.len())
            .ok_or(Fault::Unread(StatusCode::PAYLOAD_TOO_LARGE))?;
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| Fault::Unread(StatusCode::BAD_REQUEST))
}

fn unread(error: MultipartError) -> Fault {
    Fault::Unread(error.status())
}
