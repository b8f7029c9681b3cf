//! The sites, the wires between them, and time: what is to happen stands in one queue, and the next of it happens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use anyhow::Context;
use lianzhan_node::services::StoreEvent;
use lianzhan_node::services::session::Work;
use lianzhan_protocol::id::{AttachmentId, Hash};
use lianzhan_protocol::sync::Input;
use tokio::sync::broadcast::error::TryRecvError;

use crate::attached::Attachment;
use crate::dice::Dice;
use crate::link::{Link, Pair};
use crate::machine::Time;
use crate::plan::Plan;
use crate::run::Tally;
use crate::site::Site;
use crate::succeeding::Founders;
use crate::watch::Watch;

/// Something that is to happen.
#[allow(clippy::large_enum_variant)] // few at a time, and soon gone
pub(crate) enum Event {
    /// Bytes reach one side of a connection.
    Bytes { link: u64, to: usize, bytes: Vec<u8> },
    /// One side notices that nothing comes any more.
    Broken { link: u64, side: usize },
    /// A site does what an effect asked of it.
    Work { site: usize, work: Work },
    /// What that gave comes to the session.
    Answer { link: u64, side: usize, input: Input },
    /// A session hears what its node committed.
    News { link: u64, side: usize },
    /// A session is told the time.
    Tick { link: u64, side: usize },
    /// A side that had too much to send reads again.
    Relief { link: u64, side: usize },
    /// Views and documents catch up.
    Project { site: usize, life: u32 },
    /// The first of a pair dials the second.
    Dial { pair: usize },
    /// A machine comes back.
    Rise { site: usize },
}

/// All of it.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) dice: Dice,
    time: Time,
    queue: BTreeMap<(i64, u64), Event>,
    turn: u64,
    pub(crate) next_link: u64,
    pub(crate) next_dir: u64,
    pub(crate) sites: Vec<Site>,
    pub(crate) links: BTreeMap<u64, Link>,
    pub(crate) pairs: Vec<Pair>,
    /// While the network is apart: on which side each site is.
    pub(crate) apart: Option<Vec<bool>>,
    /// Nothing goes wrong any more.
    pub(crate) calm: bool,
    /// Nobody lies any more.
    pub(crate) honest: bool,
    /// Whether there was a flood.
    pub(crate) flooded: bool,
    pub(crate) watch: Watch,
    pub(crate) founders: Founders,
    /// What persons attached.
    pub(crate) attached: Vec<Attachment>,
    /// Files that came to a site and whose record would not take them.
    pub(crate) refused: BTreeSet<(usize, AttachmentId)>,
    pub(crate) tally: Tally,
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) dir: tempfile::TempDir,
    /// Of everything that happened.
    pub(crate) digest: Hash,
    /// What happened, in words, if somebody wants to read it.
    pub(crate) trace: Option<Vec<String>>,
}

impl World {
    pub(crate) fn new(plan: Plan, time: Time, dir: tempfile::TempDir, trace: bool) -> anyhow::Result<Self> {
        Ok(World {
            dice: Dice::of_part(plan.seed, 2),
            plan,
            time,
            queue: BTreeMap::new(),
            turn: 0,
            next_link: 0,
            next_dir: 0,
            sites: Vec::new(),
            links: BTreeMap::new(),
            pairs: Vec::new(),
            apart: None,
            calm: false,
            honest: false,
            flooded: false,
            watch: Watch::default(),
            founders: Founders::default(),
            attached: Vec::new(),
            refused: BTreeSet::new(),
            tally: Tally::default(),
            runtime: tokio::runtime::Builder::new_current_thread().build()?,
            dir,
            digest: Hash([0; 32]),
            trace: trace.then(Vec::new),
        })
    }

    /// Milliseconds since the beginning.
    pub(crate) fn now(&self) -> i64 {
        self.time.load(Ordering::Relaxed)
    }

