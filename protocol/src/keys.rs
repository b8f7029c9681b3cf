//! Keys and signatures. A key is (algorithm, bytes) and a signature carries its algorithm, so that a national algorithm
//! can stand beside Ed25519 later; today Ed25519 (RFC 8032, strict verification) is the only one and all others are
//! refused here, in one place.

mod memo;
mod seen;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use std::fmt;
use zeroize::Zeroize;

use crate::codec::hex;
use crate::id::Hash;

pub use memo::remembering;

/// The identifier of Ed25519 in keys and signatures.
pub const ED25519: u8 = 1;

/// Why a key or signature is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Only Ed25519 is known.
    #[error("unknown signature algorithm {0}")]
    UnknownAlgorithm(u8),
    /// Not a point, or not its canonical encoding.
    #[error("not a canonical Ed25519 public key")]
    Malformed,
    /// A key of small order: anybody can make signatures that verify under it.
    #[error("weak Ed25519 public key")]
    Weak,
    /// The signature does not fit key and message.
    #[error("signature does not verify")]
    BadSignature,
}

/// A public key. Exists only for keys that are canonical and not weak.
#[derive(Clone, Copy)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads an Ed25519 key; refuses weak and non-canonical ones.
    pub fn from_ed25519(bytes: [u8; 32]) -> Result<Self, KeyError> {
        seen::or_read(bytes, Self::read)
    }

    fn read(bytes: [u8; 32]) -> Result<Self, KeyError> {
        // Decompression reduces modulo p; only the reduced form is one key's one name.
        if !is_reduced(&bytes) {
            return Err(KeyError::Malformed);
        }
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::Malformed)?;
        if key.is_weak() {
            return Err(KeyError::Weak);
        }
        Ok(PublicKey(key))
    }

    /// The 32 bytes of RFC 8032 section 5.1.5.
    pub fn ed25519_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// `verify_strict` over `message` as it is. For formats that fix the signed bytes (C2SP notes, COSE).
    pub fn verify_raw(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), KeyError> {
        memo::or_verify(&[self.ed25519_bytes(), message, signature], || {
            let signature = ed25519_dalek::Signature::from_bytes(signature);
            self.0
                .verify_strict(message, &signature)
                .map_err(|_| KeyError::BadSignature)
        })
    }

    /// Verifies a signature of our own formats, where `domain` names what is signed.
    pub fn verify(&self, domain: &str, message: &[u8], signature: &Signature) -> Result<(), KeyError> {
        self.verify_raw(&in_domain(domain, message), &signature.0)
    }

    /// The X25519 form of the key, by the map of RFC 7748 section 4.1: files for its holder are encrypted to it.
    pub fn to_x25519(&self) -> [u8; 32] {
        self.0.to_montgomery().to_bytes()
    }

    /// A short name for screens: the first 8 bytes of the key's hash as hex.
    pub fn fingerprint(&self) -> String {
        hex(&Hash::of("lianzhan/key-fingerprint/v1", &[self.ed25519_bytes()]).0[..8])
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.ed25519_bytes() == other.ed25519_bytes()
    }
}
impl Eq for PublicKey {}
impl PartialOrd for PublicKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for PublicKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.ed25519_bytes().cmp(other.ed25519_bytes())
    }
}
impl std::hash::Hash for PublicKey {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.ed25519_bytes().hash(state);
    }
}
impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(self.ed25519_bytes()))
    }
}

/// A signature of one of our own formats.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// A secret key in memory, wiped on drop.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// The key of a 32-byte seed (RFC 8032 section 5.1.5), which is wiped.
    pub fn from_seed(mut seed: [u8; 32]) -> Self {
        let key = SigningKey::from_bytes(&seed);
        seed.zeroize();
        SecretKey(key)
    }

    /// The seed, for writing a key file.
    pub fn seed(&self) -> zeroize::Zeroizing<[u8; 32]> {
        zeroize::Zeroizing::new(self.0.to_bytes())
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The X25519 form of the key: the scalar of RFC 8032 section 5.1.5, for [`PublicKey::to_x25519`].
    pub fn to_x25519(&self) -> zeroize::Zeroizing<[u8; 32]> {
        zeroize::Zeroizing::new(self.0.to_scalar_bytes())
    }

    /// Signs `message` as it is. For formats that fix the signed bytes.
    pub fn sign_raw(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }

    /// Signs for one of our own formats, where `domain` names what is signed.
    pub fn sign(&self, domain: &str, message: &[u8]) -> Signature {
        Signature(self.sign_raw(&in_domain(domain, message)))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.public().fingerprint())
    }
}

