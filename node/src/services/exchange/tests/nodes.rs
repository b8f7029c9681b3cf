//! From one node to another, and back to the first.

use std::sync::Arc;

use age::secrecy::SecretString;
use lianzhan_protocol::id::RecordId;
use lianzhan_protocol::record::ledger::{FieldKind, Ledger, ledgers};
use lianzhan_protocol::record::{Put, Value};
use lianzhan_protocol::trust::{Audience, Level, Role, Space};

use super::{FORMS, bare, sound, values_of};
use crate::config::Config;
use crate::export::Encoding;
use crate::services::appoint::PersonDraft;
use crate::services::exchange::{Export, Form, RowValues, Rows, Words};
use crate::services::found::{OrgDraft, found};
use crate::services::import::{ImportReport, Importing};
use crate::services::joint::{JointDraft, JointError};
use crate::services::ledger::{Asked, Values, annexes_of, book, is_annex, is_stated, unsound};
use crate::services::{Annex, Author, Draft, NewRecord, Node, RecordRow, RowFilter, ServiceError};

pub(super) struct Desk {
    pub(super) node: Arc<Node>,
    pub(super) author: Author,
    pub(super) runtime: tokio::runtime::Runtime,
    _dir: tempfile::TempDir,
}

impl Desk {
    /// A city of its own, which holds every ledger, with a person who may write them all.
    pub(super) fn new(code: &str) -> Self {
        Self::of_person(code, "林晓")
    }

    /// The same with a person of this name.
    pub(super) fn of_person(code: &str, name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = Config {
            scrypt_log_n: 2,
            ..Config::default()
        };
        let root = OrgDraft {
            level: Level::City,
            name_zh: "澜州市".into(),
            name_en: "Lanzhou".into(),
            code: code.into(),
        };
        let secret = SecretString::from("correct horse battery".to_owned());
        let node = found(&dir.path().join("node"), root, &secret, config).unwrap();
        let person = PersonDraft {
            login: "lin".into(),
            name: name.into(),
            roles: Role::ALL.to_vec(),
            seat: Some(Level::City),
            ..PersonDraft::default()
        };
        node.appoint_person(&secret, person, &secret).unwrap();
        let author = node.sign_in("lin", &secret).unwrap();
        Desk {
            node,
            author,
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
            _dir: dir,
        }
    }

    /// Begins a record, whatever must hold between its fields.
    pub(super) fn write(&self, ledger: &Ledger, values: &Values, annexes: Vec<Annex>) -> RecordId {
        let (space, _) = self.home(ledger);
        let begins = NewRecord::begin(&ledger.id, &space).unwrap();
        let draft = Draft {
            record: begins.id,
            begins: Some(begins.salt),
            ledger: ledger.id.clone(),
            space,
            puts: values
                .iter()
                .map(|(key, value)| Put::field(key, value.clone()))
                .collect(),
            annexes,
        };
        self.runtime
            .block_on(self.node.submit(&self.author, draft))
            .unwrap_or_else(|error| panic!("{}: {error}", ledger.id));
        begins.id
    }

    pub(super) fn export(&self, export: &Export) -> Vec<u8> {
        self.node.settle_views().unwrap();
        let mut out = Vec::new();
        self.node
            .export(Some(&self.author), export, &mut out, |_, _| {})
            .unwrap();
        out
    }

    pub(super) fn import(&self, ledger: &str, bytes: &[u8], dry_run: bool) -> ImportReport {
        self.import_into(ledger, None, bytes, dry_run).unwrap()
    }

    /// The same into a joint space.
    pub(super) fn import_into(
        &self,
        ledger: &str,
        into: Option<&Space>,
        bytes: &[u8],
        dry_run: bool,
    ) -> Result<ImportReport, ServiceError> {
        let importing = Importing {
            into,
            ..Importing::new(ledger, "a.csv", bytes, dry_run)
        };
        let report = self.node.import(&self.author, importing, |_, _| {});
        let report = self.runtime.block_on(report)?;
        self.node.settle_views().unwrap();
        Ok(report)
    }

