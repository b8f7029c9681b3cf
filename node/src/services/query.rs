//! Questions: lists, one record with its proof, the state of the node.

use std::collections::BTreeMap;

use lianzhan_protocol::id::{OrgId, RecordId, StatementId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::TreeSize;
use lianzhan_protocol::record::{Held, RecordState, Value, Verdict};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Audience, Directory, Level, Org, Role, Space};
use serde::{Deserialize, Serialize};

use super::conduct::{KindCount, Misconduct, Moment};
use super::horizon::{Horizon, horizons};
use super::lineage::{by_heir, named};
use super::office::{Office, Standing};
use super::rekey::KeyChangeState;
use super::{Load, Node, ServiceError};
use crate::store::{AlarmRow, LogRow, RecordRow, RowFilter};
use crate::views;

/// A view as rows of JSON values.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub view: String,
    /// For each log held, how much of it the rows cover: two nodes with the same give the same rows.
    pub as_of: BTreeMap<String, u64>,
    /// Column names.
    pub columns: Vec<String>,
    /// Rows in total order.
    pub rows: Vec<Vec<serde_json::Value>>,
}

/// A link of a chain of appointments.
#[derive(Debug, Clone)]
pub struct ChainLink {
    /// The statement.
    pub id: StatementId,
    /// Whom it appoints.
    pub holder: String,
    /// Org in which.
    pub org: Option<Org>,
    /// Roles; empty for an authority.
    pub roles: Vec<Role>,
    /// From when.
    pub not_before: Timestamp,
    /// Until before when.
    pub not_after: Timestamp,
    /// The org that appoints.
    pub issuer: Option<Org>,
}

/// What proves one change.
#[derive(Debug, Clone)]
pub struct Witnessing {
    /// The witnessing org.
    pub org: Option<Org>,
    /// When.
    pub time: Timestamp,
    /// Its place in the witness log.
    pub place: u64,
    /// How many entries of the log the receipt covers.
    pub size: TreeSize,
}

/// A change of a record with all that is known of it.
#[derive(Debug, Clone)]
pub struct ChangeDetail {
    /// As held.
    pub held: Held,
    /// The verdict.
    pub verdict: Verdict,
    /// The name on the author's appointment, if that is here.
    pub author: Option<String>,
    /// The org of the author's appointment.
    pub author_org: Option<Org>,
    /// Roles of the author's appointment.
    pub roles: Vec<Role>,
    /// The chain up to the founding statement; empty if it is not here.
    pub chain: Vec<ChainLink>,
    /// Who witnessed it first.
    pub witnessing: Option<Witnessing>,
    /// The org whose node wrote the log.
    pub node_org: Option<Org>,
    /// Entries of the log held.
    pub log_size: TreeSize,
}

/// The personal part of a record, as far as it is held and open here.
#[derive(Debug, Clone)]
pub struct AnnexDetail {
    /// The annex ledger's id.
    pub ledger: String,
    /// Who holds it.
    pub audience: Audience,
    /// Fields in force.
    pub fields: Vec<(String, Value)>,
}

