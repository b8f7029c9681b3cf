//! What a refused request proves: that its log said another thing before, to this witness or to whoever gave it the copy
//! that is held here.

use lianzhan_protocol::id::Hash;
use lianzhan_protocol::keys::Signature;
use lianzhan_protocol::log::{
    Equivocation, Evidence, Receipt, SignedRoot, TreeSize, contradiction, contradiction_held,
};

use super::super::{Node, ServiceError};
use super::CosignRequest;
use crate::store::{StoreError, Writer};

/// What is known to have been witnessed last of a log.
pub(super) struct Known {
    pub(super) size: TreeSize,
    pub(super) root: Hash,
    /// The log's signature over it, if it was kept.
    pub(super) signature: Option<Signature>,
}

/// Looks for a contradiction: between what was witnessed and what is shown, by the proof of growth that came with it; and
/// between each of these and the tree that is held here, if that is the larger one.
pub(super) fn look(
    writer: &Writer<'_>,
    known: &Known,
    request: &CosignRequest,
) -> Result<Option<Evidence>, StoreError> {
    let Some(shown) = request.checkpoint.signed_root() else {
        return Ok(None);
    };
    let origin = &request.checkpoint.checkpoint().origin;
    let proves = |evidence: &Evidence| evidence.verify(&request.peer, origin).is_ok();
    let witnessed = witnessed(writer, known, request)?;
    if let Some(witnessed) = &witnessed
        && let Some(evidence) = contradiction(witnessed, &shown, request.old, &request.proof).filter(proves)
    {
        return Ok(Some(evidence));
    }
    let Some(held) = writer.signed_tree(origin)? else {
        return Ok(None);
    };
    for signed in witnessed.iter().chain([&shown]) {
        let found = contradiction_held(signed, &held, |idx| writer.log_node(origin, idx))
            .map_err(|error| StoreError::Corrupt(format!("log {origin}: {error}")))?;
        if let Some(evidence) = found.filter(proves) {
            return Ok(Some(evidence));
        }
    }
    Ok(None)
}

/// What was witnessed, as the log signed it. Where the signature was not kept, a receipt over it may hold it.
fn witnessed(
    writer: &Writer<'_>,
    known: &Known,
    request: &CosignRequest,
) -> Result<Option<SignedRoot>, StoreError> {
    let origin = &request.checkpoint.checkpoint().origin;
    let signature = match known.signature {
        Some(signature) => Some(signature),
        None => {
            let is_it = |receipt: &Receipt| (receipt.size, receipt.root) == (known.size, known.root);
            let mut held = writer.newest_receipts(origin)?.into_iter();
            held.find(is_it).map(|receipt| receipt.log_signature)
        }
    };
    Ok(signature.map(|signature| SignedRoot {
        size: known.size,
        root: known.root,
        signature,
    }))
}

impl Node {
    /// As [`Node::tell_contradictions`]; what cannot be stated now is tried again later, and holds up no answer.
    pub(super) fn try_tell_contradictions(&self) {
        if let Err(error) = self.tell_contradictions() {
            tracing::error!(%error, "what a log showed its witness could not be stated");
        }
    }

    /// States as proofs of equivocation what logs showed this witness, as far as their first entries are held. Of others it
    /// is kept, and an alarm was raised.
    pub fn tell_contradictions(&self) -> Result<(), ServiceError> {
        let found = self.store.read(|reader| {
            let mut found = Vec::new();
            for (origin, evidence) in reader.contradictions()? {
                let Some(log) = reader.log(&origin)? else {
                    continue;
                };
                let proof = Equivocation {
                    node: log.start.node,
                    space: Some(log.space()),
                    epoch: log.start.epoch,
                    evidence,
                };
                match proof.verify() {
                    Ok(_) => found.push((log.start, proof)),
                    Err(error) => {
                        tracing::error!(%origin, %error, "what this log showed its witness proves nothing");
                    }
                }
            }
            Ok(found)
        })?;
        for (start, proof) in found {
            self.tell_fork(&start, proof)?;
        }
        Ok(())
    }
}
