//! From a page's value to an answer. Owns what surrounds every page, the parts that pages fetch alone, and how what went
//! wrong is told: what happened, to which thing, what to do; never more of the inside than a number to look for.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use lianzhan_protocol::trust::Directory;

use super::i18n::{Lang, Text};
use super::page::{ErrorPage, Person, Section, Shell, SyncState, SyncStatus};
use super::request::{FRAGMENT, Signed, Visitor, local_path};
use super::session::Session;
use super::{WebState, assets, say};
use crate::services::office::OfficeError;
use crate::services::{Author, Node, ServiceError};
use crate::{env, words};

/// Why a page cannot be shown or a form was not taken.
pub(super) enum Fault {
    /// A use case said so.
    Service(ServiceError),
    /// There is no such page.
    Nowhere,
    /// The form was not sent by a page of this session.
    Foreign,
    /// The form could not be read.
    Unread(StatusCode),
}

impl From<ServiceError> for Fault {
    fn from(error: ServiceError) -> Self {
        Fault::Service(error)
    }
}

/// A page, and the parts of it that can be asked for alone.
pub(super) trait Page: Template {
    /// The part with this id.
    fn part(&self, _id: &str) -> Option<askama::Result<String>> {
        None
    }
}

/// What a page is made with, on a thread that may wait for the disk.
pub(super) struct Desk {
    pub(super) state: WebState,
    pub(super) node: Arc<Node>,
    pub(super) directory: Arc<Directory>,
    pub(super) text: Text,
    pub(super) who: Signed,
}

impl Desk {
    pub(super) fn new(state: WebState, who: Signed) -> Self {
        Desk {
            node: state.node.clone(),
            directory: state.node.directory(),
            text: who.visitor.text,
            state,
            who,
        }
    }

    /// Who signs.
    pub(super) fn author(&self) -> &Author {
        &self.who.session.author
    }

    /// What surrounds a page.
    pub(super) fn shell(&self, section: Section) -> Result<Shell, ServiceError> {
        let visitor = &self.who.visitor;
        let mut shell = shell(&self.state, visitor, Some(&self.who.session))?;
        shell.section = section;
        if visitor.fragment.is_none() {
            shell.notice = self.who.session.notice();
        }
        Ok(shell)
    }
}

/// Makes a page and answers with it, or with the part that was asked for.
pub(super) async fn show<P: Page>(
    state: WebState,
    who: Signed,
    build: impl FnOnce(&Desk) -> Result<P, Fault> + Send + 'static,
) -> Response {
    show_as(StatusCode::OK, state, who, build).await
}

/// The same with a status that is not 200: a form that comes back.
pub(super) async fn show_as<P: Page>(
    status: StatusCode,
    state: WebState,
    who: Signed,
    build: impl FnOnce(&Desk) -> Result<P, Fault> + Send + 'static,
) -> Response {
    let (kept, visitor) = (state.clone(), who.visitor.clone());
    let made = tokio::task::spawn_blocking(move || {
        let desk = Desk::new(state, who);
        let page = build(&desk)?;
        let fragment = desk.who.visitor.fragment.as_deref();
        let part = fragment.and_then(|id| {
            page.part(id)
                .map(|part| part.map(|html| (Some(id.to_owned()), html)))
        });
        Ok(part.unwrap_or_else(|| page.render().map(|html| (None, html))))
    });
    match made.await {
        Ok(Ok(Ok((None, html)))) => (status, Html(html)).into_response(),
        Ok(Ok(Ok((Some(id), html)))) => part(&id, html),
        Ok(Ok(Err(error))) => refuse(kept, visitor, broken(&error)).await,
        Ok(Err(fault)) => refuse(kept, visitor, fault).await,
        Err(error) => refuse(kept, visitor, broken(&error)).await,
    }
}

/// A part of a page alone. The echo tells it from a page that somebody put in its place.
pub(super) fn part(id: &str, html: String) -> Response {
    let mut response = Html(html).into_response();
    if let Ok(id) = HeaderValue::from_str(id) {
        response
            .headers_mut()
            .insert(HeaderName::from_static(FRAGMENT), id);
    }
    response
}

/// What surrounds a page of this visitor.
pub(super) fn shell(
    state: &WebState,
    visitor: &Visitor,
    session: Option<&Arc<Session>>,
) -> Result<Shell, ServiceError> {
    let org = state.node.org()?;
    let text = visitor.text;
    let mut shell = Shell {
        node: say::org(&text, &org),
        node_short: say::org_short(&text, &state.node.directory(), &org),
        here: visitor.here.clone(),
        made: say::instant(&text, env::now()),
        looks: visitor.looks,
        version: assets::version().to_owned(),
        ..Shell::default()
    };
    if let Some(session) = session {
        let card = state.node.card(&session.author)?;
        shell.csrf.clone_from(&session.csrf);
        shell.person = Some(Person {
            name: card.name.clone(),
            // The first is what they are known by; all of them stand at what they sign.
            role: say::role(&text, card.roles.get(..1).unwrap_or_default(), card.seat),
        });
        shell.sync = sync(state, text)?;
    }
    Ok(shell)
}

/// How this node stands with its peers.
pub(super) fn sync(state: &WebState, text: Text) -> Result<SyncStatus, ServiceError> {
    let standing = state.node.standing()?;
    let peers = (state.peers)();
    let level = peers.iter().all(|peer| peer.level);
    let (state, at) = match (peers.is_empty(), level) {
        (true, _) => (SyncState::Offline, standing.horizon),
        (false, false) => (SyncState::Syncing, None),
        (false, true) => (SyncState::Level, Some(env::now())),
    };
    Ok(SyncStatus {
        state,
        at: at.map(|at| say::clock(&text, at)).unwrap_or_default(),
        waiting: standing.waiting,
        alarms: standing.alarms,
    })
}

