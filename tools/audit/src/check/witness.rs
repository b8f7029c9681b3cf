//! The node's witness log: every leaf canonical, the tree that they give, and no other tree of a log that is held here.

use std::collections::BTreeMap;

use anyhow::ensure;
use lianzhan_protocol::codec;
use lianzhan_protocol::id::Hash;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{Evidence, Frontier, Origin, STATEMENT_MAX, WitnessEntry, leaf_hash};

use super::Check;
use super::fault::{Note, What};
use crate::copy::{Nodes, Stored, blob};

/// The most logs of which the last word is remembered.
const ORIGINS_MAX: usize = 1_000_000;
/// Whose faults these are.
const SUBJECT: &str = "witness log";

impl Check<'_> {
    /// Checks the witness log.
    pub(super) fn witnessed(&mut self) -> anyhow::Result<()> {
        let copy = self.copy;
        let mut select = copy.database().prepare(Nodes::SQL)?;
        let mut nodes = Nodes::new(select.query([0])?)?;
        let mut leaves = copy
            .database()
            .prepare("SELECT idx, leaf FROM witness_log ORDER BY idx")?;
        let mut rows = leaves.query([])?;
        let mut frontier = Frontier::new();
        let mut tree = true;
        let mut last: BTreeMap<Origin, WitnessEntry> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let (index, expected): (u64, u64) = (row.get(0)?, frontier.size().0);
            if index != expected {
                let what = What::Gap {
                    from: expected,
                    to: index.saturating_sub(1),
                };
                self.report.fault(what.of(SUBJECT, Some(expected)));
                return Ok(());
            }
            let leaf = blob(row, 1, WitnessEntry::MAX_BYTES)?;
            match WitnessEntry::from_leaf_bytes(leaf) {
                Ok(entry) => {
                    self.cosigned(&entry, index);
                    last.insert(entry.origin.clone(), entry);
                    ensure!(
                        last.len() <= ORIGINS_MAX,
                        "more than {ORIGINS_MAX} logs were cosigned"
                    );
                }
                Err(error) => {
                    let what = What::WitnessEntry(error.to_string());
                    self.report.fault(what.of(SUBJECT, Some(index)));
                }
            }
            for (at, hash) in frontier.push(leaf_hash(leaf)) {
                let what = match nodes.compare(at, &hash)? {
                    Stored::Same => continue,
                    Stored::Differs => What::NodeDiffers(at),
                    Stored::Missing => What::NodeMissing(at),
                };
                if std::mem::replace(&mut tree, false) {
                    self.report.fault(what.of(SUBJECT, Some(index)));
                }
            }
            self.report.totals.cosigned += 1;
        }
        if nodes.is_more() {
            self.fault(What::NodesBeyond, SUBJECT);
        }
        self.last_of_each(&last)
    }

    /// What logs showed this node as their witness: each is two words of one log, or nothing.
    pub(super) fn contradictions(&mut self) -> anyhow::Result<()> {
        let copy = self.copy;
        let mut select = copy
            .database()
            .prepare("SELECT origin, node, evidence FROM contradictions ORDER BY origin")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            let node: [u8; 32] = row.get(1)?;
            let read = || -> anyhow::Result<(Origin, PublicKey, Evidence)> {
                let evidence = codec::decode(blob(row, 2, STATEMENT_MAX)?, STATEMENT_MAX)?;
                Ok((Origin::parse(&name)?, PublicKey::from_ed25519(node)?, evidence))
            };
            match read() {
                Err(error) => self.fault(What::Row(format!("contradiction: {error}")), name),
                Ok((origin, node, evidence)) => match evidence.verify(&node, &origin) {
                    Ok(_) => self.note(Note::LogsSayTwoThings, 1),
                    Err(error) => self.fault(What::Equivocation(error), name),
                },
            }
        }
        Ok(())
    }

    /// What was cosigned of a log that is held here is a tree of that log.
    fn cosigned(&mut self, entry: &WitnessEntry, index: u64) {
        let Some(log) = self.find(&entry.origin).filter(|log| log.tree) else {
            return;
        };
        // Of a log that is held in part, what lies beyond cannot be compared.
        if entry.size <= log.row.size && self.root_at(log, entry.size) != Some(entry.root) {
            let what = What::WitnessedOther;
            self.report.fault(what.in_log(&entry.origin, Some(entry.size.0)));
            self.report.fault(what.of(SUBJECT, Some(index)));
        }
    }

    /// The table of what was cosigned last is the newest word of the witness log.
    fn last_of_each(&mut self, last: &BTreeMap<Origin, WitnessEntry>) -> anyhow::Result<()> {
        let copy = self.copy;
        let mut select = copy
            .database()
            .prepare("SELECT origin, size, root, time_s FROM witnessed WHERE past = 0")?;
        let mut rows = select.query([])?;
        let mut agree = 0;
        while let Some(row) = rows.next()? {
            let name = row.get_ref(0)?.as_str()?.to_owned();
            let stated = (row.get::<_, u64>(1)?, Hash(row.get(2)?), row.get::<_, u64>(3)?);
            let said = Origin::parse(&name).ok().and_then(|origin| last.get(&origin));
            if said.is_some_and(|entry| (entry.size.0, entry.root, entry.time_s) == stated) {
                agree += 1;
            } else {
                self.fault(What::WitnessedLast, name);
            }
        }
        if agree < last.len() {
            self.fault(What::WitnessedLast, SUBJECT);
        }
        Ok(())
    }
}
