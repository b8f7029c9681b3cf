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
    Adoption, Appointment, Audience, Body, Directory, FoundingStatement, Ground, Issuer, Level, MayAppoint,
    Org, Policy, Purpose, Revocation, Role, SignedStatement, Space, Statement, StatementFault, Succession,
    Validity, sign_as_founders,
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
    let orgs: Vec<OrgId> = directory.orgs().map(|org| org.id).collect();
    let root: Vec<StatementId> = directory.root_authorities().iter().map(|root| root.by).collect();
    Ok(json!({"faults": faults, "orgs": orgs, "line": root, "policy": directory.policy()}))
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

pub(super) fn all(files: &mut Files) {
    let federation = Federation::new();
    let base = base();
    let mut set = Set {
        vectors: vec![good("the base alone", json!({}))],
        federation,
    };
    appointing(&mut set);
    resting(&mut set);
    revoking(&mut set);
    succeeding(&mut set);
    let head = json!({"federation": base});
    category(files, "directory", head, set.vectors, |input| judge(&base, input));
}

fn appointing(set: &mut Set) {
    set.person("a person, by the org", SHIQIAO, |_| {});
    set.person("a person, by the org above", FENGDU, |_| {});
    set.person("by an org two levels above", COUNTY, |_| {});
    set.person("by a sister org", YUNLING, |_| {});
    set.person("roles out of order", SHIQIAO, |a| {
        a.roles = vec![Role::Secretary, Role::StationHead]
    });
    set.person("a long name", SHIQIAO, |a| a.name = "x".repeat(121));
    set.person("outside of the issuer's time", SHIQIAO, |a| {
        a.validity.not_after.0 += 1
    });
    set.person("an empty time", SHIQIAO, |a| {
        a.validity.not_after = a.validity.not_before
    });
    set.person("a person who may appoint", SHIQIAO, |a| {
        a.may_appoint = Some(MayAppoint::all(0))
    });
    set.person("a deputy without a seat", SHIQIAO, |a| {
        a.roles = vec![Role::Deputy]
    });
    set.person("a seat without the role", SHIQIAO, |a| {
        a.seat = Some(Level::Station)
    });
    set.person("a seat above the issuer", SHIQIAO, |a| {
        (a.roles, a.seat) = (vec![Role::Deputy], Some(Level::County))
    });
    set.person("a seat at the issuer's level", FENGDU, |a| {
        (a.roles, a.seat) = (vec![Role::Deputy], Some(Level::Township))
    });
    set.person("possession of another purpose", SHIQIAO, |a| {
        (a.purpose, a.roles) = (Purpose::Node, vec![])
    });
    set.person("possession of another org", FENGDU, |a| a.org = org(FENGDU));
    set.person("an org that nobody described", SHIQIAO, |a| {
        a.org = OrgId([9; 16])
    });
    let node = Appointment {
        person: Some(crate::id::PersonId([1; 16])),
        ..set.federation.appointment(&key("n"), org(SHIQIAO), Purpose::Node)
    };
    set.one(
        "a node that is a person",
        SHIQIAO,
        Body::Appointment(node.clone()),
    );
    set.one(
        "a node with roles",
        SHIQIAO,
        Body::Appointment(Appointment {
            person: None,
            roles: vec![Role::Secretary],
            ..node
        }),
    );
    let own = set.federation.keys(org(SHIQIAO)).authority.clone();
    let own = set.federation.appointment(&own, org(SHIQIAO), Purpose::Person);
    set.one("a key that appoints itself", SHIQIAO, Body::Appointment(own));
    let witness = set.federation.keys(org(YUNLING)).witness.clone();
    let second = set.federation.appointment(&witness, org(SHIQIAO), Purpose::Node);
    set.one("a second purpose of a key", SHIQIAO, Body::Appointment(second));
    let root = set
        .federation
        .appointment(&key("990100 authority"), org(SHIQIAO), Purpose::Node);
    set.one("the root's authority as a node", SHIQIAO, Body::Appointment(root));

    set.authority("an authority below", FENGDU, SHIQIAO, |_| {});
    set.authority("too much depth below", FENGDU, SHIQIAO, |a| {
        a.may_appoint = Some(MayAppoint::all(1))
    });
    set.authority("its own depth in the own org", FENGDU, FENGDU, |a| {
        a.may_appoint = Some(MayAppoint::all(1))
    });
    set.authority("an authority with roles", FENGDU, SHIQIAO, |a| {
        a.roles = vec![Role::Secretary]
    });
    set.authority("an authority that gives nothing", FENGDU, SHIQIAO, |a| {
        a.may_appoint = None
    });

    set.org("a new org", FENGDU, |_| {});
    set.org("another parent", COUNTY, |_| {});
    set.org("minted for another", FENGDU, |o| {
        o.id = OrgId::mint(&org(QINGYA), [7; 8])
    });
    set.org("a level not below", FENGDU, |o| o.level = Level::Street);
    set.org("without depth", SHIQIAO, |o| {
        (o.parent, o.id) = (Some(org(SHIQIAO)), OrgId::mint(&org(SHIQIAO), [7; 8]))
    });
    set.org("a blank name", FENGDU, |o| o.name_zh = "　".into());
    set.org("a code with a letter", FENGDU, |o| o.code = "9901211032o3".into());

    let joint = |owner: &str, partner: OrgId| {
        Body::JointSpace(Space::joint(org(owner), [partner], Level::City, 2026))
    };
    set.one("a joint space", FENGDU, joint(FENGDU, org(QINGYA)));
    set.one("a joint space of another", FENGDU, joint(QINGYA, org(FENGDU)));
    set.one("a joint space with itself", FENGDU, joint(FENGDU, org(FENGDU)));
    set.one(
        "a joint space with a stranger",
        FENGDU,
        joint(FENGDU, OrgId([9; 16])),
    );
    set.one(
        "no joint space",
        FENGDU,
        Body::JointSpace(Space::of(org(FENGDU), Audience::City)),
    );
    set.one(
        "witnesses of the root by another",
        COUNTY,
        Body::RootWitnesses(vec![org(COUNTY)]),
    );
    set.one(
        "a witness of the root that is no child",
        CITY,
        Body::RootWitnesses(vec![org(FENGDU)]),
    );
    set.one(
        "a policy",
        CITY,
        Body::Policy(Policy {
            levels: vec![Level::City, Level::County],
        }),
    );
    set.one(
        "a policy by another",
        COUNTY,
        Body::Policy(Policy {
            levels: vec![Level::City],
        }),
    );
    set.one(
        "levels out of order",
        CITY,
        Body::Policy(Policy {
            levels: vec![Level::County, Level::City],
        }),
    );
    set.one(
        "two levels of one rank",
        CITY,
        Body::Policy(Policy {
            levels: vec![Level::Township, Level::Street],
        }),
    );
}

