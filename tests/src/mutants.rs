//! Mutants of changes and headers: canonical, with right hashes and good signatures, and wrong in what they say. None makes
//! anything panic, none leaves a document that saves and does not load, and memory stays bounded.

mod course;
mod draft;
mod mutate;
mod starts;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use course::Reached;

use super::apart::apart;
use super::scene::Scene;

/// Fixed: who wants others gives them.
const SEED: u64 = 0x11a2_57a7;
const MUTANTS: u64 = 300_000;
const THREADS: usize = 2;
/// Of the whole process with both threads.
const PEAK_MIB: u64 = 256;

#[test]
fn three_hundred_thousand_mutants_break_nothing() {
    apart(
        "mutants::three_hundred_thousand_mutants_break_nothing",
        PEAK_MIB,
        || {
            let seed = std::env::var("TEST_SEED")
                .ok()
                .and_then(|seed| seed.parse().ok())
                .unwrap_or(SEED);
            let begin = Instant::now();
            let reached = hunt(seed, MUTANTS, THREADS);
            assert!(reached.mutants >= MUTANTS);
            assert!(reached.decode * 2 >= reached.mutants, "{reached:?}");
            for stage in [
                reached.place,
                reached.judge,
                reached.merge,
                reached.fold,
                reached.save,
                reached.load,
            ] {
                assert!(stage * 10 >= reached.mutants, "{reached:?}");
            }
            // One person of ten was revoked.
            assert!(reached.contested * 200 >= reached.mutants, "{reached:?}");
            assert!(reached.adopted * 2_000 >= reached.mutants, "{reached:?}");
            assert!(reached.branched * 10 >= reached.records, "{reached:?}");
            format!(
                "mutants: seed {seed} (another one as TEST_SEED), {} in {:.0} s: decode {}, place {}, \
                 judge {}, merge {} ({} adopted, {} contested), fold {}, save {}, load {}; {} records, {} of them branched; sum {:016x}",
                reached.mutants,
                begin.elapsed().as_secs_f64(),
                reached.decode,
                reached.place,
                reached.judge,
                reached.merge,
                reached.adopted,
                reached.contested,
                reached.fold,
                reached.save,
                reached.load,
                reached.records,
                reached.branched,
                reached.sum
            )
        },
    );
}

#[test]
fn one_seed_makes_the_same_mutants_on_any_number_of_threads() {
    let one = hunt(7, 1_000, 1);
    assert_eq!(one, hunt(7, 1_000, 2));
    assert_ne!(one.sum, hunt(8, 1_000, 1).sum);
}

/// Runs whole batches until there were `mutants`. Which batches these are does not depend on the threads.
fn hunt(seed: u64, mutants: u64, threads: usize) -> Reached {
    // A batch has eight mutants on average; rounds of a fixed number of batches, until it is enough.
    const ROUND: u64 = 64;
    let scene = Scene::new();
    let mut total = Reached::default();
    let mut first = 0;
    while total.mutants < mutants {
        let next = AtomicU64::new(first);
        let rounds = (mutants - total.mutants).div_ceil(8 * ROUND).max(1);
        let end = first + rounds * ROUND;
        let work = || {
            let mut reached = Reached::default();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= end {
                    return reached;
                }
                let outcome = catch_unwind(AssertUnwindSafe(|| course::run(&scene, seed, number)));
                match outcome {
                    Ok(Ok(batch)) => reached.add(&batch),
                    Ok(Err(what)) => panic!("seed {seed}, batch {number}: {what}"),
                    Err(_) => panic!("seed {seed}, batch {number}: panicked, see above"),
                }
            }
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            for worker in workers {
                total.add(&worker.join().expect("a batch that breaks nothing"));
            }
        });
        first = end;
    }
    total
}
