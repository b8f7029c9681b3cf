//! Payloads of entries that are held without them: asks the peer, one question at a time, once all ranges are here. What
//! the peer does not hold either is asked again when it says that it came.

use std::collections::{BTreeMap, BTreeSet};

use super::super::bounded::List;
use super::super::message::{Message, PlacedPayload};
use super::shared::Shared;
use super::{CloseReason, Effect, Place, send};
use crate::id::SpaceId;
use crate::log::{EntryIndex, Origin};

/// Most payloads that one session waits for; further ones are left to a later [`super::Input::LackPayloads`].
const LACKED_MAX: usize = 16_384;

type Places = BTreeMap<(SpaceId, Origin), BTreeSet<EntryIndex>>;

#[derive(Debug, Default)]
pub(super) struct Repair {
    lacked: Places,
    /// The question without an answer.
    asked: Option<(SpaceId, Origin, BTreeSet<EntryIndex>)>,
    since_ms: u64,
    /// What the peer was asked for and does not hold.
    nowhere: Places,
}

impl Repair {
    pub(super) fn lack(&mut self, places: Vec<Place>) {
        for Place { space, origin, index } in places {
            if self.waits() >= LACKED_MAX {
                return;
            }
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

    fn waits(&self) -> usize {
        let sum = |places: &Places| places.values().map(BTreeSet::len).sum::<usize>();
        sum(&self.lacked) + sum(&self.nowhere)
    }

    /// The peer has news of a log: perhaps payloads that it lacked, too.
    pub(super) fn again(&mut self, space: SpaceId, origin: &Origin) {
        let log = (space, origin.clone());
        if let Some(indexes) = self.nowhere.remove(&log) {
            self.lacked.entry(log).or_default().extend(indexes);
        }
    }

    /// Since when the peer owes payloads.
    pub(super) fn asked_since(&self) -> Option<u64> {
        self.asked.as_ref().map(|_| self.since_ms)
    }

    pub(super) fn pump(&mut self, shared: &Shared, now_ms: u64, out: &mut Vec<Effect>) {
        if self.asked.is_some() {
            return;
        }
        let mut logs = self.lacked.keys();
        let Some((space, origin)) = logs.find(|(space, _)| shared.contains(space)).cloned() else {
            return;
        };
        let log = (space, origin);
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
            found.push((index, Vec::from(payload)));
        }
        let left = if found.is_empty() {
            &mut self.nowhere
        } else {
            &mut self.lacked
        };
        if !asked.is_empty() {
            left.entry((space, log.clone())).or_default().extend(asked);
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
