//! Posts and keys from appointment to adoption, on a township and its station that exchange what they wrote in one thread.

mod keys;
mod posts;
mod revoking;
mod succeeding;

use std::sync::Arc;

use age::secrecy::SecretString;
use lianzhan_protocol::id::{Origin, RecordId, SpaceId, StatementId};
use lianzhan_protocol::log::TreeSize;
use lianzhan_protocol::record::{AdoptedBy, Value, Verdict};

use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Appointment, Body, Ground, Level, Purpose, Role, Validity};

use super::adopt::AdoptDraft;
use super::appoint::{AppointmentRequest, PersonDraft};
use super::authority::{AuthorityChange, AuthorityGrant, AuthorityRequest, Loss};
use super::found::{OrgDraft, found};
use super::ingest::Ingested;
use super::invite::Joining;
use super::office::{Office, OfficeError, OfficeFilter, OfficeNews, Standing, WARN_DAYS, day};
use super::rekey::{KeyChangeState, NodeKeyChange, NodeKeyDraft, renew_node};
use super::renew::{parse_since, parse_until};
use super::revoke::{Keep, RevocationDraft};
use super::succession::{SuccessionDraft, SuccessionFile};
use super::visit::VisitDraft;
use super::{Author, Node, ServiceError};
use crate::config::{Config, Overrides};
use crate::services::witness::CosignRequest;
use crate::{env, keystore};

const DAY_MS: i64 = 24 * 3600 * 1000;

struct Two {
    _dir: tempfile::TempDir,
    township: Arc<Node>,
    station: Arc<Node>,
    runtime: tokio::runtime::Runtime,
}

fn secret() -> SecretString {
    SecretString::from("correct horse battery".to_owned())
}

fn config() -> Config {
    Config {
        scrypt_log_n: 2,
        ..Config::default()
    }
}

fn org(level: Level, name: &str, code: &str) -> OrgDraft {
    OrgDraft {
        level,
        name_zh: name.into(),
        name_en: name.into(),
        code: code.into(),
    }
}

fn clerk(login: &str) -> PersonDraft {
    PersonDraft {
        login: login.into(),
        name: format!("{login} 的名字"),
        roles: vec![Role::OpinionLiaison],
        ..PersonDraft::default()
    }
}

fn in_days(days: i64) -> Timestamp {
    Timestamp(env::now().0 + days * DAY_MS)
}

fn soft(id: StatementId) -> RevocationDraft {
    RevocationDraft::soft(id, "调离本站")
}

