//! Errors as problem details (RFC 9457): what happened, to which thing, what to do. Causes that lie in the node itself go
//! to its log, and the caller gets a plain sentence.

use axum::Json;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lianzhan_protocol::trust::FoundingError;
use serde::Serialize;

use crate::keystore::KeyFileError;
use crate::services::attachment::AttachmentError;
use crate::services::carry::CarryError;
use crate::services::definitions::DefinitionError;
use crate::services::invite::InviteError;
use crate::services::joint::JointError;
use crate::services::ledger::FieldFault;
use crate::services::limit::DoorError;
use crate::services::office::OfficeError;
use crate::services::screen::Suspicion;
use crate::services::settings::SettingError;
use crate::services::{ServiceError, StoreError};
use crate::words;

/// Why a request was refused or failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: Box<str>,
    detail_zh: Option<Box<str>>,
    field: Option<Box<str>>,
    errors: Box<[FieldProblem]>,
    retry_after_s: Option<u64>,
}

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct FieldProblem {
    /// Its key, as it is sent.
    field: String,
    /// The annex it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    annex: Option<String>,
    title: String,
    title_zh: String,
    detail: String,
    detail_zh: String,
    /// What was found in its words: letters `from` to before `to`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    found: Vec<FoundJson>,
}

/// Something that looks like personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct FoundJson {
    kind: &'static str,
    from: usize,
    to: usize,
}

impl FoundJson {
    /// What was found in words, by letters.
    pub(super) fn of(suspicion: &Suspicion) -> Vec<Self> {
        let letters = |bytes: usize| {
            suspicion
                .words
                .get(..bytes)
                .map_or(0, |head| head.chars().count())
        };
        let found = suspicion.found.iter();
        found
            .map(|finding| FoundJson {
                kind: finding.kind.as_str(),
                from: letters(finding.start),
                to: letters(finding.end),
            })
            .collect()
    }
}

impl From<&FieldFault> for FieldProblem {
    fn from(fault: &FieldFault) -> Self {
        let (annex, field) = fault.place();
        FieldProblem {
            field: field.to_owned(),
            annex: annex.map(str::to_owned),
            title: fault.label_en.clone(),
            title_zh: fault.label_zh.clone(),
            detail: fault.en.clone(),
            detail_zh: fault.zh.clone(),
            found: fault.suspicion.as_ref().map(FoundJson::of).unwrap_or_default(),
        }
    }
}

/// What is sent.
#[derive(Serialize)]
struct Details<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail_zh: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldProblem],
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u64>,
}

impl Problem {
    /// A problem of a kind; `kind` names it for programs.
    pub(super) fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Problem {
            status,
            kind,
            title,
            detail: detail.into().into_boxed_str(),
            detail_zh: None,
            field: None,
            errors: Box::default(),
            retry_after_s: None,
        }
    }

    pub(super) fn no_such_route() -> Self {
        Problem::new(
            StatusCode::NOT_FOUND,
            "no-such-route",
            "There is no such route",
            "look up the routes of the API in docs/spec",
        )
    }

    /// What is open to everybody was asked too often.
    pub(super) fn too_often(seconds: u64) -> Self {
        Problem {
            retry_after_s: Some(seconds),
            ..Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "pace",
                "Too many requests",
                format!("wait {seconds} s and ask again"),
            )
            .zh(format!("请求过于频繁，请等 {seconds} 秒再试。"))
        }
    }

    /// The request's form is wrong: its JSON, its query or a header.
    pub(super) fn request(detail: impl Into<String>) -> Self {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "request",
            "The request cannot be read",
            detail,
        )
    }

    fn zh(self, detail: impl Into<String>) -> Self {
        Problem {
            detail_zh: Some(detail.into().into_boxed_str()),
            ..self
        }
    }

    fn full(error: &ServiceError, what: &'static str) -> Self {
        tracing::error!(%error, "the disk is full");
        Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "disk-full",
            "The disk is full",
            what,
        )
        .zh(words::zh(error))
    }

    fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed in the node itself");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The node could not do this",
            "nothing is lost that was confirmed before; look into the node's log for the cause, and run `lianzhan check`",
        )
        .zh("本机没有完成。此前确认保存的都在。原因见本机日志，并请运行 lianzhan check。")
    }
}

