//! A person joins at this node with the code of an invitation, and can sign in from then on. Whoever comes has no account
//! yet, so the page is open; nothing is asked of anybody but this node and those that it dials anyway.

use age::secrecy::{ExposeSecret, SecretString};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::answer::{self, Fault, onward};
use super::i18n::Text;
use super::page::{FirstPersonForm, StartPage};
use super::request::{Posted, Visitor};
use super::{WebState, assets, guard, say};
use crate::keystore::PASSPHRASE_MIN;
use crate::services::ServiceError;
use crate::services::invite::{Invitation, InvitedPerson};
use crate::services::join::{PersonChoice, join_person};

pub(super) fn router() -> Router<WebState> {
    Router::new().route("/join", get(page).post(join))
}

/// What a person is asked who comes with an invitation.
pub(super) fn person_form(text: &Text, invited: &InvitedPerson, typed: FirstPersonForm) -> FirstPersonForm {
    FirstPersonForm {
        name: invited.name.clone().unwrap_or(typed.name),
        named: invited.name.is_some(),
        login: typed.login,
        roles: say::role(text, &invited.roles, invited.seat),
        min: PASSPHRASE_MIN,
        code: None,
    }
}

async fn page(State(state): State<WebState>, visitor: Visitor) -> Response {
    let form = FirstPersonForm {
        code: Some(String::new()),
        min: PASSPHRASE_MIN,
        ..FirstPersonForm::default()
    };
    show(StatusCode::OK, state, visitor, form, None).await
}

async fn show(
    status: StatusCode,
    state: WebState,
    visitor: Visitor,
    form: FirstPersonForm,
    error: Option<String>,
) -> Response {
    let (kept, looks) = (state.clone(), visitor.clone());
    let made = answer::work(move || {
        let (text, org) = (visitor.text, state.node.org()?);
        let page = StartPage {
            text,
            looks: visitor.looks,
            here: "/join".to_owned(),
            version: assets::version().to_owned(),
            title: text.t1("join-title", "org", say::org(&text, &org)),
            lead: text.t("join-lead"),
            error,
            person: Some(form),
            ..StartPage::default()
        };
        page.render()
            .map_err(|error| ServiceError::Damaged(format!("the page to join: {error}")))
    });
    match made.await {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => answer::refuse(kept, looks, Fault::Service(error)).await,
    }
}

async fn join(
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
    let text = visitor.text;
    let (own, code) = (
        SecretString::from(form.take("own")),
        form.get("code").trim().to_owned(),
    );
    let typed = FirstPersonForm {
        name: form.get("name").trim().to_owned(),
        login: form.get("login").trim().to_owned(),
        ..FirstPersonForm::default()
    };
    let invited = Invitation::from_code(&code).map(|invitation| invitation.person);
    let wrong = match &invited {
        Err(error) => Some(answer::tell(&text, error)),
        Ok(_) if own.expose_secret().chars().count() < PASSPHRASE_MIN => {
            Some(text.t1("start-short", "min", PASSPHRASE_MIN as u64))
        }
        Ok(_) if own.expose_secret() != form.get("own-again") => Some(text.t("start-differ")),
        Ok(_) => None,
    };
    let words = match (wrong, state.joining.clone().try_lock_owned()) {
        (Some(words), _) => words,
        (None, Err(_)) => text.t("join-busy"),
        (None, Ok(_alone)) => {
            let choice = PersonChoice {
                login: typed.login.clone(),
                name: typed.name.clone(),
                passphrase: own,
            };
            let reach = state.ask.clone();
            let ask = async |invitation: &Invitation, request| reach(invitation.clone(), request).await;
            match join_person(&state.node, &code, choice, ask).await {
                Ok(_) => return onward("/login"),
                Err(error) if error.is_callers() => answer::tell(&text, &error),
                Err(error) => return answer::refuse(state, visitor, Fault::Service(error)).await,
            }
        }
    };
    let form = FirstPersonForm {
        code: Some(code),
        ..match invited.ok().flatten() {
            Some(invited) => person_form(&text, &invited, typed),
            None => FirstPersonForm {
                min: PASSPHRASE_MIN,
                ..typed
            },
        }
    };
    show(
        StatusCode::UNPROCESSABLE_ENTITY,
        state,
        visitor,
        form,
        Some(words),
    )
    .await
}
