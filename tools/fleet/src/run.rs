//! One seed, and many.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use lianzhan_protocol::id::{Hash, OrgId};
use lianzhan_protocol::keys::{SecretKey, remembering};
use lianzhan_protocol::sync::Misbehaviour;

use crate::dice::Dice;
use crate::link::Pair;
use crate::machine::{Machine, Time};
use crate::plan::Plan;
use crate::site::{Site, copy_dir};
use crate::template::{Template, scratch};
use crate::world::World;

/// What was done and seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)] // each says what it counts
pub struct Tally {
    pub seeds: u64,
    pub steps: u64,
    pub acts: u64,
    pub done: u64,
    pub refused: u64,
    pub connections: u64,
    pub frames: u64,
    pub farewells: u64,
    /// Sessions that ended since a node's key had been appointed by an authority that was replaced meanwhile.
    pub outdated: u64,
    pub unmasked: u64,
    /// Sessions that were ended by what a liar did, by its kind.
    pub kinds: BTreeMap<Misbehaviour, u64>,
    pub unwitnessed: u64,
    pub cuts: u64,
    pub crashes: u64,
    pub partitions: u64,
    pub clocks: u64,
    pub disks: u64,
    pub full: u64,
    pub restores: u64,
    pub revocations: u64,
    pub changes: u64,
    pub adoptions: u64,
    pub erasures: u64,
    pub erased: u64,
    pub lies: u64,
    pub floods: u64,
    /// How often a side read nothing, since too much waited to leave.
    pub deaf: u64,
    pub witnesses: u64,
    pub forks: u64,
    /// Receipts that were stated of a closed log.
    pub late: u64,
    pub rekeys: u64,
    pub successions: u64,
    pub settings: u64,
    pub attached: u64,
    pub files: u64,
    pub liars: u64,
    pub entries: u64,
    pub compared: u64,
    /// Records of which all that is derived was compared and made anew.
    pub alike: u64,
    /// Pairs of honest nodes that agreed while a third one lied.
    pub beside: u64,
    /// Frames of honest nodes that named only what their receiver may hold.
    pub told: u64,
    pub proved: u64,
}

impl Tally {
    /// Adds what another run did.
    pub fn add(&mut self, other: &Tally) {
        let pairs = [
            (&mut self.seeds, other.seeds),
            (&mut self.steps, other.steps),
            (&mut self.acts, other.acts),
            (&mut self.done, other.done),
            (&mut self.refused, other.refused),
            (&mut self.connections, other.connections),
            (&mut self.frames, other.frames),
            (&mut self.farewells, other.farewells),
            (&mut self.outdated, other.outdated),
            (&mut self.unmasked, other.unmasked),
            (&mut self.unwitnessed, other.unwitnessed),
            (&mut self.cuts, other.cuts),
            (&mut self.crashes, other.crashes),
            (&mut self.partitions, other.partitions),
            (&mut self.clocks, other.clocks),
            (&mut self.disks, other.disks),
            (&mut self.full, other.full),
            (&mut self.restores, other.restores),
            (&mut self.revocations, other.revocations),
            (&mut self.changes, other.changes),
            (&mut self.adoptions, other.adoptions),
            (&mut self.erasures, other.erasures),
            (&mut self.erased, other.erased),
            (&mut self.lies, other.lies),
            (&mut self.floods, other.floods),
            (&mut self.deaf, other.deaf),
            (&mut self.witnesses, other.witnesses),
            (&mut self.forks, other.forks),
            (&mut self.late, other.late),
            (&mut self.rekeys, other.rekeys),
            (&mut self.successions, other.successions),
            (&mut self.settings, other.settings),
            (&mut self.attached, other.attached),
            (&mut self.files, other.files),
            (&mut self.liars, other.liars),
            (&mut self.entries, other.entries),
            (&mut self.compared, other.compared),
            (&mut self.alike, other.alike),
            (&mut self.beside, other.beside),
            (&mut self.told, other.told),
            (&mut self.proved, other.proved),
        ];
        for (sum, more) in pairs {
            *sum += more;
        }
        for (kind, more) in &other.kinds {
            *self.kinds.entry(*kind).or_default() += more;
        }
    }
}

/// A seed after which all was well.
#[derive(Debug, Clone)]
pub struct Report {
    /// What it was.
    pub plan: Plan,
    /// What was done.
    pub tally: Tally,
    /// Over everything that happened and all that was held at the end: the same seed, the same digest.
    pub digest: Hash,
    /// What happened, if it was asked for.
    pub trace: Vec<String>,
}

/// A seed that found something.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What it was.
    pub plan: Plan,
    /// What does not hold.
    pub words: String,
    /// What happened before, if it was asked for.
    pub trace: Vec<String>,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for line in &self.trace {
            writeln!(f, "{line}")?;
        }
        write!(
            f,
            "seed {}: {}\n{}",
            self.plan.seed,
            self.words,
            self.plan.words()
        )
    }
}

impl std::error::Error for Failure {}

/// Runs one plan.
pub fn simulate(template: &Template, plan: &Plan, trace: bool) -> Result<Report, Box<Failure>> {
    if plan.verifies {
        return run(template, plan, trace);
    }
    remembering(|| run(template, plan, trace))
}

