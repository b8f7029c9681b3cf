//! A station is backed up while it runs and put back: everything written is there, what is written next goes into new logs,
//! and a backup without the keys of annexes opens nothing personal.

use std::sync::Arc;

use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::record::Value;
use lianzhan_protocol::trust::{Ground, Level, Role};

use super::*;
use crate::config::{Config, Overrides};
use crate::services::appoint::PersonDraft;
use crate::services::found::{OrgDraft, found};
use crate::services::invite::Joining;
use crate::services::rekey::{KeyChangeState, NodeKeyDraft};
use crate::services::visit::VisitDraft;
use crate::services::{Author, Node};

const NAME: &str = "秦望舒";
const WORK: u8 = 2;

fn secret() -> SecretString {
    SecretString::from("a long enough passphrase".to_owned())
}

fn draft(level: Level, name: &str, code: &str) -> OrgDraft {
    OrgDraft {
        level,
        name_zh: name.into(),
        name_en: name.into(),
        code: code.into(),
    }
}

struct World {
    dir: tempfile::TempDir,
    station: Arc<Node>,
    clerk: Author,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = Config {
            scrypt_log_n: WORK,
            ..Config::default()
        };
        let at = |name: &str| dir.path().join(name);
        let township = draft(Level::Township, "枫渡镇", "990121103");
        let township = found(&at("township"), township, &secret(), config.clone()).unwrap();
        let address = vec!["/ip4/127.0.0.1/tcp/7611".to_owned()];
        let station = draft(Level::Station, "石桥站", "990121103201");
        let invitation = township.invite(station, &secret(), address).unwrap();
        let joining = Joining::begin(&invitation.to_code()).unwrap();
        let reply = township.answer_join(&joining.request());
        let station = joining.finish(&at("station"), reply, &secret(), config).unwrap();
        let person = PersonDraft {
            login: "lin".into(),
            name: "林静禾".into(),
            roles: vec![Role::OpinionLiaison],
            seat: None,
            person: None,
            until: None,
        };
        station.appoint_person(&secret(), person, &secret()).unwrap();
        let clerk = station.sign_in("lin", &secret()).unwrap();
        World { dir, station, clerk }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn visit(&self, node: &Node, gist: &str) -> RecordId {
        let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
        let visit = VisitDraft {
            fields: vec![
                text("received_at", "2026-04-16T09:30:00+08:00"),
                text("channel", "visit"),
                ("persons".into(), Value::Int(1)),
                text("nature", "problem"),
                text("gist", gist),
            ],
            subject: vec![text("name", NAME)],
            sensitive: vec![],
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime
            .block_on(node.register_visit(&self.clerk, visit))
            .unwrap()
            .record
    }

    fn back_up(&self, keys: bool) -> Result<About, BackupError> {
        let keys = keys.then(|| self.at("keys.age"));
        back_up(
            &self.at("station"),
            &self.at("backup.age"),
            keys.as_deref(),
            &secret(),
            WORK,
            |_, _| {},
        )
    }

    fn restore(&self, name: &str, keys: bool) -> Arc<Node> {
        let keys = keys.then(|| self.at("keys.age"));
        restore(&self.at(name), &self.at("backup.age"), keys.as_deref(), &secret()).unwrap();
        Node::open(&self.at(name), &Overrides::default()).unwrap()
    }
}

fn names_of(node: &Node, record: &RecordId) -> Vec<Value> {
    node.catch_up(|_| {}).unwrap();
    let annexes = node.record_detail(record).unwrap().annexes;
    let fields = annexes.into_iter().flat_map(|annex| annex.fields);
    fields.map(|(_, value)| value).collect()
}

#[test]
fn a_node_that_is_put_back_has_all_that_was_written_and_goes_on_in_new_logs() {
    let world = World::new();
    let before = world.visit(&world.station, "起初");
    let about = world.back_up(true).unwrap();
    assert_eq!(about.org, world.station.org_id());
    let after = world.visit(&world.station, "备份之后");
    let old: Vec<_> = world.station.holdings().unwrap().1.into_iter().collect();

    let back = world.restore("back", true);
    assert_eq!(names_of(&back, &before), [Value::from(NAME)]);
    assert!(back.record_detail(&after).is_err(), "it was not there yet");
    assert_eq!(back.check(|_| {}).unwrap().faults, Vec::<String>::new());

    let later = world.visit(&back, "恢复之后");
    let of = back.record_detail(&later).unwrap().changes[0].held.origin.clone();
    assert!(!old.contains(&of), "the old log is not written in two places");
    assert_eq!(back.check(|_| {}).unwrap().faults, Vec::<String>::new());
}

#[test]
fn without_the_keys_of_annexes_a_backup_opens_nothing_personal() {
    let world = World::new();
    let record = world.visit(&world.station, "邻里");
    world.back_up(false).unwrap();
    assert_eq!(names_of(&world.station, &record), [Value::from(NAME)]);
    let back = world.restore("back", false);
    let detail = back.record_detail(&record).unwrap();
    assert_eq!(detail.annex_names, ["subject"]);
    assert_eq!(names_of(&back, &record), Vec::<Value>::new());
    assert_eq!(
        back.check(|_| {}).unwrap().faults,
        Vec::<String>::new(),
        "the backup is good: its rows are those of a node without the keys"
    );
    drop(back);

    let mut stack = vec![world.at("back")];
    while let Some(path) = stack.pop() {
        if path.is_dir() {
            stack.extend(std::fs::read_dir(path).unwrap().map(|file| file.unwrap().path()));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes.windows(NAME.len()).any(|part| part == NAME.as_bytes());
        assert!(!found, "{}", path.display());
    }
}

#[test]
fn a_backup_is_never_written_over_and_a_node_never_put_back_over_another() {
    let world = World::new();
    let both = world.at("both.age");
    let one = back_up(
        &world.at("station"),
        &both,
        Some(&both),
        &secret(),
        WORK,
        |_, _| {},
    );
    assert!(matches!(one, Err(BackupError::OneFile(_))) && !both.exists());
    world.back_up(true).unwrap();
    assert!(matches!(world.back_up(false), Err(BackupError::Taken(_))));
    let into =
        |name: &str, secret: &SecretString| restore(&world.at(name), &world.at("backup.age"), None, secret);
    assert!(matches!(
        into("station", &secret()),
        Err(BackupError::Node(ServiceError::NodeExists(_)))
    ));
    let notes = world.at("papers/notes.txt");
    std::fs::create_dir(world.at("papers")).unwrap();
    std::fs::write(&notes, "kept").unwrap();
    let other = into("papers", &secret()).unwrap_err();
    assert!(
        matches!(&other, BackupError::Node(ServiceError::OtherFiles(dir)) if *dir == world.at("papers")),
        "{other}"
    );
    assert!(other.zh().contains("papers 里有别的文件"), "{}", other.zh());
    assert!(
        matches!(
            into("papers/notes.txt", &secret()),
            Err(BackupError::Node(ServiceError::Disk { .. }))
        ),
        "a file is no directory"
    );
    assert_eq!(std::fs::read(&notes).unwrap(), b"kept");
    let wrong = SecretString::from("another passphrase".to_owned());
    assert!(matches!(into("back", &wrong), Err(BackupError::Passphrase(_))));
    assert!(!world.at("back").exists(), "nothing is there until all of it is");
}

#[test]
fn a_damaged_or_foreign_file_leaves_nothing_behind() {
    let world = World::new();
    world.visit(&world.station, "一次");
    world.back_up(false).unwrap();
    let path = world.at("backup.age");
    let whole = std::fs::read(&path).unwrap();
    let into = || restore(&world.at("back"), &path, None, &secret());

    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for bytes in [
        &whole[..whole.len() - 1],
        &whole[..whole.len() / 2],
        &flipped,
        b"no backup",
        b"",
    ] {
        std::fs::write(&path, bytes).unwrap();
        let refused = into().unwrap_err();
        assert!(
            !refused.zh().contains("请检查磁盘"),
            "{} bytes: {refused}",
            bytes.len()
        );
        assert!(!world.at("back").exists());
        assert!(!world.at("back.restoring").exists());
    }

    // A good age file with another archive in it.
    std::fs::remove_file(&path).unwrap();
    sealed(&path, &secret(), WORK, |out| {
        let mut archive = tar::Builder::new(out);
        put(&mut archive, "lianzhan.db", b"first")?;
        archive.into_inner()
    })
    .unwrap();
    assert!(matches!(into(), Err(BackupError::NotABackup { .. })));
    assert!(!world.at("back").exists());
}

#[test]
fn the_file_of_keys_and_the_backup_are_told_apart() {
    let world = World::new();
    world.visit(&world.station, "一次");
    world.back_up(true).unwrap();
    let (backup, keys, other) = (
        world.at("backup.age"),
        world.at("keys.age"),
        world.at("other.age"),
    );
    sealed(&other, &secret(), WORK, |mut out| {
        out.write_all(&[7; 200])?;
        Ok(out)
    })
    .unwrap();
    let into = |from: &Path, keys: &Path| restore(&world.at("back"), from, Some(keys), &secret());
    assert!(matches!(into(&keys, &backup), Err(BackupError::KeysAsBackup(at)) if at == keys));
    assert!(matches!(into(&backup, &backup), Err(BackupError::BackupAsKeys(at)) if at == backup));
    assert!(matches!(into(&backup, &other), Err(BackupError::NotKeys(at)) if at == other));
    assert!(
        !world.at("back").exists(),
        "nothing is placed before both are what they should be"
    );
    assert!(!world.at("back.restoring").exists());
    into(&backup, &keys).unwrap();
}

#[test]
fn changes_of_keys_that_are_not_finished_go_along() {
    let world = World::new();
    let asked = SecretString::from("another long passphrase".to_owned());
    let request = world.station.ask_authority(Some(&secret()), &asked).unwrap();
    let planned = NodeKeyDraft {
        ground: Ground::Soft,
        words: "换主机".into(),
    };
    world.station.renew_node_step(&secret(), &planned).unwrap();
    let at = |name: &str| world.dir.path().join(name);
    back_up(
        world.station.dir(),
        &at("backup.age"),
        None,
        &secret(),
        WORK,
        |_, _| {},
    )
    .unwrap();
    let files = [files::AUTHORITY_NEXT, files::AUTHORITY_REQUEST, files::NODE_NEXT];
    restore(&at("again"), &at("backup.age"), None, &secret()).unwrap();
    for name in files {
        let [here, there] =
            [world.station.dir().to_owned(), at("again")].map(|dir| std::fs::read(dir.join(name)));
        assert_eq!(here.unwrap(), there.unwrap(), "{name}");
    }
    // Put back, the node takes its new key up, and can ask for the same authority key again.
    let again = Node::open(&at("again"), &Overrides::default()).unwrap();
    assert_ne!(again.node_key().public(), world.station.node_key().public());
    assert_eq!(
        again.key_changes(),
        [KeyChangeState::NodeReplaced, KeyChangeState::AuthorityAsked]
    );
    assert_eq!(
        again.ask_authority(Some(&secret()), &asked).unwrap().key,
        request.key
    );
    drop(again);
    back_up(&at("again"), &at("second.age"), None, &secret(), WORK, |_, _| {}).unwrap();
    restore(&at("third"), &at("second.age"), None, &secret()).unwrap();
    let third = Node::open(&at("third"), &Overrides::default()).unwrap();
    let done = third.renew_node_step(&secret(), &planned).unwrap();
    assert_eq!(
        (done.restart, done.revoked.len()),
        (false, 1),
        "the old key is known, and revoked"
    );
}
