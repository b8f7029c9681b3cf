use super::*;

#[test]
fn what_is_contested_stands_once_an_authority_no_lower_adopts_it() {
    // Who adopts what the first authority of FENGDU issued, which is revoked, and whether that makes it stand.
    for (who, stands) in [
        (CITY, true),
        (COUNTY, true),
        ("second", true),
        ("first", false),
        ("junior", false),
        (QINGYA, false),
        (SHIQIAO, false),
        (LIULIN, false),
    ] {
        let mut town = Town::new();
        let kept: Vec<StatementId> = [SHIQIAO, LIULIN]
            .map(|code| town.federation.keys(org(code)).appointment.unwrap())
            .into();
        let describe =
            |s: &&SignedStatement| matches!(s.body(), Body::Org(_)) && s.issuer().org == org(FENGDU);
        let described: Vec<StatementId> = town
            .federation
            .statements()
            .iter()
            .filter(describe)
            .map(SignedStatement::id)
            .collect();
        let kept = kept.into_iter().chain(described);
        let revoked = town.state(COUNTY, keeping(town.first.appointment.unwrap(), kept));
        assert_eq!(
            town.standing(&town.person),
            Err(StatementFault::Contested(revoked))
        );
        let adoption = town.state(who, adopting([town.person]));
        let expected = if stands {
            Ok(())
        } else {
            Err(StatementFault::Contested(revoked))
        };
        assert_eq!(town.standing(&town.person), expected, "adopted by {who}");
        let itself = if who == "first" { expected } else { Ok(()) };
        assert_eq!(town.standing(&adoption), itself, "the adoption by {who}");
    }
}

#[test]
fn an_adoption_is_kept_and_never_adopted() {
    let mut town = Town::new();
    let revoked = town.state(COUNTY, keeping(town.first.appointment.unwrap(), []));
    let by_first = town.state("first", adopting([town.person]));
    town.state(COUNTY, adopting([by_first]));
    town.state("second", adopting([by_first]));
    for id in [town.person, by_first] {
        assert_eq!(town.standing(&id), Err(StatementFault::Contested(revoked)));
    }
    // The adoption that the revoker keeps goes on standing, and with it what it adopts of another authority.
    let mut town = Town::new();
    let other = town.second.appoints(&mut town.federation, "陈大山");
    let by_first = town.state("first", adopting([other]));
    town.state(COUNTY, keeping(town.second.appointment.unwrap(), []));
    town.state(COUNTY, keeping(town.first.appointment.unwrap(), [by_first]));
    assert_eq!(town.standing(&by_first), Ok(()));
    assert_eq!(town.standing(&other), Ok(()));
}

#[test]
fn an_adoption_is_bounded_and_in_order() {
    let town = Town::new();
    let adopts = |changes: Vec<u16>, statements: Vec<u16>| {
        let hash = |n: u16| [n.to_be_bytes(); 16].concat().try_into().unwrap();
        Body::Adoption(Adoption {
            changes: changes.into_iter().map(|n| ChangeId(hash(n))).collect(),
            statements: statements.into_iter().map(|n| StatementId(hash(n))).collect(),
        })
    };
    assert_eq!(
        town.verdict(LIULIN, adopts((0..200).collect(), (0..200).collect())),
        Ok(())
    );
    let fault = Err(StatementFault::Content(
        "an adoption names 1 to 400 changes and statements, each once and in order",
    ));
    for (what, body) in [
        ("nothing", adopts(vec![], vec![])),
        ("too much", adopts((0..200).collect(), (0..201).collect())),
        ("a change twice", adopts(vec![1, 1], vec![])),
        ("statements in another order", adopts(vec![], vec![2, 1])),
    ] {
        assert_eq!(town.verdict(LIULIN, body), fault, "{what}");
    }
}

#[test]
fn what_decides_the_purpose_of_a_key_is_not_its_own_to_adopt() {
    // An authority of FENGDU that was a person's key before, by one that is revoked: adopted by that key itself, the
    // appointment would unmake the adopter, and so itself, and so on.
    let mut town = Town::new();
    let two_faced = key("two-faced");
    let person = town
        .federation
        .appointment(&two_faced, org(FENGDU), Purpose::Person);
    let person = town
        .first
        .says_at(START.0 - DAY, &town.federation, Body::Appointment(person));
    let person = town.federation.add(person);
    let county = Speaker::of(&town.federation, COUNTY);
    let speaker = county.empowers(&mut town.federation, FENGDU, "two-faced", 1);
    town.state(COUNTY, keeping(town.first.appointment.unwrap(), []));
    let adoption = speaker.says(&town.federation, adopting([person]));
    let adoption = town.federation.add(adoption);
    assert!(town.standing(&person).unwrap_err().is_contested());
    assert_eq!(
        town.standing(&speaker.appointment.unwrap()),
        Err(StatementFault::Purpose)
    );
    let cause = StatementFault::Issuer(Box::new(StatementFault::Purpose));
    assert_eq!(town.standing(&adoption), Err(cause));
}
