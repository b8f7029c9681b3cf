//! `lianzhan record export`

use std::io::{BufWriter, Write};
use std::path::PathBuf;

use age::secrecy::{ExposeSecret, SecretString};
use anyhow::Context;

use super::lang::said;
use super::reach::{Reach, percent};
use super::record::{Which, query};
use super::{Shell, ask, out};
use crate::env;
use crate::services::exchange::{Export as Asked, Words};

/// Export a ledger as a table for a spreadsheet 把台账导出为表格
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan record export issue -o issues.xlsx
  lianzhan record export letters_visits --since 2026-01-01 --csv -o visits.csv
  lianzhan record export letters_visits --personal --login lin -o visits.xlsx

A workbook has one row for each record, and a second sheet with one for each event. What is exported can be changed in a
spreadsheet and imported again with `lianzhan import`: a changed cell is one change of its record. Keep the columns of ids
and versions as they are.
工作簿一行一条记录，第二张表一行一个事件。改过后可用 lianzhan import 再导入，改了哪一格就记哪一处；编号和版本两列请保持原样。")]
pub(super) struct Export {
    #[command(flatten)]
    which: Which,
    /// The file 文件
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Comma-separated text in UTF-8 CSV
    #[arg(long)]
    csv: bool,
    /// Comma-separated text in GB18030, for older office suites CSV（GB18030）
    #[arg(long, conflicts_with = "csv")]
    gb18030: bool,
    /// Of comma-separated text: one row for each event CSV 按事件
    #[arg(long)]
    events: bool,
    /// Headings and options in English 英文表头
    #[arg(long)]
    english: bool,
    /// With the personal parts that are open here and that you may see 连同当事人信息
    #[arg(long)]
    personal: bool,
    /// Whose post says what may be seen, with --personal 由谁导出
    #[arg(long, env = "LIANZHAN_LOGIN")]
    login: Option<String>,
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

impl Export {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let mut pairs = self.which.pairs()?;
        let mut own = |name: &str, value: &str| pairs.push((name.to_owned(), value.to_owned()));
        own(
            "form",
            match (self.csv, self.gb18030) {
                (true, _) => "csv",
                (_, true) => "gb18030",
                _ => "xlsx",
            },
        );
        own("rows", if self.events { "events" } else { "records" });
        own("words", if self.english { "en" } else { "zh" });
        if self.personal {
            own("personal", "1");
        }
        let reach = Reach::open(&shell.dir())?;
        let signed = match self.personal {
            true => {
                let login = ask::login(shell, self.login)?;
                Some((
                    login,
                    ask::passphrase(shell, ask::PASSPHRASE, "口令", "passphrase")?,
                ))
            }
            false => None,
        };
        let name = self.output.display();
        let at = || {
            said(
                format!("不能写入 {name}。请另选地方。"),
                format!("{name}: choose a place that can be written to"),
            )
        };
        // A table may hold names and telephone numbers: it is the owner's alone until they say otherwise.
        // Half a table looks like a whole one, and what is there may be what somebody filled in: it is replaced by a whole one.
        let before = std::fs::symlink_metadata(&self.output);
        let beside = match &before {
            Ok(there) => there.is_file(),
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        };
        // What is a link, a pipe or a terminal is written into.
        let fresh = match (beside, self.output.file_name()) {
            (true, Some(name)) => {
                let mut name = name.to_owned();
                name.push(".new");
                self.output.with_file_name(name)
            }
            _ => self.output.clone(),
        };
        let beside = fresh != self.output;
        let mut file = BufWriter::new(env::create_private(&fresh).with_context(at)?);
        let ledger = &self.which.ledger;
        let written = write(shell, reach, signed, ledger, pairs, &mut file)
            .and_then(|()| file.flush().with_context(at));
        let kept = written.and_then(|()| {
            if !beside {
                return Ok(());
            }
            if let Ok(there) = before {
                std::fs::set_permissions(&fresh, there.permissions()).with_context(at)?;
            }
            std::fs::rename(&fresh, &self.output).with_context(at)
        });
        if let Err(error) = kept {
            if beside {
                let _ = std::fs::remove_file(&fresh);
            }
            return Err(error);
        }
        out::told(
            shell,
            self.json,
            &serde_json::json!({ "ledger": ledger, "file": self.output }),
            &[],
            &format!("已导出到 {name}。"),
            &format!("exported to {name}"),
        )
    }
}

fn write(
    shell: &Shell,
    reach: Reach,
    signed: Option<(String, SecretString)>,
    ledger: &str,
    pairs: Vec<(String, String)>,
    file: &mut impl Write,
) -> anyhow::Result<()> {
    match reach {
        Reach::Here(node) => {
            let author = match &signed {
                Some((login, passphrase)) => Some(node.sign_in(login, passphrase)?),
                None => None,
            };
            node.catch_up(|_| {})?;
            let asked = Asked::asked(ledger, pairs, Words::Zh).context("what the table is to hold")?;
            let bar = out::bar(shell.lang.pick("导出", "exporting"));
            node.export(author.as_ref(), &asked, file, |done, all| {
                bar.set_length(all);
                bar.set_position(done);
            })?;
            bar.finish_and_clear();
        }
        Reach::Running(client) => {
            let headers: Vec<(&str, String)> = match &signed {
                Some((login, passphrase)) => vec![
                    ("x-lianzhan-login", percent(login)),
                    ("x-lianzhan-passphrase", percent(passphrase.expose_secret())),
                ],
                None => Vec::new(),
            };
            let spinner = out::spinner(shell.lang.pick("导出", "exporting"));
            let path = format!("/ledgers/{}/table?{}", percent(ledger), query(&pairs));
            client.get_into(&path, &headers, file, |bytes| spinner.set_position(bytes / 1024))?;
            spinner.finish_and_clear();
        }
    }
    Ok(())
}
