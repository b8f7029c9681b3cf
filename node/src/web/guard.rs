//! What holds for every answer: which host names are ours (against DNS rebinding) and the headers that keep a page from
//! loading, sending or being framed beyond this node.

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::WebState;

const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
                   form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The same for the one page that runs the verifier, and sends no form.
const CSP_VERIFIER: &str = "default-src 'none'; style-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:; \
                            connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

/// Marks the answer that is this page.
#[derive(Clone, Copy)]
pub(super) struct RunsVerifier;

const ALWAYS: [(HeaderName, HeaderValue); 4] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

pub(super) async fn guard(State(state): State<WebState>, request: Request, next: Next) -> Response {
    around(State(state.bound), request, next).await
}

/// The same for pages that have no node behind them.
pub(super) async fn around(State(bound): State<SocketAddr>, request: Request, next: Next) -> Response {
    let ours = host(request.headers()).is_some_and(|host| is_ours(host, bound));
    let mut response = if ours {
        next.run(request).await
    } else {
        let say = format!("This address is not served here. Open http://{bound}/\n");
        (StatusCode::MISDIRECTED_REQUEST, say).into_response()
    };
    let policy = match response.extensions().get::<RunsVerifier>() {
        Some(RunsVerifier) => CSP_VERIFIER,
        None => CSP,
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    for (name, value) in ALWAYS {
        headers.insert(name, value);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

/// Whether a browser that asks for `host` means this node: the bound address or a name of this machine, with its port. A
/// foreign name that somebody's DNS points at us is not ours.
fn is_ours(host: &str, bound: SocketAddr) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            (name, port.parse().ok())
        }
        _ => (host, Some(80)),
    };
    let local = ["localhost", "127.0.0.1", "[::1]"];
    let named = local.iter().any(|own| name.eq_ignore_ascii_case(own));
    (named || SocketAddr::new(bound.ip(), 80).to_string() == format!("{name}:80"))
        && port == Some(bound.port())
}

/// Whether a request that changes something was sent by a page of this node. Browsers say so in `Origin`, or in
/// `Sec-Fetch-Site`; a program that sends neither has the form's token to show.
pub(super) fn from_own_page(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if site.is_some_and(|site| site != b"same-origin" && site != b"none") {
        return false;
    }
    match headers.get(header::ORIGIN) {
        None => true,
        Some(origin) => {
            let own = host(headers).map(|host| format!("http://{host}"));
            own.is_some_and(|own| origin.as_bytes().eq_ignore_ascii_case(own.as_bytes()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machines_names_with_the_right_port_are_ours() {
        let bound = SocketAddr::from(([127, 0, 0, 1], 7610));
        for host in ["127.0.0.1:7610", "localhost:7610", "LOCALHOST:7610", "[::1]:7610"] {
            assert!(is_ours(host, bound), "{host}");
        }
        let strange = [
            "evil.example:7610",
            "127.0.0.1",
            "127.0.0.1:80",
            "127.0.0.1:",
            "localhost.evil.example:7610",
            "",
            ":7610",
            "127.0.0.1:7610:7610",
        ];
        for host in strange {
            assert!(!is_ours(host, bound), "{host}");
        }
        assert!(is_ours("127.0.0.5:1", SocketAddr::from(([127, 0, 0, 5], 1))));
        assert!(is_ours("localhost", SocketAddr::from(([127, 0, 0, 1], 80))));
    }

    #[test]
    fn a_foreign_page_is_told_from_an_own_one() {
        let sent = |headers: &[(&'static str, &'static str)]| {
            let mut map = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("127.0.0.1:7610"))]);
            for (name, value) in headers {
                map.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            from_own_page(&map)
        };
        assert!(sent(&[]) && sent(&[("origin", "http://127.0.0.1:7610")]));
        assert!(sent(&[("sec-fetch-site", "same-origin")]));
        for origin in [
            "null",
            "http://127.0.0.1:7611",
            "https://evil.example",
            "http://127.0.0.1:76100",
        ] {
            assert!(!sent(&[("origin", origin)]), "{origin}");
        }
        // Another port of this machine is the same site, and still not this node.
        assert!(!sent(&[("sec-fetch-site", "same-site")]));
        assert!(!sent(&[
            ("origin", "http://127.0.0.1:7610"),
            ("sec-fetch-site", "cross-site")
        ]));
    }
}
