//! Checkpoints: the signed size and root of a log (C2SP tlog-checkpoint v1.0.0).
//!
//! Without extension lines: no monitor could audit them. The log's key name is its origin.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

use super::line::SignatureLine;
use super::note::{Note, NoteError};
use super::{KeyId, KeyKind, Origin, OriginError, SignedRoot, TreeSize, parse_size};
use crate::id::Hash;
use crate::keys::{PublicKey, SecretKey, Signature};

/// Why a text is not a checkpoint, or not the one asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not exactly three lines, each ended: origin, size, root.
    #[error("checkpoint is not three lines")]
    NotThreeLines,
    /// The first line is no origin.
    #[error(transparent)]
    BadOrigin(#[from] OriginError),
    /// The second line is no size, or one above [`TreeSize::MAX`].
    #[error("malformed checkpoint size")]
    BadSize,
    /// The third line is not the canonical base64 of 32 bytes.
    #[error("malformed checkpoint root")]
    BadRoot,
    /// A checkpoint of another log than the one asked for.
    #[error("checkpoint of {found} where one of {expected} was expected")]
    OtherOrigin {
        /// The log asked for.
        expected: Origin,
        /// The log that the checkpoint names.
        found: Origin,
    },
    /// Not a note, or not signed by the log's key.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// A statement of a log: so many leaves, this root. By itself nobody's word; see [`SignedCheckpoint`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Checkpoint {
    /// The log.
    pub origin: Origin,
    /// The number of leaves.
    pub size: TreeSize,
    /// The RFC 6962 root over these leaves.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed: origin, size and base64 root, each on a line of its own.
    pub fn body(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            STANDARD.encode(self.root.as_bytes())
        )
    }

    /// Reads a body, strictly: what parses is byte for byte what [`Checkpoint::body`] prints. A size of 0 with another
    /// root than that of the empty tree does parse, since a log may have signed that lie.
    pub fn parse(body: &str) -> Result<Self, CheckpointError> {
        let mut lines = body
            .strip_suffix('\n')
            .ok_or(CheckpointError::NotThreeLines)?
            .split('\n');
        let (Some(origin), Some(size), Some(root), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::NotThreeLines);
        };
        Ok(Checkpoint {
            origin: Origin::parse(origin)?,
            size: parse_size(size).ok_or(CheckpointError::BadSize)?,
            root: parse_hash(root).ok_or(CheckpointError::BadRoot)?,
        })
    }

    /// Signs with the log's key. The caller makes sure that the log never signed anything that this does not extend.
    pub fn sign(&self, log: &SecretKey) -> SignedCheckpoint {
        let note = Note::sign(&self.body(), self.origin.as_str(), log)
            .expect("three short ASCII lines and an origin can always be signed as a note");
        SignedCheckpoint {
            checkpoint: self.clone(),
            signature: signature_of(&note, &self.origin, &log.public()),
            note,
        }
    }
}

/// A checkpoint with the log's signature, and perhaps cosignatures. Exists only if the log's signature is good.
/// Prints as the note that travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
    signature: Option<Signature>,
}

impl SignedCheckpoint {
    /// Reads a note and checks that it is a checkpoint of `expected` signed by `log`. Says nothing about cosignatures.
    pub fn verify(note_text: &str, log: &PublicKey, expected: &Origin) -> Result<Self, CheckpointError> {
        let note = Note::parse(note_text)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        if checkpoint.origin != *expected {
            return Err(CheckpointError::OtherOrigin {
                expected: expected.clone(),
                found: checkpoint.origin,
            });
        }
        note.verify(expected.as_str(), log)?;
        let signature = signature_of(&note, expected, log);
        Ok(SignedCheckpoint {
            checkpoint,
            note,
            signature,
        })
    }

    /// As [`SignedCheckpoint::verify`], for callers that need no more than what was signed.
    pub fn open(note_text: &str, log: &PublicKey, expected: &Origin) -> Result<Checkpoint, CheckpointError> {
        Self::verify(note_text, log, expected).map(|signed| signed.checkpoint)
    }

    /// What the log signed.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The log's own signature over the checkpoint.
    pub fn signature(&self) -> Option<Signature> {
        self.signature
    }

    /// What was signed, with the signature: all that a proof of equivocation needs of it.
    pub fn signed_root(&self) -> Option<SignedRoot> {
        Some(SignedRoot {
            size: self.checkpoint.size,
            root: self.checkpoint.root,
            signature: self.signature?,
        })
    }

