//! Answering: what the peer asks for is given from shared spaces alone. What is looked up on its behalf is bounded, and
//! who asks for more than the rules allow is dropped.

use std::collections::{BTreeMap, BTreeSet};

use super::super::bounded::{Blob, List, Text};
use super::super::message::{
    BRANCHES_MAX, FRAME_MAX, KEYS_MAX, LogStanding, Message, PlacedPayload, RecordKey,
};
use super::super::range::{RANGE_BYTES, RangeData};
use super::budget::Budget;
use super::pull::{SPACE_LOGS_MAX, WANTS_IN_FLIGHT};
use super::shared::Shared;
use super::witnessing::REQUESTS_IN_FLIGHT;
use super::{CloseReason, Effect, FoundKey, send};
use crate::id::{Hash, RecordId, SpaceId};
use crate::keys::PublicKey;
use crate::log::{EntryIndex, Origin, Receipt, SignedCheckpoint, TreeSize};

#[derive(Debug, Default)]
pub(super) struct Serve {
    /// Ranges being read, with their space.
    reads: BTreeMap<Origin, (SpaceId, TreeSize)>,
    /// How much of a log goes into one range.
    budget: Budget,
    /// Entries sent.
    given: u64,
    /// Entries of logs that the peer is being given, after those.
    left: BTreeMap<Origin, u64>,
    cosigning: BTreeSet<Origin>,
    /// The records whose keys are being looked up.
    finding: Option<BTreeSet<RecordId>>,
    /// The log and the entries whose payloads are being looked up.
    filling: Option<(SpaceId, Origin, BTreeSet<EntryIndex>)>,
    /// Requests to witness that wait until our directory names us.
    deferred: Vec<Deferred>,
}

/// A request to witness a log.
#[derive(Debug)]
struct Deferred {
    origin: Origin,
    old: TreeSize,
    checkpoint: String,
    proof: Vec<Hash>,
    shown: Option<Receipt>,
}

impl Serve {
    /// Which logs are held in a space. Of a space that is not shared, what is said of an empty one. Returns in how many
    /// frames.
    pub(super) fn logs(&self, shared: &Shared, space: SpaceId, out: &mut Vec<Effect>) -> u64 {
        let logs = shared.held().logs(&space).take(SPACE_LOGS_MAX);
        let mut logs = logs
            .map(|(origin, standing)| LogStanding {
                origin: origin.clone(),
                standing,
            })
            .peekable();
        for frames in 1.. {
            let chunk = List::take_from(&mut logs);
            let more = logs.peek().is_some();
            send(
                out,
                &Message::Logs {
                    space,
                    logs: chunk,
                    more,
                },
            );
            if !more {
                return frames;
            }
        }
        u64::MAX
    }

    /// Entries of a log; of what stands, `branch` 0, or of another branch. Returns whether any are read.
    #[allow(clippy::too_many_arguments)] // the fields of one message
    pub(super) fn want(
        &mut self,
        shared: &Shared,
        space: SpaceId,
        origin: Origin,
        branch: u32,
        from: TreeSize,
        now_ms: u64,
        out: &mut Vec<Effect>,
    ) -> Result<bool, CloseReason> {
        if self.reads.len() >= WANTS_IN_FLIGHT || self.reads.contains_key(&origin) {
            return Err(CloseReason::too_much("too many ranges wanted at once"));
        }
        // What is held of shared spaces alone is looked at, so that nothing else can be found.
        let held = shared.held().standing(&space, &origin);
        if branch > BRANCHES_MAX || held.is_none_or(|held| branch == 0 && held.size <= from) {
            send(out, &Message::Nothing(origin));
            return Ok(false);
        }
        self.reads.insert(origin.clone(), (space, from));
        let max_bytes = self.budget.asked(&origin, now_ms) / self.reads.len();
        out.push(Effect::Read {
            origin,
            branch,
            from,
            max_bytes,
        });
        Ok(true)
    }

    /// Entries were read.
    pub(super) fn read(
        &mut self,
        shared: &Shared,
        origin: Origin,
        from: TreeSize,
        range: Option<RangeData>,
        now_ms: u64,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        let Some((space, _)) = self.reads.remove(&origin).filter(|(_, asked)| *asked == from) else {
            return Err(CloseReason::Ours("the store read what was not asked for".into()));
        };
        let fits = |range: &RangeData| {
            range.origin == origin
                && range.from == from
                && !range.entries.is_empty()
                && shared.contains(&space)
        };
        let range = range.filter(fits);
        let entries = range.as_ref().map_or(0, |range| range.entries.len() as u64);
        let answer = range
            .map_or(Message::Nothing(origin.clone()), Message::Range)
            .to_frame();
        if answer.len() > FRAME_MAX {
            return Err(CloseReason::Ours(format!("a range of log {origin} is too long")));
        }
        out.push(Effect::Send(answer));
        if entries > 0 {
            let held = shared
                .held()
                .standing(&space, &origin)
                .map_or(0, |held| held.size.0);
            self.given = self.given.saturating_add(entries);
            self.left.remove(&origin);
            match held.saturating_sub(from.0.saturating_add(entries)) {
                0 => {}
                left => drop(self.left.insert(origin.clone(), left)),
            }
            out.push(Effect::Given {
                given: self.given,
                left: self.left.values().sum(),
            });
        }
        self.budget.sent(origin, now_ms);
        Ok(())
    }

