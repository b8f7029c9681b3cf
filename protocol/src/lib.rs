//! What is said in Lianzhan, and who may say it. No IO, no async, no clock, no randomness: time and ids come in as
//! arguments, and the same inputs give the same outputs, byte for byte.
//!
//! # The path of a record
//!
//! A person registers a visit. What they typed becomes a [`record::Change`]: the changes of that record that they had
//! seen, and a short list of puts. The change is the payload of an entry, whose small canonical [`log::Header`] names log,
//! space, record, author, appointment and time, hashes the payload, and is signed with the person's key. The entry is the
//! next leaf of a log, an RFC 6962 tree; the node that writes the log signs its size and root as a [`log::Checkpoint`].
//!
//! The node of the org above asks for a proof that the new tree extends the old one, cosigns it with its own time, notes
//! that in its witness log, and answers with a [`log::Receipt`]. The log's owner appends the receipt to the very log it
//! covers. From then on nobody can say that the visit was registered later, or was not.
//!
//! Other nodes that may hold the [`trust::Space`] learn of the entry in a [`sync::Session`] and fetch it as a range.
//! [`sync::verify_range`] is the one check that every foreign entry passes.
//!
//! What an entry means is decided anew by everybody who holds it. [`record::judge()`] asks the [`trust::Directory`], which
//! judges all appointments from the founding statement downward, whether the author held a fitting appointment in time.
//! [`record::fold()`] takes what counts, in causal order, to fields and events. What does not count never covers what does.
//!
//! What differs from place to place, and when, is a [`settings`] record, chosen by the date of the event that it applies to.
//!
//! What is too long for a change stands beside it as an [`attachment`], named by its hash and fetched piece by piece.
//!
//! Years later an auditor opens a [`bundle`]: entries, proofs, appointments and receipts of a few records, and this same
//! crate says, offline, what was proved.

pub mod attachment;
pub mod bundle;
pub mod codec;
pub mod division;
pub mod id;
pub mod keys;
pub mod log;
pub mod personal;
pub mod record;
pub mod settings;
pub mod spread;
pub mod sync;
pub mod time;
pub mod trust;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod vectors;
