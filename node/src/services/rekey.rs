//! Another key for a node. A key is a node's identity on the network and the writer of its logs, so all its logs end with
//! it, and new ones begin. In three steps, each of which may be done again after a crash:
//!
//! 1. The new key is appointed, in a log of the old one, so that peers learn of it while they still know the node.
//! 2. When the node is opened next, the new key takes the place of the old one, whose logs are closed as they are.
//! 3. The old key is revoked with its cut. What it wrote and nobody witnessed yet the authority adopts in the same act,
//!    unless the key was stolen; and if the node is a witness, it gets another witness key and another witness log, for the
//!    one before was signed by the old key.

use std::path::Path;
use std::sync::Arc;

use age::secrecy::SecretString;
use lianzhan_protocol::id::{ChangeId, OrgId, StatementId};
use lianzhan_protocol::keys::{PublicKey, SecretKey};
use lianzhan_protocol::log::EntryIndex;
use lianzhan_protocol::trust::{Adoption, Body, Directory, Ground, Purpose};

use super::office::OfficeError;
use super::revoke::{RevocationDraft, last_receipt};
use super::{Node, ServiceError, files};
use crate::config::Overrides;
use crate::store::{LogRow, Reader, StoreError};
use crate::{env, keystore};

/// What old key files are called: this, the instant, and `.old`.
const OLD: &str = "node.";

/// Why a node gets another key.
#[derive(Debug, Clone)]
pub struct NodeKeyDraft {
    /// On what ground the old one is revoked.
    pub ground: Ground,
    /// Why, in words that everybody can read.
    pub words: String,
}

/// What became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeKeyChange {
    /// The appointment of the new key, if it was given now.
    pub appointment: Option<StatementId>,
    /// What revokes the old one.
    pub revoked: Vec<StatementId>,
    /// How many entries that nobody witnessed yet the authority adopted.
    pub adopted: usize,
    /// The appointment of another witness key, if there had to be one.
    pub witness: Option<StatementId>,
    /// Whether the node must be started anew before the old key can be revoked.
    pub restart: bool,
}

/// A change of a key that is not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyChangeState {
    /// The node's new key is appointed, and taken up when the node is started next.
    NodeWaits,
    /// The node's new key is in force, and the old one waits to be revoked.
    NodeReplaced,
    /// The org above was asked for another key of this org's authority.
    AuthorityAsked,
}

/// Gives a key that waits the place of the node's key. The old file stays.
pub(super) fn take_up(dir: &Path) -> Result<(), ServiceError> {
    let (present, next) = (dir.join(files::NODE_KEY), dir.join(files::NODE_NEXT));
    if !next.exists() {
        return Ok(());
    }
    let disk = |error| ServiceError::Disk {
        path: present.clone(),
        error,
    };
    if present.exists() {
        let aside = dir.join(format!("{OLD}{}.old", env::now().0));
        std::fs::rename(&present, aside).map_err(disk)?;
    }
    std::fs::rename(&next, &present)
        .and_then(|()| env::sync_dir(&present))
        .map_err(disk)?;
    tracing::info!("the node's new key is in force");
    Ok(())
}

/// The keys that the node of a directory had before.
pub(super) fn former_keys(dir: &Path) -> Result<Vec<PublicKey>, ServiceError> {
    let names = former_files(dir).map_err(|error| ServiceError::Disk {
        path: dir.to_owned(),
        error,
    })?;
    let read = |name: &String| Ok(keystore::read_plain(&dir.join(name))?.public());
    names.iter().map(read).collect()
}

