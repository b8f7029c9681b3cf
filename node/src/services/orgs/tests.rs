//! A county, two townships and the stations of one, as one of them goes to the other township.

use std::path::Path;
use std::sync::Arc;

use age::secrecy::SecretString;
use lianzhan_protocol::record::{ContestReason, Put, Value};
use lianzhan_protocol::trust::{Level, Role, Space};

use super::*;
use crate::config::Config;
use crate::services::appoint::PersonDraft;
use crate::services::found::{OrgDraft, found};
use crate::services::invite::Joining;
use crate::services::visit::{LEDGER, VisitDraft};
use crate::services::{Author, Draft, Written};

pub(in crate::services) const COUNTY: usize = 0;
pub(in crate::services) const FENGDU: usize = 1;
pub(in crate::services) const QINGYA: usize = 2;
pub(in crate::services) const SHIQIAO: usize = 3;
pub(in crate::services) const LIULIN: usize = 4;

pub(in crate::services) fn secret() -> SecretString {
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

pub(in crate::services) struct World {
    _dir: tempfile::TempDir,
    pub(in crate::services) nodes: Vec<Arc<Node>>,
    pub(in crate::services) liaison: Author,
    pub(in crate::services) runtime: tokio::runtime::Runtime,
}

impl World {
    pub(in crate::services) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |n: usize| dir.path().join(n.to_string());
        let county = found(&at(COUNTY), draft(Level::County, "990121"), &secret(), config()).unwrap();
        let fengdu = join(&county, &at(FENGDU), draft(Level::Township, "990121103"));
        let qingya = join(&county, &at(QINGYA), draft(Level::Township, "990121204"));
        let shiqiao = join(&fengdu, &at(SHIQIAO), draft(Level::Station, "990121103201"));
        let liulin = join(&fengdu, &at(LIULIN), draft(Level::Station, "990121103202"));
        let person = PersonDraft {
            login: "he".into(),
            name: "何苗".into(),
            roles: vec![Role::StationLiaison, Role::OpinionLiaison],
            ..PersonDraft::default()
        };
        shiqiao.appoint_person(&secret(), person, &secret()).unwrap();
        let liaison = shiqiao.sign_in("he", &secret()).unwrap();
        let world = World {
            _dir: dir,
            nodes: vec![county, fengdu, qingya, shiqiao, liulin],
            liaison,
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
        };
        world.tell();
        world
    }

    /// Every node learns all statements.
    pub(in crate::services) fn tell(&self) {
        for from in &self.nodes {
            let statements: Vec<_> = from.directory().statements().cloned().collect();
            for to in &self.nodes {
                let kept = statements.clone();
                to.store()
                    .write_blocking(move |writer| writer.keep_statements(kept))
                    .unwrap();
                to.heed(&statements).unwrap();
            }
        }
    }

    /// A station that a township invites anew.
    pub(in crate::services) fn joins(&self, by: usize, code: &str) -> OrgId {
        let dir = self._dir.path().join(code);
        let node = join(&self.nodes[by], &dir, draft(Level::Station, code));
        self.tell();
        node.org_id()
    }

    pub(in crate::services) fn org(&self, n: usize) -> OrgId {
        self.nodes[n].org_id()
    }

    pub(in crate::services) fn states(
        &self,
        by: usize,
        org: usize,
        becomes: Becoming,
    ) -> Result<Vec<StatementId>, ServiceError> {
        let draft = OrgChangeDraft {
            org: self.org(org),
            becomes,
            from: crate::env::now(),
            words: "区划调整".into(),
            hands: Vec::new(),
        };
        let authority = self.nodes[by].unlock_authority(&secret())?;
        let stated = self.nodes[by].change_org(&authority, &draft);
        self.tell();
        stated
    }

    /// What no receipt proves waits for whoever stated the change.
    pub(in crate::services) fn adopts(&self, by: usize, written: &Written) {
        let adoption = Adoption {
            changes: vec![written.change],
            statements: Vec::new(),
        };
        let authority = self.nodes[by].unlock_authority(&secret()).unwrap();
        self.nodes[by]
            .publish(&authority, Body::Adoption(adoption))
            .unwrap();
        self.tell();
    }

    pub(in crate::services) fn moves(
        &self,
        by: usize,
        org: usize,
        parent: usize,
    ) -> Result<Vec<StatementId>, ServiceError> {
        let becomes = Becoming::Moved {
            parent: self.org(parent),
            code: None,
            name_zh: None,
            name_en: None,
        };
        self.states(by, org, becomes)
    }

    pub(in crate::services) fn visit(&self) -> Written {
        self.visit_of(Vec::new())
    }

    /// The same with a personal part.
    pub(in crate::services) fn visit_of(&self, subject: Vec<(String, Value)>) -> Written {
        let text = |name: &str, value: &str| (name.to_owned(), Value::Text(value.into()));
        let visit = VisitDraft {
            fields: vec![
                text("received_at", "2026-04-01T09:30:00+08:00"),
                text("channel", "visit"),
                ("persons".into(), Value::Int(1)),
                text("nature", "problem"),
                text("gist", "老街路灯坏了。"),
            ],
            subject,
            sensitive: Vec::new(),
        };
        let station = &self.nodes[SHIQIAO];
        self.runtime
            .block_on(station.register_visit(&self.liaison, visit))
            .unwrap()
    }

    fn space_of(&self, written: &Written) -> Space {
        self.nodes[SHIQIAO].state(&written.record).unwrap().0.space
    }
}

