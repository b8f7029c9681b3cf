//! The evidence of one log: its start, its newest checkpoint, and the receipts of its required parent.

use std::collections::BTreeMap;

use super::archive::View;
use super::examine::{take, take_text};
use super::facts::{Horizon, Names, Witnessed};
use super::layout::{log_folder, policy_file, receipt_file};
use super::place::{self, Place};
use super::refusal::{At, Reason, Refusal};
use super::shared::Shared;
use super::{policy, rules};
use crate::codec;
use crate::id::{OrgId, SpaceId};
use crate::log::{
    Checkpoint, Entry, EntryIndex, LogStart, LogStatement, Note, Origin, PROTOCOL_VERSION, ProofFile,
    Receipt, verify_consistency, witness_group,
};
use crate::record::Held;
use crate::trust::Directory;

/// Longest receipt, in bytes.
const RECEIPT_MAX: usize = crate::log::STATEMENT_MAX;

/// A log whose evidence was checked.
pub(super) struct Log {
    pub(super) origin: Origin,
    /// The same as text.
    pub(super) name: Shared<str>,
    pub(super) start: LogStart,
    /// The id of its space, which every entry is compared with.
    pub(super) space: SpaceId,
    /// The newest checkpoint shown, with the log's own line alone.
    pub(super) newest: Note,
    pub(super) checkpoint: Checkpoint,
    /// In order; number n stands at n - 1.
    pub(super) receipts: Vec<Receipt>,
    /// For which group of required witnesses each receipt speaks, and for which org.
    pub(super) speaks_for: Vec<(usize, OrgId)>,
    /// The checkpoints under which entries are proved, by the number of the first receipt that covers them.
    places: BTreeMap<usize, Place>,
}

impl Log {
    /// Who witnessed, by the receipt at `n`, and when.
    pub(super) fn witnessed(&self, names: &Names, n: usize) -> Option<Witnessed> {
        let (receipt, (_, org)) = (self.receipts.get(n)?, self.speaks_for.get(n)?);
        Some(Witnessed {
            time: receipt.time(),
            by: names.get(org),
            size: receipt.size.0,
        })
    }

    /// Under which checkpoint the entry at `index` is proved, and whether that is a receipt's.
    pub(super) fn place(&self, index: EntryIndex) -> Option<(&Place, bool)> {
        let n = place::covering(&self.receipts, index);
        Some((self.places.get(&n)?, n < self.receipts.len()))
    }

    /// When all who must had witnessed a change, by what the receipts shown say.
    pub(super) fn witnessed_change(&self, names: &Names, held: &Held) -> Option<Witnessed> {
        let first = held.covered.witnessed()?;
        let from = place::covering(&self.receipts, held.index);
        let mut covering = self.receipts.iter().zip(&self.speaks_for).skip(from);
        let n = covering.position(|(receipt, (_, by))| receipt.time() == first.time && *by == first.by)?;
        self.witnessed(names, from + n)
    }

    /// Up to when the log is known.
    pub(super) fn horizon(&self, names: &Names) -> Horizon {
        Horizon {
            log: self.name.clone(),
            org: names.get(&self.start.org),
            node: self.start.node.fingerprint(),
            space: self.space,
            size: self.checkpoint.size.0,
            root: self.checkpoint.root,
            witnessed: rules::newest(&self.receipts).and_then(|n| self.witnessed(names, n)),
        }
    }
}

/// Checks the folder of one log.
pub(super) fn check(files: &mut View<'_>, folder: &str, directory: &Directory) -> Result<Log, Refusal> {
    let entry_file = format!("{folder}start.entry");
    let entry = Entry::parse(take(files, &entry_file)?).at(&entry_file)?;
    let payload_file = format!("{folder}start.payload");
    let payload = take(files, &payload_file)?;
    let (start, origin) = start(&entry, &entry_file, payload, &payload_file)?;
    if log_folder(&origin).as_deref() != Some(folder) {
        return Err(Refusal::new(entry_file, Reason::OtherName(origin.to_string())));
    }
    appointed(directory, &start).map_err(|reason| Refusal::new(&payload_file, reason))?;

    let proof_file = format!("{folder}start.tlog-proof");
    let proof = ProofFile::parse(take_text(files, &proof_file)?).at(&proof_file)?;
    let checkpoint = rules::open_checkpoint(&proof.checkpoint, &origin, &start.node)
        .map_err(|reason| Refusal::new(&proof_file, reason))?;
    if proof.extra.is_some() || proof.checkpoint.signatures().len() != 1 {
        return Err(Refusal::new(
            proof_file,
            Reason::ProofAgainst("only the log's own line stands here"),
        ));
    }
    if proof.index != EntryIndex(0) {
        return Err(Refusal::new(
            proof_file,
            Reason::ProofAgainst("the start of a log is entry 0"),
        ));
    }
    proof
        .verify_inclusion(&entry.leaf(), &checkpoint)
        .at(&proof_file)?;

    let mut log = Log {
        name: origin.as_str().into(),
        origin,
        space: start.space.id(),
        start,
        newest: proof.checkpoint,
        checkpoint,
        receipts: Vec::new(),
        speaks_for: Vec::new(),
        places: BTreeMap::new(),
    };
    receipts(files, folder, directory, &mut log)?;
    tlog_policy(files, folder, directory, &log)?;
    let notes = place::notes(&log.origin, &log.start.node, &log.receipts, &log.newest).at(&proof_file)?;
    let groups = directory.required_groups(
        &log.start.org,
        log.start.required_parent.as_ref(),
        log.start.policy.as_ref(),
    );
    log.places = place::places(
        notes,
        &log.checkpoint,
        &log.receipts,
        &log.speaks_for,
        groups.map_or(1, |groups| groups.len()),
    );
    Ok(log)
}

