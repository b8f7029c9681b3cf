//! The one settled configuration of a node: defaults, then `lianzhan.toml` in its directory, then `LIANZHAN_*` in the
//! environment, then flags.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::providers::{Env, Format, Serialized, Toml};
use figment::{Figment, Metadata, Source};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::sync::PATIENCE_MS;
use multiaddr::{Multiaddr, Protocol};
use serde::{Deserialize, Deserializer, Serialize};

use crate::keystore::WORK_FACTOR_MAX;

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

impl Parent {
    /// Its node key; `None` where that is none.
    pub fn key(&self) -> Option<PublicKey> {
        lianzhan_protocol::codec::unhex::<32>(&self.node)
            .and_then(|bytes| PublicKey::from_ed25519(bytes).ok())
    }
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
    #[error("configuration: {}", told(.0))]
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
    /// Key files that take no work, or more than this machine can do.
    #[error(
        "scrypt_log_n = {0}: give a number from 1 to 20 (16 takes about a second; each more doubles time and memory)"
    )]
    WorkFactor(u8),
    /// A session that is over before it began, or never.
    #[error("session_minutes = {0}: give a number from 1 to 1440")]
    Session(u64),
    /// A parent that is nobody's node.
    #[error(
        "parents: node = {0:?} is no node key (64 hexadecimal digits); `lianzhan status` at the parent shows its own"
    )]
    Parent(String),
    /// Where a parent cannot be reached.
    #[error("parents: {0:?} is no address of a node, such as /ip4/192.0.2.1/tcp/7611")]
    Address(String),
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

/// What is wrong with which key of which file or variable; where flags are read in the program is nobody's concern.
fn told(error: &figment::Error) -> String {
    let each = error.clone().into_iter().map(|one| {
        let key = match one.path.as_slice() {
            [] => String::new(),
            path => format!("{}: ", path.join(".")),
        };
        let place = match one.metadata.as_ref() {
            Some(Metadata {
                source: Some(Source::File(path)),
                ..
            }) => format!(" ({})", path.display()),
            Some(metadata) if metadata.name.contains("environment") => format!(" ({})", metadata.name),
            _ => String::new(),
        };
        format!("{key}{}{place}", one.kind)
    });
    each.collect::<Vec<_>>().join("; ")
}

impl ConfigError {
    /// The error in Chinese, with what to do.
    pub fn zh(&self) -> String {
        match self {
            ConfigError::Value(error) => format!("配置有误：{}", told(error)),
            ConfigError::Disk { path, error } => format!("{}：{error}", path.display()),
            ConfigError::Patience(given) => format!("patience_seconds = {given}：请写 1 到 3600 之间的数。"),
            ConfigError::WorkFactor(given) => format!(
                "scrypt_log_n = {given}：请写 1 到 20 之间的数（16 约需一秒，每加 1，时间和内存加倍）。"
            ),
            ConfigError::Session(given) => format!("session_minutes = {given}：请写 1 到 1440 之间的数。"),
            ConfigError::Parent(given) => format!(
                "parents 中 node = {given:?} 不是节点公钥（64 位十六进制）。在上级节点执行 lianzhan status 可以看到它的公钥。"
            ),
            ConfigError::Address(given) => {
                format!("parents 中的 {given:?} 不是节点地址，应如 /ip4/192.0.2.1/tcp/7611。")
            }
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
        if !(1..=WORK_FACTOR_MAX).contains(&self.scrypt_log_n) {
            return Err(ConfigError::WorkFactor(self.scrypt_log_n));
        }
        if !(1..=1440).contains(&self.session_minutes) {
            return Err(ConfigError::Session(self.session_minutes));
        }
        if let Some(parent) = self.parents.iter().find(|parent| parent.key().is_none()) {
            return Err(ConfigError::Parent(parent.node.clone()));
        }
        let mut addresses = self.parents.iter().flat_map(|parent| &parent.addresses);
        if let Some(address) = addresses.find(|address| !is_address(address)) {
            return Err(ConfigError::Address(address.clone()));
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

/// Whether a text is an address (multiaddr) at which a node can be reached: one with a port.
pub fn is_address(text: &str) -> bool {
    let parsed = text.parse::<Multiaddr>();
    parsed.is_ok_and(|address| {
        let mut parts = address.iter();
        parts.any(|part| matches!(part, Protocol::Tcp(_) | Protocol::Udp(_)))
    })
}

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

    #[test]
    fn values_that_no_node_can_work_with_are_refused_where_they_stand() {
        let dir = tempfile::tempdir().unwrap();
        let load = |text: &str| {
            std::fs::write(dir.path().join(FILE), text).unwrap();
            Config::load(dir.path(), &Overrides::default())
        };
        for work in [0, 21, 99] {
            let refused = load(&format!("scrypt_log_n = {work}"));
            assert!(matches!(refused, Err(ConfigError::WorkFactor(n)) if n == work));
        }
        for minutes in [0, 1441] {
            let refused = load(&format!("session_minutes = {minutes}"));
            assert!(matches!(refused, Err(ConfigError::Session(n)) if n == minutes));
        }
        let parent = |node: &str| {
            format!("[[parents]]\nnode = \"{node}\"\naddresses = [\"/ip4/192.0.2.1/tcp/7611\"]\n")
        };
        assert!(matches!(load(&parent("12ab")), Err(ConfigError::Parent(_))));
        let damaged = "[[parents]]\nnode = \"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a\"\n\
                       addresses = [\"/ip4/127.0.0.1/ud\\u0000/18121/quic-v1\"]\n";
        assert!(matches!(load(damaged), Err(ConfigError::Address(_))));
        // The key of RFC 8032, 7.1, test 1.
        let key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        assert_eq!(load(&parent(key)).unwrap().parents.len(), 1);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_key_and_file_and_no_place_in_the_program() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), "patience = 3").unwrap();
        let error = Config::load(dir.path(), &Overrides::default()).unwrap_err();
        let said = error.to_string();
        assert!(said.contains("patience") && said.contains(FILE), "{said}");
        std::fs::write(dir.path().join(FILE), "").unwrap();
        let overrides = Overrides {
            listen: Some(String::new()),
            ..Overrides::default()
        };
        for said in [
            Config::load(dir.path(), &overrides).unwrap_err().zh(),
            Config::load(dir.path(), &overrides).unwrap_err().to_string(),
        ] {
            assert!(said.contains("listen") && !said.contains(".rs"), "{said}");
        }
    }
}
