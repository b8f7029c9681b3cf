//! Which receipts count, and what they say of an entry: the one place that says so, for views and bundles alike. Whose key
//! a witness's is, only the directory knows; signatures and proofs are [`Receipt::verify`]'s.

use std::borrow::Borrow;

use super::{
    EntryIndex, KeyId, KeyKind, LogStart, NoteError, Origin, Receipt, SignatureLine, TreeSize, witness_name,
};
use crate::codec;
use crate::id::{OrgId, StatementId};
use crate::time::Timestamp;
use crate::trust::{Appointment, Directory, Purpose};

/// A recorded time may lie so far before a witnessed checkpoint that does not cover its entry, in seconds (`domain.md` 0,
/// item 8).
const DOUBT_AFTER_S: u64 = 86_400;

/// Why a receipt says nothing about when a log was witnessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAWitness {
    /// The policy that the log follows is not held here.
    #[error("the policy on witnesses that the log names is not here")]
    Policy,
    /// The cosigning key is none that the log needs.
    #[error(
        "the cosigning key is not appointed as witness of a required parent at that time, or was revoked"
    )]
    Witness,
    /// The witness log is not that of a node of the witness's org.
    #[error(
        "the key of the witness log is not appointed as a node of the witness's org at that time, or was revoked"
    )]
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

    /// The order in which receipts of one log are looked at: by size, time, then canonical bytes (docs/spec/07, V-6). Places
    /// in witness logs do not compare, since a restored witness has another log.
    pub fn rank(&self) -> (TreeSize, u64, Vec<u8>) {
        (self.size, self.time_s, codec::encode(self))
    }
}

/// Whether a revocation takes a witness's word back: of all but erasures it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Past {
    Revised,
    Stands,
}

/// The group of required witnesses for which a receipt speaks, and the org: one in which the key was appointed as witness,
/// and the witness log's key as node, at the time that the receipt states, and neither was revoked so that this receipt
/// lies outside of the cut.
pub fn witness_group(
    directory: &Directory,
    start: &LogStart,
    receipt: &Receipt,
) -> Result<(usize, OrgId), NotAWitness> {
    group_of(directory, start, receipt, Past::Revised)
}

fn group_of(
    directory: &Directory,
    start: &LogStart,
    receipt: &Receipt,
    past: Past,
) -> Result<(usize, OrgId), NotAWitness> {
    let time = receipt.time();
    let groups = directory
        .required_groups(&start.org, start.required_parent.as_ref(), start.policy.as_ref())
        .ok_or(NotAWitness::Policy)?;
    let (origin, index) = (&receipt.witness_origin, receipt.witness_index.0);
    let kept = |id: &StatementId| {
        let mut revoked = directory.revoked(id).into_iter();
        revoked.all(|revoked| revoked.keeps_receipt(origin, index, receipt.time_s))
    };
    let served = |key, purpose, org: &OrgId| {
        let fits = |a: &Appointment| a.org == *org && a.validity.covers_second(time);
        match past {
            Past::Revised => directory
                .appointments_of(key, purpose)
                .any(|(id, a)| fits(a) && kept(&id)),
            Past::Stands => directory.ever_appointed(key, purpose).any(|(_, a)| fits(a)),
        }
    };
    let mut of_witness = groups
        .iter()
        .enumerate()
        .flat_map(|(n, group)| group.iter().map(move |org| (n, *org)))
        .filter(|(_, org)| served(&receipt.witness, Purpose::Witness, org))
        .peekable();
    if of_witness.peek().is_none() {
        return Err(NotAWitness::Witness);
    }
    of_witness
        .find(|(_, org)| served(&receipt.witness_node, Purpose::Node, org))
        .ok_or(NotAWitness::Node)
}

/// The receipt at the lowest place of one witness log over an entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cover {
    /// The group of required witnesses for which it speaks.
    pub group: usize,
    /// The org.
    pub by: OrgId,
    /// When, in seconds since 1970.
    pub time_s: u64,
    /// The witness log.
    pub origin: Origin,
    /// Its place there.
    pub index: u64,
}

/// What witnesses say of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Covered {
    /// How many groups must witness the log.
    pub groups: usize,
    /// The first receipt over it of each witness log, of those that count.
    pub covers: Vec<Cover>,
    /// The last time of a receipt over a tree of the same log that does not hold it, in seconds since 1970.
    pub before_s: Option<u64>,
}

