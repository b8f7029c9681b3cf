//! Old copies: nodes that are put back from them, with what they had signed since forgotten.

use anyhow::Context;

use crate::site::{OldCopy, copy_dir};
use crate::watch::Promise;
use crate::world::World;

/// The file that tells a node what it signed last; no backup has it.
const HIGH_WATER: &str = "high-water";

impl World {
    /// Copies a site's directory, as a backup does.
    pub(crate) fn copy(&mut self, site: usize) -> anyhow::Result<()> {
        if self.sites[site].up.is_none() {
            return Ok(());
        }
        let dir = self.next_dir(site);
        copy_dir(&self.sites[site].dir, &dir).context("a copy")?;
        self.say(&format!("{} is copied", self.name(site)));
        let seen = self.sites[site].seen.clone();
        if let Some(older) = self.sites[site].copy.replace(OldCopy { dir, seen }) {
            std::fs::remove_dir_all(older.dir)?;
        }
        Ok(())
    }

    /// There is no copy any more.
    pub(crate) fn drop_copy(&mut self, site: usize) -> anyhow::Result<()> {
        match self.sites[site].copy.take() {
            Some(copy) => Ok(std::fs::remove_dir_all(copy.dir)?),
            None => Ok(()),
        }
    }

    /// Puts a site back from its copy. What it alone held since is gone; nobody promised that it would not be.
    pub(crate) fn put_back(&mut self, site: usize) -> anyhow::Result<()> {
        let Some(copy) = &self.sites[site].copy else {
            return Ok(());
        };
        let (from, seen) = (copy.dir.clone(), copy.seen.clone());
        // With a high-water file as old as the rest nobody there can know that it is an old copy.
        let knows = !self.plan.faults.clones;
        self.say(&format!(
            "{} is put back{}",
            self.name(site),
            if knows { "" } else { ", and cannot know" }
        ));
        self.tally.restores += 1;
        self.fell(site);
        let dir = self.next_dir(site);
        copy_dir(&from, &dir)?;
        if knows {
            std::fs::remove_file(dir.join(HIGH_WATER))?;
        }
        let found = &mut self.sites[site];
        let old = std::mem::replace(&mut found.dir, dir);
        std::fs::remove_dir_all(old)?;
        found.seen = seen;
        found.restored = true;
        found.cloned |= !knows;
        found.full = false;
        self.forget()?;
        self.rises(site, 100, 60_000);
        Ok(())
    }

    /// What is gone with the disks of those who were put back.
    fn forget(&mut self) -> anyhow::Result<()> {
        let mut elsewhere = std::collections::BTreeSet::new();
        let changes: Vec<_> = self
            .watch
            .promises
            .keys()
            .filter_map(|promise| match promise {
                Promise::Change(id) => Some(*id),
                Promise::Statement(_) => None,
            })
            .collect();
        for other in self.sites.iter().filter_map(|site| site.node()) {
            let held = other.store().read(|reader| {
                let mut held: std::collections::BTreeSet<Promise> = reader
                    .statements()?
                    .iter()
                    .map(|statement| Promise::Statement(statement.id()))
                    .collect();
                for some in changes.chunks(256) {
                    held.extend(reader.held_changes(some)?.into_iter().map(Promise::Change));
                }
                Ok(held)
            })?;
            elsewhere.extend(held);
        }
        // Who was never put back has what it promised itself, also while it is down.
        let sites = &self.sites;
        self.watch.promises.retain(|promise, given| {
            let giver = &sites[given.site];
            !giver.cloned && (!giver.restored || elsewhere.contains(promise))
        });
        Ok(())
    }
}
