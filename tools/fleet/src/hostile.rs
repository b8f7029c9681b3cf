//! A node that lies: it holds a good key, and what it sends is not what an honest node sends. Its own store is honest, so
//! that in the end, when it has stopped, all must agree with it, too. What it makes of what it holds is in `cunning`.

use std::sync::Arc;

use lianzhan_node::services::Node;
use lianzhan_protocol::id::{Hash, SpaceId};
use lianzhan_protocol::keys::{PublicKey, SecretKey};
use lianzhan_protocol::log::{Origin, SignedCheckpoint, TreeSize};
use lianzhan_protocol::sync::{Blob, FRAME_MAX, List, Message, RangeData, Standing, Text};

use crate::dice::Dice;
use crate::wire::framed;

/// So many at once, and those that are good again before the last of them came, nobody has to hear (spec 06, Y-17).
const FLOOD: usize = 16_384 + 3_000;

/// News, so often that it is a flood; nothing of what else is said.
pub(crate) fn flood(frame: &[u8]) -> Option<Vec<u8>> {
    match Message::from_frame(frame) {
        Ok(Message::Grew { .. }) => Some(framed(frame).repeat(FLOOD)),
        _ => None,
    }
}

/// Who lies, and to whom.
pub(crate) struct Liar<'a> {
    pub(crate) node: &'a Arc<Node>,
    pub(crate) key: &'a SecretKey,
    pub(crate) peer: PublicKey,
    /// Whether it makes something of what it holds.
    pub(crate) cunning: bool,
}

/// What goes over the wire instead of a frame.
pub(crate) fn twisted(dice: &mut Dice, liar: &Liar<'_>, frame: &[u8]) -> Vec<u8> {
    match dice.below(24) {
        0 => garbled(dice, frame),
        // Stalling: the answer never comes.
        1 => Vec::new(),
        // A flood.
        2 => framed(frame).repeat(2 + dice.below(40)),
        // A frame longer than any may be.
        3 if dice.once_in(4) => (u32::try_from(FRAME_MAX).unwrap_or(u32::MAX) + 1)
            .to_be_bytes()
            .to_vec(),
        4..14 => match Message::from_frame(frame) {
            Ok(message) => {
                let cunning = liar.cunning && dice.once_in(2);
                let lied = match cunning {
                    true => liar.twist(dice, message),
                    false => lie(dice, liar.key, message),
                };
                framed(&lied.to_frame())
            }
            Err(_) => framed(frame),
        },
        14..16 if liar.cunning => {
            let mut wire = framed(frame);
            if let Some(message) = liar.unasked(dice) {
                wire.extend(framed(&message.to_frame()));
            }
            wire
        }
        _ => framed(frame),
    }
}

fn garbled(dice: &mut Dice, frame: &[u8]) -> Vec<u8> {
    let mut frame = frame.to_vec();
    if frame.is_empty() {
        return framed(&frame);
    }
    let at = dice.below(frame.len());
    match dice.below(4) {
        0 => frame[at] ^= 1 << dice.below(8),
        1 => frame.truncate(at),
        2 => frame.insert(at, dice.bytes::<1>()[0]),
        _ => frame = dice.byte_vec(at),
    }
    framed(&frame)
}

