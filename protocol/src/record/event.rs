//! Events: write-once acts of persons on a record. A body is always written whole, as one scalar of canonical CBOR.

use minicbor::{Decode, Encode};

use super::change::is_field_key;
use super::erasure::check_note;
use super::ledger::{is_date, is_instant};
use crate::codec::{self, CodecError};
use crate::id::{AttachmentId, ChangeId, Hash, OrgId, PersonId};
use crate::personal::Kind;
use crate::trust::{Level, Role};

/// How an act is proved (`domain.md` 0, item 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, serde::Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// By the actor's own key.
    #[n(1)]
    Key,
    /// By a one-time link.
    #[n(2)]
    Link,
    /// By a token.
    #[n(3)]
    Token,
    /// On paper; the officer who records it signs.
    #[n(4)]
    Paper,
}

impl Proof {
    /// The identifier, as programs write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Proof::Key => "key",
            Proof::Link => "link",
            Proof::Token => "token",
            Proof::Paper => "paper",
        }
    }
}

/// What is right, where an event is corrected.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// Nothing of it: it is taken back.
    #[n(1)]
    Nothing,
    /// This, as a whole.
    #[n(2)]
    Said {
        /// When it happened.
        #[n(0)]
        happened: String,
        /// The text of a line; no other event has one.
        #[n(1)]
        text: Option<String>,
    },
}

/// What somebody confirms.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Confirmed {
    /// All that the record says as of stated heads.
    #[n(1)]
    Record {
        /// The changes up to which it was read. Sorted, at most [`super::limits::DEPS_MAX`].
        #[n(0)]
        heads: Vec<ChangeId>,
        /// [`super::seal_digest`] over them.
        #[n(1)]
        digest: Hash,
    },
    /// One event, as corrected so far.
    #[n(2)]
    Event {
        /// Its id.
        #[n(0)]
        event: Hash,
    },
}

/// Who did something for which somebody else signs: a holder of an office, never a citizen.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, serde::Serialize)]
pub struct OfficeHolder {
    /// The name as on the card.
    #[n(0)]
    pub name: String,
    /// The office, in words.
    #[n(1)]
    pub office: String,
    /// The person, where an appointment or the roster gives an id.
    #[n(2)]
    pub person: Option<PersonId>,
}

/// The body of an event.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Event {
    /// 登记: a matter is taken into the book.
    #[n(1)]
    Register {
        /// When it was brought, as stated: a date or an instant, as fields carry them.
        #[n(0)]
        happened: String,
    },
    /// 签到: a deputy is present.
    #[n(2)]
    SignIn {
        /// The deputy's name as on the card.
        #[n(0)]
        deputy: String,
        /// The level of the seat in which the deputy is there.
        #[n(1)]
        level: Level,
        /// When, as stated.
        #[n(2)]
        happened: String,
        /// How it is proved.
        #[n(3)]
        proof: Proof,
    },
    /// 活动记录: a line of the log of an activity.
    #[n(3)]
    LogLine {
        /// What was seen, said or promised.
        #[n(0)]
        text: String,
        /// When, as stated.
        #[n(1)]
        happened: String,
    },
    /// 封签: a signature over all that was written up to stated heads.
    #[n(4)]
    Seal {
        /// The level for which it is given.
        #[n(0)]
        level: Level,
        /// The org for which it is given.
        #[n(1)]
        org: OrgId,
        /// The changes up to which it was read, sorted.
        #[n(2)]
        heads: Vec<ChangeId>,
        /// [`super::seal_digest`] over them.
        #[n(3)]
        digest: Hash,
    },
    /// 追认: a present holder of the same post stands in for changes that a revocation contests.
    #[n(5)]
    Adopt {
        /// The changes, of this record. Sorted, at most [`Event::ADOPTED_MAX`].
        #[n(0)]
        changes: Vec<ChangeId>,
    },
    /// 更正: an event was not so. It stays, with what is right beside it.
    #[n(6)]
    Correct {
        /// The id of the event, of this record.
        #[n(0)]
        of: Hash,
        /// Why.
        #[n(1)]
        reason: String,
        /// What is right.
        #[n(2)]
        right: Right,
    },
    /// 确认: a second person has read what others wrote, and stands for it.
    #[n(7)]
    Confirm {
        /// What.
        #[n(0)]
        of: Confirmed,
    },
    /// 放行: words that look like personal data are none, or may stand. It names the words by a digest and does not repeat
    /// them.
    #[n(8)]
    Clear {
        /// Where they stand: the key of a field with `f:`, or `e:` for the words of an event.
        #[n(0)]
        key: String,
        /// What they look like, ascending.
        #[n(1)]
        kinds: Vec<Kind>,
        /// [`crate::personal::digest`] over key and words.
        #[n(2)]
        digest: Hash,
        /// Why they may stand; as free of personal data as the remark of an erasure.
        #[n(3)]
        note: String,
    },
    /// 代录签到: a deputy was present and has no key at hand; an officer says so and keeps the evidence.
    #[n(9)]
    SignInFor {
        /// The deputy.
        #[n(0)]
        actor: OfficeHolder,
        /// The level of the seat in which the deputy was there.
        #[n(1)]
        level: Level,
        /// When, as stated.
        #[n(2)]
        happened: String,
        /// How it is proved; not by key.
        #[n(3)]
        proof: Proof,
        /// Of paper the [`AttachmentId`] of its scan, else a digest of the one-time code.
        #[n(4)]
        evidence: Hash,
    },
    /// 代录确认: a second person confirmed without a key; an officer says so and keeps the evidence.
    #[n(10)]
    ConfirmFor {
        /// What.
        #[n(0)]
        of: Confirmed,
        /// Who confirmed.
        #[n(1)]
        actor: OfficeHolder,
        /// When, as stated.
        #[n(2)]
        happened: String,
        /// How it is proved; not by key.
        #[n(3)]
        proof: Proof,
        /// As of a sign-in.
        #[n(4)]
        evidence: Hash,
    },
}

