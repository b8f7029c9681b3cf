//! A visit with three changes at one station, and a joint activity of two stations with sign-ins, lines and seals.

use crate::bundle::{BundleInput, EntryEvidence, LogEvidence, RecordEvidence, write};
use crate::id::{ChangeId, Hash, RecordId};
use crate::log::{EntryIndex, LogStatement, Receipt};
use crate::record::ledger::ledger;
use crate::record::{Event, Graph, Held, Proof, Put, Value, seal_digest};
use crate::testing::{CITY, FENGDU, Federation, SHIQIAO, START, TestLog, YUNLING, key, org};
use crate::time::Timestamp;
use crate::trust::{
    Appointment, Audience, Body, Cut, Directory, Ground, Issuer, Level, MayAppoint, Purpose, Revocation,
    Role, SignedStatement, Space, Statement,
};

pub(crate) struct Scenario {
    pub(crate) federation: Federation,
    pub(crate) directory: Directory,
    pub(crate) logs: Vec<(TestLog, Vec<Receipt>)>,
    pub(crate) visit: RecordId,
    pub(crate) activity: RecordId,
}

impl Scenario {
    pub(crate) fn new() -> Self {
        let mut federation = Federation::new();
        let visits = visit(&mut federation);
        let (shiqiao, yunling) = activity(&mut federation);
        let directory = federation.directory();
        Scenario {
            federation,
            directory,
            visit: visits.0.record(1),
            activity: shiqiao.0.record(2),
            logs: vec![visits, shiqiao, yunling],
        }
    }

    /// The trusted founding statement.
    pub(crate) fn founding(&self) -> &[u8] {
        self.federation.founding.bytes()
    }

    /// All changes of a record, as a store would find them.
    pub(crate) fn evidence(&self, id: RecordId) -> RecordEvidence {
        let mut entries = Vec::new();
        for (log, _) in &self.logs {
            for (n, entry) in log.entries.iter().enumerate() {
                if entry.header().record == Some(id) {
                    let (entry, payload) = (entry.to_bytes(), log.payloads[n].clone());
                    entries.push(EntryEvidence {
                        entry,
                        payload,
                        index: EntryIndex(n as u64),
                    });
                }
            }
        }
        RecordEvidence { id, entries }
    }

