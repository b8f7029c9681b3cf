//! The state of this node: its logs, its peers, and what waits.

use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Level, Org};
use serde::Serialize;

use crate::services::conduct::{KindCount, Misconduct, Moment};
use crate::services::office::{Office, Standing};
use crate::services::rekey::KeyChangeState;
use crate::services::{Node, ServiceError};
use crate::store::{AlarmRow, LogRow, RowFilter};

/// A log in the state of the node.
#[derive(Debug, Clone, Serialize)]
pub struct LogStatus {
    /// Its origin.
    pub origin: String,
    /// The audience of its space.
    pub audience: String,
    /// Owner of the space, Chinese name.
    pub owner: String,
    /// The org that writes it.
    pub org: String,
    /// Whether this node writes it.
    pub own: bool,
    /// Entries stored.
    pub size: u64,
    /// Root over them.
    pub root: String,
    /// Entries covered by receipts.
    pub receipted: u64,
    /// Entries that no receipt covers, receipts aside: those are not receipted again.
    pub waiting: u64,
    /// Time of the last receipt, milliseconds since 1970.
    pub last_receipt: Option<i64>,
    /// Why it is halted.
    pub halted: Option<String>,
}

/// A peer in the state of the node.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct PeerStatus {
    /// Node key as hex.
    pub node: String,
    /// Its org's Chinese name, once it is established.
    pub org: Option<String>,
    /// What it says that it runs.
    pub software: Option<String>,
    /// Whether all that was wanted from it is here.
    pub level: bool,
    /// Entries received in this session.
    pub received: u64,
    /// Entries wanted in this session, received ones included.
    pub wanted: u64,
    /// Since when something that it has is not here, milliseconds since 1970; none where all is.
    pub behind_since: Option<i64>,
    /// Entries sent in this session.
    pub given: u64,
    /// Entries of the logs that it is being sent, after those.
    pub to_give: u64,
    /// Since when, milliseconds since 1970.
    pub since: i64,
    /// When something came of it last, be it an answer to a ping; milliseconds since 1970.
    pub heard: i64,
}

/// The state of the node.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// Version of the program.
    pub version: &'static str,
    /// The org.
    pub org: OrgId,
    /// Its Chinese name.
    pub name: String,
    /// Its level.
    pub level: &'static str,
    /// The node key as hex.
    pub node: String,
    /// The federation: hash of the founding statement.
    pub federation: String,
    /// Entries of own logs that are no receipts.
    pub entries: u64,
    /// Those that a receipt covers.
    pub witnessed_entries: u64,
    /// Records in views.
    pub records: u64,
    /// Those of this node's org, and of those that went on in it alone.
    pub own_records: u64,
    /// Visits in views.
    pub visits: u64,
    /// Visits of this node's own org.
    pub own_visits: u64,
    /// Seals in force of joint activities.
    pub joint_seals: u64,
    /// Records whose views lag.
    pub views_lag: u64,
    /// Records whose documents lag.
    pub documents_lag: u64,
    /// Annexes whose keys are not here yet.
    pub keys_lacking: u64,
    /// Logs.
    pub logs: Vec<LogStatus>,
    /// Connected peers.
    pub peers: Vec<PeerStatus>,
    /// Peers that misbehaved while this process ran.
    pub misconduct: Vec<Misconduct>,
    /// How often each kind of misbehaviour was seen since it started.
    pub misbehaviour: Vec<KindCount>,
    /// Levels above whose witness is required beside the parent's, from the top.
    pub policy: Vec<&'static str>,
    /// Why this node cosigns nothing more with its witness key, if so.
    pub witness_retired: Option<String>,
    /// Changes of this node's and its org's keys that are not finished.
    pub key_changes: Vec<KeyChangeState>,
    /// Alarms.
    pub alarms: Vec<AlarmRow>,
    /// Appointments in this node's org that end soon.
    pub ending: Vec<Office>,
    /// The revocation of this node's own appointment, if no other one serves.
    pub node_revoked: Option<Standing>,
    /// Records with entries that wait for an adoption.
    pub contested: u64,
}

impl Node {
    /// The logs held here.
    pub fn log_status(&self) -> Result<Vec<LogStatus>, ServiceError> {
        self.log_status_of(|_| true)
    }

    /// Those that one node writes.
    pub fn logs_of(&self, node: &PublicKey) -> Result<Vec<LogStatus>, ServiceError> {
        self.log_status_of(|log| log.start.node == *node)
    }

