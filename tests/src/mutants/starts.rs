//! Mutants of what changes rest on: first entries of logs, and the person ids of appointments. A start that is taken keeps
//! the rules of docs/spec 03, L-5 to L-7; an appointment with a person id stands if and only if it is a person's.

use lianzhan_protocol::id::{Hash, OrgId, PersonId, StatementId};
use lianzhan_protocol::log::{
    Earlier, Entry, Frontier, Header, LogStart, LogStatement, Origin, TreeSize, leaf_hash,
};
use lianzhan_protocol::sync::{RangeData, verify_range};
use lianzhan_protocol::trust::{
    Appointment, Audience, Body, Directory, Purpose, SignedStatement, Space, Statement,
};

use crate::dice::Dice;
use crate::scene::{Scene, SceneLog, key, sign_anything};

const SEED: u64 = 0x57a7_1d5e;
const STARTS: u64 = 20_000;
const PERSONS: u64 = 2_000;

#[derive(Debug, Default)]
struct Reached {
    taken: u64,
    refused: u64,
    with_earlier: u64,
    may_write: u64,
}

#[test]
fn a_log_that_starts_otherwise_is_refused_or_keeps_the_rules() {
    let scene = Scene::new();
    let mut reached = Reached::default();
    for n in 0..STARTS {
        let mut dice = Dice::of_part(SEED, n);
        one_start(&scene, &mut dice, &mut reached).unwrap_or_else(|what| panic!("start {n}: {what}"));
    }
    // Both ends are reached, and the parts between them.
    for count in [
        reached.taken,
        reached.refused,
        reached.with_earlier,
        reached.may_write,
    ] {
        assert!(count * 50 >= STARTS, "{reached:?}");
    }
}

fn one_start(scene: &Scene, dice: &mut Dice, reached: &mut Reached) -> Result<(), String> {
    let space = dice.pick(&scene.spaces);
    let log = dice.pick(&space.logs);
    let mut start = log.start.clone();
    for _ in 0..=usize::from(dice.once_in(3)) {
        mutate(&mut start, scene, dice);
    }
    let payload = LogStatement::Start(start.clone()).to_bytes();
    let mut header = Entry::parse(&log.first.0)
        .map_err(|error| error.to_string())?
        .header()
        .clone();
    header.origin = if dice.once_in(6) {
        log.origin.clone()
    } else {
        start.origin()
    };
    header.space = if dice.once_in(6) {
        space.id
    } else {
        start.space.id()
    };
    header.payload = Hash::plain(&payload);
    header.size = payload.len() as u32;
    header.author = if dice.once_in(6) {
        log.node.public()
    } else {
        start.node
    };
    let signer = signer_of(&header, log);
    let Ok(range) = range(&header, payload, &signer) else {
        return Ok(());
    };
    let taken = verify_range(&header.space, None, &Frontier::new(), &range);
    let Ok(taken) = taken else {
        reached.refused += 1;
        return Ok(());
    };
    let found = taken.start();
    if *found != start || found.origin() != header.origin || found.space.id() != header.space {
        return Err(format!("another log was taken: {found:?}"));
    }
    if found.version != 1 || !found.space.is_well_formed() || found.node != header.author {
        return Err(format!("taken against L-5 to L-7: {found:?}"));
    }
    if let Some(earlier) = &found.earlier {
        let ascends = earlier.windows(2).all(|pair| pair[0].origin < pair[1].origin);
        if !ascends || !(1..=LogStart::EARLIER_MAX).contains(&earlier.len()) {
            return Err("a list of earlier logs out of bounds was taken".into());
        }
        reached.with_earlier += 1;
    }
    reached.taken += 1;
    // Whatever it says, the directory has an answer.
    let directory = &scene.directory;
    let _ = directory.required_groups(&found.org, found.required_parent.as_ref(), found.policy.as_ref());
    let may_write =
        directory.was_node_of(&found.node, &found.org) && directory.may_hold(&found.org, &found.space);
    reached.may_write += u64::from(may_write);
    Ok(())
}

fn mutate(start: &mut LogStart, scene: &Scene, dice: &mut Dice) {
    match dice.below(9) {
        0 => start.version = *dice.pick(&[0, 2, u32::MAX]),
        1 => start.space = space(scene, dice),
        2 => start.node = dice.pick(&scene.people).key.public(),
        3 => {
            let space = dice.pick(&scene.spaces);
            start.node = dice.pick(&space.logs).start.node;
        }
        4 => start.org = org(scene, dice),
        5 => start.epoch = dice.bytes(),
        6 => start.required_parent = (!dice.once_in(3)).then(|| org(scene, dice)),
        7 => start.policy = (!dice.once_in(4)).then(|| StatementId(dice.bytes())),
        _ => start.earlier = Some(earlier(dice)),
    }
}

