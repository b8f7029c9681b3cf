//! Erasures: the signed word that a record is erased, who may give it, and from when on it has effect (design 6). What is
//! erased folds to nothing but this word, whatever of it is still held anywhere.
//!
//! No later verdict undoes an erasure, since keys that were destroyed do not come back. So it is judged by what stood when it
//! was witnessed: revocations, which contest what else a key signed, play no part ([`Directory::ever_appointed`]).

mod reissue;

use minicbor::{Decode, Encode};
use serde::Serialize;

use super::ledger::is_date;
use super::verdict::Capacity;
use crate::codec::{self, CodecError};
use crate::id::{Hash, OrgId, RecordId, SpaceId, StatementId};
use crate::keys::{KeyError, PublicKey, SecretKey, Signature};
use crate::log::LogStart;
use crate::time::Timestamp;
use crate::trust::{Audience, Directory, Purpose, Role, Space};

/// Why a record is erased: a closed list (`domain.md` 6.4, 6.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum ErasureGround {
    /// The time for which such data is kept is over (PIPL art. 19, 47).
    #[n(1)]
    Retention,
    /// The person asked for it (art. 47).
    #[n(2)]
    Request,
    /// The person took back the consent on which it rested (art. 15, 47).
    #[n(3)]
    Consent,
    /// Personal data stood where it may not stand: in a record that travels further.
    #[n(4)]
    Misplaced,
    /// It was collected against the law, or beyond what was needed (art. 6, 47).
    #[n(5)]
    Unlawful,
}

impl ErasureGround {
    /// All of them, by number.
    pub const ALL: [ErasureGround; 5] = [
        ErasureGround::Retention,
        ErasureGround::Request,
        ErasureGround::Consent,
        ErasureGround::Misplaced,
        ErasureGround::Unlawful,
    ];

    /// The identifier used on the command line, in the API and in texts.
    pub fn as_str(self) -> &'static str {
        match self {
            ErasureGround::Retention => "retention",
            ErasureGround::Request => "request",
            ErasureGround::Consent => "consent",
            ErasureGround::Misplaced => "misplaced",
            ErasureGround::Unlawful => "unlawful",
        }
    }

    /// The ground with this identifier.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ground| ground.as_str() == id)
    }
}

/// The word that a record is erased.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Erasure {
    /// The record: an annex, or one in the clear.
    #[n(1)]
    pub record: RecordId,
    /// The space in which it lives, and in whose logs this stands.
    #[n(2)]
    pub space: SpaceId,
    /// On what ground.
    #[n(3)]
    pub ground: ErasureGround,
    /// The stated date of the decision.
    #[n(4)]
    pub on: String,
    /// A remark that is free of personal data.
    #[n(5)]
    pub note: Option<String>,
    /// Who signs.
    #[n(6)]
    pub author: PublicKey,
    /// The appointment by which.
    #[n(7)]
    pub appointment: StatementId,
    /// The author's clock.
    #[n(8)]
    pub recorded: Timestamp,
}

