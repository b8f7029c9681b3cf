//! Attachments of an annex: sealed before they are hashed, so that who holds and carries the bytes without the annex can
//! read nothing, and whoever destroys the annex's key destroys them. The key stands in the annex alone. Segments of 64
//! KiB, each with the place of its number and whether it is the last: none can be cut off, moved or left out.

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use zeroize::Zeroize;

use crate::codec::{hex, unhex};

/// Plain bytes of a segment.
const SEGMENT: usize = 64 * 1024;
/// What sealing adds to each segment.
pub const SEAL_OVERHEAD: usize = 16;

/// The key of one sealed attachment: random, used once. In an annex the member of the set is its hex, the value the hash
/// of the sealed bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct AttachmentKey(pub [u8; 32]);

impl AttachmentKey {
    /// Reads the member of a set.
    pub fn parse(member: &str) -> Option<Self> {
        unhex::<32>(member).map(AttachmentKey)
    }

    /// The member under which an annex keeps it.
    pub fn member(&self) -> String {
        hex(&self.0)
    }
}

impl Drop for AttachmentKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for AttachmentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AttachmentKey")
    }
}

fn nonce(number: usize, last: bool) -> Nonce {
    let mut nonce = [0; 12];
    nonce[3..11].copy_from_slice(&(number as u64).to_be_bytes());
    nonce[11] = u8::from(last);
    Nonce::from(nonce)
}

/// How long `len` bytes are once sealed.
pub fn sealed_len(len: usize) -> usize {
    len + len.div_ceil(SEGMENT).max(1) * SEAL_OVERHEAD
}

/// Seals an attachment under a key that seals nothing else.
pub fn seal(key: &AttachmentKey, plain: &[u8]) -> Vec<u8> {
    let cipher = ChaCha20Poly1305::new(&Key::from(key.0));
    let count = plain.len().div_ceil(SEGMENT).max(1);
    let mut out = Vec::with_capacity(sealed_len(plain.len()));
    for number in 0..count {
        let start = number * SEGMENT;
        let from = out.len();
        out.extend_from_slice(&plain[start..plain.len().min(start + SEGMENT)]);
        let tag = cipher
            .encrypt_inout_detached(
                &nonce(number, number + 1 == count),
                &[],
                (&mut out[from..]).into(),
            )
            .expect("a segment is not too long for the cipher");
        out.extend_from_slice(&tag);
    }
    out
}

/// Opens what [`seal`] made; none if it is of another key, cut or altered.
pub fn open(key: &AttachmentKey, sealed: &[u8]) -> Option<Vec<u8>> {
    let cipher = ChaCha20Poly1305::new(&Key::from(key.0));
    let segments = sealed.chunks(SEGMENT + SEAL_OVERHEAD);
    let count = segments.len();
    let mut out = Vec::with_capacity(sealed.len());
    for (number, segment) in segments.enumerate() {
        let (bytes, tag) = segment.split_last_chunk::<SEAL_OVERHEAD>()?;
        let from = out.len();
        out.extend_from_slice(bytes);
        let opened = cipher.decrypt_inout_detached(
            &nonce(number, number + 1 == count),
            &[],
            (&mut out[from..]).into(),
            tag.into(),
        );
        if opened.is_err() {
            out.zeroize();
            return None;
        }
    }
    (count > 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_whole_or_not_at_all() {
        let key = AttachmentKey([7; 32]);
        for len in [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT] {
            let plain: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
            let sealed = seal(&key, &plain);
            assert_eq!(sealed.len(), sealed_len(len), "{len}");
            assert_eq!(open(&key, &sealed), Some(plain.clone()));
            assert_eq!(open(&AttachmentKey([8; 32]), &sealed), None);
            for cut in [
                0,
                sealed.len() - 1,
                sealed.len().saturating_sub(SEGMENT + SEAL_OVERHEAD),
            ] {
                assert_eq!(open(&key, &sealed[..cut]), None, "{len} cut at {cut}");
            }
            let mut altered = sealed.clone();
            altered[len / 2] ^= 1;
            assert_eq!(open(&key, &altered), None);
        }
    }

    #[test]
    fn segments_stand_where_they_were() {
        let key = AttachmentKey([7; 32]);
        let sealed = seal(&key, &vec![1; 2 * SEGMENT]);
        let (first, second) = sealed.split_at(SEGMENT + SEAL_OVERHEAD);
        assert_eq!(open(&key, &[second, first].concat()), None);
        assert_eq!(open(&key, first), None);
        assert_eq!(AttachmentKey::parse(&key.member()), Some(key));
    }
}
