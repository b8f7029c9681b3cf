//! When other nodes were last heard of: this node notes it of those that it speaks with, tells the nodes above, and takes
//! note of what those below tell. For people who look for silent stations; nothing else rests on it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lianzhan_protocol::id::OrgId;
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::sync::{Input, Sighting, Text};
use lianzhan_protocol::time::Timestamp;
use tokio::sync::watch;

use super::{Node, ServiceError};
use crate::env;
use crate::store::{NeighbourRow, Store, StoreError};

/// What this node says that it runs.
pub const SOFTWARE: &str = concat!("lianzhan ", env!("CARGO_PKG_VERSION"));

/// How often a node notes that it runs: who was connected when it was killed was there until then. Seldom enough that the
/// store comes to rest in between.
const SIGN_OF_LIFE: Duration = Duration::from_secs(120);

/// Most rows of what nodes below told that wait to be written. Who tells more sooner than it is written is not listened to.
const TOLD_WAITING_MAX: usize = 65_536;

/// What came to pass and is not written yet. It is written in the order in which it came to pass, whichever thread does so first:
/// of what one teller says the last counts.
#[derive(Default)]
pub(super) struct Notes {
    waiting: Mutex<Waiting>,
    writing: Mutex<()>,
}

#[derive(Default)]
struct Waiting {
    notes: Vec<Note>,
    /// Rows among them that nodes below told.
    told: usize,
}

enum Note {
    /// Nodes were heard of.
    Heard { rows: Vec<NeighbourRow>, now: Timestamp },
    /// The last session with one ended.
    Parted {
        peer: PublicKey,
        heard: Timestamp,
        now: Timestamp,
    },
}

impl Notes {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, note: Note) {
        self.waiting().notes.push(note);
    }

    /// What a node below told. Returns whether somebody is to write it: else one who was asked to comes to it.
    fn hear(&self, rows: Vec<NeighbourRow>, now: Timestamp) -> bool {
        let mut waiting = self.waiting();
        if rows.is_empty() || waiting.told + rows.len() > TOLD_WAITING_MAX {
            return false;
        }
        let first = waiting.told == 0;
        waiting.told += rows.len();
        waiting.notes.push(Note::Heard { rows, now });
        first
    }

    /// Returns when all that was added before is written.
    fn write(&self, store: &Store) -> Result<(), StoreError> {
        let _turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let Waiting { notes, .. } = std::mem::take(&mut *self.waiting());
        if notes.is_empty() {
            return Ok(());
        }
        store.write_blocking(move |writer| {
            for note in notes {
                match note {
                    Note::Heard { rows, now } => writer.keep_neighbours(rows, now)?,
                    Note::Parted { peer, heard, now } => writer.part(&peer, heard, now)?,
                }
            }
            Ok(())
        })
    }
}

/// Notes now and then that this node runs, until `stop` turns true.
pub async fn keep_alive(node: Arc<Node>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(SIGN_OF_LIFE) => {}
        }
        let at = node.clone();
        let noted = tokio::task::spawn_blocking(move || at.note_alive());
        if let Ok(Err(error)) = noted.await {
            tracing::warn!(%error, "that this node runs was not noted");
        }
    }
}

impl Node {
    /// Takes note that this node runs. That is worth no wait for the disk.
    pub fn note_alive(&self) -> Result<(), ServiceError> {
        let now = env::now();
        Ok(self.store.derive(move |writer| writer.alive(now)).wait()?)
    }

    /// A session with a node began. To be said in the order in which sessions begin and end, and written by
    /// [`Node::tell_above`].
    pub(super) fn meet(&self, peer: PublicKey, software: Option<String>) {
        let now = env::now();
        let row = NeighbourRow {
            node: peer,
            teller: None,
            at: now,
            connected: true,
            software,
        };
        self.notes.add(Note::Heard { rows: vec![row], now });
    }

    /// Tells a peer of `org` all that is known of others, if it stands above: before anything that is noted later is told.
    pub(super) fn tell_above(
        &self,
        org: &OrgId,
        tell: impl FnOnce(Input) + Send + 'static,
    ) -> Result<(), ServiceError> {
        self.notes.write(&self.store)?;
        if *org == self.org || !self.directory().is_at_or_above(org, &self.org) {
            return Ok(());
        }
        let now = env::now();
        self.store.write_blocking(move |writer| {
            let mut known = writer.neighbours()?;
            for row in known.iter_mut().filter(|row| row.connected) {
                // Also who goes by the time alone is to see that this is newer than what it heard before.
                row.at = now.max(row.at);
            }
            // Here no later news are out yet.
            tell(Input::Seen(known.iter().map(sighting).collect()));
            Ok(())
        })?;
        Ok(())
    }

    /// The last session with a node ended, of which the last sign came at `heard`. To be said in order, as above.
    pub(crate) fn part(&self, peer: PublicKey, heard: Timestamp) {
        let now = env::now();
        self.notes.add(Note::Parted { peer, heard, now });
    }

    /// Writes what was noted of sessions that began and ended.
    pub(crate) fn parted(&self) {
        if let Err(error) = self.notes.write(&self.store) {
            tracing::warn!(%error, "when a peer went away was not noted");
        }
    }

    /// A node below told when others of its branch were heard of. None of them was in the future; who is connected is so now,
    /// whatever the clock there says. To be said in order, as above. Returns whether [`Node::told_of`] is to follow.
    #[must_use]
    pub(super) fn hear_of(&self, teller: PublicKey, sightings: Vec<Sighting>) -> bool {
        let (now, own) = (env::now(), self.node_key.public());
        let rows = sightings
            .into_iter()
            .filter(|seen| seen.node != own && seen.node != teller)
            .map(|seen| NeighbourRow {
                node: seen.node,
                teller: Some(teller),
                at: match seen.connected {
                    true => now,
                    false => Timestamp(seen.at.0.clamp(0, now.0.max(0))),
                },
                connected: seen.connected,
                software: seen.software.map(|text| text.to_string()),
            })
            .collect();
        self.notes.hear(rows, now)
    }

    /// Writes what was told.
    pub(super) fn told_of(&self) -> Result<(), ServiceError> {
        Ok(self.notes.write(&self.store)?)
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
