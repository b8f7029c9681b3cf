//! The files that pages load. They are part of the program; their version is in their address, so a browser keeps them
//! until the program changes.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use lianzhan_protocol::id::Hash;

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

/// The parts of pages as one file, in the order in which later rules win.
pub(super) const PARTS: &str = concat!(
    include_str!("../../assets/css/base.css"),
    include_str!("../../assets/css/frame.css"),
    include_str!("../../assets/css/sections.css"),
    include_str!("../../assets/css/forms.css"),
    include_str!("../../assets/css/tables.css"),
    include_str!("../../assets/css/marks.css"),
    include_str!("../../assets/css/trust.css"),
    include_str!("../../assets/css/activity.css"),
    include_str!("../../assets/css/orgs.css"),
    include_str!("../../assets/css/attachments.css"),
    include_str!("../../assets/css/states.css"),
    include_str!("../../assets/css/wall.css"),
    include_str!("../../assets/css/charts.css"),
    include_str!("../../assets/css/sheet.css"),
    include_str!("../../assets/css/alone.css"),
    include_str!("../../assets/css/look.css"),
    include_str!("../../assets/css/ledgers.css"),
    include_str!("../../assets/css/small.css"),
    include_str!("../../assets/css/contrast.css"),
    include_str!("../../assets/css/print.css"),
);

const ASSETS: [Asset; 5] = [
    Asset {
        name: "tokens.css",
        kind: "text/css; charset=utf-8",
        bytes: include_bytes!("../../assets/tokens.css"),
    },
    Asset {
        name: "app.css",
        kind: "text/css; charset=utf-8",
        bytes: PARTS.as_bytes(),
    },
    Asset {
        name: "app.js",
        kind: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../assets/app.js"),
    },
    Asset {
        name: "verify.js",
        kind: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../assets/verify.js"),
    },
    Asset {
        name: "favicon.svg",
        kind: "image/svg+xml",
        bytes: include_bytes!("../../assets/favicon.svg"),
    },
];

/// The verifier that runs in the browser, if it was built before this program (`tools/verify-wasm`).
pub(super) const VERIFIER: Option<&[u8]> = include!(concat!(env!("OUT_DIR"), "/verifier.rs"));

/// The version of all of them together.
pub(super) fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let parts: Vec<&[u8]> = ASSETS.iter().map(|asset| asset.bytes).chain(VERIFIER).collect();
        lianzhan_protocol::codec::hex(&Hash::of("assets", &parts).0[..6])
    });
    &VERSION
}

pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/assets/{name}", get(asset))
        .route("/favicon.ico", get(icon))
}

async fn icon(query: RawQuery, headers: HeaderMap) -> Response {
    asset(Path("favicon.svg".into()), query, headers).await
}

async fn asset(Path(name): Path<String>, query: RawQuery, headers: HeaderMap) -> Response {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => kept(asset.kind, asset.bytes, query, &headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A file that a browser keeps as long as its address names this version.
pub(super) fn kept(
    kind: &'static str,
    bytes: &'static [u8],
    RawQuery(query): RawQuery,
    headers: &HeaderMap,
) -> Response {
    let tag = format!("\"{}\"", version());
    let named = query.is_some_and(|query| query.strip_prefix("v=") == Some(version()));
    let keep = if named {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let head = [(header::ETAG, tag.as_str()), (header::CACHE_CONTROL, keep)];
    let known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|sent| sent.as_bytes() == tag.as_bytes());
    if known {
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    (head, [(header::CONTENT_TYPE, kind)], bytes).into_response()
}
