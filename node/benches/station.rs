//! A station that has written for twenty years: 100,000 records of several ledgers, made through the path that forms use, and
//! the program in a process of its own that shows them. Measured from outside, as a browser asks: lists with filters, orders
//! and far pages, searches for one to four characters, how long a start takes until a page is answered, and memory.
//! The directory is kept between runs below `target/tmp`.
//! `cargo bench -p lianzhan-node --bench station` runs it (`-- --records N --rounds N`; `-- --dir DIR` takes a station that
//! `lianzhan-fleet generate` made); `docs/benchmarks.md` says what its figures mean.

mod desk;
#[allow(dead_code, reason = "other benchmarks need more of it")]
mod figures;
#[allow(dead_code, reason = "other benchmarks need more of it")]
mod processes;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::ensure;

use desk::books::{LOGIN, PASSPHRASE, prepare};
use desk::visitor::Visitor;
use figures::{argument, machine_load, quantile, say, told};
use processes::{Process, free_port};

/// What a station of 5,000 records a year has after twenty years.
const RECORDS: usize = 100_000;
/// How often each page is asked for.
const ROUNDS: usize = 40;
/// Somebody at every desk of a busy day, all at once.
const CROWD: usize = 8;
/// How often the program is started.
const STARTS: usize = 5;

/// Lists, as somebody asks for them who looks something up.
const LISTS: [(&str, &str); 16] = [
    ("visits, newest first", "/ledgers/letters_visits"),
    ("page 20", "/ledgers/letters_visits?page=20"),
    (
        "page 200, the last that is shown",
        "/ledgers/letters_visits?page=200",
    ),
    ("oldest first", "/ledgers/letters_visits?sort=oldest"),
    ("by title", "/ledgers/letters_visits?sort=title"),
    ("by a column", "/ledgers/letters_visits?sort=-persons"),
    ("all columns", "/ledgers/letters_visits?all=1"),
    (
        "half of them by a choice",
        "/ledgers/letters_visits?f.nature=problem",
    ),
    (
        "a choice in one month",
        "/ledgers/letters_visits?f.channel=phone&since=2025-03-01&until=2025-03-31",
    ),
    ("incomplete ones", "/ledgers/letters_visits?missing=1"),
    ("a common word", "/ledgers/letters_visits?q=%E8%B7%AF%E7%81%AF"),
    (
        "a rare word",
        "/ledgers/letters_visits?q=%E6%91%86%E6%89%8B%E5%A0%82",
    ),
    ("wishes", "/ledgers/wish"),
    ("articles by a column", "/ledgers/publicity?sort=outlet"),
    ("the overview of ledgers", "/ledgers"),
    ("the page of visits", "/visits"),
];

/// Searches in all ledgers: characters, how common, what is typed.
const SEARCHES: [(usize, &str, &str); 9] = [
    (1, "common", "路"),
    (1, "rare", "雁"),
    (2, "common", "路灯"),
    (2, "rare", "雁门"),
    (3, "common", "护坡塌"),
    (3, "rare", "摆手堂"),
    (4, "common", "路灯不亮"),
    (4, "rare", "雁门清风"),
    (5, "in nothing", "月球背面站"),
];

