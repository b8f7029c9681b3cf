//! Orgs in their tree, with what their branches add up to.

use std::collections::BTreeMap;

use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Directory, Org};
use serde::{Deserialize, Serialize};

use super::{Attention, Contact, NodeStatus};

/// What the nodes of a branch add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Nodes.
    pub nodes: u64,
    /// Those with which a session is open, here or at another node that says so; this node counts.
    pub connected: u64,
    /// Those not heard of for long.
    pub silent: u64,
    /// Those that a person should look at, silent ones included.
    pub attention: u64,
    /// Entries of them that are not here yet.
    pub behind: u64,
    /// The longest that one of them was not heard of, in seconds.
    pub longest_s: u64,
}

impl Sums {
    fn add(&mut self, other: &Sums) {
        self.nodes += other.nodes;
        self.connected += other.connected;
        self.silent += other.silent;
        self.attention += other.attention;
        self.behind += other.behind;
        self.longest_s = self.longest_s.max(other.longest_s);
    }

    fn of(node: &NodeStatus, now: Timestamp) -> Sums {
        Sums {
            nodes: 1,
            connected: u64::from(matches!(
                node.contact,
                Contact::Own | Contact::Connected | Contact::Told
            )),
            silent: u64::from(node.contact == Contact::Silent),
            attention: u64::from(!node.attention.is_empty()),
            behind: node.behind,
            longest_s: node.silent_s(now).unwrap_or(0),
        }
    }
}

/// An org with its nodes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OrgStatus {
    /// Its id, as hex.
    pub id: String,
    /// The org above it.
    pub parent: Option<String>,
    /// How many orgs stand above it in the picture.
    pub depth: u32,
    /// Its Chinese name.
    pub name_zh: String,
    /// Its English name.
    pub name_en: String,
    /// Its level.
    pub level: String,
    /// Its division code.
    pub code: String,
    /// Its nodes that serve.
    pub nodes: Vec<NodeStatus>,
    /// Of the org itself, where no node of it serves: a key that was revoked.
    pub attention: Vec<Attention>,
    /// Sums over it and all below it.
    pub branch: Sums,
}

/// Orgs on the line above `own`, itself, and those below: each before those below it, which stand by code.
pub(super) fn orgs(
    directory: &Directory,
    own: &OrgId,
    mut nodes: BTreeMap<OrgId, Vec<NodeStatus>>,
    mut revoked: BTreeMap<OrgId, Vec<Attention>>,
    now: Timestamp,
) -> Vec<OrgStatus> {
    let mut line: Vec<&Org> = directory.upward(own).collect();
    line.reverse();
    let mut order: Vec<(&Org, u32)> = Vec::new();
    let depth = line.len().saturating_sub(1) as u32;
    order.extend(line.into_iter().zip(0..).take(depth as usize));
    let mut todo: Vec<(&Org, u32)> = directory.org(own).map(|org| (org, depth)).into_iter().collect();
    while let Some((org, depth)) = todo.pop() {
        order.push((org, depth));
        let mut below: Vec<&Org> = directory.children(&org.id).collect();
        // The last goes onto the pile first.
        below.sort_by(|a, b| (&b.code, b.id).cmp(&(&a.code, a.id)));
        todo.extend(below.into_iter().map(|child| (child, depth + 1)));
    }
    let mut orgs: Vec<OrgStatus> = order
        .into_iter()
        .map(|(org, depth)| {
            let nodes = nodes.remove(&org.id).unwrap_or_default();
            let mut branch = Sums::default();
            nodes.iter().for_each(|node| branch.add(&Sums::of(node, now)));
            let attention = revoked.remove(&org.id).unwrap_or_default();
            branch.attention += u64::from(!attention.is_empty());
            OrgStatus {
                id: org.id.to_string(),
                parent: org.parent.map(|parent| parent.to_string()),
                depth,
                name_zh: org.name_zh.clone(),
                name_en: org.name_en.clone(),
                level: org.level.as_str().to_owned(),
                code: org.code.clone(),
                nodes,
                attention,
                branch,
            }
        })
        .collect();
    // Each stands before those below it: backwards, what is below is summed already.
    let place: BTreeMap<String, usize> = (0..).zip(&orgs).map(|(at, org)| (org.id.clone(), at)).collect();
    for at in (0..orgs.len()).rev() {
        let branch = orgs[at].branch;
        let above = orgs[at]
            .parent
            .as_ref()
            .and_then(|parent| place.get(parent).copied());
        if let Some(above) = above {
            orgs[above].branch.add(&branch);
        }
    }
    orgs
}
