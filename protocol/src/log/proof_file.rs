//! The proof file: index, inclusion proof and checkpoint of one entry in a text that is checked offline (C2SP
//! tlog-proof). Suggested file extension: `.tlog-proof`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

use super::checkpoint::{Checkpoint, CheckpointError, parse_hash};
use super::note::{MAX_NOTE_BYTES, Note, NoteError};
use super::proof::MAX_PROOF_HASHES;
use super::verify::{ProofRejected, verify_inclusion};
use super::{EntryIndex, parse_decimal};
use crate::id::Hash;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// The longest proof file read, in bytes.
pub const MAX_PROOF_FILE_BYTES: usize = 2 * MAX_NOTE_BYTES;

/// Why a text is not a proof file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofFileError {
    /// More than [`MAX_PROOF_FILE_BYTES`].
    #[error("proof file longer than {MAX_PROOF_FILE_BYTES} bytes")]
    TooLong,
    /// The first line is not `c2sp.org/tlog-proof@v1`.
    #[error("not a {FIRST_LINE} file")]
    OtherFormat,
    /// The extra line is not canonical base64.
    #[error("malformed extra line")]
    BadExtra,
    /// No index line, or not a decimal without leading zeros.
    #[error("malformed index line")]
    BadIndex,
    /// A proof line that is not the canonical base64 of 32 bytes.
    #[error("malformed hash line")]
    BadHash,
    /// More than [`MAX_PROOF_HASHES`].
    #[error("more than {MAX_PROOF_HASHES} hashes")]
    TooManyHashes,
    /// No empty line after the proof.
    #[error("proof file has no checkpoint")]
    NoCheckpoint,
    /// What follows the empty line is no note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The note is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// A proof file: well-formed, but with nothing verified yet. Prints as its text; what parses prints the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFile {
    /// Data that nothing authenticates. Lianzhan writes none and ignores what it reads.
    pub extra: Option<Vec<u8>>,
    /// The entry's place.
    pub index: EntryIndex,
    /// From the leaf's sibling to the root's child.
    pub hashes: Vec<Hash>,
    /// The checkpoint with its signature and cosignatures, verbatim.
    pub checkpoint: Note,
}

/// What stands before the checkpoint of a proof file, for callers that know the checkpoint's note already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofHead {
    /// Data that nothing authenticates.
    pub extra: Option<Vec<u8>>,
    /// The entry's place.
    pub index: EntryIndex,
    /// From the leaf's sibling to the root's child.
    pub hashes: Vec<Hash>,
}

impl ProofHead {
    /// Reads the head of a proof file, strictly, and gives the text of its note, which is not read.
    pub fn read(text: &str) -> Result<(Self, &str), ProofFileError> {
        if text.len() > MAX_PROOF_FILE_BYTES {
            return Err(ProofFileError::TooLong);
        }
        let (head, note) = text.split_once("\n\n").ok_or(ProofFileError::NoCheckpoint)?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(FIRST_LINE) {
            return Err(ProofFileError::OtherFormat);
        }
        let extra = lines
            .next_if(|line| line.starts_with("extra "))
            .map(|line| {
                STANDARD
                    .decode(&line["extra ".len()..])
                    .map_err(|_| ProofFileError::BadExtra)
            })
            .transpose()?;
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .and_then(parse_decimal)
            .map(EntryIndex)
            .ok_or(ProofFileError::BadIndex)?;
        let hashes = lines
            .by_ref()
            .take(MAX_PROOF_HASHES)
            .map(|line| parse_hash(line).ok_or(ProofFileError::BadHash))
            .collect::<Result<_, _>>()?;
        if lines.next().is_some() {
            return Err(ProofFileError::TooManyHashes);
        }
        let head = ProofHead { extra, index, hashes };
        Ok((head, note))
    }
}

impl ProofFile {
    /// Reads a proof file, strictly.
    pub fn parse(text: &str) -> Result<Self, ProofFileError> {
        let (head, note) = ProofHead::read(text)?;
        let checkpoint = Note::parse(note)?;
        Checkpoint::parse(checkpoint.text())?;
        Ok(ProofFile {
            extra: head.extra,
            index: head.index,
            hashes: head.hashes,
            checkpoint,
        })
    }

    /// What the note states. No signature is checked: open the note with [`super::SignedCheckpoint::verify`] and
    /// [`super::verify_cosignature`] for that.
    pub fn stated(&self) -> Result<Checkpoint, CheckpointError> {
        Checkpoint::parse(self.checkpoint.text())
    }

