//! Any order of delivery gives the same: holders that get the logs of one federation in different orders and pieces end
//! with the same states, verdicts, documents and rows, byte for byte; so does one that drops all that is derived and
//! makes it anew. And every Automerge document says what the fold says.
//!
//! The holders are copies of nodes that had written all they were ever going to write, taken before anything arrived.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lianzhan_node::config::{Config, Overrides};
use lianzhan_node::documents;
use lianzhan_node::env;
use lianzhan_node::services::appoint::PersonDraft;
use lianzhan_node::services::found::{OrgDraft, found};
use lianzhan_node::services::ingest::Ingested;
use lianzhan_node::services::invite::Joining;
use lianzhan_node::services::visit::VisitDraft;
use lianzhan_node::services::witness::CosignRequest;
use lianzhan_node::services::{Author, Draft, Node, ServiceError, definition_hash};
use lianzhan_node::store::OwnEntry;
use lianzhan_protocol::id::{Hash, RecordId, SpaceId};
use lianzhan_protocol::log::{Entry, Header, Origin, PROTOCOL_VERSION, PayloadKind, TreeSize};
use lianzhan_protocol::record::{Change, Put, Value};
use lianzhan_protocol::sync::WitnessRequest;
use lianzhan_protocol::trust::{Audience, Level, Role, Space};
use secrecy::SecretString;

use super::process::{Dice, PASSPHRASE, measured};
use super::root;

const VISITS: &str = "letters_visits";
const ACTIVITY: &str = "activity";
/// Holders of each node's copies, and how differently they get everything.
const HOLDERS: usize = 4;
/// Bytes asked for at a time: from one entry to most of a log.
const PIECES: [usize; 5] = [1, 1, 500, 2_000, 20_000];

#[test]
fn any_order_of_delivery_gives_the_same_bytes() {
    let mut dice = Dice::of_test("convergence");
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path());
    world.write();
    let mut compared = (0, 0, 0);
    for (place, copy) in &world.copies {
        let source = &world.nodes[place];
        let expected = dump(source);
        assert!(expected.len() > 10, "{place} holds something");
        for n in 0..HOLDERS {
            let holder = open_copy(copy, &dir.path().join(format!("{place}-{n}")));
            let pieces = deliver(source, &holder, &mut dice);
            let got = dump(&holder);
            assert_same(
                &expected,
                &got,
                &format!("{place}, holder {n}, in {pieces} pieces"),
            );
            compared.0 += 1;
            compared.1 += pieces;
            compared.2 += documents_say_what_the_fold_says(&holder);
            if n == 0 {
                holder.reindex(|_| {}).unwrap();
                assert_same(&expected, &dump(&holder), &format!("{place}, made anew"));
                assert_eq!(
                    holder.check(|_| {}).unwrap().faults,
                    Vec::<String>::new(),
                    "{place}"
                );
            }
        }
    }
    measured(&format!(
        "convergence: {} holders, {} pieces in random orders, {} documents compared with the fold",
        compared.0, compared.1, compared.2
    ));
}

/// A city, a county, two townships, three stations, and copies of three of them.
struct World {
    nodes: BTreeMap<&'static str, Arc<Node>>,
    copies: BTreeMap<&'static str, PathBuf>,
    runtime: tokio::runtime::Runtime,
}

fn secret() -> SecretString {
    SecretString::from(PASSPHRASE.to_owned())
}

fn draft(level: Level, name: &str, code: &str) -> OrgDraft {
    OrgDraft {
        level,
        name_zh: name.into(),
        name_en: name.into(),
        code: code.into(),
    }
}

fn config() -> Config {
    Config {
        scrypt_log_n: 2,
        ..Config::default()
    }
}

