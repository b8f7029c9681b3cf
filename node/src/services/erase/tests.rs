//! A station and its township: a visitor's data is planted, erased, and looked for in every file of both.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use age::secrecy::SecretString;
use lianzhan_protocol::id::{Origin, SpaceId};
use lianzhan_protocol::log::TreeSize;
use lianzhan_protocol::record::{AnnexKey, Value};
use lianzhan_protocol::trust::{Ground, Level, Role};

use super::carry::Until;
use super::*;
use crate::config::{Config, Overrides};
use crate::services::appoint::PersonDraft;
use crate::services::attachment::Part;
use crate::services::backup::{back_up, restore};
use crate::services::found::{OrgDraft, found};
use crate::services::ingest::Ingested;
use crate::services::invite::Joining;
use crate::services::revoke::RevocationDraft;
use crate::services::visit::VisitDraft;
use crate::services::witness::CosignRequest;
use crate::store::ErasedStep;

pub(crate) const NAME: &str = "秦望舒";
const PHONE: &str = "13912345678";
pub(crate) const GIST: &str = "老街三号路灯不亮，夜里摔了人";

pub(crate) fn secret() -> SecretString {
    SecretString::from("correct horse battery".to_owned())
}

pub(crate) struct World {
    dir: tempfile::TempDir,
    township: Option<Arc<Node>>,
    station: Option<Arc<Node>>,
    pub(crate) clerk: Author,
    pub(crate) runtime: tokio::runtime::Runtime,
}

impl World {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = Config {
            scrypt_log_n: 2,
            ..Config::default()
        };
        let org = |level, name: &str, code: &str| OrgDraft {
            level,
            name_zh: name.into(),
            name_en: name.into(),
            code: code.into(),
        };
        let at = |name: &str| dir.path().join(name);
        let township = org(Level::Township, "枫渡镇", "990121103");
        let township = found(&at("township"), township, &secret(), config.clone()).unwrap();
        let address = vec!["/ip4/127.0.0.1/tcp/7611".to_owned()];
        let station = org(Level::Station, "石桥站", "990121103201");
        let invitation = township.invite(station, &secret(), address).unwrap();
        let joining = Joining::begin(&invitation.to_code()).unwrap();
        let reply = township.answer_join(&joining.request());
        let station = joining.finish(&at("station"), reply, &secret(), config).unwrap();
        let person = PersonDraft {
            login: "lin".into(),
            name: "林静禾".into(),
            roles: vec![Role::StationLiaison],
            ..PersonDraft::default()
        };
        station.appoint_person(&secret(), person, &secret()).unwrap();
        let clerk = station.sign_in("lin", &secret()).unwrap();
        let world = World {
            dir,
            township: Some(township),
            station: Some(station),
            clerk,
            runtime: tokio::runtime::Runtime::new().unwrap(),
        };
        world.talk();
        world
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn station(&self) -> &Arc<Node> {
        self.station.as_ref().unwrap()
    }

    pub(crate) fn township(&self) -> &Arc<Node> {
        self.township.as_ref().unwrap()
    }

    pub(crate) fn visit(&self) -> RecordId {
        let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
        let visit = VisitDraft {
            fields: vec![
                text("received_at", "2026-04-16T09:30:00+08:00"),
                text("channel", "visit"),
                ("persons".into(), Value::Int(1)),
                text("nature", "problem"),
                text("gist", GIST),
            ],
            subject: vec![text("name", NAME), text("phone", PHONE)],
            sensitive: vec![],
        };
        let written = self
            .runtime
            .block_on(self.station().register_visit(&self.clerk, visit));
        self.station().catch_up(|_| {}).unwrap();
        written.unwrap().record
    }

    /// A visit whose visitor left a paper, known at both nodes.
    pub(crate) fn known(&self) -> (RecordId, RecordId) {
        let visit = self.visit();
        let mut upload = self.station().begin_attachment(Part::Personal);
        upload
            .write(b"%PDF-1.4\nthe visitor's own paper\n%%EOF\n")
            .unwrap();
        let received = upload.finish().unwrap();
        self.runtime
            .block_on(self.station().attach(&self.clerk, &visit, &[received]))
            .unwrap();
        self.station().catch_up(|_| {}).unwrap();
        self.talk();
        let annexes = self
            .station()
            .store()
            .read(|reader| reader.annexes(&visit))
            .unwrap();
        (visit, annexes[0].record)
    }

