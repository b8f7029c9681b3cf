//! A federation in one process, and who writes what in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lianzhan_node::config::{Config, Overrides};
use lianzhan_node::env;
use lianzhan_node::services::appoint::PersonDraft;
use lianzhan_node::services::found::{OrgDraft, found};
use lianzhan_node::services::import::Importing;
use lianzhan_node::services::invite::Joining;
use lianzhan_node::services::visit::VisitDraft;
use lianzhan_node::services::{Author, Draft, Node, ServiceError, definition_hash};
use lianzhan_node::store::OwnEntry;
use lianzhan_protocol::id::{Hash, RecordId};
use lianzhan_protocol::log::{Entry, Header, PROTOCOL_VERSION, PayloadKind};
use lianzhan_protocol::record::{Change, Put, Value};
use lianzhan_protocol::trust::{Audience, Level, Role, Space};
use secrecy::SecretString;

use super::super::process::PASSPHRASE;
use super::super::root;
use super::deliver::{carry, witness};

pub(crate) const VISITS: &str = "letters_visits";
pub(crate) const ACTIVITY: &str = "activity";

/// A city, a county, two townships, three stations, and copies of three of them.
pub(crate) struct World {
    pub(crate) nodes: BTreeMap<&'static str, Arc<Node>>,
    pub(crate) copies: BTreeMap<&'static str, PathBuf>,
    pub(crate) runtime: tokio::runtime::Runtime,
}

pub(crate) fn secret() -> SecretString {
    SecretString::from(PASSPHRASE.to_owned())
}

pub(crate) fn draft(level: Level, name: &str, code: &str) -> OrgDraft {
    OrgDraft {
        level,
        name_zh: name.into(),
        name_en: name.into(),
        code: code.into(),
    }
}

pub(crate) fn config() -> Config {
    Config {
        scrypt_log_n: 2,
        ..Config::default()
    }
}

impl World {
    pub(crate) fn new(dir: &Path) -> Self {
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

    pub(crate) fn admit(&mut self, dir: &Path, above: &str, below: &'static str, org: OrgDraft) {
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
    pub(crate) fn copy(&mut self, dir: &Path, place: &'static str) {
        let target = dir.join(format!("{place}-copy"));
        copy_files(self.nodes[place].dir(), &target);
        self.copies.insert(place, target);
    }

    pub(crate) fn node(&self, place: &str) -> &Node {
        &self.nodes[place]
    }

    pub(crate) fn appoint(&self, place: &str, login: &str, roles: &[Role]) -> Author {
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
    pub(crate) fn talk(&self) {
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

    pub(crate) fn submit(&self, place: &str, author: &Author, record: RecordId, ledger: &str, put: Put) {
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

    pub(crate) fn visit(&self, place: &str, author: &Author, n: usize) -> RecordId {
        self.visit_at(self.node(place), place, author, n)
    }

    /// The same at a node that is none of the world's.
    pub(crate) fn visit_at(&self, node: &Node, place: &str, author: &Author, n: usize) -> RecordId {
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
            .block_on(node.register_visit(author, visit))
            .unwrap()
            .record
    }

    /// Everything that is ever written: visits with annexes, a roster, a joint activity, edits at the same time at nodes
    /// that do not know of each other, seals, changes that do not count, and a record named in a second space.
    pub(crate) fn write(&self) {
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

    pub(crate) fn import_roster(&self, author: &Author) {
        let file = "deputies-shiqiao.xlsx";
        let bytes = std::fs::read(root().join("docs/samples").join(file)).unwrap();
        let import = self.node("shiqiao").import(
            author,
            Importing::new("deputy_roster", file, &bytes, false),
            |_, _| {},
        );
        let report = self.runtime.block_on(import).unwrap();
        assert!(report.imported > 0 && report.errors.is_empty(), "{report:?}");
    }

    pub(crate) fn activity(&self, lin: &Author, song: &Author, he: &Author) {
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

    pub(crate) fn seal(&self, place: &str, author: &Author, record: &RecordId) {
        match self.runtime.block_on(self.node(place).seal(author, record)) {
            Ok(_) | Err(ServiceError::Ineffective(_)) => {}
            Err(error) => panic!("{place}: {error}"),
        }
    }

    /// What an honest node refuses to sign, and a hostile one signs.
    pub(crate) fn what_does_not_count(&self, lin: &Author, visits: &[RecordId]) {
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
pub(crate) fn forge(
    node: &Node,
    author: &Author,
    record: RecordId,
    ledger: &str,
    space: &Space,
    puts: Vec<Put>,
) {
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

pub(crate) fn copy_files(from: &Path, to: &Path) {
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

pub(crate) fn open_copy(copy: &Path, to: &Path) -> Arc<Node> {
    copy_files(copy, to);
    Node::open(to, &Overrides::default()).unwrap()
}