/// Whether the y coordinate is below p = 2^255 - 19; the highest bit is the sign of x. Where x is 0 the sign has no meaning
/// and both forms decompress: those two points are of small order, so they are refused as weak.
fn is_reduced(bytes: &[u8; 32]) -> bool {
    !(bytes[31] & 0x7f == 0x7f && bytes[1..31].iter().all(|byte| *byte == 0xff) && bytes[0] >= 0xed)
}

fn in_domain(domain: &str, message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(domain.len() + 1 + message.len());
    out.extend_from_slice(domain.as_bytes());
    out.push(0);
    out.extend_from_slice(message);
    out
}

/// Both are arrays `[algorithm, bytes]`.
impl<C> minicbor::Encode<C> for PublicKey {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(2)?.u8(ED25519)?.bytes(self.ed25519_bytes())?;
        Ok(())
    }
}
impl<'b, C> minicbor::Decode<'b, C> for PublicKey {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let bytes = algorithm_and_bytes::<32>(d)?;
        PublicKey::from_ed25519(bytes).map_err(minicbor::decode::Error::message)
    }
}
impl<C> minicbor::Encode<C> for Signature {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(2)?.u8(ED25519)?.bytes(&self.0)?;
        Ok(())
    }
}
impl<'b, C> minicbor::Decode<'b, C> for Signature {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        algorithm_and_bytes::<64>(d).map(Signature)
    }
}

fn algorithm_and_bytes<const N: usize>(
    d: &mut minicbor::Decoder<'_>,
) -> Result<[u8; N], minicbor::decode::Error> {
    use minicbor::decode::Error;
    if d.array()? != Some(2) {
        return Err(Error::message("expected [algorithm, bytes]"));
    }
    let algorithm = d.u8()?;
    if algorithm != ED25519 {
        return Err(Error::message(KeyError::UnknownAlgorithm(algorithm)));
    }
    d.bytes()?
        .try_into()
        .map_err(|_| Error::message(format!("expected {N} bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_counts_in_its_domain_only() {
        let key = SecretKey::from_seed([7; 32]);
        let signature = key.sign("a", b"message");
        assert_eq!(key.public().verify("a", b"message", &signature), Ok(()));
        assert_eq!(
            key.public().verify("b", b"message", &signature),
            Err(KeyError::BadSignature)
        );
        assert_eq!(
            key.public().verify("a", b"massage", &signature),
            Err(KeyError::BadSignature)
        );
    }

    #[test]
    fn weak_and_non_canonical_keys_do_not_exist() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(PublicKey::from_ed25519(identity), Err(KeyError::Weak));
        let mut above_p = [0xff; 32];
        above_p[0] = 0xee; // p + 1: the identity, written as no encoder writes it
        above_p[31] = 0x7f;
        assert!(PublicKey::from_ed25519(above_p).is_err());
    }

    #[test]
    fn a_key_is_read_exactly_if_it_is_its_own_compressed_form() {
        let mut candidates: Vec<[u8; 32]> = (0..=255)
            .flat_map(|low| {
                [
                    (0xff, 0x7f),
                    (0xff, 0xff),
                    (0x00, 0x00),
                    (0x00, 0x80),
                    (0xff, 0x7e),
                ]
                .map(|(middle, high)| {
                    let mut bytes = [middle; 32];
                    (bytes[0], bytes[31]) = (low, high);
                    bytes
                })
            })
            .collect();
        candidates.extend((0..200).map(|n: u32| Hash::plain(&n.to_be_bytes()).0));
        for bytes in candidates {
            let strict = VerifyingKey::from_bytes(&bytes)
                .is_ok_and(|key| key.to_edwards().compress().to_bytes() == bytes && !key.is_weak());
            assert_eq!(PublicKey::from_ed25519(bytes).is_ok(), strict, "{}", hex(&bytes));
        }
    }

    #[test]
    fn keys_that_were_read_lately_are_never_taken_for_each_other() {
        let keys: Vec<[u8; 32]> = (0..500_u32)
            .map(|n| {
                *SecretKey::from_seed(Hash::plain(&n.to_be_bytes()).0)
                    .public()
                    .ed25519_bytes()
            })
            .collect();
        for bytes in keys.iter().chain(keys.iter().rev()) {
            let mut flipped = *bytes;
            flipped[31] ^= 0x80;
            assert_eq!(PublicKey::from_ed25519(*bytes).unwrap().ed25519_bytes(), bytes);
            assert_eq!(
                PublicKey::from_ed25519(flipped).unwrap().ed25519_bytes(),
                &flipped
            );
        }
    }

    #[test]
    fn an_unknown_algorithm_is_refused() {
        let key = SecretKey::from_seed([7; 32]).public();
        let mut bytes = crate::codec::encode(&key);
        assert_eq!(crate::codec::decode::<PublicKey>(&bytes, 64), Ok(key));
        bytes[1] = 2;
        assert!(crate::codec::decode::<PublicKey>(&bytes, 64).is_err());
    }
}