impl World {
    fn new(dir: &Path) -> Self {
        let city = found(
            &dir.join("city"),
            draft(Level::City, "澜州市", "990100"),
            &secret(),
            config(),
        )
        .unwrap();
        let mut world = World {
            nodes: BTreeMap::from([("city", city)]),
            copies: BTreeMap::new(),
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
        };
        world.admit(dir, "city", "county", draft(Level::County, "澄川县", "990121"));
        world.copy(dir, "city");
        world.admit(
            dir,
            "county",
            "fengdu",
            draft(Level::Township, "枫渡镇", "990121103"),
        );
        world.admit(
            dir,
            "county",
            "qingya",
            draft(Level::Township, "青崖乡", "990121204"),
        );
        world.copy(dir, "county");
        world.admit(
            dir,
            "qingya",
            "yunling",
            draft(Level::Station, "云岭站", "990121204201"),
        );
        world.copy(dir, "qingya");
        world.admit(
            dir,
            "fengdu",
            "shiqiao",
            draft(Level::Station, "石桥站", "990121103201"),
        );
        world.admit(
            dir,
            "fengdu",
            "liulin",
            draft(Level::Station, "柳林站", "990121103202"),
        );
        world
    }

    fn admit(&mut self, dir: &Path, above: &str, below: &'static str, org: OrgDraft) {
        let parent = &self.nodes[above];
        let address = vec!["/ip4/127.0.0.1/tcp/7611".to_owned()];
        let invitation = parent.invite(org, &secret(), address).unwrap();
        let joining = Joining::begin(&invitation.to_code()).unwrap();
        let reply = parent.answer_join(&joining.request());
        let node = joining
            .finish(&dir.join(below), reply, &secret(), config())
            .unwrap();
        self.nodes.insert(below, node);
    }

    /// Copies a node that will write nothing more to its own logs. Nothing is under way: its files are whole.
    fn copy(&mut self, dir: &Path, place: &'static str) {
        let target = dir.join(format!("{place}-copy"));
        copy_files(self.nodes[place].dir(), &target);
        self.copies.insert(place, target);
    }

    fn node(&self, place: &str) -> &Node {
        &self.nodes[place]
    }

    fn appoint(&self, place: &str, login: &str, roles: &[Role]) -> Author {
        let person = PersonDraft {
            login: login.into(),
            name: format!("{place} {login}"),
            roles: roles.to_vec(),
            ..PersonDraft::default()
        };
        self.node(place)
            .appoint_person(&secret(), person, &secret())
            .unwrap();
        self.node(place).sign_in(login, &secret()).unwrap()
    }

    /// Everybody gets what they may hold, and parents witness; in a fixed order, again and again until nothing is new.
    fn talk(&self) {
        let pairs = [
            ("county", "city"),
            ("fengdu", "county"),
            ("qingya", "county"),
            ("shiqiao", "fengdu"),
            ("liulin", "fengdu"),
            ("yunling", "qingya"),
        ];
        loop {
            let mut moved = 0;
            for (below, above) in pairs {
                let (below_node, above_node) = (self.node(below), self.node(above));
                moved += carry(below_node, above_node) + carry(above_node, below_node);
                // Who was copied writes nothing, receipts included.
                if !self.copies.contains_key(below) {
                    moved += witness(below_node, above_node);
                }
            }
            if moved == 0 {
                return;
            }
        }
    }

    fn submit(&self, place: &str, author: &Author, record: RecordId, ledger: &str, put: Put) {
        let node = self.node(place);
        let (loaded, _) = node.state(&record).unwrap();
        let draft = Draft {
            record,
            begins: None,
            ledger: ledger.into(),
            space: loaded.space,
            puts: vec![put],
            annexes: Vec::new(),
        };
        self.runtime.block_on(node.submit(author, draft)).unwrap();
    }

    fn visit(&self, place: &str, author: &Author, n: usize) -> RecordId {
        let text = |name: &str, value: String| (name.to_owned(), Value::Text(value));
        let visit = VisitDraft {
            fields: vec![
                text("received_at", format!("2026-04-{:02}T09:30:00+08:00", 1 + n % 28)),
                text("channel", "visit".into()),
                ("persons".into(), Value::Int(1)),
                text("nature", "problem".into()),
                text("gist", format!("{place}第{n}件：老街路灯坏了。")),
            ],
            subject: vec![text("name", format!("来访人{n}"))],
            sensitive: if n.is_multiple_of(3) {
                vec![text("health", "腿脚不便".into())]
            } else {
                Vec::new()
            },
        };
        self.runtime
            .block_on(self.node(place).register_visit(author, visit))
            .unwrap()
            .record
    }

