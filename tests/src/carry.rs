//! What no line carries comes in a file: all that both may hold, its keys, and receipts home; broken off it goes on, twice it
//! adds nothing, and who is not meant opens nothing.

use std::collections::BTreeSet;

use lianzhan_node::services::attachment::{Part, Source};
use lianzhan_node::services::carry::{CarryError, Given, Taken};
use lianzhan_node::services::{Author, Node, ServiceError};
use lianzhan_protocol::id::{AttachmentId, RecordId};
use lianzhan_protocol::log::{Origin, TreeSize};
use lianzhan_protocol::trust::Role;

use super::attachments::pdf;
use super::audit::{self, settled};
use super::process::{beside, run, until};

use super::convergence::deliver::{held, logs};
use super::convergence::world::{World, copy_files, open_copy, secret};

/// A file from one node to the org of another.
fn file(from: &Node, to: &Node) -> (Given, Vec<u8>) {
    let mut file = Vec::new();
    let given = from.carry_to(&to.org_id(), false, &mut file, |_| ()).unwrap();
    (given, file)
}

fn post(from: &Node, to: &Node) -> Taken {
    let (_, file) = file(from, to);
    to.carry_from(&file[..], |_| ()).unwrap()
}

fn taken(node: &Node, file: &[u8]) -> Result<Taken, CarryError> {
    match node.carry_from(file, |_| ()) {
        Ok(taken) => Ok(taken),
        Err(ServiceError::Carry(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

/// Those logs of `of` that `node` holds, whole.
fn holds(node: &Node, of: &Node) -> usize {
    let own = logs(of).into_iter().filter(|(_, _, own)| *own);
    own.filter(|(_, origin, _)| held(node, origin) == held(of, origin))
        .count()
}

fn witnessed(node: &Node, record: &RecordId) -> bool {
    let (loaded, _) = node.state(record).unwrap();
    loaded.held.iter().all(|held| held.witnessed().is_some())
}

struct Station {
    _dir: tempfile::TempDir,
    world: World,
    clerk: Author,
    visits: Vec<RecordId>,
}

/// A station that wrote visits, and that no line ever reached.
fn station(visits: usize) -> Station {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path());
    let clerk = &[Role::OpinionLiaison, Role::StationLiaison];
    let lin = world.appoint("shiqiao", "lin", clerk);
    let visits = (0..visits).map(|n| world.visit("shiqiao", &lin, n)).collect();
    Station {
        _dir: dir,
        world,
        clerk: lin,
        visits,
    }
}

#[test]
fn a_station_without_a_line_is_read_and_witnessed_by_files_alone() {
    let scene = station(8);
    let (shiqiao, fengdu) = (scene.world.node("shiqiao"), scene.world.node("fengdu"));
    let (given, there) = file(shiqiao, fengdu);
    assert!(
        given.everything && given.entries > 8 && given.to_witness > 0,
        "{given:?}"
    );
    let got = fengdu.carry_from(&there[..], |_| ()).unwrap();
    assert_eq!(
        (got.from.as_str(), got.entries, got.known),
        ("石桥站", given.entries, 0)
    );
    assert_eq!(got.witnessed, given.to_witness);
    assert!(
        got.keys > 0,
        "names of the people who came are readable where they may be"
    );
    assert_eq!(got.passed_over, []);
    for record in &scene.visits {
        assert_eq!(
            fengdu.state(record).unwrap().1.fields,
            shiqiao.state(record).unwrap().1.fields
        );
        assert!(!witnessed(shiqiao, record));
    }
    let (home, back) = file(fengdu, shiqiao);
    assert_eq!(home.receipts, got.witnessed);
    let got = shiqiao.carry_from(&back[..], |_| ()).unwrap();
    assert_eq!(got.receipts, home.receipts);
    for record in &scene.visits {
        assert!(witnessed(shiqiao, record), "the receipts came home");
    }

    // Once more, and the same once more: nothing is added.
    for (node, again) in [(fengdu, &there), (shiqiao, &back)] {
        let got = node.carry_from(&again[..], |_| ()).unwrap();
        assert_eq!((got.entries, got.keys, got.witnessed, got.receipts), (0, 0, 0, 0));
    }
    // Each knows now what the other holds: receipts alone are news, and then nothing.
    let got = post(shiqiao, fengdu);
    assert!(got.entries > 0 && got.known == 0 && got.witnessed == 0, "{got:?}");
    let _ = post(fengdu, shiqiao);
    let (given, _) = file(shiqiao, fengdu);
    assert_eq!((given.entries, given.to_witness, given.everything), (0, 0, false));
}

#[test]
fn a_file_that_was_broken_off_goes_on_where_it_stopped() {
    let scene = station(6);
    let (shiqiao, fengdu) = (scene.world.node("shiqiao"), scene.world.node("fengdu"));
    let (given, there) = file(shiqiao, fengdu);
    // Cut right behind the recipients it is damaged, not somebody else's.
    let end = there.windows(5).position(|part| part == b"\n--- ").unwrap() + 1;
    let line = there[end..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let cut = taken(fengdu, &there[..end + line + 8]);
    assert!(matches!(cut, Err(CarryError::NotCarry)), "{cut:?}");
    let mut new = 0;
    for part in 1..8 {
        let cut = there.len() * part / 8;
        // The cut falls anywhere: age notices, or a frame ends too early.
        match taken(fengdu, &there[..cut]) {
            Err(CarryError::Damaged | CarryError::NotCarry) => {}
            other => panic!("{other:?}"),
        }
        let entries: u64 = logs(shiqiao)
            .iter()
            .map(|(_, origin, _)| held(fengdu, origin).0)
            .sum();
        assert!(entries >= new, "what came is kept");
        new = entries;
    }
    let got = taken(fengdu, &there).unwrap();
    assert_eq!(got.entries + got.known, given.entries);
    assert_eq!(got.witnessed, given.to_witness);
}

#[test]
fn two_files_up_and_none_down_are_both_of_use() {
    let scene = station(3);
    let (shiqiao, fengdu) = (scene.world.node("shiqiao"), scene.world.node("fengdu"));
    let first = post(shiqiao, fengdu);
    let lin = shiqiao.sign_in("lin", &secret()).unwrap();
    let more: Vec<RecordId> = (10..14).map(|n| scene.world.visit("shiqiao", &lin, n)).collect();
    // The station knows nothing of the township yet: the second file begins where the first did.
    let (given, there) = file(shiqiao, fengdu);
    assert!(given.everything);
    let second = fengdu.carry_from(&there[..], |_| ()).unwrap();
    assert_eq!(
        (second.known, second.entries),
        (first.entries, given.entries - first.entries)
    );
    assert!(second.entries > 0);
    assert_eq!(second.witnessed, 2, "{second:?}");
    for record in &more {
        fengdu.state(record).unwrap();
    }
    post(fengdu, shiqiao);
    assert!(more.iter().all(|record| witnessed(shiqiao, record)));
    assert!(scene.visits.iter().all(|record| witnessed(shiqiao, record)));
}

/// The parent witnessed, and its answer was lost: on a line that broke, or by a crash before it was remembered.
#[test]
fn a_receipt_that_was_lost_is_given_again() {
    let scene = station(2);
    let (shiqiao, fengdu) = (scene.world.node("shiqiao"), scene.world.node("fengdu"));
    post(shiqiao, fengdu);
    let dir = tempfile::tempdir().unwrap();
    let forgot = dir.path().join("copy");
    copy_files(fengdu.dir(), &forgot);
    let fengdu = open_copy(&forgot, &dir.path().join("forgot"));
    fengdu
        .store()
        .write_blocking({
            let name = format!("carry-receipts/{}", shiqiao.node_key().public().fingerprint());
            move |writer| writer.put_meta(&name, &[0x80])
        })
        .unwrap();
    let (given, there) = file(shiqiao, &fengdu);
    let got = fengdu.carry_from(&there[..], |_| ()).unwrap();
    assert_eq!(got.passed_over, []);
    assert_eq!((got.entries, got.witnessed), (0, given.to_witness));
    assert_eq!(post(&fengdu, shiqiao).receipts, given.to_witness);
}

#[test]
fn nobody_else_opens_it_and_nothing_that_was_changed_gets_in() {
    let scene = station(3);
    let world = &scene.world;
    let (shiqiao, fengdu) = (world.node("shiqiao"), world.node("fengdu"));
    let (_, there) = file(shiqiao, fengdu);
    for other in ["qingya", "county", "shiqiao"] {
        let refused = taken(world.node(other), &there);
        assert!(
            matches!(refused, Err(CarryError::NotForUs(_))),
            "{other}: {refused:?}"
        );
    }
    assert!(matches!(taken(fengdu, b"not a file"), Err(CarryError::NotCarry)));
    for at in (0..there.len()).step_by(there.len() / 40) {
        let mut changed = there.clone();
        changed[at] ^= 1;
        assert!(taken(fengdu, &changed).is_err(), "byte {at}");
    }
    assert_eq!(taken(fengdu, &there).unwrap().passed_over, []);

    // Of a federation of the same names.
    let other = station(1);
    let (_, foreign) = file(other.world.node("shiqiao"), other.world.node("fengdu"));
    assert!(matches!(taken(fengdu, &foreign), Err(CarryError::NotForUs(_))));
    let to_itself = fengdu.carry_to(&fengdu.org_id(), true, Vec::new(), |_| ());
    assert!(matches!(
        to_itself,
        Err(ServiceError::Carry(CarryError::Ourselves))
    ));
}

#[test]
fn only_what_both_may_hold_travels() {
    let scene = station(3);
    let world = &scene.world;
    let [shiqiao, liulin, fengdu, county] =
        ["shiqiao", "liulin", "fengdu", "county"].map(|place| world.node(place));
    let neighbour = shiqiao.carry_to(&liulin.org_id(), true, Vec::new(), |_| ());
    assert!(
        matches!(neighbour, Err(ServiceError::Carry(CarryError::NoNode(_)))),
        "a neighbour with whom nothing is shared is not even known"
    );
    // Who joined is known above by its first file; then what is above is known below. The county holds visits without the
    // people who came.
    post(shiqiao, fengdu);
    post(fengdu, county);
    post(county, fengdu);
    post(fengdu, shiqiao);
    let got = post(shiqiao, county);
    assert_eq!((got.keys, got.witnessed), (0, 0), "the county is not its parent");
    for record in &scene.visits {
        county.state(record).unwrap();
    }
    assert!(holds(county, shiqiao) < logs(shiqiao).iter().filter(|(_, _, own)| *own).count());
}

/// A scan in the record and a letter in its personal part; neither is shorter than two pieces.
fn attach(world: &World, author: &Author, record: &RecordId) -> [AttachmentId; 2] {
    let node = &world.nodes["shiqiao"];
    let received = [(Part::Shared, 7), (Part::Personal, 8)].map(|(part, seed)| {
        let mut upload = node.begin_attachment(part);
        upload.write(&pdf(seed, 700_000)).unwrap();
        upload.finish().unwrap()
    });
    world
        .runtime
        .block_on(node.attach(author, record, &received))
        .unwrap();
    node.catch_up(|_| {}).unwrap();
    received.map(|one| one.id)
}

#[test]
fn attachments_go_with_their_records_and_a_file_that_was_cut_within_one_goes_on_there() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path());
    let lin = world.appoint("shiqiao", "lin", &[Role::OpinionLiaison, Role::StationLiaison]);
    let record = world.visit("shiqiao", &lin, 0);
    let (shiqiao, fengdu) = (world.node("shiqiao"), world.node("fengdu"));
    shiqiao.catch_up(|_| {}).unwrap();
    let attached = attach(&world, &lin, &record);
    let (given, whole) = file(shiqiao, fengdu);
    assert_eq!(given.attachments, 2);
    let is_here = |id: &AttachmentId| {
        fengdu
            .store()
            .read(|reader| reader.attachment(id))
            .unwrap()
            .is_some()
    };
    let mut so_far = Vec::new();
    // Cut again and again, each time a little later: the last pieces of the file are those of attachments.
    for cut in (whole.len() - 1_400_000..whole.len()).step_by(90_000) {
        assert!(taken(fengdu, &whole[..cut]).is_err());
        so_far.push(attached.iter().filter(|id| is_here(id)).count());
    }
    assert!(so_far.is_sorted() && so_far.contains(&1), "{so_far:?}");
    let last = taken(fengdu, &whole).unwrap();
    assert!(attached.iter().all(is_here), "{last:?}");
    assert_eq!(
        taken(fengdu, &whole).unwrap().attachments,
        0,
        "twice adds nothing"
    );
    let opened = fengdu.open_attachment(&record, &attached[1]).unwrap();
    let Source::Bytes(bytes) = opened.source else {
        panic!("what is sealed is opened in memory")
    };
    assert!(bytes == pdf(8, 700_000), "the personal one opens with its annex");
    let below = post(fengdu, shiqiao);
    assert_eq!(below.attachments, 0, "nothing goes down by itself");
}

/// What came of a cut file is kept, so the next one begins behind it. It brings what these entries lack all the same, since the
/// file between says what that is.
#[test]
fn what_a_cut_file_left_lacking_comes_with_the_answer_to_the_next_one() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path());
    let lin = world.appoint("shiqiao", "lin", &[Role::OpinionLiaison, Role::StationLiaison]);
    let (shiqiao, township) = (world.node("shiqiao"), world.node("fengdu"));
    post(shiqiao, township);
    post(township, shiqiao);
    let visits: Vec<RecordId> = (0..150).map(|n| world.visit("shiqiao", &lin, n)).collect();
    shiqiao.catch_up(|_| {}).unwrap();
    let attached = attach(&world, &lin, &visits[0]);
    let (given, whole) = file(shiqiao, township);
    assert_eq!((given.attachments, given.asks, given.everything), (2, 0, false));
    let pristine = dir.path().join("pristine");
    copy_files(township.dir(), &pristine);

    let (mut keys, mut attachments) = (BTreeSet::new(), BTreeSet::new());
    // Within entries, before keys, and within either attachment: what is encrypted opens 64 KiB at once.
    let head = whole.len() - 1_402_000;
    let cuts = (1..=head / 66_000).map(|part| 66_000 * part);
    let cuts = cuts.chain((0..4).map(|part| head + 350_000 * part));
    for cut in cuts {
        let there = tempfile::tempdir().unwrap();
        let fengdu = open_copy(&pristine, &there.path().join("fengdu"));
        assert!(taken(&fengdu, &whole[..cut]).is_err());
        let (asking, question) = file(&fengdu, shiqiao);
        let lacking = [
            fengdu.lacking_keys().unwrap().len(),
            fengdu.lacking_attachments().unwrap().len(),
        ];
        assert_eq!(asking.asks, lacking.iter().sum::<usize>() as u64);
        keys.insert(lacking[0]);
        attachments.insert(lacking[1]);
        shiqiao.carry_from(&question[..], |_| ()).unwrap();
        let (_, answer) = file(shiqiao, &fengdu);
        let got = fengdu.carry_from(&answer[..], |_| ()).unwrap();
        assert_eq!(got.passed_over, [], "cut at {cut}");
        let lacks = fengdu.lacking_keys().unwrap().len() + fengdu.lacking_attachments().unwrap().len();
        assert_eq!(lacks, 0, "cut at {cut}");
        for record in &visits {
            let [here, there] = [shiqiao, &fengdu].map(|node| node.state(record).unwrap().1.fields);
            assert_eq!(here, there, "cut at {cut}");
        }
        for id in &attached {
            fengdu.open_attachment(&visits[0], id).unwrap();
        }
        // Answered is answered.
        shiqiao.carry_from(&file(&fengdu, shiqiao).1[..], |_| ()).unwrap();
        let (given, _) = file(shiqiao, &fengdu);
        assert_eq!(given.attachments, 0, "cut at {cut}");
    }
    assert!(
        keys.len() > 1 && attachments.len() > 1,
        "{keys:?} {attachments:?}"
    );
}

