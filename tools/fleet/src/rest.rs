//! Coming to rest: everything is healed, what is under way ends, and then all who hold a space hold the same.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use lianzhan_node::services::Node;
use lianzhan_node::views;
use lianzhan_protocol::id::{RecordId, SpaceId};
use lianzhan_protocol::log::TreeSize;
use lianzhan_protocol::trust::Space;

use crate::world::World;

/// More steps than this are no coming to rest.
const STEPS_MAX: u64 = 300_000;
/// After so many steps somebody sees that a node is none any more.
const PERSONS_LOOK: u64 = 5_000;

impl World {
    /// Heals everything, and lets happen what still happens.
    pub(crate) fn settle(&mut self) -> anyhow::Result<()> {
        self.say("nothing goes wrong any more");
        self.calm = true;
        self.apart = None;
        let beside = self.plan.faults.beside;
        self.honest = !beside;
        for site in 0..self.sites.len() {
            self.sites[site].machine.mend();
            if self.sites[site].hostile && !beside {
                self.turns_honest(site);
            }
            self.sites[site].dies_at = None;
            if self.sites[site].full {
                self.bound_pages(site, None)?;
            }
            self.lags(site);
            if self.sites[site].up.is_none() {
                self.rises(site, 0, 1_000);
            }
        }
        if beside {
            self.agree_beside_liars()?;
            self.honest = true;
            for site in 0..self.sites.len() {
                if self.sites[site].hostile {
                    self.turns_honest(site);
                }
            }
        }
        self.run_out()?;
        if self.plan.faults.successions {
            self.root_speaks_again()?;
            self.run_out()?;
        }
        // Each does once more what it does now and then.
        for site in 0..self.sites.len() {
            if let Some(node) = self.sites[site].node().cloned() {
                self.tend(site, &node)?;
            }
        }
        self.run_out()
    }

    /// Who lied begins anew: what it withheld in a conversation is still awaited there.
    fn turns_honest(&mut self, site: usize) {
        let of = |pair: usize| self.pairs[pair].sites.contains(&site);
        let links: Vec<u64> = self
            .links
            .iter()
            .filter(|(_, link)| of(link.pair))
            .map(|(id, _)| *id)
            .collect();
        for link in links {
            self.cut(link);
        }
    }

    /// Until nothing is left to happen.
    fn run_out(&mut self) -> anyhow::Result<()> {
        let start = self.tally.steps;
        while self.step()? {
            let done = self.tally.steps - start;
            ensure!(done < STEPS_MAX, "it does not come to rest");
            if !done.is_multiple_of(PERSONS_LOOK) {
                continue;
            }
            if self.plan.faults.successions {
                self.root_speaks_again()?;
            }
            if self.plan.faults.rekeys {
                for site in 0..self.sites.len() {
                    self.is_node_again(site)?;
                }
            }
        }
        Ok(())
    }

    /// Whether all agree.
    pub(crate) fn agree(&mut self) -> anyhow::Result<()> {
        for (pair, sites) in self.pairs.iter().map(|pair| pair.sites).enumerate() {
            let level = self.is_level(pair);
            let [a, b] = sites.map(|site| self.name(site));
            ensure!(level, "{a} and {b} do not talk, or one lacks what the other has");
        }
        for site in 0..self.sites.len() {
            self.look_at_all(site)?;
            let broken = self.broken_promises(site)?;
            ensure!(
                broken.is_empty(),
                "{} lacks what was acknowledged: {broken:?}",
                self.name(site)
            );
        }
        self.same_standings()?;
        self.same_records()?;
        self.all_erased()?;
        let faults = self.plan.faults;
        // What is stated for those below and its copy for those above are two records, and of a key that is taken back one
        // of them may count alone.
        let keeps_keys = !(faults.rekeys || faults.revocations || faults.restores || faults.clones);
        if faults.settings && keeps_keys {
            self.same_settings()?;
        }
        if self.plan.faults.attachments {
            self.attachments_are_right()?;
        }
        if self.plan.derives {
            self.derives_the_same()?;
        }
        if self.plan.proves {
            for site in 0..self.sites.len() {
                let Some(node) = self.sites[site].node().cloned() else {
                    continue;
                };
                let report = self.sites[site].machine.work(|| node.check(|_| {}))?;
                ensure!(
                    report.faults.is_empty(),
                    "check of {}: {:?}",
                    self.name(site),
                    report.faults
                );
                self.tally.proved += 1;
            }
        }
        Ok(())
    }

    /// Whether two talk, and neither lacks what the other has.
    pub(crate) fn is_level(&self, pair: usize) -> bool {
        self.links.values().filter(|link| link.pair == pair).any(|link| {
            link.ends
                .iter()
                .all(|end| end.as_ref().is_some_and(|end| end.session.is_level()))
        })
    }

