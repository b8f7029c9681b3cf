//! Sets of statements: which stand, and why the others do not.

use serde_json::{Map, Value, json};

use super::{Files, Found, Vector, category, good, hex, list_of, reason, text_of, unhex};
use crate::codec::encode;
use crate::id::{ChangeId, OrgId, StatementId};
use crate::keys::SecretKey;
use crate::testing::{
    CITY, COUNTY, DAY, FENGDU, Federation, HEWAN, QINGYA, SHIQIAO, START, YUNLING, decade, key, org,
};
use crate::time::Timestamp;
use crate::trust::{
    Adoption, Appointment, Audience, Becomes, Body, Directory, FoundingStatement, Ground, Issuer, Level,
    MayAppoint, Org, OrgChange, Placed, Policy, Purpose, Revocation, Role, SignedStatement, Space, Statement,
    StatementFault, Succession, Validity, sign_as_founders,
};

/// The identifier of a fault, with what is inside of it.
fn fault(fault: &StatementFault) -> String {
    match fault {
        StatementFault::Issuer(inner) => format!("issuer/{}", self::fault(inner)),
        other => reason(other),
    }
}

/// The federation of the vectors, as it is before any of them adds to it.
pub(super) fn base() -> Value {
    let federation = Federation::new();
    let statements: Vec<Value> = federation.statements().iter().map(|s| hex(s.bytes())).collect();
    json!({"founding": hex(federation.founding.bytes()), "statements": statements})
}

/// The directory of a vector: the base without some, and with more.
pub(super) fn of(base: &Value, input: &Value) -> Directory {
    let open =
        |text: &Value| SignedStatement::open(&unhex(text.as_str().expect("hex"))).expect("a statement");
    let founding = FoundingStatement::open(&unhex(text_of(base, "founding"))).expect("founded");
    let without = list_of(input, "without");
    let known = list_of(base, "statements").iter().map(open);
    let known = known.filter(|statement| !without.contains(&json!(statement.id())));
    let mut directory = Directory::new(founding);
    directory.extend(known.chain(list_of(input, "more").iter().map(open)));
    directory
}

fn judge(base: &Value, input: &Value) -> Found {
    let directory = of(base, input);
    let faults: Map<String, Value> = directory
        .faults()
        .iter()
        .map(|(id, found)| (id.to_string(), fault(found).into()))
        .collect();
    let revoked: Map<String, Value> = directory
        .statements()
        .map(|statement| (statement.id(), directory.revoked(&statement.id())))
        .filter(|(_, revoked)| !revoked.is_empty())
        .map(|(id, revoked)| {
            let by: Vec<StatementId> = revoked.iter().map(|revoked| revoked.by).collect();
            (id.to_string(), json!(by))
        })
        .collect();
    let orgs: Vec<OrgId> = directory.orgs().map(|org| org.id).collect();
    let root: Vec<StatementId> = directory.root_authorities().iter().map(|root| root.by).collect();
    let mut found = json!({"faults": faults, "orgs": orgs, "line": root, "policy": directory.policy(), "revoked": revoked});
    let changed = |id: &&OrgId| directory.changes_of(id).next().is_some();
    let changed: Vec<&OrgId> = orgs.iter().filter(changed).collect();
    if !changed.is_empty() {
        let lines = |id: &&OrgId| {
            let lines = (1..=directory.generation(id)).map(|place| directory.line_at(**id, place));
            (id.to_string(), json!(lines.collect::<Vec<_>>()))
        };
        let ends = |id: &&OrgId| {
            let by = directory.ended(id)?.successors().iter().map(|next| next.org);
            Some((id.to_string(), json!(by.collect::<Vec<_>>())))
        };
        found["lines"] = changed.iter().map(lines).collect::<Map<_, _>>().into();
        found["ends"] = changed.iter().filter_map(ends).collect::<Map<_, _>>().into();
    }
    Ok(found)
}

