//! One signature line of a note (C2SP signed-note v1.0.0): em dash, key name, base64 of key id and signature.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

use super::note::NoteError;
use super::vkey::{KeyId, is_key_name};

const LINE_START: &str = "\u{2014} ";

/// One signature line. `signature` is what follows the key id: 64 bytes of Ed25519 for a log, 72 bytes for a
/// cosignature, anything for keys that we do not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    name: String,
    id: KeyId,
    signature: Vec<u8>,
}

impl SignatureLine {
    /// A line, if `name` can stand in one and `signature` is not empty.
    pub fn new(name: &str, id: KeyId, signature: Vec<u8>) -> Result<Self, NoteError> {
        if !is_key_name(name) || signature.is_empty() {
            return Err(NoteError::MalformedLine);
        }
        Ok(SignatureLine {
            name: name.to_owned(),
            id,
            signature,
        })
    }

    /// Reads one line, given without its newline.
    pub fn parse(line: &str) -> Result<Self, NoteError> {
        let rest = line.strip_prefix(LINE_START).ok_or(NoteError::MalformedLine)?;
        let (name, payload) = rest.split_once(' ').ok_or(NoteError::MalformedLine)?;
        // STANDARD insists on padding and on zero trailing bits, so one signature has one spelling.
        let payload = STANDARD.decode(payload).map_err(|_| NoteError::MalformedLine)?;
        let (id, signature) = payload.split_first_chunk::<4>().ok_or(NoteError::MalformedLine)?;
        SignatureLine::new(name, KeyId(*id), signature.to_vec())
    }

    /// The name of the key.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the key.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The bytes after the key id.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

/// The line without its newline.
impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let payload = [&self.id.0[..], &self.signature].concat();
        write!(f, "{LINE_START}{} {}", self.name, STANDARD.encode(payload))
    }
}
