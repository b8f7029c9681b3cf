//! A witness at work: judges requests in their order and answers all of them with one signature of its log.

use std::collections::HashMap;
use std::sync::Arc;

use lianzhan_protocol::id::{Hash, OrgId};
use lianzhan_protocol::keys::{SecretKey, Signature};
use lianzhan_protocol::log::{
    Checkpoint, EntryIndex, Origin, Receipt, SignatureLine, SignedCheckpoint, TreeSize, WitnessEntry,
    WitnessRefusal, cosign, inclusion, judge_checkpoint, revealing_size, witness_name,
};
use lianzhan_protocol::trust::Directory;

use super::contradiction::{Known, look};
use super::{CosignRequest, Cosigned, is_witness_of, newest_of};
use crate::store::{StoreError, Writer};

/// What a witness works with.
pub(super) struct Bench {
    pub(super) log: Origin,
    pub(super) witness: SecretKey,
    pub(super) node: SecretKey,
    pub(super) org: OrgId,
    pub(super) directory: Arc<Directory>,
}

/// What was cosigned, and where it stands.
struct Kept {
    checkpoint: SignedCheckpoint,
    time_s: u64,
    index: u64,
}

impl Bench {
    /// The answers, and whether one of the logs contradicted what was witnessed of it.
    pub(super) fn cosign(
        &self,
        writer: &mut Writer<'_>,
        requests: Vec<CosignRequest>,
        now_s: u64,
    ) -> Result<(Vec<Cosigned>, bool), StoreError> {
        let mut kept = Vec::with_capacity(requests.len());
        let mut contradicted = false;
        for request in requests {
            kept.push(self.keep(writer, request, now_s, &mut contradicted)?);
        }
        // One signature of the witness log stands for all.
        let log = Checkpoint {
            origin: writer.witness_origin(),
            size: writer.witness_tree().size(),
            root: writer.witness_tree().root(),
        };
        let signature = Signature(self.node.sign_raw(log.body().as_bytes()));
        let mut nodes = HashMap::new();
        let mut answers = Vec::with_capacity(kept.len());
        for kept in kept {
            answers.push(match kept {
                Ok(kept) => Ok(self.receipt(writer, &kept, &log, &signature, &mut nodes)?),
                Err(refusal) => Err(refusal),
            });
        }
        Ok((answers, contradicted))
    }

    /// Judges one request and appends it to the witness log.
    fn keep(
        &self,
        writer: &mut Writer<'_>,
        request: CosignRequest,
        now_s: u64,
        contradicted: &mut bool,
    ) -> Result<Result<Kept, (TreeSize, String)>, StoreError> {
        let stated = request.checkpoint.checkpoint().clone();
        let last = writer.last_witnessed(&stated.origin)?;
        let last_size = last.map_or(TreeSize::EMPTY, |last| last.size);
        let refuse = |words: &str| Ok(Err((last_size, words.to_owned())));
        if writer.witness_retired().is_some() {
            return refuse("this witness was put back from an old copy and needs a new key");
        }
        if writer.witness_origin() != self.log {
            return refuse("this witness has just got a new key: ask again");
        }
        if last.is_some_and(|last| last.node != *request.peer.ed25519_bytes()) {
            return refuse("this log was witnessed for another node");
        }
        let shown = request
            .shown
            .clone()
            .filter(|receipt| is_witness_of(&self.directory, &receipt.witness, &self.org));
        if let Some(shown) = &shown
            && shown.witness == self.witness.public()
            && shown.witness_origin == writer.witness_origin()
            && shown.witness_size > writer.witness_tree().size()
        {
            writer
                .retire_witness("a child shows a receipt of this witness that is not in its witness log")?;
            return refuse("this witness was put back from an old copy and needs a new key");
        }
        let mut known = last.map(|last| Known {
            size: last.size,
            root: last.root,
            signature: last.signature,
        });
        if last.is_none_or(|last| last.past) {
            let held = writer.newest_receipts(&stated.origin)?;
            let proved = newest_of(
                &self.directory,
                held.into_iter().chain(shown).collect(),
                &self.org,
            );
            match proved {
                Some(proved) if last_size <= proved.size => {
                    known = Some(Known {
                        size: proved.size,
                        root: proved.root,
                        signature: Some(proved.log_signature),
                    });
                }
                _ if last.is_some() => {
                    return refuse("this witness has a new key: show the newest receipt of its org");
                }
                _ => {}
            }
        }
        let before = known.as_ref().map(|known| (known.size, known.root));
        if let Err(refusal) = judge_checkpoint(before, request.old, &stated, &request.proof) {
            let size = before.map_or(TreeSize::EMPTY, |(size, _)| size);
            let Some(known) = known else {
                return Ok(Err((size, refusal.to_string())));
            };
            let seen = look(writer, &known, &request)?;
            if let Some(evidence) = &seen {
                writer.keep_contradiction(&stated.origin, &request.peer, evidence)?;
                *contradicted = true;
            }
            // Shown from there, the log says whether it was rewritten.
            let revealing = match (&seen, &refusal) {
                (None, WitnessRefusal::BadProof(_)) => revealing_size(size),
                _ => None,
            };
            return Ok(Err((revealing.unwrap_or(size), refusal.to_string())));
        }
        if writer.witness_tree().size() == TreeSize::EMPTY {
            writer.append_freshness(now_s)?;
        }
        // Never a time below the last one of this origin, whatever the clock does.
        let time_s = now_s.max(last.map_or(0, |last| last.time_s));
        let index = writer.append_witnessed(
            &WitnessEntry::new(&stated, time_s),
            &request.peer,
            request.checkpoint.signature().as_ref(),
        )?;
        Ok(Ok(Kept {
            checkpoint: request.checkpoint,
            time_s,
            index,
        }))
    }

    fn receipt(
        &self,
        writer: &Writer<'_>,
        kept: &Kept,
        log: &Checkpoint,
        signature: &Signature,
        nodes: &mut HashMap<u64, Option<Hash>>,
    ) -> Result<Receipt, StoreError> {
        let stated = kept.checkpoint.checkpoint();
        let corrupt = |what: &dyn std::fmt::Display| {
            StoreError::Corrupt(format!("witnessing {}: {what}", stated.origin))
        };
        let key = self.witness.public();
        let line = cosign(&self.witness, &witness_name(&key), stated, kept.time_s)
            .map_err(|error| corrupt(&error))?;
        let cosignature = SignatureLine::parse(line.trim_end_matches('\n'))
            .ok()
            .and_then(|line| {
                line.signature()
                    .get(8..)
                    .and_then(|s| <[u8; 64]>::try_from(s).ok())
            })
            .map(Signature)
            .ok_or_else(|| corrupt(&"cosignature line"))?;
        let log_signature = kept
            .checkpoint
            .signature()
            .ok_or_else(|| corrupt(&"log signature"))?;
        let index = EntryIndex(kept.index);
        // Paths of one batch share most of their nodes.
        let mut node = |idx| *nodes.entry(idx).or_insert_with(|| writer.witness_node(idx));
        let proof = inclusion(index, log.size, &mut node).map_err(|error| corrupt(&error))?;
        Ok(Receipt {
            size: stated.size,
            root: stated.root,
            log_signature,
            witness: key,
            time_s: kept.time_s,
            cosignature,
            witness_origin: log.origin.clone(),
            witness_index: index,
            witness_size: log.size,
            witness_root: log.root,
            witness_node: self.node.public(),
            witness_signature: *signature,
            proof,
            witness_epoch: writer.witness_epoch(),
        })
    }
}
