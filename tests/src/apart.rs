//! A test in a process of its own, whose peak of memory is then its own too.

use std::path::PathBuf;
use std::process::Command;

use super::process::measured;

const INSIDE: &str = "TEST_APART";

/// Runs `work` in a process of its own. `test` is the full name of the test that calls this, which the other process runs
/// again; what `work` says is shown with the most memory that the process ever had, which must stay below `bound_mib`.
pub(crate) fn apart(test: &str, bound_mib: u64, work: impl FnOnce() -> String) {
    if std::env::var_os(INSIDE).is_none() {
        again(Command::new(this()).env(INSIDE, "1"), test);
        return;
    }
    let said = work();
    let peak_mib = peak_kib() / 1024;
    for line in said.lines() {
        measured(line);
    }
    measured(&format!("{test}: at most {peak_mib} MiB of {bound_mib} allowed"));
    assert!(
        peak_mib < bound_mib,
        "{peak_mib} MiB, where {bound_mib} are allowed"
    );
}

/// The program of these tests.
pub(crate) fn this() -> PathBuf {
    std::env::current_exe().expect("a test knows its own path")
}

/// Has `command`, which runs the program of these tests, run the one `test`, which must pass, and passes on what it measured.
pub(crate) fn again(command: &mut Command, test: &str) {
    let output = command
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .output()
        .expect("a test can be started again");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
    assert!(
        said.contains("1 passed"),
        "{test} is the name of no test:\n{said}"
    );
    for line in errors.lines().filter_map(|line| line.strip_prefix("measured: ")) {
        measured(line);
    }
}

/// The most memory that this process ever had, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells about a process");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("its peak too");
    let number = line.trim().trim_end_matches("kB").trim();
    number.parse().expect("a number of KiB")
}
