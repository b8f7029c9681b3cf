//! Revocations and adoptions.

use super::*;

pub(super) fn revoking(set: &mut Set) {
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
    // The node of an org above, as if it served the station as well, and the station revokes what never stood.
    let county_node = federation.keys(org(COUNTY)).node.clone();
    let made_up = Appointment {
        name: "冒名".into(),
        ..federation.appointment(&county_node, org(COUNTY), Purpose::Node)
    };
    let made_up = federation.sign(org(SHIQIAO), Body::Appointment(made_up));
    let hard = |appointment| Body::Revocation(revocation(appointment, Ground::Hard { since_s: None }));
    let of_made_up = federation.sign(org(SHIQIAO), hard(made_up.id()));
    // A second authority of the township, and the same key by the county: what it may not end itself.
    let second = |by: &str, depth| {
        let powers = Appointment {
            may_appoint: Some(MayAppoint::all(depth)),
            ..federation.appointment(&key("second"), org(FENGDU), Purpose::Authority)
        };
        federation.sign(org(by), Body::Appointment(powers))
    };
    let (by_county, by_township) = (second(COUNTY, 1), second(FENGDU, 0));
    let of_second = federation.sign(org(FENGDU), hard(by_township.id()));
    let of_both = federation.sign(org(COUNTY), hard(by_township.id()));
    // Issued in the name of an org that nobody described.
    let nowhere = OrgId::mint(&org(CITY), [0x77; 8]);
    let by_nowhere = signed(
        federation,
        &key("nowhere"),
        nowhere,
        Some(fengdu),
        Body::Appointment(person(federation, SHIQIAO)),
    );
    let of_nowhere = by(COUNTY, &|r| r.appointment = by_nowhere.id());
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
    set.more(
        "revokes what an unknown org appointed",
        &[&by_nowhere, &of_nowhere],
    );
    set.more("keeps statements of a node", &[&keeps_of_node]);
    set.more("a node is revoked", &[&of_node]);
    set.more(
        "a node whose key was stolen is appointed anew",
        &[&of_node, &node_anew],
    );
    set.more(
        "nobody takes a key from an org above by revoking what never stood",
        &[&made_up, &of_made_up],
    );
    set.more(
        "an authority is not ended by those who rest on it, though its key is in other hands",
        &[&by_county, &by_township, &of_second],
    );
    set.more(
        "an authority is ended with its key from above",
        &[&by_county, &by_township, &of_both],
    );
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
