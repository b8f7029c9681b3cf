//! What a peer does wrong: the kinds, by names that never change, and how grave each is. How long somebody is avoided for
//! it is for whoever keeps connections.

use std::fmt;

use super::range::RangeError;
use crate::log::{CheckpointError, EntryError, NoteError};

/// How grave it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gravity {
    /// No fault, or none that can be laid at the peer's door: the two do not fit together now, or the line broke.
    Misfit,
    /// The peer is slow, or says nothing: a bad line, an overloaded machine, or malice.
    Slow,
    /// The peer broke the rules of the conversation: its program is broken, or hostile.
    Breach,
    /// The peer said what no honest node says. People are told.
    Lie,
}

/// Why a conversation was ended because of what the other side did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Misbehaviour {
    /// Entries, or a proof, that do not lead to the root that was signed.
    WrongRoot,
    /// A signature of an entry, a checkpoint, a statement or a receipt that is not good.
    BadSignature,
    /// An entry or a statement that is not what it has to be.
    BadEntry,
    /// A log, or an entry in it, of another space than the one it was given in.
    OutsideSpace,
    /// Fewer entries of a log than were told of before, of the same history.
    Rewind,
    /// A directory, or an appointment, that was replaced long since.
    StaleDirectory,
    /// A hello in the name of another node than the one that speaks.
    FalseName,
    /// A frame that cannot be read.
    Unreadable,
    /// A frame longer than any may be.
    Oversized,
    /// A stream that ended within a frame. So does a line that breaks.
    Truncated,
    /// An answer that nobody asked for.
    Unasked,
    /// A message out of its turn: another one before the hello, or a second hello.
    OutOfTurn,
    /// More of something than the rules allow at once.
    TooMuch,
    /// More messages in a time than anybody has to hear, or too many connections.
    Flood,
    /// No hello in time.
    NoHello,
    /// An answer that is owed and does not come, a frame that does not end, or a peer that takes nothing.
    Stalled,
    /// Entries that the peer says it holds, and does not give.
    Withheld,
    /// Another version of this protocol.
    OtherVersion,
    /// Another federation.
    OtherFederation,
    /// The directory does not name the peer as a node.
    NotANode,
}

impl Misbehaviour {
    /// All of them.
    pub const ALL: [Misbehaviour; 20] = [
        Misbehaviour::WrongRoot,
        Misbehaviour::BadSignature,
        Misbehaviour::BadEntry,
        Misbehaviour::OutsideSpace,
        Misbehaviour::Rewind,
        Misbehaviour::StaleDirectory,
        Misbehaviour::FalseName,
        Misbehaviour::Unreadable,
        Misbehaviour::Oversized,
        Misbehaviour::Truncated,
        Misbehaviour::Unasked,
        Misbehaviour::OutOfTurn,
        Misbehaviour::TooMuch,
        Misbehaviour::Flood,
        Misbehaviour::NoHello,
        Misbehaviour::Stalled,
        Misbehaviour::Withheld,
        Misbehaviour::OtherVersion,
        Misbehaviour::OtherFederation,
        Misbehaviour::NotANode,
    ];

    /// Its name, in words to the peer, figures and pages.
    pub fn as_str(self) -> &'static str {
        match self {
            Misbehaviour::WrongRoot => "wrong_root",
            Misbehaviour::BadSignature => "bad_signature",
            Misbehaviour::BadEntry => "bad_entry",
            Misbehaviour::OutsideSpace => "outside_space",
            Misbehaviour::Rewind => "rewind",
            Misbehaviour::StaleDirectory => "stale_directory",
            Misbehaviour::FalseName => "false_name",
            Misbehaviour::Unreadable => "unreadable",
            Misbehaviour::Oversized => "oversized",
            Misbehaviour::Truncated => "truncated",
            Misbehaviour::Unasked => "unasked",
            Misbehaviour::OutOfTurn => "out_of_turn",
            Misbehaviour::TooMuch => "too_much",
            Misbehaviour::Flood => "flood",
            Misbehaviour::NoHello => "no_hello",
            Misbehaviour::Stalled => "stalled",
            Misbehaviour::Withheld => "withheld",
            Misbehaviour::OtherVersion => "other_version",
            Misbehaviour::OtherFederation => "other_federation",
            Misbehaviour::NotANode => "not_a_node",
        }
    }

    /// The kind of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Misbehaviour::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// How grave it is.
    pub fn gravity(self) -> Gravity {
        match self {
            Misbehaviour::WrongRoot
            | Misbehaviour::BadSignature
            | Misbehaviour::BadEntry
            | Misbehaviour::OutsideSpace
            | Misbehaviour::Rewind
            | Misbehaviour::FalseName => Gravity::Lie,
            Misbehaviour::StaleDirectory
            | Misbehaviour::Unreadable
            | Misbehaviour::Oversized
            | Misbehaviour::Unasked
            | Misbehaviour::OutOfTurn
            | Misbehaviour::TooMuch
            | Misbehaviour::Flood => Gravity::Breach,
            Misbehaviour::NoHello | Misbehaviour::Stalled | Misbehaviour::Withheld => Gravity::Slow,
            Misbehaviour::Truncated
            | Misbehaviour::OtherVersion
            | Misbehaviour::OtherFederation
            | Misbehaviour::NotANode => Gravity::Misfit,
        }
    }
}

impl fmt::Display for Misbehaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a peer did wrong, for the peer, the log and people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {what}")]
pub struct Offence {
    /// The kind.
    pub kind: Misbehaviour,
    /// What it was.
    pub what: String,
}

impl Offence {
    /// An offence.
    pub fn new(kind: Misbehaviour, what: impl ToString) -> Self {
        let what = what.to_string();
        Offence { kind, what }
    }
}

impl From<&RangeError> for Offence {
    /// Of a range for which the peer is to blame.
    fn from(error: &RangeError) -> Self {
        let kind = match error {
            RangeError::Empty => Misbehaviour::Withheld,
            RangeError::BadStart(_) | RangeError::BadStatement { .. } => Misbehaviour::BadEntry,
            RangeError::OtherSpace => Misbehaviour::OutsideSpace,
            RangeError::BadEntry { error, .. } => match error {
                EntryError::Signature(_) => Misbehaviour::BadSignature,
                EntryError::OtherSpace | EntryError::OtherLog(_) => Misbehaviour::OutsideSpace,
                _ => Misbehaviour::BadEntry,
            },
            RangeError::Checkpoint(error) => error.into(),
            RangeError::CheckpointBehind { .. } => Misbehaviour::Rewind,
            _ => Misbehaviour::WrongRoot,
        };
        Offence::new(kind, error)
    }
}

impl From<&CheckpointError> for Misbehaviour {
    fn from(error: &CheckpointError) -> Self {
        match error {
            CheckpointError::Note(NoteError::BadSignature | NoteError::NotSignedBy { .. }) => {
                Misbehaviour::BadSignature
            }
            _ => Misbehaviour::BadEntry,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_a_name_of_its_own_that_fits_a_label() {
        let names: BTreeSet<_> = Misbehaviour::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(names.len(), Misbehaviour::ALL.len());
        let fits = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        assert!(names.iter().all(|name| fits(name)), "{names:?}");
        for kind in Misbehaviour::ALL {
            assert_eq!(Misbehaviour::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(Misbehaviour::parse("kind"), None);
    }
}
