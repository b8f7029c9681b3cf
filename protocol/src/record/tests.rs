use std::collections::BTreeSet;
use std::sync::OnceLock;

use proptest::prelude::*;

use super::activity::Activity;
use super::*;
use crate::id::{ChangeId, Hash, OrgId, RecordId, StatementId};
use crate::testing::{
    CITY, COUNTY, DAY, FENGDU, Federation, HEWAN, LIULIN, Person, QINGYA, SHIQIAO, START, TestLog, YUNLING,
    key, org, record,
};
use crate::time::Timestamp;
use crate::trust::{Audience, Body, Directory, Level, Purpose, Role, SignedStatement, Space};

fn find_ledger(hash: &Hash) -> Option<&'static ledger::Ledger> {
    static HASHES: OnceLock<Vec<(Hash, &'static ledger::Ledger)>> = OnceLock::new();
    let all = HASHES.get_or_init(|| {
        ledger::ledgers()
            .iter()
            .map(|ledger| (ledger.hash(), ledger))
            .collect()
    });
    all.iter().find(|(of, _)| of == hash).map(|(_, ledger)| *ledger)
}

fn judge_in(directory: &Directory, space: &Space, node_org: Option<OrgId>, held: &Held) -> Verdict {
    judge(
        &JudgeContext {
            directory,
            space,
            node_org,
            ledger: &|hash| find_ledger(hash),
        },
        held,
    )
}

fn topic(text: &str) -> Put {
    Put::field("topic", text.into())
}
fn line(text: &str) -> Put {
    Put::event(&Event::LogLine {
        text: text.into(),
        happened: "2026-03-01".into(),
    })
}
fn sign_in(deputy: &str, level: Level) -> Put {
    let (deputy, happened) = (deputy.into(), "2026-03-01".into());
    Put::event(&Event::SignIn {
        deputy,
        level,
        happened,
        proof: Proof::Key,
    })
}
fn register() -> Put {
    Put::event(&Event::Register {
        happened: "2026-03-01".into(),
    })
}

/// A joint activity of two townships, written at FENGDU, QINGYA and the county, with the people who take part.
struct World {
    federation: Federation,
    directory: Directory,
    space: Space,
    logs: Vec<TestLog>,
    people: Vec<(&'static str, Person)>,
    held: Vec<Held>,
}

const RECORD: u8 = 1;

impl World {
    fn new() -> Self {
        let mut federation = Federation::new();
        let space = federation.joint_space(org(FENGDU), &[org(QINGYA)]);
        let people = [
            ("林秀兰", FENGDU, Role::Deputy, Some(Level::Township)),
            ("陈大山", QINGYA, Role::Deputy, Some(Level::Township)),
            ("周敏", COUNTY, Role::Deputy, Some(Level::County)),
            ("秘书", FENGDU, Role::Secretary, None),
            ("代表工委", COUNTY, Role::DeputiesOffice, None),
            ("宣传员", FENGDU, Role::Publicist, None),
            ("联络员", FENGDU, Role::StationLiaison, None),
            ("外乡人", HEWAN, Role::StationLiaison, None),
        ]
        .map(|(name, of, role, seat)| (name, federation.person(org(of), name, &[role], seat)));
        let logs = [FENGDU, QINGYA, COUNTY]
            .map(|code| federation.log(org(code), &space, 1))
            .into();
        let directory = federation.directory();
        World {
            federation,
            directory,
            space,
            logs,
            people: people.into(),
            held: Vec::new(),
        }
    }

    fn person(&self, name: &str) -> Person {
        self.people
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, person)| person.clone())
            .expect("is among the people")
    }

    /// `name` writes in log `log`, having seen `deps`; the change's id.
    fn write(&mut self, log: usize, name: &str, deps: &[ChangeId], puts: Vec<Put>) -> ChangeId {
        let person = self.person(name);
        let held = self.logs[log].append_change(&person, record(RECORD), deps, puts);
        self.held.push(held);
        self.held[self.held.len() - 1].id
    }

    /// As [`World::write`], having seen everything.
    fn next(&mut self, log: usize, name: &str, puts: Vec<Put>) -> ChangeId {
        let heads = self.state().heads;
        self.write(log, name, &heads, puts)
    }

    fn verdict(&self, held: &Held) -> Verdict {
        let node_org = self
            .logs
            .iter()
            .find(|log| log.origin == held.origin)
            .map(|log| log.start.org);
        judge_in(&self.directory, &self.space, node_org, held)
    }

    fn fold(&self, held: &[Held]) -> RecordState {
        fold(record(RECORD), held, |held| self.verdict(held))
    }

    fn state(&self) -> RecordState {
        self.fold(&self.held)
    }

    fn bytes(&self, held: &[Held]) -> String {
        self.fold(held).to_json().to_string()
    }

    fn seal(&self, level: Level, code: &str, heads: &[ChangeId]) -> Put {
        let graph = Graph::build(&self.held);
        let places: Vec<usize> = heads
            .iter()
            .map(|head| graph.position(head).expect("held"))
            .collect();
        let digest = seal_digest(&graph, &places);
        Put::event(&Event::Seal {
            level,
            org: org(code),
            heads: heads.to_vec(),
            digest,
        })
    }

    /// `name` seals for `level` and the org `code` over all that is there.
    fn seal_all(&mut self, log: usize, name: &str, level: Level, code: &str) -> ChangeId {
        let heads = self.state().heads;
        let seal = self.seal(level, code, &heads);
        self.write(log, name, &heads, vec![seal])
    }

    fn activity(&self) -> Activity {
        let graph = Graph::build(&self.held);
        let covers = |heads: &[ChangeId], change: &ChangeId| {
            let at = graph.position(change).expect("held");
            heads
                .iter()
                .filter_map(|head| graph.position(head))
                .any(|head| head == at || graph.saw(head, at))
        };
        Activity::of(&self.state(), Level::Township, covers)
    }

    /// The reason why the only event of a change has no effect.
    fn effect(&self, change: ChangeId) -> Result<(), Ineffective> {
        let state = self.state();
        state
            .events
            .iter()
            .find(|event| event.change == change)
            .expect("its event is there")
            .effect
            .clone()
    }
}