#[test]
fn an_old_copy_takes_in_no_receipts_over_what_it_does_not_have_and_gets_it_back() {
    let scene = station(4);
    let (shiqiao, fengdu) = (scene.world.node("shiqiao"), scene.world.node("fengdu"));
    post(shiqiao, fengdu);
    post(fengdu, shiqiao);
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("old");
    copy_files(shiqiao.dir(), &old);
    let lost = scene.world.visit("shiqiao", &scene.clerk, 5);
    // The receipts came home and are stated in the log: it is this history that stands, whatever another one says.
    post(shiqiao, fengdu);
    post(fengdu, shiqiao);
    post(shiqiao, fengdu);
    let (_, there) = file(fengdu, shiqiao);

    // One that only lacks what came since, and one in which somebody wrote something else before anything told of it.
    for wrote in [false, true] {
        let copy = open_copy(&old, &dir.path().join(format!("copy-{wrote}")));
        if wrote {
            scene.world.visit_at(&copy, "shiqiao", &scene.clerk, 6);
        }
        let got = taken(&copy, &there).unwrap();
        let log = Origin::parse(&got.old_copy.expect("a receipt over what it does not have")).unwrap();
        assert!(
            copy.check(|_| {}).unwrap().faults.is_empty(),
            "no receipt is written that does not fit"
        );
        // It says how far it is, and goes on in another log.
        post(&copy, fengdu);
        let (_, back) = file(fengdu, &copy);
        let got = taken(&copy, &back).unwrap();
        assert_eq!(got.old_copy, None, "once");
        let state = |node: &Node| node.state(&lost).unwrap().1.fields;
        assert_eq!(state(&copy), state(shiqiao), "what the others hold comes back");
        let told = |node: &Node| {
            let told = node.forks_told().unwrap().into_iter();
            told.filter(|fork| fork.origin == log.to_string()).count()
        };
        // Who reads both histories proves it; the other gets the proof and the rest with the next file.
        assert_eq!(told(&copy), usize::from(wrote));
        let size = held(&copy, &log);
        let new = scene.world.visit_at(&copy, "shiqiao", &scene.clerk, 7);
        assert_eq!(held(&copy, &log), size, "nothing new stands in the old log");
        post(&copy, fengdu);
        post(fengdu, &copy);
        assert!(witnessed(&copy, &new));
        assert_eq!(told(fengdu), usize::from(wrote));
        for node in [&copy, fengdu] {
            assert_eq!(node.open_forks().unwrap(), [], "both histories are here");
            assert_eq!(held(node, &log), held(shiqiao, &log));
        }
        // What was read is asked for no more, and not written again.
        for _ in 0..2 {
            post(&copy, fengdu);
            post(fengdu, &copy);
        }
        for (from, to) in [(&*copy, fengdu), (fengdu, &copy)] {
            let (given, _) = file(from, to);
            assert_eq!((given.asks, given.logs), (0, 0), "{given:?}");
        }
    }
}

