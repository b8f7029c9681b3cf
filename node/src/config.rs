//! The one settled configuration of a node: defaults, then `lianzhan.toml` in its directory, then `LIANZHAN_*` in the
//! environment, then flags.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use lianzhan_protocol::sync::PATIENCE_MS;
use serde::{Deserialize, Deserializer, Serialize};

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
    /// Where pages and API are served. Beyond loopback only with a certificate or behind a proxy.
    pub web: SocketAddr,
    /// File of the certificate chain (PEM) under which pages are served, from the node's directory on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_certificate: Option<PathBuf>,
    /// File of its key (PEM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// The origin (`https://NAME`) that a reverse proxy in front of this node shows to browsers. It, and nobody else, must
    /// reach `web`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// Where peers are answered (multiaddrs): a list, or one text with commas.
    #[serde(deserialize_with = "addresses")]
    pub listen: Vec<String>,
    /// Whether peers are also answered by QUIC, at the UDP port of the same number, and dialled so.
    pub quic: bool,
    /// Whether this node tells the local network where it listens (mDNS), and dials whom it finds there.
    pub mdns: bool,
    /// Nodes of the parent org, and of those above whose witness the federation's policy requires.
    #[serde(default)]
    pub parents: Vec<Parent>,
    /// Scrypt work factor of new key files (2 to that power).
    pub scrypt_log_n: u8,
    /// Minutes without a request after which a signed-in person's key is forgotten.
    pub session_minutes: u64,
    /// Seconds that a peer may take for an answer that it owes. Who misbehaved is avoided for times that grow with it.
    pub patience_seconds: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            web: SocketAddr::from(([127, 0, 0, 1], 7610)),
            tls_certificate: None,
            tls_key: None,
            proxy: None,
            listen: vec![LISTEN.into()],
            quic: true,
            mdns: false,
            parents: Vec::new(),
            scrypt_log_n: 16,
            session_minutes: 60,
            patience_seconds: PATIENCE_MS / 1000,
        }
    }
}

const LISTEN: &str = "/ip4/0.0.0.0/tcp/7611";

fn addresses<'de, D: Deserializer<'de>>(value: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        One(String),
        Several(Vec<String>),
    }
    let addresses: Vec<String> = match Given::deserialize(value)? {
        Given::One(text) => text.split(',').map(|part| part.trim().to_owned()).collect(),
        Given::Several(list) => list,
    };
    if addresses.is_empty() || addresses.iter().any(String::is_empty) {
        return Err(serde::de::Error::custom("listen names no address"));
    }
    Ok(addresses)
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
    /// No patience, or one without end.
    #[error("patience_seconds = {0}: give a number from 1 to 3600")]
    Patience(u64),
    /// Plain HTTP beyond this machine.
    #[error(
        "web = {0}: beyond this machine pages are served encrypted only. Give tls_certificate and tls_key (PEM files), or, \
         where a reverse proxy does that, proxy = \"https://NAME\"; or use a loopback address (127.0.0.1 or [::1])"
    )]
    NotLoopback(SocketAddr),
    /// A certificate without its key, or the other way round.
    #[error("tls_certificate and tls_key go together: give both, or neither")]
    HalfTls,
    /// An address of QUIC, where that is switched off.
    #[error("listen names {0}, which is QUIC, and quic = false: take one of the two out")]
    QuicOff(String),
    /// Not an origin.
    #[error(
        "proxy = {0:?}: give what browsers open, https and a name without a path, such as https://zhan.example.cn"
    )]
    Proxy(String),
}

