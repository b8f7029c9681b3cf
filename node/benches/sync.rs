//! The first sync of a station that wrote for a long time without a line: two processes of the program on this machine,
//! joined by a socket whose bytes are counted. Then the station starts again, with nothing new to say.
//! `cargo bench -p lianzhan-node --bench sync` runs it (`-- --visits N --rounds N`); `docs/benchmarks.md` says what its
//! figures mean.

#[allow(dead_code, reason = "other benchmarks need more of it")]
mod figures;
#[allow(dead_code, reason = "other benchmarks need more of it")]
mod processes;
#[allow(dead_code, reason = "other benchmarks need more of it")]
mod scene;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use lianzhan_node::config::Overrides;
use lianzhan_node::services::Node;
use lianzhan_node::services::threads::Threads;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::spread::Spread;

use figures::{argument, machine_load, say, spread, told};
use processes::{Forwarder, Look, Process, dials, free_port, until};
use scene::{Scene, open_copy};

/// Records; each is created and later updated.
const VISITS: usize = 20_000;
const ROUNDS: usize = 5;
/// What is to be reached with that many records: seconds until durable and in views, megabytes on the wire.
const GOALS: (f64, f64, f64) = (2.0, 4.0, 12.0);
/// How long one round may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// A connection on which nothing went for so long is at rest. Pings come every 15 seconds.
const SILENCE: Duration = Duration::from_secs(1);

/// What others need for as many records, of the newest version alone: seconds, megabytes both ways, MiB at each end.
const PEERS: [(&str, f64, f64, u32, u32); 3] = [
    ("PouchDB, batches of 100", 9.52, 10.83, 171, 249),
    ("PouchDB, batches of 1,000", 5.35, 9.95, 245, 293),
    ("iroh-docs 0.101", 5.62, 30.6, 91, 147),
];

fn main() -> anyhow::Result<()> {
    let visits = argument("visits", VISITS)?;
    let rounds = argument("rounds", ROUNDS)?;
    let dir = tempfile::tempdir().context("a directory for the nodes")?;
    say(&format!("writing {visits} visits at a station"));
    let scene = Scene::build_apart(dir.path(), visits)?;
    let parent = prepare(dir.path())?;
    println!("load of this machine when it began: {}", machine_load());
    println!(
        "{visits} records created with {} puts and updated with {}: {} entries, {} bytes each with payload; medians of {rounds}\n",
        scene.puts.0,
        scene.puts.1,
        scene.log.len(),
        scene.bytes / scene.log.len(),
    );
    let mut table = Table::default();
    for n in 0..rounds {
        table.strict.push(verify_strict(&scene)?);
        let round = first_sync(&scene, dir.path(), &parent)?;
        say(&format!(
            "round {} of {rounds}: durable {:.2} s, views {:.2} s, {:.1} MB",
            n + 1,
            round.durable,
            round.views,
            (round.up + round.down) / 1e6
        ));
        table.rounds.push(round);
    }
    table.print(visits as f64);
    println!("load of this machine when it ended: {}", machine_load());
    Ok(())
}

/// The station has long derived its own views. Returns the township's node.
fn prepare(dir: &Path) -> anyhow::Result<PublicKey> {
    say("deriving the station's own views and documents");
    Node::open(&dir.join("writer"), &Overrides::default())?.catch_up(|_| {})?;
    let township = open_copy(&dir.join("township"), &dir.join("looked-at"))?;
    Ok(township.node_key().public())
}

/// What one round gave: seconds since the connection came, bytes, MiB.
struct Round {
    durable: f64,
    views: f64,
    witnessed: f64,
    up: f64,
    down: f64,
    peak_writer: f64,
    peak_receiver: f64,
    again_up: f64,
    again_down: f64,
    again: f64,
}