/// A message of the right form that is not true.
fn lie(dice: &mut Dice, key: &SecretKey, message: Message) -> Message {
    match message {
        // A stale directory: nothing of what a stranger needs, or another digest.
        Message::Hello(mut hello) => {
            match dice.below(3) {
                0 => hello.digest = Some(Hash(dice.bytes())),
                1 => hello.digest = None,
                _ => {
                    let kept = dice.below(hello.statements.len() + 1);
                    let some: Vec<_> = hello.statements.iter().take(kept).cloned().collect();
                    hello.statements = List::new(some).unwrap_or(hello.statements);
                }
            }
            Message::Hello(hello)
        }
        Message::Spaces { spaces, more } => {
            let mut told: Vec<_> = spaces.iter().cloned().collect();
            if let Some(one) = told.first_mut() {
                match dice.below(2) {
                    0 => one.digest = Hash(dice.bytes()),
                    _ => one.space = SpaceId(dice.bytes()),
                }
            }
            Message::Spaces {
                spaces: List::new(told).unwrap_or(spaces),
                more,
            }
        }
        // Withheld, rewound, or promised and not there.
        Message::Logs { space, logs, more } => {
            let mut told: Vec<_> = logs.iter().cloned().collect();
            if !told.is_empty() {
                let at = dice.below(told.len());
                match dice.below(3) {
                    0 => drop(told.remove(at)),
                    _ => told[at].standing = misstated(dice, told[at].standing),
                }
            }
            Message::Logs {
                space,
                logs: List::new(told).unwrap_or(logs),
                more,
            }
        }
        Message::Grew { space, mut log } => {
            log.standing = misstated(dice, log.standing);
            Message::Grew { space, log }
        }
        Message::Want { space, origin, from } => match dice.below(2) {
            // Of a space that it may not hold, for all it knows.
            0 => Message::Want {
                space: SpaceId(dice.bytes()),
                origin,
                from,
            },
            _ => Message::Want {
                space,
                origin,
                from: TreeSize(from.0 + dice.below(9) as u64),
            },
        },
        Message::Range(range) => Message::Range(falsified(dice, key, range)),
        Message::Nothing(origin) => Message::Nothing(origin),
        Message::WitnessMe {
            origin,
            old,
            checkpoint,
            proof,
            shown,
        } => {
            let checkpoint = resigned(dice, key, &origin, &checkpoint).and_then(|note| Text::new(note).ok());
            match checkpoint {
                Some(checkpoint) => Message::WitnessMe {
                    origin,
                    old,
                    checkpoint,
                    proof,
                    shown,
                },
                None => Message::Nothing(origin),
            }
        }
        Message::Receipt { origin, mut receipt } => {
            match dice.below(3) {
                0 => receipt.root = Hash(dice.bytes()),
                1 => receipt.time_s = receipt.time_s.wrapping_add(dice.next_u64() % 100_000),
                _ => receipt.proof.clear(),
            }
            Message::Receipt { origin, receipt }
        }
        Message::WitnessRefused { origin, reason, .. } => Message::WitnessRefused {
            origin,
            size: TreeSize(dice.below(40) as u64),
            reason,
        },
        Message::Keys(keys) => {
            let mut told: Vec<_> = keys.iter().cloned().collect();
            if let Some(one) = told.first_mut() {
                one.key = dice.bytes();
            }
            Message::Keys(List::new(told).unwrap_or(keys))
        }
        Message::Piece(mut piece) => {
            match dice.below(3) {
                0 => piece.size += 1,
                1 => piece.from = 0,
                _ => {
                    let mut data = piece.data.clone().into_vec();
                    if let Some(byte) = data.last_mut() {
                        *byte ^= 1;
                    }
                    piece.data = Blob::new(data).unwrap_or(piece.data);
                }
            }
            Message::Piece(piece)
        }
        other => other,
    }
}

fn misstated(dice: &mut Dice, standing: Standing) -> Standing {
    match dice.below(3) {
        0 => Standing {
            size: TreeSize(standing.size.0.saturating_sub(1 + dice.below(3) as u64)),
            ..standing
        },
        1 => Standing {
            size: TreeSize(standing.size.0 + 1 + dice.below(50) as u64),
            ..standing
        },
        _ => Standing {
            root: Hash(dice.bytes()),
            ..standing
        },
    }
}

/// Entries changed, left out, exchanged, without their payloads; a wrong root, signed or not; of another log.
fn falsified(dice: &mut Dice, key: &SecretKey, range: RangeData) -> RangeData {
    let mut lied = range.clone();
    let mut entries: Vec<_> = range.entries.iter().cloned().collect();
    let at = dice.below(entries.len().max(1));
    match dice.below(9) {
        0 => {
            if let Some(byte) = entries.get_mut(at).and_then(|entry| entry.entry.last_mut()) {
                *byte ^= 1;
            }
        }
        1 => {
            let payload = entries.get_mut(at).and_then(|entry| entry.payload.as_mut());
            if let Some(byte) = payload.and_then(|payload| payload.first_mut()) {
                *byte ^= 1;
            }
        }
        2 => entries.truncate(at.max(1)),
        3 => entries.reverse(),
        4 => {
            if let Some(entry) = entries.get_mut(at) {
                entry.payload = None;
            }
        }
        5 => lied.from = TreeSize(range.from.0 + 1),
        6 => {
            let note = resigned(dice, key, &range.origin, &range.checkpoint);
            lied.checkpoint = note
                .and_then(|note| Text::new(note).ok())
                .unwrap_or(lied.checkpoint);
        }
        7 => lied.proof = List::new(vec![Hash(dice.bytes()); 3]).unwrap_or(lied.proof),
        _ => {
            let other = format!("lianzhan/log/{:032x}", dice.next_u64());
            lied.origin = Origin::parse(&other).unwrap_or(lied.origin);
        }
    }
    lied.entries = List::new(entries).unwrap_or(lied.entries);
    lied
}

/// A checkpoint of its own log with another root, well signed: it contradicts itself.
pub(crate) fn resigned(
    dice: &mut Dice,
    key: &SecretKey,
    origin: &Origin,
    checkpoint: &str,
) -> Option<String> {
    let signed = SignedCheckpoint::open(checkpoint, &key.public(), origin).ok()?;
    let mut checkpoint = signed;
    match dice.below(2) {
        0 => checkpoint.root = Hash(dice.bytes()),
        _ => checkpoint.size = TreeSize(checkpoint.size.0 + 1),
    }
    Some(checkpoint.sign(key).note().to_string())
}
