//! Erasures: who may sign them, from when on they have effect, and that nothing takes it away.

use super::*;
use crate::log::{Covered, LogStatement, Receipt};
use crate::trust::{Ground, Revocation};

/// An erasure in a log, as a node holds it.
#[derive(Debug, Clone)]
struct Said {
    log: usize,
    index: crate::log::EntryIndex,
    signed: SignedErasure,
}

impl World {
    fn erasure(&self, name: &str, space: &Space) -> Erasure {
        let (key, appointment) = self.person(name);
        Erasure {
            record: self.record(),
            space: space.id(),
            ground: ErasureGround::Request,
            on: "2026-03-31".into(),
            note: Some("本人书面申请".into()),
            author: key.public(),
            appointment,
            recorded: self.logs[0].clock,
        }
    }

    /// `name` says in log `log` that the record is erased.
    fn says_erased(&mut self, log: usize, name: &str, note: &str) -> Said {
        let erasure = Erasure {
            note: Some(note.into()),
            ..self.erasure(name, &self.space)
        };
        let signed = erasure.sign(&self.person(name).0).expect("in shape");
        let statement = LogStatement::Erasure(signed.bytes().to_vec());
        let index = self.logs[log].append_statement(&statement);
        Said { log, index, signed }
    }

    fn judged(&self, said: &Said, receipts: &[(usize, Receipt)]) -> Result<Erased, ErasureFault> {
        let start = &self.logs[said.log].start;
        let receipts = receipts.iter().filter(|(log, _)| *log == said.log);
        let covered = Covered::ever(
            &self.directory,
            start,
            said.index,
            receipts.map(|(_, receipt)| receipt),
        );
        let witnessed = covered.witnessed().map(|first| first.time);
        judge_erasure(&self.directory, start, &said.signed, witnessed)
    }

    /// The state as JSON, from what is held in whatever order.
    fn after(&self, said: &[Said], receipts: &[(usize, Receipt)], held: &[Held]) -> String {
        let all = said.iter().filter_map(|said| self.judged(said, receipts).ok());
        let state = match first_erased(all) {
            Some(erased) => RecordState::erased(self.record(), erased),
            None => self.fold(held),
        };
        state.to_json().to_string()
    }

    /// Takes every post back without a cut, hard and wholly: those of people, and those of nodes and witnesses.
    fn takes_all_back(&mut self) {
        let posts: Vec<(StatementId, OrgId)> = self
            .directory
            .statements()
            .filter_map(|statement| {
                let appointment = statement.appointment()?;
                (appointment.purpose != Purpose::Authority)
                    .then_some((statement.id(), statement.issuer().org))
            })
            .collect();
        for (appointment, issuer) in posts {
            let revocation = Revocation {
                appointment,
                ground: Ground::Hard { since_s: None },
                words: "密钥失窃".into(),
                cut: Vec::new(),
                keeps: Vec::new(),
            };
            self.federation.state(issuer, Body::Revocation(revocation));
        }
        self.directory = self.federation.directory();
    }
}

#[test]
fn who_answers_for_the_files_may_erase_once_it_is_witnessed() {
    let mut world = World::new();
    world.next(0, "秘书", vec![topic("走访")]);
    for (name, expected) in [
        ("秘书", None),
        ("联络员", None),
        ("代表工委", None),
        ("林秀兰", Some(ErasureFault::Role)),
        ("宣传员", Some(ErasureFault::Role)),
        ("陈大山", Some(ErasureFault::NotItsOwner)),
        ("外乡人", Some(ErasureFault::NotItsOwner)),
    ] {
        let said = world.says_erased(0, name, "本人申请");
        assert_eq!(world.judged(&said, &[]), Err(ErasureFault::Unwitnessed), "{name}");
        let receipt = world.federation.receipt(&world.logs[0]);
        let since = receipt.time();
        let judged = world.judged(&said, &[(0, receipt)]);
        match expected {
            Some(fault) => assert_eq!(judged, Err(fault), "{name}"),
            None => {
                let erased = judged.unwrap_or_else(|fault| panic!("{name}: {fault}"));
                assert_eq!((erased.by.name.as_str(), erased.since), (name, since));
            }
        }
    }
}