/// The name of a reason. No wildcard: a new reason does not compile until it has a case in the table.
fn pending_name(reason: &PendingReason) -> &'static str {
    match reason {
        PendingReason::Appointment(_) => "appointment",
        PendingReason::Dependency(_) => "dependency",
        PendingReason::Definition(_) => "definition",
        PendingReason::Node => "node",
        PendingReason::Space => "space",
    }
}
fn refusal_name(reason: &RefusalReason) -> &'static str {
    match reason {
        RefusalReason::AppointmentDoesNotStand => "appointment_does_not_stand",
        RefusalReason::OtherKey => "other_key",
        RefusalReason::NotAPerson => "not_a_person",
        RefusalReason::OutOfTime => "out_of_time",
        RefusalReason::ForeignOrg => "foreign_org",
        RefusalReason::ForeignNode => "foreign_node",
        RefusalReason::RoleForLedger => "role_for_ledger",
        RefusalReason::RoleForEvent(_) => "role_for_event",
        RefusalReason::EventOfOtherLedger(_) => "event_of_other_ledger",
        RefusalReason::Field(_) => "field",
        RefusalReason::Audience => "audience",
        RefusalReason::OtherLedger => "other_ledger",
        RefusalReason::TooMany => "too_many",
    }
}

fn pending(reason: PendingReason) -> Verdict {
    Verdict::Pending { reason }
}
fn refused(reason: RefusalReason) -> Verdict {
    Verdict::Refused { reason }
}

