//! The page of a machine that holds no node yet. It takes the code of an invitation and the passphrase, joins, shows how far
//! that is, and ends once there is a node, whose own pages go on at the same address. Knows services alone; how the parent
//! is reached it is given.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use age::secrecy::{ExposeSecret, SecretString};
use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use tokio::sync::watch;

use super::entrance::{Preferences, preferred};
use super::i18n::{Lang, Text};
use super::join::person_form;
use super::page::{FirstPersonForm, JoinForm, Looks, StartPage, StartStep, StepState, key};
use super::request::Posted;
use super::session::{Cookies, token};
use super::site::Site;
use super::{BODY_MAX, answer, assets, guard};
use crate::config::Config;
use crate::keystore::PASSPHRASE_MIN;
use crate::services::invite::Invitation;
use crate::services::join::{Ask, PersonChoice, Step, begun, join};
use crate::services::{Node, ServiceError};

/// What the handlers share. Cheap to clone.
#[derive(Clone)]
pub struct First {
    dir: PathBuf,
    config: Config,
    bound: SocketAddr,
    csrf: Arc<str>,
    ask: Ask,
    way: Arc<Mutex<Way>>,
    joined: watch::Sender<Option<Arc<Node>>>,
}

/// How far this machine is.
#[derive(Default)]
struct Way {
    code: String,
    step: Option<Step>,
    error: Option<ServiceError>,
}

impl First {
    /// The state of the page for the future node in `dir`, served at `bound`.
    pub fn new(dir: PathBuf, config: Config, bound: SocketAddr, ask: Ask) -> First {
        let code = begun(&dir).map(|invitation| invitation.to_code());
        First {
            dir,
            config,
            bound,
            csrf: token().into(),
            ask,
            way: Arc::new(Mutex::new(Way {
                code: code.unwrap_or_default(),
                ..Way::default()
            })),
            joined: watch::Sender::new(None),
        }
    }