/// A record with its history.
#[derive(Debug, Clone)]
pub struct RecordDetail {
    /// Its id.
    pub id: RecordId,
    /// The ledger's id; empty while its definition is not here.
    pub ledger: String,
    /// Its space.
    pub space: Space,
    /// The owner.
    pub owner: Option<Org>,
    /// The org under which lists have it, where its owner is no more and went on in one other alone.
    pub heir: Option<Org>,
    /// Folded.
    pub state: RecordState,
    /// Changes, newest first.
    pub changes: Vec<ChangeDetail>,
    /// As of when the verdicts hold: how far each log is known in which changes stand, by origin.
    pub horizon: Vec<Horizon>,
    /// Personal parts held and open here.
    pub annexes: Vec<AnnexDetail>,
    /// Annexes that exist, by ledger, whether they are held here or not.
    pub annex_names: Vec<String>,
    /// Labels (zh, en) of fields that it lacks to be complete.
    pub missing: Vec<(String, String)>,
    /// Heads of its Automerge document, in hex; none while that is not built.
    pub document_heads: Option<Vec<String>>,
}

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
    /// Since when, milliseconds since 1970.
    pub since: i64,
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
    /// Names of the views that [`Node::table`] knows.
    pub fn view_names(&self) -> Vec<&'static str> {
        let sealed = [
            super::visit::SUBJECT,
            super::visit::SENSITIVE,
            "deputy_private",
            "deputy_sensitive",
        ];
        let registry = self.registry();
        let ledgers = registry.ledgers().iter().map(|ledger| ledger.id.as_str());
        ledgers
            .filter(|id| !sealed.contains(id))
            .chain(["visits_by_station", "logs"])
            .collect()
    }

    /// A view as a table.
    pub fn table(&self, view: &str) -> Result<Table, ServiceError> {
        let known = self.view_names();
        if !known.contains(&view) {
            let (name, known) = (view.to_owned(), known.join(", "));
            return Err(ServiceError::UnknownView { name, known });
        }
        let directory = self.directory();
        let name_of = |org: &OrgId| {
            directory
                .org(org)
                .map_or_else(|| org.to_string(), |org| org.name_zh.clone())
        };
        let (columns, rows) = match view {
            "visits_by_station" => {
                let counts = self.count_by_heir(super::visit::LEDGER)?;
                let rows = counts
                    .into_iter()
                    .map(|(org, count)| vec![org.to_string().into(), name_of(&org).into(), count.into()])
                    .collect();
                (vec!["owner".into(), "name".into(), "visits".into()], rows)
            }
            "logs" => {
                let columns = [
                    "origin",
                    "audience",
                    "owner",
                    "org",
                    "own",
                    "size",
                    "receipted",
                    "halted",
                ];
                // Stored in order of arrival, which differs from node to node.
                let mut logs = self.log_status()?;
                logs.sort_by(|a, b| a.origin.cmp(&b.origin));
                let rows = logs
                    .into_iter()
                    .map(|log| {
                        vec![
                            log.origin.into(),
                            log.audience.into(),
                            log.owner.into(),
                            log.org.into(),
                            log.own.into(),
                            log.size.into(),
                            log.receipted.into(),
                            log.halted.into(),
                        ]
                    })
                    .collect();
                (columns.map(String::from).to_vec(), rows)
            }
            ledger => self.store.read(|reader| reader.table(ledger))?,
        };
        let logs = self.store.read(|reader| reader.logs())?;
        let as_of = logs
            .into_iter()
            .map(|log| (log.origin.to_string(), log.size.0))
            .collect();
        Ok(Table {
            view: view.to_owned(),
            as_of,
            columns,
            rows,
        })
    }

    /// Rows of a ledger for lists.
    pub fn rows(&self, ledger: &str, filter: &RowFilter) -> Result<(Vec<RecordRow>, u64), ServiceError> {
        self.ledger(ledger)?;
        Ok(self.store.read(|reader| reader.rows(ledger, filter))?)
    }

    /// The same with what was typed into a search box.
    pub fn search(
        &self,
        ledger: &str,
        typed: &str,
        filter: RowFilter,
    ) -> Result<(Vec<RecordRow>, u64), ServiceError> {
        self.rows(
            ledger,
            &RowFilter {
                matches: views::query_expression(typed),
                ..filter
            },
        )
    }

    /// Records of a ledger, counted by owner, with the owners' names; by division code. Those of orgs that ended count with
    /// whom they are found.
    pub fn count_by_owner(&self, ledger: &str) -> Result<Vec<(Org, u64)>, ServiceError> {
        Ok(named(&self.directory(), self.count_by_heir(ledger)?))
    }

    fn count_by_heir(&self, ledger: &str) -> Result<BTreeMap<OrgId, u64>, ServiceError> {
        let counts = self.store.read(|reader| reader.count_by_owner(ledger))?;
        Ok(by_heir(&self.directory(), counts))
    }

    /// A record with its history, personal parts and proofs, folded now from its entries.
    pub fn record_detail(&self, record: &RecordId) -> Result<RecordDetail, ServiceError> {
        let detail = self.store.read(|reader| {
            let mut load = Load::new(self, reader);
            let Some(loaded) = load.record(record)? else {
                return Ok(None);
            };
            let state = load.fold(&loaded);
            let mut changes = Vec::with_capacity(loaded.held.len());
            // History stands in causal order; people read the newest first.
            for item in state.history.iter().rev() {
                let Some(held) = loaded.held.iter().find(|held| held.id == item.change) else {
                    continue;
                };
                changes.push(change_detail(reader, &mut load, held, item.verdict.clone())?);
            }
            let mut annexes = Vec::new();
            for row in reader.annexes(record)? {
                let Some(annex) = load.record(&row.record)? else {
                    continue;
                };
                let annex_state = load.fold(&annex);
                let Some(definition) = annex_state.definition.and_then(|hash| self.definition(&hash)) else {
                    continue;
                };
                let fields = annex_state
                    .fields
                    .iter()
                    .filter(|(name, _)| *name != "of" && *name != "subject_ref")
                    .map(|(name, field)| (name.clone(), field.value.clone()))
                    .collect();
                annexes.push(AnnexDetail {
                    ledger: definition.id.clone(),
                    audience: annex.space.audience,
                    fields,
                });
            }
            let document = reader.document(record)?;
            let origins = loaded.held.iter().map(|held| &held.origin);
            let horizon = horizons(reader, load.directory(), origins)?;
            Ok(Some((loaded, state, changes, annexes, document, horizon)))
        })?;
        let (loaded, state, changes, annexes, document, horizon) =
            detail.ok_or(ServiceError::UnknownRecord(*record))?;
        let ledger = state.definition.and_then(|hash| self.definition(&hash));
        let prefix = lianzhan_protocol::record::ANNEX_KEY;
        let annex_names = state
            .fields
            .keys()
            .filter_map(|key| key.strip_prefix(prefix))
            .map(str::to_owned)
            .collect();
        let now = super::activity::now_stated();
        let missing = views::missing(&self.registry(), &state, now.get(..10).unwrap_or_default())
            .into_iter()
            .map(|f| (f.zh.clone(), f.en.clone()))
            .collect();
        let directory = self.directory();
        let heir = directory.heir(&loaded.space.owner);
        Ok(RecordDetail {
            id: *record,
            ledger: ledger.map_or_else(String::new, |ledger| ledger.id.clone()),
            owner: directory.org(&loaded.space.owner).cloned(),
            heir: directory
                .org(&heir)
                .filter(|org| org.id != loaded.space.owner)
                .cloned(),
            space: loaded.space,
            state,
            changes,
            horizon,
            annexes,
            annex_names,
            missing,
            document_heads: document.map(|(heads, _)| heads.split(' ').map(str::to_owned).collect()),
        })
    }

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
                reader.count_by_owner(super::visit::LEDGER)?,
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
            .read(|reader| reader.rows(super::activity::LEDGER, &filter))?;
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