/// The kinds of event, for definitions, tables and texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// 登记
    Register,
    /// 签到
    SignIn,
    /// 活动记录
    LogLine,
    /// 封签
    Seal,
    /// 追认
    Adopt,
    /// 更正
    Correct,
    /// 确认
    Confirm,
    /// 放行
    Clear,
    /// 代录签到
    SignInFor,
    /// 代录确认
    ConfirmFor,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [EventKind; 10] = [
        EventKind::Register,
        EventKind::SignIn,
        EventKind::LogLine,
        EventKind::Seal,
        EventKind::Adopt,
        EventKind::Correct,
        EventKind::Confirm,
        EventKind::Clear,
        EventKind::SignInFor,
        EventKind::ConfirmFor,
    ];

    /// The identifier used in definitions.
    pub fn as_str(self) -> &'static str {
        match self {
            EventKind::Register => "register",
            EventKind::SignIn => "sign_in",
            EventKind::LogLine => "log_line",
            EventKind::Seal => "seal",
            EventKind::Adopt => "adopt",
            EventKind::Correct => "correct",
            EventKind::Confirm => "confirm",
            EventKind::Clear => "clear",
            EventKind::SignInFor => "sign_in_for",
            EventKind::ConfirmFor => "confirm_for",
        }
    }

    /// The kind with this identifier.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == id)
    }

    /// Whether records of every ledger may have it, whatever their definition lists.
    pub fn is_of_every_ledger(self) -> bool {
        matches!(
            self,
            EventKind::Adopt
                | EventKind::Correct
                | EventKind::Confirm
                | EventKind::Clear
                | EventKind::ConfirmFor
        )
    }

    /// Whether records of a ledger whose definition lists these events may have it. Where deputies sign in, it may be recorded
    /// that they did.
    pub fn is_of(self, listed: &[String]) -> bool {
        let name = match self {
            EventKind::SignInFor => EventKind::SignIn.as_str(),
            kind => kind.as_str(),
        };
        self.is_of_every_ledger() || listed.iter().any(|event| event == name)
    }

    /// Whether it records what somebody else did, who had no key: the signer is an officer who may write the ledger, of an org
    /// whose space it is.
    pub fn is_for_another(self) -> bool {
        matches!(self, EventKind::SignInFor | EventKind::ConfirmFor)
    }

    /// Whether it states what happened, and may so be corrected and confirmed. The others are acts over what others wrote.
    pub fn states(self) -> bool {
        use EventKind::{ConfirmFor, LogLine, Register, SignIn, SignInFor};
        matches!(self, Register | SignIn | LogLine | SignInFor | ConfirmFor)
    }

    /// Whether it is part of what a record says: what is sealed or confirmed covers it, and who wrote it does not confirm it.
    pub fn is_content(self) -> bool {
        !(self.signs_over() || self == EventKind::Adopt)
    }

    /// Whether it is itself over what others wrote: no seal or confirmation signs it.
    pub fn signs_over(self) -> bool {
        matches!(self, EventKind::Seal | EventKind::Confirm | EventKind::ConfirmFor)
    }

    /// Who may sign it (`domain.md` 2.4, 2.7, 3.2); to confirm, also whoever may write the ledger; for another, only who may
    /// write it too.
    pub fn signers(self) -> &'static [Role] {
        use Role::*;
        match self {
            EventKind::Register => &[OpinionLiaison, StationLiaison, Deputy],
            EventKind::SignIn => &[Deputy],
            EventKind::LogLine => &[
                Deputy,
                GroupLeader,
                StationLiaison,
                StationHead,
                Organiser,
                Secretary,
                DeputiesOffice,
            ],
            EventKind::Seal => &[
                Deputy,
                Secretary,
                DeputiesOffice,
                Organiser,
                StationLiaison,
                StationHead,
            ],
            // What is adopted asks for the very role; what is cleared was written by who may write it.
            EventKind::Adopt | EventKind::Clear => Role::ALL,
            // Whoever may sign what is corrected; the guard asks for more.
            EventKind::Correct => &[
                StationLiaison,
                OpinionLiaison,
                Deputy,
                GroupLeader,
                StationHead,
                Secretary,
                DeputiesOffice,
                Organiser,
            ],
            // Those whose office it is to stand for what others wrote.
            EventKind::Confirm => &[
                DutySupervisor,
                Deputy,
                StationHead,
                Secretary,
                PresidiumChair,
                PresidiumViceChair,
                StreetChair,
                DeputiesOffice,
                Teller,
            ],
            // Every office but the deputies' own: they act, and others record it.
            EventKind::SignInFor | EventKind::ConfirmFor => &[
                StationLiaison,
                OpinionLiaison,
                DutySupervisor,
                PolicyAdviser,
                Publicist,
                ReformResearcher,
                StationHead,
                Secretary,
                PresidiumChair,
                PresidiumViceChair,
                StreetChair,
                DeputiesOffice,
                DirectorsMeeting,
                StandingCommitteeMember,
                CongressSecretariat,
                Assigner,
                SupervisionLead,
                SupervisionGroupMember,
                Organiser,
                Teller,
                Publisher,
                DeptOfficer,
                DeptHead,
                JointBodyOfficer,
                Administrator,
                Auditor,
            ],
        }
    }

    /// Rank in the fold order (`domain.md` 3.7): facts first, other acts later.
    pub fn rank(self) -> u8 {
        match self {
            EventKind::Register
            | EventKind::SignIn
            | EventKind::LogLine
            | EventKind::Adopt
            | EventKind::Correct
            | EventKind::Clear
            | EventKind::SignInFor => 0,
            EventKind::Seal | EventKind::Confirm | EventKind::ConfirmFor => 5,
        }
    }
}

