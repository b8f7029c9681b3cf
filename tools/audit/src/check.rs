//! `check`: proves a copy of a node's directory anew, from bytes alone. The order is that of `Check::run`: statements first,
//! because they say who may write; then each log from its first entry; then what rests on logs. Nothing is held of a log
//! but its right edge, and of records no more than one at a time.

mod fault;
mod logs;
mod progress;
mod receipts;
mod records;
mod report;
mod witness;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;

use lianzhan_protocol::id::{Hash, RecordId, SpaceId, StatementId};
use lianzhan_protocol::log::{Origin, TreeSize, root_at};
use lianzhan_protocol::trust::{Directory, FoundingStatement, SignedStatement};

use crate::copy::{Copy, LogRow, read_founding};
use crate::out::{FOUND, Manner, PROVED, print, unreadable};
use fault::{Note, What};
use progress::Progress;
use records::Stated;
use report::Report;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// 节点目录的副本 / The copy of a node's directory
    dir: PathBuf,
    /// 您信任的创始声明，须另行取得 / The founding statement that you trust, obtained elsewhere
    #[arg(long, value_name = "FOUNDING")]
    root: Option<PathBuf>,
    #[command(flatten)]
    manner: Manner,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let manner = args.manner;
    match check(args) {
        Ok(report) => {
            let code = if report.faults_total == 0 { PROVED } else { FOUND };
            print(&report.show(manner), code)
        }
        Err(error) => unreadable(&error, manner),
    }
}

fn check(args: &Args) -> anyhow::Result<Report> {
    let copy = Copy::open(&args.dir)?;
    let own = copy.founding()?;
    let (founding, given) = match &args.root {
        Some(path) => (read_founding(path)?, true),
        None => (own.clone(), false),
    };
    let mut check = Check {
        copy: &copy,
        report: Report::new(&founding),
        progress: Progress::new(args.manner.lang()),
        logs: Vec::new(),
        erasures: BTreeMap::new(),
        erasures_count: 0,
    };
    if given && own.id() != founding.id() {
        check.fault(
            What::OtherFounding {
                trusted: founding.id().to_string(),
                found: own.id().to_string(),
            },
            "founding.cose",
        );
    }
    if !given {
        check.note(Note::RootNotGiven, 1);
    }
    check.run(founding)?;
    Ok(check.report)
}

/// A log after its entries were looked at.
struct Checked {
    row: LogRow,
    /// How many of its first entries have no fault.
    good: u64,
    /// Whether the stored tree is the one that the entries give, all of it.
    tree: bool,
}

struct Check<'a> {
    copy: &'a Copy,
    report: Report,
    progress: Progress,
    /// By origin.
    logs: Vec<Checked>,
    /// What logs say of erasures, by record and space, and how many there are.
    erasures: BTreeMap<(RecordId, SpaceId), Vec<Stated>>,
    erasures_count: usize,
}

