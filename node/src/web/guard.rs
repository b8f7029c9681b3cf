//! What holds for every answer: which host names are ours (against DNS rebinding) and the headers that keep a page from
//! loading, sending or being framed beyond this node.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::WebState;
use super::site::Site;

const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
                   form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The same for the one page that runs the verifier, and sends no form.
const CSP_VERIFIER: &str = "default-src 'none'; style-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:; \
                            connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

/// Marks the answer that is this page.
#[derive(Clone, Copy)]
pub(super) struct RunsVerifier;

/// For what people sent: it is shown, and runs and loads nothing, whatever it is.
const CSP_SANDBOX: &str = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; \
                           frame-ancestors 'none'";

/// Marks an answer that holds what people sent.
#[derive(Clone, Copy)]
pub(super) struct Sandboxed;

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

/// For a year, a browser that was here by HTTPS comes by nothing else.
const YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");

pub(super) async fn guard(State(state): State<WebState>, request: Request, next: Next) -> Response {
    around(State(state.site), request, next).await
}

/// The same for pages that have no node behind them.
pub(super) async fn around(State(site): State<Site>, request: Request, next: Next) -> Response {
    let ours = host(request.headers()).is_some_and(|host| site.is_ours(host));
    let mut response = if ours {
        next.run(request).await
    } else {
        let open = site.address();
        let say = format!("这里不用这个地址。请打开 {open}\nThis address is not served here. Open {open}\n");
        (StatusCode::MISDIRECTED_REQUEST, say).into_response()
    };
    let policy = match response.extensions().get::<RunsVerifier>() {
        Some(RunsVerifier) => CSP_VERIFIER,
        None if response.extensions().get::<Sandboxed>().is_some() => CSP_SANDBOX,
        None => CSP,
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    for (name, value) in ALWAYS {
        headers.insert(name, value);
    }
    if site.is_secure() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, YEAR);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

/// Whether a request that changes something was sent by a page of this node. Browsers say so in `Origin`, or in
/// `Sec-Fetch-Site`; a program that sends neither has the form's token to show.
pub(super) fn from_own_page(site: &Site, headers: &HeaderMap) -> bool {
    let from = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if from.is_some_and(|from| from != b"same-origin" && from != b"none") {
        return false;
    }
    match headers.get(header::ORIGIN) {
        None => true,
        Some(origin) => {
            let own = host(headers).zip(origin.to_str().ok());
            own.is_some_and(|(host, origin)| site.is_origin(origin, host))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_page_is_told_from_an_own_one() {
        let site = Site::plain(([127, 0, 0, 1], 7610).into());
        let sent = |headers: &[(&'static str, &'static str)]| {
            let mut map = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("127.0.0.1:7610"))]);
            for (name, value) in headers {
                map.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            from_own_page(&site, &map)
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