    /// Where a record of a ledger stands here without saying so; of one that lives in joint spaces alone one with the
    /// county below, which is opened for it.
    pub(super) fn home(&self, ledger: &Ledger) -> (Space, Option<Space>) {
        if ledger.audience != Audience::Joint {
            return (self.node.home_space(&ledger.id).unwrap(), None);
        }
        let county = OrgDraft {
            level: Level::County,
            name_zh: "澄川县".into(),
            name_en: "Chengchuan".into(),
            code: format!("{}21", &self.node.org().unwrap().code[..4]),
        };
        let (secret, code) = (
            SecretString::from("correct horse battery".to_owned()),
            county.code.clone(),
        );
        if let Ok(known) = self.node.joint_named(&code) {
            return (known.clone(), Some(known));
        }
        let addresses = vec!["/ip4/127.0.0.1/tcp/7611".to_owned()];
        let county = self.node.invite(county, &secret, addresses).unwrap().org;
        let authority = self.node.unlock_authority(&secret).unwrap();
        let draft = JointDraft {
            partners: vec![county],
            travel: Level::County,
            year: 2026,
        };
        let space = self.node.open_joint(&authority, &draft).unwrap();
        assert_eq!(self.node.joint_named(&code).unwrap(), space);
        (space.clone(), Some(space))
    }

    /// The rows of all records of a ledger.
    pub(super) fn rows(&self, ledger: &Ledger) -> Vec<RecordRow> {
        let all = RowFilter {
            limit: 1000,
            ..RowFilter::default()
        };
        self.node.settle_views().unwrap();
        self.node.rows(&ledger.id, &all).unwrap().0
    }

    /// The values of all records of a ledger, and how many changes each has.
    pub(super) fn records(&self, ledger: &Ledger) -> Vec<(Values, usize)> {
        let rows = self.rows(ledger);
        let mut records: Vec<(Values, usize)> = rows
            .iter()
            .map(|row| {
                let state = RowValues::of(&row.state);
                (state.values(ledger), state.changes().count())
            })
            .collect();
        records.sort();
        records
    }
}

pub(super) fn of(ledger: &Ledger, form: Form) -> Export {
    Export {
        ledger: ledger.id.clone(),
        form,
        ..Export::default()
    }
}

/// Counts as new, changed, known and broken.
pub(super) fn counts(report: &ImportReport) -> (u64, u64, u64, usize) {
    (report.imported, report.changed, report.known, report.errors.len())
}

/// What a sheet is most likely to spoil: what looks like a formula, a number, a date or one of our own signs.
const TEXTS: [&str; 9] = [
    "护坡塌了，\"急\"\n二行\n",
    "=1+2",
    "+86",
    "-3",
    "@甲",
    "007",
    "2026/4/3",
    "[甲] 乙 | 丙\\n",
    " －３𠮷 ",
];

/// The same in personal parts.
const PERSONAL: [&str; 5] = ["许知微", "=3+4", "0851", "@乙", "2026/5/3\n三行\n"];

#[test]
fn every_ledger_goes_to_another_node_and_back_without_loss() {
    let (here, there) = (Desk::new("990100"), Desk::new("990200"));
    let mut joint = Vec::new();
    // What is stated on pages of its own is taken in from no table.
    let books = ledgers().iter();
    for ledger in books.filter(|ledger| !is_annex(&ledger.id) && !is_stated(&ledger.id)) {
        // What several orgs write together has no space that goes without saying: it is named.
        let ((home, _), (_, into)) = (here.home(ledger), there.home(ledger));
        assert!(
            here.node.may_put(&here.author, &ledger.id, &home),
            "{}",
            ledger.id
        );
        let into = into.as_ref();
        let parts: Vec<&'static Ledger> = annexes_of(ledger).collect();
        let values = sound(ledger, &TEXTS);
        assert_eq!(unsound(ledger, &values), [], "{}", ledger.id);
        let personal = parts.iter().map(|annex| Annex {
            ledger: annex.id.clone(),
            fields: values_of(annex, &PERSONAL).into_iter().collect(),
        });
        here.write(ledger, &values, personal.collect());
        // One with nothing but what it cannot do without, and no personal part.
        let bare = bare(ledger, &values);
        here.write(ledger, &bare, Vec::new());
        assert!(bare.len() < values.len(), "{}", ledger.id);
        let wholly = |desk: &Desk| {
            let mut all: Vec<_> = desk
                .rows(ledger)
                .iter()
                .map(|row| {
                    let parts = desk.node.personal_parts(&desk.author, row, &parts);
                    (RowValues::of(&row.state).values(ledger), parts.unwrap())
                })
                .collect();
            all.sort();
            all
        };
        let before = wholly(&here);
        assert_eq!(before.len(), 2, "{}", ledger.id);
        for (n, form) in FORMS.into_iter().enumerate() {
            let asked = Export {
                personal: true,
                ..of(ledger, form)
            };
            let table = here.export(&asked);
            let told = format!("{} {form:?}", ledger.id);
            let again = here.import_into(&ledger.id, Some(&home).filter(|_| into.is_some()), &table, false);
            let again = again.unwrap();
            assert_eq!(counts(&again), (0, 0, 2, 0), "{told} {:?}", again.errors);
            if into.is_some() && n == 0 {
                let lost = there.import_into(&ledger.id, None, &table, false).unwrap_err();
                assert!(
                    matches!(&lost, ServiceError::Joint(JointError::NoneNamed { .. })),
                    "{told} {lost}"
                );
                joint.push(ledger.id.as_str());
            }
            let dry = there.import_into(&ledger.id, into, &table, true).unwrap();
            let first = there.import_into(&ledger.id, into, &table, false).unwrap();
            let expected = if n == 0 { (2, 0, 0, 0) } else { (0, 0, 2, 0) };
            assert_eq!(counts(&dry), expected, "{told} {:?}", dry.errors);
            assert_eq!(counts(&first), expected, "{told} {:?}", first.errors);
        }
        assert_eq!(wholly(&here), before, "{}", ledger.id);
        assert_eq!(wholly(&there), before, "{}", ledger.id);
    }
    assert_eq!(joint, ["project_group", "joint_supervision"]);
}

