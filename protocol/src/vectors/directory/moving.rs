//! Orgs that move, and orgs that others succeed.

use super::*;

/// SHIQIAO goes from FENGDU to QINGYA, and all that FENGDU appointed there stays, as `change` makes it.
pub(in crate::vectors) fn moved(federation: &Federation, change: impl Fn(&mut OrgChange)) -> OrgChange {
    let known = federation
        .directory()
        .org(&org(SHIQIAO))
        .expect("is known")
        .clone();
    let of_org = |s: &&SignedStatement| {
        s.issuer().org == org(FENGDU) && s.appointment().is_some_and(|a| a.org == org(SHIQIAO))
    };
    let mut keeps: Vec<_> = federation
        .statements()
        .iter()
        .filter(of_org)
        .map(|s| s.id().tag())
        .collect();
    keeps.sort_unstable();
    let mut made = OrgChange {
        org: known.id,
        generation: 2,
        becomes: Becomes::Moved {
            org: Org {
                parent: Some(org(QINGYA)),
                code: "990121204203".into(),
                ..known
            },
            under: 1,
        },
        from: START,
        words: "区划调整".into(),
        cut: vec![],
        keeps,
        hands: vec![],
    };
    change(&mut made);
    made
}

fn described(made: &mut OrgChange, change: impl Fn(&mut Org)) {
    if let Becomes::Moved { org, .. } = &mut made.becomes {
        change(org);
    }
}

fn succeeded(made: &mut OrgChange, by: &[&str]) {
    let mut by: Vec<Placed> = by
        .iter()
        .map(|code| Placed {
            org: org(code),
            generation: 1,
        })
        .collect();
    by.sort_unstable();
    made.becomes = Becomes::Succeeded { by };
}

pub(super) fn moving(set: &mut Set) {
    let says = |set: &mut Set, name: &str, by: &str, change: &dyn Fn(&mut OrgChange)| {
        let made = moved(&set.federation, change);
        set.one(name, by, Body::OrgChange(made));
    };
    says(set, "a station moves, by the county", COUNTY, &|_| {});
    says(set, "a station moves, by the root", CITY, &|_| {});
    says(
        set,
        "a station moves, by the township that it leaves",
        FENGDU,
        &|_| {},
    );
    says(
        set,
        "a station moves, by the township that it comes to",
        QINGYA,
        &|_| {},
    );
    says(set, "a station moves, and nothing is kept", COUNTY, &|m| {
        m.keeps = vec![]
    });
    says(set, "a move to the first place", COUNTY, &|m| m.generation = 1);
    says(set, "a move that skips a place", COUNTY, &|m| m.generation = 3);
    says(set, "a move without a decision", COUNTY, &|m| {
        m.words = " ".into()
    });
    says(set, "a move below a place that is none", COUNTY, &|m| {
        if let Becomes::Moved { under, .. } = &mut m.becomes {
            *under = 2;
        }
    });
    says(set, "a move to another level", COUNTY, &|m| {
        described(m, |org| org.level = Level::Township)
    });
    says(set, "a move with a longer code", COUNTY, &|m| {
        described(m, |org| org.code = "990121204".into())
    });
    says(set, "a move below a sister", COUNTY, &|m| {
        described(m, |o| o.parent = Some(org(YUNLING)))
    });
    says(set, "a move to nowhere", COUNTY, &|m| {
        described(m, |o| o.parent = None)
    });
    says(set, "a move of local spaces", COUNTY, &|m| {
        m.hands = vec![Audience::Local]
    });
    says(set, "a merger across townships", COUNTY, &|m| {
        succeeded(m, &[YUNLING])
    });
    says(set, "a split", COUNTY, &|m| succeeded(m, &[YUNLING, HEWAN]));
    says(
        set,
        "a merger with an org that the stating one is not above",
        FENGDU,
        &|m| succeeded(m, &[YUNLING]),
    );
    says(set, "a merger into nothing", COUNTY, &|m| succeeded(m, &[]));
    says(set, "a merger into a township", COUNTY, &|m| {
        succeeded(m, &[QINGYA])
    });
    says(set, "an org that succeeds itself", CITY, &|m| {
        succeeded(m, &[SHIQIAO])
    });
    let federation = Federation::new();
    let by = |issuer: &str, made: OrgChange| federation.sign(org(issuer), Body::OrgChange(made));
    let plain = by(COUNTY, moved(&federation, |_| {}));
    let stays = by(
        CITY,
        moved(&federation, |m| described(m, |o| o.parent = Some(org(FENGDU)))),
    );
    set.more("of two moves the one stated higher", &[&plain, &stays]);
    let back = by(
        COUNTY,
        moved(&federation, |m| {
            m.generation = 3;
            m.keeps = vec![];
            described(m, |o| o.parent = Some(org(FENGDU)));
        }),
    );
    set.more("a station moves and comes back", &[&plain, &back]);
    set.more("a second move without the first", &[&back]);
    let late = federation.sign(org(FENGDU), Body::Appointment(person(&federation, SHIQIAO)));
    let adopts = |issuer: &str| {
        federation.sign(
            org(issuer),
            Body::Adoption(Adoption {
                changes: vec![],
                statements: vec![late.id()],
            }),
        )
    };
    set.more("the parent that it left appoints", &[&plain, &late]);
    set.more("and adopts it itself", &[&plain, &late, &adopts(FENGDU)]);
    set.more("and the county adopts it", &[&plain, &late, &adopts(COUNTY)]);
    let comes = federation.sign(org(QINGYA), Body::Appointment(person(&federation, SHIQIAO)));
    set.more("the parent that it came to appoints", &[&plain, &comes]);
    let station = federation.keys(org(SHIQIAO)).appointment.expect("is no root");
    let revokes = |issuer: &str, appointment| {
        federation.sign(
            org(issuer),
            Body::Revocation(revocation(appointment, Ground::Soft)),
        )
    };
    set.more(
        "the parent that it came to revokes its authority",
        &[&plain, &revokes(QINGYA, station)],
    );
    set.more(
        "the parent that it left revokes its authority",
        &[&plain, &revokes(FENGDU, station)],
    );
    set.more(
        "the parent that it left revokes what the new one appointed",
        &[&plain, &comes, &revokes(FENGDU, comes.id())],
    );
    set.more(
        "a township revokes in a station that did not come to it",
        &[&revokes(QINGYA, station)],
    );
    let there = by(CITY, moved(&federation, |m| succeeded(m, &[YUNLING])));
    let again = by(
        COUNTY,
        moved(&federation, |m| {
            m.org = org(YUNLING);
            succeeded(m, &[SHIQIAO]);
        }),
    );
    set.more("two that succeed each other", &[&there, &again]);
    let first = by(COUNTY, moved(&federation, |m| succeeded(m, &[HEWAN])));
    set.more("two mergers of one org", &[&there, &first]);
    let township = by(
        CITY,
        moved(&federation, |m| {
            let known = federation
                .directory()
                .org(&org(FENGDU))
                .expect("is known")
                .clone();
            m.org = known.id;
            m.keeps = vec![];
            m.becomes = Becomes::Moved {
                org: Org {
                    parent: Some(org(CITY)),
                    ..known
                },
                under: 1,
            };
        }),
    );
    set.more("a township moves, and nothing of it is kept", &[&township]);
    let along = by(
        CITY,
        moved(&federation, |m| {
            if let Becomes::Moved { org: o, under } = &mut m.becomes {
                (o.parent, *under) = (Some(org(FENGDU)), 2);
            }
        }),
    );
    set.more("and a station along with it", &[&township, &along]);
    set.more("a station along with a township that did not move", &[&along]);
}
