use super::*;

#[test]
fn a_soft_revocation_keeps_what_was_witnessed_and_contests_the_rest_until_a_successor_adopts_it() {
    let two = Two::new();
    let lin = two.appoint(clerk("lin"));
    let witnessed = two.visit("lin");
    two.talk();
    let unwitnessed = two.visit("lin");
    two.station.catch_up(|_| {}).unwrap();
    let told = two.station.waits_after(&soft(lin)).unwrap();
    assert_eq!(
        (told.entries, told.good),
        (2, 2),
        "each visit has its person's part"
    );
    assert_eq!(
        told.named.iter().map(|one| one.record).collect::<Vec<_>>(),
        [unwitnessed]
    );
    let news = |author: &Author| two.station.office_news(author).unwrap();
    let author = two.sign_in("lin").unwrap();
    assert_eq!(news(&author), OfficeNews::default());
    two.station.revoke(&secret(), &soft(lin)).unwrap();
    assert!(matches!(
        news(&author).own.map(|own| own.standing),
        Some(Standing::Revoked { .. })
    ));
    two.talk();
    assert_eq!(
        two.station.contested().unwrap().changes.len() as u64,
        told.entries
    );

    let refused = office_error(two.sign_in("lin").map(|author| author.name));
    assert!(
        matches!(&refused, OfficeError::Revoked { by, words, .. } if by == "石桥站" && words == "调离本站"),
        "{refused}"
    );
    assert!(two.station.dir().join("people/lin.age").exists(), "the key stays");
    for node in [&two.station, &two.township] {
        let counts = |record: &RecordId| {
            let (_, state) = node.state(record).unwrap();
            state
                .history
                .iter()
                .all(|item| matches!(item.verdict, Verdict::Counts { .. }))
        };
        assert!(counts(&witnessed) && !counts(&unwitnessed));
        let contested = node.contested().unwrap();
        let main: Vec<_> = contested.changes.iter().filter(|change| !change.sealed).collect();
        assert_eq!(main.len(), 1);
        assert_eq!(
            (main[0].record, main[0].events.as_slice()),
            (unwitnessed, ["register"].as_slice())
        );
        assert!(node.status(Vec::new()).unwrap().contested > 0);
    }

    let change = two
        .station
        .contested()
        .unwrap()
        .changes
        .iter()
        .find(|change| !change.sealed)
        .unwrap()
        .change;
    two.appoint(PersonDraft {
        roles: vec![Role::Publicist],
        ..clerk("wang")
    });
    let wang = two.sign_in("wang").unwrap();
    let other = two
        .runtime
        .block_on(two.station.adopt_in(&wang, &unwitnessed, vec![change]));
    assert!(matches!(office_error(other), OfficeError::NotSamePost));
    two.appoint(clerk("song"));
    let song = two.sign_in("song").unwrap();
    let adopted = two
        .runtime
        .block_on(two.station.adopt_in(&song, &unwitnessed, vec![change]))
        .unwrap();
    let (_, state) = two.station.state(&unwitnessed).unwrap();
    let verdict = &state
        .history
        .iter()
        .find(|item| item.change == change)
        .unwrap()
        .verdict;
    assert!(matches!(
        verdict,
        Verdict::Counts { adopted: Some(AdoptedBy::Change(by)), .. } if *by == adopted.change
    ));
}

#[test]
fn what_a_stolen_key_signed_since_then_waits_for_the_authority() {
    let two = Two::new();
    let lin = two.appoint(clerk("lin"));
    let record = two.visit("lin");
    two.talk();
    let stolen = RevocationDraft {
        ground: Ground::Hard { since_s: None },
        ..soft(lin)
    };
    let told = two.station.waits_after(&stolen).unwrap();
    assert_eq!((told.entries, told.good, told.records), (2, 0, 1));
    two.station.revoke(&secret(), &stolen).unwrap();
    assert!(matches!(
        office_error(two.station.revoke(&secret(), &stolen)),
        OfficeError::Already(_)
    ));
    two.talk();
    let contested = two.township.contested().unwrap().changes;
    assert!(contested.iter().any(|change| change.record == record));
    let draft = AdoptDraft {
        changes: contested.iter().map(|change| change.change).collect(),
        statements: Vec::new(),
    };
    two.township.adopt(&secret(), draft).unwrap();
    two.talk();
    for node in [&two.station, &two.township] {
        assert!(node.contested().unwrap().changes.is_empty());
    }

    // The person comes back under the same login with a new key, and is the same person.
    let again = two.appoint(PersonDraft {
        person: Some("lin".into()),
        ..clerk("lin")
    });
    assert_eq!(two.office(&again).person, two.office(&lin).person);
    assert_ne!(two.office(&again).key, two.office(&lin).key);
    assert_eq!(two.sign_in("lin").unwrap().appointment, again);
}

