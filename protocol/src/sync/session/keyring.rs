//! Annex keys that are missing here: asks the peer, one question at a time.

use std::collections::BTreeSet;

use super::super::bounded::List;
use super::super::message::{Message, RecordKey};
use super::{CloseReason, Effect, send};
use crate::id::RecordId;
use crate::record::AnnexKey;

/// Most records whose keys are waited for; further ones are left to a later [`super::Input::LackKeys`].
const LACKED_MAX: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct Keyring {
    lacked: BTreeSet<RecordId>,
    /// The question without an answer.
    asked: Option<BTreeSet<RecordId>>,
    since_ms: u64,
}

impl Keyring {
    pub(super) fn lack(&mut self, records: Vec<RecordId>) {
        for record in records {
            if self.lacked.len() < LACKED_MAX {
                self.lacked.insert(record);
            }
        }
    }

    pub(super) fn pump(&mut self, now_ms: u64, out: &mut Vec<Effect>) {
        if self.asked.is_some() || self.lacked.is_empty() {
            return;
        }
        let records: List<RecordId, _> = List::take_from(&mut self.lacked.iter().copied());
        self.lacked = self.lacked.split_off(&records[records.len() - 1]);
        self.lacked.pop_first();
        self.since_ms = now_ms;
        self.asked = Some(records.iter().copied().collect());
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
            if !asked.remove(&record) {
                return Err(CloseReason::unasked("a key that nobody asked for"));
            }
            kept.push((record, AnnexKey(key)));
        }
        if !kept.is_empty() {
            out.push(Effect::StoreKeys(kept));
        }
        Ok(())
    }
}
