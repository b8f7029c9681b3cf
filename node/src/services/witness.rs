//! Witnessing: a parent cosigns checkpoints of its children's nodes on a consistency proof alone, and the children append
//! the receipts to the very logs they cover (design 1, 5).

use lianzhan_protocol::id::Hash;
use lianzhan_protocol::keys::{PublicKey, Signature};
use lianzhan_protocol::log::{
    Checkpoint, EntryIndex, LogStatement, Origin, Receipt, SignedCheckpoint, TreeSize, WitnessEntry, cosign,
    inclusion, judge_checkpoint, witness_log_origin, witness_name,
};
use lianzhan_protocol::sync::WitnessRequest;

use super::{Node, ServiceError};
use crate::env;
use crate::store::{StoreError, Writer};

/// The witness log has one epoch as long as this directory lives.
pub(super) const WITNESS_EPOCH: [u8; 16] = [0; 16];

impl Node {
    /// What to ask a witness for an own log; none if all but receipts is covered.
    pub fn prepare_witness(
        &self,
        origin: &Origin,
        old: Option<TreeSize>,
    ) -> Result<Option<WitnessRequest>, ServiceError> {
        Ok(self.store.read(|reader| {
            let Some(log) = reader.log(origin)?.filter(|log| log.own && log.halted.is_none()) else {
                return Ok(None);
            };
            if self.store.published(origin) < log.size {
                return Ok(None);
            }
            let covered = reader.receipted(log.id)?;
            if reader.unreceipted(log.id, covered)? == 0 {
                return Ok(None);
            }
            let old = old.unwrap_or(covered);
            if old > log.size {
                return Ok(None);
            }
            let checkpoint = SignedCheckpoint::verify(&log.checkpoint, &log.start.node, &log.origin)
                .map_err(|error| StoreError::Corrupt(format!("checkpoint of {origin}: {error}")))?;
            let proof = reader.consistency(log.id, old, log.size)?;
            Ok(Some(WitnessRequest {
                old,
                checkpoint,
                proof,
            }))
        })?)
    }

    /// Judges and cosigns a checkpoint of a child's log, and appends the fact to this node's witness log: one atomic,
    /// durable step. Refusals carry the size last cosigned.
    pub fn cosign(
        &self,
        peer: &PublicKey,
        old: TreeSize,
        checkpoint: SignedCheckpoint,
        proof: Vec<Hash>,
    ) -> Result<Result<Receipt, (TreeSize, String)>, ServiceError> {
        let (witness_key, node_key, peer) = (self.witness_key.clone(), self.node_key.clone(), *peer);
        let result = self.store.write_blocking(move |writer| {
            let stated = checkpoint.checkpoint().clone();
            let last = writer.last_witnessed(&stated.origin)?;
            let last_size = last.map_or(TreeSize::EMPTY, |last| last.size);
            if last.is_some_and(|last| last.node != *peer.ed25519_bytes()) {
                return Ok(Err((
                    last_size,
                    "this log was witnessed for another node".to_owned(),
                )));
            }
            let known = last.map(|last| (last.size, last.root));
            if let Err(refusal) = judge_checkpoint(known, old, &stated, &proof) {
                if matches!(refusal, lianzhan_protocol::log::WitnessRefusal::Fork { .. }) {
                    writer.raise_alarm("fork", stated.origin.as_str(), &refusal.to_string())?;
                }
                return Ok(Err((last_size, refusal.to_string())));
            }
            // Never a time below the last one of this origin, whatever the clock does.
            let time_s = env::now().seconds().max(last.map_or(0, |last| last.time_s));
            let (index, frontier) = writer.append_witnessed(&WitnessEntry::new(&stated, time_s), &peer)?;
            let receipt = make_receipt(
                writer,
                &checkpoint,
                time_s,
                index,
                &frontier,
                &witness_key,
                &node_key,
            )?;
            Ok(Ok(receipt))
        })?;
        Ok(result)
    }

    /// Appends a receipt to the own log that it covers.
    pub fn store_receipt(&self, origin: &Origin, receipt: Receipt) -> Result<(), ServiceError> {
        let log = self
            .store
            .read(|reader| reader.log(origin))?
            .ok_or_else(|| StoreError::UnknownLog(origin.clone()))?;
        let own = self.node_entry(origin, &log.start.space, &LogStatement::Receipt(receipt))?;
        let origin = origin.clone();
        self.store
            .write_blocking(move |writer| writer.append_own(&origin, vec![own]))?;
        Ok(())
    }
}

fn make_receipt(
    writer: &Writer<'_>,
    checkpoint: &SignedCheckpoint,
    time_s: u64,
    index: u64,
    frontier: &lianzhan_protocol::log::Frontier,
    witness_key: &lianzhan_protocol::keys::SecretKey,
    node_key: &lianzhan_protocol::keys::SecretKey,
) -> Result<Receipt, StoreError> {
    let stated = checkpoint.checkpoint();
    let corrupt =
        |what: &dyn std::fmt::Display| StoreError::Corrupt(format!("witnessing {}: {what}", stated.origin));
    let line = cosign(witness_key, &witness_name(&witness_key.public()), stated, time_s)
        .map_err(|error| corrupt(&error))?;
    let cosignature = lianzhan_protocol::log::SignatureLine::parse(line.trim_end_matches('\n'))
        .ok()
        .and_then(|line| {
            line.signature()
                .get(8..)
                .and_then(|s| <[u8; 64]>::try_from(s).ok())
        })
        .map(Signature)
        .ok_or_else(|| corrupt(&"cosignature line"))?;
    let log_signature = checkpoint
        .note()
        .signatures()
        .iter()
        .find(|line| line.name() == stated.origin.as_str())
        .and_then(|line| <[u8; 64]>::try_from(line.signature()).ok())
        .map(Signature)
        .ok_or_else(|| corrupt(&"log signature"))?;
    let witness_log = Checkpoint {
        origin: witness_log_origin(&node_key.public(), &WITNESS_EPOCH),
        size: frontier.size(),
        root: frontier.root(),
    };
    let proof = inclusion(EntryIndex(index), frontier.size(), |idx| writer.witness_node(idx))
        .map_err(|error| corrupt(&error))?;
    Ok(Receipt {
        size: stated.size,
        root: stated.root,
        log_signature,
        witness: witness_key.public(),
        time_s,
        cosignature,
        witness_origin: witness_log.origin.clone(),
        witness_index: EntryIndex(index),
        witness_size: witness_log.size,
        witness_root: witness_log.root,
        witness_node: node_key.public(),
        witness_signature: Signature(node_key.sign_raw(witness_log.body().as_bytes())),
        proof,
    })
}