#[test]
fn every_verdict_has_its_case() {
    let mut world = World::new();
    let misplaced = {
        let key = key("misplaced");
        let appointment = world.federation.appointment(&key, org(YUNLING), Purpose::Person);
        let id = world
            .federation
            .state(org(FENGDU), Body::Appointment(appointment));
        world.directory = world.federation.directory();
        (key, id)
    };
    world.write(0, "秘书", &[], vec![topic("走访")]);
    let good = world.held[0].clone();
    let (fengdu, space) = (Some(org(FENGDU)), world.space.clone());
    let person = |name| world.person(name);
    let by = |(key, appointment): Person| Held {
        author: key.public(),
        appointment,
        ..good.clone()
    };
    let with = |held: Held, put: Put| Held {
        change: Change {
            puts: vec![put],
            ..held.change.clone()
        },
        ..held
    };
    let judged = |held: &Held| judge_in(&world.directory, &space, fengdu, held);
    let without = |lacks: &dyn Fn(&SignedStatement) -> bool| {
        let mut directory = Directory::new(world.federation.founding.clone());
        directory.extend(
            world
                .federation
                .statements()
                .iter()
                .filter(|s| !lacks(s))
                .cloned(),
        );
        directory
    };

    let Verdict::Counts {
        capacity,
        ledger,
        provisional: true,
    } = judged(&good)
    else {
        panic!("counts provisionally")
    };
    assert_eq!(
        (capacity.name.as_str(), capacity.org, capacity.org_level),
        ("秘书", org(FENGDU), Some(Level::Township))
    );
    assert_eq!(ledger, "activity");
    let witnessed = Held {
        witnessed: Some(Timestamp(START.0 + DAY)),
        ..good.clone()
    };
    assert!(matches!(
        judged(&witnessed),
        Verdict::Counts {
            provisional: false,
            ..
        }
    ));
    let first_second = Held {
        witnessed: Some(Timestamp(START.0 - 1)),
        ..good.clone()
    };
    assert!(
        matches!(judged(&first_second), Verdict::Counts { .. }),
        "a witness states whole seconds, and its clock may be behind"
    );
    let late = Held {
        recorded: Timestamp(0),
        ..witnessed.clone()
    };
    assert!(
        matches!(judged(&late), Verdict::Counts { .. }),
        "witness time stands before the author's clock"
    );

    let node_key = world.federation.keys(org(FENGDU)).node.clone();
    let node = world
        .directory
        .appointments_of(&node_key.public(), Purpose::Node)
        .next()
        .unwrap()
        .0;
    let county_authority = world.federation.keys(org(COUNTY)).appointment.unwrap();
    let second = {
        // A person of FENGDU appointed by an authority that the directory does not know.
        let unknown = world.federation.keys(org(LIULIN)).appointment.unwrap();
        let directory = without(&|s| s.id() == unknown);
        let mut federation = Federation::new();
        let space = federation.joint_space(org(FENGDU), &[org(LIULIN)]);
        let person = federation.person(org(LIULIN), "柳", &[Role::StationLiaison], None);
        let mut directory = directory;
        directory.extend(
            federation
                .statements()
                .iter()
                .filter(|s| s.id() != unknown)
                .cloned(),
        );
        (
            judge_in(&directory, &space, fengdu, &by(person.clone())),
            person.1,
        )
    };
    let nobody = StatementId([0; 32]);
    let definition = Hash([0; 32]);
    let local = Space::of(org(FENGDU), Audience::Local);
    let nowhere = Space::of(OrgId([9; 16]), Audience::City);
    let no_joint = without(&|s| matches!(s.body(), Body::JointSpace(_)));
    let after = Timestamp(START.0 + 3650 * DAY);
    let unwritten = Held {
        appointment: nobody,
        ..good.clone()
    };
    let undefined = Held {
        change: Change {
            definition,
            ..good.change.clone()
        },
        ..good.clone()
    };
    use PendingReason as P;
    use RefusalReason as R;
    let table: Vec<(&str, Verdict, Verdict)> = vec![
        (
            "appointment unknown",
            judged(&unwritten),
            pending(P::Appointment(nobody)),
        ),
        ("its issuer unknown", second.0, pending(P::Appointment(second.1))),
        (
            "definition unknown",
            judged(&undefined),
            pending(P::Definition(definition)),
        ),
        (
            "node unknown",
            judge_in(&world.directory, &space, None, &good),
            pending(P::Node),
        ),
        (
            "space not stated yet",
            judge_in(&no_joint, &space, fengdu, &good),
            pending(P::Space),
        ),
        (
            "owner unknown",
            judge_in(&world.directory, &nowhere, fengdu, &good),
            pending(P::Space),
        ),
        (
            "org of the node unknown",
            judge_in(&world.directory, &space, Some(OrgId([9; 16])), &good),
            pending(P::Space),
        ),
        (
            "issued out of reach",
            judged(&by(misplaced)),
            refused(R::AppointmentDoesNotStand),
        ),
        (
            "another's appointment",
            judged(&Held {
                author: key("x").public(),
                ..good.clone()
            }),
            refused(R::OtherKey),
        ),
        (
            "the node's key",
            judged(&by((node_key, node))),
            refused(R::NotAPerson),
        ),
        (
            "an authority's key",
            judged(&by((
                world.federation.keys(org(COUNTY)).authority.clone(),
                county_authority,
            ))),
            refused(R::NotAPerson),
        ),
        (
            "recorded before",
            judged(&Held {
                recorded: Timestamp(START.0 - 1),
                ..good.clone()
            }),
            refused(R::OutOfTime),
        ),
        (
            "recorded after",
            judged(&Held {
                recorded: after,
                ..good.clone()
            }),
            refused(R::OutOfTime),
        ),
        (
            "witnessed after",
            judged(&Held {
                witnessed: Some(after),
                ..good.clone()
            }),
            refused(R::OutOfTime),
        ),
        (
            "of an org that does not hold it",
            judged(&by(person("外乡人"))),
            refused(R::ForeignOrg),
        ),
        (
            "at a node that does not hold it",
            judge_in(&world.directory, &space, Some(org(HEWAN)), &good),
            refused(R::ForeignNode),
        ),
        (
            "a field by a publicist",
            judged(&by(person("宣传员"))),
            refused(R::RoleForLedger),
        ),
        (
            "a sign-in by a secretary",
            judged(&with(good.clone(), sign_in("秘书", Level::Township))),
            refused(R::RoleForEvent(EventKind::SignIn)),
        ),
        (
            "a registration of an activity",
            judged(&with(good.clone(), register())),
            refused(R::EventOfOtherLedger(EventKind::Register)),
        ),
        (
            "no such field",
            judged(&with(good.clone(), Put::field("colour", "red".into()))),
            refused(R::Field("colour".into())),
        ),
        (
            "no such value",
            judged(&with(good.clone(), Put::field("kind", "picnic".into()))),
            refused(R::Field("kind".into())),
        ),
        (
            "no such commitment",
            judged(&with(good.clone(), Put::field("annex/a", "x".into()))),
            refused(R::Field("annex/a".into())),
        ),
        (
            "an annex that the ledger does not list",
            judged(&with(
                good.clone(),
                Put::field("annex/subject", Value::Bytes(vec![7; 32])),
            )),
            refused(R::Field("annex/subject".into())),
        ),
        (
            "in a local space",
            judge_in(&world.directory, &local, fengdu, &good),
            refused(R::Audience),
        ),
    ];
    // The graph's and the fold's to say; see the tests of them below.
    let mut named = BTreeSet::from(["dependency", "other_ledger", "too_many"]);
    for (what, found, expected) in table {
        assert_eq!(found, expected, "{what}");
        match &expected {
            Verdict::Pending { reason } => named.insert(pending_name(reason)),
            Verdict::Refused { reason } => named.insert(refusal_name(reason)),
            Verdict::Counts { .. } => false,
        };
    }
    assert_eq!(named.len(), 5 + 13, "every reason has a case: {named:?}");
}

#[test]
fn a_record_stays_in_the_ledger_of_its_first_counting_change() {
    let mut federation = Federation::new();
    let space = Space::of(org(SHIQIAO), Audience::County);
    let liaison = federation.person(org(SHIQIAO), "甲", &[Role::OpinionLiaison], None);
    let mut log = federation.log(org(SHIQIAO), &space, 1);
    let definition = ledger::ledger("letters_visits").unwrap().hash();
    log.definition = definition;
    let directory = federation.directory();
    let put = |text: &str| vec![Put::field("gist", text.into())];
    let first = log.append_change(&liaison, record(2), &[], put("甲"));
    let other = log.append_change(&liaison, record(2), &[first.id], put("乙"));
    let refused_before = log.append_change(&liaison, record(2), &[], put("丙"));
    let third = log.append_change(&liaison, record(2), &[other.id], put("丁"));
    let ids = [&first, &other, &refused_before, &third].map(|held| held.id);
    // As a judge says who finds all three good, each by a ledger of its own.
    let verdict = |held: &Held| {
        let Verdict::Counts {
            capacity,
            provisional,
            ..
        } = judge_in(&directory, &space, Some(org(SHIQIAO)), held)
        else {
            panic!("counts")
        };
        let of = if held.id == ids[1] {
            "meeting_minutes"
        } else {
            "letters_visits"
        };
        match held.id == ids[2] {
            true => refused(RefusalReason::OutOfTime),
            false => Verdict::Counts {
                capacity,
                ledger: of.into(),
                provisional,
            },
        }
    };
    let held = [first, other, refused_before, third];
    let state = fold(record(2), &held, verdict);
    let of = |id: &ChangeId| {
        &state
            .history
            .iter()
            .find(|item| item.change == *id)
            .unwrap()
            .verdict
    };
    assert_eq!(*of(&ids[1]), refused(RefusalReason::OtherLedger));
    assert_eq!(*of(&ids[2]), refused(RefusalReason::OutOfTime));
    assert!(matches!(of(&ids[3]), Verdict::Counts { .. }));
    assert_eq!((state.definition, state.text("gist")), (Some(definition), "丁"));
    let state = fold(record(2), &held[..2], verdict);
    assert_eq!(state.text("gist"), "甲", "what is refused covers nothing");
}

