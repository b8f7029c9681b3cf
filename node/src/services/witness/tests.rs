//! Witnesses in one process, with clocks of the tests' own.

use std::path::Path;

use age::secrecy::SecretString;
use lianzhan_protocol::log::EntryIndex;
use lianzhan_protocol::trust::Level;

mod joining;
mod quorum;
mod renewing;
mod twins;

use super::*;
use crate::config::{Config, Overrides};
use crate::services::found::{OrgDraft, found};
use crate::services::invite::Joining;
use crate::store::{DATABASE, HIGH_WATER};

fn secret() -> SecretString {
    SecretString::from("correct horse battery".to_owned())
}

fn config() -> Config {
    Config {
        scrypt_log_n: 2,
        ..Config::default()
    }
}

fn draft(level: Level, code: &str) -> OrgDraft {
    OrgDraft {
        level,
        name_zh: code.into(),
        name_en: code.into(),
        code: code.into(),
    }
}

fn join(parent: &Node, dir: &Path, org: OrgDraft) -> Arc<Node> {
    let address = vec!["/ip4/127.0.0.1/tcp/7611".to_owned()];
    let invitation = parent.invite(org, &secret(), address).unwrap();
    let joining = Joining::begin(&invitation.to_code()).unwrap();
    let reply = parent.answer_join(&joining.request());
    joining.finish(dir, reply, &secret(), config()).unwrap()
}

/// A city, a county, a township and a station that all know what each of them states.
struct World {
    dir: tempfile::TempDir,
    nodes: Vec<Arc<Node>>,
}

const CITY: usize = 0;
const COUNTY: usize = 1;
const TOWNSHIP: usize = 2;
const STATION: usize = 3;

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |n: usize| dir.path().join(n.to_string());
        let city = found(&at(CITY), draft(Level::City, "990100"), &secret(), config()).unwrap();
        let county = join(&city, &at(COUNTY), draft(Level::County, "990121"));
        let township = join(&county, &at(TOWNSHIP), draft(Level::Township, "990121103"));
        let station = join(&township, &at(STATION), draft(Level::Station, "990121103201"));
        let world = World {
            dir,
            nodes: vec![city, county, township, station],
        };
        world.tell();
        world
    }

    /// Every node learns all statements.
    fn tell(&self) {
        for from in &self.nodes {
            let statements: Vec<_> = from.directory().statements().cloned().collect();
            for to in &self.nodes {
                let kept = statements.clone();
                to.store
                    .write_blocking(move |writer| writer.keep_statements(kept))
                    .unwrap();
                to.learn(&statements);
            }
        }
    }

    fn own_logs(&self, n: usize) -> Vec<Origin> {
        let (_, own) = self.nodes[n].holdings().unwrap();
        own.into_iter().collect()
    }

    fn request(
        &self,
        origin: &Origin,
        witness: usize,
        old: Option<TreeSize>,
        now: Timestamp,
    ) -> Option<CosignRequest> {
        let (child, witness) = (&self.nodes[STATION], &self.nodes[witness]);
        let prepared = child
            .prepare_witness(origin, &witness.org_id(), old, now)
            .unwrap()?;
        Some(CosignRequest {
            peer: child.node_key().public(),
            old: prepared.old,
            checkpoint: prepared.checkpoint,
            proof: prepared.proof,
            shown: prepared.shown,
        })
    }

    /// The station's logs are witnessed by one node; how many receipts it gave.
    fn witness(&self, witness: usize, now: Timestamp) -> usize {
        let mut receipts = 0;
        for origin in self.own_logs(STATION) {
            let Some(request) = self.request(&origin, witness, None, now) else {
                continue;
            };
            let receipt = self.nodes[witness].cosign(request, now).unwrap().unwrap();
            self.nodes[STATION].store_receipt(&origin, receipt).unwrap();
            receipts += 1;
        }
        receipts
    }

    fn reopen(&mut self, n: usize, between: impl FnOnce(&Path)) {
        let dir = self.dir.path().join(n.to_string());
        drop(self.nodes.remove(n));
        between(&dir);
        self.nodes
            .insert(n, Node::open(&dir, &Overrides::default()).unwrap());
    }
}

