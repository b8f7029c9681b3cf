//! `lianzhan-fleet`: federations that nobody runs.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::{Parser, Subcommand};
use lianzhan_fleet::generate::Options;
use lianzhan_fleet::{Plan, Template, many, simulate};

mod generating;

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run whole federations in which everything goes wrong, each from a seed.
    Simulate {
        /// How many seeds.
        #[arg(long, default_value_t = 2_000)]
        seeds: u64,
        /// The first one.
        #[arg(long, default_value_t = 0)]
        from: u64,
        /// This seed alone.
        #[arg(long)]
        seed: Option<u64>,
        /// With --seed: print what happened.
        #[arg(long, requires = "seed")]
        trace: bool,
        /// How many at a time; as many as there are cores if left away.
        #[arg(long)]
        threads: Option<usize>,
        /// Let orgs stay where they are; otherwise they move and are merged in one seed of four.
        #[arg(long)]
        unchanging: bool,
        /// Without what the simulation learnt last: several liars, attachments, other keys, successions.
        #[arg(long, conflicts_with = "unchanging")]
        plain: bool,
        /// Settings are stated, neither attachments nor other keys; then a seed does not always give the same again.
        #[arg(long, conflicts_with_all = ["unchanging", "plain"])]
        settings: bool,
        /// Nodes and authorities get other keys in every seed, which else are in one of eight; no attachments.
        #[arg(long, conflicts_with_all = ["unchanging", "plain", "settings"])]
        rekeys: bool,
        /// Records name attachments in every seed, which else are in one of four; no other keys.
        #[arg(long, conflicts_with_all = ["unchanging", "plain", "settings", "rekeys"])]
        attachments: bool,
        /// Founders name the root's authority anew in every seed, which else they do in one of twelve.
        #[arg(long, conflicts_with_all = ["unchanging", "plain", "settings", "rekeys", "attachments"])]
        successions: bool,
    },
    /// Found a synthetic prefecture and write records of all ledgers at its nodes, through the path that forms use.
    Generate {
        /// A directory that is empty or not there; each node gets one in it, called by its division code.
        #[arg(long)]
        dir: PathBuf,
        /// What all chance comes from: the same seed and size give the same entries.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Counties of the city.
        #[arg(long, default_value_t = 1)]
        counties: usize,
        /// Townships of each county.
        #[arg(long, default_value_t = 2)]
        townships: usize,
        /// Stations of each township.
        #[arg(long, default_value_t = 2)]
        stations: usize,
        /// Records that each station writes; a place above writes a fifth of it, and at least one of each of its ledgers.
        #[arg(long, default_value_t = 500)]
        records: usize,
        /// Years that the records are of, both included; at most five.
        #[arg(long, default_value = "2024..2025", value_parser = years)]
        years: (u16, u16),
        /// Only these ledgers, and what their records have to name.
        #[arg(long, value_delimiter = ',')]
        ledgers: Vec<String>,
        /// Let the nodes talk to each other every four weeks of their years, and in the end until all are level.
        #[arg(long)]
        sync: bool,
    },
}

fn years(text: &str) -> Result<(u16, u16), String> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let year = |text: &str| {
        text.parse()
            .map_err(|_| format!("{text:?} is no year; write 2024..2025"))
    };
    Ok((year(from)?, year(to)?))
}

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::Simulate {
            seeds,
            from,
            seed,
            trace,
            threads,
            unchanging,
            plain,
            settings,
            rekeys,
            attachments,
            successions,
        } => {
            let plan = match (unchanging, plain, settings, rekeys, attachments, successions) {
                (true, ..) => Plan::unchanging,
                (_, true, ..) => Plan::plain,
                (_, _, true, ..) => Plan::with_settings,
                (.., true, _, _) => Plan::with_rekeys,
                (.., true, _) => Plan::with_attachments,
                (.., true) => Plan::with_successions,
                _ => Plan::of_seed,
            };
            simulate_seeds(plan, seeds, from, seed, trace, threads)
        }
        Command::Generate {
            dir,
            seed,
            counties,
            townships,
            stations,
            records,
            years,
            ledgers,
            sync,
        } => generating::run(&Options {
            dir,
            seed,
            counties,
            townships,
            stations,
            records,
            years,
            ledgers,
            sync,
        }),
    }
}

fn simulate_seeds(
    plan: fn(u64) -> Plan,
    seeds: u64,
    from: u64,
    seed: Option<u64>,
    trace: bool,
    threads: Option<usize>,
) -> anyhow::Result<ExitCode> {
    let template = Template::found()?;
    if let Some(seed) = seed {
        let plan = plan(seed);
        println!("seed {seed}: {}", plan.words());
        match simulate(&template, &plan, trace) {
            Ok(report) => {
                for line in &report.trace {
                    println!("{line}");
                }
                println!("all is well: {:?}\ndigest {}", report.tally, report.digest);
                return Ok(ExitCode::SUCCESS);
            }
            Err(failure) => {
                println!("{failure}");
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    let started = Instant::now();
    let threads = threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let done = AtomicU64::new(0);
    let (tally, failures) = many(&template, plan, from..from + seeds, threads, |result| {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if let Err(failure) = result {
            println!("{failure}");
        }
        if done.is_multiple_of(50) || done == seeds {
            println!(
                "{done} of {seeds} seeds, {:.1} s",
                started.elapsed().as_secs_f64()
            );
        }
        // Progress that cannot be shown is no reason to stop.
        let _ = std::io::stdout().flush();
    });
    println!("{tally:?}");
    if failures.is_empty() {
        println!("all is well");
        return Ok(ExitCode::SUCCESS);
    }
    let found: Vec<String> = failures
        .iter()
        .map(|failure| failure.plan.seed.to_string())
        .collect();
    println!("{} seeds found something: {}", found.len(), found.join(" "));
    Ok(ExitCode::FAILURE)
}