    /// Hands the input for these records to `f`; `reversed` turns every list around.
    pub(crate) fn with_input<T>(
        &self,
        records: &[RecordId],
        reversed: bool,
        f: impl FnOnce(&BundleInput<'_>) -> T,
    ) -> T {
        let readers: Vec<_> = self
            .logs
            .iter()
            .map(|(log, _)| |index: u64| log.nodes.get(index as usize).copied())
            .collect();
        let mut logs: Vec<LogEvidence<'_>> = Vec::new();
        for ((log, receipts), tree) in self.logs.iter().zip(&readers) {
            logs.push(LogEvidence {
                start_entry: log.entries[0].to_bytes(),
                start_payload: log.payloads[0].clone(),
                checkpoint: log.checkpoint().sign(&log.node).note().to_string(),
                receipts: receipts.clone(),
                tree: tree as &dyn Fn(u64) -> Option<Hash>,
            });
        }
        let mut records: Vec<RecordEvidence> = records.iter().map(|id| self.evidence(*id)).collect();
        if reversed {
            logs.reverse();
            records.reverse();
            logs.iter_mut().for_each(|log| log.receipts.reverse());
            records.iter_mut().for_each(|record| record.entries.reverse());
        }
        f(&BundleInput {
            directory: &self.directory,
            logs,
            records,
        })
    }

    pub(crate) fn bundle(&self, records: &[RecordId]) -> Vec<u8> {
        self.with_input(records, false, |input| write(input).unwrap())
    }

    pub(crate) fn both(&self) -> Vec<u8> {
        self.bundle(&[self.visit, self.activity])
    }

    /// The liaison, who wrote the first two changes of the visit, was appointed once more, by a second authority of the
    /// station; the township revoked that one, so that this appointment is contested; and the first revokes it because the
    /// key is in other hands, up to the first receipt of the visit's log.
    pub(crate) fn contested_post(&self) -> Vec<SignedStatement> {
        let (federation, station) = (&self.federation, org(SHIQIAO));
        let second = key("second authority");
        let powers = Appointment {
            may_appoint: Some(MayAppoint::all(0)),
            ..federation.appointment(&second, station, Purpose::Authority)
        };
        let powers = federation.sign(org(FENGDU), Body::Appointment(powers));
        let post = self.logs[0].0.entries[1].header().appointment.unwrap();
        let post = self.directory.appointment(&post).unwrap();
        let issuer = Issuer {
            org: station,
            key: second.public(),
            appointment: Some(powers.id()),
            issued: START,
            founding: federation.founding.id(),
        };
        let body = Body::Appointment(post.clone());
        let again = SignedStatement::sign(Statement { issuer, body }, &second);
        let receipt = &self.logs[0].1[0];
        let cut = Cut {
            origin: receipt.witness_origin.clone(),
            index: receipt.witness_index.0,
        };
        let revocation = |appointment, ground, cut| Revocation {
            appointment,
            ground,
            words: "密钥丢失".into(),
            cut,
            keeps: vec![],
        };
        let of_second = revocation(powers.id(), Ground::Soft, vec![]);
        let until = receipt.time_s + 1;
        let of_key = revocation(again.id(), Ground::Hard { since_s: Some(until) }, vec![cut]);
        let of_second = federation.sign(org(FENGDU), Body::Revocation(of_second));
        let of_key = federation.sign(station, Body::Revocation(of_key));
        vec![powers, again, of_second, of_key]
    }
}

impl Scenario {
    /// An authority of the station whose key is a person's by an earlier appointment, what it stated of the liaison's key,
    /// and a revocation that names that and so hits the liaison.
    pub(crate) fn purpose_above(&self) -> Vec<SignedStatement> {
        let (federation, station) = (&self.federation, org(SHIQIAO));
        let keys = federation.keys(station);
        let says = |issued: i64, by: &crate::keys::SecretKey, appointment, body| {
            let issuer = Issuer {
                org: station,
                key: by.public(),
                appointment,
                issued: Timestamp(START.0 + issued),
                founding: federation.founding.id(),
            };
            SignedStatement::sign(Statement { issuer, body }, by)
        };
        let station_says = |issued, body| says(issued, &keys.authority, keys.appointment, body);
        let twice = key("of two purposes");
        let person = federation.appointment(&twice, station, Purpose::Person);
        let person = station_says(-3, Body::Appointment(person));
        let authority = Appointment {
            may_appoint: Some(crate::trust::MayAppoint::all(0)),
            ..federation.appointment(&twice, station, Purpose::Authority)
        };
        let authority = station_says(-2, Body::Appointment(authority));
        let liaison = key(&format!("{station} 何苗"));
        let post = federation.appointment(&liaison, station, Purpose::Person);
        let post = says(-1, &twice, Some(authority.id()), Body::Appointment(post));
        let revocation = Revocation {
            appointment: post.id(),
            ground: Ground::Hard { since_s: None },
            words: "密钥丢失".into(),
            cut: vec![],
            keeps: vec![],
        };
        let revocation = station_says(0, Body::Revocation(revocation));
        vec![person, authority, post, revocation]
    }

