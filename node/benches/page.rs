//! From one change at a station to a page that is open at the county: three processes of the program on this machine, and
//! between station and county a township. A person at the county has the list of visits open, which listens for news as
//! a browser does; a clerk registers visits through the station's API.
//! `cargo bench -p lianzhan-node --bench page` runs it (`-- --changes N --rounds N`); `docs/benchmarks.md` says what its
//! figures mean.

#[allow(dead_code, reason = "other benchmarks need more of it")]
mod figures;
#[allow(dead_code, reason = "other benchmarks need more of it")]
mod processes;
#[allow(dead_code, reason = "other benchmarks need more of it")]
mod scene;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use age::secrecy::ExposeSecret;
use anyhow::{Context, ensure};
use lianzhan_node::config::Overrides;
use lianzhan_node::services::Node;
use lianzhan_node::services::appoint::PersonDraft;
use lianzhan_protocol::trust::Role;
use serde_json::{Value, json};

use figures::{argument, machine_load, quantile, say, spread};
use processes::{Look, Process, dials, free_port, until};
use scene::{Scene, passphrase};

/// Changes in each round.
const CHANGES: usize = 40;
const ROUNDS: usize = 5;
/// Changes before anything is measured.
const WARM: usize = 5;
/// Between two changes, so that none is in the wake of the one before, which comes home witnessed meanwhile: from, and how
/// much longer at most, by chance.
const PAUSE_MS: (u64, u64) = (400, 400);
const PATIENCE: Duration = Duration::from_secs(60);
const READER: &str = "reader";

fn main() -> anyhow::Result<()> {
    let (changes, rounds) = (argument("changes", CHANGES)?, argument("rounds", ROUNDS)?);
    let dir = tempfile::tempdir().context("a directory for the nodes")?;
    let _scene = Scene::build_apart(dir.path(), 0)?;
    say("starting county, township and station");
    let nodes = Nodes::start(dir.path())?;
    let page = Page::open(nodes.county.web)?;
    let clerk = Clerk::at(nodes.station.web, &dir.path().join("station"))?;
    println!("load of this machine when it began: {}", machine_load());
    let (mut all, mut medians) = (Times::default(), Times::default());
    for n in 0..WARM {
        one(&clerk, &page, n)?;
    }
    for round in 0..rounds {
        let mut times = Times::default();
        for n in 0..changes {
            let n = WARM + round * changes + n;
            let pause = PAUSE_MS.0 + (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) % PAUSE_MS.1;
            std::thread::sleep(Duration::from_millis(pause));
            times.add(&one(&clerk, &page, n)?);
        }
        say(&format!(
            "round {} of {rounds}: told after {:.0} ms",
            round + 1,
            quantile(&times.told, 0.5)
        ));
        medians.add(&times.quantiles(0.5));
        all.append(times);
    }
    println!(
        "\n{} changes one after another, {rounds} rounds; milliseconds, in brackets the least and greatest median of a round",
        all.told.len()
    );
    for (name, times, of_rounds) in [
        ("the write, until it is acknowledged", &all.write, &medians.write),
        ("from then until the page is told", &all.told, &medians.told),
        ("from then until it shows the record", &all.shown, &medians.shown),
    ] {
        let (least, _, greatest) = spread(of_rounds);
        println!(
            "{name:37} p50 {:>6.1} ({least:.1}..{greatest:.1}), p99 {:>6.1}",
            quantile(times, 0.5),
            quantile(times, 0.99)
        );
    }
    println!("load of this machine when it ended: {}", machine_load());
    Ok(())
}

/// What one change took, in milliseconds.
struct Took {
    write: f64,
    told: f64,
    shown: f64,
}

#[derive(Default)]
struct Times {
    write: Vec<f64>,
    told: Vec<f64>,
    shown: Vec<f64>,
}

impl Times {
    fn add(&mut self, took: &Took) {
        self.write.push(took.write);
        self.told.push(took.told);
        self.shown.push(took.shown);
    }

    fn append(&mut self, mut other: Times) {
        self.write.append(&mut other.write);
        self.told.append(&mut other.told);
        self.shown.append(&mut other.shown);
    }

    fn quantiles(&self, part: f64) -> Took {
        Took {
            write: quantile(&self.write, part),
            told: quantile(&self.told, part),
            shown: quantile(&self.shown, part),
        }
    }
}

/// A visit is registered, and the page hears of it and asks for its rows.
fn one(clerk: &Clerk, page: &Page, n: usize) -> anyhow::Result<Took> {
    let asked = Instant::now();
    let record = clerk.register(n)?;
    let written = Instant::now();
    let told = page.told(&record)?;
    let rows = page.rows()?;
    let shown = Instant::now();
    ensure!(
        rows.contains(&record),
        "the rows that the page gets hold the record"
    );
    let since = |then: Instant| then.saturating_duration_since(written).as_secs_f64() * 1e3;
    Ok(Took {
        write: written.duration_since(asked).as_secs_f64() * 1e3,
        told: since(told),
        shown: since(shown),
    })
}

/// The processes. They end in this order.
struct Nodes {
    station: Process,
    _township: Process,
    county: Process,
}

