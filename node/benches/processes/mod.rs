//! Nodes as an operator runs them: the program in a process of its own, on a directory. Between two of them stands a
//! forwarder that counts what crosses it; what is durable is seen in the database by somebody who only reads.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use lianzhan_node::config::{Config, Overrides, Parent};
use lianzhan_node::runtime::{RUNNING, RunningFile};
use lianzhan_node::store::DATABASE;
use lianzhan_protocol::keys::PublicKey;
use rusqlite::{Connection, OpenFlags};

use super::figures::memory_kib;

/// How long a process may take to serve, or to end.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(5);

/// A running `lianzhan run`, which ends with its owner.
pub(super) struct Process {
    child: Child,
    dir: PathBuf,
    /// Where its pages and API are.
    pub(super) web: SocketAddr,
}

impl Process {
    /// Starts the node in `dir`, where peers reach it at `listen`, and waits until it serves.
    pub(super) fn start(dir: &Path, listen: u16) -> anyhow::Result<Self> {
        let log = dir.with_extension("log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_lianzhan"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("LIANZHAN_") {
                command.env_remove(name);
            }
        }
        let child = command
            .arg("run")
            .arg("--dir")
            .arg(dir)
            .args(["--web", "127.0.0.1:0", "--listen"])
            .arg(format!("/ip4/127.0.0.1/tcp/{listen}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log)?)
            .spawn()
            .context("lianzhan cannot be started")?;
        let mut process = Process {
            child,
            dir: dir.to_owned(),
            web: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        };
        let end = Instant::now() + PATIENCE;
        loop {
            let told = std::fs::read(dir.join(RUNNING)).unwrap_or_default();
            let told = serde_json::from_slice::<RunningFile>(&told).ok();
            if let Some(told) = told.filter(|told| told.pid == process.child.id()) {
                process.web = told.local;
                return Ok(process);
            }
            ensure!(
                process.child.try_wait()?.is_none() && Instant::now() < end,
                "{} does not serve: see {}",
                dir.display(),
                log.display()
            );
            std::thread::sleep(LOOK);
        }
    }

    /// The memory that it has now, in MiB.
    pub(super) fn memory_mib(&self) -> f64 {
        memory_kib(&self.child.id().to_string(), "VmRSS").map_or(f64::NAN, |kib| kib / 1024.0)
    }

    /// The most memory that it has had, in MiB.
    pub(super) fn peak_mib(&self) -> f64 {
        memory_kib(&self.child.id().to_string(), "VmHWM").map_or(f64::NAN, |kib| kib / 1024.0)
    }

    /// Ends it as an operator does.
    pub(super) fn stop(mut self) -> anyhow::Result<()> {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status()?;
        ensure!(asked.success(), "{} had ended before", self.dir.display());
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "{} ended with {status}", self.dir.display());
                return Ok(());
            }
            std::thread::sleep(LOOK);
        }
        bail!("{} does not end", self.dir.display())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Ended already, or ended here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port of loopback that nobody uses now.
pub(super) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Lets the node in `dir` dial `parent` at a port of loopback, by TCP alone: that is what a forwarder counts.
pub(super) fn dials(dir: &Path, parent: &PublicKey, port: u16) -> anyhow::Result<()> {
    let mut config = Config::load(dir, &Overrides::default())?;
    config.quic = false;
    config.parents = vec![Parent {
        node: lianzhan_protocol::codec::hex(parent.ed25519_bytes()),
        addresses: vec![format!("/ip4/127.0.0.1/tcp/{port}")],
    }];
    Ok(config.save(dir)?)
}

/// What crossed a forwarder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Crossed {
    /// Bytes from who dialled.
    pub(super) up: u64,
    /// Bytes back.
    pub(super) down: u64,
}

impl Crossed {
    pub(super) fn both(self) -> u64 {
        self.up + self.down
    }
}

#[derive(Default)]
struct Counts {
    up: AtomicU64,
    down: AtomicU64,
    first: Mutex<Option<Instant>>,
    last: Mutex<Option<Instant>>,
    ended: AtomicBool,
}

/// Passes connections on to a port of loopback, and counts their bytes: what TCP carries, without its own headers.
pub(super) struct Forwarder {
    pub(super) port: u16,
    counts: Arc<Counts>,
}

