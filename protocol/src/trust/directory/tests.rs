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
    Adoption, Audience, Cut, Founding, FoundingError, FoundingStatement, Ground, Issuer, MayAppoint,
    Revocation, Role, Statement, StatementError, Succession, Validity,
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

/// Who states something in the name of an org.
#[derive(Clone)]
struct Speaker {
    org: OrgId,
    key: SecretKey,
    appointment: Option<StatementId>,
}

impl Speaker {
    /// The authority that the federation has in the org with this code.
    fn of(federation: &Federation, code: &str) -> Self {
        let keys = federation.keys(org(code)).clone();
        Speaker {
            org: org(code),
            key: keys.authority,
            appointment: keys.appointment,
        }
    }

    fn says_at(&self, issued: i64, federation: &Federation, body: Body) -> SignedStatement {
        let issuer = Issuer {
            org: self.org,
            key: self.key.public(),
            appointment: self.appointment,
            issued: Timestamp(issued),
            founding: federation.founding.id(),
        };
        SignedStatement::sign(Statement { issuer, body }, &self.key)
    }

    fn says(&self, federation: &Federation, body: Body) -> SignedStatement {
        self.says_at(START.0, federation, body)
    }

    /// A further authority of the org with this code, which may describe and appoint `depth` levels down.
    fn empowers(&self, federation: &mut Federation, code: &str, label: &str, depth: u8) -> Self {
        let key = key(label);
        let appointment = Appointment {
            may_appoint: Some(MayAppoint::all(depth)),
            ..federation.appointment(&key, org(code), Purpose::Authority)
        };
        let statement = self.says(federation, Body::Appointment(appointment));
        Speaker {
            org: org(code),
            key,
            appointment: Some(federation.add(statement)),
        }
    }

    /// A person of its org.
    fn appoints(&self, federation: &mut Federation, label: &str) -> StatementId {
        let appointment = Appointment {
            roles: vec![Role::Secretary],
            ..federation.appointment(&key(label), self.org, Purpose::Person)
        };
        let statement = self.says(federation, Body::Appointment(appointment));
        federation.add(statement)
    }
}

/// The end of an appointment, with nothing kept.
fn revocation(appointment: StatementId) -> Revocation {
    Revocation {
        appointment,
        ground: Ground::Soft,
        words: "离任".into(),
        cut: Vec::new(),
        keeps: Vec::new(),
    }
}

/// The end of an appointment under which `keeps` go on standing.
fn keeping(appointment: StatementId, keeps: impl IntoIterator<Item = StatementId>) -> Body {
    let mut keeps: Vec<_> = keeps.into_iter().map(|id| id.tag()).collect();
    keeps.sort_unstable();
    Body::Revocation(Revocation {
        keeps,
        ..revocation(appointment)
    })
}

fn revoking(appointment: StatementId) -> Body {
    Body::Revocation(revocation(appointment))
}

fn adopting(statements: impl IntoIterator<Item = StatementId>) -> Body {
    let mut statements: Vec<_> = statements.into_iter().collect();
    statements.sort_unstable();
    statements.dedup();
    Body::Adoption(Adoption {
        changes: Vec::new(),
        statements,
    })
}

/// What the directory says of one statement.
fn standing(directory: &Directory, id: &StatementId) -> Result<(), StatementFault> {
    assert!(directory.statement(id).is_some(), "is held");
    directory.faults().get(id).cloned().map_or(Ok(()), Err)
}

/// Whether one more pass of judging finds what was found.
fn is_at_rest(directory: &Directory) -> bool {
    let line = Line::of(directory);
    let misused = directory.misused(&line);
    let (standing, effects) = directory.pass(&line, &misused.statements, &directory.standing.effects);
    standing.faults == directory.standing.faults && effects == directory.standing.effects
}

mod appointing;
mod bytes;
mod converging;
mod founding;
mod holding;
mod moving;
mod policy;
mod resting;
mod revoking;
mod succeeding;
