//! Logs, peers and alarms: what this node holds and who has seen it.

use askama::Template;

use super::{Link, Shell, Tag};
use crate::web::i18n::Text;

/// `GET /network`: what this node holds and who has seen it.
#[derive(Template)]
#[template(path = "network.html")]
pub struct NetworkPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The open alarms.
    pub alarms: Alarms,
    /// The logs held here.
    pub logs: Logs,
    /// The peers.
    pub peers: Peers,
    /// The fingerprint of this node's key.
    pub key: String,
    /// The founding statement that every chain of appointments ends at.
    pub founding: String,
    /// The horizon of this page, in words.
    pub as_of: String,
}

impl NetworkPage {
    fn title(&self) -> String {
        match (
            self.alarms.alarms.len(),
            self.peers.connected(),
            self.logs.behind(),
        ) {
            (0, 0, _) => self.text.t("network-title-alone"),
            (0, peers, 0) => self.text.n("network-title-level", peers),
            (0, _, behind) => self.text.n("network-title-behind", behind),
            (alarms, _, _) => self.text.n("network-title-alarms", alarms),
        }
    }
}

/// The live part `alarms`.
#[derive(Debug, Clone, Default)]
pub struct Alarms {
    /// The alarms, newest first.
    pub alarms: Vec<Alarm>,
}

/// Something that a person must look at: equivocation, quarantine, a gap, a fork.
#[derive(Debug, Clone)]
pub struct Alarm {
    /// What happened.
    pub happened: String,
    /// To which thing.
    pub thing: String,
    /// What to do.
    pub todo: String,
    /// When it was found, in words.
    pub time: String,
    /// The evidence.
    pub evidence: Option<Link>,
}

/// The live part `logs`.
#[derive(Debug, Clone, Default)]
pub struct Logs {
    /// One row per log, own logs first.
    pub rows: Vec<LogRow>,
}

impl Logs {
    fn behind(&self) -> u64 {
        self.rows.iter().map(LogRow::unwitnessed).sum()
    }

    fn entries(&self) -> u64 {
        self.rows.iter().map(|row| row.size).sum()
    }
}

/// One log.
#[derive(Debug, Clone, Default)]
pub struct LogRow {
    /// The origin, whole.
    pub origin: String,
    /// The origin, its first characters.
    pub origin_short: String,
    /// Whose log it is.
    pub owner: String,
    /// Whether this node writes it.
    pub own: bool,
    /// What it holds: the space in words.
    pub space: String,
    /// Who may hold it, in words.
    pub audience: String,
    /// Entries.
    pub size: u64,
    /// Entries that the required parent has witnessed.
    pub witnessed: u64,
    /// When the last receipt came, in words; empty when none has.
    pub receipt: String,
    /// Retired, forked, incomplete, in a word.
    pub state: Option<Tag>,
}

impl LogRow {
    fn unwitnessed(&self) -> u64 {
        self.size.saturating_sub(self.witnessed)
    }
}

/// The live part `peers`.
#[derive(Debug, Clone, Default)]
pub struct Peers {
    /// The peers: the parent first, then those connected, then the rest.
    pub rows: Vec<PeerRow>,
}

impl Peers {
    fn connected(&self) -> usize {
        self.rows.iter().filter(|peer| peer.connected).count()
    }
}

/// One peer.
#[derive(Debug, Clone, Default)]
pub struct PeerRow {
    /// The org.
    pub name: String,
    /// Its place seen from here: parent, child, neighbour, in words.
    pub relation: String,
    /// Whether it is connected.
    pub connected: bool,
    /// Since when, or when it was last heard, in words.
    pub since: String,
    /// Spaces held by both.
    pub spaces: u64,
    /// Entries on their way or known to be missing.
    pub lag: u64,
    /// The short form of its network identity.
    pub id: String,
}

/// The live part `alarms` alone.
#[derive(Template)]
#[template(path = "live/alarms.html")]
pub struct AlarmsPart<'a> {
    /// The words.
    pub text: Text,
    /// The alarms.
    pub alarms: &'a Alarms,
}

/// The live part `logs` alone.
#[derive(Template)]
#[template(path = "live/logs.html")]
pub struct LogsPart<'a> {
    /// The words.
    pub text: Text,
    /// The logs.
    pub logs: &'a Logs,
}

/// The live part `peers` alone.
#[derive(Template)]
#[template(path = "live/peers.html")]
pub struct PeersPart<'a> {
    /// The words.
    pub text: Text,
    /// The peers.
    pub peers: &'a Peers,
}