fn main() -> anyhow::Result<()> {
    let (records, rounds) = (argument("records", RECORDS)?, argument("rounds", ROUNDS)?);
    let given: String = argument("dir", String::new())?;
    let dir = match given.as_str() {
        "" => {
            let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("station-{records}"));
            prepare(&dir, records)?;
            dir
        }
        given => PathBuf::from(given),
    };
    let login = argument("login", LOGIN.to_owned())?;
    let passphrase = argument("passphrase", PASSPHRASE.to_owned())?;
    println!("load of this machine when it began: {}", machine_load());
    starts(&dir)?;
    let process = Process::start(&dir, free_port()?)?;
    let visitor = Visitor::sign_in(process.web, &login, &passphrase)?;
    println!(
        "\n{:.0} MiB of memory once somebody is signed in",
        process.memory_mib()
    );
    println!("\n| list | p50 | p99 |\n| --- | ---: | ---: |");
    let mut all = Vec::new();
    for (name, path) in LISTS {
        let times = asked(&visitor, path, rounds)?;
        row(name, &times);
        all.extend(times);
    }
    row("all of them", &all);
    println!("\n| search | p50 | p99 |\n| --- | ---: | ---: |");
    let mut all = Vec::new();
    for (characters, how, typed) in SEARCHES {
        let path = format!("/search?q={}", escaped(typed));
        let times = asked(&visitor, &path, rounds)?;
        row(&format!("{characters} characters, {how}"), &times);
        all.extend(times);
    }
    row("all of them", &all);
    let memory = |process: &Process| {
        format!(
            "{:.0} MiB of memory, {:.0} MiB at most so far",
            process.memory_mib(),
            process.peak_mib()
        )
    };
    println!("\none visitor after another: {}", memory(&process));
    let times = crowd(&visitor, rounds.div_ceil(10))?;
    println!(
        "{CROWD} visitors at once: p50 {:.1}, p99 {:.1} ms; {}",
        quantile(&times, 0.5),
        quantile(&times, 0.99),
        memory(&process)
    );
    process.stop()?;
    println!("load of this machine when it ended: {}", machine_load());
    Ok(())
}

/// All pages, asked for by several at once, each beginning with another one.
fn crowd(visitor: &Visitor, rounds: usize) -> anyhow::Result<Vec<f64>> {
    let searches = SEARCHES.map(|(_, _, typed)| format!("/search?q={}", escaped(typed)));
    let paths: Vec<&str> = LISTS
        .iter()
        .map(|(_, path)| *path)
        .chain(searches.iter().map(String::as_str))
        .collect();
    let one = |n: usize| {
        let mut times = Vec::new();
        for round in 0..rounds {
            for path in 0..paths.len() {
                times.push(asked_once(visitor, paths[(path + 3 * n + round) % paths.len()])?);
            }
        }
        anyhow::Ok(times)
    };
    let one = &one;
    let all: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CROWD).map(|n| scope.spawn(move || one(n))).collect();
        threads.into_iter().map(|thread| thread.join()).collect()
    });
    let mut times = Vec::new();
    for done in all {
        times.extend(done.map_err(|_| anyhow::anyhow!("a visitor panicked"))??);
    }
    Ok(times)
}

/// From the start of the process until it answers its first page.
fn starts(dir: &Path) -> anyhow::Result<()> {
    let (mut seconds, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let listen = free_port()?;
        let began = Instant::now();
        let process = Process::start(dir, listen)?;
        let page = Visitor::stranger(process.web).page("/login")?;
        seconds.push(began.elapsed().as_secs_f64());
        ensure!(page.contains("csrf"), "the first page is the entrance");
        memory.push(process.memory_mib());
        process.stop()?;
    }
    println!(
        "{}, from the start to the first answered page",
        told(&seconds, 2, "s")
    );
    println!("{} of memory then", told(&memory, 0, "MiB"));
    Ok(())
}

/// Milliseconds until each whole page was here.
fn asked(visitor: &Visitor, path: &str, rounds: usize) -> anyhow::Result<Vec<f64>> {
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        times.push(asked_once(visitor, path)?);
    }
    say(&format!("{path}: {:.1} ms", quantile(&times, 0.5)));
    Ok(times)
}

fn asked_once(visitor: &Visitor, path: &str) -> anyhow::Result<f64> {
    let began = Instant::now();
    visitor.page(path)?;
    Ok(began.elapsed().as_secs_f64() * 1e3)
}

fn row(name: &str, times: &[f64]) {
    println!(
        "| {name} | {:.1} | {:.1} |",
        quantile(times, 0.5),
        quantile(times, 0.99)
    );
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
