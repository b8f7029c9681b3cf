//! A node with its machine and its directory, and what was seen of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lianzhan_node::config::Overrides;
use lianzhan_node::services::{Author, Node, ServiceError, StoreEvent};
use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::Origin;
use lianzhan_protocol::sync::Standing;
use tokio::sync::broadcast::Receiver;

use crate::machine::Machine;
use crate::template::Place;

/// What a node committed.
pub(crate) type News = Receiver<Arc<Vec<StoreEvent>>>;

/// A node that is up.
pub(crate) struct Up {
    pub(crate) node: Arc<Node>,
    /// For its projector.
    pub(crate) projecting: News,
    /// For the watch over it.
    pub(crate) watched: News,
}

/// A copy of a directory, taken while the node was at work.
pub(crate) struct OldCopy {
    pub(crate) dir: PathBuf,
    /// What the node held then.
    pub(crate) seen: BTreeMap<Origin, Standing>,
}

/// A place with its node.
pub(crate) struct Site {
    pub(crate) place: &'static Place,
    pub(crate) machine: Arc<Machine>,
    pub(crate) dir: PathBuf,
    pub(crate) org: OrgId,
    pub(crate) key: PublicKey,
    /// All that it ever had.
    pub(crate) keys: Vec<PublicKey>,
    pub(crate) up: Option<Up>,
    /// How often it was started.
    pub(crate) life: u32,
    pub(crate) project_due: bool,
    pub(crate) persons: Vec<(String, Author)>,
    /// What it held when it was last looked at.
    pub(crate) seen: BTreeMap<Origin, Standing>,
    pub(crate) copy: Option<OldCopy>,
    /// It was put back with a high-water file as old as the rest: it may contradict itself, and cannot know.
    pub(crate) cloned: bool,
    /// It was put back from an old copy.
    pub(crate) restored: bool,
    /// It lies.
    pub(crate) hostile: bool,
    /// Its database is bounded.
    pub(crate) full: bool,
    /// The machine ends once its disk failed more often than that.
    pub(crate) dies_at: Option<u64>,
}

impl Site {
    /// Whether its disk has failed so often that the machine ends.
    pub(crate) fn dies(&self) -> bool {
        self.dies_at.is_some_and(|hits| self.machine.hits() > hits)
    }

    pub(crate) fn node(&self) -> Option<&Arc<Node>> {
        self.up.as_ref().map(|up| &up.node)
    }

    /// Opens the node in its directory.
    pub(crate) fn rise(&mut self) -> Result<(), ServiceError> {
        let node = self
            .machine
            .work(|| Node::open(&self.dir, &Overrides::default()))?;
        self.org = node.org_id();
        self.key = node.node_key().public();
        if !self.keys.contains(&self.key) {
            self.keys.push(self.key);
        }
        self.life += 1;
        self.project_due = false;
        self.up = Some(Up {
            projecting: node.store().events(),
            watched: node.store().events(),
            node,
        });
        Ok(())
    }
}

/// Copies a directory as it is; the node in it is idle or gone. The index of the WAL belongs to who has the database open.
pub(crate) fn copy_dir(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (name, target) = (entry.file_name(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else if !name.to_string_lossy().ends_with("-shm") {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
