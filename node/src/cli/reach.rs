//! How a command reaches the node: it opens the directory itself, or, where the node is running, asks it through its API.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::http;

use super::lang::{Said, said};
use crate::api::GIVEN_HEADER;
use crate::api::progress::{self, Progress};
use crate::config::Overrides;
use crate::env;
use crate::runtime::{RUNNING, RunningFile};
use crate::services::{Node, ServiceError, files};

/// Largest answer that is taken, in bytes: a bundle of many records.
const ANSWER_MAX: u64 = lianzhan_protocol::bundle::BUNDLE_MAX as u64;
/// How long a running node may take to say that it is there.
const ANSWER: Duration = Duration::from_secs(10);
/// How often a running node is asked how far it is.
const LOOK: Duration = Duration::from_millis(250);

/// A node within reach.
pub(super) enum Reach {
    /// Opened by this command.
    Here(Arc<Node>),
    /// It is running.
    Running(Client),
}

impl Reach {
    /// Finds the node of a directory.
    pub(super) fn open(dir: &Path) -> anyhow::Result<Self> {
        match Node::open(dir, &Overrides::default()) {
            Ok(node) => Ok(Reach::Here(node)),
            Err(ServiceError::Busy(_)) => Ok(Reach::Running(Client::of(dir)?)),
            Err(error) => Err(error.into()),
        }
    }
}

#[derive(Deserialize)]
struct Problem {
    title: String,
    detail: String,
    #[serde(default)]
    detail_zh: Option<String>,
}

/// A running node.
pub(super) struct Client {
    agent: ureq::Agent,
    base: String,
    bearer: String,
}

impl Client {
    fn of(dir: &Path) -> anyhow::Result<Self> {
        let shown = dir.display();
        let busy = || {
            said(
                format!("{shown} 中的节点正在启动，或另有命令在使用它。请稍后再试。"),
                format!(
                    "the node in {shown} is starting, or another command works with it; try again in a moment"
                ),
            )
        };
        let running = std::fs::read(dir.join(RUNNING)).with_context(busy)?;
        let running: RunningFile = serde_json::from_slice(&running).with_context(busy)?;
        let token = std::fs::read_to_string(dir.join(files::API_TOKEN)).with_context(|| {
            said(
                format!("{shown} 中的节点正在运行，但读不到它的令牌。请用运行节点的那个用户执行。"),
                format!("the node in {shown} is running, and its token cannot be read; run this as the user who runs the node"),
            )
        })?;
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // What is said to this machine's own node goes past every proxy.
            .proxy(None)
            .max_redirects(0)
            .timeout_connect(Some(Duration::from_secs(5)))
            .build();
        let client = Client {
            agent: config.into(),
            base: format!("http://{}/api/v1", running.local),
            bearer: format!("Bearer {}", token.trim()),
        };
        // A file that a crashed node left behind names an address where nobody answers; a node that hangs answers nothing.
        let answer = client
            .agent
            .get(format!("http://{}/healthz", running.local))
            .config()
            .timeout_global(Some(ANSWER))
            .build()
            .call();
        match answer {
            Ok(_) => Ok(client),
            Err(error @ ureq::Error::Timeout(_)) => Err(error).with_context(|| {
                said(
                    format!("{shown} 中的节点没有回答。请看它的日志；仍不回答时请重新启动它。"),
                    format!(
                        "the node in {shown} does not answer; see its log, and start it again if it stays so"
                    ),
                )
            }),
            Err(error) => Err(error).with_context(busy),
        }
    }

    /// GET, bytes as they come.
    pub(super) fn get_bytes(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let request = self.agent.get(format!("{}{path}", self.base));
        read(request.header("authorization", &self.bearer).call())
    }

    /// GET, JSON.
    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        json(&self.get_bytes(path)?)
    }

    /// POST of JSON, bytes as they come.
    pub(super) fn post_bytes(&self, path: &str, body: &serde_json::Value) -> anyhow::Result<Vec<u8>> {
        let request = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("authorization", &self.bearer)
            .header("content-type", "application/json");
        read(request.send(body.to_string()))
    }

    /// POST of JSON, JSON back.
    pub(super) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &serde_json::Value,
    ) -> anyhow::Result<T> {
        json(&self.post_bytes(path, body)?)
    }

    /// JSON sent by another method than POST, or by POST; JSON back.
    pub(super) fn send<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: &serde_json::Value,
    ) -> anyhow::Result<T> {
        let url = format!("{}{path}", self.base);
        let request = match method {
            "PATCH" => self.agent.patch(url),
            _ => self.agent.post(url),
        };
        let request = request
            .header("authorization", &self.bearer)
            .header("content-type", "application/json");
        json(&read(request.send(body.to_string()))?)
    }

    /// POST of JSON that takes long; `follow` is told meanwhile how far the node is.
    pub(super) fn post_long(
        &self,
        path: &str,
        body: &serde_json::Value,
        follow: impl FnMut(&Progress) + Send,
    ) -> anyhow::Result<Vec<u8>> {
        let name = work_name();
        let request = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("authorization", &self.bearer)
            .header("content-type", "application/json")
            .header(progress::HEADER, &name);
        self.followed(&name, follow, || read(request.send(body.to_string())))
    }

    /// Does `work`, and asks the node every now and then how far it is.
    fn followed<T>(
        &self,
        name: &str,
        mut follow: impl FnMut(&Progress) + Send,
        work: impl FnOnce() -> T,
    ) -> T {
        let (done, waits) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                while waits.recv_timeout(LOOK) == Err(mpsc::RecvTimeoutError::Timeout) {
                    // A node of before knows of no progress: then there is none to show.
                    if let Ok(progress) = self.get(&format!("/progress/{name}")) {
                        follow(&progress);
                    }
                }
            });
            let result = work();
            drop(done);
            result
        })
    }

    /// POST of a file, with headers, JSON back; `follow` is told meanwhile how far the node is.
    pub(super) fn post_file<T: DeserializeOwned>(
        &self,
        path: &str,
        headers: &[(&str, String)],
        file: &[u8],
        follow: impl FnMut(&Progress) + Send,
    ) -> anyhow::Result<T> {
        let work = work_name();
        let mut request = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("authorization", &self.bearer)
            .header("content-type", "application/octet-stream")
            .header(progress::HEADER, &work);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        json(&self.followed(&work, follow, || read(request.send(file)))?)
    }
}

