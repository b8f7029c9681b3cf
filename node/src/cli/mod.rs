//! The command line: reads arguments, calls services or the running node, says what came of it. A command is a file.
//! Knows no rules of the domain. A command works whether the node runs or not (`reach`).
#![allow(
    clippy::print_stderr,
    reason = "what is said to a person at a terminal goes there; stdout is for results"
)]

mod adopt;
mod anew;
mod appoint;
mod appointments;
mod ask;
mod attach;
mod authority;
mod backup;
mod bundle;
mod carry;
mod check;
mod demo;
mod divisions;
mod erase;
mod export;
mod found;
mod import;
mod invite;
mod join;
mod joint;
mod lang;
mod ledger;
mod marks;
mod node;
mod org;
mod out;
mod policy;
mod privacy;
mod query;
mod reach;
mod record;
mod reindex;
mod renew;
mod restore;
mod revoke;
mod run;
mod setting;
mod status;
mod succession;
mod table;
mod tree;
mod witness;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use lang::{Lang, Said};

use crate::config::ConfigError;
use crate::net::NetError;
use crate::services::ServiceError;
use crate::web::gate::GateError;
use crate::words;

/// Lianzhan 联站: the ledgers of liaison stations and of the congresses above them.
#[derive(Parser)]
#[command(
    name = "lianzhan",
    version,
    arg_required_else_help = true,
    after_help = "\
Try it out 先试一试:
  lianzhan demo

Set up a node 建立节点:
  lianzhan found --level city --name 澜州市 --name-en Lanzhou --code 990100      the first one 第一个
  lianzhan join CODE                                                             every other one 其余各个
  lianzhan run

`lianzhan help COMMAND` says more about a command and shows an example.
Each option also has a place in lianzhan.toml in the node's directory, or in the environment as LIANZHAN_..."
)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Options {
    /// The node's directory [default: ./lianzhan-node; demo: ./lianzhan-demo] 节点的目录
    #[arg(long, global = true, env = "LIANZHAN_DIR", value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Language of what is said: zh or en [default: as LANG says] 语言
    #[arg(long, global = true, env = "LIANZHAN_LANG", value_name = "LANG")]
    lang: Option<Lang>,
    /// How much is logged to stderr: error, warn, info, debug, or a filter of `tracing` 日志级别
    #[arg(long, global = true, env = "LIANZHAN_LOG", value_name = "LEVEL")]
    log: Option<String>,
    /// How it is logged 日志格式
    #[arg(
        long,
        global = true,
        env = "LIANZHAN_LOG_FORMAT",
        value_enum,
        default_value = "text"
    )]
    log_format: LogFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Subcommand)]
enum Command {
    Found(found::Found),
    Invite(Box<invite::Invite>),
    Join(join::Join),
    Run(run::Run),
    Status(status::Status),
    Appoint(appoint::Appoint),
    Appointments(appointments::Appointments),
    Renew(renew::Renew),
    Revoke(revoke::Revoke),
    Adopt(adopt::Adopt),
    Authority(authority::Authority),
    Node(node::NodeCommand),
    Succession(succession::Command),
    Policy(policy::Policy),
    #[command(subcommand)]
    Org(org::Command),
    #[command(subcommand)]
    Joint(joint::Command),
    Witness(witness::Witness),
    Import(import::Import),
    Attach(attach::Attach),
    Divisions(divisions::Divisions),
    Erase(erase::Erase),
    Retention(privacy::Retention),
    Held(privacy::Held),
    Access(privacy::Access),
    Query(query::Query),
    #[command(subcommand)]
    Record(record::Record),
    #[command(subcommand)]
    Setting(setting::Setting),
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    Marks(marks::Marks),
    Anew(anew::Anew),
    Bundle(bundle::Bundle),
    Export(export::Export),
    Check(check::Check),
    #[command(subcommand)]
    Carry(carry::Carry),
    Backup(backup::Backup),
    Restore(restore::Restore),
    Reindex(reindex::Reindex),
    Demo(demo::Demo),
}

/// Where a command works and how it speaks.
struct Shell {
    dir: Option<PathBuf>,
    lang: Lang,
}

impl Shell {
    fn dir(&self) -> PathBuf {
        self.dir.clone().unwrap_or_else(|| PathBuf::from("lianzhan-node"))
    }

    /// Says something to the person, beside the result.
    fn say(&self, zh: &str, en: &str) {
        eprintln!("{}", self.lang.pick(zh, en));
    }
}

