//! Gathers, node by node, what the directory, the logs, the receipts, the sessions and the alarms say.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lianzhan_protocol::codec;
use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::sync::Gravity;
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Directory, Ground, Purpose};

use super::super::conduct::Misconduct;
use super::super::office::{WARN_DAYS, purpose_str};
use super::super::query::PeerStatus;
use super::super::{Node, ServiceError};
use super::tree::{self, OrgStatus};
use super::{Attention, Contact, Disk, NodeStatus, SILENT_HOURS};
use crate::store::{AlarmRow, LogGlance, NeighbourRow, WitnessedGlance, settled};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A node on its way into the picture.
struct Draft {
    org: OrgId,
    status: NodeStatus,
    /// Since when its appointment holds.
    since: Timestamp,
    origins: BTreeSet<String>,
}

pub(super) struct Gathered<'a> {
    directory: &'a Directory,
    own: OrgId,
    now: Timestamp,
    nodes: BTreeMap<PublicKey, Draft>,
    /// What is said of orgs whose last node was revoked.
    revoked: BTreeMap<OrgId, Vec<Attention>>,
}

impl<'a> Gathered<'a> {
    pub(super) fn new(
        node: &Node,
        directory: &'a Directory,
        peers: &[PeerStatus],
        disk: Option<Disk>,
        now: Timestamp,
    ) -> Result<Self, ServiceError> {
        let (logs, witnessed, neighbours, alarms) = node.store.read(|reader| {
            Ok((
                reader.glance()?,
                reader.witnessed_glance()?,
                reader.neighbours()?,
                reader.alarms()?,
            ))
        })?;
        let retired = node.store.read(|reader| reader.witness_retired())?.is_some();
        let mut all = Gathered {
            directory,
            own: node.org,
            now,
            nodes: BTreeMap::new(),
            revoked: BTreeMap::new(),
        };
        all.appointed();
        all.logs(logs, witnessed);
        all.heard(neighbours);
        all.sessions(peers);
        let own = node.node_key.public();
        if let Some(draft) = all.nodes.get_mut(&own) {
            draft.status.contact = Contact::Own;
            draft.status.software = Some(super::super::neighbours::SOFTWARE.to_owned());
            let low = disk.filter(Disk::is_low);
            let low = low.map(|disk| Attention::DiskLow { free: disk.free });
            draft.status.attention.extend(low);
            draft
                .status
                .attention
                .extend(retired.then_some(Attention::WitnessStopped));
        }
        all.alarms(&alarms);
        all.silence(node);
        Ok(all)
    }

    /// Whether the picture shows the nodes of an org: on the line above, or below.
    fn is_shown(&self, org: &OrgId) -> bool {
        self.directory.is_at_or_above(org, &self.own) || self.directory.is_at_or_above(&self.own, org)
    }

    /// The nodes that serve, with what of their org's appointments ends soon.
    fn appointed(&mut self) {
        let directory = self.directory;
        let mut ending: BTreeMap<(OrgId, Purpose, PublicKey), Timestamp> = BTreeMap::new();
        let mut gone: BTreeMap<OrgId, String> = BTreeMap::new();
        for statement in directory.statements() {
            let Some(post) = statement.appointment() else {
                continue;
            };
            let id = statement.id();
            if post.purpose == Purpose::Person || directory.faults().contains_key(&id) {
                continue;
            }
            if let Some(revoked) = directory.revoked(&id).first() {
                if post.purpose == Purpose::Node && matches!(revoked.ground, Ground::Hard { .. }) {
                    gone.insert(post.org, revoked.words.clone());
                }
                continue;
            }
            if self.now < post.validity.not_before || self.now >= post.validity.not_after {
                continue;
            }
            let end = ending
                .entry((post.org, post.purpose, post.key))
                .or_insert(post.validity.not_after);
            *end = post.validity.not_after.max(*end);
            if post.purpose == Purpose::Node {
                let draft = || draft(post.key, post.org, post.validity.not_before);
                self.nodes.entry(post.key).or_insert_with(draft);
            }
        }
        let serving: BTreeSet<OrgId> = self.nodes.values().map(|draft| draft.org).collect();
        for (org, words) in gone.into_iter().filter(|(org, _)| !serving.contains(org)) {
            self.revoked
                .entry(org)
                .or_default()
                .push(Attention::Revoked { words });
        }
        let mut soon: HashMap<OrgId, Vec<(Purpose, PublicKey, i64)>> = HashMap::new();
        for ((org, purpose, key), end) in ending {
            let days = end.0.saturating_sub(self.now.0).div_euclid(DAY_MS);
            if days <= WARN_DAYS {
                soon.entry(org).or_default().push((purpose, key, days));
            }
        }
        for (node, draft) in &mut self.nodes {
            for (purpose, key, days) in soon.get(&draft.org).into_iter().flatten() {
                if *purpose != Purpose::Node || key == node {
                    draft.status.attention.push(Attention::Ending {
                        purpose: purpose_str(*purpose).to_owned(),
                        days: *days,
                    });
                }
            }
        }
    }