#[test]
fn a_revoked_authority_keeps_what_is_named_and_the_rest_is_adopted() {
    let two = Two::new();
    let lin = two.appoint(clerk("lin"));
    let wang = two.appoint(clerk("wang"));
    two.talk();
    let of_station = OfficeFilter {
        org: Some(two.station.org_id()),
        ..OfficeFilter::default()
    };
    let offices = two.township.offices(&of_station).unwrap();
    let authority = offices
        .iter()
        .find(|office| office.purpose == Purpose::Authority)
        .unwrap()
        .id;
    let all = two.township.plan_revocation(&soft(authority)).unwrap().0;
    assert_eq!(all.keeps.len(), 4, "node, witness and two clerks");
    assert!(all.cut.is_empty());
    let node = offices
        .iter()
        .filter(|office| matches!(office.purpose, Purpose::Node | Purpose::Witness));
    let keep: Vec<StatementId> = node.map(|office| office.id).chain([lin]).collect();
    let draft = RevocationDraft {
        keep: Some(Keep::Only(keep)),
        ..soft(authority)
    };
    let told = two.township.waits_after(&draft).unwrap();
    assert_eq!((told.statements, told.kept, told.entries), (vec![wang], 3, 0));
    let links = |id: &StatementId| -> Vec<StatementId> {
        let links = two.station.office_links(id);
        links.iter().map(|office| office.id).collect()
    };
    assert_eq!(links(&wang), [wang, authority]);
    two.township.revoke(&secret(), &draft).unwrap();
    two.talk();
    assert_eq!(links(&wang), [wang, authority], "also while it waits");
    assert_eq!(two.office(&lin).standing, Standing::InForce);
    assert!(matches!(two.office(&wang).standing, Standing::Contested { .. }));
    let contested = two.township.contested().unwrap().statements;
    assert_eq!(
        contested.iter().map(|one| one.statement).collect::<Vec<_>>(),
        [wang]
    );
    let adopt = AdoptDraft {
        changes: Vec::new(),
        statements: vec![wang],
    };
    two.township.adopt(&secret(), adopt.clone()).unwrap();
    two.talk();
    assert_eq!(two.office(&wang).standing, Standing::InForce);
    assert!(matches!(
        office_error(two.township.adopt(&secret(), adopt)),
        OfficeError::NotContested
    ));
}

#[test]
fn a_node_that_is_revoked_knows_it_and_the_cut_covers_what_the_witness_saw() {
    let two = Two::new();
    two.appoint(clerk("lin"));
    two.visit("lin");
    two.talk();
    assert_eq!(two.station.node_revoked(), None);
    let key = two.station.node_key().public();
    let (id, _) = two
        .township
        .directory()
        .appointments_of(&key, Purpose::Node)
        .next()
        .map(|(id, a)| (id, a.clone()))
        .unwrap();
    let (planned, _) = two.township.plan_revocation(&soft(id)).unwrap();
    let [cut] = &planned.cut[..] else {
        panic!("{planned:?}")
    };
    let seen = two.township.store().read(|reader| reader.witness_size()).unwrap();
    assert_eq!(cut.index + 1, seen.0);
    let told = two.township.waits_after(&soft(id)).unwrap();
    assert_eq!((told.entries, told.good), (0, 2));
    let author = two.sign_in("lin").unwrap();
    two.township.revoke(&secret(), &soft(id)).unwrap();
    two.talk();
    let news = two.station.office_news(&author).unwrap();
    assert_eq!(news.node.map(|node| node.id), Some(id));
    assert!(
        matches!(two.station.node_revoked(), Some(Standing::Revoked { by_name, .. }) if by_name == "枫渡镇")
    );
    assert!(two.station.status(Vec::new()).unwrap().node_revoked.is_some());
}
