use super::*;
use crate::trust::{SuccessionStatement, founder_headers, sign_with_headers, with_header};

#[test]
fn every_flipped_bit_of_a_statement_and_of_the_founding_statement_is_noticed() {
    let federation = Federation::new();
    let statement = &federation.statements()[1];
    assert_eq!(SignedStatement::open(statement.bytes()).as_ref(), Ok(statement));
    for (n, bit) in (0..statement.bytes().len()).flat_map(|n| (0..8).map(move |bit| (n, bit))) {
        let mut bytes = statement.bytes().to_vec();
        bytes[n] ^= 1 << bit;
        assert!(SignedStatement::open(&bytes).is_err(), "byte {n} bit {bit}");
    }
    let founding = federation.founding.bytes();
    assert_eq!(
        FoundingStatement::open(founding).as_ref(),
        Ok(&federation.founding)
    );
    for (n, bit) in (0..founding.len()).flat_map(|n| (0..8).map(move |bit| (n, bit))) {
        let mut bytes = founding.to_vec();
        bytes[n] ^= 1 << bit;
        assert!(FoundingStatement::open(&bytes).is_err(), "byte {n} bit {bit}");
    }
    let longer = [statement.bytes(), &[0]].concat();
    assert!(SignedStatement::open(&longer).is_err(), "trailing byte");
    let long = vec![0; SignedStatement::MAX + 1];
    assert_eq!(
        SignedStatement::open(&long),
        Err(StatementError::TooLong(long.len()))
    );
    assert_eq!(
        FoundingStatement::open(&long),
        Err(FoundingError::TooLong(long.len()))
    );
}

/// The statement with another payload, signed anew: what a hostile issuer can write.
fn resigned(statement: &SignedStatement, signer: &SecretKey, edit: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut cose = CoseSign1::from_slice(statement.bytes()).unwrap();
    let mut payload = cose.payload.take().unwrap();
    edit(&mut payload);
    cose.payload = Some(payload);
    cose.signature = signer.sign_raw(&cose.tbs_data(b"lianzhan/statement/v1")).to_vec();
    cose.to_vec().unwrap()
}

#[test]
fn a_signed_payload_in_another_form_is_refused() {
    let federation = Federation::new();
    let signer = &federation.keys(org(CITY)).authority;
    let statement = federation.sign(org(CITY), Body::Appointment(someone(&federation, CITY)));
    assert!(SignedStatement::open(&resigned(&statement, signer, |_| ())).is_ok());
    // A weak key: 32 zero bytes but the last algorithm byte kept; the point of order 1.
    let weak = resigned(&statement, signer, |payload| {
        let key = key("someone").public();
        let at = payload
            .windows(32)
            .position(|window| window == key.ed25519_bytes())
            .unwrap();
        payload[at..at + 32].fill(0);
        payload[at] = 1;
    });
    assert!(matches!(
        SignedStatement::open(&weak),
        Err(StatementError::Payload(CodecError::Malformed(_)))
    ));
    // The outer map {1: issuer, 2: body} with a third entry that nobody knows.
    let unknown = resigned(&statement, signer, |payload| {
        assert_eq!(payload[0], 0xa2);
        payload[0] = 0xa3;
        payload.extend([0x03, 0x00]);
    });
    assert_eq!(
        SignedStatement::open(&unknown),
        Err(StatementError::Payload(CodecError::NotCanonical))
    );
    let trailing = resigned(&statement, signer, |payload| payload.push(0));
    assert_eq!(
        SignedStatement::open(&trailing),
        Err(StatementError::Payload(CodecError::NotCanonical))
    );
    let missing = resigned(&statement, signer, Vec::clear);
    assert!(matches!(
        SignedStatement::open(&missing),
        Err(StatementError::Payload(_))
    ));
    // What stands outside of the signature, or beside the algorithm in the headers.
    let mut cose = CoseSign1::from_slice(statement.bytes()).unwrap();
    cose.unprotected.key_id = vec![1];
    assert!(matches!(
        SignedStatement::open(&cose.to_vec().unwrap()),
        Err(StatementError::Cose(_))
    ));
    let mut founding = CoseSign::from_slice(federation.founding.bytes()).unwrap();
    founding.unprotected.key_id = vec![1];
    assert!(matches!(
        FoundingStatement::open(&founding.to_vec().unwrap()),
        Err(FoundingError::Cose(_))
    ));
    let bytes = codec::encode(&someone(&federation, CITY));
    assert_eq!(
        codec::decode::<Appointment>(&bytes, 4096),
        Ok(someone(&federation, CITY))
    );
}