/// Runs the program. 0: done; 1: refused or failed, with a sentence on stderr; 2: used wrongly.
pub fn main() -> ExitCode {
    let cli = parse(std::env::args_os()).unwrap_or_else(|error| error.exit());
    let lang = cli.options.lang.unwrap_or_else(Lang::of_environment);
    let serving = matches!(cli.command, Command::Run(_));
    let logging = start_logging(
        &cli.options,
        if serving {
            "lianzhan_node=info,warn"
        } else {
            "warn"
        },
    );
    let shell = Shell {
        dir: cli.options.dir,
        lang,
    };
    match logging.and_then(|()| cli.command.run(&shell)) {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Where stderr is gone there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "lianzhan: {}", sentence(&error, lang));
            ExitCode::FAILURE
        }
    }
}

/// Options of a command and a step of it exclude each other, but for those that may stand anywhere. What clap has for that
/// (`args_conflicts_with_subcommands`) refuses these as well.
fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut command = Cli::command();
    let matches = command.try_get_matches_from_mut(args)?;
    refuse_beside_step(&mut command, &matches)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

fn refuse_beside_step(command: &mut clap::Command, matches: &ArgMatches) -> Result<(), clap::Error> {
    let Some((step, below)) = matches.subcommand() else {
        return Ok(());
    };
    let given = |arg: &&Arg| {
        !arg.is_global_set() && matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine)
    };
    let given = command.get_arguments().find(given).map(ToString::to_string);
    if let Some(given) = given {
        let words = format!("the subcommand '{step}' cannot be used with '{given}'");
        return Err(command.error(ErrorKind::ArgumentConflict, words));
    }
    match command.find_subcommand_mut(step) {
        Some(command) => refuse_beside_step(command, below),
        None => Ok(()),
    }
}

impl Command {
    fn run(self, shell: &Shell) -> anyhow::Result<ExitCode> {
        match self {
            Command::Check(check) => return check.run(shell),
            Command::Found(found) => found.run(shell),
            Command::Invite(invite) => invite.run(shell),
            Command::Join(join) => join.run(shell),
            Command::Run(run) => run.run(shell),
            Command::Status(status) => status.run(shell),
            Command::Appoint(appoint) => appoint.run(shell),
            Command::Appointments(appointments) => appointments.run(shell),
            Command::Renew(renew) => renew.run(shell),
            Command::Revoke(revoke) => revoke.run(shell),
            Command::Adopt(adopt) => adopt.run(shell),
            Command::Authority(authority) => authority.run(shell),
            Command::Node(node) => node.run(shell),
            Command::Succession(succession) => succession.run(shell),
            Command::Policy(policy) => policy.run(shell),
            Command::Org(org) => org.run(shell),
            Command::Joint(joint) => joint.run(shell),
            Command::Witness(witness) => witness.run(shell),
            Command::Import(import) => import.run(shell),
            Command::Attach(attach) => attach.run(shell),
            Command::Divisions(divisions) => divisions.run(shell),
            Command::Erase(erase) => erase.run(shell),
            Command::Retention(retention) => retention.run(shell),
            Command::Held(held) => held.run(shell),
            Command::Access(access) => access.run(shell),
            Command::Query(query) => query.run(shell),
            Command::Record(record) => record.run(shell),
            Command::Setting(setting) => setting.run(shell),
            Command::Ledger(ledger) => ledger.run(shell),
            Command::Marks(marks) => marks.run(shell),
            Command::Anew(anew) => anew.run(shell),
            Command::Bundle(bundle) => bundle.run(shell),
            Command::Export(export) => export.run(shell),
            Command::Carry(carry) => carry.run(shell),
            Command::Backup(backup) => backup.run(shell),
            Command::Restore(restore) => restore.run(shell),
            Command::Reindex(reindex) => reindex.run(shell),
            Command::Demo(demo) => demo.run(shell),
        }
        .map(|()| ExitCode::SUCCESS)
    }
}

fn start_logging(options: &Options, default: &str) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::builder()
        .parse(options.log.as_deref().unwrap_or(default))
        .map_err(|error| anyhow::anyhow!("--log: {error}; write error, warn, info or debug"))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match options.log_format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}

/// What happened and what to do, in the person's language.
fn sentence(error: &anyhow::Error, lang: Lang) -> String {
    if lang == Lang::Zh {
        if let Some(error) = error.downcast_ref::<ServiceError>() {
            return words::zh(error);
        }
        if let Some(error) = error.downcast_ref::<GateError>() {
            return error.zh();
        }
        if let Some(error) = error.downcast_ref::<ConfigError>() {
            return error.zh();
        }
        if let Some(words) = error.downcast_ref::<NetError>().and_then(NetError::zh) {
            return words;
        }
        if let Some(Said { zh: Some(words), .. }) = error.downcast_ref::<Said>() {
            return each_once(words, error, |cause| format!("（{cause}）"));
        }
    }
    each_once(&error.to_string(), error, |cause| format!(": {cause}"))
}