fn resting(set: &mut Set) {
    let federation = &set.federation;
    let body = || Body::Appointment(person(federation, SHIQIAO));
    let stranger = key("stranger");
    let fengdu = federation.keys(org(FENGDU)).appointment;
    let by_stranger = signed(federation, &stranger, org(FENGDU), fengdu, body());
    let of_root = signed(
        federation,
        &stranger,
        org(CITY),
        None,
        Body::RootWitnesses(vec![]),
    );
    let missing = signed(
        federation,
        &stranger,
        org(FENGDU),
        Some(StatementId([1; 32])),
        body(),
    );
    let other = {
        let key = federation.keys(org(SHIQIAO)).clone();
        let issuer = Issuer {
            org: org(SHIQIAO),
            key: key.authority.public(),
            appointment: key.appointment,
            issued: START,
            founding: StatementId([2; 32]),
        };
        SignedStatement::sign(Statement { issuer, body: body() }, &key.authority)
    };
    let foreign = federation.sign(
        org(COUNTY),
        Body::Appointment(Appointment {
            may_appoint: Some(MayAppoint::all(0)),
            ..federation.appointment(&stranger, org(SHIQIAO), Purpose::Authority)
        }),
    );
    let below = signed(federation, &stranger, org(SHIQIAO), Some(foreign.id()), body());
    let chain = |length: usize| {
        let keys = federation.keys(org(FENGDU)).clone();
        let mut above = (keys.authority, keys.appointment);
        let mut all = Vec::new();
        for n in 0..length {
            let next = key(&format!("long {n}"));
            let appointment = Appointment {
                may_appoint: Some(MayAppoint::all(1)),
                ..federation.appointment(&next, org(FENGDU), Purpose::Authority)
            };
            let statement = signed(
                federation,
                &above.0,
                org(FENGDU),
                above.1,
                Body::Appointment(appointment),
            );
            above = (next, Some(statement.id()));
            all.push(statement);
        }
        all
    };
    let chain = chain(15);
    let gone = json!({"without": [fengdu]});
    set.more("by a key that nobody appointed", &[&by_stranger]);
    set.more("as the root, by another key", &[&of_root]);
    set.more("by an appointment that is not held", &[&missing]);
    set.more("of another federation", &[&other]);
    set.more("below what does not stand", &[&foreign, &below]);
    set.more("a chain of 17", &chain.iter().collect::<Vec<_>>());
    set.vectors.push(good("without the township's authority", gone));
}

