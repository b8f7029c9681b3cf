//! What is exported, opened by a spreadsheet that is not ours: LibreOffice shows what the records say, and a workbook that it
//! saved comes back without a change. `tests/run` installs it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use lianzhan_node::config::Config;
use lianzhan_node::export::Encoding;
use lianzhan_node::import::{CellValue, read_sheet};
use lianzhan_node::services::appoint::PersonDraft;
use lianzhan_node::services::exchange::{Export, Form, Words};
use lianzhan_node::services::found::{OrgDraft, found};
use lianzhan_node::services::import::Importing;
use lianzhan_node::services::ledger::NewEntry;
use lianzhan_node::services::{Author, Node};
use lianzhan_protocol::record::Value;
use lianzhan_protocol::trust::{Level, Role};
use secrecy::SecretString;
use tempfile::TempDir;

/// The program, as Debian names it.
const OFFICE: &str = "soffice";

struct Desk {
    node: Arc<Node>,
    author: Author,
    runtime: tokio::runtime::Runtime,
    dir: TempDir,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = Config {
            scrypt_log_n: 2,
            ..Config::default()
        };
        let station = OrgDraft {
            level: Level::City,
            name_zh: "澜州市".into(),
            name_en: "Lanzhou".into(),
            code: "990100".into(),
        };
        let secret = SecretString::from("correct horse battery".to_owned());
        let node = found(&dir.path().join("node"), station, &secret, config).unwrap();
        let person = PersonDraft {
            login: "lin".into(),
            name: "林晓".into(),
            roles: Role::ALL.to_vec(),
            seat: Some(Level::City),
            ..PersonDraft::default()
        };
        node.appoint_person(&secret, person, &secret).unwrap();
        let author = node.sign_in("lin", &secret).unwrap();
        Desk {
            node,
            author,
            runtime: tokio::runtime::Runtime::new().unwrap(),
            dir,
        }
    }

    fn enter(&self, ledger: &str, fields: &[(&str, Value)]) {
        let entry = NewEntry {
            ledger: ledger.into(),
            space: self.node.home_space(ledger).unwrap(),
            main: fields
                .iter()
                .map(|(key, value)| ((*key).to_owned(), value.clone()))
                .collect(),
            annexes: BTreeMap::new(),
            cleared: BTreeMap::new(),
        };
        self.runtime
            .block_on(self.node.enter(&self.author, entry, None))
            .unwrap();
    }

    fn export(&self, ledger: &str, form: Form) -> PathBuf {
        self.node.settle_views().unwrap();
        let export = Export {
            ledger: ledger.into(),
            form,
            words: Words::Zh,
            ..Export::default()
        };
        let path = self.dir.path().join(export.file_name());
        let file = std::fs::File::create(&path).unwrap();
        self.node
            .export(Some(&self.author), &export, file, |_, _| {})
            .unwrap();
        path
    }

    /// Opens a file in LibreOffice and saves it in another form.
    fn saved_as(&self, file: &Path, to: &str, ending: &str) -> PathBuf {
        let out = self.dir.path().join("saved");
        let profile = self.dir.path().join("profile");
        let done = Command::new(OFFICE)
            .arg(format!("-env:UserInstallation=file://{}", profile.display()))
            .args(["--headless", "--norestore", "--convert-to", to, "--outdir"])
            .arg(&out)
            .arg(file)
            .output()
            .unwrap_or_else(|error| panic!("{OFFICE}: {error}: run tests/run install"));
        let saved = out.join(file.file_stem().unwrap()).with_extension(ending);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(
            done.status.success() && saved.exists(),
            "{}: {said}",
            saved.display()
        );
        saved
    }
}

