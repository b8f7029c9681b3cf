use super::*;

/// The founders in office at first.
fn founders() -> Vec<SecretKey> {
    Federation::founders()
}

/// Those who follow them.
fn later_founders() -> Vec<SecretKey> {
    let mut founders: Vec<SecretKey> = (0..3).map(|n| key(&format!("later founder {n}"))).collect();
    founders.sort_by_key(SecretKey::public);
    founders
}

/// What names `authority` as the root's from now on, and the later founders.
fn naming(previous: StatementId, authority: &SecretKey) -> Succession {
    Succession {
        version: 1,
        previous,
        founders: later_founders().iter().map(SecretKey::public).collect(),
        threshold: 2,
        authority: authority.public(),
        validity: decade(),
        may_appoint: MayAppoint::all(3),
        keeps: Vec::new(),
    }
}

/// The id by which a succession is succeeded.
fn id_of(succession: &Succession, signers: &[SecretKey]) -> StatementId {
    Succession::peek(&succession.sign(signers).unwrap()).unwrap().0
}

fn root(key: &SecretKey) -> Speaker {
    Speaker {
        org: org(CITY),
        key: key.clone(),
        appointment: None,
    }
}

/// The succession with the signatures of `signers`, as the authority that it names states it.
fn carried(
    federation: &Federation,
    succession: &Succession,
    signers: &[SecretKey],
    authority: &SecretKey,
) -> SignedStatement {
    let bytes = succession.sign(signers).unwrap();
    root(authority).says(federation, Body::Succession(bytes))
}

fn tags(statements: impl IntoIterator<Item = StatementId>) -> Vec<crate::id::StatementTag> {
    let mut tags: Vec<_> = statements.into_iter().map(|id| id.tag()).collect();
    tags.sort_unstable();
    tags
}

/// What the authority of the root stated until now.
fn of_root(federation: &Federation) -> Vec<StatementId> {
    let by_root = |s: &&SignedStatement| s.issuer().org == org(CITY);
    federation
        .statements()
        .iter()
        .filter(by_root)
        .map(SignedStatement::id)
        .collect()
}

/// A directory of the federation with more statements; it is at rest, whatever order they come in.
fn with(federation: &Federation, statements: &[&SignedStatement]) -> Directory {
    let mut directory = federation.directory();
    for statement in statements {
        directory.extend([(*statement).clone()]);
    }
    let mut reversed = Directory::new(federation.founding.clone());
    for statement in statements.iter().rev() {
        reversed.extend([(*statement).clone()]);
    }
    reversed.extend(federation.statements().iter().cloned());
    assert_eq!(directory.faults(), reversed.faults());
    assert_eq!(directory.root_authorities(), reversed.root_authorities());
    assert!(is_at_rest(&directory));
    directory
}

fn is_not_one(fault: Result<(), StatementFault>) -> bool {
    matches!(fault, Err(StatementFault::Succession(_)))
}

#[test]
fn k_of_the_n_founders_in_office_name_a_successor() {
    let federation = Federation::new();
    let new = key("second root");
    let succession = Succession {
        keeps: tags(of_root(&federation)),
        ..naming(federation.founding.id(), &new)
    };
    let [a, b, c] = founders().try_into().unwrap_or_else(|_| panic!("three founders"));
    for signers in [vec![a.clone(), b.clone()], vec![c.clone(), a.clone()], founders()] {
        let statement = carried(&federation, &succession, &signers, &new);
        let directory = with(&federation, &[&statement]);
        assert!(directory.faults().is_empty());
        let [first, second] = directory.root_authorities() else {
            panic!("two authorities")
        };
        assert_eq!((first.by, first.carried_by), (federation.founding.id(), None));
        assert_eq!(second.by, id_of(&succession, &signers), "whoever signed");
        assert_eq!(
            (second.carried_by, second.key),
            (Some(statement.id()), new.public())
        );
    }
    for (what, signers) in [
        ("none", vec![]),
        ("too few", vec![b.clone()]),
        ("one twice", vec![b.clone(), b.clone()]),
        ("by those who are named", later_founders()),
        ("by another besides", vec![a.clone(), b, new.clone()]),
    ] {
        let statement = carried(&federation, &succession, &signers, &new);
        let directory = with(&federation, &[&statement]);
        assert!(is_not_one(standing(&directory, &statement.id())), "{what}");
        assert_eq!(
            (directory.root_authorities().len(), directory.faults().len()),
            (1, 1),
            "{what}"
        );
    }
}

