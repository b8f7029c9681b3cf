//! Who asks, and what they send. A visitor is anybody; whoever is [`Signed`] holds an unlocked key; a [`Deed`] is a form of
//! a page of this node, sent by whoever is signed in. No handler can change anything without going through `Deed`.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use super::answer::{self, Fault};
use super::i18n::{Lang, Text};
use super::page::Looks;
use super::session::{Cookies, Session};
use super::{WebState, guard};

/// The header by which a page asks for one of its parts, and by which the part says which it is.
pub(super) const FRAGMENT: &str = "x-fragment";

/// Anybody.
#[derive(Clone)]
pub(super) struct Visitor {
    /// The words in the chosen language.
    pub(super) text: Text,
    /// How they look at pages.
    pub(super) looks: Looks,
    /// Path and query of what was asked for.
    pub(super) here: String,
    /// The part that was asked for alone.
    pub(super) fragment: Option<String>,
    /// The cookies.
    pub(super) cookies: Cookies,
    /// The session, for whoever is signed in.
    pub(super) session: Option<Arc<Session>>,
}

impl FromRequestParts<WebState> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Infallible> {
        let cookies = Cookies::read(&parts.headers);
        let fragment = parts
            .headers
            .get(FRAGMENT)
            .and_then(|id| id.to_str().ok())
            .map(str::to_owned);
        let here = parts
            .uri
            .path_and_query()
            .map_or_else(|| "/".to_owned(), ToString::to_string);
        Ok(Visitor {
            text: Text::new(Lang::from_cookie(cookies.get("lang"))),
            looks: Looks::read(|name| cookies.get(name)),
            here,
            fragment,
            session: state.sessions.of(&cookies),
            cookies,
        })
    }
}

/// Somebody who is signed in. Everybody else is led to the entrance and back.
#[derive(Clone)]
pub(super) struct Signed {
    /// How they look at pages.
    pub(super) visitor: Visitor,
    /// Their session.
    pub(super) session: Arc<Session>,
}

impl FromRequestParts<WebState> for Signed {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Response> {
        let Ok(visitor) = Visitor::from_request_parts(parts, state).await;
        let stream = parts
            .headers
            .get("accept")
            .is_some_and(|kinds| kinds == "text/event-stream");
        let Some(session) = visitor.session.clone() else {
            // What a page asks for by itself is no reason to lead anybody anywhere.
            if visitor.fragment.is_some() || stream {
                return Err(StatusCode::UNAUTHORIZED.into_response());
            }
            let back = if parts.method == Method::GET {
                visitor.here.as_str()
            } else {
                "/"
            };
            return Err(Redirect::to(&format!("/login?back={}", escape(back))).into_response());
        };
        // A page that keeps itself fresh on an empty desk does not keep the key unlocked.
        if visitor.fragment.is_none() && !stream {
            session.touch();
        }
        Ok(Signed { visitor, session })
    }
}

/// A form that was sent by a page of this node, by whoever is signed in.
pub(super) struct Deed {
    /// Who.
    pub(super) who: Signed,
    /// What they typed.
    pub(super) form: Posted,
}

impl FromRequest<WebState> for Deed {
    type Rejection = Response;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let who = Signed::from_request_parts(&mut parts, state).await?;
        let own_page = guard::from_own_page(&state.site, &parts.headers);
        let request = Request::from_parts(parts, body);
        let form = match Posted::from_request(request, state).await {
            Ok(form) => form,
            Err(status) => {
                return Err(answer::refuse(state.clone(), who.visitor, Fault::Unread(status)).await);
            }
        };
        if own_page && who.session.is_own(form.get("csrf")) {
            Ok(Deed { who, form })
        } else {
            Err(answer::refuse(state.clone(), who.visitor, Fault::Foreign).await)
        }
    }
}

/// The fields of a form, as typed.
#[derive(Default)]
pub(super) struct Posted(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = StatusCode;

    async fn from_request(request: Request, state: &S) -> Result<Self, StatusCode> {
        match Form::<Vec<(String, String)>>::from_request(request, state).await {
            Ok(Form(fields)) => Ok(Posted(fields)),
            Err(rejection) => Err(rejection.status()),
        }
    }
}

impl Posted {
    /// What stands in an address, read as a form that was sent by it.
    pub(super) fn asked(pairs: Vec<(String, String)>) -> Self {
        Posted(pairs)
    }

    /// Every field with its value, as sent.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Every value of a field.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.0.iter().filter(move |(known, _)| known == name);
        named.map(|(_, value)| value.as_str())
    }

    /// What stands in a field; empty if there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value.as_str())
    }

    /// Takes a field out.
    pub(super) fn take(&mut self, name: &str) -> String {
        let found = self.0.iter_mut().find(|(known, _)| known == name);
        found.map(|(_, value)| std::mem::take(value)).unwrap_or_default()
    }
}

/// A path of this node to go back to; anything else leads home.
pub(super) fn local_path(path: &str) -> &str {
    let inside = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && !path
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || !c.is_ascii());
    if inside { path } else { "/" }
}

/// A text as it stands in a query.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_back_to_this_node_only() {
        assert_eq!(local_path("/records/1?proof=2"), "/records/1?proof=2");
        for path in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "",
            "x",
            "/a\nb",
            "/\t/evil",
        ] {
            assert_eq!(local_path(path), "/", "{path:?}");
        }
    }

    #[test]
    fn a_query_holds_any_text() {
        assert_eq!(escape("/visits?q=水&x"), "/visits%3Fq%3D%E6%B0%B4%26x");
    }
}