    /// The note, with all its lines.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Adds a line, such as a cosignature, in the place of an earlier one of the same key. Refuses a line that would
    /// replace the log's own signature; the caller verifies the line.
    pub fn add_line(&mut self, line: SignatureLine) -> Result<(), NoteError> {
        if line.name() == self.checkpoint.origin.as_str() {
            return Err(NoteError::DuplicateSignature);
        }
        self.note.add(line)
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

/// The signature of the log's own line; a line of the same name by another key is none.
fn signature_of(note: &Note, origin: &Origin, log: &PublicKey) -> Option<Signature> {
    let name = origin.as_str();
    let line = note.signature_of(name, KeyId::of(name, KeyKind::Log, log))?;
    <[u8; 64]>::try_from(line.signature()).ok().map(Signature)
}

/// Reads a hash as C2SP writes it: canonical base64 of 32 bytes.
pub(super) fn parse_hash(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok().map(Hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::empty_root;

    const ROOT: &str = "HbUiaoAFKBb6QD854yntKCQyVB1nDYovJwjuhqffENQ=";

    #[test]
    fn a_body_has_one_spelling() {
        let good = format!("a/b\n11\n{ROOT}\n");
        assert_eq!(
            Checkpoint::parse(&good).map(|checkpoint| checkpoint.body()),
            Ok(good.clone())
        );
        use CheckpointError::*;
        let cases = [
            (good.trim_end().to_owned(), NotThreeLines),
            (format!("{good}\n"), NotThreeLines),
            (format!("{good}extension\n"), NotThreeLines),
            ("a/b\n11\n".to_owned(), NotThreeLines),
            (String::new(), NotThreeLines),
            (good.replace("a/b", ""), BadOrigin(OriginError::Empty)),
            (good.replace("a/b", "a b"), BadOrigin(OriginError::BadCharacter)),
            (good.replace("11", "011"), BadSize),
            (good.replace("11", "+11"), BadSize),
            (good.replace("11", "11 "), BadSize),
            (good.replace("11", ""), BadSize),
            (good.replace("11", "9223372036854775808"), BadSize),
            (good.replace("ENQ=", "ENR="), BadRoot),
            (good.replace("ENQ=", "ENQ"), BadRoot),
            (good.replace("ENQ=", "ENQ= "), BadRoot),
            (good.replace("EN", ""), BadRoot),
            (good.replace(ROOT, ""), BadRoot),
        ];
        for (text, error) in cases {
            assert_eq!(Checkpoint::parse(&text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn only_the_log_s_own_key_and_origin_open_it() {
        let log = SecretKey::from_seed([1; 32]);
        let origin = Origin::parse("example.com/a").expect("origin");
        let checkpoint = Checkpoint {
            origin: origin.clone(),
            size: TreeSize::EMPTY,
            root: empty_root(),
        };
        let signed = checkpoint.sign(&log);
        let text = signed.to_string();
        assert_eq!(
            SignedCheckpoint::verify(&text, &log.public(), &origin),
            Ok(signed.clone())
        );
        assert_eq!(
            SignedCheckpoint::open(&text, &log.public(), &origin),
            Ok(checkpoint)
        );

        let other = Origin::parse("example.com/b").expect("origin");
        let found = SignedCheckpoint::open(&text, &log.public(), &other);
        assert!(matches!(found, Err(CheckpointError::OtherOrigin { .. })));
        let stranger = SecretKey::from_seed([2; 32]).public();
        let found = SignedCheckpoint::open(&text, &stranger, &origin);
        assert!(matches!(
            found,
            Err(CheckpointError::Note(NoteError::NotSignedBy { .. }))
        ));

        let grown = text.replacen("\n0\n", "\n1\n", 1);
        let found = SignedCheckpoint::open(&grown, &log.public(), &origin);
        assert_eq!(found, Err(CheckpointError::Note(NoteError::BadSignature)));

        let mut signed = signed;
        let line = signed.note().signatures()[0].clone();
        assert_eq!(
            signed.add_line(line),
            Err(NoteError::DuplicateSignature),
            "the log's line stays"
        );
    }

    #[test]
    fn extension_lines_are_refused_even_if_signed() {
        let log = SecretKey::from_seed([1; 32]);
        let origin = Origin::parse("example.com/a").expect("origin");
        let note = Note::sign(
            &format!("example.com/a\n11\n{ROOT}\nextension\n"),
            "example.com/a",
            &log,
        );
        let text = note.expect("a note").to_string();
        assert_eq!(
            SignedCheckpoint::open(&text, &log.public(), &origin),
            Err(CheckpointError::NotThreeLines)
        );
    }
}