#[test]
fn an_erasure_is_of_its_space_and_of_its_author_alone() {
    let mut world = World::new();
    let elsewhere = Space::of(org(FENGDU), Audience::City);
    let secretary = world.person("秘书");
    let now = Some(world.logs[0].clock);
    let judge = |world: &World, log: &TestLog, erasure: &Erasure, key: &crate::keys::SecretKey| {
        judge_erasure(&world.directory, &log.start, &erasure.sign(key).unwrap(), now).map(drop)
    };
    let good = world.erasure("秘书", &world.space);
    assert_eq!(judge(&world, &world.logs[0], &good, &secretary.0), Ok(()));
    let other = world.erasure("秘书", &elsewhere);
    assert_eq!(
        judge(&world, &world.logs[0], &other, &secretary.0),
        Err(ErasureFault::OtherSpace)
    );
    let liaison = world.person("联络员");
    let anothers = Erasure {
        appointment: liaison.1,
        ..good.clone()
    };
    assert_eq!(
        judge(&world, &world.logs[0], &anothers, &secretary.0),
        Err(ErasureFault::OtherKey)
    );
    let stranger = world.federation.log(org(HEWAN), &world.space, 1);
    assert_eq!(
        judge(&world, &stranger, &good, &secretary.0),
        Err(ErasureFault::ForeignNode)
    );
    let unknown = Erasure {
        appointment: StatementId([9; 32]),
        ..good.clone()
    };
    let fault = judge(&world, &world.logs[0], &unknown, &secretary.0).unwrap_err();
    assert!(fault.is_pending(), "{fault}");
    assert!(matches!(
        Erasure {
            author: liaison.0.public(),
            ..good
        }
        .sign(&secretary.0),
        Err(ErasureError::Signature(_))
    ));
    // The directory does not learn what it was not told.
    world.directory = world.federation.directory();
}

#[test]
fn a_remark_that_stays_holds_no_number_by_which_somebody_is_found() {
    let world = World::new();
    let key = world.person("秘书").0;
    let sign = |on: &str, note: Option<&str>| {
        let erasure = Erasure {
            on: on.into(),
            note: note.map(str::to_owned),
            ..world.erasure("秘书", &world.space)
        };
        erasure.sign(&key).map(drop)
    };
    assert_eq!(sign("2026-03-31", None), Ok(()));
    assert_eq!(sign("2026-03-31", Some("第 12 号申请，2026-03-30 收到")), Ok(()));
    for note in ["电话 13800138000", "１３８００１３８０００", "号 1234567"] {
        assert_eq!(
            sign("2026-03-31", Some(note)),
            Err(ErasureError::NoteNumber),
            "{note}"
        );
    }
    for note in ["", "  ", "一\n二", &"长".repeat(201)] {
        assert_eq!(
            sign("2026-03-31", Some(note)),
            Err(ErasureError::Note),
            "{note:?}"
        );
    }
    for on in ["", "2026-02-30", "2026-3-1", "2026-03-31T09:00:00+08:00"] {
        assert_eq!(sign(on, None), Err(ErasureError::Date), "{on:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Whoever says so, wherever, and in whatever order news of it and of the record arrives: who holds the same says the same,
    /// and what is erased stays erased though every key that had a part in it is taken back.
    #[test]
    fn any_order_gives_the_same_and_nothing_undoes_it(
        acts in proptest::collection::vec((0usize..3, 0usize..8, any::<bool>()), 1..8),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 0..24),
        keep in any::<u32>(),
    ) {
        let mut world = World::new();
        world.next(0, "秘书", vec![topic("走访")]);
        world.next(1, "陈大山", vec![topic("座谈")]);
        let (mut said, mut receipts) = (Vec::new(), Vec::new());
        for (n, (log, who, witnessed)) in acts.into_iter().enumerate() {
            let name = world.people[who].0;
            said.push(world.says_erased(log, name, &format!("第 {n} 次")));
            if witnessed {
                let receipt = world.federation.receipt(&world.logs[log]);
                receipts.push((log, receipt));
            }
        }
        let expected = world.after(&said, &receipts, &world.held);
        let mixed = |all: &[Said]| -> Vec<Said> {
            let mut mixed: Vec<Said> = order.iter().map(|n| n.get(all).clone()).collect();
            mixed.extend(all.iter().rev().cloned());
            mixed
        };
        let mut late = receipts.clone();
        late.reverse();
        prop_assert_eq!(&world.after(&mixed(&said), &late, &world.held), &expected);
        let erased = expected.contains("\"erased\"");
        if erased {
            // Whatever of the record is still held, or held again.
            let part: Vec<Held> = world.held.iter().enumerate()
                .filter(|(n, _)| keep & (1 << n) != 0).map(|(_, held)| held.clone()).collect();
            prop_assert_eq!(&world.after(&said, &receipts, &part), &expected);
            world.takes_all_back();
            prop_assert_eq!(&world.after(&said, &receipts, &part), &expected);
            prop_assert!(!expected.contains("走访"));
        }
    }
}
