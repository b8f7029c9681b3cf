//! Sets of entries and receipts: verdicts, and what the record then says.

use serde_json::{Value, json};

use super::directory::{self, base, revocation};
use super::{Files, Found, Vector, bytes_of, category, good, hex, list_of, text_of};
use crate::codec::{self, encode};
use crate::id::{ChangeId, RecordId, StatementId};
use crate::log::{Covered, Entry, EntryIndex, LogStart, LogStatement, Receipt, STATEMENT_MAX, doubt};
use crate::record::ledger::{by_hash, ledger};
use crate::record::{
    Change, Event, Held, JudgeContext, OfficeHolder, Proof, Put, Value as Scalar, fold, judge,
};
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

    /// What its log holds.
    fn held(&self) -> Vec<Held> {
        let directory = Federation::new().directory();
        let logs = [(self.log.start.clone(), self.receipts.clone())];
        let changes = (0..self.log.entries.len()).filter(|n| self.log.entries[*n].header().record.is_some());
        changes
            .map(|n| {
                let input = json!({
                    "entry": hex(&self.log.entries[n].to_bytes()),
                    "payload": hex(&self.log.payloads[n]),
                    "index": n,
                });
                held(&directory, &logs, &input)
            })
            .collect()
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

pub(super) fn log(input: &Value) -> (LogStart, Vec<Receipt>) {
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

pub(super) fn held(directory: &Directory, logs: &[(LogStart, Vec<Receipt>)], input: &Value) -> Held {
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

mod confirmed;
mod contested;
mod followed;
mod judged;
mod recorded;

pub(super) fn all(files: &mut Files) {
    let base = base();
    let mut vectors = judged::counting();
    vectors.extend(judged::refused());
    vectors.extend(contested::contested());
    vectors.extend(followed::witnessed());
    vectors.extend(followed::events());
    vectors.extend(confirmed::confirmed());
    vectors.extend(confirmed::corrected());
    vectors.extend(recorded::recorded());
    category(
        files,
        "record",
        json!({"federation": "that of directory.json"}),
        vectors,
        |input| find(&base, input),
    );
}
