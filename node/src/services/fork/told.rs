//! A log that says two things, as people are told of it: both branches, which of them stands and why, and what was left
//! behind on the other.

use std::collections::BTreeMap;

use lianzhan_protocol::codec::encode;
use lianzhan_protocol::id::{Hash, OrgId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{Equivocation, Evidence, SignedRoot};
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Org, Space};

use super::super::{Node, ServiceError};
use super::{LeftBehind, first_witness, receipts};
use crate::store::{Reader, StoreError};

/// A branch of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchTold {
    /// Entries.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// When its required parent first witnessed a tree with what the other branch lacks.
    pub witnessed: Option<Timestamp>,
}

/// Why the one branch stands and the other does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It alone was witnessed.
    OnlyWitnessed,
    /// It was witnessed first.
    FirstWitnessed,
    /// Neither was witnessed, or both alike: the smaller leaf hash decides.
    SmallerLeaf,
}

/// A log that says two things.
#[derive(Debug, Clone)]
pub struct ForkTold {
    /// The log.
    pub origin: String,
    /// The node that signed both.
    pub node: PublicKey,
    /// The org that the node serves, or served.
    pub org: Option<Org>,
    /// The space; none where it is a witness log, or is not held here.
    pub space: Option<Space>,
    /// Whether it is a log of what the node witnessed.
    pub of_witness: bool,
    /// The two trees have at most so many entries in common.
    pub common: u64,
    /// When the proof came here.
    pub found: Timestamp,
    /// What the node signed, by the proof: sizes and roots that do not fit together.
    pub signed: [(u64, Hash); 2],
    /// The branch that stands here; none where the log is not held.
    pub stands: Option<BranchTold>,
    /// The other, as far as it is here.
    pub other: Option<BranchTold>,
    /// Why; none while the other branch is not here.
    pub why: Option<Why>,
    /// What stood on the other and was not signed anew.
    pub left: Vec<LeftBehind>,
}

impl ForkTold {
    /// Its name in addresses: the last part of the origin.
    pub fn id(&self) -> &str {
        self.origin.rsplit('/').next().unwrap_or_default()
    }
}

impl Node {
    /// The logs that say two things, newest proof first.
    pub fn forks_told(&self) -> Result<Vec<ForkTold>, ServiceError> {
        let mut left: BTreeMap<String, Vec<LeftBehind>> = BTreeMap::new();
        for one in self.left_behind()? {
            left.entry(one.log.clone()).or_default().push(one);
        }
        let mut told = self.store.read(|reader| {
            let found = reader.forks_found()?;
            let mut told: Vec<ForkTold> = Vec::new();
            for (origin, proof) in reader.forks()? {
                // Several proofs about one log say the same to people.
                if told.iter().any(|known| known.origin == origin) {
                    continue;
                }
                let at = found.get(&origin).copied().unwrap_or_default();
                told.extend(self.tell(reader, origin, &proof, Timestamp(at))?);
            }
            Ok(told)
        })?;
        for fork in &mut told {
            fork.left = left.remove(&fork.origin).unwrap_or_default();
        }
        told.sort_by(|a, b| (b.found, &a.origin).cmp(&(a.found, &b.origin)));
        Ok(told)
    }

    /// The proof about a log, canonical CBOR (docs/spec, 03), by the name of the log in addresses.
    pub fn fork_proof(&self, id: &str) -> Result<Option<Vec<u8>>, ServiceError> {
        let forks = self.store.read(|reader| reader.forks())?;
        let mut of_log = forks
            .into_iter()
            .filter(|(origin, _)| origin.rsplit('/').next() == Some(id));
        Ok(of_log.next().map(|(_, proof)| encode(&proof)))
    }

    fn tell(
        &self,
        reader: &Reader<'_>,
        origin: String,
        proof: &Equivocation,
        found: Timestamp,
    ) -> Result<Option<ForkTold>, StoreError> {
        let directory = self.directory();
        let Ok(fork) = proof.verify() else {
            return Ok(None);
        };
        let log = reader.log(&fork.origin)?;
        let branch = match &log {
            Some(log) => reader.branch(log.id)?,
            None => None,
        };
        let org: Option<OrgId> = log
            .as_ref()
            .map(|log| log.start.org)
            .or_else(|| directory.node_org(&fork.node));
        let mut told = ForkTold {
            origin,
            node: fork.node,
            org: org.and_then(|org| directory.org(&org).cloned()),
            space: log.as_ref().map(|log| log.start.space.clone()),
            of_witness: proof.space.is_none(),
            common: branch.as_ref().map_or(fork.common.0, |branch| branch.start),
            found,
            signed: signed(&proof.evidence),
            stands: None,
            other: None,
            why: None,
            left: Vec::new(),
        };
        let Some(log) = log else {
            return Ok(Some(told));
        };
        let start = told.common;
        let ours = first_witness(&directory, &log.start, start, &receipts(reader, &log, start)?);
        told.stands = Some(BranchTold {
            size: log.size.0,
            root: log.root,
            witnessed: ours.map(|(seconds, _)| Timestamp::from_seconds(seconds)),
        });
        if let Some(branch) = branch {
            let held = reader.branch_receipts(log.id, branch.start, branch.size)?;
            let theirs = first_witness(&directory, &log.start, branch.start, &held);
            told.why = Some(match (ours, theirs) {
                (Some(_), None) => Why::OnlyWitnessed,
                (Some(a), Some(b)) if a != b => Why::FirstWitnessed,
                _ => Why::SmallerLeaf,
            });
            told.other = Some(BranchTold {
                size: branch.size.0,
                root: branch.root,
                witnessed: theirs.map(|(seconds, _)| Timestamp::from_seconds(seconds)),
            });
        }
        Ok(Some(told))
    }
}

/// The two trees that a proof shows.
fn signed(evidence: &Evidence) -> [(u64, Hash); 2] {
    let tree = |root: &SignedRoot| (root.size.0, root.root);
    match evidence {
        Evidence::Roots(one, other) => [tree(one), tree(other)],
        Evidence::Rewritten { old, new, .. } => [tree(old), tree(new)],
        Evidence::Leaves { one, other, .. } => [tree(&one.tree), tree(&other.tree)],
    }
}