impl Nodes {
    fn start(dir: &Path) -> anyhow::Result<Self> {
        let [county, township, station] = ["county", "township", "station"].map(|name| dir.join(name));
        let (above, between) = {
            let node = Node::open(&county, &Overrides::default())?;
            let reader = PersonDraft {
                login: READER.into(),
                name: "江平".into(),
                roles: vec![Role::Secretary],
                ..PersonDraft::default()
            };
            node.appoint_person(&passphrase(), reader, &passphrase())?;
            (
                node.node_key().public(),
                Node::open(&township, &Overrides::default())?.node_key().public(),
            )
        };
        let ports = [free_port()?, free_port()?];
        dials(&township, &above, ports[0])?;
        dials(&station, &between, ports[1])?;
        let nodes = Nodes {
            county: Process::start(&county, ports[0])?,
            _township: Process::start(&township, ports[1])?,
            station: Process::start(&station, free_port()?)?,
        };
        // The county's own statement of whom it appointed comes down: then all three are connected.
        let below = Look::into(&station)?;
        until(
            "a statement of the county at the station",
            Instant::now(),
            PATIENCE,
            || Ok(below.number("SELECT count(*) FROM logs WHERE own = 0")? > 0),
        )?;
        Ok(nodes)
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .build();
    config.into()
}

/// Who writes.
struct Clerk {
    agent: ureq::Agent,
    url: String,
    bearer: String,
}

impl Clerk {
    fn at(web: SocketAddr, dir: &Path) -> anyhow::Result<Self> {
        let token = std::fs::read_to_string(dir.join(lianzhan_node::services::files::API_TOKEN))?;
        Ok(Clerk {
            agent: agent(),
            url: format!("http://{web}/api/v1/visits"),
            bearer: format!("Bearer {}", token.trim()),
        })
    }

    /// Registers a visit, received a minute after the one before. Returns its id once it is durable.
    fn register(&self, n: usize) -> anyhow::Result<String> {
        let body = json!({
            "login": "clerk",
            "passphrase": passphrase().expose_secret(),
            "fields": {
                "received_at": format!("2026-04-{:02}T{:02}:{:02}:00+08:00", 13 + n / 1_440, n / 60 % 24, n % 60),
                "channel": "visit", "persons": 1, "nature": "problem",
                "gist": format!("第{n}件：老街路灯坏了两盏，晚上看不清台阶。"),
            },
        });
        let mut answer = self
            .agent
            .post(&self.url)
            .header("authorization", &self.bearer)
            .header("content-type", "application/json")
            .send(body.to_string())?;
        let text = answer.body_mut().read_to_string()?;
        ensure!(answer.status() == 201, "a visit was not registered: {text}");
        let written: Value = serde_json::from_str(&text)?;
        Ok(written["record"].as_str().context("a record")?.to_owned())
    }
}

/// The list of visits, as a browser has it open.
struct Page {
    agent: ureq::Agent,
    site: String,
    cookie: String,
    lines: mpsc::Receiver<(Instant, String)>,
}

impl Page {
    /// Signs in, and listens.
    fn open(web: SocketAddr) -> anyhow::Result<Self> {
        let (agent, site) = (agent(), format!("http://{web}"));
        let mut door = agent.get(format!("{site}/login")).call()?;
        let came = cookie(&door)?;
        let form = door.body_mut().read_to_string()?;
        let csrf = form
            .split_once("name=\"csrf\" value=\"")
            .and_then(|(_, rest)| rest.split('"').next())
            .context("the entrance has its token")?;
        let fields = [
            ("csrf", csrf),
            ("name", READER),
            ("passphrase", passphrase().expose_secret()),
            ("back", "/visits"),
        ]
        .map(|(name, value)| format!("{name}={}", value.replace(' ', "+")));
        let entered = agent
            .post(format!("{site}/login"))
            .header("cookie", &came)
            .header("origin", &site)
            .header("content-type", "application/x-www-form-urlencoded")
            .send(fields.join("&"))?;
        ensure!(
            entered.status() == 303,
            "{READER} is signed in: {}",
            entered.status()
        );
        let cookie = cookie(&entered)?;
        let stream = agent
            .get(format!("{site}/events"))
            .header("cookie", &cookie)
            .header("accept", "text/event-stream")
            .call()?;
        ensure!(stream.status() == 200, "the page hears news: {}", stream.status());
        let (heard, lines) = mpsc::channel();
        std::thread::spawn(move || {
            let stream = BufReader::new(stream.into_body().into_reader());
            for line in stream.lines().map_while(Result::ok) {
                if heard.send((Instant::now(), line)).is_err() {
                    return;
                }
            }
        });
        let page = Page {
            agent,
            site,
            cookie,
            lines,
        };
        page.rows()?;
        Ok(page)
    }

    /// When it was told of a record.
    fn told(&self, record: &str) -> anyhow::Result<Instant> {
        let end = Instant::now() + PATIENCE;
        let topic = format!("record:{record}");
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let (at, line) = self.lines.recv_timeout(left).context("the page was not told")?;
            if line.split([' ', ':']).next() == Some("data") && line.contains(&topic) {
                return Ok(at);
            }
        }
    }

    /// The rows that it then asks for.
    fn rows(&self) -> anyhow::Result<String> {
        let mut answer = self
            .agent
            .get(format!("{}/visits", self.site))
            .header("cookie", &self.cookie)
            .header("x-fragment", "visits")
            .call()?;
        ensure!(
            answer.status() == 200,
            "the page has its rows: {}",
            answer.status()
        );
        Ok(answer.body_mut().read_to_string()?)
    }
}

fn cookie<T>(answer: &ureq::http::Response<T>) -> anyhow::Result<String> {
    let set = answer.headers().get("set-cookie").context("a cookie")?;
    let pair = set.to_str()?.split(';').next().unwrap_or_default();
    Ok(pair.to_owned())
}
