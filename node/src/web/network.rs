//! The federation as this node knows it: alarms, the tree of orgs with their nodes, and each node's logs.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use lianzhan_protocol::codec;
use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::Audience;
use serde::Deserialize;

use super::answer::{Desk, Fault, Page, show};
use super::i18n::Text;
use super::node_tree::{Wish, line, name, tree};
use super::page::{
    Alarm, Alarms, AlarmsPart, ConductPart, Link, LogRow, Logs, LogsPart, NetworkPage, NodeLine, NodePage,
    Section, Tag, Tone, TreePart,
};
use super::request::Signed;
use super::{WebState, conduct, node_words as words, say};
use crate::services::federation::{Attention, Contact, Federation};
use crate::services::query::LogStatus;
use crate::services::{AlarmRow, Node};

pub(super) fn router() -> Router<WebState> {
    Router::new()
        .route("/network", get(network))
        .route("/network/nodes/{key}", get(node))
}

impl Page for NetworkPage {
    fn part(&self, id: &str) -> Option<askama::Result<String>> {
        use askama::Template;
        let text = self.text;
        match id {
            "alarms" => Some(
                AlarmsPart {
                    text,
                    alarms: &self.alarms,
                }
                .render(),
            ),
            "logs" => Some(
                LogsPart {
                    text,
                    logs: &self.logs,
                }
                .render(),
            ),
            "conduct" => Some(
                ConductPart {
                    text,
                    conduct: &self.conduct,
                }
                .render(),
            ),
            "tree" => Some(
                TreePart {
                    text,
                    tree: &self.tree,
                }
                .render(),
            ),
            _ => None,
        }
    }
}

impl Page for NodePage {}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    only: String,
    org: String,
}

async fn network(State(state): State<WebState>, who: Signed, Query(asked): Query<Asked>) -> Response {
    show(state, who, move |desk| {
        let wish = Wish {
            only: asked.only == "attention",
            branch: OrgId::parse(&asked.org).filter(|org| desk.directory.org(org).is_some()),
        };
        page(desk, wish)
    })
    .await
}

fn page(desk: &Desk, wish: Wish) -> Result<NetworkPage, Fault> {
    let text = desk.text;
    let picture = desk.node.federation(&(desk.state.peers)())?;
    let mut logs = desk.node.logs_of(&desk.node.node_key().public())?;
    logs.sort_by(|a, b| (&a.owner, &a.audience).cmp(&(&b.owner, &b.audience)));
    let horizon = picture.nodes().filter_map(|node| node.last_receipt).max();
    let logs = Logs {
        rows: logs.iter().map(|log| self::log(&desk.node, &text, log)).collect(),
    };
    let alarms = Alarms {
        alarms: desk.node.alarms()?.iter().map(|row| alarm(desk, row)).collect(),
    };
    Ok(NetworkPage {
        text,
        shell: desk.shell(Section::Network)?,
        title: title(&text, &picture, &alarms, &logs),
        alarms,
        tree: tree(desk, &picture, wish),
        conduct: conduct::of_all(desk, &picture),
        logs,
        key: say::grouped(&desk.node.node_key().public().fingerprint()),
        founding: say::grouped(&desk.directory.founding().id().to_string()),
        disk: picture.disk.map(|disk| {
            text.t2(
                "disk-room",
                "free",
                words::bytes(disk.free),
                "total",
                words::bytes(disk.total),
            )
        }),
        versions: versions(&text, &picture),
        as_of: words::at(&text, horizon),
    })
}

/// The situation: what needs a person first.
fn title(text: &Text, picture: &Federation, alarms: &Alarms, logs: &Logs) -> String {
    let dialled = picture.nodes().filter(|node| node.contact == Contact::Silent);
    let silent: Vec<_> = dialled.collect();
    let mut parts = Vec::new();
    if !alarms.alarms.is_empty() {
        parts.push(text.n("network-title-alarms", alarms.alarms.len()));
    }
    if !silent.is_empty() {
        let now = Timestamp(picture.as_of);
        let longest = silent.iter().filter_map(|node| node.silent_s(now)).max();
        parts.push(match longest {
            Some(seconds) => text.t2(
                "network-title-silent",
                "count",
                silent.len(),
                "span",
                words::span(text, seconds),
            ),
            None => text.n("network-title-never", silent.len()),
        });
    }
    let is_avoided = |what: &Attention| matches!(what, Attention::Avoided { .. });
    let avoided = picture
        .nodes()
        .filter(|node| node.attention.iter().any(is_avoided))
        .count();
    if avoided > 0 {
        parts.push(text.n("network-title-avoided", avoided));
    }
    if !parts.is_empty() {
        return parts.join(&text.t("comma-clause"));
    }
    let count = |contact: Contact| picture.nodes().filter(|node| node.contact == contact).count();
    let (connected, away) = (count(Contact::Connected), count(Contact::Away));
    match (connected, picture.below.nodes, logs.behind()) {
        (0, _, _) => text.t("network-title-alone"),
        (_, 2.., 0) if away > 0 => text.n("network-title-away", away),
        (_, 2.., 0) => text.n("network-title-all", picture.nodes().count()),
        (peers, _, 0) => text.n("network-title-level", peers),
        (_, _, behind) => text.n("network-title-behind", behind),
    }
}

/// What the nodes say that they run: the most common first.
fn versions(text: &Text, picture: &Federation) -> Vec<(String, u64)> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for node in picture.nodes() {
        *counts.entry(words::version(text, node)).or_default() += 1;
    }
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}