impl From<DoorError> for Problem {
    fn from(error: DoorError) -> Self {
        match error {
            DoorError::Service(error) => error.into(),
            DoorError::Wait(seconds) => Problem {
                retry_after_s: Some(seconds),
                ..Problem::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "wait",
                    "Too many failed attempts",
                    error.to_string(),
                )
                .zh(format!("口令错误次数过多，请等 {seconds} 秒再试。"))
            },
        }
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        if matches!(error, ServiceError::Store(StoreError::Unmarked(_))) {
            let what = "it is saved, and is not shown before there is room on the disk, or it can be written again. Make room, and do not enter \
                        it once more";
            return Problem::full(&error, what);
        }
        if error.is_full() {
            return Problem::full(
                &error,
                "nothing was saved: the disk is full. Make room, then save once more; what was confirmed before is safe",
            );
        }
        let (status, kind, title) = match &error {
            ServiceError::Key(key) => return from_key(key, &error),
            ServiceError::UnknownOrg(_)
            | ServiceError::UnknownLedger(_)
            | ServiceError::UnknownView { .. }
            | ServiceError::UnknownRecord(_) => {
                (StatusCode::NOT_FOUND, "not-here", "This node has no such thing")
            }
            ServiceError::Setting(SettingError::Unknown(_)) => {
                (StatusCode::NOT_FOUND, "not-here", "This node has no such thing")
            }
            ServiceError::Setting(SettingError::NotYours(_))
            | ServiceError::Definition(DefinitionError::NotYours) => {
                (StatusCode::FORBIDDEN, "not-allowed", "This is not allowed")
            }
            ServiceError::Joint(JointError::Unknown(_)) => {
                (StatusCode::NOT_FOUND, "not-here", "This node has no such thing")
            }
            ServiceError::Joint(JointError::Exists) => {
                (StatusCode::CONFLICT, "state", "This does not fit what is there")
            }
            ServiceError::Setting(_) | ServiceError::Definition(_) | ServiceError::Joint(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "input", "The input is wrong")
            }
            ServiceError::NotARecordId(_) => {
                (StatusCode::BAD_REQUEST, "request", "The request cannot be read")
            }
            ServiceError::Field { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "field", "A field is wrong"),
            ServiceError::Fields(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "fields",
                "Some fields are wrong",
            ),
            ServiceError::Invitation(InviteError::Unknown | InviteError::NotOpen(_)) => {
                (StatusCode::NOT_FOUND, "not-here", "This node has no such thing")
            }
            ServiceError::Bad(_)
            | ServiceError::DivisionCode(_)
            | ServiceError::CodeOfLevel { .. }
            | ServiceError::Invitation(_)
            | ServiceError::Select(_) => (StatusCode::UNPROCESSABLE_ENTITY, "input", "The input is wrong"),
            ServiceError::Import(crate::import::ImportError::TooLarge) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "file", "The file cannot be read")
            }
            ServiceError::Import(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "file",
                "The file cannot be read",
            ),
            ServiceError::Succession(FoundingError::TooFew { .. }) => {
                (StatusCode::CONFLICT, "state", "This does not fit what is there")
            }
            ServiceError::Succession(_) => (StatusCode::UNPROCESSABLE_ENTITY, "input", "The input is wrong"),
            ServiceError::SignIn => (StatusCode::FORBIDDEN, "sign-in", "Not signed in"),
            ServiceError::Office(error) => of_office(error),
            ServiceError::Refused(_)
            | ServiceError::NotAllowed(_)
            | ServiceError::WouldNotStand(_)
            | ServiceError::Contested(_) => (StatusCode::FORBIDDEN, "not-allowed", "This is not allowed"),
            ServiceError::Pending(_) | ServiceError::Ineffective(_) | ServiceError::Moved => {
                (StatusCode::CONFLICT, "state", "This does not fit what is there")
            }
            ServiceError::Carry(CarryError::Disk(_)) => return Problem::internal(&error),
            ServiceError::Carry(CarryError::NoNode(_)) => {
                (StatusCode::NOT_FOUND, "not-here", "This node has no such thing")
            }
            ServiceError::Carry(CarryError::Ourselves) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "input", "The input is wrong")
            }
            ServiceError::Carry(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "file",
                "The file cannot be read",
            ),
            ServiceError::Erased(_) => (StatusCode::GONE, "erased", "The record is erased"),
            ServiceError::Held(_) => (StatusCode::CONFLICT, "held", "Words of the record are held back"),
            ServiceError::Locked { .. } => (StatusCode::CONFLICT, "locked", "The law forbids this yet"),
            ServiceError::NothingToErase(_) | ServiceError::Erasure(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "input", "The input is wrong")
            }
            ServiceError::MayNotErase(_) => (StatusCode::FORBIDDEN, "not-allowed", "This is not allowed"),
            ServiceError::Incomplete(_) => (StatusCode::CONFLICT, "incomplete", "Not all of it is here yet"),
            ServiceError::Attachment(error) => of_attachment(error),
            ServiceError::Bundle(_) => (StatusCode::CONFLICT, "bundle", "No evidence bundle can be made"),
            ServiceError::Document(_) => (
                StatusCode::CONFLICT,
                "document",
                "No Automerge document can be made",
            ),
            // None of these is the caller's doing, and some name files of this machine.
            ServiceError::NoNode(_)
            | ServiceError::NodeExists(_)
            | ServiceError::OtherFiles(_)
            | ServiceError::Busy(_)
            | ServiceError::Disk { .. }
            | ServiceError::Damaged(_)
            | ServiceError::NoDatabase(_)
            | ServiceError::Store(_)
            | ServiceError::Config(_)
            | ServiceError::Founding(_)
            | ServiceError::Change(_) => return Problem::internal(&error),
        };
        let field = match &error {
            ServiceError::Field { field, .. } => Some(field.as_str().into()),
            _ => None,
        };
        let errors = match &error {
            ServiceError::Fields(faults) => faults.iter().map(FieldProblem::from).collect(),
            _ => Box::default(),
        };
        Problem {
            field,
            errors,
            ..Problem::new(status, kind, title, error.to_string()).zh(words::zh(&error))
        }
    }
}

