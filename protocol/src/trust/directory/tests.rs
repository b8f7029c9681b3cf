use coset::{CborSerializable, CoseSign, CoseSign1};
use proptest::prelude::*;

use super::*;
use crate::codec::{self, CodecError};
use crate::id::SpaceId;
use crate::keys::SecretKey;
use crate::testing::{
    ALL, CITY, COUNTY, DAY, FENGDU, Federation, HEWAN, LIULIN, QINGYA, SHIQIAO, START, YUNLING, decade, key,
    org,
};
use crate::time::Timestamp;
use crate::trust::{
    Audience, Founding, FoundingError, FoundingStatement, Issuer, MayAppoint, Role, Statement,
    StatementError, Validity,
};

/// A person to be appointed in the org with this code.
fn someone(federation: &Federation, code: &str) -> Appointment {
    let key = key("someone");
    Appointment {
        roles: vec![Role::Secretary],
        ..federation.appointment(&key, org(code), Purpose::Person)
    }
}

/// A further authority of the org with this code, with `depth`.
fn authority(federation: &Federation, code: &str, depth: u8) -> Appointment {
    let key = key("another authority");
    Appointment {
        may_appoint: Some(MayAppoint::all(depth)),
        ..federation.appointment(&key, org(code), Purpose::Authority)
    }
}

/// The directory of the federation with one more statement, and what it says of it.
fn verdict(federation: &Federation, statement: SignedStatement) -> Result<(), StatementFault> {
    let id = statement.id();
    let mut directory = federation.directory();
    assert!(directory.faults().is_empty(), "{:?}", directory.faults());
    directory.extend([statement]);
    directory.faults().get(&id).cloned().map_or(Ok(()), Err)
}

fn appointed(issuer: &str, make: impl Fn(&Federation) -> Appointment) -> Result<(), StatementFault> {
    let federation = Federation::new();
    let appointment = make(&federation);
    verdict(
        &federation,
        federation.sign(org(issuer), Body::Appointment(appointment)),
    )
}

fn described(issuer: &str, id: OrgId, parent: &str, level: Level) -> Result<(), StatementFault> {
    let federation = Federation::new();
    verdict(
        &federation,
        federation.sign(org(issuer), Body::Org(new_org(id, parent, level))),
    )
}

fn new_org(id: OrgId, parent: &str, level: Level) -> Org {
    Org {
        id,
        parent: Some(org(parent)),
        level,
        name_zh: "新站".into(),
        name_en: "New Station".into(),
        code: "990121103203".into(),
    }
}

mod appointing;
mod bytes;
mod founding;
mod holding;
mod resting;
