//! Payloads of entries that are held without them: asks the peer, one question at a time, once all ranges are here. What
//! the peer does not hold either is asked again when it says that it came.

use std::collections::{BTreeMap, BTreeSet};

use super::super::bounded::List;
use super::super::message::{Message, PlacedPayload};
use super::super::pace::Allowance;
use super::effect::Lacking;
use super::looking::Looking;
use super::shared::Shared;
use super::{CloseReason, Effect, Place, send};
use crate::id::SpaceId;
use crate::log::{EntryIndex, Origin};

/// Most payloads remembered that the peer does not hold.
const NOWHERE_MAX: usize = 16_384;

type Places = BTreeMap<(SpaceId, Origin), BTreeSet<EntryIndex>>;

#[derive(Debug, Default)]
pub(super) struct Repair {
    looking: Looking<Place>,
    lacked: Places,
    /// The question without an answer.
    asked: Option<(SpaceId, Origin, BTreeSet<EntryIndex>)>,
    /// News of that log came meanwhile: what is answered may have been looked up before them.
    came: bool,
    since_ms: u64,
    /// What the peer was asked for and does not hold.
    nowhere: Places,
}

impl Repair {
    /// Payloads may be lacking that were not, or that the peer did not owe before.
    pub(super) fn due(&mut self) {
        self.looking.due();
    }

    /// The same of payloads that mostly came already.
    pub(super) fn perhaps(&mut self) {
        self.looking.perhaps();
    }

    pub(super) fn lack(&mut self, lacking: Lacking<Place, Place>) {
        for Place { space, origin, index } in self.looking.found(lacking) {
            let log = (space, origin);
            let nowhere = self.nowhere.get(&log);
            let asked = self.asked.as_ref().is_some_and(|(space, origin, indexes)| {
                (*space, origin) == (log.0, &log.1) && indexes.contains(&index)
            });
            if !asked && nowhere.is_none_or(|indexes| !indexes.contains(&index)) {
                self.lacked.entry(log).or_default().insert(index);
            }
        }
    }

    /// The peer has news of a log: perhaps payloads that it lacked, too.
    pub(super) fn again(&mut self, space: SpaceId, origin: &Origin) {
        let log = (space, origin.clone());
        let asked = self.asked.as_ref();
        self.came |= asked.is_some_and(|(space, origin, _)| (*space, origin) == (log.0, &log.1));
        if let Some(indexes) = self.nowhere.remove(&log) {
            self.lacked.entry(log).or_default().extend(indexes);
        }
    }

    /// What the peer may share changed: it owes payloads now that it did not before.
    pub(super) fn again_in(&mut self, spaces: &BTreeSet<SpaceId>) {
        self.came |= self.asked.as_ref().is_some_and(|(of, ..)| spaces.contains(of));
        let again = self.nowhere.extract_if(.., |(of, _), _| spaces.contains(of));
        for (log, indexes) in again {
            self.lacked.entry(log).or_default().extend(indexes);
        }
    }

    /// Since when the peer owes payloads.
    pub(super) fn asked_since(&self) -> Option<u64> {
        self.asked.as_ref().map(|_| self.since_ms)
    }

    pub(super) fn pump(
        &mut self,
        shared: &Shared,
        allowance: &mut Allowance,
        now_ms: u64,
        out: &mut Vec<Effect>,
    ) {
        if self.asked.is_some() {
            return;
        }
        self.lacked.retain(|(space, _), _| shared.contains(space));
        let Some(log) = self.lacked.keys().next().cloned() else {
            if let Some(after) = self.looking.next(now_ms) {
                let spaces = shared.spaces().copied().collect();
                out.push(Effect::LookForPayloads { spaces, after });
            }
            return;
        };
        if !allowance.spend(1) {
            return;
        }
        let mut left = self.lacked.remove(&log).unwrap_or_default();
        let indexes: List<EntryIndex, _> = List::take_from(&mut left.iter().copied());
        left.retain(|index| !indexes.contains(index));
        if !left.is_empty() {
            self.lacked.insert(log.clone(), left);
        }
        let (space, origin) = log;
        self.since_ms = now_ms;
        self.asked = Some((space, origin.clone(), indexes.iter().copied().collect()));
        send(
            out,
            &Message::AskPayloads {
                space,
                origin,
                indexes,
            },
        );
    }

    pub(super) fn payloads(
        &mut self,
        origin: &Origin,
        payloads: Vec<PlacedPayload>,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        let unasked = || CloseReason::unasked("payloads that nobody asked for");
        let (space, log, mut asked) = self.asked.take().ok_or_else(unasked)?;
        if log != *origin {
            return Err(unasked());
        }
        let mut found = Vec::with_capacity(payloads.len());
        for PlacedPayload { index, payload } in payloads {
            if !asked.remove(&index) {
                return Err(unasked());
            }
            found.push((index, payload.into_vec()));
        }
        let came = std::mem::take(&mut self.came);
        let remembered = self.nowhere.values().map(BTreeSet::len).sum::<usize>();
        if !found.is_empty() || came {
            if !asked.is_empty() {
                self.lacked.entry((space, log.clone())).or_default().extend(asked);
            }
        } else if remembered + asked.len() <= NOWHERE_MAX {
            self.nowhere
                .entry((space, log.clone()))
                .or_default()
                .extend(asked);
        } else {
            self.looking.forgot();
        }
        if !found.is_empty() {
            out.push(Effect::StorePayloads {
                space,
                origin: log,
                payloads: found,
            });
        }
        Ok(())
    }
}
