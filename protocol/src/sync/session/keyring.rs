//! Annex keys that are missing here: asks the peer, one question at a time, for those of annexes whose space it may hold.
//! What it does not have it is asked for again when it has news of that space.

use std::collections::{BTreeMap, BTreeSet};

use super::super::bounded::List;
use super::super::message::{Message, RecordKey};
use super::super::pace::Allowance;
use super::effect::Lacking;
use super::looking::Looking;
use super::shared::Shared;
use super::{CloseReason, Effect, send};
use crate::id::{RecordId, SpaceId};
use crate::record::AnnexKey;

/// Most keys remembered that the peer does not have.
const NOWHERE_MAX: usize = 16_384;

type Records = BTreeMap<RecordId, SpaceId>;

#[derive(Debug, Default)]
pub(super) struct Keyring {
    looking: Looking<RecordId>,
    lacked: Records,
    /// The question without an answer.
    asked: Option<Records>,
    /// Spaces of which news came meanwhile: what is answered may have been looked up before them.
    came: BTreeSet<SpaceId>,
    since_ms: u64,
    /// What the peer was asked for and does not have.
    nowhere: BTreeMap<SpaceId, BTreeSet<RecordId>>,
}

impl Keyring {
    /// Keys may be lacking that were not, or that the peer did not owe before.
    pub(super) fn due(&mut self) {
        self.looking.due();
    }

    /// The same of keys that mostly came already.
    pub(super) fn perhaps(&mut self) {
        self.looking.perhaps();
    }

    pub(super) fn lack(&mut self, lacking: Lacking<(SpaceId, RecordId), RecordId>) {
        for (space, record) in self.looking.found(lacking) {
            let asked = self
                .asked
                .as_ref()
                .is_some_and(|asked| asked.contains_key(&record));
            let nowhere = self.nowhere.get(&space);
            if !asked && nowhere.is_none_or(|records| !records.contains(&record)) {
                self.lacked.insert(record, space);
            }
        }
    }

    /// The peer has news of a space: perhaps keys that it lacked, too.
    pub(super) fn again(&mut self, space: &SpaceId) {
        if self.asked.iter().flat_map(Records::values).any(|of| of == space) {
            self.came.insert(*space);
        }
        let again = self.nowhere.remove(space).unwrap_or_default();
        self.lacked
            .extend(again.into_iter().map(|record| (record, *space)));
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
        self.lacked.retain(|_, space| shared.contains(space));
        if self.lacked.is_empty() {
            if let Some(after) = self.looking.next(now_ms) {
                let spaces = shared.spaces().copied().collect();
                out.push(Effect::LookForKeys { spaces, after });
            }
            return;
        }
        if !allowance.spend(1) {
            return;
        }
        let records: List<RecordId, _> = List::take_from(&mut self.lacked.keys().copied());
        let behind = self.lacked.split_off(&records[records.len() - 1]);
        let mut asked = std::mem::replace(&mut self.lacked, behind);
        asked.extend(self.lacked.pop_first());
        self.since_ms = now_ms;
        self.asked = Some(asked);
        send(out, &Message::AskKeys(records));
    }

    /// Since when the peer owes keys.
    pub(super) fn asked_since(&self) -> Option<u64> {
        self.asked.as_ref().map(|_| self.since_ms)
    }

    pub(super) fn keys(&mut self, keys: Vec<RecordKey>, out: &mut Vec<Effect>) -> Result<(), CloseReason> {
        let mut asked = self
            .asked
            .take()
            .ok_or(CloseReason::unasked("keys that nobody asked for"))?;
        let mut kept = Vec::with_capacity(keys.len());
        for RecordKey { record, key } in keys {
            if asked.remove(&record).is_none() {
                return Err(CloseReason::unasked("a key that nobody asked for"));
            }
            kept.push((record, AnnexKey(key)));
        }
        let came = std::mem::take(&mut self.came);
        let again = asked.extract_if(.., |_, space| came.contains(space));
        self.lacked.extend(again);
        let remembered = self.nowhere.values().map(BTreeSet::len).sum::<usize>();
        if remembered + asked.len() <= NOWHERE_MAX {
            for (record, space) in asked {
                self.nowhere.entry(space).or_default().insert(record);
            }
        } else {
            self.looking.forgot();
        }
        if !kept.is_empty() {
            out.push(Effect::StoreKeys(kept));
        }
        Ok(())
    }
}