    /// Each gets what it lacks; the township witnesses what the station wrote.
    pub(crate) fn talk(&self) {
        talk(self.station(), self.township());
    }

    /// The same, but no key of a personal part is handed over.
    pub(crate) fn talk_sealed(&self) {
        talk_by(carry_sealed, self.station(), self.township());
    }

    fn draft(&self, record: RecordId, extent: Extent) -> ErasureDraft {
        ErasureDraft {
            record,
            extent,
            ground: ErasureGround::Request,
            on: self.station().today(),
            note: Some("本人书面申请".into()),
        }
    }

    pub(crate) fn erase(&self, record: RecordId, extent: Extent) -> Vec<RecordId> {
        self.station()
            .erase(&self.clerk, &self.draft(record, extent))
            .unwrap()
    }

    pub(crate) fn reopen(&mut self, name: &str) {
        let node = match name {
            "station" => &mut self.station,
            _ => &mut self.township,
        };
        *node = None;
        *node = Some(Node::open(&self.dir.path().join(name), &Overrides::default()).unwrap());
    }

    /// Files of a node that hold any of these bytes.
    pub(crate) fn holding(&self, name: &str, what: &[Vec<u8>]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        search(&self.at(name), what, &mut found);
        found
    }
}

pub(crate) fn search(dir: &Path, what: &[Vec<u8>], found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(&path, what, found);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let holds =
            |what: &Vec<u8>| what.is_empty() || bytes.windows(what.len()).any(|window| window == what);
        if what.iter().any(holds) {
            found.push(path);
        }
    }
}

/// A text as files may have it, and its overlapping pairs as the search index has them.
pub(crate) fn spelt(text: &str) -> Vec<Vec<u8>> {
    let wide: Vec<u16> = text.encode_utf16().collect();
    vec![
        text.as_bytes().to_vec(),
        wide.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
        wide.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
    ]
}

pub(crate) fn payloads(node: &Node, record: &RecordId) -> Vec<Vec<u8>> {
    let rows = node.store().read(|reader| reader.record_entries(record)).unwrap();
    rows.into_iter().filter_map(|row| row.payload).collect()
}

/// Parts of payloads, as long as no other bytes have them by chance.
fn parts(payloads: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let of = |payload: &Vec<u8>| payload.chunks(48).map(<[u8]>::to_vec).collect::<Vec<_>>();
    payloads
        .iter()
        .flat_map(of)
        .filter(|part| part.len() >= 24)
        .collect()
}

pub(crate) fn own_logs(node: &Node) -> Vec<(SpaceId, Origin)> {
    let standings = node.store().read(|reader| reader.standings()).unwrap();
    let own = standings.into_iter().filter(|(.., own)| *own);
    own.map(|(space, origin, ..)| (space, origin)).collect()
}

pub(crate) fn carry(from: &Node, to: &Node) {
    carry_sealed(from, to);
    let keys = from.find_keys(&to.lacking_keys().unwrap()).unwrap();
    to.keep_keys(keys.into_iter().map(|found| (found.record, found.key)).collect())
        .unwrap();
    to.catch_up(|_| {}).unwrap();
    for (space, id) in to.lacking_attachments().unwrap() {
        if let Some(piece) = from.read_piece(&space, &id, 0).unwrap() {
            to.grow_attachment(&id, piece.size, 0, &piece.data).unwrap();
        }
    }
    to.catch_up(|_| {}).unwrap();
}

/// The same without keys and attachments: the personal parts of the one stay closed to the other.
fn carry_sealed(from: &Node, to: &Node) {
    let all = from.store().read(|reader| reader.standings()).unwrap();
    for (space, origin, ..) in &all {
        if to.space(space).is_none() {
            continue;
        }
        loop {
            let log = to.store().read(|reader| reader.log(origin)).unwrap();
            let held = log.map_or(TreeSize::EMPTY, |log| log.size);
            let Some(range) = from.read_range(origin, held, usize::MAX).unwrap() else {
                break;
            };
            let taken = to.ingest(space, &range);
            assert!(matches!(taken, Ingested::Stored(_)), "{origin}: {taken:?}");
        }
    }
    let statements = to.store().read(|reader| reader.statements()).unwrap();
    to.heed(&statements).unwrap();
    for place in to.lacking_payloads().unwrap() {
        let found = from
            .find_payloads(&place.origin, &[place.index], usize::MAX)
            .unwrap();
        to.fill(&place.origin, found).unwrap();
    }
    to.catch_up(|_| {}).unwrap();
}

