//! Sets of entries and receipts: verdicts, and what the record then says.

use serde_json::{Value, json};

use super::directory::{self, base, revocation};
use super::{Files, Found, Vector, bytes_of, category, good, hex, list_of, text_of};
use crate::codec::{self, encode};
use crate::id::{ChangeId, RecordId, StatementId};
use crate::log::{Covered, Entry, EntryIndex, LogStart, LogStatement, Receipt, STATEMENT_MAX, doubt};
use crate::record::ledger::{by_hash, ledger};
use crate::record::{Change, Event, Held, JudgeContext, Proof, Put, Value as Scalar, fold, judge};
use crate::testing::{
    CITY, COUNTY, DAY, FENGDU, Federation, HEWAN, Person, SHIQIAO, START, TestLog, YUNLING, key, org,
};
use crate::time::Timestamp;
use crate::trust::{
    Adoption, Appointment, Audience, Body, Cut, Directory, Ground, Level, Policy, Purpose, Revocation, Role,
    Space, Validity,
};

/// A station with a liaison, a log in its space of the city's reach, and what its township and county said of it.
struct World {
    federation: Federation,
    log: TestLog,
    receipts: Vec<Receipt>,
    liaison: Person,
}

impl World {
    fn new() -> Self {
        let mut federation = Federation::new();
        let liaison = federation.person(org(SHIQIAO), "何苗", &[Role::StationLiaison], None);
        let log = federation.log(org(SHIQIAO), &Space::of(org(SHIQIAO), Audience::City), 1);
        World {
            federation,
            log,
            receipts: Vec::new(),
            liaison,
        }
    }

    /// A world with one witnessed change.
    fn begun() -> (Self, ChangeId) {
        let mut world = World::new();
        let first = world.write(&[], vec![topic("走访")]);
        world.witness();
        (world, first)
    }

    fn write(&mut self, deps: &[ChangeId], puts: Vec<Put>) -> ChangeId {
        let liaison = self.liaison.clone();
        self.write_as(&liaison, deps, puts)
    }

    fn write_as(&mut self, by: &Person, deps: &[ChangeId], puts: Vec<Put>) -> ChangeId {
        let record = self.log.record(1);
        self.log.append_change(by, record, deps, puts).id
    }

    fn witness(&mut self) {
        let receipt = self.federation.receipt(&self.log);
        self.log.append_statement(&LogStatement::Receipt(receipt.clone()));
        self.receipts.push(receipt);
    }

    fn witness_by(&mut self, code: &str, time: Timestamp) {
        let parent = self.log.start.required_parent.replace(org(code));
        self.receipts.push(self.federation.receipt_at(&self.log, time));
        self.log.start.required_parent = parent;
    }

    fn revoke(&mut self, change: impl Fn(&mut Revocation)) -> StatementId {
        let mut made = revocation(self.liaison.1, Ground::Soft);
        change(&mut made);
        self.federation.state(org(FENGDU), Body::Revocation(made))
    }

    fn cut(&self, n: usize) -> Vec<Cut> {
        let receipt = &self.receipts[n];
        vec![Cut {
            origin: receipt.witness_origin.clone(),
            index: receipt.witness_index.0,
        }]
    }

    fn adopt(&mut self, by: &str, changes: &[ChangeId]) {
        let mut changes = changes.to_vec();
        changes.sort_unstable();
        self.federation.state(
            org(by),
            Body::Adoption(Adoption {
                changes,
                statements: vec![],
            }),
        );
    }

    fn appoint(&mut self, label: &str, change: impl Fn(&mut Appointment)) -> Person {
        let key = key(label);
        let mut made = Appointment {
            roles: vec![Role::StationLiaison],
            name: label.into(),
            ..self.federation.appointment(&key, org(SHIQIAO), Purpose::Person)
        };
        change(&mut made);
        let id = self.federation.state(org(SHIQIAO), Body::Appointment(made));
        (key, id)
    }