    /// The peer asks for a cosignature; `witness` if our org is to give it, as far as our directory knows.
    #[allow(clippy::too_many_arguments)] // the fields of one message
    pub(super) fn witness(
        &mut self,
        witness: bool,
        peer: &PublicKey,
        origin: Origin,
        old: TreeSize,
        checkpoint: &str,
        proof: Vec<Hash>,
        shown: Option<Receipt>,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        if !witness {
            // Who asks holds a directory that says so; ours may be on its way.
            if self.deferred.len() >= REQUESTS_IN_FLIGHT {
                return Err(CloseReason::too_much("too many logs to witness at once"));
            }
            self.deferred.push(Deferred {
                origin,
                old,
                checkpoint: checkpoint.to_owned(),
                proof,
                shown,
            });
            return Ok(());
        }
        if self.cosigning.len() >= REQUESTS_IN_FLIGHT || !self.cosigning.insert(origin.clone()) {
            return Err(CloseReason::too_much("too many logs to witness at once"));
        }
        let checkpoint = SignedCheckpoint::verify(checkpoint, peer, &origin)
            .map_err(|error| CloseReason::of((&error).into(), format!("checkpoint to witness: {error}")))?;
        if let Some(shown) = &shown {
            shown
                .verify(&origin, peer)
                .map_err(|error| CloseReason::receipt("shown ", &origin, &error))?;
        }
        out.push(Effect::Cosign {
            origin,
            old,
            checkpoint,
            proof,
            shown,
        });
        Ok(())
    }

    /// Our org is to witness the peer's logs from now on: what was asked before is answered.
    pub(super) fn witness_deferred(
        &mut self,
        peer: &PublicKey,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        for asked in std::mem::take(&mut self.deferred) {
            let Deferred {
                origin,
                old,
                checkpoint,
                proof,
                shown,
            } = asked;
            self.witness(true, peer, origin, old, &checkpoint, proof, shown, out)?;
        }
        Ok(())
    }

    /// Cosigned, or not.
    pub(super) fn cosigned(
        &mut self,
        origin: Origin,
        result: Result<Receipt, (TreeSize, String)>,
        out: &mut Vec<Effect>,
    ) {
        if !self.cosigning.remove(&origin) {
            return;
        }
        let answer = match result {
            Ok(receipt) => Message::Receipt { origin, receipt },
            Err((size, reason)) => Message::WitnessRefused {
                origin,
                size,
                reason: Text::cut(&reason),
            },
        };
        send(out, &answer);
    }

    /// The peer asks for annex keys.
    pub(super) fn ask_keys(
        &mut self,
        records: Vec<RecordId>,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        if self.finding.is_some() {
            return Err(CloseReason::too_much("too many keys asked for at once"));
        }
        self.finding = Some(records.iter().copied().collect());
        out.push(Effect::FindKeys { records });
        Ok(())
    }

    /// Keys were found; those of shared spaces that were asked for are sent, one for each record.
    pub(super) fn keys_found(&mut self, shared: &Shared, keys: Vec<FoundKey>, out: &mut Vec<Effect>) {
        let Some(mut asked) = self.finding.take() else {
            return;
        };
        let mut keys = keys
            .into_iter()
            .filter(|found| shared.contains(&found.space) && asked.remove(&found.record))
            .map(|found| RecordKey {
                record: found.record,
                key: found.key.0,
            })
            .take(KEYS_MAX);
        send(out, &Message::Keys(List::take_from(&mut keys)));
    }

    /// The peer asks for payloads of entries that it holds.
    pub(super) fn ask_payloads(
        &mut self,
        shared: &Shared,
        space: SpaceId,
        origin: Origin,
        indexes: Vec<EntryIndex>,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        if self.filling.is_some() {
            return Err(CloseReason::too_much("too many payloads asked for at once"));
        }
        if shared.held().standing(&space, &origin).is_none() {
            let payloads = List::take_from(&mut std::iter::empty());
            send(out, &Message::Payloads { origin, payloads });
            return Ok(());
        }
        self.filling = Some((space, origin.clone(), indexes.iter().copied().collect()));
        out.push(Effect::FindPayloads {
            origin,
            indexes,
            max_bytes: RANGE_BYTES / 3,
        });
        Ok(())
    }

    /// Payloads were found; those that were asked for are sent, if the space is still shared.
    pub(super) fn payloads_found(
        &mut self,
        shared: &Shared,
        origin: Origin,
        payloads: Vec<(EntryIndex, Vec<u8>)>,
        out: &mut Vec<Effect>,
    ) {
        let asked = self.filling.take_if(|(_, asked, _)| *asked == origin);
        let Some((space, _, mut asked)) = asked else {
            return;
        };
        let mut payloads = payloads
            .into_iter()
            .filter(|(index, _)| shared.contains(&space) && asked.remove(index))
            .filter_map(|(index, payload)| {
                let payload = Blob::new(payload).ok()?;
                Some(PlacedPayload { index, payload })
            });
        let payloads = List::take_from(&mut payloads);
        send(out, &Message::Payloads { origin, payloads });
    }
}
