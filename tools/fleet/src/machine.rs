//! The machine that a simulated node stands on.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lianzhan_node::env::{self, DiskPoint};
use lianzhan_protocol::time::Timestamp;

use crate::dice::Dice;

/// When every simulation begins.
pub(crate) const START_MS: i64 = 1_776_297_600_000; // 2026-04-16

/// The time of the world, which no machine sees as it is.
pub(crate) type Time = Arc<AtomicI64>;

/// A clock, dice and a disk.
pub(crate) struct Machine {
    time: Time,
    skew: AtomicI64,
    dice: Mutex<Dice>,
    disk: Mutex<Disk>,
}

#[derive(Default)]
struct Disk {
    /// What fails next, after so many times at which it works, and how often then.
    failing: Option<(DiskPoint, u32, u32)>,
    hits: u64,
}

impl Machine {
    pub(crate) fn new(time: Time, dice: Dice) -> Arc<Self> {
        Arc::new(Machine {
            time,
            skew: AtomicI64::new(0),
            dice: Mutex::new(dice),
            disk: Mutex::default(),
        })
    }

    /// Does `work` on this machine.
    pub(crate) fn work<T>(self: &Arc<Self>, work: impl FnOnce() -> T) -> T {
        env::simulated(self.clone(), work)
    }

    /// Sets its clock wrong by so many milliseconds.
    pub(crate) fn set_skew(&self, skew_ms: i64) {
        self.skew.store(skew_ms, Ordering::Relaxed);
    }

    /// The disk fails at `point`, after it worked there `after` times, for `times` times.
    pub(crate) fn fail(&self, point: DiskPoint, after: u32, times: u32) {
        lock(&self.disk).failing = Some((point, after, times));
    }

    /// The disk works again.
    pub(crate) fn mend(&self) {
        lock(&self.disk).failing = None;
    }

    /// How often the disk failed.
    pub(crate) fn hits(&self) -> u64 {
        lock(&self.disk).hits
    }
}

impl env::Machine for Machine {
    fn now(&self) -> Timestamp {
        Timestamp(START_MS + self.time.load(Ordering::Relaxed) + self.skew.load(Ordering::Relaxed))
    }

    fn fill(&self, bytes: &mut [u8]) {
        let mut dice = lock(&self.dice);
        for byte in bytes {
            *byte = dice.next_u64().to_le_bytes()[0];
        }
    }

    fn disk(&self, point: DiskPoint) -> std::io::Result<()> {
        let mut disk = lock(&self.disk);
        let Some((failing, after, times)) = &mut disk.failing else {
            return Ok(());
        };
        if *failing != point {
            return Ok(());
        }
        if *after > 0 {
            *after -= 1;
            return Ok(());
        }
        *times -= 1;
        if *times == 0 {
            disk.failing = None;
        }
        disk.hits += 1;
        Err(std::io::Error::other("the simulated disk failed"))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