/// `count` changes of one record in one log, each by its author alone.
fn many(count: usize) -> (World, Vec<Held>) {
    let mut world = World::new();
    let secretary = world.person("秘书");
    let first = world.logs[0].append_change(&secretary, record(RECORD), &[], vec![topic("一")]);
    let held = (0..count)
        .map(|n| {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&(n as u64).to_be_bytes());
            Held {
                id: ChangeId(id),
                index: crate::log::EntryIndex(n as u64),
                ..first.clone()
            }
        })
        .collect();
    (world, held)
}

#[test]
fn a_log_adds_so_many_changes_of_a_record_and_no_more() {
    let bound = limits::LOG_CHANGES_MAX;
    let (mut world, mut held) = many(bound + 2);
    let before = world.write(1, "陈大山", &[], vec![topic("乡")]);
    let after = world.write(1, "陈大山", &[held[bound].id, before], vec![topic("后")]);
    held.append(&mut world.held);
    let verdict = |held: &Held| {
        let Verdict::Counts {
            capacity,
            provisional,
            ..
        } = world.verdict(held)
        else {
            panic!("counts")
        };
        Verdict::Counts {
            capacity,
            ledger: "activity".into(),
            provisional,
        }
    };
    let state = fold(record(RECORD), &held, verdict);
    let beyond: Vec<ChangeId> = state
        .history
        .iter()
        .filter(|item| item.verdict == refused(RefusalReason::TooMany))
        .map(|item| item.change)
        .collect();
    assert_eq!(beyond, [held[bound].id, held[bound + 1].id]);
    assert_eq!(state.history.len(), bound + 4);
    // Who names one of them as seen is not held up by it, and does not see through it.
    let graph = Graph::build(&held);
    assert!(graph.waiting().is_empty());
    let at = |id: &ChangeId| graph.position(id).unwrap();
    assert!(graph.saw(at(&after), at(&before)) && !graph.saw(at(&after), at(&held[0].id)));
    assert_eq!(graph.position(&held[bound].id), None);
    assert_eq!(graph.op(at(&after), 0).counter, 2);
    // The line is drawn by place, whatever arrives first; a change that stands twice is one change.
    held.reverse();
    held.extend(held.clone());
    let again = fold(record(RECORD), &held, verdict);
    assert_eq!(again.to_json().to_string(), state.to_json().to_string());
}

#[test]
fn a_change_names_the_oldest_heads_until_all_are_covered() {
    let mut world = World::new();
    let root = world.write(0, "秘书", &[], vec![topic("始")]);
    // Each in a log of its own, so that no author's earlier change is among what it saw.
    for epoch in 2..102 {
        let log = world.federation.log(org(FENGDU), &world.space, epoch);
        world.logs.push(log);
        let deps = if epoch % 2 == 0 { vec![] } else { vec![root] };
        let log = world.logs.len() - 1;
        world.write(log, "秘书", &deps, vec![line("并行")]);
    }
    let heads = |world: &World| Graph::build(&world.held).heads().len();
    assert_eq!(heads(&world), 100);
    let graph = Graph::build(&world.held);
    let deps = graph.deps();
    assert_eq!(deps.len(), limits::DEPS_MAX);
    assert!(deps.is_sorted_by(|a, b| a < b));
    let counters = |of: &[ChangeId]| {
        let mut all: Vec<OpId> = of
            .iter()
            .map(|id| graph.op(graph.position(id).unwrap(), 0))
            .collect();
        all.sort_unstable();
        all
    };
    assert_eq!(counters(&deps), counters(&graph.heads())[..limits::DEPS_MAX]);
    world.write(1, "陈大山", &deps, vec![line("一")]);
    assert_eq!(heads(&world), 100 - limits::DEPS_MAX + 1);
    let deps = Graph::build(&world.held).deps();
    assert_eq!(deps.len(), 37);
    world.write(2, "周敏", &deps, vec![line("二")]);
    let graph = Graph::build(&world.held);
    assert_eq!((graph.heads().len(), graph.deps()), (1, graph.heads()));
}

#[test]
fn a_put_supersedes_what_its_author_saw_and_nothing_else() {
    let mut world = World::new();
    let a = world.write(0, "秘书", &[], vec![topic("甲")]);
    let b = world.write(1, "陈大山", &[a], vec![topic("乙")]);
    let c = world.write(2, "周敏", &[a], vec![topic("丙")]);
    let state = world.state();
    let field = &state.fields["topic"];
    let of: BTreeSet<ChangeId> = field
        .candidates
        .iter()
        .map(|candidate| candidate.change)
        .collect();
    assert_eq!(
        of,
        BTreeSet::from([b, c]),
        "two concurrent values, and not what both saw"
    );
    assert!(field.candidates[0].op > field.candidates[1].op);
    assert_eq!(
        field.value, field.candidates[0].value,
        "the greatest operation id is in force"
    );
    assert_eq!(state.heads, {
        let mut heads = vec![b, c];
        heads.sort_unstable();
        heads
    });
    world.next(0, "秘书", vec![topic("丁")]);
    assert_eq!(
        world.state().fields["topic"].candidates.len(),
        1,
        "settled by who saw both"
    );
    assert_eq!(world.state().text("topic"), "丁");
    // An author's own later change in the same log follows the earlier one, stated or not.
    world.write(0, "秘书", &[], vec![topic("戊")]);
    assert_eq!(world.state().fields["topic"].candidates.len(), 1);
    world.next(0, "秘书", vec![Put::field("topic", Value::Null)]);
    assert!(!world.state().fields.contains_key("topic"), "null empties");
    assert_eq!(world.state().value("topic"), &Value::Null);
}

