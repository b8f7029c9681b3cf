//! The checkpoints under which entries of a log are proved. Each is made once: thousands of entries share one.

use std::collections::BTreeMap;

use crate::id::OrgId;
use crate::keys::PublicKey;
use crate::log::{
    Checkpoint, Cover, Covered, EntryIndex, KeyId, KeyKind, Note, NoteError, Origin, Receipt, SignatureLine,
};

/// Most cosignatures that one note carries: what C2SP signed-note asks every reader to take.
const COSIGNATURES_MAX: usize = 16;

/// A checkpoint with what witnesses say of the entries that are proved under it.
pub(super) struct Place {
    /// The note, as a proof file carries it.
    pub(super) note: String,
    pub(super) checkpoint: Checkpoint,
    pub(super) covered: Covered,
}

/// The number of the first receipt that covers the entry at `index`; the number of receipts if none does. They stand in
/// order of size.
pub(super) fn covering(receipts: &[Receipt], index: EntryIndex) -> usize {
    receipts.partition_point(|receipt| !receipt.covers(index))
}

/// The note of each checkpoint under which an entry can be proved, by [`covering`]: those of the receipts, each with the
/// log's line and the cosignatures of all receipts over it, and the newest.
pub(super) fn notes(
    origin: &Origin,
    node: &PublicKey,
    receipts: &[Receipt],
    newest: &Note,
) -> Result<BTreeMap<usize, Note>, NoteError> {
    let mut notes = BTreeMap::from([(receipts.len(), newest.clone())]);
    let mut n = 0;
    for over_one in receipts.chunk_by(|one, two| one.size == two.size) {
        notes.insert(n, note(origin, node, over_one)?);
        n += over_one.len();
    }
    Ok(notes)
}

/// The checkpoint of receipts over one tree as a note: the log's line, then the first cosignature of each witness.
fn note(origin: &Origin, node: &PublicKey, receipts: &[Receipt]) -> Result<Note, NoteError> {
    let Some(first) = receipts.first() else {
        return Err(NoteError::NoSignatureBlock);
    };
    let log = SignatureLine::new(
        origin.as_str(),
        KeyId::of(origin.as_str(), KeyKind::Log, node),
        first.log_signature.0.to_vec(),
    )?;
    let mut note = format!("{}\n{log}\n", first.checkpoint(origin).body());
    let mut witnesses: Vec<&PublicKey> = Vec::new();
    for receipt in receipts {
        if witnesses.len() < COSIGNATURES_MAX && !witnesses.contains(&&receipt.witness) {
            witnesses.push(&receipt.witness);
            note += &format!("{}\n", receipt.line()?);
        }
    }
    Note::parse(&note)
}

/// The places of a log, by [`covering`]. `speaks_for` says of each receipt for which group of required witnesses it
/// speaks, and for which org.
pub(super) fn places(
    notes: BTreeMap<usize, Note>,
    newest: &Checkpoint,
    receipts: &[Receipt],
    speaks_for: &[(usize, OrgId)],
    groups: usize,
) -> BTreeMap<usize, Place> {
    let mut before = receipts.iter().scan(None, |last: &mut Option<u64>, receipt| {
        *last = (*last).max(Some(receipt.time_s));
        Some(*last)
    });
    let before: Vec<Option<u64>> = std::iter::once(None).chain(before.by_ref()).collect();
    let mut lowest: BTreeMap<&Origin, (u64, usize)> = BTreeMap::new();
    let mut n = receipts.len();
    let mut places = BTreeMap::new();
    // From the end: of each witness log the receipt at the lowest place from here on is known when this one is reached.
    for (number, note) in notes.into_iter().rev() {
        while n > number {
            n -= 1;
            if let Some(receipt) = receipts.get(n) {
                let place = (receipt.witness_index.0, n);
                let kept = lowest.entry(&receipt.witness_origin).or_insert(place);
                *kept = place.min(*kept);
            }
        }
        let mut numbers: Vec<usize> = lowest.values().map(|(_, n)| *n).collect();
        numbers.sort_unstable();
        let covers = numbers.into_iter().filter_map(|n| {
            let (receipt, (group, by)) = (receipts.get(n)?, speaks_for.get(n)?);
            Some(Cover {
                group: *group,
                by: *by,
                time_s: receipt.time_s,
                origin: receipt.witness_origin.clone(),
                index: receipt.witness_index.0,
            })
        });
        let covered = Covered {
            groups: groups.max(1),
            covers: covers.collect(),
            before_s: before.get(number).copied().flatten(),
        };
        let checkpoint = match receipts.get(number) {
            Some(receipt) => receipt.checkpoint(&newest.origin),
            None => newest.clone(),
        };
        let note = note.to_string();
        places.insert(
            number,
            Place {
                note,
                checkpoint,
                covered,
            },
        );
    }
    places
}