pub(crate) fn talk(station: &Node, township: &Node) {
    talk_by(carry, station, township);
}

fn talk_by(carry: fn(&Node, &Node), station: &Node, township: &Node) {
    carry(station, township);
    for (_, origin) in own_logs(station) {
        let now = env::now();
        let asked = station.prepare_witness(&origin, &township.org_id(), None, now);
        if let Some(asked) = asked.unwrap() {
            let request = CosignRequest {
                peer: station.node_key().public(),
                old: asked.old,
                checkpoint: asked.checkpoint,
                proof: asked.proof,
                shown: asked.shown,
            };
            let receipt = township.cosign(request, now).unwrap().unwrap();
            station.store_receipt(&origin, receipt).unwrap();
        }
    }
    carry(station, township);
    carry(township, station);
}

pub(crate) fn no_faults(node: &Node) {
    assert_eq!(node.check(|_| {}).unwrap().faults, Vec::<String>::new());
}

#[test]
fn what_is_erased_is_in_no_file_of_anybody_and_all_else_stays() {
    let world = World::new();
    let (visit, annex) = world.known();
    let (other, kept) = world.known();
    let key = world.township().annex_keys().get(&annex).unwrap();
    let sealed = payloads(world.station(), &annex);
    assert!(sealed.len() >= 2 && payloads(world.township(), &annex) == sealed);
    let paper = world.station().attached(&visit).unwrap()[0].id;
    for name in ["station", "township"] {
        for text in [NAME, PHONE, "the visitor's own paper"] {
            assert_eq!(world.holding(name, &spelt(text)), Vec::<PathBuf>::new(), "{text}");
        }
        assert_eq!(
            world.holding(name, &[key.0.to_vec()]),
            [world.at(name).join("annex.keys")]
        );
        assert!(!world.holding(name, &parts(&sealed)).is_empty());
    }

    assert_eq!(world.erase(visit, Extent::Personal), [annex]);
    // Said, and not witnessed yet: nothing is lost.
    world.station().catch_up(|_| {}).unwrap();
    assert!(world.station().annex_keys().get(&annex).is_some());
    let status = world.station().erasures_of(&visit).unwrap();
    assert!(status[0].erased.is_none() && status[0].personal);
    assert_eq!(status[0].stated[0].fault, Some(ErasureFault::Unwitnessed));

    world.talk();
    world.talk();
    for node in [world.station(), world.township()] {
        assert!(node.annex_keys().get(&annex).is_none() && node.annex_keys().get(&kept).is_some());
        assert_eq!(payloads(node, &annex), Vec::<Vec<u8>>::new());
        assert!(!node.state(&annex).unwrap().1.to_json()["erased"].is_null());
        assert_eq!(node.lacking_keys().unwrap(), []);
        assert_eq!(node.lacking_payloads().unwrap(), []);
        let status = node.erasures_of(&visit).unwrap();
        assert_eq!((status[0].erased_at(), status[0].holders.len()), (2, 2));
        assert_eq!(status[0].erased.as_ref().unwrap().by.name, "林静禾");
        assert!(node.erasures_of(&other).unwrap().is_empty());
        let names = node.record_detail(&other).unwrap().annexes;
        let mut fields = names[0].fields.iter();
        assert!(
            fields.any(|(_, value)| *value == Value::from(NAME)),
            "another visit keeps its own"
        );
        assert!(node.record_detail(&visit).unwrap().annexes.is_empty());
        no_faults(node);
    }
    for name in ["station", "township"] {
        assert_eq!(world.holding(name, &[key.0.to_vec()]), Vec::<PathBuf>::new());
        assert_eq!(world.holding(name, &parts(&sealed)), Vec::<PathBuf>::new());
        let attachments = world.at(name).join("attachments");
        let mut named = Vec::new();
        search(&attachments, &[vec![]], &mut named);
        let paper = paper.to_string();
        assert!(!named.iter().any(|path| path.ends_with(&paper)), "{named:?}");
        assert!(!named.is_empty(), "the other visitor's paper stays");
    }
    // Dropping and rebuilding what is derived brings nothing back.
    world.township().reindex(|_| {}).unwrap();
    assert_eq!(world.township().erasures_of(&visit).unwrap().len(), 1);
    no_faults(world.township());
}

