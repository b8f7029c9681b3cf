//! `lianzhan-fleet generate`: what it prints.

use std::process::ExitCode;
use std::time::Instant;

use lianzhan_fleet::generate::{Options, Outcome, PASSPHRASE, generate};
use lianzhan_node::services::ledger::book;

/// Generates, tells how far it is on stderr, and on stdout what there is then.
pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let outcome = generate(options, |words| say(&started, words))?;
    let seconds = started.elapsed().as_secs_f64();
    let records: u64 = outcome.written.values().sum();
    say(
        &started,
        &format!(
            "{:.0} records a second, everything included",
            records as f64 / seconds
        ),
    );
    println!("{}", told(&outcome));
    Ok(ExitCode::SUCCESS)
}

#[allow(
    clippy::print_stderr,
    reason = "what is printed is the result; how far it is belongs beside it"
)]
fn say(started: &Instant, words: &str) {
    eprintln!("[{:7.1} s] {words}", started.elapsed().as_secs_f64());
}

fn told(outcome: &Outcome) -> String {
    let mut lines = vec!["records written:".to_owned()];
    for (ledger, count) in &outcome.written {
        let name = book(ledger).map_or("", |ledger| ledger.zh.as_str());
        lines.push(format!("{count:>9}  {ledger} {name}"));
    }
    let records: u64 = outcome.written.values().sum();
    lines.push(format!(
        "{records:>9}  in all, of {} ledgers; then:",
        outcome.written.len()
    ));
    for (act, count) in &outcome.acts {
        lines.push(format!("{count:>9}  {act}"));
    }
    lines.push(format!(
        "{:>9}  entries; digest {}",
        outcome.entries, outcome.digest
    ));
    lines.push("\nnodes, and who signs in there:".to_owned());
    for node in &outcome.nodes {
        let people: Vec<String> = node
            .people
            .iter()
            .map(|(login, name)| format!("{login} {name}"))
            .collect();
        lines.push(format!(
            "{}  {} ({})",
            node.dir.display(),
            node.name,
            node.level.as_str()
        ));
        lines.push(format!("    http://{}/  {}", node.web, people.join(", ")));
    }
    lines.push(format!("\nthe passphrase of everybody is {PASSPHRASE}; a node is started with, and its page then opened at its address:"));
    if let Some(node) = outcome.nodes.last() {
        lines.push(format!(
            "    lianzhan run --dir {}    # http://{}/",
            node.dir.display(),
            node.web
        ));
    }
    lines.join("\n")
}