fn run(template: &Template, plan: &Plan, trace: bool) -> Result<Report, Box<Failure>> {
    let failure = |words: String, trace: Vec<String>| {
        Box::new(Failure {
            plan: plan.clone(),
            words,
            trace,
        })
    };
    let mut world =
        raise(template, plan, trace).map_err(|error| failure(format!("{error:#}"), Vec::new()))?;
    let outcome = catch_unwind(AssertUnwindSafe(|| live(&mut world)));
    let trace = world.trace.take().unwrap_or_default();
    match outcome {
        Ok(Ok(())) => Ok(Report {
            plan: plan.clone(),
            tally: Tally {
                seeds: 1,
                ..world.tally.clone()
            },
            digest: world.digest,
            trace,
        }),
        Ok(Err(error)) => Err(failure(format!("{error:#}"), trace)),
        Err(panic) => {
            let words = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied());
            Err(failure(
                format!("panicked: {}", words.unwrap_or("without words")),
                trace,
            ))
        }
    }
}

/// Runs the plans of many seeds on so many threads, each in one of them. `progress` is told after each.
pub fn many(
    template: &Template,
    plan: fn(u64) -> Plan,
    seeds: std::ops::Range<u64>,
    threads: usize,
    progress: impl Fn(&Result<Report, Box<Failure>>) + Sync,
) -> (Tally, Vec<Failure>) {
    let next = AtomicU64::new(seeds.start);
    let found = Mutex::new((Tally::default(), Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let result = simulate(template, &plan(seed), false);
                    progress(&result);
                    let mut found = found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    match result {
                        Ok(report) => found.0.add(&report.tally),
                        Err(failure) => found.1.push(*failure),
                    }
                }
            });
        }
    });
    found
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Copies of the template's nodes, each on a machine of its own, none talking yet.
pub(crate) fn raise(template: &Template, plan: &Plan, trace: bool) -> anyhow::Result<World> {
    let time = Time::default();
    let mut world = World::new(plan.clone(), time.clone(), scratch()?, trace)?;
    world.watch = template.watch.clone();
    world.say(&plan.words());
    for (n, place) in plan.places.iter().enumerate() {
        let machine = Machine::new(time.clone(), Dice::of_part(plan.seed, 100 + n as u64));
        let dir = world.dir.path().join(place.name);
        copy_dir(&template.at(place.name), &dir)?;
        let mut site = Site {
            place,
            machine,
            dir,
            org: OrgId([0; 16]),
            key: SecretKey::from_seed([0; 32]).public(),
            keys: Vec::new(),
            up: None,
            life: 0,
            project_due: false,
            persons: template.persons.get(place.name).cloned().unwrap_or_default(),
            seen: template.seen.get(place.name).cloned().unwrap_or_default(),
            copy: None,
            cloned: false,
            restored: false,
            hostile: false,
            full: false,
            dies_at: None,
        };
        site.rise()?;
        world.sites.push(site);
    }
    for site in 0..world.sites.len() {
        world.lags(site);
    }
    if plan.faults.hostile {
        let liar = world.dice.below(world.sites.len());
        world.sites[liar].hostile = true;
        for _ in 0..plan.faults.accomplices {
            let liar = world.dice.below(world.sites.len());
            world.sites[liar].hostile = true;
        }
        world.tally.liars = world.sites.iter().filter(|site| site.hostile).count() as u64;
    }
    let at = |name: &str| plan.places.iter().position(|place| place.name == name);
    for (n, place) in plan.places.iter().enumerate() {
        if let Some(above) = place.above.and_then(at) {
            world.pairs.push(Pair {
                sites: [n, above],
                dial_due: false,
                pause: 500,
            });
        }
    }
    // Neighbours, too.
    if let (Some(a), Some(b)) = (at("shiqiao"), at("liulin"))
        && world.dice.once_in(2)
    {
        world.pairs.push(Pair {
            sites: [a, b],
            dial_due: false,
            pause: 500,
        });
    }
    for pair in 0..world.pairs.len() {
        world.redial(pair, 0, 5_000);
    }
    Ok(world)
}

fn live(world: &mut World) -> anyhow::Result<()> {
    for _ in 0..world.plan.acts {
        let gap = match world.dice.below(9) {
            0 | 1 => 0,
            2 | 3 => world.between(1, 50),
            4 | 5 => world.between(50, 2_000),
            6 | 7 => world.between(2_000, 20_000),
            // A night, or some days.
            _ => world.between(3_600_000, 50 * 3_600_000),
        };
        let moment = world.now() + gap;
        world.until(moment)?;
        world.mishap()?;
        if world.plan.faults.revocations && world.dice.once_in(5) {
            world.office()?;
        } else if world.plan.faults.changes && world.dice.once_in(6) {
            world.reorganise()?;
        } else if world.plan.faults.rekeys && world.dice.once_in(5) {
            world.rekey()?;
        } else if world.plan.faults.settings && world.dice.once_in(4) {
            world.state()?;
        } else if world.plan.faults.successions && world.dice.once_in(3) {
            world.succeed()?;
        } else {
            world.act()?;
        }
    }
    world.settle()?;
    world.agree()
}