    fn logs(&mut self, logs: Vec<LogGlance>, witnessed: Vec<WitnessedGlance>) {
        let mut told: HashMap<String, (u64, Timestamp)> = HashMap::with_capacity(witnessed.len());
        for seen in witnessed {
            let node = PublicKey::from_ed25519(seen.node).ok();
            if let Some(draft) = node.and_then(|node| self.nodes.get_mut(&node)) {
                hear(&mut draft.status, seen.at, self.now);
            }
            told.insert(seen.origin, (seen.size.0, seen.at));
        }
        let mut names: HashMap<[u8; 32], Option<String>> = HashMap::new();
        for log in logs {
            let Some(draft) = self.nodes.get_mut(&log.node) else {
                continue;
            };
            if draft.org != log.org {
                continue;
            }
            let status = &mut draft.status;
            let told = told.get(log.origin.as_str());
            let signed = told.map_or(log.signed.0, |(size, _)| log.signed.0.max(*size));
            status.logs += 1;
            status.held += log.size.0;
            status.signed += signed;
            status.behind += signed - log.size.0;
            if signed > log.size.0 {
                // Since it was witnessed here; else since the last entry that is here.
                let since = told.map(|(_, at)| *at).or(log.newest);
                lacks(status, since.map(|at| at.0.min(self.now.0)));
            }
            if let Some((at, witness)) = log.receipt {
                hear(status, at, self.now);
                if status.last_receipt.is_none_or(|last| last < at.0) {
                    let directory = self.directory;
                    let name = names
                        .entry(witness)
                        .or_insert_with(|| witness_org(directory, &witness));
                    status.last_receipt = Some(at.0);
                    status.receipt_by.clone_from(name);
                }
            }
            if let Some(at) = log.newest {
                hear(status, at, self.now);
                status.newest_entry = status.newest_entry.max(Some(at.0.min(self.now.0)));
            }
            if log.halted {
                status.attention.push(Attention::Halted {
                    origin: log.origin.to_string(),
                });
            }
            draft.origins.insert(log.origin.to_string());
        }
    }

    /// What this node noted of sessions, its own and those that others told of.
    fn heard(&mut self, neighbours: Vec<NeighbourRow>) {
        let directory = self.directory;
        let counts = |row: &NeighbourRow| {
            // What was told before the node's appointment was here may be of another branch, and who has moved stands in one.
            let above = |teller, draft: &Draft| {
                let teller = directory.node_org(teller);
                teller.is_some_and(|teller| directory.is_at_or_above(&teller, &draft.org))
            };
            let draft = self.nodes.get(&row.node);
            draft.is_some_and(|draft| row.teller.as_ref().is_none_or(|teller| above(teller, draft)))
        };
        // Which sessions this node has it knows without its notes.
        let noted = neighbours.into_iter().map(|row| NeighbourRow {
            connected: row.connected && row.teller.is_some(),
            ..row
        });
        for row in settled(noted.filter(counts)) {
            let Some(draft) = self.nodes.get_mut(&row.node) else {
                continue;
            };
            let teller = row.teller.and_then(|teller| directory.node_org(&teller));
            let status = &mut draft.status;
            hear(status, row.at, self.now);
            status.software = row.software;
            status.told_by = teller.map(|org| org.to_string());
            if row.connected {
                status.contact = Contact::Told;
            }
        }
    }

    fn sessions(&mut self, peers: &[PeerStatus]) {
        for peer in peers {
            let key = codec::unhex::<32>(&peer.node).and_then(|key| PublicKey::from_ed25519(key).ok());
            let Some(draft) = key.and_then(|key| self.nodes.get_mut(&key)) else {
                continue;
            };
            let status = &mut draft.status;
            status.contact = Contact::Connected;
            status.told_by = None;
            hear(status, Timestamp(peer.heard), self.now);
            status.incoming = peer.wanted.saturating_sub(peer.received);
            if status.incoming > 0 {
                lacks(status, peer.behind_since);
            }
            status.behind = status
                .behind
                .max(status.incoming.min(status.signed - status.held));
            if peer.software.is_some() {
                status.software.clone_from(&peer.software);
            }
        }
    }

    /// Alarms of which it can be told whose they are.
    fn alarms(&mut self, alarms: &[AlarmRow]) {
        let mut by_print: HashMap<String, PublicKey> = HashMap::new();
        let mut by_origin: HashMap<&str, PublicKey> = HashMap::new();
        for (key, draft) in &self.nodes {
            by_print.insert(key.fingerprint(), *key);
            by_origin.extend(draft.origins.iter().map(|origin| (origin.as_str(), *key)));
        }
        let mut found = Vec::new();
        for alarm in alarms {
            let subject = alarm.subject.clone();
            let of_log = by_origin.get(alarm.subject.as_str());
            let (node, what) = match alarm.kind.as_str() {
                "fork" => (of_log, Attention::Fork { origin: subject }),
                "new_epoch" => (of_log, Attention::Rollback { origin: subject }),
                "peer" => {
                    let words = alarm.words.clone();
                    (by_print.get(&alarm.subject), Attention::Refused { words })
                }
                _ => continue,
            };
            found.extend(node.map(|node| (*node, what)));
        }
        for (node, what) in found {
            if let Some(draft) = self.nodes.get_mut(&node) {
                draft.status.attention.push(what);
            }
        }
    }

