//! Forks: a log of which the peer holds another branch is read from its beginning, so that all branches are here, one
//! log at a time: first what stands at the peer, then what it keeps beside that. What is found, and which branch stands, is
//! for whoever stores them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::message::{BRANCHES_MAX, Message};
use super::super::range::RangeData;
use super::{CloseReason, Effect, send};
use crate::id::SpaceId;
use crate::log::{Origin, TreeSize};

/// Most logs that wait to be read, and most remembered as read. More only cost evidence of further forks.
const FORKS_MAX: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Forks {
    /// What waits, or is under way.
    inquiries: BTreeMap<Origin, Inquiry>,
    /// Read in this session: what the peer holds of them is not asked for again.
    done: BTreeSet<Origin>,
}

#[derive(Debug)]
struct Inquiry {
    space: SpaceId,
    /// Which branch of the peer's: 0 is what stands there.
    branch: u32,
    from: TreeSize,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Queued,
    Asked { since_ms: u64 },
    Storing,
}

impl Forks {
    /// The peer holds another branch of a log, or may.
    pub(super) fn look(&mut self, space: SpaceId, origin: Origin) {
        if self.done.contains(&origin) || self.inquiries.len() + self.done.len() >= FORKS_MAX {
            return;
        }
        self.inquiries.entry(origin).or_insert(Inquiry {
            space,
            branch: 0,
            from: TreeSize::EMPTY,
            stage: Stage::Queued,
        });
    }

    /// Takes a range if it was asked for here; else gives it back.
    pub(super) fn range(
        &mut self,
        range: RangeData,
        out: &mut Vec<Effect>,
    ) -> Result<Option<RangeData>, CloseReason> {
        let Some(inquiry) = self.asked(&range.origin) else {
            return Ok(Some(range));
        };
        if inquiry.from != range.from {
            return Err(CloseReason::unasked("a range that nobody asked for"));
        }
        inquiry.stage = Stage::Storing;
        let space = inquiry.space;
        out.push(Effect::StoreBranch { space, range });
        Ok(None)
    }

    /// Takes the answer that there is nothing, if it was asked here.
    pub(super) fn nothing(&mut self, origin: &Origin) -> bool {
        let asked = self.asked(origin).is_some();
        if asked {
            self.end(origin);
        }
        asked
    }

    /// A range was looked at; what follows from `next` on is wanted, or else the peer's next branch.
    pub(super) fn stored(&mut self, origin: &Origin, next: Option<TreeSize>) {
        let inquiry = self.inquiries.get_mut(origin);
        let Some(inquiry) = inquiry.filter(|inquiry| inquiry.stage == Stage::Storing) else {
            return;
        };
        inquiry.stage = Stage::Queued;
        match next.filter(|next| *next > inquiry.from) {
            Some(next) => inquiry.from = next,
            None if inquiry.branch < BRANCHES_MAX => {
                (inquiry.branch, inquiry.from) = (inquiry.branch + 1, TreeSize::EMPTY);
            }
            None => self.end(origin),
        }
    }

    /// The log of which a range is asked for here.
    pub(super) fn asking(&self) -> Option<&Origin> {
        let mut open = self.inquiries.iter();
        let asked = open.find(|(_, inquiry)| matches!(inquiry.stage, Stage::Asked { .. }));
        asked.map(|(origin, _)| origin)
    }

    /// Asks for the next range, if none is under way and there is room for it.
    pub(super) fn pump(
        &mut self,
        shares: impl Fn(&SpaceId) -> bool,
        has_room: impl Fn(&Origin) -> bool,
        now_ms: u64,
        out: &mut Vec<Effect>,
    ) {
        if self
            .inquiries
            .values()
            .any(|inquiry| inquiry.stage != Stage::Queued)
        {
            return;
        }
        self.inquiries.retain(|_, inquiry| shares(&inquiry.space));
        let mut queued = self.inquiries.iter_mut();
        if let Some((origin, inquiry)) = queued.find(|(origin, _)| has_room(origin)) {
            inquiry.stage = Stage::Asked { since_ms: now_ms };
            let (space, origin, from) = (inquiry.space, origin.clone(), inquiry.from);
            let message = match inquiry.branch {
                0 => Message::Want { space, origin, from },
                branch => Message::WantBranch {
                    space,
                    origin,
                    branch,
                    from,
                },
            };
            send(out, &message);
        }
    }

    /// Since when the peer owes a range.
    pub(super) fn asked_since(&self) -> Option<u64> {
        let since = |inquiry: &Inquiry| match inquiry.stage {
            Stage::Asked { since_ms } => Some(since_ms),
            Stage::Queued | Stage::Storing => None,
        };
        self.inquiries.values().find_map(since)
    }

    fn asked(&mut self, origin: &Origin) -> Option<&mut Inquiry> {
        let inquiry = self.inquiries.get_mut(origin)?;
        matches!(inquiry.stage, Stage::Asked { .. }).then_some(inquiry)
    }

    fn end(&mut self, origin: &Origin) {
        self.inquiries.remove(origin);
        self.done.insert(origin.clone());
    }
}
