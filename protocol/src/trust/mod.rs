//! Who may say what: orgs, appointments and the directory that judges them, from the founding statement downward.
//! Knows nothing of logs and records.

mod appointment;
mod cose_sign;
mod directory;
mod founding;
mod org;
mod revocation;
mod role;
mod space;
mod statement;
mod succession;

pub use appointment::{Appointment, MayAppoint, Purpose, Validity, possession_message};
pub use directory::{AppointmentFault, Chain, Directory, StatementFault};
pub use founding::{Founding, FoundingError, FoundingStatement};
pub use org::{Level, Org, OrgFault};
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
