//! Pulling: finds out which logs the peer holds more of, and fetches them, a few ranges at a time.

use std::collections::{BTreeMap, BTreeSet};

use super::super::message::{LogStanding, Message, SpaceDigest};
use super::super::misbehaviour::Misbehaviour;
use super::super::range::RangeData;
use super::super::standing::Standing;
use super::shared::{Rank, Shared};
use super::{CloseReason, Effect, send};
use crate::id::{Hash, SpaceId};
use crate::log::{Origin, TreeSize};

/// Most ranges on their way or being stored.
pub(super) const WANTS_IN_FLIGHT: usize = 4;
/// Most questions for the logs of a space without an answer.
const ASKS_IN_FLIGHT: usize = 4;
/// No further space is asked about while so many logs are wanted.
const WANTS_ENOUGH: usize = 4096;
/// Most logs that a peer may list in one space, and that we list.
pub(super) const SPACE_LOGS_MAX: usize = 16_384;
/// Most logs wanted at once: lists that were asked for always fit.
const WANTS_MAX: usize = WANTS_ENOUGH + ASKS_IN_FLIGHT * SPACE_LOGS_MAX;
/// Most spaces remembered that the peer named and we do not share as far as we know.
const BEYOND_MAX: usize = 4096;
/// Most logs of which we remember what the peer holds. More only cost a needless announcement.
const PEER_LOGS_MAX: usize = 65_536;
/// Most logs remembered as passed over. More only cost a needless range.
const PASSED_OVER_MAX: usize = 1024;

/// How often a peer may say that it gives nothing of a log of which it announces the same again. Some are honest: its
/// copy is not whole, what it may give changed meanwhile, or payloads came to it.
const REFUSALS_MAX: u8 = 32;

#[derive(Debug)]
pub(super) struct Pull {
    /// Whether the peer's first list of spaces is complete, or was not needed.
    listed: bool,
    /// When the conversation opened, in milliseconds of it.
    opened_ms: u64,
    to_ask: BTreeSet<(Rank, SpaceId)>,
    /// Spaces asked about, with how many logs the answer named so far.
    asked: BTreeMap<SpaceId, Listing>,
    wants: BTreeMap<Origin, Want>,
    /// Those of `wants` that wait, in the order in which they are sent.
    queue: BTreeSet<(Rank, Origin)>,
    /// Ranges that were asked for ahead and are wanted no more: their answers are still to come. With where they begin, and
    /// since when.
    owed: BTreeMap<Origin, (TreeSize, u64)>,
    /// Spaces that the peer named and we do not share, with the digest if it was told.
    beyond: BTreeMap<SpaceId, Option<Hash>>,
    /// Whether some of those were forgotten.
    forgot: bool,
    /// Whether one came to them since the peer was last asked for joint spaces.
    puzzled: bool,
    peer_logs: BTreeMap<Origin, PeerLog>,
    passed_over: BTreeSet<Origin>,
    /// What the peer announced last and gave nothing of, and how often.
    refused: BTreeMap<Origin, (Standing, u8)>,
    /// Logs of which the peer holds another branch, to be looked at.
    forked: Vec<(SpaceId, Origin)>,
    /// Sum of what is left of all wants.
    left: u64,
    received: u64,
    level: bool,
}

/// An answer that lists logs.
#[derive(Debug, Default)]
struct Listing {
    since_ms: u64,
    logs: usize,
}

/// What is known of a peer's log.
#[derive(Debug, Default)]
struct PeerLog {
    /// As much as the peer holds, or was told of.
    size: TreeSize,
    /// What it said last.
    told: Option<Standing>,
}

#[derive(Debug)]
struct Want {
    space: SpaceId,
    rank: Rank,
    /// What the peer said it holds.
    target: Standing,
    /// Entries from here to the target.
    left: u64,
    /// How far the peer's copy went when it was asked last.
    asked_for: TreeSize,
    stage: Stage,
    /// The range behind the one that is being stored.
    ahead: Option<Ahead>,
}