    /// Everything that is ever written: visits with annexes, a roster, a joint activity, edits at the same time at nodes
    /// that do not know of each other, seals, changes that do not count, and a record named in a second space.
    fn write(&self) {
        let clerk = &[Role::OpinionLiaison, Role::StationLiaison, Role::StationHead];
        let lin = self.appoint("shiqiao", "lin", clerk);
        let visits: Vec<RecordId> = (0..8).map(|n| self.visit("shiqiao", &lin, n)).collect();
        self.talk();
        let song = self.appoint("liulin", "song", clerk);
        let jiang = self.appoint("yunling", "jiang", clerk);
        let he = self.appoint(
            "fengdu",
            "he",
            &[Role::Secretary, Role::Organiser, Role::StationLiaison],
        );
        for n in 0..8 {
            self.visit("liulin", &song, n);
            self.visit("yunling", &jiang, n);
        }
        self.import_roster(&lin);
        self.talk();

        // Station and township edit the same fields, neither knowing of the other.
        for (n, record) in visits.iter().enumerate() {
            let note = |by: &str| Put::field("note", Value::Text(format!("{by}补记{n}")));
            self.submit("shiqiao", &lin, *record, VISITS, note("站"));
            self.submit("fengdu", &he, *record, VISITS, note("镇"));
            if n.is_multiple_of(2) {
                self.submit(
                    "shiqiao",
                    &lin,
                    *record,
                    VISITS,
                    Put::field("persons", Value::Int(3)),
                );
            }
        }
        self.talk();
        for record in visits.iter().take(3) {
            self.submit(
                "shiqiao",
                &lin,
                *record,
                VISITS,
                Put::field("note", Value::Text("两处合并。".into())),
            );
        }
        self.activity(&lin, &song, &he);
        self.what_does_not_count(&lin, &visits);
        self.talk();
    }

    fn import_roster(&self, author: &Author) {
        let file = "deputies-shiqiao.xlsx";
        let bytes = std::fs::read(root().join("docs/samples").join(file)).unwrap();
        let import = self
            .node("shiqiao")
            .import(author, "deputy_roster", file, &bytes, false, |_, _| {});
        let report = self.runtime.block_on(import).unwrap();
        assert!(report.imported > 0 && report.errors.is_empty(), "{report:?}");
    }

    fn activity(&self, lin: &Author, song: &Author, he: &Author) {
        let host = self.node("fengdu");
        let partners = ["fengdu", "shiqiao", "liulin"]
            .map(|place| self.node(place).org_id())
            .to_vec();
        let authority = host.unlock_authority(&secret()).unwrap();
        let space = host
            .open_joint_space(&authority, &partners, Level::City, 2026)
            .unwrap();
        let text = |name: &str, value: &str| (name.to_owned(), Value::Text(value.to_owned()));
        let fields = vec![
            text("kind", "inspection"),
            text("topic", "水环境联合视察"),
            text("from", "2026-04-20T09:00:00+08:00"),
            text("to", "2026-04-20T11:00:00+08:00"),
            ("days".into(), Value::Int(5)),
            text("place", "老码头"),
        ];
        let record = self
            .runtime
            .block_on(host.call_activity(he, &space, fields))
            .unwrap()
            .record;
        self.talk();
        let everywhere = [("shiqiao", lin), ("liulin", song), ("fengdu", he)];
        for round in 0..3 {
            for (place, author) in everywhere {
                let node = self.node(place);
                self.runtime
                    .block_on(node.write_line(author, &record, &format!("{place}第{round}条")))
                    .unwrap();
                let outcome = Put::field("outcome", Value::Text(format!("{place}写{round}")));
                self.submit(place, author, record, ACTIVITY, outcome);
            }
            if round == 1 {
                self.talk();
            }
        }
        // Two seals at the same time, each over what its node has, and one over all; then a later edit.
        for (place, author) in [("shiqiao", lin), ("liulin", song)] {
            self.seal(place, author, &record);
        }
        self.talk();
        self.seal("fengdu", he, &record);
        self.talk();
        self.submit(
            "liulin",
            song,
            record,
            ACTIVITY,
            Put::field("place", Value::Text("上坪闸".into())),
        );
    }

