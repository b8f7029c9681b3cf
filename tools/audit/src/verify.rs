//! `verify`: what a bundle proves, as text, JSON and a page to print.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use lianzhan_protocol::bundle::{self, BUNDLE_MAX, Refusal, Report};

use crate::lang::Lang;
use crate::out::{FOUND, Manner, PROVED, print, unreadable};
use crate::text;
use crate::threads::Threads;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// 证据包文件 / The bundle
    file: PathBuf,
    /// 您信任的创始声明，须另行取得 / The founding statement that you trust, obtained elsewhere
    #[arg(long, value_name = "FOUNDING")]
    root: PathBuf,
    /// 另写一页可打印的报告（A4） / Also write a report to print (A4)
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    #[command(flatten)]
    manner: Manner,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let manner = args.manner;
    let read = read(&args.file).and_then(|bundle| Ok((bundle, read(&args.root)?)));
    let (bundle, founding) = match read {
        Ok(read) => read,
        Err(error) => return unreadable(&error, manner),
    };
    let result = bundle::verify_by(&bundle, &founding, &Threads::of_this_machine());
    if let Some(path) = &args.html {
        let page = match &result {
            Ok(report) => bundle::page(report),
            Err(refusal) => bundle::refusal_page(refusal),
        };
        if let Err(error) = std::fs::write(path, page).with_context(|| path.display().to_string()) {
            return unreadable(&error, manner);
        }
    }
    match &result {
        Ok(report) => print(&proved(report, manner), PROVED),
        Err(refusal) => print(&refused(refusal, manner), FOUND),
    }
}

/// Reads a file that is no longer than a bundle may be.
fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let named = || path.display().to_string();
    let length = std::fs::metadata(path).with_context(named)?.len();
    if length > BUNDLE_MAX as u64 {
        anyhow::bail!("{}: longer than {BUNDLE_MAX} bytes", named());
    }
    std::fs::read(path).with_context(named)
}

fn proved(report: &Report, manner: Manner) -> String {
    if manner.json {
        format!("{:#}\n", serde_json::json!({ "ok": true, "report": report }))
    } else {
        text::report(report, manner.lang())
    }
}

fn refused(refusal: &Refusal, manner: Manner) -> String {
    let reason = match manner.lang() {
        Lang::Zh => refusal.reason.zh(),
        Lang::En => refusal.reason.to_string(),
    };
    let (thing, said) = (text::printable(&refusal.thing), text::printable(&reason));
    match (manner.json, manner.lang()) {
        (true, _) => format!(
            "{}\n",
            serde_json::json!({ "ok": false, "thing": refusal.thing, "reason": reason })
        ),
        (false, Lang::Zh) => format!("未通过：{thing}\n原因：{said}\n"),
        (false, Lang::En) => format!("REFUSED: {thing}\nReason: {said}\n"),
    }
}