#[test]
fn what_is_refused_never_covers_what_counts() {
    let mut world = World::new();
    let a = world.write(0, "秘书", &[], vec![topic("甲")]);
    let bad = world.write(0, "宣传员", &[a], vec![topic("改")]);
    assert_eq!(world.state().text("topic"), "甲");
    // Who counts and saw `a` only through the refused change supersedes it all the same, and counts on from there.
    let b = world.write(1, "陈大山", &[bad], vec![topic("乙")]);
    let state = world.state();
    assert_eq!(state.fields["topic"].candidates.len(), 1);
    assert_eq!((state.text("topic"), &state.heads), ("乙", &vec![b]));
    assert_eq!(
        state.fields["topic"].candidates[0].op.counter, 3,
        "a counter passes over no verified change"
    );
    assert_eq!(state.history.len(), 3);
    // An emptied value beside a concurrent one is a conflict, not an absence.
    let mut world = World::new();
    let a = world.write(0, "秘书", &[], vec![topic("甲")]);
    world.write(1, "陈大山", &[a], vec![topic("乙")]);
    world.write(2, "周敏", &[a], vec![Put::field("topic", Value::Null)]);
    assert_eq!(world.state().fields["topic"].candidates.len(), 2);
}

#[test]
fn what_waits_for_a_missing_change_waits_to_the_end_and_folds_when_it_comes() {
    let mut world = World::new();
    let a = world.write(0, "秘书", &[], vec![topic("甲")]);
    let b = world.write(1, "陈大山", &[a], vec![topic("乙"), line("乙的记录")]);
    let c = world.write(2, "周敏", &[b], vec![topic("丙")]);
    let full = world.bytes(&world.held);
    let part = [world.held[0].clone(), world.held[2].clone()];
    let state = world.fold(&part);
    assert_eq!((state.text("topic"), &state.heads), ("甲", &vec![a]));
    assert_eq!(state.history[1].verdict, pending(PendingReason::Dependency(b)));
    let far = world.fold(&world.held[2..]);
    assert_eq!(far.history[0].verdict, pending(PendingReason::Dependency(b)));
    let middle = world.fold(&world.held[1..]);
    assert!(
        middle
            .history
            .iter()
            .all(|item| item.verdict == pending(PendingReason::Dependency(a))),
        "transitively"
    );
    assert_eq!(
        middle
            .history
            .iter()
            .map(|item| item.change)
            .collect::<BTreeSet<_>>(),
        BTreeSet::from([b, c])
    );
    assert_eq!(
        world.bytes(&[part.as_slice(), &[world.held[1].clone()]].concat()),
        full
    );
    // The author's own next change in the log waits as well, though it names nothing that is missing.
    world.write(2, "周敏", &[], vec![topic("丁")]);
    let late = [
        world.held[0].clone(),
        world.held[2].clone(),
        world.held[3].clone(),
    ];
    assert_eq!(
        world.fold(&late).history[2].verdict,
        pending(PendingReason::Dependency(b))
    );
}

#[test]
fn a_forked_log_and_a_change_that_stands_twice_fold_in_any_order() {
    let mut world = World::new();
    let mut branch = world.federation.log(org(FENGDU), &world.space, 1);
    world.write(0, "秘书", &[], vec![topic("甲")]);
    let other = branch.append_change(&world.person("秘书"), record(RECORD), &[], vec![topic("乙")]);
    let first = world.held[0].clone();
    assert!(first.index == other.index && first.origin == other.origin && first.id != other.id);
    let witnessed = Held {
        witnessed: Some(Timestamp(START.0 + DAY)),
        ..first.clone()
    };
    let again = Held {
        index: crate::log::EntryIndex(9),
        ..first.clone()
    };
    let all = [first, other, witnessed, again];
    let expected = world.bytes(&all);
    for order in [[3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]] {
        let shuffled: Vec<Held> = order.iter().map(|n| all[*n].clone()).collect();
        assert_eq!(world.bytes(&shuffled), expected);
    }
    assert_eq!(world.fold(&all).history.len(), 2, "one header counts once");
}

#[test]
fn events_stand_in_causal_order_then_by_rank_then_by_operation() {
    let mut world = World::new();
    let a = world.write(0, "林秀兰", &[], vec![sign_in("林秀兰", Level::Township)]);
    // Concurrent: a seal (rank 5) with a lower counter, and facts (rank 0) with higher ones.
    let seal = world.seal(Level::Township, FENGDU, &[a]);
    let b = world.write(0, "林秀兰", &[a], vec![seal]);
    let c = world.write(
        1,
        "陈大山",
        &[a],
        vec![topic("一"), topic_place(), line("二"), line("三")],
    );
    let d = world.write(2, "周敏", &[c], vec![line("四")]);
    let of: Vec<ChangeId> = world.state().events.iter().map(|event| event.change).collect();
    assert_eq!(of, [a, c, c, d, b]);
    // What follows the seal comes after it, whatever its rank.
    let e = world.write(0, "秘书", &[b], vec![line("五")]);
    let of: Vec<ChangeId> = world.state().events.iter().map(|event| event.change).collect();
    assert_eq!(of, [a, c, c, d, b, e]);
    assert!(world.state().events.iter().all(|event| event.effect.is_ok()));
    let lines: Vec<String> = world.activity().lines.into_iter().map(|line| line.text).collect();
    assert_eq!(lines, ["二", "三", "四", "五"]);
    let ids: BTreeSet<Hash> = world.state().events.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), 6, "every event has its own id");
}