#[test]
fn keys_and_payloads_of_what_is_erased_are_neither_given_nor_taken() {
    let world = World::new();
    let (visit, annex) = world.known();
    let key = world.station().annex_keys().get(&annex).unwrap();
    let rows = world
        .station()
        .store()
        .read(|reader| reader.record_entries(&annex))
        .unwrap();
    let logs = world.station().store().read(|reader| reader.logs()).unwrap();
    let origin_of = |log: i64| logs.iter().find(|row| row.id == log).unwrap().origin.clone();
    world.erase(visit, Extent::Personal);
    world.talk();
    for node in [world.station(), world.township()] {
        assert!(node.find_keys(&[annex]).unwrap().is_empty());
        assert_eq!(node.keep_keys(vec![(annex, AnnexKey(key.0))]).unwrap(), 0);
        assert!(node.annex_keys().get(&annex).is_none());
        for row in &rows {
            let origin = origin_of(row.log);
            let payload = row.payload.clone().unwrap();
            assert!(
                node.find_payloads(&origin, &[row.index], usize::MAX)
                    .unwrap()
                    .is_empty()
            );
            node.fill(&origin, vec![(row.index, payload)]).unwrap();
        }
        assert_eq!(payloads(node, &annex), Vec::<Vec<u8>>::new());
    }
    let refused = world.runtime.block_on(
        world.station().append_annex(
            &world.clerk,
            &annex,
            crate::services::visit::SUBJECT,
            &world
                .station()
                .own_space(lianzhan_protocol::trust::Audience::Township),
            vec![lianzhan_protocol::record::Put::field("name", "again".into())],
        ),
    );
    assert!(refused.is_err(), "nobody writes into it");
    let again = world
        .station()
        .erase(&world.clerk, &world.draft(visit, Extent::Personal));
    assert!(matches!(again, Err(ServiceError::NothingToErase(_))));
}

#[test]
fn who_is_killed_between_two_steps_goes_on_at_the_next_start() {
    for until in [Until::Files, Until::Keys, Until::Search, Until::Wal] {
        let mut world = World::new();
        let (visit, annex) = world.known();
        let key = world.station().annex_keys().get(&annex).unwrap();
        let sealed = payloads(world.station(), &annex);
        world.erase(visit, Extent::Whole);
        // The receipt comes, and the machine ends in the middle of what follows from it.
        let (station, township) = (world.station().clone(), world.township().clone());
        carry(&station, &township);
        let held = station.erasing.lock();
        for (_, origin) in own_logs(&station) {
            let asked = station.prepare_witness(&origin, &township.org_id(), None, env::now());
            if let Some(asked) = asked.unwrap() {
                let request = CosignRequest {
                    peer: station.node_key().public(),
                    old: asked.old,
                    checkpoint: asked.checkpoint,
                    proof: asked.proof,
                    shown: asked.shown,
                };
                let receipt = township.cosign(request, env::now()).unwrap().unwrap();
                let space = station
                    .store()
                    .read(|reader| reader.log(&origin))
                    .unwrap()
                    .unwrap()
                    .start
                    .space;
                let own = station
                    .node_entry(&origin, &space, &LogStatement::Receipt(receipt))
                    .unwrap();
                station
                    .store()
                    .write_blocking(move |writer| writer.append_own(&origin, vec![own]))
                    .unwrap();
            }
        }
        drop(held);
        station.apply_erasures_until(until).unwrap();
        assert_eq!(payloads(&station, &annex), Vec::<Vec<u8>>::new(), "{until:?}");
        drop(station);
        world.reopen("station");
        drop(township);
        world.talk();
        world.talk();
        for name in ["station", "township"] {
            assert_eq!(
                world.holding(name, &[key.0.to_vec()]),
                Vec::<PathBuf>::new(),
                "{until:?}"
            );
            assert_eq!(
                world.holding(name, &parts(&sealed)),
                Vec::<PathBuf>::new(),
                "{until:?}"
            );
        }
        for status in world.township().erasures_of(&visit).unwrap() {
            assert_eq!(status.erased_at(), status.holders.len(), "{until:?}");
        }
        no_faults(world.station());
        no_faults(world.township());
    }
}

