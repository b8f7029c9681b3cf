//! `lianzhan-audit`: checks evidence bundles offline, trusting nobody but the founding statement that it is given.
//!
//! Exit codes: 0 everything was proved; 1 the bundle is refused, and one thing with one reason is named; 2 a file cannot
//! be read or the command line is wrong.

mod text;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use lianzhan_protocol::bundle::{self, BUNDLE_MAX, Refusal, Report};

/// 离线核验联站证据包 / Verifies Lianzhan evidence bundles offline.
#[derive(Parser)]
#[command(name = "lianzhan-audit", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// 核验一个证据包 / Verify a bundle
    Verify {
        /// 证据包文件 / The bundle
        file: PathBuf,
        /// 您信任的创始声明，须另行取得 / The founding statement that you trust, obtained elsewhere
        #[arg(long, value_name = "FOUNDING")]
        root: PathBuf,
        /// 输出 JSON / Print JSON
        #[arg(long)]
        json: bool,
        /// 语言，默认取自 LC_ALL、LC_MESSAGES、LANG / Language, by default that of LC_ALL, LC_MESSAGES, LANG
        #[arg(long)]
        lang: Option<Lang>,
    },
}

/// The language of sentences.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Lang {
    /// 中文
    Zh,
    /// English
    En,
}

impl Lang {
    /// The language that the environment asks for; Chinese where it asks for nothing.
    fn of_environment() -> Self {
        let asked = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        match asked.as_deref() {
            Some(value) if value.starts_with("en") => Lang::En,
            _ => Lang::Zh,
        }
    }
}

fn main() -> ExitCode {
    let Command::Verify {
        file,
        root,
        json,
        lang,
    } = Cli::parse().command;
    let lang = lang.unwrap_or_else(Lang::of_environment);
    let (bundle, founding) = match read(&file).and_then(|bundle| Ok((bundle, read(&root)?))) {
        Ok(read) => read,
        Err(error) => return unreadable(&error, json, lang),
    };
    let (out, code) = match bundle::verify(&bundle, &founding) {
        Ok(report) => (proved(&report, json, lang), ExitCode::SUCCESS),
        Err(refusal) => (refused(&refusal, json, lang), ExitCode::from(1)),
    };
    print(&out, code)
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

fn proved(report: &Report, json: bool, lang: Lang) -> String {
    if json {
        format!("{:#}\n", serde_json::json!({ "ok": true, "report": report }))
    } else {
        text::report(report, lang)
    }
}

fn refused(refusal: &Refusal, json: bool, lang: Lang) -> String {
    let reason = match lang {
        Lang::Zh => refusal.reason.zh(),
        Lang::En => refusal.reason.to_string(),
    };
    let (thing, said) = (text::printable(&refusal.thing), text::printable(&reason));
    match (json, lang) {
        (true, _) => format!(
            "{}\n",
            serde_json::json!({ "ok": false, "thing": refusal.thing, "reason": reason })
        ),
        (false, Lang::Zh) => format!("未通过：{thing}\n原因：{said}\n"),
        (false, Lang::En) => format!("REFUSED: {thing}\nReason: {said}\n"),
    }
}

/// Says which file cannot be read, and exits with 2.
fn unreadable(error: &anyhow::Error, json: bool, lang: Lang) -> ExitCode {
    let said = match (json, lang) {
        (true, _) => format!(
            "{}\n",
            serde_json::json!({ "ok": false, "unreadable": format!("{error:#}") })
        ),
        (false, Lang::Zh) => format!("读不了文件：{error:#}\n"),
        (false, Lang::En) => format!("Cannot read: {error:#}\n"),
    };
    if json {
        return print(&said, ExitCode::from(2));
    }
    // Standard error is where a program says that it could not start.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), said.as_bytes());
    ExitCode::from(2)
}

/// Prints, and keeps the exit code; a reader that went away is no failure of the bundle.
fn print(out: &str, code: ExitCode) -> ExitCode {
    use std::io::Write;
    match std::io::stdout().lock().write_all(out.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => ExitCode::from(2),
        _ => code,
    }
}