    /// The node, once there is one.
    pub async fn joined(&self) -> Arc<Node> {
        let mut joined = self.joined.subscribe();
        loop {
            if let Some(node) = joined.borrow_and_update().clone() {
                return node;
            }
            if joined.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Forgets the node, which somebody else holds now: nothing here may keep it open.
    pub fn let_go(&self) {
        self.joined.send_replace(None);
    }

    fn way(&self) -> MutexGuard<'_, Way> {
        self.way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(self, code: String, passphrase: SecretString, person: Option<PersonChoice>) {
        let (config, ask) = (self.config.clone(), self.ask.clone());
        let ask = async |invitation: &Invitation, request| ask(invitation.clone(), request).await;
        let tell = |step| self.way().step = Some(step);
        match join(&self.dir, &code, passphrase, person, config, ask, tell).await {
            Ok(node) => {
                self.joined.send_replace(Some(node));
            }
            Err(error) => {
                tracing::warn!(%error, "joining was refused or broke off");
                let mut way = self.way();
                way.step = None;
                way.error = Some(error);
            }
        }
    }
}

/// The routes.
pub fn router(first: First) -> Router {
    let site = Site::plain(first.bound);
    Router::new()
        .route("/start", get(page).post(begin))
        .route("/preferences", get(preferences))
        .route(
            "/healthz",
            get(async || (StatusCode::SERVICE_UNAVAILABLE, "joining\n")),
        )
        .merge(assets::router())
        .fallback(async || Redirect::to("/start"))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(axum::middleware::from_fn_with_state(site, guard::around))
        .with_state(first)
}

async fn preferences(Query(wish): Query<Preferences>) -> Response {
    preferred(wish)
}

async fn page(State(first): State<First>, headers: HeaderMap) -> Response {
    shown(StatusCode::OK, &first, &headers, None, FirstPersonForm::default())
}

async fn begin(State(first): State<First>, headers: HeaderMap, form: Result<Posted, StatusCode>) -> Response {
    let mut form = match form {
        Ok(form) => form,
        Err(status) => return status.into_response(),
    };
    if form.get("csrf") != &*first.csrf || !guard::from_own_page(&Site::plain(first.bound), &headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let text = text_of(&headers);
    let code = form.get("code").trim().to_owned();
    let passphrase = SecretString::from(form.take("passphrase"));
    let invited = Invitation::from_code(&code).map(|invitation| invitation.person);
    let mut person = None;
    let wrong = match &invited {
        Err(error) => Some(answer::tell(&text, error)),
        Ok(_) if short(&passphrase) => Some(text.t1("start-short", "min", PASSPHRASE_MIN as u64)),
        Ok(_) if passphrase.expose_secret() != form.get("again") => Some(text.t("start-differ")),
        // Only the code says that a person comes along: what is to be known of them is asked for then.
        Ok(Some(_)) if form.get("login").is_empty() => Some(text.t("start-person-too")),
        Ok(Some(_)) => {
            let own = SecretString::from(form.take("own"));
            let wrong = match (short(&own), own.expose_secret() == form.get("own-again")) {
                (true, _) => Some(text.t1("start-short", "min", PASSPHRASE_MIN as u64)),
                (_, false) => Some(text.t("start-differ")),
                _ => None,
            };
            person = Some(PersonChoice {
                login: form.get("login").trim().to_owned(),
                name: form.get("name").trim().to_owned(),
                passphrase: own,
            });
            wrong
        }
        Ok(None) => None,
    };
    let typed = FirstPersonForm {
        name: form.get("name").trim().to_owned(),
        login: form.get("login").trim().to_owned(),
        ..FirstPersonForm::default()
    };
    {
        let mut way = first.way();
        // Sent twice, it is done once.
        if way.step.is_none() {
            way.code.clone_from(&code);
            way.error = None;
            if wrong.is_none() {
                way.step = Some(Step::Keys);
                tokio::spawn(first.clone().run(code, passphrase, person));
            }
        }
    }
    match wrong {
        Some(words) => shown(
            StatusCode::UNPROCESSABLE_ENTITY,
            &first,
            &headers,
            Some(words),
            typed,
        ),
        None => Redirect::to("/start").into_response(),
    }
}

fn text_of(headers: &HeaderMap) -> Text {
    Text::new(Lang::from_cookie(Cookies::read(headers).get("lang")))
}

fn short(passphrase: &SecretString) -> bool {
    passphrase.expose_secret().chars().count() < PASSPHRASE_MIN
}

fn shown(
    status: StatusCode,
    first: &First,
    headers: &HeaderMap,
    wrong: Option<String>,
    typed: FirstPersonForm,
) -> Response {
    let (text, cookies) = (text_of(headers), Cookies::read(headers));
    let way = first.way();
    let error = wrong.or_else(|| way.error.as_ref().map(|error| answer::tell(&text, error)));
    let invited = Invitation::from_code(&way.code).ok().and_then(|code| code.person);
    let form = JoinForm {
        person: invited.map(|invited| person_form(&text, &invited, typed)),
        begun: begun(&first.dir).is_some_and(|before| before.to_code() == way.code),
        code: way.code.clone(),
        min: PASSPHRASE_MIN,
    };
    let busy = way.step.is_some();
    let page = StartPage {
        text,
        looks: Looks::read(|name| cookies.get(name)),
        here: "/start".to_owned(),
        version: assets::version().to_owned(),
        csrf: first.csrf.to_string(),
        title: text.t(if busy {
            key!("start-title-joining")
        } else {
            key!("start-title")
        }),
        lead: text.t(match (busy, form.begun) {
            (true, _) => key!("start-lead-joining"),
            (false, true) => key!("start-lead-begun"),
            (false, false) => key!("start-lead"),
        }),
        steps: steps(
            &text,
            way.step.map_or(0, |step| match step {
                Step::Keys => 1,
                Step::Asking => 2,
                Step::Appointed => 3,
            }),
            String::new(),
        ),
        refresh: busy,
        error,
        join: (!busy).then_some(form),
        ..StartPage::default()
    };
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "the first page cannot be shown");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The way into service, of which step `now` (the first is 1) is under way; `note` stands beside it.
pub(super) fn steps(text: &Text, now: usize, note: String) -> Vec<StartStep> {
    let labels = [
        key!("start-step-keys"),
        key!("start-step-appointed"),
        key!("start-step-written"),
        key!("start-step-sync"),
        key!("start-step-service"),
    ];
    let step = |(n, label): (usize, &&str)| StartStep {
        label: text.t(label),
        note: if n + 1 == now { note.clone() } else { String::new() },
        state: match (n + 1).cmp(&now) {
            std::cmp::Ordering::Less => StepState::Done,
            std::cmp::Ordering::Equal => StepState::Now,
            std::cmp::Ordering::Greater => StepState::Later,
        },
    };
    labels.iter().enumerate().map(step).collect()
}
