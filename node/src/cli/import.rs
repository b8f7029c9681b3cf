//! `lianzhan import`

use std::path::PathBuf;

use age::secrecy::ExposeSecret;
use anyhow::Context;

use super::lang::said;
use super::reach::{Reach, percent};
use super::{Lang, Shell, ask, block_on, out};
use crate::api::progress::Progress;
use crate::services::import::{ImportReport, Importing};

/// Import a spreadsheet (.xlsx or .csv) into a ledger 把表格导入台账
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan import letters_visits 来信来访登记簿.xlsx --login lin --dry-run
  lianzhan import letters_visits 来信来访登记簿.xlsx --login lin
  lianzhan import joint_supervision 联动监督.xlsx --space 990121103+990121204 --login lin

Good rows become records signed by the person with that login, whose passphrase is asked for. Broken rows are listed with
their number and what to do; mend them in the file and import it again: rows that are here already are not added twice.
What `lianzhan record export` wrote comes back the same way: a changed cell is one change of its record. After a crash, or
Ctrl-C, import the same file again: it goes on where it was.
好的行由该登录人签名成为记录；有错的行列出行号和原因，改好后再导入一次，已有的行不会重复。
导出的表改过后同样导入，改了哪一格就记哪一处；中断后再导入一次就接着做。")]
pub(super) struct Import {
    /// The ledger 台账
    ledger: String,
    /// The file 文件
    file: PathBuf,
    /// Who signs 由谁签名
    #[arg(long, env = "LIANZHAN_LOGIN")]
    login: Option<String>,
    /// The joint space of new records: its orgs as CODE+CODE[@YEAR], or its id 记进哪个联动空间
    #[arg(long, value_name = "ORGS|ID")]
    space: Option<String>,
    /// Read and check only, write nothing 只检查，不写入
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

impl Import {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let bytes = std::fs::read(&self.file).with_context(|| {
            said(
                format!("读不到文件 {}。", self.file.display()),
                format!(
                    "{}: give the path of a file that can be read",
                    self.file.display()
                ),
            )
        })?;
        let name = self
            .file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let reach = Reach::open(&shell.dir())?;
        let login = ask::login(shell, self.login)?;
        let passphrase = ask::passphrase(shell, ask::PASSPHRASE, "口令", "passphrase")?;
        let report: ImportReport = match reach {
            Reach::Here(node) => {
                let author = node.sign_in(&login, &passphrase)?;
                let bar = out::bar(shell.lang.pick("导入", "importing"));
                let into = self.space.as_deref().map(|named| node.joint_named(named));
                let into = into.transpose()?;
                let importing = Importing {
                    into: into.as_ref(),
                    ..Importing::new(&self.ledger, &name, &bytes, self.dry_run)
                };
                let report = block_on(node.import(&author, importing, |done, all| {
                    bar.set_length(all);
                    bar.set_position(done);
                }))??;
                bar.finish_and_clear();
                report
            }
            Reach::Running(client) => {
                let space = self.space.as_deref();
                let space = space.map_or_else(String::new, |named| format!("&space={}", percent(named)));
                let path = format!(
                    "/import?ledger={}&file={}&dry_run={}{space}",
                    percent(&self.ledger),
                    percent(&name),
                    self.dry_run
                );
                let headers = [
                    ("x-lianzhan-login", percent(&login)),
                    ("x-lianzhan-passphrase", percent(passphrase.expose_secret())),
                ];
                let spinner = out::spinner(shell.lang.pick("导入", "importing"));
                let follow = |progress: &Progress| out::follow(&spinner, progress, |_| None);
                let report = client.post_file(&path, &headers, &bytes, follow)?;
                spinner.finish_and_clear();
                report
            }
        };
        if self.json {
            return out::json(&report);
        }
        out::bytes(text(&report, shell.lang).as_bytes())
    }
}

fn text(report: &ImportReport, lang: Lang) -> String {
    let (imported, changed, known) = (report.imported, report.changed, report.known);
    let (skipped, broken) = (report.skipped, report.errors.len() as u64 + report.more_errors);
    let mut text = match lang {
        Lang::Zh => {
            let done = if report.dry_run {
                "试读：可导入"
            } else {
                "已导入"
            };
            format!(
                "{done} {imported} 行，修改 {changed} 行，已有 {known} 行，跳过 {skipped} 行，有错 {broken} 处。\n"
            )
        }
        Lang::En => {
            let done = if report.dry_run {
                "dry run: to import"
            } else {
                "imported"
            };
            format!(
                "{done} {imported}, changed {changed}, here already {known}, skipped {skipped}, faults {broken}\n"
            )
        }
    };
    if !report.unmapped.is_empty() {
        text.push_str(&match lang {
            Lang::Zh => format!("不导入的列：{}\n", report.unmapped.join("、")),
            Lang::En => format!("columns that are not imported: {}\n", report.unmapped.join(", ")),
        });
    }
    for error in &report.errors {
        let at = if error.cell.is_empty() {
            String::new()
        } else {
            format!(" {}", error.cell)
        };
        text.push_str(&match lang {
            Lang::Zh => format!("第 {} 行{at}：{}\n", error.row, error.zh),
            Lang::En => format!("row {}{at}: {}\n", error.row, error.en),
        });
    }
    text
}