#[test]
fn receipts_that_an_old_copy_could_not_take_in_are_stated_in_its_new_log() {
    // Also where it wrote something else in place of what was witnessed.
    for wrote in [false, true] {
        let scene = station(4);
        let (shiqiao, fengdu) = (scene.world.node("shiqiao"), scene.world.node("fengdu"));
        post(shiqiao, fengdu);
        post(fengdu, shiqiao);
        let dir = tempfile::tempdir().unwrap();
        let old = dir.path().join("old");
        copy_files(shiqiao.dir(), &old);
        let lost = scene.world.visit("shiqiao", &scene.clerk, 5);
        post(shiqiao, fengdu);
        // The receipts are on their way when the disk of the station fails.
        let (_, there) = file(fengdu, shiqiao);
        let copy = open_copy(&old, &dir.path().join("copy"));
        if wrote {
            scene.world.visit_at(&copy, "shiqiao", &scene.clerk, 6);
        }
        let got = taken(&copy, &there).unwrap();
        let log = Origin::parse(&got.old_copy.expect("a receipt over what it does not have")).unwrap();
        for _ in 0..4 {
            post(&copy, fengdu);
            post(fengdu, &copy);
        }
        for node in [&copy, fengdu] {
            assert_eq!(
                held(node, &log),
                held(shiqiao, &log),
                "the witnessed history stands"
            );
            assert!(witnessed(node, &lost));
            assert!(node.check(|_| {}).unwrap().faults.is_empty());
        }
        let (given, there) = file(fengdu, &copy);
        assert_eq!((given.asks, given.logs), (0, 0), "{given:?}");
        assert_eq!(taken(&copy, &there).unwrap().receipts, 0, "once");
    }
}