    /// What a person must look at, newest first.
    pub fn alarms(&self) -> Result<Vec<AlarmRow>, ServiceError> {
        Ok(self.store.read(|reader| reader.alarms())?)
    }

    fn log_status_of(&self, which: impl Fn(&LogRow) -> bool) -> Result<Vec<LogStatus>, ServiceError> {
        let directory = self.directory();
        let name_of = |org: &OrgId| {
            directory
                .org(org)
                .map_or_else(|| org.to_string(), |org| org.name_zh.clone())
        };
        Ok(self.store.read(|reader| {
            reader
                .logs()?
                .into_iter()
                .filter(&which)
                .map(|log| {
                    let space = &log.start.space;
                    let receipted = self.witnessed_size(reader, &log)?;
                    Ok(LogStatus {
                        audience: space.audience.as_str().to_owned(),
                        owner: name_of(&space.owner),
                        org: name_of(&log.org()),
                        own: log.own,
                        size: log.size.0,
                        root: log.root.to_string(),
                        receipted: receipted.0,
                        waiting: reader.unreceipted(log.id, receipted)?,
                        last_receipt: reader
                            .last_receipt_s(log.id)?
                            .map(|seconds| Timestamp::from_seconds(seconds).0),
                        origin: log.origin.to_string(),
                        halted: log.halted,
                    })
                })
                .collect()
        })?)
    }

    /// The state of the node.
    pub fn status(&self, peers: Vec<PeerStatus>) -> Result<Status, ServiceError> {
        let org = self.org()?;
        let own = self.owners(&org.id);
        let (figures, records, lag, alarms, by_owner) = self.store.read(|reader| {
            Ok((
                reader.own_figures()?,
                (reader.record_count(&[])?, reader.record_count(&own)?),
                reader.lag()?,
                reader.alarms()?,
                reader.count_by_owner(crate::services::visit::LEDGER)?,
            ))
        })?;
        let logs = self.log_status()?;
        let waiting: u64 = logs.iter().filter(|log| log.own).map(|log| log.waiting).sum();
        Ok(Status {
            version: env!("CARGO_PKG_VERSION"),
            org: org.id,
            level: org.level.as_str(),
            node: lianzhan_protocol::codec::hex(self.node_key.public().ed25519_bytes()),
            federation: self.directory().founding().id().to_string(),
            entries: figures.entries,
            witnessed_entries: figures.entries.saturating_sub(waiting),
            records: records.0,
            own_records: records.1,
            visits: by_owner.iter().map(|(_, count)| count).sum(),
            own_visits: by_owner
                .iter()
                .filter(|(owner, _)| own.contains(owner))
                .map(|(_, count)| count)
                .sum(),
            joint_seals: self.joint_seals()?,
            views_lag: lag.0,
            documents_lag: lag.1,
            keys_lacking: self.lacking_keys()?.len() as u64,
            name: org.name_zh,
            logs,
            policy: self.witness_policy().iter().map(|level| level.as_str()).collect(),
            witness_retired: self.store.read(|reader| reader.witness_retired())?,
            key_changes: self.key_changes(),
            peers,
            misconduct: self.conduct.list(Moment::now()),
            misbehaviour: self.conduct.totals(),
            alarms,
            ending: self.ending()?,
            node_revoked: self.node_revoked(),
            contested: self.store.read(|reader| reader.contested_records(0))?.1,
        })
    }

    /// Seals in force over all joint activities held.
    fn joint_seals(&self) -> Result<u64, ServiceError> {
        let directory = self.directory();
        let filter = RowFilter {
            limit: u64::MAX >> 1,
            ..RowFilter::default()
        };
        let (rows, _) = self
            .store
            .read(|reader| reader.rows(crate::services::activity::LEDGER, &filter))?;
        let joint = rows
            .into_iter()
            .filter(|row| directory.joint_space(&row.space).is_some());
        let mut seals = 0;
        for row in joint {
            seals += self.activity(&row.record)?.activity.seals.len() as u64;
        }
        Ok(seals)
    }

    /// Orgs of stations below this node's org, or the org itself if it is one; by division code. Those that ended are among
    /// them while their records are found with no other.
    pub fn stations(&self) -> Vec<Org> {
        let directory = self.directory();
        let mut stations: Vec<Org> = directory
            .orgs()
            .filter(|org| org.level == Level::Station && directory.is_at_or_above(&self.org, &org.id))
            .filter(|org| directory.heir(&org.id) == org.id)
            .cloned()
            .collect();
        stations.sort_by(|a, b| (&a.code, a.id).cmp(&(&b.code, b.id)));
        stations
    }
}
