//! Cosignatures: the word of a witness, with its time (C2SP tlog-cosignature v1.0.1, Ed25519, type 0x04).
//!
//! A cosignature says: at this time, the largest consistent tree that I have seen of this log has this root. To sign an
//! unchanged checkpoint again with a new time is a statement of freshness. The signed message does not name the
//! cosigner, so a witness key is used for nothing else. Whether to sign is decided in [`super::witness`].

use super::checkpoint::Checkpoint;
use super::line::SignatureLine;
use super::note::{Note, NoteError};
use super::vkey::{KeyId, KeyKind};
use crate::keys::{PublicKey, SecretKey};

/// The latest time a cosignature can carry, in Unix seconds: 2^63 - 1.
pub const MAX_TIME_S: u64 = i64::MAX as u64;

/// Time (8 bytes, big-endian Unix seconds) and Ed25519 signature.
const SIGNATURE_BYTES: usize = 8 + 64;

/// Why a cosignature cannot be made, or is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignError {
    /// The witness's name cannot stand in a line, or the text is neither a signature line nor a note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// After [`MAX_TIME_S`].
    #[error("cosignature time {0} is out of range")]
    TimeOutOfRange(u64),
    /// The note that carries the cosignature states another checkpoint.
    #[error("cosignature stands on another checkpoint")]
    OtherCheckpoint,
    /// No line of the witness asked for.
    #[error("not cosigned by {name}+{id}")]
    NotCosignedBy {
        /// The name looked for; unknown keys of that name were passed over.
        name: String,
        /// The id looked for.
        id: KeyId,
    },
    /// A line of the witness asked for, and it is not 72 bytes or does not verify.
    #[error("cosignature does not verify")]
    BadSignature,
}

/// Cosigns `checkpoint` as the witness `name` at `time_s` (Unix seconds). Returns the signature line with its newline,
/// ready to follow the checkpoint's note.
pub fn cosign(
    witness: &SecretKey,
    name: &str,
    checkpoint: &Checkpoint,
    time_s: u64,
) -> Result<String, CosignError> {
    if time_s > MAX_TIME_S {
        return Err(CosignError::TimeOutOfRange(time_s));
    }
    let mut signature = Vec::with_capacity(SIGNATURE_BYTES);
    signature.extend_from_slice(&time_s.to_be_bytes());
    signature.extend_from_slice(&witness.sign_raw(message(checkpoint, time_s).as_bytes()));
    let id = KeyId::of(name, KeyKind::Witness, &witness.public());
    let line = SignatureLine::new(name, id, signature)?;
    Ok(format!("{line}\n"))
}

/// Checks that the witness `name` with `key` cosigned `checkpoint`, and returns the time it stated, in Unix seconds.
/// `note_or_line` is the whole checkpoint note, or one signature line with its newline. Lines of other keys are passed
/// over; the log's own signature is not checked. Whether the time is plausible is for the caller, who has a clock.
pub fn verify_cosignature(
    note_or_line: &str,
    name: &str,
    key: &PublicKey,
    checkpoint: &Checkpoint,
) -> Result<u64, CosignError> {
    // An origin is ASCII, so no checkpoint starts as a signature line does.
    if note_or_line.starts_with('\u{2014}') {
        let line = note_or_line.strip_suffix('\n').ok_or(NoteError::MalformedLine)?;
        return verify_line(&SignatureLine::parse(line)?, name, key, checkpoint);
    }
    let note = Note::parse(note_or_line)?;
    if note.text() != checkpoint.body() {
        return Err(CosignError::OtherCheckpoint);
    }
    let id = KeyId::of(name, KeyKind::Witness, key);
    match note.signature_of(name, id) {
        Some(line) => verify_line(line, name, key, checkpoint),
        None => Err(CosignError::NotCosignedBy {
            name: name.to_owned(),
            id,
        }),
    }
}

/// As [`verify_cosignature`], for one line already read.
pub fn verify_line(
    line: &SignatureLine,
    name: &str,
    key: &PublicKey,
    checkpoint: &Checkpoint,
) -> Result<u64, CosignError> {
    let id = KeyId::of(name, KeyKind::Witness, key);
    if line.name() != name || line.id() != id {
        return Err(CosignError::NotCosignedBy {
            name: name.to_owned(),
            id,
        });
    }
    let (time, signature) = line
        .signature()
        .split_first_chunk::<8>()
        .ok_or(CosignError::BadSignature)?;
    let signature = <&[u8; 64]>::try_from(signature).map_err(|_| CosignError::BadSignature)?;
    let time_s = u64::from_be_bytes(*time);
    if time_s > MAX_TIME_S {
        return Err(CosignError::TimeOutOfRange(time_s));
    }
    key.verify_raw(message(checkpoint, time_s).as_bytes(), signature)
        .map_err(|_| CosignError::BadSignature)?;
    Ok(time_s)
}