/// While a range is verified and made durable the next one is on its way, so that neither side waits for the other.
#[derive(Debug)]
enum Ahead {
    Asked { from: TreeSize, since_ms: u64 },
    Here(RangeData),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Queued,
    Asked { from: TreeSize, since_ms: u64 },
    Storing { from: TreeSize },
}

impl Want {
    /// Has a range stored, and asks for the next one meanwhile.
    fn store(&mut self, range: RangeData, now_ms: u64, out: &mut Vec<Effect>) {
        let (from, space) = (range.from, self.space);
        let next = TreeSize(from.0.saturating_add(range.entries.len() as u64));
        self.stage = Stage::Storing { from };
        self.asked_for = self.target.size;
        if from < next && next < self.target.size {
            self.ahead = Some(Ahead::Asked {
                from: next,
                since_ms: now_ms,
            });
            let origin = range.origin.clone();
            out.push(Effect::Store { space, range });
            send(
                out,
                &Message::Want {
                    space,
                    origin,
                    from: next,
                },
            );
        } else {
            out.push(Effect::Store { space, range });
        }
    }
}

impl Pull {
    /// Nothing is wanted yet. `level` if the hellos showed that both hold the same.
    pub(super) fn new(level: bool, now_ms: u64) -> Self {
        Pull {
            listed: level,
            opened_ms: now_ms,
            to_ask: BTreeSet::new(),
            asked: BTreeMap::new(),
            wants: BTreeMap::new(),
            queue: BTreeSet::new(),
            owed: BTreeMap::new(),
            beyond: BTreeMap::new(),
            forgot: false,
            puzzled: false,
            peer_logs: BTreeMap::new(),
            passed_over: BTreeSet::new(),
            refused: BTreeMap::new(),
            forked: Vec::new(),
            left: 0,
            received: 0,
            level: false,
        }
    }

    pub(super) fn is_level(&self) -> bool {
        self.level
    }

    /// The peer listed spaces.
    pub(super) fn spaces(&mut self, shared: &Shared, spaces: &[SpaceDigest], more: bool) {
        for SpaceDigest { space, digest } in spaces {
            match shared.rank(space) {
                Some(rank) if shared.held().space_digest(space) != *digest => {
                    self.to_ask.insert((rank, *space));
                }
                Some(_) => {}
                None => self.remember(*space, Some(*digest)),
            }
        }
        self.listed |= !more;
        self.look_again();
    }

    /// What the two may share changed: who is level says so again, so that keys and payloads are asked for that the peer did
    /// not owe before.
    fn look_again(&mut self) {
        self.level = false;
    }

    /// The peer listed the logs of a space.
    pub(super) fn logs(
        &mut self,
        shared: &Shared,
        space: SpaceId,
        logs: &[LogStanding],
        more: bool,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        let listing = self
            .asked
            .get_mut(&space)
            .ok_or(CloseReason::unasked("logs that nobody asked for"))?;
        listing.logs += logs.len();
        if listing.logs > SPACE_LOGS_MAX {
            return Err(CloseReason::too_much("too many logs in one space"));
        }
        if !more {
            self.asked.remove(&space);
        }
        let left = self.left;
        for log in logs {
            self.consider(shared, space, log, out)?;
        }
        if self.left != left {
            out.push(self.progress());
        }
        Ok(())
    }

    /// The peer announced that a log grew.
    pub(super) fn grew(
        &mut self,
        shared: &Shared,
        space: SpaceId,
        log: LogStanding,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        let left = self.left;
        self.consider(shared, space, &log, out)?;
        if self.left != left {
            out.push(self.progress());
        }
        Ok(())
    }

