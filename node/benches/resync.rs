//! What two nodes say when they meet again and nothing has changed, whatever the amount that both hold: frames, bytes and
//! round trips of their session, and the bytes on a real wire between two processes.
//! `cargo bench -p lianzhan-node --bench resync` runs it (`-- --entries N` for another great amount); `docs/benchmarks.md`
//! says what its figures mean.

#[allow(dead_code, reason = "other benchmarks need more of it")]
mod figures;
#[allow(dead_code, reason = "other benchmarks need more of it")]
mod processes;
#[allow(dead_code, reason = "other benchmarks need more of it")]
mod scene;
mod talk;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use lianzhan_node::config::Overrides;
use lianzhan_node::services::Node;
use lianzhan_protocol::keys::PublicKey;

use figures::{argument, machine_load, say, told};
use processes::{Crossed, Forwarder, Process, dials, free_port};
use scene::Scene;
use talk::{Talk, converse};

const FEW: usize = 1_000;
const MANY: usize = 1_000_000;
const ROUNDS: usize = 5;
/// What is to be reached.
const GOAL_BYTES: usize = 1024;
/// A connection on which nothing went for so long is at rest. Pings come every 15 seconds.
const SILENCE: Duration = Duration::from_secs(2);

fn main() -> anyhow::Result<()> {
    println!("load of this machine when it began: {}", machine_load());
    for entries in [FEW, argument("entries", MANY)?] {
        let dir = tempfile::tempdir().context("a directory for the nodes")?;
        let (held, parent, talk) = sessions(dir.path(), entries)?;
        println!(
            "\n{held} entries at both, nothing changed, {ROUNDS} times the same: {} round trip(s), {} frames, {} bytes: {} from the station and {} back; the goal is one and below {GOAL_BYTES}",
            talk.round_trips(),
            talk.frames.iter().sum::<usize>(),
            talk.bytes.iter().sum::<usize>(),
            talk.bytes[0],
            talk.bytes[1],
        );
        let mut wire = Vec::new();
        for n in 0..ROUNDS {
            wire.push(reconnect(dir.path(), &parent)?);
            say(&format!("{entries} entries: connection {} of {ROUNDS}", n + 1));
        }
        let of = |part: fn(&Crossed) -> u64| wire.iter().map(|one| part(one) as f64).collect::<Vec<_>>();
        println!(
            "the same over TCP with noise, yamux, identify and a ping: {}; from the station {}, back {}",
            told(&of(|one| one.both()), 0, "bytes"),
            told(&of(|one| one.up), 0, "bytes"),
            told(&of(|one| one.down), 0, "bytes"),
        );
    }
    println!("load of this machine when it ended: {}", machine_load());
    Ok(())
}

/// Fills a station, lets the township take all of it in, and lets both meet again. Returns how much both hold then.
fn sessions(dir: &Path, entries: usize) -> anyhow::Result<(u64, PublicKey, Talk)> {
    let scene = Scene::build_apart(dir, 0)?;
    let open = |name: &str| Node::open(&dir.join(name), &Overrides::default());
    let (station, township) = (open("writer")?, open("township")?);
    say(&format!("writing {entries} entries"));
    scene.fill(&station, entries)?;
    say("the first sync, in which the township checks all of them");
    let first = converse([&station, &township])?;
    say(&format!("{first:?}"));
    let held = |node: &Node| {
        node.store().read(|reader| {
            let log = reader.log(&scene.origin)?;
            Ok(log.map(|log| (log.size.0, log.root)))
        })
    };
    let (here, there) = (held(&station)?, held(&township)?);
    let (size, _) = here.context("the station has its log")?;
    ensure!(
        here == there && size > entries as u64,
        "the township holds the station's log"
    );
    let mut talks = Vec::new();
    for _ in 0..ROUNDS {
        talks.push(converse([&station, &township])?);
    }
    let talk = *talks.first().context("a round")?;
    ensure!(
        talks.iter().all(|other| *other == talk),
        "each time the same: {talks:?}"
    );
    Ok((size, township.node_key().public(), talk))
}

/// Two processes on the same directories, until their connection is at rest.
fn reconnect(dir: &Path, parent: &PublicKey) -> anyhow::Result<Crossed> {
    let (station, township) = (dir.join("writer"), dir.join("township"));
    let port = free_port()?;
    let _above = Process::start(&township, port)?;
    let wire = Forwarder::to(port)?;
    dials(&station, parent, wire.port)?;
    let _below = Process::start(&station, free_port()?)?;
    wire.quiet(SILENCE)?;
    Ok(wire.crossed())
}
