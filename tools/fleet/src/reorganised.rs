//! Orgs that move below another parent, and orgs that others succeed.

use std::sync::Arc;

use lianzhan_node::services::Node;
use lianzhan_node::services::orgs::{Becoming, OrgChangeDraft};
use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::trust::Audience;

use crate::link::Pair;
use crate::template::secret;
use crate::world::World;

impl World {
    /// An authority states that an org below it moves, or that others succeed it.
    pub(crate) fn reorganise(&mut self) -> anyhow::Result<()> {
        let up: Vec<usize> = (0..self.sites.len())
            .filter(|site| self.sites[*site].up.is_some())
            .collect();
        if up.is_empty() {
            return Ok(());
        }
        let site = *self.dice.pick(&up);
        let Some(node) = self.sites[site].node().cloned() else {
            return Ok(());
        };
        let directory = node.directory();
        let below: Vec<usize> = (0..self.sites.len())
            .filter(|other| {
                let org = self.sites[*other].org;
                org != node.org_id() && directory.is_at_or_above(&node.org_id(), &org)
            })
            .collect();
        if below.is_empty() {
            return Ok(());
        }
        let of = *self.dice.pick(&below);
        self.tally.acts += 1;
        let becomes = if self.dice.once_in(4) {
            let level = directory.org(&self.sites[of].org).map(|org| org.level);
            let is_like = |other: &&usize| {
                **other != of && directory.org(&self.sites[**other].org).map(|org| org.level) == level
            };
            let others: Vec<usize> = below.iter().filter(is_like).copied().collect();
            if others.is_empty() {
                return Ok(());
            }
            let next = *self.dice.pick(&others);
            // What is handed over comes from whoever holds it.
            self.line_to(of, next);
            Becoming::Succeeded(vec![self.sites[next].org])
        } else {
            let rank = |site: usize| directory.org(&self.sites[site].org).map(|org| org.level.rank());
            let above: Vec<usize> = (0..self.sites.len())
                .filter(|other| {
                    let org = self.sites[*other].org;
                    rank(*other) < rank(of) && directory.is_at_or_above(&node.org_id(), &org)
                })
                .collect();
            if above.is_empty() {
                return Ok(());
            }
            let parent = *self.dice.pick(&above);
            self.line_to(of, parent);
            Becoming::Moved {
                parent: self.sites[parent].org,
                code: None,
                name_zh: None,
                name_en: None,
            }
        };
        self.state_change(site, &node, self.sites[of].org, becomes)
    }

    fn state_change(
        &mut self,
        site: usize,
        node: &Arc<Node>,
        org: OrgId,
        becomes: Becoming,
    ) -> anyhow::Result<()> {
        let hands = if self.dice.once_in(3) {
            vec![Audience::Township, Audience::County]
        } else {
            Vec::new()
        };
        let draft = OrgChangeDraft {
            org,
            becomes,
            from: self.sites[site].machine.work(lianzhan_node::env::now),
            words: "区划调整".into(),
            hands,
        };
        let stated = self.attempt(site, "a change of an org", |_| {
            let authority = node.unlock_authority(&secret())?;
            node.change_org(&authority, &draft)
        })?;
        for id in stated.into_iter().flatten() {
            self.stated(site, node, id);
            self.tally.changes += 1;
        }
        self.touched(site)
    }

    /// Whoever runs the org's node has it dial the new parent, or the successor, too.
    fn line_to(&mut self, of: usize, parent: usize) {
        if self
            .pairs
            .iter()
            .any(|pair| pair.sites.contains(&of) && pair.sites.contains(&parent))
        {
            return;
        }
        self.pairs.push(Pair {
            sites: [of, parent],
            dial_due: false,
            pause: 500,
        });
        self.redial(self.pairs.len() - 1, 0, 5_000);
    }
}
