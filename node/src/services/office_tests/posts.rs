use super::*;

#[test]
fn a_person_keeps_their_id_over_posts_and_keys() {
    let two = Two::new();
    let first = two.appoint(clerk("lin"));
    let person = two.office(&first).person.unwrap();
    let further = two.appoint(PersonDraft {
        roles: vec![Role::Publicist],
        person: Some("lin".into()),
        ..clerk("lin")
    });
    let other_key = two.appoint(PersonDraft {
        person: Some(person.to_string()),
        ..clerk("lin2")
    });
    let keys = [first, further, other_key].map(|id| {
        assert_eq!(two.office(&id).person, Some(person));
        two.office(&id).key
    });
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[0], keys[2]);
    assert_ne!(two.office(&two.appoint(clerk("wang"))).person, Some(person));

    assert_eq!(
        two.sign_in("lin").unwrap().appointment,
        first,
        "the first that was given"
    );
    assert_eq!(two.sign_in("lin/publicist").unwrap().appointment, further);
    let by_id = format!("lin/{}", &further.to_string()[..8]);
    assert_eq!(two.sign_in(&by_id).unwrap().appointment, further);
    assert!(matches!(
        office_error(two.sign_in("lin/secretary").map(|author| author.name)),
        OfficeError::OtherPost(_)
    ));
    // Without a word that it is the same person, the login is taken.
    assert!(
        two.station
            .appoint_person(&secret(), clerk("lin"), &secret())
            .is_err()
    );
    let of_person = OfficeFilter {
        person: Some("lin".into()),
        ..OfficeFilter::default()
    };
    assert_eq!(two.station.offices(&of_person).unwrap().len(), 3);
}

#[test]
fn what_ends_soon_is_told_of_until_it_is_renewed() {
    let two = Two::new();
    let id = two.appoint(PersonDraft {
        until: Some(in_days(10)),
        ..clerk("lin")
    });
    assert!(matches!(
        two.office(&id).standing,
        Standing::Expiring { days: 9 | 10 }
    ));
    let ending = two.station.status(Vec::new()).unwrap().ending;
    assert_eq!(ending.iter().map(|office| office.id).collect::<Vec<_>>(), [id]);

    let earlier = two.station.renew(&secret(), &id, Some(in_days(5)));
    assert!(matches!(office_error(earlier), OfficeError::Earlier(_)));
    let beyond = two.station.renew(&secret(), &id, Some(in_days(100 * 366)));
    assert!(matches!(office_error(beyond), OfficeError::Beyond(_)));
    let renewed = two.station.renew(&secret(), &id, Some(in_days(400))).unwrap();
    let (old, new) = (two.office(&id), two.office(&renewed));
    assert!(old.renewed && !new.renewed && old.serves());
    assert_eq!((old.key, old.person, old.roles), (new.key, new.person, new.roles));
    assert_eq!(new.standing, Standing::InForce);
    assert!(two.station.ending().unwrap().is_empty());
    assert_eq!(
        two.sign_in("lin").unwrap().appointment,
        renewed,
        "it takes over by itself"
    );
    let far = OfficeFilter {
        within_days: Some(WARN_DAYS * 20),
        ..OfficeFilter::default()
    };
    assert!(
        two.station
            .offices(&far)
            .unwrap()
            .iter()
            .any(|office| office.id == renewed)
    );
}

#[test]
fn an_authority_is_renewed_by_the_org_above_and_speaks_under_the_longer_appointment() {
    let two = Two::new();
    let directory = two.station.directory();
    let of_station = OfficeFilter {
        org: Some(two.station.org_id()),
        ..OfficeFilter::default()
    };
    let offices = two.station.offices(&of_station).unwrap();
    let authority = offices
        .iter()
        .find(|office| office.purpose == Purpose::Authority)
        .unwrap();
    assert!(matches!(
        office_error(two.station.renew(&secret(), &authority.id, None)),
        OfficeError::OtherOrg(name) if name == "枫渡镇"
    ));
    let node = offices
        .iter()
        .find(|office| office.purpose == Purpose::Node)
        .unwrap();
    assert!(matches!(
        office_error(two.station.renew(&secret(), &node.id, None)),
        OfficeError::Beyond(_)
    ));
    assert_eq!(directory.chain(&node.id).unwrap().links, node.chain);

    // The root's term is prolonged by its founders, then the station's by the root.
    let draft = SuccessionDraft {
        same_key: true,
        ..SuccessionDraft::default()
    };
    let mut file = two.township.draft_succession(&draft, &secret()).unwrap();
    for n in [1, 2] {
        let key = two.township.dir().join(format!("founders/{n}.age"));
        file.sign(&key, &secret()).unwrap();
    }
    two.township.publish_succession(&file, &secret()).unwrap();
    two.talk();
    let renewed = two.township.renew(&secret(), &authority.id, None).unwrap();
    two.talk();
    let longer = two.station.renew(&secret(), &node.id, None).unwrap();
    assert_eq!(two.office(&longer).chain, [longer, renewed]);
}

#[test]
fn days_and_times_are_those_of_this_country() {
    assert_eq!(parse_until("2027-06-30").unwrap(), Timestamp(1_814_371_200_000));
    assert_eq!(parse_since("2027-06-30").unwrap(), 1_814_284_800);
    assert_eq!(parse_since("2027-06-30T09:00").unwrap(), 1_814_317_200);
    assert!(parse_until("30.6.2027").is_err() && parse_since("bald").is_err());
}