async fn node(State(state): State<WebState>, who: Signed, Path(key): Path<String>) -> Response {
    show(state, who, move |desk| node_page(desk, &key)).await
}

fn node_page(desk: &Desk, key: &str) -> Result<NodePage, Fault> {
    let text = desk.text;
    let picture = desk.node.federation(&(desk.state.peers)())?;
    let key = codec::unhex::<32>(key).and_then(|key| PublicKey::from_ed25519(key).ok());
    let key = key.ok_or(Fault::Nowhere)?;
    let hex = codec::hex(key.ed25519_bytes());
    let status = picture
        .nodes()
        .find(|node| node.node == hex)
        .ok_or(Fault::Nowhere)?;
    let mut logs = desk.node.logs_of(&key)?;
    logs.sort_by(|a, b| (&a.owner, &a.audience).cmp(&(&b.owner, &b.audience)));
    let names = words::Names::of(text, &picture);
    let line = NodeLine {
        name: name(desk, &status.org).unwrap_or_default(),
        ..line(&names, status, Timestamp(picture.as_of))
    };
    let or_none = |value: String| match value.is_empty() {
        true => text.t("receipt-none"),
        false => value,
    };
    let receipt = [line.receipt.clone(), line.receipt_by.clone()].join(" ");
    let facts = [
        (text.t("node-key"), say::grouped(&key.fingerprint())),
        (text.t("col-heard"), or_none(words::at(&text, status.heard))),
        (text.t("told-by"), names.name(status.told_by.as_ref()).to_owned()),
        (text.t("col-held"), text.figure(status.held)),
        (text.t("col-signed"), text.figure(status.signed)),
        (text.t("col-behind"), line.lag.label.clone()),
        (
            text.t("col-newest"),
            or_none(words::at(&text, status.newest_entry)),
        ),
        (text.t("col-receipt"), or_none(receipt.trim().to_owned())),
        (text.t("col-version"), line.version.clone()),
    ];
    Ok(NodePage {
        text,
        shell: desk.shell(Section::Network)?,
        line,
        conduct: conduct::of_one(desk, &picture, &hex),
        facts: facts.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
        logs: Logs {
            rows: logs.iter().map(|log| self::log(&desk.node, &text, log)).collect(),
        },
    })
}

fn alarm(desk: &Desk, row: &AlarmRow) -> Alarm {
    let text = &desk.text;
    let (happened, todo) = words::alarm(text, &row.kind);
    Alarm {
        happened,
        thing: format!(
            "{}{}{}",
            row.subject,
            text.t("colon"),
            say::noted(text, &row.words)
        ),
        todo,
        time: say::clock(text, Timestamp(row.at)),
        evidence: evidence(desk, row),
    }
}

/// Where the evidence of an alarm is shown.
fn evidence(desk: &Desk, row: &AlarmRow) -> Option<Link> {
    let text = &desk.text;
    let id = row.subject.rsplit('/').next().unwrap_or_default();
    let href = match row.kind.as_str() {
        // A witness that refuses a checkpoint raises the alarm and may hold no proof.
        "fork" if desk.node.fork_proof(id).is_ok_and(|proof| proof.is_some()) => format!("/forks/{id}"),
        "new_epoch" => "/forks#gaps".to_owned(),
        _ => return None,
    };
    Some(Link {
        href,
        label: text.t("alarm-look"),
    })
}

/// What a space of this audience holds.
pub(super) fn holds(node: &Node, text: &Text, audience: Option<Audience>) -> String {
    match audience {
        Some(Audience::Directory) => text.t("space-directory"),
        Some(Audience::Joint) => text.t("space-joint"),
        Some(audience) => {
            let registry = node.registry();
            let names = registry
                .ledgers()
                .iter()
                .filter(|ledger| ledger.audience == audience);
            say::list(text, names.map(|ledger| say::ledger(text, ledger)))
        }
        None => String::new(),
    }
}

fn log(node: &Node, text: &Text, log: &LogStatus) -> LogRow {
    let audience = Audience::parse(&log.audience);
    let held = match audience {
        Some(_) => holds(node, text, audience),
        None => log.audience.clone(),
    };
    let owner = if log.owner == log.org {
        String::new()
    } else {
        log.owner.clone()
    };
    LogRow {
        origin: log.origin.clone(),
        origin_short: say::short_hex(log.origin.rsplit('/').next().unwrap_or_default()),
        owner: log.org.clone(),
        own: log.own,
        space: if owner.is_empty() {
            held
        } else {
            text.t2("space-of", "owner", owner, "space", held)
        },
        audience: audience_words(text, audience),
        size: log.size,
        witnessed: log.size.saturating_sub(log.waiting),
        receipt: log
            .last_receipt
            .map(|at| say::clock(text, Timestamp(at)))
            .unwrap_or_default(),
        state: log.halted.as_ref().map(|_| Tag {
            label: text.t("log-halted"),
            tone: Tone::Late,
        }),
    }
}

fn audience_words(text: &Text, audience: Option<Audience>) -> String {
    match audience {
        Some(Audience::Local) => text.t("audience-local"),
        Some(Audience::Township) => text.t("audience-township"),
        Some(Audience::County) => text.t("audience-county"),
        Some(Audience::City) => text.t("audience-city"),
        Some(Audience::Summary) => text.t("audience-summary"),
        Some(Audience::Notice) => text.t("audience-notice"),
        Some(Audience::Joint) => text.t("audience-joint"),
        Some(Audience::Directory) => text.t("audience-directory"),
        None => String::new(),
    }
}
