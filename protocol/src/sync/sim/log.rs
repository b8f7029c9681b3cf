//! A log as a store holds it.

use crate::id::Hash;
use crate::keys::SecretKey;
use crate::log::{
    Checkpoint, Entry, Frontier, LogStart, LogStatement, PayloadKind, SignedCheckpoint, TreeSize, consistency,
};
use crate::sync::{RANGE_ENTRIES_MAX, RangeData, Standing};

pub(in crate::sync) struct StoredLog {
    pub(in crate::sync) start: LogStart,
    pub(in crate::sync) entries: Vec<(Entry, Option<Vec<u8>>)>,
    pub(super) nodes: Vec<Hash>,
    pub(super) frontier: Frontier,
    /// The latest checkpoint whose entries are all held.
    pub(super) checkpoint: Option<SignedCheckpoint>,
    /// One that lies beyond what is held, with the proof from there.
    pub(super) beyond: Option<(SignedCheckpoint, Vec<Hash>)>,
}

impl StoredLog {
    pub(super) fn new(start: LogStart) -> Self {
        let (entries, nodes, frontier) = (Vec::new(), Vec::new(), Frontier::new());
        StoredLog {
            start,
            entries,
            nodes,
            frontier,
            checkpoint: None,
            beyond: None,
        }
    }

    pub(in crate::sync) fn standing(&self) -> Standing {
        Standing {
            size: self.frontier.size(),
            root: self.frontier.root(),
        }
    }

    pub(super) fn sign(&mut self, node: &SecretKey) {
        let Standing { size, root } = self.standing();
        let checkpoint = Checkpoint {
            origin: self.start.origin(),
            size,
            root,
        };
        self.checkpoint = Some(checkpoint.sign(node));
    }

    pub(super) fn statements(&self) -> impl Iterator<Item = LogStatement> {
        self.entries
            .iter()
            .filter(|(entry, _)| entry.header().kind == PayloadKind::Statement)
            .filter_map(|(_, payload)| LogStatement::parse(payload.as_deref()?).ok())
    }

    /// Up to which size a receipt covers the log.
    pub(in crate::sync) fn covered(&self) -> u64 {
        let receipt = |statement| match statement {
            LogStatement::Receipt(receipt) => Some(receipt.size.0),
            _ => None,
        };
        self.statements().filter_map(receipt).max().unwrap_or(0)
    }

    /// Whether something that is no receipt is not covered.
    pub(in crate::sync) fn has_news_for_witness(&self) -> bool {
        self.entries
            .iter()
            .skip(self.covered() as usize)
            .any(|(entry, payload)| {
                let statement = payload
                    .as_deref()
                    .and_then(|payload| LogStatement::parse(payload).ok());
                entry.header().kind != PayloadKind::Statement
                    || !matches!(statement, Some(LogStatement::Receipt(_)))
            })
    }

    pub(super) fn proof(&self, from: u64, to: TreeSize) -> Vec<Hash> {
        consistency(TreeSize(from), to, |n| self.nodes.get(n as usize).copied()).expect("held")
    }

    pub(super) fn read(&self, from: TreeSize, max_bytes: usize) -> Option<RangeData> {
        let whole = self
            .checkpoint
            .as_ref()
            .filter(|signed| signed.checkpoint().size > from);
        let limit = whole
            .map_or(self.frontier.size(), |signed| signed.checkpoint().size)
            .0 as usize;
        let (mut end, mut bytes) = (from.0 as usize, 0);
        while end < limit && end - (from.0 as usize) < RANGE_ENTRIES_MAX {
            let (entry, payload) = &self.entries[end];
            bytes += RangeData::cost(&entry.to_bytes(), payload.as_deref());
            if bytes > max_bytes && end > from.0 as usize {
                break;
            }
            end += 1;
        }
        let (checkpoint, proof) = match (whole, &self.beyond) {
            (Some(signed), _) => (signed, self.proof(end as u64, signed.checkpoint().size)),
            (None, Some((signed, proof))) if end == limit => (signed, proof.clone()),
            _ => return None,
        };
        let entries = self.entries.get(from.0 as usize..end)?;
        let entries = entries
            .iter()
            .map(|(entry, payload)| (entry.to_bytes(), payload.clone()));
        RangeData::new(self.start.origin(), from, entries, checkpoint.to_string(), proof).ok()
    }
}
