//! What a seed makes of a federation: who takes part, how long, and what goes wrong.

use crate::dice::Dice;
use crate::template::{PLACES, Place};

/// Kinds of misfortune. A seed has some of them, so that each is also met alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    /// Connections break at any byte.
    pub cuts: bool,
    /// Machines end at any moment and come back.
    pub crashes: bool,
    /// The network falls apart and heals.
    pub partitions: bool,
    /// Clocks are wrong, by minutes to years.
    pub clocks: bool,
    /// Commits fail, and high-water files.
    pub disks: bool,
    /// Databases are full.
    pub full: bool,
    /// Nodes are put back from old copies.
    pub restores: bool,
    /// Old copies whose high-water file is as old as they are: nobody there can know.
    pub clones: bool,
    /// Persons lose their posts and keys.
    pub revocations: bool,
    /// A node lies.
    pub hostile: bool,
    /// Orgs move and end.
    pub changes: bool,
    /// How many more lie, if one does.
    pub accomplices: usize,
    /// Nodes and authorities get other keys.
    pub rekeys: bool,
    /// Founders name the root's authority anew.
    pub successions: bool,
    /// Settings are stated.
    pub settings: bool,
    /// Records name attachments.
    pub attachments: bool,
    /// Who lies makes something of what it holds, too.
    pub cunning: bool,
    /// And says more at once than anybody has to hear.
    pub floods: bool,
    /// Some lines carry so many bytes a second.
    pub narrow: bool,
    /// Honest nodes are compared while a liar lies on.
    pub beside: bool,
}

/// One seed in so many verifies every signature at every node: 50 of the normal run.
const VERIFIES: u64 = 40;

/// The plan of one seed.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    pub(crate) places: Vec<&'static Place>,
    /// How often something is done.
    pub(crate) acts: usize,
    /// What goes wrong.
    pub faults: Faults,
    /// Latency of a frame, from and to, in milliseconds.
    pub(crate) latency: (i64, i64),
    /// Whether at the end every node proves what it stored.
    pub(crate) proves: bool,
    /// Whether at the end all that is derived is compared to the last byte, and with what is made anew.
    pub(crate) derives: bool,
    /// Whether each node verifies every signature itself, instead of taking what another one on this thread found.
    pub(crate) verifies: bool,
}

/// Who may take part, by names of places.
const CASTS: [&[&str]; 6] = [
    &["county", "fengdu", "shiqiao"],
    &["fengdu", "shiqiao", "liulin"],
    &["county", "fengdu", "shiqiao", "liulin"],
    &["county", "fengdu", "qingya", "shiqiao"],
    &["county", "fengdu", "qingya", "shiqiao", "yunling"],
    &[
        "city", "county", "fengdu", "qingya", "shiqiao", "liulin", "yunling",
    ],
];

fn places(names: &[&str]) -> Vec<&'static Place> {
    names
        .iter()
        .filter_map(|name| PLACES.iter().find(|place| place.name == *name))
        .collect()
}

impl Plan {
    /// The plan of a seed, in which orgs stay where they are, and nothing happens that was added after that could change.
    pub fn unchanging(seed: u64) -> Self {
        let mut plan = Plan::plain(seed);
        plan.faults.changes = false;
        plan
    }

    /// The plan of a seed; in one of four orgs move and are merged, too.
    pub fn plain(seed: u64) -> Self {
        let plan = Plan::without_successions(seed);
        let faults = Faults {
            accomplices: 0,
            rekeys: false,
            settings: false,
            attachments: false,
            ..plan.faults
        };
        Plan { faults, ..plan }
    }

    /// The plan of a seed in which settings are stated, too. Not of the normal run: a setting and its copy are committed
    /// together or one after the other, as the writer's thread has it, so that a seed does not give quite the same again.
    pub fn with_settings(seed: u64) -> Self {
        let mut plan = Plan::with_several_liars(seed);
        plan.faults.settings = true;
        plan
    }

    /// The plan of a seed in which records name attachments.
    pub fn with_attachments(seed: u64) -> Self {
        let mut plan = Plan::with_several_liars(seed);
        plan.faults.attachments = true;
        plan
    }

    /// The plan of a seed in which nodes and authorities get other keys.
    pub fn with_rekeys(seed: u64) -> Self {
        let mut plan = Plan::with_several_liars(seed);
        plan.faults.rekeys = true;
        plan
    }

