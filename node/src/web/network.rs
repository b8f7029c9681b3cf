//! What this node holds and who has seen it: alarms, logs and peers.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::record::ledger::ledgers;
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Audience, Org};

use super::answer::{Desk, Fault, Page, show};
use super::i18n::Text;
use super::page::{
    Alarm, Alarms, AlarmsPart, Link, LogRow, Logs, LogsPart, NetworkPage, PeerRow, Peers, PeersPart, Section,
    Tag, Tone,
};
use super::request::Signed;
use super::{WebState, say};
use crate::services::AlarmRow;
use crate::services::query::{LogStatus, PeerStatus};

pub(super) fn router() -> Router<WebState> {
    Router::new().route("/network", get(network))
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
            "peers" => Some(
                PeersPart {
                    text,
                    peers: &self.peers,
                }
                .render(),
            ),
            _ => None,
        }
    }
}

async fn network(State(state): State<WebState>, who: Signed) -> Response {
    show(state, who, page).await
}

fn page(desk: &Desk) -> Result<NetworkPage, Fault> {
    let text = desk.text;
    let status = desk.node.status((desk.state.peers)())?;
    let mut logs = status.logs;
    logs.sort_by(|a, b| {
        (!a.own, &a.org, &a.owner, &a.audience).cmp(&(!b.own, &b.org, &b.owner, &b.audience))
    });
    let horizon = logs.iter().filter_map(|log| log.last_receipt).max();
    let mut peers: Vec<PeerRow> = status.peers.iter().map(|peer| connected(desk, peer)).collect();
    let away = desk
        .node
        .config()
        .parents
        .iter()
        .filter(|parent| !status.peers.iter().any(|peer| peer.node == parent.node));
    peers.extend(away.map(|parent| PeerRow {
        connected: false,
        ..peer(desk, &parent.node)
    }));
    Ok(NetworkPage {
        text,
        shell: desk.shell(Section::Network)?,
        alarms: Alarms {
            alarms: status.alarms.iter().map(|row| alarm(desk, row)).collect(),
        },
        logs: Logs {
            rows: logs.iter().map(|log| self::log(&text, log)).collect(),
        },
        peers: Peers { rows: peers },
        key: say::grouped(&desk.node.node_key().public().fingerprint()),
        founding: say::grouped(&status.federation),
        as_of: horizon
            .map(|at| say::clock(&text, Timestamp(at)))
            .unwrap_or_default(),
    })
}

fn alarm(desk: &Desk, row: &AlarmRow) -> Alarm {
    let text = &desk.text;
    let (happened, todo) = match row.kind.as_str() {
        "fork" => (text.t("alarm-fork"), text.t("alarm-fork-todo")),
        "document" => (text.t("alarm-document"), text.t("alarm-document-todo")),
        "peer" => (text.t("alarm-peer"), text.t("alarm-peer-todo")),
        "new_epoch" => (text.t("alarm-new-epoch"), text.t("alarm-new-epoch-todo")),
        "halted" => (text.t("alarm-halted"), text.t("alarm-halted-todo")),
        "witness_retired" => (text.t("alarm-witness"), text.t("alarm-witness-todo")),
        _ => (text.t("alarm-other"), text.t("alarm-other-todo")),
    };
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
pub(super) fn holds(text: &Text, audience: Option<Audience>) -> String {
    match audience {
        Some(Audience::Directory) => text.t("space-directory"),
        Some(Audience::Joint) => text.t("space-joint"),
        Some(audience) => {
            let names = ledgers().iter().filter(|ledger| ledger.audience == audience);
            say::list(text, names.map(|ledger| say::ledger(text, ledger)))
        }
        None => String::new(),
    }
}

fn log(text: &Text, log: &LogStatus) -> LogRow {
    let audience = Audience::parse(&log.audience);
    let held = match audience {
        Some(_) => holds(text, audience),
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

fn connected(desk: &Desk, status: &PeerStatus) -> PeerRow {
    let row = peer(desk, &status.node);
    PeerRow {
        name: if row.name.is_empty() {
            status.org.clone().unwrap_or_default()
        } else {
            row.name
        },
        connected: true,
        since: desk.text.t1(
            "peer-since",
            "time",
            say::clock(&desk.text, Timestamp(status.since)),
        ),
        lag: status.wanted.saturating_sub(status.received),
        ..row
    }
}

/// A peer by its node key, as far as the directory knows it.
fn peer(desk: &Desk, node: &str) -> PeerRow {
    let text = desk.text;
    let key = lianzhan_protocol::codec::unhex::<32>(node).and_then(|key| PublicKey::from_ed25519(key).ok());
    let org = key
        .and_then(|key| desk.directory.node_org(&key))
        .and_then(|id| desk.directory.org(&id));
    let own = desk.node.org_id();
    PeerRow {
        name: org.map(|org| say::org(&text, org)).unwrap_or_default(),
        relation: org.map(|org| relation(desk, org)).unwrap_or_default(),
        spaces: org.map_or(0, |org| desk.directory.shared_spaces(&own, &org.id).len() as u64),
        id: say::short_hex(node),
        ..PeerRow::default()
    }
}

fn relation(desk: &Desk, org: &Org) -> String {
    let (text, own, directory) = (desk.text, desk.node.org_id(), &desk.directory);
    if org.id == own {
        text.t("relation-own")
    } else if org.parent == Some(own) {
        text.t("relation-child")
    } else if directory.org(&own).and_then(|own| own.parent) == Some(org.id) {
        text.t("relation-parent")
    } else if directory.is_at_or_above(&org.id, &own) {
        text.t("relation-above")
    } else if directory.is_at_or_above(&own, &org.id) {
        text.t("relation-below")
    } else {
        text.t("relation-neighbour")
    }
}
