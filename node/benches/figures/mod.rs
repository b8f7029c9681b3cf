//! What benchmarks share: medians, what the system says of processes, and words on stderr while nothing is printed yet.

use std::sync::OnceLock;
use std::time::Instant;

/// The load averages: with more than cores at work beside it, figures say little.
pub(super) fn machine_load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = text.split(' ').take(3).collect();
    if load.is_empty() {
        "unknown".into()
    } else {
        load.join(" ")
    }
}

/// What this process has used of all cores, where the system says so; in steps of 10 ms.
pub(super) fn cpu() -> Option<f64> {
    cpu_of("self")
}

/// The same of any process.
pub(super) fn cpu_of(process: &str) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: f64 = [11, 12]
        .iter()
        .map(|n| fields.get(*n)?.parse::<f64>().ok())
        .sum::<Option<f64>>()?;
    Some(ticks / 100.0)
}

/// A line of a process's status in KiB, such as `VmHWM`, the most memory that it has had.
pub(super) fn memory_kib(process: &str, line: &str) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let value = text
        .lines()
        .find_map(|found| found.strip_prefix(line)?.strip_prefix(':'))?;
    value.trim().trim_end_matches(" kB").parse().ok()
}

/// Least, median, greatest.
pub(super) fn spread(all: &[f64]) -> (f64, f64, f64) {
    let mut sorted = all.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.as_slice() {
        [] => (f64::NAN, f64::NAN, f64::NAN),
        [first, .., last] => (*first, sorted[sorted.len() / 2], *last),
        [one] => (*one, *one, *one),
    }
}

/// The value below which so large a part lies, 0 to 1.
pub(super) fn quantile(all: &[f64], part: f64) -> f64 {
    let mut sorted = all.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() as f64 * part) as usize;
    sorted
        .get(place.min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}

/// Median and spread, with a unit.
pub(super) fn told(all: &[f64], digits: usize, unit: &str) -> String {
    let (min, median, max) = spread(all);
    format!("{median:.digits$} {unit} ({min:.digits$}..{max:.digits$})")
}

/// What goes on, on stderr, with the seconds since the first such line.
#[allow(
    clippy::print_stderr,
    reason = "a benchmark that says nothing for minutes is taken for hung"
)]
pub(super) fn say(words: &str) {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    let begun = BEGUN.get_or_init(Instant::now);
    eprintln!("[{:7.1} s] {words}", begun.elapsed().as_secs_f64());
}

/// The argument after `--name`, or the default. `cargo bench` adds arguments of its own, which are passed over.
pub(super) fn argument<T: std::str::FromStr>(name: &str, default: T) -> anyhow::Result<T> {
    let mut arguments = std::env::args();
    if !arguments.any(|given| given.strip_prefix("--") == Some(name)) {
        return Ok(default);
    }
    let given = arguments.next().unwrap_or_default();
    given
        .parse()
        .map_err(|_| anyhow::anyhow!("--{name} {given:?}: not understood"))
}