    /// The liaison's key got a second purpose between two appointments: the first names its purpose, and the one that makes it a
    /// node falls. That one is revoked because the key is in other hands, so that a bundle has it. First comes what names
    /// the purpose, then what falls, then the revocation.
    pub(crate) fn second_purpose(&self) -> Vec<SignedStatement> {
        let (federation, station) = (&self.federation, org(SHIQIAO));
        let post = self.logs[0].0.entries[1].header().appointment.unwrap();
        let post = self.directory.appointment(&post).unwrap();
        let liaison = key(&format!("{station} 何苗"));
        assert_eq!(post.key, liaison.public());
        let keys = federation.keys(station);
        let at = |issued: i64, body| {
            let issuer = Issuer {
                org: station,
                key: keys.authority.public(),
                appointment: keys.appointment,
                issued: Timestamp(START.0 + issued),
                founding: federation.founding.id(),
            };
            SignedStatement::sign(Statement { issuer, body }, &keys.authority)
        };
        let first = Appointment {
            roles: vec![Role::StationLiaison],
            ..post.clone()
        };
        let first = at(-2, Body::Appointment(first));
        let node = at(
            -1,
            Body::Appointment(federation.appointment(&liaison, station, Purpose::Node)),
        );
        let receipt = &self.logs[0].1[0];
        let revocation = Revocation {
            appointment: node.id(),
            ground: Ground::Hard {
                since_s: Some(receipt.time_s + 1),
            },
            words: "密钥丢失".into(),
            cut: vec![Cut {
                origin: receipt.witness_origin.clone(),
                index: receipt.witness_index.0,
            }],
            keeps: vec![],
        };
        let revocation = at(0, Body::Revocation(revocation));
        vec![first, node, revocation]
    }
}

/// The parent witnesses the log as it is, and the log keeps the receipt.
fn witness(federation: &mut Federation, log: &mut TestLog, receipts: &mut Vec<Receipt>) {
    let receipt = federation.receipt(log);
    log.append_statement(&LogStatement::Receipt(receipt.clone()));
    receipts.push(receipt);
}

/// Two witnessed changes by the liaison, a third by a deputy that nobody witnessed yet, and another record between.
fn visit(federation: &mut Federation) -> (TestLog, Vec<Receipt>) {
    let station = org(SHIQIAO);
    let liaison = federation.person(station, "何苗", &[Role::OpinionLiaison], None);
    let mut log = federation.log(station, &Space::of(station, Audience::County), 1);
    log.definition = ledger("letters_visits").unwrap().hash();
    let mut receipts = Vec::new();
    let first = log.append_change(
        &liaison,
        log.record(1),
        &[],
        vec![
            Put::field("received_at", "2026-04-03T09:30:00+08:00".into()),
            Put::field("channel", "visit".into()),
            Put::field("persons", Value::Int(2)),
            Put::field("gist", "石桥村口路灯坏了一周。".into()),
            Put::field("annex/subject", Value::Bytes(vec![7; 32])),
            Put::event(&Event::Register {
                happened: "2026-04-03T09:30:00+08:00".into(),
            }),
        ],
    );
    log.append_change(
        &liaison,
        log.record(9),
        &[],
        vec![Put::field("gist", "别的事。".into())],
    );
    witness(federation, &mut log, &mut receipts);
    let gist = Put::field("gist", "石桥村口路灯坏了，已报电力所。".into());
    let second = log.append_change(&liaison, log.record(1), &[first.id], vec![gist]);
    // Witnessed twice, as a parent does that states freshness: the earlier counts.
    witness(federation, &mut log, &mut receipts);
    witness(federation, &mut log, &mut receipts);
    log.append_change(
        &liaison,
        log.record(1),
        &[second.id],
        vec![Put::field("note", "周五回访。".into())],
    );
    (log, receipts)
}

/// Deputies of two levels sign in at their own stations' nodes; both levels and the organising station seal; a line
/// comes after.
fn activity(federation: &mut Federation) -> ((TestLog, Vec<Receipt>), (TestLog, Vec<Receipt>)) {
    let (shiqiao, yunling) = (org(SHIQIAO), org(YUNLING));
    let liaison = federation.person(
        shiqiao,
        "石站长",
        &[Role::StationLiaison, Role::StationHead],
        None,
    );
    let town = federation.person(org(FENGDU), "林枫", &[Role::Deputy], Some(Level::Township));
    let city = federation.person(org(CITY), "云岚", &[Role::Deputy], Some(Level::City));
    let space = federation.joint_space(shiqiao, &[yunling]);
    let mut ours = federation.log(shiqiao, &space, 2);
    let mut theirs = federation.log(yunling, &space, 3);
    let (mut receipts, mut their_receipts) = (Vec::new(), Vec::new());
    let id = ours.record(2);
    let sign_in = |deputy: &str, level| {
        let happened = "2026-05-06T08:00:00+08:00".into();
        Put::event(&Event::SignIn {
            deputy: deputy.into(),
            level,
            happened,
            proof: Proof::Key,
        })
    };
    let line = |text: &str| {
        Put::event(&Event::LogLine {
            text: text.into(),
            happened: "2026-05-06T10:00:00+08:00".into(),
        })
    };
    let called = ours.append_change(
        &liaison,
        id,
        &[],
        vec![
            Put::field("kind", "research".into()),
            Put::field("topic", "饮水安全联合调研".into()),
        ],
    );
    let first = ours.append_change(
        &town,
        id,
        &[called.id],
        vec![sign_in("林枫", Level::Township), line("看了水厂。")],
    );
    witness(federation, &mut ours, &mut receipts);
    let second = theirs.append_change(
        &city,
        id,
        &[called.id],
        vec![sign_in("云岚", Level::City), line("问了农户。")],
    );
    witness(federation, &mut theirs, &mut their_receipts);
    let mut heads: Vec<ChangeId> = vec![first.id, second.id];
    heads.sort_unstable();
    let held: Vec<Held> = vec![called, first.clone(), second.clone()];
    let graph = Graph::build(&held);
    let places: Vec<usize> = heads.iter().map(|head| graph.position(head).unwrap()).collect();
    let digest = seal_digest(&graph, &places);
    let seal = |level, of| {
        Put::event(&Event::Seal {
            level,
            org: of,
            heads: heads.clone(),
            digest,
        })
    };
    let sealed = ours.append_change(&liaison, id, &heads, vec![seal(Level::Station, shiqiao)]);
    ours.append_change(&town, id, &heads, vec![seal(Level::Township, org(FENGDU))]);
    theirs.append_change(&city, id, &heads, vec![seal(Level::City, org(CITY))]);
    ours.append_change(&liaison, id, &[sealed.id], vec![line("补记：下周复查。")]);
    witness(federation, &mut ours, &mut receipts);
    witness(federation, &mut theirs, &mut their_receipts);
    ((ours, receipts), (theirs, their_receipts))
}