/// Why bytes are no erasure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ErasureError {
    /// Not canonical, or too long.
    #[error("erasure: {0}")]
    Codec(#[from] CodecError),
    /// The stated date is none.
    #[error("the date of an erasure is a day of the calendar, as in 2026-03-31")]
    Date,
    /// The remark is blank, too long, or has control characters.
    #[error("a remark on an erasure has 1 to {max} characters on one line", max = Erasure::NOTE_MAX)]
    Note,
    /// The remark has a number as long as those of phones, papers and accounts.
    #[error("a remark on an erasure has no number of {max} digits or more: it stays when all else is gone", max = Erasure::DIGITS_MAX)]
    NoteNumber,
    /// The author's signature.
    #[error("author's signature: {0}")]
    Signature(#[from] KeyError),
}

impl Erasure {
    /// Most characters of a remark.
    pub const NOTE_MAX: usize = 200;
    /// So many digits in a row are a number by which somebody may be found.
    pub const DIGITS_MAX: usize = 7;
    /// Longest body, in bytes.
    const BODY_MAX: usize = 1400;
    /// Longest signed form, in bytes.
    pub const MAX: usize = Self::BODY_MAX + 100;
    const DOMAIN: &'static str = "lianzhan/erasure/v1";

    /// Roles whose holders may erase, in the org that owns the space or in one above it: who answers for the station's or
    /// the congress's own files.
    pub const ROLES: [Role; 6] = [
        Role::StationLiaison,
        Role::StationHead,
        Role::Secretary,
        Role::PresidiumChair,
        Role::StreetChair,
        Role::DeputiesOffice,
    ];

    /// Checks what somebody typed: the stated date and the remark.
    pub fn check_words(on: &str, note: Option<&str>) -> Result<(), ErasureError> {
        if !is_date(on) {
            return Err(ErasureError::Date);
        }
        note.map_or(Ok(()), check_note)
    }

    /// Signs it.
    pub fn sign(&self, key: &SecretKey) -> Result<SignedErasure, ErasureError> {
        Self::check_words(&self.on, self.note.as_deref())?;
        let body = codec::encode(self);
        if body.len() > Self::BODY_MAX {
            return Err(ErasureError::Note);
        }
        let signature = key.sign(Self::DOMAIN, &body);
        SignedErasure::open(&codec::encode(&Wire(&body, signature)))
    }
}

/// Whether a remark may stay for ever: one line, without a number by which somebody may be found.
pub(super) fn check_note(note: &str) -> Result<(), ErasureError> {
    let characters = note.chars().count();
    if note.trim().is_empty() || characters > Erasure::NOTE_MAX || note.chars().any(char::is_control) {
        return Err(ErasureError::Note);
    }
    let is_digit = |c: char| c.is_ascii_digit() || ('\u{ff10}'..='\u{ff19}').contains(&c);
    let mut runs = note.split(|c| !is_digit(c));
    match runs.any(|run| run.chars().count() >= Erasure::DIGITS_MAX) {
        true => Err(ErasureError::NoteNumber),
        false => Ok(()),
    }
}

#[derive(Encode, Decode)]
struct Wire<'b>(
    #[b(0)]
    #[cbor(with = "minicbor::bytes")]
    &'b [u8],
    #[n(1)] Signature,
);

/// An erasure whose signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedErasure {
    erasure: Erasure,
    id: Hash,
    bytes: Vec<u8>,
}

impl SignedErasure {
    /// Reads one and checks its bounds and signature. Who may say so is [`judge_erasure`]'s.
    pub fn open(bytes: &[u8]) -> Result<Self, ErasureError> {
        let Wire(body, signature) = codec::decode(bytes, Erasure::MAX)?;
        let erasure: Erasure = codec::decode(body, Erasure::BODY_MAX)?;
        Erasure::check_words(&erasure.on, erasure.note.as_deref())?;
        erasure.author.verify(Erasure::DOMAIN, body, &signature)?;
        Ok(SignedErasure {
            id: Hash::of("lianzhan/erasure-id/v1", &[body]),
            bytes: bytes.to_vec(),
            erasure,
        })
    }

    /// What it says.
    pub fn erasure(&self) -> &Erasure {
        &self.erasure
    }

    /// Its name.
    pub fn id(&self) -> Hash {
        self.id
    }

    /// The canonical bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Why an erasure has no effect (yet).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ErasureFault {
    /// It is not witnessed by all who must.
    #[error("not witnessed yet")]
    Unwitnessed,
    /// Which org the writing node serves is not known here.
    #[error("the appointment of the writing node is not here yet")]
    Node,
    /// The space, or what it rests on, is not known here.
    #[error("the space is not known here yet")]
    Space,
    /// The appointment is not here.
    #[error("the appointment is not here yet")]
    Appointment(StatementId),
    /// The log is one of another space than the record's.
    #[error("it stands in a log of another space")]
    OtherSpace,
    /// The writing node's org may not hold the space.
    #[error("the writing node's org does not hold this space")]
    ForeignNode,
    /// The appointment never stood.
    #[error("the appointment does not stand")]
    AppointmentDoesNotStand,
    /// It is another key's.
    #[error("the appointment is of another key")]
    OtherKey,
    /// It is no person's.
    #[error("the appointment is not a person's")]
    NotAPerson,
    /// Before it began or after it ended.
    #[error("the appointment did not hold at that time")]
    OutOfTime,
    /// The author's org may not hold the space, or neither owns it nor stands above the owner.
    #[error("the author's org neither owns the space nor stands above its owner")]
    NotItsOwner,
    /// No role that may erase.
    #[error("no role that may erase")]
    Role,
}