#[test]
fn an_old_copy_is_told_where_the_file_is_cut_and_where_it_lacks_a_whole_log() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path());
    let lin = world.appoint("shiqiao", "lin", &[Role::OpinionLiaison, Role::StationLiaison]);
    let (shiqiao, fengdu) = (world.node("shiqiao"), world.node("fengdu"));
    post(shiqiao, fengdu);
    post(fengdu, shiqiao);
    let [before, between] = ["before", "between"].map(|name| dir.path().join(name));
    copy_files(shiqiao.dir(), &before);
    world.visit("shiqiao", &lin, 0);
    copy_files(shiqiao.dir(), &between);
    for n in 1..120 {
        world.visit("shiqiao", &lin, n);
    }
    post(shiqiao, fengdu);

    // What it says of itself is what the answer begins behind.
    let answer = |copy: &Node| {
        post(copy, fengdu);
        file(fengdu, copy).1
    };
    let copy = open_copy(&before, &dir.path().join("lacks"));
    let whole = answer(&copy);
    let got = taken(&copy, &whole).unwrap();
    assert!(got.entries > 1 && got.old_copy.is_some(), "{got:?}");
    assert_eq!(taken(&copy, &whole).unwrap().old_copy, None, "once");

    let copy = open_copy(&between, &dir.path().join("cut"));
    let whole = answer(&copy);
    assert!(whole.len() > 2 * 65_536, "what is encrypted opens 64 KiB at once");
    let cut = taken(&copy, &whole[..whole.len() - 1]);
    assert!(
        matches!(&cut, Err(CarryError::OldCopy { error, .. }) if matches!(**error, CarryError::Damaged)),
        "{cut:?}"
    );
    let words = cut.unwrap_err();
    for words in [words.zh(), words.to_string()] {
        assert!(words.contains("lianzhan/log/"), "{words}");
    }
    // What was cut off may show the same of another log.
    taken(&copy, &whole).unwrap();
    assert_eq!(taken(&copy, &whole).unwrap().old_copy, None, "once");
}

