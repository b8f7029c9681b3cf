//! `watch`: follows what nodes publish of their logs, remembers what it saw, and tells whatever does not extend it. What it
//! remembers is in a file, so that a node cannot wait for the watcher to forget.

mod evidence;
mod fetch;
mod follow;
mod state;
mod tell;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::lang::Lang;
use crate::out::{FOUND, PROVED, UNREADABLE, print, say, unreadable};
use fetch::Source;
use state::State;
use tell::Told;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// 节点网页的地址，如 http://127.0.0.1:7610 / Where nodes serve, such as http://127.0.0.1:7610
    #[arg(required = true, value_name = "URL")]
    urls: Vec<String>,
    /// 记住所见的文件；证据存放在旁边的 FILE.evidence / Where it remembers; evidence goes into FILE.evidence beside it
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    /// 只看一次 / Look once
    #[arg(long)]
    once: bool,
    /// 隔多久看一次：30s、5m、1h / How often to look: 30s, 5m, 1h
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    every: Duration,
    #[command(flatten)]
    manner: crate::out::Manner,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let lang = args.manner.lang();
    let sources: anyhow::Result<Vec<Source>> = args.urls.iter().map(|url| Source::new(url)).collect();
    let opened = sources.and_then(|sources| Ok((sources, State::open(&args.state)?)));
    let (sources, mut state) = match opened {
        Ok(opened) => opened,
        Err(error) => return unreadable(&error, args.manner),
    };
    let mut worst = PROVED;
    loop {
        let mut all = Vec::new();
        for source in &sources {
            all.extend(follow::source(source, &mut state));
        }
        if let Err(error) = state.save() {
            return unreadable(&error, args.manner);
        }
        let code = worst_of(&all);
        let words = show(&all, args.manner.json, lang, args.once);
        if args.once {
            return print(&words, code);
        }
        worst = worst.max(code);
        if code == FOUND {
            // Loud also where only errors are looked at.
            say(&words);
        }
        if !words.is_empty() && print(&words, PROVED) != ExitCode::from(PROVED) {
            return ExitCode::from(worst);
        }
        std::thread::sleep(args.every);
    }
}

/// Alarms before everything else; an address that cannot be read is no alarm.
fn worst_of(all: &[Told]) -> u8 {
    if all.iter().any(Told::is_alarm) {
        FOUND
    } else if all.iter().any(Told::is_unreachable) {
        UNREADABLE
    } else {
        PROVED
    }
}

fn show(all: &[Told], json: bool, lang: Lang, once: bool) -> String {
    // Going on for days, what stands still is not told again and again.
    let told = all.iter().filter(|told| once || !told.is_quiet());
    told.map(|told| {
        if json {
            format!("{}\n", told.json())
        } else {
            format!("{}\n", told.line(lang))
        }
    })
    .collect()
}

/// A time such as `60s`, `5m` or `1h`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "30s、5m、1h / 30s, 5m, 1h".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let each = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return Err(wrong()),
    };
    let count: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let seconds = count
        .checked_mul(each)
        .filter(|seconds| (1..=7 * 86_400).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_write_them() {
        assert_eq!(duration("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        for text in [
            "",
            "s",
            "0s",
            "5",
            "-1s",
            "99999999999999999999h",
            "9999999h",
            "五分",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
