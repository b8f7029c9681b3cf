//! Real processes of the program on loopback, and what is asked of them: commands, and the API of a running node.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::dice::Dice;

/// The passphrase of every key of these tests.
pub(crate) const PASSPHRASE: &str = "correct horse battery";
/// How long anything may take before a test gives up. Far above what is needed, for machines that do other things, too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(10);

/// Tries again and again until `try_it` gives something; the one place where a test waits for what others do.
pub(crate) fn until<T>(what: &str, try_it: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, try_it).unwrap_or_else(|| panic!("{what}: not within {} s", PATIENCE.as_secs()))
}

/// The same, and whoever asks says what it means that nothing came.
pub(crate) fn within<T>(patience: Duration, mut try_it: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = try_it() {
            return Some(found);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        std::thread::park_timeout(POLL.min(left));
    }
}

static LANE: RwLock<()> = RwLock::new(());

/// For tests that start processes: as many of them at once as the test harness runs, but none beside one that runs
/// [`alone`].
pub(crate) fn beside() -> RwLockReadGuard<'static, ()> {
    LANE.read().unwrap_or_else(PoisonError::into_inner)
}

/// For tests that use the whole machine, or measure what it does.
pub(crate) fn alone() -> RwLockWriteGuard<'static, ()> {
    LANE.write().unwrap_or_else(PoisonError::into_inner)
}

/// Says what was measured, also where the test passes: past the capture of the test harness.
pub(crate) fn measured(words: &str) {
    // Nobody to read it is no failure.
    let _ = writeln!(std::io::stderr(), "measured: {words}");
}

/// A program of this workspace, beside the test that runs.
fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a test knows its own path");
    let profile = own.ancestors().nth(2).expect("target/<profile>/deps/<test>");
    let path = profile.join(name);
    assert!(
        path.exists(),
        "{} is missing: build it first with `cargo build --workspace` (tests/run does)",
        path.display()
    );
    path
}

/// A TCP port on loopback that nobody uses now, that no demo takes, and that the system gives to no outgoing connection.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 2_000).expect("below 2,000");
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 2_000;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A command of a program of ours that inherits no settings of ours.
pub(crate) fn command(name: &str) -> Command {
    let mut command = Command::new(program(name));
    for (key, _) in std::env::vars_os() {
        if key.to_string_lossy().starts_with("LIANZHAN_") {
            command.env_remove(key);
        }
    }
    command
        .env("LIANZHAN_LANG", "en")
        .env("LIANZHAN_PASSPHRASE", PASSPHRASE)
        .env("LIANZHAN_PERSON_PASSPHRASE", PASSPHRASE)
        .stdin(Stdio::null());
    command
}

/// Runs to the end, which must be a good one; gives stdout.
pub(crate) fn succeed(command: &mut Command) -> String {
    let output = run(command);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("stdout is UTF-8")
}

/// Runs to the end.
pub(crate) fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// A child that does not outlive the test.
pub(crate) struct Process {
    child: Child,
}

impl Process {
    pub(crate) fn start(command: &mut Command) -> Self {
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Process { child }
    }

    fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: nothing of it runs any more when this returns.
    pub(crate) fn kill9(&mut self) {
        // One that has ended already is as dead as it can be.
        let _ = self.child.kill();
        self.child.wait().expect("a killed child is waited for");
    }

    /// Sends a signal by its name, such as `HUP`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.id();
        succeed(Command::new("sh").args(["-c", &format!("kill -{name} {id}")]));
    }

    /// SIGTERM, and how it ended.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        let id = self.id();
        until(&format!("the end of process {id} after SIGTERM"), || self.ended())
    }

    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child
            .try_wait()
            .expect("a child can be asked whether it ended")
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> ExitStatus {
        until("the end of a command", || self.ended())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill9();
    }
}

/// The directory of a node, and commands that work on it.
pub(crate) struct Site {
    dir: PathBuf,
    log: PathBuf,
}