/// Longer than a range of entries, longer than what stands, and parting behind the first one.
#[test]
fn a_long_history_beside_what_stands_comes_whole_and_once() {
    let scene = station(2);
    let (shiqiao, fengdu) = (scene.world.node("shiqiao"), scene.world.node("fengdu"));
    let more = |node: &Node, visits: std::ops::Range<usize>| {
        for n in visits {
            scene.world.visit_at(node, "shiqiao", &scene.clerk, n);
        }
    };
    more(shiqiao, 2..600);
    post(shiqiao, fengdu);
    post(fengdu, shiqiao);
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("old");
    copy_files(shiqiao.dir(), &old);
    more(shiqiao, 600..605);
    post(shiqiao, fengdu);
    let copy = open_copy(&old, &dir.path().join("copy"));
    more(&copy, 605..1_500);
    let mut given = Vec::new();
    for _ in 0..4 {
        given.push(file(&copy, fengdu).0.entries);
        post(&copy, fengdu);
        given.push(file(fengdu, &copy).0.entries);
        post(fengdu, &copy);
    }
    assert!(given[..5].iter().max() > Some(&1_500), "{given:?}");
    assert!(given[6..].iter().max() < Some(&100), "{given:?}");
    for node in [&*copy, fengdu] {
        assert_eq!(node.open_forks().unwrap(), [], "both histories are here");
        assert!(
            node.forks_told()
                .unwrap()
                .iter()
                .all(|fork| !fork.others.is_empty())
        );
        let check = node.check(|_| {}).unwrap();
        assert!(check.faults.is_empty(), "{:?}", check.faults);
    }
    let standing = |node: &Node| {
        let standings = node
            .store()
            .read(|reader| reader.standings())
            .unwrap()
            .into_iter();
        let shared = fengdu
            .directory()
            .shared_spaces(&fengdu.org_id(), &shiqiao.org_id());
        standings
            .filter(|(space, _, standing, _)| shared.contains_key(space) && standing.size > TreeSize::EMPTY)
            .map(|(space, origin, standing, _)| (space, origin, standing))
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(standing(&copy), standing(fengdu));
}

#[test]
fn who_lost_what_it_had_is_told_to_ask_for_everything() {
    let scene = station(4);
    let (shiqiao, fengdu) = (scene.world.node("shiqiao"), scene.world.node("fengdu"));
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("old");
    copy_files(fengdu.dir(), &old);
    post(shiqiao, fengdu);
    post(fengdu, shiqiao);
    let (given, there) = file(shiqiao, fengdu);
    assert!(given.entries > 0 && !given.everything);
    let fengdu = open_copy(&old, &dir.path().join("restored"));
    let got = taken(&fengdu, &there).unwrap();
    assert!(
        got.passed_over.iter().any(|one| one.en.contains("--everything")),
        "{got:?}"
    );
    let mut whole = Vec::new();
    let given = shiqiao
        .carry_to(&fengdu.org_id(), true, &mut whole, |_| ())
        .unwrap();
    let got = taken(&fengdu, &whole).unwrap();
    assert!(got.entries > 4 && got.entries <= given.entries, "{got:?}");
    let all = logs(shiqiao).into_iter().filter(|(_, _, own)| *own);
    let shared = all.filter(|(space, _, _)| fengdu.space(space).is_some());
    for (_, origin, _) in shared {
        assert_eq!(held(&fengdu, &origin), held(shiqiao, &origin));
        assert!(held(&fengdu, &origin) > TreeSize::EMPTY);
    }
}

#[test]
fn files_go_both_ways_at_the_command_line_whether_the_nodes_run_or_not() {
    let _lane = beside();
    let world = audit::World::raise();
    let at = |name: &str| world.place.path().join(name).to_str().unwrap().to_owned();
    let (up, down) = (at("up.carry"), at("down.carry"));
    let below = world.below.start();
    audit::visit(&below, "lin", 1);
    let said = world
        .below
        .json(&["carry", "export", "--to", "990121103", "-o", &up, "--json"]);
    assert!(
        said["entries"].as_u64() > Some(1) && said["to"] == "枫渡镇",
        "{said}"
    );
    let again = run(world
        .below
        .command(&["carry", "export", "--to", "990121103", "-o", &up])
        .env("LIANZHAN_LANG", "en"));
    let words = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(
        !again.status.success() && words.contains("never written over"),
        "{words}"
    );
    below.stop();

    // Into a township that stands still, and out of it; then into a station that runs.
    let taken = world.above.json(&["carry", "import", &up, "--json"]);
    assert_eq!(taken["entries"], said["entries"]);
    assert!(taken["witnessed"].as_u64() > Some(0), "{taken}");
    let given = world
        .above
        .json(&["carry", "export", "--to", "990121103201", "-o", &down, "--json"]);
    assert_eq!(given["receipts"], taken["witnessed"]);
    let alone = world.below.start();
    assert_ne!(alone.status()["witnessed_entries"], alone.status()["entries"]);
    let taken = world.below.json(&["carry", "import", &down, "--json"]);
    assert_eq!(taken["receipts"], given["receipts"]);
    until("all is witnessed, and no line was there", || {
        (alone.status()["witnessed_entries"] == alone.status()["entries"]).then_some(())
    });
    let wrong = run(world
        .below
        .command(&["carry", "import", &up])
        .env("LIANZHAN_LANG", "en"));
    let words = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(
        !wrong.status.success() && words.contains("no carry file for this node"),
        "{words}"
    );
    let above = world.above.start();
    settled(&above, &alone);
    alone.stop();
    above.stop();
    world.above.succeed(&["check"]);
}
