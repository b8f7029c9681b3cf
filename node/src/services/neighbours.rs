//! When other nodes were last heard of: this node notes it of those that it speaks with, tells the nodes above, and takes
//! note of what those below tell. For people who look for silent stations; nothing else rests on it.

use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::sync::{Input, Sighting, Text};
use lianzhan_protocol::time::Timestamp;

use super::{Node, ServiceError};
use crate::env;
use crate::store::NeighbourRow;

/// What this node says that it runs.
pub const SOFTWARE: &str = concat!("lianzhan ", env!("CARGO_PKG_VERSION"));

impl Node {
    /// A session with a node of `org` began. Returns what is to be told to it.
    pub(super) fn met(
        &self,
        peer: PublicKey,
        org: &OrgId,
        software: Option<String>,
    ) -> Result<Option<Input>, ServiceError> {
        let row = NeighbourRow {
            node: peer,
            teller: None,
            at: env::now(),
            connected: true,
            software,
        };
        self.store
            .write_blocking(move |writer| writer.keep_neighbours(vec![row]))?;
        if *org == self.org || !self.directory().is_at_or_above(org, &self.org) {
            return Ok(None);
        }
        let known = self.store.read(|reader| reader.neighbours())?;
        Ok(Some(Input::Seen(known.iter().map(sighting).collect())))
    }

    /// The last session with a node ended.
    pub fn parted(&self, peer: &PublicKey) {
        let (peer, now) = (*peer, env::now());
        let noted = self.store.write_blocking(move |writer| writer.part(&peer, now));
        if let Err(error) = noted {
            tracing::warn!(%error, "when a peer went away was not noted");
        }
    }

    /// A node below told when others of its branch were heard of. None of them was in the future.
    pub(super) fn told_of(&self, teller: PublicKey, sightings: Vec<Sighting>) -> Result<(), ServiceError> {
        let (now, own) = (env::now(), self.node_key.public());
        let rows = sightings
            .into_iter()
            .filter(|seen| seen.node != own && seen.node != teller)
            .map(|seen| NeighbourRow {
                node: seen.node,
                teller: Some(teller),
                at: Timestamp(seen.at.0.clamp(0, now.0)),
                connected: seen.connected,
                software: seen.software.map(|text| text.to_string()),
            })
            .collect();
        self.store
            .write_blocking(move |writer| writer.keep_neighbours(rows))?;
        Ok(())
    }
}

/// What is told of a node.
pub(super) fn sighting(row: &NeighbourRow) -> Sighting {
    Sighting {
        node: row.node,
        at: row.at,
        connected: row.connected,
        software: row.software.as_deref().map(Text::cut),
    }
}