    fn consider(
        &mut self,
        shared: &Shared,
        space: SpaceId,
        log: &LogStanding,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        let LogStanding {
            origin,
            standing: theirs,
        } = log;
        if theirs.size > TreeSize::MAX {
            return Err(CloseReason::of(
                Misbehaviour::Unreadable,
                "a log of impossible size",
            ));
        }
        let Some(rank) = shared.rank(&space) else {
            self.remember(space, None);
            return Ok(());
        };
        let before = self.told(origin, *theirs);
        let ours = shared.held().standing(&space, origin);
        if let Some(before) = before
            && ours.is_some_and(|ours| ours.size >= before.size)
        {
            let kind = match rank {
                Rank::Directory => Misbehaviour::StaleDirectory,
                Rank::Other => Misbehaviour::Rewind,
            };
            out.push(Effect::Shrunk {
                origin: origin.clone(),
                before,
                after: *theirs,
                kind,
            });
        }
        if self.passed_over.contains(origin) {
            return Ok(());
        }
        match ours {
            Some(ours) if ours.size == theirs.size && ours.root != theirs.root => {
                self.fork(space, origin, ours, *theirs, out);
                Ok(())
            }
            Some(ours) if ours.size > theirs.size && theirs.size > TreeSize::EMPTY => {
                out.push(Effect::Compare {
                    space,
                    origin: origin.clone(),
                    theirs: *theirs,
                });
                Ok(())
            }
            Some(ours) if ours.size >= theirs.size => Ok(()),
            None if theirs.size == TreeSize::EMPTY => Ok(()),
            _ => self.want(space, rank, origin, *theirs, ours.map_or(0, |ours| ours.size.0)),
        }
    }

    fn want(
        &mut self,
        space: SpaceId,
        rank: Rank,
        origin: &Origin,
        target: Standing,
        held: u64,
    ) -> Result<(), CloseReason> {
        let full = self.wants.len() >= WANTS_MAX;
        let left = target.size.0 - held;
        match self.wants.get_mut(origin) {
            Some(want) if want.space != space => {
                return Err(CloseReason::of(
                    Misbehaviour::OutsideSpace,
                    format!("log {origin} in two spaces"),
                ));
            }
            Some(want) if want.target.size >= target.size => return Ok(()),
            Some(want) => {
                self.left = self.left.saturating_sub(want.left).saturating_add(left);
                (want.target, want.left) = (target, left);
            }
            // The space is asked about again when there is room.
            None if full => drop(self.to_ask.insert((rank, space))),
            None => {
                self.left = self.left.saturating_add(left);
                self.wants.insert(
                    origin.clone(),
                    Want {
                        space,
                        rank,
                        target,
                        left,
                        asked_for: TreeSize::EMPTY,
                        stage: Stage::Queued,
                        ahead: None,
                    },
                );
                self.queue.insert((rank, origin.clone()));
            }
        }
        Ok(())
    }

    /// A range came.
    pub(super) fn range(
        &mut self,
        shared: &Shared,
        range: RangeData,
        now_ms: u64,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        if self
            .owed
            .get(&range.origin)
            .is_some_and(|(from, _)| *from == range.from)
        {
            self.owed.remove(&range.origin);
            return Ok(());
        }
        let unasked = CloseReason::unasked("a range that nobody asked for");
        let Some(want) = self.wants.get_mut(&range.origin) else {
            return Err(unasked);
        };
        let from = match (want.stage, &want.ahead) {
            (Stage::Asked { from, .. }, _) if from == range.from => from,
            (_, Some(Ahead::Asked { from, .. })) if *from == range.from => {
                want.ahead = Some(Ahead::Here(range));
                return Ok(());
            }
            _ => return Err(unasked),
        };
        let space = want.space;
        if !shared.contains(&space) {
            // The right was lost while the range was on its way; should it come back, the rest is asked for.
            self.forget(&range.origin);
            self.put_aside(space, None);
        } else if shared
            .held()
            .standing(&space, &range.origin)
            .map_or(TreeSize::EMPTY, |held| held.size)
            > from
        {
            // It came another way meanwhile.
            self.settle(shared, &range.origin, out);
        } else {
            want.store(range, now_ms, out);
        }
        Ok(())
    }

