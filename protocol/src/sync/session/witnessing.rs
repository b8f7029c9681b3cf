//! Being witnessed: asks the peer to cosign our own logs, one request for each log at a time.

use std::collections::{BTreeMap, BTreeSet};

use super::super::bounded::{List, Text};
use super::super::message::Message;
use super::super::misbehaviour::Misbehaviour;
use super::{CloseReason, Effect, SessionConfig, WitnessRequest, send};
use crate::log::{Checkpoint, Origin, Receipt, TreeSize};

/// Most logs being witnessed at once.
pub(super) const REQUESTS_IN_FLIGHT: usize = 16;
/// How often a log is offered again, from where the witness says it stands, before it has to grow to be offered anew.
const RETRIES: u8 = 2;

#[derive(Debug, Default)]
pub(super) struct Witnessing {
    due: BTreeSet<Origin>,
    requests: BTreeMap<Origin, Request>,
    /// Whether our directory names the peer as who witnesses us.
    named: bool,
}

#[derive(Debug)]
struct Request {
    /// What was sent; none while it is being prepared.
    sent: Option<Checkpoint>,
    /// When it was sent.
    since_ms: u64,
    /// It became due again meanwhile.
    again: bool,
    retries: u8,
}

impl Witnessing {
    /// An own log may have something to witness.
    pub(super) fn due(&mut self, origin: Origin) {
        match self.requests.get_mut(&origin) {
            Some(request) => request.again = true,
            None => drop(self.due.insert(origin)),
        }
    }

    /// Whether the peer witnesses us, as far as our directory knows now. One that it names no more keeps what was asked (Y-9b) and
    /// owes nothing until it is named again.
    pub(super) fn learnt(&mut self, named: bool, now_ms: u64) {
        if named && !self.named {
            for request in self.requests.values_mut() {
                request.since_ms = now_ms;
            }
        }
        self.named = named;
    }

    /// Has requests prepared as long as there is room.
    pub(super) fn pump(&mut self, out: &mut Vec<Effect>) {
        while self.requests.len() < REQUESTS_IN_FLIGHT {
            let Some(origin) = self.due.pop_first() else {
                return;
            };
            self.requests.insert(
                origin.clone(),
                Request {
                    sent: None,
                    since_ms: 0,
                    again: false,
                    retries: 0,
                },
            );
            out.push(Effect::PrepareWitness { origin, old: None });
        }
    }

    /// A request was prepared.
    pub(super) fn prepared(
        &mut self,
        origin: Origin,
        request: Option<WitnessRequest>,
        now_ms: u64,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        let Some(open) = self.requests.get_mut(&origin).filter(|open| open.sent.is_none()) else {
            return Ok(());
        };
        let Some(WitnessRequest {
            old,
            checkpoint,
            proof,
            shown,
        }) = request
        else {
            self.end(&origin);
            return Ok(());
        };
        let ours = |error: super::super::OutOfBounds| CloseReason::Ours(error.to_string());
        let message = Message::WitnessMe {
            origin,
            old,
            checkpoint: Text::new(checkpoint.to_string()).map_err(ours)?,
            proof: List::new(proof).map_err(ours)?,
            shown,
        };
        open.sent = Some(checkpoint.checkpoint().clone());
        open.since_ms = now_ms;
        send(out, &message);
        Ok(())
    }

    /// The peer witnessed. `appointed` if the directory names the witness key in the peer's org.
    pub(super) fn receipt(
        &mut self,
        config: &SessionConfig,
        appointed: bool,
        origin: Origin,
        receipt: Receipt,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        let sent = self.sent(&origin)?;
        if receipt.checkpoint(&origin) != *sent || receipt.witness_node != config.peer {
            return Err(CloseReason::of(
                Misbehaviour::BadSignature,
                format!("a receipt for something else than log {origin}"),
            ));
        }
        receipt
            .verify(&origin, &config.node)
            .map_err(|error| CloseReason::receipt("", &origin, &error))?;
        self.end(&origin);
        out.push(if appointed {
            Effect::StoreReceipt { origin, receipt }
        } else {
            // Its appointment may be on its way: the change of the directory makes all own logs due again.
            let reason = "the directory does not name the witness key".into();
            Effect::NotWitnessed {
                origin,
                size: receipt.size,
                reason,
            }
        });
        Ok(())
    }

    /// The peer did not witness, and says from where it could.
    pub(super) fn refused(
        &mut self,
        origin: Origin,
        size: TreeSize,
        reason: &str,
        out: &mut Vec<Effect>,
    ) -> Result<(), CloseReason> {
        let reach = self.sent(&origin)?.size;
        let Some(request) = self.requests.get_mut(&origin) else {
            return Ok(());
        };
        if size <= reach && request.retries < RETRIES {
            request.retries += 1;
            request.sent = None;
            out.push(Effect::PrepareWitness {
                origin,
                old: Some(size),
            });
        } else {
            self.end(&origin);
            out.push(Effect::NotWitnessed {
                origin,
                size,
                reason: reason.to_owned(),
            });
        }
        Ok(())
    }

    /// Since when the peer owes a word on a log.
    pub(super) fn asked_since(&self) -> Option<u64> {
        let owed = self.requests.values().filter(|_| self.named);
        let sent = owed.filter(|request| request.sent.is_some());
        sent.map(|request| request.since_ms).min()
    }

    fn sent(&self, origin: &Origin) -> Result<&Checkpoint, CloseReason> {
        let sent = self
            .requests
            .get(origin)
            .and_then(|request| request.sent.as_ref());
        sent.ok_or(CloseReason::unasked(
            "a word on a log that was not to be witnessed",
        ))
    }

    fn end(&mut self, origin: &Origin) {
        if self.requests.remove(origin).is_some_and(|request| request.again) {
            self.due.insert(origin.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Hash;
    use crate::keys::SecretKey;

    #[test]
    fn who_is_named_as_the_witness_no_more_owes_no_word() {
        let origin = Origin::parse("lianzhan/log/2bc3db9bce73c4c3ae7d232c1c23946d").unwrap();
        let stated = Checkpoint {
            origin: origin.clone(),
            size: TreeSize(3),
            root: Hash([1; 32]),
        };
        let request = WitnessRequest {
            old: TreeSize(0),
            checkpoint: stated.sign(&SecretKey::from_seed([7; 32])),
            proof: vec![],
            shown: None,
        };
        let mut witnessing = Witnessing::default();
        let mut out = Vec::new();
        witnessing.learnt(true, 0);
        witnessing.due(origin.clone());
        witnessing.pump(&mut out);
        witnessing
            .prepared(origin.clone(), Some(request), 5, &mut out)
            .unwrap();
        assert_eq!(witnessing.asked_since(), Some(5));
        witnessing.learnt(true, 6);
        assert_eq!(witnessing.asked_since(), Some(5), "no news for it");
        witnessing.learnt(false, 7);
        assert_eq!(witnessing.asked_since(), None);
        witnessing.learnt(true, 8);
        assert_eq!(witnessing.asked_since(), Some(8), "it has all the time once more");
        // A word that comes although none is owed was asked for.
        witnessing.learnt(false, 9);
        witnessing.refused(origin, TreeSize(9), "no", &mut out).unwrap();
        assert!(matches!(out.last(), Some(Effect::NotWitnessed { .. })));
    }
}