/// Why bytes are no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Not canonical, or a kind that this version does not know.
    #[error("{0}")]
    Codec(#[from] CodecError),
    /// A text is empty.
    #[error("the text of an event is empty")]
    Empty,
    /// What is adopted is not in order.
    #[error("an adoption names 1 to {max} changes, each once and in order", max = Event::ADOPTED_MAX)]
    Adopted,
    /// What is confirmed is not in order.
    #[error("a confirmation names 1 to {max} heads, each once and in order", max = super::limits::DEPS_MAX)]
    Heads,
    /// What is cleared is not in order.
    #[error(
        "a clearing note names a key, the kinds that were found there, each once and in order, and a reason like the remark of an erasure"
    )]
    Cleared,
    /// What was done for another is not in order.
    #[error(
        "what is recorded for another names them with their office, and is proved by paper, a link or a token"
    )]
    ForAnother,
    /// When it happened is neither `YYYY-MM-DD` nor `YYYY-MM-DDThh:mm:ss+08:00`.
    #[error("when an event happened is a date or an instant at +08:00")]
    Happened,
}

impl Event {
    /// Longest body, in bytes.
    pub const MAX: usize = super::limits::VALUE_MAX;
    /// Most changes that one event adopts.
    pub const ADOPTED_MAX: usize = 256;