#[test]
fn what_is_emptied_is_gone_and_what_is_not_there_comes_back_as_nothing() {
    let (here, there) = (Desk::new("990100"), Desk::new("990200"));
    let visits = book("letters_visits").unwrap();
    let mut values = sound(visits, &["路灯不亮"]);
    values.insert("note".into(), "已报修".into());
    here.write(visits, &values, Vec::new());
    let csv = of(visits, Form::Csv(Encoding::Utf8));
    let table = String::from_utf8(here.export(&csv)).unwrap();
    assert!(table.contains("已报修"), "{table}");
    let emptied = table.replace("已报修", "");
    assert_eq!(
        counts(&here.import("letters_visits", emptied.as_bytes(), false)),
        (0, 1, 0, 0)
    );
    values.remove("note");
    let table = here.export(&csv);
    assert_eq!(
        counts(&there.import("letters_visits", &table, false)),
        (1, 0, 0, 0)
    );
    for desk in [&here, &there] {
        assert_eq!(desk.records(visits)[0].0, values, "no empty text stands there");
    }
}

#[test]
fn one_edited_cell_is_one_change_and_what_others_wrote_stays() {
    let desk = Desk::new("990100");
    let visits = book("letters_visits").unwrap();
    let begin = |gist: &str| {
        let mut values = Values::new();
        for (key, value) in [
            ("channel", "visit"),
            ("nature", "problem"),
            ("gist", gist),
            ("received_at", "2026-04-16T09:52:00+08:00"),
        ] {
            values.insert(key.into(), value.into());
        }
        values.insert("persons".into(), Value::Int(1));
        desk.write(visits, &values, Vec::new())
    };
    let first = begin("路灯不亮");
    begin("井盖松动");
    let table = desk.export(&of(visits, Form::Csv(Encoding::Utf8)));
    let text = String::from_utf8(table).unwrap();
    let edited = text.replace("井盖松动", "井盖已修好");
    // Meanwhile somebody changes the other record.
    let detail = desk.node.record_detail(&first).unwrap();
    let amended = crate::services::ledger::Amendment {
        main: {
            let (mut main, _) = desk.node.values_of(&detail, &[]);
            main.insert("note".into(), "已报修".into());
            main
        },
        ..Default::default()
    };
    desk.runtime
        .block_on(desk.node.amend(&desk.author, &detail, amended, None))
        .unwrap();
    desk.node.settle_views().unwrap();
    let dry = desk.import("letters_visits", edited.as_bytes(), true);
    assert_eq!(counts(&dry), (0, 1, 1, 0), "{:?}", dry.errors);
    for expected in [(0, 1, 1, 0), (0, 0, 2, 0)] {
        let report = desk.import("letters_visits", edited.as_bytes(), false);
        assert_eq!(counts(&report), expected, "{:?}", report.errors);
    }
    let records = desk.records(visits);
    let said: Vec<(Option<&str>, Option<&str>, usize)> = records
        .iter()
        .map(|(values, changes)| {
            let text = |key: &str| values.get(key).and_then(Value::as_text);
            (text("gist"), text("note"), *changes)
        })
        .collect();
    assert!(said.contains(&(Some("井盖已修好"), None, 2)), "{said:?}");
    assert!(said.contains(&(Some("路灯不亮"), Some("已报修"), 2)), "{said:?}");
}

