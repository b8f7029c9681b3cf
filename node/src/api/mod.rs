//! The JSON API, for the command line and for programs beside the node. Owns its routes, its own types and its errors
//! (RFC 9457); knows services alone. Whoever may read `api.token` in the node's directory may ask; what is written is
//! signed with a person's own key, unlocked by the passphrase in the request for that one act.

mod act;
mod activities;
mod adoptions;
mod appointments;
mod attachments;
mod auth;
pub mod bundles;
mod care;
mod carry;
mod confirmations;
pub mod definitions;
pub mod erasures;
mod forks;
mod imports;
mod invitations;
mod joint_spaces;
mod keys;
mod ledgers;
mod metrics;
mod monitor;
mod openapi;
mod org;
mod org_changes;
mod people;
pub mod privacy;
mod problem;
pub mod progress;
mod recorded;
mod records;
mod reissue;
mod request;
mod search;
pub mod settings;
mod status;
mod succession;
mod values;
mod views;
mod visits;
mod witness;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;

pub use carry::GIVEN_HEADER;
pub use problem::Problem;

use crate::services::Node;
use crate::services::join::Ask;
use crate::services::limit::Door;
use crate::services::query::PeerStatus;

/// Longest body of a request, in bytes, where a route does not say otherwise.
const BODY_MAX: usize = 1 << 20;

/// What the routes work with. Cheap to clone.
#[derive(Clone)]
pub struct ApiState {
    /// The node.
    pub node: Arc<Node>,
    /// Peers that are connected now.
    pub peers: Arc<dyn Fn() -> Vec<PeerStatus> + Send + Sync>,
    /// Asks the node that invited a person here.
    pub ask: Ask,
    /// Addresses at which peers reach this node now.
    pub addresses: Arc<dyn Fn() -> Vec<String> + Send + Sync>,
    /// Where passphrases are tried; the pages use the same.
    pub door: Door,
    /// Long work that is followed.
    pub progress: progress::Board,
}

/// All routes: `/healthz` and `/monitor`, open, and `/api/v1`, for holders of `token`. Merge it into the server's router.
pub fn router(state: ApiState, token: &str) -> Router {
    let v1 = Router::new()
        .merge(status::router())
        .merge(openapi::router())
        .merge(metrics::router())
        .merge(views::router())
        .merge(records::router())
        .merge(ledgers::router())
        .merge(search::router())
        .merge(confirmations::router())
        .merge(erasures::router())
        .merge(reissue::router())
        .merge(settings::router())
        .merge(definitions::router())
        .merge(privacy::router())
        .merge(bundles::router())
        .merge(forks::router())
        .merge(activities::router())
        .merge(visits::router())
        .merge(people::router())
        .merge(appointments::router())
        .merge(adoptions::router())
        .merge(succession::router())
        .merge(invitations::router())
        .merge(keys::router())
        .merge(care::router())
        .merge(progress::router())
        .merge(witness::router())
        .merge(joint_spaces::router())
        .merge(org_changes::router())
        .layer(DefaultBodyLimit::max(BODY_MAX))
        // Behind the layer: it has a limit of its own.
        .merge(imports::router())
        .merge(attachments::router())
        .merge(recorded::router())
        .merge(carry::router())
        .fallback(async || Problem::no_such_route())
        .layer(middleware::from_fn_with_state(
            auth::Token::new(token),
            auth::require,
        ));
    Router::new()
        .merge(status::open_router())
        .merge(monitor::router())
        .nest("/api/v1", v1)
        .layer(middleware::from_fn(problem::describe))
        .with_state(state)
}
