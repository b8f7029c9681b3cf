//! Rules that writer and verifier share: which receipts are shown in which order, how a checkpoint's note reads, and which
//! statements a stranger needs.

use std::collections::{BTreeMap, BTreeSet};

use super::place::covering;
use super::policy;
use super::refusal::Reason;
use crate::id::{ChangeId, Hash, OrgId, StatementId};
use crate::keys::PublicKey;
use crate::log::{
    Checkpoint, EntryIndex, KeyId, KeyKind, LogStart, Note, NoteError, Origin, ProofFile, Receipt,
};
use crate::trust::{Body, Directory, Purpose, SignedStatement};

/// The receipt that says up to when the log is known: the last by time, then by number.
pub(super) fn newest(receipts: &[Receipt]) -> Option<usize> {
    receipts
        .iter()
        .enumerate()
        .max_by_key(|(n, receipt)| (receipt.time_s, *n))
        .map(|(n, _)| n)
}

/// The receipts that a bundle shows, of those that count, which stand in order: over each entry the first of each witness
/// log, the last by time that does not cover it, and the newest of all.
pub(super) fn in_use(receipts: &[Receipt], entries: impl IntoIterator<Item = EntryIndex>) -> BTreeSet<usize> {
    let mut used: BTreeSet<usize> = newest(receipts).into_iter().collect();
    let from: BTreeSet<usize> = entries
        .into_iter()
        .map(|index| covering(receipts, index))
        .collect();
    let mut last: Option<(u64, usize)> = None;
    for (n, receipt) in receipts.iter().enumerate() {
        if from.contains(&n) {
            used.extend(last.map(|(_, n)| n));
        }
        last = last.max(Some((receipt.time_s, n)));
    }
    if from.contains(&receipts.len()) {
        used.extend(last.map(|(_, n)| n));
    }
    let mut first: BTreeMap<&Origin, (u64, usize)> = BTreeMap::new();
    for (n, receipt) in receipts.iter().enumerate().rev() {
        let place = (receipt.witness_index.0, n);
        let kept = first.entry(&receipt.witness_origin).or_insert(place);
        *kept = place.min(*kept);
        if from.contains(&n) {
            used.extend(first.values().map(|(_, n)| n));
        }
    }
    used
}

/// A change, and the appointment that it names.
pub(super) type Named = (ChangeId, StatementId);

/// A log's checkpoint note with the log's own line alone. The line is not verified.
pub(super) fn own_note(note: &Note, origin: &Origin, node: &PublicKey) -> Result<Note, NoteError> {
    let id = KeyId::of(origin.as_str(), KeyKind::Log, node);
    let line = note
        .signature_of(origin.as_str(), id)
        .ok_or_else(|| NoteError::NotSignedBy {
            name: origin.to_string(),
            id,
        })?;
    Note::parse(&format!("{}\n{line}\n", note.text()))
}

/// A proof file for the entry at `index`.
pub(super) fn proof_file(index: EntryIndex, hashes: Vec<Hash>, checkpoint: Note) -> String {
    ProofFile {
        extra: None,
        index,
        hashes,
        checkpoint,
    }
    .to_string()
}

/// A log with the receipts that the bundle shows of it.
pub(super) struct Needs<'a> {
    pub(super) start: &'a LogStart,
    pub(super) receipts: &'a [Receipt],
}

/// The statements that a stranger needs to judge these logs and changes; of those that do not stand the ones alone without
/// which no revocation among them could be judged. Equal for a directory and for the part of it that this returns.
pub(super) fn needed<'a>(
    directory: &'a Directory,
    logs: &[Needs<'_>],
    changes: &[Named],
) -> Vec<&'a SignedStatement> {
    let mut ids: BTreeSet<StatementId> = changes.iter().map(|(_, appointment)| *appointment).collect();
    let shown: BTreeSet<&ChangeId> = changes.iter().map(|(id, _)| id).collect();
    let mut orgs: BTreeSet<OrgId> = BTreeSet::new();
    let mut key = |key: &PublicKey, purpose, of: &[OrgId]| {
        let serving = directory
            .appointments_of(key, purpose)
            .filter(|(_, a)| of.contains(&a.org));
        ids.extend(serving.map(|(id, _)| id));
    };
    for log in logs {
        let groups = directory.required_groups(
            &log.start.org,
            log.start.required_parent.as_ref(),
            log.start.policy.as_ref(),
        );
        let required: Vec<OrgId> = groups.into_iter().flatten().flatten().collect();
        key(&log.start.node, Purpose::Node, &[log.start.org]);
        for receipt in log.receipts {
            key(&receipt.witness, Purpose::Witness, &required);
            key(&receipt.witness_node, Purpose::Node, &required);
        }
        orgs.extend([log.start.org, log.start.space.owner]);
    }
    for log in logs {
        ids.extend(policy::witnesses(directory, log.start).map(|(id, ..)| id));
    }
    let of_root =
        orgs.contains(&directory.root()) && logs.iter().any(|log| log.start.org == directory.root());
    ids.extend(directory.statements().filter_map(|statement| {
        let wanted = match statement.body() {
            Body::Org(org) => orgs.contains(&org.id),
            Body::OrgChange(change) => orgs.contains(&change.org),
            Body::JointSpace(space) => logs.iter().any(|log| log.start.space == *space),
            Body::RootWitnesses(_) => of_root && directory.root_witnesses() == Some(statement.id()),
            Body::Policy(_) => logs.iter().any(|log| log.start.policy == Some(statement.id())),
            Body::Adoption(adoption) => adoption.changes.iter().any(|change| shown.contains(change)),
            Body::Appointment(_) | Body::Revocation(_) | Body::Succession(_) => false,
        };
        (wanted && !directory.faults().contains_key(&statement.id())).then(|| statement.id())
    }));
    ids.retain(|id| !directory.faults().contains_key(id));
    let mut closure = directory.closure(ids.iter().copied());
    while let named = purposes(directory, &closure)
        && !named.is_subset(&ids)
    {
        ids.extend(named);
        closure = directory.closure(ids.iter().copied());
    }
    let tolerated = directory.bearing();
    closure.retain(|statement| {
        let id = statement.id();
        !directory.faults().contains_key(&id) || tolerated.contains(&id)
    });
    closure
}

/// What names the purpose of each key that these appoint to another one, with what it rests on: without it the other one
/// would be the first, and what rests on that would stand.
fn purposes(directory: &Directory, statements: &[&SignedStatement]) -> BTreeSet<StatementId> {
    let named = statements
        .iter()
        .filter_map(|statement| directory.names_purpose(&statement.id()));
    named.flatten().copied().collect()
}

/// The checkpoint that a note states, its log's signature checked.
pub(super) fn open_checkpoint(note: &Note, origin: &Origin, node: &PublicKey) -> Result<Checkpoint, Reason> {
    Ok(crate::log::SignedCheckpoint::open(
        &note.to_string(),
        node,
        origin,
    )?)
}
