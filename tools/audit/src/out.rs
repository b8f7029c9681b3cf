//! What every command ends with: words on stdout or stderr, and an exit code.

use std::io::Write;
use std::process::ExitCode;

use crate::lang::Lang;

/// How the answer is given.
#[derive(Clone, Copy, clap::Args)]
pub(crate) struct Manner {
    /// 输出 JSON / Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// 语言，默认取自 LC_ALL、LC_MESSAGES、LANG / Language, by default that of LC_ALL, LC_MESSAGES, LANG
    #[arg(long)]
    lang: Option<Lang>,
}

impl Manner {
    /// The language of sentences.
    pub(crate) fn lang(self) -> Lang {
        Lang::settle(self.lang)
    }
}

/// Everything was proved.
pub(crate) const PROVED: u8 = 0;
/// Something was found that must not be.
pub(crate) const FOUND: u8 = 1;
/// Nothing could be looked at.
pub(crate) const UNREADABLE: u8 = 2;

/// Prints, and keeps the exit code; a reader that went away is no failure of what was checked.
pub(crate) fn print(out: &str, code: u8) -> ExitCode {
    match std::io::stdout().lock().write_all(out.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => ExitCode::from(UNREADABLE),
        _ => ExitCode::from(code),
    }
}

/// Says what cannot be read, and exits with 2.
pub(crate) fn unreadable(error: &anyhow::Error, manner: Manner) -> ExitCode {
    if manner.json {
        let said = serde_json::json!({ "ok": false, "unreadable": format!("{error:#}") });
        return print(&format!("{said}\n"), UNREADABLE);
    }
    say(&format!(
        "{}{error:#}\n",
        manner.lang().pick("读不了：", "Cannot read: ")
    ));
    ExitCode::from(UNREADABLE)
}

/// Says something beside the answer: standard error is where a program speaks of itself.
pub(crate) fn say(words: &str) {
    // Nobody to read it is no failure.
    let _ = std::io::stderr().lock().write_all(words.as_bytes());
}