fn revoking(set: &mut Set) {
    let federation = &set.federation;
    let fengdu = federation.keys(org(FENGDU)).appointment.expect("appointed");
    let soft = |change: &dyn Fn(&mut Revocation)| {
        let mut made = revocation(fengdu, Ground::Soft);
        change(&mut made);
        Body::Revocation(made)
    };
    let by = |issuer: &str, change: &dyn Fn(&mut Revocation)| federation.sign(org(issuer), soft(change));
    let issued: Vec<_> = federation
        .statements()
        .iter()
        .filter(|s| s.issuer().appointment == Some(fengdu))
        .collect();
    let mut tags: Vec<_> = issued.iter().map(|s| s.id().tag()).collect();
    tags.sort_unstable();
    let ids: Vec<StatementId> = {
        let mut ids: Vec<_> = issued.iter().map(|s| s.id()).collect();
        ids.sort_unstable();
        ids
    };
    let adopts = |issuer: &str, statements: &[StatementId]| {
        federation.sign(
            org(issuer),
            Body::Adoption(Adoption {
                changes: vec![],
                statements: statements.to_vec(),
            }),
        )
    };
    let plain = by(COUNTY, &|_| {});
    let words = by(COUNTY, &|r| r.words = " ".into());
    let order = by(COUNTY, &|r| r.keeps = tags.iter().rev().copied().collect());
    let all_kept = by(COUNTY, &|r| r.keeps = tags.clone());
    let by_root = by(CITY, &|_| {});
    let by_sister = by(QINGYA, &|_| {});
    let by_itself = by(FENGDU, &|_| {});
    let unknown = by(COUNTY, &|r| r.appointment = StatementId([1; 32]));
    let no_appointment = by(COUNTY, &|r| r.appointment = federation.statements()[2].id());
    let node = federation.statements().iter().find(|s| {
        s.appointment()
            .is_some_and(|a| a.purpose == Purpose::Node && a.org == org(SHIQIAO))
    });
    let node = node.expect("a node").id();
    let keeps_of_node = by(COUNTY, &|r| (r.appointment, r.keeps) = (node, vec![node.tag()]));
    let of_node = by(FENGDU, &|r| {
        (r.appointment, r.ground) = (
            node,
            Ground::Hard {
                since_s: Some(START.seconds()),
            },
        )
    });
    let node_anew = {
        let of_node = federation.keys(org(SHIQIAO)).node.clone();
        let again = federation.appointment(&of_node, org(SHIQIAO), Purpose::Node);
        let validity = Validity {
            not_before: Timestamp(START.0 + DAY),
            ..again.validity
        };
        federation.sign(org(FENGDU), Body::Appointment(Appointment { validity, ..again }))
    };
    let adopted = adopts(COUNTY, &ids);
    let by_below = adopts(SHIQIAO, &ids);
    let own_revocation = federation.sign(
        org(FENGDU),
        Body::Revocation(revocation(node, Ground::Hard { since_s: None })),
    );
    let changes = federation.sign(
        org(HEWAN),
        Body::Adoption(Adoption {
            changes: vec![ChangeId([1; 32])],
            statements: vec![],
        }),
    );
    let nothing = federation.sign(
        org(HEWAN),
        Body::Adoption(Adoption {
            changes: vec![],
            statements: vec![],
        }),
    );
    let of_adoption = adopts(COUNTY, &[by_below.id()]);
    let pair = {
        let again = |n: u8| {
            let mut made = revocation(fengdu, Ground::Soft);
            made.words = format!("理由{n}");
            made.keeps = tags[..1].to_vec();
            federation.sign(org(COUNTY), Body::Revocation(made))
        };
        [again(1), again(2)]
    };
    set.more("a township's authority is revoked", &[&plain]);
    set.more("revoked without a reason", &[&words]);
    set.more("what is kept, out of order", &[&order]);
    set.more("revoked, and all is kept", &[&all_kept]);
    set.more("revoked by the root", &[&by_root]);
    set.more("revoked by a sister org", &[&by_sister]);
    set.more("revoked by itself", &[&by_itself]);
    set.more("revokes what is not held", &[&unknown]);
    set.more("revokes what is no appointment", &[&no_appointment]);
    set.more("keeps statements of a node", &[&keeps_of_node]);
    set.more("a node is revoked", &[&of_node]);
    set.more("a node whose key was stolen is appointed anew", &[&of_node, &node_anew]);
    set.more("revoked, and adopted from above", &[&plain, &adopted]);
    set.more("revoked, and adopted from below", &[&plain, &by_below]);
    set.more(
        "a revocation under a revoked authority",
        &[&plain, &own_revocation],
    );
    set.more("an adoption is never adopted", &[&plain, &by_below, &of_adoption]);
    set.more("an adoption of changes", &[&changes]);
    set.more("an adoption of nothing", &[&nothing]);
    set.more("revoked twice, each keeps one", &[&pair[0], &pair[1]]);
}

