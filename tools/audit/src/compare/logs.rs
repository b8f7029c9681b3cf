//! One log in two copies: entries side by side up to the shorter end, and what the signed checkpoints say of a difference.

use std::cmp::Ordering;

use anyhow::bail;
use lianzhan_protocol::codec;
use lianzhan_protocol::id::Hash;
use lianzhan_protocol::log::{
    Frontier, KeyId, KeyKind, Receipt, STATEMENT_MAX, SignedCheckpoint, TreeSize, WitnessEntry, leaf_hash,
};
use rusqlite::Rows;

use super::Pair;
use super::finding::{Comparison, Finding, Side, name};
use super::sorted::merge;
use crate::copy::{Copy, EntryRow, LogRow, blob};

/// One copy's side of a log, hashed as it is read.
struct Strand<'s> {
    rows: Rows<'s>,
    frontier: Frontier,
    /// The root at the size of the signed checkpoint, once it was reached.
    signed: Option<(TreeSize, Hash)>,
    checkpoint: Option<SignedCheckpoint>,
}

impl<'s> Strand<'s> {
    fn new(rows: Rows<'s>, log: &LogRow) -> Self {
        let checkpoint = SignedCheckpoint::verify(&log.checkpoint, &log.start.node, &log.origin).ok();
        Strand {
            rows,
            frontier: Frontier::new(),
            signed: None,
            checkpoint,
        }
    }

    /// The next entry. None at the end, and where the next one is not in its place.
    fn next(&mut self) -> anyhow::Result<Option<(EntryRow, Hash)>> {
        let Some(row) = self.rows.next()? else {
            return Ok(None);
        };
        let row = EntryRow::read(row)?;
        if row.index != self.frontier.size().0 {
            return Ok(None);
        }
        let leaf = leaf_hash(&row.entry);
        self.frontier.push(leaf);
        let size = self.frontier.size();
        if self
            .checkpoint
            .as_ref()
            .is_some_and(|signed| signed.checkpoint().size == size)
        {
            self.signed = Some((size, self.frontier.root()));
        }
        Ok(Some((row, leaf)))
    }

    /// Whether the checkpoint is over what this copy holds, and covers the entry at `index`.
    fn proves(&self, index: u64) -> bool {
        let Some(checkpoint) = self.checkpoint.as_ref().map(SignedCheckpoint::checkpoint) else {
            return false;
        };
        self.signed == Some((checkpoint.size, checkpoint.root)) && checkpoint.size.0 > index
    }

    fn note(&self) -> String {
        self.checkpoint
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default()
    }
}

/// Neighbouring places gathered into ranges.
#[derive(Default)]
struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    fn add(&mut self, index: u64) {
        match self.0.last_mut() {
            Some((_, to)) if *to + 1 == index => *to = index,
            _ => self.0.push((index, index)),
        }
    }
}

const ENTRIES: &str =
    "SELECT idx, entry, payload, kind, change, record, receipt FROM entries WHERE log = ? ORDER BY idx";

impl Pair {
    /// Compares a log that both copies hold.
    pub(super) fn log(&self, a: &LogRow, b: &LogRow, found: &mut Comparison) -> anyhow::Result<()> {
        let mut selects = (
            self.a.database().prepare(ENTRIES)?,
            self.b.database().prepare(ENTRIES)?,
        );
        let mut strands = [
            Strand::new(selects.0.query([a.id])?, a),
            Strand::new(selects.1.query([b.id])?, b),
        ];
        let mut lacking = [Ranges::default(), Ranges::default()];
        let mut apart = None;
        let mut equal = 0;
        loop {
            let [one, other] = &mut strands;
            match (one.next()?, other.next()?) {
                (Some((row_a, leaf_a)), Some((row_b, leaf_b))) if leaf_a == leaf_b => {
                    equal += 1;
                    match (&row_a.payload, &row_b.payload) {
                        (None, Some(_)) => lacking[0].add(row_a.index),
                        (Some(_), None) => lacking[1].add(row_a.index),
                        (one, other) if one != other => found.add(Finding::PayloadDiffers {
                            log: name(&a.origin),
                            index: row_a.index,
                        }),
                        _ => {}
                    }
                }
                (Some((row, leaf_a)), Some((_, leaf_b))) => {
                    apart = Some((row.index, leaf_a, leaf_b));
                    break;
                }
                _ => break,
            }
        }
        // To the end of both, for what the checkpoints say.
        for strand in &mut strands {
            while strand.next()?.is_some() {}
        }
        found.compared(equal);
        for (side, ranges) in [Side::A, Side::B].into_iter().zip(lacking) {
            for (from, to) in ranges.0 {
                let log = name(&a.origin);
                found.add(Finding::LacksPayloads { side, log, from, to });
            }
        }
        match apart {
            Some((index, leaf_a, leaf_b)) => found.add(difference(a, &strands, index, leaf_a, leaf_b)),
            None => lengths(a, &strands, found),
        }
        self.receipts(a, b, found)
    }

    fn receipts(&self, a: &LogRow, b: &LogRow, found: &mut Comparison) -> anyhow::Result<()> {
        const SQL: &str = "SELECT receipt, size FROM receipts WHERE log = ? ORDER BY size, witness, receipt";
        let mut selects = (self.a.database().prepare(SQL)?, self.b.database().prepare(SQL)?);
        let mut rows = [selects.0.query([a.id])?, selects.1.query([b.id])?];
        let mut lacking = [(0, 0); 2];
        let [one, other] = &mut rows;
        merge(
            || next_receipt(one),
            || next_receipt(other),
            |key| key.clone(),
            |side, (size, ..)| {
                let (count, largest) = &mut lacking[side as usize];
                *count += 1;
                *largest = size.max(*largest);
            },
        )?;
        for (side, (count, largest)) in [Side::A, Side::B].into_iter().zip(lacking) {
            if count > 0 {
                let log = name(&a.origin);
                found.add(Finding::LacksReceipts {
                    side,
                    log,
                    count,
                    largest,
                });
            }
        }
        Ok(())
    }

