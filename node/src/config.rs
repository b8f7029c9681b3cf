//! The one settled configuration of a node: defaults, then `lianzhan.toml` in its directory, then `LIANZHAN_*` in the
//! environment, then flags.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

/// Name of the configuration file in a node's directory.
pub const FILE: &str = "lianzhan.toml";

/// A parent to dial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parent {
    /// Its node key as hex.
    pub node: String,
    /// Where it listens (multiaddr, such as `/ip4/192.0.2.1/tcp/7611`).
    pub addresses: Vec<String>,
}

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where pages and API are served. Loopback only: other addresses are refused until TLS is there.
    pub web: SocketAddr,
    /// Where peers are answered (multiaddr).
    pub listen: String,
    /// Nodes of the parent org, and of those above whose witness the federation's policy requires.
    #[serde(default)]
    pub parents: Vec<Parent>,
    /// Scrypt work factor of new key files (2 to that power).
    pub scrypt_log_n: u8,
    /// Minutes without a request after which a signed-in person's key is forgotten.
    pub session_minutes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            web: SocketAddr::from(([127, 0, 0, 1], 7610)),
            listen: "/ip4/0.0.0.0/tcp/7611".into(),
            parents: Vec::new(),
            scrypt_log_n: 16,
            session_minutes: 60,
        }
    }
}

/// Why the configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value is missing, unknown or of the wrong kind.
    #[error("configuration: {0}")]
    Value(#[from] Box<figment::Error>),
    /// The file cannot be written.
    #[error("{path}: {error}")]
    Disk {
        /// Which.
        path: PathBuf,
        /// What happened.
        error: std::io::Error,
    },
    /// Plain HTTP beyond this machine.
    #[error(
        "web = {0}: pages are served on this machine's loopback address only (127.0.0.1 or [::1]), \
         because they are not encrypted yet; use a loopback address"
    )]
    NotLoopback(SocketAddr),
}

/// Flags that override the file and the environment.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Overrides {
    /// See [`Config::web`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web: Option<SocketAddr>,
    /// See [`Config::listen`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
}

impl Config {
    /// Settles the configuration of the node in `dir`.
    pub fn load(dir: &Path, overrides: &Overrides) -> Result<Self, ConfigError> {
        let config: Config = Figment::from(Serialized::defaults(Config::default()))
            .merge(Toml::file(dir.join(FILE)))
            .merge(Env::prefixed("LIANZHAN_").ignore(&[
                "dir",
                "log",
                "log_format",
                "passphrase",
                "person_passphrase",
                "backup_passphrase",
                "new_passphrase",
                "login",
                "lang",
            ]))
            .merge(Serialized::defaults(overrides))
            .extract()
            .map_err(Box::new)?;
        if !config.web.ip().is_loopback() {
            return Err(ConfigError::NotLoopback(config.web));
        }
        Ok(config)
    }

    /// Writes the file.
    pub fn save(&self, dir: &Path) -> Result<(), ConfigError> {
        let path = dir.join(FILE);
        let text = toml::to_string_pretty(self).map_err(|error| ConfigError::Disk {
            path: path.clone(),
            error: std::io::Error::other(error),
        })?;
        crate::env::write_private(&path, text.as_bytes()).map_err(|error| ConfigError::Disk { path, error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config {
            session_minutes: 5,
            ..Config::default()
        };
        config.save(dir.path()).unwrap();
        let web = SocketAddr::from(([127, 0, 0, 1], 1));
        let settled = Config::load(
            dir.path(),
            &Overrides {
                web: Some(web),
                listen: None,
            },
        )
        .unwrap();
        assert_eq!((settled.session_minutes, settled.web), (5, web));
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        let dir = tempfile::tempdir().unwrap();
        let overrides = Overrides {
            web: Some(SocketAddr::from(([0, 0, 0, 0], 80))),
            listen: None,
        };
        let error = Config::load(dir.path(), &overrides).unwrap_err();
        assert!(matches!(error, ConfigError::NotLoopback(_)), "{error}");
    }
}