#[test]
fn a_closure_of_many_ids_takes_no_more_than_is_needed() {
    let mut federation = Federation::new();
    let ids: Vec<StatementId> = (0..20)
        .map(|n| {
            federation
                .person(
                    org(SHIQIAO),
                    &format!("代表{n}"),
                    &[Role::Deputy],
                    Some(Level::Station),
                )
                .1
        })
        .collect();
    let space = federation.joint_space(org(FENGDU), &[org(QINGYA)]);
    let directory = federation.directory();
    assert_eq!(directory.closure(ids).len(), 20 + 3 + 3);
    assert!(directory.closure([StatementId([0; 32])]).is_empty());
    let stated = directory
        .statements()
        .find(|s| matches!(s.body(), Body::JointSpace(_)))
        .unwrap();
    let closure = directory.closure([stated.id()]);
    assert_eq!(
        closure.len(),
        1 + 2 + 3,
        "itself, two authorities, the county and two townships"
    );
    let mut stranger = Directory::new(federation.founding.clone());
    stranger.extend(closure.into_iter().cloned());
    assert!(stranger.faults().is_empty());
    let stated: Option<&Space> = stranger.joint_space(&space.id());
    let id: SpaceId = stated.unwrap().id();
    assert_eq!(id, space.id());
}

/// The place of `part` in a payload.
fn place(payload: &[u8], part: &[u8]) -> usize {
    payload
        .windows(part.len())
        .position(|window| window == part)
        .unwrap()
}

#[test]
fn a_key_has_one_encoding_and_a_statement_no_field_that_nobody_knows() {
    let federation = Federation::new();
    let signer = &federation.keys(org(CITY)).authority;
    let statement = federation.sign(org(CITY), Body::Appointment(someone(&federation, CITY)));
    // Every y of p = 2^255 - 19 and more names a point that a smaller y names.
    for over in 0..19 {
        let other = resigned(&statement, signer, |payload| {
            let at = place(payload, key("someone").public().ed25519_bytes());
            payload[at..at + 32].fill(0xff);
            payload[at] = 0xed + over;
            payload[at + 31] = 0x7f;
        });
        assert!(
            matches!(SignedStatement::open(&other), Err(StatementError::Payload(_))),
            "p + {over}"
        );
    }
    // The map of the appointment with one more entry at its end, and a body of a kind that is not known.
    let appointment = codec::encode(&someone(&federation, CITY));
    let more = resigned(&statement, signer, |payload| {
        let at = place(payload, &appointment);
        payload.splice(at + appointment.len()..at + appointment.len(), [0x18, 0x63, 0x00]);
        payload[at] += 1;
    });
    assert!(matches!(
        SignedStatement::open(&more),
        Err(StatementError::Payload(_))
    ));
    let kind = resigned(&statement, signer, |payload| {
        let at = place(payload, &appointment);
        // [2, [appointment]]
        assert_eq!(payload[at - 2..at], [0x02, 0x81]);
        payload[at - 2] = 0x17;
    });
    assert!(matches!(
        SignedStatement::open(&kind),
        Err(StatementError::Payload(_))
    ));
}

/// What is signed includes the bytes of the protected header, so that another encoding of it verifies as well.
#[test]
fn a_protected_header_has_one_encoding() {
    let federation = Federation::new();
    let signer = &federation.keys(org(CITY)).authority;
    let statement = federation.sign(org(CITY), Body::Appointment(someone(&federation, CITY)));
    let with = |protected: &[u8]| SignedStatement::open(&with_header(&statement, signer, protected));
    assert_eq!(with(&[0xa1, 0x01, 0x27]).as_ref(), Ok(&statement));
    for other in [
        &[0xa1, 0x18, 0x01, 0x27][..],
        &[0xa1, 0x01, 0x38, 0x07],
        &[0xbf, 0x01, 0x27, 0xff],
    ] {
        assert!(matches!(with(other), Err(StatementError::Cose(_))), "{other:?}");
    }

    let founder = &Federation::founders()[0];
    let founding = Founding {
        threshold: 1,
        ..Federation::founding()
    };
    let next = key("next authority");
    let succession = Succession {
        version: 1,
        previous: federation.founding.id(),
        founders: founding.founders.clone(),
        threshold: 1,
        authority: next.public(),
        validity: decade(),
        may_appoint: MayAppoint::all(3),
        keeps: vec![],
    };
    let found = |body: &[u8], protected: &[u8]| {
        let aad = b"lianzhan/founding/v1";
        let bytes = sign_with_headers(codec::encode(&founding), aad, founder, body, protected);
        FoundingStatement::open(&bytes).map(drop)
    };
    let succeed = |body: &[u8], protected: &[u8]| {
        let aad = b"lianzhan/succession/v1";
        let bytes = sign_with_headers(codec::encode(&succession), aad, founder, body, protected);
        SuccessionStatement::open(&bytes, &founding.founders, 1).map(drop)
    };
    let [ours, others @ ..] = founder_headers(founder.public().ed25519_bytes());
    assert_eq!(found(&[], &ours), Ok(()));
    assert_eq!(succeed(&[], &ours), Ok(()));
    for other in &others {
        assert!(
            matches!(found(&[], other), Err(FoundingError::Cose(_))),
            "{other:?}"
        );
        assert!(
            matches!(succeed(&[], other), Err(FoundingError::Cose(_))),
            "{other:?}"
        );
    }
    // The header of the body is empty, not an empty map.
    assert!(matches!(found(&[0xa0], &ours), Err(FoundingError::Cose(_))));
    assert!(matches!(succeed(&[0xa0], &ours), Err(FoundingError::Cose(_))));
}