/// The signed message; its first line keeps it apart from everything else that Ed25519 signs.
pub(crate) fn message(checkpoint: &Checkpoint, time_s: u64) -> String {
    format!("cosignature/v1\ntime {time_s}\n{}", checkpoint.body())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Hash;
    use crate::log::{Origin, TreeSize};

    const NAME: &str = "example.com/witness";

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            origin: Origin::parse("example.com/a").expect("origin"),
            size: TreeSize(5),
            root: Hash([7; 32]),
        }
    }

    #[test]
    fn a_cosignature_reads_alone_and_on_its_note() {
        let (log, witness) = (SecretKey::from_seed([1; 32]), SecretKey::from_seed([2; 32]));
        let line = cosign(&witness, NAME, &checkpoint(), 1_767_225_600).expect("cosigned");
        assert_eq!(
            verify_cosignature(&line, NAME, &witness.public(), &checkpoint()),
            Ok(1_767_225_600)
        );
        let note = format!("{}{line}", checkpoint().sign(&log));
        assert_eq!(
            verify_cosignature(&note, NAME, &witness.public(), &checkpoint()),
            Ok(1_767_225_600)
        );
    }

    #[test]
    fn it_holds_for_that_checkpoint_witness_and_time_only() {
        let witness = SecretKey::from_seed([2; 32]);
        let key = witness.public();
        let line = cosign(&witness, NAME, &checkpoint(), 1).expect("cosigned");
        let other = Checkpoint {
            size: TreeSize(6),
            ..checkpoint()
        };
        assert_eq!(
            verify_cosignature(&line, NAME, &key, &other),
            Err(CosignError::BadSignature)
        );
        let missing = |result| matches!(result, Err(CosignError::NotCosignedBy { .. }));
        assert!(missing(verify_cosignature(
            &line,
            "example.com/other",
            &key,
            &checkpoint()
        )));
        let stranger = SecretKey::from_seed([3; 32]).public();
        assert!(missing(verify_cosignature(&line, NAME, &stranger, &checkpoint())));
        let note = format!("{}{line}", other.sign(&witness));
        assert_eq!(
            verify_cosignature(&note, NAME, &key, &checkpoint()),
            Err(CosignError::OtherCheckpoint)
        );
        assert!(missing(verify_cosignature(
            &checkpoint().sign(&witness).to_string(),
            NAME,
            &key,
            &checkpoint()
        )));

        let read = SignatureLine::parse(line.trim_end()).expect("line");
        for byte in 0..SIGNATURE_BYTES {
            let mut signature = read.signature().to_vec();
            signature[byte] ^= 1;
            let forged = SignatureLine::new(NAME, read.id(), signature).expect("line");
            assert!(
                verify_line(&forged, NAME, &key, &checkpoint()).is_err(),
                "byte {byte}"
            );
        }
        let namesake =
            SignatureLine::new("example.com/w", read.id(), read.signature().to_vec()).expect("line");
        assert!(
            missing(verify_line(&namesake, NAME, &key, &checkpoint())),
            "an id alone names nobody"
        );
        for cut in [1, 8, 64, 71] {
            let short = SignatureLine::new(NAME, read.id(), read.signature()[..cut].to_vec()).expect("line");
            assert_eq!(
                verify_line(&short, NAME, &key, &checkpoint()),
                Err(CosignError::BadSignature)
            );
        }
    }

    #[test]
    fn a_log_signature_is_no_cosignature() {
        let key = SecretKey::from_seed([2; 32]);
        let note = checkpoint().sign(&key);
        let log_line = note.note().signatures()[0].signature();
        let id = KeyId::of(NAME, KeyKind::Witness, &key.public());
        let forged = SignatureLine::new(NAME, id, [&[0; 8], log_line].concat()).expect("line");
        assert_eq!(
            verify_line(&forged, NAME, &key.public(), &checkpoint()),
            Err(CosignError::BadSignature)
        );
    }

    #[test]
    fn names_and_times_are_bounded() {
        let witness = SecretKey::from_seed([2; 32]);
        assert!(cosign(&witness, NAME, &checkpoint(), MAX_TIME_S).is_ok());
        assert_eq!(
            cosign(&witness, NAME, &checkpoint(), MAX_TIME_S + 1),
            Err(CosignError::TimeOutOfRange(MAX_TIME_S + 1))
        );
        assert_eq!(
            cosign(&witness, "a b", &checkpoint(), 1),
            Err(CosignError::Note(NoteError::MalformedLine))
        );
        let line = cosign(&witness, NAME, &checkpoint(), 1).expect("cosigned");
        for text in [
            line.trim_end().to_owned(),
            format!("{line}\n"),
            format!("{line}{line}"),
        ] {
            assert!(
                verify_cosignature(&text, NAME, &witness.public(), &checkpoint()).is_err(),
                "{text:?}"
            );
        }
    }
}