/// What is wrong with an attachment.
fn of_attachment(error: &AttachmentError) -> (StatusCode, &'static str, &'static str) {
    match error {
        AttachmentError::TooLarge(_) | AttachmentError::TooManyPixels => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "The file is too large",
        ),
        AttachmentError::Heic | AttachmentError::Kind | AttachmentError::NoPersonalVideo => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "kind",
            "This kind of file is not taken",
        ),
        AttachmentError::Unknown(_) | AttachmentError::NoSmall(_) => {
            (StatusCode::NOT_FOUND, "not-here", "This node has no such thing")
        }
        AttachmentError::Personal(_) => (StatusCode::FORBIDDEN, "not-allowed", "This is not allowed"),
        AttachmentError::Elsewhere(_) => (StatusCode::CONFLICT, "elsewhere", "It is not here yet"),
        AttachmentError::NoPersonalPart | AttachmentError::TooMany | AttachmentError::There(_) => {
            (StatusCode::CONFLICT, "state", "This does not fit what is there")
        }
        AttachmentError::Empty | AttachmentError::Broken | AttachmentError::NoField(_) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "input", "The input is wrong")
        }
    }
}

/// What is wrong with a post.
fn of_office(error: &OfficeError) -> (StatusCode, &'static str, &'static str) {
    match error {
        OfficeError::Unknown(_)
        | OfficeError::UnknownChange(_)
        | OfficeError::NoPerson(_)
        | OfficeError::UnknownOrg(_)
        | OfficeError::NoChild(_) => (StatusCode::NOT_FOUND, "not-here", "This node has no such thing"),
        OfficeError::Several(_)
        | OfficeError::Earlier(_)
        | OfficeError::Beyond(_)
        | OfficeError::NoRequest
        | OfficeError::OtherFederation => (StatusCode::UNPROCESSABLE_ENTITY, "input", "The input is wrong"),
        OfficeError::Already(_)
        | OfficeError::Taken(_)
        | OfficeError::NotContested
        | OfficeError::OrgEnded(_)
        | OfficeError::OpenRequest
        | OfficeError::RetiredWitness => (StatusCode::CONFLICT, "state", "This does not fit what is there"),
        OfficeError::NewPassphrase(_) => (StatusCode::FORBIDDEN, "sign-in", "Not signed in"),
        OfficeError::NotHere
        | OfficeError::Revoked { .. }
        | OfficeError::Ended(_)
        | OfficeError::OtherPost(_)
        | OfficeError::OutOfReach { .. }
        | OfficeError::NotBelow(_)
        | OfficeError::OtherOrg(_)
        | OfficeError::RootKey
        | OfficeError::AuthorityEnded(_)
        | OfficeError::NoFounders { .. }
        | OfficeError::Unconfirmed { .. }
        | OfficeError::OtherConfirmed
        | OfficeError::KeyTakenBack { .. }
        | OfficeError::OwnRevoked { .. }
        | OfficeError::NoFounder
        | OfficeError::NotSamePost => (StatusCode::FORBIDDEN, "not-allowed", "This is not allowed"),
    }
}

