//! Cosignatures by files: what the sender asks this node to witness, and receipts that come home.

use lianzhan_protocol::id::Hash;
use lianzhan_protocol::log::{Origin, Receipt, SignedCheckpoint, TreeSize, witness_group};
use lianzhan_protocol::sync::Standing;
use lianzhan_protocol::trust::Purpose;

use super::take::Taking;
use super::{CarryError, RECEIPTS};
use crate::env;
use crate::services::witness::CosignRequest;
use crate::services::{Node, ServiceError};
use crate::store::LogRow;

impl Node {
    /// The same request from `old` on: where that is the very checkpoint, or where this node holds the log itself and its copy
    /// says the same.
    fn prove_from(
        &self,
        request: &CosignRequest,
        old: TreeSize,
    ) -> Result<Option<CosignRequest>, ServiceError> {
        let stated = request.checkpoint.checkpoint().clone();
        if old == stated.size && old != request.old {
            // Nothing is to be proved: the witness compares the roots.
            return Ok(Some(CosignRequest {
                old,
                proof: Vec::new(),
                ..request.clone()
            }));
        }
        Ok(self.store.read(|reader| {
            let Some(log) = reader.log(&stated.origin)?.filter(|log| log.size >= stated.size) else {
                return Ok(None);
            };
            if old == request.old || old > stated.size || reader.root_at(log.id, stated.size)? != stated.root
            {
                return Ok(None);
            }
            Ok(Some(CosignRequest {
                old,
                proof: reader.consistency(log.id, old, stated.size)?,
                ..request.clone()
            }))
        })?)
    }
}

impl Taking<'_> {
    pub(super) fn asked_to_witness(
        &mut self,
        origin: &Origin,
        old: TreeSize,
        checkpoint: &str,
        proof: Vec<Hash>,
        shown: Option<Receipt>,
    ) -> Result<(), ServiceError> {
        self.learn()?;
        let node = self.sender()?.node;
        let lied = |reason: String| CarryError::Lied {
            origin: origin.clone(),
            reason,
        };
        let checkpoint =
            SignedCheckpoint::verify(checkpoint, &node, origin).map_err(|error| lied(error.to_string()))?;
        if let Some(shown) = &shown {
            shown
                .verify(origin, &node)
                .map_err(|error| lied(format!("receipt shown: {error}")))?;
        }
        self.witness(
            origin,
            CosignRequest {
                peer: node,
                old,
                checkpoint,
                proof,
                shown,
            },
        )
    }

    fn witness(&mut self, origin: &Origin, request: CosignRequest) -> Result<(), ServiceError> {
        let sender = self.sender()?.org;
        if !self
            .node
            .directory()
            .required_witnesses(&sender)
            .contains(&self.node.org)
        {
            self.pass(
                origin,
                "本机构不是它的见证机构".into(),
                "this org does not witness it".into(),
            );
            return Ok(());
        }
        let stated = request.checkpoint.checkpoint().clone();
        let waiting = self.receipts.get_or_insert_default();
        let given = |(of, receipt): &(Origin, Receipt)| {
            of == origin && (receipt.size, receipt.root) == (stated.size, stated.root)
        };
        if waiting.iter().any(given) {
            return Ok(());
        }
        let answer = match self.node.cosign(request.clone(), env::now())? {
            // More was witnessed than the sender has receipts of: they were lost on the way, or are on another one.
            Err((last, reason)) => match self.node.prove_from(&request, last)? {
                Some(from_there) => self.node.cosign(from_there, env::now())?,
                None => Err((last, reason)),
            },
            given => given,
        };
        match answer {
            Ok(receipt) => {
                waiting.retain(|(of, _)| of != origin);
                waiting.push((origin.clone(), receipt));
                self.taken.witnessed += 1;
                // Given is given: it must be found again after a crash.
                self.keep_receipts()
            }
            Err((_, reason)) => {
                self.pass(
                    origin,
                    format!("未予见证：{reason}"),
                    format!("not witnessed: {reason}"),
                );
                Ok(())
            }
        }
    }

    fn keep_receipts(&self) -> Result<(), ServiceError> {
        match (&self.receipts, &self.sender) {
            (Some(receipts), Some(sender)) => self.node.note_of_peer(RECEIPTS, &sender.node, receipts),
            _ => Ok(()),
        }
    }

    pub(super) fn receipt(&mut self, origin: &Origin, receipt: Receipt) -> Result<(), ServiceError> {
        self.learn()?;
        let (sender, org) = {
            let sender = self.sender()?;
            (sender.node, sender.org)
        };
        let directory = self.node.directory();
        let of_witness_log = *origin == self.node.witness_origin()?;
        let held = self.node.store.read(|reader| {
            if of_witness_log {
                return Ok(Some((None, reader.witness_receipts(origin)?)));
            }
            let log = reader.log(origin)?.filter(LogRow::is_ours);
            let Some(log) = log else { return Ok(None) };
            let receipts = reader.newest_receipts(log.id)?;
            Ok(Some((Some(log), receipts)))
        })?;
        let Some((log, held)) = held else {
            self.pass(
                origin,
                "回执所指的日志不是本节点写的".into(),
                "a receipt for a log that this node does not write".into(),
            );
            return Ok(());
        };
        // Of a log under an earlier key of this node the receipt is over that key's signature.
        let ours = log
            .as_ref()
            .map_or(self.node.node_key.public(), |log| log.start.node);
        receipt.verify(origin, &ours).map_err(|error| CarryError::Lied {
            origin: origin.clone(),
            reason: format!("receipt: {error}"),
        })?;
        let counts = match &log {
            Some(log) => witness_group(&directory, &log.start, &receipt).is_ok_and(|(_, by)| by == org),
            None => directory
                .appointments_of(&receipt.witness, Purpose::Witness)
                .any(|(id, post)| post.org == org && directory.revoked(&id).is_empty()),
        };
        if receipt.witness_node != sender || !counts {
            self.pass(
                origin,
                "回执不是对方的见证密钥所签".into(),
                "a receipt that is not of the sender's witness".into(),
            );
            return Ok(());
        }
        let mut closed = log.as_ref().is_some_and(|log| !log.own);
        if log.as_ref().is_some_and(|log| log.own) {
            let told = Standing {
                size: receipt.size,
                root: receipt.root,
            };
            closed = self.close_unless_fits(origin, told)?;
        }
        // Of a closed log every one is looked at: one over less may be of another history.
        let newer = |held: &Receipt| held.witness == receipt.witness && held.size >= receipt.size;
        if closed || !held.iter().any(newer) {
            let stored = self.node.store_receipt(origin, receipt)?;
            self.taken.receipts += u64::from(stored);
        }
        Ok(())
    }

    /// What was witnessed of an own log was signed with this node's key: what is not here another copy of this node wrote, or
    /// this is the older one, and nothing more is written to that log (design 5). Returns whether it is so.
    fn close_unless_fits(&self, origin: &Origin, told: Standing) -> Result<bool, ServiceError> {
        let name = origin.clone();
        let Standing { size, root } = told;
        Ok(self.node.store.write_blocking(move |writer| {
            if writer.root_at(&name, size)? == Some(root) {
                return Ok(false);
            }
            let reason = format!(
                "a witness has given a receipt over {size} entries of this log that this node signed, and they are not the first of those \
                 that are here: this database is an old copy, or another machine writes with this node's key"
            );
            writer.close_log(&name, &reason, told)?;
            Ok(true)
        })?)
    }
}
