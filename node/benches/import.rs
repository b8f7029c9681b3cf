//! A book into a ledger and out again, at a node of its own: rows of comma-separated text read, signed and written; the same
//! file once more; the ledger as a workbook, and that workbook back. Each visit is a record and a personal part: two
//! signatures, the second one sealed. `cargo bench -p lianzhan-node --bench import` runs it (`-- --rows N`);
//! `docs/benchmarks.md` says what its figures mean.

#[allow(dead_code, reason = "other benchmarks need more of it")]
mod figures;

use std::fmt::Write;
use std::io;
use std::time::Instant;

use age::secrecy::SecretString;
use anyhow::{Context, ensure};
use lianzhan_node::config::Config;
use lianzhan_node::services::appoint::PersonDraft;
use lianzhan_node::services::exchange::Export;
use lianzhan_node::services::found::{OrgDraft, found};
use lianzhan_node::services::import::{ImportReport, Importing};
use lianzhan_node::services::{Author, Node};
use lianzhan_protocol::trust::{Level, Role};

use figures::{argument, machine_load, memory_kib, say};

const ROWS: usize = 100_000;
/// Signatures that are made alone, to compare with.
const SIGNED: u32 = 20_000;
const LEDGER: &str = "letters_visits";

fn main() -> anyhow::Result<()> {
    let rows = argument("rows", ROWS)?;
    let dir = tempfile::tempdir().context("a directory for the node")?;
    let secret = SecretString::from("correct horse battery".to_owned());
    let config = Config {
        scrypt_log_n: 4,
        ..Config::default()
    };
    let station = OrgDraft {
        level: Level::Station,
        name_zh: "石桥站".into(),
        name_en: "Shiqiao".into(),
        code: "990121103201".into(),
    };
    let node = found(&dir.path().join("node"), station, &secret, config)?;
    let person = PersonDraft {
        login: "lin".into(),
        name: "林静禾".into(),
        roles: vec![Role::StationLiaison],
        ..PersonDraft::default()
    };
    node.appoint_person(&secret, person, &secret)?;
    let author = node.sign_in("lin", &secret)?;
    println!("load of this machine when it began: {}", machine_load());
    let signing = signing(&author);
    println!("{signing:>10.0}/s  Ed25519 signatures of 400 bytes alone, one thread");
    let file = book(rows);
    say(&format!("a book of {rows} rows, {} KiB", file.len() / 1024));
    let steps: [(&str, bool, (u64, u64)); 3] = [
        ("read only (dry run)", true, (rows as u64, 0)),
        ("read, signed, durable", false, (rows as u64, 0)),
        ("the same file again", false, (0, rows as u64)),
    ];
    for (name, dry_run, expected) in steps {
        let began = Instant::now();
        let report = import(&node, &author, "book.csv", file.as_bytes(), dry_run)?;
        told(name, rows, began, signing);
        ensure!(
            (report.imported, report.known) == expected,
            "{name}: {:?}",
            report.errors.first()
        );
        if report.imported > 0 && !dry_run {
            // Whoever imports the same again waits for them.
            let began = Instant::now();
            node.settle_views()?;
            told("views of it", rows, began, signing);
        }
    }
    let export = Export {
        ledger: LEDGER.into(),
        ..Export::default()
    };
    let before = memory_kib("self", "VmRSS").unwrap_or(f64::NAN);
    let began = Instant::now();
    let mut out = Counted(0);
    node.export(None, &export, &mut out, |_, _| {})?;
    told("exported as a workbook", rows, began, signing);
    let after = memory_kib("self", "VmRSS").unwrap_or(f64::NAN);
    println!(
        "           {} KiB; {:.1} MiB of memory more than before",
        out.0 / 1024,
        (after - before) / 1024.0
    );
    let mut workbook = Vec::new();
    node.export(None, &export, &mut workbook, |_, _| {})?;
    let began = Instant::now();
    let report = import(&node, &author, "book.xlsx", &workbook, false)?;
    told("the workbook back, unchanged", rows, began, signing);
    ensure!(
        // Each record, and on the sheet beside it the event that registered it.
        (report.changed, report.known) == (0, 2 * rows as u64),
        "of {rows} rows {} were known, {} changed something and {} began a record: {:?}",
        report.known,
        report.changed,
        report.imported,
        report.errors.first()
    );
    println!(
        "most memory: {:.0} MiB; load of this machine when it ended: {}",
        memory_kib("self", "VmHWM").unwrap_or(f64::NAN) / 1024.0,
        machine_load()
    );
    Ok(())
}

fn import(
    node: &Node,
    author: &Author,
    name: &str,
    bytes: &[u8],
    dry_run: bool,
) -> anyhow::Result<ImportReport> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    Ok(runtime.block_on(node.import(author, Importing::new(LEDGER, name, bytes, dry_run), |_, _| {}))?)
}

fn signing(author: &Author) -> f64 {
    let message = [7; 400];
    let began = Instant::now();
    for _ in 0..SIGNED {
        std::hint::black_box(author.key.sign_raw(std::hint::black_box(&message)));
    }
    f64::from(SIGNED) / began.elapsed().as_secs_f64()
}

fn told(name: &str, rows: usize, began: Instant, signing: f64) {
    let rate = rows as f64 / began.elapsed().as_secs_f64();
    println!(
        "{rate:>10.0}/s  {name}; {:.3} of the signatures alone",
        rate / signing
    );
}

/// A clerk's book: no two rows alike.
fn book(rows: usize) -> String {
    let mut text = String::from("来访时间,渠道,人数,性质,反映内容,姓名,联系电话\n");
    let things = [
        "路灯不亮",
        "护坡塌了一段",
        "井盖松动",
        "河道淤塞",
        "水渠护栏断了三处",
    ];
    for n in 0..rows {
        let _ = writeln!(
            text,
            "2026/{}/{},来访,{},问题,第 {n} 件：{}，请尽快处理,许某{n},139{:08}",
            n % 9 + 1,
            n % 28 + 1,
            n % 5 + 1,
            things[n % things.len()],
            n
        );
    }
    text
}

/// Where bytes go that nobody keeps.
struct Counted(u64);

impl io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