#[test]
fn an_erasure_that_a_reader_was_in_the_way_of_goes_on_although_nothing_is_committed_any_more() {
    let world = World::new();
    let (visit, _) = world.known();
    let station = world.station().clone();
    world.erase(visit, Extent::Whole);
    let (reads, reading) = std::sync::mpsc::channel();
    let (done, until_done) = std::sync::mpsc::channel::<()>();
    let at = station.clone();
    let reader = std::thread::spawn(move || {
        at.store().read(|reader| {
            reader.logs()?;
            reads.send(()).unwrap();
            // Whoever waits is gone when the test fails.
            let _ = until_done.recv();
            Ok(())
        })
    });
    reading.recv().unwrap();
    world.talk();
    assert!(station.erasure_waits(), "the log of before is still read");
    // The projector runs, and its first round finds the reader, too.
    station.erasure_waits.store(false, Ordering::Relaxed);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let projector = crate::services::project::run(station.clone(), stopped);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let projector = runtime.spawn(projector);
    let wait = |what: &str, is: &dyn Fn() -> bool| {
        let given_up = Instant::now() + Duration::from_secs(60);
        while !is() {
            assert!(Instant::now() < given_up, "{what}");
            std::thread::park_timeout(Duration::from_millis(5));
        }
    };
    wait("a round that found the reader", &|| station.erasure_waits());
    done.send(()).unwrap();
    reader.join().unwrap().unwrap();
    let acknowledged = || {
        let rows = station.store().read(|reader| reader.all_erased()).unwrap();
        !rows.is_empty() && rows.iter().all(|row| row.step == ErasedStep::Acknowledged)
    };
    wait("the erasure is carried out", &acknowledged);
    assert!(!station.erasure_waits());
    stop.send(true).unwrap();
    runtime.block_on(projector).unwrap();
}

#[test]
fn a_record_in_the_clear_is_erased_with_its_parts_rows_and_grams() {
    let world = World::new();
    let (visit, annex) = world.known();
    let (other, _) = world.known();
    // Written again and again, so that pages of before had it.
    for node in [world.station(), world.township()] {
        node.reindex(|_| {}).unwrap();
    }
    let grams = crate::views::grams(GIST);
    let pairs = grams.split_whitespace().filter(|pair| pair.len() > 3);
    let pairs: Vec<Vec<u8>> = pairs.map(|pair| pair.as_bytes().to_vec()).collect();
    assert!(!world.holding("township", &spelt(GIST)).is_empty());
    assert!(!world.holding("township", &pairs).is_empty());
    let doomed = world.station().preview_erasure(&visit, Extent::Whole).unwrap();
    assert_eq!(
        doomed
            .iter()
            .map(|part| (part.record, part.personal))
            .collect::<Vec<_>>(),
        [(visit, false), (annex, true)]
    );
    assert_eq!((doomed[1].attachments, doomed[1].holders.len()), (1, 2));
    world.erase(visit, Extent::Whole);
    world.erase(other, Extent::Whole);
    world.talk();
    world.talk();
    for (name, node) in [("station", world.station()), ("township", world.township())] {
        assert_eq!(world.holding(name, &spelt(GIST)), Vec::<PathBuf>::new());
        assert_eq!(world.holding(name, &pairs), Vec::<PathBuf>::new());
        let (found, _) = node
            .search(
                "letters_visits",
                "路灯",
                crate::store::RowFilter {
                    limit: 9,
                    ..Default::default()
                },
            )
            .unwrap();
        assert!(found.is_empty());
        let status = node.erasures_of(&visit).unwrap();
        assert_eq!(status.len(), 2);
        assert!(
            status
                .iter()
                .all(|status| status.erased.is_some() && status.erased_at() == 2)
        );
        no_faults(node);
    }
    assert!(matches!(
        world.station().bundle(&[visit]),
        Err(ServiceError::Erased(_))
    ));
}

