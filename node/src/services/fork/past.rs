//! Nodes that lost their past and went on in new logs, and what of the earlier ones nobody here has: declared gaps.

use std::collections::BTreeMap;

use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{Entry, Origin, TreeSize};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Org, Space};

use super::super::{Node, ServiceError};
use crate::store::{LogRow, Reader, StoreError};

/// A log that its node wrote before it lost its past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierLog {
    /// The log.
    pub origin: String,
    /// Its space.
    pub space: Space,
    /// Entries that the node is known to have signed.
    pub signed: u64,
    /// Entries that are here; none if the log is not.
    pub held: Option<u64>,
    /// When its node began anew in this space, by its clock; none while it has not.
    pub since: Option<Timestamp>,
    /// Why, where that node is this one.
    pub reason: Option<String>,
}

impl EarlierLog {
    /// Entries that were signed and are not here.
    pub fn missing(&self) -> u64 {
        self.signed.saturating_sub(self.held.unwrap_or_default())
    }
}

/// A node that lost its past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Its key.
    pub node: PublicKey,
    /// The org that it serves.
    pub org: Option<Org>,
    /// Whether it is this one.
    pub own: bool,
    /// Its earlier logs, those with a gap first.
    pub logs: Vec<EarlierLog>,
}

impl Restored {
    /// Entries that were signed and are not here.
    pub fn missing(&self) -> u64 {
        self.logs.iter().map(EarlierLog::missing).sum()
    }
}

/// Earlier logs by node and origin.
type ByNode = BTreeMap<PublicKey, BTreeMap<Origin, EarlierLog>>;

impl Node {
    /// The nodes that lost their past, as far as their logs are here; this one first, then those with most missing.
    pub fn restored(&self) -> Result<Vec<Restored>, ServiceError> {
        let directory = self.directory();
        let (by_node, orgs) = self.store.read(|reader| {
            let (mut by_node, mut orgs) = (ByNode::new(), BTreeMap::new());
            for log in reader.logs()? {
                orgs.insert(log.start.node, log.start.org);
                take(reader, &log, &mut by_node)?;
            }
            Ok((by_node, orgs))
        })?;
        let own = self.node_key.public();
        let mut restored: Vec<Restored> = by_node
            .into_iter()
            .map(|(node, logs)| {
                let mut logs: Vec<EarlierLog> = logs.into_values().collect();
                logs.sort_by(|a, b| (b.missing(), &a.origin).cmp(&(a.missing(), &b.origin)));
                Restored {
                    node,
                    org: orgs.get(&node).and_then(|org| directory.org(org).cloned()),
                    own: node == own,
                    logs,
                }
            })
            .collect();
        restored.sort_by_key(|one| (!one.own, std::cmp::Reverse(one.missing()), one.node));
        Ok(restored)
    }
}

fn take(reader: &Reader<'_>, log: &LogRow, by_node: &mut ByNode) -> Result<(), StoreError> {
    let node = log.start.node;
    if let Some(closed) = &log.closed {
        let logs = by_node.entry(node).or_default();
        let known = logs.entry(log.origin.clone()).or_insert_with(|| EarlierLog {
            origin: log.origin.to_string(),
            space: log.start.space.clone(),
            signed: 0,
            held: Some(log.size.0),
            since: None,
            reason: None,
        });
        known.signed = known.signed.max(closed.signed.size.0);
        known.reason = Some(closed.reason.clone());
    }
    let Some(earlier) = &log.start.earlier else {
        return Ok(());
    };
    let first = reader.range(log.id, TreeSize::EMPTY, 1, 0)?.pop();
    let since = first
        .and_then(|row| Entry::parse(&row.entry).ok())
        .map(|entry| entry.header().recorded);
    let logs = by_node.entry(node).or_default();
    for before in earlier {
        let held = reader.log(&before.origin)?.map(|log| log.size.0);
        let known = logs.entry(before.origin.clone()).or_insert_with(|| EarlierLog {
            origin: before.origin.to_string(),
            space: log.start.space.clone(),
            signed: 0,
            held,
            since,
            reason: None,
        });
        known.signed = known.signed.max(before.size.0);
        known.since = known.since.or(since);
    }
    Ok(())
}