impl Site {
    pub(crate) fn new(parent: &Path, name: &str) -> Self {
        Site {
            dir: parent.join(name),
            log: parent.join(format!("{name}.log")),
        }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// What `lianzhan run` says on stderr.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// `lianzhan COMMAND ... --dir DIR`
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = command("lianzhan");
        // Keys of tests are no secret; their files are cheap to open.
        command
            .args(args)
            .arg("--dir")
            .arg(&self.dir)
            .env("LIANZHAN_SCRYPT_LOG_N", "2");
        command
    }

    pub(crate) fn succeed(&self, args: &[&str]) -> String {
        succeed(&mut self.command(args))
    }

    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let text = self.succeed(args);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{args:?}: {error}: {text}"))
    }

    /// `lianzhan found`, listening on loopback.
    pub(crate) fn found(&self, level: &str, name: [&str; 2], code: &str) {
        self.succeed(&[&["found"][..], &org(level, name, code), &place(&listen())].concat());
    }

    /// `lianzhan invite` here, `lianzhan join` there.
    pub(crate) fn admit(&self, below: &Site, level: &str, name: [&str; 2], code: &str) {
        let code = self.succeed(&[&["invite"][..], &org(level, name, code)].concat());
        below.succeed(&[&["join", code.trim()][..], &place(&listen())].concat());
    }

    /// Starts `lianzhan run` and waits until it answers.
    pub(crate) fn start(&self) -> Running {
        let mut process = self.launch();
        let found = within(PATIENCE, || {
            if let Some(status) = process.ended() {
                panic!(
                    "{} ended at its start: {status}\n{}",
                    self.dir.display(),
                    self.log_tail()
                );
            }
            let api = Api::new(&self.dir, &self.address_of(process.id())?);
            api.is_healthy().then_some(api)
        });
        match found {
            Some(api) => Running { process, api },
            None => panic!("{} does not answer\n{}", self.dir.display(), self.log_tail()),
        }
    }

    /// Starts `lianzhan run` and waits for nothing.
    pub(crate) fn launch(&self) -> Process {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .expect("the log can be written");
        Process::start(self.command(&["run"]).stdout(Stdio::null()).stderr(log))
    }

    /// Where the process serves, once it has said so; a file that a killed one left behind names another process.
    fn address_of(&self, process: u32) -> Option<String> {
        let running = std::fs::read(self.dir.join("running.json")).ok()?;
        let running: Value = serde_json::from_slice(&running).ok()?;
        (running["pid"] == process).then(|| running["local"].as_str().expect("an address").to_owned())
    }

    fn log_tail(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

fn org<'a>(level: &'a str, [zh, en]: [&'a str; 2], code: &'a str) -> [&'a str; 8] {
    ["--level", level, "--name", zh, "--name-en", en, "--code", code]
}

fn place(listen: &str) -> [&str; 4] {
    ["--web", "127.0.0.1:0", "--listen", listen]
}

fn listen() -> String {
    format!("/ip4/127.0.0.1/tcp/{}", free_port())
}

/// A running node.
pub(crate) struct Running {
    pub(crate) process: Process,
    pub(crate) api: Api,
}

impl Running {
    pub(crate) fn status(&self) -> Value {
        self.api.get("/status")
    }

    /// Ends it as an operator does, which must go well.
    pub(crate) fn stop(mut self) {
        let status = self.process.terminate();
        assert_eq!(status.code(), Some(0), "an orderly end: {status}");
    }
}

/// The API of a running node.
#[derive(Clone)]
pub(crate) struct Api {
    agent: ureq::Agent,
    base: String,
    bearer: String,
}

impl Api {
    fn new(dir: &Path, web: &str) -> Self {
        let token = std::fs::read_to_string(dir.join("api.token")).unwrap_or_default();
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(PATIENCE))
            .build();
        Api {
            agent: config.into(),
            base: format!("http://{web}"),
            bearer: format!("Bearer {}", token.trim()),
        }
    }

    fn is_healthy(&self) -> bool {
        let answer = self.agent.get(format!("{}/healthz", self.base)).call();
        answer.is_ok_and(|answer| answer.status() == 200)
    }

    /// What stands at `/api/v1` and `path`.
    pub(crate) fn get(&self, path: &str) -> Value {
        self.ask(path)
            .unwrap_or_else(|fault| panic!("GET {path}: {fault:?}"))
    }

    /// The same, where nothing may stand there yet.
    pub(crate) fn ask(&self, path: &str) -> Result<Value, Fault> {
        let url = format!("{}/api/v1{path}", self.base);
        read(self.agent.get(url).header("authorization", &self.bearer).call())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        let request = self
            .agent
            .post(format!("{}/api/v1{path}", self.base))
            .header("authorization", &self.bearer)
            .header("content-type", "application/json");
        read(request.send(body.to_string()))
    }

    /// The bytes that stand there.
    pub(crate) fn bytes(&self, path: &str) -> Vec<u8> {
        let url = format!("{}/api/v1{path}", self.base);
        let answer = self.agent.get(url).header("authorization", &self.bearer).call();
        let mut answer = answer.unwrap_or_else(|error| panic!("GET {path}: {error}"));
        assert!(answer.status().is_success(), "GET {path}: {}", answer.status());
        answer.body_mut().read_to_vec().expect("an answer ends")
    }

    /// Imports a table of comma-separated text by `lin`; how far it is stands at `/progress/FOLLOWED` meanwhile.
    pub(crate) fn import(&self, ledger: &str, table: &str, followed: &str) -> Result<Value, Fault> {
        let path = format!("/import?ledger={ledger}&file=a.csv");
        let request = self
            .agent
            .post(format!("{}/api/v1{path}", self.base))
            .header("authorization", &self.bearer)
            .header("x-lianzhan-login", "lin")
            .header("x-lianzhan-passphrase", encoded(PASSPHRASE))
            .header("x-lianzhan-progress", followed);
        read(request.send(table))
    }
}