#[test]
fn what_is_wrong_is_told_of_its_cell_and_new_rows_begin_once() {
    let desk = Desk::new("990100");
    let table = desk.export(&of(book("letters_visits").unwrap(), Form::Csv(Encoding::Utf8)));
    let text = String::from_utf8(table).unwrap();
    let headings: Vec<&str> = text
        .trim_start_matches('\u{feff}')
        .trim_end()
        .split(',')
        .collect();
    let row = |cells: &[(&str, &str)]| {
        let of = |heading: &&str| {
            let found = cells.iter().find(|(name, _)| name == heading);
            found.map_or("", |(_, text)| text).to_owned()
        };
        headings.iter().map(of).collect::<Vec<_>>().join(",") + "\r\n"
    };
    let good = [
        ("来访时间", "2026/4/16"),
        ("渠道", "来访"),
        ("人数", "2"),
        ("性质", "问题"),
        ("反映内容", "路灯不亮"),
    ];
    let labels = |key: &str| book("letters_visits").unwrap().field(key).unwrap().zh.clone();
    let (when, channel, persons, nature, gist) = (
        labels("received_at"),
        labels("channel"),
        labels("persons"),
        labels("nature"),
        labels("gist"),
    );
    let named: Vec<(&str, &str)> = [&when, &channel, &persons, &nature, &gist]
        .iter()
        .zip(good)
        .map(|(label, (_, text))| (label.as_str(), text))
        .collect();
    let mut wrong = named.clone();
    wrong[2].1 = "很多";
    let mut foreign = named.clone();
    foreign.push(("记录编号 Record ID", "不是编号"));
    let file = text.clone() + &row(&named) + &row(&wrong) + &row(&foreign) + &row(&named);
    for expected in [(2, 0, 0), (0, 0, 2)] {
        let report = desk.import("letters_visits", file.as_bytes(), false);
        assert_eq!(
            (report.imported, report.changed, report.known),
            expected,
            "{:?}",
            report.errors
        );
        let at: Vec<(u32, bool)> = report
            .errors
            .iter()
            .map(|error| (error.row, error.cell.ends_with(&error.row.to_string())))
            .collect();
        assert_eq!(at, [(3, true), (4, true)], "{:?}", report.errors);
    }
}

#[test]
fn personal_parts_go_to_whom_asks_and_may_hold_them() {
    let desk = Desk::new("990100");
    let visits = book("letters_visits").unwrap();
    let mut values = values_of(visits, &["路灯不亮"]);
    values.retain(|key, _| {
        visits
            .resolve(key)
            .is_some_and(|(field, _)| field.kind != FieldKind::Blob)
    });
    let annex = Annex {
        ledger: "subject".into(),
        fields: vec![
            ("name".into(), "许知微".into()),
            ("phone".into(), "13900000016".into()),
        ],
    };
    desk.write(visits, &values, vec![annex]);
    let csv = Form::Csv(Encoding::Utf8);
    let plain = String::from_utf8(desk.export(&of(visits, csv))).unwrap();
    assert!(!plain.contains("许知微"), "{plain}");
    let asked = Export {
        personal: true,
        ..of(visits, csv)
    };
    let open = desk.export(&asked);
    let text = String::from_utf8(open.clone()).unwrap();
    assert!(text.contains("许知微") && text.contains("13900000016"), "{text}");
    assert!(desk.node.export(None, &asked, Vec::new(), |_, _| {}).is_err());
    let again = desk.import("letters_visits", &open, false);
    assert_eq!(counts(&again), (0, 0, 1, 0), "{:?}", again.errors);
    let changed = text.replace("许知微", "许知远");
    for expected in [(0, 1, 0, 0), (0, 0, 1, 0)] {
        let report = desk.import("letters_visits", changed.as_bytes(), false);
        assert_eq!(counts(&report), expected, "{:?}", report.errors);
    }
    let text = String::from_utf8(desk.export(&asked)).unwrap();
    assert!(text.contains("许知远") && !text.contains("许知微"), "{text}");
}

#[test]
fn events_are_rows_of_their_own() {
    let desk = Desk::new("990100");
    let mut values = Values::new();
    for (key, value) in [
        ("channel", "visit"),
        ("nature", "problem"),
        ("gist", "路灯不亮"),
        ("received_at", "2026-04-16T09:52:00+08:00"),
    ] {
        values.insert(key.into(), value.into());
    }
    values.insert("persons".into(), Value::Int(1));
    let entry = crate::services::ledger::NewEntry {
        ledger: "letters_visits".into(),
        space: desk.node.home_space("letters_visits").unwrap(),
        main: values,
        annexes: Default::default(),
        cleared: Default::default(),
    };
    desk.runtime
        .block_on(desk.node.enter(&desk.author, entry, None))
        .unwrap();
    let asked = Export {
        rows: Rows::Events,
        words: Words::En,
        asked: Asked::default(),
        ..of(book("letters_visits").unwrap(), Form::Csv(Encoding::Utf8))
    };
    let text = String::from_utf8(desk.export(&asked)).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains("Registered,2026-04-16 09:52,林晓"), "{text}");
}