    fn vector(self, name: &str) -> Vector {
        let known = Federation::new().statements().len();
        let more: Vec<Value> = self.federation.statements()[known..]
            .iter()
            .map(|s| hex(s.bytes()))
            .collect();
        let mut changes = Vec::new();
        for (n, entry) in self.log.entries.iter().enumerate() {
            if entry.header().record.is_some() {
                changes.push(json!({"entry": hex(&entry.to_bytes()), "payload": hex(&self.log.payloads[n]), "index": n}));
            }
        }
        let mut receipts = self.receipts;
        receipts.sort_by_key(Receipt::rank);
        let receipts: Vec<Value> = receipts.iter().map(|receipt| hex(&encode(receipt))).collect();
        let start = LogStatement::Start(self.log.start.clone()).to_bytes();
        let space = Space::of(org(SHIQIAO), Audience::City).id();
        let record = crate::testing::record(1, &space, &ledger("activity").expect("built in").hash());
        good(
            name,
            json!({
                "more": more,
                "record": record,
                "logs": [{"start": hex(&start), "receipts": receipts}],
                "changes": changes,
            }),
        )
    }
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

fn find(base: &Value, input: &Value) -> Found {
    let directory = directory::of(base, input);
    let logs: Vec<(LogStart, Vec<Receipt>)> = list_of(input, "logs").iter().map(log).collect();
    let held: Vec<Held> = list_of(input, "changes")
        .iter()
        .map(|change| held(&directory, &logs, change))
        .collect();
    let id = RecordId::parse(text_of(input, "record")).expect("an id");
    let space = logs[0].0.space.clone();
    let judged = |held: &Held| {
        let log = logs
            .iter()
            .find(|(start, _)| start.origin() == held.origin)
            .expect("its log");
        let context = JudgeContext {
            directory: &directory,
            space: &space,
            node: Some((log.0.node, log.0.org)),
            ledger: &|hash| by_hash(hash),
        };
        judge(&context, held)
    };
    let state = fold(id, &space.id(), &held, judged, by_hash);
    let times: serde_json::Map<String, Value> = held
        .iter()
        .map(|held| {
            let said = json!({"witnessed": held.witnessed(), "doubt": doubt(held.recorded, &held.covered)});
            (held.id.to_string(), said)
        })
        .collect();
    Ok(json!({"state": state.to_json(), "times": times}))
}

fn log(input: &Value) -> (LogStart, Vec<Receipt>) {
    let LogStatement::Start(start) = LogStatement::parse(&bytes_of(input, "start")).expect("a statement")
    else {
        panic!("not a start");
    };
    let receipts = list_of(input, "receipts").iter();
    let receipts = receipts.map(|receipt| {
        let bytes = super::unhex(receipt.as_str().expect("hex"));
        codec::decode(&bytes, STATEMENT_MAX).expect("a receipt")
    });
    (start, receipts.collect())
}

fn held(directory: &Directory, logs: &[(LogStart, Vec<Receipt>)], input: &Value) -> Held {
    let entry = Entry::parse(&bytes_of(input, "entry"))
        .and_then(Entry::verify)
        .expect("an entry");
    let payload = bytes_of(input, "payload");
    entry.check_payload(&payload).expect("its payload");
    let header = entry.header();
    let index = EntryIndex(input["index"].as_u64().expect("a number"));
    let (start, receipts) = logs
        .iter()
        .find(|(start, _)| start.origin() == header.origin)
        .expect("its log");
    Held {
        id: entry.change_id(),
        origin: header.origin.clone(),
        index,
        author: header.author,
        appointment: header.appointment.expect("of a change"),
        recorded: header.recorded,
        covered: Covered::of(directory, start, index, receipts),
        change: Change::parse(&payload).expect("a change"),
    }
}

pub(super) fn all(files: &mut Files) {
    let base = base();
    let mut vectors = counting();
    vectors.extend(refused());
    vectors.extend(contested());
    vectors.extend(witnessed());
    vectors.extend(events());
    category(
        files,
        "record",
        json!({"federation": "that of directory.json"}),
        vectors,
        |input| find(&base, input),
    );
}

fn counting() -> Vec<Vector> {
    let (mut later, first) = World::begun();
    later.write(&[first], vec![topic("座谈"), line("三户")]);
    let (mut conflict, first) = World::begun();
    let other = conflict.federation.person(
        org(SHIQIAO),
        "石站长",
        &[Role::StationHead, Role::StationLiaison],
        None,
    );
    conflict.write(&[first], vec![topic("甲")]);
    conflict.write_as(&other, &[first], vec![topic("乙")]);
    let (mut emptied, first) = World::begun();
    emptied.write(&[first], vec![topic("甲"), Put::field("outcome", Scalar::Null)]);
    let (mut missing, _) = World::begun();
    missing.write(&[ChangeId([1; 32])], vec![topic("甲")]);
    vec![
        World::begun().0.vector("one change that counts"),
        later.vector("a later change that nobody witnessed"),
        conflict.vector("two who saw the same"),
        emptied.vector("a field that was emptied"),
        missing.vector("a change that nobody holds was seen"),
    ]
}

fn refused() -> Vec<Vector> {
    let by = |name: &str, make: &dyn Fn(&mut World) -> (Person, Vec<Put>)| {
        let (mut world, first) = World::begun();
        let (by, puts) = make(&mut world);
        world.write_as(&by, &[first], puts);
        world.vector(name)
    };
    let appointed = |name: &str, change: &dyn Fn(&mut Appointment)| {
        by(name, &|world| {
            (world.appoint("另一人", change), vec![topic("甲")])
        })
    };
    let puts = |name: &str, puts: &dyn Fn() -> Vec<Put>| by(name, &|world| (world.liaison.clone(), puts()));
    let mut unrooted = World::begun().0;
    unrooted.write(&[], vec![topic("甲")]);
    let liaison = unrooted.liaison.clone();
    let record = unrooted.log.record(1);
    let salt = [9; 16];
    unrooted
        .log
        .append_salted(&liaison, record, salt, &[], vec![topic("别的")]);
    let (mut other_ledger, first) = World::begun();
    let record = other_ledger.log.record(1);
    other_ledger.log.definition = ledger("deputy_roster").expect("built in").hash();
    let salt = other_ledger.log.next_salt();
    other_ledger.log.append_salted(
        &liaison,
        record,
        salt,
        &[first],
        vec![Put::field("note", "甲".into())],
    );
    let (mut definition, first) = World::begun();
    definition.log.definition = crate::id::Hash([1; 32]);
    let salt = definition.log.next_salt();
    definition
        .log
        .append_salted(&liaison, record, salt, &[first], vec![topic("甲")]);
    vec![
        by("an appointment that is not held", &|_| {
            ((key("stranger"), StatementId([9; 32])), vec![topic("甲")])
        }),
        by("an appointment of another key", &|world| {
            ((key("stranger"), world.liaison.1), vec![topic("甲")])
        }),
        by("a statement that is no appointment", &|world| {
            let id = world.federation.statements()[2].id();
            ((world.liaison.0.clone(), id), vec![topic("甲")])
        }),
        by("a node's appointment", &|world| {
            let node = world.federation.keys(org(SHIQIAO)).node.clone();
            let mut all = world.federation.statements().iter();
            let id = all
                .find(|s| s.appointment().is_some_and(|a| a.key == node.public()))
                .expect("appointed")
                .id();
            ((node, id), vec![topic("甲")])
        }),
        by("an appointment that does not stand", &|world| {
            let key = key("上位者");
            let made = Appointment {
                roles: vec![Role::StationLiaison],
                ..world.federation.appointment(&key, org(SHIQIAO), Purpose::Person)
            };
            let id = world.federation.state(org(YUNLING), Body::Appointment(made));
            ((key, id), vec![topic("甲")])
        }),
        appointed("before the appointment holds", &|a| {
            a.validity.not_before = Timestamp(START.0 + DAY)
        }),
        appointed("after the appointment ended", &|a| {
            a.validity = Validity {
                not_before: START,
                not_after: Timestamp(START.0 + 60_000),
            };
        }),
        by("an org that does not hold the space", &|world| {
            (
                world
                    .federation
                    .person(org(HEWAN), "外乡人", &[Role::StationLiaison], None),
                vec![topic("甲")],
            )
        }),
        appointed("no role that may write", &|a| a.roles = vec![Role::Auditor]),
        puts("a field that the ledger lacks", &|| {
            vec![Put::field("nonsense", "甲".into())]
        }),
        puts("a value of another kind", &|| {
            vec![Put::field("topic", Scalar::Int(1))]
        }),
        puts("a number beyond its bounds", &|| {
            vec![Put::field("days", Scalar::Int(-1))]
        }),
        puts("an option that is none", &|| {
            vec![Put::field("kind", "pigeon".into())]
        }),
        puts("a blank text", &|| vec![topic(" ")]),
        puts("an event of another ledger", &|| {
            vec![Put::event(&Event::Register {
                happened: "2026-03-01".into(),
            })]
        }),
        puts("no role that may sign the event", &|| {
            vec![Put::event(&Event::SignIn {
                deputy: "何苗".into(),
                level: Level::Station,
                happened: "2026-03-01".into(),
                proof: Proof::Key,
            })]
        }),
        unrooted.vector("a first change of another record"),
        other_ledger.vector("a definition of another ledger"),
        definition.vector("a definition that is not held"),
    ]
}

/// Two changes, each witnessed, before the author is revoked.
fn twice() -> (World, ChangeId, ChangeId) {
    let (mut world, first) = World::begun();
    let second = world.write(&[first], vec![topic("座谈")]);
    world.witness();
    (world, first, second)
}

fn contested() -> Vec<Vector> {
    let revoked = |name: &str, change: &dyn Fn(&World, &mut Revocation)| {
        let (mut world, _, _) = twice();
        let mut made = revocation(world.liaison.1, Ground::Soft);
        change(&world, &mut made);
        world.revoke(|revocation| *revocation = made.clone());
        world.vector(name)
    };
    let hard = |since_s| Ground::Hard { since_s };
    let (mut adopted, first, second) = twice();
    adopted.revoke(|_| {});
    adopted.adopt(FENGDU, &[first, second]);
    let (mut below, first, _) = twice();
    below.revoke(|_| {});
    below.adopt(YUNLING, &[first]);
    let by_change = |name: &str, role: Role, of: &str, revoke_too: bool| {
        let (mut world, first, second) = twice();
        world.revoke(|_| {});
        let next = world.federation.person(org(of), "接任者", &[role], None);
        let mut changes = vec![first, second];
        changes.sort_unstable();
        world.write_as(&next, &[second], vec![Put::event(&Event::Adopt { changes })]);
        if revoke_too {
            world
                .federation
                .state(org(FENGDU), Body::Revocation(revocation(next.1, Ground::Soft)));
        }
        world.vector(name)
    };
    let (mut node, _, _) = twice();
    let of_node = node.federation.keys(org(SHIQIAO)).node.public();
    let mut all = node.federation.statements().iter();
    let of_node = all
        .find(|s| s.appointment().is_some_and(|a| a.key == of_node))
        .expect("appointed")
        .id();
    let cut = node.cut(0);
    let made = Revocation {
        cut,
        ..revocation(of_node, Ground::Soft)
    };
    node.federation.state(org(FENGDU), Body::Revocation(made));
    let anew = |name: &str, ground| {
        let (mut world, _, _) = twice();
        let made = Revocation {
            cut: world.cut(1),
            ..revocation(of_node, ground)
        };
        world.federation.state(org(FENGDU), Body::Revocation(made));
        let again = world.federation.keys(org(SHIQIAO)).node.clone();
        let again = world
            .federation
            .appointment(&again, org(SHIQIAO), Purpose::Node);
        let validity = Validity {
            not_before: Timestamp(START.0 + DAY),
            ..again.validity
        };
        let again = Appointment { validity, ..again };
        world.federation.state(org(FENGDU), Body::Appointment(again));
        world.write(&[], vec![topic("再任之后")]);
        world.vector(name)
    };
    let node_anew = anew("the node is revoked and appointed anew", Ground::Soft);
    let node_stolen = anew("the node's key was stolen and is appointed anew", hard(None));
    let (mut authority, _, _) = twice();
    let station = authority
        .federation
        .keys(org(SHIQIAO))
        .appointment
        .expect("appointed");
    authority
        .federation
        .state(org(COUNTY), Body::Revocation(revocation(station, Ground::Soft)));
    let (mut witness, _, _) = twice();
    let of_witness = witness.federation.keys(org(FENGDU)).witness.public();
    let mut all = witness.federation.statements().iter();
    let of_witness = all
        .find(|s| s.appointment().is_some_and(|a| a.key == of_witness))
        .expect("appointed")
        .id();
    let made = Revocation {
        cut: witness.cut(0),
        ..revocation(of_witness, Ground::Soft)
    };
    witness.federation.state(org(COUNTY), Body::Revocation(made));
    vec![
        revoked("the author is revoked, and nothing was seen", &|_, _| {}),
        revoked("the author is revoked, and the first was seen", &|world, r| {
            r.cut = world.cut(0)
        }),
        revoked("the author is revoked, and both were seen", &|world, r| {
            r.cut = world.cut(1)
        }),
        revoked("the key was stolen, and nobody knows when", &|world, r| {
            (r.cut, r.ground) = (world.cut(1), hard(None));
        }),
        revoked("the key was stolen between the two", &|world, r| {
            (r.cut, r.ground) = (world.cut(1), hard(Some(world.receipts[1].time_s)));
        }),
        adopted.vector("adopted by the township"),
        below.vector("adopted by an org that is not above"),
        by_change("adopted by who came after", Role::StationLiaison, SHIQIAO, false),
        by_change("adopted in another role", Role::Publicist, SHIQIAO, false),
        by_change("adopted in another org", Role::StationLiaison, FENGDU, false),
        by_change(
            "adopted by who is contested, too",
            Role::StationLiaison,
            SHIQIAO,
            true,
        ),
        node.vector("the node is revoked, and the first was seen"),
        node_anew,
        node_stolen,
        authority.vector("the authority of the station is revoked"),
        witness.vector("the witness is revoked, and its first word was seen"),
    ]
}

fn witnessed() -> Vec<Vector> {
    let at = |day: i64| Timestamp(START.0 + day * DAY);
    let groups = |name: &str, county: Option<i64>| {
        let mut world = World::new();
        let policy = world.federation.state(
            org(CITY),
            Body::Policy(Policy {
                levels: vec![Level::County],
            }),
        );
        world.log.start.policy = Some(policy);
        world.write(&[], vec![topic("走访")]);
        world.witness_by(FENGDU, at(1));
        if let Some(day) = county {
            world.witness_by(COUNTY, at(day));
        }
        world.vector(name)
    };
    let one = groups("a policy, and the county said nothing", None);
    let both = groups("a policy, and the county witnessed later", Some(2));
    let mut unknown = World::new();
    unknown.log.start.policy = Some(StatementId([1; 32]));
    unknown.write(&[], vec![topic("走访")]);
    unknown.witness_by(FENGDU, at(1));
    let mut stranger = World::new();
    stranger.write(&[], vec![topic("走访")]);
    stranger.witness_by(YUNLING, at(1));
    let mut order = World::new();
    order.write(&[], vec![topic("走访")]);
    order.witness_by(FENGDU, at(3));
    order.witness_by(FENGDU, at(2));
    let mut ahead = World::new();
    ahead.log.clock = at(5);
    ahead.write(&[], vec![topic("走访")]);
    ahead.witness_by(FENGDU, at(1));
    let (mut behind, first) = World::begun();
    behind.witness_by(FENGDU, at(3));
    behind.write(&[first], vec![topic("补记")]);
    behind.witness_by(FENGDU, at(4));
    vec![
        one,
        both,
        unknown.vector("a policy that is not held"),
        stranger.vector("the word of a witness that is not required"),
        order.vector("two receipts over one size"),
        ahead.vector("recorded after it was witnessed"),
        behind.vector("recorded long before it was witnessed"),
    ]
}

fn events() -> Vec<Vector> {
    let sign_in = |deputy: &str, level| {
        Put::event(&Event::SignIn {
            deputy: deputy.into(),
            level,
            happened: "2026-03-01".into(),
            proof: Proof::Key,
        })
    };
    let (mut signing, first) = World::begun();
    let deputy = signing
        .federation
        .person(org(SHIQIAO), "林秀兰", &[Role::Deputy], Some(Level::Township));
    let same = {
        let person = signing
            .federation
            .statements()
            .last()
            .and_then(|s| s.appointment())
            .and_then(|a| a.person);
        signing.appoint("林秀兰的另一把钥匙", |a| {
            (a.roles, a.seat, a.person, a.name) =
                (vec![Role::Deputy], Some(Level::Station), person, "林秀兰".into());
        })
    };
    let mut last = first;
    for (name, level) in [
        ("陈大山", Level::Township),
        ("林秀兰", Level::City),
        ("林秀兰", Level::Township),
        ("林秀兰", Level::Township),
    ] {
        last = signing.write_as(&deputy, &[last], vec![sign_in(name, level)]);
    }
    signing.write_as(&same, &[last], vec![sign_in("林秀兰", Level::Station)]);

    let (mut sealing, first) = World::begun();
    let liaison = sealing.liaison.clone();
    let second = sealing.write(&[first], vec![line("看了水厂。")]);
    let heads = vec![second];
    let digest = {
        let known = Federation::new();
        let directory = known.directory();
        let logs = [(sealing.log.start.clone(), sealing.receipts.clone())];
        let all: Vec<Held> = (0..sealing.log.entries.len())
            .filter(|n| sealing.log.entries[*n].header().record.is_some())
            .map(|n| {
                let input = json!({
                    "entry": hex(&sealing.log.entries[n].to_bytes()),
                    "payload": hex(&sealing.log.payloads[n]),
                    "index": n,
                });
                held(&directory, &logs, &input)
            })
            .collect();
        let graph = crate::record::Graph::build(&all);
        crate::record::seal_digest(&graph, &[graph.position(&second).expect("held")])
    };
    let seal = |level, of: &str, heads: &[ChangeId], digest| {
        Put::event(&Event::Seal {
            level,
            org: org(of),
            heads: heads.to_vec(),
            digest,
        })
    };
    let mut last = second;
    for put in [
        seal(Level::Station, FENGDU, &heads, digest),
        seal(Level::Township, SHIQIAO, &heads, digest),
        seal(Level::Station, SHIQIAO, &[], digest),
        seal(Level::Station, SHIQIAO, &[ChangeId([1; 32])], digest),
        seal(Level::Station, SHIQIAO, &heads, crate::id::Hash([1; 32])),
        seal(Level::Station, SHIQIAO, &heads, digest),
        seal(Level::Station, SHIQIAO, &heads, digest),
    ] {
        last = sealing.write_as(&liaison, &[last], vec![put]);
    }
    vec![
        signing.vector("sign-ins with and without effect"),
        sealing.vector("seals with and without effect"),
    ]
}