    /// Whether the note of a clearing is in order: what it is of stays when all else is erased.
    pub fn is_fit_note(note: &str) -> bool {
        check_note(note).is_ok()
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads a body.
    pub fn parse(bytes: &[u8]) -> Result<Self, EventError> {
        let event: Event = codec::decode(bytes, Self::MAX)?;
        let right = match &event {
            Event::Correct {
                right: Right::Said { happened, .. },
                ..
            } => Some(happened.as_str()),
            _ => None,
        };
        let stated = event.happened().or(right);
        if stated.is_some_and(|at| !is_date(at) && !is_instant(at)) {
            return Err(EventError::Happened);
        }
        if let Some((actor, proof, _)) = event.for_another()
            && (actor.name.trim().is_empty() || actor.office.trim().is_empty() || proof == Proof::Key)
        {
            return Err(EventError::ForAnother);
        }
        match &event {
            Event::LogLine { text, .. } if text.trim().is_empty() => Err(EventError::Empty),
            Event::SignIn { deputy, .. } if deputy.trim().is_empty() => Err(EventError::Empty),
            Event::Adopt { changes }
                if changes.is_empty()
                    || changes.len() > Self::ADOPTED_MAX
                    || !changes.is_sorted_by(|a, b| a < b) =>
            {
                Err(EventError::Adopted)
            }
            Event::Correct { reason, .. } if reason.trim().is_empty() => Err(EventError::Empty),
            Event::Correct {
                right: Right::Said { text: Some(text), .. },
                ..
            } if text.trim().is_empty() => Err(EventError::Empty),
            Event::Confirm {
                of: Confirmed::Record { heads, .. },
            }
            | Event::ConfirmFor {
                of: Confirmed::Record { heads, .. },
                ..
            } if heads.is_empty()
                || heads.len() > super::limits::DEPS_MAX
                || !heads.is_sorted_by(|a, b| a < b) =>
            {
                Err(EventError::Heads)
            }
            Event::Clear { key, kinds, note, .. }
                if !(key == super::Put::EVENT || is_field_key(key))
                    || kinds.is_empty()
                    || !kinds.is_sorted_by(|a, b| a < b)
                    || check_note(note).is_err() =>
            {
                Err(EventError::Cleared)
            }
            _ => Ok(event),
        }
    }

    /// Its kind.
    pub fn kind(&self) -> EventKind {
        match self {
            Event::Register { .. } => EventKind::Register,
            Event::SignIn { .. } => EventKind::SignIn,
            Event::LogLine { .. } => EventKind::LogLine,
            Event::Seal { .. } => EventKind::Seal,
            Event::Adopt { .. } => EventKind::Adopt,
            Event::Correct { .. } => EventKind::Correct,
            Event::Confirm { .. } => EventKind::Confirm,
            Event::Clear { .. } => EventKind::Clear,
            Event::SignInFor { .. } => EventKind::SignInFor,
            Event::ConfirmFor { .. } => EventKind::ConfirmFor,
        }
    }

    /// Of what is recorded for another: who did it, how that is proved, and the evidence.
    pub fn for_another(&self) -> Option<(&OfficeHolder, Proof, &Hash)> {
        match self {
            Event::SignInFor {
                actor,
                proof,
                evidence,
                ..
            }
            | Event::ConfirmFor {
                actor,
                proof,
                evidence,
                ..
            } => Some((actor, *proof, evidence)),
            _ => None,
        }
    }

    /// The scan that it names, which goes with the record.
    pub fn scan(&self) -> Option<AttachmentId> {
        let (_, proof, evidence) = self.for_another()?;
        (proof == Proof::Paper).then_some(AttachmentId(evidence.0))
    }

    /// When it happened, as stated.
    pub fn happened(&self) -> Option<&str> {
        match self {
            Event::Register { happened }
            | Event::SignIn { happened, .. }
            | Event::LogLine { happened, .. }
            | Event::SignInFor { happened, .. }
            | Event::ConfirmFor { happened, .. } => Some(happened),
            Event::Seal { .. }
            | Event::Adopt { .. }
            | Event::Correct { .. }
            | Event::Confirm { .. }
            | Event::Clear { .. } => None,
        }
    }

    /// The words that its author chose freely.
    pub fn words(&self) -> Vec<&str> {
        match self {
            Event::LogLine { text, .. } => vec![text],
            Event::Correct { reason, right, .. } => {
                let text = match right {
                    Right::Said { text, .. } => text.as_deref(),
                    Right::Nothing => None,
                };
                std::iter::once(reason.as_str()).chain(text).collect()
            }
            // The name of who holds an office is public.
            Event::SignInFor { actor, .. } | Event::ConfirmFor { actor, .. } => vec![&actor.office],
            // A deputy's name is public; the note of a clearing is checked on its own.
            Event::Register { .. }
            | Event::SignIn { .. }
            | Event::Seal { .. }
            | Event::Adopt { .. }
            | Event::Confirm { .. }
            | Event::Clear { .. } => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_an_event_happened_is_a_date_or_an_instant() {
        let at = |happened: &str| {
            let happened = happened.to_owned();
            Event::parse(&Event::Register { happened }.to_bytes()).map(drop)
        };
        assert_eq!(at("2026-03-01"), Ok(()));
        assert_eq!(at("2026-03-01T09:00:00+08:00"), Ok(()));
        for wrong in [
            "",
            "2026-02-30",
            "2026-3-1",
            "2026-03-01T09:00:00Z",
            "2026-03-01T09:00:00.5+08:00",
            "三月一日",
        ] {
            assert_eq!(at(wrong), Err(EventError::Happened), "{wrong:?}");
        }
    }
}