/// Days after today: when all appointments hold.
fn day(n: u64) -> Timestamp {
    Timestamp::from_seconds(env::now().seconds() / DAY_S * DAY_S + (n + 1) * DAY_S + 7)
}

#[test]
fn a_witness_log_is_fresh_each_day_and_begins_so() {
    let world = World::new();
    let township = &world.nodes[TOWNSHIP];
    assert_eq!(township.witness_log().unwrap(), None);
    assert!(
        !world.nodes[STATION].freshen(day(0)).unwrap(),
        "it witnesses nobody"
    );
    assert!(township.freshen(day(0)).unwrap());
    assert!(!township.freshen(Timestamp(day(0).0 + 3_600_000)).unwrap());
    assert!(township.freshen(day(1)).unwrap());
    assert!(!township.freshen(day(0)).unwrap(), "a clock that went back");
    let size = |node: &Node| node.store.read(|reader| reader.witness_size()).unwrap();
    assert_eq!(size(township), TreeSize(2));

    // A witness that is asked before the day's entry begins with one all the same.
    let city = &world.nodes[CITY];
    let county = &world.nodes[COUNTY];
    let origin = township.witness_log().unwrap().unwrap();
    let ask = |now| {
        let prepared = township
            .prepare_witness(&origin, &county.org_id(), None, now)
            .unwrap()?;
        Some(CosignRequest {
            peer: township.node_key().public(),
            old: prepared.old,
            checkpoint: prepared.checkpoint,
            proof: prepared.proof,
            shown: prepared.shown,
        })
    };
    let receipt = county.cosign(ask(day(1)).unwrap(), day(1)).unwrap().unwrap();
    assert_eq!(
        (receipt.size, receipt.witness_index),
        (TreeSize(2), EntryIndex(1))
    );
    receipt.verify(&origin, &township.node_key().public()).unwrap();
    township.store_receipt(&origin, receipt).unwrap();
    assert!(ask(day(1)).is_none(), "once a day");
    assert!(ask(day(2)).is_some());
    let none = township.prepare_witness(&origin, &city.org_id(), None, day(2));
    assert_eq!(none.unwrap(), None, "by its parent alone");
}

#[test]
fn county_and_city_must_witness_where_the_policy_says_so() {
    let mut world = World::new();
    let old = world.own_logs(STATION);
    assert_eq!(world.witness(TOWNSHIP, day(0)), old.len());
    let authority = world.nodes[CITY].unlock_authority(&secret()).unwrap();
    world.nodes[CITY]
        .set_witness_policy(&authority, vec![Level::County, Level::City])
        .unwrap();
    world.tell();
    assert_eq!(
        world.nodes[STATION].witness_policy(),
        [Level::City, Level::County]
    );
    let space = world.nodes[STATION].own_space(lianzhan_protocol::trust::Audience::Directory);
    let new = world.nodes[STATION].ensure_log(&space).unwrap();
    assert!(!old.contains(&new), "a log that follows the policy");
    assert_eq!(world.nodes[STATION].ensure_log(&space).unwrap(), new);
    let covered = |world: &World| {
        let logs = world.nodes[STATION].log_status().unwrap();
        let log = logs.into_iter().find(|log| log.origin == new.as_str());
        log.unwrap().receipted
    };
    for (witness, now) in [(TOWNSHIP, 0), (CITY, 1), (COUNTY, 2)] {
        assert_eq!(covered(&world), 0);
        assert_eq!(
            world.witness(witness, day(now)),
            1,
            "the old log asks its parent alone"
        );
    }
    assert!(covered(&world) >= 1);
    for witness in [TOWNSHIP, CITY, COUNTY] {
        assert_eq!(
            world.witness(witness, day(3)),
            0,
            "receipts alone are not offered again"
        );
    }
    world.reopen(STATION, |_| {});
    assert_eq!(world.nodes[STATION].ensure_log(&space).unwrap(), new);
}