fn topic_place() -> Put {
    Put::field("outcome", "见记录".into())
}

#[test]
fn a_long_activity_folds_quickly() {
    let mut world = World::new();
    for n in 0..300 {
        world.write(
            n % 3,
            ["林秀兰", "陈大山", "周敏"][n % 3],
            &[],
            vec![line("一"), line("二"), line("三")],
        );
    }
    let state = world.state();
    assert_eq!(state.events.len(), 900);
    assert!(
        state.events.windows(2).all(|pair| pair[0].op < pair[1].op),
        "one rank: by operation id"
    );
}

#[test]
fn a_matter_is_registered_once() {
    let mut federation = Federation::new();
    let space = Space::of(org(SHIQIAO), Audience::County);
    let people =
        ["甲", "乙"].map(|name| federation.person(org(SHIQIAO), name, &[Role::OpinionLiaison], None));
    let mut logs = [1, 2].map(|epoch| federation.log(org(SHIQIAO), &space, epoch));
    let definition = ledger::ledger("letters_visits").unwrap().hash();
    logs.iter_mut().for_each(|log| log.definition = definition);
    let directory = federation.directory();
    let held: Vec<Held> = (0..2)
        .map(|n| logs[n].append_change(&people[n], record(2), &[], vec![register()]))
        .collect();
    let of = |held: &[Held]| {
        let state = fold(record(2), held, |held| {
            judge_in(&directory, &space, Some(org(SHIQIAO)), held)
        });
        assert_eq!(state.definition, Some(definition));
        state
            .events
            .iter()
            .map(|event| event.effect.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of(&held), [Ok(()), Err(Ineffective::Once)]);
    assert_eq!(
        of(&[held[1].clone(), held[0].clone()]),
        [Ok(()), Err(Ineffective::Once)]
    );
}

#[test]
fn a_deputy_signs_in_once_in_person_and_in_the_seat_that_it_holds() {
    let mut world = World::new();
    let a = world.next(0, "林秀兰", vec![sign_in("林秀兰", Level::County)]);
    assert_eq!(world.effect(a), Err(Ineffective::NotThisSeat));
    let b = world.next(0, "林秀兰", vec![sign_in("陈大山", Level::Township)]);
    assert_eq!(world.effect(b), Err(Ineffective::OtherDeputy));
    let c = world.next(0, "林秀兰", vec![sign_in("林秀兰", Level::Township)]);
    assert_eq!(
        world.effect(c),
        Ok(()),
        "what had no effect does not count as the first"
    );
    let d = world.next(0, "林秀兰", vec![sign_in("林秀兰", Level::Township)]);
    assert_eq!(world.effect(d), Err(Ineffective::Once));
    let activity = world.activity();
    assert_eq!(activity.signed_in.len(), 1);
    assert_eq!(
        (activity.signed_in[0].change, activity.signed_in[0].level),
        (c, Level::Township)
    );
}

#[test]
fn who_may_seal_for_what() {
    use Ineffective::NotForThisOrg;
    for (name, log, level, code, expected) in [
        ("林秀兰", 0, Level::Township, FENGDU, Ok(())),
        ("林秀兰", 0, Level::Township, QINGYA, Err(NotForThisOrg)),
        ("林秀兰", 0, Level::County, FENGDU, Err(NotForThisOrg)),
        ("周敏", 2, Level::County, COUNTY, Ok(())),
        ("周敏", 2, Level::Township, COUNTY, Err(NotForThisOrg)),
        ("陈大山", 1, Level::Township, QINGYA, Err(NotForThisOrg)),
        ("秘书", 0, Level::Township, FENGDU, Ok(())),
        ("秘书", 0, Level::County, FENGDU, Err(NotForThisOrg)),
        ("代表工委", 2, Level::County, COUNTY, Ok(())),
        ("代表工委", 2, Level::City, COUNTY, Err(NotForThisOrg)),
        ("联络员", 0, Level::Township, FENGDU, Err(NotForThisOrg)),
        ("联络员", 0, Level::Station, FENGDU, Err(NotForThisOrg)),
    ] {
        let mut world = World::new();
        world.next(0, "林秀兰", vec![sign_in("林秀兰", Level::Township)]);
        world.next(2, "周敏", vec![sign_in("周敏", Level::County)]);
        let seal = world.seal_all(log, name, level, code);
        assert_eq!(world.effect(seal), expected, "{name} for {level:?} of {code}");
    }
    // A station's own people seal for the station, and for no other level.
    for (level, expected) in [
        (Level::Station, Ok(())),
        (Level::Township, Err(NotForThisOrg)),
        (Level::City, Err(NotForThisOrg)),
    ] {
        let mut world = World::new();
        let space = world.federation.joint_space(org(SHIQIAO), &[org(YUNLING)]);
        let liaison = world
            .federation
            .person(org(SHIQIAO), "站联络员", &[Role::StationLiaison], None);
        world.logs = vec![world.federation.log(org(SHIQIAO), &space, 1)];
        world.people.push(("站联络员", liaison));
        (world.directory, world.space) = (world.federation.directory(), space);
        world.next(0, "站联络员", vec![line("到站")]);
        let seal = world.seal_all(0, "站联络员", level, SHIQIAO);
        assert_eq!(world.effect(seal), expected, "{level:?}");
    }
}

#[test]
fn seals_meet_in_one_digest_though_the_second_saw_the_first() {
    let mut world = World::new();
    world.next(
        0,
        "林秀兰",
        vec![sign_in("林秀兰", Level::Township), topic("走访")],
    );
    world.next(2, "周敏", vec![sign_in("周敏", Level::County), line("座谈")]);
    assert_eq!(world.activity().required, [Level::County, Level::Township]);
    let first = world.seal_all(0, "秘书", Level::Township, FENGDU);
    assert_eq!(world.state().heads, [first]);
    assert!(!world.activity().sealed, "the county's is missing");
    let second = world.seal_all(2, "周敏", Level::County, COUNTY);
    let activity = world.activity();
    assert_eq!(
        activity.seals.iter().map(|seal| seal.change).collect::<Vec<_>>(),
        [first, second]
    );
    assert_eq!(activity.seals[0].digest, activity.seals[1].digest);
    assert_ne!(activity.seals[0].heads, activity.seals[1].heads);
    assert!(activity.sealed && activity.lines.iter().all(|line| !line.after_seal));
    let again = world.seal_all(0, "林秀兰", Level::Township, FENGDU);
    assert_eq!(world.effect(again), Err(Ineffective::Once));
    // What comes later is shown as later and breaks nothing: lines, fields, and deputies of further levels.
    world.next(1, "陈大山", vec![line("补记"), topic("改题")]);
    let city = world
        .federation
        .person(org(CITY), "市代表", &[Role::Deputy], Some(Level::City));
    world.directory = world.federation.directory();
    world.people.push(("市代表", city));
    world.next(2, "市代表", vec![sign_in("市代表", Level::City)]);
    let activity = world.activity();
    assert_eq!(activity.signed_in.len(), 3);
    assert!(activity.sealed, "no later edit breaks a seal");
    assert_eq!(
        activity.required,
        [Level::County, Level::Township],
        "which must seal is part of what is sealed"
    );
    let marks: Vec<(&str, bool)> = activity
        .lines
        .iter()
        .map(|line| (line.text.as_str(), line.after_seal))
        .collect();
    assert_eq!(marks, [("座谈", false), ("补记", true)]);
}

#[test]
fn nothing_is_sealed_where_no_deputy_was_there() {
    let mut world = World::new();
    let before = world.next(0, "秘书", vec![topic("走访")]);
    world.seal_all(0, "秘书", Level::Township, FENGDU);
    let activity = world.activity();
    assert_eq!((activity.seals.len(), activity.sealed), (1, false));
    assert_eq!(activity.required, [Level::Township]);
    // Nor by a deputy who is there, but not among what is sealed.
    let mut world = World {
        held: world.held[..1].to_vec(),
        ..world
    };
    let arrived = world.next(1, "陈大山", vec![sign_in("陈大山", Level::Township)]);
    let seal = world.seal(Level::Township, FENGDU, &[before]);
    world.write(0, "秘书", &[before, arrived], vec![seal]);
    assert!(!world.activity().sealed);
    world.seal_all(0, "秘书", Level::Township, FENGDU);
    assert!(world.activity().sealed);
}

#[test]
fn seals_over_different_content_do_not_meet() {
    let mut world = World::new();
    let a = world.next(0, "林秀兰", vec![sign_in("林秀兰", Level::Township)]);
    let b = world.next(2, "周敏", vec![sign_in("周敏", Level::County)]);
    let early = world.seal(Level::Township, FENGDU, &[a]);
    world.next(0, "秘书", vec![early]);
    world.seal_all(2, "代表工委", Level::County, COUNTY);
    let activity = world.activity();
    assert_eq!(activity.seals.len(), 2);
    assert!(!activity.sealed);
    assert_eq!(activity.required, [Level::County, Level::Township]);
    let late = world.seal(Level::Township, FENGDU, &[b]);
    world.next(0, "秘书", vec![late]);
    assert!(world.activity().sealed);
}

#[test]
fn a_seal_over_what_it_does_not_say_has_no_effect() {
    let mut world = World::new();
    let a = world.next(0, "林秀兰", vec![sign_in("林秀兰", Level::Township)]);
    let unseen = world.write(1, "陈大山", &[], vec![line("别处")]);
    let seal = |heads: Vec<ChangeId>, digest| {
        Put::event(&Event::Seal {
            level: Level::Township,
            org: org(FENGDU),
            heads,
            digest,
        })
    };
    let good = Graph::build(&world.held);
    let digest = |heads: &[ChangeId]| {
        let places: Vec<usize> = heads.iter().map(|head| good.position(head).unwrap()).collect();
        seal_digest(&good, &places)
    };
    let (of_a, of_unseen) = (digest(&[a]), digest(&[unseen]));
    for (heads, digest, expected) in [
        (vec![a], Hash([0; 32]), Err(Ineffective::OtherDigest)),
        (vec![a], of_unseen, Err(Ineffective::OtherDigest)),
        (vec![], crate::log::empty_root(), Err(Ineffective::UnknownHead)),
        (vec![ChangeId([0; 32])], of_a, Err(Ineffective::UnknownHead)),
        (vec![unseen], of_unseen, Err(Ineffective::UnknownHead)),
        (vec![a], of_a, Ok(())),
    ] {
        let mut world = World {
            held: world.held.clone(),
            ..World::new()
        };
        world.logs[0].append_statement(&crate::log::LogStatement::Trust(vec![])); // another place than the held ones
        world.logs[0].append_statement(&crate::log::LogStatement::Trust(vec![]));
        let change = world.write(0, "秘书", &[a], vec![seal(heads, digest)]);
        assert_eq!(world.effect(change), expected);
    }
}

#[derive(Debug, Clone)]
struct Step {
    log: usize,
    who: usize,
    /// Which earlier changes the author had seen.
    seen: u32,
    act: u8,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0usize..3, 0usize..8, any::<u32>(), 0u8..9).prop_map(|(log, who, seen, act)| Step {
        log,
        who,
        seen,
        act,
    });
    proptest::collection::vec(step, 1..16)
}

