use super::*;

#[test]
fn two_of_three_founders_name_a_successor_of_the_roots_key() {
    let two = Two::new();
    let root = &two.township;
    let new = SecretString::from("another long passphrase".to_owned());
    let refused = two.station.draft_succession(&SuccessionDraft::default(), &new);
    assert!(matches!(office_error(refused), OfficeError::NoFounders { root } if root == "枫渡镇"));
    let mut file = root.draft_succession(&SuccessionDraft::default(), &new).unwrap();
    assert!(file.about().keeps >= 4, "{:?}", file.about());
    let founder = |n: u32| root.dir().join(format!("founders/{n}.age"));
    assert_eq!(file.missing(), Some(2));
    file.sign(&founder(1), &secret()).unwrap();
    file.sign(&founder(1), &secret()).unwrap();
    assert_eq!((file.signatures(), file.missing()), (1, Some(1)));
    let stranger = two.station.dir().join("authority.age");
    assert!(matches!(
        office_error(file.sign(&stranger, &secret())),
        OfficeError::NoFounder
    ));
    assert!(matches!(
        root.publish_succession(&file, &new),
        Err(ServiceError::Succession(_))
    ));

    let path = two._dir.path().join("next.json");
    file.write(&path).unwrap();
    let mut file = SuccessionFile::read(&path).unwrap();
    file.sign(&founder(3), &secret()).unwrap();
    assert_eq!(file.missing(), Some(0));
    let stated = root.publish_succession(&file, &new).unwrap();
    assert_eq!(
        root.publish_succession(&file, &new).unwrap(),
        stated,
        "done again it is the same"
    );
    let today = day(env::now());
    assert!(matches!(
        office_error(root.unlock_authority(&secret()).map(|_| ())),
        OfficeError::NewPassphrase(at) if at == today
    ));
    // As if the plug had been pulled before the new key's file got its name, and the draft were lost: the next one names a
    // third key, and the second is found where it belongs.
    let (present, next) = (root.dir().join("authority.age"), root.next_authority());
    std::fs::rename(&present, &next).unwrap();
    let second = keystore::unlock(&next, &new).unwrap().public();
    root.draft_succession(&SuccessionDraft::default(), &new).unwrap();
    assert_eq!(keystore::unlock(&present, &new).unwrap().public(), second);
    assert_ne!(keystore::unlock(&next, &new).unwrap().public(), second);
    two.talk();
    assert_eq!(two.station.directory().root_authorities().len(), 2);
    // What stood stands, and the new key speaks.
    two.appoint(clerk("lin"));
    root.appoint_person(&new, clerk("he"), &secret()).unwrap();
    assert!(
        root.directory().faults().is_empty(),
        "{:?}",
        root.directory().faults()
    );
}
