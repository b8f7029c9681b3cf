//! What a node can take in: entries per second through each stage alone, all together as a peer's ranges arrive, and what
//! one clerk's own writes cost. `cargo bench` runs it; `docs/benchmarks.md` says what its figures mean.
//!
//! Two orgs below a county are set up as they would be in the field; a clerk at the station signs the entries, the
//! township witnesses the log, and fresh copies of the county's directory take it in.

#[allow(dead_code, reason = "other benchmarks need more of it")]
mod figures;
#[allow(dead_code, reason = "other benchmarks need more of it")]
mod scene;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use lianzhan_node::documents;
use lianzhan_node::services::ingest::Ingested;
use lianzhan_node::services::threads::Threads;
use lianzhan_node::services::{Load, Loaded, Node, project};
use lianzhan_node::store::{Rows, Store, StoreError, StoredDocument, Writer};
use lianzhan_node::views;
use lianzhan_protocol::codec;
use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::keys::{PublicKey, Signature};
use lianzhan_protocol::log::{Entry, Frontier};
use lianzhan_protocol::record::ledger::by_hash;
use lianzhan_protocol::record::{RecordState, Verdict, fold};
use lianzhan_protocol::spread::Spread;
use lianzhan_protocol::sync::{verify_range, verify_range_by};

use figures::{cpu, machine_load, spread};
use scene::Scene;

/// Medians are over so many rounds; a round does everything once, so that noise meets all stages alike.
const ROUNDS: usize = 5;
/// Visits; each is created and later updated.
const VISITS: usize = 10_000;
/// Records that are loaded, folded and put in one transaction, as the projector does.
const BATCH: usize = 256;
/// Own writes handed over without waiting, and one after another.
const PIPELINED: usize = 4_000;
const SINGLE: usize = 400;

fn main() -> anyhow::Result<()> {
    let dir = tempfile::tempdir().context("a directory for the nodes")?;
    let started = Instant::now();
    let scene = Scene::build(dir.path(), VISITS)?;
    let entries = scene.log.len();
    println!("load of this machine when it began: {}", machine_load());
    println!(
        "cores {}, seed {:#x}, {} entries ({VISITS} visits created with {} puts and updated with {}, {} receipts)",
        std::thread::available_parallelism().map_or(0, usize::from),
        scene::SEED,
        entries,
        scene.puts.0,
        scene.puts.1,
        scene.receipts,
    );
    println!(
        "{} bytes per entry with payload, {} ranges of at most {} KiB; set up in {:.1} s; medians of {ROUNDS}\n",
        scene.bytes / entries,
        scene.ranges.len(),
        lianzhan_protocol::sync::RANGE_BYTES / 1024,
        started.elapsed().as_secs_f64(),
    );
    let mut table = Table::default();
    for _ in 0..ROUNDS {
        stages(&scene, &mut table)?;
        one_after_another(&scene, &mut table)?;
        while_it_runs(&scene, &mut table)?;
    }
    table.print(entries as f64);
    let mut own = Own::default();
    for _ in 0..ROUNDS {
        own.round(&scene)?;
    }
    own.print();
    println!("load of this machine when it ended: {}", machine_load());
    Ok(())
}

