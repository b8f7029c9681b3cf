use super::*;

#[test]
fn a_changed_key_takes_over_and_the_old_one_signs_no_more() {
    let two = Two::new();
    let old = two.appoint(clerk("lin"));
    let before = two.sign_in("lin").unwrap();
    let changed = two
        .station
        .change_key(&secret(), "lin", &secret(), "换密钥")
        .unwrap();
    let [new] = changed.appointments[..] else {
        panic!("{changed:?}")
    };
    let after = two.sign_in("lin").unwrap();
    assert_eq!(after.appointment, new);
    assert_ne!(after.key.public(), before.key.public());
    assert_eq!(two.office(&new).person, two.office(&old).person);
    assert!(matches!(
        two.office(&old).standing,
        Standing::Revoked { ground: "soft", .. }
    ));
    let files = std::fs::read_dir(two.station.dir().join("people")).unwrap();
    let names: Vec<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().any(|name| name.ends_with(".old")), "{names:?}");
    assert!(!names.iter().any(|name| name.contains("next")), "{names:?}");
}

#[test]
fn a_post_that_the_org_above_gives_is_asked_for_when_the_key_changes() {
    let two = Two::new();
    let deputy = PersonDraft {
        roles: vec![Role::Deputy],
        seat: Some(Level::Township),
        ..clerk("luo")
    };
    let request = two.station.ask_appointment(deputy, &secret()).unwrap();
    let old = two.township.grant_appointment(&secret(), &request, None).unwrap();
    two.talk();
    assert_eq!(two.sign_in("luo").unwrap().appointment, old);
    assert!(matches!(
        office_error(two.station.revoke(&secret(), &soft(old))),
        OfficeError::OutOfReach { issuer } if issuer == "枫渡镇"
    ));
    let changed = two
        .station
        .change_key(&secret(), "luo", &secret(), "换密钥")
        .unwrap();
    assert!(changed.appointments.is_empty() && changed.revoked.is_empty());
    assert!(matches!(
        office_error(two.sign_in("luo").map(|author| author.name)),
        OfficeError::NotHere
    ));
    let [request] = &changed.requests[..] else {
        panic!("{changed:?}")
    };
    let request = AppointmentRequest::from_code(&request.to_code()).unwrap();
    let new = two.township.grant_appointment(&secret(), &request, None).unwrap();
    two.township.revoke(&secret(), &soft(old)).unwrap();
    two.talk();
    assert_eq!(two.sign_in("luo").unwrap().appointment, new);
    assert_eq!(two.office(&new).person, two.office(&old).person);
}

fn new_secret() -> SecretString {
    SecretString::from("another long passphrase".to_owned())
}

fn planned() -> AuthorityGrant {
    AuthorityGrant::stated(Loss::None, None, "换届".into(), None, None).unwrap()
}

fn lost(loss: Loss) -> AuthorityGrant {
    AuthorityGrant::stated(loss, None, "口令遗忘".into(), None, None).unwrap()
}

