//! Lies that are made of what a liar holds: logs as they were, logs and entries in another space, chains of appointments
//! that lack something.

use lianzhan_node::services::Node;
use lianzhan_node::store::{LogRow, StoreError};
use lianzhan_protocol::id::{Hash, SpaceId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{Checkpoint, Entry, Frontier, Origin, TreeSize};
use lianzhan_protocol::sync::{Blob, LogStanding, Message, RangeData, Sighting, Standing, Text};
use lianzhan_protocol::trust::Purpose;

use crate::dice::Dice;
use crate::hostile::Liar;
use crate::twist;

impl Liar<'_> {
    /// A message of the right form that says something else about what the liar holds.
    pub(crate) fn twist(&self, dice: &mut Dice, message: Message) -> Message {
        match message {
            Message::Logs { space, logs, more } => {
                let told = logs.iter().map(|log| self.elsewhere(dice, log.clone()));
                let mut told: Vec<LogStanding> = told.collect();
                told.extend(self.of_another_space(dice, &space));
                Message::Logs {
                    space,
                    logs: twist::list(told, logs),
                    more,
                }
            }
            Message::Grew { space, log } => match dice.below(2) {
                0 => Message::Grew {
                    space,
                    log: self.elsewhere(dice, log),
                },
                _ => Message::Grew {
                    space: self.another_space(dice, &space).unwrap_or(space),
                    log,
                },
            },
            Message::Range(range) => {
                let forged = match dice.below(2) {
                    0 => self.behind(&range),
                    _ => self.foreign_entry(dice, &range),
                };
                Message::Range(forged.ok().flatten().unwrap_or(range))
            }
            Message::Hello(hello) => twist::hello(dice, &self.chain(), self.peer, hello),
            message => twist::other(dice, &self.chain(), message),
        }
    }

    /// Something that nobody asked for: a log as it was, or in another space.
    pub(crate) fn unasked(&self, dice: &mut Dice) -> Option<Message> {
        let shared = self.shared();
        let logs = self.node.store().read(|reader| reader.logs()).ok()?;
        let of = |log: &&LogRow| shared.contains(&log.start.space.id()) && log.size > TreeSize(1);
        let logs: Vec<&LogRow> = logs.iter().filter(of).collect();
        if logs.is_empty() {
            return None;
        }
        let log = *dice.pick(&logs);
        let (space, standing) = (log.start.space.id(), standing(log));
        let told = LogStanding {
            origin: log.origin.clone(),
            standing,
        };
        Some(match dice.below(3) {
            0 => Message::Grew {
                space: self.another_space(dice, &space)?,
                log: told,
            },
            _ => Message::Grew {
                space,
                log: self.elsewhere(dice, told),
            },
        })
    }

    /// What a log was some entries ago, with its true root.
    fn elsewhere(&self, dice: &mut Dice, log: LogStanding) -> LogStanding {
        let less = 1 + dice.below(3) as u64;
        let size = TreeSize(log.standing.size.0.saturating_sub(less));
        let root = self.root_at(&log.origin, size);
        let standing = root.map_or(log.standing, |root| Standing { size, root });
        LogStanding { standing, ..log }
    }

    fn root_at(&self, origin: &Origin, size: TreeSize) -> Option<Hash> {
        let root = self.node.store().read(|reader| {
            let log = reader.log(origin)?.filter(|log| log.size >= size);
            log.map(|log| reader.root_at(log.id, size)).transpose()
        });
        root.ok().flatten()
    }

    /// A range of the liar's own log with a checkpoint that it signed before the last of these entries.
    fn behind(&self, range: &RangeData) -> Result<Option<RangeData>, StoreError> {
        let end = TreeSize(range.from.0 + range.entries.len() as u64);
        let size = TreeSize(end.0.saturating_sub(1));
        let Some(root) = self
            .root_at(&range.origin, size)
            .filter(|_| size > TreeSize::EMPTY)
        else {
            return Ok(None);
        };
        let checkpoint = Checkpoint {
            origin: range.origin.clone(),
            size,
            root,
        };
        let note = checkpoint.sign(self.key).note().to_string();
        let with = |checkpoint| RangeData {
            checkpoint,
            ..range.clone()
        };
        Ok(Text::new(note)
            .ok()
            .filter(|_| self.writes(&range.origin))
            .map(with))
    }

    /// A range of the liar's own log whose last entry is made for another space; all is well signed, and leads to the root.
    fn foreign_entry(&self, dice: &mut Dice, range: &RangeData) -> Result<Option<RangeData>, StoreError> {
        let mut entries: Vec<_> = range.entries.iter().cloned().collect();
        let Some((last, before)) = entries.split_last_mut() else {
            return Ok(None);
        };
        let frontier = self.node.store().read(|reader| {
            let log = reader.log(&range.origin)?;
            log.map(|log| reader.frontier(log.id, range.from)).transpose()
        })?;
        let parsed = Entry::parse(&last.entry).ok();
        let own = |entry: &Entry| entry.header().author == self.key.public() && self.writes(&range.origin);
        let (Some(mut frontier), Some(entry)) = (frontier, parsed.filter(own)) else {
            return Ok(None);
        };
        let mut header = entry.header().clone();
        header.space = match self.another_space(dice, &header.space) {
            Some(space) => space,
            None => SpaceId(dice.bytes()),
        };
        let forged = Entry::sign(header, self.key).ok();
        let Some(forged) = forged.and_then(|entry| Blob::new(entry.to_bytes()).ok()) else {
            return Ok(None);
        };
        last.entry = forged;
        for item in before.iter().chain([&*last]) {
            push(&mut frontier, &item.entry);
        }
        let checkpoint = Checkpoint {
            origin: range.origin.clone(),
            size: frontier.size(),
            root: frontier.root(),
        };
        let pairs = entries.into_iter().map(|item| {
            let payload = item.payload.map(|payload| payload.to_vec());
            (item.entry.to_vec(), payload)
        });
        let note = checkpoint.sign(self.key).note().to_string();
        Ok(RangeData::new(range.origin.clone(), range.from, pairs, note, Vec::new()).ok())
    }

    /// Whether the log is written with the key that the liar has now.
    fn writes(&self, origin: &Origin) -> bool {
        let log = self.node.store().read(|reader| reader.log(origin));
        log.ok()
            .flatten()
            .is_some_and(|log| log.start.node == self.key.public())
    }

    fn shared(&self) -> Vec<SpaceId> {
        let directory = self.node.directory();
        let Some(org) = directory.node_org(&self.peer) else {
            return Vec::new();
        };
        let shared = directory.shared_spaces(&self.node.org_id(), &org);
        shared.into_keys().collect()
    }

    /// A space that both may hold, beside `space`.
    fn another_space(&self, dice: &mut Dice, space: &SpaceId) -> Option<SpaceId> {
        let mut others = self.shared();
        others.retain(|other| other != space);
        (!others.is_empty()).then(|| *dice.pick(&others))
    }

    /// A log that stands in another space, as if it stood in `space`.
    fn of_another_space(&self, dice: &mut Dice, space: &SpaceId) -> Option<LogStanding> {
        let mut logs = self.node.store().read(|reader| reader.logs()).ok()?;
        logs.retain(|log| log.start.space.id() != *space && log.size > TreeSize::EMPTY);
        if logs.is_empty() {
            return None;
        }
        let log = dice.pick(&logs);
        Some(LogStanding {
            origin: log.origin.clone(),
            standing: standing(log),
        })
    }

    /// What shows that the liar is a node.
    fn chain(&self) -> Vec<Vec<u8>> {
        let directory = self.node.directory();
        let own = self.key.public();
        let posts = directory.appointments_of(&own, Purpose::Node);
        let ids: Vec<_> = posts.map(|(id, _)| id).collect();
        let statements = directory.closure(ids).into_iter();
        statements.map(|statement| statement.bytes().to_vec()).collect()
    }
}