impl ConfigError {
    /// The error in Chinese, with what to do.
    pub fn zh(&self) -> String {
        match self {
            ConfigError::Value(error) => format!("配置有误：{error}"),
            ConfigError::Disk { path, error } => format!("{}：{error}", path.display()),
            ConfigError::Patience(given) => format!("patience_seconds = {given}：请写 1 到 3600 之间的数。"),
            ConfigError::NotLoopback(web) => format!(
                "web = {web}：网页只能加密地提供给其他计算机。请给出 tls_certificate 和 tls_key（PEM 文件）；\
                 如由反向代理加密，请给出 proxy = \"https://域名\"；或改用本机地址（127.0.0.1 或 [::1]）。"
            ),
            ConfigError::QuicOff(address) => {
                format!("listen 中的 {address} 是 QUIC 地址，而 quic = false。请去掉其中一项。")
            }
            ConfigError::HalfTls => "tls_certificate 和 tls_key 须同时给出，或都不给。".into(),
            ConfigError::Proxy(given) => format!(
                "proxy = {given:?}：请写浏览器打开的地址，即 https 加域名，不带路径，如 https://zhan.example.cn 。"
            ),
        }
    }
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
    /// See [`Config::tls_certificate`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_certificate: Option<PathBuf>,
    /// See [`Config::tls_key`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// See [`Config::proxy`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
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
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.tls_certificate.is_some() != self.tls_key.is_some() {
            return Err(ConfigError::HalfTls);
        }
        if let Some(origin) = &self.proxy
            && !is_https_origin(origin)
        {
            return Err(ConfigError::Proxy(origin.clone()));
        }
        if !(1..=3600).contains(&self.patience_seconds) {
            return Err(ConfigError::Patience(self.patience_seconds));
        }
        if let Some(address) = self.listen.iter().find(|address| address.contains(QUIC))
            && !self.quic
        {
            return Err(ConfigError::QuicOff(address.clone()));
        }
        if !self.web.ip().is_loopback() && self.is_plain() {
            return Err(ConfigError::NotLoopback(self.web));
        }
        Ok(())
    }

    /// How long a peer may take for an answer that it owes, in milliseconds.
    pub fn patience_ms(&self) -> u64 {
        self.patience_seconds.saturating_mul(1000)
    }

    /// Whether browsers come by plain HTTP, and so from this machine alone.
    pub fn is_plain(&self) -> bool {
        self.tls_certificate.is_none() && self.proxy.is_none()
    }

    /// Where peers are answered: what `listen` names, and for each TCP port in it the UDP port of the same number, unless
    /// QUIC is switched off.
    pub fn listen_all(&self) -> Vec<String> {
        let mut all = self.listen.clone();
        for address in self.listen.iter().filter_map(|address| quic_beside(address)) {
            if self.quic && !all.contains(&address) {
                all.push(address);
            }
        }
        all
    }

    /// The files of certificate and key, for the node in `dir`.
    pub fn tls_files(&self, dir: &Path) -> Option<(PathBuf, PathBuf)> {
        let (certificate, key) = (self.tls_certificate.as_ref()?, self.tls_key.as_ref()?);
        Some((dir.join(certificate), dir.join(key)))
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

/// What an address of QUIC ends with.
const QUIC: &str = "/quic-v1";

/// The address of QUIC beside one of TCP.
fn quic_beside(address: &str) -> Option<String> {
    let (host, port) = address.rsplit_once("/tcp/")?;
    let port: u16 = port.parse().ok()?;
    Some(format!("{host}/udp/{port}{QUIC}"))
}

/// `https://` and an authority as it stands in a URL: a name or an address, and perhaps a port.
fn is_https_origin(origin: &str) -> bool {
    origin.strip_prefix("https://").is_some_and(|name| {
        !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b))
    })
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
                ..Overrides::default()
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
            ..Overrides::default()
        };
        let error = Config::load(dir.path(), &overrides).unwrap_err();
        assert!(matches!(error, ConfigError::NotLoopback(_)), "{error}");
    }

    #[test]
    fn beyond_this_machine_pages_need_tls_or_a_proxy() {
        let dir = tempfile::tempdir().unwrap();
        let load = |more: &dyn Fn(&mut Overrides)| {
            let mut overrides = Overrides {
                web: Some(SocketAddr::from(([0, 0, 0, 0], 443))),
                ..Overrides::default()
            };
            more(&mut overrides);
            Config::load(dir.path(), &overrides)
        };
        let config = load(&|given| {
            given.tls_certificate = Some("tls.pem".into());
            given.tls_key = Some("/etc/tls.key".into());
        })
        .unwrap();
        let files = (dir.path().join("tls.pem"), PathBuf::from("/etc/tls.key"));
        assert_eq!(config.tls_files(dir.path()), Some(files));
        let half = load(&|given| given.tls_key = Some("tls.key".into()));
        assert!(matches!(half, Err(ConfigError::HalfTls)));
        let proxied = |origin: &str| load(&|given| given.proxy = Some(origin.into()));
        assert!(proxied("https://zhan.example.cn").is_ok() && proxied("https://[::1]:8443").is_ok());
        for origin in [
            "http://zhan.example.cn",
            "https://",
            "zhan.example.cn",
            "https://zhan.example.cn/x",
        ] {
            assert!(matches!(proxied(origin), Err(ConfigError::Proxy(_))), "{origin}");
        }
    }

    #[test]
    fn several_addresses_are_listened_on() {
        let dir = tempfile::tempdir().unwrap();
        let load = |listen: Option<&str>| {
            let overrides = Overrides {
                listen: listen.map(Into::into),
                ..Overrides::default()
            };
            Config::load(dir.path(), &overrides).map(|config| config.listen)
        };
        assert_eq!(load(None).unwrap(), [LISTEN]);
        assert_eq!(
            load(Some("/ip4/127.0.0.1/tcp/1, /ip4/127.0.0.1/tcp/2"))
                .unwrap()
                .len(),
            2
        );
        let all = |listen: &str, quic: bool| {
            let listen = listen.split(' ').map(Into::into).collect();
            let config = Config {
                listen,
                quic,
                ..Config::default()
            };
            config.check().map(|()| config.listen_all())
        };
        let (tcp, udp) = ("/ip6/::/tcp/7", "/ip6/::/udp/7/quic-v1");
        assert_eq!(all(tcp, true).unwrap(), [tcp, udp]);
        assert_eq!(all(tcp, false).unwrap(), [tcp]);
        assert_eq!(all(&format!("{udp} {tcp}"), true).unwrap(), [udp, tcp]);
        assert!(matches!(all(udp, false), Err(ConfigError::QuicOff(_))));
        assert!(load(Some("")).is_err() && load(Some("/ip4/127.0.0.1/tcp/1,")).is_err());
        // As files of earlier versions have it.
        std::fs::write(dir.path().join(FILE), "listen = \"/ip4/127.0.0.1/tcp/1\"").unwrap();
        assert_eq!(load(None).unwrap(), ["/ip4/127.0.0.1/tcp/1"]);
        std::fs::write(
            dir.path().join(FILE),
            "listen = [\"/ip4/127.0.0.1/tcp/1\", \"/ip6/::1/tcp/1\"]",
        )
        .unwrap();
        assert_eq!(load(None).unwrap().len(), 2);
    }
}
