//! Who may say what: orgs, appointments and the directory that judges them, from the founding statement downward.
//! Knows nothing of logs and records.

mod appointment;
mod cose_sign;
mod directory;
mod founding;
mod org;
mod org_change;
mod revocation;
mod role;
mod space;
mod statement;
mod succession;

pub use appointment::{Appointment, MayAppoint, Purpose, Validity, possession_message};
pub use directory::{AppointmentFault, Chain, Directory, StatementFault};
pub use founding::{Founding, FoundingError, FoundingStatement};
pub use org::{Level, Org, OrgFault};
pub use org_change::{Becomes, Changed, OrgChange, Placed};
pub use revocation::{Adoption, Cut, Ground, Policy, Revocation, Revoked};
pub use role::Role;
pub use space::{Audience, Joint, Space};
pub use statement::{Body, Issuer, SignedStatement, Statement, StatementError};
pub use succession::{RootAuthority, Succession, SuccessionStatement};

/// What founders sign, for tests that need what [`FoundingStatement::sign`] does not sign.
#[cfg(test)]
pub(crate) fn sign_as_founders(payload: Vec<u8>, aad: &[u8], keys: &[crate::keys::SecretKey]) -> Vec<u8> {
    cose_sign::sign(payload, aad, keys).expect("memory does not fail")
}

/// A COSE_Sign by one key with protected headers in whatever encoding: what a hostile founder can sign.
#[cfg(test)]
pub(crate) fn sign_with_headers(
    payload: Vec<u8>,
    aad: &[u8],
    key: &crate::keys::SecretKey,
    body_protected: &[u8],
    protected: &[u8],
) -> Vec<u8> {
    use coset::{CborSerializable, CoseSignBuilder, CoseSignature, ProtectedHeader, cbor::Value};
    let header =
        |bytes: &[u8]| ProtectedHeader::from_cbor_bstr(Value::Bytes(bytes.to_vec())).expect("a header");
    let signature = CoseSignature {
        protected: header(protected),
        ..CoseSignature::default()
    };
    let mut cose = CoseSignBuilder::new().payload(payload).build();
    cose.protected = header(body_protected);
    let signed = cose.tbs_data(aad, &signature);
    cose.signatures = vec![CoseSignature {
        signature: key.sign_raw(&signed).to_vec(),
        ..signature
    }];
    cose.to_vec().expect("memory does not fail")
}

/// A founder's protected header in the one encoding, and in others of the same meaning: keys reversed, a long integer,
/// a map of indefinite length.
#[cfg(test)]
pub(crate) fn founder_headers(kid: &[u8; 32]) -> [Vec<u8>; 4] {
    let id = [&[0x04, 0x58, 0x20][..], kid].concat();
    [
        [&[0xa2, 0x01, 0x27][..], &id].concat(),
        [&[0xa2][..], &id, &[0x01, 0x27]].concat(),
        [&[0xa2, 0x18, 0x01, 0x27][..], &id].concat(),
        [&[0xbf, 0x01, 0x27][..], &id, &[0xff]].concat(),
    ]
}

/// A statement with its protected header in whatever encoding, signed anew.
#[cfg(test)]
pub(crate) fn with_header(
    statement: &SignedStatement,
    key: &crate::keys::SecretKey,
    protected: &[u8],
) -> Vec<u8> {
    use coset::{CborSerializable, CoseSign1, ProtectedHeader, cbor::Value};
    let mut cose = CoseSign1::from_slice(statement.bytes()).expect("a statement");
    cose.protected = ProtectedHeader::from_cbor_bstr(Value::Bytes(protected.to_vec())).expect("a header");
    cose.signature = key.sign_raw(&cose.tbs_data(b"lianzhan/statement/v1")).to_vec();
    cose.to_vec().expect("memory does not fail")
}
