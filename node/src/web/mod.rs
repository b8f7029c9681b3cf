//! The pages: their words, their shape and their routes. Owns what a person sees and sends; knows services, and neither
//! Automerge nor the network. A handler parses, calls one service, renders; a form is answered with a redirect.

mod access;
mod activities;
mod activity_form;
mod activity_view;
mod adopt;
mod answer;
mod appointment;
mod appointments;
mod assets;
mod attachments;
mod authority;
mod bundles;
mod career;
mod conduct;
mod confirm;
mod conflicts;
mod contested;
mod deputies;
mod entrance;
mod erase;
mod filed;
pub mod first;
mod forks;
pub mod gate;
mod guard;
mod held;
mod home;
pub mod i18n;
mod invitations;
mod join;
mod joint;
mod ledger;
mod live;
#[cfg(debug_assertions)]
mod look;
mod marks;
mod network;
mod node_tree;
pub mod node_words;
mod office_news;
mod office_view;
mod org_changes;
pub mod page;
mod paper;
mod proof;
mod record_view;
mod records;
mod request;
mod retention;
mod revoke;
mod say;
mod search;
mod session;
mod settings;
pub mod site;
mod start;
mod suspicions;
mod timeline;
pub mod tls;
mod verify;
mod visit_form;
mod visits;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use tokio::sync::watch;

use self::site::Site;
use crate::services::Node;
use crate::services::join::{Ask, nobody};
use crate::services::limit::Door;
use crate::services::query::PeerStatus;

/// Largest body of a form.
const BODY_MAX: usize = 256 * 1024;

/// Most files that are held for imports at the same time.
const IMPORTS_MAX: usize = 2;

/// Asks the network who is connected now.
pub type Peers = Arc<dyn Fn() -> Vec<PeerStatus> + Send + Sync>;

/// Asks the network where other nodes reach this one now.
pub type Addresses = Arc<dyn Fn() -> Vec<String> + Send + Sync>;

/// What the handlers share. Cheap to clone.
#[derive(Clone)]
pub struct WebState {
    node: Arc<Node>,
    peers: Peers,
    site: Site,
    stop: watch::Receiver<bool>,
    door: Door,
    sessions: Arc<session::Sessions>,
    verifier: Option<&'static [u8]>,
    addresses: Addresses,
    ask: Ask,
    /// One person joins at a time.
    joining: Arc<tokio::sync::Mutex<()>>,
    /// Few files are imported at the same time: each is held in memory.
    importing: Arc<tokio::sync::Semaphore>,
}

/// The state of the pages of `node`, which browsers reach by `site`, until `stop` says true. `peers` tells who is connected.
pub fn state(node: Arc<Node>, peers: Peers, site: Site, stop: watch::Receiver<bool>) -> WebState {
    let idle = Duration::from_secs(node.config().session_minutes.saturating_mul(60));
    let secure = site.is_secure();
    let node_key = lianzhan_protocol::codec::hex(node.node_key().public().ed25519_bytes());
    WebState {
        node,
        peers,
        site,
        stop,
        door: Door::default(),
        sessions: Arc::new(session::Sessions::new(idle, &node_key[..8], secure)),
        verifier: assets::VERIFIER,
        addresses: Arc::new(Vec::new),
        ask: nobody(),
        joining: Arc::default(),
        importing: Arc::new(tokio::sync::Semaphore::new(IMPORTS_MAX)),
    }
}

impl WebState {
    /// Offers these addresses where somebody is invited.
    pub fn reached(mut self, addresses: Addresses) -> Self {
        self.addresses = addresses;
        self
    }

    /// Reaches nodes that invited in this way.
    pub fn asking(mut self, ask: Ask) -> Self {
        self.ask = ask;
        self
    }

    /// Counts wrong passphrases through this door, so that pages and API count together.
    pub fn through(mut self, door: Door) -> Self {
        self.door = door;
        self
    }
}

/// The routes of the pages.
pub fn router(state: WebState) -> Router {
    let router = Router::new();
    #[cfg(debug_assertions)]
    let router = router.merge(look::router());
    router
        .merge(assets::router())
        .merge(entrance::router())
        .merge(start::router())
        .merge(home::router())
        .merge(visits::router())
        .merge(ledger::router())
        .merge(search::router())
        .merge(records::router())
        .merge(confirm::router())
        .merge(conflicts::router())
        .merge(erase::router())
        .merge(settings::router())
        .merge(access::router())
        .merge(held::router())
        .merge(retention::router())
        .merge(attachments::router())
        .merge(paper::router())
        .merge(activities::router())
        .merge(deputies::router())
        .merge(bundles::router())
        .merge(appointments::router())
        .merge(appointment::router())
        .merge(invitations::router())
        .merge(joint::router())
        .merge(org_changes::router())
        .merge(revoke::router())
        .merge(contested::router())
        .merge(marks::router())
        .merge(join::router())
        .merge(network::router())
        .merge(forks::router())
        .merge(live::router())
        .merge(verify::router())
        .fallback(answer::nowhere)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(axum::middleware::from_fn_with_state(state.clone(), guard::guard))
        .with_state(state)
}
