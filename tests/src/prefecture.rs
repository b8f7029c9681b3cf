//! Runs the programs of this workspace as an operator does: as processes, with arguments, output and signals. The one place
//! that knows where they are built and how a demo is started and ended.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, bail, ensure};

use crate::root;

/// The passphrase of every account of the demo.
pub const PASSPHRASE: &str = "lianzhan-demo";

/// What a process may take to end after it was asked to.
const FAREWELL: Duration = Duration::from_secs(30);
/// What a demo may take until it serves.
const RAISED: Duration = Duration::from_secs(300);
/// What a node may take until it serves.
const STARTED: Duration = Duration::from_secs(60);
/// What programs are made of.
const SOURCES: [&str; 9] = [
    "protocol/src",
    "node/build.rs",
    "node/src",
    "node/assets",
    "node/locales",
    "node/templates",
    "target/verify",
    "tools/audit/src",
    "Cargo.lock",
];

/// The node's program.
pub fn lianzhan() -> anyhow::Result<PathBuf> {
    program("lianzhan")
}

/// The auditor's program.
pub fn audit() -> anyhow::Result<PathBuf> {
    program("lianzhan-audit")
}

/// A program beside this one in the target directory, in the same profile. Built where it is missing or older than its
/// sources, so that nobody tests yesterday's program.
fn program(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let profile = own
        .ancestors()
        .find(|dir| dir.join(".fingerprint").is_dir())
        .context("this program does not stand in a target directory")?;
    let path = profile.join(name);
    let built = fs::metadata(&path).and_then(|file| file.modified()).ok();
    let changed = SOURCES
        .iter()
        .filter_map(|source| newest(&root().join(source)))
        .max();
    if built.is_none() || built < changed {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // Of the workspace, whose features all else here was built with: alone, a package has others, and half of what it rests
        // on is compiled again.
        cargo
            .args(["build", "--quiet", "--locked", "--workspace", "--bin", name])
            .current_dir(root());
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        ensure!(cargo.status()?.success(), "{name} cannot be built");
    }
    Ok(path)
}

fn newest(path: &Path) -> Option<SystemTime> {
    let Ok(inside) = fs::read_dir(path) else {
        return fs::metadata(path).and_then(|file| file.modified()).ok();
    };
    inside.filter_map(|entry| newest(&entry.ok()?.path())).max()
}

/// A process that ends with its owner.
pub struct Process {
    name: String,
    child: Child,
    lines: mpsc::Receiver<String>,
    log: PathBuf,
}