    /// Statements that one lacks.
    pub(super) fn statements(&self, found: &mut Comparison) -> anyhow::Result<()> {
        const SQL: &str = "SELECT id FROM statements ORDER BY id";
        let mut selects = (self.a.database().prepare(SQL)?, self.b.database().prepare(SQL)?);
        let mut rows = [selects.0.query([])?, selects.1.query([])?];
        let [one, other] = &mut rows;
        let next = |rows: &mut Rows<'_>| -> anyhow::Result<Option<[u8; 32]>> {
            Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
        };
        merge(
            || next(one),
            || next(other),
            |id| *id,
            |side, id| {
                let statement = lianzhan_protocol::id::StatementId(id);
                found.add(Finding::LacksStatement { side, statement });
            },
        )
    }

    /// Witness logs, where both copies are of one node.
    pub(super) fn witness_log(&self, found: &mut Comparison) -> anyhow::Result<()> {
        let (Some(node_a), Some(node_b)) = (own_node(&self.a)?, own_node(&self.b)?) else {
            return Ok(());
        };
        if node_a != node_b {
            return Ok(());
        }
        const SQL: &str = "SELECT idx, leaf FROM witness_log ORDER BY idx";
        let mut selects = (self.a.database().prepare(SQL)?, self.b.database().prepare(SQL)?);
        let mut rows = [selects.0.query([])?, selects.1.query([])?];
        let [one, other] = &mut rows;
        let mut ends = [0, 0];
        loop {
            match (next_leaf(one)?, next_leaf(other)?) {
                (None, None) => break,
                (a, b) => {
                    for (end, leaf) in ends.iter_mut().zip([&a, &b]) {
                        *end += u64::from(leaf.is_some());
                    }
                    if let (Some(a), Some(b)) = (a, b)
                        && a != b
                    {
                        found.add(Finding::WitnessLogDiffers { index: ends[0] - 1 });
                        return Ok(());
                    }
                }
            }
        }
        let [a, b] = ends;
        match a.cmp(&b) {
            Ordering::Less => found.add(Finding::LacksWitnessed {
                side: Side::A,
                from: a,
                to: b - 1,
            }),
            Ordering::Greater => found.add(Finding::LacksWitnessed {
                side: Side::B,
                from: b,
                to: a - 1,
            }),
            Ordering::Equal => {}
        }
        Ok(())
    }
}

/// What the signed checkpoints say of two entries in one place.
fn difference(log: &LogRow, strands: &[Strand<'_>; 2], index: u64, leaf_a: Hash, leaf_b: Hash) -> Finding {
    let [a, b] = strands;
    let origin = log.origin.as_str();
    if a.proves(index) && b.proves(index) {
        return Finding::Fork {
            log: name(&log.origin),
            index,
            key: format!("{origin}+{}", KeyId::of(origin, KeyKind::Log, &log.start.node)),
            checkpoint_a: a.note(),
            checkpoint_b: b.note(),
        };
    }
    let signed = [(Side::A, a), (Side::B, b)]
        .into_iter()
        .filter(|(_, strand)| strand.proves(index))
        .map(|(side, _)| side)
        .collect();
    Finding::Differs {
        log: name(&log.origin),
        index,
        leaf_a,
        leaf_b,
        signed,
    }
}

/// One log is the beginning of the other.
fn lengths(log: &LogRow, strands: &[Strand<'_>; 2], found: &mut Comparison) {
    let [a, b] = strands.each_ref().map(|strand| strand.frontier.size().0);
    let (side, from, to) = match a.cmp(&b) {
        Ordering::Less => (Side::A, a, b - 1),
        Ordering::Greater => (Side::B, b, a - 1),
        Ordering::Equal => return,
    };
    let log = name(&log.origin);
    found.add(Finding::LacksEntries { side, log, from, to });
}

/// Size, witness and bytes of a receipt.
type ReceiptKey = (u64, [u8; 32], Vec<u8>);

fn next_receipt(rows: &mut Rows<'_>) -> anyhow::Result<Option<ReceiptKey>> {
    let Some(row) = rows.next()? else { return Ok(None) };
    let bytes = blob(row, 0, STATEMENT_MAX)?;
    let receipt: Receipt = match codec::decode(bytes, STATEMENT_MAX) {
        Ok(receipt) => receipt,
        Err(error) => bail!("receipt: {error}"),
    };
    Ok(Some((
        receipt.size.0,
        *receipt.witness.ed25519_bytes(),
        bytes.to_vec(),
    )))
}

fn next_leaf(rows: &mut Rows<'_>) -> anyhow::Result<Option<Vec<u8>>> {
    match rows.next()? {
        Some(row) => Ok(Some(blob(row, 1, WitnessEntry::MAX_BYTES)?.to_vec())),
        None => Ok(None),
    }
}

/// The key of the node whose copy this is, by a log of its own.
fn own_node(copy: &Copy) -> anyhow::Result<Option<lianzhan_protocol::keys::PublicKey>> {
    let logs = copy.logs()?;
    Ok(logs
        .into_iter()
        .flatten()
        .find(|log| log.own)
        .map(|log| log.start.node))
}
