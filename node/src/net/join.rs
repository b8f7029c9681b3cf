//! Joining: one question, one answer, over an authenticated stream.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use lianzhan_protocol::codec;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::swarm::{DialError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Stream};
use tokio::sync::Mutex;

use super::transport::{build, control};
use super::{JOIN, NetError, frame, peer_id, why};
use crate::keystore;
use crate::places::{Place, Places};
use crate::services::Node;
use crate::services::invite::{Invitation, InviteError, JOIN_MAX, JoinReply, JoinRequest};

const PATIENCE: Duration = Duration::from_secs(20);
/// How many may be about to join at once, and how many of them by one key, one for each try. Beyond that whoever has asked
/// nothing yet gives way: who says nothing holds up nobody else.
const JOINING: (usize, usize) = (64, 2);

/// Answers joining nodes: many are listened to at once, and one at a time is admitted, with one signature and one commit.
pub(super) async fn serve(node: Arc<Node>, mut incoming: libp2p_stream::IncomingStreams) {
    let (places, door) = (Places::new(JOINING.0, Some(JOINING.1)), Arc::new(Mutex::new(())));
    while let Some((peer, stream)) = incoming.next().await {
        let Some(place) = places.try_enter(Some(peer)) else {
            tracing::warn!(%peer, "a joining node was turned away: too many at once");
            continue;
        };
        let (node, door) = (node.clone(), door.clone());
        tokio::spawn(async move {
            let answered = tokio::select! {
                answered = tokio::time::timeout(PATIENCE, answer(node, &door, stream, &place)) => answered,
                () = place.needed() => {
                    tracing::debug!(%peer, "one who had not said that it joins gave way to another");
                    return;
                }
            };
            match answered {
                Ok(Ok(())) => tracing::info!(%peer, "a joining node was answered"),
                Ok(Err(error)) => tracing::warn!(%peer, %error, "a joining node was not answered"),
                Err(_) => tracing::warn!(%peer, "a joining node was too slow"),
            }
        });
    }
}

async fn answer(
    node: Arc<Node>,
    door: &Mutex<()>,
    mut stream: Stream,
    place: &Place<PeerId>,
) -> std::io::Result<()> {
    let Some(bytes) = frame::read(&mut stream, JOIN_MAX).await? else {
        return Ok(());
    };
    let _answering = place.answering();
    let request: JoinRequest = codec::decode(&bytes, JOIN_MAX).map_err(std::io::Error::other)?;
    let alone = door.lock().await;
    let reply = tokio::task::spawn_blocking(move || node.answer_join(&request)).await?;
    drop(alone);
    frame::write(&mut stream, &codec::encode(&reply)).await?;
    futures::AsyncWriteExt::close(&mut stream).await
}

/// Asks the parent that an invitation names. The connection proves that it is that parent.
pub async fn join(invitation: &Invitation, request: JoinRequest) -> Result<JoinReply, InviteError> {
    let asked = ask(invitation, request).await;
    asked.map_err(|error| match error {
        NetError::Unreachable { peer, reason } => InviteError::Unreachable {
            addresses: peer,
            reason,
        },
        other => InviteError::Unreachable {
            addresses: invitation.addresses.join(", "),
            reason: other.to_string(),
        },
    })
}

async fn ask(invitation: &Invitation, request: JoinRequest) -> Result<JoinReply, NetError> {
    let parent = peer_id(&invitation.parent)?;
    let addresses: Vec<Multiaddr> = invitation
        .addresses
        .iter()
        .filter_map(|address| address.parse().ok())
        .collect();
    let unreachable = |reason: String| NetError::Unreachable {
        peer: invitation.addresses.join(", "),
        reason,
    };
    let failed = |error: DialError| match why::parted(&error) {
        (Some(peer), reason) => NetError::Unreachable { peer, reason },
        (None, reason) => unreachable(reason),
    };
    // A key for this one conversation: the node has none yet.
    let mut swarm = build(&keystore::generate(), false)?;
    let mut streams = control(&swarm);
    swarm
        .dial(DialOpts::peer_id(parent).addresses(addresses).build())
        .map_err(failed)?;
    let connected = async {
        loop {
            match swarm.select_next_some().await {
                SwarmEvent::ConnectionEstablished { .. } => return Ok(()),
                SwarmEvent::OutgoingConnectionError { error, .. } => {
                    return Err(failed(error));
                }
                _ => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, connected)
        .await
        .map_err(|_| unreachable("no answer in time".into()))??;
    let poll = tokio::spawn(async move {
        loop {
            swarm.select_next_some().await;
        }
    });
    let asked = tokio::time::timeout(PATIENCE, async {
        let mut stream = streams
            .open_stream(parent, JOIN)
            .await
            .map_err(|error| NetError::Broken(error.to_string()))?;
        let broken = |error: std::io::Error| NetError::Broken(error.to_string());
        frame::write(&mut stream, &codec::encode(&request))
            .await
            .map_err(broken)?;
        let bytes = frame::read(&mut stream, JOIN_MAX).await.map_err(broken)?;
        let bytes = bytes.ok_or_else(|| NetError::Broken("the parent hung up".into()))?;
        codec::decode(&bytes, JOIN_MAX).map_err(|error| NetError::Broken(error.to_string()))
    })
    .await
    .unwrap_or_else(|_| Err(NetError::Broken("no answer in time".into())));
    poll.abort();
    asked
}