fn standing(log: &LogRow) -> Standing {
    Standing {
        size: log.size,
        root: log.root,
    }
}

fn push(frontier: &mut Frontier, entry: &[u8]) {
    if let Ok(entry) = Entry::parse(entry) {
        frontier.push(entry.leaf());
    }
}

/// A request for a log in the space in which the liar said that it is, as its own session has to read it to answer.
pub(crate) fn as_it_is(node: &Node, frame: Vec<u8>) -> Vec<u8> {
    let Ok(Message::Want { space, origin, from }) = Message::from_frame(&frame) else {
        return frame;
    };
    let held = node.store().read(|reader| reader.log(&origin)).ok().flatten();
    match held.map(|log| log.start.space.id()) {
        Some(true_one) if true_one != space => Message::Want {
            space: true_one,
            origin,
            from,
        }
        .to_frame(),
        _ => frame,
    }
}

/// Somebody who was never heard of.
pub(crate) fn nobody(dice: &mut Dice) -> PublicKey {
    lianzhan_protocol::keys::SecretKey::from_seed(dice.bytes()).public()
}

/// Says of a node that it was heard of in a time that has not come.
pub(crate) fn in_the_future(seen: &Sighting) -> Sighting {
    let mut seen = seen.clone();
    seen.at.0 = seen.at.0.saturating_add(400 * 86_400_000);
    seen
}
