//! Messages of the right form of which something is left out, exchanged or added.

use lianzhan_protocol::id::{AttachmentId, Hash, RecordId, SpaceId, StatementId};
use lianzhan_protocol::keys::PublicKey;
use lianzhan_protocol::log::{EntryIndex, Origin};
use lianzhan_protocol::sync::{Hello, List, Message};

use crate::cunning::{in_the_future, nobody};
use crate::dice::Dice;

/// `told`, if it is not too long for the list that it stands for.
pub(crate) fn list<T, const MAX: usize>(told: Vec<T>, instead_of: List<T, MAX>) -> List<T, MAX> {
    List::new(told).unwrap_or(instead_of)
}

/// A hello that is stale, or of somebody else. `chain` is what shows that the liar is a node.
pub(crate) fn hello(dice: &mut Dice, chain: &[Vec<u8>], peer: PublicKey, mut hello: Hello) -> Message {
    match dice.below(10) {
        0 => hello.digest = Some(Hash(dice.bytes())),
        // It shows what it always showed, or less.
        1 | 2 => {
            hello.chain = None;
            hello.statements = list(some_of(dice, chain), hello.statements);
        }
        3 | 4 => hello.chain = Some(Hash(dice.bytes())),
        5 => hello.chain = None,
        6 => hello.node = peer,
        7 => hello.node = nobody(dice),
        8 => hello.version += 1,
        _ => hello.founding = StatementId(dice.bytes()),
    }
    Message::Hello(hello)
}

/// Some statements of a chain, one of them perhaps not what was signed.
fn some_of<T: From<Vec<u8>>>(dice: &mut Dice, chain: &[Vec<u8>]) -> Vec<T> {
    let mut kept: Vec<Vec<u8>> = chain.iter().filter(|_| !dice.once_in(4)).cloned().collect();
    if dice.once_in(4)
        && let Some(byte) = kept.last_mut().and_then(|statement| statement.last_mut())
    {
        *byte ^= 1;
    }
    if dice.once_in(4) {
        kept.reverse();
    }
    kept.into_iter().map(T::from).collect()
}

fn bytes_of<T: AsRef<[u8]>>(statements: &[T]) -> Vec<Vec<u8>> {
    statements.iter().map(|bytes| bytes.as_ref().to_vec()).collect()
}

/// Any other message.
pub(crate) fn other(dice: &mut Dice, chain: &[Vec<u8>], message: Message) -> Message {
    match message {
        Message::Chain(statements) => {
            let told = bytes_of(&statements.iter().map(|one| one.as_slice()).collect::<Vec<_>>());
            Message::Chain(list(some_of(dice, &told), statements))
        }
        Message::Joint { statements, more } => {
            let told = bytes_of(&statements.iter().map(|one| one.as_slice()).collect::<Vec<_>>());
            let told = match dice.below(3) {
                0 => some_of(dice, chain),
                _ => some_of(dice, &told),
            };
            Message::Joint {
                statements: list(told, statements),
                more: more || dice.once_in(4),
            }
        }
        Message::Payloads { origin, payloads } => {
            let mut told: Vec<_> = payloads.iter().cloned().collect();
            let at = dice.below(told.len().max(1));
            match dice.below(4) {
                0 => told.clear(),
                1 => {
                    if let Some(byte) = told.get_mut(at).and_then(|one| one.payload.first_mut()) {
                        *byte ^= 1;
                    }
                }
                2 => {
                    if let Some(one) = told.get_mut(at) {
                        one.index = EntryIndex(one.index.0 + 1);
                    }
                }
                _ => told.extend(payloads.iter().cloned()),
            }
            Message::Payloads {
                origin,
                payloads: list(told, payloads),
            }
        }
        Message::Seen(seen) => {
            let mut told: Vec<_> = seen.iter().cloned().collect();
            for one in &mut told {
                match dice.below(3) {
                    0 => *one = in_the_future(one),
                    1 => one.node = nobody(dice),
                    _ => one.connected = !one.connected,
                }
            }
            Message::Seen(list(told, seen))
        }
        Message::AskLogs(_) => Message::AskLogs(SpaceId(dice.bytes())),
        Message::AskKeys(_) => Message::AskKeys(list(
            vec![RecordId(dice.bytes())],
            List::take_from(&mut std::iter::empty()),
        )),
        Message::AskPayloads { space, origin, .. } => Message::AskPayloads {
            space: if dice.once_in(2) {
                SpaceId(dice.bytes())
            } else {
                space
            },
            origin,
            indexes: List::take_from(&mut (0..9).map(|_| EntryIndex(dice.next_u64() >> 40))),
        },
        Message::WantBranch {
            space, origin, from, ..
        } => Message::WantBranch {
            space,
            origin,
            branch: dice.below(7) as u32,
            from,
        },
        Message::WantAttachment { id, .. } => Message::WantAttachment {
            space: SpaceId(dice.bytes()),
            id,
            from: dice.next_u64() >> 40,
        },
        Message::NoAttachment(_) => Message::NoAttachment(AttachmentId(dice.bytes())),
        Message::HaveAttachment(_) => Message::HaveAttachment(AttachmentId(dice.bytes())),
        Message::Nothing(_) => {
            let other = format!("lianzhan/log/{:032x}", dice.next_u64());
            Origin::parse(&other).map_or(Message::AskJoint, Message::Nothing)
        }
        Message::AskChain => Message::Chain(list(
            some_of(dice, chain),
            List::take_from(&mut std::iter::empty()),
        )),
        other => other,
    }
}
