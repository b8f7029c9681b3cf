//! Automerge documents, one for each record: the second opinion on every field, and the file that other tools open.
//! The only room that names automerge (design 4).
//!
//! The counting changes of a record, in causal order, become Automerge changes that are fixed to the last byte, so
//! every node derives the same document with the same heads:
//!
//! - actor, and the counter of each operation, are the protocol's own. Counters run over all verified changes whatever
//!   their verdict, so `start_op` may lie beyond the last operation of the deps.
//! - `seq` counts the author's counting changes in the log, from 1.
//! - deps are the nearest counting ancestors that no other of them has seen, and always the author's previous counting
//!   change, as Automerge writes them itself.
//! - the predecessors of a put are the counting puts of its key that are visible at its deps.
//! - keys of the root map are `f:name`, and for an event `e:` and its id in hex; time is the author's clock in seconds;
//!   there is no message.
//!
//! What was found about Automerge 0.12 (each held by a test):
//!
//! - Gaps before `start_op` are sound. `load` takes a change's length from `max_op` less the greatest `max_op` of its
//!   deps, and drops the empty front again when it rebuilds the change; hashes and heads stay as they were. It needs
//!   `start_op` beyond the `max_op` of every dep, or the saved document never loads again. The protocol's counters hold
//!   that, for a counting ancestor is an ancestor. A gap of any width allocates a few KiB at most.
//! - An actor's `seq` must be whole, and each change must have the one before it in its past; `apply_changes` panics
//!   otherwise. So `seq` cannot be the protocol's own numbering, which refused changes are part of.
//! - `Change::from` sorts deps, and predecessors are sorted by type: their order is not ours to fix.
//! - The order of the changes given to `apply_changes` shows in the saved bytes, though not in the heads. That of
//!   [`Graph::changes`] is by first operation id, and so depends on the changes alone.
//! - Counters, `seq` and `max_op` are 32 bits inside; past 2^31 a document is not built.
//! - Automerge keeps a put of null visible, so a key is there for ever; the fold leaves out a field that is null in
//!   every candidate.

mod compare;
mod derive;
mod guard;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use automerge::{Automerge, ROOT, ReadDoc, ScalarValue};
use lianzhan_protocol::record::{Graph, Held, Value, Verdict};

pub use compare::differences;

/// Why there is no document. The record's state does not need one: it goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Automerge panicked. The document is set aside and can be built again from the log.
    #[error("automerge panicked: {what}")]
    Quarantined {
        /// What it said, and where.
        what: String,
    },
    /// Automerge refused changes or bytes.
    #[error("automerge refuses: {what}")]
    Refused {
        /// What it said.
        what: String,
    },
    /// Automerge took the changes and has other heads than it was given.
    #[error("the document has other heads than the changes that were put into it")]
    OtherHeads,
    /// More operations than Automerge can number.
    #[error("operation {counter} is past what automerge can number")]
    TooLong {
        /// Counter of the operation.
        counter: u64,
    },
    /// A document holds what is never written here.
    #[error("{key:?} holds {what}, which no change can put")]
    Foreign {
        /// Key.
        key: String,
        /// What is there.
        what: &'static str,
    },
}

impl From<automerge::AutomergeError> for DocumentError {
    fn from(error: automerge::AutomergeError) -> Self {
        DocumentError::Refused {
            what: error.to_string(),
        }
    }
}

/// A record as an Automerge document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The document, not deflated: quicker to write and smaller once loaded.
    pub bytes: Vec<u8>,
    /// Its heads, sorted.
    pub heads: Vec<[u8; 32]>,
}

/// Builds the document of one record. `verdict` judges one change, as for
/// [`fold`](lianzhan_protocol::record::fold()); it is asked once for each.
pub fn build(held: &[Held], verdict: impl FnMut(&Held) -> Verdict) -> Result<Document, DocumentError> {
    with_document(held, verdict, |document| Document {
        bytes: document.save_nocompress(),
        heads: document.get_heads().into_iter().map(|head| head.0).collect(),
    })
}

/// The record as a `.automerge` file.
pub fn export(held: &[Held], verdict: impl FnMut(&Held) -> Verdict) -> Result<Vec<u8>, DocumentError> {
    with_document(held, verdict, Automerge::save)
}

/// What a saved document says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// All visible values of each key, the one in force first, as Automerge says: more than one is a conflict.
    pub values: BTreeMap<String, Vec<Value>>,
    /// Its heads, sorted.
    pub heads: Vec<[u8; 32]>,
}

/// The values of a saved document.
pub fn read(bytes: &[u8]) -> Result<BTreeMap<String, Vec<Value>>, DocumentError> {
    open(bytes).map(|opened| opened.values)
}

/// Opens a saved document. One that opens has been rebuilt change by change and has the heads that it states.
pub fn open(bytes: &[u8]) -> Result<Opened, DocumentError> {
    guard::quarantine(|| {
        let document = Automerge::load(bytes)?;
        let mut values = BTreeMap::new();
        for item in document.map_range(ROOT, ..) {
            let key = item.key.to_string();
            let all = if item.conflict {
                let mut all = document.get_all(ROOT, &*key)?;
                all.reverse();
                // In force is what a range says, which is another path through Automerge than that of conflicts.
                let winner = item.id();
                if let Some(at) = all.iter().position(|(_, id)| *id == winner) {
                    all[..=at].rotate_right(1);
                }
                all.into_iter()
                    .map(|(value, _)| scalar(&key, value))
                    .collect::<Result<_, _>>()?
            } else {
                vec![scalar(&key, item.value.into_value())?]
            };
            values.insert(key, all);
        }
        let heads = document.get_heads().into_iter().map(|head| head.0).collect();
        Ok(Opened { values, heads })
    })
}

fn with_document<T>(
    held: &[Held],
    mut verdict: impl FnMut(&Held) -> Verdict,
    take: impl FnOnce(&Automerge) -> T,
) -> Result<T, DocumentError> {
    let graph = Graph::build(held);
    let counts: Vec<bool> = graph
        .changes()
        .iter()
        .map(|change| matches!(verdict(change), Verdict::Counts { .. }))
        .collect();
    guard::quarantine(|| {
        let derived = derive::derive(&graph, &counts)?;
        let mut document = Automerge::new();
        document.apply_changes(derived.changes)?;
        // A change that Automerge did not take waits inside it without a word.
        if document.get_heads() != derived.heads {
            return Err(DocumentError::OtherHeads);
        }
        Ok(take(&document))
    })
}

fn scalar(key: &str, value: automerge::Value<'_>) -> Result<Value, DocumentError> {
    let foreign = |what| DocumentError::Foreign {
        key: key.to_owned(),
        what,
    };
    let automerge::Value::Scalar(scalar) = value else {
        return Err(foreign("an object"));
    };
    match scalar.into_owned() {
        ScalarValue::Null => Ok(Value::Null),
        ScalarValue::Boolean(value) => Ok(Value::Bool(value)),
        ScalarValue::Int(value) => Ok(Value::Int(value)),
        ScalarValue::Str(value) => Ok(Value::Text(value.into())),
        ScalarValue::Bytes(value) => Ok(Value::Bytes(value)),
        _ => Err(foreign("a scalar of another type")),
    }
}