#[test]
fn an_org_gets_another_authority_key_and_what_the_old_one_stated_stands() {
    let two = Two::new();
    two.appoint(clerk("lin"));
    let record = two.visit("lin");
    two.talk();
    let old = two.of_station(Purpose::Authority);
    let wrong = two.station.ask_authority(Some(&new_secret()), &new_secret());
    assert!(matches!(wrong, Err(ServiceError::Key(_))));
    assert!(matches!(
        office_error(two.township.ask_authority(Some(&secret()), &new_secret())),
        OfficeError::RootKey
    ));
    let request = two.station.ask_authority(Some(&secret()), &new_secret()).unwrap();
    let again = two.station.ask_authority(Some(&secret()), &new_secret()).unwrap();
    assert_eq!(request.key, again.key, "asked again it is the same key");
    assert!(matches!(
        office_error(two.station.ask_authority(None, &secret())),
        OfficeError::OpenRequest
    ));
    // What the present key states before the grant, and the township does not hold yet, is in the request made after it.
    let wang = two.appoint(clerk("wang"));
    let request = two.station.ask_authority(Some(&secret()), &new_secret()).unwrap();
    let request = AuthorityRequest::from_code(&request.to_code()).unwrap();
    assert!(matches!(
        office_error(two.station.grant_authority(&secret(), &request, &planned())),
        OfficeError::OtherOrg(name) if name == "枫渡镇"
    ));
    let change = two
        .township
        .grant_authority(&secret(), &request, &planned())
        .unwrap();
    assert_eq!(change.revoked.len(), 1);
    assert_eq!(
        two.township
            .grant_authority(&secret(), &request, &planned())
            .unwrap(),
        AuthorityChange {
            revoked: Vec::new(),
            ..change.clone()
        },
        "granted again it is the same"
    );
    // Until the grant is here, the present key goes on.
    two.station.unlock_authority(&secret()).unwrap();
    two.talk();
    assert!(two.station.unlock_authority(&secret()).is_err());
    two.station.unlock_authority(&new_secret()).unwrap();
    assert!(two.station.key_changes().is_empty());
    assert!(matches!(
        two.office(&old).standing,
        Standing::Revoked { ground: "soft", .. }
    ));
    for node in [&two.station, &two.township] {
        assert!(
            node.directory().faults().is_empty(),
            "{:?}",
            node.directory().faults()
        );
    }
    assert_eq!(two.office(&wang).standing, Standing::InForce);
    assert!(two.counts(&record));
    // The new key has all rights of the old one, over what that appointed, too.
    let song = two
        .station
        .appoint_person(&new_secret(), clerk("song"), &secret())
        .unwrap();
    assert_eq!(two.office(&song).chain, [song, change.appointment]);
    two.station.revoke(&new_secret(), &soft(wang)).unwrap();
    two.talk();
    assert!(two.township.directory().faults().is_empty());
    let files = std::fs::read_dir(two.station.dir()).unwrap();
    let aside = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("authority.") && name.ends_with(".old"));
    assert_eq!(aside.count(), 1, "the old key file stays");
}

#[test]
fn of_a_lost_authority_key_the_parents_word_alone_counts() {
    let two = Two::new();
    let lin = two.appoint(clerk("lin"));
    two.talk();
    let unknown = two.appoint(clerk("wang"));
    let request = two.station.ask_authority(None, &new_secret()).unwrap();
    assert_eq!((request.confirmed, request.stated.len()), (None, 0));
    assert!(matches!(
        office_error(two.township.grant_authority(&secret(), &request, &planned())),
        OfficeError::Unconfirmed { org } if org == "石桥站"
    ));
    let forged = AuthorityRequest {
        confirmed: Some(keystore::generate().sign("x", b"y")),
        ..request.clone()
    };
    assert!(matches!(
        office_error(
            two.township
                .grant_authority(&secret(), &forged, &lost(Loss::Lost))
        ),
        OfficeError::OtherConfirmed
    ));
    two.township
        .grant_authority(&secret(), &request, &lost(Loss::Lost))
        .unwrap();
    two.talk();
    assert_eq!(
        two.office(&lin).standing,
        Standing::InForce,
        "it was here in time"
    );
    assert!(
        matches!(two.office(&unknown).standing, Standing::Contested { .. }),
        "nobody above had seen it"
    );
    let draft = AdoptDraft {
        changes: Vec::new(),
        statements: vec![unknown],
    };
    two.station.adopt(&new_secret(), draft).unwrap();
    assert_eq!(two.office(&unknown).standing, Standing::InForce);
}

#[test]
fn what_a_stolen_authority_key_stated_waits_but_for_what_is_kept() {
    let two = Two::new();
    let lin = two.appoint(clerk("lin"));
    two.talk();
    let request = two.station.ask_authority(Some(&secret()), &new_secret()).unwrap();
    let node = [Purpose::Node, Purpose::Witness].map(|purpose| two.of_station(purpose));
    let grant = AuthorityGrant {
        keep: Some(Keep::Only(node.to_vec())),
        ..lost(Loss::Stolen)
    };
    two.township.grant_authority(&secret(), &request, &grant).unwrap();
    two.talk();
    assert!(matches!(two.office(&lin).standing, Standing::Contested { .. }));
    two.station
        .appoint_person(&new_secret(), clerk("song"), &secret())
        .unwrap();
}

