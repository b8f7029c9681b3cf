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
use super::settle::first_witness;
use super::{History, LeftBehind};
use crate::store::{Reader, StoreError};

/// A branch of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchTold {
    /// Entries.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// When its required parent first witnessed a tree with what the others lack.
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
    /// The others, as far as they are here.
    pub others: Vec<BranchTold>,
    /// Why; none while no other branch is here.
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
                // Several proofs about one log say the same to people; they follow each other.
                if told.last().is_some_and(|known| known.origin == origin) {
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
        let branches = match &log {
            Some(log) => reader.branches(log.id)?,
            None => Vec::new(),
        };
        let parting = branches.iter().map(|branch| branch.start).min();
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
            common: parting.unwrap_or(fork.common.0),
            found,
            signed: signed(&proof.evidence),
            stands: None,
            others: Vec::new(),
            why: None,
            left: Vec::new(),
        };
        let Some(log) = log else {
            return Ok(Some(told));
        };
        let start = told.common;
        let ours = History::Stands(&log).receipts(reader, start)?;
        let ours = first_witness(&directory, &log.start, start, &ours);
        told.stands = Some(BranchTold {
            size: log.size.0,
            root: log.root,
            witnessed: ours.map(|(seconds, _)| Timestamp::from_seconds(seconds)),
        });
        let mut first = None;
        for branch in &branches {
            let theirs = History::Beside(branch).receipts(reader, start)?;
            let theirs = first_witness(&directory, &log.start, start, &theirs);
            first = [first, theirs].into_iter().flatten().min();
            told.others.push(BranchTold {
                size: branch.size.0,
                root: branch.root,
                witnessed: theirs.map(|(seconds, _)| Timestamp::from_seconds(seconds)),
            });
        }
        if !branches.is_empty() {
            told.why = Some(match (ours, first) {
                (Some(_), None) => Why::OnlyWitnessed,
                (Some(a), Some(b)) if a != b => Why::FirstWitnessed,
                _ => Why::SmallerLeaf,
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
