//! Other keys: of nodes, which restart with them and end the logs of the ones before, and of orgs' authorities, for which
//! the org above has to be asked.

use std::sync::Arc;

use lianzhan_node::services::Node;
use lianzhan_node::services::adopt::AdoptDraft;
use lianzhan_node::services::authority::AuthorityGrant;
use lianzhan_node::services::rekey::NodeKeyDraft;
use lianzhan_protocol::id::StatementId;
use lianzhan_protocol::trust::{Ground, SignedStatement};

use crate::template::secret;
use crate::world::World;

impl World {
    /// Somewhere a key is replaced, or the next step of that is done.
    pub(crate) fn rekey(&mut self) -> anyhow::Result<()> {
        let up: Vec<usize> = (0..self.sites.len())
            .filter(|site| self.sites[*site].up.is_some())
            .collect();
        let begun = up.iter().copied().find(|site| {
            let node = self.sites[*site].node();
            node.is_some_and(|node| !node.key_changes().is_empty())
        });
        let site = match begun {
            Some(site) if self.dice.once_in(2) => site,
            _ if up.is_empty() => return Ok(()),
            _ => *self.dice.pick(&up),
        };
        let Some(node) = self.sites[site].node().cloned() else {
            return Ok(());
        };
        self.tally.acts += 1;
        match self.dice.below(3) {
            0 => self.rekey_authority(site, &node),
            _ => self.rekey_node(site, node),
        }
    }

    fn rekey_node(&mut self, site: usize, node: Arc<Node>) -> anyhow::Result<()> {
        // Whoever has another key is not put back from before it: a machine without its keys is another machine.
        self.drop_copy(site)?;
        let ground = match self.dice.below(4) {
            0 => Ground::Hard { since_s: None },
            _ => Ground::Soft,
        };
        let draft = NodeKeyDraft {
            ground,
            words: "换钥".into(),
        };
        let done = self.attempt(site, "the next step to another key of the node", |_| {
            node.renew_node_step(&secret(), &draft)
        })?;
        let restarts = done.as_ref().is_some_and(|change| change.restart);
        if let Some(change) = done {
            self.tally.rekeys += u64::from(!change.restart);
            for id in change
                .appointment
                .into_iter()
                .chain(change.revoked)
                .chain(change.witness)
            {
                self.stated(site, &node, id);
            }
        }
        drop(node);
        self.touched(site)?;
        // At once, or whenever it starts next.
        if restarts && !self.dice.once_in(3) {
            self.crash(site)?;
        }
        Ok(())
    }

    /// Where a node is none any more since the authority that appointed it was replaced meanwhile, the present one stands in
    /// for the appointment; where that is none either, another is asked for.
    pub(crate) fn is_node_again(&mut self, site: usize) -> anyhow::Result<()> {
        let Some(node) = self.sites[site].node().cloned() else {
            return Ok(());
        };
        let key = node.node_key().public();
        let (directory, org) = (node.directory(), node.org_id());
        if directory.node_org(&key).is_some() {
            return Ok(());
        }
        let is_own = |id: &StatementId| {
            let post = directory.statement(id).and_then(SignedStatement::appointment);
            post.is_some_and(|post| post.org == org)
        };
        let stated = self.attempt(site, "an adoption of its own appointment", |_| {
            let contested = node.contested()?.statements.into_iter();
            let draft = AdoptDraft {
                changes: Vec::new(),
                // What orgs beside it wait for is theirs to adopt.
                statements: contested.map(|one| one.statement).filter(is_own).collect(),
            };
            node.adopt(&secret(), draft)
        })?;
        let Some(stated) = stated else {
            return self.rekey_authority(site, &node);
        };
        for id in stated {
            self.stated(site, &node, id);
            self.tally.adoptions += 1;
        }
        self.touched(site)
    }

    fn rekey_authority(&mut self, site: usize, node: &Arc<Node>) -> anyhow::Result<()> {
        let above = node.directory().org(&node.org_id()).and_then(|org| org.parent);
        let parent = self.sites.iter().position(|other| above == Some(other.org));
        let Some(parent) = parent.filter(|parent| self.sites[*parent].up.is_some()) else {
            return Ok(());
        };
        let Some(granting) = self.sites[parent].node().cloned() else {
            return Ok(());
        };
        self.drop_copy(site)?;
        let asked = self.attempt(site, "a request for another key of the authority", |_| {
            node.ask_authority(Some(&secret()), &secret())
        })?;
        self.touched(site)?;
        let Some(request) = asked else { return Ok(()) };
        let grant = AuthorityGrant {
            until: None,
            ground: Ground::Soft,
            words: "换钥".into(),
            keep: None,
        };
        let granted = self.attempt(parent, "another key for an authority below", |_| {
            granting.grant_authority(&secret(), &request, &grant)
        })?;
        if let Some(change) = granted {
            self.tally.rekeys += 1;
            for id in change.revoked.into_iter().chain([change.appointment]) {
                self.stated(parent, &granting, id);
            }
        }
        self.touched(parent)
    }
}