/// Key files: the words of [`KeyFileError`] name paths, so the caller gets others.
fn from_key(key: &KeyFileError, error: &ServiceError) -> Problem {
    match key {
        KeyFileError::Disk { .. } | KeyFileError::Format(_) => Problem::internal(error),
        KeyFileError::Passphrase(_) => Problem::new(
            StatusCode::FORBIDDEN,
            "sign-in",
            "Not signed in",
            "the passphrase does not open the key of this node's org",
        )
        .zh("口令打不开本机构的密钥。"),
        KeyFileError::Weak => {
            let min = crate::keystore::PASSPHRASE_MIN;
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "input",
                "The input is wrong",
                format!("the passphrase has fewer than {min} characters; choose a longer one"),
            )
            .zh(format!("口令少于 {min} 个字符，请换长一些的。"))
        }
        KeyFileError::Exists(_) => Problem::new(
            StatusCode::CONFLICT,
            "state",
            "This does not fit what is there",
            "there is such a key file already; it is not overwritten",
        )
        .zh("这个密钥文件已经存在，不会覆盖。"),
    }
}

impl IntoResponse for Problem {
    /// The body is written by `describe`, which knows the path.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Around all routes: gives every error the form of problem details, and keeps answers out of caches.
pub(super) async fn describe(request: Request, next: Next) -> Response {
    let instance = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let status = response.status();
    let described = response.extensions_mut().remove::<Problem>();
    let failed = status.is_client_error() || status.is_server_error();
    if let Some(problem) = described.or_else(|| failed.then(|| bare(status))) {
        response = problem.describe(&instance, response);
    }
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// An error that the framework answered.
fn bare(status: StatusCode) -> Problem {
    let detail = match status {
        StatusCode::METHOD_NOT_ALLOWED => "this route takes another method; see the header Allow",
        StatusCode::PAYLOAD_TOO_LARGE => {
            "the body is too large; a spreadsheet may have 64 MiB, all else 1 MiB"
        }
        status if status.is_server_error() => return Problem::internal(&status),
        _ => "look up this route in docs/spec",
    };
    Problem::new(
        status,
        "request",
        status.canonical_reason().unwrap_or("Refused"),
        detail,
    )
}

impl Problem {
    fn describe(&self, instance: &str, bare: Response) -> Response {
        let details = Details {
            r#type: format!("urn:lianzhan:problem:{}", self.kind),
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
            instance,
            detail_zh: self.detail_zh.as_deref(),
            field: self.field.as_deref(),
            errors: &self.errors,
            retry_after_s: self.retry_after_s,
        };
        let mut response = (self.status, Json(details)).into_response();
        // What was said in headers stays said (Allow, WWW-Authenticate); what was said of the old body does not.
        for (name, value) in bare.headers() {
            if !response.headers().contains_key(name) && name.as_str() != "content-length" {
                response.headers_mut().insert(name, value.clone());
            }
        }
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_broke_inside_is_not_told_to_the_caller() {
        let path = std::path::PathBuf::from("/srv/secret/place");
        let disk = || std::io::Error::other("the platter is on fire");
        for error in [
            ServiceError::Disk {
                path: path.clone(),
                error: disk(),
            },
            ServiceError::Key(KeyFileError::Disk {
                path: path.clone(),
                error: disk(),
            }),
            ServiceError::Key(KeyFileError::Format(path.clone())),
            ServiceError::Damaged("row 7 contradicts row 8".into()),
            ServiceError::Busy(path.clone()),
        ] {
            let problem = Problem::from(error);
            assert_eq!(problem.status, StatusCode::INTERNAL_SERVER_ERROR);
            let told = format!("{problem:?}");
            assert!(
                !["secret", "fire", "row 7"]
                    .iter()
                    .any(|cause| told.contains(cause)),
                "{told}"
            );
        }
        let told = format!(
            "{:?}",
            Problem::from(ServiceError::Key(KeyFileError::Passphrase(path.clone())))
        );
        assert!(!told.contains("secret"), "{told}");
        let told = format!(
            "{:?}",
            Problem::from(ServiceError::Key(KeyFileError::Exists(path)))
        );
        assert!(!told.contains("secret"), "{told}");
    }

    #[test]
    fn a_field_is_named_and_a_wait_is_stated() {
        let problem = Problem::from(ServiceError::Field {
            field: "gist".into(),
            words: "too short".into(),
        });
        assert_eq!(
            (problem.status, problem.field.as_deref()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some("gist"))
        );
        let problem = Problem::from(DoorError::Wait(8));
        assert_eq!((problem.status.as_u16(), problem.retry_after_s), (429, Some(8)));
    }
}
