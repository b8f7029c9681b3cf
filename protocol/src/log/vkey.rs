//! Names and ids of the keys that sign notes, and their printed form, the "vkey" (C2SP signed-note v1.0.0).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::fmt;

use crate::keys::{KeyError, PublicKey};

/// What a key signs. The same key under two kinds has two ids; Lianzhan never shares a key between the two, because an
/// Ed25519 cosignature does not name its cosigner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// 0x01: Ed25519 over the note's text. A log's key.
    Log,
    /// 0x04: Ed25519 over a checkpoint and a time. A witness's key.
    Witness,
}

impl KeyKind {
    /// The signature type byte that C2SP signed-note assigns.
    pub fn type_byte(self) -> u8 {
        match self {
            KeyKind::Log => 0x01,
            KeyKind::Witness => 0x04,
        }
    }

    fn from_type_byte(byte: u8) -> Option<Self> {
        [KeyKind::Log, KeyKind::Witness]
            .into_iter()
            .find(|kind| kind.type_byte() == byte)
    }
}

/// The short id of a key in a signature line: which key to try, no proof of anything. Shown as 8 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 4]);

impl KeyId {
    /// The first 4 bytes of SHA-256(name || 0x0A || type byte || public key).
    pub fn of(name: &str, kind: KeyKind, key: &PublicKey) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(name.as_bytes());
        hasher.update([b'\n', kind.type_byte()]);
        hasher.update(key.ed25519_bytes());
        let [a, b, c, d, ..]: [u8; 32] = hasher.finalize().into();
        KeyId([a, b, c, d])
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::codec::hex(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether `name` can stand in a signature line: not empty, no Unicode space, no plus, no control character. (The
/// specification forbids controls in the whole note; refusing them here keeps a printed note parseable.)
pub fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c < ' ' || c == '+')
}

/// Why a text is not a vkey that we can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifierKeyError {
    /// Not `name+id+key` in the one spelling that [`VerifierKey`] prints.
    #[error("malformed verifier key")]
    Malformed,
    /// The name is empty or holds a space, a plus or a control character.
    #[error("name not allowed for a note key")]
    BadName,
    /// A signature type other than 0x01 and 0x04.
    #[error("unknown signature type {0:#04x} in verifier key")]
    UnknownType(u8),
    /// The id stated is not the id of name and key.
    #[error("verifier key states a wrong key id")]
    WrongId,
    /// Not a good public key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// A named key that verifies notes. Prints and parses as `name+<8 hex digits of key id>+base64(type byte || key)`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    key: PublicKey,
}

impl VerifierKey {
    /// Names a key. Refuses a name that no signature line can carry.
    pub fn new(name: &str, kind: KeyKind, key: PublicKey) -> Result<Self, VerifierKeyError> {
        if !is_key_name(name) {
            return Err(VerifierKeyError::BadName);
        }
        Ok(VerifierKey {
            name: name.to_owned(),
            kind,
            key,
        })
    }

    /// Reads a vkey, strictly: lowercase id, canonical base64, an id that fits.
    pub fn parse(vkey: &str) -> Result<Self, VerifierKeyError> {
        // Base64 has pluses of its own, so only the first two divide.
        let mut parts = vkey.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(VerifierKeyError::Malformed);
        };
        let key = STANDARD.decode(key).map_err(|_| VerifierKeyError::Malformed)?;
        let (&type_byte, key) = key.split_first().ok_or(VerifierKeyError::Malformed)?;
        let kind = KeyKind::from_type_byte(type_byte).ok_or(VerifierKeyError::UnknownType(type_byte))?;
        let key = <[u8; 32]>::try_from(key).map_err(|_| VerifierKeyError::Malformed)?;
        let vkey = VerifierKey::new(name, kind, PublicKey::from_ed25519(key)?)?;
        if vkey.id().to_string() != id {
            return Err(VerifierKeyError::WrongId);
        }
        Ok(vkey)
    }

    /// The name as it stands in signature lines.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the key signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The key itself.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The id as it stands in signature lines.
    pub fn id(&self) -> KeyId {
        KeyId::of(&self.name, self.kind, &self.key)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.kind.type_byte()];
        bytes.extend_from_slice(self.key.ed25519_bytes());
        write!(f, "{}+{}+{}", self.name, self.id(), STANDARD.encode(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::SecretKey;
    use signed_note::{StandardVerifier, Verifier};

    #[test]
    fn a_vkey_reads_as_it_prints() {
        for kind in [KeyKind::Log, KeyKind::Witness] {
            for seed in 0..40 {
                let key = SecretKey::from_seed([seed; 32]).public();
                let vkey = VerifierKey::new("联站.example/a", kind, key).expect("good name");
                assert_eq!(VerifierKey::parse(&vkey.to_string()), Ok(vkey));
            }
        }
    }

    #[test]
    fn signed_note_reads_our_log_keys() {
        for seed in 0..40 {
            let key = SecretKey::from_seed([seed; 32]).public();
            let ours = VerifierKey::new("example.com/log", KeyKind::Log, key).expect("good name");
            let theirs = StandardVerifier::new(&ours.to_string()).expect("readable");
            assert_eq!(theirs.name(), ours.name());
            assert_eq!(theirs.key_id().to_be_bytes(), ours.id().0);
        }
    }

    #[test]
    fn every_other_spelling_is_refused() {
        let good =
            "lianzhan.example/station/000001/space/a+adf4ced1+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
        assert!(VerifierKey::parse(good).is_ok());
        let cases = [
            (good.replace("adf4ced1", "ADF4CED1"), VerifierKeyError::WrongId),
            (good.replace("adf4ced1", "adf4ced2"), VerifierKeyError::WrongId),
            (good.replace("/space/a", "/space/b"), VerifierKeyError::WrongId),
            (good.replace("/space/a", "/space a"), VerifierKeyError::BadName),
            (
                good.replace("lianzhan.example/station/000001/space/a", ""),
                VerifierKeyError::BadName,
            ),
            (good.replace("+AQ", "+BQ"), VerifierKeyError::UnknownType(5)),
            (format!("{good}="), VerifierKeyError::Malformed),
            (format!("{good} "), VerifierKeyError::Malformed),
            (format!("{good}\n"), VerifierKeyError::Malformed),
            (good[..good.len() - 4].to_owned(), VerifierKeyError::Malformed),
            ("a+adf4ced1".to_owned(), VerifierKeyError::Malformed),
            ("a+adf4ced1+".to_owned(), VerifierKeyError::Malformed),
            (String::new(), VerifierKeyError::Malformed),
        ];
        for (text, error) in cases {
            assert_eq!(VerifierKey::parse(&text), Err(error), "{text:?}");
        }
    }
}
