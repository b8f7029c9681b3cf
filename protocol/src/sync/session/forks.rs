//! Forks: a log of which the peer holds another branch is read from its beginning, so that both branches are here, one
//! log at a time. What is found, and which branch stands, is for whoever stores them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::message::Message;
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
    from: TreeSize,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Queued,
    Asked,
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
            return Err(CloseReason::protocol("a range that nobody asked for"));
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

    /// A range was looked at; what follows from `next` on is wanted, if anything.
    pub(super) fn stored(&mut self, origin: &Origin, next: Option<TreeSize>) {
        let inquiry = self.inquiries.get_mut(origin);
        let Some(inquiry) = inquiry.filter(|inquiry| inquiry.stage == Stage::Storing) else {
            return;
        };
        match next.filter(|next| *next > inquiry.from) {
            Some(next) => (inquiry.from, inquiry.stage) = (next, Stage::Queued),
            None => self.end(origin),
        }
    }

    /// Asks for the next range, if none is under way.
    pub(super) fn pump(&mut self, shares: impl Fn(&SpaceId) -> bool, out: &mut Vec<Effect>) {
        if self
            .inquiries
            .values()
            .any(|inquiry| inquiry.stage != Stage::Queued)
        {
            return;
        }
        self.inquiries.retain(|_, inquiry| shares(&inquiry.space));
        if let Some((origin, inquiry)) = self.inquiries.iter_mut().next() {
            inquiry.stage = Stage::Asked;
            let (space, origin, from) = (inquiry.space, origin.clone(), inquiry.from);
            send(out, &Message::Want { space, origin, from });
        }
    }

    fn asked(&mut self, origin: &Origin) -> Option<&mut Inquiry> {
        let inquiry = self.inquiries.get_mut(origin)?;
        (inquiry.stage == Stage::Asked).then_some(inquiry)
    }

    fn end(&mut self, origin: &Origin) {
        self.inquiries.remove(origin);
        self.done.insert(origin.clone());
    }
}
