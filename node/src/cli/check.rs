//! `lianzhan check`

use std::process::ExitCode;

use serde_json::json;

use super::reach::{self, Reach};
use super::{Lang, Shell, out};
use crate::api::progress::Progress;
use crate::services::check::CheckReport;

/// Prove that everything stored agrees with itself 核对本机存储的全部内容
#[derive(clap::Args)]
#[command(after_help = "\
Example 例:
  lianzhan check

Re-hashes every log, checks every signature and receipt, folds every record anew and compares views and documents.
Exit code 1 and one line per fault where something does not agree. 有不符之处时逐条列出，退出码为 1。")]
pub(super) struct Check {
    /// Print one JSON object 输出 JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(self, shell: &Shell) -> anyhow::Result<ExitCode> {
        let spinner = out::spinner(shell.lang.pick("核对", "checking"));
        let report: CheckReport = match Reach::open(&shell.dir())? {
            Reach::Here(node) => node.check(|done| spinner.set_position(done))?,
            Reach::Running(client) => {
                let follow = |progress: &Progress| out::follow(&spinner, progress, |_| None);
                reach::parsed(&client.post_long("/check", &json!({}), follow)?)?
            }
        };
        spinner.finish_and_clear();
        if self.json {
            out::json(&report)?;
        } else {
            out::bytes(text(&report, shell.lang).as_bytes())?;
        }
        Ok(if report.faults.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

fn text(report: &CheckReport, lang: Lang) -> String {
    let CheckReport {
        logs,
        entries,
        receipts,
        records,
        documents,
        attachments,
        faults,
    } = report;
    let mut text = match lang {
        Lang::Zh => {
            format!(
                "日志 {logs}，条目 {entries}，见证回执 {receipts}，记录 {records}，文档 {documents}，附件 {attachments}："
            )
        }
        Lang::En => {
            format!(
                "{logs} logs, {entries} entries, {receipts} receipts, {records} records, {documents} documents, {attachments} attachments: "
            )
        }
    };
    text.push_str(&match (lang, faults.len()) {
        (Lang::Zh, 0) => "全部相符。\n".into(),
        (Lang::En, 0) => "all agrees\n".into(),
        (Lang::Zh, n) => format!("{n} 处不符。请保留本目录，不要继续写入，并联系上级节点的管理员。\n"),
        (Lang::En, n) => {
            format!("{n} faults. Keep this directory as it is, write nothing more, and ask for help.\n")
        }
    });
    for fault in faults {
        text.push_str(fault);
        text.push('\n');
    }
    text
}