    fn seal(&self, place: &str, author: &Author, record: &RecordId) {
        match self.runtime.block_on(self.node(place).seal(author, record)) {
            Ok(_) | Err(ServiceError::Ineffective(_)) => {}
            Err(error) => panic!("{place}: {error}"),
        }
    }

    /// What an honest node refuses to sign, and a hostile one signs.
    fn what_does_not_count(&self, lin: &Author, visits: &[RecordId]) {
        let node = self.node("shiqiao");
        let own = |audience| node.own_space(audience);
        let note = |text: &str| vec![Put::field("note", Value::Text(text.into()))];
        // A field that no definition has.
        let nonsense = vec![Put::field("colour", Value::Text("红".into()))];
        forge(node, lin, visits[0], VISITS, &own(Audience::County), nonsense);
        // Under an appointment of nobody.
        let nobody = Author {
            appointment: lianzhan_protocol::id::StatementId([7; 32]),
            ..lin.clone()
        };
        forge(
            node,
            &nobody,
            visits[1],
            VISITS,
            &own(Audience::County),
            note("无任命"),
        );
        // The same record in a second space, under its own ledger and under another one.
        for (record, audience, ledger) in [
            (visits[2], Audience::City, VISITS),
            (visits[3], Audience::City, "deputy_roster"),
            (visits[4], Audience::Township, VISITS),
        ] {
            forge(node, lin, record, ledger, &own(audience), note("另一个空间"));
        }
        // A record of another org in a space of one's own.
        let other = self.visit(
            "liulin",
            &self.node("liulin").sign_in("song", &secret()).unwrap(),
            20,
        );
        forge(
            node,
            lin,
            other,
            VISITS,
            &own(Audience::County),
            note("别站的记录"),
        );
    }
}

/// Signs and stores a change without asking whether it would count.
fn forge(node: &Node, author: &Author, record: RecordId, ledger: &str, space: &Space, puts: Vec<Put>) {
    let origin = node.ensure_log(space).unwrap();
    let change = Change {
        salt: env::random::<16>().to_vec(),
        deps: Vec::new(),
        definition: definition_hash(ledger).unwrap(),
        puts,
    };
    let payload = change.to_bytes();
    let header = Header {
        version: PROTOCOL_VERSION,
        origin: origin.clone(),
        space: space.id(),
        kind: PayloadKind::Change,
        record: Some(record),
        author: author.key.public(),
        appointment: Some(author.appointment),
        recorded: env::now(),
        payload: Hash::plain(&payload),
        size: u32::try_from(payload.len()).unwrap(),
        key_commitment: None,
    };
    let entry = Entry::sign(header, &author.key).unwrap();
    let own = OwnEntry { entry, payload };
    node.store()
        .write_blocking(move |writer| writer.append_own(&origin, vec![own]))
        .unwrap();
}

fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (name, target) = (entry.file_name(), to.join(entry.file_name()));
        if entry.file_type().unwrap().is_dir() {
            copy_files(&entry.path(), &target);
        // The index of the WAL belongs to whoever has the database open.
        } else if !name.to_string_lossy().ends_with("-shm") {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn open_copy(copy: &Path, to: &Path) -> Arc<Node> {
    copy_files(copy, to);
    Node::open(to, &Overrides::default()).unwrap()
}

/// The logs that `node` holds of others, or with `own` all, each with its space.
fn logs(node: &Node) -> Vec<(SpaceId, Origin, bool)> {
    let standings = node.store().read(|reader| reader.standings()).unwrap();
    standings
        .into_iter()
        .map(|(space, origin, _, own)| (space, origin, own))
        .collect()
}

fn held(node: &Node, origin: &Origin) -> TreeSize {
    let log = node.store().read(|reader| reader.log(origin)).unwrap();
    log.map_or(TreeSize::EMPTY, |log| log.size)
}

/// One range from where `to` stands; whether there was one.
fn step(from: &Node, to: &Node, space: &SpaceId, origin: &Origin, max_bytes: usize) -> bool {
    let Some(range) = from.read_range(origin, held(to, origin), max_bytes).unwrap() else {
        return false;
    };
    match to.ingest(space, &range) {
        Ingested::Stored(standing) => {
            assert_eq!(standing.size, held(to, origin));
            true
        }
        other => panic!("{origin}: {other:?}"),
    }
}

/// What a running node does when statements were committed.
fn learn(node: &Node) {
    let statements = node.store().read(|reader| reader.statements()).unwrap();
    node.learn(&statements);
    node.store()
        .write_blocking(|writer| writer.mark_unsettled())
        .unwrap();
}

/// Everything that `to` may hold and lacks, keys included. How many ranges it was.
fn carry(from: &Node, to: &Node) -> usize {
    let mut moved = 0;
    for (space, origin, _) in logs(from) {
        let own = to
            .store()
            .read(|reader| reader.log(&origin))
            .unwrap()
            .is_some_and(|log| log.own);
        if own || to.space(&space).is_none() {
            continue;
        }
        while step(from, to, &space, &origin, usize::MAX) {
            moved += 1;
        }
    }
    if moved > 0 {
        learn(to);
    }
    hand_keys(from, to, &to.lacking_keys().unwrap());
    to.catch_up(|_| {}).unwrap();
    moved
}

fn hand_keys(from: &Node, to: &Node, records: &[RecordId]) {
    let keys = from.find_keys(records).unwrap();
    let entitled = keys.into_iter().filter(|found| to.space(&found.space).is_some());
    to.keep_keys(entitled.map(|found| (found.record, found.key)).collect())
        .unwrap();
}

/// The parent witnesses what it has not, and the child stores the receipts. How many it was.
fn witness(child: &Node, parent: &Node) -> usize {
    let mut receipts = 0;
    for (_, origin, _) in logs(child).into_iter().filter(|(_, _, own)| *own) {
        let Some(WitnessRequest {
            old,
            checkpoint,
            proof,
            shown,
        }) = child
            .prepare_witness(&origin, &parent.org_id(), None, env::now())
            .unwrap()
        else {
            continue;
        };
        let peer = child.node_key().public();
        let request = CosignRequest {
            peer,
            old,
            checkpoint,
            proof,
            shown,
        };
        let receipt = parent.cosign(request, env::now()).unwrap().unwrap();
        child.store_receipt(&origin, receipt).unwrap();
        receipts += 1;
    }
    if receipts > 0 {
        child.catch_up(|_| {}).unwrap();
    }
    receipts
}

/// Delivers all that `source` has of others: one piece of one log at a time, in an order that the dice give, with keys,
/// news of the directory, projections and documents at any moment between. How many pieces it was.
fn deliver(source: &Node, holder: &Node, dice: &mut Dice) -> usize {
    let mut open: Vec<(SpaceId, Origin)> = logs(source)
        .into_iter()
        .filter(|(_, _, own)| !own)
        .map(|(space, origin, _)| (space, origin))
        .collect();
    let mut pieces = 0;
    while !open.is_empty() {
        let at = dice.below(open.len());
        let (space, origin) = &open[at];
        if step(source, holder, space, origin, PIECES[dice.below(PIECES.len())]) {
            pieces += 1;
        } else {
            open.swap_remove(at);
        }
        match dice.below(12) {
            0 | 1 => learn(holder),
            2 | 3 => drop(holder.project_round().unwrap()),
            4 => drop(holder.document_round().unwrap()),
            5 => {
                let lacking = holder.lacking_keys().unwrap();
                let some: Vec<_> = lacking.into_iter().filter(|_| dice.below(2) == 0).collect();
                hand_keys(source, holder, &some);
            }
            _ => {}
        }
    }
    learn(holder);
    hand_keys(source, holder, &holder.lacking_keys().unwrap());
    holder.catch_up(|_| {}).unwrap();
    pieces
}

fn records(node: &Node) -> Vec<RecordId> {
    node.store()
        .read(|reader| reader.records_after(None, 1_000_000))
        .unwrap()
}

/// All that is derived, by name, as text.
fn dump(node: &Node) -> BTreeMap<String, String> {
    let mut dump = BTreeMap::new();
    for view in Node::view_names() {
        let table = node.table(view).unwrap();
        dump.insert(format!("view {view}"), serde_json::to_string(&table).unwrap());
    }
    for record in records(node) {
        let (_, state) = node.state(&record).unwrap();
        let (row, document) = node
            .store()
            .read(|reader| Ok((reader.record(&record)?, reader.document(&record)?)))
            .unwrap();
        dump.insert(format!("state {record}"), state.to_json().to_string());
        dump.insert(format!("row {record}"), format!("{row:?}"));
        dump.insert(format!("document {record}"), format!("{document:?}"));
        let changes = node.record_detail(&record).unwrap().changes;
        let told = changes.iter().map(|change| {
            let witnessed = change
                .witnessing
                .as_ref()
                .map(|witnessing| (witnessing.time, witnessing.place));
            format!(
                "{:?} {:?} {witnessed:?} {:?}",
                change.held.id, change.verdict, change.author
            )
        });
        dump.insert(format!("proof {record}"), told.collect::<Vec<_>>().join("\n"));
    }
    dump
}

fn assert_same(expected: &BTreeMap<String, String>, got: &BTreeMap<String, String>, who: &str) {
    for (name, text) in expected {
        assert_eq!(Some(text), got.get(name), "{who}: {name}");
    }
    let more: Vec<_> = got.keys().filter(|name| !expected.contains_key(*name)).collect();
    assert!(more.is_empty(), "{who}: {more:?}");
}

/// How many documents there are; none differs from the fold.
fn documents_say_what_the_fold_says(node: &Node) -> usize {
    let mut count = 0;
    for record in records(node) {
        let Some((_, bytes)) = node.store().read(|reader| reader.document(&record)).unwrap() else {
            continue;
        };
        let (_, state) = node.state(&record).unwrap();
        let document = documents::read(&bytes).unwrap();
        assert_eq!(
            documents::differences(&state, &document),
            Vec::<String>::new(),
            "{record}"
        );
        count += 1;
    }
    count
}

#[test]
fn an_own_log_that_comes_back_is_closed_in_an_old_copy_alone() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path());
    let lin = world.appoint("shiqiao", "lin", &[Role::OpinionLiaison]);
    world.visit("shiqiao", &lin, 0);
    let old = dir.path().join("old");
    copy_files(world.node("shiqiao").dir(), &old);
    // A backup leaves out the high-water file; here it is as old as the rest.
    let old = open_copy(&old, &dir.path().join("restored"));
    let before: Vec<_> = logs(&old).into_iter().filter(|(_, _, own)| *own).collect();
    for n in 1..6 {
        world.visit("shiqiao", &lin, n);
    }
    world.talk();
    let (station, township) = (world.node("shiqiao"), world.node("fengdu"));
    let halted = |node: &Node, origin: &Origin| {
        node.store()
            .read(|reader| reader.log(origin))
            .unwrap()
            .unwrap()
            .halted
    };
    let closed = |node: &Node, origin: &Origin| {
        let log = node.store().read(|reader| reader.log(origin)).unwrap().unwrap();
        log.closed.map(|closed| closed.reason)
    };
    let mut stopped = 0;
    for (space, origin, _) in &before {
        for from in 0..held(township, origin).0 {
            for max_bytes in PIECES {
                let Some(range) = township.read_range(origin, TreeSize(from), max_bytes).unwrap() else {
                    continue;
                };
                let told = station.ingest(space, &range);
                assert!(
                    matches!(told, Ingested::Stored(standing) if standing.size == held(station, origin)),
                    "{told:?}"
                );
            }
        }
        assert_eq!(
            halted(station, origin),
            None,
            "the peer was only quicker to say that it has it"
        );

        let from = held(&old, origin);
        let Some(range) = township.read_range(origin, from, usize::MAX).unwrap() else {
            continue;
        };
        let mut forged = range.clone();
        forged.proof = lianzhan_protocol::sync::List::new(vec![Hash([0; 32]); 3]).unwrap();
        let told = old.ingest(space, &forged);
        assert!(matches!(told, Ingested::PeerLied(_)), "{told:?}");
        assert_eq!(
            halted(&old, origin),
            None,
            "who says so must show what this node signed"
        );
        let told = old.ingest(space, &range);
        assert!(matches!(told, Ingested::Stored(_)), "taken back in: {told:?}");
        assert!(closed(&old, origin).is_some_and(|why| why.contains("old copy")));
        assert_eq!(halted(&old, origin), None);
        stopped += 1;
    }
    assert!(stopped >= 2, "visits and persons");
}