    /// The peer does not serve what it was asked for.
    pub(super) fn nothing(&mut self, origin: &Origin) -> Result<(), CloseReason> {
        if self.owed.remove(origin).is_some() {
            return Ok(());
        }
        let target = match self.wants.get_mut(origin) {
            // It grew after the question: so may the peer's copy have, after it looked.
            Some(want) if matches!(want.stage, Stage::Asked { .. }) && want.target.size > want.asked_for => {
                want.stage = Stage::Queued;
                self.queue.insert((want.rank, origin.clone()));
                return Ok(());
            }
            Some(want) if matches!(want.stage, Stage::Asked { .. }) => want.target,
            // It is asked again when what is being stored is stored.
            Some(want) if matches!(want.ahead, Some(Ahead::Asked { .. })) => {
                want.ahead = None;
                return Ok(());
            }
            _ => return Err(CloseReason::unasked("an answer that nobody asked for")),
        };
        self.forget(origin);
        let before = self.refused.get(origin).filter(|(refused, _)| *refused == target);
        let times = before.map_or(1, |(_, times)| times + 1);
        if times > REFUSALS_MAX {
            let what = format!("log {origin} is announced again and again, and nothing of it is given");
            return Err(CloseReason::of(Misbehaviour::Withheld, what));
        }
        if self.refused.len() < PASSED_OVER_MAX || self.refused.contains_key(origin) {
            self.refused.insert(origin.clone(), (target, times));
        }
        Ok(())
    }

    /// A range was stored; `shared` knows of it.
    pub(super) fn stored(
        &mut self,
        shared: &Shared,
        origin: &Origin,
        standing: Standing,
        now_ms: u64,
        out: &mut Vec<Effect>,
    ) {
        let Some(Stage::Storing { from }) = self.wants.get(origin).map(|want| want.stage) else {
            return;
        };
        if standing.size > from {
            self.received = self.received.saturating_add(standing.size.0 - from.0);
            self.settle(shared, origin, out);
            self.go_on(shared, origin, now_ms, out);
        } else {
            // Asking again would bring the same.
            self.forget(origin);
        }
        out.push(self.progress());
    }

    /// The log cannot be stored, and the peer is not to blame.
    pub(super) fn pass_over(&mut self, origin: Origin) {
        self.forget(&origin);
        if self.passed_over.len() < PASSED_OVER_MAX {
            self.passed_over.insert(origin);
        }
    }

    /// A log grew here; `shared` knows of it.
    pub(super) fn grown(&mut self, shared: &Shared, origin: &Origin, out: &mut Vec<Effect>) {
        if self
            .wants
            .get(origin)
            .is_some_and(|want| want.stage == Stage::Queued)
        {
            self.settle(shared, origin, out);
        }
    }

    /// Goes on with what was asked for ahead of the range that was stored.
    fn go_on(&mut self, shared: &Shared, origin: &Origin, now_ms: u64, out: &mut Vec<Effect>) {
        let Some(want) = self.wants.get_mut(origin) else {
            return;
        };
        let held = shared.held().standing(&want.space, origin);
        let held = held.map_or(TreeSize::EMPTY, |held| held.size);
        match want.ahead.take() {
            Some(Ahead::Here(range)) if range.from == held && shared.contains(&want.space) => {
                want.store(range, now_ms, out);
            }
            // What came another way meanwhile is found by the one that looks at the answer.
            Some(Ahead::Asked { from, since_ms }) => want.stage = Stage::Asked { from, since_ms },
            Some(Ahead::Here(_)) | None => return,
        }
        self.queue.remove(&(want.rank, origin.clone()));
    }

    /// Queues what is left of a want, or ends it.
    fn settle(&mut self, shared: &Shared, origin: &Origin, out: &mut Vec<Effect>) {
        let Some(want) = self.wants.get_mut(origin) else {
            return;
        };
        let held = shared.held().standing(&want.space, origin);
        let left = want
            .target
            .size
            .0
            .saturating_sub(held.map_or(0, |held| held.size.0));
        if left > 0 {
            self.left = self.left.saturating_sub(want.left).saturating_add(left);
            want.left = left;
            want.stage = Stage::Queued;
            self.queue.insert((want.rank, origin.clone()));
            return;
        }
        let (space, target) = (want.space, want.target);
        self.forget(origin);
        if let Some(held) = held.filter(|held| held.size == target.size && held.root != target.root) {
            self.fork(space, origin, held, target, out);
        }
    }

    fn forget(&mut self, origin: &Origin) {
        if let Some(want) = self.wants.remove(origin) {
            self.queue.remove(&(want.rank, origin.clone()));
            self.left = self.left.saturating_sub(want.left);
            if let Some(Ahead::Asked { from, since_ms }) = want.ahead {
                self.owed.insert(origin.clone(), (from, since_ms));
            }
        }
    }

