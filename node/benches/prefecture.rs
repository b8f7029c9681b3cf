//! A prefecture in one process: 600 nodes in four levels, each with its own directory, keys, store, network host and pages,
//! run as `lianzhan run` runs one, and reaching each other over sockets of loopback alone.
//! `cargo bench -p lianzhan-node --bench prefecture` runs it (`-- --counties N --townships N --stations N --visits N --rounds N`);
//! `docs/benchmarks.md` says what its figures mean.
//!
//! The nodes are founded by one process and run by another, so that the memory of the second is theirs.

#[allow(dead_code, reason = "other benchmarks need more of it")]
mod figures;
mod orgs;
#[allow(dead_code, reason = "other benchmarks need more of it")]
mod processes;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use lianzhan_node::config::Overrides;
use lianzhan_node::runtime::Running;
use lianzhan_node::services::visit::VisitDraft;
use lianzhan_node::services::{Author, Node};
use lianzhan_protocol::record::Value;
use tokio::task::JoinSet;

use figures::{argument, cpu, machine_load, memory_kib, say, told};
use orgs::{CLERK, Shape, bytes_below, county_of, level_of, passphrase, places};
use processes::Look;

/// Nine counties with ten townships each, and five or six stations in each of those: 600 nodes with the city.
const SHAPE: Shape = Shape {
    counties: 9,
    townships: 90,
    stations: 500,
};
/// Visits that each station registers in the busy minute.
const VISITS: usize = 2;
/// Busy minutes, one after another.
const ROUNDS: usize = 5;
/// The busy minute, and how long the nodes are watched while nothing happens.
const BUSY_S: u64 = 60;
const IDLE_S: u64 = 30;
/// Descriptors that a node may need: database, WAL, locks, listeners, connections.
const DESCRIPTORS: usize = 28;
/// Threads for work that blocks, for all nodes together.
const THREADS: usize = 64;
/// The process is at rest when it uses less than this part of a core for each node for so long: a few times what nodes use
/// that only keep their lines alive.
const REST: (f64, Duration) = (150e-6, Duration::from_secs(3));
const PATIENCE: Duration = Duration::from_secs(600);
const POLL: Duration = Duration::from_millis(50);
/// What is to be reached.
const GOAL_KIB: f64 = 1024.0;

fn main() -> anyhow::Result<()> {
    let run = argument("run", String::new())?;
    if !run.is_empty() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .max_blocking_threads(THREADS)
            .build()?;
        return runtime.block_on(measure(Path::new(&run)));
    }
    let shape = Shape {
        counties: argument("counties", SHAPE.counties)?.max(1),
        townships: argument("townships", SHAPE.townships)?.max(1),
        stations: argument("stations", SHAPE.stations)?,
    };
    enough_descriptors(shape.nodes())?;
    let dir = tempfile::tempdir().context("a directory for the nodes")?;
    let begun = Instant::now();
    orgs::raise(dir.path(), shape)?;
    println!(
        "{} nodes: a city, {} counties, {} townships, {} stations; founded in {:.0} s",
        shape.nodes(),
        shape.counties,
        shape.townships,
        shape.stations,
        begun.elapsed().as_secs_f64()
    );
    let status = Command::new(std::env::current_exe()?)
        .arg("--run")
        .arg(dir.path())
        .args(std::env::args().skip(1))
        .status()?;
    ensure!(status.success(), "the process of the nodes ended with {status}");
    Ok(())
}

/// Says what to do before anything is begun.
fn enough_descriptors(nodes: usize) -> anyhow::Result<()> {
    let needed = nodes * DESCRIPTORS;
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    ensure!(
        soft.is_none_or(|soft| soft >= needed),
        "{nodes} nodes may need {needed} file descriptors, and this process may have {}: run `ulimit -n {needed}` before, or give --stations fewer",
        soft.unwrap_or_default()
    );
    Ok(())
}

struct Site {
    name: String,
    running: Running,
}

impl Site {
    fn node(&self) -> &Arc<Node> {
        self.running.node()
    }
}

