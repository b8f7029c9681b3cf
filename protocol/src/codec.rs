//! Canonical bytes: deterministic CBOR (RFC 8949 section 4.2) with integer keys, no floats, no tags, no indefinite
//! lengths. This module knows what bytes are allowed, not what they mean.
//!
//! A decoder alone accepts more than one encoding of a value, so [`decode`] decodes, encodes again and compares: whatever
//! is signed, hashed or stored has exactly one form (`docs/spec`, rule C-1).

use minicbor::{Decode, Encode};

/// Why bytes are not the canonical form of a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// More bytes than the caller allows, checked before anything is decoded.
    #[error("{len} bytes where at most {max} are allowed")]
    TooLong {
        /// Bytes received.
        len: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// Not CBOR of the expected shape.
    #[error("not the expected CBOR: {0}")]
    Malformed(String),
    /// Decodes, but is not the one encoding that we sign.
    #[error("not the canonical encoding")]
    NotCanonical,
}

/// The canonical bytes of `value`.
pub fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing to a Vec cannot fail, and no type here refuses to encode.
    minicbor::encode(value, &mut out).expect("encoding to memory does not fail");
    out
}

/// Decodes `bytes`, of at most `max` bytes, and refuses every form but the canonical one.
pub fn decode<'b, T: Decode<'b, ()> + Encode<()>>(bytes: &'b [u8], max: usize) -> Result<T, CodecError> {
    if bytes.len() > max {
        return Err(CodecError::TooLong {
            len: bytes.len(),
            max,
        });
    }
    let value: T = minicbor::decode(bytes).map_err(|e| CodecError::Malformed(e.to_string()))?;
    if encode(&value) != bytes {
        return Err(CodecError::NotCanonical);
    }
    Ok(value)
}

/// Encodes and decodes a newtype over bytes as one CBOR byte string of bounded length.
macro_rules! cbor_bytes {
    ($name:ident, $len:literal) => {
        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&self.0)?;
                Ok(())
            }
        }
        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                let bytes = d.bytes()?;
                <[u8; $len]>::try_from(bytes)
                    .map($name)
                    .map_err(|_| minicbor::decode::Error::message(concat!("expected ", $len, " bytes")))
            }
        }
    };
}
pub(crate) use cbor_bytes;

/// Lowercase hex of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    out
}

/// Bytes of a lowercase hex string of exactly `N` bytes.
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 || digits.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let mut out = [0; N];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_encoding_of_a_value_is_refused() {
        assert_eq!(decode::<u64>(&[0x18, 0x18], 9), Ok(24));
        assert_eq!(
            decode::<u64>(&[0x18, 0x17], 9),
            Err(CodecError::NotCanonical),
            "longer than needed"
        );
        assert_eq!(
            decode::<u64>(&[0x01, 0x01], 9),
            Err(CodecError::NotCanonical),
            "trailing bytes"
        );
        assert_eq!(
            decode::<Vec<u64>>(&[0x9f, 0x01, 0xff], 9),
            Err(CodecError::NotCanonical),
            "indefinite length"
        );
        assert!(matches!(decode::<u64>(&[0x61], 9), Err(CodecError::Malformed(_))));
        assert!(matches!(
            decode::<u64>(&[0; 10], 9),
            Err(CodecError::TooLong { .. })
        ));
    }

    #[test]
    fn hex_is_lowercase_and_exact() {
        assert_eq!(unhex::<2>("00ff"), Some([0, 255]));
        assert_eq!(unhex::<2>("00FF"), None);
        assert_eq!(unhex::<2>("00f"), None);
        assert_eq!(hex(&[0, 255]), "00ff");
    }
}
