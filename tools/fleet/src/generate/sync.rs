//! The nodes talk to each other: upward, so that what was written is witnessed and known above, then downward.

use std::collections::BTreeMap;

use anyhow::Context;
use jiff::civil::Date;
use lianzhan_node::services::ledger::book;
use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::trust::Audience;

use super::level::converse;
use super::write::Writing;

/// Most rounds until all are level; each level that news crosses takes one.
const ROUNDS: usize = 12;

impl Writing<'_> {
    /// One round up and down.
    pub(super) fn sync(&mut self, day: Date) -> anyhow::Result<()> {
        self.set_clock(day, 20, 0)?;
        for site in &self.sites {
            site.node.tend()?;
        }
        self.round()?;
        for at in 0..self.sites.len() {
            self.sites[at].node.settle_views()?;
            if let Some(above) = self.sites[at].above {
                let mut given = self.given(above);
                let node = self.sites[at].node.clone();
                // A joint space is not of everybody below.
                given.retain(|_, ids| {
                    let last = ids.last().and_then(|id| RecordId::parse(id));
                    last.is_some_and(|id| node.named_record(&id).is_ok_and(|found| found.is_some()))
                });
                self.sites[at].known.above = given;
            }
        }
        Ok(())
    }

    /// Rounds until nothing moves any more.
    pub(super) fn sync_until_level(&mut self, day: Date) -> anyhow::Result<()> {
        self.set_clock(day, 22, 0)?;
        let mut before = self.held()?;
        for _ in 0..ROUNDS {
            self.round()?;
            let after = self.held()?;
            if after == before {
                return Ok(());
            }
            before = after;
        }
        anyhow::bail!("after {ROUNDS} rounds something still moves")
    }

    fn round(&self) -> anyhow::Result<()> {
        let upward = (0..self.sites.len()).rev();
        for at in upward.chain(0..self.sites.len()) {
            let site = &self.sites[at];
            if let Some(above) = site.above {
                converse([&site.node, &self.sites[above].node]).with_context(|| site.name.clone())?;
            }
        }
        Ok(())
    }

    /// What all logs hold everywhere.
    fn held(&self) -> anyhow::Result<Vec<u64>> {
        let mut held = Vec::new();
        for site in &self.sites {
            let standings = site.node.store().read(|reader| reader.standings())?;
            held.extend(standings.into_iter().map(|(_, _, standing, _)| standing.size.0));
        }
        Ok(held)
    }

    /// What a place shares with those below it.
    fn given(&self, at: usize) -> BTreeMap<String, Vec<String>> {
        let known = &self.sites[at].known;
        let mut given = known.above.clone();
        for (ledger, ids) in &known.own {
            let shared = [Audience::Notice, Audience::Joint];
            if book(ledger).is_ok_and(|ledger| shared.contains(&ledger.audience)) {
                given.insert(ledger.clone(), ids.clone());
            }
        }
        given
    }
}
