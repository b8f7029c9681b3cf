//! Every target's body under mutated samples, and under whatever once broke it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use super::{Samples, TARGETS, Target};
use crate::apart::apart;
use crate::dice::Dice;
use crate::root;

/// Fixed: who wants others gives them as `TEST_SEED`.
const SEED: u64 = 0x5eed;
/// Of a process that decodes nothing else: what is decoded is as long in memory as its bytes are, within a small factor.
const PEAK_MIB: u64 = 64;
/// A small workbook may say that it fills a million cells.
const SPREADSHEET_PEAK_MIB: u64 = 512;

macro_rules! seeded {
    ($($name:ident,)*) => {
        $(#[test]
        fn $name() {
            withstands(stringify!($name));
        })*

        #[test]
        fn every_target_has_its_test_and_its_file() {
            let tested = [$(stringify!($name)),*];
            let names = TARGETS.map(|target| target.name);
            assert_eq!(tested, names);
            let listed = std::fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap_or_default();
            for name in names {
                assert!(listed.contains(&format!("name = \"{name}\"\n")), "fuzz/Cargo.toml lacks {name}");
                let file = root().join(format!("fuzz/fuzz_targets/{name}.rs"));
                let text = std::fs::read_to_string(file).unwrap_or_default();
                assert!(text.contains(&format!("fuzz::{name}(")), "fuzz/fuzz_targets/{name}.rs");
            }
        }
    };
}

seeded! {
    frame,
    packed,
    carry,
    entry,
    change,
    sealed,
    event,
    statement,
    appointment,
    founding,
    note,
    line,
    vkey,
    checkpoint,
    proof,
    consistency,
    bundle,
    statement_body,
    spreadsheet,
    invitation,
    request,
    join,
    media,
    piece,
    setting,
    ledger,
}

fn withstands(name: &str) {
    let target = TARGETS
        .iter()
        .find(|target| target.name == name)
        .expect("a target");
    let peak_mib = match name {
        "spreadsheet" => SPREADSHEET_PEAK_MIB,
        _ => PEAK_MIB,
    };
    apart(&format!("fuzz::seeded::{name}"), peak_mib, || attack(target));
}

fn attack(target: &Target) -> String {
    let seed = std::env::var("TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(SEED);
    let begin = Instant::now();
    let seeds = (target.seeds)(&Samples::new());
    assert!(!seeds.is_empty());
    for seed in &seeds {
        (target.body)(seed);
    }
    let crashers = crashers(target.name);
    for (path, bytes) in &crashers {
        assert!(
            catch_unwind(AssertUnwindSafe(|| (target.body)(bytes))).is_ok(),
            "{path}"
        );
    }
    for case in 0..target.cases {
        let mut dice = Dice::of_part(seed, case as u64);
        let bytes = (target.mutate)(&seeds, &mut dice);
        if catch_unwind(AssertUnwindSafe(|| (target.body)(&bytes))).is_err() {
            let file = std::env::temp_dir().join(format!("crash-{}-{case}", target.name));
            let kept = std::fs::write(&file, &bytes).is_ok();
            panic!(
                "{}: seed {seed}, case {case} ({} bytes, kept in {}: {kept})",
                target.name,
                bytes.len(),
                file.display()
            );
        }
    }
    format!(
        "fuzz {}: seed {seed}, {} mutants of {} samples, {} crashers of before, {:.1} s",
        target.name,
        target.cases,
        seeds.len(),
        crashers.len(),
        begin.elapsed().as_secs_f64()
    )
}

/// What once broke this target.
fn crashers(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = root().join("tests/fuzz-crashers").join(name);
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    paths
        .map(|path| {
            let bytes = std::fs::read(&path).expect("a readable file");
            (path.display().to_string(), bytes)
        })
        .collect()
}
