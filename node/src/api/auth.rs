//! Who may ask: whoever shows the token of the node's directory.

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::Problem;
use crate::env;

/// The token, in a form that is compared in constant time: as its MAC under a key that nobody else knows.
#[derive(Clone)]
pub(super) struct Token {
    mac: Hmac<Sha256>,
    expected: [u8; 32],
}

impl Token {
    pub(super) fn new(token: &str) -> Self {
        let key: [u8; 32] = env::random();
        let mac = Hmac::new_from_slice(&key).expect("HMAC takes keys of any length");
        let expected = mac.clone().chain_update(token).finalize().into_bytes().into();
        Token { mac, expected }
    }

    fn is(&self, shown: &[u8]) -> bool {
        self.mac
            .clone()
            .chain_update(shown)
            .verify_slice(&self.expected)
            .is_ok()
    }
}

/// Lets a request with the token pass.
pub(super) async fn require(State(token): State<Token>, request: Request, next: Next) -> Response {
    let shown = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.as_bytes().split_first_chunk::<7>())
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "))
        .map(|(_, shown)| shown.trim_ascii());
    if shown.is_some_and(|shown| token.is(shown)) {
        return next.run(request).await;
    }
    let problem = Problem::new(
        StatusCode::UNAUTHORIZED,
        "token",
        "The token is missing or wrong",
        "send `Authorization: Bearer` with the content of the file api.token in the node's directory",
    );
    let mut response = problem.into_response();
    response
        .headers_mut()
        .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_is_the_token() {
        let token = Token::new("0123abcd");
        assert!(token.is(b"0123abcd"));
        assert!(
            ["", "0123abc", "0123abcde", "1123abcd"]
                .iter()
                .all(|shown| !token.is(shown.as_bytes()))
        );
    }
}
