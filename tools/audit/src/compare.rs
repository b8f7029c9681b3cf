//! `compare`: what one copy lacks of another, and what contradicts. Entries are hashed anew on both sides; what a copy says
//! of its own trees decides nothing.

mod finding;
mod logs;
mod sorted;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use lianzhan_protocol::log::Origin;

use crate::copy::{Copy, LogRow};
use crate::out::{FOUND, Manner, PROVED, print, unreadable};
use finding::{Comparison, Finding, Side};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// 一份节点目录的副本 / A copy of a node's directory
    a: PathBuf,
    /// 另一份 / Another
    b: PathBuf,
    #[command(flatten)]
    manner: Manner,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    match compare(args) {
        Ok(found) => {
            let code = if found.contradicts() { FOUND } else { PROVED };
            print(&found.show(args.manner), code)
        }
        Err(error) => unreadable(&error, args.manner),
    }
}

/// The two copies.
struct Pair {
    a: Copy,
    b: Copy,
}

fn compare(args: &Args) -> anyhow::Result<Comparison> {
    let pair = Pair {
        a: Copy::open(&args.a)?,
        b: Copy::open(&args.b)?,
    };
    let mut found = Comparison::default();
    let founding = [pair.a.founding()?.id(), pair.b.founding()?.id()];
    if founding[0] != founding[1] {
        found.add(Finding::OtherFounding {
            a: founding[0],
            b: founding[1],
        });
    }
    let logs = [
        rows(&pair.a, Side::A, &mut found)?,
        rows(&pair.b, Side::B, &mut found)?,
    ];
    let origins: BTreeSet<&Origin> = logs.iter().flatten().map(|log| &log.origin).collect();
    for origin in origins {
        let of = |side: &Vec<LogRow>| side.iter().find(|log| log.origin == *origin).cloned();
        match (of(&logs[0]), of(&logs[1])) {
            (Some(a), Some(b)) => pair.log(&a, &b, &mut found)?,
            (Some(log), None) => found.lacks_log(Side::B, &log),
            (None, Some(log)) => found.lacks_log(Side::A, &log),
            (None, None) => {}
        }
    }
    pair.statements(&mut found)?;
    pair.witness_log(&mut found)?;
    Ok(found)
}

fn rows(copy: &Copy, side: Side, found: &mut Comparison) -> anyhow::Result<Vec<LogRow>> {
    let mut logs = Vec::new();
    for row in copy.logs()? {
        match row {
            Ok(row) => logs.push(row),
            Err(words) => found.add(Finding::Unreadable { side, words }),
        }
    }
    Ok(logs)
}
