//! What peers did wrong, in rows: for the federation's page, where those come first of whom the directory knows, and for the
//! page of one node.

use lianzhan_protocol::codec;
use lianzhan_protocol::keys::PublicKey;

use super::answer::Desk;
use super::node_tree::name;
use super::node_words as words;
use super::page::{Conduct, ConductRow, Tag, Tone};
use super::say;
use crate::services::conduct::Misconduct;
use crate::services::federation::{Contact, Federation};

/// Rows on the page: strangers may come under as many keys as they like.
const ROWS: usize = 20;

/// All that the picture holds.
pub(super) fn of_all(desk: &Desk, picture: &Federation) -> Conduct {
    let mut peers: Vec<(Option<String>, &Misconduct)> = picture
        .misconduct
        .iter()
        .map(|peer| (org_name(desk, &peer.node), peer))
        .collect();
    peers.sort_by_key(|(name, peer)| {
        let last = peer.last().and_then(|kind| kind.last);
        std::cmp::Reverse((name.is_some(), peer.until.is_some(), last))
    });
    Conduct {
        more: peers.len().saturating_sub(ROWS) as u64,
        rows: peers
            .into_iter()
            .take(ROWS)
            .map(|(name, peer)| row(desk, picture, name, peer))
            .collect(),
        whose: true,
    }
}

/// That of one node.
pub(super) fn of_one(desk: &Desk, picture: &Federation, node: &str) -> Conduct {
    let peer = picture.misconduct_of(node);
    let rows = peer.map(|peer| row(desk, picture, org_name(desk, node), peer));
    Conduct {
        rows: rows.into_iter().collect(),
        ..Conduct::default()
    }
}

/// The short name of the org that the directory knows a node of.
fn org_name(desk: &Desk, node: &str) -> Option<String> {
    let key = codec::unhex::<32>(node).and_then(|key| PublicKey::from_ed25519(key).ok())?;
    let org = desk.directory.node_org(&key)?;
    name(desk, &org.to_string())
}

fn row(desk: &Desk, picture: &Federation, name: Option<String>, peer: &Misconduct) -> ConductRow {
    let text = desk.text;
    let status = picture.nodes().find(|node| node.node == peer.node);
    let last = peer.last();
    let each = |kind: &crate::services::conduct::KindCount| {
        let what = words::misbehaviour(&text, &kind.kind);
        text.t2("conduct-each", "what", what, "count", kind.count)
    };
    ConductRow {
        href: status.map(|node| format!("/network/nodes/{}", node.node)),
        stranger: name.is_none(),
        name: name.unwrap_or_else(|| say::short_hex(&peer.node)),
        last: last
            .map(|kind| words::misbehaviour(&text, &kind.kind))
            .unwrap_or_default(),
        at: words::at(&text, last.and_then(|kind| kind.last)),
        count: peer.count(),
        kinds: match peer.kinds.len() {
            0 | 1 => String::new(),
            _ => say::list(&text, peer.kinds.iter().map(each)),
        },
        again: match (peer.until, status.map(|node| node.contact)) {
            (Some(until), _) => Tag {
                label: text.t1("conduct-until", "time", words::at(&text, Some(until))),
                tone: Tone::Soon,
            },
            (None, Some(Contact::Connected)) => Tag {
                label: text.t("conduct-speaking"),
                tone: Tone::Good,
            },
            (None, _) => Tag {
                label: text.t("conduct-any-time"),
                tone: Tone::Plain,
            },
        },
    }
}
