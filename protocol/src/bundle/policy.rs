//! `policy.txt` of a log: in the form of C2SP tlog-policy, which keys sign the log and witness it, and how many must.
//!
//! One file a log, since the logs of a node share a key, which such a policy may name but once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::id::{OrgId, StatementId};
use crate::keys::PublicKey;
use crate::log::{KeyKind, LogStart, Receipt, VerifierKey, witness_name};
use crate::trust::{Directory, Purpose};

/// Name of the group that asks for all groups of required witnesses.
const REQUIRED: &str = "required";

/// The groups of orgs that must witness a log of which nothing else is known than its start.
fn groups(directory: &Directory, start: &LogStart) -> Vec<Vec<OrgId>> {
    directory
        .required_groups(&start.org, start.required_parent.as_ref(), start.policy.as_ref())
        .unwrap_or_default()
}

/// The appointments of those who may witness a log now: as witness in an org that must, and not revoked.
pub(super) fn witnesses<'a>(
    directory: &'a Directory,
    start: &LogStart,
) -> impl Iterator<Item = (StatementId, OrgId, &'a PublicKey)> {
    let required: BTreeSet<OrgId> = groups(directory, start).into_iter().flatten().collect();
    directory.statements().filter_map(move |statement| {
        let (id, appointment) = (statement.id(), statement.appointment()?);
        let serves = appointment.purpose == Purpose::Witness
            && required.contains(&appointment.org)
            && directory.revoked(&id).is_empty()
            && !directory.faults().contains_key(&id);
        serves.then_some((id, appointment.org, &appointment.key))
    })
}

/// The text for a log of which these receipts, which all count, are shown: of each group of required witnesses one
/// must cosign, by a key that serves now or that gave one of the receipts. None where a group has no such key, or no
/// group is asked for: then no quorum can be met.
pub(super) fn policy(
    directory: &Directory,
    start: &LogStart,
    receipts: &[Receipt],
    speaks_for: &[(usize, OrgId)],
) -> Option<String> {
    let groups = groups(directory, start);
    let mut keys: BTreeMap<String, (usize, &PublicKey)> = BTreeMap::new();
    // Of several groups that a key may speak for the first, as with receipts.
    let mut list = |key, group: usize| {
        let entry = keys.entry(witness_name(key)).or_insert((group, key));
        entry.0 = entry.0.min(group);
    };
    for (_, org, key) in witnesses(directory, start) {
        groups
            .iter()
            .position(|group| group.contains(&org))
            .into_iter()
            .for_each(|group| list(key, group));
    }
    for (receipt, (group, _)) in receipts.iter().zip(speaks_for) {
        list(&receipt.witness, *group);
    }
    let log = VerifierKey::new(start.origin().as_str(), KeyKind::Log, start.node).ok()?;
    let mut text = format!("log {log}\n\n");
    for (name, (_, key)) in &keys {
        let key = VerifierKey::new(name, KeyKind::Witness, **key).ok()?;
        let _ = writeln!(text, "witness {name} {key}");
    }
    text.push('\n');
    let mut all = String::new();
    for (n, orgs) in groups.iter().enumerate() {
        let orgs: String = orgs.iter().map(|org| format!(" {org}")).collect();
        let members: String = keys
            .iter()
            .filter(|(_, (group, _))| *group == n)
            .map(|(name, _)| format!(" {name}"))
            .collect();
        if members.is_empty() {
            return None;
        }
        let _ = writeln!(
            text,
            "# orgs:{orgs}\ngroup {REQUIRED}-{n} any{members}",
            n = n + 1
        );
        let _ = write!(all, " {REQUIRED}-{}", n + 1);
    }
    let _ = writeln!(text, "group {REQUIRED} all{all}\nquorum {REQUIRED}");
    (!all.is_empty()).then_some(text)
}
