//! What the routes take and answer, for programs that read it: OpenAPI 3.1, kept by hand in `docs/api`. Tests hold it against
//! the routes, what they take and what they answer, so that neither drifts from the other.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;

use super::ApiState;

/// The description.
pub(super) const DESCRIPTION: &str = include_str!("../../../docs/api/openapi.json");

pub(super) fn router() -> Router<ApiState> {
    let described = async || ([(CONTENT_TYPE, "application/json")], DESCRIPTION);
    Router::new().route("/openapi.json", get(described))
}