    /// Takes note of what happened.
    pub(crate) fn say(&mut self, words: &str) {
        self.digest = Hash::of("lianzhan/fleet/v1", &[&self.digest.0, words.as_bytes()]);
        let now = self.now();
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>9} {words}", now));
        }
    }

    pub(crate) fn name(&self, site: usize) -> &'static str {
        self.sites[site].place.name
    }

    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.dice.below(usize::try_from(to - from + 1).unwrap_or(1)) as i64
    }

    pub(crate) fn soon(&mut self, from: i64, to: i64, event: Event) {
        let at = self.now() + self.between(from, to);
        self.put(at, event);
    }

    pub(crate) fn put(&mut self, at: i64, event: Event) {
        self.turn += 1;
        self.queue.insert((at, self.turn), event);
    }

    /// Lets everything happen until a moment.
    pub(crate) fn until(&mut self, moment: i64) -> anyhow::Result<()> {
        while self
            .queue
            .first_key_value()
            .is_some_and(|((at, _), _)| *at <= moment)
        {
            self.step()?;
        }
        self.time.fetch_max(moment, Ordering::Relaxed);
        Ok(())
    }

    /// Lets the next thing happen. Says whether there was any.
    pub(crate) fn step(&mut self) -> anyhow::Result<bool> {
        let Some(((at, _), event)) = self.queue.pop_first() else {
            return Ok(false);
        };
        self.time.fetch_max(at, Ordering::Relaxed);
        self.tally.steps += 1;
        match event {
            Event::Bytes { link, to, bytes } => self.bytes(link, to, &bytes)?,
            Event::Broken { link, side } => {
                if let Some(end) = self.end(link, side) {
                    end.incoming.end();
                    self.read(link, side)?;
                }
            }
            Event::Work { site, work } => {
                let machine = self.sites[site].machine.clone();
                machine.work(work);
                self.touched(site)?;
            }
            Event::Answer { link, side, input } => self.handle(link, side, vec![input])?,
            Event::News { link, side } => self.news(link, side)?,
            Event::Tick { link, side } => {
                if let Some(end) = self.end(link, side) {
                    end.tick_at = None;
                }
                self.tick(link, side)?;
                self.watch_time(link, side);
            }
            Event::Relief { link, side } => self.relieved(link, side)?,
            Event::Project { site, life } => {
                if self.sites[site].life == life && self.sites[site].up.is_some() {
                    self.project(site)?;
                }
            }
            Event::Dial { pair } => self.dial(pair)?,
            Event::Rise { site } => self.rise(site)?,
        }
        Ok(true)
    }

    /// After a site did something: what must hold is looked at, answers and news go to its sessions, its views lag.
    pub(crate) fn touched(&mut self, site: usize) -> anyhow::Result<()> {
        let found = &mut self.sites[site];
        if found.dies() {
            // What was committed is seen by whoever comes next, and by nobody else.
            found.dies_at = None;
            return self.crash(site);
        }
        self.look(site)?;
        let mut answers = Vec::new();
        let mut news = Vec::new();
        for (link, found) in &mut self.links {
            for (side, end) in found.ends.iter_mut().enumerate() {
                let Some(end) = end.as_mut().filter(|end| end.site == site) else {
                    continue;
                };
                answers.extend(end.take_answers().into_iter().map(|input| (*link, side, input)));
                if !end.news_due && !end.news.is_empty() {
                    end.news_due = true;
                    news.push((*link, side));
                }
            }
        }
        for (link, side, input) in answers {
            self.soon(0, 15, Event::Answer { link, side, input });
        }
        for (link, side) in news {
            self.soon(0, 15, Event::News { link, side });
        }
        let found = &mut self.sites[site];
        let lags = found.up.as_ref().is_some_and(|up| !up.projecting.is_empty());
        if lags && !found.project_due {
            found.project_due = true;
            let life = found.life;
            self.soon(50, 400, Event::Project { site, life });
        }
        Ok(())
    }

    /// Views and documents catch up with what was committed, as the task does that runs beside a node.
    fn project(&mut self, site: usize) -> anyhow::Result<()> {
        let documents = self.dice.once_in(3);
        let found = &mut self.sites[site];
        found.project_due = false;
        let (machine, hits) = (found.machine.clone(), found.machine.hits());
        let Some(up) = &mut found.up else { return Ok(()) };
        let mut heard = Vec::new();
        let mut missed = false;
        loop {
            match up.projecting.try_recv() {
                Ok(batch) => heard.push(batch),
                Err(TryRecvError::Lagged(_)) => missed = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        let node = up.node.clone();
        let done = machine.work(|| {
            if missed {
                let statements = node.store().read(|reader| reader.statements())?;
                node.heed(&statements)?;
            }
            for event in heard.iter().flat_map(|batch| batch.iter()) {
                if let StoreEvent::Statements(statements) = event {
                    node.heed(statements)?;
                }
            }
            match node.project_round()? {
                0 if documents || self.calm => node.document_round(),
                count => Ok(count),
            }
        });
        match done {
            Ok(count) => {
                self.say(&format!("{} brought {count} views up to date", self.name(site)));
                if count > 0 {
                    self.lags(site);
                }
            }
            Err(error) => {
                self.say(&format!("{}: views: {error}", self.name(site)));
                let found = &self.sites[site];
                if found.machine.hits() == hits && !found.full {
                    return Err(error).with_context(|| format!("views of {}", found.place.name));
                }
            }
        }
        self.touched(site)
    }

    /// The projector of a site is to look again.
    pub(crate) fn lags(&mut self, site: usize) {
        let found = &mut self.sites[site];
        if !found.project_due && found.up.is_some() {
            found.project_due = true;
            let life = found.life;
            self.soon(50, 400, Event::Project { site, life });
        }
    }

    /// A machine ends: what it was about to do is lost, and its connections break. Whether the node came to an orderly end
    /// or not, what is committed is all that is left.
    pub(crate) fn fell(&mut self, site: usize) {
        self.queue
            .retain(|_, event| !matches!(event, Event::Work { site: at, .. } if *at == site));
        let links: Vec<_> = self
            .links
            .iter()
            .flat_map(|(id, link)| {
                let sides = link.ends.iter().enumerate();
                sides
                    .filter(|(_, end)| end.as_ref().is_some_and(|end| end.site == site))
                    .map(|(side, _)| (*id, side))
            })
            .collect();
        for (link, side) in links {
            self.drop_end(link, side);
        }
        self.sites[site].up = None;
    }

    /// A machine is to come back.
    pub(crate) fn rises(&mut self, site: usize, from: i64, to: i64) {
        self.soon(from, to, Event::Rise { site });
    }

    pub(crate) fn rise(&mut self, site: usize) -> anyhow::Result<()> {
        if self.sites[site].up.is_some() {
            return Ok(());
        }
        let found = &mut self.sites[site];
        let hits = found.machine.hits();
        if let Err(error) = found.rise() {
            if found.machine.hits() == hits {
                return Err(error).with_context(|| format!("{} does not start", found.place.name));
            }
            self.say(&format!("{} does not start: {error}", self.name(site)));
            self.rises(site, 1_000, 10_000);
            return Ok(());
        }
        self.say(&format!("{} is up", self.name(site)));
        self.look_at_all(site)?;
        self.lags(site);
        for pair in 0..self.pairs.len() {
            if self.pairs[pair].sites[0] == site {
                self.redial(pair, 0, 2_000);
            }
        }
        Ok(())
    }

    /// The first of a pair is to dial the second, unless it is about to.
    pub(crate) fn redial(&mut self, pair: usize, from: i64, to: i64) {
        if !self.pairs[pair].dial_due {
            self.pairs[pair].dial_due = true;
            self.soon(from, to, Event::Dial { pair });
        }
    }

    /// What is on its way over a connection from now on: of each way some whole pieces, and a part of the next one.
    pub(crate) fn lose(&mut self, link: u64) {
        for to in 0..2 {
            let on_way: Vec<_> = self
                .queue
                .iter()
                .filter(|(_, event)| matches!(event, Event::Bytes { link: on, to: at, .. } if (*on, *at) == (link, to)))
                .map(|(key, _)| *key)
                .collect();
            let whole = self.dice.below(on_way.len() + 1);
            for (n, key) in on_way.into_iter().enumerate().skip(whole) {
                let cut = self.dice.next_u64();
                match self.queue.get_mut(&key) {
                    Some(Event::Bytes { bytes, .. }) if n == whole => {
                        bytes.truncate(usize::try_from(cut % (bytes.len() as u64 + 1)).unwrap_or(0));
                    }
                    _ => drop(self.queue.remove(&key)),
                }
            }
        }
    }
}