#[test]
fn a_lost_authority_key_that_was_renewed_is_revoked_once_and_all_it_stated_stands() {
    let two = Two::new();
    let lin = two.appoint(clerk("lin"));
    let first = two.of_station(Purpose::Authority);
    let soon = PersonDraft {
        until: Some(in_days(10)),
        ..clerk("wang")
    };
    let wang = two.appoint(soon);
    two.talk();
    // A second appointment of the same key, under which more is stated.
    let post = two.township.directory().appointment(&first).unwrap().clone();
    let earlier = lianzhan_protocol::time::Timestamp(post.validity.not_after.0 - DAY_MS);
    let again = Appointment {
        validity: Validity {
            not_after: earlier,
            ..post.validity
        },
        ..post
    };
    let authority = two.township.unlock_authority(&secret()).unwrap();
    let second = two
        .township
        .publish(&authority, Body::Appointment(again))
        .unwrap();
    two.talk();
    let request = two.station.ask_authority(None, &new_secret()).unwrap();
    let change = two
        .township
        .grant_authority(&secret(), &request, &lost(Loss::Lost))
        .unwrap();
    assert_eq!(change.revoked.len(), 1, "{change:?}");
    let directory = two.township.directory();
    for post in [first, second] {
        assert_eq!(directory.revoked(&post).len(), 1);
    }
    two.talk();
    for id in [lin, wang] {
        assert!(two.office(&id).serves(), "{:?}", two.office(&id).standing);
    }
}

/// A node with another key, opened anew.
fn rekeyed(node: Arc<Node>, draft: &NodeKeyDraft) -> (Arc<Node>, NodeKeyChange) {
    let dir = node.dir().to_owned();
    let change = renew_node(node, &secret(), draft).unwrap();
    (Node::open(&dir, &Overrides::default()).unwrap(), change)
}

fn planned_node() -> NodeKeyDraft {
    NodeKeyDraft {
        ground: Ground::Soft,
        words: "换主机".into(),
    }
}

#[test]
fn a_node_gets_another_key_and_nothing_that_it_wrote_is_lost() {
    let mut two = Two::new();
    two.appoint(clerk("lin"));
    let witnessed = two.visit("lin");
    two.talk();
    let unwitnessed = two.visit("lin");
    let old = two.station.node_key().public();
    let (station, change) = rekeyed(two.station, &planned_node());
    two.station = station;
    assert_ne!(two.station.node_key().public(), old);
    assert_eq!((change.restart, change.witness), (false, None));
    assert!(change.adopted >= 1, "{change:?}");
    assert!(two.station.key_changes().is_empty());
    assert!(
        two.station
            .store()
            .read(|reader| reader.alarms())
            .unwrap()
            .is_empty()
    );
    let own = own_logs(&two.station);
    let starts_anew = |origin| {
        let log = two.station.store().read(|reader| reader.log(origin)).unwrap();
        log.unwrap().start.node != old
    };
    assert!(own.iter().all(|(_, origin)| starts_anew(origin)));
    let after = two.visit("lin");
    two.hand_over_closed();
    two.talk();
    two.talk();
    for record in [witnessed, unwitnessed, after] {
        assert!(two.counts(&record));
    }
    assert_eq!(
        two.township.nodes_in_place_of(&old),
        [two.station.node_key().public()],
        "whoever knows the old key finds the new one"
    );
    assert_eq!(two.station.check(|_| {}).unwrap().faults, Vec::<String>::new());
}

