//! Successions of the founders: drafted at the root, signed by founders here and there, published there or not, also when
//! another one came first; with the same key, with other founders, with nothing of what the authority before stated kept.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use lianzhan_node::keystore;
use lianzhan_node::services::Node;
use lianzhan_node::services::adopt::AdoptDraft;
use lianzhan_node::services::succession::{SuccessionDraft, SuccessionFile, make_founder};
use lianzhan_protocol::codec;

use crate::template::secret;
use crate::world::World;

/// Most drafts that are under way at a time.
const DRAFTS_MAX: usize = 3;
/// Work factor of founders' keys: as in the template.
const SCRYPT_LOG_N: u8 = 2;

/// What founders hold, which is on no machine.
#[derive(Default)]
pub(crate) struct Founders {
    /// Files of their keys, by the key in hex.
    keys: BTreeMap<String, PathBuf>,
    drafts: Vec<SuccessionFile>,
}

impl World {
    /// Founders do something about the root's authority, or it adopts what a succession left contested.
    pub(crate) fn succeed(&mut self) -> anyhow::Result<()> {
        let Some((site, node)) = self.root() else {
            return Ok(());
        };
        self.tally.acts += 1;
        if self.dice.once_in(3) {
            return self.adopt_statements(site, &node);
        }
        // Whoever has another key is not always put back from before it: where it is, the key is lost.
        if self.dice.once_in(2) {
            self.drop_copy(site)?;
        }
        let begun = self.founders.drafts.len();
        let fresh = begun == 0 || (begun < DRAFTS_MAX && self.dice.once_in(2));
        let draft = if fresh {
            let draft = self.another_succession(site, &node)?;
            self.attempt(site, "a draft of a succession", |_| {
                node.draft_succession(&draft, &secret())
            })?
        } else {
            let which = self.dice.below(begun);
            Some(self.founders.drafts.remove(which))
        };
        let Some(mut draft) = draft else {
            return self.touched(site);
        };
        let lacks = draft.missing().unwrap_or_default();
        let sign = lacks.saturating_sub(usize::from(self.dice.once_in(5)));
        self.sign(site, &mut draft, sign)?;
        if self.dice.once_in(4) {
            self.founders.drafts.push(draft);
            return self.touched(site);
        }
        self.publish(site, &node, draft)
    }

    /// The root's site, while it is up.
    fn root(&self) -> Option<(usize, Arc<Node>)> {
        let site = self.sites.iter().position(|site| site.place.above.is_none())?;
        Some((site, self.sites[site].node()?.clone()))
    }

    fn another_succession(&mut self, site: usize, node: &Arc<Node>) -> anyhow::Result<SuccessionDraft> {
        self.know_founders(site)?;
        let mut draft = SuccessionDraft {
            same_key: self.dice.once_in(3),
            keep_nothing: self.dice.once_in(4),
            ..SuccessionDraft::default()
        };
        let present = node.directory().root_authorities().last().cloned();
        let Some(present) = present.filter(|_| self.dice.once_in(3)) else {
            return Ok(draft);
        };
        // One of them goes, and another one comes.
        let hex = present.founders.iter().map(|key| codec::hex(key.ed25519_bytes()));
        draft.founders = hex.collect();
        let goes = self.dice.below(draft.founders.len());
        let path = self.founders_key(self.founders.keys.len());
        let machine = self.sites[site].machine.clone();
        let comes = machine.work(|| make_founder(&path, &secret(), SCRYPT_LOG_N))?;
        self.founders.keys.insert(comes.clone(), path);
        draft.founders[goes] = comes;
        draft.threshold = Some(1 + self.dice.below(draft.founders.len()) as u32);
        Ok(draft)
    }

    fn founders_key(&self, n: usize) -> PathBuf {
        self.dir.path().join(format!("founder-{n}.age"))
    }

    /// The founders take their keys with them.
    fn know_founders(&mut self, site: usize) -> anyhow::Result<()> {
        if !self.founders.keys.is_empty() {
            return Ok(());
        }
        let dir = self.sites[site].dir.join("founders");
        let mut files: Vec<PathBuf> = std::fs::read_dir(dir)?
            .map(|file| file.map(|file| file.path()))
            .collect::<Result<_, _>>()?;
        files.sort();
        for (n, file) in files.into_iter().enumerate() {
            let own = self.founders_key(n);
            std::fs::copy(file, &own)?;
            let key = keystore::unlock(&own, &secret())?.public();
            self.founders.keys.insert(codec::hex(key.ed25519_bytes()), own);
        }
        Ok(())
    }

    /// So many founders sign, whoever they are; those who are none any more are turned away.
    fn sign(&mut self, site: usize, draft: &mut SuccessionFile, times: usize) -> anyhow::Result<()> {
        let mut keys: Vec<PathBuf> = self.founders.keys.values().cloned().collect();
        self.dice.shuffle(&mut keys);
        let before = draft.signatures();
        for key in keys {
            if draft.signatures() >= before + times {
                break;
            }
            self.attempt(site, "a founder's signature", |_| draft.sign(&key, &secret()))?;
        }
        Ok(())
    }

    fn publish(&mut self, site: usize, node: &Arc<Node>, draft: SuccessionFile) -> anyhow::Result<()> {
        let stated = self.attempt(site, "a succession", |_| {
            node.publish_succession(&draft, &secret())
        })?;
        match stated {
            Some(id) => {
                self.stated(site, node, id);
                self.tally.successions += 1;
            }
            // Perhaps it can be later: a disk failed, or signatures are lacking.
            None if self.founders.drafts.len() < DRAFTS_MAX && self.dice.once_in(2) => {
                self.founders.drafts.push(draft);
            }
            None => {}
        }
        self.touched(site)
    }

    /// The authority adopts all that only the succession before it contests.
    fn adopt_statements(&mut self, site: usize, node: &Arc<Node>) -> anyhow::Result<()> {
        let stated = self.attempt(site, "an adoption of what a succession contests", |_| {
            let statements = node.contested()?.statements.into_iter();
            let draft = AdoptDraft {
                changes: Vec::new(),
                statements: statements.map(|one| one.statement).collect(),
            };
            if draft.statements.is_empty() {
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

    /// Somebody sees that the root's authority cannot speak, or has not said yet what stands: the founders name it anew, and
    /// it adopts.
    pub(crate) fn root_speaks_again(&mut self) -> anyhow::Result<()> {
        let Some((site, node)) = self.root() else {
            return Ok(());
        };
        let speaks = self.attempt(site, "a look whether the root's key is in force", |_| {
            let key = node.unlock_authority(&secret())?.public();
            let directory = node.directory();
            Ok(directory
                .root_authorities()
                .last()
                .is_some_and(|last| last.key == key))
        })?;
        if speaks == Some(false) {
            self.know_founders(site)?;
            let draft = self.attempt(site, "a draft of a succession", |_| {
                node.draft_succession(&SuccessionDraft::default(), &secret())
            })?;
            if let Some(mut draft) = draft {
                let lacks = draft.missing().unwrap_or_default();
                self.sign(site, &mut draft, lacks)?;
                self.publish(site, &node, draft)?;
            }
        }
        self.adopt_statements(site, &node)
    }
}