fn change_detail(
    reader: &crate::store::Reader<'_>,
    load: &mut Load<'_>,
    held: &Held,
    verdict: Verdict,
) -> Result<ChangeDetail, crate::store::StoreError> {
    let log = reader
        .log(&held.origin)?
        .ok_or_else(|| crate::store::StoreError::UnknownLog(held.origin.clone()))?;
    let first = load.witnessing(held)?;
    let directory = load.directory();
    let witnessing = first.map(|(first, receipt)| Witnessing {
        org: directory.org(&first.by).cloned(),
        time: first.time,
        place: receipt.witness_index.0,
        size: receipt.size,
    });
    let appointment = directory.appointment(&held.appointment).ok();
    Ok(ChangeDetail {
        verdict,
        author: appointment.map(|a| a.name.clone()),
        author_org: appointment.and_then(|a| directory.org(&a.org).cloned()),
        roles: appointment.map(|a| a.roles.clone()).unwrap_or_default(),
        chain: chain(directory, &held.appointment),
        witnessing,
        node_org: directory.org(&log.org()).cloned(),
        log_size: log.size,
        held: held.clone(),
    })
}

/// The chain of an appointment as people read it.
pub fn chain(directory: &Directory, id: &StatementId) -> Vec<ChainLink> {
    let Ok(chain) = directory.chain(id) else {
        return Vec::new();
    };
    chain
        .links
        .iter()
        .filter_map(|id| {
            let statement = directory.statement(id)?;
            let appointment = statement.appointment()?;
            Some(ChainLink {
                id: *id,
                holder: appointment.name.clone(),
                org: directory.org(&appointment.org).cloned(),
                roles: appointment.roles.clone(),
                not_before: appointment.validity.not_before,
                not_after: appointment.validity.not_after,
                issuer: directory.org(&statement.issuer().org).cloned(),
            })
        })
        .collect()
}
