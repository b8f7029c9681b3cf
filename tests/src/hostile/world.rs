//! A city that runs, an honest county beside it, and counties whose keys are in other hands. All in this process, and over
//! real sockets.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lianzhan_node::config::Config;
use lianzhan_node::runtime::Running;
use lianzhan_node::services::Node;
use lianzhan_node::services::appoint::PersonDraft;
use lianzhan_node::services::conduct::Moment;
use lianzhan_node::services::found::{OrgDraft, found};
use lianzhan_node::services::invite::Joining;
use lianzhan_protocol::codec::hex;
use lianzhan_protocol::id::SpaceId;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{Origin, TreeSize};
use lianzhan_protocol::sync::{Misbehaviour, Standing};
use lianzhan_protocol::trust::{Audience, Level, Role, Space};

use super::super::convergence::world::{draft, secret};
use super::super::process::PATIENCE;
use super::evil::Evil;

/// A city, its honest neighbour, and those that are not.
pub(crate) struct World {
    pub(crate) city: Running,
    honest: Running,
    pub(crate) evil: Vec<Arc<Node>>,
    written: usize,
    pub(crate) dir: tempfile::TempDir,
}

pub(crate) fn config(patience_seconds: u64) -> Config {
    Config {
        web: ([127, 0, 0, 1], 0).into(),
        listen: vec!["/ip4/127.0.0.1/tcp/0".into()],
        scrypt_log_n: 2,
        patience_seconds,
        ..Config::default()
    }
}

/// A node below another one.
pub(crate) fn below(
    parent: &Node,
    addresses: Vec<String>,
    dir: &Path,
    org: OrgDraft,
    config: Config,
) -> Arc<Node> {
    let invitation = parent.invite(org, &secret(), addresses).unwrap();
    let joining = Joining::begin(&invitation.to_code()).unwrap();
    let reply = parent.answer_join(&joining.request());
    joining.finish(dir, reply, &secret(), config).unwrap()
}

impl World {
    /// With so many evil counties; what is owed may take so many seconds.
    pub(crate) async fn new(patience_seconds: u64, evil: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let city = found(
            &dir.path().join("city"),
            draft(Level::City, "澜州市", "990100"),
            &secret(),
            config(patience_seconds),
        )
        .unwrap();
        let city = Running::start(city).await.unwrap();
        let county = |n: usize| {
            let org = draft(Level::County, &format!("县{n}"), &format!("9901{:02}", 20 + n));
            let place = dir.path().join(format!("county{n}"));
            below(
                city.node(),
                city.addresses(),
                &place,
                org,
                config(patience_seconds),
            )
        };
        let honest = Running::start(county(0)).await.unwrap();
        World {
            honest,
            evil: (1..=evil).map(county).collect(),
            city,
            written: 0,
            dir,
        }
    }

    /// A line to the city in the name of an evil county, once it is not avoided.
    pub(crate) async fn line(&self, evil: usize) -> Evil {
        until("the time of who misbehaved", || !self.is_avoided(evil)).await;
        Evil::reach(
            &self.evil[evil],
            self.city.node().node_key().public(),
            &self.city.addresses(),
        )
        .await
        .expect("the city listens")
    }

    /// The honest county writes something, and it comes to the city.
    pub(crate) async fn an_honest_neighbour_syncs(&mut self) {
        self.written += 1;
        let person = PersonDraft {
            login: format!("p{}", self.written),
            name: format!("第{}人", self.written),
            roles: vec![Role::DeputiesOffice],
            ..PersonDraft::default()
        };
        self.honest
            .node()
            .appoint_person(&secret(), person, &secret())
            .unwrap();
        let (origin, standing) = directory_log(self.honest.node());
        until("what an honest neighbour wrote", || {
            held(self.city.node(), &origin) >= standing.size
        })
        .await;
    }

    /// Waits until the city has counted `kind` of an evil county, and looks whether that is said where operators look.
    pub(crate) async fn counted(&self, evil: usize, kind: Misbehaviour) {
        let city = self.city.node();
        let node = hex(key(&self.evil[evil]).ed25519_bytes());
        let count = || {
            let peers = city.conduct().list(Moment::now());
            let peer = peers.into_iter().find(|peer| peer.node == node);
            peer.map(|peer| peer.kinds).unwrap_or_default()
        };
        let is_there = || count().iter().any(|seen| seen.kind == kind.as_str());
        until_or(is_there, || panic!("{kind} was not counted, but {:?}", count())).await;
        let status = city.status(Vec::new()).unwrap();
        let total = status
            .misbehaviour
            .iter()
            .find(|total| total.kind == kind.as_str());
        assert!(total.is_some_and(|total| total.count > 0), "{kind}");
        let picture = city.federation(&[]).unwrap();
        assert!(status.misconduct.iter().any(|peer| peer.node == node), "{kind}");
        assert!(picture.misconduct_of(&node).is_some(), "{kind}");
    }

    /// Whether the city avoids an evil county now.
    pub(crate) fn is_avoided(&self, evil: usize) -> bool {
        let up_ms = Moment::now().up_ms;
        let avoided = self
            .city
            .node()
            .conduct()
            .avoided_ms(&key(&self.evil[evil]), up_ms);
        avoided.is_some()
    }

    /// The words of the city's alarms about peers.
    pub(crate) fn alarms(&self) -> Vec<String> {
        let alarms = self.city.node().store().read(|reader| reader.alarms()).unwrap();
        alarms.into_iter().map(|alarm| alarm.words).collect()
    }

    pub(crate) async fn stop(self) {
        self.honest.stop().await;
        self.city.stop().await;
    }
}

pub(crate) fn key(node: &Node) -> PublicKey {
    node.node_key().public()
}

pub(crate) fn directory_space(node: &Node) -> SpaceId {
    Space::of(node.org_id(), Audience::Directory).id()
}

/// The log into which a node writes what its org states.
pub(crate) fn directory_log(node: &Node) -> (Origin, Standing) {
    log_in(node, &directory_space(node))
}

pub(crate) fn log_in(node: &Node, space: &SpaceId) -> (Origin, Standing) {
    let standings = node.store().read(|reader| reader.standings()).unwrap();
    let own = standings.into_iter().find(|(at, _, _, own)| at == space && *own);
    let (_, origin, standing, _) = own.expect("it writes there");
    (origin, standing)
}

pub(crate) fn held(node: &Node, origin: &Origin) -> TreeSize {
    let log = node.store().read(|reader| reader.log(origin)).unwrap();
    log.map_or(TreeSize::EMPTY, |log| log.size)
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, so: impl FnMut() -> bool) {
    until_or(so, || panic!("{what}: not within {} s", PATIENCE.as_secs())).await;
}

async fn until_or(mut so: impl FnMut() -> bool, gone: impl FnOnce()) {
    let mut look = tokio::time::interval(Duration::from_millis(10));
    let looks = async {
        while !so() {
            look.tick().await;
        }
    };
    if tokio::time::timeout(PATIENCE, looks).await.is_err() {
        gone();
    }
}
