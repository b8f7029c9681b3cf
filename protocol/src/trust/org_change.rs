//! What becomes of an org: it moves below another parent, or others succeed it (design 6). A statement of an authority that
//! stands above the org before and after.

use minicbor::{Decode, Encode};

use super::org::{Level, Org};
use super::revocation::{Cut, Revocation};
use super::space::Audience;
use crate::id::{OrgId, StatementId, StatementTag};
use crate::time::Timestamp;

/// An org at one of its places in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Placed {
    /// The org.
    #[n(0)]
    pub org: OrgId,
    /// Which of its places: 1 is the one where it was described, and each change begins the next.
    #[n(1)]
    pub generation: u32,
}

/// What an org becomes.
#[allow(clippy::large_enum_variant)] // one of them is made now and then
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Becomes {
    /// It stands below another parent, or below another place of the same one.
    #[n(1)]
    Moved {
        /// How it is described from then on; its parent is the new one.
        #[n(0)]
        org: Org,
        /// Below which place of its parent.
        #[n(1)]
        under: u32,
    },
    /// It is no more. Of one successor it is a merger, of several a split.
    #[n(2)]
    Succeeded {
        /// Who goes on, in ascending order, each once, at most [`OrgChange::SUCCESSORS_MAX`].
        #[n(0)]
        by: Vec<Placed>,
    },
}

/// The body of a change of an org.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OrgChange {
    /// The org that changes.
    #[n(1)]
    pub org: OrgId,
    /// Which of its places begins, or would; what stands at the one before closes.
    #[n(2)]
    pub generation: u32,
    /// What becomes of it.
    #[n(3)]
    pub becomes: Becomes,
    /// The day from which it holds in law. People and views go by it; no verdict does.
    #[n(4)]
    pub from: Timestamp,
    /// By which decision, in words that people read. At most [`Revocation::WORDS_MAX`] bytes.
    #[n(5)]
    pub words: String,
    /// What receipts at or below it prove in the spaces that close goes on counting. By origin, each once, at most
    /// [`Revocation::CUT_MAX`].
    #[n(6)]
    pub cut: Vec<Cut>,
    /// Appointments in the org by the parent that it leaves which go on standing. Sorted, at most
    /// [`Revocation::KEEPS_MAX`].
    #[n(7)]
    pub keeps: Vec<StatementTag>,
    /// Of which audiences the spaces that close are handed over to whoever holds the next ones. Sorted.
    #[n(8)]
    pub hands: Vec<Audience>,
}

impl OrgChange {
    /// Most successors.
    pub const SUCCESSORS_MAX: usize = 64;

    /// Whether what it says can be said, whoever says it.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.generation < 2 {
            return Err("a change begins the second place of an org or a later one");
        }
        if self.words.trim().is_empty() || self.words.len() > Revocation::WORDS_MAX {
            return Err("a change of an org names its decision in 1 to 400 bytes");
        }
        if self.cut.len() > Revocation::CUT_MAX || !self.cut.is_sorted_by(|a, b| a.origin < b.origin) {
            return Err("a cut names at most 64 witness logs, each once and in order");
        }
        if self.keeps.len() > Revocation::KEEPS_MAX || !self.keeps.is_sorted_by(|a, b| a < b) {
            return Err("a change of an org keeps at most 640 statements, each once and in order");
        }
        if !self.hands.is_sorted_by(|a, b| a < b) || !self.hands.iter().all(|audience| audience.is_vertical())
        {
            return Err("only spaces up the line are handed over, each audience once and in order");
        }
        match &self.becomes {
            Becomes::Moved { org, .. } if org.check().is_err() || org.id != self.org => {
                Err("the description of the org is not valid")
            }
            Becomes::Succeeded { by }
                if by.is_empty()
                    || by.len() > Self::SUCCESSORS_MAX
                    || !by.is_sorted_by(|a, b| a.org < b.org) =>
            {
                Err("an org has 1 to 64 successors, each once and in order")
            }
            _ => Ok(()),
        }
    }
}

/// A change of an org that stands, as it bears on what was there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The statement.
    pub by: StatementId,
    /// The org in whose name it was stated, above the changed one.
    pub stated_by: OrgId,
    /// What it says.
    pub change: OrgChange,
}

impl Changed {
    /// Whether what a receipt at `index` of the witness log `origin` proves goes on counting.
    pub fn keeps_receipt(&self, origin: &crate::id::Origin, index: u64) -> bool {
        let found = self.change.cut.binary_search_by(|cut| cut.origin.cmp(origin));
        found.is_ok_and(|at| index <= self.change.cut[at].index)
    }

    /// Whether an appointment by the parent that the org left goes on standing.
    pub fn keeps_statement(&self, id: &StatementId) -> bool {
        self.change.keeps.binary_search(&id.tag()).is_ok()
    }

    /// Who goes on where the org is no more; empty where it moved.
    pub fn successors(&self) -> &[Placed] {
        match &self.change.becomes {
            Becomes::Succeeded { by } => by,
            Becomes::Moved { .. } => &[],
        }
    }
}

impl Audience {
    /// Whether those above the owner hold it, so that it closes when these change.
    pub fn is_vertical(self) -> bool {
        matches!(
            self,
            Audience::Township | Audience::County | Audience::City | Audience::Summary
        )
    }

    /// The highest level above the owner that holds a space of this audience; none where all above do, or nobody.
    pub fn limit(self) -> Option<Level> {
        match self {
            Audience::Township => Some(Level::Township),
            Audience::County => Some(Level::County),
            Audience::City => Some(Level::City),
            _ => None,
        }
    }
}