impl Two {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let township = found(
            &dir.path().join("township"),
            org(Level::Township, "枫渡镇", "990121103"),
            &secret(),
            config(),
        )
        .unwrap();
        let code = township
            .invite(
                org(Level::Station, "石桥站", "990121103201"),
                &secret(),
                vec!["/ip4/127.0.0.1/tcp/7611".into()],
            )
            .unwrap()
            .to_code();
        let joining = Joining::begin(&code).unwrap();
        let reply = township.answer_join(&joining.request());
        let station = joining
            .finish(&dir.path().join("station"), reply, &secret(), config())
            .unwrap();
        Two {
            _dir: dir,
            township,
            station,
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
        }
    }

    /// Each gets what it lacks; the township witnesses what the station wrote.
    fn talk(&self) {
        carry(&self.station, &self.township);
        for (_, origin) in own_logs(&self.station) {
            let now = crate::env::now();
            let asked = self
                .station
                .prepare_witness(&origin, &self.township.org_id(), None, now);
            if let Some(asked) = asked.unwrap() {
                let request = CosignRequest {
                    peer: self.station.node_key().public(),
                    old: asked.old,
                    checkpoint: asked.checkpoint,
                    proof: asked.proof,
                    shown: asked.shown,
                };
                let receipt = self.township.cosign(request, now).unwrap().unwrap();
                self.station.store_receipt(&origin, receipt).unwrap();
            }
        }
        carry(&self.station, &self.township);
        carry(&self.township, &self.station);
    }

    /// Logs of keys that were replaced go to the other node as everybody's do.
    fn hand_over_closed(&self) {
        carry_logs(&self.station, &self.township, &closed_logs(&self.station));
        carry_logs(&self.township, &self.station, &closed_logs(&self.township));
    }

    /// What the township holds of the station comes back.
    fn hand_back(&self) {
        let standings = self.township.store().read(|reader| reader.standings()).unwrap();
        let others = standings.into_iter().filter(|(.., own)| !own);
        let logs: Vec<_> = others.map(|(space, origin, ..)| (space, origin)).collect();
        carry_logs(&self.township, &self.station, &logs);
    }

    fn appoint(&self, draft: PersonDraft) -> StatementId {
        self.station.appoint_person(&secret(), draft, &secret()).unwrap()
    }

    fn sign_in(&self, login: &str) -> Result<Author, ServiceError> {
        self.station.sign_in(login, &secret())
    }

    fn visit(&self, login: &str) -> RecordId {
        let text = |name: &str, value: &str| (name.to_owned(), Value::Text(value.to_owned()));
        let draft = VisitDraft {
            fields: vec![
                text("received_at", "2026-04-01T09:30:00+08:00"),
                text("channel", "visit"),
                ("persons".into(), Value::Int(1)),
                text("nature", "problem"),
                text("gist", "老街路灯坏了。"),
            ],
            subject: vec![text("name", "来访人")],
            sensitive: Vec::new(),
        };
        let author = self.sign_in(login).unwrap();
        let written = self.runtime.block_on(self.station.register_visit(&author, draft));
        written.unwrap().record
    }

    fn office(&self, id: &StatementId) -> Office {
        self.station.office(id).unwrap()
    }

    /// The one appointment in force of the station for a purpose, as the township knows it.
    fn of_station(&self, purpose: Purpose) -> StatementId {
        let filter = OfficeFilter {
            org: Some(self.station.org_id()),
            ..OfficeFilter::default()
        };
        let offices = self.township.offices(&filter).unwrap();
        let mut found = offices
            .iter()
            .filter(|office| office.purpose == purpose && office.standing == Standing::InForce);
        let one = found.next().unwrap().id;
        assert!(found.next().is_none(), "one");
        one
    }

    /// Whether every entry of a record counts at both nodes.
    fn counts(&self, record: &RecordId) -> bool {
        [&self.station, &self.township].iter().all(|node| {
            let (_, state) = node.state(record).unwrap();
            let mut history = state.history.iter();
            history.all(|item| matches!(item.verdict, Verdict::Counts { .. }))
        })
    }
}

fn own_logs(node: &Node) -> Vec<(SpaceId, Origin)> {
    let standings = node.store().read(|reader| reader.standings()).unwrap();
    let own = standings.into_iter().filter(|(.., own)| *own);
    own.map(|(space, origin, ..)| (space, origin)).collect()
}

/// Logs that a key wrote which the node has no more.
fn closed_logs(node: &Node) -> Vec<(SpaceId, Origin)> {
    let logs = node.store().read(|reader| reader.logs()).unwrap();
    let closed = logs.iter().filter(|log| log.closed.is_some());
    closed.map(|log| (log.space(), log.origin.clone())).collect()
}

fn carry(from: &Node, to: &Node) {
    carry_logs(from, to, &own_logs(from));
}

fn carry_logs(from: &Node, to: &Node, logs: &[(SpaceId, Origin)]) {
    for (space, origin) in logs {
        if to.space(space).is_none() {
            continue;
        }
        loop {
            let log = to.store().read(|reader| reader.log(origin)).unwrap();
            let held = log.map_or(TreeSize::EMPTY, |log| log.size);
            let Some(range) = from.read_range(origin, held, usize::MAX).unwrap() else {
                break;
            };
            let taken = to.ingest(space, &range);
            assert!(matches!(taken, Ingested::Stored(_)), "{origin}");
        }
    }
    let statements = to.store().read(|reader| reader.statements()).unwrap();
    to.learn(&statements);
    to.store()
        .write_blocking(|writer| writer.mark_unsettled())
        .unwrap();
    to.mark_revised().unwrap();
    let keys = from.find_keys(&to.lacking_keys().unwrap()).unwrap();
    to.keep_keys(keys.into_iter().map(|found| (found.record, found.key)).collect())
        .unwrap();
    to.catch_up(|_| {}).unwrap();
}

fn office_error(result: Result<impl std::fmt::Debug, ServiceError>) -> OfficeError {
    match result {
        Err(ServiceError::Office(error)) => error,
        other => panic!("{other:?}"),
    }
}
