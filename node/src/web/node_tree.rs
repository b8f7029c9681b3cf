//! The tree of the federation's page: which branches are shown, and what their lines say. A small federation is shown whole;
//! of a large one, each branch shows what a person should look at, and leads to the rest.

use std::collections::BTreeMap;

use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::time::Timestamp;

use super::answer::Desk;
use super::i18n::{Lang, Text};
use super::node_words::{self as words, Names};
use super::page::{NetBranch, NodeLine, SilentRow, Tag, Tone, Tree};
use super::say;
use crate::services::federation::{Contact, Federation, NodeStatus, OrgStatus};

/// Up to so many nodes all branches are shown whole.
const WHOLE: u64 = 60;
/// Up to so many orgs directly below one are shown, whatever their state.
const CHILDREN: usize = 60;
/// Of a branch that is not shown whole: most orgs directly below that need a person.
const HOT: usize = 12;
/// The same where these alone are asked for.
const HOT_ONLY: usize = 200;
/// Silent nodes in the list above the tree.
const SILENT: usize = 10;

/// What of the tree is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wish {
    /// Only what a person should look at.
    pub(super) only: bool,
    /// One branch, whole.
    pub(super) branch: Option<OrgId>,
}

impl Wish {
    fn here(&self) -> String {
        match (self.branch, self.only) {
            (Some(org), _) => format!("/network?org={org}"),
            (None, true) => "/network?only=attention".into(),
            (None, false) => "/network".into(),
        }
    }
}

struct Grower<'a> {
    desk: &'a Desk,
    picture: &'a Federation,
    names: Names<'a>,
    wish: Wish,
    by_id: BTreeMap<&'a str, &'a OrgStatus>,
    below: BTreeMap<&'a str, Vec<&'a OrgStatus>>,
    /// Whether every branch is shown whole.
    whole: bool,
}

/// The tree of a picture.
pub(super) fn tree(desk: &Desk, picture: &Federation, wish: Wish) -> Tree {
    let mut below: BTreeMap<&str, Vec<&OrgStatus>> = BTreeMap::new();
    for org in &picture.orgs {
        if let Some(parent) = &org.parent {
            below.entry(parent).or_default().push(org);
        }
    }
    let grower = Grower {
        desk,
        picture,
        names: Names::of(desk.text, picture),
        wish,
        by_id: picture.orgs.iter().map(|org| (org.id.as_str(), org)).collect(),
        below,
        whole: wish.branch.is_some() || picture.below.nodes <= WHOLE,
    };
    let chosen = wish.branch.map(|org| org.to_string());
    let top = match &chosen {
        Some(id) => grower.by_id.get(id.as_str()).copied(),
        None => picture.orgs.first(),
    };
    let sums = top.map(|org| org.branch).unwrap_or_default();
    let (silent, silent_more) = grower.silent(top);
    Tree {
        here: wish.here(),
        nodes: sums.nodes,
        connected: sums.connected,
        attention: sums.attention,
        only: wish.only,
        branch: top.filter(|_| chosen.is_some()).map(|org| grower.name(org)),
        silent,
        silent_more,
        root: top
            .filter(|org| !wish.only || org.branch.attention > 0)
            .map(|org| grower.branch(org)),
        others: match wish.only || chosen.is_some() {
            true => Vec::new(),
            false => picture.others.iter().map(|node| grower.other(node)).collect(),
        },
    }
}

