//! Signed notes: a text and signature lines (C2SP signed-note v1.0.0), with Ed25519 signatures of type 0x01.
//!
//! Parsing is strict beyond the specification, so that a note has one spelling: base64 must be canonical, a (name, key
//! id) may stand once, and what parses prints again byte for byte.

use std::collections::BTreeSet;
use std::fmt;

use super::line::SignatureLine;
use super::vkey::{KeyId, KeyKind};
use crate::keys::{PublicKey, SecretKey};

/// The longest note read, in bytes.
pub const MAX_NOTE_BYTES: usize = 64 * 1024;

/// The most signature lines read in one note (the specification asks for at least 16).
pub const MAX_SIGNATURES: usize = 100;

/// Why a text is not a note, or not one signed by the key asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// More than [`MAX_NOTE_BYTES`].
    #[error("note longer than {MAX_NOTE_BYTES} bytes")]
    TooLong,
    /// A byte below 0x20 other than a newline; a carriage return is one.
    #[error("control character in note")]
    ControlCharacter,
    /// No blank line between text and signatures, or the last line does not end.
    #[error("note has no signature block")]
    NoSignatureBlock,
    /// Not `— name base64`, with at least one byte after the key id.
    #[error("malformed signature line")]
    MalformedLine,
    /// More than [`MAX_SIGNATURES`].
    #[error("more than {MAX_SIGNATURES} signature lines")]
    TooManySignatures,
    /// The same name and key id twice.
    #[error("two signature lines of one key")]
    DuplicateSignature,
    /// Only a text that ends in a newline can be signed.
    #[error("text of a note does not end in a newline")]
    UnendedText,
    /// No line of the key asked for.
    #[error("note is not signed by {name}+{id}")]
    NotSignedBy {
        /// The name looked for; unknown keys of that name were passed over.
        name: String,
        /// The id looked for.
        id: KeyId,
    },
    /// A line of the key asked for, and it does not verify: reject the whole note.
    #[error("signature of a known key does not verify")]
    BadSignature,
}

/// A note: well-formed, but with nothing verified yet. Prints as its wire form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl Note {
    /// `text`, which ends in a newline, signed by the log key `secret` under `name`.
    pub fn sign(text: &str, name: &str, secret: &SecretKey) -> Result<Self, NoteError> {
        if !text.ends_with('\n') {
            return Err(NoteError::UnendedText);
        }
        check_characters(text)?;
        let id = KeyId::of(name, KeyKind::Log, &secret.public());
        let line = SignatureLine::new(name, id, secret.sign_raw(text.as_bytes()).to_vec())?;
        let mut note = Note {
            text: text.to_owned(),
            signatures: Vec::new(),
        };
        note.add(line)?;
        Ok(note)
    }

    /// Reads a note, strictly.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        check_characters(note)?;
        // The last blank line divides; the newline before it belongs to the text.
        let middle = note.rfind("\n\n").ok_or(NoteError::NoSignatureBlock)?;
        let (text, block) = (&note[..=middle], &note[middle + 2..]);
        let block = block.strip_suffix('\n').ok_or(NoteError::NoSignatureBlock)?;
        let mut note = Note {
            text: text.to_owned(),
            signatures: Vec::new(),
        };
        let mut seen = BTreeSet::new();
        for line in block.split('\n') {
            if note.signatures.len() == MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            let line = SignatureLine::parse(line)?;
            if !seen.insert((line.name().to_owned(), line.id())) {
                return Err(NoteError::DuplicateSignature);
            }
            note.signatures.push(line);
        }
        Ok(note)
    }

    /// The signed text, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All signature lines, in order, verified or not.
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// The line of this key, not verified.
    pub fn signature_of(&self, name: &str, id: KeyId) -> Option<&SignatureLine> {
        self.signatures
            .iter()
            .find(|line| line.name() == name && line.id() == id)
    }

    /// Checks that the log key `key` signed the text under `name`. Lines of other keys are passed over.
    pub fn verify(&self, name: &str, key: &PublicKey) -> Result<(), NoteError> {
        let id = KeyId::of(name, KeyKind::Log, key);
        let line = self
            .signature_of(name, id)
            .ok_or_else(|| NoteError::NotSignedBy {
                name: name.to_owned(),
                id,
            })?;
        let signature = <&[u8; 64]>::try_from(line.signature()).map_err(|_| NoteError::BadSignature)?;
        key.verify_raw(self.text.as_bytes(), signature)
            .map_err(|_| NoteError::BadSignature)
    }

    /// Adds a line, in the place of an earlier one of the same key. The line is not verified.
    pub fn add(&mut self, line: SignatureLine) -> Result<(), NoteError> {
        let mut next = self.clone();
        match next
            .signatures
            .iter_mut()
            .find(|old| old.name() == line.name() && old.id() == line.id())
        {
            Some(old) => *old = line,
            None => next.signatures.push(line),
        }
        if next.signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        if next.to_string().len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong);
        }
        *self = next;
        Ok(())
    }
}

