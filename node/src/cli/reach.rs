//! How a command reaches the node: it opens the directory itself, or, where the node is running, asks it through its API.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::http;

use crate::config::Overrides;
use crate::services::{Node, ServiceError, files};

/// Largest answer that is taken, in bytes: a bundle of many records.
const ANSWER_MAX: u64 = 1 << 30;

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

/// What a running node answered instead of doing it: problem details.
#[derive(Debug, thiserror::Error)]
#[error("{en}")]
pub(super) struct Refusal {
    /// In English.
    pub(super) en: String,
    /// In Chinese.
    pub(super) zh: Option<String>,
}

#[derive(Deserialize)]
struct Problem {
    title: String,
    detail: String,
    #[serde(default)]
    detail_zh: Option<String>,
}

/// What a running node leaves in its directory.
#[derive(Deserialize)]
struct Running {
    web: SocketAddr,
}

/// A running node.
pub(super) struct Client {
    agent: ureq::Agent,
    base: String,
    bearer: String,
}

impl Client {
    fn of(dir: &Path) -> anyhow::Result<Self> {
        let busy = || {
            format!(
                "the node in {} is starting, or another command works with it; try again in a moment",
                dir.display()
            )
        };
        let running = std::fs::read(dir.join(files::RUNNING)).with_context(busy)?;
        let running: Running = serde_json::from_slice(&running).with_context(busy)?;
        let token = std::fs::read_to_string(dir.join(files::API_TOKEN)).with_context(|| {
            format!(
                "the node in {} is running, and its token cannot be read; run this as the user who runs the node",
                dir.display()
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
            base: format!("http://{}/api/v1", running.web),
            bearer: format!("Bearer {}", token.trim()),
        };
        // A file that a crashed node left behind names an address where nobody answers.
        client.agent.get(format!("http://{}/healthz", running.web)).call().with_context(busy)?;
        Ok(client)
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
    pub(super) fn post<T: DeserializeOwned>(&self, path: &str, body: &serde_json::Value) -> anyhow::Result<T> {
        json(&self.post_bytes(path, body)?)
    }

    /// POST of a file, with headers, JSON back.
    pub(super) fn post_file<T: DeserializeOwned>(
        &self,
        path: &str,
        headers: &[(&str, String)],
        file: &[u8],
    ) -> anyhow::Result<T> {
        let mut request = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("authorization", &self.bearer)
            .header("content-type", "application/octet-stream");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        json(&read(request.send(file))?)
    }
}

fn read(answer: Result<http::Response<ureq::Body>, ureq::Error>) -> anyhow::Result<Vec<u8>> {
    let mut answer = answer.context("the running node did not answer; look into its log")?;
    let status = answer.status();
    let bytes = answer
        .body_mut()
        .with_config()
        .limit(ANSWER_MAX)
        .read_to_vec()
        .context("the running node broke off its answer; look into its log")?;
    if status.is_success() {
        return Ok(bytes);
    }
    let refusal = match serde_json::from_slice::<Problem>(&bytes) {
        Ok(problem) => Refusal {
            en: format!("{}: {}", problem.title, problem.detail),
            zh: problem.detail_zh,
        },
        Err(_) => Refusal {
            en: format!("the running node answered {status}; look into its log"),
            zh: None,
        },
    };
    Err(refusal.into())
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> anyhow::Result<T> {
    serde_json::from_slice(bytes).context(
        "the running node answered in a form that this program does not know; start it with the same version",
    )
}

/// A text as part of a URL or of a header.
pub(super) fn percent(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