impl World {
    /// A history as several people write it, each knowing a part; some may not write at all.
    fn run(&mut self, steps: &[Step]) {
        for (n, step) in steps.iter().enumerate() {
            let deps: Vec<ChangeId> = self
                .held
                .iter()
                .enumerate()
                .filter(|(at, _)| step.seen & (1 << at) != 0)
                .map(|(_, held)| held.id)
                .collect();
            let name = self.people[step.who].0;
            let level = [Level::Township, Level::County][step.who % 2];
            let code = [FENGDU, QINGYA, COUNTY][step.log];
            let put = match step.act {
                0 | 1 => topic(&format!("{n}")),
                2 => Put::field("topic", Value::Null),
                3 => Put::field("days", Value::Int(n as i64)),
                4 => line("记"),
                5 | 6 => sign_in(name, level),
                7 if !deps.is_empty() => self.seal(level, code, &deps[..1]),
                _ => Put::field("no_such_field", Value::Null),
            };
            self.write(step.log, name, &deps, vec![put]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_order_of_arrival_gives_the_same_state_byte_for_byte(
        steps in steps(),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let mut world = World::new();
        world.run(&steps);
        let expected = world.bytes(&world.held);
        let mut arrived: Vec<Held> = order.iter().map(|n| n.get(&world.held).clone()).collect();
        arrived.extend(world.held.iter().rev().cloned());
        prop_assert_eq!(world.bytes(&arrived), expected);
        // A part of it, then the rest: the same again, and what was missing was waited for.
        let part: Vec<Held> = order.iter().map(|n| n.get(&world.held).clone()).collect();
        let held: BTreeSet<ChangeId> = part.iter().map(|held| held.id).collect();
        let state = world.fold(&part);
        prop_assert_eq!(state.history.len(), held.len());
        for item in &state.history {
            if let Verdict::Pending { reason: PendingReason::Dependency(missing) } = item.verdict {
                prop_assert!(!held.contains(&missing));
            }
        }
    }

    #[test]
    fn the_fold_keeps_its_rules_on_random_histories(steps in steps()) {
        let mut world = World::new();
        world.run(&steps);
        let graph = Graph::build(&world.held);
        let state = world.state();
        let counts: BTreeSet<ChangeId> = state
            .history
            .iter()
            .filter(|item| matches!(item.verdict, Verdict::Counts { .. }))
            .map(|item| item.change)
            .collect();
        prop_assert!(state.events.iter().all(|event| counts.contains(&event.change)));
        let at = |id: &ChangeId| graph.position(id).unwrap();
        for (n, later) in state.events.iter().enumerate() {
            for earlier in &state.events[..n] {
                prop_assert!(!graph.saw(at(&earlier.change), at(&later.change)), "causal order");
            }
        }
        for (name, field) in &state.fields {
            prop_assert!(field.candidates.is_sorted_by(|a, b| a.op > b.op));
            prop_assert_eq!(&field.value, &field.candidates[0].value);
            let puts = world.held.iter().filter(|held| {
                counts.contains(&held.id) && held.change.puts.iter().any(|put| put.field_name() == Some(name.as_str()))
            });
            for held in puts {
                let covered = field.candidates.iter().any(|c| c.change == held.id || graph.saw(at(&c.change), at(&held.id)));
                prop_assert!(covered, "every counting put stands or is covered by one that stands");
            }
        }
        let ops: BTreeSet<OpId> =
            (0..graph.changes().len()).flat_map(|n| (0..graph.changes()[n].change.puts.len()).map(move |p| (n, p)))
                .map(|(n, position)| graph.op(n, position)).collect();
        prop_assert_eq!(ops.len(), world.held.iter().map(|held| held.change.puts.len()).sum::<usize>());
    }
}

#[test]
fn a_receipt_of_the_parent_verifies_for_its_log_alone() {
    let mut world = World::new();
    world.next(0, "秘书", vec![topic("走访")]);
    let first = world.federation.receipt(&world.logs[0]);
    world.next(0, "秘书", vec![topic("座谈")]);
    let receipt = world.federation.receipt(&world.logs[0]);
    let log = &world.logs[0];
    for receipt in [&first, &receipt] {
        assert_eq!(receipt.verify(&log.origin, &log.start.node), Ok(()));
        assert!(receipt.verify(&world.logs[1].origin, &log.start.node).is_err());
        assert!(receipt.verify(&log.origin, &world.logs[1].start.node).is_err());
    }
    assert_eq!(
        (receipt.witness_index.0, receipt.witness_size.0, receipt.size.0),
        (1, 2, 3)
    );
    let later = crate::log::Receipt {
        time_s: receipt.time_s + 1,
        ..receipt.clone()
    };
    assert!(later.verify(&log.origin, &log.start.node).is_err());
    let statement = crate::log::LogStatement::Receipt(receipt);
    world.logs[0].append_statement(&statement);
    let payload = world.logs[0].payloads.last().unwrap();
    assert_eq!(crate::log::LogStatement::parse(payload), Ok(statement));
    let of_root = world
        .federation
        .log(org(CITY), &Space::of(org(CITY), Audience::City), 1);
    assert_eq!(
        world
            .federation
            .receipt(&of_root)
            .verify(&of_root.origin, &of_root.start.node),
        Ok(())
    );
    let _: RecordId = record(RECORD);
}
