//! COSE_Sign (RFC 9052 section 4.1) in the one form that founders write: a payload, and signatures that name algorithm
//! and key alone.

use coset::{
    CborSerializable, CoseSign, CoseSignBuilder, CoseSignature, CoseSignatureBuilder, Header, HeaderBuilder,
    ProtectedHeader, iana,
};

use super::founding::FoundingError;
use crate::keys::{KeyError, PublicKey, SecretKey};

/// Signs `payload` with each key.
pub(super) fn sign(payload: Vec<u8>, aad: &[u8], keys: &[SecretKey]) -> Result<Vec<u8>, FoundingError> {
    let mut builder = CoseSignBuilder::new().payload(payload);
    for key in keys {
        let protected = HeaderBuilder::new()
            .algorithm(iana::Algorithm::EdDSA)
            .key_id(key.public().ed25519_bytes().to_vec())
            .build();
        let signature = CoseSignatureBuilder::new().protected(protected).build();
        builder = builder.add_created_signature(signature, aad, |message| key.sign_raw(message).to_vec());
    }
    builder
        .build()
        .to_vec()
        .map_err(|e| FoundingError::Cose(e.to_string()))
}

/// One message with the signatures of several over the same payload, each key once.
pub(super) fn join(parts: &[Vec<u8>], max: usize) -> Result<Vec<u8>, FoundingError> {
    let mut parts = parts.iter().map(|part| open(part, max).map(|opened| opened.cose));
    let none = || FoundingError::Content("nobody signed");
    let mut joined = parts.next().ok_or_else(none)??;
    for part in parts {
        let part = part?;
        if part.payload != joined.payload {
            return Err(FoundingError::Content("not all signed the same"));
        }
        for signature in part.signatures {
            let key = &signature.protected.header.key_id;
            if joined
                .signatures
                .iter()
                .all(|known| known.protected.header.key_id != *key)
            {
                joined.signatures.push(signature);
            }
        }
    }
    joined.to_vec().map_err(|e| FoundingError::Cose(e.to_string()))
}

/// The payload, and a parsed message whose signatures are not checked yet.
pub(super) struct Opened {
    cose: CoseSign,
}

/// Reads the one form.
pub(super) fn open(bytes: &[u8], max: usize) -> Result<Opened, FoundingError> {
    if bytes.len() > max {
        return Err(FoundingError::TooLong(bytes.len()));
    }
    let cose = CoseSign::from_slice(bytes).map_err(|e| FoundingError::Cose(e.to_string()))?;
    if cose.clone().to_vec().ok().as_deref() != Some(bytes)
        || cose.protected.original_data.as_deref() != Some(&[])
        || !cose.unprotected.is_empty()
    {
        return Err(FoundingError::Cose("another encoding than ours".into()));
    }
    if !cose.signatures.iter().all(names_algorithm_and_key_alone) {
        return Err(FoundingError::Cose(
            "a signature names its algorithm and key alone".into(),
        ));
    }
    Ok(Opened { cose })
}

fn names_algorithm_and_key_alone(signature: &CoseSignature) -> bool {
    let kid = &signature.protected.header.key_id;
    let expected = HeaderBuilder::new()
        .algorithm(iana::Algorithm::EdDSA)
        .key_id(kid.clone())
        .build();
    !kid.is_empty() && is_written_as(&signature.protected, expected) && signature.unprotected.is_empty()
}

/// Whether a protected header has the canonical bytes of this one. [`coset`] keeps the bytes that it read, and takes other
/// encodings of the same header, too.
pub(super) fn is_written_as(protected: &ProtectedHeader, header: Header) -> bool {
    match header.to_vec() {
        Ok(bytes) => protected.original_data.as_deref() == Some(bytes.as_slice()),
        Err(_) => false,
    }
}

impl Opened {
    pub(super) fn payload(&self) -> &[u8] {
        self.cose.payload.as_deref().unwrap_or_default()
    }

    /// Checks every signature; returns who signed, each of `founders` and once.
    pub(super) fn signers(
        &self,
        aad: &[u8],
        founders: &[PublicKey],
    ) -> Result<Vec<PublicKey>, FoundingError> {
        let mut signers = Vec::new();
        for (which, signature) in self.cose.signatures.iter().enumerate() {
            let fault = |error| FoundingError::Signature { which, error };
            let kid = &signature.protected.header.key_id;
            let kid = <[u8; 32]>::try_from(kid.as_slice()).map_err(|_| fault(KeyError::Malformed))?;
            let key = PublicKey::from_ed25519(kid).map_err(fault)?;
            if !founders.contains(&key) || signers.contains(&key) {
                return Err(fault(KeyError::BadSignature));
            }
            self.cose
                .verify_signature(which, aad, |signature, message| {
                    let signature = <&[u8; 64]>::try_from(signature).map_err(|_| KeyError::BadSignature)?;
                    key.verify_raw(message, signature)
                })
                .map_err(fault)?;
            signers.push(key);
        }
        Ok(signers)
    }
}