    /// Checks the inclusion of the leaf with `leaf_hash` under `checkpoint`, which the caller has opened from
    /// [`ProofFile::checkpoint`].
    pub fn verify_inclusion(&self, leaf_hash: &Hash, checkpoint: &Checkpoint) -> Result<(), ProofRejected> {
        verify_inclusion(
            self.index,
            checkpoint.size,
            leaf_hash,
            &self.hashes,
            &checkpoint.root,
        )
    }
}

impl fmt::Display for ProofFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{}", STANDARD.encode(hash.as_bytes()))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::SecretKey;
    use crate::log::tree::tests::stored_tree;
    use crate::log::{Origin, SignedCheckpoint, TreeSize, inclusion, leaf_hash};

    fn proof_file() -> ProofFile {
        let log = SecretKey::from_seed([1; 32]);
        let origin = Origin::parse("example.com/a").expect("origin");
        let (frontier, nodes) = stored_tree(11);
        let checkpoint = Checkpoint {
            origin,
            size: frontier.size(),
            root: frontier.root(),
        };
        let read = |index: u64| nodes.get(index as usize).copied();
        let hashes = inclusion(EntryIndex(5), TreeSize(11), read).expect("stored");
        ProofFile {
            extra: None,
            index: EntryIndex(5),
            hashes,
            checkpoint: checkpoint.sign(&log).note().clone(),
        }
    }

    #[test]
    fn it_verifies_offline() {
        let text = proof_file().to_string();
        let file = ProofFile::parse(&text).expect("well-formed");
        let origin = Origin::parse("example.com/a").expect("origin");
        let log = SecretKey::from_seed([1; 32]).public();
        let checkpoint = SignedCheckpoint::open(&file.checkpoint.to_string(), &log, &origin).expect("signed");
        assert_eq!(file.stated(), Ok(checkpoint.clone()));
        assert_eq!(file.verify_inclusion(&leaf_hash(b"leaf-5"), &checkpoint), Ok(()));
        assert!(file.verify_inclusion(&leaf_hash(b"leaf-6"), &checkpoint).is_err());
    }

    #[test]
    fn what_prints_parses() {
        let bare = ProofFile {
            index: EntryIndex(0),
            hashes: vec![],
            ..proof_file()
        };
        let full = ProofFile {
            extra: Some(b"note".to_vec()),
            hashes: vec![Hash([9; 32]); MAX_PROOF_HASHES],
            ..proof_file()
        };
        for file in [
            proof_file(),
            bare,
            full,
            ProofFile {
                extra: Some(vec![]),
                ..proof_file()
            },
        ] {
            let text = file.to_string();
            assert_eq!(ProofFile::parse(&text).map(|file| file.to_string()), Ok(text));
        }
    }

    #[test]
    fn every_other_spelling_is_refused() {
        use ProofFileError::*;
        let good = proof_file().to_string();
        let many = ProofFile {
            hashes: vec![Hash([9; 32]); MAX_PROOF_HASHES + 1],
            ..proof_file()
        };
        let cases = [
            (good.replace("@v1", "@v2"), OtherFormat),
            (format!("\n{good}"), OtherFormat),
            (good.replace('\n', "\r\n"), NoCheckpoint),
            (good.replace("index 5", "index 05"), BadIndex),
            (good.replace("index 5", "index +5"), BadIndex),
            (good.replace("index 5\n", ""), BadIndex),
            (
                good.replace("index 5", "extra AQ==\nextra AQ==\nindex 5"),
                BadIndex,
            ),
            (good.replace("index 5", "extra AR==\nindex 5"), BadExtra),
            (good.replace("index 5", "extra AQ\nindex 5"), BadExtra),
            (good.replace("index 5", "index 5\nextra AQ=="), BadHash),
            (good.replace("index 5", "index 5\nAQ=="), BadHash),
            (good.replace("index 5", "index 5\n "), BadHash),
            (
                good.replacen("\n\n", "\n\n\n", 1),
                CheckpointError::NotThreeLines.into(),
            ),
            (many.to_string(), TooManyHashes),
            ("c2sp.org/tlog-proof@v1\nindex 5\n".to_owned(), NoCheckpoint),
            (format!("{good}\n"), NoteError::NoSignatureBlock.into()),
            ("a".repeat(MAX_PROOF_FILE_BYTES + 1), TooLong),
        ];
        for (text, error) in cases {
            assert_eq!(ProofFile::parse(&text), Err(error), "{text:?}");
        }
    }
}