#[test]
fn keys_and_data_of_before_that_are_put_back_are_erased_again() {
    let mut world = World::new();
    let (visit, annex) = world.known();
    let key = world.station().annex_keys().get(&annex).unwrap();
    let sealed = payloads(world.station(), &annex);
    let back = |world: &World, name: &str| {
        let (data, keys) = (
            world.at(&format!("{name}.age")),
            world.at(&format!("{name}.keys.age")),
        );
        back_up(&world.at("station"), &data, Some(&keys), &secret(), 2, |_, _| {}).unwrap();
    };
    back(&world, "before");
    world.erase(visit, Extent::Personal);
    world.talk();
    world.talk();
    back(&world, "after");
    world.station = None;
    // Data of after, keys of before: the first thing that the node does is to erase.
    restore(
        &world.at("one"),
        &world.at("after.age"),
        Some(&world.at("before.keys.age")),
        &secret(),
    )
    .unwrap();
    assert_eq!(
        world.holding("one", &[key.0.to_vec()]),
        [world.at("one").join("annex.keys")]
    );
    drop(Node::open(&world.at("one"), &Overrides::default()).unwrap());
    assert_eq!(world.holding("one", &[key.0.to_vec()]), Vec::<PathBuf>::new());
    assert_eq!(world.holding("one", &parts(&sealed)), Vec::<PathBuf>::new());
    // All of before: it learns of it from the others, and erases again.
    restore(
        &world.at("two"),
        &world.at("before.age"),
        Some(&world.at("before.keys.age")),
        &secret(),
    )
    .unwrap();
    let node = Node::open(&world.at("two"), &Overrides::default()).unwrap();
    assert!(node.annex_keys().get(&annex).is_some(), "it cannot know yet");
    talk(&node, world.township());
    talk(&node, world.township());
    assert_eq!(world.holding("two", &[key.0.to_vec()]), Vec::<PathBuf>::new());
    assert_eq!(world.holding("two", &parts(&sealed)), Vec::<PathBuf>::new());
    let status = node.erasures_of(&visit).unwrap();
    assert_eq!((status[0].erased_at(), status[0].holders.len()), (2, 2));
    assert!(
        node.lacking_payloads().unwrap().is_empty(),
        "what is erased does not lack"
    );
    no_faults(&node);
}

#[test]
fn who_may_not_erase_is_told_before_anything_is_signed() {
    let world = World::new();
    let (visit, _) = world.known();
    let appoint = |login: &str, role| {
        let person = PersonDraft {
            login: login.into(),
            name: login.into(),
            roles: vec![role],
            ..PersonDraft::default()
        };
        let id = world
            .station()
            .appoint_person(&secret(), person, &secret())
            .unwrap();
        (id, world.station().sign_in(login, &secret()).unwrap())
    };
    let (_, publicist) = appoint("pub", Role::Publicist);
    let draft = world.draft(visit, Extent::Personal);
    let refused = world.station().erase(&publicist, &draft);
    assert!(matches!(
        refused,
        Err(ServiceError::MayNotErase(ErasureFault::Role))
    ));
    let (id, head) = appoint("head", Role::StationHead);
    let tomorrow = ErasureDraft {
        on: "2999-01-01".into(),
        ..draft.clone()
    };
    assert!(matches!(
        world.station().erase(&head, &tomorrow),
        Err(ServiceError::Bad(_))
    ));
    let words = ErasureDraft {
        note: Some(format!("电话 {PHONE}")),
        ..draft.clone()
    };
    assert!(matches!(
        world.station().erase(&head, &words),
        Err(ServiceError::Bad(_))
    ));
    let revocation = RevocationDraft {
        ground: Ground::Soft,
        ..RevocationDraft::soft(id, "离任")
    };
    world.station().revoke(&secret(), &revocation).unwrap();
    assert!(matches!(
        world.station().erase(&head, &draft),
        Err(ServiceError::MayNotErase(_))
    ));
    assert!(world.station().erasures_of(&visit).unwrap().is_empty());
}
