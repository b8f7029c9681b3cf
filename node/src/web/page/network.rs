//! The federation as this node knows it: alarms, the tree of orgs with their nodes, logs.

use askama::Template;

use super::{Link, Shell, Tag};
use crate::web::i18n::Text;

/// `GET /network?only=attention&org=`: the orgs above and below with their nodes, and what a person should look at.
#[derive(Template)]
#[template(path = "network.html")]
pub struct NetworkPage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// The situation in one line.
    pub title: String,
    /// The open alarms.
    pub alarms: Alarms,
    /// The tree.
    pub tree: Tree,
    /// Peers that misbehaved.
    pub conduct: Conduct,
    /// This node's own logs.
    pub logs: Logs,
    /// The fingerprint of this node's key.
    pub key: String,
    /// The founding statement that every chain of appointments ends at.
    pub founding: String,
    /// Room on the disk, in words, where it is known.
    pub disk: Option<String>,
    /// What the nodes say that they run, with how many say it.
    pub versions: Vec<(String, u64)>,
    /// The horizon of this page, in words.
    pub as_of: String,
}

/// `GET /network/nodes/{key}`: one node with its logs.
#[derive(Template)]
#[template(path = "node.html")]
pub struct NodePage {
    /// The words.
    pub text: Text,
    /// What surrounds the page.
    pub shell: Shell,
    /// Its line in the tree.
    pub line: NodeLine,
    /// What is known of it, label and value.
    pub facts: Vec<(String, String)>,
    /// What it did wrong.
    pub conduct: Conduct,
    /// Its logs held here.
    pub logs: Logs,
}

/// The live part `tree`.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// Where the part is fetched.
    pub here: String,
    /// Nodes in the picture, and how many of them are connected.
    pub nodes: u64,
    /// See there.
    pub connected: u64,
    /// Nodes that a person should look at.
    pub attention: u64,
    /// Whether these alone are shown.
    pub only: bool,
    /// The org whose branch alone is shown.
    pub branch: Option<String>,
    /// Nodes that are silent, the longest first; a few.
    pub silent: Vec<SilentRow>,
    /// Silent nodes that are not in the list.
    pub silent_more: u64,
    /// The orgs, from the top.
    pub root: Option<NetBranch>,
    /// Nodes of other orgs with which this one speaks.
    pub others: Vec<NodeLine>,
}

/// A node that is silent.
#[derive(Debug, Clone, Default)]
pub struct SilentRow {
    /// Its org.
    pub name: String,
    /// The org above.
    pub parent: String,
    /// Its page.
    pub href: String,
    /// For how long.
    pub span: String,
    /// Since when; empty if it was never heard of.
    pub since: String,
    /// Entries of it held here.
    pub held: u64,
}

/// An org in the tree.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "net_branch.html")]
pub struct NetBranch {
    /// The words.
    pub text: Text,
    /// Its id.
    pub id: String,
    /// Its nodes; where none serves, one line says so.
    pub lines: Vec<NodeLine>,
    /// Nodes below it.
    pub below: u64,
    /// Those that are silent.
    pub silent: u64,
    /// Those that a person should look at for another reason.
    pub attention: u64,
    /// Entries of them that are not here yet.
    pub behind: u64,
    /// The orgs directly below that are shown.
    pub children: Vec<NetBranch>,
    /// Whether they are shown at first.
    pub open: bool,
    /// Nodes below that are not shown here, and where they are.
    pub rest: Option<(u64, String)>,
}

/// A node in one line.
#[derive(Debug, Clone, Default)]
pub struct NodeLine {
    /// What the line is told again by.
    pub key: String,
    /// The org's short name.
    pub name: String,
    /// Its page; none where no node serves.
    pub href: Option<String>,
    /// Whether it is this node.
    pub own: bool,
    /// First digits of its key, where its org has more than one.
    pub print: String,
    /// Whether it is there, in words.
    pub contact: Tag,
    /// When it was last heard of, and who says so.
    pub heard: String,
    /// What is not here yet of it, in words.
    pub lag: Tag,
    /// When its newest entry was recorded.
    pub newest: String,
    /// When it last had a receipt.
    pub receipt: String,
    /// Of whom.
    pub receipt_by: String,
    /// What it runs.
    pub version: String,
    /// Whether that is known.
    pub told: bool,
    /// What a person should look at, each in a sentence.
    pub attention: Vec<String>,
}

/// The live part `conduct`: peers that misbehaved.
#[derive(Debug, Clone, Default)]
pub struct Conduct {
    /// One row per peer.
    pub rows: Vec<ConductRow>,
    /// Whether the rows say whose they are.
    pub whose: bool,
    /// Peers that are not shown.
    pub more: u64,
}

/// What a peer did wrong.
#[derive(Debug, Clone, Default)]
pub struct ConductRow {
    /// Its org's short name, or the first digits of its key.
    pub name: String,
    /// Whether the directory does not know it.
    pub stranger: bool,
    /// Its page.
    pub href: Option<String>,
    /// What it did last.
    pub last: String,
    /// When.
    pub at: String,
    /// How often it did anything.
    pub count: u64,
    /// How often each thing, where it was more than one.
    pub kinds: String,
    /// When it is tried again.
    pub again: Tag,
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
    /// Entries that wait for a witness.
    pub fn behind(&self) -> u64 {
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

/// The live part `conduct` alone.
#[derive(Template)]
#[template(path = "live/conduct.html")]
pub struct ConductPart<'a> {
    /// The words.
    pub text: Text,
    /// The peers.
    pub conduct: &'a Conduct,
}

/// The live part `tree` alone.
#[derive(Template)]
#[template(path = "live/tree.html")]
pub struct TreePart<'a> {
    /// The words.
    pub text: Text,
    /// The tree.
    pub tree: &'a Tree,
}
