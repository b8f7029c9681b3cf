//! What is in doubt, as everybody sees it: the service, the command, the API and the auditor, on directories of nodes whose
//! witnesses had clocks of this test's own.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use lianzhan_node::config::Config;
use lianzhan_node::env;
use lianzhan_node::services::appoint::PersonDraft;
use lianzhan_node::services::found::{OrgDraft, found};
use lianzhan_node::services::invite::Joining;
use lianzhan_node::services::revoke::RevocationDraft;
use lianzhan_node::services::visit::VisitDraft;
use lianzhan_node::services::witness::CosignRequest;
use lianzhan_node::services::{Author, Node};
use lianzhan_node::store::OwnEntry;
use lianzhan_protocol::id::{Hash, RecordId};
use lianzhan_protocol::keys::Signature;
use lianzhan_protocol::log::{
    Entry, Equivocation, Evidence, Header, LogStatement, Origin, PROTOCOL_VERSION, PayloadKind, SignedRoot,
    TreeSize,
};
use lianzhan_protocol::record::Value as FieldValue;
use lianzhan_protocol::time::Timestamp;
use lianzhan_protocol::trust::{Audience, Level, Purpose, Role};
use rusqlite::Connection;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::process::{PASSPHRASE, Site, beside, command, run};

const DAY_MS: i64 = 86_400_000;

fn secret() -> SecretString {
    SecretString::from(PASSPHRASE.to_owned())
}

fn config() -> Config {
    Config {
        scrypt_log_n: 2,
        ..Config::default()
    }
}

fn draft(level: Level, name: &str, code: &str) -> OrgDraft {
    OrgDraft {
        level,
        name_zh: name.into(),
        name_en: name.into(),
        code: code.into(),
    }
}

fn join(parent: &Node, dir: &Path, org: OrgDraft) -> Arc<Node> {
    let address = vec!["/ip4/127.0.0.1/tcp/7611".to_owned()];
    let invitation = parent.invite(org, &secret(), address).unwrap();
    let joining = Joining::begin(&invitation.to_code()).unwrap();
    let reply = parent.answer_join(&joining.request());
    joining.finish(dir, reply, &secret(), config()).unwrap()
}

/// A township and two stations below it; one of them writes.
struct World {
    township: Arc<Node>,
    station: Arc<Node>,
    sister: Arc<Node>,
    clerk: Author,
    runtime: tokio::runtime::Runtime,
}

impl World {
    fn new(township: &Site, station: &Site, place: &Path) -> Self {
        let town = draft(Level::Township, "枫渡镇", "990121103");
        let township = found(township.dir(), town, &secret(), config()).unwrap();
        let here = draft(Level::Station, "石桥站", "990121103201");
        let station = join(&township, station.dir(), here);
        let there = draft(Level::Station, "柳林站", "990121103202");
        let sister = join(&township, &place.join("sister"), there);
        let person = PersonDraft {
            login: "lin".into(),
            name: "林静禾".into(),
            roles: vec![Role::OpinionLiaison],
            ..PersonDraft::default()
        };
        station.appoint_person(&secret(), person, &secret()).unwrap();
        let clerk = station.sign_in("lin", &secret()).unwrap();
        World {
            township,
            station,
            sister,
            clerk,
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
        }
    }

    fn visit(&self, gist: &str) -> RecordId {
        let text = |name: &str, value: &str| (name.to_owned(), FieldValue::from(value));
        let visit = VisitDraft {
            fields: vec![
                text("received_at", "2026-04-16T09:30:00+08:00"),
                text("channel", "visit"),
                ("persons".into(), FieldValue::Int(1)),
                text("nature", "problem"),
                text("gist", gist),
            ],
            subject: vec![],
            sensitive: vec![],
        };
        let written = self.station.register_visit(&self.clerk, visit);
        self.runtime.block_on(written).unwrap().record
    }

    /// The log of visits.
    fn log(&self) -> Origin {
        let space = self.station.own_space(Audience::County);
        self.station.ensure_log(&space).unwrap()
    }

    /// `witness` cosigns the log of visits at a time, and the station keeps the receipt.
    fn witness(&self, witness: &Node, time: Timestamp) {
        let log = self.log();
        let asked = self
            .station
            .prepare_witness(&log, &self.township.org_id(), None, time);
        let prepared = asked.unwrap().expect("something is to be witnessed");
        let request = CosignRequest {
            peer: self.station.node_key().public(),
            old: TreeSize::EMPTY,
            checkpoint: prepared.checkpoint,
            proof: Vec::new(),
            shown: None,
        };
        let receipt = witness.cosign(request, time).unwrap().unwrap();
        self.station.store_receipt(&log, receipt).unwrap();
    }

    /// Township and station hear all of each other.
    fn tell(&self) {
        for (from, to) in [(&self.township, &self.station), (&self.station, &self.township)] {
            for log in from.store().read(|reader| reader.logs()).unwrap() {
                let space = log.space();
                let have = to.store().read(|reader| reader.log(&log.origin)).unwrap();
                let have = have.map_or(TreeSize::EMPTY, |have| have.size);
                if to.space(&space).is_some()
                    && let Some(range) = from.read_range(&log.origin, have, 1 << 20).unwrap()
                {
                    to.ingest(&space, &range);
                }
            }
            let statements = to.store().read(|reader| reader.statements()).unwrap();
            to.learn(&statements);
            // What the running program does on news of the directory.
            to.store()
                .write_blocking(|writer| writer.mark_unsettled())
                .unwrap();
            to.catch_up(|_| {}).unwrap();
        }
    }