impl Check<'_> {
    fn run(&mut self, founding: FoundingStatement) -> anyhow::Result<()> {
        let (mut statements, mut known) = self.statements()?;
        for row in self.copy.logs()? {
            match row {
                Ok(row) => self.log(row, &mut known, &mut statements)?,
                Err(detail) => self.fault(What::Row(detail), "logs"),
            }
        }
        let orphans = self.copy.orphans()?;
        if orphans > 0 {
            self.fault(What::Orphans(orphans), "entries");
        }
        let mut directory = Directory::new(founding);
        directory.extend(statements);
        self.note(Note::StatementsNotStanding, directory.faults().len() as u64);
        self.standing(&directory);
        let bad = self.receipts(&directory)?;
        self.witnessed()?;
        self.contradictions()?;
        self.high_water()?;
        self.records(&directory, &bad)?;
        self.progress.end();
        Ok(())
    }

    /// Opens every statement of trust. Gives those that are good, and the ids of all that are there.
    fn statements(&mut self) -> anyhow::Result<(Vec<SignedStatement>, BTreeSet<StatementId>)> {
        let (mut good, mut known, mut faults) = (Vec::new(), BTreeSet::new(), Vec::new());
        self.copy.statements(|id, statement| {
            known.insert(id);
            match statement {
                Ok(statement) if statement.id() == id => good.push(statement),
                Ok(statement) => faults.push((id, What::Statement(statement.id().to_string()))),
                Err(detail) => faults.push((id, What::Statement(detail))),
            }
        })?;
        self.report.totals.statements = known.len() as u64;
        for (id, what) in faults {
            self.fault(what, format!("statement {id}"));
        }
        Ok((good, known))
    }

    /// Own logs against the marks of what was signed.
    fn high_water(&mut self) -> anyhow::Result<()> {
        let Some(marks) = self.copy.high_water()? else {
            if self.logs.iter().any(|log| log.row.own) {
                self.note(Note::NoHighWater, 1);
            }
            return Ok(());
        };
        if marks.malformed > 0 {
            self.fault(What::HighWater(marks.malformed), "high-water");
        }
        let witness = self.witness_log()?;
        for (origin, mark) in &marks.marks {
            if origin.as_str().starts_with("lianzhan/witness-log/") {
                // Of witness logs the node keeps the last alone.
                if let Some((_, held)) = witness.as_ref().filter(|(own, _)| own == origin) {
                    let root = root_at(mark.size, |index| self.copy.node(0, index)).ok();
                    if mark.size > *held {
                        let (signed, held) = (mark.size.0, held.0);
                        self.fault(What::Old { signed, held }, origin.as_str());
                    } else if root != Some(mark.root) {
                        self.fault(What::OtherSigned(mark.size.0), origin.as_str());
                    }
                }
                continue;
            }
            let Some(log) = self.find(origin) else {
                self.fault(What::LogLacking, origin.as_str());
                continue;
            };
            let held = log.row.size;
            if mark.size > held {
                let what = What::Old {
                    signed: mark.size.0,
                    held: held.0,
                };
                self.fault(what, origin.as_str());
            } else if log.tree && self.root_at(log, mark.size) != Some(mark.root) {
                self.fault(What::OtherSigned(mark.size.0), origin.as_str());
            }
        }
        Ok(())
    }

    /// The node's witness log, as its first entry names it, and its size.
    fn witness_log(&self) -> anyhow::Result<Option<(Origin, TreeSize)>> {
        let database = self.copy.database();
        let size: u64 = database.query_row("SELECT count(*) FROM witness_log", [], |row| row.get(0))?;
        if size == 0 {
            return Ok(None);
        }
        let first: Vec<u8> =
            database.query_row("SELECT leaf FROM witness_log ORDER BY idx LIMIT 1", [], |row| {
                row.get(0)
            })?;
        let first = lianzhan_protocol::log::WitnessEntry::from_leaf_bytes(&first).ok();
        Ok(first.map(|entry| (entry.origin, TreeSize(size))))
    }

    fn find(&self, origin: &Origin) -> Option<&Checked> {
        let at = self
            .logs
            .binary_search_by(|log| log.row.origin.cmp(origin))
            .ok()?;
        self.logs.get(at)
    }

    /// The root of a log's first entries, by the stored tree.
    fn root_at(&self, log: &Checked, size: TreeSize) -> Option<Hash> {
        root_at(size, |index| self.copy.node(log.row.id, index)).ok()
    }

    fn fault(&mut self, what: What, subject: impl Into<String>) {
        self.report.fault(what.of(subject, None));
    }

    fn fault_at(&mut self, what: What, origin: &Origin, index: u64) {
        self.report.fault(what.in_log(origin, Some(index)));
    }

    fn note(&mut self, note: Note, count: u64) {
        if count > 0 {
            *self.report.notes.entry(note).or_default() += count;
        }
    }
}