#[test]
fn what_is_no_succession_by_itself_is_refused() {
    let federation = Federation::new();
    let new = key("second root");
    let good = naming(federation.founding.id(), &new);
    type Edit = fn(&mut Succession);
    let edits: [(&str, Edit); 8] = [
        ("version", |s| s.version = 2),
        ("no founders", |s| s.founders.clear()),
        ("founders in another order", |s| s.founders.reverse()),
        ("a founder twice", |s| s.founders[1] = s.founders[0]),
        ("threshold 0", |s| s.threshold = 0),
        ("threshold 4", |s| s.threshold = 4),
        ("never valid", |s| s.validity.not_after = s.validity.not_before),
        ("kept twice", |s| {
            s.keeps = vec![crate::id::StatementTag([1; 16]); 2]
        }),
    ];
    for (what, edit) in edits {
        let mut succession = good.clone();
        edit(&mut succession);
        let statement = carried(&federation, &succession, &founders(), &new);
        let directory = with(&federation, &[&statement]);
        assert!(is_not_one(standing(&directory, &statement.id())), "{what}");
    }
    let bytes = good.sign(&founders()).unwrap();
    for (what, bytes) in [
        ("cut off", bytes[..bytes.len() - 1].to_vec()),
        ("longer", [&bytes[..], &[0]].concat()),
        ("a founding statement", federation.founding.bytes().to_vec()),
        ("nothing", Vec::new()),
    ] {
        let statement = root(&new).says(&federation, Body::Succession(bytes));
        let directory = with(&federation, &[&statement]);
        assert!(is_not_one(standing(&directory, &statement.id())), "{what}");
    }
}

#[test]
fn a_succession_is_stated_by_the_authority_that_it_names() {
    let federation = Federation::new();
    let new = key("second root");
    let bytes = naming(federation.founding.id(), &new).sign(&founders()).unwrap();
    let body = || Body::Succession(bytes.clone());
    let by_county = Speaker::of(&federation, COUNTY);
    let appointed = Speaker {
        appointment: by_county.appointment,
        ..root(&new)
    };
    let elsewhere = Speaker {
        org: org(COUNTY),
        ..root(&new)
    };
    for speaker in [
        Speaker::of(&federation, CITY),
        root(&key("nobody")),
        by_county,
        appointed,
        elsewhere,
    ] {
        let statement = speaker.says(&federation, body());
        let fault = Err(StatementFault::NotAuthority(speaker.org));
        let directory = with(&federation, &[&statement]);
        assert_eq!(standing(&directory, &statement.id()), fault);
        assert_eq!(directory.root_authorities().len(), 1);
    }
    // Stated twice it is the same succession; the smaller id carries it.
    let twice = [START.0, START.0 + 1].map(|issued| root(&new).says_at(issued, &federation, body()));
    let directory = with(&federation, &twice.each_ref());
    assert!(
        twice
            .iter()
            .all(|statement| standing(&directory, &statement.id()) == Ok(()))
    );
    let carrier = twice.iter().map(SignedStatement::id).min();
    assert_eq!(directory.root_authorities()[1].carried_by, carrier);
    assert_eq!(directory.root_authorities().len(), 2);
}

#[test]
fn a_succession_waits_for_the_one_before_it() {
    let federation = Federation::new();
    let (new, third) = (key("second root"), key("third root"));
    let first = naming(federation.founding.id(), &new);
    let first_id = id_of(&first, &founders());
    let second = naming(first_id, &third);
    let by_later = carried(&federation, &second, &later_founders(), &third);
    let directory = with(&federation, &[&by_later]);
    let waits = StatementFault::IssuerUnknown(first_id);
    assert!(waits.is_pending());
    assert_eq!(standing(&directory, &by_later.id()), Err(waits));
    let by_first = carried(&federation, &first, &founders(), &new);
    let directory = with(&federation, &[&by_later, &by_first]);
    let keys: Vec<PublicKey> = directory.root_authorities().iter().map(|root| root.key).collect();
    assert_eq!(
        keys,
        [
            federation.keys(org(CITY)).authority.public(),
            new.public(),
            third.public()
        ]
    );
    // Founders who went out of office name nobody any more.
    let by_old = carried(&federation, &second, &founders(), &third);
    let directory = with(&federation, &[&by_first, &by_old]);
    assert!(is_not_one(standing(&directory, &by_old.id())));
}

#[test]
fn of_two_successions_of_one_authority_the_smaller_id_stands() {
    let federation = Federation::new();
    let mut both = ["one", "other"].map(|label| {
        let new = key(label);
        let succession = naming(federation.founding.id(), &new);
        let statement = carried(&federation, &succession, &founders(), &new);
        (id_of(&succession, &founders()), statement)
    });
    both.sort_by_key(|(id, _)| *id);
    let [(smaller, stands), (_, falls)] = both;
    let directory = with(&federation, &[&stands, &falls]);
    assert_eq!(directory.root_authorities()[1].by, smaller);
    assert_eq!(standing(&directory, &stands.id()), Ok(()));
    assert!(is_not_one(standing(&directory, &falls.id())));
}

mod successor;
