//! What rests on what is not there.

use super::*;

pub(super) fn resting(set: &mut Set) {
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