/// The names of the files of these keys.
pub(super) fn former_files(dir: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for file in std::fs::read_dir(dir)? {
        let name = file?.file_name().into_string().unwrap_or_default();
        if is_former_file(&name) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Whether a file of this name holds a key that a node had before.
pub(super) fn is_former_file(name: &str) -> bool {
    let at = name.strip_prefix(OLD).and_then(|name| name.strip_suffix(".old"));
    at.is_some_and(|at| !at.is_empty() && at.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Does all three steps on a node that nobody else works with.
pub fn renew_node(
    node: Arc<Node>,
    passphrase: &SecretString,
    draft: &NodeKeyDraft,
) -> Result<NodeKeyChange, ServiceError> {
    let first = node.renew_node_step(passphrase, draft)?;
    if !first.restart {
        return Ok(first);
    }
    let dir = node.dir().to_owned();
    let handle = Arc::into_inner(node);
    let Some(node) = handle else {
        return Ok(first);
    };
    drop(node);
    let node = Node::open(&dir, &Overrides::default())?;
    let second = node.renew_node_step(passphrase, draft)?;
    Ok(NodeKeyChange {
        appointment: first.appointment,
        ..second
    })
}

impl Node {
    /// Does the next step: of a node whose old key waits to be revoked, the third; else the first.
    pub fn renew_node_step(
        &self,
        passphrase: &SecretString,
        draft: &NodeKeyDraft,
    ) -> Result<NodeKeyChange, ServiceError> {
        let authority = self.unlock_authority(passphrase)?;
        let old = self.former_posts();
        if !old.is_empty() {
            return self.revoke_former(&authority, old, draft);
        }
        Ok(NodeKeyChange {
            appointment: Some(self.appoint_next(&authority)?),
            restart: true,
            ..NodeKeyChange::default()
        })
    }

    /// Changes of keys that are not finished.
    pub fn key_changes(&self) -> Vec<KeyChangeState> {
        let states = [
            (
                self.dir.join(files::NODE_NEXT).exists(),
                KeyChangeState::NodeWaits,
            ),
            (!self.former_posts().is_empty(), KeyChangeState::NodeReplaced),
            (self.asked_authority().exists(), KeyChangeState::AuthorityAsked),
        ];
        states
            .into_iter()
            .filter_map(|(is, state)| is.then_some(state))
            .collect()
    }

    /// Appointments of this node's earlier keys that are not revoked.
    fn former_posts(&self) -> Vec<StatementId> {
        let directory = self.directory();
        let of_key = |key: &PublicKey| {
            let posts = directory.appointments_of(key, Purpose::Node);
            let open = posts.filter(|(id, _)| directory.revoked(id).is_empty());
            open.map(|(id, _)| id).collect::<Vec<_>>()
        };
        self.former.iter().flat_map(of_key).collect()
    }

    fn appoint_next(&self, authority: &SecretKey) -> Result<StatementId, ServiceError> {
        let (fresh, next) = (self.dir.join(files::NODE_FRESH), self.dir.join(files::NODE_NEXT));
        if self.store.read(|reader| reader.witness_retired())?.is_some() {
            return Err(OfficeError::RetiredWitness.into());
        }
        let begun = [&next, &fresh].into_iter().find(|path| path.exists());
        let key = match begun {
            Some(path) => keystore::read_plain(path)?,
            None => {
                let key = keystore::generate();
                keystore::write_plain(&fresh, &key)?;
                key
            }
        };
        let directory = self.directory();
        let given = directory.appointments_of(&key.public(), Purpose::Node).next();
        let id = match given {
            Some((id, _)) => id,
            None => {
                let name = self.org()?.name_zh;
                self.appoint_key(authority, &key, Purpose::Node, self.org, &name)?
            }
        };
        if fresh.exists() {
            std::fs::rename(&fresh, &next)
                .and_then(|()| env::sync_dir(&next))
                .map_err(|error| ServiceError::Disk { path: next, error })?;
        }
        Ok(id)
    }

    fn revoke_former(
        &self,
        authority: &SecretKey,
        old: Vec<StatementId>,
        draft: &NodeKeyDraft,
    ) -> Result<NodeKeyChange, ServiceError> {
        let mut change = NodeKeyChange::default();
        // The log that the old key signed ends before the cut is taken.
        if self.store.read(|reader| reader.witness_retired())?.is_some() {
            change.witness = Some(self.renew_witness(authority)?);
        }
        let left = match draft.ground {
            Ground::Soft => self.unwitnessed_of_former()?,
            Ground::Hard { .. } => Vec::new(),
        };
        // Before the revocations: broken off in between, the former posts still stand, and all of it is done again.
        change.adopted = left.len();
        for part in left.chunks(Adoption::MAX) {
            let mut changes = part.to_vec();
            changes.sort_unstable();
            let adoption = Adoption {
                changes,
                statements: Vec::new(),
            };
            self.publish(authority, Body::Adoption(adoption))?;
        }
        for id in old {
            let revocation = RevocationDraft {
                ground: draft.ground,
                ..RevocationDraft::soft(id, &draft.words)
            };
            if !self.is_hit_already(&revocation) {
                change.revoked.extend(self.revoke_with(authority, &revocation)?);
            }
        }
        Ok(change)
    }

    /// What the earlier keys wrote that is not witnessed by all who must.
    fn unwitnessed_of_former(&self) -> Result<Vec<ChangeId>, ServiceError> {
        let directory = self.directory();
        let mut left = self.store.read(|reader| {
            let mut left = Vec::new();
            let logs = reader.logs()?.into_iter();
            for log in logs.filter(|log| self.former.contains(&log.start.node)) {
                let from = witnessed(reader, &directory, &log)?;
                left.extend(reader.changes_from(log.id, EntryIndex(from))?);
            }
            Ok(left)
        })?;
        left.sort_unstable();
        left.dedup();
        Ok(left)
    }

    /// The node to dial where the configuration names `key`, which may have been replaced since, and its org.
    pub fn serving_for(&self, key: &PublicKey) -> Option<(PublicKey, OrgId)> {
        let directory = self.directory();
        let org = directory
            .appointments_of(key, Purpose::Node)
            .map(|(_, post)| post.org)
            .next()?;
        self.nodes_in_place_of(key).first().map(|node| (*node, org))
    }

    /// The keys to dial where the configuration names `key`: itself unless it is revoked, then others of the same org, the
    /// newest first. A parent that nothing is known of is dialled as it is named.
    pub fn nodes_in_place_of(&self, key: &PublicKey) -> Vec<PublicKey> {
        let directory = self.directory();
        let Some((_, post)) = directory.appointments_of(key, Purpose::Node).next() else {
            return vec![*key];
        };
        let serves = |other: &PublicKey| directory.node_org(other) == Some(post.org);
        let mut others: Vec<_> = directory
            .statements()
            .filter_map(|statement| Some((statement.issuer().issued, statement.appointment()?)))
            .filter(|(_, other)| other.purpose == Purpose::Node && other.org == post.org && other.key != *key)
            .map(|(issued, other)| (std::cmp::Reverse(issued), other.key))
            .filter(|(_, other)| serves(other))
            .collect();
        others.sort_unstable();
        let mut keys: Vec<PublicKey> = serves(key).then_some(*key).into_iter().collect();
        keys.extend(others.into_iter().map(|(_, other)| other));
        keys.dedup();
        if keys.is_empty() {
            keys.push(*key);
        }
        keys
    }
}

/// How many entries of a log all who must have witnessed.
fn witnessed(reader: &Reader<'_>, directory: &Directory, log: &LogRow) -> Result<u64, StoreError> {
    let Some(groups) = directory.required_groups(
        &log.start.org,
        log.start.required_parent.as_ref(),
        log.start.policy.as_ref(),
    ) else {
        return Ok(0);
    };
    let mut by_org = Vec::new();
    for witness in reader.witnesses_of(log.id)? {
        if let Some((by, receipt)) = last_receipt(reader, directory, log, &witness)? {
            by_org.push((by, receipt.size.0));
        }
    }
    let of_group = |group: &Vec<OrgId>| {
        let sizes = by_org.iter().filter(|(by, _)| group.contains(by));
        sizes.map(|(_, size)| *size).max().unwrap_or(0)
    };
    Ok(groups.iter().map(of_group).min().unwrap_or(0))
}