/// The words and the causes below them, each once: many errors of ours say their cause themselves.
fn each_once(words: &str, error: &anyhow::Error, beside: impl Fn(&str) -> String) -> String {
    let mut told = words.to_owned();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !told.contains(&cause) {
            told.push_str(&beside(&cause));
        }
    }
    told
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Runs what is asynchronous in a command.
fn block_on<T>(future: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    Ok(runtime.block_on(future))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn each_cause_is_said_once() {
        let disk = || std::io::Error::other("no room");
        let error = anyhow::Error::from(crate::services::carry::CarryError::Disk(disk()));
        assert_eq!(sentence(&error, Lang::En), "no room");
        let error = anyhow::Error::from(disk()).context("a.carry");
        assert_eq!(sentence(&error, Lang::En), "a.carry: no room");
    }

    #[test]
    fn the_arguments_are_consistent_and_every_command_has_help_with_an_example() {
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        for sub in command
            .get_subcommands_mut()
            .filter(|sub| sub.get_name() != "help")
        {
            let name = sub.get_name().to_owned();
            assert!(sub.get_about().is_some(), "{name} says what it does");
            let help = sub.render_long_help().to_string();
            assert!(
                help.contains(&format!("  lianzhan {name}")),
                "{name} shows an example:\n{help}"
            );
        }
    }

    #[test]
    fn what_may_stand_anywhere_stands_before_a_step_of_a_command_too() {
        let parsed = |line: &str| parse(line.split(' ').map(OsString::from));
        for line in [
            "lianzhan --dir X invite withdraw 990121",
            "lianzhan invite --dir X withdraw 990121",
            "lianzhan invite withdraw --dir X 990121",
            "lianzhan invite withdraw 990121 --dir X",
            "lianzhan invite --dir X --lang en list --json",
            "lianzhan invite --dir X --org 990121 --role station_head",
            "lianzhan org --dir X list",
            "lianzhan node --dir X renew",
        ] {
            let cli = parsed(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!(cli.options.dir.as_deref(), Some(Path::new("X")), "{line}");
        }
        for (line, named) in [
            ("lianzhan invite --name 石桥站 list", "--name"),
            ("lianzhan invite --days 3 withdraw 990121", "--days"),
            ("lianzhan invite --json --dir X list", "--json"),
        ] {
            let Err(error) = parsed(line) else {
                panic!("{line} is refused");
            };
            assert_eq!(error.kind(), ErrorKind::ArgumentConflict, "{line}: {error}");
            assert!(error.to_string().contains(named), "{error}");
        }
        let Err(error) = parsed("lianzhan invite --dir X") else {
            panic!("nobody is named");
        };
        assert_eq!(error.kind(), ErrorKind::MissingRequiredArgument);
    }

    #[test]
    fn errors_speak_the_language_of_the_person() {
        let error = || anyhow::Error::from(ServiceError::SignIn);
        assert_eq!(sentence(&error(), Lang::Zh), "登录名或口令不对。");
        assert_eq!(sentence(&error(), Lang::En), "login or passphrase is wrong");
        let junk = anyhow::Error::from(ServiceError::OtherFiles("junk".into()));
        assert_eq!(
            sentence(&junk, Lang::Zh),
            "junk 里有别的文件。请用 --dir 另选空目录或新目录。"
        );
        let taken = anyhow::Error::from(GateError::Address {
            web: ([127, 0, 0, 1], 7610).into(),
            error: std::io::ErrorKind::AddrInUse.into(),
        });
        let told = sentence(&taken, Lang::Zh);
        assert!(told.contains("127.0.0.1:7610 已有别的程序在用"), "{told}");
        assert!(sentence(&taken, Lang::En).contains("choose another address with --web"));
        let taken = anyhow::Error::from(NetError::Address {
            address: "/ip4/0.0.0.0/tcp/7611".into(),
            reason: "Address already in use".into(),
        });
        let told = sentence(&taken, Lang::Zh);
        assert!(
            told.contains("/ip4/0.0.0.0/tcp/7611") && told.contains("--listen"),
            "{told}"
        );
        let taken = anyhow::Error::from(NetError::Taken {
            address: "/ip4/0.0.0.0/tcp/7611".into(),
        });
        for (lang, words) in [(Lang::Zh, "已有别的程序在用"), (Lang::En, "listens already")] {
            let told = sentence(&taken, lang);
            assert!(told.contains(words) && told.contains("--listen"), "{told}");
        }
    }
}