#[test]
fn a_station_that_moves_writes_into_new_spaces_with_the_new_parent_and_no_more_into_the_old() {
    let world = World::new();
    let station = &world.nodes[SHIQIAO];
    let old = world.visit();
    assert!(
        world.moves(FENGDU, SHIQIAO, QINGYA).is_err(),
        "the township that it leaves"
    );
    assert!(
        world.moves(QINGYA, SHIQIAO, QINGYA).is_err(),
        "the township that it comes to"
    );
    let stated = world.moves(COUNTY, SHIQIAO, QINGYA).unwrap();
    assert_eq!(stated.len(), 1);
    for node in &world.nodes {
        assert!(
            node.directory().faults().is_empty(),
            "{:?}",
            node.directory().faults()
        );
    }
    // Its keys still serve, and the person signs on.
    let new = world.visit();
    let (before, after) = (world.space_of(&old), world.space_of(&new));
    assert_eq!((before.generation, after.generation), (1, 2));
    let logs = station.store().read(|reader| reader.logs()).unwrap();
    let parents: Vec<_> = logs
        .iter()
        .filter(|log| log.start.space == after)
        .map(|log| log.start.required_parent)
        .collect();
    assert_eq!(parents, [Some(world.org(QINGYA))]);
    let edit = Draft {
        record: old.record,
        begins: None,
        ledger: LEDGER.into(),
        space: before,
        puts: vec![Put::field("note", Value::Text("补记".into()))],
        annexes: Vec::new(),
    };
    let refused = world.runtime.block_on(station.submit(&world.liaison, edit));
    assert!(
        matches!(refused, Err(ServiceError::Contested(ContestReason::Closed(id))) if id == stated[0]),
        "{refused:?}"
    );
    let shown = world.nodes[LIULIN].org_changes();
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].parent, Some(world.org(QINGYA)));
}

#[test]
fn a_station_that_is_described_below_a_township_that_moved_stands_at_its_new_place() {
    let world = World::new();
    // The county takes the township along once more: another place below the same parent.
    let stated = world.moves(COUNTY, FENGDU, COUNTY).unwrap();
    assert_eq!(stated.len(), 3, "the township and both stations");
    let fresh = join(
        &world.nodes[FENGDU],
        &world._dir.path().join("fresh"),
        draft(Level::Station, "990121103203"),
    );
    let directory = world.nodes[FENGDU].directory();
    assert_eq!(directory.generation(&fresh.org_id()), 2);
    assert_eq!(directory.generation(&world.org(SHIQIAO)), 2);
    let line = [fresh.org_id(), world.org(FENGDU), world.org(COUNTY)];
    assert_eq!(directory.line_at(fresh.org_id(), 2), line);
}

#[test]
fn a_station_that_is_merged_is_counted_with_its_successor() {
    let world = World::new();
    world.visit();
    let station = &world.nodes[SHIQIAO];
    station.catch_up(|_| {}).unwrap();
    world
        .states(FENGDU, SHIQIAO, Becoming::Succeeded(vec![world.org(LIULIN)]))
        .unwrap();
    let counted: Vec<_> = station
        .count_by_owner(LEDGER)
        .unwrap()
        .into_iter()
        .map(|(org, count)| (org.id, count))
        .collect();
    assert_eq!(counted, [(world.org(LIULIN), 1)]);
    let again = world.states(COUNTY, SHIQIAO, Becoming::Succeeded(vec![world.org(LIULIN)]));
    assert!(again.is_err(), "it is no more");
}
