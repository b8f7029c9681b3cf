//! Forks: a log of which the peer holds another branch is read from its beginning, so that all branches are here, one
//! log at a time: first what stands at the peer, then what it keeps beside that. What is found, and which branch stands, is
//! for whoever stores them.

use std::collections::BTreeMap;

use super::super::message::{BRANCHES_MAX, Message};
use super::super::range::RangeData;
use super::super::standing::Standing;
use super::{CloseReason, Effect, send};
use crate::id::SpaceId;
use crate::log::{Origin, TreeSize};

/// Most logs that wait to be read, and most remembered as read. More only cost evidence of further forks.
const FORKS_MAX: usize = 256;
/// How often one log is read in a session, at most.
const READ_MAX: u8 = 16;

#[derive(Debug, Default)]
pub(super) struct Forks {
    /// What waits, or is under way.
    inquiries: BTreeMap<Origin, Inquiry>,
    /// Read in this session: what the peer holds of them is asked for again once it says that something else stands there.
    done: BTreeMap<Origin, Read>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Read {
    /// What the peer said it held when the reading began.
    told: Option<Standing>,
    /// How often the log was read.
    times: u8,
}

#[derive(Debug)]
struct Inquiry {
    space: SpaceId,
    /// Which branch of the peer's: 0 is what stands there.
    branch: u32,
    from: TreeSize,
    stage: Stage,
    read: Read,
    /// What the peer has said since that it holds, if that is something else.
    since: Option<Standing>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Queued,
    Asked { since_ms: u64 },
    Storing,
}

impl Forks {
    /// The peer holds another branch of a log, or may; `told` is what it said last that stands there.
    pub(super) fn look(&mut self, space: SpaceId, origin: Origin, told: Option<Standing>) {
        if let Some(inquiry) = self.inquiries.get_mut(&origin) {
            inquiry.since = told.filter(|_| told != inquiry.read.told);
            return;
        }
        let times = match self.done.get(&origin) {
            Some(done) if done.told == told || done.times >= READ_MAX => return,
            Some(done) => done.times,
            None if self.inquiries.len() + self.done.len() >= FORKS_MAX => return,
            None => 0,
        };
        self.done.remove(&origin);
        self.inquiries.insert(
            origin,
            Inquiry {
                space,
                branch: 0,
                from: TreeSize::EMPTY,
                stage: Stage::Queued,
                read: Read {
                    told,
                    times: times + 1,
                },
                since: None,
            },
        );
    }

    /// The peer says that something else stands of a log: it is looked at again if it was found forked.
    pub(super) fn grew(&mut self, space: SpaceId, origin: &Origin, told: Standing) {
        if self.inquiries.contains_key(origin) || self.done.contains_key(origin) {
            self.look(space, origin.clone(), Some(told));
        }
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
        if let Some(inquiry) = self.inquiries.remove(origin) {
            self.done.insert(origin.clone(), inquiry.read);
            if inquiry.since.is_some() {
                self.look(inquiry.space, origin.clone(), inquiry.since);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Hash;

    fn standing(size: u64, root: u8) -> Standing {
        Standing {
            size: TreeSize(size),
            root: Hash([root; 32]),
        }
    }

    /// How many ranges are asked for until the log was read.
    fn reads(forks: &mut Forks, origin: &Origin) -> usize {
        let mut asked = 0;
        loop {
            forks.pump(|_| true, |_| true, 0, &mut Vec::new());
            if !forks.nothing(origin) {
                return asked;
            }
            asked += 1;
        }
    }

    #[test]
    fn a_log_is_read_again_only_when_something_else_stands_there_and_not_for_ever() {
        let (space, origin) = (
            SpaceId([1; 32]),
            Origin::parse("lianzhan/log/00112233445566778899aabbccddeeff"),
        );
        let origin = origin.expect("an origin");
        let mut forks = Forks::default();
        forks.grew(space, &origin, standing(4, 1));
        assert_eq!(reads(&mut forks, &origin), 0, "nobody said that it is forked");
        forks.look(space, origin.clone(), Some(standing(4, 1)));
        assert_eq!(reads(&mut forks, &origin), 1);
        forks.look(space, origin.clone(), Some(standing(4, 1)));
        assert_eq!(reads(&mut forks, &origin), 0, "it was read");
        forks.grew(space, &origin, standing(5, 2));
        assert_eq!(reads(&mut forks, &origin), 1);

        forks.grew(space, &origin, standing(6, 3));
        forks.pump(|_| true, |_| true, 0, &mut Vec::new());
        forks.grew(space, &origin, standing(7, 4));
        assert!(forks.nothing(&origin));
        assert_eq!(reads(&mut forks, &origin), 1, "what it said meanwhile");

        for size in 8..200 {
            forks.grew(space, &origin, standing(size, 5));
            reads(&mut forks, &origin);
        }
        forks.grew(space, &origin, standing(200, 6));
        assert_eq!(reads(&mut forks, &origin), 0, "enough");
    }
}
