//! A station at which words are held back, cleared and let through.

use std::sync::Arc;

use age::secrecy::SecretString;
use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::personal::Kind;
use lianzhan_protocol::record::{EventKind, Value};
use lianzhan_protocol::trust::{Level, Role};

use super::*;
use crate::config::Config;
use crate::services::appoint::PersonDraft;
use crate::services::found::{OrgDraft, found};
use crate::services::import::Importing;
use crate::services::ledger::{Amendment, NewEntry, Sent};
use crate::services::visit::VisitDraft;
use crate::services::{Author, Written};

const NAME: &str = "秦望舒";
const SWITCHBOARD: &str = "水厂总机 139 0000 0016 无人接";

struct Station {
    node: Arc<Node>,
    lin: Author,
    runtime: tokio::runtime::Runtime,
    _dir: tempfile::TempDir,
}

impl Station {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let secret = SecretString::from("correct horse battery".to_owned());
        let config = Config {
            scrypt_log_n: 2,
            ..Config::default()
        };
        let draft = OrgDraft {
            level: Level::Station,
            name_zh: "石桥站".into(),
            name_en: "Shiqiao station".into(),
            code: "990121103201".into(),
        };
        let node = found(&dir.path().join("node"), draft, &secret, config).unwrap();
        let person = PersonDraft {
            login: "lin".into(),
            name: "林静禾".into(),
            roles: vec![Role::StationLiaison],
            ..PersonDraft::default()
        };
        node.appoint_person(&secret, person, &secret).unwrap();
        let lin = node.sign_in("lin", &secret).unwrap();
        Station {
            node,
            lin,
            runtime: tokio::runtime::Runtime::new().unwrap(),
            _dir: dir,
        }
    }

    fn visit(&self, gist: &str, name: &str, note: &str) -> Result<Written, ServiceError> {
        let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
        let mut subject = Vec::new();
        if !name.is_empty() {
            subject.push(text("name", name));
        }
        let draft = VisitDraft {
            fields: vec![
                text("received_at", "2026-04-16T09:30:00+08:00"),
                text("channel", "visit"),
                ("persons".into(), Value::Int(1)),
                text("nature", "problem"),
                text("gist", gist),
            ],
            subject,
            sensitive: Vec::new(),
        };
        let mut cleared = Cleared::new();
        if !note.is_empty() {
            cleared.insert("f:gist".into(), note.into());
        }
        let written = self
            .runtime
            .block_on(self.node.register_cleared(&self.lin, draft, &cleared));
        self.node.catch_up(|_| {}).unwrap();
        written
    }

    /// The kinds for which a visit with this gist is held back.
    fn held(&self, gist: &str, name: &str, note: &str) -> Vec<Kind> {
        match self.visit(gist, name, note) {
            Err(ServiceError::Fields(faults)) => {
                let suspicions = faults.iter().filter_map(|fault| fault.suspicion.as_ref());
                suspicions.flat_map(Suspicion::kinds).collect()
            }
            Err(error) => panic!("{error}"),
            Ok(_) => Vec::new(),
        }
    }

    fn records(&self) -> u64 {
        self.node.store().read(|reader| reader.record_count(&[])).unwrap()
    }

    fn state(&self, record: &RecordId) -> RecordState {
        self.node.state(record).unwrap().1
    }
}

#[test]
fn what_looks_like_personal_data_is_not_signed_until_a_note_clears_it() {
    let station = Station::new();
    assert_eq!(station.held(SWITCHBOARD, "", ""), [Kind::Mobile]);
    for unfit in ["  ", "号码 1390000", "就是 139 0000 0016", "两\n行"] {
        assert_eq!(station.held(SWITCHBOARD, "", unfit), [Kind::Mobile], "{unfit:?}");
    }
    assert_eq!(station.records(), 0, "nothing was signed");

    let written = station.visit(SWITCHBOARD, "", "单位公开的总机").unwrap();
    let state = station.state(&written.record);
    assert!(
        state.text("reg_no").ends_with("-01"),
        "what is held back takes no number"
    );
    assert!(state.is_cleared("f:gist", SWITCHBOARD));
    assert!(!state.is_cleared("f:note", SWITCHBOARD) && !state.is_cleared("f:gist", "水厂总机"));
    let cleared = state
        .events
        .iter()
        .find(|event| event.event.kind() == EventKind::Clear)
        .unwrap();
    let body = String::from_utf8_lossy(&cleared.event.to_bytes()).into_owned();
    assert!(body.contains("单位公开的总机") && !body.contains("139"));
    assert_eq!(cleared.by.name, "林静禾");
}

#[test]
fn a_note_for_words_in_which_nothing_is_found_is_not_written() {
    let station = Station::new();
    let written = station.visit("路灯不亮", "", "单位公开的总机").unwrap();
    let state = station.state(&written.record);
    assert!(
        state
            .events
            .iter()
            .all(|event| event.event.kind() != EventKind::Clear)
    );
}