#[test]
fn a_witness_put_back_from_a_copy_cosigns_with_a_new_key_what_is_shown_to_it() {
    let mut world = World::new();
    let log = world.own_logs(STATION).remove(0);
    assert!(world.witness(TOWNSHIP, day(0)) > 0);
    let copy = world.dir.path().join("copy");
    world.reopen(TOWNSHIP, |dir| {
        std::fs::copy(dir.join(DATABASE), &copy).unwrap();
    });
    // More is cosigned after the copy was made.
    let space = world.nodes[STATION].own_space(lianzhan_protocol::trust::Audience::Directory);
    let grow = |world: &World| {
        let node = &world.nodes[STATION];
        let entry = node
            .node_entry(&log, &space, &LogStatement::Trust(vec![1]))
            .unwrap();
        let origin = log.clone();
        node.store
            .write_blocking(move |writer| writer.append_own(&origin, vec![entry]))
            .unwrap();
    };
    grow(&world);
    assert_eq!(world.witness(TOWNSHIP, day(1)), 1);
    let before = world.nodes[TOWNSHIP].witness_public();
    world.reopen(TOWNSHIP, |dir| {
        assert!(dir.join(HIGH_WATER).exists());
        std::fs::copy(&copy, dir.join(DATABASE)).unwrap();
    });
    let township = &world.nodes[TOWNSHIP];
    let status = township.status(Vec::new()).unwrap();
    assert!(status.witness_retired.is_some());
    assert!(status.alarms.iter().any(|alarm| alarm.kind == "witness_retired"));
    grow(&world);
    let request = world.request(&log, TOWNSHIP, None, day(2)).unwrap();
    let (_, reason) = township.cosign(request, day(2)).unwrap().unwrap_err();
    assert!(reason.contains("new key"), "{reason}");
    assert!(!township.freshen(day(2)).unwrap());

    let authority = township.unlock_authority(&secret()).unwrap();
    township.renew_witness(&authority).unwrap();
    assert_ne!(township.witness_public(), before);
    assert_eq!(township.status(Vec::new()).unwrap().witness_retired, None);
    world.tell();
    // The child offers it from what it was given before, which the new witness does not know.
    let request = world.request(&log, TOWNSHIP, None, day(2)).unwrap();
    let (size, _) = world.nodes[TOWNSHIP]
        .cosign(request, day(2))
        .unwrap()
        .unwrap_err();
    let request = world.request(&log, TOWNSHIP, Some(size), day(2)).unwrap();
    assert!(request.shown.is_some());
    let receipt = world.nodes[TOWNSHIP].cosign(request, day(2)).unwrap().unwrap();
    assert_eq!(
        receipt.witness_index,
        EntryIndex(1),
        "after an entry of freshness"
    );
    world.nodes[STATION].store_receipt(&log, receipt).unwrap();
    let logs = world.nodes[STATION].log_status().unwrap();
    let waiting = logs.iter().find(|l| l.origin == log.as_str()).unwrap().waiting;
    assert_eq!(waiting, 0);
    world.reopen(TOWNSHIP, |_| {});
    assert_eq!(
        world.nodes[TOWNSHIP].status(Vec::new()).unwrap().witness_retired,
        None
    );
}

#[test]
fn many_requests_share_a_batch_and_a_refusal_spoils_no_other() {
    let world = World::new();
    let logs = world.own_logs(STATION);
    let mut requests: Vec<_> = logs
        .iter()
        .map(|log| world.request(log, TOWNSHIP, None, day(0)).unwrap())
        .collect();
    let mut bad = world.request(&logs[0], TOWNSHIP, None, day(0)).unwrap();
    bad.old = TreeSize(1);
    requests.insert(0, bad);
    let answers = world.nodes[TOWNSHIP].cosign_many(requests, day(0)).unwrap();
    assert!(answers[0].is_err());
    for (log, answer) in logs.iter().zip(&answers[1..]) {
        let receipt = answer.as_ref().unwrap();
        receipt
            .verify(log, &world.nodes[STATION].node_key().public())
            .unwrap();
    }
}
