//! Whether a TCP port can be had. The transport lets several sockets share a port, so that connections may be dialled from where
//! this node listens; a second node would take one there without a word, and peers would reach either.

use std::io;
use std::net::SocketAddr;

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use socket2::{Domain, Socket, Type};

/// An error of kind [`io::ErrorKind::AddrInUse`] where another socket listens at the TCP port of an address. What else may be
/// wrong with it, listening tells.
pub(super) fn is_free(address: &Multiaddr) -> io::Result<()> {
    let Some(address) = tcp(address).filter(|address| address.port() != 0) else {
        return Ok(());
    };
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(socket2::Protocol::TCP),
    )?;
    if address.is_ipv6() {
        // As the transport does: a port of IPv4 is another one.
        socket.set_only_v6(true)?;
    }
    // A node that has just stopped leaves connections behind, which are in nobody's way. Elsewhere this means that ports are
    // shared.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    match socket.bind(&address.into()) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(error),
        _ => Ok(()),
    }
}

fn tcp(address: &Multiaddr) -> Option<SocketAddr> {
    let mut parts = address.iter();
    let ip = match parts.next()? {
        Protocol::Ip4(ip) => ip.into(),
        Protocol::Ip6(ip) => ip.into(),
        _ => return None,
    };
    match parts.next()? {
        Protocol::Tcp(port) => Some(SocketAddr::new(ip, port)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;
    use lianzhan_protocol::keys::SecretKey;
    use lianzhan_protocol::trust::Level;
    use libp2p::swarm::SwarmEvent;
    use tokio::sync::watch;

    use super::super::{NetError, start, transport};
    use super::*;
    use crate::config::Config;
    use crate::services::found::{OrgDraft, found};

    fn taken(address: &str) -> bool {
        is_free(&address.parse().unwrap()).is_err()
    }

    #[tokio::test]
    async fn a_port_at_which_a_node_listens_is_taken_until_it_stops() {
        let mut swarm = transport::build(&SecretKey::from_seed([5; 32]), false).unwrap();
        swarm.listen_on("/ip4/127.0.0.1/tcp/0".parse().unwrap()).unwrap();
        let here = loop {
            if let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await {
                break address;
            }
        };
        let port = tcp(&here).unwrap().port();
        assert!(taken(&here.to_string()) && taken(&format!("/ip4/0.0.0.0/tcp/{port}")));
        assert!(
            !taken(&format!("/ip4/127.0.0.1/udp/{port}/quic-v1")),
            "that is another port"
        );
        assert!(!taken("/ip4/127.0.0.1/tcp/0"));
        let dir = tempfile::tempdir().unwrap();
        let org = OrgDraft {
            level: Level::City,
            name_zh: "澜州市".into(),
            name_en: "Lanzhou".into(),
            code: "990100".into(),
        };
        let config = Config {
            scrypt_log_n: 2,
            listen: vec!["/ip4/127.0.0.1/tcp/0".into(), here.to_string()],
            ..Config::default()
        };
        let secret = "correct horse battery".to_owned().into();
        let node = found(&dir.path().join("city"), org, &secret, config).unwrap();
        let (_stop, stopped) = watch::channel(false);
        match start(node, stopped).await {
            Err(NetError::Taken { address }) => assert_eq!(address, here.to_string()),
            _ => panic!("a second node listens there"),
        }
        // A peer is connected, and stays so while the node goes away: the port is free at once.
        let peer = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        let came = async {
            while !matches!(
                swarm.select_next_some().await,
                SwarmEvent::IncomingConnection { .. }
            ) {}
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), came)
            .await
            .unwrap();
        drop(swarm);
        for _ in 0..200 {
            if !taken(&here.to_string()) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert!(!taken(&here.to_string()));
        drop(peer);
    }
}