impl Forwarder {
    pub(super) fn to(port: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let here = listener.local_addr()?.port();
        let counts = Arc::<Counts>::default();
        let counting = counts.clone();
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if counting.ended.load(Ordering::Relaxed) {
                    return;
                }
                set(&counting.first, |known| {
                    known.get_or_insert_with(Instant::now);
                });
                // Nobody answers there: whoever dialled sees its connection end, and tries again.
                if let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
                    pass(&near, &far, &counting);
                }
            }
        });
        Ok(Forwarder { port: here, counts })
    }

    /// What crossed it so far.
    pub(super) fn crossed(&self) -> Crossed {
        Crossed {
            up: self.counts.up.load(Ordering::Relaxed),
            down: self.counts.down.load(Ordering::Relaxed),
        }
    }

    /// When the first connection came.
    pub(super) fn first(&self) -> Option<Instant> {
        *self.counts.first.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something crossed it and then nothing for so long; tells when the last byte did.
    pub(super) fn quiet(&self, silence: Duration) -> anyhow::Result<Instant> {
        let end = Instant::now() + PATIENCE * 5;
        while Instant::now() < end {
            let last = *self.counts.last.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(last) = last.filter(|last| last.elapsed() >= silence) {
                return Ok(last);
            }
            std::thread::sleep(LOOK);
        }
        bail!("the connection does not come to rest")
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.counts.ended.store(true, Ordering::Relaxed);
        // Wakes who accepts; there is nothing to say to it.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

fn set<T>(place: &Mutex<T>, change: impl FnOnce(&mut T)) {
    change(&mut place.lock().unwrap_or_else(PoisonError::into_inner));
}

fn pass(near: &TcpStream, far: &TcpStream, counts: &Arc<Counts>) {
    for (from, to, upward) in [(near, far, true), (far, near, false)] {
        let (Ok(from), Ok(to), counts) = (from.try_clone(), to.try_clone(), counts.clone()) else {
            return;
        };
        // As the nodes' own sockets: small frames leave at once.
        let _ = to.set_nodelay(true);
        std::thread::spawn(move || one_way(from, to, upward, &counts));
    }
}

fn one_way(mut from: TcpStream, mut to: TcpStream, upward: bool, counts: &Counts) {
    let mut buffer = vec![0; 64 * 1024];
    let count = if upward { &counts.up } else { &counts.down };
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        count.fetch_add(read as u64, Ordering::Relaxed);
        set(&counts.last, |last| *last = Some(Instant::now()));
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    // Either may have closed it already.
    let _ = to.shutdown(Shutdown::Write);
    let _ = from.shutdown(Shutdown::Read);
}

/// Looks into the database of a running node. What a transaction has made visible there is durable: the WAL is synced
/// before (`synchronous=FULL`).
pub(super) struct Look(Connection);

impl Look {
    pub(super) fn into(dir: &Path) -> anyhow::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(dir.join(DATABASE), flags)?;
        connection.busy_timeout(PATIENCE)?;
        Ok(Look(connection))
    }

    /// A number that a query gives.
    pub(super) fn number(&self, query: &str) -> anyhow::Result<u64> {
        Ok(self.0.prepare_cached(query)?.query_row([], |row| row.get(0))?)
    }

    /// Entries of logs of others.
    pub(super) fn foreign_entries(&self) -> anyhow::Result<u64> {
        self.number("SELECT coalesce(sum(size), 0) FROM logs WHERE own = 0")
    }

    /// Whether any record's view lags.
    pub(super) fn lags(&self) -> anyhow::Result<bool> {
        Ok(self.number("SELECT EXISTS (SELECT 1 FROM dirty)")? > 0)
    }

    /// Entries of own logs, receipts aside, that no receipt covers.
    pub(super) fn waiting(&self) -> anyhow::Result<u64> {
        self.number(
            "SELECT coalesce(sum((SELECT count(*) FROM entries e WHERE e.log = l.id AND e.receipt = 0 AND e.idx >=
                 coalesce((SELECT max(size) FROM receipts r WHERE r.log = l.id), 0))), 0) FROM logs l WHERE l.own = 1",
        )
    }
}

/// Looks again and again until it is so; tells how long that took since `begun`.
pub(super) fn until(
    what: &str,
    begun: Instant,
    patience: Duration,
    mut is_so: impl FnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<Duration> {
    loop {
        if is_so()? {
            return Ok(begun.elapsed());
        }
        ensure!(begun.elapsed() < patience, "{what}: not within {patience:?}");
        std::thread::sleep(LOOK);
    }
}
