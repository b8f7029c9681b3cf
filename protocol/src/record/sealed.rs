//! Sealed payloads: changes of an annex, encrypted from the first entry on (design 6). The header commits to the key;
//! who holds the space without the key sees that something was written, when and by whom, and no more.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroize;

use super::change::{Change, ChangeError};
use crate::id::{Hash, RecordId};

const NONCE: usize = 24;

/// The key of one annex document. Kept outside logs and data backups; destroyed to erase.
#[derive(Clone, PartialEq, Eq)]
pub struct AnnexKey(pub [u8; 32]);

impl AnnexKey {
    /// The commitment that stands in headers.
    pub fn commitment(&self) -> Hash {
        Hash::of("lianzhan/annex-key/v1", &[&self.0])
    }
}

impl Drop for AnnexKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for AnnexKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AnnexKey({})", self.commitment())
    }
}

/// Why a sealed payload cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The key is not the one that the header commits to.
    #[error("the key is not the one that the header commits to")]
    OtherKey,
    /// Wrong length or altered.
    #[error("the sealed payload cannot be opened with this key")]
    Altered,
    /// What is inside is no change.
    #[error("{0}")]
    Change(#[from] ChangeError),
}

/// Encrypts a change for `record`: nonce, then XChaCha20-Poly1305 ciphertext bound to the record. The change has a salt of
/// [`super::limits::SEALED_SALT`] bytes, else nobody opens it.
pub fn seal_change(key: &AnnexKey, record: &RecordId, change: &Change, nonce: [u8; NONCE]) -> Vec<u8> {
    debug_assert_eq!(change.salt.len(), super::limits::SEALED_SALT);
    let cipher = XChaCha20Poly1305::new(&Key::from(key.0));
    let mut plain = change.to_bytes();
    let sealed = cipher
        .encrypt(
            &XNonce::from(nonce),
            Payload {
                msg: &plain,
                aad: &aad(record),
            },
        )
        .expect("a bounded change is not too long for the cipher");
    plain.zeroize();
    let mut out = nonce.to_vec();
    out.extend_from_slice(&sealed);
    out
}

/// Opens a sealed change of `record` whose header commits to `commitment`.
pub fn open_sealed(
    key: &AnnexKey,
    commitment: &Hash,
    record: &RecordId,
    payload: &[u8],
) -> Result<Change, SealError> {
    if key.commitment() != *commitment {
        return Err(SealError::OtherKey);
    }
    let (nonce, sealed) = payload.split_first_chunk::<NONCE>().ok_or(SealError::Altered)?;
    let cipher = XChaCha20Poly1305::new(&Key::from(key.0));
    let mut plain = cipher
        .decrypt(
            &XNonce::from(*nonce),
            Payload {
                msg: sealed,
                aad: &aad(record),
            },
        )
        .map_err(|_| SealError::Altered)?;
    let change = Change::parse_sealed(&plain);
    plain.zeroize();
    Ok(change?)
}

fn aad(record: &RecordId) -> Vec<u8> {
    [b"lianzhan/sealed/v1\0".as_slice(), &record.0].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Put, Value};

    #[test]
    fn a_sealed_change_opens_with_its_key_for_its_record_alone() {
        let (key, record) = (AnnexKey([1; 32]), RecordId([2; 16]));
        let change = Change {
            salt: vec![5; 32],
            deps: vec![],
            definition: Hash([0; 32]),
            puts: vec![Put::field("name", Value::from("林某"))],
        };
        let sealed = seal_change(&key, &record, &change, [3; 24]);
        assert_eq!(open_sealed(&key, &key.commitment(), &record, &sealed), Ok(change));
        let other = AnnexKey([9; 32]);
        assert_eq!(
            open_sealed(&other, &key.commitment(), &record, &sealed),
            Err(SealError::OtherKey)
        );
        assert_eq!(
            open_sealed(&key, &key.commitment(), &RecordId([3; 16]), &sealed),
            Err(SealError::Altered)
        );
        for n in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[n] ^= 1;
            assert_eq!(
                open_sealed(&key, &key.commitment(), &record, &altered),
                Err(SealError::Altered),
                "{n}"
            );
        }
    }
}
