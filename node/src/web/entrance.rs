//! Signing in and out, and how a person looks at pages.

use age::secrecy::SecretString;
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::answer::{self, Fault, onward};
use super::page::{LoginPage, StripPart, SyncPart};
use super::request::{Deed, Posted, Signed, Visitor, local_path};
use super::{WebState, guard};
use crate::services::ServiceError;
use crate::services::limit::DoorError;

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/login", get(entrance).post(sign_in))
        .route("/logout", post(sign_out))
        .route("/preferences", get(preferences))
        .route("/sync", get(sync))
}

#[derive(Deserialize)]
struct Back {
    #[serde(default)]
    back: String,
}

async fn entrance(State(state): State<WebState>, visitor: Visitor, Query(to): Query<Back>) -> Response {
    let back = local_path(&to.back).to_owned();
    if visitor.session.is_some() {
        return onward(&back);
    }
    if super::start::is_fresh(&state) {
        return onward("/start");
    }
    let form = LoginForm {
        name: String::new(),
        back,
        error: None,
    };
    login_page(StatusCode::OK, state, visitor, form).await
}

struct LoginForm {
    name: String,
    back: String,
    error: Option<String>,
}

async fn login_page(
    status: StatusCode,
    state: WebState,
    mut visitor: Visitor,
    LoginForm { name, back, error }: LoginForm,
) -> Response {
    // Switches of this page lead back here, also when it answers a form.
    visitor.here = format!("/login?back={}", super::request::escape(&back));
    let (csrf, cookie) = state.sessions.door(&visitor.cookies);
    let (kept, looks) = (state.clone(), visitor.clone());
    let made = answer::work(move || {
        let mut shell = answer::shell(&state, &visitor, None)?;
        shell.csrf = csrf;
        let page = LoginPage {
            text: visitor.text,
            shell,
            name,
            back,
            error,
        };
        page.render()
            .map_err(|error| ServiceError::Damaged(format!("the entrance: {error}")))
    });
    match made.await {
        Ok(html) => {
            let mut response = (status, axum::response::Html(html)).into_response();
            if let Some(cookie) = cookie {
                set_cookie(&mut response, &cookie);
            }
            response
        }
        Err(error) => answer::refuse(kept, looks, Fault::Service(error)).await,
    }
}

async fn sign_in(
    State(state): State<WebState>,
    visitor: Visitor,
    headers: HeaderMap,
    form: Result<Posted, StatusCode>,
) -> Response {
    let mut form = match form {
        Ok(form) => form,
        Err(status) => return answer::refuse(state, visitor, Fault::Unread(status)).await,
    };
    let known = state
        .sessions
        .came_through_door(&visitor.cookies, form.get("csrf"));
    if !known || !guard::from_own_page(&state.site, &headers) {
        return answer::refuse(state, visitor, Fault::Foreign).await;
    }
    let passphrase = SecretString::from(form.take("passphrase"));
    let name = form.get("name").trim().to_owned();
    let back = local_path(form.get("back")).to_owned();
    let text = visitor.text;
    let (status, error, wait) = match state.door.sign_in(&state.node, &name, passphrase).await {
        Ok(author) => {
            // A browser that was signed in as somebody else leaves that session.
            if let Some(before) = &visitor.session {
                state.sessions.end(before);
            }
            let mut response = onward(&back);
            set_cookie(&mut response, &state.sessions.begin(author));
            return response;
        }
        Err(DoorError::Wait(seconds)) => (
            StatusCode::TOO_MANY_REQUESTS,
            text.t1("login-wait", "seconds", seconds),
            Some(seconds),
        ),
        Err(DoorError::Service(ServiceError::SignIn)) => {
            (StatusCode::UNAUTHORIZED, text.t("login-wrong"), None)
        }
        Err(DoorError::Service(error)) if error.is_callers() => {
            (StatusCode::FORBIDDEN, answer::tell(&text, &error), None)
        }
        Err(DoorError::Service(error)) => {
            return answer::refuse(state, visitor, Fault::Service(error)).await;
        }
    };
    let form = LoginForm {
        name,
        back,
        error: Some(error),
    };
    let mut response = login_page(status, state, visitor, form).await;
    if let Some(seconds) = wait {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

async fn sign_out(State(state): State<WebState>, deed: Deed) -> Response {
    state.sessions.end(&deed.who.session);
    let mut response = onward("/login");
    set_cookie(&mut response, &state.sessions.farewell());
    response
}

#[derive(Deserialize)]
pub(super) struct Preferences {
    lang: Option<String>,
    theme: Option<String>,
    r#type: Option<String>,
    contrast: Option<String>,
    #[serde(default)]
    back: String,
}

async fn preferences(Query(wish): Query<Preferences>) -> Response {
    preferred(wish)
}

/// Keeps how a person looks at pages, and leads back.
pub(super) fn preferred(wish: Preferences) -> Response {
    let mut response = onward(&wish.back);
    let known = [
        ("lang", wish.lang, ["zh", "en"].as_slice()),
        ("theme", wish.theme, ["system", "light", "dark"].as_slice()),
        ("type", wish.r#type, ["normal", "large"].as_slice()),
        ("contrast", wish.contrast, ["system", "more"].as_slice()),
    ];
    for (name, value, allowed) in known {
        if let Some(value) = value.filter(|value| allowed.contains(&value.as_str())) {
            let cookie = format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age=31536000");
            set_cookie(&mut response, &cookie);
        }
    }
    response
}

/// The parts of the masthead that keep themselves fresh.
async fn sync(State(state): State<WebState>, who: Signed) -> Response {
    let visitor = who.visitor;
    let Some(id) = visitor
        .fragment
        .clone()
        .filter(|id| id == "sync" || id == "strip")
    else {
        return onward("/network");
    };
    let (kept, text) = (state.clone(), visitor.text);
    let made = answer::work(move || {
        let sync = &answer::sync(&state, text)?;
        let html = if id == "sync" {
            SyncPart { text, sync }.render()
        } else {
            StripPart { text, sync }.render()
        };
        html.map(|html| (id, html))
            .map_err(|error| ServiceError::Damaged(format!("the masthead: {error}")))
    });
    match made.await {
        Ok((id, html)) => answer::part(&id, html),
        Err(error) => answer::refuse(kept, visitor, Fault::Service(error)).await,
    }
}

fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