/// Percent-encoded, as headers and addresses want it.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The node refused, with what it said.
    Refused(u16, String),
    /// The connection ended first.
    #[expect(dead_code, reason = "shown where a test fails")]
    Broken(String),
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value, Fault> {
    let mut answer = answer.map_err(|error| Fault::Broken(error.to_string()))?;
    let status = answer.status();
    let body = answer.body_mut().with_config().limit(1 << 30).read_to_string();
    let body = body.map_err(|error| Fault::Broken(error.to_string()))?;
    if !status.is_success() {
        return Err(Fault::Refused(status.as_u16(), body));
    }
    serde_json::from_str(&body).map_err(|error| Fault::Broken(error.to_string()))
}

/// What keeps nodes, by what their status says, from being level: entries without a receipt, views that lag, copies of
/// logs that are behind.
pub(crate) fn unlevel(all: &[Value]) -> Vec<String> {
    let mut reasons = Vec::new();
    for status in all {
        let name = &status["name"];
        if status["entries"] != status["witnessed_entries"] {
            reasons.push(format!(
                "{name}: {} of {} witnessed",
                status["witnessed_entries"], status["entries"]
            ));
        }
        for lag in ["views_lag", "documents_lag", "keys_lacking"] {
            if status[lag] != 0 {
                reasons.push(format!("{name}: {lag} {}", status[lag]));
            }
        }
        assert_eq!(status["alarms"], serde_json::json!([]), "{name}");
    }
    let logs = |status: &Value, all: bool| -> BTreeSet<(String, String)> {
        let logs = status["logs"].as_array().expect("a list of logs").iter();
        logs.filter(|log| all || log["own"] == true)
            .map(|log| (log["origin"].to_string(), log["root"].to_string()))
            .collect()
    };
    let written: BTreeSet<_> = all.iter().flat_map(|status| logs(status, false)).collect();
    for status in all {
        let behind = logs(status, true).difference(&written).count();
        if behind > 0 {
            reasons.push(format!(
                "{}: {behind} logs are behind their writers",
                status["name"]
            ));
        }
    }
    reasons
}

/// All files below a directory.
pub(crate) fn files_below(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.expect("a directory can be listed");
        if entry.file_type().expect("a file has a type").is_dir() {
            found.extend(files_below(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

/// Dice from `TEST_SEED`, or from the clock; the seed is printed.
pub(crate) fn dice_of_test(test: &str) -> Dice {
    let given = std::env::var("TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |now| u64::from(now.subsec_nanos()) ^ now.as_secs())
    });
    measured(&format!("{test}: seed {seed} (give it back as TEST_SEED)"));
    Dice::new(seed)
}
