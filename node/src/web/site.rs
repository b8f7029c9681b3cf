//! By what names browsers reach the pages, and whether on the way nobody reads along.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::tls::Certificate;

/// The way from a browser to the pages. What a request says of it in headers is never asked: a configuration says it.
#[derive(Clone)]
pub struct Site {
    bound: SocketAddr,
    way: Way,
}

#[derive(Clone)]
enum Way {
    /// HTTP on this machine.
    Plain,
    /// This node shows the certificate.
    Tls(Certificate),
    /// A proxy does, as this origin (`https://name`).
    Proxy(String),
}

impl Site {
    /// HTTP at an address of this machine.
    pub fn plain(bound: SocketAddr) -> Self {
        Site {
            bound,
            way: Way::Plain,
        }
    }

    /// HTTPS at an address, under the names of a certificate.
    pub fn tls(bound: SocketAddr, certificate: Certificate) -> Self {
        Site {
            bound,
            way: Way::Tls(certificate),
        }
    }

    /// HTTPS at a proxy, which is `origin` to browsers.
    pub fn proxy(bound: SocketAddr, origin: &str) -> Self {
        Site {
            bound,
            way: Way::Proxy(origin.to_ascii_lowercase()),
        }
    }

    /// Whether browsers speak HTTPS.
    pub fn is_secure(&self) -> bool {
        !matches!(self.way, Way::Plain)
    }

    /// What to open in a browser.
    pub fn address(&self) -> String {
        match &self.way {
            Way::Plain => format!("http://{}/", self.opened()),
            Way::Tls(certificate) => {
                let (bound, port) = (self.bound.ip(), self.bound.port());
                let served = !bound.is_unspecified() && certificate.is_for(&bound.to_string());
                let name = if served { None } else { certificate.name() };
                match name.map(|name| (name.parse::<IpAddr>(), name)) {
                    Some((Ok(ip), _)) => format!("https://{}/", SocketAddr::new(ip, port)),
                    Some((Err(_), name)) => format!("https://{name}:{port}/"),
                    None => format!("https://{}/", self.opened()),
                }
            }
            Way::Proxy(origin) => format!("{origin}/"),
        }
    }

    /// Where this machine reaches it: what listens everywhere has no address of its own.
    fn opened(&self) -> SocketAddr {
        let ip = match self.bound.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        SocketAddr::new(ip, self.bound.port())
    }

    /// Whether a browser that asks for `host` means this node. A foreign name that somebody's DNS points at us is not ours.
    pub(super) fn is_ours(&self, host: &str) -> bool {
        match &self.way {
            Way::Proxy(origin) => is_origin(origin, "https", host),
            Way::Plain => {
                let (name, port) = parts(host, 80);
                let local = ["localhost", "127.0.0.1", "[::1]"];
                let named = local.iter().any(|own| name.eq_ignore_ascii_case(own));
                (named || SocketAddr::new(self.bound.ip(), 80).to_string() == format!("{name}:80"))
                    && port == Some(self.bound.port())
            }
            Way::Tls(certificate) => {
                let (name, port) = parts(host, 443);
                certificate.is_for(name) && port == Some(self.bound.port())
            }
        }
    }

    /// Whether a page of `origin` is one that was asked for as `host`.
    pub(super) fn is_origin(&self, origin: &str, host: &str) -> bool {
        let scheme = if self.is_secure() { "https" } else { "http" };
        is_origin(origin, scheme, host)
    }
}

fn is_origin(origin: &str, scheme: &str, host: &str) -> bool {
    let name = origin
        .strip_prefix(scheme)
        .and_then(|rest| rest.strip_prefix("://"));
    name.is_some_and(|name| name.eq_ignore_ascii_case(host))
}

fn parts(host: &str, port: u16) -> (&str, Option<u16>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            (name, port.parse().ok())
        }
        _ => (host, Some(port)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::tls::tests::{issued, written};

    #[test]
    fn only_this_machines_names_with_the_right_port_are_ours() {
        let is_ours = |host: &str, bound| Site::plain(bound).is_ours(host);
        let bound = SocketAddr::from(([127, 0, 0, 1], 7610));
        for host in ["127.0.0.1:7610", "localhost:7610", "LOCALHOST:7610", "[::1]:7610"] {
            assert!(is_ours(host, bound), "{host}");
        }
        let strange = [
            "evil.example:7610",
            "127.0.0.1",
            "127.0.0.1:80",
            "127.0.0.1:",
            "localhost.evil.example:7610",
            "",
            ":7610",
            "127.0.0.1:7610:7610",
        ];
        for host in strange {
            assert!(!is_ours(host, bound), "{host}");
        }
        assert!(is_ours("127.0.0.5:1", SocketAddr::from(([127, 0, 0, 5], 1))));
        assert!(is_ours("localhost", SocketAddr::from(([127, 0, 0, 1], 80))));
    }

    #[test]
    fn with_a_certificate_its_names_are_ours() {
        let dir = tempfile::tempdir().unwrap();
        let (certificate, key) = written(dir.path(), &issued(&["zhan.example", "192.0.2.7"]));
        let certificate = Certificate::read(&certificate, &key).unwrap();
        let at = |port| Site::tls(SocketAddr::from(([0, 0, 0, 0], port)), certificate.clone());
        for host in ["zhan.example:7610", "ZHAN.example:7610", "192.0.2.7:7610"] {
            assert!(at(7610).is_ours(host), "{host}");
        }
        for host in [
            "evil.example:7610",
            "zhan.example",
            "localhost:7610",
            "",
            "[::1]:7610",
            "0.0.0.0:7610",
        ] {
            assert!(!at(7610).is_ours(host), "{host}");
        }
        assert!(at(443).is_ours("zhan.example") && !at(443).is_ours("zhan.example:80"));
    }

    #[test]
    fn what_is_to_be_opened_can_be_opened() {
        let everywhere = SocketAddr::from(([0, 0, 0, 0], 7610));
        assert_eq!(Site::plain(everywhere).address(), "http://127.0.0.1:7610/");
        let dir = tempfile::tempdir().unwrap();
        let under = |names: &[&str], bound: SocketAddr| {
            let (certificate, key) = written(dir.path(), &issued(names));
            let certificate = Certificate::read(&certificate, &key).unwrap();
            let site = Site::tls(bound, certificate);
            let address = site.address();
            let host = address.trim_start_matches("https://").trim_end_matches('/');
            assert!(site.is_ours(host), "{address}");
            address
        };
        let one = SocketAddr::from(([192, 0, 2, 7], 7610));
        let both = ["zhan.example", "192.0.2.7"];
        assert_eq!(under(&both, everywhere), "https://zhan.example:7610/");
        assert_eq!(under(&both, one), "https://192.0.2.7:7610/");
        assert_eq!(
            under(&["*.example", "zhan.example"], one),
            "https://zhan.example:7610/"
        );
        assert_eq!(under(&["192.0.2.7"], everywhere), "https://192.0.2.7:7610/");
    }

    #[test]
    fn behind_a_proxy_its_origin_alone_is_ours() {
        let site = Site::proxy(SocketAddr::from(([127, 0, 0, 1], 7610)), "https://Zhan.example");
        assert!(site.is_ours("zhan.example") && site.is_origin("https://zhan.example", "zhan.example"));
        assert!(!site.is_origin("http://zhan.example", "zhan.example"));
        for host in ["evil.example", "127.0.0.1:7610", "zhan.example:7610", ""] {
            assert!(!site.is_ours(host), "{host}");
        }
    }
}