/// Seconds per round of everything measured, in the order of first mention.
#[derive(Default)]
struct Table {
    rows: Vec<(&'static str, Vec<f64>)>,
    /// Seconds of all cores, of the whole ways.
    cores: Vec<(&'static str, Vec<f64>)>,
}

const STRICT: &str = "verify_strict alone";
const STRICT_TWO: &str = "verify_strict alone, two threads";
const VERIFY_TWO: &str = "verify, two threads";
const STAGES: [&str; 9] = [
    "verify",
    "append",
    "load",
    "judge",
    "fold",
    "project",
    "merge",
    "keep document",
    "commit",
];
const TO_DURABLE: &str = "one after another: to durable";
const TO_VIEWS: &str = "one after another: to views";
const TO_DOCUMENTS: &str = "one after another: to documents";
const LIVE_DURABLE: &str = "while it runs: to durable";
const LIVE_VIEWS: &str = "while it runs: to views";
const LIVE_DOCUMENTS: &str = "while it runs: to documents";

impl Table {
    fn add(&mut self, name: &'static str, time: Duration) {
        let seconds = time.as_secs_f64();
        match self.rows.iter_mut().find(|(row, _)| *row == name) {
            Some((_, all)) => all.push(seconds),
            None => self.rows.push((name, vec![seconds])),
        }
    }

    fn add_cpu(&mut self, name: &'static str, since: Option<f64>) {
        let Some(seconds) = cpu().zip(since).map(|(now, then)| now - then) else {
            return;
        };
        match self.cores.iter_mut().find(|(row, _)| *row == name) {
            Some((_, all)) => all.push(seconds),
            None => self.cores.push((name, vec![seconds])),
        }
    }

    fn median(&self, name: &str) -> f64 {
        self.rows
            .iter()
            .find(|(row, _)| *row == name)
            .map_or(f64::NAN, |(_, all)| spread(all).1)
    }

    fn print(&self, entries: f64) {
        let strict = self.median(STRICT);
        let sum: f64 = STAGES.iter().map(|stage| self.median(stage)).sum();
        let line = |name: &str, seconds: (f64, f64, f64)| {
            let (min, median, max) = seconds;
            println!(
                "{name:32} {:>8.0}/s ({:.0}..{:.0})  {:>6.1} us  {:>5.2} of strict  {:>5.2} of sum",
                entries / median,
                entries / max,
                entries / min,
                median / entries * 1e6,
                strict / median,
                sum / median,
            );
        };
        for (name, all) in &self.rows {
            line(name, spread(all));
        }
        line("sum of the stages", (sum, sum, sum));
        println!(
            "verify of verify_strict: {:.2} on one thread, {:.2} on two",
            strict / self.median("verify"),
            self.median(STRICT_TWO) / self.median(VERIFY_TWO),
        );
        for (name, all) in &self.cores {
            println!(
                "{name:32} {:>6.1} us of processor time",
                spread(all).1 / entries * 1e6
            );
        }
        println!();
    }
}

/// Runs a job in a transaction of its own: its result, the time that the job took, and the rest of the write, which is
/// the signed checkpoint, the WAL, the sync and the waking of threads.
fn write<T: Send + 'static>(
    store: &Store,
    job: impl FnOnce(&mut Writer<'_>) -> Result<T, StoreError> + Send + 'static,
) -> anyhow::Result<(T, Duration, Duration)> {
    let whole = Instant::now();
    let (result, inside) = store.write_blocking(|writer| {
        let inside = Instant::now();
        let result = job(writer)?;
        Ok((result, inside.elapsed()))
    })?;
    Ok((result, inside, whole.elapsed().saturating_sub(inside)))
}

/// Every stage by itself, one thread working at a time.
fn stages(scene: &Scene, table: &mut Table) -> anyhow::Result<()> {
    verify_strict(scene, table)?;
    verify_on_two(scene, table)?;
    let node = scene.county("stages")?;
    let mut commit = Duration::ZERO;

    let (mut verified, mut frontier, mut start) =
        (Vec::with_capacity(scene.ranges.len()), Frontier::new(), None);
    let begun = Instant::now();
    for range in &scene.ranges {
        let range = verify_range(&scene.space.id(), start.as_ref(), &frontier, range)?;
        (frontier, start) = (range.frontier().clone(), Some(range.start().clone()));
        verified.push(range);
    }
    table.add("verify", begun.elapsed());

    let mut append = Duration::ZERO;
    for range in verified {
        let origin = scene.origin.clone();
        let (_, inside, rest) = write(node.store(), move |writer| writer.append_foreign(&origin, range))?;
        append += inside;
        commit += rest;
    }
    table.add("append", append);

    let marks = node.store().read(|reader| reader.dirty(0, u64::from(u32::MAX)))?;
    let (loaded, load_time) = load(&node, &marks)?;
    table.add("load", load_time);

    let (verdicts, judge_time) = judge(&node, &loaded)?;
    table.add("judge", judge_time);

    let begun = Instant::now();
    let states: Vec<RecordState> = loaded
        .iter()
        .zip(&verdicts)
        .map(|(loaded, verdicts)| {
            let given = given(loaded, verdicts);
            fold(loaded.id, &loaded.space.id(), &loaded.held, given, by_hash)
        })
        .collect();
    table.add("fold", begun.elapsed());

    let begun = Instant::now();
    let rows: Vec<_> = loaded
        .iter()
        .zip(&states)
        .zip(&marks)
        .map(|((loaded, state), (record, seq))| {
            let rows = views::project(&node.registry(), loaded, state).map(Rows::from);
            (*record, *seq, rows)
        })
        .collect();
    let mut project = begun.elapsed();
    ensure!(
        rows.iter().all(|(_, _, row)| row.is_some()),
        "every visit has its row"
    );
    let mut rows = rows.into_iter();
    while rows.len() > 0 {
        let batch: Vec<_> = rows.by_ref().take(BATCH).collect();
        let ((), inside, rest) = write(node.store(), move |writer| {
            writer.put_projections(
                batch
                    .iter()
                    .map(|(record, seq, rows)| (*record, *seq, rows.as_ref())),
            )
        })?;
        project += inside;
        commit += rest;
    }
    table.add("project", project);

    let marks = node
        .store()
        .read(|reader| reader.undocumented(0, u64::from(u32::MAX)))?;
    let by_record: HashMap<RecordId, i64> = marks.into_iter().collect();
    let begun = Instant::now();
    let documents: Vec<_> = loaded
        .iter()
        .zip(&verdicts)
        .map(|(loaded, verdicts)| documents::build(&loaded.held, given(loaded, verdicts)))
        .collect::<Result<_, _>>()?;
    table.add("merge", begun.elapsed());

    let mut kept = loaded.iter().zip(documents).map(|(loaded, document)| {
        let heads: Vec<String> = document.heads.iter().map(|head| codec::hex(head)).collect();
        (
            loaded.id,
            by_record[&loaded.id],
            Some(StoredDocument {
                heads: heads.join(" "),
                bytes: document.bytes,
            }),
        )
    });
    let mut keep = Duration::ZERO;
    loop {
        let batch: Vec<_> = kept.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        let ((), inside, rest) = write(node.store(), move |writer| {
            writer.put_documents(
                batch
                    .iter()
                    .map(|(record, seq, document)| (*record, *seq, document.as_ref())),
            )
        })?;
        keep += inside;
        commit += rest;
    }
    table.add("keep document", keep);
    table.add("commit", commit);
    all_is_there(&node)
}

/// The machine's own measure: nothing but signatures over messages as long as headers are.
fn verify_strict(scene: &Scene, table: &mut Table) -> anyhow::Result<()> {
    let signed: Vec<(PublicKey, Vec<u8>, Signature)> = scene.signed();
    let begun = Instant::now();
    for (key, message, signature) in &signed {
        key.verify(scene::DOMAIN, message, signature)?;
    }
    let (entries, signatures) = (u32::try_from(scene.log.len())?, u32::try_from(signed.len())?);
    table.add(STRICT, begun.elapsed() * entries / signatures);
    let begun = Instant::now();
    let good = Threads::new(2).each(&signed, |(key, message, signature)| {
        key.verify(scene::DOMAIN, message, signature).is_ok()
    });
    table.add(STRICT_TWO, begun.elapsed() * entries / signatures);
    ensure!(good.iter().all(|good| *good), "every signature is good");
    // Not part of the way of a record, and shows what a key costs each time it is read.
    let begun = Instant::now();
    for bytes in &scene.log {
        Entry::parse(bytes)?;
    }
    table.add("parse alone", begun.elapsed());
    Ok(())
}

/// Ranges as a node takes them in, the entries of each spread over two threads.
fn verify_on_two(scene: &Scene, table: &mut Table) -> anyhow::Result<()> {
    let (mut frontier, mut start) = (Frontier::new(), None);
    let begun = Instant::now();
    for range in &scene.ranges {
        let verified = verify_range_by(
            &scene.space.id(),
            start.as_ref(),
            &frontier,
            range,
            &Threads::new(2),
        )?;
        (frontier, start) = (verified.frontier().clone(), Some(verified.start().clone()));
    }
    table.add(VERIFY_TWO, begun.elapsed());
    Ok(())
}

fn load(node: &Node, marks: &[(RecordId, i64)]) -> anyhow::Result<(Vec<Loaded>, Duration)> {
    let begun = Instant::now();
    let mut loaded = Vec::with_capacity(marks.len());
    for batch in marks.chunks(BATCH) {
        node.store().read(|reader| {
            let mut load = Load::new(node, reader);
            for (record, _) in batch {
                loaded.extend(load.record(record)?);
            }
            Ok(())
        })?;
    }
    Ok((loaded, begun.elapsed()))
}

fn judge(node: &Node, loaded: &[Loaded]) -> anyhow::Result<(Vec<Vec<Verdict>>, Duration)> {
    let (verdicts, time) = node.store().read(|reader| {
        let mut load = Load::new(node, reader);
        for held in loaded.iter().flat_map(|one| &one.held) {
            load.know(&held.origin)?;
        }
        let begun = Instant::now();
        let verdicts: Vec<Vec<Verdict>> = loaded
            .iter()
            .map(|one| {
                one.held
                    .iter()
                    .map(|held| load.verdict(&one.space, held))
                    .collect()
            })
            .collect();
        Ok((verdicts, begun.elapsed()))
    })?;
    let counts = verdicts
        .iter()
        .flatten()
        .all(|v| matches!(v, Verdict::Counts { .. }));
    ensure!(counts, "every change counts");
    Ok((verdicts, time))
}

/// The verdicts of a record, given again.
fn given<'a>(
    loaded: &'a Loaded,
    verdicts: &'a [Verdict],
) -> impl FnMut(&lianzhan_protocol::record::Held) -> Verdict + 'a {
    |held| {
        let place = loaded.held.iter().position(|one| std::ptr::eq(one, held));
        verdicts[place.unwrap_or_default()].clone()
    }
}

