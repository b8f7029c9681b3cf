//! Orgs, appointments, joint spaces, witnesses of the root.

use super::*;

pub(super) fn appointing(set: &mut Set) {
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