/// The wire form.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

fn check_characters(text: &str) -> Result<(), NoteError> {
    if text.len() > MAX_NOTE_BYTES {
        return Err(NoteError::TooLong);
    }
    if text.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
        return Err(NoteError::ControlCharacter);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::VerifierKey;
    use proptest::prelude::*;
    use signed_note::{StandardVerifier, VerifierList};

    const NAME: &str = "example.com/log";

    fn signed(text: &str) -> (Note, PublicKey) {
        let secret = SecretKey::from_seed([1; 32]);
        (
            Note::sign(text, NAME, &secret).expect("signable"),
            secret.public(),
        )
    }

    #[test]
    fn the_note_of_the_specification_reads_and_prints() {
        let text = [
            "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n",
            "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMc",
            "Xxj99ihAQwaqP3ZekRwNtIc=\n",
        ]
        .concat();
        let note = Note::parse(&text).expect("well-formed");
        assert!(note.text().ends_with(":\n\ned è subito sera.\n"));
        assert_eq!(note.signatures()[0].id().to_string(), "367ba04b");
        assert_eq!(note.to_string(), text);
    }

    #[test]
    fn signed_note_verifies_ours() {
        let (note, key) = signed("a text\n\nwith a gap\n");
        let vkey = VerifierKey::new(NAME, KeyKind::Log, key).expect("name");
        let verifier = StandardVerifier::new(&vkey.to_string()).expect("vkey");
        let theirs = signed_note::Note::from_bytes(note.to_string().as_bytes()).expect("note");
        let (verified, unknown) = theirs
            .verify(&VerifierList::new(vec![Box::new(verifier)]))
            .expect("verifies");
        assert_eq!((verified.len(), unknown.len()), (1, 0));
        assert_eq!(theirs.text(), note.text().as_bytes());
    }

    #[test]
    fn keys_are_told_apart_by_name_and_id() {
        let (mut note, key) = signed("text\n");
        let other = SecretKey::from_seed([2; 32]).public();
        assert_eq!(note.verify(NAME, &key), Ok(()));
        assert!(matches!(
            note.verify("example.com/other", &key),
            Err(NoteError::NotSignedBy { .. })
        ));
        assert!(matches!(
            note.verify(NAME, &other),
            Err(NoteError::NotSignedBy { .. })
        ));
        let id = KeyId::of(NAME, KeyKind::Log, &other);
        note.add(SignatureLine::new(NAME, id, vec![0; 64]).expect("line"))
            .expect("room");
        assert_eq!(
            note.verify(NAME, &key),
            Ok(()),
            "an unknown key's line is passed over"
        );
        assert_eq!(note.verify(NAME, &other), Err(NoteError::BadSignature));
    }

    #[test]
    fn a_line_of_the_same_key_takes_the_place_of_the_old() {
        let (mut note, _) = signed("text\n");
        let id = note.signatures()[0].id();
        note.add(SignatureLine::new(NAME, id, vec![9]).expect("line"))
            .expect("room");
        assert_eq!(note.signatures().len(), 1);
        assert_eq!(note.signatures()[0].signature(), [9]);
        let huge = SignatureLine::new("b", id, vec![0; MAX_NOTE_BYTES]).expect("line");
        assert_eq!(note.add(huge), Err(NoteError::TooLong));
        assert_eq!(note.signatures().len(), 1);
    }

    #[test]
    fn everything_with_a_second_spelling_is_refused() {
        use NoteError::*;
        let line = "— a AAAAAQI=\n";
        assert!(Note::parse(&format!("t\n\n{line}")).is_ok());
        let cases = [
            (format!("t\r\n\r\n{line}"), ControlCharacter),
            (format!("t\t\n\n{line}"), ControlCharacter),
            (format!("t\0\n\n{line}"), ControlCharacter),
            (format!("t\n{line}"), NoSignatureBlock),
            ("t\n\n".to_owned(), NoSignatureBlock),
            (String::new(), NoSignatureBlock),
            (format!("t\n\n{}", line.trim_end()), NoSignatureBlock),
            (format!("t\n\n{line}\n"), NoSignatureBlock),
            (format!("t\n\n{line}trailing\n"), MalformedLine),
            (format!("t\n\n{line}{line}"), DuplicateSignature),
            ("t\n\n— a AAAAAQI\n".to_owned(), MalformedLine),
            ("t\n\n— a AAAAAQJ=\n".to_owned(), MalformedLine),
            ("t\n\n— a AAAAAQI= \n".to_owned(), MalformedLine),
            ("t\n\n— a  AAAAAQI=\n".to_owned(), MalformedLine),
            ("t\n\n—  AAAAAQI=\n".to_owned(), MalformedLine),
            ("t\n\n— a+b AAAAAQI=\n".to_owned(), MalformedLine),
            ("t\n\n— a\u{a0}b AAAAAQI=\n".to_owned(), MalformedLine),
            ("t\n\n- a AAAAAQI=\n".to_owned(), MalformedLine),
            ("t\n\n— a AAAAAQ==\n".to_owned(), MalformedLine),
            ("t\n\n— a AAAA\n".to_owned(), MalformedLine),
            ("a".repeat(MAX_NOTE_BYTES + 1), TooLong),
        ];
        for (text, error) in cases {
            assert_eq!(Note::parse(&text), Err(error), "{text:?}");
        }
        let lines =
            |count: u32| (0..count).fold("t\n\n".to_owned(), |note, n| note + &format!("— a{n} AAAAAQI=\n"));
        assert!(Note::parse(&lines(100)).is_ok());
        assert_eq!(Note::parse(&lines(101)), Err(TooManySignatures));
        assert_eq!(
            Note::sign("t", "a", &SecretKey::from_seed([1; 32])),
            Err(UnendedText)
        );
    }

    proptest! {
        #[test]
        fn what_parses_prints_the_same(
            text in "[ab\n —AQ=+/]{0,20}\n\n(— [a-c]{1,2} (AAAAAQI=|AAAAAQID|AAAAAQIDBA==)\n){0,3}"
        ) {
            if let Ok(note) = Note::parse(&text) {
                prop_assert_eq!(note.to_string(), text);
            }
        }

        #[test]
        fn a_changed_byte_never_verifies(at in 0usize..1000, bit in 0u8..8) {
            let (note, key) = signed("some text\nof two lines\n");
            let mut bytes = note.to_string().into_bytes();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            let verified = String::from_utf8(bytes)
                .ok()
                .and_then(|text| Note::parse(&text).ok())
                .is_some_and(|note| note.verify(NAME, &key).is_ok());
            prop_assert!(!verified);
        }
    }
}
