//! Carry files: one side's frames of a session, for a recipient that no line reaches (design 8). The file's encryption, and
//! what becomes of what is in it, are the node's; here is the order in which its messages may stand.

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};

use super::bounded::List;
use super::message::{
    self, Hello, JOINT_STATEMENTS_MAX, KEYS_MAX, LogStanding, Message, PAYLOADS_MAX, PlacedPayload,
    RecordKey, SYNC_VERSION,
};
use super::range::RangeData;
use crate::codec::CodecError;
use crate::id::{AttachmentId, Hash, RecordId, SpaceId, StatementId};
use crate::log::{EntryIndex, Origin, Receipt, TreeSize};

/// Most logs of one space, as in a session (Y-4).
const LOGS_OF_SPACE_MAX: usize = 16_384;
/// Most payloads, keys, attachments and forked logs that a file asks for; what else is lacking stands in a later one.
pub const LACKS_MAX: usize = 65_536;

/// What stands in a carry file, one after the other. Nothing in it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Whose file it is, with statements that show it.
    From(Hello),
    /// Statements of joint spaces, and what they rest on.
    Joint {
        /// They.
        statements: Vec<Vec<u8>>,
        /// Whether further ones belong to them: they are judged together.
        more: bool,
    },
    /// What the sender holds in a space.
    Held {
        /// The space.
        space: SpaceId,
        /// Logs in it; several pieces may name one space.
        logs: Vec<LogStanding>,
    },
    /// A range of a log of the space named last.
    Range {
        /// The space.
        space: SpaceId,
        /// The range.
        range: RangeData,
    },
    /// Payloads of entries that the recipient said to hold without them.
    Payloads {
        /// The log.
        origin: Origin,
        /// By place.
        payloads: Vec<PlacedPayload>,
    },
    /// Keys of annexes.
    Keys(Vec<RecordKey>),
    /// A piece of an attachment.
    Attachment(message::Piece),
    /// The sender asks for a cosignature.
    WitnessMe {
        /// Its log.
        origin: Origin,
        /// The size from which the proof starts.
        old: TreeSize,
        /// The signed checkpoint.
        checkpoint: String,
        /// That it extends the tree of size `old`.
        proof: Vec<Hash>,
        /// As [`Message::WitnessMe`].
        shown: Option<Receipt>,
    },
    /// The sender witnessed a log of the recipient.
    Receipt {
        /// The log.
        origin: Origin,
        /// The receipt.
        receipt: Receipt,
    },
    /// What the sender asks for.
    Lacks(Lacks),
    /// The file is whole.
    End,
}

/// What the sender of a file lacks although it holds the entries, so that sizes and roots say nothing of it: the questions of
/// a session, answered in the next file the other way.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Lacks {
    /// [`Message::AskPayloads`].
    #[n(0)]
    Payloads {
        /// The space.
        #[n(0)]
        space: SpaceId,
        /// The log.
        #[n(1)]
        origin: Origin,
        /// The entries, ascending.
        #[n(2)]
        indexes: List<EntryIndex, PAYLOADS_MAX>,
    },
    /// [`Message::AskKeys`].
    #[n(1)]
    Keys(#[n(0)] List<RecordId, KEYS_MAX>),
    /// [`Message::WantAttachment`].
    #[n(2)]
    Attachment {
        /// A space in which a record names it.
        #[n(0)]
        space: SpaceId,
        /// The attachment.
        #[n(1)]
        id: AttachmentId,
        /// How many of its bytes the sender has.
        #[n(2)]
        from: u64,
    },
    /// [`Message::WantBranch`] of the first: the whole log and all that is held beside it, since it says two things.
    #[n(3)]
    Branches {
        /// The space.
        #[n(0)]
        space: SpaceId,
        /// The log.
        #[n(1)]
        origin: Origin,
    },
}

impl Lacks {
    /// How many payloads, keys, attachments or logs it asks for.
    pub fn count(&self) -> usize {
        match self {
            Lacks::Payloads { indexes, .. } => indexes.len(),
            Lacks::Keys(records) => records.len(),
            Lacks::Attachment { .. } | Lacks::Branches { .. } => 1,
        }
    }
}

