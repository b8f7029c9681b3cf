//! `lianzhan-fleet`: federations that nobody runs.

use std::io::Write;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::{Parser, Subcommand};
use lianzhan_fleet::{Plan, Template, many, simulate};

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
    },
}

fn main() -> anyhow::Result<ExitCode> {
    let Command::Simulate {
        seeds,
        from,
        seed,
        trace,
        threads,
    } = Arguments::parse().command;
    let template = Template::found()?;
    if let Some(seed) = seed {
        let plan = Plan::of_seed(seed);
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
    let (tally, failures) = many(&template, from..from + seeds, threads, |result| {
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