async fn measure(dir: &Path) -> anyhow::Result<()> {
    println!("load of this machine when it began: {}", machine_load());
    let places = places(dir)?;
    let nodes = places.len() as f64;
    let before = Memory::now();
    let (begun, used) = (Instant::now(), cpu());
    let mut sites = Vec::with_capacity(places.len());
    for (name, path) in &places {
        let path = path.clone();
        let node = tokio::task::spawn_blocking(move || Node::open(&path, &Overrides::default())).await??;
        let running = Running::start(node).await.with_context(|| name.clone())?;
        let name = name.clone();
        sites.push(Site { name, running });
        if sites.len().is_multiple_of(100) {
            say(&format!("{} of {nodes} nodes run", sites.len()));
        }
    }
    println!(
        "started one after another in {:.1} s, {:.1} s of processor time",
        begun.elapsed().as_secs_f64(),
        since(used)
    );
    let first = until_all(&sites, "all logs witnessed after the start", |node| {
        Ok(node.store().read(|reader| reader.own_waiting())? == 0)
    });
    let met = first.await?;
    let rested = rest("the start", nodes).await?;
    println!(
        "connected, each node's first entries witnessed {met:.1} s after that, at rest {rested:.1} s later; {:.1} s of processor time in all",
        since(used)
    );
    let idle = Memory::now();
    let held = data_kib(&places)?;
    println!("memory, all nodes connected and at rest:");
    idle.print(&before, nodes, held);
    idle_cpu(nodes).await;
    println!("memory after these idle seconds:");
    Memory::now().print(&before, nodes, data_kib(&places)?);

    let rounds = argument("rounds", ROUNDS)?.max(1);
    let mut minutes = Vec::with_capacity(rounds);
    for round in 0..rounds {
        let minute = busy_minute(&sites, dir, round).await?;
        let rested = rest("the busy minute", nodes).await?;
        say(&format!(
            "minute {} of {rounds}: in the county's views {:.2} s after the last write, witnessed there {:.2} s",
            round + 1,
            minute.arrived,
            minute.shown
        ));
        minutes.push(Minute { rested, ..minute });
    }
    print_minutes(&minutes);
    println!("memory after the busy minutes:");
    Memory::now().print(&before, nodes, data_kib(&places)?);
    idle_cpu(nodes).await;
    println!("memory after these idle seconds:");
    Memory::now().print(&before, nodes, data_kib(&places)?);
    println!("load of this machine when it ended: {}", machine_load());
    say("stopping");
    let mut ends: JoinSet<()> = sites.into_iter().rev().map(|site| site.running.stop()).collect();
    while ends.join_next().await.is_some() {}
    Ok(())
}

/// What one busy minute gave: seconds after the last write, but for the processor time of the minute itself.
struct Minute {
    visits: usize,
    used: f64,
    arrived: f64,
    shown: f64,
    witnessed: f64,
    rested: f64,
}

fn print_minutes(minutes: &[Minute]) {
    let of =
        |what: fn(&Minute) -> f64, digits| told(&minutes.iter().map(what).collect::<Vec<_>>(), digits, "s");
    println!(
        "\none busy minute: {} visits, each with its personal part; medians of {}",
        minutes.first().map_or(0, |minute| minute.visits),
        minutes.len()
    );
    println!("processor time of the minute      {}", of(|m| m.used, 1));
    println!("after the last write:");
    println!("  all records in the county's views {}", of(|m| m.arrived, 2));
    println!("  shown there as witnessed          {}", of(|m| m.shown, 2));
    println!("  every entry of the stations       {}", of(|m| m.witnessed, 2));
    println!("  at rest, documents built          {}", of(|m| m.rested, 1));
}