#[test]
fn libreoffice_shows_what_is_exported_and_what_it_saves_comes_back() {
    let desk = Desk::new();
    let text = |text: &str| Value::from(text);
    let hostile = "=1+2 号楼，\"急\"\n'第二行' 𠮷 _x0041_";
    desk.enter(
        "letters_visits",
        &[
            ("gist", text(hostile)),
            ("channel", text("visit")),
            ("nature", text("problem")),
            ("persons", Value::Int(3)),
            ("received_at", text("2026-04-16T09:52:07+08:00")),
            ("told_person_on", text("2026-04-20")),
        ],
    );
    desk.enter(
        "deputy_roster",
        &[
            ("name", text("罗定一")),
            ("gender", text("m")),
            ("occupation_class", text("farmer")),
            ("is_office_holder", Value::Bool(false)),
            ("seats/0196b2c3d4e5a1/level", text("township")),
            ("seats/0196b2c3d4e5a2/level", text("county")),
            ("seats/0196b2c3d4e5a2/from", text("2026-01-01")),
            ("skills/5c1d2e3f40516273", text("水利")),
        ],
    );
    // The events of a record are rows of their own.
    for (ledger, rows) in [("letters_visits", 2), ("deputy_roster", 1)] {
        let workbook = desk.export(ledger, Form::Xlsx);
        let again = desk.saved_as(&workbook, "xlsx:Calc MS Excel 2007 XML", "xlsx");
        let bytes = std::fs::read(&again).unwrap();
        let report = desk
            .runtime
            .block_on(desk.node.import(
                &desk.author,
                Importing::new(ledger, "a.xlsx", &bytes, false),
                |_, _| {},
            ))
            .unwrap();
        assert_eq!(
            (report.imported, report.changed, report.known, report.errors.len()),
            (0, 0, rows, 0),
            "{ledger}: {:?}",
            report.errors
        );
        std::fs::remove_dir_all(desk.dir.path().join("saved")).unwrap();
    }
    let workbook = desk.export("letters_visits", Form::Xlsx);
    // Cells as they are shown, commas between them, in UTF-8.
    let shown = desk.saved_as(
        &workbook,
        "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false",
        "csv",
    );
    let cells = |bytes: &[u8]| {
        let sheet = read_sheet("a.csv", bytes).unwrap();
        let of = |row: usize| {
            sheet.rows[row]
                .cells
                .iter()
                .map(|cell| cell.value.to_text())
                .collect::<Vec<_>>()
        };
        of(0).into_iter().zip(of(1)).collect::<BTreeMap<String, String>>()
    };
    let shown = cells(&std::fs::read(shown).unwrap());
    let at = |label: &str| {
        let ledger = lianzhan_protocol::record::ledger::ledger("letters_visits").unwrap();
        let label = ledger.field(label).unwrap().zh.clone();
        shown
            .get(&label)
            .cloned()
            .unwrap_or_else(|| panic!("{label}: {shown:?}"))
    };
    assert_eq!(at("gist"), hostile, "a text is a text, whatever it begins with");
    assert_eq!(at("persons"), "3");
    assert_eq!(at("received_at"), "2026-04-16 09:52:07");
    assert_eq!(at("told_person_on"), "2026-04-20");
    assert_eq!(at("channel"), "来访");
    // The same table as comma-separated text, in both encodings.
    for encoding in [Encoding::Utf8, Encoding::Gb18030] {
        let bytes = std::fs::read(desk.export("letters_visits", Form::Csv(encoding))).unwrap();
        let own = cells(&bytes);
        assert_eq!(own.keys().collect::<Vec<_>>(), shown.keys().collect::<Vec<_>>());
        let differing: Vec<&String> = own
            .iter()
            .filter(|(key, value)| shown.get(*key) != Some(value))
            .map(|(key, _)| key)
            .collect();
        assert_eq!(
            differing.len(),
            1,
            "the apostrophe before a formula alone: {differing:?}"
        );
    }
    let types = read_sheet("a.xlsx", &std::fs::read(&workbook).unwrap()).unwrap();
    let kinds =
        |is: fn(&CellValue) -> bool| types.rows[1].cells.iter().filter(|cell| is(&cell.value)).count();
    assert!(kinds(|value| matches!(value, CellValue::Date(_))) >= 2);
    assert!(kinds(|value| matches!(value, CellValue::Int(_))) >= 1);
}