#[test]
fn a_witness_with_another_node_key_goes_on_and_its_old_receipts_count() {
    let mut two = Two::new();
    two.appoint(clerk("lin"));
    let before = two.visit("lin");
    two.talk();
    let witness = two.township.witness_public();
    let (township, change) = rekeyed(two.township, &planned_node());
    two.township = township;
    assert!(change.witness.is_some(), "the log that the old key signed ends");
    assert_ne!(two.township.witness_public(), witness);
    two.hand_over_closed();
    two.talk();
    assert!(two.counts(&before), "its receipts are within the cut");
    let after = two.visit("lin");
    two.talk();
    two.talk();
    assert!(two.counts(&after));
    let waiting: u64 = two
        .station
        .log_status()
        .unwrap()
        .iter()
        .filter(|log| log.own)
        .map(|log| log.waiting)
        .sum();
    assert_eq!(waiting, 0, "the new key witnesses");
}

#[test]
fn what_a_stolen_node_key_wrote_waits_and_a_step_may_be_done_again() {
    let mut two = Two::new();
    two.appoint(clerk("lin"));
    let record = two.visit("lin");
    two.talk();
    let stolen = NodeKeyDraft {
        ground: Ground::Hard { since_s: None },
        words: "硬盘失窃".into(),
    };
    let first = two.station.renew_node_step(&secret(), &stolen).unwrap();
    assert_eq!(two.station.renew_node_step(&secret(), &stolen).unwrap(), first);
    assert_eq!(two.station.key_changes(), [KeyChangeState::NodeWaits]);
    let dir = two.station.dir().to_owned();
    drop(two.station);
    two.station = Node::open(&dir, &Overrides::default()).unwrap();
    assert_eq!(two.station.key_changes(), [KeyChangeState::NodeReplaced]);
    let second = two.station.renew_node_step(&secret(), &stolen).unwrap();
    assert_eq!((second.revoked.len(), second.adopted), (1, 0));
    assert!(two.station.key_changes().is_empty());
    two.hand_over_closed();
    two.talk();
    let contested = two.township.contested().unwrap().changes;
    assert!(contested.iter().any(|change| change.record == record));
}

#[test]
fn a_lost_machine_is_taken_back_and_its_org_invited_again() {
    let mut two = Two::new();
    let lin = two.appoint(clerk("lin"));
    let record = two.visit("lin");
    two.talk();
    let person = two.office(&lin).person.unwrap();
    let broken = AuthorityGrant::stated(Loss::None, None, "主机损坏".into(), None, None).unwrap();
    let unknown = two
        .township
        .invite_again(&secret(), "990121104", &broken, Vec::new());
    assert!(matches!(
        office_error(unknown.map(|again| again.revoked)),
        OfficeError::NoChild(_)
    ));
    let again = two
        .township
        .invite_again(&secret(), "990121103201", &broken, Vec::new())
        .unwrap();
    assert_eq!(again.revoked.len(), 3, "authority, node and witness");
    let joining = Joining::begin(&again.invitation.to_code()).unwrap();
    let reply = two.township.answer_join(&joining.request());
    let place = two._dir.path().join("station again");
    two.station = joining.finish(&place, reply, &secret(), config()).unwrap();
    two.talk();
    two.hand_back();
    assert!(two.counts(&record));
    assert_eq!(two.office(&lin).standing, Standing::InForce);
    let lin = two.appoint(PersonDraft {
        person: Some(person.to_string()),
        ..clerk("lin")
    });
    assert_eq!(two.office(&lin).person, Some(person));
    let after = two.visit("lin");
    two.talk();
    two.talk();
    assert!(two.counts(&after));
}

#[test]
fn a_key_that_was_taken_back_is_not_appointed_again() {
    let two = Two::new();
    let deputy = PersonDraft {
        roles: vec![Role::Deputy],
        seat: Some(Level::Township),
        ..clerk("luo")
    };
    let request = two.station.ask_appointment(deputy, &secret()).unwrap();
    let post = two.township.grant_appointment(&secret(), &request, None).unwrap();
    let stolen = RevocationDraft {
        ground: Ground::Hard { since_s: None },
        ..soft(post)
    };
    two.township.revoke(&secret(), &stolen).unwrap();
    let again = two.township.grant_appointment(&secret(), &request, None);
    assert!(matches!(
        office_error(again),
        OfficeError::KeyTakenBack { by, at, words }
            if (by.as_str(), words.as_str()) == ("枫渡镇", "调离本站") && at == day(env::now())
    ));
}