fn all_is_there(node: &Node) -> anyhow::Result<()> {
    let (records, (dirty, undocumented)) = node
        .store()
        .read(|reader| Ok((reader.record_count(&[])?, reader.lag()?)))?;
    ensure!(
        records == VISITS as u64 && dirty == 0 && undocumented == 0,
        "views hold {records} records"
    );
    Ok(())
}

fn ingest(node: &Node, scene: &Scene) -> anyhow::Result<()> {
    for range in &scene.ranges {
        match node.ingest(&scene.space.id(), range) {
            Ingested::Stored(_) => {}
            other => anyhow::bail!("a range was not stored: {other:?}"),
        }
    }
    Ok(())
}

/// The whole way, each part when the one before it is through.
fn one_after_another(scene: &Scene, table: &mut Table) -> anyhow::Result<()> {
    let node = scene.county("whole")?;
    let (begun, used) = (Instant::now(), cpu());
    ingest(&node, scene)?;
    table.add(TO_DURABLE, begun.elapsed());
    table.add_cpu(TO_DURABLE, used);
    while node.project_round()? > 0 {}
    table.add(TO_VIEWS, begun.elapsed());
    table.add_cpu(TO_VIEWS, used);
    while node.document_round()? > 0 {}
    table.add(TO_DOCUMENTS, begun.elapsed());
    table.add_cpu(TO_DOCUMENTS, used);
    all_is_there(&node)
}

