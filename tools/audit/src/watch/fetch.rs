//! What a node answers: bounded, with a time limit, and never more than text.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use lianzhan_protocol::id::Hash;
use lianzhan_protocol::log::{KeyKind, Origin, VerifierKey};
use serde::Deserialize;

/// The longest list, in bytes.
const LIST_MAX: u64 = 16 << 20;
/// The longest note or proof, in bytes.
const NOTE_MAX: u64 = 64 << 10;
/// The most logs of one node.
const LOGS_MAX: usize = 20_000;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A node that publishes.
pub(super) struct Source {
    agent: ureq::Agent,
    /// Without a slash at the end.
    base: String,
}

/// A log that it publishes, by its own word.
pub(super) struct Published {
    pub(super) id: Hash,
    pub(super) origin: Origin,
    pub(super) key: VerifierKey,
}

#[derive(Deserialize)]
struct List {
    logs: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    origin: String,
    id: String,
    vkey: String,
}

impl Source {
    pub(super) fn new(url: &str) -> anyhow::Result<Self> {
        let base = url.trim_end_matches('/').to_owned();
        ensure!(
            base.starts_with("http://"),
            "{url}: not an address that begins with http://"
        );
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(PATIENCE))
            .build();
        Ok(Source {
            agent: config.into(),
            base,
        })
    }

    /// Its address.
    pub(super) fn url(&self) -> &str {
        &self.base
    }

    /// The logs that it publishes.
    pub(super) fn list(&self) -> anyhow::Result<Vec<Published>> {
        let text = self.get("/monitor", LIST_MAX)?;
        let list: List = serde_json::from_str(&text).context("/monitor")?;
        ensure!(list.logs.len() <= LOGS_MAX, "more than {LOGS_MAX} logs");
        list.logs.iter().map(Listed::read).collect()
    }

    /// The newest checkpoint of a log.
    pub(super) fn checkpoint(&self, id: &Hash) -> anyhow::Result<String> {
        self.get(&format!("/monitor/{id}/checkpoint"), NOTE_MAX)
    }

    /// The proof that a log grew.
    pub(super) fn growth(&self, id: &Hash, old: u64, new: u64) -> anyhow::Result<String> {
        self.get(&format!("/monitor/{id}/consistency/{old}/{new}"), NOTE_MAX)
    }

    fn get(&self, path: &str, max: u64) -> anyhow::Result<String> {
        let mut answer = self.agent.get(format!("{}{path}", self.base)).call()?;
        if answer.status().as_u16() != 200 {
            bail!("{path}: {}", answer.status());
        }
        let body = answer.body_mut().with_config().limit(max).read_to_string();
        body.with_context(|| path.to_owned())
    }
}

impl Listed {
    fn read(&self) -> anyhow::Result<Published> {
        let origin = Origin::parse(&self.origin)?;
        let key = VerifierKey::parse(&self.vkey)?;
        ensure!(
            key.name() == origin.as_str() && key.kind() == KeyKind::Log,
            "{origin}: the key is not that of this log"
        );
        let id = Hash::plain(origin.as_str().as_bytes());
        ensure!(Hash::parse(&self.id) == Some(id), "{origin}: another id");
        Ok(Published { id, origin, key })
    }
}