    /// Two who may both hold a space hold the same logs of it.
    fn same_standings(&mut self) -> anyhow::Result<()> {
        let mut held = Vec::new();
        for site in &self.sites {
            let Some(node) = site.node() else {
                bail!("{} is not up", site.place.name)
            };
            let standings = node.store().read(|reader| reader.standings())?;
            let by_space: BTreeMap<_, _> = standings
                .into_iter()
                .filter(|(_, _, standing, _)| standing.size > TreeSize::EMPTY)
                .map(|(space, origin, standing, _)| ((space, origin), standing))
                .collect();
            held.push((node.clone(), by_space));
        }
        for (a, (node, ours)) in held.iter().enumerate() {
            for (b, (other, theirs)) in held.iter().enumerate().skip(a + 1) {
                let shared = node.directory().shared_spaces(&node.org_id(), &other.org_id());
                let within = |of: &BTreeMap<(SpaceId, _), _>| -> BTreeMap<_, _> {
                    let mut of = of.clone();
                    of.retain(|(space, _), _| shared.contains_key(space));
                    of
                };
                let (ours, theirs) = (within(ours), within(theirs));
                for key in ours.keys().chain(theirs.keys()) {
                    let (here, there) = (ours.get(key), theirs.get(key));
                    ensure!(
                        here == there,
                        "{} holds {here:?} of {}, and {} holds {there:?}; {:?}\n{}",
                        self.name(a),
                        key.1,
                        self.name(b),
                        shared.get(&key.0),
                        self.said_of(&key.1.to_string())
                    );
                }
            }
        }
        let words: Vec<String> = held
            .iter()
            .map(|(_, standings)| format!("{standings:?}"))
            .collect();
        for words in words {
            self.say(&words);
        }
        Ok(())
    }

    /// What each node knows of a log that says two things.
    fn said_of(&self, origin: &str) -> String {
        let mut said = String::new();
        for site in &self.sites {
            let log = site.node().and_then(|node| {
                let log = lianzhan_protocol::log::Origin::parse(origin).ok()?;
                node.store().read(|reader| reader.log(&log)).ok().flatten()
            });
            if let Some(log) = log {
                said += &format!(
                    "{}: {} entries, root {}, closed {:?}, of {:?}\n",
                    site.place.name, log.size, log.root, log.closed, log.start
                );
            }
            let told = site.node().and_then(|node| node.forks_told().ok());
            for fork in told.into_iter().flatten().filter(|fork| fork.origin == origin) {
                said += &format!(
                    "{}: stands {:?}, beside {:?}, signed {:?}, by {:?}\n",
                    site.place.name, fork.stands, fork.others, fork.signed, fork.org
                );
            }
        }
        said
    }

    /// Who may hold a record says the same of it, and everybody's rows say what the fold says. A change of orgs that another
    /// one takes the place of leaves what it handed over where it came meanwhile, and no more comes there.
    fn same_records(&mut self) -> anyhow::Result<()> {
        let mut told: BTreeMap<(SpaceId, RecordId), (usize, Told)> = BTreeMap::new();
        for site in 0..self.sites.len() {
            let Some(node) = self.sites[site].node().cloned() else {
                continue;
            };
            let (name, machine) = (self.name(site), self.sites[site].machine.clone());
            let lag = node.store().read(|reader| reader.lag())?;
            ensure!(lag == (0, 0), "{name}: {lag:?} views and documents lag");
            for record in node
                .store()
                .read(|reader| reader.records_after(None, 1_000_000))?
            {
                let (space, here) = machine
                    .work(|| tell(&node, &record))
                    .with_context(|| format!("at {name}"))?;
                if !node.directory().may_hold(&node.org_id(), &space) {
                    self.say(&format!(
                        "{name} has {record} from when it might hold {}",
                        space.id()
                    ));
                    continue;
                }
                self.tally.compared += 1;
                let space = space.id();
                match told.get(&(space, record)) {
                    None => drop(told.insert((space, record), (site, here))),
                    Some((other, there)) => {
                        if here != *there {
                            let other = self.name(*other);
                            bail!("record {record}\n{name}: {here:?}\n{other}: {there:?}");
                        }
                    }
                }
            }
        }
        let words: Vec<String> = told.into_iter().map(|told| format!("{told:?}")).collect();
        for words in words {
            self.say(&words);
        }
        Ok(())
    }
}

/// What a node says of a record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    row: String,
    verdicts: String,
    /// Entries that cannot be opened here.
    closed: u64,
}

pub(crate) fn tell(node: &Node, record: &RecordId) -> anyhow::Result<(Space, Told)> {
    let (loaded, state) = node.state(record)?;
    let row = node.store().read(|reader| reader.record(record))?;
    let here = row.as_ref().map(|row| {
        let counts = (
            row.pending,
            row.refused,
            row.unwitnessed,
            row.contested,
            row.doubted,
        );
        (row.ledger.clone(), row.title.clone(), row.state.clone(), counts)
    });
    let anew = views::project(&node.registry(), &loaded, &state).map(|row| {
        let counts = (
            row.pending,
            row.refused,
            row.unwitnessed,
            row.contested,
            row.doubted,
        );
        (row.ledger, row.title, row.state, counts)
    });
    ensure!(
        here == anew,
        "the row of {record} is {here:?}, and its entries give {anew:?}"
    );
    let verdicts: Vec<_> = state
        .history
        .iter()
        .map(|item| format!("{:?} {:?}", item.change, item.verdict))
        .collect();
    let told = Told {
        row: format!("{row:?}"),
        verdicts: verdicts.join("\n"),
        closed: u64::try_from(loaded.closed)?,
    };
    Ok((loaded.space, told))
}