fn first_sync(scene: &Scene, dir: &Path, parent: &PublicKey) -> anyhow::Result<Round> {
    let (station, township) = (dir.join("round-station"), dir.join("round-township"));
    scene::copy(&dir.join("writer"), &station)?;
    scene::copy(&dir.join("township"), &township)?;
    let entries = scene.log.len() as u64;

    let port = free_port()?;
    let receiver = Process::start(&township, port)?;
    let (above, below) = (Look::into(&township)?, Look::into(&station)?);
    let wire = Forwarder::to(port)?;
    dials(&station, parent, wire.port)?;
    let writer = Process::start(&station, free_port()?)?;
    until("a connection", Instant::now(), PATIENCE, || {
        Ok(wire.first().is_some())
    })?;
    let begun = wire.first().context("the station dialled")?;
    let mut witnessed = None;
    let mut look = |what: &str, is_so: &dyn Fn() -> anyhow::Result<bool>| {
        until(what, begun, PATIENCE, || {
            if witnessed.is_none() && below.number(RECEIPTED)? >= entries {
                witnessed = Some(begun.elapsed());
            }
            is_so()
        })
    };
    let durable = look("all entries at the township", &|| {
        Ok(above.number("SELECT coalesce(max(size), 0) FROM logs WHERE own = 0")? >= entries)
    })?;
    let views = look("all records in views", &|| Ok(!above.lags()?))?;
    let shown = above.number("SELECT count(*) FROM records WHERE ledger = 'letters_visits'")?;
    ensure!(
        shown * 2 + 1 >= entries,
        "views hold {shown} records of {entries} entries"
    );
    if witnessed.is_none() {
        until("a receipt over all of it", begun, PATIENCE, || {
            Ok(below.number(RECEIPTED)? >= entries)
        })?;
    }
    let witnessed = witnessed.unwrap_or_else(|| begun.elapsed());
    wire.quiet(SILENCE)?;
    let crossed = wire.crossed();
    let (peak_writer, peak_receiver) = (writer.peak_mib(), receiver.peak_mib());
    drop(below);
    writer.stop()?;

    // The same two once more, with a connection of its own.
    let wire = Forwarder::to(port)?;
    dials(&station, parent, wire.port)?;
    let writer = Process::start(&station, free_port()?)?;
    let last = wire.quiet(SILENCE)?;
    let again = wire.crossed();
    let begun = wire.first().context("the station dialled again")?;
    drop(above);
    writer.stop()?;
    receiver.stop()?;
    Ok(Round {
        durable: durable.as_secs_f64(),
        views: views.as_secs_f64(),
        witnessed: witnessed.as_secs_f64(),
        up: crossed.up as f64,
        down: crossed.down as f64,
        peak_writer,
        peak_receiver,
        again_up: again.up as f64,
        again_down: again.down as f64,
        again: last.saturating_duration_since(begun).as_secs_f64(),
    })
}

const RECEIPTED: &str = "SELECT coalesce(max(size), 0) FROM receipts";

/// The machine's own limit: seconds for nothing but the signatures of all entries, on two cores.
fn verify_strict(scene: &Scene) -> anyhow::Result<f64> {
    let signed = scene.signed();
    let begun = Instant::now();
    let good = Threads::new(2).each(&signed, |(key, message, signature)| {
        key.verify(scene::DOMAIN, message, signature).is_ok()
    });
    let took = begun.elapsed().as_secs_f64();
    ensure!(good.iter().all(|good| *good), "every signature is good");
    Ok(took)
}

#[derive(Default)]
struct Table {
    rounds: Vec<Round>,
    strict: Vec<f64>,
}

impl Table {
    fn of(&self, figure: impl Fn(&Round) -> f64) -> Vec<f64> {
        self.rounds.iter().map(figure).collect()
    }

    fn print(&self, records: f64) {
        let strict = spread(&self.strict).1;
        println!("verify_strict alone, two cores    {}", told(&self.strict, 2, "s"));
        for (name, all, goal) in [
            ("durable at both", self.of(|round| round.durable), Some(GOALS.0)),
            (
                "in the receiver's views",
                self.of(|round| round.views),
                Some(GOALS.1),
            ),
            ("witnessed at the writer", self.of(|round| round.witnessed), None),
        ] {
            let median = spread(&all).1;
            let goal = goal.map(|goal| {
                let goal = goal * records / VISITS as f64;
                format!(", {:.2} of the goal of {goal:.1} s", median / goal)
            });
            println!(
                "{name:33} {}, {:.0} records/s, {:.2} of verify_strict{}",
                told(&all, 2, "s"),
                records / median,
                strict / median,
                goal.unwrap_or_default()
            );
        }
        let wire = self.of(|round| (round.up + round.down) / 1e6);
        let goal = GOALS.2 * records / VISITS as f64;
        println!(
            "on the wire                       {}, {:.2} of the goal of {goal:.1} MB",
            told(&wire, 2, "MB"),
            spread(&wire).1 / goal
        );
        let part = |name: &str, figure: &dyn Fn(&Round) -> f64, digits: usize, unit: &str| {
            println!("{name:33} {}", told(&self.of(figure), digits, unit));
        };
        part("  from the writer", &|round| round.up / 1e6, 2, "MB");
        part("  back", &|round| round.down / 1e6, 3, "MB");
        part("peak of memory, writer", &|round| round.peak_writer, 0, "MiB");
        part("peak of memory, receiver", &|round| round.peak_receiver, 0, "MiB");
        println!("\nthe writer starts again, nothing new; with noise, yamux, identify and a ping:");
        part(
            "on the wire",
            &|round| round.again_up + round.again_down,
            0,
            "bytes",
        );
        part("  from the writer", &|round| round.again_up, 0, "bytes");
        part("  back", &|round| round.again_down, 0, "bytes");
        part("until the last byte", &|round| round.again * 1e3, 0, "ms");
        println!("\npeers with {VISITS} records, newest version alone (measured 2026-11-22, another run):");
        for (name, seconds, megabytes, client, server) in PEERS {
            println!(
                "{name:33} {seconds:.2} s, {:.0} records/s, {megabytes:.2} MB, {client} / {server} MiB",
                VISITS as f64 / seconds
            );
        }
    }
}