impl From<Lacks> for Message {
    fn from(lacks: Lacks) -> Self {
        match lacks {
            Lacks::Payloads {
                space,
                origin,
                indexes,
            } => Message::AskPayloads {
                space,
                origin,
                indexes,
            },
            Lacks::Keys(records) => Message::AskKeys(records),
            Lacks::Attachment { space, id, from } => Message::WantAttachment { space, id, from },
            Lacks::Branches { space, origin } => Message::WantBranch {
                space,
                origin,
                branch: 1,
                from: TreeSize::EMPTY,
            },
        }
    }
}

/// Why a carry file is not read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CarryError {
    /// A frame.
    #[error("a frame cannot be read: {0}")]
    Codec(#[from] CodecError),
    /// Another version.
    #[error("the file speaks version {0} of the protocol, this program {SYNC_VERSION}")]
    Version(u32),
    /// Another federation.
    #[error("the file is of another federation")]
    OtherFederation,
    /// A message that does not stand there.
    #[error("a message stands where it may not: {0}")]
    Order(&'static str),
    /// A range of a log that was not announced.
    #[error("a range of log {0}, which does not stand in the space named last")]
    NotAnnounced(Origin),
    /// A question that no node asks.
    #[error("a question that no node asks: {0}")]
    Question(&'static str),
    /// More than any file has.
    #[error("more {0} than may stand in a file")]
    TooMany(&'static str),
    /// Ends before its end.
    #[error("the file ends before its end: it was cut off")]
    Cut,
}

/// The parts of a file, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Start,
    Hello,
    Joint,
    Spaces,
    Payloads,
    Keys,
    Attachments,
    Witness,
    Receipts,
    Lacks,
    End,
}

/// Reads the frames of one file in their order.
#[derive(Debug)]
pub struct CarryReader {
    founding: StatementId,
    part: Part,
    space: Option<SpaceId>,
    /// The spaces before.
    past: BTreeSet<SpaceId>,
    logs: BTreeSet<Origin>,
    joint: usize,
    lacks: usize,
}

impl CarryReader {
    /// A reader for files of the federation of this founding statement.
    pub fn new(founding: StatementId) -> Self {
        CarryReader {
            founding,
            part: Part::Start,
            space: None,
            past: BTreeSet::new(),
            logs: BTreeSet::new(),
            joint: 0,
            lacks: 0,
        }
    }

    /// The next frame.
    pub fn read(&mut self, frame: &[u8]) -> Result<Piece, CarryError> {
        match Message::from_frame(frame)? {
            Message::Hello(hello) => {
                if self.part != Part::Start {
                    return Err(CarryError::Order("a second hello"));
                }
                if hello.version != SYNC_VERSION {
                    return Err(CarryError::Version(hello.version));
                }
                if hello.founding != self.founding {
                    return Err(CarryError::OtherFederation);
                }
                self.part = Part::Hello;
                Ok(Piece::From(hello))
            }
            Message::Joint { statements, more } => {
                self.enter(Part::Joint)?;
                self.joint += statements.len();
                if self.joint > JOINT_STATEMENTS_MAX {
                    return Err(CarryError::TooMany("statements of joint spaces"));
                }
                let statements = statements.into_vec().into_iter().map(Vec::from).collect();
                Ok(Piece::Joint { statements, more })
            }
            Message::Logs { space, logs, .. } => {
                self.enter(Part::Spaces)?;
                if self.space != Some(space) {
                    self.past.extend(self.space.replace(space));
                    self.logs.clear();
                    if self.past.contains(&space) {
                        return Err(CarryError::Order("a space that was done with"));
                    }
                }
                let logs = logs.into_vec();
                let before = self.logs.len();
                self.logs.extend(logs.iter().map(|log| log.origin.clone()));
                if self.logs.len() < before + logs.len() || self.logs.len() > LOGS_OF_SPACE_MAX {
                    return Err(CarryError::TooMany("logs of a space"));
                }
                Ok(Piece::Held { space, logs })
            }
            Message::Range(range) => {
                self.enter(Part::Spaces)?;
                match self.space.filter(|_| self.logs.contains(&range.origin)) {
                    Some(space) => Ok(Piece::Range { space, range }),
                    None => Err(CarryError::NotAnnounced(range.origin)),
                }
            }
            Message::Payloads { origin, payloads } => {
                self.enter(Part::Payloads)?;
                Ok(Piece::Payloads {
                    origin,
                    payloads: payloads.into_vec(),
                })
            }
            Message::Keys(keys) => {
                self.enter(Part::Keys)?;
                Ok(Piece::Keys(keys.into_vec()))
            }
            Message::Piece(piece) => {
                self.enter(Part::Attachments)?;
                Ok(Piece::Attachment(piece))
            }
            Message::WitnessMe {
                origin,
                old,
                checkpoint,
                proof,
                shown,
            } => {
                self.enter(Part::Witness)?;
                Ok(Piece::WitnessMe {
                    origin,
                    old,
                    checkpoint: checkpoint.to_string(),
                    proof: proof.into_vec(),
                    shown,
                })
            }
            Message::Receipt { origin, receipt } => {
                self.enter(Part::Receipts)?;
                Ok(Piece::Receipt { origin, receipt })
            }
            Message::AskPayloads {
                space,
                origin,
                indexes,
            } => self.lacks(Lacks::Payloads {
                space,
                origin,
                indexes,
            }),
            Message::AskKeys(records) => self.lacks(Lacks::Keys(records)),
            Message::WantAttachment { space, id, from } => self.lacks(Lacks::Attachment { space, id, from }),
            Message::WantBranch { space, origin, .. } => self.lacks(Lacks::Branches { space, origin }),
            Message::Bye(_) => {
                self.enter(Part::End)?;
                Ok(Piece::End)
            }
            _ => Err(CarryError::Order("what is said over a line alone")),
        }
    }

    fn lacks(&mut self, lacks: Lacks) -> Result<Piece, CarryError> {
        self.enter(Part::Lacks)?;
        if lacks.count() == 0 {
            return Err(CarryError::Question("for nothing"));
        }
        if let Lacks::Payloads { indexes, .. } = &lacks
            && !indexes.is_sorted_by(|before, after| before < after)
        {
            return Err(CarryError::Question("for payloads in no order"));
        }
        self.lacks += lacks.count();
        if self.lacks > LACKS_MAX {
            return Err(CarryError::TooMany("questions"));
        }
        Ok(Piece::Lacks(lacks))
    }

    /// The file has no further frame.
    pub fn end(&self) -> Result<(), CarryError> {
        match self.part {
            Part::End => Ok(()),
            _ => Err(CarryError::Cut),
        }
    }

    fn enter(&mut self, part: Part) -> Result<(), CarryError> {
        match self.part {
            Part::Start => Err(CarryError::Order("before the hello")),
            Part::End => Err(CarryError::Order("after the end")),
            now if now > part => Err(CarryError::Order("what belongs before it")),
            _ => {
                self.part = part;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::all;
    use super::*;

    /// One message of each kind that may stand in a file, in order; the range is of the log announced.
    fn file() -> Vec<Message> {
        let all = all();
        let pick = |wanted: fn(&Message) -> bool| all.iter().find(|message| wanted(message)).unwrap().clone();
        vec![
            pick(|m| matches!(m, Message::Hello(_))),
            pick(|m| matches!(m, Message::Joint { .. })),
            pick(|m| matches!(m, Message::Logs { logs, .. } if !logs.is_empty())),
            pick(|m| matches!(m, Message::Range(_))),
            pick(|m| matches!(m, Message::Payloads { .. })),
            pick(|m| matches!(m, Message::Keys(_))),
            pick(|m| matches!(m, Message::Piece(_))),
            pick(|m| matches!(m, Message::WitnessMe { .. })),
            pick(|m| matches!(m, Message::Receipt { .. })),
            pick(|m| matches!(m, Message::AskKeys(_))),
            pick(|m| matches!(m, Message::Bye(_))),
        ]
    }

    fn read(messages: &[Message]) -> Result<Vec<Piece>, CarryError> {
        let mut reader = CarryReader::new(StatementId([5; 32]));
        let mut pieces = Vec::new();
        for message in messages {
            pieces.push(reader.read(&message.to_frame())?);
        }
        reader.end().map(|()| pieces)
    }

    #[test]
    fn a_file_is_read_in_its_order_alone() {
        let whole = file();
        assert_eq!(read(&whole).unwrap().len(), whole.len());
        for cut in 0..whole.len() {
            assert_eq!(read(&whole[..cut]), Err(CarryError::Cut));
        }
        for (at, _) in whole.iter().enumerate().skip(1) {
            let mut swapped = whole.clone();
            swapped.swap(at - 1, at);
            assert!(read(&swapped).is_err(), "{at}");
        }
        let again: Vec<Message> = whole.iter().chain(&whole).cloned().collect();
        assert!(matches!(read(&again), Err(CarryError::Order(_))));
    }

    #[test]
    fn what_belongs_into_no_file_is_refused() {
        for message in all() {
            let mut messages = vec![file()[0].clone(), message.clone()];
            let taken = read(&messages).is_err_and(|error| error == CarryError::Cut);
            let is_like = |known: &Message| std::mem::discriminant(known) == std::mem::discriminant(&message);
            let asks = matches!(
                message,
                Message::AskPayloads { .. }
                    | Message::AskKeys(_)
                    | Message::WantAttachment { .. }
                    | Message::WantBranch { .. }
            );
            let belongs = asks || file()[1..].iter().any(is_like);
            let alone = !matches!(message, Message::Range(_) | Message::Bye(_));
            assert_eq!(taken, belongs && alone, "{message:?}");
            messages.remove(0);
            assert!(matches!(message, Message::Hello(_)) || read(&messages).is_err());
        }
    }

    #[test]
    fn a_file_asks_for_a_bounded_number_of_things_in_any_order() {
        let all = all();
        let asks = all.iter().filter(|message| {
            matches!(
                message,
                Message::AskPayloads { .. }
                    | Message::AskKeys(_)
                    | Message::WantAttachment { .. }
                    | Message::WantBranch { .. }
            )
        });
        let mut messages = vec![file()[0].clone()];
        messages.extend(asks.clone().cloned());
        messages.extend(asks.rev().cloned());
        messages.push(file().pop().unwrap());
        let pieces = read(&messages).unwrap();
        let lacks = pieces.into_iter().filter_map(|piece| match piece {
            Piece::Lacks(lacks) => Some(Message::from(lacks)),
            _ => None,
        });
        let mut asked = messages[1..messages.len() - 1].to_vec();
        for message in &mut asked {
            if let Message::WantBranch { branch, from, .. } = message {
                (*branch, *from) = (1, TreeSize::EMPTY);
            }
        }
        assert_eq!(lacks.collect::<Vec<_>>(), asked);

        let mut reader = CarryReader::new(StatementId([5; 32]));
        reader.read(&file()[0].to_frame()).unwrap();
        let keys = List::new((0..KEYS_MAX).map(|n| RecordId([n as u8; 16])).collect()).unwrap();
        let frame = Message::AskKeys(keys).to_frame();
        for _ in 0..LACKS_MAX / KEYS_MAX {
            reader.read(&frame).unwrap();
        }
        assert_eq!(reader.read(&frame), Err(CarryError::TooMany("questions")));
    }

    #[test]
    fn questions_for_nothing_and_in_no_order_are_refused() {
        let all = all();
        let asked = all.iter().find_map(|message| match message {
            Message::AskPayloads { space, origin, .. } => Some((*space, origin.clone())),
            _ => None,
        });
        let (space, origin) = asked.unwrap();
        let payloads = |indexes: &[u64]| Message::AskPayloads {
            space,
            origin: origin.clone(),
            indexes: List::new(indexes.iter().copied().map(EntryIndex).collect()).unwrap(),
        };
        let read = |question: Message| {
            let mut reader = CarryReader::new(StatementId([5; 32]));
            reader.read(&file()[0].to_frame()).unwrap();
            reader.read(&question.to_frame())
        };
        assert!(read(payloads(&[0, 1, 7])).is_ok());
        for bad in [&[][..], &[1, 0], &[3, 3]] {
            assert!(
                matches!(read(payloads(bad)), Err(CarryError::Question(_))),
                "{bad:?}"
            );
        }
        let nothing = Message::AskKeys(List::new(Vec::new()).unwrap());
        assert!(matches!(read(nothing), Err(CarryError::Question(_))));
    }

    #[test]
    fn a_file_of_others_is_not_read() {
        let hello = file()[0].to_frame();
        let read = CarryReader::new(StatementId([6; 32])).read(&hello);
        assert_eq!(read, Err(CarryError::OtherFederation));
        let Message::Hello(hello) = file()[0].clone() else {
            panic!("a hello")
        };
        let later = Message::Hello(Hello { version: 2, ..hello }).to_frame();
        let read = CarryReader::new(StatementId([5; 32])).read(&later);
        assert_eq!(read, Err(CarryError::Version(2)));
    }
}