fn org(scene: &Scene, dice: &mut Dice) -> OrgId {
    if dice.once_in(3) {
        OrgId(dice.bytes())
    } else {
        dice.pick(&scene.people).org
    }
}

/// A descriptor, mostly one that is well-formed.
fn space(scene: &Scene, dice: &mut Dice) -> Space {
    let mut made = Space::of(org(scene, dice), *dice.pick(Audience::ALL));
    match dice.below(4) {
        0 => made = dice.pick(&scene.spaces).space.clone(),
        1 => made.joint = dice.pick(&scene.spaces).space.joint.clone(),
        _ => {}
    }
    made
}

/// Lists of earlier logs inside and outside of their bounds, in order and not.
fn earlier(dice: &mut Dice) -> Vec<Earlier> {
    let most = LogStart::EARLIER_MAX;
    let count = *dice.pick(&[0, 1, 2, 3, 8, most, most + 1]);
    let mut all: Vec<Earlier> = (0..count)
        .filter_map(|_| {
            let name = format!("lianzhan/log/{:032x}", u128::from_le_bytes(dice.bytes()));
            Some(Earlier {
                origin: Origin::parse(&name).ok()?,
                size: TreeSize(dice.next_u64() >> dice.below(64)),
                root: Hash(dice.bytes()),
            })
        })
        .collect();
    if !dice.once_in(4) {
        all.sort();
    }
    if dice.once_in(6) {
        all.extend(all.first().cloned());
    }
    all
}

/// The key of the header's author, if it is one of the scene; else that of the log, whose signature then does not fit.
fn signer_of(header: &Header, log: &SceneLog) -> lianzhan_protocol::keys::SecretKey {
    let nodes = (0..6).map(|n| key(&format!("node {n}")));
    let people = (0..10).map(|n| key(&format!("person {n}")));
    let mut all = nodes.chain(people);
    all.find(|key| key.public() == header.author)
        .unwrap_or_else(|| log.node.clone())
}

fn range(
    header: &Header,
    payload: Vec<u8>,
    signer: &lianzhan_protocol::keys::SecretKey,
) -> Result<RangeData, String> {
    let entry = sign_anything(header, signer);
    let mut frontier = Frontier::new();
    frontier.push(leaf_hash(&entry));
    let checkpoint = lianzhan_protocol::log::Checkpoint {
        origin: header.origin.clone(),
        size: frontier.size(),
        root: frontier.root(),
    };
    let note = checkpoint.sign(signer).note().to_string();
    RangeData::new(
        header.origin.clone(),
        TreeSize::EMPTY,
        [(entry, Some(payload))],
        note,
        Vec::new(),
    )
    .map_err(|error| error.to_string())
}

#[test]
fn a_person_id_belongs_to_persons_alone() {
    let scene = Scene::new();
    let appointments: Vec<(&SignedStatement, &Appointment)> = scene
        .statements
        .iter()
        .filter_map(|statement| Some((statement, statement.appointment()?)))
        .collect();
    let mut stood = [0, 0];
    for n in 0..PERSONS {
        let mut dice = Dice::of_part(SEED, n);
        let (statement, appointment) = *dice.pick(&appointments);
        let other = appointments[dice.below(appointments.len())].1.person;
        let person = match dice.below(4) {
            0 => None,
            1 => other,
            2 => Some(PersonId([0; 16])),
            _ => Some(PersonId(dice.bytes())),
        };
        let body = Body::Appointment(Appointment {
            person,
            ..appointment.clone()
        });
        let issuer = statement.issuer().clone();
        let authority = (0..6).map(|n| key(&format!("authority {n}")));
        let authority = authority.into_iter().find(|key| key.public() == issuer.key);
        let mutant = SignedStatement::sign(
            Statement { issuer, body },
            &authority.expect("authorities alone appoint"),
        );
        let mut directory: Directory = scene.directory.clone();
        directory.extend([mutant.clone()]);
        let stands = !directory.faults().contains_key(&mutant.id());
        let may = person.is_none() || appointment.purpose == Purpose::Person;
        assert_eq!(
            stands, may,
            "appointment {n}: {person:?} as {:?}",
            appointment.purpose
        );
        stood[usize::from(stands)] += 1;
        // What stood goes on standing beside it, and keys keep their purposes.
        for (id, _) in scene
            .directory
            .appointments_of(&appointment.key, appointment.purpose)
        {
            assert!(
                directory.appointment(&id).is_ok(),
                "appointment {n} took {id} away"
            );
        }
    }
    assert!(stood.iter().all(|count| count * 20 >= PERSONS), "{stood:?}");
}