/// Signs as whoever, for whatever reason.
pub(super) fn signed(
    federation: &Federation,
    by: &SecretKey,
    of: OrgId,
    appointment: Option<StatementId>,
    body: Body,
) -> SignedStatement {
    let issuer = Issuer {
        org: of,
        key: by.public(),
        appointment,
        issued: START,
        founding: federation.founding.id(),
    };
    SignedStatement::sign(Statement { issuer, body }, by)
}

pub(super) fn revocation(appointment: StatementId, ground: Ground) -> Revocation {
    Revocation {
        appointment,
        ground,
        words: "离任".into(),
        cut: vec![],
        keeps: vec![],
    }
}

/// A succession that two founders sign, with a new authority.
pub(super) fn succession(
    federation: &Federation,
    previous: StatementId,
    authority: &SecretKey,
    keep: impl Fn(&SignedStatement) -> bool,
) -> Succession {
    let mut keeps: Vec<_> = federation
        .statements()
        .iter()
        .filter(|s| keep(s))
        .map(|s| s.id().tag())
        .collect();
    keeps.sort_unstable();
    let plain = Federation::founding();
    Succession {
        version: 1,
        previous,
        founders: plain.founders,
        threshold: plain.threshold,
        authority: authority.public(),
        validity: decade(),
        may_appoint: MayAppoint::all(3),
        keeps,
    }
}

pub(super) fn carried(
    federation: &Federation,
    succession: &Succession,
    founders: &[SecretKey],
    authority: &SecretKey,
) -> SignedStatement {
    let bytes = sign_as_founders(encode(succession), b"lianzhan/succession/v1", founders);
    signed(federation, authority, org(CITY), None, Body::Succession(bytes))
}

struct Set {
    vectors: Vec<Vector>,
    federation: Federation,
}

impl Set {
    fn more(&mut self, name: &str, statements: &[&SignedStatement]) {
        let more: Vec<Value> = statements.iter().map(|s| hex(s.bytes())).collect();
        self.vectors.push(good(name, json!({"more": more})));
    }

    fn one(&mut self, name: &str, issuer: &str, body: Body) {
        let statement = self.federation.sign(org(issuer), body);
        self.more(name, &[&statement]);
    }

    /// A person at SHIQIAO, appointed by `issuer`, as `change` makes it.
    fn person(&mut self, name: &str, issuer: &str, change: impl Fn(&mut Appointment)) {
        let mut appointment = person(&self.federation, SHIQIAO);
        change(&mut appointment);
        self.one(name, issuer, Body::Appointment(appointment));
    }

    fn authority(&mut self, name: &str, issuer: &str, of: &str, change: impl Fn(&mut Appointment)) {
        let mut appointment = Appointment {
            may_appoint: Some(MayAppoint::all(0)),
            ..self
                .federation
                .appointment(&key("another authority"), org(of), Purpose::Authority)
        };
        change(&mut appointment);
        self.one(name, issuer, Body::Appointment(appointment));
    }

    fn org(&mut self, name: &str, issuer: &str, change: impl Fn(&mut Org)) {
        let mut described = Org {
            id: OrgId::mint(&org(FENGDU), [7; 8]),
            parent: Some(org(FENGDU)),
            level: Level::Station,
            name_zh: "新站".into(),
            name_en: "New Station".into(),
            code: "990121103203".into(),
        };
        change(&mut described);
        self.one(name, issuer, Body::Org(described));
    }
}

fn person(federation: &Federation, of: &str) -> Appointment {
    Appointment {
        roles: vec![Role::Secretary],
        name: "王建国".into(),
        ..federation.appointment(&key("someone"), org(of), Purpose::Person)
    }
}

mod appointing;
mod moving;
mod resting;
mod revoking;
mod succeeding;

pub(super) use moving::moved;

pub(super) fn all(files: &mut Files) {
    let federation = Federation::new();
    let base = base();
    let mut set = Set {
        vectors: vec![good("the base alone", json!({}))],
        federation,
    };
    appointing::appointing(&mut set);
    resting::resting(&mut set);
    revoking::revoking(&mut set);
    succeeding::succeeding(&mut set);
    moving::moving(&mut set);
    let head = json!({"federation": base});
    category(files, "directory", head, set.vectors, |input| judge(&base, input));
}
