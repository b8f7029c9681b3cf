//! Sync: how two nodes bring the logs that both may hold to one level (design 8).
//!
//! [`Session`] is a state machine: frames and news come in, effects come out, and a driver performs them. [`message`] is
//! what goes over the wire, [`standing`] what is compared, [`range`] the check that every foreign entry passes before it
//! can be stored, [`Misbehaviour`] what may go wrong by a peer's doing. Nothing here knows of streams or storage, and time
//! is what the driver says it is ([`Input::Tick`]).
//!
//! A session pulls: each side asks for what it lacks, a few ranges at a time, and asks on only when what came is stored.
//! So backpressure needs no further rule, and a cut connection loses at most the ranges on their way.

mod bounded;
pub mod carry;
pub mod message;
mod misbehaviour;
mod pace;
pub mod range;
mod session;
pub mod standing;

#[cfg(test)]
mod attachment_tests;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod lacking_tests;
#[cfg(test)]
mod range_tests;
#[cfg(test)]
mod session_tests;
#[cfg(test)]
mod sim;
#[cfg(test)]
mod talk;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod witness_tests;

pub use bounded::{Blob, List, OutOfBounds, Text};
pub use message::{BRANCHES_MAX, FRAME_MAX, Hello, LogStanding, Message, SYNC_VERSION, Sighting};
pub use misbehaviour::{Gravity, Misbehaviour, Offence};
pub use pace::{Mark, PACE_MIN, PATIENCE_MS, Pace};
pub use range::{
    Blame, RANGE_BYTES, RANGE_ENTRIES_MAX, RangeData, RangeEntry, RangeError, VerifiedRange, verify_range,
    verify_range_by,
};
pub use session::{
    CloseReason, Effect, FoundKey, FoundPiece, Input, Lacking, Place, Session, SessionConfig, WitnessRequest,
    chain_digest,
};
pub use standing::{Holdings, Standing};
