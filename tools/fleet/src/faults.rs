//! What goes wrong: wires, machines, clocks, disks.

use anyhow::Context;

use lianzhan_node::env::DiskPoint;

use crate::site::copy_dir;
use crate::world::World;

/// How wrong a clock may be, in milliseconds.
const SKEWS: [i64; 7] = [
    90_000,
    -90_000,
    3 * 3_600_000,
    -26 * 3_600_000,
    40 * 86_400_000,
    -400 * 86_400_000,
    9 * 366 * 86_400_000,
];

impl World {
    /// Perhaps something goes wrong, or is over.
    pub(crate) fn mishap(&mut self) -> anyhow::Result<()> {
        let faults = self.plan.faults;
        let site = self.dice.below(self.sites.len());
        if faults.cuts && self.dice.once_in(4) {
            self.cut_one();
        }
        if faults.partitions && self.dice.once_in(6) {
            self.part_or_heal();
        }
        if faults.clocks && self.dice.once_in(6) {
            let skew = if self.dice.once_in(4) {
                0
            } else {
                *self.dice.pick(&SKEWS)
            };
            self.say(&format!("the clock of {} is wrong by {skew} ms", self.name(site)));
            self.sites[site].machine.set_skew(skew);
            self.tally.clocks += 1;
        }
        if faults.disks && self.dice.once_in(6) {
            self.break_disk(site);
        }
        if faults.full && self.dice.once_in(6) {
            let more = if self.sites[site].full {
                None
            } else {
                Some(self.dice.below(6) as u32)
            };
            self.bound_pages(site, more)?;
        }
        if faults.crashes && self.dice.once_in(8) {
            self.crash(site)?;
        }
        if (faults.restores || faults.clones) && self.dice.once_in(6) {
            if self.sites[site].copy.is_none() || self.dice.once_in(3) {
                self.copy(site)?;
            } else {
                self.put_back(site)?;
            }
        }
        if (faults.restores || faults.clones) && self.dice.once_in(5) {
            self.renew_witness(site)?;
        }
        Ok(())
    }

    fn part_or_heal(&mut self) {
        if self.apart.take().is_some() {
            self.say("the network is whole again");
            return;
        }
        let sides: Vec<bool> = self.sites.iter().map(|_| self.dice.once_in(2)).collect();
        self.say(&format!("the network falls apart: {sides:?}"));
        self.tally.partitions += 1;
        let across = |pair: usize| {
            let [a, b] = self.pairs[pair].sites;
            sides[a] != sides[b]
        };
        let broken: Vec<u64> = self
            .links
            .iter()
            .filter(|(_, link)| across(link.pair))
            .map(|(id, _)| *id)
            .collect();
        for link in broken {
            self.cut(link);
        }
        self.apart = Some(sides);
    }

    /// Commits fail for a while, or the file beside them; perhaps the machine ends at that very moment.
    fn break_disk(&mut self, site: usize) {
        let point = if self.dice.once_in(2) {
            DiskPoint::Commit
        } else {
            DiskPoint::Mark
        };
        let (after, times) = (self.dice.below(4) as u32, 1 + self.dice.below(3) as u32);
        let found = &mut self.sites[site];
        found.machine.fail(point, after, times);
        found.dies_at = (self.plan.faults.crashes && self.dice.once_in(2)).then(|| found.machine.hits());
        self.tally.disks += 1;
        self.say(&format!(
            "the disk of {} is about to fail: {point:?} {after} {times}",
            self.name(site)
        ));
    }

    /// Bounds a site's database, or lifts the bound.
    pub(crate) fn bound_pages(&mut self, site: usize, more: Option<u32>) -> anyhow::Result<()> {
        let Some(node) = self.sites[site].node().cloned() else {
            return Ok(());
        };
        self.say(&format!(
            "the disk of {} has {more:?} pages more",
            self.name(site)
        ));
        self.sites[site].full = true;
        let bounded = self.sites[site].machine.work(|| {
            node.store()
                .write_blocking(move |writer| writer.bound_pages(more))
        });
        if more.is_none() {
            match bounded {
                Ok(()) => self.sites[site].full = false,
                // It fails in another way just now.
                Err(error) if !self.calm => self.say(&format!("{error}")),
                Err(error) => return Err(error).context("a disk that is full no more"),
            }
        } else {
            self.tally.full += 1;
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