/// When an entry was witnessed by all who must, and by which org last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Witnessed {
    /// When.
    pub time: Timestamp,
    /// By whom the last one that was needed was given.
    pub by: OrgId,
}

impl Covered {
    /// What `receipts` of a log say of the entry at `index`, in whatever order they come.
    pub fn of<R: Borrow<Receipt>>(
        directory: &Directory,
        start: &LogStart,
        index: EntryIndex,
        receipts: impl IntoIterator<Item = R>,
    ) -> Self {
        Self::by(directory, start, index, receipts, Past::Revised)
    }

    /// As [`Covered::of`], by keys that served when they witnessed, whatever was said of them since: for what no later
    /// verdict undoes.
    pub fn ever<R: Borrow<Receipt>>(
        directory: &Directory,
        start: &LogStart,
        index: EntryIndex,
        receipts: impl IntoIterator<Item = R>,
    ) -> Self {
        Self::by(directory, start, index, receipts, Past::Stands)
    }

    fn by<R: Borrow<Receipt>>(
        directory: &Directory,
        start: &LogStart,
        index: EntryIndex,
        receipts: impl IntoIterator<Item = R>,
        past: Past,
    ) -> Self {
        let groups =
            directory.required_groups(&start.org, start.required_parent.as_ref(), start.policy.as_ref());
        let mut covered = Covered {
            groups: groups.map_or(1, |groups| groups.len().max(1)),
            ..Covered::default()
        };
        for receipt in receipts {
            let receipt = receipt.borrow();
            if let Ok((group, by)) = group_of(directory, start, receipt, past) {
                covered.take(index, group, by, receipt);
            }
        }
        covered
    }

    /// Takes note of a receipt that counts. Of one witness log the one at the lowest place over the entry is kept.
    pub fn take(&mut self, index: EntryIndex, group: usize, by: OrgId, receipt: &Receipt) {
        if !receipt.covers(index) {
            self.before_s = self.before_s.max(Some(receipt.time_s));
            return;
        }
        let found = Cover {
            group,
            by,
            time_s: receipt.time_s,
            origin: receipt.witness_origin.clone(),
            index: receipt.witness_index.0,
        };
        match self.covers.iter_mut().find(|cover| cover.origin == found.origin) {
            Some(kept) if kept.index <= found.index => {}
            Some(kept) => *kept = found,
            None => self.covers.push(found),
        }
    }

    /// When every group had witnessed the entry; none while one has not.
    pub fn witnessed(&self) -> Option<Witnessed> {
        self.witnessed_by(|_| true)
    }

    /// As [`Covered::witnessed`], by those receipts alone that `proves` lets through.
    pub fn witnessed_by(&self, proves: impl Fn(&Cover) -> bool) -> Option<Witnessed> {
        let mut last: Option<&Cover> = None;
        for group in 0..self.groups.max(1) {
            let of_group = self
                .covers
                .iter()
                .filter(|cover| cover.group == group && proves(cover));
            let first = of_group.min_by_key(|cover| (cover.time_s, cover.by))?;
            if last.is_none_or(|last| last.time_s < first.time_s) {
                last = Some(first);
            }
        }
        last.map(|cover| Witnessed {
            time: Timestamp::from_seconds(cover.time_s),
            by: cover.by,
        })
    }
}

/// Why the author's clock is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// It was witnessed before it was recorded.
    #[error("it was witnessed before the time at which it says it was recorded")]
    Ahead,
    /// More than a day after it was recorded, by its author's clock, the log was witnessed without it.
    #[error("a day after the time at which it says it was recorded the log was witnessed without it")]
    Behind,
}

/// Whether the times of an entry do not fit (`domain.md` 0, item 8). A mark, never a verdict: days are then counted from
/// the first witness time.
pub fn doubt(recorded: Timestamp, covered: &Covered) -> Option<Doubt> {
    let recorded_s = recorded.seconds();
    let first = covered.covers.iter().map(|cover| cover.time_s).min();
    if first.is_some_and(|first| recorded_s > first) {
        return Some(Doubt::Ahead);
    }
    let late = covered
        .before_s
        .is_some_and(|before| before > recorded_s.saturating_add(DOUBT_AFTER_S));
    late.then_some(Doubt::Behind)
}

#[cfg(test)]
mod tests;
