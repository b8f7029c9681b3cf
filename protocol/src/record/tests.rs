use std::collections::BTreeSet;

use proptest::prelude::*;

use super::activity::Activity;
use super::*;
use crate::id::{ChangeId, Hash, OrgId, RecordId, StatementId};
use crate::keys::PublicKey;
use crate::testing::{
    CITY, COUNTY, DAY, FENGDU, Federation, HEWAN, LIULIN, Person, QINGYA, SHIQIAO, START, TestLog, YUNLING,
    covered, key, org,
};
use crate::time::Timestamp;
use crate::trust::{Audience, Body, Directory, Level, Purpose, Role, SignedStatement, Space};

fn find_ledger(hash: &Hash) -> Option<&'static ledger::Ledger> {
    ledger::by_hash(hash)
}

/// The node of the org with this code.
fn node_of(code: &str) -> Option<(PublicKey, OrgId)> {
    Some((key(&format!("{code} node")).public(), org(code)))
}

fn judge_in(directory: &Directory, space: &Space, node: Option<(PublicKey, OrgId)>, held: &Held) -> Verdict {
    judge(
        &JudgeContext {
            directory,
            space,
            node,
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

    /// The activity: every log begins it with one salt, so that whoever saw nothing belongs to it.
    fn record(&self) -> RecordId {
        self.logs[0].record(RECORD)
    }

    /// `name` writes in log `log`, having seen `deps`; the change's id.
    fn write(&mut self, log: usize, name: &str, deps: &[ChangeId], puts: Vec<Put>) -> ChangeId {
        let person = self.person(name);
        let record = self.record();
        let held = self.logs[log].append_change(&person, record, deps, puts);
        self.held.push(held);
        self.held[self.held.len() - 1].id
    }

    /// As [`World::write`], having seen everything.
    fn next(&mut self, log: usize, name: &str, puts: Vec<Put>) -> ChangeId {
        let heads = self.state().heads;
        self.write(log, name, &heads, puts)
    }

    fn verdict(&self, held: &Held) -> Verdict {
        let node = self
            .logs
            .iter()
            .find(|log| log.origin == held.origin)
            .map(|log| (log.start.node, log.start.org));
        judge_in(&self.directory, &self.space, node, held)
    }

    fn fold(&self, held: &[Held]) -> RecordState {
        self.fold_by(held, |held| self.verdict(held))
    }

    fn fold_by(&self, held: &[Held], verdict: impl FnMut(&Held) -> Verdict) -> RecordState {
        fold(self.record(), &self.space.id(), held, verdict, find_ledger)
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

fn pending(reason: PendingReason) -> Verdict {
    Verdict::Pending { reason }
}
fn refused(reason: RefusalReason) -> Verdict {
    Verdict::Refused { reason }
}

mod bounds;
mod confirming;
mod contested;
mod convergence;
mod correcting;
mod erasing;
mod events;
mod fields;
mod recording;
mod verdicts;
