//! `lianzhan-audit`: proves or refutes what nodes show, offline, trusting nobody but the founding statement that it is
//! given.
//!
//! Exit codes: 0 everything was proved; 1 something was refused or found, and each thing is named with its reason; 2 a
//! file or an address cannot be read, or the command line is wrong.

mod check;
mod compare;
mod copy;
mod lang;
mod out;
mod text;
mod threads;
mod verify;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// 离线核验联站的证据 / Verifies the evidence of Lianzhan offline.
///
/// 退出码：0 全部证明；1 有不采信或不符之处，逐一说明；2 读不了文件、地址，或命令行有误。
/// Exit codes: 0 all was proved; 1 something was refused or found, each with its reason; 2 unreadable, or a wrong command line.
#[derive(Parser)]
#[command(name = "lianzhan-audit", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// 核验一个证据包 / Verify a bundle
    #[command(after_help = "\
例 / Examples:
  lianzhan-audit verify proof.tar --root founding.cose
  lianzhan-audit verify proof.tar --root founding.cose --html report.html --lang en
  lianzhan-audit verify proof.tar --root founding.cose --json | jq .report.records[].standing")]
    Verify(verify::Args),
    /// 从字节起重新证明一份节点目录的副本 / Prove a copy of a node's directory anew, from its bytes
    #[command(after_help = "\
只读副本，什么也不写入。无须密钥；有 high-water 时一并核对。
The copy is read and nothing is written into it. No keys are needed; high-water is held against the logs if it is there.

例 / Examples:
  lianzhan-audit check /mnt/copy --root founding.cose
  lianzhan-audit check /mnt/copy --root founding.cose --json > report.json")]
    Check(check::Args),
    /// 比较两份副本：谁缺什么，哪里矛盾 / Compare two copies: what one lacks, what contradicts
    #[command(after_help = "\
缺少不算错（退出码 0）；矛盾才算（退出码 1）。两份副本各自是否成立，先用 check。
To lack something is no fault (exit code 0); to contradict is (exit code 1). Whether each copy holds, ask check first.

例 / Examples:
  lianzhan-audit compare /mnt/county /mnt/city
  lianzhan-audit compare /mnt/monday /mnt/friday --json")]
    Compare(compare::Args),
    /// 跟踪节点公布的检查点，凡不是续写的都报出来 / Follow published checkpoints, and tell any that do not extend what was seen
    #[command(after_help = "\
所见记在 --state 文件里；两份签名的检查点存入 FILE.evidence。节点没有回答不算错（--once 时退出码 2）。
What was seen is in the --state file; both signed notes are kept in FILE.evidence. A node that does not answer is no alarm
(with --once: exit code 2).

例 / Examples:
  lianzhan-audit watch http://127.0.0.1:7610 --state seen.json --once
  lianzhan-audit watch http://127.0.0.1:7610 http://127.0.0.1:7611 --state seen.json --every 5m")]
    Watch(watch::Args),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Verify(args) => verify::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Watch(args) => watch::run(&args),
    }
}
