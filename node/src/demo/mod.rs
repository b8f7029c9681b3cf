//! The demo: a small prefecture of eight full nodes in one process. Each has its own directory, keys, store, network host
//! and pages, and is run by the same runtime as `lianzhan run`; they reach each other through their sockets only.

mod cast;
mod found;
mod joint;
mod observe;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

use crate::runtime;
use crate::services::import::Importing;
use cast::{Place, SAMPLES, Sample};
use found::Prefecture;

/// What the demo is asked to do.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// Directory of directories.
    pub dir: PathBuf,
    /// End when all has converged.
    pub exit: bool,
    /// Print the result as one JSON object on the last line of stdout.
    pub json: bool,
}

/// How long the demo waits for the nodes to agree.
const PATIENCE: Duration = Duration::from_secs(180);
/// How often it says what it waits for.
const SAY: Duration = Duration::from_secs(15);

/// Runs the demo.
pub fn run(options: DemoOptions) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(play(&options))
}

async fn play(options: &DemoOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let bar = progress();
    std::fs::create_dir_all(&options.dir)
        .with_context(|| format!("{} cannot be made", options.dir.display()))?;
    let (mut prefecture, mut outcome) = telling(&bar, raise(options, &bar)).await?;
    outcome.seconds = (started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
    bar.finish_and_clear();
    if !outcome.converged {
        prefecture.stop().await;
        if options.json {
            out(&serde_json::to_string(&outcome)?);
        }
        anyhow::bail!(
            "the nodes do not agree after {} seconds: {}",
            PATIENCE.as_secs(),
            outcome.reasons.join("; ")
        );
    }
    // Listened for before the table says that Ctrl-C ends it.
    let mut ending = runtime::Ending::listen()?;
    if !(options.exit && options.json) {
        out(&table(&prefecture, &outcome));
    }
    if !options.exit {
        ending.wait().await;
    }
    prefecture.stop().await;
    if options.json {
        out(&serde_json::to_string(&outcome)?);
    }
    Ok(())
}

/// All that the demo does until its nodes agree, or do not in time.
async fn raise(options: &DemoOptions, bar: &ProgressBar) -> anyhow::Result<(Prefecture, observe::Outcome)> {
    let prefecture = Prefecture::raise(&options.dir, bar).await?;
    import_all(&prefecture, bar).await?;
    joint::hold(&prefecture, bar).await?;
    bar.set_message("waiting until all nodes agree");
    let outcome = observe::until_converged(&prefecture, PATIENCE, bar).await?;
    Ok((prefecture, outcome))
}

/// Says in the log what is waited for while work takes long, where no bar shows it.
async fn telling<T>(bar: &ProgressBar, work: impl Future<Output = T>) -> T {
    let started = Instant::now();
    let mut work = std::pin::pin!(work);
    loop {
        match tokio::time::timeout(SAY, &mut work).await {
            Ok(done) => return done,
            Err(_) if bar.is_hidden() => {
                tracing::warn!("after {} s: {}", started.elapsed().as_secs(), bar.message());
            }
            Err(_) => {}
        }
    }
}

/// Stations and townships read the books of their clerks at the same time.
async fn import_all(prefecture: &Prefecture, bar: &ProgressBar) -> anyhow::Result<()> {
    let mut imports = tokio::task::JoinSet::new();
    bar.set_message("reading the clerks' books");
    let total: u64 = SAMPLES.iter().map(|sample| sample.rows).sum();
    bar.set_length(bar.length().unwrap_or(0) + total);
    for (place, samples) in by_place() {
        let (node, bar) = (prefecture.node(place).clone(), bar.clone());
        let author = prefecture.author(place, place.clerk())?;
        imports.spawn(async move {
            for sample in samples {
                let mut last = 0;
                let report = node
                    .import(
                        &author,
                        Importing::new(sample.ledger, sample.file, sample.bytes, false),
                        |done, _| {
                            bar.inc(done.saturating_sub(last));
                            last = done;
                        },
                    )
                    .await
                    .with_context(|| format!("{} at {}", sample.file, place.dir()))?;
                anyhow::ensure!(
                    report.errors.is_empty() && report.imported + report.known == sample.rows,
                    "{} at {}: {report:?}",
                    sample.file,
                    place.dir()
                );
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = imports.join_next().await {
        done??;
    }
    Ok(())
}

fn by_place() -> Vec<(Place, Vec<&'static Sample>)> {
    Place::ALL
        .iter()
        .map(|place| {
            (
                *place,
                SAMPLES
                    .iter()
                    .filter(|sample| sample.place == *place)
                    .collect::<Vec<_>>(),
            )
        })
        .filter(|(_, samples)| !samples.is_empty())
        .collect()
}

fn table(prefecture: &Prefecture, outcome: &observe::Outcome) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{} nodes agree: {} records, {} entries, all witnessed; the county counts {} visits.\n",
        outcome.nodes, outcome.records, outcome.entries, outcome.county_visits
    );
    let _ = writeln!(text, "{:<18} {:<10} {:<26} sign in as", "node", "level", "page");
    for (place, running) in prefecture.running() {
        let pad = 18usize.saturating_sub(place.name_zh().chars().count() * 2);
        let _ = writeln!(
            text,
            "{}{} {:<10} {:<26} {}",
            place.name_zh(),
            " ".repeat(pad),
            place.level().as_str(),
            format!("http://{}/", running.web()),
            place
                .people()
                .iter()
                .map(|person| person.login)
                .collect::<Vec<_>>()
                .join(", "),
        );
    }
    let _ = write!(
        text,
        "\nThe passphrase of every demo account is {}. Ctrl-C ends.",
        cast::PASSPHRASE
    );
    text
}

fn progress() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg:40!} {bar:30} {pos}/{len}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

#[allow(clippy::print_stdout)] // the demo's result is what it prints
fn out(text: &str) {
    println!("{text}");
}
