//! What goes wrong: wires and machines.

use anyhow::Context;

use crate::site::copy_dir;
use crate::world::World;

impl World {
    /// Perhaps something goes wrong.
    pub(crate) fn mishap(&mut self) -> anyhow::Result<()> {
        let faults = self.plan.faults;
        if faults.cuts && self.dice.once_in(4) {
            self.cut_one();
        }
        if faults.crashes && self.dice.once_in(8) {
            let site = self.dice.below(self.sites.len());
            self.crash(site)?;
        }
        Ok(())
    }

    fn cut_one(&mut self) {
        let links: Vec<u64> = self.links.keys().copied().collect();
        if links.is_empty() {
            return;
        }
        let link = *self.dice.pick(&links);
        self.say(&format!("{link} is cut"));
        self.tally.cuts += 1;
        self.cut(link);
    }

    /// A machine ends and comes back: mostly at once as it stands, with whatever the last commit left on the disk.
    pub(crate) fn crash(&mut self, site: usize) -> anyhow::Result<()> {
        if self.sites[site].up.is_none() {
            return Ok(());
        }
        let orderly = self.dice.once_in(4);
        self.say(&format!(
            "{} ends{}",
            self.name(site),
            if orderly { " in order" } else { "" }
        ));
        self.tally.crashes += 1;
        if orderly {
            self.fell(site);
        } else {
            // The node closes its files in order when it goes: what it would have left is taken before.
            let left = self.next_dir(site);
            copy_dir(&self.sites[site].dir, &left).context("a copy of what a crash leaves")?;
            self.fell(site);
            let old = std::mem::replace(&mut self.sites[site].dir, left);
            std::fs::remove_dir_all(old)?;
        }
        self.rises(site, 100, 60_000);
        Ok(())
    }

    /// A name for another directory of a site.
    pub(crate) fn next_dir(&mut self, site: usize) -> std::path::PathBuf {
        self.next_dir += 1;
        self.dir
            .path()
            .join(format!("{}-{}", self.name(site), self.next_dir))
    }
}
