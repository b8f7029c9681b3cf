//! How many connections from one address may be open without having shown who they are. There are few places for such, and
//! none of them must be had for nothing by who holds them all.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};

use crate::source::Source;

/// Most of one address. A building, or a province's gateway, from which a hundred stations come back at once, has them
/// through in some seconds: each is here for as long as a handshake takes.
pub(super) const OF_ONE: usize = 32;

/// A connection too many.
#[derive(Debug, thiserror::Error)]
#[error("{OF_ONE} connections from this address have not shown who they are")]
struct Crowded;

/// Those that have not shown who they are, by where they come from.
#[derive(Default)]
pub(super) struct Doors(HashMap<ConnectionId, Source>);

/// Where the other end of a connection is, if shares are counted there: not on this machine.
pub(super) fn source(address: &Multiaddr) -> Option<Source> {
    let ip = address.iter().find_map(|part| match part {
        Protocol::Ip4(ip) => Some(IpAddr::V4(ip)),
        Protocol::Ip6(ip) => Some(IpAddr::V6(ip)),
        _ => None,
    });
    ip.map(Source::from).filter(|source| !source.is_here())
}

impl NetworkBehaviour for Doors {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: &Multiaddr,
        from: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        let Some(source) = source(from) else {
            return Ok(());
        };
        if self.0.values().filter(|pending| **pending == source).count() >= OF_ONE {
            return Err(ConnectionDenied::new(Crowded));
        }
        self.0.insert(connection, source);
        Ok(())
    }

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.0.remove(&connection);
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        if let FromSwarm::ListenFailure(failure) = event {
            self.0.remove(&failure.connection_id);
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_its_share_of_those_who_have_not_shown_who_they_are() {
        let mut doors = Doors::default();
        let here: Multiaddr = "/ip4/192.0.2.9/tcp/7611".parse().unwrap();
        let mut comes = |id: usize, from: &str| {
            let from = from.parse().unwrap();
            doors
                .handle_pending_inbound_connection(ConnectionId::new_unchecked(id), &here, &from)
                .is_ok()
        };
        assert!((0..OF_ONE).all(|id| comes(id, &format!("/ip4/192.0.2.1/tcp/{}", 1024 + id))));
        assert!(!comes(100, "/ip4/192.0.2.1/tcp/9"));
        assert!(!comes(101, "/ip4/192.0.2.1/udp/9/quic-v1"), "nor by another way");
        assert!(comes(102, "/ip4/192.0.2.2/tcp/9"), "others still come in");
        assert!((200..400).all(|id| comes(id, "/ip4/127.0.0.1/tcp/9")));
        let shown = ConnectionId::new_unchecked(3);
        let from = "/ip4/192.0.2.1/tcp/1027".parse().unwrap();
        doors
            .handle_established_inbound_connection(shown, PeerId::random(), &here, &from)
            .unwrap();
        let again = ConnectionId::new_unchecked(500);
        assert!(
            doors
                .handle_pending_inbound_connection(again, &here, &from)
                .is_ok()
        );
    }
}