    fn fork(
        &mut self,
        space: SpaceId,
        origin: &Origin,
        ours: Standing,
        theirs: Standing,
        out: &mut Vec<Effect>,
    ) {
        self.pass_over(origin.clone());
        self.forked.push((space, origin.clone()));
        out.push(Effect::Fork {
            space,
            origin: origin.clone(),
            ours,
            theirs,
        });
    }

    /// The logs found forked since this was last asked.
    pub(super) fn take_forked(&mut self) -> Vec<(SpaceId, Origin)> {
        std::mem::take(&mut self.forked)
    }

    /// A log that was passed over is considered again: another branch of it stands now.
    pub(super) fn reconsider(&mut self, origin: &Origin) {
        self.passed_over.remove(origin);
    }

    /// A log that was passed over is no other branch: what the peer said of it is wanted after all.
    pub(super) fn follow(
        &mut self,
        shared: &Shared,
        space: SpaceId,
        origin: &Origin,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        self.reconsider(origin);
        let (origin, told) = (origin.clone(), self.told_of(origin));
        match told {
            Some(standing) => self.grew(shared, space, LogStanding { origin, standing }, out),
            None => Ok(()),
        }
    }

    /// Takes note of what the peer holds.
    pub(super) fn peer_holds(&mut self, origin: &Origin, size: TreeSize) {
        if let Some(known) = self.peer_logs.get_mut(origin) {
            known.size = size.max(known.size);
        } else if self.peer_logs.len() < PEER_LOGS_MAX {
            let told = None;
            self.peer_logs.insert(origin.clone(), PeerLog { size, told });
        }
    }

    /// Takes note of what the peer says it holds. Returns what it said before, if that was more.
    fn told(&mut self, origin: &Origin, theirs: Standing) -> Option<Standing> {
        self.peer_holds(origin, theirs.size);
        let before = self.peer_logs.get_mut(origin)?.told.replace(theirs);
        before.filter(|before| before.size > theirs.size)
    }

    /// What the peer said last that it holds of a log.
    pub(super) fn told_of(&self, origin: &Origin) -> Option<Standing> {
        self.peer_logs.get(origin)?.told
    }

    /// Since when the peer owes its list of spaces.
    pub(super) fn unlisted_since(&self) -> Option<u64> {
        (!self.listed).then_some(self.opened_ms)
    }

    /// Since when it owes the logs of a space.
    pub(super) fn asked_since(&self) -> Option<u64> {
        self.asked.values().map(|listing| listing.since_ms).min()
    }

    /// Since when it owes a range.
    pub(super) fn wanted_since(&self) -> Option<u64> {
        if self.in_flight() == 0 {
            return None;
        }
        let since = |want: &Want| match want.stage {
            Stage::Asked { since_ms, .. } => Some(since_ms),
            _ => match want.ahead {
                Some(Ahead::Asked { since_ms, .. }) => Some(since_ms),
                _ => None,
            },
        };
        let owed = self.owed.values().map(|(_, since_ms)| *since_ms);
        self.wants.values().filter_map(since).chain(owed).min()
    }

    /// Whether the peer may not know yet that a log has this size. It is told once.
    pub(super) fn announces(&mut self, origin: &Origin, size: TreeSize) -> bool {
        let news = self.peer_logs.get(origin).is_none_or(|known| known.size < size);
        if news {
            self.peer_holds(origin, size);
        }
        news
    }

    fn remember(&mut self, space: SpaceId, digest: Option<Hash>) {
        self.puzzled |= !self.beyond.contains_key(&space);
        self.put_aside(space, digest);
    }

    fn put_aside(&mut self, space: SpaceId, digest: Option<Hash>) {
        if self.beyond.len() < BEYOND_MAX || self.beyond.contains_key(&space) {
            self.beyond.insert(space, digest);
        } else {
            self.forgot = true;
        }
    }