impl Process {
    /// Starts a program. What it says on stderr goes to `log`.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> anyhow::Result<Process> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(log).with_context(|| log.display().to_string())?)
            .spawn()
            .with_context(|| format!("{name} cannot be started: {command:?}"))?;
        let stdout = child.stdout.take().context("stdout is piped")?;
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // Nobody listens any more: still read, or the process waits for its pipe.
                let _ = send.send(line);
            }
        });
        Ok(Process {
            name: name.to_owned(),
            child,
            lines,
            log: log.to_owned(),
        })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line of stdout that holds `part`.
    pub fn line(&self, part: &str, patience: Duration) -> anyhow::Result<String> {
        let end = Instant::now() + patience;
        loop {
            match self
                .lines
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(line) if line.contains(part) => return Ok(line),
                Ok(_) => {}
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    bail!(
                        "{} did not say {part:?} within {patience:?}; its log ends:\n{}",
                        self.name,
                        self.tail()
                    )
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    bail!(
                        "{} ended without {part:?}; its log ends:\n{}",
                        self.name,
                        self.tail()
                    )
                }
            }
        }
    }

    /// Asks it to end as Ctrl-C does, and waits until it has.
    pub fn interrupt(&mut self) -> anyhow::Result<ExitStatus> {
        let asked = Command::new("kill")
            .args(["-INT", &self.pid().to_string()])
            .status()?;
        ensure!(asked.success(), "{} had ended before it was asked to", self.name);
        let end = Instant::now() + FAREWELL;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!(
            "{} still runs {FAREWELL:?} after Ctrl-C; its log ends:\n{}",
            self.name,
            self.tail()
        )
    }

    fn alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn tail(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already ended, or ended here: there is nobody to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The nodes of a demo directory: all in one process, or one by one.
pub struct Prefecture {
    dir: PathBuf,
    running: BTreeMap<String, Process>,
}

/// The name under which the processes keep the one that runs all nodes.
const ALL: &str = "demo";

impl Prefecture {
    /// Runs `lianzhan demo` until it serves.
    pub fn demo(dir: &Path) -> anyhow::Result<Prefecture> {
        let mut command = Command::new(lianzhan()?);
        command.arg("demo").arg("--dir").arg(dir);
        let demo = Process::start(ALL, &mut command, &dir.with_extension("log"))?;
        demo.line("Ctrl-C", RAISED)?;
        Ok(Prefecture {
            dir: dir.to_owned(),
            running: BTreeMap::from([(ALL.to_owned(), demo)]),
        })
    }

    /// A demo that somebody else runs.
    pub fn running(dir: &Path) -> Prefecture {
        Prefecture {
            dir: dir.to_owned(),
            running: BTreeMap::new(),
        }
    }

    /// Ends the demo or a node, cleanly.
    pub fn end(&mut self, name: &str) -> anyhow::Result<()> {
        let mut process = self
            .running
            .remove(name)
            .with_context(|| format!("{name} does not run"))?;
        let status = process.interrupt()?;
        ensure!(
            status.success(),
            "{name} ended with {status}; its log ends:\n{}",
            process.tail()
        );
        Ok(())
    }

    /// Ends a node as a power cut does.
    pub fn kill(&mut self, name: &str) -> anyhow::Result<()> {
        let process = self.running.remove(name);
        drop(process.with_context(|| format!("{name} does not run"))?);
        Ok(())
    }

    /// Ends the demo, if it still runs, so that nodes can be started one by one.
    pub fn end_demo(&mut self) -> anyhow::Result<()> {
        self.end(ALL)
    }

    /// Runs one node alone, as `lianzhan run` does, until it serves.
    pub fn run(&mut self, place: &str) -> anyhow::Result<()> {
        let mut command = Command::new(lianzhan()?);
        command.arg("run").arg("--dir").arg(self.node(place));
        let mut process = Process::start(place, &mut command, &self.dir.join(format!("{place}.log")))?;
        let end = Instant::now() + STARTED;
        while !self.serves(place, process.pid()) {
            ensure!(
                process.alive() && Instant::now() < end,
                "{place} does not serve; its log ends:\n{}",
                process.tail()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        self.running.insert(place.to_owned(), process);
        Ok(())
    }

    fn serves(&self, place: &str, pid: u32) -> bool {
        self.told(place).is_ok_and(|told| told["pid"] == pid)
    }

    /// Copies the directory of a node that does not run, as somebody does who clones a disk.
    pub fn copy(&self, place: &str, to: &str) -> anyhow::Result<()> {
        copy_dir(&self.node(place), &self.node(to))
    }

    /// The directory of a node.
    pub fn node(&self, place: &str) -> PathBuf {
        self.dir.join(place)
    }

    /// The address of a node's pages, without a slash at its end.
    pub fn pages(&self, place: &str) -> anyhow::Result<String> {
        let told = self.told(place)?;
        let web = told["web"]
            .as_str()
            .with_context(|| format!("{place} does not say where it serves"))?;
        Ok(format!("http://{web}"))
    }

    fn told(&self, place: &str) -> anyhow::Result<serde_json::Value> {
        let path = self.node(place).join("running.json");
        let text = fs::read(&path).with_context(|| path.display().to_string())?;
        Ok(serde_json::from_slice(&text)?)
    }
}

fn copy_dir(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

impl Drop for Prefecture {
    fn drop(&mut self) {
        for process in self.running.values_mut() {
            // Killed right after, if it does not.
            let _ = process.interrupt();
        }
    }
}