    /// Who broke the rules and is avoided for it. A slow line mends itself, and comes and goes by the second.
    pub(super) fn misconduct(&mut self, peers: &[Misconduct]) {
        for peer in peers {
            let (Some(until), Some(last)) = (peer.until, peer.last()) else {
                continue;
            };
            if peer.gravity().is_none_or(|gravity| gravity < Gravity::Breach) {
                continue;
            }
            let key = codec::unhex::<32>(&peer.node).and_then(|key| PublicKey::from_ed25519(key).ok());
            if let Some(draft) = key.and_then(|key| self.nodes.get_mut(&key)) {
                draft.status.attention.push(Attention::Avoided {
                    what: last.kind.clone(),
                    count: peer.count(),
                    until,
                });
            }
        }
    }

    /// Who is expected and was not heard of: nodes below, and those that this node dials.
    fn silence(&mut self, node: &Node) {
        let dialled: BTreeSet<OrgId> = node
            .config()
            .parents
            .iter()
            .filter_map(|parent| codec::unhex::<32>(&parent.node))
            .filter_map(|key| PublicKey::from_ed25519(key).ok())
            .filter_map(|key| self.directory.node_org(&key))
            .collect();
        let limit = Timestamp(self.now.0 - SILENT_HOURS * HOUR_MS);
        for draft in self.nodes.values_mut() {
            let status = &mut draft.status;
            if status.contact != Contact::Unknown {
                continue;
            }
            let org = draft.org;
            // Of an org that is no more nobody expects anything.
            let below =
                || self.directory.is_at_or_above(&self.own, &org) && self.directory.ended(&org).is_none();
            let expected = dialled.contains(&org) || below();
            let above = org != self.own && self.directory.is_at_or_above(&org, &self.own);
            let last = status.heard.map_or(draft.since, Timestamp);
            status.contact = match (expected, status.heard) {
                (true, _) if last < limit => Contact::Silent,
                (false, _) if above => Contact::Undialled,
                (_, Some(_)) => Contact::Away,
                (_, None) => Contact::Unknown,
            };
            if status.contact == Contact::Silent {
                let since = status.heard;
                status.attention.insert(0, Attention::Silent { since });
            }
        }
    }

    /// The tree, and the nodes of other orgs with which this node speaks or spoke.
    pub(super) fn into_tree(self) -> (Vec<OrgStatus>, Vec<NodeStatus>) {
        let mut by_org: BTreeMap<OrgId, Vec<NodeStatus>> = BTreeMap::new();
        let mut beside = Vec::new();
        let shown: BTreeSet<OrgId> = self.nodes.values().map(|draft| draft.org).collect();
        let shown: BTreeSet<OrgId> = shown.into_iter().filter(|org| self.is_shown(org)).collect();
        for draft in self.nodes.into_values() {
            match shown.contains(&draft.org) {
                true => by_org.entry(draft.org).or_default().push(draft.status),
                false => beside.push(draft.status),
            }
        }
        let orgs = tree::orgs(self.directory, &self.own, by_org, self.revoked, self.now);
        let spoken = |status: &NodeStatus| status.contact == Contact::Connected || status.software.is_some();
        beside.retain(spoken);
        (orgs, beside)
    }
}

fn draft(node: PublicKey, org: OrgId, since: Timestamp) -> Draft {
    Draft {
        org,
        status: NodeStatus {
            node: codec::hex(node.ed25519_bytes()),
            org: org.to_string(),
            contact: Contact::Unknown,
            heard: None,
            told_by: None,
            logs: 0,
            held: 0,
            signed: 0,
            behind: 0,
            incoming: 0,
            behind_since: None,
            newest_entry: None,
            last_receipt: None,
            receipt_by: None,
            software: None,
            attention: Vec::new(),
        },
        since,
        origins: BTreeSet::new(),
    }
}

/// A sign of a node. A clock that is ahead says no more than now.
fn hear(status: &mut NodeStatus, at: Timestamp, now: Timestamp) {
    status.heard = status.heard.max(Some(at.0.min(now.0)));
}

/// Something is not here yet since then.
fn lacks(status: &mut NodeStatus, since: Option<i64>) {
    status.behind_since = [status.behind_since, since].into_iter().flatten().min();
}

fn witness_org(directory: &Directory, witness: &[u8; 32]) -> Option<String> {
    let key = PublicKey::from_ed25519(*witness).ok()?;
    let (_, post) = directory.appointments_of(&key, Purpose::Witness).next()?;
    Some(post.org.to_string())
}