    /// The plan of a seed in which founders name the root's authority anew; attachments and other keys as they are drawn.
    pub fn with_successions(seed: u64) -> Self {
        Plan::of_seed(seed).succeeding()
    }

    /// The plan of a seed that may have several liars, and nothing that was added after these.
    fn with_several_liars(seed: u64) -> Self {
        let mut plan = Plan::without_successions(seed);
        plan.faults.attachments = false;
        plan.faults.rekeys = false;
        plan
    }

    /// The plan of a seed with all that may happen in the normal run.
    pub fn of_seed(seed: u64) -> Self {
        let mut plan = Plan::without_successions(seed);
        plan.faults.cunning = plan.faults.hostile;
        // Of streams of their own: what the other seeds are they were before.
        let mut dice = Dice::of_part(seed, 4);
        plan.faults.floods = dice.once_in(4) && plan.faults.hostile;
        plan.faults.narrow = dice.once_in(4);
        // Who gets another key, or loses it, may have to learn that of a liar.
        let keeps_keys = !(plan.faults.rekeys || Dice::of_part(seed, 3).once_in(12));
        plan.faults.beside = dice.once_in(2) && plan.faults.hostile && keeps_keys;
        plan.derives = plan.proves || dice.once_in(8);
        if Dice::of_part(seed, 3).once_in(12) {
            plan.succeeding()
        } else {
            plan
        }
    }

    /// The same with successions, for which the root has to take part.
    fn succeeding(mut self) -> Self {
        self.faults.successions = true;
        if self.places.iter().all(|place| place.above.is_some()) {
            let cast: &[&str] = match self.places.len() {
                ..=3 => &["city", "county", "fengdu"],
                4 => &["city", "county", "fengdu", "shiqiao"],
                _ => &["city", "county", "fengdu", "qingya", "shiqiao"],
            };
            self.places = places(cast);
        }
        self
    }

    /// The plan of a seed with all that was there before successions.
    fn without_successions(seed: u64) -> Self {
        let mut dice = Dice::of_part(seed, 1);
        // Small ones find most, and large ones some of the rest.
        let cast = match dice.below(20) {
            0..6 => 0,
            6..9 => 1,
            9..13 => 2,
            13..16 => 3,
            16..19 => 4,
            _ => 5,
        };
        let places = places(CASTS[cast]);
        let acts = match dice.below(24) {
            0 => 60 + dice.below(60),
            1 | 2 => 25 + dice.below(35),
            _ => 4 + dice.below(9),
        };
        let mut one_in = |n| dice.once_in(n);
        let mut faults = Faults {
            cuts: one_in(2),
            crashes: one_in(2),
            partitions: one_in(3),
            clocks: one_in(4),
            disks: one_in(4),
            full: one_in(8),
            restores: one_in(4),
            clones: one_in(10),
            revocations: one_in(3),
            hostile: one_in(6),
            ..Faults::default()
        };
        if faults.restores && faults.clones {
            faults.restores = false;
        }
        let latency = *dice.pick(&[(1, 5), (5, 80), (50, 600), (10, 8_000)]);
        let proves = dice.once_in(20);
        // Drawn last, so that what a seed was before orgs changed it still is.
        faults.changes = dice.once_in(4);
        // The same of what was added after.
        faults.accomplices = match dice.below(4) {
            0 | 1 => 1 + dice.below(2),
            _ => 0,
        };
        faults.attachments = dice.once_in(4);
        faults.rekeys = dice.once_in(8);
        Plan {
            seed,
            places,
            acts,
            faults,
            latency,
            proves,
            derives: proves,
            verifies: seed.is_multiple_of(VERIFIES),
        }
    }

    /// All places, and nothing goes wrong.
    pub(crate) fn quiet() -> Self {
        Plan {
            seed: 0,
            places: PLACES.iter().collect(),
            acts: 0,
            faults: Faults::default(),
            latency: (1, 5),
            proves: false,
            derives: false,
            verifies: true,
        }
    }

    /// One line for people.
    pub fn words(&self) -> String {
        let names: Vec<_> = self.places.iter().map(|place| place.name).collect();
        format!(
            "{} nodes ({}), {} acts, {:?}",
            names.len(),
            names.join(" "),
            self.acts,
            self.faults
        )
    }
}