    /// The station's node accuses the township's of two roots that this never signed.
    fn accuse(&self) {
        let root = |byte| SignedRoot {
            size: TreeSize(3),
            root: Hash([byte; 32]),
            signature: Signature([byte; 64]),
        };
        let statement = LogStatement::Equivocation(Equivocation {
            node: self.township.node_key().public(),
            space: Some(self.station.own_space(Audience::County).id()),
            epoch: [7; 16],
            evidence: Evidence::Roots(root(1), root(2)),
        });
        let (origin, payload) = (self.log(), statement.to_bytes());
        let header = Header {
            version: PROTOCOL_VERSION,
            origin: origin.clone(),
            space: self.station.own_space(Audience::County).id(),
            kind: PayloadKind::Statement,
            record: None,
            author: self.station.node_key().public(),
            appointment: None,
            recorded: env::now(),
            payload: Hash::plain(&payload),
            size: payload.len() as u32,
            key_commitment: None,
        };
        let entry = Entry::sign(header, self.station.node_key()).unwrap();
        let own = OwnEntry { entry, payload };
        self.station
            .store()
            .write_blocking(move |writer| writer.append_own(&origin, vec![own]))
            .unwrap();
    }
}

fn check(dir: &Path, root: &Path) -> Value {
    let output = run(command("lianzhan-audit")
        .arg("check")
        .arg(dir)
        .arg("--root")
        .arg(root)
        .arg("--json"));
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn kinds(answer: &Value) -> BTreeSet<&str> {
    let faults = answer["faults"].as_array().unwrap().iter();
    faults.map(|fault| fault["kind"].as_str().unwrap()).collect()
}

#[test]
fn everybody_is_told_what_is_in_doubt_and_the_auditor_agrees() {
    let _lane = beside();
    let place = tempfile::tempdir().unwrap();
    let site = |name| Site::new(place.path(), name);
    let (above, below) = (site("above"), site("below"));
    let world = World::new(&above, &below, place.path());
    let later = |days: i64| Timestamp(env::now().0 + days * DAY_MS);

    let good = world.visit("按时见证");
    world.witness(&world.township, later(3));
    // By the clock of who wrote it the next is of today, and three days later the log was witnessed without it.
    let late = world.visit("补记");
    // A receipt of who need not witness: good in itself, and it counts for nothing.
    world.witness(&world.sister, later(4));
    world.tell();
    for node in [&world.station, &world.township] {
        let marks = node.marks(None).unwrap();
        let marked: Vec<_> = marks.iter().map(|mark| mark.record).collect();
        assert_eq!(marked, [late]);
        assert_eq!(node.status(Vec::new()).unwrap().contested, 0);
    }
    assert_eq!(world.township.marks(Some("990121103202")).unwrap().len(), 0);
    assert_eq!(world.township.marks(Some("990121103201")).unwrap().len(), 1);
    assert!(
        world.station.marks(Some("990121103")).is_err(),
        "not above itself"
    );

    // The clerk leaves: what a witness had seen by then stays good.
    let clerk = world.clerk.key.public();
    let directory = world.station.directory();
    let (post, _) = directory.appointments_of(&clerk, Purpose::Person).next().unwrap();
    world
        .station
        .revoke(&secret(), &RevocationDraft::soft(post, "离任"))
        .unwrap();
    world.accuse();
    world.tell();
    let contested = world.township.contested().unwrap();
    let waits: Vec<_> = contested.changes.iter().map(|change| change.record).collect();
    assert!(waits.contains(&late) && !waits.contains(&good), "{waits:?}");
    assert_eq!(
        world
            .township
            .store()
            .read(|reader| reader.forks())
            .unwrap()
            .len(),
        0,
        "an accusation that proves nothing says nothing"
    );
    drop(world);

    // The command and the API say the same.
    let told = above.json(&["marks", "--json"]);
    let running = above.start();
    assert_eq!(running.api.get("/marks"), told);
    assert_eq!(running.api.get("/marks?org=990121103202")["rows"], json!([]));
    running.stop();
    let at = |name: &str| {
        let columns = told["columns"].as_array().unwrap();
        columns.iter().position(|column| column == name).unwrap()
    };
    let [row] = &told["rows"].as_array().unwrap()[..] else {
        panic!("{told:#}")
    };
    assert_eq!(row[at("record")], json!(late.to_string()));
    assert_eq!(
        (&row[at("doubt")], &row[at("author")]),
        (&json!("behind"), &json!("林静禾"))
    );

    // So does the auditor, who finds the accusation alone, and both records as they stand.
    let root = above.dir().join("founding.cose");
    for dir in [above.dir(), below.dir()] {
        let answer = check(dir, &root);
        assert_eq!(kinds(&answer), BTreeSet::from(["equivocation"]), "{answer:#}");
        let notes: Vec<_> = answer["notes"].as_array().unwrap().iter().collect();
        assert!(
            notes.iter().any(|note| note["kind"] == "receipts_not_counting"),
            "{notes:?}"
        );
    }
    for column in ["contested", "doubted"] {
        let database = Connection::open(above.dir().join("lianzhan.db")).unwrap();
        let hidden = format!("UPDATE records SET {column} = 0 WHERE {column} > 0");
        let held: Vec<(i64, i64)> = {
            let mut select = database
                .prepare(&format!("SELECT id, {column} FROM records WHERE {column} > 0"))
                .unwrap();
            let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
            rows.unwrap().collect::<Result<_, _>>().unwrap()
        };
        assert!(database.execute(&hidden, []).unwrap() > 0, "{column}");
        let answer = check(above.dir(), &root);
        assert!(kinds(&answer).contains("record"), "{column}: {answer:#}");
        for (id, count) in held {
            let back = format!("UPDATE records SET {column} = ?2 WHERE id = ?1");
            database.execute(&back, (id, count)).unwrap();
        }
    }
}