/// Checks that the policy for tools of others says what the directory and the receipts say.
fn tlog_policy(files: &mut View<'_>, folder: &str, directory: &Directory, log: &Log) -> Result<(), Refusal> {
    let Some(expected) = policy::policy(directory, &log.start, &log.receipts, &log.speaks_for) else {
        return Ok(());
    };
    let path = policy_file(folder);
    if take(files, &path)? == expected.as_bytes() {
        Ok(())
    } else {
        Err(Refusal::new(path, Reason::TlogPolicy))
    }
}

/// Reads the start of a log and checks that its node signed it for the log that it derives.
fn start(
    entry: &Entry,
    entry_file: &str,
    payload: &[u8],
    payload_file: &str,
) -> Result<(LogStart, Origin), Refusal> {
    entry.check_payload(payload).at(payload_file)?;
    let LogStatement::Start(start) = LogStatement::parse(payload).at(payload_file)? else {
        return Err(Refusal::new(payload_file, Reason::Start("another statement")));
    };
    let bad = |what| Refusal::new(entry_file, Reason::Start(what));
    start
        .check_statement(EntryIndex(0), entry, Some(payload))
        .at(entry_file)?;
    if start.version != PROTOCOL_VERSION {
        return Err(bad("another protocol version"));
    }
    let origin = start.origin();
    entry.check_place(&origin, &start.space.id()).at(entry_file)?;
    entry.clone().verify().at(entry_file)?;
    Ok((start, origin))
}

/// Whether the directory knows the node, lets its org hold the space, and names the same parent.
fn appointed(directory: &Directory, start: &LogStart) -> Result<(), Reason> {
    if !directory.was_node_of(&start.node, &start.org) {
        return Err(Reason::NodeNotAppointed(start.org));
    }
    if !directory.might_hold(&start.org, &start.space) {
        return Err(Reason::MayNotHold {
            org: start.org,
            space: start.space.id(),
        });
    }
    if !directory.had_parent(&start.org, start.required_parent.as_ref()) {
        return Err(Reason::RequiredParent);
    }
    if start
        .policy
        .is_some_and(|policy| directory.policy_of(&policy).is_none())
    {
        return Err(Reason::Policy);
    }
    Ok(())
}

/// Checks receipts, numbered from 1: signatures, place in the witness log, who witnessed, and that the newest tree
/// extends the witnessed one.
fn receipts(files: &mut View<'_>, folder: &str, directory: &Directory, log: &mut Log) -> Result<(), Refusal> {
    let prefix = format!("{folder}receipts/");
    let count = files
        .range(prefix.as_str()..)
        .map(|(path, _)| *path)
        .take_while(|path| path.starts_with(&prefix))
        .filter(|path| path.ends_with(".receipt"))
        .count();
    for n in 1..=count {
        let path = receipt_file(folder, n, "receipt");
        let receipt: Receipt = codec::decode(take(files, &path)?, RECEIPT_MAX).at(&path)?;
        receipt.verify(&log.origin, &log.start.node).at(&path)?;
        let speaks_for = witness_group(directory, &log.start, &receipt).at(&path)?;
        let in_order = log
            .receipts
            .last()
            .is_none_or(|last| last.rank() < receipt.rank());
        if !in_order {
            return Err(Refusal::new(path, Reason::ReceiptOrder));
        }
        let path = receipt_file(folder, n, "consistency");
        let text = take_text(files, &path)?;
        let hashes = crate::log::read_growth(text, receipt.size.0, &log.newest).ok_or_else(|| {
            Refusal::new(
                &path,
                Reason::ProofAgainst("from this receipt's size to the newest checkpoint"),
            )
        })?;
        verify_consistency(
            receipt.size,
            log.checkpoint.size,
            &receipt.root,
            &log.checkpoint.root,
            &hashes,
        )
        .at(&path)?;
        log.receipts.push(receipt);
        log.speaks_for.push(speaks_for);
    }
    Ok(())
}