fn succeeding(set: &mut Set) {
    let federation = &set.federation;
    let founders = Federation::founders();
    let (one, two) = (key("root authority 2"), key("root authority 3"));
    let first = federation.founding.id();
    let root = org(CITY);
    let of_root = |s: &SignedStatement| s.issuer().org == root;
    let kept = succession(federation, first, &one, of_root);
    let none = succession(federation, first, &two, |_| false);
    let good_one = carried(federation, &kept, &founders[..2], &one);
    let bare = carried(federation, &none, &founders[..2], &two);
    let too_few = carried(federation, &kept, &founders[..1], &one);
    let by_another = carried(federation, &kept, &founders[..2], &two);
    let by_all = carried(federation, &kept, &founders, &one);
    let later = Succession {
        previous: StatementId(crate::id::Hash::of("lianzhan/succession-id/v1", &[&encode(&kept)]).0),
        authority: two.public(),
        ..kept.clone()
    };
    let later = carried(federation, &later, &founders[1..], &two);
    let same_key = Succession {
        authority: key("990100 authority").public(),
        keeps: vec![],
        ..kept.clone()
    };
    let same_key = carried(federation, &same_key, &founders[..2], &key("990100 authority"));
    let version = carried(
        federation,
        &Succession {
            version: 2,
            ..kept.clone()
        },
        &founders[..2],
        &one,
    );
    let unread = signed(federation, &one, root, None, Body::Succession(vec![0x80]));
    let adoption = {
        let mut statements: Vec<_> = federation
            .statements()
            .iter()
            .filter(|s| of_root(s))
            .map(|s| s.id())
            .collect();
        statements.sort_unstable();
        signed(
            federation,
            &two,
            root,
            None,
            Body::Adoption(Adoption {
                changes: vec![],
                statements,
            }),
        )
    };
    let by_old = federation.sign(
        root,
        Body::Policy(Policy {
            levels: vec![Level::City],
        }),
    );
    let by_new = signed(
        federation,
        &one,
        root,
        None,
        Body::Policy(Policy {
            levels: vec![Level::County],
        }),
    );
    let elsewhere = {
        let bytes = sign_as_founders(encode(&kept), b"lianzhan/succession/v1", &founders[..2]);
        let issuer = Issuer {
            founding: StatementId([2; 32]),
            ..good_one.issuer().clone()
        };
        let body = Body::Succession(bytes);
        SignedStatement::sign(Statement { issuer, body }, &one)
    };
    let validity = Validity {
        not_before: START,
        not_after: Timestamp(START.0 + DAY),
    };
    let short = carried(
        federation,
        &Succession {
            validity,
            ..kept.clone()
        },
        &founders[..2],
        &one,
    );
    let root_key = key("990100 authority");
    let again = |change: fn(&mut Succession)| {
        let mut again = Succession {
            authority: root_key.public(),
            keeps: vec![],
            ..kept.clone()
        };
        change(&mut again);
        carried(federation, &again, &founders[..2], &root_key)
    };
    let losses = [
        (
            "the same key, begins later",
            again(|s| s.validity.not_before.0 += 1),
        ),
        (
            "the same key, ends earlier",
            again(|s| s.validity.not_after.0 -= 1),
        ),
        (
            "the same key, gives fewer roles",
            again(|s| s.may_appoint.roles.truncate(1)),
        ),
        (
            "the same key, gives less depth",
            again(|s| s.may_appoint.depth -= 1),
        ),
    ];
    set.more("a succession that keeps what was", &[&good_one]);
    set.more("a succession that keeps nothing", &[&bare]);
    set.more("what it does not keep, adopted", &[&bare, &adoption]);
    set.more("too few founders", &[&too_few]);
    set.more("carried by another key", &[&by_another]);
    set.more("carried twice", &[&good_one, &by_all]);
    set.more("carried in another federation", &[&elsewhere]);
    set.more("two of one predecessor", &[&good_one, &bare]);
    set.more("one after the other", &[&good_one, &later]);
    set.more("the second without the first", &[&later]);
    set.more("the same key goes on", &[&same_key]);
    set.more("version 2 of a succession", &[&version]);
    set.more("a succession that cannot be read", &[&unread]);
    set.more("said by the retired authority after", &[&good_one, &by_old]);
    set.more("said by the new authority", &[&good_one, &by_new]);
    set.more("a shorter time does not reach back", &[&short]);
    for (name, statement) in &losses {
        set.more(name, &[statement]);
    }
}
