//! What takes effect away again, and what gives it back: revocations with their cut, adoptions, and the federation's
//! policy on witnesses (design 5).

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use super::org::Level;
use crate::id::{ChangeId, Origin, StatementId, StatementTag};

/// Why an appointment is revoked, as far as it bears on what was signed under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum Ground {
    /// The person left, the key was replaced: what the cut covers stays good.
    #[n(1)]
    Soft,
    /// The key was, or may be, in other hands.
    #[n(2)]
    Hard {
        /// Since when, in seconds since 1970: a receipt from then on proves nothing. Without it none does.
        #[n(0)]
        since_s: Option<u64>,
    },
}

/// Up to where the revoker has seen a witness log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Cut {
    /// The witness log of a required parent.
    #[n(0)]
    pub origin: Origin,
    /// The last place in it that the revoker has seen.
    #[n(1)]
    pub index: u64,
}

/// The body of a revocation. It is final: whom it hits is appointed anew.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Revocation {
    /// The appointment that is revoked.
    #[n(1)]
    pub appointment: StatementId,
    /// On what ground.
    #[n(2)]
    pub ground: Ground,
    /// Why, in words that people read. At most [`Revocation::WORDS_MAX`] bytes.
    #[n(3)]
    pub words: String,
    /// Receipts at or below it keep a change good. By origin, each once, at most [`Revocation::CUT_MAX`].
    #[n(4)]
    pub cut: Vec<Cut>,
    /// Of an authority: the statements issued under it that go on standing. Sorted, at most [`Revocation::KEEPS_MAX`].
    #[n(5)]
    pub keeps: Vec<StatementTag>,
}

impl Revocation {
    /// Longest reason, in bytes of UTF-8.
    pub const WORDS_MAX: usize = 400;
    /// Most witness logs in a cut.
    pub const CUT_MAX: usize = 64;
    /// Most statements that go on standing. What is more is adopted ([`Adoption`]).
    pub const KEEPS_MAX: usize = 640;

    /// Whether the lists are in order and within their bounds.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.words.trim().is_empty() || self.words.len() > Self::WORDS_MAX {
            return Err("a revocation gives its reason in 1 to 400 bytes");
        }
        if self.cut.len() > Self::CUT_MAX || !self.cut.is_sorted_by(|a, b| a.origin < b.origin) {
            return Err("a cut names at most 64 witness logs, each once and in order");
        }
        if self.keeps.len() > Self::KEEPS_MAX || !self.keeps.is_sorted_by(|a, b| a < b) {
            return Err("a revocation keeps at most 640 statements, each once and in order");
        }
        Ok(())
    }
}

/// The body of an adoption: an authority stands in for what a revocation contests.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Adoption {
    /// Changes that count at their places again. Sorted.
    #[n(1)]
    pub changes: Vec<ChangeId>,
    /// Statements of trust that stand again. Sorted.
    #[n(2)]
    pub statements: Vec<StatementId>,
}

impl Adoption {
    /// Most changes and statements together.
    pub const MAX: usize = 400;

    pub(super) fn check(&self) -> Result<(), &'static str> {
        let count = self.changes.len() + self.statements.len();
        let sorted = self.changes.is_sorted_by(|a, b| a < b) && self.statements.is_sorted_by(|a, b| a < b);
        if count == 0 || count > Self::MAX || !sorted {
            return Err("an adoption names 1 to 400 changes and statements, each once and in order");
        }
        Ok(())
    }
}

/// The body of a policy on witnesses: beside its parent, the orgs above a log's org at these levels must witness it.
/// Stated by the root; a log names the one that it follows in its first entry.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Policy {
    /// Levels whose witness is required, from the top, each once.
    #[n(1)]
    pub levels: Vec<Level>,
}

impl Policy {
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.levels.is_sorted_by(|a, b| a.rank() < b.rank()) {
            Ok(())
        } else {
            Err("a policy names levels from the top, each once")
        }
    }
}

/// A revocation that stands, as it bears on receipts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// The statement that revokes.
    pub by: StatementId,
    /// On what ground.
    pub ground: Ground,
    /// Why, in words.
    pub words: String,
    cut: BTreeMap<Origin, u64>,
    keeps: std::collections::BTreeSet<StatementTag>,
}

impl Revoked {
    /// As `revocation`, which is stated by `by`, bears on what was signed.
    pub fn new(by: StatementId, revocation: &Revocation) -> Self {
        Revoked {
            by,
            ground: revocation.ground,
            words: revocation.words.clone(),
            cut: revocation
                .cut
                .iter()
                .map(|cut| (cut.origin.clone(), cut.index))
                .collect(),
            keeps: revocation.keeps.iter().copied().collect(),
        }
    }

    /// Whether a receipt of `time_s`, which stands at `index` of the witness log `origin`, still proves something.
    pub fn keeps_receipt(&self, origin: &Origin, index: u64, time_s: u64) -> bool {
        let early = match self.ground {
            Ground::Soft => true,
            Ground::Hard { since_s } => since_s.is_some_and(|since| time_s < since),
        };
        early && self.cut.get(origin).is_some_and(|last| index <= *last)
    }

    /// Whether a statement issued under the revoked authority goes on standing.
    pub fn keeps_statement(&self, id: &StatementId) -> bool {
        self.keeps.contains(&id.tag())
    }
}