    /// The shared spaces changed, `added` came to them.
    pub(super) fn reshare(&mut self, shared: &Shared, added: &[SpaceId]) {
        if !added.is_empty() {
            self.look_again();
        }
        let unasked: Vec<_> = self
            .to_ask
            .extract_if(.., |(_, space)| !shared.contains(space))
            .collect();
        let lost: Vec<(SpaceId, Origin)> = self
            .wants
            .iter()
            // Those under way end when their answer comes.
            .filter(|(_, want)| want.stage == Stage::Queued && !shared.contains(&want.space))
            .map(|(origin, want)| (want.space, origin.clone()))
            .collect();
        for (space, origin) in &lost {
            self.forget(origin);
            self.put_aside(*space, None);
        }
        for (_, space) in unasked {
            self.put_aside(space, None);
        }
        for space in added {
            let Some(rank) = shared.rank(space) else { continue };
            let differs = match self.beyond.remove(space) {
                Some(Some(digest)) => digest != shared.held().space_digest(space),
                Some(None) => true,
                None => self.forgot,
            };
            if differs {
                self.to_ask.insert((rank, *space));
            }
        }
    }

    /// Asks and wants as much as there is room for. Of the log whose other branch is `elsewhere` asked for, nothing is wanted
    /// here meanwhile: the answers look alike.
    pub(super) fn pump(
        &mut self,
        shared: &Shared,
        elsewhere: Option<&Origin>,
        now_ms: u64,
        out: &mut Vec<Effect>,
    ) {
        while self.asked.len() < ASKS_IN_FLIGHT && self.wants.len() < WANTS_ENOUGH {
            let next = self
                .to_ask
                .iter()
                .find(|(_, space)| !self.asked.contains_key(space))
                .copied();
            let Some((rank, space)) = next else { break };
            self.to_ask.remove(&(rank, space));
            let listing = Listing {
                since_ms: now_ms,
                logs: 0,
            };
            self.asked.insert(space, listing);
            send(out, &Message::AskLogs(space));
        }
        while self.in_flight() + usize::from(elsewhere.is_some()) < WANTS_IN_FLIGHT {
            let mut queue = self.queue.iter();
            let free = |origin: &Origin| Some(origin) != elsewhere && !self.owed.contains_key(origin);
            let next = queue.find(|(_, origin)| free(origin)).cloned();
            let Some(next) = next else { break };
            self.queue.remove(&next);
            let (_, origin) = next;
            let Some(want) = self.wants.get_mut(&origin) else {
                continue;
            };
            let from = shared
                .held()
                .standing(&want.space, &origin)
                .map_or(TreeSize::EMPTY, |held| held.size);
            want.stage = Stage::Asked {
                from,
                since_ms: now_ms,
            };
            want.asked_for = want.target.size;
            send(
                out,
                &Message::Want {
                    space: want.space,
                    origin,
                    from,
                },
            );
        }
    }

    fn in_flight(&self) -> usize {
        self.wants.len() - self.queue.len() + self.owed.len()
    }

    /// Whether one more range may be asked for, of this log.
    pub(super) fn has_room(&self, origin: &Origin) -> bool {
        let open = self.wants.get(origin);
        self.in_flight() < WANTS_IN_FLIGHT
            && open.is_none_or(|want| want.stage == Stage::Queued)
            && !self.owed.contains_key(origin)
    }

    /// Whether nothing is wanted of what is known to be shared.
    pub(super) fn is_idle(&self) -> bool {
        self.listed && self.to_ask.is_empty() && self.asked.is_empty() && self.wants.is_empty()
    }

    /// Whether the peer named spaces that we do not share, and was not asked about them. Says so once.
    pub(super) fn take_puzzle(&mut self) -> bool {
        std::mem::take(&mut self.puzzled) && (self.forgot || !self.beyond.is_empty())
    }

    /// Says when all is here, unless something else is `open`. Returns whether it did.
    pub(super) fn level(&mut self, open: bool, out: &mut Vec<Effect>) -> bool {
        let level = self.is_idle() && !open;
        let became = level && !self.level;
        if became {
            out.push(Effect::Level);
        }
        self.level = level;
        became
    }

    fn progress(&self) -> Effect {
        Effect::Progress {
            wanted_entries: self.received.saturating_add(self.left),
            received: self.received,
        }
    }
}