/// The whole way in a node whose projector runs beside it, as in production.
fn while_it_runs(scene: &Scene, table: &mut Table) -> anyhow::Result<()> {
    let node = scene.county("live")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(2)
        .build()?;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let projector = runtime.spawn(project::run(node.clone(), stopped));
    let (begun, used) = (Instant::now(), cpu());
    ingest(&node, scene)?;
    table.add(LIVE_DURABLE, begun.elapsed());
    let lag_ends = |part: fn((u64, u64)) -> u64| -> anyhow::Result<Duration> {
        while part(node.store().read(|reader| reader.lag())?) > 0 {
            std::thread::sleep(Duration::from_millis(4));
        }
        Ok(begun.elapsed())
    };
    table.add(LIVE_VIEWS, lag_ends(|(views, _)| views)?);
    table.add_cpu(LIVE_VIEWS, used);
    table.add(LIVE_DOCUMENTS, lag_ends(|(views, documents)| views + documents)?);
    stop.send(true)?;
    runtime.block_on(projector)?;
    all_is_there(&node)
}

/// What one clerk's own writes cost.
#[derive(Default)]
struct Own {
    pipelined: Vec<f64>,
    /// Latency in milliseconds, median and 99th percentile: of a visit alone, and of one with its two annexes.
    plain: (Vec<f64>, Vec<f64>),
    annexed: (Vec<f64>, Vec<f64>),
}

impl Own {
    fn round(&mut self, scene: &Scene) -> anyhow::Result<()> {
        let (node, clerk) = scene.station("own")?;
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let mut drafts = scene::drafts(&node, PIPELINED + 2 * SINGLE);
        let begun = Instant::now();
        let pending: Vec<_> = drafts
            .by_ref()
            .take(PIPELINED)
            .map(|draft| node.start_submit(&clerk, draft))
            .collect::<Result<_, _>>()?;
        runtime.block_on(async {
            for one in pending {
                one.wait().await?;
            }
            anyhow::Ok(())
        })?;
        self.pipelined.push(begun.elapsed().as_secs_f64());
        for (annexes, into) in [(false, &mut self.plain), (true, &mut self.annexed)] {
            let mut times = Vec::with_capacity(SINGLE);
            for mut draft in drafts.by_ref().take(SINGLE) {
                draft.annexes = if annexes { scene::annexes() } else { Vec::new() };
                let begun = Instant::now();
                runtime.block_on(node.submit(&clerk, draft))?;
                times.push(begun.elapsed().as_secs_f64() * 1e3);
            }
            times.sort_by(f64::total_cmp);
            into.0.push(times[SINGLE / 2]);
            into.1.push(times[SINGLE * 99 / 100]);
        }
        Ok(())
    }

    fn print(&self) {
        let (min, median, max) = spread(&self.pipelined);
        let rate = |seconds: f64| PIPELINED as f64 / seconds;
        println!(
            "own writes, {PIPELINED} handed over without waiting: {:.0}/s ({:.0}..{:.0})",
            rate(median),
            rate(max),
            rate(min)
        );
        for (name, (p50, p99)) in [
            ("a visit", &self.plain),
            ("a visit with two annexes", &self.annexed),
        ] {
            let ((a, b, c), (x, y, z)) = (spread(p50), spread(p99));
            println!(
                "own writes one at a time, {name}: p50 {b:.2} ms ({a:.2}..{c:.2}), p99 {y:.2} ms ({x:.2}..{z:.2})"
            );
        }
    }
}