impl Grower<'_> {
    fn text(&self) -> Text {
        self.desk.text
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.picture.as_of)
    }

    fn name(&self, org: &OrgStatus) -> String {
        let name = name(self.desk, &org.id).unwrap_or_else(|| match self.text().lang {
            Lang::Zh => org.name_zh.clone(),
            Lang::En => org.name_en.clone(),
        });
        self.names.told_apart(org, &name)
    }

    fn branch(&self, org: &OrgStatus) -> NetBranch {
        let (text, sums) = (self.text(), &org.branch);
        let empty = Vec::new();
        let below = self.below.get(org.id.as_str()).unwrap_or(&empty);
        let own_silent = org
            .nodes
            .iter()
            .filter(|node| node.contact == Contact::Silent)
            .count() as u64;
        let own_hot = org.nodes.iter().filter(|node| !node.attention.is_empty()).count() as u64
            + u64::from(!org.attention.is_empty());
        let nodes_below = sums.nodes - org.nodes.len() as u64;
        let silent = sums.silent - own_silent;
        let attention = sums.attention - own_hot - silent;
        let shown = self.shown(org, below);
        let hidden: u64 = nodes_below.saturating_sub(shown.iter().map(|org| org.branch.nodes).sum());
        let line = OrgId::parse(&org.id);
        let is_line =
            line.is_some_and(|id| self.desk.directory.is_at_or_above(&id, &self.desk.node.org_id()));
        NetBranch {
            text,
            id: org.id.clone(),
            lines: self.lines(org),
            below: nodes_below,
            silent,
            attention,
            behind: sums.behind - org.nodes.iter().map(|node| node.behind).sum::<u64>(),
            children: shown.into_iter().map(|org| self.branch(org)).collect(),
            open: self.wish.only
                || self.wish.branch.is_some()
                || is_line
                || self.whole
                || sums.attention > own_hot,
            rest: (hidden > 0).then(|| (hidden, format!("/network?org={}", org.id))),
        }
    }

    /// Which orgs directly below are shown.
    fn shown<'o>(&self, org: &OrgStatus, below: &[&'o OrgStatus]) -> Vec<&'o OrgStatus> {
        let hot = below.iter().copied().filter(|org| org.branch.attention > 0);
        if self.wish.only {
            return hot.take(HOT_ONLY).collect();
        }
        let near =
            org.id == self.picture.org || self.picture.orgs.first().is_some_and(|top| top.id == org.id);
        let on_line = below.iter().any(|org| org.id == self.picture.org);
        if self.whole || on_line || (near && below.len() <= CHILDREN) {
            return below.to_vec();
        }
        hot.take(HOT).collect()
    }

    fn lines(&self, org: &OrgStatus) -> Vec<NodeLine> {
        let text = self.text();
        if org.nodes.is_empty() {
            return vec![NodeLine {
                key: org.id.clone(),
                name: self.name(org),
                own: false,
                contact: Tag {
                    label: text.t("node-none"),
                    tone: Tone::Mute,
                },
                lag: Tag::default(),
                attention: words::attentions(&text, &org.attention),
                ..NodeLine::default()
            }];
        }
        let several = org.nodes.len() > 1;
        let line = |node: &NodeStatus| NodeLine {
            name: self.name(org),
            print: match several {
                true => say::short_hex(&node.node),
                false => String::new(),
            },
            ..line(&self.names, node, self.now())
        };
        org.nodes.iter().map(line).collect()
    }

    fn other(&self, node: &NodeStatus) -> NodeLine {
        NodeLine {
            name: name(self.desk, &node.org).unwrap_or_default(),
            ..line(&self.names, node, self.now())
        }
    }

    /// The silent nodes of a branch, the longest first, and how many more there are.
    fn silent(&self, top: Option<&OrgStatus>) -> (Vec<SilentRow>, u64) {
        let text = self.text();
        let is_in = |org: &OrgStatus| match top {
            // From the first org on each stands behind those above it: a branch is what is deeper until the next that is not.
            Some(top) if self.wish.branch.is_some() => self.is_below(top, org),
            _ => true,
        };
        let mut found: Vec<(&OrgStatus, &NodeStatus)> = self
            .picture
            .orgs
            .iter()
            .filter(|org| is_in(org))
            .flat_map(|org| org.nodes.iter().map(move |node| (org, node)))
            .filter(|(_, node)| node.contact == Contact::Silent)
            .collect();
        found.sort_by_key(|(_, node)| node.heard.unwrap_or(i64::MIN));
        let more = found.len().saturating_sub(SILENT) as u64;
        let row = |(org, node): (&OrgStatus, &NodeStatus)| SilentRow {
            name: self.name(org),
            parent: org
                .parent
                .as_ref()
                .and_then(|parent| name(self.desk, parent))
                .unwrap_or_default(),
            href: href(node),
            span: match node.silent_s(self.now()) {
                Some(seconds) => words::span(&text, seconds),
                None => text.t("contact-never"),
            },
            since: words::at(&text, node.heard),
            held: node.held,
        };
        (found.into_iter().take(SILENT).map(row).collect(), more)
    }

    fn is_below(&self, top: &OrgStatus, org: &OrgStatus) -> bool {
        let up = |org: &OrgStatus| {
            org.parent
                .as_ref()
                .and_then(|id| self.by_id.get(id.as_str()).copied())
        };
        std::iter::successors(Some(org), |org| up(org)).any(|org| org.id == top.id)
    }
}

/// The short name of an org by the hex of its id.
pub(super) fn name(desk: &Desk, org: &str) -> Option<String> {
    let org = OrgId::parse(org).and_then(|id| desk.directory.org(&id))?;
    Some(say::org_short(&desk.text, &desk.directory, org))
}

fn href(node: &NodeStatus) -> String {
    format!("/network/nodes/{}", node.node)
}

/// A node in one line, without its name.
pub(super) fn line(names: &Names<'_>, node: &NodeStatus, now: Timestamp) -> NodeLine {
    let text = names.text();
    let behind = node.lag();
    let heard = match node.contact {
        Contact::Away | Contact::Silent => words::at(text, node.heard),
        _ => String::new(),
    };
    NodeLine {
        key: node.node.clone(),
        name: String::new(),
        href: Some(href(node)),
        own: node.contact == Contact::Own,
        print: String::new(),
        contact: Tag {
            label: words::contact(names, node, now),
            tone: match node.contact {
                Contact::Own | Contact::Connected | Contact::Told => Tone::Good,
                Contact::Away => Tone::Soon,
                Contact::Silent => Tone::Late,
                Contact::Undialled | Contact::Unknown => Tone::Mute,
            },
        },
        heard,
        lag: Tag {
            label: words::lag(text, node, now),
            tone: match (behind, node.logs) {
                (0, 0) => Tone::Mute,
                (0, _) => Tone::Plain,
                _ => Tone::Soon,
            },
        },
        newest: match node.newest_entry {
            Some(at) => text.t1("newest-at", "time", words::at(text, Some(at))),
            None => String::new(),
        },
        receipt: words::at(text, node.last_receipt),
        receipt_by: names.name(node.receipt_by.as_ref()).to_owned(),
        version: words::version(text, node),
        told: node.software.is_some(),
        attention: words::attentions(text, &node.attention),
    }
}