/// Answers with what went wrong.
pub(super) async fn refuse(state: WebState, visitor: Visitor, fault: Fault) -> Response {
    let (status, mut page) = told(&visitor, &fault);
    let made = tokio::task::spawn_blocking(move || {
        // Where even this cannot be read the page stands alone.
        page.shell = shell(&state, &visitor, visitor.session.as_ref()).unwrap_or_default();
        page.render()
    });
    match made.await {
        Ok(Ok(html)) => (status, Html(html)).into_response(),
        _ => status.into_response(),
    }
}

fn told(visitor: &Visitor, fault: &Fault) -> (StatusCode, ErrorPage) {
    let text = visitor.text;
    let (status, happened, thing, todo) = match fault {
        Fault::Nowhere => (
            StatusCode::NOT_FOUND,
            text.t("fault-nowhere"),
            visitor.here.split('?').next().unwrap_or_default().to_owned(),
            text.t("fault-nowhere-todo"),
        ),
        Fault::Foreign => (
            StatusCode::FORBIDDEN,
            text.t("fault-foreign"),
            String::new(),
            text.t("fault-foreign-todo"),
        ),
        Fault::Unread(status) => (
            *status,
            text.t("fault-unread"),
            String::new(),
            text.t("fault-unread-todo"),
        ),
        Fault::Service(ServiceError::UnknownRecord(id)) => (
            StatusCode::NOT_FOUND,
            text.t("fault-record"),
            id.to_string(),
            text.t("fault-record-todo"),
        ),
        Fault::Service(ServiceError::Office(OfficeError::Unknown(id))) => (
            StatusCode::NOT_FOUND,
            text.t("fault-appointment"),
            id.clone(),
            text.t("fault-appointment-todo"),
        ),
        Fault::Service(error) if error.is_full() => (
            StatusCode::INSUFFICIENT_STORAGE,
            text.t("fault-full"),
            String::new(),
            text.t("fault-full-todo"),
        ),
        Fault::Service(error) if error.is_callers() => (
            StatusCode::UNPROCESSABLE_ENTITY,
            text.t("fault-refused"),
            tell(&text, error),
            text.t("fault-refused-todo"),
        ),
        Fault::Service(error) if error.halted().is_some() => (
            StatusCode::CONFLICT,
            text.t("fault-halted"),
            error.halted().unwrap_or_default().to_owned(),
            text.t("fault-halted-todo"),
        ),
        Fault::Service(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            text.t("fault-inside"),
            String::new(),
            text.t("fault-inside-todo"),
        ),
    };
    let case = (status == StatusCode::INTERNAL_SERVER_ERROR).then(|| {
        let case = lianzhan_protocol::codec::hex(&env::random::<4>());
        if let Fault::Service(error) = fault {
            tracing::error!(%error, %case, here = %visitor.here, "a page could not be made");
        }
        case
    });
    let shell = Shell::default();
    (
        status,
        ErrorPage {
            text,
            shell,
            status: status.as_u16(),
            happened,
            thing,
            todo,
            case,
        },
    )
}

/// An error of a use case in the visitor's language.
pub(super) fn tell(text: &Text, error: &ServiceError) -> String {
    match text.lang {
        Lang::Zh => words::zh(error),
        Lang::En => error.to_string(),
    }
}

fn broken(error: &dyn std::error::Error) -> Fault {
    Fault::Service(ServiceError::Damaged(format!("a page broke off: {error}")))
}

/// Looks something up on a thread that may wait for the disk, as a page does.
pub(super) async fn desk<T: Send + 'static>(
    state: WebState,
    who: Signed,
    look: impl FnOnce(&Desk) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let found = tokio::task::spawn_blocking(move || look(&Desk::new(state, who))).await;
    found.unwrap_or_else(|error| Err(broken(&error)))
}

/// Runs what may wait for the disk on a thread of its own.
pub(super) async fn work<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, ServiceError> + Send + 'static,
) -> Result<T, ServiceError> {
    let done = tokio::task::spawn_blocking(job).await;
    done.unwrap_or_else(|error| Err(ServiceError::Damaged(format!("the work broke off: {error}"))))
}

/// Does what a form asks for once, however often the form is sent, and to its end though the browser may hang up. Says
/// where the answer is.
pub(super) async fn once(
    session: &Session,
    token: &str,
    deed: impl Future<Output = Result<String, ServiceError>> + Send + 'static,
) -> Result<String, ServiceError> {
    let cell = session.once(token);
    let done = tokio::spawn(async move { cell.get_or_try_init(|| deed).await.cloned() }).await;
    done.unwrap_or_else(|error| Err(ServiceError::Damaged(format!("the deed broke off: {error}"))))
}

/// Leads on after a deed.
pub(super) fn onward(path: &str) -> Response {
    Redirect::to(local_path(path)).into_response()
}

/// Where no page is.
pub(super) async fn nowhere(State(state): State<WebState>, visitor: Visitor) -> Response {
    refuse(state, visitor, Fault::Nowhere).await
}

/// A file to keep.
pub(super) fn file(name: &str, kind: &'static str, bytes: Vec<u8>) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    (headers, bytes).into_response()
}