impl Client {
    /// POST of JSON; the answer goes into `out` as it comes, and its header says what it is.
    pub(super) fn post_for_file<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &serde_json::Value,
        out: &mut impl Write,
        mut progress: impl FnMut(u64),
    ) -> anyhow::Result<T> {
        let request = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("authorization", &self.bearer)
            .header("content-type", "application/json");
        let answer = request.send(body.to_string()).with_context(silent)?;
        if !answer.status().is_success() {
            return read(Ok(answer)).and_then(|bytes| json(&bytes));
        }
        let about = answer
            .headers()
            .get(GIVEN_HEADER)
            .map(|value| value.as_bytes().to_vec());
        let about = about.with_context(other_version)?;
        let about: Vec<u8> = percent_encoding::percent_decode(&about).collect();
        pass_on(answer, out, &mut progress)?;
        json(&about)
    }

    /// GET with headers; the answer goes into `out` as it comes.
    pub(super) fn get_into(
        &self,
        path: &str,
        headers: &[(&str, String)],
        out: &mut impl Write,
        mut progress: impl FnMut(u64),
    ) -> anyhow::Result<()> {
        let mut request = self
            .agent
            .get(format!("{}{path}", self.base))
            .header("authorization", &self.bearer);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answer = request.call().with_context(silent)?;
        if !answer.status().is_success() {
            return read(Ok(answer)).map(drop);
        }
        pass_on(answer, out, &mut progress)
    }

    /// POST of a file as it is read, JSON back.
    pub(super) fn post_stream<T: DeserializeOwned>(
        &self,
        path: &str,
        file: std::fs::File,
    ) -> anyhow::Result<T> {
        let request = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("authorization", &self.bearer)
            .header("content-type", "application/octet-stream");
        json(&read(request.send(ureq::SendBody::from_owned_reader(file)))?)
    }
}

/// Writes an answer to `out` as it comes.
fn pass_on(
    answer: http::Response<ureq::Body>,
    out: &mut impl Write,
    progress: &mut impl FnMut(u64),
) -> anyhow::Result<()> {
    let mut pieces = answer.into_body().into_reader();
    let mut piece = vec![0; 64 * 1024];
    let mut done = 0;
    loop {
        let count = pieces.read(&mut piece).with_context(silent)?;
        if count == 0 {
            return Ok(());
        }
        out.write_all(&piece[..count])?;
        done += count as u64;
        progress(done);
    }
}

/// A name under which the node tells how far a request is.
fn work_name() -> String {
    lianzhan_protocol::codec::hex(&env::random::<16>())
}

fn read(answer: Result<http::Response<ureq::Body>, ureq::Error>) -> anyhow::Result<Vec<u8>> {
    let mut answer = answer.with_context(silent)?;
    let status = answer.status();
    let bytes = answer
        .body_mut()
        .with_config()
        .limit(ANSWER_MAX)
        .read_to_vec()
        .with_context(silent)?;
    if status.is_success() {
        return Ok(bytes);
    }
    let refusal = match serde_json::from_slice::<Problem>(&bytes) {
        Ok(problem) => Said {
            zh: problem.detail_zh,
            en: format!("{}: {}", problem.title, problem.detail),
        },
        Err(_) => silent(),
    };
    Err(refusal.into())
}

fn silent() -> Said {
    said(
        "运行中的节点没有正常回答。请看它的日志。",
        "the running node did not answer as it should; look into its log",
    )
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> anyhow::Result<T> {
    serde_json::from_slice(bytes).with_context(other_version)
}

/// JSON that came as bytes.
pub(super) fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> anyhow::Result<T> {
    json(bytes)
}

/// What is shown of an answer.
pub(super) fn shown<T: DeserializeOwned>(answer: serde_json::Value) -> anyhow::Result<T> {
    serde_json::from_value(answer).with_context(other_version)
}

fn other_version() -> Said {
    said(
        "运行中的节点与本程序版本不同。请用同一版本重启节点。",
        "the running node is of another version than this program; start it anew with this one",
    )
}

/// A text as part of a URL or of a header.
pub(super) fn percent(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
