//! Which receipts count, and when an entry was first witnessed: the one place that says so, for views and bundles alike.
//! Whose key a witness's is, only the directory knows; signatures and proofs are [`Receipt::verify`]'s.

use std::borrow::Borrow;

use super::{EntryIndex, KeyId, KeyKind, NoteError, Receipt, SignatureLine, TreeSize, witness_name};
use crate::id::OrgId;
use crate::time::Timestamp;
use crate::trust::{Directory, Purpose};

/// Why a receipt says nothing about when a log was witnessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAWitness {
    /// The cosigning key is none that the log needs.
    #[error("the cosigning key is not appointed as witness of the required parent at that time")]
    Witness,
    /// The witness log is not that of a node of the witness's org.
    #[error("the key of the witness log is not appointed as a node of the witness's org at that time")]
    Node,
}

impl Receipt {
    /// Whether the log that was witnessed holds the entry.
    pub fn covers(&self, index: EntryIndex) -> bool {
        index.0 < self.size.0
    }

    /// The cosignature as a line of the checkpoint's note (C2SP tlog-cosignature).
    pub fn line(&self) -> Result<SignatureLine, NoteError> {
        let name = witness_name(&self.witness);
        let signature = [&self.time_s.to_be_bytes()[..], &self.cosignature.0].concat();
        SignatureLine::new(
            &name,
            KeyId::of(&name, KeyKind::Witness, &self.witness),
            signature,
        )
    }

    /// The order in which receipts of one log are looked at: by size, then by time. Places in witness logs do not compare,
    /// since a restored witness has another log.
    pub fn rank(&self) -> (TreeSize, u64) {
        (self.size, self.time_s)
    }
}

/// The org for which a receipt's witness speaks about a log of `org`: one of those that must witness it, in which the key
/// was appointed as witness, and the witness log's key as node, at the time that the receipt states.
pub fn witness_org(directory: &Directory, org: &OrgId, receipt: &Receipt) -> Result<OrgId, NotAWitness> {
    let time = receipt.time();
    let required = directory.required_witnesses(org);
    let mut of_witness = directory
        .appointments_of(&receipt.witness, Purpose::Witness)
        .filter(|(_, appointment)| {
            required.contains(&appointment.org) && appointment.validity.covers_second(time)
        })
        .map(|(_, appointment)| appointment.org)
        .peekable();
    if of_witness.peek().is_none() {
        return Err(NotAWitness::Witness);
    }
    let is_node_of = |org: &OrgId| {
        directory
            .appointments_of(&receipt.witness_node, Purpose::Node)
            .any(|(_, appointment)| appointment.org == *org && appointment.validity.covers_second(time))
    };
    of_witness.find(is_node_of).ok_or(NotAWitness::Node)
}

/// When an entry of a log of `org` was first witnessed, and by which org: what the first receipt says that covers it and
/// counts.
/// `receipts` come in the order of [`Receipt::rank`] and are taken one by one, no further than needed.
pub fn first_witnessed<R: Borrow<Receipt>>(
    directory: &Directory,
    org: &OrgId,
    index: EntryIndex,
    receipts: impl IntoIterator<Item = R>,
) -> Option<(Timestamp, OrgId)> {
    receipts.into_iter().find_map(|receipt| {
        let receipt = receipt.borrow();
        let by = receipt
            .covers(index)
            .then(|| witness_org(directory, org, receipt).ok())??;
        Some((receipt.time(), by))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::LogStatement;
    use crate::testing::{CITY, DAY, FENGDU, Federation, QINGYA, SHIQIAO, START, TestLog, key, org};
    use crate::trust::{Appointment, Audience, Body, Space, Validity};

    fn world() -> (Federation, TestLog) {
        let federation = Federation::new();
        let log = federation.log(org(SHIQIAO), &Space::of(org(SHIQIAO), Audience::City), 1);
        (federation, log)
    }

    /// The log grows by one entry.
    fn grow(log: &mut TestLog) {
        log.append_statement(&LogStatement::Trust(vec![]));
    }

    fn at(day: i64) -> Timestamp {
        Timestamp(START.0 + day * DAY)
    }

    #[test]
    fn the_smallest_tree_that_holds_an_entry_says_when() {
        let (mut federation, mut log) = world();
        let mut receipts = vec![federation.receipt_at(&log, at(1))];
        grow(&mut log);
        receipts.push(federation.receipt_at(&log, at(3)));
        receipts.push(federation.receipt_at(&log, at(2)));
        receipts.sort_by_key(Receipt::rank);
        let directory = federation.directory();
        let first = |index| {
            first_witnessed(&directory, &log.start.org, EntryIndex(index), &receipts).map(|(time, _)| time)
        };
        assert_eq!((first(0), first(1), first(2)), (Some(at(1)), Some(at(2)), None));
        let by = first_witnessed(&directory, &log.start.org, EntryIndex(0), &receipts).map(|(_, by)| by);
        assert_eq!(by, Some(org(FENGDU)));
    }

    #[test]
    fn keys_count_while_they_are_appointed_where_they_must_be() {
        let (mut federation, mut log) = world();
        let good = federation.receipt_at(&log, at(1));
        let early = federation.receipt_at(&log, at(-1));
        let required = log.start.required_parent.replace(org(QINGYA));
        let foreign = federation.receipt_at(&log, at(1));
        log.start.required_parent = required;
        let node = |code: &str| Receipt {
            witness_node: federation.keys(org(code)).node.public(),
            ..good.clone()
        };
        // Appointed as node of the right org, and not yet at that time.
        let late = key("late node");
        let appointment = Appointment {
            validity: Validity {
                // The second in which a key is appointed counts whole: receipts state no smaller part of it.
                not_before: Timestamp(at(2).0 + 999),
                not_after: at(9),
            },
            ..federation.appointment(&late, org(FENGDU), Purpose::Node)
        };
        let node_of = [node(QINGYA), node(CITY)];
        let too_late = Receipt {
            witness_node: late.public(),
            ..good.clone()
        };
        federation.state(org(FENGDU), Body::Appointment(appointment));
        let directory = federation.directory();
        let says = |receipt: &Receipt| witness_org(&directory, &org(SHIQIAO), receipt);
        assert_eq!(says(&good), Ok(org(FENGDU)));
        assert_eq!(says(&early), Err(NotAWitness::Witness));
        assert_eq!(says(&foreign), Err(NotAWitness::Witness));
        assert_eq!(says(&too_late), Err(NotAWitness::Node));
        assert_eq!(node_of.each_ref().map(says), [Err(NotAWitness::Node); 2]);
        let later = Receipt {
            time_s: at(2).seconds(),
            ..too_late.clone()
        };
        assert_eq!(says(&later), Ok(org(FENGDU)));
        // What does not count is passed over.
        let all = [&early, &foreign, &too_late, &good];
        let first = first_witnessed(&directory, &log.start.org, EntryIndex(0), all);
        assert_eq!(first, Some((at(1), org(FENGDU))));
    }
}
