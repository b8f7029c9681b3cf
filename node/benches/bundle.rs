//! What a bundle of many entries costs: bytes, and the time and memory of writing and verifying it, beside nothing but
//! signatures in the same run. `cargo bench -p lianzhan-node --bench bundle` runs it; `docs/benchmarks.md` says what its
//! figures mean.

#[allow(dead_code, reason = "other benchmarks need more of it")]
mod figures;
#[allow(dead_code, reason = "other benchmarks need more of it")]
mod scene;

use std::time::Instant;

use anyhow::{Context, ensure};
use lianzhan_node::services::files;
use lianzhan_node::services::threads::Threads;
use lianzhan_protocol::bundle;
use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::log::Entry;
use lianzhan_protocol::spread::{OneByOne, Spread};

use figures::machine_load;
use scene::{Scene, open_copy};

/// Visits; each is created and later updated, so a bundle of all of them has twice as many entries.
const VISITS: usize = 50_000;
/// Each way of verifying is measured so many times; the median is told.
const ROUNDS: usize = 3;

fn main() -> anyhow::Result<()> {
    let dir = tempfile::tempdir().context("a directory for the nodes")?;
    let begun = Instant::now();
    let scene = Scene::build(dir.path(), VISITS)?;
    println!("load of this machine when it began: {}", machine_load());
    println!(
        "seed {:#x}, set up in {:.1} s",
        scene::SEED,
        begun.elapsed().as_secs_f64()
    );
    let node = open_copy(&dir.path().join("writer"), &dir.path().join("bundler"))?;
    let founding = std::fs::read(node.dir().join(files::FOUNDING))?;
    let mut records: Vec<RecordId> = scene
        .log
        .iter()
        .filter_map(|bytes| Entry::parse(bytes).ok()?.header().record)
        .collect();
    records.sort_unstable();
    records.dedup();

    let first = records.first().context("a record")?;
    let one = node.bundle(&[*first])?;
    let report = refused(bundle::verify(&one, &founding))?;
    println!(
        "one record of {} changes: {} bytes, of which {} are files",
        report.records.first().map_or(0, |record| record.changes.len()),
        one.len(),
        content(&one, ""),
    );
    for part in ["statements/", "logs/", "entries/", "summary.json"] {
        println!("  {part:14} {:>9} bytes", content(&one, part));
    }

    let before = peak_kib();
    let begun = Instant::now();
    let all = node.bundle(&records)?;
    let entries = scene.signed().len();
    println!(
        "{} records, {entries} entries, {} receipts: {} bytes ({} an entry), written and verified in {:.1} s, peak of memory {} MiB ({} MiB before)",
        records.len(),
        scene.receipts,
        all.len(),
        all.len() / entries,
        begun.elapsed().as_secs_f64(),
        peak_kib() / 1024,
        before / 1024,
    );
    for part in ["statements/", "logs/", "entries/", "summary.json"] {
        println!("  {part:14} {:>10} bytes", content(&all, part));
    }
    drop(node);

    let signed = scene.signed();
    drop(scene);
    let (mut strict, mut strict_two) = (Vec::new(), Vec::new());
    let (mut alone, mut two) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        strict.push(signatures(&signed, &OneByOne)?);
        strict_two.push(signatures(&signed, &Threads::new(2))?);
        alone.push(verify(&all, &founding, entries, &OneByOne)?);
        two.push(verify(&all, &founding, entries, &Threads::new(2))?);
    }
    let strict = median(&mut strict);
    for (name, rate) in [
        ("verify_strict, one core", strict),
        ("verify_strict, two cores", median(&mut strict_two)),
        ("bundle verified, one core", median(&mut alone)),
        ("bundle verified, two cores", median(&mut two)),
    ] {
        println!(
            "{name:28} {rate:>8.0} entries/s {:>6.1} us  {:.2} of strict",
            1e6 / rate,
            rate / strict
        );
    }
    println!("peak of memory {} MiB", peak_kib() / 1024);
    println!("load of this machine when it ended: {}", machine_load());
    Ok(())
}

fn refused<T>(result: Result<T, bundle::Refusal>) -> anyhow::Result<T> {
    result.map_err(|refusal| anyhow::anyhow!("{refusal}"))
}

/// Entries a second.
fn verify(all: &[u8], founding: &[u8], entries: usize, how: &(impl Spread + Sync)) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let report = refused(bundle::verify_by(all, founding, how))?;
    let took = begun.elapsed();
    let changes: usize = report.records.iter().map(|record| record.changes.len()).sum();
    ensure!(changes == entries, "every entry is reported");
    Ok(entries as f64 / took.as_secs_f64())
}

type Signed = (
    lianzhan_protocol::keys::PublicKey,
    Vec<u8>,
    lianzhan_protocol::keys::Signature,
);

/// The machine's own measure: nothing but signatures over messages as long as headers are, a second.
fn signatures(signed: &[Signed], how: &impl Spread) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let good = how.each(signed, |(key, message, signature)| {
        key.verify(scene::DOMAIN, message, signature).is_ok()
    });
    let took = begun.elapsed();
    ensure!(good.iter().all(|good| *good), "every signature is good");
    Ok(signed.len() as f64 / took.as_secs_f64())
}

/// Bytes of the files of a bundle whose path begins so.
fn content(bundle: &[u8], prefix: &str) -> usize {
    let (mut at, mut sum) = (0, 0);
    while let Some(header) = bundle.get(at..at + 512).filter(|header| header[0] != 0) {
        let size = std::str::from_utf8(&header[124..135]).ok();
        let Some(size) = size.and_then(|size| usize::from_str_radix(size, 8).ok()) else {
            break;
        };
        if header.starts_with(prefix.as_bytes()) {
            sum += size;
        }
        at += 512 + size.next_multiple_of(512);
    }
    sum
}

fn median(all: &mut [f64]) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The most memory that this process has had, in KiB; 0 where the system does not say.
fn peak_kib() -> usize {
    figures::memory_kib("self", "VmHWM").map_or(0, |kib| kib as usize)
}