#[test]
fn whom_the_roster_names_is_looked_for_in_all_words_that_travel() {
    let station = Station::new();
    assert_eq!(
        station.held("秦望舒说路灯不亮", NAME, ""),
        [Kind::Name],
        "the same form names her"
    );
    assert_eq!(
        station.held("秦望舒说路灯不亮", "", ""),
        [] as [Kind; 0],
        "nobody knows her yet"
    );
    station.visit("路灯不亮", NAME, "").unwrap();
    assert_eq!(station.held("秦望舒说路灯还是不亮", "", ""), [Kind::Name]);
    // Who holds an office is public, also where somebody on the roster is called the same.
    station.visit("路灯不亮", "林静禾", "").unwrap();
    station.visit("林静禾接待，路灯不亮", "", "").unwrap();
}

#[test]
fn a_change_is_looked_through_too_and_what_was_cleared_once_may_be_put_again() {
    let station = Station::new();
    let written = station.visit(SWITCHBOARD, "", "单位公开的总机").unwrap();
    let node = &station.node;
    let amend = |fields: serde_json::Value, cleared: &[(&str, &str)]| {
        let sent = Sent {
            fields: fields.as_object().unwrap().clone(),
            cleared: cleared
                .iter()
                .map(|(key, note)| ((*key).to_owned(), (*note).to_owned()))
                .collect(),
            ..Sent::default()
        };
        station
            .runtime
            .block_on(node.amend_sent(&station.lin, &written.record, sent))
    };
    let note = serde_json::json!({"note": "车牌鄂Q12345"});
    let Err(ServiceError::Fields(faults)) = amend(note.clone(), &[]) else {
        panic!("it is held back");
    };
    assert_eq!((faults.len(), faults[0].place()), (1, (None, "note")));
    amend(note, &[("note", "水厂的抢修车")]).unwrap().unwrap();
    assert!(
        station
            .state(&written.record)
            .is_cleared("f:note", "车牌鄂Q12345")
    );
    amend(serde_json::json!({"gist": "水厂没有人接电话"}), &[])
        .unwrap()
        .unwrap();
    amend(serde_json::json!({"gist": SWITCHBOARD}), &[])
        .unwrap()
        .unwrap();
}

#[test]
fn what_stays_in_the_township_is_not_looked_through() {
    let station = Station::new();
    let enter = |ledger: &str, fields: serde_json::Value| {
        let sent = Sent {
            fields: fields.as_object().unwrap().clone(),
            ..Sent::default()
        };
        let entered = station.node.enter_sent(&station.lin, ledger, sent);
        station.runtime.block_on(entered)
    };
    let deputy = RecordId([7; 16]).to_string();
    enter(
        "assistance_roster",
        serde_json::json!({"deputy": deputy, "household_no": "7", "from": "2026-01-01", "note": SWITCHBOARD}),
    )
    .unwrap();
    // Beside what else is wrong it is told at once.
    let Err(ServiceError::Fields(faults)) = enter("letters_visits", serde_json::json!({"gist": SWITCHBOARD}))
    else {
        panic!("it is refused");
    };
    let places: Vec<&str> = faults.iter().map(|fault| fault.place().1).collect();
    assert!(
        places.contains(&"gist") && places.contains(&"channel"),
        "{places:?}"
    );
}

#[test]
fn a_book_says_which_rows_are_held_back_before_anything_is_written() {
    let station = Station::new();
    let book = "登记日期,渠道,人数,性质,反映内容,接待代表\n\
        2026-04-16,来访,1,反映问题,路灯不亮,罗定一\n\
        2026-04-17,来访,1,反映问题,请打13900000016,罗定一\n";
    for dry_run in [true, false] {
        let import = station.node.import(
            &station.lin,
            Importing::new("letters_visits", "book.csv", book.as_bytes(), dry_run),
            |_, _| {},
        );
        let report = station.runtime.block_on(import).unwrap();
        assert_eq!((report.imported, report.errors.len()), (1, 1), "{report:?}");
        assert!(
            report.errors[0].cell == "E3" && report.errors[0].zh.contains("手机号"),
            "{report:?}"
        );
    }
}

#[test]
fn a_draft_from_anywhere_is_looked_through_at_the_one_door() {
    let station = Station::new();
    let entry = NewEntry {
        ledger: "publicity".into(),
        space: station.node.home_space("publicity").unwrap(),
        main: Values::new(),
        annexes: BTreeMap::new(),
        cleared: Cleared::new(),
    };
    let begins = crate::services::NewRecord::begin(&entry.ledger, &entry.space).unwrap();
    let draft = Draft {
        record: begins.id,
        begins: Some(begins.salt),
        ledger: entry.ledger,
        space: entry.space,
        puts: vec![Put::field("note", SWITCHBOARD.into())],
        annexes: Vec::new(),
    };
    let refused = station.runtime.block_on(station.node.submit(&station.lin, draft));
    assert!(matches!(refused, Err(ServiceError::Fields(faults)) if faults[0].suspicion.is_some()));
    assert_eq!(Amendment::default().cleared, Cleared::new());
}
