//! Posts that end, keys that are revoked, and what is adopted after it.

use std::sync::Arc;

use lianzhan_node::services::Node;
use lianzhan_node::services::adopt::AdoptDraft;
use lianzhan_node::services::appoint::PersonDraft;
use lianzhan_node::services::revoke::RevocationDraft;
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::Ground;

use crate::template::{ROLES, secret};
use crate::world::World;

impl World {
    /// An authority does something about posts.
    pub(crate) fn office(&mut self) -> anyhow::Result<()> {
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
        self.tally.acts += 1;
        match self.dice.below(8) {
            0 | 1 => self.revoke(site, &node),
            2 => self.appoint(site, &node),
            3 | 4 => self.adopt(site, &node),
            5 => self.renew(site, &node),
            _ => self.change_key(site, &node),
        }
    }

    fn revoke(&mut self, site: usize, node: &Arc<Node>) -> anyhow::Result<()> {
        // A person of this place, or of one below: the level above may revoke, too.
        let below: Vec<usize> = (0..self.sites.len())
            .filter(|other| {
                node.directory()
                    .is_at_or_above(&node.org_id(), &self.sites[*other].org)
            })
            .collect();
        let of = if below.is_empty() {
            site
        } else {
            *self.dice.pick(&below)
        };
        if self.sites[of].persons.is_empty() {
            return Ok(());
        }
        let who = self.dice.below(self.sites[of].persons.len());
        let appointment = self.sites[of].persons[who].1.appointment;
        let ground = match self.dice.below(4) {
            0 | 1 => Ground::Soft,
            2 => Ground::Hard { since_s: None },
            _ => {
                let back = self.between(0, 60_000) / 1000;
                let now = self.sites[site].machine.work(lianzhan_node::env::now);
                Ground::Hard {
                    since_s: Some(now.seconds().saturating_sub(back.unsigned_abs())),
                }
            }
        };
        let draft = RevocationDraft {
            ground,
            ..RevocationDraft::soft(appointment, "离任")
        };
        let stated = self.attempt(site, "a revocation", |_| node.revoke(&secret(), &draft))?;
        for id in stated.into_iter().flatten() {
            self.stated(site, node, id);
            self.tally.revocations += 1;
        }
        self.touched(site)
    }

    fn appoint(&mut self, site: usize, node: &Arc<Node>) -> anyhow::Result<()> {
        let login = format!("wang{}", self.tally.acts);
        // Some soon hold no post any more.
        let hours = self.between(1, 100);
        let now = self.sites[site].machine.work(lianzhan_node::env::now);
        let until = self
            .dice
            .once_in(2)
            .then_some(Timestamp(now.0 + hours * 3_600_000));
        let draft = PersonDraft {
            login: login.clone(),
            until,
            name: login.clone(),
            roles: ROLES.to_vec(),
            ..PersonDraft::default()
        };
        let stated = self.attempt(site, "an appointment", |_| {
            let id = node.appoint_person(&secret(), draft, &secret())?;
            Ok((id, node.sign_in(&login, &secret())?))
        })?;
        if let Some((id, author)) = stated {
            self.stated(site, node, id);
            self.sites[site].persons.push((login, author));
        }
        self.touched(site)
    }

    fn adopt(&mut self, site: usize, node: &Arc<Node>) -> anyhow::Result<()> {
        let all = self.dice.once_in(2);
        let stated = self.attempt(site, "an adoption", |_| {
            let contested = node.contested()?;
            let some = contested.changes.iter().take(if all { usize::MAX } else { 1 });
            let draft = AdoptDraft {
                changes: some.map(|contested| contested.change).collect(),
                statements: Vec::new(),
            };
            if draft.changes.is_empty() {
                return Ok(Vec::new());
            }
            node.adopt(&secret(), draft)
        })?;
        for id in stated.into_iter().flatten() {
            self.stated(site, node, id);
            self.tally.adoptions += 1;
        }
        self.touched(site)
    }

    fn renew(&mut self, site: usize, node: &Arc<Node>) -> anyhow::Result<()> {
        if self.sites[site].persons.is_empty() {
            return Ok(());
        }
        let who = self.dice.below(self.sites[site].persons.len());
        let post = self.sites[site].persons[who].1.appointment;
        let stated = self.attempt(site, "a renewal", |_| node.renew(&secret(), &post, None))?;
        if let Some(id) = stated {
            self.stated(site, node, id);
            self.sites[site].persons[who].1.appointment = id;
        }
        self.touched(site)
    }

    /// A witness that was put back cosigns nothing until somebody gives it another key.
    pub(crate) fn renew_witness(&mut self, site: usize) -> anyhow::Result<()> {
        let Some(node) = self.sites[site].node().cloned() else {
            return Ok(());
        };
        if node.store().read(|reader| reader.witness_retired())?.is_none() {
            return Ok(());
        }
        let stated = self.attempt(site, "another witness key", |_| {
            let authority = node.unlock_authority(&secret())?;
            node.renew_witness(&authority)
        })?;
        if let Some(id) = stated {
            self.stated(site, &node, id);
            self.tally.witnesses += 1;
        }
        self.touched(site)
    }

    fn change_key(&mut self, site: usize, node: &Arc<Node>) -> anyhow::Result<()> {
        if self.sites[site].persons.is_empty() {
            return Ok(());
        }
        let who = self.dice.below(self.sites[site].persons.len());
        let login = self.sites[site].persons[who].0.clone();
        let changed = self.attempt(site, "another key", |_| {
            let change = node.change_key(&secret(), &login, &secret(), "换钥")?;
            Ok((change, node.sign_in(&login, &secret())?))
        })?;
        if let Some((change, author)) = changed {
            for id in change.appointments.into_iter().chain(change.revoked) {
                self.stated(site, node, id);
            }
            self.sites[site].persons[who].1 = author;
        }
        self.touched(site)
    }
}