impl ErasureFault {
    /// Whether news may mend it.
    pub fn is_pending(&self) -> bool {
        use ErasureFault::{Appointment, Node, Space, Unwitnessed};
        matches!(self, Unwitnessed | Node | Space | Appointment(_))
    }
}

/// That a record is erased: all that is left of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// Since when: the time at which the word was witnessed.
    pub since: Timestamp,
    /// The erasure.
    pub erasure: Hash,
    /// On what ground.
    pub ground: ErasureGround,
    /// The stated date.
    pub on: String,
    /// The remark.
    pub note: Option<String>,
    /// Who said so, in what capacity.
    pub by: Capacity,
}

/// Judges an erasure that stands in the log which begins with `start` and was witnessed at that time, if it was
/// ([`crate::log::Covered::ever`]).
pub fn judge_erasure(
    directory: &Directory,
    start: &LogStart,
    signed: &SignedErasure,
    witnessed: Option<Timestamp>,
) -> Result<Erased, ErasureFault> {
    let (erasure, space) = (signed.erasure(), &start.space);
    if erasure.space != space.id() {
        return Err(ErasureFault::OtherSpace);
    }
    let since = witnessed.ok_or(ErasureFault::Unwitnessed)?;
    let mut served = directory.ever_appointed(&start.node, Purpose::Node);
    if !served.any(|(_, appointment)| appointment.org == start.org) {
        return Err(ErasureFault::Node);
    }
    let stated = space.audience != Audience::Joint || directory.joint_space(&space.id()).is_some();
    if !stated || directory.org(&space.owner).is_none() {
        return Err(ErasureFault::Space);
    }
    if !directory.might_hold(&start.org, space) {
        return Err(ErasureFault::ForeignNode);
    }
    let by = author(directory, space, erasure, since)?;
    Ok(Erased {
        since,
        erasure: signed.id(),
        ground: erasure.ground,
        on: erasure.on.clone(),
        note: erasure.note.clone(),
        by,
    })
}

/// In what capacity the author signs, if they may.
fn author(
    directory: &Directory,
    space: &Space,
    erasure: &Erasure,
    since: Timestamp,
) -> Result<Capacity, ErasureFault> {
    let id = erasure.appointment;
    let appointment = match directory.ever(&id) {
        Ok(appointment) => appointment,
        Err(fault) if fault.is_pending() => return Err(ErasureFault::Appointment(id)),
        Err(_) => return Err(ErasureFault::AppointmentDoesNotStand),
    };
    if appointment.key != erasure.author {
        return Err(ErasureFault::OtherKey);
    }
    if appointment.purpose != Purpose::Person {
        return Err(ErasureFault::NotAPerson);
    }
    // As changes are judged (J-6).
    let validity = &appointment.validity;
    if since.max(erasure.recorded) < validity.not_before || since >= validity.not_after {
        return Err(ErasureFault::OutOfTime);
    }
    let answers = directory.was_at_or_above(&appointment.org, &space.owner);
    if !answers || !directory.might_hold(&appointment.org, space) {
        return Err(ErasureFault::NotItsOwner);
    }
    if !appointment.roles.iter().any(|role| Erasure::ROLES.contains(role)) {
        return Err(ErasureFault::Role);
    }
    Ok(Capacity {
        name: appointment.name.clone(),
        org: appointment.org,
        org_level: directory.org(&appointment.org).map(|org| org.level),
        roles: appointment.roles.clone(),
        person: appointment.person,
        seat: appointment.seat,
        appointment: id,
    })
}

/// Of all erasures of a record that have effect the one that speaks: the first witnessed, then the smaller id.
pub fn first_erased(all: impl IntoIterator<Item = Erased>) -> Option<Erased> {
    all.into_iter()
        .min_by_key(|erased| (erased.since, erased.erasure))
}

/// The orgs whose nodes are to acknowledge the erasure of a record of `space`: those that may hold it and have a node in
/// force.
pub fn holders_of(directory: &Directory, space: &Space) -> Vec<OrgId> {
    let mut holders = directory.nodes_in_force();
    holders.retain(|org| directory.may_hold(org, space));
    holders.into_iter().collect()
}