/// Every station registers its visits at moments by chance within the minute.
async fn busy_minute(sites: &[Site], dir: &Path, round: usize) -> anyhow::Result<Minute> {
    let visits = argument("visits", VISITS)?;
    let stations: Vec<&Site> = sites.iter().filter(|site| level_of(&site.name) == 3).collect();
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    let mut clerks: Vec<(Arc<Node>, Author)> = Vec::with_capacity(stations.len());
    for station in &stations {
        *expected.entry(county_of(&station.name)).or_default() += ((round + 1) * visits) as u64;
        clerks.push((
            station.node().clone(),
            station.node().sign_in(CLERK, &passphrase())?,
        ));
    }
    let counties = expected
        .into_iter()
        .map(|(name, count)| Ok((Look::into(&dir.join(&name))?, count)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    say(&format!(
        "the busy minute: {} visits at {} stations",
        stations.len() * visits,
        stations.len()
    ));
    let (begun, used) = (Instant::now(), cpu());
    let mut work = JoinSet::new();
    for (n, (node, clerk)) in clerks.into_iter().enumerate() {
        work.spawn(async move {
            for turn in 0..visits {
                let share = BUSY_S * 1000 / visits.max(1) as u64;
                let turn_of_all = round * visits + turn;
                let dice = ((n * visits * ROUNDS + turn_of_all) as u64 + 1)
                    .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                    >> 20;
                let at = Duration::from_millis(turn as u64 * share + dice % share.max(1));
                tokio::time::sleep_until((begun + at).into()).await;
                node.register_visit(&clerk, visit(n, turn_of_all)).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = work.join_next().await {
        done??;
    }
    let last = Instant::now();
    let used = since(used);
    let (mut arrived, mut shown) = (None, None);
    let witnessed = loop {
        let look = |query: &str| -> anyhow::Result<Vec<(u64, u64)>> {
            let counts = counties
                .iter()
                .map(|(look, count)| Ok((look.number(query)?, *count)));
            counts.collect()
        };
        if arrived.is_none() && look(RECORDS)?.iter().all(|(seen, count)| seen >= count) {
            arrived = Some(last.elapsed());
        }
        if arrived.is_some() && look(WITNESSED)?.iter().all(|(seen, count)| seen >= count) {
            shown.get_or_insert_with(|| last.elapsed());
            let mut all = true;
            for site in &stations {
                all &= site.node().store().read(|reader| reader.own_waiting())? == 0;
            }
            if all {
                break last.elapsed();
            }
        }
        ensure!(
            last.elapsed() < PATIENCE,
            "the counties do not have all: {:?} of {:?}",
            look(RECORDS)?,
            look(WITNESSED)?
        );
        tokio::time::sleep(POLL).await;
    };
    let seconds = |time: Option<Duration>| time.unwrap_or_default().as_secs_f64();
    Ok(Minute {
        visits: stations.len() * visits,
        used,
        arrived: seconds(arrived),
        shown: seconds(shown),
        witnessed: witnessed.as_secs_f64(),
        rested: 0.0,
    })
}

const RECORDS: &str = "SELECT count(*) FROM records WHERE ledger = 'letters_visits'";
const WITNESSED: &str = "SELECT count(*) FROM records WHERE ledger = 'letters_visits' AND unwitnessed = 0";

fn visit(station: usize, turn: usize) -> VisitDraft {
    let text = |name: &str, value: &str| (name.to_owned(), Value::Text(value.to_owned()));
    VisitDraft {
        fields: vec![
            text("received_at", "2026-04-16T09:30:00+08:00"),
            text("channel", "visit"),
            text("nature", "problem"),
            ("persons".to_owned(), Value::Int(2)),
            text(
                "gist",
                &format!("第{station}站第{turn}件：老街路灯坏了两盏，晚上看不清台阶。"),
            ),
        ],
        subject: vec![text("name", "赵某某")],
        sensitive: Vec::new(),
    }
}

/// Asks every node until each says so, those that have said so no more. Returns the seconds that this took.
async fn until_all(
    sites: &[Site],
    what: &str,
    is_so: impl Fn(&Node) -> anyhow::Result<bool>,
) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let mut left: Vec<&Site> = sites.iter().collect();
    let mut told = Instant::now();
    loop {
        let mut still = Vec::with_capacity(left.len());
        for site in left {
            if !is_so(site.node())? {
                still.push(site);
            }
        }
        left = still;
        let Some(one) = left.first() else {
            return Ok(begun.elapsed().as_secs_f64());
        };
        if told.elapsed() > Duration::from_secs(10) {
            told = Instant::now();
            say(&format!(
                "{what}: {} nodes left, {} among them",
                left.len(),
                one.name
            ));
        }
        ensure!(
            begun.elapsed() < PATIENCE,
            "{what}: {} nodes left, {} among them",
            left.len(),
            one.name
        );
        tokio::time::sleep(POLL * 4).await;
    }
}

/// Waits until the process does nothing any more. Returns the seconds until then.
async fn rest(after: &str, nodes: f64) -> anyhow::Result<f64> {
    let begun = Instant::now();
    loop {
        let (at, used) = (begun.elapsed(), cpu());
        tokio::time::sleep(REST.1).await;
        if since(used) <= nodes * REST.0 * REST.1.as_secs_f64() {
            return Ok(at.as_secs_f64());
        }
        say(&format!(
            "working after {after}: {:.2} cores",
            since(used) / REST.1.as_secs_f64()
        ));
        ensure!(begun.elapsed() < PATIENCE, "no rest after {after}");
    }
}

async fn idle_cpu(nodes: f64) {
    let used = cpu();
    tokio::time::sleep(Duration::from_secs(IDLE_S)).await;
    let part = since(used) / IDLE_S as f64;
    println!(
        "processor time in {IDLE_S} idle seconds: {part:.4} of a core, {:.1} us a second for each node",
        part / nodes * 1e6
    );
}

fn since(used: Option<f64>) -> f64 {
    cpu().zip(used).map_or(f64::NAN, |(now, then)| now - then)
}

/// Of the directories, for each node.
fn data_kib(places: &[(String, std::path::PathBuf)]) -> anyhow::Result<f64> {
    let bytes = places
        .iter()
        .map(|(_, path)| bytes_below(path))
        .sum::<anyhow::Result<u64>>()?;
    Ok(bytes as f64 / 1024.0 / places.len() as f64)
}

/// What the system says of this process, in KiB.
struct Memory {
    all: f64,
    own: f64,
    files: f64,
}

impl Memory {
    fn now() -> Self {
        let of = |line: &str| memory_kib("self", line).unwrap_or(f64::NAN);
        Memory {
            all: of("VmRSS"),
            own: of("RssAnon"),
            files: of("RssFile") + of("RssShmem"),
        }
    }

    /// What came since, for each node.
    fn print(&self, before: &Memory, nodes: f64, data: f64) {
        let each = |now: f64, then: f64| (now - then) / nodes;
        println!(
            "  {:.0} KiB for each node ({:.2} of the goal of {GOAL_KIB:.0}): {:.0} of its own, {:.0} of files that are mapped (program, indexes of WALs); {:.0} MiB in all, {:.0} MiB before the first was opened; {data:.0} KiB of files for each",
            each(self.all, before.all),
            each(self.all, before.all) / GOAL_KIB,
            each(self.own, before.own),
            each(self.files, before.files),
            self.all / 1024.0,
            before.all / 1024.0,
        );
    }
}
