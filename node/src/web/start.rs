//! The first page goes on: a node that has joined and that nobody can sign in to yet shows how far its first sync is, and
//! takes its first person, whom the passphrase of the org appoints.

use age::secrecy::{ExposeSecret, SecretString};
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use lianzhan_protocol::trust::{Level, Role};
use serde::Deserialize;

use super::answer::{self, Fault, onward};
use super::first::steps;
use super::page::{FirstPersonForm, Link, StartPage, key};
use super::request::{Posted, Visitor};
use super::{WebState, assets, guard, say};
use crate::keystore::PASSPHRASE_MIN;
use crate::services::ServiceError;
use crate::services::appoint::PersonDraft;
use crate::services::limit::DoorError;

pub(super) fn router() -> Router<WebState> {
    Router::new().route("/start", get(page).post(appoint))
}

/// Whether nobody can sign in here yet.
pub(super) fn is_fresh(state: &WebState) -> bool {
    state.node.has_accounts().is_ok_and(|has| !has)
}

#[derive(Deserialize)]
struct Wish {
    /// The first person is asked for, though the sync is not through.
    #[serde(default)]
    person: String,
}

async fn page(State(state): State<WebState>, visitor: Visitor, Query(wish): Query<Wish>) -> Response {
    if !is_fresh(&state) {
        return onward("/");
    }
    show(
        StatusCode::OK,
        state,
        visitor,
        !wish.person.is_empty(),
        FirstPersonForm::default(),
        None,
    )
    .await
}

/// What the first person holds: enough to do the work of the org, and to look after its node.
fn roles(level: Level) -> &'static [Role] {
    match level {
        Level::Station => &[Role::StationHead, Role::StationLiaison, Role::OpinionLiaison],
        _ => &[Role::Secretary, Role::Organiser, Role::Administrator],
    }
}

async fn show(
    status: StatusCode,
    state: WebState,
    visitor: Visitor,
    asked: bool,
    form: FirstPersonForm,
    error: Option<String>,
) -> Response {
    let (kept, looks) = (state.clone(), visitor.clone());
    let made = answer::work(move || {
        let (text, org) = (visitor.text, state.node.org()?);
        let peers = (state.peers)();
        let (received, wanted) = peers
            .iter()
            .fold((0, 0), |sum, peer| (sum.0 + peer.received, sum.1 + peer.wanted));
        let level = !peers.is_empty() && peers.iter().all(|peer| peer.level);
        let (now, note) = match (level, peers.is_empty()) {
            (true, _) => (5, text.t("start-nobody")),
            (_, true) => (4, text.t("start-no-peer")),
            _ => (4, text.t2("start-received", "done", received, "all", wanted)),
        };
        let form = (level || asked || error.is_some()).then(|| FirstPersonForm {
            roles: say::role(&text, roles(org.level), None),
            min: PASSPHRASE_MIN,
            ..form
        });
        let page = StartPage {
            text,
            looks: visitor.looks,
            here: "/start".to_owned(),
            version: assets::version().to_owned(),
            title: text.t1(
                if level {
                    key!("start-title-person")
                } else {
                    key!("start-title-sync")
                },
                "org",
                say::org(&text, &org),
            ),
            steps: steps(&text, now, note),
            refresh: form.is_none(),
            error,
            onward: form.is_none().then(|| Link {
                href: "/start?person=yes".into(),
                label: text.t("start-person-now"),
            }),
            person: form,
            ..StartPage::default()
        };
        page.render()
            .map_err(|error| ServiceError::Damaged(format!("the first page: {error}")))
    });
    match made.await {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => answer::refuse(kept, looks, Fault::Service(error)).await,
    }
}

async fn appoint(
    State(state): State<WebState>,
    visitor: Visitor,
    headers: HeaderMap,
    form: Result<Posted, StatusCode>,
) -> Response {
    let mut form = match form {
        Ok(form) => form,
        Err(status) => return answer::refuse(state, visitor, Fault::Unread(status)).await,
    };
    if !guard::from_own_page(&state.site, &headers) {
        return answer::refuse(state, visitor, Fault::Foreign).await;
    }
    if !is_fresh(&state) {
        return onward("/");
    }
    let (authority, own) = (
        SecretString::from(form.take("passphrase")),
        SecretString::from(form.take("own")),
    );
    let typed = FirstPersonForm {
        name: form.get("name").trim().to_owned(),
        login: form.get("login").trim().to_owned(),
        ..FirstPersonForm::default()
    };
    let text = visitor.text;
    let chosen = own.expose_secret();
    let wrong = if chosen.chars().count() < PASSPHRASE_MIN {
        Some(text.t1("start-short", "min", PASSPHRASE_MIN as u64))
    } else if chosen != form.get("own-again") {
        Some(text.t("start-differ"))
    } else {
        None
    };
    if let Some(words) = wrong {
        return show(
            StatusCode::UNPROCESSABLE_ENTITY,
            state,
            visitor,
            true,
            typed,
            Some(words),
        )
        .await;
    }
    let (node, name, login) = (state.node.clone(), typed.name.clone(), typed.login.clone());
    let appointed = state.door.with_authority(move || {
        let draft = PersonDraft {
            login,
            name,
            roles: roles(node.org()?.level).to_vec(),
            ..PersonDraft::default()
        };
        node.appoint_person(&authority, draft, &own)
    });
    let words = match appointed.await {
        Ok(_) => return onward("/login"),
        Err(DoorError::Wait(seconds)) => text.t1("login-wait", "seconds", seconds),
        Err(DoorError::Service(ServiceError::Key(crate::keystore::KeyFileError::Passphrase(_)))) => {
            text.t("authority-wrong")
        }
        Err(DoorError::Service(error)) if error.is_callers() => answer::tell(&text, &error),
        Err(DoorError::Service(error)) => {
            return answer::refuse(state, visitor, Fault::Service(error)).await;
        }
    };
    show(
        StatusCode::UNPROCESSABLE_ENTITY,
        state,
        visitor,
        true,
        typed,
        Some(words),
    )
    .await
}
