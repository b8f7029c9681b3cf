//! Writes the samples of every fuzz target to `fuzz/corpus/<target>/`, where cargo-fuzz looks for them.

use anyhow::Context;
use lianzhan_tests::fuzz::{Samples, TARGETS};
use lianzhan_tests::root;

fn main() -> anyhow::Result<()> {
    let samples = Samples::new();
    for target in &TARGETS {
        let folder = root().join("fuzz/corpus").join(target.name);
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        for (n, bytes) in (target.seeds)(&samples).into_iter().enumerate() {
            std::fs::write(folder.join(format!("sample-{n}")), bytes)?;
        }
    }
    println!("seeds of {} targets in fuzz/corpus", TARGETS.len());
    Ok(())
}
