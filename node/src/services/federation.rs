//! The picture of the federation: every org on the line of this node's org and below it, with its nodes: what is held of
//! them, what they lack, when they were last heard of, what a person should look at. Worked out from one pass over the
//! logs and one over the statements, whatever the number of nodes.

mod attention;
mod gather;
mod tree;

pub use attention::Attention;
pub use tree::{OrgStatus, Sums};

use std::collections::{HashMap, HashSet};

use lianzhan_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::conduct::{Misconduct, Moment};
use super::query::PeerStatus;
use super::{Node, ServiceError};
use crate::env;
use gather::Gathered;

/// A node that is expected to be heard of and was not for so long is silent: longer than a weekend.
pub const SILENT_HOURS: i64 = 72;
/// A disk with less than so many bytes free is nearly full; so is one with less than one part in [`DISK_LOW_PART`] free, unless
/// that is still [`DISK_MUCH_BYTES`] or more.
pub const DISK_LOW_BYTES: u64 = 512 << 20;
/// See there.
pub const DISK_LOW_PART: u64 = 20;
/// See there.
pub const DISK_MUCH_BYTES: u64 = 4 << 30;

/// How this node knows of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contact {
    /// It is this node.
    Own,
    /// A session is open.
    Connected,
    /// Another node says that it has a session with it.
    Told,
    /// No session is known, and it was heard of not long ago.
    Away,
    /// It was not heard of for [`SILENT_HOURS`], or never since it was appointed that long ago.
    Silent,
    /// It stands above, this node does not dial it, and no session with it is ever expected.
    Undialled,
    /// Nothing says when it was there, and nothing has to.
    Unknown,
}

/// A node as this one knows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NodeStatus {
    /// Its key, as hex.
    pub node: String,
    /// Its org's id, as hex.
    pub org: String,
    /// How it is known.
    pub contact: Contact,
    /// The last sign of it: something that came in a session, a receipt over one of its logs, an entry. Milliseconds since 1970.
    pub heard: Option<i64>,
    /// The org that told of the last session with it, its id as hex; none where this node had it.
    pub told_by: Option<String>,
    /// Its logs held here.
    pub logs: u64,
    /// Entries held of them.
    pub held: u64,
    /// Entries that these are known to have: by its checkpoints, and by what it had witnessed here.
    pub signed: u64,
    /// Entries of them that are not here yet.
    pub behind: u64,
    /// Entries that its session has still to bring, of whatever log.
    pub incoming: u64,
    /// Since when it is known that something is not here yet, milliseconds since 1970; none where nothing is lacking.
    pub behind_since: Option<i64>,
    /// When the newest entry held of it was recorded, by its author's clock.
    pub newest_entry: Option<i64>,
    /// The newest receipt over one of its logs.
    pub last_receipt: Option<i64>,
    /// The org that gave it, its id as hex.
    pub receipt_by: Option<String>,
    /// What it says that it runs.
    pub software: Option<String>,
    /// What a person should look at.
    pub attention: Vec<Attention>,
}

impl NodeStatus {
    /// Entries that are not here yet.
    pub fn lag(&self) -> u64 {
        self.incoming.max(self.behind)
    }

    /// For how many seconds it has been known that something is not here yet.
    pub fn lag_s(&self, now: Timestamp) -> Option<u64> {
        let since = self.behind_since.filter(|_| self.lag() > 0)?;
        Some(now.0.saturating_sub(since).max(0).unsigned_abs() / 1000)
    }

    /// Seconds since the last sign of it.
    pub fn silent_s(&self, now: Timestamp) -> Option<u64> {
        match self.contact {
            Contact::Own | Contact::Told => Some(0),
            _ => Some(now.0.saturating_sub(self.heard?).max(0).unsigned_abs() / 1000),
        }
    }
}

/// Room on the disk of this node's directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// Bytes that may still be written.
    pub free: u64,
    /// Bytes in all.
    pub total: u64,
}

impl Disk {
    /// Whether a person should make room.
    pub fn is_low(&self) -> bool {
        self.free < DISK_LOW_BYTES || self.free < (self.total / DISK_LOW_PART).min(DISK_MUCH_BYTES)
    }
}

/// The picture.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Federation {
    /// When it was made, milliseconds since 1970.
    pub as_of: i64,
    /// This node's org, its id as hex.
    pub org: String,
    /// Hours after which a node that is expected counts as silent.
    pub silent_hours: i64,
    /// The orgs above, this node's, and those below it: from the root down, each before those below it.
    pub orgs: Vec<OrgStatus>,
    /// Nodes of other orgs with which this node speaks.
    pub others: Vec<NodeStatus>,
    /// Sums over this node's org and all below.
    pub below: Sums,
    /// Room on the disk, where the system tells.
    pub disk: Option<Disk>,
    /// Peers that misbehaved while this process ran, whoever they are.
    pub misconduct: Vec<Misconduct>,
}

impl Federation {
    /// All nodes in it.
    pub fn nodes(&self) -> impl Iterator<Item = &NodeStatus> {
        self.orgs.iter().flat_map(|org| &org.nodes).chain(&self.others)
    }

    /// Ids of the orgs that share a name with another one directly below the same org: their codes tell them apart.
    pub fn namesakes(&self) -> HashSet<&str> {
        let mut called: HashMap<_, Vec<&str>> = HashMap::new();
        for org in &self.orgs {
            for name in [&org.name_zh, &org.name_en] {
                called.entry((&org.parent, name)).or_default().push(&org.id);
            }
        }
        // An org may have one name in both languages.
        let several = called
            .into_values()
            .filter(|ids| ids.iter().any(|id| *id != ids[0]));
        several.flatten().collect()
    }

    /// What a node did wrong while this process ran.
    pub fn misconduct_of(&self, node: &str) -> Option<&Misconduct> {
        self.misconduct.iter().find(|peer| peer.node == node)
    }
}

impl Node {
    /// The federation as this node knows it now, with the sessions that are open.
    pub fn federation(&self, peers: &[PeerStatus]) -> Result<Federation, ServiceError> {
        let (now, directory) = (env::now(), self.directory());
        let disk = disk(self.dir());
        let misconduct = self.conduct.list(Moment::now());
        let mut gathered = Gathered::new(self, &directory, peers, disk, now)?;
        gathered.misconduct(&misconduct);
        let (orgs, others) = gathered.into_tree();
        let own_id = self.org.to_string();
        let own = orgs.iter().find(|org| org.id == own_id);
        Ok(Federation {
            as_of: now.0,
            below: own.map(|org| org.branch).unwrap_or_default(),
            org: own_id,
            silent_hours: SILENT_HOURS,
            orgs,
            others,
            disk,
            misconduct,
        })
    }
}

/// How full the disk is on which `dir` lies.
fn disk(dir: &std::path::Path) -> Option<Disk> {
    let (free, total) = env::disk_room(dir)?;
    Some(Disk { free, total })
}

#[cfg(test)]
mod tests;
